// SPDX-License-Identifier: MIT
/*
 * The layout of everything that crosses between host and plugin, as it was when this major began:
 * a member that moves or changes its type does not compile. Compiled as C and as C++, where there
 * is a compiler for it, for 64 bits and for 32, with -Wpadded -Werror. What is appended to a struct
 * that grows is added here in the same change.
 *
 * Offsets of structs that hold pointers are told for 64 bits; on 32 the types are checked.
 */
#include <postern/plugin.h>
#include <postern/reader.h>

#ifdef __cplusplus
#include <type_traits>
#define ASSERT(condition, text) static_assert(condition, text)
#define SAME(type, member, ...) std::is_same<decltype(type::member), __VA_ARGS__>::value
#define ALIGNOF(type)           alignof(type)
#else
#define ASSERT(condition, text) _Static_assert(condition, text)
#define SAME(type, member, ...)                                                                    \
	__builtin_types_compatible_p(__typeof__(((struct type *)0)->member), __VA_ARGS__)
#define ALIGNOF(type) _Alignof(struct type)
#endif

#if UINTPTR_MAX == UINT64_MAX
#define IS_64 1
#else
#define IS_64 0
#endif

#define FROZEN(type, size, align)                                                                  \
	ASSERT(sizeof(struct type) == size, #type " has another size");                            \
	ASSERT(ALIGNOF(type) == align, #type " has another alignment")
#define GROWS(type, least, align)                                                                  \
	ASSERT(!IS_64 || sizeof(struct type) >= least, #type " is shorter than it was");           \
	ASSERT(!IS_64 || ALIGNOF(type) == align, #type " has another alignment")
#define FROZEN_MEMBER(type, member, at, ...)                                                       \
	ASSERT(offsetof(struct type, member) == at, #type "." #member " has moved");               \
	ASSERT(SAME(type, member, __VA_ARGS__), #type "." #member " has another type")
#define MEMBER(type, member, at, ...)                                                              \
	ASSERT(!IS_64 || offsetof(struct type, member) == at, #type "." #member " has moved");     \
	ASSERT(SAME(type, member, __VA_ARGS__), #type "." #member " has another type")
#define VALUE(name, number) ASSERT((name) == (number), #name " has another value")

ASSERT(PN_ABI_MAJOR == 0, "another major: this file begins anew");

FROZEN(pn_addr, 24, 4);
FROZEN_MEMBER(pn_addr, family, 0, uint8_t);
FROZEN_MEMBER(pn_addr, reserved, 1, uint8_t[3]);
FROZEN_MEMBER(pn_addr, zone, 4, uint32_t);
FROZEN_MEMBER(pn_addr, bytes, 8, uint8_t[16]);

FROZEN(pn_bind, 4, 2);
FROZEN_MEMBER(pn_bind, first, 0, uint16_t);
FROZEN_MEMBER(pn_bind, last, 2, uint16_t);

GROWS(pn_message, 40, 8);
MEMBER(pn_message, size, 0, uint32_t);
MEMBER(pn_message, dir, 4, uint32_t);
MEMBER(pn_message, flags, 8, uint32_t);
MEMBER(pn_message, reserved, 12, uint32_t);
MEMBER(pn_message, total_len, 16, uint64_t);
MEMBER(pn_message, bytes, 24, const uint8_t *);
MEMBER(pn_message, len, 32, size_t);

GROWS(pn_expect, 128, 8);
MEMBER(pn_expect, size, 0, uint32_t);
MEMBER(pn_expect, mask, 4, uint32_t);
MEMBER(pn_expect, flags, 8, uint32_t);
MEMBER(pn_expect, proto, 12, uint8_t);
MEMBER(pn_expect, src_bits, 13, uint8_t);
MEMBER(pn_expect, reserved, 14, uint8_t[2]);
MEMBER(pn_expect, src, 16, struct pn_addr);
MEMBER(pn_expect, dst, 40, struct pn_addr);
MEMBER(pn_expect, src_port, 64, uint16_t);
MEMBER(pn_expect, dst_port, 66, uint16_t);
MEMBER(pn_expect, dst_port_last, 68, uint16_t);
MEMBER(pn_expect, call_id, 70, uint16_t);
MEMBER(pn_expect, call_id_reply, 72, uint16_t);
MEMBER(pn_expect, max_flows, 74, uint16_t);
MEMBER(pn_expect, timeout, 76, uint32_t);
MEMBER(pn_expect, group, 80, uint32_t);
MEMBER(pn_expect, cookie, 84, uint8_t[32]);
MEMBER(pn_expect, reserved2, 116, uint32_t);
MEMBER(pn_expect, child, 120, const char *);

GROWS(pn_mapped, 32, 4);
MEMBER(pn_mapped, size, 0, uint32_t);
MEMBER(pn_mapped, port, 4, uint16_t);
MEMBER(pn_mapped, call_id, 6, uint16_t);
MEMBER(pn_mapped, addr, 8, struct pn_addr);

GROWS(pn_flow_info, 96, 4);
MEMBER(pn_flow_info, size, 0, uint32_t);
MEMBER(pn_flow_info, proto, 4, uint8_t);
MEMBER(pn_flow_info, mid_stream, 5, uint8_t);
MEMBER(pn_flow_info, protected_side, 6, uint8_t);
MEMBER(pn_flow_info, admitted, 7, uint8_t);
MEMBER(pn_flow_info, originator, 8, struct pn_addr);
MEMBER(pn_flow_info, responder, 32, struct pn_addr);
MEMBER(pn_flow_info, originator_port, 56, uint16_t);
MEMBER(pn_flow_info, responder_port, 58, uint16_t);
MEMBER(pn_flow_info, group, 60, uint32_t);
MEMBER(pn_flow_info, cookie, 64, uint8_t[32]);

GROWS(pn_option, 48, 8);
MEMBER(pn_option, size, 0, uint32_t);
MEMBER(pn_option, type, 4, uint32_t);
MEMBER(pn_option, min, 8, int64_t);
MEMBER(pn_option, max, 16, int64_t);
MEMBER(pn_option, name, 24, const char *);
MEMBER(pn_option, fallback, 32, const char *);
MEMBER(pn_option, help, 40, const char *);

GROWS(pn_value, 32, 8);
MEMBER(pn_value, size, 0, uint32_t);
MEMBER(pn_value, type, 4, uint32_t);
MEMBER(pn_value, number, 8, int64_t);
MEMBER(pn_value, string, 16, const char *);
MEMBER(pn_value, items, 24, const char *const *);

GROWS(pn_instance, 24, 8);
MEMBER(pn_instance, size, 0, uint32_t);
MEMBER(pn_instance, reserved, 4, uint32_t);
MEMBER(pn_instance, host, 8, const struct pn_host *);
MEMBER(pn_instance, data, 16, void *);

GROWS(pn_flow, 32, 8);
MEMBER(pn_flow, size, 0, uint32_t);
MEMBER(pn_flow, reserved, 4, uint32_t);
MEMBER(pn_flow, host, 8, const struct pn_host *);
MEMBER(pn_flow, instance, 16, struct pn_instance *);
MEMBER(pn_flow, state, 24, void *);

GROWS(pn_host, 104, 8);
MEMBER(pn_host, size, 0, uint32_t);
MEMBER(pn_host, reserved, 4, uint32_t);
MEMBER(pn_host, log, 8, void (*)(const struct pn_instance *, uint32_t, const char *));
MEMBER(pn_host, option, 16,
	int32_t (*)(const struct pn_instance *, const char *, struct pn_value *));
MEMBER(pn_host, now, 24, uint64_t (*)(const struct pn_instance *));
MEMBER(pn_host, flow_info, 32, int32_t (*)(const struct pn_flow *, struct pn_flow_info *));
MEMBER(pn_host, expect, 40,
	int64_t (*)(struct pn_flow *, const struct pn_expect *, struct pn_mapped *));
MEMBER(pn_host, unexpect, 48, int32_t (*)(struct pn_flow *, int64_t));
MEMBER(pn_host, unexpect_destination, 56,
	int32_t (*)(struct pn_flow *, uint8_t, const struct pn_addr *, uint16_t));
MEMBER(pn_host, note, 64, int32_t (*)(struct pn_flow *, const char *, const char *, size_t));
MEMBER(pn_host, close, 72, int32_t (*)(struct pn_flow *));
MEMBER(pn_host, close_group, 80, int32_t (*)(struct pn_flow *, uint32_t));
MEMBER(pn_host, rewrite, 88,
	int32_t (*)(struct pn_flow *, size_t, size_t, const uint8_t *, size_t));
MEMBER(pn_host, extension, 96, const void *(*)(const struct pn_instance *, const char *));

GROWS(pn_helper, 88, 8);
MEMBER(pn_helper, size, 0, uint32_t);
MEMBER(pn_helper, transport, 4, uint8_t);
MEMBER(pn_helper, gap, 5, uint8_t);
MEMBER(pn_helper, reserved, 6, uint8_t[2]);
MEMBER(pn_helper, flow_size, 8, uint32_t);
MEMBER(pn_helper, max_message, 12, uint32_t);
MEMBER(pn_helper, max_doors, 16, uint32_t);
MEMBER(pn_helper, door_timeout, 20, uint32_t);
MEMBER(pn_helper, name, 24, const char *);
MEMBER(pn_helper, summary, 32, const char *);
MEMBER(pn_helper, binds, 40, const struct pn_bind *);
MEMBER(pn_helper, flow_open, 48, int32_t (*)(struct pn_flow *));
MEMBER(pn_helper, frame, 56, int64_t (*)(struct pn_flow *, uint32_t, const uint8_t *, size_t));
MEMBER(pn_helper, message, 64, int32_t (*)(struct pn_flow *, const struct pn_message *));
MEMBER(pn_helper, flow_close, 72, void (*)(struct pn_flow *));
MEMBER(pn_helper, expected, 80, void (*)(struct pn_flow *, const uint8_t *));

GROWS(pn_plugin, 80, 8);
MEMBER(pn_plugin, size, 0, uint32_t);
MEMBER(pn_plugin, reserved, 4, uint32_t);
MEMBER(pn_plugin, name, 8, const char *);
MEMBER(pn_plugin, version, 16, const char *);
MEMBER(pn_plugin, summary, 24, const char *);
MEMBER(pn_plugin, licence, 32, const char *);
MEMBER(pn_plugin, helpers, 40, const struct pn_helper *const *);
MEMBER(pn_plugin, options, 48, const struct pn_option *const *);
MEMBER(pn_plugin, start, 56, int32_t (*)(struct pn_instance *));
MEMBER(pn_plugin, stop, 64, void (*)(struct pn_instance *));
MEMBER(pn_plugin, extension, 72, const void *(*)(const char *));

VALUE(PN_ADDR_NONE, 0);
VALUE(PN_ADDR_SENDER, 1);
VALUE(PN_ADDR_RECEIVER, 2);
VALUE(PN_ADDR_IPV4, 4);
VALUE(PN_ADDR_IPV6, 6);
VALUE(PN_FROM_ORIGINATOR, 0);
VALUE(PN_FROM_RESPONDER, 1);
VALUE(PN_PASS, 0);
VALUE(PN_DROP, 1);
VALUE(PN_RESET, 2);
VALUE(PN_DETACH, 3);
VALUE(PN_MSG_CUT, 1);
VALUE(PN_MSG_AFTER_GAP, 2);
VALUE(PN_EXPECT_SRC, 1);
VALUE(PN_EXPECT_SRC_PORT, 2);
VALUE(PN_EXPECT_DST, 4);
VALUE(PN_EXPECT_DST_PORT, 8);
VALUE(PN_EXPECT_CALL_ID, 16);
VALUE(PN_EXPECT_TIMEOUT, 32);
VALUE(PN_EXPECT_MAX_FLOWS, 64);
VALUE(PN_EXPECT_GROUP, 128);
VALUE(PN_EXPECT_SRC_BITS, 256);
VALUE(PN_EXPECT_DIE_WITH_PARENT, 1);
VALUE(PN_EXPECT_OUTLIVE, 2);
VALUE(PN_EXPECT_REFRESH, 4);
VALUE(PN_EXPECT_ASK, 8);
VALUE(PN_REFUSED_INVALID, 1001);
VALUE(PN_REFUSED_MIDSTREAM, 1002);
VALUE(PN_REFUSED_NOT_ESTABLISHED, 1003);
VALUE(PN_REFUSED_ADDRESS_FOREIGN, 1004);
VALUE(PN_REFUSED_ADDRESS_BOGUS, 1005);
VALUE(PN_REFUSED_ADDRESS_FIREWALL, 1006);
VALUE(PN_REFUSED_SOURCE_WILD, 1007);
VALUE(PN_REFUSED_SOURCE_FOREIGN, 1008);
VALUE(PN_REFUSED_PORT_LOW, 1009);
VALUE(PN_REFUSED_PORT_DENIED, 1010);
VALUE(PN_REFUSED_PORT_RANGE, 1011);
VALUE(PN_REFUSED_LIMIT_FLOW, 1012);
VALUE(PN_REFUSED_LIMIT_ROOT, 1013);
VALUE(PN_REFUSED_LIMIT_HOST, 1014);
VALUE(PN_REFUSED_LIMIT_TOTAL, 1015);
VALUE(PN_REFUSED_DEPTH, 1016);
VALUE(PN_REFUSED_CONFLICT, 1017);
VALUE(PN_REFUSED_GONE, 1018);
VALUE(PN_OPTION_BOOL, 1);
VALUE(PN_OPTION_INT, 2);
VALUE(PN_OPTION_STRING, 3);
VALUE(PN_OPTION_PORTS, 4);
VALUE(PN_OPTION_PREFIXES, 5);
VALUE(PN_OPTION_SOURCES, 6);
VALUE(PN_OPTION_TARGETS, 7);
VALUE(PN_LOG_DEBUG, 0);
VALUE(PN_LOG_INFO, 1);
VALUE(PN_LOG_WARNING, 2);
VALUE(PN_GAP_DETACH, 0);
VALUE(PN_GAP_RESUME, 1);

// SPDX-License-Identifier: MIT
/*
 * A plugin that is built against another header than the program's: with members less (old) or more
 * (grown). Everything that crosses the boundary is used; what came of it is a note, "probe".
 */
#include <postern/plugin.h>

static int
info_is_right(const struct pn_flow *flow)
{
	struct pn_flow_info info = { .size = sizeof(info) };

	return !flow->host->flow_info(flow, &info) && info.proto == 6 &&
	       info.originator.family == PN_ADDR_IPV4 && info.responder_port == 4000;
}

static int
option_is_right(const struct pn_instance *instance)
{
	struct pn_value value = { .size = sizeof(value) };

	return !instance->host->option(instance, "Word", &value) && value.string[0] == 'a' &&
	       instance->host->option(instance, "None", &value) < 0;
}

/* Members that this header has and the program does not must not seem to be there. */
static int
nothing_is_made_up(const struct pn_flow *flow, const struct pn_message *message)
{
#ifdef PROBE_GROWN
	return !PN_HAS(flow, grown_pointer) && !PN_HAS(flow->host, grown_pointer) &&
	       !PN_HAS(flow->instance, grown_number) && !PN_HAS(message, grown_number);
#else
	return PN_HAS(flow->host, extension) && PN_HAS(message, len);
#endif
}

static int32_t
probe_message(struct pn_flow *flow, const struct pn_message *message)
{
	struct pn_mapped mapped = { .size = sizeof(mapped) };
	const struct pn_expect expect = {
		.size = sizeof(expect),
		.mask = PN_EXPECT_SRC | PN_EXPECT_DST | PN_EXPECT_DST_PORT,
		.proto = 6,
		.src = { .family = PN_ADDR_RECEIVER },
		.dst = { .family = PN_ADDR_SENDER },
		.dst_port = 40000,
	};
	int right = flow->host->expect(flow, &expect, &mapped) > 0 && mapped.port == 40000 &&
		    info_is_right(flow) && option_is_right(flow->instance) &&
		    nothing_is_made_up(flow, message) && *(uint32_t *)flow->state == 0;

	flow->host->note(flow, "probe", right ? "right" : "wrong", 5);
	return PN_PASS;
}

static int64_t
probe_frame(struct pn_flow *flow, uint32_t dir, const uint8_t *bytes, size_t len)
{
	return bytes[len - 1] == '\n' ? (int64_t)len : 0;
}

static const struct pn_bind ports[] = { { 4000, 4000 }, { 0, 0 } };
static const struct pn_helper helper = { .size = sizeof(helper),
	.transport = 6,
	.flow_size = 4,
	.max_message = 100,
	.max_doors = 1,
	.door_timeout = 10,
	.name = PROBE_NAME,
	.summary = "",
	.binds = ports,
	.frame = probe_frame,
	.message = probe_message };
static const struct pn_option word = { .size = sizeof(word),
	.type = PN_OPTION_STRING,
	.name = "Word",
	.fallback = "a word",
	.help = "" };
static const struct pn_helper *const helpers[] = { &helper, NULL };
static const struct pn_option *const options[] = { &word, NULL };

PN_EXPORT const struct pn_plugin postern_plugin_0 = { .size = sizeof(postern_plugin_0),
	.name = PROBE_NAME,
	.version = "1",
	.summary = "",
	.licence = "MIT",
	.helpers = helpers,
	.options = options };

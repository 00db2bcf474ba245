/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether two policies say the same, member by member; where they stand does not matter. */
#ifndef TESTS_CORE_CONFIG_EQUAL_H
#define TESTS_CORE_CONFIG_EQUAL_H

#include <string.h>

#include "policy/policy.h"

static inline bool
same_bytes(const void *a, unsigned n, const void *b, unsigned m, size_t size)
{
	return n == m && (!n || !memcmp(a, b, n * size));
}

static inline bool
same_words(char **a, char **b)
{
	static char *none[] = { NULL };

	a = a ? a : none;
	b = b ? b : none;
	while (*a && *b && !strcmp(*a, *b)) {
		a++;
		b++;
	}
	return !*a && !*b;
}

static inline bool
same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static inline bool
same_prefixes(const struct prefix *a, unsigned n, const struct prefix *b, unsigned m)
{
	for (unsigned i = 0; i < n && i < m; i++) {
		if (!addr_equal(&a[i].addr, &b[i].addr) || a[i].bits != b[i].bits)
			return false;
	}
	return n == m;
}

static inline bool
same_range(struct port_range a, struct port_range b)
{
	return a.first == b.first && a.last == b.last;
}

static inline bool
same_live(const struct policy_live *a, const struct policy_live *b)
{
	return a->queue == b->queue && a->queue_length == b->queue_length &&
	       a->mark_bit == b->mark_bit && a->offload == b->offload &&
	       a->fail_open == b->fail_open && a->cleanup_on_exit == b->cleanup_on_exit &&
	       same_prefixes(a->inside, a->n_inside, b->inside, b->n_inside);
}

/* What a [Section] of its own has. */
static inline bool
same_globals(const struct policy *a, const struct policy *b)
{
	const struct policy_doors *d = &a->doors, *e = &b->doors;

	return a->midstream == b->midstream && a->verify_checksums == b->verify_checksums &&
	       a->keep_established == b->keep_established &&
	       !memcmp(&a->table, &b->table, sizeof(a->table)) &&
	       !memcmp(&a->defrag, &b->defrag, sizeof(a->defrag)) &&
	       a->stream_memory == b->stream_memory && a->stream_window == b->stream_window &&
	       !memcmp(&d->limits, &e->limits, sizeof(d->limits)) && d->max_depth == e->max_depth &&
	       d->max_range == e->max_range && d->max_flows == e->max_flows &&
	       d->max_timeout == e->max_timeout &&
	       same_bytes(d->deny_tcp, d->n_deny_tcp, e->deny_tcp, e->n_deny_tcp,
		       sizeof(*d->deny_tcp)) &&
	       same_bytes(d->deny_udp, d->n_deny_udp, e->deny_udp, e->n_deny_udp,
		       sizeof(*d->deny_udp)) &&
	       same_prefixes(d->sources, d->n_sources, e->sources, e->n_sources) &&
	       same_live(&a->live, &b->live) && a->helpers_default == b->helpers_default;
}

static inline bool
same_log(const struct policy_log *a, const struct policy_log *b)
{
	return a->dropped == b->dropped && a->connections == b->connections &&
	       a->chosen == b->chosen && !strcmp(a->path, b->path) &&
	       a->max_size_kib == b->max_size_kib && a->max_size_set == b->max_size_set &&
	       a->rotations == b->rotations && a->utc == b->utc && a->dialect == b->dialect;
}

static inline bool
same_helper(const struct policy_helper *a, const struct policy_helper *b)
{
	for (unsigned i = 0; i < a->n_options && i < b->n_options; i++) {
		if (strcmp(a->options[i].name, b->options[i].name) != 0 ||
			strcmp(a->options[i].value, b->options[i].value) != 0)
			return false;
	}
	return !strcmp(a->name, b->name) && a->enabled == b->enabled &&
	       a->enabled_set == b->enabled_set && a->ports_set == b->ports_set &&
	       same_bytes(a->ports, a->n_ports, b->ports, b->n_ports, sizeof(*a->ports)) &&
	       a->n_options == b->n_options;
}

static inline bool
same_mapping(const struct port_mapping *a, const struct port_mapping *b)
{
	return !strcmp(a->name, b->name) && same_text(a->title, b->title) && a->proto == b->proto &&
	       a->enabled == b->enabled && a->builtin == b->builtin &&
	       same_range(a->external, b->external) && a->internal == b->internal &&
	       addr_equal(&a->target, &b->target) && same_text(a->target_name, b->target_name) &&
	       same_prefixes(a->sources, a->n_sources, b->sources, b->n_sources);
}

static inline bool
same_trigger(const struct port_trigger *a, const struct port_trigger *b)
{
	return !strcmp(a->name, b->name) && a->proto == b->proto &&
	       same_bytes(a->ports, a->n_ports, b->ports, b->n_ports, sizeof(*a->ports)) &&
	       a->open_proto == b->open_proto && same_range(a->open, b->open) &&
	       a->timeout == b->timeout && a->enabled == b->enabled;
}

static inline bool
same_connection(const struct connection *a, const struct connection *b)
{
	if (a->mappings.n != b->mappings.n || a->n_triggers != b->n_triggers)
		return false;
	for (unsigned i = 0; i < a->mappings.n; i++) {
		if (!same_mapping(&a->mappings.list[i], &b->mappings.list[i]))
			return false;
	}
	for (unsigned i = 0; i < a->n_triggers; i++) {
		if (!same_trigger(&a->triggers[i], &b->triggers[i]))
			return false;
	}
	return !strcmp(a->name, b->name) && a->type == b->type && a->role == b->role &&
	       same_words(a->interfaces, b->interfaces) &&
	       same_prefixes(a->networks, a->n_networks, b->networks, b->n_networks) &&
	       a->firewall == b->firewall && a->anti_spoof == b->anti_spoof && a->icmp == b->icmp &&
	       a->helpers_set == b->helpers_set && same_words(a->helpers, b->helpers) &&
	       same_words(a->services, b->services);
}

static inline bool
same_service(const struct service *a, const struct service *b)
{
	for (unsigned i = 0; i < a->n_ports && i < b->n_ports; i++) {
		if (a->ports[i].proto != b->ports[i].proto ||
			!same_range(a->ports[i].range, b->ports[i].range))
			return false;
	}
	return !strcmp(a->name, b->name) && !strcmp(a->title, b->title) &&
	       same_text(a->helper, b->helper) && a->n_ports == b->n_ports;
}

/* All of it but services. */
static inline bool
same_policy(const struct policy *a, const struct policy *b)
{
	if (a->n_helpers != b->n_helpers || a->n_connections != b->n_connections)
		return false;
	for (unsigned i = 0; i < a->n_helpers; i++) {
		if (!same_helper(&a->helpers[i], &b->helpers[i]))
			return false;
	}
	for (unsigned i = 0; i < a->n_connections; i++) {
		if (!same_connection(&a->connections[i], &b->connections[i]))
			return false;
	}
	return same_globals(a, b) && same_log(&a->log, &b->log);
}

#endif

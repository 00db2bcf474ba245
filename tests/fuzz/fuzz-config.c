// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any text as a configuration file: it is taken whole or refused with one line that can be shown,
 * and a policy that is taken keeps within what the rest of the program relies on.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool what)
{
	if (!what)
		abort();
}

static void
check_line(const char *line)
{
	require(g_utf8_validate(line, -1, NULL));
	require(!strchr(line, '\n') && !strchr(line, '\x1b'));
}

static void
check_ports(const struct port_range *ports, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		require(ports[i].first > 0 && ports[i].first <= ports[i].last);
}

static void
check_policy(const struct policy *policy)
{
	for (unsigned i = FLOW_NONE; i < FLOW_STATE_COUNT; i++)
		require(policy->table.timeouts[i] > 0);
	require(policy->table.max_flows > 0 && policy->table.max_flows <= 1u << 28);
	require(policy->stream_window >= 4096 && policy->doors.max_flows > 0);
	require(policy->log.path[0] == '/');
	check_ports(policy->doors.deny_tcp, policy->doors.n_deny_tcp);
	check_ports(policy->doors.deny_udp, policy->doors.n_deny_udp);
	for (unsigned i = 0; i < policy->n_helpers; i++) {
		const struct policy_helper *helper = &policy->helpers[i];

		require(policy_helper_find(policy, helper->name) == helper);
		check_ports(helper->ports, helper->n_ports);
		for (unsigned j = 0; j < helper->n_options; j++)
			require(helper->options[j].value && helper->options[j].line > 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GPtrArray) warnings = NULL;
	g_autoptr(GError) error = NULL;
	struct policy *policy = config_parse("fuzz", (const char *)data, size, &warnings, &error);

	require(!policy == !!error && !policy == !warnings);
	if (!policy) {
		check_line(error->message);
		return 0;
	}
	for (unsigned i = 0; i < warnings->len; i++)
		check_line(warnings->pdata[i]);
	check_policy(policy);
	policy_unref(policy);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Interfaces, addresses and routes of network namespaces that each test makes for itself. */
#include "kernel/links.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/process.h"
#include "kit/kit.h"
#include "kit/policies.h"

/* ms for what has to come. */
#define LONG 5000

static bool
can_enter_namespace(void)
{
	g_autofree char *ip = process_find("ip");
	pid_t child = fork();
	int status = 1;

	if (!child)
		_exit(unshare(CLONE_NEWNET) != 0);
	return ip && waitpid(child, &status, 0) == child && !status;
}

/* Runs `ip` on lines of commands. Returns its exit status. */
static int
try_ip(const char *lines)
{
	g_autofree char *program = process_find("ip");
	const char *const argv[] = { program, "-batch", "-", NULL };

	return process_run(argv, lines, LONG / 1000, NULL, NULL);
}

static void
ip(const char *lines)
{
	ck_assert_msg(try_ip(lines) == 0, "%s", lines);
}

static struct links *
open_links(void)
{
	struct links *links = NULL;
	char *message = NULL;

	ck_assert_msg(links_new(&links, &message) == 0, "%s", message);
	return links;
}

static void
setup(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
}

static const struct link_info *
expect_link(const struct links *links, const char *name, enum connection_type type)
{
	const struct link_info *link = links_find_name(links, name);

	ck_assert_msg(link != NULL, "%s", name);
	ck_assert_msg(link->type == type, "%s: %s", name, connection_type_name(link->type));
	ck_assert_ptr_eq(links_find(links, link->index), link);
	return link;
}

/* Reads until nothing is left to read; how many times something had changed. */
static unsigned
settle(struct links *links)
{
	struct pollfd wait = { .fd = links_fd(links), .events = POLLIN };
	unsigned changes = 0;

	/* What comes in a rush is read after a pause. */
	for (unsigned i = 0; i < 5; i++) {
		int r = links_read(links);

		ck_assert_int_ge(r, 0);
		changes += (unsigned)r;
		poll(&wait, 1, 100);
		usleep(20000);
	}
	return changes;
}

START_TEST(loopback_alone)
{
	struct links *links = open_links();
	const struct link_info *lo = expect_link(links, "lo", CONNECTION_LOOPBACK);
	struct policy *policy = kit_policy();
	struct prefix *inside;
	unsigned n;

	ck_assert_uint_eq(lo->index, 1);
	ck_assert(!lo->up);
	ck_assert_uint_eq(lo->master, 0);
	ck_assert_ptr_null(links_find(links, 2));
	ck_assert_ptr_null(links_find(links, 0));
	ck_assert_ptr_null(links_find_name(links, "eth0"));
	ck_assert_int_eq(links_read(links), 0);
	links_inside(links, policy, &inside, &n);
	ck_assert_uint_eq(n, 0);
	g_free(inside);
	policy_unref(policy);
	links_free(links);
}
END_TEST

START_TEST(kinds_of_interfaces)
{
	static const struct {
		const char *make; /* may fail: not every kernel has all */
		const char *name;
		enum connection_type type;
	} others[] = {
		{ "link add link v0 name v0.7 type vlan id 7\n", "v0.7", CONNECTION_ETHERNET },
		{ "link add link v0 name mv type macvlan\n", "mv", CONNECTION_ETHERNET },
		{ "link add dm type dummy\n", "dm", CONNECTION_ETHERNET },
		{ "link add wg type wireguard\n", "wg", CONNECTION_VPN },
		{ "link add tu type ipip local 192.0.2.1 remote 192.0.2.2\n", "tu",
			CONNECTION_VPN },
		{ "link add gr type gre local 192.0.2.1 remote 192.0.2.2\n", "gr", CONNECTION_VPN },
		{ "tuntap add tn mode tun\n", "tn", CONNECTION_VPN },
	};
	struct links *links;
	bool made[G_N_ELEMENTS(others)];
	unsigned n_made = 0;

	ip("link add v0 type veth peer name v1\n"
	   "link add name br type bridge\n"
	   "link set v1 master br\n"
	   "link set v0 up\n");
	for (unsigned i = 0; i < G_N_ELEMENTS(others); i++) {
		made[i] = try_ip(others[i].make) == 0;
		n_made += made[i];
	}
	links = open_links();
	ck_assert(expect_link(links, "v0", CONNECTION_ETHERNET)->up);
	expect_link(links, "br", CONNECTION_BRIDGE);
	ck_assert_uint_eq(expect_link(links, "v1", CONNECTION_BRIDGE_MEMBER)->master,
		links_find_name(links, "br")->index);
	for (unsigned i = 0; i < G_N_ELEMENTS(others); i++)
		if (made[i])
			expect_link(links, others[i].name, others[i].type);
	ck_assert_uint_ge(n_made, 1);
	links_free(links);
}
END_TEST

START_TEST(changes_are_followed)
{
	struct links *links = open_links();
	struct pollfd wait = { .fd = links_fd(links), .events = POLLIN };
	unsigned index;

	ck_assert_int_eq(poll(&wait, 1, 0), 0);
	ip("link add v0 type veth peer name v1\n");
	ck_assert_int_eq(poll(&wait, 1, LONG), 1);
	ck_assert_uint_ge(settle(links), 1);
	index = expect_link(links, "v0", CONNECTION_ETHERNET)->index;
	ck_assert_int_eq(links_read(links), 0);

	ip("link set v0 name w0\n");
	ck_assert_uint_ge(settle(links), 1);
	ck_assert_str_eq(links_find(links, index)->name, "w0");
	ck_assert_ptr_null(links_find_name(links, "v0"));

	ip("link add name br type bridge\nlink set w0 master br\n");
	ck_assert_uint_ge(settle(links), 1);
	expect_link(links, "w0", CONNECTION_BRIDGE_MEMBER);
	ip("link set w0 nomaster\n");
	ck_assert_uint_ge(settle(links), 1);
	ck_assert_uint_eq(expect_link(links, "w0", CONNECTION_ETHERNET)->master, 0);

	ip("link del w0\n");
	ck_assert_uint_ge(settle(links), 1);
	ck_assert_ptr_null(links_find(links, index));
	links_free(links);
}
END_TEST

/* Something was told that makes no difference here: nobody is bothered. */
START_TEST(no_real_change)
{
	struct links *links;

	ip("link add v0 type veth peer name v1\naddr add 192.0.2.1/24 dev v0\n");
	links = open_links();
	settle(links);
	ip("addr change 192.0.2.1/24 dev v0 valid_lft 1000 preferred_lft 500\n"
	   "link set v0 mtu 1400\n");
	ck_assert_int_eq(poll(&(struct pollfd){ links_fd(links), POLLIN, 0 }, 1, LONG), 1);
	ck_assert_uint_eq(settle(links), 0);
	links_free(links);
}
END_TEST

/* Many interfaces at once, more than the socket can hold the news of, and large numbers. */
START_TEST(a_rush)
{
	g_autoptr(GString) lines = g_string_new(NULL);
	struct links *links = open_links();
	int fd = links_fd(links), size = 1;
	unsigned seen = 0;

	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	for (unsigned i = 0; i < 60; i++)
		g_string_append_printf(lines,
			"link add v%u index %u type veth peer name w%u index %u\n", i,
			2000000000 - i, i, 1000 + i);
	ip(lines->str);
	ck_assert_uint_ge(settle(links), 1);
	for (unsigned i = 0; i < 60; i++) {
		g_autofree char *name = g_strdup_printf("v%u", i);
		const struct link_info *link = links_find(links, 2000000000 - i);

		ck_assert_ptr_nonnull(link);
		ck_assert_str_eq(link->name, name);
		seen += links_find(links, 1000 + i) != NULL;
	}
	ck_assert_uint_eq(seen, 60);
	links_free(links);
}
END_TEST

static void
count_link(void *context, const struct link_info *link)
{
	unsigned *sum = context;

	*sum += link->index;
}

START_TEST(each_link_is_visited)
{
	struct links *links;
	unsigned sum = 0;

	ip("link add v0 index 10 type veth peer name v1 index 100\n");
	links = open_links();
	links_each(links, count_link, &sum);
	for (unsigned i = 2; i < 10; i++) {
		const struct link_info *more = links_find(links, i);

		sum -= more ? more->index : 0; /* tunnels that a kernel makes by itself */
	}
	ck_assert_uint_eq(sum, 111);
	links_free(links);
}
END_TEST

/* lan0, lan1: private sides; wan: public; what no connection names is neither. */
static struct policy *
shared_policy(void)
{
	struct policy *policy = kit_policy();

	kit_connection(policy, "lan", "lan*", NULL)->role = ROLE_PRIVATE;
	kit_connection(policy, "wan", "wan", NULL)->role = ROLE_PUBLIC;
	return policy;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *
inside_text(const struct links *links, const struct policy *policy)
{
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	struct prefix *inside;
	GString *text = g_string_new(NULL);
	unsigned n;

	links_inside(links, policy, &inside, &n);
	for (unsigned i = 0; i < n; i++) {
		char addr[ADDR_TEXT_MAX];

		addr_format(&inside[i].addr, addr);
		g_ptr_array_add(texts, g_strdup_printf("%s/%u", addr, inside[i].bits));
	}
	g_free(inside);
	g_ptr_array_sort(texts, by_text);
	for (guint i = 0; i < texts->len; i++)
		g_string_append_printf(text, "%s%s", i ? " " : "", (const char *)texts->pdata[i]);
	return g_string_free(text, FALSE);
}

START_TEST(what_is_inside)
{
	struct policy *policy = shared_policy();
	struct links *links;
	char *text;

	ip("link add lan0 type veth peer name x0\n"
	   "link add lan1 type veth peer name x1\n"
	   "link add wan type veth peer name x2\n"
	   "link set lo up\nlink set lan0 up\nlink set lan1 up\nlink set wan up\n"
	   "link set x0 up\nlink set x1 up\nlink set x2 up\n"
	   "addr add 10.1.0.1/24 dev lan0\n"
	   "addr add 169.254.7.7/16 dev lan0\n"
	   "addr add 10.2.0.1/32 peer 10.2.0.9/32 dev lan1\n"
	   "addr add 203.0.113.5/24 dev wan\n"
	   "addr add fd00:1::1/64 dev lan0 nodad\n"
	   "addr add 2001:db8::5/64 dev wan nodad\n"
	   "route add 10.9.0.0/16 via 10.1.0.2\n"
	   "route add 10.10.0.0/16 nexthop via 203.0.113.1 nexthop via 10.1.0.3\n"
	   "route add 198.51.100.0/24 via 203.0.113.1\n"
	   "route add default via 10.1.0.2\n"
	   "route add blackhole 10.66.0.0/16\n"
	   "route add 10.77.0.0/16 via 10.1.0.2 table 77\n"
	   "route add fd00:9::/48 via fd00:1::2\n"
	   "route add default via fd00:1::2\n");
	links = open_links();
	text = inside_text(links, policy);
	ck_assert_str_eq(text,
		"10.1.0.0/24 10.1.0.1/32 10.10.0.0/16 10.2.0.1/32 10.2.0.9/32 10.9.0.0/16 "
		"127.0.0.1/32 2001:db8::5/128 203.0.113.5/32 ::1/128 fd00:1::/64 fd00:1::1/128 "
		"fd00:9::/48");
	g_free(text);
	ip("route del 10.9.0.0/16\naddr del 203.0.113.5/24 dev wan\n");
	ck_assert_uint_ge(settle(links), 1);
	text = inside_text(links, policy);
	ck_assert_ptr_null(strstr(text, "10.9.0.0/16"));
	ck_assert_ptr_null(strstr(text, "203.0.113.5"));
	g_free(text);
	policy_unref(policy);
	links_free(links);
}
END_TEST

START_TEST(objections)
{
	struct policy *policy = kit_policy();
	struct links *links;
	GPtrArray *lines;

	kit_connection(policy, "off", "br9", NULL)->firewall = false;
	kit_connection(policy, "wan", "wan*", NULL)->firewall = true;
	ip("link add wan0 type veth peer name x0\n"
	   "link add wan1 type veth peer name x1\n"
	   "link add wan9 type bridge\n"
	   "link add br9 type bridge\n"
	   "link set wan1 master wan9\n");
	links = open_links();
	lines = links_objections(links, policy);
	ck_assert_uint_eq(lines->len, 2);
	for (unsigned i = 0; i < 2; i++)
		ck_assert(strstr(lines->pdata[i], "connection wan: wan9 cannot have a firewall: "
						  "it is a bridge") ||
			  strstr(lines->pdata[i], "connection wan: wan1 cannot have a firewall: "
						  "it is a member"));
	ck_assert_str_ne(lines->pdata[0], lines->pdata[1]);
	g_ptr_array_unref(lines);
	policy_unref(policy);
	links_free(links);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("links");
	TCase *c = tcase_create("in a namespace");

	tcase_add_checked_fixture(c, setup, NULL);
	tcase_set_timeout(c, 30);
	tcase_add_test(c, loopback_alone);
	tcase_add_test(c, kinds_of_interfaces);
	tcase_add_test(c, changes_are_followed);
	tcase_add_test(c, no_real_change);
	tcase_add_test(c, a_rush);
	tcase_add_test(c, each_link_is_visited);
	tcase_add_test(c, what_is_inside);
	tcase_add_test(c, objections);
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	if (geteuid() || !can_enter_namespace()) {
		puts("skipped: needs root, network namespaces and ip");
		return 77;
	}
	return kit_run(suite());
}

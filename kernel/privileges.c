// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From root to a user of our own.
 *
 * Capabilities are kept over the change of user, then cut down to two, which are made ambient so
 * that iptables-restore has them too; the bounding set loses the rest, and no_new_privs sees to it
 * that no program that we start is more than we are.
 */
#include "kernel/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <glib.h>

static const unsigned kept[] = { CAP_NET_ADMIN, CAP_NET_RAW };

/* The bits of `kept`; both are below 32. */
static uint32_t
kept_bits(void)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(kept); i++)
		bits |= UINT32_C(1) << kept[i];
	return bits;
}

static int
set_capabilities(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { 0 };

	sets[0].effective = sets[0].permitted = sets[0].inheritable = kept_bits();
	if (syscall(SYS_capset, &head, sets) < 0)
		return -errno;
	for (size_t i = 0; i < G_N_ELEMENTS(kept); i++) {
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, kept[i], 0, 0) < 0)
			return -errno;
	}
	return 0;
}

/* While we are root: nobody that we start can have more than what is kept. */
static int
bound_capabilities(void)
{
	for (unsigned cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++) {
		if (!(cap < 32 && kept_bits() >> cap & 1) && prctl(PR_CAPBSET_DROP, cap) < 0)
			return -errno;
	}
	return 0;
}

static int
become(uid_t uid, gid_t gid)
{
	int r;

	if (prctl(PR_SET_KEEPCAPS, 1) < 0)
		return -errno;
	r = bound_capabilities();
	if (r < 0)
		return r;
	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return -errno;
	r = set_capabilities();
	if (r < 0)
		return r;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

int
privileges_find(const char *user, uid_t *ret_uid, gid_t *ret_gid, char **ret_message)
{
	const struct passwd *who = getpwnam(user);

	if (!who) {
		*ret_message =
			g_strdup_printf("there is no user %s: make one (useradd --system %s), or "
					"name another with --user",
				user, user);
		return -ENOENT;
	}
	*ret_uid = who->pw_uid;
	*ret_gid = who->pw_gid;
	return 0;
}

int
privileges_drop(const char *user, char **ret_message)
{
	uid_t uid;
	gid_t gid;
	int r = privileges_find(user, &uid, &gid, ret_message);

	if (r < 0)
		return r;
	r = become(uid, gid);
	if (r < 0)
		*ret_message = g_strdup_printf("cannot become %s: %s", user, g_strerror(-r));
	return r;
}

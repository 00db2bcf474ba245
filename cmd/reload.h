/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Another policy while packets are played: SIGHUP has the configuration read again.
 *
 * Whoever plays owns everything but for the times when it waits for packets:
 *
 *	reload_expect()     before there are threads: from here on SIGHUP ends nothing
 *	reload_new()        from here on SIGHUP is obeyed
 *	  reload_allow()      waiting begins: the policy may change
 *	  reload_forbid()     waiting is over
 *	reload_free()
 */
#ifndef CMD_RELOAD_H
#define CMD_RELOAD_H

struct play;
struct reload;

void reload_expect(void);

/* NULL: there can be none, and that has been told. All else takes NULL for "none is wanted". */
struct reload *reload_new(struct play *play);
void reload_free(struct reload *reload);

void reload_allow(struct reload *reload);
void reload_forbid(struct reload *reload);

#endif

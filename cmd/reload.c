// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A thread that waits for SIGHUP, reads the configuration, and puts the new policy in place while
 * nobody judges a packet.
 *
 * A source may wait for its next packet for ever, so whoever asks it cannot be the one who looks
 * for signals. The configuration is read and tried, in an engine of its own with plugins of its
 * own, while packets are played; only the exchange itself needs the lock. A policy that has an
 * error changes nothing.
 *
 * Life-cycle: reload_new() to reload_free(), which ends the thread. Limits: signals that come while
 * one is obeyed are one. Relies on: SIGHUP being kept back in every thread (reload_expect()); an
 * engine's recorders asking nothing of the source when flows end.
 */
#include "reload.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include <glib.h>

#include "command.h"
#include "play.h"

struct reload {
	struct play *play;
	pthread_t thread;
	pthread_mutex_t lock; /* whoever has it may use play->engine */
	pthread_cond_t done;
	atomic_bool wanted; /* a new policy waits for the lock, which it gets before others */
	atomic_bool over;
};

static sigset_t
only_hup(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	return set;
}

void
reload_expect(void)
{
	const sigset_t hup = only_hup();

	pthread_sigmask(SIG_BLOCK, &hup, NULL);
}

/* The policy as it is now, tried in every way; NULL: it cannot be used, and that has been told. */
static struct policy *
read_policy(struct play *play)
{
	static const struct recorders nobody = { .count = 0 };
	const struct options *options = &play->options;
	struct engine *trial = NULL;
	struct policy *policy;

	if (play_policy(options, options->config, &policy) < 0)
		return NULL;
	if (play_engine(play, policy, &nobody, NULL, &trial) < 0) {
		policy_unref(policy);
		return NULL;
	}
	engine_free(trial);
	return policy;
}

static void
exchange(struct reload *reload, struct policy *policy)
{
	struct play *play = reload->play;

	atomic_store(&reload->wanted, true);
	pthread_mutex_lock(&reload->lock);
	atomic_store(&reload->wanted, false);
	progress_clear(&play->progress);
	if (!atomic_load(&reload->over)) {
		play_set_policy(play, policy);
		complain("%s: read again; it holds behind packet %" PRIu64, play->options.config,
			play->last_number);
	}
	pthread_cond_signal(&reload->done);
	pthread_mutex_unlock(&reload->lock);
}

static void
obey(struct reload *reload)
{
	struct policy *policy = read_policy(reload->play);

	if (!policy) {
		complain("%s: nothing has changed; the policy is what it was before",
			reload->play->options.config);
		return;
	}
	exchange(reload, policy);
	policy_unref(policy);
}

static void *
run(void *data)
{
	struct reload *reload = data;
	const sigset_t hup = only_hup();
	int number;

	for (;;) {
		sigwait(&hup, &number);
		if (atomic_load(&reload->over))
			return NULL;
		obey(reload);
	}
}

/* The lock must be free. */
static void
destroy(struct reload *reload)
{
	pthread_cond_destroy(&reload->done);
	pthread_mutex_destroy(&reload->lock);
	g_free(reload);
}

struct reload *
reload_new(struct play *play)
{
	struct reload *reload = g_new0(struct reload, 1);
	sigset_t all, before;
	int r;

	reload->play = play;
	pthread_mutex_init(&reload->lock, NULL);
	pthread_cond_init(&reload->done, NULL);
	pthread_mutex_lock(&reload->lock);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&reload->thread, NULL, run, reload);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!r)
		return reload;
	complain("SIGHUP cannot be obeyed: %s", g_strerror(r));
	pthread_mutex_unlock(&reload->lock);
	destroy(reload);
	return NULL;
}

void
reload_free(struct reload *reload)
{
	if (!reload)
		return;
	atomic_store(&reload->over, true);
	pthread_mutex_unlock(&reload->lock);
	pthread_kill(reload->thread, SIGHUP);
	pthread_join(reload->thread, NULL);
	destroy(reload);
}

void
reload_allow(struct reload *reload)
{
	if (reload)
		pthread_mutex_unlock(&reload->lock);
}

void
reload_forbid(struct reload *reload)
{
	if (!reload)
		return;
	pthread_mutex_lock(&reload->lock);
	while (atomic_load(&reload->wanted))
		pthread_cond_wait(&reload->done, &reload->lock);
}

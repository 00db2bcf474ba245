/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every source of packets keeps: packets in, verdicts out.
 */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include "packet/packet.h"

struct source;

struct source_ops {
	/*
	 * Fills a batch, from its front, with what the source fills in struct packet. Returns the
	 * number of packets, 0 at the end, or a negative errno value; then source_error() says
	 * more. The bytes stay valid until the next call.
	 */
	int (*next)(struct source *source, struct batch *batch);

	/* Takes the verdicts of the batch that next() gave last; packets whose verdict is
	 * VERDICT_HELD get theirs later. May be NULL. */
	void (*verdicts)(struct source *source, const struct batch *batch);

	/* The name of an interface, or NULL. */
	const char *(*interface_name)(const struct source *source, unsigned iface);

	/* What went wrong, for a person: "what is wrong and what to do". */
	const char *(*error)(const struct source *source);

	void (*free)(struct source *source);
};

struct source {
	const struct source_ops *ops;
};

static inline int
source_next(struct source *source, struct batch *batch)
{
	return source->ops->next(source, batch);
}

static inline void
source_verdicts(struct source *source, const struct batch *batch)
{
	if (source->ops->verdicts)
		source->ops->verdicts(source, batch);
}

static inline const char *
source_interface_name(const struct source *source, unsigned iface)
{
	return source->ops->interface_name ? source->ops->interface_name(source, iface) : NULL;
}

static inline const char *
source_error(const struct source *source)
{
	return source->ops->error(source);
}

static inline void
source_free(struct source *source)
{
	if (source)
		source->ops->free(source);
}

#endif

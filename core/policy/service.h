/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Services: names for ports, so that one word opens what a server needs. Definitions are files, one
 * each; those of the program come first, and one of the same name in the configuration takes its
 * place. No service is open until a connection names it.
 */
#ifndef POLICY_SERVICE_H
#define POLICY_SERVICE_H

#include <stdbool.h>

#include "policy/mapping.h"

#define SERVICES_MAX      4096
#define SERVICE_PORTS_MAX 64

struct service_ports {
	uint8_t proto; /* PROTO_TCP, PROTO_UDP */
	struct port_range range;
};

struct service {
	char *name;                  /* of the file, without .service.conf or .conf */
	char *title;                 /* for people */
	char *helper;                /* that a server of this kind needs; or NULL */
	struct service_ports *ports; /* of one protocol no two have a port in common */
	unsigned n_ports;
	bool builtin;
	char *file;
};

/* The service of that name among n in the order of their names, or NULL. */
const struct service *service_find(const struct service *services, unsigned n, const char *name);

void service_done(struct service *service);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Definitions of services.
 *
 * Life-cycle: config-service.c fills a struct service and service_done() frees what it holds; in
 * between it is only read.
 * Limits: SERVICES_MAX, SERVICE_PORTS_MAX, which the configuration keeps.
 * Relies on: the list being in the order of the names, byte by byte.
 */
#include "policy/service.h"

#include <string.h>

#include <glib.h>

const struct service *
service_find(const struct service *services, unsigned n, const char *name)
{
	unsigned low = 0;

	while (low < n) {
		unsigned middle = low + (n - low) / 2;
		int order = strcmp(name, services[middle].name);

		if (!order)
			return &services[middle];
		if (order < 0)
			n = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

void
service_done(struct service *service)
{
	g_free(service->name);
	g_free(service->title);
	g_free(service->helper);
	g_free(service->ports);
	g_free(service->file);
}

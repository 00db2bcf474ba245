/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options of the plugin, and what they say of addresses and ports.
 */
#ifndef LDAP_CONFIG_H
#define LDAP_CONFIG_H

#include "ldap-state.h"

extern const struct pn_option *const ldap_options[];

/* Reads all options. -EINVAL, -E2BIG: a list is longer than can be kept; the log says which. */
int32_t ldap_config_read(const struct pn_instance *instance, struct ldap_config *ret_config);

int ldap_prefixes_have(const struct ldap_prefixes *prefixes, const struct pn_addr *addr);

/* May somebody be called on this port? */
int ldap_is_call_port(const struct ldap_config *config, uint16_t port);

int ldap_same_addr(const struct pn_addr *a, const struct pn_addr *b);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_PLUGIN_PLUGIN_H
#define SIGNET_PLUGIN_PLUGIN_H

#include "abi/abi.h"
#include "base/err.h"

/*
 * plugin.h - finds, checks and opens plugins. Start-up and reload (slow pool) only. A registry
 * holds what was loaded; a module is never dlclose'd. Looked for: the built-in table,
 * DIR/KIND/type.so, DIR/KIND/.libs/type.so (KIND: provisioner, kms, crypto; type in lower case,
 * letters, digits and '-' only). Refused: not a regular file, owner neither root nor the effective
 * user, the file or its folder writable by group or others. Handshake: magic, major, minor <= ours,
 * size, kind - from the first 16 bytes; then features. Messages name the path only.
 */
struct plugin_registry;
struct plugin_registry *
plugin_registry_new(const char *dir,
		    const struct signet_plugin *const *builtin /* NULL-terminated; may be NULL */);
void plugin_registry_free(struct plugin_registry *r);
/* Returns a descriptor that lives as long as the process. ERR_NOT_FOUND when there is no such file.
 */
const struct signet_plugin *plugin_find(struct plugin_registry *r, enum signet_plugin_kind kind,
					const char *type, struct err *e) NODISCARD;

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_PLUGIN_PRIV_H
#define SIGNET_PLUGIN_PRIV_H

#include "plugin/plugin.h"

/* Shared by this folder and its tests. */

/* The part of the descriptor that never changes. */
#define PLUGIN_FROZEN 16U
/* sizeof(struct signet_plugin) of ABI 1.0: what every module has at least. */
#define PLUGIN_SIZE_1_0 (offsetof(struct signet_plugin, driver) + sizeof(const void *))

/*
 * Is this the descriptor of a plugin of this kind that fits? Reads 16 bytes; only when they fit,
 * the features; only when those are equal, the rest. `where` (a path, or "built-in") starts each
 * message, nothing else is said about a plugin that does not fit.
 */
int plugin_handshake(const void *descriptor, enum signet_plugin_kind kind, const char *where,
		     struct err *e) NODISCARD;
/* "provisioner", "kms", "crypto". */
const char *plugin_kind_folder(enum signet_plugin_kind kind);
/* Lower-case file name without ".so" into out; false when a character is not a letter, a digit or
 * '-'. */
bool plugin_file_name(const char *type, char *out, size_t n);
/* Type, owner and permissions of a file (regular) or a folder. ERR_NOT_FOUND, ERR_FORBIDDEN. */
int plugin_check_path(const char *path, bool folder, struct err *e) NODISCARD;

#endif

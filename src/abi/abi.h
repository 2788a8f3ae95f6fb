/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_ABI_ABI_H
#define SIGNET_ABI_ABI_H

#include "types.h"

/*
 * The plugin descriptor. A module exports exactly one symbol, `signet_plugin`. Its first 16 bytes
 * are frozen for ever and are all that the loader reads before it knows that the rest fits.
 *
 * Change log
 *   1.0  first
 */
#define SIGNET_ABI_MAGIC 0x53474e54U /* "SGNT" */
#define SIGNET_ABI_MAJOR 1
#define SIGNET_ABI_MINOR 0

enum signet_plugin_kind {
	SIGNET_PROVISIONER = 1, /* runs on the loop, may wait, may not block */
	SIGNET_KEY_MANAGER = 2, /* runs on worker threads, may block */
	SIGNET_ACCELERATOR = 3	/* replaces primitives, does nothing else */
};

/* Pointer size, time_t size and sanitizer must agree: compared as a string. */
#if defined(__SANITIZE_ADDRESS__)
#define SIGNET_ABI_SAN "asan"
#elif defined(__SANITIZE_THREAD__)
#define SIGNET_ABI_SAN "tsan"
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SIGNET_ABI_SAN "asan"
#elif __has_feature(thread_sanitizer)
#define SIGNET_ABI_SAN "tsan"
#else
#define SIGNET_ABI_SAN "none"
#endif
#else
#define SIGNET_ABI_SAN "none"
#endif
#if UINTPTR_MAX == 0xffffffffffffffffu
#define SIGNET_ABI_PTR "p64"
#else
#define SIGNET_ABI_PTR "p32"
#endif
#define SIGNET_ABI_FEATURES SIGNET_ABI_PTR ",t64," SIGNET_ABI_SAN

/* One key of a plugin's own configuration; unknown keys are refused by the host. */
enum signet_conf_type {
	SIGNET_CONF_STRING,
	SIGNET_CONF_BOOL,
	SIGNET_CONF_INT,
	SIGNET_CONF_DURATION,
	SIGNET_CONF_STRINGS, /* list of strings */
	SIGNET_CONF_ANY	     /* any tree, plain scalars typed as in YAML 1.2 core */
};
struct signet_conf_key {
	const char *name; /* NULL ends the table */
	enum signet_conf_type type;
	const char *dflt; /* text of the default; NULL: none */
	bool required;
	const char *doc; /* one sentence */
};

struct signet_plugin {
	uint32_t magic;	    /* offset 0 */
	uint16_t abi_major; /* 4 */
	uint16_t abi_minor; /* 6 */
	uint32_t size;	    /* 8: sizeof(struct signet_plugin) */
	uint32_t kind;	    /* 12 */
	const char *features;
	const char *name; /* the `type:` in configuration, e.g. "JWK" */
	const char *version;
	const char *licence;
	const struct signet_conf_key *conf;
	const void *driver; /* struct signet_prov_driver ..., size first */
};

#define SIGNET_PLUGIN_HEAD(k)                                                                      \
	.magic = SIGNET_ABI_MAGIC, .abi_major = SIGNET_ABI_MAJOR, .abi_minor = SIGNET_ABI_MINOR,   \
	.size = sizeof(struct signet_plugin), .kind = (k), .features = SIGNET_ABI_FEATURES

/*
 * Built as a module the symbol is `signet_plugin`; built in statically it is
 * `signet_plugin_NAME`.
 */
#ifdef SIGNET_PLUGIN_STATIC
#define SIGNET_PLUGIN_SYMBOL(name) signet_plugin_##name
#else
#define SIGNET_PLUGIN_SYMBOL(name) signet_plugin
#endif
#define SIGNET_PLUGIN_DEFINE(name)                                                                 \
	extern const struct signet_plugin SIGNET_PLUGIN_SYMBOL(name);                              \
	__attribute__((visibility("default"))) const struct signet_plugin SIGNET_PLUGIN_SYMBOL(name)

#endif

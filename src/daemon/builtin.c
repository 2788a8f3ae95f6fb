/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "daemon/daemon.h"

/* Which plugins are linked in is configure's choice: --with-plugin-NAME=static. */
#ifdef WITH_PLUGIN_JWK_STATIC
extern const struct signet_plugin signet_plugin_jwk;
#endif
#ifdef WITH_PLUGIN_SKELETON_STATIC
extern const struct signet_plugin signet_plugin_skeleton;
#endif
#ifdef WITH_PLUGIN_OPENSSL_STATIC
extern const struct signet_plugin signet_plugin_openssl;
#endif

const struct signet_plugin *const daemon_builtin_plugins[] = {
#ifdef WITH_PLUGIN_JWK_STATIC
	&signet_plugin_jwk,
#endif
#ifdef WITH_PLUGIN_SKELETON_STATIC
	&signet_plugin_skeleton,
#endif
#ifdef WITH_PLUGIN_OPENSSL_STATIC
	&signet_plugin_openssl,
#endif
	NULL,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_NET_WOLF_H
#define SIGNET_NET_WOLF_H

/*
 * wolf.h - the only way to wolfSSL's headers in this folder. Included after all system headers and
 * the project's. wolfssl/options.h redefines _FORTIFY_SOURCE: the build's own value is put back
 * behind it.
 */
#ifdef _FORTIFY_SOURCE
#pragma push_macro("_FORTIFY_SOURCE")
#undef _FORTIFY_SOURCE
#define SIGNET_FORTIFY_PUSHED
#endif
#include <wolfssl/options.h>
#undef _FORTIFY_SOURCE
#ifdef SIGNET_FORTIFY_PUSHED
#pragma pop_macro("_FORTIFY_SOURCE")
#undef SIGNET_FORTIFY_PUSHED
#endif

/* The default names gmtime, which base/compat.h poisons; nothing here uses the macro. */
#ifndef XGMTIME
#define XGMTIME(c, t) gmtime_r((c), (t))
#endif

#include <wolfssl/ssl.h>
#include <wolfssl/error-ssl.h>
#include <wolfssl/wolfcrypt/asn.h>

#endif

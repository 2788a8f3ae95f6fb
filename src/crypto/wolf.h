/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CRYPTO_WOLF_H
#define SIGNET_CRYPTO_WOLF_H

/*
 * wolf.h - the only way to wolfCrypt's headers in this folder. Included after all system headers
 * and the project's. wolfssl/options.h redefines _FORTIFY_SOURCE: the build's own value is put
 * back, so that the rest of the file is compiled as the command line says (sanitizer builds have
 * none).
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
#define XGMTIME(c, t) gmtime_r((c), (t))

#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/cryptocb.h>
#include <wolfssl/wolfcrypt/curve25519.h>
#include <wolfssl/wolfcrypt/des3.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/ed25519.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/hmac.h>
#include <wolfssl/wolfcrypt/md5.h>
#include <wolfssl/wolfcrypt/pwdbased.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/rsa.h>
#include <wolfssl/wolfcrypt/sp_int.h>
#include <wolfssl/wolfcrypt/wc_port.h>

#endif

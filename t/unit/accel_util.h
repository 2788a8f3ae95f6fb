/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef T_ACCEL_UTIL_H
#define T_ACCEL_UTIL_H

#include "abi/abi.h"
#include "abi/accel.h"

/*
 * What crypto_init() gets in units of crypto and net: nothing, or plugins/crypto/openssl.c when
 * SIGNET_TEST_ACCELERATOR says openssl. t/13-accelerator.t runs them so.
 */
extern const struct signet_plugin signet_plugin_openssl;
static inline const struct signet_accel_driver *t_accelerator(void)
{
	const char *name = getenv("SIGNET_TEST_ACCELERATOR");

	return name != NULL && strcmp(name, "openssl") == 0 ? signet_plugin_openssl.driver : NULL;
}

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_ABI_TYPES_H
#define SIGNET_ABI_TYPES_H

/* Shapes that host and plugins share. Plain C, no header of the project or of a library. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed bytes; valid until the call that received them returns, unless a comment says longer. */
struct signet_str {
	const char *p;
	size_t n;
};

/* Codes have the values of base/err.h; the host refuses unknown ones as INTERNAL. */
enum signet_err_code {
	SIGNET_OK = 0,
	SIGNET_INVALID = 1,
	SIGNET_UNAUTHORIZED = 2,
	SIGNET_FORBIDDEN = 3,
	SIGNET_NOT_FOUND = 4,
	SIGNET_CONFLICT = 5,
	SIGNET_TOO_LARGE = 6,
	SIGNET_RATE_LIMITED = 7,
	SIGNET_TIMEOUT = 8,
	SIGNET_UNAVAILABLE = 9,
	SIGNET_CANCELLED = 10,
	SIGNET_UNSUPPORTED = 11,
	SIGNET_INTERNAL = 12
};
struct signet_err {
	enum signet_err_code code;
	char msg[400]; /* for the operator's log */
	char pub[240]; /* for the client; "" when it may learn nothing */
};

/*
 * A read-only tree (configuration, token claims): opaque, read through the host's value_*
 * functions. Borrowed from whoever handed it out.
 */
struct signet_value;
enum signet_value_type {
	SIGNET_VALUE_NULL,
	SIGNET_VALUE_BOOL,
	SIGNET_VALUE_INT,
	SIGNET_VALUE_REAL,
	SIGNET_VALUE_STRING,
	SIGNET_VALUE_LIST,
	SIGNET_VALUE_OBJECT
};

/* Times: seconds since the Unix epoch, UTC. */

#endif

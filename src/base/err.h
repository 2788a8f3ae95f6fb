/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_BASE_ERR_H
#define SIGNET_BASE_ERR_H

#include "base/compat.h"

/*
 * err.h - errors as values.
 *
 * A function that can fail returns 0 or -1 and takes `struct err *e` last. The value travels: it
 * may be copied into a job and read on another thread. Three audiences: `code` for the protocol
 * (mapped to HTTP, ACME or OCSP once, at the edge), `msg` for the operator, `pub` (may be empty)
 * is a sentence that a client may see. Layers below 6 never log an error that they return.
 * `e` may not be NULL. A first failure stays: ERR() overwrites, so return at once.
 */
enum err_code {
	ERR_OK = 0,
	ERR_INVALID,	  /* malformed input: 400 */
	ERR_UNAUTHORIZED, /* not authenticated: 401 */
	ERR_FORBIDDEN,	  /* authenticated, not allowed: 403 */
	ERR_NOT_FOUND,	  /* 404 */
	/* a precondition did not hold: 409, or what the caller makes of it */
	ERR_CONFLICT,
	ERR_TOO_LARGE,	  /* a bound was exceeded: 413 */
	ERR_RATE_LIMITED, /* 429 */
	ERR_TIMEOUT,	  /* a deadline passed: 504 or 503 */
	ERR_UNAVAILABLE,  /* try later: 503 with Retry-After */
	ERR_CANCELLED,	  /* the asker left */
	ERR_UNSUPPORTED,  /* 501 */
	ERR_INTERNAL	  /* 500 */
};

struct err {
	enum err_code code;
	char msg[400];
	char pub[240];
};

#define ERR_INIT                                                                                   \
	{                                                                                          \
		.code = ERR_OK                                                                     \
	}

/* Fills *e and evaluates to -1. The text is cut to fit; control characters become '?'. */
#define ERR(e, code, ...) err_set((e), (code), __VA_ARGS__)
int err_set(struct err *e, enum err_code code, const char *fmt, ...) PRINTF(3, 4) NONNULL;

/*
 * As err_set, adding ": <text of errnum>"; code from errnum (ENOENT NOT_FOUND, ENOSPC
 * UNAVAILABLE, else INTERNAL).
 */
int err_errno(struct err *e, int errnum, const char *fmt, ...) PRINTF(3, 4) NONNULL;

/* Puts "prefix: " before the message. Evaluates to -1. */
int err_wrap(struct err *e, const char *fmt, ...) PRINTF(2, 3) NONNULL;

/* Sets the sentence that a client may see. Evaluates to -1. */
int err_public(struct err *e, const char *fmt, ...) PRINTF(2, 3) NONNULL;

/* "invalid", "unauthorized" ... for logs and metrics. */
const char *err_code_name(enum err_code code);

#endif

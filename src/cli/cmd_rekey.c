/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/renew.h"

/*
 * cmd_rekey.c - a new certificate with the same names for a new key; the old certificate is the
 * credential. What differs from a renewal is in renew_once.c and renew_pair.c.
 */

static int rekey(struct cli *c)
{
	struct renewal r = {.c = c, .rekey = true, .new_key = cli_value(c, "private-key")};

	if (r.new_key != NULL && cli_flag(c, "daemon"))
		return cli_usage_error(
			c, "--private-key and --daemon exclude each other: it would be the same "
			   "key each time");
	if (r.new_key != NULL && (cli_value(c, "kty") != NULL || cli_value(c, "curve") != NULL ||
				  cli_value(c, "size") != NULL))
		return cli_usage_error(c, "--private-key is a key already: leave out --kty, "
					  "--curve and --size");
	return renewal_run(&r);
}

static const struct cli_opt opts[] = {
	{"out", "FILE", "where the new certificate goes (default: CRT is replaced)", false, false},
	{"out-key", "FILE", "where the new key goes (default: KEY is replaced)", false, false},
	{"private-key", "FILE", "take this key instead of making one", false, false},
	{"kty", "KIND", "EC, OKP or RSA (default: as KEY)", false, false},
	{"curve", "CURVE", "P-256, P-384, P-521 or Ed25519", false, false},
	{"size", "BITS", "of an RSA key, 2048 to 4096", false, false},
	RENEWAL_OPTS,
	{NULL, NULL, NULL, false, false},
};
const struct cli_cmd cmd_rekey = {
	.name = "rekey",
	.args = "CRT KEY",
	.min_args = 2,
	.max_args = 2,
	.summary = "Get a certificate with the same names for a new key",
	.about = "Both files are written beside their places first; a new key is encrypted if KEY "
		 "is, with the\n"
		 "same password. Should the power fail just between the two, the next renew or "
		 "rekey puts it right.\n"
		 "--daemon works as with `signet renew`.",
	.opts = opts,
	.run = rekey,
};

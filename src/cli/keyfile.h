/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CLI_KEYFILE_H
#define SIGNET_CLI_KEYFILE_H

#include "cli/cli.h"

/*
 * Private keys in files, in the forms that people have: PEM or DER (PKCS#8, PKCS#1, SEC1, each
 * plain or encrypted), a JWK, or a JWK under a password (JWE, compact or the JSON that `step crypto
 * jwk create` writes).
 */
enum key_form { KEY_FORM_PEM, KEY_FORM_JWK };
struct key_file {
	struct key *key; /* owned */
	const char *kid; /* of a JWK, arena; NULL */
	enum key_form form;
	bool encrypted;
};
#define KEY_FILE_MAX (64 * 1024)

/* A wrong password that was typed is asked for again. */
int key_file_read(struct cli *c, const char *path, const char *password_opt, struct key_file *out,
		  struct err *e) NODISCARD;
/* *key is the caller's; *kid (arena) stays as it was when the JWK has none. */
int key_from_jwk(struct cli *c, const json_t *v, bool private, struct key **key, const char **kid,
		 struct err *e) NODISCARD;
/* The key in a JWE that holds a JWK: sets key and kid. Slow; ERR_UNAUTHORIZED: wrong password. */
int key_from_jwe(struct cli *c, struct str jwe, const struct secret *password, struct key_file *out,
		 struct err *e) NODISCARD;
/*
 * The text of a private key, plain when password is NULL. Slow with one: shows progress. kid NULL:
 * the thumbprint.
 */
struct key_text {
	const struct key *key;
	enum key_form form;
	const char *kid;
	const struct secret *password;
};
int key_file_text(const struct key_text *t, struct buf *out, struct err *e) NODISCARD;
/* The public half: PEM "PUBLIC KEY", or a JWK. Appends. */
void key_public_text(const struct key *k, enum key_form form, const char *kid, struct buf *out);

/* --kty, --curve and --size, checked; 0 or -1 (a misuse). */
struct key_wanted {
	enum key_type type;
	unsigned bits;
};
int key_options(struct cli *c, struct key_wanted *out, struct err *e) NODISCARD;
/* Shows progress when it takes long. */
struct key *key_make(const struct key_wanted *w, struct err *e) NODISCARD;

#endif

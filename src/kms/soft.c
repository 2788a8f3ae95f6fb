/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/file.h"
#include "kms/kms.h"

/* soft.c - softkms: a key in a file, opened with a password from another. Worker or command; a
 * derivation may take a second. */
#define KEY_FILE_MAX 65536U

static struct key *open_encrypted(const struct key_uri *u, struct str data,
				  const struct secret *password, struct err *e)
{
	struct secret own CLEANUP(secret_release) = SECRET_INIT;
	struct key *k;

	if (!password && !u->password_file) {
		(void)ERR(e, ERR_UNAUTHORIZED,
			  "%s is encrypted: name the file with its password: "
			  "\"file:%s?passwordFile=PATH\"",
			  u->path, u->path);
		return NULL;
	}
	if (!password) {
		if (secret_read_password(&own, u->password_file, e) != 0) {
			(void)err_wrap(e, "password of %s", u->path);
			return NULL;
		}
		password = &own;
	}
	k = key_from_file_data(data, password, e);
	if (k)
		return k;
	if (e->code == ERR_UNAUTHORIZED && u->password_file && password == &own)
		(void)ERR(e, ERR_UNAUTHORIZED, "%s: the password in %s is wrong: correct that file",
			  u->path, u->password_file);
	else
		(void)err_wrap(e, "%s", u->path);
	return NULL;
}

struct key *softkms_load(const struct key_uri *u, const struct secret *password, struct err *e)
{
	struct secret file CLEANUP(secret_release) = SECRET_INIT;
	struct str data;
	struct key *k;

	if (file_read_secret(u->path, KEY_FILE_MAX, &file, e) != 0)
		return NULL;
	data = secret_view(&file);
	if (key_file_is_encrypted(data)) {
		k = open_encrypted(u, data, password, e);
	} else {
		k = key_from_file_data(data, NULL, e);
		if (!k)
			(void)err_wrap(e, "%s", u->path);
	}
	if (k && !key_is_private(k)) {
		key_free(k);
		(void)ERR(e, ERR_INVALID, "%s: holds no private key", u->path);
		return NULL;
	}
	return k;
}

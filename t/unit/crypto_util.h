/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_T_CRYPTO_UTIL_H
#define SIGNET_T_CRYPTO_UTIL_H

/* Shared by the tests of crypto: files of t/vectors, hexadecimal. */

#include "base/compat.h"

#include "base/file.h"
#include "base/mem.h"
#include "codec/b64.h"
#include "codec/pem.h"
#include "crypto/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "accel_util.h"

#define FORMS_PASSWORD "correct horse"

/* t/vectors/DIR/NAME, whole. The caller releases. */
static inline struct buf load(const char *dir, const char *name)
{
	const char *src = getenv("SIGNET_SRCDIR");
	char *rel = mem_asprintf("t/vectors/%s/%s", dir, name);
	char *path = file_join(src != NULL ? src : ".", rel);
	struct err e = ERR_INIT;
	struct buf b = BUF_INIT;

	if (file_read(path, 4U << 20, &b, &e) != 0)
		fail_msg("%s", e.msg);
	mem_free(path);
	mem_free(rel);
	return b;
}

static inline struct buf unhex(const char *text)
{
	struct err e = ERR_INIT;
	struct buf b = BUF_INIT;

	if (hex_decode(str_c(text), &b, &e) != 0)
		fail_msg("%s: %s", text, e.msg);
	return b;
}

static inline void assert_hex(const void *p, size_t n, const char *want)
{
	struct buf b = BUF_INIT;

	hex_encode(str_mem(p, n), &b);
	assert_string_equal(b.p != NULL ? b.p : "", want);
	buf_release(&b);
}

/* "PUBLIC KEY" of t/vectors/keys. NULL with e filled when it is refused. */
static inline struct key *load_public(const char *name, struct err *e)
{
	struct buf file = load("keys", name);
	struct str rest = buf_view(&file);
	struct pem_block block;
	struct key *k;

	assert_int_equal(pem_next(&rest, &block, e), 1);
	assert_true(str_eqc(block.label, "PUBLIC KEY"));
	k = key_from_spki(buf_view(&block.der), e);
	pem_block_release(&block);
	buf_release(&file);
	return k;
}

/* A private key of t/vectors/keys; password NULL: none. */
static inline struct key *load_private(const char *name, const char *password, struct err *e)
{
	struct buf file = load("keys", name);
	struct secret pw = SECRET_INIT;
	struct key *k;

	if (password != NULL)
		secret_set(&pw, password, strlen(password));
	k = key_from_file_data(buf_view(&file), password != NULL ? &pw : NULL, e);
	secret_release(&pw);
	buf_release(&file);
	return k;
}

static inline struct key *must(struct key *k, const struct err *e)
{
	if (k == NULL)
		fail_msg("%s", e->msg);
	return k;
}

static inline int crypto_up(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	return crypto_init(t_accelerator(), &e);
}

static inline int crypto_down(void **state)
{
	(void)state;
	crypto_end();
	return 0;
}

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_T_JOSE_UTIL_H
#define SIGNET_T_JOSE_UTIL_H

/* Shared by the tests of jose, plugins and prov: vectors, and tokens built piece by piece so that
 * each piece can be wrong. */

#include "base/compat.h"

#include "base/file.h"
#include "base/mem.h"
#include "codec/b64.h"
#include "codec/json.h"
#include "crypto/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static inline json_t *load_vectors(const char *rel)
{
	static const struct json_limits lim = {4U << 20, 32, 200000};
	const char *dir = getenv("SIGNET_SRCDIR");
	char *path = file_join(dir ? dir : ".", rel);
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;
	json_t *v;

	if (file_read(path, lim.max_bytes, &b, &e) < 0)
		fail_msg("%s", e.msg);
	v = json_parse(buf_view(&b), &lim, 0, &e);
	if (!v)
		fail_msg("%s: %s", path, e.msg);
	buf_release(&b);
	mem_free(path);
	return v;
}

static inline const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static inline json_t *json_of(const char *text)
{
	static const struct json_limits lim = {1U << 20, 64, 100000};
	struct err e = ERR_INIT;
	json_t *v = json_parse(str_c(text), &lim, 0, &e);

	if (!v)
		fail_msg("%s: %s", text, e.msg);
	return v;
}

static inline void add_b64(struct buf *out, struct str in)
{
	b64_encode(B64_URL, in, out);
}

/* header.payload.signature with whatever texts are given; the signature is over them, by `k` with
 * `alg` (JOSE form). k NULL: "AAAA". */
static inline void make_token(struct buf *out, const char *header, const char *payload,
			      struct key *k, enum sig_alg alg)
{
	struct buf sig = BUF_INIT, raw = BUF_INIT;
	struct err e = ERR_INIT;
	size_t start = out->n;

	add_b64(out, str_c(header));
	buf_putc(out, '.');
	add_b64(out, str_c(payload));
	if (!k) {
		buf_puts(out, ".AAAA");
		return;
	}
	if (key_sign(k, alg, str_mem(out->p + start, out->n - start), &sig, &e) < 0)
		fail_msg("key_sign: %s", e.msg);
	buf_putc(out, '.');
	if (key_type(k) == KEY_RSA || key_type(k) == KEY_ED25519) {
		add_b64(out, buf_view(&sig));
	} else {
		if (sig_der_to_raw(key_type(k), buf_view(&sig), &raw, &e) < 0)
			fail_msg("raw: %s", e.msg);
		add_b64(out, buf_view(&raw));
	}
	buf_release(&sig);
	buf_release(&raw);
}

#endif

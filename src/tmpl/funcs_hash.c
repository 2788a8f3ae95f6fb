/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/b64.h"
#include "crypto/crypto.h"
#include "tmpl/funcs_text.h"

/* Digests of texts, as lower-case hexadecimal digits. */
static int digest(struct tmpl_call *c, enum hash_alg alg, struct str s, struct tv *out)
{
	unsigned char md[HASH_MAX];
	struct buf b = text_buf(c);

	if (text_work(c, 10 * (uint64_t)s.n) != 0)
		return -1;
	hash(alg, s, md);
	hex_encode(str_mem(md, hash_size(alg)), &b);
	return tmpl_return_buf(c, &b, out);
}

static TMPL_CALL(fn_sha1)
{
	(void)n;
	return digest(c, HASH_SHA1, args[0].s, out);
}

static TMPL_CALL(fn_sha256)
{
	(void)n;
	return digest(c, HASH_SHA256, args[0].s, out);
}

static TMPL_CALL(fn_sha512)
{
	(void)n;
	return digest(c, HASH_SHA512, args[0].s, out);
}

/* RFC 1950 9. */
static TMPL_CALL(fn_adler32)
{
	struct str s = args[0].s;
	uint32_t a = 1, b = 0;

	(void)n;
	if (text_work(c, 4 * (uint64_t)s.n) != 0)
		return -1;
	for (size_t i = 0; i < s.n; i++) {
		a = (a + (unsigned char)s.p[i]) % 65521;
		b = (b + a) % 65521;
	}
	*out = tv_str(str_c(arena_printf(c->arena, "%" PRIu32, b << 16 | a)));
	return 0;
}

const struct tmpl_func tmpl_funcs_hash[] = {{"sha1sum", "s", 's', TMPL_FUNC_SPRIG, fn_sha1},
					    {"sha256sum", "s", 's', TMPL_FUNC_SPRIG, fn_sha256},
					    {"sha512sum", "s", 's', TMPL_FUNC_SPRIG, fn_sha512},
					    {"adler32sum", "s", 's', TMPL_FUNC_SPRIG, fn_adler32},
					    {.name = NULL}};

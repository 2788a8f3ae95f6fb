/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/mem.h"
#include "codec/b64.h"
#include "codec/uuid.h"
#include "crypto/crypto.h"
#include "tmpl/funcs_text.h"
#include "tmpl/unicode.h"

/* Random texts and numbers, all from the system's generator by crypto.h. */
#define RANDOM_STEPS 4 /* a byte */

/* Random bytes, drawn some at a time; wiped at the end. */
struct pool {
	unsigned char bytes[256];
	size_t left;
};

static unsigned char pool_byte(struct pool *p)
{
	if (p->left == 0) {
		rand_bytes(p->bytes, sizeof(p->bytes));
		p->left = sizeof(p->bytes);
	}
	return p->bytes[--p->left];
}

/* Below `n` (> 0), all equally likely. */
static uint64_t pool_below(struct pool *p, uint64_t n)
{
	uint64_t mask = n - 1, r;
	unsigned bytes = 1;

	for (unsigned shift = 1; shift < 64; shift *= 2)
		mask |= mask >> shift;
	while (bytes < 8 && mask >> (8 * bytes) != 0)
		bytes++;
	do {
		r = 0;
		for (unsigned i = 0; i < bytes; i++)
			r = r << 8 | pool_byte(p);
		r &= mask;
	} while (r >= n);
	return r;
}

/* `count` characters of `set`; of a number that is not positive, none. */
static int from_set(struct tmpl_call *c, int64_t count, const char *set, struct tv *out)
{
	struct pool pool = {.left = 0};
	size_t n = strlen(set);
	int rc = 0;
	char *p;

	*out = tv_str(STR(""));
	if (count <= 0)
		return 0;
	p = text_alloc(c, (uint64_t)count);
	if (p == NULL)
		return -1;
	for (size_t i = 0; i < (uint64_t)count && rc == 0; i++) {
		if (i % 1024 == 0)
			rc = tmpl_steps(c, RANDOM_STEPS * 1024);
		p[i] = set[pool_below(&pool, n)];
	}
	mem_wipe(&pool, sizeof(pool));
	*out = tv_str(str_mem(p, (size_t)count));
	return rc;
}

#define DIGITS	"0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

static TMPL_CALL(fn_alpha_num)
{
	(void)n;
	return from_set(c, args[0].i, LETTERS DIGITS, out);
}

static TMPL_CALL(fn_alpha)
{
	(void)n;
	return from_set(c, args[0].i, LETTERS, out);
}

static TMPL_CALL(fn_numeric)
{
	(void)n;
	return from_set(c, args[0].i, DIGITS, out);
}

static TMPL_CALL(fn_ascii)
{
	(void)n;
	return from_set(c, args[0].i,
			" !\"#$%&'()*+,-./" DIGITS ":;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
			"abcdefghijklmnopqrstuvwxyz{|}~",
			out);
}

static TMPL_CALL(fn_bytes)
{
	struct buf b = text_buf(c);
	int64_t count = args[0].i;
	char *p;

	(void)n;
	/* Go makes the slice first, and panics past what it can address */
	if (count < 0 || count > INT64_MAX / 2)
		return tmpl_error(c, "runtime error: makeslice: len out of range");
	if (tmpl_room(c, (uint64_t)count * 2) != 0 ||
	    tmpl_steps(c, RANDOM_STEPS * (uint64_t)count + 1) != 0)
		return -1;
	p = mem_alloc((size_t)count + 1);
	rand_bytes(p, (size_t)count);
	b64_encode(B64_STD, str_mem(p, (size_t)count), &b);
	mem_wipe(p, (size_t)count);
	mem_free(p);
	return tmpl_return_buf(c, &b, out);
}

static TMPL_CALL(fn_int)
{
	uint64_t span = (uint64_t)args[1].i - (uint64_t)args[0].i;
	struct pool pool = {.left = 0};

	(void)n;
	if ((int64_t)span <= 0)
		return tmpl_error(c, "invalid argument to Intn");
	*out = tv_int((int64_t)((uint64_t)args[0].i + pool_below(&pool, span)));
	mem_wipe(&pool, sizeof(pool));
	return 0;
}

static TMPL_CALL(fn_uuid)
{
	unsigned char id[16];
	char text[37];

	(void)args;
	(void)n;
	rand_bytes(id, sizeof(id));
	id[6] = (unsigned char)((id[6] & 0x0f) | 0x40);
	id[8] = (unsigned char)((id[8] & 0x3f) | 0x80);
	uuid_format(id, text);
	*out = tv_str(str_c(arena_strdup(c->arena, text)));
	return 0;
}

static TMPL_CALL(fn_shuffle)
{
	struct str s = args[0].s;
	struct pool pool = {.left = 0};
	struct buf b = text_buf(c);
	size_t count = 0;
	uint32_t *runes;

	(void)n;
	if (tmpl_room(c, 4 * (uint64_t)s.n) != 0 || tmpl_steps(c, 8 * (uint64_t)s.n + 1) != 0)
		return -1;
	runes = mem_calloc(s.n + 1, sizeof(*runes));
	for (size_t i = 0; i < s.n; count++)
		i += rune_first(text_from(s, i), &runes[count]);
	for (size_t i = count; i > 1; i--) {
		size_t other = (size_t)pool_below(&pool, i);
		uint32_t r = runes[i - 1];

		runes[i - 1] = runes[other];
		runes[other] = r;
	}
	for (size_t i = 0; i < count; i++)
		rune_add(&b, runes[i]);
	mem_wipe(&pool, sizeof(pool));
	mem_free(runes);
	return tmpl_return_buf(c, &b, out);
}

const struct tmpl_func tmpl_funcs_random[] = {
	{"randAlphaNum", "i", 's', TMPL_FUNC_SPRIG, fn_alpha_num},
	{"randAlpha", "i", 's', TMPL_FUNC_SPRIG, fn_alpha},
	{"randNumeric", "i", 's', TMPL_FUNC_SPRIG, fn_numeric},
	{"randAscii", "i", 's', TMPL_FUNC_SPRIG, fn_ascii},
	{"randBytes", "i", 's', TMPL_FUNC_SPRIG, fn_bytes},
	{"randInt", "ii", 'i', TMPL_FUNC_SPRIG, fn_int},
	{"uuidv4", "", 's', TMPL_FUNC_SPRIG, fn_uuid},
	{"shuffle", "s", 's', TMPL_FUNC_SPRIG, fn_shuffle},
	{.name = NULL}};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "profile/content_priv.h"

/* content_oid.c - object identifiers in the two forms that Go's packages read. */

#define OID_TEXT_MAX 4096U

int content_oid_unencodable(const char *what, struct err *e)
{
	return ERR(e, ERR_INVALID, "%s: an object identifier that does not exist", what);
}

static int not_one(struct str text, const char *what, struct err *e)
{
	return ERR(e, ERR_INVALID, "%s: '" STR_FMT "' is not an object identifier", what,
		   SHORT_ARG(text));
}

static void put_arc(struct buf *der, uint64_t v)
{
	unsigned shift = 0;

	while (v >> shift > 0x7f)
		shift += 7;
	for (; shift > 0; shift -= 7)
		buf_u8(der, (uint8_t)(0x80 | (v >> shift & 0x7f)));
	buf_u8(der, (uint8_t)(v & 0x7f));
}

static struct str take(struct arena *a, struct buf *b)
{
	struct str s = arena_str(a, buf_view(b));

	buf_release(b);
	return s;
}

/* strconv.Atoi; what is negative reads, and has no encoding. */
static bool atoi_arc(struct str s, uint64_t *v, bool *negative)
{
	bool minus = s.n > 0 && s.p[0] == '-';

	if (s.n > 0 && (minus || s.p[0] == '+')) {
		s.p++;
		s.n--;
	}
	if (!str_u64(s, v) || *v > (uint64_t)INT64_MAX + minus)
		return false;
	*negative = *negative || (minus && *v > 0);
	return true;
}

int content_oid(struct str text, const char *what, struct arena *a, struct str *out, struct err *e)
{
	struct buf der = BUF_INIT;
	struct str rest = text;
	uint64_t v, first = 0;
	bool fits = true, negative = false;
	size_t n = 0;

	*out = STR_NULL;
	if (text.n == 0)
		return 0;
	if (text.n > OID_TEXT_MAX)
		return not_one(text, what, e);
	do {
		struct str arc = str_cut(rest, '.', &rest);

		if (!atoi_arc(arc, &v, &negative)) {
			buf_release(&der);
			return not_one(text, what, e);
		}
		if (n == 0)
			first = v;
		else if (n == 1)
			fits = first <= 2 && (first == 2 || v < 40) && v <= INT64_MAX - 80;
		if (n == 1 && fits)
			put_arc(&der, first * 40 + v);
		else if (n > 1)
			put_arc(&der, v);
		n++;
	} while (rest.p != NULL);
	if (n < 2 || !fits || negative)
		buf_release(&der);
	else
		*out = take(a, &der);
	return 0;
}

#define LIMBS_MAX 64U /* of 32 bits */

/* n = n * m + add; false when it does not fit. */
static bool mul_add(uint32_t *limbs, size_t *n, uint32_t m, uint32_t add)
{
	uint64_t carry = add;

	for (size_t k = 0; k < *n; k++) {
		carry += (uint64_t)limbs[k] * m;
		limbs[k] = (uint32_t)carry;
		carry >>= 32;
	}
	if (carry == 0)
		return true;
	if (*n == LIMBS_MAX)
		return false;
	limbs[(*n)++] = (uint32_t)carry;
	return true;
}

/* An arc of any size: decimal digits, nine at a time, and what the first arc adds. */
static bool put_big(struct buf *der, struct str digits, uint32_t add)
{
	uint32_t limbs[LIMBS_MAX] = {0};
	size_t n = 0, bits;

	for (size_t i = 0; i < digits.n;) {
		uint32_t chunk = 0, scale = 1;

		for (unsigned k = 0; k < 9 && i < digits.n; k++, i++) {
			chunk = chunk * 10 + (uint32_t)(digits.p[i] - '0');
			scale *= 10;
		}
		if (!mul_add(limbs, &n, scale, chunk))
			return false;
	}
	if (!mul_add(limbs, &n, 1, add))
		return false;
	bits = 32 * n;
	while (bits > 7 && (limbs[(bits - 1) / 32] >> (bits - 1) % 32 & 1) == 0)
		bits--;
	for (size_t groups = (bits + 6) / 7; groups-- > 0;) {
		size_t at = 7 * groups, limb = at / 32, shift = at % 32;
		uint64_t pair = limbs[limb] | (limb + 1 < n ? (uint64_t)limbs[limb + 1] << 32 : 0);

		buf_u8(der, (uint8_t)((pair >> shift & 0x7f) | (groups > 0 ? 0x80 : 0)));
	}
	if (bits == 0)
		buf_u8(der, 0);
	return true;
}

static bool digits_only(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

static struct str no_zeros(struct str s)
{
	while (s.n > 1 && s.p[0] == '0') {
		s.p++;
		s.n--;
	}
	return s;
}

int content_big_oid(struct str text, const char *what, struct arena *a, struct str *out,
		    struct err *e)
{
	struct buf der = BUF_INIT;
	struct str rest = text, arc;
	unsigned root;
	bool ok;

	if (text.n > OID_TEXT_MAX / 8)
		return not_one(text, what, e);
	arc = str_cut(text, '.', &rest);
	if (rest.p == NULL || !digits_only(arc))
		return not_one(text, what, e);
	arc = no_zeros(arc);
	root = (unsigned)(arc.p[0] - '0');
	if (arc.n > 1 || root > 2)
		return not_one(text, what, e);
	arc = str_cut(rest, '.', &rest);
	if (!digits_only(arc))
		return not_one(text, what, e);
	arc = no_zeros(arc);
	if (root < 2 && (arc.n > 2 || (arc.n == 2 && arc.p[0] > '3')))
		return not_one(text, what, e);
	ok = put_big(&der, arc, root * 40U);
	while (ok && rest.p != NULL) {
		arc = str_cut(rest, '.', &rest);
		ok = digits_only(arc) && put_big(&der, no_zeros(arc), 0);
	}
	if (!ok) {
		buf_release(&der);
		return not_one(text, what, e);
	}
	*out = take(a, &der);
	return 0;
}

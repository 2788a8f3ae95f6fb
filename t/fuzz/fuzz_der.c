/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "codec/der.h"
#include "codec/oid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * What a getter took is written again and must give the same bytes: that is what "distinguished"
 * means.
 */
static void same(struct str element, struct buf *b)
{
	ENSURE(!b->failed && str_eq(element, buf_view(b)));
	buf_release(b);
}

static void try_values(struct str el)
{
	struct buf b = BUF_INIT, text = BUF_INIT;
	struct err e = ERR_INIT;
	struct str in, s;
	uint32_t bits;
	uint64_t u;
	int64_t t;
	bool yes;

#define BACK(get, put)                                                                             \
	do {                                                                                       \
		in = el;                                                                           \
		if (get) {                                                                         \
			put;                                                                       \
			same(el, &b);                                                              \
		}                                                                                  \
	} while (0)
	BACK(der_get_bool(&in, &yes), der_put_bool(&b, yes));
	BACK(der_get_integer(&in, &s), der_put_integer(&b, s));
	BACK(der_get_uint(&in, &u), der_put_uint(&b, u));
	BACK(der_get_bit_string(&in, &s), der_put_bit_string(&b, s));
	BACK(der_get_named_bits(&in, &bits), der_put_named_bits(&b, bits));
	BACK(der_get_null(&in), der_put_null(&b));
#undef BACK
	in = el;
	if (der_get_time(&in, &t)) {
		int64_t back;

		der_put_time(&b, t);
		in = buf_view(&b);
		ENSURE(der_get_time(&in, &back) && back == t);
		buf_release(&b);
	}
	in = el;
	if (der_get_oid(&in, &s)) {
		der_put_oid(&b, s);
		same(el, &b);
		if (oid_to_dotted(s, &text, &e) == 0) {
			ENSURE(oid_from_dotted(buf_view(&text), &b, &e) == 0);
			same(s, &b);
		}
		buf_reset(&text);
	}
	in = el;
	der_get_text(&in, NULL, &text);
	buf_release(&text);
}

static void walk(struct str in, unsigned depth)
{
	unsigned tag;
	struct str contents, element;

	while (der_get_any(&in, &tag, &contents, &element)) {
		struct buf b = BUF_INIT;
		struct der_mark m = der_begin(&b, tag);

		buf_str(&b, contents);
		der_end(&b, m);
		same(element, &b);
		try_values(element);
		if ((tag & 0x20U) != 0 && depth < 50)
			walk(contents, depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	walk(str_mem(data, size), 0);
	return 0;
}

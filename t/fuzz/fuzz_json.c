/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "codec/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A real -0 is written "-0", as Go does, and comes back as the integer 0. */
static bool has_minus_zero(struct buf *b)
{
	struct str s = buf_view(b);

	for (size_t i = 0; i + 1 < s.n; i++)
		if (s.p[i] == '-' && s.p[i + 1] == '0' &&
		    (i + 2 == s.n || strchr(",]}", s.p[i + 2]) != NULL))
			return true;
	return false;
}

/* The first byte chooses the flags. What is accepted is written, and reads back as the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct json_limits lim = {
		.max_bytes = 1 << 20, .max_depth = 64, .max_values = 5000};
	struct buf out = BUF_INIT, again = BUF_INIT;
	struct err e = ERR_INIT;
	unsigned flags;
	json_t *v, *w;

	if (size == 0)
		return 0;
	flags = data[0] & 15U;
	v = json_parse(str_mem(data + 1, size - 1), &lim, flags, &e);
	if (v == NULL) {
		ENSURE(e.code == ERR_INVALID || e.code == ERR_TOO_LARGE);
		return 0;
	}
	ENSURE(!(flags & JSON_TOP_OBJECT) || json_is_object(v));
	if (json_is_object(v))
		json_member(v, "name", flags);
	json_write(v, &out);
	w = json_parse(buf_view(&out), &(struct json_limits){SIZE_MAX, 64, 5000},
		       JSON_REFUSE_DUPLICATES, &e);
	/*
	 * A real over 2^63 is written without exponent, as Go does, and would be an integer that
	 * is too large.
	 */
	ENSURE(w != NULL || strstr(e.msg, "number too large") != NULL);
	if (w != NULL) {
		json_write(w, &again);
		ENSURE(str_eq(buf_view(&out), buf_view(&again)) || has_minus_zero(&out));
	}
	json_decref(v);
	json_decref(w);
	buf_release(&out);
	buf_release(&again);
	return 0;
}

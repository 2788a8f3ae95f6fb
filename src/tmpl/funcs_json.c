/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/funcs_value.h"
#include "tmpl/print.h"

/*
 * funcs_json.c - sprig's toJson family. The lenient forms turn an error of the data into an empty
 * text; a passed bound is an error in all of them.
 */
static int encode(struct tmpl_call *c, struct tv v, unsigned flags, bool lenient, struct tv *out)
{
	struct buf b = {.limit = c->room + 1}, why = BUF_INIT;

	if (json_encode(v, flags, c, c->arena, &b, &why) < 0 && !b.failed) {
		int r = lenient ? 0 : value_error(c, buf_view(&why));
		*out = tv_str(STR(""));
		buf_release(&b);
		buf_release(&why);
		return r;
	}
	buf_release(&why);
	if (tmpl_steps(c, b.n / 16) < 0) {
		buf_release(&b);
		return -1;
	}
	return tmpl_return_buf(c, &b, out);
}

FN(fn_to_json)
{
	return encode(c, args[0], 0, true, out);
}

FN(fn_must_to_json)
{
	return encode(c, args[0], 0, false, out);
}

FN(fn_to_pretty_json)
{
	return encode(c, args[0], TV_JSON_INDENT, true, out);
}

FN(fn_must_to_pretty_json)
{
	return encode(c, args[0], TV_JSON_INDENT, false, out);
}

FN(fn_to_raw_json)
{
	return encode(c, args[0], TV_JSON_RAW, false, out);
}

/* A bound of what the values of a JSON text can take: each begins it, or follows one of these. */
static uint64_t room_for(struct str s)
{
	uint64_t values = 2;

	for (size_t i = 0; i < s.n; i++)
		values += s.p[i] == ',' || s.p[i] == '[' || s.p[i] == '{' || s.p[i] == ':';
	return values * 2 * sizeof(struct tv_entry) + 3 * (uint64_t)s.n;
}

static int decode(struct tmpl_call *c, struct str text, bool lenient, struct tv *out)
{
	struct buf why = BUF_INIT;

	if (tmpl_steps(c, text.n) < 0 || tmpl_room(c, room_for(text)) < 0)
		return -1;
	int r = tv_parse_json(text, c->arena, out, &why);
	if (r < 0)
		r = lenient ? 0 : value_error(c, buf_view(&why));
	*out = tv_any(*out);
	buf_release(&why);
	return r;
}

FN(fn_from_json)
{
	return decode(c, args[0].s, true, out);
}

FN(fn_must_from_json)
{
	return decode(c, args[0].s, false, out);
}

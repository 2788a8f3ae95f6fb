/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/value.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * A format, then (behind a NUL) bytes that choose the arguments; or, when the first byte is '{' or
 * '[', a JSON text that is read, written, printed and read again.
 */
enum { MOST = 8192 };

static struct tv choose(struct arena *a, uint8_t c, struct str rest)
{
	struct tv *items = ARENA_ARRAY(a, struct tv, 3);
	struct tv v = tv_map_new(a, &tv_type_map, 0);
	double f = 0;

	memcpy(&f, rest.p, rest.n < sizeof(f) ? rest.n : sizeof(f));
	items[0] = tv_any(tv_float(f));
	items[1] = tv_any(tv_str(rest));
	items[2] = tv_null();
	switch (c % 12) {
	case 0:
		return tv_int((int64_t)rest.n - 3);
	case 1:
		return tv_float(f);
	case 2:
		return tv_str(rest);
	case 3:
		return tv_bool(true);
	case 4:
		return tv_nil();
	case 5:
		return tv_list(&tv_type_list, items, 3);
	case 6:
		return (struct tv){.type = &tv_type_bytes, .s = rest};
	case 7:
		return (struct tv){.type = &tv_type_complex128, .c = {f, -f}};
	case 8:
		return tv_nil_list(&tv_type_list);
	case 9:
		tv_map_set(v.map, STR("self"), v);
		return v;
	case 10:
		tv_map_set(v.map, rest, items[c / 12 % 3]);
		tv_map_set(v.map, STR("k"), tv_list(&tv_type_list, items, 3));
		return v;
	default:
		return (struct tv){.type = &tv_type_uint64, .u = UINT64_MAX - rest.n};
	}
}

static void print(struct str format, struct str rest)
{
	struct arena *a = arena_new();
	struct buf out = BUF_INIT, why = BUF_INIT;
	struct tv args[4];
	size_t n = 0;

	while (n < ARRAY_LEN(args) && rest.n > 0) {
		uint8_t c = (uint8_t)*rest.p;
		rest = str_mem(rest.p + 1, rest.n - 1);
		args[n++] = choose(a, c, rest);
	}
	(void)tv_sprintf(format, args, n, MOST, a, &out);
	if (out.n > MOST)
		abort();
	buf_release(&out);
	(void)tv_sprint(args, n, MOST, a, &out);
	buf_release(&out);
	for (size_t i = 0; i < n; i++) {
		out.limit = MOST;
		(void)tv_to_json(args[i], (unsigned)i, a, &out, &why);
		buf_reset(&why);
		buf_release(&out);
	}
	buf_release(&why);
	arena_free(a);
}

/* What was written reads back, and is then written the same way. */
static void json(struct str text)
{
	struct arena *a = arena_new();
	struct buf first = BUF_INIT, second = BUF_INIT, why = BUF_INIT;
	struct tv v, again;

	if (tv_parse_json(text, a, &v, &why) == 0) {
		if (tv_to_json(v, 0, a, &first, &why) < 0 ||
		    tv_parse_json(buf_view(&first), a, &again, &why) < 0 ||
		    tv_to_json(again, 0, a, &second, &why) < 0 ||
		    !str_eq(buf_view(&first), buf_view(&second)))
			abort();
		buf_reset(&second);
		(void)tv_to_json(v, TV_JSON_INDENT | TV_JSON_RAW, a, &second, &why);
		tv_print(v, a, &second);
	} else if (why.n == 0) {
		abort();
	}
	buf_release(&first);
	buf_release(&second);
	buf_release(&why);
	arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_mem(data, size);

	if (size > 0 && (data[0] == '{' || data[0] == '[')) {
		json(rest);
		return 0;
	}
	struct str format = str_cut(rest, '\0', &rest);
	print(format, rest);
	return 0;
}

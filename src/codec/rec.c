/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "codec/b64.h"
#include "codec/priv.h"
#include "codec/rec.h"

#include <msgpack.h>

/*
 * rec.c - records of the store. What a disk gives back may be damaged, and a record may come from
 * a backup that somebody made: msgpack-c allocates what a container's header promises before it
 * sees the elements, so measure() first walks the bytes and proves that every promise is kept,
 * that there is one value and nothing behind it, and how many objects it has. A failed decode is
 * ERR_INTERNAL: it is never the fault of a request.
 *
 * To add a type: enum, rec_encode's and rec_decode's switch, and nothing else. Text that is not
 * UTF-8 is stored with U+FFFD for each bad byte, so that what was written can be read. Lists over
 * the bound set out->failed.
 */
#define REC_MAX_BYTES (1U << 20)
#define REC_MAX_LIST  10000U
#define REC_MAX_ITEMS 100000U

static int write_buf(void *data, const char *p, size_t n)
{
	struct buf *out = data;

	buf_add(out, p, n);
	return out->failed ? -1 : 0;
}

static void pack_text(msgpack_packer *pk, struct str s)
{
	struct buf fixed = BUF_INIT;

	if (!utf8_valid(s)) {
		utf8_repair(s, &fixed);
		s = buf_view(&fixed);
	}
	msgpack_pack_str_with_body(pk, s.n > 0 ? s.p : "", s.n);
	buf_release(&fixed);
}

static void pack_list(msgpack_packer *pk, const struct rec_list *l, struct buf *out)
{
	if (l->n > REC_MAX_LIST) {
		out->failed = true;
		return;
	}
	msgpack_pack_array(pk, l->n);
	for (size_t i = 0; i < l->n; i++)
		pack_text(pk, l->items[i]);
}

void rec_encode(const struct rec_type_info *t, const void *obj, struct buf *out)
{
	msgpack_packer pk;

	ENSURE(t->format > 0);
	msgpack_packer_init(&pk, out, write_buf);
	msgpack_pack_array(&pk, 1 + t->n_fields);
	msgpack_pack_uint32(&pk, t->format);
	for (size_t i = 0; i < t->n_fields; i++) {
		const void *p = (const char *)obj + t->fields[i].offset;
		struct str s;

		switch (t->fields[i].type) {
		case REC_BYTES:
			memcpy(&s, p, sizeof(s));
			msgpack_pack_bin_with_body(&pk, s.n > 0 ? s.p : "", s.n);
			break;
		case REC_TEXT:
			memcpy(&s, p, sizeof(s));
			pack_text(&pk, s);
			break;
		case REC_I64:
			msgpack_pack_int64(&pk, *(const int64_t *)p);
			break;
		case REC_U64:
			msgpack_pack_uint64(&pk, *(const uint64_t *)p);
			break;
		case REC_BOOL:
			if (*(const bool *)p)
				msgpack_pack_true(&pk);
			else
				msgpack_pack_false(&pk);
			break;
		case REC_LIST:
			pack_list(&pk, p, out);
			break;
		}
	}
}

/* ---- decoding ---- */

static uint64_t be(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | *p++;
	return v;
}

/* For types 0xc0..0xdf: octets of the length or value behind the type octet. */
static const unsigned char width_of[32] = {
	0, 0, 0, 0, 1,	2, 4, /* nil, -, false, true, bin */
	1, 2, 4,	      /* ext */
	4, 8, 1, 2, 4,	8,    /* float, uint */
	1, 2, 4, 8,	      /* int */
	1, 2, 4, 8, 16,	      /* fixext, the type octet not counted */
	1, 2, 4,	      /* str */
	2, 4, 2, 4	      /* array, map */
};

/*
 * One header at p: how many bytes it and its own payload take, how many values follow as
 * children.
 */
static bool measure_one(const unsigned char *p, size_t n, uint64_t *bytes, uint64_t *children)
{
	unsigned c = p[0];
	size_t width;

	*bytes = 1;
	*children = 0;
	if (c < 0x80 || c >= 0xe0)
		return true;
	if (c < 0xa0) {
		*children = c < 0x90 ? (c & 15U) * 2 : c & 15U;
		return true;
	}
	if (c < 0xc0) {
		*bytes += c & 31U;
		return true;
	}
	width = width_of[c - 0xc0];
	if (c == 0xc1 || n < 1 + width)
		return false;
	*bytes += width;
	if ((c >= 0xc4 && c <= 0xc6) || (c >= 0xd9 && c <= 0xdb))
		*bytes += be(p + 1, width);
	else if (c >= 0xc7 && c <= 0xc9)
		*bytes += be(p + 1, width) + 1;
	else if (c >= 0xd4 && c <= 0xd8)
		*bytes += 1;
	else if (c >= 0xdc)
		*children = be(p + 1, width) * (c >= 0xde ? 2 : 1);
	return true;
}

/* Exactly one value, complete, of a bounded number of objects. */
static bool measure(struct str data)
{
	const unsigned char *p = (const unsigned char *)data.p;
	size_t left = data.n;
	uint64_t pending = 1, items = 0, bytes, children;

	while (pending > 0) {
		if (left == 0 || ++items > REC_MAX_ITEMS ||
		    !measure_one(p, left, &bytes, &children))
			return false;
		if (bytes > left)
			return false;
		p += bytes;
		left -= bytes;
		pending += children - 1;
		if (pending > left)
			return false;
	}
	return left == 0;
}

static int take_list(const msgpack_object *o, struct arena *a, struct rec_list *out)
{
	struct str *items;
	size_t n;

	if (o->type != MSGPACK_OBJECT_ARRAY || o->via.array.size > REC_MAX_LIST)
		return -1;
	n = o->via.array.size;
	items = n > 0 ? ARENA_ARRAY(a, struct str, n) : NULL;
	for (size_t i = 0; i < n; i++) {
		const msgpack_object *s = &o->via.array.ptr[i];
		struct str v = {s->via.str.ptr, s->via.str.size};

		if (s->type != MSGPACK_OBJECT_STR || !utf8_valid(v))
			return -1;
		items[i] = arena_str(a, v);
	}
	*out = (struct rec_list){items, n};
	return 0;
}

static int take_string(const msgpack_object *o, enum rec_type type, struct arena *a,
		       struct str *out)
{
	struct str v;

	if (type == REC_BYTES) {
		if (o->type != MSGPACK_OBJECT_BIN)
			return -1;
		v = (struct str){o->via.bin.ptr, o->via.bin.size};
	} else {
		if (o->type != MSGPACK_OBJECT_STR)
			return -1;
		v = (struct str){o->via.str.ptr, o->via.str.size};
		if (!utf8_valid(v))
			return -1;
	}
	*out = v.n > 0 ? arena_str(a, v) : STR_NULL;
	return 0;
}

static int take_number(const msgpack_object *o, enum rec_type type, void *out)
{
	if (type == REC_BOOL) {
		if (o->type != MSGPACK_OBJECT_BOOLEAN)
			return -1;
		*(bool *)out = o->via.boolean;
		return 0;
	}
	if (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER) {
		if (type == REC_I64 && o->via.u64 > INT64_MAX)
			return -1;
		memcpy(out, &o->via.u64, sizeof(o->via.u64));
		return 0;
	}
	if (type == REC_U64 || o->type != MSGPACK_OBJECT_NEGATIVE_INTEGER)
		return -1;
	*(int64_t *)out = o->via.i64;
	return 0;
}

static int take_field(const struct rec_field *f, const msgpack_object *o, struct arena *a,
		      void *obj)
{
	void *p = (char *)obj + f->offset;

	switch (f->type) {
	case REC_BYTES:
	case REC_TEXT:
		return take_string(o, f->type, a, p);
	case REC_I64:
	case REC_U64:
	case REC_BOOL:
		return take_number(o, f->type, p);
	case REC_LIST:
		return take_list(o, a, p);
	}
	return -1;
}

static void zero_field(const struct rec_field *f, void *obj)
{
	void *p = (char *)obj + f->offset;

	switch (f->type) {
	case REC_BYTES:
	case REC_TEXT:
		memset(p, 0, sizeof(struct str));
		break;
	case REC_I64:
	case REC_U64:
		memset(p, 0, sizeof(uint64_t));
		break;
	case REC_BOOL:
		memset(p, 0, sizeof(bool));
		break;
	case REC_LIST:
		memset(p, 0, sizeof(struct rec_list));
		break;
	}
}

static int take_record(const struct rec_type_info *t, const msgpack_object *o, struct arena *a,
		       void *obj, struct err *e)
{
	const msgpack_object *items;

	if (o->type != MSGPACK_OBJECT_ARRAY || o->via.array.size < 1)
		return ERR(e, ERR_INTERNAL, "%s record: damaged: not a list", t->name);
	items = o->via.array.ptr;
	if (items[0].type != MSGPACK_OBJECT_POSITIVE_INTEGER || items[0].via.u64 == 0)
		return ERR(e, ERR_INTERNAL, "%s record: damaged: no format number", t->name);
	for (size_t i = 0; i < t->n_fields && i + 1 < o->via.array.size; i++)
		if (take_field(&t->fields[i], &items[i + 1], a, obj) != 0)
			return ERR(e, ERR_INTERNAL, "%s record: damaged: field %s has another type",
				   t->name, t->fields[i].name);
	return 0;
}

int rec_decode(const struct rec_type_info *t, struct str data, struct arena *a, void *obj,
	       struct err *e)
{
	msgpack_unpacked u;
	size_t at = 0;
	int rc = -1;

	for (size_t i = 0; i < t->n_fields; i++)
		zero_field(&t->fields[i], obj);
	if (data.n > REC_MAX_BYTES)
		return ERR(e, ERR_INTERNAL, "%s record: more than 1 MiB", t->name);
	if (!measure(data))
		return ERR(e, ERR_INTERNAL, "%s record: damaged: not one complete value", t->name);
	msgpack_unpacked_init(&u);
	if (msgpack_unpack_next(&u, data.p, data.n, &at) == MSGPACK_UNPACK_SUCCESS && at == data.n)
		rc = take_record(t, &u.data, a, obj, e);
	else
		ERR(e, ERR_INTERNAL, "%s record: damaged: not msgpack", t->name);
	msgpack_unpacked_destroy(&u);
	return rc;
}

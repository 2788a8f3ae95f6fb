/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "api/answer.h"

#include "base/mem.h"
#include "codec/b64.h"
#include "codec/uri.h"

/*
 * provisioners.c - the public list, in pages. An entry's uid is hex(4-byte index |
 * SHA-1(provisioner id)[4..20]); the cursor is the uid at which a page begins, with leading zeros
 * trimmed.
 */

#define LIMIT_DEFAULT 20
#define LIMIT_MAX     100
#define UID_LEN	      40

static void uid_of(const struct provisioner *p, size_t index, char out[UID_LEN + 1])
{
	unsigned char h[HASH_MAX];
	struct buf hex = BUF_INIT;

	hash(HASH_SHA1, str_c(p->id), h);
	h[0] = (unsigned char)(index >> 24);
	h[1] = (unsigned char)(index >> 16);
	h[2] = (unsigned char)(index >> 8);
	h[3] = (unsigned char)index;
	hex_encode(str_mem(h, 20), &hex);
	memcpy(out, hex.p, UID_LEN);
	out[UID_LEN] = '\0';
	buf_release(&hex);
}

static int parse_limit(struct str text, size_t *out, struct err *e)
{
	bool negative = text.n > 0 && text.p[0] == '-';
	struct str digits = text.n > 0 && (negative || text.p[0] == '+')
				    ? str_mem(text.p + 1, text.n - 1)
				    : text;
	uint64_t v;

	*out = LIMIT_DEFAULT;
	if (text.n == 0)
		return 0;
	if (!str_u64(digits, &v)) {
		ERR(e, ERR_INVALID, "limit is not an integer");
		return err_public(e, "limit '" STR_FMT "' is not an integer",
				  text.n > 40 ? 40 : (int)text.n, text.p);
	}
	if (!negative && v > 0)
		*out = v > LIMIT_MAX ? LIMIT_MAX : (size_t)v;
	return 0;
}

/* Pads the cursor; anything that is no cursor of ours sorts where it sorts. */
static void parse_cursor(struct str text, char out[UID_LEN + 1])
{
	size_t n = text.n > UID_LEN ? UID_LEN : text.n;

	memset(out, '0', UID_LEN);
	if (n > 0)
		memcpy(out + UID_LEN - n, text.p, n);
	out[UID_LEN] = '\0';
}

void api_provisioners(struct http_req *r)
{
	const struct ca *ca = r->app;
	struct str text = STR_NULL;
	char from[UID_LEN + 1], uid[UID_LEN + 1];
	const char *next = "";
	size_t limit;
	struct err e = ERR_INIT;
	json_t *list, *v;

	uri_query(r->query, "limit", r->arena, &text);
	if (parse_limit(text, &limit, &e) < 0) {
		api_error(r, &e);
		return;
	}
	text = STR_NULL;
	uri_query(r->query, "cursor", r->arena, &text);
	parse_cursor(text, from);
	list = json_array();
	for (size_t i = 0; i < prov_count(ca->provs); i++) {
		const struct provisioner *p = prov_at(ca->provs, i);

		uid_of(p, i, uid);
		if (strcmp(uid, from) < 0)
			continue;
		if (json_array_size(list) == limit) {
			next = uid;
			while (*next == '0')
				next++;
			break;
		}
		json_array_append_new(list, json_deep_copy(p->listed));
	}
	v = json_object();
	json_object_set_new(v, "provisioners", list);
	json_object_set_new(v, "nextCursor", json_string(next));
	api_reply_json(r, 200, v);
	json_decref(v);
}

void api_encrypted_key(struct http_req *r)
{
	const struct ca *ca = r->app;
	struct str key = prov_encrypted_key(ca->provs, http_req_param(r, "kid"));
	struct err e = ERR_INIT;
	json_t *v;

	if (key.n == 0) {
		ERR(&e, ERR_NOT_FOUND, "no encrypted key for this kid");
		api_error(r, &e);
		return;
	}
	v = json_object();
	json_object_set_new(v, "key", json_str_new(key));
	api_reply_json(r, 200, v);
	json_decref(v);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "control/priv.h"

#include "codec/b64.h"
#include "codec/uri.h"

/* inventories_query.c - what a request about inventories may say besides its body. */

static int decode(struct str text, struct arena *a, struct str *out, struct err *e)
{
	char *p = arena_cstr(a, text);

	for (size_t i = 0; i < text.n; i++)
		if (p[i] == '+')
			p[i] = ' ';
	return uri_unescape(str_mem(p, text.n), a, out, e);
}

enum { P_PREFIX, P_LIMIT, P_CURSOR, P_IF_VERSION, P_COUNT };
static const char *const names[P_COUNT] = {"prefix", "limit", "cursor", "ifVersion"};

static int take(unsigned which, struct str value, struct inventory_query *q, struct err *e)
{
	uint64_t n;

	if (which == P_PREFIX && !utf8_valid(value))
		return ERR(e, ERR_INVALID, "prefix: is not UTF-8");
	if (which == P_PREFIX)
		q->prefix = value;
	if (which == P_CURSOR)
		q->cursor = value;
	if (which == P_LIMIT) {
		if (!str_u64(value, &n) || n < 1 || n > CONTROL_LIMIT_MAX)
			return ERR(e, ERR_INVALID, "limit: must be a number from 1 to %d",
				   CONTROL_LIMIT_MAX);
		q->limit = (unsigned)n;
	}
	if (which == P_IF_VERSION) {
		if (!str_u64(value, &q->if_version))
			return ERR(e, ERR_INVALID, "ifVersion: must be a number");
		q->has_if_version = true;
	}
	return 0;
}

static int take_pair(struct str pair, bool change, struct arena *a, unsigned *seen,
		     struct inventory_query *q, struct err *e)
{
	struct err why = ERR_INIT;
	struct str key, value;
	unsigned i;

	if (decode(str_cut(pair, '=', &value), a, &key, &why) != 0)
		return ERR(e, ERR_INVALID, "query: %s", why.msg);
	for (i = change ? P_IF_VERSION : P_PREFIX;
	     i < (change ? P_COUNT : P_IF_VERSION) && !str_eqc(key, names[i]); i++)
		;
	if (i == (change ? P_COUNT : P_IF_VERSION))
		return ERR(e, ERR_INVALID, "query: \"%.*s\" is unknown",
			   key.n > 60 ? 60 : (int)key.n, key.p);
	if (*seen & 1U << i)
		return ERR(e, ERR_INVALID, "%s: is given twice", names[i]);
	*seen |= 1U << i;
	if (decode(value, a, &value, &why) != 0)
		return ERR(e, ERR_INVALID, "%s: %s", names[i], why.msg);
	return value.n == 0 ? 0 : take(i, value, q, e);
}

int inventory_query_parse(struct str query, bool change, struct arena *a,
			  struct inventory_query *out, struct err *e)
{
	unsigned seen = 0;

	*out = (struct inventory_query){.limit = CONTROL_LIMIT_DEFAULT};
	while (query.n > 0) {
		struct str pair = str_cut(query, '&', &query);

		if (pair.n > 0 && take_pair(pair, change, a, &seen, out, e) != 0)
			return -1;
	}
	return 0;
}

int inventory_key_read(struct str segment, struct arena *a, struct str *key, struct err *e)
{
	struct buf raw CLEANUP(buf_release) = BUF_INIT;
	struct err why = ERR_INIT;

	*key = segment;
	if (segment.n > 0 && segment.p[0] == '~') {
		if (segment.n > 2 * INVENTORY_KEY_MAX ||
		    b64_decode(B64_URL, str_mem(segment.p + 1, segment.n - 1), &raw, &why) != 0)
			return ERR(e, ERR_INVALID,
				   "key: what follows the \"~\" must be base64url of the key");
		*key = arena_str(a, buf_view(&raw));
	}
	return inventory_key_check(*key, e);
}

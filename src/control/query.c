/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "control/priv.h"

#include "base/clock.h"
#include "codec/b64.h"
#include "codec/uri.h"

/*
 * query.c - what a request may say: query parameters, serials, the body of a revocation. Nothing
 * is guessed: what is unknown, given twice or malformed is refused by its name.
 */

/* ---- values ---- */

static int take_text(struct str value, struct str *out, const char *name, struct err *e)
{
	if (!utf8_valid(value))
		return ERR(e, ERR_INVALID, "%s: is not UTF-8", name);
	*out = value;
	return 0;
}

static int take_bool(struct str value, bool *out, const char *name, struct err *e)
{
	if (str_eqc(value, "1") || str_eqc(value, "true"))
		*out = true;
	else if (!str_eqc(value, "0") && !str_eqc(value, "false"))
		return ERR(e, ERR_INVALID, "%s: must be 0 or 1", name);
	return 0;
}

static int take_status(struct str value, enum catalog_status *out, struct err *e)
{
	static const char *const names[] = {
		[CATALOG_CURRENT] = "current", [CATALOG_VALID] = "valid",
		[CATALOG_REVOKED] = "revoked", [CATALOG_EXPIRED] = "expired",
		[CATALOG_ALL] = "all",
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eqc(value, names[i])) {
			*out = (enum catalog_status)i;
			return 0;
		}
	return ERR(e, ERR_INVALID, "status: must be current, valid, revoked, expired or all");
}

static int take_within(struct str value, int64_t *out, struct err *e)
{
	struct err why = ERR_INIT;
	int64_t ns;

	if (duration_parse(value, &ns, &why) != 0)
		return ERR(e, ERR_INVALID, "expiresWithin: %s", why.msg);
	if (ns < DURATION_SECOND)
		return ERR(e, ERR_INVALID, "expiresWithin: must be one second at least");
	*out = ns / DURATION_SECOND;
	return 0;
}

static int take_limit(struct str value, unsigned *out, struct err *e)
{
	uint64_t n;

	if (!str_u64(value, &n) || n < 1 || n > CONTROL_LIMIT_MAX)
		return ERR(e, ERR_INVALID, "limit: must be a number from 1 to %d",
			   CONTROL_LIMIT_MAX);
	*out = (unsigned)n;
	return 0;
}

/* ---- parameters ---- */

static const char *const parameters[] = {"name",     "provisioner",   "authority", "status",
					 "endpoint", "expiresWithin", "self",	   "pem",
					 "limit",    "cursor"};
enum {
	P_NAME,
	P_PROVISIONER,
	P_AUTHORITY,
	P_STATUS,
	P_ENDPOINT,
	P_WITHIN,
	P_SELF,
	P_PEM,
	P_LIMIT,
	P_CURSOR,
	P_COUNT
};

static int take(unsigned which, struct str value, struct arena *a, struct control_query *q,
		struct err *e)
{
	switch (which) {
	case P_NAME:
		return take_text(value, &q->filter.name, parameters[which], e);
	case P_PROVISIONER:
		return take_text(value, &q->filter.provisioner, parameters[which], e);
	case P_AUTHORITY:
		return take_text(value, &q->filter.authority, parameters[which], e);
	case P_STATUS:
		return take_status(value, &q->filter.status, e);
	case P_ENDPOINT:
		return endpoint_parse(value, a, &q->filter.endpoint, e);
	case P_WITHIN:
		return take_within(value, &q->filter.expires_within, e);
	case P_SELF:
		return take_bool(value, &q->filter.self, parameters[which], e);
	case P_PEM:
		return take_bool(value, &q->pem, parameters[which], e);
	case P_LIMIT:
		return take_limit(value, &q->limit, e);
	default:
		q->cursor = value;
		return 0;
	}
}

static int decode(struct str text, struct arena *a, struct str *out, struct err *e)
{
	char *p = arena_cstr(a, text);

	for (size_t i = 0; i < text.n; i++)
		if (p[i] == '+')
			p[i] = ' ';
	return uri_unescape(str_mem(p, text.n), a, out, e);
}

static int take_pair(struct str pair, struct arena *a, unsigned *seen, struct control_query *q,
		     struct err *e)
{
	struct err why = ERR_INIT;
	struct str key, value;
	unsigned i;

	if (decode(str_cut(pair, '=', &value), a, &key, &why) != 0)
		return ERR(e, ERR_INVALID, "query: %s", why.msg);
	for (i = 0; i < P_COUNT && !str_eqc(key, parameters[i]); i++)
		;
	if (i == P_COUNT)
		return ERR(e, ERR_INVALID, "query: \"%.*s\" is unknown",
			   key.n > 60 ? 60 : (int)key.n, key.p);
	if (*seen & 1U << i)
		return ERR(e, ERR_INVALID, "%s: is given twice", parameters[i]);
	*seen |= 1U << i;
	if (decode(value, a, &value, &why) != 0)
		return ERR(e, ERR_INVALID, "%s: %s", parameters[i], why.msg);
	return value.n == 0 ? 0 : take(i, value, a, q, e);
}

int control_query_parse(struct str query, struct arena *a, struct control_query *out, struct err *e)
{
	unsigned seen = 0;

	*out = (struct control_query){.filter = {.status = CATALOG_CURRENT}};
	while (query.n > 0) {
		struct str pair = str_cut(query, '&', &query);

		if (pair.n > 0 && take_pair(pair, a, &seen, out, e) != 0)
			return -1;
	}
	if (out->pem && out->limit > CONTROL_LIMIT_PEM)
		return ERR(e, ERR_INVALID, "limit: must be %d at most with pem=1",
			   CONTROL_LIMIT_PEM);
	if (out->limit == 0)
		out->limit = CONTROL_LIMIT_DEFAULT;
	return 0;
}

/* ---- serials and bodies ---- */

int control_serial(struct str text, struct arena *a, struct str *key, struct err *e)
{
	unsigned char padded[SERIAL_KEY];
	struct str magnitude;

	if (serial_parse(text, a, &magnitude, e) != 0)
		return -1;
	serial_key(magnitude, padded);
	*key = arena_str(a, str_mem(padded, sizeof(padded)));
	return 0;
}

const char *const revoke_body_members[] = {"serial", "endpoint", "reasonCode", "reason", NULL};

int revoke_body_read(const json_t *o, struct arena *a, struct revoke_body *out, struct err *e)
{
	struct str serial = STR_NULL, endpoint = STR_NULL;

	*out = (struct revoke_body){.reason = 0};
	if (json_opt_str(o, "serial", 0, &serial, e) != 0 ||
	    json_opt_str(o, "endpoint", 0, &endpoint, e) != 0 ||
	    json_opt_str(o, "reason", 0, &out->text, e) != 0)
		return -1;
	if (json_member(o, "reasonCode", 0) != NULL &&
	    json_get_i64(o, "reasonCode", 0, &out->reason, e) != 0)
		return -1;
	if (!revoke_reason_known(out->reason))
		return ERR(e, ERR_INVALID, "reasonCode out of bounds");
	if ((serial.n > 0) == (endpoint.n > 0))
		return ERR(e, ERR_INVALID,
			   "body: needs either \"serial\" or \"endpoint\", as a string");
	if (serial.n > 0)
		return serial_parse(serial, a, &out->serial, e);
	return endpoint_parse(endpoint, a, &out->endpoint, e);
}

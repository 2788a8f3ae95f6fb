/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/uri.h"
#include "jose/jwt.h"
#include "jose/priv.h"

#include <math.h>

#define LEEWAY_S 60
/* Each element is compared with each accepted URL, on the loop. */
#define AUD_MAX 32U
/* Last second of the year 9999: no honest time is beyond, and no sum of two overflows. */
#define TIME_LIMIT INT64_C(253402300799)

static int opt_time(const json_t *o, const char *key, int64_t *out, struct err *e)
{
	const json_t *v = json_object_get(o, key);

	*out = 0;
	if (!v)
		return 0;
	if (json_is_integer(v)) {
		int64_t t = json_integer_value(v);
		if (t < -TIME_LIMIT || t > TIME_LIMIT)
			return ERR(e, ERR_INVALID, "%s: out of range", key);
		*out = t;
		return 0;
	}
	if (json_is_real(v)) {
		double d = json_real_value(v);
		if (!isfinite(d) || d < -(double)TIME_LIMIT || d > (double)TIME_LIMIT)
			return ERR(e, ERR_INVALID, "%s: out of range", key);
		*out = (int64_t)d;
		if ((double)*out > d) /* towards the past, for negative ones too */
			(*out)--;
		return 0;
	}
	return ERR(e, ERR_INVALID, "%s: must be a number of seconds", key);
}

static int opt_aud(const json_t *o, const json_t **out, struct err *e)
{
	const json_t *v = json_object_get(o, "aud");

	*out = v;
	if (!v || json_is_string(v))
		return 0;
	if (!json_is_array(v))
		return ERR(e, ERR_INVALID, "aud: must be a string or a list of strings");
	if (json_array_size(v) > AUD_MAX)
		return ERR(e, ERR_INVALID, "aud: more than %u elements", AUD_MAX);
	for (size_t i = 0; i < json_array_size(v); i++)
		if (!json_is_string(json_array_get(v, i)))
			return ERR(e, ERR_INVALID, "aud: element %zu is no string", i);
	return 0;
}

int jwt_claims(const json_t *payload, struct jwt_claims *out, struct err *e)
{
	memset(out, 0, sizeof(*out));
	if (!json_is_object(payload))
		return ERR(e, ERR_INVALID, "claims: the payload is no JSON object");
	if (jose_opt_str(payload, "iss", &out->iss, e) < 0 ||
	    jose_opt_str(payload, "sub", &out->sub, e) < 0 ||
	    jose_opt_str(payload, "jti", &out->jti, e) < 0 || opt_aud(payload, &out->aud, e) < 0 ||
	    opt_time(payload, "exp", &out->exp, e) < 0 ||
	    opt_time(payload, "nbf", &out->nbf, e) < 0 ||
	    opt_time(payload, "iat", &out->iat, e) < 0)
		return err_wrap(e, "claims");
	return 0;
}

int jwt_check_time(const struct jwt_claims *c, int64_t now, int64_t max_age_s, struct err *e)
{
	/*
	 * The whole life of the token, not what is left of it; one that hides its begin is judged
	 * from now.
	 */
	int64_t from = c->iat > c->nbf ? c->iat : c->nbf;

	if (from <= 0)
		from = c->iat != 0 || c->nbf != 0 ? 0 : now;
	if (c->exp == 0)
		return ERR(e, ERR_UNAUTHORIZED, "claims: exp: missing");
	if (now - LEEWAY_S > c->exp)
		return ERR(e, ERR_UNAUTHORIZED, "claims: exp: expired %" PRId64 " s ago",
			   now - c->exp);
	if (c->nbf && now + LEEWAY_S < c->nbf)
		return ERR(e, ERR_UNAUTHORIZED, "claims: nbf: valid only in %" PRId64 " s",
			   c->nbf - now);
	if (c->iat && now + LEEWAY_S < c->iat)
		return ERR(e, ERR_UNAUTHORIZED, "claims: iat: issued %" PRId64 " s in the future",
			   c->iat - now);
	if (c->exp - from > max_age_s)
		return ERR(e, ERR_UNAUTHORIZED,
			   "claims: exp: valid for %" PRId64 " s, at most %" PRId64 " are accepted",
			   c->exp - from, max_age_s);
	return 0;
}

static bool same_url(const struct uri *a, const struct uri *b)
{
	return str_ieq(a->scheme, b->scheme) && str_ieq(a->host, b->host) &&
	       str_eq(a->userinfo, b->userinfo) && str_eq(a->path, b->path) &&
	       a->has_query == b->has_query && str_eq(a->query, b->query) &&
	       a->has_fragment == b->has_fragment && str_eq(a->fragment, b->fragment);
}

static bool parse_url(struct str s, struct uri *u)
{
	struct err ignored = ERR_INIT;

	return uri_parse(s, u, &ignored) == 0 && u->scheme.n && u->has_authority;
}

bool jwt_audience_one(struct str aud, const struct str *want, size_t n)
{
	struct uri a, w;
	bool a_url = parse_url(aud, &a);

	for (size_t i = 0; i < n; i++) {
		if (str_eq(aud, want[i]))
			return true;
		if (a_url && parse_url(want[i], &w) && same_url(&a, &w))
			return true;
	}
	return false;
}

bool jwt_audience(const json_t *aud, const struct str *want, size_t n)
{
	if (json_is_string(aud))
		return jwt_audience_one(json_str_view(aud), want, n);
	for (size_t i = 0; i < json_array_size(aud); i++)
		if (jwt_audience_one(json_str_view(json_array_get(aud, i)), want, n))
			return true;
	return false;
}

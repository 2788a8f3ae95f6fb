/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/b64.h"
#include "jose/priv.h"

bool jose_split(struct str token, struct str *parts, size_t n)
{
	const char *p = token.p;
	size_t left = token.n;

	for (size_t i = 0; i + 1 < n; i++) {
		const char *dot = left ? memchr(p, '.', left) : NULL;
		if (!dot)
			return false;
		parts[i] = str_mem(p, (size_t)(dot - p));
		left -= parts[i].n + 1;
		p = dot + 1;
	}
	parts[n - 1] = str_mem(p, left);
	return left == 0 || !memchr(p, '.', left);
}

int jose_b64(struct str in, struct arena *a, const char *what, struct str *out, struct err *e)
{
	struct buf b = BUF_INIT;
	int rc = b64_decode(B64_URL, in, &b, e);

	if (rc == 0)
		*out = arena_str(a, buf_view(&b));
	else
		err_wrap(e, "%s", what);
	buf_wipe_release(&b);
	return rc;
}

int jose_header(struct str in, struct arena *a, json_t **out, struct err *e)
{
	struct str text;

	if (jose_b64(in, a, "header", &text, e) < 0)
		return -1;
	*out = json_parse(text, &json_limits_request, JSON_REFUSE_DUPLICATES | JSON_TOP_OBJECT, e);
	if (!*out)
		return err_wrap(e, "header");
	/* None of the extensions that `crit` may name is understood here, so each is a reason to
	 * refuse (RFC 7515 4.1.11). */
	if (json_object_get(*out, "crit")) {
		json_decref(*out);
		*out = NULL;
		return ERR(e, ERR_INVALID, "header: crit: no critical extension is supported");
	}
	return 0;
}

int jose_opt_str(const json_t *o, const char *key, struct str *out, struct err *e)
{
	const json_t *v = json_object_get(o, key);

	*out = STR_NULL;
	if (!v)
		return 0;
	if (!json_is_string(v))
		return ERR(e, ERR_INVALID, "%s: must be a string", key);
	*out = json_str_view(v);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/uri.h"
#include "http/msg.h"

static int decode_segment(struct str raw, struct arena *a, struct str *out, struct err *e)
{
	if (uri_unescape(raw, a, out, e) < 0) {
		e->code = ERR_INVALID;
		return err_wrap(e, "path");
	}
	if (str_has(*out, '/'))
		return ERR(e, ERR_INVALID, "path: an encoded slash");
	if (str_eqc(*out, ".") || str_eqc(*out, ".."))
		return ERR(e, ERR_INVALID, "path: a dot segment");
	return 0;
}

int http_path_split(struct str path, struct arena *a, struct str *segments, unsigned max,
		    unsigned *n, struct err *e)
{
	struct str rest = path;

	*n = 0;
	if (path.n == 0 || path.p[0] != '/')
		return ERR(e, ERR_INVALID, "path: does not begin with a slash");
	rest.p++;
	rest.n--;
	while (rest.n > 0 || *n > 0) {
		bool last = !str_has(rest, '/');
		struct str raw = last ? rest : str_cut(rest, '/', &rest);

		if (raw.n == 0 && !last)
			return ERR(e, ERR_INVALID, "path: an empty segment");
		if (*n == max)
			return ERR(e, ERR_TOO_LARGE, "path: more than %u segments", max);
		if (decode_segment(raw, a, &segments[*n], e) < 0)
			return -1;
		(*n)++;
		if (last)
			break;
	}
	return 0;
}

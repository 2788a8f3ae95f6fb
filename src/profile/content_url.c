/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "profile/content_priv.h"
#include "tmpl/url.h"

/* content_url.c - URIs as step reads them (tmpl/url.h), in the form that stands in a certificate.
 */

int content_url(struct str text, struct arena *a, struct content_url *out, struct err *e)
{
	struct buf why = BUF_INIT, form = BUF_INIT;
	struct tmpl_url url;

	*out = (struct content_url){0};
	if (tmpl_url_parse(text, a, &url, &why) < 0) {
		ERR(e, ERR_INVALID, "%s", why.p != NULL ? why.p : "malformed URI");
		buf_release(&why);
		return -1;
	}
	buf_release(&why);
	tmpl_url_string(&url, &form);
	out->text = arena_str(a, buf_view(&form));
	buf_release(&form);
	out->scheme = url.scheme;
	out->host = url.host;
	return 0;
}

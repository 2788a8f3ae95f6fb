/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "api/answer.h"

#include "codec/b64.h"

/* credentials.c - who asks: a client certificate or a bearer token, never both. */

#define BEARER "Bearer "

struct str credentials_leaf(const struct http_req *r)
{
	return r->is_tls ? r->tls.peer_leaf : STR_NULL;
}

int credentials_missing(struct err *e)
{
	ERR(e, ERR_INVALID, "neither a client certificate nor a token that is taken here");
	return err_public(e, "missing client certificate");
}

static struct str bearer_of(struct str header)
{
	size_t n = sizeof(BEARER) - 1;

	if (header.n < n || !str_ieqc(str_mem(header.p, n), BEARER))
		return STR_NULL;
	return str_trim(str_mem(header.p + n, header.n - n));
}

int credentials_read(struct http_req *r, struct credentials *out, struct err *e)
{
	const struct http_head *h = r->head;
	struct str header = STR_NULL;
	unsigned n = 0;

	*out = (struct credentials){.leaf = credentials_leaf(r)};
	for (unsigned i = 0; i < h->n_headers; i++)
		if (str_ieqc(h->headers[i].name, "Authorization")) {
			header = h->headers[i].value;
			n++;
		}
	if (n > 1)
		return ERR(e, ERR_UNAUTHORIZED, "more than one Authorization header");
	if (n > 0 && out->leaf.n > 0)
		return ERR(e, ERR_UNAUTHORIZED,
			   "a client certificate and a token are both present");
	out->bearer = bearer_of(header);
	return 0;
}

void credentials_log_token(struct http_req *r, struct str token)
{
	unsigned char h[HASH_MAX];
	struct buf hex = BUF_INIT;

	hash(HASH_SHA256, token, h);
	hex_encode(str_mem(h, hash_size(HASH_SHA256)), &hex);
	http_log_field(r, "token", buf_view(&hex));
	buf_release(&hex);
}

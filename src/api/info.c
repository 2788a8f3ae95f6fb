/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "api/answer.h"

/* info.c - what anybody may ask: version, health, roots, intermediates, federation. */

const struct authority *answer_authority(const struct http_req *r)
{
	const struct ca *ca = r->app;

	return &ca->authorities[0];
}

json_t *answer_pem(struct str der)
{
	struct buf pem = BUF_INIT;
	json_t *v;

	cert_to_pem(der, &pem);
	v = json_str_new(buf_view(&pem));
	buf_release(&pem);
	return v;
}

void api_version(struct http_req *r)
{
	json_t *v = json_object();

	json_object_set_new(v, "version", json_string(PACKAGE_VERSION));
	api_reply_json(r, 200, v);
	json_decref(v);
}

void api_health(struct http_req *r)
{
	http_reply(r, 200, "application/json", STR("{\"status\":\"ok\"}\n"));
}

static void reply_crts(struct http_req *r, const struct str *a, size_t na, const struct str *b,
		       size_t nb)
{
	json_t *list = json_array();
	json_t *v = json_object();

	for (size_t i = 0; i < na; i++)
		json_array_append_new(list, answer_pem(a[i]));
	for (size_t i = 0; i < nb; i++)
		json_array_append_new(list, answer_pem(b[i]));
	json_object_set_new(v, "crts", list);
	api_reply_json(r, 201, v);
	json_decref(v);
}

static void reply_pem(struct http_req *r, const struct str *ders, size_t n, const char *disposition)
{
	struct buf pem = BUF_INIT;

	http_reply_header(r, "Content-Disposition", disposition);
	http_reply_header(r, "X-Content-Type-Options", "nosniff");
	for (size_t i = 0; i < n; i++)
		cert_to_pem(ders[i], &pem);
	http_reply(r, 200, "application/x-pem-file", buf_view(&pem));
	buf_release(&pem);
}

void api_roots(struct http_req *r)
{
	const struct authority *au = answer_authority(r);

	reply_crts(r, au->roots, au->n_roots, NULL, 0);
}

void api_federation(struct http_req *r)
{
	const struct authority *au = answer_authority(r);

	reply_crts(r, au->roots, au->n_roots, au->federated, au->n_federated);
}

void api_intermediates(struct http_req *r)
{
	const struct authority *au = answer_authority(r);

	reply_crts(r, au->chain, au->n_chain, NULL, 0);
}

void api_roots_pem(struct http_req *r)
{
	const struct authority *au = answer_authority(r);

	reply_pem(r, au->roots, au->n_roots, "attachment; filename=\"roots.pem\"");
}

void api_intermediates_pem(struct http_req *r)
{
	const struct authority *au = answer_authority(r);

	reply_pem(r, au->chain, au->n_chain, "attachment; filename=\"intermediates.pem\"");
}

/* A fingerprint as people paste it: dashes removed, lower case; false when it is no SHA-256. */
static bool fingerprint_normalise(struct str in, char out[65])
{
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		char c = ascii_lower(in.p[i]);

		if (c == '-')
			continue;
		if (n == 64 || !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return n == 64;
}

static const struct str *find_root(const struct ca *ca, const char *want)
{
	char have[65];

	for (size_t i = 0; i < ca->n_authorities; i++) {
		const struct authority *au = &ca->authorities[i];

		for (size_t k = 0; k < au->n_roots; k++) {
			cert_fingerprint(au->roots[k], have);
			if (strcmp(have, want) == 0)
				return &au->roots[k];
		}
		for (size_t k = 0; k < au->n_federated; k++) {
			cert_fingerprint(au->federated[k], have);
			if (strcmp(have, want) == 0)
				return &au->federated[k];
		}
	}
	return NULL;
}

void api_root(struct http_req *r)
{
	const struct str *root = NULL;
	struct str asked = http_req_param(r, "sha");
	struct err e = ERR_INIT;
	char want[65];
	json_t *v;

	if (fingerprint_normalise(asked, want))
		root = find_root(r->app, want);
	if (root == NULL) {
		ERR(&e, ERR_NOT_FOUND, "root: no such fingerprint");
		err_public(&e, "root certificate with fingerprint \"%.*s\" was not found",
			   asked.n > 100 ? 100 : (int)asked.n, asked.p);
		api_error(r, &e);
		return;
	}
	v = json_object();
	json_object_set_new(v, "ca", answer_pem(*root));
	api_reply_json(r, 200, v);
	json_decref(v);
}

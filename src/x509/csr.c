/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/pem.h"
#include "x509/priv.h"

/*
 * csr.c - certification requests (RFC 2986).
 *
 * A request is read whole or not at all: strict DER, version 0, each attribute well-formed, at
 * most one extensionRequest (RFC 2985 5.4.2) without duplicates and without a critical extension
 * that nobody here understands. Other attributes (a challenge password, vendor strings) are
 * bounded and not looked at. Nothing of a request gets into a certificate by itself: what may be
 * copied, the profile decides.
 */

static int read_exts(struct str values, struct arena *a, struct csr *c, struct err *e)
{
	const struct ext *san;
	struct str seq;

	if (!der_get(&values, DER_SEQUENCE, &seq) || values.n != 0)
		return ERR(e, ERR_INVALID, "extensionRequest: not one SEQUENCE");
	if (ext_list_parse(seq, a, &c->exts, e) < 0)
		return -1;
	for (size_t i = 0; i < c->exts.n; i++) {
		struct buf oid = BUF_INIT;

		if (!c->exts.items[i].critical || x509_ext_known(c->exts.items[i].oid))
			continue;
		x509_put_oid(&oid, c->exts.items[i].oid);
		err_set(e, ERR_INVALID, "critical extension %s is not understood", oid.p);
		buf_release(&oid);
		return -1;
	}
	san = ext_find(&c->exts, OID_SAN);
	return san != NULL ? san_parse(san->value, a, &c->sans, e) : 0;
}

static int read_attributes(struct str set, struct arena *a, struct csr *c, struct err *e)
{
	bool seen = false;

	for (unsigned n = 0; set.n > 0; n++) {
		struct str attr, oid, values, each;

		if (n == X509_MAX_ITEMS)
			return ERR(e, ERR_INVALID, "more than %u attributes", X509_MAX_ITEMS);
		if (!der_get(&set, DER_SEQUENCE, &attr) || !der_get_oid(&attr, &oid) ||
		    !der_get(&attr, DER_SET, &values) || attr.n != 0)
			return ERR(e, ERR_INVALID, "malformed attribute");
		for (each = values; each.n > 0;)
			if (!der_get_any(&each, NULL, NULL, NULL))
				return ERR(e, ERR_INVALID, "malformed attribute value");
		if (oid_find(oid) != OID_EXTENSION_REQUEST)
			continue;
		if (seen)
			return ERR(e, ERR_INVALID, "more than one extensionRequest");
		seen = true;
		if (read_exts(values, a, c, e) < 0)
			return -1;
	}
	return 0;
}

static int read_info(struct csr *c, struct arena *a, struct err *e)
{
	struct str info, cur = c->info, subject, attrs;
	uint64_t version;

	if (!der_get(&cur, DER_SEQUENCE, &info) || !der_get_uint(&info, &version))
		return ERR(e, ERR_INVALID, "malformed CertificationRequestInfo");
	if (version != 0)
		return ERR(e, ERR_INVALID, "unknown version");
	if (!der_get_element(&info, DER_SEQUENCE, &subject))
		return ERR(e, ERR_INVALID, "malformed subject");
	if (name_parse(subject, a, &c->subject, e) < 0)
		return err_wrap(e, "subject");
	if (!der_get_element(&info, DER_SEQUENCE, &c->spki))
		return ERR(e, ERR_INVALID, "malformed public key");
	if (!der_get(&info, DER_CTX_CONS(0), &attrs) || info.n != 0)
		return ERR(e, ERR_INVALID, "malformed attributes");
	return read_attributes(attrs, a, c, e);
}

int csr_parse(struct str der, struct arena *a, struct csr *out, struct err *e)
{
	struct str cur = der, seq, alg;

	*out = (struct csr){.der = der};
	if (der.n > X509_MAX_DER)
		return ERR(e, ERR_INVALID, "csr: larger than %u bytes", X509_MAX_DER);
	if (!der_get(&cur, DER_SEQUENCE, &seq))
		return ERR(e, ERR_INVALID, "csr: not a DER SEQUENCE");
	if (cur.n != 0)
		return ERR(e, ERR_INVALID, "csr: %zu bytes too many", cur.n);
	if (!der_get_element(&seq, DER_SEQUENCE, &out->info) ||
	    !der_get_element(&seq, DER_SEQUENCE, &alg) ||
	    !der_get_bit_string(&seq, &out->signature) || seq.n != 0)
		return ERR(e, ERR_INVALID, "csr: malformed");
	out->sig_alg = x509_sig_alg_parse(alg);
	if (read_info(out, a, e) < 0)
		return err_wrap(e, "csr");
	return 0;
}

int csr_pem_parse(struct str pem, struct arena *a, struct csr *out, struct err *e)
{
	struct pem_block b = {0};
	struct str der;
	int rc;

	/* Base64 makes 64 KiB into 90; text around the block has no reason to be long. */
	if (pem.n > 2 * X509_MAX_DER)
		return ERR(e, ERR_INVALID, "csr: larger than %u bytes", 2 * X509_MAX_DER);
	rc = pem_next(&pem, &b, e);
	if (rc < 0)
		return err_wrap(e, "csr");
	if (rc == 0)
		return ERR(e, ERR_INVALID, "csr: no PEM block");
	der = arena_str(a, buf_view(&b.der));
	pem_block_release(&b);
	return csr_parse(der, a, out, e);
}

int csr_verify(const struct csr *c, struct key **key, struct err *e)
{
	struct key *k;

	*key = NULL;
	if (c->sig_alg == SIG_NONE)
		return ERR(e, ERR_INVALID, "csr: signature algorithm not accepted");
	k = key_from_spki(c->spki, e);
	if (k == NULL) {
		/* A kind of key that is not ours is the client's mistake, not something to come. */
		if (e->code == ERR_UNSUPPORTED)
			e->code = ERR_INVALID;
		if (e->code == ERR_FORBIDDEN && e->pub[0] == '\0')
			err_public(e, "the key of the request is too weak: %s", e->msg);
		return err_wrap(e, "csr");
	}
	if (!sig_alg_fits(c->sig_alg, key_type(k))) {
		key_free(k);
		return ERR(e, ERR_INVALID, "csr: signature algorithm and key do not fit");
	}
	if (key_verify(k, c->sig_alg, c->info, c->signature, e) < 0) {
		key_free(k);
		if (e->code == ERR_UNAUTHORIZED)
			e->code = ERR_INVALID;
		return err_wrap(e, "csr");
	}
	*key = k;
	return 0;
}

/* ---- building ---- */

static void put_extension_request(const struct san_list *sans, struct buf *out)
{
	struct arena *a = arena_new();
	struct ext san = ext_san(a, sans, false);
	struct ext_list exts = {.items = &san, .n = 1};
	struct der_mark attr = der_begin(out, DER_SEQUENCE), set;

	der_put_oid(out, oid_der(OID_EXTENSION_REQUEST));
	set = der_begin(out, DER_SET);
	ext_list_write(&exts, out);
	der_end(out, set);
	der_end(out, attr);
	arena_free(a);
}

int csr_build(struct key *k, const struct name *subject, const struct san_list *sans,
	      struct buf *der, struct err *e)
{
	enum sig_alg alg = sig_alg_for_key(k);
	struct buf info = BUF_INIT, sig = BUF_INIT;
	struct der_mark m, attrs;
	int rc;

	if (alg == SIG_NONE)
		return ERR(e, ERR_INVALID, "csr: a %s key cannot sign", key_type_name(key_type(k)));
	m = der_begin(&info, DER_SEQUENCE);
	der_put_uint(&info, 0);
	name_write(subject, &info);
	key_to_spki(k, &info);
	attrs = der_begin(&info, DER_CTX_CONS(0));
	if (sans != NULL && sans->n > 0)
		put_extension_request(sans, &info);
	der_end(&info, attrs);
	der_end(&info, m);
	rc = key_sign(k, alg, buf_view(&info), &sig, e);
	if (rc == 0)
		cert_assemble(buf_view(&info), alg, buf_view(&sig), der);
	buf_release(&info);
	buf_release(&sig);
	return rc;
}

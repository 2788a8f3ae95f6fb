/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/clock.h"
#include "profile/content_priv.h"

/*
 * content_forbid.c - what a leaf provisioner's template may not say.
 *
 * Judged on the decoded certificate, so it makes no difference whether something came by its field
 * or as a raw extension, or by which spelling. To forbid something: a word in `words`, a check.
 */

static const struct {
	enum content_allow flag;
	const char *name;
} words[] = {
	{CONTENT_CA, "isCA"},
	{CONTENT_OCSP_SIGNING, "ocspSigning"},
	{CONTENT_ANY_USAGE, "anyExtendedKeyUsage"},
	{CONTENT_PAST_ISSUER, "notAfterBeyondIssuer"},
	{CONTENT_VALIDITY, "validityBeyondClaims"},
	{CONTENT_NO_NAMES, "noNames"},
};

int content_allow_parse(const json_t *list, unsigned *out, struct err *e)
{
	size_t i;
	const json_t *v;

	*out = 0;
	if (list == NULL || json_is_null(list))
		return 0;
	if (!json_is_array(list))
		return ERR(e, ERR_INVALID, "not a list");
	json_array_foreach(list, i, v)
	{
		const char *name = json_string_value(v);
		size_t k = 0;

		while (name != NULL && k < ARRAY_LEN(words) && strcmp(words[k].name, name) != 0)
			k++;
		if (name == NULL || k == ARRAY_LEN(words))
			return ERR(e, ERR_INVALID,
				   "'%s' is unknown; there are isCA, ocspSigning, "
				   "anyExtendedKeyUsage, notAfterBeyondIssuer, "
				   "validityBeyondClaims, noNames",
				   name != NULL ? name : "(not a text)");
		*out |= words[k].flag;
	}
	return 0;
}

static int refuse(enum content_allow flag, const char *what, struct err *e)
{
	size_t k = 0;

	while (words[k].flag != flag)
		k++;
	ERR(e, ERR_FORBIDDEN, "the template makes %s, and options.x509.allow does not list '%s'",
	    what, words[k].name);
	return err_public(e, "the template makes %s; the provisioner does not allow '%s'", what,
			  words[k].name);
}

static bool has_usage(const struct cert *c, enum oid usage)
{
	for (size_t i = 0; i < c->n_ekus; i++)
		if (str_eq(c->ekus[i], oid_der(usage)))
			return true;
	return false;
}

/* Old names of what basicConstraints say: Netscape's type, with its bits for authorities. */
static bool has_netscape_ca(const struct cert *c)
{
	static const struct str oid = {"\x60\x86\x48\x01\x86\xf8\x42\x01\x01", 9};

	for (size_t i = 0; i < c->exts.n; i++) {
		struct str cur = c->exts.items[i].value, bits;

		if (str_eq(c->exts.items[i].oid, oid) && der_get(&cur, DER_BIT_STRING, &bits) &&
		    bits.n > 1 && (bits.p[1] & 7) != 0)
			return true;
	}
	return false;
}

int content_check_forbidden(const struct cert *c, const struct cert *issuer, unsigned allow,
			    struct err *e)
{
	if ((allow & CONTENT_CA) == 0) {
		if (c->is_ca || has_netscape_ca(c))
			return refuse(CONTENT_CA, "an authority (CA:TRUE)", e);
		if ((c->key_usage & (KU_CERT_SIGN | KU_CRL_SIGN)) != 0)
			return refuse(CONTENT_CA, "a key usage of authorities", e);
		if (ext_find(&c->exts, OID_NAME_CONSTRAINTS) != NULL)
			return refuse(CONTENT_CA, "name constraints, which authorities have", e);
	}
	if ((allow & CONTENT_OCSP_SIGNING) == 0 && has_usage(c, OID_EKU_OCSP_SIGNING))
		return refuse(CONTENT_OCSP_SIGNING, "a signer of OCSP answers", e);
	if ((allow & CONTENT_ANY_USAGE) == 0 && has_usage(c, OID_EKU_ANY))
		return refuse(CONTENT_ANY_USAGE, "a certificate for any extended key usage", e);
	if ((allow & CONTENT_PAST_ISSUER) == 0 && issuer != NULL &&
	    c->not_after > issuer->not_after)
		return refuse(CONTENT_PAST_ISSUER, "a certificate that outlives its issuer's", e);
	if ((allow & CONTENT_NO_NAMES) == 0 && c->subject.n == 0 && c->sans.n == 0)
		return refuse(CONTENT_NO_NAMES, "a certificate without a name", e);
	return 0;
}

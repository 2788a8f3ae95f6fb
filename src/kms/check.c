/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/der.h"
#include "kms/check.h"
#include "x509/x509.h"

/*
 * check.c - each kind of structure that a CA key may sign is one row of `kinds`: it takes the
 * structure apart as far as is needed to be sure that it is of this kind and no other, and yields
 * the two fields that are compared. A CRL or an OCSP response is added by another row; what fits no
 * row is not signed.
 */
struct tbs_fields {
	struct str alg;	   /* whole AlgorithmIdentifier */
	struct str issuer; /* whole Name */
};

/* RFC 5280 4.1: version 3 only, which no other structure of a CA begins with. */
static bool read_certificate(struct str in, struct tbs_fields *out)
{
	struct str version, serial, part;
	int64_t from, to;
	uint64_t v;
	bool has_exts;

	if (!der_get(&in, DER_CTX_CONS(0), &version) || !der_get_uint(&version, &v) ||
	    version.n != 0 || v != 2)
		return false;
	if (!der_get_integer(&in, &serial) || serial.n > 20)
		return false;
	if (!der_get_element(&in, DER_SEQUENCE, &out->alg) ||
	    !der_get_element(&in, DER_SEQUENCE, &out->issuer))
		return false;
	if (!der_get(&in, DER_SEQUENCE, &part) || !der_get_time(&part, &from) ||
	    !der_get_time(&part, &to) || part.n != 0)
		return false;
	if (!der_get(&in, DER_SEQUENCE, &part)) /* subject */
		return false;
	if (!der_get(&in, DER_SEQUENCE, &part)) /* key */
		return false;
	return der_get_optional(&in, DER_CTX_CONS(3), &has_exts, &part) && in.n == 0;
}

static const struct {
	const char *name;
	bool (*read)(struct str contents, struct tbs_fields *out);
} kinds[] = {
	{"certificate", read_certificate},
};

int kms_check_tbs(struct str tbs, struct str issuer, enum sig_alg alg, struct err *e)
{
	struct str contents;

	if (!der_get(&tbs, DER_SEQUENCE, &contents) || tbs.n != 0)
		return ERR(e, ERR_FORBIDDEN,
			   "signer: what is to be signed is not one DER sequence");
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct tbs_fields f = {0};

		if (!kinds[i].read(contents, &f))
			continue;
		if (!str_eq(f.issuer, issuer))
			return ERR(e, ERR_FORBIDDEN,
				   "signer: the %s's issuer is not the subject of this key's CA",
				   kinds[i].name);
		if (alg == SIG_NONE || x509_sig_alg_parse(f.alg) != alg)
			return ERR(e, ERR_FORBIDDEN,
				   "signer: the %s's signature algorithm is not this key's",
				   kinds[i].name);
		return 0;
	}
	return ERR(e, ERR_FORBIDDEN,
		   "signer: what is to be signed is no structure that a CA key may sign");
}

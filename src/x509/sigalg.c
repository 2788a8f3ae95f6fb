/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "x509/priv.h"

/*
 * sigalg.c - AlgorithmIdentifiers of signatures.
 *
 * Parameters are part of the algorithm: ECDSA and Ed25519 have none (RFC 5758 3.2, RFC 8410 3),
 * RSA with PKCS#1 padding has NULL (RFC 4055 5), RSA-PSS states everything: hash, MGF1 over the
 * same hash, a salt as long as the hash, and the trailer field by leaving it out. Anything else,
 * MD5 and SHA-1 among it, is SIG_NONE. To add an algorithm: a row here, one in crypto's table.
 */
static const struct {
	enum sig_alg alg;
	enum oid oid;  /* of the algorithm; for PSS that of the hash */
	bool null;     /* NULL parameters */
	unsigned salt; /* PSS when not 0 */
} algs[] = {
	{SIG_ECDSA_SHA256, OID_ECDSA_SHA256, false, 0},
	{SIG_ECDSA_SHA384, OID_ECDSA_SHA384, false, 0},
	{SIG_ECDSA_SHA512, OID_ECDSA_SHA512, false, 0},
	{SIG_ED25519, OID_ED25519, false, 0},
	{SIG_RSA_SHA256, OID_SHA256_RSA, true, 0},
	{SIG_RSA_SHA384, OID_SHA384_RSA, true, 0},
	{SIG_RSA_SHA512, OID_SHA512_RSA, true, 0},
	{SIG_PSS_SHA256, OID_SHA256, true, 32},
	{SIG_PSS_SHA384, OID_SHA384, true, 48},
	{SIG_PSS_SHA512, OID_SHA512, true, 64},
};

static void put_algorithm(struct buf *out, enum oid oid, bool null)
{
	struct der_mark m = der_begin(out, DER_SEQUENCE);

	der_put_oid(out, oid_der(oid));
	if (null)
		der_put_null(out);
	der_end(out, m);
}

static void put_pss(struct buf *out, enum oid hash_oid, unsigned salt)
{
	struct der_mark all = der_begin(out, DER_SEQUENCE), params, part, mgf;

	der_put_oid(out, oid_der(OID_RSASSA_PSS));
	params = der_begin(out, DER_SEQUENCE);
	part = der_begin(out, DER_CTX_CONS(0));
	put_algorithm(out, hash_oid, true);
	der_end(out, part);
	part = der_begin(out, DER_CTX_CONS(1));
	mgf = der_begin(out, DER_SEQUENCE);
	der_put_oid(out, oid_der(OID_MGF1));
	put_algorithm(out, hash_oid, true);
	der_end(out, mgf);
	der_end(out, part);
	part = der_begin(out, DER_CTX_CONS(2));
	der_put_uint(out, salt);
	der_end(out, part);
	der_end(out, params);
	der_end(out, all);
}

void x509_sig_alg_write(enum sig_alg a, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(algs); i++) {
		if (algs[i].alg != a)
			continue;
		if (algs[i].salt > 0)
			put_pss(out, algs[i].oid, algs[i].salt);
		else
			put_algorithm(out, algs[i].oid, algs[i].null);
		return;
	}
	BUG("no such signature algorithm");
}

/*
 * A hash's AlgorithmIdentifier: RFC 4055 2.1 wants NULL and tells readers to take its absence too.
 */
static bool get_hash(struct str *in, enum oid *out)
{
	struct str seq, oid;

	if (!der_get(in, DER_SEQUENCE, &seq) || !der_get_oid(&seq, &oid))
		return false;
	if (seq.n > 0 && !der_get_null(&seq))
		return false;
	*out = oid_find(oid);
	return seq.n == 0 && *out != OID_NONE;
}

static bool get_mgf1(struct str *in, enum oid *out)
{
	struct str seq, oid;

	return der_get(in, DER_SEQUENCE, &seq) && der_get_oid(&seq, &oid) &&
	       oid_find(oid) == OID_MGF1 && get_hash(&seq, out) && seq.n == 0;
}

static enum sig_alg parse_pss(struct str params)
{
	struct str seq, part;
	enum oid h, mgf;
	uint64_t salt;

	if (!der_get(&params, DER_SEQUENCE, &seq) || params.n != 0)
		return SIG_NONE;
	if (!der_get(&seq, DER_CTX_CONS(0), &part) || !get_hash(&part, &h) || part.n != 0)
		return SIG_NONE;
	if (!der_get(&seq, DER_CTX_CONS(1), &part) || !get_mgf1(&part, &mgf) || part.n != 0)
		return SIG_NONE;
	if (!der_get(&seq, DER_CTX_CONS(2), &part) || !der_get_uint(&part, &salt) || part.n != 0)
		return SIG_NONE;
	if (seq.n != 0 || mgf != h)
		return SIG_NONE;
	for (size_t i = 0; i < ARRAY_LEN(algs); i++)
		if (algs[i].salt > 0 && algs[i].oid == h && algs[i].salt == salt)
			return algs[i].alg;
	return SIG_NONE;
}

enum sig_alg x509_sig_alg_parse(struct str element)
{
	struct str seq, oid;
	enum oid id;

	if (!der_get(&element, DER_SEQUENCE, &seq) || element.n != 0 || !der_get_oid(&seq, &oid))
		return SIG_NONE;
	id = oid_find(oid);
	if (id == OID_RSASSA_PSS)
		return parse_pss(seq);
	for (size_t i = 0; i < ARRAY_LEN(algs); i++) {
		if (algs[i].salt > 0 || algs[i].oid != id)
			continue;
		if (algs[i].null && !der_get_null(&seq))
			return SIG_NONE;
		return seq.n == 0 ? algs[i].alg : SIG_NONE;
	}
	return SIG_NONE;
}

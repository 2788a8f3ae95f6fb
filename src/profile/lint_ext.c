/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "profile/lint_priv.h"

/* lint_ext.c - extensions: RFC 5280 4.2. What `rules` cannot say has a function below it. */

enum must { ANY, MUST, SHOULD, SHOULD_NOT, MUST_NOT };
static const struct {
	const char *oid, *name, *section;
	enum must critical;
	bool ca_only;
} rules[] = {
	{"2.5.29.9", "subjectDirectoryAttributes", "RFC 5280 4.2.1.8", MUST_NOT, false},
	{"2.5.29.14", "subjectKeyIdentifier", "RFC 5280 4.2.1.2", MUST_NOT, false},
	{"2.5.29.15", "keyUsage", "RFC 5280 4.2.1.3", SHOULD, false},
	{"2.5.29.17", "subjectAltName", "RFC 5280 4.2.1.6", ANY, false},
	{"2.5.29.18", "issuerAltName", "RFC 5280 4.2.1.7", SHOULD_NOT, false},
	{"2.5.29.19", "basicConstraints", "RFC 5280 4.2.1.9", ANY, false},
	{"2.5.29.30", "nameConstraints", "RFC 5280 4.2.1.10", MUST, true},
	{"2.5.29.31", "cRLDistributionPoints", "RFC 5280 4.2.1.13", SHOULD_NOT, false},
	{"2.5.29.32", "certificatePolicies", "RFC 5280 4.2.1.4", ANY, false},
	{"2.5.29.33", "policyMappings", "RFC 5280 4.2.1.5", SHOULD, true},
	{"2.5.29.35", "authorityKeyIdentifier", "RFC 5280 4.2.1.1", MUST_NOT, false},
	{"2.5.29.36", "policyConstraints", "RFC 5280 4.2.1.11", MUST, true},
	{"2.5.29.37", "extKeyUsage", "RFC 5280 4.2.1.12", ANY, false},
	{"2.5.29.46", "freshestCRL", "RFC 5280 4.2.1.15", MUST_NOT, false},
	{"2.5.29.54", "inhibitAnyPolicy", "RFC 5280 4.2.1.14", MUST, true},
	{"1.3.6.1.5.5.7.1.1", "authorityInfoAccess", "RFC 5280 4.2.2.1", MUST_NOT, false},
	{"1.3.6.1.5.5.7.1.11", "subjectInfoAccess", "RFC 5280 4.2.2.2", MUST_NOT, false},
	{"1.3.6.1.5.5.7.1.24", "tlsFeature", "RFC 7633 4", SHOULD_NOT, false},
	{"1.3.6.1.5.5.7.48.1.5", "ocspNoCheck", "RFC 6960 4.2.2.2.1", SHOULD_NOT, false},
	{"1.3.6.1.4.1.11129.2.4.2", "signedCertificateTimestamps", "RFC 6962 3.3", SHOULD_NOT,
	 false},
	{"1.3.6.1.4.1.11129.2.4.3", "precertificatePoison", "RFC 6962 3.1", MUST, false},
};

static void check_critical(struct lint_view *v, const struct lint_ext *x, size_t rule)
{
	const char *name = rules[rule].name, *section = rules[rule].section;

	switch (rules[rule].critical) {
	case ANY:
		break;
	case MUST:
		if (!x->critical)
			lint_add(v, LINT_ERROR, "ext_must_be_critical", section,
				 "%s must be critical", name);
		break;
	case SHOULD:
		if (!x->critical)
			lint_add(v, LINT_WARNING, "ext_should_be_critical", section,
				 "%s should be critical", name);
		break;
	case SHOULD_NOT:
		if (x->critical)
			lint_add(v, LINT_WARNING, "ext_should_not_be_critical", section,
				 "%s should not be critical", name);
		break;
	case MUST_NOT:
		if (x->critical)
			lint_add(v, LINT_ERROR, "ext_must_not_be_critical", section,
				 "%s must not be critical", name);
		break;
	}
	if (rules[rule].ca_only && !v->is_ca)
		lint_add(v, LINT_ERROR, "ext_not_for_leaf", section,
			 "%s is for certificates of CAs only", name);
}

static void check_rules(struct lint_view *v, const struct lint_ext *x)
{
	struct buf dotted = BUF_INIT;
	struct err ignored = ERR_INIT;
	size_t i = 0;

	if (oid_to_dotted(x->oid, &dotted, &ignored) < 0)
		buf_puts(&dotted, "malformed");
	while (i < ARRAY_LEN(rules) && strcmp(rules[i].oid, dotted.p) != 0)
		i++;
	if (i < ARRAY_LEN(rules))
		check_critical(v, x, i);
	else if (x->critical)
		lint_add(v, LINT_WARNING, "ext_unknown_critical", "RFC 5280 4.2",
			 "extension %s is critical and not in common use: who does not know it "
			 "refuses the certificate",
			 lint_oid_text(v, x->oid));
	buf_release(&dotted);
}

/* ---- decoding ---- */

static void malformed(struct lint_view *v, const char *name, const char *section)
{
	lint_add(v, LINT_ERROR, "ext_malformed", section, "%s is malformed", name);
}

static void read_basic_constraints(struct lint_view *v, const struct lint_ext *x)
{
	static const char section[] = "RFC 5280 4.2.1.9";
	struct str value = x->value, seq;
	uint64_t len;

	if (!der_get(&value, DER_SEQUENCE, &seq) || value.n != 0) {
		malformed(v, "basicConstraints", section);
		return;
	}
	if (der_peek(seq, DER_BOOLEAN)) {
		if (!der_get_bool(&seq, &v->is_ca)) {
			malformed(v, "basicConstraints", section);
			return;
		}
		if (!v->is_ca)
			lint_add(v, LINT_ERROR, "ca_false", "X.690 11.5",
				 "basicConstraints: cA is written as FALSE, which is the default "
				 "and is left out in DER");
	}
	v->has_path_len = der_get_uint(&seq, &len);
	if (seq.n != 0)
		malformed(v, "basicConstraints", section);
}

static void read_key_usage(struct lint_view *v, const struct lint_ext *x)
{
	struct str value = x->value;

	if (!der_get_named_bits(&value, &v->ku) || value.n != 0) {
		malformed(v, "keyUsage", "RFC 5280 4.2.1.3");
		return;
	}
	v->has_ku = true;
	if (v->ku == 0)
		lint_add(v, LINT_ERROR, "ku_empty", "RFC 5280 4.2.1.3",
			 "keyUsage allows nothing at all");
}

static void read_eku(struct lint_view *v, const struct lint_ext *x)
{
	static const char section[] = "RFC 5280 4.2.1.12";
	struct str value = x->value, seq, oid;

	if (!der_get(&value, DER_SEQUENCE, &seq) || value.n != 0) {
		malformed(v, "extKeyUsage", section);
		return;
	}
	if (seq.n == 0)
		lint_add(v, LINT_ERROR, "eku_empty", section, "extKeyUsage is empty");
	v->ekus = ARENA_ARRAY(v->r->arena, struct str, LINT_EXTS_MAX);
	while (v->n_ekus < LINT_EXTS_MAX && der_get_oid(&seq, &oid)) {
		for (size_t i = 0; i < v->n_ekus; i++)
			if (str_eq(v->ekus[i], oid))
				lint_add(v, LINT_WARNING, "eku_twice", section,
					 "extKeyUsage names %s twice", lint_oid_text(v, oid));
		v->ekus[v->n_ekus++] = oid;
	}
	if (seq.n != 0)
		malformed(v, "extKeyUsage", section);
}

static void read_sans(struct lint_view *v, const struct lint_ext *x)
{
	static const char section[] = "RFC 5280 4.2.1.6";
	struct str value = x->value, seq;
	struct lint_name one;

	if (!der_get(&value, DER_SEQUENCE, &seq) || value.n != 0) {
		malformed(v, "subjectAltName", section);
		return;
	}
	if (seq.n == 0)
		lint_add(v, LINT_ERROR, "san_empty", section, "subjectAltName is empty");
	v->sans = ARENA_ARRAY(v->r->arena, struct lint_name, LINT_NAMES_MAX);
	while (v->n_sans < LINT_NAMES_MAX && der_get_any(&seq, &one.tag, &one.value, NULL))
		v->sans[v->n_sans++] = one;
	if (seq.n != 0 && v->n_sans == LINT_NAMES_MAX)
		lint_add(v, LINT_ERROR, "san_many", section,
			 "subjectAltName has more than %u names", LINT_NAMES_MAX);
	else if (seq.n != 0)
		malformed(v, "subjectAltName", section);
}

static const struct lint_ext *decode(struct lint_view *v, enum oid id,
				     void (*read)(struct lint_view *, const struct lint_ext *))
{
	const struct lint_ext *x = lint_ext(v, id);

	if (x != NULL)
		read(v, x);
	return x;
}

/* ---- what belongs together ---- */

static void check_ca(struct lint_view *v, const struct lint_ext *bc)
{
	static const char bc_section[] = "RFC 5280 4.2.1.9", ku_section[] = "RFC 5280 4.2.1.3";
	bool signs = (v->ku & KU_CERT_SIGN) != 0;

	if (v->is_ca && bc != NULL && !bc->critical)
		lint_add(v, LINT_ERROR, "bc_not_critical", bc_section,
			 "basicConstraints of a CA must be critical");
	if (v->is_ca && lint_ext(v, OID_KEY_USAGE) == NULL)
		lint_add(v, LINT_ERROR, "ca_without_ku", ku_section,
			 "the certificate of a CA must have keyUsage");
	if (v->is_ca && v->has_ku && !signs)
		lint_add(v, LINT_WARNING, "ca_cannot_sign", ku_section,
			 "it is a CA, but keyUsage does not allow keyCertSign");
	if (!v->is_ca && signs)
		lint_add(v, LINT_ERROR, "cert_sign_without_ca", ku_section,
			 "keyUsage allows keyCertSign, but basicConstraints do not make it a CA");
	if (v->has_path_len && !v->is_ca)
		lint_add(v, LINT_ERROR, "path_len_without_ca", bc_section,
			 "there is a path length, but it is no CA");
	else if (v->has_path_len && v->has_ku && !signs)
		lint_add(v, LINT_ERROR, "path_len_without_sign", bc_section,
			 "there is a path length, but keyUsage does not allow keyCertSign");
}

static bool is_rsa(const struct lint_view *v)
{
	struct str spki = v->spki, seq, alg, oid;

	return der_get(&spki, DER_SEQUENCE, &seq) && der_get(&seq, DER_SEQUENCE, &alg) &&
	       der_get_oid(&alg, &oid) && oid_find(oid) == OID_RSA_ENCRYPTION;
}

static bool is_ec(const struct lint_view *v)
{
	struct str spki = v->spki, seq, alg, oid;

	return der_get(&spki, DER_SEQUENCE, &seq) && der_get(&seq, DER_SEQUENCE, &alg) &&
	       der_get_oid(&alg, &oid) &&
	       (oid_find(oid) == OID_EC_PUBLIC_KEY || oid_find(oid) == OID_ED25519);
}

static void check_ku(struct lint_view *v)
{
	uint32_t enciphers = KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT;

	if (v->has_ku && (v->ku & (KU_ENCIPHER_ONLY | KU_DECIPHER_ONLY)) != 0 &&
	    (v->ku & KU_KEY_AGREEMENT) == 0)
		lint_add(v, LINT_WARNING, "ku_only_without_agreement", "RFC 5280 4.2.1.3",
			 "encipherOnly and decipherOnly mean nothing without keyAgreement");
	if (v->has_ku && (v->ku & enciphers) != 0 && is_ec(v))
		lint_add(v, LINT_ERROR, "ku_encipher_ec", "RFC 8813 3, RFC 9295 3",
			 "an elliptic-curve key cannot encipher keys or data");
	if (v->has_ku && (v->ku & KU_KEY_AGREEMENT) != 0 && is_rsa(v))
		lint_add(v, LINT_WARNING, "ku_agreement_rsa", "RFC 3279 2.3.1",
			 "an RSA key cannot agree on keys");
}

/* RFC 5280 4.2.1.12: uses and the bits of keyUsage of which one must be there. */
static const struct {
	enum oid use;
	uint32_t bits;
} uses[] = {
	{OID_EKU_SERVER_AUTH, KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT},
	{OID_EKU_CLIENT_AUTH, KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT},
	{OID_EKU_CODE_SIGNING, KU_DIGITAL_SIGNATURE},
	{OID_EKU_EMAIL_PROTECTION,
	 KU_DIGITAL_SIGNATURE | KU_CONTENT_COMMITMENT | KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT},
	{OID_EKU_TIME_STAMPING, KU_DIGITAL_SIGNATURE | KU_CONTENT_COMMITMENT},
	{OID_EKU_OCSP_SIGNING, KU_DIGITAL_SIGNATURE | KU_CONTENT_COMMITMENT},
};

static void check_eku(struct lint_view *v, const struct lint_ext *x)
{
	static const char section[] = "RFC 5280 4.2.1.12";

	for (size_t i = 0; i < v->n_ekus; i++) {
		enum oid use = oid_find(v->ekus[i]);

		for (size_t k = 0; k < ARRAY_LEN(uses) && v->has_ku && !v->is_ca; k++)
			if (uses[k].use == use && (v->ku & uses[k].bits) == 0)
				lint_add(v, LINT_WARNING, "eku_without_ku", section,
					 "extKeyUsage names %s, which keyUsage does not allow",
					 oid_name(use));
		if (use == OID_EKU_ANY && x->critical)
			lint_add(v, LINT_WARNING, "eku_any_critical", section,
				 "extKeyUsage with anyExtendedKeyUsage should not be critical");
		if (use == OID_EKU_TIME_STAMPING && !v->is_ca && (v->n_ekus != 1 || !x->critical))
			lint_add(v, LINT_ERROR, "eku_time_stamping", "RFC 3161 2.3",
				 "timeStamping must be the only use and extKeyUsage critical");
	}
}

static void check_key_ids(struct lint_view *v)
{
	const struct lint_ext *ski = lint_ext(v, OID_SUBJECT_KEY_ID);
	const struct lint_ext *aki = lint_ext(v, OID_AUTHORITY_KEY_ID);
	struct str value, seq, id;

	if (ski == NULL && v->is_ca)
		lint_add(v, LINT_ERROR, "ski_missing_ca", "RFC 5280 4.2.1.2",
			 "the certificate of a CA must have subjectKeyIdentifier");
	else if (ski == NULL)
		lint_add(v, LINT_WARNING, "ski_missing", "RFC 5280 4.2.1.2",
			 "there is no subjectKeyIdentifier");
	if (aki == NULL) {
		if (!v->self_signed)
			lint_add(v, LINT_ERROR, "aki_missing", "RFC 5280 4.2.1.1",
				 "there is no authorityKeyIdentifier");
		return;
	}
	value = aki->value;
	if (!der_get(&value, DER_SEQUENCE, &seq) || value.n != 0)
		malformed(v, "authorityKeyIdentifier", "RFC 5280 4.2.1.1");
	else if (!der_get(&seq, DER_CTX(0), &id))
		lint_add(v, LINT_ERROR, "aki_without_id", "RFC 5280 4.2.1.1",
			 "authorityKeyIdentifier has no keyIdentifier");
}

static void check_policies(struct lint_view *v)
{
	const struct lint_ext *x = lint_ext(v, OID_CERT_POLICIES);
	struct str value, seq, one, *seen;
	size_t n = 0;

	if (x == NULL)
		return;
	value = x->value;
	if (!der_get(&value, DER_SEQUENCE, &seq) || value.n != 0 || seq.n == 0) {
		malformed(v, "certificatePolicies", "RFC 5280 4.2.1.4");
		return;
	}
	seen = ARENA_ARRAY(v->r->arena, struct str, LINT_EXTS_MAX);
	while (n < LINT_EXTS_MAX && der_get(&seq, DER_SEQUENCE, &one) &&
	       der_get_oid(&one, &seen[n])) {
		for (size_t i = 0; i < n; i++)
			if (str_eq(seen[i], seen[n]))
				lint_add(v, LINT_ERROR, "policy_twice", "RFC 5280 4.2.1.4",
					 "policy %s is there twice", lint_oid_text(v, seen[n]));
		n++;
	}
}

/* By name, and by the key identifiers where both are there. */
static bool self_signed(const struct lint_view *v)
{
	const struct lint_ext *ski = lint_ext(v, OID_SUBJECT_KEY_ID);
	const struct lint_ext *aki = lint_ext(v, OID_AUTHORITY_KEY_ID);
	struct str a, b, seq, own, theirs;

	if (!str_eq(v->issuer, v->subject))
		return false;
	if (ski == NULL || aki == NULL)
		return true;
	a = ski->value;
	b = aki->value;
	if (!der_get(&a, DER_OCTET_STRING, &own) || !der_get(&b, DER_SEQUENCE, &seq) ||
	    !der_get(&seq, DER_CTX(0), &theirs))
		return true;
	return str_eq(own, theirs);
}

void lint_exts(struct lint_view *v)
{
	const struct lint_ext *bc = decode(v, OID_BASIC_CONSTRAINTS, read_basic_constraints);
	const struct lint_ext *eku;

	(void)decode(v, OID_KEY_USAGE, read_key_usage);
	eku = decode(v, OID_EXT_KEY_USAGE, read_eku);
	(void)decode(v, OID_SAN, read_sans);
	v->self_signed = self_signed(v);
	for (size_t i = 0; i < v->n_exts; i++)
		check_rules(v, &v->exts[i]);
	check_ca(v, bc);
	check_ku(v);
	if (eku != NULL)
		check_eku(v, eku);
	if (v->version == 3)
		check_key_ids(v);
	check_policies(v);
}

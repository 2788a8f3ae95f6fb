/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "profile/content_priv.h"

/* content_usage.c - names of key usages and signature algorithms in templates. */

/* Bit n of KeyUsage is names[n]. */
static const char *const usages[] = {
	"digitalSignature", "contentCommitment", "keyEncipherment",
	"dataEncipherment", "keyAgreement",	 "certSign",
	"crlSign",	    "encipherOnly",	 "decipherOnly",
};

static const struct {
	const char *name;
	struct str oid;
} ekus[] = {
	{"any", {"\x55\x1d\x25\x00", 4}},
	{"serverAuth", {"\x2b\x06\x01\x05\x05\x07\x03\x01", 8}},
	{"clientAuth", {"\x2b\x06\x01\x05\x05\x07\x03\x02", 8}},
	{"codeSigning", {"\x2b\x06\x01\x05\x05\x07\x03\x03", 8}},
	{"emailProtection", {"\x2b\x06\x01\x05\x05\x07\x03\x04", 8}},
	{"ipsecEndSystem", {"\x2b\x06\x01\x05\x05\x07\x03\x05", 8}},
	{"ipsecTunnel", {"\x2b\x06\x01\x05\x05\x07\x03\x06", 8}},
	{"ipsecUser", {"\x2b\x06\x01\x05\x05\x07\x03\x07", 8}},
	{"timeStamping", {"\x2b\x06\x01\x05\x05\x07\x03\x08", 8}},
	{"ocspSigning", {"\x2b\x06\x01\x05\x05\x07\x03\x09", 8}},
	{"microsoftServerGatedCrypto", {"\x2b\x06\x01\x04\x01\x82\x37\x0a\x03\x03", 10}},
	{"netscapeServerGatedCrypto", {"\x60\x86\x48\x01\x86\xf8\x42\x04\x01", 9}},
	{"microsoftCommercialCodeSigning", {"\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x16", 10}},
	{"microsoftKernelCodeSigning", {"\x2b\x06\x01\x04\x01\x82\x37\x3d\x01\x01", 10}},
};

const char *content_eku_name(struct str oid)
{
	for (size_t i = 0; i < ARRAY_LEN(ekus); i++)
		if (str_eq(oid, ekus[i].oid))
			return ekus[i].name;
	return NULL;
}

const char *content_usage_name(unsigned bit)
{
	return bit < ARRAY_LEN(usages) ? usages[bit] : NULL;
}

/*
 * Next character without underscores, in lower case as Unicode has it: two letters that are not
 * ASCII have a lower case that is.
 */
static int next_folded(struct str *s)
{
	while (s->n > 0 && s->p[0] == '_') {
		s->p++;
		s->n--;
	}
	if (s->n == 0)
		return -1;
	if ((unsigned char)s->p[0] < 0x80) {
		s->n--;
		return (unsigned char)ascii_lower(*s->p++);
	}
	if (str_starts(*s, "\xe2\x84\xaa")) { /* U+212A */
		s->p += 3;
		s->n -= 3;
		return 'k';
	}
	if (str_starts(*s, "\xc4\xb0")) { /* U+0130 */
		s->p += 2;
		s->n -= 2;
		return 'i';
	}
	s->n--;
	return (unsigned char)*s->p++;
}

#define NAME_MAX_LEN 40U

static size_t fold_name(struct str s, char out[NAME_MAX_LEN])
{
	size_t n = 0;
	int c;

	while ((c = next_folded(&s)) >= 0) {
		if (n == NAME_MAX_LEN)
			return 0;
		out[n++] = (char)c;
	}
	return n;
}

static bool name_is(const char *folded, size_t n, const char *name)
{
	return n > 0 && folded[0] == ascii_lower(name[0]) &&
	       str_ieqc((struct str){folded, n}, name);
}

static int unknown(const char *what, struct str s, struct err *e)
{
	return ERR(e, ERR_INVALID, "%s: unknown name '" STR_FMT "'", what, SHORT_ARG(s));
}

int content_usage_read(struct str json, struct arena *a, uint32_t *out, struct err *e)
{
	struct str *names;
	size_t n;

	*out = 0;
	if (cj_get_text_or_texts(json, "keyUsage", a, &names, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		char folded[NAME_MAX_LEN];
		size_t k = 0, len = fold_name(names[i], folded);

		while (k < ARRAY_LEN(usages) && !name_is(folded, len, usages[k]))
			k++;
		if (k == ARRAY_LEN(usages) && name_is(folded, len, "nonRepudiation"))
			k = 1;
		if (k == ARRAY_LEN(usages))
			return unknown("keyUsage", names[i], e);
		*out |= 1U << k;
	}
	return 0;
}

int content_ekus_read(struct str json, struct arena *a, struct text_list *out, struct err *e)
{
	struct str *names;
	size_t n;

	if (cj_get_text_or_texts(json, "extKeyUsage", a, &names, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		char folded[NAME_MAX_LEN];
		size_t k = 0, len = fold_name(names[i], folded);

		while (k < ARRAY_LEN(ekus) && !name_is(folded, len, ekus[k].name))
			k++;
		if (k == ARRAY_LEN(ekus))
			return unknown("extKeyUsage", names[i], e);
		names[i] = ekus[k].oid;
	}
	*out = (struct text_list){.items = names, .n = n};
	return 0;
}

/* ---- signature algorithms ---- */

static const struct content_alg algs[] = {
	{"MD2-RSA", SIG_NONE, NULL, KEY_NONE},
	{"MD5-RSA", SIG_NONE, NULL, KEY_NONE},
	{"SHA1-RSA", SIG_NONE, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05", KEY_RSA},
	{"SHA256-RSA", SIG_RSA_SHA256, NULL, KEY_RSA},
	{"SHA384-RSA", SIG_RSA_SHA384, NULL, KEY_RSA},
	{"SHA512-RSA", SIG_RSA_SHA512, NULL, KEY_RSA},
	{"SHA256-RSAPSS", SIG_PSS_SHA256, NULL, KEY_RSA},
	{"SHA384-RSAPSS", SIG_PSS_SHA384, NULL, KEY_RSA},
	{"SHA512-RSAPSS", SIG_PSS_SHA512, NULL, KEY_RSA},
	{"DSA-SHA1", SIG_NONE, NULL, KEY_NONE},
	{"DSA-SHA256", SIG_NONE, NULL, KEY_NONE},
	{"ECDSA-SHA1", SIG_NONE, "\x2a\x86\x48\xce\x3d\x04\x01", KEY_P256},
	{"ECDSA-SHA256", SIG_ECDSA_SHA256, NULL, KEY_P256},
	{"ECDSA-SHA384", SIG_ECDSA_SHA384, NULL, KEY_P256},
	{"ECDSA-SHA512", SIG_ECDSA_SHA512, NULL, KEY_P256},
	{"Ed25519", SIG_ED25519, NULL, KEY_ED25519},
};

/* strings.EqualFold for an ASCII name. */
static bool equal_fold(struct str s, const char *name)
{
	for (; *name != '\0'; name++) {
		size_t n = 1;
		char c;

		if (s.n == 0)
			return false;
		c = ascii_lower(s.p[0]);
		if (str_starts(s, "\xc5\xbf")) { /* U+017F */
			c = 's';
			n = 2;
		}
		if (c != ascii_lower(*name))
			return false;
		s.p += n;
		s.n -= n;
	}
	return s.n == 0;
}

int content_alg_read(struct str json, struct arena *a, const struct content_alg **out,
		     struct err *e)
{
	struct str name = STR_NULL;

	*out = NULL;
	if (cj_get_text(json, "signatureAlgorithm", a, &name, e) < 0)
		return -1;
	if (name.n == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(algs); i++)
		if (equal_fold(name, algs[i].name)) {
			*out = &algs[i];
			return 0;
		}
	return unknown("signatureAlgorithm", name, e);
}

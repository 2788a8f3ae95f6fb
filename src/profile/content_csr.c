/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "profile/content_types.h"

/*
 * content_csr.c - .Insecure.CR, a *x509util.CertificateRequest. Everything is made when a template
 * asks for it; a default leaf asks for the type of the key alone.
 */

struct request { /* p */
	const struct csr *csr;
	struct key *key;
};

/* ---- types of the lists ---- */

static const struct tv_type type_multi_ip = {
	.name = "x509util.MultiIP", .kind = TV_SLICE, .elem = &content_type_ip};

static int multi_url_json(const struct tv *v, struct buf *out, struct buf *why)
{
	struct arena *a;
	struct tv *texts;
	int rc;

	if (v->nil) {
		buf_puts(out, "null");
		return 0;
	}
	a = arena_new();
	texts = ARENA_ARRAY(a, struct tv, v->list.n + 1);
	for (size_t i = 0; i < v->list.n; i++)
		texts[i] = tv_str(tv_text(v->list.items[i], a));
	rc = tv_to_json(tv_list(&tv_type_strings, texts, v->list.n), 0, a, out, why);
	arena_free(a);
	return rc;
}

static const struct tv_type type_multi_url = {.name = "x509util.MultiURL",
					      .kind = TV_SLICE,
					      .elem = &content_type_url_ptr,
					      .json = multi_url_json};

/* ---- usages ---- */

static int usage_json(const struct tv *v, struct buf *out, struct buf *why)
{
	const char *name;
	bool first = true;

	(void)why;
	if (v->i == 0) {
		buf_puts(out, "null");
		return 0;
	}
	buf_putc(out, '[');
	for (unsigned i = 0; (name = content_usage_name(i)) != NULL; i++) {
		if ((v->i >> i & 1) == 0)
			continue;
		buf_printf(out, "%s\"%s\"", first ? "" : ",", name);
		first = false;
	}
	buf_putc(out, ']');
	return 0;
}

static const struct tv_type type_usage = {
	.name = "x509util.KeyUsage", .kind = TV_INT, .json = usage_json};

/* As Go 1.26 prints them; templates and JSON use step's names. */
static const struct {
	const char *print;
	const char *name;
} eku_names[] = {
	{"anyExtendedKeyUsage", "any"},
	{"serverAuth", "serverAuth"},
	{"clientAuth", "clientAuth"},
	{"codeSigning", "codeSigning"},
	{"emailProtection", "emailProtection"},
	{"ipsecEndSystem", "ipsecEndSystem"},
	{"ipsecTunnel", "ipsecTunnel"},
	{"ipsecUser", "ipsecUser"},
	{"timeStamping", "timeStamping"},
	{"OCSPSigning", "ocspSigning"},
	{"msSGC", "microsoftServerGatedCrypto"},
	{"nsSGC", "netscapeServerGatedCrypto"},
	{"msCodeCom", "microsoftCommercialCodeSigning"},
	{"msKernelCode", "microsoftKernelCodeSigning"},
};

int content_eku_number(struct str oid)
{
	const char *name = content_eku_name(oid);

	for (size_t i = 0; name != NULL && i < ARRAY_LEN(eku_names); i++)
		if (strcmp(eku_names[i].name, name) == 0)
			return (int)i;
	return -1;
}

static void eku_string(const struct tv *v, struct buf *out)
{
	buf_puts(out, eku_names[v->i].print);
}

static int eku_method(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	(void)c;
	(void)n;
	*out = tv_str(str_c(eku_names[args[0].i].print));
	return 0;
}

static const struct tmpl_func eku_methods[] = {{"String", "", 's', 0, eku_method}, {0}};
const struct tv_type content_type_eku = {
	.name = "x509.ExtKeyUsage", .kind = TV_INT, .methods = eku_methods, .string = eku_string};

static int ekus_json(const struct tv *v, struct buf *out, struct buf *why)
{
	(void)why;
	buf_putc(out, '[');
	for (size_t i = 0; i < tv_count(*v); i++)
		buf_printf(out, "%s\"%s\"", i > 0 ? "," : "", eku_names[v->list.items[i].i].name);
	buf_putc(out, ']');
	return 0;
}

static const struct tv_type type_ekus = {.name = "x509util.ExtKeyUsage",
					 .kind = TV_SLICE,
					 .elem = &content_type_eku,
					 .json = ekus_json};

static int unknown_json(const struct tv *v, struct buf *out, struct buf *why)
{
	(void)why;
	if (v->nil) {
		buf_puts(out, "null");
		return 0;
	}
	buf_putc(out, '[');
	for (size_t i = 0; i < v->list.n; i++) {
		buf_puts(out, i > 0 ? ",\"" : "\"");
		content_type_asn1_oid.string(&v->list.items[i], out);
		buf_putc(out, '"');
	}
	buf_putc(out, ']');
	return 0;
}

static const struct tv_type type_unknown_ekus = {.name = "x509util.UnknownExtKeyUsage",
						 .kind = TV_SLICE,
						 .elem = &content_type_asn1_oid,
						 .json = unknown_json};

struct tv content_tv_ekus(const struct tv_type *type, const struct str *oids, size_t n,
			  struct arena *a)
{
	struct tv *items = ARENA_ARRAY(a, struct tv, n + 1);
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		int number = content_eku_number(oids[i]);

		if (number >= 0)
			items[k++] = (struct tv){.type = &content_type_eku, .i = number};
	}
	return k > 0 ? tv_list(type, items, k) : tv_nil_list(type);
}

struct tv content_tv_unknown_ekus(const struct tv_type *type, const struct str *oids, size_t n,
				  struct arena *a)
{
	struct tv *items = ARENA_ARRAY(a, struct tv, n + 1);
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (content_eku_number(oids[i]) < 0)
			items[k++] = content_tv_oid(&content_type_asn1_oid, oids[i], a);
	return k > 0 ? tv_list(type, items, k) : tv_nil_list(type);
}

/* ---- x509util.Extension: p is a struct ext ---- */

static struct tv ext_id(const struct tv *self, struct arena *a)
{
	return content_tv_oid(&content_type_oid, ((const struct ext *)self->p)->oid, a);
}

static const struct tv_field ext_fields[] = {
	{"ID", "id", false, ext_id},
	{"Critical", "critical", false, content_ext_critical},
	{"Value", "value", false, content_ext_value},
	{0},
};
static const struct tv_type type_ext = {
	.name = "x509util.Extension", .kind = TV_STRUCT, .fields = ext_fields};
static const struct tv_type type_exts = {
	.name = "[]x509util.Extension", .kind = TV_SLICE, .elem = &type_ext};

/* ---- x509util.BasicConstraints: p is a struct constraints ---- */

struct constraints {
	bool is_ca;
	int64_t max_path_len;
};

static struct tv bc_is_ca(const struct tv *self, struct arena *a)
{
	(void)a;
	return tv_bool(((const struct constraints *)self->p)->is_ca);
}

static struct tv bc_max_path_len(const struct tv *self, struct arena *a)
{
	(void)a;
	return tv_int(((const struct constraints *)self->p)->max_path_len);
}

static const struct tv_field bc_fields[] = {
	{"IsCA", "isCA", false, bc_is_ca},
	{"MaxPathLen", "maxPathLen", false, bc_max_path_len},
	{0},
};
static const struct tv_type type_bc = {
	.name = "x509util.BasicConstraints", .kind = TV_STRUCT, .fields = bc_fields};
static const struct tv_type type_bc_ptr = {
	.name = "*x509util.BasicConstraints", .kind = TV_PTR, .elem = &type_bc};

/* ---- fields of the request ---- */

#define CSR(self) (((const struct request *)(self)->p)->csr)

static struct tv get_version(const struct tv *self, struct arena *a)
{
	(void)self;
	(void)a;
	return tv_int(0);
}

static struct tv get_subject(const struct tv *self, struct arena *a)
{
	struct content_name *n = ARENA_NEW(a, struct content_name);

	content_name_from(&CSR(self)->subject, a, n);
	return content_tv_subject(n);
}

static struct tv get_raw_subject(const struct tv *self, struct arena *a)
{
	(void)a;
	return content_tv_bytes(CSR(self)->subject.der);
}

static struct tv get_dns(const struct tv *self, struct arena *a)
{
	return content_tv_sans_of(&content_type_multi_string, &CSR(self)->sans, SAN_DNS, a);
}

static struct tv get_emails(const struct tv *self, struct arena *a)
{
	return content_tv_sans_of(&content_type_multi_string, &CSR(self)->sans, SAN_EMAIL, a);
}

static struct tv get_ips(const struct tv *self, struct arena *a)
{
	return content_tv_sans_of(&type_multi_ip, &CSR(self)->sans, SAN_IP, a);
}

static struct tv get_uris(const struct tv *self, struct arena *a)
{
	return content_tv_sans_of(&type_multi_url, &CSR(self)->sans, SAN_URI, a);
}

static struct tv get_sans(const struct tv *self, struct arena *a)
{
	struct tv v = content_tv_sans(NULL, 0, a);

	(void)self;
	v.nil = true;
	return v;
}

static struct tv get_extensions(const struct tv *self, struct arena *a)
{
	const struct csr *csr = CSR(self);
	struct ext *exts;
	struct tv *items;

	if (csr->exts.n == 0)
		return tv_nil_list(&type_exts);
	exts = ARENA_ARRAY(a, struct ext, csr->exts.n);
	items = ARENA_ARRAY(a, struct tv, csr->exts.n);
	for (size_t i = 0; i < csr->exts.n; i++) {
		exts[i] = csr->exts.items[i];
		if (csr->subject.n == 0 && oid_find(exts[i].oid) == OID_SAN)
			exts[i].critical = true;
		items[i] = tv_of(&type_ext, &exts[i]);
	}
	return tv_list(&type_exts, items, csr->exts.n);
}

static struct tv get_usage(const struct tv *self, struct arena *a)
{
	const struct ext *x = ext_find(&CSR(self)->exts, OID_KEY_USAGE);
	struct tv v = {.type = &type_usage};
	struct str cur, bits;

	(void)a;
	if (x == NULL)
		return v;
	cur = x->value;
	if (!der_get(&cur, DER_BIT_STRING, &bits) || bits.n == 0 || bits.p[0] > 7)
		return v;
	for (unsigned i = 0; i < 9 && i / 8 + 1 < bits.n; i++)
		if (((unsigned char)bits.p[i / 8 + 1] & (0x80U >> i % 8)) != 0)
			v.i |= INT64_C(1) << i;
	return v;
}

/* Of the request; none when the extension is malformed. */
static size_t requested_ekus(const struct csr *csr, struct arena *a, struct str **out)
{
	const struct ext *x = ext_find(&csr->exts, OID_EXT_KEY_USAGE);
	struct str cur, seq;
	size_t n = 0;

	*out = NULL;
	if (x == NULL)
		return 0;
	cur = x->value;
	if (!der_get(&cur, DER_SEQUENCE, &seq))
		return 0;
	*out = ARENA_ARRAY(a, struct str, seq.n / 3 + 1);
	while (seq.n > 0)
		if (!der_get_oid(&seq, &(*out)[n++]))
			return 0;
	return n;
}

static struct tv get_ekus(const struct tv *self, struct arena *a)
{
	struct str *oids;
	size_t n = requested_ekus(CSR(self), a, &oids);

	return content_tv_ekus(&type_ekus, oids, n, a);
}

static struct tv get_unknown_ekus(const struct tv *self, struct arena *a)
{
	struct str *oids;
	size_t n = requested_ekus(CSR(self), a, &oids);

	return content_tv_unknown_ekus(&type_unknown_ekus, oids, n, a);
}

static struct tv get_constraints(const struct tv *self, struct arena *a)
{
	const struct ext *x = ext_find(&CSR(self)->exts, OID_BASIC_CONSTRAINTS);
	struct constraints *bc;
	struct str cur, seq;
	uint64_t n;

	if (x == NULL)
		return tv_of(&type_bc_ptr, NULL);
	cur = x->value;
	bc = ARENA_NEW(a, struct constraints);
	bc->max_path_len = -1;
	if (!der_get(&cur, DER_SEQUENCE, &seq) ||
	    (der_peek(seq, DER_BOOLEAN) && !der_get_bool(&seq, &bc->is_ca)))
		return tv_of(&type_bc_ptr, NULL);
	if (der_peek(seq, DER_INTEGER)) {
		if (!der_get_uint(&seq, &n) || n > INT64_MAX)
			return tv_of(&type_bc_ptr, NULL);
		bc->max_path_len = (int64_t)n;
	}
	return tv_of(&type_bc_ptr, bc);
}

static int alg_json(const struct tv *v, struct buf *out, struct buf *why)
{
	(void)v;
	(void)why;
	buf_puts(out, "\"\"");
	return 0;
}

static const struct tv_type type_sig_alg = {
	.name = "x509util.SignatureAlgorithm", .kind = TV_INT, .json = alg_json};

static struct tv get_sig_alg(const struct tv *self, struct arena *a)
{
	(void)self;
	(void)a;
	return (struct tv){.type = &type_sig_alg};
}

static struct tv get_challenge(const struct tv *self, struct arena *a)
{
	(void)self;
	(void)a;
	return tv_str(STR(""));
}

static struct tv get_public_key(const struct tv *self, struct arena *a)
{
	const struct request *r = self->p;

	return content_tv_public_key(r->key, r->csr->spki, a);
}

static struct tv get_key_alg(const struct tv *self, struct arena *a)
{
	(void)a;
	return content_tv_key_alg(CSR(self)->spki);
}

static struct tv get_signature(const struct tv *self, struct arena *a)
{
	(void)a;
	return content_tv_bytes(CSR(self)->signature);
}

static struct tv get_signer(const struct tv *self, struct arena *a)
{
	(void)self;
	(void)a;
	return tv_null();
}

static const struct tv_field request_fields[] = {
	{"Version", "version", false, get_version},
	{"Subject", "subject", false, get_subject},
	{"RawSubject", "rawSubject", false, get_raw_subject},
	{"DNSNames", "dnsNames", false, get_dns},
	{"EmailAddresses", "emailAddresses", false, get_emails},
	{"IPAddresses", "ipAddresses", false, get_ips},
	{"URIs", "uris", false, get_uris},
	{"SANs", "sans", false, get_sans},
	{"Extensions", "extensions", false, get_extensions},
	{"KeyUsage", "keyUsage", false, get_usage},
	{"ExtKeyUsage", "extKeyUsage", false, get_ekus},
	{"UnknownExtKeyUsage", "unknownExtKeyUsage", false, get_unknown_ekus},
	{"BasicConstraints", "basicConstraints", false, get_constraints},
	{"SignatureAlgorithm", "signatureAlgorithm", false, get_sig_alg},
	{"ChallengePassword", NULL, false, get_challenge},
	{"PublicKey", NULL, false, get_public_key},
	{"PublicKeyAlgorithm", NULL, false, get_key_alg},
	{"Signature", NULL, false, get_signature},
	{"Signer", NULL, false, get_signer},
	{0},
};
static const struct tv_type type_request = {
	.name = "x509util.CertificateRequest", .kind = TV_STRUCT, .fields = request_fields};
static const struct tv_type type_request_ptr = {
	.name = "*x509util.CertificateRequest", .kind = TV_PTR, .elem = &type_request};

struct tv content_tv_request(const struct content_input *in, struct arena *a)
{
	struct request *r = ARENA_NEW(a, struct request);

	*r = (struct request){.csr = in->csr, .key = in->subject_key};
	return tv_of(&type_request_ptr, r);
}

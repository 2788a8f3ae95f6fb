/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "profile/content_types.h"

/*
 * content_crt.c - .AuthorizationCrt, a *x509.Certificate, and package pkix's names. Go's toJson of
 * the whole certificate has members for extensions that nobody asks for here: those are left out.
 */

/* ---- pkix.AttributeTypeAndValue: p is a struct name_attr ---- */

static struct tv atv_type(const struct tv *self, struct arena *a)
{
	return content_tv_oid(&content_type_asn1_oid, ((const struct name_attr *)self->p)->oid, a);
}

static struct tv atv_value(const struct tv *self, struct arena *a)
{
	(void)a;
	return tv_any(tv_str(((const struct name_attr *)self->p)->value));
}

static const struct tv_field atv_fields[] = {
	{"Type", "Type", false, atv_type},
	{"Value", "Value", false, atv_value},
	{0},
};
static const struct tv_type type_atv = {
	.name = "pkix.AttributeTypeAndValue", .kind = TV_STRUCT, .fields = atv_fields};
static const struct tv_type type_atvs = {
	.name = "[]pkix.AttributeTypeAndValue", .kind = TV_SLICE, .elem = &type_atv};

/* ---- pkix.Name: p is a struct pkix ---- */

struct pkix {
	const struct name *name;
	struct content_name fields;
};

#define LIST_FIELD(func, field)                                                                    \
	static struct tv func(const struct tv *self, struct arena *a)                              \
	{                                                                                          \
		const struct pkix *n = self->p;                                                    \
                                                                                                   \
		return content_tv_texts(&tv_type_strings, n->fields.field.items,                   \
					n->fields.field.n, a);                                     \
	}
#define TEXT_FIELD(func, field)                                                                    \
	static struct tv func(const struct tv *self, struct arena *a)                              \
	{                                                                                          \
		(void)a;                                                                           \
		return tv_str(((const struct pkix *)self->p)->fields.field);                       \
	}

LIST_FIELD(name_country, country)
LIST_FIELD(name_organization, organization)
LIST_FIELD(name_unit, unit)
LIST_FIELD(name_locality, locality)
LIST_FIELD(name_province, province)
LIST_FIELD(name_street, street)
LIST_FIELD(name_postal, postal)
TEXT_FIELD(name_serial, serial)
TEXT_FIELD(name_common_name, common_name)

static struct tv name_names(const struct tv *self, struct arena *a)
{
	const struct name *n = ((const struct pkix *)self->p)->name;
	struct tv *items = ARENA_ARRAY(a, struct tv, n->n + 1);

	for (size_t i = 0; i < n->n; i++)
		items[i] = tv_of(&type_atv, &n->attrs[i]);
	return n->n > 0 ? tv_list(&type_atvs, items, n->n) : tv_nil_list(&type_atvs);
}

static struct tv name_extra(const struct tv *self, struct arena *a)
{
	(void)self;
	(void)a;
	return tv_nil_list(&type_atvs); /* never set by reading */
}

static const struct tv_field name_fields[] = {
	{"Country", "Country", false, name_country},
	{"Organization", "Organization", false, name_organization},
	{"OrganizationalUnit", "OrganizationalUnit", false, name_unit},
	{"Locality", "Locality", false, name_locality},
	{"Province", "Province", false, name_province},
	{"StreetAddress", "StreetAddress", false, name_street},
	{"PostalCode", "PostalCode", false, name_postal},
	{"SerialNumber", "SerialNumber", false, name_serial},
	{"CommonName", "CommonName", false, name_common_name},
	{"Names", "Names", false, name_names},
	{"ExtraNames", "ExtraNames", false, name_extra},
	{0},
};

/* Escapes as RFC 2253 wants them, in Go's way. */
static void put_escaped(struct str v, struct buf *out)
{
	for (size_t i = 0; i < v.n; i++) {
		char c = v.p[i];
		bool edge = i == 0 || i == v.n - 1;

		if ((c != '\0' && strchr(",+\"\\<>;", c) != NULL) || (c == ' ' && edge) ||
		    (c == '#' && i == 0))
			buf_putc(out, '\\');
		buf_putc(out, c);
	}
}

static void put_rdn(const char *type, const struct text_list *values, bool *first, struct buf *out)
{
	if (values->n == 0)
		return;
	if (!*first)
		buf_putc(out, ',');
	*first = false;
	for (size_t i = 0; i < values->n; i++) {
		buf_printf(out, "%s%s=", i > 0 ? "+" : "", type);
		put_escaped(values->items[i], out);
	}
}

/* Attributes without a name of their own: as DER, in hexadecimal. */
static void put_other(const struct content_attr *at, bool *first, struct buf *out)
{
	struct err ignored = ERR_INIT;
	struct buf der = BUF_INIT;

	if (!*first)
		buf_putc(out, ',');
	*first = false;
	if (oid_to_dotted(at->oid, out, &ignored) < 0)
		buf_putc(out, '?');
	buf_puts(out, "=#");
	x509_put_text(&der, at->value);
	for (size_t i = 0; i < der.n; i++)
		buf_printf(out, "%02x", (unsigned char)der.p[i]);
	buf_release(&der);
}

/* Go's Name.String(): last RDN first, the unnamed attributes at the very end. */
static void name_string(const struct tv *v, struct buf *out)
{
	const struct content_name *n = &((const struct pkix *)v->p)->fields;
	const struct text_list serial = {.items = &n->serial, .n = n->serial.n > 0},
			       cn = {.items = &n->common_name, .n = n->common_name.n > 0};
	bool first = true;

	put_rdn("SERIALNUMBER", &serial, &first, out);
	put_rdn("CN", &cn, &first, out);
	put_rdn("OU", &n->unit, &first, out);
	put_rdn("O", &n->organization, &first, out);
	put_rdn("POSTALCODE", &n->postal, &first, out);
	put_rdn("STREET", &n->street, &first, out);
	put_rdn("L", &n->locality, &first, out);
	put_rdn("ST", &n->province, &first, out);
	put_rdn("C", &n->country, &first, out);
	for (size_t i = n->n_extra; i-- > 0;)
		put_other(&n->extra[i], &first, out);
}

static int name_method(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	struct buf b = BUF_INIT;

	(void)n;
	name_string(&args[0], &b);
	return tmpl_return_buf(c, &b, out);
}

static const struct tmpl_func name_methods[] = {{"String", "", 's', 0, name_method}, {0}};
static const struct tv_type type_name = {.name = "pkix.Name",
					 .kind = TV_STRUCT,
					 .fields = name_fields,
					 .methods = name_methods,
					 .string = name_string};

static struct tv name_tv(const struct name *n, struct arena *a)
{
	struct pkix *p = ARENA_NEW(a, struct pkix);

	p->name = n;
	content_name_from(n, a, &p->fields);
	return tv_of(&type_name, p);
}

/* ---- pkix.Extension: p is a struct ext ---- */

static struct tv ext_id(const struct tv *self, struct arena *a)
{
	return content_tv_oid(&content_type_asn1_oid, ((const struct ext *)self->p)->oid, a);
}

static const struct tv_field ext_fields[] = {
	{"Id", "Id", false, ext_id},
	{"Critical", "Critical", false, content_ext_critical},
	{"Value", "Value", false, content_ext_value},
	{0},
};
static const struct tv_type type_ext = {
	.name = "pkix.Extension", .kind = TV_STRUCT, .fields = ext_fields};
static const struct tv_type type_exts = {
	.name = "[]pkix.Extension", .kind = TV_SLICE, .elem = &type_ext};

/* ---- numbers with names ---- */

static const char *const usage_names[] = {
	"digitalSignature", "contentCommitment", "keyEncipherment",
	"dataEncipherment", "keyAgreement",	 "keyCertSign",
	"cRLSign",	    "encipherOnly",	 "decipherOnly",
};

static void usage_string(const struct tv *v, struct buf *out)
{
	for (unsigned i = 0; i < ARRAY_LEN(usage_names); i++)
		if (v->i == INT64_C(1) << i) {
			buf_puts(out, usage_names[i]);
			return;
		}
	buf_printf(out, "KeyUsage(%" PRId64 ")", v->i);
}

static const struct tv_type type_usage = {
	.name = "x509.KeyUsage", .kind = TV_INT, .string = usage_string};

static const struct {
	enum sig_alg alg;
	int number; /* Go's constant */
} sig_numbers[] = {
	{SIG_RSA_SHA256, 4},	{SIG_RSA_SHA384, 5},	{SIG_RSA_SHA512, 6},
	{SIG_ECDSA_SHA256, 10}, {SIG_ECDSA_SHA384, 11}, {SIG_ECDSA_SHA512, 12},
	{SIG_PSS_SHA256, 13},	{SIG_PSS_SHA384, 14},	{SIG_PSS_SHA512, 15},
	{SIG_ED25519, 16},
};

static void sig_string(const struct tv *v, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(sig_numbers); i++)
		if (sig_numbers[i].number == v->i) {
			buf_puts(out, sig_alg_info(sig_numbers[i].alg)->name);
			return;
		}
	buf_printf(out, "%" PRId64, v->i);
}

static const struct tv_type type_sig = {
	.name = "x509.SignatureAlgorithm", .kind = TV_INT, .string = sig_string};

/* ---- *x509.Certificate: p is a struct cert ---- */

static const struct tv_type type_ips = {
	.name = "[]net.IP", .kind = TV_SLICE, .elem = &content_type_ip};
static const struct tv_type type_urls = {
	.name = "[]*url.URL", .kind = TV_SLICE, .elem = &content_type_url_ptr};
static const struct tv_type type_ekus = {
	.name = "[]x509.ExtKeyUsage", .kind = TV_SLICE, .elem = &content_type_eku};
static const struct tv_type type_oids = {
	.name = "[]asn1.ObjectIdentifier", .kind = TV_SLICE, .elem = &content_type_asn1_oid};

#define CERT_FIELD(func, expr)                                                                     \
	static struct tv func(const struct tv *self, struct arena *a)                              \
	{                                                                                          \
		const struct cert *c = self->p;                                                    \
                                                                                                   \
		(void)a;                                                                           \
		return expr;                                                                       \
	}

static struct tv sig_alg_tv(enum sig_alg alg)
{
	struct tv v = {.type = &type_sig};

	for (size_t i = 0; i < ARRAY_LEN(sig_numbers); i++)
		if (sig_numbers[i].alg == alg)
			v.i = sig_numbers[i].number;
	return v;
}

static struct tv exts_tv(const struct cert *c, struct arena *a)
{
	struct tv *items = ARENA_ARRAY(a, struct tv, c->exts.n + 1);

	for (size_t i = 0; i < c->exts.n; i++)
		items[i] = tv_of(&type_ext, &c->exts.items[i]);
	return c->exts.n > 0 ? tv_list(&type_exts, items, c->exts.n) : tv_nil_list(&type_exts);
}

/* URIs of a method in AuthorityInfoAccess. */
static struct tv access_tv(const struct cert *c, enum oid method, struct arena *a)
{
	const struct ext *x = ext_find(&c->exts, OID_AIA);
	struct str cur = x != NULL ? x->value : STR_NULL, seq, one, oid, *items;
	size_t n = 0;

	if (!der_get(&cur, DER_SEQUENCE, &seq))
		return tv_nil_list(&tv_type_strings);
	items = ARENA_ARRAY(a, struct str, seq.n / 2 + 1);
	while (der_get(&seq, DER_SEQUENCE, &one))
		if (der_get_oid(&one, &oid) && oid_find(oid) == method &&
		    der_get(&one, DER_CTX(SAN_URI), &items[n]))
			n++;
	return content_tv_texts(&tv_type_strings, items, n, a);
}

static struct tv crls_tv(const struct cert *c, struct arena *a)
{
	const struct ext *x = ext_find(&c->exts, OID_CRL_DP);
	struct str cur = x != NULL ? x->value : STR_NULL, seq, point, name, full, *items;
	size_t n = 0;

	if (!der_get(&cur, DER_SEQUENCE, &seq))
		return tv_nil_list(&tv_type_strings);
	items = ARENA_ARRAY(a, struct str, seq.n / 2 + 1);
	while (der_get(&seq, DER_SEQUENCE, &point))
		if (der_get(&point, DER_CTX_CONS(0), &name) &&
		    der_get(&name, DER_CTX_CONS(0), &full))
			while (der_get(&full, DER_CTX(SAN_URI), &items[n]))
				n++;
	return content_tv_texts(&tv_type_strings, items, n, a);
}

CERT_FIELD(get_raw, content_tv_bytes(c->der))
CERT_FIELD(get_raw_tbs, content_tv_bytes(c->tbs))
CERT_FIELD(get_raw_spki, content_tv_bytes(c->spki))
CERT_FIELD(get_raw_subject, content_tv_bytes(c->subject.der))
CERT_FIELD(get_raw_issuer, content_tv_bytes(c->issuer.der))
CERT_FIELD(get_signature, content_tv_bytes(c->signature))
CERT_FIELD(get_sig_alg, sig_alg_tv(c->sig_alg))
CERT_FIELD(get_key_alg, content_tv_key_alg(c->spki))
CERT_FIELD(get_key, content_tv_public_key(NULL, c->spki, a))
CERT_FIELD(get_version, tv_int(c->version))
CERT_FIELD(get_serial, content_tv_big(c->serial, a))
CERT_FIELD(get_issuer, name_tv(&c->issuer, a))
CERT_FIELD(get_subject, name_tv(&c->subject, a))
CERT_FIELD(get_not_before, tv_time(a, c->not_before, 0))
CERT_FIELD(get_not_after, tv_time(a, c->not_after, 0))
CERT_FIELD(get_usage, ((struct tv){.type = &type_usage, .i = c->key_usage}))
CERT_FIELD(get_exts, exts_tv(c, a))
CERT_FIELD(get_no_exts, ((void)c, tv_nil_list(&type_exts)))
CERT_FIELD(get_ekus, content_tv_ekus(&type_ekus, c->ekus, c->n_ekus, a))
CERT_FIELD(get_unknown_ekus, content_tv_unknown_ekus(&type_oids, c->ekus, c->n_ekus, a))
CERT_FIELD(get_bc_valid, tv_bool(c->has_basic_constraints))
CERT_FIELD(get_is_ca, tv_bool(c->is_ca))
CERT_FIELD(get_max_path_len, tv_int(c->has_basic_constraints ? c->max_path_len : 0))
CERT_FIELD(get_max_path_zero, tv_bool(c->has_basic_constraints && c->max_path_len == 0))
CERT_FIELD(get_ski, content_tv_bytes(c->ski))
CERT_FIELD(get_aki, content_tv_bytes(c->aki))
CERT_FIELD(get_ocsp, access_tv(c, OID_AD_OCSP, a))
CERT_FIELD(get_issuers, access_tv(c, OID_AD_CA_ISSUERS, a))
CERT_FIELD(get_dns, content_tv_sans_of(&tv_type_strings, &c->sans, SAN_DNS, a))
CERT_FIELD(get_emails, content_tv_sans_of(&tv_type_strings, &c->sans, SAN_EMAIL, a))
CERT_FIELD(get_ips, content_tv_sans_of(&type_ips, &c->sans, SAN_IP, a))
CERT_FIELD(get_urls, content_tv_sans_of(&type_urls, &c->sans, SAN_URI, a))
CERT_FIELD(get_crls, crls_tv(c, a))

#define ROW(name, func)                                                                            \
	{                                                                                          \
		name, name, false, func                                                            \
	}
static const struct tv_field cert_fields[] = {
	ROW("Raw", get_raw),
	ROW("RawTBSCertificate", get_raw_tbs),
	ROW("RawSubjectPublicKeyInfo", get_raw_spki),
	ROW("RawSubject", get_raw_subject),
	ROW("RawIssuer", get_raw_issuer),
	ROW("Signature", get_signature),
	ROW("SignatureAlgorithm", get_sig_alg),
	ROW("PublicKeyAlgorithm", get_key_alg),
	ROW("PublicKey", get_key),
	ROW("Version", get_version),
	ROW("SerialNumber", get_serial),
	ROW("Issuer", get_issuer),
	ROW("Subject", get_subject),
	ROW("NotBefore", get_not_before),
	ROW("NotAfter", get_not_after),
	ROW("KeyUsage", get_usage),
	ROW("Extensions", get_exts),
	ROW("ExtraExtensions", get_no_exts),
	ROW("ExtKeyUsage", get_ekus),
	ROW("UnknownExtKeyUsage", get_unknown_ekus),
	ROW("BasicConstraintsValid", get_bc_valid),
	ROW("IsCA", get_is_ca),
	ROW("MaxPathLen", get_max_path_len),
	ROW("MaxPathLenZero", get_max_path_zero),
	ROW("SubjectKeyId", get_ski),
	ROW("AuthorityKeyId", get_aki),
	ROW("OCSPServer", get_ocsp),
	ROW("IssuingCertificateURL", get_issuers),
	ROW("DNSNames", get_dns),
	ROW("EmailAddresses", get_emails),
	ROW("IPAddresses", get_ips),
	ROW("URIs", get_urls),
	ROW("CRLDistributionPoints", get_crls),
	{0},
};
static const struct tv_type type_cert = {
	.name = "x509.Certificate", .kind = TV_STRUCT, .fields = cert_fields};
static const struct tv_type type_cert_ptr = {
	.name = "*x509.Certificate", .kind = TV_PTR, .elem = &type_cert};

struct tv content_tv_cert(const struct cert *c, struct arena *a)
{
	(void)a;
	return tv_of(&type_cert_ptr, c);
}

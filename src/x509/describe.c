/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/clock.h"
#include "codec/uri.h"
#include "x509/priv.h"

/*
 * describe.c - certificates and requests as text for people.
 *
 * What a certificate says comes from strangers and goes to a terminal: all of its text passes
 * x509_put_safe() or name_to_text(), which show controls and bidirectional overrides as \xx. Lines
 * have no trailing spaces, times are RFC 3339 in UTC. To show another extension: a row in
 * `printers`.
 */

#define INDENT "    "

/* ---- pieces ---- */

size_t x509_unsafe_len(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;

	if (s.n == 0)
		return 0;
	if (p[0] < 0x20 || p[0] == 0x7f)
		return 1;
	if (s.n >= 2 && p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
		return 2; /* C1 controls */
	if (s.n >= 3 && p[0] == 0xe2 && p[1] == 0x80 &&
	    (p[2] == 0x8e || p[2] == 0x8f || (p[2] >= 0xa8 && p[2] <= 0xae)))
		return 3; /* U+200E, U+200F, U+2028-202E */
	if (s.n >= 3 && p[0] == 0xe2 && p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)
		return 3; /* U+2066-2069 */
	return 0;
}

/* Length of the UTF-8 sequence at s, 0 when it is none. */
static size_t utf8_len(struct str s)
{
	unsigned char c = (unsigned char)s.p[0];
	size_t n = c < 0x80 ? 1 : c >= 0xf0 && c < 0xf5 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 0;

	if (n == 0 || c >= 0xf5 || s.n < n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if (((unsigned char)s.p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

void x509_put_safe(struct buf *out, struct str s)
{
	for (size_t i = 0, step; i < s.n; i += step) {
		struct str rest = {s.p + i, s.n - i};
		size_t unsafe = x509_unsafe_len(rest), whole = utf8_len(rest);

		step = unsafe > 0 ? unsafe : whole;
		if (unsafe == 0 && whole > 0 && (rest.n > 1 || rest.p[0] != ' ')) {
			buf_add(out, rest.p, whole);
			continue;
		}
		if (step == 0)
			step = 1;
		for (size_t k = 0; k < step; k++)
			buf_printf(out, "\\%02x", (unsigned char)rest.p[k]);
	}
}

void x509_put_oid(struct buf *out, struct str oid)
{
	enum oid id = oid_find(oid);
	struct err ignored = ERR_INIT;

	if (id != OID_NONE)
		buf_puts(out, oid_name(id));
	else if (oid_to_dotted(oid, out, &ignored) < 0)
		buf_puts(out, "(malformed identifier)");
}

void x509_put_colons(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_printf(out, "%s%02x", i > 0 ? ":" : "", (unsigned char)s.p[i]);
}

/* Bytes in lines of 20, each line indented. */
static void put_block(struct buf *out, const char *indent, struct str s)
{
	for (size_t i = 0; i < s.n; i += 20) {
		struct str line = {s.p + i, s.n - i < 20 ? s.n - i : 20};

		buf_puts(out, indent);
		x509_put_colons(out, line);
		buf_puts(out, i + 20 < s.n ? ":\n" : "\n");
	}
}

static void put_name(struct buf *out, const struct name *n)
{
	if (n->n == 0)
		buf_puts(out, "(empty)");
	else
		name_to_text(n, out);
}

static void put_time(struct buf *out, const char *label, int64_t t)
{
	char text[24];

	buf_printf(out, "%s%s\n", label, time_format_rfc3339(t, text));
}

static void put_serial(struct buf *out, struct str serial)
{
	serial_to_decimal(serial, out);
	buf_puts(out, " (0x");
	for (size_t i = 0; i < serial.n; i++)
		buf_printf(out, "%02x", (unsigned char)serial.p[i]);
	buf_putc(out, ')');
}

static void put_sig_alg(struct buf *out, enum sig_alg alg)
{
	buf_puts(out, alg == SIG_NONE ? "not known or not accepted" : sig_alg_info(alg)->name);
}

/* "P-256", "RSA 2048", or the algorithm's identifier when the key is not one of ours. */
static void put_key_kind(struct buf *out, struct str spki)
{
	struct err ignored = ERR_INIT;
	struct key *k = key_from_spki(spki, &ignored);
	struct str seq, alg, oid;

	if (k != NULL) {
		buf_puts(out, key_type_name(key_type(k)));
		if (key_type(k) == KEY_RSA)
			buf_printf(out, " %u", key_bits(k));
		key_free(k);
		return;
	}
	if (der_get(&spki, DER_SEQUENCE, &seq) && der_get(&seq, DER_SEQUENCE, &alg) &&
	    der_get_oid(&alg, &oid)) {
		x509_put_oid(out, oid);
		buf_puts(out, ", not accepted");
	} else {
		buf_puts(out, "malformed");
	}
}

static void put_key(struct buf *out, struct str spki)
{
	struct str seq, bits;

	buf_puts(out, INDENT "Public key: ");
	put_key_kind(out, spki);
	buf_putc(out, '\n');
	if (der_get(&spki, DER_SEQUENCE, &seq) && der_get(&seq, DER_SEQUENCE, NULL) &&
	    der_get_bit_string(&seq, &bits))
		put_block(out, INDENT INDENT, bits);
}

/* ---- extensions ---- */

static const char *const san_kinds[] = {
	[SAN_OTHER] = "",   [SAN_EMAIL] = "email:", [SAN_DNS] = "DNS:",
	[SAN_X400] = "",    [SAN_DIRNAME] = "",	    [SAN_EDI] = "",
	[SAN_URI] = "URI:", [SAN_IP] = "IP:",	    [SAN_RID] = "",
};

static bool print_key_usage(struct buf *out, struct str v)
{
	static const char *const names[] = {
		"digitalSignature", "contentCommitment", "keyEncipherment",
		"dataEncipherment", "keyAgreement",	 "certSign",
		"crlSign",	    "encipherOnly",	 "decipherOnly"};
	const char *sep = INDENT INDENT INDENT;
	uint32_t bits;

	if (!der_get_named_bits(&v, &bits) || bits == 0 || bits >> ARRAY_LEN(names) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if ((bits >> i & 1U) == 0)
			continue;
		buf_printf(out, "%s%s", sep, names[i]);
		sep = ", ";
	}
	buf_putc(out, '\n');
	return true;
}

static bool print_oids(struct buf *out, struct str v)
{
	const char *sep = INDENT INDENT INDENT;
	struct str seq, oid;

	if (!der_get(&v, DER_SEQUENCE, &seq) || seq.n == 0)
		return false;
	while (der_get_oid(&seq, &oid)) {
		buf_puts(out, sep);
		x509_put_oid(out, oid);
		sep = ", ";
	}
	buf_putc(out, '\n');
	return seq.n == 0;
}

static bool print_basic_constraints(struct buf *out, struct str v)
{
	struct str seq;
	bool ca = false;
	uint64_t len;

	if (!der_get(&v, DER_SEQUENCE, &seq))
		return false;
	if (der_peek(seq, DER_BOOLEAN) && !der_get_bool(&seq, &ca))
		return false;
	buf_printf(out, INDENT INDENT INDENT "CA: %s", ca ? "yes" : "no");
	if (der_get_uint(&seq, &len))
		buf_printf(out, ", path length %" PRIu64, len);
	buf_putc(out, '\n');
	return seq.n == 0;
}

static bool print_ski(struct buf *out, struct str v)
{
	struct str id;

	if (!der_get(&v, DER_OCTET_STRING, &id) || id.n == 0)
		return false;
	put_block(out, INDENT INDENT INDENT, id);
	return true;
}

static bool print_aki(struct buf *out, struct str v)
{
	struct str seq, id;

	if (!der_get(&v, DER_SEQUENCE, &seq) || !der_get(&seq, DER_CTX(0), &id) || seq.n != 0)
		return false;
	put_block(out, INDENT INDENT INDENT, id);
	return true;
}

static bool print_sans(struct buf *out, struct str v)
{
	struct arena *a = arena_new();
	struct err ignored = ERR_INIT;
	struct san_list l;
	bool ok = san_parse(v, a, &l, &ignored) == 0;

	for (size_t i = 0; ok && i < l.n; i++) {
		buf_printf(out, INDENT INDENT INDENT "%s", san_kinds[l.items[i].type]);
		san_to_text(&l.items[i], out);
		buf_putc(out, '\n');
	}
	arena_free(a);
	return ok;
}

/* A constraint's base: an address is followed by its mask. */
static void put_base(struct buf *out, const struct san *base)
{
	const unsigned char *p = (const unsigned char *)base->value.p;
	size_t half = base->value.n / 2;
	char text[46];
	unsigned len = 0;

	if (base->type != SAN_IP) {
		if (base->value.n == 0)
			buf_puts(out, "(all)");
		san_to_text(base, out);
		return;
	}
	for (size_t i = half; i < base->value.n; i++)
		len += (unsigned)__builtin_popcount(p[i]);
	buf_printf(out, "%s/%u", ip_format(p, half, text), len);
}

static bool print_name_constraints(struct buf *out, struct str v)
{
	static const char *const titles[] = {"permitted ", "excluded "};
	struct err ignored = ERR_INIT;
	struct str seq, part, tree;
	struct san base;
	bool present;

	if (x509_name_constraints_form(v, &ignored) < 0 || !der_get(&v, DER_SEQUENCE, &seq))
		return false;
	for (unsigned i = 0; i < 2; i++) {
		if (!der_get_optional(&seq, DER_CTX_CONS(i), &present, &part))
			return false;
		while (der_get(&part, DER_SEQUENCE, &tree)) {
			if (x509_general_name(&tree, true, &base, &ignored) < 0)
				return false;
			buf_printf(out, INDENT INDENT INDENT "%s%s", titles[i],
				   san_kinds[base.type]);
			put_base(out, &base);
			buf_putc(out, '\n');
		}
	}
	return true;
}

static const char *provisioner_type(int64_t t)
{
	static const char *const names[] = {"none", "JWK", "OIDC",  "GCP",    "AWS",  "Azure",
					    "ACME", "X5C", "K8sSA", "SSHPOP", "SCEP", "Nebula"};

	return t >= 0 && t < (int64_t)ARRAY_LEN(names) ? names[t] : "unknown type";
}

static bool print_provisioner(struct buf *out, struct str v)
{
	struct arena *a = arena_new();
	struct err ignored = ERR_INIT;
	struct step_provisioner p;
	bool ok = ext_step_provisioner_parse(v, a, &p, &ignored) == 0;

	if (ok) {
		buf_printf(out, INDENT INDENT INDENT "Type: %s\n", provisioner_type(p.type));
		buf_puts(out, INDENT INDENT INDENT "Name: ");
		x509_put_safe(out, p.name);
		buf_putc(out, '\n');
		if (p.credential_id.n > 0) {
			buf_puts(out, INDENT INDENT INDENT "Credential: ");
			x509_put_safe(out, p.credential_id);
			buf_putc(out, '\n');
		}
		for (size_t i = 0; i + 1 < p.n_pairs; i += 2) {
			buf_puts(out, INDENT INDENT INDENT);
			x509_put_safe(out, p.pairs[i]);
			buf_puts(out, ": ");
			x509_put_safe(out, p.pairs[i + 1]);
			buf_putc(out, '\n');
		}
	}
	arena_free(a);
	return ok;
}

static const struct {
	enum oid oid;
	const char *title;
	bool (*print)(struct buf *out,
		      struct str v); /* what it wrote is dropped when it returns false */
} printers[] = {
	{OID_KEY_USAGE, "Key usage", print_key_usage},
	{OID_EXT_KEY_USAGE, "Extended key usage", print_oids},
	{OID_BASIC_CONSTRAINTS, "Basic constraints", print_basic_constraints},
	{OID_SUBJECT_KEY_ID, "Subject key identifier", print_ski},
	{OID_AUTHORITY_KEY_ID, "Authority key identifier", print_aki},
	{OID_SAN, "Subject alternative names", print_sans},
	{OID_NAME_CONSTRAINTS, "Name constraints", print_name_constraints},
	{OID_STEP_PROVISIONER, "Provisioner", print_provisioner},
};

static void put_ext(struct buf *out, const struct ext *x)
{
	enum oid id = oid_find(x->oid);
	const char *title = NULL;
	struct buf body = BUF_INIT;
	bool ok = false;

	for (size_t i = 0; i < ARRAY_LEN(printers); i++) {
		if (printers[i].oid != id)
			continue;
		title = printers[i].title;
		ok = printers[i].print(&body, x->value);
		break;
	}
	buf_puts(out, INDENT INDENT);
	if (title != NULL)
		buf_puts(out, title);
	else
		x509_put_oid(out, x->oid);
	buf_puts(out, x->critical ? " (critical):\n" : ":\n");
	if (!ok) {
		buf_reset(&body);
		put_block(&body, INDENT INDENT INDENT, x->value);
	}
	buf_str(out, buf_view(&body));
	buf_release(&body);
}

static void put_exts(struct buf *out, const char *title, const struct ext_list *l)
{
	if (l->n == 0)
		return;
	buf_printf(out, INDENT "%s:\n", title);
	for (size_t i = 0; i < l->n; i++)
		put_ext(out, &l->items[i]);
}

/* ---- short form ---- */

/* The common name when there is one, else the whole name. */
static void put_short_name(struct buf *out, const struct name *n)
{
	struct str cn = name_get(n, OID_CN);

	if (cn.n > 0)
		x509_put_safe(out, cn);
	else
		put_name(out, n);
}

/* Subject, then the alternative names that say something else, one a line. */
static void put_short_subject(struct buf *out, const struct name *subject,
			      const struct san_list *sans)
{
	const char *indent = "  Subject:     ";
	struct buf shown = BUF_INIT, one = BUF_INIT;

	if (subject->n > 0 || sans->n == 0) {
		put_short_name(&shown, subject);
		buf_printf(out, "%s%s\n", indent, shown.p);
		indent = "               ";
	}
	for (size_t i = 0; i < sans->n; i++) {
		buf_reset(&one);
		san_to_text(&sans->items[i], &one);
		if (one.n == 0 || str_eq(buf_view(&one), buf_view(&shown)))
			continue;
		buf_printf(out, "%s%s\n", indent, one.p);
		indent = "               ";
	}
	buf_release(&shown);
	buf_release(&one);
}

static void put_short_provisioner(struct buf *out, const struct cert *c)
{
	const struct ext *x = ext_find(&c->exts, OID_STEP_PROVISIONER);
	struct err ignored = ERR_INIT;
	struct step_provisioner p;
	struct arena *a;

	if (x == NULL)
		return;
	a = arena_new();
	if (ext_step_provisioner_parse(x->value, a, &p, &ignored) == 0) {
		buf_puts(out, "  Provisioner: ");
		x509_put_safe(out, p.name);
		if (p.credential_id.n > 0) {
			buf_puts(out, " [ID: ");
			x509_put_safe(out, p.credential_id);
			buf_putc(out, ']');
		}
		buf_putc(out, '\n');
	}
	arena_free(a);
}

static const char *cert_kind(const struct cert *c)
{
	if (!c->is_ca)
		return "TLS certificate";
	return name_der_equal(c->subject.der, c->issuer.der) ? "root CA certificate"
							     : "intermediate CA certificate";
}

static void cert_brief(const struct cert *c, struct buf *out)
{
	buf_printf(out, "X.509v%d %s (", c->version, cert_kind(c));
	put_key_kind(out, c->spki);
	buf_puts(out, ") [Serial: ");
	serial_to_decimal(c->serial, out);
	buf_puts(out, "]\n");
	put_short_subject(out, &c->subject, &c->sans);
	buf_puts(out, "  Issuer:      ");
	put_short_name(out, &c->issuer);
	buf_putc(out, '\n');
	put_short_provisioner(out, c);
	put_time(out, "  Valid from:  ", c->not_before);
	put_time(out, "          to:  ", c->not_after);
}

/* ---- the two ---- */

void cert_describe(const struct cert *c, bool brief, struct buf *out)
{
	char hex[65];

	if (brief) {
		cert_brief(c, out);
		return;
	}
	buf_printf(out,
		   "Certificate:\n" INDENT "Version: %d\n" INDENT "Serial number: ", c->version);
	put_serial(out, c->serial);
	buf_puts(out, "\n" INDENT "Signature algorithm: ");
	put_sig_alg(out, c->sig_alg);
	buf_puts(out, "\n" INDENT "Issuer: ");
	put_name(out, &c->issuer);
	buf_putc(out, '\n');
	put_time(out, INDENT "Not before: ", c->not_before);
	put_time(out, INDENT "Not after: ", c->not_after);
	buf_puts(out, INDENT "Subject: ");
	put_name(out, &c->subject);
	buf_putc(out, '\n');
	put_key(out, c->spki);
	put_exts(out, "Extensions", &c->exts);
	buf_puts(out, INDENT "Signature:\n");
	put_block(out, INDENT INDENT, c->signature);
	cert_fingerprint(c->der, hex);
	buf_printf(out, INDENT "SHA-256 fingerprint: %s\n", hex);
}

void csr_describe(const struct csr *c, bool brief, struct buf *out)
{
	if (brief) {
		buf_puts(out, "X.509 certificate request (");
		put_key_kind(out, c->spki);
		buf_puts(out, ")\n");
		put_short_subject(out, &c->subject, &c->sans);
		return;
	}
	buf_puts(out, "Certificate request:\n" INDENT "Subject: ");
	put_name(out, &c->subject);
	buf_putc(out, '\n');
	put_key(out, c->spki);
	put_exts(out, "Requested extensions", &c->exts);
	buf_puts(out, INDENT "Signature algorithm: ");
	put_sig_alg(out, c->sig_alg);
	buf_puts(out, "\n" INDENT "Signature:\n");
	put_block(out, INDENT INDENT, c->signature);
}

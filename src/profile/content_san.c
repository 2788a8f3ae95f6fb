/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/idna.h"
#include "codec/uri.h"
#include "profile/content_priv.h"
#include "tmpl/asn1.h"

/*
 * content_san.c - alternative names of templates.
 *
 * There are two ways, as in the model. The plain one knows four kinds and takes DNS names as they
 * are. As soon as one name has another kind, the whole extension is made by hand, and DNS names go
 * through IDNA's lookup form there. content_fields.c chooses.
 */

/* ---- reading ---- */

int content_san_read(struct str json, struct arena *a, struct content_san *out, struct err *e)
{
	static const char *const names[] = {"type", "value", "asn1Value", NULL};
	struct cj_walk w = cj_walk(json);
	int rc = 0;

	if (cj_is_null(json))
		return 0;
	if (cj_kind(json) != CJ_OBJECT)
		return cj_wrong_type(json, "sans", "an object", e);
	while (rc == 0 && cj_member(&w)) {
		switch (cj_key_index(w.key, names)) {
		case 0:
			rc = cj_get_text(w.value, "sans: type", a, &out->type, e);
			break;
		case 1:
			rc = cj_get_text(w.value, "sans: value", a, &out->value, e);
			break;
		case 2:
			out->asn1 = w.value;
			break;
		default:
			break;
		}
	}
	return rc;
}

static const unsigned char v4_mapped[12] = {[10] = 0xff, [11] = 0xff};

/* An address; what is IPv4 in IPv6 clothes has 4 bytes. */
static bool read_ip(struct str text, struct arena *a, struct san *out)
{
	unsigned char ip[16];
	size_t n = ip_parse(text, ip), skip;

	if (n == 0)
		return false;
	skip = n == 16 && memcmp(ip, v4_mapped, sizeof(v4_mapped)) == 0 ? 12 : 0;
	*out = (struct san){SAN_IP, str_mem(arena_dup(a, ip + skip, n - skip), n - skip)};
	return true;
}

int content_ips_read(struct str json, struct arena *a, struct content *c, struct err *e)
{
	struct str *texts;
	struct san *ips;
	size_t n;

	if (cj_get_text_or_texts(json, "ipAddresses", a, &texts, &n, e) < 0 ||
	    content_charge(c, n, e) < 0)
		return -1;
	if (cj_is_null(json))
		return 0; /* no change */
	ips = ARENA_ARRAY(a, struct san, n + 1);
	for (size_t i = 0; i < n; i++)
		if (!read_ip(texts[i], a, &ips[i]))
			return ERR(e, ERR_INVALID, "ipAddresses: '" STR_FMT "' is not an address",
				   SHORT_ARG(texts[i]));
	c->sans.ips = ips;
	c->sans.n_ips = n;
	return 0;
}

int content_uris_read(struct str json, struct arena *a, struct content *c, struct err *e)
{
	struct content_url url;
	struct str *texts;
	struct san *uris;
	size_t n;

	if (cj_get_text_or_texts(json, "uris", a, &texts, &n, e) < 0 || content_charge(c, n, e) < 0)
		return -1;
	if (cj_is_null(json))
		return 0;
	uris = ARENA_ARRAY(a, struct san, n + 1);
	for (size_t i = 0; i < n; i++) {
		if (content_url(texts[i], a, &url, e) < 0)
			return err_wrap(e, "uris");
		uris[i] = (struct san){SAN_URI, url.text};
	}
	c->sans.uris = uris;
	c->sans.n_uris = n;
	return 0;
}

/* ---- the plain way ---- */

enum kind {
	KIND_AUTO,
	KIND_DNS,
	KIND_EMAIL,
	KIND_IP,
	KIND_URI,
	KIND_RID,
	KIND_PERMANENT_ID,
	KIND_HARDWARE_MODULE,
	KIND_UPN,
	KIND_DN,
	KIND_NOT_MADE, /* x400Address, ediPartyName */
	KIND_OTHER     /* an OID, or unknown */
};

static enum kind kind_of(struct str type)
{
	static const struct {
		const char *name;
		enum kind kind;
	} kinds[] = {
		{"", KIND_AUTO},
		{"auto", KIND_AUTO},
		{"dns", KIND_DNS},
		{"email", KIND_EMAIL},
		{"ip", KIND_IP},
		{"uri", KIND_URI},
		{"registeredID", KIND_RID},
		{"permanentIdentifier", KIND_PERMANENT_ID},
		{"hardwareModuleName", KIND_HARDWARE_MODULE},
		{"userPrincipalName", KIND_UPN},
		{"dn", KIND_DN},
		{"x400Address", KIND_NOT_MADE},
		{"ediPartyName", KIND_NOT_MADE},
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_eqc(type, kinds[i].name))
			return kinds[i].kind;
	return KIND_OTHER;
}

bool content_sans_extended(const struct content_sans *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (kind_of(s->items[i].type) > KIND_URI)
			return true;
	return false;
}

enum san_type content_san_guess(struct str text, struct arena *a)
{
	struct err ignored = ERR_INIT;
	struct content_url url;
	unsigned char ip[16];

	if (ip_parse(text, ip) > 0)
		return SAN_IP;
	if (content_url(text, a, &url, &ignored) == 0 && url.scheme.n > 0)
		return SAN_URI;
	return str_has(text, '@') ? SAN_EMAIL : SAN_DNS;
}

static enum san_type plain_type(const struct content_san *s, struct arena *a)
{
	switch (kind_of(s->type)) {
	case KIND_EMAIL:
		return SAN_EMAIL;
	case KIND_IP:
		return SAN_IP;
	case KIND_URI:
		return SAN_URI;
	case KIND_AUTO:
		return content_san_guess(s->value, a);
	case KIND_DNS:
	case KIND_RID:
	case KIND_PERMANENT_ID:
	case KIND_HARDWARE_MODULE:
	case KIND_UPN:
	case KIND_DN:
	case KIND_NOT_MADE:
	case KIND_OTHER:
		break;
	}
	return SAN_DNS;
}

static int bad_name(const char *what, struct str s, struct err *e)
{
	return ERR(e, ERR_INVALID, "sans: '" STR_FMT "' is not %s", SHORT_ARG(s), what);
}

/* Appends the name to out, or drops it when it is none. */
static int add_plain(const struct content_san *s, bool strict, struct arena *a,
		     struct san_list *out, struct err *e)
{
	struct err ignored = ERR_INIT;
	struct content_url url;
	struct san *at = &out->items[out->n];
	enum san_type type;

	if (s->value.n == 0)
		return 0;
	type = plain_type(s, a);
	*at = (struct san){type, s->value};
	if (type == SAN_IP && !read_ip(s->value, a, at))
		return strict ? bad_name("an address", s->value, e) : 0;
	if (type == SAN_URI) {
		if (content_url(s->value, a, &url, &ignored) < 0)
			return strict ? bad_name("a URI", s->value, e) : 0;
		at->value = url.text;
	}
	out->n++;
	return 0;
}

static void add_texts(const struct text_list *l, enum san_type type, struct san_list *out)
{
	for (size_t i = 0; i < l->n; i++)
		out->items[out->n++] = (struct san){type, l->items[i]};
}

static struct san *room(const struct content_sans *s, struct arena *a)
{
	return ARENA_ARRAY(a, struct san, s->dns.n + s->emails.n + s->n_ips + s->n_uris + s->n + 1);
}

static bool is_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

int content_sans_plain(const struct content_sans *s, bool strict, struct arena *a,
		       struct san_list *out, struct err *e)
{
	*out = (struct san_list){.items = room(s, a)};
	add_texts(&s->dns, SAN_DNS, out);
	add_texts(&s->emails, SAN_EMAIL, out);
	for (size_t i = 0; i < s->n_ips; i++)
		out->items[out->n++] = s->ips[i];
	for (size_t i = 0; i < s->n_uris; i++)
		out->items[out->n++] = s->uris[i];
	for (size_t i = 0; i < s->n; i++)
		if (add_plain(&s->items[i], strict, a, out, e) < 0)
			return -1;
	for (size_t i = 0; i < out->n; i++)
		if (out->items[i].type != SAN_IP && !is_ascii(out->items[i].value))
			return bad_name("an IA5String", out->items[i].value, e);
	return 0;
}

/* ---- the way by hand ---- */

static struct str take(struct arena *a, struct buf *b)
{
	struct str s = arena_str(a, buf_view(b));

	buf_release(b);
	return s;
}

/* otherName: id, then a value that brings its [0]. */
static struct san other_name(struct str oid, struct str value, struct arena *a)
{
	struct buf b = BUF_INIT;

	der_put_oid(&b, oid);
	buf_str(&b, value);
	return (struct san){SAN_OTHER, take(a, &b)};
}

static struct str explicit_zero(struct buf *inner, struct arena *a)
{
	struct buf b = BUF_INIT;

	der_put(&b, DER_CTX_CONS(0), buf_view(inner));
	buf_release(inner);
	return take(a, &b);
}

/* The JSON of asn1Value, or of the value's text. */
static int json_of(const struct content_san *s, const char *what, struct str *out, struct err *e)
{
	if (s->asn1.n > 0) {
		*out = s->asn1;
		return 0;
	}
	if (s->value.n == 0)
		return ERR(e, ERR_INVALID, "sans: %s: neither value nor asn1Value", what);
	return cj_only(s->value, out, e) < 0 ? err_wrap(e, "sans: %s", what) : 0;
}

/* RFC 4043. */
static int permanent_id(const struct content_san *s, struct arena *a, struct san *out,
			struct err *e)
{
	static const char *const names[] = {"identifier", "assigner", NULL};
	struct str id = s->asn1.n > 0 ? STR_NULL : s->value, assigner = STR_NULL, text;
	struct cj_walk w = {0};
	bool assigned = false;
	struct buf b = BUF_INIT;
	struct der_mark m;

	if (s->asn1.n > 0 && !cj_is_null(s->asn1)) {
		if (cj_kind(s->asn1) != CJ_OBJECT)
			return cj_wrong_type(s->asn1, "permanentIdentifier", "an object", e);
		w = cj_walk(s->asn1);
	}
	while (cj_member(&w)) {
		int k = cj_key_index(w.key, names);

		text = STR_NULL;
		if (k == 0 && cj_get_text(w.value, "identifier", a, &id, e) < 0)
			return err_wrap(e, "permanentIdentifier");
		if (k != 1)
			continue;
		assigned = true;
		if (cj_get_text(w.value, "assigner", a, &text, e) < 0 ||
		    content_oid(text, "assigner", a, &assigner, e) < 0)
			return err_wrap(e, "permanentIdentifier");
	}
	if (assigned && assigner.n == 0)
		return content_oid_unencodable("permanentIdentifier: assigner", e);
	m = der_begin(&b, DER_SEQUENCE);
	if (id.n > 0)
		der_put(&b, DER_UTF8_STRING, id);
	if (assigned)
		der_put_oid(&b, assigner);
	der_end(&b, m);
	*out = other_name(oid_der(OID_PERMANENT_ID), explicit_zero(&b, a), a);
	return 0;
}

/* RFC 4108 5. */
static int hardware_module(const struct content_san *s, struct arena *a, struct san *out,
			   struct err *e)
{
	static const char *const names[] = {"type", "serialNumber", NULL};
	struct str json, type = STR_NULL, serial = STR_NULL, text;
	struct cj_walk w = {0};
	struct buf b = BUF_INIT;
	struct der_mark m;

	if (json_of(s, "hardwareModuleName", &json, e) < 0)
		return -1;
	if (cj_kind(json) == CJ_OBJECT)
		w = cj_walk(json);
	else if (!cj_is_null(json))
		return cj_wrong_type(json, "hardwareModuleName", "an object", e);
	while (cj_member(&w)) {
		int k = cj_key_index(w.key, names);

		text = STR_NULL;
		if (k == 0 && (cj_get_text(w.value, "type", a, &text, e) < 0 ||
			       content_oid(text, "type", a, &type, e) < 0))
			return err_wrap(e, "hardwareModuleName");
		if (k == 1 && cj_get_base64(w.value, "serialNumber", a, &serial, e) < 0)
			return err_wrap(e, "hardwareModuleName");
	}
	if (type.n == 0)
		return content_oid_unencodable("hardwareModuleName: type", e);
	m = der_begin(&b, DER_SEQUENCE);
	der_put_oid(&b, type);
	der_put(&b, DER_CTX(4), serial);
	der_end(&b, m);
	*out = other_name(oid_der(OID_HARDWARE_MODULE), explicit_zero(&b, a), a);
	return 0;
}

static int directory_name(const struct content_san *s, struct arena *a, struct san *out,
			  struct err *e)
{
	struct content_name name;
	struct buf b = BUF_INIT;
	struct str json;

	if (json_of(s, "dn", &json, e) < 0 || content_name_read(json, "dn", a, &name, e) < 0)
		return -1;
	if (content_name_write(&name, "dn", &b, e) < 0) {
		buf_release(&b);
		return -1;
	}
	*out = (struct san){SAN_DIRNAME, take(a, &b)};
	return out->value.n > 2 ? 0 : ERR(e, ERR_INVALID, "sans: dn: an empty name");
}

int content_other_value(struct str text, struct arena *a, struct str *out, struct err *e)
{
	struct str value = text, params = STR("printable");
	struct buf der = BUF_INIT, why = BUF_INIT;
	int rc;

	if (str_has(text, ':'))
		params = str_cut(text, ':', &value);
	rc = asn1_text_value(value, params, true, a, &der, &why);
	if (rc < 0)
		ERR(e, ERR_INVALID, "sans: value: %s", why.p != NULL ? why.p : "malformed");
	else
		*out = arena_str(a, buf_view(&der));
	buf_release(&der);
	buf_release(&why);
	return rc < 0 ? -1 : 0;
}

static int by_oid(const struct content_san *s, struct arena *a, struct san *out, struct err *e)
{
	struct str oid, value;

	if (content_oid(s->type, "type", a, &oid, e) < 0)
		return ERR(e, ERR_INVALID, "sans: unknown type '" STR_FMT "'", SHORT_ARG(s->type));
	if (content_other_value(s->value, a, &value, e) < 0)
		return -1;
	if (oid.n == 0)
		return content_oid_unencodable("sans: type", e);
	/* Go writes what is empty as an element with tag and length 0; no reader takes it. */
	*out = other_name(oid, value.n > 0 ? value : str_mem("\0\0", 2), a);
	return 0;
}

static int principal_name(const struct content_san *s, struct arena *a, struct san *out,
			  struct err *e)
{
	struct buf b = BUF_INIT;

	if (s->value.n == 0)
		return ERR(e, ERR_INVALID, "sans: userPrincipalName: no value");
	der_put(&b, DER_UTF8_STRING, s->value);
	*out = other_name(oid_der(OID_UPN), explicit_zero(&b, a), a);
	return 0;
}

static int registered_id(const struct content_san *s, struct arena *a, struct san *out,
			 struct err *e)
{
	out->type = SAN_RID;
	if (content_oid(s->value, "sans: registeredID", a, &out->value, e) < 0)
		return -1;
	return out->value.n > 0 ? 0 : content_oid_unencodable("sans: registeredID", e);
}

static int plain_by_hand(const struct content_san *s, struct arena *a, struct san *out,
			 struct err *e)
{
	*out = (struct san){plain_type(s, a), s->value};
	if (out->type == SAN_DNS)
		return content_dns_lookup(s->value, a, &out->value, e);
	if (out->type == SAN_IP)
		return read_ip(s->value, a, out) ? 0 : bad_name("an address", s->value, e);
	return is_ascii(s->value) ? 0 : bad_name("an IA5String", s->value, e);
}

static int one_by_hand(const struct content_san *s, struct arena *a, struct san *out, struct err *e)
{
	switch (kind_of(s->type)) {
	case KIND_AUTO:
	case KIND_DNS:
	case KIND_EMAIL:
	case KIND_IP:
	case KIND_URI:
		return plain_by_hand(s, a, out, e);
	case KIND_RID:
		return registered_id(s, a, out, e);
	case KIND_PERMANENT_ID:
		return permanent_id(s, a, out, e);
	case KIND_HARDWARE_MODULE:
		return hardware_module(s, a, out, e);
	case KIND_UPN:
		return principal_name(s, a, out, e);
	case KIND_DN:
		return directory_name(s, a, out, e);
	case KIND_NOT_MADE:
		return ERR(e, ERR_INVALID, "sans: type " STR_FMT " is not implemented",
			   STR_ARG(s->type));
	case KIND_OTHER:
		return by_oid(s, a, out, e);
	}
	return -1;
}

#define NAMES_BYTES 65536U /* as much as a certificate */

int content_sans_by_hand(const struct content_sans *s, struct arena *a, struct san_list *out,
			 struct err *e)
{
	size_t bytes = 0;

	*out = (struct san_list){.items = room(s, a)};
	for (size_t i = 0; i < s->dns.n; i++) {
		struct san *at = &out->items[out->n];

		if (s->dns.items[i].n == 0)
			continue;
		at->type = SAN_DNS;
		if (content_dns_lookup(s->dns.items[i], a, &at->value, e) < 0)
			return err_wrap(e, "dnsNames");
		out->n++;
	}
	for (size_t i = 0; i < s->emails.n; i++) {
		if (s->emails.items[i].n == 0)
			continue;
		if (!is_ascii(s->emails.items[i]))
			return bad_name("an IA5String", s->emails.items[i], e);
		out->items[out->n++] = (struct san){SAN_EMAIL, s->emails.items[i]};
	}
	for (size_t i = 0; i < s->n_ips; i++)
		out->items[out->n++] = s->ips[i];
	for (size_t i = 0; i < s->n_uris; i++)
		if (s->uris[i].value.n > 0)
			out->items[out->n++] = s->uris[i];
	for (size_t i = 0; i < s->n; i++) {
		const struct content_san *one = &s->items[i];

		if (one->value.n == 0 && one->asn1.n == 0)
			continue;
		if (one_by_hand(one, a, &out->items[out->n], e) < 0)
			return -1;
		bytes += out->items[out->n++].value.n;
		if (bytes > NAMES_BYTES)
			return ERR(e, ERR_TOO_LARGE, "sans: more than %u bytes", NAMES_BYTES);
	}
	return 0;
}

/* ---- IDNA ---- */

/* A label as it must be behind the mapping: LDH, no hyphen at the ends, none in third and fourth.
 */
static bool ldh_label(struct str l)
{
	if (l.n > 0 && (l.p[0] == '-' || l.p[l.n - 1] == '-'))
		return false;
	if (l.n >= 4 && l.p[2] == '-' && l.p[3] == '-' && !str_starts(l, "xn--"))
		return false;
	for (size_t i = 0; i < l.n; i++) {
		char c = l.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
			return false;
	}
	return true;
}

/* Needs the library: other letters, or an A-label that may not decode. */
static bool is_foreign(struct str name)
{
	bool start = true;

	for (size_t i = 0; i < name.n; i++) {
		if ((unsigned char)name.p[i] >= 0x80)
			return true;
		if (start && name.n - i >= 4 && str_ieqc((struct str){name.p + i, 4}, "xn--"))
			return true;
		start = name.p[i] == '.';
	}
	return false;
}

/*
 * Empty labels and a dot at the end stand; there is no limit of length. An error is step's only
 * one: the name has a character that cannot be.
 */
int content_dns_lookup(struct str name, struct arena *a, struct str *out, struct err *e)
{
	struct str rest = name, body = name;
	bool dot = name.n > 1 && name.p[name.n - 1] == '.';

	if (name.n == 0)
		return ERR(e, ERR_INVALID, "sans: an empty DNS name");
	if (is_foreign(name)) {
		body.n -= dot;
		if (idna_to_ascii(body, a, &rest, e) < 0)
			return err_wrap(e, "sans");
		rest = dot ? str_c(arena_printf(a, STR_FMT ".", STR_ARG(rest))) : rest;
	} else {
		char *p = arena_cstr(a, name);

		for (size_t i = 0; i < name.n; i++)
			p[i] = ascii_lower(p[i]);
		rest = str_mem(p, name.n);
	}
	*out = rest;
	do {
		struct str label = str_cut(rest, '.', &rest);

		if (!ldh_label(label))
			return bad_name("a DNS name", name, e);
	} while (rest.p != NULL);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/idna.h"
#include "codec/uri.h"
#include "profile/lint_priv.h"

/*
 * lint_name.c - distinguished names (RFC 5280 4.1.2.4, upper bounds of appendix A.1) and
 * alternative names (4.2.1.6).
 */

/* ---- attributes of distinguished names ---- */

#define ONLY_PRINTABLE 1U
#define ONLY_IA5       2U
static const struct {
	enum oid oid;
	size_t max; /* characters; 0: no bound */
	unsigned type;
} attrs[] = {
	{OID_CN, 64, 0},
	{OID_SURNAME, 32768, 0},
	{OID_GIVEN_NAME, 32768, 0},
	{OID_SERIAL_NUMBER, 64, ONLY_PRINTABLE},
	{OID_C, 2, ONLY_PRINTABLE},
	{OID_L, 128, 0},
	{OID_ST, 128, 0},
	{OID_STREET, 128, 0},
	{OID_O, 64, 0},
	{OID_OU, 64, 0},
	{OID_TITLE, 64, 0},
	{OID_POSTAL_CODE, 40, 0},
	{OID_DN_QUALIFIER, 0, ONLY_PRINTABLE},
	{OID_EMAIL_ADDRESS, 255, ONLY_IA5},
	{OID_DC, 63, ONLY_IA5},
	{OID_UID, 256, 0},
};

static const char dn_section[] = "RFC 5280 4.1.2.4";

static size_t characters(struct str utf8)
{
	size_t n = 0;

	for (size_t i = 0; i < utf8.n; i++)
		n += ((unsigned char)utf8.p[i] & 0xc0) != 0x80;
	return n;
}

/* RFC 5280 4.1.2.4: PrintableString and UTF8String, with IA5String where an attribute wants it. */
static void check_type(struct lint_view *v, unsigned tag, unsigned type, const char *whose,
		       const char *name)
{
	if (type == ONLY_PRINTABLE && tag != DER_PRINTABLE_STRING)
		lint_add(v, LINT_ERROR, "attr_not_printable", "RFC 5280 A.1",
			 "%s: %s must be a PrintableString", whose, name);
	else if (type == ONLY_IA5 && tag != DER_IA5_STRING)
		lint_add(v, LINT_ERROR, "attr_not_ia5", "RFC 5280 A.1",
			 "%s: %s must be an IA5String", whose, name);
	else if (type == 0 && tag != DER_PRINTABLE_STRING && tag != DER_UTF8_STRING)
		lint_add(v, LINT_WARNING, "attr_old_type", dn_section,
			 "%s: %s should be a UTF8String or a PrintableString", whose, name);
}

static bool strictly_printable(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i], l = ascii_lower(c);

		if ((l < 'a' || l > 'z') && (c < '0' || c > '9') &&
		    (c == '\0' || strchr(" '()+,-./:=?", c) == NULL))
			return false;
	}
	return true;
}

static void check_value(struct lint_view *v, struct str raw, unsigned tag, struct str text,
			const char *where[2])
{
	const char *whose = where[0], *name = where[1];

	if (text.n == 0) {
		lint_add(v, LINT_ERROR, "attr_empty", "RFC 5280 A.1", "%s: %s is empty", whose,
			 name);
		return;
	}
	if (tag == DER_PRINTABLE_STRING && !strictly_printable(raw))
		lint_add(v, LINT_ERROR, "attr_printable_chars", "X.680 41.4",
			 "%s: %s has a character that a PrintableString cannot hold", whose, name);
	if (text.p[0] == ' ' || text.p[text.n - 1] == ' ')
		lint_add(v, LINT_WARNING, "attr_space", "RFC 5280 7.1",
			 "%s: %s begins or ends with a space", whose, name);
}

static void check_bound(struct lint_view *v, enum oid id, unsigned tag, struct str text,
			const char *where[2])
{
	for (size_t i = 0; i < ARRAY_LEN(attrs); i++) {
		if (attrs[i].oid != id)
			continue;
		check_type(v, tag, attrs[i].type, where[0], where[1]);
		if (attrs[i].max > 0 && characters(text) > attrs[i].max)
			lint_add(v, LINT_ERROR, "attr_long", "RFC 5280 A.1",
				 "%s: %s has %zu characters, more than %zu", where[0], where[1],
				 characters(text), attrs[i].max);
		if (id == OID_C && text.n != 2)
			lint_add(v, LINT_ERROR, "country_form", "RFC 5280 A.1",
				 "%s: countryName is not a code of two letters", where[0]);
		return;
	}
}

static void check_attr(struct lint_view *v, struct str contents, const char *whose)
{
	struct buf text = BUF_INIT;
	struct str oid, copy, raw = STR_NULL;
	const char *where[2] = {whose, NULL};
	unsigned tag = 0;

	if (!der_get_oid(&contents, &oid)) {
		lint_add(v, LINT_ERROR, "dn_malformed", dn_section, "%s: an attribute is malformed",
			 whose);
		return;
	}
	where[1] = lint_oid_text(v, oid);
	copy = contents;
	(void)der_get_any(&copy, NULL, &raw, NULL);
	if (!der_get_text(&contents, &tag, &text) || contents.n != 0)
		lint_add(v, LINT_ERROR, "attr_malformed", dn_section,
			 "%s: %s is not a string, or holds what its type cannot hold", whose,
			 where[1]);
	else {
		check_value(v, raw, tag, buf_view(&text), where);
		check_bound(v, oid_find(oid), tag, buf_view(&text), where);
	}
	buf_release(&text);
}

void lint_dn(struct lint_view *v, struct str name, const char *whose)
{
	struct str seq, set, one;

	if (!der_get(&name, DER_SEQUENCE, &seq))
		return;
	while (der_get(&seq, DER_SET, &set)) {
		size_t n = 0;

		while (der_get(&set, DER_SEQUENCE, &one)) {
			check_attr(v, one, whose);
			n++;
		}
		if (n == 0 || set.n != 0)
			lint_add(v, LINT_ERROR, "dn_malformed", dn_section,
				 "%s: a part of it is empty or malformed", whose);
		if (n > 1)
			lint_add(v, LINT_NOTICE, "dn_multi", dn_section,
				 "%s: a part of it has %zu attributes at once", whose, n);
	}
	if (seq.n != 0)
		lint_add(v, LINT_ERROR, "dn_malformed", dn_section, "%s is malformed", whose);
}

struct str lint_common_name(const struct lint_view *v)
{
	struct str element = v->subject, seq, set, one, oid, found = STR_NULL;

	if (!der_get(&element, DER_SEQUENCE, &seq))
		return STR_NULL;
	while (der_get(&seq, DER_SET, &set))
		while (der_get(&set, DER_SEQUENCE, &one)) {
			struct buf text = BUF_INIT;

			if (der_get_oid(&one, &oid) && oid_find(oid) == OID_CN &&
			    der_get_text(&one, NULL, &text))
				found = arena_str(v->r->arena, buf_view(&text));
			buf_release(&text);
		}
	return found;
}

/* ---- alternative names ---- */

static const char san_section[] = "RFC 5280 4.2.1.6";

static bool ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			return false;
	return true;
}

/* One label; `first` may be the wildcard. */
static void check_label(struct lint_view *v, struct str name, struct str label, bool first)
{
	bool bad = false, underscore = false;

	if (first && str_eqc(label, "*"))
		return;
	if (str_has(label, '*')) {
		lint_add(v, LINT_ERROR, "dns_wildcard", "RFC 9525 6.3",
			 "DNS name " STR_FMT
			 ": a wildcard stands for the whole left-most label or for nothing",
			 STR_ARG(name));
		return;
	}
	if (label.n == 0 || label.n > 63) {
		lint_add(v, LINT_ERROR, "dns_label_length", "RFC 1034 3.5",
			 "DNS name " STR_FMT ": a label is empty or longer than 63 characters",
			 STR_ARG(name));
		return;
	}
	for (size_t i = 0; i < label.n; i++) {
		char l = ascii_lower(label.p[i]);

		underscore |= l == '_';
		bad |= (l < 'a' || l > 'z') && (l < '0' || l > '9') && l != '-' && l != '_';
	}
	if (bad || label.p[0] == '-' || label.p[label.n - 1] == '-')
		lint_add(v, LINT_ERROR, "dns_label", "RFC 1034 3.5",
			 "DNS name " STR_FMT
			 ": a label has others than letters, digits and inner hyphens",
			 STR_ARG(name));
	else if (underscore)
		lint_add(v, LINT_NOTICE, "dns_underscore", "RFC 1034 3.5",
			 "DNS name " STR_FMT ": an underscore is not for names of hosts",
			 STR_ARG(name));
	if (label.n >= 4 && label.p[2] == '-' && label.p[3] == '-' &&
	    !str_ieq((struct str){label.p, 4}, STR("xn--")))
		lint_add(v, LINT_WARNING, "dns_reserved_label", "RFC 5890 2.3.1",
			 "DNS name " STR_FMT ": labels with \"--\" there are reserved",
			 STR_ARG(name));
}

static void check_idna(struct lint_view *v, struct str name)
{
	struct err why = ERR_INIT;
	struct str out;

	if (memmem(name.p, name.n, "xn--", 4) != NULL &&
	    idna_to_ascii(name, v->r->arena, &out, &why) < 0)
		lint_add(v, LINT_WARNING, "dns_idna", "RFC 5891 5.4",
			 "DNS name " STR_FMT ": not a valid internationalised name", STR_ARG(name));
}

static void check_dns(struct lint_view *v, struct str name)
{
	unsigned char ip[16];
	struct str rest = name, label;
	bool first = true;
	size_t labels = 0;

	if (name.n == 0 || str_eqc(name, " ") || !ascii(name)) {
		lint_add(v, LINT_ERROR, "dns_characters", san_section,
			 "a DNS name is empty or not ASCII");
		return;
	}
	if (ip_parse(name, ip) > 0) {
		lint_add(v, LINT_ERROR, "dns_is_address", san_section,
			 "DNS name " STR_FMT ": an address belongs into an iPAddress",
			 STR_ARG(name));
		return;
	}
	if (name.n > 253)
		lint_add(v, LINT_ERROR, "dns_long", "RFC 1035 2.3.4",
			 "a DNS name has %zu characters, more than 253", name.n);
	if (str_ends(name, ".")) {
		lint_add(v, LINT_ERROR, "dns_final_dot", san_section,
			 "DNS name " STR_FMT ": ends with a dot", STR_ARG(name));
		rest.n--;
	}
	do {
		label = str_cut(rest, '.', &rest);
		check_label(v, name, label, first);
		first = false;
		labels++;
	} while (rest.p != NULL);
	if (str_has(name, '*') && labels < 3)
		lint_add(v, labels == 1 ? LINT_ERROR : LINT_WARNING, "dns_wildcard_wide",
			 "RFC 9525 6.3",
			 "DNS name " STR_FMT ": a wildcard directly below a top-level domain",
			 STR_ARG(name));
	check_idna(v, name);
}

static void check_mail(struct lint_view *v, struct str s)
{
	struct san parsed;
	struct err ignored = ERR_INIT;

	if (!ascii(s) || san_from_text(s, v->r->arena, &parsed, &ignored) < 0 ||
	    parsed.type != SAN_EMAIL)
		lint_add(v, LINT_ERROR, "email_form", san_section,
			 "e-mail address \"" STR_FMT "\": not of the form local-part@domain",
			 ascii(s) ? (int)s.n : 0, s.p != NULL ? s.p : "");
}

static void check_uri(struct lint_view *v, struct str s)
{
	struct err ignored = ERR_INIT;
	unsigned char ip[16];
	struct uri u;

	if (uri_parse(s, &u, &ignored) < 0) {
		lint_add(v, LINT_ERROR, "uri_form", "RFC 3986", "a URI is malformed");
		return;
	}
	if (u.scheme.n == 0 || (u.path.n == 0 && u.host.n == 0))
		lint_add(v, LINT_ERROR, "uri_relative", san_section,
			 "URI " STR_FMT ": must be absolute, with a scheme and something behind it",
			 STR_ARG(s));
	if (u.has_authority && u.host.n > 0 && ip_parse(u.host, ip) == 0 &&
	    !dns_name_valid(u.host, false))
		lint_add(v, LINT_ERROR, "uri_host", san_section,
			 "URI " STR_FMT ": its host is neither a DNS name nor an address",
			 STR_ARG(s));
}

static void check_san(struct lint_view *v, const struct lint_name *n)
{
	switch (n->tag) {
	case DER_CTX(SAN_DNS):
		check_dns(v, n->value);
		break;
	case DER_CTX(SAN_EMAIL):
		check_mail(v, n->value);
		break;
	case DER_CTX(SAN_URI):
		check_uri(v, n->value);
		break;
	case DER_CTX(SAN_IP):
		if (n->value.n != 4 && n->value.n != 16)
			lint_add(v, LINT_ERROR, "ip_length", san_section,
				 "an address has %zu bytes instead of 4 or 16", n->value.n);
		break;
	case DER_CTX_CONS(SAN_DIRNAME):
		lint_dn(v, n->value, "subjectAltName");
		break;
	case DER_CTX_CONS(SAN_OTHER):
	case DER_CTX_CONS(SAN_X400):
	case DER_CTX_CONS(SAN_EDI):
	case DER_CTX(SAN_RID):
		break;
	default:
		lint_add(v, LINT_ERROR, "san_type", san_section,
			 "subjectAltName has a name of an unknown kind");
		break;
	}
}

static bool same_name(const struct lint_name *a, const struct lint_name *b)
{
	if (a->tag != b->tag)
		return false;
	return a->tag == DER_CTX(SAN_DNS) ? str_ieq(a->value, b->value)
					  : str_eq(a->value, b->value);
}

bool lint_cn_in_sans(const struct lint_view *v, struct str cn)
{
	unsigned char ip[16];
	size_t n = ip_parse(cn, ip);
	struct lint_name want = {n > 0 ? DER_CTX(SAN_IP) : DER_CTX(SAN_DNS),
				 n > 0 ? str_mem(ip, n) : cn};

	for (size_t i = 0; i < v->n_sans; i++)
		if (same_name(&want, &v->sans[i]) ||
		    (v->sans[i].tag != DER_CTX(SAN_IP) && str_eq(v->sans[i].value, cn)))
			return true;
	return false;
}

void lint_sans(struct lint_view *v)
{
	struct str cn = lint_common_name(v);
	bool said = false;

	for (size_t i = 0; i < v->n_sans; i++) {
		check_san(v, &v->sans[i]);
		for (size_t k = 0; k < i && !said; k++) {
			if (!same_name(&v->sans[k], &v->sans[i]))
				continue;
			lint_add(v, LINT_WARNING, "san_twice", san_section,
				 "subjectAltName has a name twice");
			said = true;
		}
	}
	if (cn.n > 0 && !v->is_ca && v->n_sans > 0 && !v->o->tls && !lint_cn_in_sans(v, cn))
		lint_add(v, LINT_NOTICE, "cn_not_in_san", "RFC 9525 2",
			 "common name " STR_FMT ": is not among the alternative names",
			 STR_ARG(cn));
}

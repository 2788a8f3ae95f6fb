/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "profile/lint_priv.h"

/*
 * lint.c - the linter: reading, and the order of the checks.
 *
 * It does not work on what cert_parse() made, since that refuses most of what is worth a finding:
 * the bytes are read once more, leniently, into a struct lint_view, and each check looks at the
 * part that it is about. When no check found an error and cert_parse() refuses the bytes all the
 * same, its sentence is the finding, so that "no errors" means that the certificate can be used.
 *
 * To add a check: lint_add() in the file of its part, with a code that no other check has, and a
 * row in t/unit/test_profile_lint.c. Codes are what people filter by.
 */

/* Its errors are none for those who do not ask for `tls`: see lint_refusal(). */
static bool is_lenient(const char *code)
{
	return strcmp(code, "attr_long") == 0 || strcmp(code, "attr_not_ia5") == 0;
}

const struct lint_finding *lint_refusal(const struct lint_report *r, const struct lint_options *o)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct lint_finding *f = &r->items[i];

		if (f->severity != LINT_ERROR || (!o->tls && is_lenient(f->code)) ||
		    (o->no_names && strcmp(f->code, "subject_empty") == 0))
			continue;
		return f;
	}
	return NULL;
}

const char *lint_severity_name(enum lint_severity s)
{
	switch (s) {
	case LINT_NOTICE:
		return "notice";
	case LINT_WARNING:
		return "warning";
	case LINT_ERROR:
		return "error";
	}
	return "";
}

void lint_add(struct lint_view *v, enum lint_severity s, const char *code, const char *section,
	      const char *fmt, ...)
{
	struct lint_report *r = v->r;
	char text[400];
	va_list ap;

	r->count[s]++;
	if (r->n == LINT_MAX) {
		/* So that a refusal cannot be crowded out: an error takes the last place. */
		const struct lint_finding *last = &r->items[LINT_MAX - 1];

		if (s != LINT_ERROR || (last->severity == LINT_ERROR && !is_lenient(last->code)))
			return;
		r->n--;
	}
	if (r->items == NULL)
		r->items = ARENA_ARRAY(r->arena, struct lint_finding, LINT_MAX);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	r->items[r->n++] = (struct lint_finding){s, code, section, arena_strdup(r->arena, text)};
}

const struct lint_ext *lint_ext(const struct lint_view *v, enum oid id)
{
	for (size_t i = 0; i < v->n_exts; i++)
		if (v->exts[i].id == id)
			return &v->exts[i];
	return NULL;
}

const char *lint_oid_text(struct lint_view *v, struct str oid)
{
	enum oid id = oid_find(oid);
	struct buf b = BUF_INIT;
	struct err ignored = ERR_INIT;
	const char *text;

	if (id != OID_NONE)
		return oid_name(id);
	if (oid_to_dotted(oid, &b, &ignored) < 0)
		buf_puts(&b, "(malformed identifier)");
	text = arena_cstr(v->r->arena, buf_view(&b));
	buf_release(&b);
	return text;
}

/* ---- reading ---- */

static void malformed(struct lint_view *v, const char *what)
{
	lint_add(v, LINT_ERROR, "der_malformed", "RFC 5280 4.1", "%s is not well-formed DER", what);
}

static void read_time(struct lint_view *v, struct str *validity, unsigned i)
{
	struct str copy = *validity;

	if (!der_get_any(validity, &v->time_tag[i], &v->time[i], NULL)) {
		malformed(v, "validity");
		return;
	}
	v->time_ok[i] = der_get_time(&copy, &v->at[i]);
}

static void read_one_ext(struct lint_view *v, struct str contents)
{
	struct lint_ext x = {0};
	bool flag = false;

	if (!der_get_oid(&contents, &x.oid)) {
		malformed(v, "an extension's identifier");
		return;
	}
	x.id = oid_find(x.oid);
	if (der_peek(contents, DER_BOOLEAN)) {
		flag = true;
		if (!der_get_bool(&contents, &x.critical)) {
			malformed(v, "an extension's critical flag");
			return;
		}
	}
	if (flag && !x.critical)
		lint_add(v, LINT_ERROR, "ext_critical_false", "X.690 11.5",
			 "extension %s: critical is written as FALSE, which is the default and is "
			 "left out in DER",
			 lint_oid_text(v, x.oid));
	if (!der_get(&contents, DER_OCTET_STRING, &x.value) || contents.n != 0) {
		malformed(v, "an extension's value");
		return;
	}
	for (size_t i = 0; i < v->n_exts; i++)
		if (str_eq(v->exts[i].oid, x.oid)) {
			lint_add(v, LINT_ERROR, "ext_twice", "RFC 5280 4.2",
				 "extension %s is there twice", lint_oid_text(v, x.oid));
			return;
		}
	if (v->n_exts < LINT_EXTS_MAX)
		v->exts[v->n_exts++] = x;
}

static void read_exts(struct lint_view *v, struct str outer)
{
	struct str seq, one;

	if (!der_get(&outer, DER_SEQUENCE, &seq) || outer.n != 0) {
		malformed(v, "the list of extensions");
		return;
	}
	if (seq.n == 0)
		lint_add(v, LINT_ERROR, "exts_empty", "RFC 5280 4.1.2.9",
			 "the list of extensions is there, but empty");
	v->exts = ARENA_ARRAY(v->r->arena, struct lint_ext, LINT_EXTS_MAX);
	while (der_get(&seq, DER_SEQUENCE, &one))
		read_one_ext(v, one);
	if (seq.n != 0)
		malformed(v, "the list of extensions");
}

static bool read_fields(struct lint_view *v, struct str *tbs)
{
	struct str part = STR_NULL, validity;
	bool present;
	uint64_t n = 0;

	if (!der_get_optional(tbs, DER_CTX_CONS(0), &present, &part) ||
	    (present && !der_get_uint(&part, &n)) || n > 2) {
		malformed(v, "version");
		return false;
	}
	v->version = (int)n + 1;
	if (!der_get(tbs, DER_INTEGER, &v->serial) ||
	    !der_get_element(tbs, DER_SEQUENCE, &v->inner_alg) ||
	    !der_get_element(tbs, DER_SEQUENCE, &v->issuer) ||
	    !der_get(tbs, DER_SEQUENCE, &validity)) {
		malformed(v, "serial number, algorithm, issuer or validity");
		return false;
	}
	read_time(v, &validity, 0);
	read_time(v, &validity, 1);
	if (!der_get_element(tbs, DER_SEQUENCE, &v->subject) ||
	    !der_get_element(tbs, DER_SEQUENCE, &v->spki)) {
		malformed(v, "subject or public key");
		return false;
	}
	return true;
}

bool lint_read(struct lint_view *v, struct str tbs)
{
	struct str contents, part;
	bool ids[2], exts;

	if (!der_get(&tbs, DER_SEQUENCE, &contents) || tbs.n != 0) {
		malformed(v, "TBSCertificate");
		return false;
	}
	if (!read_fields(v, &contents))
		return false;
	if (!der_get_optional(&contents, DER_CTX(1), &ids[0], &part) ||
	    !der_get_optional(&contents, DER_CTX(2), &ids[1], &part) ||
	    !der_get_optional(&contents, DER_CTX_CONS(3), &exts, &part) || contents.n != 0) {
		malformed(v, "what follows the public key");
		return true;
	}
	v->unique_ids = ids[0] || ids[1];
	if (exts)
		read_exts(v, part);
	if (exts && v->version != 3)
		lint_add(v, LINT_ERROR, "version_with_exts", "RFC 5280 4.1.2.1",
			 "version is %d, but a certificate with extensions has version 3",
			 v->version);
	return true;
}

/* ---- all ---- */

static void check_all(struct lint_view *v, struct str tbs)
{
	if (!lint_read(v, tbs))
		return;
	lint_exts(v); /* first: it decodes what the others look at */
	lint_fields(v);
	lint_dn(v, v->issuer, "issuer");
	lint_dn(v, v->subject, "subject");
	lint_sans(v);
	if (v->o->tls && !v->is_ca)
		lint_tls(v);
}

void lint_tbs(struct str tbs, const struct lint_options *o, struct lint_report *out)
{
	struct lint_view v = {.o = o, .r = out};

	check_all(&v, tbs);
}

void lint_der(struct str der, const struct lint_options *o, struct lint_report *out)
{
	struct lint_view v = {.o = o, .r = out};
	struct err e = ERR_INIT;
	struct str cur = der, seq, tbs, bits;
	struct cert parsed;

	if (!der_get(&cur, DER_SEQUENCE, &seq) || !der_get_element(&seq, DER_SEQUENCE, &tbs) ||
	    !der_get_element(&seq, DER_SEQUENCE, &v.outer_alg)) {
		malformed(&v, "the certificate");
		return;
	}
	if (cur.n != 0)
		lint_add(&v, LINT_ERROR, "der_trailing", "X.690",
			 "%zu bytes follow the certificate", cur.n);
	if (!der_get_bit_string(&seq, &bits) || seq.n != 0)
		malformed(&v, "the signature");
	check_all(&v, tbs);
	if (out->count[LINT_ERROR] == 0 && cert_parse(der, out->arena, &parsed, &e) < 0)
		lint_add(&v, LINT_ERROR, "not_readable", "RFC 5280 4.1", "%s", e.msg);
}

void lint_cert(const struct cert *c, const struct lint_options *o, struct lint_report *out)
{
	lint_der(c->der, o, out);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "profile/content_priv.h"

/*
 * content_name.c - distinguished names of templates: JSON to DER.
 *
 * A field with several values is one RDN (a SET, in DER order); the fields stand in a fixed order,
 * the extra names behind them, each an RDN of its own. An extra name with the OID of a field takes
 * the field's place away. Strings are PrintableString where the text allows it, else UTF8String;
 * an e-mail address is an IA5String, whatever it holds (what it may not hold, recheck.c finds).
 */

enum {
	FIELD_COUNTRY,
	FIELD_ORGANIZATION,
	FIELD_UNIT,
	FIELD_LOCALITY,
	FIELD_PROVINCE,
	FIELD_STREET,
	FIELD_POSTAL,
	FIELD_SERIAL,
	FIELD_COMMON_NAME,
	FIELD_EXTRA
};

/* ---- reading ---- */

static int read_list(struct str v, const char *what, const char *field, struct arena *a,
		     struct text_list *out, struct err *e)
{
	struct str *items;
	size_t n;

	if (cj_get_text_or_texts(v, field, a, &items, &n, e) < 0)
		return err_wrap(e, "%s", what);
	*out = (struct text_list){.items = items, .n = n};
	return 0;
}

static int read_attr(struct str v, struct arena *a, struct content_attr *out, struct err *e)
{
	static const char *const names[] = {"type", "value", NULL};
	struct cj_walk w = cj_walk(v);

	if (cj_is_null(v))
		return 0;
	if (cj_kind(v) != CJ_OBJECT)
		return cj_wrong_type(v, "extraNames", "an object", e);
	while (cj_member(&w)) {
		struct str text = STR_NULL;

		switch (cj_key_index(w.key, names)) {
		case 0:
			if (cj_get_text(w.value, "type", a, &text, e) < 0 ||
			    content_oid(text, "type", a, &out->oid, e) < 0)
				return err_wrap(e, "extraNames");
			break;
		case 1:
			out->no_text = cj_kind(w.value) != CJ_STRING;
			out->value = out->no_text ? STR_NULL : cj_text(w.value, a);
			break;
		default:
			break;
		}
	}
	return 0;
}

static int read_extra(struct str v, struct arena *a, struct content_name *out, struct err *e)
{
	struct content_attr *items;
	struct cj_walk w = cj_walk(v);
	size_t n = cj_count(v);

	if (cj_is_null(v) || n == 0) {
		out->n_extra = out->cap_extra = 0;
		return cj_is_null(v) || cj_kind(v) == CJ_ARRAY
			       ? 0
			       : cj_wrong_type(v, "extraNames", "a list", e);
	}
	items = ARENA_ARRAY(a, struct content_attr, n > out->cap_extra ? n : out->cap_extra);
	if (out->cap_extra > 0)
		memcpy(items, out->extra, out->cap_extra * sizeof(*items));
	for (size_t i = out->cap_extra; i < n; i++)
		items[i].no_text = true; /* Go's nil */
	for (size_t i = 0; cj_item(&w); i++)
		if (read_attr(w.value, a, &items[i], e) < 0)
			return -1;
	out->extra = items;
	out->n_extra = n;
	out->cap_extra = n > out->cap_extra ? n : out->cap_extra;
	return 0;
}

static int read_field(int field, struct str v, const char *what, struct arena *a,
		      struct content_name *out, struct err *e)
{
	switch (field) {
	case FIELD_COUNTRY:
		return read_list(v, what, "country", a, &out->country, e);
	case FIELD_ORGANIZATION:
		return read_list(v, what, "organization", a, &out->organization, e);
	case FIELD_UNIT:
		return read_list(v, what, "organizationalUnit", a, &out->unit, e);
	case FIELD_LOCALITY:
		return read_list(v, what, "locality", a, &out->locality, e);
	case FIELD_PROVINCE:
		return read_list(v, what, "province", a, &out->province, e);
	case FIELD_STREET:
		return read_list(v, what, "streetAddress", a, &out->street, e);
	case FIELD_POSTAL:
		return read_list(v, what, "postalCode", a, &out->postal, e);
	case FIELD_SERIAL:
		return cj_get_text(v, "serialNumber", a, &out->serial, e);
	case FIELD_COMMON_NAME:
		return cj_get_text(v, "commonName", a, &out->common_name, e);
	case FIELD_EXTRA:
		return read_extra(v, a, out, e);
	default:
		return 0;
	}
}

int content_name_read(struct str json, const char *what, struct arena *a, struct content_name *out,
		      struct err *e)
{
	static const char *const names[] = {"country",
					    "organization",
					    "organizationalUnit",
					    "locality",
					    "province",
					    "streetAddress",
					    "postalCode",
					    "serialNumber",
					    "commonName",
					    "extraNames",
					    NULL};
	struct cj_walk w = cj_walk(json);

	*out = (struct content_name){0};
	if (cj_is_null(json))
		return 0;
	if (cj_kind(json) == CJ_STRING) {
		out->common_name = cj_text(json, a);
		return 0;
	}
	if (cj_kind(json) != CJ_OBJECT)
		return cj_wrong_type(json, what, "a string or an object", e);
	while (cj_member(&w))
		if (read_field(cj_key_index(w.key, names), w.value, what, a, out, e) < 0)
			return err_wrap(e, "%s", what);
	return 0;
}

/* ---- writing ---- */

static bool overridden(const struct content_name *n, struct str oid)
{
	for (size_t i = 0; i < n->n_extra; i++)
		if (str_eq(n->extra[i].oid, oid))
			return true;
	return false;
}

static void put_attr(struct buf *out, struct str oid, struct str value)
{
	struct der_mark m = der_begin(out, DER_SEQUENCE);

	der_put_oid(out, oid);
	x509_put_text(out, value);
	der_end(out, m);
}

static int compare(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Several values: each encoded, then sorted. */
static void put_set(struct buf *out, struct str oid, const struct text_list *values)
{
	struct arena *a = arena_new();
	struct str *pieces = ARENA_ARRAY(a, struct str, values->n);
	struct buf one = BUF_INIT;

	for (size_t i = 0; i < values->n; i++) {
		buf_reset(&one);
		put_attr(&one, oid, values->items[i]);
		pieces[i] = arena_str(a, buf_view(&one));
	}
	qsort(pieces, values->n, sizeof(*pieces), compare);
	for (size_t i = 0; i < values->n; i++)
		buf_str(out, pieces[i]);
	buf_release(&one);
	arena_free(a);
}

static void put_field(const struct content_name *n, enum oid id, const struct text_list *values,
		      struct buf *out)
{
	struct der_mark m;

	if (values->n == 0 || overridden(n, oid_der(id)))
		return;
	m = der_begin(out, DER_SET);
	if (values->n == 1)
		put_attr(out, oid_der(id), values->items[0]);
	else
		put_set(out, oid_der(id), values);
	der_end(out, m);
}

static void put_text(const struct content_name *n, enum oid id, struct str value, struct buf *out)
{
	const struct text_list one = {.items = &value, .n = 1};

	if (value.n > 0)
		put_field(n, id, &one, out);
}

static int put_extra(const struct content_attr *at, const char *what, struct buf *out,
		     struct err *e)
{
	struct der_mark set, m;

	if (at->oid.n == 0)
		return content_oid_unencodable(what, e);
	if (at->no_text)
		return ERR(e, ERR_INVALID, "%s: the value of an extra name is not a string", what);
	set = der_begin(out, DER_SET);
	m = der_begin(out, DER_SEQUENCE);
	der_put_oid(out, at->oid);
	if (oid_find(at->oid) == OID_EMAIL_ADDRESS)
		der_put(out, DER_IA5_STRING, at->value);
	else
		x509_put_text(out, at->value);
	der_end(out, m);
	der_end(out, set);
	return 0;
}

#define ATTRS_MAX 1000U

int content_name_write(const struct content_name *n, const char *what, struct buf *out,
		       struct err *e)
{
	size_t count = n->country.n + n->organization.n + n->unit.n + n->locality.n +
		       n->province.n + n->street.n + n->postal.n + n->n_extra;
	struct der_mark all = der_begin(out, DER_SEQUENCE);

	if (count > ATTRS_MAX)
		return ERR(e, ERR_TOO_LARGE, "%s: more than %u attributes", what, ATTRS_MAX);
	put_field(n, OID_C, &n->country, out);
	put_field(n, OID_ST, &n->province, out);
	put_field(n, OID_L, &n->locality, out);
	put_field(n, OID_STREET, &n->street, out);
	put_field(n, OID_POSTAL_CODE, &n->postal, out);
	put_field(n, OID_O, &n->organization, out);
	put_field(n, OID_OU, &n->unit, out);
	put_text(n, OID_CN, n->common_name, out);
	put_text(n, OID_SERIAL_NUMBER, n->serial, out);
	for (size_t i = 0; i < n->n_extra; i++)
		if (put_extra(&n->extra[i], what, out, e) < 0)
			return -1;
	der_end(out, all);
	return 0;
}

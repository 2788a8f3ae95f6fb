/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/b64.h"
#include "profile/content_types.h"

/* content_subject.c - x509util.Subject and x509util.SubjectAlternativeName. */

/* ---- x509util.DistinguishedName: p is a struct content_attr ---- */

static struct tv attr_type(const struct tv *self, struct arena *a)
{
	return content_tv_oid(&content_type_oid, ((const struct content_attr *)self->p)->oid, a);
}

static struct tv attr_value(const struct tv *self, struct arena *a)
{
	const struct content_attr *at = self->p;

	(void)a;
	return at->no_text ? tv_null() : tv_any(tv_str(at->value));
}

static const struct tv_field attr_fields[] = {
	{"Type", "type", false, attr_type},
	{"Value", "value", false, attr_value},
	{0},
};
static const struct tv_type type_attr = {
	.name = "x509util.DistinguishedName", .kind = TV_STRUCT, .fields = attr_fields};
static const struct tv_type type_attrs = {
	.name = "[]x509util.DistinguishedName", .kind = TV_SLICE, .elem = &type_attr};

/* ---- x509util.Subject: p is a struct content_name ---- */

#define LIST_FIELD(func, field)                                                                    \
	static struct tv func(const struct tv *self, struct arena *a)                              \
	{                                                                                          \
		const struct content_name *n = self->p;                                            \
                                                                                                   \
		return content_tv_texts(&content_type_multi_string, n->field.items, n->field.n,    \
					a);                                                        \
	}
#define TEXT_FIELD(func, field)                                                                    \
	static struct tv func(const struct tv *self, struct arena *a)                              \
	{                                                                                          \
		(void)a;                                                                           \
		return tv_str(((const struct content_name *)self->p)->field);                      \
	}

LIST_FIELD(get_country, country)
LIST_FIELD(get_organization, organization)
LIST_FIELD(get_unit, unit)
LIST_FIELD(get_locality, locality)
LIST_FIELD(get_province, province)
LIST_FIELD(get_street, street)
LIST_FIELD(get_postal, postal)
TEXT_FIELD(get_serial, serial)
TEXT_FIELD(get_common_name, common_name)

static struct tv get_extra(const struct tv *self, struct arena *a)
{
	const struct content_name *n = self->p;
	struct tv *items;

	if (n->n_extra == 0)
		return tv_nil_list(&type_attrs);
	items = ARENA_ARRAY(a, struct tv, n->n_extra);
	for (size_t i = 0; i < n->n_extra; i++)
		items[i] = tv_of(&type_attr, &n->extra[i]);
	return tv_list(&type_attrs, items, n->n_extra);
}

static int is_empty(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	struct err ignored = ERR_INIT;
	struct buf der = BUF_INIT;

	(void)c;
	(void)n;
	*out = tv_bool(content_name_write(args[0].p, "subject", &der, &ignored) == 0 && der.n == 2);
	buf_release(&der);
	return 0;
}

static const struct tmpl_func subject_methods[] = {{"IsEmpty", "", 'b', 0, is_empty}, {0}};
static const struct tv_field subject_fields[] = {
	{"Country", "country", true, get_country},
	{"Organization", "organization", true, get_organization},
	{"OrganizationalUnit", "organizationalUnit", true, get_unit},
	{"Locality", "locality", true, get_locality},
	{"Province", "province", true, get_province},
	{"StreetAddress", "streetAddress", true, get_street},
	{"PostalCode", "postalCode", true, get_postal},
	{"SerialNumber", "serialNumber", true, get_serial},
	{"CommonName", "commonName", true, get_common_name},
	{"ExtraNames", "extraNames", true, get_extra},
	{0},
};
static const struct tv_type type_subject = {.name = "x509util.Subject",
					    .kind = TV_STRUCT,
					    .fields = subject_fields,
					    .methods = subject_methods};

struct tv content_tv_subject(const struct content_name *n)
{
	return tv_of(&type_subject, n);
}

/* ---- from a Name ---- */

static struct text_list *list_of(struct content_name *n, enum oid id)
{
	struct text_list *const lists[] = {&n->country,	 &n->organization, &n->unit,  &n->locality,
					   &n->province, &n->street,	   &n->postal};
	static const enum oid ids[] = {OID_C,  OID_O,	   OID_OU,	   OID_L,
				       OID_ST, OID_STREET, OID_POSTAL_CODE};

	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		if (ids[i] == id)
			return lists[i];
	return NULL;
}

void content_name_from(const struct name *n, struct arena *a, struct content_name *out)
{
	*out = (struct content_name){.extra = ARENA_ARRAY(a, struct content_attr, n->n + 1)};
	for (size_t i = 0; i < n->n; i++) {
		const struct name_attr *at = &n->attrs[i];
		enum oid id = oid_find(at->oid);
		struct text_list *l = list_of(out, id);

		if (id == OID_CN) {
			out->common_name = at->value;
		} else if (id == OID_SERIAL_NUMBER) {
			out->serial = at->value;
		} else if (l == NULL) {
			out->extra[out->n_extra++] =
				(struct content_attr){.oid = at->oid, .value = at->value};
		} else {
			struct str *items = ARENA_ARRAY(a, struct str, l->n + 1);

			if (l->n > 0)
				memcpy(items, l->items, l->n * sizeof(*items));
			items[l->n] = at->value;
			*l = (struct text_list){.items = items, .n = l->n + 1};
		}
	}
}

/* ---- x509util.SubjectAlternativeName: p is a struct content_san ---- */

static struct tv san_type(const struct tv *self, struct arena *a)
{
	(void)a;
	return tv_str(((const struct content_san *)self->p)->type);
}

static struct tv san_value(const struct tv *self, struct arena *a)
{
	(void)a;
	return tv_str(((const struct content_san *)self->p)->value);
}

static struct tv san_asn1(const struct tv *self, struct arena *a)
{
	struct str asn1 = ((const struct content_san *)self->p)->asn1;
	struct tv v = {.type = &content_type_raw_message, .nil = asn1.n == 0};

	(void)a;
	v.s = asn1;
	return v;
}

static const struct tv_field san_fields[] = {
	{"Type", "type", false, san_type},
	{"Value", "value", false, san_value},
	{"ASN1Value", "asn1Value", true, san_asn1},
	{0},
};
static const struct tv_type type_san = {
	.name = "x509util.SubjectAlternativeName", .kind = TV_STRUCT, .fields = san_fields};
static const struct tv_type type_sans = {
	.name = "[]x509util.SubjectAlternativeName", .kind = TV_SLICE, .elem = &type_san};

struct tv content_tv_sans(const struct content_san *items, size_t n, struct arena *a)
{
	struct tv *out = ARENA_ARRAY(a, struct tv, n + 1);

	for (size_t i = 0; i < n; i++)
		out[i] = tv_of(&type_san, &items[i]);
	return tv_list(&type_sans, out, n); /* empty, not nil */
}

static struct str taken(struct buf *b, struct arena *a)
{
	struct str s = arena_str(a, buf_view(b));

	buf_release(b);
	return s;
}

/* otherName as templates write it: its id, and the value as it stands. */
static bool other_name(struct str v, struct arena *a, struct content_san *out)
{
	struct err ignored = ERR_INIT;
	struct buf id = BUF_INIT, value = BUF_INIT;
	struct str oid;

	if (!der_get_oid(&v, &oid) || oid_to_dotted(oid, &id, &ignored) < 0) {
		buf_release(&id);
		return false;
	}
	buf_puts(&value, "raw:");
	b64_encode(B64_STD, v, &value);
	out->type = taken(&id, a);
	out->value = taken(&value, a);
	return true;
}

static bool asked(const struct san *s, struct arena *a, struct content_san *out)
{
	struct err ignored = ERR_INIT;
	struct content_url url;
	struct buf text = BUF_INIT;

	*out = (struct content_san){.value = s->value};
	switch (s->type) {
	case SAN_DNS:
		out->type = STR("dns");
		return true;
	case SAN_EMAIL:
		out->type = STR("email");
		return true;
	case SAN_IP:
		out->type = STR("ip");
		san_to_text(s, &text);
		out->value = taken(&text, a);
		return true;
	case SAN_URI:
		out->type = STR("uri");
		if (content_url(s->value, a, &url, &ignored) == 0)
			out->value = url.text;
		return true;
	case SAN_RID:
		out->type = STR("registeredID");
		if (oid_to_dotted(s->value, &text, &ignored) < 0) {
			buf_release(&text);
			return false;
		}
		out->value = taken(&text, a);
		return true;
	case SAN_OTHER:
		return other_name(s->value, a, out);
	case SAN_X400:
	case SAN_DIRNAME:
	case SAN_EDI:
		break;
	}
	return false; /* nobody may ask for these */
}

struct tv content_tv_asked(const struct san_list *l, struct arena *a)
{
	static const enum san_type order[] = {SAN_DNS, SAN_IP,	SAN_EMAIL,
					      SAN_URI, SAN_RID, SAN_OTHER};
	struct content_san *items = ARENA_ARRAY(a, struct content_san, l->n + 1);
	size_t n = 0;

	for (size_t k = 0; k < ARRAY_LEN(order); k++)
		for (size_t i = 0; i < l->n; i++)
			if (l->items[i].type == order[k] && asked(&l->items[i], a, &items[n]))
				n++;
	return content_tv_sans(items, n, a);
}

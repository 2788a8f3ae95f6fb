/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/clock.h"
#include "codec/b64.h"
#include "codec/json.h"
#include "profile/content_types.h"

/*
 * content_webhook.c - request and certificate as JSON for webhooks, in the members that step's
 * have.
 *
 * The certificate is described from its decoded bytes, so that a webhook judges what would be
 * signed. Extensions that no other member tells of are listed under `extensions`.
 */

static json_t *base64(struct str bytes)
{
	struct buf b = BUF_INIT;
	json_t *v;

	b64_encode(B64_STD, bytes, &b);
	v = json_str_new(buf_view(&b));
	buf_release(&b);
	return v;
}

static json_t *base64_or_null(struct str bytes)
{
	return bytes.n > 0 ? base64(bytes) : json_null();
}

static json_t *to_json(struct tv v, struct arena *a)
{
	struct buf text = BUF_INIT, why = BUF_INIT;
	json_t *out = NULL;

	if (tv_to_json(v, TV_JSON_RAW, a, &text, &why) == 0)
		out = json_loadb(text.p, text.n, JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
	buf_release(&text);
	buf_release(&why);
	return out != NULL ? out : json_null();
}

json_t *content_request_json(const struct content_input *in, struct arena *a)
{
	json_t *body = json_object(), *r;

	if (in->csr == NULL)
		return body;
	r = to_json(content_tv_request(in, a), a);
	json_object_set_new(r, "publicKey", base64(in->csr->spki));
	json_object_set_new(r, "publicKeyAlgorithm",
			    json_string(content_key_alg_name(in->csr->spki)));
	json_object_set_new(r, "raw", base64(in->csr->der));
	json_object_set_new(body, "x509CertificateRequest", r);
	return body;
}

/* ---- the certificate ---- */

static json_t *dotted(struct str oid)
{
	struct err ignored = ERR_INIT;
	struct buf b = BUF_INIT;
	json_t *v = json_string("");

	if (oid_to_dotted(oid, &b, &ignored) == 0) {
		json_decref(v);
		v = json_str_new(buf_view(&b));
	}
	buf_release(&b);
	return v;
}

static json_t *time_text(int64_t t)
{
	char text[24];

	return json_string(time_format_rfc3339(t, text));
}

static void put_usages(json_t *o, const struct cert *c)
{
	json_t *usage = json_array(), *named = json_array(), *unknown = json_array();
	const char *name;

	for (unsigned i = 0; (name = content_usage_name(i)) != NULL; i++)
		if ((c->key_usage >> i & 1) != 0)
			json_array_append_new(usage, json_string(name));
	for (size_t i = 0; i < c->n_ekus; i++) {
		name = content_eku_name(c->ekus[i]);
		if (name != NULL)
			json_array_append_new(named, json_string(name));
		else
			json_array_append_new(unknown, dotted(c->ekus[i]));
	}
	json_object_set_new(o, "keyUsage", usage);
	json_object_set_new(o, "extKeyUsage", named);
	json_object_set_new(o, "unknownExtKeyUsage", unknown);
}

static void put_sans(json_t *o, const struct cert *c, struct arena *a)
{
	static const struct {
		const char *key;
		enum san_type type;
	} plain[] = {{"dnsNames", SAN_DNS},
		     {"emailAddresses", SAN_EMAIL},
		     {"ipAddresses", SAN_IP},
		     {"uris", SAN_URI}};
	struct san_list rest = {.items = ARENA_ARRAY(a, struct san, c->sans.n + 1)};

	for (size_t k = 0; k < ARRAY_LEN(plain); k++) {
		json_t *list = json_array();

		for (size_t i = 0; i < c->sans.n; i++) {
			struct buf text = BUF_INIT;

			if (c->sans.items[i].type != plain[k].type)
				continue;
			san_to_text(&c->sans.items[i], &text);
			json_array_append_new(list, json_str_new(buf_view(&text)));
			buf_release(&text);
		}
		json_object_set_new(o, plain[k].key, list);
	}
	for (size_t i = 0; i < c->sans.n; i++)
		if (c->sans.items[i].type == SAN_OTHER || c->sans.items[i].type == SAN_RID)
			rest.items[rest.n++] = c->sans.items[i];
	json_object_set_new(o, "sans", to_json(content_tv_asked(&rest, a), a));
}

/* Is what this extension says told by another member? */
static bool told(const struct cert *c, struct str oid)
{
	static const enum oid ids[] = {OID_SUBJECT_KEY_ID,    OID_KEY_USAGE,
				       OID_BASIC_CONSTRAINTS, OID_AUTHORITY_KEY_ID,
				       OID_EXT_KEY_USAGE,     OID_SAN};
	enum oid id = oid_find(oid);

	for (size_t i = 0; i < c->sans.n && id == OID_SAN; i++)
		if (c->sans.items[i].type == SAN_DIRNAME || c->sans.items[i].type == SAN_X400 ||
		    c->sans.items[i].type == SAN_EDI)
			return false;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		if (ids[i] == id)
			return true;
	return false;
}

static json_t *extensions(const struct cert *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->exts.n; i++) {
		const struct ext *x = &c->exts.items[i];
		json_t *one;

		if (told(c, x->oid))
			continue;
		one = json_object();
		json_object_set_new(one, "id", dotted(x->oid));
		json_object_set_new(one, "critical", json_boolean(x->critical));
		json_object_set_new(one, "value", base64(x->value));
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *texts(const struct text_list *l)
{
	json_t *list = json_array();

	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(list, json_str_new(l->items[i]));
	return list;
}

json_t *content_certificate_json(const struct profile_fields *f, const struct cert *c,
				 struct arena *a)
{
	struct content_name subject;
	struct buf serial = BUF_INIT;
	json_t *o = json_object(), *bc = json_null();

	content_name_from(&c->subject, a, &subject);
	serial_to_decimal(c->serial, &serial);
	if (c->has_basic_constraints) {
		bc = json_object();
		json_object_set_new(bc, "isCA", json_boolean(c->is_ca));
		json_object_set_new(bc, "maxPathLen", json_integer(c->max_path_len));
	}
	json_object_set_new(o, "version", json_integer(c->version));
	json_object_set_new(o, "subject", to_json(content_tv_subject(&subject), a));
	json_object_set_new(o, "rawSubject", base64(c->subject.der));
	json_object_set_new(o, "serialNumber", json_str_new(buf_view(&serial)));
	buf_release(&serial);
	put_sans(o, c, a);
	json_object_set_new(o, "extensions", extensions(c));
	put_usages(o, c);
	json_object_set_new(o, "subjectKeyId", base64_or_null(c->ski));
	json_object_set_new(o, "authorityKeyId", base64_or_null(c->aki));
	json_object_set_new(o, "ocspServer", texts(&f->ocsp));
	json_object_set_new(o, "issuingCertificateURL", texts(&f->issuers));
	json_object_set_new(o, "crlDistributionPoints", texts(&f->crls));
	json_object_set_new(o, "basicConstraints", bc);
	json_object_set_new(o, "publicKey", base64(c->spki));
	json_object_set_new(o, "publicKeyAlgorithm", json_string(content_key_alg_name(c->spki)));
	json_object_set_new(o, "notBefore", time_text(c->not_before));
	json_object_set_new(o, "notAfter", time_text(c->not_after));
	json_object_set_new(o, "raw", json_null());
	return o;
}

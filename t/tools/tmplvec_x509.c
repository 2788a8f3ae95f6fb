/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/clock.h"
#include "base/file.h"
#include "codec/b64.h"
#include "codec/json.h"
#include "profile/content_types.h"
#include "tmplvec.h"

/*
 * tmplvec_x509.c - certificate vectors: the variables as step makes them, the template, and the
 * certificate that the CA of the vectors would sign. Nothing is signed: the vectors compare content.
 */

struct run {
	struct arena *arena;
	const json_t *vector;
	struct csr csr;
	struct cert ca, authorization;
	bool has_authorization;
};

static int read_ca(struct run *r, const char *dir, struct err *e)
{
	struct buf pem = BUF_INIT;
	struct str *ders;
	size_t n;
	int rc = file_read(arena_printf(r->arena, "%s/x509-ca.crt", dir), 1 << 16, &pem, e);

	if (rc == 0)
		rc = cert_pem_read(buf_view(&pem), r->arena, &ders, &n, e);
	if (rc == 0)
		rc = cert_parse(ders[0], r->arena, &r->ca, e);
	buf_release(&pem);
	return rc;
}

static int read_inputs(struct run *r, const char *dir, struct err *e)
{
	struct str csr, auth;
	struct str *ders;
	size_t n;

	if (read_ca(r, dir, e) < 0 || json_get_str(r->vector, "csr", 0, &csr, e) < 0 ||
	    csr_pem_parse(csr, r->arena, &r->csr, e) < 0)
		return -1;
	if (json_opt_str(r->vector, "authorization_crt", 0, &auth, e) < 0)
		return -1;
	r->has_authorization = auth.n > 0;
	if (!r->has_authorization)
		return 0;
	if (cert_pem_read(auth, r->arena, &ders, &n, e) < 0)
		return -1;
	return cert_parse(ders[0], r->arena, &r->authorization, e);
}

/* A piece of the data as JSON text, for the readers of the content. */
static struct str text_of(struct run *r, const json_t *v)
{
	char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
	struct str s = arena_str(r->arena, str_c(text));

	free(text);
	return s;
}

static int subject(struct run *r, const json_t *v, struct tv *out, struct err *e)
{
	struct content_name *n = ARENA_NEW(r->arena, struct content_name);

	if (content_name_read(text_of(r, v), "Subject", r->arena, n, e) < 0)
		return -1;
	*out = content_tv_subject(n);
	return 0;
}

static int sans(struct run *r, const json_t *v, struct tv *out, struct err *e)
{
	size_t n = json_array_size(v);
	struct content_san *items = ARENA_ARRAY(r->arena, struct content_san, n + 1);

	for (size_t i = 0; i < n; i++)
		if (content_san_read(text_of(r, json_array_get(v, i)), r->arena, &items[i], e) < 0)
			return -1;
	*out = content_tv_sans(items, n, r->arena);
	return 0;
}

static int make_dot(struct run *r, struct tv *dot, struct err *e)
{
	const json_t *data = json_object_get(r->vector, "data");
	const struct content_input in = {
		.csr = &r->csr,
		.authorization = r->has_authorization ? &r->authorization : NULL,
		.user = json_object_get(json_object_get(data, "Insecure"), "User"),
	};
	struct tv plain = vec_data(r->vector, r->arena), v;

	*dot = content_vars(&in, r->arena);
	tv_map_unset(dot->map, STR("Now"));
	tv_map_unset(dot->map, STR("Subject"));
	for (size_t i = 0; i < tv_count(plain); i++) {
		struct str key = plain.map->entries[i].key;
		const json_t *member = json_object_getn(data, key.p, key.n);

		v = plain.map->entries[i].value;
		if (str_eqc(key, "Insecure"))
			continue;
		if (str_eqc(key, "Subject") && subject(r, member, &v, e) < 0)
			return -1;
		if (str_eqc(key, "SANs") && sans(r, member, &v, e) < 0)
			return -1;
		tv_map_set(dot->map, key, v);
	}
	return 0;
}

/* ---- the certificate, in the vectors' form ---- */

static json_t *hex(struct str s)
{
	struct buf b = BUF_INIT;
	json_t *v;

	hex_encode(s, &b);
	v = json_string(b.p != NULL ? b.p : "");
	buf_release(&b);
	return v;
}

static json_t *dotted(struct str oid)
{
	struct err ignored = ERR_INIT;
	struct buf b = BUF_INIT;
	json_t *v;

	if (oid_to_dotted(oid, &b, &ignored) < 0)
		buf_puts(&b, "?");
	v = json_string(b.p);
	buf_release(&b);
	return v;
}

static json_t *extensions(struct str outer)
{
	json_t *list = json_array();
	struct str seq, one, oid, value;

	if (!der_get(&outer, DER_SEQUENCE, &seq))
		return list;
	while (der_get(&seq, DER_SEQUENCE, &one)) {
		json_t *x = json_object();
		bool critical = false;

		if (!der_get_oid(&one, &oid))
			oid = STR_NULL;
		if (der_peek(one, DER_BOOLEAN) && !der_get_bool(&one, &critical))
			critical = false;
		if (!der_get(&one, DER_OCTET_STRING, &value))
			value = STR_NULL;
		json_object_set_new(x, "id", dotted(oid));
		json_object_set_new(x, "critical", json_boolean(critical));
		json_object_set_new(x, "value", hex(value));
		json_array_append_new(list, x);
	}
	return list;
}

static void put_time(json_t *o, const char *key, bool set, int64_t t)
{
	char text[24];

	if (set)
		json_object_set_new(o, key, json_string(time_format_rfc3339(t, text)));
}

static json_t *describe(const struct profile_fields *f, struct str tbs)
{
	struct str in, alg, oid = STR_NULL, subject_der = STR_NULL, outer;
	struct buf serial = BUF_INIT;
	json_t *o = json_object();
	bool present = false;

	if (!der_get(&tbs, DER_SEQUENCE, &in) || !der_get(&in, DER_CTX_CONS(0), NULL) ||
	    !der_get(&in, DER_INTEGER, NULL) || !der_get(&in, DER_SEQUENCE, &alg) ||
	    !der_get_oid(&alg, &oid) || !der_get(&in, DER_SEQUENCE, NULL) ||
	    !der_get(&in, DER_SEQUENCE, NULL) ||
	    !der_get_element(&in, DER_SEQUENCE, &subject_der) ||
	    !der_get(&in, DER_SEQUENCE, NULL) ||
	    !der_get_optional(&in, DER_CTX_CONS(3), &present, &outer))
		present = false;
	json_object_set_new(o, "version", json_integer(3));
	if (f->odd->has_serial)
		serial_to_decimal(f->odd->serial, &serial);
	json_object_set_new(o, "serial", json_string(serial.n > 0 ? serial.p : "default"));
	buf_release(&serial);
	json_object_set_new(o, "signature_algorithm", dotted(oid));
	put_time(o, "not_before", f->has_not_before, f->not_before);
	put_time(o, "not_after", f->has_not_after, f->not_after);
	json_object_set_new(o, "subject", hex(subject_der));
	json_object_set_new(o, "extensions", present ? extensions(outer) : json_array());
	return o;
}

static int make_cert(struct run *r, struct str text, json_t *out, struct err *e)
{
	struct profile_fields f;
	struct profile_tbs p = {.serial = STR("\x01"), .issuer = &r->ca};
	struct buf tbs = BUF_INIT;
	int rc = -1;

	if (content_read_as_step(text, r->arena, &f, e) < 0 ||
	    profile_sig_alg(&f, SIG_ECDSA_SHA256, &p.sig_alg, e) < 0)
		return -1;
	p.not_before = f.has_not_before ? f.not_before : r->ca.not_before;
	p.not_after = f.has_not_after ? f.not_after : r->ca.not_after;
	p.subject_key = key_from_spki(r->csr.spki, e);
	if (p.subject_key != NULL)
		rc = profile_tbs(&f, &p, r->arena, &tbs, e);
	if (rc == 0)
		json_object_set_new(out, "cert", describe(&f, buf_view(&tbs)));
	key_free(p.subject_key);
	buf_release(&tbs);
	return rc;
}

int vec_x509(const json_t *vector, const char *ca_dir, json_t *out)
{
	struct run r = {.arena = arena_new(), .vector = vector};
	struct err e = ERR_INIT;
	struct buf text = BUF_INIT;
	struct tv dot;

	if (read_inputs(&r, ca_dir, &e) < 0 || make_dot(&r, &dot, &e) < 0) {
		vec_error(out, "panic", str_c(e.msg), 0, -1);
	} else if (vec_render(vector, dot, r.arena, &text, out) == 0) {
		vec_want(out, buf_view(&text));
		if (make_cert(&r, buf_view(&text), out, &e) < 0)
			vec_error(out, "cert", str_c(e.msg), 0, -1);
	}
	buf_release(&text);
	arena_free(r.arena);
	return 0;
}

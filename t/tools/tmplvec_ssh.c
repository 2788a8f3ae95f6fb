/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/file.h"
#include "base/mem.h"
#include "codec/b64.h"
#include "profile/ssh_content.h"
#include "tmplvec.h"

/*
 * The SSH vectors: the template with their request, its JSON to fields, and the whole certificate
 * signed by ssh-ca.key, with 32 times 'N' as nonce and 1 as serial where the template gave none.
 */
static struct key *load_ca(const char *dir)
{
	char *path = file_join(dir, "ssh-ca.key");
	struct buf data = BUF_INIT;
	struct err e = ERR_INIT;
	struct key *k = NULL;

	if (file_read(path, 65536, &data, &e) == 0)
		k = ssh_private_key(buf_view(&data), &e);
	if (k == NULL) {
		fprintf(stderr, "tmplvec: %s\n", e.msg);
		exit(2);
	}
	buf_wipe_release(&data);
	mem_free(path);
	return k;
}

static struct str text_of(const json_t *v, const char *key)
{
	const json_t *s = json_object_get(v, key);

	return json_is_string(s) ? str_mem(json_string_value(s), json_string_length(s)) : STR_NULL;
}

/* .Principals and the request's are []string in Go. */
static struct tv texts(const json_t *list, struct arena *a)
{
	size_t n = json_array_size(list);
	struct str *items = ARENA_ARRAY(a, struct str, n + 1);

	if (!json_is_array(list))
		return tv_nil_list(&tv_type_strings);
	for (size_t i = 0; i < n; i++) {
		const json_t *one = json_array_get(list, i);
		items[i] = arena_str(a, str_mem(json_string_value(one), json_string_length(one)));
	}
	return tv_strings(a, items, n);
}

static void read_request(const json_t *cr, struct ssh_key *key, struct ssh_content_request *r,
			 struct arena *a)
{
	const json_t *list = json_object_get(cr, "principals");
	size_t n = json_array_size(list);
	struct str *items = ARENA_ARRAY(a, struct str, n + 1);
	struct ssh_text text;
	struct err e = ERR_INIT;

	if (ssh_text_parse(text_of(cr, "key"), &text, &e) != 0 ||
	    ssh_key_parse(arena_str(a, buf_view(&text.blob)), key, &e) != 0)
		fprintf(stderr, "tmplvec: %s\n", e.msg);
	ssh_text_release(&text);
	for (size_t i = 0; i < n; i++)
		items[i] = str_c(json_string_value(json_array_get(list, i)));
	*r = (struct ssh_content_request){.key = key,
					  .type = text_of(cr, "type"),
					  .key_id = text_of(cr, "keyID"),
					  .principals = items,
					  .n_principals = n,
					  .has_principals = json_is_array(list)};
}

/* The vector's data, with Go's types where the CA makes the values. */
static struct tv make_dot(const json_t *vector, const struct ssh_content_request *r,
			  struct arena *a)
{
	const json_t *data = json_object_get(vector, "data"), *v;
	struct tv dot = tv_map_new(a, &ssh_type_template_data, 16);
	struct tv insecure = tv_map_new(a, &ssh_type_template_data, 4);
	void *at = json_object_iter((json_t *)(uintptr_t)data);

	for (; at != NULL; at = json_object_iter_next((json_t *)(uintptr_t)data, at)) {
		struct str key = str_c(json_object_iter_key(at));
		v = json_object_iter_value(at);
		tv_map_set(dot.map, key,
			   str_eqc(key, "Principals") ? texts(v, a) : tv_from_json(v, a));
	}
	v = json_object_get(json_object_get(data, "Insecure"), "User");
	if (v != NULL)
		tv_map_set(insecure.map, STR("User"), tv_from_json(v, a));
	tv_map_set(insecure.map, STR("CR"), ssh_content_request_tv(r, a));
	tv_map_set(dot.map, STR("Insecure"), insecure);
	return dot;
}

static json_t *text_json(struct str s)
{
	return json_stringn(s.p != NULL ? s.p : "", s.n);
}

static json_t *hex_json(struct str s)
{
	struct buf b = BUF_INIT;

	hex_encode(s, &b);
	json_t *v = text_json(buf_view(&b));
	buf_release(&b);
	return v;
}

static json_t *options_json(const struct ssh_options *o, bool present)
{
	json_t *v = present ? json_object() : json_null();

	for (size_t i = 0; i < o->n && present; i++)
		json_object_setn_new(v, o->items[i].name.p, o->items[i].name.n,
				     text_json(o->items[i].value));
	return v;
}

static json_t *principals_json(const struct ssh_cert_fields *f)
{
	json_t *v = f->has_principals ? json_array() : json_null();

	for (size_t i = 0; i < f->n_principals && f->has_principals; i++)
		json_array_append_new(v, text_json(f->principals[i]));
	return v;
}

static int sign(const struct ssh_cert_fields *from, const struct ssh_key *key, struct key *ca,
		struct buf *cert, struct err *e)
{
	struct ssh_cert_fields f = *from;
	struct buf blob = BUF_INIT, tbs = BUF_INIT, sig = BUF_INIT;
	enum sig_alg alg = sig_alg_for_key(ca);

	if (f.nonce.n == 0)
		f.nonce = STR("NNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNN");
	if (f.serial == 0)
		f.serial = 1;
	int rc = ssh_key_put(ca, &blob, e);
	if (rc == 0)
		rc = ssh_cert_tbs(&f, key, buf_view(&blob), &tbs, e);
	if (rc == 0)
		rc = key_sign(ca, alg, buf_view(&tbs), &sig, e);
	if (rc == 0)
		rc = ssh_cert_put(buf_view(&tbs), alg, buf_view(&sig), cert, e);
	buf_release(&blob);
	buf_release(&tbs);
	buf_release(&sig);
	return rc;
}

static void certify(struct str text, const struct ssh_key *key, const char *ca_dir, struct arena *a,
		    json_t *out)
{
	struct ssh_cert_fields f;
	struct buf cert = BUF_INIT;
	struct err e = ERR_INIT;

	if (ssh_content_read_as_step(text, a, &f, &e) != 0) {
		vec_error(out, "cert", str_c(e.msg), 0, -1);
		return;
	}
	struct key *ca = load_ca(ca_dir);
	int rc = sign(&f, key, ca, &cert, &e);
	key_free(ca);
	if (rc != 0) {
		vec_error(out, "sign", str_c(e.msg), 0, -1);
	} else {
		json_t *c = json_object();
		json_object_set_new(c, "type", json_integer(f.type));
		json_object_set_new(c, "serial", vec_u64(f.serial));
		json_object_set_new(c, "key_id", text_json(f.key_id));
		json_object_set_new(c, "principals", principals_json(&f));
		json_object_set_new(c, "valid_after", vec_u64(f.valid_after));
		json_object_set_new(c, "valid_before", vec_u64(f.valid_before));
		json_object_set_new(c, "critical_options",
				    options_json(&f.critical, f.has_critical));
		json_object_set_new(c, "extensions", options_json(&f.extensions, f.has_extensions));
		json_object_set_new(c, "nonce", hex_json(f.nonce));
		json_object_set_new(c, "reserved", hex_json(f.reserved));
		json_object_set_new(c, "wire", hex_json(buf_view(&cert)));
		json_object_set_new(out, "ssh_cert", c);
	}
	buf_release(&cert);
}

int vec_ssh(const json_t *vector, const char *ca_dir, json_t *out)
{
	struct arena *a = arena_new();
	struct ssh_content_request request;
	struct ssh_key key;
	struct buf text = BUF_INIT;

	read_request(json_object_get(vector, "ssh_cr"), &key, &request, a);
	if (vec_render(vector, make_dot(vector, &request, a), a, &text, out) == 0) {
		vec_want(out, buf_view(&text));
		certify(buf_view(&text), &key, ca_dir, a, out);
	}
	buf_release(&text);
	arena_free(a);
	return 0;
}

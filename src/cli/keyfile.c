/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/keyfile.h"

#include "base/file.h"
#include "base/mem.h"
#include "jose/jwe.h"
#include "jose/jwk.h"

/* keyfile.c - reading, making and writing private keys for the commands. */

/* ---- reading ---- */

struct opening {
	struct str text;
	const struct secret *password; /* of this try */
	struct cli *c;
	struct key_file *out;
};

static int open_pem(void *arg, struct err *e)
{
	struct opening *o = arg;

	o->out->key = key_from_file_data(o->text, o->password, e);
	return o->out->key ? 0 : -1;
}

int key_from_jwk(struct cli *c, const json_t *v, bool private, struct key **key, const char **kid,
		 struct err *e)
{
	struct jwk jwk;

	if (jwk_parse(v, private, &jwk, e) < 0)
		return -1;
	*key = jwk.key;
	jwk.key = NULL;
	if (jwk.kid != NULL)
		*kid = arena_strdup(c->arena, jwk.kid);
	jwk_release(&jwk);
	return 0;
}

static int take_jwk(struct cli *c, struct str text, struct key_file *out, struct err *e)
{
	json_t *v =
		json_parse(text, &json_limits_request, JSON_REFUSE_DUPLICATES | JSON_TOP_OBJECT, e);
	int rc;

	if (v == NULL)
		return -1;
	rc = key_from_jwk(c, v, true, &out->key, &out->kid, e);
	json_decref(v);
	return rc;
}

int key_from_jwe(struct cli *c, struct str jwe, const struct secret *password, struct key_file *out,
		 struct err *e)
{
	struct secret plain = SECRET_INIT;
	int rc = jwe_decrypt_password(jwe, password, &plain, e);

	if (rc == 0)
		rc = take_jwk(c, secret_view(&plain), out, e);
	secret_release(&plain);
	return rc;
}

static int open_jwe(void *arg, struct err *e)
{
	struct opening *o = arg;

	return key_from_jwe(o->c, o->text, o->password, o->out, e);
}

static int try_pem(void *arg, const struct secret *password, struct err *e)
{
	struct opening *o = arg;

	o->password = password;
	return slow_run("Opening the key", open_pem, o, e);
}

static int try_jwe(void *arg, const struct secret *password, struct err *e)
{
	struct opening *o = arg;

	o->password = password;
	return slow_run("Opening the key", open_jwe, o, e);
}

/* The compact form of a JWE in flattened JSON (RFC 7516 7.2.2); empty when it is none. */
static struct str jwe_compact(struct cli *c, const json_t *v)
{
	static const char *const parts[] = {"protected", "encrypted_key", "iv", "ciphertext",
					    "tag"};
	struct buf text = BUF_INIT;
	struct str out;

	if (json_member(v, "ciphertext", 0) == NULL)
		return STR_NULL;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (i > 0)
			buf_putc(&text, '.');
		buf_str(&text, json_str_view(json_member(v, parts[i], 0)));
	}
	out = arena_str(c->arena, buf_view(&text));
	buf_release(&text);
	return out;
}

/* JSON: a JWK, or a JWE around one. *jwe is empty for the former. */
static int look_into_json(struct cli *c, struct str text, struct str *jwe, struct err *e)
{
	json_t *v =
		json_parse(text, &json_limits_request, JSON_REFUSE_DUPLICATES | JSON_TOP_OBJECT, e);

	*jwe = STR_NULL;
	if (v == NULL)
		return -1;
	*jwe = jwe_compact(c, v);
	json_decref(v);
	return 0;
}

static int read_jose(struct opening *o, const char *opt, const char *what, struct err *e)
{
	struct str jwe = o->text;

	o->out->form = KEY_FORM_JWK;
	if (o->text.p[0] == '{' && look_into_json(o->c, o->text, &jwe, e) < 0)
		return -1;
	if (jwe.n == 0)
		return take_jwk(o->c, o->text, o->out, e);
	o->text = jwe;
	o->out->encrypted = true;
	return password_try(o->c, opt, what, try_jwe, o, e);
}

static int read_pem(struct opening *o, const char *opt, const char *what, struct err *e)
{
	o->out->form = KEY_FORM_PEM;
	o->out->encrypted = key_file_is_encrypted(o->text);
	if (o->out->encrypted)
		return password_try(o->c, opt, what, try_pem, o, e);
	o->password = NULL;
	return open_pem(o, e);
}

/*
 * The errors of password_get() name their own file or option; those of the key get its path.
 */
static int read_with(struct cli *c, const char *path, const char *opt, bool jose,
		     struct key_file *out, struct err *e)
{
	struct secret text = SECRET_INIT;
	struct opening o = {.c = c, .out = out};
	const char *what = arena_printf(c->arena, "Password of %s", path);
	struct str t;
	int rc;

	memset(out, 0, sizeof(*out));
	if (file_read_secret(path, KEY_FILE_MAX, &text, e) < 0)
		return -1;
	o.text = secret_view(&text);
	t = trim_text(o.text);
	if (jose && t.n > 0 && (t.p[0] == '{' || str_starts(t, "eyJ"))) {
		o.text = t;
		rc = read_jose(&o, opt, what, e);
	} else {
		rc = read_pem(&o, opt, what, e);
	}
	secret_release(&text);
	if (rc < 0 && e->code == ERR_UNAUTHORIZED && out->encrypted)
		return ERR(e, ERR_UNAUTHORIZED, "%s: wrong password", path);
	if (rc < 0 && (!out->encrypted || strstr(e->msg, path) == NULL))
		return err_wrap(e, "%s", path);
	return rc;
}

int key_file_read(struct cli *c, const char *path, const char *password_opt, struct key_file *out,
		  struct err *e)
{
	return read_with(c, path, password_opt, true, out, e);
}

int read_key_file(struct cli *c, const char *path, const char *password_opt, struct key **out,
		  struct err *e)
{
	struct key_file f;

	*out = NULL;
	if (read_with(c, path, password_opt, false, &f, e) < 0)
		return -1;
	*out = f.key;
	return 0;
}

/* ---- making ---- */

int key_options(struct cli *c, struct key_wanted *out, struct err *e)
{
	const char *kty = cli_value(c, "kty"), *curve = cli_value(c, "curve"),
		   *size = cli_value(c, "size");
	uint64_t n = 0;

	if (size != NULL && (!str_u64(str_c(size), &n) || n > 16384))
		return cli_misuse(c, e, "--size %s: a number of bits, 2048 to 4096", size);
	if (size != NULL && (kty == NULL || strcmp(kty, "RSA") != 0))
		return cli_misuse(c, e, "--size is for RSA keys: give --kty RSA");
	if (key_type_parse(kty ? kty : "EC", curve, (unsigned)n, &out->type, &out->bits, e) < 0) {
		c->misused = true;
		return -1;
	}
	if (out->type == KEY_X25519)
		return cli_misuse(c, e, "--curve %s: such a key cannot sign", curve);
	return 0;
}

struct making {
	const struct key_wanted *w;
	struct key *key;
};

static int generate(void *arg, struct err *e)
{
	struct making *m = arg;

	m->key = key_generate(m->w->type, m->w->bits, e);
	return m->key ? 0 : -1;
}

struct key *key_make(const struct key_wanted *w, struct err *e)
{
	struct making m = {.w = w};

	if (slow_run(w->type == KEY_RSA ? "Making an RSA key" : "Making a key", generate, &m, e) <
	    0)
		return NULL;
	return m.key;
}

/* ---- writing ---- */

struct writing {
	const struct key_text *t;
	struct buf *out;
};

static int write_jwk(const struct key_text *t, struct buf *out, struct err *e)
{
	json_t *v = jwk_json(t->key, t->kid, true);
	struct buf text = BUF_INIT;
	int rc = 0;

	json_write(v, &text);
	json_decref(v);
	if (t->password == NULL)
		buf_str(out, buf_view(&text));
	else
		rc = jwe_encrypt_password(buf_view(&text), t->password, "jwk+json", out, e);
	buf_putc(out, '\n');
	buf_wipe_release(&text);
	return rc;
}

static int write_key(void *arg, struct err *e)
{
	struct writing *w = arg;

	if (w->t->form == KEY_FORM_JWK)
		return write_jwk(w->t, w->out, e);
	return key_to_pem(w->t->key, w->t->password, w->out, e);
}

int key_file_text(const struct key_text *t, struct buf *out, struct err *e)
{
	struct writing w = {t, out};

	if (t->password == NULL)
		return write_key(&w, e);
	return slow_run("Encrypting the key", write_key, &w, e);
}

void key_public_text(const struct key *k, enum key_form form, const char *kid, struct buf *out)
{
	json_t *v;

	if (form == KEY_FORM_PEM) {
		key_public_to_pem(k, out);
		return;
	}
	v = jwk_json(k, kid, false);
	json_write(v, out);
	buf_putc(out, '\n');
	json_decref(v);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ssh/priv.h"

/*
 * cert.c - OpenSSH certificates (PROTOCOL.certkeys):
 *
 *   string type, string nonce, the key's fields, uint64 serial, uint32 type (1 user, 2 host),
 *   string key id, string principals, uint64 valid after, uint64 valid before,
 *   string critical options, string extensions, string reserved, string CA key, string signature
 *
 * Options are pairs of strings, ascending by name; a value that is not empty is a string within the
 * string. What is read is as strict as OpenSSH is; what is written can be read by it.
 */
void ssh_options_sort(struct ssh_options *o)
{
	size_t n = 0;

	/* Insertion: few, and the order of equal names counts. */
	for (size_t i = 1; i < o->n; i++)
		for (size_t k = i; k > 0 && str_cmp(o->items[k].name, o->items[k - 1].name) < 0;
		     k--) {
			struct ssh_option swap = o->items[k];
			o->items[k] = o->items[k - 1];
			o->items[k - 1] = swap;
		}
	for (size_t i = 0; i < o->n; i++) {
		if (n > 0 && str_eq(o->items[n - 1].name, o->items[i].name))
			n--;
		o->items[n++] = o->items[i];
	}
	o->n = n;
}

/* ---- writing ---- */
static int put_options(const struct ssh_options *o, const char *what, struct buf *out,
		       struct err *e)
{
	struct buf all = BUF_INIT, value = BUF_INIT;

	for (size_t i = 0; i < o->n; i++) {
		if (i > 0 && str_cmp(o->items[i - 1].name, o->items[i].name) >= 0) {
			buf_release(&all);
			return ERR(e, ERR_INVALID, "SSH certificate: %s are not in order", what);
		}
		buf_reset(&value);
		if (o->items[i].value.n > 0)
			ssh_put_string(&value, o->items[i].value);
		ssh_put_string(&all, o->items[i].name);
		ssh_put_string(&all, buf_view(&value));
	}
	ssh_put_string(out, buf_view(&all));
	buf_release(&all);
	buf_release(&value);
	return 0;
}

int ssh_cert_tbs(const struct ssh_cert_fields *f, const struct ssh_key *subject, struct str ca,
		 struct buf *out, struct err *e)
{
	struct buf principals = BUF_INIT;

	if (subject->kind == SSH_KEY_NONE)
		return ERR(e, ERR_INVALID, "SSH certificate: no key");
	if (f->n_principals > SSH_PRINCIPALS_MAX)
		return ERR(e, ERR_INVALID, "SSH certificate: %zu principals, OpenSSH takes %d",
			   f->n_principals, SSH_PRINCIPALS_MAX);
	ssh_put_string(out, str_c(ssh_key_info(subject->kind)->cert_name));
	ssh_put_string(out, f->nonce);
	buf_str(out, subject->fields);
	buf_u64(out, f->serial);
	buf_u32(out, f->type);
	ssh_put_string(out, f->key_id);
	for (size_t i = 0; i < f->n_principals; i++)
		ssh_put_string(&principals, f->principals[i]);
	ssh_put_string(out, buf_view(&principals));
	buf_release(&principals);
	buf_u64(out, f->valid_after);
	buf_u64(out, f->valid_before);
	if (put_options(&f->critical, "critical options", out, e) != 0 ||
	    put_options(&f->extensions, "extensions", out, e) != 0)
		return -1;
	ssh_put_string(out, f->reserved);
	ssh_put_string(out, ca);
	if (out->failed || out->n > SSH_BLOB_MAX - 2048)
		return ERR(e, ERR_INVALID, "SSH certificate: larger than %u bytes",
			   SSH_BLOB_MAX - 2048);
	return 0;
}

static const struct {
	enum sig_alg alg;
	enum key_type type;
	const char *name;
} signatures[] = {
	{SIG_ED25519, KEY_ED25519, "ssh-ed25519"},
	{SIG_ECDSA_SHA256, KEY_P256, "ecdsa-sha2-nistp256"},
	{SIG_ECDSA_SHA384, KEY_P384, "ecdsa-sha2-nistp384"},
	{SIG_ECDSA_SHA512, KEY_P521, "ecdsa-sha2-nistp521"},
	{SIG_RSA_SHA256, KEY_RSA, "rsa-sha2-256"},
	{SIG_RSA_SHA512, KEY_RSA, "rsa-sha2-512"},
};

const char *ssh_sig_name(enum sig_alg alg)
{
	for (size_t i = 0; i < ARRAY_LEN(signatures); i++)
		if (signatures[i].alg == alg)
			return signatures[i].name;
	return NULL;
}

static bool is_ecdsa(enum sig_alg alg)
{
	return alg == SIG_ECDSA_SHA256 || alg == SIG_ECDSA_SHA384 || alg == SIG_ECDSA_SHA512;
}

static enum key_type signer_type(enum sig_alg alg)
{
	for (size_t i = 0; i < ARRAY_LEN(signatures); i++)
		if (signatures[i].alg == alg)
			return signatures[i].type;
	return KEY_NONE;
}

int ssh_cert_put(struct str tbs, enum sig_alg alg, struct str sig, struct buf *out, struct err *e)
{
	const char *name = ssh_sig_name(alg);
	struct buf raw = BUF_INIT, inner = BUF_INIT, blob = BUF_INIT;

	if (name == NULL)
		return ERR(e, ERR_UNSUPPORTED, "SSH has no signatures of this algorithm");
	if (is_ecdsa(alg)) {
		if (sig_der_to_raw(signer_type(alg), sig, &raw, e) != 0)
			return -1;
		ssh_put_mpint(&inner, str_mem(raw.p, raw.n / 2));
		ssh_put_mpint(&inner, str_mem(raw.p + raw.n / 2, raw.n / 2));
		sig = buf_view(&inner);
	}
	ssh_put_string(&blob, str_c(name));
	ssh_put_string(&blob, sig);
	buf_str(out, tbs);
	ssh_put_string(out, buf_view(&blob));
	buf_release(&raw);
	buf_release(&inner);
	buf_release(&blob);
	return out->failed ? ERR(e, ERR_TOO_LARGE, "SSH certificate: too large") : 0;
}

/* ---- reading ---- */
static enum ssh_key_kind kind_of_cert(struct str name)
{
	enum ssh_key_kind last = SSH_KEY_SK_ECDSA;

	for (enum ssh_key_kind k = SSH_KEY_ED25519; k <= last; k++)
		if (str_eqc(name, ssh_key_info(k)->cert_name))
			return k;
	return SSH_KEY_NONE;
}

bool ssh_is_cert(struct str blob)
{
	struct str name;

	return ssh_get_string(&blob, &name) && kind_of_cert(name) != SSH_KEY_NONE;
}

static bool read_principals(struct str in, struct arena *a, struct ssh_cert_fields *f)
{
	struct str count = in, one;

	f->has_principals = true;
	while (count.n > 0) {
		if (!ssh_get_string(&count, &one) || f->n_principals == SSH_PRINCIPALS_MAX)
			return false;
		f->n_principals++;
	}
	f->principals = ARENA_ARRAY(a, struct str, f->n_principals);
	for (size_t i = 0; i < f->n_principals; i++)
		if (!ssh_get_string(&in, &f->principals[i]))
			return false;
	return true;
}

static bool read_option(struct str *in, struct ssh_option *o)
{
	struct str data;

	if (!ssh_get_string(in, &o->name) || o->name.n == 0 || !ssh_get_string(in, &data))
		return false;
	o->value = data;
	/* A value is a string in the string, nothing else. */
	if (data.n > 0 && (!ssh_get_string(&data, &o->value) || data.n > 0))
		return false;
	return true;
}

static bool read_options(struct str in, struct arena *a, struct ssh_options *out)
{
	struct ssh_option one;
	size_t n = 0;

	for (struct str count = in; count.n > 0; n++)
		if (!read_option(&count, &one))
			return false;
	out->items = ARENA_ARRAY(a, struct ssh_option, n);
	for (out->n = 0; out->n < n; out->n++) {
		if (!read_option(&in, &out->items[out->n]))
			return false;
		if (out->n > 0 &&
		    str_cmp(out->items[out->n - 1].name, out->items[out->n].name) >= 0)
			return false;
	}
	return true;
}

/* All between the key and the CA's key. */
static const char *read_fields(struct str *in, struct arena *a, struct ssh_cert_fields *f)
{
	struct str principals, critical, extensions;

	if (!ssh_get_u64(in, &f->serial) || !ssh_get_u32(in, &f->type) ||
	    !ssh_get_string(in, &f->key_id) || !ssh_get_string(in, &principals) ||
	    !ssh_get_u64(in, &f->valid_after) || !ssh_get_u64(in, &f->valid_before) ||
	    !ssh_get_string(in, &critical) || !ssh_get_string(in, &extensions) ||
	    !ssh_get_string(in, &f->reserved))
		return "cut short";
	if (f->type != SSH_CERT_USER && f->type != SSH_CERT_HOST)
		return "neither for a user nor for a host";
	if (memchr(f->key_id.p, 0, f->key_id.n) != NULL)
		return "key id with a NUL byte";
	if (!read_principals(principals, a, f))
		return "malformed principals";
	f->has_critical = f->has_extensions = true;
	if (!read_options(critical, a, &f->critical))
		return "malformed critical options";
	if (!read_options(extensions, a, &f->extensions))
		return "malformed extensions";
	return NULL;
}

static const char *read_cert(struct str in, struct arena *a, struct ssh_cert *c, struct err *e)
{
	struct str name, ca, sig;

	if (!ssh_get_string(&in, &name))
		return "no type at its beginning";
	c->key.kind = kind_of_cert(name);
	if (c->key.kind == SSH_KEY_NONE)
		return "of a type that is not known";
	if (!ssh_get_string(&in, &c->fields.nonce) || !ssh_key_read_fields(&in, &c->key))
		return "malformed key";
	const char *bad = read_fields(&in, a, &c->fields);
	if (bad != NULL)
		return bad;
	if (!ssh_get_string(&in, &ca) || ssh_key_parse(ca, &c->ca, e) != 0)
		return "malformed key of the CA";
	c->tbs = str_mem(c->blob.p, (size_t)(in.p - c->blob.p));
	if (!ssh_get_string(&in, &sig) || in.n > 0 || !ssh_get_string(&sig, &c->sig_name))
		return "malformed signature";
	/* Security keys have flags and a counter behind the signature. */
	if (ssh_key_info(c->ca.kind)->security_key)
		c->sig = sig;
	else if (!ssh_get_string(&sig, &c->sig) || sig.n > 0)
		return "malformed signature";
	return NULL;
}

int ssh_cert_parse(struct str blob, struct arena *a, struct ssh_cert *out, struct err *e)
{
	*out = (struct ssh_cert){.blob = blob};
	if (blob.n > SSH_BLOB_MAX)
		return ERR(e, ERR_TOO_LARGE, "SSH certificate: %zu bytes, at most %u are taken",
			   blob.n, SSH_BLOB_MAX);
	const char *bad = read_cert(blob, a, out, e);
	return bad != NULL ? ERR(e, ERR_INVALID, "SSH certificate: %s", bad) : 0;
}

void ssh_cert_key_blob(const struct ssh_cert *c, struct buf *out)
{
	ssh_put_string(out, str_c(ssh_key_info(c->key.kind)->name));
	buf_str(out, c->key.fields);
}

/* mpint r, mpint s to DER. */
static int ecdsa_to_der(enum key_type t, struct str sig, struct buf *der, struct err *e)
{
	static const unsigned char zeros[66];
	size_t width = t == KEY_P256 ? 32 : t == KEY_P384 ? 48 : 66;
	struct buf raw = BUF_INIT;
	struct str r, s;

	if (!ssh_get_mpint(&sig, &r) || !ssh_get_mpint(&sig, &s) || sig.n > 0 || r.n > width ||
	    s.n > width)
		return ERR(e, ERR_UNAUTHORIZED, "SSH certificate: malformed ECDSA signature");
	buf_add(&raw, zeros, width - r.n);
	buf_str(&raw, r);
	buf_add(&raw, zeros, width - s.n);
	buf_str(&raw, s);
	int rc = sig_raw_to_der(t, buf_view(&raw), der, e);
	buf_release(&raw);
	return rc;
}

int ssh_cert_verify(const struct ssh_cert *c, struct err *e)
{
	const struct ssh_key_info *ca = ssh_key_info(c->ca.kind);
	enum sig_alg alg = SIG_NONE;
	struct buf der = BUF_INIT;
	int rc = -1;

	for (size_t i = 0; i < ARRAY_LEN(signatures); i++)
		if (!ca->security_key && signatures[i].type == ca->type &&
		    str_eqc(c->sig_name, signatures[i].name))
			alg = signatures[i].alg;
	if (alg == SIG_NONE)
		return ERR(e, ERR_UNSUPPORTED,
			   "SSH certificate: signature \"%.*s\" by a key of type %s",
			   c->sig_name.n < 40 ? (int)c->sig_name.n : 40, c->sig_name.p, ca->name);
	struct key *k = ssh_key_open(&c->ca, e);
	if (k == NULL)
		return -1;
	if (!is_ecdsa(alg))
		rc = key_verify(k, alg, c->tbs, c->sig, e);
	else if (ecdsa_to_der(ca->type, c->sig, &der, e) == 0)
		rc = key_verify(k, alg, c->tbs, buf_view(&der), e);
	buf_release(&der);
	key_free(k);
	return rc;
}

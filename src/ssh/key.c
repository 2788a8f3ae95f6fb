/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "codec/b64.h"
#include "ssh/priv.h"

/*
 * key.c - public keys on the wire. To add a kind: an enum value, its row here, and what its fields
 * are in read_fields().
 */
#define CERT "-cert-v01@openssh.com"
static const struct ssh_key_info infos[] = {
	[SSH_KEY_NONE] = {SSH_KEY_NONE, "", "", NULL, KEY_NONE, false},
	[SSH_KEY_ED25519] = {SSH_KEY_ED25519, "ssh-ed25519", "ssh-ed25519" CERT, NULL, KEY_ED25519,
			     false},
	[SSH_KEY_ECDSA_P256] = {SSH_KEY_ECDSA_P256, "ecdsa-sha2-nistp256",
				"ecdsa-sha2-nistp256" CERT, "nistp256", KEY_P256, false},
	[SSH_KEY_ECDSA_P384] = {SSH_KEY_ECDSA_P384, "ecdsa-sha2-nistp384",
				"ecdsa-sha2-nistp384" CERT, "nistp384", KEY_P384, false},
	[SSH_KEY_ECDSA_P521] = {SSH_KEY_ECDSA_P521, "ecdsa-sha2-nistp521",
				"ecdsa-sha2-nistp521" CERT, "nistp521", KEY_P521, false},
	[SSH_KEY_RSA] = {SSH_KEY_RSA, "ssh-rsa", "ssh-rsa" CERT, NULL, KEY_RSA, false},
	[SSH_KEY_SK_ED25519] = {SSH_KEY_SK_ED25519, "sk-ssh-ed25519@openssh.com",
				"sk-ssh-ed25519" CERT, NULL, KEY_ED25519, true},
	[SSH_KEY_SK_ECDSA] = {SSH_KEY_SK_ECDSA, "sk-ecdsa-sha2-nistp256@openssh.com",
			      "sk-ecdsa-sha2-nistp256" CERT, "nistp256", KEY_P256, true},
};

const struct ssh_key_info *ssh_key_info(enum ssh_key_kind k)
{
	return &infos[k];
}

enum ssh_key_kind ssh_key_kind_by_name(struct str name)
{
	for (size_t i = 1; i < ARRAY_LEN(infos); i++)
		if (str_eqc(name, infos[i].name))
			return infos[i].kind;
	return SSH_KEY_NONE;
}

bool ssh_key_read_fields(struct str *in, struct ssh_key *k)
{
	const struct ssh_key_info *info = ssh_key_info(k->kind);
	struct str at = *in, curve;
	bool fine = true;

	if (info->type == KEY_RSA) {
		fine = ssh_get_mpint(&at, &k->e) && ssh_get_mpint(&at, &k->n);
	} else {
		if (info->curve != NULL)
			fine = ssh_get_string(&at, &curve) && str_eqc(curve, info->curve);
		fine = fine && ssh_get_string(&at, &k->point);
		fine = fine && (info->curve != NULL || k->point.n == 32);
	}
	if (fine && info->security_key)
		fine = ssh_get_string(&at, &k->application);
	if (!fine)
		return false;
	k->fields = str_mem(in->p, (size_t)(at.p - in->p));
	*in = at;
	return true;
}

int ssh_key_parse(struct str blob, struct ssh_key *out, struct err *e)
{
	struct str in = blob, name;

	*out = (struct ssh_key){.blob = blob};
	if (blob.n > SSH_BLOB_MAX)
		return ERR(e, ERR_TOO_LARGE, "SSH key: %zu bytes, at most %u are taken", blob.n,
			   SSH_BLOB_MAX);
	if (!ssh_get_string(&in, &name))
		return ERR(e, ERR_INVALID, "SSH key: no type at its beginning");
	out->kind = ssh_key_kind_by_name(name);
	if (out->kind == SSH_KEY_NONE)
		return ERR(e, ERR_UNSUPPORTED, "SSH key: type \"%.*s\" is not supported",
			   name.n < 60 ? (int)name.n : 60, name.p);
	if (!ssh_key_read_fields(&in, out) || in.n > 0)
		return ERR(e, ERR_INVALID, "SSH key: malformed %s", ssh_key_info(out->kind)->name);
	return 0;
}

struct key *ssh_key_open(const struct ssh_key *k, struct err *e)
{
	const struct ssh_key_info *info = ssh_key_info(k->kind);
	struct key_parts parts = {0};
	struct str point = k->point;
	struct key *key = NULL;

	if (info->type == KEY_RSA) {
		buf_str(&parts.n, k->n);
		buf_str(&parts.e, k->e);
	} else if (info->curve == NULL) {
		buf_str(&parts.x, point);
	} else if (point.n > 1 && point.p[0] == 4 && point.n % 2 == 1) {
		buf_add(&parts.x, point.p + 1, point.n / 2);
		buf_add(&parts.y, point.p + 1 + point.n / 2, point.n / 2);
	} else {
		ERR(e, ERR_INVALID, "SSH key: the point of %s is not uncompressed", info->name);
		return NULL;
	}
	key = key_from_parts(info->type, &parts, e);
	if (key == NULL)
		err_wrap(e, "SSH key");
	key_parts_release(&parts);
	return key;
}

int ssh_key_put(const struct key *k, struct buf *blob, struct err *e)
{
	struct key_parts parts = {0};
	struct buf bits = BUF_INIT;
	size_t i = 1;

	while (i < ARRAY_LEN(infos) && infos[i].type != key_type(k))
		i++;
	if (i == ARRAY_LEN(infos))
		return ERR(e, ERR_UNSUPPORTED, "SSH has no keys of type %s",
			   key_type_name(key_type(k)));
	ssh_put_string(blob, str_c(infos[i].name));
	if (infos[i].type == KEY_RSA) {
		key_parts(k, false, &parts);
		ssh_put_mpint(blob, buf_view(&parts.e));
		ssh_put_mpint(blob, buf_view(&parts.n));
		key_parts_release(&parts);
		return 0;
	}
	if (infos[i].curve != NULL)
		ssh_put_string(blob, str_c(infos[i].curve));
	key_public_bits(k, &bits);
	ssh_put_string(blob, buf_view(&bits));
	buf_release(&bits);
	return 0;
}

void ssh_fingerprint(struct str blob, struct buf *out)
{
	unsigned char digest[32];
	struct buf text = BUF_INIT;

	hash(HASH_SHA256, blob, digest);
	b64_encode(B64_STD, str_mem(digest, sizeof(digest)), &text);
	while (text.n > 0 && text.p[text.n - 1] == '=')
		text.n--;
	buf_puts(out, "SHA256:");
	buf_add(out, text.p, text.n);
	buf_release(&text);
}

/* ---- text ---- */
int ssh_text_parse(struct str line, struct ssh_text *out, struct err *e)
{
	struct str rest, base64, name;

	*out = (struct ssh_text){0};
	while (line.n > 0 && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
		line.n--;
	line = str_trim(line);
	if (memchr(line.p != NULL ? line.p : "", '\n', line.n) != NULL)
		return ERR(e, ERR_INVALID, "SSH key: more than one line");
	out->type = str_cut(line, ' ', &rest);
	base64 = str_cut(str_trim(rest), ' ', &out->comment);
	out->comment = str_trim(out->comment);
	if (base64.n == 0 || base64.n > SSH_BLOB_MAX * 2)
		return ERR(e, ERR_INVALID, "SSH key: write it as \"TYPE BASE64 COMMENT\"");
	if (b64_decode(B64_STD, base64, &out->blob, e) != 0) {
		ssh_text_release(out);
		return err_wrap(e, "SSH key");
	}
	struct str in = buf_view(&out->blob);
	if (!ssh_get_string(&in, &name) || !str_eq(name, out->type)) {
		ssh_text_release(out);
		return ERR(e, ERR_INVALID, "SSH key: the type in the text is not that of the key");
	}
	return 0;
}

void ssh_text_release(struct ssh_text *t)
{
	buf_release(&t->blob);
}

void ssh_text_put(struct buf *out, struct str blob, struct str comment)
{
	struct str in = blob, name = STR_NULL;

	if (ssh_get_string(&in, &name))
		buf_str(out, name);
	buf_putc(out, ' ');
	b64_encode(B64_STD, blob, out);
	if (comment.n > 0) {
		buf_putc(out, ' ');
		buf_str(out, comment);
	}
}

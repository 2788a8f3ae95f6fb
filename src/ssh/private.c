/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/b64.h"
#include "ssh/priv.h"

/*
 * private.c - OpenSSH's own file of a private key (PROTOCOL.key): magic, cipher, KDF, a list of
 * public keys, and a blob with check bytes, the private keys and padding 1, 2, 3 ...
 */
#define BEGIN	"-----BEGIN OPENSSH PRIVATE KEY-----"
#define END	"-----END OPENSSH PRIVATE KEY-----"
#define MAGIC	"openssh-key-v1"
#define CONVERT "convert it: ssh-keygen -p -m PKCS8 -f FILE"

static int decode(struct str text, struct secret *out, struct err *e)
{
	struct buf clean = BUF_INIT, der = BUF_INIT;
	const char *from = text.n > 0 ? memmem(text.p, text.n, BEGIN, strlen(BEGIN)) : NULL;
	int rc = -1;

	if (from == NULL || text.n > SSH_BLOB_MAX)
		return ERR(e, ERR_INVALID, "SSH private key: no OPENSSH PRIVATE KEY block");
	from += strlen(BEGIN);
	size_t left = text.n - (size_t)(from - text.p);
	const char *to = memmem(from, left, END, strlen(END));
	if (to == NULL)
		return ERR(e, ERR_INVALID, "SSH private key: the block does not end");
	for (; from < to; from++)
		if (*from != '\n' && *from != '\r')
			buf_putc(&clean, *from);
	if (b64_decode(B64_STD, buf_view(&clean), &der, e) == 0) {
		secret_set(out, der.p, der.n);
		rc = 0;
	} else {
		err_wrap(e, "SSH private key");
	}
	buf_wipe_release(&clean);
	buf_wipe_release(&der);
	return rc;
}

/* The private fields behind the type's name. */
static struct key *read_private(struct str *in, enum ssh_key_kind kind, struct err *e)
{
	const struct ssh_key_info *info = ssh_key_info(kind);
	struct key_parts parts = {0};
	struct str curve, point, d;
	struct key *k = NULL;
	bool fine = false;

	if (kind == SSH_KEY_ED25519) {
		/* the private string is the seed and the public key again */
		fine = ssh_get_string(in, &point) && ssh_get_string(in, &d) && point.n == 32 &&
		       d.n == 64 && memcmp(d.p + 32, point.p, 32) == 0;
		if (fine) {
			buf_str(&parts.x, point);
			secret_set(&parts.d, d.p, 32);
		}
	} else if (info->curve != NULL && !info->security_key) {
		fine = ssh_get_string(in, &curve) && str_eqc(curve, info->curve) &&
		       ssh_get_string(in, &point) && ssh_get_mpint(in, &d) && point.n > 1 &&
		       point.n % 2 == 1 && point.p[0] == 4 && d.n <= point.n / 2;
		if (fine) {
			buf_add(&parts.x, point.p + 1, point.n / 2);
			buf_add(&parts.y, point.p + 1 + point.n / 2, point.n / 2);
			secret_resize(&parts.d, point.n / 2);
			memcpy(parts.d.p + point.n / 2 - d.n, d.p, d.n);
		}
	} else {
		ERR(e, ERR_UNSUPPORTED, "SSH private key of type %s: " CONVERT, info->name);
		return NULL;
	}
	if (fine)
		k = key_from_parts(info->type, &parts, e);
	else
		ERR(e, ERR_INVALID, "SSH private key: malformed %s", info->name);
	key_parts_release(&parts);
	return k;
}

static bool padding_fits(struct str rest)
{
	for (size_t i = 0; i < rest.n; i++)
		if ((unsigned char)rest.p[i] != i + 1)
			return false;
	return rest.n < 256;
}

static struct key *read_list(struct str in, struct err *e)
{
	struct str name, comment;
	uint32_t check[2];

	if (!ssh_get_u32(&in, &check[0]) || !ssh_get_u32(&in, &check[1]) || check[0] != check[1] ||
	    !ssh_get_string(&in, &name)) {
		ERR(e, ERR_INVALID, "SSH private key: malformed");
		return NULL;
	}
	struct key *k = read_private(&in, ssh_key_kind_by_name(name), e);
	if (k != NULL && (!ssh_get_string(&in, &comment) || !padding_fits(in))) {
		ERR(e, ERR_INVALID, "SSH private key: malformed at its end");
		key_free(k);
		return NULL;
	}
	return k;
}

struct key *ssh_private_key(struct str text, struct err *e)
{
	struct secret file = SECRET_INIT;
	struct str in, cipher, kdf, options, public, private;
	uint32_t n;
	struct key *k = NULL;

	if (decode(text, &file, e) != 0)
		return NULL;
	in = secret_view(&file);
	if (in.n < sizeof(MAGIC) || memcmp(in.p, MAGIC, sizeof(MAGIC)) != 0) {
		ERR(e, ERR_INVALID, "SSH private key: not in OpenSSH's format");
	} else {
		in = str_mem(in.p + sizeof(MAGIC), in.n - sizeof(MAGIC));
		if (!ssh_get_string(&in, &cipher) || !ssh_get_string(&in, &kdf) ||
		    !ssh_get_string(&in, &options) || !ssh_get_u32(&in, &n) || n != 1 ||
		    !ssh_get_string(&in, &public))
			ERR(e, ERR_INVALID, "SSH private key: malformed");
		else if (!str_eqc(cipher, "none") || !str_eqc(kdf, "none"))
			ERR(e, ERR_UNSUPPORTED, "SSH private key is encrypted: " CONVERT);
		else if (!ssh_get_string(&in, &private) || in.n > 0)
			ERR(e, ERR_INVALID, "SSH private key: malformed");
		else
			k = read_list(private, e);
	}
	secret_release(&file);
	return k;
}

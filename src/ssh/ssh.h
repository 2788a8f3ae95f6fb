/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_SSH_SSH_H
#define SIGNET_SSH_SSH_H

#include "base/arena.h"
#include "crypto/key.h"

/*
 * ssh.h - SSH's wire format, public keys and OpenSSH's certificates (RFC 4251, 4253, 5656, 8332,
 * 8709; OpenSSH's PROTOCOL.certkeys and PROTOCOL.u2f). Pure: bytes in, bytes out.
 *
 * Readers move a cursor and return views into it; false on anything malformed, and the cursor is
 * then where it was.
 */

/* ---- wire (wire.c) ---- */
bool ssh_get_u8(struct str *in, uint8_t *out);
bool ssh_get_u32(struct str *in, uint32_t *out);
bool ssh_get_u64(struct str *in, uint64_t *out);
bool ssh_get_string(struct str *in, struct str *out);
/* A positive mpint in its shortest form; *magnitude without the leading zero byte. */
bool ssh_get_mpint(struct str *in, struct str *magnitude);
void ssh_put_string(struct buf *out, struct str s);	   /* numbers: buf_u32(), buf_u64() */
void ssh_put_mpint(struct buf *out, struct str magnitude); /* unsigned, big-endian */

/* ---- public keys (key.c) ---- */
#define SSH_BLOB_MAX (64U << 10) /* a key or a certificate */

enum ssh_key_kind {
	SSH_KEY_NONE,
	SSH_KEY_ED25519,
	SSH_KEY_ECDSA_P256,
	SSH_KEY_ECDSA_P384,
	SSH_KEY_ECDSA_P521,
	SSH_KEY_RSA,
	SSH_KEY_SK_ED25519, /* on a security key: signatures are not ours to check */
	SSH_KEY_SK_ECDSA
};
struct ssh_key_info {
	enum ssh_key_kind kind;
	const char *name;      /* "ssh-ed25519" */
	const char *cert_name; /* "ssh-ed25519-cert-v01@openssh.com" */
	const char *curve;     /* "nistp256"; NULL unless ECDSA */
	enum key_type type;    /* of what is inside */
	bool security_key;
};
const struct ssh_key_info *ssh_key_info(enum ssh_key_kind k); /* never NULL */
enum ssh_key_kind ssh_key_kind_by_name(struct str name);      /* SSH_KEY_NONE: unknown */

/* A public key on the wire; views into what it was read from. */
struct ssh_key {
	enum ssh_key_kind kind;
	struct str blob;	/* all of it, with the type's name */
	struct str fields;	/* what follows the name */
	struct str point;	/* ECDSA: SEC1, uncompressed; Ed25519: 32 bytes */
	struct str n, e;	/* RSA */
	struct str application; /* security keys: "ssh:" */
};
/* Nothing may follow. ERR_INVALID; ERR_UNSUPPORTED for DSA and kinds that are not known. */
int ssh_key_parse(struct str blob, struct ssh_key *out, struct err *e) NODISCARD;
/*
 * The key itself, checked (a point of the curve, RSA of at least 2048 bits: ERR_FORBIDDEN). For a
 * security key what it holds inside, good for comparing and for its strength only.
 */
struct key *ssh_key_open(const struct ssh_key *k, struct err *e) NODISCARD;
/* Appends the blob of a key of ours. ERR_UNSUPPORTED for X25519. */
int ssh_key_put(const struct key *k, struct buf *blob, struct err *e) NODISCARD;
/* "SHA256:" and base64 without padding, as ssh-keygen -l. */
void ssh_fingerprint(struct str blob, struct buf *out);

/*
 * "TYPE base64 comment" of a key or certificate, one line. The comment may be empty; the line may
 * end in a newline. The type must be the one in the blob.
 */
struct ssh_text {
	struct str type, comment; /* borrowed */
	struct buf blob;	  /* owned: ssh_text_release */
};
int ssh_text_parse(struct str line, struct ssh_text *out, struct err *e) NODISCARD;
void ssh_text_release(struct ssh_text *t);
void ssh_text_put(struct buf *out, struct str blob, struct str comment); /* no newline */

/*
 * "-----BEGIN OPENSSH PRIVATE KEY-----", one key, not encrypted, Ed25519 or ECDSA; other forms are
 * ERR_UNSUPPORTED with the command that converts them.
 */
struct key *ssh_private_key(struct str text, struct err *e) NODISCARD;

/* ---- certificates (cert.c) ---- */
enum { SSH_CERT_USER = 1, SSH_CERT_HOST = 2 };
#define SSH_FOREVER	   UINT64_MAX
#define SSH_PRINCIPALS_MAX 256 /* OpenSSH takes no more */

struct ssh_option { /* critical option or extension */
	struct str name, value;
};
struct ssh_options { /* ascending by name (bytes), each once */
	struct ssh_option *items;
	size_t n;
};
struct ssh_cert_fields { /* borrowed */
	struct str nonce;
	uint64_t serial;
	uint32_t type;
	struct str key_id;
	struct str *principals;
	size_t n_principals;
	uint64_t valid_after, valid_before; /* seconds since the epoch, [after, before) */
	struct ssh_options critical, extensions;
	struct str reserved;
	/* only of templates: whether the member was there and not null */
	bool has_principals, has_critical, has_extensions;
};
/* Sorts by name; the last of several of one name stays. For short lists: the square of n. */
void ssh_options_sort(struct ssh_options *o);

/*
 * What is signed: all up to and with the CA's key. `ca` is its blob. Sizes that OpenSSH would not
 * read are ERR_INVALID; what the fields say is the caller's.
 */
int ssh_cert_tbs(const struct ssh_cert_fields *f, const struct ssh_key *subject, struct str ca,
		 struct buf *out, struct err *e) NODISCARD;
/* The signature's name for an algorithm: "rsa-sha2-256"; NULL: SSH has none. */
const char *ssh_sig_name(enum sig_alg alg);
/* tbs and its signature, in the form of key_sign(), as a certificate. Appends. */
int ssh_cert_put(struct str tbs, enum sig_alg alg, struct str sig, struct buf *out,
		 struct err *e) NODISCARD;

struct ssh_cert { /* views into the blob; lists in the arena */
	struct str blob, tbs;
	struct ssh_key key; /* without a blob of its own: see ssh_cert_key_blob() */
	struct ssh_cert_fields fields;
	struct ssh_key ca;
	struct str sig_name, sig; /* as on the wire */
};
bool ssh_is_cert(struct str blob); /* by its type's name */
int ssh_cert_parse(struct str blob, struct arena *a, struct ssh_cert *out, struct err *e) NODISCARD;
/* The blob of the certified key alone. */
void ssh_cert_key_blob(const struct ssh_cert *c, struct buf *out);
/*
 * The signature, by the key that is named in the certificate; whether that is one's own CA is the
 * caller's (compare ca.blob). ERR_UNAUTHORIZED; ERR_UNSUPPORTED for SHA-1 and security keys.
 */
int ssh_cert_verify(const struct ssh_cert *c, struct err *e) NODISCARD;

#endif

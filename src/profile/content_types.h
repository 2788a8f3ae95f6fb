/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_PROFILE_CONTENT_TYPES_H
#define SIGNET_PROFILE_CONTENT_TYPES_H

#include "profile/content_priv.h"

/*
 * content_types.h - Go's types behind the variables of X.509 templates. What a value points to
 * (tv.p) stands beside its type.
 */

/* ---- content_types.c: what all share ---- */
extern const struct tv_type content_type_multi_string, content_type_oid /* x509util */,
	content_type_asn1_oid, content_type_ip, content_type_url_ptr, content_type_raw_message;
/* n texts as []string or MultiString; none is a nil list. */
struct tv content_tv_texts(const struct tv_type *type, const struct str *items, size_t n,
			   struct arena *a);
/* From contents octets; `type` one of the two OID types. */
struct tv content_tv_oid(const struct tv_type *type, struct str oid, struct arena *a);
struct tv content_tv_big(struct str magnitude, struct arena *a); /* *big.Int */
struct tv content_tv_bytes(struct str bytes);			 /* []uint8; nil when empty */
/* The addresses and the URIs of a list, as net.IP and *url.URL in a slice of `type`. */
struct tv content_tv_ips(const struct tv_type *type, const struct san_list *l, struct arena *a);
struct tv content_tv_urls(const struct tv_type *type, const struct san_list *l, struct arena *a);
struct tv content_tv_sans_of(const struct tv_type *type, const struct san_list *l,
			     enum san_type kind, struct arena *a);
bool content_json_texts(struct tv list, struct buf *out); /* a list of texts as JSON */

/* ---- content_subject.c: x509util.Subject and its kind ---- */
struct tv content_tv_subject(const struct content_name *n); /* p: it */
struct tv content_tv_sans(const struct content_san *items, size_t n, struct arena *a);
/* What a Name says, as step reads it into its fields. */
void content_name_from(const struct name *n, struct arena *a, struct content_name *out);
/* What step makes of names that a token or request asks for. */
struct tv content_tv_asked(const struct san_list *l, struct arena *a);

/* ---- content_csr.c, content_pubkey.c, content_crt.c ---- */
struct tv content_tv_request(const struct content_input *in, struct arena *a);
/* rsa, ecdsa, ed25519; k NULL: nil. `spki` is loaded then when it can be. */
struct tv content_tv_public_key(struct key *k, struct str spki, struct arena *a);
struct tv content_tv_key_alg(struct str spki);	   /* x509.PublicKeyAlgorithm */
const char *content_key_alg_name(struct str spki); /* "RSA" "ECDSA" "Ed25519"; "0" */
struct tv content_tv_cert(const struct cert *c, struct arena *a);

/* Usages of an extension's value, as the two packages name them. */
extern const struct tv_type content_type_eku /* x509.ExtKeyUsage */;
int content_eku_number(struct str oid); /* -1: unknown */
/* []x509.ExtKeyUsage in a list of `type`, and the OIDs that are none of these. */
struct tv content_tv_ekus(const struct tv_type *type, const struct str *oids, size_t n,
			  struct arena *a);
struct tv content_tv_unknown_ekus(const struct tv_type *type, const struct str *oids, size_t n,
				  struct arena *a);

/* Fields that Go's two structs of an extension share; self->p is a struct ext. */
struct tv content_ext_critical(const struct tv *self, struct arena *a);
struct tv content_ext_value(const struct tv *self, struct arena *a);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_X509_X509_H
#define SIGNET_X509_X509_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/der.h"
#include "codec/oid.h"
#include "crypto/key.h"

/*
 * x509.h - shapes of X.509 (RFC 5280) shared by reading and building. Reading is strict DER;
 * views point into the input, which must live as long (copy it into the arena first).
 */

/* ---- GeneralName (RFC 5280 4.2.1.6) ---- */
enum san_type {
	SAN_OTHER = 0,
	SAN_EMAIL = 1,
	SAN_DNS = 2,
	SAN_X400 = 3,
	SAN_DIRNAME = 4,
	SAN_EDI = 5,
	SAN_URI = 6,
	SAN_IP = 7,
	SAN_RID = 8
};
struct san {
	enum san_type type;
	struct str
		/* text for email, dns, uri; 4 or 16 bytes for ip; contents DER for the rest */
		value;
};
struct san_list {
	struct san *items;
	size_t n;
};
struct text_list {
	const struct str *items;
	size_t n;
};
/*
 * `step`'s guess for a name without a type: IP literal, has a scheme (uri), contains '@' (email),
 * else dns. Validated; arena copies.
 */
int san_from_text(struct str text, struct arena *a, struct san *out, struct err *e) NODISCARD;
/* Text form for people: addresses in RFC 5952. Appends. */
void san_to_text(const struct san *s, struct buf *out);
bool san_equal(
	const struct san *a,
	const struct san *b); /* dns and e-mail domain case-folded; uri and the rest by bytes */
/* SubjectAltName; at least one name; bounded 1,000. */
int san_parse(struct str ext_value, struct arena *a, struct san_list *out, struct err *e) NODISCARD;
void san_write(const struct san_list *l, struct buf *out); /* SEQUENCE OF GeneralName */

/* ---- Name ---- */
struct name_attr {
	struct str oid;	  /* contents octets */
	struct str value; /* UTF-8 */
	unsigned tag;	  /* string type as found; 0 when building: chosen by the attribute
			     (C, serialNumber, dnQualifier Printable; e-mail, DC IA5; else UTF8) */
	unsigned rdn;	  /* attributes with the same number form one multi-valued RDN */
};
struct name {
	struct str der; /* whole Name SEQUENCE when parsed */
	struct name_attr *attrs;
	size_t n;
};
/* At most 100 attributes; a value that is not of a string type we know is ERR_INVALID. */
int name_parse(struct str element, struct arena *a, struct name *out, struct err *e) NODISCARD;
void name_write(const struct name *n,
		struct buf *out); /* a parsed name (der not empty) as its own bytes */
struct str
name_get(const struct name *n,
	 enum oid attr); /* last value of the attribute (the most specific); empty when absent */
/* As Go's encoder chooses: PrintableString where the text allows it, else UTF8String. */
void x509_put_text(struct buf *out, struct str text);
void name_to_text(const struct name *n, struct buf *out); /* RFC 4514 */
bool name_der_equal(struct str a, struct str b);	  /* bytes */
struct name name_from_cn(struct str cn, struct arena *a);

/* ---- extensions ---- */
struct ext {
	struct str oid; /* contents octets */
	bool critical;
	struct str value; /* inside the OCTET STRING */
};
struct ext_list {
	struct ext *items;
	size_t n;
};
const struct ext *ext_find(const struct ext_list *l, enum oid oid);
/* Contents of Extensions; duplicates refused; at most 100. */
int ext_list_parse(struct str seq, struct arena *a, struct ext_list *out, struct err *e) NODISCARD;
void ext_list_write(const struct ext_list *l, struct buf *out);

/* Named bits of KeyUsage (RFC 5280 4.2.1.3): bit n of the extension is 1U << n. */
enum {
	KU_DIGITAL_SIGNATURE = 1U << 0,
	KU_CONTENT_COMMITMENT = 1U << 1,
	KU_KEY_ENCIPHERMENT = 1U << 2,
	KU_DATA_ENCIPHERMENT = 1U << 3,
	KU_KEY_AGREEMENT = 1U << 4,
	KU_CERT_SIGN = 1U << 5,
	KU_CRL_SIGN = 1U << 6,
	KU_ENCIPHER_ONLY = 1U << 7,
	KU_DECIPHER_ONLY = 1U << 8
};
/* Builders return the extension in the arena. */
struct ext ext_key_usage(struct arena *a, uint32_t bits);
struct ext ext_eku(struct arena *a, const enum oid *usages, size_t n);
struct ext ext_basic_constraints(struct arena *a, bool is_ca, int max_path_len /* -1: none */);
struct ext ext_ski(struct arena *a, struct str id);
struct ext ext_aki(struct arena *a, struct str id);
struct ext ext_san(struct arena *a, const struct san_list *l, bool critical);
/* OIDs as contents octets: of `usages`, then `more`. */
struct ext ext_eku_oids(struct arena *a, const enum oid *usages, size_t n,
			const struct text_list *more);
/* AuthorityInfoAccess (RFC 5280 4.2.2.1): OCSP, then the issuers' certificates; URIs as they are.
 */
struct ext ext_aia(struct arena *a, const struct text_list *ocsp, const struct text_list *issuers);
/* One distribution point for each URI. */
struct ext ext_crl_points(struct arena *a, const struct text_list *uris);
struct ext ext_policies(struct arena *a, const struct text_list *oids);
struct subtrees { /* of name constraints; ips: address and mask, 8 or 32 bytes */
	struct text_list dns, ips, emails, uris;
};
static inline bool subtrees_empty(const struct subtrees *s)
{
	return s->dns.n + s->ips.n + s->emails.n + s->uris.n == 0;
}
struct ext ext_name_constraints(struct arena *a, bool critical, const struct subtrees *permitted,
				const struct subtrees *excluded);
/* SHA-1 of the public key bits (RFC 5280 4.2.1.2 method 1); 20 bytes. */
void x509_key_id(const struct key *k, unsigned char out[20]);

/* The provisioner extension 1.3.6.1.4.1.37476.9000.64.1 (step-api 3.6). */
struct step_provisioner {
	int64_t type; /* 0 noop, 1 JWK ... */
	struct str name, credential_id;
	const struct str *pairs; /* key, value, key, value ... */
	size_t n_pairs;
};
struct ext ext_step_provisioner(struct arena *a, const struct step_provisioner *p);
int ext_step_provisioner_parse(struct str value, struct arena *a, struct step_provisioner *out,
			       struct err *e) NODISCARD;

/* ---- AlgorithmIdentifier of signatures ---- */
void x509_sig_alg_write(enum sig_alg a, struct buf *out);
/* From the whole AlgorithmIdentifier element; SIG_NONE when unknown or its parameters are wrong. */
enum sig_alg x509_sig_alg_parse(struct str element);

/* ---- certificate ---- */
struct cert {
	struct str der, tbs;	/* whole; to-be-signed element */
	int version;		/* 1..3 */
	struct str serial;	/* magnitude, big-endian, no leading zero byte */
	struct str sig_alg_der; /* outer AlgorithmIdentifier; equal to the inner (checked) */
	enum sig_alg sig_alg;
	struct str signature;
	struct name issuer, subject;
	int64_t not_before, not_after;
	struct str spki; /* whole element */
	struct ext_list exts;
	/* decoded from exts */
	bool has_key_usage, has_basic_constraints, is_ca, has_eku;
	uint32_t key_usage;
	int max_path_len;	/* -1: none */
	struct str ski, aki;	/* key ids; empty when absent */
	const struct str *ekus; /* OID contents */
	size_t n_ekus;
	struct san_list sans;
};
/*
 * der is borrowed. Trailing bytes, duplicates, malformed known extensions: ERR_INVALID. Serial
 * 1..20 octets, positive. At most 64 KiB.
 */
int cert_parse(struct str der, struct arena *a, struct cert *out, struct err *e) NODISCARD;
/* A TBSCertificate alone, checked and decoded alike; der, signature are empty. */
int cert_parse_tbs(struct str tbs, struct arena *a, struct cert *out, struct err *e) NODISCARD;
bool cert_eku_allows(const struct cert *c,
		     enum oid usage); /* no EKU extension, the usage, or anyExtendedKeyUsage */
/* All CERTIFICATE blocks of a PEM text, DER views in the arena; at least one, at most 100. */
int cert_pem_read(struct str pem, struct arena *a, struct str **ders, size_t *n,
		  struct err *e) NODISCARD;
void cert_to_pem(struct str der, struct buf *out);
void cert_fingerprint(struct str der, char hex[65]); /* lower-case SHA-256 */
/* What a message calls it: its subject, else its first name, else its serial. Appends. */
void cert_name_put(const struct cert *c, struct buf *out);
/* Slow: verifies c's signature with issuer's key. */
int cert_check_signature(const struct cert *c, const struct cert *issuer, struct err *e) NODISCARD;

/* ---- chain (RFC 5280 6.1 without policies): slow, jobs only ---- */
struct chain_params {
	const struct cert *roots;
	size_t n_roots;
	const struct cert *intermediates;
	size_t n_intermediates;
	int64_t now;
	enum oid usage; /* OID_NONE: any */
};
/*
 * Finds and checks a path from leaf to a root: signatures, dates, CA and path length, key usage,
 * name constraints (DNS, IP, e-mail, URI, directory), critical extensions that we do not know.
 * ERR_UNAUTHORIZED says which check of which certificate
 * failed. */
int chain_verify(const struct cert *leaf, const struct chain_params *p, struct err *e) NODISCARD;
/*
 * Name constraints of `ca` applied to subject and SANs of `leaf`. ERR_FORBIDDEN, with a public
 * sentence.
 */
int name_constraints_check(const struct cert *ca, const struct cert *leaf, struct err *e) NODISCARD;

/* ---- certification request (RFC 2986) ---- */
struct csr {
	struct str der, info; /* whole; the part that is signed */
	struct name subject;
	struct str spki;
	enum sig_alg sig_alg; /* SIG_NONE when not one of ours: refuse */
	struct str signature;
	struct ext_list exts; /* from extensionRequest */
	struct san_list sans; /* from exts */
};
/*
 * At most 64 KiB, 100 attributes; a second extensionRequest and duplicate extensions are refused.
 */
int csr_parse(struct str der, struct arena *a, struct csr *out, struct err *e) NODISCARD;
/* First PEM block whatever its label (as `step` sends it); then csr_parse. */
int csr_pem_parse(struct str pem, struct arena *a, struct csr *out, struct err *e) NODISCARD;
/* Proof of possession. Slow. Loads the key too (also when the error is about its strength). */
int csr_verify(const struct csr *c, struct key **key, struct err *e) NODISCARD;
int csr_build(struct key *k, const struct name *subject, const struct san_list *sans,
	      struct buf *der, struct err *e) NODISCARD;

/* ---- building a certificate ---- */
struct tbs_spec {
	struct str serial;		    /* magnitude */
	enum sig_alg sig_alg;		    /* of the issuer's key */
	struct str issuer_der, subject_der; /* whole Names */
	int64_t not_before, not_after;
	struct str spki;
	struct ext_list exts; /* in the order given */
	struct str sig_alg_oid; /* contents; not empty: instead of sig_alg, without parameters */
};
void tbs_build(const struct tbs_spec *s, struct buf *out);
/* tbs + algorithm + signature -> certificate. */
void cert_assemble(struct str tbs, enum sig_alg alg, struct str signature, struct buf *out);

/*
 * Serial numbers: decimal text of a magnitude (arbitrary size) and back ("123", "0x7f"; nothing
 * else).
 */
void serial_to_decimal(struct str magnitude, struct buf *out);
int serial_parse(struct str text, struct arena *a, struct str *magnitude,
		 struct err *e) NODISCARD; /* at most 20 octets, not 0 */

/* Human-readable text of a certificate or CSR, as `signet inspect` shows it. */
void cert_describe(const struct cert *c, bool brief, struct buf *out);
void csr_describe(const struct csr *c, bool brief, struct buf *out);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_PROFILE_CONTENT_PRIV_H
#define SIGNET_PROFILE_CONTENT_PRIV_H

#include "profile/content.h"
#include "profile/content_json.h"

/* What the files of X.509 content share. */

/* For STR_FMT: the beginning of a text of the template's in a message. */
#define SHORT_ARG(s) (int)((s).n < 64 ? (s).n : 64), (s).p != NULL ? (s).p : ""

/*
 * An OID as Go's asn1 package takes it: numbers of any sign and form that strconv.Atoi reads. Its
 * contents octets, or an empty view when it reads but cannot be encoded ("", "1", "3.1").
 */
int content_oid(struct str text, const char *what, struct arena *a, struct str *out,
		struct err *e) NODISCARD;
/* As crypto/x509.ParseOID: arcs of any size. */
int content_big_oid(struct str text, const char *what, struct arena *a, struct str *out,
		    struct err *e) NODISCARD;
int content_oid_unencodable(const char *what, struct err *e);

/* ---- content_name.c: Name ---- */
struct content_attr {
	struct str oid; /* contents; empty: cannot be encoded */
	struct str value;
	bool no_text; /* the JSON's value is no string */
};
struct content_name {
	struct text_list country, organization, unit, locality, province, street, postal;
	struct str serial, common_name;
	struct content_attr *extra;
	size_t n_extra, cap_extra; /* Go decodes a repeated list into the elements of the former */
};
int content_name_read(struct str json, const char *what, struct arena *a, struct content_name *out,
		      struct err *e) NODISCARD;
/* The whole Name element. -1: it has something that has no encoding. */
int content_name_write(const struct content_name *n, const char *what, struct buf *out,
		       struct err *e) NODISCARD;

/* ---- content_san.c: alternative names ---- */
struct content_san {
	struct str type, value;
	struct str asn1; /* JSON; empty: absent */
};
struct content_sans {
	struct text_list dns, emails;
	struct san *ips, *uris; /* read, as step reads them */
	size_t n_ips, n_uris;
	struct content_san *items;
	size_t n, cap;
};
int content_san_read(struct str json, struct arena *a, struct content_san *out,
		     struct err *e) NODISCARD;
struct content;
int content_ips_read(struct str json, struct arena *a, struct content *c, struct err *e) NODISCARD;
int content_uris_read(struct str json, struct arena *a, struct content *c, struct err *e) NODISCARD;
/* Is there a name that Go's library cannot encode, so that the extension is made by hand? */
bool content_sans_extended(const struct content_sans *s);
/* `strict`: an address or URI that step would silently drop is an error. */
int content_sans_plain(const struct content_sans *s, bool strict, struct arena *a,
		       struct san_list *out, struct err *e) NODISCARD;
int content_sans_by_hand(const struct content_sans *s, struct arena *a, struct san_list *out,
			 struct err *e) NODISCARD;
/* idna.Lookup.ToASCII. */
int content_dns_lookup(struct str name, struct arena *a, struct str *out, struct err *e) NODISCARD;
/* "[type:]text" of an otherName: its whole [0] element, or the raw bytes. */
int content_other_value(struct str text, struct arena *a, struct str *out, struct err *e) NODISCARD;

/* ---- content_url.c: net/url ---- */
struct content_url {
	struct str text;	 /* as URL.String() */
	struct str scheme, host; /* host with its port, unescaped */
};
int content_url(struct str text, struct arena *a, struct content_url *out, struct err *e) NODISCARD;
/* Of the name without a type: what "auto" makes of it. */
enum san_type content_san_guess(struct str text, struct arena *a);

/* ---- content_read.c: the whole ---- */
struct content {
	struct content_name subject;
	struct str raw_subject;
	struct content_sans sans;
	bool has_serial, serial_null, serial_number; /* number: written as one */
	struct str serial;			     /* its text */
	bool has_not_before, has_not_after;
	int64_t not_before, not_after;
	struct ext *exts; /* oid empty: there is none, or none that can be encoded */
	bool *ext_no_id;
	size_t n_exts, cap_exts;
	uint32_t key_usage;
	struct text_list ekus, unknown_ekus; /* contents */
	bool has_ski;
	struct str ski, aki;
	struct text_list ocsp, issuers, crls, policies;
	bool has_constraints, is_ca, has_names;
	int64_t max_path_len;
	bool names_critical;
	struct subtrees permitted, excluded;
	const struct content_alg *alg; /* NULL: none named */
	size_t work;		       /* see content_charge() */
};
/* Bounds what reading may cost: n texts more that need a look of their own. */
int content_charge(struct content *c, size_t n, struct err *e) NODISCARD;
struct content_alg {
	const char *name;
	enum sig_alg alg; /* SIG_NONE: not one that Signet signs with */
	const char *oid;  /* contents, for these */
	enum key_type
		key; /* KEY_P256 for all of ECDSA; KEY_NONE: no key that could be an issuer's */
};
int content_parse(struct str json, struct arena *a, struct content *out, struct err *e) NODISCARD;
/* A text that step takes for a serial number. */
int content_serial_check(struct str text, struct err *e) NODISCARD;
int content_usage_read(struct str json, struct arena *a, uint32_t *out, struct err *e) NODISCARD;
int content_ekus_read(struct str json, struct arena *a, struct text_list *out,
		      struct err *e) NODISCARD;
/* Names of usages as templates write them; NULL: none. */
const char *content_eku_name(struct str oid);
const char *content_usage_name(unsigned bit);
int content_alg_read(struct str json, struct arena *a, const struct content_alg **out,
		     struct err *e) NODISCARD;
int content_constraints_read(struct str json, struct arena *a, struct content *c,
			     struct err *e) NODISCARD;

/* ---- recheck.c ---- */
/*
 * What crypto/x509 looks at when it reads a certificate again that it has just made, over the TBS:
 * duplicates, malformed known extensions, names, URIs.
 */
int profile_recheck(struct str tbs, struct arena *a, struct err *e) NODISCARD;

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_PROFILE_LINT_PRIV_H
#define SIGNET_PROFILE_LINT_PRIV_H

#include "profile/lint.h"

/* What the files of the linter share: a certificate read as far as its bytes allow. */

#define LINT_EXTS_MAX  200U
#define LINT_NAMES_MAX 1000U

struct lint_ext {
	struct str oid, value;
	enum oid id;
	bool critical;
};
struct lint_name {
	unsigned tag; /* of the GeneralName */
	struct str value;
};
struct lint_view {
	const struct lint_options *o;
	struct lint_report *r;
	int version;
	struct str serial; /* contents as they stand there */
	struct str inner_alg, outer_alg;
	struct str issuer, subject, spki; /* elements */
	struct str time[2];
	unsigned time_tag[2];
	bool time_ok[2], unique_ids;
	int64_t at[2];
	struct lint_ext *exts;
	size_t n_exts;
	/* decoded, where it can be */
	bool is_ca, has_path_len, has_ku, self_signed;
	uint32_t ku;
	struct str *ekus;
	size_t n_ekus;
	struct lint_name *sans;
	size_t n_sans;
};

void lint_add(struct lint_view *v, enum lint_severity s, const char *code, const char *section,
	      const char *fmt, ...) PRINTF(5, 6);
const struct lint_ext *lint_ext(const struct lint_view *v, enum oid id);
/* Reads what it can; false when there is nothing to judge. */
bool lint_read(struct lint_view *v, struct str tbs);
const char *lint_oid_text(struct lint_view *v, struct str oid);

void lint_fields(struct lint_view *v); /* lint_fields.c: serial, dates, key, algorithm */
void lint_exts(struct lint_view *v);   /* lint_ext.c */
void lint_dn(struct lint_view *v, struct str name, const char *whose); /* lint_name.c */
void lint_sans(struct lint_view *v);
/* Whether one of the SANs says the same as a common name. */
bool lint_cn_in_sans(const struct lint_view *v, struct str cn);
/* The last common name of the subject, as UTF-8 in the arena; empty when there is none. */
struct str lint_common_name(const struct lint_view *v);
void lint_tls(struct lint_view *v); /* lint_tls.c */

#endif

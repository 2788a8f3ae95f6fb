/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_TMPL_SEMVER_H
#define SIGNET_TMPL_SEMVER_H

#include "base/arena.h"
#include "base/buf.h"
#include "tmpl/value.h"

/* semver.h - semantic versions and constraints as Masterminds/semver v3 reads them. */
struct semver {
	uint64_t major, minor, patch;
	struct str pre, metadata, original; /* views of the text that was read, or in the arena */
};
#define SEMVER_VERSION_MAX    256
#define SEMVER_CONSTRAINT_MAX 512
#define SEMVER_GROUPS_MAX     32

/* Lenient: "v1.2" is 1.2.0. -1: `why` has the text. */
int semver_parse(struct str s, struct semver *out, struct buf *why) NODISCARD;
void semver_string(const struct semver *v, struct buf *out);
int semver_compare(const struct semver *a, const struct semver *b); /* -1, 0, 1 */
/* Whether a pre-release or the metadata has the right form; else `why`. */
int semver_check_pre(struct str s, struct buf *why) NODISCARD;
int semver_check_metadata(struct str s, struct buf *why) NODISCARD;
/* 1: `v` satisfies the constraint, 0, -1: it is none. */
int semver_check(struct str constraint, struct str version, struct arena *a,
		 struct buf *why) NODISCARD;

/* semver.Version and a pointer to one; p is a struct semver. */
extern const struct tv_type tv_type_semver_value, tv_type_semver;

#endif

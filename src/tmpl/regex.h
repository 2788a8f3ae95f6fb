/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_TMPL_REGEX_H
#define SIGNET_TMPL_REGEX_H

#include "base/buf.h"

/*
 * regex.h - Go's regular expressions (RE2's syntax and rules of matching) by PCRE2.
 *
 * A pattern is parsed by our own parser, which refuses what RE2 refuses with Go's words and writes
 * the rest anew in PCRE2's language (regex_check.c, regex_class.c): PCRE2 never sees the pattern
 * itself. RE2 matches in linear time and PCRE2 does not, so matching is counted: callouts in the
 * translated pattern report work to the caller, who stops it when there was too much. Memory of a
 * match is bounded, too.
 */
#define REGEX_PATTERN_MAX 16384
#define REGEX_HEAP_KIB	  2048
#define REGEX_NONE	  SIZE_MAX

enum { REGEX_CAPTURE = 1 /* groups are wanted; else only the whole match is found, faster */ };

struct regex;
/* New, freed by regex_free(). -1: `why` gets Go's text, "error parsing regexp: ...". */
int regex_compile(struct str pattern, unsigned flags, struct regex **out,
		  struct buf *why) NODISCARD;
void regex_free(struct regex *r);	      /* NULL is fine */
unsigned regex_groups(const struct regex *r); /* without the whole match; 0 without REGEX_CAPTURE */
struct str regex_group_name(const struct regex *r, unsigned i); /* from 1; empty: none */

/*
 * The text that is searched: `s` itself, or a copy in which every byte that is not UTF-8 is U+FFFD,
 * as Go sees it. Offsets in matches are those of `seen`; regex_part() gives bytes of `s`.
 */
struct regex_text {
	struct str s, seen;
	char *copy;  /* NULL: seen is s */
	size_t *bad; /* where in `seen` a bad byte's U+FFFD stands, ascending */
	size_t nbad;
};
void regex_text_init(struct regex_text *t, struct str s);
void regex_text_release(struct regex_text *t);
struct str regex_part(const struct regex_text *t, size_t from, size_t to);
/* What regex_text_init() allocates for s. */
size_t regex_text_size(struct str s);

/* Reports `n` steps of about 10 ns; -1 stops the match. */
struct regex_meter {
	int (*steps)(void *arg, uint64_t n);
	void *arg;
};
enum regex_result { REGEX_NO, REGEX_YES, REGEX_STOPPED /* by the meter, or too much memory */ };
/*
 * The leftmost match that begins at `from` or later. `at` gets 2 * (groups + 1) offsets, REGEX_NONE
 * for a group that took no part.
 */
enum regex_result regex_search(struct regex *r, const struct regex_text *t, size_t from,
			       const struct regex_meter *m, size_t *at) NODISCARD;

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/semver.h"

/*
 * Versions, and the language of constraints: groups between "||", of which one must hold; in a
 * group comparisons between spaces or commas, which all must hold.
 */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
	return is_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-';
}

static bool is_space(char c) /* \s */
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static int say(struct buf *why, const char *text)
{
	buf_puts(why, text);
	return -1;
}

/* The bytes of s from `at` on that belong to a dotted list of words. */
static size_t dotted(struct str s, size_t at)
{
	size_t from = at;

	while (at < s.n && (is_word(s.p[at]) ||
			    (s.p[at] == '.' && at > from && at + 1 < s.n && is_word(s.p[at + 1]))))
		at++;
	return at - from;
}

struct fields { /* as the model's expression for versions takes them apart */
	struct str number[3];
	struct str pre, metadata; /* without '-' and '+' */
	size_t end;		  /* one past the last byte */
};

/* `wild`: x, X, * and | count as digits. False: no version begins at `at`. */
static bool read_fields(struct str s, size_t at, bool wild, struct fields *f)
{
	*f = (struct fields){0};
	if (at < s.n && s.p[at] == 'v')
		at++;
	for (int i = 0; i < 3; i++) {
		size_t from = i > 0 ? at + 1 : at, to = from;

		if (i > 0 && !(at < s.n && s.p[at] == '.'))
			break;
		while (to < s.n && (is_digit(s.p[to]) ||
				    (wild && s.p[to] != '\0' && strchr("xX*|", s.p[to]) != NULL)))
			to++;
		if (to == from)
			break;
		f->number[i] = str_mem(s.p + from, to - from);
		at = to;
	}
	if (f->number[0].n == 0)
		return false;
	if (at < s.n && s.p[at] == '-') {
		f->pre = str_mem(s.p + at + 1, dotted(s, at + 1));
		at += f->pre.n > 0 ? f->pre.n + 1 : 0;
	}
	if (at < s.n && s.p[at] == '+') {
		f->metadata = str_mem(s.p + at + 1, dotted(s, at + 1));
		at += f->metadata.n > 0 ? f->metadata.n + 1 : 0;
	}
	f->end = at;
	return true;
}

static int read_number(struct str s, uint64_t *out, struct buf *why)
{
	*out = 0;
	for (size_t i = 0; i < s.n; i++) {
		uint64_t d = (uint64_t)(s.p[i] - '0');

		if (*out > (UINT64_MAX - d) / 10) {
			buf_puts(why, "error parsing version segment: strconv.ParseUint: parsing ");
			tv_quote(s, why);
			return say(why, ": value out of range");
		}
		*out = *out * 10 + d;
	}
	return 0;
}

static int check_words(struct str s, bool pre, const char *bad, struct buf *why)
{
	while (s.p != NULL) {
		struct str rest, word = str_cut(s, '.', &rest);
		bool number = true, ok = word.n > 0;

		for (size_t i = 0; i < word.n; i++) {
			number = number && is_digit(word.p[i]);
			ok = ok && is_word(word.p[i]);
		}
		if (!ok)
			return say(why, bad);
		if (pre && number && word.n > 1 && word.p[0] == '0')
			return say(why, "version segment starts with 0");
		s = rest;
	}
	return 0;
}

int semver_check_pre(struct str s, struct buf *why)
{
	return check_words(s, true, "invalid prerelease string", why);
}

int semver_check_metadata(struct str s, struct buf *why)
{
	return check_words(s, false, "invalid metadata string", why);
}

int semver_parse(struct str s, struct semver *out, struct buf *why)
{
	struct fields f;

	*out = (struct semver){.original = s};
	if (s.n > SEMVER_VERSION_MAX)
		return say(why, "version string is too long (max 256 bytes)");
	if (!read_fields(s, 0, false, &f) || f.end != s.n)
		return say(why, "invalid semantic version");
	if (read_number(f.number[0], &out->major, why) != 0 ||
	    read_number(f.number[1], &out->minor, why) != 0 ||
	    read_number(f.number[2], &out->patch, why) != 0)
		return -1;
	out->pre = f.pre;
	out->metadata = f.metadata;
	if (f.pre.n > 0 && semver_check_pre(f.pre, why) != 0)
		return -1;
	return f.metadata.n > 0 ? semver_check_metadata(f.metadata, why) : 0;
}

void semver_string(const struct semver *v, struct buf *out)
{
	buf_printf(out, "%" PRIu64 ".%" PRIu64 ".%" PRIu64, v->major, v->minor, v->patch);
	if (v->pre.n > 0) {
		buf_putc(out, '-');
		buf_str(out, v->pre);
	}
	if (v->metadata.n > 0) {
		buf_putc(out, '+');
		buf_str(out, v->metadata);
	}
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Numbers by value and before words; words by bytes; a missing one is the least. */
static int compare_words(struct str a, struct str b)
{
	uint64_t x, y;
	bool an, bn;

	if (str_eq(a, b))
		return 0;
	if (a.n == 0 || b.n == 0)
		return a.n == 0 ? -1 : 1;
	an = str_u64(a, &x);
	bn = str_u64(b, &y);
	if (!an && !bn)
		return str_cmp(a, b) > 0 ? 1 : -1;
	if (!an || !bn)
		return bn ? 1 : -1;
	return x > y ? 1 : -1;
}

static int compare_pre(struct str a, struct str b)
{
	while (a.p != NULL || b.p != NULL) {
		struct str ra = STR_NULL, rb = STR_NULL, x = STR_NULL, y = STR_NULL;
		int d;

		if (a.p != NULL)
			x = str_cut(a, '.', &ra);
		if (b.p != NULL)
			y = str_cut(b, '.', &rb);
		d = compare_words(x, y);
		if (d != 0)
			return d;
		a = ra;
		b = rb;
	}
	return 0;
}

int semver_compare(const struct semver *a, const struct semver *b)
{
	int d = compare_numbers(a->major, b->major);

	if (d == 0)
		d = compare_numbers(a->minor, b->minor);
	if (d == 0)
		d = compare_numbers(a->patch, b->patch);
	if (d != 0 || (a->pre.n == 0 && b->pre.n == 0))
		return d;
	if (a->pre.n == 0 || b->pre.n == 0)
		return a->pre.n == 0 ? 1 : -1;
	return compare_pre(a->pre, b->pre);
}

/* ---- constraints ---- */
enum op { OP_EQUAL, OP_NOT, OP_GREATER, OP_LESS, OP_AT_LEAST, OP_AT_MOST, OP_TILDE, OP_CARET };
static const struct {
	const char *text;
	enum op op;
} ops[] = {{">=", OP_AT_LEAST}, {"=>", OP_AT_LEAST}, {"<=", OP_AT_MOST}, {"=<", OP_AT_MOST},
	   {"!=", OP_NOT},	{"~>", OP_TILDE},    {"=", OP_EQUAL},	 {">", OP_GREATER},
	   {"<", OP_LESS},	{"~", OP_TILDE},     {"^", OP_CARET}};

struct constraint {
	enum op op;
	struct semver v;
	bool any_minor, any_patch, any; /* "1", "1.2", either or "*" */
};

static size_t skip_space(struct str s, size_t at)
{
	while (at < s.n && is_space(s.p[at]))
		at++;
	return at;
}

static bool is_x(struct str s)
{
	return str_eqc(s, "x") || str_eqc(s, "X") || str_eqc(s, "*");
}

/* Reads one comparison at `at`: where it ends, or 0 when there is none. */
static size_t read_comparison(struct str s, size_t at, enum op *op, struct fields *f)
{
	struct str rest = str_mem(s.p + at, s.n - at);

	*op = OP_EQUAL;
	for (size_t i = 0; i < ARRAY_LEN(ops); i++)
		if (str_starts(rest, ops[i].text)) {
			*op = ops[i].op;
			at += strlen(ops[i].text);
			break;
		}
	return read_fields(s, skip_space(s, at), true, f) ? f->end : 0;
}

static int make_constraint(enum op op, const struct fields *f, struct arena *a,
			   struct constraint *out)
{
	struct buf text = BUF_INIT, why = BUF_INIT;
	int rc;

	*out = (struct constraint){.op = op};
	if (is_x(f->number[0])) {
		out->any = true;
		buf_puts(&text, "0.0.0");
	} else if (f->number[1].n == 0 || is_x(f->number[1])) {
		out->any = out->any_minor = true;
		buf_str(&text, f->number[0]);
		buf_puts(&text, ".0.0");
	} else if (f->number[2].n == 0 || is_x(f->number[2])) {
		out->any = out->any_patch = true;
		buf_str(&text, f->number[0]);
		buf_putc(&text, '.');
		buf_str(&text, f->number[1]);
		buf_puts(&text, ".0");
	} else {
		for (int i = 0; i < 3; i++) {
			buf_puts(&text, i > 0 ? "." : "");
			buf_str(&text, f->number[i]);
		}
	}
	if (f->pre.n > 0) {
		buf_putc(&text, '-');
		buf_str(&text, f->pre);
	}
	rc = semver_parse(arena_str(a, buf_view(&text)), &out->v, &why);
	buf_release(&text);
	buf_release(&why);
	return rc;
}

static bool holds_caret(const struct constraint *c, const struct semver *v)
{
	if (semver_compare(v, &c->v) < 0)
		return false;
	if (c->v.major > 0 || c->any_minor)
		return v->major == c->v.major;
	if (v->major > 0)
		return false;
	if (c->v.minor > 0 || c->any_patch)
		return v->minor == c->v.minor;
	return v->minor == 0 && v->patch == c->v.patch;
}

static bool holds_tilde(const struct constraint *c, const struct semver *v)
{
	if (semver_compare(v, &c->v) < 0)
		return false;
	if (c->v.major == 0 && c->v.minor == 0 && c->v.patch == 0 && !c->any_minor && !c->any_patch)
		return true;
	return v->major == c->v.major && (v->minor == c->v.minor || c->any_minor);
}

static bool holds_not(const struct constraint *c, const struct semver *v)
{
	if (!c->any)
		return semver_compare(v, &c->v) != 0;
	if (c->v.major != v->major || (c->v.minor != v->minor && !c->any_minor))
		return true;
	if (c->any_minor)
		return false;
	if (c->v.patch != v->patch && !c->any_patch)
		return true;
	if (c->any_patch)
		return (v->pre.n > 0 || c->v.pre.n > 0) && compare_pre(v->pre, c->v.pre) != 0;
	return semver_compare(v, &c->v) != 0;
}

static bool holds_greater(const struct constraint *c, const struct semver *v)
{
	if (c->any && v->major != c->v.major)
		return v->major > c->v.major;
	if (c->any_minor)
		return false;
	if (c->any_patch)
		return v->minor > c->v.minor;
	return semver_compare(v, &c->v) > 0;
}

/* `with_pre`: the group names a pre-release; else none satisfies it. */
static bool holds(const struct constraint *c, const struct semver *v, bool with_pre)
{
	if (v->pre.n > 0 && !with_pre)
		return false;
	switch (c->op) {
	case OP_EQUAL:
		return c->any ? holds_tilde(c, v) : semver_compare(v, &c->v) == 0;
	case OP_NOT:
		return holds_not(c, v);
	case OP_GREATER:
		return holds_greater(c, v);
	case OP_LESS:
		return semver_compare(v, &c->v) < 0;
	case OP_AT_LEAST:
		return semver_compare(v, &c->v) >= 0;
	case OP_AT_MOST:
		if (!c->any)
			return semver_compare(v, &c->v) <= 0;
		return v->major < c->v.major ||
		       (v->major == c->v.major && (v->minor <= c->v.minor || c->any_minor));
	case OP_TILDE:
		return holds_tilde(c, v);
	case OP_CARET:
		return holds_caret(c, v);
	}
	return false;
}

struct group {
	struct constraint all[SEMVER_CONSTRAINT_MAX / 2 + 1];
	size_t n;
	bool has_pre;
};

static int improper(struct str s, struct buf *why)
{
	buf_puts(why, "improper constraint: ");
	tv_quote(s, why);
	return -1;
}

/* The comparisons of a group. A first pass judges the form, which the model does first. */
static int read_group(struct str s, struct group *g, struct arena *a, struct buf *why)
{
	for (int pass = 0; pass < 2; pass++) {
		size_t at = skip_space(s, 0);

		g->n = 0;
		g->has_pre = false;
		for (;;) {
			struct fields f;
			enum op op;
			size_t end = read_comparison(s, at, &op, &f);

			if (end == 0)
				return improper(s, why);
			if (pass == 1 && make_constraint(op, &f, a, &g->all[g->n]) != 0)
				return say(why, "constraint parser error");
			g->has_pre = g->has_pre || g->all[g->n].v.pre.n > 0;
			g->n++;
			at = skip_space(s, end);
			if (at == s.n)
				break;
			if (s.p[at] == ',')
				at = skip_space(s, at + 1);
			else if (at == end)
				return improper(s, why);
		}
	}
	return 0;
}

/* "1.2 - 3" from `at` on: where it ends, or 0. */
static size_t read_range(struct str s, size_t at, struct str *first, struct str *last)
{
	struct fields f;
	size_t from = skip_space(s, at), dash;

	if (!read_fields(s, from, true, &f))
		return 0;
	*first = str_mem(s.p + from, f.end - from);
	dash = skip_space(s, f.end);
	if (dash == f.end || dash == s.n || s.p[dash] != '-')
		return 0;
	from = skip_space(s, dash + 1);
	if (from == dash + 1 || !read_fields(s, from, true, &f))
		return 0;
	*last = str_mem(s.p + from, f.end - from);
	return skip_space(s, f.end);
}

/* "1.2 - 3" becomes ">= 1.2, <= 3 ", wherever its text stands first. */
static void rewrite_ranges(struct str s, struct buf *out)
{
	buf_str(out, s);
	for (size_t at = 0; at < s.n;) {
		struct str first, last, range;
		struct buf b = BUF_INIT;
		size_t end = read_range(s, at, &first, &last);
		const char *where;

		if (end == 0) {
			at++;
			continue;
		}
		range = str_mem(s.p + at, end - at);
		where = memmem(out->p, out->n, range.p, range.n);
		if (where != NULL) {
			size_t before = (size_t)(where - out->p);

			buf_add(&b, out->p, before);
			buf_printf(&b, ">= " STR_FMT ", <= " STR_FMT " ", STR_ARG(first),
				   STR_ARG(last));
			buf_add(&b, where + range.n, out->n - before - range.n);
			buf_reset(out);
			buf_str(out, buf_view(&b));
			buf_release(&b);
		}
		at = end;
	}
}

static size_t count_groups(struct str s)
{
	size_t n = 1;

	for (size_t i = 0; i + 1 < s.n; i++)
		if (s.p[i] == '|' && s.p[i + 1] == '|') {
			n++;
			i++;
		}
	return n;
}

/* All groups are read, so that a bad one is an error wherever it stands. */
static int check_groups(struct str s, const struct semver *v, struct arena *a, struct buf *why)
{
	struct group *g = ARENA_NEW(a, struct group);
	bool met = false;

	for (bool more = true; more;) {
		const char *bars = s.n > 0 ? memmem(s.p, s.n, "||", 2) : NULL;
		struct str part = bars == NULL ? s : str_mem(s.p, (size_t)(bars - s.p));
		bool all = true;

		more = bars != NULL;
		if (more)
			s = str_mem(bars + 2, s.n - part.n - 2);
		if (read_group(part, g, a, why) != 0)
			return -1;
		for (size_t i = 0; i < g->n && all; i++)
			all = holds(&g->all[i], v, g->has_pre);
		met = met || all;
	}
	return met;
}

int semver_check(struct str constraint, struct str version, struct arena *a, struct buf *why)
{
	struct buf text = BUF_INIT, bad = BUF_INIT;
	struct semver v;
	int version_ok, rc;

	if (constraint.n > SEMVER_CONSTRAINT_MAX)
		return say(why, "constraint string is too long (max 512 bytes)");
	rewrite_ranges(constraint, &text);
	if (count_groups(buf_view(&text)) > SEMVER_GROUPS_MAX) {
		buf_release(&text);
		return say(why, "too many constraint groups (max 32)");
	}
	/* a bad constraint is told before a bad version */
	version_ok = semver_parse(version, &v, &bad);
	rc = check_groups(buf_view(&text), &v, a, why);
	buf_release(&text);
	if (rc >= 0 && version_ok != 0) {
		buf_str(why, buf_view(&bad));
		rc = -1;
	}
	buf_release(&bad);
	return rc;
}

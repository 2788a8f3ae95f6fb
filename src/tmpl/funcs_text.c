/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/funcs_text.h"
#include "tmpl/unicode.h"

/*
 * Texts: cutting, padding, quoting. Changing of case is in funcs_text_case.c, words in
 * funcs_text_words.c, lists of texts in funcs_text_list.c.
 */
int text_work(struct tmpl_call *c, uint64_t n)
{
	return n < 512 ? 0 : tmpl_steps(c, n / 8);
}

struct buf text_buf(const struct tmpl_call *c)
{
	return (struct buf){.limit = c->room > 0 ? c->room : 1};
}

char *text_alloc(struct tmpl_call *c, uint64_t n)
{
	if (tmpl_room(c, n) != 0)
		return NULL;
	return arena_alloc(c->arena, n > 0 ? (size_t)n : 1);
}

void *text_array(struct tmpl_call *c, uint64_t count, size_t size)
{
	return text_alloc(c, count > SIZE_MAX / 256 ? UINT64_MAX : count * size);
}

int text_error(struct tmpl_call *c, struct buf *b)
{
	buf_reset(c->error);
	buf_str(c->error, buf_view(b));
	buf_release(b);
	return -1;
}

struct str text_from(struct str s, size_t from)
{
	return str_mem(s.p + from, s.n - from);
}

struct str text_cut(struct str s, size_t from, size_t to)
{
	return str_mem(s.p + from, to - from);
}

size_t text_find(struct str s, struct str what, size_t from)
{
	const char *at;

	if (what.n > s.n || from > s.n - what.n)
		return SIZE_MAX;
	if (what.n == 0)
		return from;
	at = memmem(s.p + from, s.n - from, what.p, what.n);
	return at == NULL ? SIZE_MAX : (size_t)(at - s.p);
}

static TMPL_CALL(fn_hello)
{
	(void)c;
	(void)args;
	(void)n;
	*out = tv_str(STR("Hello!"));
	return 0;
}

static struct str trim(struct str s, bool (*drop)(uint32_t r, struct str set), struct str set)
{
	uint32_t r;

	while (s.n > 0) {
		size_t w = rune_first(s, &r);

		if (!drop(r, set))
			break;
		s = text_from(s, w);
	}
	while (s.n > 0) {
		size_t w = rune_last(s, &r);

		if (!drop(r, set))
			break;
		s.n -= w;
	}
	return s;
}

static bool drop_space(uint32_t r, struct str set)
{
	(void)set;
	return rune_is_space(r);
}

static bool drop_in_set(uint32_t r, struct str set)
{
	uint32_t x;

	if (r < 0x80)
		return str_has(set, (char)r);
	for (size_t i = 0; i < set.n;) {
		i += rune_first(text_from(set, i), &x);
		if (x == r)
			return true;
	}
	return false;
}

static TMPL_CALL(fn_trim)
{
	(void)n;
	if (text_work(c, args[0].s.n) != 0)
		return -1;
	*out = tv_str(trim(args[0].s, drop_space, STR_NULL));
	return 0;
}

static TMPL_CALL(fn_trim_all)
{
	struct str set = args[0].s, s = args[1].s;

	(void)n;
	/* the worst: every code point compared with the whole set */
	if (text_work(c, (uint64_t)s.n * (set.n < 64 ? 1 : set.n / 64)) != 0)
		return -1;
	*out = tv_str(trim(s, drop_in_set, set));
	return 0;
}

static bool has_prefix(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq(text_cut(s, 0, prefix.n), prefix);
}

static bool has_suffix(struct str s, struct str suffix)
{
	return s.n >= suffix.n && str_eq(text_from(s, s.n - suffix.n), suffix);
}

static TMPL_CALL(fn_trim_prefix)
{
	struct str s = args[1].s;

	(void)c;
	(void)n;
	*out = tv_str(has_prefix(s, args[0].s) ? text_from(s, args[0].s.n) : s);
	return 0;
}

static TMPL_CALL(fn_trim_suffix)
{
	struct str s = args[1].s;

	(void)c;
	(void)n;
	*out = tv_str(has_suffix(s, args[0].s) ? text_cut(s, 0, s.n - args[0].s.n) : s);
	return 0;
}

static TMPL_CALL(fn_has_prefix)
{
	(void)c;
	(void)n;
	*out = tv_bool(has_prefix(args[1].s, args[0].s));
	return 0;
}

static TMPL_CALL(fn_has_suffix)
{
	(void)c;
	(void)n;
	*out = tv_bool(has_suffix(args[1].s, args[0].s));
	return 0;
}

static TMPL_CALL(fn_contains)
{
	(void)n;
	if (text_work(c, args[1].s.n) != 0)
		return -1;
	*out = tv_bool(text_find(args[1].s, args[0].s, 0) != SIZE_MAX);
	return 0;
}

static TMPL_CALL(fn_repeat)
{
	struct str s = args[1].s;
	uint64_t count = (uint64_t)args[0].i;
	char *p;

	(void)n;
	if (args[0].i < 0)
		return tmpl_error(c, "strings: negative Repeat count");
	if (count == 0 || s.n == 0) {
		*out = tv_str(STR(""));
		return 0;
	}
	if (count == 1) {
		*out = tv_str(s);
		return 0;
	}
	if (count > INT64_MAX / s.n)
		return tmpl_error(c, "strings: Repeat output length overflow");
	p = text_alloc(c, count * s.n);
	if (p == NULL || text_work(c, count * s.n) != 0)
		return -1;
	if (s.n == 1) {
		memset(p, s.p[0], (size_t)count);
	} else {
		for (size_t i = 0; i < count; i++)
			memcpy(p + i * s.n, s.p, s.n);
	}
	*out = tv_str(str_mem(p, (size_t)count * s.n));
	return 0;
}

#define BOUNDS "runtime error: slice bounds out of range "

static TMPL_CALL(fn_substr)
{
	struct str s = args[2].s;
	int64_t start = args[0].i, end = args[1].i, len = (int64_t)s.n;

	(void)n;
	if (start < 0) {
		if (end < 0)
			return tmpl_error(c, BOUNDS "[:%" PRId64 "]", end);
		if (end > len)
			return tmpl_error(c, BOUNDS "[:%" PRId64 "] with length %" PRId64, end,
					  len);
		start = 0;
	} else if (end < 0 || end > len) {
		end = len;
	}
	if (start > end)
		return tmpl_error(c, BOUNDS "[%" PRId64 ":%" PRId64 "]", start, end);
	*out = tv_str(text_cut(s, (size_t)start, (size_t)end));
	return 0;
}

static TMPL_CALL(fn_trunc)
{
	struct str s = args[1].s;
	int64_t keep = args[0].i, len = (int64_t)s.n;

	(void)c;
	(void)n;
	if (keep < 0 && len + keep > 0)
		s = text_from(s, (size_t)(len + keep));
	else if (keep >= 0 && len > keep)
		s = text_cut(s, 0, (size_t)keep);
	*out = tv_str(s);
	return 0;
}

/* "..." before, after or on both sides of a part of a text. */
static int dotted(struct tmpl_call *c, bool before, struct str s, bool after, struct tv *out)
{
	char *p = text_alloc(c, s.n + 6);
	size_t at = 0;

	if (p == NULL)
		return -1;
	if (before) {
		memcpy(p, "...", 3);
		at = 3;
	}
	if (s.n > 0)
		memcpy(p + at, s.p, s.n);
	at += s.n;
	if (after) {
		memcpy(p + at, "...", 3);
		at += 3;
	}
	*out = tv_str(str_mem(p, at));
	return 0;
}

/* s in at most `width` bytes, of which the first are about `offset` bytes from its beginning. */
static int abbreviate(struct tmpl_call *c, struct str s, int64_t offset, int64_t width,
		      struct tv *out)
{
	int64_t len = (int64_t)s.n, keep = width - 3;

	*out = tv_str(s);
	if (len <= width)
		return 0;
	if (offset > len)
		offset = len;
	/* wraps around as Go's does for the smallest numbers */
	if ((int64_t)((uint64_t)len - (uint64_t)offset) < keep)
		offset = len - keep;
	if (offset <= 4)
		return dotted(c, false, text_cut(s, 0, (size_t)keep), true, out);
	if (width >= 7 && offset + keep >= len)
		return dotted(c, true, text_from(s, (size_t)(len - keep)), false, out);
	if (width < 7) {
		*out = tv_str(STR(""));
		return 0;
	}
	/* both ends go: what is left of s from `offset` on is longer than `keep` */
	return dotted(c, true, text_cut(s, (size_t)offset, (size_t)(offset + keep - 3)), true, out);
}

static TMPL_CALL(fn_abbrev)
{
	(void)n;
	*out = args[1];
	return args[0].i < 4 ? 0 : abbreviate(c, args[1].s, 0, args[0].i, out);
}

static TMPL_CALL(fn_abbrevboth)
{
	int64_t left = args[0].i, right = args[1].i;

	(void)n;
	*out = args[2];
	if (right < 4 || (left > 0 && right < 7))
		return 0;
	return abbreviate(c, args[2].s, left, right, out);
}

static TMPL_CALL(fn_quote)
{
	struct buf b = text_buf(c);

	for (size_t i = 0; i < n; i++) {
		if (args[i].type == NULL)
			continue;
		struct str s;

		/* that of a text itself is paid for by the call */
		if (tmpl_text(c, args[i], &s) != 0 ||
		    text_work(c, tv_is_string(args[i]) ? s.n : 16 * (uint64_t)s.n) != 0) {
			buf_release(&b);
			return -1;
		}
		if (b.n > 0)
			buf_putc(&b, ' ');
		tv_quote(s, &b);
	}
	return tmpl_return_buf(c, &b, out);
}

static TMPL_CALL(fn_squote)
{
	struct buf b = text_buf(c);

	for (size_t i = 0; i < n; i++) {
		if (args[i].type == NULL)
			continue;
		buf_puts(&b, b.n > 0 ? " '" : "'");
		if (tmpl_print(c, args[i], c->room, &b) != 0)
			b.failed = true;
		buf_putc(&b, '\'');
	}
	return tmpl_return_buf(c, &b, out);
}

static TMPL_CALL(fn_cat)
{
	struct buf b = text_buf(c);
	bool first = true;

	for (size_t i = 0; i < n; i++) {
		if (args[i].type == NULL)
			continue;
		if (!first)
			buf_putc(&b, ' ');
		first = false;
		if (tmpl_print(c, args[i], c->room, &b) != 0)
			b.failed = true;
	}
	return tmpl_return_buf(c, &b, out);
}

/* `lead`, then s with `spaces` before every line. */
static int indent(struct tmpl_call *c, struct str lead, int64_t spaces, struct str s,
		  struct tv *out)
{
	uint64_t lines = 1, size;
	char *p, *at;

	if (spaces < 0)
		return tmpl_error(c, "strings: negative Repeat count");
	if (text_work(c, s.n) != 0)
		return -1;
	for (size_t i = 0; i < s.n; i++)
		lines += s.p[i] == '\n';
	if ((uint64_t)spaces > UINT32_MAX || lines > UINT32_MAX)
		size = UINT64_MAX; /* more than any run has room for */
	else
		size = lead.n + s.n + lines * (uint64_t)spaces;
	at = p = text_alloc(c, size);
	if (p == NULL || text_work(c, size) != 0)
		return -1;
	memcpy(at, lead.p, lead.n);
	at += lead.n;
	for (;;) {
		const char *nl = s.n > 0 ? memchr(s.p, '\n', s.n) : NULL;
		size_t line = nl != NULL ? (size_t)(nl - s.p) + 1 : s.n;

		memset(at, ' ', (size_t)spaces);
		at += spaces;
		if (line > 0)
			memcpy(at, s.p, line);
		at += line;
		if (nl == NULL)
			break;
		s = text_from(s, line);
	}
	*out = tv_str(str_mem(p, (size_t)(at - p)));
	return 0;
}

static TMPL_CALL(fn_indent)
{
	(void)n;
	return indent(c, STR(""), args[0].i, args[1].s, out);
}

static TMPL_CALL(fn_nindent)
{
	(void)n;
	return indent(c, STR("\n"), args[0].i, args[1].s, out);
}

/* Where the next match of `old` begins; an empty one matches between all code points. */
static size_t next_match(struct str s, struct str old, size_t from, bool first)
{
	uint32_t r;

	if (old.n > 0)
		return text_find(s, old, from);
	if (first)
		return from;
	return from < s.n ? from + rune_first(text_from(s, from), &r) : SIZE_MAX;
}

static TMPL_CALL(fn_replace)
{
	struct str old = args[0].s, new = args[1].s, s = args[2].s;
	uint64_t count = 0;
	size_t done = 0;
	char *p, *to;

	(void)n;
	*out = args[2];
	if (str_eq(old, new))
		return 0;
	if (text_work(c, 2 * (uint64_t)s.n) != 0)
		return -1;
	for (size_t at = next_match(s, old, 0, true); at != SIZE_MAX;
	     at = next_match(s, old, at + old.n, false))
		count++;
	if (count == 0)
		return 0;
	if (new.n > 0 && count > UINT64_MAX / 4 / new.n)
		return tmpl_room(c, UINT64_MAX);
	to = p = text_alloc(c, s.n - count * old.n + count * new.n);
	if (p == NULL || text_work(c, count * new.n) != 0)
		return -1;
	for (size_t at = next_match(s, old, 0, true); at != SIZE_MAX;
	     at = next_match(s, old, at + old.n, false)) {
		if (at > done)
			memcpy(to, s.p + done, at - done);
		to += at - done;
		if (new.n > 0)
			memcpy(to, new.p, new.n);
		to += new.n;
		done = at + old.n;
	}
	if (s.n > done)
		memcpy(to, s.p + done, s.n - done);
	*out = tv_str(str_mem(p, (size_t)(to - p) + s.n - done));
	return 0;
}

static TMPL_CALL(fn_plural)
{
	(void)c;
	(void)n;
	*out = args[2].i == 1 ? args[0] : args[1];
	return 0;
}

static TMPL_CALL(fn_to_string)
{
	(void)n;
	*out = tv_str(STR(""));
	return tmpl_text(c, args[0], &out->s);
}

#define ROW(name, params, returns, fn)                                                             \
	{                                                                                          \
		name, params, returns, TMPL_FUNC_SPRIG, fn                                         \
	}
const struct tmpl_func tmpl_funcs_text[] = {ROW("hello", "", 's', fn_hello),
					    ROW("trim", "s", 's', fn_trim),
					    ROW("trimAll", "ss", 's', fn_trim_all),
					    ROW("trimall", "ss", 's', fn_trim_all),
					    ROW("trimPrefix", "ss", 's', fn_trim_prefix),
					    ROW("trimSuffix", "ss", 's', fn_trim_suffix),
					    ROW("upper", "s", 's', fn_upper),
					    ROW("lower", "s", 's', fn_lower),
					    ROW("title", "s", 's', fn_title),
					    ROW("untitle", "s", 's', fn_untitle),
					    ROW("swapcase", "s", 's', fn_swapcase),
					    ROW("nospace", "s", 's', fn_nospace),
					    ROW("initials", "s", 's', fn_initials),
					    ROW("repeat", "is", 's', fn_repeat),
					    ROW("substr", "iis", 's', fn_substr),
					    ROW("trunc", "is", 's', fn_trunc),
					    ROW("abbrev", "is", 's', fn_abbrev),
					    ROW("abbrevboth", "iis", 's', fn_abbrevboth),
					    ROW("contains", "ss", 'b', fn_contains),
					    ROW("hasPrefix", "ss", 'b', fn_has_prefix),
					    ROW("hasSuffix", "ss", 'b', fn_has_suffix),
					    ROW("quote", "*a", 's', fn_quote),
					    ROW("squote", "*a", 's', fn_squote),
					    ROW("cat", "*a", 's', fn_cat),
					    ROW("indent", "is", 's', fn_indent),
					    ROW("nindent", "is", 's', fn_nindent),
					    ROW("replace", "sss", 's', fn_replace),
					    ROW("plural", "ssi", 's', fn_plural),
					    ROW("snakecase", "s", 's', fn_snakecase),
					    ROW("kebabcase", "s", 's', fn_kebabcase),
					    ROW("camelcase", "s", 's', fn_camelcase),
					    ROW("wrap", "is", 's', fn_wrap),
					    ROW("wrapWith", "iss", 's', fn_wrap_with),
					    ROW("join", "sa", 's', fn_join),
					    ROW("split", "ss", 'M', fn_split),
					    ROW("splitn", "sis", 'M', fn_splitn),
					    ROW("splitList", "ss", 'S', fn_split_list),
					    ROW("toString", "a", 's', fn_to_string),
					    ROW("toStrings", "a", 'S', fn_to_strings),
					    ROW("sortAlpha", "a", 'S', fn_sort_alpha),
					    {.name = NULL}};

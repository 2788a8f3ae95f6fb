/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/funcs_text.h"
#include "tmpl/regex.h"
#include "tmpl/unicode.h"

/*
 * regexMatch and its kin. The loops over matches are Go's: an empty match directly after another
 * one does not count. Each function has a must form, which differs in the text of its errors.
 */
struct regex_job {
	struct tmpl_call *c;
	struct regex *re;
	struct regex_text text;
	struct regex_meter meter;
	uint64_t owed; /* steps that the run was not told of yet */
};

static int take_steps(void *arg, uint64_t n)
{
	struct regex_job *j = arg;

	j->owed += n;
	if (j->owed < 128)
		return 0;
	n = j->owed;
	j->owed = 0;
	return tmpl_steps(j->c, n);
}

/* As strconv.CanBackquote. */
static bool can_backquote(struct str s)
{
	for (size_t i = 0; i < s.n;) {
		uint32_t r;
		size_t w = rune_first(text_from(s, i), &r);

		if (rune_bad(r, w) || r == 0xfeff || r == '`' || r == 0x7f ||
		    (r < 0x20 && r != '\t'))
			return false;
		i += w;
	}
	return true;
}

/* The error of a bad pattern: as regexp.MustCompile panics, or as the must forms return it. */
static int bad_pattern(struct tmpl_call *c, struct str pattern, struct buf *why)
{
	struct buf b = BUF_INIT;

	if (strncmp(c->name, "must", 4) != 0) {
		buf_puts(&b, "regexp: Compile(");
		if (can_backquote(pattern))
			buf_printf(&b, "`" STR_FMT "`", STR_ARG(pattern));
		else
			tv_quote(pattern, &b);
		buf_puts(&b, "): ");
	}
	buf_str(&b, buf_view(why));
	buf_release(why);
	return text_error(c, &b);
}

static void job_end(struct regex_job *j)
{
	regex_free(j->re);
	regex_text_release(&j->text);
}

/* What a bad pattern says, in `why` (released by the caller); *bad tells it from a limit. */
static int job_begin(struct regex_job *j, struct tmpl_call *c, struct str pattern, struct str s,
		     unsigned flags, struct buf *why, bool *bad)
{
	*j = (struct regex_job){.c = c, .meter = {.steps = take_steps, .arg = j}};
	*bad = false;
	/* about what reading, translating and compiling cost */
	if (tmpl_steps(c, 300 + 20 * (uint64_t)(pattern.n < REGEX_PATTERN_MAX ? pattern.n : 1)) !=
		    0 ||
	    text_work(c, 2 * (uint64_t)s.n) != 0 || tmpl_room(c, regex_text_size(s)) != 0)
		return -1;
	if (regex_compile(pattern, flags, &j->re, why) != 0) {
		*bad = true;
		return -1;
	}
	regex_text_init(&j->text, s);
	return 0;
}

static int job_start(struct regex_job *j, struct tmpl_call *c, struct str pattern, struct str s,
		     unsigned flags)
{
	struct buf why = BUF_INIT;
	bool bad;

	if (job_begin(j, c, pattern, s, flags, &why, &bad) == 0)
		return 0;
	return bad ? bad_pattern(c, pattern, &why) : -1;
}

static enum regex_result search(struct regex_job *j, size_t from, size_t *at)
{
	enum regex_result found = regex_search(j->re, &j->text, from, &j->meter, at);

	if (found == REGEX_STOPPED && !j->c->limited) {
		j->c->limited = true;
		tmpl_error(j->c, "the regular expression takes too long on this text");
	}
	return found;
}

static size_t width_at(const struct regex_text *t, size_t at)
{
	uint32_t r;

	return at < t->seen.n ? rune_first(text_from(t->seen, at), &r) : 0;
}

static TMPL_CALL(fn_match)
{
	struct buf why = BUF_INIT;
	struct regex_job j;
	enum regex_result found;
	size_t at[2];
	bool bad;

	(void)n;
	if (job_begin(&j, c, args[0].s, args[1].s, 0, &why, &bad) != 0) {
		if (!bad)
			return -1;
		/* Go says false to a bad pattern; one that is only too much for us may match */
		if (strncmp(c->name, "must", 4) == 0 || strstr(why.p, "expression too large"))
			return bad_pattern(c, args[0].s, &why);
		buf_release(&why);
		*out = tv_bool(false);
		return 0;
	}
	found = search(&j, 0, at);
	job_end(&j);
	*out = tv_bool(found == REGEX_YES);
	return found == REGEX_STOPPED ? -1 : 0;
}

static TMPL_CALL(fn_find)
{
	struct regex_job j;
	enum regex_result found;
	size_t at[2];

	(void)n;
	if (job_start(&j, c, args[0].s, args[1].s, 0) != 0)
		return -1;
	found = search(&j, 0, at);
	*out = tv_str(found == REGEX_YES ? regex_part(&j.text, at[0], at[1]) : STR(""));
	job_end(&j);
	return found == REGEX_STOPPED ? -1 : 0;
}

/* All matches, at most `max` (negative: no limit), as pairs of offsets in `out`. */
static int find_all(struct regex_job *j, int64_t max, struct buf *out)
{
	size_t pos = 0, end = j->text.seen.n, before = SIZE_MAX, at[2];

	for (int64_t i = 0; (max < 0 || i < max) && pos <= end;) {
		enum regex_result found = search(j, pos, at);
		bool accept = true;

		if (found == REGEX_STOPPED)
			return -1;
		if (found == REGEX_NO)
			break;
		if (at[1] == pos) {
			size_t w = width_at(&j->text, pos);

			accept = at[0] != before;
			pos = w > 0 ? pos + w : end + 1;
		} else {
			pos = at[1];
		}
		before = at[1];
		if (!accept)
			continue;
		buf_add(out, at, sizeof(at));
		i++;
	}
	if (out->failed)
		return tmpl_room(j->c, UINT64_MAX);
	return 0;
}

static void pair_at(const struct buf *pairs, size_t i, size_t at[2])
{
	memcpy(at, pairs->p + i * 2 * sizeof(size_t), 2 * sizeof(size_t));
}

static TMPL_CALL(fn_find_all)
{
	struct buf pairs = text_buf(c);
	struct regex_job j;
	struct tv *items = NULL;
	size_t count;
	int rc;

	(void)n;
	if (job_start(&j, c, args[0].s, args[1].s, 0) != 0)
		return -1;
	rc = find_all(&j, args[2].i, &pairs);
	count = pairs.n / (2 * sizeof(size_t));
	*out = tv_nil_list(&tv_type_strings);
	if (rc == 0 && count > 0) {
		items = text_array(c, count, sizeof(*items));
		rc = items == NULL ? -1 : 0;
	}
	for (size_t i = 0; rc == 0 && i < count; i++) {
		size_t at[2];

		pair_at(&pairs, i, at);
		items[i] = tv_str(regex_part(&j.text, at[0], at[1]));
	}
	if (rc == 0 && count > 0)
		*out = tv_list(&tv_type_strings, items, count);
	buf_release(&pairs);
	job_end(&j);
	return rc;
}

static TMPL_CALL(fn_regex_split)
{
	struct buf pairs = text_buf(c);
	struct regex_job j;
	struct tv *items = NULL;
	size_t count, got = 0, from = 0, end = 0;
	int64_t max = args[2].i;
	int rc;

	(void)n;
	if (job_start(&j, c, args[0].s, args[1].s, 0) != 0)
		return -1;
	*out = tv_nil_list(&tv_type_strings);
	rc = max == 0 ? 0 : find_all(&j, max, &pairs);
	count = pairs.n / (2 * sizeof(size_t));
	if (rc == 0 && max != 0) {
		items = text_array(c, count + 1, sizeof(*items));
		rc = items == NULL ? -1 : 0;
	}
	if (rc == 0 && max != 0 && args[0].s.n > 0 && args[1].s.n == 0) {
		items[0] = tv_str(STR(""));
		*out = tv_list(&tv_type_strings, items, 1);
	} else if (rc == 0 && max != 0) {
		for (size_t i = 0; i < count && (max < 0 || got + 1 < (uint64_t)max); i++) {
			size_t at[2];

			pair_at(&pairs, i, at);
			end = at[0];
			if (at[1] != 0)
				items[got++] = tv_str(regex_part(&j.text, from, end));
			from = at[1];
		}
		if (end != j.text.seen.n)
			items[got++] = tv_str(regex_part(&j.text, from, j.text.seen.n));
		*out = tv_list(&tv_type_strings, items, got);
	}
	buf_release(&pairs);
	job_end(&j);
	return rc;
}

/* ---- replacing ---- */
/* "$1", "${name}" after the dollar: the name, and what follows; false: the dollar is only one. */
static bool reference(struct str s, struct str *name, struct str *rest)
{
	bool brace = s.n > 0 && s.p[0] == '{';
	size_t i = brace;

	while (i < s.n) {
		uint32_t r;
		size_t w = rune_first(text_from(s, i), &r);

		if (!rune_is_letter(r) && !rune_is_digit(r) && r != '_')
			break;
		i += w;
	}
	*name = text_cut(s, brace, i > brace ? i : brace);
	if (name->n == 0 || (brace && (i >= s.n || s.p[i] != '}')))
		return false;
	*rest = text_from(s, i + brace);
	return true;
}

/* A number without leading zeros, or -1: it is a name. */
static int64_t group_number(struct str name)
{
	int64_t number = 0;

	if (name.n > 1 && name.p[0] == '0')
		return -1;
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] < '0' || name.p[i] > '9' || number >= 100000000)
			return -1;
		number = number * 10 + (name.p[i] - '0');
	}
	return number;
}

static bool group_part(const struct regex_job *j, const size_t *at, uint64_t i, struct buf *out)
{
	if (i > regex_groups(j->re) || at[2 * i] == REGEX_NONE)
		return false;
	buf_str(out, regex_part(&j->text, at[2 * i], at[2 * i + 1]));
	return true;
}

static void expand(const struct regex_job *j, struct str template, const size_t *at,
		   struct buf *out)
{
	while (template.n > 0 && !out->failed) {
		const char *dollar = memchr(template.p, '$', template.n);
		struct str name, rest;
		int64_t number;

		if (dollar == NULL)
			break;
		buf_add(out, template.p, (size_t)(dollar - template.p));
		template = text_from(template, (size_t)(dollar - template.p) + 1);
		if (template.n > 0 && template.p[0] == '$') {
			buf_putc(out, '$');
			template = text_from(template, 1);
			continue;
		}
		if (!reference(template, &name, &rest)) {
			buf_putc(out, '$');
			continue;
		}
		template = rest;
		number = group_number(name);
		if (number >= 0)
			group_part(j, at, (uint64_t)number, out);
		for (unsigned i = 1; number < 0 && i <= regex_groups(j->re); i++)
			if (str_eq(regex_group_name(j->re, i), name) && group_part(j, at, i, out))
				break;
	}
	buf_str(out, template);
}

static int replace(struct regex_job *j, struct str with, bool literal, size_t *at, struct buf *out)
{
	size_t done = 0, pos = 0, end = j->text.seen.n;

	while (pos <= end && !out->failed) {
		enum regex_result found = search(j, pos, at);
		size_t w;

		if (found == REGEX_STOPPED)
			return -1;
		if (found == REGEX_NO)
			break;
		buf_str(out, regex_part(&j->text, done, at[0]));
		/* not for an empty match directly after another one */
		if (at[1] > done || at[0] == 0) {
			if (tmpl_steps(j->c, with.n / 4) != 0)
				return -1;
			if (literal)
				buf_str(out, with);
			else
				expand(j, with, at, out);
		}
		done = at[1];
		w = width_at(&j->text, pos);
		if (pos + w > at[1])
			pos += w;
		else
			pos = pos + 1 > at[1] ? pos + 1 : at[1];
	}
	buf_str(out, regex_part(&j->text, done, end));
	return 0;
}

static int replace_all(struct tmpl_call *c, const struct tv *args, bool literal, struct tv *out)
{
	struct buf b = text_buf(c);
	struct regex_job j;
	size_t *at;

	if (!literal && !str_has(args[2].s, '$'))
		literal = true;
	if (job_start(&j, c, args[0].s, args[1].s, literal ? 0 : REGEX_CAPTURE) != 0)
		return -1;
	at = text_array(c, 2 * ((uint64_t)regex_groups(j.re) + 1), sizeof(*at));
	if (at == NULL || replace(&j, args[2].s, literal, at, &b) != 0) {
		buf_release(&b);
		job_end(&j);
		return -1;
	}
	job_end(&j);
	return tmpl_return_buf(c, &b, out);
}

static TMPL_CALL(fn_replace_all)
{
	(void)n;
	return replace_all(c, args, false, out);
}

static TMPL_CALL(fn_replace_all_literal)
{
	(void)n;
	return replace_all(c, args, true, out);
}

static TMPL_CALL(fn_quote_meta)
{
	struct str s = args[0].s;
	struct buf b = text_buf(c);

	(void)n;
	if (text_work(c, 2 * (uint64_t)s.n) != 0)
		return -1;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '\0' && strchr("\\.+*?()|[]{}^$", s.p[i]) != NULL)
			buf_putc(&b, '\\');
		buf_putc(&b, s.p[i]);
	}
	return tmpl_return_buf(c, &b, out);
}

const struct tmpl_func tmpl_funcs_regex[] = {
	{"regexMatch", "ss", 'b', TMPL_FUNC_SPRIG, fn_match},
	{"mustRegexMatch", "ss", 'b', TMPL_FUNC_SPRIG, fn_match},
	{"regexFind", "ss", 's', TMPL_FUNC_SPRIG, fn_find},
	{"mustRegexFind", "ss", 's', TMPL_FUNC_SPRIG, fn_find},
	{"regexFindAll", "ssi", 'S', TMPL_FUNC_SPRIG, fn_find_all},
	{"mustRegexFindAll", "ssi", 'S', TMPL_FUNC_SPRIG, fn_find_all},
	{"regexReplaceAll", "sss", 's', TMPL_FUNC_SPRIG, fn_replace_all},
	{"mustRegexReplaceAll", "sss", 's', TMPL_FUNC_SPRIG, fn_replace_all},
	{"regexReplaceAllLiteral", "sss", 's', TMPL_FUNC_SPRIG, fn_replace_all_literal},
	{"mustRegexReplaceAllLiteral", "sss", 's', TMPL_FUNC_SPRIG, fn_replace_all_literal},
	{"regexSplit", "ssi", 'S', TMPL_FUNC_SPRIG, fn_regex_split},
	{"mustRegexSplit", "ssi", 'S', TMPL_FUNC_SPRIG, fn_regex_split},
	{"regexQuoteMeta", "s", 's', TMPL_FUNC_SPRIG, fn_quote_meta},
	{.name = NULL}};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/funcs_text.h"

/* Slash paths, by their text alone. sprig's os... forms do the same on Linux. */

/* One past the last slash; 0: there is none. */
static size_t after_slash(struct str s)
{
	const char *slash = s.n > 0 ? memrchr(s.p, '/', s.n) : NULL;

	return slash == NULL ? 0 : (size_t)(slash - s.p) + 1;
}

/* The shortest equal path: no "." and no "//", ".." only at the beginning of a relative one. */
static int clean(struct tmpl_call *c, struct str s, struct tv *out)
{
	bool rooted = s.n > 0 && s.p[0] == '/';
	size_t n = 0, floor; /* what ".." must not take away is below `floor` */
	char *p;

	if (text_work(c, 2 * (uint64_t)s.n) != 0)
		return -1;
	p = text_alloc(c, s.n + 1);
	if (p == NULL)
		return -1;
	if (rooted)
		p[n++] = '/';
	floor = n;
	for (size_t i = 0; i < s.n;) {
		const char *slash = memchr(s.p + i, '/', s.n - i);
		size_t end = slash == NULL ? s.n : (size_t)(slash - s.p);
		struct str part = text_cut(s, i, end);

		i = end + 1;
		if (part.n == 0 || str_eqc(part, "."))
			continue;
		if (str_eqc(part, "..") && n > floor) {
			while (n > floor && p[n - 1] != '/')
				n--;
			if (n > floor)
				n--;
			continue;
		}
		if (str_eqc(part, "..") && rooted)
			continue;
		if (n > rooted)
			p[n++] = '/';
		memcpy(p + n, part.p, part.n);
		n += part.n;
		if (str_eqc(part, ".."))
			floor = n;
	}
	*out = tv_str(n == 0 ? STR(".") : str_mem(p, n));
	return 0;
}

static TMPL_CALL(fn_clean)
{
	(void)n;
	return clean(c, args[0].s, out);
}

static TMPL_CALL(fn_dir)
{
	(void)n;
	return clean(c, text_cut(args[0].s, 0, after_slash(args[0].s)), out);
}

static TMPL_CALL(fn_base)
{
	struct str s = args[0].s;

	(void)c;
	(void)n;
	*out = tv_str(STR("."));
	if (s.n == 0)
		return 0;
	while (s.n > 0 && s.p[s.n - 1] == '/')
		s.n--;
	*out = tv_str(s.n == 0 ? STR("/") : text_from(s, after_slash(s)));
	return 0;
}

static TMPL_CALL(fn_ext)
{
	struct str s = text_from(args[0].s, after_slash(args[0].s));
	const char *dot = s.n > 0 ? memrchr(s.p, '.', s.n) : NULL;

	(void)c;
	(void)n;
	*out = tv_str(dot == NULL ? STR("") : text_from(s, (size_t)(dot - s.p)));
	return 0;
}

static TMPL_CALL(fn_is_abs)
{
	(void)c;
	(void)n;
	*out = tv_bool(args[0].s.n > 0 && args[0].s.p[0] == '/');
	return 0;
}

const struct tmpl_func tmpl_funcs_path[] = {{"base", "s", 's', TMPL_FUNC_SPRIG, fn_base},
					    {"dir", "s", 's', TMPL_FUNC_SPRIG, fn_dir},
					    {"clean", "s", 's', TMPL_FUNC_SPRIG, fn_clean},
					    {"ext", "s", 's', TMPL_FUNC_SPRIG, fn_ext},
					    {"isAbs", "s", 'b', TMPL_FUNC_SPRIG, fn_is_abs},
					    {"osBase", "s", 's', TMPL_FUNC_SPRIG, fn_base},
					    {"osDir", "s", 's', TMPL_FUNC_SPRIG, fn_dir},
					    {"osClean", "s", 's', TMPL_FUNC_SPRIG, fn_clean},
					    {"osExt", "s", 's', TMPL_FUNC_SPRIG, fn_ext},
					    {"osIsAbs", "s", 'b', TMPL_FUNC_SPRIG, fn_is_abs},
					    {.name = NULL}};

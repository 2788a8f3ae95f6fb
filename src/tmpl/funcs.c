/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "tmpl/priv.h"

/*
 * All tables of functions, and the index by name that the compiler uses. A name is looked up while
 * a template is compiled, never in a run. Add a family: its table here and in func.h.
 */
const struct tmpl_func *const tmpl_func_tables[] = {
	tmpl_funcs_text,
	tmpl_funcs_list,
	tmpl_funcs_map,
	tmpl_funcs_math,
	tmpl_funcs_reflect,
	tmpl_funcs_default,
	tmpl_funcs_encoding,
	tmpl_funcs_regex,
	tmpl_funcs_path,
	tmpl_funcs_url,
	tmpl_funcs_semver,
	tmpl_funcs_date,
	tmpl_funcs_random,
	tmpl_funcs_hash,
	tmpl_funcs_crypto,
	tmpl_funcs_asn1,
	tmpl_funcs_builtin, /* last: what others name alike hides it */
	NULL};

/*
 * Functions whose time does not depend on the size of their arguments, or that only copy or compare
 * them: the interpreter charges all others by size (exec_call.c).
 */
static const char *const cheap_names[] = {
	"and",	      "append",	    "coalesce", "contains", "default", "dict",
	"empty",      "eq",	    "fail",	"first",    "get",     "hasKey",
	"hasPrefix",  "hasSuffix",  "index",	"kindIs",   "kindOf",  "last",
	"len",	      "list",	    "ne",	"not",	    "or",      "print",
	"rest",	      "set",	    "slice",	"substr",   "ternary", "toString",
	"trimPrefix", "trimSuffix", "trunc",	"tuple",    "typeIs",  "typeOf"};

bool func_is_cheap(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(cheap_names); i++)
		if (strcmp(cheap_names[i], name) == 0)
			return true;
	return false;
}

static bool in_set(const struct tmpl_func *f, enum tmpl_set set)
{
	unsigned want = TMPL_FUNC_BUILTIN;

	switch (set) {
	case TMPL_GO:
		break;
	case TMPL_SPRIG:
		want |= TMPL_FUNC_SPRIG;
		break;
	case TMPL_STEP:
		want |= TMPL_FUNC_SPRIG | TMPL_FUNC_STEP | TMPL_FUNC_X509;
		break;
	case TMPL_STEP_SSH:
		want |= TMPL_FUNC_SPRIG | TMPL_FUNC_STEP;
		break;
	}
	return (f->flags & want) != 0;
}

static size_t slot_of(const struct func_index *x, struct str name)
{
	const size_t mask = ARRAY_LEN(x->slots) - 1;
	uint32_t h = UINT32_C(2166136261);

	for (size_t i = 0; i < name.n; i++)
		h = (h ^ (unsigned char)name.p[i]) * UINT32_C(16777619);
	size_t at = (h ^ h >> 15) & mask;
	while (x->slots[at].fn != NULL && !str_eqc(name, x->slots[at].fn->name))
		at = (at + 1) & mask;
	return at;
}

static size_t add_table(struct func_index *x, const struct tmpl_options *o,
			const struct tmpl_func *table)
{
	size_t n = 0;

	for (const struct tmpl_func *f = table; f->name != NULL; f++) {
		if (!in_set(f, o->set))
			continue;
		struct func_entry *e = &x->slots[slot_of(x, str_c(f->name))];
		if (e->fn != NULL)
			continue;
		*e = (struct func_entry){.fn = f,
					 .hidden = (f->flags & TMPL_FUNC_SLOW) != 0 &&
						   (o->flags & TMPL_ALLOW_SLOW) == 0};
		n++;
	}
	return n;
}

void func_index_init(struct func_index *x, const struct tmpl_options *o)
{
	size_t n = 0;

	memset(x, 0, sizeof(*x));
	if (o->extra != NULL)
		n += add_table(x, o, o->extra);
	for (size_t i = 0; tmpl_func_tables[i] != NULL; i++)
		n += add_table(x, o, tmpl_func_tables[i]);
	ENSURE(n < ARRAY_LEN(x->slots) / 2);
}

const struct func_entry *func_index_find(const struct func_index *x, struct str name)
{
	const struct func_entry *e = &x->slots[slot_of(x, name)];

	return e->fn != NULL ? e : NULL;
}

struct func_shape func_shape(const struct tmpl_func *fn)
{
	struct func_shape s = {0};

	while (fn->params[s.fixed] != '\0' && fn->params[s.fixed] != '*')
		s.fixed++;
	if (fn->params[s.fixed] == '*')
		s.more = fn->params[s.fixed + 1];
	return s;
}

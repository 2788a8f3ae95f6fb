/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/priv.h"

/* What the interpreter asks about values: reflect's indirections. */
struct tv value_indirect(struct tv v, bool *nil)
{
	*nil = false;
	while (v.type != NULL && v.type->kind == TV_PTR) {
		if (v.nil) {
			*nil = true;
			return tv_bare(v);
		}
		v = (struct tv){.type = v.type->elem, .p = v.p};
	}
	if (v.type == NULL)
		*nil = v.iface;
	return tv_bare(v);
}

const char *value_static_type(struct tv v)
{
	return v.iface ? tv_type_any.name : tv_type_name(v);
}

static bool prints_itself(const struct tv_type *t)
{
	return t->string != NULL || (t->kind == TV_PTR && t->elem->string != NULL);
}

struct tv value_printable(struct tv v)
{
	bool nil;

	if (v.type == NULL || v.type->kind != TV_PTR || prints_itself(v.type))
		return v;
	return value_indirect(v, &nil);
}

bool value_is_nil(struct tv v)
{
	enum tv_kind k = tv_kind(v);

	if (k == TV_INVALID)
		return true;
	if (k == TV_SLICE || k == TV_PTR || k == TV_MAP)
		return v.nil;
	return false;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "prov/grant.h"

struct grant *grant_for_self(struct arena *a, struct str subject, const struct san_list *names)
{
	struct grant *g = ARENA_NEW(a, struct grant);

	g->magic = GRANT_MAGIC;
	g->method = SIGNET_SIGN;
	g->subject = arena_str(a, subject);
	g->names = *names;
	return g;
}

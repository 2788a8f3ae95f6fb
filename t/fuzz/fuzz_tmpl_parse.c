/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "tmpl/tmpl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any text as a template: it compiles and runs within its bounds, or is refused properly. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct tmpl_limits limits = {
		.steps = 3000, .output = 4096, .memory = 262144, .depth = 20};
	struct tmpl_options o = {.name = STR("t"), .set = TMPL_STEP};
	struct arena *a = arena_new();
	struct buf out = BUF_INIT;
	struct tmpl_error_info why;
	struct tmpl *t;

	if (tmpl_compile(str_mem(data, size), &o, a, &t, &why) == 0) {
		ENSURE(why.class == TMPL_OK);
		if (tmpl_run(t, tv_nil(), &limits, a, &out, &why) != 0)
			ENSURE(why.class > TMPL_PARSE && why.line > 0 && why.col >= 0);
		ENSURE(out.n <= limits.output);
		tmpl_unref(t);
	} else {
		ENSURE(why.class == TMPL_PARSE && why.col == -1);
		ENSURE(str_starts(why.message, why.line > 0 ? "template: t:" : "the template"));
	}
	buf_reset(&out);
	if (why.class != TMPL_OK)
		tmpl_error_describe(&why, &out);
	buf_release(&out);
	arena_free(a);
	return 0;
}

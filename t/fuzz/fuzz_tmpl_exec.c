/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "tmpl/tmpl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* TEMPLATE NUL JSON: whatever both are, a run keeps its bounds and says what was wrong. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct tmpl_limits limits = {
		.steps = 100000, .output = 65536, .memory = 4194304, .depth = 100};
	const uint8_t *cut = memchr(data, 0, size);
	size_t n = cut != NULL ? (size_t)(cut - data) : size;
	struct str json = cut != NULL ? str_mem(cut + 1, size - n - 1) : STR("{}");
	struct tmpl_options o = {.name = STR("t"), .set = n % 4 == 0 ? TMPL_GO : TMPL_STEP};
	struct arena *a = arena_new();
	struct buf out = BUF_INIT, bad = BUF_INIT;
	struct tmpl_error_info why;
	struct tv dot = tv_nil();
	struct tmpl *t;

	if (tv_parse_json(json, a, &dot, &bad) != 0)
		dot = tv_nil();
	if (tmpl_compile(str_mem(data, n), &o, a, &t, &why) == 0) {
		size_t before = arena_used(a);
		int rc = tmpl_run(t, tv_bare(dot), &limits, a, &out, &why);
		ENSURE((rc == 0) == (why.class == TMPL_OK));
		ENSURE(out.n <= limits.output);
		/* what one call may make unasked, and an error's text */
		ENSURE(arena_used(a) - before <= limits.memory + 600000);
		tmpl_unref(t);
	}
	buf_release(&bad);
	buf_release(&out);
	arena_free(a);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmplvec.h"

/* Stand-ins for builds without tmplvec_x509.c and tmplvec_ssh.c: plain data, no certificate. */
static int plain(const json_t *vector, json_t *out)
{
	struct arena *a = arena_new();
	struct buf text = BUF_INIT;

	if (vec_render(vector, vec_data(vector, a), a, &text, out) == 0)
		vec_want(out, buf_view(&text));
	buf_release(&text);
	arena_free(a);
	return 0;
}

__attribute__((weak)) int vec_x509(const json_t *vector, const char *ca_dir, json_t *out)
{
	(void)ca_dir;
	return plain(vector, out);
}

__attribute__((weak)) int vec_ssh(const json_t *vector, const char *ca_dir, json_t *out)
{
	(void)ca_dir;
	return plain(vector, out);
}

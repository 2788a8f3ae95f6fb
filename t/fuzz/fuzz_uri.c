/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "codec/idna.h"
#include "codec/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct str whole, struct str part)
{
	ENSURE(part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n));
}

static void try_address(struct str in)
{
	unsigned char ip[16], back[16];
	char text[46];
	size_t n = ip_parse(in, ip);

	if (n > 0) {
		ENSURE(ip_parse(str_c(ip_format(ip, n, text)), back) == n);
		ENSURE(memcmp(ip, back, n) == 0);
	}
}

static void try_name(struct str in, struct arena *a)
{
	struct err e = ERR_INIT;
	struct str once, twice;

	if (idna_to_ascii(in, a, &once, &e) != 0)
		return;
	ENSURE(dns_name_valid(once, true));
	ENSURE(idna_to_ascii(once, a, &twice, &e) == 0 && str_eq(once, twice));
}

/* URIs, addresses and names. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_mem(data, size), s, back;
	struct arena *a = arena_new();
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;
	struct uri u;

	if (uri_parse(in, &u, &e) == 0) {
		inside(in, u.scheme);
		inside(in, u.userinfo);
		inside(in, u.host);
		inside(in, u.path);
		inside(in, u.query);
		inside(in, u.fragment);
		if (uri_query(u.query, "a", a, &s))
			ENSURE(!str_has(s, '\0'));
	}
	if (uri_unescape(in, a, &s, &e) == 0) {
		uri_escape(s, &b);
		ENSURE(uri_unescape(buf_view(&b), a, &back, &e) == 0 && str_eq(s, back));
	}
	try_address(in);
	try_name(in, a);
	buf_release(&b);
	arena_free(a);
	return 0;
}

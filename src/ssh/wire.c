/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ssh/ssh.h"

/* wire.c - RFC 4251 section 5. */
static bool take(struct str *in, size_t n, struct str *out)
{
	if (in->n < n)
		return false;
	*out = str_mem(in->p, n);
	*in = str_mem(in->p + n, in->n - n);
	return true;
}

static bool take_number(struct str *in, size_t n, uint64_t *out)
{
	struct str s;

	if (!take(in, n, &s))
		return false;
	*out = 0;
	for (size_t i = 0; i < n; i++)
		*out = *out << 8 | (unsigned char)s.p[i];
	return true;
}

bool ssh_get_u8(struct str *in, uint8_t *out)
{
	uint64_t v;

	if (!take_number(in, 1, &v))
		return false;
	*out = (uint8_t)v;
	return true;
}

bool ssh_get_u32(struct str *in, uint32_t *out)
{
	uint64_t v;

	if (!take_number(in, 4, &v))
		return false;
	*out = (uint32_t)v;
	return true;
}

bool ssh_get_u64(struct str *in, uint64_t *out)
{
	return take_number(in, 8, out);
}

bool ssh_get_string(struct str *in, struct str *out)
{
	struct str at = *in;
	uint64_t n;

	if (!take_number(&at, 4, &n) || !take(&at, (size_t)n, out))
		return false;
	*in = at;
	return true;
}

bool ssh_get_mpint(struct str *in, struct str *magnitude)
{
	struct str at = *in, s;

	if (!ssh_get_string(&at, &s) || s.n == 0)
		return false;
	bool zero_first = s.p[0] == 0;
	bool high_first = (s.p[0] & 0x80) != 0, high_second = s.n > 1 && (s.p[1] & 0x80) != 0;
	if (high_first || (zero_first && !high_second)) /* negative; zero, or a byte too many */
		return false;
	*magnitude = zero_first ? str_mem(s.p + 1, s.n - 1) : s;
	*in = at;
	return true;
}

void ssh_put_string(struct buf *out, struct str s)
{
	if (s.n > UINT32_MAX) {
		out->failed = true;
		return;
	}
	buf_u32(out, (uint32_t)s.n);
	buf_str(out, s);
}

void ssh_put_mpint(struct buf *out, struct str m)
{
	while (m.n > 0 && m.p[0] == 0)
		m = str_mem(m.p + 1, m.n - 1);
	bool pad = m.n > 0 && (m.p[0] & 0x80) != 0;
	buf_u32(out, (uint32_t)(m.n + (pad ? 1 : 0)));
	if (pad)
		buf_u8(out, 0);
	buf_str(out, m);
}

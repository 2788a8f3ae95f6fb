/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/print.h"
#include "tmpl/unicode.h"

/* print_verb.c - one value of a basic kind under one verb, padded. */
void buf_fill(struct buf *b, char c, size_t n)
{
	if (n == 0)
		return;
	char *p = buf_reserve(b, n);
	if (p == NULL)
		return;
	memset(p, c, n);
	b->n += n;
	b->p[b->n] = '\0';
}

static void padding(struct printer *p, size_t n)
{
	buf_fill(p->out, p->f.zero && !p->f.minus ? '0' : ' ', n);
}

/* How much is to be added to a text of n runes. */
static size_t missing(const struct printer *p, size_t n)
{
	if (!p->f.has_width || (size_t)p->f.width <= n)
		return 0;
	return (size_t)p->f.width - n;
}

void print_pad(struct printer *p, struct str s)
{
	if (!p->f.has_width || p->f.width == 0) {
		buf_str(p->out, s);
		return;
	}
	size_t n = missing(p, rune_count(s));
	if (!p->f.minus)
		padding(p, n);
	buf_str(p->out, s);
	if (p->f.minus)
		padding(p, n);
}

static struct str cut_to_precision(const struct printer *p, struct str s)
{
	size_t i = 0;

	if (!p->f.has_precision)
		return s;
	for (int n = p->f.precision; i < s.n && n > 0; n--) {
		uint32_t r;
		i += rune_first(str_mem(s.p + i, s.n - i), &r);
	}
	return str_mem(s.p, i);
}

void print_text(struct printer *p, struct str s)
{
	print_pad(p, cut_to_precision(p, s));
}

/* Pads what was made apart. */
static void pad_buf(struct printer *p, struct buf *b)
{
	if (b->failed)
		p->out->failed = true;
	else
		print_pad(p, buf_view(b));
	buf_release(b);
}

static size_t room_left(const struct buf *b)
{
	if (b->limit == 0)
		return 0;
	return b->limit > b->n ? b->limit - b->n : 1;
}

static void pad_no_zero(struct printer *p, struct buf *b)
{
	bool zero = p->f.zero;

	p->f.zero = false;
	pad_buf(p, b);
	p->f.zero = zero;
}

void print_bool(struct printer *p, struct tv v, uint32_t verb)
{
	if (verb != 't' && verb != 'v') {
		print_bad_verb(p, v, verb);
		return;
	}
	print_pad(p, v.b ? STR("true") : STR("false"));
}

/* Right to left from `end`; the new start. */
static char *digits_of(uint64_t u, unsigned base, const char *digits, char *end)
{
	if (base == 10) {
		for (; u >= 10; u /= 10)
			*--end = (char)('0' + u % 10);
		*--end = (char)('0' + u);
		return end;
	}
	unsigned shift = base == 16 ? 4 : base == 8 ? 3 : 1;
	for (; u >= base; u >>= shift)
		*--end = digits[u & (base - 1)];
	*--end = digits[u];
	return end;
}

static size_t prefix_of(const struct printer *p, unsigned base, bool upper, uint32_t verb,
			bool leading_zero, char out[8])
{
	size_t n = 0;

	if (verb == 'O') {
		out[n++] = '0';
		out[n++] = 'o';
	}
	if (!p->f.sharp)
		return n;
	if (base == 2 || base == 16) {
		out[n++] = '0';
		out[n++] = base == 2 ? 'b' : upper ? 'X' : 'x';
	} else if (base == 8 && !leading_zero) {
		out[n++] = '0';
	}
	return n;
}

static void number(struct printer *p, uint64_t u, bool negative, unsigned base, uint32_t verb)
{
	char digits[72], prefix[8];
	bool upper = verb == 'X';
	const char *sign = negative ? "-" : p->f.plus ? "+" : p->f.space ? " " : "";
	size_t zeros = 0;

	if (p->f.has_precision) {
		if (p->f.precision == 0 && u == 0) { /* nothing but padding */
			buf_fill(p->out, ' ', (size_t)p->f.width);
			return;
		}
		zeros = (size_t)p->f.precision;
	} else if (p->f.zero && !p->f.minus && p->f.has_width) {
		zeros = (size_t)p->f.width;
		if (*sign != '\0' && zeros > 0)
			zeros--;
	}
	char *end = digits + sizeof(digits);
	char *start = digits_of(u, base, upper ? "0123456789ABCDEF" : "0123456789abcdef", end);
	size_t n = (size_t)(end - start);
	zeros = zeros > n ? zeros - n : 0;
	size_t np = prefix_of(p, base, upper, verb, zeros > 0 || *start == '0', prefix);
	size_t pad = missing(p, strlen(sign) + np + zeros + n);

	if (!p->f.minus)
		buf_fill(p->out, ' ', pad);
	buf_puts(p->out, sign);
	buf_add(p->out, prefix, np);
	buf_fill(p->out, '0', zeros);
	buf_add(p->out, start, n);
	if (p->f.minus)
		buf_fill(p->out, ' ', pad);
}

static void number_plain(struct printer *p, uint64_t u, bool negative)
{
	char digits[24];
	char *end = digits + sizeof(digits);
	char *start = digits_of(u, 10, NULL, end);

	if (negative)
		*--start = '-';
	buf_add(p->out, start, (size_t)(end - start));
}

void print_hex(struct printer *p, uint64_t u, bool prefix)
{
	bool sharp = p->f.sharp;

	p->f.sharp = prefix;
	number(p, u, false, 16, 'v');
	p->f.sharp = sharp;
}

static uint32_t rune_of(uint64_t u, bool negative)
{
	return negative || u > 0x10ffff ? RUNE_ERROR : (uint32_t)u;
}

/* U+0078, or U+0078 'x' */
static void code_point(struct printer *p, uint64_t u, bool negative)
{
	struct buf b = {.limit = room_left(p->out)};
	char digits[24];
	char *end = digits + sizeof(digits);

	if (negative)
		u = -u;
	char *start = digits_of(u, 16, "0123456789ABCDEF", end);
	size_t n = (size_t)(end - start);
	size_t want = p->f.has_precision && p->f.precision > 4 ? (size_t)p->f.precision : 4;
	buf_puts(&b, "U+");
	buf_fill(&b, '0', want > n ? want - n : 0);
	buf_add(&b, start, n);
	if (p->f.sharp && u <= 0x10ffff && rune_is_print((uint32_t)u)) {
		buf_puts(&b, " '");
		rune_add(&b, (uint32_t)u);
		buf_putc(&b, '\'');
	}
	pad_no_zero(p, &b);
}

void print_u64(struct printer *p, uint64_t u, bool negative, uint32_t verb)
{
	number(p, u, negative,
	       verb == 'b'		    ? 2
	       : verb == 'o' || verb == 'O' ? 8
	       : verb == 'x' || verb == 'X' ? 16
					    : 10,
	       verb);
}

void print_integer(struct printer *p, struct tv v, uint32_t verb)
{
	bool is_signed =
		v.type->kind == TV_INT || v.type->kind == TV_INT32 || v.type->kind == TV_INT64;
	bool negative = is_signed && v.i < 0;
	uint64_t u = negative ? -(uint64_t)v.i : v.u;
	struct buf b = {.limit = room_left(p->out)};

	switch (verb) {
	case 'v':
	case 'd':
		if (verb == 'v' && p->f.sharp_v && !is_signed)
			print_hex(p, u, true);
		else if (!p->f.has_width && !p->f.has_precision && !p->f.plus && !p->f.space)
			number_plain(p, u, negative);
		else
			print_u64(p, u, negative, verb);
		break;
	case 'b':
	case 'o':
	case 'O':
	case 'x':
	case 'X':
		print_u64(p, u, negative, verb);
		break;
	case 'c':
		rune_add(&b, rune_of(u, negative));
		pad_buf(p, &b);
		break;
	case 'q':
		quote_rune(rune_of(u, negative), p->f.plus ? QUOTE_ASCII : 0, &b);
		pad_buf(p, &b);
		break;
	case 'U':
		code_point(p, u, negative);
		break;
	default:
		print_bad_verb(p, v, verb);
		break;
	}
}

/* The '#' flag: a point always, and for %g the zeros that it dropped. `b` starts with a sign. */
static void sharp_float(struct buf *b, uint32_t verb, int precision)
{
	int digits = 0;
	struct buf r = {.limit = b->limit};
	bool point = false, nonzero = false;
	size_t tail = b->n;

	if (verb == 'g' || verb == 'G' || verb == 'x')
		digits = precision < 0 ? 6 : precision;
	for (size_t i = 1; i < tail; i++) {
		char c = b->p[i];
		if (c == '.') {
			point = true;
			continue;
		}
		if (c == 'p' || c == 'P' ||
		    ((c == 'e' || c == 'E') && verb != 'x' && verb != 'X')) {
			tail = i;
			break;
		}
		nonzero |= c != '0';
		digits -= nonzero;
	}
	buf_add(&r, b->p, tail);
	if (!point) {
		if (tail == 2 && b->p[1] == '0')
			digits--;
		buf_putc(&r, '.');
	}
	buf_fill(&r, '0', digits > 0 ? (size_t)digits : 0);
	buf_add(&r, b->p + tail, b->n - tail);
	buf_release(b);
	*b = r;
}

/* `b` starts with a sign, always. */
static void pad_float(struct printer *p, struct buf *b, bool is_number)
{
	struct str s = buf_view(b);
	bool zero = p->f.zero;

	if (b->failed) {
		p->out->failed = true;
		return;
	}
	if (!is_number) {
		p->f.zero = false;
		if (s.p[1] == 'N' && !p->f.space && !p->f.plus)
			s = str_mem(s.p + 1, s.n - 1);
		print_pad(p, s);
		p->f.zero = zero;
		return;
	}
	if (!p->f.plus && s.p[0] == '+') {
		print_pad(p, str_mem(s.p + 1, s.n - 1));
	} else if (zero && !p->f.minus && missing(p, s.n) > 0) {
		buf_putc(p->out, s.p[0]); /* the sign stands before the zeros */
		padding(p, missing(p, s.n));
		buf_add(p->out, s.p + 1, s.n - 1);
	} else {
		print_pad(p, s);
	}
}

static void float_verb(struct printer *p, double f, char verb, int precision)
{
	struct buf b = {.limit = room_left(p->out)};

	if (p->f.has_precision)
		precision = p->f.precision;
	else if (!p->f.has_width && !p->f.plus && !p->f.space && !p->f.sharp &&
		 f - f == 0) { /* finite */
		tv_float_text(f, verb, precision, p->out);
		return;
	}
	if (b.limit > 0)
		b.limit += 1; /* for the sign */
	buf_putc(&b, '+');
	tv_float_text(f, verb, precision, &b);
	if (b.n > 1 && (b.p[1] == '-' || b.p[1] == '+')) {
		memmove(b.p, b.p + 1, b.n); /* and the NUL */
		b.n--;
	}
	if (p->f.space && b.p[0] == '+' && !p->f.plus)
		b.p[0] = ' ';
	bool is_number = b.n < 2 || (b.p[1] != 'I' && b.p[1] != 'N');
	if (p->f.sharp && verb != 'b' && is_number && !b.failed)
		sharp_float(&b, (unsigned char)verb, precision);
	pad_float(p, &b, is_number);
	buf_release(&b);
}

void print_float(struct printer *p, struct tv v, double f, uint32_t verb)
{
	/* up to a million digits */
	if (!walk_pay(p->call, (size_t)p->f.precision / 4))
		p->out->failed = true;
	if (p->out->failed)
		return;
	switch (verb) {
	case 'v':
		float_verb(p, f, 'g', -1);
		break;
	case 'b':
	case 'g':
	case 'G':
	case 'x':
	case 'X':
		float_verb(p, f, (char)verb, -1);
		break;
	case 'f':
	case 'e':
	case 'E':
		float_verb(p, f, (char)verb, 6);
		break;
	case 'F':
		float_verb(p, f, 'f', 6);
		break;
	default:
		print_bad_verb(p, v, verb);
		break;
	}
}

void print_complex(struct printer *p, struct tv v, uint32_t verb)
{
	bool plus = p->f.plus;

	if (verb >= 0x80 || verb == 0 || strchr("vbgGxXfFeE", (int)verb) == NULL) {
		print_bad_verb(p, v, verb);
		return;
	}
	buf_putc(p->out, '(');
	print_float(p, v, v.c[0], verb);
	p->f.plus = true;
	print_float(p, v, v.c[1], verb);
	buf_puts(p->out, "i)");
	p->f.plus = plus;
}

/* %x and %X of the bytes of a text */
static void hex_text(struct printer *p, struct str s, bool upper)
{
	const char *hex = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	const char *lead = upper ? "0X" : "0x";
	size_t n = s.n;

	if (p->f.has_precision && (size_t)p->f.precision < n)
		n = (size_t)p->f.precision;
	if (n == 0) {
		padding(p, missing(p, 0));
		return;
	}
	size_t width = 2 * n;
	if (p->f.space)
		width = (p->f.sharp ? 4 * n : 2 * n) + n - 1;
	else if (p->f.sharp)
		width += 2;
	if (!p->f.minus)
		padding(p, missing(p, width));
	if (p->f.sharp)
		buf_puts(p->out, lead);
	for (size_t i = 0; i < n && !p->out->failed; i++) {
		unsigned char c = (unsigned char)s.p[i];
		char two[2] = {hex[c >> 4], hex[c & 15]};
		if (p->f.space && i > 0) {
			buf_putc(p->out, ' ');
			if (p->f.sharp)
				buf_puts(p->out, lead);
		}
		buf_add(p->out, two, 2);
	}
	if (p->f.minus)
		padding(p, missing(p, width));
}

static void quoted(struct printer *p, struct str s)
{
	struct buf b = {.limit = room_left(p->out)};

	s = cut_to_precision(p, s);
	if (p->f.sharp && quote_raw_possible(s)) {
		buf_putc(&b, '`');
		buf_str(&b, s);
		buf_putc(&b, '`');
	} else if (!p->f.has_width) {
		quote_text(s, p->f.plus ? QUOTE_ASCII : 0, p->out);
		return;
	} else {
		quote_text(s, p->f.plus ? QUOTE_ASCII : 0, &b);
	}
	pad_buf(p, &b);
}

void print_string(struct printer *p, struct tv v, struct str s, uint32_t verb)
{
	bool copied = (verb == 's' || verb == 'v') && !p->f.sharp_v && !p->f.has_width;

	if (!walk_pay(p->call, copied ? s.n / 32 : s.n))
		p->out->failed = true;
	if (p->out->failed)
		return;
	switch (verb) {
	case 'v':
		if (p->f.sharp_v)
			quoted(p, s);
		else
			print_text(p, s);
		break;
	case 's':
		print_text(p, s);
		break;
	case 'x':
	case 'X':
		hex_text(p, s, verb == 'X');
		break;
	case 'q':
		quoted(p, s);
		break;
	default:
		print_bad_verb(p, v, verb);
		break;
	}
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/cli.h"

#include "base/clock.h"

#include <sys/ioctl.h>

/*
 * table.c - tables, distances in time, progress: what people see.
 *
 * A table looks at standard output: on a terminal it has a header, aligned columns and colours; a
 * script gets the same cells, one row a line, separated by tabs, and nothing else. Cells hold text
 * that strangers chose (names in certificates): controls and what turns the direction of writing
 * are shown as \xx in both forms, so that a cell is never more than a cell.
 */

#define GAP 2U

/* ---- the terminal ---- */

bool term_is_tty(void)
{
	return isatty(STDOUT_FILENO) == 1;
}

bool term_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (no != NULL && no[0] != '\0')
		return false;
	return term_is_tty() && term != NULL && strcmp(term, "dumb") != 0;
}

size_t term_width(void)
{
	struct winsize w;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 ? w.ws_col : 0;
}

/* ---- text ---- */

/* The character at p (n > 0 bytes): its length, its code point; 0 when it is no UTF-8. */
static size_t next_char(const char *p, size_t n, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char c = (unsigned char)p[0];
	size_t len = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 0;

	if (len == 0 || len > n || c > 0xf4)
		return 0;
	*code = len == 1 ? c : c & (0x7fU >> len);
	for (size_t i = 1; i < len; i++) {
		if (((unsigned char)p[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | ((unsigned char)p[i] & 0x3f);
	}
	return *code >= least[len] && *code <= 0x10ffff && (*code & ~0x7ffU) != 0xd800 ? len : 0;
}

static bool harmful(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

void text_put_safe(struct buf *out, struct str text)
{
	uint32_t code = 0;

	for (size_t i = 0, len; i < text.n; i += len) {
		len = next_char(text.p + i, text.n - i, &code);
		if (len > 0 && !harmful(code)) {
			buf_add(out, text.p + i, len);
			continue;
		}
		if (len == 0)
			len = 1;
		for (size_t k = 0; k < len; k++)
			buf_printf(out, "\\%02x", (unsigned char)text.p[i + k]);
	}
}

#define COLOUR_OFF "\033[0m"
static const char *const colour_codes[] = {[TABLE_PLAIN] = "",
					   [TABLE_GOOD] = "\033[32m",
					   [TABLE_WARN] = "\033[33m",
					   [TABLE_BAD] = "\033[31m",
					   [TABLE_DIM] = "\033[2m"};

void text_put_coloured(struct buf *out, struct str text, enum table_colour colour)
{
	bool on = colour != TABLE_PLAIN && term_colour();

	buf_puts(out, on ? colour_codes[colour] : "");
	text_put_safe(out, text);
	buf_puts(out, on ? COLOUR_OFF : "");
}

/* Columns that a character takes: the wide ones of East Asia and pictures two, marks none. */
static size_t char_width(uint32_t c)
{
	static const struct {
		uint32_t from, to;
		size_t width;
	} ranges[] = {
		{0x300, 0x36f, 0},     {0x1100, 0x115f, 2},   {0x200b, 0x200d, 0},
		{0x2e80, 0xa4cf, 2},   {0xac00, 0xd7a3, 2},   {0xf900, 0xfaff, 2},
		{0xfe00, 0xfe0f, 0},   {0xfe30, 0xfe6f, 2},   {0xff00, 0xff60, 2},
		{0xffe0, 0xffe6, 2},   {0x1f300, 0x1f64f, 2}, {0x1f900, 0x1f9ff, 2},
		{0x20000, 0x3fffd, 2},
	};

	for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
		if (c >= ranges[i].from && c <= ranges[i].to)
			return ranges[i].width;
	return 1;
}

/* Columns of a safe text; at most `max`, *bytes of it fit. */
static size_t text_width(struct str s, size_t max, size_t *bytes)
{
	size_t width = 0, i = 0;
	uint32_t code = 0;

	while (i < s.n) {
		size_t len = next_char(s.p + i, s.n - i, &code), w = char_width(code);

		if (len == 0 || width + w > max)
			break;
		width += w;
		i += len;
	}
	*bytes = i;
	return width;
}

/* ---- the table ---- */

struct cell {
	struct str text;
	size_t width;
	enum table_colour colour;
};
struct table {
	struct arena *a;
	const char *const *headers;
	size_t n_columns;
	struct cell *cells;
	size_t n, cap;
};

struct table *table_new(struct arena *a, const char *const *headers, size_t n)
{
	struct table *t = ARENA_NEW(a, struct table);

	t->a = a;
	t->headers = headers;
	t->n_columns = n;
	return t;
}

void table_cell(struct table *t, struct str text, enum table_colour colour)
{
	struct buf safe = BUF_INIT;
	size_t bytes;

	if (t->n == t->cap) {
		size_t cap = t->cap > 0 ? t->cap * 2 : 16 * t->n_columns;
		struct cell *more = ARENA_ARRAY(t->a, struct cell, cap);

		if (t->n > 0)
			memcpy(more, t->cells, t->n * sizeof(*more));
		t->cells = more;
		t->cap = cap;
	}
	text_put_safe(&safe, text);
	t->cells[t->n].text = arena_str(t->a, buf_view(&safe));
	t->cells[t->n].width = text_width(buf_view(&safe), SIZE_MAX, &bytes);
	t->cells[t->n++].colour = colour;
	buf_release(&safe);
}

static void print_plain(const struct table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		bool last = (i + 1) % t->n_columns == 0 || i + 1 == t->n;

		fwrite(t->cells[i].text.p, 1, t->cells[i].text.n, stdout);
		putchar(last ? '\n' : '\t');
	}
}

static void put_colour(enum table_colour colour, bool begin)
{
	if (colour != TABLE_PLAIN)
		fputs(begin ? colour_codes[colour] : COLOUR_OFF, stdout);
}

/* The last cell of a row is cut at the terminal's edge (`room`, 0: none) and not filled up. */
static void print_cell(const struct cell *c, size_t column, size_t room, bool last, bool colours)
{
	size_t bytes = c->text.n;
	bool cut = last && room > 0 && c->width > room;

	if (cut)
		(void)text_width(c->text, room - 1, &bytes);
	if (colours)
		put_colour(c->colour, true);
	fwrite(c->text.p, 1, bytes, stdout);
	if (cut)
		fputs("\u2026", stdout);
	if (colours)
		put_colour(c->colour, false);
	if (last)
		putchar('\n');
	else
		printf("%*s", (int)(column - c->width + GAP), "");
}

static void print_rows(const struct table *t, const size_t *widths, size_t room)
{
	bool colours = term_colour();

	for (size_t i = 0; i < t->n_columns; i++) {
		struct str h = str_c(t->headers[i]);
		size_t bytes;
		struct cell c = {h, text_width(h, SIZE_MAX, &bytes), TABLE_DIM};

		print_cell(&c, widths[i], room, i + 1 == t->n_columns, colours);
	}
	for (size_t i = 0; i < t->n; i++) {
		size_t column = i % t->n_columns;

		print_cell(&t->cells[i], widths[column], room,
			   column + 1 == t->n_columns || i + 1 == t->n, colours);
	}
}

void table_print(const struct table *t)
{
	size_t *widths, used = 0, edge, bytes;

	if (!term_is_tty()) {
		print_plain(t);
		return;
	}
	widths = ARENA_ARRAY(t->a, size_t, t->n_columns);
	for (size_t i = 0; i < t->n_columns; i++)
		widths[i] = text_width(str_c(t->headers[i]), SIZE_MAX, &bytes);
	for (size_t i = 0; i < t->n; i++)
		if (t->cells[i].width > widths[i % t->n_columns])
			widths[i % t->n_columns] = t->cells[i].width;
	for (size_t i = 0; i + 1 < t->n_columns; i++)
		used += widths[i] + GAP;
	edge = term_width();
	/* Too narrow for anything useful: lines may wrap. */
	print_rows(t, widths, edge > used + 8 ? edge - used : 0);
}

/* ---- time ---- */

const char *time_distance(struct arena *a, int64_t when, int64_t now)
{
	static const struct {
		uint64_t seconds;
		const char *name;
	} units[] = {{365 * 86400, "y"}, {86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
	uint64_t n = when > now ? (uint64_t)when - (uint64_t)now : (uint64_t)now - (uint64_t)when;
	const char *text, *pre = when > now ? "in " : "", *post = when > now ? "" : " ago";
	size_t i = 0;

	if (n == 0)
		return "now";
	while (n < units[i].seconds)
		i++;
	text = arena_printf(a, "%s%" PRIu64 " %s", pre, n / units[i].seconds, units[i].name);
	n %= units[i].seconds;
	if (i + 1 < ARRAY_LEN(units) && n >= units[i + 1].seconds)
		text = arena_printf(a, "%s %" PRIu64 " %s", text, n / units[i + 1].seconds,
				    units[i + 1].name);
	return arena_printf(a, "%s%s", text, post);
}

/* ---- progress ---- */

#define SHOW_AFTER_MS 1000U
#define REDRAW_MS     200U

void progress_begin(struct progress *p, const char *what)
{
	*p = (struct progress){.what = what, .started_ms = clock_mono_ms()};
}

void progress_tick(struct progress *p, uint64_t done, uint64_t all)
{
	uint64_t now = clock_mono_ms();

	if (now - p->started_ms < SHOW_AFTER_MS || now - p->drawn_ms < REDRAW_MS ||
	    isatty(STDERR_FILENO) != 1)
		return;
	p->drawn_ms = now;
	p->shown = true;
	if (all > 0)
		fprintf(stderr, "\r%s ... %u %%\033[K", p->what,
			(unsigned)((double)(done < all ? done : all) * 100 / (double)all));
	else if (done > 0)
		fprintf(stderr, "\r%s ... %" PRIu64 "\033[K", p->what, done);
	else
		fprintf(stderr, "\r%s ...\033[K", p->what);
	fflush(stderr);
}

void progress_end(struct progress *p)
{
	if (!p->shown)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	p->shown = false;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/certs.h"

#include "base/clock.h"

/*
 * cmd_list.c - the certificates on record. Pages are fetched and printed one after the other until
 * --limit rows are out, or all with --all; memory holds one page. A page of the daemon may be short
 * though more follow (it stops looking after some thousand rows that the filters pass over): only
 * an empty cursor is the end.
 */

#define PAGE_MAX      200
#define PAGE_PEM_MAX  100
#define LIMIT_DEFAULT 100
#define SERIAL_WIDTH  39

enum form { FORM_TABLE, FORM_JSON, FORM_CSV, FORM_PEM };
struct listing {
	struct cli *c;
	enum form form;
	uint64_t limit;
	struct buf query;
	struct buf cursor;
	uint64_t printed;
	int64_t now;
	struct progress progress;
};

/* ---- rows ---- */

static void put_csv(struct buf *out, struct str s, bool last)
{
	bool quote = str_has(s, '"') || str_has(s, ',') || str_has(s, '\r') || str_has(s, '\n');

	if (!quote) {
		buf_str(out, s);
	} else {
		buf_putc(out, '"');
		for (size_t i = 0; i < s.n; i++) {
			if (s.p[i] == '"')
				buf_putc(out, '"');
			buf_putc(out, s.p[i]);
		}
		buf_putc(out, '"');
	}
	buf_puts(out, last ? "\r\n" : ",");
}

static const char *const csv_columns[] = {
	"serial",	    "serialHex", "commonName", "names",	    "authority", "provisioner",
	"endpoint",	    "kind",	 "status",     "notBefore", "notAfter",	 "revokedAt",
	"revocationReason",
};

static void csv_row(const struct listing *l, const json_t *cert, struct buf *out)
{
	struct arena *a = arena_new();

	(void)l;
	for (size_t i = 0; i < ARRAY_LEN(csv_columns); i++) {
		const json_t *v = json_member(cert, csv_columns[i], 0);
		struct str s = json_str_view(v);

		if (json_is_array(v))
			s = cert_names(a, cert);
		else if (json_is_integer(v))
			s = str_c(arena_printf(a, "%" JSON_INTEGER_FORMAT, json_integer_value(v)));
		put_csv(out, s, i + 1 == ARRAY_LEN(csv_columns));
	}
	arena_free(a);
}

static void csv_head(struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(csv_columns); i++)
		put_csv(out, str_c(csv_columns[i]), i + 1 == ARRAY_LEN(csv_columns));
}

static size_t columns(void)
{
	size_t n = term_width();

	return n > 0 ? n : 80;
}

/* At most `room` bytes, not cut inside of a character. */
static struct str shorten(struct arena *a, struct str s, size_t room)
{
	size_t n = room - 2;

	if (s.n <= room)
		return s;
	while (n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return str_c(arena_printf(a, "%.*s..", (int)n, s.p));
}

/* "in 23 h 40 min" as "in 23 h", "2 d 3 h ago" as "2 d ago", where there is little room. */
static struct str first_unit(struct arena *a, struct str s)
{
	struct str rest = s, part;
	bool past = str_ends(s, " ago");
	unsigned blanks = past ? 2 : 3;

	while (blanks-- > 0 && rest.p != NULL)
		part = str_cut(rest, ' ', &rest);
	if (rest.p == NULL)
		return s;
	part = str_mem(s.p, (size_t)(rest.p - 1 - s.p));
	return past ? str_c(arena_printf(a, STR_FMT " ago", STR_ARG(part))) : part;
}

enum { COL_NAME, COL_PROV, COL_STATUS, COL_EXPIRES, COL_SERIAL, N_COLS };
struct row {
	struct str cells[N_COLS];
	enum table_colour colours[N_COLS];
};

static void make_row(struct arena *a, const json_t *cert, int64_t now, bool wide, struct row *r)
{
	struct str status = json_text(cert, "status");

	r->cells[COL_NAME] = cert_label(cert);
	r->cells[COL_PROV] = json_text(cert, "provisioner");
	r->cells[COL_STATUS] = status;
	r->colours[COL_STATUS] = cert_colour(status);
	r->cells[COL_EXPIRES] = cert_expiry(a, cert, now, &r->colours[COL_EXPIRES]);
	r->cells[COL_SERIAL] = json_text(cert, "serial");
	if (!wide)
		r->cells[COL_EXPIRES] = first_unit(a, r->cells[COL_EXPIRES]);
}

/* For people: what fits, the serial whole, so that it can be copied; the name gives way. */
static void tty_table(const struct listing *l, const json_t *certs, struct arena *a)
{
	static const char *const wide_heads[] = {"NAME", "PROVISIONER", "STATUS", "EXPIRES",
						 "SERIAL"};
	static const char *const heads[] = {"NAME", "STATUS", "EXPIRES", "SERIAL"};
	bool wide = columns() >= 110;
	size_t n = json_array_size(certs), used = SERIAL_WIDTH + 2, room;
	struct row *rows = ARENA_ARRAY(a, struct row, n);
	struct table *t = wide ? table_new(a, wide_heads, 5) : table_new(a, heads, 4);

	for (size_t i = 0; i < n; i++)
		make_row(a, json_array_get(certs, i), l->now, wide, &rows[i]);
	for (size_t col = COL_PROV; col < COL_SERIAL; col++) {
		size_t width = strlen(wide_heads[col]);

		for (size_t i = 0; i < n; i++)
			width = rows[i].cells[col].n > width ? rows[i].cells[col].n : width;
		used += wide || col != COL_PROV ? width + 2 : 0;
	}
	room = columns() > used + 12 ? columns() - used : 12;
	for (size_t i = 0; i < n; i++)
		for (size_t col = 0; col < N_COLS; col++) {
			struct str cell = rows[i].cells[col];

			if (wide || col != COL_PROV)
				table_cell(t, col == COL_NAME ? shorten(a, cell, room) : cell,
					   rows[i].colours[col]);
		}
	table_print(t);
}

/* For scripts: columns that do not depend on anything, times that can be compared. */
static void plain_table(const json_t *certs, struct arena *a)
{
	struct table *t = table_new(a, NULL, 6);

	for (size_t i = 0; i < json_array_size(certs); i++) {
		const json_t *cert = json_array_get(certs, i);

		table_cell(t, cert_label(cert), TABLE_PLAIN);
		table_cell(t, json_text(cert, "authority"), TABLE_PLAIN);
		table_cell(t, json_text(cert, "provisioner"), TABLE_PLAIN);
		table_cell(t, json_text(cert, "status"), TABLE_PLAIN);
		table_cell(t, json_text(cert, "notAfter"), TABLE_PLAIN);
		table_cell(t, json_text(cert, "serial"), TABLE_PLAIN);
	}
	table_print(t);
}

static void show_rows(const struct listing *l, const json_t *certs)
{
	struct arena *a = arena_new();
	struct buf out = BUF_INIT;

	if (l->form == FORM_TABLE && json_array_size(certs) > 0) {
		if (term_is_tty())
			tty_table(l, certs, a);
		else
			plain_table(certs, a);
	}
	for (size_t i = 0; i < json_array_size(certs) && l->form != FORM_TABLE; i++) {
		const json_t *cert = json_array_get(certs, i);

		if (l->form == FORM_JSON) {
			buf_puts(&out, l->printed + i > 0 ? ",\n" : "\n");
			json_write(cert, &out);
		} else if (l->form == FORM_CSV) {
			csv_row(l, cert, &out);
		} else {
			buf_str(&out, json_text(cert, "pem"));
		}
	}
	if (out.n > 0)
		fwrite(out.p, 1, out.n, stdout);
	buf_release(&out);
	arena_free(a);
}

/* ---- head and end ---- */

static void show_head(const struct listing *l)
{
	struct buf out = BUF_INIT;

	if (l->form == FORM_JSON)
		buf_puts(&out, "{\"certificates\":[");
	else if (l->form == FORM_CSV)
		csv_head(&out);
	if (out.n > 0)
		fwrite(out.p, 1, out.n, stdout);
	buf_release(&out);
}

static void put_quoted(struct buf *out, struct str s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_./:@,=+";
	bool quote = s.n == 0;

	for (size_t i = 0; i < s.n; i++)
		quote = quote || s.p[i] == '\0' || strchr(plain, s.p[i]) == NULL;
	if (!quote) {
		buf_str(out, s);
		return;
	}
	buf_putc(out, '\'');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\'')
			buf_puts(out, "'\\''");
		else
			buf_putc(out, s.p[i]);
	}
	buf_putc(out, '\'');
}

/* The command for the next page: the same options, and where to go on. */
static void say_more(const struct listing *l)
{
	struct buf line = BUF_INIT;

	for (size_t i = 0; i < l->c->n_values; i++) {
		const struct cli_value *v = &l->c->values[i];

		if (strcmp(v->name, "cursor") == 0)
			continue;
		buf_printf(&line, " --%s", v->name);
		if (v->value[0] != '\0') {
			buf_putc(&line, ' ');
			put_quoted(&line, str_c(v->value));
		}
	}
	buf_puts(&line, " --cursor ");
	put_quoted(&line, buf_view(&l->cursor));
	fprintf(stderr,
		"There is more; the next page (or --all instead):\n  signet list" STR_FMT "\n",
		STR_ARG(buf_view(&line)));
	buf_release(&line);
}

/* A name that begins with "*." is a name that certificates have, not a pattern. */
static void say_none(const struct listing *l)
{
	const char *name = cli_value(l->c, "name");

	fputs("No certificate matches.\n", stderr);
	if (name != NULL && strncmp(name, "*.", 2) == 0)
		fprintf(stderr,
			"(\"%s\" is the wildcard name itself; names that end so: --name '*%s')\n",
			name, name + 2);
}

static void show_end(const struct listing *l)
{
	struct buf out = BUF_INIT;
	json_t *next;

	if (l->form == FORM_JSON) {
		next = json_str_new(buf_view(&l->cursor));
		buf_puts(&out, l->printed > 0 ? "\n],\"nextCursor\":" : "],\"nextCursor\":");
		json_write(next, &out);
		buf_puts(&out, "}\n");
		fwrite(out.p, 1, out.n, stdout);
		json_decref(next);
		buf_release(&out);
		return;
	}
	fflush(stdout);
	if (l->cursor.n > 0)
		say_more(l);
	else if (l->printed == 0 && l->form == FORM_TABLE && term_is_tty())
		say_none(l);
}

/* ---- pages ---- */

static unsigned page_size(const struct listing *l)
{
	uint64_t left = l->limit - l->printed, most = l->form == FORM_PEM ? PAGE_PEM_MAX : PAGE_MAX;

	return (unsigned)(left < most ? left : most);
}

static int run_pages(struct listing *l, bool *gone, struct err *e)
{
	bool first = true;

	do {
		json_t *page = certs_page(l->c, buf_view(&l->query), page_size(l),
					  buf_view(&l->cursor), e);
		const json_t *certs = json_member(page, "certificates", 0);
		struct str next = certs_next(page);

		if (page == NULL)
			return -1;
		progress_end(&l->progress);
		errno = 0;
		if (first)
			show_head(l);
		first = false;
		show_rows(l, certs);
		l->printed += json_array_size(certs);
		if (next.n > 0 && str_eq(next, buf_view(&l->cursor))) {
			json_decref(page);
			return ERR(e, ERR_INTERNAL, "the daemon repeats a page; ask again");
		}
		buf_reset(&l->cursor);
		buf_str(&l->cursor, next);
		json_decref(page);
		if (output_done(gone, e) < 0)
			return -1;
		if (!term_is_tty())
			progress_tick(&l->progress, l->printed, 0);
	} while (!*gone && l->cursor.n > 0 && l->printed < l->limit);
	if (!*gone)
		show_end(l);
	return *gone ? 0 : output_done(gone, e);
}

/* ---- options ---- */

static int read_form(struct listing *l)
{
	static const struct {
		const char *name;
		enum form form;
	} forms[] = {{"json", FORM_JSON}, {"csv", FORM_CSV}, {"pem", FORM_PEM}};
	unsigned given = 0;

	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		if (cli_flag(l->c, forms[i].name)) {
			l->form = forms[i].form;
			given++;
		}
	return given > 1 ? cli_usage_error(l->c, "--json, --csv and --pem exclude each other") : 0;
}

static int read_limit(struct listing *l)
{
	const char *text = cli_value(l->c, "limit");

	l->limit = cli_flag(l->c, "all") ? UINT64_MAX : LIMIT_DEFAULT;
	if (text == NULL)
		return 0;
	if (cli_flag(l->c, "all"))
		return cli_usage_error(l->c, "--limit and --all exclude each other");
	if (!str_u64(str_c(text), &l->limit) || l->limit == 0)
		return cli_usage_error(l->c, "--limit %s: a number from 1", text);
	return 0;
}

/* "30d", "12h", "1h30m": days are understood here, where they are wanted most. */
static int read_expires(struct listing *l)
{
	const char *text = cli_value(l->c, "expires-within");
	struct str s = str_c(text), days;
	struct err e = ERR_INIT;
	int64_t ns = 0;
	uint64_t n = 0;

	if (text == NULL)
		return 0;
	days = str_cut(s, 'd', &s);
	if (s.p == NULL)
		s = days;
	else if (!str_u64(days, &n) || n > 36500)
		return cli_usage_error(l->c, "--expires-within %s: e.g. 12h, 7d, 1d12h", text);
	if ((s.n > 0 && duration_parse(s, &ns, &e) < 0) || ns < 0 || ns > DURATION_MAX ||
	    n * 86400 + (uint64_t)(ns / DURATION_SECOND) == 0)
		return cli_usage_error(l->c, "--expires-within %s: e.g. 12h, 7d, 1d12h", text);
	query_add(&l->query, "expiresWithin",
		  str_c(arena_printf(l->c->arena, "%" PRIu64 "s",
				     n * 86400 + (uint64_t)(ns / DURATION_SECOND))));
	return 0;
}

static int read_status(struct listing *l)
{
	static const char *const known[] = {"current", "valid", "revoked", "expired", "all"};
	const char *text = cli_value(l->c, "status");

	if (text == NULL)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(text, known[i]) == 0) {
			query_add(&l->query, "status", str_c(text));
			return 0;
		}
	return cli_usage_error(l->c, "--status %s: current, valid, revoked, expired or all", text);
}

static int read_options(struct listing *l)
{
	static const char *const texts[] = {"name", "provisioner", "authority"};
	const char *endpoint;
	struct err e = ERR_INIT;
	int rc = read_form(l);

	if (rc == 0)
		rc = read_limit(l);
	if (rc == 0)
		rc = read_expires(l);
	if (rc == 0)
		rc = read_status(l);
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(texts); i++) {
		const char *v = cli_value(l->c, texts[i]);

		if (v != NULL && v[0] == '\0')
			rc = cli_usage_error(l->c, "--%s is empty", texts[i]);
		else if (v != NULL)
			query_add(&l->query, texts[i], str_c(v));
	}
	if (rc == 0 && endpoint_option(l->c, &endpoint, &e) < 0)
		rc = cli_fail(l->c, &e);
	else if (rc == 0 && endpoint != NULL)
		query_add(&l->query, "endpoint", str_c(endpoint));
	if (cli_flag(l->c, "self"))
		query_add(&l->query, "self", STR("1"));
	if (l->form == FORM_PEM)
		query_add(&l->query, "pem", STR("1"));
	if (cli_value(l->c, "cursor") != NULL)
		buf_puts(&l->cursor, cli_value(l->c, "cursor"));
	return rc;
}

static int list(struct cli *c)
{
	struct listing l = {.c = c, .now = clock_now()};
	struct err e = ERR_INIT;
	bool gone = false;
	int rc = read_options(&l);

	if (rc == 0) {
		progress_begin(&l.progress, "Listing");
		rc = run_pages(&l, &gone, &e);
		progress_end(&l.progress);
		rc = rc < 0 ? cli_fail(c, &e) : EXIT_DONE;
	}
	buf_release(&l.query);
	buf_release(&l.cursor);
	return rc;
}

static const struct cli_opt opts[] = {
	{"name", "NAME", "with this name; 'web*' begins so, '*web.net' ends so, '*web*' has it",
	 false, false},
	{"provisioner", "NAME", "got from this provisioner", false, false},
	{"authority", "NAME", "signed by this authority", false, false},
	{"status", "STATUS", "current (default), valid, revoked, expired or all", false, false},
	{"expires-within", "TIME", "that end within this time: 12h, 7d", false, false},
	{"endpoint", "ID", "of this endpoint: a certificate and its renewals", false, false},
	{"self", NULL, "the daemon's own certificates too", false, false},
	{"limit", "N", "how many at most (default 100)", false, false},
	{"cursor", "TEXT", "go on where an earlier list ended", false, false},
	{"all", NULL, "all of them", false, false},
	{"csv", NULL, "print CSV (RFC 4180) with a header", false, false},
	{"pem", NULL, "print the certificates themselves", false, false},
	{NULL, NULL, NULL, false, false},
};
const struct cli_cmd cmd_list = {
	.name = "list",
	.args = "",
	.summary = "List the certificates that the CA has issued",
	.about = "Without options: what has not expired, revoked ones included; what ends first "
		 "comes first.\n"
		 "On a terminal a table; else one line each, separated by tabs: name, authority, "
		 "provisioner, status, end, serial.",
	.opts = opts,
	.json = true,
	.operator= true,
	.run = list,
};

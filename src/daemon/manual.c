/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "daemon/daemon.h"

#include "codec/roff.h"
#include "conf/conf.h"

/*
 * manual.c - signetd(8). Its synopsis, text and options are those of --help, taken apart by their
 * form: lines that begin with "usage:", lines of options (two spaces, a hyphen; the text at column
 * 24), and paragraphs. Keys of the configuration come from --help-config.
 */

#define MANUAL_DATE "2026-11-24"

static struct str next_line(struct str *rest)
{
	return str_cut(*rest, '\n', rest);
}

static bool is_option(struct str line)
{
	struct str s = str_trim(line);

	return str_starts(line, "  ") && str_starts(s, "-") && line.n - s.n <= 6;
}

static struct str take_synopsis(struct buf *out, struct str text)
{
	bool first = true;

	buf_puts(out, ".SH SYNOPSIS\n");
	while (text.n > 0) {
		struct str line = str_trim(next_line(&text));

		if (line.n == 0)
			break;
		if (str_starts(line, "usage: "))
			line = (struct str){line.p + 7, line.n - 7};
		buf_puts(out, first ? "" : ".br\n");
		roff_name(out, line);
		buf_putc(out, '\n');
		first = false;
	}
	return text;
}

/* "  -c, --config FILE     what it is", and lines that go on with the latter. */
static void put_option(struct buf *out, struct str line, struct str *rest)
{
	struct str label, s = str_trim(line);
	struct buf doc = BUF_INIT;
	size_t n = 0;

	while (n + 1 < s.n && (s.p[n] != ' ' || s.p[n + 1] != ' '))
		n++;
	label = n + 1 < s.n ? (struct str){s.p, n} : s;
	s = str_trim((struct str){s.p + label.n, s.n - label.n});
	buf_str(&doc, s);
	while (str_starts(*rest, "            ")) {
		buf_putc(&doc, ' ');
		buf_str(&doc, str_trim(next_line(rest)));
	}
	buf_puts(out, ".TP\n");
	roff_bold(out, label);
	buf_putc(out, '\n');
	roff_doc(out, buf_view(&doc));
	buf_release(&doc);
}

static void put_paragraph(struct buf *out, struct str line, struct str *rest, const char *begin)
{
	struct buf text = BUF_INIT;

	buf_str(&text, line);
	while (rest->n > 0 && rest->p[0] != '\n') {
		buf_putc(&text, '\n');
		buf_str(&text, next_line(rest));
	}
	buf_puts(out, begin);
	roff_text(out, text.p);
	buf_release(&text);
}

static void put_usage(struct buf *out, const char *usage)
{
	struct str rest = take_synopsis(out, str_c(usage));
	bool options = false;

	buf_puts(out, ".SH DESCRIPTION\n");
	for (bool first = true; rest.n > 0;) {
		struct str line = next_line(&rest);

		if (line.n == 0)
			continue;
		if (is_option(line)) {
			buf_puts(out, options ? "" : ".SH OPTIONS\n");
			put_option(out, line, &rest);
			options = true;
		} else {
			put_paragraph(out, line, &rest,
				      options ? ".SH \"SIGNALS AND EXIT STATUS\"\n"
					      : (first ? "" : ".PP\n"));
		}
		first = false;
	}
}

/* "key: kind" and an indented description. */
static void put_keys(struct buf *out, const struct conf_table *table)
{
	struct buf text = BUF_INIT;
	struct str rest, line;

	conf_describe(table, false, &text);
	rest = buf_view(&text);
	while (rest.n > 0) {
		struct str kind, key;

		line = next_line(&rest);
		if (line.n == 0 || line.p[0] == ' ')
			continue;
		key = str_cut(line, ':', &kind);
		buf_puts(out, ".TP\n");
		roff_bold(out, key);
		buf_putc(out, ':');
		roff_name(out, kind);
		buf_putc(out, '\n');
		while (str_starts(rest, " ")) {
			roff_doc(out, str_trim(next_line(&rest)));
		}
	}
	buf_release(&text);
}

void daemon_manual(const char *usage, struct buf *out)
{
	buf_puts(out,
		 ".\\\" Made from the tables of the program: do not edit.\n"
		 ".TH SIGNETD 8 " MANUAL_DATE " \"signet " PACKAGE_VERSION "\" \"Signet manual\"\n"
		 ".SH NAME\nsignetd \\- daemon of a certificate authority\n");
	put_usage(out, usage);
	buf_puts(out, ".SH CONFIGURATION\n"
		      "Keys of \\fIsignetd.yaml\\fR; a key within a mapping is written with "
		      "dots here.\n"
		      "Relative paths start at the file\\(aqs folder.\n");
	put_keys(out, &conf_table_daemon);
	buf_puts(out, ".SH PROVISIONERS\n"
		      "Keys of the files in \\fIprovisioners.d\\fR, one file for each "
		      "provisioner.\n");
	put_keys(out, &conf_table_provisioner);
	buf_puts(out, ".SH \"SEE ALSO\"\n.BR signet (1),\n.BR signet\\-init (1),\n"
		      ".BR signet\\-status (1)\n");
}

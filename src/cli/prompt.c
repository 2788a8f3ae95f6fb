/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/cli.h"

#include "base/mem.h"

#include <fcntl.h>
#include <termios.h>

/*
 * prompt.c - questions on the terminal (/dev/tty, so that standard input and output stay free for
 * data). While echo is off the terminal sends no signals either: whoever types ^C there must not
 * be left with a terminal that stays silent.
 */

static FILE *tty_open(void)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	FILE *f;

	if (fd < 0)
		return NULL;
	f = fdopen(fd, "r+");
	if (f == NULL)
		close(fd);
	return f;
}

bool prompt_available(void)
{
	FILE *f = tty_open();

	if (f == NULL)
		return false;
	fclose(f);
	return true;
}

static bool interrupts(int ch, const struct termios *t)
{
	return t != NULL && ch != _POSIX_VDISABLE &&
	       (ch == t->c_cc[VINTR] || ch == t->c_cc[VQUIT] || ch == t->c_cc[VSUSP]);
}

/*
 * Reads a line without its end into a secret; false at end of file, or at a key that `t` (may be
 * NULL) says interrupts.
 */
static bool read_line(FILE *f, const struct termios *t, struct secret *out)
{
	int ch;

	secret_set(out, "", 0);
	while ((ch = fgetc(f)) != EOF && ch != '\n') {
		char one = (char)ch;

		if (interrupts(ch, t))
			return false;
		if (out->n < 4096)
			secret_append(out, &one, 1);
	}
	return ch != EOF;
}

static bool ask_hidden(FILE *f, const char *what, struct secret *out)
{
	struct termios old, off;
	bool ok;

	fprintf(f, "%s: ", what);
	fflush(f);
	if (tcgetattr(fileno(f), &old) != 0)
		return false;
	off = old;
	off.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	off.c_cc[VEOL] = old.c_cc[VINTR]; /* read at once, not with the end of the line */
	off.c_cc[VEOL2] = old.c_cc[VQUIT];
	tcsetattr(fileno(f), TCSAFLUSH, &off);
	ok = read_line(f, &old, out);
	tcsetattr(fileno(f), TCSAFLUSH, &old);
	fputc('\n', f);
	return ok;
}

int prompt_password(const char *what, bool twice, struct secret *out, struct err *e)
{
	struct secret again = SECRET_INIT;
	FILE *f = tty_open();
	bool same;

	if (f == NULL)
		return ERR(e, ERR_INVALID, "there is no terminal to ask for the password on");
	setvbuf(f, NULL, _IONBF, 0);
	for (;;) {
		if (!ask_hidden(f, what, out)) {
			fclose(f);
			return ERR(e, ERR_CANCELLED, "no password was given");
		}
		if (out->n == 0) {
			fputs("An empty password protects nothing. Try again.\n", f);
			continue;
		}
		if (!twice)
			break;
		same = ask_hidden(f, "The same again", &again) && again.n == out->n &&
		       mem_ct_equal(again.p, out->p, out->n);
		secret_release(&again);
		if (same)
			break;
		fputs("The two differ. Try again.\n", f);
	}
	fclose(f);
	return 0;
}

int prompt_line(struct cli *c, const char *what, const char *dflt, const char **out, struct err *e)
{
	struct secret line = SECRET_INIT;
	FILE *f = tty_open();

	if (f == NULL) {
		*out = dflt;
		return dflt != NULL
			       ? 0
			       : ERR(e, ERR_INVALID, "there is no terminal to ask for: %s", what);
	}
	fprintf(f, dflt ? "%s [%s]: " : "%s: ", what, dflt ? dflt : "");
	fflush(f);
	if (!read_line(f, NULL, &line)) {
		fclose(f);
		return ERR(e, ERR_CANCELLED, "no answer was given");
	}
	fclose(f);
	*out = line.n > 0 ? arena_cstr(c->arena, secret_view(&line)) : dflt;
	secret_release(&line);
	return *out != NULL ? 0 : ERR(e, ERR_INVALID, "an answer is needed: %s", what);
}

bool prompt_yes(const char *question)
{
	struct secret line = SECRET_INIT;
	FILE *f = tty_open();
	bool yes;

	if (f == NULL)
		return false;
	fprintf(f, "%s [y/N] ", question);
	fflush(f);
	yes = read_line(f, NULL, &line) && line.n > 0 && (line.p[0] == 'y' || line.p[0] == 'Y');
	secret_release(&line);
	fclose(f);
	return yes;
}

int password_get(struct cli *c, const char *opt, const char *what, bool twice, struct secret *out,
		 struct err *e)
{
	const char *file = cli_value(c, opt);

	if (file != NULL)
		return secret_read_password(out, file, e);
	if (!prompt_available())
		return ERR(e, ERR_INVALID, "%s: there is no terminal to ask on; give --%s FILE",
			   what, opt);
	return prompt_password(what, twice, out, e);
}

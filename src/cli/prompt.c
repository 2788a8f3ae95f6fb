/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/cli.h"

#include "base/mem.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <termios.h>

/*
 * prompt.c - questions on the terminal (/dev/tty, so that standard input and output stay free for
 * data).
 *
 * Whatever ends a question, the terminal is as it was before. While one waits for its answer the
 * signals that a person or the system may send come through a descriptor: first the terminal is
 * put right, then the signal does what it does without us. A question that was stopped (^Z) is
 * asked again when the command goes on. Echo is off before the question appears, so nothing that
 * is typed at it can be seen.
 */

#define TRIES 3

static int tty_open(void)
{
	return open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
}

bool prompt_available(void)
{
	int fd = tty_open();

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static void say(int fd, const char *text)
{
	size_t n = strlen(text);

	while (n > 0) {
		ssize_t put = write(fd, text, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return;
		text += put;
		n -= (size_t)put;
	}
}

void prompt_text(const char *text)
{
	int fd = tty_open();

	if (fd < 0)
		return;
	say(fd, text);
	close(fd);
}

/* Waits for input. 0: there is some; a signal's number: that came first. */
static int wait_input(int fd, int signals)
{
	struct pollfd p[2] = {{.fd = fd, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
	struct signalfd_siginfo info;

	while (poll(p, signals < 0 ? 1 : 2, -1) < 0)
		if (errno != EINTR)
			return 0;
	if (p[1].revents == 0 || read(signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return 0;
	return (int)info.ssi_signo;
}

/* A line without its end. *sig: a signal came before it was complete. False at the end of input. */
static bool collect(int fd, int signals, struct secret *out, int *sig)
{
	char piece[256];
	bool complete = false;

	secret_set(out, "", 0);
	while (!complete) {
		ssize_t got;

		*sig = wait_input(fd, signals);
		if (*sig != 0)
			break;
		got = read(fd, piece, sizeof(piece));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		complete = piece[got - 1] == '\n';
		if (complete)
			got--;
		if (out->n + (size_t)got <= 4096)
			secret_append(out, piece, (size_t)got);
	}
	mem_wipe(piece, sizeof(piece));
	return complete;
}

/* One question and its line; false when there is none. */
static bool ask_once(int fd, const char *question, bool hidden, struct secret *out, int *sig)
{
	struct termios old, off;
	sigset_t set, before;
	bool got = false;
	int signals;

	sigemptyset(&set);
	for (size_t i = 0; i < 5; i++)
		sigaddset(&set, (const int[]){SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP}[i]);
	sigprocmask(SIG_BLOCK, &set, &before);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (!hidden) {
		say(fd, question);
		got = collect(fd, signals, out, sig);
	} else if (tcgetattr(fd, &old) == 0) {
		off = old;
		off.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
		tcsetattr(fd, TCSAFLUSH, &off);
		say(fd, question);
		got = collect(fd, signals, out, sig);
		tcsetattr(fd, TCSAFLUSH, &old);
	}
	if (hidden || *sig != 0)
		say(fd, "\n");
	if (*sig != 0)
		raise(*sig); /* blocked: it acts below */
	if (signals >= 0)
		close(signals);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return got;
}

static bool ask(int fd, const char *question, bool hidden, struct secret *out)
{
	bool got;
	int sig;

	do {
		sig = 0;
		got = ask_once(fd, question, hidden, out, &sig);
	} while (sig != 0); /* the command was stopped and goes on */
	return got;
}

static bool ask_hidden(struct cli *c, int fd, const char *what, struct secret *out)
{
	return ask(fd, arena_printf(c->arena, "%s: ", what), true, out);
}

static int password_ask(struct cli *c, const char *what, bool twice, struct secret *out,
			struct err *e)
{
	struct secret again = SECRET_INIT;
	int fd = tty_open();
	bool same;

	if (fd < 0)
		return ERR(e, ERR_INVALID, "there is no terminal to ask for the password on");
	for (;;) {
		if (!ask_hidden(c, fd, what, out)) {
			close(fd);
			return ERR(e, ERR_CANCELLED, "no password was given");
		}
		if (out->n == 0) {
			say(fd, "An empty password protects nothing. Try again.\n");
			continue;
		}
		if (!twice)
			break;
		same = ask_hidden(c, fd, "The same again", &again) && again.n == out->n &&
		       mem_ct_equal(again.p, out->p, out->n);
		secret_release(&again);
		if (same)
			break;
		say(fd, "The two differ. Try again.\n");
	}
	close(fd);
	return 0;
}

int prompt_line(struct cli *c, const char *what, const char *dflt, const char **out, struct err *e)
{
	struct secret line = SECRET_INIT;
	int fd = tty_open();
	bool got;

	if (fd < 0) {
		*out = dflt;
		return dflt != NULL
			       ? 0
			       : ERR(e, ERR_INVALID, "there is no terminal to ask for: %s", what);
	}
	got = ask(fd,
		  dflt ? arena_printf(c->arena, "%s [%s]: ", what, dflt)
		       : arena_printf(c->arena, "%s: ", what),
		  false, &line);
	close(fd);
	if (got)
		*out = line.n > 0 ? arena_cstr(c->arena, secret_view(&line)) : dflt;
	secret_release(&line);
	if (!got)
		return ERR(e, ERR_CANCELLED, "no answer was given");
	return *out != NULL ? 0 : ERR(e, ERR_INVALID, "an answer is needed: %s", what);
}

bool prompt_yes(const char *question)
{
	struct secret line = SECRET_INIT;
	struct buf text = BUF_INIT;
	struct str answer;
	int fd = tty_open();
	bool yes = false, no = false;

	if (fd < 0)
		return false;
	buf_printf(&text, "%s [y/N] ", question);
	for (unsigned try = 0; try < TRIES && !yes && !no; try++) {
		no = !ask(fd, text.p, false, &line);
		answer = str_trim(secret_view(&line));
		yes = !no && (str_ieqc(answer, "y") || str_ieqc(answer, "yes"));
		no = no || answer.n == 0 || str_ieqc(answer, "n") || str_ieqc(answer, "no");
	}
	secret_release(&line);
	buf_release(&text);
	close(fd);
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
	return password_ask(c, what, twice, out, e);
}

int password_try(struct cli *c, const char *opt, const char *what,
		 int (*use)(void *arg, const struct secret *password, struct err *e), void *arg,
		 struct err *e)
{
	bool typed = cli_value(c, opt) == NULL;
	struct secret password = SECRET_INIT;
	int rc;

	for (unsigned try = 1;; try++) {
		rc = password_get(c, opt, what, false, &password, e);
		if (rc < 0)
			break;
		rc = use(arg, &password, e);
		if (rc == 0 || e->code != ERR_UNAUTHORIZED || !typed || try == TRIES)
			break;
		prompt_text("That is not the password. Try again.\n");
	}
	secret_release(&password);
	return rc;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/renew.h"

#include "base/clock.h"
#include "base/hook.h"
#include "base/log.h"
#include "cli/renew_plan.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

/*
 * renew_daemon.c - `--daemon`: one certificate kept fresh for as long as the process lives.
 *
 * The process that waits is small and does nothing else: it sleeps in ppoll() on its signals and on
 * two timers. Each attempt is a child process, which alone loads libcurl and the private key; it
 * ends with a status and, when it failed, a sentence in a pipe. So a month of waiting costs the
 * memory of a shell, and an attempt that crashes is an attempt that failed.
 *
 * When: renew_plan.c. The times are those of the wall clock, and that may be set. A timer on it
 * (TFD_TIMER_CANCEL_ON_SET) tells of each jump, and what comes next is thought over: a jump forward
 * may have made it due, after a failure the clock may have been the reason. A second timer runs on
 * CLOCK_BOOTTIME, which is never set and goes on in suspend: a clock that was put back does not
 * make a certificate live longer.
 *
 * Never given up: files that cannot be read, a full disk, a CA that is away or says no, a
 * certificate that has expired. Each is one line, and tried again. Only what is wrong at the start
 * ends the daemon, since then somebody is watching. The files are read anew for each attempt: when
 * somebody else has replaced the certificate by one that still has time, there is nothing to do.
 *
 * TERM and INT end it: an attempt is stopped (not while files are replaced, renew_pair.c), --exec
 * is waited for; the same signal again does not wait. HUP renews now.
 */
enum attempt_status { ATTEMPT_BUSY = 5 }; /* beside enum cli_exit */

struct watch {
	struct renewal *r;
	struct renew_rule rule;
	int signals, wall, boot;
	/* the certificate as last seen; milliseconds */
	struct renew_life life;
	char fingerprint[65];
	char serial[64];
	/* what comes next */
	int64_t next; /* milliseconds, wall */
	uint32_t random;
	unsigned failures, tries; /* in a row; of those the ones that make it slower */
	bool due, told_expired, told_misfit, stop;
	bool hook_again; /* renewed while --exec was still running */
	/* children; 0: none */
	pid_t attempt, hook;
	int pipe; /* the attempt's sentence */
};

static int64_t now_ms(void)
{
	return clock_now_ns() / 1000000;
}

#define CERT(w) F_C("certificate", (w)->r->crt), F_C("serial", (w)->serial)
#define ENDS(w) F_TIME("notAfter", (w)->life.not_after / 1000)
#define NEXT(w) F_TIME("next", ((w)->next + 999) / 1000)

/* ---- when ---- */

static void arm(const struct watch *w)
{
	struct itimerspec at = {0}, in = {0};
	int64_t wait = w->next - now_ms();

	if (wait < 1)
		wait = 1;
	in.it_value.tv_sec = wait / 1000;
	in.it_value.tv_nsec = wait % 1000 * 1000000;
	clock_gettime(CLOCK_REALTIME, &at.it_value);
	at.it_value.tv_sec += in.it_value.tv_sec;
	at.it_value.tv_nsec += in.it_value.tv_nsec;
	if (at.it_value.tv_nsec >= 1000000000) {
		at.it_value.tv_sec++;
		at.it_value.tv_nsec -= 1000000000;
	}
	timerfd_settime(w->wall, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &at, NULL);
	timerfd_settime(w->boot, 0, &in, NULL);
}

/* The wall clock was set: its timer moves, the other one stays where it was. */
static void arm_again(const struct watch *w)
{
	struct itimerspec left = {0};

	timerfd_gettime(w->boot, &left);
	arm(w);
	if (left.it_value.tv_sec == 0 && left.it_value.tv_nsec == 0)
		left.it_value.tv_nsec = 1;
	timerfd_settime(w->boot, 0, &left, NULL);
}

static void disarm(const struct watch *w)
{
	const struct itimerspec never = {0};

	timerfd_settime(w->wall, 0, &never, NULL);
	timerfd_settime(w->boot, 0, &never, NULL);
}

static void plan(struct watch *w)
{
	bool misfit;

	w->rule.expires_in =
		renewal_expires_in(w->r, (w->life.not_after - w->life.not_before) / 1000) / 1000000;
	w->next = renew_due(&w->rule, &w->life, now_ms(), w->random, &misfit);
	if (misfit && !w->told_misfit)
		log_warn("renew.rule", CERT(w), ENDS(w),
			 F_C("text", "the certificate does not live long enough for --expires-in "
				     "or --renew-period: it is renewed at two thirds of its life"));
	w->told_misfit = misfit;
}

static void plan_anew(struct watch *w)
{
	rand_bytes(&w->random, sizeof(w->random));
	w->failures = w->tries = 0;
	w->told_expired = false;
	plan(w);
}

/* Reads the certificate. *changed: it is another one than before. */
static int look(struct watch *w, bool *changed, struct err *e)
{
	struct pair p = {0};
	struct buf serial = BUF_INIT;
	char fp[65];

	*changed = false;
	if (pair_read_cert(&p, w->r->crt, e) < 0) {
		pair_release(&p);
		return -1;
	}
	cert_fingerprint(p.cert.der, fp);
	if (strcmp(fp, w->fingerprint) != 0) {
		*changed = true;
		memcpy(w->fingerprint, fp, sizeof(fp));
		serial_to_decimal(p.cert.serial, &serial);
		snprintf(w->serial, sizeof(w->serial), "%s", serial.p);
		w->life = (struct renew_life){p.cert.not_before * 1000, p.cert.not_after * 1000, 0};
	}
	buf_release(&serial);
	pair_release(&p);
	return 0;
}

/* ---- an attempt ---- */

static int child_status(const struct renewal *r, const struct err *e)
{
	if (r->status == 429 || r->status >= 500 || e->code == ERR_TIMEOUT)
		return ATTEMPT_BUSY;
	if (r->c->refused)
		return EXIT_REFUSED;
	return r->c->unreachable ? EXIT_UNREACHABLE : EXIT_FAILED;
}

static void child_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	signal(SIGHUP, SIG_IGN);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
}

static NORETURN void attempt_child(struct watch *w, int out)
{
	struct err e = ERR_INIT;
	int status = EXIT_DONE;

	child_signals();
	if (renew_once(w->r, &e) < 0) {
		status = child_status(w->r, &e);
		if (write(out, e.msg, strlen(e.msg)) < 0)
			status = EXIT_FAILED;
	}
	_exit(status);
}

static const char *why(int status)
{
	if (!WIFEXITED(status))
		return "crashed";
	switch (WEXITSTATUS(status)) {
	case EXIT_REFUSED:
		return "refused";
	case EXIT_UNREACHABLE:
		return "unreachable";
	case ATTEMPT_BUSY:
		return "busy";
	default:
		return "failed";
	}
}

static void failed(struct watch *w, const char *reason, const char *text)
{
	int64_t now = now_ms();
	struct renew_state s = {.failures = ++w->tries,
				.refused = strcmp(reason, "refused") == 0,
				.left = w->life.not_after - now,
				.span = w->life.not_after - w->life.not_before};

	w->failures++;
	w->next = now + renew_retry(&s, w->random);
	w->random = w->random * 1664525U + 1013904223U;
	log_warn("renew.failed", CERT(w), F_C("why", reason), F_C("err", text),
		 F_U("failures", w->failures), ENDS(w), NEXT(w));
	arm(w);
}

static void tell_expired(struct watch *w)
{
	if (w->life.not_after >= now_ms() || w->told_expired)
		return;
	w->told_expired = true;
	w->tries = 0; /* they were ever quicker: another way begins, and slowly */
	log_error("renew.expired", CERT(w), ENDS(w),
		  F_C("text", "expired; asked for with a token signed by its key, which the CA "
			      "takes where allowRenewalAfterExpiry is set"));
}

/* Whether the CA has to be asked at all. */
static bool still_needed(struct watch *w, bool forced)
{
	struct err e = ERR_INIT;
	bool changed;

	if (look(w, &changed, &e) < 0) {
		failed(w, "failed", e.msg);
		return false;
	}
	if (!changed)
		return true;
	plan_anew(w);
	if (forced || w->next <= now_ms())
		return true;
	log_info("renew.replaced", CERT(w), ENDS(w), NEXT(w),
		 F_C("text", "somebody else replaced it"));
	arm(w);
	return false;
}

static void attempt(struct watch *w, bool forced)
{
	int fds[2];

	w->due = false;
	if (!still_needed(w, forced))
		return;
	tell_expired(w);
	fflush(NULL);
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0) {
		failed(w, "failed", "no pipe: too many open files");
		return;
	}
	w->attempt = fork();
	if (w->attempt == 0)
		attempt_child(w, fds[1]);
	close(fds[1]);
	w->pipe = fds[0];
	if (w->attempt < 0) {
		w->attempt = 0;
		close(w->pipe);
		failed(w, "failed", "no process: the system has too many or no memory");
		return;
	}
	disarm(w);
}

/* ---- what follows ---- */

static void tell_process(const struct watch *w)
{
	struct err e = ERR_INIT;

	if (renew_signal(w->r, &e) < 0)
		log_warn("renew.signal", CERT(w), F_ERR(&e));
}

static void after(struct watch *w)
{
	struct err e = ERR_INIT;
	pid_t pid;

	w->hook_again = w->hook > 0;
	if (w->hook_again) {
		log_warn("renew.exec", CERT(w),
			 F_C("text", "--exec is still running; it runs again when it has ended"));
		return;
	}
	pid = renew_exec(w->r, &e);
	if (pid < 0)
		log_warn("renew.exec", CERT(w), F_ERR(&e));
	if (pid > 0)
		w->hook = pid;
	else
		tell_process(w);
}

static void hook_ended(struct watch *w, int status)
{
	struct err e = ERR_INIT;

	w->hook = 0;
	if (renew_exec_result(w->r, status, &e) < 0)
		log_warn("renew.exec", CERT(w), F_ERR(&e));
	else
		log_info("renew.exec", CERT(w), F_I("status", 0));
	tell_process(w);
	if (w->hook_again)
		after(w);
}

static void attempt_ended(struct watch *w, int status)
{
	char text[sizeof(((struct err *)NULL)->msg)] = "";
	struct err e = ERR_INIT;
	bool changed;
	ssize_t n = read(w->pipe, text, sizeof(text) - 1);

	close(w->pipe);
	w->attempt = 0;
	text[n > 0 ? n : 0] = '\0';
	if (w->stop && WIFSIGNALED(status))
		return;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_DONE) {
		if (WIFSIGNALED(status))
			snprintf(text, sizeof(text), "the attempt was ended by signal %d",
				 WTERMSIG(status));
		failed(w, why(status), text);
		return;
	}
	w->r->crt = w->r->out;
	if (w->r->rekey)
		w->r->key = w->r->out_key;
	if (look(w, &changed, &e) < 0) {
		failed(w, "failed", e.msg);
		return;
	}
	w->life.obtained = now_ms();
	plan_anew(w);
	log_info(w->r->rekey ? "rekey.done" : "renew.done", CERT(w), ENDS(w), NEXT(w));
	arm(w);
	after(w);
}

/* ---- the loop ---- */

static void reap(struct watch *w)
{
	int status;

	if (w->attempt > 0 && waitpid(w->attempt, &status, WNOHANG) == w->attempt)
		attempt_ended(w, status);
	if (w->hook > 0 && waitpid(w->hook, &status, WNOHANG) == w->hook)
		hook_ended(w, status);
}

static void end(struct watch *w)
{
	if (w->stop) { /* asked for the second time */
		log_info("renew.stop", CERT(w), F_C("text", "not waiting"));
		_exit(EXIT_DONE);
	}
	w->stop = true;
	if (w->attempt > 0)
		kill(w->attempt, SIGTERM);
}

static void on_signal(struct watch *w)
{
	struct signalfd_siginfo s;

	while (read(w->signals, &s, sizeof(s)) == (ssize_t)sizeof(s)) {
		if (s.ssi_signo == SIGCHLD)
			reap(w);
		else if (s.ssi_signo != SIGHUP)
			end(w);
		else if (w->attempt == 0 && !w->stop)
			attempt(w, true);
	}
}

static void clock_was_set(struct watch *w)
{
	if (w->attempt > 0)
		return;
	w->tries = 0;
	if (w->failures > 0)
		w->next = now_ms();
	else
		plan(w);
	log_info("renew.clock", CERT(w), ENDS(w), NEXT(w), F_C("text", "the clock was set"));
	arm_again(w);
}

static void on_wall(struct watch *w)
{
	uint64_t n;

	if (read(w->wall, &n, sizeof(n)) == (ssize_t)sizeof(n))
		w->due = true;
	else if (errno == ECANCELED)
		clock_was_set(w);
}

/* With test hooks the clock is set by a file, which no timer hears of. */
static const struct timespec *poll_time(void)
{
#ifdef ENABLE_TEST_HOOKS
	static const struct timespec often = {.tv_nsec = 50 * 1000000};

	return getenv("SIGNET_TEST_CLOCK_FILE") != NULL ? &often : NULL;
#else
	return NULL;
#endif
}

static void start_test_clock(int64_t *offset)
{
#ifdef ENABLE_TEST_HOOKS
	*offset = test_clock_offset();
#else
	*offset = 0;
#endif
}

static void watch_test_clock(struct watch *w, int64_t *offset)
{
#ifdef ENABLE_TEST_HOOKS
	int64_t is = test_clock_offset();

	if (is != *offset)
		clock_was_set(w);
	*offset = is;
#else
	(void)w;
	(void)offset;
#endif
}

static void loop(struct watch *w)
{
	struct pollfd fds[] = {{.fd = w->signals, .events = POLLIN},
			       {.fd = w->wall, .events = POLLIN},
			       {.fd = w->boot, .events = POLLIN}};
	int64_t offset;
	uint64_t n;

	start_test_clock(&offset);
	while (!w->stop || w->attempt > 0 || w->hook > 0) {
		if (ppoll(fds, ARRAY_LEN(fds), poll_time(), NULL) < 0)
			continue;
		if (fds[0].revents != 0)
			on_signal(w);
		if (fds[1].revents != 0)
			on_wall(w);
		if (fds[2].revents != 0 && read(w->boot, &n, sizeof(n)) == (ssize_t)sizeof(n))
			w->due = true;
		watch_test_clock(w, &offset);
		if (w->due && w->attempt == 0 && !w->stop)
			attempt(w, false);
	}
	log_info("renew.stop", CERT(w), ENDS(w));
}

/* ---- the start ---- */

/* What would make every attempt fail is said now, by a child: the key does not come in here. */
static int check(struct renewal *r)
{
	struct err e = ERR_INIT;
	struct pair p = {0};
	int status = 0;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		err_errno(&e, errno, "fork");
		return cli_fail(r->c, &e);
	}
	if (pid == 0) {
		status = trust_load(r->c, true, &e) < 0 || pair_read(r, &p, &e) < 0 ||
					 pair_may_write(r, &e) < 0
				 ? cli_fail(r->c, &e)
				 : EXIT_DONE;
		fflush(NULL);
		_exit(status);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILED;
}

/* --out: what an earlier daemon put there goes on, not the first certificate. */
static void choose_source(struct renewal *r)
{
	struct pair first = {0}, later = {0};
	struct err ignore = ERR_INIT;

	if (!same_place(r->crt, r->out) && pair_read_cert(&later, r->out, &ignore) == 0 &&
	    pair_read_cert(&first, r->crt, &ignore) == 0 &&
	    later.cert.not_after >= first.cert.not_after) {
		r->crt = r->out;
		if (r->rekey)
			r->key = r->out_key;
	}
	pair_release(&first);
	pair_release(&later);
}

static int open_all(struct watch *w, struct err *e)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	w->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	w->wall = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	w->boot = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (w->signals < 0 || w->wall < 0 || w->boot < 0)
		return err_errno(e, errno, "signalfd or timerfd");
	return 0;
}

int renew_daemon(struct renewal *r)
{
	struct watch w = {.r = r,
			  .rule = {.period = r->period / 1000000},
			  .signals = -1,
			  .wall = -1,
			  .boot = -1};
	struct err e = ERR_INIT;
	bool changed;
	int status;

	choose_source(r);
	status = check(r);
	if (status != EXIT_DONE)
		return status;
	if (open_all(&w, &e) < 0 || look(&w, &changed, &e) < 0)
		return cli_fail(r->c, &e);
	plan_anew(&w);
	log_info("renew.watch", CERT(&w), ENDS(&w), NEXT(&w));
	arm(&w);
	loop(&w);
	close(w.signals);
	close(w.wall);
	close(w.boot);
	return EXIT_DONE;
}

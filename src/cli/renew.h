/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CLI_RENEW_H
#define SIGNET_CLI_RENEW_H

#include "cli/cli.h"
#include "x509/x509.h"

/*
 * renew.h - what `renew` and `rekey` share (cmd_renew.c, cmd_rekey.c): the options, one attempt
 * (renew_once.c), the files (renew_pair.c), what follows (renew_after.c), and the daemon
 * (renew_daemon.c, by the times of renew_plan.c).
 */
struct renewal {
	struct cli *c;
	const char *crt, *key;	   /* the pair that is renewed */
	const char *out, *out_key; /* where it goes; out_key is written by rekey only */
	bool rekey;
	bool by_token;		     /* --mtls=false */
	bool watched;		     /* in the daemon: nobody is asked, nothing is printed */
	const char *new_key;	     /* rekey: --private-key */
	const char *exec, *pid_file; /* afterwards; NULL: not */
	int64_t pid;		     /* 0: none */
	int signal;
	int64_t expires_in, period; /* nanoseconds; 0: not given */
	int64_t expires_percent;    /* --expires-in as a share of the lifetime; 0: not given */
	/* out */
	int status; /* of the CA's answer; 0 without one */
};

/* ---- cmd_renew.c ---- */
/* Options that both have, for their tables. */
#define RENEWAL_OPTS                                                                               \
	{"force", NULL, "overwrite without asking", false, false},                                 \
		{"password-file", "FILE", "file with the password of KEY", false, false},          \
		{"expires-in", "TIME", "do nothing while more than this is left: 8h, or 33%",      \
		 false, false},                                                                    \
		{"exec", "COMMAND",                                                                \
		 "run by /bin/sh afterwards, with $SIGNET_CERT and $SIGNET_KEY", false, false},    \
		{"pid", "PID", "process that gets a signal afterwards", false, false},             \
		{"pid-file", "FILE", "the same, its number read from a file", false, false},       \
		{"signal", "SIGNAL", "which one, by name or number (default HUP)", false, false},  \
		{"daemon", NULL, "stay and renew again and again, in time", false, false},         \
	{                                                                                          \
		"renew-period", "TIME",                                                            \
			"with --daemon: renew this often (default: at two thirds of the "          \
			"lifetime)",                                                               \
			false, false                                                               \
	}
/* What --expires-in means for a lifetime in seconds: nanoseconds, 0 when it is not given. */
int64_t renewal_expires_in(const struct renewal *r, int64_t lifetime);
/* Reads them. 0, or an exit status (the message is printed). */
int renewal_options(struct renewal *r);
/* Once or as a daemon, as the options say; the exit status. */
int renewal_run(struct renewal *r);

/* ---- renew_pair.c ---- */
struct pair {
	struct arena *arena;   /* holds what follows */
	struct str pem;	       /* of the certificate's file */
	struct str credential; /* PEM that is shown to the CA: that, or a fresh one */
	struct str *ders;      /* leaf first */
	size_t n_ders;
	struct cert cert;   /* the leaf */
	struct key *key;    /* owned; NULL when only the certificate was read */
	struct secret text; /* of the key's file */
	struct secret password;
	bool encrypted; /* the key's file is, with this password */
};
int pair_read_cert(struct pair *p, const char *path, struct err *e) NODISCARD;
/* Both, which must belong together; what an interrupted rekey left is put right before. */
int pair_read(struct renewal *r, struct pair *p, struct err *e) NODISCARD;
void pair_release(struct pair *p);
/*
 * Puts a chain in r's places, and a new key when `key` is not empty; unless the files were changed
 * by somebody else since `p` was read.
 */
int pair_write(const struct renewal *r, const struct pair *p, struct str chain, struct str key,
	       struct err *e) NODISCARD;
/* Whether files can be written where the results will go. Changes nothing. */
int pair_may_write(const struct renewal *r, struct err *e) NODISCARD;

/* ---- renew_once.c ---- */
/* Asks the CA, replaces the files. c's refused and unreachable and r->status say what failed. */
int renew_once(struct renewal *r, struct err *e) NODISCARD;
/* A call by mutual TLS with the pair, whatever its files are by now. New reference, or NULL. */
json_t *pair_call(struct cli *c, const struct pair *p, struct ca_call *call,
		  struct err *e) NODISCARD;

/* ---- renew_after.c ---- */
/* Starts --exec; its process, 0 when there is none, -1 on failure. */
pid_t renew_exec(const struct renewal *r, struct err *e) NODISCARD;
/* What its wait status says: 0, or an error. */
int renew_exec_result(const struct renewal *r, int status, struct err *e) NODISCARD;
int renew_signal(const struct renewal *r, struct err *e) NODISCARD;

/* ---- renew_daemon.c ---- */
int renew_daemon(struct renewal *r);

#endif

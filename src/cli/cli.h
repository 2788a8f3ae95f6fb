/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CLI_CLI_H
#define SIGNET_CLI_CLI_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "codec/json.h"
#include "crypto/key.h"

/*
 * cli.h - the `signet` command: a table of commands, each with a table of options (cmd_*.c). The
 * tables drive parsing, --help, and whatever else is made from them. A command reads its options
 * by name and returns an exit status.
 */
enum cli_exit {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_REFUSED = 3,    /* the CA said no */
	EXIT_UNREACHABLE = 4 /* no connection */
};

struct cli_opt {
	const char *name; /* without dashes; NULL ends the table */
	const char *arg;  /* metavariable; NULL: a flag */
	const char *doc;
	bool repeated;
	bool unsupported; /* of the fixed surface, refused in this version, not in --help */
};
#define CLI_MAX_OPTS 64
#define CLI_MAX_ARGS 16

struct cli;
struct cli_cmd {
	const char *name;
	const char *args; /* "SUBJECT CRT KEY" for the usage line; "" for none */
	unsigned min_args, max_args;
	const char *summary; /* one line */
	const char *about;   /* a paragraph for --help; may be NULL */
	const struct cli_opt *opts;
	bool offline; /* asks no CA: --help leaves out how to reach one */
	bool json;    /* has an output that --json changes */
	int (*run)(struct cli *c);
};
struct cli_value {
	const char *name, *value;
};
struct cli {
	const struct cli_cmd *cmd;
	struct arena *arena;
	struct cli_value values[CLI_MAX_OPTS];
	size_t n_values;
	const char *args[CLI_MAX_ARGS];
	size_t n_args;
	bool refused;	  /* the last error is the CA's answer */
	bool unreachable; /* or that there was none */
	bool misused;	  /* the last error is about what stands on the command line */
	/* trust.c: from options, else from defaults.json */
	const char *ca_url, *root;
};

extern const struct cli_cmd *const cli_cmds[];

const char *cli_value(const struct cli *c, const char *name); /* last value; NULL when not given */
bool cli_flag(const struct cli *c, const char *name);
size_t cli_values(const struct cli *c, const char *name, const char **out, size_t max);
/* Prints "signet: message" and says which exit status it is. */
int cli_fail(const struct cli *c, const struct err *e);
int cli_usage_error(const struct cli *c, const char *fmt, ...) PRINTF(2, 3);
/* Fills *e with what is wrong on the command line, for exit status 2; -1. */
int cli_misuse(struct cli *c, struct err *e, const char *fmt, ...) PRINTF(3, 4);

/* ---- prompt.c ---- */
bool prompt_available(void); /* there is a terminal */
int prompt_password(const char *what, bool twice, struct secret *out, struct err *e) NODISCARD;
int prompt_line(struct cli *c, const char *what, const char *dflt, const char **out,
		struct err *e) NODISCARD;
bool prompt_yes(const char *question);
/*
 * From the file that the option `opt` names, else by prompt; without a terminal an error that
 * names the option.
 */
int password_get(struct cli *c, const char *opt, const char *what, bool twice, struct secret *out,
		 struct err *e) NODISCARD;

/* ---- trust.c: $SIGNETPATH/defaults.json and certs/root_ca.crt ---- */
const char *trust_dir(struct cli *c);
/*
 * Fills c->ca_url and c->root. need_root: without a root file it is an error that explains
 * `signet bootstrap`.
 */
int trust_load(struct cli *c, bool need_root, struct err *e) NODISCARD;
int trust_save(struct cli *c, const char *ca_url, const char *fingerprint, struct str root_pem,
	       struct err *e) NODISCARD;

/* ---- ca_client.c: one call to the CA's API ---- */
struct ca_call {
	const char *method, *path;
	const json_t *body; /* may be NULL */
	const char *cert_file, *key_file;
	bool insecure;
};
/*
 * The answer's JSON, new reference; NULL on failure. A refusal sets c->refused and carries the
 * CA's sentence.
 */
json_t *ca_call(struct cli *c, const struct ca_call *call, struct err *e) NODISCARD;

/* ---- files.c ---- */
/*
 * Before anything is used up (a token, a password typed): an error when path exists and there is
 * neither --force nor a yes on the terminal, when it is a folder, or when its folder is missing
 * or read-only.
 */
int may_write(struct cli *c, const char *path, struct err *e) NODISCARD;
/* Whether two paths name one place in one folder. */
bool same_place(const char *a, const char *b);
int read_key_file(struct cli *c, const char *path, const char *password_opt, struct key **out,
		  struct err *e) NODISCARD;

/* ---- tokens (cmd_token.c) ---- */
struct token_request {
	const char *subject;
	const char **sans;
	size_t n_sans;
	const char *not_after; /* of the token: duration or RFC 3339; NULL: 5 minutes */
};
/*
 * Names as a certificate can have them: the subject names itself unless there are others (from
 * `san`, or from a token).
 */
int names_check(struct cli *c, const char *subject, const char **sans, size_t n, bool others,
		struct err *e) NODISCARD;
/*
 * Makes a one-time token for /sign with the provisioner's key: fetched and decrypted, or from
 * --key.
 */
int token_make(struct cli *c, const struct token_request *r, struct buf *out,
	       struct err *e) NODISCARD;

/* The PEM chain, leaf first, of an answer of /sign or /renew (cmd_certificate.c). */
int answer_chain(const json_t *answer, struct buf *pem, struct err *e) NODISCARD;

extern const struct cli_cmd cmd_init, cmd_bootstrap, cmd_health, cmd_root, cmd_token,
	cmd_certificate, cmd_renew, cmd_inspect, cmd_fingerprint;

#endif

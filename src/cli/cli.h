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
#define CLI_MAX_ARGS 512

struct cli;
struct cli_cmd {
	const char *name;
	const char *args; /* "SUBJECT CRT KEY" for the usage line; "" for none */
	unsigned min_args, max_args;
	const char *summary; /* one line */
	const char *about;   /* a paragraph for --help; may be NULL */
	const struct cli_opt *opts;
	bool offline;  /* asks no CA: --help leaves out how to reach one */
	bool json;     /* has an output that --json changes */
	bool operator; /* asks the daemon through its control socket: --socket, --config */
	int (*run)(struct cli *c);
	/* a command of commands (`key make`): NULL-terminated; run is NULL then */
	const struct cli_cmd *const *subs;
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

extern const struct cli_cmd *const cli_cmds[]; /* cmds.c */

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
int prompt_line(struct cli *c, const char *what, const char *dflt, const char **out,
		struct err *e) NODISCARD;
bool prompt_yes(const char *question);
/*
 * From the file that the option `opt` names, else by prompt; without a terminal an error that
 * names the option.
 */
int password_get(struct cli *c, const char *opt, const char *what, bool twice, struct secret *out,
		 struct err *e) NODISCARD;

/*
 * Gives the password that password_get() gets to `use`. One that was typed and is wrong
 * (ERR_UNAUTHORIZED) is asked for again, three times in all.
 */
int password_try(struct cli *c, const char *opt, const char *what,
		 int (*use)(void *arg, const struct secret *password, struct err *e), void *arg,
		 struct err *e) NODISCARD;
void prompt_text(const char *text); /* on the terminal, where questions are asked */
/*
 * slow.c: fn(arg, e), with progress on the terminal when it takes over a second. fn may run on
 * another thread, which nothing else of the command does meanwhile. ca_call and control_call do
 * this themselves.
 */
int slow_run(const char *what, int (*fn)(void *arg, struct err *e), void *arg,
	     struct err *e) NODISCARD;

/* ---- trust.c: $SIGNETPATH/defaults.json and certs/root_ca.crt ---- */
const char *trust_dir(struct cli *c);
/*
 * Fills c->ca_url and c->root. need_root: without a root file it is an error that explains
 * `signet bootstrap`.
 */
int trust_load(struct cli *c, bool need_root, struct err *e) NODISCARD;
/* Fills c->root alone; NULL stays when neither --root nor defaults.json names one. */
int trust_root(struct cli *c, struct err *e) NODISCARD;
int trust_save(struct cli *c, const char *ca_url, const char *fingerprint, struct str root_pem,
	       struct err *e) NODISCARD;

/* ---- ca_client.c: one call to the CA's API ---- */
struct ca_call {
	const char *method, *path;
	const json_t *body; /* may be NULL */
	const char *cert_file, *key_file;
	const char *bearer; /* token for the Authorization header; NULL: none */
	bool insecure;
	int status; /* out: of the last answer; 0 without one */
};
/*
 * The answer's JSON, new reference; NULL on failure. A refusal sets c->refused and carries the
 * CA's sentence.
 */
json_t *ca_call(struct cli *c, struct ca_call *call, struct err *e) NODISCARD;

/* ---- control.c: one call to the daemon through its control socket ---- */
struct control_call {
	const char *method, *path; /* "/control/v1/status" */
	const json_t *body;	   /* may be NULL */
	struct str text;	   /* in place of body: sent as it is */
	unsigned timeout_ms;	   /* 0: 30,000 */
	const char *what;	   /* for the progress; NULL: "Asking the daemon" */
};
/*
 * The socket: --socket, else control.socket of --config FILE (signetd.yaml), of ./signetd.yaml, of
 * /etc/signet/signetd.yaml. A new reference, or NULL: refused and unreachable are set as by
 * ca_call.
 */
json_t *control_call(struct cli *c, const struct control_call *call, struct err *e) NODISCARD;
bool control_wanted(struct cli *c);    /* --socket or --config names one */
bool control_available(struct cli *c); /* a socket is found and may be opened */

/* ---- table.c: what people see ---- */
bool term_colour(void); /* standard output is a terminal, NO_COLOR is not set */
bool term_is_tty(void);
size_t term_width(void); /* its columns; 0 when it does not say */
/* Text from strangers for a terminal or a line: what could do harm there becomes \xx. Appends. */
void text_put_safe(struct buf *out, struct str text);
/*
 * A table with a header on a terminal (columns as wide as needed, the last one cut at the edge); on
 * anything else the same cells separated by tabs, without header. Colours by cell: TABLE_*.
 */
enum table_colour { TABLE_PLAIN, TABLE_GOOD, TABLE_WARN, TABLE_BAD, TABLE_DIM };
/* text_put_safe, in a colour where term_colour() says so. */
void text_put_coloured(struct buf *out, struct str text, enum table_colour colour);
struct table;
struct table *table_new(struct arena *a, const char *const *headers, size_t n);
void table_cell(struct table *t, struct str text, enum table_colour colour); /* row by row */
void table_print(const struct table *t);
/* "in 3 h", "2 d ago": at most two units. */
const char *time_distance(struct arena *a, int64_t when, int64_t now);
/*
 * Progress for what may take over a second: the first call after one second prints "what ..." to
 * standard error when it is a terminal; progress_end wipes it.
 */
struct progress {
	const char *what;
	uint64_t started_ms, drawn_ms;
	bool shown;
};
void progress_begin(struct progress *p, const char *what);
void progress_tick(struct progress *p, uint64_t done, uint64_t all); /* all 0: unknown */
void progress_end(struct progress *p);

/* ---- files.c ---- */
/*
 * Before anything is used up (a token, a password typed): an error when path exists and there is
 * neither --force nor a yes on the terminal, when it is a folder, or when its folder is missing
 * or read-only.
 */
int may_write(struct cli *c, const char *path, struct err *e) NODISCARD;
/* The same, but an existing file is fine. */
int can_write(const char *path, struct err *e) NODISCARD;
/*
 * Two files that belong together: both are written whole beside their places, synced, and then
 * renamed, the first one first; no signal comes in between. On failure both are as before, but when
 * the second rename fails: then the first is new.
 */
struct file_text {
	const char *path;
	struct str text;
	unsigned mode;
};
int write_pair(struct cli *c, const struct file_text *first, const struct file_text *second,
	       struct err *e) NODISCARD;
/* Replaces what is in a file, at once; its mode and owner stay. */
int rewrite_file(const char *path, struct str text, struct err *e) NODISCARD;
/* Whether two paths name one place in one folder. */
bool same_place(const char *a, const char *b);
/* A private key, PEM or DER (keyfile.c). */
int read_key_file(struct cli *c, const char *path, const char *password_opt, struct key **out,
		  struct err *e) NODISCARD;
/* At most max bytes of a file, or of standard input for "-". Appends. */
int read_input(const char *path, size_t max, struct buf *out, struct err *e) NODISCARD;
/* Without blanks and line ends at both ends. */
struct str trim_text(struct str s);
/* Flushes standard output: an error when what was printed is not out. */
int out_flush(struct err *e) NODISCARD;

/* ---- tokens (token.c; provisioner_key.c; cmd_token.c) ---- */
struct token_request {
	const char *subject; /* revoke: the serial, decimal */
	const char **sans;
	size_t n_sans;		/* none: the subject (only /sign tokens carry names) */
	const char *not_after;	/* of the token: duration or RFC 3339; NULL: 5 minutes */
	const char *not_before; /* of the token: the same; NULL: now */
	const char *aud_path;	/* NULL: "/1.0/sign"; "/1.0/revoke" for a serial */
	const json_t *set;	/* claim `user`; NULL: none */
	const char *cnf;	/* cnf x5rt#S256: base64url SHA-256 of the CSR; NULL: none */
	const char *endpoint;	/* claim `endpoint`; NULL: none */
};
/*
 * Names as a certificate can have them: the subject names itself unless there are others (from
 * `san`, or from a token).
 */
int names_check(struct cli *c, const char *subject, const char **sans, size_t n, bool others,
		struct err *e) NODISCARD;
/*
 * Makes a one-time token with the provisioner's key: fetched and decrypted, or from --key. Reads
 * the options --provisioner (--issuer), --key, --kid, --offline and --password-file where the
 * command has them. trust_load comes before it.
 */
int token_make(struct cli *c, const struct token_request *r, struct buf *out,
	       struct err *e) NODISCARD;
/*
 * A renew token (step-api 2.3) for the certificate chain[0], signed by its own key: for
 * `Authorization: Bearer` of /renew. Needs c->ca_url. Good for five minutes.
 */
int token_make_renew(struct cli *c, const struct str *chain, size_t n, struct key *k,
		     struct buf *out, struct err *e) NODISCARD;
/* What --set and --set-file say together, a new reference; *out NULL when neither is given. */
int set_options(struct cli *c, json_t **out, struct err *e) NODISCARD;
/* A duration from `base`, or RFC 3339, in seconds; else cli_misuse that names --opt. */
int time_option(struct cli *c, const char *opt, const char *text, int64_t base, int64_t *out,
		struct err *e) NODISCARD;
/* The UUID that --endpoint says, in its usual form; *out NULL when it is not given. */
int endpoint_option(struct cli *c, const char **out, struct err *e) NODISCARD;
/*
 * The key that signs tokens (provisioner_key.c): the provisioner is chosen by option, because it is
 * the only one, or on the terminal.
 */
struct token_key {
	struct key *key;
	const char *kid;  /* arena */
	const char *name; /* of the provisioner, arena */
};
int token_key_get(struct cli *c, struct token_key *k, struct err *e) NODISCARD;
void token_key_release(struct token_key *k);

/* The PEM chain, leaf first, of an answer of /sign or /renew (cmd_certificate.c). */
int answer_chain(const json_t *answer, struct buf *pem, struct err *e) NODISCARD;

extern const struct cli_cmd cmd_init, cmd_bootstrap, cmd_health, cmd_root, cmd_token,
	cmd_certificate, cmd_renew, cmd_inspect, cmd_fingerprint;
extern const struct cli_cmd cmd_sign, cmd_rekey, cmd_revoke, cmd_verify, cmd_lint, cmd_install,
	cmd_uninstall, cmd_key, cmd_list, cmd_show, cmd_status, cmd_backup, cmd_reload,
	cmd_provisioner;
extern const struct cli_cmd cmd_inventory;
extern const struct cli_cmd cmd_policy;
extern const struct cli_cmd cmd_template;

#endif

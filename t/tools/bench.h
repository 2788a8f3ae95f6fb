/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_TOOLS_BENCH_H
#define SIGNET_TOOLS_BENCH_H

#include "base/arena.h"
#include "base/buf.h"
#include "codec/json.h"
#include "crypto/key.h"
#include "net/addr.h"
#include "x509/x509.h"

/*
 * bench.h - what the files of the load generator share. bench.c: options; bench_make.c: keys,
 * tokens, requests; bench_load.c: a run; bench_conn.c: one connection; bench_probe.c: what the
 * server has used; bench_primitive.c, bench_handshake.c, bench_store.c: the primitives by
 * themselves.
 */
NORETURN void die(const char *fmt, ...) PRINTF(1, 2);
NORETURN void die_err(const char *what, const struct err *e);

/* ---- bench_make.c ---- */
struct maker {
	struct key *provisioner;
	const char *name, *kid, *audience;
	unsigned long long made;
	char prefix[17]; /* so that no two runs ask for the same names */
};
void maker_init(struct maker *m, const char *key_file, const char *name);
/* A CSR for a name of its own, P-256; *key (may be NULL) gets the private key. DER, appended. */
void maker_csr(struct maker *m, const char *name, struct key **key, struct buf *der);
void maker_token(struct maker *m, const char *name, struct buf *token);
/* The whole request POST /1.0/sign; key as above. */
void maker_sign(struct maker *m, bool close_after, struct key **key, struct buf *http);
void make_plain(const char *method, const char *path, bool close_after, struct buf *http);
/* What the daemon's own CA looks like, for the primitives. */
struct mini_ca {
	struct arena *arena;
	struct key *root_key, *key;
	struct str root_der, der;
	struct cert root, cert;
};
void mini_ca_init(struct mini_ca *c);
void mini_ca_release(struct mini_ca *c);
/* TBS of a leaf, as /sign makes it; `a` holds the result. */
struct str mini_ca_tbs(struct mini_ca *c, struct key *subject, const char *name, struct arena *a);
struct str mini_ca_leaf(struct mini_ca *c, struct key *subject, const char *name, struct arena *a);

/* ---- bench_conn.c: one connection, non-blocking ---- */
struct WOLFSSL;
struct WOLFSSL_CTX;
struct WOLFSSL_CTX *client_context(struct str chain_pem, const struct key *key); /* both may be
										     empty, NULL */

enum conn_state {
	CONN_CLOSED,
	CONN_CONNECTING,
	CONN_HANDSHAKE,
	CONN_READY,
	CONN_SENDING,
	CONN_READING
};
enum conn_result { CONN_WAIT, CONN_DONE, CONN_BROKEN };
struct conn {
	enum conn_state state;
	unsigned number; /* chooses the source address */
	int fd;
	struct WOLFSSL *ssl;
	bool want_write;
	bool watched_write; /* what the run has told epoll */
	struct str out;	    /* borrowed */
	size_t sent;
	size_t asked; /* for the run: which request */
	struct buf in;
	int status;
	bool last;	   /* the answer says that the connection ends with it */
	struct str body;   /* decoded, a view of in */
	uint64_t since_us; /* when the request was due */
	char why[160];	   /* of CONN_BROKEN */
};
/* Begins; conn_go() carries on. */
int conn_open(struct conn *c, const struct addr *to, struct WOLFSSL_CTX *ctx);
void conn_ask(struct conn *c, struct str request);
/* CONN_DONE: in CONN_READY without a request, or the answer to one is there. */
enum conn_result conn_go(struct conn *c);
void conn_close(struct conn *c, bool in_order);
bool conn_dribble(struct conn *c); /* one more byte of a request that never ends; false: it broke */

/* ---- bench_probe.c ---- */
struct probe {
	int pid;
	const char *control; /* socket; NULL: there is none */
};
struct usage {
	double cpu_ms;
	uint64_t rss_kb, peak_kb;
	unsigned processes;
	uint64_t certificates, syncs, commits;
};
void probe_read(const struct probe *p, struct usage *out);
double own_cpu_ms(void);

/* ---- bench_load.c ---- */
enum work { WORK_HEALTH, WORK_SIGN, WORK_RENEW };
struct load {
	struct addr to;
	enum work work;
	bool kept;
	unsigned clients, identities, slow, idle;
	double seconds, warmup, rate; /* rate 0: as fast as it goes */
	struct maker maker;
	struct probe probe;
};
json_t *load_run(struct load *l);
json_t *idle_run(struct load *l);

/* ---- primitives: microseconds of CPU each ---- */
json_t *primitives_run(const char *dir, bool accelerated, unsigned clients, double seconds);
double handshake_cost(bool mutual, bool accelerated, double seconds);
double store_cost(const char *dir, bool renewal, unsigned in_flight, double seconds);
uint64_t thread_cpu_ns(void);

#endif

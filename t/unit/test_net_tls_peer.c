/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Client certificates, with wolfSSL and with two strangers (openssl, gnutls-cli) as clients. */
#include "base/compat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "net_tls.h"

#include <sys/wait.h>

static void expect_leaf(const struct peer *p, const char *cert)
{
	char *name = mem_asprintf("%s.crt", cert);
	struct buf der = BUF_INIT;

	load_der(name, &der);
	if (!str_eq(buf_view(&der), buf_view(&p->leaf)))
		fail_msg("%s: the leaf has %zu bytes, expected %zu", cert, p->leaf.n, der.n);
	buf_release(&der);
	mem_free(name);
}

static void test_good(void **state)
{
	static const struct {
		const char *cert;
		int version;
	} t[] = {
		{"ed25519", 13}, {"p256", 13},	{"p384", 13},	 {"p521", 13}, {"rsa", 13},
		{"big", 13},	 {"noeku", 13}, {"ed25519", 12}, {"p256", 12}, {"p384", 12},
		{"p521", 12},	 {"big", 12},	{"noeku", 12},
	};
	struct fix f;
	size_t i;
	int chain;

	(void)state;
	for (chain = 0; chain < 2; chain++) {
		start(&f, &(struct fix_config){.mode = ECHO});
		for (i = 0; i < ARRAY_LEN(t); i++) {
			struct client c = {.bytes = 100,
					   .cert = t[i].cert,
					   .version = t[i].version,
					   .with_chain = chain};
			struct peer *p = run(&f, &c);

			if (!c.echoed)
				fail_msg("%s with %d: %s", t[i].cert, t[i].version, p->err.msg);
			expect_leaf(p, t[i].cert);
			assert_int_equal(p->n_chain, chain ? 2 : 1);
		}
		assert_int_equal(n_failed(&f), 0);
		finish(&f);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *cert, *key;
		int alert; /* 0: any */
		enum err_code code;
	} t[] = {
		{"expired", NULL, 45, ERR_UNAUTHORIZED},   {"stranger", NULL, 48, ERR_UNAUTHORIZED},
		{"serveronly", NULL, 0, ERR_UNAUTHORIZED}, {"p256", "noeku", 0, ERR_INVALID},
		{"ed25519", "p256", 0, ERR_INVALID},
	};
	struct fix f;
	size_t i;
	int version, chain;

	(void)state;
	for (chain = 0; chain < 2; chain++) {
		start(&f, &(struct fix_config){.mode = ECHO});
		for (i = 0; i < ARRAY_LEN(t); i++)
			for (version = 12; version <= 13; version++) {
				struct client c = {.bytes = 10,
						   .cert = t[i].cert,
						   .key = t[i].key,
						   .version = version,
						   .with_chain = chain};
				struct peer *p = run(&f, &c);

				if (p->n[STREAM_READY] || c.echoed)
					fail_msg("%s with %d: not refused", t[i].cert, version);
				assert_int_equal(p->n[STREAM_GONE], 1);
				if (t[i].alert && c.alert != t[i].alert)
					fail_msg("%s with %d: alert %d", t[i].cert, version,
						 c.alert);
				assert_true(c.alert > 0);
				if (p->err.code != t[i].code)
					fail_msg("%s with %d: %s", t[i].cert, version, p->err.msg);
			}
		assert_int_equal(n_done(&f), 0);
		assert_int_equal(n_failed(&f), 2 * ARRAY_LEN(t));
		finish(&f);
	}
}

/* Without roots nothing is asked for, and what a client has is not looked at. */
static void test_not_asked(void **state)
{
	struct fix f;
	struct client c = {.bytes = 10, .cert = "stranger"};
	struct peer *p;

	(void)state;
	start(&f, &(struct fix_config){.mode = ECHO, .no_roots = true});
	p = run(&f, &c);
	assert_true(c.echoed);
	assert_int_equal(p->leaf.n, 0);
	finish(&f);
}

/* A client that was refused, or came without, is not taken for an earlier one: nothing is resumed.
 */
static void test_no_memory(void **state)
{
	struct fix f;
	struct client with = {.bytes = 10, .cert = "p256"}, without = {.bytes = 10};
	struct peer *p;

	(void)state;
	start(&f, &(struct fix_config){.mode = ECHO});
	p = run(&f, &with);
	expect_leaf(p, "p256");
	p = run(&f, &without);
	assert_true(without.echoed);
	assert_int_equal(p->leaf.n, 0);
	finish(&f);
}

/* ---- other people's clients ---- */

struct child {
	pid_t pid;
	int in, out;
	struct buf text;
	int status;
};

static void spawn(struct child *c, const char *const argv[])
{
	int in[2], out[2];

	memset(c, 0, sizeof(*c));
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	c->pid = fork();
	assert_true(c->pid >= 0);
	if (c->pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(out[1], 2);
		close(in[1]);
		close(out[0]);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	c->in = in[1];
	c->out = out[0];
	assert_int_equal(fcntl(c->out, F_SETFL, O_NONBLOCK), 0);
}

/* Turns the loop until the child has ended. When `until` stands in its output: says `last`, or
 * closes its input. */
static void attend(struct fix *f, struct child *c, const char *until, const char *last)
{
	uint64_t end = clock_mono_ms() + GUARD_MS;
	char b[4096];
	ssize_t n;

	do {
		loop_turn(f->loop, 5);
		n = read(c->out, b, sizeof(b));
		if (n > 0)
			buf_add(&c->text, b, (size_t)n);
		if (c->in >= 0 && c->text.n > 0 && strstr(c->text.p, until)) {
			if (last)
				assert_int_equal(write(c->in, last, strlen(last)),
						 (ssize_t)strlen(last));
			else
				close(c->in);
			c->in = last ? c->in : -1;
			until = last ? "RENEGOTIATING" : until;
			last = NULL;
		}
	} while ((n > 0 || (n < 0 && errno == EAGAIN)) && clock_mono_ms() < end);
	if (c->in >= 0)
		close(c->in);
	close(c->out);
	if (clock_mono_ms() >= end)
		kill(c->pid, SIGKILL);
	assert_int_equal(waitpid(c->pid, &c->status, 0), c->pid);
}

static bool missing(const struct child *c, const char *program)
{
	if (!WIFEXITED(c->status) || WEXITSTATUS(c->status) != 127)
		return false;
	print_message("# %s is not installed: not tested\n", program);
	return true;
}

/* One s_client: the text that it printed. False when openssl is missing. */
static bool s_client(struct fix *f, const char *cert, const char *version, const char *const *more,
		     const char *last, struct child *c)
{
	char *root = vector("root.crt"), *name = mem_asprintf("%s.crt", cert ? cert : "p256"),
	     *crt = vector(name), *key;
	char at[32];
	const char *argv[24] = {
		"openssl", "s_client", "-connect", at, "-CAfile", root, "-verify_return_error",
		version};
	size_t n = 8;

	mem_free(name);
	name = mem_asprintf("%s.key", cert ? cert : "p256");
	key = vector(name);
	snprintf(at, sizeof(at), "127.0.0.1:%d", listener_port(f->l));
	if (cert) {
		argv[n++] = "-cert";
		argv[n++] = crt;
		argv[n++] = "-key";
		argv[n++] = key;
	}
	while (more && *more)
		argv[n++] = *more++;
	spawn(c, argv);
	assert_int_equal(write(c->in, "ping-pong\n", 10), 10);
	attend(f, c, "\nping-pong", last);
	mem_free(root);
	mem_free(crt);
	mem_free(key);
	mem_free(name);
	return !missing(c, "openssl");
}

static void test_openssl(void **state)
{
	static const struct {
		const char *cert, *version;
	} t[] = {
		{NULL, "-tls1_3"},   {"ed25519", "-tls1_3"}, {"p256", "-tls1_3"},
		{"p384", "-tls1_3"}, {"p521", "-tls1_3"},    {"rsa", "-tls1_3"},
		{"big", "-tls1_3"},  {NULL, "-tls1_2"},	     {"ed25519", "-tls1_2"},
		{"p256", "-tls1_2"}, {"p384", "-tls1_2"},    {"big", "-tls1_2"},
	};
	struct fix f;
	struct child c;
	size_t i;

	(void)state;
	start(&f, &(struct fix_config){.mode = ECHO});
	for (i = 0; i < ARRAY_LEN(t); i++) {
		bool there = s_client(&f, t[i].cert, t[i].version, NULL, NULL, &c);

		if (there) {
			if (!WIFEXITED(c.status) || WEXITSTATUS(c.status) != 0 ||
			    !strstr(c.text.p, "\nping-pong"))
				fail_msg("%s %s: status %x\n%s", t[i].cert, t[i].version, c.status,
					 c.text.p);
			assert_null(strstr(c.text.p, "Session Ticket arrived"));
			assert_null(strstr(c.text.p, "TLS session ticket:"));
			if (strcmp(t[i].version, "-tls1_2") == 0)
				assert_null(strstr(c.text.p, "SHA1"));
			UNTIL(&f, listener_streams(f.l) == 0);
			assert_int_equal(f.n_peers, i + 1);
			if (t[i].cert)
				expect_leaf(&f.peers[i], t[i].cert);
			else
				assert_int_equal(f.peers[i].leaf.n, 0);
		}
		buf_release(&c.text);
		if (!there)
			break;
	}
	finish(&f);
}

static void test_openssl_refused(void **state)
{
	static const char *const alpn[] = {"-alpn", "h2", NULL};
	static const struct {
		const char *cert, *version, *says;
		const char *const *more;
	} t[] = {
		{"expired", "-tls1_3", "certificate expired", NULL},
		{"expired", "-tls1_2", "certificate expired", NULL},
		{"stranger", "-tls1_3", "unknown ca", NULL},
		{"stranger", "-tls1_2", "unknown ca", NULL},
		{"serveronly", "-tls1_3", "certificate", NULL},
		{NULL, "-tls1_3", "no application protocol", alpn},
		{NULL, "-tls1_2", "no application protocol", alpn},
	};
	struct fix f;
	struct child c;
	size_t i;

	(void)state;
	start(&f, &(struct fix_config){.mode = ECHO});
	for (i = 0; i < ARRAY_LEN(t); i++) {
		bool there = s_client(&f, t[i].cert, t[i].version, t[i].more, NULL, &c);

		if (there) {
			if (!strstr(c.text.p, t[i].says) || strstr(c.text.p, "\nping-pong"))
				fail_msg("%s %s: %s", t[i].cert, t[i].version, c.text.p);
			UNTIL(&f, listener_streams(f.l) == 0);
			assert_int_equal(f.peers[i].n[STREAM_READY], 0);
			assert_int_equal(f.peers[i].n[STREAM_GONE], 1);
		}
		buf_release(&c.text);
		if (!there)
			break;
	}
	finish(&f);
}

/* Five connections that offer the session of the one before. */
static void test_no_resumption(void **state)
{
	static const char *const reconnect[] = {"-reconnect", NULL};
	struct fix f;
	struct child c;

	(void)state;
	start(&f, &(struct fix_config){.mode = ECHO});
	if (s_client(&f, "p256", "-tls1_2", reconnect, NULL, &c)) {
		UNTIL(&f, listener_streams(f.l) == 0);
		assert_int_equal(f.n_peers, 6);
		assert_non_null(strstr(c.text.p, "New, TLSv1.2"));
		assert_null(strstr(c.text.p, "Reused,"));
		expect_leaf(&f.peers[5], "p256");
	}
	buf_release(&c.text);
	finish(&f);
}

/* A second handshake on a connection would run on the loop: there is none. */
static void test_no_renegotiation(void **state)
{
	struct fix f;
	struct child c;

	(void)state;
	start(&f, &(struct fix_config){.mode = ECHO});
	if (s_client(&f, "p256", "-tls1_2", NULL, "R\n", &c)) {
		UNTIL(&f, listener_streams(f.l) == 0);
		assert_non_null(strstr(c.text.p, "RENEGOTIATING"));
		assert_int_equal(n_done(&f), 1);
		assert_int_equal(f.peers[0].n[STREAM_GONE], 1);
		assert_int_equal(f.peers[0].err.code, ERR_INVALID);
	}
	buf_release(&c.text);
	finish(&f);
}

static void test_gnutls(void **state)
{
	static const char *const certs[] = {"ed25519", "p256", "p521", "rsa", "big"};
	struct fix f;
	struct child c;
	size_t i;

	(void)state;
	start(&f, &(struct fix_config){.mode = ECHO});
	for (i = 0; i < ARRAY_LEN(certs); i++) {
		char *root = vector("root.crt"), *name = mem_asprintf("%s.crt", certs[i]),
		     *crt = vector(name), *key;
		char port[16];
		bool there;

		mem_free(name);
		name = mem_asprintf("%s.key", certs[i]);
		key = vector(name);
		snprintf(port, sizeof(port), "%d", listener_port(f.l));
		spawn(&c,
		      (const char *const[]){"gnutls-cli", "--x509cafile", root, "--x509certfile",
					    crt, "--x509keyfile", key, "-p", port, "--alpn", "h2",
					    "--alpn", "http/1.1", "localhost", NULL});
		assert_int_equal(write(c.in, "ping-pong\n", 10), 10);
		attend(&f, &c, "\nping-pong", NULL);
		there = !missing(&c, "gnutls-cli");
		if (there) {
			if (!strstr(c.text.p, "\nping-pong"))
				fail_msg("%s: %s", certs[i], c.text.p);
			UNTIL(&f, listener_streams(f.l) == 0);
			expect_leaf(&f.peers[i], certs[i]);
		}
		buf_release(&c.text);
		mem_free(root);
		mem_free(crt);
		mem_free(key);
		mem_free(name);
		if (!there)
			break;
	}
	finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),	      cmocka_unit_test(test_refused),
		cmocka_unit_test(test_not_asked),     cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_openssl),	      cmocka_unit_test(test_openssl_refused),
		cmocka_unit_test(test_no_resumption), cmocka_unit_test(test_no_renegotiation),
		cmocka_unit_test(test_gnutls),
	};

	return cmocka_run_group_tests_name("net_tls_peer", tests, tls_setup, tls_teardown);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TLS of the server: versions, suites, groups, ALPN, records, credentials. */
#include "base/compat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "net_tls.h"

/* ---- what is negotiated ---- */

static void test_default(void **state)
{
	struct fix f;
	struct client c = {.bytes = 100, .alpn = "http/1.1", .sni = "ca.example"};
	struct peer *p;
	struct buf der = BUF_INIT;

	(void)state;
	start(&f, &(struct fix_config){.mode = ECHO});
	load_der("server.crt", &der);
	client_start(&f, &c);
	client_join(&f, &c);
	UNTIL(&f, listener_streams(f.l) == 0);
	p = &f.peers[0];
	assert_true(c.connected && c.echoed);
	assert_int_equal(c.alert, -1);
	assert_string_equal(c.got_alpn, "http/1.1");
	assert_string_equal(p->version, "TLSv1.3");
	assert_non_null(strstr(p->suite, "CHACHA20"));
	assert_string_equal(p->name, "ca.example");
	assert_int_equal(p->leaf.n, 0);
	assert_int_equal(p->n_chain, 0);
	assert_int_equal(p->n[STREAM_READY], 1);
	assert_int_equal(p->n[STREAM_EOF], 1);
	assert_int_equal(p->n[STREAM_GONE], 0);
	assert_int_equal(n_done(&f), 1);
	assert_int_equal(n_failed(&f), 0);
	assert_true(str_eq(buf_view(&c.server_leaf), buf_view(&der)));
	buf_release(&c.server_leaf);
	buf_release(&der);
	finish(&f);
}

static void test_suites(void **state)
{
	static const struct {
		int version;
		const char *suites, *want; /* want NULL: refused */
	} t[] = {
		{13, "TLS13-CHACHA20-POLY1305-SHA256", "CHACHA20"},
		{13, "TLS13-AES128-GCM-SHA256", "AES128-GCM"},
		{13, "TLS13-AES256-GCM-SHA384", "AES256-GCM"},
		{13, "TLS13-AES128-CCM-SHA256", NULL},
		{12, "ECDHE-ECDSA-CHACHA20-POLY1305", "CHACHA20"},
		{12, "ECDHE-ECDSA-AES128-GCM-SHA256", "AES128-GCM"},
		{12, "ECDHE-ECDSA-AES256-GCM-SHA384", "AES256-GCM"},
		{12, "ECDHE-ECDSA-AES128-SHA256", NULL},
		{12, "ECDHE-RSA-AES128-GCM-SHA256", NULL},
		{11, NULL, NULL},
	};
	struct fix f;
	size_t i;

	(void)state;
	start(&f, &(struct fix_config){.mode = ECHO});
	for (i = 0; i < ARRAY_LEN(t); i++) {
		struct client c = {.bytes = 10, .version = t[i].version, .suites = t[i].suites};
		struct peer *p = run(&f, &c);

		if (c.connected != (t[i].want != NULL))
			fail_msg("%s: connected %d %s", t[i].suites, c.connected, p->suite);
		if (!t[i].want) {
			assert_int_equal(p->n[STREAM_READY], 0);
			assert_int_equal(p->n[STREAM_GONE], 1);
			continue;
		}
		assert_true(c.echoed);
		if (!strstr(p->suite, t[i].want))
			fail_msg("%s is not %s", p->suite, t[i].want);
		assert_string_equal(p->version, t[i].version == 13 ? "TLSv1.3" : "TLSv1.2");
	}
	assert_int_equal(n_done(&f), 6);
	assert_int_equal(n_failed(&f), 4);
	finish(&f);
}

/* The server's order decides, for both orders and versions. */
static void test_order(void **state)
{
	static const struct {
		bool aes_first;
		int version;
		const char *suites, *want;
	} t[] = {
		{false, 13,
		 "TLS13-AES256-GCM-SHA384:TLS13-AES128-GCM-SHA256:TLS13-CHACHA20-POLY1305-SHA256",
		 "CHACHA20"},
		{true, 13,
		 "TLS13-CHACHA20-POLY1305-SHA256:TLS13-AES256-GCM-SHA384:TLS13-AES128-GCM-SHA256",
		 "AES128"},
		{false, 12,
		 "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-"
		 "POLY1305",
		 "CHACHA20"},
		{true, 12,
		 "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-"
		 "GCM-SHA256",
		 "AES128"},
	};
	struct fix f;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(t); i++) {
		struct client c = {.bytes = 10, .version = t[i].version, .suites = t[i].suites};
		struct peer *p;

		start(&f, &(struct fix_config){.mode = ECHO, .aes_first = t[i].aes_first});
		p = run(&f, &c);
		assert_true(c.echoed);
		assert_non_null(strstr(p->suite, t[i].want));
		finish(&f);
	}
}

static void test_groups(void **state)
{
	static const struct {
		const char *groups;
		bool ok;
	} t[] = {{"X25519", true},
		 {"P-256", true},
		 {"P-384", true},
		 {"P-521", false},
		 {"P-521:P-256", true}};
	struct fix f;
	size_t i;
	int version;

	(void)state;
	start(&f, &(struct fix_config){.mode = ECHO});
	for (i = 0; i < ARRAY_LEN(t); i++)
		for (version = 12; version <= 13; version++) {
			struct client c = {.bytes = 10, .version = version, .groups = t[i].groups};

			if (version == 12 && !t[i].ok)
				continue; /* without a common group wolfSSL tries its P-256; strict
					     clients refuse that */
			(void)run(&f, &c);
			if (c.connected != t[i].ok || c.echoed != t[i].ok)
				fail_msg("%s with %d: connected %d", t[i].groups, version,
					 c.connected);
		}
	finish(&f);
}

static void test_alpn(void **state)
{
	static const struct {
		const char *offer, *got;
		int alert;
	} t[] = {
		{NULL, "", -1},
		{"http/1.1", "http/1.1", -1},
		{"h2,http/1.1", "http/1.1", -1},
		{"h2", NULL, 120},
		{"http/1.0,acme-tls/1", NULL, 120},
	};
	struct fix f;
	size_t i;
	int version;

	(void)state;
	start(&f, &(struct fix_config){.mode = ECHO});
	for (i = 0; i < ARRAY_LEN(t); i++)
		for (version = 12; version <= 13; version++) {
			struct client c = {.bytes = 10, .version = version, .alpn = t[i].offer};
			struct peer *p = run(&f, &c);

			assert_int_equal(c.connected, t[i].got != NULL);
			assert_int_equal(c.alert, t[i].alert);
			if (t[i].got)
				assert_string_equal(c.got_alpn, t[i].got);
			else
				assert_int_equal(p->n[STREAM_GONE], 1);
		}
	finish(&f);
}

/* ---- records ---- */

static void test_big(void **state)
{
	struct fix f;
	int version;

	(void)state;
	start(&f, &(struct fix_config){.mode = ECHO});
	for (version = 12; version <= 13; version++) {
		struct client c = {.bytes = 10U * 1000 * 1000, .version = version};

		(void)run(&f, &c);
		assert_true(c.connected && c.echoed);
	}
	finish(&f);
}

static void test_close(void **state)
{
	struct fix f;
	struct client c = {.bytes = 1000, .wait_close = true};
	struct client cut = {.bytes = 10, .cut = true};
	struct peer *p;
	int version;

	(void)state;
	start(&f, &(struct fix_config){.mode = ECHO_CLOSE});
	for (version = 12; version <= 13; version++) {
		c.version = version;
		(void)run(&f, &c);
		assert_true(c.echoed);
		assert_true(c.closed_in_order);
		UNTIL(&f, listener_streams(f.l) == 0);
	}
	finish(&f);
	start(&f, &(struct fix_config){.mode = ECHO});
	p = run(&f, &cut);
	assert_true(cut.echoed);
	assert_int_equal(p->n[STREAM_EOF], 0);
	assert_int_equal(p->n[STREAM_GONE], 1);
	assert_int_equal(p->err.code, ERR_CANCELLED);
	finish(&f);
}

/* The client has said that it sends no more: it still gets its answer. */
static void test_half_close(void **state)
{
	struct fix f;
	struct client c = {.bytes = 30000, .half = true};
	struct peer *p;
	int version;

	(void)state;
	start(&f, &(struct fix_config){.mode = REPLY_AT_EOF});
	for (version = 12; version <= 13; version++) {
		c.version = version;
		p = run(&f, &c);
		assert_true(c.echoed);
		assert_int_equal(p->n[STREAM_EOF], 1);
		assert_int_equal(p->n[STREAM_GONE], 0);
		UNTIL(&f, listener_streams(f.l) == 0);
	}
	finish(&f);
}

/* A user that does not read: 64 KiB are held, the rest waits in the kernels, nothing is lost. */
static void test_backpressure(void **state)
{
	struct fix f;
	static struct client c;
	struct evbuffer *in;
	unsigned i;

	(void)state;
	memset(&c, 0, sizeof(c));
	c.bytes = 60000 + 4 * 16384; /* sent before the client reads anything */
	start(&f, &(struct fix_config){.mode = KEEP});
	client_start(&f, &c);
	UNTIL(&f, f.n_peers == 1 && f.peers[0].n[STREAM_INPUT] > 0);
	in = stream_input(f.peers[0].s);
	UNTIL(&f, evbuffer_get_length(in) == 65536);
	for (i = 0; i < 20; i++) {
		loop_turn(f.loop, 1);
		assert_int_equal(evbuffer_get_length(in), 65536);
	}
	f.mode = ECHO;
	stream_write(f.peers[0].s, in);
	client_join(&f, &c);
	assert_true(c.echoed);
	buf_release(&c.server_leaf);
	finish(&f);
}

static void test_key_update(void **state)
{
	struct fix f;
	struct client c = {.bytes = 300000, .version = 13, .key_updates = 50};
	struct peer *p;

	(void)state;
	start(&f, &(struct fix_config){.mode = ECHO});
	p = run(&f, &c);
	assert_true(c.echoed);
	assert_int_equal(p->n[STREAM_EOF], 1);
	finish(&f);
}

/* ---- credentials ---- */

static void test_swap(void **state)
{
	struct fix f;
	static struct client a, b, again;
	struct buf first = BUF_INIT, second = BUF_INIT;
	struct creds creds, mixed;
	struct err e = ERR_INIT;

	(void)state;
	a.bytes = 3000000;
	b.bytes = again.bytes = 10;
	load_der("server.crt", &first);
	load_der("server2.crt", &second);
	creds_load(&creds, "server2.chain", "server2.key");
	start(&f, &(struct fix_config){.mode = ECHO});
	client_start(&f, &a);
	UNTIL(&f, f.n_peers == 1 && f.peers[0].n[STREAM_INPUT] > 0);
	assert_int_equal(tls_creds_swap(f.tls, &creds.c, &e), 0); /* while a is at work */
	client_start(&f, &b);
	client_join(&f, &a);
	client_join(&f, &b);
	assert_true(a.echoed && b.echoed);
	assert_true(str_eq(buf_view(&a.server_leaf), buf_view(&first)));
	assert_true(str_eq(buf_view(&b.server_leaf), buf_view(&second)));

	/* Refused ones change nothing. */
	creds_load(&mixed, "server.chain", "server2.key");
	assert_int_equal(tls_creds_swap(f.tls, &mixed.c, &e), -1);
	creds_release(&mixed);
	creds_load(&mixed, "server.chain", "rsa.key");
	assert_int_equal(tls_creds_swap(f.tls, &mixed.c, &e), -1);
	assert_int_equal(e.code, ERR_UNSUPPORTED);
	creds_release(&mixed);
	creds_load(&mixed, "server.chain", "p384.key");
	assert_int_equal(tls_creds_swap(f.tls, &mixed.c, &e), -1);
	mixed.c.chain_pem = STR("no certificate at all\n");
	assert_int_equal(tls_creds_swap(f.tls, &mixed.c, &e), -1);
	creds_release(&mixed);
	client_start(&f, &again);
	client_join(&f, &again);
	assert_true(str_eq(buf_view(&again.server_leaf), buf_view(&second)));

	creds_release(&creds);
	buf_release(&first);
	buf_release(&second);
	buf_release(&a.server_leaf);
	buf_release(&b.server_leaf);
	buf_release(&again.server_leaf);
	finish(&f);
}

static void test_bad_roots(void **state)
{
	static const char *const bad[] = {
		"nothing",
		"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
	};
	struct err e = ERR_INIT;
	struct creds creds;
	size_t i;

	(void)state;
	creds_load(&creds, "server.chain", "server.key");
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		struct tls_config c = {.client_roots_pem = str_c(bad[i])};

		assert_null(tls_context_new(&c, &creds.c, &e));
		assert_non_null(strstr(e.msg, "client roots"));
	}
	creds_release(&creds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_default),	     cmocka_unit_test(test_suites),
		cmocka_unit_test(test_order),	     cmocka_unit_test(test_groups),
		cmocka_unit_test(test_alpn),	     cmocka_unit_test(test_big),
		cmocka_unit_test(test_close),	     cmocka_unit_test(test_half_close),
		cmocka_unit_test(test_backpressure), cmocka_unit_test(test_key_update),
		cmocka_unit_test(test_swap),	     cmocka_unit_test(test_bad_roots),
	};

	return cmocka_run_group_tests_name("net_tls", tests, tls_setup, tls_teardown);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Webhooks: what is sent, what counts as permission, what does not, and what never shows. */
#include "base/compat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "hook_world.h"

#define ONE(kind)                                                                                  \
	"[{\"name\":\"inv\",\"url\":\"https://127.0.0.1:%P/hook/a\",\"kind\":\"" kind              \
	"\",\"disableTLSClientAuth\":true}]"
#define NOT_ALLOWED  "webhook \"inv\" did not allow it"
#define COULD_NOT_BE "webhook \"inv\" could not be asked"

/* ---- what is sent ---- */

static void check_body(const struct seen *s)
{
	json_t *o = json_of(s->body.p);
	struct str t = json_str_view(json_object_get(o, "timestamp"));
	struct err e = ERR_INIT;
	int64_t when;

	assert_true(str_starts(buf_view(&s->body), "{\"timestamp\":\""));
	assert_true(t.n >= 20 && t.n <= 30 && str_ends(t, "Z") && !str_ends(t, "0Z") == (t.n > 20));
	assert_int_equal(time_parse_rfc3339(t, &when, &e), 0);
	assert_true(when > clock_now() - 60 && when <= clock_now() + 1);
	assert_string_equal(json_string_value(json_object_get(o, "provisionerName")), "admin");
	assert_non_null(strstr(s->body.p, "\"x509CertificateRequest\":{\"subject\":{\"commonName\":"
					  "\"\\u003ca\\u003e\"}}"));
	assert_int_equal(json_object_size(o), 3);
	json_decref(o);
}

static void expect_header(const struct seen *s, const char *line)
{
	if (s->headers.p == NULL || strstr(s->headers.p, line) == NULL)
		fail_msg("%s is not in %s", line, s->headers.p);
}

static void test_request(void **state)
{
	static const struct script scripts[] = {
		{.name = "a", .status = 200, .body = "{\"allow\":true,\"data\":{\"role\":\"db\"}}"},
		{.name = "b", .status = 201, .body = "{\"allow\":true,\"data\":[1,2.5,null]}"},
		{.name = "c", .status = 200, .body = "{\"Allow\":true}"},
		{.name = NULL},
	};
	unsigned char mac[HASH_MAX];
	struct buf want = BUF_INIT, got = BUF_INIT;
	struct ask a;

	(void)state;
	w.scripts = scripts;
	use_set("[{\"name\":\"one\",\"url\":\"https://127.0.0.1:%P/hook/a\",\"kind\":\"ENRICHING\","
		"\"secretFile\":\"hook.b64\",\"id\":\"id-1\"},"
		"{\"name\":\"two-b\",\"url\":\"HTTPS://localhost:%P/hook/b?x={{ .Token.sub }}\","
		"\"kind\":\"ENRICHING\",\"bearerTokenFile\":\"bearer\",\"certType\":\"X509\","
		"\"disableTLSClientAuth\":true},"
		"{\"name\":\"three\",\"url\":\"https://127.0.0.1:%P/hook/"
		"c\",\"kind\":\"ENRICHING\","
		"\"basicUser\":\"us er\",\"basicPasswordFile\":\"password\"},"
		"{\"name\":\"ssh\",\"url\":\"https://127.0.0.1:%P/hook/d\",\"kind\":\"ENRICHING\","
		"\"certType\":\"SSH\"},"
		"{\"name\":\"other\",\"url\":\"https://127.0.0.1:%P/hook/d\","
		"\"kind\":\"AUTHORIZING\"}]");
	expect_allowed(WEBHOOK_ENRICHING, &a);
	json_write(a.run.data, &got);
	assert_string_equal(got.p,
			    "{\"one\":{\"role\":\"db\"},\"two-b\":[1,2.5,null],\"three\":null}");
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(w.seen[i].count, 1);
		check_body(&w.seen[i]);
		expect_header(&w.seen[i], "X-Request-Id: req-1\n");
		assert_null(strstr(w.seen[i].headers.p, "Content-Type"));
		assert_null(strstr(w.seen[i].headers.p, "Accept-Encoding"));
		assert_null(strstr(w.seen[i].headers.p, "Expect"));
	}
	assert_int_equal(w.seen[3].count, 0);
	hmac(HASH_SHA256, str_c(key_raw), buf_view(&w.seen[0].body), mac);
	buf_puts(&want, "X-Smallstep-Signature: ");
	hex_encode(str_mem(mac, 32), &want);
	buf_putc(&want, '\n');
	expect_header(&w.seen[0], want.p);
	expect_header(&w.seen[0], "X-Smallstep-Webhook-ID: id-1\n");
	expect_header(&w.seen[1], "X-Smallstep-Webhook-ID: two-b\nX-Request-Id: req-1\n"
				  "Authorization: Bearer " BEARER "\n");
	expect_header(&w.seen[2], "Authorization: Basic dXMgZXI6cCJzczp3MHJkLXp6eg==\n");
	assert_null(strstr(w.seen[1].headers.p, "Signature"));
	assert_true(str_eqc(buf_view(&w.seen[1].query), "x=host.example"));
	assert_true(w.seen[0].client_cert && !w.seen[1].client_cert && w.seen[2].client_cert);
	buf_release(&want);
	buf_release(&got);
	ask_free(&a);
}

/* Which hooks are asked at all. */
static void test_which(void **state)
{
	static const struct script scripts[] = {
		{.name = "a", .status = 200, .body = "{\"allow\":true,\"data\":1}"},
		{.name = "b", .status = 200, .body = "{\"allow\":true,\"data\":2}"},
		{.name = NULL},
	};
	struct ask a;

	(void)state;
	w.scripts = scripts;
	use_set("[{\"name\":\"x\",\"url\":\"https://127.0.0.1:%P/hook/a\",\"kind\":\"AUTHORIZING\","
		"\"certType\":\"X509\"},"
		"{\"name\":\"y\",\"url\":\"https://127.0.0.1:%P/hook/b\",\"kind\":\"AUTHORIZING\","
		"\"onRenew\":true}]");
	assert_true(webhook_set_has(w.set, WEBHOOK_AUTHORIZING, WEBHOOK_X509, false));
	assert_true(webhook_set_has(w.set, WEBHOOK_AUTHORIZING, WEBHOOK_X509, true));
	assert_true(webhook_set_has(w.set, WEBHOOK_AUTHORIZING, WEBHOOK_SSH, true));
	assert_false(webhook_set_has(w.set, WEBHOOK_ENRICHING, WEBHOOK_X509, false));
	assert_false(webhook_set_has(NULL, WEBHOOK_ENRICHING, WEBHOOK_X509, false));
	expect_allowed(WEBHOOK_AUTHORIZING, &a);
	assert_int_equal(json_object_size(a.run.data), 0); /* only ENRICHING gives data */
	assert_int_equal(w.seen[0].count + w.seen[1].count, 2);
	ask_free(&a);
	ask_begin(&a, WEBHOOK_AUTHORIZING, STR("h"));
	a.run.renewal = true;
	ask_finish(&a);
	assert_int_equal(a.err.code, ERR_OK);
	assert_int_equal(w.seen[0].count, 1);
	assert_int_equal(w.seen[1].count, 2);
	ask_free(&a);
	expect_allowed(WEBHOOK_ENRICHING, &a); /* none: nothing is asked */
	assert_true(json_is_object(a.run.data));
	assert_int_equal(json_object_size(a.run.data), 0);
	assert_int_equal(w.seen[0].count + w.seen[1].count, 3);
	ask_free(&a);
	use_set(ONE("ENRICHING"));
	ask_begin(&a, WEBHOOK_ENRICHING, STR("h"));
	a.run.outbound = NULL;
	ask_finish(&a);
	assert_int_equal(a.err.code, ERR_UNAVAILABLE);
	ask_free(&a);
}

/* ---- what is refused ---- */

static void test_denied(void **state)
{
	static const struct {
		int status;
		const char *body, *msg, *pub;
	} cases[] = {
		{200, "{\"allow\":false}", "denied", NOT_ALLOWED},
		{200, "{\"allow\":false,\"error\":{\"code\":\"E1\",\"message\":\"no record\"}}",
		 "denied: E1: no record", NOT_ALLOWED ": no record"},
		{200, "{\"allow\":false,\"error\":{\"message\":\"a\\u001b[31m\\u202e\\nb\"}}",
		 "a\\u001b[31m\\u202e\\u000ab", NOT_ALLOWED ": a\\u001b[31m\\u202e\\u000ab"},
		{200, "{}", "does not say", NOT_ALLOWED},
		{200, "{\"data\":{\"allow\":true}}", "does not say", NOT_ALLOWED},
		{200, "{\"allow\":\"true\"}", "neither true nor false", NOT_ALLOWED},
		{200, "{\"allow\":1}", "neither true nor false", NOT_ALLOWED},
		{200, "{\"allow\":null}", "neither true nor false", NOT_ALLOWED},
		{200, "{\"allow\":[true]}", "neither true nor false", NOT_ALLOWED},
		{200, "{\"allow\":true,\"allow\":true}", "not taken", NOT_ALLOWED},
		{200, "{\"allow\":true,\"\\u0061llow\":true}", "not taken", NOT_ALLOWED},
		{200, "{\"allow\":true,\"ALLOW\":true}", "differ in case", NOT_ALLOWED},
		{200, "{\"allow\":true,\"data\":{\"a\":1,\"a\":2}}", "not taken", NOT_ALLOWED},
		{200, "{\"allow\":true,\"data\":1,\"Data\":2}", "differ in case", NOT_ALLOWED},
		{200, "{\"allow\":true}{\"allow\":true}", "not taken", NOT_ALLOWED},
		{200, "{\"allow\":true,}", "not taken", NOT_ALLOWED},
		{200, "[{\"allow\":true}]", "not taken", NOT_ALLOWED},
		{200, "true", "not taken", NOT_ALLOWED},
		{200, "", "not taken", NOT_ALLOWED},
		{200, "<html>allow</html>", "not taken", NOT_ALLOWED},
		{200, "{\"allow\":true,\"error\":\"x\"}", "not an object", NOT_ALLOWED},
		{200, "{\"allow\":true,\"error\":{\"code\":1}}", "not a string", NOT_ALLOWED},
		{200, "{\"allow\":true,\"error\":{\"code\":\"E\"}}", "at the same time",
		 NOT_ALLOWED},
		{200, "{\"allow\":true,\"data\":1e400}", "not taken", NOT_ALLOWED},
		{400, "{\"allow\":true}", "status 400", NOT_ALLOWED},
		{401, "{\"allow\":true}", "status 401", NOT_ALLOWED},
		{302, "{\"allow\":true}", "status 302, a redirect", NOT_ALLOWED},
		{304, "", "status 304", NOT_ALLOWED},
		{204, "", "not taken", NOT_ALLOWED},
	};

	(void)state;
	use_set(ONE("AUTHORIZING"));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct script s[] = {
			{.name = "a", .status = cases[i].status, .body = cases[i].body},
			{.name = "b", .status = 200, .body = "{\"allow\":true}"},
			{.name = NULL}};
		unsigned count = w.seen[0].count;

		w.scripts = s;
		expect_refused(WEBHOOK_AUTHORIZING, ERR_FORBIDDEN, cases[i].msg, cases[i].pub);
		assert_int_equal(w.seen[0].count, count + 1);
	}
	assert_int_equal(w.seen[1].count, 0); /* where the redirect led */
	assert_true(logged("webhook.denied"));
	assert_false(logged("\x1b"));
}

/* Answers that are fine, however they are written. */
static void test_allowed(void **state)
{
	static const char *const bodies[] = {
		"{\"allow\":true}",
		" {\"data\":null,\"error\":null,\"allow\":true}\n",
		"{\"ALLOW\":true,\"error\":{\"code\":\"\",\"message\":\"\"}}",
		"{\"allow\":true,\"error\":{},\"more\":[1,2]}",
		"{\"allow\":true,\"data\":\"text\"}",
		"{\"allow\":true,\"data\":{\"a\":1,\"A\":2}}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct webhook_answer a;
		struct err e = ERR_INIT;

		if (webhook_answer_parse(str_c(bodies[i]), &a, &e) != 0 || !a.allow)
			fail_msg("%s: %s", bodies[i], e.msg);
		webhook_answer_release(&a);
	}
}

static void test_large(void **state)
{
	struct buf b = BUF_INIT;
	struct script s[] = {{.name = "a", .status = 200}, {.name = NULL}};
	struct ask a;

	(void)state;
	use_set(ONE("ENRICHING"));
	w.scripts = s;
	buf_printf(&b, "{\"allow\":true,\"data\":\"%0*d\"}", 1000 * 1000, 7);
	s[0].body = b.p;
	expect_allowed(WEBHOOK_ENRICHING, &a);
	assert_int_equal(json_string_length(json_object_get(a.run.data, "inv")), 1000 * 1000);
	ask_free(&a);
	ask_begin(&a, WEBHOOK_ENRICHING, STR("h")); /* nothing to read it with */
	a.run.pool = NULL;
	ask_finish(&a);
	assert_int_equal(a.err.code, ERR_FORBIDDEN);
	assert_non_null(strstr(a.err.msg, "more than 65536 bytes"));
	ask_free(&a);
	buf_reset(&b); /* long, and no permission */
	buf_printf(&b, "{\"allow\":false,\"data\":\"%0*d\",\"error\":{\"message\":\"no\"}}", 30000,
		   7);
	s[0].body = b.p;
	expect_refused(WEBHOOK_ENRICHING, ERR_FORBIDDEN, "denied: no", NOT_ALLOWED ": no");
	buf_reset(&b);
	buf_printf(&b, "{\"allow\":true,\"allow\":true,\"data\":\"%0*d\"}", 30000, 7);
	s[0].body = b.p;
	expect_refused(WEBHOOK_ENRICHING, ERR_FORBIDDEN, "not taken", NOT_ALLOWED);
	buf_reset(&b);
	buf_printf(&b, "{\"allow\":true,\"data\":\"%0*d\"}", 1024 * 1024, 7);
	s[0].body = b.p;
	expect_refused(WEBHOOK_ENRICHING, ERR_FORBIDDEN, "more than 1048576 bytes", NOT_ALLOWED);
	buf_reset(&b);
	buf_puts(&b, "{\"allow\":true,\"data\":[");
	for (int i = 0; i < 30000; i++)
		buf_puts(&b, "1,");
	buf_puts(&b, "1]}");
	s[0].body = b.p;
	expect_refused(WEBHOOK_ENRICHING, ERR_FORBIDDEN, "not taken", NOT_ALLOWED);
	buf_release(&b);
}

/* A long message is cut between characters. */
static void test_message(void **state)
{
	struct buf b = BUF_INIT;
	struct webhook_answer a;
	struct err e = ERR_INIT;
	char small[8];

	(void)state;
	buf_puts(&b, "{\"allow\":false,\"error\":{\"message\":\"x");
	for (int i = 0; i < 200; i++)
		buf_puts(&b, "\xc3\xa9");
	buf_puts(&b, "\"}}");
	assert_int_equal(webhook_answer_parse(buf_view(&b), &a, &e), 0);
	assert_false(a.allow);
	assert_int_equal(strlen(a.message), 199);
	assert_true(utf8_valid(str_c(a.message)));
	webhook_answer_release(&a);
	buf_release(&b);
	webhook_escape(STR("ab\xe2\x80\xae"), small, sizeof(small)); /* no half of an escape */
	assert_string_equal(small, "ab");
	webhook_escape(STR("\xff"), small, sizeof(small));
	assert_string_equal(small, "");
	webhook_escape(STR("a\xc2\x85z"), small, sizeof(small));
	assert_string_equal(small, "a\\u0085");
}

/* ---- once more ---- */

static void test_retry(void **state)
{
	static const struct script scripts[] = {
		{.name = "a",
		 .status = 500,
		 .body = "x",
		 .status2 = 200,
		 .body2 = "{\"allow\":true,\"data\":7}"},
		{.name = NULL},
	};
	static const struct script never[] = {
		{.name = "a", .status = 503, .body = "{\"allow\":true}"}, {.name = NULL}};
	struct ask a;

	(void)state;
	use_set(ONE("ENRICHING"));
	w.scripts = scripts;
	expect_allowed(WEBHOOK_ENRICHING, &a);
	assert_int_equal(w.seen[0].count, 2);
	assert_int_equal(json_integer_value(json_object_get(a.run.data, "inv")), 7);
	ask_free(&a);
	w.scripts = never;
	expect_refused(WEBHOOK_ENRICHING, ERR_UNAVAILABLE, "webhook \"inv\": status 503",
		       COULD_NOT_BE);
	assert_int_equal(w.seen[0].count, 4);
}

/* Nobody there, somebody who is not trusted, an address that is not allowed. */
static void test_unreachable(void **state)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t n = sizeof(a);
	char text[300];

	(void)state;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	snprintf(text, sizeof(text),
		 "[{\"name\":\"inv\",\"url\":\"https://127.0.0.1:%d/x?k=hidden\","
		 "\"kind\":\"ENRICHING\"}]",
		 ntohs(a.sin_port));
	use_set(text);
	expect_refused(WEBHOOK_ENRICHING, ERR_UNAVAILABLE, "Connection refused", COULD_NOT_BE);
	assert_true(logged("webhook.retry"));
	assert_true(logged("webhook.failed"));
	assert_false(logged("hidden"));
	close(fd);
	mem_free(w.root);
	w.root = vector("other.crt");
	use_set(ONE("ENRICHING"));
	expect_refused(WEBHOOK_ENRICHING, ERR_UNAVAILABLE, "is not trusted by", COULD_NOT_BE);
}

/* ---- the URL ---- */

static void expect_sub(struct str sub, bool allowed, const char *path)
{
	unsigned count = w.seen[0].count;
	struct ask a;

	ask_begin(&a, WEBHOOK_ENRICHING, sub);
	ask_finish(&a);
	if (allowed != (a.err.code == ERR_OK))
		fail_msg(STR_FMT ": %s", STR_ARG(sub), a.err.msg);
	assert_int_equal(w.seen[0].count, count + allowed);
	if (allowed) {
		assert_true(str_eqc(buf_view(&w.seen[0].path), path));
	} else {
		assert_int_equal(a.err.code, ERR_FORBIDDEN);
		assert_string_equal(a.err.pub, NOT_ALLOWED);
	}
	ask_free(&a);
}

static void test_url(void **state)
{
	static const struct script scripts[] = {
		{.name = "a", .status = 200, .body = "{\"allow\":true}"}, {.name = NULL}};
	static const char *const hostile[] = {
		"..",	 ".",	"../b",	     "x/../b", "%2e%2e", ".%2E/b", "x#",
		"x?a=b", "a b", "a\r\nX: y", "a\"b",   "a\\b",	 "<x>",	   "\xc3\xa9",
		"%",	 "%zz", "a\tb",	     "{{",     "a|b",
	};
	struct buf big = BUF_INIT;

	(void)state;
	w.scripts = scripts;
	use_set("[{\"name\":\"inv\",\"url\":\"https://127.0.0.1:%P/hook/a/{{ .Token.sub }}\","
		"\"kind\":\"ENRICHING\"}]");
	expect_sub(STR("host.example"), true, "/hook/a/host.example");
	expect_sub(STR("@evil.example:80"), true, "/hook/a/@evil.example:80");
	expect_sub(STR("...x"), true, "/hook/a/...x");
	expect_sub(STR("a%20b"), true, "/hook/a/a%20b");
	for (size_t i = 0; i < ARRAY_LEN(hostile); i++)
		expect_sub(str_c(hostile[i]), false, NULL);
	expect_sub(STR("a\0b"), false, NULL);
	buf_printf(&big, "%0*d", 9000, 7);
	expect_sub(buf_view(&big), false, NULL);
	buf_release(&big);
	use_set("[{\"name\":\"inv\",\"url\":\"https://127.0.0.1:%P/hook/a/{{ .Token.sub }}?x={{ "
		".Token.sub }}&y\",\"kind\":\"ENRICHING\"}]");
	expect_sub(STR("b=c"), true, "/hook/a/b=c");
	expect_sub(STR("b?c"), false, NULL);
	expect_sub(STR("b&y=z"), false, NULL);
	use_set("[{\"name\":\"inv\",\"url\":\"https://127.0.0.1:%P/hook/a{{ .Token.none }}\","
		"\"kind\":\"ENRICHING\"}]"); /* <no value> */
	expect_sub(STR("x"), false, NULL);
	use_set("[{\"name\":\"inv\",\"url\":\"https://127.0.0.1:%P/hook/a{{ fail \\\"no\\\" }}\","
		"\"kind\":\"ENRICHING\"}]");
	expect_sub(STR("x"), false, NULL);
	use_set("[{\"name\":\"inv\",\"url\":\"https://127.0.0.1:%P/hook/a/{{ urlquery .Token.sub "
		"}}\",\"kind\":\"ENRICHING\"}]");
	expect_sub(STR("a#?b"), true, "/hook/a/a%23%3Fb");
}

/* ---- ends ---- */

static void test_cancel(void **state)
{
	static const struct script scripts[] = {
		{.name = "a", .hold = true}, {.name = "b", .hold = true}, {.name = NULL}};
	struct ask a;

	(void)state;
	w.scripts = scripts;
	use_set("[{\"name\":\"x\",\"url\":\"https://127.0.0.1:%P/hook/a\",\"kind\":\"ENRICHING\"},"
		"{\"name\":\"y\",\"url\":\"https://127.0.0.1:%P/hook/b\",\"kind\":\"ENRICHING\"}]");
	for (int turns = 0; turns < 10; turns++) {
		ask_begin(&a, WEBHOOK_ENRICHING, STR("h"));
		flow_start(&a.flow);
		for (int i = 0; i < turns; i++)
			loop_turn(w.loop, 0);
		flow_cancel(&a.flow);
		WHILE(!a.ended);
		assert_int_equal(a.err.code, ERR_CANCELLED);
		ask_free(&a);
	}
	w.holding = w.left = 0;
	ask_begin(&a, WEBHOOK_ENRICHING, STR("h"));
	flow_start(&a.flow);
	WHILE(w.holding < 2);
	flow_cancel(&a.flow);
	WHILE(!a.ended);
	ask_free(&a); /* and the set, at once */
	webhook_set_free(w.set);
	w.set = NULL;
	WHILE(w.left < 2);
}

/* Cancelled at any moment around the reading of a long answer. */
static void test_cancel_reading(void **state)
{
	struct buf b = BUF_INIT;
	struct script s[] = {{.name = "a", .status = 200}, {.name = NULL}};
	struct ask a;

	(void)state;
	use_set(ONE("ENRICHING"));
	w.scripts = s;
	buf_printf(&b, "{\"allow\":true,\"data\":\"%0*d\"}", 500 * 1000, 7);
	s[0].body = b.p;
	for (int turns = 0; turns < 40; turns++) {
		ask_begin(&a, WEBHOOK_ENRICHING, STR("h"));
		flow_start(&a.flow);
		for (int i = 0; i < turns && !a.ended; i++)
			loop_turn(w.loop, 1);
		flow_cancel(&a.flow);
		WHILE(!a.ended);
		assert_true(a.err.code == ERR_CANCELLED || a.err.code == ERR_OK);
		ask_free(&a);
	}
	expect_allowed(WEBHOOK_ENRICHING, &a);
	ask_free(&a);
	buf_release(&b);
}

/* One denies: the other is not waited for. */
static void test_first_denial(void **state)
{
	static const struct script scripts[] = {
		{.name = "a", .hold = true},
		{.name = "b", .status = 200, .body = "{\"allow\":false}"},
		{.name = NULL}};
	struct ask a;

	(void)state;
	w.scripts = scripts;
	use_set("[{\"name\":\"x\",\"url\":\"https://127.0.0.1:%P/hook/a\",\"kind\":\"ENRICHING\"},"
		"{\"name\":\"y\",\"url\":\"https://127.0.0.1:%P/hook/b\",\"kind\":\"ENRICHING\"}]");
	ask_begin(&a, WEBHOOK_ENRICHING, STR("h"));
	ask_finish(&a);
	assert_int_equal(a.err.code, ERR_FORBIDDEN);
	assert_string_equal(a.err.pub, "webhook \"y\" did not allow it");
	ask_free(&a);
	loop_turn(w.loop, 10);
}

/* The daemon's client ends while hooks are asked. */
static void test_outbound_end(void **state)
{
	static const struct script scripts[] = {{.name = "a", .hold = true}, {.name = NULL}};
	struct ask a;

	(void)state;
	w.scripts = scripts;
	use_set(ONE("ENRICHING"));
	ask_begin(&a, WEBHOOK_ENRICHING, STR("h"));
	flow_start(&a.flow);
	WHILE(w.holding < 1);
	outbound_free(w.outbound);
	w.outbound = NULL;
	WHILE(!a.ended);
	assert_int_equal(a.err.code, ERR_UNAVAILABLE);
	ask_free(&a);
}

/* None of the secrets of all tests before is in the log. */
static void test_log(void **state)
{
	(void)state;
	assert_true(logged("webhook.denied"));
	assert_false(logged("zzz"));
	assert_false(logged(key_b64));
	assert_false(logged("hook-secret"));
	assert_false(logged("X-Smallstep"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_request),      T(test_which),   T(test_denied),	       T(test_allowed),
		T(test_large),	      T(test_message), T(test_retry),	       T(test_unreachable),
		T(test_url),	      T(test_cancel),  T(test_cancel_reading), T(test_first_denial),
		T(test_outbound_end), T(test_log),
	};

	return cmocka_run_group_tests_name("hook_webhook", tests, group_up, group_down);
}

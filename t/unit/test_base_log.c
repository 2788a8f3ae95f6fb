/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>

#include <cmocka.h>

static char dir[] = "/tmp/signet-test-XXXXXX";

static void start(const char *path, enum log_format format, enum log_level level)
{
	const struct log_config c = {.format = format, .level = level, .output = path};
	struct err e = ERR_INIT;

	if (log_start(&c, &e) != 0)
		fail_msg("%s", e.msg);
}

/* The text of the file; lines begin with a time that is checked and cut off by after_time(). */
static char *slurp(const char *path)
{
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;

	if (file_read(path, 10000000, &b, &e) != 0)
		fail_msg("%s", e.msg);
	return buf_steal(&b);
}

static const char *after_time(const char *line, const char *before, const char *after)
{
	struct err e = ERR_INIT;
	int64_t t;

	assert_memory_equal(line, before, strlen(before));
	line += strlen(before);
	assert_int_equal(time_parse_rfc3339(str_mem(line, 24), &t, &e), 0);
	assert_memory_equal(line + 24, after, strlen(after));
	return line + 24 + strlen(after);
}

static void write_sample(void)
{
	struct err e = ERR_INIT;

	(void)ERR(&e, ERR_CONFLICT, "token: used");
	struct str client = STR("a b=\"c\"\\\n\x1b[31m");
	struct str bad = STR("\xff\xc3\xa9\xe2\x80\xae\xc2\x85\xed\xa0\x80");
	log_info("http.request", F_C("path", "/1.0/sign"), F_STR("client", client), F_I("n", -5),
		 F_U("u", UINT64_MAX), F_BOOL("tls", true), F_TIME("at", 0), F_ERR(&e),
		 F_C("none", NULL), F_STR("bad", bad));
}

static void test_logfmt(void **state)
{
	char *path = file_join(dir, "log");

	(void)state;
	start(path, LOG_LOGFMT, LOG_INFO);
	write_sample();
	log_debug("not.shown");
	log_warn("bare");
	log_flush();
	char *text = slurp(path);
	const char *line = after_time(text, "time=", " level=info event=http.request ");
	const char *want = "path=/1.0/sign client=\"a b=\\\"c\\\"\\\\\\n\\u001b[31m\" n=-5 "
			   "u=18446744073709551615 tls=true at=1970-01-01T00:00:00Z "
			   "err=\"token: used\" code=conflict none=\"\" "
			   "bad=\"\\ufffd\xc3\xa9\\u202e\\u0085\\ufffd\\ufffd\\ufffd\"\n";
	assert_memory_equal(line, want, strlen(want));
	line = after_time(line + strlen(want), "time=", " level=warn event=bare\n");
	assert_string_equal(line, "");
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07137, 0);
	log_stop();
	mem_free(text);
	unlink(path);
	mem_free(path);
}

static void test_json(void **state)
{
	char *path = file_join(dir, "log");

	(void)state;
	start(path, LOG_JSON, LOG_DEBUG);
	write_sample();
	log_debug("shown");
	log_stop(); /* flushes */
	char *text = slurp(path);
	const char *line = after_time(text, "{\"time\":\"",
				      "\",\"level\":\"info\",\"event\":\"http.request\",");
	const char *want = "\"path\":\"/1.0/sign\","
			   "\"client\":\"a b=\\\"c\\\"\\\\\\n\\u001b[31m\",\"n\":-5,"
			   "\"u\":18446744073709551615,\"tls\":true,"
			   "\"at\":\"1970-01-01T00:00:00Z\","
			   "\"err\":\"token: used\",\"code\":\"conflict\",\"none\":\"\","
			   "\"bad\":\"\\ufffd\xc3\xa9\\u202e\\u0085\\ufffd\\ufffd\\ufffd\"}\n";
	assert_memory_equal(line, want, strlen(want));
	assert_non_null(strstr(line, "\"event\":\"shown\"}\n"));
	mem_free(text);
	unlink(path);
	mem_free(path);
}

static void test_long(void **state)
{
	char *path = file_join(dir, "log"), *big = mem_alloc(20001);

	(void)state;
	memset(big, 'x', 20000);
	start(path, LOG_LOGFMT, LOG_INFO);
	log_info("big", F_C("a", big), F_C("b", big), F_C("c", big), F_C("d", big), F_C("e", big),
		 F_C("f", big));
	log_stop();
	char *text = slurp(path);
	assert_true(strlen(text) < 12000);
	assert_non_null(strstr(text, "xxx...\""));
	assert_non_null(strstr(text, " cut=true\n"));
	mem_free(text);
	mem_free(big);
	unlink(path);
	mem_free(path);
}

static void test_reopen(void **state)
{
	char *path = file_join(dir, "log"), *old = file_join(dir, "log.1");
	struct err e = ERR_INIT;

	(void)state;
	start(path, LOG_LOGFMT, LOG_INFO);
	log_info("first");
	log_flush();
	assert_int_equal(rename(path, old), 0);
	assert_int_equal(log_reopen(&e), 0);
	log_info("second");
	log_flush();
	char *a = slurp(old), *b = slurp(path);
	assert_non_null(strstr(a, "event=first"));
	assert_null(strstr(a, "event=second"));
	assert_non_null(strstr(b, "event=second"));
	/* the new file cannot be opened: the old one stays */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(log_reopen(&e), -1);
	log_info("third");
	log_stop();
	rmdir(path);
	unlink(old);
	mem_free(a);
	mem_free(b);
	mem_free(path);
	mem_free(old);
}

struct reader {
	int fd;
	struct buf text;
};

static void *read_all(void *arg)
{
	struct reader *r = arg;
	char piece[8192];
	ssize_t n;

	while ((n = read(r->fd, piece, sizeof(piece))) > 0)
		buf_add(&r->text, piece, (size_t)n);
	return NULL;
}

static uint64_t count(const char *text, const char *what)
{
	uint64_t n = 0;

	for (const char *p = text; (p = strstr(p, what)) != NULL; p += strlen(what))
		n++;
	return n;
}

/* Nobody reads: callers are not held up, lines are dropped, counted, and the count is told. */
static void test_full_pipe(void **state)
{
	const int lines = 30000;
	char *path = file_join(dir, "fifo");
	struct reader r = {.text = BUF_INIT};
	int64_t dropped = metric_value(METRIC_LOG_DROPPED);
	pthread_t thread;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	r.fd = open(path, O_RDONLY | O_NONBLOCK);
	assert_true(r.fd >= 0);
	start(path, LOG_LOGFMT, LOG_INFO);
	for (int i = 0; i < lines; i++)
		log_info("filler", F_I("i", i), F_C("text", "01234567890123456789012345678901234"));
	dropped = metric_value(METRIC_LOG_DROPPED) - dropped;
	assert_true(dropped > 0);
	assert_int_equal(fcntl(r.fd, F_SETFL, 0), 0);
	assert_int_equal(pthread_create(&thread, NULL, read_all, &r), 0);
	log_flush();
	log_info("after");
	log_stop();
	pthread_join(thread, NULL);
	assert_int_equal(count(r.text.p, "event=filler"), lines - dropped);
	char *note = mem_asprintf(" level=warn event=log.dropped count=%" PRId64 "\n", dropped);
	const char *at = strstr(r.text.p, note);
	assert_non_null(at);
	after_time(at + strlen(note), "time=", " level=info event=after\n");
	mem_free(note);
	buf_release(&r.text);
	close(r.fd);
	unlink(path);
	mem_free(path);
}

static void test_refusing_output(void **state)
{
	int64_t dropped = metric_value(METRIC_LOG_DROPPED);
	struct err e = ERR_INIT;
	const struct log_config c = {.output = "/nonexistent/log"};

	(void)state;
	start("/dev/full", LOG_LOGFMT, LOG_INFO);
	log_info("one");
	log_flush();
	assert_int_equal(metric_value(METRIC_LOG_DROPPED) - dropped, 1);
	log_stop();
	assert_int_equal(log_start(&c, &e), -1);
	assert_non_null(strstr(e.msg, "/nonexistent/log"));
}

static void *log_some(void *arg)
{
	for (int i = 0; i < 500; i++)
		log_info("worker", F_C("name", arg), F_I("i", i));
	return NULL;
}

static void test_threads(void **state)
{
	static char names[4][2] = {"a", "b", "c", "d"};
	char *path = file_join(dir, "log");
	pthread_t thread[4];

	(void)state;
	start(path, LOG_LOGFMT, LOG_INFO);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, log_some, names[i]), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	log_stop();
	char *text = slurp(path);
	assert_int_equal(count(text, "\n"), 2000);
	assert_int_equal(count(text, " level=info event=worker name=c i="), 500);
	mem_free(text);
	unlink(path);
	mem_free(path);
}

static void test_metric(void **state)
{
	struct buf b = BUF_INIT;
	int64_t before = metric_value(METRIC_SIGNATURES);

	(void)state;
	metric_inc(METRIC_SIGNATURES);
	metric_add(METRIC_HTTP_CONNECTIONS, 3);
	metric_add(METRIC_HTTP_CONNECTIONS, -1);
	assert_int_equal(metric_value(METRIC_SIGNATURES), before + 1);
	metric_write(&b);
	assert_non_null(strstr(b.p, "# TYPE signet_http_connections gauge\n"
				    "signet_http_connections 2\n"));
	assert_non_null(strstr(b.p, "# TYPE signet_loop_stalls_total counter\n"));
	assert_int_equal(count(b.p, "# HELP "), METRIC_COUNT);
	assert_int_equal(count(b.p, "\n"), 3 * METRIC_COUNT);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_logfmt),	  cmocka_unit_test(test_json),
		cmocka_unit_test(test_long),	  cmocka_unit_test(test_reopen),
		cmocka_unit_test(test_full_pipe), cmocka_unit_test(test_refusing_output),
		cmocka_unit_test(test_threads),	  cmocka_unit_test(test_metric),
	};
	if (mkdtemp(dir) == NULL)
		return 99;
	int rc = cmocka_run_group_tests_name("base_log", tests, NULL, NULL);
	rmdir(dir);
	return rc;
}

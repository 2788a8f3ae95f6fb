/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "kms/msg.h"

static void build(struct buf *b, enum kms_msg_type type)
{
	struct kms_request r = {.type = type,
				.uri = STR("file:key"),
				.dir = STR("/etc/signet"),
				.cert = STR("CERT"),
				.alg = SIG_ECDSA_SHA384,
				.issuer = STR("ISSUER"),
				.tbs = STR("TO BE SIGNED")};

	buf_reset(b);
	kms_request_write(&r, b);
	assert_false(b->failed);
}

static void test_round_trip(void **state)
{
	struct buf b = BUF_INIT;
	struct kms_request r;
	struct err e = ERR_INIT;

	(void)state;
	build(&b, KMS_MSG_SIGN);
	assert_int_equal(kms_request_parse(buf_view(&b), &r, &e), 0);
	assert_int_equal(r.type, KMS_MSG_SIGN);
	assert_int_equal(r.alg, SIG_ECDSA_SHA384);
	assert_true(str_eqc(r.issuer, "ISSUER"));
	assert_true(str_eqc(r.tbs, "TO BE SIGNED"));
	assert_int_equal(r.uri.n, 0);
	build(&b, KMS_MSG_OPEN);
	assert_int_equal(kms_request_parse(buf_view(&b), &r, &e), 0);
	assert_int_equal(r.type, KMS_MSG_OPEN);
	assert_true(str_eqc(r.uri, "file:key"));
	assert_true(str_eqc(r.dir, "/etc/signet"));
	assert_true(str_eqc(r.cert, "CERT"));
	assert_int_equal(r.tbs.n, 0);
	buf_release(&b);
}

static void test_answers(void **state)
{
	struct err why = ERR_INIT, e = ERR_INIT;
	struct buf b = BUF_INIT;
	struct str body;

	(void)state;
	kms_answer_ok(STR("SIGNATURE"), &b);
	assert_int_equal(kms_answer_parse(buf_view(&b), &body, &e), 0);
	assert_true(str_eqc(body, "SIGNATURE"));
	for (size_t n = 0; n < b.n; n++)
		assert_int_equal(kms_answer_parse(str_mem(b.p, n), &body, &e), -1);
	buf_putc(&b, 0);
	assert_int_equal(kms_answer_parse(buf_view(&b), &body, &e), -1);
	assert_int_equal(e.code, ERR_INTERNAL);
	buf_reset(&b);
	(void)ERR(&why, ERR_FORBIDDEN, "not my CA");
	kms_answer_error(&why, &b);
	assert_int_equal(kms_answer_parse(buf_view(&b), &body, &e), -1);
	assert_int_equal(e.code, ERR_FORBIDDEN);
	assert_string_equal(e.msg, "not my CA");
	assert_int_equal(body.n, 0);
	b.p[5] = 13; /* beyond the last code */
	assert_int_equal(kms_answer_parse(buf_view(&b), &body, &e), -1);
	assert_int_equal(e.code, ERR_INTERNAL);
	/* a worker's text may hold anything: it does not reach a log as it is */
	b.p[5] = ERR_INTERNAL;
	b.p[b.n - 1] = '\n';
	assert_int_equal(kms_answer_parse(buf_view(&b), &body, &e), -1);
	assert_string_equal(e.msg, "not my C?");
	/* an error without a code is still one */
	buf_reset(&b);
	why.code = ERR_OK;
	kms_answer_error(&why, &b);
	assert_int_equal(kms_answer_parse(buf_view(&b), &body, &e), -1);
	assert_int_equal(e.code, ERR_INTERNAL);
	buf_release(&b);
}

static void test_cut(void **state)
{
	struct buf b = BUF_INIT;
	struct kms_request r;

	(void)state;
	for (int type = KMS_MSG_OPEN; type <= KMS_MSG_SIGN; type++) {
		build(&b, (enum kms_msg_type)type);
		for (size_t n = 0; n < b.n; n++) {
			char *copy = mem_dup(b.p, n ? n : 1); /* so that reading beyond is seen */
			struct err e = ERR_INIT;

			assert_int_equal(kms_request_parse(str_mem(copy, n), &r, &e), -1);
			assert_int_equal(e.code, ERR_INVALID);
			mem_free(copy);
		}
		buf_putc(&b, 'x');
		assert_int_equal(kms_request_parse(buf_view(&b), &r, &(struct err)ERR_INIT), -1);
	}
	buf_release(&b);
}

static void refused(struct buf *b, size_t at, const char *bytes, size_t n)
{
	struct err e = ERR_INIT;
	struct kms_request r;

	build(b, KMS_MSG_SIGN);
	memcpy(b->p + at, bytes, n);
	assert_int_equal(kms_request_parse(buf_view(b), &r, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
}

static void test_malformed(void **state)
{
	struct buf b = BUF_INIT;
	struct kms_request r;
	struct err e = ERR_INIT;

	(void)state;
	refused(&b, 0, "SGKA", 4);
	refused(&b, 4, "\2", 1); /* version */
	refused(&b, 5, "\0", 1); /* types */
	refused(&b, 5, "\1", 1);
	refused(&b, 5, "\3", 1);
	refused(&b, 6, "\0\0", 2); /* algorithms */
	refused(&b, 6, "\0\13", 2);
	refused(&b, 6, "\1\1", 2);
	refused(&b, 8, "\377\377\377\377", 4); /* lengths */
	refused(&b, 8, "\0\0\0\7", 4);
	refused(&b, 8, "\0\0\0\5", 4);
	refused(&b, 8, "\0\1\0\1", 4);
	refused(&b, 18, "\377\377\377\377", 4);
	refused(&b, 18, "\0\0\0\0", 4);
	build(&b, KMS_MSG_OPEN); /* an algorithm, or a control character, in open */
	b.p[7] = 1;
	assert_int_equal(kms_request_parse(buf_view(&b), &r, &e), -1);
	build(&b, KMS_MSG_OPEN);
	b.p[14] = '\n';
	assert_int_equal(kms_request_parse(buf_view(&b), &r, &e), -1);
	buf_release(&b);
}

static void test_bounds(void **state)
{
	char *big = mem_alloc(KMS_TBS_MAX + 1);
	struct kms_request r = {.type = KMS_MSG_SIGN,
				.alg = SIG_ED25519,
				.issuer = STR("I"),
				.tbs = str_mem(big, KMS_TBS_MAX)},
			   back;
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	kms_request_write(&r, &b);
	assert_false(b.failed);
	assert_int_equal(kms_request_parse(buf_view(&b), &back, &e), 0);
	assert_int_equal(back.tbs.n, KMS_TBS_MAX);
	buf_release(&b);
	r.tbs.n++;
	kms_request_write(&r, &b);
	assert_true(b.failed);
	buf_release(&b);
	r.tbs.n = 1;
	r.issuer = str_mem(big, KMS_FIELD_MAX + 1);
	kms_request_write(&r, &b);
	assert_true(b.failed);
	buf_release(&b);
	mem_free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_answers),
		cmocka_unit_test(test_cut),	   cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests_name("kms_msg", tests, NULL, NULL);
}

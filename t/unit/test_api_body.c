/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include <setjmp.h>
#include <cmocka.h>

#include "api/body.h"
#include "api/page.h"
#include "base/mem.h"
#include "codec/b64.h"

/* How bodies are read, with the sentences that clients see; and the address on the page. */

#define NOT_A_SERIAL                                                                               \
	"' is not a valid serial number - use a base 10 representation or a base 16 "              \
	"representation with '0x' prefix"

struct revoke_row {
	const char *body;
	enum err_code code; /* ERR_OK: accepted */
	const char *text;   /* its decimal serial, or the public sentence */
};

static const struct revoke_row revoke_rows[] = {
	{"{\"serial\":\"12\",\"ott\":\"\",\"reasonCode\":1,\"reason\":\"\",\"passive\":true}",
	 ERR_OK, "12"},
	{"{\"serial\":\"0xff\",\"passive\":true}", ERR_OK, "255"},
	{"{\"serial\":\"0xFF\",\"passive\":true}", ERR_OK, "255"},
	{"{\"serial\":\"0x000f\",\"passive\":true}", ERR_OK, "15"},
	{"{\"SERIAL\":\"1\",\"sErIaL\":\"2\",\"passive\":true}", ERR_OK, "2"},
	{"{\"serial\":\"12\",\"passive\":true} trailing", ERR_OK, "12"},
	{"{\"serial\":\"12\",\"passive\":true,\"reasonCode\":null,\"reason\":null}", ERR_OK, "12"},
	{"{\"serial\":\"12\",\"passive\":true,\"reasonCode\":0}", ERR_OK, "12"},
	{"{\"serial\":\"12\",\"passive\":true,\"reasonCode\":10}", ERR_OK, "12"},
	{"{\"serial\":\"1461501637330902918203684832716283019655932542975\",\"passive\":true}",
	 ERR_OK, "1461501637330902918203684832716283019655932542975"},
	{"{\"serial\":\"1461501637330902918203684832716283019655932542976\",\"passive\":true}",
	 ERR_INVALID, "'1461501637330902918203684832716283019655932542976" NOT_A_SERIAL},
	{"", ERR_INVALID, "error decoding json"},
	{"null", ERR_INVALID, "missing serial"},
	{"{}", ERR_INVALID, "missing serial"},
	{"[]", ERR_INVALID, "error decoding json"},
	{"1", ERR_INVALID, "error decoding json"},
	{"{\"serial\":12,\"passive\":true}", ERR_INVALID, "error decoding json"},
	{"{\"serial\":\"12\",\"passive\":1}", ERR_INVALID, "error decoding json"},
	{"{\"serial\":\"12\",\"passive\":\"true\"}", ERR_INVALID, "error decoding json"},
	{"{\"serial\":\"12\",\"passive\":true,\"ott\":{}}", ERR_INVALID, "error decoding json"},
	{"{\"serial\":\"0\",\"passive\":true}", ERR_INVALID, "'0" NOT_A_SERIAL},
	{"{\"serial\":\"-1\",\"passive\":true}", ERR_INVALID, "'-1" NOT_A_SERIAL},
	{"{\"serial\":\"+1\",\"passive\":true}", ERR_INVALID, "'+1" NOT_A_SERIAL},
	{"{\"serial\":\"0x\",\"passive\":true}", ERR_INVALID, "'0x" NOT_A_SERIAL},
	{"{\"serial\":\"0X1\",\"passive\":true}", ERR_INVALID, "'0X1" NOT_A_SERIAL},
	{"{\"serial\":\"0b1\",\"passive\":true}", ERR_INVALID, "'0b1" NOT_A_SERIAL},
	{"{\"serial\":\"1_000\",\"passive\":true}", ERR_INVALID, "'1_000" NOT_A_SERIAL},
	{"{\"serial\":\"010\",\"passive\":true}", ERR_INVALID, "'010" NOT_A_SERIAL},
	{"{\"serial\":\" 1\",\"passive\":true}", ERR_INVALID, "' 1" NOT_A_SERIAL},
	{"{\"serial\":\"ff\",\"passive\":true}", ERR_INVALID, "'ff" NOT_A_SERIAL},
	{"{\"serial\":\"1\\n2\",\"passive\":true}", ERR_INVALID, "'1?2" NOT_A_SERIAL},
	{"{\"serial\":\"12\",\"reasonCode\":-1,\"passive\":true}", ERR_INVALID,
	 "reasonCode out of bounds"},
	{"{\"serial\":\"12\",\"reasonCode\":7,\"passive\":true}", ERR_INVALID,
	 "reasonCode out of bounds"},
	{"{\"serial\":\"12\",\"reasonCode\":11,\"passive\":true}", ERR_INVALID,
	 "reasonCode out of bounds"},
	{"{\"serial\":\"12\",\"reasonCode\":1.5,\"passive\":true}", ERR_INVALID,
	 "error decoding json"},
	{"{\"serial\":\"12\",\"reasonCode\":1.0,\"passive\":true}", ERR_INVALID,
	 "error decoding json"},
	{"{\"serial\":\"12\",\"reasonCode\":\"x\",\"passive\":true}", ERR_INVALID,
	 "error decoding json"},
	{"{\"serial\":\"12\",\"reasonCode\":99999999999999999999,\"passive\":true}", ERR_INVALID,
	 "error decoding json"},
	/* what is missing is named before what is not done */
	{"{\"serial\":\"12\",\"reasonCode\":11}", ERR_INVALID, "reasonCode out of bounds"},
	{"{\"serial\":\"12\"}", ERR_UNSUPPORTED, "non-passive revocation not implemented"},
	{"{\"serial\":\"12\",\"passive\":null}", ERR_UNSUPPORTED,
	 "non-passive revocation not implemented"},
	{"{\"serial\":\"12\",\"passive\":true,\"passive\":false}", ERR_UNSUPPORTED,
	 "non-passive revocation not implemented"},
};

static void revoke_rows_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(revoke_rows); i++) {
		const struct revoke_row *row = &revoke_rows[i];
		struct arena *a = arena_new();
		struct revoke_body b;
		struct err e = ERR_INIT;
		int rc = revoke_body_parse(str_c(row->body), a, &b, &e);

		print_message("# %s\n", row->body);
		assert_int_equal(rc, row->code == ERR_OK ? 0 : -1);
		assert_int_equal(e.code, row->code);
		if (rc == 0)
			assert_true(str_eqc(b.decimal, row->text));
		else
			assert_string_equal(e.pub, row->text);
		arena_free(a);
	}
}

/* A body of /revoke with a serial or a reason of n bytes. */
static int revoke_long(size_t n_serial, size_t n_reason, struct err *e)
{
	struct arena *a = arena_new();
	struct buf body = BUF_INIT;
	struct revoke_body b;
	int rc;

	buf_puts(&body, "{\"serial\":\"");
	for (size_t i = 0; i < n_serial; i++)
		buf_putc(&body, '1');
	buf_puts(&body, "\",\"reason\":\"");
	for (size_t i = 0; i < n_reason; i++)
		buf_putc(&body, 'r');
	buf_puts(&body, "\",\"passive\":true}");
	*e = (struct err)ERR_INIT;
	rc = revoke_body_parse(buf_view(&body), a, &b, e);
	if (rc == 0)
		assert_int_equal(b.text.n, n_reason);
	buf_release(&body);
	arena_free(a);
	return rc;
}

static void long_members(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(revoke_long(10, 1000, &e), 0);
	assert_int_equal(revoke_long(10, 1001, &e), -1);
	assert_string_equal(e.pub, "reason is longer than 1000 bytes");
	assert_int_equal(revoke_long(1000, 0, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_memory_equal(e.pub, "'1111111111", 11);
	assert_non_null(strstr(e.pub, "1" NOT_A_SERIAL)); /* the quote was cut, the sentence not */
	assert_int_equal(revoke_long(10, 70000, &e), -1);
	assert_int_equal(e.code, ERR_TOO_LARGE);
}

static char *make_csr(struct arena *a)
{
	struct err e = ERR_INIT;
	struct key *k = key_generate(KEY_P256, 0, &e);
	struct name name = name_from_cn(STR("host.example.com"), a);
	struct san_list none = {0};
	struct buf der = BUF_INIT, text = BUF_INIT;
	char *out;

	assert_non_null(k);
	assert_int_equal(csr_build(k, &name, &none, &der, &e), 0);
	buf_puts(&text, "-----BEGIN CERTIFICATE REQUEST-----\\n");
	b64_encode(B64_STD, buf_view(&der), &text);
	buf_puts(&text, "\\n-----END CERTIFICATE REQUEST-----\\n");
	out = arena_cstr(a, buf_view(&text));
	buf_release(&text);
	buf_release(&der);
	key_free(k);
	return out;
}

static void sign_and_rekey(void **state)
{
	static const unsigned char id[16] = {0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1,
					     0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};
	static const struct {
		const char *more;
		const char *pub; /* NULL: accepted */
		bool endpoint;
	} rows[] = {
		{"", NULL, false},
		{",\"ott\":\"x\",\"notAfter\":\"1h\"", NULL, false},
		{",\"endpoint\":\"\"", NULL, false},
		{",\"endpoint\":null", NULL, false},
		{",\"endpoint\":\"6ba7b810-9dad-11d1-80b4-00c04fd430c8\"", NULL, true},
		{",\"endpoint\":\"6BA7B810-9DAD-11D1-80B4-00C04FD430C8\"", NULL, true},
		{",\"endpoint\":\"6ba7b810-9dad-11d1-80b4-00c04fd430c\"", "endpoint is not a UUID",
		 false},
		{",\"endpoint\":\"x\"", "endpoint is not a UUID", false},
		{",\"endpoint\":1", "error decoding json", false},
		{",\"ott\":1", "error decoding json", false},
		{",\"CSR\":\"x\"", "invalid csr", false},
		{",\"csr\":null", "missing csr", false},
		{",\"csr\":\"null\"", "missing csr", false},
		{",\"csr\":7", "error decoding json", false},
	};
	struct arena *a = arena_new();
	const char *csr = make_csr(a);
	struct rekey_body k;
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *text = arena_printf(a, "{\"csr\":\"%s\"%s}", csr, rows[i].more);
		struct sign_body s;
		int rc;

		print_message("# %s\n", rows[i].more);
		e = (struct err)ERR_INIT;
		rc = sign_body_parse(str_c(text), a, &s, &e);
		assert_int_equal(rc, rows[i].pub == NULL ? 0 : -1);
		if (rc < 0)
			assert_string_equal(e.pub, rows[i].pub);
		else
			assert_int_equal(s.endpoint.n, rows[i].endpoint ? 16 : 0);
		if (rc == 0 && rows[i].endpoint)
			assert_memory_equal(s.endpoint.p, id, 16);
	}
	assert_int_equal(
		rekey_body_parse(str_c(arena_printf(a, "{\"csr\":\"%s\"}", csr)), a, &k, &e), 0);
	assert_int_equal(rekey_body_parse(STR("null"), a, &k, &e), -1);
	assert_string_equal(e.pub, "missing csr");
	assert_int_equal(rekey_body_parse(STR("{\"csr\":\"x\"}"), a, &k, &e), -1);
	assert_string_equal(e.pub, "invalid csr");
	assert_int_equal(rekey_body_parse(STR("{"), a, &k, &e), -1);
	assert_string_equal(e.pub, "error decoding json");
	arena_free(a);
}

static void addresses(void **state)
{
	static const char *const names[] = {"ca.internal", "127.0.0.1", "::1"};
	static const struct {
		const char *host;
		int port;
		const char *out;
	} rows[] = {
		{"ca.internal:9000", 9000, "https://ca.internal:9000"},
		{"CA.Internal:9000", 9000, "https://ca.internal:9000"},
		{"ca.internal", 9000, "https://ca.internal"}, /* forwarded from 443 */
		{"ca.internal:8443", 9000, "https://ca.internal:8443"},
		{"ca.internal:443", 443, "https://ca.internal"},
		{"127.0.0.1:9000", 9000, "https://127.0.0.1:9000"},
		{"[::1]:9000", 9000, "https://[::1]:9000"},
		{"[0:0:0:0:0:0:0:1]:9000", 9000, "https://[::1]:9000"},
		{"[::1]", 9000, "https://[::1]"},
		{"evil.example:9000", 9000, "https://ca.internal:9000"},
		{"evil.example:1", 9000, "https://ca.internal:9000"},
		{"evil.example:9001", 0, "https://ca.internal:9001"}, /* port 0 is any */
		{"evil.example", 0, "https://ca.internal"},
		{"ca.internal.evil.example:9000", 9000, "https://ca.internal:9000"},
		{"ca.internal:99999", 9000, "https://ca.internal"},
		{"ca.internal:9000:1", 9000, "https://ca.internal"},
		{"\"><script>", 9000, "https://ca.internal:9000"},
		{"", 9000, "https://ca.internal:9000"},
		{"[", 9000, "https://ca.internal:9000"},
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(
			page_address(a, str_c(rows[i].host), names, ARRAY_LEN(names), rows[i].port),
			rows[i].out);
	assert_string_equal(page_address(a, STR("x"), NULL, 0, 0), "https://localhost");
	arena_free(a);
}

static int begin(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	return crypto_init(NULL, &e);
}

static int finish(void **state)
{
	(void)state;
	crypto_end();
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(revoke_rows_hold),
		cmocka_unit_test(long_members),
		cmocka_unit_test(sign_and_rekey),
		cmocka_unit_test(addresses),
	};

	return cmocka_run_group_tests_name("api_body", tests, begin, finish);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef T_UNIT_X509_UTIL_H
#define T_UNIT_X509_UTIL_H

/* Shared by the tests of x509 and profile: reading t/vectors/x509. Included after cmocka.h. */

#include "base/file.h"
#include "crypto/crypto.h"
#include "x509/x509.h"

/* Within the validity of the certificates of t/vectors/x509: 2027-01-15. */
#define T_NOW INT64_C(1800000000)

static inline struct str t_file(struct arena *a, const char *name)
{
	const char *root = getenv("SIGNET_SRCDIR");
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;
	struct str s;
	char *path = arena_printf(a, "%s/t/vectors/x509/%s", root != NULL ? root : ".", name);

	if (file_read(path, 1 << 20, &b, &e) < 0)
		fail_msg("%s", e.msg);
	s = arena_str(a, buf_view(&b));
	buf_release(&b);
	return s;
}

static inline struct str t_pem_der(struct arena *a, const char *name)
{
	struct err e = ERR_INIT;
	struct str *ders;
	size_t n;

	if (cert_pem_read(t_file(a, name), a, &ders, &n, &e) < 0)
		fail_msg("%s: %s", name, e.msg);
	assert_int_equal(n, 1);
	return ders[0];
}

static inline void t_cert(struct arena *a, const char *name, struct cert *out)
{
	struct err e = ERR_INIT;

	if (cert_parse(t_pem_der(a, name), a, out, &e) < 0)
		fail_msg("%s: %s", name, e.msg);
}

static inline struct san t_san(enum san_type type, const char *text)
{
	return (struct san){.type = type, .value = str_c(text)};
}

#define assert_str(s, text)                                                                        \
	do {                                                                                       \
		struct str s_ = (s);                                                               \
		assert_int_equal(s_.n, strlen(text));                                              \
		assert_memory_equal(s_.p != NULL ? s_.p : "", text, s_.n);                         \
	} while (0)

static inline int t_crypto_setup(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	return crypto_init(NULL, &e);
}

static inline int t_crypto_teardown(void **state)
{
	(void)state;
	crypto_thread_end();
	crypto_end();
	return 0;
}

#endif

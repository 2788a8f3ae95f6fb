/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/file.h"
#include "base/mem.h"
#include "crypto/crypto.h"
#include "ssh/ssh.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>

#include <cmocka.h>

static const char *const names[] = {"ed25519", "p256", "p384", "p521", "rsa"};

static void load(const char *name, const char *suffix, struct buf *out)
{
	const char *dir = getenv("SIGNET_SRCDIR");
	char *path = mem_asprintf("%s/t/vectors/ssh/%s%s", dir != NULL ? dir : ".", name, suffix);
	struct err e = ERR_INIT;

	if (file_read(path, 65536, out, &e) != 0)
		fail_msg("%s", e.msg);
	mem_free(path);
}

static struct ssh_text load_text(const char *name)
{
	struct buf b = BUF_INIT;
	struct ssh_text t;
	struct err e = ERR_INIT;

	load(name, ".pub", &b);
	if (ssh_text_parse(buf_view(&b), &t, &e) != 0)
		fail_msg("%s: %s", name, e.msg);
	t.type = t.comment = STR_NULL; /* of the file */
	buf_release(&b);
	return t;
}

/* ---- wire ---- */
static void test_wire(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		bool fine;
	} mpints[] = {
		{"\0\0\0\1\1", 5, true},    {"\0\0\0\2\0\x80", 6, true},
		{"\0\0\0\0", 4, false},	    {"\0\0\0\1\x80", 5, false},
		{"\0\0\0\2\0\1", 6, false}, {"\0\0\0\1\0", 5, false},
		{"\0\0\0\5\1", 5, false},   {"\xff\xff\xff\xff", 4, false},
		{"\0\0\0", 3, false},	    {"\0\0\0\2\x7f\xff", 6, true},
	};
	struct str in, out;
	uint8_t u8;
	uint32_t u32;
	uint64_t u64;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(mpints); i++) {
		struct str all = {mpints[i].bytes, mpints[i].n};
		in = all;
		assert_int_equal(ssh_get_mpint(&in, &out), mpints[i].fine);
		if (mpints[i].fine) {
			struct buf b = BUF_INIT;
			ssh_put_mpint(&b, out);
			assert_true(str_eq(buf_view(&b), all));
			assert_int_equal(in.n, 0);
			buf_release(&b);
		} else {
			assert_ptr_equal(in.p, all.p);
		}
	}
	in = STR("\1\0\0\0\2ab\0\0\0\0\0\0\0\3");
	assert_true(ssh_get_u8(&in, &u8) && u8 == 1);
	assert_true(ssh_get_string(&in, &out) && str_eqc(out, "ab"));
	assert_false(ssh_get_string(&in, &out) && out.n > 0);
	in = STR("\0\0\0\0\0\0\0\3");
	assert_true(ssh_get_u64(&in, &u64) && u64 == 3);
	assert_false(ssh_get_u32(&in, &u32));
	struct buf b = BUF_INIT;
	ssh_put_mpint(&b, STR("\0\0\0"));
	assert_true(str_eq(buf_view(&b), STR("\0\0\0\0")));
	buf_release(&b);
}

/* ---- keys ---- */
static void test_keys(void **state)
{
	static const char *const prints[] = {"SHA256:9jfOL+G3dmYgPaHseN0ARatnpsj8HbYC1Aj+FNf6NRA",
					     "SHA256:lILcQU5vD30Bt69rrau0twEjzHbQbc++p5DrK/xyvlY",
					     "SHA256:6nnOuPAlyWjeNPXlHDD1ZYY+CpH29zaoKD7SiYJlG+g",
					     "SHA256:Wi8n33fv1K1xhUF+nS45N+78UfEygaK0GdkKnW+W4p0",
					     "SHA256:Y+F6/iVPTS0F5pCBBCPNJQOkFUWiFQzSWpgFByn9YuE"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct ssh_text t = load_text(names[i]);
		struct buf again = BUF_INIT, text = BUF_INIT, file = BUF_INIT;
		struct err e = ERR_INIT;
		struct ssh_key k;
		assert_int_equal(ssh_key_parse(buf_view(&t.blob), &k, &e), 0);
		struct key *open = ssh_key_open(&k, &e);
		assert_non_null(open);
		assert_int_equal(key_type(open), ssh_key_info(k.kind)->type);
		assert_int_equal(ssh_key_put(open, &again, &e), 0);
		assert_true(str_eq(buf_view(&again), buf_view(&t.blob)));
		ssh_text_put(&text, buf_view(&again), STR_NULL);
		load(names[i], ".pub", &file);
		assert_true(str_starts(buf_view(&file), text.p));
		buf_reset(&text);
		ssh_fingerprint(buf_view(&again), &text);
		assert_string_equal(text.p, prints[i]);
		for (size_t n = 0; n < t.blob.n; n++) /* nothing shorter, nothing longer */
			assert_int_equal(ssh_key_parse(str_mem(t.blob.p, n), &k, &e), -1);
		buf_putc(&again, 'x');
		assert_int_equal(ssh_key_parse(buf_view(&again), &k, &e), -1);
		key_free(open);
		buf_release(&again);
		buf_release(&text);
		buf_release(&file);
		ssh_text_release(&t);
	}
}

static void put_sk(struct buf *b, const char *type, struct str inner)
{
	ssh_put_string(b, str_c(type));
	buf_str(b, inner);
	ssh_put_string(b, STR("ssh:"));
}

static void test_odd_keys(void **state)
{
	struct ssh_text t = load_text("ed25519");
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;
	struct ssh_key k, plain;

	(void)state;
	assert_int_equal(ssh_key_parse(buf_view(&t.blob), &plain, &e), 0);
	put_sk(&b, "sk-ssh-ed25519@openssh.com", plain.fields);
	assert_int_equal(ssh_key_parse(buf_view(&b), &k, &e), 0);
	assert_int_equal(k.kind, SSH_KEY_SK_ED25519);
	assert_true(str_eqc(k.application, "ssh:"));
	buf_reset(&b);
	ssh_put_string(&b, STR("ssh-dss"));
	ssh_put_string(&b, STR("x"));
	assert_int_equal(ssh_key_parse(buf_view(&b), &k, &e), -1);
	assert_int_equal(e.code, ERR_UNSUPPORTED);
	buf_reset(&b);
	/* a curve that is not the type's, a point off the curve */
	ssh_put_string(&b, STR("ecdsa-sha2-nistp256"));
	ssh_put_string(&b, STR("nistp384"));
	ssh_put_string(&b, STR("\4xxxx"));
	assert_int_equal(ssh_key_parse(buf_view(&b), &k, &e), -1);
	buf_reset(&b);
	ssh_put_string(&b, STR("ecdsa-sha2-nistp256"));
	ssh_put_string(&b, STR("nistp256"));
	ssh_put_string(&b, STR("\4"
			       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			       "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"));
	assert_int_equal(ssh_key_parse(buf_view(&b), &k, &e), 0);
	assert_null(ssh_key_open(&k, &e));
	assert_int_equal(e.code, ERR_INVALID);
	buf_reset(&b);
	/* RSA of 512 bits */
	ssh_put_string(&b, STR("ssh-rsa"));
	ssh_put_mpint(&b, STR("\1\0\1"));
	ssh_put_mpint(&b, STR("\xff"
			      "0123456789012345678901234567890123456789012345678901234567890"
			      "1\3"));
	assert_int_equal(ssh_key_parse(buf_view(&b), &k, &e), 0);
	assert_null(ssh_key_open(&k, &e));
	assert_int_equal(e.code, ERR_FORBIDDEN);
	buf_release(&b);
	ssh_text_release(&t);
}

static void test_text(void **state)
{
	static const char *const bad[] = {"", "ssh-ed25519", "ssh-ed25519 !!!",
					  "ssh-rsa AAAAC3NzaC1lZDI1NTE5",
					  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA\nssh-ed25519 AAAA"};
	struct ssh_text t;
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (ssh_text_parse(str_c(bad[i]), &t, &e) == 0)
			fail_msg("\"%s\" passed", bad[i]);
	assert_int_equal(
		ssh_text_parse(STR("ssh-ed25519  AAAAC3NzaC1lZDI1NTE5  me and you \r\n"), &t, &e),
		0);
	assert_true(str_eqc(t.comment, "me and you"));
	ssh_text_release(&t);
}

static struct key *load_private(const char *name)
{
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;

	load(name, ".key", &b);
	struct key *k = ssh_private_key(buf_view(&b), &e);
	if (k == NULL)
		fail_msg("%s: %s", name, e.msg);
	buf_release(&b);
	return k;
}

static void test_private(void **state)
{
	static const char *const other[] = {"rsa", "encrypted"};
	struct err e = ERR_INIT;
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct ssh_text t = load_text(names[i]);
		struct key *k = load_private(names[i]);
		assert_true(key_is_private(k));
		buf_reset(&b);
		assert_int_equal(ssh_key_put(k, &b, &e), 0);
		assert_true(str_eq(buf_view(&b), buf_view(&t.blob)));
		key_free(k);
		ssh_text_release(&t);
	}
	for (size_t i = 0; i < ARRAY_LEN(other); i++) {
		buf_reset(&b);
		load(other[i], ".key", &b);
		assert_null(ssh_private_key(buf_view(&b), &e));
		assert_int_equal(e.code, ERR_UNSUPPORTED);
		assert_non_null(strstr(e.msg, "ssh-keygen -p -m PKCS8"));
	}
	buf_reset(&b);
	load("ed25519", ".key", &b);
	for (size_t n = 0; n < b.n - 36; n += 3) {
		struct key *k = ssh_private_key(str_mem(b.p, n), &e);
		assert_null(k);
	}
	b.p[200]++;
	assert_null(ssh_private_key(buf_view(&b), &e));
	buf_release(&b);
}

/* ---- certificates ---- */
static void check_user(const struct ssh_cert *c, const char *by)
{
	const struct ssh_cert_fields *f = &c->fields;

	assert_int_equal(c->key.kind, SSH_KEY_ED25519);
	assert_int_equal(f->serial, 7);
	assert_int_equal(f->type, SSH_CERT_USER);
	assert_true(str_starts(f->key_id, "id-ca_"));
	assert_int_equal(f->n_principals, 2);
	assert_true(str_eqc(f->principals[0], "alice") && str_eqc(f->principals[1], "bob"));
	assert_int_equal(f->valid_after, 1893456000);
	assert_int_equal(f->valid_before, 1924992000);
	assert_int_equal(f->critical.n, 2);
	assert_true(str_eqc(f->critical.items[0].name, "force-command"));
	assert_true(str_eqc(f->critical.items[0].value, "/bin/true"));
	assert_true(str_eqc(f->critical.items[1].value, "10.0.0.0/8"));
	assert_int_equal(f->extensions.n, 5);
	assert_int_equal(f->extensions.items[0].value.n, 0);
	struct ssh_text ca = load_text(by);
	assert_true(str_eq(c->ca.blob, buf_view(&ca.blob)));
	ssh_text_release(&ca);
}

static void test_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct arena *a = arena_new();
		struct err e = ERR_INIT;
		struct ssh_cert c;
		char *name = arena_printf(a, "user-by-%s", names[i]);
		struct ssh_text t = load_text(name);
		assert_true(ssh_is_cert(buf_view(&t.blob)));
		if (ssh_cert_parse(buf_view(&t.blob), a, &c, &e) != 0 ||
		    ssh_cert_verify(&c, &e) != 0)
			fail_msg("%s: %s", name, e.msg);
		check_user(&c, names[i]);
		/* Every byte counts. */
		for (size_t at = 0; at < t.blob.n; at += 7) {
			t.blob.p[at] ^= 1;
			if (ssh_cert_parse(buf_view(&t.blob), a, &c, &e) == 0 &&
			    ssh_cert_verify(&c, &e) == 0)
				fail_msg("%s passes with byte %zu changed", name, at);
			t.blob.p[at] ^= 1;
		}
		for (size_t n = 0; n < t.blob.n; n++)
			assert_int_equal(ssh_cert_parse(str_mem(t.blob.p, n), a, &c, &e), -1);
		ssh_text_release(&t);
		arena_free(a);
	}
	struct ssh_text key = load_text("rsa");
	struct ssh_text host = load_text("host-rsa");
	struct arena *a = arena_new();
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;
	struct ssh_cert c;
	assert_false(ssh_is_cert(buf_view(&key.blob)));
	assert_int_equal(ssh_cert_parse(buf_view(&host.blob), a, &c, &e), 0);
	assert_int_equal(c.fields.type, SSH_CERT_HOST);
	assert_true(c.fields.valid_before == SSH_FOREVER && c.fields.valid_after == 0);
	assert_int_equal(ssh_cert_verify(&c, &e), 0);
	ssh_cert_key_blob(&c, &b);
	assert_true(str_eq(buf_view(&b), buf_view(&key.blob)));
	buf_release(&b);
	arena_free(a);
	ssh_text_release(&key);
	ssh_text_release(&host);
}

static struct ssh_cert_fields sample(struct str *principals, struct ssh_option *options)
{
	principals[0] = STR("alice");
	principals[1] = STR("h\xc3\xa9");
	options[0] = (struct ssh_option){STR("permit-pty"), STR("")};
	options[1] = (struct ssh_option){STR("x@example.com"), STR("v")};
	return (struct ssh_cert_fields){.nonce = STR("NNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNN"),
					.serial = UINT64_MAX,
					.type = SSH_CERT_USER,
					.key_id = STR("an id"),
					.principals = principals,
					.n_principals = 2,
					.valid_after = 1893456000,
					.valid_before = 1893542400,
					.extensions = {options, 2}};
}

/* A certificate of the sample by a key of ours. */
static void make(struct key *ca, enum sig_alg alg, const struct ssh_key *subject, struct buf *out)
{
	struct str principals[2];
	struct ssh_option options[2];
	struct ssh_cert_fields f = sample(principals, options);
	struct buf blob = BUF_INIT, tbs = BUF_INIT, sig = BUF_INIT;
	struct err e = ERR_INIT;

	assert_int_equal(ssh_key_put(ca, &blob, &e), 0);
	assert_int_equal(ssh_cert_tbs(&f, subject, buf_view(&blob), &tbs, &e), 0);
	assert_int_equal(key_sign(ca, alg, buf_view(&tbs), &sig, &e), 0);
	assert_int_equal(ssh_cert_put(buf_view(&tbs), alg, buf_view(&sig), out, &e), 0);
	buf_release(&blob);
	buf_release(&tbs);
	buf_release(&sig);
}

static void test_write(void **state)
{
	static const enum sig_alg rsa[] = {SIG_RSA_SHA256, SIG_RSA_SHA512};
	struct ssh_text t = load_text("p384");
	struct err e = ERR_INIT;
	struct ssh_key subject;

	(void)state;
	assert_int_equal(ssh_key_parse(buf_view(&t.blob), &subject, &e), 0);
	for (size_t i = 0; i < 6; i++) {
		struct key *ca = i < 4 ? load_private(names[i]) : key_generate(KEY_RSA, 2048, &e);
		enum sig_alg alg = i < 4 ? sig_alg_for_key(ca) : rsa[i - 4];
		struct arena *a = arena_new();
		struct buf cert = BUF_INIT, key = BUF_INIT;
		struct ssh_cert c;
		assert_non_null(ca);
		make(ca, alg, &subject, &cert);
		assert_int_equal(ssh_cert_parse(buf_view(&cert), a, &c, &e), 0);
		if (ssh_cert_verify(&c, &e) != 0)
			fail_msg("%s: %s", ssh_sig_name(alg), e.msg);
		assert_true(str_eqc(c.sig_name, ssh_sig_name(alg)));
		assert_true(c.fields.serial == UINT64_MAX);
		assert_true(str_eqc(c.fields.principals[1], "h\xc3\xa9"));
		assert_true(str_eqc(c.fields.extensions.items[1].value, "v"));
		assert_int_equal(c.fields.critical.n, 0);
		ssh_cert_key_blob(&c, &key);
		assert_true(str_eq(buf_view(&key), buf_view(&t.blob)));
		/* another's signature; the third is the subject's own */
		c.ca = subject;
		assert_int_equal(ssh_cert_verify(&c, &e), i == 2 ? 0 : -1);
		buf_release(&cert);
		buf_release(&key);
		key_free(ca);
		arena_free(a);
	}
	ssh_text_release(&t);
}

static void test_refused(void **state)
{
	struct ssh_text t = load_text("ed25519");
	struct str principals[2], many[300];
	struct ssh_option options[2];
	struct ssh_cert_fields f = sample(principals, options);
	struct buf out = BUF_INIT;
	struct err e = ERR_INIT;
	struct ssh_key k;
	struct ssh_options o = {.items = options, .n = 2};

	(void)state;
	assert_int_equal(ssh_key_parse(buf_view(&t.blob), &k, &e), 0);
	options[0].name = STR("z"); /* not in order */
	assert_int_equal(ssh_cert_tbs(&f, &k, STR("ca"), &out, &e), -1);
	ssh_options_sort(&o);
	assert_true(str_eqc(options[0].name, "x@example.com"));
	options[1] = (struct ssh_option){STR("x@example.com"), STR("last")};
	ssh_options_sort(&o);
	assert_int_equal(o.n, 1);
	assert_true(str_eqc(options[0].value, "last"));
	f = sample(principals, options);
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i] = STR("p");
	f.principals = many;
	f.n_principals = ARRAY_LEN(many);
	buf_reset(&out);
	assert_int_equal(ssh_cert_tbs(&f, &k, STR("ca"), &out, &e), -1);
	f = sample(principals, options);
	char *large = mem_alloc(SSH_BLOB_MAX);
	f.key_id = str_mem(large, SSH_BLOB_MAX);
	buf_reset(&out);
	assert_int_equal(ssh_cert_tbs(&f, &k, STR("ca"), &out, &e), -1);
	mem_free(large);
	assert_int_equal(ssh_cert_put(STR("x"), SIG_PSS_SHA256, STR("s"), &out, &e), -1);
	assert_int_equal(ssh_cert_put(STR("x"), SIG_ECDSA_SHA256, STR("no DER"), &out, &e), -1);
	buf_release(&out);
	ssh_text_release(&t);
}

/* ---- ssh-keygen reads it ---- */
static void run_keygen(const char *file, struct buf *out)
{
	char block[4096];
	int pipes[2], status;
	ssize_t n;

	assert_int_equal(pipe(pipes), 0);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(pipes[1], 1);
		dup2(pipes[1], 2);
		close(pipes[0]);
		setenv("TZ", "UTC", 1);
		execlp("ssh-keygen", "ssh-keygen", "-L", "-f", file, (char *)NULL);
		_exit(127);
	}
	assert_true(pid > 0);
	close(pipes[1]);
	while ((n = read(pipes[0], block, sizeof(block))) > 0)
		buf_add(out, block, (size_t)n);
	close(pipes[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
		buf_reset(out); /* not installed */
		return;
	}
	if (status != 0)
		fail_msg("ssh-keygen: %s", out->p);
}

static void test_keygen(void **state)
{
	static const char *const lines[] = {
		"Type: ssh-ed25519-cert-v01@openssh.com user certificate",
		"Key ID: \"an id\"",
		"Serial: 18446744073709551615",
		"Valid: from 2030-01-01T00:00:00 to 2030-01-02T00:00:00",
		"alice",
		"Critical Options: (none)",
		"permit-pty",
		"x@example.com UNKNOWN OPTION: 0000000176 (len 5)"};
	struct ssh_text t = load_text("ed25519");
	char file[] = "/tmp/test-ssh-XXXXXX";
	struct buf cert = BUF_INIT, text = BUF_INIT, out = BUF_INIT;
	struct err e = ERR_INIT;
	struct ssh_key subject;

	(void)state;
	assert_int_equal(ssh_key_parse(buf_view(&t.blob), &subject, &e), 0);
	struct key *ca = load_private("p521");
	make(ca, SIG_ECDSA_SHA512, &subject, &cert);
	ssh_text_put(&text, buf_view(&cert), STR("a comment"));
	buf_putc(&text, '\n');
	int fd = mkstemp(file);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text.p, text.n), text.n);
	close(fd);
	run_keygen(file, &out);
	unlink(file);
	bool there = out.n > 0;
	for (size_t i = 0; there && i < ARRAY_LEN(lines); i++)
		if (strstr(out.p, lines[i]) == NULL && strstr(lines[i], "UNKNOWN") == NULL)
			fail_msg("ssh-keygen shows no \"%s\":\n%s", lines[i], out.p);
	buf_release(&cert);
	buf_release(&text);
	buf_release(&out);
	key_free(ca);
	ssh_text_release(&t);
	if (!there)
		skip();
}

static int set_up(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	return crypto_init(NULL, &e);
}

static int tear_down(void **state)
{
	(void)state;
	crypto_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wire),	 cmocka_unit_test(test_keys),
		cmocka_unit_test(test_odd_keys), cmocka_unit_test(test_text),
		cmocka_unit_test(test_private),	 cmocka_unit_test(test_read),
		cmocka_unit_test(test_write),	 cmocka_unit_test(test_refused),
		cmocka_unit_test(test_keygen),
	};

	return cmocka_run_group_tests_name("ssh/cert", tests, set_up, tear_down);
}

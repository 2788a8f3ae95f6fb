/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_T_KMS_RUN_H
#define SIGNET_T_KMS_RUN_H

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "kms/priv.h"
#include "x509/x509.h"

/*
 * Keys in real files, signing through the real pool. SIGNET_TEST_KMS_FILE (set by run_group) lets
 * the worker fail or wait.
 */
struct ca {
	char dir[64];
	char *key_path, *password_path, *control_path;
	struct arena *arena;
	struct loop *loop;
	struct key *key;
	struct str cert, name; /* DER; subject */
	struct kms_key *kms;
	struct secret password;
};

static void write_file(const char *path, struct str data)
{
	struct err e = ERR_INIT;

	if (file_replace(path, data, 0600, &e) != 0)
		fail_msg("%s", e.msg);
}

static void control(struct ca *x, const char *text)
{
	write_file(x->control_path, str_c(text));
}

/* A TBS for a leaf, or with key != NULL for that key's own certificate. */
static struct str make_tbs(struct ca *x, struct str issuer, enum sig_alg alg)
{
	struct buf spki = BUF_INIT, tbs = BUF_INIT;
	struct tbs_spec spec = {.serial = STR("\x11\x22\x33"),
				.sig_alg = alg,
				.issuer_der = issuer,
				.subject_der = x->name,
				.not_before = 1700000000,
				.not_after = 1900000000};
	struct ext exts[1] = {ext_basic_constraints(x->arena, true, -1)};
	struct str out;

	key_to_spki(x->key, &spki);
	spec.spki = buf_view(&spki);
	spec.exts = (struct ext_list){exts, 1};
	tbs_build(&spec, &tbs);
	out = arena_str(x->arena, buf_view(&tbs));
	buf_release(&tbs);
	buf_release(&spki);
	return out;
}

static struct str make_name(struct ca *x, const char *cn)
{
	struct name n = name_from_cn(str_c(cn), x->arena);
	struct buf der = BUF_INIT;
	struct str out;

	name_write(&n, &der);
	out = arena_str(x->arena, buf_view(&der));
	buf_release(&der);
	return out;
}

static void write_key(struct ca *x, const struct key *k, const struct secret *password)
{
	struct buf pem = BUF_INIT;
	struct err e = ERR_INIT;

	assert_int_equal(key_to_pem(k, password, &pem, &e), 0);
	write_file(x->key_path, buf_view(&pem));
	buf_wipe_release(&pem);
}

static struct ca *ca_new(enum key_type type)
{
	struct ca *x = NEW(struct ca);
	struct buf sig = BUF_INIT, cert = BUF_INIT;
	struct err e = ERR_INIT;
	struct str tbs;
	enum sig_alg alg;

	(void)snprintf(x->dir, sizeof(x->dir), "/tmp/signet-kms-XXXXXX");
	assert_non_null(mkdtemp(x->dir));
	x->key_path = file_join(x->dir, "ca.key");
	x->password_path = file_join(x->dir, "password");
	x->control_path = mem_strdup(getenv("SIGNET_TEST_KMS_FILE"));
	x->arena = arena_new();
	x->loop = loop_new(&e);
	assert_non_null(x->loop);
	x->key = key_generate(type, 2048, &e);
	assert_non_null(x->key);
	x->name = make_name(x, "Test CA");
	alg = sig_alg_for_key(x->key);
	tbs = make_tbs(x, x->name, alg);
	assert_int_equal(key_sign(x->key, alg, tbs, &sig, &e), 0);
	cert_assemble(tbs, alg, buf_view(&sig), &cert);
	x->cert = arena_str(x->arena, buf_view(&cert));
	buf_release(&sig);
	buf_release(&cert);
	write_key(x, x->key, NULL);
	secret_set(&x->password, "correct horse", 13);
	control(x, "");
	return x;
}

static void ca_free(struct ca *x)
{
	control(x, "");
	kms_key_free(x->kms);
	loop_turn(x->loop, 0);
	loop_free(x->loop);
	key_free(x->key);
	arena_free(x->arena);
	secret_release(&x->password);
	unlink(x->key_path);
	unlink(x->password_path);
	rmdir(x->dir);
	mem_free(x->key_path);
	mem_free(x->password_path);
	mem_free(x->control_path);
	mem_free(x);
}

static enum kms_state kms_open(struct ca *x, const char *uri, unsigned workers, unsigned bound)
{
	struct kms_key_config c = {.uri = uri,
				   .dir = x->dir,
				   .cert_der = x->cert,
				   .name = "default",
				   .workers = workers,
				   .bound = bound};
	struct err e = ERR_INIT;
	uint64_t guard = clock_mono_ms() + 30000;

	x->kms = kms_key_new(x->loop, &c, &e);
	if (!x->kms)
		fail_msg("%s", e.msg);
	assert_int_equal(kms_key_state(x->kms, NULL), KMS_OPENING);
	while (kms_key_state(x->kms, NULL) == KMS_OPENING && clock_mono_ms() < guard)
		loop_turn(x->loop, 100);
	return kms_key_state(x->kms, NULL);
}

/* ---- one signature as a flow ---- */

struct asking {
	struct flow flow;
	struct arena *arena;
	struct kms_slot slot;
	struct kms_sign sign;
	struct str tbs;
	uint64_t deadline_ms;
	struct err err;
	bool over;
};

static enum step ask(struct flow *f, void *op)
{
	struct asking *s = op;

	kms_sign(&s->slot, s->tbs, &s->sign, f, s->deadline_ms);
	return STEP_WAIT;
}

static enum step note(struct flow *f, void *op)
{
	struct asking *s = op;
	const struct err *e = wait_error(&s->sign.wait);

	if (f->failed)
		s->err = f->err;
	else if (e)
		s->err = *e;
	return STEP_DONE;
}

static void on_over(struct flow *f)
{
	((struct asking *)f->op)->over = true;
}

static const struct flow_step steps[] = {
	{.name = "ask", .run = ask},
	{.name = "note", .run = note},
	{.name = NULL},
};

static void start(struct ca *x, struct asking *s, struct str tbs, uint64_t deadline_ms)
{
	struct err e = ERR_INIT;

	*s = (struct asking){.tbs = tbs, .deadline_ms = deadline_ms};
	if (kms_slot_take(x->kms, &s->slot, &e) != 0)
		fail_msg("%s", e.msg);
	s->arena = arena_new();
	s->sign.arena = s->arena;
	flow_init(&s->flow, x->loop, steps, s, s->arena);
	s->flow.on_end = on_over;
	flow_start(&s->flow);
}

static void finish_all(struct ca *x, struct asking *s, size_t n)
{
	uint64_t guard = clock_mono_ms() + 30000;

	for (size_t i = 0; i < n; i++)
		while (!s[i].over) {
			loop_turn(x->loop, 50);
			if (clock_mono_ms() > guard)
				fail_msg("hangs");
		}
}

static void assert_signature(struct ca *x, struct asking *s)
{
	struct err e = ERR_INIT;

	if (s->err.code != ERR_OK)
		fail_msg("%s", s->err.msg);
	assert_null(s->slot.key);
	if (key_verify(x->key, kms_key_alg(x->kms), s->tbs, s->sign.signature, &e) != 0)
		fail_msg("%s", e.msg);
}

static enum err_code sign_once(struct ca *x, struct str tbs, uint64_t deadline_ms)
{
	struct asking s;
	enum err_code code;

	start(x, &s, tbs, deadline_ms);
	finish_all(x, &s, 1);
	if (s.err.code == ERR_OK)
		assert_signature(x, &s);
	code = s.err.code;
	arena_free(s.arena);
	return code;
}

/* SIGNET_TEST_KMS_FILE is set before there are threads. */
#define run_group(name, tests)                                                                     \
	(group_begin() ? group_end(cmocka_run_group_tests_name((name), (tests), NULL, NULL)) : 1)

static bool group_begin(void)
{
	static char path[] = "/tmp/signet-kmsctl-XXXXXX"; /* state: environment */
	struct err e = ERR_INIT;
	int fd = mkstemp(path);

	if (fd < 0 || setenv("SIGNET_TEST_KMS_FILE", path, 1) != 0 || crypto_init(NULL, &e) != 0)
		return false;
	close(fd);
	return true;
}

static int group_end(int rc)
{
	crypto_end();
	unlink(getenv("SIGNET_TEST_KMS_FILE"));
	return rc;
}

#endif

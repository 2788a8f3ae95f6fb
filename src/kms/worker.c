/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/mem.h"
#include "kms/check.h"
#include "kms/kms.h"
#include "kms/msg.h"
#include "kms/worker.h"
#include "x509/x509.h"

#ifdef ENABLE_TEST_HOOKS
/*
 * SIGNET_TEST_KMS_FILE names a file that is read before each signature: "fail" (the key fails),
 * "delay MS", "hold" (until the file says something else); anything else, or no file: nothing.
 */
static void nap(long ms)
{
	const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

static int injected(struct err *e)
{
	const char *path = getenv("SIGNET_TEST_KMS_FILE");

	for (;;) {
		char text[32] = "";
		FILE *f = path ? fopen(path, "re") : NULL;

		if (!f)
			return 0;
		if (!fgets(text, sizeof(text), f))
			text[0] = 0;
		fclose(f);
		if (strncmp(text, "fail", 4) == 0)
			return ERR(e, ERR_INTERNAL, "the test wants it to fail");
		if (strncmp(text, "delay ", 6) == 0)
			nap(strtol(text + 6, NULL, 10));
		if (strncmp(text, "hold", 4) != 0)
			return 0;
		nap(5);
	}
}
#else
#define injected(e) 0
#endif

static int compare(const struct key *k, const struct cert *c, const char *path, struct err *e)
{
	struct key *want = key_from_spki(c->spki, e);
	bool same;

	if (!want)
		return err_wrap(e, "certificate");
	same = key_equal(k, want);
	key_free(want);
	if (!same)
		return ERR(e, ERR_INVALID,
			   "%s is not the key of the authority's certificate: `crt` and `key` must "
			   "belong together",
			   path);
	return 0;
}

static struct key *open_key(struct str request, struct kms_opened *out, struct arena *a,
			    struct err *e)
{
	struct kms_request r;
	struct key_uri u;
	struct cert c;
	struct key *k;

	if (kms_request_parse(request, &r, e) != 0)
		return NULL;
	if (r.type != KMS_MSG_OPEN) {
		(void)ERR(e, ERR_INVALID, "kms message: the key is not open yet");
		return NULL;
	}
	if (cert_parse(r.cert, a, &c, e) != 0 ||
	    key_uri_parse(arena_cstr(a, r.uri), arena_cstr(a, r.dir), a, &u, e) != 0)
		return NULL;
	k = softkms_load(&u, NULL, e);
	if (!k && e->code == ERR_NOT_FOUND) {
		const struct err found = *e;

		(void)ERR(e, ERR_NOT_FOUND,
			  "%s: correct `key` of the authority, or put the file there", found.msg);
	}
	if (!k)
		return NULL;
	if (compare(k, &c, u.path, e) != 0) {
		key_free(k);
		return NULL;
	}
	out->alg = sig_alg_for_key(k);
	buf_reset(&out->issuer);
	buf_str(&out->issuer, c.subject.der);
	return k;
}

struct key *kms_worker_open(struct str request, struct kms_opened *out, struct buf *answer)
{
	struct arena *a = arena_new();
	struct err e = ERR_INIT;
	struct key *k = open_key(request, out, a, &e);

	if (k)
		kms_answer_ok(STR_NULL, answer);
	else
		kms_answer_error(&e, answer);
	arena_free(a);
	return k;
}

static int sign(const struct kms_opened *o, struct key *k, struct str request, struct buf *sig,
		struct err *e)
{
	struct str issuer = buf_view(&o->issuer);
	struct kms_request r;

	if (kms_request_parse(request, &r, e) != 0)
		return -1;
	if (r.type != KMS_MSG_SIGN)
		return ERR(e, ERR_INVALID, "kms message: the key is open already");
	if (!str_eq(r.issuer, issuer) || r.alg != o->alg)
		return ERR(
			e, ERR_FORBIDDEN,
			"signer: this key belongs to another CA or signs with another algorithm");
	if (kms_check_tbs(r.tbs, issuer, o->alg, e) != 0)
		return -1;
	if (injected(e) != 0 || key_sign(k, o->alg, r.tbs, sig, e) != 0) {
		/* what the key itself says, so that the breaker tells it from a refusal */
		e->code = ERR_INTERNAL;
		return err_wrap(e, "signing failed");
	}
	return 0;
}

void kms_worker_sign(const struct kms_opened *o, struct key *k, struct str request,
		     struct buf *answer)
{
	struct buf sig = BUF_INIT;
	struct err e = ERR_INIT;

	if (sign(o, k, request, &sig, &e) == 0)
		kms_answer_ok(buf_view(&sig), answer);
	else
		kms_answer_error(&e, answer);
	buf_release(&sig);
}

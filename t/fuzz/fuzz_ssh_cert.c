/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "profile/ssh_content.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read can be written again, to the same bytes. */
static void certificate(struct str blob, struct arena *a)
{
	struct err e = ERR_INIT;
	struct buf again = BUF_INIT;
	struct ssh_cert c;

	if (ssh_cert_parse(blob, a, &c, &e) != 0)
		return;
	if (ssh_cert_tbs(&c.fields, &c.key, c.ca.blob, &again, &e) == 0)
		ENSURE(str_eq(buf_view(&again), c.tbs));
	if (ssh_cert_verify(&c, &e) == 0)
		ENSURE(c.sig.n > 0);
	buf_release(&again);
}

/* A certificate, a key, an OpenSSH private key, a line of text, or a template's JSON. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_mem(data, size);
	struct arena *a = arena_new();
	struct ssh_cert_fields f;
	struct err e = ERR_INIT;
	struct buf b = BUF_INIT;
	struct ssh_text t;
	struct ssh_key k;

	certificate(in, a);
	if (ssh_key_parse(in, &k, &e) == 0)
		key_free(ssh_key_open(&k, &e));
	if (ssh_text_parse(in, &t, &e) == 0) {
		certificate(buf_view(&t.blob), a);
		ssh_text_release(&t);
	}
	key_free(ssh_private_key(in, &e));
	if (ssh_content_read(in, a, &f, &e) == 0) {
		ssh_put_string(&b, STR("ssh-ed25519"));
		ssh_put_string(&b, STR("0123456789abcdef0123456789abcdef"));
		struct buf tbs = BUF_INIT;
		if (ssh_key_parse(buf_view(&b), &k, &e) == 0)
			(void)!ssh_cert_tbs(&f, &k, buf_view(&b), &tbs, &e);
		buf_release(&tbs);
	}
	buf_release(&b);
	arena_free(a);
	return 0;
}

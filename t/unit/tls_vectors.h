/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef T_UNIT_TLS_VECTORS_H
#define T_UNIT_TLS_VECTORS_H

#include "base/file.h"
#include "base/mem.h"
#include "codec/pem.h"
#include "net/tls.h"

/* t/vectors/tls: chains, keys and roots, for units that serve TLS. */

static UNUSED char *vector(const char *name)
{
	const char *src = getenv("SIGNET_SRCDIR");

	return mem_asprintf("%s/t/vectors/tls/%s", src ? src : ".", name);
}

static UNUSED void load(const char *name, struct buf *out)
{
	struct err e = ERR_INIT;
	char *path = vector(name);

	if (file_read(path, 1 << 20, out, &e) != 0)
		fail_msg("%s", e.msg);
	mem_free(path);
}

/* Clients may show certificates of roots.pem. */
static UNUSED struct tls_context *new_tls(const char *chain_name, const char *key_name)
{
	struct buf chain = BUF_INIT, key = BUF_INIT, roots = BUF_INIT;
	struct pem_block b = {0};
	struct tls_config c = {.chacha_first = true};
	struct tls_creds creds;
	struct tls_context *t;
	struct err e = ERR_INIT;
	struct str rest;

	load(chain_name, &chain);
	load(key_name, &key);
	load("roots.pem", &roots);
	rest = buf_view(&key);
	assert_int_equal(pem_next(&rest, &b, &e), 1);
	creds.chain_pem = buf_view(&chain);
	creds.key_pkcs8 = buf_view(&b.der);
	c.client_roots_pem = buf_view(&roots);
	t = tls_context_new(&c, &creds, &e);
	if (t == NULL)
		fail_msg("%s", e.msg);
	pem_block_release(&b);
	buf_release(&chain);
	buf_release(&key);
	buf_release(&roots);
	return t;
}

#endif

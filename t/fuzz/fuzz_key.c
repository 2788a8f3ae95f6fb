/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "codec/pem.h"
#include "crypto/priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Private key files. Encrypted ones are only parsed: deriving would cost seconds, and what comes
 * out of it is again a plain key. A key that was read must survive being written.
 */
static void check(struct key *k)
{
	struct err e = ERR_INIT;
	struct secret der = SECRET_INIT;
	struct key *back;

	if (k == NULL)
		return;
	ENSURE(key_is_private(k));
	key_to_pkcs8(k, &der);
	back = key_from_file_data(secret_view(&der), NULL, &e);
	ENSURE(back != NULL && key_equal(k, back));
	secret_release(&der);
	key_free(back);
	key_free(k);
}

static void parse_encrypted(struct str in)
{
	struct err e = ERR_INIT;
	struct pem_block block;
	struct pbes2 p;

	if (pbes2_parse(in, &p, &e) == 0)
		ENSURE(p.kdf == PBES2_SCRYPT || (p.iterations >= 1 && p.iterations <= 10000000));
	while (pem_next(&in, &block, &e) == 1) {
		struct secret pw = SECRET_INIT, plain = SECRET_INIT;

		if (pbes2_parse(buf_view(&block.der), &p, &e) == 0)
			ENSURE(p.iv.n == 8 || p.iv.n == 16);
		secret_set(&pw, "password", 8);
		if (dek_is_encrypted(block.headers)) { /* one MD5 or two: cheap */
			int rc = dek_decrypt(block.headers, buf_view(&block.der), &pw, &plain, &e);
			ENSURE(rc == 0 || plain.p == NULL);
		}
		secret_release(&pw);
		secret_release(&plain);
		pem_block_release(&block);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_mem(data, size);
	struct err e = ERR_INIT;

	if (size > KEY_FILE_MAX)
		return 0;
	(void)key_file_is_encrypted(in);
	check(key_from_file_data(in, NULL, &e));
	parse_encrypted(in);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "codec/der.h"
#include "codec/pem.h"
#include "crypto/priv.h"

/*
 * Private key files, whatever wrote them: openssl, step, certtool. A file is PEM when it has a
 * BEGIN line; the first block that holds a private key counts, others (EC PARAMETERS, certificates)
 * are passed over. Otherwise it is DER, told apart by its first elements.
 */
enum form { FORM_NONE, FORM_PKCS8, FORM_ENCRYPTED, FORM_SEC1, FORM_PKCS1, FORM_OPENSSH };

static enum form form_of_label(struct str label)
{
	static const struct {
		const char *label;
		enum form form;
	} labels[] = {
		{"PRIVATE KEY", FORM_PKCS8},	       {"ENCRYPTED PRIVATE KEY", FORM_ENCRYPTED},
		{"EC PRIVATE KEY", FORM_SEC1},	       {"RSA PRIVATE KEY", FORM_PKCS1},
		{"OPENSSH PRIVATE KEY", FORM_OPENSSH},
	};

	for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
		if (str_eqc(label, labels[i].label))
			return labels[i].form;
	}
	return FORM_NONE;
}

static enum form form_of_der(struct str der)
{
	struct str seq;
	uint64_t version;

	if (!der_get(&der, DER_SEQUENCE, &seq) || der.n > 0)
		return FORM_NONE;
	if (der_peek(seq, DER_SEQUENCE))
		return FORM_ENCRYPTED;
	if (!der_get_uint(&seq, &version))
		return FORM_NONE;
	if (der_peek(seq, DER_SEQUENCE))
		return FORM_PKCS8;
	if (der_peek(seq, DER_OCTET_STRING))
		return FORM_SEC1;
	return der_peek(seq, DER_INTEGER) ? FORM_PKCS1 : FORM_NONE;
}

static bool is_pem(struct str data)
{
	return data.n > 0 && memmem(data.p, data.n, "-----BEGIN ", 11) != NULL;
}

/* The first block that holds a private key: 1, 0 when there is none, -1. */
static int find_block(struct str data, struct pem_block *block, enum form *form, struct err *e)
{
	int rc;

	while ((rc = pem_next(&data, block, e)) == 1) {
		*form = form_of_label(block->label);
		if (*form != FORM_NONE)
			return 1;
		pem_block_release(block);
	}
	return rc;
}

static struct key *plain_key(enum form form, struct str der, struct err *e)
{
	switch (form) {
	case FORM_PKCS8:
		return key_from_pkcs8(der, e);
	case FORM_SEC1:
		return key_from_sec1(der, KEY_NONE, e);
	case FORM_PKCS1:
		return key_from_pkcs1(der, e);
	case FORM_OPENSSH:
		ERR(e, ERR_UNSUPPORTED, "private key: the OPENSSH format is not supported");
		return NULL;
	case FORM_NONE:
	case FORM_ENCRYPTED:
		break;
	}
	ERR(e, ERR_INVALID,
	    "private key: none found; PEM or DER in PKCS#8, SEC1 or PKCS#1 is expected");
	return NULL;
}

/* One wrong password in 256 leaves a fitting padding: what came out is then no DER. */
static struct key *decrypted_key(enum form form, const struct secret *plain, struct err *e)
{
	struct str der = secret_view(plain), contents;

	if (!der_get(&der, DER_SEQUENCE, &contents) || der.n > 0) {
		ERR(e, ERR_UNAUTHORIZED, "encrypted key: wrong password, or damaged");
		return NULL;
	}
	return plain_key(form, secret_view(plain), e);
}

static struct key *any_key(enum form form, struct str headers, struct str der,
			   const struct secret *password, struct err *e)
{
	bool dek = headers.n > 0 && dek_is_encrypted(headers);
	struct secret plain = SECRET_INIT;
	struct key *k = NULL;
	struct pbes2 p;
	int rc;

	if (form != FORM_ENCRYPTED && !dek)
		return plain_key(form, der, e);
	if (password == NULL) {
		ERR(e, ERR_UNAUTHORIZED, "private key: is encrypted, and no password is given");
		return NULL;
	}
	if (form == FORM_ENCRYPTED) {
		rc = pbes2_parse(der, &p, e);
		if (rc == 0)
			rc = pbes2_decrypt(&p, password, &plain, e);
		form = FORM_PKCS8;
	} else {
		rc = dek_decrypt(headers, der, password, &plain, e);
	}
	if (rc == 0)
		k = decrypted_key(form, &plain, e);
	secret_release(&plain);
	return k;
}

struct key *key_from_file_data(struct str data, const struct secret *password, struct err *e)
{
	struct pem_block block;
	enum form form = FORM_NONE;
	struct key *k;

	if (data.n > KEY_FILE_MAX) {
		ERR(e, ERR_TOO_LARGE, "private key: file of more than %u bytes", KEY_FILE_MAX);
		return NULL;
	}
	if (!is_pem(data))
		return any_key(form_of_der(data), STR_NULL, data, password, e);
	int rc = find_block(data, &block, &form, e);
	if (rc < 0) {
		err_wrap(e, "private key");
		return NULL;
	}
	if (rc == 0)
		return plain_key(FORM_NONE, STR_NULL, e);
	k = any_key(form, block.headers, buf_view(&block.der), password, e);
	pem_block_release(&block);
	return k;
}

bool key_file_is_encrypted(struct str data)
{
	struct err e = ERR_INIT;
	enum form form = FORM_NONE;
	struct pem_block block;
	bool yes;

	if (data.n > KEY_FILE_MAX)
		return false;
	if (!is_pem(data))
		return form_of_der(data) == FORM_ENCRYPTED;
	if (find_block(data, &block, &form, &e) != 1)
		return false;
	yes = form == FORM_ENCRYPTED || dek_is_encrypted(block.headers);
	pem_block_release(&block);
	return yes;
}

int key_to_pem(const struct key *k, const struct secret *password, struct buf *pem, struct err *e)
{
	struct secret der = SECRET_INIT;
	struct buf encrypted = BUF_INIT;
	int rc = 0;

	key_to_pkcs8(k, &der);
	if (password == NULL) {
		pem_write(pem, "PRIVATE KEY", secret_view(&der));
	} else {
		rc = pbes2_encrypt(secret_view(&der), password, &encrypted, e);
		if (rc == 0)
			pem_write(pem, "ENCRYPTED PRIVATE KEY", buf_view(&encrypted));
	}
	secret_release(&der);
	buf_release(&encrypted);
	return rc;
}

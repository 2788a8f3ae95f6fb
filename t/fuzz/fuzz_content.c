/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "crypto/crypto.h"
#include "profile/content_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * The JSON of a template to a certificate. What the strict reading takes, reading as step takes
 * too; what leaves profile_tbs() is a certificate that can be read, of the issuer and the key that
 * were given, with the provisioner that was given; and where nothing forbidden is found, there is
 * none by another look.
 */

static struct key *subject_key(void)
{
	/* The public key of RFC 8410's example. */
	static const char spki[] =
		"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"
		"\x19\xbf\x44\x09\x69\x84\xcd\xfe\x85\x41\xba\xc1\x67\xdc\x3b\x96"
		"\xc8\x50\x86\xaa\x30\xb6\xb6\xcb\x0c\x5c\x38\xad\x70\x31\x66\xe1";
	struct err e = ERR_INIT;
	struct key *k = key_from_spki(str_mem(spki, sizeof(spki) - 1), &e);

	ENSURE(k != NULL);
	return k;
}

static void check(const struct profile_fields *f, struct arena *a)
{
	static const unsigned char issuer_name[] =
		"\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01i";
	const struct step_provisioner prov = {.type = 1, .name = STR("p")};
	struct step_provisioner got;
	struct cert issuer = {
		.is_ca = true,
		.max_path_len = -1,
		.not_after = 2000000000,
		.ski = STR("key id"),
		.subject.der = str_mem(issuer_name, sizeof(issuer_name) - 1),
	};
	struct key *k = subject_key();
	struct profile_tbs p = {
		.serial = STR("\x01"),
		.issuer = &issuer,
		.sig_alg = f->sig_alg != SIG_NONE ? f->sig_alg : SIG_ED25519,
		.subject_key = k,
		.not_before = 1700000000,
		.not_after = 1800000000,
		.provisioner = &prov,
	};
	struct buf tbs = BUF_INIT, spki = BUF_INIT;
	struct err e = ERR_INIT;
	struct cert c;

	if (profile_tbs(f, &p, a, &tbs, &e) == 0 && f->odd == NULL &&
	    cert_parse_tbs(buf_view(&tbs), a, &c, &e) == 0) {
		const struct ext *x = ext_find(&c.exts, OID_STEP_PROVISIONER);

		key_to_spki(k, &spki);
		ENSURE(str_eq(c.spki, buf_view(&spki)));
		ENSURE(str_eq(c.issuer.der, issuer.subject.der));
		ENSURE(c.not_after == p.not_after);
		ENSURE(x != NULL && ext_step_provisioner_parse(x->value, a, &got, &e) == 0 &&
		       str_eqc(got.name, "p"));
		if (content_check_forbidden(&c, &issuer, 0, &e) == 0)
			ENSURE(!c.is_ca && (c.key_usage & (KU_CERT_SIGN | KU_CRL_SIGN)) == 0 &&
			       !(c.has_eku && cert_eku_allows(&c, OID_EKU_OCSP_SIGNING)));
		json_decref(content_certificate_json(f, &c, a));
	}
	buf_release(&tbs);
	buf_release(&spki);
	key_free(k);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool started; /* state: once per process */
	struct arena *a = arena_new();
	struct profile_fields strict, step;
	struct err e = ERR_INIT;
	struct str text = str_mem(data, size);
	bool taken;

	if (!started)
		ENSURE(crypto_init(NULL, &e) == 0);
	started = true;
	taken = content_read(text, a, &strict, &e) == 0;
	if (taken)
		check(&strict, a);
	if (content_read_as_step(text, a, &step, &e) == 0)
		check(&step, a);
	else
		ENSURE(!taken);
	arena_free(a);
	return 0;
}

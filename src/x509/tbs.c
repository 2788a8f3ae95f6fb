/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "x509/priv.h"

void tbs_build(const struct tbs_spec *s, struct buf *out)
{
	struct der_mark tbs = der_begin(out, DER_SEQUENCE), m;

	m = der_begin(out, DER_CTX_CONS(0));
	der_put_uint(out, 2);
	der_end(out, m);
	der_put_integer(out, s->serial);
	if (s->sig_alg_oid.n > 0) {
		m = der_begin(out, DER_SEQUENCE);
		der_put_oid(out, s->sig_alg_oid);
		der_end(out, m);
	} else {
		x509_sig_alg_write(s->sig_alg, out);
	}
	buf_str(out, s->issuer_der);
	m = der_begin(out, DER_SEQUENCE);
	der_put_time(out, s->not_before);
	der_put_time(out, s->not_after);
	der_end(out, m);
	buf_str(out, s->subject_der);
	buf_str(out, s->spki);
	if (s->exts.n > 0) {
		m = der_begin(out, DER_CTX_CONS(3));
		ext_list_write(&s->exts, out);
		der_end(out, m);
	}
	der_end(out, tbs);
}

void cert_assemble(struct str tbs, enum sig_alg alg, struct str signature, struct buf *out)
{
	struct der_mark m = der_begin(out, DER_SEQUENCE);

	buf_str(out, tbs);
	x509_sig_alg_write(alg, out);
	der_put_bit_string(out, signature);
	der_end(out, m);
}

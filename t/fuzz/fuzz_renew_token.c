/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "codec/b64.h"
#include "prov/priv.h"

/*
 * A renew token up to its signature. The first byte says what follows: 'r' the token as it is; 'j'
 * header and payload as text, one line each; 'd' the leaf's DER.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void assemble(struct str header, struct str payload, struct buf *out)
{
	b64_encode(B64_URL, header, out);
	buf_putc(out, '.');
	b64_encode(B64_URL, payload, out);
	buf_puts(out, ".AAAA");
}

static void make_token(char mode, struct str in, struct buf *out)
{
	struct buf header = BUF_INIT;
	struct str payload;

	switch (mode) {
	case 'j':
		in = str_cut(in, '\n', &payload);
		assemble(in, payload, out);
		break;
	case 'd':
		buf_puts(&header, "{\"alg\":\"ES256\",\"x5cInsecure\":[\"");
		b64_encode(B64_STD, in, &header);
		buf_puts(&header, "\"]}");
		assemble(buf_view(&header), STR("{\"sub\":\"a\",\"exp\":1}"), out);
		buf_release(&header);
		break;
	default:
		buf_str(out, in);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a;
	struct buf token = BUF_INIT;
	struct renew_token_parts p;
	struct err e = ERR_INIT;

	if (size == 0)
		return 0;
	a = arena_new();
	make_token((char)data[0], str_mem(data + 1, size - 1), &token);
	if (renew_token_parse(buf_view(&token), a, &p, &e) == 0) {
		ENSURE(json_is_object(p.jws.header) && json_is_object(p.jws.payload));
		ENSURE(p.jws.alg != SIG_NONE && p.jws.signature.n > 0);
		ENSURE(p.leaf.der.n > 0 && p.leaf.spki.n > 0 && p.leaf.serial.n > 0);
		ENSURE((p.leaf.key_usage & KU_DIGITAL_SIGNATURE) != 0);
		ENSURE(cert_eku_allows(&p.leaf, OID_EKU_CLIENT_AUTH));
	} else {
		ENSURE(e.code != ERR_OK && e.msg[0]);
	}
	arena_free(a);
	buf_release(&token);
	return 0;
}

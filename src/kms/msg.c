/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "kms/msg.h"

#define HEAD   8U
#define FIELDS 3U

static uint32_t be32(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3];
}

static void field_write(struct str s, size_t max, struct buf *out)
{
	if (s.n > max) {
		out->failed = true;
		return;
	}
	buf_u32(out, (uint32_t)s.n);
	buf_str(out, s);
}

static bool field_read(struct str *in, size_t max, struct str *out)
{
	size_t n;

	if (in->n < 4)
		return false;
	n = be32(in->p);
	if (n > max || n > in->n - 4)
		return false;
	*out = str_mem(in->p + 4, n);
	*in = str_mem(in->p + 4 + n, in->n - 4 - n);
	return true;
}

void kms_request_write(const struct kms_request *r, struct buf *out)
{
	bool sign = r->type == KMS_MSG_SIGN;

	buf_add(out, "SGKQ", 4);
	buf_u8(out, KMS_MSG_VERSION);
	buf_u8(out, (uint8_t)r->type);
	buf_u16(out, sign ? (uint16_t)r->alg : 0);
	field_write(sign ? r->issuer : r->uri, KMS_FIELD_MAX, out);
	field_write(sign ? r->tbs : r->dir, sign ? KMS_TBS_MAX : KMS_FIELD_MAX, out);
	field_write(sign ? STR_NULL : r->cert, KMS_FIELD_MAX, out);
}

static bool text_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return true;
}

static int open_check(struct kms_request *out, const struct str f[FIELDS], struct err *e)
{
	*out = (struct kms_request){.type = KMS_MSG_OPEN, .uri = f[0], .dir = f[1], .cert = f[2]};
	if (out->uri.n == 0 || out->cert.n == 0 || !text_ok(out->uri) || !text_ok(out->dir))
		return ERR(e, ERR_INVALID,
			   "kms message: open without a proper URI and certificate");
	return 0;
}

static int sign_check(struct kms_request *out, unsigned alg, const struct str f[FIELDS],
		      struct err *e)
{
	if (alg == SIG_NONE || alg > SIG_PSS_SHA512)
		return ERR(e, ERR_INVALID, "kms message: algorithm %u is unknown", alg);
	*out = (struct kms_request){
		.type = KMS_MSG_SIGN, .alg = (enum sig_alg)alg, .issuer = f[0], .tbs = f[1]};
	if (out->issuer.n == 0 || out->tbs.n == 0 || f[2].n != 0)
		return ERR(e, ERR_INVALID,
			   "kms message: sign needs an issuer and a TBS, and nothing else");
	return 0;
}

int kms_request_parse(struct str msg, struct kms_request *out, struct err *e)
{
	struct str f[FIELDS], rest;
	unsigned type, alg;

	*out = (struct kms_request){.issuer = STR_NULL};
	if (msg.n < HEAD || memcmp(msg.p, "SGKQ", 4) != 0)
		return ERR(e, ERR_INVALID, "kms message: no request");
	if (msg.p[4] != KMS_MSG_VERSION)
		return ERR(e, ERR_INVALID, "kms message: version %u is unknown",
			   (unsigned char)msg.p[4]);
	type = (unsigned char)msg.p[5];
	alg = (unsigned)(unsigned char)msg.p[6] << 8 | (unsigned char)msg.p[7];
	rest = str_mem(msg.p + HEAD, msg.n - HEAD);
	if (!field_read(&rest, KMS_FIELD_MAX, &f[0]) ||
	    !field_read(&rest, type == KMS_MSG_SIGN ? KMS_TBS_MAX : KMS_FIELD_MAX, &f[1]) ||
	    !field_read(&rest, KMS_FIELD_MAX, &f[2]) || rest.n != 0)
		return ERR(e, ERR_INVALID, "kms message: a length is wrong");
	if (type == KMS_MSG_SIGN)
		return sign_check(out, alg, f, e);
	if (type == KMS_MSG_OPEN && alg == 0)
		return open_check(out, f, e);
	return ERR(e, ERR_INVALID, "kms message: type %u is unknown", type);
}

static void answer_write(enum err_code code, struct str body, struct buf *out)
{
	buf_add(out, "SGKA", 4);
	buf_u8(out, KMS_MSG_VERSION);
	buf_u8(out, (uint8_t)code);
	buf_u16(out, 0);
	field_write(body, KMS_FIELD_MAX, out);
}

void kms_answer_ok(struct str signature, struct buf *out)
{
	answer_write(ERR_OK, signature, out);
}

void kms_answer_error(const struct err *why, struct buf *out)
{
	struct str text = str_c(why->msg);

	if (text.n > KMS_TEXT_MAX)
		text.n = KMS_TEXT_MAX;
	answer_write(why->code == ERR_OK ? ERR_INTERNAL : why->code, text, out);
}

int kms_answer_parse(struct str msg, struct str *body, struct err *e)
{
	struct str rest;
	unsigned code;

	*body = STR_NULL;
	if (msg.n < HEAD || memcmp(msg.p, "SGKA", 4) != 0 || msg.p[4] != KMS_MSG_VERSION ||
	    msg.p[6] != 0 || msg.p[7] != 0)
		return ERR(e, ERR_INTERNAL, "kms message: no answer");
	code = (unsigned char)msg.p[5];
	rest = str_mem(msg.p + HEAD, msg.n - HEAD);
	if (code > ERR_INTERNAL ||
	    !field_read(&rest, code == ERR_OK ? KMS_FIELD_MAX : KMS_TEXT_MAX, body) || rest.n != 0)
		return ERR(e, ERR_INTERNAL, "kms message: malformed answer");
	if (code == ERR_OK)
		return 0;
	(void)ERR(e, (enum err_code)code, STR_FMT, STR_ARG(*body));
	*body = STR_NULL;
	return -1;
}

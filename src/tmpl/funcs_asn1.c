/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/b64.h"
#include "codec/der.h"
#include "tmpl/asn1_priv.h"

/* funcs_asn1.c - asn1Enc, asn1Marshal, asn1Seq, asn1Set: DER as base64, for X.509 templates. */

/* The base64 of `der` as the result, or the error in `why`; both are released. */
static int finish(struct tmpl_call *c, int r, const struct asn1_out *o, struct tv *out)
{
	struct buf text = {.limit = c->room > 0 ? c->room : 1};

	if (r == 0 && !o->out->failed) {
		b64_encode(B64_STD, buf_view(o->out), &text);
		r = tmpl_return_buf(c, &text, out);
	} else if (r == 0) {
		r = tmpl_room(c, UINT64_MAX);
	} else if (!o->limited) {
		r = tmpl_error(c, STR_FMT, STR_ARG(buf_view(o->why)));
	}
	buf_release(o->out);
	buf_release(o->why);
	return r;
}

static size_t half_room(const struct tmpl_call *c) /* base64 needs a third more */
{
	return c->room / 2 + 1;
}

static int asn1_enc(struct tmpl_call *c, const struct tv *args, size_t n UNUSED, struct tv *out)
{
	struct str value = args[0].s, params = STR("printable");
	struct buf der = {.limit = half_room(c)}, why = BUF_INIT;
	struct asn1_out o = {.out = &der, .why = &why};

	if (tmpl_steps(c, value.n * 2) < 0)
		return -1;
	if (str_has(value, ':'))
		params = str_cut(value, ':', &value);
	int r = asn1_text_value(value, params, false, c->arena, &der, &why);
	return finish(c, r, &o, out);
}

static int asn1_marshal_func(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	struct buf der = {.limit = half_room(c)}, why = BUF_INIT;
	struct asn1_out o = {.arena = c->arena, .out = &der, .why = &why, .call = c};
	struct asn1_params p = {0};

	for (size_t i = 1; i < n; i++) {
		if (tmpl_steps(c, args[i].s.n) < 0)
			return -1;
		asn1_params_read(args[i].s, &p);
	}
	int r = asn1_marshal(&o, args[0], &p, 0);
	return finish(c, r, &o, out);
}

static int collect(struct tmpl_call *c, const struct tv *args, size_t n, unsigned tag,
		   struct tv *out)
{
	static const struct asn1_params plain = {0};
	struct buf der = {.limit = half_room(c)}, body = {.limit = half_room(c)}, why = BUF_INIT;
	struct asn1_out o = {.arena = c->arena, .out = &der, .why = &why, .call = c};
	size_t bad;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		r = tmpl_steps(c, args[i].s.n);
		if (r < 0) {
			o.limited = true;
		} else if (b64_go_decode(args[i].s, &body, &bad) < 0) {
			buf_printf(&why, "illegal base64 data at input byte %zu", bad);
			r = -1;
		}
	}
	if (r == 0)
		r = asn1_wrap(&o, buf_view(&body), tag, true, &plain);
	der.failed = der.failed || body.failed;
	buf_release(&body);
	return finish(c, r, &o, out);
}

static int asn1_seq(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	return collect(c, args, n, ASN1_SEQUENCE, out);
}

static int asn1_set(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	return collect(c, args, n, ASN1_SET, out);
}

const struct tmpl_func tmpl_funcs_asn1[] = {
	{"asn1Enc", "s", 's', TMPL_FUNC_X509, asn1_enc},
	{"asn1Marshal", "a*s", 's', TMPL_FUNC_X509, asn1_marshal_func},
	{"asn1Seq", "*s", 's', TMPL_FUNC_X509, asn1_seq},
	{"asn1Set", "*s", 's', TMPL_FUNC_X509, asn1_set},
	{0},
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/mem.h"
#include "codec/b64.h"
#include "jose/jws.h"
#include "jose/priv.h"

/*
 * jws.c - compact JWS (RFC 7515).
 *
 * The header comes from whoever sent the token, so it decides nothing. `alg` is looked up in the
 * table of asymmetric signature algorithms: `none`, HS* and unknown names end in jws_parse.
 * jws_verify then asks that the algorithm is the one that JOSE allows for the type of the key that
 * the *caller* chose; `jwk`, `jku`, `x5u` and `x5c` in the header are never followed here. RFC 7797
 * (`b64`) is refused with or without `crit`.
 */

static int header_fields(struct jws *j, struct err *e)
{
	struct str alg;

	if (jose_opt_str(j->header, "alg", &alg, e) < 0 ||
	    jose_opt_str(j->header, "kid", &j->kid, e) < 0)
		return err_wrap(e, "header");
	if (json_object_get(j->header, "b64"))
		return ERR(e, ERR_INVALID, "header: b64: not supported");
	j->alg = sig_alg_from_jose(alg);
	if (j->alg == SIG_NONE)
		return ERR(e, ERR_UNAUTHORIZED,
			   "header: alg \"%.20s\": not an asymmetric signature algorithm that is "
			   "accepted here",
			   alg.n ? json_string_value(json_object_get(j->header, "alg")) : "");
	return 0;
}

int jws_parse(struct str token, struct arena *a, struct jws *out, struct err *e)
{
	struct str parts[3];
	struct err ignored = ERR_INIT;

	memset(out, 0, sizeof(*out));
	if (token.n > JOSE_MAX_TOKEN)
		return ERR(e, ERR_TOO_LARGE, "jws: %zu bytes, at most %u are accepted", token.n,
			   JOSE_MAX_TOKEN);
	if (!jose_split(token, parts, ARRAY_LEN(parts)))
		return ERR(e, ERR_INVALID,
			   "jws: not in compact form (three parts separated by dots)");
	if (jose_header(parts[0], a, &out->header, e) < 0 || header_fields(out, e) < 0 ||
	    jose_b64(parts[1], a, "payload", &out->payload_raw, e) < 0 ||
	    jose_b64(parts[2], a, "signature", &out->signature, e) < 0)
		goto bad;
	if (out->signature.n == 0) {
		ERR(e, ERR_UNAUTHORIZED, "signature: empty");
		goto bad;
	}
	out->signing_input = str_mem(token.p, parts[0].n + 1 + parts[1].n);
	out->payload = json_parse(out->payload_raw, &json_limits_request,
				  JSON_REFUSE_DUPLICATES | JSON_TOP_OBJECT, &ignored);
	return 0;
bad:
	jws_release(out);
	return err_wrap(e, "jws");
}

void jws_release(struct jws *j)
{
	json_decref(j->header);
	json_decref(j->payload);
	memset(j, 0, sizeof(*j));
}

int jws_verify(struct key *key, enum sig_alg alg, struct str signing_input, struct str signature,
	       struct err *e)
{
	const struct sig_alg_info *info = alg == SIG_NONE ? NULL : sig_alg_info(alg);
	enum key_type t = key_type(key);
	struct buf der = BUF_INIT;
	int rc;

	if (!info || info->jose_key != t)
		return ERR(e, ERR_UNAUTHORIZED, "jws: algorithm %s does not fit a %s key",
			   info ? info->jose : "none", key_type_name(t));
	if (t == KEY_RSA && signature.n != (key_bits(key) + 7) / 8)
		return ERR(e, ERR_UNAUTHORIZED, "jws: signature has %zu bytes, the key makes %u",
			   signature.n, (key_bits(key) + 7) / 8);
	if (t == KEY_ED25519 && signature.n != 64)
		return ERR(e, ERR_UNAUTHORIZED, "jws: signature has %zu bytes, Ed25519 makes 64",
			   signature.n);
	if (t == KEY_RSA || t == KEY_ED25519)
		rc = key_verify(key, alg, signing_input, signature, e);
	else if ((rc = sig_raw_to_der(t, signature, &der, e)) == 0)
		rc = key_verify(key, alg, signing_input, buf_view(&der), e);
	buf_release(&der);
	if (rc < 0) {
		/* A signature that cannot even be read is a wrong one. What the library itself
		 * could not do keeps its code. */
		if (e->code == ERR_INVALID || e->code == ERR_FORBIDDEN)
			e->code = ERR_UNAUTHORIZED;
		return err_wrap(e, "jws");
	}
	return 0;
}

static void put_part(struct buf *out, const json_t *v)
{
	struct buf text = BUF_INIT;

	json_write(v, &text);
	b64_encode(B64_URL, buf_view(&text), out);
	buf_wipe_release(&text);
}

int jws_sign(struct key *key, const char *kid, const json_t *extra_header, const json_t *payload,
	     struct buf *out, struct err *e)
{
	enum sig_alg alg = sig_alg_for_key(key);
	enum key_type t = key_type(key);
	struct buf text = BUF_INIT, sig = BUF_INIT, raw = BUF_INIT;
	json_t *header;
	int rc;

	if (alg == SIG_NONE || !key_is_private(key))
		return ERR(e, ERR_INVALID, "jws: this %s key cannot sign", key_type_name(t));
	ENSURE(!extra_header ||
	       (!json_object_get(extra_header, "alg") && !json_object_get(extra_header, "kid")));
	header = json_object();
	json_object_set_new(header, "alg", json_string(sig_alg_info(alg)->jose));
	if (kid)
		json_object_set_new(header, "kid", json_str_new(str_c(kid)));
	json_object_set_new(header, "typ", json_string("JWT"));
	if (extra_header) {
		json_t *copy = json_deep_copy(extra_header);
		json_object_update(header, copy);
		json_decref(copy);
	}
	put_part(&text, header);
	json_decref(header);
	buf_putc(&text, '.');
	put_part(&text, payload);
	rc = key_sign(key, alg, buf_view(&text), &sig, e);
	if (rc == 0 && t != KEY_RSA && t != KEY_ED25519)
		rc = sig_der_to_raw(t, buf_view(&sig), &raw, e);
	if (rc == 0) {
		buf_str(out, buf_view(&text));
		buf_putc(out, '.');
		b64_encode(B64_URL, buf_view(t == KEY_RSA || t == KEY_ED25519 ? &sig : &raw), out);
	}
	buf_release(&text);
	buf_release(&sig);
	buf_release(&raw);
	return rc;
}

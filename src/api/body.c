/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "api/body.h"

#include "ca/ca.h"
#include "codec/uuid.h"

/*
 * body.c - how the bodies of the `step` protocol are read: keys in any case, the last of equal ones
 * wins, unknown keys and what follows the first value are ignored, `null` is an object without
 * members; inside templateData, which templates read, a key in another case is another key. Where
 * the protocol's own parser was too generous (octal and binary serials, reason 7), this one is not.
 * Checks come in the order in which the protocol names what is missing.
 */

static int invalid(struct err *e, const char *text)
{
	ERR(e, ERR_INVALID, "body: %s", text);
	return err_public(e, "%s", text);
}

static int undecodable(struct err *e, const struct err *why)
{
	enum err_code code = why->code == ERR_TOO_LARGE ? ERR_TOO_LARGE : ERR_INVALID;

	ERR(e, code, "body: %s", why->msg[0] != '\0' ? why->msg : "not an object");
	return err_public(e, "error decoding json");
}

/* The object, owned by the arena; an empty one for null. */
static int read_object(struct str text, struct arena *a, json_t **out, struct err *e)
{
	struct err why = ERR_INIT;
	json_t *v = json_parse(text, &json_limits_request, JSON_ALLOW_TRAILING, &why);

	if (v != NULL && json_is_null(v)) {
		json_decref(v);
		v = json_object();
	}
	if (v == NULL || !json_is_object(v)) {
		json_decref(v);
		return undecodable(e, &why);
	}
	json_free_with(v, a);
	*out = v;
	return 0;
}

static int opt_str(const json_t *o, const char *key, struct str *out, struct err *e)
{
	struct err why = ERR_INIT;

	if (json_opt_str(o, key, JSON_FOLD_KEYS, out, &why) < 0)
		return undecodable(e, &why);
	return 0;
}

/* Absent and null are 0; a fraction is no integer, even 1.0. */
static int opt_i64(const json_t *o, const char *key, int64_t *out, struct err *e)
{
	const json_t *v = json_member(o, key, JSON_FOLD_KEYS);
	struct err why = ERR_INIT;

	*out = 0;
	if (v == NULL || json_is_null(v))
		return 0;
	if (json_get_i64(o, key, JSON_FOLD_KEYS, out, &why) < 0)
		return undecodable(e, &why);
	return 0;
}

static int opt_bool(const json_t *o, const char *key, bool *out, struct err *e)
{
	struct err why = ERR_INIT;

	if (json_opt_bool(o, key, JSON_FOLD_KEYS, false, out, &why) < 0)
		return undecodable(e, &why);
	return 0;
}

static int read_csr(struct str pem, struct arena *a, struct csr *out, struct err *e)
{
	struct err why = ERR_INIT;

	if (pem.n == 0 || str_eqc(pem, "null"))
		return invalid(e, "missing csr");
	if (csr_pem_parse(pem, a, out, &why) == 0)
		return 0;
	ERR(e, why.code == ERR_TOO_LARGE ? ERR_TOO_LARGE : ERR_INVALID, "csr: %s", why.msg);
	return err_public(e, "invalid csr");
}

int sign_body_parse(struct str text, struct arena *a, struct sign_body *out, struct err *e)
{
	struct str pem = STR_NULL, endpoint = STR_NULL;
	unsigned char id[16];
	json_t *o;

	*out = (struct sign_body){0};
	if (read_object(text, a, &o, e) < 0 || opt_str(o, "csr", &pem, e) < 0 ||
	    opt_str(o, "ott", &out->ott, e) < 0 ||
	    opt_str(o, "notBefore", &out->not_before, e) < 0 ||
	    opt_str(o, "notAfter", &out->not_after, e) < 0 ||
	    opt_str(o, "endpoint", &endpoint, e) < 0 || read_csr(pem, a, &out->csr, e) < 0)
		return -1;
	out->template_data = json_member(o, "templateData", JSON_FOLD_KEYS);
	if (json_is_null(out->template_data))
		out->template_data = NULL;
	if (out->template_data != NULL && !json_is_object(out->template_data))
		return invalid(e, "templateData is not an object");
	if (endpoint.n == 0)
		return 0;
	if (uuid_parse(endpoint, id) < 0)
		return invalid(e, "endpoint is not a UUID");
	out->endpoint = str_mem(arena_dup(a, id, sizeof(id)), sizeof(id));
	return 0;
}

int rekey_body_parse(struct str text, struct arena *a, struct rekey_body *out, struct err *e)
{
	struct str pem = STR_NULL;
	json_t *o;

	*out = (struct rekey_body){0};
	if (read_object(text, a, &o, e) < 0 || opt_str(o, "csr", &pem, e) < 0)
		return -1;
	return read_csr(pem, a, &out->csr, e);
}

static int read_serial(struct str text, struct arena *a, struct revoke_body *out, struct err *e)
{
	struct err why = ERR_INIT;
	struct buf decimal = BUF_INIT;

	if (text.n == 0)
		return invalid(e, "missing serial");
	if (serial_parse(text, a, &out->serial, &why) < 0) {
		ERR(e, ERR_INVALID, "body: %s", why.msg);
		return err_public(e,
				  "'%.*s' is not a valid serial number - use a base 10 "
				  "representation or a base 16 representation with '0x' prefix",
				  text.n > 80 ? 80 : (int)text.n, text.p);
	}
	serial_to_decimal(out->serial, &decimal);
	out->decimal = arena_str(a, buf_view(&decimal));
	buf_release(&decimal);
	return 0;
}

int revoke_body_parse(struct str text, struct arena *a, struct revoke_body *out, struct err *e)
{
	struct str serial = STR_NULL;
	bool passive = false;
	json_t *o;

	*out = (struct revoke_body){0};
	if (read_object(text, a, &o, e) < 0 || opt_str(o, "serial", &serial, e) < 0 ||
	    opt_str(o, "ott", &out->ott, e) < 0 || opt_i64(o, "reasonCode", &out->reason, e) < 0 ||
	    opt_str(o, "reason", &out->text, e) < 0 || opt_bool(o, "passive", &passive, e) < 0 ||
	    read_serial(serial, a, out, e) < 0)
		return -1;
	if (!revoke_reason_known(out->reason))
		return invalid(e, "reasonCode out of bounds");
	if (out->text.n > REVOKE_TEXT_MAX)
		return invalid(e, "reason is longer than 1000 bytes");
	if (!passive) {
		ERR(e, ERR_UNSUPPORTED, "body: passive is not true");
		return err_public(e, "non-passive revocation not implemented");
	}
	return 0;
}

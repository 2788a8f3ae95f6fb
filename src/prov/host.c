/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/log.h"
#include "prov/priv.h"

/*
 * host.c - the table that provisioner plugins are handed.
 *
 * A plugin is code that we did not write: each function takes what it is given with care. NULL for
 * a value reads as absent, strings that it passes are copied, and what only makes sense later
 * (check_claims before the signature is known to be right) is an error that denies. To add a
 * function: append it to abi/host.h with a note in the change log, and here.
 */

/* ---- log, errors ---- */

static void host_log(enum signet_log_level level, const char *plugin, const char *event,
		     struct signet_str detail)
{
	enum log_level l = level == SIGNET_LOG_ERROR  ? LOG_ERROR
			   : level == SIGNET_LOG_WARN ? LOG_WARN
			   : level == SIGNET_LOG_INFO ? LOG_INFO
						      : LOG_DEBUG;

	log_event(l, event, F_C("plugin", plugin), F_STR("detail", str_of_abi(detail)));
}

static int host_error(struct signet_err *se, enum signet_err_code code, const char *fmt, ...)
	PRINTF(3, 4);
static int host_error(struct signet_err *se, enum signet_err_code code, const char *fmt, ...)
{
	struct signet_err raw = {.code = code};
	struct err e = ERR_INIT;
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(raw.msg, sizeof(raw.msg), fmt, ap) < 0)
		raw.msg[0] = 0;
	va_end(ap);
	err_from_abi(&e, &raw);
	return err_to_abi(se, &e);
}

/* ---- trees ---- */

static enum signet_value_type host_value_type(const struct signet_value *v)
{
	const json_t *o = json_of_abi(v);

	if (!o)
		return SIGNET_VALUE_NULL;
	switch (json_typeof(o)) {
	case JSON_OBJECT:
		return SIGNET_VALUE_OBJECT;
	case JSON_ARRAY:
		return SIGNET_VALUE_LIST;
	case JSON_STRING:
		return SIGNET_VALUE_STRING;
	case JSON_INTEGER:
		return SIGNET_VALUE_INT;
	case JSON_REAL:
		return SIGNET_VALUE_REAL;
	case JSON_TRUE:
	case JSON_FALSE:
		return SIGNET_VALUE_BOOL;
	case JSON_NULL:
		break;
	}
	return SIGNET_VALUE_NULL;
}

static const struct signet_value *host_value_get(const struct signet_value *object, const char *key)
{
	return json_to_abi(json_object_get(json_of_abi(object), key));
}

static const struct signet_value *host_value_at(const struct signet_value *list, size_t i)
{
	return json_to_abi(json_array_get(json_of_abi(list), i));
}

static size_t host_value_count(const struct signet_value *v)
{
	const json_t *o = json_of_abi(v);

	return json_is_array(o) ? json_array_size(o) : json_object_size(o);
}

static bool host_value_string(const struct signet_value *v, struct signet_str *out)
{
	const json_t *o = json_of_abi(v);

	if (!json_is_string(o))
		return false;
	*out = str_to_abi(json_str_view(o));
	return true;
}

static bool host_value_int(const struct signet_value *v, int64_t *out)
{
	const json_t *o = json_of_abi(v);

	if (!json_is_integer(o))
		return false;
	*out = json_integer_value(o);
	return true;
}

static bool host_value_bool(const struct signet_value *v, bool *out)
{
	const json_t *o = json_of_abi(v);

	if (!json_is_boolean(o))
		return false;
	*out = json_is_true(o);
	return true;
}

/* ---- the authorization ---- */

static enum signet_prov_method host_op_method(const struct signet_prov_op *op)
{
	return prov_op_of(op)->a->method;
}

static const struct signet_value *host_op_token_header(const struct signet_prov_op *op)
{
	return json_to_abi(prov_op_of(op)->jws.header);
}

static const struct signet_value *host_op_token_claims(const struct signet_prov_op *op)
{
	return json_to_abi(prov_op_of(op)->jws.payload);
}

static int64_t host_op_now(const struct signet_prov_op *op)
{
	return prov_op_of(op)->now;
}

static struct signet_str host_op_csr_sha256(const struct signet_prov_op *op)
{
	struct prov_op *o = prov_op_of(op);

	return o->a->csr ? str_to_abi(str_mem(o->csr_sha256, sizeof(o->csr_sha256)))
			 : (struct signet_str){NULL, 0};
}

static int host_verify_token(struct signet_prov_op *op, const struct signet_key *k,
			     struct signet_err *se)
{
	struct err e = ERR_INIT;

	/* The handles inside change, the key does not. */
	if (prov_verify_start(prov_op_of(op), (struct signet_key *)(uintptr_t)k, &e) < 0)
		return err_to_abi(se, &e);
	return 0;
}

static int host_wait_result(struct signet_prov_op *op, struct signet_err *se)
{
	struct prov_op *o = prov_op_of(op);

	if (!o->resumed)
		return host_error(
			se, SIGNET_INTERNAL,
			"the plugin asked for the result of a wait that it did not start");
	return o->wait_err.code == ERR_OK ? 0 : err_to_abi(se, &o->wait_err);
}

static int check_claims(struct prov_op *o, const struct signet_token_rules *r, struct err *e)
{
	const struct jwt_claims *c = &o->claims;

	if (!o->verified)
		return ERR(e, ERR_INTERNAL,
			   "the plugin looked at claims whose signature is not known to be right");
	if (jwt_check_time(c, o->now,
			   r->max_age > 0 && r->max_age < PROV_TOKEN_AGE ? r->max_age
									 : PROV_TOKEN_AGE,
			   e) < 0)
		return err_wrap(e, "token");
	if (!prov_audience_has(c->aud, o->audiences.op, o->audiences.n_op, r->fragment))
		return ERR(e, ERR_UNAUTHORIZED,
			   "token: claims: aud: not for this operation of this server");
	if (r->issuer.n && !str_eq(c->iss, str_of_abi(r->issuer)))
		return ERR(e, ERR_UNAUTHORIZED, "token: claims: iss: not the provisioner's name");
	if (r->need_subject && c->sub.n == 0)
		return ERR(e, ERR_UNAUTHORIZED, "token: claims: sub: missing");
	o->checked = true;
	return 0;
}

static int host_check_claims(struct signet_prov_op *op, const struct signet_token_rules *rules,
			     struct signet_err *se)
{
	struct err e = ERR_INIT;

	return check_claims(prov_op_of(op), rules, &e) < 0 ? err_to_abi(se, &e) : 0;
}

/* ---- describe() ---- */

static json_t *out_object(struct signet_value *object)
{
	return (json_t *)(void *)object;
}

static void host_out_string(struct signet_value *object, const char *key, struct signet_str value)
{
	json_object_set_new(out_object(object), key, json_str_new(str_of_abi(value)));
}

static void host_out_value(struct signet_value *object, const char *key,
			   const struct signet_value *v)
{
	if (v)
		json_object_set_new(out_object(object), key, json_deep_copy(json_of_abi(v)));
}

const struct signet_host prov_host = {
	.size = sizeof(struct signet_host),
	.log = host_log,
	.error = host_error,
	.value_type = host_value_type,
	.value_get = host_value_get,
	.value_at = host_value_at,
	.value_count = host_value_count,
	.value_string = host_value_string,
	.value_int = host_value_int,
	.value_bool = host_value_bool,
	.key_from_jwk = host_key_from_jwk,
	.key_kid = host_key_kid,
	.key_free = host_key_free,
	.op_method = host_op_method,
	.op_token_header = host_op_token_header,
	.op_token_claims = host_op_token_claims,
	.op_now = host_op_now,
	.op_csr_sha256 = host_op_csr_sha256,
	.verify_token = host_verify_token,
	.wait_result = host_wait_result,
	.check_claims = host_check_claims,
	.grant_once = host_grant_once,
	.grant_subject = host_grant_subject,
	.grant_name = host_grant_name,
	.grant_match_csr = host_grant_match_csr,
	.grant_not_after = host_grant_not_after,
	.grant_credential = host_grant_credential,
	.grant_data = host_grant_data,
	.grant_serial = host_grant_serial,
	.out_string = host_out_string,
	.out_value = host_out_value,
};

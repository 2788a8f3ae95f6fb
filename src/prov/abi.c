/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "prov/priv.h"

/* The opaque types of the plugin headers are these of ours. */

struct signet_prov_op *prov_op_abi(struct prov_op *op)
{
	return (struct signet_prov_op *)(void *)op;
}

struct prov_op *prov_op_of(const struct signet_prov_op *op)
{
	struct prov_op *o = (struct prov_op *)(uintptr_t)
		op; /* a plugin may hold it const, the host never does */

	OBJ_CHECK(o, PROV_OP_MAGIC);
	return o;
}

const json_t *json_of_abi(const struct signet_value *v)
{
	return (const json_t *)(const void *)v;
}

const struct signet_value *json_to_abi(const json_t *v)
{
	return (const struct signet_value *)(const void *)v;
}

_Static_assert((int)SIGNET_INVALID == (int)ERR_INVALID &&
		       (int)SIGNET_UNAUTHORIZED == (int)ERR_UNAUTHORIZED &&
		       (int)SIGNET_UNAVAILABLE == (int)ERR_UNAVAILABLE &&
		       (int)SIGNET_INTERNAL == (int)ERR_INTERNAL,
	       "codes have the same numbers on both sides");

int err_to_abi(struct signet_err *out, const struct err *e)
{
	_Static_assert(sizeof(out->msg) >= sizeof(e->msg) && sizeof(out->pub) >= sizeof(e->pub),
		       "texts fit");
	out->code = (enum signet_err_code)e->code;
	memcpy(out->msg, e->msg, sizeof(e->msg));
	memcpy(out->pub, e->pub, sizeof(e->pub));
	return -1;
}

int err_from_abi(struct err *out, const struct signet_err *e)
{
	int code = (int)e->code;

	if (code <= ERR_OK || code > ERR_INTERNAL)
		code = ERR_INTERNAL;
	ERR(out, (enum err_code)code, "%.*s", (int)sizeof(e->msg) - 1,
	    e->msg[0] ? e->msg : "the plugin gave no reason");
	if (e->pub[0])
		err_public(out, "%.*s", (int)sizeof(e->pub) - 1, e->pub);
	return -1;
}

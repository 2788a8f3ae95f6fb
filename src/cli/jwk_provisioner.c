/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/jwk_provisioner.h"

#include "jose/jwe.h"
#include "jose/jwk.h"

/* jwk_provisioner.c - a key pair in the two forms in which a JWK provisioner's file has it. */

int jwk_pair_make(const struct key *k, const struct secret *password, struct jwk_pair *out,
		  struct err *e)
{
	json_t *private = jwk_json(k, NULL, true);
	struct buf text = BUF_INIT;
	int rc;

	*out = (struct jwk_pair){0};
	json_write(private, &text);
	json_decref(private);
	rc = jwe_encrypt_password(buf_view(&text), password, "jwk+json", &out->encrypted, e);
	buf_wipe_release(&text);
	if (rc < 0)
		jwk_pair_release(out);
	else
		out->key = jwk_json(k, NULL, false);
	return rc;
}

void jwk_pair_release(struct jwk_pair *p)
{
	json_decref(p->key);
	buf_release(&p->encrypted);
	*p = (struct jwk_pair){0};
}

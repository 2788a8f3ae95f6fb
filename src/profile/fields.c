/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "profile/profile.h"

void profile_leaf_fields(struct profile_fields *f, struct str common_name,
			 const struct san_list *sans, enum key_type subject_key, struct arena *a)
{
	static const enum oid usages[] = {OID_EKU_SERVER_AUTH, OID_EKU_CLIENT_AUTH};

	*f = (struct profile_fields){
		.subject = name_from_cn(common_name, a),
		.sans = *sans,
		.key_usage = KU_DIGITAL_SIGNATURE,
		.ekus = usages,
		.n_ekus = ARRAY_LEN(usages),
		.max_path_len = -1,
	};
	if (subject_key == KEY_RSA)
		f->key_usage |= KU_KEY_ENCIPHERMENT;
}

void profile_ca_fields(struct profile_fields *f, const struct name *subject, int max_path_len)
{
	*f = (struct profile_fields){
		.subject = *subject,
		.key_usage = KU_CERT_SIGN | KU_CRL_SIGN,
		.is_ca = true,
		.has_basic_constraints = true,
		.max_path_len = max_path_len,
	};
}

int profile_key_check(const struct key *k, struct err *e)
{
	switch (key_type(k)) {
	case KEY_P256:
	case KEY_P384:
	case KEY_P521:
	case KEY_ED25519:
		return 0;
	case KEY_RSA:
		/* What a smaller or even modulus or exponent is, loading has refused. */
		if (key_bits(k) < 2048)
			ERR(e, ERR_FORBIDDEN, "RSA with %u bits; at least 2048 are needed",
			    key_bits(k));
		else if (key_weak_check(k, e) == 0)
			return 0;
		err_wrap(e, "subject key");
		return err_public(e, "%s", e->msg);
	case KEY_X25519:
	case KEY_NONE:
		break;
	}
	return ERR(e, ERR_INVALID, "subject key: a %s key cannot have a certificate",
		   key_type_name(key_type(k)));
}

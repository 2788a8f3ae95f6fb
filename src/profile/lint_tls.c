/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "profile/lint_priv.h"

/*
 * lint_tls.c - what public authorities must keep to for certificates of TLS servers (the CA/Browser
 * Forum's baseline requirements, "BR"), as far as a certificate alone shows it. For leaves only. A
 * private authority may do otherwise, so these are asked for by name.
 */

#define LIFETIME_MAX_DAYS 398

static void check_lifetime(struct lint_view *v)
{
	if (v->time_ok[0] && v->time_ok[1] &&
	    v->at[1] - v->at[0] + 1 > (int64_t)LIFETIME_MAX_DAYS * 86400)
		lint_add(v, LINT_ERROR, "tls_lifetime", "BR 6.3.2",
			 "it is valid for %" PRId64 " days, more than %d",
			 (v->at[1] - v->at[0]) / 86400, LIFETIME_MAX_DAYS);
	if (v->serial.n < 8)
		lint_add(v, LINT_ERROR, "tls_serial_short", "BR 7.1.2.7",
			 "the serial number has no room for 64 random bits");
}

static void check_uses(struct lint_view *v)
{
	bool server = false;

	for (size_t i = 0; i < v->n_ekus; i++) {
		enum oid use = oid_find(v->ekus[i]);

		server |= use == OID_EKU_SERVER_AUTH;
		if (use == OID_EKU_CLIENT_AUTH)
			lint_add(v, LINT_WARNING, "tls_eku_client", "BR 7.1.2.7.10",
				 "extKeyUsage names clientAuth: browsers want serverAuth alone");
		else if (use != OID_EKU_SERVER_AUTH)
			lint_add(v, LINT_ERROR, "tls_eku_other", "BR 7.1.2.7.10",
				 "extKeyUsage names %s, which is not for a TLS server",
				 lint_oid_text(v, v->ekus[i]));
	}
	if (!server)
		lint_add(v, LINT_ERROR, "tls_eku_missing", "BR 7.1.2.7.10",
			 "extKeyUsage does not name serverAuth");
	if (v->has_ku && (v->ku & ~(uint32_t)(KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT |
					      KU_KEY_AGREEMENT)) != 0)
		lint_add(v, LINT_ERROR, "tls_ku_other", "BR 7.1.2.7.11",
			 "keyUsage allows more than a TLS server needs");
	if (v->has_ku && (v->ku & KU_DIGITAL_SIGNATURE) == 0)
		lint_add(v, LINT_WARNING, "tls_ku_signature", "BR 7.1.2.7.11",
			 "keyUsage does not allow digitalSignature, which TLS 1.3 needs");
}

/* RFC 6890: for private use, loopback, link-local, shared, multicast, unspecified. */
static bool reserved(struct str ip)
{
	const unsigned char *p = (const unsigned char *)ip.p;

	if (ip.n == 4)
		return p[0] == 0 || p[0] == 10 || p[0] == 127 || p[0] >= 224 ||
		       (p[0] == 100 && (p[1] & 0xc0) == 64) || (p[0] == 169 && p[1] == 254) ||
		       (p[0] == 172 && (p[1] & 0xf0) == 16) || (p[0] == 192 && p[1] == 168);
	return ip.n == 16 && (p[0] == 0 || (p[0] & 0xfe) == 0xfc || p[0] == 0xff ||
			      (p[0] == 0xfe && (p[1] & 0x80) != 0) ||
			      (p[0] == 0x20 && p[1] == 0x01 && p[2] == 0x0d && p[3] == 0xb8));
}

static void check_dns(struct lint_view *v, struct str name)
{
	static const char *const tlds[] = {".local", ".internal", ".lan",     ".home", ".localhost",
					   ".test",  ".example",  ".invalid", ".corp"};
	bool internal = !str_has(name, '.');

	for (size_t i = 0; i < ARRAY_LEN(tlds) && !internal; i++) {
		size_t n = strlen(tlds[i]);

		internal = name.n > n && str_ieqc((struct str){name.p + name.n - n, n}, tlds[i]);
	}
	if (internal)
		lint_add(v, LINT_ERROR, "tls_internal_name", "BR 4.2.2",
			 "DNS name " STR_FMT ": is not a public name", STR_ARG(name));
	if (str_has(name, '_'))
		lint_add(v, LINT_ERROR, "tls_underscore", "BR 7.1.2.7.12",
			 "DNS name " STR_FMT ": has an underscore", STR_ARG(name));
}

static void check_names(struct lint_view *v)
{
	struct str cn = lint_common_name(v);

	if (lint_ext(v, OID_SAN) == NULL)
		lint_add(v, LINT_ERROR, "tls_no_san", "BR 7.1.2.7.12",
			 "there is no subjectAltName");
	for (size_t i = 0; i < v->n_sans; i++) {
		const struct lint_name *n = &v->sans[i];

		if (n->tag == DER_CTX(SAN_DNS))
			check_dns(v, n->value);
		else if (n->tag != DER_CTX(SAN_IP))
			lint_add(v, LINT_ERROR, "tls_san_type", "BR 7.1.2.7.12",
				 "subjectAltName has others than DNS names and addresses");
		else if (reserved(n->value))
			lint_add(v, LINT_ERROR, "tls_reserved_address", "BR 4.2.2",
				 "an address is not a public one");
	}
	if (cn.n > 0 && !lint_cn_in_sans(v, cn))
		lint_add(v, LINT_ERROR, "tls_cn_not_in_san", "BR 7.1.4.3",
			 "common name " STR_FMT ": is not among the alternative names",
			 STR_ARG(cn));
}

void lint_tls(struct lint_view *v)
{
	check_lifetime(v);
	check_uses(v);
	check_names(v);
	if (lint_ext(v, OID_AIA) == NULL && lint_ext(v, OID_CRL_DP) == NULL)
		lint_add(v, LINT_WARNING, "tls_no_revocation", "BR 7.1.2.7.7",
			 "neither OCSP nor a CRL is named: who wants to know whether it was "
			 "revoked cannot ask");
}

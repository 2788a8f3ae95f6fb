/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CODEC_OID_H
#define SIGNET_CODEC_OID_H

#include "base/buf.h"
#include "base/err.h"

/*
 * Object identifiers. One table (oid.c) names all that the project knows: id, dotted form, name;
 * the DER contents are computed from the dotted form once, at compile time by hand or at first
 * use of oid_init.
 */
enum oid {
	OID_NONE,
	/* keys and signatures */
	OID_RSA_ENCRYPTION,
	OID_RSASSA_PSS,
	OID_MGF1,
	OID_SHA1_RSA,
	OID_SHA256_RSA,
	OID_SHA384_RSA,
	OID_SHA512_RSA,
	OID_EC_PUBLIC_KEY,
	OID_P256,
	OID_P384,
	OID_P521,
	OID_ECDSA_SHA1,
	OID_ECDSA_SHA256,
	OID_ECDSA_SHA384,
	OID_ECDSA_SHA512,
	OID_ED25519,
	OID_X25519,
	OID_SHA1,
	OID_SHA256,
	OID_SHA384,
	OID_SHA512,
	/* PKCS#5 / #8 */
	OID_PBES2,
	OID_PBKDF2,
	OID_SCRYPT,
	OID_HMAC_SHA1,
	OID_HMAC_SHA256,
	OID_HMAC_SHA384,
	OID_HMAC_SHA512,
	OID_AES128_CBC,
	OID_AES192_CBC,
	OID_AES256_CBC,
	OID_DES_EDE3_CBC,
	/* attributes of names */
	OID_CN,
	OID_SURNAME,
	OID_SERIAL_NUMBER,
	OID_C,
	OID_L,
	OID_ST,
	OID_STREET,
	OID_O,
	OID_OU,
	OID_TITLE,
	OID_POSTAL_CODE,
	OID_GIVEN_NAME,
	OID_DN_QUALIFIER,
	OID_EMAIL_ADDRESS,
	OID_DC,
	OID_UID,
	/* extensions */
	OID_SUBJECT_KEY_ID,
	OID_KEY_USAGE,
	OID_SAN,
	OID_BASIC_CONSTRAINTS,
	OID_NAME_CONSTRAINTS,
	OID_CRL_DP,
	OID_CERT_POLICIES,
	OID_AUTHORITY_KEY_ID,
	OID_EXT_KEY_USAGE,
	OID_AIA,
	OID_AD_OCSP,
	OID_AD_CA_ISSUERS,
	OID_STEP_PROVISIONER, /* 1.3.6.1.4.1.37476.9000.64.1 */
	/* extended key usages */
	OID_EKU_ANY,
	OID_EKU_SERVER_AUTH,
	OID_EKU_CLIENT_AUTH,
	OID_EKU_CODE_SIGNING,
	OID_EKU_EMAIL_PROTECTION,
	OID_EKU_TIME_STAMPING,
	OID_EKU_OCSP_SIGNING,
	/* PKCS#10 attributes */
	OID_EXTENSION_REQUEST,
	OID_CHALLENGE_PASSWORD,
	/* kinds of otherName */
	OID_PERMANENT_ID,    /* RFC 4043 */
	OID_HARDWARE_MODULE, /* RFC 4108 */
	OID_UPN,	     /* Microsoft's userPrincipalName */
	OID_COUNT
};

struct str oid_der(enum oid id);	 /* contents octets; static */
const char *oid_name(enum oid id);	 /* "commonName"; static */
const char *oid_short_name(enum oid id); /* "CN" where RFC 4514 has one, else oid_name */
const char *oid_dotted(enum oid id);	 /* "2.5.4.3"; static */
enum oid oid_find(struct str der);	 /* OID_NONE when not in the table */
/* Dotted decimal from contents octets; arcs up to 2^63. Appends. */
int oid_to_dotted(struct str der, struct buf *out, struct err *e) NODISCARD;
int oid_from_dotted(struct str dotted, struct buf *der, struct err *e) NODISCARD;

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "codec/oid.h"

/*
 * oid.c - the table. A row holds the contents octets and the dotted form; test_codec_oid proves
 * that they agree. To add an identifier: a name in oid.h, a row here. The table is constant, so
 * that there is nothing to initialise.
 */
struct row {
	struct str der;
	const char *dotted, *name, *short_name;
};

#define ROW(d, dot, nm, sh)                                                                        \
	{                                                                                          \
		{d, sizeof(d) - 1}, dot, nm, sh                                                    \
	}

static const struct row rows[OID_COUNT] = {
	[OID_NONE] = {{NULL, 0}, "", "none", NULL},
	[OID_RSA_ENCRYPTION] = ROW("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", "1.2.840.113549.1.1.1",
				   "rsaEncryption", NULL),
	[OID_RSASSA_PSS] = ROW("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", "1.2.840.113549.1.1.10",
			       "rsassaPss", NULL),
	[OID_MGF1] =
		ROW("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08", "1.2.840.113549.1.1.8", "mgf1", NULL),
	[OID_SHA1_RSA] = ROW("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05", "1.2.840.113549.1.1.5",
			     "sha1WithRSAEncryption", NULL),
	[OID_SHA256_RSA] = ROW("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", "1.2.840.113549.1.1.11",
			       "sha256WithRSAEncryption", NULL),
	[OID_SHA384_RSA] = ROW("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c", "1.2.840.113549.1.1.12",
			       "sha384WithRSAEncryption", NULL),
	[OID_SHA512_RSA] = ROW("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d", "1.2.840.113549.1.1.13",
			       "sha512WithRSAEncryption", NULL),
	[OID_EC_PUBLIC_KEY] =
		ROW("\x2a\x86\x48\xce\x3d\x02\x01", "1.2.840.10045.2.1", "ecPublicKey", NULL),
	[OID_P256] =
		ROW("\x2a\x86\x48\xce\x3d\x03\x01\x07", "1.2.840.10045.3.1.7", "secp256r1", NULL),
	[OID_P384] = ROW("\x2b\x81\x04\x00\x22", "1.3.132.0.34", "secp384r1", NULL),
	[OID_P521] = ROW("\x2b\x81\x04\x00\x23", "1.3.132.0.35", "secp521r1", NULL),
	[OID_ECDSA_SHA1] =
		ROW("\x2a\x86\x48\xce\x3d\x04\x01", "1.2.840.10045.4.1", "ecdsa-with-SHA1", NULL),
	[OID_ECDSA_SHA256] = ROW("\x2a\x86\x48\xce\x3d\x04\x03\x02", "1.2.840.10045.4.3.2",
				 "ecdsa-with-SHA256", NULL),
	[OID_ECDSA_SHA384] = ROW("\x2a\x86\x48\xce\x3d\x04\x03\x03", "1.2.840.10045.4.3.3",
				 "ecdsa-with-SHA384", NULL),
	[OID_ECDSA_SHA512] = ROW("\x2a\x86\x48\xce\x3d\x04\x03\x04", "1.2.840.10045.4.3.4",
				 "ecdsa-with-SHA512", NULL),
	[OID_ED25519] = ROW("\x2b\x65\x70", "1.3.101.112", "Ed25519", NULL),
	[OID_X25519] = ROW("\x2b\x65\x6e", "1.3.101.110", "X25519", NULL),
	[OID_SHA1] = ROW("\x2b\x0e\x03\x02\x1a", "1.3.14.3.2.26", "sha1", NULL),
	[OID_SHA256] = ROW("\x60\x86\x48\x01\x65\x03\x04\x02\x01", "2.16.840.1.101.3.4.2.1",
			   "sha256", NULL),
	[OID_SHA384] = ROW("\x60\x86\x48\x01\x65\x03\x04\x02\x02", "2.16.840.1.101.3.4.2.2",
			   "sha384", NULL),
	[OID_SHA512] = ROW("\x60\x86\x48\x01\x65\x03\x04\x02\x03", "2.16.840.1.101.3.4.2.3",
			   "sha512", NULL),
	[OID_PBES2] =
		ROW("\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d", "1.2.840.113549.1.5.13", "PBES2", NULL),
	[OID_PBKDF2] = ROW("\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c", "1.2.840.113549.1.5.12",
			   "PBKDF2", NULL),
	[OID_SCRYPT] = ROW("\x2b\x06\x01\x04\x01\xda\x47\x04\x0b", "1.3.6.1.4.1.11591.4.11",
			   "scrypt", NULL),
	[OID_HMAC_SHA1] =
		ROW("\x2a\x86\x48\x86\xf7\x0d\x02\x07", "1.2.840.113549.2.7", "hmacWithSHA1", NULL),
	[OID_HMAC_SHA256] = ROW("\x2a\x86\x48\x86\xf7\x0d\x02\x09", "1.2.840.113549.2.9",
				"hmacWithSHA256", NULL),
	[OID_HMAC_SHA384] = ROW("\x2a\x86\x48\x86\xf7\x0d\x02\x0a", "1.2.840.113549.2.10",
				"hmacWithSHA384", NULL),
	[OID_HMAC_SHA512] = ROW("\x2a\x86\x48\x86\xf7\x0d\x02\x0b", "1.2.840.113549.2.11",
				"hmacWithSHA512", NULL),
	[OID_AES128_CBC] = ROW("\x60\x86\x48\x01\x65\x03\x04\x01\x02", "2.16.840.1.101.3.4.1.2",
			       "aes128-CBC", NULL),
	[OID_AES192_CBC] = ROW("\x60\x86\x48\x01\x65\x03\x04\x01\x16", "2.16.840.1.101.3.4.1.22",
			       "aes192-CBC", NULL),
	[OID_AES256_CBC] = ROW("\x60\x86\x48\x01\x65\x03\x04\x01\x2a", "2.16.840.1.101.3.4.1.42",
			       "aes256-CBC", NULL),
	[OID_DES_EDE3_CBC] =
		ROW("\x2a\x86\x48\x86\xf7\x0d\x03\x07", "1.2.840.113549.3.7", "des-EDE3-CBC", NULL),
	[OID_CN] = ROW("\x55\x04\x03", "2.5.4.3", "commonName", "CN"),
	[OID_SURNAME] = ROW("\x55\x04\x04", "2.5.4.4", "surname", NULL),
	[OID_SERIAL_NUMBER] = ROW("\x55\x04\x05", "2.5.4.5", "serialNumber", NULL),
	[OID_C] = ROW("\x55\x04\x06", "2.5.4.6", "countryName", "C"),
	[OID_L] = ROW("\x55\x04\x07", "2.5.4.7", "localityName", "L"),
	[OID_ST] = ROW("\x55\x04\x08", "2.5.4.8", "stateOrProvinceName", "ST"),
	[OID_STREET] = ROW("\x55\x04\x09", "2.5.4.9", "streetAddress", "STREET"),
	[OID_O] = ROW("\x55\x04\x0a", "2.5.4.10", "organizationName", "O"),
	[OID_OU] = ROW("\x55\x04\x0b", "2.5.4.11", "organizationalUnitName", "OU"),
	[OID_TITLE] = ROW("\x55\x04\x0c", "2.5.4.12", "title", NULL),
	[OID_POSTAL_CODE] = ROW("\x55\x04\x11", "2.5.4.17", "postalCode", NULL),
	[OID_GIVEN_NAME] = ROW("\x55\x04\x2a", "2.5.4.42", "givenName", NULL),
	[OID_DN_QUALIFIER] = ROW("\x55\x04\x2e", "2.5.4.46", "dnQualifier", NULL),
	[OID_EMAIL_ADDRESS] = ROW("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", "1.2.840.113549.1.9.1",
				  "emailAddress", NULL),
	[OID_DC] = ROW("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", "0.9.2342.19200300.100.1.25",
		       "domainComponent", "DC"),
	[OID_UID] = ROW("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", "0.9.2342.19200300.100.1.1",
			"userId", "UID"),
	[OID_SUBJECT_KEY_ID] = ROW("\x55\x1d\x0e", "2.5.29.14", "subjectKeyIdentifier", NULL),
	[OID_KEY_USAGE] = ROW("\x55\x1d\x0f", "2.5.29.15", "keyUsage", NULL),
	[OID_SAN] = ROW("\x55\x1d\x11", "2.5.29.17", "subjectAltName", NULL),
	[OID_BASIC_CONSTRAINTS] = ROW("\x55\x1d\x13", "2.5.29.19", "basicConstraints", NULL),
	[OID_NAME_CONSTRAINTS] = ROW("\x55\x1d\x1e", "2.5.29.30", "nameConstraints", NULL),
	[OID_CRL_DP] = ROW("\x55\x1d\x1f", "2.5.29.31", "cRLDistributionPoints", NULL),
	[OID_CERT_POLICIES] = ROW("\x55\x1d\x20", "2.5.29.32", "certificatePolicies", NULL),
	[OID_AUTHORITY_KEY_ID] = ROW("\x55\x1d\x23", "2.5.29.35", "authorityKeyIdentifier", NULL),
	[OID_EXT_KEY_USAGE] = ROW("\x55\x1d\x25", "2.5.29.37", "extKeyUsage", NULL),
	[OID_AIA] = ROW("\x2b\x06\x01\x05\x05\x07\x01\x01", "1.3.6.1.5.5.7.1.1",
			"authorityInfoAccess", NULL),
	[OID_AD_OCSP] = ROW("\x2b\x06\x01\x05\x05\x07\x30\x01", "1.3.6.1.5.5.7.48.1", "ocsp", NULL),
	[OID_AD_CA_ISSUERS] =
		ROW("\x2b\x06\x01\x05\x05\x07\x30\x02", "1.3.6.1.5.5.7.48.2", "caIssuers", NULL),
	[OID_STEP_PROVISIONER] = ROW("\x2b\x06\x01\x04\x01\x82\xa4\x64\xc6\x28\x40\x01",
				     "1.3.6.1.4.1.37476.9000.64.1", "stepProvisioner", NULL),
	[OID_EKU_ANY] = ROW("\x55\x1d\x25\x00", "2.5.29.37.0", "anyExtendedKeyUsage", NULL),
	[OID_EKU_SERVER_AUTH] =
		ROW("\x2b\x06\x01\x05\x05\x07\x03\x01", "1.3.6.1.5.5.7.3.1", "serverAuth", NULL),
	[OID_EKU_CLIENT_AUTH] =
		ROW("\x2b\x06\x01\x05\x05\x07\x03\x02", "1.3.6.1.5.5.7.3.2", "clientAuth", NULL),
	[OID_EKU_CODE_SIGNING] =
		ROW("\x2b\x06\x01\x05\x05\x07\x03\x03", "1.3.6.1.5.5.7.3.3", "codeSigning", NULL),
	[OID_EKU_EMAIL_PROTECTION] = ROW("\x2b\x06\x01\x05\x05\x07\x03\x04", "1.3.6.1.5.5.7.3.4",
					 "emailProtection", NULL),
	[OID_EKU_TIME_STAMPING] =
		ROW("\x2b\x06\x01\x05\x05\x07\x03\x08", "1.3.6.1.5.5.7.3.8", "timeStamping", NULL),
	[OID_EKU_OCSP_SIGNING] =
		ROW("\x2b\x06\x01\x05\x05\x07\x03\x09", "1.3.6.1.5.5.7.3.9", "OCSPSigning", NULL),
	[OID_EXTENSION_REQUEST] = ROW("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e",
				      "1.2.840.113549.1.9.14", "extensionRequest", NULL),
	[OID_CHALLENGE_PASSWORD] = ROW("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x07",
				       "1.2.840.113549.1.9.7", "challengePassword", NULL),
	[OID_PERMANENT_ID] = ROW("\x2b\x06\x01\x05\x05\x07\x08\x03", "1.3.6.1.5.5.7.8.3",
				 "permanentIdentifier", NULL),
	[OID_HARDWARE_MODULE] = ROW("\x2b\x06\x01\x05\x05\x07\x08\x04",
				    "1.3.6.1.5.5.7.8.4", "hardwareModuleName", NULL),
	[OID_UPN] = ROW("\x2b\x06\x01\x04\x01\x82\x37\x14\x02\x03",
			"1.3.6.1.4.1.311.20.2.3", "userPrincipalName", NULL),
};

static const struct row *row_of(enum oid id)
{
	ENSURE((unsigned)id < OID_COUNT && rows[id].name != NULL);
	return &rows[id];
}

struct str oid_der(enum oid id)
{
	return row_of(id)->der;
}

const char *oid_name(enum oid id)
{
	return row_of(id)->name;
}

const char *oid_short_name(enum oid id)
{
	const struct row *r = row_of(id);

	return r->short_name != NULL ? r->short_name : r->name;
}

const char *oid_dotted(enum oid id)
{
	return row_of(id)->dotted;
}

enum oid oid_find(struct str der)
{
	for (unsigned i = OID_NONE + 1; i < OID_COUNT; i++)
		if (str_eq(rows[i].der, der))
			return (enum oid)i;
	return OID_NONE;
}

/* Puts the buffer back to where it was before a failed append. */
static void cut_back(struct buf *b, size_t n)
{
	if (b->n > n) {
		b->n = n;
		b->p[n] = '\0';
	}
}

static int append_arcs(struct str der, struct buf *out, struct err *e)
{
	uint64_t v = 0;
	bool first = true, start = true;

	for (size_t i = 0; i < der.n; i++) {
		unsigned char c = (unsigned char)der.p[i];

		if (start && c == 0x80)
			return ERR(e, ERR_INVALID,
				   "object identifier: arc is not in its shortest form");
		if (v >> 56 != 0)
			return ERR(e, ERR_INVALID, "object identifier: arc over 2^63");
		v = v << 7 | (c & 0x7fU);
		start = c < 0x80;
		if (!start)
			continue;
		if (first) {
			unsigned root = v < 40 ? 0 : v < 80 ? 1 : 2;

			buf_printf(out, "%u.%" PRIu64, root, v - root * 40);
			first = false;
		} else {
			buf_printf(out, ".%" PRIu64, v);
		}
		v = 0;
	}
	if (first || !start)
		return ERR(e, ERR_INVALID, "object identifier: cut off");
	return 0;
}

int oid_to_dotted(struct str der, struct buf *out, struct err *e)
{
	size_t before = out->n;

	if (append_arcs(der, out, e) != 0) {
		cut_back(out, before);
		return -1;
	}
	return 0;
}

static void put_arc(struct buf *der, uint64_t v)
{
	unsigned shift = 0;

	while (v >> shift > 0x7f)
		shift += 7;
	for (; shift > 0; shift -= 7)
		buf_u8(der, (uint8_t)(0x80 | (v >> shift & 0x7f)));
	buf_u8(der, (uint8_t)(v & 0x7f));
}

/* One arc from the front of *rest: decimal, no leading zero, below 2^63. */
static int take_arc(struct str *rest, uint64_t *v, struct err *e)
{
	struct str arc = str_cut(*rest, '.', rest);

	if (arc.n == 0 || (arc.n > 1 && arc.p[0] == '0') || !str_u64(arc, v) || *v >> 63 != 0)
		return ERR(e, ERR_INVALID, "object identifier: bad number '" STR_FMT "'",
			   (int)(arc.n < 32 ? arc.n : 32), arc.p != NULL ? arc.p : "");
	if (rest->p != NULL && rest->n == 0)
		return ERR(e, ERR_INVALID, "object identifier: ends in a dot");
	return 0;
}

int oid_from_dotted(struct str dotted, struct buf *der, struct err *e)
{
	size_t before = der->n;
	struct str rest = dotted;
	uint64_t root, v;

	if (take_arc(&rest, &root, e) != 0)
		return -1;
	if (rest.n == 0)
		return ERR(e, ERR_INVALID, "object identifier: fewer than two numbers");
	if (take_arc(&rest, &v, e) != 0)
		return -1;
	if (root > 2 || (root < 2 && v > 39) || v > INT64_MAX - 80)
		return ERR(e, ERR_INVALID,
			   "object identifier: does not start with 0.0-0.39, 1.0-1.39 or 2.x");
	put_arc(der, root * 40 + v);
	while (rest.n > 0) {
		if (take_arc(&rest, &v, e) != 0) {
			cut_back(der, before);
			return -1;
		}
		put_arc(der, v);
	}
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "api/answer.h"

/* Every route stands at "/" and at "/1.0": `step` calls the first, its tokens name the second. */
#define SIGN_BODY_MAX	(64 * 1024)
#define RENEW_BODY_MAX	(64 * 1024) /* ignored, but taken */
#define REKEY_BODY_MAX	(64 * 1024)
#define REVOKE_BODY_MAX (64 * 1024)

#define BOTH(method, path, handler, max, name)                                                     \
	{method, path, handler, max, name},                                                        \
	{                                                                                          \
		method, "/1.0" path, handler, max, name                                            \
	}

const struct http_route api_routes[] = {
	{"GET", "/", api_page, 0, "page"},
	BOTH("GET", "/version", api_version, 0, "version"),
	BOTH("GET", "/health", api_health, 0, "health"),
	BOTH("GET", "/root/{sha}", api_root, 0, "root"),
	BOTH("GET", "/roots", api_roots, 0, "roots"),
	BOTH("GET", "/roots.pem", api_roots_pem, 0, "roots.pem"),
	BOTH("GET", "/intermediates", api_intermediates, 0, "intermediates"),
	BOTH("GET", "/intermediates.pem", api_intermediates_pem, 0, "intermediates.pem"),
	BOTH("GET", "/federation", api_federation, 0, "federation"),
	BOTH("GET", "/provisioners", api_provisioners, 0, "provisioners"),
	BOTH("GET", "/provisioners/{kid}/encrypted-key", api_encrypted_key, 0, "encrypted-key"),
	BOTH("POST", "/sign", api_sign, SIGN_BODY_MAX, "sign"),
	BOTH("POST", "/renew", api_renew, RENEW_BODY_MAX, "renew"),
	BOTH("POST", "/re-sign", api_renew, RENEW_BODY_MAX, "renew"),
	BOTH("POST", "/rekey", api_rekey, REKEY_BODY_MAX, "rekey"),
	BOTH("POST", "/revoke", api_revoke, REVOKE_BODY_MAX, "revoke"),
	{NULL, NULL, NULL, 0, NULL},
};

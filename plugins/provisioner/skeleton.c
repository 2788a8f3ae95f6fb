/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * skeleton.c - the smallest provisioner that is of use. Copy it, rename it, change it:
 * plugins/README says how.
 *
 * What it does: whoever holds one private key may have certificates for exactly one DNS name. The
 * configuration
 *
 *     type: Skeleton
 *     name: printer
 *     key: {kty: EC, crv: P-256, x: ..., y: ...}     # public: no secret is shared with the CA
 *     dnsName: printer.example.com
 *     maxMinutes: 60
 *
 * goes with tokens (JWTs signed by that key) whose claims are
 *
 *     { "iss": "printer", "sub": "printer.example.com", "jti": "something new each time",
 *       "aud": "https://ca.example.com/1.0/sign#skeleton/printer", "iat": now, "exp": now + 300 }
 *
 * How a plugin is built. It includes abi headers and libc, nothing else. Everything it wants from
 * the daemon is a function in the table `host`. It exports one symbol, its descriptor, at the end
 * of this file. There is no initialisation: state lives in instances, made by create(), one for
 * each file in provisioners.d, and in the scratch of one authorization. No mutable variables at
 * file scope.
 */
#include "abi/abi.h"
#include "abi/host.h"
#include "abi/prov.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * 1. Configuration. The host reads the file, refuses unknown keys with the line where they stand,
 * checks types, fills in defaults, and prints this table for --help-config. `type`, `name`,
 * `authority`, `claims` and `options` are the host's own: every provisioner has them.
 */
static const struct signet_conf_key keys[] = {
	{"key", SIGNET_CONF_ANY, NULL, true, "Public key as a JWK; tokens are checked with it."},
	{"dnsName", SIGNET_CONF_STRING, NULL, true, "The one name that certificates may have."},
	{"maxMinutes", SIGNET_CONF_INT, "60", false,
	 "No certificate is valid for longer, in minutes."},
	{NULL, SIGNET_CONF_STRING, NULL, false, NULL},
};

/*
 * 2. The instance. Written by create(), const afterwards: several authorizations use it at the same
 * time. `name` and `dns_name` are copies; the configuration tree lives as long as the instance, so
 * that the pointer into it may be kept too.
 */
struct skeleton {
	char name[200];
	struct signet_str dns_name;
	int64_t max_seconds;
	struct signet_key *key;
	const struct signet_value *config;
};

static void skeleton_destroy(const struct signet_host *host, void *instance)
{
	struct skeleton *s = instance;

	if (s->key)
		host->key_free(s->key);
	free(s);
}

static int configure(struct skeleton *s, const struct signet_host *host,
		     const struct signet_prov_config *c, struct signet_err *e)
{
	int64_t minutes = 0;

	/* host->error fills *e and returns -1. Its text is for the operator; the host puts file and
	 * provisioner before it. */
	if (strlen(c->name) >= sizeof(s->name))
		return host->error(e, SIGNET_INVALID, "name: longer than %zu bytes",
				   sizeof(s->name) - 1);
	memcpy(s->name, c->name, strlen(c->name) + 1);
	if (!host->value_string(host->value_get(c->value, "dnsName"), &s->dns_name) ||
	    s->dns_name.n == 0)
		return host->error(e, SIGNET_INVALID, "dnsName: must not be empty");
	if (!host->value_int(host->value_get(c->value, "maxMinutes"), &minutes) || minutes < 5 ||
	    minutes > 1440)
		return host->error(e, SIGNET_INVALID, "maxMinutes: must be between 5 and 1440");
	s->max_seconds = minutes * 60;
	/* Strict: a private key, a weak key or a point off its curve is an error with its reason in
	 * *e. */
	s->key = host->key_from_jwk(host->value_get(c->value, "key"), e);
	return s->key ? 0 : -1;
}

static int skeleton_create(const struct signet_host *host, const struct signet_prov_config *c,
			   void **instance, struct signet_err *e)
{
	struct skeleton *s = calloc(1, sizeof(*s));

	if (!s)
		return host->error(e, SIGNET_INTERNAL, "out of memory");
	s->config = c->value;
	if (configure(s, host, c, e) < 0) {
		skeleton_destroy(host, s);
		return -1;
	}
	*instance = s;
	return 0;
}

/*
 * 3. How the host finds this instance when a token comes in, before any signature was checked: by
 * the fragment of the token's audience. (A provisioner found by issuer and key id returns
 * "name:kid" here: see jwk.c.)
 */
static int skeleton_token_id(const void *instance, char out[256])
{
	const struct skeleton *s = instance;
	int n = snprintf(out, 256, "skeleton/%s", s->name);

	return n > 0 && n < 256 ? 0 : -1;
}

/* 4. What GET /provisioners shows beside type, name, claims and options. Everybody can read it:
 * never a secret. */
static void skeleton_describe(const void *instance, const struct signet_host *host,
			      struct signet_value *out)
{
	const struct skeleton *s = instance;

	host->out_value(out, "key", host->value_get(s->config, "key"));
	host->out_string(out, "dnsName", s->dns_name);
}

/*
 * 5. The decision. It runs on the daemon's one loop thread, and blocks everybody while it runs: no
 * files, no network, no asymmetric cryptography, no long loops. What takes time is started through
 * the host; then WAIT is returned, and authorize() is called again, with the same scratch, when it
 * is over. So it is a small state machine. The scratch is zeroed before the first call: state 0 is
 * START.
 */
enum { START, VERIFYING };
struct skeleton_op {
	int state;
};

/* Called when the signature is known to be right. 0, or -1 with *e. */
static int decide(const struct skeleton *s, const struct signet_host *host,
		  struct signet_prov_op *op, struct signet_err *e)
{
	const struct signet_value *claims = host->op_token_claims(op), *v;
	struct signet_str sub, jti = {NULL, 0};
	char id[256];
	/* exp and max_age are always checked; the audience is the operation's URL with our
	 * fragment. */
	struct signet_token_rules rules = {
		.issuer = {s->name, strlen(s->name)}, .fragment = id, .need_subject = true};

	if (skeleton_token_id(s, id) < 0)
		return host->error(e, SIGNET_INTERNAL, "name too long");
	if (host->check_claims(op, &rules, e) < 0)
		return -1;
	v = host->value_get(claims, "sub");
	if (!v || !host->value_string(v, &sub) || sub.n != s->dns_name.n ||
	    memcmp(sub.p, s->dns_name.p, sub.n) != 0)
		return host->error(e, SIGNET_FORBIDDEN,
				   "sub: not the name that this provisioner is for");
	/*
	 * The grant: all that the certificate may be. Each token-based grant must say what makes
	 * the token single-use; the host records it in the same commit that reserves the
	 * certificate, so a failed request burns no token. An empty id stands for the token without
	 * its signature.
	 */
	v = host->value_get(claims, "jti");
	if (v && !host->value_string(v, &jti))
		return host->error(e, SIGNET_UNAUTHORIZED, "jti: must be a string");
	host->grant_once(op, jti);
	host->grant_subject(op, s->dns_name);
	if (host->grant_name(op, SIGNET_SAN_DNS, s->dns_name, e) < 0)
		return -1;
	host->grant_match_csr(op); /* a CSR that asks for more is refused */
	host->grant_not_after(op, host->op_now(op) + s->max_seconds);
	return 0;
}

static enum signet_prov_rc skeleton_authorize(const void *instance, const struct signet_host *host,
					      struct signet_prov_op *op, void *scratch,
					      struct signet_err *e)
{
	const struct skeleton *s = instance;
	struct skeleton_op *state = scratch;

	switch (state->state) {
	case START:
		/* Say no to what you do not know. New methods may appear. */
		if (host->op_method(op) != SIGNET_SIGN) {
			host->error(e, SIGNET_UNSUPPORTED, "Skeleton: only sign is supported");
			return SIGNET_PROV_DENY;
		}
		state->state = VERIFYING;
		/* First the signature: until it is right, the claims are whatever somebody typed.
		 */
		return host->verify_token(op, s->key, e) < 0 ? SIGNET_PROV_DENY : SIGNET_PROV_WAIT;
	case VERIFYING:
		if (host->wait_result(op, e) < 0 || decide(s, host, op, e) < 0)
			return SIGNET_PROV_DENY;
		return SIGNET_PROV_GRANT;
	}
	return SIGNET_PROV_DENY;
}

/*
 * 6. The end of an authorization that was waiting when the client left. The host has cancelled its
 * wait and frees the scratch. Only needed when the scratch holds something of its own; shown here
 * because a copy may need it.
 */
static void skeleton_cancel(const void *instance, const struct signet_host *host,
			    struct signet_prov_op *op, void *scratch)
{
	(void)instance;
	(void)host;
	(void)op;
	(void)scratch;
}

static const struct signet_prov_driver driver = {
	.size = sizeof(driver), /* tells the host which members this plugin knows */
	.scratch_size = sizeof(struct skeleton_op),
	.step_type = 0, /* not one of step's types: certificates do not name this provisioner in
			   step's extension */
	.create = skeleton_create,
	.destroy = skeleton_destroy,
	.token_id = skeleton_token_id,
	.authorize = skeleton_authorize,
	.cancel = skeleton_cancel,
	.describe = skeleton_describe,
};

/* 7. The descriptor: the one exported symbol. The argument is the C name for builds that link the
 * plugin in. */
SIGNET_PLUGIN_DEFINE(skeleton) = {
	SIGNET_PLUGIN_HEAD(SIGNET_PROVISIONER),
	.name = "Skeleton", /* `type:` in the configuration; the module's file is its lower-case
			       form, skeleton.so */
	.version = "1.0",
	.licence = "GPL-3.0-or-later",
	.conf = keys,
	.driver = &driver,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "policy/check.h"

/*
 * ssh.c - the principals of an SSH certificate. Of a host: addresses, e-mail addresses, everything
 * else a DNS name. Of a user: e-mail addresses, everything else a principal; addresses and URLs are
 * refused. Once one of user and host has rules, the other is closed unless it has some too.
 *
 * Stricter than step's engine: a certificate without principals, or with an empty one, is refused,
 * for to servers it may be good for everybody; so is a principal with NUL, which ends a name.
 */

static const char *const type_names[] = {"user", "host"};

/* "IP principals [...] not expected in SSH user certificate" */
static int refuse_kind(struct check *c, enum kind k, const char *what, enum policy_ssh type,
		       const struct str *names, size_t n)
{
	struct buf list = BUF_INIT;
	bool any = false;
	int rc = 0;

	for (size_t i = 0; i < n; i++) {
		if (policy_guess(names[i]) != k)
			continue;
		if (list.n < 120)
			buf_printf(&list, "%s" STR_FMT, any ? " " : "", STR_ARG(names[i]));
		any = true;
	}
	if (any)
		rc = check_refuse_all(c, "%s principals [%s] not expected in SSH %s certificate",
				      what, list.p, type_names[type]);
	buf_release(&list);
	return rc;
}

static int check_kind(struct check *c, enum kind k, enum policy_ssh type, const struct str *names,
		      size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct named one = {.label = policy_kind_names[k], .text = names[i]};
		int rc;

		if (policy_guess(names[i]) != k)
			continue;
		if (k == KIND_DNS && type == POLICY_SSH_USER) {
			one.label = policy_kind_names[KIND_PRINCIPAL];
			rc = check_principal(c, one);
		} else {
			rc = check_guessed(c, one);
		}
		if (rc < 0)
			return -1;
	}
	return 0;
}

static int check_principals(struct check *c, enum policy_ssh type, const struct str *names,
			    size_t n)
{
	bool user = type == POLICY_SSH_USER;

	if (refuse_kind(c, KIND_URI, "URL", type, names, n) < 0 ||
	    (user && refuse_kind(c, KIND_IP, "IP", type, names, n) < 0))
		return -1;
	if (n == 0)
		return check_refuse_all(c, "SSH %s certificate without principals",
					type_names[type]);
	for (size_t i = 0; i < n; i++)
		if (names[i].n == 0 || str_has(names[i], '\0'))
			return check_refuse_all(c,
						"SSH %s certificate with a principal that is empty "
						"or holds NUL",
						type_names[type]);
	if (!user && check_kind(c, KIND_DNS, type, names, n) < 0)
		return -1;
	if (check_kind(c, KIND_IP, type, names, n) < 0 ||
	    check_kind(c, KIND_EMAIL, type, names, n) < 0)
		return -1;
	return user ? check_kind(c, KIND_DNS, type, names, n) : 0;
}

int policy_check_ssh(const struct policy *p, enum policy_ssh type, const struct str *principals,
		     size_t n, const struct policy_request *r, struct policy_verdict *v,
		     struct err *e)
{
	struct check c = {.request = r, .verdict = v, .e = e};
	const struct rule_set *other;
	int rc;

	check_begin(&c);
	c.set = p != NULL ? &p->ssh[type] : NULL;
	if (p == NULL || c.set->n_allow + c.set->n_deny == 0) {
		other = p != NULL ? &p->ssh[1 - (int)type] : NULL;
		if (other != NULL && other->n_allow + other->n_deny > 0)
			return check_refuse_all(&c,
						"authority not allowed to sign SSH %s certificates "
						"when SSH %s certificate policy is active",
						type_names[type], type_names[1 - (int)type]);
		if (v != NULL)
			buf_puts(&v->text, "allowed: there is no rule at all");
		return 0;
	}
	c.arena = arena_new();
	rc = check_principals(&c, type, principals, n);
	arena_free(c.arena);
	return rc;
}

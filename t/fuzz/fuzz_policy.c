/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Lines: a policy as JSON (an empty line: one that denies much), then names, each tried as every
 * kind. What must hold whatever they are: normalising twice changes nothing; what a policy refuses,
 * it refuses with a sentence; a name that is spelled differently and normalises to the same gets
 * the same answer from a policy that only denies.
 */

static const char denying[] =
	"{\"x509\":{\"allowWildcardNames\":true,\"deny\":{\"dns\":[\"admin.example.com\","
	"\"*.secret.example\"],\"email\":[\"root@example.com\",\"@evil.example\"],\"ip\":"
	"[\"10.0.0.0/8\"],\"uri\":[\"admin.example.com\"],\"cn\":[\"Root CA\"],\"otherName\":"
	"[\"1.2.3\"]}}}";
static const char allowing[] =
	"{\"x509\":{\"allow\":{\"dns\":[\"a.example\"]}},\"ssh\":{\"user\":{\"allow\":"
	"{\"principal\":[\"jane\"]}},\"host\":{\"allow\":{\"dns\":[\"a.example\"]}}}}";

static struct policy *compile(struct str text)
{
	const struct json_limits limits = {.max_bytes = 65536, .max_depth = 12, .max_values = 2000};
	struct policy *p = NULL;
	struct err e = ERR_INIT;
	json_t *v = json_parse(text, &limits, 0, &e);

	if (v != NULL && policy_compile(v, "policy", &p, &e) < 0)
		ENSURE(p == NULL && e.code == ERR_INVALID && e.msg[0] != '\0');
	json_decref(v);
	return p;
}

static int check(const struct policy *p, struct san san, struct err *e)
{
	static const struct name none;
	const struct str group = STR("ops");
	const struct policy_request r = {
		.groups = &group, .n_groups = 1, .source = STR("\x0a\0\0\1"), .provisioner = group};
	struct san_list l = {&san, 1};
	struct policy_verdict v = {0};
	int rc = policy_check_x509(p, &none, &l, &r, &v, e);

	ENSURE(rc == 0 || rc == -1);
	ENSURE(v.allowed == (rc == 0) && v.text.n > 0);
	ENSURE(rc == 0 || (e->code == ERR_FORBIDDEN && e->pub[0] != '\0'));
	buf_release(&v.text);
	return rc;
}

static void try_normal(const struct policy *deny, struct str s, struct arena *a)
{
	struct err e = ERR_INIT;
	struct str out, again, local, local2;

	if (policy_normalize_dns(s, a, &out, &e) == 0) {
		ENSURE(policy_normalize_dns(out, a, &again, &e) == 0 && str_eq(out, again));
		if (check(deny, (struct san){SAN_DNS, out}, &e) < 0)
			ENSURE(check(deny, (struct san){SAN_DNS, s}, &e) < 0);
	}
	if (policy_normalize_email(s, a, &local, &out, &e) == 0) {
		const char *text =
			arena_printf(a, STR_FMT "@" STR_FMT, STR_ARG(local), STR_ARG(out));

		ENSURE(policy_normalize_email(str_c(text), a, &local2, &again, &e) == 0);
		ENSURE(str_eq(local, local2) && str_eq(out, again));
		if (check(deny, (struct san){SAN_EMAIL, str_c(text)}, &e) < 0)
			ENSURE(check(deny, (struct san){SAN_EMAIL, s}, &e) < 0);
	}
	if (policy_normalize_uri_host(s, a, &out, &e) == 0) {
		const char *text = arena_printf(a, "https://" STR_FMT "/", STR_ARG(out));

		ENSURE(!str_has(out, '\0'));
		if (!str_has(out, ':') && check(deny, (struct san){SAN_URI, str_c(text)}, &e) < 0)
			ENSURE(check(deny, (struct san){SAN_URI, s}, &e) < 0);
	}
}

static void try_name(const struct policy *p, struct str s, struct arena *a)
{
	static const enum san_type types[] = {SAN_DNS, SAN_EMAIL, SAN_URI,     SAN_IP, SAN_OTHER,
					      SAN_RID, SAN_X400,  SAN_DIRNAME, SAN_EDI};
	const struct san_list none = {0};
	struct name cn = name_from_cn(s, a);
	struct err e = ERR_INIT;
	struct san_list one;
	struct san san;

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		san = (struct san){types[i], s};
		check(p, san, &e);
		one = (struct san_list){&san, 1};
		(void)!policy_check_listed(&s, 1, &cn, &one, &e);
	}
	policy_guess_san(s, a, &san);
	check(p, san, &e);
	(void)!policy_check_x509(p, &cn, &none, NULL, NULL, &e);
	(void)!policy_check_ssh(p, POLICY_SSH_USER, &s, 1, NULL, NULL, &e);
	(void)!policy_check_ssh(p, POLICY_SSH_HOST, &s, 1, NULL, NULL, &e);
	/* What is one name of a list is in it. */
	one = (struct san_list){&san, 1};
	if (san.type == SAN_DNS && policy_normalize_dns(s, a, &san.value, &e) == 0 &&
	    !str_has(s, '\0'))
		ENSURE(policy_check_listed(&s, 1, &cn, &one, &e) == 0 || cn.n == 0 || s.n > 4096);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_mem(data, size), line = str_cut(rest, '\n', &rest);
	struct policy *deny = compile(STR(denying)), *allow = compile(STR(allowing)),
		      *own = compile(line);

	ENSURE(deny != NULL && allow != NULL);
	for (size_t i = 0; i < 12 && rest.n > 0; i++) {
		struct arena *a = arena_new();

		line = str_cut(rest, '\n', &rest);
		try_normal(deny, line, a);
		try_name(own != NULL ? own : allow, line, a);
		arena_free(a);
	}
	policy_free(deny);
	policy_free(allow);
	policy_free(own);
	return 0;
}

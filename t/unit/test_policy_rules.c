/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include <setjmp.h>
#include <cmocka.h>

#include "policy_util.h"

/* Beyond step: kinds that it does not look at, conditions, lists, and what is said. */

/* ---- names that are made here ---- */

/* An otherName: its type, and a value of one string, or whatever element `raw` is. */
static struct san other(struct arena *a, const char *oid, unsigned tag, struct str text)
{
	struct buf b = BUF_INIT, der = BUF_INIT;
	struct err e = ERR_INIT;
	struct der_mark m;
	struct str s;

	assert_int_equal(oid_from_dotted(str_c(oid), &der, &e), 0);
	der_put_oid(&b, buf_view(&der));
	m = der_begin(&b, DER_CTX_CONS(0));
	der_put(&b, tag, text);
	der_end(&b, m);
	s = arena_str(a, buf_view(&b));
	buf_release(&b);
	buf_release(&der);
	return (struct san){SAN_OTHER, s};
}

static struct san upn(struct arena *a, const char *text)
{
	return other(a, "1.3.6.1.4.1.311.20.2.3", DER_UTF8_STRING, str_c(text));
}

static struct san device(struct arena *a, const char *id, const char *assigner)
{
	struct buf b = BUF_INIT, der = BUF_INIT;
	struct err e = ERR_INIT;
	struct str s;

	if (id != NULL)
		der_put(&b, DER_UTF8_STRING, str_c(id));
	if (assigner != NULL) {
		assert_int_equal(oid_from_dotted(str_c(assigner), &der, &e), 0);
		der_put_oid(&b, buf_view(&der));
	}
	s = arena_str(a, buf_view(&b));
	buf_release(&b);
	buf_release(&der);
	return other(a, "1.3.6.1.5.5.7.8.3", DER_SEQUENCE, s);
}

static struct name mail_subject(struct arena *a, const char *mail)
{
	struct name_attr *attr = ARENA_NEW(a, struct name_attr);

	*attr = (struct name_attr){.oid = oid_der(OID_EMAIL_ADDRESS), .value = str_c(mail)};
	return (struct name){.attrs = attr, .n = 1};
}

static int check_san(const struct policy *p, struct san san, const struct policy_request *r,
		     struct err *e)
{
	const struct name none = {0};
	struct san_list l = {&san, 1};

	*e = (struct err)ERR_INIT;
	return policy_check_x509(p, &none, &l, r, NULL, e);
}

static void assert_taken(const struct policy *p, struct san san)
{
	struct err e;

	if (check_san(p, san, NULL, &e) < 0)
		fail_msg("%s", e.msg);
}

static void assert_refused(const struct policy *p, struct san san, const char *says)
{
	struct err e;

	assert_int_equal(check_san(p, san, NULL, &e), -1);
	assert_int_equal(e.code, ERR_FORBIDDEN);
	if (strstr(e.msg, says) == NULL)
		fail_msg("%s: not %s", e.msg, says);
}

/* ---- kinds that step does not look at ---- */

static void other_names(void **state)
{
	struct policy *p = t_policy(
		"{\"x509\": {\"allow\": {\"otherName\": [\"1.2.3.4\", \"1.2.3.5:Jane\", "
		"\"upn:jane@Corp.example\", \"upn:@dept.example\"]}, \"deny\": {\"otherName\": "
		"[\"1.2.3.4:secret\", \"upn:root@dept.example\"]}}}");
	struct arena *a = arena_new();

	(void)state;
	assert_taken(p, other(a, "1.2.3.4", DER_UTF8_STRING, STR("x")));
	assert_taken(p, other(a, "1.2.3.4", DER_OCTET_STRING, STR("\x01\x02")));
	assert_refused(p, other(a, "1.2.3.4", DER_UTF8_STRING, STR("SECRET")), "deny.otherName[0]");
	assert_refused(p, other(a, "1.2.3.4", DER_IA5_STRING, STR("secret")), "deny.otherName[0]");
	assert_taken(p, other(a, "1.2.3.5", DER_PRINTABLE_STRING, STR("Jane")));
	assert_refused(p, other(a, "1.2.3.5", DER_UTF8_STRING, STR("jane")), "no rule");
	assert_refused(p, other(a, "1.2.3.5", DER_INTEGER, STR("\x01")), "no rule");
	assert_refused(p, other(a, "1.2.3.44", DER_UTF8_STRING, STR("x")), "no rule");
	assert_taken(p, upn(a, "jane@corp.example"));
	assert_taken(p, upn(a, "JANE@CORP.EXAMPLE"));
	assert_taken(p, upn(a, "\"jane\"@corp.example"));
	assert_refused(p, upn(a, "joe@corp.example"), "no rule");
	assert_taken(p, upn(a, "any@DEPT.example"));
	assert_refused(p, upn(a, "ROOT@dept.example"), "deny.otherName[1]");
	assert_refused(p, upn(a, "\"root\"@dept.example."), "deny.otherName[1]");
	assert_refused(p, upn(a, "any@x.dept.example"), "no rule");
	assert_refused(p, upn(a, ""), "no rule");
	assert_refused(p, device(a, "SN1", NULL), "none of the kind permanentIdentifier");
	assert_refused(p, (struct san){SAN_OTHER, STR("\x06\x01")}, "malformed");
	assert_refused(p, t_name(a, "dns:www.example.com"), "none of the kind dns");
	arena_free(a);
	policy_free(p);
}

static void permanent_identifiers(void **state)
{
	struct policy *p = t_policy("{\"x509\": {\"allow\": {\"permanentIdentifier\": [\"SN1\", "
				    "\"1.2.3/SN2\", \"a:b/c\"]}}}");
	struct policy *d = t_policy(
		"{\"x509\": {\"deny\": {\"permanentIdentifier\": [\"SN1\", \"1.2.3/SN2\"]}}}");
	struct policy *any = t_policy("{\"x509\": {\"allow\": {\"permanentIdentifier\": [\"*\"]}, "
				      "\"deny\": {\"permanentIdentifier\": [\"SN1\"]}}}");
	struct arena *a = arena_new();

	(void)state;
	assert_taken(p, device(a, "SN1", NULL));
	assert_taken(p, device(a, "a:b/c", NULL));
	assert_refused(p, device(a, "sn1", NULL), "no rule");
	/* Another authority's SN1 is another device. */
	assert_refused(p, device(a, "SN1", "1.2.3"), "no rule");
	assert_taken(p, device(a, "SN2", "1.2.3"));
	assert_refused(p, device(a, "SN2", "1.2.4"), "no rule");
	assert_refused(p, device(a, "SN2", NULL), "no rule");
	assert_refused(p, device(a, "", NULL), "no rule");
	assert_refused(p, device(a, NULL, NULL), "no rule");
	assert_refused(d, device(a, "SN1", NULL), "deny.permanentIdentifier[0]");
	assert_refused(d, device(a, "sn1", "1.2.3"), "deny.permanentIdentifier[0]");
	assert_refused(d, device(a, "sn2", "1.2.3"), "deny.permanentIdentifier[1]");
	assert_taken(d, device(a, "SN2", NULL));
	assert_taken(d, device(a, "SN3", NULL));
	assert_taken(any, device(a, "SN3", "1.2.3"));
	assert_refused(any, device(a, "SN1", "1.2.3"), "deny");
	assert_refused(p, other(a, "1.3.6.1.5.5.7.8.3", DER_UTF8_STRING, STR("SN1")), "malformed");
	arena_free(a);
	policy_free(p);
	policy_free(d);
	policy_free(any);
}

static void unlisted_kinds(void **state)
{
	struct policy *allow = t_policy("{\"x509\": {\"allow\": {\"dns\": [\"a.example\"]}}}");
	struct policy *deny = t_policy("{\"x509\": {\"deny\": {\"dns\": [\"a.example\"]}}}");
	struct arena *a = arena_new();
	const struct san kinds[] = {
		{SAN_RID, STR("\x2a\x03\x04")},	    {SAN_DIRNAME, STR("\x30\0")},
		{SAN_X400, STR("\x30\0")},	    {SAN_EDI, STR("\x30\0")},
		upn(a, "jane@a.example"),	    device(a, "SN1", NULL),
		t_name(a, "ip:10.0.0.1"),	    t_name(a, "email:jane@a.example"),
		t_name(a, "uri:https://a.example"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		assert_refused(allow, kinds[i], "lists names");
		assert_taken(deny, kinds[i]);
	}
	arena_free(a);
	policy_free(allow);
	policy_free(deny);
}

/* SmtpUTF8Mailbox and SRVName are denied with the mailbox and the host that they hold. */
static void other_spellings(void **state)
{
	struct policy *p =
		t_policy("{\"x509\": {\"deny\": {\"dns\": [\"ldap.example\"], \"email\": "
			 "[\"@evil.example\", \"root@a.example\"]}}}");
	struct arena *a = arena_new();
	const char *mail = "1.3.6.1.5.5.7.8.9", *srv = "1.3.6.1.5.5.7.8.7";

	(void)state;
	assert_refused(p, other(a, mail, DER_UTF8_STRING, STR("ä@evil.example")), "deny.email[0]");
	assert_refused(p, other(a, mail, DER_UTF8_STRING, STR("ROOT@a.example")), "deny.email[1]");
	assert_refused(p, other(a, mail, DER_UTF8_STRING, STR("root")), "cannot be compared");
	assert_refused(p, other(a, mail, DER_UTF8_STRING, STR("root@")), "cannot be compared");
	assert_taken(p, other(a, mail, DER_UTF8_STRING, STR("ä@good.example")));
	assert_refused(p, other(a, srv, DER_IA5_STRING, STR("_ldap.LDAP.example")), "deny.dns[0]");
	assert_refused(p, other(a, srv, DER_IA5_STRING, STR("_ldap")), "cannot be compared");
	assert_refused(p, other(a, srv, DER_IA5_STRING, STR("_ldap.")), "cannot be compared");
	assert_refused(p, other(a, srv, DER_INTEGER, STR("\x01")), "cannot be compared");
	assert_taken(p, other(a, srv, DER_IA5_STRING, STR("_ldap.www.example")));
	arena_free(a);
	policy_free(p);
}

static void subject(void **state)
{
	struct policy *p =
		t_policy("{\"x509\": {\"allow\": {\"dns\": [\"*.a.example\"], \"email\": "
			 "[\"@a.example\"]}}}");
	const struct san_list none = {0};
	struct name_attr two[2] = {
		{.oid = oid_der(OID_CN), .value = STR("evil.example")},
		{.oid = oid_der(OID_CN), .value = STR("www.a.example"), .rdn = 1}};
	const struct name twice = {.attrs = two, .n = 2};
	struct arena *a = arena_new();
	struct err e = ERR_INIT;
	struct name n;

	(void)state;
	n = mail_subject(a, "jane@a.example");
	assert_int_equal(policy_check_x509(p, &n, &none, NULL, NULL, &e), 0);
	n = mail_subject(a, "jane@b.example");
	assert_int_equal(policy_check_x509(p, &n, &none, NULL, NULL, &e), -1);
	assert_string_equal(e.pub, "email name \"jane@b.example\" not allowed");
	/* Not only the last common name counts. */
	assert_int_equal(policy_check_x509(p, &twice, &none, NULL, NULL, &e), -1);
	assert_string_equal(e.pub, "cn name \"evil.example\" not allowed");
	n = (struct name){0};
	assert_int_equal(policy_check_x509(p, &n, &none, NULL, NULL, &e), 0);
	arena_free(a);
	policy_free(p);
}

/* ---- conditions ---- */

static void conditions(void **state)
{
	struct policy *p = t_policy(
		"{\"x509\": {\"allow\": {\"dns\": [\"*.free.example\", {\"name\": "
		"\"*.ops.example\", "
		"\"groups\": [\"ops\", \"admins\"]}, {\"name\": \"*.ops.example\", "
		"\"provisioners\": [\"acme\"], \"networks\": [\"10.0.0.0/8\", \"fd00::/8\"]}]}, "
		"\"deny\": {\"dns\": [{\"name\": \"db.free.example\", \"networks\": "
		"[\"192.0.2.0/24\"]}]}}}");
	const struct str ops[] = {STR("users"), STR("ops")}, users[] = {STR("users"), STR("OPS")};
	const struct policy_request
		in_group = {.groups = ops, .n_groups = 2},
		no_group = {.groups = users, .n_groups = 2},
		inside = {.provisioner = STR("acme"), .source = STR("\x0a\1\2\3")},
		mapped = {.provisioner = STR("acme"),
			  .source = STR("\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\1\2\3")},
		outside = {.provisioner = STR("acme"), .source = STR("\x0b\1\2\3")},
		elsewhere = {.provisioner = STR("jwk"), .source = STR("\x0a\1\2\3")},
		denied = {.source = STR("\xc0\0\2\1")};
	struct arena *a = arena_new();
	struct san name = t_name(a, "dns:www.ops.example"), db = t_name(a, "dns:db.free.example");
	struct err e;

	(void)state;
	assert_int_equal(check_san(p, name, &in_group, &e), 0);
	assert_int_equal(check_san(p, name, &no_group, &e), -1);
	assert_string_equal(e.pub, "dns name \"www.ops.example\" not allowed");
	assert_int_equal(check_san(p, name, &inside, &e), 0);
	assert_int_equal(check_san(p, name, &mapped, &e), 0);
	assert_int_equal(check_san(p, name, &outside, &e), -1);
	assert_int_equal(check_san(p, name, &elsewhere, &e), -1);
	assert_int_equal(check_san(p, name, NULL, &e), -1);
	assert_int_equal(check_san(p, db, &inside, &e), 0);
	assert_int_equal(check_san(p, db, NULL, &e), 0);
	assert_int_equal(check_san(p, db, &denied, &e), -1);
	assert_non_null(strstr(e.msg, "denied by policy.x509.deny.dns[0] \"db.free.example\""));
	arena_free(a);
	policy_free(p);
}

/* A rule whose condition does not fit still makes its kind one that is ruled. */
static void conditional_kind(void **state)
{
	struct policy *p = t_policy("{\"x509\": {\"allow\": {\"ip\": [{\"name\": \"10.0.0.0/8\", "
				    "\"groups\": [\"ops\"]}, {\"name\": \"10.1.0.0/16\", "
				    "\"groups\": [\"dev\"]}, \"10.1.2.3\"]}}}");
	const struct str ops = STR("ops"), dev = STR("dev");
	const struct policy_request as_ops = {.groups = &ops, .n_groups = 1},
				    as_dev = {.groups = &dev, .n_groups = 1};
	struct arena *a = arena_new();
	struct err e;

	(void)state;
	assert_int_equal(check_san(p, t_name(a, "ip:10.1.2.3"), NULL, &e), 0);
	assert_int_equal(check_san(p, t_name(a, "ip:10.1.2.4"), NULL, &e), -1);
	assert_int_equal(check_san(p, t_name(a, "ip:10.1.2.4"), &as_dev, &e), 0);
	assert_int_equal(check_san(p, t_name(a, "ip:10.2.0.1"), &as_dev, &e), -1);
	assert_int_equal(check_san(p, t_name(a, "ip:10.2.0.1"), &as_ops, &e), 0);
	arena_free(a);
	policy_free(p);
}

/* Many rules about one name: each group has its own. */
static void many_groups(void **state)
{
	struct buf conf = BUF_INIT;
	struct arena *a = arena_new();
	struct san name = t_name(a, "dns:www.a.example");
	struct policy *p;
	struct err e;

	(void)state;
	buf_puts(&conf, "{\"x509\": {\"allow\": {\"dns\": [\"b.example\"");
	for (unsigned i = 0; i < 3000; i++)
		buf_printf(&conf,
			   ", {\"name\": \"%s.a.example\", \"%s\": [\"g%u\", \"x%u\"], "
			   "\"networks\": [\"10.0.0.0/8\"]}",
			   i % 2 ? "*" : "www", i % 5 ? "groups" : "provisioners", i, i);
	buf_puts(&conf, "]}}}");
	p = t_policy(conf.p);
	for (unsigned i = 2000; i < 3002; i++) {
		const char *word = arena_printf(a, "%s%u", i % 3 ? "g" : "x", i);
		const struct str groups[] = {STR("users"), str_c(word)};
		struct policy_request r = {.source = STR("\x0a\1\1\1")};

		r.groups = groups;
		if (i % 5)
			r.n_groups = 2;
		else
			r.provisioner = str_c(word);
		assert_int_equal(check_san(p, name, &r, &e), i < 3000 ? 0 : -1);
		r.source = STR("\x0b\1\1\1");
		assert_int_equal(check_san(p, name, &r, &e), -1);
	}
	policy_free(p);
	buf_release(&conf);
	arena_free(a);
}

/* ---- SSH, where Signet is stricter ---- */

static void ssh(void **state)
{
	struct policy *p = t_policy("{\"ssh\": {\"user\": {\"allow\": {\"principal\": [\"*\"]}}, "
				    "\"host\": {\"deny\": {\"dns\": [\"db.example\"]}}}}");
	const struct str empty = STR(""), nul = STR("jane\0root"), star = STR("*"),
			 host = STR("DB.example");
	struct policy_verdict v = {0};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(policy_check_ssh(p, POLICY_SSH_USER, NULL, 0, NULL, NULL, &e), -1);
	assert_string_equal(e.pub, "SSH user certificate without principals");
	assert_int_equal(policy_check_ssh(p, POLICY_SSH_USER, &empty, 1, NULL, NULL, &e), -1);
	assert_int_equal(policy_check_ssh(p, POLICY_SSH_USER, &nul, 1, NULL, NULL, &e), -1);
	assert_int_equal(policy_check_ssh(p, POLICY_SSH_USER, &star, 1, NULL, &v, &e), 0);
	assert_true(v.allowed);
	assert_string_equal(v.text.p, "principal name \"*\": allowed by "
				      "policy.ssh.user.allow.principal[0] \"*\"");
	assert_int_equal(policy_check_ssh(p, POLICY_SSH_HOST, &star, 1, NULL, NULL, &e), -1);
	assert_int_equal(policy_check_ssh(p, POLICY_SSH_HOST, &host, 1, NULL, &v, &e), -1);
	assert_false(v.allowed);
	assert_string_equal(e.pub, "dns name \"DB.example\" not allowed");
	assert_string_equal(v.text.p, "dns name \"DB.example\": denied by "
				      "policy.ssh.host.deny.dns[0] \"db.example\"");
	assert_int_equal(policy_check_ssh(NULL, POLICY_SSH_HOST, &host, 1, NULL, NULL, &e), 0);
	buf_release(&v.text);
	policy_free(p);
}

/* ---- lists ---- */

static const char *const list[] = {
	"www.example.com",
	"*.dev.example.com",
	"10.0.0.1",
	"jane@Example.com",
	"spiffe://TD/ns/a?x",
	"Build Server",
	"SN-1",
	"bücher.example",
	"https://u@Example.com:443/P",
	"::ffff:192.0.2.1",
	"urn:uuid:AB",
};

static int listed(const char *cn, struct san san, bool has_san, struct err *e)
{
	struct str names[ARRAY_LEN(list)];
	struct arena *a = arena_new();
	struct name n = name_from_cn(str_c(cn), a);
	struct san_list l = {&san, has_san};
	int rc;

	for (size_t i = 0; i < ARRAY_LEN(list); i++)
		names[i] = str_c(list[i]);
	rc = policy_check_listed(names, ARRAY_LEN(list), &n, &l, e);
	arena_free(a);
	return rc;
}

static void listed_names(void **state)
{
	static const struct {
		const char *name;
		bool in;
	} rows[] = {
		{"dns:www.example.com", true},
		{"dns:WWW.example.com.", true},
		{"dns:example.com", false},
		{"dns:a.www.example.com", false},
		{"dns:*.example.com", false},
		{"dns:x.dev.example.com", true},
		{"dns:*.DEV.example.com", true},
		{"dns:dev.example.com", false},
		{"dns:y.x.dev.example.com", false},
		{"dns:*.x.dev.example.com", false},
		{"dns:xn--bcher-kva.example", true},
		{"dns:10.0.0.1", false},
		{"dns:", false},
		{"ip:10.0.0.1", true},
		{"ip:::ffff:10.0.0.1", true},
		{"ip:10.0.0.2", false},
		{"ip:192.0.2.1", true},
		{"email:jane@EXAMPLE.com", true},
		{"email:\"jane\"@example.com", true},
		{"email:JANE@example.com", false},
		{"email:joe@example.com", false},
		{"uri:spiffe://td/ns/a?x", true},
		{"uri:SPIFFE://td/ns/a?x", true},
		{"uri:spiffe://td/ns/A?x", false},
		{"uri:spiffe://td/ns/a", false},
		{"uri:spiffe://td:1/ns/a?x", false},
		{"uri:https://u@example.com:443/P", true},
		{"uri:https://v@example.com:443/P", false},
		{"uri:https://u@example.com/P", false},
		{"uri:https://www.example.com", false},
		{"uri:URN:uuid:AB", true},
		{"uri:urn:uuid:ab", false},
	};
	struct arena *a = arena_new();
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if ((listed("", t_name(a, rows[i].name), true, &e) == 0) != rows[i].in)
			fail_msg("%s: %s", rows[i].name, rows[i].in ? e.msg : "taken");
	assert_int_equal(listed("", t_name(a, "dns:evil.example"), true, &e), -1);
	assert_string_equal(e.pub, "dns name \"evil.example\" not allowed");
	assert_int_equal(e.code, ERR_FORBIDDEN);
	arena_free(a);
}

static void listed_others(void **state)
{
	struct arena *a = arena_new();
	struct err e = ERR_INIT;
	struct san none = {0}, www = t_name(a, "dns:www.example.com");
	struct san_list l = {&www, 1};
	struct name n = mail_subject(a, "joe@example.com");
	const struct str one = STR("www.example.com");

	(void)state;
	assert_int_equal(listed("Build Server", none, false, &e), 0);
	assert_int_equal(listed("build  SERVER", none, false, &e), 0);
	assert_int_equal(listed("www.example.com", none, false, &e), 0);
	assert_int_equal(listed("x.dev.example.com", none, false, &e), 0);
	assert_int_equal(listed("jane@example.com", none, false, &e), 0);
	assert_int_equal(listed("10.0.0.1", none, false, &e), 0);
	assert_int_equal(listed("Other Server", none, false, &e), -1);
	assert_string_equal(e.pub, "cn name \"Other Server\" not allowed");
	assert_int_equal(listed("", device(a, "SN-1", NULL), true, &e), 0);
	assert_int_equal(listed("", device(a, "sn-1", NULL), true, &e), -1);
	assert_int_equal(listed("", device(a, "SN-1", "1.2.3"), true, &e), -1);
	assert_int_equal(listed("", device(a, NULL, NULL), true, &e), -1);
	assert_int_equal(listed("", upn(a, "SN-1"), true, &e), 0);
	assert_int_equal(listed("", other(a, "1.2.3", DER_UTF8_STRING, STR("SN-1")), true, &e), -1);
	assert_int_equal(listed("", (struct san){SAN_RID, STR("\x2a\x03")}, true, &e), -1);
	assert_int_equal(listed("", (struct san){SAN_DIRNAME, STR("\x30\0")}, true, &e), -1);
	assert_int_equal(listed("", (struct san){SAN_IP, STR("\1\2\3")}, true, &e), -1);
	assert_int_equal(policy_check_listed(&one, 1, &n, &l, &e), -1);
	assert_string_equal(e.pub, "email name \"joe@example.com\" not allowed");
	n.n = 0;
	assert_int_equal(policy_check_listed(&one, 1, &n, &l, &e), 0);
	assert_int_equal(policy_check_listed(NULL, 0, &n, &l, &e), -1);
	arena_free(a);
}

/* ---- what is said ---- */

static void verdicts(void **state)
{
	struct policy *p =
		t_policy("{\"x509\": {\"allow\": {\"dns\": [\"a.example\", \"*.b.example\"], "
			 "\"cn\": [\"Web\"]}, \"deny\": {\"dns\": [\"x.b.example\"]}}}");
	struct policy *empty = t_policy("{\"x509\": {\"allow\": {\"dns\": []}}, \"ssh\": null}");
	struct policy_verdict v = {0};
	struct arena *a = arena_new();
	struct san names[2] = {t_name(a, "dns:a.example"), t_name(a, "dns:w.b.example")};
	struct san_list l = {names, 2};
	struct name cn = name_from_cn(STR("web"), a), none = {0};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(policy_check_x509(p, &cn, &l, NULL, &v, &e), 0);
	assert_true(v.allowed);
	assert_string_equal(
		v.text.p,
		"dns name \"a.example\": allowed by policy.x509.allow.dns[0] \"a.example\"\n"
		"dns name \"w.b.example\": allowed by policy.x509.allow.dns[1] \"*.b.example\"\n"
		"cn name \"web\": allowed by policy.x509.allow.cn[0]");
	names[1] = t_name(a, "dns:X.B.example");
	assert_int_equal(policy_check_x509(p, &cn, &l, NULL, &v, &e), -1);
	assert_false(v.allowed);
	assert_string_equal(v.text.p, "dns name \"X.B.example\": denied by "
				      "policy.x509.deny.dns[0] \"x.b.example\"");
	assert_string_equal(e.pub, "dns name \"X.B.example\" not allowed");
	names[1] = t_name(a, "dns:*.b.example");
	assert_int_equal(policy_check_x509(p, &none, &l, NULL, &v, &e), -1);
	assert_non_null(strstr(v.text.p, "deny.dns[0]"));
	names[1] = t_name(a, "dns:*.c.example");
	assert_int_equal(policy_check_x509(p, &none, &l, NULL, &v, &e), -1);
	assert_non_null(strstr(v.text.p, "policy.x509.allowWildcardNames"));
	assert_int_equal(policy_check_x509(empty, &cn, &l, NULL, &v, &e), 0);
	assert_true(v.allowed);
	assert_string_equal(v.text.p, "allowed: there is no rule at all");
	assert_int_equal(policy_check_x509(NULL, &cn, &l, NULL, NULL, &e), 0);
	buf_release(&v.text);
	arena_free(a);
	policy_free(p);
	policy_free(empty);
	policy_free(NULL);
}

static void wrong_policies(void **state)
{
	static const struct {
		const char *conf, *says;
	} rows[] = {
		{"[]", "policy: not an object"},
		{"{\"x5009\": {}}", "policy.x5009: unknown key; there are x509, ssh"},
		{"{\"x509\": []}", "policy.x509: not an object"},
		{"{\"x509\": {\"alow\": {}}}", "policy.x509.alow: unknown key"},
		{"{\"x509\": {\"allow\": {\"dnss\": []}}}", "policy.x509.allow.dnss: unknown key"},
		{"{\"x509\": {\"allow\": {\"principal\": []}}}", "policy.x509.allow.principal"},
		{"{\"ssh\": {\"user\": {\"allow\": {\"cn\": []}}}}", "policy.ssh.user.allow.cn"},
		{"{\"ssh\": {\"user\": {\"allowWildcardNames\": true}}}", "unknown key"},
		{"{\"ssh\": {\"allow\": {}}}", "policy.ssh.allow: unknown key"},
		{"{\"x509\": {\"allow\": {\"dns\": \"a.example\"}}}",
		 "policy.x509.allow.dns: not a list"},
		{"{\"x509\": {\"allow\": {\"dns\": [1]}}}", "policy.x509.allow.dns[0]: neither"},
		{"{\"x509\": {\"allow\": {\"dns\": [\"a\", {}]}}}",
		 "policy.x509.allow.dns[1].name: missing"},
		{"{\"x509\": {\"allow\": {\"dns\": [{\"name\": \"a\", \"group\": []}]}}}",
		 "policy.x509.allow.dns[0].group: unknown key"},
		{"{\"x509\": {\"allow\": {\"dns\": [{\"name\": \"a\", \"groups\": []}]}}}",
		 "policy.x509.allow.dns[0].groups: not a list of 1"},
		{"{\"x509\": {\"allow\": {\"dns\": [{\"name\": \"a\", \"groups\": [1]}]}}}",
		 "policy.x509.allow.dns[0].groups[0]: not a text"},
		{"{\"x509\": {\"allow\": {\"dns\": [{\"name\": \"a\", \"networks\": [\"x\"]}]}}}",
		 "policy.x509.allow.dns[0].networks[0]: neither"},
		{"{\"x509\": {\"allow\": {\"dns\": [\"a.example\", \"*\"]}}}",
		 "policy.x509.allow.dns[1]: \"*\":"},
		{"{\"x509\": {\"deny\": {\"ip\": [\"10.0.0.0/33\"]}}}", "policy.x509.deny.ip[0]"},
		{"{\"x509\": {\"deny\": {\"uri\": [\"https://a.example\"]}}}",
		 "policy.x509.deny.uri[0]"},
		{"{\"x509\": {\"deny\": {\"otherName\": [\"x\"]}}}", "not OID, OID:TEXT"},
		{"{\"x509\": {\"deny\": {\"otherName\": [\"upn:@\"]}}}", "deny.otherName[0]"},
		{"{\"x509\": {\"deny\": {\"otherName\": [\"1.3.6.1.5.5.7.8.3:x\"]}}}",
		 "list permanentIdentifier"},
		{"{\"x509\": {\"deny\": {\"permanentIdentifier\": [\"\"]}}}", "empty"},
		{"{\"x509\": {\"deny\": {\"cn\": [\"*\"]}}}", "policy.x509.deny.cn[0]"},
		{"{\"x509\": {\"deny\": {\"cn\": [\"a\\u0000b\"]}}}", "NUL"},
		{"{\"x509\": {\"allowWildcardNames\": \"yes\"}}",
		 "policy.x509.allowWildcardNames: neither true nor false"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		json_t *v = t_json(rows[i].conf);
		struct err e = ERR_INIT;
		struct policy *p = NULL;

		if (policy_compile(v, "policy", &p, &e) == 0)
			fail_msg("taken: %s", rows[i].conf);
		assert_null(p);
		assert_int_equal(e.code, ERR_INVALID);
		if (strstr(e.msg, rows[i].says) == NULL)
			fail_msg("%s: %s", rows[i].conf, e.msg);
		json_decref(v);
	}
}

/* ---- many rules, against a plain loop over them ---- */

static bool prefix_holds(const unsigned char net[4], unsigned bits, const unsigned char ip[4])
{
	for (unsigned i = 0; i < bits; i++)
		if (((net[i / 8] ^ ip[i / 8]) & (0x80U >> i % 8)) != 0)
			return false;
	return true;
}

static void many_networks(void **state)
{
	enum { N = 2000 };
	static unsigned char nets[N][4]; /* state: of this test alone */
	static unsigned bits[N];	 /* state: of this test alone */
	struct buf conf = BUF_INIT;
	struct policy *p;
	uint32_t x = 12345;
	size_t hits = 0;

	(void)state;
	buf_puts(&conf, "{\"x509\": {\"allow\": {\"ip\": [\"255.255.255.255\"");
	for (size_t i = 0; i < N; i++) {
		for (size_t k = 0; k < 4; k++) {
			x = x * 1664525U + 1013904223U;
			nets[i][k] = (unsigned char)(x >> 24 & 0x13);
		}
		x = x * 1664525U + 1013904223U;
		bits[i] = 14 + (x >> 24) % 19;
		buf_printf(&conf, ", \"%u.%u.%u.%u/%u\"", nets[i][0], nets[i][1], nets[i][2],
			   nets[i][3], bits[i]);
	}
	buf_puts(&conf, "]}}}");
	p = t_policy(conf.p);
	for (size_t i = 0; i < 5000; i++) {
		unsigned char ip[4];
		struct san san = {SAN_IP, str_mem(ip, 4)};
		struct err e;
		bool want = false, got;

		for (size_t k = 0; k < 4; k++) {
			x = x * 1664525U + 1013904223U;
			ip[k] = (unsigned char)(x >> 24 & 0x1f);
		}
		for (size_t k = 0; k < N && !want; k++)
			want = prefix_holds(nets[k], bits[k], ip);
		got = check_san(p, san, NULL, &e) == 0;
		if (got != want)
			fail_msg("%u.%u.%u.%u: %d", ip[0], ip[1], ip[2], ip[3], got);
		hits += want;
	}
	assert_true(hits > 100 && hits < 4900);
	policy_free(p);
	buf_release(&conf);
}

static void many_names(void **state)
{
	struct buf conf = BUF_INIT;
	struct arena *a = arena_new();
	struct policy *p;

	(void)state;
	buf_puts(&conf, "{\"x509\": {\"allow\": {\"dns\": [\"*.example\"");
	for (unsigned i = 0; i < 10000; i++)
		buf_printf(&conf, ", \"%sh%u.d%u.example\"", i % 3 == 0 ? "*." : "", i, i % 100);
	buf_puts(&conf, "]}}}");
	p = t_policy(conf.p);
	assert_taken(p, t_name(a, "dns:h9998.d98.example"));
	assert_refused(p, t_name(a, "dns:h9999.d99.example"), "no rule");
	assert_taken(p, t_name(a, "dns:x.h9999.d99.example"));
	assert_taken(p, t_name(a, "dns:anything.example"));
	assert_refused(p, t_name(a, "dns:h9997.d98.example"), "no rule");
	policy_free(p);
	buf_release(&conf);
	arena_free(a);
}

/* Converting names is slow: a certificate full of internationalised ones is refused in time. */
static void many_idn(void **state)
{
	struct policy *p = t_policy("{\"x509\": {\"deny\": {\"dns\": [\"a.example\"]}}}");
	struct san sans[500];
	struct san_list l = {sans, 100};
	const struct str any = STR("*.example");
	const struct name none = {0};
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sans); i++)
		sans[i] = t_san(SAN_DNS, "xn--bcher-kva.example");
	assert_int_equal(policy_check_x509(p, &none, &l, NULL, NULL, &e), 0);
	assert_int_equal(policy_check_listed(&any, 1, &none, &l, &e), 0);
	l.n = ARRAY_LEN(sans);
	assert_int_equal(policy_check_x509(p, &none, &l, NULL, NULL, &e), -1);
	assert_non_null(strstr(e.msg, "internationalised names"));
	assert_int_equal(policy_check_listed(&any, 1, &none, &l, &e), -1);
	for (size_t i = 0; i < ARRAY_LEN(sans); i++)
		sans[i] = t_san(SAN_DNS, "plain.example");
	assert_int_equal(policy_check_x509(p, &none, &l, NULL, NULL, &e), 0);
	policy_free(p);
}

/* ---- names that crash others ---- */

static void hostile(void **state)
{
	static const char *const names[] = {"",	 "*",  ".",   "*.",   "a",     "..",  "*..",
					    "@", "a@", "\"",  "\\",   ":",     "a:",  "//",
					    "%", "[",  "*.*", "xn--", "xn--.", "\x80"};
	static const char *const policies[] = {
		"{\"x509\": {\"allow\": {\"dns\": [\"a.example\"], \"email\": [\"@a.example\"], "
		"\"uri\": [\"a.example\"], \"cn\": [\"x\"], \"otherName\": [\"1.2.3\"], "
		"\"permanentIdentifier\": [\"x\"]}, \"allowWildcardNames\": true}, \"ssh\": "
		"{\"user\": {\"allow\": {\"principal\": [\"x\"]}}, \"host\": {\"allow\": {\"dns\": "
		"[\"x\"]}}}}",
		"{\"x509\": {\"deny\": {\"dns\": [\"a.example\"], \"email\": [\"@a.example\"], "
		"\"uri\": [\"a.example\"]}}}",
	};
	struct arena *a = arena_new();
	struct err e = ERR_INIT;
	char *deep = arena_alloc(a, 100001);

	(void)state;
	memset(deep, '.', 100000);
	for (size_t i = 0; i < 100000; i += 2)
		deep[i] = 'a';
	for (size_t k = 0; k < ARRAY_LEN(policies); k++) {
		struct policy *p = t_policy(policies[k]);

		for (size_t i = 0; i <= ARRAY_LEN(names) + 1; i++) {
			struct str s = i < ARRAY_LEN(names)    ? str_c(names[i])
				       : i == ARRAY_LEN(names) ? STR("a\0b")
							       : str_c(deep);
			struct san sans[] = {{SAN_DNS, s},
					     {SAN_EMAIL, s},
					     {SAN_URI, s},
					     {SAN_OTHER, s},
					     {SAN_IP, s}};
			struct name cn = name_from_cn(s, a);
			const struct san_list none = {0};

			for (size_t t = 0; t < ARRAY_LEN(sans); t++) {
				int rc = check_san(p, sans[t], NULL, &e);

				if (k == 0 && rc == 0)
					fail_msg("%zu taken as %zu", i, t);
			}
			if (policy_check_x509(p, &cn, &none, NULL, NULL, &e) == 0 && k == 0 &&
			    s.n > 0)
				fail_msg("%zu taken as CN", i);
			if (k == 0 &&
			    policy_check_ssh(p, POLICY_SSH_USER, &s, 1, NULL, NULL, &e) == 0)
				fail_msg("%zu taken as user", i);
			if (k == 0 &&
			    policy_check_ssh(p, POLICY_SSH_HOST, &s, 1, NULL, NULL, &e) == 0)
				fail_msg("%zu taken as host", i);
			if (policy_check_listed(&s, 1, &cn, &(struct san_list){sans, 5}, &e) == 0)
				fail_msg("%zu listed", i);
		}
		policy_free(p);
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_names),
		cmocka_unit_test(permanent_identifiers),
		cmocka_unit_test(unlisted_kinds),
		cmocka_unit_test(other_spellings),
		cmocka_unit_test(subject),
		cmocka_unit_test(conditions),
		cmocka_unit_test(conditional_kind),
		cmocka_unit_test(many_groups),
		cmocka_unit_test(ssh),
		cmocka_unit_test(listed_names),
		cmocka_unit_test(listed_others),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(wrong_policies),
		cmocka_unit_test(many_networks),
		cmocka_unit_test(many_names),
		cmocka_unit_test(many_idn),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests_name("policy_rules", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include <setjmp.h>
#include <cmocka.h>

#include "policy_util.h"

/*
 * Verdicts of step's own engine (t/vectors/policy.jsonl, made by smallstep/certificates v0.30.2):
 * every row must give the same verdict and the same sentence, except where Signet is stricter on
 * purpose; these are listed below with the reason, and the list must not hold more than that.
 */

struct row {
	const char *use, *ssh;
	struct str cn;
	struct san sans[16];
	size_t n_sans;
	struct str principals[16];
	size_t n_principals;
	bool allowed, panics;
	struct str text;
};

static void take_names(struct arena *a, const json_t *o, const char *key, enum san_type type,
		       struct row *r)
{
	const json_t *l = json_object_get(o, key);

	for (size_t i = 0; i < json_array_size(l); i++) {
		struct str s = json_str_view(json_array_get(l, i));
		unsigned char ip[16];
		size_t n;

		if (type == SAN_IP) {
			n = ip_parse(s, ip);
			assert_true(n > 0);
			s = str_mem(arena_dup(a, ip, n), n);
		}
		assert_true(r->n_sans < ARRAY_LEN(r->sans));
		r->sans[r->n_sans++] = (struct san){type, s};
	}
}

static void read_row(struct arena *a, const json_t *o, struct row *r)
{
	const json_t *l = json_object_get(o, "principals");
	struct str verdict = json_str_view(json_object_get(o, "verdict"));

	*r = (struct row){.use = json_string_value(json_object_get(o, "use")),
			  .ssh = json_string_value(json_object_get(o, "ssh")),
			  .cn = json_str_view(json_object_get(o, "cn")),
			  .allowed = str_eqc(verdict, "allow"),
			  .panics = str_eqc(verdict, "panic"),
			  .text = str_trim(json_str_view(json_object_get(o, "text")))};
	assert_true(r->allowed || r->panics || str_eqc(verdict, "deny"));
	take_names(a, o, "dns", SAN_DNS, r);
	take_names(a, o, "ip", SAN_IP, r);
	take_names(a, o, "email", SAN_EMAIL, r);
	take_names(a, o, "uri", SAN_URI, r);
	for (size_t i = 0; i < json_array_size(l); i++) {
		assert_true(r->n_principals < ARRAY_LEN(r->principals));
		r->principals[r->n_principals++] = json_str_view(json_array_get(l, i));
	}
}

static int decide(struct arena *a, const struct policy *p, const struct row *r, struct err *e)
{
	struct san_list sans = {(struct san *)(uintptr_t)r->sans, r->n_sans};
	struct name subject = name_from_cn(r->cn, a);

	if (r->ssh == NULL)
		return policy_check_x509(p, &subject, &sans, NULL, NULL, e);
	return policy_check_ssh(p, strcmp(r->ssh, "host") == 0 ? POLICY_SSH_HOST : POLICY_SSH_USER,
				r->principals, r->n_principals, NULL, NULL, e);
}

/* What step's engine takes and Signet refuses. */
static const struct {
	const char *name, *why;
} stricter[] = {
	{"*.corp.example", "would hold admin.corp.example, which is denied"},
	{"*.CORP.example", "the same"},
	{"*.secret.example", "is denied itself; step lets a wildcard pass every denying rule"},
	{"*.www.corp.example", "wildcards are not allowed where DNS names are ruled"},
	{"*.example", "the same"},
	{"*.local", "the same"},
	{".corp.example", "an empty label"},
	{"", "no name"},
	{"@64", "a label of 64 characters"},
	{"@nul", "a principal with NUL"},
	{"a@b@corp.example", "domain b@corp.example"},
	{"jane@", "no domain; elsewhere step's engine crashes"},
	{"jane@*.corp.example", "a wildcard is no host"},
	{"jane@.corp.example", "an empty label"},
	{"jane@[10.0.0.1]", "an address is no DNS name"},
	{"ROOT@corp.example", "root@corp.example is denied, in any case of letters"},
	{"https://.corp.example/", "an empty label"},
	{"Build  Server", "Build Server is denied as a common name, however it is spaced"},
	{"Build Server ", "the same"},
	{"admin.corp.example", "denied as a common name, which step forgets for DNS names"},
	{"ADMIN.corp.example", "the same"},
	{"admin.corp.example.", "the same"},
};
/* Refused by both, in other words. */
static const char *const other_words[] = {

	"@64",
	"@254",
	"@nul",
	"Printer: floor 2",
	"a@b@corp.example",
	"jane@*.corp.example",
	"jane@.corp.example",
	"jane@[10.0.0.1]",
	"https://.corp.example/",
	"::ffff:10.1.2.3",
};
/* Refused at load by Signet alone: a broken A-label, a mailbox without a host. */
static const char *const stricter_load[] = {"c-dns-xn", "c-email-nodom"};

static bool is_name(const char *entry, struct str s)
{
	if (strcmp(entry, "@64") == 0)
		return s.n > 64 && memchr(s.p, '.', 64) == NULL;
	if (strcmp(entry, "@nul") == 0)
		return str_has(s, '\0');
	if (strcmp(entry, "@254") == 0)
		return s.n > 250;
	return str_eqc(s, entry);
}

static bool row_has(const struct row *r, const char *entry)
{
	for (size_t i = 0; i < r->n_sans; i++)
		if (r->sans[i].type != SAN_IP && is_name(entry, r->sans[i].value))
			return true;
	for (size_t i = 0; i < r->n_principals; i++)
		if (is_name(entry, r->principals[i]))
			return true;
	return r->cn.n > 0 && is_name(entry, r->cn);
}

static unsigned used[ARRAY_LEN(stricter)]; /* state: rows that each entry explains */

static bool explained(const struct row *r)
{
	for (size_t i = 0; i < ARRAY_LEN(stricter); i++)
		if (row_has(r, stricter[i].name)) {
			used[i]++;
			return true;
		}
	return false;
}

static void check_row(struct arena *a, const struct policy *p, const struct row *r, struct str line)
{
	struct err e = ERR_INIT;
	int rc = decide(a, p, r, &e);

	if (r->panics && rc == 0)
		fail_msg("taken: %.*s", (int)line.n, line.p);
	if (rc == 0 && !r->allowed)
		fail_msg("taken, though step refuses: %.*s", (int)line.n, line.p);
	if (rc < 0 && r->allowed && !explained(r))
		fail_msg("refused (%s): %.*s", e.msg, (int)line.n, line.p);
	if (rc == 0)
		return;
	assert_int_equal(e.code, ERR_FORBIDDEN);
	if (r->allowed || r->panics || str_eqc(r->text, e.pub))
		return;
	for (size_t i = 0; i < ARRAY_LEN(other_words); i++)
		if (row_has(r, other_words[i]))
			return;
	fail_msg("says %s: %.*s", e.pub, (int)line.n, line.p);
}

static void check_load(const json_t *o, struct policy **p)
{
	const char *id = json_string_value(json_object_get(o, "id"));
	bool refused = json_is_true(json_object_get(o, "refused"));
	struct err e = ERR_INIT;

	policy_free(*p);
	*p = NULL;
	for (size_t i = 0; i < ARRAY_LEN(stricter_load); i++)
		refused = refused || strcmp(id, stricter_load[i]) == 0;
	if ((policy_compile(json_object_get(o, "policy"), "policy", p, &e) < 0) != refused)
		fail_msg("%s: %s", id, refused ? "taken" : e.msg);
	if (refused) {
		assert_int_equal(e.code, ERR_INVALID);
		assert_non_null(strstr(e.msg, "policy.x509.allow."));
		assert_non_null(strstr(e.msg, "[0]: "));
	}
}

static void vectors(void **state)
{
	const char *root = getenv("SIGNET_SRCDIR");
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;
	struct policy *p = NULL;
	struct str rest;
	size_t rows = 0, loads = 0;
	char path[4096];

	(void)state;
	snprintf(path, sizeof(path), "%s/t/vectors/policy.jsonl", root != NULL ? root : ".");
	assert_int_equal(file_read(path, 8 << 20, &b, &e), 0);
	for (rest = buf_view(&b); rest.n > 0;) {
		struct arena *a = arena_new();
		struct str line = str_cut(rest, '\n', &rest);
		json_t *o = t_json(arena_cstr(a, line));
		struct row r;

		if (json_object_get(o, "id") != NULL) {
			check_load(o, &p);
			loads++;
		} else {
			read_row(a, o, &r);
			check_row(a, p, &r, line);
			rows++;
		}
		json_decref(o);
		arena_free(a);
	}
	policy_free(p);
	buf_release(&b);
	assert_true(rows >= 4000 && loads >= 90);
	for (size_t i = 0; i < ARRAY_LEN(stricter); i++)
		if (used[i] == 0)
			fail_msg("'%s' explains no row: step refuses it too", stricter[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(vectors)};

	return cmocka_run_group_tests_name("policy_match", tests, NULL, NULL);
}

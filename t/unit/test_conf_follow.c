/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/clock.h"
#include "conf/conf.h"

#include <setjmp.h>
#include <cmocka.h>

#include "conf_util.h"

/* conf_follow: what may change while the daemon runs, and what becomes of the rest. */

#define HEAD "dnsNames: [a.test, b.test]\nlog: {level: info, format: json}\nclaims: {}\n"
#define TAIL "authorities:\n- name: default\n  root: r.crt\n  crt: i.crt\n  key: i.key\n"

static struct conf_dir dir; /* state: of the test */

static struct conf *load(const char *text)
{
	char *path = conf_dir_write(&dir, "signetd.yaml", text);
	struct err e = ERR_INIT;
	struct conf *c = conf_load(path, &e);

	if (!c)
		fail_msg("%s", e.msg);
	mem_free(path);
	return c;
}

/* text NULL: it may follow; else the message behind the file's name. */
static void follows(const char *before, const char *after, const char *text)
{
	struct conf *a = load(before), *b = load(after);
	struct err e = ERR_INIT;
	char *want;

	if (!text) {
		if (conf_follow(a, b, &e) != 0)
			fail_msg("%s", e.msg);
		assert_ptr_equal(b->origin, a);
	} else {
		assert_int_equal(conf_follow(a, b, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		want = mem_asprintf("%s/signetd.yaml:%s: cannot change while signetd runs; "
				    "restart it",
				    dir.path, text);
		assert_string_equal(e.msg, want);
		assert_null(b->origin);
		mem_free(want);
	}
	conf_unref(b);
	conf_unref(a);
}

static void live(void **state)
{
	(void)state;
	follows(HEAD TAIL, HEAD TAIL, NULL);
	/* Written in another way, but the same. */
	follows(HEAD TAIL,
		"# comment\nthreads: {readers: 2}\naddress: \":9000\"\ndnsNames:\n- a.test\n- "
		"b.test\n"
		"log:\n  format: json\nauthorities: [{name: default, root: [./r.crt], crt: i.crt, "
		"key: i.key, backdate: 60s}]\n",
		NULL);
	follows(HEAD TAIL,
		"dnsNames: [a.test, b.test]\nlog: {level: debug, format: json}\n"
		"claims: {maxTLSCertDuration: 48h, disableRenewal: true}\n" TAIL,
		NULL);
}

static void refused(void **state)
{
	static const struct {
		const char *head, *tail, *text;
	} rows[] = {
		{"address: \":9001\"\n" HEAD, TAIL, "1: address"},
		{HEAD "dataDir: other\n", TAIL, "4: dataDir"},
		{HEAD "commonName: Other\n", TAIL, "4: commonName"},
		{HEAD "pluginDir: p\n", TAIL, "4: pluginDir"},
		{HEAD "threads:\n  cpu: 3\n", TAIL, "5: threads.cpu"},
		{HEAD "threads:\n  readers: 3\n", TAIL, "5: threads.readers"},
		{HEAD "store:\n  minFree: 1GiB\n", TAIL, "5: store.minFree"},
		{HEAD "store:\n  driver: memory\n", TAIL, "5: store.driver"},
		{HEAD "limits: {connections: 99}\n", TAIL, "4: limits.connections"},
		{HEAD "control: {socket: x}\n", TAIL, "4: control.socket"},
		{HEAD "control: {group: x}\n", TAIL, "4: control.group"},
		{HEAD "accelerator: none\n", TAIL, "4: accelerator"},
		{"log: {format: json}\ndnsNames: [a.test]\n", TAIL, "2: dnsNames"},
		{"log: {format: json}\ndnsNames: [b.test, a.test]\n", TAIL, "2: dnsNames"},
		/* Left out: where the default comes from has no line of its own. */
		{"log: {format: json}\n", TAIL, "1: dnsNames"},
		{"dnsNames: [a.test, b.test]\n", TAIL, "1: log.format"},
		{"dnsNames: [a.test, b.test]\nlog: {level: warn}\n", TAIL, "2: log.format"},
		{"dnsNames: [a.test, b.test]\nlog: {format: json, output: x}\n", TAIL,
		 "2: log.output"},
		{HEAD, "authorities:\n- name: other\n  root: r.crt\n  crt: i.crt\n  key: i.key\n",
		 "5: authorities[0].name"},
		{HEAD,
		 "authorities:\n- name: default\n  root: [r.crt, s.crt]\n  crt: i.crt\n  key: "
		 "i.key\n",
		 "6: authorities[0].root"},
		{HEAD, "authorities:\n- name: default\n  root: r.crt\n  crt: j.crt\n  key: i.key\n",
		 "7: authorities[0].crt"},
		{HEAD, "authorities:\n- name: default\n  root: r.crt\n  crt: i.crt\n  key: j.key\n",
		 "8: authorities[0].key"},
		{HEAD, TAIL "  backdate: 2m\n", "9: authorities[0].backdate"},
		{HEAD, TAIL "- {name: b, root: r.crt, crt: i.crt, key: i.key}\n", "4: authorities"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *after = mem_asprintf("%s%s", rows[i].head, rows[i].tail);

		follows(HEAD TAIL, after, rows[i].text);
		mem_free(after);
	}
}

/* Values that stay keep their addresses, also over several reloads, and outlive them. */
static void addresses(void **state)
{
	struct conf *first = load(HEAD TAIL), *now = first, *next;
	const char *const *names = first->dns_names.items;
	const struct conf_authority *au = first->authorities.items, *fresh;
	struct err e = ERR_INIT;

	(void)state;
	for (int i = 1; i <= 5; i++) {
		char *text = mem_asprintf("dnsNames: [a.test, b.test]\nlog: {level: debug, format: "
					  "json}\nclaims: {maxTLSCertDuration: %dh}\n" TAIL,
					  30 + i);

		next = load(text);
		mem_free(text);
		assert_int_equal(conf_follow(now, next, &e), 0);
		assert_ptr_equal(next->origin, first);
		conf_unref(now);
		now = next;
		assert_ptr_equal(now->dns_names.items, names);
		fresh = now->authorities.items; /* its policy is the new one */
		assert_ptr_equal(fresh->name, au->name);
		assert_ptr_equal(fresh->root.items, au->root.items);
		assert_int_equal(now->log.level, 3);
		assert_int_equal(now->claims.max_tls, (30 + i) * 3600 * DURATION_SECOND);
	}
	assert_string_equal(names[1], "b.test");
	assert_string_equal(au->name, "default");
	/* Refused: nothing of the running one has changed. */
	next = load("address: \":1\"\n" HEAD TAIL);
	assert_int_equal(conf_follow(now, next, &e), -1);
	conf_unref(next);
	assert_int_equal(now->claims.max_tls, 35 * 3600 * DURATION_SECOND);
	conf_unref(now);
}

static void find_provisioner(void **state)
{
	struct conf *c;
	struct arena *a = arena_new();
	struct err e = ERR_INIT;
	const char *path;
	char *folder = mem_asprintf("%s/provisioners.d", dir.path), *want;
	static const char *const files[][2] = {
		{"provisioners.d/1.yaml", "a: [\n"}, /* no YAML: passed over */
		{"provisioners.d/2.yaml", "name: {x: y}\n"},
		{"provisioners.d/3.yaml", "name: \"the one\"\nnonsense: 1\n"},
		{"provisioners.d/4.yaml", "name: the one\n"},
		{"provisioners.d/.5.yaml", "name: hidden\n"},
	};

	(void)state;
	c = load(HEAD TAIL);
	assert_int_equal(conf_provisioner_find(c, STR("the one"), a, &path, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(file_mkdir_p(folder, 0700, &e), 0);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		mem_free(conf_dir_write(&dir, files[i][0], files[i][1]));
	assert_int_equal(conf_provisioner_find(c, STR("the one"), a, &path, &e), 0);
	want = mem_asprintf("%s/3.yaml", folder);
	assert_string_equal(path, want);
	e = (struct err)ERR_INIT;
	assert_int_equal(conf_provisioner_find(c, STR("hidden"), a, &path, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		conf_dir_remove(&dir, files[i][0]);
	mem_free(want);
	mem_free(folder);
	conf_dir_remove(&dir, "provisioners.d");
	arena_free(a);
	conf_unref(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(live),
		cmocka_unit_test(refused),
		cmocka_unit_test(addresses),
		cmocka_unit_test(find_provisioner),
	};
	int rc;

	conf_dir_init(&dir);
	rc = cmocka_run_group_tests_name("conf/follow", tests, NULL, NULL);
	conf_dir_remove(&dir, "signetd.yaml");
	conf_dir_release(&dir);
	return rc;
}

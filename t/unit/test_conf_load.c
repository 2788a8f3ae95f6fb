/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/clock.h"
#include "base/log.h"
#include "conf/conf.h"
#include "conf_util.h"

#include <setjmp.h>
#include <sys/stat.h>
#include <cmocka.h>

#define AU "authorities:\n- name: a\n  root: r.crt\n  crt: i.crt\n  key: k\n"

static struct conf *load(const char *text, struct err *e)
{
	struct conf_dir d;
	struct conf *c;
	char *path;

	conf_dir_init(&d);
	path = conf_dir_write(&d, "signetd.yaml", text);
	c = conf_load(path, e);
	if (c != NULL) {
		assert_string_equal(c->dir, d.path);
		assert_string_equal(c->file, path);
	}
	conf_dir_remove(&d, "signetd.yaml");
	conf_dir_release(&d);
	mem_free(path);
	return c;
}

static struct conf *load_fine(const char *text)
{
	struct err e = ERR_INIT;
	struct conf *c = load(text, &e);

	if (c == NULL)
		print_error("%s\n", e.msg);
	assert_non_null(c);
	return c;
}

static void check_joined(const char *path, const char *dir, const char *rest)
{
	char *want = file_join(dir, rest);

	assert_string_equal(path, want);
	mem_free(want);
}

static void defaults(void **state)
{
	struct conf *c = load_fine(AU);
	const struct conf_authority *au = c->authorities.items;

	(void)state;
	assert_string_equal(c->address, ":9000");
	assert_string_equal(c->insecure_address, "");
	assert_string_equal(c->metrics_address, "");
	assert_string_equal(c->user, "");
	assert_int_equal(c->dns_names.n, 3);
	assert_string_equal(c->dns_names.items[0], "localhost");
	assert_string_equal(c->dns_names.items[1], "127.0.0.1");
	assert_string_equal(c->dns_names.items[2], "::1");
	assert_string_equal(c->data_dir, c->dir);
	check_joined(c->store.path, c->dir, "db");
	assert_true(strlen(c->plugin_dir) > 0);
	assert_int_equal(c->threads.cpu, 0);
	assert_int_equal(c->threads.slow, 1);
	assert_int_equal(c->threads.readers, 2);
	assert_int_equal(c->log.format, LOG_LOGFMT);
	assert_int_equal(c->log.level, LOG_INFO);
	assert_string_equal(c->log.output, "stderr");
	assert_int_equal(c->store.driver, 0);
	assert_true(c->store.min_free == 256 << 20);
	assert_true(c->store.min_free_revoke == 64 << 20);
	assert_int_equal(c->limits.connections, 1024);
	assert_string_equal(c->accelerator, "auto");
	assert_true(c->claims.min_tls == -1 && c->claims.max_tls == -1 &&
		    c->claims.default_tls == -1);
	assert_int_equal(c->claims.disable_renewal, 0);
	assert_int_equal(c->authorities.n, 1);
	assert_string_equal(au->name, "a");
	assert_int_equal(au->root.n, 1);
	check_joined(au->root.items[0], c->dir, "r.crt");
	check_joined(au->crt, c->dir, "i.crt");
	assert_string_equal(au->key, "k");
	assert_int_equal(au->federated_roots.n, 0);
	assert_int_equal(au->isolation, 1);
	assert_true(au->backdate == 60 * DURATION_SECOND);
	conf_unref(conf_ref(c));
	conf_unref(c);
}

static void values(void **state)
{
	struct conf *c = load_fine(
		"address: \"[::1]:0\"\n"
		"insecureAddress: \"\"\nmetricsAddress: ''\nuser: \"\"\ncontrol:\n"
		"dnsNames: [ca.example, b\xc3\xbc"
		"cher.example, '2001:db8::1']\n"
		"dataDir: ./var/data\ncommonName: My CA\npluginDir: /opt/plugins\n"
		"threads: {cpu: 3, slow: 2, readers: 5}\n"
		"log: {format: json, level: debug, output: log/x.log}\n"
		"store: {driver: memory, path: /srv/db, minFree: 1GiB, minFreeRevoke: 4096}\n"
		"accelerator: none\nlimits:\n  connections: 64\n"
		"claims: {defaultTLSCertDuration: 48h, disableRenewal: True, enableSSHCA: false}\n"
		"authorities:\n- name: a\n  root: [r.crt, /x/s.crt]\n  federatedRoots: f.crt\n  "
		"crt: i.crt\n"
		"  key: file:k?passwordFile=p\n  isolation: thread\n  backdate: 0s\n"
		"- {name: b, root: r, crt: c, key: k}\n");
	const struct conf_authority *au = c->authorities.items;

	(void)state;
	assert_string_equal(c->address, "[::1]:0");
	assert_int_equal(c->dns_names.n, 3);
	check_joined(c->data_dir, c->dir, "var/data");
	assert_string_equal(c->store.path, "/srv/db");
	assert_string_equal(c->plugin_dir, "/opt/plugins");
	assert_string_equal(c->common_name, "My CA");
	assert_int_equal(c->threads.cpu, 3);
	assert_int_equal(c->threads.readers, 5);
	assert_int_equal(c->log.format, LOG_JSON);
	assert_int_equal(c->log.level, LOG_DEBUG);
	check_joined(c->log.output, c->dir, "log/x.log");
	assert_int_equal(c->store.driver, 1);
	assert_true(c->store.min_free == 1 << 30);
	assert_true(c->store.min_free_revoke == 4096);
	assert_string_equal(c->accelerator, "none");
	assert_int_equal(c->limits.connections, 64);
	assert_true(c->claims.default_tls == 48 * 3600 * DURATION_SECOND);
	assert_int_equal(c->claims.disable_renewal, 2);
	assert_int_equal(c->authorities.n, 2);
	assert_int_equal(au[0].root.n, 2);
	assert_string_equal(au[0].root.items[1], "/x/s.crt");
	assert_int_equal(au[0].federated_roots.n, 1);
	assert_true(au[0].backdate == 0);
	assert_string_equal(au[1].name, "b");
	conf_unref(c);
}

static void relative_store_follows_data_dir(void **state)
{
	struct conf *c = load_fine("dataDir: /srv/x\nstore:\n  path: y/z\n" AU);

	(void)state;
	assert_string_equal(c->store.path, "/srv/x/y/z");
	conf_unref(c);
}

/* What comes behind "signetd.yaml:"; the text ends in AU unless it starts with '!'. */
static const struct {
	const char *text, *want;
} bad[] = {
	{"adress: :9000\n", "1: adress: unknown key, did you mean address?"},
	{"ADDRESS: :9000\n", "1: ADDRESS: unknown key, did you mean address?"},
	{"zzzzzzzzzz: 1\n", "1: zzzzzzzzzz: unknown key"},
	{"log: {levle: info}\n", "1: log.levle: unknown key, did you mean level?"},
	{"address: 9000\n",
	 "1: address: must be :PORT, IPv4:PORT or [IPv6]:PORT, the port 0 to 65535"},
	{"address: :65536\n", "1: address: must be :PORT"},
	{"address: '::1:9000'\n", "1: address: must be :PORT"},
	{"address: [a]\n", "1: address: must be a single value"},
	{"insecureAddress: :80\n", "1: insecureAddress: not supported by this version"},
	{"\nmetricsAddress: :80\n", "2: metricsAddress: not supported by this version"},
	{"user: signet\n", "1: user: not supported by this version"},
	{"control: run/control.sock\n", "1: control: must be a mapping"},
	{"control: {sockets: x}\n", "1: control.sockets: unknown key, did you mean socket?"},
	{"accelerator: ''\n", "1: accelerator: must be auto, none or the name of a plugin"},
	{"dnsNames: ca.example\n", "1: dnsNames: must be a list"},
	{"dnsNames: []\n", "1: dnsNames: is empty"},
	{"dnsNames:\n- a\n- b c\n", "3: dnsNames[1]: must be a DNS name"},
	{"dnsNames: ['*.example']\n", "1: dnsNames[0]: must be a DNS name"},
	{"dnsNames: ['[::1]']\n", "1: dnsNames[0]: must be a DNS name"},
	{"dnsNames: [~]\n", "1: dnsNames[0]: must not be empty"},
	{"dnsNames: [[a]]\n", "1: dnsNames[0]: must be a single value"},
	{"dataDir: ''\n", "1: dataDir: must be a path, not empty"},
	{"commonName: ''\n", "1: commonName: must have 1 to 64 characters"},
	{"threads: 4\n", "1: threads: must be a mapping"},
	{"threads: {cpu: 0}\n", "1: threads.cpu: must be auto or a whole number from 1 to 256"},
	{"threads:\n  slow: 1.5\n", "2: threads.slow: must be a whole number from 1 to 16"},
	{"threads:\n  readers: auto\n", "2: threads.readers: must be a whole number from 1 to 64"},
	{"log: {format: xml}\n", "1: log.format: must be logfmt or json"},
	{"log: {level: loud}\n", "1: log.level: must be error, warn, info or debug"},
	{"store: {driver: mysql}\n", "1: store.driver: must be rocksdb or memory"},
	{"store: {path: ''}\n", "1: store.path: must not be empty"},
	{"store: {minFree: 5MB}\n",
	 "1: store.minFree: must be a size such as 1048576, 64KiB, 256MiB or 1GiB"},
	{"store: {minFree: 99999999999TiB}\n", "1: store.minFree: must be a size"},
	{"store: {minFree: -1}\n", "1: store.minFree: must be a size"},
	{"store:\n  minFree: 1KiB\n  minFreeRevoke: 2KiB\n",
	 "3: store.minFreeRevoke: must not be more than minFree"},
	{"store:\n  minFree: 1KiB\n", "2: store.minFreeRevoke: must not be more than minFree"},
	{"limits: {connections: 1}\n",
	 "1: limits.connections: must be a whole number from 16 to 65536"},
	{"claims: {defaultTLSCertDuration: 1d}\n",
	 "1: claims.defaultTLSCertDuration: must be a duration such as 90s, 5m or 24h, from"},
	{"claims: {minTLSCertDuration: -5m}\n", "1: claims.minTLSCertDuration: must be a duration"},
	{"claims: {minTLSCertDuration: 0}\n", "1: claims.minTLSCertDuration: must be a duration"},
	{"claims: {disableRenewal: yes}\n", "1: claims.disableRenewal: must be false or true"},
	{"claims: {enableSSHCA: true}\n", "1: claims.enableSSHCA: not supported by this version"},
	{"claims: {minUserSSHCertDuration: 5m}\n",
	 "1: claims.minUserSSHCertDuration: not supported by this version"},
	{"\nclaims: {minTLSCertDuration: 2h, maxTLSCertDuration: 1h}\n",
	 "2: claims: maxTLSCertDuration 1h0m0s is less than minTLSCertDuration 2h0m0s"},
	{"a: 1\na: 2\n", "2:1: key occurs twice"},
	{"a: [\n", ""},
	{"!", "1: authorities: missing; it is required"},
	{"!- a\n", "1: must be a mapping"},
	{"!just text\n", "1: must be a mapping"},
	{"!authorities: []\n", "1: authorities: is empty; at least one authority is needed"},
	{"!authorities: {name: a}\n", "1: authorities: must be a list"},
	{"!authorities: [a]\n", "1: authorities[0]: must be a mapping"},
	{"!authorities:\n- name: a\n  root: r\n  crt: c\n",
	 "2: authorities[0].key: missing; it is required"},
	{"!authorities:\n- name: a\n  root: r\n  crt: c\n  key: k\n  isolation: process\n",
	 "6: authorities[0].isolation: process is not supported by this version, must be thread"},
	{"!authorities:\n- name: a\n  root: r\n  crt: c\n  key: k\n  isolation: none\n",
	 "6: authorities[0].isolation: must be thread"},
	{"!authorities:\n- name: a\n  root: r\n  crt: c\n  key: k\n  backdate: 25h\n",
	 "6: authorities[0].backdate: must be a duration"},
	{"!authorities:\n- name: a/b\n  root: r\n  crt: c\n  key: k\n",
	 "2: authorities[0].name: must be 1 to 64 letters"},
	{"!authorities:\n- name: a\n  root: []\n  crt: c\n  key: k\n",
	 "3: authorities[0].root: is empty"},
	{"!authorities:\n- name: a\n  root: {x: y}\n  crt: c\n  key: k\n",
	 "3: authorities[0].root: must be a path or a list of paths"},
	{"!authorities:\n- name: a\n  root: r\n  crt: c\n  key: ''\n",
	 "5: authorities[0].key: must not be empty"},
	{"!" AU "- name: a\n  root: r\n  crt: c\n  key: k\n",
	 "6: authorities[1].name: \"a\" is the name of an authority above"},
	{"!" AU "- nam: b\n", "6: authorities[1].nam: unknown key, did you mean name?"},
};

static void bad_configurations(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		bool whole = bad[i].text[0] == '!';
		char *text = mem_asprintf("%s%s", bad[i].text + (whole ? 1 : 0), whole ? "" : AU);
		struct err e = ERR_INIT;
		struct conf *c = load(text, &e);
		const char *msg;

		if (c != NULL)
			print_error("accepted: %s\n", text);
		assert_null(c);
		assert_int_equal(e.code, ERR_INVALID);
		msg = strstr(e.msg, "signetd.yaml:");
		assert_non_null(msg);
		msg += strlen("signetd.yaml:");
		if (!str_starts(str_c(msg), bad[i].want))
			print_error("%s\n got: %s\nwant: %s\n", text, msg, bad[i].want);
		assert_true(str_starts(str_c(msg), bad[i].want));
		mem_free(text);
	}
}

static void missing_file(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_null(conf_load("/nonexistent/signetd.yaml", &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, "/nonexistent/signetd.yaml"));
}

static void check_sample(void **state)
{
	struct buf want = BUF_INIT, got = BUF_INIT;
	char *path = file_join(conf_srcdir(), "conf/signetd.yaml");
	struct err e = ERR_INIT;
	struct conf *c;

	(void)state;
	conf_describe(&conf_table_daemon, true, &want);
	assert_int_equal(file_read(path, 1 << 20, &got, &e), 0);
	assert_string_equal(got.p, want.p);
	assert_null(strstr(got.p, "insecureAddress"));
	assert_null(strstr(got.p, "SSH"));
	assert_null(strstr(got.p, "process\n"));
	c = conf_load(path, &e);
	if (c == NULL)
		print_error("%s\n", e.msg);
	assert_non_null(c);
	assert_int_equal(c->authorities.n, 1);
	conf_unref(c);
	mem_free(path);
	buf_release(&want);
	buf_release(&got);
}

/*
 * Takes the '#' off every commented key that shows a value: the defaults must be what a person
 * may write.
 */
static void sample_with_everything_set(void **state)
{
	struct buf sample = BUF_INIT, text = BUF_INIT;
	struct conf *c;

	(void)state;
	conf_describe(&conf_table_daemon, true, &sample);
	for (struct str rest = buf_view(&sample); rest.n > 0;) {
		struct str line = str_cut(rest, '\n', &rest), t = str_trim(line);

		if (t.n > 1 && t.p[0] == '#' && t.p[1] != ' ' && !str_ends(t, ":")) {
			buf_add(&text, line.p, (size_t)(t.p - line.p));
			buf_add(&text, t.p + 1, t.n - 1);
		} else {
			buf_str(&text, line);
		}
		buf_putc(&text, '\n');
	}
	assert_true(!str_eq(buf_view(&sample), buf_view(&text)));
	c = load_fine(text.p);
	assert_int_equal(c->dns_names.n, 3);
	conf_unref(c);
	buf_release(&sample);
	buf_release(&text);
}

static void help_names_every_key(void **state)
{
	static const char *const keys[] = {
		"address: ",
		"threads.cpu: auto or number from 1 to 256, default auto\n",
		"authorities[].key: text, required\n",
		"claims.defaultTLSCertDuration: duration",
		"store.minFree: size, default 256MiB\n",
		"control.socket: text",
		"log.level: error or warn or info or debug, default info, may change"};
	struct buf b = BUF_INIT;

	(void)state;
	conf_describe(&conf_table_daemon, false, &b);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		assert_non_null(strstr(b.p, keys[i]));
	assert_null(strstr(b.p, "insecureAddress"));
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(values),
		cmocka_unit_test(relative_store_follows_data_dir),
		cmocka_unit_test(bad_configurations),
		cmocka_unit_test(missing_file),
		cmocka_unit_test(check_sample),
		cmocka_unit_test(sample_with_everything_set),
		cmocka_unit_test(help_names_every_key),
	};

	return cmocka_run_group_tests_name("conf/load", tests, NULL, NULL);
}

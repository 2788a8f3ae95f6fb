/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "abi/accel.h"
#include "abi/prov.h"
#include "base/file.h"
#include "base/mem.h"
#include "plugin/priv.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const struct signet_prov_driver driver = {.size = sizeof(driver)};
static const struct signet_plugin good = {SIGNET_PLUGIN_HEAD(SIGNET_PROVISIONER), .name = "Test-1",
					  .version = "1", .licence = "none", .driver = &driver};

static enum err_code shake(const struct signet_plugin *p, enum signet_plugin_kind kind)
{
	struct err e = ERR_INIT;

	if (plugin_handshake(p, kind, "/some/path.so", &e) == 0)
		return ERR_OK;
	assert_true(strncmp(e.msg, "plugin /some/path.so: ", 22) == 0);
	assert_null(strstr(e.msg, "Test-1")); /* the path, not what it says about itself */
	return e.code;
}

static void handshake(void **state)
{
	static const size_t small = sizeof(struct signet_prov_driver) - 1;
	struct signet_plugin p = good;

	(void)state;
	assert_int_equal(shake(&p, SIGNET_PROVISIONER), ERR_OK);
	assert_int_equal(shake(&p, SIGNET_KEY_MANAGER), ERR_INVALID);
	assert_int_equal(shake(&p, SIGNET_ACCELERATOR), ERR_INVALID);
#define WITH(field, value)                                                                         \
	do {                                                                                       \
		p = good;                                                                          \
		p.field = (value);                                                                 \
		assert_int_equal(shake(&p, SIGNET_PROVISIONER), ERR_INVALID);                      \
	} while (0)
	WITH(magic, 0);
	WITH(magic, 0x544e4753U); /* other byte order */
	WITH(abi_major, 0);
	WITH(abi_major, SIGNET_ABI_MAJOR + 1);
	WITH(abi_minor, SIGNET_ABI_MINOR + 1);
	WITH(size, 0);
	WITH(size, sizeof(p) - 1);
	WITH(size, sizeof(p) + 8);
	WITH(size, 0xffffffffU);
	WITH(kind, 0);
	WITH(kind, 4);
	WITH(features, NULL);
	WITH(features, "p64,t64");
	WITH(features, "p32,t32,none");
	WITH(name, NULL);
	WITH(name, "");
	WITH(version, NULL);
	WITH(licence, NULL);
	WITH(driver, NULL);
	WITH(driver, &small);
}

/* Nothing behind the first 16 bytes is touched: they stand at the very end of a page, and the next
 * one cannot be read. */
static void reads_sixteen_bytes_only(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *m = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct signet_plugin p = good;
	struct err e = ERR_INIT;

	(void)state;
	assert_ptr_not_equal(m, MAP_FAILED);
	assert_int_equal(mprotect(m + page, page, PROT_NONE), 0);
	p.abi_major = 7;
	memcpy(m + page - 16, &p, 16);
	assert_int_equal(plugin_handshake(m + page - 16, SIGNET_PROVISIONER, "x", &e), -1);
	p = good;
	p.abi_minor = SIGNET_ABI_MINOR + 1;
	memcpy(m + page - 16, &p, 16);
	assert_int_equal(plugin_handshake(m + page - 16, SIGNET_PROVISIONER, "x", &e), -1);
	p = good;
	p.size = 16;
	memcpy(m + page - 16, &p, 16);
	assert_int_equal(plugin_handshake(m + page - 16, SIGNET_PROVISIONER, "x", &e), -1);
	munmap(m, 2 * page);
}

static void file_names(void **state)
{
	static const char *const bad[] = {"",	 "../jwk", "a/b",      "a.b",
					  "a b", "-a",	   "\xc3\xa4", "a_b"};
	char out[64], longest[65];

	(void)state;
	memset(longest, 'a', 64);
	longest[64] = 0;
	assert_false(plugin_file_name(longest, out, sizeof(out)));
	longest[63] = 0;
	assert_true(plugin_file_name(longest, out, sizeof(out)));
	assert_true(plugin_file_name("JWK", out, sizeof(out)));
	assert_string_equal(out, "jwk");
	assert_true(plugin_file_name("K8sSA-2", out, sizeof(out)));
	assert_string_equal(out, "k8ssa-2");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(plugin_file_name(bad[i], out, sizeof(out)));
}

static void builtin(void **state)
{
	struct signet_plugin broken = good;
	const struct signet_plugin *const table[] = {&good, &broken, NULL};
	struct plugin_registry *r = plugin_registry_new(NULL, table);
	struct err e = ERR_INIT;

	(void)state;
	broken.name = "broken";
	broken.features = "other";
	assert_ptr_equal(plugin_find(r, SIGNET_PROVISIONER, "test-1", &e), &good);
	assert_ptr_equal(plugin_find(r, SIGNET_PROVISIONER, "TEST-1", &e), &good);
	assert_null(plugin_find(r, SIGNET_KEY_MANAGER, "test-1", &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_null(plugin_find(r, SIGNET_PROVISIONER, "none", &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_null(plugin_find(r, SIGNET_PROVISIONER, "../test-1", &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_null(plugin_find(r, SIGNET_PROVISIONER, "broken", &e));
	assert_int_equal(e.code, ERR_INVALID);
	plugin_registry_free(r);
	plugin_registry_free(NULL);
}

/* ---- modules made at test time ---- */

struct dirs {
	char root[64];
	bool cc;
};

static int run(const char *const *argv)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);
		dup2(null, 2);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void write_text(const char *path, const char *text)
{
	struct err e = ERR_INIT;

	if (file_replace(path, str_c(text), 0644, &e) < 0)
		fail_msg("%s", e.msg);
}

/* Compiles `body` after a common head into root/sub/name.so. */
static bool module(struct dirs *d, const char *sub, const char *name, const char *body)
{
	static const char head[] = "#include \"abi/abi.h\"\n#include \"abi/prov.h\"\n"
				   "__attribute__((unused)) static const struct signet_prov_driver "
				   "drv = { .size = sizeof(drv) };\n"
				   "#define HEAD .magic = SIGNET_ABI_MAGIC, .abi_major = "
				   "SIGNET_ABI_MAJOR, .abi_minor = SIGNET_ABI_MINOR, "
				   ".size = sizeof(struct signet_plugin), .kind = "
				   "SIGNET_PROVISIONER, .features = FEATURES, .version = \"1\", "
				   ".licence = \"none\", .driver = &drv\n";
	const char *src = getenv("SIGNET_SRCDIR");
	char *inc = mem_asprintf("-I%s/src", src ? src : "."), *c = mem_asprintf("%s/m.c", d->root),
	     *so, *text = mem_asprintf("%s%s", head, body);
	struct err e = ERR_INIT;
	char *folder = mem_asprintf("%s/%s", d->root, sub);
	bool ok;

	assert_int_equal(file_mkdir_p(folder, 0755, &e), 0);
	so = mem_asprintf("%s/%s.so", folder, name);
	write_text(c, text);
	{
		const char *const argv[] = {
			"cc", "-shared", "-fPIC", inc, "-DFEATURES=\"" SIGNET_ABI_FEATURES "\"",
			"-o", so,	 c,	  NULL};
		ok = run(argv) == 0;
	}
	if (ok)
		assert_int_equal(chmod(so, 0755), 0);
	mem_free(inc);
	mem_free(c);
	mem_free(so);
	mem_free(text);
	mem_free(folder);
	return ok;
}

static int make_dirs(void **state)
{
	struct dirs *d = NEW(struct dirs);

	snprintf(d->root, sizeof(d->root), "/tmp/signet-plugin-XXXXXX");
	if (!mkdtemp(d->root) || chmod(d->root, 0755) < 0)
		return -1;
	d->cc = module(d, "provisioner", "good",
		       "const struct signet_plugin signet_plugin = { HEAD, .name = \"GOOD\" };");
	if (!d->cc)
		print_message("# no C compiler: modules are not tested\n");
	*state = d;
	return 0;
}

static int remove_dirs(void **state)
{
	struct dirs *d = *state;
	const char *const argv[] = {"rm", "-rf", d->root, NULL};

	run(argv);
	mem_free(d);
	return 0;
}

static enum err_code find(struct dirs *d, const char *type, const char *needle)
{
	struct plugin_registry *r = plugin_registry_new(d->root, NULL);
	struct err e = ERR_INIT;
	const struct signet_plugin *p = plugin_find(r, SIGNET_PROVISIONER, type, &e);

	if (p)
		assert_ptr_equal(plugin_find(r, SIGNET_PROVISIONER, type, &e), p);
	else if (needle && !strstr(e.msg, needle))
		fail_msg("\"%s\" without \"%s\"", e.msg, needle);
	plugin_registry_free(r);
	return p ? ERR_OK : e.code;
}

static void modules(void **state)
{
	struct dirs *d = *state;
	static const struct {
		const char *name, *body, *needle;
	} bad[] = {
		{"nosym", "int x;", "does not export"},
		{"unresolved",
		 "extern int there_is_no_such_function(void);\nint f(void) { return "
		 "there_is_no_such_function(); }\n"
		 "const struct signet_plugin signet_plugin = { HEAD, .name = \"unresolved\" };",
		 "there_is_no_such_function"},
		{"magic", "const struct { unsigned m[4]; } signet_plugin = { { 1, 2, 3, 4 } };",
		 "no descriptor"},
		{"newer",
		 "const struct { unsigned m; unsigned short a, b; unsigned s, k; } signet_plugin = "
		 "{ SIGNET_ABI_MAGIC, SIGNET_ABI_MAJOR, 999, 64, 1 };",
		 "newer ABI"},
		{"major",
		 "const struct { unsigned m; unsigned short a, b; unsigned s, k; } signet_plugin = "
		 "{ SIGNET_ABI_MAGIC, 99, 0, 64, 1 };",
		 "build it again"},
		{"other", "const struct signet_plugin signet_plugin = { HEAD, .name = \"else\" };",
		 "another type"},
		{"kind",
		 "const struct { unsigned m; unsigned short a, b; unsigned s, k; } signet_plugin = "
		 "{ SIGNET_ABI_MAGIC, SIGNET_ABI_MAJOR, 0, sizeof(struct signet_plugin), 2 };",
		 "another kind"},
	};

	if (!d->cc)
		return;
	assert_int_equal(find(d, "good", NULL), ERR_OK);
	assert_int_equal(find(d, "Good", NULL), ERR_OK);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_true(module(d, "provisioner", bad[i].name, bad[i].body));
		assert_int_equal(find(d, bad[i].name, bad[i].needle), ERR_INVALID);
	}
	/* where libtool leaves it */
	assert_true(
		module(d, "provisioner/.libs", "built",
		       "const struct signet_plugin signet_plugin = { HEAD, .name = \"built\" };"));
	assert_int_equal(find(d, "built", NULL), ERR_OK);
	assert_int_equal(find(d, "absent", "no /tmp/"), ERR_NOT_FOUND);
}

/* The plugins that come with the daemon, as modules: nothing but abi headers on the include path is
 * theirs to use. */
static void our_modules(void **state)
{
	static const struct {
		const char *file, *type;
	} ours[] = {{"jwk", "JWK"}, {"skeleton", "Skeleton"}};
	/* Says that it is built as this program is, without being so: enough for the handshake. */
	const char *san = strcmp(SIGNET_ABI_SAN, "asan") == 0	? "-D__SANITIZE_ADDRESS__=1"
			  : strcmp(SIGNET_ABI_SAN, "tsan") == 0 ? "-D__SANITIZE_THREAD__=1"
								: "-DNONE";
	const char *src = getenv("SIGNET_SRCDIR");
	struct dirs *d = *state;

	if (!src)
		src = ".";
	for (size_t i = 0; d->cc && i < ARRAY_LEN(ours); i++) {
		struct plugin_registry *r = plugin_registry_new(d->root, NULL);
		struct err e = ERR_INIT;
		char *inc = mem_asprintf("-I%s/src", src),
		     *c = mem_asprintf("%s/plugins/provisioner/%s.c", src, ours[i].file),
		     *so = mem_asprintf("%s/provisioner/%s.so", d->root, ours[i].file);
		const char *const argv[] = {"cc",      "-std=gnu11", "-Wall",	    "-Werror",
					    "-shared", "-fPIC",	     "-Wl,-z,defs", "-D_GNU_SOURCE",
					    san,       inc,	     "-o",	    so,
					    c,	       NULL};
		const struct signet_plugin *p;

		assert_int_equal(run(argv), 0);
		assert_int_equal(chmod(so, 0755), 0);
		p = plugin_find(r, SIGNET_PROVISIONER, ours[i].type, &e);
		if (!p)
			fail_msg("%s", e.msg);
		assert_string_equal(p->name, ours[i].type);
		assert_string_equal(p->licence, "GPL-3.0-or-later");
		for (const struct signet_conf_key *k = p->conf; k->name; k++)
			assert_true(k->doc && k->doc[strlen(k->doc) - 1] == '.');
		plugin_registry_free(r);
		mem_free(inc);
		mem_free(c);
		mem_free(so);
	}
}

static char *in(struct dirs *d, const char *rel)
{
	return mem_asprintf("%s/%s", d->root, rel);
}

static void permissions(void **state)
{
	struct dirs *d = *state;
	char *so = in(d, "provisioner/good.so"), *folder = in(d, "provisioner"),
	     *link = in(d, "provisioner/link.so"), *sub = in(d, "provisioner/sub.so");

	write_text(so, "not an ELF file, which is fine: it is never opened");
	assert_int_equal(find(d, "good", so), ERR_INVALID);
	assert_int_equal(chmod(so, 0775), 0);
	assert_int_equal(find(d, "good", "writable by group or others"), ERR_FORBIDDEN);
	assert_int_equal(chmod(so, 0757), 0);
	assert_int_equal(find(d, "good", "writable by group or others"), ERR_FORBIDDEN);
	assert_int_equal(chmod(so, 0755), 0);
	assert_int_equal(chmod(folder, 0777), 0);
	assert_int_equal(find(d, "good", "writable by group or others"), ERR_FORBIDDEN);
	assert_int_equal(chmod(folder, 01777), 0);
	assert_int_equal(find(d, "good", "writable by group or others"), ERR_FORBIDDEN);
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(chmod(d->root, 0775), 0);
	assert_int_equal(find(d, "good", "writable by group or others"), ERR_FORBIDDEN);
	assert_int_equal(chmod(d->root, 0755), 0);
	assert_int_equal(symlink(so, link), 0);
	assert_int_equal(find(d, "link", "not a regular file"), ERR_FORBIDDEN);
	assert_int_equal(mkdir(sub, 0755), 0);
	assert_int_equal(find(d, "sub", "not a regular file"), ERR_FORBIDDEN);
	if (geteuid() == 0) {
		assert_int_equal(chown(so, 12345, 0), 0);
		assert_int_equal(find(d, "good", "owned by user 12345"), ERR_FORBIDDEN);
		assert_int_equal(chown(so, 0, 0), 0);
		assert_int_equal(chown(folder, 12345, 0), 0);
		assert_int_equal(find(d, "good", "owned by user 12345"), ERR_FORBIDDEN);
		assert_int_equal(chown(folder, 0, 0), 0);
	}
	/* refused: another place is not tried */
	{
		struct err e = ERR_INIT;
		char *libs = in(d, "provisioner/.libs"),
		     *second = in(d, "provisioner/.libs/good.so");
		assert_int_equal(file_mkdir_p(libs, 0755, &e), 0);
		write_text(second, "x");
		assert_int_equal(chmod(so, 0777), 0);
		assert_int_equal(find(d, "good", so), ERR_FORBIDDEN);
		mem_free(libs);
		mem_free(second);
	}
	mem_free(so);
	mem_free(folder);
	mem_free(link);
	mem_free(sub);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handshake),
		cmocka_unit_test(reads_sixteen_bytes_only),
		cmocka_unit_test(file_names),
		cmocka_unit_test(builtin),
		cmocka_unit_test_setup_teardown(modules, make_dirs, remove_dirs),
		cmocka_unit_test_setup_teardown(our_modules, make_dirs, remove_dirs),
		cmocka_unit_test_setup_teardown(permissions, make_dirs, remove_dirs),
	};

	return cmocka_run_group_tests_name("plugin loader", tests, NULL, NULL);
}

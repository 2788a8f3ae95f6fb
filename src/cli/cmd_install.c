/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/install.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

/*
 * cmd_install.c - `signet install` and `uninstall`: a root certificate in the trust store of
 * Debian, which all programs that look at /etc/ssl/certs share.
 *
 * A root is the file signet-FINGERPRINT8-NAME.crt in /usr/local/share/ca-certificates, from which
 * update-ca-certificates makes the rest. Only files of this name whose certificate has the whole
 * fingerprint are ever removed. When update-ca-certificates fails, what was written goes again.
 * With --into DIR the file goes there, and nothing is run: for images and tests.
 */

#define STORE	    "/usr/local/share/ca-certificates"
#define UPDATE	    "/usr/sbin/update-ca-certificates"
#define NAME_MAX_CN 40

extern char **environ;

static const char *folder(struct cli *c)
{
	const char *into = cli_value(c, "into");

	return into ? into : STORE;
}

int install_ready(struct cli *c, struct err *e)
{
	const char *dir = folder(c);
	struct stat st;

	if (cli_value(c, "into") != NULL)
		return file_mkdir_p(dir, 0755, e);
	if (stat(UPDATE, &st) != 0)
		return ERR(e, ERR_NOT_FOUND, "%s is not there: install the package ca-certificates",
			   UPDATE);
	if (geteuid() != 0)
		return ERR(e, ERR_FORBIDDEN,
			   "the system's trust store belongs to root: run this as "
			   "root (sudo)");
	return file_mkdir_p(dir, 0755, e);
}

struct tool {
	char *const *argv;
	int out; /* takes what it prints */
};

static int run_tool(void *arg, struct err *e)
{
	const struct tool *t = arg;
	posix_spawn_file_actions_t actions;
	int rc, status = 0;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, t->out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, t->out, STDERR_FILENO);
	rc = posix_spawn(&pid, UPDATE, &actions, NULL, t->argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (rc != 0)
		return err_errno(e, rc, "%s", UPDATE);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_errno(e, errno, "%s", UPDATE);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return ERR(e, ERR_INTERNAL, "%s failed (status %d)", UPDATE,
		   WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* Its last words, behind the error. */
static void add_last_line(int fd, struct err *e)
{
	struct err first = *e;
	char text[201];
	off_t size = lseek(fd, 0, SEEK_END);
	ssize_t n = pread(fd, text, sizeof(text) - 1, size > 200 ? size - 200 : 0);
	char *line;

	while (n > 0 && text[n - 1] == '\n')
		n--;
	if (n <= 0)
		return;
	text[n] = '\0';
	line = strrchr(text, '\n');
	ERR(e, first.code, "%s: %s", first.msg, line ? line + 1 : text);
}

/* update-ca-certificates; what it prints is shown only when it fails. */
static int update(struct cli *c, bool fresh, struct err *e)
{
	char *const argv[] = {arena_strdup(c->arena, UPDATE),
			      fresh ? arena_strdup(c->arena, "--fresh") : NULL, NULL};
	struct tool t = {.argv = argv};
	int rc;

	if (cli_value(c, "into") != NULL)
		return 0;
	t.out = memfd_create("out", MFD_CLOEXEC);
	if (t.out < 0)
		return err_errno(e, errno, "memfd_create");
	rc = slow_run("Updating the trust store", run_tool, &t, e);
	if (rc < 0)
		add_last_line(t.out, e);
	close(t.out);
	return rc;
}

/* ---- what may be trusted ---- */

static int check_root(struct cli *c, struct str der, struct cert *cert, struct err *e)
{
	char text[24];

	if (cert_parse(der, c->arena, cert, e) < 0)
		return -1;
	if (!cert->is_ca || (cert->has_key_usage && !(cert->key_usage & KU_CERT_SIGN)))
		return ERR(e, ERR_INVALID,
			   "it is not a CA's certificate: trusting it would mean "
			   "nothing");
	if (!name_der_equal(cert->subject.der, cert->issuer.der))
		return ERR(e, ERR_INVALID,
			   "it is not a root: another CA has issued it; install that "
			   "one's root");
	if (cert->not_after < clock_now())
		return ERR(e, ERR_INVALID, "it has expired at %s",
			   time_format_rfc3339(cert->not_after, text));
	return cert_check_signature(cert, cert, e);
}

/* "signet-0a1b2c3d-example-root-ca.crt" */
static const char *file_name(struct cli *c, const struct cert *cert)
{
	struct str cn = name_get(&cert->subject, OID_CN);
	struct buf name = BUF_INIT;
	bool dash = false;
	size_t used = 0;
	const char *out;
	char hex[65];

	cert_fingerprint(cert->der, hex);
	buf_printf(&name, "signet-%.8s", hex);
	for (size_t i = 0; i < cn.n && used < NAME_MAX_CN; i++) {
		char ch = ascii_lower(cn.p[i]);

		if (!((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9'))) {
			dash = true;
			continue;
		}
		if (dash || used == 0)
			buf_putc(&name, '-');
		dash = false;
		buf_putc(&name, ch);
		used++;
	}
	buf_puts(&name, ".crt");
	out = arena_cstr(c->arena, buf_view(&name));
	buf_release(&name);
	return out;
}

/* Whether the first certificate of a file has this fingerprint. */
static bool holds(struct cli *c, const char *path, const char fingerprint[65])
{
	struct err ignore = ERR_INIT;
	struct buf pem = BUF_INIT;
	struct str *ders;
	char have[65] = "";
	size_t n;

	if (file_read(path, 1 << 20, &pem, &ignore) == 0 &&
	    cert_pem_read(buf_view(&pem), c->arena, &ders, &n, &ignore) == 0 && n == 1)
		cert_fingerprint(ders[0], have);
	buf_release(&pem);
	return strcmp(have, fingerprint) == 0;
}

/* The file of ours that holds a fingerprint, whatever its name's end; NULL when there is none. */
static const char *find(struct cli *c, const char fingerprint[65])
{
	const char *start = arena_printf(c->arena, "signet-%.8s", fingerprint), *found = NULL;
	DIR *d = opendir(folder(c));
	struct dirent *ent;

	if (d == NULL)
		return NULL;
	while (found == NULL && (ent = readdir(d)) != NULL) {
		const char *path = arena_printf(c->arena, "%s/%s", folder(c), ent->d_name);

		if (strncmp(ent->d_name, start, strlen(start)) == 0 &&
		    str_ends(str_c(ent->d_name), ".crt") && holds(c, path, fingerprint))
			found = path;
	}
	closedir(d);
	return found;
}

/* ---- install ---- */

int install_root(struct cli *c, struct str der, struct err *e)
{
	struct buf pem = BUF_INIT;
	const char *path, *there;
	struct cert cert;
	char hex[65];
	int rc;

	if (check_root(c, der, &cert, e) < 0)
		return -1;
	cert_fingerprint(der, hex);
	there = find(c, hex);
	if (there != NULL) {
		rc = update(c, false, e); /* the last one may have been interrupted */
		if (rc == 0)
			printf("%s is trusted already.\n", there);
		return rc;
	}
	path = arena_printf(c->arena, "%s/%s", folder(c), file_name(c, &cert));
	cert_to_pem(der, &pem);
	rc = file_create(path, buf_view(&pem), 0644, e);
	buf_release(&pem);
	if (rc < 0)
		return -1;
	rc = update(c, false, e);
	if (rc < 0)
		unlink(path);
	else
		printf("The root certificate is trusted: %s\n", path);
	return rc;
}

/* ROOT: one certificate, PEM or DER. Without it the one that bootstrap left. */
static int read_root(struct cli *c, struct str *der, struct err *e)
{
	const char *path = c->n_args > 0 ? c->args[0] : NULL;
	struct buf text = BUF_INIT;
	struct str *ders;
	size_t n = 1;
	int rc;

	if (path == NULL) {
		if (trust_root(c, e) < 0)
			return -1;
		if (c->root == NULL)
			return cli_misuse(c, e,
					  "which root certificate? Give ROOT, or run `signet "
					  "bootstrap` first");
		path = c->root;
	}
	if (file_read(path, 1 << 20, &text, e) < 0)
		return -1;
	if (memmem(text.p ? text.p : "", text.n, "-----BEGIN ", 11) == NULL) {
		*der = arena_str(c->arena, buf_view(&text));
		rc = 0;
	} else {
		rc = cert_pem_read(buf_view(&text), c->arena, &ders, &n, e);
		if (rc == 0)
			*der = ders[0];
	}
	buf_release(&text);
	if (rc == 0 && n > 1)
		rc = ERR(e, ERR_INVALID, "%zu certificates in it: one root at a time", n);
	return rc < 0 ? err_wrap(e, "%s", path) : 0;
}

static const char *root_name(struct cli *c)
{
	return c->n_args > 0 ? c->args[0] : c->root;
}

static int install(struct cli *c)
{
	struct err e = ERR_INIT;
	struct cert ignore;
	struct str der;

	if (read_root(c, &der, &e) < 0)
		return cli_fail(c, &e);
	if (check_root(c, der, &ignore, &e) < 0) {
		err_wrap(&e, "%s", root_name(c));
		return cli_fail(c, &e);
	}
	if (install_ready(c, &e) < 0 || install_root(c, der, &e) < 0)
		return cli_fail(c, &e);
	return EXIT_DONE;
}

/* ---- uninstall ---- */

static bool is_fingerprint(const char *text, char hex[65])
{
	size_t n = 0;

	for (; *text; text++) {
		char ch = ascii_lower(*text);

		if (ch == ':')
			continue;
		if (n == 64 || !((ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'f')))
			return false;
		hex[n++] = ch;
	}
	hex[n] = '\0';
	return n == 64;
}

static int uninstall(struct cli *c)
{
	const char *path;
	struct err e = ERR_INIT;
	struct str der;
	char hex[65];

	if (c->n_args == 0 || !is_fingerprint(c->args[0], hex)) {
		if (read_root(c, &der, &e) < 0)
			return cli_fail(c, &e);
		cert_fingerprint(der, hex);
	}
	path = find(c, hex);
	if (path == NULL) {
		printf("%s holds no root with this fingerprint that `signet install` has put "
		       "there; nothing is done.\n",
		       folder(c));
		return EXIT_DONE;
	}
	if (install_ready(c, &e) < 0)
		return cli_fail(c, &e);
	if (unlink(path) != 0) {
		err_errno(&e, errno, "%s", path);
		return cli_fail(c, &e);
	}
	if (update(c, true, &e) < 0)
		return cli_fail(c, &e);
	printf("The root certificate is not trusted any more: %s is gone.\n", path);
	return EXIT_DONE;
}

static const struct cli_opt opts[] = {
	{"into", "DIR", "this folder instead of " STORE ", and run nothing", false, false},
	{NULL, NULL, NULL, false, false},
};
const struct cli_cmd cmd_install = {
	.name = "install",
	.args = "[ROOT]",
	.max_args = 1,
	.summary = "Let this machine trust a root certificate (needs root)",
	.about = "ROOT is a certificate, PEM or DER; without it, the one that `signet bootstrap` "
		 "got. "
		 "It goes to\n" STORE ", and update-ca-certificates is run.",
	.opts = opts,
	.offline = true,
	.run = install,
};
const struct cli_cmd cmd_uninstall = {
	.name = "uninstall",
	.args = "[ROOT]",
	.max_args = 1,
	.summary = "Take a root certificate out of this machine's trust again",
	.about = "ROOT is the certificate or its fingerprint. Only what `signet install` has put "
		 "there is removed.",
	.opts = opts,
	.offline = true,
	.run = uninstall,
};

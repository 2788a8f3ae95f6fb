/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/cli.h"

#include "base/file.h"
#include "base/mem.h"

#include <limits.h>

/*
 * trust.c - what `signet bootstrap` leaves for later commands: the CA's address and its root
 * certificate.
 */

const char *trust_dir(struct cli *c)
{
	const char *dir = getenv("SIGNETPATH");
	const char *home;

	if (dir != NULL && dir[0] != '\0')
		return dir;
	home = getenv("HOME");
	return arena_printf(c->arena, "%s/.signet", home && home[0] ? home : ".");
}

static const char *defaults_path(struct cli *c)
{
	const char *file = cli_value(c, "config");

	return file ? file : arena_printf(c->arena, "%s/defaults.json", trust_dir(c));
}

static int read_defaults(struct cli *c, struct err *e)
{
	const char *path = defaults_path(c);
	struct buf text = BUF_INIT;
	struct str url, root;
	json_t *v;

	if (file_read(path, 65536, &text, e) < 0) {
		buf_release(&text);
		return e->code == ERR_NOT_FOUND ? 0 : -1;
	}
	v = json_parse(buf_view(&text), &json_limits_request, JSON_TOP_OBJECT, e);
	buf_release(&text);
	if (v == NULL)
		return err_wrap(e, "%s", path);
	json_free_with(v, c->arena);
	if (json_opt_str(v, "ca-url", 0, &url, e) < 0 || json_opt_str(v, "root", 0, &root, e) < 0)
		return err_wrap(e, "%s", path);
	if (c->ca_url == NULL && url.n > 0)
		c->ca_url = arena_cstr(c->arena, url);
	if (c->root == NULL && root.n > 0)
		c->root = arena_cstr(c->arena, root);
	return 0;
}

/* "ca.internal:9000" is taken as https; what follows the port is dropped, as `step` does. */
static const char *normalise_url(struct cli *c, const char *url)
{
	struct str s = str_c(url);
	const char *end;

	if (strstr(url, "://") == NULL)
		s = str_c(arena_printf(c->arena, "https://%s", url));
	end = strpbrk(strstr(s.p, "://") + 3, "/?#");
	if (end != NULL)
		s.n = (size_t)(end - s.p);
	return arena_cstr(c->arena, s);
}

int trust_load(struct cli *c, bool need_root, struct err *e)
{
	c->ca_url = cli_value(c, "ca-url");
	c->root = cli_value(c, "root");
	if ((c->ca_url == NULL || c->root == NULL) && read_defaults(c, e) < 0)
		return -1;
	if (c->ca_url == NULL && !file_exists(defaults_path(c)) && cli_flag(c, "config"))
		return ERR(e, ERR_NOT_FOUND,
			   "%s: is not there; `signet bootstrap --config FILE` makes it",
			   defaults_path(c));
	if (c->ca_url == NULL)
		return ERR(e, ERR_INVALID,
			   "which CA? Run `signet bootstrap --ca-url URL --fingerprint HEX` once, "
			   "or give --ca-url");
	c->ca_url = normalise_url(c, c->ca_url);
	if (strncmp(c->ca_url, "https://", 8) != 0)
		return cli_misuse(c, e, "--ca-url %s: must begin with https://", c->ca_url);
	if (need_root && c->root == NULL)
		return ERR(e, ERR_INVALID,
			   "which root certificate? Run `signet bootstrap --ca-url %s "
			   "--fingerprint HEX` once, or give --root FILE",
			   c->ca_url);
	if (need_root && !file_exists(c->root))
		return ERR(e, ERR_NOT_FOUND,
			   "%s: the root certificate is not there; run `signet bootstrap` again",
			   c->root);
	return 0;
}

int trust_root(struct cli *c, struct err *e)
{
	c->root = cli_value(c, "root");
	return c->root != NULL ? 0 : read_defaults(c, e);
}

int trust_save(struct cli *c, const char *ca_url, const char *fingerprint, struct str root_pem,
	       struct err *e)
{
	const char *certs = arena_printf(c->arena, "%s/certs", trust_dir(c));
	struct buf text = BUF_INIT;
	char real[PATH_MAX]; /* the next command may run in another folder */
	const char *root;
	json_t *v;
	int rc;

	if (file_mkdir_p(certs, 0700, e) < 0)
		return -1;
	if (realpath(certs, real) == NULL)
		return err_errno(e, errno, "%s", certs);
	root = arena_printf(c->arena, "%s/root_ca.crt", real);
	if (file_replace(root, root_pem, 0644, e) < 0)
		return -1;
	v = json_object();
	json_object_set_new(v, "ca-url", json_string(ca_url));
	json_object_set_new(v, "fingerprint", json_string(fingerprint));
	json_object_set_new(v, "root", json_string(root));
	json_write(v, &text);
	buf_putc(&text, '\n');
	json_decref(v);
	rc = file_replace(defaults_path(c), buf_view(&text), 0644, e);
	buf_release(&text);
	return rc;
}

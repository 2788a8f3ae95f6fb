/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca/reload_priv.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/hook.h"
#include "base/mem.h"
#include "codec/b64.h"
#include "codec/json.h"
#include "crypto/crypto.h"

#include <fcntl.h>
#include <sys/stat.h>

/*
 * reload_edit.c - provisioners.d edited by the daemon.
 *
 * A provisioner's file is found by the name inside it, not by its own: people name files as they
 * like. A new file is NAME.yaml, with what is no letter, digit, '.', '_' or '-' as %XX, so that no
 * name leads to another folder or to a file that nobody reads; very long ones end in a hash. Its
 * text is block YAML as a person would write it. It is created, never overwritten; only a
 * replacement overwrites, and then whatever was there, comments included.
 */
#define FOLDER	      "provisioners.d"
#define FILE_NAME_MAX 200U
#define MODE_DEFAULT  0600U

static bool is_safe(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '.' || c == '_' || c == '-';
}

const char *reload_edit_file_name(struct arena *a, struct str name)
{
	unsigned char digest[32];
	struct buf b = BUF_INIT;
	const char *out;

	for (size_t i = 0; i < name.n; i++) {
		if (is_safe(name.p[i]) && !(i == 0 && name.p[i] == '.'))
			buf_putc(&b, name.p[i]);
		else
			buf_printf(&b, "%%%02X", (unsigned)(unsigned char)name.p[i]);
	}
	if (b.n > FILE_NAME_MAX) {
		b.n = FILE_NAME_MAX - 20;
		buf_putc(&b, '-');
		hash(HASH_SHA256, name, digest);
		hex_encode(str_mem(digest, 8), &b);
	}
	buf_puts(&b, ".yaml");
	out = arena_cstr(a, buf_view(&b));
	buf_release(&b);
	return out;
}

/* ---- what will be in it ---- */

/* As a person would begin: what it is, then what it has, then what differs. */
static json_t *in_order(const json_t *object)
{
	static const char *const first[] = {"type", "name", "authority"};
	static const char *const last[] = {"claims", "options"};
	json_t *o = (json_t *)(uintptr_t)object, *out = json_object(), *v;
	const char *key;

	for (size_t i = 0; i < ARRAY_LEN(first); i++)
		if ((v = json_object_get(o, first[i])) != NULL)
			json_object_set(out, first[i], v);
	json_object_foreach(o, key, v)
	{
		if (strcmp(key, last[0]) != 0 && strcmp(key, last[1]) != 0)
			json_object_set(out, key, v);
	}
	for (size_t i = 0; i < ARRAY_LEN(last); i++)
		if ((v = json_object_get(o, last[i])) != NULL)
			json_object_set(out, last[i], v);
	return out;
}

static void write_text(const struct reload_edit_in *in, struct buf *out)
{
	json_t *o = in_order(in->object);
	char when[24];

	buf_printf(out,
		   "# Written by signetd at %s. It may be edited: `signet reload` applies it.\n",
		   time_format_rfc3339(clock_now(), when));
	yaml_write(o, out);
	json_decref(o);
}

static int check_object(const struct reload_edit_in *in, struct err *e)
{
	struct str name = json_str_view(json_object_get(in->object, "name"));

	if (!json_is_object(in->object))
		return ERR(e, ERR_INVALID, "a provisioner must be an object");
	if (name.n == 0)
		return ERR(e, ERR_INVALID, "name: is missing");
	/* it stands in the path of DELETE /control/v1/provisioners/{name} */
	if (str_has(name, '/') || str_eqc(name, ".") || str_eqc(name, ".."))
		return ERR(e, ERR_INVALID,
			   "name: \"" STR_FMT "\": with a slash, or a dot alone, it could not be "
			   "removed by its name",
			   STR_ARG(name));
	if (!str_eqc(name, in->name))
		return ERR(e, ERR_INVALID, "name: \"" STR_FMT "\" is not \"%s\"", STR_ARG(name),
			   in->name);
	return 0;
}

/* Permissions of a file, 0 when there is none. */
static unsigned mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) ? st.st_mode & 0666U : 0;
}

/* As the other files of the folder. */
static unsigned usual_mode(const struct conf *c, struct arena *a)
{
	struct err ignored = ERR_INIT;
	const char **paths;
	unsigned mode = 0;
	size_t n;

	if (conf_provisioner_files(c, a, &paths, &n, &ignored) == 0 && n > 0)
		mode = mode_of(paths[0]);
	return mode != 0 ? mode | 0600U : MODE_DEFAULT;
}

static int plan_new(const struct conf *c, const struct reload_edit_in *in,
		    struct reload_edit_plan *out, struct err *e)
{
	struct str name = str_c(in->name);
	const char *other;
	struct stat st;

	if (conf_provisioner_find(c, name, out->arena, &other, e) == 0)
		return ERR(e, ERR_CONFLICT, "provisioner \"%s\" exists already, in %s", in->name,
			   other);
	if (e->code != ERR_NOT_FOUND)
		return -1;
	out->path = arena_printf(out->arena, "%s/" FOLDER "/%s", c->dir,
				 reload_edit_file_name(out->arena, name));
	if (lstat(out->path, &st) == 0)
		return ERR(e, ERR_CONFLICT,
			   "%s exists already and is not the file of \"%s\": rename it first",
			   out->path, in->name);
	out->mode = usual_mode(c, out->arena);
	return 0;
}

int reload_edit_plan(const struct conf *c, const struct reload_edit_in *in,
		     struct reload_edit_plan *out, struct err *e)
{
	out->kind = in->kind;
	switch (in->kind) {
	case RELOAD_PLAIN:
		return 0;
	case RELOAD_ADD:
		if (check_object(in, e) != 0 || plan_new(c, in, out, e) != 0)
			return -1;
		break;
	case RELOAD_REPLACE:
		if (check_object(in, e) != 0 ||
		    conf_provisioner_find(c, str_c(in->name), out->arena, &out->path, e) != 0)
			return -1;
		out->mode = mode_of(out->path);
		break;
	case RELOAD_REMOVE:
		if (conf_provisioner_find(c, str_c(in->name), out->arena, &out->path, e) != 0)
			return -1;
		break;
	}
	if (in->kind != RELOAD_REMOVE) {
		write_text(in, &out->text);
		out->overlay.text = buf_view(&out->text);
	}
	out->overlay.path = out->path;
	return 0;
}

/* ---- writing ---- */

static int remove_file(const char *path, struct err *e)
{
	char *folder = file_dirname(path);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;

	if (fd < 0)
		rc = err_errno(e, errno, "%s", folder);
	else if (unlink(path) != 0)
		rc = err_errno(e, errno, "%s: cannot be removed", path);
	else if (fsync(fd) != 0 && errno != EINVAL)
		rc = err_errno(e, errno, "%s: fsync (the file is removed)", folder);
	if (fd >= 0)
		close(fd);
	mem_free(folder);
	return rc;
}

static int create_file(const struct reload_edit_plan *p, struct err *e)
{
	char *folder = file_dirname(p->path);
	int rc = file_mkdir_p(folder, 0700, e);

	mem_free(folder);
	return rc == 0 ? file_create(p->path, buf_view(&p->text), p->mode, e) : -1;
}

int reload_edit_write(const struct reload_edit_plan *p, struct err *e)
{
	int rc = 0;

	if (p->path == NULL)
		return 0;
	test_crash("reload.before_write");
	switch (p->kind) {
	case RELOAD_PLAIN:
		break;
	case RELOAD_ADD:
		rc = create_file(p, e);
		break;
	case RELOAD_REPLACE:
		rc = file_replace(p->path, buf_view(&p->text), p->mode, e);
		break;
	case RELOAD_REMOVE:
		rc = remove_file(p->path, e);
		break;
	}
	test_crash("reload.written");
	return rc;
}

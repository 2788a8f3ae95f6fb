/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca/manifest.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "codec/json.h"

#define MANIFEST_MAX (64U << 20)

static json_t *file_json(const struct manifest_file *f)
{
	json_t *o = json_object();

	json_object_set_new(o, "path", json_str_new(str_c(f->path)));
	json_object_set_new(o, "size", json_integer((json_int_t)f->content.size));
	json_object_set_new(o, "sha256", json_string(f->content.sha256));
	json_object_set_new(o, "mode", json_integer((json_int_t)f->mode));
	return o;
}

int manifest_write(const char *dir, const struct manifest *m, struct err *e)
{
	char *path = file_join(dir, BACKUP_MANIFEST);
	json_t *o = json_object(), *files = json_array();
	struct buf text = BUF_INIT;
	char when[24];
	int rc;

	json_object_set_new(o, "version", json_string(m->version));
	json_object_set_new(o, "made", json_string(time_format_rfc3339(m->made, when)));
	json_object_set_new(o, "schema", json_integer(m->schema));
	json_object_set_new(o, "keys", json_boolean(m->keys));
	json_object_set_new(o, "config", json_str_new(str_c(m->config)));
	for (size_t i = 0; i < m->n; i++)
		json_array_append_new(files, file_json(&m->files[i]));
	json_object_set_new(o, "files", files);
	json_write(o, &text);
	buf_putc(&text, '\n');
	rc = file_create(path, buf_view(&text), 0600, e);
	buf_release(&text);
	json_decref(o);
	mem_free(path);
	return rc;
}

/* ---- reading: of a folder that may hold anything ---- */

static bool is_digest(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f')))
			return false;
	return s.n == 64;
}

static int read_file(const json_t *o, struct arena *a, struct manifest_file *f, struct err *e)
{
	struct str path, digest;
	int64_t size, mode;

	if (!json_is_object(o))
		return ERR(e, ERR_INVALID, "files: not a list of objects");
	if (json_get_str(o, "path", 0, &path, e) != 0 ||
	    json_get_i64(o, "size", 0, &size, e) != 0 ||
	    json_get_i64(o, "mode", 0, &mode, e) != 0 ||
	    json_get_str(o, "sha256", 0, &digest, e) != 0)
		return -1;
	f->path = arena_cstr(a, path);
	if (path.n == 0 || path.p[0] == '/' || str_has(path, '\0') || path_climbs(f->path))
		return ERR(e, ERR_INVALID, "files: a path leads out of the backup");
	if (size < 0 || mode < 0 || mode > 0777 || !is_digest(digest))
		return ERR(e, ERR_INVALID, "files: %s: size, mode or sha256 is malformed", f->path);
	f->mode = (unsigned)mode;
	f->content.size = (uint64_t)size;
	memcpy(f->content.sha256, digest.p, digest.n);
	return 0;
}

static int read_root(const json_t *o, struct arena *a, struct manifest *out, struct err *e)
{
	const json_t *files = json_object_get(o, "files");
	struct str version, config, made;

	if (json_get_str(o, "version", 0, &version, e) != 0 ||
	    json_get_str(o, "config", 0, &config, e) != 0 ||
	    json_get_str(o, "made", 0, &made, e) != 0 ||
	    time_parse_rfc3339(made, &out->made, e) != 0 ||
	    json_get_i64(o, "schema", 0, &out->schema, e) != 0 ||
	    json_opt_bool(o, "keys", 0, false, &out->keys, e) != 0)
		return -1;
	if (!json_is_array(files))
		return ERR(e, ERR_INVALID, "files: is missing");
	out->version = arena_cstr(a, version);
	out->config = arena_cstr(a, config);
	out->n = json_array_size(files);
	out->files = ARENA_ARRAY(a, struct manifest_file, out->n + 1);
	for (size_t i = 0; i < out->n; i++)
		if (read_file(json_array_get(files, i), a, &out->files[i], e) != 0)
			return -1;
	return 0;
}

int manifest_read(const char *dir, struct arena *a, struct manifest *out, struct err *e)
{
	static const struct json_limits limits = {MANIFEST_MAX, 8, 4000000};
	char *path = file_join(dir, BACKUP_MANIFEST);
	struct buf text = BUF_INIT;
	json_t *o = NULL;
	int rc = -1;

	*out = (struct manifest){0};
	if (file_read(path, MANIFEST_MAX, &text, e) == 0) {
		o = json_parse(buf_view(&text), &limits, JSON_REFUSE_DUPLICATES | JSON_TOP_OBJECT,
			       e);
		rc = o != NULL ? read_root(o, a, out, e) : -1;
		if (rc != 0)
			(void)err_wrap(e, "%s: damaged", path);
	}
	if (o != NULL)
		json_decref(o);
	buf_release(&text);
	mem_free(path);
	return rc;
}

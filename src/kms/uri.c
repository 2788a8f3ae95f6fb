/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/file.h"
#include "base/mem.h"
#include "codec/uri.h"
#include "kms/kms.h"

/* uri.c - "file:secrets/ca.key?passwordFile=secrets/password", "file:///etc/...", or a bare path.
 */

static bool has_scheme(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = ascii_lower(s.p[i]);

		if (c == ':')
			return i > 0;
		if (!(c >= 'a' && c <= 'z') &&
		    !(i > 0 && ((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.')))
			return false;
	}
	return false;
}

static char *join(const char *dir, struct str path, struct arena *a)
{
	char *rel = mem_strndup(path.p, path.n);
	char *both = file_join(dir && *dir ? dir : ".", rel);
	char *out = arena_strdup(a, both);

	mem_free(both);
	mem_free(rel);
	return out;
}

/* A bare name that is not beside the configuration may be a credential that systemd handed over. */
static char *password_path(const char *dir, struct str name, struct arena *a)
{
	char *path = join(dir, name, a);
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");

	if (!str_has(name, '/') && credentials && credentials[0] == '/' && !file_exists(path)) {
		char *other = join(credentials, name, a);

		if (file_exists(other))
			return other;
	}
	return path;
}

/* passwordFile, once; nothing else: a misspelt key would mean an encrypted file that cannot be
 * opened. */
static int read_query(struct str query, const char *dir, struct arena *a, struct key_uri *out,
		      struct err *e)
{
	struct str rest = query, value;

	while (rest.n > 0) {
		struct str item = str_cut(rest, '&', &rest), name = str_cut(item, '=', &value);

		if (!str_eqc(name, "passwordFile"))
			return ERR(e, ERR_INVALID,
				   "key URI: \"" STR_FMT
				   "\" is unknown: file: takes passwordFile only",
				   STR_ARG(name));
		if (out->password_file)
			return ERR(e, ERR_INVALID, "key URI: passwordFile is given twice");
		if (!uri_query(item, "passwordFile", a, &value) || value.n == 0)
			return ERR(e, ERR_INVALID, "key URI: passwordFile is empty or malformed");
		out->password_file = password_path(dir, value, a);
	}
	return 0;
}

static int parse_file(struct str s, const char *dir, struct arena *a, struct key_uri *out,
		      struct err *e)
{
	struct uri u;
	struct str path;

	if (uri_parse(s, &u, e) != 0)
		return err_wrap(e, "key URI");
	if (!str_ieqc(u.scheme, "file"))
		return ERR(e, ERR_UNSUPPORTED,
			   "key URI: scheme \"" STR_FMT
			   "\" is not supported by this version: use file:PATH",
			   STR_ARG(u.scheme));
	if (u.host.n > 0 || u.has_port || u.userinfo.n > 0 || u.has_fragment)
		return ERR(
			e, ERR_INVALID,
			"key URI: write file:PATH or file:///PATH, without a host or a fragment");
	if (uri_unescape(u.path, a, &path, e) != 0)
		return err_wrap(e, "key URI");
	if (path.n == 0)
		return ERR(e, ERR_INVALID, "key URI: the path is empty");
	out->path = join(dir, path, a);
	return u.has_query ? read_query(u.query, dir, a, out, e) : 0;
}

int key_uri_parse(const char *uri, const char *dir, struct arena *a, struct key_uri *out,
		  struct err *e)
{
	struct str s = str_c(uri);

	*out = (struct key_uri){.scheme = "file"};
	if (s.n == 0)
		return ERR(e, ERR_INVALID, "key URI: is empty");
	if (s.n > 4096)
		return ERR(e, ERR_INVALID, "key URI: is longer than 4096 bytes");
	if (has_scheme(s))
		return parse_file(s, dir, a, out, e);
	if (str_has(s, '?'))
		return ERR(e, ERR_INVALID,
			   "key URI: a '?' needs the scheme: write file:PATH?passwordFile=PATH");
	out->path = join(dir, s, a);
	return 0;
}

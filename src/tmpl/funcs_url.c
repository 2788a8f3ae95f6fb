/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/funcs_text.h"
#include "tmpl/url.h"

/* urlParse takes a URL apart into a dict, urlJoin puts one together. */

/* The parts of a URL in the arena take a few times its length. */
static int room_for(struct tmpl_call *c, uint64_t n)
{
	return tmpl_room(c, 4 * n + 256) != 0 || text_work(c, 16 * n) != 0 ? -1 : 0;
}

static void put(struct tv_map *m, const char *key, struct str value)
{
	tv_map_set(m, str_c(key), tv_str(value));
}

static TMPL_CALL(fn_url_parse)
{
	struct buf why = BUF_INIT, user = BUF_INIT;
	struct tmpl_url u;

	(void)n;
	if (room_for(c, args[0].s.n) != 0)
		return -1;
	buf_puts(&why, "unable to parse url: ");
	if (tmpl_url_parse(args[0].s, c->arena, &u, &why) != 0)
		return text_error(c, &why);
	buf_release(&why);
	if (u.has_user)
		tmpl_url_userinfo(&u, &user);
	*out = tv_map_new(c->arena, &tv_type_map, 8);
	put(out->map, "fragment", u.fragment);
	put(out->map, "host", u.host);
	put(out->map, "hostname", tmpl_url_hostname(&u));
	put(out->map, "opaque", u.opaque);
	put(out->map, "path", u.path);
	put(out->map, "query", u.raw_query);
	put(out->map, "scheme", u.scheme);
	put(out->map, "userinfo", user.n > 0 ? arena_str(c->arena, buf_view(&user)) : STR(""));
	buf_release(&user);
	return 0;
}

/* An absent part is empty, one that is no text an error. */
static int part_of(struct tmpl_call *c, const struct tv *dict, const char *key, struct str *out)
{
	const struct tv *v = dict->nil ? NULL : tv_map_get(dict->map, str_c(key));

	*out = STR("");
	if (v == NULL)
		return 0;
	if (v->type == NULL)
		return tmpl_error(c, "runtime error: invalid memory address or nil pointer "
				     "dereference");
	if (!tv_is_string(*v))
		return tmpl_error(c, "unable to parse %s key, must be of type string, but %s found",
				  key, tv_kind_name(tv_kind(*v)));
	*out = v->s;
	return room_for(c, v->s.n);
}

/* Reads "user:password" as a URL would. */
static int userinfo(struct tmpl_call *c, struct str s, struct tmpl_url *u)
{
	struct buf b = BUF_INIT, why = BUF_INIT;
	struct tmpl_url with;
	int rc;

	if (s.n == 0)
		return 0;
	buf_puts(&b, "proto://");
	buf_str(&b, s);
	buf_puts(&b, "@host");
	buf_puts(&why, "unable to parse userinfo in dict: ");
	/* a copy: what was read are views of it */
	rc = tmpl_url_parse(arena_str(c->arena, buf_view(&b)), c->arena, &with, &why);
	buf_release(&b);
	if (rc != 0)
		return text_error(c, &why);
	buf_release(&why);
	u->has_user = with.has_user;
	u->has_password = with.has_password;
	u->user = with.user;
	u->password = with.password;
	return 0;
}

static TMPL_CALL(fn_url_join)
{
	struct buf b = text_buf(c);
	struct tmpl_url u = {0};
	struct str user;

	(void)n;
	if (part_of(c, &args[0], "scheme", &u.scheme) != 0 ||
	    part_of(c, &args[0], "host", &u.host) != 0 ||
	    part_of(c, &args[0], "path", &u.path) != 0 ||
	    part_of(c, &args[0], "query", &u.raw_query) != 0 ||
	    part_of(c, &args[0], "opaque", &u.opaque) != 0 ||
	    part_of(c, &args[0], "fragment", &u.fragment) != 0 ||
	    part_of(c, &args[0], "userinfo", &user) != 0 || userinfo(c, user, &u) != 0)
		return -1;
	tmpl_url_string(&u, &b);
	return tmpl_return_buf(c, &b, out);
}

const struct tmpl_func tmpl_funcs_url[] = {{"urlParse", "s", 'm', TMPL_FUNC_SPRIG, fn_url_parse},
					   {"urlJoin", "m", 's', TMPL_FUNC_SPRIG, fn_url_join},
					   {.name = NULL}};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/funcs_text.h"
#include "tmpl/semver.h"

/* semver and semverCompare, and the methods of a version. */
static const struct semver *version(const struct tv *v)
{
	return v->p;
}

static void print(const struct tv *v, struct buf *out)
{
	if (v->nil)
		buf_puts(out, "<nil>");
	else
		semver_string(version(v), out);
}

static int to_json(const struct tv *v, struct buf *out, struct buf *why)
{
	(void)why;
	if (v->nil) {
		buf_puts(out, "null");
		return 0;
	}
	buf_putc(out, '"'); /* nothing in a version needs an escape */
	semver_string(version(v), out);
	buf_putc(out, '"');
	return 0;
}

static bool same_text(struct str a, struct str b)
{
	return str_eq(a, b);
}

static bool equal(const struct tv *a, const struct tv *b)
{
	const struct semver *x = version(a), *y = version(b);

	return x->major == y->major && x->minor == y->minor && x->patch == y->patch &&
	       same_text(x->pre, y->pre) && same_text(x->metadata, y->metadata) &&
	       same_text(x->original, y->original);
}

/* NULL for a nil version, with Go's error for a nil pointer. */
static const struct semver *receiver(struct tmpl_call *c, const struct tv *v)
{
	if (!v->nil && v->p != NULL)
		return version(v);
	tmpl_error(c, "runtime error: invalid memory address or nil pointer dereference");
	return NULL;
}

#define METHOD(name, ...)                                                                          \
	static TMPL_CALL(name)                                                                     \
	{                                                                                          \
		const struct semver *v = receiver(c, &args[0]);                                    \
                                                                                                   \
		(void)n;                                                                           \
		if (v == NULL)                                                                     \
			return -1;                                                                 \
		*out = (__VA_ARGS__);                                                              \
		return 0;                                                                          \
	}

static struct tv number(uint64_t u)
{
	return (struct tv){.type = &tv_type_uint64, .u = u};
}

METHOD(m_major, number(v->major))
METHOD(m_minor, number(v->minor))
METHOD(m_patch, number(v->patch))
METHOD(m_prerelease, tv_str(v->pre))
METHOD(m_metadata, tv_str(v->metadata))
METHOD(m_original, tv_str(v->original))

static TMPL_CALL(m_string)
{
	struct buf b = text_buf(c);
	const struct semver *v = receiver(c, &args[0]);

	(void)n;
	if (v == NULL)
		return -1;
	semver_string(v, &b);
	return tmpl_return_buf(c, &b, out);
}

static int compare(struct tmpl_call *c, const struct tv *args, int *d)
{
	const struct semver *v = receiver(c, &args[0]), *o;

	*d = 0;
	if (args[1].type != &tv_type_semver)
		return tmpl_error(c, "wrong type for value; expected *semver.Version; got %s",
				  tv_type_name(args[1]));
	o = receiver(c, &args[1]);
	if (v == NULL || o == NULL)
		return -1;
	*d = semver_compare(v, o);
	return 0;
}

#define COMPARISON(name, ...)                                                                      \
	static TMPL_CALL(name)                                                                     \
	{                                                                                          \
		int d;                                                                             \
                                                                                                   \
		(void)n;                                                                           \
		if (compare(c, args, &d) != 0)                                                     \
			return -1;                                                                 \
		*out = (__VA_ARGS__);                                                              \
		return 0;                                                                          \
	}

COMPARISON(m_compare, tv_int(d))
COMPARISON(m_equal, tv_bool(d == 0))
COMPARISON(m_less, tv_bool(d < 0))
COMPARISON(m_less_equal, tv_bool(d <= 0))
COMPARISON(m_greater, tv_bool(d > 0))
COMPARISON(m_greater_equal, tv_bool(d >= 0))

/* A version made from another one; `keep_v`: its original text begins with a v, too. */
static int made(struct tmpl_call *c, struct semver v, bool keep_v, struct tv *out)
{
	struct semver *copy = ARENA_NEW(c->arena, struct semver);
	struct buf b = BUF_INIT;

	buf_puts(&b, keep_v ? "v" : "");
	semver_string(&v, &b);
	*copy = v;
	if (tmpl_room(c, b.n) != 0) {
		buf_release(&b);
		return -1;
	}
	copy->original = arena_str(c->arena, buf_view(&b));
	buf_release(&b);
	*out = tv_of(&tv_type_semver_value, copy);
	return 0;
}

static int increment(struct tmpl_call *c, const char *what, uint64_t *number)
{
	if (*number == UINT64_MAX)
		return tmpl_error(c, "%s version increment would overflow uint64", what);
	(*number)++;
	return 0;
}

static int increased(struct tmpl_call *c, const struct tv *args, int part, struct tv *out)
{
	const struct semver *from = receiver(c, &args[0]);
	struct semver v = {0};

	if (from == NULL)
		return -1;
	v.major = from->major;
	v.minor = part < 1 ? 0 : from->minor;
	v.patch = part < 2 ? 0 : from->patch;
	/* a pre-release comes before its patch */
	if (part == 0 && increment(c, "major", &v.major) != 0)
		return -1;
	if (part == 1 && increment(c, "minor", &v.minor) != 0)
		return -1;
	if (part == 2 && from->pre.n == 0 && increment(c, "patch", &v.patch) != 0)
		return -1;
	return made(c, v, str_starts(from->original, "v"), out);
}

static TMPL_CALL(m_inc_major)
{
	(void)n;
	return increased(c, args, 0, out);
}

static TMPL_CALL(m_inc_minor)
{
	(void)n;
	return increased(c, args, 1, out);
}

static TMPL_CALL(m_inc_patch)
{
	(void)n;
	return increased(c, args, 2, out);
}

static int with_text(struct tmpl_call *c, const struct tv *args, bool pre, struct tv *out)
{
	struct buf why = BUF_INIT;
	const struct semver *from = receiver(c, &args[0]);
	struct semver v;
	struct str s = args[1].s;
	int rc = 0;

	if (from == NULL)
		return -1;
	if (s.n > 0)
		rc = pre ? semver_check_pre(s, &why) : semver_check_metadata(s, &why);
	if (rc != 0)
		return text_error(c, &why);
	v = *from;
	if (pre)
		v.pre = s;
	else
		v.metadata = s;
	return made(c, v, str_starts(from->original, "v"), out);
}

static TMPL_CALL(m_set_prerelease)
{
	(void)n;
	return with_text(c, args, true, out);
}

static TMPL_CALL(m_set_metadata)
{
	(void)n;
	return with_text(c, args, false, out);
}

static const struct tmpl_func value_methods[] = {{"Major", "", 'n', 0, m_major},
						 {"Minor", "", 'n', 0, m_minor},
						 {"Patch", "", 'n', 0, m_patch},
						 {"Prerelease", "", 's', 0, m_prerelease},
						 {"Metadata", "", 's', 0, m_metadata},
						 {"String", "", 's', 0, m_string},
						 {"IncMajor", "", 0, 0, m_inc_major},
						 {"IncMinor", "", 0, 0, m_inc_minor},
						 {"IncPatch", "", 0, 0, m_inc_patch},
						 {"SetPrerelease", "s", 0, 0, m_set_prerelease},
						 {"SetMetadata", "s", 0, 0, m_set_metadata},
						 {.name = NULL}};
static const struct tmpl_func pointer_methods[] = {
	{"Original", "", 's', 0, m_original},
	{"Compare", "a", 'i', 0, m_compare},
	{"Equal", "a", 'b', 0, m_equal},
	{"LessThan", "a", 'b', 0, m_less},
	{"LessThanEqual", "a", 'b', 0, m_less_equal},
	{"GreaterThan", "a", 'b', 0, m_greater},
	{"GreaterThanEqual", "a", 'b', 0, m_greater_equal},
	{.name = NULL}};

static const struct tv_field no_fields[] = {{.name = NULL}};
const struct tv_type tv_type_semver_value = {.name = "semver.Version",
					     .kind = TV_STRUCT,
					     .fields = no_fields,
					     .methods = value_methods,
					     .string = print,
					     .json = to_json,
					     .equal = equal};
const struct tv_type tv_type_semver = {.name = "*semver.Version",
				       .kind = TV_PTR,
				       .elem = &tv_type_semver_value,
				       .methods = pointer_methods,
				       .string = print,
				       .json = to_json};

static TMPL_CALL(fn_semver)
{
	struct semver *v = ARENA_NEW(c->arena, struct semver);
	struct buf why = BUF_INIT;

	(void)n;
	if (semver_parse(args[0].s, v, &why) != 0)
		return text_error(c, &why);
	*out = tv_of(&tv_type_semver, v);
	return 0;
}

static TMPL_CALL(fn_semver_compare)
{
	struct buf why = BUF_INIT;
	int rc;

	(void)n;
	if (tmpl_room(c, 65536) != 0 || tmpl_steps(c, 1000 + 20 * args[0].s.n) != 0)
		return -1;
	rc = semver_check(args[0].s, args[1].s, c->arena, &why);
	if (rc < 0)
		return text_error(c, &why);
	*out = tv_bool(rc != 0);
	return 0;
}

const struct tmpl_func tmpl_funcs_semver[] = {
	{"semver", "s", 'c', TMPL_FUNC_SPRIG, fn_semver},
	{"semverCompare", "ss", 'b', TMPL_FUNC_SPRIG, fn_semver_compare},
	{.name = NULL}};

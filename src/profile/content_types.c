/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/b64.h"
#include "codec/uri.h"
#include "profile/content_types.h"
#include "tmpl/url.h"

/* content_types.c - texts, numbers, OIDs, addresses and URLs as Go's types. */

/* ---- texts ---- */

const struct tv_type content_type_multi_string = {
	.name = "x509util.MultiString", .kind = TV_SLICE, .elem = &tv_type_string};

struct tv content_tv_texts(const struct tv_type *type, const struct str *items, size_t n,
			   struct arena *a)
{
	struct tv *out;

	if (n == 0)
		return tv_nil_list(type);
	out = ARENA_ARRAY(a, struct tv, n);
	for (size_t i = 0; i < n; i++)
		out[i] = tv_str(items[i]);
	return tv_list(type, out, n);
}

struct tv content_tv_bytes(struct str bytes)
{
	struct tv v = {.type = &tv_type_bytes, .nil = bytes.n == 0};

	v.s = bytes;
	return v;
}

static int raw_message_json(const struct tv *v, struct buf *out, struct buf *why)
{
	(void)why;
	if (v->nil || v->s.n == 0)
		buf_puts(out, "null");
	else
		buf_str(out, v->s);
	return 0;
}

const struct tv_type content_type_raw_message = {.name = "json.RawMessage",
						 .kind = TV_SLICE,
						 .elem = &tv_type_uint8,
						 .json = raw_message_json};

/* ---- *big.Int: p is a struct str, the magnitude ---- */

static void big_string(const struct tv *v, struct buf *out)
{
	serial_to_decimal(*(const struct str *)v->p, out);
}

static int big_json(const struct tv *v, struct buf *out, struct buf *why)
{
	(void)why;
	big_string(v, out);
	return 0;
}

static bool big_format(const struct tv *v, uint32_t verb, struct buf *out)
{
	struct str m = *(const struct str *)v->p;
	struct buf hex = BUF_INIT;

	if (verb == 'd' || verb == 'v' || verb == 's') {
		big_string(v, out);
		return true;
	}
	if (verb != 'x' && verb != 'X')
		return false;
	hex_encode(m, &hex);
	m = buf_view(&hex);
	while (m.n > 1 && m.p[0] == '0') {
		m.p++;
		m.n--;
	}
	for (size_t i = 0; i < m.n; i++)
		buf_putc(out, verb == 'X' && m.p[i] >= 'a' ? (char)(m.p[i] - 'a' + 'A') : m.p[i]);
	if (m.n == 0)
		buf_putc(out, '0');
	buf_release(&hex);
	return true;
}

static int big_text(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	struct buf b = BUF_INIT;

	(void)n;
	big_string(&args[0], &b);
	return tmpl_return_buf(c, &b, out);
}

static const struct tmpl_func big_methods[] = {{"String", "", 's', 0, big_text}, {0}};
static const struct tv_type big_struct = {.name = "big.Int", .kind = TV_STRUCT};
static const struct tv_type big_ptr = {.name = "*big.Int",
				       .kind = TV_PTR,
				       .elem = &big_struct,
				       .methods = big_methods,
				       .string = big_string,
				       .json = big_json,
				       .format = big_format};

struct tv content_tv_big(struct str magnitude, struct arena *a)
{
	struct str *p = ARENA_NEW(a, struct str);

	*p = magnitude;
	return tv_of(&big_ptr, p);
}

/* ---- OIDs: lists of int ---- */

static void put_dotted(const struct tv *v, struct buf *out)
{
	for (size_t i = 0; i < tv_count(*v); i++)
		buf_printf(out, "%s%" PRId64, i > 0 ? "." : "", v->list.items[i].i);
}

static int dotted_json(const struct tv *v, struct buf *out, struct buf *why)
{
	(void)why;
	buf_putc(out, '"');
	put_dotted(v, out);
	buf_putc(out, '"');
	return 0;
}

static int dotted_text(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	struct buf b = BUF_INIT;

	(void)n;
	put_dotted(&args[0], &b);
	return tmpl_return_buf(c, &b, out);
}

static const struct tmpl_func oid_methods[] = {{"String", "", 's', 0, dotted_text}, {0}};
const struct tv_type content_type_oid = {.name = "x509util.ObjectIdentifier",
					 .kind = TV_SLICE,
					 .elem = &tv_type_int,
					 .json = dotted_json};
const struct tv_type content_type_asn1_oid = {.name = "asn1.ObjectIdentifier",
					      .kind = TV_SLICE,
					      .elem = &tv_type_int,
					      .methods = oid_methods,
					      .string = put_dotted};

struct tv content_tv_oid(const struct tv_type *type, struct str oid, struct arena *a)
{
	struct tv *items = ARENA_ARRAY(a, struct tv, oid.n + 1);
	uint64_t v = 0;
	size_t n = 0;

	for (size_t i = 0; i < oid.n; i++) {
		v = v << 7 | ((unsigned char)oid.p[i] & 0x7fU);
		if ((unsigned char)oid.p[i] >= 0x80)
			continue;
		if (n == 0) {
			uint64_t root = v < 40 ? 0 : v < 80 ? 1 : 2;

			items[n++] = tv_int((int64_t)root);
			v -= root * 40;
		}
		items[n++] = tv_int((int64_t)v);
		v = 0;
	}
	return n > 0 ? tv_list(type, items, n) : tv_nil_list(type);
}

/* ---- net.IP: its bytes ---- */

static void ip_string(const struct tv *v, struct buf *out)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	char text[46];

	if (v->s.n == 16 && memcmp(v->s.p, mapped, 12) == 0)
		buf_puts(out, ip_format((const unsigned char *)v->s.p + 12, 4, text));
	else if (v->s.n == 4 || v->s.n == 16)
		buf_puts(out, ip_format((const unsigned char *)v->s.p, v->s.n, text));
	else
		buf_puts(out, "<nil>");
}

static int ip_json(const struct tv *v, struct buf *out, struct buf *why)
{
	(void)why;
	buf_putc(out, '"');
	ip_string(v, out);
	buf_putc(out, '"');
	return 0;
}

static int ip_text(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	struct buf b = BUF_INIT;

	(void)n;
	ip_string(&args[0], &b);
	return tmpl_return_buf(c, &b, out);
}

static const struct tmpl_func ip_methods[] = {{"String", "", 's', 0, ip_text}, {0}};
const struct tv_type content_type_ip = {.name = "net.IP",
					.kind = TV_SLICE,
					.elem = &tv_type_uint8,
					.methods = ip_methods,
					.string = ip_string,
					.json = ip_json};

/* ---- *url.URL: p is a struct tmpl_url ---- */

static void userinfo_string(const struct tv *v, struct buf *out)
{
	tmpl_url_userinfo(v->p, out);
}

static int userinfo_method(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	const struct tmpl_url *u = args[0].p;
	struct buf b = BUF_INIT;

	(void)n;
	if (strcmp(c->name, "Username") == 0)
		buf_str(&b, u->user);
	else
		tmpl_url_userinfo(u, &b);
	return tmpl_return_buf(c, &b, out);
}

static const struct tmpl_func userinfo_methods[] = {
	{"String", "", 's', 0, userinfo_method},
	{"Username", "", 's', 0, userinfo_method},
	{0},
};
static const struct tv_type userinfo_struct = {.name = "url.Userinfo", .kind = TV_STRUCT};
static const struct tv_type userinfo_ptr = {.name = "*url.Userinfo",
					    .kind = TV_PTR,
					    .elem = &userinfo_struct,
					    .methods = userinfo_methods,
					    .string = userinfo_string};

#define URL_FIELD(func, expr)                                                                      \
	static struct tv func(const struct tv *self, struct arena *a)                              \
	{                                                                                          \
		const struct tmpl_url *u = self->p;                                                \
                                                                                                   \
		(void)a;                                                                           \
		return expr;                                                                       \
	}

URL_FIELD(url_scheme, tv_str(u->scheme))
URL_FIELD(url_opaque, tv_str(u->opaque))
URL_FIELD(url_user, tv_of(&userinfo_ptr, u->has_user ? u : NULL))
URL_FIELD(url_host, tv_str(u->host))
URL_FIELD(url_path, tv_str(u->path))
URL_FIELD(url_fragment, tv_str(u->fragment))
URL_FIELD(url_raw_query, tv_str(u->raw_query))
URL_FIELD(url_raw_path, tv_str(u->raw_path))
URL_FIELD(url_raw_fragment, tv_str(u->raw_fragment))
URL_FIELD(url_force_query, tv_bool(u->force_query))
URL_FIELD(url_omit_host, tv_bool(u->omit_host))

static const struct tv_field url_fields[] = {
	{"Scheme", "Scheme", false, url_scheme},
	{"Opaque", "Opaque", false, url_opaque},
	{"User", "User", false, url_user},
	{"Host", "Host", false, url_host},
	{"Path", "Path", false, url_path},
	{"Fragment", "Fragment", false, url_fragment},
	{"RawQuery", "RawQuery", false, url_raw_query},
	{"RawPath", "RawPath", false, url_raw_path},
	{"RawFragment", "RawFragment", false, url_raw_fragment},
	{"ForceQuery", "ForceQuery", false, url_force_query},
	{"OmitHost", "OmitHost", false, url_omit_host},
	{0},
};

static void url_string(const struct tv *v, struct buf *out)
{
	tmpl_url_string(v->p, out);
}

static int url_method(struct tmpl_call *c, const struct tv *args, size_t n, struct tv *out)
{
	const struct tmpl_url *u = args[0].p;
	struct str name = tmpl_url_hostname(u), port = STR_NULL;
	struct buf b = BUF_INIT;

	(void)n;
	if (strcmp(c->name, "IsAbs") == 0) {
		*out = tv_bool(u->scheme.n > 0);
		return 0;
	}
	if (strcmp(c->name, "String") == 0) {
		tmpl_url_string(u, &b);
	} else if (strcmp(c->name, "Hostname") == 0) {
		buf_str(&b, name);
	} else { /* Port: behind the host's last colon, when what ends there is the name */
		const char *end = name.p != NULL ? name.p + name.n : NULL;
		struct str rest = end != NULL && end <= u->host.p + u->host.n
					  ? str_mem(end, (size_t)(u->host.p + u->host.n - end))
					  : STR_NULL;

		str_cut(rest, ':', &port);
		buf_str(&b, port);
	}
	return tmpl_return_buf(c, &b, out);
}

static const struct tmpl_func url_methods[] = {
	{"String", "", 's', 0, url_method},
	{"Hostname", "", 's', 0, url_method},
	{"Port", "", 's', 0, url_method},
	{"IsAbs", "", 'b', 0, url_method},
	{0},
};
static const struct tv_type url_struct = {
	.name = "url.URL", .kind = TV_STRUCT, .fields = url_fields};
const struct tv_type content_type_url_ptr = {.name = "*url.URL",
					     .kind = TV_PTR,
					     .elem = &url_struct,
					     .methods = url_methods,
					     .string = url_string};

/* ---- the names of a list, by kind ---- */

static struct tv one_of(const struct san *s, struct arena *a)
{
	struct tv v = {.type = &content_type_ip};
	struct tmpl_url *u;
	struct buf why = BUF_INIT;

	switch (s->type) {
	case SAN_IP:
		v.s = s->value;
		return v;
	case SAN_URI:
		u = ARENA_NEW(a, struct tmpl_url);
		/* A URI of somebody else's request that does not read is an opaque text. */
		if (tmpl_url_parse(s->value, a, u, &why) < 0)
			*u = (struct tmpl_url){.path = s->value};
		buf_release(&why);
		return tv_of(&content_type_url_ptr, u);
	case SAN_EMAIL:
	case SAN_DNS:
	case SAN_OTHER:
	case SAN_X400:
	case SAN_DIRNAME:
	case SAN_EDI:
	case SAN_RID:
		break;
	}
	return tv_str(s->value);
}

struct tv content_tv_sans_of(const struct tv_type *type, const struct san_list *l,
			     enum san_type kind, struct arena *a)
{
	struct tv *items;
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += l->items[i].type == kind;
	if (n == 0)
		return tv_nil_list(type);
	items = ARENA_ARRAY(a, struct tv, n);
	n = 0;
	for (size_t i = 0; i < l->n; i++)
		if (l->items[i].type == kind)
			items[n++] = one_of(&l->items[i], a);
	return tv_list(type, items, n);
}

/* ---- of extensions: p is a struct ext ---- */

struct tv content_ext_critical(const struct tv *self, struct arena *a)
{
	(void)a;
	return tv_bool(((const struct ext *)self->p)->critical);
}

struct tv content_ext_value(const struct tv *self, struct arena *a)
{
	struct tv v = content_tv_bytes(((const struct ext *)self->p)->value);

	(void)a;
	v.nil = false;
	return v;
}

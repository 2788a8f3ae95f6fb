/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "profile/content_types.h"
#include "profile/ssh_content.h"

/*
 * ssh_vars.c - the variables of SSH templates, with the types that Go has there. .Insecure.CR.Key
 * is an ssh.PublicKey in Go: one of three unexported types with the methods Type and Marshal.
 */
const struct tv_type ssh_type_template_data = {
	.name = "sshutil.TemplateData", .kind = TV_MAP, .elem = &tv_type_any};

/* ---- keys: p is a struct ssh_key ---- */
static const struct ssh_key *key_of(const struct tv *v)
{
	return v->p;
}

static int key_name(struct tmpl_call *c UNUSED, const struct tv *args, size_t n UNUSED,
		    struct tv *out)
{
	*out = tv_str(str_c(ssh_key_info(key_of(args)->kind)->name));
	return 0;
}

static int key_marshal(struct tmpl_call *c UNUSED, const struct tv *args, size_t n UNUSED,
		       struct tv *out)
{
	*out = (struct tv){.type = &tv_type_bytes, .s = key_of(args)->blob};
	return 0;
}

static const struct tmpl_func key_methods[] = {
	{"Marshal", "", 0, 0, key_marshal},
	{"Type", "", 's', 0, key_name},
	{0},
};

static int ed25519_name(struct tmpl_call *c UNUSED, const struct tv *args UNUSED, size_t n UNUSED,
			struct tv *out)
{
	*out = tv_str(STR("ssh-ed25519"));
	return 0;
}

static int ed25519_marshal(struct tmpl_call *c, const struct tv *args, size_t n UNUSED,
			   struct tv *out)
{
	struct buf b = BUF_INIT;

	ssh_put_string(&b, STR("ssh-ed25519"));
	ssh_put_string(&b, args[0].s);
	*out = (struct tv){.type = &tv_type_bytes, .s = arena_str(c->arena, buf_view(&b))};
	buf_release(&b);
	return 0;
}

/* Its 32 bytes are the value itself. */
static const struct tmpl_func ed25519_methods[] = {
	{"Marshal", "", 0, 0, ed25519_marshal},
	{"Type", "", 's', 0, ed25519_name},
	{0},
};
static const struct tv_type type_ed25519 = {.name = "ssh.ed25519PublicKey",
					    .kind = TV_SLICE,
					    .elem = &tv_type_uint8,
					    .methods = ed25519_methods};

static struct tv rsa_n(const struct tv *self, struct arena *a)
{
	return content_tv_big(key_of(self)->n, a);
}

static struct tv rsa_e(const struct tv *self, struct arena *a UNUSED)
{
	struct str e = key_of(self)->e;
	uint64_t v = 0;

	for (size_t i = 0; i < e.n; i++)
		v = v << 8 | (unsigned char)e.p[i];
	return tv_int((int64_t)v);
}

static const struct tv_field rsa_fields[] = {
	{"N", "N", false, rsa_n},
	{"E", "E", false, rsa_e},
	{0},
};
static const struct tv_type type_rsa = {
	.name = "ssh.rsaPublicKey", .kind = TV_STRUCT, .fields = rsa_fields};
static const struct tv_type type_rsa_ptr = {
	.name = "*ssh.rsaPublicKey", .kind = TV_PTR, .elem = &type_rsa, .methods = key_methods};

/* A coordinate of the uncompressed point; half 0 is x. */
static struct tv coordinate(const struct tv *self, size_t half, struct arena *a)
{
	struct str point = key_of(self)->point;
	size_t width = point.n / 2;
	struct str m = point.n > 0 ? str_mem(point.p + 1 + half * width, width) : STR_NULL;

	while (m.n > 0 && m.p[0] == 0)
		m = str_mem(m.p + 1, m.n - 1);
	return content_tv_big(m, a);
}

static struct tv ec_x(const struct tv *self, struct arena *a)
{
	return coordinate(self, 0, a);
}

static struct tv ec_y(const struct tv *self, struct arena *a)
{
	return coordinate(self, 1, a);
}

/* Go's curve shows none of its fields. */
static const struct tv_field no_fields[] = {{0}};
static const struct tv_type type_curve = {
	.name = "elliptic.nistCurve", .kind = TV_STRUCT, .fields = no_fields};

static struct tv ec_curve(const struct tv *self, struct arena *a UNUSED)
{
	return tv_any(tv_of(&type_curve, self->p));
}

static const struct tv_field ec_fields[] = {
	{"Curve", "Curve", false, ec_curve},
	{"X", "X", false, ec_x},
	{"Y", "Y", false, ec_y},
	{0},
};
static const struct tv_type type_ec = {
	.name = "ssh.ecdsaPublicKey", .kind = TV_STRUCT, .fields = ec_fields};
static const struct tv_type type_ec_ptr = {
	.name = "*ssh.ecdsaPublicKey", .kind = TV_PTR, .elem = &type_ec, .methods = key_methods};
static const struct tv_type type_sk = {
	.name = "ssh.skPublicKey", .kind = TV_STRUCT, .fields = no_fields};
static const struct tv_type type_sk_ptr = {
	.name = "*ssh.skPublicKey", .kind = TV_PTR, .elem = &type_sk, .methods = key_methods};

static struct tv key_tv(const struct ssh_key *k)
{
	const struct ssh_key_info *info;

	if (k == NULL || k->kind == SSH_KEY_NONE)
		return tv_null();
	info = ssh_key_info(k->kind);
	if (info->security_key)
		return tv_of(&type_sk_ptr, k);
	if (k->kind == SSH_KEY_ED25519)
		return (struct tv){.type = &type_ed25519, .s = k->point};
	return tv_of(k->kind == SSH_KEY_RSA ? &type_rsa_ptr : &type_ec_ptr, k);
}

/* ---- the request: p is a struct ssh_content_request ---- */
static const struct ssh_content_request *request_of(const struct tv *self)
{
	return self->p;
}

static struct tv texts(const struct str *items, size_t n, bool present, struct arena *a)
{
	return present ? tv_strings(a, items, n) : tv_nil_list(&tv_type_strings);
}

static struct tv request_key(const struct tv *self, struct arena *a UNUSED)
{
	return key_tv(request_of(self)->key);
}

static struct tv request_type(const struct tv *self, struct arena *a UNUSED)
{
	return tv_str(request_of(self)->type);
}

static struct tv request_key_id(const struct tv *self, struct arena *a UNUSED)
{
	return tv_str(request_of(self)->key_id);
}

static struct tv request_principals(const struct tv *self, struct arena *a)
{
	const struct ssh_content_request *r = request_of(self);

	return texts(r->principals, r->n_principals, r->has_principals, a);
}

static const struct tv_field request_fields[] = {
	{"Key", "Key", false, request_key},
	{"Type", "Type", false, request_type},
	{"KeyID", "KeyID", false, request_key_id},
	{"Principals", "Principals", false, request_principals},
	{0},
};
static const struct tv_type type_request = {
	.name = "sshutil.CertificateRequest", .kind = TV_STRUCT, .fields = request_fields};

struct tv ssh_content_request_tv(const struct ssh_content_request *r, struct arena *a)
{
	return tv_of(&type_request, arena_dup(a, r, sizeof(*r)));
}

/* ---- the dot ---- */
static void set(struct tv_map *m, const char *key, struct tv v)
{
	tv_map_set(m, str_c(key), v);
}

static void set_json(struct tv_map *m, const char *key, const json_t *v, struct arena *a)
{
	if (v != NULL)
		set(m, key, tv_from_json(v, a));
}

static struct tv usual_extensions(uint32_t type, struct arena *a)
{
	static const char *const names[] = {"permit-X11-forwarding", "permit-agent-forwarding",
					    "permit-port-forwarding", "permit-pty",
					    "permit-user-rc"};
	struct tv m;

	if (type != SSH_CERT_USER)
		return (struct tv){.type = &tv_type_map, .nil = true};
	m = tv_map_new(a, &tv_type_map, ARRAY_LEN(names));
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		set(m.map, names[i], tv_str(STR("")));
	return m;
}

struct tv ssh_content_vars(const struct ssh_content_input *in, struct arena *a)
{
	struct tv dot = tv_map_new(a, &ssh_type_template_data, 16);
	struct tv insecure = tv_map_new(a, &ssh_type_template_data, 2);
	struct tv_map *m = dot.map;
	const char *key;
	json_t *v;

	set(m, "Type", tv_str(in->type == SSH_CERT_HOST ? STR("host") : STR("user")));
	set(m, "KeyID", tv_str(in->key_id));
	set(m, "Principals", texts(in->principals, in->n_principals, in->n_principals > 0, a));
	if (in->extensions == NULL)
		set(m, "Extensions", usual_extensions(in->type, a));
	set_json(m, "Extensions", in->extensions, a);
	set_json(m, "CriticalOptions", in->critical, a);
	set_json(m, "Token", in->token, a);
	set_json(m, "Webhooks", in->webhooks, a);
	set_json(m, "Inventory", in->inventory, a);
	if (in->authorization.type != NULL)
		set(m, "AuthorizationCrt", in->authorization);
	if (in->endpoint.n > 0)
		set(m, "Endpoint", tv_str(in->endpoint));
	if (in->now != 0)
		set(m, "Now", tv_time(a, in->now, 0));
	/* jansson's iteration takes no const, and changes nothing. */
	json_object_foreach((json_t *)(uintptr_t)in->data, key, v)
		tv_map_set(m, arena_str(a, str_c(key)), tv_from_json(v, a));
	set_json(insecure.map, "User", in->user, a);
	set(insecure.map, "CR", ssh_content_request_tv(&in->request, a));
	set(m, "Insecure", insecure);
	return dot;
}

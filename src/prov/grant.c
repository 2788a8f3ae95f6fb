/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/buf.h"
#include "base/mem.h"
#include "prov/priv.h"

/*
 * grant.c - filling a grant, and holding a CSR against it.
 *
 * A plugin fills the grant while it decides; nobody sees it before the plugin has said GRANT. All
 * of it lives in the arena of the flow. Names that are there already are not added again.
 */
static struct grant *grant_of(struct signet_prov_op *op)
{
	struct prov_op *o = prov_op_of(op);

	ENSURE(o->grant && o->grant->magic == GRANT_MAGIC);
	return o->grant;
}

void host_grant_once(struct signet_prov_op *op, struct signet_str id)
{
	struct prov_op *o = prov_op_of(op);
	struct grant *g = grant_of(op);
	struct hash_ctx *h = hash_new(HASH_SHA256);
	unsigned char signed_part[32];

	hash(HASH_SHA256, o->jws.signing_input, signed_part);
	hash_update(h, str_c(o->entry->pub.name));
	hash_update(h, str_mem("", 1));
	/* Without the signature: ECDSA's (r, s) and (r, n - s) are two spellings of one token. */
	hash_update(h, id.n ? str_of_abi(id) : str_mem(signed_part, sizeof(signed_part)));
	hash_final(h, g->once);
	g->has_once = true;
	/* The token is good until exp and the leeway: its row must outlive that. */
	g->once_expiry = o->claims.exp + PROV_ONCE_GRACE;
}

void host_grant_subject(struct signet_prov_op *op, struct signet_str common_name)
{
	grant_of(op)->subject = arena_str(prov_op_of(op)->arena, str_of_abi(common_name));
}

static bool abi_san_type(int type, enum san_type *out)
{
	switch (type) {
	case SIGNET_SAN_EMAIL:
		*out = SAN_EMAIL;
		return true;
	case SIGNET_SAN_DNS:
		*out = SAN_DNS;
		return true;
	case SIGNET_SAN_URI:
		*out = SAN_URI;
		return true;
	case SIGNET_SAN_IP:
		*out = SAN_IP;
		return true;
	default:
		return false;
	}
}

static int add_name(struct prov_op *o, int type, struct str value, struct err *e)
{
	struct san_list *l = &o->grant->names;
	enum san_type want;
	struct san s;

	if (l->n >= PROV_NAMES_MAX)
		return ERR(e, ERR_INVALID, "name: more than %u", PROV_NAMES_MAX);
	if (san_from_text(value, o->arena, &s, e) < 0)
		return -1;
	if (type && (!abi_san_type(type, &want) || s.type != want))
		return ERR(e, ERR_INVALID, "name \"%.*s\": of another type than was said",
			   (int)(value.n < 100 ? value.n : 100), value.p);
	for (size_t i = 0; i < l->n; i++)
		if (san_equal(&l->items[i], &s))
			return 0;
	if (l->n == o->names_cap) {
		size_t cap = o->names_cap ? 2 * o->names_cap : 8;
		struct san *items = ARENA_ARRAY(o->arena, struct san, cap);
		if (l->n)
			memcpy(items, l->items, l->n * sizeof(*items));
		l->items = items;
		o->names_cap = cap;
	}
	l->items[l->n++] = s;
	return 0;
}

int host_grant_name(struct signet_prov_op *op, int type, struct signet_str value,
		    struct signet_err *se)
{
	struct prov_op *o = prov_op_of(op);
	struct err e = ERR_INIT;

	(void)grant_of(op);
	return add_name(o, type, str_of_abi(value), &e) < 0 ? err_to_abi(se, &e) : 0;
}

void host_grant_match_csr(struct signet_prov_op *op)
{
	grant_of(op)->match_csr = true;
}

void host_grant_not_after(struct signet_prov_op *op, int64_t latest)
{
	struct grant *g = grant_of(op);

	/* 0 means no limit, so a limit is never 0; several limits: the earliest */
	if (latest < 1)
		latest = 1;
	if (g->not_after == 0 || latest < g->not_after)
		g->not_after = latest;
}

void host_grant_credential(struct signet_prov_op *op, struct signet_str id)
{
	grant_of(op)->credential_id = arena_str(prov_op_of(op)->arena, str_of_abi(id));
}

void host_grant_data(struct signet_prov_op *op, const char *key, const struct signet_value *v)
{
	struct grant *g = grant_of(op);

	if (v && strcmp(key, "Token") != 0) /* that one is the host's */
		json_object_set_new(g->data, key, json_deep_copy(json_of_abi(v)));
}

void host_grant_serial(struct signet_prov_op *op, struct signet_str decimal)
{
	grant_of(op)->serial = arena_str(prov_op_of(op)->arena, str_of_abi(decimal));
}

static void unref_set(void *set)
{
	prov_set_unref(set);
}

struct grant *grant_for_renewal(struct arena *a, struct prov_set *set, const struct provisioner *p)
{
	struct grant *g = ARENA_NEW(a, struct grant);

	OBJ_INIT(g, GRANT_MAGIC);
	g->set = prov_set_ref(set);
	arena_on_free(a, unref_set, g->set);
	g->prov = p;
	g->method = SIGNET_RENEW;
	return g;
}

bool grant_prov_remains(const struct grant *g, const struct prov_set *now)
{
	const struct provisioner *p;

	OBJ_CHECK(g, GRANT_MAGIC);
	if (!g->prov || g->set == now)
		return true;
	p = prov_by_name(now, str_c(g->prov->name));
	return p && strcmp(p->type, g->prov->type) == 0 && strcmp(p->id, g->prov->id) == 0;
}

/* ---- a CSR against the grant ---- */

static bool has_name(const struct san_list *l, const struct san *s)
{
	for (size_t i = 0; i < l->n; i++)
		if (san_equal(&l->items[i], s))
			return true;
	return false;
}

/* The subject as it is, or a granted name as text (DNS names without regard to case). */
static bool common_name_allowed(const struct grant *g, struct str cn)
{
	struct buf text = BUF_INIT;
	bool ok = cn.n == 0 || str_eq(cn, g->subject);

	for (size_t i = 0; i < g->names.n && !ok; i++) {
		const struct san *s = &g->names.items[i];
		buf_reset(&text);
		san_to_text(s, &text);
		ok = s->type == SAN_DNS ? str_ieq(buf_view(&text), cn)
					: str_eq(buf_view(&text), cn);
	}
	buf_release(&text);
	return ok;
}

static int refuse(struct err *e, const char *what, const struct san *s)
{
	struct buf text = BUF_INIT;

	san_to_text(s, &text);
	ERR(e, ERR_FORBIDDEN, "csr: %s \"%.200s\"", what, text.p ? text.p : "");
	buf_release(&text);
	return err_public(e, "certificate request does not contain the valid names");
}

/* For each type that the CSR has, its names and the granted ones are the same set. */
static int check_sans(const struct grant *g, const struct san_list *csr, struct err *e)
{
	bool asked[SAN_RID + 1] = {false};

	for (size_t i = 0; i < csr->n; i++) {
		asked[csr->items[i].type] = true;
		if (!has_name(&g->names, &csr->items[i]))
			return refuse(e, "name not granted:", &csr->items[i]);
	}
	for (size_t i = 0; i < g->names.n; i++)
		if (asked[g->names.items[i].type] && !has_name(csr, &g->names.items[i]))
			return refuse(e, "granted, but missing among the names of its type:",
				      &g->names.items[i]);
	return 0;
}

int grant_check_csr(const struct grant *g, const struct csr *c, struct err *e)
{
	OBJ_CHECK(g, GRANT_MAGIC);
	if (!g->match_csr)
		return 0;
	for (size_t i = 0; i < c->subject.n; i++) {
		const struct name_attr *a = &c->subject.attrs[i];
		if (oid_find(a->oid) != OID_CN || common_name_allowed(g, a->value))
			continue;
		ERR(e, ERR_FORBIDDEN,
		    "csr: common name \"%.*s\": neither the subject nor a name of the grant",
		    (int)(a->value.n < 200 ? a->value.n : 200), a->value.p);
		return err_public(e, "certificate request does not contain the valid common name");
	}
	return check_sans(g, &c->sans, e);
}

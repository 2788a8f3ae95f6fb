/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/look.h"

#include "base/clock.h"
#include "codec/b64.h"
#include "codec/uri.h"

/*
 * describe_json.c - certificates, requests and keys as JSON (`signet inspect --json`).
 *
 * Member names are part of what scripts rely on: add, never rename. Times are RFC 3339, octets
 * lower-case hexadecimal, numbers that may be long (serials) decimal strings with a hexadecimal
 * twin. An extension has "value" when it is one that we decode, else "hex". To show another one: a
 * row in `decoders`.
 */

/* ---- pieces ---- */

/* The text of a buffer, which is released. */
static json_t *take(struct buf *b)
{
	json_t *v = json_str_new(buf_view(b));

	buf_release(b);
	return v;
}

static void set(json_t *o, const char *key, json_t *v)
{
	json_object_set_new(o, key, v);
}

static json_t *hex(struct str bytes)
{
	struct buf b = BUF_INIT;

	hex_encode(bytes, &b);
	return take(&b);
}

static json_t *text(const char *s)
{
	return json_string(s);
}

static json_t *time_text(int64_t t)
{
	char s[24];

	return text(time_format_rfc3339(t, s));
}

static json_t *dotted(struct str oid)
{
	struct buf b = BUF_INIT;
	struct err ignored = ERR_INIT;

	if (oid_to_dotted(oid, &b, &ignored) < 0)
		hex_encode(oid, &b);
	return take(&b);
}

/* The name that we know it by, else its numbers. */
static json_t *oid_text(struct str oid)
{
	enum oid id = oid_find(oid);

	return id != OID_NONE ? text(oid_name(id)) : dotted(oid);
}

static json_t *digest(enum hash_alg a, struct str bytes)
{
	unsigned char sum[HASH_MAX];

	hash(a, bytes, sum);
	return hex(str_mem(sum, hash_size(a)));
}

static json_t *name_json(const struct name *n)
{
	json_t *o = json_object(), *list = json_array();
	struct buf b = BUF_INIT;

	name_to_text(n, &b);
	set(o, "text", take(&b));
	for (size_t i = 0; i < n->n; i++) {
		json_t *one = json_object();

		set(one, "type", oid_text(n->attrs[i].oid));
		set(one, "oid", dotted(n->attrs[i].oid));
		set(one, "value", json_str_new(n->attrs[i].value));
		json_array_append_new(list, one);
	}
	set(o, "attributes", list);
	return o;
}

/* ---- keys ---- */

static unsigned magnitude_bits(struct str m)
{
	unsigned n = (unsigned)m.n * 8;

	for (unsigned bit = 0x80; n > 0 && bit != 0 && ((unsigned char)m.p[0] & bit) == 0;
	     bit >>= 1)
		n--;
	return n;
}

unsigned spki_kind(struct str spki, struct buf *type)
{
	struct err ignored = ERR_INIT;
	struct key *k = key_from_spki(spki, &ignored);
	struct str seq, alg, oid, bits, rsa, n;
	unsigned size = 0;

	if (k != NULL) {
		buf_puts(type, key_type_name(key_type(k)));
		size = key_bits(k);
		key_free(k);
		return size;
	}
	if (!der_get(&spki, DER_SEQUENCE, &seq) || !der_get(&seq, DER_SEQUENCE, &alg) ||
	    !der_get_oid(&alg, &oid)) {
		buf_puts(type, "malformed");
		return 0;
	}
	if (oid_find(oid) == OID_RSA_ENCRYPTION) {
		buf_puts(type, "RSA");
		if (der_get_bit_string(&seq, &bits) && der_get(&bits, DER_SEQUENCE, &rsa) &&
		    der_get_integer(&rsa, &n))
			size = magnitude_bits(n);
		return size;
	}
	/* A curve that we do not take is named by its own identifier. */
	if (oid_find(oid) == OID_EC_PUBLIC_KEY && der_get_oid(&alg, &bits))
		oid = bits;
	if (oid_find(oid) != OID_NONE)
		buf_puts(type, oid_name(oid_find(oid)));
	else if (oid_to_dotted(oid, type, &ignored) < 0)
		buf_puts(type, "malformed");
	return 0;
}

json_t *spki_to_json(struct str spki)
{
	json_t *o = json_object();
	struct buf type = BUF_INIT;
	unsigned bits = spki_kind(spki, &type);
	struct str cur = spki, seq, key;

	set(o, "type", take(&type));
	if (bits > 0)
		set(o, "bits", json_integer(bits));
	if (der_get(&cur, DER_SEQUENCE, &seq) && der_get(&seq, DER_SEQUENCE, NULL) &&
	    der_get_bit_string(&seq, &key)) {
		set(o, "value", hex(key));
		set(o, "keyId", digest(HASH_SHA1, key)); /* RFC 5280 4.2.1.2 (1) */
	}
	set(o, "sha256", digest(HASH_SHA256, spki));
	return o;
}

/* ---- extensions ---- */

static json_t *key_usage(struct str v, struct arena *a)
{
	static const char *const names[] = {
		"digitalSignature", "contentCommitment", "keyEncipherment",
		"dataEncipherment", "keyAgreement",	 "keyCertSign",
		"cRLSign",	    "encipherOnly",	 "decipherOnly"};
	json_t *list = json_array();
	uint32_t bits = 0;

	(void)a;
	(void)der_get_named_bits(&v, &bits);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if ((bits >> i & 1U) != 0)
			json_array_append_new(list, text(names[i]));
	return list;
}

static json_t *usages(struct str v, struct arena *a)
{
	json_t *list = json_array();
	struct str seq = STR_NULL, oid;

	(void)a;
	(void)der_get(&v, DER_SEQUENCE, &seq);
	while (der_get_oid(&seq, &oid))
		json_array_append_new(list, oid_text(oid));
	return list;
}

static json_t *basic_constraints(struct str v, struct arena *a)
{
	json_t *o = json_object();
	struct str seq = STR_NULL;
	bool ca = false;
	uint64_t len;

	(void)a;
	(void)der_get(&v, DER_SEQUENCE, &seq);
	if (der_peek(seq, DER_BOOLEAN))
		(void)der_get_bool(&seq, &ca);
	set(o, "ca", json_boolean(ca));
	if (der_get_uint(&seq, &len))
		set(o, "pathLength", json_integer((json_int_t)len));
	return o;
}

static json_t *subject_key_id(struct str v, struct arena *a)
{
	struct str id = STR_NULL;

	(void)a;
	return der_get(&v, DER_OCTET_STRING, &id) ? hex(id) : NULL;
}

static const char *san_kind(unsigned t)
{
	static const char *const kinds[] = {"otherName", "email", "dns", "x400Address", "dirName",
					    "ediParty",	 "uri",	  "ip",	 "registeredId"};

	return t < ARRAY_LEN(kinds) ? kinds[t] : "unknown";
}

static json_t *san_json(const struct san *s, struct arena *a)
{
	json_t *o = json_object();
	struct buf b = BUF_INIT;
	struct err ignored = ERR_INIT;
	struct name n;

	set(o, "type", text(san_kind(s->type)));
	if (s->type == SAN_DNS || s->type == SAN_EMAIL || s->type == SAN_URI) {
		set(o, "value", json_str_new(s->value));
	} else if (s->type == SAN_IP) {
		san_to_text(s, &b);
		set(o, "value", take(&b));
	} else if (s->type == SAN_DIRNAME && name_parse(s->value, a, &n, &ignored) == 0) {
		set(o, "value", name_json(&n));
	} else {
		set(o, "hex", hex(s->value));
	}
	return o;
}

/* A SEQUENCE OF GeneralName; NULL when it is none. */
static json_t *sans(struct str v, struct arena *a)
{
	struct err ignored = ERR_INIT;
	struct san_list l;
	json_t *list;

	if (san_parse(v, a, &l, &ignored) < 0)
		return NULL;
	list = json_array();
	for (size_t i = 0; i < l.n; i++)
		json_array_append_new(list, san_json(&l.items[i], a));
	return list;
}

/* GeneralNames without their SEQUENCE (tagged implicitly). */
static json_t *bare_names(struct str contents, struct arena *a)
{
	struct buf b = BUF_INIT;
	json_t *list;

	der_put(&b, DER_SEQUENCE, contents);
	list = sans(arena_str(a, buf_view(&b)), a);
	buf_release(&b);
	return list;
}

static json_t *authority_key_id(struct str v, struct arena *a)
{
	json_t *o = json_object(), *issuer;
	struct str seq = STR_NULL, part;
	bool present;

	(void)der_get(&v, DER_SEQUENCE, &seq);
	if (der_get_optional(&seq, DER_CTX(0), &present, &part) && present)
		set(o, "keyId", hex(part));
	if (der_get_optional(&seq, DER_CTX_CONS(1), &present, &part) && present &&
	    (issuer = bare_names(part, a)) != NULL)
		set(o, "issuer", issuer);
	if (der_get_optional(&seq, DER_CTX(2), &present, &part) && present) {
		if (part.n > 1 && part.p[0] == 0) /* the sign; the certificate's own has none */
			part = str_mem(part.p + 1, part.n - 1);
		set(o, "serialHex", hex(part));
	}
	return o;
}

/* A constraint's base: an address carries its mask, the others are text. */
static json_t *base_json(unsigned tag, struct str v, struct arena *a)
{
	unsigned kind = tag & 0x1fU;
	char ip[46], mask[46];
	json_t *o;

	if (kind == SAN_IP && (v.n == 8 || v.n == 32)) {
		o = json_object();
		set(o, "type", text(san_kind(kind)));
		set(o, "value",
		    text(arena_printf(
			    a, "%s/%s", ip_format((const unsigned char *)v.p, v.n / 2, ip),
			    ip_format((const unsigned char *)v.p + v.n / 2, v.n / 2, mask))));
		return o;
	}
	return san_json(&(struct san){.type = (enum san_type)kind, .value = v}, a);
}

static json_t *name_constraints(struct str v, struct arena *a)
{
	static const char *const titles[] = {"permitted", "excluded"};
	json_t *o = json_object();
	struct str seq = STR_NULL, part, tree, value;
	bool present;
	unsigned tag;

	(void)der_get(&v, DER_SEQUENCE, &seq);
	for (unsigned i = 0; i < 2; i++) {
		json_t *list;

		if (!der_get_optional(&seq, DER_CTX_CONS(i), &present, &part) || !present)
			continue;
		list = json_array();
		while (der_get(&part, DER_SEQUENCE, &tree))
			if (der_get_any(&tree, &tag, &value, NULL))
				json_array_append_new(list, base_json(tag, value, a));
		set(o, titles[i], list);
	}
	return o;
}

/* DistributionPoints (RFC 5280 4.2.1.13): the names of each fullName. */
static json_t *crl_points(struct str v, struct arena *a)
{
	json_t *list = json_array(), *names;
	struct str seq = STR_NULL, point, name, full;

	(void)der_get(&v, DER_SEQUENCE, &seq);
	while (der_get(&seq, DER_SEQUENCE, &point))
		if (der_get(&point, DER_CTX_CONS(0), &name) &&
		    der_get(&name, DER_CTX_CONS(0), &full) && (names = bare_names(full, a))) {
			json_array_extend(list, names);
			json_decref(names);
		}
	return list;
}

static json_t *authority_access(struct str v, struct arena *a)
{
	json_t *list = json_array(), *names;
	struct str seq = STR_NULL, one, oid;

	(void)der_get(&v, DER_SEQUENCE, &seq);
	while (der_get(&seq, DER_SEQUENCE, &one)) {
		json_t *o = json_object();

		if (der_get_oid(&one, &oid))
			set(o, "method", oid_text(oid));
		names = bare_names(one, a);
		if (names != NULL)
			set(o, "location", json_incref(json_array_get(names, 0)));
		json_decref(names);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *policies(struct str v, struct arena *a)
{
	json_t *list = json_array();
	struct str seq = STR_NULL, one, oid;

	(void)a;
	(void)der_get(&v, DER_SEQUENCE, &seq);
	while (der_get(&seq, DER_SEQUENCE, &one))
		if (der_get_oid(&one, &oid))
			json_array_append_new(list, oid_text(oid));
	return list;
}

static json_t *provisioner(struct str v, struct arena *a)
{
	struct err ignored = ERR_INIT;
	struct step_provisioner p;
	json_t *o, *pairs;

	if (ext_step_provisioner_parse(v, a, &p, &ignored) < 0)
		return NULL;
	o = json_object();
	pairs = json_object();
	set(o, "type", json_integer(p.type));
	set(o, "name", json_str_new(p.name));
	set(o, "credentialId", json_str_new(p.credential_id));
	for (size_t i = 0; i + 1 < p.n_pairs; i += 2)
		set(pairs, arena_cstr(a, p.pairs[i]), json_str_new(p.pairs[i + 1]));
	set(o, "keyValuePairs", pairs);
	return o;
}

/* NULL: its bytes are shown. Most were checked when the certificate was read. */
static const struct {
	enum oid oid;
	json_t *(*decode)(struct str v, struct arena *a);
} decoders[] = {
	{OID_KEY_USAGE, key_usage},
	{OID_EXT_KEY_USAGE, usages},
	{OID_BASIC_CONSTRAINTS, basic_constraints},
	{OID_SUBJECT_KEY_ID, subject_key_id},
	{OID_AUTHORITY_KEY_ID, authority_key_id},
	{OID_SAN, sans},
	{OID_NAME_CONSTRAINTS, name_constraints},
	{OID_CRL_DP, crl_points},
	{OID_AIA, authority_access},
	{OID_CERT_POLICIES, policies},
	{OID_STEP_PROVISIONER, provisioner},
};

static json_t *exts_json(const struct ext_list *l, struct arena *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < l->n; i++) {
		const struct ext *x = &l->items[i];
		json_t *o = json_object(), *v = NULL;
		enum oid id = oid_find(x->oid);

		set(o, "oid", dotted(x->oid));
		if (id != OID_NONE)
			set(o, "name", text(oid_name(id)));
		set(o, "critical", json_boolean(x->critical));
		for (size_t k = 0; k < ARRAY_LEN(decoders) && v == NULL; k++)
			if (decoders[k].oid == id)
				v = decoders[k].decode(x->value, a);
		set(o, v != NULL ? "value" : "hex", v != NULL ? v : hex(x->value));
		json_array_append_new(list, o);
	}
	return list;
}

/* ---- whole ---- */

static json_t *sig_alg_json(enum sig_alg alg, struct str element)
{
	struct str seq, oid;

	if (alg != SIG_NONE)
		return text(sig_alg_info(alg)->name);
	if (der_get(&element, DER_SEQUENCE, &seq) && der_get_oid(&seq, &oid))
		return oid_text(oid);
	return text("malformed");
}

json_t *cert_to_json(const struct cert *c, struct arena *a)
{
	json_t *o = json_object(), *prints = json_object();
	struct buf serial = BUF_INIT;

	set(o, "type", text("certificate"));
	set(o, "version", json_integer(c->version));
	serial_to_decimal(c->serial, &serial);
	set(o, "serial", take(&serial));
	set(o, "serialHex", hex(c->serial));
	set(o, "subject", name_json(&c->subject));
	set(o, "issuer", name_json(&c->issuer));
	set(o, "notBefore", time_text(c->not_before));
	set(o, "notAfter", time_text(c->not_after));
	set(o, "publicKey", spki_to_json(c->spki));
	set(o, "signatureAlgorithm", sig_alg_json(c->sig_alg, c->sig_alg_der));
	set(o, "extensions", exts_json(&c->exts, a));
	set(o, "signature", hex(c->signature));
	set(prints, "sha256", digest(HASH_SHA256, c->der));
	set(prints, "sha1", digest(HASH_SHA1, c->der));
	set(o, "fingerprints", prints);
	return o;
}

json_t *csr_to_json(const struct csr *c, struct arena *a)
{
	json_t *o = json_object(), *prints = json_object();
	struct str der = c->der, seq, alg = STR_NULL;

	if (der_get(&der, DER_SEQUENCE, &seq) && der_get(&seq, DER_SEQUENCE, NULL))
		(void)der_get_element(&seq, DER_SEQUENCE, &alg);
	set(o, "type", text("request"));
	set(o, "subject", name_json(&c->subject));
	set(o, "publicKey", spki_to_json(c->spki));
	set(o, "signatureAlgorithm", sig_alg_json(c->sig_alg, alg));
	set(o, "extensions", exts_json(&c->exts, a));
	set(o, "signature", hex(c->signature));
	set(prints, "sha256", digest(HASH_SHA256, c->der));
	set(prints, "sha1", digest(HASH_SHA1, c->der));
	set(o, "fingerprints", prints);
	return o;
}

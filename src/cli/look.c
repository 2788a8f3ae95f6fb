/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/look.h"

#include "base/file.h"
#include "codec/idna.h"
#include "codec/pem.h"
#include "codec/uri.h"

/*
 * look.c - certificates from files and servers, and whether they are good.
 *
 * A file holds PEM (any number of blocks, text between them) or one DER structure: certificate,
 * request, public or private key, told apart by their form alone. Private keys are never taken
 * apart here: their text is handed on to whoever has a password for it.
 */

#define ITEMS_MAX    1000U
#define SYSTEM_ROOTS "/etc/ssl/certs/ca-certificates.crt"

/* ---- reading ---- */

static enum look_kind kind_of(struct str label)
{
	static const struct {
		const char *label;
		enum look_kind kind;
	} kinds[] = {
		{"CERTIFICATE", LOOK_CERT},
		{"X509 CERTIFICATE", LOOK_CERT},
		{"CERTIFICATE REQUEST", LOOK_CSR},
		{"NEW CERTIFICATE REQUEST", LOOK_CSR},
		{"PUBLIC KEY", LOOK_PUBLIC_KEY},
		{"PRIVATE KEY", LOOK_PRIVATE_KEY},
		{"ENCRYPTED PRIVATE KEY", LOOK_PRIVATE_KEY},
		{"EC PRIVATE KEY", LOOK_PRIVATE_KEY},
		{"RSA PRIVATE KEY", LOOK_PRIVATE_KEY},
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_eqc(label, kinds[i].label))
			return kinds[i].kind;
	return LOOK_OTHER;
}

static void add_block(struct cli *c, struct look_input *in, const struct pem_block *b,
		      struct str text)
{
	struct look_item *i = &in->items[in->n++];

	i->kind = kind_of(b->label);
	i->label = arena_cstr(c->arena, b->label);
	if (i->kind == LOOK_PRIVATE_KEY)
		i->text = text;
	else
		i->der = arena_str(c->arena, buf_view(&b->der));
}

static int read_pem(struct cli *c, struct look_input *in, struct str text, struct err *e)
{
	struct pem_block b = {0};
	struct str rest = text;
	int rc;

	in->items = ARENA_ARRAY(c->arena, struct look_item, ITEMS_MAX);
	for (;;) {
		const char *from = rest.p;

		rc = pem_next(&rest, &b, e);
		if (rc <= 0)
			break;
		if (in->n == ITEMS_MAX)
			rc = ERR(e, ERR_INVALID, "more than %u PEM blocks", ITEMS_MAX);
		else
			add_block(c, in, &b,
				  (struct str){from, (size_t)(text.p + text.n - from) - rest.n});
		pem_block_release(&b);
		if (rc < 0)
			break;
	}
	if (rc == 0 && in->n == 0)
		return ERR(e, ERR_INVALID, "no PEM block in it");
	return rc;
}

/* SubjectPublicKeyInfo: SEQUENCE { SEQUENCE { OID ... }, BIT STRING }. */
static bool is_spki(struct str s)
{
	struct str seq, alg;

	return der_get(&s, DER_SEQUENCE, &seq) && s.n == 0 && der_get(&seq, DER_SEQUENCE, &alg) &&
	       der_get_oid(&alg, NULL) && der_get(&seq, DER_BIT_STRING, NULL) && seq.n == 0;
}

/* A certificate or request is SEQUENCE { SEQUENCE, SEQUENCE, BIT STRING }; the former's first part
 * begins with [0] or has more than four fields. */
static enum look_kind kind_of_der(struct str s)
{
	struct str all = s, seq, tbs;
	unsigned tag, fields = 0;
	struct err ignored = ERR_INIT;
	struct key *k;

	if (is_spki(s))
		return LOOK_PUBLIC_KEY;
	if (der_get(&s, DER_SEQUENCE, &seq) && der_get(&seq, DER_SEQUENCE, &tbs) &&
	    der_get(&seq, DER_SEQUENCE, NULL) && der_get(&seq, DER_BIT_STRING, NULL)) {
		while (der_get_any(&tbs, &tag, NULL, NULL))
			fields++;
		return fields > 4 ? LOOK_CERT : LOOK_CSR;
	}
	k = key_from_file_data(all, NULL, &ignored);
	key_free(k);
	return k != NULL || key_file_is_encrypted(all) ? LOOK_PRIVATE_KEY : LOOK_OTHER;
}

static int read_der(struct cli *c, struct look_input *in, struct str bytes, struct err *e)
{
	enum look_kind kind = kind_of_der(bytes);

	if (kind == LOOK_OTHER)
		return ERR(e, ERR_INVALID, "neither PEM nor a certificate, request or key in DER");
	in->items = ARENA_NEW(c->arena, struct look_item);
	in->n = 1;
	in->items[0].kind = kind;
	if (kind == LOOK_PRIVATE_KEY)
		in->items[0].text = bytes;
	else
		in->items[0].der = bytes;
	return 0;
}

static bool is_pem(struct str s)
{
	return memmem(s.p != NULL ? s.p : "", s.n, "-----BEGIN ", 11) != NULL;
}

static void wipe(void *p)
{
	buf_wipe_release(p);
}

int look_read(struct cli *c, const char *what, struct look_input *out, struct err *e)
{
	struct buf *text; /* may hold a private key */

	*out = (struct look_input){.name = strcmp(what, "-") == 0 ? "standard input" : what};
	if (look_is_url(what))
		return look_server(c, what, out, e);
	text = ARENA_NEW(c->arena, struct buf);
	arena_on_free(c->arena, wipe, text);
	if (read_input(what, LOOK_MAX, text, e) < 0)
		return -1;
	if ((is_pem(buf_view(text)) ? read_pem(c, out, buf_view(text), e)
				    : read_der(c, out, buf_view(text), e)) < 0)
		return err_wrap(e, "%s", out->name);
	return 0;
}

int look_certs(struct cli *c, const struct look_input *in, struct cert **out, size_t *n,
	       struct err *e)
{
	*n = 0;
	*out = ARENA_ARRAY(c->arena, struct cert, in->n > 0 ? in->n : 1);
	for (size_t i = 0; i < in->n; i++) {
		if (in->items[i].kind != LOOK_CERT)
			continue;
		if (cert_parse(in->items[i].der, c->arena, &(*out)[*n], e) < 0)
			return *n == 0 ? err_wrap(e, "%s", in->name)
				       : err_wrap(e, "%s: number %zu", in->name, *n + 1);
		++*n;
	}
	return *n > 0 ? 0 : ERR(e, ERR_INVALID, "%s: no certificate in it", in->name);
}

/* ---- trust ---- */

/* A system's store may hold what we do not take (odd keys): such roots are left out. */
static int read_system(struct cli *c, struct look_trust *t, struct err *e)
{
	struct look_input in;
	struct err ignored = ERR_INIT;

	t->from = SYSTEM_ROOTS;
	if (!file_exists(SYSTEM_ROOTS))
		return ERR(e, ERR_NOT_FOUND,
			   "which roots? There are none of a CA (`signet bootstrap`) and none of "
			   "the system (%s); give --roots FILE",
			   SYSTEM_ROOTS);
	if (look_read(c, SYSTEM_ROOTS, &in, e) < 0)
		return -1;
	t->roots = ARENA_ARRAY(c->arena, struct cert, in.n);
	for (size_t i = 0; i < in.n; i++)
		if (in.items[i].kind == LOOK_CERT &&
		    cert_parse(in.items[i].der, c->arena, &t->roots[t->n], &ignored) == 0)
			t->n++;
	return 0;
}

int look_roots(struct cli *c, struct look_trust *out, struct err *e)
{
	struct look_input in;

	*out = (struct look_trust){.from = cli_value(c, "roots")};
	if (out->from == NULL) {
		if (trust_root(c, e) < 0)
			return -1;
		out->from = c->root;
	}
	if (out->from == NULL)
		return read_system(c, out, e);
	if (look_is_url(out->from))
		return cli_misuse(c, e, "--roots %s: must be a file", out->from);
	if (look_read(c, out->from, &in, e) < 0)
		return -1;
	return look_certs(c, &in, &out->roots, &out->n, e);
}

/* ---- names ---- */

const char *cert_name_text(const struct cert *c, struct arena *a)
{
	struct buf b = BUF_INIT;
	const char *text;

	cert_name_put(c, &b);
	text = arena_cstr(a, buf_view(&b));
	buf_release(&b);
	return text;
}

/* `pattern` as it stands in a certificate; host in lower case without a final dot. */
static bool dns_matches(struct str pattern, struct str host)
{
	struct str rest;

	if (str_ieq(pattern, host))
		return dns_name_valid(pattern, false);
	if (!str_starts(pattern, "*.") || !dns_name_valid(pattern, true))
		return false;
	pattern = (struct str){pattern.p + 2, pattern.n - 2};
	/* "*.com" speaks for nobody. */
	return str_has(pattern, '.') && str_cut(host, '.', &rest).n > 0 && str_ieq(pattern, rest);
}

static int mismatch(const struct cert *c, const char *host, struct arena *a, struct err *e)
{
	struct buf names = BUF_INIT;
	size_t shown = 0, others = 0;

	for (size_t i = 0; i < c->sans.n; i++) {
		const struct san *s = &c->sans.items[i];

		if (s->type != SAN_DNS && s->type != SAN_IP)
			continue;
		if (names.n > 120) {
			others++;
			continue;
		}
		buf_puts(&names, shown++ > 0 ? ", " : "");
		san_to_text(s, &names);
	}
	if (others > 0)
		buf_printf(&names, " and %zu more", others);
	if (shown > 0)
		err_set(e, ERR_UNAUTHORIZED, "certificate %s: is not for %s, its names are %s",
			cert_name_text(c, a), host, names.p);
	else
		err_set(e, ERR_UNAUTHORIZED,
			"certificate %s: is not for %s, it has no DNS name or address among its "
			"alternative names (the common name does not count)",
			cert_name_text(c, a), host);
	buf_release(&names);
	return -1;
}

int cert_names_host(const struct cert *c, const char *host, struct arena *a, struct err *e)
{
	struct str name = str_c(host), ascii = STR_NULL;
	unsigned char ip[16];
	size_t n = ip_parse(name, ip);

	if (n == 0) {
		if (str_ends(name, "."))
			name.n--;
		if (idna_to_ascii(name, a, &ascii, e) < 0 || !dns_name_valid(ascii, false))
			return ERR(e, ERR_INVALID, "%s: neither a DNS name nor an address", host);
	}
	for (size_t i = 0; i < c->sans.n; i++) {
		const struct san *s = &c->sans.items[i];

		if (n > 0 && s->type == SAN_IP && str_eq(s->value, str_mem(ip, n)))
			return 0;
		if (n == 0 && s->type == SAN_DNS && dns_matches(s->value, ascii))
			return 0;
	}
	return mismatch(c, host, a, e);
}

/* ---- the question ---- */

/* A chain that begins with a CA, with the leaf somewhere behind it. */
static int check_order(struct cli *c, const struct look_check *q, struct err *e)
{
	if (!q->certs[0].is_ca)
		return 0;
	for (size_t i = 1; i < q->n; i++)
		if (!q->certs[i].is_ca &&
		    name_der_equal(q->certs[i].issuer.der, q->certs[0].subject.der))
			return ERR(e, ERR_UNAUTHORIZED,
				   "the chain is in the wrong order: it begins with the CA %s, but "
				   "%s must come first",
				   cert_name_text(&q->certs[0], c->arena),
				   cert_name_text(&q->certs[i], c->arena));
	return 0;
}

/* The search ended without an issuer: says more of it. */
static int explain(struct cli *c, const struct look_check *q, struct err *e)
{
	const struct cert *leaf = &q->certs[0];

	if (!str_ends(str_c(e->msg), "certificates given"))
		return -1;
	if (name_der_equal(leaf->subject.der, leaf->issuer.der) &&
	    cert_check_signature(leaf, leaf, &(struct err)ERR_INIT) == 0)
		return ERR(e, ERR_UNAUTHORIZED,
			   "certificate %s: is self-signed and not among the roots of %s",
			   cert_name_text(leaf, c->arena), q->trust->from);
	return ERR(e, ERR_UNAUTHORIZED, "%s (roots: %s)", arena_strdup(c->arena, e->msg),
		   q->trust->from);
}

int look_check(struct cli *c, const struct look_check *q, struct err *e)
{
	size_t n = q->n - 1 + q->n_more;
	struct cert *others = ARENA_ARRAY(c->arena, struct cert, n > 0 ? n : 1);
	struct chain_params p = {
		.roots = q->trust->roots,
		.n_roots = q->trust->n,
		.intermediates = others,
		.n_intermediates = n,
		.now = q->now,
		.usage = q->usage,
	};

	if (check_order(c, q, e) < 0)
		return -1;
	if (q->n > 1)
		memcpy(others, q->certs + 1, (q->n - 1) * sizeof(*others));
	if (q->n_more > 0)
		memcpy(others + q->n - 1, q->more, q->n_more * sizeof(*others));
	if (chain_verify(&q->certs[0], &p, e) < 0)
		return explain(c, q, e);
	return q->host != NULL ? cert_names_host(&q->certs[0], q->host, c->arena, e) : 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/certs.h"

#include "base/clock.h"

/* cmd_show.c - all that is on record about a certificate, or an endpoint and its certificates. */

#define LABEL_WIDTH 15
#define PAGE	    100

/* ---- lines ---- */

static void put_line(struct buf *out, const char *label, struct str text)
{
	if (text.n == 0)
		return;
	buf_printf(out, "%-*s ", LABEL_WIDTH, label);
	text_put_safe(out, text);
	buf_putc(out, '\n');
}

static void put_text(struct buf *out, const char *label, const json_t *o, const char *key)
{
	put_line(out, label, json_text(o, key));
}

/* "2026-01-02T03:04:05Z (in 3 h)" */
static void put_time(struct cli *c, struct buf *out, const char *label, const json_t *o,
		     const char *key)
{
	int64_t t;

	if (json_time(o, key, &t))
		put_line(out, label,
			 str_c(arena_printf(c->arena, STR_FMT " (%s)", STR_ARG(json_text(o, key)),
					    time_distance(c->arena, t, clock_now()))));
}

static void put_status(struct buf *out, struct str status)
{
	buf_printf(out, "%-*s ", LABEL_WIDTH, "Status");
	text_put_coloured(out, status, cert_colour(status));
	buf_putc(out, '\n');
}

static void put_revocation(struct cli *c, struct buf *out, const json_t *v)
{
	const json_t *reason = json_member(v, "revocationReason", 0);
	const char *name = reason_name(json_integer_value(reason));

	put_time(c, out, "Revoked", v, "revokedAt");
	if (json_is_integer(reason))
		put_line(out, "Reason",
			 str_c(arena_printf(c->arena, "%d %s", (int)json_integer_value(reason),
					    name ? name : "")));
	put_text(out, "Said", v, "revocationText");
	put_text(out, "Revoked by", v, "revokedBy");
}

static void put_cert(struct cli *c, struct buf *out, const json_t *v)
{
	struct str from = json_text(v, "renewedFrom"), type = json_text(v, "provisionerType"),
		   prov = json_text(v, "provisioner");

	put_text(out, "Serial", v, "serial");
	put_line(out, "",
		 str_c(arena_printf(c->arena, "0x" STR_FMT, STR_ARG(json_text(v, "serialHex")))));
	put_text(out, "Common name", v, "commonName");
	put_line(out, "Names", cert_names(c->arena, v));
	put_status(out, json_text(v, "status"));
	put_time(c, out, "Valid from", v, "notBefore");
	put_time(c, out, "Valid until", v, "notAfter");
	put_revocation(c, out, v);
	put_text(out, "Authority", v, "authority");
	if (type.n > 0)
		prov = str_c(arena_printf(c->arena, STR_FMT " (" STR_FMT ")", STR_ARG(prov),
					  STR_ARG(type)));
	put_line(out, "Provisioner", prov);
	put_text(out, "Endpoint", v, "endpoint");
	if (!str_eqc(json_text(v, "kind"), "x509"))
		put_text(out, "Kind", v, "kind");
	put_time(c, out, "Issued", v, "issuedAt");
	put_line(out, "Renewed from", from);
	put_text(out, "SHA-256", v, "fingerprint");
	put_text(out, "Signing key", v, "keyId");
	put_text(out, "Request", v, "requestId");
}

static void print(const struct buf *out)
{
	if (out->n > 0)
		fwrite(out->p, 1, out->n, stdout);
}

/* ---- a certificate ---- */

static void show_cert(struct cli *c, const json_t *v)
{
	struct buf out = BUF_INIT;

	if (cli_flag(c, "json")) {
		json_write(v, &out);
		buf_putc(&out, '\n');
	} else if (cli_flag(c, "pem")) {
		buf_str(&out, json_text(v, "pem"));
	} else {
		put_cert(c, &out, v);
	}
	print(&out);
	buf_release(&out);
}

/* ---- an endpoint: what the daemon tells of it, and all pages of its certificates ---- */

static int more_certs(struct cli *c, const char *id, json_t *certs, bool pem, struct err *e)
{
	struct buf query = BUF_INIT;
	struct str cursor = STR_NULL;
	int rc = 0;

	query_add(&query, "endpoint", str_c(id));
	query_add(&query, "status", STR("all"));
	query_add(&query, "self", STR("1"));
	if (pem)
		query_add(&query, "pem", STR("1"));
	do {
		json_t *page = certs_page(c, buf_view(&query), PAGE, cursor, e);

		rc = page == NULL ? -1 : 0;
		if (page != NULL) {
			json_free_with(page, c->arena);
			json_array_extend(certs, json_member(page, "certificates", 0));
			cursor = certs_next(page);
		}
	} while (rc == 0 && cursor.n > 0);
	buf_release(&query);
	return rc;
}

static void print_certs(struct cli *c, const json_t *certs)
{
	static const char *const headers[] = {"ISSUED FROM", "EXPIRES", "STATUS", "SERIAL"};
	struct table *t = table_new(c->arena, headers, ARRAY_LEN(headers));
	int64_t now = clock_now();

	for (size_t i = 0; i < json_array_size(certs); i++) {
		const json_t *v = json_array_get(certs, i);
		struct str status = json_text(v, "status");
		enum table_colour colour;
		struct str expiry = cert_expiry(c->arena, v, now, &colour);

		table_cell(t, json_text(v, "notBefore"), TABLE_PLAIN);
		table_cell(t, term_is_tty() ? expiry : json_text(v, "notAfter"), colour);
		table_cell(t, status, cert_colour(status));
		table_cell(t, json_text(v, "serial"), TABLE_PLAIN);
	}
	table_print(t);
}

static void put_endpoint(struct cli *c, struct buf *out, const json_t *v, size_t n)
{
	put_text(out, "Endpoint", v, "id");
	put_text(out, "Common name", v, "commonName");
	put_text(out, "Kind", v, "kind");
	put_text(out, "Authority", v, "authority");
	put_text(out, "Provisioner", v, "provisioner");
	put_time(c, out, "Since", v, "created");
	put_line(out, "Certificates", str_c(arena_printf(c->arena, "%zu", n)));
	buf_putc(out, '\n');
}

static int show_endpoint(struct cli *c, const char *id, json_t *v, struct err *e)
{
	json_t *certs = json_array();
	struct buf out = BUF_INIT;

	json_free_with(certs, c->arena);
	if (more_certs(c, id, certs, cli_flag(c, "pem"), e) < 0)
		return -1;
	if (cli_flag(c, "json")) {
		json_object_set(v, "certificates", certs);
		json_object_del(v, "nextCursor");
		json_write(v, &out);
		buf_putc(&out, '\n');
	} else if (cli_flag(c, "pem")) {
		for (size_t i = 0; i < json_array_size(certs); i++)
			buf_str(&out, json_text(json_array_get(certs, i), "pem"));
	} else {
		put_endpoint(c, &out, v, json_array_size(certs));
	}
	print(&out);
	buf_release(&out);
	if (!cli_flag(c, "json") && !cli_flag(c, "pem"))
		print_certs(c, certs);
	return 0;
}

/* ---- the command ---- */

static json_t *ask(struct cli *c, const char *what, const char *id, struct err *e)
{
	struct control_call call = {.method = "GET"};
	json_t *v;

	c->refused = false;
	call.path = arena_printf(c->arena, "/control/v1/%s/%s", what, id);
	v = control_call(c, &call, e);
	if (v != NULL)
		json_free_with(v, c->arena);
	return v;
}

static int show_it(struct cli *c, struct err *e)
{
	struct cert_id id;
	json_t *v = NULL;

	if (cert_id_parse(c, c->args[0], &id, e) < 0)
		return -1;
	if (id.serial != NULL)
		v = ask(c, "certificates", id.serial, e);
	if (v != NULL) {
		show_cert(c, v);
		return 0;
	}
	/* Hexadecimal digits may be both. */
	if (id.endpoint == NULL || (id.serial != NULL && !c->refused))
		return -1;
	v = ask(c, "endpoints", id.endpoint, e);
	return v == NULL ? -1 : show_endpoint(c, id.endpoint, v, e);
}

static int show(struct cli *c)
{
	struct err e = ERR_INIT;

	if (cli_flag(c, "json") && cli_flag(c, "pem"))
		return cli_usage_error(c, "--json and --pem exclude each other");
	return show_it(c, &e) < 0 ? cli_fail(c, &e) : output_end(c);
}

static const struct cli_opt opts[] = {
	{"pem", NULL, "print the certificate itself (of an endpoint: all of them)", false, false},
	{NULL, NULL, NULL, false, false},
};
const struct cli_cmd cmd_show = {
	.name = "show",
	.args = "SERIAL|ENDPOINT",
	.min_args = 1,
	.max_args = 1,
	.summary = "Show what is on record about a certificate, or about an endpoint",
	.about = "SERIAL is decimal, or hexadecimal as 0x1f or 1f:2e. ENDPOINT is the id under "
		 "which "
		 "a certificate and\nits renewals belong together: `signet show SERIAL` tells it.",
	.opts = opts,
	.json = true,
	.operator= true,
	.run = show,
};

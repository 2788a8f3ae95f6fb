/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/certs.h"

#include "base/clock.h"

/*
 * cmd_status.c - how the daemon is: what it is, whether it can sign, what waits, what ends next.
 * What is as it should be is said in few words; what is not stands out.
 */

#define LABEL_WIDTH 15

struct report {
	struct cli *c;
	struct buf out;
	int64_t now;
};

static void begin_line(struct report *r, const char *label)
{
	buf_printf(&r->out, "%-*s ", LABEL_WIDTH, label);
}

static void put(struct report *r, const char *label, struct str text)
{
	if (text.n == 0)
		return;
	begin_line(r, label);
	text_put_safe(&r->out, text);
	buf_putc(&r->out, '\n');
}

static void put_coloured(struct report *r, enum table_colour colour, struct str text)
{
	text_put_coloured(&r->out, text, colour);
}

static int64_t number(const json_t *o, const char *key)
{
	return json_integer_value(json_member(o, key, 0));
}

static const char *ago(struct report *r, const json_t *o, const char *key)
{
	int64_t t;

	return json_time(o, key, &t) ? time_distance(r->c->arena, t, r->now) : "unknown";
}

static void put_when(struct report *r, const char *label, const json_t *o, const char *key)
{
	struct str text = json_text(o, key);

	if (text.n > 0)
		put(r, label,
		    str_c(arena_printf(r->c->arena, STR_FMT " (%s)", STR_ARG(text),
				       ago(r, o, key))));
}

static void put_head(struct report *r, const json_t *v)
{
	bool ready = json_is_true(json_member(v, "ready", 0));
	struct str address = json_text(v, "address");

	put(r, "signetd",
	    str_c(arena_printf(r->c->arena, STR_FMT ", process %" PRId64,
			       STR_ARG(json_text(v, "version")), number(v, "pid"))));
	put_when(r, "Running since", v, "started");
	put(r, "Address", address.n > 0 ? address : STR("does not listen yet"));
	put(r, "Configuration", json_text(v, "config"));
	put(r, "Data", json_text(v, "dataDir"));
	begin_line(r, "Issuing");
	if (ready)
		put_coloured(r, TABLE_GOOD, STR("yes"));
	else
		put_coloured(r, TABLE_WARN, STR("not yet: it is starting"));
	buf_putc(&r->out, '\n');
	begin_line(r, "Provisioners");
	buf_printf(&r->out, "%" PRId64 "\n", number(v, "provisioners"));
	put_when(r, "Reloaded", v, "reloaded");
	put_when(r, "Restored", v, "restored");
}

static void put_authority(struct report *r, const json_t *au)
{
	const json_t *key = json_member(au, "key", 0);
	struct str state = json_text(key, "state"), why = json_text(key, "error");
	bool broken = json_is_true(json_member(key, "breakerOpen", 0));
	enum table_colour colour = str_eqc(state, "failed") || broken ? TABLE_BAD
				   : str_eqc(state, "ready")	      ? TABLE_GOOD
								      : TABLE_WARN;

	begin_line(r, "Authority");
	text_put_safe(&r->out, json_text(au, "name"));
	buf_puts(&r->out, ": key ");
	put_coloured(r, colour, state);
	if (broken)
		put_coloured(r, TABLE_BAD, STR(", not used for a while after failures"));
	buf_printf(&r->out,
		   "; %" PRId64 " signatures, %" PRId64 " failures, %" PRId64 " waiting; ends %s\n",
		   number(key, "signatures"), number(key, "failures"), number(key, "queued"),
		   ago(r, au, "notAfter"));
	put(r, "", json_text(au, "subject"));
	if (why.n > 0) {
		begin_line(r, "");
		put_coloured(r, TABLE_BAD, why);
		buf_putc(&r->out, '\n');
	}
}

static void put_store(struct report *r, const json_t *s)
{
	begin_line(r, "Store");
	text_put_safe(&r->out, json_text(s, "driver"));
	buf_printf(&r->out, ", %" PRId64 " commits in %" PRId64 " syncs, %" PRId64 " waiting",
		   number(s, "commits"), number(s, "syncs"), number(s, "queued"));
	if (number(s, "refused") > 0)
		put_coloured(
			r, TABLE_BAD,
			str_c(arena_printf(r->c->arena, ", %" PRId64 " refused: the disk is full",
					   number(s, "refused"))));
	buf_putc(&r->out, '\n');
}

static void put_pools(struct report *r, const json_t *pools)
{
	static const struct {
		const char *key, *label;
	} all[] = {{"cpu", "Threads"}, {"slow", "Slow work"}};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		const json_t *p = json_member(pools, all[i].key, 0);

		if (p == NULL)
			continue;
		begin_line(r, all[i].label);
		buf_printf(&r->out,
			   "%" PRId64 " of %" PRId64 " busy, %" PRId64 " waiting, %" PRId64 " done",
			   number(p, "running"), number(p, "threads"), number(p, "queued"),
			   number(p, "done"));
		if (number(p, "refused") > 0)
			put_coloured(r, TABLE_WARN,
				     str_c(arena_printf(r->c->arena, ", %" PRId64 " refused",
							number(p, "refused"))));
		buf_putc(&r->out, '\n');
	}
}

/* Counts that should stay at zero are shown when they do not. */
static void put_counters(struct report *r, const json_t *k)
{
	static const struct {
		const char *key, *text;
	} troubles[] = {
		{"loopStalls", "times the daemon was slow to answer (loop.stall in the log)"},
		{"jobsRefused", "jobs refused because a queue was full"},
		{"logDropped", "log lines lost"},
	};

	begin_line(r, "Since then");
	buf_printf(&r->out,
		   "%" PRId64 " issued, %" PRId64 " revoked, %" PRId64 " tokens refused; %" PRId64
		   " requests, %" PRId64 " TLS handshakes (%" PRId64 " failed)\n",
		   number(k, "certificatesIssued"), number(k, "certificatesRevoked"),
		   number(k, "tokensRefused"), number(k, "requests"), number(k, "tlsHandshakes"),
		   number(k, "tlsHandshakeFailures"));
	for (size_t i = 0; i < ARRAY_LEN(troubles); i++)
		if (number(k, troubles[i].key) > 0) {
			begin_line(r, "");
			put_coloured(
				r, TABLE_WARN,
				str_c(arena_printf(r->c->arena, "%" PRId64 " %s",
						   number(k, troubles[i].key), troubles[i].text)));
			buf_putc(&r->out, '\n');
		}
}

static void put_expiries(struct report *r, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *cert = json_array_get(list, i);
		enum table_colour colour;
		struct str left = cert_expiry(r->c->arena, cert, r->now, &colour);

		begin_line(r, i == 0 ? "Next to expire" : "");
		put_coloured(r, colour, left);
		buf_puts(&r->out, "  ");
		text_put_safe(&r->out, cert_label(cert));
		buf_puts(&r->out, "  ");
		text_put_safe(&r->out, json_text(cert, "serial"));
		buf_putc(&r->out, '\n');
	}
}

static void put_all(struct report *r, const json_t *v)
{
	const json_t *list = json_member(v, "authorities", 0);

	put_head(r, v);
	for (size_t i = 0; i < json_array_size(list); i++)
		put_authority(r, json_array_get(list, i));
	put_store(r, json_member(v, "store", 0));
	put_pools(r, json_member(v, "pools", 0));
	put_counters(r, json_member(v, "counters", 0));
	put_expiries(r, json_member(v, "nextExpiries", 0));
}

static int status(struct cli *c)
{
	struct control_call call = {.method = "GET", .path = "/control/v1/status"};
	struct report r = {.c = c, .now = clock_now()};
	struct err e = ERR_INIT;
	json_t *v = control_call(c, &call, &e);
	int rc;

	if (v == NULL)
		return cli_fail(c, &e);
	if (cli_flag(c, "json")) {
		json_write(v, &r.out);
		buf_putc(&r.out, '\n');
	} else {
		put_all(&r, v);
	}
	fwrite(r.out.p, 1, r.out.n, stdout);
	rc = output_end(c);
	buf_release(&r.out);
	json_decref(v);
	return rc;
}

const struct cli_cmd cmd_status = {
	.name = "status",
	.args = "",
	.summary = "Show how the daemon is: keys, store, queues, what expires next",
	.about = "Exit status 0 when it runs, 4 when it cannot be reached.",
	.json = true,
	.operator= true,
	.run = status,
};

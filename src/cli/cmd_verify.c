/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/look.h"

#include "base/clock.h"

/*
 * cmd_verify.c - is a certificate good: chain, dates, purpose, name, and for how long still. The
 * answer is the exit status; the reason is one sentence.
 */

struct question {
	struct look_input in;
	struct look_trust trust;
	struct look_check check;
	int64_t left;	  /* seconds that must be left; -1: not asked for */
	unsigned percent; /* of the lifetime that may be over; 0: not asked for */
};

static int read_time(struct cli *c, const char *opt, int64_t base, int64_t *out, struct err *e)
{
	const char *text = cli_value(c, opt);

	return text != NULL ? time_option(c, opt, text, base, out, e) : 0;
}

static int read_purpose(struct cli *c, enum oid *out, struct err *e)
{
	const char *want = cli_value(c, "purpose");
	bool server = look_is_url(c->args[0]) || cli_flag(c, "host");

	*out = server ? OID_EKU_SERVER_AUTH : OID_NONE;
	if (want == NULL)
		return 0;
	if (strcmp(want, "server") == 0)
		*out = OID_EKU_SERVER_AUTH;
	else if (strcmp(want, "client") == 0)
		*out = OID_EKU_CLIENT_AUTH;
	else if (strcmp(want, "any") == 0)
		*out = OID_NONE;
	else
		return cli_misuse(c, e, "--purpose %s: must be server, client or any", want);
	return 0;
}

/* "72h", or "75%" of the lifetime. */
static int read_left(struct cli *c, struct question *q, struct err *e)
{
	const char *text = cli_value(c, "expires-in");
	struct str number = str_c(text);
	uint64_t n;
	int64_t until = 0;

	q->left = -1;
	if (text == NULL)
		return 0;
	if (str_ends(number, "%")) {
		number.n--;
		if (!str_u64(number, &n) || n < 1 || n > 100)
			return cli_misuse(c, e, "--expires-in %s: must be 1%% to 100%%", text);
		q->percent = (unsigned)n;
		return 0;
	}
	if (read_time(c, "expires-in", q->check.now, &until, e) < 0)
		return -1;
	if (until < q->check.now)
		return cli_misuse(c, e, "--expires-in %s: is in the past", text);
	q->left = until - q->check.now;
	return 0;
}

static int read_question(struct cli *c, struct question *q, struct err *e)
{
	const char *host = cli_value(c, "host");
	struct look_check *k = &q->check;
	struct err why = ERR_INIT;
	struct cert none = {0};

	k->now = clock_now();
	if (read_time(c, "at", k->now, &k->now, e) < 0 || read_purpose(c, &k->usage, e) < 0 ||
	    read_left(c, q, e) < 0)
		return -1;
	/* A name that cannot be one is a slip of the hand, not the certificate's fault. */
	if (host != NULL && cert_names_host(&none, host, c->arena, &why) < 0 &&
	    why.code == ERR_INVALID)
		return cli_misuse(c, e, "--host %s", why.msg);
	if (!look_is_url(c->args[0]) && cli_flag(c, "servername"))
		return cli_misuse(c, e, "--servername goes with https:// only");
	k->host = host;
	return 0;
}

static int read_more(struct cli *c, struct look_check *k, struct err *e)
{
	const char *path = cli_value(c, "intermediates");
	struct look_input in;
	struct cert *more;

	if (path == NULL)
		return 0;
	if (look_is_url(path))
		return cli_misuse(c, e, "--intermediates %s: must be a file", path);
	if (look_read(c, path, &in, e) < 0 || look_certs(c, &in, &more, &k->n_more, e) < 0)
		return -1;
	k->more = more;
	return 0;
}

static int check_left(struct cli *c, const struct question *q, struct err *e)
{
	const struct cert *leaf = &q->check.certs[0];
	int64_t now = q->check.now, life = leaf->not_after - leaf->not_before;
	char when[24];
	bool soon = false;

	if (q->left >= 0)
		soon = leaf->not_after - now <= q->left;
	if (q->percent > 0)
		soon = now - leaf->not_before >=
		       life / 100 * q->percent + life % 100 * q->percent / 100;
	if (!soon)
		return 0;
	return ERR(e, ERR_UNAUTHORIZED, "certificate %s: %sexpires %s, at %s (--expires-in %s)",
		   cert_name_text(leaf, c->arena),
		   q->percent > 0 ? arena_printf(c->arena, "%u%% of its life is over, ", q->percent)
				  : "",
		   time_distance(c->arena, leaf->not_after, now),
		   time_format_rfc3339(leaf->not_after, when), cli_value(c, "expires-in"));
}

/* What is asked is answered in *e; another failure (no such file) leaves *asked false. */
static int answer(struct cli *c, struct question *q, bool *asked, struct err *e)
{
	struct cert *certs;

	if (read_question(c, q, e) < 0 || look_roots(c, &q->trust, e) < 0 ||
	    read_more(c, &q->check, e) < 0 || look_read(c, c->args[0], &q->in, e) < 0 ||
	    look_certs(c, &q->in, &certs, &q->check.n, e) < 0)
		return -1;
	q->check.certs = certs;
	q->check.trust = &q->trust;
	if (q->in.is_url && q->check.host == NULL)
		q->check.host = q->in.host;
	*asked = true;
	if (q->in.is_url && !q->in.complete) {
		*e = q->in.why;
		return -1;
	}
	if (look_check(c, &q->check, e) < 0 || check_left(c, q, e) < 0)
		return err_wrap(e, "%s", q->in.name);
	return 0;
}

static void print_json(const struct question *q, bool good, const struct err *e)
{
	json_t *v = json_object();
	struct buf out = BUF_INIT, subject = BUF_INIT;
	char when[24];

	json_object_set_new(v, "valid", json_boolean(good));
	if (!good)
		json_object_set_new(v, "reason", json_string(e->msg));
	if (q->check.n > 0) {
		name_to_text(&q->check.certs[0].subject, &subject);
		json_object_set_new(v, "subject", json_str_new(buf_view(&subject)));
		json_object_set_new(
			v, "notAfter",
			json_string(time_format_rfc3339(q->check.certs[0].not_after, when)));
	}
	json_object_set_new(v, "roots", json_string(q->trust.from));
	json_write(v, &out);
	puts(out.p);
	json_decref(v);
	buf_release(&subject);
	buf_release(&out);
}

static int verify(struct cli *c)
{
	struct question q = {0};
	struct err e = ERR_INIT;
	bool asked = false;
	int rc = answer(c, &q, &asked, &e);

	if (asked && cli_flag(c, "json"))
		print_json(&q, rc == 0, &e);
	else if (rc == 0)
		printf("%s: good, expires %s, roots: %s\n", q.in.name,
		       time_distance(c->arena, q.check.certs[0].not_after, q.check.now),
		       q.trust.from);
	if (rc < 0)
		return cli_fail(c, &e);
	return out_flush(&e) < 0 ? cli_fail(c, &e) : EXIT_DONE;
}

static const struct cli_opt opts[] = {
	{"roots", "FILE",
	 "roots to trust (default: the CA's from `signet bootstrap`, else the system's)", false,
	 false},
	{"host", "NAME", "name or address that the certificate must have", false, false},
	{"purpose", "server|client|any", "what it is for (default: server with a name, else any)",
	 false, false},
	{"intermediates", "FILE", "more certificates to build the chain with", false, false},
	{"at", "TIME", "as of another time: a duration from now (72h, -1h) or RFC 3339", false,
	 false},
	{"expires-in", "TIME",
	 "fail when it expires within TIME (72h), or P% of its life is over (75%)", false, false},
	{"servername", "NAME", "https://: the host to ask for, if another one", false, false},
	{NULL, NULL, NULL, false, false},
};
const struct cli_cmd cmd_verify = {
	.name = "verify",
	.args = "FILE|-|https://HOST[:PORT]",
	.min_args = 1,
	.max_args = 1,
	.summary = "Check whether a certificate is good: chain, dates, purpose, name",
	.about =
		"The first certificate of FILE is the one that is checked, the others help to find "
		"a root. Exit status 0\n"
		"when it is good, 1 when it is not, with the reason. A host's name must be among "
		"the "
		"alternative names; a\n"
		"wildcard stands for one whole label. Whether the certificate was revoked is not "
		"checked in this version.",
	.opts = opts,
	.offline = true,
	.json = true,
	.run = verify,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/clock.h"
#include "profile/profile.h"

/*
 * validity.c - from what was asked, what is allowed and what is possible to not_before and
 * not_after.
 *
 * The order is that of the protocol's first implementation, because clients show its messages:
 * defaults, back-dating (only when the client named no start), the credential's limit, then the
 * checks, which look at the length after back-dating and allow the maximum and the back-dating
 * together. All in whole seconds; the end of the issuer's own certificate is never passed: what
 * nobody asked for is clipped, what a client asked for is refused.
 */

/* The times that RFC 5280 can express with one meaning: 1950 to 9999. */
#define TIME_MIN INT64_C(-631152000)
#define TIME_MAX INT64_C(253402300799)

int profile_time_parse(struct str text, int64_t base, bool *set, int64_t *out, struct err *e)
{
	struct err second = ERR_INIT;
	int64_t ns;

	*set = false;
	*out = 0;
	if (text.n == 0)
		return 0;
	*set = true;
	if (time_parse_rfc3339(text, out, &second) == 0)
		return 0;
	if (duration_parse(text, &ns, &second) < 0) {
		ERR(e, ERR_INVALID, "'" STR_FMT "' is neither a time (RFC 3339) nor a duration",
		    STR_ARG(text));
		return err_public(e, "%s", e->msg);
	}
	/* Whole seconds, rounded down, so that "-1.5s" is before and "1.5s" not beyond what was
	 * meant. */
	*out = ns / DURATION_SECOND - (ns % DURATION_SECOND < 0);
	if (__builtin_add_overflow(base, *out, out))
		return ERR(e, ERR_INVALID, "time out of range");
	return 0;
}

/* As Go prints a time in UTC: "2026-01-02 03:04:05 +0000 UTC". */
static const char *go_time(int64_t t, char out[48])
{
	struct civil c = time_to_civil(t);

	snprintf(out, 48, "%04d-%02d-%02d %02d:%02d:%02d +0000 UTC", c.year, c.month, c.day, c.hour,
		 c.minute, c.second);
	return out;
}

/* The operator's and the client's sentence are the same here. */
static int refuse(struct err *e, enum err_code code, const char *text)
{
	err_set(e, code, "%s", text);
	return err_public(e, "%s", text);
}

static int refuse_duration(struct err *e, int64_t seconds, const char *than, int64_t limit_ns)
{
	char a[40], b[40], text[200];

	duration_format(seconds * DURATION_SECOND, a);
	duration_format(limit_ns, b);
	snprintf(text, sizeof(text), "requested duration of %s is %s certificate duration of %s", a,
		 than, b);
	return refuse(e, ERR_FORBIDDEN, text);
}

static int check_range(int64_t nb, int64_t na, struct err *e)
{
	if (nb < TIME_MIN || nb > TIME_MAX || na < TIME_MIN || na > TIME_MAX)
		return refuse(e, ERR_INVALID, "notBefore or notAfter out of range");
	return 0;
}

static int check_claims(const struct claims *c, int64_t backdate_s, int64_t now, int64_t nb,
			int64_t na, struct err *e)
{
	char text[200], a[48], b[48];
	int64_t most = c->max_tls + backdate_s * DURATION_SECOND;

	if (na < now) {
		snprintf(text, sizeof(text), "notAfter cannot be in the past; na=%s",
			 go_time(na, a));
		return refuse(e, ERR_INVALID, text);
	}
	if (na < nb) {
		snprintf(text, sizeof(text), "notAfter cannot be before notBefore; na=%s, nb=%s",
			 go_time(na, a), go_time(nb, b));
		return refuse(e, ERR_INVALID, text);
	}
	/* Compared in seconds: the longest span of two valid times does not fit into nanoseconds.
	 */
	if (na - nb < c->min_tls / DURATION_SECOND + (c->min_tls % DURATION_SECOND > 0))
		return refuse_duration(e, na - nb, "less than the authorized minimum", c->min_tls);
	if (na - nb > most / DURATION_SECOND)
		return refuse_duration(e,
				       na - nb > DURATION_MAX / DURATION_SECOND
					       ? DURATION_MAX / DURATION_SECOND
					       : na - nb,
				       "more than the authorized maximum", most);
	return 0;
}

/* An end that nobody asked for is moved to the limit, one that was asked for is refused. */
static int apply_limit(int64_t *na, int64_t limit, bool asked, const char *whose, struct err *e)
{
	char text[200], a[48], b[48];

	if (limit <= 0 || *na <= limit)
		return 0;
	if (!asked) {
		*na = limit;
		return 0;
	}
	snprintf(text, sizeof(text),
		 "requested certificate notAfter (%s) is after the expiration of the %s (%s)",
		 go_time(*na, a), whose, go_time(limit, b));
	return refuse(e, ERR_FORBIDDEN, text);
}

int profile_validity_resolve(const struct profile_validity *asked, const struct claims *c,
			     int64_t backdate_s, int64_t now, int64_t grant_not_after,
			     int64_t issuer_not_after, int64_t *not_before, int64_t *not_after,
			     struct err *e)
{
	int64_t nb = asked->has_not_before ? asked->not_before : now, na;

	if (issuer_not_after > 0 && issuer_not_after <= now)
		return ERR(e, ERR_UNAVAILABLE, "the issuing certificate has expired");
	if (check_range(nb, asked->has_not_after ? asked->not_after : nb, e) < 0)
		return -1;
	na = asked->has_not_after ? asked->not_after : nb + c->default_tls / DURATION_SECOND;
	if (!asked->has_not_before)
		nb -= backdate_s;
	if (apply_limit(&na, grant_not_after, asked->has_not_after, "provisioning credential", e) <
	    0)
		return -1;
	/* Claims first: a client that asks too much of both is told what the claims allow. */
	if (asked->has_not_after && check_claims(c, backdate_s, now, nb, na, e) < 0)
		return -1;
	if (apply_limit(&na, issuer_not_after, asked->has_not_after, "issuing certificate", e) < 0)
		return -1;
	if (check_range(nb, na, e) < 0 || check_claims(c, backdate_s, now, nb, na, e) < 0)
		return -1;
	*not_before = nb;
	*not_after = na;
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/der.h"
#include "codec/oid.h"
#include "policy/priv.h"

/*
 * other.c - what an otherName says (RFC 5280 4.2.1.6): its type, and its text when the value is
 * one string; of a permanent identifier (RFC 4043) the identifier and who assigned it.
 */

#define SMTP_UTF8_MAILBOX "1.3.6.1.5.5.7.8.9" /* RFC 9598 */
#define SRV_NAME	  "1.3.6.1.5.5.7.8.7" /* RFC 4985 */

static struct str take(struct buf *b, struct arena *a)
{
	struct str s = arena_str(a, buf_view(b));

	buf_release(b);
	return s;
}

static bool dotted(struct str oid, struct arena *a, struct str *out)
{
	struct err ignored = ERR_INIT;
	struct buf b = BUF_INIT;
	bool ok = oid_to_dotted(oid, &b, &ignored) == 0;

	*out = take(&b, a);
	return ok;
}

static bool read_permanent(struct str value, struct arena *a, struct other_name *out)
{
	struct buf text = BUF_INIT;
	struct str seq, oid;
	unsigned tag;
	bool ok;

	if (!der_get(&value, DER_SEQUENCE, &seq) || value.n != 0)
		return false;
	if (der_peek(seq, DER_UTF8_STRING)) {
		ok = der_get_text(&seq, &tag, &text);
		out->has_text = true;
		out->text = take(&text, a);
		if (!ok)
			return false;
	}
	if (seq.n == 0)
		return true;
	return der_get_oid(&seq, &oid) && seq.n == 0 && dotted(oid, a, &out->assigner);
}

static void read_text(struct str value, struct arena *a, struct other_name *out)
{
	struct buf text = BUF_INIT;
	unsigned tag;

	out->has_text = der_get_text(&value, &tag, &text) && value.n == 0;
	out->text = take(&text, a);
}

bool policy_other_read(struct str value, struct arena *a, struct other_name *out)
{
	struct str inner;

	*out = (struct other_name){.kind = KIND_OTHER};
	if (!der_get_oid(&value, &out->oid) || !dotted(out->oid, a, &out->dotted) ||
	    !der_get(&value, DER_CTX_CONS(0), &inner) || value.n != 0)
		return false;
	out->is_upn = str_eqc(out->dotted, POLICY_UPN);
	out->is_mail = str_eqc(out->dotted, SMTP_UTF8_MAILBOX);
	out->is_srv = str_eqc(out->dotted, SRV_NAME);
	if (str_eqc(out->dotted, POLICY_PERMANENT)) {
		out->kind = KIND_PERMANENT;
		return read_permanent(inner, a, out);
	}
	read_text(inner, a, out);
	return true;
}

void policy_other_put(const struct other_name *o, struct buf *out)
{
	if (o->kind == KIND_PERMANENT) {
		if (o->assigner.n > 0) {
			buf_str(out, o->assigner);
			buf_putc(out, '/');
		}
		buf_str(out, o->text);
		return;
	}
	buf_str(out, o->dotted);
	if (o->has_text) {
		buf_putc(out, ':');
		buf_str(out, o->text);
	}
}

struct str policy_upn_key(struct str text, struct arena *a)
{
	struct err ignored = ERR_INIT;
	struct str local, domain;

	if (policy_normalize_email(text, a, &local, &domain, &ignored) < 0)
		return policy_fold(text, a);
	return policy_fold(
		str_c(arena_printf(a, STR_FMT "@" STR_FMT, STR_ARG(local), STR_ARG(domain))), a);
}

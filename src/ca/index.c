/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca/index.h"

#include "base/bug.h"
#include "base/clock.h"

#define ROW_NAMES 2048 /* bytes of names in a row of cert_by_name */

/*
 * index.c - keys of the column families. All integers are big-endian, so that the order of the
 * keys means something:
 *
 *   cert               serial, left-padded to 20
 *   cert_by_expiry     not_after (u64 seconds) | serial
 *   cert_by_name       lower-case name | 0 | not_after | serial
 *   cert_by_endpoint   endpoint id (16) | not_after | serial
 *   endpoint           id (16)
 *   revoked            serial
 *   blocked_key        SHA-256(SubjectPublicKeyInfo)
 *   reservation        serial
 *   once               SHA-256(provisioner | 0 | token id)
 *   audit              time (u64 nanoseconds) | 8 random bytes
 *   inventory          its name                                (ca/inventory.c, as the next one)
 *   inventory_record   generation (u64) | key
 *
 * A certificate has a row in cert_by_name for each of its names, and each shows all of them: that
 * would grow with the square of their number. So where they are long, such a row shows its own name
 * and those of the others that there is room for.
 */

void serial_key(struct str magnitude, unsigned char out[SERIAL_KEY])
{
	ENSURE(magnitude.n <= SERIAL_KEY);
	memset(out, 0, SERIAL_KEY);
	memcpy(out + SERIAL_KEY - magnitude.n, magnitude.p, magnitude.n);
}

void index_put(struct store_batch *b, enum cf cf, struct str key, const struct rec_type_info *t,
	       const void *obj)
{
	struct buf v = BUF_INIT;

	rec_encode(t, obj, &v);
	store_put(b, cf, key, buf_view(&v));
	buf_release(&v);
}

static bool list_has(const struct str *items, size_t n, struct str s)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(items[i], s))
			return true;
	return false;
}

static struct str lower(struct arena *a, struct str s)
{
	char *p = arena_cstr(a, s);

	for (size_t i = 0; i < s.n; i++)
		p[i] = ascii_lower(p[i]);
	return str_mem(p, s.n);
}

struct rec_list index_names(struct arena *a, const struct cert *c)
{
	struct str *items = ARENA_ARRAY(a, struct str, c->sans.n + 1);
	struct str cn = name_get(&c->subject, OID_CN);
	size_t n = 0;

	if (cn.n > 0)
		items[n++] = lower(a, cn);
	for (size_t i = 0; i < c->sans.n; i++) {
		struct buf text = BUF_INIT;
		struct str s;

		san_to_text(&c->sans.items[i], &text);
		s = lower(a, buf_view(&text));
		buf_release(&text);
		if (!list_has(items, n, s))
			items[n++] = s;
	}
	return (struct rec_list){items, n};
}

struct str index_serial_text(struct arena *a, struct str serial)
{
	struct buf b = BUF_INIT;
	struct str s;

	serial_to_decimal(serial, &b);
	s = arena_str(a, buf_view(&b));
	buf_release(&b);
	return s;
}

struct rec_listing index_listing(const struct rec_cert *rec)
{
	return (struct rec_listing){
		.common_name = rec->common_name,
		.authority = rec->authority,
		.provisioner = rec->provisioner,
		.endpoint = rec->endpoint,
		.names = rec->names,
		.not_before = rec->not_before,
		.not_after = rec->not_after,
		.revoked_at = rec->revoked_at,
		.revoked_reason = rec->revoked_reason,
		.kind = rec->kind,
	};
}

static void put_row(struct store_batch *b, enum cf cf, struct buf *key,
		    const struct rec_listing *row, struct str serial)
{
	buf_u64(key, (uint64_t)row->not_after);
	buf_str(key, serial);
	index_put(b, cf, buf_view(key), &rec_listing_info, row);
	buf_reset(key);
}

static size_t bytes_of(const struct rec_list *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += l->items[i].n;
	return n;
}

/* The row of name `own`: it first, the others as far as there is room for them. */
static void shorten(struct rec_listing *row, const struct rec_list *all, size_t own,
		    struct str *items)
{
	struct str name = all->items[own];
	size_t room = ROW_NAMES > name.n ? ROW_NAMES - name.n : 0, n = 0;

	items[n++] = name;
	row->before = STR_NULL;
	for (size_t i = 0; i < all->n; i++) {
		struct str s = all->items[i];

		if (str_cmp(s, name) < 0 && (row->before.n == 0 || str_cmp(s, row->before) > 0))
			row->before = s;
		if (i == own || s.n > room)
			continue;
		items[n++] = s;
		room -= s.n;
	}
	row->names = (struct rec_list){items, n};
}

static void put_name_rows(struct store_batch *b, struct arena *a, const struct rec_listing *whole,
			  struct str serial)
{
	bool many = bytes_of(&whole->names) > ROW_NAMES;
	struct str *items = ARENA_ARRAY(a, struct str, whole->names.n + 1);
	struct rec_listing row = *whole;
	struct buf key = BUF_INIT;

	for (size_t i = 0; i < whole->names.n; i++) {
		if (many)
			shorten(&row, &whole->names, i, items);
		buf_str(&key, lower(a, whole->names.items[i]));
		buf_u8(&key, 0);
		put_row(b, CF_CERT_BY_NAME, &key, &row, serial);
	}
	buf_release(&key);
}

void index_add_cert(struct store_batch *b, struct arena *a, const struct rec_cert *rec,
		    const struct cert *c)
{
	unsigned char sk[SERIAL_KEY];
	struct str serial = str_mem(sk, sizeof(sk));
	const struct rec_listing row = index_listing(rec);
	struct buf key = BUF_INIT;

	serial_key(c->serial, sk);
	index_put(b, CF_CERT, serial, &rec_cert_info, rec);
	put_row(b, CF_CERT_BY_EXPIRY, &key, &row, serial);
	put_name_rows(b, a, &row, serial);
	buf_str(&key, rec->endpoint);
	put_row(b, CF_CERT_BY_ENDPOINT, &key, &row, serial);
	buf_release(&key);
}

void index_add_audit(struct store_batch *b, struct rec_audit *entry)
{
	struct buf key = BUF_INIT;
	unsigned char r[8];

	rand_bytes(r, sizeof(r));
	entry->at = clock_now();
	buf_u64(&key, (uint64_t)clock_now_ns());
	buf_add(&key, r, sizeof(r));
	index_put(b, CF_AUDIT, buf_view(&key), &rec_audit_info, entry);
	buf_release(&key);
}

void index_add_revoked(struct store_batch *b, struct str key, const struct rec_revoked *rec)
{
	index_put(b, CF_REVOKED, key, &rec_revoked_info, rec);
}

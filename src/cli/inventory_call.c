/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/inventory.h"

#include "cli/certs.h"
#include "codec/b64.h"
#include "codec/uri.h"

/* inventory_call.c - asking the daemon about inventories (control/control.h). */
#define PAGE_MAX 1000U

const char *inv_path(struct cli *c, const char *list, const char *more)
{
	struct buf b = BUF_INIT;
	const char *path;

	buf_puts(&b, "/control/v1/inventories/");
	uri_escape(str_c(list), &b);
	buf_puts(&b, more);
	path = arena_cstr(c->arena, buf_view(&b));
	buf_release(&b);
	return path;
}

/* A segment of a path cannot be everything that a key can. */
const char *inv_key_path(struct cli *c, const char *list, const char *key)
{
	bool encode = key[0] == '~' || strchr(key, '/') != NULL || strcmp(key, ".") == 0 ||
		      strcmp(key, "..") == 0;
	struct buf b = BUF_INIT;
	const char *path;

	buf_putc(&b, '/');
	if (encode) {
		buf_putc(&b, '~');
		b64_encode(B64_URL, str_c(key), &b);
	} else {
		uri_escape(str_c(key), &b);
	}
	path = inv_path(c, list, b.p);
	buf_release(&b);
	return path;
}

json_t *inv_list(struct cli *c, const char *list, struct err *e)
{
	struct control_call call = {.method = "GET", .path = inv_path(c, list, "?limit=1")};
	json_t *v = control_call(c, &call, e);

	if (v != NULL)
		json_free_with(v, c->arena);
	return v;
}

static json_t *ask(struct inv_pages *p, struct err *e)
{
	uint64_t left = p->limit - p->n;
	struct control_call call = {.method = "GET", .what = "Reading the inventory"};
	struct buf q = BUF_INIT, path = BUF_INIT;
	json_t *v;

	query_add(&q, "limit",
		  left < PAGE_MAX ? str_c(arena_printf(p->c->arena, "%" PRIu64, left))
				  : STR("1000"));
	if (p->prefix != NULL)
		query_add(&q, "prefix", str_c(p->prefix));
	if (p->cursor.n > 0)
		query_add(&q, "cursor", buf_view(&p->cursor));
	buf_puts(&path, "/control/v1/inventories/");
	uri_escape(str_c(p->list), &path);
	buf_putc(&path, '?');
	buf_str(&path, buf_view(&q));
	call.path = path.p;
	v = control_call(p->c, &call, e);
	buf_release(&path);
	buf_release(&q);
	return v;
}

/* The same list as at the first page? */
static int check_edition(struct inv_pages *p, const json_t *page, struct err *e)
{
	struct str edition = json_text(page, "edition");

	if (!json_is_array(json_member(page, "records", 0)))
		return ERR(e, ERR_INVALID, "the daemon's answer has no list of records");
	if (p->edition.n == 0)
		buf_str(&p->edition, edition);
	if (p->same && !str_eq(edition, buf_view(&p->edition)))
		return ERR(
			e, ERR_CONFLICT,
			"inventory \"%s\" was replaced by an import while it was read: try again",
			p->list);
	return 0;
}

int inv_pages_run(struct inv_pages *p, int (*fn)(void *arg, const json_t *page, struct err *e),
		  void *arg, struct err *e)
{
	int rc = 0;

	do {
		json_t *page = ask(p, e);
		struct str next;

		if (page == NULL)
			return -1;
		next = json_text(page, "nextCursor");
		p->n += json_array_size(json_member(page, "records", 0));
		rc = check_edition(p, page, e);
		if (rc == 0 && next.n > 0 && str_eq(next, buf_view(&p->cursor)))
			rc = ERR(e, ERR_INTERNAL, "the daemon repeats a page; ask again");
		if (rc == 0) {
			buf_reset(&p->cursor);
			buf_str(&p->cursor, next);
			rc = fn(arg, page, e);
		}
		json_decref(page);
	} while (rc == 0 && p->cursor.n > 0 && p->n < p->limit);
	return rc < 0 ? -1 : 0;
}

void inv_pages_release(struct inv_pages *p)
{
	buf_release(&p->cursor);
	buf_release(&p->edition);
}

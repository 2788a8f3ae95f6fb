/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Records from a file: the first byte chooses a format of the command (inv_read), with or without a
 * key that is named, or the lines that the daemon is sent (inventory_rows_read). What the command
 * takes, the daemon takes too, with the same keys.
 */
#include "base/compat.h"

#include "base/bug.h"
#include "ca/inventory_priv.h"
#include "cli/inventory.h"
#include "crypto/crypto.h"

#define KINDS 5U

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct taken {
	struct inv_sink sink;
	struct inv_seen *seen;
	struct buf lines;
	uint64_t n;
};

static int on_record(struct inv_sink *s, struct str key, struct str attributes, unsigned line,
		     struct err *e)
{
	struct taken *t = CONTAINER_OF(s, struct taken, sink);

	ENSURE(inventory_key_check(key, e) == 0);
	ENSURE(attributes.n >= 2 && attributes.n <= INVENTORY_ATTRIBUTES_MAX);
	ENSURE(line > 0);
	if (inv_seen_add(t->seen, key, line) != 0)
		return ERR(e, ERR_INVALID, "twice");
	inventory_line_write(key, attributes, &t->lines);
	t->n++;
	return 0;
}

static void check_refusal(const struct err *e)
{
	ENSURE(e->code == ERR_INVALID || e->code == ERR_TOO_LARGE);
	ENSURE(e->msg[0] != '\0');
}

static void try_lines(struct str in, bool fold, uint64_t want)
{
	struct inventory_rows rows = {.n = 0};
	struct err e = ERR_INIT;

	if (inventory_rows_read(in, fold, 1, 1, &rows, &e) == 0)
		ENSURE(want == UINT64_MAX || rows.n == want);
	else
		check_refusal(&e);
	ENSURE(want == UINT64_MAX || e.code == ERR_OK);
	inventory_rows_release(&rows);
}

static void try_file(enum inv_format format, bool named, struct str in)
{
	struct taken t = {.sink = {.record = on_record}, .seen = inv_seen_new(false)};
	struct inv_options o = {.format = format, .key = named ? "id" : NULL};
	struct inv_source s;
	struct err e = ERR_INIT;

	if (named && format == INV_CSV)
		o.lists[o.n_lists++] = "names";
	inv_source_text(&s, "f", in);
	if (inv_read(&s, &o, &t.sink, &e) < 0)
		check_refusal(&e);
	else
		ENSURE(inv_rest(&s).n == 0 || format == INV_JSON);
	if (e.code == ERR_OK)
		try_lines(buf_view(&t.lines), false, t.n);
	inv_source_close(&s);
	inv_seen_free(t.seen);
	buf_release(&t.lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned kind, variant;
	struct str in;

	if (size == 0)
		return 0;
	kind = data[0] % KINDS;
	variant = data[0] / KINDS % 2;
	in = str_mem(data + 1, size - 1);
	if (kind == 0)
		try_lines(in, variant, UINT64_MAX);
	else
		try_file((enum inv_format)kind, variant, in);
	return 0;
}

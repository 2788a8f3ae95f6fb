/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "store/driver.h"

/*
 * schema.c - the number of the format that a store was written in: row "schema" of meta, in
 * decimal. A build opens what is as old as itself or older (a migration would stand here, step by
 * step, before the number is raised), and refuses what is newer without changing a row.
 */
uint64_t version_get(struct str stored)
{
	uint64_t v = 0;

	for (size_t i = 0; i < VERSION_SIZE; i++)
		v = v << 8 | (unsigned char)stored.p[i];
	return v;
}

void version_put(unsigned char out[VERSION_SIZE], uint64_t v)
{
	for (size_t i = 0; i < VERSION_SIZE; i++)
		out[i] = (unsigned char)(v >> (8 * (VERSION_SIZE - 1 - i)));
}

static int schema_write(struct driver *d, struct err *e)
{
	struct buf value = BUF_INIT;
	struct driver_op op = {.cf = CF_META, .key = STR("schema")};
	int rc;

	buf_u64(&value, 1);
	buf_printf(&value, "%u", STORE_SCHEMA);
	op.value = buf_view(&value);
	rc = d->ops->write(d, &op, 1, e);
	buf_release(&value);
	return rc;
}

static int schema_compare(struct str stored, const char *path, struct err *e)
{
	uint64_t found;

	if (stored.n <= VERSION_SIZE ||
	    !str_u64(str_mem(stored.p + VERSION_SIZE, stored.n - VERSION_SIZE), &found) ||
	    found == 0)
		return ERR(e, ERR_INTERNAL, "store: %s: the row meta/schema is damaged", path);
	if (found > STORE_SCHEMA)
		return ERR(
			e, ERR_UNSUPPORTED,
			"store: %s was made by a newer version of Signet (format %" PRIu64
			", this one knows %u): install that version, or use a backup from before",
			path, found, STORE_SCHEMA);
	return 0;
}

int schema_check(struct driver *d, const char *path, struct err *e)
{
	struct buf stored = BUF_INIT;
	int rc = d->ops->get(d, CF_META, STR("schema"), false, &stored, e);

	if (rc == DRIVER_FOUND)
		rc = schema_compare(buf_view(&stored), path ? path : "", e);
	else if (rc == DRIVER_ABSENT)
		rc = schema_write(d, e);
	buf_release(&stored);
	return rc;
}

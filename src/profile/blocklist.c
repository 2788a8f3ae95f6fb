/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/file.h"
#include "base/mem.h"
#include "codec/b64.h"
#include "profile/profile.h"

/*
 * blocklist.c - keys that nobody may use, known by their SHA-256: those of generators without
 * randomness, published ones, an operator's own. Sorted when loaded, searched by halves: 32 bytes
 * and some 20 comparisons for a million of them.
 */
#define FILE_MAX (64U << 20)
#define HASH_LEN 32U

struct key_blocklist {
	unsigned char (*hashes)[HASH_LEN];
	size_t n;
};

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, HASH_LEN);
}

/* One line without its end: a hash, a comment, or nothing. */
static int read_line(struct str line, struct key_blocklist *b, struct err *e)
{
	struct buf bytes = BUF_INIT;
	struct str rest;
	int rc;

	line = str_trim(str_cut(line, '#', &rest));
	if (line.n == 0)
		return 0;
	rc = hex_decode(line, &bytes, e);
	if (rc == 0 && bytes.n != HASH_LEN)
		rc = ERR(e, ERR_INVALID, "not a SHA-256");
	if (rc == 0)
		memcpy(b->hashes[b->n++], bytes.p, HASH_LEN);
	buf_release(&bytes);
	return rc;
}

static int read_all(struct str text, const char *path, struct key_blocklist *b, struct err *e)
{
	unsigned number = 1;

	for (; text.n > 0; number++) {
		const char *end = memchr(text.p, '\n', text.n);
		struct str line = {text.p, end != NULL ? (size_t)(end - text.p) : text.n};
		size_t skip = line.n + (end != NULL);

		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (read_line(line, b, e) < 0)
			return err_wrap(e, "%s: line %u", path, number);
		text.p += skip;
		text.n -= skip;
	}
	return 0;
}

int key_blocklist_load(const char *path, struct key_blocklist **out, struct err *e)
{
	struct key_blocklist *b;
	struct buf text = BUF_INIT;
	int rc;

	*out = NULL;
	if (file_read(path, FILE_MAX, &text, e) < 0) {
		buf_release(&text);
		return -1;
	}
	b = NEW(struct key_blocklist);
	b->hashes = mem_calloc(text.n / (2 * HASH_LEN) + 1, HASH_LEN);
	rc = read_all(buf_view(&text), path, b, e);
	buf_release(&text);
	if (rc < 0) {
		key_blocklist_free(b);
		return -1;
	}
	qsort(b->hashes, b->n, HASH_LEN, compare);
	*out = b;
	return 0;
}

void key_blocklist_free(struct key_blocklist *b)
{
	if (b == NULL)
		return;
	mem_free(b->hashes);
	mem_free(b);
}

size_t key_blocklist_count(const struct key_blocklist *b)
{
	return b != NULL ? b->n : 0;
}

static bool listed(const struct key_blocklist *b, struct str bytes)
{
	unsigned char sum[HASH_LEN];

	hash(HASH_SHA256, bytes, sum);
	return bsearch(sum, b->hashes, b->n, HASH_LEN, compare) != NULL;
}

int key_blocklist_check(const struct key_blocklist *b, const struct key *k, struct err *e)
{
	struct buf spki = BUF_INIT;
	struct key_parts parts = {0};
	bool found;

	if (b == NULL || b->n == 0)
		return 0;
	key_to_spki(k, &spki);
	found = listed(b, buf_view(&spki));
	buf_release(&spki);
	if (!found && key_type(k) == KEY_RSA) {
		key_parts(k, false, &parts);
		found = listed(b, buf_view(&parts.n));
		key_parts_release(&parts);
	}
	if (!found)
		return 0;
	ERR(e, ERR_FORBIDDEN, "subject key: on the list of blocked keys");
	return err_public(e, "the key is on the list of blocked keys; make a new one");
}

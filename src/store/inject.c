/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "store/priv.h"

#ifdef ENABLE_TEST_HOOKS

/*
 * inject.c - a slow or failing disk for tests. SIGNET_TEST_STORE_FILE names a file that is read
 * before each write and each read; a line each of
 *
 *   delay MS, fail             writes (and backups); "hold": until the file says something else
 *   read-delay MS, read-fail   reads, which do not come from the cache then
 *
 * A failed write ends as one that met an error of the disk: nothing of it is written.
 */
static void nap(long ms)
{
	const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

/* false: the test wants nothing. */
static bool read_wishes(char *text, size_t n)
{
	const char *path = getenv("SIGNET_TEST_STORE_FILE");
	FILE *f = path ? fopen(path, "re") : NULL;
	size_t got;

	if (!f)
		return false;
	got = fread(text, 1, n - 1, f);
	fclose(f);
	text[got] = '\0';
	return got > 0;
}

/* What stands behind `word` at the start of a line, or NULL. */
static const char *wish(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, word, n) == 0 &&
		    (line[n] == '\0' || line[n] == ' ' || line[n] == '\n'))
			return line + n;
	}
	return NULL;
}

static int injected(const char *delay, const char *fail, struct err *e)
{
	char text[128];
	const char *ms;

	if (!read_wishes(text, sizeof(text)))
		return 0;
	ms = wish(text, delay);
	if (ms)
		nap(strtol(ms, NULL, 10));
	if (wish(text, fail))
		return ERR(e, ERR_UNAVAILABLE, "store: the test wants it to fail");
	return 0;
}

int inject_write(struct err *e)
{
	char text[128];

	while (read_wishes(text, sizeof(text)) && wish(text, "hold"))
		nap(5);
	return injected("delay", "fail", e);
}

int inject_read(struct err *e)
{
	return injected("read-delay", "read-fail", e);
}

bool inject_reads(void)
{
	char text[128];

	return read_wishes(text, sizeof(text)) &&
	       (wish(text, "read-delay") || wish(text, "read-fail"));
}

#endif

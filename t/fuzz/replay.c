/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include <dirent.h>

/*
 * replay.c - main() of a fuzz target that is not built for libFuzzer: runs every file of its
 * corpus, t/fuzz/corpus/NAME, once, and every prefix of the small ones. TAP.
 */

#define SMALL 2048

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static uint8_t *read_all(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	uint8_t *p;
	long size;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0) {
		if (f != NULL)
			fclose(f);
		return NULL;
	}
	rewind(f);
	p = malloc((size_t)size + 1);
	*n = p ? fread(p, 1, (size_t)size, f) : 0;
	fclose(f);
	return p;
}

/* A copy of exactly n bytes, so that a sanitizer sees a read beyond. */
static void run(const uint8_t *data, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);

	if (copy == NULL)
		abort();
	memcpy(copy, data, n);
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

static const char *own_name(const char *argv0)
{
	const char *slash = strrchr(argv0, '/');
	const char *base = slash ? slash + 1 : argv0;

	if (strncmp(base, "lt-", 3) == 0)
		base += 3;
	return strncmp(base, "fuzz_", 5) == 0 ? base + 5 : base;
}

int main(int argc, char **argv)
{
	const char *src = getenv("SIGNET_SRCDIR");
	char dir[1024], path[2048];
	struct dirent *d;
	unsigned count = 0;
	DIR *dp;

	(void)argc;
	snprintf(dir, sizeof(dir), "%s/t/fuzz/corpus/%s", src ? src : ".", own_name(argv[0]));
	dp = opendir(dir);
	if (dp == NULL) {
		printf("1..1\nnot ok 1 - %s cannot be read\n", dir);
		return 1;
	}
	run((const uint8_t *)"", 0);
	while ((d = readdir(dp)) != NULL) {
		uint8_t *data;
		size_t n = 0;

		if (d->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, d->d_name);
		data = read_all(path, &n);
		if (data == NULL)
			continue;
		run(data, n);
		for (size_t k = 0; n <= SMALL && k < n; k++)
			run(data, k);
		free(data);
		printf("ok %u - %s\n", ++count, d->d_name);
	}
	closedir(dp);
	if (count == 0)
		printf("not ok %u - the corpus is empty\n", ++count);
	printf("1..%u\n", count);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/mem.h"
#include "base/secret.h"

#include <fcntl.h>
#include <sys/mman.h>

/*
 * Each secret lives in pages of its own: mlock and MADV_DONTDUMP work on whole pages and do not
 * nest, so that pages shared with other data could be unlocked by somebody else. Locking is best
 * effort, because RLIMIT_MEMLOCK may forbid it; wiping is not. Growing copies to new pages and
 * wipes the old ones.
 *
 * In sanitizer builds (ARENA_MALLOC) secrets are plain allocations of their exact size, so that
 * overflows and leaks are seen.
 */
#define PASSWORD_MAX 4096

#ifdef ARENA_MALLOC
static size_t capacity_for(size_t n)
{
	return n;
}

static unsigned char *pages_new(size_t cap)
{
	return mem_alloc(cap);
}

static void pages_free(unsigned char *p, size_t cap)
{
	mem_wipe(p, cap);
	mem_free(p);
}
#else
static size_t capacity_for(size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	ENSURE(n < SIZE_MAX / 2);
	return (n + page - 1) / page * page;
}

static unsigned char *pages_new(size_t cap)
{
	void *p = mmap(NULL, cap, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		BUG("out of memory for a secret");
	(void)madvise(p, cap, MADV_DONTDUMP);
	int locked = mlock(p, cap);
	(void)locked;
	return p;
}

static void pages_free(unsigned char *p, size_t cap)
{
	mem_wipe(p, cap);
	munmap(p, cap);
}
#endif

void secret_resize(struct secret *s, size_t n)
{
	if (n < s->n) {
		mem_wipe(s->p + n, s->n - n);
	} else if (n > s->cap) {
		size_t cap = capacity_for(n);
		unsigned char *p = pages_new(cap);
		if (s->p != NULL) {
			if (s->n > 0)
				memcpy(p, s->p, s->n);
			pages_free(s->p, s->cap);
		}
		s->p = p;
		s->cap = cap;
	}
	s->n = n; /* bytes between n and cap are always zero */
}

void secret_append(struct secret *s, const void *p, size_t n)
{
	size_t at = s->n, total;

	ENSURE(!__builtin_add_overflow(at, n, &total));
	if (n == 0)
		return;
	ENSURE(s->p == NULL || (uintptr_t)p < (uintptr_t)s->p ||
	       (uintptr_t)p >= (uintptr_t)(s->p + s->cap));
	secret_resize(s, total);
	memcpy(s->p + at, p, n);
}

void secret_set(struct secret *s, const void *p, size_t n)
{
	struct secret fresh = SECRET_INIT;

	secret_append(&fresh, p, n); /* before the release: p may point into s */
	secret_release(s);
	*s = fresh;
}

struct str secret_view(const struct secret *s)
{
	return str_mem(s->p, s->n);
}

void secret_release(struct secret *s)
{
	if (s->p != NULL)
		pages_free(s->p, s->cap);
	s->p = NULL;
	s->n = s->cap = 0;
}

/* Reads until the first newline or the end. `line` has room for one byte more than is allowed. */
static int read_line(int fd, struct secret *line, const char *path, struct err *e)
{
	secret_resize(line, PASSWORD_MAX + 3);
	size_t have = 0;

	for (;;) {
		ssize_t got = read(fd, line->p + have, line->n - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_errno(e, errno, "%s", path);
		unsigned char *end = got > 0 ? memchr(line->p + have, '\n', (size_t)got) : NULL;
		have += (size_t)got;
		if (end != NULL) {
			size_t n = (size_t)(end - line->p);
			secret_resize(line, n > 0 && line->p[n - 1] == '\r' ? n - 1 : n);
			return 0;
		}
		if (got == 0 || have == line->n)
			break;
	}
	secret_resize(line, have);
	return 0;
}

int secret_read_password(struct secret *s, const char *path, struct err *e)
{
	struct secret line = SECRET_INIT;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY); /* a pipe is fine: <(command) */

	if (fd < 0)
		return err_errno(e, errno, "%s", path);
	int rc = read_line(fd, &line, path, e);
	close(fd);
	if (rc == 0 && line.n == 0)
		rc = ERR(e, ERR_INVALID, "%s: the password is empty; put it in the first line",
			 path);
	if (rc == 0 && line.n > PASSWORD_MAX)
		rc = ERR(e, ERR_TOO_LARGE, "%s: the password is longer than %d bytes", path,
			 PASSWORD_MAX);
	if (rc == 0) {
		secret_release(s);
		*s = line;
		return 0;
	}
	secret_release(&line);
	return -1;
}

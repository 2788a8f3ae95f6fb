/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/hook.h"

#ifdef ENABLE_TEST_HOOKS

#include <fcntl.h>
#include <stdatomic.h>

void test_crash(const char *name)
{
	static atomic_long passed; /* state: test hook; one point is chosen per process */
	const char *want = getenv("SIGNET_TEST_CRASH");
	size_t n = strlen(name);

	if (want == NULL || strncmp(want, name, n) != 0 || (want[n] != '\0' && want[n] != ':'))
		return;
	long nth = want[n] == ':' ? strtol(want + n + 1, NULL, 10) : 1;
	if (atomic_fetch_add(&passed, 1) + 1 >= nth)
		kill(getpid(), SIGKILL);
}

int64_t test_clock_offset(void)
{
	const char *path = getenv("SIGNET_TEST_CLOCK_FILE");
	const char *offset = getenv("SIGNET_TEST_CLOCK_OFFSET");
	char text[32];

	if (path != NULL) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0) {
			ssize_t n = read(fd, text, sizeof(text) - 1);
			close(fd);
			if (n > 0) {
				text[n] = '\0';
				return strtoll(text, NULL, 10);
			}
		}
	}
	return offset != NULL ? strtoll(offset, NULL, 10) : 0;
}

#endif

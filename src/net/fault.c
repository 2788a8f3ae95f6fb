/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "net/priv.h"

#ifdef ENABLE_TEST_HOOKS
/*
 * fault.c - what tests do to TCP connections that were accepted. SIGNET_TEST_NET_FILE names a file
 * that is read at each occasion: "refuse" (a new connection is reset at once), "delay MS" (each
 * piece of input is seen so much later), "reset" (when there is an answer to send, the connection
 * is reset instead); anything else, or no file: nothing.
 */
enum net_fault net_fault(unsigned *ms)
{
	const char *path = getenv("SIGNET_TEST_NET_FILE");
	FILE *f = path ? fopen(path, "re") : NULL;
	char text[32] = "";

	if (!f)
		return NET_FAULT_NONE;
	if (!fgets(text, sizeof(text), f))
		text[0] = 0;
	fclose(f);
	if (strncmp(text, "refuse", 6) == 0)
		return NET_FAULT_REFUSE;
	if (strncmp(text, "reset", 5) == 0)
		return NET_FAULT_RESET;
	if (strncmp(text, "delay ", 6) != 0)
		return NET_FAULT_NONE;
	*ms = (unsigned)strtoul(text + 6, NULL, 10);
	return NET_FAULT_DELAY;
}

void net_reset_on_close(int fd)
{
	const struct linger at_once = {.l_onoff = 1};

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}
#endif

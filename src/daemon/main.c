/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "daemon/daemon.h"

int main(int argc, char **argv)
{
	struct daemon_opts o;
	struct err e = ERR_INIT;
	int rc = daemon_opts(argc, argv, &o);

	if (rc != 0)
		return rc < 0 ? 2 : 0;
	rc = o.restore	    ? daemon_restore(&o, &e)
	     : o.check_only ? daemon_check(&o, &e)
			    : daemon_run(&o, &e);
	if (rc < 0) {
		fprintf(stderr, "signetd: %s\n", e.msg);
		return 1;
	}
	return 0;
}

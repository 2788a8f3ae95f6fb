/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/certs.h"

/* cmd_reload.c - has the daemon read its configuration anew, and tells what it has now. */

static int reload(struct cli *c)
{
	struct control_call call = {.method = "POST", .path = "/control/v1/reload"};
	struct err e = ERR_INIT;
	struct buf out = BUF_INIT;
	const json_t *n;
	json_t *v;

	v = control_call(c, &call, &e);
	if (v == NULL) {
		if (c->refused)
			err_wrap(&e, "nothing was reloaded");
		return cli_fail(c, &e);
	}
	n = json_member(v, "provisioners", 0);
	if (cli_flag(c, "json")) {
		json_write(v, &out);
		puts(out.p);
	} else if (json_is_integer(n)) {
		printf("Reloaded: %" JSON_INTEGER_FORMAT " provisioner%s.\n", json_integer_value(n),
		       json_integer_value(n) == 1 ? "" : "s");
	} else {
		puts("Reloaded.");
	}
	buf_release(&out);
	json_decref(v);
	return output_end(c);
}

const struct cli_cmd cmd_reload = {
	.name = "reload",
	.args = "",
	.summary = "Have the daemon read its configuration and its provisioners anew",
	.about = "Takes what may change while it runs: provisioners, claims, the log's level. A "
		 "file "
		 "with a mistake changes\nnothing, and the mistake is told. No connection is "
		 "dropped.",
	.json = true,
	.operator= true,
	.run = reload,
};

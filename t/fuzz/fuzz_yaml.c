/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "codec/json.h"
#include "codec/yaml.h"
#include "conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is written of a tree reads as the same tree. Keys may be too long for the reader. */
static void write_and_read(const json_t *v, const struct buf *json)
{
	struct buf text = BUF_INIT, again = BUF_INIT;
	struct err e = ERR_INIT;
	struct yaml_doc d;
	json_t *back;

	yaml_write(v, &text);
	if (yaml_parse("fuzz", buf_view(&text), &d, &e) == 0) {
		back = yaml_core_value(&d, d.root);
		json_write(back, &again);
		ENSURE(str_eq(buf_view(json), buf_view(&again)));
		json_decref(back);
		yaml_release(&d);
	}
	buf_release(&again);
	buf_release(&text);
}

/* Any YAML, its typed form, and filling the daemon's configuration from it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct buf out = BUF_INIT;
	struct err e = ERR_INIT;
	struct yaml_doc d;
	struct conf c;
	json_t *v;

	if (yaml_parse("fuzz", str_mem(data, size), &d, &e) == 0) {
		v = yaml_core_value(&d, d.root);
		json_write(v, &out);
		write_and_read(v, &out);
		json_decref(v);
		ENSURE(yaml_line(&d, d.root) > 0);
		if (conf_fill(&conf_table_daemon, &d, d.root, "/etc/signet", a, &c, &e) == 0)
			ENSURE(c.address != NULL && c.store.path != NULL);
		else
			ENSURE(e.code == ERR_INVALID && str_starts(str_c(e.msg), "fuzz:"));
		yaml_release(&d);
	} else {
		ENSURE(str_starts(str_c(e.msg), "fuzz:"));
	}
	buf_release(&out);
	arena_free(a);
	return 0;
}

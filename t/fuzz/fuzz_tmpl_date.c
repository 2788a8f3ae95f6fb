/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/asn1.h"
#include "tmpl/time_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A layout or type, a zone's file or name, a value: separated by NUL bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_mem(data, size);
	struct str layout = str_cut(rest, '\0', &rest);
	struct str zone = str_cut(rest, '\0', &rest);
	struct buf out = {.limit = 1U << 20}, why = BUF_INIT;
	struct arena *a = arena_new();
	struct tmpl_zone z = {0};
	struct zone_rule rule;
	struct zone_at at;
	struct tv_time t;
	int64_t ns;

	tmpl_zones_load();
	const struct tmpl_zone *known = NULL;
	if (zone_find(zone, &known, &why) < 0)
		known = &zone_local;
	if (zone_rule_parse(zone, &rule))
		zone_rule_at(&rule, INT64_MIN, (int64_t)size * INT64_C(123456789), &at);
	if (zone_parse(rest, a, &z)) {
		zone_lookup(&z, INT64_MIN, &at);
		zone_lookup(&z, INT64_MAX, &at);
		known = &z;
	}
	int rc = time_parse(layout, rest, known, known, a, &t, &why);
	if (rc == 0) {
		struct tv_time again;
		time_format(&t, layout, &out);
		/* What was written by a layout can be read by it, if it has no loose ends. */
		time_format(&t, str_c(time_layout_rfc3339_nano), &out);
		rc = time_parse(str_c(time_layout_rfc3339_nano), rest, NULL, known, a, &again,
				&why);
	}
	if (duration_go_parse(rest, &ns, &why) == 0) {
		duration_go_text(ns, &out);
		t = (struct tv_time){.sec = ns, .zone = known};
		time_format(&t, layout, &out);
	}
	buf_reset(&out);
	rc = asn1_text_value(rest, layout, size % 2 == 0, a, &out, &why);
	(void)rc;
	buf_release(&out);
	buf_release(&why);
	arena_free(a);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef T_UNIT_POLICY_UTIL_H
#define T_UNIT_POLICY_UTIL_H

/* Shared by the tests of policy. Included after cmocka.h. */

#include "base/file.h"
#include "codec/der.h"
#include "codec/uri.h"
#include "policy/policy.h"

static inline json_t *t_json(const char *text)
{
	const struct json_limits limits = {
		.max_bytes = 8 << 20, .max_depth = 16, .max_values = 500000};
	struct err e = ERR_INIT;
	json_t *v = json_parse(str_c(text), &limits, JSON_REFUSE_DUPLICATES, &e);

	if (v == NULL)
		fail_msg("%s: %.200s", e.msg, text);
	return v;
}

static inline struct policy *t_policy(const char *text)
{
	json_t *v = t_json(text);
	struct err e = ERR_INIT;
	struct policy *p;

	if (policy_compile(v, "policy", &p, &e) < 0)
		fail_msg("%s: %.200s", e.msg, text);
	json_decref(v);
	return p;
}

static inline struct san t_san(enum san_type type, const char *text)
{
	return (struct san){.type = type, .value = str_c(text)};
}

/* "dns:x", "ip:x", "email:x", "uri:x"; an address as 4 or 16 bytes, as it is written. */
static inline struct san t_name(struct arena *a, const char *text)
{
	static const struct {
		const char *prefix;
		enum san_type type;
	} kinds[] = {{"dns:", SAN_DNS}, {"ip:", SAN_IP}, {"email:", SAN_EMAIL}, {"uri:", SAN_URI}};
	unsigned char ip[16];

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct str s = str_c(text);

		if (!str_starts(s, kinds[i].prefix))
			continue;
		s.p += strlen(kinds[i].prefix);
		s.n -= strlen(kinds[i].prefix);
		if (kinds[i].type == SAN_IP)
			s = str_mem(arena_dup(a, ip, 16), ip_parse(s, ip));
		if (kinds[i].type == SAN_IP)
			memcpy((char *)(uintptr_t)s.p, ip, s.n);
		return (struct san){kinds[i].type, s};
	}
	fail_msg("what is %s", text);
	return (struct san){0};
}

#endif

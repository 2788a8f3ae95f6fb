/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/log.h"
#include "policy/policy.h"

/*
 * policybench - how long one decision takes with many rules: `policybench [RULES]`. Prints
 * microseconds for a certificate with one name, by the kind of the name.
 */

#define ROUNDS 200000U

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void put_list(struct buf *b, const char *name, unsigned n, const char *fmt, bool last)
{
	buf_printf(b, "\"%s\": [", name);
	for (unsigned i = 0; i < n; i++) {
		buf_puts(b, i > 0 ? ", \"" : "\"");
		if (strcmp(fmt, "ip") == 0)
			buf_printf(b, "10.%u.%u.0/%u", i >> 8 & 255, i & 255, 20 + i % 8);
		else if (strcmp(fmt, "dns") == 0)
			buf_printf(b, "%sh%u.d%u.corp.example", i % 2 ? "*." : "", i, i % 97);
		else if (strcmp(fmt, "email") == 0)
			buf_printf(b, "%su%u%scorp.example", i % 2 ? "@" : "", i,
				   i % 2 ? "." : "@");
		else
			buf_printf(b, "Machine %u", i);
		buf_putc(b, '"');
	}
	buf_puts(b, last ? "]" : "], ");
}

static struct policy *make(unsigned n)
{
	const struct json_limits limits = {
		.max_bytes = 64 << 20, .max_depth = 16, .max_values = 2000000};
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;
	struct policy *p = NULL;
	json_t *v;
	double from;

	buf_puts(&b, "{\"x509\": {\"allowWildcardNames\": true");
	for (int deny = 0; deny < 2; deny++) {
		buf_printf(&b, ", \"%s\": {", deny ? "deny" : "allow");
		put_list(&b, "dns", deny ? n / 8 : n / 4, "dns", false);
		put_list(&b, "ip", n / 8, "ip", false);
		put_list(&b, "email", n / 8, "email", false);
		put_list(&b, "uri", n / 8, "dns", deny);
		if (!deny)
			put_list(&b, "cn", n / 8, "cn", true);
		buf_putc(&b, '}');
	}
	buf_puts(&b, "}}");
	v = json_parse(buf_view(&b), &limits, 0, &e);
	from = now_us();
	if (v == NULL || policy_compile(v, "policy", &p, &e) < 0) {
		fprintf(stderr, "policybench: %s\n", e.msg);
		exit(1);
	}
	printf("%-34s %10.0f us for %u rules\n", "compile", now_us() - from, n);
	json_decref(v);
	buf_release(&b);
	return p;
}

static void measure(const struct policy *p, const char *what, struct san san, const char *cn)
{
	struct arena *a = arena_new();
	struct name subject = name_from_cn(str_c(cn), a);
	struct san_list l = {&san, san.value.n > 0};
	struct err e;
	unsigned allowed = 0;
	double from = now_us();

	for (unsigned i = 0; i < ROUNDS; i++)
		allowed += policy_check_x509(p, &subject, &l, NULL, NULL, &e) == 0;
	printf("%-34s %10.3f us %s\n", what, (now_us() - from) / ROUNDS,
	       allowed > 0 ? "allowed" : "refused");
	arena_free(a);
}

int main(int argc, char **argv)
{
	uint64_t n = 10000;
	struct policy *p;

	if (argc > 1 && (!str_u64(str_c(argv[1]), &n) || n < 8 || n > 500000)) {
		fprintf(stderr, "usage: policybench [RULES]\n");
		return 2;
	}
	p = make((unsigned)n);
	measure(p, "dns, a rule of its own", (struct san){SAN_DNS, STR("h2000.d60.corp.example")},
		"");
	measure(p, "dns, below a wildcard", (struct san){SAN_DNS, STR("x.h2001.d61.corp.example")},
		"");
	measure(p, "dns, denied", (struct san){SAN_DNS, STR("h4.d4.corp.example")}, "");
	measure(p, "dns, no rule", (struct san){SAN_DNS, STR("www.example.org")}, "");
	measure(p, "dns, an A-label",
		(struct san){SAN_DNS, STR("xn--bcher-kva.h2001.d61.corp.example")}, "");
	measure(p, "ip, denied", (struct san){SAN_IP, STR("\x0a\x00\x05\x01")}, "");
	measure(p, "ip, no rule", (struct san){SAN_IP, STR("\x0b\x00\x05\x01")}, "");
	measure(p, "email, no rule", (struct san){SAN_EMAIL, STR("jane@www.corp.example")}, "");
	measure(p, "uri, no rule", (struct san){SAN_URI, STR("https://www.corp.example/x")}, "");
	measure(p, "cn, allowed", (struct san){0}, "machine 900");
	measure(p, "cn and dns", (struct san){SAN_DNS, STR("h2000.d60.corp.example")},
		"h2000.d60.corp.example");
	policy_free(p);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/b64.h"
#include "tmplvec.h"

#include <getopt.h>

/*
 * tmplvec [--ca DIR] < VECTORS.jsonl: one answer a line, {"id", "want" or "want_b64"} or {"id",
 * "error", "message" or "message_b64", "line", "col"}; certificate vectors also "cert" or
 * "ssh_cert". A past bound is reported as class exec. Exit 1 when a line is not JSON.
 */
static void set_text(json_t *out, const char *key, struct str s)
{
	struct buf b = BUF_INIT;
	char name[40];
	json_t *v = json_stringn(s.p != NULL ? s.p : "", s.n);

	if (v != NULL) {
		json_object_set_new(out, key, v);
		return;
	}
	snprintf(name, sizeof(name), "%s_b64", key);
	b64_encode(B64_STD, s, &b);
	json_object_set_new(out, name, json_stringn(b.p, b.n));
	buf_release(&b);
}

void vec_want(json_t *out, struct str text)
{
	set_text(out, "want", text);
}

void vec_error(json_t *out, const char *class, struct str message, unsigned line, int col)
{
	json_object_set_new(out, "error", json_string(class));
	set_text(out, "message", message);
	if (line > 0)
		json_object_set_new(out, "line", json_integer(line));
	if (col >= 0)
		json_object_set_new(out, "col", json_integer(col));
}

/* A text that nothing else begins with; dump() takes the quotes away. */
#define U64_MARK "\x01u64:"
#define U64_DUMP "\"\\u0001u64:"

json_t *vec_u64(uint64_t v)
{
	char text[40];

	if (v <= INT64_MAX)
		return json_integer((json_int_t)v);
	snprintf(text, sizeof(text), U64_MARK "%" PRIu64, v);
	return json_string(text);
}

static void dump(const json_t *out)
{
	char *all = json_dumps(out, JSON_COMPACT | JSON_PRESERVE_ORDER), *at = all, *mark;

	while ((mark = strstr(at, U64_DUMP)) != NULL) {
		const char *digits = mark + strlen(U64_DUMP);
		size_t n = strspn(digits, "0123456789");
		printf("%.*s%.*s", (int)(mark - at), at, (int)n, digits);
		at = mark + strlen(U64_DUMP) + n + 1;
	}
	puts(at);
	free(all);
}

struct tv vec_data(const json_t *vector, struct arena *a)
{
	const json_t *data = json_object_get(vector, "data");

	return data != NULL ? tv_bare(tv_from_json(data, a)) : tv_nil();
}

enum tmpl_set vec_set(const json_t *vector)
{
	const char *name = json_string_value(json_object_get(vector, "funcs"));

	if (name == NULL || strcmp(name, "go") == 0)
		return TMPL_GO;
	if (strcmp(name, "sprig") == 0)
		return TMPL_SPRIG;
	return strcmp(name, "step") == 0 ? TMPL_STEP : TMPL_STEP_SSH;
}

static bool is_certificate(const json_t *vector)
{
	return json_object_get(vector, "csr") != NULL || json_object_get(vector, "ssh_cr") != NULL;
}

static void error_of(const json_t *vector, const struct tmpl_error_info *why, json_t *out)
{
	if (why->class == TMPL_PARSE)
		vec_error(out, "parse", why->message, why->line, -1);
	else if (why->class == TMPL_FAIL && is_certificate(vector))
		vec_error(out, "fail", why->message, 0, -1);
	else
		vec_error(out, "exec", why->class == TMPL_FAIL ? why->whole : why->message,
			  why->line, why->col);
}

int vec_render(const json_t *vector, struct tv dot, struct arena *a, struct buf *text, json_t *out)
{
	const json_t *source = json_object_get(vector, "template");
	struct tmpl_options o = {
		.name = STR("template"), .set = vec_set(vector), .flags = TMPL_ALLOW_SLOW};
	struct tmpl_limits limits = tmpl_limits_loop;
	struct tmpl_error_info why;
	struct tmpl *t;

	limits.time_ns = UINT64_C(60000000000); /* a slow machine is no failure */
	int rc = tmpl_compile(str_mem(json_string_value(source), json_string_length(source)), &o, a,
			      &t, &why);
	if (rc == 0) {
		rc = tmpl_run(t, dot, &limits, a, text, &why);
		tmpl_unref(t);
	}
	if (rc != 0)
		error_of(vector, &why, out);
	return rc;
}

static void plain(const json_t *vector, json_t *out)
{
	struct arena *a = arena_new();
	struct buf text = BUF_INIT;

	if (vec_render(vector, vec_data(vector, a), a, &text, out) == 0)
		vec_want(out, buf_view(&text));
	buf_release(&text);
	arena_free(a);
}

/* Whether p begins \uD8.. to \uDF.. (high: to \uDB..). */
static bool surrogate(const char *p, size_t n, bool high)
{
	char third = n >= 6 ? ascii_lower(p[3]) : '\0';

	if (n < 6 || p[0] != '\\' || p[1] != 'u' || ascii_lower(p[2]) != 'd')
		return false;
	return high ? third == '8' || third == '9' || third == 'a' || third == 'b'
		    : third >= 'c' && third <= 'f';
}

/* Go reads a lone surrogate as U+FFFD; jansson refuses it. Changes the text in place. */
static void mend_surrogates(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] != '\\')
			continue;
		bool high = surrogate(p + i, n - i, true);
		if (high && surrogate(p + i + 6, n - i - 6, false))
			i += 11;
		else if (high || surrogate(p + i, n - i, false))
			memcpy(p + i + 2, "fffd", 4);
		else
			i++; /* what is escaped */
	}
}

static int one_line(char *line, size_t n, const char *ca_dir)
{
	json_error_t e;

	mend_surrogates(line, n);
	json_t *vector = json_loadb(line, n, JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, &e);
	json_t *out = json_object();

	if (vector == NULL) {
		fprintf(stderr, "tmplvec: not JSON: %s\n", e.text);
		json_decref(out);
		return -1;
	}
	json_object_set(out, "id", json_object_get(vector, "id"));
	if (json_object_get(vector, "csr") != NULL)
		vec_x509(vector, ca_dir, out);
	else if (json_object_get(vector, "ssh_cr") != NULL)
		vec_ssh(vector, ca_dir, out);
	else
		plain(vector, out);
	dump(out);
	fflush(stdout);
	json_decref(vector);
	json_decref(out);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"ca", required_argument, NULL, 'c'}, {0}};
	const char *ca_dir = "t/vectors/templates";
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int c, rc = 0;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'c') {
			fprintf(stderr, "usage: tmplvec [--ca DIR] < VECTORS.jsonl\n");
			return 2;
		}
		ca_dir = optarg;
	}
	while ((n = getline(&line, &cap, stdin)) > 0)
		if (one_line(line, (size_t)n, ca_dir) != 0)
			rc = 1;
	free(line);
	return rc;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/clock.h"
#include "tmpl/tmpl.h"

/*
 * tmplbench [RUNS]: microseconds a run (the best of ROUNDS), with a new arena and buffer each as on the loop, of the
 * default leaf template and of one of a hundred lines; and of compiling them.
 *
 * To compare with Go, run this there (go.step.sm/crypto is not needed; `dot` as below):
 *
 *   t := template.Must(template.New("template").Funcs(sprig.TxtFuncMap()).Parse(text))
 *   start := time.Now()
 *   for i := 0; i < runs; i++ { var b bytes.Buffer; t.Execute(&b, dot) }
 *   fmt.Println(time.Since(start) / time.Duration(runs))
 *
 * where text is what this prints with the argument `text` and dot is decoded from `data`.
 */
#define ROUNDS 20

static const char leaf[] =
	"{\n\t\"subject\": {{ toJson .Subject }},\n\t\"sans\": {{ toJson .SANs }},\n"
	"{{- if typeIs \"*rsa.PublicKey\" .Insecure.CR.PublicKey }}\n"
	"\t\"keyUsage\": [\"keyEncipherment\", \"digitalSignature\"],\n{{- else }}\n"
	"\t\"keyUsage\": [\"digitalSignature\"],\n{{- end }}\n"
	"\t\"extKeyUsage\": [\"serverAuth\", \"clientAuth\"]\n}\n";
static const char data[] =
	"{\"Subject\":{\"commonName\":\"host.example.com\"},\"SANs\":[{\"type\":\"dns\",\"value\":"
	"\"host.example.com\"},{\"type\":\"dns\",\"value\":\"www.example.com\"}],\"Token\":{"
	"\"sub\":"
	"\"host.example.com\",\"iss\":\"admin\"},\"Insecure\":{\"CR\":{\"PublicKey\":\"x\"},"
	"\"User\":"
	"{\"org\":\"Example\",\"n\":3}}}";
static const char lines[] =
	"{{- $sub := .Token.sub -}}\n{{ if and $sub (hasSuffix \".example.com\" $sub) }}\n"
	"\"cn\": {{ $sub | lower | toJson }},\n{{ else }}{{ fail \"no name\" }}{{ end }}\n"
	"{{ range $i, $san := .SANs }}{{ if $i }},{{ end }}\n"
	"  {\"type\": {{ toJson $san.type }}, \"value\": {{ $san.value | trim | toJson }}}\n"
	"{{ end }}\n\"o\": {{ .Insecure.User.org | default \"none\" | quote }},\n"
	"\"n\": {{ printf \"%v-%s\" .Insecure.User.n .Token.iss }}\n";

static void fill_hundred(struct buf *b)
{
	for (int i = 0; i < 10; i++)
		buf_puts(b, lines);
}

static struct tmpl *compiled(struct str text, unsigned runs)
{
	struct tmpl_options o = {.name = STR("template"), .set = TMPL_STEP};
	struct arena *a = arena_new();
	struct tmpl_error_info why;
	struct tmpl *t = NULL;
	uint64_t start = clock_mono_us();

	for (unsigned i = 0; i < runs; i++) {
		tmpl_unref(t);
		if (tmpl_compile(text, &o, a, &t, &why) != 0) {
			fprintf(stderr, STR_FMT "\n", STR_ARG(why.message));
			exit(1);
		}
	}
	printf("  compile %8.2f us\n", (double)(clock_mono_us() - start) / runs);
	arena_free(a);
	return t;
}

static size_t one_run(const struct tmpl *t, const json_t *json)
{
	struct arena *a = arena_new();
	struct buf out = BUF_INIT;
	struct tmpl_error_info why;
	struct tv dot = tv_bare(tv_from_json(json, a));

	if (tmpl_run(t, dot, &tmpl_limits_loop, a, &out, &why) != 0) {
		fprintf(stderr, STR_FMT "\n", STR_ARG(why.message));
		exit(1);
	}
	size_t n = out.n;
	buf_release(&out);
	arena_free(a);
	return n;
}

static void measure(const char *name, struct str text, const json_t *json, unsigned runs)
{
	double best = 0;
	size_t n = 0;

	printf("%s:\n", name);
	struct tmpl *t = compiled(text, runs / 100 + 1);
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint64_t start = clock_mono_us();
		for (unsigned i = 0; i < runs / ROUNDS + 1; i++)
			n = one_run(t, json);
		double each = (double)(clock_mono_us() - start) / (runs / ROUNDS + 1);
		best = round == 0 || each < best ? each : best;
	}
	printf("  run     %8.2f us with arena and data, %zu bytes out\n", best, n);
	tmpl_unref(t);
}

int main(int argc, char **argv)
{
	json_t *json = json_loads(data, JSON_DECODE_INT_AS_REAL, NULL);
	unsigned runs = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 20000;
	struct buf b = BUF_INIT;

	fill_hundred(&b);
	if (argc > 1 && strcmp(argv[1], "text") == 0) {
		printf("%s", argc > 2 ? leaf : b.p);
	} else if (argc > 1 && strcmp(argv[1], "data") == 0) {
		printf("%s\n", data);
	} else {
		measure("leaf", str_c(leaf), json, runs > 0 ? runs : 1);
		measure("100 lines", buf_view(&b), json, runs > 0 ? runs : 1);
	}
	buf_release(&b);
	json_decref(json);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading records from files: every format, what is refused and where, keys that come twice. */
#include "base/compat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "cli/inventory.h"
#include "crypto/crypto.h"

#include <fcntl.h>

/* ---- a sink that writes down what comes: "LINE:KEY ATTRIBUTES\n" ---- */

struct dump {
	struct inv_sink sink;
	struct buf text;
	unsigned n;
};

static int on_record(struct inv_sink *s, struct str key, struct str attributes, unsigned line,
		     struct err *e)
{
	struct dump *d = CONTAINER_OF(s, struct dump, sink);

	(void)e;
	buf_printf(&d->text, "%u:" STR_FMT " " STR_FMT "\n", line, STR_ARG(key),
		   STR_ARG(attributes));
	d->n++;
	return 0;
}

static int on_count(struct inv_sink *s, struct str key, struct str attributes, unsigned line,
		    struct err *e)
{
	struct dump *d = CONTAINER_OF(s, struct dump, sink);

	(void)key;
	(void)attributes;
	(void)line;
	(void)e;
	d->n++;
	return 0;
}

struct row {
	enum inv_format format;
	const char *text;
	const char *want; /* what comes, or "! error" */
	const char *key;
	const char *list;
};

static void check(const struct row *r, size_t which)
{
	struct dump d = {.sink = {.record = on_record}};
	struct inv_options o = {.format = r->format, .key = r->key};
	struct inv_source s;
	struct err e = ERR_INIT;
	int rc;

	if (r->list)
		o.lists[o.n_lists++] = r->list;
	inv_source_text(&s, "f", str_c(r->text));
	rc = inv_read(&s, &o, &d.sink, &e);
	inv_source_close(&s);
	if (r->want[0] == '!') {
		if (rc == 0 || strcmp(e.msg, r->want + 2) != 0)
			fail_msg("row %zu: %s\ngot  %d %s\nwant %s", which, r->text, rc, e.msg,
				 r->want + 2);
	} else if (rc != 0 || strcmp(d.text.p ? d.text.p : "", r->want) != 0) {
		fail_msg("row %zu: %s\ngot  %s%s\nwant %s", which, r->text, e.msg,
			 d.text.p ? d.text.p : "", r->want);
	}
	buf_release(&d.text);
}

static void check_all(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check(&rows[i], i);
}

static void test_csv(void **state)
{
	static const struct row rows[] = {
		{INV_CSV, "id,a,b\nx,1,2\ny,,\"\"\n",
		 "2:x {\"a\":\"1\",\"b\":\"2\"}\n3:y {\"b\":\"\"}\n", NULL, NULL},
		{INV_CSV, "\xef\xbb\xbfid,a\r\nx,1\r\n\r\ny,2",
		 "2:x {\"a\":\"1\"}\n4:y {\"a\":\"2\"}\n", NULL, NULL},
		{INV_CSV, "a,id\n1,x\n", "2:x {\"a\":\"1\"}\n", "id", NULL},
		{INV_CSV, "id\nx\n", "2:x {}\n", NULL, NULL},
		{INV_CSV, "id,a\n", "", NULL, NULL},
		{INV_CSV, "id,n\nx,a|b|c\ny,\nz,\"\"\nw,a|\nv,|\nu,one\n",
		 "2:x {\"n\":[\"a\",\"b\",\"c\"]}\n3:y {}\n4:z {\"n\":[]}\n5:w "
		 "{\"n\":[\"a\",\"\"]}\n"
		 "6:v {\"n\":[\"\",\"\"]}\n7:u {\"n\":[\"one\"]}\n",
		 NULL, "n"},
		{INV_CSV, "id,a\n\"x,1\",\"say \"\"hi\"\"\nyou\"\ny,z\n",
		 "2:x,1 {\"a\":\"say \\\"hi\\\"\\nyou\"}\n4:y {\"a\":\"z\"}\n", NULL, NULL},
		{INV_CSV, "id,a\n  x , b \n", "2:  x  {\"a\":\" b \"}\n", NULL, NULL},
		{INV_CSV, "id,_key2\nx,1\n", "2:x {\"_key2\":\"1\"}\n", NULL, NULL},
		{INV_CSV, "_key,key\nx,1\n", "2:x {\"key\":\"1\"}\n", NULL, NULL},
		{INV_CSV, "", "! f:1: is empty: the first row must name the columns", NULL, NULL},
		{INV_CSV, "id,\nx,1\n", "! f:1: column 2 has no name", NULL, NULL},
		{INV_CSV, "id,a,a\n", "! f:1: two columns are called \"a\"", NULL, NULL},
		{INV_CSV, "id;a\nx;1\n",
		 "! f:1: the columns are separated by semicolons: commas are needed", NULL, NULL},
		{INV_CSV, "id,a\nx,1\ny\n", "! f:3: the row has 1 cells, the header 2", NULL, NULL},
		{INV_CSV, "id,a\nx,1,2\n", "! f:2: the row has 3 cells, the header 2", NULL, NULL},
		{INV_CSV, "id,a\n,1\n", "! f:2: key: is empty", NULL, NULL},
		{INV_CSV, "id,a\nx,\"1\n2\n", "! f:2: a quote is not closed", NULL, NULL},
		{INV_CSV, "id,a\nx,\"1\"2\n",
		 "! f:2: text behind a closing quote; a quote in a cell is written \"\"", NULL,
		 NULL},
		{INV_CSV, "id,a\nx,1\"2\"\n",
		 "! f:2: a quote within a cell: put the cell in quotes and double it", NULL, NULL},
		{INV_CSV, "id,a\nx,\xff\n", "! f:2: is not UTF-8", NULL, NULL},
		{INV_CSV, "id,_key\nx,1\n",
		 "! f:2: attribute \"_key\": the name is taken: it is what a record's key is "
		 "called",
		 NULL, NULL},
		{INV_CSV, "id,a\nx,1\n", "! f:1: --key: there is no column \"host\"", "host", NULL},
		{INV_CSV, "id,a\nx,1\n", "! f:1: --list: there is no column \"n\"", NULL, "n"},
		{INV_CSV, "id,a\nx,1\n", "! f:1: --list id: the key is no list", NULL, "id"},
		{INV_CSV, "id,a\n\"x\ny\",1\n", "! f:2: key: has a control character", NULL, NULL},
	};

	(void)state;
	check_all(rows, ARRAY_LEN(rows));
}

static void test_json(void **state)
{
	static const struct row rows[] = {
		{INV_JSON, "[]", "", NULL, NULL},
		{INV_JSON, " { } ", "", NULL, NULL},
		{INV_JSON,
		 "[{\"key\":\"x\",\"a\":[1,{\"b\":null}]},\n {\"a\":1.5,\"key\":\"y\"}]\n",
		 "1:x {\"a\":[1,{\"b\":null}]}\n2:y {\"a\":1.5}\n", NULL, NULL},
		{INV_JSON, "[{\"_key\":\"x\",\"key\":\"k\"}]", "1:x {\"key\":\"k\"}\n", NULL, NULL},
		{INV_JSON, "[{\"id\":\"x\",\"key\":\"k\"}]", "1:x {\"key\":\"k\"}\n", "id", NULL},
		{INV_JSON, "{\"x\":{\"a\":\"]}\\\"\"},\n\"y\\u00e4\" : {}\n}",
		 "1:x {\"a\":\"]}\\\"\"}\n2:y\xc3\xa4 {}\n", NULL, NULL},
		{INV_JSON, "",
		 "! f:1: an array of records, or an object from keys to attributes, is "
		 "needed",
		 NULL, NULL},
		{INV_JSON, "\n7",
		 "! f:2: an array of records, or an object from keys to attributes, "
		 "is needed",
		 NULL, NULL},
		{INV_JSON, "[1]", "! f:1: a record must be an object", NULL, NULL},
		{INV_JSON, "[{\"a\":1}]",
		 "! f:1: the record has no \"key\"; name the member that is its key with --key",
		 NULL, NULL},
		{INV_JSON, "[{\"key\":1}]", "! f:1: \"key\", the key, must be a string", NULL,
		 NULL},
		{INV_JSON, "[\n{\"key\":\"x\"},\n{\"key\":\"y\",\n\"a\":tru}]",
		 "! f:4: JSON: column 7: malformed", NULL, NULL},
		{INV_JSON, "[{\"key\":\"x\",\"a\":1,\"a\":2}]",
		 "! f:1: JSON: column 20: duplicate member", NULL, NULL},
		{INV_JSON, "[{\"key\":\"x\"}", "! f:1: JSON: a comma or the end is missing", NULL,
		 NULL},
		{INV_JSON, "[{\"key\":\"x\"", "! f:1: JSON: ends too early", NULL, NULL},
		{INV_JSON, "[{\"key\":\"x\"},]", "! f:1: JSON: a value is missing", NULL, NULL},
		{INV_JSON, "[{\"key\":\"x\"}]]", "! f:1: JSON: text after the end", NULL, NULL},
		{INV_JSON, "[{\"key\":\"x\"}][", "! f:1: JSON: text after the end", NULL, NULL},
		{INV_JSON, "{\"x\" {}}", "! f:1: JSON: a colon is missing behind a member's name",
		 NULL, NULL},
		{INV_JSON, "{1:{}}", "! f:1: JSON: the name of a member must be a string", NULL,
		 NULL},
		{INV_JSON, "{\"key\":\"x\",\"a\":1}",
		 "! f:1: an object is needed: a record's attributes (or is this one record alone? "
		 "Then put it in an array)",
		 NULL, NULL},
		{INV_JSON, "{}",
		 "! f:1: --key is for an array: in an object the members' names are "
		 "the keys",
		 "id", NULL},
		{INV_JSON, "[{\"key\":\"x\",\"a\":\"\\u0000\"}]",
		 "! f:1: attribute \"a\": has the character U+0000", NULL, NULL},
		{INV_JSONL, "{\"key\":\"x\"}\n\n{\"key\":\"y\",\"a\":1}\r\n",
		 "1:x {}\n3:y {\"a\":1}\n", NULL, NULL},
		{INV_JSONL, "", "", NULL, NULL},
		{INV_JSONL, "{\"key\":\"x\"}\n[]\n", "! f:2: a record must be an object", NULL,
		 NULL},
		{INV_JSONL, "{\"key\":\"x\"}\n{\"key\":\n\"y\"}\n",
		 "! f:2: JSON: column 7: ends too early", NULL, NULL},
		{INV_JSONL, "{\"key\":\"x\"} {}\n", "! f:1: JSON: text after the end", NULL, NULL},
	};

	(void)state;
	check_all(rows, ARRAY_LEN(rows));
}

static void test_yaml(void **state)
{
	static const struct row rows[] = {
		{INV_YAML,
		 "# people\n---\n- key: x\n  a: 1\n  b: [\"1\", yes, true]\n- key: \"y\"\n",
		 "3:x {\"a\":1,\"b\":[\"1\",\"yes\",true]}\n6:y {}\n", NULL, NULL},
		{INV_YAML, "- id: 007\n  key: k\n- id: no\n", "1:007 {\"key\":\"k\"}\n3:no {}\n",
		 "id", NULL},
		{INV_YAML, "x: {a: 1}\n\n# more\ny:\n  names:\n  - a\n  - b\n",
		 "1:x {\"a\":1}\n4:y {\"names\":[\"a\",\"b\"]}\n", NULL, NULL},
		{INV_YAML, "[{key: x}, {key: y, a: ~}]\n", "1:x {}\n1:y {\"a\":null}\n", NULL,
		 NULL},
		{INV_YAML, "", "", NULL, NULL},
		{INV_YAML, "- key: x\n  a: |\n    two\n    lines\n",
		 "1:x {\"a\":\"two\\nlines\\n\"}\n", NULL, NULL},
		{INV_YAML, "- key: x\n- y\n", "! f:2: a record must be a mapping", NULL, NULL},
		{INV_YAML, "x:\n",
		 "! f:1: a mapping is needed: a record's attributes (or is this one "
		 "record alone? Then begin it with \"- \")",
		 NULL, NULL},
		{INV_YAML, "word\n",
		 "! f:1: a list of records, or a mapping from keys to attributes, "
		 "is needed",
		 NULL, NULL},
		{INV_YAML, "- a: 1\n",
		 "! f:1: the record has no \"key\"; name the member that is its key with --key",
		 NULL, NULL},
		{INV_YAML, "- key: x\n---\n- key: y\n", "! f:2: YAML: only one document is read",
		 NULL, NULL},
		{INV_YAML, "- key: x\n  a: &b 1\n",
		 "! f:2: YAML: column 6: anchors are not supported", NULL, NULL},
		{INV_YAML, "- key: x\n  key: y\n", "! f:2: YAML: column 3: key occurs twice", NULL,
		 NULL},
		{INV_YAML, "x: {}\n",
		 "! f:1: --key is for a list: in a mapping the members' names "
		 "are the keys",
		 "id", NULL},
		{INV_YAML, "- key: [x]\n", "! f:1: \"key\", the key, must be a string", NULL, NULL},
	};

	(void)state;
	check_all(rows, ARRAY_LEN(rows));
}

/* ---- files that are longer than the window ---- */

#define MANY 30000U

static void put_many(enum inv_format format, struct buf *b, unsigned bad)
{
	if (format == INV_CSV)
		buf_puts(b, "id,a,b\r\n");
	if (format == INV_JSON)
		buf_puts(b, "[\n");
	for (unsigned i = 0; i < MANY; i++) {
		const char *broken = i == bad ? "\xff" : "";

		switch (format) {
		case INV_CSV:
			buf_printf(b, "k%u,value %u%s,\"quoted, %u\"\r\n", i, i, broken, i);
			break;
		case INV_JSON:
		case INV_JSONL:
			buf_printf(b, "{\"key\":\"k%u\",\"a\":\"value %u%s\",\"b\":\"x\"}%s\n", i,
				   i, broken, format == INV_JSON && i + 1 < MANY ? "," : "");
			break;
		case INV_YAML:
			buf_printf(b, "- key: k%u\n  a: value %u%s\n  b: [x, y]\n", i, i, broken);
			break;
		case INV_NONE:
			break;
		}
	}
	if (format == INV_JSON)
		buf_puts(b, "]\n");
}

static int read_file(enum inv_format format, const struct buf *text, struct dump *d, struct err *e)
{
	struct inv_options o = {.format = format};
	char path[] = "/tmp/signet-inventory-XXXXXX";
	struct inv_source s;
	int fd = mkstemp(path), rc;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text->p, text->n), text->n);
	close(fd);
	assert_int_equal(inv_source_open(&s, path, e), 0);
	unlink(path);
	s.name = "f";
	rc = inv_read(&s, &o, &d->sink, e);
	assert_true(rc != 0 || s.read == text->n);
	assert_int_equal(s.size, text->n);
	inv_source_close(&s);
	return rc;
}

static void test_long(void **state)
{
	static const char *const errors[] = {
		[INV_CSV] = "f:29992: is not UTF-8",
		[INV_JSON] = "f:29992: JSON: column ",
		[INV_JSONL] = "f:29991: JSON: column ",
		[INV_YAML] = "f:89972: YAML: column ",
	};

	(void)state;
	for (unsigned f = INV_CSV; f <= INV_YAML; f++) {
		struct dump d = {.sink = {.record = on_count}};
		struct err e = ERR_INIT;
		struct buf text = BUF_INIT;

		put_many((enum inv_format)f, &text, MANY);
		if (read_file((enum inv_format)f, &text, &d, &e) != 0)
			fail_msg("%s", e.msg);
		assert_int_equal(d.n, MANY);
		buf_reset(&text);
		put_many((enum inv_format)f, &text, MANY - 10);
		assert_int_equal(read_file((enum inv_format)f, &text, &d, &e), -1);
		if (strncmp(e.msg, errors[f], strlen(errors[f])) != 0)
			fail_msg("format %u: %s", f, e.msg);
		buf_release(&text);
	}
}

static void test_too_long(void **state)
{
	static const struct {
		enum inv_format format;
		const char *begin, *end, *error;
	} rows[] = {
		{INV_CSV, "id,a\nx,\"", "\"\n",
		 "f:2: a row of more than 65536 bytes: is a quote not closed?"},
		{INV_JSON, "[{\"key\":\"x\",\"a\":\"", "\"}]",
		 "f:1: a record of more than 65536 bytes"},
		{INV_JSONL, "{\"key\":\"x\",\"a\":\"", "\"}", "f:1: JSON: more than 65536 bytes"},
		{INV_YAML, "- key: x\n  a: ", "\n",
		 "f:1: more than 1 MiB, from here on; in block style, a record an item, there is "
		 "no "
		 "such limit"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct dump d = {.sink = {.record = on_count}};
		struct err e = ERR_INIT;
		struct buf text = BUF_INIT;

		buf_puts(&text, rows[i].begin);
		for (unsigned k = 0; k < (1U << 20); k++)
			buf_putc(&text, 'x');
		buf_puts(&text, rows[i].end);
		assert_int_equal(read_file(rows[i].format, &text, &d, &e), -1);
		assert_string_equal(e.msg, rows[i].error);
		buf_release(&text);
	}
}

/* ---- the rest ---- */

static void test_seen(void **state)
{
	struct inv_seen *exact = inv_seen_new(false), *fold = inv_seen_new(true);
	char key[32];

	(void)state;
	for (unsigned i = 1; i <= 20000; i++) {
		snprintf(key, sizeof(key), "Key %u", i);
		assert_int_equal(inv_seen_add(exact, str_c(key), i), 0);
		assert_int_equal(inv_seen_add(fold, str_c(key), i), 0);
	}
	for (unsigned i = 1; i <= 20000; i += 7) {
		snprintf(key, sizeof(key), "Key %u", i);
		assert_int_equal(inv_seen_add(exact, str_c(key), 1), i);
		snprintf(key, sizeof(key), "kEY %u", i);
		assert_int_equal(inv_seen_add(fold, str_c(key), 1), i);
	}
	assert_int_equal(inv_seen_add(exact, STR("key 1"), 5), 0);
	assert_int_equal(inv_seen_count(exact), 20001);
	assert_int_equal(inv_seen_count(fold), 20000);
	inv_seen_free(exact);
	inv_seen_free(fold);
}

static void test_formats(void **state)
{
	(void)state;
	assert_int_equal(inv_format_of(NULL, "a/b.csv"), INV_CSV);
	assert_int_equal(inv_format_of(NULL, "b.json"), INV_JSON);
	assert_int_equal(inv_format_of(NULL, "b.ndjson"), INV_JSONL);
	assert_int_equal(inv_format_of(NULL, "b.yml"), INV_YAML);
	assert_int_equal(inv_format_of(NULL, "b.txt"), INV_NONE);
	assert_int_equal(inv_format_of(NULL, "-"), INV_NONE);
	assert_int_equal(inv_format_of("JSON", "b.csv"), INV_JSON);
	assert_int_equal(inv_format_of("xml", "b.csv"), INV_NONE);
}

static void test_paths(void **state)
{
	static const struct {
		const char *key, *path;
	} rows[] = {
		{"a b", "/control/v1/inventories/l/a%20b"},
		{"~x", "/control/v1/inventories/l/~fng"},
		{"..", "/control/v1/inventories/l/~Li4"},
		{"a/b", "/control/v1/inventories/l/~YS9i"},
	};
	struct cli c = {.arena = arena_new()};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(inv_key_path(&c, "l", rows[i].key), rows[i].path);
	arena_free(c.arena);
}

static void test_cells(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	inv_csv_cell(&b, STR("a"), true, false);
	inv_csv_cell(&b, STR(""), true, false);
	inv_csv_cell(&b, STR(""), false, false);
	inv_csv_cell(&b, STR("x\"y,z"), true, true);
	assert_string_equal(b.p, "a,\"\",,\"x\"\"y,z\"\r\n");
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_csv),	 cmocka_unit_test(test_json),
		cmocka_unit_test(test_yaml),	 cmocka_unit_test(test_long),
		cmocka_unit_test(test_too_long), cmocka_unit_test(test_seen),
		cmocka_unit_test(test_formats),	 cmocka_unit_test(test_paths),
		cmocka_unit_test(test_cells),
	};
	struct err e = ERR_INIT;

	if (crypto_init(NULL, &e) != 0)
		return 1;
	return cmocka_run_group_tests_name("cli_inventory", tests, NULL, NULL);
}

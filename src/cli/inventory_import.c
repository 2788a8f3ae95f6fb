/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/inventory.h"

#include "cli/certs.h"

/*
 * inventory_import.c - `signet inventory import`: a file becomes the list, or is put over it.
 *
 * The file is read once. Every record is checked as it comes and sent in small calls; the daemon
 * keeps them aside, and nobody sees any of them. Only when the last one was fine is the
 * import committed, which is one write. Whatever is wrong before, also Ctrl-C, the import is given
 * up, and the list is as it was.
 */
#define COMMIT_TIMEOUT_MS (30U * 60 * 1000)
#define CALL_BYTES	  (256U << 10) /* the daemon takes INVENTORY_ADD_MAX, but others wait */
#define ADD_TIMEOUT_MS	  (10U * 60 * 1000)

static volatile sig_atomic_t interrupted; /* state: set by a signal while an import is open */

struct importing {
	struct inv_sink sink;
	struct cli *c;
	const char *list, *id; /* id NULL: only checking */
	struct inv_source src;
	struct inv_options options;
	struct inv_seen *seen;
	struct buf lines; /* of the next call */
	struct progress progress;
};

static void on_signal(int signo)
{
	interrupted = signo;
}

static void catch_signals(bool on)
{
	struct sigaction sa = {.sa_handler = on ? on_signal : SIG_DFL};

	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
}

/* ---- sending ---- */

static const char *import_path(const struct importing *im, const char *more)
{
	return inv_path(im->c, im->list,
			arena_printf(im->c->arena, "/import%s%s%s", im->id != NULL ? "/" : "",
				     im->id != NULL ? im->id : "", more));
}

static int begin(struct importing *im, bool merge, struct err *e)
{
	struct control_call call = {.method = "POST", .path = import_path(im, "")};
	json_t *body = json_object(), *v;
	struct str id;

	json_object_set_new(body, "mode", json_string(merge ? "merge" : "replace"));
	call.body = body;
	v = control_call(im->c, &call, e);
	json_decref(body);
	if (v == NULL)
		return -1;
	id = json_text(v, "import");
	if (id.n > 0)
		im->id = arena_cstr(im->c->arena, id);
	json_decref(v);
	return im->id != NULL ? 0 : ERR(e, ERR_INVALID, "the daemon's answer names no import");
}

static int send_lines(struct importing *im, struct err *e)
{
	struct control_call call = {
		.method = "POST", .timeout_ms = ADD_TIMEOUT_MS, .what = "Waiting for the daemon"};
	json_t *v;

	if (interrupted)
		return ERR(e, ERR_CANCELLED, "interrupted: nothing was imported");
	if (im->lines.n == 0 || im->id == NULL)
		return 0;
	call.path = import_path(im, "");
	call.text = buf_view(&im->lines);
	v = control_call(im->c, &call, e);
	json_decref(v);
	buf_reset(&im->lines);
	return v != NULL ? 0 : -1;
}

static void give_up(struct importing *im)
{
	struct control_call call = {.method = "DELETE"};
	bool refused = im->c->refused, unreachable = im->c->unreachable;
	struct err ignore = ERR_INIT;

	if (im->id == NULL || unreachable)
		return;
	call.path = import_path(im, "");
	json_decref(control_call(im->c, &call, &ignore));
	im->c->refused = refused; /* what counts is why it was given up */
	im->c->unreachable = unreachable;
}

static json_t *commit(struct importing *im, struct err *e)
{
	struct control_call call = {.method = "POST",
				    .path = import_path(im, "/commit"),
				    .timeout_ms = COMMIT_TIMEOUT_MS,
				    .what = "Putting it in place"};
	json_t *body = json_object(), *v;

	json_object_set_new(body, "records", json_integer((json_int_t)inv_seen_count(im->seen)));
	call.body = body;
	v = control_call(im->c, &call, e);
	json_decref(body);
	return v;
}

/* ---- records ---- */

static int on_record(struct inv_sink *s, struct str key, struct str attributes, unsigned line,
		     struct err *e)
{
	struct importing *im = CONTAINER_OF(s, struct importing, sink);
	unsigned first = inv_seen_add(im->seen, key, line);

	if (first != 0)
		return inv_error(&im->src, line, e,
				 "the key \"%.*s\" is in line %u already: each key may be there "
				 "once",
				 key.n > 80 ? 80 : (int)key.n, key.p, first);
	if (inv_seen_count(im->seen) > INVENTORY_RECORDS_MAX)
		return inv_error(&im->src, line, e, "more than %u records", INVENTORY_RECORDS_MAX);
	/* both are escaped at most sixfold, which is far from the limit */
	if (im->lines.n + 6 * key.n + attributes.n + 64 > CALL_BYTES && send_lines(im, e) < 0)
		return -1;
	if (im->id != NULL)
		inventory_line_write(key, attributes, &im->lines);
	if (inv_seen_count(im->seen) % 256 == 0)
		progress_tick(&im->progress, im->src.read, im->src.size);
	return interrupted ? send_lines(im, e) : 0;
}

static int read_all(struct importing *im, struct err *e)
{
	int rc;

	im->sink.record = on_record;
	progress_begin(&im->progress, im->id != NULL ? "Importing" : "Checking");
	rc = inv_read(&im->src, &im->options, &im->sink, e);
	if (rc == 0)
		rc = send_lines(im, e);
	progress_end(&im->progress);
	if (rc == 0 && inv_seen_count(im->seen) == 0 && !cli_flag(im->c, "merge") &&
	    !cli_flag(im->c, "allow-empty"))
		return ERR(e, ERR_INVALID,
			   "%s: has no record; if the list is to be empty, give --allow-empty",
			   im->src.name);
	return rc;
}

/* ---- options ---- */

static int read_options(struct importing *im, const char *file, struct err *e)
{
	struct cli *c = im->c;
	const char *format = cli_value(c, "format");

	if (cli_flag(c, "merge") && cli_flag(c, "replace"))
		return cli_misuse(c, e, "--merge and --replace exclude each other");
	im->options.format = inv_format_of(format, file);
	if (im->options.format == INV_NONE && format != NULL)
		return cli_misuse(c, e, "--format %s: csv, json, jsonl or yaml", format);
	if (im->options.format == INV_NONE)
		return cli_misuse(c, e, "%s: which format? Give --format csv, json, jsonl or yaml",
				  file);
	im->options.key = cli_value(c, "key");
	im->options.n_lists = cli_values(c, "list", im->options.lists, INV_LISTS_MAX);
	if (im->options.n_lists > 0 && im->options.format != INV_CSV)
		return cli_misuse(c, e, "--list is for CSV: in the other formats lists are lists");
	return 0;
}

/* ---- the command ---- */

static void report(const struct importing *im, const json_t *answer)
{
	json_int_t count = json_integer_value(json_member(answer, "count", 0));
	uint64_t n = inv_seen_count(im->seen);

	if (im->id == NULL)
		printf("%s: %" PRIu64 " records, all fine; nothing was imported.\n", im->src.name,
		       n);
	else if (cli_flag(im->c, "merge"))
		printf("%" PRIu64
		       " records were put over inventory %s; it has %" JSON_INTEGER_FORMAT
		       " now.\n",
		       n, im->list, count);
	else
		printf("Inventory %s has %" JSON_INTEGER_FORMAT " records now.\n", im->list, count);
}

static void print_answer(const struct importing *im, const json_t *answer)
{
	struct buf out = BUF_INIT;
	json_t *v;

	if (!cli_flag(im->c, "json")) {
		report(im, answer);
		return;
	}
	v = answer != NULL ? json_deep_copy(answer) : json_object();
	json_object_set_new(v, "records", json_integer((json_int_t)inv_seen_count(im->seen)));
	json_write(v, &out);
	puts(out.p);
	buf_release(&out);
	json_decref(v);
}

static int run(struct importing *im, struct err *e)
{
	bool check = cli_flag(im->c, "check");
	const json_t *list = inv_list(im->c, im->list, e);
	json_t *answer = NULL;
	int rc = -1;

	if (list == NULL)
		return -1;
	im->seen = inv_seen_new(json_is_true(json_member(list, "foldCase", 0)));
	if (!check && begin(im, cli_flag(im->c, "merge"), e) < 0)
		return -1;
	if (read_all(im, e) == 0) {
		answer = check ? NULL : commit(im, e);
		rc = check || answer != NULL ? 0 : -1;
	}
	if (rc < 0)
		give_up(im);
	else
		print_answer(im, answer);
	json_decref(answer);
	return rc;
}

int inventory_import(struct cli *c)
{
	struct importing im = {.c = c, .list = c->args[0]};
	struct err e = ERR_INIT;
	int rc = read_options(&im, c->args[1], &e);

	if (rc < 0 || inv_source_open(&im.src, c->args[1], &e) < 0)
		return cli_fail(c, &e);
	im.src.interrupted = &interrupted;
	catch_signals(true);
	rc = run(&im, &e);
	catch_signals(false);
	inv_source_close(&im.src);
	inv_seen_free(im.seen);
	buf_release(&im.lines);
	return rc < 0 ? cli_fail(c, &e) : output_end(c);
}

const struct cli_opt inventory_import_opts[] = {
	{"format", "FORMAT", "csv, json, jsonl or yaml (default: by the file's ending)", false,
	 false},
	{"key", "NAME", "column or member that is the key (default: see above)", false, false},
	{"list", "COLUMN", "column of CSV whose cells are lists: a|b", true, false},
	{"replace", NULL, "the file is the whole list (default)", false, false},
	{"merge", NULL, "the file's records are put over the list's, the others stay", false,
	 false},
	{"allow-empty", NULL, "a file without records empties the list", false, false},
	{"check", NULL, "read and check the file, import nothing", false, false},
	{NULL, NULL, NULL, false, false},
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CLI_INVENTORY_H
#define SIGNET_CLI_INVENTORY_H

#include "cli/cli.h"
#include "codec/inventory.h"

/* inventory.h - what the files of `signet inventory` share. */

/* ---- inventory_source.c: a file of any size, through a window ---- */
struct inv_source {
	const char *name; /* for messages */
	int fd;		  /* -1: the window holds all there is */
	struct buf window;
	size_t at; /* what comes next, in the window */
	bool ended;
	unsigned line;				  /* of what comes next, from 1 */
	uint64_t read, size;			  /* bytes that came; of the file, 0: not known */
	const volatile sig_atomic_t *interrupted; /* reading ends when it is set; may be NULL */
};
/* "-" is standard input. */
int inv_source_open(struct inv_source *s, const char *path, struct err *e) NODISCARD;
/* Text that is there already, copied; for tests. */
void inv_source_text(struct inv_source *s, const char *name, struct str text);
void inv_source_close(struct inv_source *s);
/* What is left in the window; may be empty though more comes. */
struct str inv_rest(const struct inv_source *s);
/* Reads more. 1: there is more now, 0: that was all, -1. */
int inv_more(struct inv_source *s, struct err *e) NODISCARD;
void inv_skip(struct inv_source *s, size_t n); /* counts lines */
/* The next line without its end: 1, 0 at the end, -1. Lives until the next call. */
int inv_line(struct inv_source *s, struct str *out, struct err *e) NODISCARD;
/* "FILE:LINE: ..." */
int inv_error(const struct inv_source *s, unsigned line, struct err *e, const char *fmt, ...)
	PRINTF(4, 5);
/* Puts FILE:LINE before what json_parse or a check said of text that begins in this line. */
int inv_wrap(const struct inv_source *s, unsigned line, struct err *e);

/* ---- inventory_read.c: records of a file ---- */
enum inv_format { INV_NONE, INV_CSV, INV_JSON, INV_JSONL, INV_YAML };
/* By its name ("csv"), else by a file's ending. */
enum inv_format inv_format_of(const char *name, const char *path);
#define INV_LISTS_MAX CLI_MAX_OPTS
struct inv_options {
	enum inv_format format;
	const char *key;		  /* column or member that is the key; NULL: see below */
	const char *lists[INV_LISTS_MAX]; /* columns of CSV whose cells are lists: a|b */
	size_t n_lists;
};
struct inv_sink {
	/* A record that keeps the rules; `attributes` is the text that is stored. */
	int (*record)(struct inv_sink *s, struct str key, struct str attributes, unsigned line,
		      struct err *e);
};
/*
 * All records, one after the other, in bounded memory; errors name file and line. The key is what
 * options.key names; else in CSV the first column, in objects the member "_key", else "key". Where
 * an object holds the records, its members' names are the keys.
 */
int inv_read(struct inv_source *s, const struct inv_options *o, struct inv_sink *sink,
	     struct err *e) NODISCARD;

/* Each reads its format; called by inv_read. */
struct inv_reader {
	struct inv_source *src;
	const struct inv_options *options;
	struct inv_sink *sink;
	struct buf attributes; /* scratch */
};
int inv_read_csv(struct inv_reader *r, struct err *e) NODISCARD;   /* inventory_csv.c */
int inv_read_json(struct inv_reader *r, struct err *e) NODISCARD;  /* inventory_json.c */
int inv_read_jsonl(struct inv_reader *r, struct err *e) NODISCARD; /* there too */
int inv_read_yaml(struct inv_reader *r, struct err *e) NODISCARD;  /* inventory_yaml.c */
/* To the sink: attributes are checked and written. */
int inv_put(struct inv_reader *r, struct str key, const json_t *attributes, unsigned line,
	    struct err *e) NODISCARD;
/* The same for an object that has its key as a member, which is taken out. */
int inv_put_object(struct inv_reader *r, json_t *o, unsigned line, struct err *e) NODISCARD;
/* The name of the member that is the key of this object. */
const char *inv_key_member(const struct inv_reader *r, const json_t *o);

/* ---- inventory_seen.c: which keys came already, 16 bytes each ---- */
struct inv_seen;
struct inv_seen *inv_seen_new(bool fold);
void inv_seen_free(struct inv_seen *s);
unsigned inv_seen_add(struct inv_seen *s, struct str key, unsigned line); /* 0, or the first line */
uint64_t inv_seen_count(const struct inv_seen *s);

/* ---- inventory_call.c: requests ---- */
/* "/control/v1/inventories/LIST" and what follows; in the arena. */
const char *inv_path(struct cli *c, const char *list, const char *more);
const char *inv_key_path(struct cli *c, const char *list, const char *key);
/* The list itself, without records; new reference, freed with the arena. */
json_t *inv_list(struct cli *c, const char *list, struct err *e) NODISCARD;
/* Calls fn for each page of records until `limit` are through; fn may stop with 1. */
struct inv_pages {
	struct cli *c;
	const char *list, *prefix; /* prefix may be NULL */
	uint64_t limit;
	struct buf cursor; /* where to begin, and afterwards where to go on; the caller's */
	bool same;	   /* an error when all records were replaced meanwhile */
	struct buf edition;
	uint64_t n; /* records so far */
};
int inv_pages_run(struct inv_pages *p, int (*fn)(void *arg, const json_t *page, struct err *e),
		  void *arg, struct err *e) NODISCARD;
void inv_pages_release(struct inv_pages *p);

/* ---- the subcommands ---- */
int inventory_import(struct cli *c); /* inventory_import.c */
int inventory_export(struct cli *c); /* inventory_export.c */
int inventory_list(struct cli *c);   /* inventory_list.c */
extern const struct cli_opt inventory_import_opts[], inventory_export_opts[], inventory_list_opts[];
void inv_print_json(const json_t *v); /* cmd_inventory.c */

/* ---- inventory_export.c ---- */
/* A cell of CSV (RFC 4180); an empty text is "", so that it differs from no text. Appends. */
void inv_csv_cell(struct buf *out, struct str s, bool present, bool last);

#endif

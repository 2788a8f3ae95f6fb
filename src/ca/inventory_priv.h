/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CA_INVENTORY_PRIV_H
#define SIGNET_CA_INVENTORY_PRIV_H

#include "ca/inventory.h"

/* What the files inventory*.c share. */

#define INVENTORY_READ_MS    30000
#define INVENTORY_COMMIT_MS  60000
#define INVENTORY_LISTS	     1000U
#define INVENTORY_GENERATION 8 /* bytes */

/* ---- inventory.c ---- */
int inventory_list_decode(struct str name, struct str value, uint64_t version, struct arena *a,
			  struct rec_inventory *rec, struct inventory_list *info,
			  struct err *e) NODISCARD;
/* What store_get() says of a list; ERR_NOT_FOUND tells what to do. */
int inventory_list_take(struct str name, const struct store_get *g, struct rec_inventory *rec,
			struct inventory_list *info, struct err *e) NODISCARD;
struct str inventory_row_key(struct arena *a, uint64_t generation, bool fold, struct str key);
/* Reads a list's row; the next step finds it in *g. */
void inventory_list_get(struct ca *ca, struct str name, struct store_get *g, struct arena *a,
			struct flow *f);
/* A generation that no list ever had. */
uint64_t inventory_new_generation(void);
void inventory_put_list(struct store_batch *b, struct str name, const struct rec_inventory *rec,
			uint64_t version);
void inventory_audit(struct store_batch *b, const char *event, struct str actor, struct str detail,
		     struct str request_id);

/* ---- inventory_rows.c: lines of an add, decoded and encoded off the loop ---- */
struct inventory_row {
	size_t key, key_n;     /* in bytes: the row's key without its generation */
	size_t value, value_n; /* the encoded record */
	unsigned line;	       /* of the text, from 1 */
};
struct inventory_rows {
	struct buf bytes;
	struct inventory_row *rows;
	size_t n, cap;
};
/* -1: which line, and what is wrong with it. Sorted by key; no key twice. Any thread. */
int inventory_rows_read(struct str text, bool fold, uint64_t version, int64_t now,
			struct inventory_rows *out, struct err *e) NODISCARD;
void inventory_rows_release(struct inventory_rows *r);

/* ---- inventory_sweep.c: the imports that are open ---- */
struct open_import {
	char id[INVENTORY_ID_SIZE]; /* "": the place is free */
	char list[INVENTORY_NAME_MAX + 1];
	bool merge, busy, fold_case;
	uint64_t generation; /* of the rows that are added */
	uint64_t base;	     /* the list's version at the beginning */
	uint64_t records, bytes;
	uint64_t touched_ms;
};
/* A free place, or NULL with *e. The generation is kept from being swept from now on. */
struct open_import *inventory_import_open(struct ca *ca, uint64_t generation, struct err *e);
struct open_import *inventory_import_find(struct ca *ca, struct str list, struct str id,
					  struct err *e);
void inventory_import_close(struct ca *ca, struct open_import *i); /* its rows may go, or stay */
void inventory_sweep_soon(struct ca *ca);
/* A generation that was just made: a pass that is under way does not know it. */
void inventory_generation_keep(struct ca *ca, uint64_t generation);
/* The commit that makes it a list's may be done later: it is not swept by this process. */
void inventory_generation_doubt(struct ca *ca, uint64_t generation);

/* ---- inventory_merge.c: the records of an import put over those of the list ---- */
struct inventory_merge {
	/* in */
	struct ca *ca;
	const struct open_import *import;
	struct rec_inventory list;
	/* out */
	bool small;	  /* b holds everything but the list's row */
	uint64_t records; /* of the list afterwards */
	struct store_batch *b;
	/* state */
	struct flow flow;
	struct inventory_merge_state *st;
};
void inventory_merge_init(struct inventory_merge *m, struct arena *arena);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CA_INVENTORY_H
#define SIGNET_CA_INVENTORY_H

#include "ca/ca.h"
#include "codec/inventory.h"

/*
 * inventory.h - named lists of records (key and attributes), which templates and policy read. Child
 * flows, as the rest of this folder; what a name, a key and attributes may be is in
 * codec/inventory.h.
 *
 * How it is stored, and why readers see a list before or after an import, never between:
 * ca/inventory.c.
 */

/* ---- records (ca/inventory.c) ---- */
struct rec_inventory { /* cf inventory, key: the list's name; its version in the store counts */
	struct str kind;
	bool fold_case;	     /* keys are compared with ASCII case folded */
	uint64_t generation; /* its records' rows begin with it */
	uint64_t count;
	int64_t created, changed;
};
struct rec_inventory_record {  /* cf inventory_record, key: generation (u64) + key as compared */
	struct str key;	       /* as it was given */
	struct str attributes; /* JSON text of an object */
	uint64_t version;      /* the list's version when it was written */
	int64_t changed;
};
extern const struct rec_type_info rec_inventory_info, rec_inventory_record_info;

/* What is told of a list. */
struct inventory_list {
	struct str name, kind;
	bool fold_case;
	uint64_t version; /* grows with every change of it or of a record */
	uint64_t count;
	uint64_t edition; /* another one after an import: all records may be others */
	int64_t created, changed;
};

/* ---- one record: what ca/issue asks for ---- */
struct inventory_get {
	/* in */
	struct ca *ca;
	struct str list, key;
	/* out, in the flow's arena. An unknown list: ERR_NOT_FOUND; an unknown key: found false. */
	bool found;
	json_t *record;	 /* the attributes, and "_key": the key as it is stored; borrowed */
	struct str text; /* the attributes as stored */
	struct str stored_key;
	uint64_t version;
	int64_t changed;
	/* state */
	struct flow flow;
	struct inventory_get_state *st;
};
void inventory_get_init(struct inventory_get *g, struct arena *arena);

/* ---- looking ---- */
struct inventory_lists {
	/* in */
	struct ca *ca;
	/* out, in the flow's arena: all of them, by name */
	struct inventory_list *lists;
	size_t n;
	/* state */
	struct flow flow;
	struct store_page page;
	struct arena *arena;
	size_t cap;
	bool reading;
};
void inventory_lists_init(struct inventory_lists *l, struct arena *arena);

/*
 * Records in the order of their (folded) keys. A page ends after `limit` records or 256 KiB. What
 * is changed meanwhile makes nothing come twice; compare list.edition of two pages to know that
 * they are of one import.
 */
struct inventory_page {
	/* in */
	struct ca *ca;
	struct str list;
	struct str prefix; /* of the key; empty: all */
	unsigned limit;	   /* 1 to 1,000 */
	struct str cursor;
	/* out, in the flow's arena */
	struct inventory_list info;
	struct rec_inventory_record *records;
	size_t n;
	struct str next; /* cursor as text; empty: that was all */
	/* state */
	struct flow flow;
	struct inventory_page_state *st;
};
void inventory_page_init(struct inventory_page *p, struct arena *arena);

/* ---- changing: each is one commit, with its audit entry ---- */
enum inventory_act {
	INVENTORY_CREATE, /* kind (empty: "free"), fold_case; ERR_CONFLICT when it is there */
	INVENTORY_DROP,	  /* the list with all records */
	INVENTORY_SET,	  /* key, attributes */
	INVENTORY_UNSET	  /* key; ERR_NOT_FOUND when it is not there */
};
struct inventory_change {
	/* in */
	struct ca *ca;
	enum inventory_act act;
	struct str list, key;
	struct str kind;
	bool fold_case;
	const json_t *attributes; /* borrowed */
	/*
	 * SET and UNSET: the record must have this version (0: must not be there), else
	 * ERR_CONFLICT.
	 */
	bool has_if_version;
	uint64_t if_version;
	struct str actor, request_id;
	/* out */
	struct inventory_list info; /* after the change; DROP: before it */
	bool created;		    /* SET: the record is new */
	/* state */
	struct flow flow;
	struct inventory_change_state *st;
};
void inventory_change_init(struct inventory_change *c, struct arena *arena);

/*
 * ---- importing (ca/inventory_import.c) ----
 * begin, any number of adds, then commit or drop. Nothing is seen by anybody before commit, which
 * is one write. An import that nobody touches for INVENTORY_IDLE_MS is dropped, as is one whose add
 * or commit failed; at most INVENTORY_IMPORTS are open. When the list was changed since begin,
 * commit is refused (ERR_CONFLICT) and changes nothing.
 */
#define INVENTORY_IMPORTS 4U
#define INVENTORY_IDLE_MS 120000U
#define INVENTORY_ID_SIZE 33 /* 32 hex digits */

enum inventory_import_act { INVENTORY_BEGIN, INVENTORY_ADD, INVENTORY_COMMIT, INVENTORY_ABANDON };
struct inventory_import {
	/* in */
	struct ca *ca;
	enum inventory_import_act act;
	struct str list;
	bool merge;	 /* BEGIN: the records are put over the list's; else they are the list */
	struct str id;	 /* the others */
	struct str text; /* ADD: lines of codec/inventory.h, at most INVENTORY_ADD_MAX bytes */
	uint64_t expect; /* COMMIT: how many records were added */
	struct str actor, request_id;
	/* out */
	char new_id[INVENTORY_ID_SIZE]; /* BEGIN */
	uint64_t records;		/* ADD: of this import so far */
	struct inventory_list info;	/* BEGIN: as it is; COMMIT: as it is now */
	/* state */
	struct flow flow;
	struct inventory_import_state *st;
};
void inventory_import_init(struct inventory_import *i, struct arena *arena);

/*
 * ---- in the background (ca/inventory_sweep.c): rows of generations that no list has any more, of
 * replaced lists and imports that were not finished, are removed; idle imports are dropped ----
 */
struct inventory_keeper;
struct inventory_keeper *inventory_keeper_new(struct ca *ca);
void inventory_keeper_stop(struct inventory_keeper *k); /* NULL is fine, as below */
bool inventory_keeper_busy(const struct inventory_keeper *k);
void inventory_keeper_free(struct inventory_keeper *k); /* not while it is busy */
/* For tests: nothing is left to be removed. */
bool inventory_keeper_idle(const struct inventory_keeper *k);

#endif

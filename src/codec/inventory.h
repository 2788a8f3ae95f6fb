/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CODEC_INVENTORY_H
#define SIGNET_CODEC_INVENTORY_H

#include "codec/json.h"

/*
 * inventory.h - what a record of an inventory may be: the rules that the command checks, line by
 * line, before it sends anything, and that the daemon checks again.
 *
 * A list's name is [a-z0-9][a-z0-9._-]{0,63}. A key is 1 to 255 bytes of UTF-8 without control
 * characters, and is taken as it is: nothing is trimmed or normalised. Attributes are a JSON object
 * of at most 16 KiB as it is stored (compact, as json_write), 8 deep, with 1,500 values; the names
 * of members are 1 to 255 bytes without control characters, strings hold no U+0000, and no
 * attribute is called "_key", which is what a record's key is called beside its attributes.
 */
#define INVENTORY_NAME_MAX	 64
#define INVENTORY_KEY_MAX	 255
#define INVENTORY_ATTRIBUTES_MAX (16U << 10)
#define INVENTORY_DEPTH_MAX	 8U
#define INVENTORY_VALUES_MAX	 1500U
#define INVENTORY_LINE_MAX	 (64U << 10) /* a record's text before it is stored */
#define INVENTORY_ADD_MAX	 (1U << 20)  /* one call of an import */
#define INVENTORY_RECORDS_MAX	 10000000U   /* of a list */
#define INVENTORY_KEY_MEMBER	 "_key"

/* Of a record's text before it is checked: it bounds the work, the rules above are stricter. */
extern const struct json_limits inventory_line_limits;
/* "free" first, which is the default; NULL-terminated. Kinds are for people to see. */
extern const char *const inventory_kinds[];

bool inventory_name_valid(struct str name);
bool inventory_kind_valid(struct str kind);
int inventory_name_check(struct str name, struct err *e) NODISCARD;
int inventory_key_check(struct str key, struct err *e) NODISCARD;
/* Checks, and appends the text that is stored. On failure nothing is appended. */
int inventory_attributes_write(const json_t *attributes, struct buf *out, struct err *e) NODISCARD;
/* The key as a list that folds case compares it: ASCII letters in lower case. Appends. */
void inventory_key_fold(struct str key, struct buf *out);
/*
 * A line of an import: {"key":KEY,"attributes":ATTRIBUTES} and '\n'; `attributes` is what
 * inventory_attributes_write() gave. Appends.
 */
void inventory_line_write(struct str key, struct str attributes, struct buf *out);

#endif

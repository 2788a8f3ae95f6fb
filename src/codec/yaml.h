/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CODEC_YAML_H
#define SIGNET_CODEC_YAML_H

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"

#include <jansson.h>

/*
 * YAML, one document, read into a json_t tree of objects, arrays and *strings*: scalars are typed
 * later by the schema (conf) or by yaml_core_value. Refused: aliases, anchors, tags other than
 * !!str, duplicate keys, keys that are not scalars, more than 1 MiB, depth over 32, over 20,000
 * values. A plain (unquoted) scalar is remembered as such.
 */
struct yaml_doc {
	char *file;	  /* for messages */
	json_t *root;	  /* an empty document is an empty object */
	struct map *info; /* json_t address -> line and style */
};

int yaml_parse(const char *file, struct str text, struct yaml_doc *out,
	       struct err *e) NODISCARD; /* "file:line:column: what" */
int yaml_read(const char *path, struct yaml_doc *out, struct err *e) NODISCARD;
void yaml_release(struct yaml_doc *d);
unsigned yaml_line(const struct yaml_doc *d, const json_t *v); /* 1-based; 0 unknown */
unsigned yaml_key_line(const struct yaml_doc *d, const json_t *object, const char *key);
bool yaml_is_plain(const struct yaml_doc *d, const json_t *v);
/*
 * Deep copy with plain scalars resolved by the YAML 1.2 core schema: null, true/false, integers,
 * floats. New reference.
 */
json_t *yaml_core_value(const struct yaml_doc *d, const json_t *v);
/*
 * The other way (yaml_write.c): an object or array as a block of lines for people, members in their
 * order, strings quoted where YAML would read something else. yaml_parse and yaml_core_value give
 * an equal tree back, for trees within their limits. A string must be UTF-8 without NUL. Appends.
 */
void yaml_write(const json_t *v, struct buf *out);

#endif

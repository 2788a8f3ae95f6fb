/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_TMPL_VALUE_H
#define SIGNET_TMPL_VALUE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include <jansson.h>

/*
 * value.h - values of the template language: what Go's reflect.Value is there.
 *
 * A value has a dynamic type, and says whether it stands in a slot of type interface {} (an element
 * of a JSON object or list, a result declared `any`): text/template's messages and its rules for
 * arguments depend on it. All memory is the run's arena; nothing is freed one by one. Values are
 * passed by value. Lists are immutable views; maps are shared by pointer and may be changed by
 * `set` and `unset` while the run lasts, so a map never belongs to two runs.
 */
enum tv_kind { /* reflect.Kind; the names are tv_kind_name()'s */
	TV_INVALID,
	TV_BOOL,
	TV_INT,
	TV_INT32,
	TV_INT64,
	TV_UINT8,
	TV_UINT32,
	TV_UINT64,
	TV_FLOAT64,
	TV_COMPLEX128,
	TV_STRING,
	TV_INTERFACE, /* only as the type of a slot */
	TV_SLICE,
	TV_ARRAY,
	TV_MAP,	   /* keys are strings */
	TV_STRUCT, /* fields by the type's table */
	TV_PTR,	   /* to a struct: fields and methods are those of elem */
	TV_FUNC
};

struct tv;
struct tmpl_func;

/* A field of a struct. `get` may allocate; self->p is what the value was made with. */
struct tv_field {
	const char *name; /* Go's */
	const char *json; /* NULL: not in JSON */
	bool omit_empty;  /* in JSON */
	struct tv (*get)(const struct tv *self, struct arena *a);
};

struct tv_type {
	const char *name; /* as %T prints it: "[]interface {}", "time.Time", "*rsa.PublicKey" */
	enum tv_kind kind;
	const struct tv_type *elem;    /* of a slice, map, pointer */
	const struct tv_field *fields; /* ends with a NULL name; TV_STRUCT */
	const struct tmpl_func
		*methods; /* func.h; ends with a NULL name; args[0] is the receiver */
	/* fmt.Stringer (or error): what %v and %s print. NULL: by kind. */
	void (*string)(const struct tv *v, struct buf *out);
	/* json.Marshaler. NULL: by kind. -1: `why` has the text of Go's error. */
	int (*json)(const struct tv *v, struct buf *out, struct buf *why);
	/* == of two values of this type, for struct types that can be compared. NULL: they cannot
	 */
	bool (*equal)(const struct tv *a, const struct tv *b);
	/* fmt.Formatter: prints for this verb; false: as if it were not there. */
	bool (*format)(const struct tv *v, uint32_t verb, struct buf *out);
};

struct tv_map;
struct tv {
	const struct tv_type *type; /* NULL: nil */
	bool iface; /* in an interface slot; with type NULL: a nil interface, else Go's zero Value
		     */
	bool nil;   /* a nil slice, map or pointer of `type` */
	union {
		bool b;
		int64_t i;  /* TV_INT, TV_INT32, TV_INT64 */
		uint64_t u; /* TV_UINT8, TV_UINT32, TV_UINT64 */
		double f;
		double c[2]; /* real, imaginary */
		struct str s; /* TV_STRING, and a slice of type tv_bytes */
		struct {
			const struct tv *items; /* iface is set on those of a []interface {} */
			size_t n;
		} list;
		struct tv_map *map;
		const void *p; /* TV_STRUCT, TV_PTR: the type's own */
	};
};

/* The types that the language itself makes. */
extern const struct tv_type tv_type_bool, tv_type_int, tv_type_int32, tv_type_int64, tv_type_uint8,
	tv_type_uint32, tv_type_uint64, tv_type_float64, tv_type_complex128, tv_type_string,
	tv_type_any /* interface {} */, tv_type_list /* []interface {} */,
	tv_type_strings /* []string */, tv_type_ints /* []int */, tv_type_bytes /* []uint8 */,
	tv_type_lists /* [][]interface {} */, tv_type_map /* map[string]interface {} */,
	tv_type_string_map /* map[string]string */;

/* ---- making ---- */
static inline struct tv tv_nil(void) /* Go's zero Value: an absent key */
{
	return (struct tv){0};
}
static inline struct tv tv_null(void) /* a nil interface {} */
{
	return (struct tv){.iface = true};
}
static inline struct tv tv_bool(bool b)
{
	return (struct tv){.type = &tv_type_bool, .b = b};
}
static inline struct tv tv_int(int64_t i) /* Go's int */
{
	return (struct tv){.type = &tv_type_int, .i = i};
}
static inline struct tv tv_int64(int64_t i)
{
	return (struct tv){.type = &tv_type_int64, .i = i};
}
static inline struct tv tv_float(double f)
{
	return (struct tv){.type = &tv_type_float64, .f = f};
}
static inline struct tv tv_str(struct str s) /* borrowed: lives as long as the run */
{
	return (struct tv){.type = &tv_type_string, .s = s};
}
/* items are borrowed; `type` is a slice type. For tv_type_list set iface on the items (tv_any). */
static inline struct tv tv_list(const struct tv_type *type, const struct tv *items, size_t n)
{
	return (struct tv){.type = type, .list = {.items = items, .n = n}};
}
static inline struct tv tv_nil_list(const struct tv_type *type)
{
	return (struct tv){.type = type, .nil = true};
}
static inline struct tv tv_of(const struct tv_type *type, const void *p) /* struct or pointer */
{
	return (struct tv){.type = type, .p = p, .nil = p == NULL && type->kind == TV_PTR};
}
/* The same value in a slot of type interface {} (an element of a list or map, an `any` result). */
static inline struct tv tv_any(struct tv v)
{
	v.iface = true;
	return v;
}
/* Out of its slot: reflect's Elem(). A nil interface becomes the zero Value. */
static inline struct tv tv_bare(struct tv v)
{
	v.iface = false;
	return v;
}
/* []string of n texts, borrowed. */
struct tv tv_strings(struct arena *a, const struct str *items, size_t n);

static inline enum tv_kind tv_kind(struct tv v) /* of the value itself, not of its slot */
{
	return v.type ? v.type->kind : TV_INVALID;
}
const char *tv_kind_name(enum tv_kind k); /* "int", "slice", "invalid" ... as Kind.String() */
/* As %T prints it: "<nil>" for nil. */
const char *tv_type_name(struct tv v);
static inline bool tv_is_string(struct tv v)
{
	return v.type != NULL && v.type->kind == TV_STRING;
}
/* A slice or array of uint8, whatever its name: its bytes are in `s`, not in `list`. */
static inline bool tv_is_bytes(struct tv v)
{
	return v.type != NULL && (v.type->kind == TV_SLICE || v.type->kind == TV_ARRAY) &&
	       v.type->elem == &tv_type_uint8;
}
/* Go's len: of a text (bytes), slice, array or map; 0 for others and nil ones. */
size_t tv_count(struct tv v);
/* Element i < tv_count() of a slice, array or text, `iface` as its slot has it. */
struct tv tv_item(struct tv v, size_t i);

/* ---- maps ---- */
/* Entries are kept in byte order of their keys: that is Go's order of range and printing. */
struct tv_entry {
	struct str key;
	struct tv value;
};
struct tv_map {
	const struct tv_type *type;
	struct tv_entry *entries;
	size_t n, cap;
	struct arena *arena;
};
struct tv tv_map_new(struct arena *a, const struct tv_type *type, size_t room);
/* Replaces or inserts; the key is borrowed. iface is set as the map's type asks. */
void tv_map_set(struct tv_map *m, struct str key, struct tv v);
const struct tv *tv_map_get(const struct tv_map *m, struct str key); /* NULL: absent */
bool tv_map_unset(struct tv_map *m, struct str key);
/* For many at once: append all, then sort once; of repeated keys the last one stays. */
void tv_map_append(struct tv_map *m, struct str key, struct tv v);
void tv_map_sort(struct tv_map *m);

/* ---- JSON ---- */
/*
 * As encoding/json decodes into an interface: all numbers float64, objects map[string]interface {}.
 * Copies all. The depth of `v` is bounded by whoever parsed it.
 */
struct tv tv_from_json(const json_t *v, struct arena *a);
/*
 * json.Marshal: keys sorted, Go's number form, < > & U+2028 U+2029 escaped unless `raw`; `indent`
 * as sprig's toPrettyJson. -1: `why` has Go's text ("json: unsupported type: ...").
 */
enum { TV_JSON_RAW = 1, TV_JSON_INDENT = 2 };
int tv_to_json(struct tv v, unsigned flags, struct arena *a, struct buf *out, struct buf *why);
/*
 * json.Unmarshal into an interface; -1: `why` has Go's text, and *out what Go leaves in the
 * variable (nil, or for a number out of range all the rest). Bounded in depth (10,000 as Go),
 * without recursion on the C stack.
 */
int tv_parse_json(struct str text, struct arena *a, struct tv *out, struct buf *why);

/* ---- printing (print.c) ---- */
bool tv_truth(struct tv v, bool *ok); /* text/template's IsTrue; *ok false: it has none */
/*
 * %v. Respects out->limit, and sets out->failed as well when the value is nested too deep (a
 * cycle): look at it afterwards.
 */
void tv_print(struct tv v, struct arena *a, struct buf *out);
/* fmt.Sprintf, Sprint, Sprintln. Stops at `max` bytes: -1. */
int tv_sprintf(struct str format, const struct tv *args, size_t n, size_t max, struct arena *a,
	       struct buf *out);
int tv_sprint(const struct tv *args, size_t n, size_t max, struct arena *a, struct buf *out);
int tv_sprintln(const struct tv *args, size_t n, size_t max, struct arena *a, struct buf *out);
void tv_quote(struct str s, struct buf *out); /* strconv.Quote: %q */
void tv_float_text(double f, char fmt, int precision, struct buf *out); /* strconv.FormatFloat 64 */
/*
 * sprig's strval: string, []byte, error, Stringer, else %v. Cut at TV_TEXT_MAX; functions use
 * tmpl_text() (func.h), which makes that an error.
 */
enum { TV_TEXT_MAX = 1 << 20 };
struct str tv_text(struct tv v, struct arena *a);
struct str tv_text_within(struct tv v, size_t max, struct arena *a, bool *cut);

/* ---- comparing (compare.c) ---- */
bool tv_deep_equal(struct tv a, struct tv b); /* reflect.DeepEqual */
/* The same, taking one of *left for each value looked at; unequal when there is none left. */
bool tv_deep_equal_within(struct tv a, struct tv b, size_t *left);

#endif

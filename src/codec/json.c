/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/arena.h"
#include "base/bug.h"
#include "base/map.h"
#include "base/mem.h"
#include "codec/json.h"

/*
 * json.c - reading JSON.
 *
 * 1. scan() walks the bytes once, without recursion, telling strings from structure. It bounds
 * depth and the number of values,
 *    counts members, and finds where the first value ends. It proves nothing about grammar.
 * 2. jansson parses exactly that value. Its messages quote the text near the fault, which may be
 * a password: only
 *    its position and error code are used.
 * 3. jansson keeps one member a key, with the last value but at the *first* one's position. When
 * the tree holds fewer members
 *    than scan() counted and duplicates are not refused, move_duplicates() blanks all but the
 *    last in a copy of the text, which is
 *    known to be valid by then, and it is parsed again: so that members stand in the order of the
 *    text, which is what "the last
 *    one wins" needs when json_member() folds case ({"a":1,"A":2,"a":3}: 3). This second pass
 *    costs linear time.
 *    With JSON_REFUSE_DUPLICATES jansson refuses equal keys, and unique_folded() those that
 *    differ in ASCII case alone.
 *
 * Any thread; nothing is shared.
 */

const struct json_limits json_limits_request = {
	.max_bytes = 64 << 10, .max_depth = 32, .max_values = 2000};

#define DEPTH_MAX 256 /* of any limit: what follows recursively relies on it */

struct scan {
	struct str text;
	size_t i;
	size_t depth, values, members;
	bool fresh; /* behind an opening bracket: what comes next is a first element */
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_structure(char c)
{
	return c == '{' || c == '}' || c == '[' || c == ']' || c == ',' || c == ':' || c == '"';
}

/* Moves behind the string that begins at i, or to the end. */
static void skip_string(struct scan *s)
{
	for (s->i++; s->i < s->text.n; s->i++) {
		if (s->text.p[s->i] == '\\') {
			s->i++;
		} else if (s->text.p[s->i] == '"') {
			s->i++;
			return;
		}
	}
	s->i = s->text.n;
}

static void skip_word(struct scan *s)
{
	while (s->i < s->text.n && !is_space(s->text.p[s->i]) && !is_structure(s->text.p[s->i]))
		s->i++;
}

static void first_element(struct scan *s)
{
	if (s->fresh)
		s->values++;
	s->fresh = false;
}

/* One token. */
static void step(struct scan *s)
{
	char c = s->text.p[s->i];

	if (c == '}' || c == ']') {
		s->fresh = false;
		if (s->depth > 0)
			s->depth--;
		s->i++;
		return;
	}
	first_element(s);
	if (c == '"') {
		skip_string(s);
	} else if (is_structure(c)) {
		s->i++;
		if (c == ',')
			s->values++;
		else if (c == ':')
			s->members++;
		else
			s->depth++;
		s->fresh = c == '{' || c == '[';
	} else {
		skip_word(s);
	}
}

static int scan(struct scan *s, const struct json_limits *lim, struct err *e)
{
	while (s->i < s->text.n && is_space(s->text.p[s->i]))
		s->i++;
	if (s->i == s->text.n)
		return ERR(e, ERR_INVALID, "JSON: empty");
	do {
		if (is_space(s->text.p[s->i])) {
			s->i++;
			continue;
		}
		step(s);
		if (s->depth > lim->max_depth)
			return ERR(e, ERR_INVALID, "JSON: nested deeper than %u", lim->max_depth);
		if (s->values > lim->max_values)
			return ERR(e, ERR_INVALID, "JSON: more than %zu values", lim->max_values);
	} while (s->depth > 0 && s->i < s->text.n);
	return 0;
}

static const char *reason(const json_error_t *je)
{
	switch (json_error_code(je)) {
	case json_error_premature_end_of_input:
		return "ends too early";
	case json_error_end_of_input_expected:
		return "text after the end";
	case json_error_invalid_utf8:
		return "not UTF-8";
	case json_error_duplicate_key:
		return "duplicate member";
	case json_error_numeric_overflow:
		return "number too large";
	case json_error_null_byte_in_key:
	case json_error_null_character:
		return "U+0000 in a member's name";
	case json_error_unknown:
	case json_error_out_of_memory:
	case json_error_stack_overflow:
	case json_error_cannot_open_file:
	case json_error_invalid_argument:
	case json_error_invalid_syntax:
	case json_error_invalid_format:
	case json_error_wrong_type:
	case json_error_null_value:
	case json_error_item_not_found:
	case json_error_index_out_of_range:
		break;
	}
	return "malformed";
}

static json_t *load(struct str text, unsigned flags, struct err *e)
{
	size_t how = JSON_DECODE_ANY | JSON_ALLOW_NUL;
	json_error_t je;
	json_t *v;

	if (flags & JSON_REFUSE_DUPLICATES)
		how |= JSON_REJECT_DUPLICATES;
	v = json_loadb(text.p, text.n, how, &je);
	if (v == NULL)
		ERR(e, ERR_INVALID, "JSON: line %d, column %d: %s", je.line, je.column,
		    reason(&je));
	return v;
}

/* Calls fn for each object in the tree, until it is false. */
static bool each_object(json_t *v, bool (*fn)(json_t *object, void *arg), void *arg)
{
	const char *key;
	json_t *child;
	size_t i;

	if (json_is_object(v)) {
		if (!fn(v, arg))
			return false;
		json_object_foreach(v, key, child) if (!each_object(child, fn, arg)) return false;
	} else if (json_is_array(v)) {
		json_array_foreach(v, i, child) if (!each_object(child, fn, arg)) return false;
	}
	return true;
}

static bool count_members(json_t *object, void *arg)
{
	*(size_t *)arg += json_object_size(object);
	return true;
}

static bool unique_folded(json_t *object, void *arg)
{
	struct map *seen = map_new();
	struct buf folded = BUF_INIT;
	bool unique = true;
	const char *key;
	json_t *v;

	(void)arg;
	json_object_foreach(object, key, v)
	{
		buf_reset(&folded);
		for (const char *p = key; *p != '\0'; p++)
			buf_putc(&folded, ascii_lower(*p));
		if (map_put(seen, buf_view(&folded), object) != NULL) {
			unique = false;
			break;
		}
	}
	buf_release(&folded);
	map_free(seen, NULL);
	return unique;
}

/* ---- all but the last of equal members, blanked ---- */

struct member {
	size_t start, comma; /* offsets: its key's quote, the comma behind it */
};
struct frame {
	struct map *keys; /* of an object; NULL: an array */
	struct member *current;
	bool key_next;
};
struct mover {
	struct scan s;
	char *copy;
	struct frame stack[DEPTH_MAX + 1];
	struct arena *arena;
};

/* The key at s.i, unescaped into the arena; the cursor moves behind it. */
static struct str take_key(struct mover *m)
{
	size_t start = m->s.i;
	struct str raw, out;
	json_t *v;

	skip_string(&m->s);
	raw = (struct str){m->s.text.p + start, m->s.i - start};
	if (!str_has(raw, '\\'))
		return (struct str){raw.p + 1, raw.n - 2};
	v = json_loadb(raw.p, raw.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	ENSURE(v != NULL);
	out = arena_str(m->arena, json_str_view(v));
	json_decref(v);
	return out;
}

static void note_member(struct mover *m, struct frame *f)
{
	struct member *now = ARENA_NEW(m->arena, struct member), *before;

	now->start = m->s.i;
	before = map_put(f->keys, take_key(m), now);
	if (before != NULL)
		memset(m->copy + before->start, ' ', before->comma - before->start + 1);
	f->current = now;
	f->key_next = false;
}

static void move_step(struct mover *m)
{
	struct frame *f = &m->stack[m->s.depth];
	size_t at = m->s.i;
	char c = m->s.text.p[at];

	if (c == '"' && f->keys != NULL && f->key_next) {
		note_member(m, f);
		return;
	}
	if (c == ',' && f->keys != NULL) {
		f->current->comma = at;
		f->key_next = true;
	} else if (c == '}') {
		map_free(f->keys, NULL);
		f->keys = NULL;
	}
	step(&m->s);
	if (c == '{')
		m->stack[m->s.depth] = (struct frame){.keys = map_new(), .key_next = true};
	else if (c == '[')
		m->stack[m->s.depth] = (struct frame){0};
}

/* text is one valid value. The result is freed with mem_free. */
static char *move_duplicates(struct str text)
{
	struct mover *m = NEW(struct mover);
	char *copy = mem_dup(text.p, text.n);

	m->s.text = text;
	m->copy = copy;
	m->arena = arena_new();
	while (m->s.i < text.n) {
		if (is_space(text.p[m->s.i]))
			m->s.i++;
		else
			move_step(m);
	}
	arena_free(m->arena);
	mem_free(m);
	return copy;
}

static json_t *settle_duplicates(json_t *v, struct str text, const struct scan *s, unsigned flags,
				 struct err *e)
{
	size_t members = 0;
	char *copy;

	if (flags & JSON_REFUSE_DUPLICATES) {
		if (!(flags & JSON_FOLD_KEYS) || each_object(v, unique_folded, NULL))
			return v;
		json_decref(v);
		ERR(e, ERR_INVALID, "JSON: members whose names differ only in case");
		return NULL;
	}
	each_object(v, count_members, &members);
	if (members == s->members)
		return v;
	json_decref(v);
	copy = move_duplicates(text);
	v = load((struct str){copy, text.n}, flags, e);
	mem_wipe(copy, text.n);
	mem_free(copy);
	return v;
}

json_t *json_parse(struct str text, const struct json_limits *lim, unsigned flags, struct err *e)
{
	struct scan s = {.text = text};
	json_t *v;

	ENSURE(lim->max_depth <= DEPTH_MAX);
	if (text.n > lim->max_bytes) {
		ERR(e, ERR_TOO_LARGE, "JSON: more than %zu bytes", lim->max_bytes);
		return NULL;
	}
	if (scan(&s, lim, e) != 0)
		return NULL;
	/* What is behind the first value is cut off, or left for jansson to refuse. */
	for (size_t i = s.i; !(flags & JSON_ALLOW_TRAILING) && i < text.n; i++) {
		if (!is_space(text.p[i])) {
			ERR(e, ERR_INVALID, "JSON: text after the end");
			return NULL;
		}
	}
	text.n = s.i;
	v = load(text, flags, e);
	if (v == NULL)
		return NULL;
	if ((flags & JSON_TOP_OBJECT) && !json_is_object(v)) {
		json_decref(v);
		ERR(e, ERR_INVALID, "JSON: must be an object");
		return NULL;
	}
	return settle_duplicates(v, text, &s, flags, e);
}

static void free_json(void *v)
{
	json_decref(v);
}

void json_free_with(json_t *v, struct arena *a)
{
	arena_on_free(a, free_json, v);
}

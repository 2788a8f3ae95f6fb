/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "conf/priv.h"

/*
 * follow.c - one signetd.yaml after another, while the daemon runs.
 *
 * Both are whole and checked. Walking the table, a value that differs is either `live`, and that of
 * the fresh file counts; or it is named, and nothing changes. What may not change is then taken
 * over from the first configuration of this process, pointers and all: authorities, listeners and
 * flows that are under way point to its strings and lists, so it lives as long as any that follow
 * it (`origin`). What is live may hold pointers of its own only to the fresh arena.
 *
 * A further key that may change is `.live = true` in its table; who uses its value must read it
 * from the present snapshot each time.
 */
#define NOT_NOW "cannot change while signetd runs; restart it"

struct follower {
	struct filler f; /* of the fresh file, for messages */
	const struct conf_at *up;
	const json_t *object; /* in the fresh file; NULL: it is not written there */
	unsigned line;	      /* where the object begins */
};

/* Bytes of a value in its struct. */
static size_t size_of(const struct conf_key *k)
{
	switch (k->type) {
	case CONF_STRING:
	case CONF_PATH:
		return sizeof(const char *);
	case CONF_BOOL:
		return sizeof(bool);
	case CONF_INT:
	case CONF_AUTO_INT:
	case CONF_DURATION:
		return sizeof(int64_t);
	case CONF_SIZE:
		return sizeof(uint64_t);
	case CONF_ENUM:
		return sizeof(int);
	case CONF_STRINGS:
	case CONF_PATHS:
		return sizeof(struct conf_strings);
	case CONF_OBJECTS:
		return sizeof(struct conf_objects);
	case CONF_OBJECT:
		return k->sub->size;
	case CONF_ANY:
		return sizeof(json_t *);
	}
	BUG("a type without a size");
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_list(const struct conf_strings *a, const struct conf_strings *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!same_text(a->items[i], b->items[i]))
			return false;
	return true;
}

/* Of everything but objects. */
static bool same_value(const struct conf_key *k, const void *a, const void *b)
{
	switch (k->type) {
	case CONF_STRING:
	case CONF_PATH:
		return same_text(*(const char *const *)a, *(const char *const *)b);
	case CONF_BOOL:
		return *(const bool *)a == *(const bool *)b;
	case CONF_INT:
	case CONF_AUTO_INT:
	case CONF_DURATION:
		return *(const int64_t *)a == *(const int64_t *)b;
	case CONF_SIZE:
		return *(const uint64_t *)a == *(const uint64_t *)b;
	case CONF_ENUM:
		return *(const int *)a == *(const int *)b;
	case CONF_STRINGS:
	case CONF_PATHS:
		return same_list(a, b);
	case CONF_ANY:
		return json_equal(*(json_t *const *)a, *(json_t *const *)b);
	case CONF_OBJECT:
	case CONF_OBJECTS:
		break;
	}
	BUG("not a single value");
}

static unsigned line_of(const struct follower *w, const char *key)
{
	unsigned line = w->object != NULL ? yaml_key_line(w->f.d, w->object, key) : 0;

	return line > 0 ? line : w->line;
}

static int compare_table(const struct follower *w, const struct conf_table *t, const void *running,
			 const void *fresh);

static int compare_objects(const struct follower *w, const struct conf_key *k,
			   const struct conf_at *at, const struct conf_objects *running,
			   const struct conf_objects *fresh)
{
	const json_t *list = w->object != NULL ? json_object_get(w->object, k->name) : NULL;

	if (running->n != fresh->n)
		return conf_bad(&w->f, at, line_of(w, k->name), NOT_NOW);
	for (size_t i = 0; i < fresh->n; i++) {
		const struct conf_at here = {.up = at, .index = i};
		const struct follower inner = {.f = w->f,
					       .up = &here,
					       .object = json_array_get(list, i),
					       .line = line_of(w, k->name)};
		size_t offset = i * k->sub->size;

		if (compare_table(&inner, k->sub, (const char *)running->items + offset,
				  (const char *)fresh->items + offset) != 0)
			return -1;
	}
	return 0;
}

static int compare_table(const struct follower *w, const struct conf_table *t, const void *running,
			 const void *fresh)
{
	for (const struct conf_key *k = t->keys; k->name != NULL; k++) {
		const struct conf_at at = {.up = w->up, .name = k->name, .index = CONF_AT_KEY};
		const void *a = (const char *)running + k->offset;
		const void *b = (const char *)fresh + k->offset;
		int rc = 0;

		if (k->live || k->unsupported != NULL)
			continue;
		if (k->type == CONF_OBJECT) {
			const struct follower inner = {
				.f = w->f,
				.up = &at,
				.object = w->object != NULL ? json_object_get(w->object, k->name)
							    : NULL,
				.line = line_of(w, k->name)};

			rc = compare_table(&inner, k->sub, a, b);
		} else if (k->type == CONF_OBJECTS) {
			rc = compare_objects(w, k, &at, a, b);
		} else if (!same_value(k, a, b)) {
			rc = conf_bad(&w->f, &at, line_of(w, k->name), NOT_NOW);
		}
		if (rc != 0)
			return rc;
	}
	return 0;
}

static void take_over(const struct conf_table *t, const void *first, void *fresh);

/* Both have as many (compare_objects). */
static void take_over_each(const struct conf_table *t, const struct conf_objects *first,
			   const struct conf_objects *fresh)
{
	for (size_t i = 0; i < fresh->n; i++)
		take_over(t, (const char *)first->items + i * t->size,
			  (char *)fresh->items + i * t->size);
}

/* All but what is live. */
static void take_over(const struct conf_table *t, const void *first, void *fresh)
{
	for (const struct conf_key *k = t->keys; k->name != NULL; k++) {
		const void *from = (const char *)first + k->offset;
		void *to = (char *)fresh + k->offset;

		if (k->live || (k->unsupported != NULL && k->type == CONF_ANY))
			continue;
		if (k->type == CONF_OBJECT)
			take_over(k->sub, from, to);
		else if (k->type == CONF_OBJECTS)
			take_over_each(k->sub, from, to);
		else
			memcpy(to, from, size_of(k));
	}
}

int conf_follow(struct conf *running, struct conf *fresh, struct err *e)
{
	struct conf *first = running->origin != NULL ? running->origin : running;
	const struct follower w = {.f = {.d = &fresh->doc, .a = fresh->arena, .e = e},
				   .object = fresh->doc.root,
				   .line = 1};

	ENSURE(fresh->origin == NULL && fresh != first);
	if (compare_table(&w, &conf_table_daemon, first, fresh) != 0)
		return -1;
	take_over(&conf_table_daemon, first, fresh);
	fresh->file = first->file;
	fresh->dir = first->dir;
	fresh->origin = conf_ref(first);
	return 0;
}

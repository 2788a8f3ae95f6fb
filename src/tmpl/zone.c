/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/file.h"
#include "base/mem.h"
#include "tmpl/time_priv.h"

#include <dirent.h>
#include <pthread.h>
#include <sys/stat.h>

/*
 * zone.c - the zone database (tzdata's TZif files, RFC 9636).
 *
 * All of it is read once, when the first template is compiled that may ask for a zone: at start-up
 * or at a reload, never on the loop. After that it does not change until the process ends, so runs
 * on any thread read it without a lock. A machine without tzdata has only UTC; every other name is
 * then unknown, which is what the functions make of a name with a typo, too.
 */
#define ZONES_DIR     "/usr/share/zoneinfo"
#define ZONE_FILE_MAX (64U << 10)
#define ZONES_MAX     2000
#define ZONES_DEPTH   4

struct zones {
	struct arena *arena;
	struct tmpl_zone *all; /* ascending by name */
	size_t n, cap;
};
static struct zones zones;			      /* state: filled once, see above */
static pthread_once_t zones_once = PTHREAD_ONCE_INIT; /* state: see above */
static bool zones_ready; /* state: set when zones is complete; runs may be under way */

const struct tmpl_zone zone_local = {.name = {"Local", 5}};

/* ---- reading a file ---- */
static bool take(struct str *s, size_t n, struct str *out)
{
	if (s->n < n)
		return false;
	*out = str_mem(s->p, n);
	*s = str_mem(s->p + n, s->n - n);
	return true;
}

static uint64_t big_endian(const char *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | (unsigned char)p[i];
	return v;
}

enum { UT_LOCAL, STD_WALL, LEAPS, TIMES, KINDS, CHARS, N_COUNTS };

/* The header's version ('\0', '2', '3' ...) and its six counts. */
static bool take_header(struct str *s, char *version, uint32_t counts[N_COUNTS])
{
	struct str h;

	if (!take(s, 44, &h) || memcmp(h.p, "TZif", 4) != 0)
		return false;
	*version = h.p[4];
	for (size_t i = 0; i < N_COUNTS; i++) {
		counts[i] = (uint32_t)big_endian(h.p + 20 + 4 * i, 4);
		if (counts[i] > ZONE_FILE_MAX)
			return false;
	}
	return true;
}

static bool fill_kinds(struct str table, struct str names, struct arena *a, struct tmpl_zone *out)
{
	size_t n = table.n / 6;
	struct zone_kind *kinds = ARENA_ARRAY(a, struct zone_kind, n);

	for (size_t i = 0; i < n; i++) {
		const char *p = table.p + 6 * i;
		size_t at = (unsigned char)p[5];
		if (at >= names.n)
			return false;
		kinds[i].offset = (int32_t)(uint32_t)big_endian(p, 4);
		/* RFC 9636 3.2: within -25 and +26 hours */
		if (kinds[i].offset < -25 * 3600 || kinds[i].offset > 26 * 3600)
			return false;
		kinds[i].dst = p[4] != 0;
		kinds[i].name = str_mem(names.p + at, strnlen(names.p + at, names.n - at));
	}
	out->kinds = kinds;
	out->n_kinds = n;
	return true;
}

static bool fill_times(struct str times, struct str indexes, size_t width, struct arena *a,
		       struct tmpl_zone *out)
{
	size_t n = indexes.n;
	int64_t *when = ARENA_ARRAY(a, int64_t, n + 1);

	for (size_t i = 0; i < n; i++) {
		uint64_t v = big_endian(times.p + width * i, width);
		when[i] = width == 4 ? (int64_t)(int32_t)(uint32_t)v : (int64_t)v;
		if ((unsigned char)indexes.p[i] >= out->n_kinds ||
		    (i > 0 && when[i] <= when[i - 1]))
			return false;
	}
	out->when = when;
	out->kind_at = n > 0 ? (const uint8_t *)(const void *)indexes.p
			     : arena_alloc(a, 1); /* one change, before all time */
	if (n == 0)
		when[0] = INT64_MIN;
	out->n = n > 0 ? n : 1;
	return true;
}

bool zone_parse(struct str s, struct arena *a, struct tmpl_zone *out)
{
	uint32_t c[N_COUNTS];
	struct str times, indexes, kinds, names, skip;
	size_t width = 4;
	char version;

	if (!take_header(&s, &version, c))
		return false;
	if (version >= '2') { /* the same again, in 64 bits */
		size_t old = (size_t)c[TIMES] * 5 + (size_t)c[KINDS] * 6 + c[CHARS] +
			     (size_t)c[LEAPS] * 8 + c[STD_WALL] + c[UT_LOCAL];
		if (!take(&s, old, &skip) || !take_header(&s, &version, c))
			return false;
		width = 8;
	}
	if (c[KINDS] == 0 || !take(&s, c[TIMES] * width, &times) || !take(&s, c[TIMES], &indexes) ||
	    !take(&s, (size_t)c[KINDS] * 6, &kinds) || !take(&s, c[CHARS], &names) ||
	    !take(&s, c[LEAPS] * (width + 4), &skip) || !take(&s, c[STD_WALL], &skip) ||
	    !take(&s, c[UT_LOCAL], &skip))
		return false;
	if (!fill_kinds(kinds, names, a, out) || !fill_times(times, indexes, width, a, out))
		return false;
	if (s.n > 2 && s.p[0] == '\n' && s.p[s.n - 1] == '\n')
		out->has_rule = zone_rule_parse(str_mem(s.p + 1, s.n - 2), &out->rule);
	return true;
}

/* ---- the folder ---- */
static void load_file(const char *path, const char *name)
{
	struct buf data = BUF_INIT;
	struct err e = ERR_INIT;
	struct tmpl_zone z = {0};

	if (zones.n < ZONES_MAX && file_read(path, ZONE_FILE_MAX, &data, &e) == 0 && data.n > 4 &&
	    memcmp(data.p, "TZif", 4) == 0) {
		struct str copy = arena_str(zones.arena, buf_view(&data));
		if (zone_parse(copy, zones.arena, &z)) {
			z.name = str_c(arena_strdup(zones.arena, name));
			if (zones.n == zones.cap) {
				zones.cap = zones.cap > 0 ? 2 * zones.cap : 512;
				zones.all = mem_realloc(zones.all, zones.cap * sizeof(z));
			}
			zones.all[zones.n++] = z;
		}
	}
	buf_release(&data);
}

static void load_folder(const char *path, const char *prefix, unsigned depth)
{
	DIR *d = opendir(path);
	struct stat st;

	if (d == NULL)
		return;
	for (const struct dirent *at; (at = readdir(d)) != NULL;) {
		/* posix/ and right/ hold all again; names of files that are no zones have dots */
		if (strchr(at->d_name, '.') != NULL || strcmp(at->d_name, "posix") == 0 ||
		    strcmp(at->d_name, "right") == 0)
			continue;
		char *file = mem_asprintf("%s/%s", path, at->d_name);
		char *name = mem_asprintf("%s%s", prefix, at->d_name);
		if (stat(file, &st) == 0) {
			if (S_ISREG(st.st_mode)) {
				load_file(file, name);
			} else if (S_ISDIR(st.st_mode) && depth < ZONES_DEPTH) {
				char *below = mem_asprintf("%s/", name);
				load_folder(file, below, depth + 1);
				mem_free(below);
			}
		}
		mem_free(file);
		mem_free(name);
	}
	closedir(d);
}

static int by_name(const void *a, const void *b)
{
	const struct tmpl_zone *x = a, *y = b;

	return str_cmp(x->name, y->name);
}

static void load_all(void)
{
	zones.arena = arena_new();
	load_folder(ZONES_DIR, "", 0);
	if (zones.n > 0)
		qsort(zones.all, zones.n, sizeof(zones.all[0]), by_name);
	__atomic_store_n(&zones_ready, true, __ATOMIC_RELEASE);
}

void tmpl_zones_load(void)
{
	pthread_once(&zones_once, load_all);
}

bool tmpl_func_needs_zones(struct str name)
{
	static const char *const names[] = {"date_in_zone", "dateInZone", "htmlDateInZone",
					    "parseTime", "mustParseTime"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eqc(name, names[i]))
			return true;
	return false;
}

/* ---- asking ---- */
int zone_find(struct str name, const struct tmpl_zone **out, struct buf *why)
{
	struct tmpl_zone key = {.name = name};

	*out = NULL;
	if (name.n == 0 || str_eqc(name, "UTC"))
		return 0;
	if (str_eqc(name, "Local")) {
		*out = &zone_local;
		return 0;
	}
	if (name.p[0] == '/' || name.p[0] == '\\' || memmem(name.p, name.n, "..", 2) != NULL) {
		buf_puts(why, "time: invalid location name");
		return -1;
	}
	if (str_starts(name, "posix/"))
		key.name = str_mem(name.p + 6, name.n - 6);
	if (__atomic_load_n(&zones_ready, __ATOMIC_ACQUIRE) && zones.n > 0)
		*out = bsearch(&key, zones.all, zones.n, sizeof(key), by_name);
	if (*out != NULL)
		return 0;
	buf_puts(why, "unknown time zone ");
	buf_str(why, name);
	return -1;
}

bool zone_same(const struct tmpl_zone *a, const struct tmpl_zone *b)
{
	return a == b || (a != NULL && b != NULL && a->hours && b->hours &&
			  a->kinds[0].offset == b->kinds[0].offset);
}

const struct tmpl_zone *zone_fixed(struct arena *a, struct str name, int32_t offset)
{
	struct tmpl_zone *z = ARENA_NEW(a, struct tmpl_zone);
	struct zone_kind *k = ARENA_NEW(a, struct zone_kind);

	*k = (struct zone_kind){.name = arena_str(a, name), .offset = offset};
	*z = (struct tmpl_zone){.name = k->name, .kinds = k, .n_kinds = 1};
	z->hours = name.n == 0 && offset % 3600 == 0 && offset >= -12 * 3600 && offset <= 14 * 3600;
	return z;
}

/* What holds before the first change: the first kind if no change leads to it, else a standard one
 * near it. */
static size_t first_kind(const struct tmpl_zone *z)
{
	if (memchr(z->kind_at, 0, z->n) == NULL)
		return 0;
	if (z->kinds[z->kind_at[0]].dst)
		for (size_t i = z->kind_at[0]; i > 0; i--)
			if (!z->kinds[i - 1].dst)
				return i - 1;
	for (size_t i = 0; i < z->n_kinds; i++)
		if (!z->kinds[i].dst)
			return i;
	return 0;
}

void zone_lookup(const struct tmpl_zone *z, int64_t sec, struct zone_at *out)
{
	*out = (struct zone_at){.name = STR("UTC"), .start = INT64_MIN, .end = INT64_MAX};
	if (z == NULL || z->n_kinds == 0)
		return;
	size_t kind = 0;
	if (z->n > 0 && sec < z->when[0]) {
		kind = first_kind(z);
		out->end = z->when[0];
	} else if (z->n > 0) {
		size_t low = 0, high = z->n;
		while (high - low > 1) {
			size_t mid = low + (high - low) / 2;
			if (sec < z->when[mid])
				high = mid;
			else
				low = mid;
		}
		out->start = z->when[low];
		if (high < z->n)
			out->end = z->when[high];
		else if (z->has_rule) {
			zone_rule_at(&z->rule, out->start, sec, out);
			return;
		}
		kind = z->kind_at[low];
	}
	out->name = z->kinds[kind].name;
	out->offset = z->kinds[kind].offset;
	out->dst = z->kinds[kind].dst;
}

bool zone_lookup_name(const struct tmpl_zone *z, struct str name, int64_t sec, int32_t *offset)
{
	struct zone_at at;

	if (z == NULL)
		return false;
	for (size_t i = 0; i < z->n_kinds; i++) {
		if (!str_eq(z->kinds[i].name, name))
			continue;
		zone_lookup(z, wrap_sub(sec, z->kinds[i].offset), &at);
		if (str_eq(at.name, name)) {
			*offset = at.offset;
			return true;
		}
	}
	for (size_t i = 0; i < z->n_kinds; i++)
		if (str_eq(z->kinds[i].name, name)) {
			*offset = z->kinds[i].offset;
			return true;
		}
	return false;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "conf/priv.h"

/*
 * scalar.c - one scalar of the configuration from its text, by its type in the table. Values and
 * defaults take the same way, so that a default is never something which a person could not
 * write.
 */

bool conf_bool(const char *text, bool *out)
{
	struct str s = str_c(text);

	*out = str_eqc(s, "true") || str_eqc(s, "True") || str_eqc(s, "TRUE");
	return *out || str_eqc(s, "false") || str_eqc(s, "False") || str_eqc(s, "FALSE");
}

const char *conf_path(struct arena *a, const char *dir, const char *rel)
{
	const char *out;
	char *joined;

	while (rel[0] == '.' && rel[1] == '/')
		rel += 2;
	if (dir == NULL)
		return arena_strdup(a, rel);
	if (strcmp(rel, ".") == 0 || rel[0] == '\0')
		return arena_strdup(a, dir);
	joined = file_join(dir, rel);
	out = arena_strdup(a, joined);
	mem_free(joined);
	return out;
}

const char *conf_choice(const char *choice)
{
	return choice[0] == '\0' || choice[0] == '!' ? NULL : choice;
}

static bool parse_i64(const char *text, int64_t *out)
{
	bool minus = text[0] == '-';
	uint64_t v;

	if (!str_u64(str_c(text + (minus ? 1 : 0)), &v) || v > INT64_MAX)
		return false;
	*out = minus ? -(int64_t)v : (int64_t)v;
	return true;
}

static bool in_bounds(const struct conf_key *k, int64_t v)
{
	return (k->min == 0 && k->max == 0) || (v >= k->min && v <= k->max);
}

static bool set_int(const struct conf_key *k, const char *text, int64_t *slot, struct buf *why)
{
	bool automatic = k->type == CONF_AUTO_INT && strcmp(text, "auto") == 0;
	int64_t v = 0;

	if (!automatic && (!parse_i64(text, &v) || !in_bounds(k, v))) {
		buf_puts(why, "must be ");
		if (k->type == CONF_AUTO_INT)
			buf_puts(why, "auto or ");
		buf_puts(why, "a whole number");
		if (k->min != 0 || k->max != 0)
			buf_printf(why, " from %" PRId64 " to %" PRId64, k->min, k->max);
		return false;
	}
	*slot = v;
	return true;
}

static bool set_duration(const struct conf_key *k, const char *text, int64_t *slot, struct buf *why)
{
	char low[40], high[40];
	struct err e = ERR_INIT;
	int64_t v;

	if (duration_parse(str_c(text), &v, &e) == 0 && in_bounds(k, v)) {
		*slot = v;
		return true;
	}
	buf_puts(why, "must be a duration such as 90s, 5m or 24h");
	if (k->min != 0 || k->max != 0)
		buf_printf(why, ", from %s to %s", duration_format(k->min, low),
			   duration_format(k->max, high));
	return false;
}

static bool set_size(const char *text, uint64_t *slot, struct buf *why)
{
	static const char *const units[] = {"", "KiB", "MiB", "GiB", "TiB"};
	size_t digits = strspn(text, "0123456789");
	uint64_t v;

	for (unsigned i = 0; i < ARRAY_LEN(units); i++) {
		if (strcmp(text + digits, units[i]) != 0 ||
		    !str_u64((struct str){text, digits}, &v))
			continue;
		if (v > (UINT64_MAX >> 1) >> 10 * i)
			break;
		*slot = v << 10 * i;
		return true;
	}
	buf_puts(why, "must be a size such as 1048576, 64KiB, 256MiB or 1GiB");
	return false;
}

static bool choice_matches(const char *choice, const char *text)
{
	bool want, v;

	if (strcmp(choice, text) == 0)
		return true;
	return conf_bool(choice, &want) && conf_bool(text, &v) && want == v;
}

static bool set_enum(const struct conf_key *k, const char *text, int *slot, struct buf *why)
{
	bool first = true;

	for (int i = 0; k->choices[i] != NULL; i++) {
		const char *choice = k->choices[i];

		if (choice[0] == '!' && choice_matches(choice + 1, text)) {
			buf_printf(why, "%s is " CONF_NOT_YET ", ", choice + 1);
			break;
		}
		if (choice[0] != '\0' && choice_matches(choice, text)) {
			*slot = i;
			return true;
		}
	}
	buf_puts(why, "must be ");
	for (int i = 0; k->choices[i] != NULL; i++) {
		const char *choice = conf_choice(k->choices[i]);

		if (choice == NULL)
			continue;
		buf_printf(why, "%s%s",
			   first		       ? ""
			   : k->choices[i + 1] != NULL ? ", "
						       : " or ",
			   choice);
		first = false;
	}
	return false;
}

bool conf_scalar(const struct filler *f, const struct conf_key *k, const char *text, void *slot,
		 struct buf *why)
{
	switch (k->type) {
	case CONF_STRING:
		*(const char **)slot = arena_strdup(f->a, text);
		return true;
	case CONF_PATH:
		if (text[0] == '\0') {
			buf_puts(why, "must be a path, not empty");
			return false;
		}
		*(const char **)slot = conf_path(f->a, f->dir, text);
		return true;
	case CONF_BOOL:
		if (conf_bool(text, slot))
			return true;
		buf_puts(why, "must be true or false");
		return false;
	case CONF_INT:
	case CONF_AUTO_INT:
		return set_int(k, text, slot, why);
	case CONF_DURATION:
		return set_duration(k, text, slot, why);
	case CONF_SIZE:
		return set_size(text, slot, why);
	case CONF_ENUM:
		return set_enum(k, text, slot, why);
	case CONF_STRINGS:
	case CONF_PATHS:
	case CONF_OBJECT:
	case CONF_OBJECTS:
	case CONF_ANY:
		break;
	}
	BUG("not a scalar type");
}

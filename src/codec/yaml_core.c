/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "codec/json.h"
#include "codec/yaml.h"

#include <math.h>

/*
 * yaml_core.c - the core schema of YAML 1.2 (10.3.2). Integers over 64 bits become reals. What
 * JSON cannot hold (.inf, .nan, a real beyond a double's range) stays a string.
 */

static bool one_of(struct str s, const char *const *words)
{
	for (; *words != NULL; words++)
		if (str_eqc(s, *words))
			return true;
	return false;
}

static size_t skip_digits(struct str s, size_t i)
{
	while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	return i;
}

/*
 * [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? ; *integer: only sign and
 * digits
 */
static bool is_number(struct str s, bool *integer)
{
	size_t i = s.n > 0 && (s.p[0] == '-' || s.p[0] == '+') ? 1 : 0;
	size_t whole = skip_digits(s, i) - i, fraction = 0;

	i += whole;
	*integer = whole > 0 && i == s.n;
	if (i < s.n && s.p[i] == '.') {
		fraction = skip_digits(s, i + 1) - i - 1;
		i += 1 + fraction;
	}
	if (whole + fraction == 0)
		return false;
	if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
		size_t from;

		i++;
		if (i < s.n && (s.p[i] == '-' || s.p[i] == '+'))
			i++;
		from = i;
		i = skip_digits(s, i);
		if (i == from)
			return false;
	}
	return i == s.n;
}

/* 0x and 0o forms; *base is set. No sign. */
static bool is_based(struct str s, int *base)
{
	if (s.n < 3 || s.p[0] != '0' || (s.p[1] != 'x' && s.p[1] != 'o'))
		return false;
	*base = s.p[1] == 'x' ? 16 : 8;
	for (size_t i = 2; i < s.n; i++) {
		char c = ascii_lower(s.p[i]);
		bool digit = c >= '0' && c <= (*base == 8 ? '7' : '9');

		if (!digit && (*base == 8 || c < 'a' || c > 'f'))
			return false;
	}
	return true;
}

static json_t *integer(const char *p, int base)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(p, &end, base);
	return errno == ERANGE ? NULL : json_integer(v);
}

static json_t *resolve(const json_t *v)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
	static const char *const trues[] = {"true", "True", "TRUE", NULL};
	static const char *const falses[] = {"false", "False", "FALSE", NULL};
	struct str s = json_str_view(v);
	json_t *number = NULL;
	bool whole;
	int base;

	if (one_of(s, nulls))
		return json_null();
	if (one_of(s, trues))
		return json_true();
	if (one_of(s, falses))
		return json_false();
	if (is_based(s, &base)) {
		number = integer(s.p + 2, base);
	} else if (is_number(s, &whole)) {
		if (whole)
			number = integer(s.p, 10);
		if (number == NULL && isfinite(strtod(s.p, NULL)))
			number = json_real(strtod(s.p, NULL));
	}
	return number != NULL ? number : json_stringn(s.p, s.n);
}

json_t *yaml_core_value(const struct yaml_doc *d, const json_t *v)
{
	json_t *out, *child, *o;
	const char *key;

	if (json_is_string(v))
		return yaml_is_plain(d, v)
			       ? resolve(v)
			       : json_stringn(json_string_value(v), json_string_length(v));
	if (json_is_array(v)) {
		out = json_array();
		for (size_t i = 0; i < json_array_size(v); i++)
			ENSURE(json_array_append_new(
				       out, yaml_core_value(d, json_array_get(v, i))) == 0);
		return out;
	}
	o = (json_t *)(uintptr_t)v; /* iterators want it mutable */
	out = json_object();
	json_object_foreach(o, key, child)
		ENSURE(json_object_set_new(out, key, yaml_core_value(d, child)) == 0);
	return out;
}

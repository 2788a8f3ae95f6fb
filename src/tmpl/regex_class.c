/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl/regex_priv.h"
#include "tmpl/unicode.h"

/*
 * Character classes of RE2 for PCRE2. ASCII classes are written as ranges, so that they mean the
 * same in and out of brackets, negated or not, and with (?i): RE2 then adds the long s and the
 * Kelvin sign to letters before it negates. PCRE2 folds a range under (?i) by looking at each of
 * its code points: wide ranges that folding cannot change are kept out of that.
 */
#define FOLD_FIRST UINT32_C(0x41) /* no other code points have another case */
#define FOLD_LAST  UINT32_C(0x1e943)
#define FOLD_NEXT  UINT32_C(0xb5)    /* the first beyond ASCII */
#define FOLD_MAX   UINT32_C(0x40000) /* code points that a pattern may have folded */
#define LONG_S	   UINT32_C(0x17f)
#define KELVIN	   UINT32_C(0x212a)
#define LAST	   UINT32_C(0x10ffff)

struct ascii_class {
	const char *name;
	const char *ranges; /* pairs */
	size_t n;
};
#define R(name, ranges)                                                                            \
	{                                                                                          \
		name, ranges, sizeof(ranges) - 1                                                   \
	}
static const struct ascii_class posix_classes[] = {R("alnum", "09AZaz"),
						   R("alpha", "AZaz"),
						   R("ascii", "\0\x7f"),
						   R("blank", "\t\t  "),
						   R("cntrl", "\0\x1f\x7f\x7f"),
						   R("digit", "09"),
						   R("graph", "!~"),
						   R("lower", "az"),
						   R("print", " ~"),
						   R("punct", "!/:@[`{~"),
						   R("space", "\t\r  "),
						   R("upper", "AZ"),
						   R("word", "09AZ__az"),
						   R("xdigit", "09AFaf")};
static const struct ascii_class class_d = R("d", "09"), class_s = R("s", "\t\n\f\r  "),
				class_w = R("w", "09AZ__az");

/* Names of one word, as Go finds them in any case; PCRE2 10.40 and later know all of them. */
static const char scripts[] =
	" Adlam Ahom Arabic Armenian Avestan Balinese Bamum Batak Bengali Bhaiksuki Bopomofo "
	"Brahmi Braille Buginese Buhid Carian Chakma Cham Cherokee Chorasmian Common Coptic "
	"Cuneiform Cypriot Cyrillic Deseret Devanagari Dogra Duployan Elbasan Elymaic Ethiopic "
	"Georgian Glagolitic Gothic Grantha Greek Gujarati Gurmukhi Han Hangul Hanunoo Hatran "
	"Hebrew Hiragana Inherited Javanese Kaithi Kannada Katakana Kharoshthi Khmer Khojki "
	"Khudawadi Lao Latin Lepcha Limbu Lisu Lycian Lydian Mahajani Makasar Malayalam Mandaic "
	"Manichaean Marchen Medefaidrin Miao Modi Mongolian Mro Multani Myanmar Nabataean "
	"Nandinagari Newa Nko Nushu Ogham Oriya Osage Osmanya Palmyrene Phoenician Rejang Runic "
	"Samaritan Saurashtra Sharada Shavian Siddham Sinhala Sogdian Soyombo Sundanese Syriac "
	"Tagalog Tagbanwa Takri Tamil Tangsa Tangut Telugu Thaana Thai Tibetan Tifinagh Tirhuta "
	"Toto Ugaritic Vai Vithkuqi Wancho Yezidi Yi ";

/* General categories: short name, long name without what is not letters. */
static const struct {
	const char *name, *alias;
} categories[] = {{"C", "Other"},
		  {"Cc", "Control"},
		  {"Cc", "Cntrl"},
		  {"Cf", "Format"},
		  {"Cn", "Unassigned"},
		  {"Co", "Privateuse"},
		  {"Cs", "Surrogate"},
		  {"L", "Letter"},
		  {"Lc", "Casedletter"},
		  {"Ll", "Lowercaseletter"},
		  {"Lm", "Modifierletter"},
		  {"Lo", "Otherletter"},
		  {"Lt", "Titlecaseletter"},
		  {"Lu", "Uppercaseletter"},
		  {"M", "Mark"},
		  {"M", "Combiningmark"},
		  {"Mc", "Spacingmark"},
		  {"Me", "Enclosingmark"},
		  {"Mn", "Nonspacingmark"},
		  {"N", "Number"},
		  {"Nd", "Decimalnumber"},
		  {"Nd", "Digit"},
		  {"Nl", "Letternumber"},
		  {"No", "Othernumber"},
		  {"P", "Punctuation"},
		  {"P", "Punct"},
		  {"Pc", "Connectorpunctuation"},
		  {"Pd", "Dashpunctuation"},
		  {"Pe", "Closepunctuation"},
		  {"Pf", "Finalpunctuation"},
		  {"Pi", "Initialpunctuation"},
		  {"Po", "Otherpunctuation"},
		  {"Ps", "Openpunctuation"},
		  {"S", "Symbol"},
		  {"Sc", "Currencysymbol"},
		  {"Sk", "Modifiersymbol"},
		  {"Sm", "Mathsymbol"},
		  {"So", "Othersymbol"},
		  {"Z", "Separator"},
		  {"Zl", "Lineseparator"},
		  {"Zp", "Paragraphseparator"},
		  {"Zs", "Spaceseparator"}};

struct class
{
	struct regex_parse *p;
	struct buf folded;  /* what is in the brackets; under (?i) PCRE2 folds it */
	struct buf plain;   /* what must not be folded, since that takes long and adds nothing */
	bool alone, negate; /* \p or \P outside of brackets: written as [\p..] or [^\p..] */
};

void regex_put_char(struct buf *out, uint32_t r)
{
	if (r < 0x80 && (rune_is_letter(r) || rune_is_digit(r)))
		buf_putc(out, (char)r);
	else
		buf_printf(out, "\\x{%x}", r);
}

static void put_range(struct buf *out, uint32_t first, uint32_t last)
{
	regex_put_char(out, first);
	if (first == last)
		return;
	buf_putc(out, '-');
	regex_put_char(out, last);
}

/* Most of Unicode: only some ASCII letters before it may fold into it. */
static void add_wide(struct class *k, uint32_t first, uint32_t last)
{
	put_range(&k->plain, first, last);
	for (uint32_t r = 'A'; r <= 'z' && r < first; r++)
		if (rune_is_letter(r) && ((r ^ 32) >= first || strchr("KkSs", (int)r) != NULL))
			put_range(&k->folded, r, r);
}

/* `closed`: folding adds nothing to the whole of which this is a part. */
static int add_range(struct class *k, uint32_t first, uint32_t last, bool closed)
{
	if ((k->p->flags & RE_FOLD) == 0) {
		put_range(&k->folded, first, last);
		return 0;
	}
	if ((closed && last >= 0x80) || first > FOLD_LAST ||
	    (first <= FOLD_FIRST && last >= FOLD_LAST)) {
		put_range(&k->plain, first, last);
		return 0;
	}
	if (first <= FOLD_NEXT && last >= FOLD_LAST) {
		add_wide(k, first, last);
		return 0;
	}
	if (last > FOLD_LAST) {
		put_range(&k->plain, FOLD_LAST + 1, last);
		last = FOLD_LAST;
	}
	k->p->folded += last - first + 1;
	if (k->p->folded > FOLD_MAX)
		return regex_too_large(k->p);
	put_range(&k->folded, first, last);
	return 0;
}

/* A set of ASCII, and under (?i) the two code points beyond that fold to ASCII. */
struct ascii_set {
	bool has[128], long_s, kelvin;
};

static bool set_has(const struct ascii_set *s, uint32_t r)
{
	if (r < 128)
		return s->has[r];
	return (r == LONG_S && s->long_s) || (r == KELVIN && s->kelvin);
}

static void set_of(const struct ascii_class *g, bool fold, struct ascii_set *s)
{
	memset(s, 0, sizeof(*s));
	for (size_t i = 0; i < g->n; i += 2)
		for (int r = g->ranges[i]; r <= g->ranges[i + 1]; r++) {
			s->has[r] = true;
			if (fold && rune_is_letter((uint32_t)r))
				s->has[r ^ 32] = true;
		}
	s->long_s = fold && s->has['s'];
	s->kelvin = fold && s->has['k'];
}

static int add_ascii(struct class *k, const struct ascii_class *g, bool negated)
{
	/* where membership may change */
	static const uint32_t beyond[] = {LONG_S, LONG_S + 1, KELVIN, KELVIN + 1, LAST + 1};
	struct ascii_set s;
	uint32_t from = 0;
	bool in;

	set_of(g, (k->p->flags & RE_FOLD) != 0, &s);
	in = set_has(&s, 0) != negated;
	for (uint32_t i = 1; i < 129 + ARRAY_LEN(beyond); i++) {
		uint32_t r = i < 129 ? i : beyond[i - 129];
		bool now = r <= LAST && set_has(&s, r) != negated;

		if (now == in)
			continue;
		if (in && add_range(k, from, r - 1, true) != 0)
			return -1;
		in = now;
		from = r;
	}
	return 0;
}

/* Go's canonical form: the first letter upper, the others lower case, no '_', '-' and ' '. */
static bool canonical(struct str name, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (c == '_' || c == '-' || c == ' ')
			continue;
		if (!rune_is_letter((unsigned char)c) || (c & 0x80) != 0 || n + 1 >= size)
			return false;
		out[n] = (char)(n == 0 ? c & ~32 : c | 32);
		n++;
	}
	out[n] = '\0';
	return n > 0;
}

static bool is_script(const char *name)
{
	char key[40];

	snprintf(key, sizeof(key), " %s ", name);
	return strstr(scripts, key) != NULL;
}

static const char *category(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(categories); i++)
		if (strcmp(categories[i].name, name) == 0 || strcmp(categories[i].alias, name) == 0)
			return categories[i].name;
	return NULL;
}

/* What Go adds to a category or script under (?i), as far as it is not one of the cased ones. */
static const char *fold_extra(const char *name)
{
	static const struct {
		const char *name, *extra;
	} table[] = {{"L", "\\x{345}"},
		     {"M", "\\x{399}\\x{3b9}\\x{1fbe}"},
		     {"Mn", "\\x{399}\\x{3b9}\\x{1fbe}"},
		     {"Greek", "\\x{b5}\\x{345}"},
		     {"Common", "\\x{39c}\\x{3bc}"},
		     {"Inherited", "\\x{399}\\x{3b9}\\x{1fbe}"}};

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (strcmp(table[i].name, name) == 0)
			return table[i].extra;
	return "";
}

/*
 * \p{NAME} as it stands in brackets; false: there is none. Under (?i) Lu, Ll and Lt are all three,
 * which adds some letters that have one case only. What must be negated within brackets goes
 * without what (?i) would add.
 */
static bool property(const char *name, bool fold, bool negated, struct buf *out)
{
	const char *cat = category(name), *extra = fold && !negated ? fold_extra(name) : "";
	const char *p = negated ? "\\P" : "\\p";

	if (strcmp(name, "Any") == 0) {
		buf_printf(out, "%s{Any}", p);
	} else if (strcmp(name, "Assigned") == 0) {
		buf_puts(out, negated ? "\\p{Cn}" : "\\P{Cn}");
	} else if (cat == NULL) {
		if (!is_script(name))
			return false;
		buf_printf(out, "%s{sc:%s}%s", p, name, extra);
	} else if (strcmp(cat, "Lc") == 0) {
		buf_printf(out, "%s{L&}", p);
	} else if (fold &&
		   (strcmp(cat, "Lu") == 0 || strcmp(cat, "Ll") == 0 || strcmp(cat, "Lt") == 0)) {
		buf_printf(out, "%s{L&}%s", p, negated ? "" : "\\x{345}");
	} else {
		extra = fold && !negated ? fold_extra(cat) : "";
		buf_printf(out, "%s{%s}%s", p, cat, extra);
	}
	return true;
}

/* Reads what follows \p: "N" or "{^Name}". `seq` is all of it, with the \p. */
static int property_name(struct regex_parse *p, struct str *seq, struct str *name)
{
	struct str before = p->rest;
	const char *end;
	uint32_t r;

	p->rest = str_mem(p->rest.p + 2, p->rest.n - 2);
	if (regex_next(p, &r) != 0)
		return -1;
	if (r != '{') {
		*seq = regex_since(p, before);
		*name = str_mem(seq->p + 2, seq->n - 2);
		return 0;
	}
	end = memchr(before.p, '}', before.n);
	*seq = end == NULL ? before : str_mem(before.p, (size_t)(end - before.p) + 1);
	*name = end == NULL ? STR_NULL : str_mem(before.p + 3, seq->n - 4);
	p->rest = end == NULL ? before : *name;
	while (p->rest.n > 0)
		if (regex_next(p, &r) != 0)
			return -1;
	if (end == NULL)
		return regex_error(p, "invalid character class range", *seq);
	p->rest = str_mem(before.p + seq->n, before.n - seq->n);
	return 0;
}

static int add_property(struct class *k)
{
	bool negated = k->p->rest.p[1] == 'P', fold = (k->p->flags & RE_FOLD) != 0;
	struct str seq, name;
	char key[32];

	if (property_name(k->p, &seq, &name) != 0)
		return -1;
	if (name.n > 0 && name.p[0] == '^') {
		negated = !negated;
		name = str_mem(name.p + 1, name.n - 1);
	}
	if (!canonical(name, key, sizeof(key)))
		return regex_error(k->p, "invalid character class range", seq);
	if (strcmp(key, "Ascii") == 0)
		return add_ascii(k, &posix_classes[2], negated);
	if (k->alone) {
		k->negate = negated;
		negated = false;
	}
	if (!property(key, fold, negated, &k->folded))
		return regex_error(k->p, "invalid character class range", seq);
	return 0;
}

/* At a backslash. */
static int add_escape(struct class *k)
{
	struct regex_parse *p = k->p;
	const struct ascii_class *g;
	char c = p->rest.n >= 2 ? p->rest.p[1] : '\0';

	if (c == 'p' || c == 'P')
		return add_property(k) != 0 ? -1 : 1;
	switch (c) {
	case 'd':
	case 'D':
		g = &class_d;
		break;
	case 's':
	case 'S':
		g = &class_s;
		break;
	case 'w':
	case 'W':
		g = &class_w;
		break;
	default:
		return 0;
	}
	p->rest = str_mem(p->rest.p + 2, p->rest.n - 2);
	return add_ascii(k, g, (c & 32) == 0) != 0 ? -1 : 1;
}

/* At "[:": 1, 0 when it is no such class, -1. */
static int add_posix(struct class *k)
{
	struct str s = k->p->rest, name;
	const char *end = memmem(s.p + 2, s.n - 2, ":]", 2);
	bool negated;

	if (end == NULL)
		return 0;
	k->p->rest = str_mem(end + 2, s.n - (size_t)(end + 2 - s.p));
	name = str_mem(s.p + 2, (size_t)(end - s.p) - 2);
	negated = name.n > 0 && name.p[0] == '^';
	if (negated)
		name = str_mem(name.p + 1, name.n - 1);
	for (size_t i = 0; i < ARRAY_LEN(posix_classes); i++)
		if (str_eqc(name, posix_classes[i].name))
			return add_ascii(k, &posix_classes[i], negated) != 0 ? -1 : 1;
	return regex_error(k->p, "invalid character class range", regex_since(k->p, s));
}

static void put_class(struct class *k, bool negated)
{
	struct buf *out = k->p->out;
	struct str folded = buf_view(&k->folded), plain = buf_view(&k->plain);

	if (folded.n > 0 && plain.n > 0)
		buf_puts(out, "(?:");
	if (plain.n > 0) {
		buf_puts(out, "(?-i:");
		buf_puts(out, !negated ? "[" : folded.n > 0 ? "(?![" : "[^");
		buf_str(out, plain);
		buf_puts(out, negated && folded.n > 0 ? "]))" : "])");
	}
	if (folded.n > 0) {
		if (plain.n > 0 && !negated)
			buf_putc(out, '|');
		buf_puts(out, negated ? "[^" : "[");
		buf_str(out, folded);
		buf_putc(out, ']');
	}
	if (folded.n > 0 && plain.n > 0)
		buf_putc(out, ')');
	if (k->folded.failed || k->plain.failed)
		out->failed = true;
}

static int class_char(struct regex_parse *p, struct str whole, uint32_t *r)
{
	if (p->rest.n == 0)
		return regex_error(p, "missing closing ]", whole);
	return p->rest.p[0] == '\\' ? regex_escape(p, r) : regex_next(p, r);
}

/* One member: a class, a character or a range. */
static int class_member(struct class *k, struct str whole)
{
	struct regex_parse *p = k->p;
	struct str before = p->rest;
	uint32_t first, last;
	int got = 0;

	if (p->rest.n > 2 && p->rest.p[0] == '[' && p->rest.p[1] == ':')
		got = add_posix(k);
	else if (p->rest.n > 0 && p->rest.p[0] == '\\')
		got = add_escape(k);
	if (got != 0)
		return got < 0 ? -1 : 0;
	if (class_char(p, whole, &first) != 0)
		return -1;
	last = first;
	if (p->rest.n >= 2 && p->rest.p[0] == '-' && p->rest.p[1] != ']') {
		p->rest = str_mem(p->rest.p + 1, p->rest.n - 1);
		if (class_char(p, whole, &last) != 0)
			return -1;
		if (last < first)
			return regex_error(p, "invalid character class range",
					   regex_since(p, before));
	}
	return add_range(k, first, last, false);
}

int regex_class(struct regex_parse *p)
{
	struct class k = {.p = p, .folded.limit = p->out->limit, .plain.limit = p->out->limit};
	struct str whole = p->rest;
	bool negated = false, first = true;
	int rc = 0;

	p->rest = str_mem(whole.p + 1, whole.n - 1);
	if (p->rest.n > 0 && p->rest.p[0] == '^') {
		negated = true;
		p->rest = str_mem(p->rest.p + 1, p->rest.n - 1);
	}
	while (rc == 0 && (p->rest.n == 0 || p->rest.p[0] != ']' || first)) {
		first = false;
		rc = class_member(&k, whole);
	}
	if (rc == 0) {
		p->rest = str_mem(p->rest.p + 1, p->rest.n - 1);
		put_class(&k, negated);
	}
	buf_release(&k.folded);
	buf_release(&k.plain);
	return rc;
}

int regex_class_escape(struct regex_parse *p)
{
	struct class k = {.p = p, .folded.limit = p->out->limit, .plain.limit = p->out->limit};
	int rc;

	k.alone = true;
	rc = add_escape(&k);
	if (rc == 1)
		put_class(&k, k.negate);
	buf_release(&k.folded);
	buf_release(&k.plain);
	return rc;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "tmpl_util.h"

/* sprig's functions of lists, maps, numbers, types and defaults; wanted texts are Go's. */
static const char *const data =
	"{\"l\":[1,2,3],\"n\":42,\"s\":\"str\",\"nil\":null,\"mix\":[1,\"a\",null,true,[2]],"
	"\"m\":{\"a\":1,\"b\":\"x\"},\"deep\":{\"a\":{\"b\":{\"c\":1}}}}";

static void all(const struct tmpl_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		tmpl_check(&cases[i], data);
}

static void lists(void **state)
{
	static const struct tmpl_case cases[] = {
		{"{{list 1 \"a\" nil}} {{tuple}} {{list | toJson}}", "[1 a <nil>] [] []", false},
		{"{{first .l}} {{last .l}} {{first (list)}}", "1 3 <no value>", false},
		{"{{rest .l}} {{initial .l}} {{rest (list) | toJson}}", "[2 3] [1 2] null", false},
		{"{{$a := append .l 4}}{{$a}} {{prepend .l 0}} {{.l}}",
		 "[1 2 3 4] [0 1 2 3] [1 2 3]", false},
		{"{{concat .l (list \"x\") (until 2)}} {{concat | toJson}}", "[1 2 3 x 0 1] null",
		 false},
		{"{{reverse .l}} {{reverse (until 4) | typeOf}}", "[3 2 1] []interface {}", false},
		{"{{uniq (list 1 1.0 \"1\" 1 1.0)}}", "[1 1 1]", false},
		{"{{without .l 1}} {{without .l 1.0 3.0}}", "[1 2 3] [2]", false},
		{"{{has 1.0 .l}} {{has 1 .l}} {{has nil .mix}} {{has 1 nil}}",
		 "true false true false", false},
		{"{{compact (list 0 1 \"\" \"x\" nil (list) (dict))}}", "[1 x]", false},
		{"{{slice .l}} {{slice .l 1}} {{slice .l \"1\" 2.9}} {{slice (until 5) 1 3 | "
		 "typeOf}}",
		 "[1 2 3] [2 3] [2] []int", false},
		{"{{slice (list) 7 9}}", "<no value>", false},
		{"{{chunk 2 .l}} {{chunk 2 .l | typeOf}} {{chunk -5 (list 1)}} {{chunk 3 (list)}}",
		 "[[1 2] [3]] [][]interface {} [[1]] []", false},
		{"{{first 1}}", "error calling first: Cannot find first on type int", true},
		{"{{mustRest \"x\"}}", "error calling mustRest: Cannot find rest on type string",
		 true},
		{"{{append nil 1}}",
		 "error calling append: runtime error: invalid memory address or nil pointer "
		 "dereference",
		 true},
		{"{{concat .l 1}}", "error calling concat: Cannot concat type int as list", true},
		{"{{slice .l 2 1}}",
		 "error calling slice: reflect.Value.Slice: slice index out of bounds", true},
		{"{{slice .l -1}}",
		 "error calling slice: reflect.Value.Slice: slice index out of bounds", true},
		{"{{slice \"abc\" 1}}",
		 "error calling slice: list should be type of slice or array but string", true},
		{"{{chunk 0 .l}}",
		 "error calling chunk: runtime error: makeslice: len out of range", true},
		{"{{chunk 0 (list)}}",
		 "error calling chunk: runtime error: makeslice: len out of range", true},
		{"{{chunk -1 (list 1)}}",
		 "error calling chunk: runtime error: makeslice: len out of range", true},
	};

	(void)state;
	all(cases, ARRAY_LEN(cases));
}

static void maps(void **state)
{
	static const struct tmpl_case cases[] = {
		{"{{dict \"b\" 1 \"a\" 2 \"b\" 3 4}} {{dict | typeOf}}",
		 "map[4: a:2 b:3] map[string]interface {}", false},
		{"{{get .m \"a\"}} {{get .m \"zz\" | quote}}", "1 \"\"", false},
		{"{{$x := set .m \"c\" 5}}{{.m}} {{$y := unset $x \"a\"}}{{.m}}",
		 "map[a:1 b:x c:5] map[b:x c:5]", false},
		{"{{hasKey .m \"a\"}} {{hasKey .missing \"a\"}} {{hasKey (dict \"n\" nil) \"n\"}}",
		 "true false true", false},
		{"{{pluck \"a\" .m (dict) (dict \"a\" 2)}}", "[1 2]", false},
		{"{{keys .m .m | sortAlpha}} {{keys | toJson}}", "[a a b b] []", false},
		{"{{values .m}} {{pick .m \"b\" \"zz\"}} {{omit .m \"b\"}}",
		 "[1 x] map[b:x] map[a:1]", false},
		{"{{dig \"a\" \"b\" \"c\" 0 .deep}} {{dig \"a\" \"x\" \"c\" \"none\" .deep}}",
		 "1 none", false},
		{"{{dig \"a\" .m}}", "error calling dig: dig needs at least three arguments", true},
		{"{{dig \"a\" \"x\" 0 .m}}",
		 "error calling dig: interface conversion: interface {} is float64, not "
		 "map[string]interface {}",
		 true},
		{"{{dig \"a\" 0 .nil}}",
		 "error calling dig: interface conversion: interface {} is nil, not "
		 "map[string]interface {}",
		 true},
		{"{{dig 1 0 .m}}",
		 "error calling dig: interface conversion: interface {} is int, not string", true},
		{"{{set .missing \"a\" 1}}", "error calling set: assignment to entry in nil map",
		 true},
		{"{{deepCopy nil}}",
		 "error calling deepCopy: reflect: call of reflect.Value.Type on zero Value", true},
		{"{{$c := deepCopy .deep}}{{$_ := set $c.a \"x\" 1}}{{.deep}} {{$c}}",
		 "map[a:map[b:map[c:1]]] map[a:map[b:map[c:1] x:1]]", false},
		{"{{deepCopy (rest (list)) | toJson}} {{deepCopy (split \",\" \"a\") | typeOf}}",
		 "null map[string]string", false},
	};

	(void)state;
	all(cases, ARRAY_LEN(cases));
}

static void merging(void **state)
{
	static const struct tmpl_case cases[] = {
		{"{{merge (dict \"a\" 1 \"b\" 0 \"c\" \"\") (dict \"a\" 2 \"b\" 3 \"c\" \"x\" "
		 "\"d\" 4)}}",
		 "map[a:1 b:3 c:x d:4]", false},
		{"{{merge (dict \"m\" (dict \"a\" 1)) (dict \"m\" (dict \"a\" 2 \"b\" 3))}}",
		 "map[m:map[a:1 b:3]]", false},
		{"{{merge (dict \"l\" (list 1)) (dict \"l\" (list 2) \"k\" (list))}}",
		 "map[k:[] l:[1]]", false},
		{"{{mergeOverwrite (dict \"a\" 1 \"l\" (list 1)) (dict \"a\" nil \"l\" (list 2))}}",
		 "map[a:<nil> l:[2]]", false},
		{"{{mergeOverwrite (dict \"a\" \"y\" \"b\" 1) (dict \"a\" (dict \"k\" 1) \"b\" "
		 "0)}}",
		 "map[a:map[k:1] b:0]", false},
		{"{{merge (dict \"a\" \"y\") (dict \"a\" (dict \"k\" 1) \"b\" nil)}}", "map[a:y]",
		 false},
		{"{{merge .missing (dict \"a\" 1)}} {{merge (dict \"a\" 1) .missing}}",
		 "map[a:1] map[a:1]", false},
		{"{{$d := dict \"a\" 1}}{{$_ := merge $d (dict \"b\" 2)}}{{$d}}", "map[a:1 b:2]",
		 false},
		{"{{$s := dict \"k\" 1}}{{$d := merge (dict) (dict \"m\" $s)}}{{$_ := set $s \"k\" "
		 "2}}{{$d}}",
		 "map[m:map[k:2]]", false},
		{"{{merge (dict \"a\" (split \",\" \"x\")) (dict \"a\" (dict \"k\" 1))}}",
		 "error calling merge: reflect.Value.SetMapIndex: value of type interface {} is "
		 "not "
		 "assignable to type string",
		 true},
		{"{{$d := dict}}{{$_ := set $d \"s\" $d}}{{$e := dict}}{{$_ := set $e \"s\" $e}}"
		 "{{merge $d $e}}",
		 "error calling merge: the maps are nested too deep to merge", true},
		{"{{$d := dict}}{{$_ := set $d \"s\" $d}}{{deepCopy $d}}",
		 "error calling deepCopy: the value is nested too deep to copy", true},
	};

	(void)state;
	all(cases, ARRAY_LEN(cases));
}

static void numbers(void **state)
{
	static const struct tmpl_case cases[] = {
		{"{{int \"012\"}} {{int \"08\"}} {{int \"0x1F\"}} {{int \"12.00\"}} {{int 3.99}} "
		 "{{int true}} "
		 "{{int nil}} {{int \"1_000\"}} {{int \"1e3\"}} {{int -3.99}}",
		 "10 0 31 12 3 1 0 1000 0 -3", false},
		{"{{int64 1e300}} {{int64 \"9223372036854775808\"}}", "-9223372036854775808 0",
		 false},
		{"{{float64 \"inf\"}} {{float64 \"1_0\"}} {{float64 \"0x10\"}} {{float64 "
		 "\"0x1p4\"}} "
		 "{{float64 \"x\"}} {{float64 \"1e400\"}} {{float64 \".5\"}}",
		 "+Inf 10 0 16 0 0 0.5", false},
		{"{{atoi \"12\"}} {{atoi \"1.5\"}} {{atoi \"99999999999999999999\"}} {{atoi "
		 "\"-0x1\"}}",
		 "12 0 9223372036854775807 0", false},
		{"{{toDecimal \"777\"}} {{toDecimal 755}} {{toDecimal 8}} {{toDecimal nil}}",
		 "511 493 0 0", false},
		{"{{add}} {{add 1 2.9 \"3\"}} {{add1 1.9}} {{sub 1 3}} {{mul 2 3 4}}",
		 "0 6 2 -2 24", false},
		{"{{div -7 2}} {{mod -7 2}} {{div -9223372036854775808 -1}}",
		 "-3 -1 -9223372036854775808", false},
		{"{{max 1 5 3}} {{biggest 2}} {{min 4 2.5 9}} {{maxf 1 2.5}} {{minf 1 0.5 \"x\"}}",
		 "5 2 2 2.5 0", false},
		{"{{ceil 1.2}} {{floor -1.2}} {{ceil -0.5}} {{floor \"3.9\"}}", "2 -2 -0 3", false},
		{"{{round 3.14159 2}} {{round 2.5 0}} {{round -1.2 0}} {{round 1.55 1 0.6}} "
		 "{{round 1.5 400}} "
		 "{{round 1234.5 -2}} {{round 1e300 10}}",
		 "3.14 3 -2 1.5 NaN 1200 +Inf", false},
		{"{{addf 0.1 0.2}} {{addf}} {{add1f 0.1}} {{subf 1 0.9}} {{mulf 1.1 1.1}} {{divf 1 "
		 "3}}",
		 "0.3 0 1.1 0.1 1.21 0.3333333333333333", false},
		{"{{divf 1e-20 3}} {{divf -2 3}} {{divf 5e-17 1}} {{divf 4e-17 1}} {{divf 1e300 "
		 "1e-5}}",
		 "0 -0.6666666666666667 1e-16 0 1e+305", false},
		{"{{mulf 1e300 1e300}} {{subf 1e308 5e-324}} {{mulf 5e-324 0.1}} {{addf 1 -1}}",
		 "+Inf 1e+308 0 0", false},
		{"{{until 3}} {{until -3}} {{until 0 | toJson}} {{untilStep 0 7 3}} {{untilStep 5 "
		 "0 -2}} "
		 "{{untilStep 0 5 -1}} {{untilStep 0 9223372036854775807 9223372036854775807}}",
		 "[0 1 2] [0 -1 -2] [] [0 3 6] [5 3 1] [] [0]", false},
		{"{{seq 3}}|{{seq -1}}|{{seq 2 4}}|{{seq 5 2}}|{{seq 0 2 6}}|{{seq 0 -1 "
		 "5}}|{{seq}}|"
		 "{{seq 1 2 3 4}}",
		 "1 2 3|1 0 -1|2 3 4|5 4 3 2|0 2 4 6|||", false},
		{"{{typeOf (int 1)}} {{typeOf (add 1)}} {{typeOf (atoi \"1\")}} {{typeOf (floor "
		 "1)}} "
		 "{{typeOf (until 1)}} {{typeOf (seq 1)}} {{typeOf (toDecimal 1)}}",
		 "int int64 int float64 []int string int64", false},
		{"{{div 1 0}}", "error calling div: runtime error: integer divide by zero", true},
		{"{{mod 1 nil}}", "error calling mod: runtime error: integer divide by zero", true},
		{"{{divf 1 0}}", "error calling divf: decimal division by 0", true},
		{"{{addf \"inf\"}}", "error calling addf: Cannot create a Decimal from +Inf", true},
		{"{{mulf 1 \"nan\"}}", "error calling mulf: Cannot create a Decimal from NaN",
		 true},
	};

	(void)state;
	all(cases, ARRAY_LEN(cases));
}

static void types_and_defaults(void **state)
{
	static const struct tmpl_case cases[] = {
		{"{{typeOf nil}} {{typeOf .l}} {{typeOf (list)}} {{typeOf (chunk 1 .l)}} {{typeOf "
		 "1.0}}",
		 "<nil> []interface {} []interface {} [][]interface {} float64", false},
		{"{{kindOf nil}} {{kindOf .l}} {{kindOf .m}} {{kindOf (index \"a\" 0)}} {{kindIs "
		 "\"int\" 1}}",
		 "invalid slice map uint8 true", false},
		{"{{typeIs \"int\" 1}} {{typeIsLike \"*int\" 1}} {{typeIsLike \"int\" 1}}",
		 "true false true", false},
		{"{{deepEqual (list 1) (list 1)}} {{deepEqual (list 1) (list 1.0)}} {{deepEqual "
		 "(list) (rest "
		 "(list))}} {{deepEqual .m (dict \"a\" 1.0 \"b\" \"x\")}}",
		 "true false false true", false},
		{"{{default 1 0}} {{default 1}} {{default 1 \"x\" 2}} {{default nil 0}} {{.nil | "
		 "default "
		 "\"d\"}}",
		 "1 1 x <no value> d", false},
		{"{{empty nil}} {{empty 0.0}} {{empty \" \"}} {{empty (dict)}} {{empty .l}} "
		 "{{empty false}}",
		 "true true false true false true", false},
		{"{{coalesce 0 \"\" nil \"x\" 1}} {{coalesce 0 nil}} {{all 1 \"x\"}} {{all}} {{any "
		 "0 1}} "
		 "{{any}}",
		 "x <no value> true true true false", false},
		{"{{ternary 1 2 true}} {{false | ternary 1 2}}", "1 2", false},
		{"{{fail \"so it is\"}}", "so it is", true},
		{"{{fail \"\"}}", "error calling fail: ", true},
		{"{{toJson .m}} {{toRawJson \"<\"}} {{toJson (float64 \"nan\")}}|{{fromJson "
		 "\"[1,{\\\"a\\\":2}]\"}}",
		 "{\"a\":1,\"b\":\"x\"} \"<\" |[1 map[a:2]]", false},
		{"{{fromJson \"\"}} {{fromJson \"[1,1e999]\"}} {{toPrettyJson (list)}}",
		 "<no value> [1 <nil>] []", false},
		{"{{mustFromJson \"{\"}}",
		 "error calling mustFromJson: unexpected end of JSON input", true},
		{"{{mustToJson (float64 \"inf\")}}",
		 "error calling mustToJson: json: unsupported value: +Inf", true},
		{"{{toRawJson (float64 \"nan\")}}",
		 "error calling toRawJson: json: unsupported value: NaN", true},
	};

	(void)state;
	all(cases, ARRAY_LEN(cases));
}

/* What would take too much is refused, as a limit, before it is made. */
static void limits(void **state)
{
	static const char *const cases[] = {
		"{{until 50000000}}",
		"{{untilStep 0 9223372036854775807 1}}",
		"{{untilStep 9223372036854775807 -9223372036854775807 -1}}",
		"{{seq 1 10000000}}",
		"{{printf \"%9999999d\" 1}}",
		"{{printf \"%.9999999f\" 1.5}}",
		"{{$d := dict}}{{$_ := set $d \"self\" $d}}{{$d}}",
		"{{$d := dict}}{{$_ := set $d \"self\" (list $d)}}{{toString $d}}",
		"{{$d := dict}}{{$_ := set $d \"self\" (list $d)}}{{quote $d}}",
		"{{$d := dict}}{{$_ := set $d \"self\" (list $d)}}{{join \",\" (list $d)}}",
		"{{$d := list}}{{range until 60}}{{$d = list $d $d}}{{end}}{{$d}}",
		"{{$d := list}}{{range until 60}}{{$d = list $d $d}}{{end}}{{print $d}}",
		"{{$d := list}}{{range until 60}}{{$d = list $d $d}}{{end}}{{toJson $d}}",
		"{{$d := list}}{{range until 60}}{{$d = list $d $d}}{{end}}{{toPrettyJson $d}}",
		"{{$d := list}}{{range until 60}}{{$d = list $d $d}}{{end}}{{deepCopy $d}}",
		"{{$d := list}}{{range until 60}}{{$d = list $d $d}}{{end}}{{cat $d}}",
		"{{$d := dict \"a\" 1}}{{range until 60}}{{$d = dict \"a\" $d \"b\" $d}}{{end}}"
		"{{$e := dict \"a\" 1}}{{range until 60}}{{$e = dict \"a\" $e \"b\" $e}}{{end}}"
		"{{merge $d $e}}",
		"{{$d := list 1}}{{range until 60}}{{$d = list $d $d}}{{end}}"
		"{{$e := list 1}}{{range until 60}}{{$e = list $e $e}}{{end}}{{deepEqual $d $e}}",
		"{{uniq (until 100000)}}",
		"{{$x := 1e300}}{{mulf 1.2345678901234567 1.2345678901234567}}"
		"{{range until 100000}}{{$x = mulf $x 1.0000000000000002}}{{end}}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *a = arena_new();
		struct tmpl_error_info why = {0};
		struct buf out = BUF_INIT;

		int rc = tmpl_try(cases[i], data, a, &out, &why);
		if (rc == 0 || why.class != TMPL_LIMIT)
			print_error("%s\n", cases[i]);
		assert_int_equal(rc, -1);
		assert_int_equal(why.class, TMPL_LIMIT);
		assert_true(arena_used(a) < (size_t)64 << 20);
		buf_release(&out);
		arena_free(a);
	}
}

/* 10,000 levels are Go's own bound for JSON; every walk goes that deep. */
static void deep(void **state)
{
	static const struct tmpl_case cases[] = {
		{"{{mustFromJson (printf \"%s%s\" (repeat 10000 \"[\") (repeat 10000 \"]\")) | "
		 "toJson | len}}",
		 "20000", false},
		{"{{printf \"%v\" (mustFromJson (printf \"%s%s\" (repeat 10000 \"[\") (repeat "
		 "10000 \"]\"))) "
		 "| len}}",
		 "20000", false},
		{"{{printf \"%v\" (mustFromJson (printf \"%s1%s\" (repeat 9000 \"{\\\"a\\\":\") "
		 "(repeat 9000 "
		 "\"}\"))) | len}}",
		 "63001", false},
		{"{{mustFromJson (repeat 10001 \"[\")}}",
		 "error calling mustFromJson: invalid character '[' exceeded max depth", true},
	};

	(void)state;
	all(cases, ARRAY_LEN(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists),
		cmocka_unit_test(maps),
		cmocka_unit_test(merging),
		cmocka_unit_test(numbers),
		cmocka_unit_test(types_and_defaults),
		cmocka_unit_test(limits),
		cmocka_unit_test(deep),
	};

	return cmocka_run_group_tests_name("tmpl_lists", tests, NULL, NULL);
}

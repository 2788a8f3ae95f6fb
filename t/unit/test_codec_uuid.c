/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/uuid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static const unsigned char id[16] = {0x00, 0x1f, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
				     0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};

static void both_ways(void **state)
{
	unsigned char back[16];
	char text[37];

	(void)state;
	uuid_format(id, text);
	assert_string_equal(text, "001f2233-4455-6677-8899-aabbccddeeff");
	assert_int_equal(uuid_parse(str_c(text), back), 0);
	assert_memory_equal(back, id, sizeof(id));
	memset(back, 0, sizeof(back));
	assert_int_equal(uuid_parse(STR("001F22334455667788 99"), back), -1);
	assert_int_equal(uuid_parse(STR("001F2233445566778899AABBCCDDEEFF"), back), 0);
	assert_memory_equal(back, id, sizeof(id));
}

static void refused(void **state)
{
	static const char *const rows[] = {
		"",
		"001f2233-4455-6677-8899-aabbccddeef",
		"001f2233-4455-6677-8899-aabbccddeeff0",
		"001f22334-455-6677-8899-aabbccddeeff",
		"001f2233+4455-6677-8899-aabbccddeeff",
		"001f2233-4455-6677-8899-aabbccddeefg",
		"001f2233445566778899aabbccddeef",
		"001f2233445566778899aabbccddeef-",
		"{01f2233445566778899aabbccddeef}",
	};
	unsigned char out[16] = {7}, before[16] = {7};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(uuid_parse(str_c(rows[i]), out), -1);
	assert_int_equal(uuid_parse(str_mem("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
					    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
					    32),
				    out),
			 -1);
	assert_int_equal(uuid_parse(STR_NULL, out), -1);
	assert_memory_equal(out, before, sizeof(out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests_name("codec_uuid", tests, NULL, NULL);
}

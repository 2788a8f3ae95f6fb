/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "codec/b64.h"
#include "hook/webhook_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Answers of webhooks. Permission means that the text says so, once, by a boolean; the hook's words
 * never hold what could harm a terminal.
 */
static void check_words(const char *s)
{
	ENSURE(strlen(s) <= WEBHOOK_TEXT_MAX && utf8_valid(str_c(s)));
	for (; *s != '\0'; s++)
		ENSURE((unsigned char)*s >= 0x20 && *s != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct webhook_answer a;
	struct err e = ERR_INIT;
	char words[64];

	webhook_escape(str_mem(data, size), words, sizeof(words));
	check_words(words);
	if (webhook_answer_parse(str_mem(data, size), &a, &e) != 0) {
		ENSURE(e.code == ERR_FORBIDDEN && a.data == NULL && !a.allow);
		return 0;
	}
	check_words(a.code);
	check_words(a.message);
	ENSURE(!a.allow || (a.code[0] == '\0' && a.message[0] == '\0'));
	ENSURE(!a.allow || memmem(data, size, "true", 4) != NULL);
	webhook_answer_release(&a);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the control socket is told: the first byte chooses a query, a serial, the body of a
 * revocation, or (the name of a filter, a NUL, a cursor) a page of the catalogue.
 */
#include "base/compat.h"

#include "base/bug.h"
#include "base/clock.h"
#include "ca/index.h"
#include "control/priv.h"
#include "crypto/crypto.h"

#define GUARD_MS 60000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_refusal(const struct err *e)
{
	ENSURE(e->code == ERR_INVALID || e->code == ERR_TOO_LARGE);
	ENSURE(e->msg[0] != '\0');
}

static void try_query(struct str in, struct arena *a)
{
	struct control_query q;
	struct err e = ERR_INIT;

	if (control_query_parse(in, a, &q, &e) < 0) {
		check_refusal(&e);
		return;
	}
	ENSURE(q.limit >= 1 && q.limit <= CONTROL_LIMIT_MAX);
	ENSURE(!q.pem || q.limit <= CONTROL_LIMIT_PEM);
	ENSURE(q.filter.endpoint.n == 0 || q.filter.endpoint.n == 16);
	ENSURE(q.filter.status <= CATALOG_ALL && q.filter.expires_within >= 0);
}

/* What is taken is written, and reads back as the same. */
static void try_serial(struct str in, struct arena *a)
{
	struct str key, again, magnitude;
	struct buf text = BUF_INIT;
	struct err e = ERR_INIT;

	if (control_serial(in, a, &key, &e) < 0) {
		check_refusal(&e);
		return;
	}
	ENSURE(key.n == SERIAL_KEY);
	for (magnitude = key; magnitude.n > 1 && magnitude.p[0] == '\0';)
		magnitude = str_mem(magnitude.p + 1, magnitude.n - 1);
	serial_to_decimal(magnitude, &text);
	ENSURE(control_serial(buf_view(&text), a, &again, &e) == 0 && str_eq(key, again));
	buf_release(&text);
}

static void try_body(struct str in, struct arena *a)
{
	const struct http_req r = {.arena = a, .body = in};
	struct err e = ERR_INIT;
	struct revoke_body b;
	json_t *o = control_body(&r, revoke_body_members, &e);

	if (o == NULL || revoke_body_read(o, a, &b, &e) < 0) {
		check_refusal(&e);
		return;
	}
	ENSURE((b.serial.n > 0) != (b.endpoint.n > 0));
	ENSURE(b.serial.n <= SERIAL_KEY && (b.endpoint.n == 0 || b.endpoint.n == 16));
}

/* ---- a page ---- */

struct asked {
	struct catalog_list list;
	bool over;
};

static void on_end(struct flow *f)
{
	CONTAINER_OF(CONTAINER_OF(f, struct catalog_list, flow), struct asked, list)->over = true;
}

static struct ca *catalogue(void)
{
	static struct ca ca; /* state: one for the process */
	struct store_config c = {.driver = "memory", .readers = 1};
	struct err e = ERR_INIT;

	if (ca.store != NULL)
		return &ca;
	ENSURE(crypto_init(NULL, &e) == 0);
	ca.loop = loop_new(&e);
	ENSURE(ca.loop != NULL);
	ca.store = store_open(ca.loop, &c, &e);
	ENSURE(ca.store != NULL);
	return &ca;
}

static void try_page(struct str in, struct arena *a)
{
	struct asked q = {.list = {.ca = catalogue(), .limit = 10}};
	uint64_t guard = clock_mono_ms() + GUARD_MS;

	q.list.filter.status = CATALOG_ALL;
	q.list.filter.name = str_cut(in, '\0', &q.list.cursor);
	catalog_list_init(&q.list, a);
	q.list.flow.on_end = on_end;
	flow_start(&q.list.flow);
	while (!q.over) {
		ENSURE(clock_mono_ms() < guard);
		loop_turn(q.list.ca->loop, 100);
	}
	if (q.list.flow.failed)
		check_refusal(&q.list.flow.err);
	ENSURE(q.list.n == 0 && q.list.next.n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const kinds[])(struct str, struct arena *) = {try_query, try_serial, try_body,
								    try_page};
	struct arena *a;

	if (size == 0)
		return 0;
	a = arena_new();
	kinds[data[0] % ARRAY_LEN(kinds)](str_mem(data + 1, size - 1), a);
	arena_free(a);
	return 0;
}

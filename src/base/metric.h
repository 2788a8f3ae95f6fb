/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_BASE_METRIC_H
#define SIGNET_BASE_METRIC_H

#include "base/buf.h"

#include <stdatomic.h>

/*
 * Counters and gauges, declared once in metric.c's table (one place documents them all) and
 * changed by any thread with a relaxed atomic. Text exposition as Prometheus reads it.
 */
enum metric_id {
	METRIC_LOOP_STALLS, /* callbacks over 10 ms */
	METRIC_HTTP_REQUESTS,
	METRIC_HTTP_CONNECTIONS, /* gauge */
	METRIC_TLS_HANDSHAKES,
	METRIC_TLS_HANDSHAKE_FAILURES,
	METRIC_SIGNATURES,
	METRIC_SIGNATURE_FAILURES,
	/* PBKDF2 and scrypt runs: J14 asserts that hostile input causes none */
	METRIC_KDF_DERIVATIONS,
	METRIC_STORE_COMMITS,
	METRIC_STORE_SYNCS,
	METRIC_STORE_REFUSED_FULL,
	METRIC_CERTIFICATES_ISSUED,
	METRIC_CERTIFICATES_REVOKED,
	METRIC_TOKENS_REFUSED,
	METRIC_JOBS_REFUSED,
	METRIC_LOG_DROPPED,
	METRIC_COUNT
};

void metric_add(enum metric_id id, int64_t delta);
static inline void metric_inc(enum metric_id id)
{
	metric_add(id, 1);
}
int64_t metric_value(enum metric_id id);
void metric_write(struct buf *out); /* "# HELP", "# TYPE", value for each */

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/metric.h"

/*
 * All metrics of the daemon, in the order of enum metric_id. To add one: an enum value in metric.h
 * and a line here; the assertion below tells when one is missing at the end, the designators keep
 * the rest in step.
 */
static const struct metric_info {
	const char *name;
	const char *type;
	const char *help;
} table[] = {
	[METRIC_LOOP_STALLS] = {"signet_loop_stalls_total", "counter",
				"Callbacks on the event loop that took longer than 10 ms."},
	[METRIC_HTTP_REQUESTS] = {"signet_http_requests_total", "counter",
				  "HTTP requests received."},
	[METRIC_HTTP_CONNECTIONS] = {"signet_http_connections", "gauge",
				     "HTTP connections open now."},
	[METRIC_TLS_HANDSHAKES] = {"signet_tls_handshakes_total", "counter",
				   "TLS handshakes completed."},
	[METRIC_TLS_HANDSHAKE_FAILURES] = {"signet_tls_handshake_failures_total", "counter",
					   "TLS handshakes that failed."},
	[METRIC_SIGNATURES] = {"signet_signatures_total", "counter", "Signatures made by CA keys."},
	[METRIC_SIGNATURE_FAILURES] = {"signet_signature_failures_total", "counter",
				       "Signatures by CA keys that failed or came too late."},
	[METRIC_KDF_DERIVATIONS] = {"signet_kdf_derivations_total", "counter",
				    "Password-based key derivations (PBKDF2, scrypt)."},
	[METRIC_STORE_COMMITS] = {"signet_store_commits_total", "counter",
				  "Batches committed to the store."},
	[METRIC_STORE_SYNCS] = {"signet_store_syncs_total", "counter",
				"Synced writes of the store; one covers several batches."},
	[METRIC_STORE_REFUSED_FULL] = {"signet_store_refused_full_total", "counter",
				       "Batches refused because the disk is nearly full."},
	[METRIC_CERTIFICATES_ISSUED] = {"signet_certificates_issued_total", "counter",
					"Certificates issued and recorded."},
	[METRIC_CERTIFICATES_REVOKED] = {"signet_certificates_revoked_total", "counter",
					 "Certificates revoked."},
	[METRIC_TOKENS_REFUSED] = {"signet_tokens_refused_total", "counter",
				   "One-time tokens refused."},
	[METRIC_JOBS_REFUSED] = {"signet_jobs_refused_total", "counter",
				 "Jobs refused because a pool's queue was full."},
	[METRIC_LOG_DROPPED] = {"signet_log_dropped_total", "counter",
				"Log lines dropped because the output was too slow."},
};

_Static_assert(ARRAY_LEN(table) == METRIC_COUNT, "each metric needs its line in the table");

static atomic_int_fast64_t values[METRIC_COUNT]; /* state: one set of counters per process */

void metric_add(enum metric_id id, int64_t delta)
{
	ENSURE((unsigned)id < METRIC_COUNT);
	atomic_fetch_add_explicit(&values[id], delta, memory_order_relaxed);
}

int64_t metric_value(enum metric_id id)
{
	ENSURE((unsigned)id < METRIC_COUNT);
	return atomic_load_explicit(&values[id], memory_order_relaxed);
}

void metric_write(struct buf *out)
{
	for (unsigned i = 0; i < METRIC_COUNT; i++) {
		const struct metric_info *m = &table[i];
		buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s %" PRId64 "\n", m->name, m->help,
			   m->name, m->type, m->name, metric_value((enum metric_id)i));
	}
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_BASE_REF_H
#define SIGNET_BASE_REF_H

#include "base/bug.h"

#include <stdatomic.h>

/* Atomic reference count for shared immutable snapshots. ref_put is true when the last one went. */
struct ref {
	atomic_int n;
};

static inline void ref_init(struct ref *r)
{
	atomic_init(&r->n, 1);
}
static inline void ref_get(struct ref *r)
{
	int old = atomic_fetch_add_explicit(&r->n, 1, memory_order_relaxed);
	ENSURE(old > 0);
}
static inline bool ref_put(struct ref *r)
{
	int old = atomic_fetch_sub_explicit(&r->n, 1, memory_order_acq_rel);
	ENSURE(old > 0);
	return old == 1;
}

#endif

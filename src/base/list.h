/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_BASE_LIST_H
#define SIGNET_BASE_LIST_H

#include "base/compat.h"

/*
 * Intrusive doubly-linked list, circular with a head node. A node not in a list points to itself
 * or is zeroed.
 */
struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}
static inline bool list_empty(const struct list *l)
{
	return l->next == l || l->next == NULL;
}
static inline bool list_linked(const struct list *n)
{
	return n->next != NULL && n->next != n;
}
static inline void list_add_tail(struct list *l, struct list *n)
{
	n->prev = l->prev;
	n->next = l;
	l->prev->next = n;
	l->prev = n;
}
static inline void list_remove(struct list *n)
{
	if (n->next == NULL)
		return;
	n->prev->next = n->next;
	n->next->prev = n->prev;
	n->next = n->prev = n;
}
static inline struct list *list_pop(struct list *l)
{
	struct list *n = l->next;
	if (list_empty(l))
		return NULL;
	list_remove(n);
	return n;
}
/* Moves all of `from` to the tail of `to`. */
static inline void list_splice(struct list *to, struct list *from)
{
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

#define LIST_ENTRY(node, type, member) CONTAINER_OF(node, type, member)

#define LIST_EACH(pos, head) for ((pos) = (head)->next; (pos) != (head); (pos) = (pos)->next)

#define LIST_EACH_SAFE(pos, tmp, head)                                                             \
	for ((pos) = (head)->next, (tmp) = (pos)->next; (pos) != (head);                           \
	     (pos) = (tmp), (tmp) = (pos)->next)

#endif

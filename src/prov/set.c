/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/mem.h"
#include "prov/priv.h"

/*
 * set.c - the set of provisioners: a snapshot that never changes once it is made.
 *
 * The order is that of the files' names; listings and /provisioners keep it. Two indexes: by name,
 * and by id - what a token names. The set may be freed on any thread that holds the last reference,
 * but plugins' instances are only made and destroyed while nobody else has it.
 */
struct prov_set *prov_set_ref(struct prov_set *s)
{
	ref_get(&s->ref);
	return s;
}

void prov_set_unref(struct prov_set *s)
{
	if (!s || !ref_put(&s->ref))
		return;
	for (size_t i = 0; i < s->n; i++) {
		struct prov_entry *p = &s->entries[i];
		if (p->pub.instance)
			p->pub.driver->destroy(&prov_host, p->pub.instance);
		if (p->pub.rules)
			s->rules->free(p->pub.rules);
		json_decref(p->listed);
		conf_provisioner_release(&p->conf);
	}
	map_free(s->by_name, NULL);
	map_free(s->by_id, NULL);
	mem_free(s->entries);
	arena_free(s->arena);
	mem_free(s);
}

size_t prov_count(const struct prov_set *s)
{
	return s->n;
}

const struct provisioner *prov_at(const struct prov_set *s, size_t i)
{
	return i < s->n ? &s->entries[i].pub : NULL;
}

const struct provisioner *prov_by_name(const struct prov_set *s, struct str name)
{
	const struct prov_entry *p = map_get(s->by_name, name);

	return p ? &p->pub : NULL;
}

struct str prov_encrypted_key(const struct prov_set *s, struct str kid)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct prov_entry *p = &s->entries[i];
		size_t n = strlen(p->pub.name);
		struct str id = str_c(p->pub.id);
		if (p->encrypted_key.n && id.n > n && id.p[n] == ':' &&
		    str_eq(str_mem(id.p + n + 1, id.n - n - 1), kid))
			return p->encrypted_key;
	}
	return STR_NULL;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "ca/backup_priv.h"
#include "ca/ca.h"
#include "ca/check.h"
#include "ca/inventory.h"
#include "ca/restored.h"
#include "ca/rules.h"

#include "base/bug.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

/*
 * authority.c - reads the certificates that the configuration names, checks that they form a
 * chain, and starts opening the keys. Start-up only: it blocks on small files and verifies a
 * handful of signatures before the loop runs.
 */

#define PEM_MAX (256 * 1024)

static int read_certs(struct ca *ca, const char *path, struct str **ders, struct cert **certs,
		      size_t *n, struct err *e)
{
	struct buf pem = BUF_INIT;
	int rc = -1;

	if (file_read(path, PEM_MAX, &pem, e) < 0)
		goto out;
	if (cert_pem_read(buf_view(&pem), ca->arena, ders, n, e) < 0) {
		err_wrap(e, "%s", path);
		goto out;
	}
	*certs = ARENA_ARRAY(ca->arena, struct cert, *n);
	for (size_t i = 0; i < *n; i++)
		if (cert_parse((*ders)[i], ca->arena, &(*certs)[i], e) < 0) {
			err_wrap(e, "%s: certificate %zu", path, i + 1);
			goto out;
		}
	rc = 0;
out:
	buf_release(&pem);
	return rc;
}

/* All certificates of several files, one after the other. */
static int read_all(struct ca *ca, const struct conf_strings *paths, const struct str **ders,
		    struct cert **certs, size_t *n, struct err *e)
{
	struct str *d[100], *all;
	struct cert *c[100], *parsed;
	size_t count[100], total = 0, at = 0;

	if (paths->n > ARRAY_LEN(d))
		return ERR(e, ERR_TOO_LARGE, "more than %zu root files", ARRAY_LEN(d));
	for (size_t i = 0; i < paths->n; i++) {
		if (read_certs(ca, paths->items[i], &d[i], &c[i], &count[i], e) < 0)
			return -1;
		total += count[i];
	}
	all = ARENA_ARRAY(ca->arena, struct str, total + 1);
	parsed = ARENA_ARRAY(ca->arena, struct cert, total + 1);
	for (size_t i = 0; i < paths->n; i++)
		for (size_t k = 0; k < count[i]; k++) {
			all[at] = d[i][k];
			parsed[at++] = c[i][k];
		}
	*ders = all;
	*certs = parsed;
	*n = total;
	return 0;
}

static int check_issuer(const struct authority *au, const char *path, struct err *e)
{
	struct chain_params p = {
		.roots = au->root_certs,
		.n_roots = au->n_roots,
		.intermediates = au->chain_certs + 1,
		.n_intermediates = au->n_chain - 1,
		.now = clock_now(),
		.usage = OID_NONE,
	};

	if (!au->cert.is_ca || !(au->cert.key_usage & KU_CERT_SIGN))
		return ERR(e, ERR_INVALID,
			   "%s: the first certificate is no CA certificate that may sign", path);
	if (chain_verify(&au->chain_certs[0], &p, e) < 0)
		return err_wrap(e, "%s: no valid chain to the configured root", path);
	return 0;
}

static bool is_root(const struct authority *au, struct str der)
{
	for (size_t i = 0; i < au->n_roots; i++)
		if (str_eq(au->roots[i], der))
			return true;
	return false;
}

static int open_key(struct ca *ca, struct authority *au, const struct conf_authority *c,
		    struct err *e)
{
	struct kms_key_config kc = {
		.uri = c->key,
		.dir = ca->conf->dir,
		.cert_der = au->cert.der,
		.name = au->name,
		.workers = (unsigned)ca->conf->threads.cpu,
		.bound = 256,
	};

	au->key = kms_key_new(ca->loop, &kc, e);
	if (au->key == NULL)
		return err_wrap(e, "authority %s", au->name);
	return 0;
}

static int authority_certs(struct ca *ca, struct authority *au, const struct conf_authority *c,
			   struct err *e)
{
	struct cert *unused;
	struct str *chain;

	au->name = c->name;
	au->backdate = c->backdate / DURATION_SECOND;
	if (read_all(ca, &c->root, &au->roots, &au->root_certs, &au->n_roots, e) < 0 ||
	    read_all(ca, &c->federated_roots, &au->federated, &unused, &au->n_federated, e) < 0 ||
	    read_certs(ca, c->crt, &chain, &au->chain_certs, &au->n_chain, e) < 0)
		return err_wrap(e, "authority %s", c->name);
	/* A root at the end of the chain file is not sent to clients. */
	while (au->n_chain > 1 && is_root(au, chain[au->n_chain - 1]))
		au->n_chain--;
	au->chain = chain;
	au->cert = au->chain_certs[0];
	return check_issuer(au, c->crt, e) < 0 ? err_wrap(e, "authority %s", c->name) : 0;
}

static int authority_load(struct ca *ca, struct authority *au, const struct conf_authority *c,
			  struct err *e)
{
	if (authority_certs(ca, au, c, e) < 0)
		return -1;
	au->verify = verify_handles_new(&au->cert, e);
	if (au->verify == NULL)
		return err_wrap(e, "authority %s", c->name);
	return open_key(ca, au, c, e);
}

int ca_check_certs(struct conf *conf, struct err *e)
{
	const struct conf_authority *list = conf->authorities.items;
	struct ca ca = {.conf = conf, .arena = arena_new()};
	int rc = 0;

	for (size_t i = 0; i < conf->authorities.n && rc == 0; i++) {
		struct authority *au = ARENA_NEW(ca.arena, struct authority);

		rc = authority_certs(&ca, au, &list[i], e);
	}
	arena_free(ca.arena);
	return rc;
}

/* What webhooks' certificates are checked against: libcurl takes roots from files only. */
static int write_roots(const struct ca *ca, struct err *e)
{
	char *path = file_join(ca->conf->data_dir, CA_ROOTS_FILE);
	char *dir = file_dirname(path);
	struct buf pem = BUF_INIT;
	int rc;

	for (size_t i = 0; i < ca->n_authorities; i++)
		for (size_t k = 0; k < ca->authorities[i].n_roots; k++)
			cert_to_pem(ca->authorities[i].roots[k], &pem);
	rc = file_mkdir_p(dir, 0700, e);
	if (rc == 0)
		rc = file_replace(path, buf_view(&pem), 0644, e);
	buf_release(&pem);
	mem_free(dir);
	mem_free(path);
	return rc;
}

struct ca *ca_new(const struct ca_config *c, struct err *e)
{
	struct ca *ca = NEW(struct ca);
	const struct conf_authority *list = c->conf->authorities.items;

	ca->loop = c->loop;
	ca->store = c->store;
	ca->cpu = c->cpu;
	ca->slow = c->slow;
	ca->conf = conf_ref(c->conf);
	ca->provs = prov_set_ref(c->provs);
	ca->plugins = c->plugins;
	ca->outbound = c->outbound;
	ca->arena = arena_new();
	ca->authorities = ARENA_ARRAY(ca->arena, struct authority, c->conf->authorities.n);
	if (restored_read(ca->loop, ca->store, &ca->restored, e) < 0) {
		ca_free(ca);
		return NULL;
	}
	for (size_t i = 0; i < c->conf->authorities.n; i++) {
		ca->n_authorities = i + 1;
		if (authority_load(ca, &ca->authorities[i], &list[i], e) < 0) {
			ca_free(ca);
			return NULL;
		}
	}
	if (write_roots(ca, e) < 0) {
		ca_free(ca);
		return NULL;
	}
	backup_clean_stale(ca->conf);
	ca->watch = ca_watch_new(ca);
	ca->inventories = inventory_keeper_new(ca);
	return ca;
}

void ca_stop(struct ca *ca)
{
	if (ca == NULL)
		return;
	ca_watch_stop(ca->watch);
	inventory_keeper_stop(ca->inventories);
	server_cert_stop(ca->server_cert);
}

bool ca_busy(const struct ca *ca)
{
	return ca != NULL && (ca_watch_busy(ca->watch) || inventory_keeper_busy(ca->inventories) ||
			      server_cert_busy(ca->server_cert) || ca->reloading ||
			      ca->reload_job || ca->backing_up || ca->backup_job);
}

void ca_free(struct ca *ca)
{
	if (ca == NULL)
		return;
	ca_watch_free(ca->watch);
	inventory_keeper_free(ca->inventories);
	for (size_t i = 0; i < ca->n_authorities; i++) {
		kms_key_free(ca->authorities[i].key);
		verify_handles_free(ca->authorities[i].verify);
	}
	prov_set_unref(ca->provs);
	conf_unref(ca->conf);
	arena_free(ca->arena);
	mem_free(ca);
}

const struct authority *ca_authority(const struct ca *ca, struct str name)
{
	for (size_t i = 0; i < ca->n_authorities; i++)
		if (str_eqc(name, ca->authorities[i].name))
			return &ca->authorities[i];
	return NULL;
}

const struct authority *ca_issuer_of(const struct ca *ca, const struct cert *c)
{
	for (size_t i = 0; i < ca->n_authorities; i++) {
		const struct authority *au = &ca->authorities[i];

		for (size_t k = 0; k < au->n_chain; k++) {
			const struct cert *ic = &au->chain_certs[k];

			if (name_der_equal(ic->subject.der, c->issuer.der) &&
			    (c->aki.n == 0 || ic->ski.n == 0 || str_eq(c->aki, ic->ski)))
				return au;
		}
	}
	return NULL;
}

void ca_client_trust(const struct ca *ca, struct buf *pem)
{
	for (size_t i = 0; i < ca->n_authorities; i++) {
		const struct authority *au = &ca->authorities[i];

		for (size_t k = 0; k < au->n_roots; k++)
			cert_to_pem(au->roots[k], pem);
		for (size_t k = 0; k < au->n_chain; k++)
			cert_to_pem(au->chain[k], pem);
	}
}

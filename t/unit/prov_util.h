/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_T_PROV_UTIL_H
#define SIGNET_T_PROV_UTIL_H

/* A folder with signetd.yaml and provisioners.d, a set loaded from it, and one authorization run to
 * its end. */

#include "base/compat.h"

#include "base/clock.h"
#include "base/file.h"
#include "jose/jwk.h"
#include "jose_util.h"
#include "prov/priv.h"

#include <ftw.h>

extern const struct signet_plugin signet_plugin_jwk, signet_plugin_skeleton;

struct site {
	char dir[64];
	struct conf *conf;
	struct plugin_registry *plugins;
};

static inline void site_write(struct site *s, const char *rel, const char *text)
{
	char *path = file_join(s->dir, rel), *dir = file_dirname(path);
	struct err e = ERR_INIT;

	assert_int_equal(file_mkdir_p(dir, 0755, &e), 0);
	if (file_replace(path, str_c(text), 0644, &e) < 0)
		fail_msg("%s", e.msg);
	mem_free(path);
	mem_free(dir);
}

static inline void site_new(struct site *s, const struct signet_plugin *const *builtin)
{
	struct err e = ERR_INIT;
	char *path;

	memset(s, 0, sizeof(*s));
	snprintf(s->dir, sizeof(s->dir), "/tmp/signet-prov-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	site_write(s, "signetd.yaml",
		   "dnsNames: [ca.example, 127.0.0.1]\n"
		   "claims: {maxTLSCertDuration: 48h}\n"
		   "authorities:\n"
		   "- {name: default, root: r.crt, crt: i.crt, key: i.key, isolation: thread}\n"
		   "- {name: second, root: r.crt, crt: i.crt, key: i.key, isolation: thread}\n");
	path = file_join(s->dir, "signetd.yaml");
	s->conf = conf_load(path, &e);
	if (!s->conf)
		fail_msg("%s", e.msg);
	mem_free(path);
	s->plugins = plugin_registry_new(NULL, builtin);
}

static inline int site_rm_one(const char *path, const struct stat *st, int flag, struct FTW *f)
{
	(void)st;
	(void)flag;
	(void)f;
	return remove(path);
}

static inline void site_free(struct site *s)
{
	conf_unref(s->conf);
	plugin_registry_free(s->plugins);
	nftw(s->dir, site_rm_one, 8, FTW_DEPTH | FTW_PHYS);
}

static inline struct prov_set *site_load(struct site *s)
{
	struct prov_set *set = NULL;
	struct err e = ERR_INIT;

	if (prov_set_load(s->conf, s->plugins, &set, &e) < 0)
		fail_msg("%s", e.msg);
	return set;
}

/* A JWK provisioner with this key; `more` is further lines. */
static inline void site_jwk(struct site *s, const char *file, const char *name, const struct key *k,
			    const char *kid, const char *more)
{
	json_t *jwk = jwk_json(k, kid, false);
	struct buf text = BUF_INIT, y = BUF_INIT;

	json_write(jwk, &text);
	buf_printf(&y, "type: JWK\nname: \"%s\"\nkey: %s\n%s", name, text.p, more ? more : "");
	site_write(s, file, y.p);
	json_decref(jwk);
	buf_release(&text);
	buf_release(&y);
}

#endif

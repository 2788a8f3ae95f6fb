/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CONF_CONF_H
#define SIGNET_CONF_CONF_H

#include "base/arena.h"
#include "base/err.h"
#include "base/buf.h"
#include "base/ref.h"
#include "codec/yaml.h"

/*
 * conf.h - typed configuration driven by one table per object (conf/schema.c): key, type,
 * default, bounds, one sentence. The table drives loading, --check-config, `signetd
 * --help-config`, and the commented sample conf/signetd.yaml (a test compares them). Errors read
 * "file:line: key: what is wrong, what is allowed". An unknown key is an error with the nearest
 * known name.
 */
enum conf_type {
	CONF_STRING,   /* const char * */
	CONF_PATH,     /* const char *, made absolute against the file's folder */
	CONF_BOOL,     /* bool */
	CONF_INT,      /* int64_t, min..max */
	CONF_AUTO_INT, /* int64_t; "auto" is 0 */
	CONF_DURATION, /* int64_t nanoseconds (Go form), min..max */
	CONF_SIZE,     /* uint64_t bytes: 256MiB, 64KiB, 1GiB, plain number */
	CONF_ENUM,     /* int: index into choices */
	CONF_STRINGS,  /* struct conf_strings */
	CONF_PATHS,    /* struct conf_strings, a single string is a list of one */
	CONF_OBJECT,   /* struct of `sub`, in place */
	CONF_OBJECTS,  /* struct conf_objects: list of `sub` structs */
	/*
	 * json_t *, plain scalars typed by the YAML 1.2 core schema; owned by the snapshot (freed
	 * with the arena). With `sub` its keys are checked against that table too, and nothing else
	 * is stored.
	 */
	CONF_ANY
};
struct conf_strings {
	const char *const *items;
	size_t n;
};
struct conf_objects {
	void *items;
	size_t n;
};
struct conf_table;
struct conf_key {
	const char *name;
	enum conf_type type;
	size_t offset;
	const char *
		/* as text, lists separated by commas; NULL: zero value, for a CONF_DURATION -1 */
		dflt;
	int64_t min, max; /* for numbers; both 0: unbounded */
	const char *const *
		/*
		 * CONF_ENUM: NULL-terminated. "": cannot be written (not set); "!x": x is known
		 * but not supported by this version
		 */
		choices;
	const struct conf_table *sub;
	bool required;
	/*
	 * Not NULL: the key is known to the fixed surface, but any value other than `dflt` is
	 * refused with this text: "not supported by this version". As CONF_ANY it has no storage.
	 */
	const char *unsupported;
	bool live;	    /* signetd.yaml: may change while signetd runs (conf_follow) */
	const char *doc;    /* one sentence */
	const char *sample; /* text written to the sample; NULL: the default, commented out */
};
struct conf_table {
	const char *name;
	size_t size;		     /* of the struct */
	const struct conf_key *keys; /* ends with a NULL name */
};

/*
 * ---- claims (step-api 3.1), inherited: built-in -> global -> provisioner. -1: not set here.
 * ----
 */
struct conf_claims {
	int64_t min_tls, max_tls, default_tls; /* nanoseconds */
	int disable_renewal, allow_renewal_after_expiry,
		/* index into {"unset","false","true"}: 0 unset, 1 false, 2 true */
		disable_smallstep_extensions;
};
struct conf_authority {
	const char *name;
	struct conf_strings root, federated_roots;
	const char *crt;
	const char *key; /* key URI or path */
	/* 0 process (default by DESIGN; refused in this version unless thread), 1 thread */
	int isolation;
	int64_t backdate; /* ns */
	json_t *policy;	  /* object or NULL: policy/policy.h */
};
struct conf {
	struct ref ref;
	struct arena *arena;
	const char *file, *dir; /* absolute */
	const char *address, *insecure_address, *metrics_address;
	struct conf_strings dns_names;
	const char *data_dir, *user, *common_name, *plugin_dir;
	struct {
		const char *socket, *group; /* socket absolute, or "" */
	} control;
	struct {
		int64_t cpu, slow, readers;
	} threads;
	struct {
		int format, level;
		const char *output;
	} log;
	struct {
		int driver;
		const char *path;
		uint64_t min_free, min_free_revoke;
	} store; /* driver: 0 rocksdb, 1 memory */
	struct {
		int64_t connections, idle_ms_unused;
	} limits;
	const char *accelerator;
	struct {
		struct conf_strings allow, refuse;
		const char *resolver;
	} outbound;
	const char *blocked_keys; /* NULL: no file */
	struct conf_claims claims;
	struct conf_objects authorities; /* struct conf_authority */
	struct yaml_doc doc;		 /* for messages about cross-field errors */
	struct conf *origin; /* after a reload: the first one, whose values live on here */
};
/* Reads signetd.yaml. New reference. plugin_dir NULL in the file: the built-in folder. */
struct conf *conf_load(const char *path, struct err *e) NODISCARD;
struct conf *conf_ref(struct conf *c);
void conf_unref(struct conf *c);
/*
 * Whether `fresh` may take the place of `running` while signetd runs: a key that differs and is not
 * `live` in the table is named, "file:line: key: cannot change while signetd runs; restart it".
 * Then, with 0, the values that may not change are those of the first configuration, at their
 * addresses, so that what points to them goes on doing so. `fresh` is the caller's alone.
 */
int conf_follow(struct conf *running, struct conf *fresh, struct err *e) NODISCARD;
/* Global claims resolved onto built-in values; checks of step-api 3.1. ns. */
struct claims {
	int64_t min_tls, max_tls, default_tls;
	bool disable_renewal, allow_renewal_after_expiry, disable_smallstep_extensions;
};
int claims_resolve(const struct conf_claims *global,
		   const struct conf_claims *own /* may be NULL */, struct claims *out,
		   struct err *e) NODISCARD;

/*
 * Reads one provisioners.d file. Common keys (type, name, authority, claims, options) by our
 * table; the rest by the plugin's table, which `keys_of(type)` returns (NULL: unknown type).
 * `plugin` is the object of the plugin's own keys with their defaults, typed.
 */
struct signet_conf_key;
struct conf_options {
	struct {
		const char *template, *template_file; /* NULL: not given */
		json_t *template_data, *allow;	      /* object, list; or NULL */
		bool slow_functions;
		int lint; /* 0 rfc5280, 1 tls */
	} x509;
	json_t *webhooks; /* list or NULL: hook/webhook.h */
};
struct conf_inventory { /* which record a request is about; list NULL: none */
	const char *list, *key, *allowed_names;
	bool required, on_renew;
};
struct conf_provisioner {
	const char *file, *type, *name, *authority;
	struct conf_claims claims;
	struct conf_options options;
	json_t *policy; /* object or NULL: policy/policy.h */
	struct conf_inventory inventory;
	json_t *plugin; /* object */
	struct yaml_doc doc;
	struct arena *arena;
};
int conf_provisioner_load(const char *path,
			  const struct signet_conf_key *(*keys_of)(void *arg, const char *type),
			  void *arg, struct conf_provisioner *out, struct err *e) NODISCARD;
/* The same from a text that is not (or not yet) in the file `path`. */
int conf_provisioner_parse(const char *path, struct str text,
			   const struct signet_conf_key *(*keys_of)(void *arg, const char *type),
			   void *arg, struct conf_provisioner *out, struct err *e) NODISCARD;
void conf_provisioner_release(struct conf_provisioner *p);
/* Paths of DIR/provisioners.d (names ending in .yaml), sorted; arena. */
int conf_provisioner_files(const struct conf *c, struct arena *a, const char ***paths, size_t *n,
			   struct err *e) NODISCARD;
/*
 * The file of the provisioner `name`: the first one whose member `name` says so, however wrong the
 * rest may be. ERR_NOT_FOUND; arena.
 */
int conf_provisioner_find(const struct conf *c, struct str name, struct arena *a, const char **path,
			  struct err *e) NODISCARD;

/* Generic: fills `out` (of t->size) from an object. Used by the two loaders and by tests. */
int conf_fill(const struct conf_table *t, const struct yaml_doc *d, const json_t *o,
	      const char *dir, struct arena *a, void *out, struct err *e) NODISCARD;
extern const struct conf_table conf_table_daemon; /* struct conf */
extern const struct conf_table conf_table_provisioner;
/*
 * All keys with type, default, bounds and sentence: --help-config. With sample: as a commented
 * YAML file.
 */
void conf_describe(const struct conf_table *t, bool sample, struct buf *out);

#endif

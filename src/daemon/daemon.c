/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "daemon/control.h"
#include "daemon/daemon.h"
#include "daemon/outward.h"
#include "daemon/reload.h"

#include "abi/accel.h"
#include "api/api.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "ca/ca.h"
#include "ca/rules.h"
#include "http/server.h"
#include "net/stream.h"
#include "net/tls.h"
#include "plugin/plugin.h"
#include "prov/prov.h"
#include "store/store.h"

#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

/*
 * daemon.c - wires everything, in the order of the layers: configuration, log, crypto, loop,
 * pools, store, outbound calls, plugins and provisioners, CA, the daemon's own leaf, and - when
 * there is one - TLS, the HTTP server and the listener. Ends in the opposite order.
 *
 * The keys of the CA open meanwhile on their own pool: `/health` answers at once, `/sign` says
 * 503 until they are there. (On the very first start there is no leaf yet, so listening begins
 * when the key has signed it.)
 *
 * Drain (TERM, INT): no new connections, idle ones close, running requests finish, for at most
 * DRAIN_MS; a connection without one is waited for DRAIN_IDLE_MS only. A second signal ends at
 * once. What was acknowledged is on disk at any time, so even that loses nothing.
 */

/* descriptors for everything but connections: the store's tables, logs, pipes */
#define FILES_APART   512
#define DRAIN_MS      60000
#define DRAIN_IDLE_MS 10000
#define DRAIN_POLL_MS 20

struct daemon {
	const struct daemon_opts *opts;
	struct conf *conf;
	struct loop *loop;
	struct pool *cpu, *slow;
	struct store *store;
	struct outward outward;
	struct plugin_registry *plugins;
	struct prov_set *provs;
	struct ca *ca;
	struct tls_context *tls;
	struct http_server *https;
	struct listener *listener;
	struct loop_signal *signals[3];
	struct timer drain;
	struct hup hup;
	struct control_face control;
	unsigned max_streams;
	uint64_t drain_until, idle_until;
	bool draining, hard, crypto, accelerated, tls_library, log;
	struct err fatal;
};

static int start_pools(struct daemon *d, struct err *e)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	struct pool_config cpu = {.name = "cpu", .bound = 4096, .thread_end = crypto_thread_end};
	struct pool_config slow = {.name = "slow", .bound = 64, .thread_end = crypto_thread_end};

	cpu.threads = d->conf->threads.cpu > 0 ? (unsigned)d->conf->threads.cpu
		      : cores > 2	       ? (unsigned)cores
					       : 2;
	slow.threads = d->conf->threads.slow > 0 ? (unsigned)d->conf->threads.slow : 1;
	d->cpu = pool_new(d->loop, &cpu, e);
	if (d->cpu == NULL)
		return -1;
	d->slow = pool_new(d->loop, &slow, e);
	return d->slow == NULL ? -1 : 0;
}

static int open_store(struct daemon *d, struct err *e)
{
	struct store_config sc = {
		.driver = d->conf->store.driver == 1 ? "memory" : "rocksdb",
		.path = d->conf->store.path,
		.min_free = d->conf->store.min_free,
		.min_free_urgent = d->conf->store.min_free_revoke,
		.readers = (unsigned)d->conf->threads.readers,
	};

	d->store = store_open(d->loop, &sc, e);
	return d->store == NULL ? -1 : 0;
}

static void open_registry(struct daemon *d)
{
	const char *dir = d->opts->plugin_dir ? d->opts->plugin_dir : d->conf->plugin_dir;

	d->plugins = plugin_registry_new(dir, daemon_builtin_plugins);
}

#define DEFAULT_ACCELERATOR "openssl"

/* The driver that the configuration asks for; *out NULL: none. */
static int find_accelerator(struct daemon *d, const struct signet_accel_driver **out, struct err *e)
{
	const char *name = d->conf->accelerator;
	bool automatic = strcmp(name, "auto") == 0;
	const struct signet_plugin *p;
	struct err why = ERR_INIT;

	*out = NULL;
	if (strcmp(name, "none") == 0)
		return 0;
	p = plugin_find(d->plugins, SIGNET_ACCELERATOR, automatic ? DEFAULT_ACCELERATOR : name,
			&why);
	if (p != NULL)
		*out = p->driver;
	if (p != NULL || (automatic && why.code == ERR_NOT_FOUND))
		return 0;
	*e = why;
	return err_wrap(e, "accelerator %s", name);
}

static int start_crypto(struct daemon *d, struct err *e)
{
	const struct signet_accel_driver *accel;

	if (find_accelerator(d, &accel, e) < 0 || crypto_init(accel, e) < 0)
		return -1;
	d->crypto = true;
	d->accelerated = accel != NULL;
	return 0;
}

static int load_provisioners(struct daemon *d, struct err *e)
{
	const struct prov_source from = {
		.conf = d->conf, .plugins = d->plugins, .rules = &ca_rules_ops};

	return prov_set_load_with(&from, &d->provs, e);
}

/* ---- listening ---- */

static int write_addresses(struct daemon *d, struct err *e)
{
	char *dir = file_join(d->conf->data_dir, "run");
	char *path = file_join(dir, "addresses");
	char *text = mem_asprintf("https %s\n", listener_address(d->listener));
	int rc = file_mkdir_p(dir, 0700, e);

	if (rc == 0)
		rc = file_replace(path, str_c(text), 0644, e);
	mem_free(text);
	mem_free(path);
	mem_free(dir);
	return rc;
}

static int listen_https(struct daemon *d, struct err *e)
{
	struct http_server_config hc;
	struct listener_config lc = {
		.address = d->conf->address,
		.tls = d->tls,
		.cpu = d->cpu,
		.max_streams = d->max_streams,
		.handshake_ms = 15000,
		.on_accept = http_server_accept,
	};

	http_server_config_defaults(&hc);
	hc.loop = d->loop;
	hc.routes = api_routes;
	hc.app = d->ca;
	hc.server_name = "https";
	d->https = http_server_new(&hc);
	lc.arg = d->https;
	d->listener = listener_new(d->loop, &lc, e);
	if (d->listener == NULL)
		return -1;
	d->control.control.address = listener_address(d->listener);
	log_info("listening", F_C("address", listener_address(d->listener)),
		 F_I("port", listener_port(d->listener)));
	return write_addresses(d, e);
}

static int first_creds(struct daemon *d, const struct tls_creds *c, struct err *e)
{
	struct buf trust = BUF_INIT;
	struct tls_config tc = {.chacha_first = !d->accelerated};

	ca_client_trust(d->ca, &trust);
	tc.client_roots_pem = buf_view(&trust);
	d->tls = tls_context_new(&tc, c, e);
	buf_release(&trust);
	return d->tls == NULL ? -1 : listen_https(d, e);
}

/* From ca/server_cert: the daemon's leaf, now and at each rotation. */
static void on_creds(void *arg, const struct tls_creds *c)
{
	struct daemon *d = arg;
	struct err e = ERR_INIT;

	if (d->tls != NULL) {
		if (tls_creds_swap(d->tls, c, &e) < 0)
			log_error("server_cert.swap", F_ERR(&e));
		return;
	}
	if (first_creds(d, c, &e) < 0) {
		d->fatal = e;
		loop_stop(d->loop);
	}
}

/* ---- signals ---- */

static bool https_over(const struct daemon *d)
{
	if (d->https == NULL)
		return true;
	return http_server_busy(d->https) == 0 &&
	       (http_server_connections(d->https) == 0 || clock_mono_ms() > d->idle_until);
}

static void on_drain(struct timer *t)
{
	struct daemon *d = CONTAINER_OF(t, struct daemon, drain);
	bool idle = https_over(d) && !control_busy(&d->control) && !ca_busy(d->ca) &&
		    !hup_busy(&d->hup);

	if (idle || clock_mono_ms() > d->drain_until) {
		d->hard = !idle;
		loop_stop(d->loop);
		return;
	}
	timer_set(&d->drain, DRAIN_POLL_MS);
}

static void on_end_signal(void *arg)
{
	struct daemon *d = arg;

	if (d->draining) {
		d->hard = true;
		loop_stop(d->loop);
		return;
	}
	d->draining = true;
	d->drain_until = clock_mono_ms() + DRAIN_MS;
	d->idle_until = clock_mono_ms() + DRAIN_IDLE_MS;
	log_info("draining", F_U("busy", d->https ? http_server_busy(d->https) : 0));
	ca_stop(d->ca);
	if (d->listener != NULL)
		listener_stop(d->listener);
	if (d->https != NULL)
		http_server_drain(d->https);
	control_drain(&d->control);
	timer_set(&d->drain, 1);
}

static void on_hup(void *arg)
{
	struct daemon *d = arg;

	hup_signal(&d->hup, d->draining ? NULL : d->ca);
}

/* ---- life ---- */

/*
 * Connections may not use up the descriptors: the store stops writing for good when it cannot
 * open a file. Raises the limit as far as it is needed, and takes fewer connections when it
 * cannot be raised so far.
 */
static void divide_files(struct daemon *d)
{
	rlim_t want = (rlim_t)d->conf->limits.connections + FILES_APART;
	struct rlimit files;

	d->max_streams = (unsigned)d->conf->limits.connections;
	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= want)
		return;
	files.rlim_cur = files.rlim_max < want ? files.rlim_max : want;
	if (setrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur == want)
		return;
	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	d->max_streams = files.rlim_cur > 2 * FILES_APART ? (unsigned)files.rlim_cur - FILES_APART
							  : (unsigned)files.rlim_cur / 2;
	log_warn("files.few", F_U("limit", files.rlim_cur), F_U("wanted", want),
		 F_U("connections", d->max_streams));
}

static int start_process(struct daemon *d, struct err *e)
{
	struct log_config lc = {
		.format = (enum log_format)d->conf->log.format,
		.level = (enum log_level)d->conf->log.level,
		.output = d->conf->log.output,
	};

	umask(077);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_DUMPABLE, 0); /* no core with keys in it */
	mallopt(M_ARENA_MAX, 2);
	if (log_start(&lc, e) < 0)
		return -1;
	d->log = true;
	open_registry(d);
	if (start_crypto(d, e) < 0)
		return -1;
	if (tls_global_init(e) < 0)
		return -1;
	d->tls_library = true;
	return 0;
}

static int start(struct daemon *d, struct err *e)
{
	d->conf = conf_load(d->opts->config, e);
	if (d->conf == NULL || start_process(d, e) < 0)
		return -1;
	divide_files(d);
	log_info("starting", F_C("version", PACKAGE_VERSION), F_C("config", d->conf->file),
		 F_BOOL("accelerated", d->accelerated));
	d->loop = loop_new(e);
	if (d->loop == NULL)
		return -1;
	timer_init(&d->drain, d->loop, "daemon.drain", on_drain);
	d->signals[0] = loop_signal_new(d->loop, SIGTERM, on_end_signal, d);
	d->signals[1] = loop_signal_new(d->loop, SIGINT, on_end_signal, d);
	d->signals[2] = loop_signal_new(d->loop, SIGHUP, on_hup, d);
	if (start_pools(d, e) < 0)
		return -1;
	hup_init(&d->hup, d->loop, d->slow);
	if (load_provisioners(d, e) < 0 || open_store(d, e) < 0 ||
	    outward_open(&d->outward, d->loop, d->conf, e) < 0)
		return -1;
	struct ca_config cc = {
		.loop = d->loop,
		.store = d->store,
		.cpu = d->cpu,
		.slow = d->slow,
		.conf = d->conf,
		.provs = d->provs,
		.plugins = d->plugins,
		.outbound = d->outward.outbound,
	};
	d->ca = ca_new(&cc, e);
	if (d->ca == NULL)
		return -1;
	prov_set_unref(d->provs); /* the CA has it, until a reload */
	d->provs = NULL;
	d->ca->on_reload = daemon_on_reload;
	if (control_open(&d->control, d->ca, e) < 0)
		return -1;
	d->ca->server_cert = server_cert_new(d->ca, on_creds, d, e);
	if (d->ca->server_cert == NULL)
		return -1;
	if (d->fatal.code != ERR_OK) {
		*e = d->fatal;
		return -1;
	}
	return 0;
}

/*
 * A start that fails late has a control socket already, perhaps with requests that cannot be broken
 * off. After a drain there are none. False: they do not end, or a second signal came.
 */
static bool finish_control(struct daemon *d)
{
	uint64_t until = clock_mono_ms() + DRAIN_MS;

	ca_stop(d->ca);
	control_drain(&d->control);
	while (control_busy(&d->control) && !d->hard && clock_mono_ms() < until)
		loop_turn(d->loop, DRAIN_POLL_MS);
	return !control_busy(&d->control);
}

static void stop_net(struct daemon *d)
{
	timer_release(&d->drain);
	for (size_t i = 0; i < ARRAY_LEN(d->signals); i++)
		if (d->signals[i] != NULL)
			loop_signal_free(d->signals[i]);
	control_close(&d->control);
	if (d->https != NULL)
		http_server_free(d->https);
	if (d->listener != NULL)
		listener_free(d->listener);
}

/*
 * What was aborted is freed in the reap phase, and what the CA does by itself ends. After a drain
 * all that is over already.
 */
static bool settle(struct daemon *d)
{
	uint64_t until = clock_mono_ms() + DRAIN_MS;

	ca_stop(d->ca);
	if (d->loop != NULL)
		loop_turn(d->loop, 0);
	while ((ca_busy(d->ca) || hup_busy(&d->hup)) && clock_mono_ms() < until)
		loop_turn(d->loop, DRAIN_POLL_MS);
	return !ca_busy(d->ca) && !hup_busy(&d->hup);
}

static void stop_loop_users(struct daemon *d)
{
	hup_release(&d->hup);
	if (d->ca != NULL)
		server_cert_free(d->ca->server_cert);
	ca_free(d->ca);
	outward_close(&d->outward);
	if (d->store != NULL)
		store_close(d->store);
	if (d->slow != NULL)
		pool_free(d->slow, 10000);
	if (d->cpu != NULL)
		pool_free(d->cpu, 10000);
	for (int i = 0; d->loop != NULL && i < 4; i++)
		loop_turn(d->loop, 0);
	if (d->tls != NULL)
		tls_context_unref(d->tls);
	if (d->loop != NULL)
		loop_free(d->loop);
}

static void stop(struct daemon *d)
{
	bool over;

	if (d->hard) {
		/*
		 * Requests are still running and hold what would be freed here. All that was
		 * answered is synced.
		 */
		log_warn("stopped", F_BOOL("drained", false));
		log_stop();
		_exit(0);
	}
	over = finish_control(d);
	if (over) {
		stop_net(d);
		over = settle(d);
	}
	if (!over) {
		/*
		 * What hangs keeps what it uses; so nothing of it may be torn down, by exit(3)
		 * neither.
		 */
		log_warn("stopped", F_BOOL("drained", false));
		log_stop();
		if (d->fatal.code != ERR_OK)
			fprintf(stderr, "signetd: %s\n", d->fatal.msg);
		_exit(d->fatal.code != ERR_OK);
	}
	stop_loop_users(d);
	if (d->provs != NULL)
		prov_set_unref(d->provs);
	if (d->plugins != NULL)
		plugin_registry_free(d->plugins);
	if (d->tls_library)
		tls_global_end();
	if (d->crypto)
		crypto_end();
	if (d->log) {
		log_info("stopped", F_BOOL("drained", true));
		log_stop();
	}
	if (d->conf != NULL)
		conf_unref(d->conf);
}

int daemon_run(const struct daemon_opts *o, struct err *e)
{
	struct daemon d = {.opts = o};
	int rc = start(&d, e);

	if (rc == 0)
		rc = loop_run(d.loop, e);
	if (rc == 0 && d.fatal.code != ERR_OK) {
		*e = d.fatal;
		rc = -1;
	}
	stop(&d);
	return rc;
}

int daemon_check(const struct daemon_opts *o, struct err *e)
{
	struct daemon d = {.opts = o};
	int rc = -1;

	d.conf = conf_load(o->config, e);
	if (d.conf != NULL)
		open_registry(&d);
	if (d.conf != NULL && start_crypto(&d, e) == 0 && load_provisioners(&d, e) == 0 &&
	    ca_check_certs(d.conf, e) == 0 && outward_check(d.conf, e) == 0) {
		printf("%s: fine (%zu authorities, %zu provisioners)\n", d.conf->file,
		       d.conf->authorities.n, prov_count(d.provs));
		rc = 0;
	}
	if (d.provs != NULL)
		prov_set_unref(d.provs);
	if (d.plugins != NULL)
		plugin_registry_free(d.plugins);
	if (d.conf != NULL)
		conf_unref(d.conf);
	if (d.crypto)
		crypto_end();
	return rc;
}

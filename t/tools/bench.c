/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench.c - the load generator of contrib/bench; that script explains and runs it.
 *
 *   bench key DIR                 makes a provisioner's key: DIR/provisioner.key and .json (its JWK)
 *   bench primitives OPTIONS      CPU time of the parts of a certificate, microseconds
 *   bench load OPTIONS            so many requests for so long
 *   bench idle OPTIONS            opens connections and does nothing with them
 *
 * Each prints one JSON object. Options: see the table below; each has a value.
 */
#include "base/compat.h"

#include "abi/accel.h"
#include "base/file.h"
#include "base/mem.h"
#include "bench.h"
#include "http/client.h"
#include "jose/jwk.h"
#include "net/tls.h"
#include "plugin/plugin.h"

#include <sys/resource.h>

void die(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("bench: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

void die_err(const char *what, const struct err *e)
{
	die("%s: %s", what, e->msg);
}

struct options {
	const char *to, *work, *kept, *clients, *seconds, *warmup, *rate, *slow, *idle, *identities;
	const char *key, *provisioner, *pid, *control, *plugins, *accelerator, *dir;
};
#define OPTION(name)                                                                               \
	{                                                                                          \
		"--" #name, offsetof(struct options, name)                                         \
	}
static const struct {
	const char *name;
	size_t at;
} table[] = {
	OPTION(to),	 /* ADDRESS:PORT */
	OPTION(work),	 /* health, sign, renew */
	OPTION(kept),	 /* yes: connections are kept; no: one for each request */
	OPTION(clients), /* how many at a time */
	OPTION(seconds),     OPTION(warmup),
	OPTION(rate),	    /* requests a second; 0: as many as it takes */
	OPTION(slow),	    /* connections that send a byte each second */
	OPTION(idle),	    /* connections for `bench idle` */
	OPTION(identities), /* client certificates for renew */
	OPTION(key),	    /* the provisioner's private key, PEM */
	OPTION(provisioner), OPTION(pid),
	OPTION(control),     /* the server's process and socket */
	OPTION(plugins),     /* folder with crypto/openssl.so */
	OPTION(accelerator), /* openssl or none */
	OPTION(dir),	     /* for a store */
};

static void read_options(int argc, char **argv, struct options *o)
{
	for (int i = 2; i < argc; i += 2) {
		size_t k = 0;

		while (k < ARRAY_LEN(table) && strcmp(table[k].name, argv[i]) != 0)
			k++;
		if (k == ARRAY_LEN(table) || i + 1 == argc)
			die("%s: unknown, or without a value", argv[i]);
		memcpy((char *)o + table[k].at, &argv[i + 1], sizeof(char *));
	}
}

static double number(const char *text, const char *what, double min, double max)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end != '\0' || !(v >= min && v <= max))
		die("--%s %s: a number from %g to %g is needed", what, text, min, max);
	return v;
}

static void start_crypto(const struct options *o)
{
	const struct signet_accel_driver *accel = NULL;
	const struct signet_plugin *p;
	struct err e = ERR_INIT;

	if (strcmp(o->accelerator, "none") != 0) {
		p = plugin_find(plugin_registry_new(o->plugins, NULL), SIGNET_ACCELERATOR,
				o->accelerator, &e);
		if (p == NULL)
			die_err("accelerator", &e);
		accel = p->driver;
	}
	if (crypto_init(accel, &e) < 0 || tls_global_init(&e) < 0 || http_client_init(&e) < 0)
		die_err("start", &e);
}

static int make_key(const char *dir)
{
	struct err e = ERR_INIT;
	struct key *k;
	struct buf pem = BUF_INIT, json = BUF_INIT;

	if (crypto_init(NULL, &e) < 0 || (k = key_generate(KEY_P256, 0, &e)) == NULL ||
	    key_to_pem(k, NULL, &pem, &e) < 0)
		die_err("a key", &e);
	json_write(jwk_json(k, NULL, false), &json);
	if (file_replace(mem_asprintf("%s/provisioner.key", dir), buf_view(&pem), 0600, &e) < 0 ||
	    file_replace(mem_asprintf("%s/provisioner.json", dir), buf_view(&json), 0644, &e) < 0)
		die_err("a key", &e);
	return 0;
}

static void fill_load(const struct options *o, struct load *l)
{
	static const char *const works[] = {"health", "sign", "renew"};
	struct err e = ERR_INIT;
	unsigned w = 0;

	*l = (struct load){0};
	if (o->to == NULL || addr_parse(o->to, &l->to, &e) < 0)
		die("--to ADDRESS:PORT is needed");
	while (w < ARRAY_LEN(works) && strcmp(works[w], o->work) != 0)
		w++;
	if (w == ARRAY_LEN(works))
		die("--work %s: health, sign or renew", o->work);
	l->work = (enum work)w;
	l->kept = strcmp(o->kept, "yes") == 0;
	l->clients = (unsigned)number(o->clients, "clients", 1, 10000);
	l->identities = (unsigned)number(o->identities, "identities", 1, 10000);
	l->slow = (unsigned)number(o->slow, "slow", 0, 50000);
	l->idle = (unsigned)number(o->idle, "idle", 0, 50000);
	l->seconds = number(o->seconds, "seconds", 0.1, 3600);
	l->warmup = number(o->warmup, "warmup", 0, 600);
	l->rate = number(o->rate, "rate", 0, 1e6);
	l->probe.pid = o->pid ? (int)number(o->pid, "pid", 1, 1e9) : 0;
	l->probe.control = o->control;
	if (l->work != WORK_HEALTH && o->key == NULL)
		die("--key FILE is needed");
	maker_init(&l->maker, o->key, o->provisioner);
}

static void more_files(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
		r.rlim_cur = r.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &r);
	}
}

static void print(json_t *o)
{
	struct buf text = BUF_INIT;

	json_write(o, &text);
	printf("%.*s\n", (int)text.n, text.p);
}

int main(int argc, char **argv)
{
	struct options o = {.work = "health",
			    .kept = "yes",
			    .clients = "8",
			    .seconds = "10",
			    .warmup = "2",
			    .rate = "0",
			    .slow = "0",
			    .idle = "0",
			    .identities = "64",
			    .provisioner = "bench",
			    .accelerator = "none"};
	struct load l;

	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && strcmp(argv[1], "key") == 0)
		return make_key(argv[2]);
	if (argc < 2)
		die("usage: bench key DIR | primitives|load|idle OPTIONS (see contrib/bench)");
	read_options(argc, argv, &o);
	more_files();
	start_crypto(&o);
	if (strcmp(argv[1], "primitives") == 0) {
		if (o.dir == NULL)
			die("--dir DIR is needed");
		print(primitives_run(o.dir, strcmp(o.accelerator, "none") != 0,
				     (unsigned)number(o.clients, "clients", 1, 10000),
				     number(o.seconds, "seconds", 0.01, 600)));
		return 0;
	}
	if (strcmp(argv[1], "load") != 0 && strcmp(argv[1], "idle") != 0)
		die("%s: key, primitives, load or idle", argv[1]);
	fill_load(&o, &l);
	print(strcmp(argv[1], "idle") == 0 ? idle_run(&l) : load_run(&l));
	return 0;
}

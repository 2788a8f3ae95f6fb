/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "daemon/daemon.h"

#include "base/buf.h"
#include "base/bug.h"
#include "conf/conf.h"

#include <getopt.h>

enum {
	OPT_CONFIG = 'c',
	OPT_HELP = 'h',
	OPT_VERSION = 'V',
	OPT_CHECK = 256,
	OPT_HELP_CONFIG,
	OPT_SAMPLE,
	OPT_MAN,
	OPT_PLUGIN_DIR,
	OPT_RESTORE
};

static const struct option options[] = {
	{"config", required_argument, NULL, OPT_CONFIG},
	{"check-config", no_argument, NULL, OPT_CHECK},
	{"plugin-dir", required_argument, NULL, OPT_PLUGIN_DIR},
	{"restore", required_argument, NULL, OPT_RESTORE},
	{"help-config", no_argument, NULL, OPT_HELP_CONFIG},
	{"sample-config", no_argument, NULL, OPT_SAMPLE},
	{"man", no_argument, NULL, OPT_MAN}, /* for the build, not in --help */
	{"help", no_argument, NULL, OPT_HELP},
	{"version", no_argument, NULL, OPT_VERSION},
	{NULL, 0, NULL, 0},
};

static void usage(FILE *out)
{
	fputs("usage: signetd --config FILE [--check-config] [--plugin-dir DIR]\n"
	      "       signetd --config FILE --restore DIR\n"
	      "\n"
	      "The certificate authority's daemon. It stays in the foreground and logs to stderr "
	      "unless the\n"
	      "configuration says otherwise. `signet init` makes a configuration.\n"
	      "\n"
	      "  -c, --config FILE     the configuration, signetd.yaml\n"
	      "      --check-config    check configuration, certificates, plugins and "
	      "provisioners\n"
	      "      --plugin-dir DIR  where plugins are, instead of the configuration's "
	      "pluginDir\n"
	      "      --restore DIR     make the store from a backup, and the configuration too "
	      "when FILE is\n"
	      "                        not there; what is there is never overwritten. Run it "
	      "while signetd\n"
	      "                        is stopped. Tokens made before it are refused afterwards\n"
	      "      --help-config     describe every key of the configuration\n"
	      "      --sample-config   print a commented sample configuration\n"
	      "  -h, --help            this text\n"
	      "  -V, --version         the version\n"
	      "\n"
	      "Signals: TERM and INT finish running requests and end (a second one ends at once), "
	      "HUP reopens\n"
	      "the log file and reloads the configuration. Exit status: 0 ended in order, 1 could "
	      "not start or\n"
	      "restore, 2 usage.\n",
	      out);
}

static void print_config(bool sample)
{
	struct buf b = BUF_INIT;

	conf_describe(&conf_table_daemon, sample, &b);
	if (!sample) {
		buf_puts(&b, "\n");
		conf_describe(&conf_table_provisioner, false, &b);
	}
	fputs(b.p, stdout);
	buf_release(&b);
}

static void print_manual(void)
{
	struct buf b = BUF_INIT;
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	ENSURE(f != NULL);
	usage(f);
	ENSURE(fclose(f) == 0);
	daemon_manual(text, &b);
	fputs(b.p, stdout);
	buf_release(&b);
	free(text);
}

static int take(int opt, struct daemon_opts *o)
{
	switch (opt) {
	case OPT_CONFIG:
		o->config = optarg;
		return 0;
	case OPT_CHECK:
		o->check_only = true;
		return 0;
	case OPT_PLUGIN_DIR:
		o->plugin_dir = optarg;
		return 0;
	case OPT_RESTORE:
		o->restore = optarg;
		return 0;
	case OPT_HELP_CONFIG:
		print_config(false);
		return 1;
	case OPT_SAMPLE:
		print_config(true);
		return 1;
	case OPT_MAN:
		print_manual();
		return 1;
	case OPT_HELP:
		usage(stdout);
		return 1;
	case OPT_VERSION:
		printf("signetd %s\n", PACKAGE_VERSION);
		return 1;
	default:
		usage(stderr);
		return -1;
	}
}

int daemon_opts(int argc, char **argv, struct daemon_opts *o)
{
	int opt, rc;

	memset(o, 0, sizeof(*o));
	while ((opt = getopt_long(argc, argv, "c:hV", options, NULL)) != -1) {
		rc = take(opt, o);
		if (rc != 0)
			return rc;
	}
	if (optind < argc) {
		fprintf(stderr, "signetd: unexpected argument \"%s\"\n", argv[optind]);
		usage(stderr);
		return -1;
	}
	if (o->restore != NULL && o->check_only) {
		fputs("signetd: --restore and --check-config do not go together\n", stderr);
		usage(stderr);
		return -1;
	}
	if (o->config == NULL) {
		fputs("signetd: --config FILE is missing\n", stderr);
		usage(stderr);
		return -1;
	}
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/cli.h"

#include "base/file.h"
#include "conf/conf.h"
#include "http/client.h"

#include <sys/stat.h>
#include <sys/un.h>

/*
 * control.c - the operator's way to the daemon: HTTP over its UNIX socket. Which socket is settled
 * here, by --socket or by the daemon's own configuration; who may use it is settled by the daemon
 * (SO_PEERCRED), so there is nothing to sign in with. What can be told before the call (no such
 * socket, not permitted, nobody listens) is told in words of this machine, not in libcurl's.
 */
#define DEFAULT_CONFIG SIGNET_SYSCONFDIR "/signetd.yaml"
#ifndef SIGNET_SYSCONFDIR
#define SIGNET_SYSCONFDIR "/etc/signet"
#endif

struct where {
	const char *path;
	const char *group; /* whose members may read; "" when not known */
};

static bool is_yaml(const char *path)
{
	struct str s = str_c(path);

	return str_ends(s, ".yaml") || str_ends(s, ".yml");
}

/* --config names the daemon's file: to commands of both worlds it does when it ends in .yaml. */
static const char *config_option(const struct cli *c)
{
	const char *file = cli_value(c, "config");

	return file != NULL && (is_yaml(file) || c->cmd->operator) ? file : NULL;
}

static int from_config(struct cli *c, const char *file, struct where *w, struct err *e)
{
	struct conf *conf = conf_load(file, e);

	if (conf == NULL)
		return err_wrap(e, "for the daemon's socket (or give --socket PATH)");
	w->path = arena_strdup(c->arena, conf->control.socket);
	w->group = arena_strdup(c->arena, conf->control.group);
	conf_unref(conf);
	if (w->path[0] == '\0')
		return ERR(e, ERR_NOT_FOUND,
			   "%s: control.socket is empty, so this daemon has no control socket",
			   file);
	return 0;
}

static int find_socket(struct cli *c, struct where *w, struct err *e)
{
	const char *file = config_option(c);

	*w = (struct where){.path = cli_value(c, "socket"), .group = ""};
	if (w->path != NULL)
		return 0;
	if (file == NULL && file_exists("signetd.yaml"))
		file = "signetd.yaml";
	if (file == NULL && file_exists(DEFAULT_CONFIG))
		file = DEFAULT_CONFIG;
	if (file == NULL)
		return ERR(e, ERR_NOT_FOUND,
			   "which daemon? There is no ./signetd.yaml and no " DEFAULT_CONFIG
			   "; give --config FILE (its signetd.yaml) or --socket PATH");
	return from_config(c, file, w, e);
}

static int no_permission(const struct where *w, struct err *e)
{
	const char *group = w->group[0] ? w->group : "the group of control.group";

	return ERR(e, ERR_FORBIDDEN,
		   "%s: you need to be root, the daemon's user, or (for reading) a member of %s",
		   w->path, group);
}

static int check_socket(const struct where *w, struct err *e)
{
	struct stat st;

	if (strlen(w->path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return ERR(e, ERR_INVALID, "%s: too long for the path of a socket", w->path);
	if (stat(w->path, &st) < 0 && errno == EACCES)
		return no_permission(w, e);
	if (stat(w->path, &st) < 0)
		return err_errno(e, errno,
				 "%s: no daemon's socket here; is signetd running? Another one is "
				 "named with --socket PATH or --config signetd.yaml",
				 w->path);
	if (!S_ISSOCK(st.st_mode))
		return ERR(e, ERR_INVALID, "%s: is not a socket", w->path);
	if (access(w->path, W_OK) < 0)
		return no_permission(w, e);
	return 0;
}

bool control_wanted(struct cli *c)
{
	return cli_value(c, "socket") != NULL || config_option(c) != NULL;
}

bool control_available(struct cli *c)
{
	struct err ignore = ERR_INIT;
	struct where w;

	return find_socket(c, &w, &ignore) == 0 && check_socket(&w, &ignore) == 0;
}

/* The daemon's own sentence; it is for operators, so nothing needs to be put around it. */
static void refused(struct cli *c, const struct http_call *h, const json_t *v, struct err *e)
{
	struct err ignore = ERR_INIT;
	struct str text = STR_NULL;

	c->refused = true;
	if (v != NULL && json_is_object(v) && json_opt_str(v, "message", 0, &text, &ignore) == 0 &&
	    text.n > 0)
		ERR(e, ERR_FORBIDDEN, STR_FMT, STR_ARG(text));
	else
		ERR(e, ERR_FORBIDDEN, "the daemon answered with status %d to %s", h->status,
		    h->url);
}

static int ask(void *arg, struct err *e)
{
	return http_call_run(arg, e);
}

static json_t *run(struct cli *c, struct http_call *h, const char *what, struct err *e)
{
	static const struct json_limits limits = {
		.max_bytes = 32 << 20, .max_depth = 32, .max_values = 1000000};
	struct err why = ERR_INIT;
	json_t *v;

	h->max_body = limits.max_bytes;
	if (slow_run(what, ask, h, e) < 0) {
		c->unreachable = e->code == ERR_UNAVAILABLE;
		if (c->unreachable)
			ERR(e, ERR_UNAVAILABLE,
			    "%s: nobody answers on this socket; is signetd running?",
			    h->unix_socket);
		else if (e->code == ERR_TIMEOUT)
			ERR(e, ERR_TIMEOUT, "%s: the daemon did not answer in time",
			    h->unix_socket);
		return NULL;
	}
	v = json_parse(buf_view(&h->answer), &limits, 0, &why);
	if (h->status >= 400) {
		refused(c, h, v, e);
		json_decref(v);
		return NULL;
	}
	if (v == NULL)
		ERR(e, ERR_INVALID, "%s: the answer is no JSON: %s", h->unix_socket, why.msg);
	return v;
}

json_t *control_call(struct cli *c, const struct control_call *call, struct err *e)
{
	static const char *const headers[] = {"Content-Type: application/json", NULL};
	struct buf body = BUF_INIT;
	struct where w;
	json_t *v;

	if (find_socket(c, &w, e) < 0)
		return NULL;
	if (check_socket(&w, e) < 0) {
		c->unreachable = e->code == ERR_NOT_FOUND;
		return NULL;
	}
	if (call->body != NULL)
		json_write(call->body, &body);
	struct http_call h = {
		.method = call->method,
		.url = arena_printf(c->arena, "http://signetd%s", call->path),
		.unix_socket = w.path,
		.headers = call->body != NULL ? headers : NULL,
		.body = call->text.n > 0 ? call->text : buf_view(&body),
		.timeout_ms = call->timeout_ms,
	};
	v = run(c, &h, call->what ? call->what : "Asking the daemon", e);
	http_call_release(&h);
	buf_release(&body);
	return v;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "daemon/control.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

#include <grp.h>
#include <sys/stat.h>

/*
 * control.c - opens the control socket. Its mode admits the daemon's own user, and the members of
 * control.group when there is one; what they may do is decided by src/control from their
 * credentials. The members have to reach the socket: a folder that is made here, and run/ in the
 * data folder, is given to the group. Other folders are somebody else's and stay as they are; one
 * that keeps the members out is named in the log.
 */
#define MAX_STREAMS 64

static int find_group(const char *name, unsigned *gid, struct err *e)
{
	const struct group *g;

	errno = 0;
	g = getgrnam(name);
	if (g == NULL && errno != 0 && errno != ENOENT)
		return err_errno(e, errno, "control.group: \"%s\" cannot be looked up", name);
	if (g == NULL)
		return ERR(e, ERR_NOT_FOUND,
			   "control.group: there is no group \"%s\": create it, or leave the key "
			   "out",
			   name);
	*gid = g->gr_gid;
	return 0;
}

static bool lets_through(const struct stat *st, unsigned gid)
{
	return st->st_gid == gid ? (st->st_mode & S_IXGRP) != 0 : (st->st_mode & S_IXOTH) != 0;
}

/* Says which folder on the way the members may not enter. */
static void warn_unreachable(const char *folder, unsigned gid, const char *group)
{
	char *dir = mem_strdup(folder), *up;
	struct stat st;

	while (strcmp(dir, "/") != 0) {
		if (stat(dir, &st) == 0 && !lets_through(&st, gid))
			log_warn("control.unreachable", F_C("folder", dir), F_C("group", group),
				 F_C("effect", "its members cannot reach the control socket"),
				 F_C("remedy", "give them the right to enter it, or move "
					       "control.socket"));
		up = file_dirname(dir);
		mem_free(dir);
		dir = up;
	}
	mem_free(dir);
}

static int give_to_group(const char *dir, unsigned gid, const char *group, struct err *e)
{
	if (chown(dir, (uid_t)-1, (gid_t)gid) != 0)
		return err_errno(e, errno,
				 "control.group: %s cannot be given to group \"%s\" (is the "
				 "daemon's user a member of it?)",
				 dir, group);
	if (chmod(dir, 0750) != 0)
		return err_errno(e, errno, "control.group: %s: its mode cannot be set", dir);
	return 0;
}

static int prepare_folder(const struct control_face *c, const struct conf *conf, struct err *e)
{
	char *dir = file_dirname(conf->control.socket), *run = file_join(conf->data_dir, "run");
	bool ours = strcmp(dir, run) == 0 || !file_exists(dir);
	int rc = file_mkdir_p(dir, 0700, e);

	if (rc != 0)
		err_wrap(e, "control.socket");
	else if (c->control.has_gid && ours)
		rc = give_to_group(dir, c->control.gid, conf->control.group, e);
	if (rc == 0 && c->control.has_gid)
		warn_unreachable(dir, c->control.gid, conf->control.group);
	mem_free(run);
	mem_free(dir);
	return rc;
}

static struct http_server *new_server(struct control_face *c)
{
	struct http_server_config hc;

	http_server_config_defaults(&hc);
	hc.loop = c->control.ca->loop;
	hc.routes = control_routes;
	hc.app = &c->control;
	hc.server_name = "control";
	return http_server_new(&hc);
}

int control_open(struct control_face *c, struct ca *ca, struct err *e)
{
	const struct conf *conf = ca->conf;
	struct listener_config lc = {
		.unix_path = conf->control.socket,
		.max_streams = MAX_STREAMS,
		.on_accept = http_server_accept,
	};

	if (conf->control.socket[0] == '\0')
		return 0;
	c->control = (struct control){
		.ca = ca,
		.config_file = conf->file,
		.address = "",
		.started = clock_now(),
		.has_gid = conf->control.group[0] != '\0',
	};
	if (c->control.has_gid && find_group(conf->control.group, &c->control.gid, e) < 0)
		return -1;
	if (prepare_folder(c, conf, e) < 0)
		return -1;
	lc.unix_mode = c->control.has_gid ? 0660 : 0600;
	lc.unix_gid = c->control.has_gid ? (int)c->control.gid : -1;
	c->http = new_server(c);
	lc.arg = c->http;
	c->listener = listener_new(ca->loop, &lc, e);
	if (c->listener == NULL)
		return err_wrap(e, "control");
	log_info("control.listening", F_C("socket", conf->control.socket));
	return 0;
}

void control_drain(struct control_face *c)
{
	if (c->listener != NULL)
		listener_stop(c->listener);
	if (c->http != NULL)
		http_server_drain(c->http);
}

bool control_busy(const struct control_face *c)
{
	return c->http != NULL && http_server_busy(c->http) > 0;
}

void control_close(struct control_face *c)
{
	http_server_free(c->http);
	listener_free(c->listener);
	c->http = NULL;
	c->listener = NULL;
}

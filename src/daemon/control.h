/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_DAEMON_CONTROL_H
#define SIGNET_DAEMON_CONTROL_H

#include "control/control.h"

/* The control socket's listener and server (control.c). Zeroed: there is none. */
struct control_face {
	struct control control;
	struct http_server *http;
	struct listener *listener;
};
/*
 * Start-up, when the CA exists; nothing to do when control.socket is empty. Makes the socket's
 * folder when it is missing.
 */
int control_open(struct control_face *c, struct ca *ca, struct err *e) NODISCARD;
void control_drain(struct control_face *c); /* no new connections; running requests go on */
bool control_busy(const struct control_face *c);
void control_close(struct control_face *c);

#endif

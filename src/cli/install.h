/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_CLI_INSTALL_H
#define SIGNET_CLI_INSTALL_H

#include "cli/cli.h"
#include "x509/x509.h"

/* install.h - the system's trust store (cmd_install.c); for `bootstrap --install` as well. */

/* Whether installing can work at all (may this user write there?): before anything else is done. */
int install_ready(struct cli *c, struct err *e) NODISCARD;
/* Installs a root; says on standard output what it did. */
int install_root(struct cli *c, struct str der, struct err *e) NODISCARD;

#endif

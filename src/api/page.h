/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_API_PAGE_H
#define SIGNET_API_PAGE_H

#include "base/arena.h"

/*
 * The address under which this CA is shown to a browser: "https://NAME[:PORT]". NAME is the Host
 * header's only when it is one of `names`, else the first of them: a page fetched under a foreign
 * name must not teach that name. PORT is `port`, when the configuration has one, else the Host
 * header's; 443 is left out.
 */
char *page_address(struct arena *a, struct str host, const char *const *names, size_t n_names,
		   int port);

#endif

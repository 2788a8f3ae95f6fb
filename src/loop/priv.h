/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_LOOP_PRIV_H
#define SIGNET_LOOP_PRIV_H

#include "loop/loop.h"

#define LOOP_STALL_US 10000 /* a callback may take this long */
#define LOOP_ROUNDS   64    /* of the posted queue before sockets get a turn */

#endif

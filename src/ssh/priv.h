/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_SSH_PRIV_H
#define SIGNET_SSH_PRIV_H

#include "ssh/ssh.h"

/* The fields of a key of kind k->kind, also in the middle of a certificate. Sets k->fields. */
bool ssh_key_read_fields(struct str *in, struct ssh_key *k);

#endif

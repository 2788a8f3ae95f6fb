/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/str.h"
#include "plugin/priv.h"

#include <sys/stat.h>

const char *plugin_kind_folder(enum signet_plugin_kind kind)
{
	switch (kind) {
	case SIGNET_PROVISIONER:
		return "provisioner";
	case SIGNET_KEY_MANAGER:
		return "kms";
	case SIGNET_ACCELERATOR:
		return "crypto";
	}
	return NULL;
}

bool plugin_file_name(const char *type, char *out, size_t n)
{
	size_t i;

	for (i = 0; type[i]; i++) {
		char c = ascii_lower(type[i]);
		if (i + 1 >= n ||
		    !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c == '-' && i > 0)))
			return false;
		out[i] = c;
	}
	if (i == 0)
		return false;
	out[i] = 0;
	return true;
}

int plugin_check_path(const char *path, bool folder, struct err *e)
{
	struct stat st;

	/* A folder may be reached through a link: who may change the link is seen in the folder
	 * above. */
	if ((folder ? stat(path, &st) : lstat(path, &st)) < 0)
		return err_errno(e, errno, "plugin %s", path);
	if (folder ? !S_ISDIR(st.st_mode) : !S_ISREG(st.st_mode))
		return ERR(e, ERR_FORBIDDEN, "plugin %s: not a %s", path,
			   folder ? "folder" : "regular file");
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return ERR(e, ERR_FORBIDDEN,
			   "plugin %s: owned by user %u; root or the daemon's user must own it",
			   path, (unsigned)st.st_uid);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return ERR(e, ERR_FORBIDDEN,
			   "plugin %s: writable by group or others (mode %04o): chmod go-w", path,
			   (unsigned)st.st_mode & 07777U);
	return 0;
}

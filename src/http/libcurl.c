/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "http/libcurl.h"

#include <dlfcn.h>

/*
 * libcurl is loaded when the first call is made, not when the program starts; the daemon's calls on
 * the loop load it when they are set up (outbound_new), because loading takes longer than a
 * callback may.
 *
 * It brings some thirty libraries (GnuTLS, Kerberos, LDAP, SSH ...), of which each start would pay
 * for the relocations: 4 MB of memory and several milliseconds in a command that asks no CA, in the
 * daemon that never makes a call, and in `signet renew --daemon`, which for weeks does nothing but
 * wait and leaves its calls to child processes.
 *
 * The GnuTLS flavour is asked for by its file name, so a program that is linked with another one
 * does not change which is used. It stays loaded until the process ends: its libraries keep threads
 * and handlers that do not survive an unload. A package must depend on it by hand, since no linker
 * sees the need.
 */
#ifndef SIGNET_LIBCURL
#define SIGNET_LIBCURL "libcurl-gnutls.so.4"
#endif

static struct libcurl curl; /* state: one copy of the library in a process */

/* ISO C has no conversion from an object's pointer to a function's; POSIX says that it works. */
static bool find(void *library, const char *name, void *slot)
{
	void *p = dlsym(library, name);

	memcpy(slot, &p, sizeof(p));
	return p != NULL;
}

static bool find_multi(struct libcurl *c)
{
	return find(c->library, "curl_multi_init", &c->multi_init) &&
	       find(c->library, "curl_multi_cleanup", &c->multi_cleanup) &&
	       find(c->library, "curl_multi_setopt", &c->multi_setopt) &&
	       find(c->library, "curl_multi_add_handle", &c->multi_add_handle) &&
	       find(c->library, "curl_multi_remove_handle", &c->multi_remove_handle) &&
	       find(c->library, "curl_multi_socket_action", &c->multi_socket_action) &&
	       find(c->library, "curl_multi_assign", &c->multi_assign) &&
	       find(c->library, "curl_multi_info_read", &c->multi_info_read) &&
	       find(c->library, "curl_multi_strerror", &c->multi_strerror);
}

static bool find_all(struct libcurl *c)
{
	return find(c->library, "curl_global_init", &c->global_init) &&
	       find(c->library, "curl_global_cleanup", &c->global_cleanup) &&
	       find(c->library, "curl_easy_init", &c->easy_init) &&
	       find(c->library, "curl_easy_setopt", &c->easy_setopt) &&
	       find(c->library, "curl_easy_perform", &c->easy_perform) &&
	       find(c->library, "curl_easy_getinfo", &c->easy_getinfo) &&
	       find(c->library, "curl_easy_cleanup", &c->easy_cleanup) &&
	       find(c->library, "curl_easy_strerror", &c->easy_strerror) &&
	       find(c->library, "curl_slist_append", &c->slist_append) &&
	       find(c->library, "curl_slist_free_all", &c->slist_free_all) && find_multi(c);
}

const struct libcurl *libcurl_get(struct err *e)
{
	struct libcurl c = {0};
	CURLcode rc;

	if (curl.library != NULL)
		return &curl;
	c.library = dlopen(SIGNET_LIBCURL, RTLD_NOW | RTLD_LOCAL);
	if (c.library == NULL || !find_all(&c)) {
		const char *why = dlerror();

		ERR(e, ERR_INTERNAL, "%s: is the package libcurl3-gnutls installed?",
		    why ? why : SIGNET_LIBCURL);
		return NULL;
	}
	rc = c.global_init(CURL_GLOBAL_DEFAULT);
	if (rc != CURLE_OK) {
		ERR(e, ERR_INTERNAL, "libcurl: %s", c.easy_strerror(rc));
		return NULL;
	}
	curl = c;
	return &curl;
}

void libcurl_end(void)
{
	if (curl.library != NULL)
		curl.global_cleanup();
	curl.library = NULL;
}

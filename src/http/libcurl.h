/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_HTTP_LIBCURL_H
#define SIGNET_HTTP_LIBCURL_H

#include "base/err.h"

#include <curl/curl.h>

/*
 * libcurl.h - the few functions of libcurl that the clients use, found when they are first needed
 * (libcurl.c says why). The header's checking macros do not apply to pointers: longs need their L.
 */
struct libcurl {
	void *library;
	CURLcode (*global_init)(long flags);
	void (*global_cleanup)(void);
	CURL *(*easy_init)(void);
	CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
	CURLcode (*easy_perform)(CURL *);
	CURLcode (*easy_getinfo)(CURL *, CURLINFO, ...);
	void (*easy_cleanup)(CURL *);
	const char *(*easy_strerror)(CURLcode);
	struct curl_slist *(*slist_append)(struct curl_slist *, const char *);
	void (*slist_free_all)(struct curl_slist *);
	CURLM *(*multi_init)(void);
	CURLMcode (*multi_cleanup)(CURLM *);
	CURLMcode (*multi_setopt)(CURLM *, CURLMoption, ...);
	CURLMcode (*multi_add_handle)(CURLM *, CURL *);
	CURLMcode (*multi_remove_handle)(CURLM *, CURL *);
	CURLMcode (*multi_socket_action)(CURLM *, curl_socket_t, int events, int *running);
	CURLMcode (*multi_assign)(CURLM *, curl_socket_t, void *);
	CURLMsg *(*multi_info_read)(CURLM *, int *left);
	const char *(*multi_strerror)(CURLMcode);
};

/* Loads and initialises it, once; NULL on failure. Not for two threads at a time. */
const struct libcurl *libcurl_get(struct err *e) NODISCARD;
void libcurl_end(void);

#endif

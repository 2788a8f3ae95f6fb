/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/mem.h"
#include "http/client.h"

#include <curl/curl.h>

/*
 * One blocking call by libcurl's GnuTLS flavour.
 *
 * Trust: only `ca_file`. Debian's library falls back to the system's certificates through a
 * compiled-in folder (CURLOPT_CAPATH), so that is emptied together with setting CAINFO; without a
 * root an https call is refused, it never means "the system's". GnuTLS takes certificates and keys
 * from files only.
 *
 * Nothing comes from the environment (proxies, .netrc), nothing is followed, and the answer's size
 * is bounded while it comes in. The handle is made and freed in each call: a command makes few.
 *
 * Messages start with the URL without query, user and password. To map another of libcurl's codes,
 * add it to map_result().
 */
#define DEFAULT_TIMEOUT_MS 30000
#define CONNECT_TIMEOUT_MS 10000
#define DEFAULT_MAX_BODY   (1024 * 1024)

int http_client_init(struct err *e)
{
	CURLcode rc = curl_global_init(CURL_GLOBAL_DEFAULT);

	if (rc != CURLE_OK)
		return ERR(e, ERR_INTERNAL, "libcurl: %s", curl_easy_strerror(rc));
	return 0;
}

void http_client_end(void)
{
	curl_global_cleanup();
}

void http_call_release(struct http_call *c)
{
	buf_wipe_release(&c->answer);
}

/* ---- what libcurl calls ---- */

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct http_call *c = arg;

	(void)size; /* 1 */
	buf_add(&c->answer, p, n);
	return c->answer.failed ? 0 : n;
}

/* One header line; a new status line (after 100 Continue) begins anew. */
static size_t on_header(char *p, size_t size, size_t n, void *arg)
{
	struct http_call *c = arg;
	struct str line = str_mem(p, n), name, value;

	(void)size;
	if (str_starts(line, "HTTP/"))
		c->request_id[0] = '\0';
	name = str_cut(line, ':', &value);
	if (!str_ieqc(name, "X-Request-Id"))
		return n;
	while (value.n > 0 && (value.p[value.n - 1] == '\r' || value.p[value.n - 1] == '\n'))
		value.n--;
	value = str_trim(value);
	if (value.n >= sizeof(c->request_id))
		return n;
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] < 0x21 || value.p[i] > 0x7e)
			return n;
	memcpy(c->request_id, value.p, value.n);
	c->request_id[value.n] = '\0';
	return n;
}

/* ---- options ---- */

/* Options that hold for each call. False when this libcurl refuses one. */
static bool set_common(CURL *h, char *error_text)
{
	return curl_easy_setopt(h, CURLOPT_ERRORBUFFER, error_text) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_USERAGENT, "signet/" PACKAGE_VERSION) == CURLE_OK;
}

static bool set_tls(CURL *h, const struct http_call *c)
{
	long verify = c->insecure ? 0L : 1L;

	return curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_CAPATH, (char *)NULL) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_CAINFO, c->ca_file) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, verify) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, verify * 2) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_SSLCERT, c->cert_file) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_SSLKEY, c->key_file) == CURLE_OK;
}

static bool set_request(CURL *h, const struct http_call *c)
{
	bool ok = curl_easy_setopt(h, CURLOPT_URL, c->url) == CURLE_OK;

	if (strcmp(c->method, "HEAD") == 0)
		return ok && curl_easy_setopt(h, CURLOPT_NOBODY, 1L) == CURLE_OK;
	if (c->body.n > 0 || strcmp(c->method, "POST") == 0)
		ok = ok && curl_easy_setopt(h, CURLOPT_POST, 1L) == CURLE_OK &&
		     curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->body.n) ==
			     CURLE_OK &&
		     curl_easy_setopt(h, CURLOPT_POSTFIELDS, c->body.n > 0 ? c->body.p : "") ==
			     CURLE_OK;
	return ok && curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, c->method) == CURLE_OK;
}

static bool set_answer(CURL *h, struct http_call *c)
{
	unsigned ms = c->timeout_ms ? c->timeout_ms : DEFAULT_TIMEOUT_MS;

	c->answer.limit = c->max_body ? c->max_body : DEFAULT_MAX_BODY;
	return curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_WRITEDATA, c) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_HEADERDATA, c) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)ms) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS,
				(long)(ms < CONNECT_TIMEOUT_MS ? ms : CONNECT_TIMEOUT_MS)) ==
		       CURLE_OK;
}

static bool add_line(struct curl_slist **l, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*l, line);

	if (longer == NULL)
		return false;
	*l = longer;
	return true;
}

/* libcurl adds a Content-Type and an Expect of its own unless they are named. */
static bool set_headers(CURL *h, const struct http_call *c, struct curl_slist **l)
{
	bool ok = add_line(l, "Expect:"), typed = false;

	for (size_t i = 0; c->headers != NULL && c->headers[i] != NULL; i++) {
		struct str rest, name = str_cut(str_c(c->headers[i]), ':', &rest);

		typed = typed || str_ieqc(name, "Content-Type");
		ok = ok && add_line(l, c->headers[i]);
	}
	if (!typed)
		ok = ok && add_line(l, "Content-Type:");
	return ok && curl_easy_setopt(h, CURLOPT_HTTPHEADER, *l) == CURLE_OK;
}

/* ---- results ---- */

/* The URL as messages show it: no query, no user and password. */
static char *shown_url(const char *url)
{
	struct str s = str_c(url), rest;
	const char *authority = strstr(url, "://"), *at;

	s = str_cut(s, '?', &rest);
	if (authority == NULL || (size_t)(authority - url) + 3 > s.n)
		return mem_strndup(s.p, s.n);
	authority += 3;
	at = memchr(authority, '@', s.n - (size_t)(authority - url));
	if (at == NULL)
		return mem_strndup(s.p, s.n);
	return mem_asprintf("%.*s%.*s", (int)(authority - url), url,
			    (int)(s.n - (size_t)(at + 1 - url)), at + 1);
}

static int not_connected(CURL *h, const char *url, const char *text, struct err *e)
{
	long errnum = 0;

	if (curl_easy_getinfo(h, CURLINFO_OS_ERRNO, &errnum) != CURLE_OK || errnum == 0)
		return ERR(e, ERR_UNAVAILABLE, "%s: could not connect: %s", url, text);
	(void)err_errno(e, (int)errnum, "%s: could not connect", url);
	e->code = ERR_UNAVAILABLE;
	return -1;
}

static int timed_out(CURL *h, const char *url, struct err *e)
{
	curl_off_t ready = 0; /* when the request could be sent */

	if (curl_easy_getinfo(h, CURLINFO_PRETRANSFER_TIME_T, &ready) != CURLE_OK || ready == 0)
		return ERR(e, ERR_UNAVAILABLE, "%s: could not connect in time", url);
	return ERR(e, ERR_TIMEOUT, "%s: no answer in time", url);
}

static int not_trusted(const struct http_call *c, const char *url, const char *text, struct err *e)
{
	if (strstr(text, "host name") != NULL)
		return ERR(e, ERR_UNAUTHORIZED,
			   "%s: the server's certificate is for another name (%s); use one of the "
			   "names or addresses in "
			   "it",
			   url, text);
	return ERR(e, ERR_UNAUTHORIZED,
		   "%s: the server's certificate is not trusted; is %s the root of this CA, and is "
		   "the clock right?",
		   url, c->ca_file ? c->ca_file : "this");
}

static int bad_client_files(const struct http_call *c, const char *url, struct err *e)
{
	return ERR(e, ERR_INVALID,
		   "%s: the client certificate %s and its key %s cannot be read or do not fit "
		   "together",
		   url, c->cert_file ? c->cert_file : "-", c->key_file ? c->key_file : "-");
}

/* `text` is libcurl's sentence for what happened. */
static int map_result(CURL *h, CURLcode rc, const struct http_call *c, const char *url,
		      const char *text, struct err *e)
{
	switch ((int)rc) {
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_LOGIN_DENIED:
		return ERR(e, ERR_INVALID, "%s: not a usable http or https URL: %s", url, text);
	case CURLE_COULDNT_RESOLVE_HOST:
		return ERR(e, ERR_UNAVAILABLE, "%s: could not find the host: %s", url, text);
	case CURLE_COULDNT_CONNECT:
		return not_connected(h, url, text, e);
	case CURLE_OPERATION_TIMEDOUT:
		return timed_out(h, url, e);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
		return not_trusted(c, url, text, e);
	case CURLE_SSL_CACERT_BADFILE:
		return ERR(e, ERR_INVALID, "%s: no certificate could be read from this file",
			   c->ca_file ? c->ca_file : "root");
	case CURLE_SSL_CERTPROBLEM:
		return bad_client_files(c, url, e);
	case CURLE_WRITE_ERROR:
		return ERR(e, ERR_TOO_LARGE, "%s: the answer has more than %zu bytes", url,
			   c->answer.limit);
	case CURLE_SSL_CONNECT_ERROR:
		if (strstr(text, "error reading X.509") != NULL)
			return bad_client_files(c, url, e);
		return ERR(e, ERR_UNAVAILABLE, "%s: TLS handshake: %s", url, text);
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
		return ERR(e, ERR_UNAVAILABLE, "%s: the connection broke: %s", url, text);
	case CURLE_OUT_OF_MEMORY:
		return ERR(e, ERR_INTERNAL, "%s: out of memory", url);
	default:
		return ERR(e, ERR_UNAVAILABLE, "%s: %s", url, text);
	}
}

static int check_call(const struct http_call *c, const char *url, struct err *e)
{
	bool https = str_ieqc(str_mem(c->url, strnlen(c->url, 8)), "https://");

	if (https && c->ca_file == NULL && !c->insecure)
		return ERR(e, ERR_INVALID, "%s: no root certificate to check the server with", url);
	if ((c->cert_file == NULL) != (c->key_file == NULL))
		return ERR(e, ERR_INVALID,
			   "%s: a client certificate needs its key, and a key its certificate",
			   url);
	return 0;
}

static int perform(CURL *h, struct http_call *c, const char *url, struct err *e)
{
	char text[CURL_ERROR_SIZE] = "";
	struct curl_slist *headers = NULL;
	CURLcode rc;
	long status = 0;
	int r = 0;

	if (!set_common(h, text) || !set_tls(h, c) || !set_request(h, c) || !set_answer(h, c) ||
	    !set_headers(h, c, &headers)) {
		curl_slist_free_all(headers);
		return ERR(e, ERR_INTERNAL, "%s: libcurl refused an option: %s", url, text);
	}
	rc = curl_easy_perform(h);
	if (rc != CURLE_OK)
		r = map_result(h, rc, c, url, text[0] ? text : curl_easy_strerror(rc), e);
	else if (curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK)
		c->status = (int)status;
	curl_slist_free_all(headers);
	(void)curl_easy_setopt(h, CURLOPT_ERRORBUFFER, (char *)NULL);
	return r;
}

int http_call_run(struct http_call *c, struct err *e)
{
	char *url = shown_url(c->url);
	CURL *h = NULL;
	int r = check_call(c, url, e);

	c->status = 0;
	c->request_id[0] = '\0';
	buf_wipe_release(&c->answer);
	if (r == 0) {
		h = curl_easy_init();
		r = h ? perform(h, c, url, e)
		      : ERR(e, ERR_INTERNAL, "%s: libcurl did not start", url);
	}
	curl_easy_cleanup(h);
	mem_free(url);
	return r;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/mem.h"
#include "http/client.h"
#include "http/libcurl.h"

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

/* The library comes with the first call (libcurl.c). */
int http_client_init(struct err *e)
{
	(void)e;
	return 0;
}

void http_client_end(void)
{
	libcurl_end();
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

struct handle {
	const struct libcurl *lib;
	CURL *curl;
};
#define SET(h, option, value) ((h)->lib->easy_setopt((h)->curl, (option), (value)) == CURLE_OK)
#define GET(h, info, out)     ((h)->lib->easy_getinfo((h)->curl, (info), (out)) == CURLE_OK)

/* Options that hold for each call. False when this libcurl refuses one. */
static bool set_common(const struct handle *h, char *error_text)
{
	return SET(h, CURLOPT_ERRORBUFFER, error_text) && SET(h, CURLOPT_NOSIGNAL, 1L) &&
	       SET(h, CURLOPT_QUICK_EXIT, 1L) && SET(h, CURLOPT_PROXY, "") &&
	       SET(h, CURLOPT_PROTOCOLS_STR, "http,https") && SET(h, CURLOPT_FOLLOWLOCATION, 0L) &&
	       SET(h, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) &&
	       SET(h, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) &&
	       SET(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
	       SET(h, CURLOPT_USERAGENT, "signet/" PACKAGE_VERSION);
}

static bool set_tls(const struct handle *h, const struct http_call *c)
{
	long verify = c->insecure ? 0L : 1L;

	return SET(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
	       SET(h, CURLOPT_CAPATH, (char *)NULL) && SET(h, CURLOPT_CAINFO, c->ca_file) &&
	       SET(h, CURLOPT_SSL_VERIFYPEER, verify) &&
	       SET(h, CURLOPT_SSL_VERIFYHOST, verify * 2) &&
	       SET(h, CURLOPT_SSLCERT, c->cert_file) && SET(h, CURLOPT_SSLKEY, c->key_file);
}

static bool set_request(const struct handle *h, const struct http_call *c)
{
	bool ok = SET(h, CURLOPT_URL, c->url) && SET(h, CURLOPT_UNIX_SOCKET_PATH, c->unix_socket);

	if (strcmp(c->method, "HEAD") == 0)
		return ok && SET(h, CURLOPT_NOBODY, 1L);
	if (c->body.n > 0 || strcmp(c->method, "POST") == 0)
		ok = ok && SET(h, CURLOPT_POST, 1L) &&
		     SET(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->body.n) &&
		     SET(h, CURLOPT_POSTFIELDS, c->body.n > 0 ? c->body.p : "");
	return ok && SET(h, CURLOPT_CUSTOMREQUEST, c->method);
}

static bool set_answer(const struct handle *h, struct http_call *c)
{
	unsigned ms = c->timeout_ms ? c->timeout_ms : DEFAULT_TIMEOUT_MS;

	c->answer.limit = c->max_body ? c->max_body : DEFAULT_MAX_BODY;
	return SET(h, CURLOPT_WRITEFUNCTION, on_body) && SET(h, CURLOPT_WRITEDATA, c) &&
	       SET(h, CURLOPT_HEADERFUNCTION, on_header) && SET(h, CURLOPT_HEADERDATA, c) &&
	       SET(h, CURLOPT_TIMEOUT_MS, (long)ms) &&
	       SET(h, CURLOPT_CONNECTTIMEOUT_MS,
		   (long)(ms < CONNECT_TIMEOUT_MS ? ms : CONNECT_TIMEOUT_MS));
}

static bool add_line(const struct libcurl *lib, struct curl_slist **l, const char *line)
{
	struct curl_slist *longer = lib->slist_append(*l, line);

	if (longer == NULL)
		return false;
	*l = longer;
	return true;
}

/* libcurl adds a Content-Type and an Expect of its own unless they are named. */
static bool set_headers(const struct handle *h, const struct http_call *c, struct curl_slist **l)
{
	bool ok = add_line(h->lib, l, "Expect:"), typed = false;

	for (size_t i = 0; c->headers != NULL && c->headers[i] != NULL; i++) {
		struct str rest, name = str_cut(str_c(c->headers[i]), ':', &rest);

		typed = typed || str_ieqc(name, "Content-Type");
		ok = ok && add_line(h->lib, l, c->headers[i]);
	}
	if (!typed)
		ok = ok && add_line(h->lib, l, "Content-Type:");
	return ok && SET(h, CURLOPT_HTTPHEADER, *l);
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

static int not_connected(const struct handle *h, const char *url, const char *text, struct err *e)
{
	long errnum = 0;

	if (!GET(h, CURLINFO_OS_ERRNO, &errnum) || errnum == 0)
		return ERR(e, ERR_UNAVAILABLE, "%s: could not connect: %s", url, text);
	(void)err_errno(e, (int)errnum, "%s: could not connect", url);
	e->code = ERR_UNAVAILABLE;
	return -1;
}

static int timed_out(const struct handle *h, const char *url, struct err *e)
{
	curl_off_t ready = 0; /* when the request could be sent */

	if (!GET(h, CURLINFO_PRETRANSFER_TIME_T, &ready) || ready == 0)
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
static int map_result(const struct handle *h, CURLcode rc, const struct http_call *c,
		      const char *url, const char *text, struct err *e)
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

static int perform(const struct handle *h, struct http_call *c, const char *url, struct err *e)
{
	char text[CURL_ERROR_SIZE] = "";
	struct curl_slist *headers = NULL;
	CURLcode rc;
	long status = 0;
	int r = 0;

	if (!set_common(h, text) || !set_tls(h, c) || !set_request(h, c) || !set_answer(h, c) ||
	    !set_headers(h, c, &headers)) {
		h->lib->slist_free_all(headers);
		return ERR(e, ERR_INTERNAL, "%s: libcurl refused an option: %s", url, text);
	}
	rc = h->lib->easy_perform(h->curl);
	if (rc != CURLE_OK)
		r = map_result(h, rc, c, url, text[0] ? text : h->lib->easy_strerror(rc), e);
	else if (GET(h, CURLINFO_RESPONSE_CODE, &status))
		c->status = (int)status;
	h->lib->slist_free_all(headers);
	(void)SET(h, CURLOPT_ERRORBUFFER, (char *)NULL);
	return r;
}

static int run(struct http_call *c, const char *url, struct err *e)
{
	struct handle h = {.lib = libcurl_get(e)};
	int r;

	if (h.lib == NULL)
		return -1;
	h.curl = h.lib->easy_init();
	if (h.curl == NULL)
		return ERR(e, ERR_INTERNAL, "%s: libcurl did not start", url);
	r = perform(&h, c, url, e);
	h.lib->easy_cleanup(h.curl);
	return r;
}

int http_call_run(struct http_call *c, struct err *e)
{
	char *url = shown_url(c->url);
	int r = check_call(c, url, e);

	c->status = 0;
	c->request_id[0] = '\0';
	buf_wipe_release(&c->answer);
	if (r == 0)
		r = run(c, url, e);
	mem_free(url);
	return r;
}

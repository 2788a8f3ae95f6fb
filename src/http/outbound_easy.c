/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/clock.h"
#include "base/mem.h"
#include "http/outbound_priv.h"

/*
 * One transfer by libcurl: its options, what libcurl calls, what its result means.
 *
 * Nothing comes from the environment (proxies, .netrc), nothing is followed, kept or decoded: an
 * answer with a Content-Encoding, or a Transfer-Encoding other than chunked, is refused by its
 * header, before any of it could be unpacked. Header lines and body are bounded while they come in.
 * TLS sessions are not resumed, and a connection is used again only with the same files of trust
 * and client certificate.
 *
 * A ca_file of NULL is the system's trust. Reading its 144 roots takes GnuTLS 9 to 13 ms for each
 * new connection, on the loop; a file with a root of one's own takes 0.05 ms.
 *
 * Messages start with the URL as outbound.c shows it; libcurl's own sentences hold no URL. To map
 * another of its codes, add it to outbound_easy_result().
 */
#define SYSTEM_TRUST	 "/etc/ssl/certs/ca-certificates.crt"
#define DEFAULT_MAX_BODY (1024 * 1024)
#define HEAD_MAX	 (64 * 1024)
#define KEPT_S		 60L

/* ---- what libcurl calls ---- */

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct outbound_state *st = arg;

	(void)size; /* 1 */
	buf_add(&st->answer, p, n);
	return st->answer.failed ? 0 : n;
}

/* A coding of the answer that would have to be undone. */
static bool is_encoding(struct str line)
{
	struct str value, name = str_cut(line, ':', &value);

	while (value.n > 0 && (value.p[value.n - 1] == '\r' || value.p[value.n - 1] == '\n'))
		value.n--;
	value = str_trim(value);
	if (str_ieqc(name, "Content-Encoding"))
		return value.n > 0 && !str_ieqc(value, "identity");
	return str_ieqc(name, "Transfer-Encoding") && !str_ieqc(value, "chunked");
}

static size_t on_header(char *p, size_t size, size_t n, void *arg)
{
	struct outbound_state *st = arg;

	(void)size;
	st->head += n;
	st->head_large = st->head > HEAD_MAX;
	st->encoded = is_encoding(str_mem(p, n));
	return st->head_large || st->encoded ? 0 : n;
}

static bool is_pinned(const struct outbound_state *st, const struct addr *a)
{
	for (size_t i = 0; i < st->dns.n; i++) {
		const struct addr *pinned = &st->dns.addrs[i];

		if (pinned->len != a->len || addr_port(pinned) != addr_port(a))
			continue;
		if (a->u.sa.sa_family == AF_INET6
			    ? memcmp(&a->u.in6.sin6_addr, &pinned->u.in6.sin6_addr, 16) == 0
			    : a->u.in.sin_addr.s_addr == pinned->u.in.sin_addr.s_addr)
			return true;
	}
	return false;
}

/* The last look at where a call goes. */
static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct outbound_state *st = arg;
	struct addr a = {0};
	bool v6 = to->family == AF_INET6;

	st->address_refused = true;
	a.len = v6 ? sizeof(a.u.in6) : sizeof(a.u.in);
	if (purpose != CURLSOCKTYPE_IPCXN || (!v6 && to->family != AF_INET) || to->addrlen < a.len)
		return CURL_SOCKET_BAD;
	memcpy(&a.u, &to->addr, a.len);
	if (!is_pinned(st, &a) || st->o == NULL || !addr_rules_permit(st->o->rules, &a))
		return CURL_SOCKET_BAD;
	st->address_refused = false;
	return socket(to->family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, to->protocol);
}

/* ---- options ---- */

#define SET(st, option, value) ((st)->lib->easy_setopt((st)->easy, (option), (value)) == CURLE_OK)

/* Options that hold for each call. False when this libcurl refuses one. */
static bool set_common(struct outbound_state *st)
{
	return SET(st, CURLOPT_PRIVATE, st) && SET(st, CURLOPT_ERRORBUFFER, st->text) &&
	       SET(st, CURLOPT_NOSIGNAL, 1L) && SET(st, CURLOPT_QUICK_EXIT, 1L) &&
	       SET(st, CURLOPT_PROXY, "") && SET(st, CURLOPT_PROTOCOLS_STR, "http,https") &&
	       SET(st, CURLOPT_FOLLOWLOCATION, 0L) && SET(st, CURLOPT_PATH_AS_IS, 1L) &&
	       SET(st, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) &&
	       SET(st, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) &&
	       SET(st, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
	       SET(st, CURLOPT_MAXAGE_CONN, KEPT_S) && SET(st, CURLOPT_MAXLIFETIME_CONN, KEPT_S) &&
	       SET(st, CURLOPT_OPENSOCKETFUNCTION, on_open) &&
	       SET(st, CURLOPT_OPENSOCKETDATA, st) &&
	       SET(st, CURLOPT_USERAGENT, "signet/" PACKAGE_VERSION);
}

static bool set_tls(struct outbound_state *st)
{
	const struct outbound_call *c = st->call;

	return SET(st, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
	       SET(st, CURLOPT_SSL_SESSIONID_CACHE, 0L) && SET(st, CURLOPT_CAPATH, (char *)NULL) &&
	       SET(st, CURLOPT_CAINFO, c->ca_file ? c->ca_file : SYSTEM_TRUST) &&
	       SET(st, CURLOPT_SSL_VERIFYPEER, 1L) && SET(st, CURLOPT_SSL_VERIFYHOST, 2L) &&
	       SET(st, CURLOPT_SSLCERT, c->cert_file) && SET(st, CURLOPT_SSLKEY, c->key_file);
}

static bool set_request(struct outbound_state *st)
{
	const struct outbound_call *c = st->call;
	bool ok = SET(st, CURLOPT_URL, c->url);

	if (strcmp(c->method, "HEAD") == 0)
		return ok && SET(st, CURLOPT_NOBODY, 1L);
	if (c->body.n > 0 || strcmp(c->method, "POST") == 0)
		ok = ok && SET(st, CURLOPT_POST, 1L) &&
		     SET(st, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->body.n) &&
		     SET(st, CURLOPT_POSTFIELDS, c->body.n > 0 ? c->body.p : "");
	return ok && SET(st, CURLOPT_CUSTOMREQUEST, c->method);
}

static bool set_answer(struct outbound_state *st, uint64_t left_ms)
{
	size_t max = st->call->max_body ? st->call->max_body : DEFAULT_MAX_BODY;

	st->answer.limit = max;
	return SET(st, CURLOPT_WRITEFUNCTION, on_body) && SET(st, CURLOPT_WRITEDATA, st) &&
	       SET(st, CURLOPT_HEADERFUNCTION, on_header) && SET(st, CURLOPT_HEADERDATA, st) &&
	       SET(st, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)max) &&
	       SET(st, CURLOPT_CONNECTTIMEOUT_MS, (long)left_ms);
}

static bool add_line(struct outbound_state *st, struct curl_slist **l, const char *line)
{
	struct curl_slist *longer = st->lib->slist_append(*l, line);

	if (longer == NULL)
		return false;
	*l = longer;
	return true;
}

/* libcurl adds a Content-Type and an Expect of its own unless they are named. */
static bool set_headers(struct outbound_state *st)
{
	const char *const *h = st->call->headers;
	bool ok = add_line(st, &st->headers, "Expect:"), typed = false;

	for (size_t i = 0; h != NULL && h[i] != NULL; i++) {
		struct str rest, name = str_cut(str_c(h[i]), ':', &rest);

		typed = typed || str_ieqc(name, "Content-Type");
		ok = ok && add_line(st, &st->headers, h[i]);
	}
	if (!typed)
		ok = ok && add_line(st, &st->headers, "Content-Type:");
	return ok && SET(st, CURLOPT_HTTPHEADER, st->headers);
}

/* "+host:port:address,[address]": the host's addresses; '+' lets the entry grow old. */
static bool set_addresses(struct outbound_state *st)
{
	struct buf line = BUF_INIT;
	unsigned char ip[16];
	char text[46];
	bool ok;

	if (ip_parse(st->uri.host, ip) != 0)
		return true; /* libcurl takes a number as it is */
	buf_printf(&line, "+" STR_FMT ":%u:", STR_ARG(st->uri.host), st->port);
	for (size_t i = 0; i < st->dns.n; i++) {
		const struct addr *a = &st->dns.addrs[i];
		bool v6 = a->u.sa.sa_family == AF_INET6;
		const void *p =
			v6 ? (const void *)&a->u.in6.sin6_addr : (const void *)&a->u.in.sin_addr;

		buf_printf(&line, "%s%s%s%s", i > 0 ? "," : "", v6 ? "[" : "",
			   ip_format(p, v6 ? 16 : 4, text), v6 ? "]" : "");
	}
	ok = add_line(st, &st->resolve, line.p) && SET(st, CURLOPT_RESOLVE, st->resolve);
	buf_release(&line);
	return ok;
}

int outbound_easy_start(struct outbound_state *st, struct err *e)
{
	uint64_t now = clock_mono_ms(), left = st->until_ms > now ? st->until_ms - now : 1;
	CURLMcode rc;

	st->easy = st->lib->easy_init();
	if (st->easy == NULL)
		return ERR(e, ERR_INTERNAL, "%s: out of memory", st->shown);
	if (!set_common(st) || !set_tls(st) || !set_request(st) || !set_answer(st, left) ||
	    !set_headers(st) || !set_addresses(st)) {
		outbound_easy_end(st);
		return ERR(e, ERR_INTERNAL, "%s: libcurl refuses an option", st->shown);
	}
	rc = st->lib->multi_add_handle(st->o->multi, st->easy);
	if (rc == CURLM_OK)
		return 0;
	outbound_easy_end(st);
	return ERR(e, ERR_INTERNAL, "%s: libcurl: %s", st->shown, st->lib->multi_strerror(rc));
}

/* Headers hold passwords. */
static void wipe_headers(struct outbound_state *st)
{
	for (struct curl_slist *l = st->headers; l != NULL; l = l->next)
		mem_wipe(l->data, strlen(l->data));
	st->lib->slist_free_all(st->headers);
	st->lib->slist_free_all(st->resolve);
	st->headers = st->resolve = NULL;
}

void outbound_easy_end(struct outbound_state *st)
{
	if (st->easy != NULL) {
		(void)st->lib->multi_remove_handle(st->o->multi, st->easy); /* or never added */
		st->lib->easy_cleanup(st->easy);
		st->easy = NULL;
	}
	if (st->lib != NULL)
		wipe_headers(st);
}

/* ---- results ---- */

static int refused_answer(const struct outbound_state *st, struct err *e)
{
	if (st->encoded)
		return ERR(e, ERR_UNSUPPORTED, "%s: the answer is compressed, which is not taken",
			   st->shown);
	if (st->head_large)
		return ERR(e, ERR_TOO_LARGE, "%s: the answer's header has more than %d bytes",
			   st->shown, HEAD_MAX);
	return ERR(e, ERR_TOO_LARGE, "%s: the answer has more than %zu bytes", st->shown,
		   st->answer.limit);
}

static int not_connected(const struct outbound_state *st, const char *text, struct err *e)
{
	long errnum = 0;

	if (st->address_refused)
		return ERR(e, ERR_FORBIDDEN,
			   "%s: a connection to an address that was not checked was stopped",
			   st->shown);
	if (st->lib->easy_getinfo(st->easy, CURLINFO_OS_ERRNO, &errnum) != CURLE_OK || errnum == 0)
		return ERR(e, ERR_UNAVAILABLE, "%s: could not connect: %s", st->shown, text);
	(void)err_errno(e, (int)errnum, "%s: could not connect", st->shown);
	e->code = ERR_UNAVAILABLE;
	return -1;
}

static int bad_tls_files(const struct outbound_state *st, CURLcode rc, struct err *e)
{
	const struct outbound_call *c = st->call;

	if (rc == CURLE_SSL_CACERT_BADFILE)
		return ERR(e, ERR_INVALID, "%s: no certificate could be read from %s", st->shown,
			   c->ca_file ? c->ca_file : SYSTEM_TRUST);
	return ERR(e, ERR_INVALID,
		   "%s: the client certificate %s and its key %s cannot be read or do not fit "
		   "together",
		   st->shown, c->cert_file ? c->cert_file : "-", c->key_file ? c->key_file : "-");
}

static int take_answer(struct outbound_state *st, struct err *e)
{
	long status = 0;

	(void)st->lib->easy_getinfo(st->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200 || status > 999)
		return ERR(e, ERR_UNAVAILABLE, "%s: the answer is not HTTP", st->shown);
	st->call->status = (int)status;
	return 0;
}

int outbound_easy_result(struct outbound_state *st, CURLcode rc, struct err *e)
{
	const char *text = st->text[0] != '\0' ? st->text : st->lib->easy_strerror(rc);

	switch ((int)rc) {
	case CURLE_OK:
		return take_answer(st, e);
	case CURLE_URL_MALFORMAT:
	case CURLE_LOGIN_DENIED:
		return ERR(e, ERR_INVALID, "%s: not a usable http or https URL: %s", st->shown,
			   text);
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
		return not_connected(st, text, e);
	case CURLE_OPERATION_TIMEDOUT:
		return ERR(e, ERR_TIMEOUT, "%s: no answer in time", st->shown);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
		return ERR(e, ERR_UNAUTHORIZED,
			   "%s: the server's certificate is not trusted by %s: %s", st->shown,
			   st->call->ca_file ? st->call->ca_file : SYSTEM_TRUST, text);
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
		return bad_tls_files(st, rc, e);
	case CURLE_WRITE_ERROR:
	case CURLE_FILESIZE_EXCEEDED:
		return refused_answer(st, e);
	case CURLE_SSL_CONNECT_ERROR:
		if (strstr(text, "error reading X.509") != NULL)
			return bad_tls_files(st, rc, e);
		return ERR(e, ERR_UNAVAILABLE, "%s: TLS handshake: %s", st->shown, text);
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
		return ERR(e, ERR_UNAVAILABLE, "%s: the connection broke: %s", st->shown, text);
	case CURLE_OUT_OF_MEMORY:
		return ERR(e, ERR_INTERNAL, "%s: out of memory", st->shown);
	default:
		return ERR(e, ERR_UNAVAILABLE, "%s: %s", st->shown, text);
	}
}

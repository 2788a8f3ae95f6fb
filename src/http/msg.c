/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "http/msg.h"
#include "http/syntax.h"

bool http_is_tchar(unsigned char c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
		return true;
	return c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

bool http_is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!http_is_tchar((unsigned char)s.p[i]))
			return false;
	return s.n > 0;
}

bool http_is_field_char(unsigned char c)
{
	return c == '\t' || (c >= 0x20 && c != 0x7f);
}

bool http_is_path_char(unsigned char c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
		return true;
	return c != 0 && strchr("-._~!$&'()*+,;=:@/%", c) != NULL;
}

int http_hex_value(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/*
 * The head also ends, for our purpose, at the first byte that makes it invalid whatever follows (a
 * control character, a CR or an LF alone): what is returned then does not parse, and the peer gets
 * its 400 at once instead of a timeout. TLS spoken to a plain port ends here.
 */
ssize_t http_head_length(struct str in, size_t max_head)
{
	size_t n = in.n < max_head ? in.n : max_head;
	size_t line = 0; /* where the current line began */

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)in.p[i];

		if (http_is_field_char(c))
			continue;
		if (c != '\r')
			return (ssize_t)(i + 1);
		if (i + 1 == n)
			break;
		if (in.p[i + 1] != '\n' || i == line)
			return (ssize_t)(i + 2);
		i++;
		line = i + 1;
	}
	return in.n >= max_head ? -1 : 0;
}

struct str http_head_get(const struct http_head *h, const char *name)
{
	for (unsigned i = 0; i < h->n_headers; i++)
		if (str_ieqc(h->headers[i].name, name))
			return h->headers[i].value;
	return STR_NULL;
}

const char *http_reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} table[] = {
		{100, "Continue"},
		{200, "OK"},
		{201, "Created"},
		{202, "Accepted"},
		{204, "No Content"},
		{301, "Moved Permanently"},
		{302, "Found"},
		{303, "See Other"},
		{304, "Not Modified"},
		{307, "Temporary Redirect"},
		{308, "Permanent Redirect"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{406, "Not Acceptable"},
		{408, "Request Timeout"},
		{409, "Conflict"},
		{410, "Gone"},
		{411, "Length Required"},
		{412, "Precondition Failed"},
		{413, "Content Too Large"},
		{414, "URI Too Long"},
		{415, "Unsupported Media Type"},
		{417, "Expectation Failed"},
		{421, "Misdirected Request"},
		{422, "Unprocessable Content"},
		{428, "Precondition Required"},
		{429, "Too Many Requests"},
		{431, "Request Header Fields Too Large"},
		{500, "Internal Server Error"},
		{501, "Not Implemented"},
		{502, "Bad Gateway"},
		{503, "Service Unavailable"},
		{504, "Gateway Timeout"},
		{505, "HTTP Version Not Supported"},
		{507, "Insufficient Storage"},
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].status == status)
			return table[i].text;
	return "Status";
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/mem.h"
#include "codec/uri.h"
#include "net/dns.h"

/*
 * Which addresses the daemon's own calls may go to.
 *
 * An address is judged in each of its forms. What IPv6 merely wraps is IPv4: a mapped address
 * (::ffff:a.b.c.d) reaches the same host as the IPv4 address and is judged as that alone. A
 * translator or tunnel (NAT64, 6to4, Teredo, ISATAP, the old "compatible" form) may hand the packet
 * to the IPv4 address inside, so both forms must be permitted. A form is permitted when `allow`
 * covers it, or when neither the built-in list nor `refuse` does.
 *
 * The built-in list holds what no call of a certificate authority has business with: this network,
 * link-local (among them the metadata services of most clouds, which give out credentials to
 * whoever can make the machine ask), multicast, broadcast, and the metadata addresses that stand
 * elsewhere. Private and loopback addresses are where webhooks usually live and are permitted. An
 * allow-list is made by refusing 0.0.0.0/0 and ::/0.
 *
 * To refuse another address by default: a line in `built_in`.
 */
struct rule {
	unsigned char ip[16];
	size_t n;      /* 4 or 16 */
	unsigned bits; /* of the prefix */
};

struct addr_rules {
	struct rule *allow, *refuse;
	size_t n_allow, n_refuse;
};

static const char *const built_in[] = {
	"0.0.0.0/8",
	"169.254.0.0/16",
	"224.0.0.0/4",
	"240.0.0.0/4",	   /* reserved, and the broadcast address */
	"100.100.100.200", /* Alibaba Cloud's metadata */
	"168.63.129.16",   /* Azure's host agent */
	"192.0.0.192",	   /* Oracle Cloud's metadata */
	"::",
	"fe80::/10",
	"fec0::/10",
	"ff00::/8",
	"fd00:ec2::254",      /* AWS */
	"fd20:ce::254",	      /* Google Cloud */
	"fd00:c1::a9fe:a9fe", /* Oracle Cloud */
	"fd00:42::42",	      /* Scaleway */
};

/* ---- reading ---- */

static bool covers(const struct rule *r, const unsigned char *ip, size_t n)
{
	size_t whole = r->bits / 8;
	unsigned rest = r->bits % 8;

	if (r->n != n || memcmp(r->ip, ip, whole) != 0)
		return false;
	if (rest == 0)
		return true;
	return (((unsigned)r->ip[whole] ^ ip[whole]) >> (8 - rest)) == 0;
}

/* Does the prefix leave bits of the address over? */
static bool host_bits(const struct rule *r)
{
	for (unsigned i = r->bits; i < r->n * 8; i++)
		if (r->ip[i / 8] & (0x80U >> (i % 8)))
			return true;
	return false;
}

static bool is_mapped(const unsigned char ip[16])
{
	static const unsigned char prefix[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(ip, prefix, sizeof(prefix)) == 0;
}

static int parse(const char *text, struct rule *r, struct err *e)
{
	struct str bits, ip = str_cut(str_c(text), '/', &bits);
	uint64_t n;

	r->n = ip_parse(ip, r->ip);
	if (r->n == 0)
		return ERR(e, ERR_INVALID,
			   "\"%s\": neither an address nor a network like 10.0.0.0/8 or fd00::/8",
			   text);
	n = r->n * 8;
	if (bits.p != NULL && (!str_u64(bits, &n) || n > r->n * 8))
		return ERR(e, ERR_INVALID, "\"%s\": the prefix is not a number from 0 to %zu", text,
			   r->n * 8);
	r->bits = (unsigned)n;
	if (r->n == 16 && is_mapped(r->ip) && r->bits > 0)
		return ERR(e, ERR_INVALID,
			   "\"%s\": write IPv4 addresses in their own form; it holds for the "
			   "mapped form, too",
			   text);
	if (host_bits(r))
		return ERR(e, ERR_INVALID,
			   "\"%s\": the address has bits behind its prefix; write the network's "
			   "first address, or no prefix for this address alone",
			   text);
	return 0;
}

static int parse_all(const char *const *texts, size_t n, struct rule *out, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (parse(texts[i], &out[i], e) != 0)
			return -1;
	return 0;
}

int addr_rules_new(const char *const *allow, size_t n_allow, const char *const *refuse,
		   size_t n_refuse, struct addr_rules **out, struct err *e)
{
	struct addr_rules *r = NEW(struct addr_rules);
	size_t n = ARRAY_LEN(built_in);

	r->allow = mem_calloc(n_allow + 1, sizeof(*r->allow));
	r->refuse = mem_calloc(n_refuse + n, sizeof(*r->refuse));
	r->n_allow = n_allow;
	r->n_refuse = n_refuse + n;
	if (parse_all(built_in, n, r->refuse, e) != 0 ||
	    parse_all(refuse, n_refuse, r->refuse + n, e) != 0 ||
	    parse_all(allow, n_allow, r->allow, e) != 0) {
		addr_rules_free(r);
		return -1;
	}
	*out = r;
	return 0;
}

void addr_rules_free(struct addr_rules *r)
{
	if (r == NULL)
		return;
	mem_free(r->allow);
	mem_free(r->refuse);
	mem_free(r);
}

/* ---- judging ---- */

static bool any_covers(const struct rule *rules, size_t n, const unsigned char *ip, size_t ip_n)
{
	for (size_t i = 0; i < n; i++)
		if (covers(&rules[i], ip, ip_n))
			return true;
	return false;
}

static bool permit(const struct addr_rules *r, const unsigned char *ip, size_t n)
{
	return any_covers(r->allow, r->n_allow, ip, n) ||
	       !any_covers(r->refuse, r->n_refuse, ip, n);
}

/* The IPv4 addresses that `ip` may lead to through a translator or tunnel; how many. */
static size_t embedded(const unsigned char ip[16], unsigned char out[2][4])
{
	static const unsigned char zeros[12];
	static const unsigned char nat64[4] = {0x00, 0x64, 0xff, 0x9b};
	static const unsigned char isatap[3] = {0x00, 0x5e, 0xfe};

	if (ip[0] == 0x20 && ip[1] == 0x02) { /* 6to4 (RFC 3056) */
		memcpy(out[0], ip + 2, 4);
		return 1;
	}
	if (memcmp(ip, "\x20\x01\x00\x00", 4) == 0) { /* Teredo (RFC 4380): server, client */
		memcpy(out[0], ip + 4, 4);
		for (size_t i = 0; i < 4; i++)
			out[1][i] = ip[12 + i] ^ 0xff;
		return 2;
	}
	/*
	 * Compatible (RFC 4291 2.5.5.1; :: and ::1 are none), NAT64 (RFC 6052, and RFC 8215's
	 * prefix for the shape with 96 bits), ISATAP (RFC 5214).
	 */
	if ((memcmp(ip, zeros, 12) == 0 && (ip[12] | ip[13] | ip[14]) != 0) ||
	    memcmp(ip, nat64, 4) == 0 || ((ip[8] & 0xfd) == 0 && memcmp(ip + 9, isatap, 3) == 0)) {
		memcpy(out[0], ip + 12, 4);
		return 1;
	}
	return 0;
}

bool addr_rules_permit(const struct addr_rules *r, const struct addr *a)
{
	unsigned char ip[16], inner[2][4];

	if (a->u.sa.sa_family == AF_INET) {
		memcpy(ip, &a->u.in.sin_addr, 4);
		return permit(r, ip, 4);
	}
	if (a->u.sa.sa_family != AF_INET6)
		return false;
	memcpy(ip, &a->u.in6.sin6_addr, 16);
	if (is_mapped(ip))
		return permit(r, ip + 12, 4);
	for (size_t n = embedded(ip, inner), i = 0; i < n; i++)
		if (!permit(r, inner[i], 4))
			return false;
	return permit(r, ip, 16);
}

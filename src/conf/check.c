/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "codec/idna.h"
#include "codec/uri.h"
#include "conf/priv.h"

/*
 * check.c - what no single key of signetd.yaml shows: names that must be unique, values with a
 * grammar, bounds between keys.
 */

static int bad(const struct conf *c, struct err *e, const char *key, const char *what)
{
	const struct filler f = {.d = &c->doc, .e = e};
	const struct conf_at at = {.name = key, .index = CONF_AT_KEY};

	return conf_bad(&f, &at, yaml_key_line(&c->doc, c->doc.root, key), "%s", what);
}

/* :PORT, IPv4:PORT or [IPv6]:PORT; the listener resolves no names. */
static bool address_valid(const char *text)
{
	struct str s = str_c(text), host;
	const char *colon = strrchr(text, ':');
	unsigned char ip[16];
	uint64_t port;

	if (colon == NULL || !str_u64(str_c(colon + 1), &port) || port > 65535)
		return false;
	host = (struct str){s.p, (size_t)(colon - s.p)};
	if (host.n == 0)
		return true;
	if (host.p[0] == '[')
		return str_ends(host, "]") &&
		       ip_parse((struct str){host.p + 1, host.n - 2}, ip) == 16;
	return ip_parse(host, ip) == 4;
}

static int check_address(const struct conf *c, struct err *e)
{
	if (!address_valid(c->address))
		return bad(c, e, "address",
			   "must be :PORT, IPv4:PORT or [IPv6]:PORT, the port 0 to 65535");
	return 0;
}

static int check_dns_names(const struct conf *c, struct err *e)
{
	const json_t *list = json_object_get(c->doc.root, "dnsNames");
	const struct filler f = {.d = &c->doc, .e = e};
	const struct conf_at up = {.name = "dnsNames", .index = CONF_AT_KEY};

	if (c->dns_names.n == 0)
		return bad(c, e, "dnsNames", "is empty; at least one name or address is needed");
	for (size_t i = 0; i < c->dns_names.n; i++) {
		struct str s = str_c(c->dns_names.items[i]), ascii;
		const struct conf_at at = {.up = &up, .index = i};
		struct err ignored = ERR_INIT;
		unsigned char ip[16];

		if (ip_parse(s, ip) > 0)
			continue;
		if (str_starts(s, "*") || idna_to_ascii(s, c->arena, &ascii, &ignored) != 0)
			return conf_bad(&f, &at, yaml_line(&c->doc, json_array_get(list, i)),
					"must be a DNS name (no wildcard) or an IP address without "
					"brackets and port");
	}
	return 0;
}

static bool authority_name_valid(struct str s)
{
	if (s.n == 0 || s.n > 64 || s.p[0] == '.')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = ascii_lower(s.p[i]);

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '.' && c != '-' &&
		    c != '_')
			return false;
	}
	return true;
}

static int check_authorities(const struct conf *c, struct err *e)
{
	const json_t *list = json_object_get(c->doc.root, "authorities");
	const struct conf_authority *au = c->authorities.items;
	const struct filler f = {.d = &c->doc, .e = e};
	const struct conf_at up = {.name = "authorities", .index = CONF_AT_KEY};

	if (c->authorities.n == 0)
		return bad(c, e, "authorities", "is empty; at least one authority is needed");
	for (size_t i = 0; i < c->authorities.n; i++) {
		const json_t *object = json_array_get(list, i);
		const struct conf_at place = {.up = &up, .index = i};
		const struct conf_at name = {.up = &place, .name = "name", .index = CONF_AT_KEY};
		const struct conf_at root = {.up = &place, .name = "root", .index = CONF_AT_KEY};
		const struct conf_at key = {.up = &place, .name = "key", .index = CONF_AT_KEY};

		if (!authority_name_valid(str_c(au[i].name)))
			return conf_bad(
				&f, &name, yaml_key_line(&c->doc, object, "name"),
				"must be 1 to 64 letters, digits, dots, hyphens and underscores");
		for (size_t k = 0; k < i; k++)
			if (strcmp(au[k].name, au[i].name) == 0)
				return conf_bad(&f, &name, yaml_key_line(&c->doc, object, "name"),
						"\"%s\" is the name of an authority above",
						au[i].name);
		if (au[i].root.n == 0)
			return conf_bad(&f, &root, yaml_key_line(&c->doc, object, "root"),
					"is empty; at least one root certificate is needed");
		if (au[i].key[0] == '\0')
			return conf_bad(&f, &key, yaml_key_line(&c->doc, object, "key"),
					"must not be empty");
	}
	return 0;
}

static int check_store(const struct conf *c, struct err *e)
{
	const json_t *store = json_object_get(c->doc.root, "store");
	const struct filler f = {.d = &c->doc, .e = e};
	const struct conf_at up = {.name = "store", .index = CONF_AT_KEY};
	const struct conf_at path = {.up = &up, .name = "path", .index = CONF_AT_KEY};
	const struct conf_at least = {.up = &up, .name = "minFreeRevoke", .index = CONF_AT_KEY};
	unsigned line;

	if (c->store.path[0] == '\0')
		return conf_bad(&f, &path, yaml_key_line(&c->doc, store, "path"),
				"must not be empty");
	if (c->store.min_free_revoke > c->store.min_free) {
		line = yaml_key_line(&c->doc, store, "minFreeRevoke");
		return conf_bad(&f, &least,
				line != 0 ? line : yaml_key_line(&c->doc, store, "minFree"),
				"must not be more than minFree");
	}
	return 0;
}

static int check_claims(const struct conf *c, struct err *e)
{
	struct claims resolved;

	if (claims_resolve(&c->claims, NULL, &resolved, e) == 0)
		return 0;
	return err_wrap(e, "%s:%u", c->doc.file, yaml_key_line(&c->doc, c->doc.root, "claims"));
}

static int check_strings(const struct conf *c, struct err *e)
{
	if (c->common_name[0] == '\0' || strlen(c->common_name) > 64)
		return bad(c, e, "commonName", "must have 1 to 64 characters");
	if (c->accelerator[0] == '\0')
		return bad(c, e, "accelerator", "must be auto, none or the name of a plugin");
	return 0;
}

int conf_check(const struct conf *c, struct err *e)
{
	if (check_address(c, e) != 0 || check_dns_names(c, e) != 0 || check_strings(c, e) != 0 ||
	    check_store(c, e) != 0 || check_claims(c, e) != 0)
		return -1;
	return check_authorities(c, e);
}

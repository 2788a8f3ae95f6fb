/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/init.h"

#include "base/file.h"
#include "codec/b64.h"
#include "net/addr.h"

#include <dirent.h>
#include <sys/stat.h>

/* cmd_init.c - creates a CA: asks or reads the options, then init_make.c does it. */

static bool empty_or_absent(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *ent;
	bool empty = true;

	if (d == NULL)
		return !file_exists(dir);
	while (empty && (ent = readdir(d)) != NULL)
		empty = strcmp(ent->d_name, ".") == 0 || strcmp(ent->d_name, "..") == 0;
	closedir(d);
	return empty;
}

static int ask(struct init *in, const char *opt, const char *question, const char *dflt,
	       const char **out, struct err *e)
{
	*out = cli_value(in->c, opt);
	return *out != NULL ? 0 : prompt_line(in->c, question, dflt, out, e);
}

/* "RSA-3072" is RSA with a size; the rest is a kind or a curve. */
static int read_key_type(struct init *in, struct err *e)
{
	const char *text = cli_value(in->c, "key-type");
	unsigned size = 0;
	uint64_t n;

	if (text == NULL)
		text = "P-256";
	if (strncmp(text, "RSA-", 4) == 0 && str_u64(str_c(text + 4), &n) && n <= 16384) {
		size = (unsigned)n;
		text = "RSA";
	}
	if (key_type_parse(text, NULL, size, &in->key_type, &in->key_bits, e) < 0)
		return cli_misuse(in->c, e, "--key-type: %s", e->msg);
	if (in->key_type == KEY_X25519)
		return cli_misuse(in->c, e, "--key-type %s: such a key cannot sign", text);
	return 0;
}

static int read_dns(struct init *in, struct err *e)
{
	const char *line;
	struct str rest, one;
	struct san san;

	in->n_dns = cli_values(in->c, "dns", in->dns, CLI_MAX_OPTS);
	if (in->n_dns == 0) {
		if (prompt_line(in->c, "Names and addresses of the CA, separated by commas",
				"localhost,127.0.0.1,::1", &line, e) < 0)
			return -1;
		for (rest = str_c(line); rest.p != NULL && in->n_dns < CLI_MAX_OPTS;) {
			one = str_trim(str_cut(rest, ',', &rest));
			if (one.n > 0)
				in->dns[in->n_dns++] = arena_cstr(in->c->arena, one);
		}
	}
	if (in->n_dns == 0)
		return cli_misuse(in->c, e,
				  "the CA needs at least one name or address: --dns NAME");
	for (size_t i = 0; i < in->n_dns; i++)
		if (san_from_text(str_c(in->dns[i]), in->c->arena, &san, e) < 0 ||
		    (san.type != SAN_DNS && san.type != SAN_IP))
			return cli_misuse(in->c, e, "--dns %s: not a DNS name or an address",
					  in->dns[i]);
	return 0;
}

/* A YAML double-quoted scalar holds it, and a certificate can. */
static int check_text(struct init *in, const char *opt, const char *text, struct err *e)
{
	size_t n = strlen(text);

	if (n == 0 || n > 50)
		return cli_misuse(in->c, e, "%s: 1 to 50 bytes are needed", opt);
	if (!utf8_valid(str_c(text)))
		return cli_misuse(in->c, e, "%s: not UTF-8", opt);
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return cli_misuse(in->c, e, "%s: control characters are not allowed", opt);
	return 0;
}

static int check_address(struct init *in, struct err *e)
{
	struct addr a;

	if (addr_parse(in->address, &a, e) < 0)
		return cli_misuse(in->c, e, "--address: %s", e->msg);
	return 0;
}

/* An own root's key is read here, under --root-password-file when it is encrypted. */
static int read_own_root(struct init *in, struct err *e)
{
	in->root_file = cli_value(in->c, "root");
	in->root_key_file = cli_value(in->c, "key");
	if ((in->root_file == NULL) != (in->root_key_file == NULL))
		return cli_misuse(in->c, e,
				  "--root and --key go together: an own root certificate and its "
				  "private key");
	if (in->root_file == NULL)
		return 0;
	return read_key_file(in->c, in->root_key_file, "root-password-file", &in->root_key, e);
}

/*
 * --password-file alone serves the intermediate and the provisioner; the root's key has a
 * password of its own.
 */
static int read_passwords(struct init *in, struct err *e)
{
	struct cli *c = in->c;

	if (in->root_file == NULL &&
	    password_get(c, "root-password-file",
			 "Password for the root key (keep it away from this machine)", true,
			 &in->root_password, e) < 0)
		return -1;
	if (password_get(c, "password-file", "Password for the intermediate key", true,
			 &in->password, e) < 0)
		return -1;
	if (cli_value(c, "provisioner-password-file") == NULL &&
	    cli_value(c, "password-file") != NULL) {
		secret_set(&in->provisioner_password, in->password.p, in->password.n);
		return 0;
	}
	return password_get(
		c, "provisioner-password-file",
		"Password for the provisioner (asked for when somebody gets a certificate)", true,
		&in->provisioner_password, e);
}

/* Without the slashes that a shell's completion puts at the end. */
static const char *no_slashes(struct init *in, const char *dir)
{
	struct str s = str_c(dir);

	while (s.n > 1 && s.p[s.n - 1] == '/')
		s.n--;
	return arena_cstr(in->c->arena, s);
}

static int read_all(struct init *in, struct err *e)
{
	struct stat st;

	in->dir = cli_value(in->c, "dir");
	if (in->c->n_args > 0)
		in->dir = in->c->args[0];
	if (in->dir == NULL && prompt_line(in->c, "Folder for the CA",
					   prompt_available() ? "./ca" : NULL, &in->dir, e) < 0)
		return ERR(e, ERR_INVALID, "which folder? Give DIR");
	if (in->dir[0] == '\0')
		return cli_misuse(in->c, e, "DIR is empty");
	in->dir = no_slashes(in, in->dir);
	if (stat(in->dir, &st) == 0 && !S_ISDIR(st.st_mode))
		return ERR(e, ERR_CONFLICT, "%s is a file: choose another place for the folder",
			   in->dir);
	if (!empty_or_absent(in->dir))
		return ERR(e, ERR_CONFLICT,
			   "%s is not empty; nothing is overwritten: choose another folder",
			   in->dir);
	if (ask(in, "name", "Name of the CA", "Signet", &in->name, e) < 0 ||
	    check_text(in, "--name", in->name, e) < 0 || read_dns(in, e) < 0 ||
	    ask(in, "address", "Address to listen on", ":9000", &in->address, e) < 0 ||
	    check_address(in, e) < 0 ||
	    ask(in, "provisioner", "Name of the first provisioner", "admin", &in->provisioner, e) <
		    0 ||
	    check_text(in, "--provisioner", in->provisioner, e) < 0 || read_key_type(in, e) < 0 ||
	    read_own_root(in, e) < 0)
		return -1;
	return read_passwords(in, e);
}

static void report(const struct init *in)
{
	const char *port = strrchr(in->address, ':'), *host = in->dns[0];
	bool ipv6 = strchr(host, ':') != NULL;
	char hex[65];

	cert_fingerprint(in->root_der, hex);
	printf("\nThe CA is in %s.\n\n  Root fingerprint: %s\n\n", in->dir, hex);
	if (in->root_key_file == NULL)
		printf("Move %s/secrets/root_ca.key to a safe place: signetd never needs it.\n\n",
		       in->dir);
	printf("Next:\n  signetd --config %s/signetd.yaml\n  signet bootstrap --ca-url "
	       "https://%s%s%s%s --fingerprint %s\n"
	       "  signet certificate host.example.com host.crt host.key\n",
	       in->dir, ipv6 ? "[" : "", host, ipv6 ? "]" : "",
	       port && strcmp(port, ":443") != 0 ? port : "", hex);
}

static int init(struct cli *c)
{
	struct init in = {.c = c};
	struct err e = ERR_INIT;
	int rc = EXIT_DONE;

	if (c->n_args > 0 && cli_value(c, "dir") != NULL)
		return cli_usage_error(c, "DIR and --dir say the same");
	if (read_all(&in, &e) < 0 || init_make(&in, &e) < 0)
		rc = cli_fail(c, &e);
	else
		report(&in);
	init_release(&in);
	return rc;
}

static const struct cli_opt opts[] = {
	{"dir", "DIR", "the folder, as an option", false, false},
	{"name", "NAME", "name of the CA, in its certificates (default Signet)", false, false},
	{"dns", "NAME", "DNS name or address of the CA (default localhost, 127.0.0.1, ::1)", true,
	 false},
	{"address", "ADDRESS", "where signetd listens (default :9000)", false, false},
	{"provisioner", "NAME", "name of the first provisioner (default admin)", false, false},
	{"password-file", "FILE",
	 "password of the intermediate key, and of the provisioner unless given apart", false,
	 false},
	{"root-password-file", "FILE", "password of the root key (also of --key)", false, false},
	{"provisioner-password-file", "FILE", "password of the provisioner", false, false},
	{"key-type", "TYPE",
	 "P-256, P-384, P-521, Ed25519, RSA or RSA-3072, RSA-4096 (default P-256)", false, false},
	{"root", "FILE", "an own root certificate, with --key", false, false},
	{"key", "FILE", "the own root's private key: used now, not kept", false, false},
	{"insecure-address", "ADDRESS", "", false, true},
	{"kms", "URI", "", false, true},
	{NULL, NULL, NULL, false, false},
};
const struct cli_cmd cmd_init = {
	.name = "init",
	.args = "[DIR]",
	.max_args = 1,
	.summary = "Create a certificate authority in a new folder",
	.about = "Makes a root, an intermediate and a first provisioner, and a configuration for "
		 "signetd. What no option says\n"
		 "is asked for on the terminal; without a terminal the defaults count, and "
		 "passwords must come from files.",
	.opts = opts,
	.offline = true,
	.run = init,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/init.h"
#include "cli/jwk_provisioner.h"

#include "base/bug.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "profile/profile.h"

#include <sys/stat.h>

/*
 * init_make.c - keys, root and intermediate, provisioner and configuration of a new CA.
 *
 * Everything is made in memory first, then written into "DIR.new-PID", and at last renamed to
 * DIR: whatever fails (a full disk, a wrong password) leaves no half-made CA, and an existing one
 * is never touched. An empty DIR that is there already may be a mount point or somebody's working
 * folder: then the parts are written into "DIR/.new-PID" and moved up, signetd.yaml last.
 */

#define CA_YEARS INT64_C(10)
#define YEAR	 (INT64_C(365) * 86400)

static void say(const char *text)
{
	fputs(text, stderr);
	fflush(stderr);
}

/* ---- certificates ---- */

struct ca_spec {
	const char *common_name;
	int path_len;
	struct key *subject_key, *signer;
	const struct cert *issuer; /* NULL: self-signed */
};

static struct name ca_name(struct init *in, const char *common_name)
{
	struct name n = {.attrs = ARENA_ARRAY(in->c->arena, struct name_attr, 2), .n = 2};

	n.attrs[0] = (struct name_attr){.oid = oid_der(OID_O), .value = str_c(in->name), .rdn = 0};
	n.attrs[1] =
		(struct name_attr){.oid = oid_der(OID_CN), .value = str_c(common_name), .rdn = 1};
	return n;
}

static int make_cert(struct init *in, const struct ca_spec *s, struct str *der, struct err *e)
{
	unsigned char serial[16];
	struct profile_fields f = {0};
	struct name subject = ca_name(in, s->common_name);
	int64_t now = clock_now();
	struct profile_tbs p = {
		.serial = str_mem(serial, sizeof(serial)),
		.issuer = s->issuer,
		.sig_alg = sig_alg_for_key(s->signer),
		.subject_key = s->subject_key,
		.not_before = now - 60,
		.not_after = now + CA_YEARS * YEAR,
	};
	struct buf tbs = BUF_INIT, sig = BUF_INIT, out = BUF_INIT;
	int rc;

	if (s->issuer != NULL && p.not_after > s->issuer->not_after)
		p.not_after = s->issuer->not_after;
	profile_serial(serial);
	profile_ca_fields(&f, &subject, s->path_len);
	rc = profile_tbs(&f, &p, in->c->arena, &tbs, e);
	if (rc == 0)
		rc = key_sign(s->signer, p.sig_alg, buf_view(&tbs), &sig, e);
	if (rc == 0) {
		cert_assemble(buf_view(&tbs), p.sig_alg, buf_view(&sig), &out);
		*der = arena_str(in->c->arena, buf_view(&out));
	}
	buf_release(&tbs);
	buf_release(&sig);
	buf_release(&out);
	return rc;
}

/*
 * An own root: the certificate must be a CA that may sign another one, and the key must be its
 * key.
 */
static int read_root(struct init *in, struct cert *root, struct err *e)
{
	struct buf pem = BUF_INIT, spki = BUF_INIT;
	struct str *ders;
	size_t n;
	int rc = file_read(in->root_file, 1 << 20, &pem, e);

	if (rc == 0)
		rc = cert_pem_read(buf_view(&pem), in->c->arena, &ders, &n, e);
	buf_release(&pem);
	if (rc < 0 || cert_parse(ders[0], in->c->arena, root, e) < 0)
		return err_wrap(e, "%s", in->root_file);
	in->root_der = ders[0];
	key_to_spki(in->root_key, &spki);
	if (!str_eq(buf_view(&spki), root->spki))
		rc = ERR(e, ERR_INVALID, "%s is not the private key of %s", in->root_key_file,
			 in->root_file);
	else if (!root->is_ca || (root->has_key_usage && !(root->key_usage & KU_CERT_SIGN)) ||
		 root->max_path_len == 0)
		rc = ERR(e, ERR_INVALID, "%s: not a CA certificate that may sign an intermediate",
			 in->root_file);
	else if (root->not_after <= clock_now())
		rc = ERR(e, ERR_INVALID, "%s: has expired", in->root_file);
	buf_release(&spki);
	return rc;
}

static int make_root(struct init *in, struct cert *root, struct err *e)
{
	struct ca_spec s = {.path_len = 1};

	if (in->root_key != NULL)
		return read_root(in, root, e);
	say("Making the root key and certificate ... ");
	in->root_key = key_generate(in->key_type, in->key_bits, e);
	if (in->root_key == NULL)
		return -1;
	s.common_name = arena_printf(in->c->arena, "%s Root CA", in->name);
	s.subject_key = s.signer = in->root_key;
	if (make_cert(in, &s, &in->root_der, e) < 0)
		return -1;
	say("done\n");
	return cert_parse(in->root_der, in->c->arena, root, e);
}

static int make_certs(struct init *in, struct err *e)
{
	struct ca_spec s = {.path_len = 0};
	struct cert root;

	if (make_root(in, &root, e) < 0)
		return -1;
	say("Making the intermediate key and certificate ... ");
	in->ca_key = key_generate(in->key_type, in->key_bits, e);
	if (in->ca_key == NULL)
		return -1;
	s.common_name = arena_printf(in->c->arena, "%s Intermediate CA", in->name);
	s.subject_key = in->ca_key;
	s.signer = in->root_key;
	s.issuer = &root;
	if (make_cert(in, &s, &in->ca_der, e) < 0)
		return -1;
	say("done\n");
	return 0;
}

/* ---- files ---- */

static int write_file(struct init *in, const char *dir, const char *name, struct str data,
		      unsigned mode, struct err *e)
{
	return file_create(arena_printf(in->c->arena, "%s/%s", dir, name), data, mode, e);
}

static int write_cert(struct init *in, const char *dir, const char *name, struct str der,
		      struct err *e)
{
	struct buf pem = BUF_INIT;
	int rc;

	cert_to_pem(der, &pem);
	rc = write_file(in, dir, name, buf_view(&pem), 0644, e);
	buf_release(&pem);
	return rc;
}

static int write_key(struct init *in, const char *dir, const char *name, const struct key *k,
		     const struct secret *password, struct err *e)
{
	struct buf pem = BUF_INIT;
	int rc = key_to_pem(k, password, &pem, e);

	if (rc == 0)
		rc = write_file(in, dir, name, buf_view(&pem), 0600, e);
	buf_wipe_release(&pem);
	return rc;
}

static int write_password(struct init *in, const char *dir, struct err *e)
{
	struct secret line = SECRET_INIT;
	int rc;

	secret_set(&line, in->password.p, in->password.n);
	secret_append(&line, "\n", 1);
	rc = write_file(in, dir, "secrets/password", secret_view(&line), 0600, e);
	secret_release(&line);
	return rc;
}

/* YAML double-quoted scalar. */
static void put_quoted(struct buf *b, const char *s)
{
	buf_putc(b, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			buf_putc(b, '\\');
		buf_putc(b, *s);
	}
	buf_putc(b, '"');
}

static int write_provisioner(struct init *in, const char *dir, struct err *e)
{
	struct buf y = BUF_INIT, key = BUF_INIT;
	struct jwk_pair pair = {0};
	int rc;

	say("Making the provisioner's key ... ");
	in->prov_key = key_generate(KEY_P256, 0, e);
	if (in->prov_key == NULL)
		return -1;
	rc = jwk_pair_make(in->prov_key, &in->provisioner_password, &pair, e);
	if (rc == 0) {
		json_write(pair.key, &key); /* JSON is YAML */
		buf_puts(&y, "# A provisioner: who may ask for certificates, and how they prove "
			     "it.\ntype: JWK\nname: ");
		put_quoted(&y, in->provisioner);
		buf_puts(&y, "\nauthority: default\nkey: ");
		buf_str(&y, buf_view(&key));
		buf_puts(&y, "\n# The private key, encrypted under the provisioner's password; "
			     "clients fetch it.\nencryptedKey: ");
		buf_str(&y, buf_view(&pair.encrypted));
		buf_putc(&y, '\n');
		rc = write_file(in, dir, "provisioners.d/admin.yaml", buf_view(&y), 0644, e);
	}
	buf_release(&y);
	buf_release(&key);
	jwk_pair_release(&pair);
	say(rc == 0 ? "done\n" : "\n");
	return rc;
}

/*
 * What signetd would say of it. The message is about the option, not about a file that will be
 * gone.
 */
static int check_config(struct init *in, const char *dir, struct err *e)
{
	struct err why = ERR_INIT;
	struct conf *conf = conf_load(arena_printf(in->c->arena, "%s/signetd.yaml", dir), &why);
	const char *text;

	if (conf != NULL) {
		conf_unref(conf);
		return 0;
	}
	text = strstr(why.msg, "signetd.yaml:");
	text = text != NULL ? strchr(text, ' ') : NULL;
	return ERR(e, why.code, "%s", text != NULL ? text + 1 : why.msg);
}

static int write_config(struct init *in, const char *dir, struct err *e)
{
	struct buf y = BUF_INIT;
	int rc;

	buf_puts(&y, "# Configuration of signetd. Relative paths start at this file's folder.\n"
		     "# `signetd --help-config` describes every key.\n");
	buf_puts(&y, "address: ");
	put_quoted(&y, in->address);
	buf_puts(&y, "\ndnsNames: [");
	for (size_t i = 0; i < in->n_dns; i++) {
		if (i > 0)
			buf_puts(&y, ", ");
		put_quoted(&y, in->dns[i]);
	}
	buf_puts(&y, "]\ndataDir: .\nauthorities:\n- name: default\n  root: certs/root_ca.crt\n"
		     "  crt: certs/intermediate_ca.crt\n"
		     "  key: \"file:secrets/intermediate_ca.key?passwordFile=secrets/password\"\n");
	rc = write_file(in, dir, "signetd.yaml", buf_view(&y), 0644, e);
	buf_release(&y);
	return rc < 0 ? -1 : check_config(in, dir, e);
}

static const char *const folders[] = {
	"provisioners.d", "templates", "certs", "secrets", "db", "tls", "run"};

static int make_folders(struct init *in, const char *dir, struct err *e)
{
	if (file_mkdir_p(dir, 0700, e) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		if (file_mkdir_p(arena_printf(in->c->arena, "%s/%s", dir, folders[i]), 0700, e) < 0)
			return -1;
	return 0;
}

static int write_all(struct init *in, const char *dir, struct err *e)
{
	if (make_folders(in, dir, e) < 0 ||
	    write_cert(in, dir, "certs/root_ca.crt", in->root_der, e) < 0 ||
	    write_cert(in, dir, "certs/intermediate_ca.crt", in->ca_der, e) < 0)
		return -1;
	say("Encrypting the keys ... ");
	if (in->root_key_file == NULL &&
	    write_key(in, dir, "secrets/root_ca.key", in->root_key, &in->root_password, e) < 0)
		return -1;
	if (write_key(in, dir, "secrets/intermediate_ca.key", in->ca_key, &in->password, e) < 0 ||
	    write_password(in, dir, e) < 0)
		return -1;
	say("done\n");
	return write_provisioner(in, dir, e) < 0 ? -1 : write_config(in, dir, e);
}

/* Takes away exactly what this file writes. */
static void remove_all(struct init *in, const char *dir)
{
	static const char *const names[] = {
		"signetd.yaml",
		"provisioners.d/admin.yaml",
		"certs/root_ca.crt",
		"certs/intermediate_ca.crt",
		"secrets/root_ca.key",
		"secrets/intermediate_ca.key",
		"secrets/password",
		"provisioners.d",
		"templates",
		"certs",
		"secrets",
		"db",
		"tls",
		"run",
		"",
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		remove(arena_printf(in->c->arena, "%s/%s", dir, names[i]));
}

static int move(struct init *in, const char *from, const char *to, const char *name)
{
	return rename(arena_printf(in->c->arena, "%s/%s", from, name),
		      arena_printf(in->c->arena, "%s/%s", to, name));
}

/* All parts up into DIR, or none. */
static int move_up(struct init *in, const char *dir, struct err *e)
{
	size_t n = 0;
	int rc = 0;

	while (rc == 0 && n < ARRAY_LEN(folders)) {
		rc = move(in, dir, in->dir, folders[n]);
		n += rc == 0;
	}
	if (rc == 0)
		rc = move(in, dir, in->dir, "signetd.yaml");
	if (rc == 0) {
		remove(dir);
		return 0;
	}
	err_errno(e, errno, "%s", in->dir);
	while (n-- > 0)
		(void)move(in, in->dir, dir, folders[n]);
	return -1;
}

static int put_in_place(struct init *in, const char *dir, bool inside, struct err *e)
{
	if (inside)
		return move_up(in, dir, e);
	if (rename(dir, in->dir) == 0)
		return 0;
	if (errno == ENOTEMPTY || errno == EEXIST)
		return ERR(e, ERR_CONFLICT, "%s is not empty; choose another folder", in->dir);
	return err_errno(e, errno, "%s", in->dir);
}

/* ^C waits until all is there or nothing. */
static int write_or_remove(struct init *in, struct err *e)
{
	bool inside = file_exists(in->dir);
	const char *dir = arena_printf(in->c->arena, "%s%snew-%ld", in->dir, inside ? "/." : ".",
				       (long)getpid());
	sigset_t block, before;
	int rc;

	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGTERM);
	sigaddset(&block, SIGHUP);
	sigprocmask(SIG_BLOCK, &block, &before);
	rc = write_all(in, dir, e);
	if (rc == 0)
		rc = put_in_place(in, dir, inside, e);
	if (rc < 0)
		remove_all(in, dir);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}

int init_make(struct init *in, struct err *e)
{
	char *parent = file_dirname(in->dir);
	int rc = file_mkdir_p(parent, 0700, e);

	mem_free(parent);
	return rc < 0 || make_certs(in, e) < 0 ? -1 : write_or_remove(in, e);
}

void init_release(struct init *in)
{
	key_free(in->root_key);
	key_free(in->ca_key);
	key_free(in->prov_key);
	secret_release(&in->root_password);
	secret_release(&in->password);
	secret_release(&in->provisioner_password);
}

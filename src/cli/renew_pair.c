/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "cli/renew.h"

#include "base/file.h"
#include "base/hook.h"
#include "base/mem.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>

/*
 * renew_pair.c - a certificate's file and its key's file: read, checked against each other,
 * replaced.
 *
 * A renewal replaces one file, by rename(2): readers see the old or the new one. A rekey replaces
 * two, and no system call does that at once. Both new files are written and synced beside their
 * places first (NAME.signet-next, the key before the certificate), so that a full disk changes
 * nothing; then the key takes its place, then the certificate. Whoever reads both between the two
 * renames sees a pair that does not fit and has to read again.
 *
 * When the process or the machine dies on the way, what is there tells how far it came, and the
 * next renew or rekey settles it before anything else:
 *   both beside        nothing was replaced: they are removed, the old pair stands
 *   the certificate    the key is in its place: the certificate follows
 *   the key alone      the certificate was never written: it is removed
 *
 * Writing and settling happen under a lock on the certificate's folder (flock, so that it ends with
 * its holder). It is not held while the CA is asked; instead the files must still be those that
 * were read. So a timer, a daemon and a person at work on one pair never mix their keys and
 * certificates. Signals wait until the files are in place.
 *
 * The new files keep owner, group and mode of the old ones, as far as this user may; a key is never
 * open to others.
 */
#define PEM_MAX	  (1U << 20)
#define KEY_MAX	  (64U * 1024)
#define ROOM_NEED (32 * 1024)

/* ---- places ---- */

/* Through links: it is the file that they lead to which is replaced. */
static const char *place(struct arena *a, const char *path)
{
	char real[PATH_MAX];

	return realpath(path, real) != NULL ? arena_strdup(a, real) : path;
}

static const char *beside(struct arena *a, const char *path)
{
	return arena_printf(a, "%s.signet-next", place(a, path));
}

static int open_folder(struct arena *a, const char *path, struct err *e)
{
	char *dir = file_dirname(place(a, path));
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		err_errno(e, errno, "%s: cannot be written: folder %s", path, dir);
	mem_free(dir);
	return fd;
}

static int lock_folder(const struct renewal *r, struct err *e)
{
	int fd = open_folder(r->c->arena, r->out, e);

	while (fd >= 0 && flock(fd, LOCK_EX) < 0) {
		if (errno == EINTR)
			continue;
		err_errno(e, errno, "%s: lock of its folder", r->out);
		close(fd);
		return -1;
	}
	return fd;
}

static bool in_place(const struct renewal *r)
{
	return same_place(r->out, r->crt) && (!r->rekey || same_place(r->out_key, r->key));
}

/* Nothing is asked of the CA that could not be kept. */
static int check_room(const struct renewal *r, const char *path, struct err *e)
{
	char *dir = file_dirname(place(r->c->arena, path));
	int fd = open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600), rc = 0;

	/* A file system without nameless files: it turns out when it comes to writing. */
	if (fd < 0 && errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
		rc = err_errno(e, errno, "%s: cannot be written: folder %s", path, dir);
	mem_free(dir);
	if (fd < 0)
		return rc;
	rc = posix_fallocate(fd, 0, ROOM_NEED);
	close(fd);
	if (rc == 0 || rc == EOPNOTSUPP || rc == EINVAL)
		return 0;
	return err_errno(e, rc, "%s: cannot be written", path);
}

int pair_may_write(const struct renewal *r, struct err *e)
{
	if (check_room(r, r->out, e) < 0)
		return -1;
	return r->rekey ? check_room(r, r->out_key, e) : 0;
}

/* ---- reading ---- */

int pair_read_cert(struct pair *p, const char *path, struct err *e)
{
	struct buf pem = BUF_INIT;
	int rc = file_read(path, PEM_MAX, &pem, e);

	if (p->arena == NULL)
		p->arena = arena_new();
	if (rc == 0) {
		p->pem = arena_str(p->arena, buf_view(&pem));
		p->credential = p->pem;
		if (cert_pem_read(p->pem, p->arena, &p->ders, &p->n_ders, e) < 0 ||
		    cert_parse(p->ders[0], p->arena, &p->cert, e) < 0)
			rc = err_wrap(e, "%s", path);
	}
	buf_release(&pem);
	return rc;
}

void pair_release(struct pair *p)
{
	key_free(p->key);
	secret_release(&p->text);
	secret_release(&p->password);
	arena_free(p->arena);
	*p = (struct pair){0};
}

/* The password is kept: a new key gets the same one. */
static int open_key(void *arg, const struct secret *password, struct err *e)
{
	struct pair *p = arg;

	p->key = key_from_file_data(secret_view(&p->text), password, e);
	if (p->key != NULL && password != NULL && password != &p->password)
		secret_set(&p->password, password->p, password->n);
	return p->key != NULL ? 0 : -1;
}

static int ask_password(struct renewal *r, struct pair *p, struct err *e)
{
	const char *what = arena_printf(r->c->arena, "Password of %s", r->key);

	if (p->password.n > 0)
		return open_key(p, &p->password, e);
	if (r->watched && cli_value(r->c, "password-file") == NULL)
		return ERR(e, ERR_INVALID,
			   "%s is encrypted, and a daemon cannot ask: give --password-file FILE",
			   r->key);
	return password_try(r->c, "password-file", what, open_key, p, e);
}

static int read_key(struct renewal *r, struct pair *p, struct err *e)
{
	int rc;

	key_free(p->key);
	p->key = NULL;
	if (file_read_secret(r->key, KEY_MAX, &p->text, e) < 0)
		return -1;
	p->encrypted = key_file_is_encrypted(secret_view(&p->text));
	rc = p->encrypted ? ask_password(r, p, e) : open_key(p, NULL, e);
	if (rc < 0 && p->encrypted && e->code == ERR_UNAUTHORIZED)
		return ERR(e, ERR_UNAUTHORIZED, "%s: wrong password", r->key);
	if (rc < 0 && strstr(e->msg, r->key) == NULL)
		return err_wrap(e, "%s", r->key);
	return rc;
}

static bool fits(const struct pair *p, const struct cert *cert)
{
	struct buf spki = BUF_INIT;
	bool same;

	key_to_spki(p->key, &spki);
	same = str_eq(buf_view(&spki), cert->spki);
	buf_release(&spki);
	return same;
}

/* Under the lock. Whether the certificate beside is one for the key, and newer: it takes over. */
static bool should_follow(const struct pair *p, const char *next)
{
	struct pair n = {0};
	struct err ignore = ERR_INIT;
	bool follow = pair_read_cert(&n, next, &ignore) == 0 && fits(p, &n.cert) &&
		      (!fits(p, &p->cert) || n.cert.not_after > p->cert.not_after);

	pair_release(&n);
	return follow;
}

static int settle(struct renewal *r, struct pair *p, struct err *e)
{
	const char *next = beside(r->c->arena, r->out), *next_key = beside(r->c->arena, r->key);

	if (!file_exists(next_key) && should_follow(p, next)) {
		if (rename(next, place(r->c->arena, r->out)) < 0)
			return err_errno(e, errno, "%s", r->out);
		return 0;
	}
	unlink(next_key);
	unlink(next);
	return 0;
}

/* What was interrupted, or what changed while it was read: looked at again under the lock. */
static int read_again(struct renewal *r, struct pair *p, struct err *e)
{
	int lock = lock_folder(r, e), rc;

	if (lock < 0)
		return -1;
	rc = pair_read_cert(p, r->crt, e) < 0 || read_key(r, p, e) < 0 || settle(r, p, e) < 0 ||
			     pair_read_cert(p, r->crt, e) < 0
		     ? -1
		     : 0;
	close(lock);
	return rc;
}

int pair_read(struct renewal *r, struct pair *p, struct err *e)
{
	bool left;

	if (pair_read_cert(p, r->crt, e) < 0 || read_key(r, p, e) < 0)
		return -1;
	left = in_place(r) && (file_exists(beside(r->c->arena, r->out)) ||
			       file_exists(beside(r->c->arena, r->key)));
	if ((left || (in_place(r) && !fits(p, &p->cert))) && read_again(r, p, e) < 0)
		return -1;
	if (!fits(p, &p->cert))
		return ERR(e, ERR_INVALID, "%s is not the private key of %s", r->key, r->crt);
	return 0;
}

/* ---- writing ---- */

static bool write_all(int fd, struct str data)
{
	while (data.n > 0) {
		ssize_t put = write(fd, data.p, data.n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		data.p += put;
		data.n -= (size_t)put;
	}
	return true;
}

/* As the file that it will replace; `mode` when there is none. */
static int dress(int fd, const char *path, mode_t mode, bool secret)
{
	struct stat old;
	bool ours;

	if (stat(path, &old) < 0)
		return fchmod(fd, mode);
	ours = fchown(fd, old.st_uid, old.st_gid) == 0;
	if (secret)
		return fchmod(fd, ours ? (old.st_mode & 0660) | 0600 : 0600);
	return fchmod(fd, (old.st_mode & 0777) | 0400);
}

static int write_beside(const struct renewal *r, const char *path, struct str data, bool secret,
			struct err *e)
{
	const char *next = beside(r->c->arena, path);
	int fd;
	bool ok;

	unlink(next);
	fd = open(next, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(e, errno, "%s: cannot create a file beside it", path);
	ok = dress(fd, place(r->c->arena, path), secret ? 0600 : 0644, secret) == 0 &&
	     write_all(fd, data) && fsync(fd) == 0;
	if (!ok)
		err_errno(e, errno, "%s: cannot be written", path);
	if (close(fd) < 0 && ok) {
		err_errno(e, errno, "%s: cannot be written", path);
		ok = false;
	}
	if (!ok)
		unlink(next);
	return ok ? 0 : -1;
}

static void sync_folder(const struct renewal *r, const char *path)
{
	struct err ignore = ERR_INIT;
	int fd = open_folder(r->c->arena, path, &ignore);

	if (fd >= 0) {
		(void)fsync(fd); /* the files are in place; some file systems do not sync folders */
		close(fd);
	}
}

static int move_in(const struct renewal *r, const char *path, struct err *e)
{
	if (rename(beside(r->c->arena, path), place(r->c->arena, path)) < 0)
		return err_errno(e, errno, "%s", path);
	return 0;
}

static int replace_both(const struct renewal *r, const struct pair *p, struct str key,
			struct err *e)
{
	struct err ignore = ERR_INIT;

	if (key.n > 0 && move_in(r, r->out_key, e) < 0)
		return -1;
	test_crash("rekey.between");
	if (move_in(r, r->out, e) == 0)
		return 0;
	/* Only a certificate's file that is made immutable comes here; its key goes back. */
	if (key.n > 0 && same_place(r->out_key, r->key) &&
	    file_replace(place(r->c->arena, r->key), secret_view(&p->text), 0600, &ignore) < 0)
		return err_wrap(e, "%s: the old key could not be put back", r->key);
	return -1;
}

static int write_files(const struct renewal *r, const struct pair *p, struct str chain,
		       struct str key, struct err *e)
{
	int rc = 0;

	if (key.n > 0)
		rc = write_beside(r, r->out_key, key, true, e);
	if (rc == 0)
		rc = write_beside(r, r->out, chain, false, e);
	if (rc == 0) {
		test_crash("renew.beside");
		rc = replace_both(r, p, key, e);
	}
	if (rc < 0) {
		unlink(beside(r->c->arena, r->out));
		if (key.n > 0)
			unlink(beside(r->c->arena, r->out_key));
		return -1;
	}
	if (key.n > 0)
		sync_folder(r, r->out_key);
	sync_folder(r, r->out);
	test_crash("renew.replaced");
	return 0;
}

static int unchanged(const struct renewal *r, const struct pair *p, struct err *e)
{
	struct buf now = BUF_INIT;
	struct secret key = SECRET_INIT;
	struct err ignore = ERR_INIT;
	bool same = file_read(r->crt, PEM_MAX, &now, &ignore) == 0 &&
		    str_eq(buf_view(&now), p->pem) &&
		    file_read_secret(r->key, KEY_MAX, &key, &ignore) == 0 &&
		    str_eq(secret_view(&key), secret_view(&p->text));

	buf_release(&now);
	secret_release(&key);
	return same ? 0
		    : ERR(e, ERR_CONFLICT,
			  "%s or its key was replaced by somebody else meanwhile; nothing was "
			  "written",
			  r->crt);
}

int pair_write(const struct renewal *r, const struct pair *p, struct str chain, struct str key,
	       struct err *e)
{
	sigset_t hold, before;
	int lock = lock_folder(r, e), rc;

	if (lock < 0)
		return -1;
	sigemptyset(&hold);
	sigaddset(&hold, SIGTERM);
	sigaddset(&hold, SIGINT);
	sigaddset(&hold, SIGQUIT);
	sigaddset(&hold, SIGHUP);
	sigprocmask(SIG_BLOCK, &hold, &before);
	rc = unchanged(r, p, e);
	if (rc == 0)
		rc = write_files(r, p, chain, key, e);
	close(lock);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}

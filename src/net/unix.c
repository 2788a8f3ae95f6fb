/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unix.c - listening on a UNIX socket, and who is at the other end of one.
 *
 * Everything goes through a descriptor of the socket's folder, which the listener keeps: a path
 * that is too long for an address (108 bytes with its NUL) is reached as /proc/self/fd/N/NAME. The
 * name is bound with mode 0, gets its group and its mode, and only then the socket listens: until
 * then a connection is refused, whatever the umask. Process-wide state is not touched, since the
 * threads of the store make files meanwhile.
 *
 * What an earlier process has left behind refuses connections, and is removed. The check and the
 * binding are one step for all who use the same folder: its lock (flock) is held meanwhile. At the
 * end the name is removed only if it is still our socket; our open descriptor keeps the inode's
 * number from being used again, so it has to be closed after that.
 */
#include "base/compat.h"

#include "base/file.h"
#include "base/mem.h"
#include "net/priv.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>

/* The address of the name: the path itself, or by the folder's descriptor. */
static int address_of(const struct unix_place *p, const char *path, struct sockaddr_un *a,
		      struct err *e)
{
	int n;

	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	n = snprintf(a->sun_path, sizeof(a->sun_path), "%s", path);
	if (n > 0 && (size_t)n < sizeof(a->sun_path))
		return 0;
	n = snprintf(a->sun_path, sizeof(a->sun_path), "/proc/self/fd/%d/%s", p->dir, p->name);
	if (n > 0 && (size_t)n < sizeof(a->sun_path))
		return 0;
	return ERR(e, ERR_INVALID, "socket %s: the name behind the last slash is too long", path);
}

static int new_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static int fail_in_use(int fd, const char *path, struct err *e)
{
	struct ucred who = {.pid = 0};
	socklen_t n = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0 && who.pid > 0)
		return ERR(e, ERR_CONFLICT,
			   "socket %s: is in use by process %d: stop it, or choose another path",
			   path, (int)who.pid);
	return ERR(e, ERR_CONFLICT,
		   "socket %s: is in use by another process: stop it, or choose another path",
		   path);
}

/* There is a socket of that name: gone afterwards, if nobody listens. */
static int replace_stale(const struct unix_place *p, const char *path, const struct sockaddr_un *a,
			 struct err *e)
{
	int fd = new_socket(), errnum, rc = 0;

	if (fd < 0)
		return err_errno(e, errno, "socket %s", path);
	errnum = connect(fd, (const struct sockaddr *)a, sizeof(*a)) == 0 ? 0 : errno;
	if (errnum == 0 || errnum == EAGAIN || errnum == EPROTOTYPE)
		rc = fail_in_use(fd, path, e);
	else if (errnum == ECONNREFUSED && unlinkat(p->dir, p->name, 0) != 0 && errno != ENOENT)
		rc = err_errno(e, errno,
			       "socket %s: nobody listens there, but it cannot be removed", path);
	else if (errnum != ECONNREFUSED && errnum != ENOENT)
		rc = err_errno(e, errnum, "socket %s: is there already, and cannot be tried", path);
	close(fd);
	return rc;
}

static int make_room(const struct unix_place *p, const char *path, const struct sockaddr_un *a,
		     struct err *e)
{
	struct stat st;

	if (fstatat(p->dir, p->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0 : err_errno(e, errno, "socket %s", path);
	if (!S_ISSOCK(st.st_mode))
		return ERR(e, ERR_CONFLICT,
			   "socket %s: a file that is no socket is there: remove it, or choose "
			   "another path",
			   path);
	return replace_stale(p, path, a, e);
}

/* The name is bound; nobody can connect yet. */
static int dress(struct unix_place *p, int fd, const struct listener_config *c, struct err *e)
{
	struct stat st;

	if (c->unix_gid >= 0 &&
	    fchownat(p->dir, p->name, (uid_t)-1, (gid_t)c->unix_gid, AT_SYMLINK_NOFOLLOW) != 0)
		return err_errno(e, errno, "socket %s: cannot be given to group %d", c->unix_path,
				 c->unix_gid);
	if (fchmodat(p->dir, p->name, c->unix_mode, 0) != 0)
		return err_errno(e, errno, "socket %s: its mode cannot be set", c->unix_path);
	if (fstatat(p->dir, p->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return err_errno(e, errno, "socket %s", c->unix_path);
	p->dev = st.st_dev;
	p->ino = st.st_ino;
	if (listen(fd, SOMAXCONN) != 0)
		return err_errno(e, errno, "socket %s: cannot listen", c->unix_path);
	return 0;
}

static int bind_name(struct unix_place *p, const struct listener_config *c, struct err *e)
{
	struct sockaddr_un a;
	int fd;

	if (address_of(p, c->unix_path, &a, e) != 0 || make_room(p, c->unix_path, &a, e) != 0)
		return -1;
	fd = new_socket();
	/* Linux gives the name the mode of the socket's own inode. */
	if (fd < 0 || fchmod(fd, 0) != 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0) {
		err_errno(e, errno, "socket %s: cannot listen", c->unix_path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	if (dress(p, fd, c, e) == 0)
		return fd;
	(void)unlinkat(p->dir, p->name, 0);
	close(fd);
	return -1;
}

static void place_release(struct unix_place *p)
{
	if (p->dir >= 0)
		close(p->dir);
	mem_free(p->name);
	*p = (struct unix_place){.dir = -1};
}

static int open_folder(struct unix_place *p, const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char *dir;

	*p = (struct unix_place){.dir = -1};
	if (path[0] != '/' || slash[1] == '\0')
		return ERR(e, ERR_INVALID, "socket \"%s\": is not the absolute path of a file",
			   path);
	p->name = mem_strdup(slash + 1);
	dir = file_dirname(path);
	p->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->dir < 0)
		err_errno(e, errno, "socket %s: folder %s", path, dir);
	mem_free(dir);
	return p->dir < 0 ? -1 : 0;
}

int unix_listen(const struct listener_config *c, struct unix_place *p, struct err *e)
{
	int fd = -1;

	if (open_folder(p, c->unix_path, e) == 0) {
		if (flock(p->dir, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
			(void)ERR(e, ERR_CONFLICT,
				  "socket %s: its folder is locked by another process that starts: "
				  "try again",
				  c->unix_path);
		else
			fd = bind_name(p, c, e);
		(void)flock(p->dir, LOCK_UN);
	}
	if (fd < 0)
		place_release(p);
	return fd;
}

void unix_remove(struct unix_place *p)
{
	struct stat st;

	if (p->dir < 0)
		return;
	if (fstatat(p->dir, p->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_dev == p->dev &&
	    st.st_ino == p->ino)
		(void)unlinkat(p->dir, p->name, 0);
	place_release(p);
}

/* ---- the other end ---- */

/* The first groups of those that the kernel knows, which may be more than there is room for. */
static size_t peer_groups(int fd, unsigned *out, size_t room)
{
	gid_t *all = NULL;
	socklen_t n = 0;
	size_t count = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &n) != 0 && errno != ERANGE)
		return 0;
	if (n == 0)
		return 0;
	all = mem_alloc(n);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, all, &n) == 0)
		for (; count < room && count < n / sizeof(*all); count++)
			out[count] = all[count];
	mem_free(all);
	return count;
}

bool unix_peer(int fd, struct stream_cred *out)
{
	struct ucred who;
	socklen_t n = sizeof(who);

	memset(out, 0, sizeof(*out));
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) != 0)
		return false;
	out->uid = who.uid;
	out->gid = who.gid;
	out->pid = who.pid;
	out->n_groups = peer_groups(fd, out->groups, ARRAY_LEN(out->groups));
	return true;
}

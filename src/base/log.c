/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "base/log_format.h"
#include "base/mem.h"
#include "base/metric.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

/*
 * The log of the process: a ring of bytes between the threads that log and one that writes.
 *
 * log_write() formats on the caller's thread without the lock, then copies the finished line into
 * the ring under it. The writer takes what is there, up to the ring's end, and writes it without
 * the lock: producers never touch [tail, head), so the bytes are stable meanwhile. head and tail
 * count bytes since the start and are reduced modulo the ring's size when used; their difference is
 * what is pending, and log_flush() waits for a tail.
 *
 * Nothing here waits for the output except the writer. A full ring drops the line; the next line
 * that fits carries the count in front of it. What the output refuses (disk full, reader gone) is
 * dropped in the same way. log_flush() and log_stop() give up after FLUSH_MS, so that a stuck pipe
 * cannot keep the daemon from ending; then the writer is left behind with its ring.
 *
 * log_reopen() replaces the file behind the descriptor with dup3(2): atomic for a write(2) under
 * way. Before log_start() and after log_stop() a line is one write(2) to stderr.
 */
#define RING_SIZE (1024 * 1024)
#define FLUSH_MS  5000

static struct {
	pthread_mutex_t lock;
	pthread_cond_t filled, drained;
	atomic_int level;
	atomic_bool running;
	enum log_format format;
	char *path; /* NULL: stderr or stdout */
	int fd;
	pthread_t thread;
	char *ring;
	uint64_t head, tail;
	uint64_t dropped;
	bool stopping, ended;
} g = {
	/* state: one log per process */
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.filled = PTHREAD_COND_INITIALIZER,
	.drained = PTHREAD_COND_INITIALIZER,
	.level = LOG_INFO,
	.fd = 2,
};

bool log_enabled(enum log_level level)
{
	return (int)level <= atomic_load_explicit(&g.level, memory_order_relaxed);
}

/* Writes all of it. False when the output refuses. */
static bool write_out(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t put = write(fd, p, n);
		if (put >= 0) {
			p += put;
			n -= (size_t)put;
		} else if (errno == EAGAIN) { /* somebody made our stderr non-blocking */
			struct pollfd pfd = {.fd = fd, .events = POLLOUT};
			(void)poll(&pfd, 1, 1000);
		} else if (errno != EINTR) {
			return false;
		}
	}
	return true;
}

static uint64_t count_lines(const char *p, size_t n)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < n; i++)
		lines += p[i] == '\n';
	return lines;
}

static void count_dropped(uint64_t lines)
{
	g.dropped += lines;
	metric_add(METRIC_LOG_DROPPED, (int64_t)lines);
}

/* With the lock held. */
static void ring_put(struct str s)
{
	size_t at = g.head % RING_SIZE;
	size_t first = s.n < RING_SIZE - at ? s.n : RING_SIZE - at;

	if (s.n == 0)
		return;
	memcpy(g.ring + at, s.p, first);
	memcpy(g.ring, s.p + first, s.n - first);
	g.head += s.n;
}

/* With the lock held. Puts the line, after the note about what was dropped before it. */
static void enqueue(struct str line)
{
	struct buf note = BUF_INIT;

	if (g.dropped > 0) {
		const struct log_field fields[] = {F_U("count", g.dropped), {.kind = LOG_END}};
		log_format_line(&note, g.format, LOG_WARN, "log.dropped", fields);
	}
	if (line.n + note.n > RING_SIZE - (size_t)(g.head - g.tail)) {
		count_dropped(1);
	} else {
		if (note.n > 0)
			ring_put(buf_view(&note));
		ring_put(line);
		g.dropped = 0;
		pthread_cond_signal(&g.filled);
	}
	buf_release(&note);
}

void log_set_level(enum log_level level)
{
	atomic_store(&g.level, (int)level);
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
	struct buf line = BUF_INIT;
	bool queued = false;

	log_format_line(&line, g.format, level, event, fields);
	if (atomic_load(&g.running)) {
		pthread_mutex_lock(&g.lock);
		if (!g.stopping) {
			enqueue(buf_view(&line));
			queued = true;
		}
		pthread_mutex_unlock(&g.lock);
	}
	if (!queued)
		(void)write_out(2, line.p, line.n);
	buf_release(&line);
}

static void *writer(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&g.lock);
	for (;;) {
		while (g.head == g.tail && !g.stopping)
			pthread_cond_wait(&g.filled, &g.lock);
		if (g.head == g.tail)
			break;
		size_t at = g.tail % RING_SIZE;
		size_t n = (size_t)(g.head - g.tail);
		if (n > RING_SIZE - at)
			n = RING_SIZE - at;
		pthread_mutex_unlock(&g.lock);
		bool written = write_out(g.fd, g.ring + at, n);
		pthread_mutex_lock(&g.lock);
		if (!written)
			count_dropped(count_lines(g.ring + at, n));
		g.tail += n;
		pthread_cond_broadcast(&g.drained);
	}
	g.ended = true;
	pthread_cond_broadcast(&g.drained);
	pthread_mutex_unlock(&g.lock);
	return NULL;
}

static int open_file(const char *path, struct err *e)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);

	if (fd < 0)
		return err_errno(e, errno, "log output %s", path);
	return fd;
}

/* The writer gets no signals: they belong to the loop. EPIPE comes as an error then. */
static int start_thread(struct err *e)
{
	sigset_t all, before;

	sigfillset(&all);
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGILL);
	sigdelset(&all, SIGABRT);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(&g.thread, NULL, writer, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc == 0 ? 0 : err_errno(e, rc, "log: cannot start a thread");
}

int log_start(const struct log_config *c, struct err *e)
{
	ENSURE(!atomic_load(&g.running));
	int fd = 2;
	char *path = NULL;

	if (strcmp(c->output, "stdout") == 0) {
		fd = 1;
	} else if (strcmp(c->output, "stderr") != 0) {
		fd = open_file(c->output, e);
		if (fd < 0)
			return -1;
		path = mem_strdup(c->output);
	}
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&g.drained, &attr);
	pthread_condattr_destroy(&attr);
	g.format = c->format;
	g.path = path;
	g.fd = fd;
	g.ring = mem_alloc(RING_SIZE);
	g.head = g.tail = g.dropped = 0;
	g.stopping = g.ended = false;
	if (start_thread(e) != 0) {
		if (path != NULL)
			close(fd);
		mem_free(path);
		mem_free(g.ring);
		g.path = g.ring = NULL;
		g.fd = 2;
		return -1;
	}
	atomic_store(&g.level, (int)c->level);
	atomic_store(&g.running, true);
	return 0;
}

int log_reopen(struct err *e)
{
	if (!atomic_load(&g.running) || g.path == NULL)
		return 0;
	int fd = open_file(g.path, e);
	if (fd < 0)
		return -1;
	int rc = dup3(fd, g.fd, O_CLOEXEC);
	if (rc < 0)
		err_errno(e, errno, "log output %s", g.path);
	close(fd);
	return rc < 0 ? -1 : 0;
}

/*
 * With the lock held: waits until tail has reached `until`, and for the writer's end when `ended`.
 */
static bool wait_drained(uint64_t until, bool ended)
{
	struct timespec limit;

	clock_gettime(CLOCK_MONOTONIC, &limit);
	limit.tv_sec += FLUSH_MS / 1000;
	while (g.tail < until || (ended && !g.ended)) {
		if (pthread_cond_timedwait(&g.drained, &g.lock, &limit) == ETIMEDOUT)
			return false;
	}
	return true;
}

void log_flush(void)
{
	if (!atomic_load(&g.running))
		return;
	pthread_mutex_lock(&g.lock);
	(void)wait_drained(g.head, false);
	pthread_mutex_unlock(&g.lock);
}

void log_stop(void)
{
	if (!atomic_load(&g.running))
		return;
	pthread_mutex_lock(&g.lock);
	if (g.dropped > 0)
		enqueue(STR_NULL); /* the note alone */
	g.stopping = true;
	pthread_cond_signal(&g.filled);
	bool ended = wait_drained(g.head, true);
	pthread_mutex_unlock(&g.lock);
	atomic_store(&g.running, false);
	if (!ended) {
		pthread_detach(g.thread); /* stuck in write(2): its ring and descriptor stay */
		return;
	}
	pthread_join(g.thread, NULL);
	mem_free(g.ring);
	mem_free(g.path);
	if (g.path != NULL)
		close(g.fd);
	g.ring = g.path = NULL;
	g.fd = 2;
}

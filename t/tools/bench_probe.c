/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/file.h"
#include "bench.h"
#include "http/client.h"

#include <dirent.h>

/*
 * bench_probe.c - what the server and its children have used, from /proc, and what it says about
 * itself on its control socket.
 */
#define TEXT_MAX (1U << 20)

static bool read_text(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "re");
	size_t n;

	buf_reset(out);
	if (f == NULL)
		return false;
	do {
		n = fread(buf_reserve(out, 4096), 1, 4096, f);
		out->n += n;
	} while (n > 0 && out->n < TEXT_MAX);
	fclose(f);
	buf_putc(out, '\0');
	return true;
}

/* utime and stime (proc(5)): fields 14 and 15, counted behind the name in parentheses. */
static double cpu_ms_of(struct buf *text, int pid)
{
	char path[64], *p;
	unsigned long long user, system_time;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (!read_text(path, text) || (p = strrchr(text->p, ')')) == NULL)
		return 0;
	for (int field = 2; field < 14 && p != NULL; field++)
		p = strchr(p + 1, ' ');
	if (p == NULL || sscanf(p, " %llu %llu", &user, &system_time) != 2)
		return 0;
	return (double)(user + system_time) * 1000.0 / (double)sysconf(_SC_CLK_TCK);
}

static uint64_t status_kb(const char *text, const char *name)
{
	const char *p = strstr(text, name);

	return p ? strtoull(p + strlen(name), NULL, 10) : 0;
}

static void add_process(struct usage *out, int pid)
{
	struct buf text = BUF_INIT;
	char path[300];
	DIR *tasks;
	const struct dirent *d;

	out->processes++;
	out->cpu_ms += cpu_ms_of(&text, pid);
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (read_text(path, &text)) {
		out->rss_kb += status_kb(text.p, "VmRSS:");
		out->peak_kb += status_kb(text.p, "VmHWM:");
	}
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	while (tasks != NULL && (d = readdir(tasks)) != NULL) {
		snprintf(path, sizeof(path), "/proc/%d/task/%s/children", pid, d->d_name);
		if (d->d_name[0] == '.' || !read_text(path, &text))
			continue;
		for (char *p = text.p; *p != '\0';) {
			long child = strtol(p, &p, 10);

			if (child <= 0)
				break;
			add_process(out, (int)child);
		}
	}
	if (tasks != NULL)
		closedir(tasks);
	buf_release(&text);
}

static uint64_t number(const json_t *o, const char *part, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(json_object_get(o, part), name));
}

static void ask_control(const char *socket, struct usage *out)
{
	struct http_call c = {.method = "GET",
			      .url = "http://localhost/control/v1/status",
			      .unix_socket = socket};
	struct err e = ERR_INIT;
	json_t *o;

	if (http_call_run(&c, &e) < 0)
		die_err(socket, &e);
	o = json_loadb(c.answer.p, c.answer.n, 0, NULL);
	out->certificates = number(o, "counters", "certificatesIssued");
	out->syncs = number(o, "store", "syncs");
	out->commits = number(o, "store", "commits");
	json_decref(o);
	http_call_release(&c);
}

void probe_read(const struct probe *p, struct usage *out)
{
	*out = (struct usage){0};
	if (p->control != NULL)
		ask_control(p->control, out);
	if (p->pid > 0)
		add_process(out, p->pid);
}

double own_cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

uint64_t thread_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

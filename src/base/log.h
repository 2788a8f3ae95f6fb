/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_BASE_LOG_H
#define SIGNET_BASE_LOG_H

#include "base/err.h"
#include "base/str.h"

/*
 * log.h - structured log: an event name and key=value fields.
 *
 * A line is formatted on the caller's thread into a bounded ring and written by the log's own
 * thread, so that a full pipe or a slow disk never blocks the loop: when the ring is full, lines
 * are dropped and counted, and the next line that fits is preceded by `log.dropped count=N`.
 * Values are escaped (logfmt quoting or JSON), control characters never reach the file. No token,
 * password or private key is ever passed here: t/40 greps for them. Before log_start() and after
 * log_stop() lines go to stderr directly.
 */
enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_LOGFMT, LOG_JSON };

enum log_kind { LOG_END, LOG_STR, LOG_CSTR, LOG_I64, LOG_U64, LOG_BOOL, LOG_ERRV, LOG_TIME };
struct log_field {
	const char *key;
	enum log_kind kind;
	union {
		struct str s;
		const char *c;
		int64_t i;
		uint64_t u;
		bool b;
		const struct err *e;
	} v;
};

#define F_STR(k, val)  ((struct log_field){.key = (k), .kind = LOG_STR, .v.s = (val)})
#define F_C(k, val)    ((struct log_field){.key = (k), .kind = LOG_CSTR, .v.c = (val)})
#define F_I(k, val)    ((struct log_field){.key = (k), .kind = LOG_I64, .v.i = (int64_t)(val)})
#define F_U(k, val)    ((struct log_field){.key = (k), .kind = LOG_U64, .v.u = (uint64_t)(val)})
#define F_BOOL(k, val) ((struct log_field){.key = (k), .kind = LOG_BOOL, .v.b = (val)})
#define F_TIME(k, val) ((struct log_field){.key = (k), .kind = LOG_TIME, .v.i = (val)})
/* Writes err=<msg> and code=<name>. */
#define F_ERR(val) ((struct log_field){.key = "err", .kind = LOG_ERRV, .v.e = (val)})

#define log_event(level, event, ...)                                                               \
	do {                                                                                       \
		if (log_enabled(level))                                                            \
			log_write((level), (event),                                                \
				  (const struct log_field[]){                                      \
					  __VA_ARGS__ __VA_OPT__(, ){.kind = LOG_END}});           \
	} while (0)
#define log_error(event, ...) log_event(LOG_ERROR, event __VA_OPT__(, ) __VA_ARGS__)
#define log_warn(event, ...)  log_event(LOG_WARN, event __VA_OPT__(, ) __VA_ARGS__)
#define log_info(event, ...)  log_event(LOG_INFO, event __VA_OPT__(, ) __VA_ARGS__)
#define log_debug(event, ...) log_event(LOG_DEBUG, event __VA_OPT__(, ) __VA_ARGS__)

struct log_config {
	enum log_format format;
	enum log_level level;
	const char *output; /* "stderr", "stdout" or a file's path (appended, mode 0640) */
};

int log_start(const struct log_config *c, struct err *e) NODISCARD; /* once per process */
int log_reopen(struct err *e)
	NODISCARD;    /* after rotation; keeps the old file when the new one cannot be opened */
void log_flush(void); /* waits until all that was logged before is written */
void log_stop(void);  /* flushes, ends the thread */
bool log_enabled(enum log_level level);
void log_set_level(enum log_level level); /* any thread */
void log_write(enum log_level level, const char *event, const struct log_field *fields);

#endif

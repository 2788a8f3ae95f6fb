/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_BASE_LOG_FORMAT_H
#define SIGNET_BASE_LOG_FORMAT_H

#include "base/buf.h"
#include "base/log.h"

/* Private to base/log: one line with its newline, appended to out. */
void log_format_line(struct buf *out, enum log_format format, enum log_level level,
		     const char *event, const struct log_field *fields);

#endif

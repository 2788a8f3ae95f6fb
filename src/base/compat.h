/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_BASE_COMPAT_H
#define SIGNET_BASE_COMPAT_H

/*
 * compat.h - the first include of every file.
 *
 * Brings in config.h, the system headers whose functions are poisoned below (so that the poison
 * cannot hit their declarations), the attributes, and the poison itself. A blocking or unsafe
 * libc call is a compile error here; t/91-style.t greps for those that a pragma cannot catch
 * because third-party headers name them (sprintf, strncpy, atoi, strerror, gmtime).
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define NODISCARD	  __attribute__((warn_unused_result))
#define NONNULL		  __attribute__((nonnull))
#define NORETURN	  __attribute__((noreturn))
#define UNUSED		  __attribute__((unused))
#define CLEANUP(fn)	  __attribute__((cleanup(fn)))
#define SIGNET_EXPORT	  __attribute__((visibility("default")))

#define ARRAY_LEN(a)			(sizeof(a) / sizeof((a)[0]))
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#if !defined(COMPAT_ALLOW_RESOLVER)
#pragma GCC poison getaddrinfo gethostbyname gethostbyname2 getnameinfo
#endif
#pragma GCC poison strcpy strcat vsprintf strtok gets system sleep usleep popen tmpnam mktemp
#pragma GCC poison localtime ctime asctime

#endif

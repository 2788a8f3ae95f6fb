# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/base/libbase.a
src_base_libbase_a_SOURCES = \
	src/base/arena.c \
	src/base/arena.h \
	src/base/buf.c \
	src/base/buf.h \
	src/base/bug.c \
	src/base/bug.h \
	src/base/civil.c \
	src/base/clock.c \
	src/base/clock.h \
	src/base/compat.h \
	src/base/duration.c \
	src/base/err.c \
	src/base/err.h \
	src/base/file.c \
	src/base/file.h \
	src/base/hook.c \
	src/base/hook.h \
	src/base/list.h \
	src/base/log.c \
	src/base/log.h \
	src/base/log_format.c \
	src/base/log_format.h \
	src/base/map.c \
	src/base/map.h \
	src/base/mem.c \
	src/base/mem.h \
	src/base/metric.c \
	src/base/metric.h \
	src/base/ref.h \
	src/base/secret.c \
	src/base/secret.h \
	src/base/str.c \
	src/base/str.h

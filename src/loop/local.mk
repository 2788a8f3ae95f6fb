# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/loop/libloop.a
src_loop_libloop_a_SOURCES = \
	src/loop/flow.c \
	src/loop/flow.h \
	src/loop/job.c \
	src/loop/job.h \
	src/loop/loop.c \
	src/loop/loop.h \
	src/loop/priv.h \
	src/loop/timer.c \
	src/loop/timer.h

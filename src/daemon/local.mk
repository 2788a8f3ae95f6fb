# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/daemon/libdaemon.a
src_daemon_libdaemon_a_SOURCES = \
	src/daemon/builtin.c \
	src/daemon/daemon.c \
	src/daemon/daemon.h \
	src/daemon/opts.c

# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/daemon/libdaemon.a
src_daemon_libdaemon_a_SOURCES = \
	src/daemon/builtin.c \
	src/daemon/control.c \
	src/daemon/control.h \
	src/daemon/daemon.c \
	src/daemon/daemon.h \
	src/daemon/manual.c \
	src/daemon/opts.c \
	src/daemon/outward.c \
	src/daemon/outward.h \
	src/daemon/reload.c \
	src/daemon/reload.h \
	src/daemon/restore.c \
	src/daemon/restore_files.c \
	src/daemon/restore_priv.h

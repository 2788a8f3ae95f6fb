# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/ssh/libssh.a
src_ssh_libssh_a_SOURCES = \
	src/ssh/cert.c \
	src/ssh/key.c \
	src/ssh/priv.h \
	src/ssh/private.c \
	src/ssh/ssh.h \
	src/ssh/wire.c

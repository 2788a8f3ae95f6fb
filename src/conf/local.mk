# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/conf/libconf.a
src_conf_libconf_a_SOURCES = \
	src/conf/check.c \
	src/conf/claims.c \
	src/conf/conf.c \
	src/conf/conf.h \
	src/conf/describe.c \
	src/conf/files.c \
	src/conf/follow.c \
	src/conf/load.c \
	src/conf/priv.h \
	src/conf/provisioner.c \
	src/conf/scalar.c \
	src/conf/schema.c

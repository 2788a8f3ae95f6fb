# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/ca/libca.a
src_ca_libca_a_SOURCES = \
	src/ca/authority.c \
	src/ca/ca.h \
	src/ca/check.c \
	src/ca/check.h \
	src/ca/index.c \
	src/ca/index.h \
	src/ca/issue.c \
	src/ca/record.c \
	src/ca/renew.c \
	src/ca/server_cert.c \
	src/ca/watch.c

# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/x509/libx509.a
src_x509_libx509_a_SOURCES = \
	src/x509/cert.c \
	src/x509/chain.c \
	src/x509/constraints.c \
	src/x509/constraints.h \
	src/x509/constraints_match.c \
	src/x509/csr.c \
	src/x509/describe.c \
	src/x509/ext.c \
	src/x509/name.c \
	src/x509/priv.h \
	src/x509/san.c \
	src/x509/serial.c \
	src/x509/sigalg.c \
	src/x509/tbs.c \
	src/x509/x509.h

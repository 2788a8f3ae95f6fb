# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/jose/libjose.a
src_jose_libjose_a_SOURCES = \
	src/jose/jwe.c \
	src/jose/jwe.h \
	src/jose/jwk.c \
	src/jose/jwk.h \
	src/jose/jws.c \
	src/jose/jws.h \
	src/jose/jwt.c \
	src/jose/jwt.h \
	src/jose/priv.h \
	src/jose/util.c

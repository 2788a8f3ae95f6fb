# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/prov/libprov.a
src_prov_libprov_a_SOURCES = \
	src/prov/abi.c \
	src/prov/audience.c \
	src/prov/authorize.c \
	src/prov/grant.c \
	src/prov/grant.h \
	src/prov/grant_self.c \
	src/prov/host.c \
	src/prov/load.c \
	src/prov/priv.h \
	src/prov/prov.h \
	src/prov/renew_token.c \
	src/prov/set.c \
	src/prov/verify.c

# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/api/libapi.a
src_api_libapi_a_SOURCES = \
	src/api/answer.h \
	src/api/api.h \
	src/api/body.c \
	src/api/body.h \
	src/api/credentials.c \
	src/api/error.c \
	src/api/info.c \
	src/api/page.c \
	src/api/page.h \
	src/api/provisioners.c \
	src/api/renew.c \
	src/api/revoke.c \
	src/api/routes.c \
	src/api/sign.c

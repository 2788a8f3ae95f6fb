# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/api/libapi.a
src_api_libapi_a_SOURCES = \
	src/api/answer.h \
	src/api/api.h \
	src/api/error.c \
	src/api/info.c \
	src/api/provisioners.c \
	src/api/renew.c \
	src/api/routes.c \
	src/api/sign.c

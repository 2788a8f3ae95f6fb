# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/http/libhttp.a
src_http_libhttp_a_SOURCES = \
	src/http/chunked.c \
	src/http/client.c \
	src/http/client.h \
	src/http/conn.c \
	src/http/libcurl.c \
	src/http/libcurl.h \
	src/http/msg.c \
	src/http/msg.h \
	src/http/outbound.c \
	src/http/outbound.h \
	src/http/outbound_easy.c \
	src/http/outbound_multi.c \
	src/http/outbound_priv.h \
	src/http/parse.c \
	src/http/path.c \
	src/http/priv.h \
	src/http/req.c \
	src/http/req.h \
	src/http/router.c \
	src/http/server.c \
	src/http/server.h \
	src/http/syntax.h

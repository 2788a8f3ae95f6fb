# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/net/libnet.a
src_net_libnet_a_SOURCES = \
	src/net/addr.c \
	src/net/addr.h \
	src/net/addr_rules.c \
	src/net/dns.c \
	src/net/dns.h \
	src/net/fault.c \
	src/net/listen.c \
	src/net/priv.h \
	src/net/stream.c \
	src/net/stream.h \
	src/net/stream_io.c \
	src/net/tls.c \
	src/net/tls.h \
	src/net/tls_client.c \
	src/net/tls_session.c \
	src/net/tls_stream.c \
	src/net/unix.c \
	src/net/wolf.h

# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/codec/libcodec.a
src_codec_libcodec_a_SOURCES = \
	src/codec/b64.c \
	src/codec/b64.h \
	src/codec/der.c \
	src/codec/der.h \
	src/codec/der_build.c \
	src/codec/idna.c \
	src/codec/idna.h \
	src/codec/inventory.c \
	src/codec/inventory.h \
	src/codec/ip.c \
	src/codec/json.c \
	src/codec/json.h \
	src/codec/json_get.c \
	src/codec/json_write.c \
	src/codec/oid.c \
	src/codec/oid.h \
	src/codec/pem.c \
	src/codec/pem.h \
	src/codec/priv.h \
	src/codec/rec.c \
	src/codec/rec.h \
	src/codec/roff.c \
	src/codec/roff.h \
	src/codec/uri.c \
	src/codec/uri.h \
	src/codec/utf8.c \
	src/codec/uuid.c \
	src/codec/uuid.h \
	src/codec/yaml.c \
	src/codec/yaml.h \
	src/codec/yaml_core.c \
	src/codec/yaml_write.c

# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/kms/libkms.a
src_kms_libkms_a_SOURCES = \
	src/kms/check.c \
	src/kms/check.h \
	src/kms/kms.c \
	src/kms/kms.h \
	src/kms/msg.c \
	src/kms/msg.h \
	src/kms/priv.h \
	src/kms/sign.c \
	src/kms/soft.c \
	src/kms/uri.c \
	src/kms/worker.c \
	src/kms/worker.h

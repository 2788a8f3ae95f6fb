# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/store/libstore.a
src_store_libstore_a_SOURCES = \
	src/store/backup.c \
	src/store/driver.h \
	src/store/inject.c \
	src/store/mem.c \
	src/store/merge.c \
	src/store/priv.h \
	src/store/rdb.c \
	src/store/rdb_wal.c \
	src/store/schema.c \
	src/store/store.c \
	src/store/store.h \
	src/store/thread.c

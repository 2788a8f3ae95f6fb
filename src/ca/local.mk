# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/ca/libca.a
src_ca_libca_a_SOURCES = \
	src/ca/authority.c \
	src/ca/backup.c \
	src/ca/backup_copy.c \
	src/ca/backup_priv.h \
	src/ca/ca.h \
	src/ca/catalog.c \
	src/ca/catalog_get.c \
	src/ca/check.c \
	src/ca/check.h \
	src/ca/copy.c \
	src/ca/copy.h \
	src/ca/index.c \
	src/ca/index.h \
	src/ca/inventory.c \
	src/ca/inventory.h \
	src/ca/inventory_change.c \
	src/ca/inventory_import.c \
	src/ca/inventory_list.c \
	src/ca/inventory_merge.c \
	src/ca/inventory_priv.h \
	src/ca/inventory_rows.c \
	src/ca/inventory_sweep.c \
	src/ca/issue.c \
	src/ca/issue_build.c \
	src/ca/issue_content.c \
	src/ca/issue_priv.h \
	src/ca/manifest.c \
	src/ca/manifest.h \
	src/ca/record.c \
	src/ca/reload.c \
	src/ca/reload_edit.c \
	src/ca/reload_priv.h \
	src/ca/renew.c \
	src/ca/restored.c \
	src/ca/restored.h \
	src/ca/revoke.c \
	src/ca/rules.c \
	src/ca/rules.h \
	src/ca/server_cert.c \
	src/ca/watch.c

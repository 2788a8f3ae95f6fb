# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/control/libcontrol.a
src_control_libcontrol_a_SOURCES = \
	src/control/control.h \
	src/control/inventories.c \
	src/control/inventories_import.c \
	src/control/inventories_query.c \
	src/control/list.c \
	src/control/manage.c \
	src/control/priv.h \
	src/control/query.c \
	src/control/revoke.c \
	src/control/routes.c \
	src/control/show.c \
	src/control/status.c

# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/plugin/libplugin.a
src_plugin_libplugin_a_SOURCES = \
	src/plugin/handshake.c \
	src/plugin/loader.c \
	src/plugin/path.c \
	src/plugin/plugin.h \
	src/plugin/priv.h

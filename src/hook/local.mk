# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/hook/libhook.a
src_hook_libhook_a_SOURCES = \
	src/hook/webhook.h \
	src/hook/webhook_answer.c \
	src/hook/webhook_load.c \
	src/hook/webhook_priv.h \
	src/hook/webhook_run.c \
	src/hook/webhook_url.c

# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/cli/libcli.a
src_cli_libcli_a_SOURCES = \
	src/cli/ca_client.c \
	src/cli/cli.h \
	src/cli/cmd_bootstrap.c \
	src/cli/cmd_certificate.c \
	src/cli/cmd_init.c \
	src/cli/cmd_inspect.c \
	src/cli/cmd_renew.c \
	src/cli/cmd_token.c \
	src/cli/files.c \
	src/cli/init.h \
	src/cli/init_make.c \
	src/cli/options.c \
	src/cli/options.h \
	src/cli/prompt.c \
	src/cli/run.c \
	src/cli/run.h \
	src/cli/trust.c

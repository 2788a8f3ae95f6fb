# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/policy/libpolicy.a
src_policy_libpolicy_a_SOURCES = \
	src/policy/check.c \
	src/policy/check.h \
	src/policy/compile.c \
	src/policy/listed.c \
	src/policy/normalize.c \
	src/policy/other.c \
	src/policy/policy.h \
	src/policy/priv.h \
	src/policy/rules.c \
	src/policy/ssh.c \
	src/policy/x509.c

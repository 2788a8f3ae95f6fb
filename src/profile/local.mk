# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/profile/libprofile.a
src_profile_libprofile_a_SOURCES = \
	src/profile/fields.c \
	src/profile/lint.c \
	src/profile/lint.h \
	src/profile/lint_ext.c \
	src/profile/lint_fields.c \
	src/profile/lint_name.c \
	src/profile/lint_priv.h \
	src/profile/lint_tls.c \
	src/profile/profile.h \
	src/profile/tbs.c \
	src/profile/validity.c

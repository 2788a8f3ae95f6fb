# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/profile/libprofile.a
src_profile_libprofile_a_SOURCES = \
	src/profile/blocklist.c \
	src/profile/content.h \
	src/profile/content_crt.c \
	src/profile/content_csr.c \
	src/profile/content_data.c \
	src/profile/content_fields.c \
	src/profile/content_forbid.c \
	src/profile/content_json.c \
	src/profile/content_json.h \
	src/profile/content_json_get.c \
	src/profile/content_name.c \
	src/profile/content_oid.c \
	src/profile/content_priv.h \
	src/profile/content_pubkey.c \
	src/profile/content_read.c \
	src/profile/content_san.c \
	src/profile/content_subject.c \
	src/profile/content_template.c \
	src/profile/content_types.c \
	src/profile/content_types.h \
	src/profile/content_url.c \
	src/profile/content_usage.c \
	src/profile/content_webhook.c \
	src/profile/fields.c \
	src/profile/lint.c \
	src/profile/lint.h \
	src/profile/lint_ext.c \
	src/profile/lint_fields.c \
	src/profile/lint_name.c \
	src/profile/lint_priv.h \
	src/profile/lint_tls.c \
	src/profile/profile.h \
	src/profile/recheck.c \
	src/profile/ssh_content.c \
	src/profile/ssh_content.h \
	src/profile/ssh_vars.c \
	src/profile/tbs.c \
	src/profile/templates.c \
	src/profile/validity.c

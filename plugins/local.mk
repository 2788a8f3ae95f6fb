# SPDX-License-Identifier: GPL-3.0-or-later
provisionerdir = $(libdir)/signet/provisioner
provisioner_LTLIBRARIES =
STATIC_PLUGINS =
MODULE_FLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -export-symbols-regex '^signet_plugin$$'

# jwk: as a module for installing, and as an object for linking in and for tests.
if PLUGIN_JWK_SHARED
provisioner_LTLIBRARIES += plugins/provisioner/jwk.la
plugins_provisioner_jwk_la_SOURCES = plugins/provisioner/jwk.c
plugins_provisioner_jwk_la_LDFLAGS = $(MODULE_FLAGS)
endif
noinst_LIBRARIES += plugins/provisioner/libjwk.a
plugins_provisioner_libjwk_a_SOURCES = plugins/provisioner/jwk.c
plugins_provisioner_libjwk_a_CPPFLAGS = $(AM_CPPFLAGS) -DSIGNET_PLUGIN_STATIC
ALL_STATIC_PLUGINS_jwk = plugins/provisioner/libjwk.a
if PLUGIN_JWK_STATIC
STATIC_PLUGINS += plugins/provisioner/libjwk.a
endif

# skeleton: as a module for installing, and as an object for linking in and for tests.
if PLUGIN_SKELETON_SHARED
provisioner_LTLIBRARIES += plugins/provisioner/skeleton.la
plugins_provisioner_skeleton_la_SOURCES = plugins/provisioner/skeleton.c
plugins_provisioner_skeleton_la_LDFLAGS = $(MODULE_FLAGS)
endif
noinst_LIBRARIES += plugins/provisioner/libskeleton.a
plugins_provisioner_libskeleton_a_SOURCES = plugins/provisioner/skeleton.c
plugins_provisioner_libskeleton_a_CPPFLAGS = $(AM_CPPFLAGS) -DSIGNET_PLUGIN_STATIC
ALL_STATIC_PLUGINS_skeleton = plugins/provisioner/libskeleton.a
if PLUGIN_SKELETON_STATIC
STATIC_PLUGINS += plugins/provisioner/libskeleton.a
endif

ALL_STATIC_PLUGINS = plugins/provisioner/libjwk.a plugins/provisioner/libskeleton.a

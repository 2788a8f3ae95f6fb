# SPDX-License-Identifier: GPL-3.0-or-later
provisionerdir = $(libdir)/signet/provisioner
provisioner_LTLIBRARIES =
cryptodir = $(libdir)/signet/crypto
crypto_LTLIBRARIES =
STATIC_PLUGINS =
STATIC_LIBS =
MODULE_FLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -export-symbols-regex '^signet_plugin$$'

# jwk: as a module for installing, and as an object for linking in and for tests.
if PLUGIN_JWK_SHARED
provisioner_LTLIBRARIES += plugins/provisioner/jwk.la
plugins_provisioner_jwk_la_SOURCES = plugins/provisioner/jwk.c
plugins_provisioner_jwk_la_LDFLAGS = $(MODULE_FLAGS)
plugins_provisioner_jwk_la_LIBADD =
endif
noinst_LIBRARIES += plugins/provisioner/libjwk.a
plugins_provisioner_libjwk_a_SOURCES = plugins/provisioner/jwk.c
plugins_provisioner_libjwk_a_CPPFLAGS = $(AM_CPPFLAGS) -DSIGNET_PLUGIN_STATIC
if PLUGIN_JWK_STATIC
STATIC_PLUGINS += plugins/provisioner/libjwk.a
STATIC_LIBS +=
endif

# skeleton: as a module for installing, and as an object for linking in and for tests.
if PLUGIN_SKELETON_SHARED
provisioner_LTLIBRARIES += plugins/provisioner/skeleton.la
plugins_provisioner_skeleton_la_SOURCES = plugins/provisioner/skeleton.c
plugins_provisioner_skeleton_la_LDFLAGS = $(MODULE_FLAGS)
plugins_provisioner_skeleton_la_LIBADD =
endif
noinst_LIBRARIES += plugins/provisioner/libskeleton.a
plugins_provisioner_libskeleton_a_SOURCES = plugins/provisioner/skeleton.c
plugins_provisioner_libskeleton_a_CPPFLAGS = $(AM_CPPFLAGS) -DSIGNET_PLUGIN_STATIC
if PLUGIN_SKELETON_STATIC
STATIC_PLUGINS += plugins/provisioner/libskeleton.a
STATIC_LIBS +=
endif

# openssl: as a module for installing, and as an object for linking in and for tests.
if PLUGIN_OPENSSL_SHARED
crypto_LTLIBRARIES += plugins/crypto/openssl.la
plugins_crypto_openssl_la_SOURCES = plugins/crypto/openssl.c
plugins_crypto_openssl_la_LDFLAGS = $(MODULE_FLAGS)
plugins_crypto_openssl_la_LIBADD = $(CRYPTO_LIBS)
endif
noinst_LIBRARIES += plugins/crypto/libopenssl.a
plugins_crypto_libopenssl_a_SOURCES = plugins/crypto/openssl.c
plugins_crypto_libopenssl_a_CPPFLAGS = $(AM_CPPFLAGS) -DSIGNET_PLUGIN_STATIC
if PLUGIN_OPENSSL_STATIC
STATIC_PLUGINS += plugins/crypto/libopenssl.a
STATIC_LIBS += $(CRYPTO_LIBS)
endif

ALL_STATIC_provisioner = plugins/provisioner/libjwk.a plugins/provisioner/libskeleton.a
ALL_STATIC_crypto = plugins/crypto/libopenssl.a $(CRYPTO_LIBS)

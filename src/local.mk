# SPDX-License-Identifier: GPL-3.0-or-later
include src/base/local.mk
include src/codec/local.mk
include src/loop/local.mk
include src/crypto/local.mk
include src/conf/local.mk
include src/plugin/local.mk
include src/net/local.mk
include src/store/local.mk
include src/jose/local.mk
include src/ssh/local.mk
include src/tmpl/local.mk
include src/x509/local.mk
include src/http/local.mk
include src/kms/local.mk
include src/policy/local.mk
include src/hook/local.mk
include src/prov/local.mk
include src/profile/local.mk
include src/ca/local.mk
include src/api/local.mk
include src/control/local.mk
include src/cli/local.mk
include src/daemon/local.mk

pkgincludedir = $(includedir)/signet
pkginclude_HEADERS = \
	src/abi/abi.h \
	src/abi/accel.h \
	src/abi/host.h \
	src/abi/prov.h \
	src/abi/types.h

bin_PROGRAMS += signet
signet_SOURCES = src/cli/main.c
signet_LDADD = src/cli/libcli.a src/profile/libprofile.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/net/libnet.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(LINK_http) $(LINK_tmpl) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

SIGNET_PAGES = \
	man/signet-init.1 \
	man/signet-key.1 \
	man/signet-bootstrap.1 \
	man/signet-certificate.1 \
	man/signet-sign.1 \
	man/signet-token.1 \
	man/signet-root.1 \
	man/signet-install.1 \
	man/signet-uninstall.1 \
	man/signet-renew.1 \
	man/signet-rekey.1 \
	man/signet-revoke.1 \
	man/signet-inspect.1 \
	man/signet-verify.1 \
	man/signet-lint.1 \
	man/signet-fingerprint.1 \
	man/signet-health.1 \
	man/signet-status.1 \
	man/signet-list.1 \
	man/signet-show.1 \
	man/signet-provisioner.1 \
	man/signet-template.1 \
	man/signet-inventory.1 \
	man/signet-policy.1 \
	man/signet-reload.1 \
	man/signet-backup.1

sbin_PROGRAMS += signetd
signetd_SOURCES = src/daemon/main.c
signetd_LDADD = src/daemon/libdaemon.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(STATIC_PLUGINS) $(STATIC_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

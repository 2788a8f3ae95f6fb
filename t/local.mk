# SPDX-License-Identifier: GPL-3.0-or-later
ALL_T = \
	t/10-templates.t \
	t/12-policy.t \
	t/13-accelerator.t \
	t/24-backup.t \
	t/30-config.t \
	t/32-reload.t \
	t/35-inventory.t \
	t/40-http.t \
	t/40-lifecycle.t \
	t/40-rekey.t \
	t/40-renew-token.t \
	t/40-renew.t \
	t/40-revoke-race.t \
	t/40-revoke.t \
	t/40-sign.t \
	t/40-step-routes.t \
	t/40-tokens.t \
	t/41-content.t \
	t/41-policy.t \
	t/44-control.t \
	t/50-openssl.t \
	t/50-signet.t \
	t/50-step.t \
	t/51-step-lifecycle.t \
	t/51-step-templates.t \
	t/52-signet-issue.t \
	t/52-signet-key.t \
	t/52-signet-look.t \
	t/52-signet-renew.t \
	t/52-signet-template.t \
	t/53-signet-operate.t \
	t/54-readme.t \
	t/60-webhooks.t \
	t/70-disk.t \
	t/70-faults.t \
	t/70-kill.t \
	t/70-revoke.t \
	t/70-stall.t \
	t/70-stop.t \
	t/75-life.t \
	t/80-disk-error.t \
	t/80-shutdown.t \
	t/90-layers.t \
	t/91-style.t \
	t/93-manual.t
QUICK_T = \
	t/10-templates.t \
	t/12-policy.t \
	t/13-accelerator.t \
	t/24-backup.t \
	t/30-config.t \
	t/32-reload.t \
	t/35-inventory.t \
	t/40-http.t \
	t/40-lifecycle.t \
	t/40-rekey.t \
	t/40-renew-token.t \
	t/40-renew.t \
	t/40-revoke-race.t \
	t/40-revoke.t \
	t/40-sign.t \
	t/40-step-routes.t \
	t/40-tokens.t \
	t/41-content.t \
	t/41-policy.t \
	t/44-control.t \
	t/50-openssl.t \
	t/50-signet.t \
	t/50-step.t \
	t/51-step-lifecycle.t \
	t/51-step-templates.t \
	t/52-signet-issue.t \
	t/52-signet-key.t \
	t/52-signet-look.t \
	t/52-signet-renew.t \
	t/52-signet-template.t \
	t/53-signet-operate.t \
	t/54-readme.t \
	t/60-webhooks.t \
	t/70-disk.t \
	t/70-faults.t \
	t/70-revoke.t \
	t/70-stall.t \
	t/70-stop.t \
	t/80-disk-error.t \
	t/80-shutdown.t \
	t/90-layers.t \
	t/91-style.t \
	t/93-manual.t
TESTS += $(UNIT_TESTS) $(FUZZ_TESTS) $(QUICK_T)
EXTRA_DIST += $(ALL_T) t/lib t/vectors t/fuzz/corpus
EXTRA_DIST += \
	t/unit/accel_util.h \
	t/unit/ca_world.h \
	t/unit/conf_util.h \
	t/unit/crypto_util.h \
	t/unit/dns_server.h \
	t/unit/hook_world.h \
	t/unit/http_canned.h \
	t/unit/http_run.h \
	t/unit/inventory_run.h \
	t/unit/jose_util.h \
	t/unit/kms_run.h \
	t/unit/loop_flow_util.h \
	t/unit/net_plain.h \
	t/unit/net_tls.h \
	t/unit/outbound_world.h \
	t/unit/policy_util.h \
	t/unit/prov_util.h \
	t/unit/prov_world.h \
	t/unit/store_run.h \
	t/unit/tls_vectors.h \
	t/unit/tmpl_util.h \
	t/unit/x509_util.h
UNIT_TESTS =
FUZZ_TESTS =
if HAVE_CMOCKA
UNIT_TESTS += t/unit/test_api_body
t_unit_test_api_body_SOURCES = t/unit/test_api_body.c
t_unit_test_api_body_LDADD = src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_base_clock
t_unit_test_base_clock_SOURCES = t/unit/test_base_clock.c
t_unit_test_base_clock_LDADD = src/base/libbase.a $(CMOCKA_LIBS) $(LINK_base)
UNIT_TESTS += t/unit/test_base_err
t_unit_test_base_err_SOURCES = t/unit/test_base_err.c
t_unit_test_base_err_LDADD = src/base/libbase.a $(CMOCKA_LIBS) $(LINK_base)
UNIT_TESTS += t/unit/test_base_file
t_unit_test_base_file_SOURCES = t/unit/test_base_file.c
t_unit_test_base_file_LDADD = src/base/libbase.a $(CMOCKA_LIBS) $(LINK_base)
UNIT_TESTS += t/unit/test_base_log
t_unit_test_base_log_SOURCES = t/unit/test_base_log.c
t_unit_test_base_log_LDADD = src/base/libbase.a $(CMOCKA_LIBS) $(LINK_base)
UNIT_TESTS += t/unit/test_base_map
t_unit_test_base_map_SOURCES = t/unit/test_base_map.c
t_unit_test_base_map_LDADD = src/base/libbase.a $(CMOCKA_LIBS) $(LINK_base)
UNIT_TESTS += t/unit/test_base_mem
t_unit_test_base_mem_SOURCES = t/unit/test_base_mem.c
t_unit_test_base_mem_LDADD = src/base/libbase.a $(CMOCKA_LIBS) $(LINK_base)
UNIT_TESTS += t/unit/test_base_str
t_unit_test_base_str_SOURCES = t/unit/test_base_str.c
t_unit_test_base_str_LDADD = src/base/libbase.a $(CMOCKA_LIBS) $(LINK_base)
UNIT_TESTS += t/unit/test_ca_backup
t_unit_test_ca_backup_SOURCES = t/unit/test_ca_backup.c
t_unit_test_ca_backup_LDADD = src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_ca_catalog
t_unit_test_ca_catalog_SOURCES = t/unit/test_ca_catalog.c
t_unit_test_ca_catalog_LDADD = src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_ca_endpoint
t_unit_test_ca_endpoint_SOURCES = t/unit/test_ca_endpoint.c
t_unit_test_ca_endpoint_LDADD = src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_ca_inventory
t_unit_test_ca_inventory_SOURCES = t/unit/test_ca_inventory.c
t_unit_test_ca_inventory_LDADD = src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_ca_inventory_import
t_unit_test_ca_inventory_import_SOURCES = t/unit/test_ca_inventory_import.c
t_unit_test_ca_inventory_import_LDADD = src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_ca_issue
t_unit_test_ca_issue_SOURCES = t/unit/test_ca_issue.c
t_unit_test_ca_issue_LDADD = src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_ca_race
t_unit_test_ca_race_SOURCES = t/unit/test_ca_race.c
t_unit_test_ca_race_LDADD = src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_ca_reload
t_unit_test_ca_reload_SOURCES = t/unit/test_ca_reload.c
t_unit_test_ca_reload_LDADD = src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_ca_renew
t_unit_test_ca_renew_SOURCES = t/unit/test_ca_renew.c
t_unit_test_ca_renew_LDADD = src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_ca_revoke
t_unit_test_ca_revoke_SOURCES = t/unit/test_ca_revoke.c
t_unit_test_ca_revoke_LDADD = src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_ca_server_cert
t_unit_test_ca_server_cert_SOURCES = t/unit/test_ca_server_cert.c
t_unit_test_ca_server_cert_LDADD = src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_cli_files
t_unit_test_cli_files_SOURCES = t/unit/test_cli_files.c
t_unit_test_cli_files_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_cli_inventory
t_unit_test_cli_inventory_SOURCES = t/unit/test_cli_inventory.c
t_unit_test_cli_inventory_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_cli_renew
t_unit_test_cli_renew_SOURCES = t/unit/test_cli_renew.c
t_unit_test_cli_renew_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_cli_token
t_unit_test_cli_token_SOURCES = t/unit/test_cli_token.c
t_unit_test_cli_token_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_codec_b64
t_unit_test_codec_b64_SOURCES = t/unit/test_codec_b64.c
t_unit_test_codec_b64_LDADD = src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_codec_der
t_unit_test_codec_der_SOURCES = t/unit/test_codec_der.c
t_unit_test_codec_der_LDADD = src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_codec_json
t_unit_test_codec_json_SOURCES = t/unit/test_codec_json.c
t_unit_test_codec_json_LDADD = src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_codec_oid
t_unit_test_codec_oid_SOURCES = t/unit/test_codec_oid.c
t_unit_test_codec_oid_LDADD = src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_codec_pem
t_unit_test_codec_pem_SOURCES = t/unit/test_codec_pem.c
t_unit_test_codec_pem_LDADD = src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_codec_rec
t_unit_test_codec_rec_SOURCES = t/unit/test_codec_rec.c
t_unit_test_codec_rec_LDADD = src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_codec_uri
t_unit_test_codec_uri_SOURCES = t/unit/test_codec_uri.c
t_unit_test_codec_uri_LDADD = src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_codec_uuid
t_unit_test_codec_uuid_SOURCES = t/unit/test_codec_uuid.c
t_unit_test_codec_uuid_LDADD = src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_codec_yaml
t_unit_test_codec_yaml_SOURCES = t/unit/test_codec_yaml.c
t_unit_test_codec_yaml_LDADD = src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_codec_yaml_write
t_unit_test_codec_yaml_write_SOURCES = t/unit/test_codec_yaml_write.c
t_unit_test_codec_yaml_write_LDADD = src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_conf_claims
t_unit_test_conf_claims_SOURCES = t/unit/test_conf_claims.c
t_unit_test_conf_claims_LDADD = src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_conf_follow
t_unit_test_conf_follow_SOURCES = t/unit/test_conf_follow.c
t_unit_test_conf_follow_LDADD = src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_conf_load
t_unit_test_conf_load_SOURCES = t/unit/test_conf_load.c
t_unit_test_conf_load_LDADD = src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_conf_provisioner
t_unit_test_conf_provisioner_SOURCES = t/unit/test_conf_provisioner.c
t_unit_test_conf_provisioner_LDADD = src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_crypto_accel
t_unit_test_crypto_accel_SOURCES = t/unit/test_crypto_accel.c
t_unit_test_crypto_accel_LDADD = src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_crypto) $(CMOCKA_LIBS) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_crypto_cipher
t_unit_test_crypto_cipher_SOURCES = t/unit/test_crypto_cipher.c
t_unit_test_crypto_cipher_LDADD = src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_crypto) $(CMOCKA_LIBS) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_crypto_hash
t_unit_test_crypto_hash_SOURCES = t/unit/test_crypto_hash.c
t_unit_test_crypto_hash_LDADD = src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_crypto) $(CMOCKA_LIBS) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_crypto_key
t_unit_test_crypto_key_SOURCES = t/unit/test_crypto_key.c
t_unit_test_crypto_key_LDADD = src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_crypto) $(CMOCKA_LIBS) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_crypto_keyfile
t_unit_test_crypto_keyfile_SOURCES = t/unit/test_crypto_keyfile.c
t_unit_test_crypto_keyfile_LDADD = src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_crypto) $(CMOCKA_LIBS) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_crypto_sig
t_unit_test_crypto_sig_SOURCES = t/unit/test_crypto_sig.c
t_unit_test_crypto_sig_LDADD = src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_crypto) $(CMOCKA_LIBS) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_crypto_wycheproof
t_unit_test_crypto_wycheproof_SOURCES = t/unit/test_crypto_wycheproof.c
t_unit_test_crypto_wycheproof_LDADD = src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_crypto) $(CMOCKA_LIBS) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_hook_load
t_unit_test_hook_load_SOURCES = t/unit/test_hook_load.c
t_unit_test_hook_load_LDADD = src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_hook_webhook
t_unit_test_hook_webhook_SOURCES = t/unit/test_hook_webhook.c
t_unit_test_hook_webhook_LDADD = src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_http_client
t_unit_test_http_client_SOURCES = t/unit/test_http_client.c
t_unit_test_http_client_LDADD = src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_http_flow
t_unit_test_http_flow_SOURCES = t/unit/test_http_flow.c
t_unit_test_http_flow_LDADD = src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_http_msg
t_unit_test_http_msg_SOURCES = t/unit/test_http_msg.c
t_unit_test_http_msg_LDADD = src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_http_outbound
t_unit_test_http_outbound_SOURCES = t/unit/test_http_outbound.c
t_unit_test_http_outbound_LDADD = src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_http_refuse
t_unit_test_http_refuse_SOURCES = t/unit/test_http_refuse.c
t_unit_test_http_refuse_LDADD = src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_http_server
t_unit_test_http_server_SOURCES = t/unit/test_http_server.c
t_unit_test_http_server_LDADD = src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_jose_jwe
t_unit_test_jose_jwe_SOURCES = t/unit/test_jose_jwe.c
t_unit_test_jose_jwe_LDADD = src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_jose_jwk
t_unit_test_jose_jwk_SOURCES = t/unit/test_jose_jwk.c
t_unit_test_jose_jwk_LDADD = src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_jose_jws
t_unit_test_jose_jws_SOURCES = t/unit/test_jose_jws.c
t_unit_test_jose_jws_LDADD = src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_jose_jwt
t_unit_test_jose_jwt_SOURCES = t/unit/test_jose_jwt.c
t_unit_test_jose_jwt_LDADD = src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_kms_msg
t_unit_test_kms_msg_SOURCES = t/unit/test_kms_msg.c
t_unit_test_kms_msg_LDADD = src/kms/libkms.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_kms_open
t_unit_test_kms_open_SOURCES = t/unit/test_kms_open.c
t_unit_test_kms_open_LDADD = src/kms/libkms.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_kms_sign
t_unit_test_kms_sign_SOURCES = t/unit/test_kms_sign.c
t_unit_test_kms_sign_LDADD = src/kms/libkms.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_kms_uri
t_unit_test_kms_uri_SOURCES = t/unit/test_kms_uri.c
t_unit_test_kms_uri_LDADD = src/kms/libkms.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_loop_child
t_unit_test_loop_child_SOURCES = t/unit/test_loop_child.c
t_unit_test_loop_child_LDADD = src/loop/libloop.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_loop) $(LINK_base)
UNIT_TESTS += t/unit/test_loop_flow
t_unit_test_loop_flow_SOURCES = t/unit/test_loop_flow.c
t_unit_test_loop_flow_LDADD = src/loop/libloop.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_loop) $(LINK_base)
UNIT_TESTS += t/unit/test_loop_job
t_unit_test_loop_job_SOURCES = t/unit/test_loop_job.c
t_unit_test_loop_job_LDADD = src/loop/libloop.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_loop) $(LINK_base)
UNIT_TESTS += t/unit/test_loop_loop
t_unit_test_loop_loop_SOURCES = t/unit/test_loop_loop.c
t_unit_test_loop_loop_LDADD = src/loop/libloop.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_loop) $(LINK_base)
UNIT_TESTS += t/unit/test_net_addr_rules
t_unit_test_net_addr_rules_SOURCES = t/unit/test_net_addr_rules.c
t_unit_test_net_addr_rules_LDADD = src/net/libnet.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_crypto) $(CMOCKA_LIBS) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_net_dns
t_unit_test_net_dns_SOURCES = t/unit/test_net_dns.c
t_unit_test_net_dns_LDADD = src/net/libnet.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_crypto) $(CMOCKA_LIBS) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_net_listen
t_unit_test_net_listen_SOURCES = t/unit/test_net_listen.c
t_unit_test_net_listen_LDADD = src/net/libnet.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_crypto) $(CMOCKA_LIBS) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_net_stream
t_unit_test_net_stream_SOURCES = t/unit/test_net_stream.c
t_unit_test_net_stream_LDADD = src/net/libnet.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_crypto) $(CMOCKA_LIBS) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_net_tls
t_unit_test_net_tls_SOURCES = t/unit/test_net_tls.c
t_unit_test_net_tls_LDADD = src/net/libnet.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_crypto) $(CMOCKA_LIBS) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_net_tls_job
t_unit_test_net_tls_job_SOURCES = t/unit/test_net_tls_job.c
t_unit_test_net_tls_job_LDADD = src/net/libnet.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_crypto) $(CMOCKA_LIBS) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_net_tls_peer
t_unit_test_net_tls_peer_SOURCES = t/unit/test_net_tls_peer.c
t_unit_test_net_tls_peer_LDADD = src/net/libnet.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_crypto) $(CMOCKA_LIBS) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_net_unix
t_unit_test_net_unix_SOURCES = t/unit/test_net_unix.c
t_unit_test_net_unix_LDADD = src/net/libnet.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_crypto) $(CMOCKA_LIBS) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_plugin_loader
t_unit_test_plugin_loader_SOURCES = t/unit/test_plugin_loader.c
t_unit_test_plugin_loader_LDADD = src/plugin/libplugin.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_policy_match
t_unit_test_policy_match_SOURCES = t/unit/test_policy_match.c
t_unit_test_policy_match_LDADD = src/policy/libpolicy.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_policy_normalize
t_unit_test_policy_normalize_SOURCES = t/unit/test_policy_normalize.c
t_unit_test_policy_normalize_LDADD = src/policy/libpolicy.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_policy_rules
t_unit_test_policy_rules_SOURCES = t/unit/test_policy_rules.c
t_unit_test_policy_rules_LDADD = src/policy/libpolicy.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_profile_content
t_unit_test_profile_content_SOURCES = t/unit/test_profile_content.c
t_unit_test_profile_content_LDADD = src/profile/libprofile.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_profile_forbid
t_unit_test_profile_forbid_SOURCES = t/unit/test_profile_forbid.c
t_unit_test_profile_forbid_LDADD = src/profile/libprofile.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_profile_lint
t_unit_test_profile_lint_SOURCES = t/unit/test_profile_lint.c
t_unit_test_profile_lint_LDADD = src/profile/libprofile.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_profile_ssh
t_unit_test_profile_ssh_SOURCES = t/unit/test_profile_ssh.c
t_unit_test_profile_ssh_LDADD = src/profile/libprofile.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_profile_tbs
t_unit_test_profile_tbs_SOURCES = t/unit/test_profile_tbs.c
t_unit_test_profile_tbs_LDADD = src/profile/libprofile.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_profile_validity
t_unit_test_profile_validity_SOURCES = t/unit/test_profile_validity.c
t_unit_test_profile_validity_LDADD = src/profile/libprofile.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_prov_authorize
t_unit_test_prov_authorize_SOURCES = t/unit/test_prov_authorize.c
t_unit_test_prov_authorize_LDADD = src/prov/libprov.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_prov_grant
t_unit_test_prov_grant_SOURCES = t/unit/test_prov_grant.c
t_unit_test_prov_grant_LDADD = src/prov/libprov.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_prov_plugins
t_unit_test_prov_plugins_SOURCES = t/unit/test_prov_plugins.c
t_unit_test_prov_plugins_LDADD = src/prov/libprov.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_prov_renew_token
t_unit_test_prov_renew_token_SOURCES = t/unit/test_prov_renew_token.c
t_unit_test_prov_renew_token_LDADD = src/prov/libprov.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_prov_set
t_unit_test_prov_set_SOURCES = t/unit/test_prov_set.c
t_unit_test_prov_set_LDADD = src/prov/libprov.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/store/libstore.a src/ssh/libssh.a src/net/libnet.a src/jose/libjose.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(CMOCKA_LIBS) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_ssh_cert
t_unit_test_ssh_cert_SOURCES = t/unit/test_ssh_cert.c
t_unit_test_ssh_cert_LDADD = src/ssh/libssh.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_store_backup
t_unit_test_store_backup_SOURCES = t/unit/test_store_backup.c
t_unit_test_store_backup_LDADD = src/store/libstore.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_store) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_store_both
t_unit_test_store_both_SOURCES = t/unit/test_store_both.c
t_unit_test_store_both_LDADD = src/store/libstore.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_store) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_store_recovery
t_unit_test_store_recovery_SOURCES = t/unit/test_store_recovery.c
t_unit_test_store_recovery_LDADD = src/store/libstore.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_store) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_tmpl_asn1
t_unit_test_tmpl_asn1_SOURCES = t/unit/test_tmpl_asn1.c
t_unit_test_tmpl_asn1_LDADD = src/tmpl/libtmpl.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_tmpl) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_tmpl_exec
t_unit_test_tmpl_exec_SOURCES = t/unit/test_tmpl_exec.c
t_unit_test_tmpl_exec_LDADD = src/tmpl/libtmpl.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_tmpl) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_tmpl_lists
t_unit_test_tmpl_lists_SOURCES = t/unit/test_tmpl_lists.c
t_unit_test_tmpl_lists_LDADD = src/tmpl/libtmpl.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_tmpl) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_tmpl_parse
t_unit_test_tmpl_parse_SOURCES = t/unit/test_tmpl_parse.c
t_unit_test_tmpl_parse_LDADD = src/tmpl/libtmpl.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_tmpl) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_tmpl_print
t_unit_test_tmpl_print_SOURCES = t/unit/test_tmpl_print.c
t_unit_test_tmpl_print_LDADD = src/tmpl/libtmpl.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_tmpl) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_tmpl_regex
t_unit_test_tmpl_regex_SOURCES = t/unit/test_tmpl_regex.c
t_unit_test_tmpl_regex_LDADD = src/tmpl/libtmpl.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_tmpl) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_tmpl_semver
t_unit_test_tmpl_semver_SOURCES = t/unit/test_tmpl_semver.c
t_unit_test_tmpl_semver_LDADD = src/tmpl/libtmpl.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_tmpl) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_tmpl_text
t_unit_test_tmpl_text_SOURCES = t/unit/test_tmpl_text.c
t_unit_test_tmpl_text_LDADD = src/tmpl/libtmpl.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_tmpl) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_tmpl_time
t_unit_test_tmpl_time_SOURCES = t/unit/test_tmpl_time.c
t_unit_test_tmpl_time_LDADD = src/tmpl/libtmpl.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_tmpl) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_tmpl_value
t_unit_test_tmpl_value_SOURCES = t/unit/test_tmpl_value.c
t_unit_test_tmpl_value_LDADD = src/tmpl/libtmpl.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_tmpl) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_x509_cert
t_unit_test_x509_cert_SOURCES = t/unit/test_x509_cert.c
t_unit_test_x509_cert_LDADD = src/x509/libx509.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_x509_chain
t_unit_test_x509_chain_SOURCES = t/unit/test_x509_chain.c
t_unit_test_x509_chain_LDADD = src/x509/libx509.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_x509_constraints
t_unit_test_x509_constraints_SOURCES = t/unit/test_x509_constraints.c
t_unit_test_x509_constraints_LDADD = src/x509/libx509.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_x509_csr
t_unit_test_x509_csr_SOURCES = t/unit/test_x509_csr.c
t_unit_test_x509_csr_LDADD = src/x509/libx509.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_x509_ext
t_unit_test_x509_ext_SOURCES = t/unit/test_x509_ext.c
t_unit_test_x509_ext_LDADD = src/x509/libx509.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
UNIT_TESTS += t/unit/test_x509_names
t_unit_test_x509_names_SOURCES = t/unit/test_x509_names.c
t_unit_test_x509_names_LDADD = src/x509/libx509.a src/plugin/libplugin.a src/crypto/libcrypto.a src/conf/libconf.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(CMOCKA_LIBS) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
endif

FUZZ_TESTS += t/fuzz/fuzz_cert
if FUZZERS
t_fuzz_fuzz_cert_SOURCES = t/fuzz/fuzz_cert.c
t_fuzz_fuzz_cert_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_cert_SOURCES = t/fuzz/fuzz_cert.c t/fuzz/replay.c
endif
t_fuzz_fuzz_cert_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

FUZZ_TESTS += t/fuzz/fuzz_content
if FUZZERS
t_fuzz_fuzz_content_SOURCES = t/fuzz/fuzz_content.c
t_fuzz_fuzz_content_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_content_SOURCES = t/fuzz/fuzz_content.c t/fuzz/replay.c
endif
t_fuzz_fuzz_content_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

FUZZ_TESTS += t/fuzz/fuzz_control
if FUZZERS
t_fuzz_fuzz_control_SOURCES = t/fuzz/fuzz_control.c
t_fuzz_fuzz_control_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_control_SOURCES = t/fuzz/fuzz_control.c t/fuzz/replay.c
endif
t_fuzz_fuzz_control_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

FUZZ_TESTS += t/fuzz/fuzz_csr
if FUZZERS
t_fuzz_fuzz_csr_SOURCES = t/fuzz/fuzz_csr.c
t_fuzz_fuzz_csr_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_csr_SOURCES = t/fuzz/fuzz_csr.c t/fuzz/replay.c
endif
t_fuzz_fuzz_csr_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

FUZZ_TESTS += t/fuzz/fuzz_der
if FUZZERS
t_fuzz_fuzz_der_SOURCES = t/fuzz/fuzz_der.c
t_fuzz_fuzz_der_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_der_SOURCES = t/fuzz/fuzz_der.c t/fuzz/replay.c
endif
t_fuzz_fuzz_der_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

FUZZ_TESTS += t/fuzz/fuzz_http_chunked
if FUZZERS
t_fuzz_fuzz_http_chunked_SOURCES = t/fuzz/fuzz_http_chunked.c
t_fuzz_fuzz_http_chunked_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_http_chunked_SOURCES = t/fuzz/fuzz_http_chunked.c t/fuzz/replay.c
endif
t_fuzz_fuzz_http_chunked_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

FUZZ_TESTS += t/fuzz/fuzz_http_head
if FUZZERS
t_fuzz_fuzz_http_head_SOURCES = t/fuzz/fuzz_http_head.c
t_fuzz_fuzz_http_head_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_http_head_SOURCES = t/fuzz/fuzz_http_head.c t/fuzz/replay.c
endif
t_fuzz_fuzz_http_head_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

FUZZ_TESTS += t/fuzz/fuzz_inventory_import
if FUZZERS
t_fuzz_fuzz_inventory_import_SOURCES = t/fuzz/fuzz_inventory_import.c
t_fuzz_fuzz_inventory_import_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_inventory_import_SOURCES = t/fuzz/fuzz_inventory_import.c t/fuzz/replay.c
endif
t_fuzz_fuzz_inventory_import_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

FUZZ_TESTS += t/fuzz/fuzz_json
if FUZZERS
t_fuzz_fuzz_json_SOURCES = t/fuzz/fuzz_json.c
t_fuzz_fuzz_json_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_json_SOURCES = t/fuzz/fuzz_json.c t/fuzz/replay.c
endif
t_fuzz_fuzz_json_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

FUZZ_TESTS += t/fuzz/fuzz_jwe
if FUZZERS
t_fuzz_fuzz_jwe_SOURCES = t/fuzz/fuzz_jwe.c
t_fuzz_fuzz_jwe_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_jwe_SOURCES = t/fuzz/fuzz_jwe.c t/fuzz/replay.c
endif
t_fuzz_fuzz_jwe_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

FUZZ_TESTS += t/fuzz/fuzz_jwk
if FUZZERS
t_fuzz_fuzz_jwk_SOURCES = t/fuzz/fuzz_jwk.c
t_fuzz_fuzz_jwk_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_jwk_SOURCES = t/fuzz/fuzz_jwk.c t/fuzz/replay.c
endif
t_fuzz_fuzz_jwk_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

FUZZ_TESTS += t/fuzz/fuzz_jws
if FUZZERS
t_fuzz_fuzz_jws_SOURCES = t/fuzz/fuzz_jws.c
t_fuzz_fuzz_jws_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_jws_SOURCES = t/fuzz/fuzz_jws.c t/fuzz/replay.c
endif
t_fuzz_fuzz_jws_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

FUZZ_TESTS += t/fuzz/fuzz_key
if FUZZERS
t_fuzz_fuzz_key_SOURCES = t/fuzz/fuzz_key.c
t_fuzz_fuzz_key_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_key_SOURCES = t/fuzz/fuzz_key.c t/fuzz/replay.c
endif
t_fuzz_fuzz_key_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

FUZZ_TESTS += t/fuzz/fuzz_kms_msg
if FUZZERS
t_fuzz_fuzz_kms_msg_SOURCES = t/fuzz/fuzz_kms_msg.c
t_fuzz_fuzz_kms_msg_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_kms_msg_SOURCES = t/fuzz/fuzz_kms_msg.c t/fuzz/replay.c
endif
t_fuzz_fuzz_kms_msg_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

FUZZ_TESTS += t/fuzz/fuzz_lifecycle_body
if FUZZERS
t_fuzz_fuzz_lifecycle_body_SOURCES = t/fuzz/fuzz_lifecycle_body.c
t_fuzz_fuzz_lifecycle_body_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_lifecycle_body_SOURCES = t/fuzz/fuzz_lifecycle_body.c t/fuzz/replay.c
endif
t_fuzz_fuzz_lifecycle_body_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

FUZZ_TESTS += t/fuzz/fuzz_lint
if FUZZERS
t_fuzz_fuzz_lint_SOURCES = t/fuzz/fuzz_lint.c
t_fuzz_fuzz_lint_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_lint_SOURCES = t/fuzz/fuzz_lint.c t/fuzz/replay.c
endif
t_fuzz_fuzz_lint_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

FUZZ_TESTS += t/fuzz/fuzz_options
if FUZZERS
t_fuzz_fuzz_options_SOURCES = t/fuzz/fuzz_options.c
t_fuzz_fuzz_options_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_options_SOURCES = t/fuzz/fuzz_options.c t/fuzz/replay.c
endif
t_fuzz_fuzz_options_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

FUZZ_TESTS += t/fuzz/fuzz_pem
if FUZZERS
t_fuzz_fuzz_pem_SOURCES = t/fuzz/fuzz_pem.c
t_fuzz_fuzz_pem_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_pem_SOURCES = t/fuzz/fuzz_pem.c t/fuzz/replay.c
endif
t_fuzz_fuzz_pem_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

FUZZ_TESTS += t/fuzz/fuzz_policy
if FUZZERS
t_fuzz_fuzz_policy_SOURCES = t/fuzz/fuzz_policy.c
t_fuzz_fuzz_policy_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_policy_SOURCES = t/fuzz/fuzz_policy.c t/fuzz/replay.c
endif
t_fuzz_fuzz_policy_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

FUZZ_TESTS += t/fuzz/fuzz_rec
if FUZZERS
t_fuzz_fuzz_rec_SOURCES = t/fuzz/fuzz_rec.c
t_fuzz_fuzz_rec_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_rec_SOURCES = t/fuzz/fuzz_rec.c t/fuzz/replay.c
endif
t_fuzz_fuzz_rec_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

FUZZ_TESTS += t/fuzz/fuzz_renew_token
if FUZZERS
t_fuzz_fuzz_renew_token_SOURCES = t/fuzz/fuzz_renew_token.c
t_fuzz_fuzz_renew_token_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_renew_token_SOURCES = t/fuzz/fuzz_renew_token.c t/fuzz/replay.c
endif
t_fuzz_fuzz_renew_token_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

FUZZ_TESTS += t/fuzz/fuzz_spki
if FUZZERS
t_fuzz_fuzz_spki_SOURCES = t/fuzz/fuzz_spki.c
t_fuzz_fuzz_spki_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_spki_SOURCES = t/fuzz/fuzz_spki.c t/fuzz/replay.c
endif
t_fuzz_fuzz_spki_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

FUZZ_TESTS += t/fuzz/fuzz_ssh_cert
if FUZZERS
t_fuzz_fuzz_ssh_cert_SOURCES = t/fuzz/fuzz_ssh_cert.c
t_fuzz_fuzz_ssh_cert_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_ssh_cert_SOURCES = t/fuzz/fuzz_ssh_cert.c t/fuzz/replay.c
endif
t_fuzz_fuzz_ssh_cert_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

FUZZ_TESTS += t/fuzz/fuzz_tmpl_date
if FUZZERS
t_fuzz_fuzz_tmpl_date_SOURCES = t/fuzz/fuzz_tmpl_date.c
t_fuzz_fuzz_tmpl_date_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_tmpl_date_SOURCES = t/fuzz/fuzz_tmpl_date.c t/fuzz/replay.c
endif
t_fuzz_fuzz_tmpl_date_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

FUZZ_TESTS += t/fuzz/fuzz_tmpl_exec
if FUZZERS
t_fuzz_fuzz_tmpl_exec_SOURCES = t/fuzz/fuzz_tmpl_exec.c
t_fuzz_fuzz_tmpl_exec_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_tmpl_exec_SOURCES = t/fuzz/fuzz_tmpl_exec.c t/fuzz/replay.c
endif
t_fuzz_fuzz_tmpl_exec_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

FUZZ_TESTS += t/fuzz/fuzz_tmpl_parse
if FUZZERS
t_fuzz_fuzz_tmpl_parse_SOURCES = t/fuzz/fuzz_tmpl_parse.c
t_fuzz_fuzz_tmpl_parse_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_tmpl_parse_SOURCES = t/fuzz/fuzz_tmpl_parse.c t/fuzz/replay.c
endif
t_fuzz_fuzz_tmpl_parse_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

FUZZ_TESTS += t/fuzz/fuzz_tmpl_printf
if FUZZERS
t_fuzz_fuzz_tmpl_printf_SOURCES = t/fuzz/fuzz_tmpl_printf.c
t_fuzz_fuzz_tmpl_printf_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_tmpl_printf_SOURCES = t/fuzz/fuzz_tmpl_printf.c t/fuzz/replay.c
endif
t_fuzz_fuzz_tmpl_printf_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

FUZZ_TESTS += t/fuzz/fuzz_tmpl_regex
if FUZZERS
t_fuzz_fuzz_tmpl_regex_SOURCES = t/fuzz/fuzz_tmpl_regex.c
t_fuzz_fuzz_tmpl_regex_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_tmpl_regex_SOURCES = t/fuzz/fuzz_tmpl_regex.c t/fuzz/replay.c
endif
t_fuzz_fuzz_tmpl_regex_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

FUZZ_TESTS += t/fuzz/fuzz_uri
if FUZZERS
t_fuzz_fuzz_uri_SOURCES = t/fuzz/fuzz_uri.c
t_fuzz_fuzz_uri_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_uri_SOURCES = t/fuzz/fuzz_uri.c t/fuzz/replay.c
endif
t_fuzz_fuzz_uri_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

FUZZ_TESTS += t/fuzz/fuzz_webhook
if FUZZERS
t_fuzz_fuzz_webhook_SOURCES = t/fuzz/fuzz_webhook.c
t_fuzz_fuzz_webhook_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_webhook_SOURCES = t/fuzz/fuzz_webhook.c t/fuzz/replay.c
endif
t_fuzz_fuzz_webhook_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

FUZZ_TESTS += t/fuzz/fuzz_yaml
if FUZZERS
t_fuzz_fuzz_yaml_SOURCES = t/fuzz/fuzz_yaml.c
t_fuzz_fuzz_yaml_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
t_fuzz_fuzz_yaml_SOURCES = t/fuzz/fuzz_yaml.c t/fuzz/replay.c
endif
t_fuzz_fuzz_yaml_LDADD = src/cli/libcli.a src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
check_PROGRAMS += $(UNIT_TESTS) $(FUZZ_TESTS)
EXTRA_PROGRAMS += \
	t/tools/bench \
	t/tools/fill \
	t/tools/inventory \
	t/tools/policybench \
	t/tools/tmplbench
check_PROGRAMS += \
	t/tools/tmplvec
t_tools_bench_SOURCES = t/tools/bench.c t/tools/bench.h t/tools/bench_conn.c t/tools/bench_handshake.c t/tools/bench_load.c t/tools/bench_make.c t/tools/bench_primitive.c t/tools/bench_probe.c t/tools/bench_store.c
t_tools_bench_LDADD = src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
t_tools_fill_SOURCES = t/tools/fill.c
t_tools_fill_LDADD = src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
t_tools_inventory_SOURCES = t/tools/inventory.c
t_tools_inventory_LDADD = src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
t_tools_policybench_SOURCES = t/tools/policybench.c
t_tools_policybench_LDADD = src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
t_tools_tmplbench_SOURCES = t/tools/tmplbench.c
t_tools_tmplbench_LDADD = src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)
t_tools_tmplvec_SOURCES = t/tools/tmplvec.c t/tools/tmplvec.h t/tools/tmplvec_cert.c t/tools/tmplvec_ssh.c t/tools/tmplvec_x509.c
t_tools_tmplvec_LDADD = src/control/libcontrol.a src/api/libapi.a src/ca/libca.a src/prov/libprov.a src/profile/libprofile.a src/hook/libhook.a src/policy/libpolicy.a src/kms/libkms.a src/http/libhttp.a src/x509/libx509.a src/tmpl/libtmpl.a src/ssh/libssh.a src/jose/libjose.a src/store/libstore.a src/net/libnet.a src/plugin/libplugin.a src/conf/libconf.a src/crypto/libcrypto.a src/loop/libloop.a src/codec/libcodec.a src/base/libbase.a $(ALL_STATIC_provisioner) $(LINK_http) $(LINK_tmpl) $(LINK_store) $(LINK_net) $(LINK_crypto) $(LINK_loop) $(LINK_codec) $(LINK_base)

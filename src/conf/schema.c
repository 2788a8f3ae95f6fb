/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/clock.h"
#include "conf/priv.h"

/*
 * schema.c - the tables: every key that a configuration file may have. --help-config and the
 * sample are made from them, so the sentences are for operators. A key of the fixed surface that
 * does not work yet is here with `unsupported`: refused with a clear message, and shown nowhere.
 */

#define SECOND DURATION_SECOND
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

/* ---- claims ---- */

static const char *const tristate[] = {"", "false", "true", NULL};

#define CLAIM_DURATION(key, member, text)                                                          \
	{                                                                                          \
		.name = key, .type = CONF_DURATION,                                                \
		.offset = offsetof(struct conf_claims, member), .min = SECOND,                     \
		.max = DURATION_MAX, .live = true, .doc = text                                     \
	}
#define CLAIM_SWITCH(key, member, text)                                                            \
	{                                                                                          \
		.name = key, .type = CONF_ENUM, .offset = offsetof(struct conf_claims, member),    \
		.choices = tristate, .live = true, .doc = text                                     \
	}
#define NOT_YET(key)                                                                               \
	{                                                                                          \
		.name = key, .type = CONF_ANY, .unsupported = CONF_NOT_YET                         \
	}
#define NOT_YET_BUT(key, is)                                                                       \
	{                                                                                          \
		.name = key, .type = CONF_ANY, .unsupported = CONF_NOT_YET, .dflt = is             \
	}

static const struct conf_key claims_keys[] = {
	CLAIM_DURATION("minTLSCertDuration", min_tls,
		       "Shortest lifetime that may be asked for; 5m when no level sets it."),
	CLAIM_DURATION("maxTLSCertDuration", max_tls,
		       "Longest lifetime that may be asked for; 24h when no level sets it."),
	CLAIM_DURATION("defaultTLSCertDuration", default_tls,
		       "Lifetime of a certificate when the request names none; 24h when no level "
		       "sets it."),
	CLAIM_SWITCH("disableRenewal", disable_renewal, "Whether certificates may not be renewed."),
	CLAIM_SWITCH("allowRenewalAfterExpiry", allow_renewal_after_expiry,
		     "Whether a certificate that has expired may be renewed with its key."),
	CLAIM_SWITCH(
		"disableSmallstepExtensions", disable_smallstep_extensions,
		"Whether the extension that names the provisioner is left out of certificates."),
	NOT_YET("minUserSSHCertDuration"),
	NOT_YET("maxUserSSHCertDuration"),
	NOT_YET("defaultUserSSHCertDuration"),
	NOT_YET("minHostSSHCertDuration"),
	NOT_YET("maxHostSSHCertDuration"),
	NOT_YET("defaultHostSSHCertDuration"),
	NOT_YET_BUT("enableSSHCA", "false"),
	{0},
};
const struct conf_table conf_table_claims = {"claims", sizeof(struct conf_claims), claims_keys};

/* ---- parts of signetd.yaml ---- */

#define PART(part, member) (offsetof(struct conf, part.member) - offsetof(struct conf, part))
#define SIZE_OF_PART(part) sizeof(((struct conf *)NULL)->part)

static const struct conf_key threads_keys[] = {
	{.name = "cpu",
	 .type = CONF_AUTO_INT,
	 .offset = PART(threads, cpu),
	 .dflt = "auto",
	 .min = 1,
	 .max = 256,
	 .doc = "Threads that verify signatures and do TLS handshakes; auto: one per processor, at "
		"least two."},
	{.name = "slow",
	 .type = CONF_INT,
	 .offset = PART(threads, slow),
	 .dflt = "1",
	 .min = 1,
	 .max = 16,
	 .doc = "Threads for long work such as deriving keys from passwords and reloading."},
	{.name = "readers",
	 .type = CONF_INT,
	 .offset = PART(threads, readers),
	 .dflt = "2",
	 .min = 1,
	 .max = 64,
	 .doc = "Threads that read from the store what is not in its cache."},
	{0},
};
static const struct conf_table threads_table = {"threads", SIZE_OF_PART(threads), threads_keys};

/* In the order of enum log_format and enum log_level. */
static const char *const log_formats[] = {"logfmt", "json", NULL};
static const char *const log_levels[] = {"error", "warn", "info", "debug", NULL};
static const struct conf_key log_keys[] = {
	{.name = "format",
	 .type = CONF_ENUM,
	 .offset = PART(log, format),
	 .dflt = "logfmt",
	 .choices = log_formats,
	 .doc = "Form of a log line."},
	{.name = "level",
	 .type = CONF_ENUM,
	 .offset = PART(log, level),
	 .dflt = "info",
	 .choices = log_levels,
	 .live = true,
	 .doc = "Least severe events that are logged."},
	{.name = "output",
	 .type = CONF_STRING,
	 .offset = PART(log, output),
	 .dflt = "stderr",
	 .doc = "Where to: stderr, stdout or the path of a file, which is reopened on SIGHUP."},
	{0},
};
static const struct conf_table log_table = {"log", SIZE_OF_PART(log), log_keys};

static const struct conf_key control_keys[] = {
	{.name = "socket",
	 .type = CONF_STRING,
	 .offset = PART(control, socket),
	 .dflt = "run/control.sock",
	 .doc = "Path of the UNIX socket, from dataDir when it is relative; root and the daemon's "
		"user may use it. Empty: none."},
	{.name = "group",
	 .type = CONF_STRING,
	 .offset = PART(control, group),
	 .dflt = "",
	 .doc = "Group whose members may read (list, show, status) through the socket."},
	{0},
};
static const struct conf_table control_table = {"control", SIZE_OF_PART(control), control_keys};

static const char *const store_drivers[] = {"rocksdb", "memory", NULL};
static const struct conf_key store_keys[] = {
	{.name = "driver",
	 .type = CONF_ENUM,
	 .offset = PART(store, driver),
	 .dflt = "rocksdb",
	 .choices = store_drivers,
	 .doc = "Where records are kept; memory forgets all when the daemon ends and is for "
		"trials."},
	{.name = "path",
	 .type = CONF_STRING,
	 .offset = PART(store, path),
	 .dflt = "db",
	 .doc = "Folder of the store; a relative path starts at dataDir."},
	{.name = "minFree",
	 .type = CONF_SIZE,
	 .offset = PART(store, min_free),
	 .dflt = "256MiB",
	 .doc = "No certificate is issued when less than this is free on the store's file system."},
	{.name = "minFreeRevoke",
	 .type = CONF_SIZE,
	 .offset = PART(store, min_free_revoke),
	 .dflt = "64MiB",
	 .doc = "Revocations are taken until less than this is free; not more than minFree."},
	{0},
};
static const struct conf_table store_table = {"store", SIZE_OF_PART(store), store_keys};

static const struct conf_key limits_keys[] = {
	{.name = "connections",
	 .type = CONF_INT,
	 .offset = PART(limits, connections),
	 .dflt = "1024",
	 .min = 16,
	 .max = 65536,
	 .doc = "Connections open at a time; an idle TLS connection takes about 60 KB."},
	{0},
};
static const struct conf_table limits_table = {"limits", SIZE_OF_PART(limits), limits_keys};

static const struct conf_key outbound_keys[] = {
	{.name = "allow",
	 .type = CONF_STRINGS,
	 .offset = PART(outbound, allow),
	 .dflt = "",
	 .doc = "Addresses and networks (CIDR) that may be called although they are refused."},
	{.name = "refuse",
	 .type = CONF_STRINGS,
	 .offset = PART(outbound, refuse),
	 .dflt = "",
	 .doc = "Addresses and networks that are never called, beside link-local, multicast and "
		"cloud metadata addresses."},
	{.name = "resolver",
	 .type = CONF_STRING,
	 .offset = PART(outbound, resolver),
	 .dflt = "",
	 .doc = "DNS servers, ADDRESS:PORT separated by commas; when empty those of "
		"/etc/resolv.conf."},
	{0},
};
static const struct conf_table outbound_table = {"outbound", SIZE_OF_PART(outbound), outbound_keys};

/* In the order that conf.h says. */
static const char *const isolations[] = {"!process", "thread", NULL};
static const struct conf_key authority_keys[] = {
	{.name = "name",
	 .type = CONF_STRING,
	 .offset = offsetof(struct conf_authority, name),
	 .required = true,
	 .sample = "default",
	 .doc = "Name by which provisioners refer to this authority; letters, digits, dot, hyphen "
		"and underscore."},
	{.name = "root",
	 .type = CONF_PATHS,
	 .offset = offsetof(struct conf_authority, root),
	 .required = true,
	 .sample = "certs/root_ca.crt",
	 .doc = "PEM file of the root certificate, or a list of files during a change of roots."},
	{.name = "federatedRoots",
	 .type = CONF_PATHS,
	 .offset = offsetof(struct conf_authority, federated_roots),
	 .dflt = "",
	 .doc = "PEM files of other authorities' roots that clients may fetch here too."},
	{.name = "crt",
	 .type = CONF_PATH,
	 .offset = offsetof(struct conf_authority, crt),
	 .required = true,
	 .sample = "certs/intermediate_ca.crt",
	 .doc = "PEM file: the issuing certificate first, then the chain up to the root."},
	{.name = "key",
	 .type = CONF_STRING,
	 .offset = offsetof(struct conf_authority, key),
	 .required = true,
	 .sample = "file:secrets/intermediate_ca.key?passwordFile=secrets/password",
	 .doc = "Key of the issuing certificate: a path, or file:PATH?passwordFile=PATH when it is "
		"encrypted."},
	{.name = "isolation",
	 .type = CONF_ENUM,
	 .offset = offsetof(struct conf_authority, isolation),
	 .dflt = "thread",
	 .choices = isolations,
	 .doc = "Where the key is used."},
	{.name = "backdate",
	 .type = CONF_DURATION,
	 .offset = offsetof(struct conf_authority, backdate),
	 .dflt = "1m",
	 .min = 0,
	 .max = 24 * HOUR,
	 .doc = "How far before its issue a certificate begins, for clients whose clocks are "
		"behind."},
	{.name = "policy",
	 .type = CONF_ANY,
	 .offset = offsetof(struct conf_authority, policy),
	 .live = true,
	 .doc = "Names that certificates of this authority may and may not have: x509 and ssh, "
		"each "
		"with allow and deny."},
	{0},
};
static const struct conf_table authority_table = {"authority", sizeof(struct conf_authority),
						  authority_keys};

/* ---- signetd.yaml ---- */

#define TOP(member) .offset = offsetof(struct conf, member)

static const struct conf_key daemon_keys[] = {
	{.name = "address",
	 .type = CONF_STRING,
	 TOP(address),
	 .dflt = ":9000",
	 .doc = "Where to listen for HTTPS: :PORT for all addresses, IPv4:PORT or [IPv6]:PORT; "
		"port 0 takes a free one."},
	{.name = "insecureAddress",
	 .type = CONF_STRING,
	 TOP(insecure_address),
	 .dflt = "",
	 .unsupported = CONF_NOT_YET},
	{.name = "metricsAddress",
	 .type = CONF_STRING,
	 TOP(metrics_address),
	 .dflt = "",
	 .unsupported = CONF_NOT_YET},
	{.name = "dnsNames",
	 .type = CONF_STRINGS,
	 TOP(dns_names),
	 .dflt = "localhost, 127.0.0.1, ::1",
	 .doc = "Names and addresses by which clients reach this CA: in its own certificate, and "
		"in what tokens are addressed to."},
	{.name = "commonName",
	 .type = CONF_STRING,
	 TOP(common_name),
	 .dflt = "Signet CA",
	 .doc = "Common name of the daemon's own certificate."},
	{.name = "dataDir",
	 .type = CONF_PATH,
	 TOP(data_dir),
	 .dflt = ".",
	 .doc = "Folder for what the daemon writes: db/, tls/ and run/."},
	{.name = "pluginDir",
	 .type = CONF_PATH,
	 TOP(plugin_dir),
	 .doc = "Folder with plugins, KIND/NAME.so; when not set, the one chosen when Signet was "
		"built."},
	{.name = "user", .type = CONF_STRING, TOP(user), .dflt = "", .unsupported = CONF_NOT_YET},
	{.name = "control",
	 .type = CONF_OBJECT,
	 TOP(control),
	 .sub = &control_table,
	 .doc = "The operator's socket, for `signet list`, `status`, `revoke`, `reload`, "
		"`backup`."},
	{.name = "threads",
	 .type = CONF_OBJECT,
	 TOP(threads),
	 .sub = &threads_table,
	 .doc = "Worker threads."},
	{.name = "log", .type = CONF_OBJECT, TOP(log), .sub = &log_table, .doc = "The log."},
	{.name = "store",
	 .type = CONF_OBJECT,
	 TOP(store),
	 .sub = &store_table,
	 .doc = "The store of certificates, revocations and used tokens."},
	{.name = "limits",
	 .type = CONF_OBJECT,
	 TOP(limits),
	 .sub = &limits_table,
	 .doc = "Limits on what clients can take."},
	{.name = "accelerator",
	 .type = CONF_STRING,
	 TOP(accelerator),
	 .dflt = "auto",
	 .doc = "Plugin that makes cryptography faster: its name, none, or auto for openssl where "
		"it is installed."},
	{.name = "outbound",
	 .type = CONF_OBJECT,
	 TOP(outbound),
	 .sub = &outbound_table,
	 .doc = "Calls that the daemon makes itself, to webhooks."},
	{.name = "blockedKeys",
	 .type = CONF_PATH,
	 TOP(blocked_keys),
	 .live = true,
	 .doc = "File of keys that get no certificate: SHA-256 of the SubjectPublicKeyInfo in hex, "
		"one a line."},
	{.name = "claims",
	 .type = CONF_OBJECT,
	 TOP(claims),
	 .sub = &conf_table_claims,
	 .doc = "Lifetimes and switches for all provisioners; each may set its own."},
	{.name = "authorities",
	 .type = CONF_OBJECTS,
	 TOP(authorities),
	 .sub = &authority_table,
	 .required = true,
	 .doc = "Certificate authorities that this daemon runs, at least one."},
	{0},
};
const struct conf_table conf_table_daemon = {"signetd.yaml", sizeof(struct conf), daemon_keys};

/* ---- provisioners.d ---- */

#define X509(member)                                                                               \
	.offset = offsetof(struct conf_options, x509.member) - offsetof(struct conf_options, x509)
/* In the order that conf.h says. */
static const char *const lints[] = {"rfc5280", "tls", NULL};
static const struct conf_key x509_keys[] = {
	{.name = "template",
	 .type = CONF_STRING,
	 X509(template),
	 .doc = "Template of the certificate, text or base64; templateFile is the same from a "
		"file."},
	{.name = "templateFile",
	 .type = CONF_STRING,
	 X509(template_file),
	 .doc = "File with the template; a relative path starts at signetd.yaml's folder."},
	{.name = "templateData",
	 .type = CONF_ANY,
	 X509(template_data),
	 .doc = "Variables for the template, at its top level."},
	{.name = "allow",
	 .type = CONF_ANY,
	 X509(allow),
	 .doc = "What the template may say although it is refused by default: isCA, ocspSigning, "
		"anyExtendedKeyUsage, notAfterBeyondIssuer, validityBeyondClaims, noNames."},
	{.name = "slowFunctions",
	 .type = CONF_BOOL,
	 X509(slow_functions),
	 .dflt = "false",
	 .doc = "Whether the template may use functions that take over a millisecond, such as "
		"bcrypt."},
	{.name = "lint",
	 .type = CONF_ENUM,
	 X509(lint),
	 .dflt = "rfc5280",
	 .choices = lints,
	 .doc = "What a certificate must conform to before it is signed: rfc5280, or also tls, the "
		"rules of public authorities for TLS servers."},
	{0},
};
static const struct conf_table x509_table = {"x509", sizeof(((struct conf_options *)NULL)->x509),
					     x509_keys};

static const struct conf_key options_keys[] = {
	{.name = "x509",
	 .type = CONF_OBJECT,
	 .offset = offsetof(struct conf_options, x509),
	 .sub = &x509_table,
	 .doc = "Options for X.509 certificates."},
	NOT_YET("ssh"),
	{.name = "webhooks",
	 .type = CONF_ANY,
	 .offset = offsetof(struct conf_options, webhooks),
	 .doc = "List of programs that are asked before a certificate is signed: name, url, kind."},
	NOT_YET("wire"),
	{0},
};
static const struct conf_table options_table = {"options", sizeof(struct conf_options),
						options_keys};

#define INVENTORY(member) .offset = offsetof(struct conf_inventory, member)
static const struct conf_key inventory_keys[] = {
	{.name = "list",
	 .type = CONF_STRING,
	 INVENTORY(list),
	 .doc = "Name of the list; see signet inventory."},
	{.name = "key",
	 .type = CONF_STRING,
	 INVENTORY(key),
	 .doc = "Template of the record's key, such as '{{ .Token.sub }}'."},
	{.name = "required",
	 .type = CONF_BOOL,
	 INVENTORY(required),
	 .dflt = "false",
	 .doc = "Whether a request without a record is refused."},
	{.name = "allowedNames",
	 .type = CONF_STRING,
	 INVENTORY(allowed_names),
	 .doc = "Attribute of the record that lists the names a certificate may have; who has no "
		"record is refused."},
	{.name = "onRenew",
	 .type = CONF_BOOL,
	 INVENTORY(on_renew),
	 .dflt = "false",
	 .doc = "Whether renewals look the record up too; the key's template then has .Subject "
		"and .SANs, no .Token."},
	{0},
};
static const struct conf_table inventory_table = {"inventory", sizeof(struct conf_inventory),
						  inventory_keys};

#define PROVISIONER(member) .offset = offsetof(struct conf_provisioner, member)

static const struct conf_key provisioner_keys[] = {
	{.name = "type",
	 .type = CONF_STRING,
	 PROVISIONER(type),
	 .required = true,
	 .sample = "JWK",
	 .doc = "Kind of provisioner, which decides on the keys that follow."},
	{.name = "name",
	 .type = CONF_STRING,
	 PROVISIONER(name),
	 .required = true,
	 .sample = "admin",
	 .doc = "Name, unique in the daemon; tokens and clients refer to it."},
	{.name = "authority",
	 .type = CONF_STRING,
	 PROVISIONER(authority),
	 .dflt = "default",
	 .doc = "Authority of signetd.yaml that signs for this provisioner."},
	{.name = "claims",
	 .type = CONF_OBJECT,
	 PROVISIONER(claims),
	 .sub = &conf_table_claims,
	 .doc = "Lifetimes and switches that differ from those of signetd.yaml."},
	{.name = "options",
	 .type = CONF_OBJECT,
	 PROVISIONER(options),
	 .sub = &options_table,
	 .doc = "Options for certificates."},
	{.name = "policy",
	 .type = CONF_ANY,
	 PROVISIONER(policy),
	 .doc = "Names that certificates of this provisioner may and may not have, beside the "
		"authority's policy."},
	{.name = "inventory",
	 .type = CONF_OBJECT,
	 PROVISIONER(inventory),
	 .sub = &inventory_table,
	 .doc = "The list that has a record for each request: .Inventory in templates."},
	{0},
};
const struct conf_table conf_table_provisioner = {"provisioner", sizeof(struct conf_provisioner),
						  provisioner_keys};

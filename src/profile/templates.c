/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "profile/content.h"

/*
 * templates.c - the files of conf/templates, compiled in. test_profile_content proves that they are
 * the same; whoever changes one changes both.
 */

const char content_default_leaf[] =
	"{{- /* A certificate for a server or a client: what every provisioner issues by "
	"default. */ -}}\n"
	"{\n"
	"\t\"subject\": {{ .Subject | toJson }},\n"
	"\t\"sans\": {{ .SANs | toJson }},\n"
	"\t\"keyUsage\": [\"digitalSignature\"{{ if typeIs \"*rsa.PublicKey\" .Insecure.C"
	"R.PublicKey }}, \"keyEncipherment\"{{ end }}],\n"
	"\t\"extKeyUsage\": [\"serverAuth\", \"clientAuth\"]\n"
	"}\n";

static const char iid_leaf[] =
	"{{- /* A machine in a cloud: the request's common name, and its names unless the"
	" token gave some. */ -}}\n"
	"{{- $request := .Insecure.CR -}}\n"
	"{\n"
	"\t\"subject\": {\"commonName\": {{ $request.Subject.CommonName | toJson }}},\n"
	"{{- if .SANs }}\n"
	"\t\"sans\": {{ .SANs | toJson }},\n"
	"{{- else }}\n"
	"\t\"dnsNames\": {{ $request.DNSNames | toJson }},\n"
	"\t\"emailAddresses\": {{ $request.EmailAddresses | toJson }},\n"
	"\t\"ipAddresses\": {{ $request.IPAddresses | toJson }},\n"
	"\t\"uris\": {{ $request.URIs | toJson }},\n"
	"{{- end }}\n"
	"\t\"keyUsage\": [\"digitalSignature\"{{ if typeIs \"*rsa.PublicKey\" $request.Pu"
	"blicKey }}, \"keyEncipherment\"{{ end }}],\n"
	"\t\"extKeyUsage\": [\"serverAuth\", \"clientAuth\"]\n"
	"}\n";

static const char admin_leaf[] =
	"{{- /* What an administrator asks for: subject and names are the request's. */ -"
	"}}\n"
	"{{- $request := .Insecure.CR -}}\n"
	"{\n"
	"\t\"subject\": {{ $request.Subject | toJson }},\n"
	"\t\"dnsNames\": {{ $request.DNSNames | toJson }},\n"
	"\t\"emailAddresses\": {{ $request.EmailAddresses | toJson }},\n"
	"\t\"ipAddresses\": {{ $request.IPAddresses | toJson }},\n"
	"\t\"uris\": {{ $request.URIs | toJson }},\n"
	"\t\"keyUsage\": [\"digitalSignature\"{{ if typeIs \"*rsa.PublicKey\" $request.Pu"
	"blicKey }}, \"keyEncipherment\"{{ end }}],\n"
	"\t\"extKeyUsage\": [\"serverAuth\", \"clientAuth\"]\n"
	"}\n";

static const char attested_leaf[] =
	"{{- /* A device that has proved what it is: for clients only. */ -}}\n"
	"{\n"
	"\t\"subject\": {{ .Subject | toJson }},\n"
	"\t\"sans\": {{ .SANs | toJson }},\n"
	"\t\"keyUsage\": [\"digitalSignature\"{{ if typeIs \"*rsa.PublicKey\" .Insecure.C"
	"R.PublicKey }}, \"keyEncipherment\"{{ end }}],\n"
	"\t\"extKeyUsage\": [\"clientAuth\"]\n"
	"}\n";

static const char intermediate[] =
	"{{- /* An authority that issues leaves only. A provisioner needs allow: [isCA] f"
	"or it. */ -}}\n"
	"{\n"
	"\t\"subject\": {{ .Subject | toJson }},\n"
	"\t\"keyUsage\": [\"certSign\", \"crlSign\"],\n"
	"\t\"basicConstraints\": {\"isCA\": true, \"maxPathLen\": 0}\n"
	"}\n";

static const char root[] = "{{- /* The end of a chain, over one level of intermediates. */ -}}\n"
			   "{\n"
			   "\t\"subject\": {{ .Subject | toJson }},\n"
			   "\t\"issuer\": {{ .Subject | toJson }},\n"
			   "\t\"keyUsage\": [\"certSign\", \"crlSign\"],\n"
			   "\t\"basicConstraints\": {\"isCA\": true, \"maxPathLen\": 1}\n"
			   "}\n";

static const char certificate_request[] =
	"{{- /* Everything as the request has it. Only where whoever asks is trusted with"
	" all of it. */ -}}\n"
	"{{ .Insecure.CR | toJson }}\n";

const struct content_builtin content_builtins[] = {
	{"leaf", content_default_leaf},
	{"iid-leaf", iid_leaf},
	{"admin-leaf", admin_leaf},
	{"attested-leaf", attested_leaf},
	{"intermediate", intermediate},
	{"root", root},
	{"certificate-request", certificate_request},
	{NULL, NULL},
};

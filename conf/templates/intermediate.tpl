{{- /* An authority that issues leaves only. A provisioner needs allow: [isCA] for it. */ -}}
{
	"subject": {{ .Subject | toJson }},
	"keyUsage": ["certSign", "crlSign"],
	"basicConstraints": {"isCA": true, "maxPathLen": 0}
}

{{- /* The end of a chain, over one level of intermediates. */ -}}
{
	"subject": {{ .Subject | toJson }},
	"issuer": {{ .Subject | toJson }},
	"keyUsage": ["certSign", "crlSign"],
	"basicConstraints": {"isCA": true, "maxPathLen": 1}
}

{{- /* A certificate for a server or a client: what every provisioner issues by default. */ -}}
{
	"subject": {{ .Subject | toJson }},
	"sans": {{ .SANs | toJson }},
	"keyUsage": ["digitalSignature"{{ if typeIs "*rsa.PublicKey" .Insecure.CR.PublicKey }}, "keyEncipherment"{{ end }}],
	"extKeyUsage": ["serverAuth", "clientAuth"]
}

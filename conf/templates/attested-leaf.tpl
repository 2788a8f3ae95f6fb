{{- /* A device that has proved what it is: for clients only. */ -}}
{
	"subject": {{ .Subject | toJson }},
	"sans": {{ .SANs | toJson }},
	"keyUsage": ["digitalSignature"{{ if typeIs "*rsa.PublicKey" .Insecure.CR.PublicKey }}, "keyEncipherment"{{ end }}],
	"extKeyUsage": ["clientAuth"]
}

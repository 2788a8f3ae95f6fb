{{- /* A machine in a cloud: the request's common name, and its names unless the token gave some. */ -}}
{{- $request := .Insecure.CR -}}
{
	"subject": {"commonName": {{ $request.Subject.CommonName | toJson }}},
{{- if .SANs }}
	"sans": {{ .SANs | toJson }},
{{- else }}
	"dnsNames": {{ $request.DNSNames | toJson }},
	"emailAddresses": {{ $request.EmailAddresses | toJson }},
	"ipAddresses": {{ $request.IPAddresses | toJson }},
	"uris": {{ $request.URIs | toJson }},
{{- end }}
	"keyUsage": ["digitalSignature"{{ if typeIs "*rsa.PublicKey" $request.PublicKey }}, "keyEncipherment"{{ end }}],
	"extKeyUsage": ["serverAuth", "clientAuth"]
}

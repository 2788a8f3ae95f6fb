{{- /* What an administrator asks for: subject and names are the request's. */ -}}
{{- $request := .Insecure.CR -}}
{
	"subject": {{ $request.Subject | toJson }},
	"dnsNames": {{ $request.DNSNames | toJson }},
	"emailAddresses": {{ $request.EmailAddresses | toJson }},
	"ipAddresses": {{ $request.IPAddresses | toJson }},
	"uris": {{ $request.URIs | toJson }},
	"keyUsage": ["digitalSignature"{{ if typeIs "*rsa.PublicKey" $request.PublicKey }}, "keyEncipherment"{{ end }}],
	"extKeyUsage": ["serverAuth", "clientAuth"]
}

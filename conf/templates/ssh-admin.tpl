{{- /* For administrators: what the request asks for, whatever the token says. */ -}}
{{- $request := .Insecure.CR -}}
{
	"type": {{ $request.Type | toJson }},
	"keyId": {{ $request.KeyID | toJson }},
	"principals": {{ $request.Principals | toJson }}
{{- if eq $request.Type "user" }},
	"criticalOptions": {{ .CriticalOptions | toJson }},
	"extensions": {{ .Extensions | toJson }}
{{- end }}
}

{{- /* For cloud instances: the principals of the request, or those of the identity document. */ -}}
{
	"type": {{ .Type | toJson }},
	"keyId": {{ .KeyID | toJson }},
	"principals": {{ default .Principals .Insecure.CR.Principals | toJson }},
	"extensions": {{ .Extensions | toJson }}
}

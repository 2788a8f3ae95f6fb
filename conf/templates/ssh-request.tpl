{{- /* The request and nothing else, with the usual extensions of a user. */ -}}
{
	"type": {{ .Insecure.CR.Type | toJson }},
	"keyId": {{ .Insecure.CR.KeyID | toJson }},
	"principals": {{ .Insecure.CR.Principals | toJson }},
	"extensions": {
		"permit-X11-forwarding": "",
		"permit-agent-forwarding": "",
		"permit-port-forwarding": "",
		"permit-pty": "",
		"permit-user-rc": ""
	}
}

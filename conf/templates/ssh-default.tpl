{
	"type": {{ .Type | toJson }},
	"keyId": {{ .KeyID | toJson }},
	"principals": {{ .Principals | toJson }},
	"criticalOptions": {{ .CriticalOptions | toJson }},
	"extensions": {{ .Extensions | toJson }}
}

{{- /* Everything as the request has it. Only where whoever asks is trusted with all of it. */ -}}
{{ .Insecure.CR | toJson }}

#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Templates written for step-ca, and the `step` client with --set and --set-file. `step certificate create --template` runs the same template by the real
# libraries: what Signet issues must be the same, byte for byte, but for the parts that no template decides.
use strict;
use warnings;
use Test::More;
use Signet::Test;
use Signet::Clients;
use Signet::DER;

need('step', 'openssl');
hang_guard(600);

my $d = init_daemon();
my $t = scratch();
my ($rc, $out, $err);
is((step($d, 'ca', 'bootstrap', '--ca-url', $d->{url}, '--fingerprint', $d->fingerprint))[0], 0, 'bootstrap');

# name => [template, options of step, names besides the first]
my %templates = (
	'organisation' => [ <<'EOF2', [ '--set', 'organization=Smallbank', '--set', 'organizationalUnit=Cards' ] ],
{
	"subject": {
		"commonName": {{ toJson .Subject.CommonName }},
		"organization": {{ toJson .Insecure.User.organization }},
		"organizationalUnit": {{ toJson .Insecure.User.organizationalUnit }}
	},
	"sans": {{ toJson .SANs }},
{{- if typeIs "*rsa.PublicKey" .Insecure.CR.PublicKey }}
	"keyUsage": ["keyEncipherment", "digitalSignature"],
{{- else }}
	"keyUsage": ["digitalSignature"],
{{- end }}
	"extKeyUsage": ["serverAuth", "clientAuth"]
}
EOF2
	'types of values' => [ <<'EOF2', [ '--set', 'n=17', '--set', 'big=12345678', '--set', 'yes=true', '--set', 'list=["a","b"]', '--set', 'o={"k":"v \u00e9"}', '--set', 'text=1.0.0', '--set', 'nothing=null' ] ],
{
	"subject": {"commonName": {{ toJson .Subject.CommonName }},
		"organizationalUnit": {{ list .Insecure.User.n .Insecure.User.big .Insecure.User.yes .Insecure.User.list .Insecure.User.o .Insecure.User.text .Insecure.User.nothing | toString | toJson }},
		"organization": {{ printf "%T %v %s" .Insecure.User.n .Insecure.User.big (join "+" .Insecure.User.list) | toJson }} },
	"sans": {{ toJson .SANs }},
	"keyUsage": ["digitalSignature"]
}
EOF2
	'extra names' => [ <<'EOF2', [ '--set', 'dnsNames=["b.example.com","c.example.com"]' ], 'uri:x' ],
{{ $names := list }}
{{- range .Insecure.User.dnsNames }}{{ $names = append $names (lower .) }}{{ end -}}
{
	"subject": {{ toJson .Subject }},
	"dnsNames": {{ toJson (concat $names .Insecure.CR.DNSNames | uniq | sortAlpha) }},
	"ipAddresses": {{ toJson .Insecure.CR.IPAddresses }},
	"uris": {{ toJson .Insecure.CR.URIs }},
	"extKeyUsage": ["serverAuth"]
}
EOF2
	'extensions' => [ <<'EOF2', [ '--set', 'serial=SN-42' ] ],
{
	"subject": {{ toJson .Subject }},
	"sans": [{"type":"dns","value":{{ toJson .Subject.CommonName }}}, {"type":"permanentIdentifier","value":{{ toJson .Insecure.User.serial }}}, {"type":"userPrincipalName","value":"jane@example.com"}],
	"keyUsage": ["digitalSignature"],
	"extKeyUsage": ["clientAuth", "emailProtection"],
	"unknownExtKeyUsage": ["1.3.6.1.4.1.311.20.2.2"],
	"policyIdentifiers": ["1.2.3.4.5"],
	"crlDistributionPoints": ["http://crl.example.com/1.crl"],
	"ocspServer": ["http://ocsp.example.com"],
	"issuingCertificateURL": "http://ca.example.com/ca.crt",
	"extensions": [
		{"id": "1.2.3.4.1", "value": {{ asn1Enc (printf "utf8:%s" .Insecure.User.serial) | toJson }}},
		{"id": "1.2.3.4.2", "critical": false, "value": {{ asn1Seq (asn1Enc "int:7") (asn1Enc "oid:1.2.3") (asn1Set (asn1Enc "ia5:x")) | toJson }}}
	]
}
EOF2
	'definitions' => [ <<'EOF2', [ '--set', 'role=db', '--set', 'site=graz' ] ],
{{ define "usage" }}{{ if eq . "db" }}["digitalSignature","keyAgreement"]{{ else }}["digitalSignature"]{{ end }}{{ end -}}
{{- $role := default "none" .Insecure.User.role -}}
{{- with .Insecure.User.site }}{{ if not (regexMatch "^[a-z]{3,8}$" .) }}{{ fail "site" }}{{ end }}{{ end -}}
{
	"subject": {"commonName": {{ printf "%s.%s" $role .Insecure.User.site | toJson }}, "country": ["AT"], "locality": {{ title .Insecure.User.site | toJson }},
		"extraNames": [{"type":"0.9.2342.19200300.100.1.25","value":"example"}]},
	"sans": {{ toJson .SANs }},
	"keyUsage": {{ template "usage" $role }},
	"extKeyUsage": {{ if has $role (list "db" "web") }}["serverAuth"]{{ else }}["clientAuth"]{{ end }}
}
EOF2
);
my $prov = slurp("$d->{dir}/provisioners.d/admin.yaml");
sub install {
	my ($text, $more) = @_;
	spew("$d->{dir}/t.tpl", $text);
	spew("$d->{dir}/provisioners.d/t.yaml", $prov =~ s/^name: .*/name: t/mr . "options:\n  x509:\n    templateFile: t.tpl\n" . ($more // ''));
	my @r = run(signet_bin(), 'reload', '--config', "$d->{dir}/signetd.yaml");
	is($r[0], 0, 'reloaded') or diag(@r);
}
my @by = ('--provisioner', 't', '--provisioner-password-file', "$d->{top}/prov.pw");
sub certificate { my ($name, @args) = @_; return ($rc, $out, $err) = step($d, 'ca', 'certificate', $name, "$t/c.crt", "$t/c.key", '--force', @by, @args) }
sub ou { return (run_ok('openssl', 'x509', '-in', "$t/c.crt", '-noout', '-subject', '-nameopt', 'multiline,utf8,-esc_msb') =~ /organizationalUnitName *= (.*)$/m)[0] }
# What a template decides: not the key's and the issuer's ids, not the provisioner.
sub decided { my ($file) = @_; my $c = cert_fields(first_cert($file)); return ($c->{subject}, [ map { "$_->[0] $_->[1] " . unpack 'H*', $_->[2] } grep { $_->[0] !~ /^2\.5\.29\.(?:14|35)$|37476/ } @{ $c->{exts} } ]) }

for my $what (sort keys %templates) {
	my ($text, $args) = @{ $templates{$what} };
	install($text);
	for my $kind ([ '--kty', 'EC' ], [ '--kty', 'RSA', '--size', '2048' ]) {
		next if "@$kind" =~ /RSA/ && $what eq 'definitions'; # keyAgreement
		certificate('a.example.com', @$args, @$kind, '--san', 'a.example.com', '--san', '192.0.2.9', '--san', 'https://a.example.com/x');
		is($rc, 0, "$what, $kind->[1]: step ca certificate") or diag($err, $d->log_tail) or next;
		is(verify_ok("$t/c.crt", $d->{root}), '', '... openssl verifies it');
		($rc, $out, $err) = step($d, 'certificate', 'create', 'a.example.com', "$t/l.crt", "$t/l.key", '--force', '--template', "$d->{dir}/t.tpl", @$args, @$kind, '--san', 'a.example.com', '--san', '192.0.2.9', '--san', 'https://a.example.com/x',
			'--no-password', '--insecure', '--ca', "$SRC/t/vectors/ca/intermediate.crt", '--ca-key', "$SRC/t/vectors/ca/intermediate.key");
		is($rc, 0, '... step certificate create') or diag($err) or next;
		my @ours = decided("$t/c.crt");
		my @theirs = decided("$t/l.crt");
		is(unpack('H*', $ours[0]), unpack('H*', $theirs[0]), '... the same subject');
		is_deeply($ours[1], $theirs[1], '... the same extensions in the same order') or diag(explain($ours[1], $theirs[1]));
	}
}

# ---- --set-file, tokens, requests ----

install($templates{organisation}[0]);
spew("$t/set.json", '{"organization":"From a file","organizationalUnit":["One","Two"]}');
certificate('a.example.com', '--set-file', "$t/set.json");
is($rc, 0, '--set-file') or diag($err);
like(run_ok('openssl', 'x509', '-in', "$t/c.crt", '-noout', '-subject'), qr/O = From a file, OU = One \+ OU = Two/, '... is .Insecure.User');
certificate('a.example.com', '--set-file', "$t/set.json", '--set', 'organizationalUnit=Three');
is(ou(), 'Three', '--set over it');
run_ok('openssl', 'req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', "$t/r.key", '-out', "$t/r.csr", '-subj', '/CN=a.example.com', '-addext', 'subjectAltName=DNS:a.example.com');
($rc, $out, $err) = step($d, 'ca', 'sign', "$t/r.csr", "$t/c.crt", '--force', @by, '--set', 'organization=Signed', '--set', 'organizationalUnit=x');
is($rc, 0, 'sign --set') or diag($err);
like(run_ok('openssl', 'x509', '-in', "$t/c.crt", '-noout', '-subject'), qr/O = Signed, OU = x/, '... is .Insecure.User');
my $evil = '"}, "basicConstraints":{"isCA":true}, "x":{"y":"';
certificate('a.example.com', '--set', "organization=$evil", '--set', 'organizationalUnit={{ .Token }}');
is($rc, 0, 'T09 an injection') or diag($err);
like(run_ok('openssl', 'x509', '-in', "$t/c.crt", '-noout', '-subject', '-nameopt', 'multiline'), qr/organizationName *= \Q$evil\E\n.*organizationalUnitName *= \{\{ \.Token \}\}\n/s, '... is text');
unlike(cert_text(first_cert("$t/c.crt")), qr/Basic Constraints/, '... and no authority');
install('{"subject":{"commonName":{{ toJson .Subject.CommonName }},"organizationalUnit":{{ printf "%v|%v|%v" .Token.user.role .Token.iss .Env | toJson }}},"sans":{{ toJson .SANs }},"extKeyUsage":["serverAuth"]}', "    templateData: {Env: production}\n");
my $token = step_ok($d, 'ca', 'token', 'a.example.com', @by, '--set', 'role=db');
chomp $token;
push @{ $d->{secrets} }, $token;
($rc, $out, $err) = step($d, 'ca', 'certificate', 'a.example.com', "$t/c.crt", "$t/c.key", '--force', '--token', $token);
is($rc, 0, 'a token made with --set') or diag($err);
is(ou(), 'db|t|production', '... is .Token.user; templateData');

# ---- refused ----

install('{{ if ne .Token.iss "x" }}{{ fail (printf "%s may not have this" .Subject.CommonName) }}{{ end }}');
certificate('a.example.com');
is($rc, 1, 'T11 fail');
like("$out$err", qr/The request could not be completed: a\.example\.com may not have this\./, '... step shows its text');
install('{"subject": {{ toJson .Subject }}, "sans": {{ toJson .SANs }}, "keyUsage": ["certSign"], "basicConstraints": {"isCA": true}}');
certificate('a.example.com');
is($rc, 1, 'an authority');
like("$out$err", qr/the template makes an authority \(CA:TRUE\); the provisioner does not allow 'isCA'/, '... step shows why');
$d->stop;
done_testing;

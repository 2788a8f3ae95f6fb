#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# What a provisioner's template makes of a certificate, against a running daemon: where templates and their data come from, what fails and how much of it
# a client is told, what is forbidden unless it is allowed by name, what a hostile template and hostile data cannot do, lint, weak and blocked keys.
# Rows T01 to T12, X04 to X16 of the list of hostile cases.
use strict;
use warnings;
use Test::More;
use MIME::Base64 qw(encode_base64);
use Digest::SHA qw(sha256_hex);
use POSIX qw(strftime);
use Time::HiRes qw(sleep time);
use Signet::Test;
use Signet::DER;
use Signet::Lifecycle;

need('openssl', 'python3');
hang_guard(600);
my $sanitized = ($ENV{SIGNET_VARIANT} // '') =~ /asan|tsan|valgrind/;

# ---- templates ----

# A template whose certificate is complete; more: further members as text, ou: the text of organizationalUnit.
sub tpl {
	my (%o) = @_;
	my %m = (sans => '{{ toJson .SANs }}', keyUsage => '["digitalSignature"]', extKeyUsage => '["serverAuth","clientAuth"]',
		subject => '{"commonName":{{ toJson .Subject.CommonName }}' . (defined $o{ou} ? ",\"organizationalUnit\":$o{ou}" : '') . '}', %{ $o{set} // {} });
	return ($o{before} // '') . '{' . join(',', map { "\"$_\":$m{$_}" } grep { defined $m{$_} } sort keys %m) . '}';
}
sub ou { my ($expr, %o) = @_; return tpl(ou => "{{ $expr | toJson }}", %o) }
sub x509 { my ($template, %o) = @_; return { options => { x509 => { (defined $template ? (template => $template) : ()), %o } } } }
sub given { my ($oid, $der, $critical) = @_; return sprintf '[{"id":"%s","critical":%s,"value":"%s"}]', $oid, $critical ? 'true' : 'false', encode_base64($der, '') }

my $ca_der = seq("\x01\x01\xff");
my %oid = (serverAuth => '1.3.6.1.5.5.7.3.1', ocspSigning => '1.3.6.1.5.5.7.3.9', any => '2.5.29.37.0');
sub eku { return seq(map { oid_der($oid{$_}) } @_) }

# name => [template, public text of the refusal, word of allow that lets it pass (undef: none is tried)]
my $ca_text = 'the template makes an authority (CA:TRUE)';
my $usage_text = 'the template makes a key usage of authorities';
my $ocsp_text = 'the template makes a signer of OCSP answers';
my $any_text = 'the template makes a certificate for any extended key usage';
my %forbidden = (
	'isca' => [ tpl(set => { basicConstraints => '{"isCA":true,"maxPathLen":0}', keyUsage => '["certSign"]', extKeyUsage => undef }), $ca_text, 'isCA' ],
	'isca-raw' => [ tpl(set => { extensions => given('2.5.29.19', $ca_der, 1), keyUsage => '["certSign"]', extKeyUsage => undef }), $ca_text, 'isCA' ],
	'isca-key' => [ tpl(set => { '"BASICCONSTRAINTS' => '{"IsCA":true}', keyUsage => '["certSign"]' }) =~ s/""BASIC/"BASIC/r, $ca_text ],
	'certsign' => [ tpl(set => { keyUsage => '["digitalSignature","certSign"]' }), $usage_text ],
	'certsign-spelt' => [ tpl(set => { keyUsage => '["digitalSignature","CERT_sign"]' }), $usage_text ],
	'crlsign' => [ tpl(set => { keyUsage => '["crlSign"]' }), $usage_text ],
	'certsign-raw' => [ tpl(set => { extensions => given('2.5.29.15', "\x03\x02\x02\x84", 1) }), $usage_text ],
	'netscape' => [ tpl(set => { extensions => given('2.16.840.1.113730.1.1', "\x03\x02\x00\x07", 0) }), $ca_text ],
	'nameconstraints' => [ tpl(set => { nameConstraints => '{"permittedDNSDomains":["example.com"]}' }), 'the template makes name constraints, which authorities have' ],
	'ocsp' => [ tpl(set => { extKeyUsage => '["ocspSigning"]' }), $ocsp_text, 'ocspSigning' ],
	'ocsp-oid' => [ tpl(set => { extKeyUsage => undef, unknownExtKeyUsage => "[\"$oid{ocspSigning}\"]" }), $ocsp_text, 'ocspSigning' ],
	'ocsp-raw' => [ tpl(set => { extensions => given('2.5.29.37', eku('serverAuth', 'ocspSigning')) }), $ocsp_text, 'ocspSigning' ],
	'any' => [ tpl(set => { extKeyUsage => '["any"]' }), $any_text, 'anyExtendedKeyUsage' ],
	'any-oid' => [ tpl(set => { unknownExtKeyUsage => "[\"$oid{any}\"]" }), $any_text, 'anyExtendedKeyUsage' ],
	'any-raw' => [ tpl(set => { extensions => given('2.5.29.37', eku('serverAuth', 'any')) }), $any_text, 'anyExtendedKeyUsage' ],
);

# Templates that never end, or would take all there is: name => text in front of a good template.
my %hostile = (
	range => '{{ range until 50000000 }}x{{ end }}', untilstep => '{{ range untilStep 0 2000000000 1 }}{{ end }}',
	nested => '{{ range until 10000 }}{{ range until 10000 }}{{ range until 10000 }}{{ end }}{{ end }}{{ end }}',
	'over-int' => '{{ range 2000000000 }}{{ range 2000000000 }}{{ end }}{{ end }}',
	recursion => '{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}',
	mutual => '{{ define "a" }}{{ template "b" . }}{{ template "b" . }}{{ end }}{{ define "b" }}{{ template "a" . }}{{ template "a" . }}{{ end }}{{ template "a" . }}',
	repeat => '{{ repeat 100000000 "x" }}', 'repeat-long' => '{{ repeat 1000000 (repeat 1000 "x") | len }}', seq => '{{ seq 1 10000000 }}',
	random => '{{ randAlphaNum 50000000 }}', indent => '{{ range until 1000 }}{{ indent 100000 "a\nb\nc" }}{{ end }}', nindent => '{{ nindent 100000000 "x" }}',
	double => '{{ $x := "0123456789" }}{{ range until 60 }}{{ $x = print $x $x }}{{ end }}',
	'double-list' => '{{ $x := list 1 2 3 }}{{ range until 60 }}{{ $x = concat $x $x }}{{ end }}',
	'double-map' => '{{ $x := dict }}{{ range until 100000 }}{{ $_ := set $x (toString .) (toJson $x) }}{{ end }}',
	cycle => '{{ $x := dict }}{{ $_ := set $x "x" $x }}{{ toJson $x }}',
	'cycle-print' => '{{ $x := dict }}{{ $_ := set $x "x" $x }}{{ print $x }}',
	deep => '{{ $x := list }}{{ range until 100000 }}{{ $x = list $x }}{{ end }}{{ $x }}',
	'regex-star' => '{{ range until 10000 }}{{ regexMatch "^(a+)+$" (print (repeat 5000 "a") "b") }}{{ end }}',
	'regex-count' => '{{ range until 10000 }}{{ regexMatch "(.*){1,1000}x" (repeat 5000 "a") }}{{ end }}',
	'regex-data' => '{{ regexMatch .Insecure.User.re .Insecure.User.text }}{{ range until 100000000 }}{{ end }}',
	replace => '{{ $x := repeat 1000 "a" }}{{ range until 30 }}{{ $x = replace "a" "aaaa" $x }}{{ end }}',
	width => '{{ range until 1000 }}{{ printf "%1000000d" 1 }}{{ end }}', 'width-star' => '{{ range until 1000 }}{{ printf "%*d" 1000000 1 }}{{ end }}',
	sort => '{{ range until 1000 }}{{ sortAlpha (splitList "" (repeat 10000 "zyx")) | len }}{{ end }}',
	split => '{{ range until 100 }}{{ splitList "" (repeat 1000000 "x") | len }}{{ end }}',
	permute => '{{ range until 100000 }}{{ shuffle (repeat 10000 "ab") }}{{ end }}', wrap => '{{ range until 1000 }}{{ wrap 1 (repeat 100000 "a ") }}{{ end }}',
	'by-data' => '{{ range .Insecure.User.list }}{{ range $.Insecure.User.list }}{{ range $.Insecure.User.list }}{{ end }}{{ end }}{{ end }}',
	'repeat-data' => '{{ repeat (int .Insecure.User.n) "xxxxxxxxxx" }}',
);

my %provs = (
	admin => {}, plain => x509(undef),
	inline => x509(ou('"inline"')), spaced => x509("\n\t  " . ou('"inline"')), base64 => x509(encode_base64(ou('"base64"'), '')),
	folded => x509(encode_base64(ou('"folded"'))), file => x509(undef, templateFile => 'templates/a.tpl'), absolute => x509(undef, templateFile => 'ABSOLUTE'),
	data => x509(ou('printf "%v|%v|%v" .Org .nested.list .Token.sub'), templateData => { Org => 'An "Org"', nested => { list => [ 1, 'a', { x => JSON::PP::null } ] } }),
	cases => x509(ou('printf "%v" .Insecure.User')),
	reserved => x509(ou('printf "%v|%v" (kindOf .Insecure) .Subject.CommonName'), templateData => { Insecure => 'x', Webhooks => 1, Now => 'y' }),
	user => x509(ou('printf "%v|%v|%v|%v|%v" .Insecure.User.n .Insecure.User.big .Insecure.User.o.p .Insecure.User.absent (index .Insecure.User.l 1)')),
	value => x509(ou('.Insecure.User.v')), tokenuser => x509(ou('printf "%v|%v|%v" .Token.user.role .Token.user.n .Token.sub')),
	claims => x509(ou('printf "%v|%v|%v" .Token.iss (join "," .Token.sans) .Token.extra')),
	cr => x509(ou('printf "%s|%s|%T|%s|%v" (index .Insecure.CR.Subject.Organization 0) (index .Insecure.CR.DNSNames 0) .Insecure.CR.PublicKey .Insecure.CR.PublicKeyAlgorithm .Insecure.CR.EmailAddresses')),
	endpoint => x509(ou('.Endpoint')), now => x509(ou('.Now | date "2006-01-02T15:04"')), novalue => x509(ou('printf "%v|%v" .Webhooks .Inventory')),
	raw => x509(tpl(ou => '"{{ .Insecure.User.v }}"')), 'raw-names' => { %{ x509(tpl(ou => '"{{ .Insecure.User.v }}"')), }, policy => { x509 => { allow => { dns => ['host.example.com'] } } } },
	fail => x509('{{ if .Insecure.User.why }}{{ fail .Insecure.User.why }}{{ end }}' . tpl()), 'fail-empty' => x509('{{ fail "" }}' . tpl()),
	# what comes out is no certificate
	map({ ("bad-$_->[0]" => x509($_->[1])) } (
		[ 'text', '{{ "hello" }}' ], [ 'empty', '{{ "" }}' ], [ 'array', '{{ "[]" }}' ], [ 'cut', '{"subject":{"commonName":"secret detail"' ],
		[ 'deep', '{{ repeat 5000 "{\"a\":" }}1' ], [ 'type', tpl(set => { dnsNames => '{"a":1}' }) ], [ 'usage', tpl(set => { extKeyUsage => '["secretAuth"]' }) ],
		[ 'oid', tpl(set => { unknownExtKeyUsage => '["1.2.x"]' }) ], [ 'ext-id', tpl(set => { extensions => '[{"value":"AA=="}]' }) ],
		[ 'ext-value', tpl(set => { extensions => '[{"id":"1.2.3.4","value":"*"}]' }) ], [ 'ip', tpl(set => { ipAddresses => '["1.2.3"]' }) ],
		[ 'field', ou('.Subject.NoSuchField') ], [ 'null', ou('index .Token.sans 99') ], [ 'argument', ou('repeat .Insecure.User.n "x"') ],
		[ 'regex', '{{ mustRegexMatch "(?<=a)b" "x" }}' . tpl() ], [ 'define', '{{ template "none" }}' . tpl() ],
		[ 'date', tpl(set => { notAfter => '"tomorrow"' }) ], [ 'serial', tpl(set => { serialNumber => '0' }) ], [ 'serial-null', tpl(set => { serialNumber => 'null' }) ],
		[ 'serial-negative', tpl(set => { serialNumber => '-5' }) ], [ 'serial-long', tpl(set => { serialNumber => '"0x' . 'f' x 60 . '"' }) ],
		[ 'twice', tpl(set => { extensions => '[{"id":"1.2.3.4","value":"BQA="},{"id":"1.2.3.4","value":"BQA="}]' }) ],
		[ 'alg', tpl(set => { signatureAlgorithm => '"SHA1-RSA"' }) ], [ 'subject', tpl(set => { rawSubject => '"MAAwAA=="' }) ],
		[ 'san-raw', tpl(set => { extensions => given('2.5.29.17', "\x30\x05\x82\x20ab") }) ],
		[ 'large', tpl(set => { extensions => '[{"id":"1.2.3.4","value":"{{ b64enc (repeat 75000 "x") }}"}]' }) ],
		[ 'names', tpl(set => { dnsNames => '[{{ range $i := until 10000 }}{{ if $i }},{{ end }}"h{{ $i }}.example.com"{{ end }}]' }) ],
		[ 'exts', tpl(set => { extensions => '[{{ range $i := until 1000 }}{{ if $i }},{{ end }}{"id":"1.2.3.{{ $i }}","value":"BQA="}{{ end }}]' }) ],
	)),
	many => x509(tpl(set => { dnsNames => '[{{ range $i := until 900 }}{{ if $i }},{{ end }}"h{{ $i }}.example.com"{{ end }}]' })),
	# forbidden, and allowed by name (where the issuer may issue to authorities, too); allowed by another name
	(map { ("deep-$_" => x509($forbidden{$_}[0], allow => ['isCA'])) } qw(isca isca-raw)),
	map({ my ($t, undef, $word) = @{ $forbidden{$_} }; ("no-$_" => x509($t), $word ? ("ok-$_" => { authority => 'soon', %{ x509($t, allow => [$word]) } },
		"other-$_" => x509($t, allow => [ grep { $_ ne $word } qw(isCA ocspSigning anyExtendedKeyUsage notAfterBeyondIssuer validityBeyondClaims noNames) ])) : ()) } keys %forbidden),
	'no-names' => x509(tpl(set => { subject => undef, sans => undef })), 'ok-names' => x509(tpl(set => { subject => undef, sans => undef }), allow => ['noNames']),
	(map { ("life-$_->[0]" => x509(tpl(set => $_->[1]), @$_[2 .. $#$_]), "soon-$_->[0]" => { authority => 'soon', %{ x509(tpl(set => $_->[1]), @$_[2 .. $#$_]) } }) }
		[ 'default', {} ], [ 'hours', { notAfter => '{{ .Now | dateModify "20h" | toJson }}' } ], [ 'days', { notAfter => '{{ .Now | dateModify "48h" | toJson }}' } ],
		[ 'claims', { notAfter => '{{ .Now | dateModify "48h" | toJson }}' }, allow => ['validityBeyondClaims'] ],
		[ 'issuer', { notAfter => '{{ .Now | dateModify "20h" | toJson }}' }, allow => ['notAfterBeyondIssuer'] ],
		[ 'begin', { notBefore => '{{ .Now | dateModify "-1h" | toJson }}', notAfter => '{{ .Now | dateModify "1h" | toJson }}' } ]),
	issuer => x509(tpl(set => { extensions => given('1.3.6.1.4.1.37476.9000.64.1', seq("\x02\x01\x01", tlv(4, 'admin'), tlv(4, 'forged'))) })),
	'issuer-none' => { claims => { disableSmallstepExtensions => JSON::PP::true }, %{ x509(tpl(set => { extensions => given('1.3.6.1.4.1.37476.9000.64.1',
		seq("\x02\x01\x01", tlv(4, 'admin'), tlv(4, 'forged'))) })) } },
	serial => x509(tpl(set => { serialNumber => '{{ toJson .Insecure.User.serial }}' })),
	usage => x509(tpl(set => { keyUsage => '["keyEncipherment"]' })), country => x509(tpl(set => { subject => '{"country":"Austria","commonName":"host.example.com"}' })),
	'san-soft' => x509(tpl(set => { subject => undef, sans => undef, extensions => given('2.5.29.17', seq(tlv(0x82, 'host.example.com'))) })),
	(map { ("tls-$_->[0]" => x509(tpl(set => $_->[1]), lint => 'tls'), "rfc-$_->[0]" => x509(tpl(set => $_->[1]))) }
		[ 'good', { extKeyUsage => '["serverAuth"]' } ], [ 'purpose', { extKeyUsage => '["serverAuth","codeSigning"]' } ], [ 'none', { extKeyUsage => undef } ],
		[ 'cn', { subject => '{"commonName":"other.example.com"}', extKeyUsage => '["serverAuth"]' } ], [ 'mail', { emailAddresses => '["a@example.com"]', extKeyUsage => '["serverAuth"]' } ],
		[ 'private', { ipAddresses => '["10.0.0.1"]', extKeyUsage => '["serverAuth"]' } ]),
	map({ ("h-$_" => x509($hostile{$_} . tpl())) } keys %hostile),
);

# ---- the daemon; the second authority's certificate ends in two hours ----

my $v = "$SRC/t/vectors";
my $d = Signet::Test->new(provisioners => \%provs, config => Signet::Test::yaml_config(store => 'memory', yaml => "blockedKeys: blocked.txt\n") . '');
my $yaml = slurp("$d->{dir}/signetd.yaml");
$yaml =~ s/^(store: .*\n|blockedKeys: .*\n)//mg;
$yaml = "store: {driver: memory, minFree: 1MiB, minFreeRevoke: 1MiB}\nblockedKeys: blocked.txt\n$yaml" . <<'END';
- name: soon
  root: certs/root_ca.crt
  crt: certs/soon.crt
  key: "file:secrets/intermediate_ca.key"
END
spew("$d->{dir}/signetd.yaml", $yaml);
my $root = cert_fields(slurp($d->{root}));
my $soon_end = int time + 7200;
spew("$d->{dir}/certs/soon.crt", to_pem('CERTIFICATE', cert_der(issuer => $root->{subject}, signer => file_key("$v/ca/root.key"), key => file_key("$v/ca/intermediate.key"),
	subject => name_cn('Soon CA'), to => $soon_end, aki => Digest::SHA::sha1(substr $root->{spki}, -65),
	exts => [ ext('2.5.29.19', 1, seq("\x01\x01\xff", "\x02\x01\x01")), ext('2.5.29.15', 1, "\x03\x02\x01\x06") ])));
mkdir "$d->{dir}/templates";
spew("$d->{dir}/templates/a.tpl", "{{- /* from a file */ -}}\n" . ou('"file"'));
my $blocked_key = new_key();
sub spki_hash { my ($key) = @_; return sha256_hex(from_pem(run_ok('openssl', 'pkey', '-in', $key, '-pubout'))) }
spew("$d->{dir}/blocked.txt", "# nobody may use these\n" . spki_hash($blocked_key) . " # made by a broken program\n");
{
	my $f = "$d->{dir}/provisioners.d/absolute.yaml";
	spew($f, slurp($f) =~ s{ABSOLUTE}{$d->{dir}/templates/a.tpl}r);
}
$d->start(wrap => [ 'sh', '-c', 'cd / && exec "$@"', 'sh' ]) or BAIL_OUT('no daemon: ' . $d->log_tail);
$d->ready;

# Of a DER subject: OID => [values].
sub attrs {
	my ($name) = @_;
	my %a;
	for my $set (tlv_list((tlv_read($name))[1])) { for my $attr (tlv_list($set->[1])) { my @p = tlv_list($attr->[1]); push @{ $a{ oid_text($p[0][1]) } }, $p[1][1] } }
	return \%a;
}
my $r;
my $csr = csr_new();
sub ask {
	my ($prov, %o) = @_;
	my %body = (ott => $o{ott} // $d->token(iss => $prov, %{ $o{token} // {} }), csr => $o{csr} // $csr, ($o{user} ? (templateData => $o{user}) : ()), %{ $o{more} // {} });
	return $r = $d->sign(body => JSON::PP->new->ascii->canonical->encode(\%body));
}
sub made { my $c = $r->{status} == 201 ? cert_fields($r->{json}{crt}) : undef; return $c }
sub ou_of { my $c = made() or return "status $r->{status}"; my $a = attrs($c->{subject}); return join '+', @{ $a->{'2.5.4.11'} // [] } }
sub ou_is { my ($name, $prov, $want, %o) = @_; ask($prov, %o); return is(ou_of(), $want, $name) || (diag($r->{body}), 0)[1] }
sub row { my ($id, $prov, $status, $message, %o) = @_; return $d->row($id, ask($prov, %o), $status, $message) }
sub ext_of { my ($oid) = @_; my $c = made() or return (); return grep { $_->[0] eq $oid } @{ $c->{exts} } }

# ---- where templates and data come from ----

ou_is('a template in the file', 'inline', 'inline');
ou_is('... with white space before it', 'spaced', 'inline');
ou_is('base64', 'base64', 'base64');
ou_is('base64 in lines', 'folded', 'folded');
ou_is('templateFile: from the folder of signetd.yaml', 'file', 'file');
ou_is('templateFile: an absolute path', 'absolute', 'file');
ou_is('templateData: at the top level', 'data', 'An "Org"|[1 a map[x:<nil>]]|host.example.com');
ou_is('templateData replaces nothing that the request says', 'reserved', 'map|host.example.com');
ou_is('.Insecure.User', 'user', '7|1.25e+06|deep|<nil>|b', user => { n => 7, big => 1250000, o => { p => 'deep' }, l => [ 'a', 'b' ] });
ou_is('.Insecure.User: a key in another case is another key', 'cases', 'map[TEAM:b o:map[A:1 a:2] team:a]', user => { team => 'a', TEAM => 'b', o => { a => 2, A => 1 } });
ou_is('.Token.user', 'tokenuser', 'db|3|host.example.com', token => { claims => { user => { role => 'db', n => 3 } } });
ou_is('.Token is not the request\'s data', 'tokenuser', '<nil>|<nil>|host.example.com', user => { role => 'db', n => 3, Token => { user => { role => 'evil' } } });
ou_is('.Token: claims', 'claims', 'claims|host.example.com|map[a:1]', token => { claims => { extra => { a => 1 } } });
ou_is('.Insecure.CR', 'cr', 'Example|host.example.com|*ecdsa.PublicKey|ECDSA|[]', csr => csr_new(subject => '/O=Example/CN=host.example.com', san => 'DNS:host.example.com'));
ou_is('.Insecure.CR of an RSA key', 'cr', 'Example|host.example.com|*rsa.PublicKey|RSA|[]', csr => csr_new(kind => 'RSA-2048', subject => '/O=Example/CN=host.example.com', san => 'DNS:host.example.com'));
ask('endpoint');
is(ou_of(), endpoint_of($r), '.Endpoint is the certificate\'s');
like(endpoint_of($r), UUID, '... a UUID');
my $then = time;
ask('now');
my $said = ou_of();
ok((grep { strftime('%Y-%m-%dT%H:%M', gmtime $_) eq $said } $then .. time + 1), '.Now') or diag($said);
ou_is('what there is not has no value', 'novalue', '<nil>|<nil>');
ask('plain', user => { v => 'x', subject => { commonName => 'evil.example.com' }, isCA => JSON::PP::true });
is_deeply(attrs(made()->{subject}), { '2.5.4.3' => ['host.example.com'] }, 'without a template the request\'s data counts for nothing');
row('templateData of the request is no object', 'value', 400, says(400, 'templateData is not an object'), more => { templateData => $_ }) for [1], 'x', 5;

# ---- data stays data ----

my @evil = ('"}, "basicConstraints":{"isCA":true}', '{{ .Token }}', '{{ fail "x" }}', '\\', '\\"', '\\u0022},"isCA":true', "a\nb", "\t", '"', "'", '</script>', '$(id)', '%s%n%d', "\x{2028}",
	"\x{1f600}", '}}', '{{', '{{"', '*/', '<no value>', '""', '","dnsNames":["evil.example.com"],"x":"');
for my $e (@evil) {
	my $name = $e =~ s/[^\x20-\x7e]/?/gr;
	utf8::encode(my $bytes = $e);
	ou_is("T09 data stays data: $name", 'value', $bytes, user => { v => $e });
	my $c = made() or next;
	ok(!ext_of('2.5.29.19'), '... no authority');
	is((ext_of('2.5.29.17'))[0][2], seq(tlv(0x82, 'host.example.com')), '... and no other name');
	ou_is("T12 in a request's subject: $name", 'cr', "$bytes|host.example.com|*ecdsa.PublicKey|ECDSA|[]",
		csr => to_pem('CERTIFICATE REQUEST', csr_der(key => file_key(Signet::Test::csr_key_file()), subject => seq(set_of(seq(oid_der('2.5.4.10'), tlv(0x0c, $bytes))), set_of(seq(oid_der('2.5.4.3'), tlv(0x0c, 'host.example.com')))),
			attrs => ext_request(san_ext(tlv(0x82, 'host.example.com'))))));
}
# A template that writes data raw lets it into the JSON; what comes of it is judged all the same.
row('T09 raw: CA:TRUE', 'raw', 403, says(403, "$ca_text; the provisioner does not allow 'isCA'"), user => { v => '"}, "basicConstraints":{"isCA":true}, "keyUsage":["certSign"], "extKeyUsage":[], "x":{"y":"' });
row('T09 raw: another name', 'raw-names', 403, says(403, 'dns name "evil.example.com" not allowed'), user => { v => '"}, "dnsNames":["evil.example.com"], "x":{"y":"' });
row('T09 raw: an action is text', 'raw', 201, undef, user => { v => '{{ .Token }}' });
is(ou_of(), '{{ .Token }}', '... and is not run');
row('T09 raw: a quote', 'raw', 500, says(500), user => { v => '"' });

# ---- what fails, and what is told ----

for my $why ('you are not on the list', 'with "quotes" and \\', 'a', '100% {{ sure }}', "z\x{fc}rich") {
	ask('fail', user => { why => $why });
	utf8::encode(my $bytes = $why);
	is($r->{status}, 400, "T11 fail: $bytes");
	utf8::decode(my $body = $r->{body});
	is(json_decode($body)->{message}, says(400, $why), '... the client is told exactly that');
}
row('T11 fail: a long text is told as far as there is room', 'fail', 400, qr/^The request could not be completed: x{200,}\.\z/, user => { why => 'x' x 5000 });
row('T11 fail: not reached', 'fail', 201, undef);
row('T11 fail: nothing', 'fail-empty', 500, says(500));
for my $p (sort grep { /^bad-/ } keys %provs) {
	ask($p, user => { n => 3 });
	$d->row("T10 $p", $r, [ 400, 413, 500 ]);
	ok($r->{body} !~ /secret|template|line|ecdsa|json/i && $r->{json}{message} =~ /Please see the certificate authority logs|^The request is too large\.$/, '... the client is told nothing more') or diag($r->{body});
}
for my $p (qw(bad-text bad-empty bad-cut bad-type bad-usage bad-field bad-argument)) { row("T10 $p", $p, 500, says(500), user => { n => 3 }) }
$d->log_like(qr/event=api\.failed .*error applying certificate template: .*NoSuchField/, 'the log has the reason');
row('900 names are fine', 'many', 201, undef);
is(scalar(() = (ext_of('2.5.29.17'))[0][2] =~ /\x82/g) >= 900, 1, '... all of them');

# A token whose request failed at the template is not used up.
{
	my $ott = $d->token(iss => 'fail');
	row('a token, refused by the template', 'fail', 400, undef, ott => $ott, user => { why => 'no' });
	row('... the same token gives a certificate', 'fail', 201, undef, ott => $ott);
	row('... once', 'fail', 401, undef, ott => $ott);
}

# ---- forbidden ----

for my $f (sort keys %forbidden) {
	my (undef, $text, $word) = @{ $forbidden{$f} };
	row("X04 $f: refused", "no-$f", 403, qr/^\Q@{[ says(403, $text) =~ s{\.\z}{}r ]}\E; the provisioner does not allow '\w+'\.\z/);
	next unless $word;
	row("X04 $f: allowed by name", "ok-$f", [ 201, 403 ]);
	ok($r->{status} == 201 || $r->{json}{message} !~ /does not allow/, '... that is no obstacle any more') or diag($r->{body});
	is($r->{status}, 201, '... it is signed') or diag($r->{body});
	row("X04 $f: not by another name", "other-$f", 403, qr/does not allow '$word'\.\z/);
}
row("X04 $_: not below an issuer of path length 0", "deep-$_", 403, qr/path length 0/) for qw(isca isca-raw);
row('no names: refused', 'no-names', [ 400, 403 ]);
row('no names: allowed by name', 'ok-names', 201, undef);
is_deeply([ made() ? (attrs(made()->{subject}), ext_of('2.5.29.17')) : $r->{body} ], [ {} ], '... without a name');
row('what the request asks for is not copied', 'admin', 201, undef, csr => csr_new(ext => [ 'basicConstraints=critical,CA:TRUE', 'keyUsage=keyCertSign', 'extendedKeyUsage=OCSPSigning', 'nameConstraints=permitted;DNS:x' ]));
ok(!ext_of('2.5.29.19') && !ext_of('2.5.29.30') && (ext_of('2.5.29.37'))[0][2] eq seq(oid_der('1.3.6.1.5.5.7.3.1'), oid_der('1.3.6.1.5.5.7.3.2')), '... none of it');

# ---- lifetimes ----

sub life { my ($prov, %o) = @_; ask($prov, %o); my $c = made() or return "status $r->{status}"; return int(($c->{to} - time) / 3600 + 0.5) . 'h' }
is(life('life-default'), '24h', 'lifetime: the default');
is(life('life-hours'), '20h', 'lifetime: the template\'s');
is(life('life-hours', more => { notAfter => '10h' }), '10h', 'lifetime: the request\'s wins');
is(life('life-begin'), '1h', 'lifetime: the template\'s begin');
cmp_ok(abs(made()->{from} - time + 3600), '<', 60, '... an hour ago');
row('X10 template: longer than the claims', 'life-days', 403, qr/is more than the authorized maximum certificate duration of 24h1m0s\.\z/);
is(life('life-claims'), '48h', 'X10 validityBeyondClaims: the template may');
row('X10 ... the request may not', 'life-claims', 403, qr/is more than the authorized maximum/, more => { notAfter => '47h' });
is(life('soon-default'), '2h', 'X10 the default is clipped to the issuer\'s end');
row('X10 template: beyond the issuer', 'soon-hours', 403, qr/is after the expiration of the issuing certificate|outlives its issuer's/);
is(life('soon-issuer'), '20h', 'X10 notAfterBeyondIssuer: the template may');
row('X10 ... the request may not', 'soon-issuer', 403, qr/is after the expiration of the issuing certificate|outlives/, more => { notAfter => '19h' });

# ---- extensions of ours, serial numbers ----

ask('issuer');
my @own = ext_of('1.3.6.1.4.1.37476.9000.64.1');
is(scalar @own, 1, 'the provisioner\'s extension is there once');
is($own[0][2], seq("\x02\x01\x01", tlv(4, 'issuer'), tlv(4, Signet::Test::kid('provisioner'))), '... and says the truth, whatever the template says') if @own;
ask('issuer-none');
is(scalar(ext_of('1.3.6.1.4.1.37476.9000.64.1')), 0, '... also where there is none');
{
	my $serial = '0x11' . '22' x 15;
	row('serialNumber', 'serial', 201, undef, user => { serial => $serial });
	is(unpack('H*', made()->{serial}), substr($serial, 2), '... is the template\'s');
	my $before = $r;
	my $ott = $d->token(iss => 'serial');
	row('serialNumber twice', 'serial', [ 409, 500, 503 ], undef, user => { serial => $serial }, ott => $ott);
	row('... the token is not used up', 'serial', 201, undef, user => { serial => '0x1133' . '22' x 14 }, ott => $ott);
	row('serialNumber as a decimal', 'serial', 201, undef, user => { serial => '18446744073709551616123' });
	my ($rc, $out) = $d->signet('list', '--all', '--json', '--config', "$d->{dir}/signetd.yaml");
	my $n = () = $out =~ /"serialHex":\s*"@{[ substr $serial, 2 ]}"/gi;
	cmp_ok($n, '<=', 1, 'the first certificate is on record, once');
}

# ---- lint ----

row('lint: a key that cannot encipher', 'usage', 403, qr/^The request was forbidden by the certificate authority: the certificate would not conform to RFC 8813 3, RFC 9295 3: /);
row('lint: a country of more than two letters', 'country', 403, qr/would not conform to RFC 5280 A\.1: /);
row('lint: names in an extension that must be critical', 'san-soft', 403, qr/would not conform to RFC 5280 4\.2\.1\.6: /);
$d->log_like(qr/event=api\.refused .*lint: ku_encipher_ec: /, 'the log has the code of the check');
row('lint: rfc5280 does not mind', "rfc-$_", 201, undef) for qw(good purpose none cn mail private);
row('lint: tls takes what is right', 'tls-good', 201, undef);
my %br = (purpose => 'BR 7.1.2.7.10', none => 'BR 7.1.2.7.10', cn => 'BR 7.1.4.3', mail => 'BR 7.1.2.7.12', private => 'BR 4.2.2');
row("lint: tls refuses: $_", "tls-$_", 403, qr/would not conform to \Q$br{$_}\E: /) for sort keys %br;
row('lint: tls: a name that is not public', 'tls-good', 403, qr/would not conform to BR 4\.2\.2: DNS name host\.internal: /, token => { sub => 'host.internal' }, csr => csr_new(cn => 'host.internal'));

# ---- keys ----

row('a blocked key', 'admin', 403, qr/^The request was forbidden by the certificate authority: /, csr => csr_new(key_file => $blocked_key));
my $weak = <<'PYTHON';
import base64, random, sys
rnd = random.SystemRandom()
def prime(n):
    if n < 2 or any(n % p == 0 for p in (3, 5, 7, 11, 13, 17, 19, 23, 29)): return False
    d, s = n - 1, 0
    while d % 2 == 0: d //= 2; s += 1
    for _ in range(12):
        x = pow(rnd.randrange(2, n - 1), d, n)
        if x in (1, n - 1): continue
        for _ in range(s - 1):
            x = x * x % n
            if x == n - 1: break
        else: return False
    return True
def nextp(n, e):
    n |= 1
    while not (prime(n) and (n - 1) % e != 0): n += 2
    return n
def big(e): return nextp(rnd.getrandbits(1024) | 3 << 1022, e)
def roca():
    ps = [p for p in range(2, 702) if all(p % q for q in range(2, int(p ** .5) + 1))]
    m = 1
    for p in ps: m *= p
    while True:
        k = rnd.randrange((3 << 1022) // m, (1 << 1024) // m - 1)
        n = k * m + pow(65537, rnd.randrange(1, m), m)
        if prime(n) and n % 65537 != 1: return n
def length(n): return bytes([n]) if n < 128 else bytes([0x80 | (n.bit_length() + 7) // 8]) + n.to_bytes((n.bit_length() + 7) // 8, 'big')
def integer(v): b = v.to_bytes(v.bit_length() // 8 + 1, 'big'); return b'\x02' + length(len(b)) + b
kind = sys.argv[1]
e = 3 if kind == 'three' else 65537
if kind == 'close': p = big(e); q = nextp(p + 1000, e)
elif kind == 'roca': p, q = roca(), roca()
else: p, q = big(e), big(e)
if p < q: p, q = q, p
d = pow(e, -1, (p - 1) * (q - 1))
body = b''.join(map(integer, (0, p * q, e, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))))
der = b'\x30' + length(len(body)) + body
print('-----BEGIN RSA PRIVATE KEY-----\n' + base64.encodebytes(der).decode() + '-----END RSA PRIVATE KEY-----')
PYTHON
my %why = (three => [ [ 400, 403 ], undef ], close => [ 403, qr/CVE-2022-26320/ ], roca => [ 403, qr/CVE-2017-15361/ ], good => [ 201, undef ]);
for my $kind (qw(good three close roca)) {
	my $key = spew(scratch() . '/rsa.key', run_ok('python3', '-c', $weak, $kind), 0600);
	my $request = csr_new(key_file => $key);
	row("X08 RSA: $kind", 'admin', @{ $why{$kind} }, csr => $request);
	if ($kind eq 'good') { # the same key, blocked from the next reload on
		spew("$d->{dir}/blocked.txt", uc(spki_hash($key)) . "\n");
		run_ok(signet_bin(), 'reload', '--config', "$d->{dir}/signetd.yaml");
		row('blockedKeys: read again on reload', 'admin', 403, undef, csr => $request);
		row('... and what is not listed any more is free', 'admin', 201, undef, csr => csr_new(key_file => $blocked_key));
	}
}
row('X08 RSA of 1024 bits', 'admin', [ 400, 403 ], undef, csr => csr_new(kind => 'RSA-1024'));

# ---- nothing of it is public ----

{
	my $list = '';
	for (my $cursor = '';;) {
		my $page = $d->http('GET', "/provisioners?limit=100&cursor=$cursor");
		$list .= $page->{body};
		last if ($cursor = $page->{json}{nextCursor}) eq '';
	}
	like($list, qr/"name":"data"/, 'GET /provisioners lists them');
	unlike($list, qr/toJson|keyUsage|templateData|templateFile|An \\"Org|policy|blocked|\Q@{[ encode_base64(ou('"base64"'), '') ]}\E/, '... without templates, their data and policies');
}

# ---- hostile ----

for my $h (sort keys %hostile) {
	my %user = (n => 100000000, list => [ (1) x 300 ], re => '^(([a-z])+.)+[A-Z]([a-z])+$', text => 'a' x 30000);
	my @want = $h eq 'cycle' ? (201, undef) : (500, says(500)); # what cannot be JSON is empty text
	row("T02 $h", "h-$h", @want, user => \%user) for 1 .. 2;
}
is($d->http('GET', '/health')->{status}, 200, 'hostile: /health answers');
row('hostile: and certificates are issued', 'admin', 201, undef);
{
	my (%stalls, $text);
	$text = $d->log_settled;
	push @{ $stalls{$1} }, $2 while $text =~ /event=loop\.stall name=(\S+) ms=(\d+)/g;
	diag('stalls: ', map { "$_ " . join(' ', @{ $stalls{$_} }) . '; ' } sort keys %stalls) if %stalls;
	# A machine that takes the processor away stalls any callback now and then: a name counts when it is slow again and again.
	SKIP: {
		skip('a sanitizer slows everything down', 1) if $sanitized;
		is(join(' ', grep { my @long = grep { $_ >= 100 } @{ $stalls{$_} }; @long >= 5 } sort keys %stalls), '', 'hostile: no callback is slow again and again');
	}
	my ($kib) = slurp("/proc/$d->{pid}/status") =~ /^VmHWM:\s+(\d+)/m;
	SKIP: {
		skip('a sanitizer needs memory of its own', 1) if $sanitized;
		cmp_ok($kib, '<', 400 * 1024, 'hostile: memory is bounded');
	}
}

# ---- a mistake in a template: at the start, by --check-config, on reload ----

my %mistakes = ( # name => [text, what is said]
	action => [ "{\n{{ .Subject | toJsn }}\n}", qr/line 2: function "toJsn" not defined/ ], open => [ "{\n\n{{ if }}\n}", qr/line 3\b.*missing value for if/ ],
	end => [ '{ {{ if .X }} }', qr/line 1\b.*unexpected EOF/ ], env => [ '{{ env "HOME" }}{}', qr/function "env" not defined/ ], expandenv => [ '{{ expandenv "$HOME" }}{}', qr/function "expandenv" not defined/ ],
	dns => [ '{{ getHostByName "localhost" }}{}', qr/function "getHostByName" not defined/ ], ca => [ '{{ genCA "x" 1 }}{}', qr/function "genCA" not defined/ ],
	bcrypt => [ '{{ bcrypt "x" }}{}', qr/function "bcrypt" not defined/ ], htpasswd => [ '{{ htpasswd "a" "b" }}{}', qr/function "htpasswd" not defined/ ],
	nesting => [ '{{ if 1 }}' x 50000 . '{{ end }}' x 50000 . '{}', qr/line 1\b.*nested/ ], base64 => [ 'not base64!', qr/neither a template that begins with \{ nor one in base64/ ],
);
my $bad = "$d->{dir}/provisioners.d/zz.yaml";
sub bad_file { my ($x509) = @_; return "type: JWK\nname: zz\nauthority: default\nkey: " . json_encode(Signet::Test::jwk_public('provisioner')) . "\noptions:\n  x509:\n    $x509\n" }
sub check_config { return run(signetd_bin(), '--check-config', '--config', "$d->{dir}/signetd.yaml", '--plugin-dir', plugin_dir()) }
sub reload { return run(signet_bin(), 'reload', '--config', "$d->{dir}/signetd.yaml") }
is((check_config())[0], 0, 'check-config: all is fine') or diag((check_config())[1, 2]);
for my $m (sort keys %mistakes) {
	my ($text, $say) = @{ $mistakes{$m} };
	spew($bad, bad_file('template: ' . json_encode($text)));
	my $want = qr/\Q$bad\E:7: options\.x509\.template: .*$say/;
	for my $how ([ 'check-config', check_config() ], [ 'reload', reload() ]) {
		my ($what, $rc, $out, $err) = @$how;
		is($rc != 0, 1, "T01 $m: refused by $what");
		like("$out$err", $want, '... with file, line, key and place');
	}
	spew("$d->{dir}/templates/bad.tpl", $text);
	next if $m eq 'base64';
	spew($bad, bad_file('templateFile: templates/bad.tpl'));
	my ($rc, $out, $err) = reload();
	like($err, qr{\Q$bad\E:7: options\.x509\.templateFile: templates/bad\.tpl: .*$say}, "T01 $m: in a file, too");
}
for ([ 'templateFile: templates/none.tpl', qr{options\.x509\.templateFile: .*none\.tpl} ], [ "template: '{}'\n    templateFile: templates/a.tpl", qr/one of the two/ ],
	[ "template: '{}'\n    templateData: [1]", qr/options\.x509\.templateData: must be a mapping/ ], [ "template: '{}'\n    allow: [isCa]", qr/options\.x509\.allow: 'isCa' is unknown; there are isCA, / ],
	[ "template: '{}'\n    lint: cabf", qr/options\.x509\.lint: / ], [ "template: '{}'\n    tempalteData: {}", qr/tempalteData: unknown key, did you mean templateData\?/ ]) {
	spew($bad, bad_file($_->[0]));
	my ($rc, $out, $err) = reload();
	my $say = $_->[1];
	is($rc != 0 && $err =~ /^signet: nothing was reloaded: \Q$bad\E:\d+: [^\n]*$say(?:[^\n]*)\n\z/, 1, 'refused: ' . $_->[0] =~ s/\s+/ /gr) or diag($err);
}
ou_is('after all of that the daemon has what it had', 'inline', 'inline');
spew($bad, bad_file("template: '" . ou('bcrypt "x" | len') . "'\n    slowFunctions: true"));
is((reload())[0], 0, 'slowFunctions: bcrypt is there then') or diag(reload());
spew("$d->{dir}/templates/a.tpl", ou('"changed"'));
is((reload())[0], 0, 'a template\'s file changed: reloaded');
ou_is('... and used', 'file', 'changed');
spew("$d->{dir}/templates/a.tpl", '{{');
isnt((reload())[0], 0, 'a template\'s file got a mistake: refused');
ou_is('... the old one stays', 'file', 'changed');
$d->stop;
{
	spew($d->{log}, '');
	is($d->start ? 1 : 0, 0, 'a mistake at the start: it does not run');
	like($d->log_text, qr{provisioners\.d/(?:absolute|file)\.yaml:\d+: options\.x509\.templateFile: .*a\.tpl: line 1\b}, '... and says where');
	$d->stop if $d->{pid};
}
done_testing;

#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# POST /sign: the answer, the certificate byte for byte, lifetimes, keys, how the body is read, odd requests, names.
use strict;
use warnings;
use Test::More;
use Digest::SHA qw(sha1);
use POSIX qw(strftime);
use Compress::Zlib qw(memGzip);
use Signet::Test;
use Signet::DER;

need('openssl');
hang_guard(300);

# ---- two authorities: the second one's certificate ends in two hours ----

my $v = "$SRC/t/vectors";
my %provs = (
	admin => {}, short => { claims => { minTLSCertDuration => '10m', defaultTLSCertDuration => '1h', maxTLSCertDuration => '2h' } },
	plain => { claims => { disableSmallstepExtensions => JSON::PP::true } }, soon => { authority => 'soon' },
);
my $d = Signet::Test->new(provisioners => \%provs, config => Signet::Test::yaml_config(store => 'memory') . <<'EOF');
- name: soon
  root: certs/root_ca.crt
  crt: certs/soon.crt
  key: "file:secrets/intermediate_ca.key"
EOF
# Authorities come last in the file for that.
my $text = slurp("$d->{dir}/signetd.yaml");
$text =~ s/^(store: .*\n)//m and spew("$d->{dir}/signetd.yaml", "$1$text");

my $root = cert_fields(slurp($d->{root}));
my $issuer_pem = slurp("$d->{dir}/certs/intermediate_ca.crt");
my $issuer = cert_fields($issuer_pem);
my $soon_end = time + 7200;
my $soon_pem = to_pem('CERTIFICATE', cert_der(issuer => $root->{subject}, signer => file_key("$v/ca/root.key"),
	key => file_key("$v/ca/intermediate.key"),
	subject => name_cn('Soon CA'), to => $soon_end, aki => sha1(substr $root->{spki}, -65),
	exts => [ ext('2.5.29.19', 1, seq("\x01\x01\xff", "\x02\x01\0")), ext('2.5.29.15', 1, "\x03\x02\x01\x06") ]));
spew("$d->{dir}/certs/soon.crt", $soon_pem);
$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
$d->ready;

my $dir = scratch();
my $csr = csr_new();
my (%serials, $r);

# Asks for a certificate and checks the row. token => {}, csr => PEM, more => {}, body => text.
sub sign_row {
	my ($id, $status, $message, %o) = @_;
	$r = $d->sign(token => $d->token(%{ $o{token} // {} }), csr => $o{csr} // $csr, more => $o{more}, body => $o{body});
	$d->row($id, $r, $status, $message);
	$serials{ cert_fields($r->{json}{crt})->{serial} }++ if $r->{status} == 201;
	return $r->{status} == 201 ? cert_fields($r->{json}{crt}) : undef;
}
sub dns { map { tlv(0x82, $_) } @_ }

# The extensions that a leaf has, in their order.
sub key_id { my ($spki) = @_; return sha1(substr((tlv_list((tlv_read($spki))[1]))[1][1], 1)) }
sub expected_exts {
	my ($c, $names, $prov, %o) = @_;
	return [
		['2.5.29.15', 1, $o{rsa} ? "\x03\x02\x05\xa0" : "\x03\x02\x07\x80"],
		['2.5.29.37', 0, seq(oid_der('1.3.6.1.5.5.7.3.1'), oid_der('1.3.6.1.5.5.7.3.2'))],
		['2.5.29.14', 0, tlv(4, key_id($c->{spki}))],
		['2.5.29.35', 0, seq(tlv(0x80, key_id($issuer->{spki})))],
		['2.5.29.17', 0, seq(@$names)],
		$prov ? ['1.3.6.1.4.1.37476.9000.64.1', 0, seq("\x02\x01\x01", tlv(4, $prov),
			tlv(4, Signet::Test::kid('provisioner')))] : (),
	];
}

# ---- the answer ----

my $before = time;
my $c = sign_row('a certificate', 201, undef);
my $after = time;
is_deeply([ sort keys %{ $r->{json} } ], [qw(ca certChain crt endpoint tlsOptions)], 'members of the answer');
is($r->{headers}{'content-type'}, 'application/json', 'content type');
like($r->{body}, qr/\A\{"crt":"-----BEGIN CERTIFICATE-----\\n[^\n]*\}\n\z/, 'one line, crt first');
is($r->{json}{ca}, $issuer_pem, 'ca is the issuing certificate');
is_deeply($r->{json}{certChain}, [ $r->{json}{crt}, $issuer_pem ], 'certChain: leaf and intermediate, no root');
is($r->{json}{crt}, to_pem('CERTIFICATE', from_pem($r->{json}{crt})), 'PEM of 64 columns with a line end');
like($r->{body},
	qr/"tlsOptions":\{"cipherSuites":\["TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256","TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"\],"minVersion":1\.2,"maxVersion":1\.3,"renegotiation":false\}/,
	'tlsOptions: versions are numbers');
is($d->sign(path => '/1.0/sign', token => $d->token, csr => $csr)->{status}, 201, '/1.0/sign');

is($c->{version}, "\x02\x01\x02", 'version 3');
is(length $c->{serial}, 16, 'serial of 16 bytes');
ok(ord($c->{serial}) < 128, 'serial is positive');
is($c->{alg}, seq(oid_der('1.2.840.10045.4.3.2')), 'ECDSA with SHA-256, no parameters');
is($c->{issuer}, $issuer->{subject}, 'issuer as in its certificate');
is($c->{subject}, name_cn('host.example.com'), 'subject: the common name alone');
is_deeply($c->{exts}, expected_exts($c, [ dns('host.example.com') ],
	'admin'), 'extensions, in order: KU EKU SKI AKI SAN provisioner') or diag(explain($c->{exts}));
cmp_ok($c->{from}, '>=', $before - 60, 'notBefore is back-dated by a minute');
cmp_ok($c->{from}, '<=', $after - 60, '... and no more');
is($c->{to} - $c->{from}, 24 * 3600 + 60, 'lifetime: a day and the back-dating');
my $t = cert_text($r->{json}{crt});
like($t, qr/X509v3 Key Usage: critical\s+Digital Signature\n/, 'openssl: key usage');
like($t, qr/X509v3 Extended Key Usage: ?\n\s+TLS Web Server Authentication, TLS Web Client Authentication\n/,
	'openssl: extended key usage');
like($t, qr/X509v3 Subject Alternative Name: ?\n\s+DNS:host\.example\.com\n/, 'openssl: names');
like($t, qr/1\.3\.6\.1\.4\.1\.37476\.9000\.64\.1: ?\n/, 'openssl: the provisioner, not critical');

$c = sign_row('disableSmallstepExtensions', 201, undef, token => { iss => 'plain' });
is_deeply($c->{exts}, expected_exts($c, [ dns('host.example.com') ]), 'no provisioner extension');
$c = sign_row('no names in the request', 201, undef,
	token => { claims => { sans => [ 'spiffe://a/b', '10.0.0.1', 'host.example.com', 'u@example.com', '2001:db8::1',
	'b.example.com' ] } });
is_deeply($c->{exts}[4], ['2.5.29.17', 0, seq(dns('host.example.com', 'b.example.com'), tlv(0x81, 'u@example.com'), tlv(0x87,
	"\x0a\0\0\x01"),
	tlv(0x87, pack 'H*', '20010db8000000000000000000000001'), tlv(0x86, 'spiffe://a/b'))],
		'the names of the token: DNS, e-mail, IP, URI');

# ---- lifetimes (step-api 1.5) ----

sub rfc { my ($t, $zone) = @_; return strftime('%Y-%m-%dT%H:%M:%S', gmtime $t) . ($zone // 'Z') }
# id, provisioner, notBefore, notAfter, from - now, to - now; the clock may move on by some seconds.
for (['not asked', 'admin', undef, undef, -60, 86400], ['empty', 'admin', '', '', -60, 86400],
	['1h', 'admin', undef, '1h', -60, 3600], ['24h', 'admin', undef, '24h', -60, 86400],
	['4m with the back-dating is 5m', 'admin', undef, '4m', -60, 240], ['in parts', 'admin', undef, '1h30m0.5s', -60, 5400],
	['milliseconds', 'admin', undef, '3600000ms', -60, 3600],
	['microseconds', 'admin', undef, "3600000000\xc2\xb5s", -60, 3600], ['a fraction', 'admin', undef, '1.5h', -60, 5400],
	['a sign', 'admin', undef, '+1h', -60, 3600],
	['later', 'admin', '1h', undef, 3600, 90000], ['later, asked', 'admin', '1h', '2h', 3600, 10800],
	['earlier', 'admin', '-1h', '2h', -3600, 3600], ['earlier, in parts', 'admin', '-1m30s', '1h', -90, 3510],
	['default of the provisioner', 'short', undef, undef, -60, 3600], ['its maximum', 'short', undef, '2h', -60, 7200],
	['its minimum', 'short', undef, '9m', -60, 540],
	['of a short issuer', 'soon', undef, undef, -60, undef], ['within a short issuer', 'soon', undef, '1h', -60, 3600]) {
	my ($id, $prov, $nb, $na, $from, $to) = @$_;
	my $now = time;
	$c = sign_row("X10 $id", 201, undef, token => { iss => $prov }, more => { (defined $nb ? (notBefore => $nb) : ()),
		(defined $na ? (notAfter => $na) : ()) }) or next;
	my $late = time - $now;
	ok(abs($c->{from} - $now - $from - $late / 2) <= 1 + $late / 2, "X10 $id: notBefore") or diag($c->{from} - $now);
	my $end = defined $to ? $c->{to} - $now - $to : $late / 2;
	ok(abs($end - $late / 2) <= 1 + $late / 2, "X10 $id: notAfter") or diag($c->{to} - $now);
	is($c->{to}, $soon_end, "X10 $id: notAfter is the issuer's") unless defined $to;
}
my $base = time + 600;
for (['RFC 3339', rfc($base), rfc($base + 3600)], ['RFC 3339 with nanoseconds', rfc($base, '.123456789Z'),
	rfc($base + 3600, '.999999999Z')],
	['RFC 3339 in a zone', rfc($base + 7200, '+02:00'), rfc($base + 3600 - 5400, '-01:30')],
	['a time and a duration', rfc($base), '1h']) {
	$c = sign_row("X10 $_->[0]", 201, undef, more => { notBefore => $_->[1], notAfter => $_->[2] }) or next;
	is_deeply([ @$c{qw(from to)} ], [ $base, $base + 3600 ], "X10 $_->[0]: as asked");
}
my ($most, $least) = ('is more than the authorized maximum certificate duration of',
	'is less than the authorized minimum certificate duration of');
for (['48h', 'admin', undef, '48h', 403, "requested duration of 48h1m0s $most 24h1m0s"],
	['a second more', 'admin', undef, '24h1s', 403, "requested duration of 24h1m1s $most 24h1m0s"],
	['3m59s', 'admin', undef, '3m59s', 403, "requested duration of 4m59s $least 5m0s"],
	['0', 'admin', undef, '0s', 403, "requested duration of 1m0s $least 5m0s"],
	['with a start: no back-dating', 'admin', '1h', '4m59s', 403, "requested duration of 4m59s $least 5m0s"],
	['with a start', 'admin', '1h', '24h1m1s', 403, "requested duration of 24h1m1s $most 24h1m0s"],
	['under its own minimum', 'short', undef, '8m59s', 403, "requested duration of 9m59s $least 10m0s"],
	['over its own maximum', 'short', undef, '2h0m1s', 403, "requested duration of 2h1m1s $most 2h1m0s"],
	['ten years', 'admin', undef, '87600h', 403, "requested duration of 87600h1m0s $most 24h1m0s"],
	['two centuries', 'admin', undef, '1752000h', 403, qr/ $most 24h1m0s\.\z/],
	['the end of time', 'admin', undef, '9999-12-31T23:59:59Z', 403, qr/ $most 24h1m0s\.\z/],
	['in the past', 'admin', undef, '-1m', 400,
		qr/: notAfter cannot be in the past; na=20\d\d-\d\d-\d\d \d\d:\d\d:\d\d \+0000 UTC\.\z/],
		['long past', 'admin', undef, '2001-01-01T00:00:00Z', 400,
		qr/notAfter cannot be in the past; na=2001-01-01 00:00:00 \+0000 UTC/],
	['end before start', 'admin', '2h', rfc(time + 3600), 400, qr/notAfter cannot be before notBefore; na=/],
	['both past', 'admin', '-3h', '1h', 400, qr/notAfter cannot be in the past/],
	['beyond a short issuer', 'soon', undef, '3h', 403, qr/is after the expiration of the issuing certificate/],
	['starts beyond it', 'soon', '3h', undef, [ 400, 403 ]],
	['starts beyond it, asked', 'soon', '3h', '1h', 403, qr/is after the expiration of the issuing certificate/],
	(map { ["no time: $_", 'admin', undef, $_, 400, qr/^The request could not be completed: / ] } 'tomorrow', '1d', '1h ', ' 1h',
		' ', '1', '-', '1e3s', '1h-1m', '0x10s', '2026-13-01T00:00:00Z', '2026-02-30T00:00:00Z',
		'2026-01-01', '2026-01-01 00:00:00Z', '2026-01-01T00:00:00', '2026-01-01T24:00:00Z', '2026-01-01T00:00:00+24:00',
			'10000-01-01T00:00:00Z', '99999999999999h', '9' x 400 . 'h', "1h\0", '1h"; DROP')) {
	my ($id, $prov, $nb, $na, $status, $say) = @$_;
	sign_row("X10 $id", $status, defined $say && !ref $say ? says($status, $say) : $say, token => { iss => $prov },
		more => { (defined $nb ? (notBefore => $nb) : ()), (defined $na ? (notAfter => $na) : ()) });
}
sign_row('X10 no start: yesterday', 400, undef, more => { notBefore => 'yesterday' });
is(sign_row('X10 the text of the transcripts', 403, undef, more => { notAfter => '48h' }) // $r->{body},
	qq({"status":403,"message":"The request was forbidden by the certificate authority: requested duration of 48h1m0s is more than the authorized maximum certificate duration of 24h1m0s."}\n),
		'... byte for byte');

# ---- keys ----

spew("$dir/root.pem", slurp($d->{root}));
for (['P-256', 'p256'], ['P-384', 'p384'], ['P-521', 'p521'], ['Ed25519', 'ed25519'], ['RSA 2048', 'rsa2048'],
	['RSA 3072', 'rsa3072'], ['RSA 4096', 'rsa4096']) {
	my ($id, $name) = @$_;
	$c = sign_row("key $id", 201, undef, csr => csr_new(key_file => "$v/keys/$name.pem")) or next;
	is_deeply($c->{exts}, expected_exts($c, [ dns('host.example.com') ],
		'admin', rsa => scalar($id =~ /^RSA/)), "key $id: extensions");
	is($c->{spki}, from_pem(slurp("$v/keys/$name.pub.pem")), "key $id: in the certificate");
	spew("$dir/leaf.pem", $r->{json}{crt});
	spew("$dir/chain.pem", $r->{json}{ca});
	my ($rc, $out) = run('openssl', 'verify', '-x509_strict', '-purpose', 'sslserver', '-verify_hostname', 'host.example.com',
		'-CAfile', "$dir/root.pem", '-untrusted', "$dir/chain.pem", "$dir/leaf.pem");
	is($rc, 0, "key $id: openssl verifies the chain") or diag($out);
}
is(sign_row('of the second authority', 201, undef, token => { iss => 'soon' })->{issuer}, name_cn('Soon CA'),
	'issued by the second authority');
is($r->{json}{ca}, $soon_pem, '... with its chain');

# ---- the body (step-api 1.2, S14) ----

my $good = json_encode($csr);
my $bad = json_encode('-----BEGIN X-----');
my $ott = sub { json_encode($d->token) };
my $json_error = says(400, 'error decoding json');
my ($no_csr, $no_ott, $bad_csr) = map { says(400, $_) } 'missing csr', 'missing ott', 'invalid csr';
for (
	['case of the keys', sub { qq({"CSR":$good,"oTt":@{[ $ott->() ]},"NOTAFTER":"1h"}) }, 201],
	['unknown fields', sub { qq({"x":[{"y":null}],"csr":$good,"ott":@{[ $ott->() ]},"z":1.5}) }, 201],
	['data after the first value', sub { qq({"csr":$good,"ott":@{[ $ott->() ]}} {"csr":1} garbage \0\xff) }, 201],
	['white space', sub { qq(\r\n\t {"csr" : $good , "ott":\n@{[ $ott->() ]}}\n\n) }, 201],
	['last duplicate wins: good', sub { qq({"csr":$bad,"csr":$good,"ott":"x","ott":@{[ $ott->() ]}}) }, 201],
	['last duplicate wins: bad csr', sub { qq({"csr":$good,"csr":$bad,"ott":@{[ $ott->() ]}}) }, 400, $bad_csr],
	['last duplicate wins: bad ott', sub { qq({"csr":$good,"ott":@{[ $ott->() ]},"ott":"x"}) }, 401, says(401)],
	['last duplicate wins: case', sub { qq({"CSR":$good,"csr":$bad,"ott":@{[ $ott->() ]}}) }, 400, $bad_csr],
	['last duplicate wins: case, good', sub { qq({"csr":$bad,"Csr":$good,"ott":@{[ $ott->() ]}}) }, 201],
	['escaped key', sub { qq({"\\u0063sr":$good,"ott":@{[ $ott->() ]}}) }, 201],
	['templateData', sub { qq({"csr":$good,"ott":@{[ $ott->() ]},"templateData":{"a":{"b":[1,2]}}}) }, 201],
	['null dates', sub { qq({"csr":$good,"ott":@{[ $ott->() ]},"notAfter":null,"notBefore":null}) }, 201],
	['null', 'null', 400, $no_csr], ['null and more', 'null {}', 400, $no_csr], ['{}', '{}', 400, $no_csr],
	['csr null', '{"csr":null,"ott":"x"}', 400, $no_csr], ['csr empty', '{"csr":"","ott":"x"}', 400, $no_csr],
	['csr "null"', '{"csr":"null","ott":"x"}', 400, $no_csr],
	['csr null after a good one', qq({"csr":$good,"csr":"","ott":"x"}), 400, $no_csr],
	['no ott', qq({"csr":$good}), 400, $no_ott], ['ott empty', qq({"csr":$good,"ott":""}), 400, $no_ott],
	['ott null', qq({"csr":$good,"ott":null}), 400, $no_ott],
	['a bad csr before a missing ott', qq({"csr":$bad}), 400, $bad_csr],
	['a bad csr before a bad ott', qq({"csr":$bad,"ott":"x.y.z"}), 400, $bad_csr],
	['a bad ott before a bad date', qq({"csr":$good,"ott":"x.y.z","notAfter":"x"}), 401, says(401)],
	(map { ["no object: $_", $_, 400, $json_error] } '[]', '"x"', '1', 'true', '[{}]', '', ' ', "\n", '{', '}', '{"csr"',
		'{"csr":}', '{csr:1}', "{'csr':1}", '{"csr":"x",}', '{"csr":"x"', '{"a":1 "b":2}', 'nul', '{"a":01}', '{"a":.5}',
		'{"a":NaN}', '{"a":-}',
		'{"a":"\x"}', '{"a":"\u12"}', "{\"a\":\"line\nbreak\"}", '/* c */ {}', "\xef\xbb\xbf{}", "\0", "{\"a\":\"\xff\"}", '<xml/>',
			'csr=x&ott=y'),
	['lone surrogate', sub { qq({"x":"\\ud800","csr":$good,"ott":@{[ $ott->() ]}}) }, [ 201, 400 ]],
	['1e400', sub { qq({"x":1e400,"csr":$good,"ott":@{[ $ott->() ]}}) }, [ 201, 400 ]],
	(map { ["type: $_", $_, 400, $json_error] } '{"csr":1}', '{"csr":{}}', '{"csr":[]}', '{"csr":true}', qq({"csr":$good,"ott":1}),
		qq({"csr":$good,"ott":[]}), qq({"csr":$good,"ott":{}}), qq({"csr":$good,"ott":"x","notAfter":3600}),
		qq({"csr":$good,"ott":"x","notBefore":[]}), qq({"csr":$good,"ott":"x","notAfter":true})),
	['depth 10,000', '[' x 10000 . ']' x 10000, 400, $json_error],
	['depth 10,000 inside', sub { qq({"x":@{[ '[' x 10000 . ']' x 10000 ]},"csr":$good,"ott":@{[ $ott->() ]}}) }, 400,
		$json_error],
	['20,000 members', sub { '{' . join(',', map { qq("$_":1) } 1 .. 6000) . qq(,"csr":$good,"ott":"x"}) }, 400, $json_error],
	['60 KiB of padding', sub { qq({"x":"@{[ 'x' x 60000 ]}","csr":$good,"ott":@{[ $ott->() ]}}) }, 201],
	['just over 64 KiB', sub { qq({"x":"@{[ 'x' x 65536 ]}","csr":$good,"ott":"x"}) }, 413],
	['10 MiB', '{"x":"' . 'x' x (10 << 20) . '"}', 413],
	['gzip', sub { memGzip(qq({"csr":$good,"ott":@{[ $ott->() ]}})) }, 400, $json_error],
) {
	my ($id, $body, $status, $say) = @$_;
	$id =~ s/[^\x20-\x7e]/?/g;
	sign_row("S14 $id", $status, $say, body => ref $body ? $body->() : $body);
	is(cert_fields($r->{json}{crt})->{to} - cert_fields($r->{json}{crt})->{from}, 3660,
		"S14 $id: notAfter was read") if $id eq 'case of the keys';
}
for (['gzip said', 'Content-Encoding' => 'gzip'], ['text/plain', 'Content-Type' => 'text/plain'],
	['form', 'Content-Type' => 'application/x-www-form-urlencoded'], ['accept', Accept => 'text/html'],
	['method override', 'X-HTTP-Method-Override' => 'GET']) {
	my ($id, %h) = @$_;
	$d->row("header: $id", $d->sign(token => $d->token, csr => $csr, http => { headers => \%h }), 201);
}

# ---- how the request is wrapped ----

(my $crlf = $csr) =~ s/\n/\r\n/g;
(my $label = $csr) =~ s/CERTIFICATE REQUEST/NEW CERTIFICATE REQUEST/g;
(my $any = $csr) =~ s/CERTIFICATE REQUEST/CERTIFICATE/g;
my $der = from_pem($csr);
for (['CRLF', $crlf, 201], ['NEW CERTIFICATE REQUEST', $label, 201], ['another label', $any, 201],
	['text around it', "Subject: x\n\n${csr}the end\n", 201], ['a second block', $csr . to_pem('CERTIFICATE REQUEST', 'x'), 201],
	['no line end', substr($csr, 0, -1), 201], ['DER', $der, [ 400 ]],
	['base64 alone', MIME::Base64::encode_base64($der, ''), 400, $bad_csr], ['base64url', b64u($der), 400, $bad_csr],
	['cut', substr($csr, 0, 300), 400, $bad_csr],
	['a bad first block', to_pem('CERTIFICATE REQUEST', 'x') . $csr, 400, $bad_csr], ['a certificate', $issuer_pem, 400, $bad_csr],
	['a private key', slurp("$v/ca/second.key"), 400, $bad_csr], ['NUL in front', "\0$csr", [ 201, 400 ]],
	['trailing bytes', to_pem('CERTIFICATE REQUEST', "$der\0"), 400, $bad_csr],
	['two in one block', to_pem('CERTIFICATE REQUEST', $der . $der), 400, $bad_csr],
	['bad padding', ($csr =~ s/=*\n-----END/===\n-----END/r), 400, $bad_csr],
	['other alphabet', ($csr =~ s{^M}{-}mr), 400, $bad_csr], ['empty block', to_pem('CERTIFICATE REQUEST', ''), 400, $bad_csr],
	['50 KiB of zeros', to_pem('CERTIFICATE REQUEST', "\0" x 36000), 400, $bad_csr]) {
	sign_row("X03 $_->[0]", $_->[2], $_->[3], csr => $_->[1]);
}

# ---- X01, X03, X05, X06, X08, X09: requests that must not pass. The token is not used up by them. ----

my $token = $d->token(sub => 'a.example.com', claims => { sans => ['a.example.com'] });
for my $file (sort glob "$v/x509/csr-bad-*.der") {
	my ($name) = $file =~ /csr-bad-(.*)\.der$/;
	$r = $d->sign(token => $token, csr => to_pem('CERTIFICATE REQUEST', slurp($file)));
	my $weak = $name eq 'key-rsa1024';
	$d->row("bad request: $name", $r, $weak ? 403 : 400,
		$weak ? qr/^The request was forbidden by the certificate authority/ : $bad_csr);
}
my @mutants = map { my $m = $der; substr($m, $_, 1) = chr(ord(substr $m, $_,
	1) ^ 0x5a); $m } grep { $_ % 3 == 0 } 0 .. length($der) - 1;
my %got;
$got{ $d->sign(token => $token, csr => to_pem('CERTIFICATE REQUEST', $_))->{status} }++ for @mutants;
is_deeply([ sort keys %got ], [400], 'X01 a byte changed anywhere') or diag(explain(\%got));
$r = $d->sign(token => $token, csr => to_pem('CERTIFICATE REQUEST', slurp("$v/x509/csr-good-p256.der")));
$d->row('the token is still good', $r, 201);

my $key = file_key("$v/ca/second.key");
sub made { return to_pem('CERTIFICATE REQUEST', csr_der(key => $key, @_)) }
sub requested { return made(attrs => ext_request(@_)) }
my $big_name = seq(set_of(seq(oid_der('2.5.4.10'), tlv(0x0c, 'x' x 30000))),
	set_of(seq(oid_der('2.5.4.3'), tlv(0x0c, 'host.example.com'))));
for (['X06 100 KiB subject', made(subject => seq(set_of(seq(oid_der('2.5.4.10'), tlv(0x0c, 'x' x 100000))))), [ 400, 413 ]],
	['X06 30 KiB subject', made(subject => $big_name), [ 201, 400 ]],
	['X09 10,000 attributes', made(attrs => seq(oid_der('1.2.840.113549.1.9.7'), set_of(tlv(0x13, 'x'))) x 2000), 400],
	['X09 a long challengePassword', made(attrs => seq(oid_der('1.2.840.113549.1.9.7'), set_of(tlv(0x13, 'x' x 20000)))), [ 201,
		400 ]],
	['X16 10,000 names', requested(san_ext(dns(map { "h$_.example.com" } 1 .. 10000))), 413],
	['X16 1,200 names', requested(san_ext(dns(map { "h$_.example.com" } 1 .. 1200))), 400],
	['X16 900 names, one granted', requested(san_ext(dns(map { "h$_.example.com" } 1 .. 900))), 403],
	['X05 SAN twice', requested(san_ext(dns('host.example.com')), san_ext(dns('host.example.com'))), 400],
	['X05 critical and unknown', requested(ext('1.2.3.4', 1, "\x05\0")), 400]) {
	sign_row($_->[0], $_->[2], undef, csr => $_->[1]);
}

# ---- X04: what a request asks for, and does not get ----

my $san = san_ext(dns('host.example.com'));
for (['CA', ext('2.5.29.19', 1, seq("\x01\x01\xff"))],
	['CA with path length', ext('2.5.29.19', 0, seq("\x01\x01\xff", "\x02\x01\x05"))],
	['keyCertSign', ext('2.5.29.15', 1, "\x03\x02\x01\x06")], ['any EKU', ext('2.5.29.37', 0, seq(oid_der('2.5.29.37.0')))],
	['OCSP and code signing', ext('2.5.29.37', 1, seq(oid_der('1.3.6.1.5.5.7.3.9'), oid_der('1.3.6.1.5.5.7.3.3')))],
	['name constraints', ext('2.5.29.30', 0, seq(tlv(0xa0, seq(tlv(0x82, 'x')))))],
	['policies', ext('2.5.29.32', 0, seq(seq(oid_der('2.5.29.32.0'))))],
	['CRL points', ext('2.5.29.31', 0, seq(seq(tlv(0xa0, tlv(0xa0, tlv(0x86, 'http://evil/crl'))))))],
	['AIA', ext('1.3.6.1.5.5.7.1.1', 0, seq(seq(oid_der('1.3.6.1.5.5.7.48.1'), tlv(0x86, 'http://evil/ocsp'))))],
	['a key id', ext('2.5.29.14', 0, tlv(4, 'x' x 20))],
	['an authority key id', ext('2.5.29.35', 0, seq(tlv(0x80, 'x' x 20)))],
	['a provisioner', ext('1.3.6.1.4.1.37476.9000.64.1', 0, seq("\x02\x01\x01", tlv(4, 'evil'), tlv(4, 'kid')))],
	['OCSP no check', ext('1.3.6.1.5.5.7.48.1.5', 0, "\x05\0")],
	['must staple', ext('1.3.6.1.5.5.7.1.24', 0, seq("\x02\x01\x05"))]) {
	$c = sign_row("X04 $_->[0]", 201, undef, csr => requested($_->[1], $san)) or next;
	is_deeply($c->{exts}, expected_exts($c, [ dns('host.example.com') ],
		'admin'), "X04 $_->[0]: not in the certificate") or diag(explain($c->{exts}));
}

# ---- X06: subjects. The certificate's is the token's, whole. ----

my $g = "$v/x509/csr-good-";
for (['an empty subject', 'rekey', 'a.example.com'], ['multi-valued', 'multi', 'a.example.com'],
	['a CN of 65 characters', 'cn65', 'x' x 65], ['BMPString', 'bmp', "a\xc3\xa9\xe2\x82\xac"],
	['TeletexString', 'teletex', "caf\xc3\xa9"], ['decomposed', 'nfd', "cafe\xcc\x81"],
	['SHA-384 with P-256', 'p256-sha384', 'a.example.com'], ['RSA-PSS', 'pss', 'a.example.com'],
	['a challenge', 'challenge', 'a.example.com']) {
	my ($id, $file, $sub) = @$_;
	# Bytes, so that the token's text is the UTF-8 that it should be.
	my $payload = json_encode({ aud => 'https://localhost/1.0/sign', exp => time + 300, iat => time, nbf => time, iss => 'admin',
		jti => rand_id(), sub => $sub, sans => ['a.example.com'] });
	my $tok = jws_sign(prov_key('provisioner'), { alg => 'ES256', kid => Signet::Test::kid('provisioner') }, $payload);
	$r = $d->sign(token => $tok, csr => to_pem('CERTIFICATE REQUEST', slurp("$g$file.der")));
	$d->row("X06 $id", $r, 201) or next;
	is(cert_fields($r->{json}{crt})->{subject}, name_cn($sub), "X06 $id: subject");
}
for (['composed for decomposed', 'nfd', "caf\xc3\xa9"], ['65 characters cut to 64', 'cn65', 'x' x 64],
	['kinds of names that no token grants', 'types', 'a.example.com']) {
	sign_row("X06 $_->[0]", 403, undef, csr => to_pem('CERTIFICATE REQUEST', slurp("$g$_->[1].der")), token => { sub => $_->[2],
		claims => { sans => ['a.example.com'] } });
}
for (['NUL inside', "host.example.com\0.evil.org", [ 400, 403 ]], ['NUL at the end', "host.example.com\0", [ 400, 403 ]],
	['trailing dot', 'host.example.com.', 403], ['trailing space', 'host.example.com ', 403],
	['leading space', ' host.example.com', 403], ['a line break', "host.example.com\nx", [ 400, 403 ]],
	['of another', 'evil.example.com', 403], ['a part', 'example.com', 403], ['longer', 'host.example.com.evil.org', 403],
	['wildcard', '*.example.com', 403], ['JSON', 'x","isCA":true,"y":"', 403], ['template', '{{ .Token }}', 403],
	['other case', 'HOST.example.com', [ 201, 403 ]]) {
	my ($id, $cn, $status) = @$_;
	$c = sign_row("X06 CN $id", $status, undef, csr => made(subject => name_cn($cn)));
	is($c->{subject}, name_cn('host.example.com'), "X06 CN $id: the token's") if $c;
}
my $two = seq(set_of(seq(oid_der('2.5.4.3'), tlv(0x0c, 'host.example.com'))),
	set_of(seq(oid_der('2.5.4.3'), tlv(0x0c, 'evil.example.com'))));
sign_row('X06 two CNs, one of another', 403, undef, csr => made(subject => $two));
sign_row('X06 two CNs, the other order', 403, undef,
	csr => made(subject => seq(reverse map { $_->[2] } tlv_list((tlv_read($two))[1]))));
$c = sign_row('X06 other attributes', 201, undef,
	csr => csr_new(subject => '/C=CH/O=Evil/OU=x/CN=host.example.com/emailAddress=root@example.com'));
is($c->{subject}, name_cn('host.example.com'), 'X06 other attributes: not in the certificate');

# ---- names (step-api 2.3): of each type that the request has, exactly the token's ----

my @sans = qw(a.example.com b.example.com 10.0.0.1 10.0.0.2 u@example.com w@example.com spiffe://a/b spiffe://a/c);
my %n = (dns => [ dns('a.example.com', 'b.example.com') ], ip => [ map { tlv(0x87, $_) } "\x0a\0\0\x01", "\x0a\0\0\x02" ],
	email => [ map { tlv(0x81, $_) } 'u@example.com', 'w@example.com' ],
	uri => [ map { tlv(0x86, $_) } 'spiffe://a/b', 'spiffe://a/c' ]);
my @all = map { @$_ } @n{qw(dns ip email uri)};
my %extra = (dns => tlv(0x82, 'c.example.com'), ip => tlv(0x87, "\x0a\0\0\x03"), email => tlv(0x81, 'x@example.com'),
	uri => tlv(0x86, 'spiffe://a/d'));
my $issued = ['2.5.29.17', 0, seq(map { @$_ } @n{qw(dns email ip uri)})];
sub names_row {
	my ($id, $status, @names) = @_;
	my $c = sign_row("names: $id", $status, undef, token => { claims => { sans => \@sans } },
		csr => @names ? requested(san_ext(@names)) : made()) or return;
	is_deeply($c->{exts}[4], $issued, "names: $id: the token's names");
}
names_row('all', 201, @all);
names_row('in another order', 201, reverse @all);
names_row('twice', 201, @all, @all);
names_row('none', 201);
for my $type (sort keys %n) {
	my @others = map { @{ $n{$_} } } grep { $_ ne $type } sort keys %n;
	names_row("all of $type", 201, @{ $n{$type} });
	names_row("all but $type", 201, @others);
	names_row("$type missing", 403, @others, $n{$type}[0]);
	names_row("$type missing, alone", 403, $n{$type}[1]);
	names_row("$type added", 403, @all, $extra{$type});
	names_row("$type changed", 403, @others, $n{$type}[0], $extra{$type});
}
names_row('DNS in upper case', [ 201, 403 ], dns('A.EXAMPLE.COM', 'b.example.com'));
names_row('domain of the e-mail in upper case', [ 201, 403 ], tlv(0x81, 'u@EXAMPLE.com'), tlv(0x81, 'w@example.com'));
for (['local part in upper case', tlv(0x81, 'U@example.com'), tlv(0x81, 'w@example.com')],
	['URI in upper case', tlv(0x86, 'spiffe://a/B'), tlv(0x86, 'spiffe://a/c')],
	['URI with an escape', tlv(0x86, 'spiffe://a/%62'), tlv(0x86, 'spiffe://a/c')],
	['IP as DNS', @{ $n{dns} }, tlv(0x82, '10.0.0.1')], ['IP as URI', @{ $n{uri} }, tlv(0x86, '10.0.0.1')],
	['DNS as e-mail', @{ $n{email} }, tlv(0x81, 'a@a.example.com')],
	['IPv4-mapped', tlv(0x87, "\0" x 10 . "\xff\xff\x0a\0\0\x01"), tlv(0x87, "\x0a\0\0\x02")],
	['a wildcard', @{ $n{dns} }, tlv(0x82, '*.example.com')], ['a trailing dot', dns('a.example.com.', 'b.example.com')],
	['otherName', @all, tlv(0xa0, oid_der('1.3.6.1.4.1.311.20.2.3'), tlv(0xa0, tlv(0x0c, 'upn')))],
	['dirName', @all, tlv(0xa4, name_cn('x'))],
	['registered ID', @all, tlv(0x88, "\x2a\x03")], ['x400', @all, tlv(0xa3, seq())],
	['EDI', @all, tlv(0xa5, tlv(0xa1, tlv(0x0c, 'x')))]) {
	my ($id, @names) = @$_;
	names_row($id, [ 400, 403 ], @names);
}
sign_row('X15 an IP in the request alone', 403, undef,
	csr => requested(san_ext(dns('host.example.com'), tlv(0x87, "\x0a\0\0\x01"))));
sign_row('X15 a URI in the request alone', 403, undef, csr => requested(san_ext(tlv(0x86, 'spiffe://a/b'))));
for (['a CN that is a SAN', 'a.example.com'], ['a CN that is an address', '10.0.0.1'], ['a CN that is a URI', 'spiffe://a/b'],
	['a CN that is an e-mail address', 'u@example.com'], ['the subject', 'host.example.com']) {
	$c = sign_row("names: $_->[0]", 201, undef, token => { claims => { sans => \@sans } }, csr => made(subject => name_cn($_->[1]),
		attrs => ext_request(san_ext(@all)))) or next;
	is($c->{subject}, name_cn('host.example.com'), "names: $_->[0]: the subject is the token's");
}
sign_row('names: the CN is not in sans', 403, undef, token => { claims => { sans => \@sans } },
	csr => made(subject => name_cn('c.example.com'), attrs => ext_request(san_ext(@all))));
$c = sign_row('names: a wildcard', 201, undef, token => { sub => '*.example.com' }, csr => made(subject => name_cn('*.example.com'),
	attrs => ext_request(san_ext(dns('*.example.com')))));
is_deeply($c && $c->{exts}[4], ['2.5.29.17', 0, seq(dns('*.example.com'))], 'names: a wildcard is issued');
sign_row('names: below a wildcard', 403, undef, token => { sub => '*.example.com' }, csr => made(subject => name_cn(''),
	attrs => ext_request(san_ext(dns('a.example.com')))));

is_deeply([ grep { $serials{$_} > 1 || length != 16 || ord > 127 } keys %serials ], [],
	'X11 serials: ' . keys(%serials) . ' different ones, 16 bytes, positive');
$d->stop;
done_testing;

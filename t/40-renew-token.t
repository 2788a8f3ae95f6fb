#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# POST /renew with a token that the certificate's own key signed (header x5cInsecure): what is renewed, what is refused (rows J, S08, S10), once each,
# and after the certificate's end, where the provisioner allows it. The daemon's clock is moved.
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(time);
use Digest::SHA qw(sha1 sha256_hex hmac_sha256);
use MIME::Base64 qw(encode_base64);
use Signet::Test;
use Signet::DER;
use Signet::Lifecycle;

need('openssl');
need_hooks();
hang_guard(300);

my $v = "$SRC/t/vectors";
my $d = Signet::Test->new(provisioners => { admin => {}, twin => {}, after => { claims => { allowRenewalAfterExpiry => JSON::PP::true } },
	norenew => { claims => { disableRenewal => JSON::PP::true, allowRenewalAfterExpiry => JSON::PP::true } }, gone => {},
	shrink => { claims => { allowRenewalAfterExpiry => JSON::PP::true } } });
$d->start(env => hook_clock($d)) or BAIL_OUT('no daemon: ' . $d->log_tail);
$d->ready;

my $issuer_pem = slurp("$d->{dir}/certs/intermediate_ca.crt");
my $issuer = cert_fields($issuer_pem);
my $ca_key = file_key("$v/ca/intermediate.key");
my $dir = scratch();
my $sentence = 'error validating renew token';
my $bad_sub = "$sentence: invalid subject claim (sub)";
my $r;

sub certificate {
	my (%o) = @_;
	my ($crt, $key, $answer) = $d->certificate(%o, token => { iss => $o{by} // 'admin', %{ $o{token} // {} } });
	return ($crt, $key, cert_fields($answer->{json}{crt}));
}
# A token of this certificate, sent. A refusal has no standard words around it.
sub row {
	my ($id, $status, $crt, $key, %o) = @_;
	my $token = $o{token} // renew_token($d, $crt, $key, %{ $o{how} // {} });
	$r = renew_by($d, $token, %o);
	$d->row($id, $r, $status, exists $o{message} ? $o{message} : $status eq 401 ? $sentence : undef);
	return $r->{status} == 201 ? cert_fields($r->{json}{crt}) : undef;
}
sub ok_renewed {
	my ($id, $old, $new, $length) = @_;
	$new or return;
	is($new->{subject}, $old->{subject}, "$id: subject");
	is($new->{spki}, $old->{spki}, "$id: key");
	is_deeply([ grep { $_->[0] ne '2.5.29.35' } @{ $new->{exts} } ], [ grep { $_->[0] ne '2.5.29.35' } @{ $old->{exts} } ], "$id: extensions");
	isnt($new->{serial}, $old->{serial}, "$id: another serial");
	is($new->{to} - $new->{from}, $length // $old->{to} - $old->{from}, "$id: lifetime");
}

# ---- what is renewed ----

my ($crt, $key, $old) = certificate();
my $new = row('a certificate', 201, $crt, $key, how => { plain => 1 });
ok_renewed('a certificate', $old, $new);
is_deeply([ sort keys %{ $r->{json} } ], [qw(ca certChain crt endpoint tlsOptions)], 'members of the answer');
ok_renewed("path $_", $old, row("path $_", 201, $crt, $key, path => $_)) for '/1.0/renew', '/re-sign', '/1.0/re-sign';
ok_renewed("scheme $_", $old, row("scheme $_", 201, $crt, $key, scheme => $_)) for 'bearer', 'BEARER', 'Bearer ';
for (['P-256', 'p256'], ['P-384', 'p384'], ['P-521', 'p521'], ['Ed25519', 'ed25519'], ['RSA 2048', 'rsa2048'], ['RSA 4096', 'rsa4096']) {
	my ($c, $k, $before) = certificate(key_file => "$v/keys/$_->[1].pem");
	ok_renewed($_->[0], $before, row("key $_->[0]", 201, $c, $k));
}
for (['a subject that is not in the names', cn => 'some text, with a comma', token => { claims => { sans => ['a.example.com'] } }],
	['all kinds of names', token => { claims => { sans => [qw(host.example.com 10.0.0.1 2001:db8::1 u@example.com spiffe://a/b)] } }],
	['3 KB of names', token => { claims => { sans => [ map { "host-$_.some.long.domain.example.com" } 1 .. 70 ] } }], ['an hour',
		more => { notAfter => '1h' }]) {
	my ($id, %o) = @$_;
	my ($c, $k, $before) = certificate(%o);
	ok_renewed($id, $before, row($id, 201, $c, $k, how => { cn => $o{cn} // 'host.example.com' }));
}
my @leaf = (cert_ders($crt))[0];
ok_renewed('only the leaf in the header', $old, row('only the leaf in the header', 201, $crt, $key, how => { chain => \@leaf }));
ok_renewed('nonsense behind the leaf', $old, row('nonsense behind the leaf', 201, $crt, $key, how => { chain => [ @leaf, 'x', 'y' ] }));
ok_renewed('iss of the provisioner', $old, row('iss of the provisioner', 201, $crt, $key, how => { claims => { iss => 'admin' } }));
ok_renewed('other headers', $old, row('other headers', 201, $crt, $key, how => { header => { kid => undef, typ => undef, x => [1] } }));
ok_renewed('aud a list', $old, row('aud a list', 201, $crt, $key, how => { claims => { aud => [ 'https://x', "$d->{url}/1.0/renew" ] } }));
ok_renewed('any port in aud', $old, row('any port in aud', 201, $crt, $key, how => { claims => { aud => 'https://127.0.0.1:1/renew' } }));
ok_renewed('a body', $old, row('a body', 201, $crt, $key, body => json_encode({ csr => csr_new(cn => 'evil.example.com'), notAfter => '1s' })));

# ---- single use ----

my $token = renew_token($d, $crt, $key);
row('S04 a token', 201, $crt, $key, token => $token);
row('S04 ... again', 401, $crt, $key, token => $token, message => says(401));
row('S04 ... at the other path', 401, $crt, $key, token => $token, path => '/1.0/renew', message => says(401));
{
	my ($h, $p, $s) = split /\./, $token;
	# (r, n - s) is the other spelling of an ECDSA signature.
	my $order = Math::BigInt->from_hex('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
	my $raw = MIME::Base64::decode_base64url($s);
	my $mirror = sprintf '%064s', substr $order->copy->bsub(Math::BigInt->from_hex('0x' . unpack 'H*', substr $raw, 32))->as_hex, 2;
	row('S04 ... with the signature\'s other spelling', 401, $crt, $key, token => "$h.$p." . b64u(substr($raw, 0, 32) . pack 'H*',
		$mirror =~ tr/ /0/r), message => says(401));
	my $id = rand_id();
	row('S04 a jti', 201, $crt, $key, how => { claims => { jti => $id } });
	row('S04 ... in another token', 401, $crt, $key, how => { claims => { jti => $id, iat => int(time) - 5 } }, message => says(401));
	$d->row('S04 ... is not the provisioner\'s', $d->sign(token => $d->token(claims => { jti => $id }), csr => csr_new()), 201);
	my @other = certificate();
	row('S04 ... nor another certificate\'s', 201, @other[0, 1], how => { claims => { jti => $id } });
	$token = renew_token($d, $crt, $key);
	my @socks = map { $d->connect // die } 1 .. 20;
	print $_ "POST /renew HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer $token\r\nContent-Length: 0\r\n\r\n" for @socks;
	my %got;
	$got{ Signet::Test::read_answer($_)->{status} }++ for @socks;
	is_deeply(\%got, { 201 => 1, 401 => 19 }, 'S04 20 times at once');
}

# ---- J: the token ----

my $lenient = sub { $_[0] =~ s/^(.)/$1 eq 'A' ? 'B' : 'A'/er };
row("J01 alg $_", 401, $crt, $key, how => { header => { alg => $_ }, sign => sub { '' } }) for 'none', 'None', 'NONE', '';
row("J01 alg " . json_encode($_) . ", good signature", 401, $crt, $key, how => { header => { alg => $_ } }) for 'none', 'HS256', 'ES384',
	'ES512', 'RS256', 'EdDSA', 'es256', undef, 1, [];
{
	my $public = file_key($key);
	for (['PEM', $public->export_key_pem('public_short')], ['DER', $public->export_key_der('public_short')], ['certificate', $leaf[0]],
		['nothing', '']) {
		my ($what, $secret) = @$_;
		row("J02 HS256 with the $what", 401, $crt, $key, how => { header => { alg => 'HS256' }, sign => sub { hmac_sha256($_[0],
			$secret) } });
	}
}
row('J04 the key of another certificate', 401, $crt, $key, how => { key => "$v/ca/second.key" });
row('J04 ... of another kind', 401, $crt, $key, how => { key => "$v/keys/$_.pem", header => { alg => 'ES256' } }) for qw(p384 ed25519 rsa2048);
row('J04 the CA\'s own key', 401, $crt, $key, how => { key => "$v/ca/intermediate.key" });
row('J06 an own key as jwk', 401, $crt, $key, how => { key => "$v/ca/second.key", header => { jwk => Signet::Test::jwk_public('second') } });
row('J06 x5c instead', 401, $crt, $key, how => { header => { x5c => [ map { encode_base64($_, '') } cert_ders($crt) ], x5cInsecure => undef } });
row('J06 both, and x5c of another', 201, $crt, $key, how => { header => { x5c => ['x'] } });
row('J08 crit', 401, $crt, $key, how => { header => { crit => ['b64'], b64 => JSON::PP::false } });
row('J08 crit that is known', 401, $crt, $key, how => { header => { crit => ['x5cInsecure'] } });
row('J09 alg twice', 401, $crt, $key, how => { raw_header => '{"alg":"none","alg":"ES256","x5cInsecure":["' . encode_base64($leaf[0], '') . '"]}' });
row('J09 x5cInsecure twice', 401, $crt, $key, how => { raw_header => '{"alg":"ES256","x5cInsecure":["' . encode_base64($leaf[0],
	'') . '"],"x5cInsecure":["' . encode_base64($leaf[0], '') . '"]}' });
row('J09 sub twice', 401, $crt, $key, how => { raw_claims => json_encode({ aud => "$d->{url}/renew", exp => int(time) + 300,
	iat => int time, nbf => int time,
	iss => 'step-ca-client/1.0', sub => 'x' }) =~ s/\}$/,"sub":"host.example.com"}/r });
{
	my ($h, $p, $s) = split /\./, renew_token($d, $crt, $key);
	my $raw = MIME::Base64::decode_base64url($s);
	my %bad = ('J10 r = s = 0' => "$h.$p." . b64u("\0" x 64), 'J10 63 bytes' => "$h.$p." . b64u(substr $raw, 1),
		'J10 65 bytes' => "$h.$p." . b64u("\0$raw"), 'J10 nothing' => "$h.$p.",
		'J10 DER' => "$h.$p." . b64u(seq(tlv(2, "\0" . substr $raw, 0, 32), tlv(2, "\0" . substr $raw, 32))),
			'J16 padding' => "$h.$p.$s==", 'J16 +/' => "$h.$p." . $s =~ tr{-_}{+/}r . '+',
		'J16 a space inside' => "$h.$p $p.$s", 'four parts' => "$h.$p.$s.x", 'two parts' => "$h.$p", 'no payload' => "$h..$s",
			'no header' => ".$p.$s", 'one word' => 'x', 'three dots' => '...', 'a bit of the signature' => "$h.$p." . $lenient->($s),
		'a bit of the claims' => "$h." . $lenient->($p) . ".$s", 'J18 8,000 characters of signature' => "$h.$p." . 'A' x 8000,
			'JSON' => '{}', 'a one-time token' => $d->token);
	row($_, 401, $crt, $key, token => $bad{$_}) for sort keys %bad;
	row('... and the good one after all of them', 201, $crt, $key, token => "$h.$p.$s");
}
row('J19 a token of 20 KiB', [ 400, 431 ], $crt, $key, token => 'x' x 20480);
$d->row("J17 payload $_->[0]", renew_by($d, jws_by((Signet::Lifecycle::signer($key))[1], { alg => 'ES256',
	x5cInsecure => [ encode_base64($leaf[0], '') ] }, $_->[1])), 401, $sentence)
	for ['nothing', ''], ['null', 'null'], ['[]', '[]'], ['text', '"x"'], ['depth 2,000', '[' x 2000 . ']' x 2000], ['NaN',
		'{"exp":NaN}'], ['BOM', "\xef\xbb\xbf{}"], ['trailing', '{} x'];

# ---- x5cInsecure ----

row("x5cInsecure $_->[0]", 401, $crt, $key, how => { header => { x5cInsecure => $_->[1] } }) for ['missing', undef], ['empty', []],
	['a text', encode_base64($leaf[0], '')], ['null', [undef]], ['numbers', [1]], ['nested', [ [ encode_base64($leaf[0], '') ] ]],
	['garbage', ['x']], ['empty text', ['']], ['base64url', [ b64u($leaf[0]) ]], ['with line feeds', [ encode_base64($leaf[0]) ]],
		['PEM', [slurp($crt)]], ['cut', [ encode_base64(substr($leaf[0], 0, -1), '') ]], ['a byte more', [ encode_base64("$leaf[0]x", '') ]],
	['the issuer first', [ map { encode_base64($_, '') } reverse cert_ders($crt) ]], ['11 certificates', [ encode_base64($leaf[0], ''),
		('x') x 10 ]], ['the CA', [ encode_base64((cert_ders($issuer_pem))[0], '') ]];

# Made here and signed as told. key: the subject's.
sub forged {
	my (%o) = @_;
	return $o{der} // cert_der(issuer => $issuer->{subject}, signer => $ca_key, key => file_key("$v/ca/second.key"),
		aki => sha1(substr $issuer->{spki}, -65), %o);
}
my $subject_key = "$v/ca/second.key";
row("S08 $_->[0]", 401, $crt, $subject_key,
	how => { chain => [ forged(@$_[1 .. $#$_]) ] }) for ['signed by the intermediate, never recorded'],
	['... with the serial of a recorded one', serial => $old->{serial}],
	['... with subject, serial and dates', serial => $old->{serial}, subject => $old->{subject}, from => $old->{from}, to => $old->{to}],
	['expired', from => time - 7200, to => time - 3600], ['of another CA with the same subject', signer => file_key("$v/ca/other.key")],
	['self-signed', issuer => name_cn('host.example.com'), signer => file_key($subject_key), aki => undef], ['signed by a leaf',
		issuer => $old->{subject}, signer => file_key($key), aki => undef],
	['without extensions', exts => []], ['for servers only', exts => [ ext('2.5.29.15', 1, "\x03\x02\x07\x80"), ext('2.5.29.37', 0,
		seq(oid_der('1.3.6.1.5.5.7.3.1'))) ]],
	['without a usage', exts => [ ext('2.5.29.37', 0, seq()) ]], ['a CA', exts => [ ext('2.5.29.19', 1, seq("\x01\x01\xff")),
		ext('2.5.29.15', 1, "\x03\x02\x01\x06") ]];
{
	# Serial and key of a recorded one, signed by the CA: the holder of the key made other bytes of it.
	my $twin = forged(spki => $old->{spki}, key => undef, serial => $old->{serial}, subject => $old->{subject}, from => $old->{from},
		to => $old->{to} + 86400);
	row('S08 its own key and serial, other dates, signed by the CA', 401, $crt, $key, how => { chain => [$twin] });
	my @parts = tlv_list((tlv_read($leaf[0]))[1]);
	row('S08 the certificate with another signature of its issuer', 401, $crt, $key, how => { chain => [ seq($parts[0][2], $parts[1][2],
		tlv(3, "\0", $ca_key->sign_message($parts[0][2], 'SHA256'))) ] });
	row('S08 the intermediate itself', 401, $crt, "$v/ca/intermediate.key", how => { chain => [ cert_ders($issuer_pem) ], cn => 'x' });
	row('S08 the root itself', 401, $crt, "$v/ca/root.key", how => { chain => [ cert_ders(slurp $d->{root}) ], cn => 'x' });
	my @server = ("$d->{dir}/tls/server.crt", "$d->{dir}/tls/server.key");
	row('S08 the daemon\'s own certificate', 401, @server, message => undef);
}

# ---- claims ----

row("claims: aud $_->[0]", 401, $crt, $key, how => { claims => { aud => $_->[1] } }) for ['of /sign', "$d->{url}/1.0/sign"], ['of /rekey',
	"$d->{url}/1.0/rekey"], ['of SSH', "$d->{url}/1.0/ssh/renew"],
	['another host', 'https://evil.example/renew'], ['http', "http://localhost:$d->{port}/renew"], ['empty', ''], ['missing', undef],
		['none', []], ['a path', '/renew'], ['a number', 1], ['trailing slash', "$d->{url}/renew/"],
	['a query', "$d->{url}/renew?x"], ['legacy', 'step-certificate-authority'];
row("claims: iss $_->[0]", 401, $crt, $key, how => { claims => { iss => $_->[1] } }) for ['missing', undef], ['empty', ''],
	['another provisioner', 'twin'], ['another version', 'step-ca-client/2.0'], ['an unknown one', 'x'];
row("claims: sub $_->[0]", 401, $crt, $key, message => $_->[2] // $bad_sub, how => { claims => { sub => $_->[1] } }) for ['missing', undef,
	qr/^$sentence/], ['empty', '', qr/^$sentence/], ['another name', 'evil.example.com'], ['upper case', 'HOST.example.com'],
	['a space more', 'host.example.com '], ['a NUL and more', "host.example.com\0x", qr/^$sentence/], ['a number', 1, $sentence];
my $now = int time;
row("claims: $_->[0]", 401, $crt, $key, how => { claims => $_->[1] }) for ['expired', { exp => $now - 61, iat => $now - 300,
	nbf => $now - 300 }], ['nbf to come', { nbf => $now + 120 }], ['iat to come', { iat => $now + 120 }],
	['no exp', { exp => undef }], ['exp in ten years', { exp => $now + 315360000 }], ['exp a text', { exp => "$now" }], ['exp negative',
		{ exp => -1 }], ['jti a number', { jti => 1 }];
row("claims: $_->[0]", 201, $crt, $key, how => { claims => $_->[1] }) for ['exp a moment ago', { exp => $now - 20, iat => $now - 300,
	nbf => $now - 300 }], ['nbf in a moment', { nbf => $now + 20 }], ['no nbf', { nbf => undef }];

# ---- the header ----

$d->row("Authorization: $_->[0]", $d->http('POST', '/renew', headers => { Authorization => $_->[1] }), 400, says(400, 'missing client certificate'))
	for ['Basic', 'Basic YTpi'], ['no scheme', renew_token($d, $crt, $key)], ['another word', 'Token ' . renew_token($d, $crt, $key)],
		['nothing behind', 'Bearer'], ['a space behind', 'Bearer '], ['empty', ''];
$d->row('Authorization: Bearer of nothing we know', $d->http('POST', '/renew', headers => { Authorization => 'Bearer x' }), 401, $sentence);
$token = renew_token($d, $crt, $key);
$r = $d->raw("POST /renew HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer $token\r\nauthorization: Bearer $token\r\nContent-Length: 0\r\n\r\n");
$r->{json} = eval { json_decode($r->{body}) };
$d->row('Authorization twice', $r, [ 400, 401 ]);
$d->row('S10 certificate and token', renew($d, $crt, $key, headers => { Authorization => "Bearer $token" }), 401, says(401));
row('... the token was not used up by that', 201, $crt, $key, token => $token);
$token = renew_token($d, $crt, $key);
$d->row('a renew token as ott at /sign', $d->sign(token => $token, csr => csr_new()), 401, says(401));
$d->row('a renew token as ott at /revoke', revoke($d, serial_text($crt), token => $token), 401, says(401));
$d->row('a renew token at /rekey', $d->http('POST', '/rekey', body => json_encode({ csr => csr_new() }),
	headers => { Authorization => "Bearer $token" }), 400,
	says(400, 'missing client certificate'));
row('a token for /sign', 401, $crt, $key, token => $d->token);

# ---- provisioners ----

row('disableRenewal', 401, (certificate(by => 'norenew'))[0, 1], message => says(401));
my @gone = certificate(by => 'gone');
my @shrink = certificate(by => 'shrink');
my @revoked = certificate();
$d->row('revoked', revoke($d, serial_text($revoked[0]), token => revoke_token($d, serial_text($revoked[0]))), 200);
row('S08 revoked', 401, @revoked[0, 1], message => says(401));

# ---- dates: the daemon's clock moves ----

my %five = map { $_ => [ certificate(by => $_, more => { notAfter => '4m' }) ] } qw(admin after norenew);
my @later = certificate(more => { notBefore => '1h', notAfter => '2h' });
row('S08 not valid yet', 401, @later[0, 1], message => says(401));
my $expired = qr/^The request lacked necessary authorization to be completed: certificate expired on \d{4}-\d\d-\d\d/;
sub at { my ($seconds) = @_; set_clock($d, $seconds); return (how => { now => time + $seconds }) }
row('S08 at its last second', 201, @{ $five{admin} }[0, 1], at($five{admin}[2]{to} - int(time) - 1), message => undef);
my $end = $five{admin}[2]{to} - int(time) + 2;
row('S08 expired', 401, @{ $five{admin} }[0, 1], at($end), message => $expired);
$d->row('S08 expired, over mutual TLS', renew($d, @{ $five{admin} }[0, 1]), 0); # no handshake
$d->row('... rekey', rekey($d, @{ $five{admin} }[0, 1], csr_new()), 0);
$d->row('... revoke by itself', revoke($d, serial_text($five{admin}[0]), cert => $five{admin}[0], key => $five{admin}[1]), 0);
ok_renewed('expired, allowed', $five{after}[2], row('S08 expired, allowed', 201, @{ $five{after} }[0, 1], at($end)));
$d->row('... but only by token', renew($d, @{ $five{after} }[0, 1]), 0);
row('S08 expired, allowed, but renewal is not', 401, @{ $five{norenew} }[0, 1], at($end), message => says(401));
$d->row('expired: revoke by token', revoke($d, serial_text($five{after}[0]), token => revoke_token($d, serial_text($five{after}[0]),
	iss => 'after', now => time + $end)), 200);
row('S08 expired, allowed, revoked', 401, @{ $five{after} }[0, 1], at($end), message => says(401));
row('a token of the time before', 401, @{ $five{admin} }[0, 1], token => renew_token($d, @{ $five{admin} }[0, 1], now => time - 3600));
at(0);
set_clock($d, -3600);
row('S08 the clock went back before its beginning', 401, $crt, $key, how => { now => time - 3600 }, message => says(401));
$d->row('... over mutual TLS', renew($d, $crt, $key), 0);
set_clock($d, 0);
row('... and forward again', 201, $crt, $key);

# ---- provisioners that changed; long expired ----

restart($d, change => sub { prov_remove($d, 'gone'); prov_edit($d, 'shrink', claims => { maxTLSCertDuration => '1h',
	allowRenewalAfterExpiry => JSON::PP::true }) });
row('the provisioner is gone', 401, @gone[0, 1], message => says(401));
ok_renewed('its claims shrank', $shrink[2], row('its claims shrank', 201, @shrink[0, 1]), 3660);
ok_renewed('an old one after a restart', $old, row('an old one after a restart', 201, $crt, $key));

# ---- the log ----

$token = renew_token($d, $crt, $key);
row('for the log', 201, $crt, $key, token => $token);
my $serial = serial_text($r->{json}{crt} // '');
my $hash = sha256_hex($token);
$d->log_like(qr/event=http\.request .*path=\/renew .*status=201 .*token=$hash serial=$serial provisioner=admin/,
	'access log: the token\'s hash, serial, provisioner');
$d->log_like(qr/event=cert\.issued serial=$serial .*renewal=true/, 'log: cert.issued');
$d->log_like(qr/event=api\.refused .*route=renew .*err="[^"]*sub/, 'log: what was wrong');
$d->stop;
done_testing;

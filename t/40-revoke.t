#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# POST /revoke by token and by certificate: how the request is read and in which order it is refused (rows S07, S14), who may revoke what, tokens
# (rows J and "OTT binding"), and what a revoked certificate cannot do any more.
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(time);
use Digest::SHA qw(sha1 sha256_hex hmac_sha256);
use Signet::Test;
use Signet::DER;
use Signet::Lifecycle;

need('openssl');
hang_guard(300);

my $v = "$SRC/t/vectors";
my $d = Signet::Test->new(provisioners => { admin => {}, twin => {}, gone => {}, second => { key_name => 'second' },
	norenew => { claims => { disableRenewal => JSON::PP::true } } });
$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
$d->ready;

my $issuer_pem = slurp("$d->{dir}/certs/intermediate_ca.crt");
my $issuer = cert_fields($issuer_pem);
my $ca_key = file_key("$v/ca/intermediate.key");
my $dir = scratch();
my $r;

# A certificate: (file, key file, serial). by => provisioner.
sub certificate {
	my (%o) = @_;
	my $by = $o{by} // 'admin';
	my ($crt, $key) = $d->certificate(%o, token => { iss => $by, $by eq 'second' ? (key => 'second') : (), %{ $o{token} // {} } });
	return ($crt, $key, serial_text($crt));
}
# A request by a token for its serial (or for => another), and what is answered.
sub row {
	my ($id, $status, $message, $serial, %o) = @_;
	my $token = exists $o{token} ? $o{token} : revoke_token($d, $o{for} // $serial, %{ $o{how} // {} });
	$r = revoke($d, $serial, %o, token => $token);
	return $d->row($id, $r, $status, defined $message ? $message : $status == 401 ? says(401) : undef);
}
sub is_done { my ($id) = @_; is($r->{body}, qq({"status":"ok"}\n), "$id: the answer"); is($r->{headers}{'content-type'}, 'application/json',
	"$id: content type") }
sub already { my ($serial) = @_; return says(400, "certificate with serial number '$serial' is already revoked") }

# ---- by token, by certificate ----

my ($crt, $key, $serial) = certificate();
row('by token', 200, undef, $serial);
is_done('by token');
row('again', 400, already($serial), $serial);
row('again, path /1.0', 400, already($serial), $serial, path => '/1.0/revoke');

($crt, $key, $serial) = certificate();
row('path /1.0', 200, undef, $serial, path => '/1.0/revoke');
my @one = certificate(key_file => new_key());
my $body = revoke_body($one[2], more => { reasonCode => 1, reason => 'lost' });
like($body, qr/"ott":""/, 'the body as `step` sends it has an empty ott');
$d->row('by certificate', revoke($d, $one[2], body => $body, cert => $one[0], key => $one[1]), 200);
$d->row('by certificate, again', revoke($d, $one[2], body => $body, cert => $one[0], key => $one[1]), [ 400, 401 ]);
@one = certificate();
$d->row('by certificate, path /1.0', revoke($d, $one[2], path => '/1.0/revoke', cert => $one[0], key => $one[1]), 200);
@one = certificate();
$d->row('by certificate, no member ott', revoke($d, $one[2], more => { ott => undef }, cert => $one[0], key => $one[1]), 200);
@one = certificate();
my @two = certificate();
$d->row('S07 by certificate, another serial', revoke($d, $two[2], cert => $one[0], key => $one[1]), 403,
	says(403, qq(request serial number "$two[2]" and certificate serial number "$one[2]" do not match)));
$d->row('S07 ... by its own in hexadecimal', revoke($d, '0x' . unpack('H*', cert_fields(slurp $one[0])->{serial}), cert => $one[0],
	key => $one[1]), 200);
row('neither was touched: the other one by token', 200, undef, $two[2]);
@one = certificate();
$d->row('S10 certificate and token', revoke($d, $one[2], token => revoke_token($d, $one[2]), cert => $one[0], key => $one[1]), 401, says(401));
$d->row('S10 certificate and garbage as token', revoke($d, $one[2], token => 'x', cert => $one[0], key => $one[1]), 401, says(401));
row('S10 it was not revoked by that', 200, undef, $one[2]);
$d->row('S07 neither token nor certificate', revoke($d, $one[2]), 400, says(400, 'missing ott or client certificate'));
$d->row('GET', $d->http('GET', '/revoke'), 405);

# ---- the serial ----

@one = certificate();
my $hex = unpack 'H*', cert_fields(slurp $one[0])->{serial};
sub not_a_serial { says(400, "'$_[0]' is not a valid serial number - use a base 10 representation or a base 16 representation with '0x' prefix") }
for my $bad ('0', '00', '-1', "-$one[2]", "+$one[2]", '0x', '0X' . $hex, "0x$hex ", " $one[2]", "0x0x$hex", '0b1', '0o17', '017',
	"0$one[2]", '1_000', '1e3', '1.0', 'x', $hex =~ /[a-f]/ ? $hex : "a$hex",
	"$one[2]g", '0xg', "0x-$hex", '2' x 49, '0x' . '1' x 41) {
	row("S07 serial '$bad'", 400, not_a_serial($bad), $bad, token => 'x');
}
row('S07 a serial of 1,000 digits', 400, qr/^The request could not be completed: '1{80}' is not a valid serial number/, '1' x 1000, token => 'x');
row('S07 a serial of an Arabic digit', 400, qr/is not a valid serial number/, "\x{661}", token => 'x');
row('S07 a serial with a NUL', 400, qr/is not a valid serial number/, "1\0", token => 'x');
row('S07 no serial', 400, says(400, 'missing serial'), '', token => 'x');
row('S07 serial null', 400, says(400, 'missing serial'), undef, token => 'x', more => { serial => undef });
row('S07 token for the decimal, serial in hexadecimal with zeros', 200, undef, "0x0000$hex", for => $one[2]);
@one = certificate();
$hex = unpack 'H*', cert_fields(slurp $one[0])->{serial};
row('S07 hexadecimal in capitals', 200, undef, '0x' . uc $hex, for => $one[2]);
@one = certificate();
$hex = unpack 'H*', cert_fields(slurp $one[0])->{serial};
row('S07 the token names it in hexadecimal', 403, says(403, qq(request serial number "$one[2]" and token subject "0x$hex" do not match)),
	$one[2], for => "0x$hex");
row('S07 ... both do', 403, undef, "0x$hex", for => "0x$hex");
row('S07 token for another serial', 403, qr/request serial number "$one[2]" and token subject "$two[2]" do not match/, $one[2], for => $two[2]);
row('S07 token subject ' . json_encode($_), 403, qr/ do not match\.$/, $one[2], for => $_) for "0$one[2]", " $one[2]", "$one[2] ", 'admin', "x\"<\n>", '7' x 500;

# ---- the rest of the body, and the order of the checks ----

my $n = 0;
sub body_row {
	my ($id, $status, $message, $text) = @_;
	$d->row("body: $id", $d->http('POST', '/revoke', body => $text), $status, $message);
}
my $oob = says(400, 'reasonCode out of bounds');
my $bad_json = says(400, 'error decoding json');
row("reason $_", 400, $oob, $one[2], more => { reasonCode => $_ }) for -1, 7, 11, 255, -2147483649, 9007199254740993;
row("reason $_->[0]", 400, $bad_json, $one[2], more => { reasonCode => $_->[1] }) for ['"x"', 'x'], ['"1"', '1'], ['1.5', 1.5], ['true',
	JSON::PP::true], ['[]', []], ['{}', {}];
body_row('reason 1.0', 400, $bad_json, qq({"serial":"$one[2]","reasonCode":1.0,"passive":true}));
body_row('reason 1e0', 400, $bad_json, qq({"serial":"$one[2]","reasonCode":1e0,"passive":true}));
body_row('reason beyond 64 bits', 400, $bad_json, qq({"serial":"$one[2]","reasonCode":18446744073709551616,"passive":true}));
row("passive $_->[0]", 501, says(501, 'non-passive revocation not implemented'), $one[2], more => { passive => $_->[1] }) for ['false',
	JSON::PP::false], ['null', undef];
body_row('passive missing', 501, says(501, 'non-passive revocation not implemented'), qq({"serial":"$one[2]","ott":"x"}));
row("passive $_->[0]", 400, $bad_json, $one[2], more => { passive => $_->[1] }) for ['"true"', 'true'], ['1', 1], ['[]', []];
row('a text of 1,001 bytes', 400, undef, $one[2], more => { reason => 'x' x 1001 });
row('a text with a NUL', 400, undef, $one[2], more => { reason => "a\0b" });
row('a text that is a number', 400, $bad_json, $one[2], more => { reason => 5 });
body_row("$_->[0]", 400, $_->[2] // $bad_json, $_->[1]) for ['empty', ''], ['null', 'null', says(400, 'missing serial')], ['{}', '{}',
	says(400, 'missing serial')],
	['[]', '[]'], ['a list', '["1"]'], ['a number', '1'], ['a text', '"x"'], ['cut', '{"serial":"1"'], ['garbage', "\0\xff"], ['a BOM',
		"\xef\xbb\xbf{}"],
	['10,000 brackets', '[' x 10000], ['10,000 objects', '{"a":' x 10000], ['serial a number', '{"serial":12,"passive":true}'],
		['ott a number', '{"serial":"12","ott":1,"passive":true}'],
	['NaN', '{"serial":"12","reasonCode":NaN}'], ['1e400', '{"serial":"12","reasonCode":1e400,"passive":true}'];
body_row('65 KiB', 413, undef, '{"serial":"' . '1' x 66000 . '"}');
{
	my $s = $d->connect;
	local $SIG{PIPE} = 'IGNORE';
	print $s "POST /revoke HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10485760\r\n\r\n";
	print $s 'x' x 16384 or last for 1 .. 640;
	my $answer = Signet::Test::read_answer($s);
	$d->row('S14 body of 10 MiB', $answer, [ 0, 413 ]);
	close $s;
}
# What is missing comes before what is out of bounds, that before what is not done, that before who asks.
body_row('order: serial before reason', 400, says(400, 'missing serial'), '{"reasonCode":99}');
body_row('order: bad serial before reason', 400, not_a_serial('x'), '{"serial":"x","reasonCode":99}');
body_row('order: reason before passive', 400, $oob, '{"serial":"1","reasonCode":99}');
body_row('order: passive before token', 501, undef, '{"serial":"1","ott":"garbage"}');
body_row('order: token before its serial', 401, says(401), qq({"serial":"1","ott":"garbage","passive":true}));
row('order: token before unknown serial', 401, undef, '12345', how => { key => 'other', kid_of => 'provisioner' });
row('order: another serial before unknown serial', 403, undef, '12345', for => '12346');
row('keys in any case, the last one wins, what follows is ignored', 200, undef, $one[2],
	body => sprintf('{"SERIAL":"1","Serial":"%s","OTT":"%s","PASSIVE":true,"reasoncode":4,"unknown":[1]} {"serial":"2"}', $one[2],
		revoke_token($d, $one[2])));

# Every reason that there is.
for my $reason (0 .. 6, 8 .. 10) {
	my @c = certificate(key_file => new_key());
	row("reason $reason", 200, undef, $c[2], more => { reasonCode => $reason, reason => "text of $reason" });
}
@one = certificate(key_file => new_key());
row('a text of 1,000 bytes', 200, undef, $one[2], more => { reason => "\x{e9}" x 500 });
@one = certificate();
row('reasonCode and reason null', 200, undef, $one[2], more => { reasonCode => undef, reason => undef });

# ---- who may ----

@one = certificate();
row('another provisioner with the same key', 403, undef, $one[2], how => { iss => 'twin' });
row('another provisioner', 403, undef, $one[2], how => { iss => 'second', key => 'second' });
row('the key of another provisioner', 401, undef, $one[2], how => { key => 'second', kid_of => 'provisioner' });
row('S03 iss switched', 401, undef, $one[2], how => { iss => 'second', kid_of => 'provisioner' });
row('an unknown provisioner', 401, undef, $one[2], how => { iss => 'nobody' });
@two = certificate(by => 'second');
row('the provisioner that issued it', 200, undef, $two[2], how => { iss => 'second', key => 'second' });
@two = certificate(by => 'norenew');
row('disableRenewal does not hinder it', 200, undef, $two[2], how => { iss => 'norenew' });
$d->row('... nor by certificate', revoke($d, (certificate(by => 'norenew'))[2], cert => $two[0], key => $two[1]), 403);

# ---- serials that were never issued here ----

for my $unknown ('1', '12345', '340282366920938463463374607431768211455', '1461501637330902918203684832716283019655932542975') {
	my $id = rand_id();
	my %how = (claims => { jti => $id });
	my $message = qr/^certificate with serial number '$unknown' was not issued here/;
	row("never issued: $unknown", 404, $message, $unknown, how => \%how);
	# The token was not used up, and nothing is stored: the same id works again, here and for another purpose.
	row("never issued: $unknown, the token once more", 404, $message, $unknown, token => revoke_token($d, $unknown, %how));
	$d->row("never issued: $unknown, its id at /sign", $d->sign(token => $d->token(claims => { jti => $id }), csr => csr_new()), 201);
}
{
	# Signed by the CA's own key and never recorded: known to nobody, and not believed.
	my $der = cert_der(issuer => $issuer->{subject}, signer => $ca_key, key => file_key("$v/ca/second.key"),
		aki => sha1(substr $issuer->{spki}, -65));
	my $pem = to_pem('CERTIFICATE', $der);
	spew("$dir/forged.crt", $pem . $issuer_pem);
	row('forged, by token', 404, undef, serial_text($pem));
	$d->row('forged, by certificate', revoke($d, serial_text($pem), cert => "$dir/forged.crt", key => "$v/ca/second.key"), 404);
	# With the serial and the key of a recorded one, signed by the CA's key: other bytes.
	@one = certificate();
	my $old = cert_fields(slurp $one[0]);
	$pem = to_pem('CERTIFICATE', cert_der(issuer => $issuer->{subject}, signer => $ca_key, spki => $old->{spki},
		serial => $old->{serial}, subject => $old->{subject},
		from => $old->{from}, to => $old->{to}, aki => sha1(substr $issuer->{spki}, -65)));
	spew("$dir/forged.crt", $pem . $issuer_pem);
	$d->row('a forged twin, by certificate', revoke($d, $one[2], cert => "$dir/forged.crt", key => $one[1]), 401, says(401));
	my @parts = tlv_list((tlv_read(from_pem(slurp $one[0])))[1]);
	spew("$dir/forged.crt", to_pem('CERTIFICATE', seq($parts[0][2], $parts[1][2], tlv(3, "\0", $ca_key->sign_message($parts[0][2],
		'SHA256')))) . $issuer_pem);
	$d->row('the very certificate with another signature of its issuer', revoke($d, $one[2], cert => "$dir/forged.crt", key => $one[1]),
		401, says(401));
	$d->row('the real one', revoke($d, $one[2], cert => $one[0], key => $one[1]), 200);
}
my @server = ("$d->{dir}/tls/server.crt", "$d->{dir}/tls/server.key");
row('the daemon\'s own certificate, by token', [ 403, 404 ], undef, serial_text($server[0]));

# ---- tokens: what is refused before and after the signature, single use ----

@one = certificate();
my $other_aud = sub { my ($aud, %o) = @_; return (how => { claims => { aud => $aud, %o } }) };
row("J27 aud $_->[0]", 401, undef, $one[2], $other_aud->($_->[1])) for ['of /sign', "$d->{url}/1.0/sign"], ['of /sign without version',
	"$d->{url}/sign"], ['of /renew', "$d->{url}/renew"],
	['of SSH', "$d->{url}/1.0/ssh/revoke"], ['other host', 'https://evil.example/1.0/revoke'], ['http',
		"http://localhost:$d->{port}/1.0/revoke"], ['empty', ''], ['a list of none', []],
	['null', undef], ['a path', '/1.0/revoke'], ['trailing slash', "$d->{url}/1.0/revoke/"], ['a number', 7], ['fragment of ACME',
		"$d->{url}/1.0/revoke#acme/acme"];
row('J27 a token for /sign', 401, undef, $one[2], token => $d->token(sub => $one[2]));
row("J27 $_->[0]", 401, undef, $one[2], how => { claims => $_->[1] }) for ['expired', { exp => int(time) - 61, iat => int(time) - 300,
	nbf => int(time) - 300 }], ['nbf to come', { nbf => int(time) + 120 }],
	['iat to come', { iat => int(time) + 120 }], ['no exp', { exp => undef }], ['exp in ten years', { exp => int(time) + 315360000 }],
		['exp a text', { exp => 'x' }], ['no sub', { sub => undef }], ['sub empty', { sub => '' }],
	['sub a number', { sub => 12 }], ['iss missing', { iss => undef }], ['jti a number', { jti => 12 }];
{
	my $kid = Signet::Test::kid('provisioner');
	my %c = (aud => "$d->{url}/1.0/revoke", exp => int(time) + 300, iat => int time, nbf => int time, iss => 'admin', jti => rand_id(),
		sub => $one[2]);
	my $es256 = sub { prov_key('provisioner')->sign_message_rfc7518($_[0], 'SHA256') };
	my $public = prov_key('provisioner')->export_key_pem('public_short');
	my $good = jws_by($es256, { alg => 'ES256', kid => $kid }, \%c);
	my ($h, $p, $s) = split /\./, $good;
	my %bad = ('J01 alg none, no signature' => jws_by(sub { '' }, { alg => 'none', kid => $kid }, \%c), 'J01 alg None' => jws_by($es256,
		{ alg => 'None', kid => $kid }, \%c),
		'J02 HS256 with the public key' => jws_by(sub { hmac_sha256($_[0], $public) }, { alg => 'HS256', kid => $kid }, \%c),
		'J04 ES384 said' => jws_by($es256, { alg => 'ES384', kid => $kid }, \%c),
			'J06 an own key as jwk' => jws_by(sub { prov_key('other')->sign_message_rfc7518($_[0], 'SHA256') },
			{ alg => 'ES256', kid => $kid, jwk => Signet::Test::jwk_public('other') }, \%c), 'J08 crit' => jws_by($es256,
				{ alg => 'ES256', kid => $kid, crit => ['b64'], b64 => JSON::PP::false }, \%c),
		'J09 alg twice' => jws_by($es256, qq({"alg":"none","alg":"ES256","kid":"$kid"}), \%c), 'J09 claims twice' => jws_by($es256,
			{ alg => 'ES256', kid => $kid }, json_encode(\%c) =~ s/\}$/,"sub":"1"}/r),
		'J10 r = s = 0' => "$h.$p." . b64u("\0" x 64), 'J10 63 bytes' => "$h.$p." . substr($s, 0, 84), 'J16 padding' => "$good==",
			'J16 a line feed' => "$good\n", 'four parts' => "$good.x", 'two parts' => "$h.$p", 'no payload' => "$h..$s",
		'J18 a signature of 21,830 characters' => "$h.$p." . 'A' x 21830, 'garbage' => 'garbage',
			'a bit of the signature' => "$h.$p." . ($s =~ s/^(.)/$1 eq 'A' ? 'B' : 'A'/er));
	row("$_", 401, undef, $one[2], token => $bad{$_}) for sort keys %bad;
	push @{ $d->{secrets} }, $good;
	row('... and the good one with the same id, after all of them', 200, undef, $one[2], token => $good);
	row('J27 the token again', 401, undef, $one[2], token => $good);
}
# One id, both purposes: whichever comes first uses it up.
{
	my $id = rand_id();
	@one = certificate();
	$d->row('S04 an id at /sign', $d->sign(token => $d->token(claims => { jti => $id }), csr => csr_new()), 201);
	row('S04 ... then at /revoke', 401, undef, $one[2], how => { claims => { jti => $id } });
	$id = rand_id();
	row('S04 an id at /revoke', 200, undef, $one[2], how => { claims => { jti => $id } });
	$d->row('S04 ... then at /sign', $d->sign(token => $d->token(claims => { jti => $id }), csr => csr_new()), 401, says(401));
	@one = certificate();
	$d->row('a token for /revoke at /sign', $d->sign(token => revoke_token($d, $one[2]), csr => csr_new()), 401, says(401));
	# A refusal after the signature uses nothing up.
	$id = rand_id();
	row('a token for another serial', 403, undef, $two[2], for => $one[2], how => { claims => { jti => $id } });
	row('... is still good for its own', 200, undef, $one[2], how => { claims => { jti => $id } });
	@one = certificate();
	$id = rand_id();
	row('of another provisioner\'s certificate', 403, undef, $one[2], how => { iss => 'twin', claims => { jti => $id } });
	@two = certificate(by => 'twin');
	row('... its id is still good', 200, undef, $two[2], how => { iss => 'twin', claims => { jti => $id } });
}

# ---- many at once ----

for my $kind ('one token', 'a token each', 'the certificate') {
	@one = certificate();
	my $token = revoke_token($d, $one[2]);
	my @socks = map { $d->connect($kind eq 'the certificate' ? (cert => $one[0], key => $one[1]) : ()) // die } 1 .. 20;
	for (@socks) {
		my $b = revoke_body($one[2], token => $kind eq 'the certificate' ? '' : $kind eq 'one token' ? $token : revoke_token($d, $one[2]));
		print $_ "POST /revoke HTTP/1.1\r\nHost: localhost\r\nContent-Length: " . length($b) . "\r\n\r\n$b";
	}
	my %got;
	$got{ Signet::Test::read_answer($_)->{status} }++ for @socks;
	is($got{200}, 1, "20 at once, $kind: one is done") or diag(join ' ', %got);
	is(($got{400} // 0) + ($got{401} // 0), 19, "20 at once, $kind: the others are refused") or diag(join ' ', %got);
}

# ---- what a revoked certificate cannot do ----

@one = certificate(key_file => new_key());
@two = certificate(key_file => $one[1]);
my $renewed = renew($d, @one[0, 1]);
$d->row('before: renewal', $renewed, 201);
spew("$dir/renewed.crt", join '', @{ $renewed->{json}{certChain} });
row('revoked', 200, undef, $one[2], more => { reasonCode => 4 });
$d->row('S08 revoked: renewal', renew($d, @one[0, 1]), 401, says(401));
$d->row('S08 revoked: renewal by token', renew_by($d, renew_token($d, @one[0, 1])), 401);
$d->row('revoked: rekey', rekey($d, @one[0, 1], csr_new()), 401, says(401));
$d->row('revoked: cannot revoke another', revoke($d, $two[2], cert => $one[0], key => $one[1]), 403);
$d->row('revoked: the other is not touched', renew($d, @two[0, 1]), 201);
$d->row('revoked: what it was renewed to is a certificate of its own', renew($d, "$dir/renewed.crt", $one[1]), 201);
$d->row('revoked: a new certificate for its key, since the key is not said to be lost', $d->sign(token => $d->token,
	csr => csr_new(key_file => $one[1])), 201);

# A key that is said to be lost: no certificate for it any more, by no way; what was issued for it before can still be revoked.
@one = certificate(key_file => new_key());
@two = certificate(key_file => $one[1]);
my $sibling = $two[2];
row('keyCompromise', 200, undef, $one[2], more => { reasonCode => 1 });
$d->row('X07 a new certificate for the key', $d->sign(token => $d->token, csr => csr_new(key_file => $one[1])), 400, says(400,
	'the key was revoked for key compromise'));
$d->row('X07 ... of another provisioner', $d->sign(token => $d->token(iss => 'second', key => 'second'),
	csr => csr_new(key_file => $one[1])), 400, says(400, 'the key was revoked for key compromise'));
$d->row('X07 another certificate with the key: renewal', renew($d, @two[0, 1]), 400, says(400, 'the key was revoked for key compromise'));
$d->row('X07 another certificate with the key: renewal by token', renew_by($d, renew_token($d, @two[0, 1])), 400, says(400,
	'the key was revoked for key compromise'));
$d->row('X07 another certificate, to that key: rekey', rekey($d, (certificate())[0, 1], csr_new(key_file => $one[1])), 400, says(400,
	'the key was revoked for key compromise'));
$d->row('X07 away from the key: rekey', rekey($d, @two[0, 1], csr_new()), 401, says(401));
$d->row('X12 another certificate with the key: revoked by itself', revoke($d, $sibling, cert => $two[0], key => $two[1]), 200);

# ---- the store remembers, and a provisioner that is gone has no say ----

@one = certificate();
my @gone = certificate(by => 'gone');
my $again = revoke_token($d, $one[2]);
row('before the restart', 200, undef, $one[2], token => $again);
restart($d, change => sub { prov_remove($d, 'gone') });
row('after the restart: the token', 401, undef, $one[2], token => $again);
row('after the restart: still revoked', 400, already($one[2]), $one[2]);
$d->row('after the restart: no renewal', renew($d, @one[0, 1]), 401, says(401));
row('the provisioner is gone: its token', 401, undef, $gone[2], how => { iss => 'gone' });
row('the provisioner is gone: another one\'s token', 403, undef, $gone[2]);
$d->row('the provisioner is gone: the certificate itself', revoke($d, $gone[2], cert => $gone[0], key => $gone[1]), 200);

# ---- the log ----

my $hash = sha256_hex($again);
$d->log_like(qr/event=http\.request .*path=\/revoke .*status=200 .*serial=$one[2] token=$hash provisioner=admin/,
	'access log: serial, the token\'s hash, provisioner');
$d->log_like(qr/event=cert\.revoked .*serial=$one[2]/, 'log: cert.revoked');
my $refused = revoke_token($d, '12345', claims => { aud => 'x' });
row('for the log', 401, undef, '12345', token => $refused);
$hash = sha256_hex($refused);
$d->log_like(qr/event=http\.request .*path=\/revoke .*status=401 .*serial=12345 token=$hash/, 'access log: of a refused token too');
$refused = $d->token(claims => { aud => 'x' });
$d->row('for the log, /sign', $d->sign(token => $refused, csr => csr_new()), 401, says(401));
$hash = sha256_hex($refused);
$d->log_like(qr/event=http\.request .*path=\/sign .*status=401 .*token=$hash/, 'access log: of /sign as well');
$d->log_like(qr/event=api\.refused .*route=revoke .*already revoked/, 'log: why it was refused');
$d->stop;
done_testing;

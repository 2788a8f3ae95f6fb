#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# One-time tokens at POST /sign: what is refused before and after the signature was looked at, and that each is good once. Rows J, S03, S04, and
# what went wrong elsewhere (a token's id burned before its signature was verified; a provisioner chosen by the audience's fragment).
use strict;
use warnings;
use Test::More;
use IO::Socket::INET;
use Digest::SHA qw(sha256 hmac_sha256 hmac_sha384 hmac_sha512);
use Math::BigInt;
use Crypt::PK::RSA;
use Crypt::PK::Ed25519;
use Signet::Test;
use Signet::DER;

need('openssl');
hang_guard(300);

# ---- provisioners: one a kind of key, two with the same key ----

my $v = "$SRC/t/vectors";
my $rsa = Crypt::PK::RSA->new("$v/keys/rsa2048.pem");
my $ed = Crypt::PK::Ed25519->new("$v/keys/ed25519.pem");
my $p384 = Crypt::PK::ECC->new("$v/keys/p384.pem");
sub public_jwk { my ($key,
	@more) = @_; my $j = json_decode($key->export_key_jwk('public')); delete @$j{qw(kid alg use key_ops)}; return { %$j, @more } }
my $d = Signet::Test->new(provisioners => {
	admin => {}, twin => {}, second => { key_name => 'second' },
	bare => { key => public_jwk(prov_key('provisioner')) },
	rsa => { key => public_jwk($rsa, kid => 'rsa', alg => 'RS256') },
		pss => { key => public_jwk($rsa, kid => 'pss', alg => 'PS256') }, anyrsa => { key => public_jwk($rsa, kid => 'any') },
	ed => { key => public_jwk($ed, kid => 'ed', alg => 'EdDSA') }, p384 => { key => public_jwk($p384, kid => 'p384') },
	barred => { policy => { x509 => { deny => { dns => [ { name => 'host.example.com', groups => ['barred'] } ] } } } },
});
$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
$d->ready;

my $csr = csr_new();
my $kid = Signet::Test::kid('provisioner');
my $kid2 = Signet::Test::kid('second');
my $u = 'https://localhost';
my $r;

sub claims {
	my (%o) = @_;
	my $now = int time;
	my %c = (aud => "$u/1.0/sign", exp => $now + 300, iat => $now, nbf => $now, iss => 'admin', jti => rand_id(),
		sub => 'host.example.com', sans => ['host.example.com'], %o);
	delete @c{ grep { !defined $c{$_} } keys %c };
	return \%c;
}
sub header { my (%o) = @_; my %h = (alg => 'ES256', typ => 'JWT', kid => $kid,
	%o); delete @h{ grep { !defined $h{$_} } keys %h }; return \%h }
sub es256 { my ($in) = @_; return prov_key('provisioner')->sign_message_rfc7518($in, 'SHA256') }
# header and payload as hash or text, and what signs.
sub compact {
	my ($h, $p, $sign) = @_;
	my $in = join '.', map { b64u(ref $_ ? json_encode($_) : $_) } $h, $p;
	my $sig = ($sign // \&es256)->($in);
	return "$in." . b64u($sig);
}
sub token { my (%o) = @_; return compact(header(%{ $o{header} // {} }), claims(%{ $o{claims} // {} }), $o{sign}) }

sub ask {
	my ($token, %o) = @_;
	push @{ $d->{secrets} }, $token if length $token > 100 && length $token < 4000;
	return $d->sign(body => json_encode({ csr => $o{csr} // $csr, ott => $token, %{ $o{more} // {} } }));
}
sub token_row { my ($id, $status, $token, %o) = @_; $r = ask($token, %o); return $d->row($id, $r, $status,
	$status eq 401 ? says(401) : undef) }

token_row('a good token', 201, token());

# A rule may be against a group: a claim that cannot be read to its end is refused, not passed over.
sub groups_row { my ($id, $status, $groups) = @_; return token_row("groups: $id", $status, token(claims => { iss => 'barred', groups => $groups })) }
groups_row('another', 201, ['others']);
groups_row('the barred one', 403, ['barred']);
groups_row('1,000', 201, [ map { "g$_" } 1 .. 1000 ]);
groups_row('the barred one behind 1,000', 403, [ (map { "g$_" } 1 .. 1000), 'barred' ]);
groups_row("not texts: $_->[0]", 403, $_->[1]) for [ 'an object', { barred => 1 } ], [ 'a list in a list', [ ['barred'] ] ], [ 'a number', 7 ];

token_row('ready-made', 201, $d->token);

# ---- J01 to J04: algorithms ----

for my $alg ('none', 'None', 'NONE', 'nOnE', 'none ', '', 'HS256', 'ES256K', 'ES512', 'ES', 'es256', 'Es256', 'RSA-OAEP', 'dir',
	'A128KW', 'PBES2-HS256+A128KW', 'XEdDSA') {
	token_row("J01 alg '$alg', empty signature", 401, token(header => { alg => $alg }, sign => sub { '' }));
	token_row("J01 alg '$alg', good ES256 signature", 401, token(header => { alg => $alg }));
}
token_row('J01 no alg', 401, token(header => { alg => undef }));
token_row("J01 alg: $_", 401, compact(qq({"alg":$_,"kid":"$kid"}), claims())) for 'null', '1', '[]', '["ES256"]', '{}', 'true';
token_row('J01 ES256, empty signature', 401, token(sign => sub { '' }));

my %public = (PEM => prov_key('provisioner')->export_key_pem('public_short'),
	DER => prov_key('provisioner')->export_key_der('public_short'), JWK => json_encode(Signet::Test::jwk_public('provisioner')),
	kid => $kid, x => Signet::Test::jwk_public('provisioner')->{x}, empty => '', 'root PEM' => slurp($d->{root}));
for my $what (sort keys %public) {
	my $secret = $public{$what};
	token_row("J02 HS256 with the $what", 401, token(header => { alg => 'HS256' }, sign => sub { hmac_sha256($_[0], $secret) }));
	token_row("J02 HS384 with the $what", 401, token(header => { alg => 'HS384' }, sign => sub { hmac_sha384($_[0], $secret) }));
	token_row("J02 HS512 with the $what", 401, token(header => { alg => 'HS512' }, sign => sub { hmac_sha512($_[0], $secret) }));
}
token_row('J02 HS256 with the RSA key\'s PEM', 401, token(header => { alg => 'HS256', kid => 'any' }, claims => { iss => 'anyrsa' },
	sign => sub { hmac_sha256($_[0], $rsa->export_key_pem('public_x509')) }));
my $bare_kid = $kid; # the thumbprint
token_row('J03 a key without alg: ES256', 201, token(claims => { iss => 'bare' }, header => { kid => $bare_kid }));
token_row('J03 a key without alg: HS256, empty key', 401, token(claims => { iss => 'bare' },
	header => { kid => $bare_kid, alg => 'HS256' }, sign => sub { hmac_sha256($_[0], '') }));
token_row('J03 an RSA key without alg: HS256, empty key', 401, token(claims => { iss => 'anyrsa' },
	header => { kid => 'any', alg => 'HS256' }, sign => sub { hmac_sha256($_[0], '') }));

my %signs = (
	ES256 => \&es256, ES384 => sub { prov_key('provisioner')->sign_message_rfc7518($_[0],
		'SHA384') }, ES512 => sub { prov_key('provisioner')->sign_message_rfc7518($_[0], 'SHA512') },
	RS256 => sub { $rsa->sign_message($_[0], 'SHA256', 'v1.5') }, RS384 => sub { $rsa->sign_message($_[0],
		'SHA384', 'v1.5') }, RS512 => sub { $rsa->sign_message($_[0], 'SHA512', 'v1.5') },
	RS1 => sub { $rsa->sign_message($_[0], 'SHA1', 'v1.5') }, PS256 => sub { $rsa->sign_message($_[0],
		'SHA256', 'pss', 32) }, EdDSA => sub { $ed->sign_message($_[0]) },
	P384 => sub { $p384->sign_message_rfc7518($_[0], 'SHA384') }, P384S256 => sub { $p384->sign_message_rfc7518($_[0], 'SHA256') },
);
sub by { my ($prov, $alg, $sign, $k) = @_; return token(claims => { iss => $prov }, header => { alg => $alg, kid => $k // $prov },
	sign => ref $sign ? $sign : $signs{$sign}) }
token_row("J04 good: $_->[1] by $_->[0]", 201, by(@$_)) for ['rsa', 'RS256', 'RS256'], ['pss', 'PS256', 'PS256'],
	['anyrsa', 'RS256', 'RS256', 'any'], ['anyrsa', 'PS256', 'PS256', 'any'], ['anyrsa', 'RS512', 'RS512', 'any'],
	['ed', 'EdDSA', 'EdDSA'], ['p384', 'ES384', 'P384'];
token_row("J04 $_->[1] said, $_->[2] made, key of $_->[0]", 401, by(@$_)) for ['rsa', 'PS256', 'PS256'], ['rsa', 'RS384', 'RS384'],
	['rsa', 'RS512', 'RS512'], ['rsa', 'RS1', 'RS1'], ['rsa', 'RS256', 'RS384'], ['rsa', 'RS256', 'PS256'],
	['pss', 'RS256', 'RS256'], ['pss', 'PS256', 'RS256'], ['anyrsa', 'ES256', 'RS256', 'any'], ['anyrsa', 'RS1', 'RS1', 'any'],
	['ed', 'ES256', 'EdDSA'], ['ed', 'Ed25519', 'ES256'], ['ed', 'ES256', 'ES256'], ['ed', 'EdDSA', 'ES256'],
	['p384', 'ES256', 'P384S256'], ['p384', 'ES384', 'P384S256'], ['p384', 'ES384', 'ES384'], ['admin', 'ES384', 'ES384', $kid],
	['admin', 'ES512', 'ES512', $kid], ['admin', 'RS256', 'RS256', $kid], ['admin', 'EdDSA', 'EdDSA', $kid],
	['admin', 'ES256', 'ES384', $kid],
	['admin', 'ES256K', 'ES256', $kid];

# ---- J05, J06: where the key is said to be ----

for (['a path', '../../etc/passwd'], ['SQL', "'; DROP TABLE provisioners; --"], ['NUL', "$kid\0"], ['NUL in front', "\0$kid"],
	['another provisioner\'s', $kid2], ['a URL', "$u/acme/acme/account/1"], ['a URL with the kid', "$u/$kid"],
	['the whole id', "admin:$kid"], ['empty', ''], ['none', undef],
	['in upper case', uc $kid], ['with a space', "$kid "], ['cut', substr($kid, 0, 42)], ['of the key without alg', 'bare'],
	['a line break', "$kid\n"], ['40 KiB', 'k' x 40000], ['a template', '{{ .Secret }}']) {
	token_row("J05 kid: $_->[0]", 401, token(header => { kid => $_->[1] }));
}
token_row('J05 kid: 64 KiB', [ 401, 413 ], token(header => { kid => 'k' x 65536 }));
token_row("J05 kid: $_", 401, compact(qq({"alg":"ES256","kid":$_}), claims())) for 'null', '1', '["x"]', '{}', 'true';

my $canary = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1') or die "canary: $!";
my $trap = 'http://127.0.0.1:' . $canary->sockport . '/keys.json';
my $evil = prov_key('second');
my $evil_jwk = { %{ Signet::Test::jwk_public('second') }, kid => $kid };
my $by_evil = sub { $evil->sign_message_rfc7518($_[0], 'SHA256') };
my $self_signed = MIME::Base64::encode_base64(cert_der(issuer => name_cn('host.example.com'), signer => $evil, key => $evil), '');
for (['jwk', jwk => $evil_jwk], ['jku', jku => $trap], ['x5u', x5u => $trap], ['jku in https', jku => $trap =~ s/http/https/r],
	['x5c', x5c => [$self_signed]], ['x5cInsecure', x5cInsecure => [$self_signed]],
	['all', jwk => $evil_jwk, jku => $trap, x5u => $trap, x5c => [$self_signed]]) {
	my ($id, %h) = @$_;
	token_row("J06 $id, signed by its key", 401, token(header => \%h, sign => $by_evil));
	token_row("J06 $id, its kid", 401, token(header => { %h, kid => $kid2 }, sign => $by_evil));
	token_row("J06 $id, no kid", 401, token(header => { %h, kid => undef }, sign => $by_evil));
}
token_row('J06 a foreign jwk beside a good signature is ignored', 201, token(header => { jwk => $evil_jwk }));

# ---- J08, J09: form of the JWS ----

for ('["b64"]', '[]', '["exp"]', '["unknown"]', '["alg","alg"]', '"b64"', '1', 'null', '{}', '["kid"]', '[1]') {
	token_row("J08 crit: $_", 401, compact(qq({"alg":"ES256","kid":"$kid","crit":$_,"b64":false,"exp":1}), claims()));
	token_row("J08 crit alone: $_", 401, compact(qq({"alg":"ES256","kid":"$kid","crit":$_}), claims()));
}
token_row('J08 b64 without crit', 401, token(header => { b64 => JSON::PP::false }));
{
	# RFC 7797: signed over the unencoded payload.
	my ($h, $p) = (b64u(json_encode(header(b64 => JSON::PP::false, crit => ['b64']))), json_encode(claims()));
	token_row('J08 b64:false, signed so', 401, "$h." . b64u($p) . '.' . b64u(es256("$h.$p")));
	token_row('J08 b64:false, sent so', 401, "$h.$p." . b64u(es256("$h.$p")));
}
my ($h, $p, $s) = split /\./, token();
for (['alg twice', qq({"alg":"none","alg":"ES256","kid":"$kid"})], ['kid twice', qq({"alg":"ES256","kid":"x","kid":"$kid"})],
	['alg twice in other case', qq({"alg":"ES256","ALG":"none","kid":"$kid"})]) {
	token_row("J09 $_->[0]", $_->[0] =~ /case/ ? [ 201, 401 ] : 401, compact($_->[1], claims()));
}
my $text = json_encode(claims());
for (['iss twice', '"iss":"second",'], ['aud twice', '"aud":"x",'], ['exp twice', '"exp":1,'],
	['sub twice', '"sub":"evil.example.com",'], ['sans twice', '"sans":["evil.example.com"],']) {
	token_row("J09 $_->[0]", 401, compact(header(), '{' . $_->[1] . substr($text, 1)));
	token_row("J09 $_->[0], last", 401, compact(header(), substr($text, 0, -1) . ',' . substr($_->[1], 0, -1) . '}'));
}
my $general = { payload => $p, signatures => [ { protected => $h, signature => $s } ] };
for (['general JSON', json_encode($general)], ['general JSON, two signatures',
	json_encode({ %$general, signatures => [ ($general->{signatures}[0]) x 2 ] })],
	['general JSON, none', json_encode({ %$general, signatures => [] })],
	['flattened JSON', json_encode({ payload => $p, protected => $h, signature => $s })],
	['unprotected header', json_encode({ payload => $p, header => header(), signature => $s })], ['detached', "$h..$s"],
	['no header', ".$p.$s"], ['no signature', "$h.$p."], ['two parts', "$h.$p"],
	['one part', $h], ['four parts', "$h.$p.$s."], ['four full parts', "$h.$p.$s.$s"], ['five parts', "$h.$p.$s.$s.$s"],
	['dots', '..'], ['more dots', '....'], ['a word', 'token'], ['header of another', b64u('{}') . ".$p.$s"],
	['header an array', b64u('[]') . ".$p.$s"],
	['empty header text', '.' . "$p.$s"], ['Bearer', "Bearer $h.$p.$s"], ['NUL behind', "$h.$p.$s\0"],
	['two tokens', "$h.$p.$s,$h.$p.$s"]) {
	token_row("J09 $_->[0]", 401, $_->[1]);
}
token_row('J09 the same token as it should be', 201, "$h.$p.$s");

# ---- J10: ECDSA ----

my $n = Math::BigInt->from_hex('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
sub b32 { my ($x) = @_; return pack 'H*', sprintf '%064s', $x->to_hex }
my ($zero, $one) = (Math::BigInt->new(0), Math::BigInt->new(1));
my $max = Math::BigInt->from_hex('f' x 64);
for (['r = s = 0', $zero, $zero], ['r = 0', $zero, $one], ['s = 0', $one, $zero], ['r = s = 1', $one, $one], ['r = n', $n, $one],
	['s = n', $one, $n], ['r = s = n', $n, $n], ['r > n', $n + 1, $one], ['all ones', $max, $max], ['r = n, s = 0', $n, $zero]) {
	my ($id, $a, $b) = @$_;
	token_row("J10 $id", 401, token(sign => sub { b32($a) . b32($b) }));
}
for (['63 bytes', sub { substr $_[0], 0, 63 }], ['65 bytes', sub { "$_[0]\0" }], ['65 bytes, in front', sub { "\0$_[0]" }],
	['128 bytes', sub { $_[0] x 2 }], ['1 byte', sub { 'x' }], ['s first', sub { substr($_[0], 32) . substr $_[0], 0, 32 }],
	['r alone', sub { substr($_[0], 0, 32) . "\0" x 32 }],
	['a bit of r', sub { $_[0] ^ ("\0" x 31 . "\1" . "\0" x 32) }], ['a bit of s', sub { $_[0] ^ ("\0" x 63 . "\1") }]) {
	my ($id, $change) = @$_;
	token_row("J10 $id", 401, token(sign => sub { $change->(es256($_[0])) }));
}
token_row('J10 DER', 401, token(sign => sub { prov_key('provisioner')->sign_message($_[0], 'SHA256') }));
token_row('J10 DER with negative integers', 401,
	token(sign => sub { my $x = es256($_[0]); seq(tlv(2, chr(0x80 | ord $x) . substr $x, 1, 31), tlv(2, substr $x, 32)) }));
token_row('J10 r + n', 401, token(sign => sub { my $x = es256($_[0]); my $rn = Math::BigInt->from_bytes(substr $x, 0,
	32) + $n; my $t = pack 'H*', $rn->to_hex =~ s/^(.(?:..)*)$/0$1/r; $t . substr $x, 32 }));

# ---- J16 to J19, J21 ----

# A token whose three parts all hold '-' or '_' and end inside a group.
my @parts;
do { @parts = split /\./, token(header => { x => "?>~" x 5 . "a" x int rand 3 },
	claims => { x => '?>~' x 5 . 'a' x int rand 3 }) } until 3 == grep { /[-_]/ && length() % 4 } @parts;
sub tail_bit { my ($x) = @_; my $set = join '', 'A' .. 'Z', 'a' .. 'z', '0' .. '9', '-_'; substr($x, -1) = substr $set, index($set,
	substr $x, -1) ^ 1, 1; return $x }
for my $i (0 .. 2) {
	for (['padding', sub { $_[0] . '=' x (4 - length($_[0]) % 4) }], ['the other alphabet', sub { $_[0] =~ tr{-_}{+/}r }],
		['a space', sub { substr($_[0], 0, 4) . ' ' . substr $_[0], 4 }],
		['a line break', sub { substr($_[0], 0, 4) . "\n" . substr $_[0], 4 }], ['a space behind', sub { "$_[0] " }],
		['a line break behind', sub { "$_[0]\n" }], ['a space in front', sub { " $_[0]" }],
		['a bit in the tail', sub { tail_bit($_[0]) }],
		['a character too much', sub { $_[0] . 'A' x ((5 - length($_[0]) % 4) % 4 || 4) }],
		['a character less', sub { substr $_[0], 0, -1 }], ['not ASCII', sub { "$_[0]\xc3\xa9" }],
		['NUL', sub { "$_[0]\0" }], ['a dollar', sub { "\$$_[0]" }], ['escaped', sub { "%41$_[0]" }]) {
		my @changed = @parts;
		$changed[$i] = $_->[1]->($parts[$i]);
		token_row("J16 part $i: $_->[0]", 401, join '.', @changed);
	}
}
token_row('J16 unchanged', 201, join '.', @parts);

sub with_payload { return compact(header(), $_[0]) }
my $body = substr $text, 1, -1;
for (['depth 10,000', "{$body,\"x\":" . '[' x 10000 . ']' x 10000 . '}'],
	['objects, depth 1,000', "{$body,\"x\":" . '{"a":' x 1000 . '1' . '}' x 1000 . '}'],
	['4,000 members', "{$body," . join(',', map { "\"m$_\":1" } 1 .. 4000) . '}'], ['NaN', "{$body,\"x\":NaN}"],
	['1e400', "{$body,\"x\":1e400}"],
	['BOM', "\xef\xbb\xbf{$body}"], ['invalid UTF-8', "{$body,\"x\":\"\xff\"}"], ['overlong UTF-8', "{$body,\"x\":\"\xc0\xaf\"}"],
	['a comment', "{$body/* x */}"], ['a trailing comma', "{$body,}"], ['an array', "[{$body}]"], ['a number', '1'],
	['a string', '"x"'], ['null', 'null'], ['true', 'true'], ['empty', ''],
	['a second value', "{$body}{}"], ['garbage behind', "{$body}x"], ['cut', "{$body"],
	['single quotes',
		'{' . $body =~ tr/"/'/r . '}'], ['NUL', "{$body}\0"], ['a raw line break in a string', "{$body,\"x\":\"a\nb\"}"],
		['a lone surrogate', "{$body,\"x\":\"\\ud800\"}"], ['hexadecimal', "{$body,\"x\":0x10}"]) {
	token_row("J17 $_->[0]", 401, with_payload($_->[1]));
}
token_row('J17 header: depth 5,000', 401, compact(qq({"alg":"ES256","kid":"$kid","x":) . '[' x 5000 . ']' x 5000 . '}', claims()));
token_row('J17 header: text behind', 401, compact(json_encode(header()) . 'x', claims()));

for my $len (21830, 1000000) {
	token_row("J18 $_->[0]: a signature of $len characters", [ 401, 413 ],
		token(header => { alg => $_->[0], kid => $_->[2] }, claims => { iss => $_->[1] },
		sign => sub { "\xa5" x ($len * 3 / 4) })) for ['ES256', 'admin', $kid], ['RS256', 'rsa', 'rsa'], ['EdDSA', 'ed', 'ed'];
}
token_row('J19 a header of 1 MiB', 413, token(header => { x => 'x' x (1 << 20) }));
token_row('J19 a header of 40 KiB', [ 201, 401 ], token(header => { x => 'x' x 40000 }));
token_row('J19 a token of 10 MiB', 413, 'x' x (10 << 20));
token_row('J19 dots, 60,000', 401, '.' x 60000);

token_row("J21 PS256, salt of $_", 401, by('pss', 'PS256', do { my $salt = $_; sub { $rsa->sign_message($_[0],
	'SHA256', 'pss', $salt) } })) for 0, 20, 31, 33, 64;
sub raw_rsa { my ($em) = @_; return $rsa->decrypt($em, 'none') }
my $info = "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";
(my $no_null = $info) =~ s/\A\x30\x31\x30\x0d/\x30\x2f\x30\x0b/;
$no_null =~ s/\x05\x00//;
sub pad { my ($type, $t) = @_; return "\0" . chr($type) . "\xff" x (253 - length $t) . "\0" . $t }
token_row('J21 PKCS#1 made by hand', 201, by('rsa', 'RS256', sub { raw_rsa(pad(1, $info . sha256($_[0]))) }));
for (['junk behind the hash', sub { my $t = $info . sha256($_[0]); "\0\1" . "\xff" x 8 . "\0" . $t . "\xa5" x (245 - length $t) }],
	['zeros behind the hash', sub { my $t = $info . sha256($_[0]); "\0\1" . "\xff" x 8 . "\0" . $t . "\0" x (245 - length $t) }],
	['no NULL', sub { pad(1, $no_null . sha256($_[0])) }],
	['block type 2', sub { pad(2, $info . sha256($_[0])) }], ['type 0', sub { pad(0, $info . sha256($_[0])) }],
	['no DigestInfo', sub { pad(1, sha256($_[0])) }],
	['SHA-1 in the DigestInfo', sub { pad(1,
		"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14" . Digest::SHA::sha1($_[0])) }],
	['padding other than FF', sub { my $t = $info . sha256($_[0]); "\0\1" . "\xfe" x (253 - length $t) . "\0" . $t }],
	['BER length', sub { my $x = "\x30\x81\x31" . substr($info, 2) . sha256($_[0]); pad(1, $x) }]) {
	my ($id, $em) = @$_;
	token_row("J21 PKCS#1: $id", 401, by('rsa', 'RS256', sub { raw_rsa($em->($_[0])) }));
}
token_row("J21 RS256: $_->[0]", 401, by('rsa', 'RS256', $_->[1])) for ['255 bytes', sub { substr $signs{RS256}->($_[0]), 1 }],
	['257 bytes', sub { "\0" . $signs{RS256}->($_[0]) }], ['zero', sub { "\0" x 256 }], ['one', sub { "\0" x 255 . "\1" }],
	['all ones', sub { "\xff" x 256 }];
token_row("J21 EdDSA: $_->[0]", 401, by('ed', 'EdDSA', $_->[1])) for ['63 bytes', sub { substr $signs{EdDSA}->($_[0]), 0, 63 }],
	['65 bytes', sub { $signs{EdDSA}->($_[0]) . "\0" }], ['zero', sub { "\0" x 64 }], ['s + L', sub {
	my $x = $signs{EdDSA}->($_[0]);
	my $big = Math::BigInt->from_bytes(scalar reverse substr $x,
		32) + Math::BigInt->new(2)->bpow(252) + Math::BigInt->new('27742317777372353535851937790883648493');
	substr($x, 0, 32) . reverse pack 'H*', sprintf '%064s', $big->to_hex;
}];

# ---- J27: claims ----

my $now = sub { int(time) + $_[0] };
for (['exp just past, in the leeway', 201, exp => -30], ['exp past', 401, exp => -90], ['exp long past', 401, exp => -86400],
	['exp in 55 minutes', 201, exp => 3300], ['exp in 62 minutes', 401, exp => 3720], ['exp in 10 years', 401, exp => 315360000],
	['nbf soon, in the leeway', 201, nbf => 30], ['nbf in the future', 401, nbf => 90],
	['nbf past', 201, nbf => -3000], ['iat soon, in the leeway', 201, iat => 30], ['iat in the future', 401, iat => 90]) {
	token_row("J27 $_->[0]", $_->[1], token(claims => { $_->[2] => $now->($_->[3]) }));
}
for my $claim ('exp', 'nbf', 'iat') {
	token_row("J27 $claim: $_", 401,
		with_payload(json_encode(claims($claim => undef)) =~ s/\}\z/,"$claim":$_}/r)) for '"' . $now->(300) . '"', 'true', '[]',
		'{}', '"x"', '1e400', '-1e400', '9223372036854775807', '9223372036854775808', '1e30';
}
token_row("J27 exp: $_", 401, with_payload(json_encode(claims(exp => undef)) =~ s/\}\z/,"exp":$_}/r)) for '-1', '0',
	'-9223372036854775808', 'null', '1', '0.5';
token_row('J27 no exp', 401, token(claims => { exp => undef }));
token_row('J27 exp as a float', 201, with_payload(json_encode(claims(exp => undef)) =~ s/\}\z/sprintf ',"exp":%d.5}',
	$now->(100)/er));
token_row('J27 no nbf, no iat', 201, token(claims => { nbf => undef, iat => undef }));

for ("$u/1.0/sign", "$u/sign", "$u/1.0/ssh/sign", "$u/ssh/sign", "$u:1/1.0/sign", "$u:443/sign", 'https://127.0.0.1/1.0/sign',
	'step-certificate-authority', [ "$u/1.0/sign" ], [ 'https://evil/1.0/sign', "$u/1.0/sign" ],
	[ "$u/1.0/revoke", "$u/1.0/sign" ]) {
	token_row('J27 good aud ' . json_encode($_), 201, token(claims => { aud => $_ }));
}
for ("$u/1.0/revoke", "$u/revoke", "$u/1.0/renew", "$u/renew", "$u/1.0/ssh/revoke", "$u/1.0/ssh/renew", "$u/1.0/ssh/rekey",
	"$u/1.0/rekey", "$u/1.0/sign/", "$u//1.0/sign", "$u/2.0/sign", "$u/SIGN", "$u/1.0/sign?x=1", "$u/1.0/sign?", "$u/1.0/%73ign",
	"$u/", $u, 'http://localhost/1.0/sign', 'https://evil.example.com/1.0/sign',
	'https://localhost.evil.com/1.0/sign', 'https://evil@localhost/1.0/sign', 'https://localhost@evil/1.0/sign',
		'https://localhost./1.0/sign', 'https://[::1]/1.0/sign', 'https://127.0.0.2/1.0/sign', 'https://127.1/1.0/sign',
		'localhost/1.0/sign', '/1.0/sign', '//localhost/1.0/sign', 'sign', '', '*', 'Step-Certificate-Authority',
		'step-certificate-authority ',
	[], [''], ['x'], [ "$u/1.0/revoke" ], [ ["$u/1.0/sign"] ], {}, 1, JSON::PP::null, [ "$u/1.0/sign", 1 ],
	[ map { "https://h$_/sign" } 1 .. 200 ]) {
	token_row('J27 aud ' . substr(json_encode($_), 0, 60), 401, token(claims => { aud => $_ }));
}
token_row('J27 no aud', 401, token(claims => { aud => undef }));
for ('acme/acme', 'scep/scep', 'sshpop/sshpop', 'x5c/x5c', 'jwk/admin', 'JWK/admin', 'admin', "admin:$kid", "admin%3A$kid",
	'acme%2Facme', '', '%', 'skeleton/admin') {
	token_row("S01 aud with the fragment $_", 401, token(claims => { aud => "$u/1.0/sign#$_" })) if $_ ne '';
	token_row("S01 aud $_, no URL", 401, token(claims => { aud => [$_] }));
	token_row("S01 aud with the fragment $_, bad signature", 401, token(claims => { aud => "$u/1.0/sign#$_" },
		sign => sub { 'x' x 64 })) if $_ ne '';
	token_row("S01 azp $_", 401, token(claims => { aud => 'x', azp => $_ }));
	token_row("S01 tid $_", 401, token(claims => { aud => 'x', tid => $_ }));
}
token_row("J27 iss $_->[0]", 401, token(claims => { iss => $_->[1] })) for ['of nobody', 'nobody'], ['empty', ''],
	['absent', undef], ['in upper case', 'ADMIN'], ['with a space', 'admin '], ['with NUL', "admin\0"],
	['with the kid', "admin:$kid"], ['a number', 1], ['a list', ['admin']], ['kubernetes', 'kubernetes/serviceaccount'],
	['google', 'https://accounts.google.com'],
	['step-ca-client', 'step-ca-client/1.0'];
token_row("J27 sub $_->[0]", 401, token(claims => { sub => $_->[1] })) for ['absent', undef], ['empty', ''], ['a number', 1],
	['null', JSON::PP::null], ['a list', ['host.example.com']];
token_row("J27 jti $_->[0]", 401, token(claims => { jti => $_->[1] })) for ['a number', 1], ['a list', []], ['an object', {}],
	['true', JSON::PP::true];
token_row('J27 claims that mean nothing here', 201,
	token(claims => { sha => 'x', user => { a => 1 }, step => { ssh => {} }, email => 'root@example.com',
	email_verified => JSON::PP::true, groups => ['admin'], admin => JSON::PP::true }));

token_row('J27 sub is not the CN', 403, token(claims => { sub => 'other.example.com', sans => undef }));
token_row('J27 the request has other names', 403, token(claims => { sans => ['other.example.com'] }),
	csr => csr_new(san => 'DNS:host.example.com'));
token_row('J27 sans wider than the request', 403, token(claims => { sans => [ 'host.example.com', 'b.example.com' ] }),
	csr => csr_new(san => 'DNS:host.example.com'));
token_row('J27 the request wider than sans', 403, token(), csr => csr_new(san => 'DNS:host.example.com,DNS:b.example.com'));
sub leaf { return cert_fields($r->{json}{crt}) }
sub san_of { my ($x) = grep { $_->[0] eq '2.5.29.17' } @{ leaf()->{exts} }; return $x->[2] }
for (['absent', undef], ['empty', []], ['null', JSON::PP::null]) {
	token_row("J27 sans $_->[0]: the subject", 201, token(claims => { sans => $_->[1] })) and is(san_of(),
		seq(tlv(0x82, 'host.example.com')), '... alone');
}
token_row('J27 sans of 500 names', 201, token(claims => { sans => [ map { "h$_.example.com" } 1 .. 500 ] }))
	and is(san_of(), seq(map { tlv(0x82, "h$_.example.com") } 1 .. 500), '... all of them');
token_row('J27 sans with a name twice', 201, token(claims => { sans => [ ('host.example.com') x 3 ] })) and is(san_of(),
	seq(tlv(0x82, 'host.example.com')), '... once');
token_row("J27 sans $_->[0]", [ 400, 401, 403 ], token(claims => { sans => $_->[1] })) for ['text', 'host.example.com'],
	['an object', { a => 'host.example.com' }], ['numbers', [1]], ['nested', [ ['host.example.com'] ]],
	['null inside', [JSON::PP::null]], ['501', [ map { "h$_.example.com" } 1 .. 501 ]], ['an empty name', ['']], ['a star', ['*']],
	['a dot', ['.']], ['star dot', ['*.']],
	['two stars', ['*.*.example.com']], ['a star inside', ['a.*.example.com']], ['two dots', ['a..example.com']],
	['254 characters', [ join '.', ('a' x 62) x 4, 'bb' ]], ['a label of 64', [ 'a' x 64 . '.example.com' ]],
	['NUL', ["host.example.com\0.evil.org"]], ['a space', ['host example com']], ['a line break', ["host.example.com\n"]],
	['a hyphen in front', ['-a.example.com']],
	['a bad address', ['u@']], ['a quoted local part', ['"u v"@example.com']], ['two at signs', ['a@b@example.com']],
	['not ASCII in an e-mail', ["\x{e9}\@example.com"]], ['JSON', ['x","isCA":true,"y":"']], ['a template', ['{{ .Token }}']],
	['a tag', ['<script>']];
for (['NUL', "host.example.com\0.evil.org"], ['NUL at the end', "host\0"]) {
	token_row("J27 sub with $_->[0]", 400, token(claims => { sub => $_->[1],
		sans => ['host.example.com'] }), csr => to_pem('CERTIFICATE REQUEST',
		csr_der(key => prov_key('second'), subject => seq())));
}
# What looks like structure is a name, whole and nothing else.
for (['JSON', 'x","isCA":true,"extensions":[],"y":"'], ['quotes', '"\\"'], ['a template', '{{ .Secret }}{{ fail "x" }}'],
	['HTML', '</script><b>'], ['a line break', "a\nb"], ['an escape', "a\x1b[31mb"], ['RFC 4514', 'a,O=Evil+OU=x'],
	['a path', '../../etc/passwd'], ['spaces', ' a '], ['5,000 characters', 'a' x 5000]) {
	my $rc = token_row("J27 sub is text: $_->[0]", [ 201, 400, 403 ],
		token(claims => { sub => $_->[1], sans => ['host.example.com'] }), csr => to_pem('CERTIFICATE REQUEST',
		csr_der(key => prov_key('second'), subject => seq())));
	is(leaf()->{subject}, name_cn($_->[1]), '... whole') && is(scalar @{ leaf()->{exts} }, 6,
		'... and nothing else') if $rc && $r->{status} == 201;
}

my $bound = b64u(sha256(from_pem($csr)));
token_row('cnf: this request', 201, token(claims => { cnf => { 'x5rt#S256' => $bound } }));
token_row('cnf: another request', 403, token(claims => { cnf => { 'x5rt#S256' => b64u(sha256('x')) } }));
token_row("cnf: $_->[0]", [ 401, 403 ], token(claims => { cnf => $_->[1] })) for ['empty', { 'x5rt#S256' => '' }],
	['padded', { 'x5rt#S256' => "$bound=" }], ['cut', { 'x5rt#S256' => substr $bound, 0, 42 }], ['a number', { 'x5rt#S256' => 1 }],
	['text', $bound], ['of another kind', { jkt => $bound }], ['of two kinds', { 'x5rt#S256' => $bound, jkt => 'x' }];

# ---- S03: another provisioner's key ----

token_row('S03 signed by the key of another', 401, token(sign => $by_evil));
token_row('S03 kid of another, its key', 401, token(header => { kid => $kid2 }, sign => $by_evil));
token_row('S03 iss of another, own key', 401, token(claims => { iss => 'second' }));
token_row('S03 iss and kid of another, own key', 401, token(claims => { iss => 'second' }, header => { kid => $kid2 }));
token_row('S03 the other provisioner itself', 201, token(claims => { iss => 'second' }, header => { kid => $kid2 },
	sign => $by_evil));
{
	my ($hh, undef, $ss) = split /\./, token();
	token_row('S03 iss switched under a signature', 401, "$hh." . b64u(json_encode(claims(iss => 'twin'))) . ".$ss");
}

# ---- S04: once ----

sub once { my ($id, $token, %o) = @_; token_row("S04 $id: first", 201, $token, %o); token_row("S04 $id: second", 401, $token, %o) }
once('a token', token());
once('a token without jti', token(claims => { jti => undef, x => rand_id() }));
once('a token with an empty jti', token(claims => { jti => '', x => rand_id() }));
my $jti = rand_id();
token_row('S04 an id', 201, token(claims => { jti => $jti }));
token_row('S04 the same id in another token', 401, token(claims => { jti => $jti, exp => $now->(200) }));
token_row('S04 the same id from another provisioner with the same key', 201, token(claims => { jti => $jti, iss => 'twin' }));
token_row('S04 the same id from another provisioner', 201, token(claims => { jti => $jti, iss => 'second' },
	header => { kid => $kid2 }, sign => $by_evil));
token_row('S04 an id in other case', 201, token(claims => { jti => uc $jti }));
token_row('S04 an id with a NUL and more', 201, token(claims => { jti => "$jti\0x" }));
{
	# The other value of s is a good signature of the same text: without a jti that must not be another token.
	my ($hh, $pp, $ss) = split /\./, token(claims => { jti => undef, x => rand_id() });
	my $raw = MIME::Base64::decode_base64url($ss);
	my $other = substr($raw, 0, 32) . b32($n - Math::BigInt->from_bytes(substr $raw, 32));
	token_row('S04 no jti', 201, "$hh.$pp.$ss");
	token_row('S04 no jti, the signature written in the other way', 401, "$hh.$pp." . b64u($other));
}
# What is refused burns nothing.
for (['an invalid signature', 401, sub { my ($t) = @_; ask($t =~ s/(.)\.([^.]*)\z/"$1." . b64u('x' x 64)/er) }],
	['no token at all', 400, sub { $d->sign(body => json_encode({ csr => $csr })) }],
	['a request for other names', 403, sub { ask($_[0], csr => csr_new(cn => 'evil.example.com')) }],
	['too long a lifetime', 403, sub { ask($_[0], more => { notAfter => '48h' }) }],
	['a bad date', 400, sub { ask($_[0], more => { notAfter => 'x' }) }],
	['a weak key', 403, sub { ask($_[0], csr => to_pem('CERTIFICATE REQUEST', slurp("$v/x509/csr-bad-key-rsa1024.der"))) }],
	['a bad request', 400, sub { ask($_[0], csr => 'x') }]) {
	my ($id, $status, $try) = @$_;
	my $t = token();
	$d->row("S04 not burned by $id", $r = $try->($t), $status);
	token_row("S04 not burned by $id: good after it", 201, $t);
}
{
	my $t = token();
	my $req = json_encode({ csr => $csr, ott => $t });
	my @socks = map { $d->connect // die "connect $_: $IO::Socket::SSL::SSL_ERROR" } 1 .. 100;
	push @{ $d->{secrets} }, $t;
	print $_ "POST /1.0/sign HTTP/1.1\r\nHost: localhost\r\nContent-Length: @{[ length $req ]}\r\n\r\n$req" for @socks;
	my %got;
	$got{ Signet::Test::read_answer($_)->{status} }++ for @socks;
	is_deeply(\%got, { 201 => 1, 401 => 99 }, 'S04 100 at once: one certificate') or diag(explain(\%got));
	close $_ for @socks;
	token_row('S04 100 at once: and no more', 401, $t);
}
my @used = map { my $t = token(); token_row('S04 before a restart', 201, $t); $t } 1, 2;
my $unused = token();
$d->stop;
$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
$d->ready;
token_row('S04 after a restart', 401, $used[0]);
$d->kill9;
$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
$d->ready;
token_row('S04 after a kill', 401, $used[1]);
token_row('S04 a token that was made before them', 201, $unused);

ok(!IO::Select->new($canary)->can_read(0), 'J06 nobody fetched a key');
$d->stop;

# ---- J11, J12: keys that no provisioner may have ----

my $good = Signet::Test::jwk_public('provisioner');
my $big = sub { my ($x) = @_; b64u($x) };
my $modulus = MIME::Base64::decode_base64url(public_jwk($rsa)->{n});
my $rsa_key = sub { my ($m, $e) = @_; return { kty => 'RSA', n => b64u($m), e => b64u($e // "\1\0\1") } };
my $k256 = json_decode(Crypt::PK::ECC->new("$v/keys/bad-k256.pem")->export_key_jwk('public'));
my $p224 = Crypt::PK::ECC->new("$v/keys/bad-p224.pem")->key2hash;
my $dir = "$d->{dir}/provisioners.d";
sub key_row {
	my ($id, $key, $fine) = @_;
	spew("$dir/zz.yaml", json_encode({ type => 'JWK', name => 'zz', authority => 'default', key => $key }));
	my ($rc, $out, $err) = run(signetd_bin(), '--config', "$d->{dir}/signetd.yaml", '--check-config', '--plugin-dir', plugin_dir());
	ok($fine ? $rc == 0 : $rc == 1 && $err =~ m{zz\.yaml}, "provisioner key: $id") or diag("status $rc\n$out$err");
	unlike($err, qr/Sanitizer|runtime error|^BUG/m, "provisioner key: $id: cleanly");
}
key_row('good', { %$good, kid => 'zz' }, 1);
key_row('good RSA', $rsa_key->($modulus), 1);
key_row("J11 $_->[0]", $_->[1]) for ['off the curve', { %$good, y => $good->{x} }],
	['infinity', { %$good, x => b64u("\0" x 32), y => b64u("\0" x 32) }], ['x not below p', { %$good, x => b64u("\xff" x 32) }],
	['31 bytes', { %$good, x => b64u(substr MIME::Base64::decode_base64url($good->{x}), 1) }],
	['33 bytes', { %$good, x => b64u("\0" . MIME::Base64::decode_base64url($good->{x})) }],
	['secp256k1', { kty => 'EC', crv => 'secp256k1', x => $k256->{x}, y => $k256->{y} }],
	['secp256k1 as P-256', { kty => 'EC', crv => 'P-256', x => $k256->{x}, y => $k256->{y} }],
	['P-224', { kty => 'EC', crv => 'P-224', x => b64u(pack 'H*', $p224->{pub_x}), y => b64u(pack 'H*', $p224->{pub_y}) }],
	['no y', { kty => 'EC', crv => 'P-256', x => $good->{x} }], ['no crv', { kty => 'EC', x => $good->{x}, y => $good->{y} }],
	['padding', { %$good, x => "$good->{x}=" }], ['a private member', { %$good, d => $good->{x} }],
	['symmetric', { kty => 'oct', k => 'AAAA' }],
	['for encryption', { %$good, use => 'enc' }], ['X25519', { kty => 'OKP', crv => 'X25519', x => $good->{x} }],
	['alg of another kind', { %$good, alg => 'RS256' }], ['HS256', { %$good, alg => 'HS256' }],
	['none', { %$good, alg => 'none' }], ['text', 'x'], ['a list', [$good]], ['empty', {}];
key_row("J12 RSA, $_->[0]", $_->[1]) for ['512 bits', $rsa_key->(substr $modulus, -64)],
	['1024 bits', $rsa_key->("\xc1" . substr $modulus, -127)], ['2047 bits', $rsa_key->("\x41" . substr $modulus, 1)],
	['16,384 bits', $rsa_key->($modulus x 8)], ['e = 1', $rsa_key->($modulus, "\1")], ['e = 2', $rsa_key->($modulus, "\2")],
	['e = 3', $rsa_key->($modulus, "\3")],
	['e even', $rsa_key->($modulus, "\1\0\0")], ['e of 40 bits', $rsa_key->($modulus, "\1\0\0\0\1")],
	['n even', $rsa_key->(substr($modulus, 0, -1) . "\2")],
	['a factor of 3', $rsa_key->(pack 'H*',
		((Math::BigInt->from_bytes($modulus) / 3 | 1) * 3)->to_hex =~ s/^(.(?:..)*)$/0$1/r)], ['n zero', $rsa_key->("\0")],
		['n missing', { kty => 'RSA', e => 'AQAB' }];
done_testing;

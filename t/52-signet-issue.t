#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# `signet token`, `certificate` and `sign` with everything they have: what they get is judged by openssl, by the daemon and by `step`; what is wrong is one
# line and an exit status, uses no token up and leaves no half-written file. And answers on a terminal.
use strict;
use warnings;
use IO::Socket::INET;
use Test::More;
use MIME::Base64 qw(decode_base64url);
use Digest::SHA qw(sha256 sha256_hex);
use Signet::Test;
use Signet::Clients;
use Signet::DER;
use Signet::Terminal;

need('openssl');
hang_guard(900);

my $t = scratch();
my ($rc, $out, $err);
sub mode { return sprintf '%04o', (stat $_[0])[2] & 07777 }
sub files { my ($dir) = @_; opendir my $h, $dir or return ''; return join ' ', sort grep { !/^\.\.?$/ } readdir $h }

# ---- a CA with two provisioners whose key is at hand, one with a password, and one whose key the CA does not keep ----

my $v = "$SRC/t/vectors/ca";
spew("$t/prov.pw", "the provisioner's password\n", 0600);
spew("$t/wrong.pw", "another password\n", 0600);
run_ok(signet_bin(), 'key', 'make', "$t/word.jwe", '--format', 'jwk', '--password-file', "$t/prov.pw", '--public', "$t/word.pub");
my $word = json_decode(slurp("$t/word.pub"));
my $jwe = slurp("$t/word.jwe") =~ s/\s+//gr;
run_ok(signet_bin(), 'key', 'make', "$t/away.key", '--format', 'jwk', '--public', "$t/away.pub");
my $d = Signet::Test->new(provisioners => { admin => { encryptedKey => $jwe }, second => { key_name => 'second', encryptedKey => $jwe }, word => { key => $word, encryptedKey => $jwe },
		away => { key => json_decode(slurp("$t/away.pub")) } },
	yaml => "claims: {maxTLSCertDuration: 48h}\n");
$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
$d->ready;
push @{ $d->{secrets} }, "the provisioner's password";
$d->bootstrap;
mkdir "$t/ro" or die;
mkdir "$t/new" or die;
sub signet { return $d->signet(@_) }
my @key = ('--key', "$v/provisioner.key");
sub claims { my ($token) = @_; return json_decode(decode_base64url((split /\./, $token)[1])) }
sub header { my ($token) = @_; return json_decode(decode_base64url((split /\./, $token)[0])) }
sub token {
	my ($code, $text, $why) = signet('token', @_);
	is($code, 0, "token @_") or diag($why);
	like($text, qr/\A[\w-]+\.[\w-]+\.[\w-]+\n\z/, "token @_: one line on stdout");
	chomp $text;
	push @{ $d->{secrets} }, $text if $text;
	return $text;
}
# Refused: status, one line on stderr (two with where to look for the usage), nothing on stdout, nothing new in $t/new.
sub refused {
	my ($what, $status, $message, @args) = @_;
	my $before = files("$t/new");
	($rc, $out, $err) = signet(@args);
	is($rc, $status, "$what: status") or diag($err);
	like($err, $message, "$what: message");
	like($err, $err =~ /\nTry: / ? qr/\Asignet \w+: [^\n]+\nTry: [^\n]+\n\z/ : qr/\Asignet: [^\n]+\n\z/, "$what: one line");
	is($out, '', "$what: nothing on stdout");
	is(files("$t/new"), $before, "$what: nothing is left behind");
}

# ---- tokens ----

my $token = token('a.test', @key);
my ($h, $c) = (header($token), claims($token));
my $kid = Signet::Test::kid('provisioner');
is_deeply($h, { alg => 'ES256', typ => 'JWT', kid => $kid }, 'token: header');
is_deeply([ sort keys %$c ], [qw(aud exp iat iss jti nbf sans sha sub user)], 'token: claims');
is("$c->{aud} $c->{iss} $c->{sub} @{ $c->{sans} } $c->{sha}", "$d->{url}/1.0/sign admin a.test a.test " . $d->fingerprint, 'token: their values');
is_deeply($c->{user}, {}, 'token: user is empty');
is($c->{iat}, $c->{nbf}, 'token: begins now');
is($c->{exp} - $c->{nbf}, 300, 'token: five minutes');
like($c->{jti}, qr/^[0-9a-f]{64}$/, 'token: an id');
isnt(claims(token('a.test', @key))->{jti}, $c->{jti}, 'token: another id the next time');

$c = claims(token('a.test', @key, '--not-before', '20m', '--not-after', '30m'));
is($c->{nbf} - $c->{iat}, 1200, 'token --not-before');
is($c->{exp} - $c->{iat}, 1800, 'token --not-before --not-after: from now');
$c = claims(token('a.test', @key, '--not-before', '10m'));
is($c->{exp} - $c->{nbf}, 300, 'token --not-before alone: five minutes from there');
my $when = time + 900;
my @g = gmtime $when;
$c = claims(token('a.test', @key, '--not-after', sprintf '%04d-%02d-%02dT%02d:%02d:%02dZ', $g[5] + 1900, $g[4] + 1, @g[3, 2, 1, 0]));
is($c->{exp}, $when, 'token --not-after with a time');

spew("$t/set.json", '{"a": 1, "b": {"c": [true, null]}, "d": "from the file"}');
$c = claims(token('a.test', @key, '--set-file', "$t/set.json", '--set', 'd=["x",2]', '--set', 'e.f=plain', '--set', 'g=', '--set', 'h=a=b', '--set', 'i={"no":',
	'--set', 'j="q"', '--set', 'k=1.5', '--set', "l=b\xc3\xbccher", '--set', 'm=null'));
is_deeply($c->{user}, { a => 1, b => { c => [ JSON::PP::true, undef ] }, d => [ 'x', 2 ], 'e.f' => 'plain', g => '', h => 'a=b', i => '{"no":', j => 'q', k => 1.5,
	l => "b\xc3\xbccher", m => undef }, 'token --set and --set-file');

my $csr = "$t/a.csr";
spew($csr, csr_new(cn => 'a.test', san => 'DNS:a.test,IP:10.0.0.9,email:u@a.test,URI:spiffe://a.test/w'));
run_ok('openssl', 'req', '-in', $csr, '-outform', 'DER', '-out', "$t/a.der");
my $print = sha256(slurp("$t/a.der"));
my @names = map { ('--san', $_) } 'a.test', '10.0.0.9', 'u@a.test', 'spiffe://a.test/w';
for ([ '--cnf-file', $csr ], [ '--cnf-file', "$t/a.der" ], [ '--cnf', b64u($print) ], [ '--cnf', unpack 'H*', $print ]) {
	is_deeply(claims(token('a.test', @names, @key, @$_))->{cnf}, { 'x5rt#S256' => b64u($print) }, "token $_->[0]");
}
my $endpoint = '0f0e0d0c-0b0a-4908-8706-050403020100';
is(claims(token('a.test', @key, '--endpoint', $_))->{endpoint}, $endpoint, "token --endpoint $_") for $endpoint, uc $endpoint, $endpoint =~ s/-//gr;

($rc, $out, $err) = signet('token', 'a.test', @key, '--cert-not-after', '5h', '--cert-not-before', '-1m');
is($rc, 0, 'token --cert-not-after: status');
is_deeply([ sort keys %{ claims($out) } ], [qw(aud exp iat iss jti nbf sans sha sub user)], 'token --cert-not-after: not in it, as with step');
like($err, qr/^signet: --cert-not-after is not in the token; give --not-after to `signet certificate`$/m, 'token --cert-not-after: says so');

$c = claims(token('--revoke', $_, @key)) and is("$c->{aud} $c->{sub}", "$d->{url}/1.0/revoke 4660", "token --revoke $_") for '4660', '0x1234';
is_deeply([ sort keys %$c ], [qw(aud exp iat iss jti nbf sha sub)], 'token --revoke: no names');

# Which provisioner: by name, by kid, by its key.
is(claims(token('a.test', '--provisioner', 'second', '--key', "$v/second.key"))->{iss}, 'second', 'token --provisioner');
is(claims(token('a.test', '--issuer', 'second', '--key', "$v/second.key"))->{iss}, 'second', 'token --issuer');
is(claims(token('a.test', '--key', "$v/second.key"))->{iss}, 'second', 'token: the provisioner whose key it is');
is(header(token('a.test', '--kid', $word->{kid}, '--password-file', "$t/prov.pw"))->{kid}, $word->{kid}, 'token --kid');
is(claims(token('a.test', '--provisioner', 'word', '--provisioner-password-file', "$t/prov.pw"))->{iss}, 'word', 'token --provisioner-password-file');
for ([ 'a JWE', "$t/word.jwe" ]) {
	my ($what, $file) = @$_;
	$h = header(token('a.test', '--key', $file, '--password-file', "$t/prov.pw"));
	is($h->{kid}, $word->{kid}, "token --key with $what");
}
run_ok('openssl', 'pkcs8', '-topk8', '-in', "$v/provisioner.key", '-passout', "file:$t/prov.pw", '-out', "$t/enc.key");
is(header(token('a.test', '--key', "$t/enc.key", '--password-file', "$t/prov.pw"))->{kid}, $kid, 'token --key with an encrypted PEM');

# Offline: the CA need not be there.
my @nobody = ('--ca-url', 'https://localhost:1');
my $offline = token('a.test', '--offline', @key, '--provisioner', 'admin');
is(header($offline)->{kid}, $kid, 'token --offline: the thumbprint is the kid');
is(claims(token('a.test', '--offline', @key, '--provisioner', 'admin', @nobody))->{aud}, 'https://localhost:1/1.0/sign', 'token --offline: nobody is asked');
is(header(token('a.test', '--offline', @key, '--provisioner', 'admin', '--kid', 'my kid'))->{kid}, 'my kid', 'token --offline --kid');
is(header(token('a.test', '--offline', '--key', "$t/word.jwe", '--provisioner', 'word', '--password-file', "$t/prov.pw"))->{kid}, $word->{kid}, 'token --offline with a JWE');
is(claims(token('--revoke', '99', '--offline', @key, '--provisioner', 'admin'))->{sub}, '99', 'token --offline --revoke');
is((signet('certificate', 'a.test', "$t/off.crt", "$t/off.key", '--token', $offline))[0], 0, 'token --offline: the CA takes it');

($rc, $out, $err) = signet('token', 'a.test', @key, '--output-file', "$t/tok");
is("$rc $out", '0 ', 'token --output-file: prints nothing');
is(mode("$t/tok"), '0600', 'token --output-file: mode');
is(claims(slurp("$t/tok"))->{sub}, 'a.test', 'token --output-file: the token');
my $first = slurp("$t/tok");
($rc, $out, $err) = signet('token', 'a.test', @key, '--output-file', "$t/tok");
is($rc, 1, 'token --output-file over another: status');
like($err, qr/tok exists; give --force/, 'token --output-file over another: message');
is(slurp("$t/tok"), $first, 'token --output-file over another: it stays');
is((signet('token', 'a.test', @key, '--output-file', "$t/tok", '--force'))[0], 0, 'token --output-file --force');
SKIP: {
	skip('no /dev/full', 7) unless -c '/dev/full';
	local $ENV{SIGNETPATH} = $d->{client};
	my $line = shell_quote(signet_bin(), 'token', 'a.test', @key) . ' >/dev/full';
	($rc, undef, $err) = run('sh', '-c', $line);
	is($rc, 1, 'token into a full disk: status');
	like($err, qr/\Asignet: standard output: No space left on device\n\z/, 'token into a full disk: message');
	for (['health'], [ 'root', '--fingerprint', $d->fingerprint ], ['--help'], [ 'token', '--help' ], [ 'key', 'make', "$t/full.key" ]) {
		($rc, undef, $err) = run('sh', '-c', shell_quote(signet_bin(), @$_) . ' >/dev/full');
		is("$rc $err", "1 signet: standard output: No space left on device\n", "$_->[0] into a full disk");
	}
}

spew("$t/notjson", "{\"a\":\n");
spew("$t/list.json", '[1]');
spew("$t/huge.json", '{"a":"' . ('x' x 70000) . '"}');
for (
	[ 'no subject', 2, qr/missing argument/ ],
	[ 'an empty subject', 2, qr/SUBJECT is empty/, '', @key ],
	[ 'a defaults file that is not there', 1, qr/\Asignet: \Q$t\E\/none\.json: is not there; /, 'a.test', '--config', "$t/none.json", @key ],
	[ 'a folder as the defaults file', 1, qr/\Asignet: \Q$t\E: not a regular file/, 'a.test', '--config', $t, @key ],
	[ 'a subject that is no name', 2, qr/SUBJECT: .*; give names with --san/, 'a b', @key ],
	[ 'a subject in Latin-1', 2, qr/SUBJECT/, "B\xfccher", '--san', 'a.test', @key ],
	[ 'a name that is none', 2, qr/--san: /, 'a.test', '--san', 'x y', @key ],
	[ 'a wrong password', 1, qr/wrong password for provisioner word/, 'a.test', '--provisioner', 'word', '--password-file', "$t/wrong.pw" ],
	[ 'no password, no terminal', 1, qr/no terminal to ask on; give --password-file FILE/, 'a.test', '--provisioner', 'word' ],
	[ 'a password file that is not there', 1, qr{new/none}, 'a.test', '--provisioner', 'word', '--password-file', "$t/new/none" ],
	[ 'an empty password file', 1, qr/empty/, 'a.test', '--provisioner', 'word', '--password-file', '/dev/null' ],
	[ 'a folder as password file', 1, qr/\Q$t\E/, 'a.test', '--provisioner', 'word', '--password-file', $t ],
	[ 'no provisioner chosen, no terminal', 1, qr/the CA has 3 JWK provisioners: choose with --provisioner NAME/, 'a.test' ],
	[ 'a provisioner whose key is elsewhere', 1, qr/the CA does not keep the private key of provisioner away: give it with --key FILE/, 'a.test', '--provisioner', 'away' ],
	[ 'a provisioner that is not there', 1, qr/no JWK provisioner "none"/, 'a.test', '--provisioner', 'none', @key ],
	[ 'a kid that is not there', 1, qr/no JWK provisioner "none" \(by --kid\)/, 'a.test', '--kid', 'none', @key ],
	[ 'a kid of another', 1, qr/no JWK provisioner "second" with the kid $kid/, 'a.test', '--kid', $kid, '--provisioner', 'second', @key ],
	[ 'a key of another', 1, qr/provisioner\.key is not the key of provisioner second/, 'a.test', '--provisioner', 'second', @key ],
	[ 'a key of nobody', 1, qr/other\.key is not the key of a provisioner of this CA/, 'a.test', '--key', "$v/other.key" ],
	[ 'a key with a wrong password', 1, qr/enc\.key: wrong password/, 'a.test', '--key', "$t/enc.key", '--password-file', "$t/wrong.pw" ],
	[ 'a JWE with a wrong password', 1, qr/word\.jwe: wrong password/, 'a.test', '--key', "$t/word.jwe", '--password-file', "$t/wrong.pw" ],
	[ 'a key without its password', 1, qr/enc\.key: there is no terminal to ask on; give --password-file/, 'a.test', '--key', "$t/enc.key" ],
	[ 'a key that is none', 1, qr/a\.csr: /, 'a.test', '--key', $csr ],
	[ 'JSON that is no key', 1, qr/set\.json: /, 'a.test', '--key', "$t/set.json" ],
	[ 'a key that is not there', 1, qr{new/none}, 'a.test', '--key', "$t/new/none" ],
	[ 'offline without a key', 2, qr/--offline asks no CA: it needs --key FILE/, 'a.test', '--offline', '--provisioner', 'admin' ],
	[ 'offline without a provisioner', 2, qr/and --provisioner NAME/, 'a.test', '--offline', @key ],
	[ 'too long', 2, qr/a token lives 10s to 1h/, 'a.test', '--not-after', '61m', @key ],
	[ 'too short', 2, qr/a token lives 10s to 1h/, 'a.test', '--not-after', '9s', @key ],
	[ 'over before it begins', 2, qr/a token lives 10s to 1h/, 'a.test', '--not-before', '10m', '--not-after', '5m', @key ],
	[ 'over already', 2, qr/a token lives 10s to 1h/, 'a.test', '--not-before', '-30m', @key ],
	[ 'too late', 2, qr/--not-before 31m: a token begins within 30m/, 'a.test', '--not-before', '31m', @key ],
	[ 'a time that is none', 2, qr/--not-after soon: a duration/, 'a.test', '--not-after', 'soon', @key ],
	[ 'a start that is none', 2, qr/--not-before soon: a duration/, 'a.test', '--not-before', 'soon', @key ],
	[ 'a certificate time that is none', 2, qr/--cert-not-after soon: a duration/, 'a.test', '--cert-not-after', 'soon', @key ],
	[ '--set without a value', 2, qr/--set x: KEY=VALUE is needed/, 'a.test', '--set', 'x', @key ],
	[ '--set without a key', 2, qr/--set =x: KEY=VALUE is needed/, 'a.test', '--set', '=x', @key ],
	[ '--set in Latin-1', 2, qr/--set: not UTF-8/, 'a.test', '--set', "x=\xfc", @key ],
	[ '--set-file that is no JSON', 1, qr/notjson: /, 'a.test', '--set-file', "$t/notjson", @key ],
	[ '--set-file that is a list', 1, qr/list\.json: /, 'a.test', '--set-file', "$t/list.json", @key ],
	[ '--set-file too large', 1, qr/huge\.json: larger than 65536 bytes/, 'a.test', '--set-file', "$t/huge.json", @key ],
	[ '--set-file that is not there', 1, qr{new/none}, 'a.test', '--set-file', "$t/new/none", @key ],
	[ 'a fingerprint that is none', 2, qr/--cnf abc: the SHA-256 of the request/, 'a.test', '--cnf', 'abc', @key ],
	[ '--cnf-file that is a key', 1, qr/provisioner\.key: no certificate request in it, but a block/, 'a.test', '--cnf-file', "$v/provisioner.key", @key ],
	[ '--cnf-file that is nonsense', 1, qr/notjson: neither PEM nor a certificate request in DER/, 'a.test', '--cnf-file', "$t/notjson", @key ],
	[ 'both --cnf', 2, qr/--cnf and --cnf-file exclude each other/, 'a.test', '--cnf', 'x', '--cnf-file', 'y', @key ],
	[ 'an endpoint that is none', 2, qr/--endpoint x: an id such as/, 'a.test', '--endpoint', 'x', @key ],
	[ 'a serial that is none', 2, qr/with --revoke it is a serial number/, '--revoke', 'a.test', @key ],
	[ 'serial 0', 2, qr/with --revoke it is a serial number/, '--revoke', '0', @key ],
	[ 'an octal serial', 2, qr/with --revoke it is a serial number/, '--revoke', '0o17', @key ],
	[ '--revoke with names', 2, qr/--revoke and --san exclude each other/, '--revoke', '1', '--san', 'x', @key ],
	[ '--revoke with data', 2, qr/--revoke and --set exclude each other/, '--revoke', '1', '--set', 'a=b', @key ],
	[ '--revoke and --renew', 2, qr/--revoke and --renew exclude each other/, '--revoke', '1', '--renew' ],
	[ '--renew alone', 2, qr/--renew needs the certificate and its key/, '--renew' ],
	[ '--x5c-cert alone', 2, qr/go with --renew/, 'a.test', '--x5c-cert', "$t/off.crt", @key ],
	[ 'nobody there', 4, qr/could not connect/, 'a.test', @nobody, @key ],
	[ 'another root', 1, qr/not trusted/, 'a.test', '--root', "$v/other.crt", @key ],
	[ 'a root that is none', 1, qr/a\.csr/, 'a.test', '--root', $csr, '--offline', '--provisioner', 'admin', @key ],
	[ 'a root that is not there', 1, qr{new/none: the root certificate is not there}, 'a.test', '--root', "$t/new/none", @key ],
	[ 'into a folder that is not there', 1, qr{new/none/x: cannot be written}, 'a.test', '--output-file', "$t/new/none/x", @key ],
	[ 'into a folder', 1, qr/cannot be written: it is a folder/, 'a.test', '--output-file', "$t/new", @key ],
) {
	my ($what, $status, $message, @args) = @$_;
	refused("token, $what", $status, $message, 'token', @args);
}

# ---- certificates ----

my ($crt, $keyfile) = ("$t/c.crt", "$t/c.key");
sub certificate { my ($code, $text, $why) = signet('certificate', @_); is($code, 0, "certificate @_") or diag($why); return $text }
sub pair_ok {
	my ($c, $k, $what, @pass) = @_;
	is(run_ok('openssl', 'pkey', '-in', $k, '-pubout', @pass), run_ok('openssl', 'x509', '-in', $c, '-noout', '-pubkey'), "$what: certificate and key belong together");
	is(verify_ok($c, $d->{root}), '', "$what: verifies");
}

for (
	[ 'P-256', 'prime256v1' ], [ 'P-384', 'secp384r1', '--kty', 'EC', '--curve', 'P-384' ], [ 'P-521', 'secp521r1', '--curve', 'P-521' ],
	[ 'Ed25519', 'ED25519', '--kty', 'OKP', '--curve', 'Ed25519' ], [ 'RSA', 'RSA 2048', '--kty', 'RSA' ], [ 'RSA 3072', 'RSA 3072', '--kty', 'RSA', '--size', '3072' ],
) {
	my ($kind, $is, @args) = @$_;
	certificate('a.test', $crt, $keyfile, '--force', @key, @args);
	is(key_of($crt), $is, "certificate, $kind: its key");
	is(mode($keyfile), '0600', "certificate, $kind: mode of the key");
	pair_ok($crt, $keyfile, "certificate, $kind");
	like(slurp($keyfile), qr/\A-----BEGIN PRIVATE KEY-----\n/, "certificate, $kind: plain PKCS#8");
}
my @chain = slurp($crt) =~ /(-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n)/sg;
is(scalar @chain, 2, 'certificate: leaf and intermediate');
like(cert_text($chain[0]), qr/Subject: CN = a\.test/, 'certificate: the leaf comes first');

certificate('a.test', $crt, $keyfile, '--force', @key, @names, '--not-before', '5m', '--not-after', '2h');
is(sans_of($crt), 'DNS:a.test IP:10.0.0.9 URI:spiffe://a.test/w email:u@a.test', 'certificate --san');
my ($begin, $end) = dates_of($crt);
is($end - $begin, 7200, 'certificate --not-before --not-after: the lifetime');
cmp_ok($begin, '>', time + 120, 'certificate --not-before: begins later');

# Keys under a password.
certificate('a.test', "$t/e.crt", "$t/e.key", @key, '--key-password-file', "$t/prov.pw");
like(slurp("$t/e.key"), qr/\A-----BEGIN ENCRYPTED PRIVATE KEY-----\n/, 'certificate --key-password-file: encrypted');
pair_ok("$t/e.crt", "$t/e.key", 'certificate --key-password-file', '-passin', "file:$t/prov.pw");
like(certificate('a.test', "$t/e2.crt", '--private-key', "$t/e.key", '--key-password-file', "$t/prov.pw", @key), qr/\AThe certificate is in \S+e2\.crt\.\n\z/,
	'certificate --private-key: what it says');
pair_ok("$t/e2.crt", "$t/e.key", 'certificate --private-key, encrypted', '-passin', "file:$t/prov.pw");
certificate('a.test', "$t/n.crt", "$t/n.key", @key, '--no-password');
certificate('b.test', "$t/n2.crt", '--private-key', "$t/n.key", @key);
pair_ok("$t/n2.crt", "$t/n.key", 'certificate --private-key');
run_ok('openssl', 'ecparam', '-genkey', '-name', 'secp384r1', '-out', "$t/sec1.key");
certificate('b.test', "$t/n3.crt", '--private-key', "$t/sec1.key", @key);
is(key_of("$t/n3.crt"), 'secp384r1', 'certificate --private-key, SEC1');

# A request that is there.
certificate('a.test', "$t/r.crt", '--csr', $csr, @key);
is(sans_of("$t/r.crt"), 'DNS:a.test IP:10.0.0.9 URI:spiffe://a.test/w email:u@a.test', 'certificate --csr: its names');
is(run_ok('openssl', 'req', '-in', $csr, '-noout', '-pubkey'), run_ok('openssl', 'x509', '-in', "$t/r.crt", '-noout', '-pubkey'), 'certificate --csr: its key');
certificate('10.0.0.9', "$t/r.crt", '--csr', "$t/a.der", '--force', @key);
ok(!-e "$t/r.key", 'certificate --csr: no key is written');

# Tokens that others made.
my $bound = token('a.test', @names, @key, '--cnf-file', $csr);
refused('certificate with a bound token and a new key', 1, qr/the token is bound to a certificate request: give that with --csr/,
	'certificate', 'a.test', "$t/new/c", "$t/new/k", '--token', $bound);
spew("$t/other.csr", csr_new(cn => 'a.test', san => 'DNS:a.test,IP:10.0.0.9,email:u@a.test,URI:spiffe://a.test/w', kind => 'P-384'));
refused('sign with a token bound to another request', 1, qr/the token is bound to another certificate request/, 'sign', "$t/other.csr", "$t/new/c", '--token', $bound);
# The daemon's own judgement of it.
is($d->sign(token => $bound, csr => slurp("$t/other.csr"))->{status}, 403, 'a bound token, another request: the daemon refuses too');
certificate('a.test', "$t/r.crt", '--csr', $csr, '--force', '--token', $bound);

my $names = token('two.test', '--san', 'two.test', '--san', '10.0.0.2', @key);
certificate('two.test', "$t/t.crt", "$t/t.key", '--token', $names);
is(sans_of("$t/t.crt"), 'DNS:two.test IP:10.0.0.2', 'certificate --token: its names');
spew("$t/tok2", " \n" . token('two.test', @key) . "\r\n\n", 0600);
certificate('two.test', "$t/t.crt", "$t/t.key", '--force', '--token-file', "$t/tok2");
($rc, $out, $err) = signet({ stdin => token('two.test', @key) . "\n" }, 'certificate', 'two.test', "$t/t.crt", "$t/t.key", '--force', '--token-file', '-');
is($rc, 0, 'certificate --token-file -: from standard input') or diag($err);
my @many = map { "n$_.many.test" } 1 .. 100;
my $many = $d->token(sub => $many[0], claims => { sans => \@many });
certificate($many[0], "$t/t.crt", "$t/t.key", '--force', '--token', $many);
is(scalar(split / /, sans_of("$t/t.crt")), 100, 'certificate --token with 100 names');

# Nothing that is found here uses the token up.
my $good = token('g.test', @key);
spew("$t/old", token_new(url => $d->{url}, sub => 'g.test', claims => { exp => time - 3600, iat => time - 3900, nbf => time - 3900 }), 0600);
spew("$t/future", token_new(url => $d->{url}, sub => 'g.test', claims => { nbf => time + 900, exp => time + 1200 }), 0600);
spew("$t/revoke.tok", token('--revoke', '5', @key), 0600);
spew("$t/empty", "\n");
spew("$t/big", 'x' x 70000);
spew("$t/other.key", slurp("$v/other.key"), 0600);
my @two = ("$t/new/c", "$t/new/k");
for (
	[ 'a subject that the token does not name', 1, qr/the token is for g\.test, not for h\.test/, 'h.test', @two, '--token', $good ],
	[ 'CRT that is there', 1, qr/c\.crt exists; give --force to overwrite it/, 'g.test', $crt, "$t/new/k", '--token', $good ],
	[ 'KEY that is there', 1, qr/c\.key exists; give --force to overwrite it/, 'g.test', "$t/new/c", $keyfile, '--token', $good ],
	[ 'CRT and KEY in one file', 2, qr/CRT and KEY are the same file/, 'g.test', "$t/new/c", "$t/new/../new/c", '--token', $good ],
	[ 'CRT over the private key', 2, qr/CRT is the private key/, 'g.test', "$t/other.key", '--private-key', "$t/other.key", '--token', $good ],
	[ 'KEY with --csr', 2, qr/KEY and --csr exclude each other/, 'g.test', @two, '--csr', $csr, '--token', $good ],
	[ 'KEY with --private-key', 2, qr/KEY and --private-key exclude each other/, 'g.test', @two, '--private-key', "$t/n.key", '--token', $good ],
	[ 'no KEY', 2, qr/missing argument/, 'g.test', "$t/new/c", '--token', $good ],
	[ '--csr and --private-key', 2, qr/exclude each other/, 'g.test', "$t/new/c", '--csr', $csr, '--private-key', $keyfile ],
	[ '--csr and --san', 2, qr/the names are those of the request/, 'g.test', "$t/new/c", '--csr', $csr, '--san', 'x' ],
	[ '--csr and --kty', 2, qr/are for a new key/, 'g.test', "$t/new/c", '--csr', $csr, '--kty', 'RSA' ],
	[ '--no-password and a password', 2, qr/exclude each other/, 'g.test', @two, '--no-password', '--key-password-file', "$t/prov.pw" ],
	[ 'a request of another', 1, qr/a\.csr is a request for a\.test, not for g\.test/, 'g.test', "$t/new/c", '--csr', $csr, '--token', $good ],
	[ 'a request that is not there', 1, qr{new/none}, 'g.test', "$t/new/c", '--csr', "$t/new/none", '--token', $good ],
	[ 'a request that is none', 1, qr/n\.key: no certificate request in it, but a block "PRIVATE KEY"/, 'g.test', "$t/new/c", '--csr', "$t/n.key", '--token', $good ],
	[ 'a private key that is not there', 1, qr{new/none}, 'g.test', "$t/new/c", '--private-key', "$t/new/none", '--token', $good ],
	[ 'a private key that is none', 1, qr/a\.csr: /, 'g.test', "$t/new/c", '--private-key', $csr, '--token', $good ],
	[ 'a private key with a wrong password', 1, qr/e\.key: wrong password/, 'g.test', "$t/new/c", '--private-key', "$t/e.key", '--key-password-file', "$t/wrong.pw", '--token', $good ],
	[ 'a private key without its password', 1, qr/give --key-password-file FILE/, 'g.test', "$t/new/c", '--private-key', "$t/e.key", '--token', $good ],
	[ 'a private key that cannot sign', 1, qr/x25519\.pem: such a key cannot sign/, 'g.test', "$t/new/c", '--private-key', "$SRC/t/vectors/keys/x25519.pem", '--token', $good ],
	[ 'a password file that is not there', 1, qr{new/none}, 'g.test', @two, '--key-password-file', "$t/new/none", '--token', $good ],
	[ 'a kind of key that is none', 2, qr/./, 'g.test', @two, '--kty', 'DSA', '--token', $good ],
	[ 'a curve that is none', 2, qr/./, 'g.test', @two, '--curve', 'P-999', '--token', $good ],
	[ 'X25519', 2, qr/such a key cannot sign/, 'g.test', @two, '--kty', 'OKP', '--curve', 'X25519', '--token', $good ],
	[ 'RSA too small', 2, qr/./, 'g.test', @two, '--kty', 'RSA', '--size', '1024', '--token', $good ],
	[ 'RSA too large', 2, qr/./, 'g.test', @two, '--kty', 'RSA', '--size', '8192', '--token', $good ],
	[ 'a size without RSA', 2, qr/--size is for RSA keys/, 'g.test', @two, '--size', '2048', '--token', $good ],
	[ 'a size that is none', 2, qr/--size big/, 'g.test', @two, '--kty', 'RSA', '--size', 'big', '--token', $good ],
	[ 'an end that is none', 2, qr/--not-after soon: a duration/, 'g.test', @two, '--not-after', 'soon', '--token', $good ],
	[ 'a start that is none', 2, qr/--not-before soon: a duration/, 'g.test', @two, '--not-before', 'soon', '--token', $good ],
	[ '--set without a value', 2, qr/KEY=VALUE is needed/, 'g.test', @two, '--set', 'x', '--token', $good ],
	[ 'an endpoint that is none', 2, qr/--endpoint/, 'g.test', @two, '--endpoint', 'x', '--token', $good ],
	[ 'two tokens', 2, qr/exclude each other/, 'g.test', @two, '--token', $good, '--token-file', "$t/old" ],
	[ 'a token file that is not there', 1, qr{new/none}, 'g.test', @two, '--token-file', "$t/new/none" ],
	[ 'an empty token file', 1, qr/the token is empty/, 'g.test', @two, '--token-file', "$t/empty" ],
	[ 'a token file too large', 1, qr/larger than 65536 bytes/, 'g.test', @two, '--token-file', "$t/big" ],
	[ 'a token that is none', 1, qr/token: /, 'g.test', @two, '--token', 'nonsense' ],
	[ 'a token that is over', 1, qr/the token ended at \S+Z: a new one is needed/, 'g.test', @two, '--token-file', "$t/old" ],
	[ 'a token that has not begun', 1, qr/the token begins at \S+Z: wait until then/, 'g.test', @two, '--token-file', "$t/future" ],
	[ 'a token for revoking', 1, qr/the token is not for certificates/, '5', @two, '--san', 'g.test', '--token-file', "$t/revoke.tok" ],
	[ 'into a folder that is not there', 1, qr{new/none/c: cannot be written}, 'g.test', "$t/new/none/c", "$t/new/k", '--token', $good ],
	[ 'nobody there', 4, qr/could not connect/, 'g.test', @two, @nobody, '--token', $good ],
	[ 'another root', 1, qr/not trusted/, 'g.test', @two, '--root', "$v/other.crt", '--token', $good ],
	[ 'too long', 3, qr/the CA refused \(403\): .*requested duration of 49h1m0s is more than/, 'g.test', @two, '--not-after', '49h', '--token', $good ],
	[ 'names that the token does not allow', 3, qr/the CA refused \(403\)/, 'g.test', @two, '--san', 'g.test', '--san', 'x.test', '--token', $good ],
) {
	my ($what, $status, $message, @args) = @$_;
	refused("certificate, $what", $status, $message, 'certificate', @args);
}
SKIP: {
	# Full: before anything is asked. Read-only: the same. (Permissions say nothing to root: a file system does.)
	my $small = "$t/small";
	mkdir $small or die;
	my ($mounted, undef, $why) = run('mount', '-t', 'tmpfs', '-o', 'size=32k,mode=0700', 'tmpfs', $small);
	skip("no small file system can be mounted here: $why", 36) if $mounted != 0;
	run('dd', 'if=/dev/zero', "of=$small/fill", 'bs=1k', 'status=none');
	refused('certificate, full disk for CRT', 1, qr/small\/c: cannot be written: No space left on device/, 'certificate', 'g.test', "$small/c", "$t/new/k", '--token', $good);
	refused('certificate, full disk for KEY', 1, qr/small\/k: cannot be written: No space left on device/, 'certificate', 'g.test', "$t/new/c", "$small/k", '--token', $good);
	refused('sign, full disk', 1, qr/small\/c: cannot be written: No space left on device/, 'sign', $csr, "$small/c", '--token', $good);
	refused('token, full disk', 1, qr/small\/c: cannot be written: No space left on device/, 'token', 'g.test', @key, '--output-file', "$small/c");
	is(files($small), 'fill', 'full disk: nothing is left behind');
	run('mount', '-o', 'remount,ro', $small);
	refused('certificate, read-only folder', 1, qr/small\/c: cannot be written: folder \S+: Read-only file system/, 'certificate', 'g.test', "$small/c", "$t/new/k", '--token', $good);
	refused('sign, read-only folder', 1, qr/small\/c: cannot be written/, 'sign', $csr, "$small/c", '--token', $good);
	refused('token, read-only folder', 1, qr/small\/c: cannot be written/, 'token', 'g.test', @key, '--output-file', "$small/c");
	run('umount', $small);
}
certificate('g.test', "$t/g.crt", "$t/g.key", '--token', $good);
refused('certificate, the token a second time', 3, qr/the CA refused \(401\)/, 'certificate', 'g.test', @two, '--token', $good);
refused('certificate, the daemon would not take a token for revoking', 3, qr/the CA refused \(401\)/, 'certificate', '5', @two, '--san', 'g.test', '--token',
	token_new(url => $d->{url}, sub => '5', claims => { aud => "$d->{url}/1.0/revoke/sign", sans => ['g.test'] }));

# An existing pair stays a pair, whatever fails.
my ($old_crt, $old_key) = (slurp($crt), slurp($keyfile));
for ([ 'refused', 3, '--not-after', '49h' ], [ 'nobody there', 4, @nobody ], [ 'a wrong key', 1, '--key', "$v/other.key" ]) {
	my ($what, $status, @args) = @$_;
	is((signet('certificate', 'a.test', $crt, $keyfile, '--force', $what eq 'a wrong key' ? () : @key, @args))[0], $status, "certificate --force, $what: status");
	ok(slurp($crt) eq $old_crt && slurp($keyfile) eq $old_key, "certificate --force, $what: the old pair stays");
}
SKIP: {
	skip('built without --enable-test-hooks', 5) unless slurp("$BUILD/config.h") =~ /^#define ENABLE_TEST_HOOKS 1/m;
	# Killed between the two renames: the key is new, its certificate lies whole beside its place.
	mkdir "$t/crash" or die;
	my ($c1, $k1) = ("$t/crash/c.crt", "$t/crash/c.key");
	certificate('a.test', $c1, $k1, @key);
	my $before = slurp($c1);
	is((signet({ env => { SIGNET_TEST_CRASH => 'cli.pair' } }, 'certificate', 'a.test', $c1, $k1, '--force', @key))[0], 128 + 9, 'killed between the renames');
	is(slurp($c1), $before, 'killed between the renames: the old certificate');
	my ($beside) = glob "$c1.new-*";
	ok($beside, 'killed between the renames: the new certificate is beside it') and pair_ok($beside, $k1, 'killed between the renames');
	is(files("$t/crash"), join(' ', 'c.crt', 'c.crt.new-' . ($beside =~ /-(\d+)$/)[0], 'c.key'), 'killed between the renames: nothing else');
}

# ---- sign ----

my $pem = slurp($csr);
($rc, $out, $err) = signet('sign', $csr, "$t/s.crt", @key);
is("$rc $out", "0 The certificate is in $t/s.crt.\n", 'sign') or diag($err);
is(sans_of("$t/s.crt"), 'DNS:a.test IP:10.0.0.9 URI:spiffe://a.test/w email:u@a.test', 'sign: the names of the request');
is(verify_ok("$t/s.crt", $d->{root}), '', 'sign: verifies');
($rc, $out, $err) = signet('sign', "$t/a.der", @key, '--not-after', '3h');
is($rc, 0, 'sign to standard output') or diag($err);
spew("$t/s2.crt", $out);
is(scalar(() = $out =~ /BEGIN CERTIFICATE/g), 2, 'sign to standard output: leaf and chain, nothing else');
unlike($out, qr/^The /m, 'sign to standard output: no sentence');
($begin, $end) = dates_of("$t/s2.crt");
is($end - $begin, 3 * 3600 + 60, 'sign --not-after');
for ([ 'PEM', $pem ], [ 'DER', slurp("$t/a.der") ], [ 'PEM behind other text', "Certificate Request:\n  Data\n$pem" ],
	[ 'PEM behind a key', slurp("$v/other.key") . $pem ], [ 'PEM with CRLF', $pem =~ s/\n/\r\n/gr ], [ 'PEM with the old label', $pem =~ s/(BEGIN|END) CERT/$1 NEW CERT/gr ]) {
	my ($what, $bytes) = @$_;
	($rc, $out, $err) = signet({ stdin => $bytes }, 'sign', '-', @key);
	is($rc, 0, "sign -, $what") or diag($err);
	like($out, qr/\A-----BEGIN CERTIFICATE-----/, "sign -, $what: a certificate");
}
spew("$t/nocn.csr", csr_new(cn => '', san => 'DNS:first.test,DNS:second.test'));
($rc, $out, $err) = signet('sign', "$t/nocn.csr", "$t/s3.crt", @key);
is($rc, 0, 'sign, a request without a common name') or diag($err);
is(sans_of("$t/s3.crt"), 'DNS:first.test DNS:second.test', 'sign, a request without a common name: its names');
for my $kind (qw(P-384 RSA-2048 Ed25519)) {
	spew("$t/k.csr", csr_new(cn => 'k.test', kind => $kind));
	($rc, $out, $err) = signet('sign', "$t/k.csr", "$t/k.crt", '--force', @key);
	is($rc, 0, "sign, $kind") or diag($err);
	is(run_ok('openssl', 'req', '-in', "$t/k.csr", '-noout', '-pubkey'), run_ok('openssl', 'x509', '-in', "$t/k.crt", '-noout', '-pubkey'), "sign, $kind: its key");
}
is((signet('sign', $csr, "$t/s.crt", '--force', '--token', token('a.test', @names, @key)))[0], 0, 'sign --token');
spew("$t/none.csr", csr_new(subject => '/'));
spew("$t/rid.csr", csr_new(cn => 'a.test', san => 'DNS:a.test,RID:1.2.3.4'));
spew("$t/badsig.csr", to_pem('CERTIFICATE REQUEST', substr(slurp("$t/a.der"), 0, -1) . chr(ord(substr slurp("$t/a.der"), -1) ^ 1)));
spew("$t/nothing", '');
spew("$t/cut.csr", to_pem('CERTIFICATE REQUEST', substr slurp("$t/a.der"), 0, 100));
spew("$t/trail.der", slurp("$t/a.der") . "\0");
my $vx = "$SRC/t/vectors/x509";
$good = token('g.test', @key);
for (
	[ 'no request', 2, qr/missing argument/ ],
	[ 'a request that is not there', 1, qr{new/none}, "$t/new/none", "$t/new/c", @key ],
	[ 'a folder', 1, qr/\Q$t\E/, $t, "$t/new/c", @key ],
	[ 'nonsense', 1, qr/notjson: neither PEM nor a certificate request in DER/, "$t/notjson", "$t/new/c", @key ],
	[ 'an empty file', 1, qr/nothing: neither PEM nor/, "$t/nothing", "$t/new/c", @key ],
	[ 'a certificate', 1, qr/c\.crt: no certificate request in it, but a block "CERTIFICATE"/, $crt, "$t/new/c", @key ],
	[ 'a request that was cut', 1, qr/cut\.csr: /, "$t/cut.csr", "$t/new/c", @key ],
	[ 'trailing bytes', 1, qr/trail\.der: neither PEM nor/, "$t/trail.der", "$t/new/c", @key ],
	[ 'a signature that is wrong', 1, qr/badsig\.csr: .*signature/, "$t/badsig.csr", "$t/new/c", @key ],
	[ 'RSA 1024', 1, qr/rsa1024\.der: /, "$vx/csr-bad-key-rsa1024.der", "$t/new/c", @key ],
	[ 'a request that names nothing', 1, qr/none\.csr: the request names nothing/, "$t/none.csr", "$t/new/c", @key ],
	[ 'a name that no token can allow', 1, qr/rid\.csr: the request has a name of a kind that a token cannot allow/, "$t/rid.csr", "$t/new/c", @key ],
	[ 'a file too large', 1, qr/larger than 65536 bytes/, "$t/big", "$t/new/c", @key ],
	[ 'CRT over the request', 2, qr/CRT is the request/, $csr, $csr, @key ],
	[ 'CRT that is there', 1, qr/s\.crt exists/, $csr, "$t/s.crt", @key ],
	[ 'a token for another', 1, qr/the token is for g\.test, not for a\.test/, $csr, "$t/new/c", '--token', $good ],
	[ 'a token of nobody', 3, qr/the CA refused \(401\)/, $csr, "$t/new/c", '--token', token_new(url => $d->{url}, sub => 'a.test', key => 'second', kid_of => 'provisioner') ],
	[ 'nobody there', 4, qr/could not connect/, $csr, "$t/new/c", @nobody, @key ],
	[ 'another root', 1, qr/not trusted/, $csr, "$t/new/c", '--root', "$v/other.crt", @key ],
) {
	my ($what, $status, $message, @args) = @$_;
	refused("sign, $what", $status, $message, 'sign', @args);
}
($rc, $out, $err) = signet({ stdin => 'x' x 70000 }, 'sign', '-', @key);
is($rc, 1, 'sign -, too large: status');
like($err, qr/\Asignet: standard input: larger than 65536 bytes\n\z/, 'sign -, too large: message');

# ---- templates' data, endpoints, revoking and renewing: what the daemon makes of them ----

{
	# What goes out is seen by somebody who listens: a daemon that is none.
	my $seen = "$t/seen";
	require IO::Socket::SSL;
	my $l = IO::Socket::SSL->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 5, SSL_cert_file => "$SRC/t/vectors/tls/server.chain",
		SSL_key_file => "$SRC/t/vectors/tls/server.key") or die $IO::Socket::SSL::SSL_ERROR;
	my $port = $l->sockport;
	my $pid = fork // die;
	if (!$pid) {
		my $s = $l->accept or POSIX::_exit(1);
		my $got = '';
		while ($got !~ /\r\n\r\n/) { sysread $s, $got, 65536, length $got or last }
		my ($n) = $got =~ /^Content-Length: (\d+)/mi;
		while (length((split /\r\n\r\n/, $got, 2)[1]) < $n) { sysread $s, $got, 65536, length $got or last }
		spew($seen, (split /\r\n\r\n/, $got, 2)[1]);
		my $body = json_encode({ status => 403, message => 'The request was forbidden by the certificate authority: seen.' });
		print $s "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: " . length($body) . "\r\nConnection: close\r\n\r\n$body";
		close $s;
		POSIX::_exit(0);
	}
	close $l;
	my @there = ('--ca-url', "https://localhost:$port", '--root', "$SRC/t/vectors/tls/root.crt");
	($rc, $out, $err) = signet('certificate', 'a.test', "$t/new/c", "$t/new/k", @there, '--token', token_new(sub => 'a.test'), '--set', 'x={"y":[1]}', '--set-file', "$t/set.json",
		'--endpoint', uc $endpoint, '--not-before', '1m', '--not-after', '2h');
	is($rc, 3, 'what goes out: refused') or diag($err);
	waitpid $pid, 0;
	my $body = json_decode(slurp($seen));
	is_deeply($body->{templateData}, { a => 1, b => { c => [ JSON::PP::true, undef ] }, d => 'from the file', x => { y => [1] } }, 'certificate --set: templateData');
	is("$body->{endpoint} $body->{notBefore} $body->{notAfter}", "$endpoint 1m 2h", 'certificate --endpoint, --not-before, --not-after: in the body');
	is(files("$t/new"), '', 'what goes out: nothing is written');
}
($rc, $out, $err) = signet('certificate', 'a.test', "$t/tmpl.crt", "$t/tmpl.key", '--set', 'a=b', '--set-file', "$t/set.json", @key);
is($rc, 0, 'certificate --set: the daemon takes it') or diag($err);

sub serial_of { my ($text) = run_ok('openssl', 'x509', '-in', $_[0], '-noout', '-serial') =~ /serial=(\w+)/; return "0x$text" }
SKIP: {
	my ($has) = run(signet_bin(), 'show', '--help');
	skip('no `signet show`', 6) if $has != 0;
	my $show = sub {
		my ($code, $text, $why) = signet('show', serial_of($_[0]), '--json', '--config', "$d->{dir}/signetd.yaml");
		is($code, 0, "show $_[0]") or diag($why);
		return $code == 0 ? json_decode($text) : {};
	};
	certificate('ep.test', "$t/ep.crt", "$t/ep.key", '--endpoint', $endpoint, @key);
	is($show->("$t/ep.crt")->{endpoint}, $endpoint, 'certificate --endpoint: recorded');
	certificate('ep.test', "$t/ep2.crt", "$t/ep2.key", '--token', token('ep.test', '--endpoint', $endpoint, @key));
	is($show->("$t/ep2.crt")->{endpoint}, $endpoint, 'token --endpoint: recorded');
}
SKIP: {
	my ($probe) = map { $_->{status} } $d->http('POST', '/revoke', body => '{}');
	skip('the daemon does not revoke', 8) if $probe == 404;
	certificate('rev.test', "$t/rev.crt", "$t/rev.key", @key);
	my $renew = token('--renew', '--x5c-cert', "$t/rev.crt", '--x5c-key', "$t/rev.key");
	my $r = $d->http('POST', '/renew', headers => { Authorization => "Bearer $renew" });
	is($r->{status}, 201, 'token --renew: the daemon renews') or diag($r->{body});
	$r = $d->http('POST', '/renew', headers => { Authorization => "Bearer $renew" });
	is($r->{status}, 401, 'token --renew: once');
	my $serial = serial_of("$t/rev.crt");
	my $revoke = token('--revoke', $serial, @key);
	$r = $d->http('POST', '/revoke', body => json_encode({ serial => $serial, ott => $revoke, reasonCode => 0, reason => '', passive => JSON::PP::true }));
	is($r->{status}, 200, 'token --revoke: the daemon revokes') or diag($r->{body});
}
run_ok('openssl', 'pkcs8', '-topk8', '-in', $keyfile, '-passout', "file:$t/prov.pw", '-out', "$t/c.enc");
certificate('ren.test', "$t/ren.crt", "$t/ren.key", @key);
for (
	[ '--x5c-cert', "$t/ren.crt", '--x5c-key', "$t/ren.key" ], [ 'ren.test', '--x5c-cert', "$t/ren.crt", '--x5c-key', "$t/ren.key" ],
	[ '--cert', "$t/ren.crt", '--key', "$t/ren.key" ],
) {
	my $renew = token('--renew', @$_);
	is_deeply(header($renew)->{x5cInsecure}, [ map { MIME::Base64::encode_base64(from_pem($_), '') } slurp("$t/ren.crt") =~ /(-----BEGIN.*?-----END CERTIFICATE-----\n)/sg ],
		'token --renew: the chain');
	$c = claims($renew);
	is("$c->{sub} $c->{iss} $c->{aud}", "ren.test step-ca-client/1.0 $d->{url}/renew", 'token --renew: claims');
	is($c->{exp} - $c->{iat}, 300, 'token --renew: five minutes');
}
for (
	[ 'another key', 1, qr/c\.key is not the private key of \S+ren\.crt/, '--x5c-cert', "$t/ren.crt", '--x5c-key', $keyfile ],
	[ 'another subject', 2, qr/SUBJECT x\.test: \S+ren\.crt is for "ren\.test"/, 'x.test', '--x5c-cert', "$t/ren.crt", '--x5c-key', "$t/ren.key" ],
	[ 'a wrong password', 1, qr/c\.enc: wrong password/, '--x5c-cert', $crt, '--x5c-key', "$t/c.enc", '--password-file', "$t/wrong.pw" ],
	[ 'a certificate that is none', 1, qr/ren\.key: /, '--x5c-cert', "$t/ren.key", '--x5c-key', "$t/ren.key" ],
	[ 'a certificate that is not there', 1, qr{new/none}, '--x5c-cert', "$t/new/none", '--x5c-key', "$t/ren.key" ],
	[ 'names', 2, qr/--renew and --san exclude each other/, '--x5c-cert', "$t/ren.crt", '--x5c-key', "$t/ren.key", '--san', 'x' ],
) {
	my ($what, $status, $message, @args) = @$_;
	refused("token --renew, $what", $status, $message, 'token', '--renew', @args);
}

# ---- with step ----

SKIP: {
	skip('no step', 20) unless have('step');
	step_ok($d, 'ca', 'bootstrap', '--ca-url', $d->{url}, '--fingerprint', $d->fingerprint, '--force');
	# Tokens of ours.
	step_ok($d, 'ca', 'certificate', 'st.test', "$t/st.crt", "$t/st.key", '--token', token('st.test', '--san', 'st.test', '--san', '10.0.0.3', @key));
	is(sans_of("$t/st.crt"), 'DNS:st.test IP:10.0.0.3', 'a token of ours for step ca certificate');
	step_ok($d, 'ca', 'sign', '--token', token('a.test', @names, @key, '--cnf-file', $csr), $csr, "$t/st2.crt");
	is(sans_of("$t/st2.crt"), 'DNS:a.test IP:10.0.0.9 URI:spiffe://a.test/w email:u@a.test', 'a bound token of ours for step ca sign');
	isnt((step($d, 'ca', 'sign', '--token', token('a.test', @names, @key, '--cnf-file', $csr), "$t/other.csr", "$t/st3.crt"))[0], 0,
		'a bound token of ours for another request with step: refused');
	step_ok($d, 'ca', 'certificate', 'st.test', "$t/st4.crt", "$t/st4.key", '--token', token('st.test', '--offline', '--provisioner', 'admin', @key));
	# Tokens of step.
	my $theirs = sub { my ($text) = step_ok($d, 'ca', 'token', @_) =~ /^(eyJ\S+)$/m; push @{ $d->{secrets} }, $text; return $text };
	my @theirs = ('--provisioner', 'word', '--provisioner-password-file', "$t/prov.pw");
	certificate('st.test', "$t/st5.crt", "$t/st5.key", '--token', $theirs->('st.test', '--san', 'st.test', '--san', 'u@st.test', @theirs));
	is(sans_of("$t/st5.crt"), 'DNS:st.test email:u@st.test', 'a token of step for signet certificate');
	($rc, $out, $err) = signet('sign', $csr, "$t/st6.crt", '--token', $theirs->('a.test', @names, '--cnf-file', $csr, @theirs));
	is($rc, 0, 'a bound token of step for signet sign') or diag($err);
	refused('a bound token of step for another request', 1, qr/bound to another certificate request/, 'sign', "$t/other.csr", "$t/new/c", '--token',
		$theirs->('a.test', @names, '--cnf-file', $csr, @theirs));
	# What both put into a token.
	my ($mine, $their) = map { claims($_) } token('x.test', '--set', 'a.b=5', '--set', 'c=x', '--set', 'd={"e":[1]}', '--set-file', "$t/set.json", '--provisioner', 'word', '--password-file',
		"$t/prov.pw"), $theirs->('x.test', '--set', 'a.b=5', '--set', 'c=x', '--set', 'd={"e":[1]}', '--set-file', "$t/set.json", @theirs);
	is_deeply([ sort keys %$mine ], [ sort keys %$their ], 'step and signet: the same claims');
	is_deeply($mine->{user}, $their->{user}, 'step and signet: the same data from --set');
	is("$mine->{aud} $mine->{iss} $mine->{sha} $mine->{sub}", "$their->{aud} $their->{iss} $their->{sha} $their->{sub}", 'step and signet: the same values');
	($mine, $their) = map { claims($_) } token('--revoke', '4660', '--provisioner', 'word', '--password-file', "$t/prov.pw"), $theirs->('4660', '--revoke', @theirs);
	is_deeply([ sort keys %$mine ], [ sort keys %$their ], 'step and signet: the same claims for revoking');
	# Keys that step made.
	step_ok($d, 'crypto', 'jwk', 'create', "$t/sp.pub", "$t/sp.key", '--kty', 'EC', '--password-file', "$t/prov.pw", '--force');
	is(header(token('x.test', '--offline', '--provisioner', 'sp', '--key', "$t/sp.key", '--password-file', "$t/prov.pw"))->{kid}, json_decode(slurp("$t/sp.pub"))->{kid},
		'a JWE that step made as the provisioner\'s key');
}

# ---- on a terminal ----

{
	my %env = (env => { SIGNETPATH => $d->{client} });
	my $which = qr/Which one \[1\]: $/;
	my $hidden = qr/Password of provisioner word: $/;
	($rc, $out) = terminal([ [ $which, "9\n" ], [ $which, "3\n" ], [ $hidden, "wrong\n" ], [ $hidden, "the provisioner's password\n" ] ], \%env, signet_bin(), 'token', 'tty.test');
	is($rc, 0, 'terminal: a token') or diag($out);
	like($out, qr/^Provisioners:\r\n   1  admin \(JWK\) \[kid: \Q@{[ substr $kid, 0, 8 ]}\E\.\.\.\]\r\n   2  second \(JWK\) \[kid: .{8}\.\.\.\]\r\n   3  word \(JWK\) \[kid: /m,
		'terminal: the provisioners, their types and kids');
	like($out, qr/"9" is not one of 1 to 3\. Try again\./, 'terminal: a number that is none');
	like($out, qr/That is not the password\. Try again\./, 'terminal: a wrong password');
	unlike($out, qr/wrong|provisioner's password/, 'terminal: no password is shown');
	is(claims(($out =~ /^(eyJ\S+)\r$/m)[0])->{iss}, 'word', 'terminal: the provisioner that was chosen');
	($rc, $out) = terminal([ [ $which, "second\n" ] ], \%env, signet_bin(), 'token', 'tty.test', '--key', "$v/provisioner.key", '--provisioner', 'admin');
	is($rc, 0, 'terminal: nothing is asked for that is known') or diag($out);
	unlike($out, qr/Which one/, 'terminal: not even once');
	($rc, $out) = terminal([ ([ $hidden, "no\n" ]) x 3 ], \%env, signet_bin(), 'token', 'tty.test', '--provisioner', 'word');
	is($rc, 1, 'terminal: three wrong passwords');
	like($out, qr/^signet: wrong password for provisioner word\r$/m, 'terminal: three wrong passwords: message');
	is(scalar(() = $out =~ /Try again/g), 2, 'terminal: asked for three times');
	($rc, $out) = terminal([ ([ $which, "x\n" ]) x 3 ], \%env, signet_bin(), 'token', 'tty.test');
	is($rc, 1, 'terminal: three answers that are none');
	($rc, $out) = terminal([ [ $which, "\cD" ] ], \%env, signet_bin(), 'token', 'tty.test');
	is($rc, 1, 'terminal: no answer');
	like($out, qr/no answer was given/, 'terminal: no answer: message');
	my $question = qr/c\.crt exists\. Overwrite it\? \[y\/N\] $/;
	for ([ 'no', "no\n", 1 ], [ 'nothing', "\n", 1 ], [ 'nonsense, then no', "hm\n", 1, "n\n" ], [ 'yes', "yes\n", 0 ]) {
		my ($what, $answer, $status, @more) = @$_;
		my @talk = ([ $question, $answer ], (map { [ $question, $_ ] } @more), $status ? () : [ qr/c\.key exists\. Overwrite it\? \[y\/N\] $/, "Y\n" ]);
		my $was = slurp($crt);
		($rc, $out) = terminal(\@talk, \%env, signet_bin(), 'certificate', 'a.test', $crt, $keyfile, @key);
		is($rc, $status, "terminal, overwrite: $what") or diag($out);
		ok((slurp($crt) eq $was) == ($status == 1), "terminal, overwrite: $what: done so");
	}
	# Whatever ends the question, echo is on again.
	my $state = sub { my ($talk, @cmd) = @_; return terminal($talk, \%env, 'sh', '-c', 'trap : INT TERM QUIT; ' . shell_quote(@cmd) . '; echo status=$?; stty -a') };
	my @ask = (signet_bin(), 'token', 'tty.test', '--provisioner', 'word');
	for ([ '^C', "\cC", 130 ], [ '^\\', "\x1c", 131 ], [ '^C behind some letters', "secr\cC", 130 ], [ 'end of input', "\cD", 1 ]) {
		my ($what, $typed, $status) = @$_;
		($rc, $out) = $state->([ [ $hidden, $typed ] ], @ask);
		like($out, qr/^status=$status\r$/m, "terminal, $what: status") or diag($out);
		like($out, qr/(?<!-)\becho\b/, "terminal, $what: echo is on");
		unlike($out, qr/secr/, "terminal, $what: nothing is shown");
	}
	($rc, $out) = $state->([ [ qr/pid=\d+\r\n.*\Q: \E$/s, sub { kill 'TERM', $_[0] =~ /pid=(\d+)/ } ] ], 'sh', '-c', 'echo pid=$$; exec "$@"', 'sh', @ask);
	like($out, qr/^status=143\r$/m, 'terminal, killed: status') or diag($out);
	like($out, qr/(?<!-)\becho\b/, 'terminal, killed: echo is on');
	# What takes long says so.
	my $silent = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or die "listen: $!";
	my $waiting = terminal_start(cmd => [ signet_bin(), 'health', '--ca-url', 'https://127.0.0.1:' . $silent->sockport ], %env);
	my $peer = $silent->accept;
	ok(terminal_until($waiting, qr/^Asking the CA \.\.\.$/m), 'terminal: a CA that does not answer: what is going on') or diag($waiting->{text});
	close $_ for $peer, $silent;
	($rc, $out) = terminal_end($waiting);
	is($rc, 4, 'terminal: a CA that hangs up: status');
	like($out, qr/\Asignet: https:[^\n]*; is the CA running, and is this its address\?\n\z/, 'terminal: a CA that hangs up: one line');
	($rc, $out) = terminal([], \%env, signet_bin(), 'certificate', 'a.test', $crt, $keyfile, '--force', '--kty', 'RSA', '--size', '3072', @key);
	is($rc, 0, 'terminal: RSA 3072') or diag($out);
	is(key_of($crt), 'RSA 3072', 'terminal: RSA 3072: its key');
}

$d->stop;
done_testing;

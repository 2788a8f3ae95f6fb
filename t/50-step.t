#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# The `step` client, unchanged, with a clean STEPPATH against a CA that `signet init` made: trusting it, tokens, certificates of every kind of key and
# name, requests, renewal over mutual TLS, refusals; then CAs with other kinds of keys, the key files, and a root that `step` made.
use strict;
use warnings;
use Test::More;
use Signet::Test;
use Signet::Clients;

need('step', 'openssl');
hang_guard(600);

my $d = init_daemon();
my $t = scratch();
my @by_password = ('--provisioner', 'admin', '--provisioner-password-file', "$d->{top}/prov.pw");
my $root = slurp($d->{root});
my ($rc, $out, $err);

# ---- trusting it ----

($rc, $out, $err) = step($d, 'ca', 'health');
isnt($rc, 0, 'health before bootstrap: refused by step');
($rc, $out, $err) = step($d, 'ca', 'bootstrap', '--ca-url', $d->{url}, '--fingerprint', 'ab' x 32);
isnt($rc, 0, 'bootstrap with a wrong fingerprint');
ok(!-e "$d->{steppath}/certs/root_ca.crt", 'bootstrap with a wrong fingerprint: nothing is trusted');
($rc, $out, $err) = step($d, 'ca', 'bootstrap', '--ca-url', $d->{url}, '--fingerprint', $d->fingerprint);
is($rc, 0, 'bootstrap') or BAIL_OUT($err);
is(slurp("$d->{steppath}/certs/root_ca.crt"), $root, 'bootstrap: the root');
is(step_ok($d, 'ca', 'health'), "ok\n", 'health');
is(step_ok($d, 'ca', 'roots'), $root, 'roots');
is(step_ok($d, 'ca', 'federation'), $root, 'federation');
step_ok($d, 'ca', 'roots', "$t/roots.pem");
is(slurp("$t/roots.pem"), $root, 'roots into a file');
step_ok($d, 'ca', 'root', "$t/root.pem", '--ca-url', $d->{url}, '--fingerprint', $d->fingerprint);
is(slurp("$t/root.pem"), $root, 'root by fingerprint');
my $list = json_decode(step_ok($d, 'ca', 'provisioner', 'list'));
is_deeply([ map { "$_->{type} $_->{name} $_->{key}{crv} " . (exists $_->{encryptedKey} ? 'encrypted' : 'none') } @$list ], ['JWK admin P-256 encrypted'],
	'provisioner list');
ok(!exists $list->[0]{key}{d}, 'provisioner list: no private key in it');

# ---- certificates by password ----

sub certificate {
	my ($name, @args) = @_;
	return step($d, 'ca', 'certificate', $name, "$t/c.crt", "$t/c.key", '--force', @by_password, @args);
}
sub is_good {
	my ($what) = @_;
	is(verify_ok("$t/c.crt", $d->{root}, '-purpose', 'sslserver'), '', "$what: verifies strictly as a server's");
	is(verify_ok("$t/c.crt", $d->{root}, '-purpose', 'sslclient'), '', "$what: verifies strictly as a client's");
	is(run_ok('openssl', 'x509', '-in', "$t/c.crt", '-noout', '-pubkey'), run_ok('openssl', 'pkey', '-in', "$t/c.key", '-pubout'), "$what: of its key")
		if -e "$t/c.key";
}

my %kinds = (
	'EC P-256' => [ [qw(--kty EC --curve P-256)], 'prime256v1' ],
	'EC P-384' => [ [qw(--kty EC --curve P-384)], 'secp384r1' ],
	'EC P-521' => [ [qw(--kty EC --curve P-521)], 'secp521r1' ],
	'OKP Ed25519' => [ [qw(--kty OKP --curve Ed25519)], 'ED25519' ],
	'RSA 2048' => [ [qw(--kty RSA --size 2048)], 'RSA 2048' ],
	'RSA 3072' => [ [qw(--kty RSA --size 3072)], 'RSA 3072' ],
);
my $names = 0;
for my $kind (sort keys %kinds) {
	my ($args, $key) = @{ $kinds{$kind} };
	my $name = 'host' . ++$names . '.example.com';
	($rc, $out, $err) = certificate($name, @$args);
	is($rc, 0, "$kind: certificate") or diag($err) or next;
	is(key_of("$t/c.crt"), $key, "$kind: its key");
	is(sans_of("$t/c.crt"), "DNS:$name", "$kind: its name");
	is_good($kind);
	my ($old_begin, $old_end) = dates_of("$t/c.crt");
	is($old_end - $old_begin, 86460, "$kind: 24 hours and the back-dating");
	my $before = slurp("$t/c.crt");
	($rc, $out, $err) = step($d, 'ca', 'renew', '--force', "$t/c.crt", "$t/c.key");
	is($rc, 0, "$kind: renewal over mutual TLS") or diag($err);
	my $after = slurp("$t/c.crt");
	isnt($after, $before, "$kind: another certificate");
	is(sans_of("$t/c.crt"), "DNS:$name", "$kind: renewed with the same name");
	is_good("$kind, renewed");
	my ($begin, $end) = dates_of("$t/c.crt");
	is($end - $begin, $old_end - $old_begin, "$kind: renewed for as long");
	($rc, $out, $err) = step($d, 'ca', 'renew', '--out', "$t/again.crt", "$t/c.crt", "$t/c.key");
	is($rc, 0, "$kind: renewed once more, from the renewed one") or diag($err);
	unlink "$t/again.crt";
}

my @sans = map { ('--san', $_) } qw(a.example.com *.b.example.com 10.1.2.3 2001:db8::1 u@example.com spiffe://trust.example/workload https://x.example.com/p?q);
($rc, $out, $err) = certificate('a.example.com', @sans, '--not-after', '1h');
is($rc, 0, 'every kind of name') or diag($err);
is(sans_of("$t/c.crt"), 'DNS:*.b.example.com DNS:a.example.com IP:10.1.2.3 IP:2001:DB8:0:0:0:0:0:1 URI:https://x.example.com/p?q '
	. 'URI:spiffe://trust.example/workload email:u@example.com', 'every kind of name: in the certificate');
like(run_ok('openssl', 'x509', '-in', "$t/c.crt", '-noout', '-subject'), qr/^subject=CN = a\.example\.com$/m, 'the common name is the subject');
my ($begin, $end) = dates_of("$t/c.crt");
is($end - $begin, 3660, '--not-after: an hour and the back-dating');

($rc, $out, $err) = certificate('10.0.0.9');
is($rc, 0, 'an address as the subject') or diag($err);
is(sans_of("$t/c.crt"), 'IP:10.0.0.9', 'an address as the subject: in the certificate');
($rc, $out, $err) = certificate('spiffe://trust.example/x');
is(sans_of("$t/c.crt"), 'URI:spiffe://trust.example/x', 'a URI as the subject') or diag($err);

# ---- looking at it ----

certificate('look.example.com');
like(step_ok($d, 'certificate', 'inspect', '--short', "$t/c.crt"), qr/X\.509v3 TLS Certificate \(ECDSA P-256\).*Provisioner: admin \[ID: \S+\]/s, 'certificate inspect');
my $long = step_ok($d, 'certificate', 'inspect', "$t/c.crt");
like($long, qr/X509v3 Extended Key Usage:\s+Server Authentication, Client Authentication/s, 'certificate inspect: usages');
like($long, qr/X509v3 Key Usage: critical\s+Digital Signature/s, 'certificate inspect: key usage');
like($long, qr/X509v3 Step Provisioner:\s+Type: JWK\s+Name: admin/s, 'certificate inspect: the provisioner');
is((step($d, 'certificate', 'verify', "$t/c.crt", '--roots', $d->{root}, '--host', 'look.example.com'))[0], 0, 'certificate verify');
isnt((step($d, 'certificate', 'verify', "$t/c.crt", '--roots', $d->{root}, '--host', 'other.example.com'))[0], 0, 'certificate verify: another host');
isnt((step($d, 'certificate', 'verify', "$t/c.crt", '--roots', "$SRC/t/vectors/ca/root.crt"))[0], 0, 'certificate verify: another root');
is((step($d, 'certificate', 'verify', $d->{url}, '--roots', $d->{root}))[0], 0, 'certificate verify: the daemon\'s own');
is(step_ok($d, 'certificate', 'fingerprint', $d->{root}), $d->fingerprint . "\n", 'certificate fingerprint');

# Lint is about the public web; what it demands of that web alone is listed here.
my %web = map { $_ => 1 } qw(e_sub_cert_aia_missing e_sub_cert_certificate_policies_missing e_sub_cert_cert_policy_empty
	e_sub_cert_aia_does_not_contain_ocsp_url w_sub_cert_aia_does_not_contain_issuing_ca_url n_subject_common_name_included);
my $lint = json_decode(step_ok($d, 'certificate', 'lint', "$t/c.crt"))->{lints};
my @bad = grep { ($lint->{$_}{result} // '') =~ /^(?:error|fatal|warn)$/ && !$web{$_} } sort keys %$lint;
is("@bad", '', 'certificate lint: nothing but rules of the public web');
cmp_ok(scalar(grep { ($lint->{$_}{result} // '') eq 'pass' } keys %$lint), '>', 40, 'certificate lint: it did look');

# ---- tokens ----

my $token = step_ok($d, 'ca', 'token', 'tok.example.com', @by_password);
chomp $token;
like($token, qr/^[\w-]+\.[\w-]+\.[\w-]+$/, 'ca token');
push @{ $d->{secrets} }, $token;
($rc, $out, $err) = step($d, 'ca', 'certificate', 'tok.example.com', "$t/t.crt", "$t/t.key", '--token', $token);
is($rc, 0, 'certificate by token') or diag($err);
is(sans_of("$t/t.crt"), 'DNS:tok.example.com', 'certificate by token: its name');
($rc, $out, $err) = step($d, 'ca', 'certificate', 'tok.example.com', "$t/t2.crt", "$t/t2.key", '--token', $token);
isnt($rc, 0, 'the token again: refused');
like($err, qr/The request lacked necessary authorization to be completed\. Please see the certificate authority logs for more info\./, 'the token again: the text');
ok(!-e "$t/t2.crt", 'the token again: no certificate');
$d->log_like(qr/event=api\.refused .*token already used/, 'the token again: the log says why');

$token = step_ok($d, 'ca', 'token', 'tok.example.com', '--san', 'one.example.com', '--san', '10.9.8.7', '--not-after', '2m', @by_password);
chomp $token;
($rc, $out, $err) = step($d, 'ca', 'certificate', 'tok.example.com', "$t/t3.crt", "$t/t3.key", '--token', $token);
is($rc, 0, 'a token with names') or diag($err);
is(sans_of("$t/t3.crt"), 'DNS:one.example.com IP:10.9.8.7', 'a token with names: they are in the certificate');

$token = step_ok($d, 'ca', 'token', 'x.example.com', @by_password);
chomp $token;
run_ok('openssl', 'req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', "$t/y.key", '-out', "$t/y.csr", '-subj', '/CN=y.example.com',
	'-addext', 'subjectAltName=DNS:y.example.com');
($rc, $out, $err) = step($d, 'ca', 'sign', "$t/y.csr", "$t/y.crt", '--token', $token);
isnt($rc, 0, 'a token for another name: refused');
ok(!-e "$t/y.crt", 'a token for another name: no certificate');

# The private key of the provisioner, as `step` decrypts it.
my $jwe = $list->[0]{encryptedKey};
($rc, $out, $err) = step($d, { stdin => $jwe }, 'crypto', 'jwe', 'decrypt', '--password-file', "$d->{top}/prov.pw");
SKIP: {
	skip('this step decrypts no JWE with a password file', 2) if $rc != 0 && "$out$err" =~ /flag provided but not defined|no such flag/;
	is($rc, 0, 'the encrypted key: step decrypts it') or diag($err);
	my $jwk = eval { json_decode($out) } // {};
	is($jwk->{x} // '', $list->[0]{key}{x}, 'the encrypted key: of the public one');
}
my ($head) = map { json_decode(MIME::Base64::decode_base64url($_)) } $jwe =~ /^([\w-]+)/;
is("$head->{alg} $head->{enc} $head->{cty}", 'PBES2-HS256+A128KW A256GCM jwk+json', 'the encrypted key: algorithms');
is($head->{p2c}, 600_000, 'the encrypted key: rounds of the derivation');
spew("$t/wrong.pw", "no\n");
($rc, $out, $err) = step($d, 'ca', 'token', 'x.example.com', '--provisioner', 'admin', '--provisioner-password-file', "$t/wrong.pw");
isnt($rc, 0, 'a wrong password: no token');

# ---- requests ----

sub csr { my ($file, $kind, $names, @cn) = @_;
	run_ok('openssl', 'req', '-new', '-newkey', @$kind, '-nodes', '-keyout', "$t/r.key", '-out', $file, '-subj', @cn ? "/CN=$cn[0]" : '/',
		@$names ? ('-addext', 'subjectAltName=' . join ',', @$names) : ()); }
csr("$t/r.csr", [qw(rsa:2048)], ['DNS:r.example.com'], 'r.example.com');
($rc, $out, $err) = step($d, 'ca', 'sign', "$t/r.csr", "$t/c.crt", '--force', @by_password);
is($rc, 0, 'sign: a request of OpenSSL') or diag($err);
is(sans_of("$t/c.crt"), 'DNS:r.example.com', 'sign: its name');
is(verify_ok("$t/c.crt", $d->{root}), '', 'sign: verifies');
step_ok($d, 'certificate', 'create', '--csr', '--san', 's.example.com', '--san', '10.0.0.2', '--no-password', '--insecure', 's.example.com', "$t/s.csr", "$t/s.key");
($rc, $out, $err) = step($d, 'ca', 'sign', "$t/s.csr", "$t/c.crt", '--force', @by_password);
is($rc, 0, 'sign: a request of step') or diag($err);
is(sans_of("$t/c.crt"), 'DNS:s.example.com IP:10.0.0.2', 'sign: its names');

# ---- refusals ----

unlink "$t/c.crt", "$t/c.key";
for (
	[ 'too long', [qw(--not-after 48h)], qr/The request was forbidden by the certificate authority: requested duration of 48h1m0s is more than the authorized maximum certificate duration of 24h1m0s\./ ],
	[ 'too short', [qw(--not-after 1m)], qr/The request was forbidden by the certificate authority: requested duration of 2m0s is less than the authorized minimum certificate duration of 5m0s\./ ],
	[ 'RSA of 1024 bits', [qw(--kty RSA --size 1024 --insecure)], qr/./ ],
) {
	my ($what, $args, $text) = @$_;
	($rc, $out, $err) = certificate('refused.example.com', @$args);
	isnt($rc, 0, "$what: refused");
	like("$out$err", $text, "$what: the text");
	ok(!-e "$t/c.crt", "$what: no certificate");
}
for (
	[ 'ssh roots', [ 'ssh', 'config', '--roots' ] ],
) {
	my ($what, $args) = @$_;
	($rc, $out, $err) = step($d, @$args);
	isnt($rc, 0, "$what: what this version does not do is an error, not a hang");
	ok($d->alive, "$what: the daemon lives");
}
$d->stop;

# ---- keys and certificates of CAs of every kind ----

sub inspect_key { my ($dd, $name, $pw) = @_; return step($dd, 'crypto', 'key', 'inspect', "$dd->{dir}/secrets/$name", '--password-file', "$dd->{top}/$pw.pw") }
my %ca_kinds = (
	'P-256' => [ 'prime256v1', qr/^EC PrivateKey-Key: \(256 bit\)/ ],
	'P-384' => [ 'secp384r1', qr/^EC PrivateKey-Key: \(384 bit\)/ ],
	'Ed25519' => [ 'ED25519', qr/^Ed25519 Private-Key:/ ],
	'RSA-3072' => [ 'RSA 3072', qr/^RSA Private-Key: \(3072 bit\)/ ],
);
for my $kind (sort keys %ca_kinds) {
	my ($key, $shown) = @{ $ca_kinds{$kind} };
	my $ca = $kind eq 'P-256' ? $d : init_daemon(args => [ '--key-type', $kind ]);
	is(key_of("$ca->{dir}/certs/$_"), $key, "CA $kind: $_") for qw(root_ca.crt intermediate_ca.crt);
	for ([ 'root_ca.key', 'root', 'root_ca.crt' ], [ 'intermediate_ca.key', 'ca', 'intermediate_ca.crt' ]) {
		my ($file, $pw, $crt) = @$_;
		($rc, $out, $err) = inspect_key($ca, $file, $pw);
		is($rc, 0, "CA $kind: step reads $file") or diag($err);
		like((split /\n/, $out)[0], $shown, "CA $kind: $file is of its kind");
		isnt((inspect_key($ca, $file, 'prov'))[0], 0, "CA $kind: not with another password");
		is(run_ok('openssl', 'pkey', '-in', "$ca->{dir}/secrets/$file", '-passin', "file:$ca->{top}/$pw.pw", '-pubout'),
			run_ok('openssl', 'x509', '-in', "$ca->{dir}/certs/$crt", '-noout', '-pubkey'), "CA $kind: openssl reads $file, the key of $crt");
	}
	next if $kind eq 'P-256';
	step_ok($ca, 'ca', 'bootstrap', '--ca-url', $ca->{url}, '--fingerprint', $ca->fingerprint);
	($rc, $out, $err) = step($ca, 'ca', 'certificate', 'k.example.com', "$t/k.crt", "$t/k.key", '--force', '--provisioner', 'admin', '--provisioner-password-file', "$ca->{top}/prov.pw");
	is($rc, 0, "CA $kind: a certificate") or diag($err);
	is(verify_ok("$t/k.crt", $ca->{root}, '-purpose', 'sslserver'), '', "CA $kind: verifies strictly");
	($rc, $out, $err) = step($ca, 'ca', 'renew', '--force', "$t/k.crt", "$t/k.key");
	is($rc, 0, "CA $kind: renewal") or diag($err);
	is(verify_ok("$t/k.crt", $ca->{root}, '-purpose', 'sslserver'), '', "CA $kind: the renewed one verifies");
	$ca->stop;
}

# ---- a root that `step` made ----

for my $encrypted (0, 1) {
	my $what = $encrypted ? 'own root, encrypted key' : 'own root';
	spew("$t/own.pw", "own password\n", 0600);
	step_ok($d, 'certificate', 'create', '--profile', 'root-ca', '--force', $encrypted ? ('--password-file', "$t/own.pw") : ('--no-password', '--insecure'),
		'Own Root', "$t/own.crt", "$t/own.key");
	my $ca = eval { init_daemon(args => [ '--root', "$t/own.crt", '--key', "$t/own.key" ]) };
	if (!$encrypted) { ok($ca, $what) or diag($@) or next }
	else { # the password of --key is that of --root-password-file: another one is refused
		ok(!$ca, "$what: a wrong password is refused");
		my ($top, $pw) = init_files();
		my ($rc2, undef, $err2) = init_run($top, "$top/ca", '--dns', 'localhost', '--address', '127.0.0.1:0', '--root', "$t/own.crt", '--key', "$t/own.key",
			'--root-password-file', "$t/own.pw", '--password-file', "$top/ca.pw");
		is($rc2, 0, $what) or diag($err2);
		is(slurp("$top/ca/certs/root_ca.crt"), slurp("$t/own.crt"), "$what: it is the root");
		ok(!-e "$top/ca/secrets/root_ca.key", "$what: its key is not kept");
		next;
	}
	is(slurp($ca->{root}), slurp("$t/own.crt"), "$what: it is the root");
	ok(!-e "$ca->{dir}/secrets/root_ca.key", "$what: its key is not kept");
	step_ok($ca, 'ca', 'bootstrap', '--ca-url', $ca->{url}, '--fingerprint', $ca->fingerprint);
	($rc, $out, $err) = step($ca, 'ca', 'certificate', 'o.example.com', "$t/o.crt", "$t/o.key", '--force', '--provisioner', 'admin', '--provisioner-password-file', "$ca->{top}/prov.pw");
	is($rc, 0, "$what: a certificate") or diag($err);
	is(verify_ok("$t/o.crt", "$t/own.crt", '-purpose', 'sslserver'), '', "$what: verifies to it");
	$ca->stop;
}
done_testing;

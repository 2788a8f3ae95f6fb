#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# `signet key`: what it makes is read by openssl and by `step`, and the other way round. `signet install`, `uninstall` and `bootstrap --install`. What is
# wrong is one line and an exit status, and leaves files as they were.
use strict;
use warnings;
use Test::More;
use Digest::SHA qw(sha256 sha256_hex);
use MIME::Base64 qw(encode_base64);
use Signet::Test;
use Signet::Clients;
use Signet::DER;
use Signet::Terminal;

need('openssl');
hang_guard(600);

my $t = scratch();
my ($rc, $out, $err);
sub mode { return sprintf '%04o', (stat $_[0])[2] & 07777 }
sub files { my ($dir) = @_; opendir my $h, $dir or return ''; return join ' ', sort grep { !/^\.\.?$/ } readdir $h }
sub signet { my %o = ref $_[0] eq 'HASH' ? %{ shift() } : (); return run({ env => { SIGNETPATH => "$t/client", HOME => $t, %{ $o{env} // {} } } }, signet_bin(), @_) }
sub ok_signet { my ($code, $text, $why) = signet(@_); is($code, 0, "@_") or diag($why); return $text }
mkdir "$t/new" or die;
sub refused {
	my ($what, $status, $message, @args) = @_;
	my $before = files("$t/new");
	($rc, $out, $err) = signet(@args);
	is($rc, $status, "$what: status") or diag($err);
	like($err, $message, "$what: message");
	like($err, $err =~ /\nTry: / ? qr/\Asignet [\w ]+: [^\n]+\nTry: [^\n]+\n\z/ : qr/\Asignet: [^\n]+\n\z/, "$what: one line");
	is($out, '', "$what: nothing on stdout");
	is(files("$t/new"), $before, "$what: nothing is left behind");
}
spew("$t/one.pw", "first password\n", 0600);
spew("$t/two.pw", "second password\n", 0600);
sub pub { my ($file, @pass) = @_; return run_ok('openssl', 'pkey', '-in', $file, '-pubout', @pass) }
my $v = "$SRC/t/vectors";

# ---- key: what there is ----

($rc, $out, $err) = signet('key');
is($rc, 2, 'key alone: status');
like($err, qr/^  key $_ +\S/m, "key alone: names $_") for qw(make public password fingerprint);
($rc, $out, $err) = signet('key', 'nonsense');
is($rc, 2, 'key nonsense: status');
for my $sub (qw(make public password fingerprint)) {
	($rc, $out, $err) = signet('key', $sub, '--help');
	is($rc, 0, "key $sub --help: status");
	like($out, qr/\Ausage: signet key $sub \S/, "key $sub --help: usage");
	unlike($out, qr/--ca-url/, "key $sub --help: no CA is asked");
	($rc, $out, $err) = signet('key', $sub);
	is($rc, 2, "key $sub without a file: status");
}

# ---- key make ----

for (
	[ 'P-256', 'prime256v1' ], [ 'P-384', 'secp384r1', '--curve', 'P-384' ], [ 'P-521', 'secp521r1', '--kty', 'EC', '--curve', 'P-521' ],
	[ 'Ed25519', 'ED25519', '--kty', 'OKP' ], [ 'RSA', '2048 bit', '--kty', 'RSA' ], [ 'RSA', '3072 bit', '--kty', 'RSA', '--size', '3072' ],
) {
	my ($kind, $is, @args) = @$_;
	$out = ok_signet('key', 'make', "$t/k", '--force', '--public', "$t/k.pub", @args);
	is($out, "The $kind key is in $t/k.\n", "key make, $is: what it says");
	like(run_ok('openssl', 'pkey', '-in', "$t/k", '-noout', '-text'), qr/$is/, "key make, $is: as openssl sees it");
	is(mode("$t/k"), '0600', "key make, $is: mode");
	is(mode("$t/k.pub"), '0644', "key make, $is: mode of the public key");
	is(slurp("$t/k.pub"), pub("$t/k"), "key make, $is: its public key");
	is(ok_signet('key', 'public', "$t/k"), pub("$t/k"), "key public, $is");
	is((run('openssl', 'pkey', '-in', "$t/k", '-noout', '-check'))[0], 0, "key make, $is: openssl's check") unless $kind =~ /^Ed/;
}
my %seen;
ok_signet('key', 'make', "$t/k$_") and $seen{ slurp("$t/k$_") }++ for 1 .. 5;
is(scalar keys %seen, 5, 'key make: another one each time');
is(ok_signet('key', 'make', "$t/e", '--password-file', "$t/one.pw"), "The P-256 key is in $t/e, encrypted.\n", 'key make --password-file: what it says');
like(slurp("$t/e"), qr/\A-----BEGIN ENCRYPTED PRIVATE KEY-----\n/, 'key make --password-file: encrypted');
like(pub("$t/e", '-passin', "file:$t/one.pw"), qr/BEGIN PUBLIC KEY/, 'key make --password-file: openssl reads it');
isnt((run('openssl', 'pkey', '-in', "$t/e", '-noout', '-passin', "file:$t/two.pw"))[0], 0, 'key make --password-file: not with another password');
for my $args ([], [ '--kty', 'RSA' ], [ '--kty', 'OKP' ], [ '--curve', 'P-384' ]) {
	ok_signet('key', 'make', "$t/j", '--force', '--format', 'jwk', '--public', "$t/j.pub", @$args);
	my ($priv, $pub) = map { json_decode(slurp($_)) } "$t/j", "$t/j.pub";
	ok($priv->{d}, "key make --format jwk @$args: private");
	ok(!grep({ exists $pub->{$_} } qw(d p q dp dq qi)), "key make --format jwk @$args --public: nothing private");
	is($pub->{kid}, $priv->{kid}, "key make --format jwk @$args: one kid");
	is(ok_signet('key', 'fingerprint', "$t/j", '--format', 'thumbprint'), "$priv->{kid}\n", "key make --format jwk @$args: the kid is the thumbprint");
	is(ok_signet('key', 'public', "$t/j"), ok_signet('key', 'public', "$t/j.pub"), "key public @$args: of both");
}
ok_signet('key', 'make', "$t/jwe", '--format', 'jwk', '--password-file', "$t/one.pw");
like(slurp("$t/jwe"), qr/\AeyJ[\w-]+(?:\.[\w-]+){4}\n\z/, 'key make --format jwk --password-file: a JWE');
like(ok_signet('key', 'public', "$t/jwe", '--password-file', "$t/one.pw", '--format', 'jwk'), qr/\A\{"use":"sig","kty":"EC",[^\n]+\}\n\z/, 'key public of a JWE');
my $kept = slurp("$t/k1");
for (
	[ 'a file that is there', 1, qr/k1 exists; give --force/, "$t/k1" ],
	[ 'a public file that is there', 1, qr/k1 exists; give --force/, "$t/new/k", '--public', "$t/k1" ],
	[ 'both in one', 2, qr/are the same file/, "$t/new/k", '--public', "$t/new/./k" ],
	[ 'a folder', 1, qr/it is a folder/, "$t/new" ],
	[ 'a folder that is not there', 1, qr{new/none/k: cannot be written}, "$t/new/none/k" ],
	[ 'a public folder that is not there', 1, qr{new/none/p: cannot be written}, "$t/new/k", '--public', "$t/new/none/p" ],
	[ 'a kind that is none', 2, qr/./, "$t/new/k", '--kty', 'DSA' ],
	[ 'a kind in small letters', 2, qr/./, "$t/new/k", '--kty', 'dsa' ],
	[ 'a curve that is none', 2, qr/./, "$t/new/k", '--curve', 'P-1' ],
	[ 'a curve of another kind', 2, qr/./, "$t/new/k", '--kty', 'OKP', '--curve', 'P-256' ],
	[ 'X25519', 2, qr/such a key cannot sign/, "$t/new/k", '--kty', 'OKP', '--curve', 'X25519' ],
	[ 'too small', 2, qr/./, "$t/new/k", '--kty', 'RSA', '--size', '1024' ],
	[ 'too large', 2, qr/./, "$t/new/k", '--kty', 'RSA', '--size', '16384' ],
	[ 'a size that is none', 2, qr/--size x/, "$t/new/k", '--kty', 'RSA', '--size', 'x' ],
	[ 'a size for EC', 2, qr/--size is for RSA keys/, "$t/new/k", '--size', '256' ],
	[ 'a form that is none', 2, qr/--format der: pem or jwk/, "$t/new/k", '--format', 'der' ],
	[ 'a password file that is not there', 1, qr{new/none}, "$t/new/k", '--password-file', "$t/new/none" ],
	[ 'an empty password file', 1, qr/empty/, "$t/new/k", '--password-file', '/dev/null' ],
	[ 'a password and none', 2, qr/exclude each other/, "$t/new/k", '--password-file', "$t/one.pw", '--no-password' ],
	[ '--encrypt without a terminal', 1, qr/there is no terminal to ask on; give --password-file FILE/, "$t/new/k", '--encrypt' ],
) {
	my ($what, $status, $message, @args) = @$_;
	refused("key make, $what", $status, $message, 'key', 'make', @args);
}
is(slurp("$t/k1"), $kept, 'key make: what was there stays');

# ---- key public, key fingerprint: of anything that has a public key ----

my ($fresh) = map { my $d = scratch(); spew("$d/csr", csr_new(key_file => "$t/k1", cn => 'k.test')); $d } 1;
run_ok('openssl', 'req', '-x509', '-new', '-key', "$t/k1", '-subj', '/CN=k.test', '-days', '30', '-out', "$fresh/crt");
run_ok('openssl', 'pkey', '-in', "$t/k1", '-outform', 'DER', '-out', "$fresh/der");
run_ok('openssl', 'pkey', '-in', "$t/k1", '-traditional', '-out', "$fresh/sec1");
run_ok('openssl', 'pkey', '-in', "$t/k1", '-pubout', '-out', "$fresh/pub");
run_ok('openssl', 'pkcs8', '-topk8', '-in', "$t/k1", '-passout', "file:$t/one.pw", '-out', "$fresh/enc");
my $spki = from_pem(pub("$t/k1"));
for (qw(csr crt der sec1 pub), [ 'enc', '--password-file', "$t/one.pw" ]) {
	my ($what, @args) = ref $_ ? @$_ : $_;
	is(ok_signet('key', 'public', "$fresh/$what", @args), pub("$t/k1"), "key public of $what");
	is(ok_signet('key', 'fingerprint', "$fresh/$what", @args), sha256_hex($spki) . "\n", "key fingerprint of $what");
}
is(ok_signet('key', 'fingerprint', "$t/k1", '--format', 'base64'), encode_base64(sha256($spki), '') . "\n", 'key fingerprint --format base64');
my $jwk = json_decode(ok_signet('key', 'public', "$t/k1", '--format', 'jwk'));
is(b64u(sha256('{"crv":"P-256","kty":"EC","x":"' . $jwk->{x} . '","y":"' . $jwk->{y} . '"}')), $jwk->{kid}, 'key public --format jwk: the thumbprint is the kid');
is(ok_signet('key', 'fingerprint', "$t/k1", '--format', 'thumbprint'), "$jwk->{kid}\n", 'key fingerprint --format thumbprint');
is(ok_signet('key', 'public', "$t/k1", "$t/out.pub"), '', 'key public into a file: prints nothing');
is(slurp("$t/out.pub"), pub("$t/k1"), 'key public into a file');
my @read = map { my $sub = $_; map { [ "key $sub, $$_[0]", @$_[1 .. $#$_] ] } (
	[ 'a file that is not there', 1, qr{new/none}, $sub, "$t/new/none" ],
	[ 'a folder', 1, qr/\Q$t\E/, $sub, $t ],
	[ 'nonsense', 1, qr/one\.pw: \S/, $sub, "$t/one.pw" ],
	[ 'nothing', 1, qr/nothing: \S/, $sub, "$t/nothing" ],
	[ 'a wrong password', 1, qr/enc: wrong password/, $sub, "$fresh/enc", '--password-file', "$t/two.pw" ],
	[ 'no password', 1, qr/enc: there is no terminal to ask on; give --password-file FILE/, $sub, "$fresh/enc" ],
	[ 'a password file that is not there', 1, qr{new/none}, $sub, "$fresh/enc", '--password-file', "$t/new/none" ],
	[ 'P-224', 1, qr/bad-p224\.pem: \S/, $sub, "$v/keys/bad-p224.pem" ],
	[ 'RSA 1024', 1, qr/bad-rsa1024\.pem: \S/, $sub, "$v/keys/bad-rsa1024.pem" ],
	[ 'a block that is no key', 1, qr/params: .*"EC PARAMETERS", which has no public key/, $sub, "$t/params" ],
	[ 'a broken certificate', 1, qr/cut: \S/, $sub, "$t/cut" ],
	[ 'JSON that is no key', 1, qr/json: \S/, $sub, "$t/json" ],
	[ 'a form that is none', 2, qr/--format x/, $sub, "$t/k1", '--format', 'x' ],
) } qw(public fingerprint);
spew("$t/nothing", '');
spew("$t/json", '{"kty":"oct","k":"AAAA"}');
run_ok('openssl', 'ecparam', '-name', 'prime256v1', '-out', "$t/params");
spew("$t/cut", to_pem('CERTIFICATE', substr from_pem(slurp("$fresh/crt")), 0, 90));
for (@read) {
	my ($what, $status, $message, @args) = @$_;
	refused($what, $status, $message, 'key', @args);
}
refused('key public over the key', 2, qr/OUT is the key/, 'key', 'public', "$t/k1", "$t/k1");
refused('key public over a file', 1, qr/out\.pub exists; give --force/, 'key', 'public', "$t/k1", "$t/out.pub");

# ---- key password ----

ok_signet('key', 'make', "$t/p");
my $public = pub("$t/p");
chmod 0640, "$t/p";
is(ok_signet('key', 'password', "$t/p", '--new-password-file', "$t/one.pw"), "$t/p is encrypted under the new password.\n", 'key password: what it says');
is(pub("$t/p", '-passin', "file:$t/one.pw"), $public, 'key password: the same key, under the new password');
is(mode("$t/p"), '0640', 'key password: the mode stays');
ok_signet('key', 'password', "$t/p", '--password-file', "$t/one.pw", '--new-password-file', "$t/two.pw");
is(pub("$t/p", '-passin', "file:$t/two.pw"), $public, 'key password: another one');
isnt((run('openssl', 'pkey', '-in', "$t/p", '-noout', '-passin', "file:$t/one.pw"))[0], 0, 'key password: the old one does not open it any more');
is(ok_signet('key', 'password', "$t/p", '--password-file', "$t/two.pw", '--no-password'), "$t/p is not encrypted any more.\n", 'key password --no-password');
is(pub("$t/p"), $public, 'key password --no-password: plain');
spew("$t/vector.pw", "correct horse\n");
for (qw(p384-sec1 rsa2048-pkcs1 p256-dek-aes256 p256-params ed25519)) {
	spew("$t/old", slurp("$v/keys/$_.pem"), 0600);
	my $is = pub("$t/old", '-passin', "file:$t/vector.pw");
	ok_signet('key', 'password', "$t/old", slurp("$t/old") =~ /ENCRYPTED/ ? ('--password-file', "$t/vector.pw") : (), '--new-password-file', "$t/one.pw");
	is(pub("$t/old", '-passin', "file:$t/one.pw"), $is, "key password of $_: the same key");
	is(mode("$t/old"), '0600', "key password of $_: mode");
}
run_ok('openssl', 'pkey', '-in', "$t/k2", '-outform', 'DER', '-out', "$t/old");
ok_signet('key', 'password', "$t/old", '--new-password-file', "$t/one.pw");
is(pub("$t/old", '-passin', "file:$t/one.pw"), pub("$t/k2"), 'key password of DER');
my $thumb = ok_signet('key', 'fingerprint', "$t/j");
ok_signet('key', 'password', "$t/j", '--new-password-file', "$t/one.pw");
like(slurp("$t/j"), qr/\AeyJ/, 'key password of a JWK: a JWE');
is(ok_signet('key', 'fingerprint', "$t/j", '--password-file', "$t/one.pw"), $thumb, 'key password of a JWK: the same key');
ok_signet('key', 'password', "$t/j", '--password-file', "$t/one.pw", '--no-password');
is(ok_signet('key', 'fingerprint', "$t/j"), $thumb, 'key password of a JWE: plain again');
symlink "$t/p", "$t/link" or die;
ok_signet('key', 'password', "$t/link", '--new-password-file', "$t/one.pw");
ok(-l "$t/link", 'key password of a link: it stays one');
like(slurp("$t/p"), qr/ENCRYPTED/, 'key password of a link: the file behind it');
SKIP: {
	skip('not root', 2) if $> != 0;
	chown 65534, 65534, "$t/p";
	ok_signet('key', 'password', "$t/p", '--password-file', "$t/one.pw", '--no-password');
	is(join(' ', (stat "$t/p")[4, 5], mode("$t/p")), '65534 65534 0640', 'key password: owner, group and mode stay');
	ok_signet('key', 'password', "$t/p", '--new-password-file', "$t/one.pw");
}
spew("$t/both", slurp("$t/k1") . slurp("$fresh/crt"), 0600);
spew("$t/twice", slurp("$t/k1") . slurp("$t/k2"), 0600);
my %was = map { $_ => slurp("$t/$_") } qw(p both twice k1 one.pw);
for (
	[ 'a wrong password', 1, qr/p: wrong password/, "$t/p", '--password-file', "$t/two.pw", '--new-password-file', "$t/two.pw" ],
	[ 'no password', 1, qr/p: there is no terminal to ask on; give --password-file FILE/, "$t/p", '--new-password-file', "$t/two.pw" ],
	[ 'no new password', 1, qr/there is no terminal to ask on; give --new-password-file FILE/, "$t/k1" ],
	[ 'a new password and none', 2, qr/exclude each other/, "$t/k1", '--new-password-file', "$t/two.pw", '--no-password' ],
	[ 'a new password file that is not there', 1, qr{new/none}, "$t/k1", '--new-password-file', "$t/new/none" ],
	[ 'an empty new password', 1, qr/empty/, "$t/k1", '--new-password-file', '/dev/null' ],
	[ 'a file that is not there', 1, qr{new/none}, "$t/new/none", '--no-password' ],
	[ 'a folder', 1, qr/it is a folder/, "$t/new", '--no-password' ],
	[ 'nonsense', 1, qr/one\.pw: \S/, "$t/one.pw", '--no-password' ],
	[ 'a certificate behind it', 1, qr/both: there is more in it than one private key \("CERTIFICATE"\)/, "$t/both", '--new-password-file', "$t/two.pw" ],
	[ 'two keys', 1, qr/twice: there is more in it than one private key/, "$t/twice", '--new-password-file', "$t/two.pw" ],
	[ 'a public key', 1, qr/out\.pub: /, "$t/out.pub", '--new-password-file', "$t/two.pw" ],
) {
	my ($what, $status, $message, @args) = @$_;
	refused("key password, $what", $status, $message, 'key', 'password', @args);
}
is_deeply({ map { $_ => slurp("$t/$_") } keys %was }, \%was, 'key password: what was refused is as it was');
SKIP: {
	my $small = "$t/small";
	mkdir $small or die;
	my ($mounted, undef, $why) = run('mount', '-t', 'tmpfs', '-o', 'size=32k,mode=0700', 'tmpfs', $small);
	skip("no small file system can be mounted here: $why", 20) if $mounted != 0;
	spew("$small/k", slurp("$t/k1"), 0600);
	run('dd', 'if=/dev/zero', "of=$small/fill", 'bs=1k', 'status=none');
	refused('key password, full disk', 1, qr/small\/k: cannot be written: No space left on device/, 'key', 'password', "$small/k", '--new-password-file', "$t/one.pw");
	refused('key make, full disk', 1, qr/small\/n: cannot be written: No space left on device/, 'key', 'make', "$small/n");
	refused('key make, full disk for the public key', 1, qr/small\/n: cannot be written: No space left on device/, 'key', 'make', "$t/new/n", '--public', "$small/n");
	refused('key public, full disk', 1, qr/small\/n: cannot be written: No space left on device/, 'key', 'public', "$t/k1", "$small/n");
	run('mount', '-o', 'remount,ro', $small);
	refused('key password, read-only folder', 1, qr/Read-only file system/, 'key', 'password', "$small/k", '--new-password-file', "$t/one.pw");
	is(slurp("$small/k"), slurp("$t/k1"), 'key password, full disk and read-only: the key stays');
	is(files($small), 'fill k', 'full disk: nothing is left behind');
	run('umount', $small);
}

# ---- with step ----

SKIP: {
	skip('no step', 12) unless have('step');
	my $d = { steppath => "$t/step" };
	mkdir "$t/step";
	for (([ 'EC', '--curve', 'P-384' ], [ 'RSA' ], [ 'OKP' ])) {
		my ($kty, @more) = @$_;
		step_ok($d, 'crypto', 'keypair', "$t/s.pub", "$t/s.key", '--kty', $kty, @more, '--password-file', "$t/one.pw", '--force');
		is(ok_signet('key', 'public', "$t/s.key", '--password-file', "$t/one.pw"), slurp("$t/s.pub"), "a key of step, $kty");
		step_ok($d, 'crypto', 'jwk', 'create', "$t/s.pub", "$t/s.key", '--kty', $kty, @more, '--password-file', "$t/one.pw", '--force');
		is(ok_signet('key', 'fingerprint', "$t/s.key", '--password-file', "$t/one.pw", '--format', 'thumbprint'), json_decode(slurp("$t/s.pub"))->{kid} . "\n", "a JWE of step, $kty");
		ok_signet('key', 'make', "$t/ours", '--force', '--kty', $kty, @more, '--password-file', "$t/one.pw");
		is(step_ok($d, 'crypto', 'key', 'public', "$t/ours", '--password-file', "$t/one.pw"), ok_signet('key', 'public', "$t/ours", '--password-file', "$t/one.pw"),
			"a key of ours for step, $kty");
		ok_signet('key', 'make', "$t/ours", '--force', '--kty', $kty, @more, '--format', 'jwk', '--password-file', "$t/one.pw");
		my $plain = step_ok($d, { stdin => slurp("$t/ours") }, 'crypto', 'jwe', 'decrypt', '--password-file', "$t/one.pw");
		is(json_decode($plain)->{kid}, ok_signet('key', 'fingerprint', "$t/ours", '--password-file', "$t/one.pw", '--format', 'thumbprint') =~ s/\n//r, "a JWE of ours for step, $kty");
	}
}

# ---- on a terminal ----

{
	my ($old, $new, $again) = (qr/Password of [^\n]*tk: $/, qr/New password of the key: $/, qr/The same again: $/);
	($rc, $out) = terminal([ [ $new, "typed\n" ], [ $again, "typo\n" ], [ $new, "\n" ], [ $new, "typed\n" ], [ $again, "typed\n" ] ], signet_bin(), 'key', 'make', "$t/tk", '--encrypt');
	is($rc, 0, 'terminal: key make --encrypt') or diag($out);
	like($out, qr/The two differ\. Try again\./, 'terminal: twice');
	like($out, qr/An empty password protects nothing\./, 'terminal: not empty');
	unlike($out, qr/typed|typo/, 'terminal: not shown');
	is((run('openssl', 'pkey', '-in', "$t/tk", '-noout', '-passin', 'pass:typed'))[0], 0, 'terminal: that password opens it');
	($rc, $out) = terminal([ [ $old, "wrong\n" ], [ $old, "typed\n" ], [ $new, "next\n" ], [ $again, "next\n" ] ], signet_bin(), 'key', 'password', "$t/tk");
	is($rc, 0, 'terminal: key password') or diag($out);
	is((run('openssl', 'pkey', '-in', "$t/tk", '-noout', '-passin', 'pass:next'))[0], 0, 'terminal: the new one opens it');
	my $was = slurp("$t/tk");
	($rc, $out) = terminal([ [ $old, "next\n" ], [ $new, "\cC" ] ], 'sh', '-c', 'trap : INT; ' . shell_quote(signet_bin(), 'key', 'password', "$t/tk") . '; echo status=$?; stty -a');
	like($out, qr/^status=130\r$/m, 'terminal: ^C at the new password');
	like($out, qr/(?<!-)\becho\b/, 'terminal: ^C: echo is on');
	is(slurp("$t/tk"), $was, 'terminal: ^C: the key stays');
}

# ---- install, uninstall ----

my $root = "$v/ca/root.crt";
my $fp = sha256_hex(from_pem(slurp($root)));
my $into = "$t/store/certs";
my ($cn) = run_ok('openssl', 'x509', '-in', $root, '-noout', '-subject', '-nameopt', 'sep_multiline,utf8') =~ /CN=(.*)/;
my $name = 'signet-' . substr($fp, 0, 8) . '-' . (lc($cn) =~ s/[^a-z0-9]+/-/gr =~ s/-+$//r) . '.crt';
is(ok_signet('install', $root, '--into', $into), "The root certificate is trusted: $into/$name\n", 'install: what it says');
is(slurp("$into/$name"), first_cert($root), 'install: the certificate');
is(mode("$into/$name"), '0644', 'install: mode');
is(ok_signet('install', $root, '--into', $into), "$into/$name is trusted already.\n", 'install again: nothing to do');
run_ok('openssl', 'x509', '-in', $root, '-outform', 'DER', '-out', "$t/root.der");
like(ok_signet('install', "$t/root.der", '--into', $into), qr/is trusted already/, 'install again from DER');
# A second root with the same name and another key.
sub new_root {
	my ($file, $subject, @more) = @_;
	run_ok('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', "$file.key", '-out', $file, '-subj', $subject, @more);
}
new_root("$t/root2.crt", "/CN=$cn", '-days', 30);
ok_signet('install', "$t/root2.crt", '--into', $into);
is(scalar(split / /, files($into)), 2, 'install: another root of the same name');
new_root("$t/root3.crt", "/CN=..\\/..\\/etc\\/\xc3\xa4 \$(x) " . 'y' x 30, '-days', 30, '-utf8');
ok_signet('install', "$t/root3.crt", '--into', $into);
is(scalar(split / /, files($into)), 3, 'install: a name that would lead elsewhere');
is((grep { !/\Asignet-[0-9a-f]{8}(?:-[a-z0-9]+)*\.crt\z/ } split / /, files($into)), 0, 'install: names of files are plain');
new_root("$t/root4.crt", '/O=No name', '-days', 30);
ok_signet('install', "$t/root4.crt", '--into', $into);

# Only what it has put there goes.
spew("$into/signet-" . substr($fp, 0, 8) . '-theirs.crt', slurp("$t/root2.crt"));
spew("$into/theirs.crt", slurp($root));
is(ok_signet('uninstall', $root, '--into', $into), "The root certificate is not trusted any more: $into/$name is gone.\n", 'uninstall: what it says');
ok(!-e "$into/$name", 'uninstall: gone');
ok(-e "$into/theirs.crt" && -e "$into/signet-" . substr($fp, 0, 8) . '-theirs.crt', 'uninstall: what others put there stays');
like(ok_signet('uninstall', $root, '--into', $into), qr/holds no root with this fingerprint/, 'uninstall again: nothing to do');
my $fp2 = sha256_hex(from_pem(slurp("$t/root2.crt")));
unlink "$into/signet-" . substr($fp, 0, 8) . '-theirs.crt';
like(ok_signet('uninstall', uc($fp2 =~ s/(..)(?=.)/$1:/gr), '--into', $into), qr/not trusted any more/, 'uninstall by fingerprint');
like(ok_signet('uninstall', $root, '--into', "$t/nowhere"), qr/holds no root/, 'uninstall from a folder that is not there');

new_root("$t/leaf.crt", '/CN=leaf', '-days', 30, '-addext', 'basicConstraints=critical,CA:FALSE');
new_root("$t/nosign.crt", '/CN=nosign', '-days', 30, '-addext', 'keyUsage=critical,digitalSignature');
spew("$t/expired.crt", to_pem('CERTIFICATE', cert_der(issuer => name_cn('old'), subject => name_cn('old'), signer => file_key("$t/root2.crt.key"), key => file_key("$t/root2.crt.key"),
	from => time - 90000, to => time - 60, exts => [ ext('2.5.29.19', 1, seq("\x01\x01\xff")) ])));
spew("$t/forged.crt", to_pem('CERTIFICATE', cert_der(issuer => name_cn('f'), subject => name_cn('f'), signer => file_key("$t/root3.crt.key"), key => file_key("$t/root2.crt.key"),
	exts => [ ext('2.5.29.19', 1, seq("\x01\x01\xff")) ])));
spew("$t/bundle.crt", slurp($root) . slurp("$t/root2.crt"));
mkdir "$t/new/store" or die;
for my $command (qw(install uninstall)) {
	for (
		[ 'a file that is not there', 1, qr{new/none}, "$t/new/none" ],
		[ 'a folder', 1, qr/\Q$t\E/, $t ],
		[ 'nonsense', 1, qr/one\.pw: \S/, "$t/one.pw", 'install' ],
		[ 'a key', 1, qr/root2\.crt\.key: \S/, "$t/root2.crt.key" ],
		[ 'several', 1, qr/bundle\.crt: 2 certificates in it: one root at a time/, "$t/bundle.crt" ],
		[ 'no root at all', 2, qr/which root certificate\? Give ROOT, or run `signet bootstrap` first/ ],
		[ 'a leaf', 1, qr/leaf\.crt: it is not a CA's certificate/, "$t/leaf.crt", 'install' ],
		[ 'a CA that may not sign certificates', 1, qr/nosign\.crt: it is not a CA's certificate/, "$t/nosign.crt", 'install' ],
		[ 'an intermediate', 1, qr/intermediate\.crt: it is not a root/, "$v/ca/intermediate.crt", 'install' ],
		[ 'an expired root', 1, qr/expired\.crt: it has expired at \S+Z/, "$t/expired.crt", 'install' ],
		[ 'a root that another key signed', 1, qr/forged\.crt: \S/, "$t/forged.crt", 'install' ],
	) {
		my ($what, $status, $message, $file, $only) = @$_;
		next if $only && $only ne $command;
		refused("$command, $what", $status, $message, $command, $file // (), '--into', "$t/new/store");
		is(files("$t/new/store"), '', "$command, $what: nothing is written");
	}
}
SKIP: {
	# Without --into it is the system's store, which belongs to root.
	skip('not root: nobody to become', 4) if $> != 0;
	my $line = sub { my @as = ('setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', signet_bin(), @_); return run({ env => { SIGNETPATH => "$t/none", HOME => '/' } }, @as) };
	skip('no setpriv', 4) unless have('setpriv');
	chmod 0755, $t;
	spew("/tmp/signet-test-root-$$.crt", slurp($root), 0644);
	($rc, $out, $err) = $line->('install', "/tmp/signet-test-root-$$.crt");
	unlink "/tmp/signet-test-root-$$.crt";
	skip("nobody cannot run it: $err", 4) if $rc > 4;
	is($rc, 1, 'install, not root: status');
	like($err, qr/\Asignet: (?:the system's trust store belongs to root: run this as root \(sudo\)|\S+ is not there: install the package ca-certificates)\n\z/, 'install, not root: message');
}

SKIP: {
	# The real one, in a mount namespace of its own: nothing outside changes.
	skip('not root', 6) if $> != 0;
	skip('no unshare', 6) unless have('unshare');
	skip('no update-ca-certificates', 6) unless -x '/usr/sbin/update-ca-certificates';
	spew("$t/inside", <<'EOF');
set -e
mount --make-rprivate /
mkdir -p /usr/local/share/ca-certificates
mount -t tmpfs tmpfs "$1"
cp -a /etc/ssl/certs "$1/certs"
mount --bind "$1/certs" /etc/ssl/certs
mount -t tmpfs tmpfs /usr/local/share/ca-certificates
set +e
echo mounted
"$2" install "$3"; echo "status $?"
ls /usr/local/share/ca-certificates
openssl verify -CApath /etc/ssl/certs "$4"; echo "status $?"
openssl verify -CAfile /etc/ssl/certs/ca-certificates.crt "$4"; echo "status $?"
"$2" uninstall "$3"; echo "status $?"
ls /usr/local/share/ca-certificates
openssl verify -CApath /etc/ssl/certs "$4" >/dev/null; echo "status $?"
mount -o remount,ro /etc/ssl/certs
"$2" install "$3"; echo "status $?"
ls /usr/local/share/ca-certificates
EOF
	mkdir "$t/mount" or die;
	($rc, $out, $err) = run({ env => { SIGNETPATH => "$t/none" } }, 'unshare', '-m', 'sh', "$t/inside", "$t/mount", signet_bin(), $root, "$v/ca/intermediate.crt");
	skip("no mount namespace here: $err", 6) unless $out =~ s/\Amounted\n//;
	my @steps = split /^status (\d+)\n/m, $out;
	my $where = "/usr/local/share/ca-certificates/$name";
	is("$steps[0] $steps[1]", "The root certificate is trusted: $where\n 0", 'install: the real store') or diag($out, $err);
	is("$steps[2] $steps[3]", "$name\n$v/ca/intermediate.crt: OK\n 0", 'install: openssl trusts it');
	is($steps[5], 0, 'install: the bundle has it');
	is("$steps[6] $steps[7]", "The root certificate is not trusted any more: $where is gone.\n 0", 'uninstall: the real store');
	is($steps[9], 2, 'uninstall: openssl does not trust it any more');
	is("$steps[10]$steps[11] " . ($steps[12] // ''), '1 ', 'install, update-ca-certificates fails: status, and nothing is left behind');
	like($err, qr/^signet: \S+update-ca-certificates failed \(status \d+\): \S/m, 'install, update-ca-certificates fails: message');
	unlike($err, qr/warning/, 'install: its warnings are not shown');
}

# ---- bootstrap --install ----

my $d = Signet::Test->new(store => 'memory');
$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
my @ca = ('--ca-url', $d->{url}, '--fingerprint', $d->fingerprint);
$out = ok_signet('bootstrap', @ca, '--install', '--into', "$t/boot");
like($out, qr/^Trusting \Q$d->{url}\E\.\n.*\nThe root certificate is trusted: \Q$t\E\/boot\/\Q$name\E\n\z/, 'bootstrap --install: what it says');
is(slurp("$t/boot/$name"), first_cert($d->{root}), 'bootstrap --install: the root');
ok(-s "$t/client/defaults.json", 'bootstrap --install: and defaults.json');
like(ok_signet('bootstrap', @ca, '--install', '--into', "$t/boot", '--force'), qr/is trusted already/, 'bootstrap --install again');
is(ok_signet('uninstall', '--into', "$t/boot"), "The root certificate is not trusted any more: $t/boot/$name is gone.\n", 'uninstall without ROOT: that of bootstrap');
is(ok_signet('install', '--into', "$t/boot"), "The root certificate is trusted: $t/boot/$name\n", 'install without ROOT: that of bootstrap');
refused('bootstrap --into without --install', 2, qr/--into goes with --install/, 'bootstrap', @ca, '--into', "$t/boot", '--force');
my $defaults = slurp("$t/client/defaults.json");
refused('bootstrap --install, another fingerprint', 3, qr/the CA refused \(404\)/, 'bootstrap', '--ca-url', $d->{url}, '--fingerprint', 'ab' x 32, '--install', '--into', "$t/new/b", '--force')
	if mkdir "$t/new/b";
is(files("$t/new/b"), '', 'bootstrap --install, another fingerprint: nothing is installed');
refused('bootstrap --install into a file', 1, qr/one\.pw/, 'bootstrap', @ca, '--install', '--into', "$t/one.pw", '--force');
is(slurp("$t/client/defaults.json"), $defaults, 'bootstrap --install into a file: defaults.json is as before');
$d->stop;
done_testing;

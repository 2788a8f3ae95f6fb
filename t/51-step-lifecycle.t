#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# The `step` client, unchanged, through a certificate's whole life: every X.509 command of `step ca` and `step certificate` that talks to a CA, with what
# came of it judged by openssl and certtool, and with the words of each refusal. First trust and first certificates are in 50-step.t.
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(time sleep);
use POSIX qw(:sys_wait_h _exit);
use MIME::Base64 qw(decode_base64url);
use Digest::SHA qw(sha256);
use Signet::Test;
use Signet::Clients;
use Signet::DER;
use Signet::Lifecycle;

need('step', 'openssl');
hang_guard(600);

my $d = init_daemon();
my $t = scratch();
my $kid = json_decode((slurp("$d->{dir}/provisioners.d/admin.yaml") =~ /^key: (.*)$/m)[0])->{kid};
# The same key again: provisioners whose certificates live for seconds, are renewed after their end, or not at all.
my %more = (short => '{minTLSCertDuration: 1s}', after => '{minTLSCertDuration: 1s, allowRenewalAfterExpiry: true}',
	never => '{disableRenewal: true}');
for my $name (keys %more) {
	my $text = slurp("$d->{dir}/provisioners.d/admin.yaml");
	$text =~ s/^name: .*/name: $name/m;
	spew("$d->{dir}/provisioners.d/$name.yaml", $text . "claims: $more{$name}\n");
}
$d->stop;
$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
my $root = $d->{root};
my $no_auth = qr/^The request lacked necessary authorization to be completed\. Please see the certificate authority logs for more info\.$/m;
my ($rc, $out, $err);

sub by { my ($name) = @_; return ('--provisioner', $name // 'admin', '--provisioner-password-file', "$d->{top}/prov.pw") }
sub good { my ($what, @args) = @_; ($rc, $out, $err) = step($d, @args); is($rc, 0, $what) or diag("$out$err"); return $rc == 0 }
sub bad {
	my ($what, $text, @args) = @_;
	($rc, $out, $err) = step($d, @args);
	is($rc, 1, "$what: status 1");
	like("$out$err", $text, "$what: the words");
}
# A certificate for NAME in $t/NAME.crt and .key.
sub certificate {
	my ($name, %o) = @_;
	step_ok($d, 'ca', 'certificate', $name, "$t/$name.crt", "$t/$name.key", '--force', by($o{by}), @{ $o{args} // [] });
	return ("$t/$name.crt", "$t/$name.key");
}
sub key_fits { my ($crt, $key) = @_; return run_ok('openssl', 'x509', '-in', $crt, '-noout', '-pubkey') eq run_ok('openssl', 'pkey', '-in',
	$key, '-pubout') }
# A new certificate in place of an old one: names, lifetime, extensions, chain.
sub ok_next {
	my ($what, $old_pem, $crt, $key) = @_;
	my ($old, $new) = map { cert_fields($_) } $old_pem, slurp($crt);
	isnt(serial_text($new->{serial}), serial_text($old->{serial}), "$what: another serial");
	is($new->{subject}, $old->{subject}, "$what: subject");
	is($new->{to} - $new->{from}, $old->{to} - $old->{from}, "$what: lifetime");
	my $rest = sub { return [ map { [ $_->[0], $_->[1], $_->[2] ] } grep { $_->[0] !~ /^2\.5\.29\.(?:14|15|35)$/ } @{ $_[0]{exts} } ] };
	is_deeply($rest->($new), $rest->($old), "$what: extensions");
	ok(key_fits($crt, $key), "$what: of its key");
	is(verify_ok($crt, $root, '-purpose', 'sslserver'), '', "$what: verifies, with the chain that came with it");
	if (have('certtool')) {
		my ($st, $o, $e) = run('certtool', '--verify', '--load-ca-certificate', $root, '--infile', $crt);
		is($st, 0, "$what: certtool verifies it") or diag("$o$e");
	}
}
# Until a condition holds, at most 60 s.
sub until_true { my ($cond) = @_; my $end = time + 60; while (time < $end) { return 1 if $cond->(); sleep 0.05 } return 0 }
my @children;
sub background {
	my (@args) = @_;
	my $pid = fork // die;
	if (!$pid) {
		@ENV{qw(STEPPATH HOME)} = ($d->{steppath}, $d->{steppath});
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', "$t/daemon.out";
		open STDERR, '>&', \*STDOUT;
		exec { step_bin() } step_bin(), @args or _exit(127);
	}
	push @children, $pid;
	return $pid;
}
my $owner = $$;
END { if ($$ == ($owner // 0)) { my $st = $?; kill 9, @children if @children; $? = $st } }
sub end_child { my ($pid) = @_; kill 'TERM', $pid; waitpid $pid, 0; @children = grep { $_ != $pid } @children }
sub jwt { my ($token) = @_; my ($h, $p) = split /\./, $token; return (json_decode(decode_base64url($h)), json_decode(decode_base64url($p))) }

# ---- trust ----

bad('health without a root', qr/./, 'ca', 'health', '--ca-url', $d->{url});
$d->{steppath} = scratch();
good('health with --root alone', 'ca', 'health', '--ca-url', $d->{url}, '--root', $root);
is($out, "ok\n", 'health with --root alone: ok');
bad('health with another root', qr/certificate/, 'ca', 'health', '--ca-url', $d->{url}, '--root', "$SRC/t/vectors/ca/root.crt");
good('bootstrap', 'ca', 'bootstrap', '--ca-url', $d->{url}, '--fingerprint', $d->fingerprint);
good('bootstrap --force', 'ca', 'bootstrap', '--ca-url', $d->{url}, '--fingerprint', uc $d->fingerprint, '--force');
bad('root with an unknown fingerprint', qr/was not found/, 'ca', 'root', "$t/none.pem", '--fingerprint', 'ab' x 32);
ok(!-e "$t/none.pem", 'root with an unknown fingerprint: no file');
good('roots', 'ca', 'roots', "$t/roots.pem", '--ca-url', $d->{url}, '--root', $root);
is(slurp("$t/roots.pem"), slurp($root), 'roots: the root');
good('federation', 'ca', 'federation', "$t/fed.pem");
is(slurp("$t/fed.pem"), slurp($root), 'federation: the root');

# The keys open meanwhile.
ok(until_true(sub { (step($d, 'ca', 'certificate', 'first.example.com', "$t/first.crt", "$t/first.key", '--force', by()))[0] == 0 }), 'it issues');

# ---- provisioners ----

my $list = json_decode(step_ok($d, 'ca', 'provisioner', 'list'));
is(join(' ', sort map { $_->{name} } @$list), 'admin after never short', 'provisioner list');
is_deeply({ map { $_->{name} => $_->{claims} // {} } @$list }, { admin => {}, after => { minTLSCertDuration => '1s',
	allowRenewalAfterExpiry => JSON::PP::true },
	never => { disableRenewal => JSON::PP::true }, short => { minTLSCertDuration => '1s' } }, 'provisioner list: claims')
	or diag(json_encode($list));
# "--", because one kid in 64 begins with a hyphen.
good('provisioner jwe-key', 'ca', 'provisioner', 'jwe-key', '--', $kid);
spew("$t/prov.jwe", $out =~ s/\s+\z//r);
like($out, qr/^eyJ[\w-]+\.[\w-]+\.[\w-]+\.[\w-]+\.[\w-]+\s*$/, 'provisioner jwe-key: a JWE');
bad('provisioner jwe-key: unknown', qr/The requested resource could not be found/, 'ca', 'provisioner', 'jwe-key', 'nobody');

# ---- token ----

sub token { my ($name, @args) = @_; my $tok = step_ok($d, 'ca', 'token', $name, by(), @args); chomp $tok; push @{ $d->{secrets} }, $tok; return $tok }
# The certificate for a token, made here.
sub use_token { my ($tok, $name) = @_; return step($d, 'ca', 'certificate', $name, "$t/tok.crt", "$t/tok.key", '--force', '--token', $tok) }
my $tok = token('tok.example.com', '--not-before', '0s', '--not-after', '10m', '--san', 'a.example.com', '--san', '10.0.0.1');
my ($h, $c) = jwt($tok);
is($c->{exp} - $c->{nbf}, 600, 'token --not-after: its claim');
is_deeply([ sort @{ $c->{sans} } ], [ '10.0.0.1', 'a.example.com' ], 'token --san: its claim');
is($h->{kid}, $kid, 'token: kid');
($rc, $out, $err) = use_token($tok, 'tok.example.com');
is($rc, 0, 'token --not-after, --san: a certificate') or diag($err, json_encode($c), $d->log_tail);
is(sans_of("$t/tok.crt"), 'DNS:a.example.com IP:10.0.0.1', 'token --san: the names');
like(step_ok($d, 'certificate', 'inspect', '--format', 'json', "$t/tok.crt"), qr/"subject_dn":\s*"CN=tok\.example\.com"/,
	'token --san: the common name is the subject');
$tok = token('tok.example.com', '--not-before', '10m', '--not-after', '20m');
($rc, $out, $err) = use_token($tok, 'tok.example.com');
is($rc, 1, 'token --not-before in ten minutes: refused now');
like($err, $no_auth, 'token --not-before in ten minutes: the words');
spew("$t/set.json", '{"dept":"ops","nested":{"x":[1,2]}}');
$tok = token('tok.example.com', '--set', 'team=red', '--set-file', "$t/set.json");
($h, $c) = jwt($tok);
is_deeply($c->{user}, { team => 'red', dept => 'ops', nested => { x => [ 1, 2 ] } }, 'token --set, --set-file: its claim');
is((use_token($tok, 'tok.example.com'))[0], 0, 'token --set: a certificate');
$tok = token('tok.example.com', '--cert-not-after', '1h', '--cert-not-before', '1m');
is((use_token($tok, 'tok.example.com'))[0], 0, 'token --cert-not-after: a certificate');
step_ok($d, 'ca', 'token', 'tok.example.com', by(), '--output-file', "$t/token.txt");
is((use_token(slurp("$t/token.txt") =~ s/\s+\z//r, 'tok.example.com'))[0], 0, 'token --output-file: a certificate');
good('token --key --offline', 'ca', 'token', 'tok.example.com', '--offline', '--kid', $kid, '--issuer', 'admin', '--key', "$t/prov.jwe",
	'--password-file', "$d->{top}/prov.pw", '--ca-url', $d->{url}, '--root', $root);
is((use_token($out =~ s/\s+\z//r, 'tok.example.com'))[0], 0, 'token --key --offline: a certificate');
good('token --key', 'ca', 'token', 'tok.example.com', '--provisioner', 'admin', '--key', "$t/prov.jwe", '--password-file', "$d->{top}/prov.pw");
is((use_token($out =~ s/\s+\z//r, 'tok.example.com'))[0], 0, 'token --key: a certificate');
{
	my @csr = map { my $k = new_key(); my $f = "$t/cnf$_.csr"; spew($f, csr_new(cn => 'tok.example.com', san => 'DNS:tok.example.com',
		key_file => $k)); $f } 1, 2;
	my $tied = token('tok.example.com', '--cnf-file', $csr[0]);
	($h, $c) = jwt($tied);
	is($c->{cnf}{'x5rt#S256'}, b64u(sha256(from_pem(slurp($csr[0])))), 'token --cnf-file: its claim');
	bad('token --cnf-file: another request', qr/The request was forbidden by the certificate authority/, 'ca', 'sign', $csr[1],
		"$t/cnf.crt", '--token', $tied, '--force');
	good('token --cnf-file: its request', 'ca', 'sign', $csr[0], "$t/cnf.crt", '--token', $tied, '--force');
	$tied = token('tok.example.com', '--cnf', b64u(sha256(from_pem(slurp($csr[1])))));
	bad('token --cnf: another request', qr/The request was forbidden by the certificate authority/, 'ca', 'sign', $csr[0], "$t/cnf.crt",
		'--token', $tied, '--force');
	good('token --cnf: its request', 'ca', 'sign', $csr[1], "$t/cnf.crt", '--token', $tied, '--force');
}
bad('a token for another CA', $no_auth, 'ca', 'certificate', 'tok.example.com', "$t/tok.crt", "$t/tok.key", '--force', '--ca-url',
	$d->{url}, '--root', $root,
	'--token', $d->token(url => 'https://evil.example', sub => 'tok.example.com', claims => { sha => $d->fingerprint }));

# ---- certificate and sign: dates, what is set ----

my $when = run_ok('date', '-u', '-d', '+3 hours', '+%Y-%m-%dT%H:%M:%SZ');
chomp $when;
my ($crt, $key) = certificate('dates.example.com', args => [ '--not-before', '30m', '--not-after', $when ]);
my ($begin, $end) = dates_of($crt);
ok(abs($begin - time - 1800) < 60, 'certificate --not-before: its beginning') or diag($begin - time);
is($end, run_ok('date', '-u', '-d', $when, '+%s') + 0, 'certificate --not-after with a date: its end');
($crt, $key) = certificate('set.example.com', args => [ '--set', 'team=red', '--set-file', "$t/set.json" ]);
is(sans_of($crt), 'DNS:set.example.com', 'certificate --set: what the template does not use changes nothing');
spew("$t/s.csr", csr_new(cn => 's.example.com', san => 'DNS:s.example.com', key_file => new_key()));
good('sign --not-before --not-after --set', 'ca', 'sign', "$t/s.csr", "$t/s.crt", by(), '--not-before', '1m', '--not-after', '1h', '--set', 'a=b');
($begin, $end) = dates_of("$t/s.crt");
is($end - $begin, 3600, 'sign --not-after: its lifetime, from --not-before');
bad('sign: dates the wrong way round', qr/The request (?:could not be completed|was forbidden)/, 'ca', 'sign', "$t/s.csr", "$t/s2.crt",
	by(), '--not-before', '2h', '--not-after', '-1h');
ok(!-e "$t/s2.crt", 'sign: dates the wrong way round: no certificate');

# ---- renew ----

($crt, $key) = certificate('renew.example.com', args => [ '--san', 'renew.example.com', '--san', '10.0.0.3', '--san', 'u@example.com',
	'--san', 'spiffe://t/x', '--not-after', '2h' ]);
my $old = slurp($crt);
good('renew --force', 'ca', 'renew', '--force', $crt, $key);
is($err, "Your certificate has been saved in $crt.\n", 'renew --force: says so');
ok_next('renew --force', $old, $crt, $key);
good('renew --out', 'ca', 'renew', '--out', "$t/out.crt", $crt, $key);
ok_next('renew --out', slurp($crt), "$t/out.crt", $key);
good('renew --mtls=false', 'ca', 'renew', '--mtls=false', '--force', $crt, $key);
ok_next('renew --mtls=false', $old, $crt, $key);
for (['EC', 'P-384'], ['EC', 'P-521'], ['OKP', 'Ed25519'], ['RSA', 2048]) {
	my ($kty, $size) = @$_;
	my ($k_crt, $k_key) = certificate('kind.example.com', args => [ '--kty', $kty, $kty eq 'RSA' ? '--size' : '--curve', $size ]);
	my $before = slurp($k_crt);
	good("renew --mtls=false, $kty $size", 'ca', 'renew', '--mtls=false', '--force', $k_crt, $k_key);
	ok_next("renew --mtls=false, $kty $size", $before, $k_crt, $k_key);
}
$old = slurp($crt);
good('renew --expires-in, too early', 'ca', 'renew', '--force', '--expires-in', '10m', $crt, $key);
like($err, qr/^certificate not renewed: expires in 1h59m/, 'renew --expires-in, too early: the words');
is(slurp($crt), $old, 'renew --expires-in, too early: nothing happened');
good('renew --expires-in, due', 'ca', 'renew', '--force', '--expires-in', '2h0m50s', $crt, $key);
isnt(slurp($crt), $old, 'renew --expires-in, due: renewed');
spew("$t/ran.sh", "#!/bin/sh\necho ran >>$t/ran\n", 0755);
good('renew --exec', 'ca', 'renew', '--force', '--exec', "$t/ran.sh", $crt, $key);
is(slurp("$t/ran"), "ran\n", 'renew --exec: the command ran');
{
	pipe my $read, my $write or die;
	my $pid = fork // die;
	if (!$pid) { $SIG{HUP} = sub { syswrite $write, 'H'; _exit(0) }; syswrite $write, 'R'; sleep 60; _exit(1) }
	push @children, $pid;
	sysread $read, my $got, 1; # its handler is there
	good('renew --pid', 'ca', 'renew', '--force', '--pid', $pid, $crt, $key);
	waitpid $pid, 0;
	is($?, 0, 'renew --pid: it got the signal');
	@children = grep { $_ != $pid } @children;
}
bad('renew without the file', qr/no such file/, 'ca', 'renew', '--force', "$t/none.crt", $key);
{
	my ($o_crt, $o_key) = certificate('other.example.com');
	bad('renew with another key', qr/tls: error decrypting message/, 'ca', 'renew', '--force', $crt, $o_key);
	my ($n_crt, $n_key) = certificate('never.example.com', by => 'never');
	my $before = slurp($n_crt);
	bad('renew, disabled', $no_auth, 'ca', 'renew', '--force', $n_crt, $n_key);
	bad('renew --mtls=false, disabled', $no_auth, 'ca', 'renew', '--mtls=false', '--force', $n_crt, $n_key);
	bad('rekey, disabled', $no_auth, 'ca', 'rekey', '--force', $n_crt, $n_key);
	is(slurp($n_crt), $before, 'disabled: the file is as it was');
	$d->log_like(qr/event=api\.refused .*renew is disabled for provisioner 'never'/, 'disabled: the log says why');
	# Signed by a CA of the same name that is not this one.
	my $c = cert_fields(slurp($o_crt));
	spew("$t/alien.crt", to_pem('CERTIFICATE', cert_der(issuer => $c->{issuer}, signer => file_key("$SRC/t/vectors/ca/other.key"),
		key => file_key($o_key), subject => $c->{subject})));
	bad('renew of another CA\'s certificate', qr/./, 'ca', 'renew', '--force', "$t/alien.crt", $o_key);
	bad('renew --mtls=false of another CA\'s certificate', qr/error validating renew token/, 'ca', 'renew', '--mtls=false', '--force',
		"$t/alien.crt", $o_key);
}

# After its end: `step` sends a token by itself.
my %expiring = map { $_ => [ certificate("$_.example.com", by => $_, args => [ '--not-after', '3s' ]) ] } qw(short after);
my $was = slurp($expiring{after}[0]);
ok(until_true(sub { return !grep { (run('openssl', 'x509', '-in', $expiring{$_}[0], '-noout', '-checkend',
	'0'))[0] == 0 } keys %expiring }), 'they have expired');
sleep 1.1; # the end itself still counts
good('renew, expired and allowed', 'ca', 'renew', '--force', @{ $expiring{after} });
ok_next('renew, expired and allowed', $was, @{ $expiring{after} }) if $rc == 0 && until_true(sub { 1 });
bad('renew, expired', qr/The request lacked necessary authorization to be completed: certificate expired on \d{4}-/, 'ca', 'renew',
	'--force', @{ $expiring{short} });
bad('rekey, expired', qr/./, 'ca', 'rekey', '--force', @{ $expiring{short} });

# As a daemon, for one period and one more.
unlink "$t/ran";
($crt, $key) = certificate('daemon.example.com');
$old = slurp($crt);
my $pid = background('ca', 'renew', '--daemon', '--renew-period', '2s', '--exec', "$t/ran.sh", $crt, $key);
ok(until_true(sub { -s "$t/ran" && slurp("$t/ran") eq "ran\nran\n" }),
	'renew --daemon: the command ran, and ran again') or diag(slurp("$t/daemon.out"));
end_child($pid);
ok_next('renew --daemon', $old, $crt, $key);

# ---- rekey ----

($crt, $key) = certificate('rekey.example.com');
($old, my $old_key) = (slurp($crt), slurp($key));
good('rekey --force', 'ca', 'rekey', '--force', $crt, $key);
ok_next('rekey --force', $old, $crt, $key);
isnt(slurp($key), $old_key, 'rekey --force: another key');
my %kinds = ('P-384' => [ [qw(--kty EC --curve P-384)], 'secp384r1' ], 'Ed25519' => [ [qw(--kty OKP --curve Ed25519)], 'ED25519' ],
	'RSA 3072' => [ [qw(--kty RSA --size 3072)], 'RSA 3072' ]);
for (sort keys %kinds) {
	good("rekey to $_", 'ca', 'rekey', '--out-cert', "$t/rk.crt", '--out-key', "$t/rk.key", '--force', @{ $kinds{$_}[0] }, $crt, $key);
	ok_next("rekey to $_", slurp($crt), "$t/rk.crt", "$t/rk.key");
	is(key_of("$t/rk.crt"), $kinds{$_}[1], "rekey to $_: its kind");
	good("rekey from $_", 'ca', 'rekey', '--force', "$t/rk.crt", "$t/rk.key");
}
spew("$t/own.key", slurp(new_key()), 0600);
good('rekey --private-key', 'ca', 'rekey', '--private-key', "$t/own.key", '--out-cert', "$t/own.crt", $crt, $key);
ok_next('rekey --private-key', slurp($crt), "$t/own.crt", "$t/own.key");
unlink "$t/ran";
good('rekey --expires-in, too early', 'ca', 'rekey', '--force', '--expires-in', '10m', $crt, $key);
like($err, qr/^certificate not rekeyed: expires in 23h/, 'rekey --expires-in, too early: the words');
good('rekey --exec', 'ca', 'rekey', '--force', '--exec', "$t/ran.sh", $crt, $key);
is(slurp("$t/ran"), "ran\n", 'rekey --exec: the command ran');
unlink "$t/ran";
$old = slurp($crt);
$pid = background('ca', 'rekey', '--daemon', '--rekey-period', '2s', '--exec', "$t/ran.sh", $crt, $key);
ok(until_true(sub { -s "$t/ran" }), 'rekey --daemon: the command ran') or diag(slurp("$t/daemon.out"));
end_child($pid);
ok_next('rekey --daemon', $old, $crt, $key);

# ---- looking at it over the network ----

(my $host = $d->{url}) =~ s{^https://}{};
like(step_ok($d, 'certificate', 'inspect', '--short', '--roots', $root, $d->{url}), qr/DNS: ?localhost|localhost/, 'certificate inspect https://');
bad('certificate inspect https://, another root', qr/certificate/, 'certificate', 'inspect', '--roots', "$SRC/t/vectors/ca/root.crt", $d->{url});
is(step_ok($d, 'certificate', 'fingerprint', '--roots', $root, $d->{url}), step_ok($d, 'certificate', 'fingerprint',
	"$d->{dir}/tls/server.crt"), 'certificate fingerprint https://');
good('certificate verify https://', 'certificate', 'verify', '--roots', $root, $d->{url});
bad('certificate verify https://, another root', qr/certificate/, 'certificate', 'verify', '--roots', "$SRC/t/vectors/ca/root.crt", $d->{url});
is((step($d, 'certificate', 'needs-renewal', '--roots', $root, $d->{url}))[0], 1, 'certificate needs-renewal https://: not yet');
is((step($d, 'certificate', 'needs-renewal', '--roots', $root, '--expires-in', '25h', $d->{url}))[0], 0,
	'certificate needs-renewal https://: within 25 hours');
is((step($d, 'certificate', 'needs-renewal', $crt))[0], 1, 'certificate needs-renewal: not yet');
is((step($d, 'certificate', 'needs-renewal', '--expires-in', '25h', $crt))[0], 0, 'certificate needs-renewal: within 25 hours');
is((step($d, 'certificate', 'needs-renewal', "$t/none.crt"))[0], 2, 'certificate needs-renewal: no file');
good('certificate verify --host', 'certificate', 'verify', '--roots', $root, '--host', 'rekey.example.com', $crt);
is(step_ok($d, 'certificate', 'key', $crt), run_ok('openssl', 'x509', '-in', $crt, '-noout', '-pubkey'), 'certificate key');

# ---- revoke ----

sub revoke_token_of { my ($serial, $by) = @_; my $r = step_ok($d, 'ca', 'token', $serial, '--revoke',
	by($by)); chomp $r; push @{ $d->{secrets} }, $r; return $r }
my $spoken = qr/^Certificate with Serial Number (\d+) has been revoked\.$/m;
($crt, $key) = certificate('revoke.example.com');
my $serial = serial_text($crt);
$tok = revoke_token_of($serial);
($h, $c) = jwt($tok);
is($c->{aud}, "$d->{url}/1.0/revoke", 'token --revoke: aud');
good('revoke --token', 'ca', 'revoke', $serial, '--token', $tok);
is(($err =~ $spoken)[0], $serial, 'revoke --token: the words');
bad('revoke --token, again', $no_auth, 'ca', 'revoke', $serial, '--token', $tok);
bad('revoke --token, twice', qr/The request could not be completed: certificate with serial number '$serial' is already revoked\./, 'ca',
	'revoke', $serial, '--token', revoke_token_of($serial));
$old = slurp($crt);
bad('renew, revoked', $no_auth, 'ca', 'renew', '--force', $crt, $key);
bad('renew --mtls=false, revoked', $no_auth, 'ca', 'renew', '--mtls=false', '--force', $crt, $key);
bad('rekey, revoked', $no_auth, 'ca', 'rekey', '--force', $crt, $key);
is(slurp($crt), $old, 'revoked: the file is as it was');
bad('revoke --cert, revoked', qr/./, 'ca', 'revoke', '--cert', $crt, '--key', $key);

my %reasons = (unspecified => 0, keyCompromise => 1, cACompromise => 2, affiliationChanged => 3, superseded => 4, cessationOfOperation => 5,
	certificateHold => 6, removeFromCRL => 8,
	privilegeWithdrawn => 9, aACompromise => 10);
for my $reason (sort keys %reasons) {
	my ($r_crt, $r_key) = certificate('reason.example.com');
	$serial = serial_text($r_crt);
	my $how = $reasons{$reason} % 2 ? $reason : $reasons{$reason}; # by name, by number
	good("revoke --cert --key --reasonCode $how", 'ca', 'revoke', '--cert', $r_crt, '--key', $r_key, '--reason', "because $reason",
		'--reasonCode', $how);
	is(($err =~ $spoken)[0], $serial, "revoke --cert --reasonCode $how: the words");
	$d->log_like(qr/event=cert\.revoked serial=$serial .*reason=$reason by=certificate/, "revoke --cert --reasonCode $how: in the log");
}
($crt, $key) = certificate('reason.example.com');
bad('revoke --reasonCode 7', qr/The request could not be completed: reasonCode out of bounds\./, 'ca', 'revoke', '--cert', $crt, '--key',
	$key, '--reasonCode', '7');
bad('revoke --reasonCode 11', qr/reasonCode out of bounds|reason code out of bounds|unrecognized|invalid/i, 'ca', 'revoke', '--cert', $crt,
	'--key', $key, '--reasonCode', '11');
$serial = serial_text($crt);
bad('revoke --token of another serial', qr/token subject '12345' and serial number '$serial' do not match/, 'ca', 'revoke', $serial,
	'--token', revoke_token_of('12345'));
bad('revoke --token of another provisioner', qr/The request was forbidden by the certificate authority/, 'ca', 'revoke', $serial, '--token',
	revoke_token_of($serial, 'never'));
bad('revoke --token that is for signing', qr/./, 'ca', 'revoke', $serial, '--token', token($serial));
bad('revoke, never issued', qr/certificate with serial number '12345' was not issued here/, 'ca', 'revoke', '12345', '--token',
	revoke_token_of('12345'));
bad('revoke, no number', qr/./, 'ca', 'revoke', 'abc', '--token', revoke_token_of('abc'));
good('it was not revoked by any of these', 'ca', 'renew', '--out', "$t/still.crt", $crt, $key);
# The password is typed: of the provisioner, chosen among four.
SKIP: {
	skip('script is not installed', 3) unless have('script');
	my $step = step_bin();
	my ($st, $o) = run({ stdin => slurp("$d->{top}/prov.pw"), env => { STEPPATH => $d->{steppath} } }, 'script', '-qec',
		"$step ca token $serial --revoke --provisioner admin", '/dev/null');
	my ($typed) = $o =~ /(eyJ[\w-]+\.[\w-]+\.[\w-]+)/;
	is($st, 0, 'token --revoke, password typed') or diag($o);
	skip('no token', 2) unless $typed;
	push @{ $d->{secrets} }, $typed;
	good('revoke --token, password typed', 'ca', 'revoke', $serial, '--token', $typed);
	is(($err =~ $spoken)[0], $serial, 'revoke --token, password typed: the words');
}

# ---- the key that was said to be lost ----

($crt, $key) = certificate('lost.example.com');
good('revoke for keyCompromise', 'ca', 'revoke', '--cert', $crt, '--key', $key, '--reasonCode', 'keyCompromise');
spew("$t/lost.csr", csr_new(cn => 'lost.example.com', san => 'DNS:lost.example.com', key_file => $key));
bad('sign with the lost key', qr/the key was revoked for key compromise/, 'ca', 'sign', "$t/lost.csr", "$t/lost2.crt", by());
ok(!-e "$t/lost2.crt", 'sign with the lost key: no certificate');

$d->stop;
done_testing;

#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# `signet renew`, `rekey` and `revoke`: what they ask for, what is on disk afterwards - above all after a failure - and the daemon that renews by itself.
use strict;
use warnings;
use Test::More;
use POSIX qw(:sys_wait_h);
use Time::HiRes qw(time sleep);
use Signet::Test;
use Signet::Clients;

need('openssl');
hang_guard(900);

my $root_user = $> == 0;
my $asan = ($ENV{SIGNET_VARIANT} // '') =~ /san/ || run_ok('nm', '-D', signet_bin()) =~ /__asan_/;
my $hooks = slurp("$BUILD/config.h") =~ /^#define ENABLE_TEST_HOOKS 1/m;
my $t = scratch();
chmod 0755, $t;
my $yes = JSON::PP::true;
my $d = Signet::Test->new(
	yaml => "claims: {minTLSCertDuration: 1s, defaultTLSCertDuration: 1h, maxTLSCertDuration: 48h}\n",
	provisioners => { admin => {}, after => { claims => { allowRenewalAfterExpiry => $yes } }, norenew => { claims => { disableRenewal => $yes } } },
);
my %env;
# The daemon comes back to the port that the client knows: one that the system does not give to others meanwhile.
my $config = slurp("$d->{dir}/signetd.yaml");
for my $try (1 .. 20) {
	spew("$d->{dir}/signetd.yaml", $config =~ s/127\.0\.0\.1:0/'127.0.0.1:' . (10000 + int rand 20000)/er);
	last if $d->start;
	BAIL_OUT('no daemon: ' . $d->log_tail) if $try == 20;
}
$d->ready;
my ($rc, $out, $err) = $d->bootstrap;
is($rc, 0, 'bootstrap') or BAIL_OUT($err);
my $socket = "$d->{dir}/run/control.sock";

# ---- helpers ----

my $n = 0;
sub key_file_of { my ($kind) = @_; my @how = $kind =~ /^P-/ ? ('EC', '-pkeyopt', "ec_paramgen_curve:$kind") : $kind =~ /^RSA-(\d+)/ ? ('RSA', '-pkeyopt', "rsa_keygen_bits:$1") : ($kind);
	my $file = "$t/made" . $n++ . '.key'; run_ok('openssl', 'genpkey', '-algorithm', @how, '-out', $file); chmod 0600, $file; return $file }
# A folder of its own with c.crt and c.key.
sub fresh {
	my (%o) = @_;
	my $dir = "$t/f" . $n++;
	mkdir $dir or die;
	my ($crt) = $d->certificate(key_file => my $key = key_file_of($o{kind} // 'P-256'), token => { iss => $o{by} // 'admin', %{ $o{token} // {} } },
		more => { notAfter => $o{for} // '1h' });
	spew("$dir/c.crt", slurp($crt), 0644);
	rename $key, "$dir/c.key" or die;
	return ("$dir/c.crt", "$dir/c.key", $dir);
}
sub serial_of { my ($s) = run_ok('openssl', 'x509', '-in', $_[0], '-noout', '-serial') =~ /=([0-9A-F]+)/; return $s }
sub fits { my ($crt, $key, @pass) = @_; return run_ok('openssl', 'x509', '-in', $crt, '-noout', '-pubkey') eq run_ok('openssl', 'pkey', '-in', $key, '-pubout', @pass) }
sub mode { return sprintf '%04o', (stat $_[0])[2] & 07777 }
sub files { my ($dir) = @_; opendir my $h, $dir or return ''; return join ' ', sort grep { !/^\.\.?$/ } readdir $h }
sub snapshot { my ($dir) = @_; return join '', map { "$_=" . (-f "$dir/$_" && -r _ ? slurp("$dir/$_") : '') . "\n" } split / /, files($dir) }
sub signet { return $d->signet({ env => \%env }, @_) }
sub good { my ($id, @args) = @_; ($rc, $out, $err) = signet(@args); return is($rc, 0, "$id: status") || (diag("$out$err"), 0)[1] }
# A refusal: its status, one line, and nothing changed in the folder.
sub bad {
	my ($id, $status, $message, $dir, @args) = @_;
	my $before = snapshot($dir);
	($rc, $out, $err) = signet(@args);
	is($rc, $status, "$id: status") or diag("$out$err");
	like($err, $message, "$id: message");
	my @lines = grep { !/^Try: / } split /\n/, $err;
	is(scalar @lines, 1, "$id: one line") or diag($err);
	is(snapshot($dir), $before, "$id: nothing changed on disk");
}
sub pair_good {
	my ($id, $crt, $key, @pass) = @_;
	ok(fits($crt, $key, @pass), "$id: certificate and key fit");
	is(verify_ok($crt, $d->{root}), '', "$id: verifies");
	is(sans_of($crt), 'DNS:host.example.com', "$id: the names");
}
sub wait_for { my ($what, $check) = @_; my $end = time + 60; sleep 0.05 until $check->() || time > $end; return ok($check->(), $what) }

# ---- renew, once ----

my ($crt, $key, $dir) = fresh();
my $first = serial_of($crt);
good('renew', 'renew', $crt, $key, '--force');
like($out, qr/\AThe renewed certificate is in \Q$crt\E; it is good until \d{4}-\d\d-\d\dT[\d:]+Z\.\n\z/, 'renew: says where and until when');
isnt(serial_of($crt), $first, 'renew: another serial');
pair_good('renew', $crt, $key);
is(files($dir), 'c.crt c.key', 'renew: no other file');
bad('renew without --force', 1, qr/exists; give --force/, $dir, 'renew', $crt, $key);

# --expires-in
for (['30m', 0], ['59m', 0], ['33%', 0], ['2h', 1], ['99%', 1]) {
	my ($left, $renewed) = @$_;
	my $before = serial_of($crt);
	good("renew --expires-in $left", 'renew', $crt, $key, '--expires-in', $left, $renewed ? '--force' : (), '--exec', "touch $dir/ran");
	is(serial_of($crt) ne $before, !!$renewed, "renew --expires-in $left: " . ($renewed ? 'renewed' : 'left alone'));
	is(-e "$dir/ran" ? 1 : 0, $renewed, "renew --expires-in $left: --exec " . ($renewed ? 'ran' : 'did not run'));
	like($out, qr/is good until .*, for another \d+m\d+s: nothing was done/, "renew --expires-in $left: says so") unless $renewed;
	unlink "$dir/ran";
}

# --exec
good('renew --exec', 'renew', $crt, $key, '--force', '--exec', "echo \"\$SIGNET_CERT \$SIGNET_KEY\" >$dir/ran; cat >>$dir/ran; openssl x509 -in \"\$SIGNET_CERT\" -noout -serial >>$dir/ran");
is(slurp("$dir/ran"), "$crt $key\nserial=" . serial_of($crt) . "\n", 'renew --exec: paths in its environment, empty input, the new certificate in place');
unlink "$dir/ran";
my $before = serial_of($crt);
($rc, $out, $err) = signet('renew', $crt, $key, '--force', '--exec', 'exit 7');
is($rc, 1, 'renew --exec fails: status');
like($err, qr/\Asignet: the certificate is renewed, but --exec ended with status 7: exit 7\n\z/, 'renew --exec fails: message');
isnt(serial_of($crt), $before, 'renew --exec fails: the certificate is the new one');
($rc, $out, $err) = signet('renew', $crt, $key, '--force', '--exec', 'kill -9 $$');
is($rc, 1, 'renew --exec is killed: status');
like($err, qr/--exec was ended by signal 9/, 'renew --exec is killed: message');

# --pid, --pid-file, --signal
for ([ 'HUP' ], [ 'USR1', '--signal', 'USR1' ], [ 'USR2', '--signal', 'sigusr2' ], [ 'USR1', '--signal', '10' ], [ 'TERM', '--signal', 'SIGTERM' ]) {
	my ($name, @opts) = @$_;
	for my $by ('--pid', '--pid-file') {
		unlink "$dir/got", "$dir/ready";
		my $pid = fork // die;
		if (!$pid) {
			$SIG{$name} = sub { spew("$dir/got", $name); POSIX::_exit(0) };
			spew("$dir/ready", '');
			sleep 60;
			POSIX::_exit(1);
		}
		wait_for("a process waits for $name", sub { -e "$dir/ready" });
		spew("$dir/pid", "$pid\n");
		good("renew $by @opts", 'renew', $crt, $key, '--force', $by, $by eq '--pid' ? $pid : "$dir/pid", @opts);
		my $end = time + 30;
		sleep 0.01 while waitpid($pid, WNOHANG) == 0 && time < $end;
		is(-e "$dir/got" ? slurp("$dir/got") : 'nothing', $name, "renew $by @opts: the signal came");
	}
}
unlink map { "$dir/$_" } qw(got ready pid);
($rc, $out, $err) = signet('renew', $crt, $key, '--force', '--pid-file', "$dir/none");
is($rc, 1, 'renew, no pid file: status');
like($err, qr{the certificate is renewed, but nobody was told: \S+/none: No such file}, 'renew, no pid file: message');
spew("$dir/pid", "x\n");
($rc, $out, $err) = signet('renew', $crt, $key, '--force', '--pid-file', "$dir/pid");
is($rc, 1, 'renew, no number in it: status');
like($err, qr/has no process number in it/, 'renew, no number in it: message');
unlink "$dir/pid";

# By token: on request, and after the end where that is allowed. All kinds of keys sign one.
for my $kind (qw(P-256 P-384 P-521 ED25519 RSA-2048)) {
	my ($c, $k) = fresh(kind => $kind);
	my $was = serial_of($c);
	good("renew --mtls=false, $kind", 'renew', $c, $k, '--force', '--mtls=false');
	isnt(serial_of($c), $was, "renew --mtls=false, $kind: another serial");
	pair_good("renew --mtls=false, $kind", $c, $k);
}
my ($late, $late_key) = fresh(by => 'after', for => '2s');
my ($over, $over_key, $over_dir) = fresh(for => '2s');
sleep 0.2 while time <= (dates_of($late))[1] + 1 || time <= (dates_of($over))[1] + 1;
good('renew after the end, where that is allowed', 'renew', $late, $late_key, '--force');
cmp_ok((dates_of($late))[1], '>', time - 5, 'renew after the end: valid again');
pair_good('renew after the end', $late, $late_key);
($late, $late_key) = fresh(by => 'after', for => '2s');
my $late_was = slurp($late_key);
sleep 0.2 while time <= (dates_of($late))[1] + 1;
good('rekey after the end, where that is allowed', 'rekey', $late, $late_key, '--force');
isnt(slurp($late_key), $late_was, 'rekey after the end: another key');
pair_good('rekey after the end', $late, $late_key);
bad('renew after the end', 3, qr/the CA refused \(401\)/, $over_dir, 'renew', $over, $over_key, '--force');
bad('rekey after the end', 3, qr/the CA refused \(401\)/, $over_dir, 'rekey', $over, $over_key, '--force');
my ($never, $never_key, $never_dir) = fresh(by => 'norenew');
bad('renew, disabled', 3, qr/the CA refused \(401\)/, $never_dir, 'renew', $never, $never_key, '--force');
bad('rekey, disabled', 3, qr/the CA refused \(401\)/, $never_dir, 'rekey', $never, $never_key, '--force');

# The files as people have them.
run_ok('openssl', 'pkcs8', '-topk8', '-in', $key, '-passout', 'pass:secret', '-out', "$dir/enc.key");
spew("$t/pw", "secret\n");
spew("$t/wrong", "wrong\n");
spew("$t/empty", "\n");
good('renew, encrypted key', 'renew', $crt, "$dir/enc.key", '--force', '--password-file', "$t/pw");
mkdir "$dir/real" or die;
rename $crt, "$dir/real/x.crt" or die;
symlink 'real/x.crt', $crt or die;
chmod 0640, "$dir/real/x.crt";
chown 0, 12, "$dir/real/x.crt" if $root_user;
$before = serial_of($crt);
good('renew through a link', 'renew', $crt, $key, '--force');
ok(-l $crt, 'renew through a link: the link stays');
isnt(serial_of("$dir/real/x.crt"), $before, 'renew through a link: the file is new');
is(mode("$dir/real/x.crt"), '0640', 'renew: the mode stays');
is((stat "$dir/real/x.crt")[5], 12, 'renew: the group stays') if $root_user;
is(files("$dir/real"), 'x.crt', 'renew through a link: no other file');
good('renew --out', 'renew', $crt, $key, '--out', "$dir/other.crt");
is(mode("$dir/other.crt"), '0644', 'renew --out: mode');

# ---- rekey ----

($crt, $key, $dir) = fresh();
$before = serial_of($crt);
my $old_key = slurp($key);
good('rekey', 'rekey', $crt, $key, '--force');
like($out, qr/\AThe new certificate is in \Q$crt\E, its private key in \Q$key\E; it is good until \S+Z\.\n\z/, 'rekey: says where');
isnt(serial_of($crt), $before, 'rekey: another serial');
isnt(slurp($key), $old_key, 'rekey: another key');
pair_good('rekey', $crt, $key);
is(mode($key), '0600', 'rekey: mode of the key');
is(key_of($crt), 'prime256v1', 'rekey: the same kind of key');
is(files($dir), 'c.crt c.key', 'rekey: no other file');
my ($rsa_crt, $rsa_key) = fresh(kind => 'RSA-2048');
good('rekey, RSA', 'rekey', $rsa_crt, $rsa_key, '--force');
like(key_of($rsa_crt), qr/2048/, 'rekey: RSA stays RSA');
for (['P-384', 'secp384r1', qw(--kty EC --curve P-384)], ['Ed25519', 'ED25519', qw(--kty OKP)], ['P-256', 'prime256v1', qw(--kty EC)]) {
	my ($id, $is, @opts) = @$_;
	good("rekey to $id", 'rekey', $crt, $key, '--force', @opts);
	is(key_of($crt), $is, "rekey to $id: it is");
	pair_good("rekey to $id", $crt, $key);
}
$before = slurp($crt);
$old_key = slurp($key);
good('rekey --out --out-key', 'rekey', $crt, $key, '--out', "$dir/new.crt", '--out-key', "$dir/new.key");
is(slurp($crt) . slurp($key), $before . $old_key, 'rekey --out --out-key: the old pair stays');
pair_good('rekey --out --out-key', "$dir/new.crt", "$dir/new.key");
is(mode("$dir/new.key"), '0600', 'rekey --out-key: mode');
my $own = key_file_of('P-384');
good('rekey --private-key', 'rekey', $crt, $key, '--private-key', $own, '--force');
is(run_ok('openssl', 'pkey', '-in', $key, '-pubout'), run_ok('openssl', 'pkey', '-in', $own, '-pubout'), 'rekey --private-key: that key');
pair_good('rekey --private-key', $crt, $key);
run_ok('openssl', 'pkcs8', '-topk8', '-in', $key, '-passout', 'pass:secret', '-out', "$dir/enc.key");
chmod 0660, "$dir/enc.key";
good('rekey, encrypted key', 'rekey', $crt, "$dir/enc.key", '--force', '--password-file', "$t/pw");
like(slurp("$dir/enc.key"), qr/\A-----BEGIN ENCRYPTED PRIVATE KEY-----\n/, 'rekey: stays encrypted');
pair_good('rekey, encrypted key', $crt, "$dir/enc.key", '-passin', 'pass:secret');
is(mode("$dir/enc.key"), '0660', 'rekey: the mode stays');
chmod 0644, "$dir/enc.key";
good('rekey, a key that everybody can read', 'rekey', $crt, "$dir/enc.key", '--force', '--password-file', "$t/pw");
is(mode("$dir/enc.key"), '0640', 'rekey: not any more');

# ---- bad cases of both ----

($crt, $key, $dir) = fresh();
my ($other_crt, $other_key, $other_dir) = fresh();
run_ok('openssl', 'pkcs8', '-topk8', '-in', $key, '-passout', 'pass:secret', '-out', "$dir/enc.key");
spew("$dir/junk", "no certificate\n");
chmod 0700, $dir;
for my $command ('renew', 'rekey') {
	bad("$command, $_->[0]", $_->[1], $_->[2], $dir, $command, @$_[3 .. $#$_], '--force') for (
		[ 'no certificate', 1, qr{^signet: \S+/none: No such file}, "$dir/none", $key ],
		[ 'no key', 1, qr{^signet: \S+/none: No such file}, $crt, "$dir/none" ],
		[ 'a folder as certificate', 1, qr/it is a folder/, $dir, $key ],
		[ 'junk as certificate', 1, qr{/junk: }, "$dir/junk", $key ],
		[ 'junk as key', 1, qr{/junk: }, $crt, "$dir/junk" ],
		[ 'the key of another', 1, qr/c\.key is not the private key of \S+c\.crt/, $crt, $other_key ],
		[ 'wrong password', 1, qr/enc\.key: wrong password/, $crt, "$dir/enc.key", '--password-file', "$t/wrong" ],
		[ 'no password', 1, qr/give --password-file FILE/, $crt, "$dir/enc.key" ],
		[ 'no password file', 1, qr{/none: No such file}, $crt, "$dir/enc.key", '--password-file', "$t/none" ],
		[ 'wrong CA', 1, qr/not trusted/, $crt, $key, '--root', "$SRC/t/vectors/ca/other.crt" ],
		[ 'no root', 1, qr{/none: the root certificate is not there}, $crt, $key, '--root', "$t/none" ],
		[ 'no CA', 4, qr/could not connect/, $crt, $key, '--ca-url', 'https://127.0.0.1:1' ],
		[ 'no host', 4, qr/could not find the host/, $crt, $key, '--ca-url', 'https://nowhere.invalid' ],
		[ 'no folder for it', 1, qr{cannot be written: folder}, $crt, $key, '--out', "$dir/none/x" ],
		[ 'certificate over key', 2, qr/the certificate would replace it/, $crt, $key, '--out', $key ],
		[ 'daemon, no certificate', 1, qr{/none: No such file}, "$dir/none", $key, '--daemon' ],
		[ 'daemon, the key of another', 1, qr/is not the private key/, $crt, $other_key, '--daemon' ],
		[ 'daemon, cannot ask', 1, qr/a daemon cannot ask: give --password-file/, $crt, "$dir/enc.key", '--daemon' ],
		[ 'daemon, no root', 1, qr{the root certificate is not there}, $crt, $key, '--daemon', '--root', "$t/none" ],
		[ '--pid', 2, qr/--pid 0: must be/, $crt, $key, '--pid', '0' ],
		[ '--pid x', 2, qr/--pid x: must be/, $crt, $key, '--pid', 'x' ],
		[ '--pid and --pid-file', 2, qr/exclude each other/, $crt, $key, '--pid', '1', '--pid-file', 'x' ],
		[ '--signal alone', 2, qr/--signal needs --pid/, $crt, $key, '--signal', 'HUP' ],
		[ '--signal NO', 2, qr/--signal NO: must be/, $crt, $key, '--pid', '1', '--signal', 'NO' ],
		[ '--signal 99', 2, qr/--signal 99: must be/, $crt, $key, '--pid', '1', '--signal', '99' ],
		[ '--expires-in', 2, qr/--expires-in soon: must be/, $crt, $key, '--expires-in', 'soon' ],
		[ '--expires-in 0s', 2, qr/--expires-in 0s: must be/, $crt, $key, '--expires-in', '0s' ],
		[ '--expires-in 0%', 2, qr/--expires-in 0%: must be/, $crt, $key, '--expires-in', '0%' ],
		[ '--renew-period without --daemon', 2, qr/needs --daemon/, $crt, $key, '--renew-period', '1h' ],
		[ '--renew-period and --expires-in', 2, qr/exclude each other/, $crt, $key, '--daemon', '--renew-period', '1h', '--expires-in', '1h' ],
		($command eq 'renew' ? [ '--mtls', 2, qr/--mtls maybe: must be/, $crt, $key, '--mtls', 'maybe' ]
			: ([ 'one file for both', 2, qr/a file each/, $crt, $key, '--out', "$dir/x", '--out-key', "$dir/x" ],
			[ 'key over certificate', 2, qr/a file each/, $crt, $key, '--out', "$dir/x", '--out-key', $crt ],
			[ 'a new key that is none', 1, qr{/junk: }, $crt, $key, '--private-key', "$dir/junk" ],
			[ 'a kind of key that is none', 2, qr/DSA/, $crt, $key, '--kty', 'DSA' ],
			[ '--private-key and --kty', 2, qr/leave out --kty/, $crt, $key, '--private-key', $own, '--kty', 'EC' ],
			[ '--private-key and --daemon', 2, qr/exclude each other/, $crt, $key, '--private-key', $own, '--daemon' ])),
	);
	SKIP: {
		skip 'not root, or no setpriv', 12 unless $root_user && have('setpriv');
		my ($c, $k, $f) = fresh();
		my $nobody = sub { my @r = run({ env => { SIGNETPATH => "$t/nobody" } }, 'setpriv', '--reuid', 65534, '--regid', 65534, '--clear-groups', signet_bin(), @_); return @r };
		run_ok('cp', '-r', $d->{client}, "$t/nobody");
		run_ok('chown', '-R', '65534', "$t/nobody", $f);
		run_ok('sed', '-i', "s#$d->{client}#$t/nobody#", "$t/nobody/defaults.json");
		chmod 0000, $k;
		my $was = snapshot($f);
		($rc, $out, $err) = $nobody->($command, $c, $k, '--force');
		is($rc, 1, "$command, unreadable key: status");
		like($err, qr/\Asignet: \S+c\.key: Permission denied\n\z/, "$command, unreadable key: message");
		chmod 0600, $k;
		chmod 0000, $c;
		($rc, $out, $err) = $nobody->($command, $c, $k, '--force');
		is($rc, 1, "$command, unreadable certificate: status");
		like($err, qr/\Asignet: \S+c\.crt: Permission denied\n\z/, "$command, unreadable certificate: message");
		chmod 0644, $c;
		chmod 0555, $f;
		for my $more ([], ['--daemon']) {
			($rc, $out, $err) = $nobody->($command, $c, $k, '--force', @$more);
			is($rc, 1, "$command, read-only folder @$more: status");
			like($err, qr/\Asignet: \S+ cannot be written: folder \S+: Permission denied\n\z/, "$command, read-only folder @$more: message");
		}
		chmod 0755, $f;
		is(snapshot($f), $was, "$command: nothing changed on disk");
		($rc, $out, $err) = $nobody->($command, $c, $k, '--force');
		is($rc, 0, "$command: and then it works") or diag($err);
		is((stat $k)[4], 65534, "$command: the key is still theirs");
		run('rm', '-rf', "$t/nobody");
	}
	SKIP: {
		my $small = "$t/small-$command";
		mkdir $small;
		my ($mounted, undef, $why) = run('mount', '-t', 'tmpfs', '-o', 'size=24k,mode=0700', 'tmpfs', $small);
		skip("no small file system can be mounted here: $why", 6) if $mounted != 0;
		my ($c, $k) = fresh();
		run_ok('cp', '-p', $c, $k, $small);
		run('dd', 'if=/dev/zero', "of=$small/fill", 'bs=1k', 'status=none');
		bad("$command, full disk", 1, qr/cannot be written: No space left on device/, $small, $command, "$small/c.crt", "$small/c.key", '--force');
		run_ok('rm', "$small/fill");
		# 32 KiB are wanted, more than there are: said before the CA is asked.
		bad("$command, nearly full disk", 1, qr/cannot be written: No space left on device/, $small, $command, "$small/c.crt", "$small/c.key", '--force');
		run('umount', $small);
	}
}

SKIP: {
	skip 'no faketime', 3 unless have('faketime');
	skip 'faketime and AddressSanitizer do not go together', 3 if $asan;
	my $was = snapshot($dir);
	($rc, $out, $err) = run({ env => { SIGNETPATH => $d->{client} } }, 'faketime', '-f', '+9000d', signet_bin(), 'renew', $crt, $key, '--force');
	is($rc, 1, 'renew, a CA that has expired: status') or diag($err);
	like($err, qr/\Asignet: \S+ the server's certificate is not trusted; .*is the clock right\?\n\z/, 'renew, a CA that has expired: message');
	is(snapshot($dir), $was, 'renew, a CA that has expired: nothing changed on disk');
}

# ---- crash points ----

SKIP: {
	skip 'built without --enable-test-hooks', 1 unless $hooks;
	for my $command ('renew', 'rekey') {
		for my $point ('renew.answered', 'renew.beside', $command eq 'rekey' ? 'rekey.between' : (), 'renew.replaced') {
			my ($c, $k, $f) = fresh();
			my ($old_serial, $old) = (serial_of($c), slurp($k));
			($rc, $out, $err) = $d->signet({ env => { SIGNET_TEST_CRASH => $point } }, $command, $c, $k, '--force');
			is($rc, 137, "$command, killed at $point");
			my $is_new = serial_of($c) ne $old_serial;
			is($is_new, $point eq 'renew.replaced', "$command, killed at $point: " . ($point eq 'renew.replaced' ? 'replaced' : 'the certificate stands'));
			if ($point eq 'rekey.between') {
				ok(!fits($c, $k), "$command, killed at $point: the pair does not fit");
				ok(fits("$c.signet-next", $k), "$command, killed at $point: but the certificate lies beside");
				my $next = serial_of("$c.signet-next");
				# Whatever comes next puts it right, also when it fails afterwards.
				($rc, $out, $err) = signet('renew', $c, $k, '--force', '--ca-url', 'https://127.0.0.1:1');
				is($rc, 4, "$command, killed at $point: the next one finds no CA") or diag($err);
				is(serial_of($c), $next, "$command, killed at $point: but has finished the work");
			}
			pair_good("$command, killed at $point", $c, $k);
			good("$command, killed at $point, again", $command, $c, $k, '--force');
			pair_good("$command, killed at $point, again", $c, $k);
			is(files($f), 'c.crt c.key', "$command, killed at $point: nothing is left");
		}
	}
	# What lies beside and does not belong there is not taken.
	my ($c, $k, $f) = fresh();
	spew("$c.signet-next", slurp($other_crt));
	good('a stranger beside', 'renew', $c, $k, '--force');
	pair_good('a stranger beside', $c, $k);
	is(files($f), 'c.crt c.key', 'a stranger beside: removed');
	spew("$c.signet-next", "half a cert");
	spew("$k.signet-next", "half a key");
	good('halves beside', 'rekey', $c, $k, '--force');
	pair_good('halves beside', $c, $k);
	is(files($f), 'c.crt c.key', 'halves beside: removed');
}

# Many at once on one pair: one wins each time, and the pair is a pair.
{
	my ($c, $k, $f) = fresh();
	my @pids;
	for my $i (1 .. 8) {
		my $pid = fork // die;
		if (!$pid) {
			$ENV{SIGNETPATH} = $d->{client};
			open STDOUT, '>', '/dev/null';
			open STDERR, '>', "$t/many$i";
			exec signet_bin(), $i % 2 ? 'renew' : 'rekey', $c, $k, '--force';
		}
		push @pids, $pid;
	}
	my $won = 0;
	for my $i (1 .. 8) {
		waitpid $pids[$i - 1], 0;
		$won++ if $? == 0;
		like(slurp("$t/many$i"), qr/\A(?:|signet: \S+ or its key was replaced by somebody else meanwhile; nothing was written\n|signet: \S+ is not the private key of \S+\n)\z/, "at once, $i: done, or says why not");
	}
	cmp_ok($won, '>=', 1, 'at once: somebody won');
	pair_good('at once', $c, $k);
	is(files($f), 'c.crt c.key', 'at once: nothing is left');
}

# ---- revoke ----

sub decimal { my ($hex) = @_; require Math::BigInt; return Math::BigInt->from_hex($hex)->bstr }
sub revoked_ok {
	my ($id, $c, $k, $f) = @_;
	like($out, qr/\AThe certificate with serial number ${\decimal(serial_of($c))} is revoked\.\n\z/, "$id: says so");
	bad("$id: renew", 3, qr/the CA refused \(401\)/, $f, 'renew', $c, $k, '--force');
}
sub shown { my ($c) = @_; my ($st, $text, $why) = signet('show', decimal(serial_of($c)), '--json', '--socket', $socket); return $st == 0 ? json_decode($text) : { error => $why } }
sub revoke_token { my ($sub, %o) = @_; return $d->token(sub => $sub, claims => { aud => "$d->{url}/1.0/revoke", sans => undef }, %o) }

my @reasons = ([ [], 0 ], [ ['--reason', 'lost it'], 0, 'lost it' ], [ ['--reason', 'keyCompromise'], 1 ], [ ['--reason-code', 'superseded', '--reason', 'a new one'], 4, 'a new one' ],
	[ ['--reason-code', '5'], 5 ], [ ['--reasonCode', 'CESSATION_OF_OPERATION'], 5 ], [ ['--reason-code', 'privilege-withdrawn'], 9 ], [ ['--reason-code', 'aacompromise'], 10 ]);
for (@reasons) {
	my ($opts, $code, $text) = @$_;
	my ($c, $k, $f) = fresh();
	good("revoke --cert --key @$opts", 'revoke', '--cert', $c, '--key', $k, @$opts);
	revoked_ok("revoke --cert --key @$opts", $c, $k, $f);
	my $s = shown($c);
	SKIP: {
		skip "no signet show: $s->{error}", 3 if ($s->{error} // '') =~ /there is no command/;
		is($s->{status}, 'revoked', "revoke @$opts: the record") or diag(json_encode($s));
		is(ref $s->{revocationReason} ? 'odd' : lc($s->{revocationReason} // 'none') =~ s/[^a-z0-9]//gr, reason_name($code, $s->{revocationReason}), "revoke @$opts: its reason");
		is($s->{revocationText} // '', $text // '', "revoke @$opts: its text");
	}
}
# By number or by name, as the control socket has it.
sub reason_name { my ($code, $is) = @_; return ($is // '') =~ /^\d+$/ ? $code : lc [qw(unspecified keyCompromise cACompromise affiliationChanged superseded cessationOfOperation certificateHold), '', qw(removeFromCRL privilegeWithdrawn aACompromise)]->[$code] }

my %forms = (decimal => sub { decimal($_[0]) }, hex => sub { "0x$_[0]" }, 'lower hex' => sub { '0x' . lc $_[0] }, colons => sub { join ':', $_[0] =~ /../g });
for my $form (sort keys %forms) {
	my ($c, $k, $f) = fresh();
	my $serial = serial_of($c);
	spew("$t/tok", revoke_token(decimal($serial)) . "\n");
	good("revoke $form --token-file", 'revoke', $forms{$form}->($serial), '--token-file', "$t/tok");
	revoked_ok("revoke $form --token-file", $c, $k, $f);
	($c, $k, $f) = fresh();
	good("revoke $form --socket", 'revoke', $forms{$form}->(serial_of($c)), '--socket', $socket);
	revoked_ok("revoke $form --socket", $c, $k, $f);
}
{
	my ($c, $k, $f) = fresh();
	good('revoke --cert --token', 'revoke', '--cert', $c, '--token', revoke_token(decimal(serial_of($c))));
	revoked_ok('revoke --cert --token', $c, $k, $f);
	($c, $k, $f) = fresh();
	($rc, $out, $err) = run({ env => { SIGNETPATH => $d->{client} }, stdin => ' ' . revoke_token(decimal(serial_of($c))) . "\n" }, signet_bin(), 'revoke', '--cert', $c, '--token-file', '-');
	is($rc, 0, 'revoke --token-file -') or diag($err);
	revoked_ok('revoke --token-file -', $c, $k, $f);
	bad('revoke with an empty token', 1, qr/^signet: the token is empty$/m, $f, 'revoke', '5', '--token', '');
	bad('revoke with the key of no provisioner', 1, qr/no JWK provisioner "nope" \(by --kid\)/, $f, 'revoke', '5', '--kid', 'nope');
	bad('revoke for another provisioner', 1, qr/no JWK provisioner "nope"/, $f, 'revoke', '5', '--issuer', 'nope');
	($c, $k, $f) = fresh();
	good('revoke --cert --config', 'revoke', '--cert', $c, '--config', "$d->{dir}/signetd.yaml");
	revoked_ok('revoke --cert --config', $c, $k, $f);
	($c, $k, $f) = fresh();
	($rc, $out, $err) = run({ env => { SIGNETPATH => $d->{client} } }, 'sh', '-c', 'cd "$1" && exec "$2" revoke "$3"', 'sh', $d->{dir}, signet_bin(), decimal(serial_of($c)));
	is($rc, 0, 'revoke in the folder of the CA: the socket is found') or diag($err);
	revoked_ok('revoke in the folder of the CA', $c, $k, $f);
	($c, $k, $f) = fresh();
	my $serial = decimal(serial_of($c));
	good('revoke with the key of a provisioner', 'revoke', $serial, '--provisioner', 'admin', '--key', "$SRC/t/vectors/ca/provisioner.key");
	revoked_ok('revoke with the key of a provisioner', $c, $k, $f);
	bad('revoke twice', 3, qr/already revoked/, $f, 'revoke', $serial, '--socket', $socket);
	bad('revoke twice, by token', 3, qr/already revoked/, $f, 'revoke', $serial, '--token', revoke_token($serial));
	bad('revoke what was never issued', 3, qr/not issued here/, $f, 'revoke', '12345', '--socket', $socket);
	bad('revoke with a token for another', 3, qr/the CA refused \(403\)/, $f, 'revoke', '0x1f', '--token', revoke_token('32'));
	bad('revoke with a token for /sign', 3, qr/the CA refused \(401\)/, $f, 'revoke', $serial, '--token', $d->token(sub => $serial));
	# A whole endpoint: the certificate and what it was renewed to.
	my ($e_crt, $e_key, $e_dir) = fresh();
	my $was = slurp($e_crt);
	good('renew', 'renew', $e_crt, $e_key, '--force');
	my $id = shown($e_crt)->{endpoint};
	SKIP: {
		skip 'no signet show', 12 unless defined $id;
		good('revoke --endpoint', 'revoke', '--endpoint', $id, '--socket', $socket);
		is(() = $out =~ /^The certificate with serial number \d+ is revoked\.$/mg, 2, 'revoke --endpoint: both') or diag($out);
		bad('revoke --endpoint: renew', 3, qr/the CA refused \(401\)/, $e_dir, 'renew', $e_crt, $e_key, '--force');
		spew("$e_dir/old.crt", $was);
		bad('revoke --endpoint: renew the first', 3, qr/the CA refused \(401\)/, $e_dir, 'renew', "$e_dir/old.crt", $e_key, '--force');
		good('revoke --endpoint again', 'revoke', '--endpoint', $id, '--socket', $socket);
		like($out, qr/\ANo certificate of endpoint \Q$id\E is valid: nothing was done\.\n\z/, 'revoke --endpoint again: nothing to do');
	}
}
bad("revoke, $_->[0]", $_->[1], $_->[2], $dir, 'revoke', @$_[3 .. $#$_]) for (
	[ 'nothing named', 2, qr/which certificate\?/ ],
	[ 'two named', 2, qr/which certificate\?/, '5', '--cert', $crt ],
	[ 'no number', 2, qr/xyz/, 'xyz' ],
	[ 'zero', 2, qr/serial/, '0' ],
	[ 'a UUID', 2, qr/give it with --endpoint/, '01234567-89ab-4def-8123-456789abcdef' ],
	[ 'an endpoint that is none', 2, qr/--endpoint x/, '--endpoint', 'x', '--socket', $socket ],
	[ 'reason 7', 2, qr/--reason-code 7: must be/, '5', '--reason-code', 7 ],
	[ 'reason 11', 2, qr/--reason-code 11: must be/, '5', '--reason-code', 11 ],
	[ 'reason by a wrong name', 2, qr/--reason-code bored: must be/, '5', '--reason-code', 'bored' ],
	[ 'two tokens', 2, qr/exclude each other/, '5', '--token', 'x', '--token-file', 'y' ],
	[ 'token and socket', 2, qr/leave out/, '5', '--token', 'x', '--socket', $socket ],
	[ 'no token file', 1, qr{/none: No such file}, '5', '--token-file', "$t/none" ],
	[ 'an empty token file', 1, qr/the token is empty/, '5', '--token-file', "$t/empty" ],
	[ 'no socket', 4, qr{/none: .*is signetd running\?.*--socket PATH}, '5', '--socket', "$t/none" ],
	[ 'a file as socket', 1, qr/is not a socket/, '5', '--socket', $crt ],
	[ 'no configuration', 1, qr{none\.yaml: No such file}, '5', '--config', "$t/none.yaml" ],
	[ 'no certificate', 1, qr{/none: No such file}, '--cert', "$t/none", '--socket', $socket ],
	[ 'no key', 1, qr{/none: No such file}, '--cert', $crt, '--key', "$t/none" ],
	[ 'the key of another', 1, qr/is not the private key/, '--cert', $crt, '--key', $other_key ],
	[ 'wrong password', 1, qr/wrong password/, '--cert', $crt, '--key', "$dir/enc.key", '--password-file', "$t/wrong" ],
	[ 'wrong CA', 1, qr/not trusted/, '--cert', $crt, '--key', $key, '--root', "$SRC/t/vectors/ca/other.crt" ],
	[ 'no CA', 4, qr/could not connect/, '--cert', $crt, '--key', $key, '--ca-url', 'https://127.0.0.1:1' ],
	[ 'an expired certificate', 1, qr/expired at/, '--cert', $over, '--key', $over_key ],
);
SKIP: {
	skip 'not root, or no setpriv', 3 unless $root_user && have('setpriv');
	($rc, $out, $err) = run('setpriv', '--reuid', 65534, '--regid', 65534, '--clear-groups', signet_bin(), 'revoke', '5', '--socket', $socket);
	is($rc, 1, 'revoke as nobody: status') or diag($err);
	like($err, qr/\Asignet: \Q$socket\E: you need to be root, the daemon's user, or \(for reading\) a member of .*\n\z/, 'revoke as nobody: message');
}

# ---- the daemon ----

my %watching;
# Starts `signet renew --daemon`; waits for its first line.
sub watch {
	my ($env, @args) = @_;
	my $log = "$t/log" . $n++;
	my $pid = fork // die;
	if (!$pid) {
		%ENV = (%ENV, SIGNETPATH => $d->{client}, %$env);
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', $log;
		open STDERR, '>&', \*STDOUT;
		exec signet_bin(), @args or POSIX::_exit(127);
	}
	my $w = { pid => $pid, log => $log, id => "@args[0, grep { $args[$_] =~ /^--/ } 0 .. $#args]" };
	$watching{$pid} = $w;
	wait_for("$w->{id}: watches", sub { -e $log && slurp($log) =~ /event=renew\.watch/ }) or diag(slurp($log));
	return $w;
}
sub count { my ($w, $re) = @_; my $c = () = slurp($w->{log}) =~ /$re/mg; return $c }
sub says_line { my ($w, $re, $name, $times) = @_; wait_for("$w->{id}: $name", sub { count($w, $re) >= ($times // 1) }) or diag(slurp($w->{log})) }
sub end_watch {
	my ($w, $signal) = @_;
	kill $signal // 'TERM', $w->{pid};
	my $end = time + 60;
	my $dead = 0;
	sleep 0.02 until ($dead = waitpid($w->{pid}, WNOHANG)) != 0 || time > $end;
	ok($dead == $w->{pid}, "$w->{id}: ends");
	is($?, 0, "$w->{id}: with status 0") if $dead;
	like(slurp($w->{log}), qr/event=renew\.stop [^\n]*\n\z/, "$w->{id}: says so");
	my @odd = grep { !/^time=\S+ level=(?:info|warn|error) event=(?:renew|rekey)\.\w+ certificate=\S+ / } split /\n/, slurp($w->{log});
	is(scalar @odd, 0, "$w->{id}: a line an event") or diag(join "\n", @odd[0 .. ($#odd > 5 ? 5 : $#odd)]);
	delete $watching{ $w->{pid} };
}
END { kill 9, keys %watching if %watching }

{
	my ($c, $k, $f) = fresh();
	my $w = watch({}, 'renew', $c, $k, '--daemon', '--exec', "openssl x509 -in \"\$SIGNET_CERT\" -noout -serial >>$f/ran");
	like(slurp($w->{log}), qr/notAfter=\S+Z next=\S+Z$/m, 'daemon: says when it comes next');
	SKIP: {
		skip 'memory under AddressSanitizer says nothing', 1 if $asan;
		my ($kb) = slurp("/proc/$w->{pid}/status") =~ /^VmRSS:\s+(\d+) kB/m;
		cmp_ok($kb, '<=', 6144, 'daemon: at most 6 MB when idle');
	}
	my $switches = sub { my ($s) = slurp("/proc/$w->{pid}/status") =~ /^voluntary_ctxt_switches:\s+(\d+)/m; return $s };
	sleep 0.5;
	my $asleep = $switches->();
	sleep 2;
	is($switches->(), $asleep, 'daemon: sleeps');
	my $was = serial_of($c);
	kill 'HUP', $w->{pid};
	says_line($w, qr/event=renew\.done/, 'HUP renews');
	isnt(serial_of($c), $was, 'daemon: another serial');
	says_line($w, qr/event=renew\.exec .*status=0/, 'then --exec');
	is(slurp("$f/ran"), 'serial=' . serial_of($c) . "\n", 'daemon: --exec sees the new certificate');
	pair_good('daemon', $c, $k);
	# the CA is away
	$d->stop;
	kill 'HUP', $w->{pid};
	says_line($w, qr/level=warn event=renew\.failed .*why=unreachable err=".*could not connect.*" failures=1 notAfter=\S+ next=/, 'unreachable');
	says_line($w, qr/failures=2/, 'tries again');
	my $done = count($w, qr/event=renew\.done/);
	$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
	says_line($w, qr/event=renew\.done/, 'and again until the CA is back', $done + 1);
	says_line($w, qr/event=renew\.exec .*status=0/, 'and --exec', 2);
	# files
	rename $c, "$c.away" or die;
	kill 'HUP', $w->{pid};
	says_line($w, qr/event=renew\.failed .*why=failed err="\S+c\.crt: No such file/, 'no certificate');
	rename "$c.away", $c or die;
	rename $k, "$k.away" or die;
	$done = count($w, qr/event=renew\.done/);
	kill 'HUP', $w->{pid};
	says_line($w, qr/event=renew\.failed .*why=failed err="\S+c\.key: No such file/, 'no key');
	spew($k, slurp($other_key), 0600);
	kill 'HUP', $w->{pid};
	says_line($w, qr/event=renew\.failed .*why=failed err="\S+c\.key is not the private key of/, 'the key of another');
	rename "$k.away", $k or die;
	says_line($w, qr/event=renew\.done/, 'goes on when the files are back', $done + 1);
	SKIP: {
		skip 'not root', 1 unless $root_user;
		my ($mounted, undef, $why) = run('mount', '--bind', $f, $f);
		skip("nothing can be mounted here: $why", 1) if $mounted != 0;
		run('mount', '-o', 'remount,bind,ro', $f);
		kill 'HUP', $w->{pid};
		says_line($w, qr/event=renew\.failed .*why=failed err=".*cannot be written: .*Read-only file system/, 'a read-only folder');
		$done = count($w, qr/event=renew\.done/);
		run('umount', $f);
		says_line($w, qr/event=renew\.done/, 'goes on when it may write', $done + 1);
	}
	# refused
	good('revoke', 'revoke', '--cert', $c, '--key', $k);
	$was = slurp($c);
	kill 'HUP', $w->{pid};
	says_line($w, qr/event=renew\.failed .*why=refused err="the CA refused \(401\)/, 'refused');
	is(slurp($c), $was, 'daemon, refused: nothing changed');
	end_watch($w);
	is(files($f), 'c.crt c.key ran', 'daemon: no other file');
}
{
	# Short lives: by itself, again and again, with a new key each time.
	for my $command ('renew', 'rekey') {
		my ($c, $k, $f) = fresh(by => 'after', for => '4s');
		my $w = watch({}, $command, $c, $k, '--daemon', '--exec', "echo x >>$f/ran");
		says_line($w, qr/event=$command\.done/, 'three times', 3);
		says_line($w, qr/event=renew\.exec .*status=0/, '--exec each time', 3);
		end_watch($w, 'INT');
		pair_good("$command --daemon", $c, $k);
		cmp_ok(length slurp("$f/ran"), '>=', 6, "$command --daemon: --exec ran");
		is(files($f), 'c.crt c.key ran', "$command --daemon: no other file");
	}
}
{
	# --out: what was got goes on. --signal to a process. A command that takes its time holds nothing up.
	my ($c, $k, $f) = fresh();
	my $was = slurp($c);
	spew("$f/pid", "$$\n");
	my $hups = 0;
	local $SIG{USR1} = sub { $hups++ };
	my $w = watch({}, 'renew', $c, $k, '--daemon', '--out', "$f/out.crt", '--pid-file', "$f/pid", '--signal', 'USR1', '--exec', "echo x >>$f/ran; w=$f/wait\$(wc -l <$f/ran); while [ -e \$w ]; do sleep 0.05; done");
	spew("$f/wait$_", '') for 1, 2;
	kill 'HUP', $w->{pid};
	says_line($w, qr/event=renew\.done certificate=\S+out\.crt/, '--out');
	my $second = serial_of("$f/out.crt");
	kill 'HUP', $w->{pid};
	says_line($w, qr/event=renew\.done/, 'renews while --exec runs', 2);
	says_line($w, qr/--exec is still running; it runs again/, 'says that it still runs');
	unlink "$f/wait1";
	wait_for('daemon: the first signal came', sub { $hups >= 1 }); # two that are under way at once are one
	unlink "$f/wait2";
	says_line($w, qr/event=renew\.exec .*status=0/, '--exec ran twice', 2);
	wait_for('daemon: the signals came', sub { $hups >= 2 });
	is(slurp($c), $was, 'daemon --out: the first certificate stays');
	isnt(serial_of("$f/out.crt"), $second, 'daemon --out: the next one is there');
	is(slurp("$f/ran"), "x\nx\n", 'daemon: --exec twice');
	end_watch($w);
	my $serial = decimal(serial_of("$f/out.crt"));
	$w = watch({}, 'renew', $c, $k, '--daemon', '--out', "$f/out.crt");
	says_line($w, qr/event=renew\.watch certificate=\S+out\.crt serial=$serial /, '--out: goes on with what is there');
	end_watch($w);
	unlink "$f/pid";
	for ([ '--expires-in', '2h' ], [ '--renew-period', '3h' ]) {
		$w = watch({}, 'renew', $c, $k, '--daemon', @$_);
		says_line($w, qr/event=renew\.rule .*does not live long enough/, "@$_: too long for it");
		end_watch($w);
	}
}
{
	# The CA is away until it is too late.
	my ($c, $k, $f) = fresh(by => 'after', for => '8s');
	my $w = watch({}, 'renew', $c, $k, '--daemon');
	$d->stop;
	says_line($w, qr/event=renew\.failed .*why=unreachable/, 'the CA is away');
	says_line($w, qr/level=error event=renew\.expired .*token signed by its key/, 'too late');
	my $done = count($w, qr/event=renew\.done/);
	$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
	says_line($w, qr/event=renew\.done/, 'and saved by token', $done + 1);
	end_watch($w);
	pair_good('daemon, too late', $c, $k);
}
SKIP: {
	skip 'built without --enable-test-hooks', 1 unless $hooks;
	# The clock. The CA keeps its own.
	my ($c, $k, $f) = fresh();
	spew("$t/clock", "0\n");
	my $w = watch({ SIGNET_TEST_CLOCK_FILE => "$t/clock" }, 'renew', $c, $k, '--daemon');
	spew("$t/clock", "-86400\n");
	says_line($w, qr/event=renew\.clock/, 'a day back is noticed');
	spew("$t/clock", "0\n");
	says_line($w, qr/event=renew\.clock/, 'and the way back', 2);
	is(count($w, qr/event=renew\.done/), 0, 'daemon: nothing was due');
	spew("$t/clock", "3000\n");
	says_line($w, qr/event=renew\.done/, '50 minutes forward: due');
	my $clocks = count($w, qr/event=renew\.clock/);
	# Somebody else was quicker.
	my ($newer) = $d->certificate(key_file => $k, more => { notAfter => '40h' });
	spew("$f/newer", slurp($newer));
	rename "$f/newer", $c or die;
	spew("$t/clock", 3000 + 3000 . "\n");
	says_line($w, qr/event=renew\.replaced .*somebody else/, 'somebody else replaced it');
	is(count($w, qr/event=renew\.done/), 1, 'daemon: so nothing was to be done');
	# So wrong a clock that the CA does not believe in the token; then it is set right.
	spew("$t/clock", 48 * 3600 . "\n");
	says_line($w, qr/level=error event=renew\.expired .*token signed by its key/, 'expired by this clock');
	says_line($w, qr/event=renew\.failed .*why=refused/, 'which the CA does not share');
	spew("$t/clock", "0\n");
	says_line($w, qr/event=renew\.done/, 'tries at once when the clock is set', 2);
	pair_good('daemon, clock', $c, $k);
	end_watch($w);

	# An attempt that dies is an attempt that failed.
	($c, $k, $f) = fresh();
	my $was = serial_of($c);
	$w = watch({ SIGNET_TEST_CRASH => 'rekey.between' }, 'rekey', $c, $k, '--daemon');
	kill 'HUP', $w->{pid};
	says_line($w, qr/event=renew\.failed .*why=crashed err="the attempt was ended by signal 9"/, 'an attempt dies');
	says_line($w, qr/why=crashed .*failures=2/, 'and the next');
	kill 9, $w->{pid};
	waitpid $w->{pid}, 0;
	delete $watching{ $w->{pid} };
	$w = watch({}, 'rekey', $c, $k, '--daemon');
	pair_good('daemon, what was left', $c, $k);
	isnt(serial_of($c), $was, 'daemon: what was left is put right at the start');
	is(files($f), 'c.crt c.key', 'daemon: nothing is left');

	# TERM does not wait for a CA that does not answer.
	spew("$t/kms", 'hold');
	$d->stop;
	$d->start(env => { SIGNET_TEST_KMS_FILE => "$t/kms" }) or BAIL_OUT('no daemon: ' . $d->log_tail);
	$was = slurp($c) . slurp($k);
	kill 'HUP', $w->{pid};
	wait_for('an attempt waits', sub { my $kids = slurp("/proc/$w->{pid}/task/$w->{pid}/children"); $kids =~ /\d/ });
	sleep 0.3;
	end_watch($w);
	is(slurp($c) . slurp($k), $was, 'daemon, TERM in an attempt: the pair stands');
	is(files($f), 'c.crt c.key', 'daemon, TERM in an attempt: no other file');
	spew("$t/kms", '');
}
$d->stop;

# ---- the units for systemd ----

SKIP: {
	skip 'no systemd-analyze', 1 unless have('systemd-analyze');
	my $units = scratch();
	for my $kind ('service', 'timer') {
		my $text = slurp("$SRC/contrib/systemd/signet-renew\@.$kind");
		$text =~ s/^ExecStart=signet /"ExecStart=" . POSIX::getcwd() . "\/$BUILD\/signet "/me if $BUILD !~ m{^/};
		$text =~ s/^ExecStart=signet /ExecStart=$BUILD\/signet /m;
		spew("$units/signet-renew\@web.$kind", $text);
		spew("$units/signet-renew\@.$kind", $text);
	}
	($rc, $out, $err) = run('systemd-analyze', 'verify', "$units/signet-renew\@web.service", "$units/signet-renew\@web.timer");
	is($rc, 0, 'systemd-analyze verify') or diag("$out$err");
	unlike($err, qr/signet-renew.*(?:Unknown|Failed|ignoring)/i, 'systemd-analyze: no complaint') or diag($err);
	($rc, $out, $err) = run({ timeout => 60 }, 'systemd-analyze', 'calendar', slurp("$SRC/contrib/systemd/signet-renew\@.timer") =~ /^OnCalendar=(.*)$/m);
	is($rc, 0, 'systemd-analyze calendar') or diag("$out$err");
}
done_testing;

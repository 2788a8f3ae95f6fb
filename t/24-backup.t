#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Backup while certificates are issued, and signetd --restore: what was answered is there, old tokens are refused, keys are in it only when asked for;
# what is damaged, in the way, killed or on a full disk is refused with one line and leaves nothing that passes as a backup or as a store.
use strict;
use warnings;
use Test::More;
use JSON::PP ();
use MIME::Base64 ();
use Time::HiRes qw(sleep time);
use POSIX qw(_exit);
use File::Path qw(make_path remove_tree);
use Signet::Test;
use Signet::Control;

need('openssl');
need_hooks();
hang_guard(900);

my $top = scratch();
my $hook = spew("$top/store", '');
my $d = Signet::Test->new;
$d->start(env => { SIGNET_TEST_STORE_FILE => $hook }) or BAIL_OUT('no daemon: ' . $d->log_tail);
$d->ready;

sub backup { my ($dir, %o) = @_; return control($o{of} // $d, 'POST', 'backup', { dir => $dir, withKeys => $o{keys} ? JSON::PP::true : JSON::PP::false }) }
sub good_backup { my ($what, $dir, %o) = @_; my $r = backup($dir, %o); return is($r->{status}, 200, "$what: made") || (diag($r->{raw} . ($o{of} // $d)->log_tail), 0)[1] }
sub restore { my ($from, $file, %o) = @_; return run({ timeout => 120, env => $o{env} // {} }, signetd_bin(), '--config', $file, '--restore', $from) }
# One line, and the status.
sub refused {
	my ($what, $why, @args) = @_;
	my ($rc, $out, $err) = restore(@args);
	is($rc, 1, "$what: status 1") or diag($out, $err);
	like($err, qr/\Asignetd: restore: [^\n]*$why[^\n]*\n\z/, "$what: says why");
	is($out, '', "$what: claims nothing");
}
sub files { my ($dir) = @_; return sort split /\n/, run_ok('find', $dir, '-mindepth', '1', '-printf', '%P\n') }
sub other { return sort grep { !m{^(?:db|certs|provisioners\.d)(/|$)} } files($_[0]) }
sub serial { my ($pem) = @_; return '0x' . (run_ok({ stdin => $pem }, 'openssl', 'x509', '-noout', '-serial') =~ /serial=(\w+)/)[0] }
sub known { my ($on, $serial) = @_; my $r = control($on, 'GET', "certificates/$serial"); return $r->{status} == 200 ? $r->{json}{status} : $r->{status} }
# A daemon of a restored folder.
sub daemon_of {
	my ($dir) = @_;
	my $o = Signet::Test->new(dir => $dir, existing => 1);
	$o->{secrets} = $d->{secrets};
	return $o;
}
sub up { my ($o) = @_; $o->start or BAIL_OUT('no daemon: ' . $o->log_tail); return $o->ready }
sub flip { my ($file, $at) = @_; my $t = slurp($file); substr($t, $at, 1) ^= "\x01"; chmod 0600, $file; return spew($file, $t) }
sub copy_of { my ($dir) = @_; my $to = scratch() . '/copy'; run_ok('cp', '-a', $dir, $to); return $to }

# ---- under load ----

sub load { # each certificate that was answered: its file appears at once
	my ($i) = @_;
	mkdir "$top/load$i";
	for (my $n = 0; !-e "$top/stop" || $n < 3; $n++) {
		my $r = $d->sign(token => token_new(url => $d->{url}), csr => csr_new());
		next if $r->{status} != 201 && spew("$top/load$i/bad$n", $r->{raw});
		spew("$top/load$i/.new", join '', @{ $r->{json}{certChain} });
		rename "$top/load$i/.new", "$top/load$i/$n.crt";
	}
	_exit(0);
}

my ($crt, $key, $answer) = $d->certificate;
my ($revoked, $rkey, $ranswer) = $d->certificate(cn => 'revoked.example.com');
my $revoked_serial = serial($ranswer->{json}{crt});
is(control($d, 'POST', 'revoke', { serial => $revoked_serial, reasonCode => 4 })->{status}, 200, 'one is revoked');
my $used = $d->token;
is($d->sign(token => $used, csr => csr_new())->{status}, 201, 'a token is used');
my $unused = $d->token;

csr_new();
my @pids;
for my $i (1 .. 3) { my $pid = fork // die; load($i) if !$pid; push @pids, $pid }
for (1 .. 1500) { last if @{ [ glob "$top/load*/*.crt" ] } >= 10; sleep 0.02 }
my @before = glob "$top/load*/*.crt";
cmp_ok(scalar @before, '>=', 10, 'load: certificates were answered before');
good_backup('under load', "$top/backup");
my $after_it = $d->token; # issued between backup and restore, and used
is($d->sign(token => $after_it, csr => csr_new())->{status}, 201, 'a token is used after the backup');
spew("$top/stop", '');
waitpid $_, 0 for @pids;
is(scalar(my @b = glob "$top/load*/bad*"), 0, 'load: no request failed meanwhile');

my $b = "$top/backup";
is(join(' ', other($b)), 'backup.json signetd.yaml', 'what is in it');
is((stat $b)[2] & 07777, 0700, 'its mode');
is(join(' ', grep { m{^(certs|provisioners\.d)/} } files($b)), 'certs/intermediate_ca.crt certs/root_ca.crt provisioners.d/admin.yaml', 'and certificates, provisioners');
my $manifest = json_decode(slurp("$b/backup.json"));
is(join(' ', map { ref $manifest->{$_} || $manifest->{$_} } qw(schema config)), "1 $d->{dir}/signetd.yaml", 'backup.json');
ok(!$manifest->{keys}, 'backup.json: no keys');
like($manifest->{made}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'backup.json: when');
is(system("grep -rlq 'PRIVATE KEY' '$b'") >> 8, 1, 'no key is in it');
$d->log_like(qr/event=backup\.made dir=\Q$b\E keys=false by="uid 0"/, 'the log says it');

# ---- restored on a new machine: nothing is there ----

sleep 1.1; # tokens count in seconds
my $new = "$top/new/ca";
my ($rc, $out, $err) = restore($b, "$new/signetd.yaml");
is($rc, 0, 'restore: status') or diag($err);
is($err, '', 'restore: nothing on stderr');
like($out, qr/^restored the backup of \Q$manifest->{made}\E, made by Signet \S+\n  store +\Q$new\E\/db\n  configuration +\Q$new\E\/signetd\.yaml and 3 more files\n  keys +not in the backup\n/,
	'restore: what it did');
like($out, qr/^Put these keys in place before signetd is started:\n  \Q$new\E\/secrets\/intermediate_ca\.key \(authority default\)\n/m, 'restore: what is missing');
like($out, qr/is not known any more.*revoked again.*are refused\. Next: start signetd\.\n\z/s, 'restore: what is next');
is(slurp("$new/$_"), slurp("$d->{dir}/$_"), "restore: $_") for qw(signetd.yaml certs/root_ca.crt provisioners.d/admin.yaml);
is((stat "$new/$_")[2] & 0777, (stat "$d->{dir}/$_")[2] & 0777, "restore: mode of $_") for qw(signetd.yaml certs/root_ca.crt);
is((stat "$new/db")[2] & 0777, 0700, 'restore: mode of the store');
refused('twice', 'holds a store already: stop signetd and move the folder away first', $b, "$new/signetd.yaml");

make_path("$new/secrets", { mode => 0700 });
spew("$new/secrets/intermediate_ca.key", slurp("$d->{dir}/secrets/intermediate_ca.key"), 0600);
$d->stop;
my $n = daemon_of($new);
$n->{secrets} = $d->{secrets};
up($n);
my @lost = grep { known($n, serial(slurp($_))) ne 'valid' } @before;
is(scalar @lost, 0, 'restored: every certificate that was answered before the backup is there') or diag("@lost");
my @bad = grep { $n->http('POST', '/renew', cert => $_, key => Signet::Test::csr_key_file('P-256'))->{status} != 201 } @before[0 .. 4];
is(scalar @bad, 0, 'restored: they renew');
is($n->http('POST', '/renew', cert => $crt, key => $key)->{status}, 201, 'restored: the first one too');
is(known($n, $revoked_serial), 'revoked', 'restored: what was revoked is');
is($n->http('POST', '/renew', cert => $revoked, key => $rkey)->{status}, 401, 'restored: and does not renew');
for ([ $used, 'used before the backup' ], [ $unused, 'never used' ], [ $after_it, 'used after the backup' ]) {
	# The tokens are for the other daemon's port.
	my $claims = json_decode(MIME::Base64::decode_base64url((split /\./, $_->[0])[1]));
	my $same = token_new(url => $n->{url}, claims => { %$claims, aud => "$n->{url}/1.0/sign" });
	is($n->sign(token => $same, csr => csr_new())->{status}, 401, "restored: a token that was $_->[1] is refused");
}
$n->log_like(qr/issued before the backup was restored/, 'restored: the log says why');
is($n->sign(token => $n->token, csr => csr_new())->{status}, 201, 'restored: a new one signs');
$n->stop;
up($n);
my $claims = json_decode(MIME::Base64::decode_base64url((split /\./, $unused)[1]));
is($n->sign(token => token_new(claims => { %$claims, aud => "$n->{url}/1.0/sign" }), csr => csr_new())->{status}, 401, 'restored: also after another start');
good_backup('of the restored one', "$top/second", of => $n);
$n->stop;

# ---- with keys; a configuration that is there stays ----

up($d);
good_backup('with keys', "$top/keys", keys => 1);
is(join(' ', grep { m{^(?:secrets|tls)/} } files("$top/keys")), 'secrets/intermediate_ca.key tls/server.crt tls/server.key', 'with keys: they are in it');
ok(json_decode(slurp("$top/keys/backup.json"))->{keys}, 'with keys: backup.json says so');
$d->stop;
my $whole = "$top/whole";
($rc, $out, $err) = restore("$top/keys", "$whole/signetd.yaml");
is($rc, 0, 'with keys: restored') or diag($err);
like($out, qr/^  keys +restored$/m, 'with keys: says so');
unlike($out, qr/Put these keys/, 'with keys: nothing is missing');
is((stat "$whole/secrets/intermediate_ca.key")[2] & 0777, 0600, 'with keys: mode of a key');
is((stat "$whole/secrets")[2] & 0777, 0700, 'with keys: mode of its folder');
is(slurp("$whole/tls/server.crt"), slurp("$d->{dir}/tls/server.crt"), "with keys: the daemon's own leaf");
{
	my $o = up(daemon_of($whole));
	is($o->http('POST', '/renew', cert => $crt, key => $key)->{status}, 201, 'with keys: it works at once');
	$o->stop;
}
rename "$whole/db", "$whole/db.old" or die;
mkdir "$whole/db"; # an empty folder is no store
spew("$whole/signetd.yaml", slurp("$whole/signetd.yaml") . "commonName: Kept\n");
($rc, $out, $err) = restore($b, "$whole/signetd.yaml");
is($rc, 0, 'only the store: restored') or diag($err);
like($out, qr/^  configuration +\Q$whole\E\/signetd\.yaml, as it was$/m, 'only the store: says so');
like(slurp("$whole/signetd.yaml"), qr/^commonName: Kept$/m, 'only the store: the configuration is as it was');
{
	my $o = up(daemon_of($whole));
	is($o->http('POST', '/renew', cert => $crt, key => $key)->{status}, 201, 'only the store: it works');
	$o->stop;
}

# ---- what is refused ----

my $to = "$top/none/signetd.yaml";
refused('no such folder', 'No such file', "$top/nowhere", $to);
refused('a folder that is no backup', 'is no complete backup: it has no backup\.json', $d->{dir}, $to);
($rc, $out, $err) = run(signetd_bin(), '--restore', $b);
is($rc, 2, 'without --config: usage');
($rc, $out, $err) = run(signetd_bin(), '--restore', $b, '--config', $to, '--check-config');
is($rc, 2, 'with --check-config: usage');
for (
	[ 'a newer format', sub { spew("$_[0]/backup.json", slurp("$_[0]/backup.json") =~ s/"schema":1/"schema":99/r) }, 'was made by a newer version of Signet \(.*format 99; this one knows 1\)' ],
	[ 'backup.json cut short', sub { truncate "$_[0]/backup.json", 100 }, 'backup\.json: damaged' ],
	[ 'backup.json: a way out', sub { spew("$_[0]/backup.json", slurp("$_[0]/backup.json") =~ s/"path":"signetd.yaml"/"path":"..\/signetd.yaml"/r) }, 'leads out of the backup' ],
	[ 'no configuration', sub { unlink "$_[0]/signetd.yaml" }, 'signetd\.yaml' ],
	[ 'a certificate is changed', sub { flip("$_[0]/certs/root_ca.crt", 200) }, 'certs/root_ca\.crt is not what was backed up' ],
	[ 'a provisioner is missing', sub { unlink "$_[0]/provisioners.d/admin.yaml" }, 'is damaged: provisioners\.d/admin\.yaml is missing' ],
	[ 'no store', sub { remove_tree("$_[0]/db") }, 'is damaged: db/\S+ is missing' ],
	[ 'a table is cut short', sub { my ($f) = glob "$_[0]/db/*.sst"; truncate $f, (-s $f) - 1 }, 'is damaged: db/\d+\.sst has \d+ bytes instead of \d+' ],
	[ 'a table is changed', sub { my ($f) = glob "$_[0]/db/*.sst"; flip($f, 100) }, 'is damaged: db/\d+\.sst is not what was backed up' ],
	[ 'the manifest of the store is missing', sub { unlink glob "$_[0]/db/MANIFEST*" }, 'is damaged: db/MANIFEST-\d+ is missing' ],
) {
	my ($what, $damage, $why) = @$_;
	my $copy = copy_of($b);
	$damage->($copy);
	refused($what, $why, $copy, $to);
	ok(!-e "$top/none/db" && !-e "$top/none/db.restoring" && !-e $to, "$what: no store and no configuration is left");
	remove_tree("$top/none");
}
make_path("$top/none/certs");
spew("$top/none/certs/root_ca.crt", 'another');
refused('another file is there', '/none/certs/root_ca\.crt is there and differs from the backup: move it away first', $b, $to);
is(slurp("$top/none/certs/root_ca.crt"), 'another', 'another file is there: it stays');
remove_tree("$top/none");
spew("$top/memory.yaml", slurp("$d->{dir}/signetd.yaml") =~ s/driver: rocksdb/driver: memory/r);
refused('a store in memory', 'store\.driver of \S+ is memory', $b, "$top/memory.yaml");
{
	my $full = spew("$top/full.yaml", slurp("$d->{dir}/signetd.yaml") =~ s/minFree: 1MiB/minFree: 100TiB/r =~ s/dataDir: \./dataDir: full/r);
	refused('no room', 'MiB free, the backup and the reserve take \d+ MiB: make room first', $b, $full);
	ok(!-e "$top/full/db", 'no room: nothing is made');
}

# ---- restore is killed: it is simply run again ----

for my $point ('restore.copied', 'restore.named') {
	my $dir = scratch();
	($rc, $out, $err) = restore("$top/keys", "$dir/signetd.yaml", env => { SIGNET_TEST_CRASH => $point });
	is($rc, 128 + 9, "$point: killed");
	ok(!-e "$dir/signetd.yaml", "$point: no signetd starts there");
	rename "$dir/db", "$dir/away" if $point eq 'restore.named';
	($rc, $out, $err) = restore("$top/keys", "$dir/signetd.yaml");
	is($rc, 0, "$point: again") or diag($err);
	ok(!-e "$dir/db.restoring", "$point: nothing is left of the first");
	my $o = up(daemon_of($dir));
	is($o->http('POST', '/renew', cert => $crt, key => $key)->{status}, 201, "$point: it works");
	$o->stop;
}

# ---- backup: refused, failing, killed ----

up($d);
for (
	[ 'there already', $b, 409, qr/\Q$b\E exists already: name a new folder$/ ],
	[ 'no such parent', "$top/no/such", 404, qr{\Q$top\E/no: No such file} ],
	[ 'inside the store', "$d->{dir}/db/b", 400, qr/is part of the backup: choose a folder elsewhere$/ ],
	[ 'inside what is copied', "$d->{dir}/certs/b", 400, qr/is part of the backup: choose a folder elsewhere$/ ],
) {
	my ($what, $dir, $status, $why) = @$_;
	my $r = backup($dir);
	is($r->{status}, $status, "backup: $what: status");
	like($r->{json}{message}, $why, "backup: $what: says why");
}
ok(!-e "$d->{dir}/db/b" && !-e "$d->{dir}/certs/b", 'backup: refused ones leave nothing');
$d->stop;
$d->start(env => { SIGNET_TEST_STORE_FILE => $hook }) or BAIL_OUT('no daemon: ' . $d->log_tail);
$d->ready;
spew($hook, 'fail');
my $r = backup("$top/failing");
is($r->{status}, 503, 'backup: the disk fails');
is(join(' ', glob "$top/failing*"), '', 'backup: the disk fails: nothing is left');
spew($hook, 'hold');
my $s = control_start($d, 'POST', 'backup', { dir => "$top/killed" });
for (1 .. 3000) { last if @{ [ glob "$top/killed.partial*" ] }; sleep 0.01 }
$d->kill9;
spew($hook, '');
my ($half) = glob "$top/killed.partial*";
ok($half && !-e "$top/killed", 'killed while it copies: it has not its name') and refused('killed while it copies', 'is no complete backup', $half, $to);
for my $point ('backup.copying', 'backup.complete', 'backup.named') {
	$d->start(env => { SIGNET_TEST_CRASH => $point }) or BAIL_OUT('no daemon: ' . $d->log_tail);
	$d->ready;
	control_end(control_start($d, 'POST', 'backup', { dir => "$top/$point" }));
	ok($d->wait_dead, "$point: killed");
	my @left = glob "$top/$point*";
	is(scalar @left, 1, "$point: one folder is there");
	if ($point eq 'backup.copying') {
		refused($point, 'is no complete backup', $left[0], $to);
	} else { # everything is in it and synced
		my $dir = scratch();
		($rc, $out, $err) = restore($left[0], "$dir/signetd.yaml");
		is($rc, 0, "$point: what is there is whole") or diag($err);
	}
	is($left[0] eq "$top/$point" ? 1 : 0, $point eq 'backup.named' ? 1 : 0, "$point: its name");
}
up($d);
is($d->http('POST', '/renew', cert => $crt, key => $key)->{status}, 201, 'after all that: it works');
good_backup('after all that', "$top/killed");
$d->stop;

# ---- another file system, and full ones ----

my $mount = "$top/small";
mkdir $mount or die;
($rc, undef, $err) = run('mount', '-t', 'tmpfs', '-o', 'size=96m,mode=0700', 'tmpfs', $mount);
SKIP: {
	skip("no small file system can be mounted here: $err", 16) if $rc != 0;
	my $fill = sub { # leaves about so many MiB
		my ($left) = @_;
		unlink "$mount/fill";
		my $free = (split /\n/, run_ok('df', '--output=avail', '-m', $mount))[1] + 0;
		run('dd', 'if=/dev/zero', "of=$mount/fill", 'bs=1M', 'count=' . ($free - $left), 'status=none') if $free > $left;
	};
	eval {
		up($d);
		good_backup('another file system', "$mount/b");
		ok(!-e "$d->{dir}/db.backup", 'another file system: nothing is left beside the store');
		my $dir = scratch();
		($rc, $out, $err) = restore("$mount/b", "$dir/signetd.yaml");
		is($rc, 0, 'another file system: restored') or diag($err);
		remove_tree("$mount/b");
		$fill->(4);
		my $r = backup("$mount/out");
		is($r->{status}, 503, 'a full target: refused');
		like($r->{json}{message}, qr/disk is nearly full: \d+ MiB free, \d+ MiB are needed: make room first$/, 'a full target: says why');
		is(join(' ', glob("$mount/out*"), glob("$d->{dir}/db.*")), '', 'a full target: nothing is left');
		is($d->sign(token => $d->token, csr => csr_new())->{status}, 201, 'a full target: the CA is at work');
		$d->stop;
		unlink "$mount/fill";

		my $o = Signet::Test->new(dir => "$mount/ca", yaml => "store: {driver: rocksdb, minFree: 24MiB, minFreeRevoke: 12MiB}\n");
		$o->{log} = "$top/small.log";
		up($o);
		$fill->(18);
		$r = backup("$mount/out", of => $o);
		is($r->{status}, 503, 'a full store: refused');
		like($r->{json}{message}, qr/nearly full/, 'a full store: says why');
		is(join(' ', glob("$mount/out*")), '', 'a full store: nothing is left');
		$r = backup("$top/elsewhere", of => $o);
		is($r->{status}, 503, 'a full store, another target: refused');
		is(join(' ', glob("$top/elsewhere*"), glob("$mount/ca/db.*")), '', 'a full store, another target: nothing is left');
		$fill->(60);
		good_backup('space again', "$mount/out", of => $o);
		$o->stop;
		1;
	} or fail("small file system: $@");
	Signet::Test::stop_all();
	run('umount', $mount);
}

# A store in memory has nothing to back up.
{
	my $o = Signet::Test->new(store => 'memory');
	up($o);
	my $r = backup("$top/of-memory", of => $o);
	is($r->{status}, 501, 'a store in memory: refused') or diag($r->{raw});
	like($r->{json}{message}, qr/in memory/, 'a store in memory: says why');
	is(join(' ', glob "$top/of-memory*"), '', 'a store in memory: nothing is left');
	$o->stop;
}
done_testing;

#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Reloading: by SIGHUP and through the control socket; what takes effect, what is refused by name and changes nothing, what goes on meanwhile.
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(sleep time);
use POSIX qw(:sys_wait_h _exit);
use Signet::Test;
use Signet::Control;

need('openssl');
need_hooks();
hang_guard(900);

my $d = Signet::Test->new(yaml => "log: {level: info}\nclaims: {maxTLSCertDuration: 24h}\n", provisioners => { admin => {}, web => {} });
my $yaml = "$d->{dir}/signetd.yaml";
my $good = slurp($yaml);
my $provs = "$d->{dir}/provisioners.d";
my $hooks = scratch();
spew("$hooks/$_", '') for qw(kms store);
my %env = (SIGNET_TEST_KMS_FILE => "$hooks/kms", SIGNET_TEST_STORE_FILE => "$hooks/store");
$d->start(env => \%env) or BAIL_OUT('no daemon: ' . $d->log_tail);
$d->ready;

# Waits until the log has one more of a line than it had.
sub seen { my ($re) = @_; return scalar(() = $d->log_text =~ /$re/g) }
sub hup {
	my ($re) = @_;
	my $before = seen($re);
	kill 'HUP', $d->{pid};
	for (1 .. 1500) { return 1 if seen($re) > $before; sleep 0.02 }
	diag($d->log_tail);
	return 0;
}
sub reloads { my ($what) = @_; return ok(hup(qr/event=reloaded /), "$what: reloaded") }
# Refused, and the log says why.
sub refuses { my ($what, $why) = @_; ok(hup(qr/level=error event=reload\.failed err="?\Q$d->{dir}\E\/$why/), "$what: refused, with the reason") }
sub hours { my (%o) = @_; my (undef, undef, $r) = $d->certificate(%o); return lifetime($r) }
sub lifetime {
	my ($r) = @_;
	my @t = map { `date -d "$_" +%s` } cert_text($r->{json}{crt}) =~ /Not (?:Before|After *): (.*)/g;
	return sprintf '%.0f', ($t[1] - $t[0]) / 3600;
}
sub signs { my ($iss) = @_; return $d->sign(token => $d->token(iss => $iss), csr => csr_new())->{status} }
sub listed { return join ' ', sort map { $_->{name} } @{ $d->http('GET', '/provisioners?limit=100')->{json}{provisioners} } }
sub prov_file { my ($name, %more) = @_; return json_encode({ type => 'JWK', name => $name, authority => 'default', key => Signet::Test::jwk_public('provisioner'), %more }) }

# ---- claims, log level ----

is(hours(), 24, 'before: 24 hours');
spew($yaml, $good =~ s/maxTLSCertDuration: 24h/defaultTLSCertDuration: 2h/r);
reloads('claims');
$d->log_like(qr/event=reloaded provisioners=2 added=0 removed=0 changed=2 by=SIGHUP$/m, 'claims: the log counts');
is(hours(), 2, 'claims: take effect');
is(control($d, 'GET', 'status')->{json}{provisioners}, 2, 'status');
spew($yaml, $good =~ s/level: info/level: error/r);
kill 'HUP', $d->{pid};
for (1 .. 500) { last if hours() == 24; sleep 0.05 }
my $size = length $d->log_settled;
is(signs('admin'), 201, 'log level: a certificate');
is(length $d->log_settled, $size, 'log level: nothing is said about it');
spew($yaml, $good);
reloads('log level back');
is(signs('admin'), 201, 'log level back: a certificate');
for (1 .. 500) { last if substr($d->log_text, $size) =~ /level=info event=cert\.issued/; sleep 0.02 }
like(substr($d->log_text, $size), qr/level=info event=cert\.issued/, 'log level back: it is said again');

# ---- provisioners ----

my $early = $d->token(iss => 'later');
is(signs('later'), 401, 'a provisioner that is not there');
spew("$provs/zz.yaml", prov_file('later'));
reloads('added');
is(listed(), 'admin later web', 'added: listed');
is(signs('later'), 201, 'added: signs');
is($d->sign(token => $early, csr => csr_new())->{status}, 201, 'added: a token that was made before too');
spew("$provs/zz.yaml", prov_file('later', claims => { defaultTLSCertDuration => '3h' }));
reloads('changed');
is(hours(token => { iss => 'later' }), 3, 'changed: its claims');
is(hours(), 24, 'changed: and only its own');
my $late = $d->token(iss => 'later');
unlink "$provs/zz.yaml";
reloads('removed');
is($d->sign(token => $late, csr => csr_new())->{status}, 401, 'removed: a token that was made before is refused');
is(listed(), 'admin web', 'removed: not listed');
is(signs('admin'), 201, 'removed: the others sign');

# ---- refused, and nothing half ----

for (
	[ 'no YAML', 'provisioners.d/bad.yaml', "type: [\n", qr{provisioners\.d/bad\.yaml:\d+:\d+: } ],
	[ 'an unknown key', 'provisioners.d/bad.yaml', "type: JWK\nname: x\nclams: {}\n", qr{provisioners\.d/bad\.yaml:3: clams: unknown key, did you mean claims\?} ],
	[ 'a name twice', 'provisioners.d/bad.yaml', prov_file('admin'), qr{provisioners\.d/bad\.yaml:1: name: .*is also the name in } ],
	[ 'no such authority', 'provisioners.d/bad.yaml', prov_file('x', authority => 'no'), qr{provisioners\.d/bad\.yaml:1: authority: } ],
	[ 'no such type', 'provisioners.d/bad.yaml', "type: NoType\nname: x\n", qr{provisioners\.d/bad\.yaml:1: type: } ],
	[ 'bad claims', 'provisioners.d/bad.yaml', prov_file('x', claims => { minTLSCertDuration => '48h' }), qr{provisioners\.d/bad\.yaml:1: claims: } ],
) {
	my ($what, $file, $text, $why) = @$_;
	spew("$d->{dir}/$file", $text);
	spew($yaml, $good =~ s/maxTLSCertDuration: 24h/defaultTLSCertDuration: 1h/r);
	refuses($what, $why);
	is(hours(), 24, "$what: the claims beside it take no effect");
	is(listed(), 'admin web', "$what: the provisioners stay");
	unlink "$d->{dir}/$file";
}
for (
	[ 'no YAML', sub { s/^address/ address/m }, qr{signetd\.yaml:\d+:\d+: } ],
	[ 'an unknown key', sub { $_ .= "foo: 1\n" }, qr{signetd\.yaml:\d+: foo: unknown key} ],
	[ 'claims that contradict', sub { s/claims: .*/claims: {minTLSCertDuration: 48h}/ }, qr{signetd\.yaml:\d+: claims: } ],
	[ 'another address', sub { s/^address: .*/address: "127.0.0.1:1"/m }, qr{signetd\.yaml:1: address: cannot change while signetd runs; restart it} ],
	[ 'other names', sub { s/localhost, /other.test, / }, qr{signetd\.yaml:2: dnsNames: cannot change while signetd runs; restart it} ],
	[ 'another store', sub { s/minFree: 1MiB/minFree: 2MiB/ }, qr{signetd\.yaml:\d+: store\.minFree: cannot change while signetd runs; restart it} ],
	[ 'another log', sub { s/level: info/format: json/ }, qr{signetd\.yaml:\d+: log\.format: cannot change while signetd runs; restart it} ],
	[ 'another key', sub { s/intermediate_ca\.key/other.key/ }, qr{signetd\.yaml:\d+: authorities\[0\]\.key: cannot change while signetd runs; restart it} ],
	[ 'one authority more', sub { $_ .= "- {name: b, root: certs/root_ca.crt, crt: certs/intermediate_ca.crt, key: k}\n"; s/(claims: .*\n|log: .*\n|store: .*\n)//g },
		qr{signetd\.yaml:\d+: (?:log|store|authorities)\S*: cannot change while signetd runs; restart it} ],
) {
	my ($what, $edit, $why) = @$_;
	local $_ = $good =~ s/maxTLSCertDuration: 24h/defaultTLSCertDuration: 1h/r;
	$edit->();
	spew($yaml, $_);
	spew("$provs/new.yaml", prov_file('new'));
	refuses($what, $why);
	is(hours() . listed(), '24admin web', "$what: nothing has changed");
	unlink "$provs/new.yaml";
}
unlink $yaml;
refuses('no file', qr{signetd\.yaml: No such file});
is(signs('admin'), 201, 'no file: goes on');
spew($yaml, $good);
reloads('all is well again');

# ---- many signals, a connection that lives through all of it ----

{
	my $s = $d->connect;
	my $get = sub { print $s "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"; return Signet::Test::read_answer($s)->{status} };
	is($get->(), 200, 'kept alive: before');
	reloads('kept alive');
	is($get->(), 200, 'kept alive: after a reload');
	spew($yaml, $good =~ s/24h/24x/r);
	refuses('kept alive', qr{signetd\.yaml:\d+: });
	spew($yaml, $good);
	is($get->(), 200, 'kept alive: after one that was refused');
	for (1 .. 30) { kill 'HUP', $d->{pid}; $get->() if $_ % 3 == 0; sleep 0.005 }
	spew("$provs/zz.yaml", prov_file('later'));
	reloads('many signals');
	for (1 .. 200) { last if listed() =~ /later/; sleep 0.05 }
	is(listed(), 'admin later web', 'many signals: the last file counts');
	is($get->(), 200, 'many signals: the connection lives');
	unlink "$provs/zz.yaml";
	reloads('many signals');
}

# ---- what has begun keeps what it has ----

{
	spew("$provs/zz.yaml", prov_file('later'));
	reloads('under way');
	spew("$hooks/kms", 'hold');
	my $token = $d->token(iss => 'later');
	my $s = $d->connect;
	my $body = json_encode({ csr => csr_new(), ott => $token });
	print $s "POST /sign HTTP/1.1\r\nHost: localhost\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
	my $held = 0; # reserved, and with the key
	for (1 .. 1500) { last if $held = control($d, 'GET', 'status')->{json}{authorities}[0]{key}{running}; sleep 0.02 }
	is($held, 1, 'under way: a signature is');
	unlink "$provs/zz.yaml";
	reloads('under way');
	is(listed(), 'admin web', 'under way: its provisioner is gone');
	my $other = $d->token(iss => 'later');
	is($d->sign(token => $other, csr => csr_new())->{status}, 401, 'under way: who comes now is refused');
	spew("$hooks/kms", '');
	my $r = Signet::Test::read_answer($s);
	is($r->{status}, 201, 'under way: who had begun gets it') or diag($r->{raw});
	is($d->sign(token => $token, csr => csr_new())->{status}, 401, 'under way: and not twice');
}

# ---- through the control socket ----

{
	my $r = control($d, 'POST', 'reload');
	is($r->{status}, 200, 'control: reload');
	is($r->{json}{provisioners}, 2, 'control: how many');
	spew($yaml, $good =~ s/24h/24x/r);
	$r = control($d, 'POST', 'reload');
	is($r->{status}, 400, 'control: a bad file');
	like($r->{json}{message}, qr{^\Q$yaml\E:\d+: claims\.maxTLSCertDuration: must be a duration}, 'control: says where');
	spew($yaml, $good =~ s/^address: .*/address: ":1"/mr);
	$r = control($d, 'POST', 'reload');
	like($r->{json}{message}, qr{^\Q$yaml\E:1: address: cannot change while signetd runs; restart it$}, 'control: what cannot change');
	spew($yaml, $good);

	my %new = (type => 'JWK', name => 'app server', key => Signet::Test::jwk_public('provisioner'), claims => { maxTLSCertDuration => '8h' });
	$r = control($d, 'POST', 'provisioners', \%new);
	is($r->{status}, 200, 'control: add') or diag($r->{raw});
	is(listed(), 'admin app server web', 'control: added');
	is(signs('app server'), 201, 'control: it signs');
	like(slurp("$provs/app%20server.yaml"), qr{\A# Written by signetd at \S+Z\. .*\ntype: JWK\nname: "app server"\n(?:.+\n)+claims:\n  maxTLSCertDuration: "8h"\n\z},
		'control: its file is for people');
	is((stat "$provs/app%20server.yaml")[2] & 07777, (stat "$provs/admin.yaml")[2] & 07777, 'control: its mode is that of the others');
	$r = control($d, 'POST', 'provisioners', \%new);
	is($r->{status}, 409, 'control: twice');
	like($r->{json}{message}, qr{"app server" exists already, in }, 'control: says where it is');
	for ([ {}, 'nothing' ], [ { %new, name => 'b', type => 'X' }, 'no type' ], [ { %new, name => 'b', key => {} }, 'no key' ], [ { %new, name => 'b', foo => 1 }, 'an unknown key' ],
		[ { %new, name => 'b', authority => 'x' }, 'no authority' ]) {
		$r = control($d, 'POST', 'provisioners', $_->[0]);
		is($r->{status}, 400, "control: add $_->[1]") or diag($r->{raw});
	}
	my @files = glob "$provs/*";
	is(scalar @files, 3, 'control: nothing of them is written');
	my $token = $d->token(iss => 'app server');
	$r = control($d, 'DELETE', 'provisioners/app%20server');
	is($r->{status}, 200, 'control: remove') or diag($r->{raw});
	is($d->sign(token => $token, csr => csr_new())->{status}, 401, 'control: its tokens are refused');
	ok(!-e "$provs/app%20server.yaml", 'control: its file is gone');
	is(control($d, 'DELETE', 'provisioners/app%20server')->{status}, 404, 'control: remove twice');

	# The disk fails: what was checked and written counts, and the log says that it is not recorded.
	spew("$hooks/store", 'fail');
	$r = control($d, 'POST', 'provisioners', \%new);
	is($r->{status}, 200, 'failing store: add');
	$d->log_like(qr/level=error event=reload\.audit /, 'failing store: the log says so');
	spew("$hooks/store", '');
	is(signs('app server'), 201, 'failing store: it signs');
	is(control($d, 'DELETE', 'provisioners/app%20server')->{status}, 200, 'failing store: removed');
	is($d->http('GET', '/health')->{status}, 200, 'it lives');
}

# ---- under load ----

sub load { # requests on one connection until told to stop: writes what went wrong
	my ($i, $out, $stop) = @_;
	my $s = $d->connect;
	my ($n, @bad) = (0);
	until (-e $stop && $n > 5) {
		my $body = json_encode({ csr => csr_new(), ott => token_new(url => $d->{url}, iss => $n % 2 ? 'admin' : 'web') });
		my $text = $n % 3 == 2 ? "GET /provisioners HTTP/1.1\r\nHost: localhost\r\n\r\n"
			: "POST /sign HTTP/1.1\r\nHost: localhost\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
		print $s $text;
		my $r = Signet::Test::read_answer($s);
		push @bad, "$n: $r->{status} $r->{body}" if $r->{status} != ($n % 3 == 2 ? 200 : 201);
		last if @bad > 3;
		$n++;
	}
	spew($out, join '', "$n\n", map { "$_\n" } @bad);
	_exit(0);
}
{
	my $dir = scratch();
	csr_new();
	my @fds = glob "/proc/$d->{pid}/fd/*";
	my @pids;
	for my $i (1 .. 3) {
		my $pid = fork // die;
		load($i, "$dir/$i", "$dir/stop") if !$pid;
		push @pids, $pid;
	}
	my ($good_ones, $n) = (0, long_scale(200, 2000));
	for my $i (1 .. $n) {
		spew("$provs/zz.yaml", prov_file("p$i", claims => { maxTLSCertDuration => ($i % 20 + 1) . 'h', defaultTLSCertDuration => '1h' })) if $i % 2;
		unlink "$provs/zz.yaml" if $i % 2 == 0;
		my $r = control($d, 'POST', 'reload');
		$good_ones++ if $r->{status} == 200 && $r->{json}{provisioners} == 2 + $i % 2;
	}
	spew("$dir/stop", '');
	waitpid $_, 0 for @pids;
	is($good_ones, $n, "load: $n reloads");
	for my $i (1 .. 3) {
		my ($count, @bad) = split /\n/, slurp("$dir/$i");
		is(scalar @bad, 0, "load: client $i: no request of $count failed") or diag(join "\n", @bad);
		cmp_ok($count, '>', 5, "load: client $i: was at work");
	}
	my $open = sub { my @now = glob "/proc/$d->{pid}/fd/*"; return scalar @now };
	for (1 .. 200) { last if $open->() <= @fds + 8; sleep 0.05 } # the store's tables come and go
	cmp_ok($open->(), '<=', @fds + 8, 'load: no descriptor is left open');
}
$d->stop;

# ---- killed in the middle of an edit: it starts with the one or the other ----

for my $point ('reload.before_write', 'reload.written') {
	spew($d->{log}, '');
	$d->start(env => { SIGNET_TEST_CRASH => $point }) or BAIL_OUT('no daemon: ' . $d->log_tail);
	$d->ready;
	my $s = control_start($d, 'POST', 'provisioners', { type => 'JWK', name => 'edit', key => Signet::Test::jwk_public('provisioner') });
	ok($d->wait_dead, "$point: killed");
	is(control_end($s)->{status}, 0, "$point: nothing was answered");
	$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
	$d->ready;
	my $there = listed() =~ /edit/;
	is($there ? 1 : 0, $point eq 'reload.written' ? 1 : 0, "$point: the file is there, or not, as a whole");
	is(signs('edit'), $there ? 201 : 401, "$point: and counts");
	is(scalar(grep { !/\.yaml$/ } glob "$provs/{.,}*"), 2, "$point: no other file is left"); # . and ..
	is(control($d, 'DELETE', 'provisioners/edit')->{status}, $there ? 200 : 404, "$point: removed");
	$d->stop;
}

# ---- the log's file ----

{
	my $o = Signet::Test->new(store => 'memory', yaml => "log: {output: signetd.out}\n");
	$o->start or BAIL_OUT('no daemon: ' . $o->log_tail);
	$o->{log} = "$o->{dir}/signetd.out";
	$o->ready;
	rename $o->{log}, "$o->{log}.1";
	kill 'HUP', $o->{pid};
	for (1 .. 500) { last if -e $o->{log} && $o->log_text =~ /event=reloaded/; sleep 0.02 }
	like($o->log_text, qr/event=log\.reopened.*\n.*event=reloaded/s, 'HUP: the log is opened anew, then the configuration is read');
	# Nobody is left: allowed, and said.
	is(control($o, 'DELETE', 'provisioners/admin')->{status}, 200, 'the last provisioner');
	$o->log_like(qr/level=warn event=provisioners\.none/, 'the last provisioner: the log warns');
	is($o->sign(token => $o->token, csr => csr_new())->{status}, 401, 'the last provisioner: nobody signs');
	is(control($o, 'POST', 'provisioners', { type => 'JWK', name => 'admin', key => Signet::Test::jwk_public('provisioner') })->{status}, 200, 'and one again');
	is($o->sign(token => $o->token, csr => csr_new())->{status}, 201, 'which signs');
	$o->stop;
}
done_testing;

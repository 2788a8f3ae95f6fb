#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# How the daemon ends while something is going on: requests, signatures that do not come, silent connections; and few descriptors.
use FindBin;
use lib "$FindBin::Bin/lib";
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(time sleep);
use IO::Socket::INET;
use POSIX qw(_exit);
use Signet::Test;
use Signet::Control;

need('openssl');
need_hooks();
hang_guard(300);

my $ctl = scratch() . '/kms';
my $d = Signet::Test->new;
my $csr = csr_new();

sub begin {
	my (%o) = @_;
	spew($ctl, '');
	spew($d->{log}, '');
	$d->start(env => { SIGNET_TEST_KMS_FILE => $ctl }, %o) or BAIL_OUT('no daemon: ' . $d->log_tail);
	$d->ready;
}

# A request whose answer is read later.
sub ask {
	my $token = $d->token;
	my $body = json_encode({ csr => $csr, ott => $token });
	my $s = $d->connect or die 'connect';
	print $s "POST /sign HTTP/1.1\r\nHost: localhost\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
	return ($s, $token);
}
sub wait_log { my ($re) = @_; for (1 .. 400) { return 1 if $d->log_text =~ $re; sleep 0.02 } return 0 }
sub ended { my ($what) = @_; ok($d->wait_dead(60), "$what: the daemon ends"); is($d->{status}, 0, "$what: status 0"); $d->check_log }
sub held { spew($ctl, 'hold'); my @r = map { [ask()] } 1 .. $_[0]; sleep 0.5; return @r }

# ---- running requests are finished ----
begin();
my @asked = held(6);
kill 'TERM', $d->{pid};
ok(wait_log(qr/event=draining busy=6$/m), 'TERM: six requests are running');
sleep 0.3;
ok($d->alive, 'TERM: they are waited for');
spew($ctl, '');
is(Signet::Test::read_answer($_->[0])->{status}, 201, 'TERM: a running request is answered') for @asked;
$_->[0]->close for @asked;
ended('TERM');
$d->log_like(qr/event=stopped drained=true$/m, 'TERM: drained');

# ---- a client that left: its certificate is finished ----
begin();
@asked = held(1);
my $issued = () = $d->log_settled =~ /event=cert\.issued /g;
$asked[0][0]->close;
sleep 0.2;
kill 'TERM', $d->{pid};
sleep 0.2;
spew($ctl, '');
ended('client left');
is(scalar(() = $d->log_text =~ /event=cert\.issued /g), $issued + 1, 'client left: what was reserved is issued');
begin();
$d->log_like(qr/event=ca\.ready orphaned=0$/m, 'client left: nothing is open');
is($d->sign(token => $asked[0][1], csr => $csr)->{status}, 401, 'client left: its token is used');

# ---- a second signal ends at once ----
@asked = held(3);
kill 'TERM', $d->{pid};
ok(wait_log(qr/event=draining busy=3$/m), 'twice: draining');
my $began = time;
kill 'TERM', $d->{pid};
ended('twice');
cmp_ok(time - $began, '<', 10, 'twice: at once');
$d->log_like(qr/event=stopped drained=false$/m, 'twice: not drained');
begin();
$d->log_like(qr/event=ca\.ready orphaned=3$/m, 'twice: three reservations were open');
is($d->sign(token => $_->[1], csr => $csr)->{status}, 401, 'twice: the token is used') for @asked;

# ---- the key does not answer any more: the flow gives up, then the daemon ends ----
@asked = held(2);
kill 'TERM', $d->{pid};
is(Signet::Test::read_answer($_->[0])->{status}, 503, 'stuck key: 503') for @asked;
$_->[0]->close for @asked;
spew($ctl, '');
ended('stuck key');
$d->log_like(qr/event=stopped drained=true$/m, 'stuck key: drained');
begin();
$d->log_like(qr/event=ca\.ready orphaned=0$/m, 'stuck key: the failure was recorded');
is($d->sign(token => $_->[1], csr => $csr)->{status}, 201, 'stuck key: the token was given back') for @asked;

# ---- silent connections do not hold the end up ----
my @silent = map { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $d->{port}) } 1 .. 5;
my $half = $d->connect;
print $half 'POST /si';
sleep 0.3;
$began = time;
$d->stop;
cmp_ok(time - $began, '<', 14, 'silent connections: not waited for to the end of their handshake');
$d->log_like(qr/event=stopped drained=true$/m, 'silent connections: drained');

# ---- few descriptors ----
begin(wrap => ['/bin/sh', '-c', 'ulimit -n 300; exec "$@"', 'sh']);
$d->log_like(qr/event=files\.few limit=300 wanted=\d+ connections=150$/m, 'descriptors: fewer connections are taken');
my $mine = $d->connect;
my @many = map { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $d->{port}, Timeout => 5) } 1 .. 320;
sleep 0.5;
unlike($d->log_text, qr/event=listener\.paused/, 'descriptors: they are not used up');
my $body = json_encode({ csr => $csr, ott => $d->token });
print $mine "POST /sign HTTP/1.1\r\nHost: localhost\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
is(Signet::Test::read_answer($mine)->{status}, 201, 'descriptors: the store works on');
close $_ for grep { defined } @many, $mine;
$d->stop;

# ---- a start that fails late: what was asked through the control socket is finished first ----
my $disk = scratch() . '/store';
my $endpoint = '8c5a3a52-1b2e-4a54-9d0c-1f2e3d4c5b6a';
begin();
is($d->sign(token => $d->token, csr => $csr, more => { endpoint => $endpoint })->{status}, 201, "late failure: certificate $_") for 1 .. 6;
$d->stop;
my $taken = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1');
spew("$d->{dir}/signetd.yaml", slurp("$d->{dir}/signetd.yaml") =~ s/127\.0\.0\.1:0/'127.0.0.1:' . $taken->sockport/er);
unlink "$d->{dir}/tls/server.crt";
spew($disk, "delay 400\n");
pipe my $in, my $out or die;
my $asker = fork // die;
if (!$asker) {
	my $s;
	for (1 .. 3000) { last if $s = control_start($d, 'POST', 'revoke', { endpoint => $endpoint }); sleep 0.01 }
	print $out control_end($s)->{body};
	close $out;
	_exit(0);
}
close $out;
ok(!$d->start(env => { SIGNET_TEST_STORE_FILE => $disk }), 'late failure: the address is taken');
is($d->{status}, 256, 'late failure: status 1') or diag($d->log_tail);
is(json_decode(join('', <$in>) || '{}')->{revoked}, 6, 'late failure: all of the endpoint is revoked');
waitpid $asker, 0;
$d->check_log;
done_testing;

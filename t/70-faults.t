#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# The process dies at each named point of an issuance. Whatever the point: a certificate that a client got is on record (it renews), a token that
# was reserved is used, one that was not is not, and no reservation stays open. Then the daemon's own leaf: replaced in time, and when it is lost.
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(time sleep);
use Signet::Test;

need('openssl');
need_hooks();
hang_guard(600);

sub forget_log { my ($d) = @_; $d->check_log; spew($d->{log}, '') }
sub renews { my ($d, $crt, $key) = @_; return $d->http('POST', '/renew', cert => $crt, key => $key)->{status} }
sub orphans { my ($d) = @_; return ($d->log_settled =~ /event=ca\.ready orphaned=(\d+)/)[0] }
sub seen { my ($d, $event) = @_; return scalar(() = $d->log_settled =~ /event=\Q$event\E /g) }

# point => [ reservations that it leaves behind, may the token be used afterwards ]
my %points = (
	'issue.before_reserve' => [ 0, 1 ],
	'issue.reserved' => [ 1, 0 ],
	'issue.signed' => [ 1, 0 ],
	'issue.recorded' => [ 0, 0 ],
);

my $d = Signet::Test->new;
$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
$d->ready;
my @certificates = [ $d->certificate ];
$d->stop;

for my $point (sort keys %points) {
	my ($orphaned, $usable) = @{ $points{$point} };

	# ---- a new certificate ----
	forget_log($d);
	ok($d->start(env => { SIGNET_TEST_CRASH => $point }), "$point: starts") or diag($d->log_tail);
	my $csr = csr_new();
	my $token;
	for (1 .. 400) { # 503 until the key is open
		$token = $d->token;
		my $r = $d->sign(token => $token, csr => $csr);
		last if $r->{status} != 503;
		sleep 0.05;
	}
	ok($d->wait_dead(30), "$point: the process dies");
	is($d->{status} & 127, 9, "$point: by the hook");
	forget_log($d);
	ok($d->start, "$point: starts again") or diag($d->log_tail);
	my $r;
	for (1 .. 400) {
		$r = $d->sign(token => $token, csr => $csr);
		last if $r->{status} != 503;
		sleep 0.05;
	}
	is($r->{status}, $usable ? 201 : 401, "$point: the token afterwards") or diag($r->{raw});
	is($d->sign(token => $token, csr => $csr)->{status}, 401, "$point: the token once more");
	is(orphans($d), $orphaned, "$point: reservations found open");
	is(seen($d, 'reservation.orphaned'), $orphaned, "$point: each is named in the log");
	push @certificates, [ $d->certificate ];
	is(renews($d, @$_), 201, "$point: a certificate that a client has is on record") for @certificates;
	$d->stop;

	# ---- a renewal ----
	forget_log($d);
	ok($d->start(env => { SIGNET_TEST_CRASH => $point }), "$point, renewal: starts") or diag($d->log_tail);
	my ($crt, $key) = @{ $certificates[-1] };
	for (1 .. 400) {
		last if renews($d, $crt, $key) != 503;
		sleep 0.05;
	}
	ok($d->wait_dead(30), "$point, renewal: the process dies");
	forget_log($d);
	ok($d->start, "$point, renewal: starts again") or diag($d->log_tail);
	$d->ready;
	is(orphans($d), $orphaned, "$point, renewal: reservations found open");
	is(renews($d, $crt, $key), 201, "$point, renewal: possible afterwards");
	$d->stop;

	forget_log($d);
	$d->start or diag($d->log_tail);
	$d->ready;
	is(orphans($d), 0, "$point: nothing is open any more");
	$d->stop;
}

# ---- many at once: the fifth signature kills ----

for my $point ('issue.reserved', 'issue.signed') {
	forget_log($d);
	$d->start(env => { SIGNET_TEST_CRASH => "$point:5" }) or diag($d->log_tail);
	my $csr = csr_new();
	my @tokens = map { $d->token } 1 .. 12;
	for (1 .. 400) { last if $d->log_text =~ /event=kms\.ready/ && $d->log_text =~ /event=ca\.ready/; sleep 0.05 }
	my @open = map { [ $_, $d->connect ] } @tokens;
	local $SIG{PIPE} = 'IGNORE'; # it may be dead before all are sent
	for my $o (@open) {
		my ($token, $socket) = @$o;
		my $body = json_encode({ csr => $csr, ott => $token });
		print $socket "POST /sign HTTP/1.1\r\nHost: localhost\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
	}
	my %status = map { $_->[0] => Signet::Test::read_answer($_->[1])->{status} } @open;
	ok($d->wait_dead(30), "$point, many: the process dies");
	forget_log($d);
	$d->start or diag($d->log_tail);
	$d->ready;
	my @acknowledged = grep { $status{$_} == 201 } @tokens;
	my @again = map { $d->sign(token => $_, csr => $csr)->{status} } @acknowledged;
	is(scalar(grep { $_ != 401 } @again), 0, "$point, many: acknowledged tokens are used (" . @acknowledged . ')');
	my $left = orphans($d);
	my $usable = 0;
	for my $token (grep { $status{$_} != 201 } @tokens) {
		my @both = map { $d->sign(token => $token, csr => $csr)->{status} } 1, 2;
		$usable++ if $both[0] == 201;
		like("@both", qr/^(?:201|401) 401$/, "$point, many: at most one certificate for a token");
	}
	ok($left >= 1 && $left + $usable + @acknowledged <= @tokens, "$point, many: $left open, $usable not begun");
	$d->stop;
}

# ---- the very first start ----

for my $point ('issue.reserved', 'issue.recorded', 'server_cert.save') {
	my $new = Signet::Test->new;
	ok(!$new->start(env => { SIGNET_TEST_CRASH => $point }), "first start, $point: dies");
	is($new->{status} & 127, 9, "first start, $point: by the hook");
	ok(!-e "$new->{dir}/tls/server.crt", "first start, $point: no leaf yet");
	spew($new->{log}, '');
	ok($new->start, "first start, $point: starts again") or diag($new->log_tail);
	$new->ready;
	is(orphans($new), $point eq 'issue.reserved' ? 1 : 0, "first start, $point: reservations found open");
	ok(-s "$new->{dir}/tls/server.crt", "first start, $point: a leaf");
	$new->stop;
}

# ---- the daemon's own leaf ----

sub leaf_of { my ($c) = @_; return Net::SSLeay::X509_get_serialNumber($c->peer_certificate) && Net::SSLeay::P_ASN1_INTEGER_get_hex(Net::SSLeay::X509_get_serialNumber($c->peer_certificate)) }
sub ask { my ($c) = @_; print $c "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"; return Signet::Test::read_answer($c)->{status} }
sub wait_for { my ($d, $what) = @_; for (1 .. 400) { return 1 if $d->log_text =~ $what; sleep 0.05 } return 0 }
sub dates {
	my ($d) = @_;
	return map { chomp; my $s = run_ok('date', '-u', '+%s', '-d', (split /=/)[1]); chomp $s; $s }
		split /\n/, run_ok('openssl', 'x509', '-in', "$d->{dir}/tls/server.crt", '-noout', '-startdate', '-enddate');
}

{
	my ($begin, $end) = dates($d);
	my $due = int($begin + ($end - $begin) * 2 / 3);
	my $old = slurp("$d->{dir}/tls/server.crt");
	my $clock = spew("$d->{dir}/clock", $due - int(time) - 4 . "\n");
	forget_log($d);
	$d->start(env => { SIGNET_TEST_CLOCK_FILE => $clock }) or diag($d->log_tail);
	my %any_time = (ssl => { SSL_verify_mode => 0 }); # this process has another clock
	my $client = $d->connect(%any_time);
	is(ask($client), 200, 'rotation: a client before it');
	is(seen($d, 'server_cert.new'), 0, 'rotation: the leaf on disk is in use');
	ok(wait_for($d, qr/event=server_cert\.new/), 'rotation: a new leaf at two thirds of its life');
	is(ask($client), 200, 'rotation: the client that was connected goes on');
	my $second = $d->connect(%any_time);
	is(ask($second), 200, 'rotation: a client after it');
	isnt(leaf_of($second), leaf_of($client), 'rotation: it is shown the new one');
	my $new = slurp("$d->{dir}/tls/server.crt");
	isnt($new, $old, 'rotation: the new one is on disk');
	my ($begin2, $end2) = dates($d);
	cmp_ok($end2, '>', $end, 'rotation: it ends later');
	is(run_ok('openssl', 'x509', '-in', "$d->{dir}/tls/server.crt", '-noout', '-pubkey'),
		run_ok('openssl', 'pkey', '-in', "$d->{dir}/tls/server.key", '-pubout'), 'rotation: the key stays');
	close $client;
	close $second;
	$d->stop;

	# On disk before it is in use: a crash in between leaves the old one, which still works.
	spew("$d->{dir}/tls/server.crt", $old);
	forget_log($d);
	spew($clock, $due - int(time) - 1 . "\n");
	$d->start(env => { SIGNET_TEST_CLOCK_FILE => $clock, SIGNET_TEST_CRASH => 'server_cert.save' });
	ok($d->wait_dead(60), 'rotation: dies before the new leaf is saved');
	is(slurp("$d->{dir}/tls/server.crt"), $old, 'rotation: the old one is on disk');
	$d->start or diag($d->log_tail);
	$d->ready;
	$d->stop;

	# Lost, damaged, of another name, expired: a new one is made, nothing stops.
	forget_log($d);
	for (
		[ lost => sub { unlink "$d->{dir}/tls/server.crt" } ],
		[ damaged => sub { spew("$d->{dir}/tls/server.crt", substr $old, 0, 300) } ],
		[ foreign => sub { spew("$d->{dir}/tls/server.crt", slurp("$SRC/t/vectors/tls/server.crt")) } ],
		[ 'names changed' => sub { (my $y = slurp("$d->{dir}/signetd.yaml")) =~ s/dnsNames: \[/dnsNames: [ca.test, /; spew("$d->{dir}/signetd.yaml", $y) } ],
	) {
		my ($how, $break) = @$_;
		$break->();
		ok($d->start, "leaf $how: starts") or diag($d->log_tail);
		is(seen($d, 'server_cert.new'), 1, "leaf $how: a new one");
		is($d->http('GET', '/health')->{status}, 200, "leaf $how: clients trust it");
		$d->stop;
		forget_log($d);
	}
	spew($clock, 30 * 3600 . "\n");
	ok($d->start(env => { SIGNET_TEST_CLOCK_FILE => $clock }), 'leaf expired: starts') or diag($d->log_tail);
	is(seen($d, 'server_cert.new'), 1, 'leaf expired: a new one');
	my ($crt, $key) = @{ $certificates[0] };
	my $r = $d->http('POST', '/renew', cert => $crt, key => $key, %any_time);
	ok($r->{status} == 0 || $r->{status} == 401, 'a client\'s expired certificate does not renew') or diag($r->{raw});
	$d->stop;

	# Claims of some seconds are those of the daemon's own leaf too: it is replaced in time.
	my $short = Signet::Test->new(yaml => "claims: {minTLSCertDuration: 1s, defaultTLSCertDuration: 6s}\n");
	$short->start or diag($short->log_tail);
	ok(wait_for($short, qr/(?:event=server_cert\.new .*){4}/s), 'a leaf of 6 s: the fourth');
	is($short->http('GET', '/health')->{status}, 200, 'a leaf of 6 s: clients trust it');
	$short->stop;
}
done_testing;

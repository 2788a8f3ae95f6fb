#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Ending: at any moment of the start, with requests under way, with connections open, twice; and what a killed process leaves behind.
use strict;
use warnings;
use Test::More;
use POSIX qw(_exit WNOHANG);
use Time::HiRes qw(time sleep);
use Signet::Test;

need('openssl');
hang_guard(300);

# ---- TERM at any moment of the start ----

my $d = Signet::Test->new;
my %ends;
for my $ms (0 .. 39) {
	for my $fresh (0, 1) {
		unlink "$d->{dir}/tls/server.crt" if $fresh;
		my $pid = fork // die "fork: $!";
		if (!$pid) {
			open STDIN, '<', '/dev/null';
			open STDOUT, '>>', $d->{log};
			open STDERR, '>>', $d->{log};
			exec signetd_bin(), '--config', "$d->{dir}/signetd.yaml", '--plugin-dir', plugin_dir() or _exit(127);
		}
		sleep 0.003 * $ms;
		kill 'TERM', $pid;
		my $end = time + 90;
		sleep 0.002 while waitpid($pid, WNOHANG) == 0 && time < $end;
		my $status = $?;
		# Before the handlers are there the signal ends it as it ends every process.
		$ends{ $status == 15 ? 'by the signal' : $status == 0 ? 'in order' : "status $status" }++;
		kill 9, $pid;
	}
}
is(join(', ', grep { !/by the signal|in order/ } sort keys %ends), '', 'TERM at any moment of the start: never a crash') or diag($d->log_tail);
cmp_ok($ends{'in order'} // 0, '>', 0, 'some of them were in order');
$d->check_log;
spew($d->{log}, '');
ok($d->start, 'afterwards it starts') or diag($d->log_tail);
$d->ready;

# ---- requests and connections ----

sub half { my ($d, $token) = @_; my $s = $d->connect or die; my $body = json_encode({ csr => csr_new(), ott => $token });
	print $s "POST /sign HTTP/1.1\r\nHost: localhost\r\nContent-Length: " . length($body) . "\r\n\r\n" . substr($body, 0, 20); return ($s, substr $body, 20) }
sub listens { my ($d) = @_; my $s = IO::Socket::INET->new(PeerHost => '127.0.0.1', PeerPort => $d->{port}, Timeout => 5) or return 0; close $s; return 1 }

my $idle = $d->connect;
print $idle "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
is(Signet::Test::read_answer($idle)->{status}, 200, 'a connection that is idle');
my ($slow, $rest) = half($d, $d->token);
sleep 0.2;
kill 'TERM', $d->{pid};
my $end = time + 20;
sleep 0.01 while $d->log_text !~ /event=draining/ && time < $end;
sleep 0.01 while listens($d) && time < $end;
ok(!listens($d), 'draining: no new connections');
ok($d->alive, 'draining: a request is under way');
my $n = sysread $idle, my $buf, 1;
ok(!$n, 'draining: the idle connection is closed');
print $slow $rest;
my $r = Signet::Test::read_answer($slow);
is($r->{status}, 201, 'draining: the request finishes') or diag($r->{raw});
is(lc($r->{headers}{connection} // ''), 'close', 'draining: and its connection');
ok($d->wait_dead(30), 'then it ends');
is($d->{status}, 0, 'with status 0') or diag($d->log_tail);
$d->log_like(qr/event=stopped drained=true/, 'the log says so');
my $crt = spew("$d->{dir}/c.crt", join '', @{ json_decode($r->{body})->{certChain} });
$d->check_log;

spew($d->{log}, '');
$d->start or BAIL_OUT($d->log_tail);
$d->ready;
is($d->http('POST', '/renew', cert => $crt, key => Signet::Test::csr_key_file('P-256'))->{status}, 201, 'what was issued while draining is on record');

# ---- a second signal ----

($slow, $rest) = half($d, my $token = $d->token);
sleep 0.2;
kill 'TERM', $d->{pid};
$end = time + 20;
sleep 0.01 while $d->log_text !~ /event=draining/ && time < $end;
kill 'INT', $d->{pid};
ok($d->wait_dead(20), 'a second signal ends it at once');
is($d->{status}, 0, 'a second signal: status 0');
$d->log_like(qr/event=stopped drained=false/, 'a second signal: the log says so');
$d->check_log;

# ---- clients that leave in the middle, then TERM ----

spew($d->{log}, '');
$d->start or BAIL_OUT($d->log_tail);
$d->ready;
for (1 .. 30) {
	my ($s, $more) = half($d, $d->token);
	print $s $more if $_ % 2;
	close $s;
}
$d->stop;
is($d->{status}, 0, 'clients left in the middle: ends in order');

# ---- a stale run/addresses, a folder that is gone ----

$d->start or BAIL_OUT($d->log_tail);
$d->kill9;
ok(-s "$d->{dir}/run/addresses", 'a killed process leaves its addresses');
my $old = $d->{port};
$d->start or BAIL_OUT($d->log_tail);
is($d->http('GET', '/health')->{status}, 200, 'the next one writes its own');
$d->stop;
done_testing;

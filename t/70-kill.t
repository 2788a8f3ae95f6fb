#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# kill -9 while many clients get certificates, again and again: every certificate that a client received is on record (it renews), no token gives a
# second certificate, no reservation stays open.
# long
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(time sleep);
use POSIX qw(_exit);
use Signet::Test;

need('openssl');
my $rounds = long_scale(3, 100);
my $clients = 200;
hang_guard(300 + 60 * $rounds);

my $d = Signet::Test->new;
my $csr = csr_new();
my $key = Signet::Test::csr_key_file('P-256');

# One client: signs until the daemon is gone; each token and its answer go into a file.
sub client {
	my ($file, $tokens) = @_;
	open my $out, '>', $file or _exit(1);
	$out->autoflush(1);
	local $SIG{PIPE} = 'IGNORE';
	my $socket;
	for my $token (@$tokens) {
		print $out "T $token\n";
		my $body = json_encode({ csr => $csr, ott => $token });
		$socket //= eval { $d->connect } or last;
		print $socket "POST /sign HTTP/1.1\r\nHost: localhost\r\nContent-Length: " . length($body) . "\r\n\r\n$body" or last;
		my $r = Signet::Test::read_answer($socket);
		last if $r->{status} == 0;
		print $out "$r->{status} " . join('', map { s/\n/|/gr } @{ $r->{status} == 201 ? json_decode($r->{body})->{certChain} : [] }) . "\n";
	}
	_exit(0);
}

# token => status, or undef when no answer came; and the certificates
sub results {
	my (%status, @certificates);
	for my $file (@_) {
		my $token;
		for my $line (split /\n/, slurp($file)) {
			if ($line =~ /^T (.+)/) { $token = $1; $status{$token} = undef; next }
			next unless $line =~ /^(\d+) (.*)$/;
			$status{$token} = $1;
			push @certificates, $2 =~ s/\|/\n/gr if $1 == 201;
		}
	}
	return (\%status, \@certificates);
}

# Runs a check over a list in four processes: those for which it was false.
sub in_parallel {
	my ($list, $check) = @_;
	my $dir = scratch();
	my @pids;
	for my $n (0 .. 3) {
		my $pid = fork // die "fork: $!";
		if (!$pid) {
			my @bad = grep { $_ % 4 == $n && !$check->($list->[$_]) } 0 .. $#$list;
			spew("$dir/$n", "@bad");
			_exit(0);
		}
		push @pids, $pid;
	}
	waitpid $_, 0 for @pids;
	return map { -e "$dir/$_" ? split(/ /, slurp("$dir/$_")) : 'died' } 0 .. 3;
}

my ($received, $unanswered, $orphans) = (0, 0, 0);
for my $round (1 .. $rounds) {
	$d->check_log;
	$d->{secrets} = [];
	spew($d->{log}, '');
	$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
	$d->ready;
	my $dir = scratch();
	my $each = 3;
	my @tokens = map { [ map { $d->token } 1 .. $each ] } 1 .. $clients;
	my @pids;
	for my $n (1 .. $clients) {
		my $pid = fork // die "fork: $!";
		client("$dir/$n", $tokens[ $n - 1 ]) if !$pid;
		push @pids, $pid;
	}
	# In the middle: after so many have been issued, another number in each round.
	my $at = 20 + int rand $clients;
	my $end = time + 120;
	sleep 0.01 while (() = $d->log_text =~ /event=cert\.issued /g) < $at && time < $end;
	$d->kill9;
	waitpid $_, 0 for @pids;
	my ($status, $certificates) = results(map { "$dir/$_" } 1 .. $clients);

	spew($d->{log}, '');
	ok($d->start, "round $round: starts again") or BAIL_OUT($d->log_tail);
	$d->ready;
	my ($found) = $d->log_settled =~ /event=ca\.ready orphaned=(\d+)/;
	my $named = () = $d->log_text =~ /event=reservation\.orphaned /g;
	is($named, $found, "round $round: $found open reservations, each resolved");

	cmp_ok(scalar @$certificates, '>', 0, "round $round: " . @$certificates . ' certificates were received');
	my $crt = "$dir/c";
	my @bad = in_parallel($certificates, sub {
		spew("$crt.$$", $_[0]);
		return $d->http('POST', '/renew', cert => "$crt.$$", key => $key)->{status} == 201;
	});
	is(scalar @bad, 0, "round $round: all of them are on record") or diag("@bad");

	my @answered = grep { defined $status->{$_} && $status->{$_} == 201 } keys %$status;
	@bad = in_parallel(\@answered, sub { $d->sign(token => $_[0], csr => $csr)->{status} == 401 });
	is(scalar @bad, 0, "round $round: a token that gave a certificate is used") or diag("@bad");

	my @open = grep { !defined $status->{$_} } keys %$status;
	@bad = in_parallel(\@open, sub {
		my @both = map { $d->sign(token => $_[0], csr => $csr)->{status} } 1, 2;
		return ($both[0] == 201 || $both[0] == 401) && $both[1] == 401;
	});
	is(scalar @bad, 0, "round $round: a token without an answer gives at most one (" . @open . ')') or diag("@bad");
	my @other = grep { defined && $_ != 201 } values %$status;
	is(scalar @other, 0, "round $round: no other answer") or diag("@other[0 .. ($#other > 9 ? 9 : $#other)]");
	$received += @$certificates;
	$unanswered += @open;
	$orphans += $found;

	# Nothing is open any more; this start is killed too, while it is idle.
	$d->kill9;
	spew($d->{log}, '');
	$d->start or BAIL_OUT($d->log_tail);
	$d->ready;
	$d->log_like(qr/event=ca\.ready orphaned=0$/m, "round $round: nothing is open afterwards");
	$d->stop;
}
diag("$rounds rounds: $received certificates received, $unanswered requests without an answer, $orphans open reservations");
done_testing;

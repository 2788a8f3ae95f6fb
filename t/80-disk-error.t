#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# The disk reports an error at one fdatasync, or for a while: what was not written is not answered, what was answered stays, and the daemon writes
# again by itself as soon as the disk does.
use FindBin;
use lib "$FindBin::Bin/lib";
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(sleep time);
use Signet::Test;

need('openssl', 'strace');
hang_guard(300);

my $csr = csr_new();
my $scratch = scratch();

# strace on a running daemon: its pid, or undef where tracing is not allowed.
sub inject {
	my ($d, $what) = @_;
	unlink "$scratch/trace";
	my $pid = fork // die "fork: $!";
	if (!$pid) {
		open STDERR, '>', "$scratch/err";
		exec 'strace', '-f', '-p', $d->{pid}, '-o', "$scratch/trace", '-e', 'trace=fsync,fdatasync', '-e', "inject=$what" or POSIX::_exit(127);
	}
	for (1 .. 200) { last if slurp("$scratch/err") =~ /attached/; sleep 0.02 }
	return $pid if slurp("$scratch/err") =~ /attached/;
	kill 9, $pid;
	waitpid $pid, 0;
	return;
}

for my $case (['one error', 'fdatasync:error=EIO:when=2'], ['no space once', 'fdatasync:error=ENOSPC:when=2'], ['errors for a while', 'fdatasync:error=EIO']) {
	my ($name, $what) = @$case;
	my $d = Signet::Test->new;
	spew("$scratch/err", '');
	$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
	$d->ready;
	SKIP: {
		my $tracer = inject($d, $what) or skip('this process may not be traced: ' . slurp("$scratch/err"), 8);
		my (%status, $n);
		my $ask = sub { my $t = $d->token; return $status{$t} = $d->sign(token => $t, csr => $csr)->{status} };
		$ask->() for 1 .. 6;
		kill 'INT', $tracer;
		waitpid $tracer, 0;
		cmp_ok(scalar(grep { $_ == 500 || $_ == 503 } values %status), '>', 0, "$name: a request is refused");
		is(scalar(grep { $_ != 500 && $_ != 503 && $_ != 201 } values %status), 0, "$name: no other answer");
		for (1 .. 100) { last if $ask->() == 201; sleep 0.1 }
		is($ask->(), 201, "$name: it writes again by itself") or diag($d->log_tail);
		$d->log_like(qr/level=error event=store\.write_failed /, "$name: the log says what failed");
		$d->log_like(qr/event=store\.reopened /, "$name: and that it is over");
		for my $round ('now', 'after a restart') {
			my @bad = grep { $status{$_} == 201 && $d->sign(token => $_, csr => $csr)->{status} != 401 } keys %status;
			is(scalar @bad, 0, "$name: what was answered is on record, $round");
			next if $round ne 'now';
			$d->kill9;
			$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
			$d->ready;
		}
		my @bad = grep { $status{$_} != 201 && $d->sign(token => $_, csr => $csr)->{status} == 201 && $d->sign(token => $_, csr => $csr)->{status} != 401 } keys %status;
		is(scalar @bad, 0, "$name: the others give one certificate at most");
	}
	$d->stop;
}
done_testing;

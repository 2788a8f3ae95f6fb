#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# The process dies around the commit of a revocation: afterwards either all of it is on disk (revoked, token used) or none of it (neither, and the
# same token revokes).
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(sleep);
use Signet::Test;
use Signet::Lifecycle;

need('openssl');
need_hooks();
hang_guard(300);

sub forget_log { my ($d) = @_; $d->check_log; spew($d->{log}, '') }

# point => is the revocation on disk?
my %points = ('revoke.before_commit' => 0, 'store.before_write' => 0, 'store.after_write' => 1, 'revoke.committed' => 1);

my $d = Signet::Test->new;
$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
$d->ready;
for my $point (sort keys %points) {
	my ($crt, $key) = $d->certificate;
	my $serial = serial_text($crt);
	$d->stop;
	forget_log($d);
	ok($d->start(env => { SIGNET_TEST_CRASH => $point }), "$point: starts") or diag($d->log_tail);
	for (1 .. 600) { last if $d->log_text =~ /event=kms\.ready/ && $d->log_text =~ /event=ca\.ready/; sleep 0.05 }
	my $token = revoke_token($d, $serial);
	my $r = revoke($d, $serial, token => $token);
	isnt($r->{status}, 200, "$point: not answered");
	ok($d->wait_dead(30), "$point: the process dies");
	is($d->{status} & 127, 9, "$point: by the hook");
	forget_log($d);
	ok($d->start, "$point: starts again") or diag($d->log_tail);
	$d->ready;
	is(renew($d, $crt, $key)->{status}, 401, "$point: renewal afterwards") if $points{$point};
	is(revoke($d, $serial, token => $token)->{status}, $points{$point} ? 401 : 200, "$point: the same token afterwards");
	$r = revoke($d, $serial, token => revoke_token($d, $serial));
	is($r->{status}, 400, "$point: another token afterwards");
	like($r->{json}{message}, qr/\Q'$serial' is already revoked\E/, "$point: it is revoked");
	is(renew($d, $crt, $key)->{status}, 401, "$point: no renewal any more");
}
$d->stop;
$d->check_log;
done_testing;

#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# A full disk: nothing is issued, the answer says so (503, Retry-After), the log says why, everything else goes on; with space it issues again, and
# the tokens of refused requests are still good.
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(sleep);
use Signet::Test;

need('openssl');
hang_guard(300);

sub refused {
	my ($d, $what, $token) = @_;
	my $r = $d->sign(token => $token, csr => csr_new());
	is($r->{status}, 503, "$what: status") or diag($r->{raw});
	is($r->{headers}{'retry-after'}, 5, "$what: Retry-After");
	is_deeply([ sort keys %{ $r->{json} // {} } ], [qw(message status)], "$what: the API's form");
	unlike($r->{body}, qr/MiB|free|disk|db/, "$what: the client is not told about the disk");
}
sub lives { my ($d, $what) = @_; is($d->http('GET', $_)->{status}, /roots$/ ? 201 : 200, "$what: $_ answers") for qw(/health /roots /provisioners) }

# A reserve that no disk has: the same path, without a mount.
{
	my $d = Signet::Test->new;
	$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
	$d->ready;
	my ($crt, $key) = $d->certificate;
	$d->stop;
	spew("$d->{dir}/signetd.yaml", slurp("$d->{dir}/signetd.yaml") =~ s/minFree: 1MiB/minFree: 100TiB/r);
	spew($d->{log}, '');
	$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
	for (1 .. 400) { last if $d->log_text =~ /event=kms\.ready/ && $d->log_text =~ /event=ca\.ready/; sleep 0.05 }
	my $token = $d->token;
	refused($d, 'minFree', $token) for 1 .. 3;
	$d->log_like(qr/level=error event=store\.full path=\S+db free_mib=\d+ kept_back_mib=104857600 /, 'minFree: the log says why');
	is(scalar(() = $d->log_settled =~ /event=store\.full /g), 1, 'minFree: once, not for each request');
	lives($d, 'minFree');
	my $r = $d->http('POST', '/renew', cert => $crt, key => $key);
	is($r->{status}, 503, 'minFree: a renewal is refused too');
	$d->stop;
	spew("$d->{dir}/signetd.yaml", slurp("$d->{dir}/signetd.yaml") =~ s/minFree: 100TiB/minFree: 1MiB/r);
	$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
	$d->ready;
	is($d->sign(token => $token, csr => csr_new())->{status}, 201, 'minFree: the refused token is good afterwards');
	is($d->http('POST', '/renew', cert => $crt, key => $key)->{status}, 201, 'minFree: and the renewal');
	$d->stop;
}

# A file system of its own that gets full.
my $mount = scratch() . '/small';
mkdir $mount or die;
my ($rc, undef, $err) = run('mount', '-t', 'tmpfs', '-o', 'size=64m,mode=0700', 'tmpfs', $mount);
SKIP: {
	skip("no small file system can be mounted here: $err", 40) if $rc != 0;
	my $d = Signet::Test->new(dir => "$mount/ca", yaml => "store: {driver: rocksdb, minFree: 24MiB, minFreeRevoke: 12MiB}\n");
	$d->{log} = scratch() . '/signetd.log';
	my $fill = sub { # leaves about so many MiB
		my ($left) = @_;
		unlink "$mount/fill";
		my $free = (split /\n/, run_ok('df', '--output=avail', '-m', $mount))[1] + 0;
		run('dd', 'if=/dev/zero', "of=$mount/fill", 'bs=1M', 'count=' . ($free - $left), 'status=none') if $free > $left;
	};
	eval {
		$d->start or die 'no daemon: ' . $d->log_tail;
		$d->ready;
		my ($crt, $key) = $d->certificate;

		$fill->(18); # below minFree, above what is kept for what must be written
		my $token = $d->token;
		refused($d, 'nearly full', $token);
		$d->log_like(qr/event=store\.full .*free_mib=1\d /, 'nearly full: the log says why');
		lives($d, 'nearly full');
		$fill->(40);
		is($d->sign(token => $token, csr => csr_new())->{status}, 201, 'space again: the refused token is good');
		$d->log_like(qr/event=store\.full_over /, 'space again: the log says so');
		is($d->http('POST', '/renew', cert => $crt, key => $key)->{status}, 201, 'space again: a renewal');

		$fill->(0);
		$token = $d->token;
		refused($d, 'full', $token) for 1 .. 5;
		lives($d, 'full');
		ok($d->alive, 'full: the process lives');
		kill 'HUP', $d->{pid};
		$fill->(40);
		is($d->sign(token => $token, csr => csr_new())->{status}, 201, 'space once more: the refused token is good');
		$d->ready;

		# Full in the middle of a load: whoever is answered with a certificate has it for good.
		$fill->(25);
		my @got;
		for (1 .. 40) {
			unlink "$mount/fill2" if $_ == 30;
			run('dd', 'if=/dev/zero', "of=$mount/fill2", 'bs=1M', 'count=30', 'status=none') if $_ == 15;
			my $r = $d->sign(token => $d->token, csr => csr_new());
			push @got, $r->{json}{certChain} if $r->{status} == 201;
			ok(0, "load: status $r->{status}") unless $r->{status} == 201 || $r->{status} == 503;
		}
		unlink "$mount/fill2";
		$fill->(40);
		cmp_ok(scalar @got, '>', 5, 'load: some were issued');
		cmp_ok(scalar @got, '<', 40, 'load: some were refused');
		$d->stop;

		# It ends and starts on a full disk, and says what it cannot do.
		$fill->(0);
		spew($d->{log}, '');
		ok(!$d->start(timeout => 30), 'starting on a full disk: refused');
		is($d->{status}, 1 << 8, 'starting on a full disk: status 1');
		$d->log_like(qr/^signetd: store: \S+db: disk is full: \d+ KiB free, opening may need \d+ KiB: make room first$/m,
			'starting on a full disk: says why');
		$fill->(40);
		spew($d->{log}, '');
		$d->start or die 'no daemon: ' . $d->log_tail;
		$d->ready;
		my $dir = scratch();
		my @bad = grep {
			spew("$dir/c.crt", join '', @$_);
			$d->http('POST', '/renew', cert => "$dir/c.crt", key => Signet::Test::csr_key_file('P-256'))->{status} != 201
		} @got;
		is(scalar @bad, 0, 'load: every certificate that was answered is on record');
		$d->stop;
		1;
	} or fail("full disk: $@");
	Signet::Test::stop_all();
	run('umount', $mount);
}
done_testing;

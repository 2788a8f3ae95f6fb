#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# The accelerator: the units of crypto and TLS with libcrypto behind them, and a daemon with it, without it, and with one that
# is not there. (Everywhere else the units run without it, and the daemons with it.)
use strict;
use warnings;
use Test::More;
use Signet::Test;

hang_guard(300);

my @units = grep { !/accel/ } glob("$BUILD/t/unit/test_crypto_* $BUILD/t/unit/test_net_tls*");
@units = grep { -f && -x && !/\.o$/ } @units;
ok(@units > 5, 'there are units') or diag("in $BUILD/t/unit");
for my $unit (@units) {
	(my $name = $unit) =~ s{.*/}{};
	local $ENV{SIGNET_TEST_ACCELERATOR} = 'openssl';
	my ($rc, $out, $err) = run($unit);
	is($rc, 0, "$name with openssl") or diag(join "\n", grep { /^not ok|failed|error/i } split /\n/, "$out\n$err");
}

# ---- daemons ----

sub daemon {
	my ($accelerator) = @_;
	my $d = Signet::Test->new(config => Signet::Test::yaml_config(store => 'memory'));
	my $text = slurp("$d->{dir}/signetd.yaml");
	spew("$d->{dir}/signetd.yaml", "accelerator: $accelerator\n$text") if defined $accelerator;
	return $d;
}
my %want = (auto => 'true', openssl => 'true', none => 'false');
for my $accelerator (sort keys %want) {
	my $d = daemon($accelerator);
	$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
	$d->ready;
	like($d->log_text, qr/^.*\bstarting\b.*\baccelerated=$want{$accelerator}\b/m, "accelerator: $accelerator: accelerated=$want{$accelerator}");
	for my $kind ('P-256', 'P-384', 'RSA-2048', 'Ed25519') {
		my $r = $d->sign(token => $d->token, csr => csr_new(kind => $kind));
		is($r->{status}, 201, "accelerator: $accelerator: a $kind certificate") or diag($r->{body});
	}
	$d->stop;
	$d->check_log;
}

# Modules only: one that is linked in is found without a folder.
SKIP: {
	my @module = grep { -f } map { plugin_dir() . "/crypto/${_}openssl.so" } '', '.libs/';
	skip('the accelerator is linked in', 3) unless @module;
	my $dir = scratch();
	my ($rc) = run('cp', '-rL', plugin_dir() . '/provisioner', $dir);
	is($rc, 0, 'plugins without the accelerator');
	my $d = daemon('auto');
	$d->start(plugin_dir => $dir) or BAIL_OUT('no daemon: ' . $d->log_tail);
	like($d->log_text, qr/\bstarting\b.*\baccelerated=false\b/, 'auto, and there is none: without');
	$d->stop;
	$d = daemon('openssl');
	ok(!$d->start(plugin_dir => $dir), 'openssl, and there is none: refused');
	like($d->log_text, qr/accelerator openssl: /, '... by name');
}
done_testing();

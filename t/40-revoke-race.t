#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# A certificate is revoked and renewed at the same moment, many times. What must hold, whoever wins:
#   - a renewal that was asked for after the revocation was acknowledged is refused;
#   - a renewed certificate was recorded before the revocation was, never after it (the log's order is the commits' order);
#   - every renewed certificate that was recorded was also answered with 201, and every 201 was recorded;
#   - the revocation itself always succeeds.
# The moment of the revocation is moved towards where both outcomes are about equally likely.
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(time sleep);
use Signet::Test;
use Signet::DER;
use Signet::Lifecycle;

need('openssl');
hang_guard(900);

my $rounds = 1000;
my $d = Signet::Test->new;
$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
$d->ready;
my $csr = csr_new();
my $key = Signet::Test::csr_key_file();
my $dir = scratch();

# ---- connections that are kept ----

my (%conn, %used);
sub post {
	my ($who, $path, $id, $body, @headers) = @_;
	if (!$conn{$who} || $used{$who}++ > 500) {
		close $conn{$who} if $conn{$who};
		$conn{$who} = $d->connect or die "connect: $IO::Socket::SSL::SSL_ERROR";
		$used{$who} = 0;
	}
	print { $conn{$who} } "POST $path HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: $id\r\n", @headers, 'Content-Length: ', length $body,
		"\r\n\r\n$body";
}
sub answer {
	my ($who) = @_;
	my $r = Signet::Test::read_answer($conn{$who});
	delete $conn{$who} if ($r->{headers}{connection} // '') eq 'close' || !$r->{status};
	$r->{json} = eval { json_decode($r->{body}) };
	return $r;
}
sub certificate {
	my ($id) = @_;
	post('sign', '/sign', $id, json_encode({ csr => $csr, ott => $d->token }));
	my $r = answer('sign');
	die "$id: $r->{status} $r->{body}" if $r->{status} != 201;
	spew("$dir/$id.crt", join '', @{ $r->{json}{certChain} });
	return ("$dir/$id.crt", serial_text($r->{json}{crt}));
}
sub send_renew { my ($who, $id, $crt) = @_; post($who, '/renew', $id, '', 'Authorization: Bearer ' . renew_token($d, $crt, $key,
	cn => 'host.example.com') . "\r\n") }

# ---- the rounds ----

my (%won, %lost, %bad, %revoked, %answered);
my $delay = 0.001;
for my $i (1 .. $rounds) {
	my $kind = $i % 10 == 0 ? 'after' : $i % 10 == 5 ? 'crowd' : 'race';
	my ($crt, $serial) = certificate("sign-$i");
	my @renewers = $kind eq 'crowd' ? (0 .. 3) : (0);
	my $token = revoke_token($d, $serial);
	my $body = revoke_body($serial, token => $token, more => { reasonCode => 4 });
	$revoked{"revoke-$i"} = $serial;
	if ($kind eq 'after') {
		post('revoke', '/revoke', "revoke-$i", $body);
		my $r = answer('revoke');
		$bad{'the revocation'} = "round $i: $r->{status} $r->{body}" if $r->{status} != 200;
		send_renew('renew0', "renew-$i-0", $crt);
	} else {
		send_renew("renew$_", "renew-$i-$_", $crt) for @renewers;
		sleep $delay;
		post('revoke', '/revoke', "revoke-$i", $body);
		my $r = answer('revoke');
		$bad{'the revocation'} = "round $i: $r->{status} $r->{body}" if $r->{status} != 200;
	}
	for (@renewers) {
		my $r = answer("renew$_");
		if ($r->{status} == 201) { $won{$kind}++; $answered{"renew-$i-$_"} = serial_text($r->{json}{crt}) }
		elsif ($r->{status} == 401) { $lost{$kind}++ }
		else { $bad{'the renewal is answered with 201 or 401'} = "round $i: $r->{status} $r->{body}" }
		$delay *= ($r->{status} == 201 ? 0.85 : 1.18) if $kind eq 'race';
		$delay = 0.5 if $delay > 0.5;
	}
	send_renew('late', "late-$i", $crt);
	my $r = answer('late');
	$bad{'a further renewal is refused'} = "round $i: $r->{status}" if $r->{status} != 401;
	unlink $crt;
}
is($bad{$_} // '', '', "$_, in $rounds rounds") for 'the revocation', 'the renewal is answered with 201 or 401', 'a further renewal is refused';
is($won{after} // 0, 0, 'no renewal that was asked for after the revocation was acknowledged');
is($lost{after}, int($rounds / 10), '... and there were some');
cmp_ok($won{race} // 0, '>', 0, 'of those at the same moment some were renewed');
cmp_ok($lost{race} // 0, '>', 0, '... and some were not');
diag(sprintf 'race: %d renewed, %d refused; crowd: %d renewed, %d refused; the revocation came %.1f ms after the renewal',
	map { $_ // 0 } $won{race}, $lost{race}, $won{crowd}, $lost{crowd},
	$delay * 1000);

# ---- what was recorded, in the log's order ----

$d->stop; # flushes it
my (%revoked_at, %renewed, @late);
my $n = 0;
for (split /\n/, $d->log_text) {
	$n++;
	if (/event=cert\.revoked serial=(\d+) .*request=(revoke-\d+)/) { $revoked_at{$2} = $n; is($1, $revoked{$2},
		"$2: its serial") if $1 ne $revoked{$2} }
	elsif (/event=cert\.issued serial=(\d+) .*renewal=true .*request=renew-(\d+)-(\d+)/) {
		$renewed{"renew-$2-$3"} = $1;
		push @late, "renew-$2-$3" if $revoked_at{"revoke-$2"};
	} elsif (/event=cert\.issued .*renewal=true .*request=late-(\d+)/) { push @late, "late-$1" }
}
is(keys %revoked_at, $rounds, 'every revocation was recorded');
is("@late", '', 'no renewal was recorded after its certificate\'s revocation');
is_deeply(\%renewed, \%answered, 'the renewals that were recorded are those that were answered');
done_testing;

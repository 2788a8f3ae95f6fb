#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Nothing long runs on the loop: not a derivation of 600,000 rounds, not a wrong password, not 64 clients that sign at the same time.
use strict;
use warnings;
use Test::More;
use POSIX qw(_exit WNOHANG);
use Time::HiRes qw(time sleep);
use Signet::Test;

need('openssl');
hang_guard(300);
my $sanitized = ($ENV{SIGNET_VARIANT} // '') =~ /asan|tsan|valgrind/;

# name => milliseconds of each stalled callback in the log
sub stalls { my ($d) = @_; my (%s, $text); $text = $d->log_text; push @{ $s{$1} }, $2 while $text =~ /event=loop\.stall name=(\S+) ms=(\d+)/g; return \%s }

# What the rule is about: steps that would wait for a disk, a signature or a derivation if they were written wrongly. A machine that takes the
# processor away stalls any callback now and then, so a name counts when it is slow again and again.
sub no_stalls {
	my ($d, $what) = @_;
	my $s = stalls($d);
	my @often = grep { my @long = grep { $_ >= 100 } @{ $s->{$_} }; @long >= 5 } sort keys %$s;
	diag("$what: ", map { "$_ " . join(' ', @{ $s->{$_} }) . '; ' } sort keys %$s) if %$s;
	SKIP: {
		skip('a sanitizer slows everything down', 1) if $sanitized;
		is("@often", '', "$what: no callback is slow again and again");
	}
}

sub encrypted_key {
	my ($d, $password, $iterations, $written) = @_;
	my $plain = "$SRC/t/vectors/ca/intermediate.key";
	spew("$d->{dir}/pw", "$password\n", 0600);
	run_ok('openssl', 'pkcs8', '-topk8', '-in', $plain, '-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA256', '-iter', $iterations,
		'-passout', "file:$d->{dir}/pw", '-out', "$d->{dir}/secrets/intermediate_ca.key");
	spew("$d->{dir}/secrets/password", ($written // $password) . "\n", 0600);
	my $yaml = slurp("$d->{dir}/signetd.yaml") =~ s{key: ".*"}{key: "file:secrets/intermediate_ca.key?passwordFile=secrets/password"}r;
	spew("$d->{dir}/signetd.yaml", $yaml);
	push @{ $d->{secrets} }, $password;
	unlink "$d->{dir}/pw";
}

# ---- 64 clients ----

{
	my $d = Signet::Test->new;
	$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
	$d->ready;
	my $csr = csr_new();
	my $dir = scratch();
	my @pids;
	for my $n (1 .. 64) {
		my $pid = fork // die "fork: $!";
		if (!$pid) {
			my ($good, $socket) = (0);
			for (1 .. 4) {
				$socket //= $d->connect or last;
				my $body = json_encode({ csr => $csr, ott => $d->token });
				print $socket "POST /sign HTTP/1.1\r\nHost: localhost\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
				$good++ if Signet::Test::read_answer($socket)->{status} == 201;
			}
			spew("$dir/$n", $good);
			_exit(0);
		}
		push @pids, $pid;
	}
	my ($asked, $answered) = (0, 0);
	while (grep { waitpid($_, WNOHANG) == 0 } @pids) {
		$asked++;
		$answered++ if $d->http('GET', '/health')->{status} == 200;
		sleep 0.05;
	}
	my $good = 0;
	$good += -e "$dir/$_" ? slurp("$dir/$_") : 0 for 1 .. 64;
	is($good, 256, '64 clients: every request was answered with a certificate');
	is($answered, $asked, "64 clients: /health answered meanwhile ($asked times)");
	no_stalls($d, '64 clients');
	$d->stop;
}

# ---- a slow derivation ----

{
	my $d = Signet::Test->new;
	$d->start or BAIL_OUT('no daemon: ' . $d->log_tail); # a first start, for the daemon's own leaf
	$d->ready;
	my ($crt, $key) = $d->certificate;
	$d->stop;
	encrypted_key($d, 'correct horse', 8_000_000); # so long that the answers come before it is over, however slow the test is
	spew($d->{log}, '');
	ok($d->start, 'slow key: the daemon listens') or diag($d->log_tail);
	unlike($d->log_text, qr/event=kms\.ready/, 'slow key: before the key is open');
	is($d->http('GET', '/health')->{status}, 200, 'slow key: /health answers');
	my $token = $d->token;
	my $r = $d->sign(token => $token, csr => csr_new());
	is($r->{status}, 503, 'slow key: /sign says 503') or diag($r->{raw});
	is($r->{headers}{'retry-after'}, 5, 'slow key: Retry-After');
	is($d->http('POST', '/renew', cert => $crt, key => $key)->{status}, 503, 'slow key: /renew too');
	is($d->http('GET', '/roots')->{status}, 201, 'slow key: /roots answers');
	unlike($d->log_text, qr/event=kms\.ready/, 'slow key: all that before the key is open');
	my $end = time + 120;
	sleep 0.05 while $d->log_text !~ /event=kms\.ready/ && time < $end;
	$r = $d->sign(token => $token, csr => csr_new());
	is($r->{status}, 201, 'slow key: then the same token gives a certificate') or diag($r->{raw});
	no_stalls($d, 'slow key');
	$d->stop;

	# TERM while it derives.
	$d->start;
	is($d->http('GET', '/health')->{status}, 200, 'slow key: up again');
	$d->stop(timeout => 120);
}

# ---- a key that does not open ----

for (
	[ 'wrong password', sub { encrypted_key($_[0], 'right one', 600_000, 'wrong one') }, qr/password/i ],
	[ 'no password file', sub { encrypted_key($_[0], 'right one', 1000); unlink "$_[0]{dir}/secrets/password" }, qr{secrets/password} ],
	[ 'no key file', sub { unlink "$_[0]{dir}/secrets/intermediate_ca.key" }, qr{secrets/intermediate_ca\.key} ],
	[ 'another key', sub { spew("$_[0]{dir}/secrets/intermediate_ca.key", slurp("$SRC/t/vectors/ca/root.key"), 0600) }, qr/certificate/ ],
	[ 'no key in it', sub { spew("$_[0]{dir}/secrets/intermediate_ca.key", "nonsense\n", 0600) }, qr/private key/ ],
) {
	my ($what, $break, $message) = @$_;
	my $d = Signet::Test->new;
	$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
	$d->ready;
	$d->stop;
	my ($yaml, $good) = (slurp("$d->{dir}/signetd.yaml"), slurp("$d->{dir}/secrets/intermediate_ca.key"));
	$break->($d);
	push @{ $d->{secrets} }, 'right one', 'wrong one';
	spew($d->{log}, '');
	ok($d->start, "$what: the daemon listens") or diag($d->log_tail);
	my $end = time + 60;
	sleep 0.05 while $d->log_text !~ /event=kms\.failed/ && time < $end;
	my ($line) = $d->log_text =~ /^(.*event=kms\.failed .*)$/m;
	like($line, qr/level=error/, "$what: an error in the log");
	like($line, $message, "$what: it says why");
	like($line, qr/authority=default/, "$what: and of which authority");
	my $r = $d->sign(token => $d->token, csr => csr_new());
	is($r->{status}, 503, "$what: /sign says 503") or diag($r->{raw});
	unlike($r->{body}, qr/password|secrets|key/i, "$what: the client is not told why");
	is($d->http('GET', '/health')->{status}, 200, "$what: /health answers");
	ok($d->alive, "$what: the daemon lives");
	$d->stop;
	spew("$d->{dir}/signetd.yaml", $yaml);
	spew("$d->{dir}/secrets/intermediate_ca.key", $good, 0600);
	ok($d->start && $d->ready, "$what: mended, it issues");
	$d->stop;
}
done_testing;

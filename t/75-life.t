#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# A life: certificates of ten seconds, each kept fresh by a `signet renew --daemon` or `signet rekey --daemon`, while the CA is killed, reloaded, away for
# longer than they live, slow and failing; while the daemons are killed, also between two files; while their clocks jump. At every look the files are whole
# and fit, a certificate is not long expired when nothing was in its way, every certificate that was ever seen is on the CA's record, --exec ran for each.
# long
use strict;
use warnings;
use Test::More;
use POSIX qw(:sys_wait_h);
use Time::HiRes qw(time sleep);
use Crypt::PK::ECC;
use Math::BigInt;
use Signet::Test;
use Signet::DER;
use Signet::Clients;

need('openssl');
need_hooks();
my $seconds = long_scale(70, 900);
my $grace = 45; # for a machine that does seven other things
hang_guard(600 + 3 * $seconds);
my $seed = $ENV{SIGNET_SEED} // time & 0xffff;
srand $seed;
note("SIGNET_SEED=$seed, $seconds seconds");

my $t = scratch();
my $d = Signet::Test->new(
	yaml => "claims: {minTLSCertDuration: 5s, defaultTLSCertDuration: 1h, maxTLSCertDuration: 48h}\n",
	provisioners => { life => { claims => { allowRenewalAfterExpiry => JSON::PP::true } } },
);
my $config = slurp("$d->{dir}/signetd.yaml");
my %ca_env = (SIGNET_TEST_KMS_FILE => "$t/kms", SIGNET_TEST_STORE_FILE => "$t/store");
spew("$t/$_", '') for qw(kms store);
my $trouble = time; # when something was last in everybody's way
sub ca_start { $d->start(env => \%ca_env, timeout => 120) or BAIL_OUT('no daemon: ' . $d->log_tail); $trouble = time }
# A port that the system does not give to others while the CA is away.
for my $try (1 .. 20) {
	spew("$d->{dir}/signetd.yaml", $config =~ s/127\.0\.0\.1:0/'127.0.0.1:' . (10000 + int rand 20000)/er);
	last if $d->start(env => \%ca_env);
	BAIL_OUT('no daemon: ' . $d->log_tail) if $try == 20;
}
sub ready { for (1 .. 600) { return if $d->sign(token => $d->token(iss => 'life'), csr => csr_new())->{status} == 201; sleep 0.05 } BAIL_OUT('cannot issue: ' . $d->log_tail) }
ready();
is(($d->bootstrap)[0], 0, 'bootstrap') or BAIL_OUT('bootstrap');

# ---- the pairs and who watches them ----

my @pairs;
sub pair {
	my ($name, $command, @opts) = @_;
	my $dir = "$t/$name";
	mkdir $dir or die;
	run_ok('openssl', 'genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', "$dir/c.key");
	chmod 0600, "$dir/c.key";
	my ($crt) = $d->certificate(key_file => "$dir/c.key", token => { iss => 'life' }, more => { notAfter => '10s' });
	spew("$dir/c.crt", slurp($crt));
	spew("$dir/clock", "0\n");
	# The very bytes that are in place go on record, in an append that is one write.
	push @pairs, { name => $name, command => $command, dir => $dir, opts => [ @opts, '--exec', "openssl x509 -in \"\$SIGNET_CERT\" -noout -serial >>$dir/ran" ],
		crt => "$dir/c.crt", key => "$dir/c.key", seen => {}, trouble => time, kills => 0, looks => 0 };
}
pair('plain', 'renew');
pair('second', 'renew');
pair('token', 'renew', '--mtls=false');
pair('left', 'renew', '--expires-in', '5s');
pair('period', 'renew', '--renew-period', '3s');
pair('clock', 'renew');
pair('rekey', 'rekey');
pair('rekey2', 'rekey');

sub begin {
	my ($p, %env) = @_;
	my $pid = fork // die;
	if (!$pid) {
		%ENV = (%ENV, SIGNETPATH => $d->{client}, %env);
		$ENV{SIGNET_TEST_CLOCK_FILE} = "$p->{dir}/clock" if $p->{name} eq 'clock';
		open STDIN, '<', '/dev/null';
		open STDOUT, '>>', "$p->{dir}/log";
		open STDERR, '>&', \*STDOUT;
		exec signet_bin(), $p->{command}, $p->{crt}, $p->{key}, '--daemon', @{ $p->{opts} } or POSIX::_exit(127);
	}
	$p->{pid} = $pid;
	$p->{trouble} = time;
}
sub kill_watch { my ($p) = @_; kill 9, $p->{pid}; waitpid delete $p->{pid}, 0; $p->{kills}++; $p->{trouble} = time }
END { kill 9, grep { defined } map { $_->{pid} } @pairs }

# ---- looking ----

my %wrong;
sub wrong { my ($p, $what) = @_; $wrong{"$p->{name}: $what"}++ }

sub spki_of_key { my ($pem) = @_; my $k = eval { Crypt::PK::ECC->new(\$pem) } or return ''; return $k->export_key_der('public_short') }
# Certificate, key, and whether they fit; undef when one is not whole.
sub read_pair {
	my ($p, $crt) = @_;
	my ($pem, $key) = map { eval { slurp($_) } // '' } $crt, $p->{key};
	my $c = eval { cert_fields($pem) } or return;
	my $spki = spki_of_key($key) or return;
	return ($c, $spki eq $c->{spki}, $pem);
}
sub look {
	my ($p) = @_;
	my ($c, $fits) = read_pair($p, $p->{crt});
	$p->{looks}++;
	return wrong($p, 'a file that is not whole') unless $c;
	$p->{seen}{ unpack 'H*', $c->{serial} } = 1;
	# Between two renames of a rekey, or after it was killed there: then what is missing lies beside.
	if (!$fits) {
		my $end = time + 10;
		while (!$fits && time < $end) {
			my ($next, $next_fits) = -e "$p->{crt}.signet-next" ? read_pair($p, "$p->{crt}.signet-next") : ();
			($c, $fits) = read_pair($p, $p->{crt});
			$fits ||= $next_fits && $p->{command} eq 'rekey';
			sleep 0.01 unless $fits;
		}
		wrong($p, 'certificate and key do not fit') unless $fits;
	}
	my $free = $p->{trouble} > $trouble ? $p->{trouble} : $trouble;
	$free = $c->{to} if $c && $c->{to} > $free;
	wrong($p, 'expired though nothing was in the way') if time - $free > $grace;
	# Nobody ends by himself.
	if (defined $p->{pid} && waitpid($p->{pid}, WNOHANG) == $p->{pid}) { wrong($p, "the daemon has ended: $?"); delete $p->{pid}; begin($p) }
}
sub look_for { my ($time) = @_; my $end = time + $time; do { look($_) for @pairs; sleep 0.05 } until time > $end }

# ---- what happens to them ----

my %events;
my @events = (
	[ 'the CA is killed', sub { $d->kill9; ca_start() } ],
	[ 'the CA is away for a while', sub { $d->stop; $trouble = time; look_for(3); ca_start() } ],
	[ 'the CA is away for longer than they live', sub { $d->kill9; $trouble = time; look_for(13); ca_start() } ],
	[ 'the CA reloads', sub { spew("$d->{dir}/signetd.yaml", slurp("$d->{dir}/signetd.yaml") =~ s/maxTLSCertDuration: (\d+)h/'maxTLSCertDuration: ' . (95 - $1) . 'h'/er); kill 'HUP', $d->{pid} } ],
	[ 'the CA reloads a bad file', sub { my $good = slurp("$d->{dir}/signetd.yaml"); spew("$d->{dir}/signetd.yaml", "${good}nonsense: 1\n"); kill 'HUP', $d->{pid}; look_for(1); spew("$d->{dir}/signetd.yaml", $good) } ],
	[ 'the key is slow', sub { spew("$t/kms", 'delay 700'); look_for(3); spew("$t/kms", '') } ],
	[ 'the key fails', sub { spew("$t/kms", 'fail'); look_for(2); spew("$t/kms", ''); $trouble = time } ],
	[ 'the disk is slow', sub { spew("$t/store", 'delay 300'); look_for(3); spew("$t/store", '') } ],
	[ 'the CA is killed while the disk is slow', sub { spew("$t/store", 'delay 400'); look_for(1); $d->kill9; spew("$t/store", ''); ca_start() } ],
	[ 'a renewing daemon is killed', sub { my $p = $pairs[rand @pairs]; kill_watch($p); look_for(1); begin($p) } ],
	[ 'a rekeying daemon is killed between the files', sub { crash((grep { $_->{command} eq 'rekey' } @pairs)[rand 2], 'rekey.between') } ],
	[ 'a daemon is killed before the files', sub { crash($pairs[rand @pairs], 'renew.beside') } ],
	[ 'a daemon is killed after the files', sub { crash($pairs[rand @pairs], 'renew.replaced') } ],
	[ 'a clock jumps forward', sub { clock(3600); look_for(3); clock(0) } ],
	[ 'a clock jumps back', sub { clock(-86400); look_for(3); clock(0) } ],
	[ 'everybody is told to renew', sub { kill 'HUP', grep { defined } map { $_->{pid} } @pairs } ],
);
# The attempt dies there and with it, before it can try again, the daemon.
sub crash {
	my ($p, $point) = @_;
	kill_watch($p);
	my $was = () = log_of($p) =~ /why=crashed/g;
	begin($p, SIGNET_TEST_CRASH => $point);
	my $end = time + 20;
	my $hup = 0;
	until ((my $n = () = log_of($p) =~ /why=crashed/g) > $was || time > $end) {
		kill 'HUP', $p->{pid} if ++$hup % 20 == 0 && defined $p->{pid};
		look_for(0.1);
	}
	ok(time <= $end, "$p->{name}: dies at $point") or diag(substr log_of($p), -2000);
	kill_watch($p) if defined $p->{pid};
	look_for(0.5);
	begin($p);
}
sub log_of { my ($p) = @_; return -e "$p->{dir}/log" ? slurp("$p->{dir}/log") : '' }
sub clock { my ($offset) = @_; my ($p) = grep { $_->{name} eq 'clock' } @pairs; spew("$p->{dir}/clock", "$offset\n"); $p->{trouble} = time }

begin($_) for @pairs;
my $stop = time + $seconds;
my @order;
while (time < $stop) {
	@order = sort { rand() <=> 0.5 } @events unless @order;
	my ($what, $do) = @{ shift @order };
	$events{$what}++;
	note(sprintf '%.0f s left: %s', $stop - time, $what);
	$do->();
	look_for(1.5);
}

# ---- quiet again: everybody renews ----

$trouble = time;
for my $p (@pairs) {
	my $done = () = log_of($p) =~ /event=re\w+\.done/g;
	my $end = time + 120;
	my $now = 0;
	until (($now = () = log_of($p) =~ /event=re\w+\.done/g) >= $done + 2 || time > $end) { look_for(0.2) }
	cmp_ok($now, '>=', $done + 2, "$p->{name}: renews again and again afterwards") or diag(substr log_of($p), -3000);
}
for my $p (@pairs) {
	kill 'TERM', $p->{pid};
	my $end = time + 60;
	my $dead;
	sleep 0.02 until ($dead = waitpid($p->{pid}, WNOHANG)) || time > $end;
	is($dead ? $? : 'hangs', 0, "$p->{name}: ends with status 0");
	delete $p->{pid} if $dead;
	look($p);
}

# ---- the account ----

is(join('; ', map { "$_ ($wrong{$_} times)" } sort keys %wrong), '', 'at every look: whole, fitting, and not long expired');
my %recorded;
{
	my ($rc, $out, $err) = $d->signet('list', '--all', '--status', 'all', '--json', '--socket', "$d->{dir}/run/control.sock");
	is($rc, 0, 'signet list') or diag($err);
	$recorded{$_} = 1 for $out =~ /"serial":"(\d+)"/g;
}
my ($renewed, $attempts, $seen) = (0, 0, 0);
for my $p (@pairs) {
	my $name = $p->{name};
	my $log = log_of($p);
	my @done = $log =~ /event=re\w+\.done certificate=\S+ serial=(\d+) /g;
	my %ran = map { Math::BigInt->from_hex($_)->bstr => 1 } -e "$p->{dir}/ran" ? slurp("$p->{dir}/ran") =~ /^serial=([0-9A-F]+)$/mg : ();
	my %had = map { Math::BigInt->from_hex($_)->bstr => 1 } keys %{ $p->{seen} };
	$renewed += @done;
	$seen += keys %had;
	$attempts += () = $log =~ /event=renew\.failed/g;
	my @missing = grep { !$recorded{$_} } @done, keys %ran, keys %had;
	is("@missing", '', "$name: every certificate that was got is on record");
	# One that was replaced in the last moment before a kill has no --exec of its own.
	my $late = () = $log =~ /--exec is still running/g;
	my @not_run = grep { !$ran{$_} } @done;
	cmp_ok(scalar @not_run, '<=', $p->{kills} + $late, "$name: --exec ran for each") or diag(scalar(@done) . " renewed, without: @not_run");
	my %why = map { $_ => 1 } $log =~ /event=renew\.failed .*? why=(\w+) /g;
	delete @why{qw(unreachable busy crashed)};
	delete $why{refused} if $name eq 'clock';
	is(join(' ', sort keys %why), '', "$name: no attempt failed for another reason") or diag(join "\n", (grep { /why=(?!unreachable|busy|crashed)/ } split /\n/, $log)[0 .. 3]);
	my @odd = grep { !/^time=\S+ level=(?:info|warn|error) event=(?:renew|rekey)\.\w+ certificate=\S+ / } split /\n/, $log;
	is(scalar @odd, 0, "$name: a line an event") or diag(join "\n", @odd[0 .. ($#odd > 5 ? 5 : $#odd)]);
	opendir my $h, $p->{dir} or die;
	is(join(' ', sort grep { !/^\.\.?$/ } readdir $h), 'c.crt c.key clock log ran', "$name: no other file");
	is(verify_ok($p->{crt}, $d->{root}, '-no_check_time'), '', "$name: the last one verifies");
	ok(run_ok('openssl', 'x509', '-in', $p->{crt}, '-noout', '-pubkey') eq run_ok('openssl', 'pkey', '-in', $p->{key}, '-pubout'), "$name: and fits");
}
cmp_ok($renewed, '>=', 2 * @pairs, 'certificates were renewed');
note("$renewed renewals, $seen certificates seen in files, $attempts attempts failed, events: " . join ', ', map { "$_ $events{$_}" } sort keys %events);
$d->stop;
done_testing;

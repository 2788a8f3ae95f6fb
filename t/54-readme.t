#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# The commands of README, executed: every indented line of it that begins with signet, signetd, step or openssl, from the top to the end, as a person would at
# a terminal, in one sandbox. README shows them as they are; what differs here stands in the tables below: other words for hosts and folders, answers
# to questions, what to look at afterwards. A new command needs no entry if it works as it stands. An entry that README does not have any more, and an
# indented line that is neither a command nor listed in %not_run, fail. Indented lines below "# FILE" are what the file holds, those below "# FILE, at its
# end" are added to it.
use strict;
use warnings;
use Test::More;
use Cwd qw(abs_path);
use Math::BigInt;
use Signet::Test;
use Signet::Clients;
use Signet::Terminal;

need('openssl');
hang_guard(900);

my $top = scratch();
my ($work, $ca) = ("$top/work", "$top/ca");
mkdir $_ for $work, "$top/bin", "$top/home", "$top/backups", "$top/store";
symlink abs_path($$_[0]), "$top/bin/$$_[1]" for [ signet_bin(), 'signet' ], [ signetd_bin(), 'signetd' ], have('step') ? [ step_bin(), 'step' ] : ();
my %env = (PATH => "$top/bin:$ENV{PATH}", HOME => "$top/home", SIGNETPATH => "$top/home/.signet", STEPPATH => "$top/home/.step", NO_COLOR => 1);
my $d; # the daemon, when it runs
my %pw = (root => 'root password', inter => 'intermediate password', prov => 'provisioner password', ops => 'password of ops');

# ---- other words ----

sub serial { my ($file) = @_; return Math::BigInt->from_hex('0x' . (run_ok('openssl', 'x509', '-in', "$work/$file", '-noout', '-serial') =~ /=(\w+)/)[0])->bstr }
my @serials = map { my $f = $_; sub { serial($f) } } 'web3.crt', 'web4.crt', (have('step') ? 'step2.crt' : ()), 'web.crt'; # for SERIAL, one after the other
my @words = (
	[ qr{https://ca\.example\.com:9000} => sub { $d->{url} } ],
	[ qr{\bca\.example\.com\b} => sub { 'localhost' } ],
	[ qr{\b192\.0\.2\.10\b} => sub { '127.0.0.1' } ],
	[ qr{\bHEX\b} => sub { $d->fingerprint } ],
	[ qr{/var/lib/signet2\b} => sub { "$top/restored" } ],
	[ qr{/var/lib/signet\b} => sub { $ca } ],
	[ qr{/var/backups\b} => sub { "$top/backups" } ],
	[ qr{/run/nginx\.pid\b} => sub { "$top/nginx.pid" } ],
	[ qr{\bconf/inventories\b} => sub { abs_path("$SRC/conf/inventories") } ],
	[ qr{systemctl reload nginx} => sub { "echo renewed >>$top/reloaded" } ],
	[ qr{\bSERIAL\b} => sub { (shift @serials)->() } ],
	[ qr{\bENDPOINT\b} => sub { json_decode(run_ok({ env => \%env }, 'signet', 'show', serial('web.crt'), '--json', '--config', "$ca/signetd.yaml"))->{endpoint} } ],
);

# ---- lines that are no commands of ours ----

my %not_run = (
	'contrib/quickstart' => 'contrib/check runs it', 'contrib/check' => 'runs this', 'contrib/dependencies build --install' => 'quickstart runs it',
	'autoreconf -fi && ./configure && make && make install' => 'how else did we get here', 'claims:' => 'configuration',
);
# Folders in which a section's commands run; else $work.
my %folder = map { $_ => $ca } 'See what was issued', 'The daemon at work', 'Provisioners', 'Customise a certificate', 'Who may get which name', 'Inventories', 'Webhooks', 'Back up and restore';

# ---- what a command needs, and what is looked at afterwards ----
# args: added to it; status: its exit status, if not 0; answers: to its questions; before, after: called, after with what was shown; stays: called with the running program.

my @secret = (qr/assword[^\n]*: / => $pw{prov}); # step draws a cursor behind it
sub chain_ok { my ($file) = @_; return sub { is(verify_ok("$work/$file", "$ca/certs/root_ca.crt"), '', "openssl verifies $file") } }
sub changes { # a certificate, another one afterwards
	my ($file) = @_;
	my $was;
	return (before => sub { $was = serial($file) }, after => sub { isnt(serial($file), $was, "$file is another one"); chain_ok($file)->() });
}
sub saying { my ($re) = @_; return (after => sub { like($_[0], $re, 'it says so') }) }
my $csr = sub { run_ok('openssl', 'req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', "$work/csr.key", '-out', "$work/web.csr",
	'-subj', '/CN=web.example.com', '-addext', 'subjectAltName=DNS:web.example.com') };
my %how = (
	'signet init /var/lib/signet --name Example --dns ca.example.com --dns 192.0.2.10' => {
		args => '--address 127.0.0.1:0',
		answers => [ qr/first provisioner.*: \z/s => '', map { (qr/\Q$$_[0]\E[^\n]*: \z/s => $$_[1], qr/again: \z/s => $$_[1]) } [ 'root key', $pw{root} ], [ 'intermediate key', $pw{inter} ], [ 'provisioner', $pw{prov} ] ],
		after => sub {
			like($_[0], qr/^  Root fingerprint: [0-9a-f]{64}$/m, 'init prints the fingerprint');
			ok(-e "$ca/$_", "init made $_") for qw(signetd.yaml provisioners.d certs/root_ca.crt secrets/root_ca.key);
			spew("$ca/signetd.yaml", slurp("$ca/signetd.yaml") . "store: {minFree: 1MiB, minFreeRevoke: 1MiB}\n"); # small machines test, too
		},
	},
	'signetd --check-config --config /var/lib/signet/signetd.yaml' => { args => '--plugin-dir ' . plugin_dir() },
	'signetd --config /var/lib/signet/signetd.yaml' => {
		instead => sub {
			$d = Signet::Test->new(dir => $ca, existing => 1);
			push @{ $d->{secrets} }, values %pw;
			$d->{log} = "$top/signetd.log";
			ok($d->start, 'signetd runs') or BAIL_OUT($d->log_tail);
		},
	},
	'signetd --help-config' => { saying(qr/^dnsNames\b/m) },
	'signet certificate web.example.com web.crt web.key' => { answers => [@secret], after => chain_ok('web.crt') },
	'signet certificate web.example.com web2.crt web2.key --san web.example.com --san 192.0.2.7 --not-after 12h' => {
		answers => [@secret],
		after => sub {
			is(sans_of("$work/web2.crt"), 'DNS:web.example.com IP:192.0.2.7', 'both names');
			my @dates = dates_of("$work/web2.crt");
			is($dates[1] - $dates[0], 12 * 3600 + 60, 'twelve hours');
		},
	},
	'signet certificate web.example.com web3.crt web3.key --kty RSA --size 3072' => { answers => [@secret], after => sub { is(key_of("$work/web3.crt"), 'RSA 3072', 'RSA') } },
	'signet token web.example.com --output-file token' => { answers => [@secret], after => sub { like(slurp("$work/token"), qr/\AeyJ/, 'a token') } },
	'signet certificate web.example.com web4.crt web4.key --token-file token' => { after => chain_ok('web4.crt') },
	'signet certificate web.example.com own.crt --private-key own.key' => { answers => [@secret], after => chain_ok('own.crt') },
	'signet sign web.csr web5.crt' => { before => $csr, answers => [@secret], after => chain_ok('web5.crt') },
	'step ca certificate web.example.com step.crt step.key' => { answers => [@secret], after => chain_ok('step.crt') },
	'step ca token web.example.com' => { answers => [@secret], saying(qr/^eyJ/m) },
	'step ca sign web.csr step2.crt' => { before => $csr, answers => [@secret], after => chain_ok('step2.crt') },
	(map { $_ => { changes('web.crt') } } 'signet renew web.crt web.key --force', 'step ca renew web.crt web.key --force', 'signet rekey web.crt web.key --force',
		'step ca rekey web.crt web.key --force'),
	'signet renew web.crt web.key --daemon --exec "systemctl reload nginx"' => {
		changes('web.crt'),
		stays => sub {
			my ($t) = @_;
			ok(terminal_until($t, qr/\n/), 'the daemon says what it will do') or diag($t->{text});
			kill 'HUP', $t->{pid};
			my $end = time + 60;
			select undef, undef, undef, 0.05 until -s "$top/reloaded" || time > $end;
			is(slurp("$top/reloaded"), "renewed\n", 'HUP renews at once, and the command was run') if ok(-e "$top/reloaded", 'the command was run');
			kill 'TERM', $t->{pid};
		},
	},
	'signet renew web.crt web.key --expires-in 8h --force --pid-file /run/nginx.pid' => { before => sub { spew("$top/nginx.pid", "$$\n") } },
	'signet revoke SERIAL' => { answers => [@secret] },
	'step ca revoke SERIAL' => { answers => [@secret] },
	'signet revoke SERIAL --reason keyCompromise --config /var/lib/signet/signetd.yaml' => {},
	'signet inspect web.crt --json' => { after => sub { ok(eval { json_decode((split /\n/, $_[0])[0]) }, 'JSON') or diag($@, $_[0]) } },
	'signet key password own.key' => { answers => [ qr/assword[^\n]*: \z/s => 'new password', qr/again: \z/s => 'new password' ], after => sub { like(slurp("$work/own.key"), qr/ENCRYPTED PRIVATE KEY/, 'under a password now') } },
	'signet install' => { args => "--into $top/store", after => sub { ok(scalar(() = glob "$top/store/*"), 'the root is in the store') } },
	'signet uninstall' => { args => "--into $top/store", after => sub { ok(!(() = glob "$top/store/*"), 'and out of it') } },
	'signet list --config /var/lib/signet/signetd.yaml' => { saying(qr/\ANAME .*SERIAL\n/) },
	'signet list --all --csv' => { saying(qr/\Aserial,/) },
	'signet show SERIAL' => { saying(qr/^Common name +web\.example\.com$/m) },
	'signet show ENDPOINT' => { saying(qr/^Certificates +[4-9]$/m) },
	'signet status' => { saying(qr/^Issuing +yes$/m) },
	'signet reload' => { saying(qr/^Reloaded: [1-3] provisioners?\.$/m) },
	'signet provisioner add ops --x509-default-dur 12h --x509-max-dur 48h' => { answers => [ qr/assword[^\n]*: \z/s => $pw{ops}, qr/again: \z/s => $pw{ops} ], saying(qr/^Provisioner ops is there\.$/m) },
	'signet provisioner show ops' => { saying(qr/^  maxTLSCertDuration: "48h0m0s"$/m) },
	'signet provisioner remove ops' => { answers => [ qr/\[y\/N\] \z/s => 'y' ], saying(qr/^Provisioner ops is gone\.$/m) },
	'signet token web.example.com --provisioner robot --key robot.key' => { saying(qr/^eyJ/m) },
	'signet template default > templates/web.tpl' => { after => sub { is(slurp("$ca/templates/web.tpl"), slurp("$SRC/conf/templates/leaf.tpl"), 'the default template') } },
	'signet template check templates/web.tpl' => { saying(qr{^templates/web\.tpl: fine$}m) },
	'signet template render templates/web.tpl --subject web.example.com --set team=Web' => { saying(qr/"organizationalUnit": "Web"/) },
	'signet template render templates/web.tpl --csr web.csr --set team=Web' => { before => sub { spew("$ca/web.csr", slurp("$work/web.csr")) }, saying(qr/"organizationalUnit": "Web"/) },
	'signet provisioner add web' => { answers => [ qr/assword[^\n]*: \z/s => $pw{ops}, qr/again: \z/s => $pw{ops} ], saying(qr/^Provisioner web is there\.$/m) },
	'signet certificate web.example.com web6.crt web6.key --provisioner web --set team=Web' => { answers => [ qr/assword[^\n]*: / => $pw{ops} ], after => sub { is(unit_of('web6.crt'), 'Web', 'as the template says') } },
	'step ca certificate web.example.com step6.crt step6.key --provisioner web --set team=Web' => { answers => [ qr/assword[^\n]*: / => $pw{ops} ], after => sub { is(unit_of('step6.crt'), 'Web', 'as the template says') } },
	'signet policy test web.example.com 192.0.2.7 --provisioner web' => { saying(qr/^web\.example\.com: allowed\b.*^192\.0\.2\.7: allowed\b/ms) },
	'signet policy test secret.example.com --provisioner web' => { status => 3, saying(qr/^secret\.example\.com: refused\b.*policy\.x509\.deny\.dns\[0\]/ms) },
	'signet inventory get hosts web3.example.com' => { saying(qr/api\.example\.com/) },
	'signet inventory list hosts' => { saying(qr/web3\.example\.com/) },
	'signet inventory export hosts hosts.csv' => { after => sub { like(slurp("$ca/hosts.csv"), qr/^db1\.example\.com,/m, 'the records') } },
	'signet inventory remove hosts db1.example.com' => { saying(qr/^db1\.example\.com is gone from inventory hosts\.$/m) },
	'signet certificate web3.example.com web7.crt web7.key --provisioner web --set team=Web' => {
		answers => [ qr/assword[^\n]*: / => $pw{ops} ], after => sub { is(sans_of("$ca/web7.crt"), 'DNS:web3.example.com', 'the name of the record') } },
	'signet backup /var/backups/signet-1' => { after => sub { ok(-d "$top/backups/signet-1/db", 'a backup') } },
	'signetd --restore /var/backups/signet-1 --config /var/lib/signet2/signetd.yaml' => { args => '--plugin-dir ' . plugin_dir(), after => sub { ok(-e "$top/restored/$_", "restored: $_") for qw(db signetd.yaml) } },
);
sub unit_of { return (run_ok('openssl', 'x509', '-in', "$ca/$_[0]", '-noout', '-subject', '-nameopt', 'multiline') =~ /organizationalUnitName *= (.*)$/m)[0] }
# Those that README mentions and nobody should run here, with the reason.
my %skipped = ();

# ---- README ----

my ($section, $last, $file, @commands, @strange) = ('', '');
for (split /\n/, slurp("$SRC/README")) {
	$section = $last if /^-{3,}$/ && length == length $last;
	$last = $_;
	$file = undef unless /^    /;
	if (/^    # ([\w.\/-]+)(, at its end)?$/) {
		$file = { name => $1, adds => defined $2, text => '' };
		push @commands, [ $section, $file ];
		next;
	}
	if ($file) { $file->{text} .= substr($_, 4) . "\n"; next }
	next unless /^    (\S.*?)(?:\s{2,}# .*)?$/;
	my $line = $1;
	if ($line =~ /^(signet|signetd|step|openssl) /) { push @commands, [ $section, $line ] }
	else { push @strange, $line unless grep { index($line, $_) == 0 } keys %not_run }
}
is("@strange", '', 'README: indented lines are commands, or listed here');
cmp_ok(scalar @commands, '>', 60, 'README has commands');
my %has = map { $_->[1] => 1 } @commands;
is(join("\n", grep { !$has{$_} } sort keys %how, keys %skipped), '', 'nothing is listed here that README has no more');

sub execute {
	my ($section, $line) = @_;
	if (ref $line) {
		my $path = ($folder{$section} // $work) . "/$line->{name}";
		is(-e $path ? 1 : 0, 1, "$section: $line->{name} is there") if $line->{adds};
		spew($path, ($line->{adds} ? slurp($path) : '') . $line->{text});
		return;
	}
	my %h = %{ $how{$line} // {} };
	my $command = $line;
	for my $w (@words) { my ($from, $to) = @$w; $command =~ s/$from/$to->()/ge }
	$command .= " $h{args}" if defined $h{args};
	$h{before}->() if $h{before};
	if ($h{instead}) { $h{instead}->(); return }
	my %run = (cmd => [ 'sh', '-c', "exec $command" ], env => \%env, cwd => $folder{$section} // $work, columns => 120);
	my ($status, $text, $unasked);
	if ($h{stays}) {
		my $t = terminal_start(%run);
		$h{stays}->($t);
		($status, $text, $unasked) = (terminal_end($t), 0);
	} else {
		($status, $text, $unasked) = on_terminal(%run, answers => $h{answers} // []);
	}
	is("$status $unasked", ($h{status} // 0) . ' 0', "$section: $line") or diag("$command\n$text");
	$h{after}->($text) if $h{after};
	is(scalar(grep { index($text, $_) >= 0 } values %pw), 0, 'no password is shown');
}

for (@commands) {
	my ($section, $line) = @$_;
	SKIP: {
		skip $skipped{$line}, 1 if $skipped{$line};
		skip 'step is not installed', 1 if $line =~ /^step / && !have('step');
		execute($section, $line);
	}
}
is(scalar @serials, 0, 'every SERIAL was one');
$d->stop if $d;
done_testing;

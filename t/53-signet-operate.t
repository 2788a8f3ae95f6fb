#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# The operator's commands against a running daemon: list, show, status, reload, provisioner, backup. What they print in each form, who may, and what
# they say when something is wrong. openssl and `step` judge.
use strict;
use warnings;
use Encode ();
use File::Basename qw(dirname);
use Math::BigInt;
use Test::More;
use Time::HiRes qw(time sleep);
use Signet::Test;
use Signet::Clients;
use Signet::DER;
use Signet::Terminal;

need('openssl');
hang_guard(900);

my $root = $> == 0;
my $t = scratch();
my $d = Signet::Test->new(
	yaml => "control: {socket: run/control.sock, group: nogroup}\n",
	provisioners => {
		admin => {}, other => { key_name => 'second', claims => { disableRenewal => 'true' } },
		short => { key_name => 'second', claims => { minTLSCertDuration => '1s', defaultTLSCertDuration => '1s' } },
	});
my $yaml = "$d->{dir}/signetd.yaml";
my ($rc, $out, $err);

# A command with --config: (status, stdout, stderr), kept in $rc, $out, $err too.
sub op { ($rc, $out, $err) = $d->signet(@_, '--config', $yaml); return ($rc, $out, $err) }
sub good { my ($name, @args) = @_; op(@args); is($rc, 0, $name) or diag($out, $err); is($err, '', "$name: nothing on stderr"); return $out }
# Refused in one line, with nothing on standard output.
sub bad {
	my ($name, $status, $re, @args) = @_;
	op(@args);
	is($rc, $status, "$name: status") or diag($out, $err);
	like($err, $re, "$name: message");
	is($out, '', "$name: nothing on stdout");
	is(scalar(split /\n/, $err), $status == 2 && $err =~ /^Try: /m ? 2 : 1, "$name: one line") or diag($err);
}
sub lines { return split /\n/, $_[0] // $out }
sub field { my ($n, $text) = @_; return map { (split /\t/, $_, -1)[$n] } lines($text) }

# ---- no daemon ----

bad('no daemon', 4, qr/^signet: \Q$d->{dir}\E\/run\/control\.sock: no daemon's socket here; is signetd running\?/, 'status');
for my $args (['list'], ['show', 1], ['reload'], ['backup', "$t/b"], ['provisioner', 'list'], ['provisioner', 'remove', 'x', '--force']) {
	($rc, $out, $err) = $d->signet(@$args, '--socket', "$t/nowhere.sock");
	is($rc, 4, "no socket, @$args: status 4");
	like($err, qr/\Asignet: \Q$t\E\/nowhere\.sock: .*is signetd running\?.*\n\z/, "no socket, @$args: message");
}
spew("$t/plain", '');
($rc, $out, $err) = $d->signet('status', '--socket', "$t/plain");
is($rc, 1, 'a file as socket: status 1');
like($err, qr/\Asignet: \Q$t\E\/plain: is not a socket\n\z/, 'a file as socket: message');
($rc, $out, $err) = run({ env => { SIGNETPATH => $t } }, 'sh', '-c', "cd '$t' && exec '" . signet_bin() . "' status");
SKIP: {
	skip 'this machine has a /etc/signet/signetd.yaml', 2 if -e '/etc/signet/signetd.yaml';
	is($rc, 1, 'no configuration: status 1');
	like($err, qr/\Asignet: which daemon\? .*--config FILE.*--socket PATH\n\z/, 'no configuration: message');
}
($rc, $out, $err) = $d->signet('status', '--config', "$t/no-such.yaml");
is($rc, 1, 'no such configuration: status 1');
like($err, qr/\Asignet: .*no-such\.yaml.*\n\z/, 'no such configuration: message');
spew("$t/off.yaml", slurp($yaml) =~ s/^control:.*$/control: {socket: ""}/mr =~ s{(root|crt): }{$1: $d->{dir}/}gr =~ s{"file:}{"file:$d->{dir}/}r);
($rc, $out, $err) = $d->signet('status', '--config', "$t/off.yaml");
is($rc, 1, 'no control socket in the configuration: status 1');
like($err, qr/\Asignet: \Q$t\E\/off\.yaml: control\.socket is empty, so this daemon has no control socket\n\z/, 'no control socket: message');

# ---- a daemon with three hundred certificates ----

$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
$d->ready;
my ($first) = field(5, good('list: the first one', 'list'));
my $all = 300;
my $p256 = prov_key('provisioner');
my %made; # serial => { name, ... }
sub make {
	my (%o) = @_;
	my $name = $o{name};
	my @names = ($name, @{ $o{more} // [] });
	my $csr = to_pem('CERTIFICATE REQUEST', csr_der(key => $p256, subject => name_cn($o{cn} // $name),
		attrs => ext_request(san_ext(map { tlv(0x82, $_) } @names))));
	my $r = $d->sign(csr => $csr, more => $o{body} // {},
		token => $d->token(sub => $o{cn} // $name, iss => $o{by} // 'admin', key => $o{by} && $o{by} ne 'admin' ? 'second' : 'provisioner', claims => { sans => \@names }));
	die "sign $name: $r->{status} $r->{body}\n" . $d->log_tail unless $r->{status} == 201;
	my $serial = Math::BigInt->from_hex(unpack 'H*', cert_fields($r->{json}{crt})->{serial})->bstr;
	$made{$serial} = { name => $name, pem => $r->{json}{crt}, by => $o{by} // 'admin' };
	return $serial;
}
my $odd = make(name => 'odd.example.com', cn => 'we, the "odd" ones', more => ['odd2.example.com', 'b.odd.example.com']);
for my $i (1 .. $all - 2) {
	make(name => sprintf('h%03d.%s', $i, $i % 3 ? 'example.com' : 'example.net'), by => $i % 10 ? 'admin' : 'other',
		body => { notAfter => ($i < 30 ? 6 : 12) * 3600 + 60 * $i . 's' });
}
$made{$first} = { name => 'host.example.com', by => 'admin' };
is(scalar keys %made, $all, 'three hundred certificates');

# ---- list ----

op('list');
is($rc, 0, 'list: status');
is(scalar lines(), 100, 'list: a hundred lines');
like($err, qr/\AThere is more; the next page \(or --all instead\):\n  signet list --config \S+ --cursor \S+\n\z/, 'list: tells how to get the rest');
is(scalar(grep { !/\A[^\t]+\tdefault\t(admin|other)\tvalid\t20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ\t\d+\z/ } lines()), 0, 'list: six columns');
my @ends = field(4, $out);
is("@ends", join(' ', sort @ends), 'list: what ends first comes first');

# The command that it prints is run as it stands, until there is none.
my ($command, @got, @sizes) = ("signet list --limit 70 --config '$yaml'");
while (defined $command && @sizes < 20) {
	($rc, $out, $err) = run({ env => { PATH => "$BUILD:$ENV{PATH}" } }, 'sh', '-c', $command);
	is($rc, 0, 'list: a page') or diag($out, $err);
	push @sizes, scalar lines();
	push @got, field(5, $out);
	($command) = $err =~ /^  (signet list .*)$/m;
}
is("@sizes", '70 70 70 70 20', 'list: five pages');
is(join(' ', sort @got), join(' ', sort keys %made), 'list: each certificate on one page');
my $sorted = good('list --all', 'list', '--all');
is(join(' ', field(5, $sorted)), "@got", 'list --all: the same in the same order');
op('list', '--limit', 290);
is(scalar lines(), 290, 'list --limit 290');

good('list --json --all', 'list', '--json', '--all');
my $json = json_decode($out);
is(join(' ', sort keys %$json), 'certificates nextCursor', 'list --json: one object');
is(join(' ', map { $_->{serial} } @{ $json->{certificates} }), "@got", 'list --json --all: all in one');
is($json->{nextCursor}, '', 'list --json --all: no cursor');
my %json = map { $_->{serial} => $_ } @{ $json->{certificates} };
is(scalar(grep { !grep({ /\A[\w.]+\z/ } @{ $json{$_}{names} }) || $json{$_}{provisioner} ne $made{$_}{by} } keys %made), 0, 'list --json: names and provisioners');
is(join(' ', sort @{ $json{$odd}{names} }), 'b.odd.example.com odd.example.com odd2.example.com we, the "odd" ones', 'list --json: all names');
good('list --json --limit', 'list', '--json', '--limit', 7);
my $page = json_decode($out);
is(scalar @{ $page->{certificates} }, 7, 'list --json --limit: seven');
good('list --json --cursor', 'list', '--json', '--limit', 7, '--cursor', $page->{nextCursor});
is(json_decode($out)->{certificates}[0]{serial}, $got[7], 'list --json --cursor: goes on');

# CSV read back by the grammar of RFC 4180.
sub csv_parse {
	my ($text) = @_;
	my (@rows, @row);
	while (length $text) {
		my $cell;
		if ($text =~ s/\A"((?:[^"]|"")*)"//) { $cell = $1; $cell =~ s/""/"/g }
		elsif ($text =~ s/\A([^",\r\n]*)//) { $cell = $1 }
		else { return }
		push @row, $cell;
		next if $text =~ s/\A,//;
		return unless $text =~ s/\A\r\n//;
		push @rows, [@row];
		@row = ();
	}
	return @rows;
}
good('list --csv --all', 'list', '--csv', '--all');
my @csv = csv_parse($out);
my @head = @{ shift @csv };
is("@head[0 .. 3]", 'serial serialHex commonName names', 'list --csv: a header');
is(scalar @csv, $all, 'list --csv: all rows');
my @wrong;
for my $row (@csv) {
	my %c;
	@c{@head} = @$row;
	my $j = $json{ $c{serial} } // {};
	push @wrong, $c{serial} if @$row != @head || grep { ($c{$_} // '') ne (ref $j->{$_} ? join(' ', @{ $j->{$_} }) : $j->{$_} // '') } @head;
}
is("@wrong", '', 'list --csv: what --json says');
is((grep { $_->[0] eq $odd } @csv)[0][2], 'we, the "odd" ones', 'list --csv: commas and quotes');
is(csv_parse(good('list --csv, nothing', 'list', '--csv', '--name', 'nobody.test')), 1, 'list --csv, nothing: the header');

good('list --pem --all', 'list', '--pem', '--all');
spew("$t/all.pem", $out);
like(run_ok('openssl', 'storeutl', '-noout', '-certs', "$t/all.pem"), qr/^Total found: $all$/m, 'list --pem: openssl reads all');
my @pems = $out =~ /(-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n)/sg;
is(join(' ', map { Math::BigInt->from_hex(unpack 'H*', cert_fields($_)->{serial})->bstr } @pems), "@got", 'list --pem: the same certificates');
is($pems[ (grep { $got[$_] eq $odd } 0 .. $#got)[0] ], $made{$odd}{pem}, 'list --pem: byte for byte');
op('list', '--pem');
is(() = $out =~ /BEGIN/g, 100, 'list --pem: a hundred');
like($err, qr/^  signet list .*--pem.* --cursor /m, 'list --pem: and how to go on');

# ---- filters ----

my ($four) = grep { $made{$_}{name} eq 'h004.example.com' } keys %made;
is(join(' ', field(5, good('--name', 'list', '--name', 'H004.Example.COM'))), $four, '--name: exact, in any case');
is(scalar(lines(good('--name h00*', 'list', '--name', 'h00*'))), 9, '--name: beginning');
is(scalar(lines(good('--name *.net', 'list', '--name', '*le.net'))), 99, '--name: end');
is(join(' ', field(5, good('--name another name', 'list', '--name', 'odd2.example.com'))), $odd, '--name: not the first name');
is(scalar(lines(good('--provisioner', 'list', '--provisioner', 'other'))), 29, '--provisioner');
is(scalar(lines(good('--provisioner and --name', 'list', '--provisioner', 'other', '--name', '*le.net'))), 9, '--provisioner and --name');
is(good('--provisioner, none', 'list', '--provisioner', 'nobody'), '', '--provisioner, none: empty');
op('list', '--authority', 'default', '--limit', 1000);
is(scalar lines(), $all, '--authority');
is(scalar(lines(good('--expires-within', 'list', '--expires-within', '9h30m'))), 29, '--expires-within 9h30m');
op('list', '--expires-within', '2d', '--all');
is(scalar lines(), $all, '--expires-within in days');
is(scalar(lines(good('--expires-within 0d9h', 'list', '--expires-within', '0d9h'))), 29, '--expires-within: days and hours');
is(good('--status expired', 'list', '--status', 'expired'), '', '--status expired: none yet');
is(good('--json, none', 'list', '--json', '--status', 'expired'), "{\"certificates\":[],\"nextCursor\":\"\"}\n", 'list --json: an empty list');
like(good('--self', 'list', '--self', '--name', 'localhost'), qr/^[^\t]+\tdefault\t\tvalid\t/, '--self: the daemon\'s own');
is(good('without --self', 'list', '--name', 'localhost'), '', 'without --self: not the daemon\'s own');

my $gone = make(name => 'gone.example.com', by => 'short');
sleep 0.1 until time > cert_fields($made{$gone}{pem})->{to} + 1.1;
is(join(' ', field(5, good('--status expired', 'list', '--status', 'expired'))), $gone, '--status expired');
is(join(' ', (split /\t/, $out)[3]), 'expired', '--status expired: says so');
op('list', '--all');
unlike($out, qr/$gone/, 'list: leaves out what has expired');
is(scalar(lines(good('--status all', 'list', '--status', 'all', '--all'))), $all + 1, '--status all');

op('revoke', $four, '--reason', 'keyCompromise');
is($rc, 0, 'revoke as operator') or diag($err);
is(join(' ', field(5, good('--status revoked', 'list', '--status', 'revoked'))), $four, '--status revoked');
is(scalar(lines(good('--status valid', 'list', '--status', 'valid', '--all'))), $all - 1, '--status valid');
is((field(3, good('revoked in the list', 'list', '--name', 'h004.example.com')))[0], 'revoked', 'list: revoked ones are in it, and marked');

for (['--limit 0', 2, qr/^signet list: --limit 0: a number from 1$/m, '--limit', 0], ['--limit x', 2, qr/--limit x/, '--limit', 'x'],
	['--limit and --all', 2, qr/exclude each other/, '--limit', 5, '--all'], ['two forms', 2, qr/--json, --csv and --pem exclude each other/, '--json', '--csv'],
	['--status', 2, qr/--status nonsense: current, valid, revoked, expired or all/, '--status', 'nonsense'],
	['--expires-within', 2, qr/--expires-within soon: e\.g\. 12h, 7d/, '--expires-within', 'soon'], ['--expires-within -1h', 2, qr/e\.g\. 12h/, '--expires-within', '-1h'],
	['--expires-within 0s', 2, qr/e\.g\. 12h/, '--expires-within', '0s'], ['--expires-within xd', 2, qr/e\.g\. 12h/, '--expires-within', 'xd'],
	['--name empty', 2, qr/--name is empty/, '--name', ''],
	['--cursor', 3, qr/^signet: cursor: /, '--cursor', 'nonsense'], ['--endpoint', 2, qr/^signet: --endpoint nonsense: an id such as/, '--endpoint', 'nonsense']) {
	my ($name, $status, $re, @args) = @$_;
	bad("list $name", $status, $re, 'list', @args);
}
bad('an argument', 2, qr/unexpected argument "x"/, 'list', 'x');

# A reader that goes, and a full disk.
($rc, $out, $err) = run('sh', '-c', "'" . signet_bin() . "' list --all --json --config '$yaml' | head -c 10");
is($err, '', 'list into a reader that goes: no complaint');
SKIP: {
	skip 'no /dev/full', 2 unless -c '/dev/full';
	for my $args ('list --all', 'status') {
		($rc, $out, $err) = run('sh', '-c', "'" . signet_bin() . "' $args --config '$yaml' >/dev/full");
		is($rc, 1, "$args, full disk: status 1");
		like($err, qr/\Asignet: standard output: No space left on device\n\z/, "$args, full disk: message");
	}
}

# ---- show ----

my $five = (grep { $made{$_}{name} eq 'h005.example.com' } keys %made)[0];
my $hex = Math::BigInt->new($five)->to_hex;
$hex = "0$hex" if length($hex) % 2;
good('show', 'show', $five);
my $shown = $out;
like($shown, qr/^Serial +$five\n +0x$hex\nCommon name +h005\.example\.com\nNames +h005\.example\.com\nStatus +valid\nValid from +\S+Z \(.* ago\)\nValid until +\S+Z \(in .*\)$/m, 'show: the facts');
like($shown, qr/^Provisioner +admin \(JWK\)$/m, 'show: provisioner and its type');
my ($endpoint) = $shown =~ /^Endpoint +([0-9a-f-]{36})$/m;
ok(defined $endpoint, 'show: endpoint');
spew("$t/five.pem", $made{$five}{pem});
my ($fp) = run_ok('openssl', 'x509', '-in', "$t/five.pem", '-noout', '-fingerprint', '-sha256') =~ /=(.*)$/m;
like($shown, qr/^SHA-256 +\L${\ ($fp =~ s,:,,gr)}\E$/m, 'show: fingerprint');
for my $form ("0x$hex", "0X\U$hex", "\U$hex", join(':', $hex =~ /(..)/g)) {
	next if $form =~ /\A\d+\z/;
	is(good("show $form", 'show', $form) =~ s/ \(.*\)$//gmr, $shown =~ s/ \(.*\)$//gmr, "show $form: the same");
}
good('show --json', 'show', $five, '--json');
my $one = json_decode($out);
is($one->{pem}, $made{$five}{pem}, 'show --json: the certificate');
is("$one->{serial} $one->{serialHex} $one->{endpoint}", "$five $hex $endpoint", 'show --json: serial and endpoint');
is(good('show --pem', 'show', $five, '--pem'), $made{$five}{pem}, 'show --pem');
like(good('show, revoked', 'show', $four), qr/^Status +revoked\n(?:.*\n)*?Revoked +\S+Z \(.*\nReason +1 keyCompromise\n(?:.*\n)*?Revoked by +uid \d+$/m, 'show: a revocation');
good('show an endpoint', 'show', $endpoint);
like($out, qr/^Endpoint +$endpoint\nCommon name +h005\.example\.com\nKind +x509\nAuthority +default\nProvisioner +admin\nSince +\S+Z \(.*\nCertificates +1\n\n\S+Z\t\S+Z\tvalid\t$five\n\z/m, 'show: an endpoint');
good('show an endpoint, --json', 'show', $endpoint, '--json');
is(join(' ', map { $_->{serial} } @{ json_decode($out)->{certificates} }), $five, 'show --json: its certificates');
is(good('show an endpoint, --pem', 'show', uc($endpoint =~ s/-//gr), '--pem'), $made{$five}{pem}, 'show --pem: of an endpoint without dashes');
is(join(' ', field(5, good('list --endpoint', 'list', '--endpoint', $endpoint))), $five, 'list --endpoint');

for (['unknown', 3, qr/^signet: no certificate/, '99'], ['unknown, hex', 3, qr/^signet: no certificate/, '0x99'],
	['unknown endpoint', 3, qr/^signet: .*no endpoint/, '00000000-0000-4000-8000-000000000000'], ['32 digits of neither', 3, qr/^signet: .*no endpoint/, 'ab' x 16],
	['words', 2, qr/"words": neither a serial number .* nor an endpoint's id/, 'words'], ['empty', 2, qr/SERIAL is empty/, ''], ['a sign', 2, qr/neither/, '0x-1'],
	['too long', 2, qr/neither/, '1' x 60], ['a path', 2, qr/neither/, '../status'], ['two forms', 2, qr/exclude/, $five, '--json', '--pem'],
	['nothing', 2, qr/missing argument: usage is signet show SERIAL\|ENDPOINT/]) {
	my ($name, $status, $re, @args) = @$_;
	bad("show: $name", $status, $re, 'show', @args);
}

# ---- on a terminal ----

sub on_tty {
	my ($columns, @args) = @_;
	return on_terminal(cmd => [ signet_bin(), @args, '--config', $yaml ], columns => $columns, env => { SIGNETPATH => $d->{client}, NO_COLOR => '' });
}
($rc, $out) = on_tty(80, 'list', '--name', 'h*', '--limit', 5);
is($rc, 0, 'on a terminal: list');
like($out, qr/\ANAME +STATUS +EXPIRES +SERIAL\n/, 'on a terminal: a header');
my @rows = grep { /^h/ } lines($out);
is(scalar(grep { !/^(h\d\d\d\.example\.(com|net)) +(valid|revoked) +in \d+ h +\d+$/ } @rows), 0, 'on a terminal: rows, distances, whole serials') or diag($out);
is(scalar @rows, 5, 'on a terminal: five rows');
is(scalar(grep { length > 80 } lines($out =~ s/^  signet list.*//mr)), 0, 'on a terminal: fits');
like($out, qr/^There is more; /m, 'on a terminal: how to get the rest');
($rc, $out) = on_tty(140, 'list', '--name', 'odd.example.com');
like($out, qr/^NAME +PROVISIONER +STATUS +EXPIRES +SERIAL\nwe, the "odd" ones +admin +valid +in \d+ h.* $odd\n/m, 'on a wide terminal: the provisioner too');
like((on_tty(100, 'list', '--name', 'nobody.test'))[1], qr/^No certificate matches\.$/m, 'on a terminal: an empty list says so');
like((on_tty(100, 'list', '--name', '*.example.com'))[1], qr/wildcard name itself; names that end so: --name '\*example\.com'/, 'on a terminal: what an asterisk means');
unlike($out, qr/\e\[/, 'on a dumb terminal: no colours');
{
	my $term = terminal_start(cmd => [ signet_bin(), 'show', $four, '--config', $yaml ], env => { TERM => 'xterm', NO_COLOR => '' });
	my $raw = '';
	($rc) = terminal_end($term);
	like($term->{text}, qr/^Status +\e\[31mrevoked\e\[0m/m, 'on a terminal: colours');
}

# ---- status ----

good('status', 'status');
like($out, qr/^signetd +\d+\.\d+\.\d+\S*, process $d->{pid}$/m, 'status: process');
like($out, qr/^Address +127\.0\.0\.1:$d->{port}$/m, 'status: address');
like($out, qr/^Issuing +yes\nProvisioners +3$/m, 'status: issuing');
like($out, qr/^Authority +default: key ready; \d+ signatures, 0 failures, 0 waiting; ends in /m, 'status: authority and key');
like($out, qr/^Store +rocksdb, \d+ commits in \d+ syncs/m, 'status: store');
like($out, qr/^Next to expire +in (5|6) h.*  h001\.example\.com  \d+$/m, 'status: what ends next');
good('status --json', 'status', '--json');
$one = json_decode($out);
is("$one->{pid} $one->{provisioners} $one->{authorities}[0]{key}{state} $one->{store}{driver}", "$d->{pid} 3 ready rocksdb", 'status --json');
is($one->{counters}{certificatesRevoked}, 1, 'status --json: counters');

# ---- reload ----

is(good('reload', 'reload'), "Reloaded: 3 provisioners.\n", 'reload: says what there is');
like(good('status after it', 'status'), qr/^Reloaded +\S+Z \(/m, 'status: when it was reloaded');
spew("$d->{dir}/provisioners.d/wrong.yaml", "type: JWK\nname: wrong\nkey: {}\n");
bad('reload, a wrong file', 3, qr/^signet: nothing was reloaded: \Q$d->{dir}\E\/provisioners\.d\/wrong\.yaml: .*kty: missing/, 'reload');
unlink "$d->{dir}/provisioners.d/wrong.yaml";
like(good('reload --json', 'reload', '--json'), qr/\A\{.*"provisioners":3.*\}\n\z/, 'reload --json');

# ---- provisioners ----

my $password = 'quite a secret';
push @{ $d->{secrets} }, $password;
spew("$t/ops.pw", "$password\n", 0600);
is(good('provisioner list', 'provisioner', 'list'),
	"admin\tJWK\tdefault\tinherited\tinherited\tinherited\tinherited\nother\tJWK\tdefault\tinherited\tinherited\tinherited\tno\nshort\tJWK\tdefault\t1s\t1s\tinherited\tinherited\n",
	'provisioner list');
my $report = good('provisioner add', 'provisioner', 'add', 'ops', '--password-file', "$t/ops.pw", '--x509-min-dur', '10m', '--x509-default-dur', '1h', '--x509-max-dur', '2h');
like($report, qr/\AProvisioner ops is there\.\n\n.*\n  signet certificate host\.example\.com host\.crt host\.key --provisioner ops\n\z/, 'provisioner add: says how to go on');
my $file = slurp("$d->{dir}/provisioners.d/ops.yaml");
like($file, qr/ops/, 'provisioner add: the file');
unlike($file . $report, qr/\Q$password\E|"d"|\bd:/, 'provisioner add: no secret in the file, none printed');
like(good('provisioner list', 'provisioner', 'list'), qr/^ops\tJWK\tdefault\t10m0s\t1h0m0s\t2h0m0s\tinherited$/m, 'provisioner list: it is there');
good('provisioner show', 'provisioner', 'show', 'ops');
like($out, qr/^type: "JWK"\nname: "ops"\nkey:\n(  \w+: "[^"]+"\n)+encryptedKey: "eyJ/m, 'provisioner show: YAML');
unlike($out, qr/^  d:/m, 'provisioner show: not the private half');
spew("$t/shown.yaml", $out);
good('provisioner show --json', 'provisioner', 'show', 'ops', '--json');
my $ops = json_decode($out);
is("$ops->{name} $ops->{claims}{maxTLSCertDuration} $ops->{authority}", 'ops 2h0m0s default', 'provisioner show --json');
good('provisioner list --json', 'provisioner', 'list', '--json');
is(join(' ', map { $_->{name} } @{ json_decode($out)->{provisioners} }), 'admin ops other short', 'provisioner list --json');
unlike($out, qr/"d":/, 'provisioner list --json: no private half');

$d->bootstrap;
($rc, $out, $err) = $d->signet('certificate', 'new.example.com', "$t/new.crt", "$t/new.key", '--provisioner', 'ops', '--password-file', "$t/ops.pw");
is($rc, 0, 'a certificate by the new provisioner') or diag($err);
my @dates = dates_of("$t/new.crt");
is($dates[1] - $dates[0], 3660, 'with its lifetime');
($rc, $out, $err) = $d->signet('certificate', 'new.example.com', "$t/no.crt", "$t/no.key", '--provisioner', 'ops', '--password-file', "$t/ops.pw", '--not-after', '3h');
is($rc, 3, 'and not beyond its bounds');
SKIP: {
	skip 'step is not installed', 4 unless have('step');
	step_ok($d, 'ca', 'bootstrap', '--ca-url', $d->{url}, '--fingerprint', $d->fingerprint);
	step_ok($d, 'ca', 'certificate', 'step.example.com', "$t/step.crt", "$t/step.key", '--provisioner', 'ops', '--provisioner-password-file', "$t/ops.pw");
	is(sans_of("$t/step.crt"), 'DNS:step.example.com', 'a certificate by it with step');
	is(verify_ok("$t/step.crt", $d->{root}), '', 'openssl verifies it');
	step_ok($d, 'ca', 'renew', "$t/step.crt", "$t/step.key", '--force');
	op('provisioner', 'remove', 'ops', '--force');
	is($out, "Provisioner ops is gone.\n", 'provisioner remove');
	my @r = step($d, 'ca', 'certificate', 'step.example.com', "$t/x.crt", "$t/x.key", '--provisioner', 'ops', '--provisioner-password-file', "$t/ops.pw");
	isnt($r[0], 0, 'removed: step gets none');
	@r = step($d, 'ca', 'renew', "$t/step.crt", "$t/step.key", '--force');
	isnt($r[0], 0, 'removed: step renews none');
}
op('provisioner', 'remove', 'ops', '--force') unless have('step');
ok(!-e "$d->{dir}/provisioners.d/ops.yaml", 'removed: the file');
($rc, $out, $err) = $d->signet('certificate', 'new.example.com', "$t/x.crt", "$t/x.key", '--provisioner', 'ops', '--password-file', "$t/ops.pw");
isnt($rc, 0, 'removed: signet gets none');
like($err, qr/ops/, 'removed: which one is said');
($rc, $out, $err) = $d->signet('renew', "$t/new.crt", "$t/new.key", '--force');
is($rc, 3, 'removed: its certificates renew no more') or diag($err);
unlike(good('provisioner list', 'provisioner', 'list'), qr/^ops/m, 'removed: not in the list');

# What was shown can be put back; and a key of one's own.
is(good('add --from-file', 'provisioner', 'add', 'ops', '--from-file', "$t/shown.yaml"), "Provisioner ops is there.\n", 'add --from-file: what show printed');
good('show again', 'provisioner', 'show', 'ops');
is($out, slurp("$t/shown.yaml"), 'add --from-file: the same again');
($rc, $out, $err) = $d->signet('certificate', 'back.example.com', "$t/back.crt", "$t/back.key", '--provisioner', 'ops', '--password-file', "$t/ops.pw");
is($rc, 0, 'the old password is good again') or diag($err);
($rc, $out, $err) = $d->signet({ stdin => "type: JWK\nclaims: {disableRenewal: true}\nkey: " . json_encode(Signet::Test::jwk_public('other')) . "\n" }, 'provisioner', 'add', 'piped', '--from-file', '-',
	'--x509-max-dur', '4h', '--config', $yaml);
is($rc, 0, 'add --from-file -: standard input') or diag($err);
like(good('provisioner list', 'provisioner', 'list'), qr/^piped\tJWK\tdefault\tinherited\tinherited\t4h0m0s\tno$/m, 'add --from-file: options add to its claims');

run_ok('openssl', 'genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384', '-out', "$t/own.key");
run_ok('openssl', 'pkey', '-in', "$t/own.key", '-pubout', '-out', "$t/own.pub");
good('add --public-key', 'provisioner', 'add', 'robot', '--public-key', "$t/own.pub");
like($out, qr/^Its private key signs tokens: /m, 'add --public-key: says how to go on');
is(json_decode(good('show', 'provisioner', 'show', 'robot', '--json'))->{encryptedKey}, undef, 'add --public-key: no private half');
($rc, $out, $err) = $d->signet('token', 'robot.example.com', '--provisioner', 'robot', '--key', "$t/own.key", '--output-file', "$t/token");
is($rc, 0, 'a token by the key that stays') or diag($err);
($rc, $out, $err) = $d->signet('certificate', 'robot.example.com', "$t/r.crt", "$t/r.key", '--token-file', "$t/token");
is($rc, 0, 'and a certificate with it') or diag($err);
spew("$t/pub.jwk", json_encode(json_decode(good('show', 'provisioner', 'show', 'robot', '--json'))->{key}));
good('add --private-key', 'provisioner', 'add', 'twin', '--private-key', "$t/own.key", '--password-file', "$t/ops.pw", '--disable-renewal');
is(json_decode(good('show', 'provisioner', 'show', 'twin', '--json'))->{key}{kid}, json_decode(slurp("$t/pub.jwk"))->{kid}, 'add --private-key: that key') or diag($out);
($rc, $out, $err) = $d->signet('certificate', 'twin.example.com', "$t/w.crt", "$t/w.key", '--provisioner', 'twin', '--password-file', "$t/ops.pw");
is($rc, 0, 'a certificate by its password') or diag($err);
run_ok('openssl', 'pkcs8', '-topk8', '-in', "$t/own.key", '-passout', 'pass:inner', '-out', "$t/own-enc.key");
spew("$t/inner.pw", "inner\n");
good('add --private-key, encrypted', 'provisioner', 'add', 'third', '--private-key', "$t/own-enc.key", '--key-password-file', "$t/inner.pw", '--password-file', "$t/ops.pw");
good('add --public-key JWK', 'provisioner', 'add', 'fourth', '--public-key', "$t/pub.jwk", '--allow-renewal-after-expiry');
like(good('provisioner list', 'provisioner', 'list'), qr/^fourth\t.*\tafter expiry too$/m, 'provisioner list: renewal after expiry');
is(good('remove', 'provisioner', 'remove', $_, '--force'), "Provisioner $_ is gone.\n", "remove $_") for qw(robot twin third fourth piped);

my @pw = ('--password-file', "$t/ops.pw");
spew("$t/broken.yaml", "type: JWK\nkey: [\n");
for (['exists', 3, qr/^signet: provisioner "ops" exists already/, 'ops', @pw], ['another type', 2, qr/^signet: --type OIDC: this version makes JWK/, 'x', '--type', 'OIDC', @pw],
	['unknown authority', 3, qr/^signet: .*no authority "nope"/, 'x', '--authority', 'nope', @pw],
	['bounds', 3, qr/^signet: .*maxTLSCertDuration 1h0m0s is less than minTLSCertDuration 2h0m0s/, 'x', '--x509-min-dur', '2h', '--x509-max-dur', '1h', @pw],
	['a duration', 2, qr/--x509-max-dur soon: a duration/, 'x', '--x509-max-dur', 'soon', @pw], ['both keys', 2, qr/exclude/, 'x', '--public-key', 'a', '--private-key', 'b'],
	['a password for a public key', 2, qr/nothing to encrypt/, 'x', '--public-key', "$t/own.pub", @pw], ['key password alone', 2, qr/is for --private-key/, 'x', '--key-password-file', 'a', @pw],
	['renewal twice', 2, qr/exclude/, 'x', '--disable-renewal', '--allow-renewal-after-expiry', @pw], ['a file and more', 2, qr/--from-file says it all/, 'x', '--from-file', "$t/shown.yaml", @pw],
	['another name in the file', 2, qr/its name is "ops", not "x"/, 'x', '--from-file', "$t/shown.yaml"], ['no file', 1, qr/no-such/, 'x', '--from-file', "$t/no-such"],
	['not YAML', 1, qr/^signet: \Q$t\E\/broken\.yaml:\d+:/, 'x', '--from-file', "$t/broken.yaml"],
	['not a provisioner', 1, qr/own\.key: not a provisioner's file/, 'x', '--from-file', "$t/own.key"],
	['no password file', 1, qr/no-such/, 'x', '--password-file', "$t/no-such"], ['no terminal', 1, qr/no terminal to ask on; give --password-file FILE/, 'x'],
	['not a key', 1, qr/ops\.pw/, 'x', '--public-key', "$t/ops.pw"], ['no key', 1, qr/\Asignet: \Q$t\E\/none: No such file/, 'x', '--public-key', "$t/none"], ['wrong key password', 1, qr/own-enc\.key/, 'x', '--private-key', "$t/own-enc.key", '--key-password-file', "$t/ops.pw", @pw],
	['an empty name', 2, qr/NAME is empty/, '', @pw], ['a newline in the name', 2, qr/control characters/, "a\nb", @pw],
	map { [ "named $_", 2, qr/a slash, "\." and "\.\." are not allowed/, $_, @pw ] } 'a/b', '.', '..') {
	my ($name, $status, $re, @args) = @$_;
	bad("provisioner add: $name", $status, $re, 'provisioner', 'add', @args);
}
is(join(' ', map { s{.*/}{}r } sort glob "$d->{dir}/provisioners.d/*"), 'admin.yaml ops.yaml other.yaml short.yaml', 'what was refused left no file');
bad('provisioner remove, unknown', 3, qr/^signet: no provisioner "x"/, 'provisioner', 'remove', 'x', '--force');
bad('provisioner remove, a path', 2, qr/remove its file from provisioners\.d/, 'provisioner', 'remove', '../admin', '--force');
bad('provisioner remove without a terminal', 2, qr/give --force/, 'provisioner', 'remove', 'ops');
bad('provisioner show, unknown', 3, qr/^signet: there is no provisioner "x"; `signet provisioner list` names them/, 'provisioner', 'show', 'x');
for my $args (['provisioner'], ['provisioner', 'nonsense']) {
	($rc, $out, $err) = $d->signet(@$args);
	is($rc, 2, "@$args: status 2");
	like($err, qr/^  (provisioner )?$_ +\S/m, "@$args: names $_") for qw(add list show remove);
}

# Odd names stay names.
for my $name ('..x', 'a%2Fb', 'with blank', "b\xc3\xbccher", '-dash', 'a"b\\c: {d}') {
	my @tail = ('--config', $yaml, '--', $name);
	for (['add', @pw], ['show', '--json'], ['remove', '--force']) {
		my ($what, @args) = @$_;
		($rc, $out, $err) = $d->signet('provisioner', $what, @args, @tail);
		is($rc, 0, "$what \"$name\"") or diag($err);
		is(Encode::encode_utf8(json_decode(Encode::decode_utf8($out))->{name}), $name, "show \"$name\": its name") if $what eq 'show' && $rc == 0;
	}
}

# ---- asked on a terminal ----

my @asked = (SIGNETPATH => $d->{client}, NO_COLOR => 1);
($rc, $out, my $unasked) = on_terminal(cmd => [ signet_bin(), 'provisioner', 'add', 'typed', '--config', $yaml ], env => {@asked},
	answers => [ qr/^Password for provisioner typed: /m => $password, qr/again: / => 'another', qr/differ.*Password for provisioner typed: /s => $password, qr/again: / => $password ]);
is("$rc $unasked", '0 0', 'add on a terminal: asked twice, and once more when the two differ') or diag($out);
unlike($out, qr/\Q$password\E/, 'add on a terminal: the password is not shown');
($rc, $out, $err) = $d->signet('certificate', 'typed.example.com', "$t/ty.crt", "$t/ty.key", '--provisioner', 'typed', '--password-file', "$t/ops.pw");
is($rc, 0, 'the password that was typed is its password') or diag($err);
($rc, $out) = on_terminal(cmd => [ signet_bin(), 'provisioner', 'remove', 'typed', '--config', $yaml ], env => {@asked}, answers => [ qr/Remove provisioner typed\?.*\[y\/N\] / => 'n' ]);
is($rc, 1, 'remove on a terminal: no');
like($out, qr/^Nothing was removed\.$/m, 'remove on a terminal: no, and it says so');
($rc, $out) = on_terminal(cmd => [ signet_bin(), 'provisioner', 'remove', 'typed', '--config', $yaml ], env => {@asked}, answers => [ qr/Remove provisioner typed\?.*\[y\/N\] / => 'y' ]);
is($rc, 0, 'remove on a terminal: yes');
($rc, $out) = on_terminal(cmd => [ signet_bin(), 'provisioner', 'list', '--config', $yaml ], env => {@asked});
like($out, qr/\ANAME +TYPE +AUTHORITY +SHORTEST +DEFAULT +LONGEST +RENEWAL\nadmin +JWK +default /, 'provisioner list on a terminal');

# ---- backup ----

mkdir "$t/here" or die;
($rc, $out, $err) = run('sh', '-c', "cd '$t/here' && '" . signet_bin() . "' backup ./one/ --config '$yaml'");
is($rc, 0, 'backup into a relative folder') or diag($err);
like($out, qr{\AThe backup is in \Q$t\E/here/one:\n.*\n\nIt holds no keys\. .*\n.*\n\n.*\n  signetd --restore \Q$t\E/here/one --config \S+\n\z}, 'backup: what is in it, and how to restore it');
ok(-e "$t/here/one/$_", "backup: $_") for qw(db signetd.yaml provisioners.d/admin.yaml certs/root_ca.crt backup.json);
ok(!-e "$t/here/one/$_", "backup: no $_") for qw(secrets tls);
is((run('grep', '-rl', 'PRIVATE KEY', "$t/here/one"))[0], 1, 'backup: no private key in it');
good('backup --with-keys', 'backup', "$t/two", '--with-keys');
like($out, qr/^It holds the CA's keys: /m, 'backup --with-keys: warns');
ok(-e "$t/two/secrets/intermediate_ca.key", 'backup --with-keys: the key');
like(good('backup --json', 'backup', "$t/three", '--json'), qr/\A\{"status":"ok","dir":"\Q$t\E\/three"\}\n\z/, 'backup --json');
bad('backup onto another', 3, qr{^signet: .*\Q$t\E/two exists}, 'backup', "$t/two");
bad('backup into nowhere', 3, qr{^signet: .*\Q$t\E/no\b}, 'backup', "$t/no/such");
bad('backup, empty name', 2, qr/DIR is empty/, 'backup', '');

# What it holds: restored into another folder it is the same CA.
($rc, $out, $err) = run(signetd_bin(), '--plugin-dir', plugin_dir(), '--restore', "$t/two", '--config', "$t/again/signetd.yaml");
is($rc, 0, 'signetd --restore') or diag($err);
my $again = Signet::Test->new(dir => "$t/again", existing => 1);
ok($again->start, 'the restored CA starts') or diag($again->log_tail);
my ($rc2, $list) = $again->signet('list', '--all', '--config', "$t/again/signetd.yaml");
is(scalar(grep { $list =~ /\t$_$/m } keys %made), $all, 'the restored CA knows all certificates');
$again->stop;

# ---- who may ----

SKIP: {
	skip 'needs root', 1 unless $root;
	my @nobody = getpwnam('nobody');
	my $nogroup = getgrnam('nogroup');
	skip 'no user nobody or no group nogroup', 1 unless @nobody && defined $nogroup;
	my $closed = dirname($t);
	$closed = dirname($closed) while $closed ne '/' && (stat $closed)[2] & 1;
	skip "others may not enter $closed", 1 if $closed ne '/';
	chmod 0755, $d->{dir}, $t;
	my $signet = "$t/signet"; # the build folder may be closed to others
	spew($signet, slurp(signet_bin()), 0755);
	my $as = sub {
		my ($gid, @args) = @_;
		($rc, $out, $err) = run({ env => { SIGNETPATH => $t, HOME => $t } }, 'perl', '-e',
			'my $g = shift; $) = "$g $g"; $( = $g; $> = $< = shift; die "still root" if $> == 0 || $< == 0; exec @ARGV', $gid, $nobody[2], $signet, @args, '--socket', "$d->{dir}/run/control.sock");
	};
	my $stranger = 65533;
	for my $args (['status'], ['list'], ['reload']) {
		$as->($stranger, @$args);
		is($rc, 1, "a stranger, @$args: status 1");
		like($err, qr/\Asignet: \S+control\.sock: you need to be root, the daemon's user, or \(for reading\) a member of .*\n\z/, "a stranger, @$args: message");
	}
	for my $args (['status'], ['list'], ['show', $five], ['provisioner', 'list'], ['list', '--pem']) {
		$as->($nogroup, @$args);
		is($rc, 0, "a member of the group, @$args: may look") or diag($err);
	}
	my $before = good('provisioners before', 'provisioner', 'list');
	for my $args (['reload'], ['backup', "$t/never-made"], ['provisioner', 'add', 'evil', '--public-key', "$t/own.pub"], ['provisioner', 'remove', 'admin', '--force'], ['revoke', $five]) {
		chmod 0644, "$t/own.pub";
		$as->($nogroup, @$args);
		is($rc, 3, "a member of the group, @$args: may not change: status 3");
		like($err, qr/\Asignet: (nothing was reloaded: )?uid $nobody[2] may only read: ask as root or as the daemon's user\n\z/, "a member of the group, @$args: message");
	}
	is(good('provisioners after', 'provisioner', 'list'), $before, 'nothing was changed');
	ok(!-e "$t/never-made", 'nothing was written');
	like(good('show', 'show', $five), qr/^Status +valid$/m, 'nothing was revoked');
	chmod 0700, $d->{dir};
}

# ---- the end ----

$d->stop;
bad('the daemon has gone', 4, qr/is signetd running\?/, 'list');
done_testing;

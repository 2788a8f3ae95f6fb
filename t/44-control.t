#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# The control socket: every route, who may use it, filters and pages, what is malformed, and the socket's file itself.
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(sleep time);
use POSIX qw(:sys_wait_h _exit);
use IO::Socket::UNIX;
use Socket qw(SOCK_STREAM);
use File::Path qw(make_path);
use Math::BigInt;
use Signet::Test;
use Signet::DER;

need('openssl');
hang_guard(600);

my %short = (minTLSCertDuration => '1s', defaultTLSCertDuration => '1s');
my $d = Signet::Test->new(provisioners => { admin => {}, web => {}, short => { claims => \%short } });
$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
$d->ready;
my $sock = "$d->{dir}/run/control.sock";
my $r;

# One request through the socket: as Signet::Test::read_answer, with {json}. as => [uid, gid, groups...]: asked by somebody else.
sub dial { my ($path) = @_; return IO::Socket::UNIX->new(Type => SOCK_STREAM, Peer => $path, Timeout => 20) }
sub text_of {
	my ($method, $path, %o) = @_;
	my $body = ref $o{body} ? json_encode($o{body}) : $o{body} // '';
	my $text = "$method $path HTTP/1.1\r\nHost: signetd\r\nConnection: close\r\n";
	$text .= 'Content-Length: ' . length($body) . "\r\n" if length $body || $method eq 'POST';
	return "$text\r\n$body";
}
sub exchange {
	my ($path, $text, $head) = @_;
	my $s = dial($path) or return { status => 0, body => "connect: $!", headers => {}, raw => '' };
	local $SIG{PIPE} = 'IGNORE';
	print $s $text;
	$s->flush;
	return Signet::Test::read_answer($s, $head);
}
sub control {
	my ($method, $path, %o) = @_;
	my $text = text_of($method, "/control/v1/$path", %o);
	my $a;
	if ($o{as}) {
		my ($uid, @groups) = @{ $o{as} };
		pipe my $in, my $out or die;
		my $pid = fork // die;
		if (!$pid) {
			$) = join ' ', $groups[0], @groups;
			$> = $uid;
			my $got = exchange($o{socket} // $sock, $text, $method eq 'HEAD');
			print $out json_encode({ map { $_ => $got->{$_} } qw(status body) });
			close $out;
			_exit(0);
		}
		close $out;
		local $/;
		$a = json_decode(scalar <$in>);
		waitpid $pid, 0;
	} else {
		$a = exchange($o{socket} // $sock, $text, $method eq 'HEAD');
	}
	$a->{json} = eval { json_decode($a->{body}) };
	return $a;
}
sub get { return control('GET', @_) }
sub post { my ($path, $body, %o) = @_; return control('POST', $path, body => $body, %o) }
sub page { my $a = get('certificates' . ($_[0] ne '' ? "?$_[0]" : '')); die "$_[0]: $a->{status} $a->{body}" unless $a->{status} == 200; return $a->{json} }
sub names { return join ' ', map { $_->{commonName} } @{ page($_[0])->{certificates} } }
sub serials { return map { $_->{serial} } @{ page($_[0])->{certificates} } }
sub row { my ($id, $a, $status, $re) = @_; return $d->row($id, $a, $status, $re) }
sub members { return join ' ', sort keys %{ $_[0] } }

my %csr;
sub issue {
	my ($cn, %o) = @_;
	my $names = $o{san} // "DNS:$cn";
	$csr{"$cn $names"} //= csr_new(cn => $cn, san => $names);
	my @sans = map { s/^\w+://r } split /,/, $names;
	my $a = $d->sign(token => $d->token(sub => $cn, iss => $o{by} // 'admin', claims => { sans => \@sans }),
		csr => $csr{"$cn $names"}, more => $o{more} // {});
	die "sign $cn: $a->{status} $a->{body}\n" . $d->log_tail unless $a->{status} == 201;
	return $a->{json}{crt};
}
sub serial_hex { my ($pem) = @_; return unpack('H*', cert_fields($pem)->{serial}) =~ s/^(?:00)+//r }
sub serial_of { return Math::BigInt->from_hex(serial_hex($_[0]))->bstr }

# ---- the file ----
is(sprintf('%o', (stat $sock)[2]), '140600', 'the socket is for the daemon alone');
is(sprintf('%o', (stat "$d->{dir}/run")[2] & 07777), '700', 'so is its folder');
is($d->http('GET', '/control/v1/status')->{status}, 404, 'the network has none of its routes');

# ---- status ----
{
	my $s = get('status')->{json};
	is(members($s), 'address authorities config counters dataDir nextExpiries pid pools provisioners ready started store uptime version',
		'status: members');
	is($s->{pid}, $d->{pid}, 'status: pid');
	is($s->{address}, "127.0.0.1:$d->{port}", 'status: address');
	is($s->{config}, "$d->{dir}/signetd.yaml", 'status: configuration');
	is($s->{provisioners}, 3, 'status: provisioners');
	ok($s->{ready}, 'status: ready');
	like($s->{started}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'status: started');
	my $au = $s->{authorities}[0];
	is(members($au), 'key name notAfter subject', 'status: an authority');
	is("$au->{name} $au->{key}{state}", 'default ready', 'status: its key is ready');
	like($au->{key}{id}, qr/^[0-9a-f]{32}$/, 'status: the id of its key');
	ok($au->{key}{signatures} >= 2, 'status: its signatures');
	is($s->{store}{driver}, 'rocksdb', 'status: store');
	ok($s->{store}{commits} >= 4, 'status: commits');
	is(members($s->{pools}), 'cpu slow', 'status: pools');
	is(members($s->{pools}{cpu}), 'done oldest queued refused running threads', 'status: a pool');
	ok($s->{counters}{certificatesIssued} >= 2, 'status: certificates issued') or diag(json_encode($s->{counters}));
	is(scalar @{ $s->{nextExpiries} }, 1, 'status: next expiries without the daemon\'s own leaf');
	is(control('HEAD', 'status')->{status}, 200, 'status: HEAD');
}

# ---- certificates ----
issue('one.example.com', by => 'web', more => { notAfter => '10m' });
my $two_pem = issue('two.example.com', san => 'DNS:two.example.com,DNS:www.example.com,IP:10.0.0.7', more => { notAfter => '20m' });
issue('*.example.com', more => { notAfter => '30m' });
issue('Three.example.net', by => 'web', san => 'DNS:three.example.net', more => { notAfter => '40m' });
my $bad_pem = issue('bad.example.com', more => { notAfter => '50m' });
my $gone_pem = issue('gone.example.com', by => 'short');
my $revoked = post('revoke', { serial => serial_of($bad_pem), reasonCode => 4, reason => 'it was sold' });
is($revoked->{status}, 200, 'revoked') or diag($revoked->{body});
is(members($revoked->{json}), 'revokedAt serial status', 'revoked: members');
is($revoked->{json}{serial}, serial_of($bad_pem), 'revoked: serial');
sleep 0.2 until page('status=expired')->{certificates}[0];

{
	my ($c) = @{ page('name=two.example.com')->{certificates} };
	is(members($c), 'authority commonName endpoint kind names notAfter notBefore provisioner serial serialHex status',
		'a certificate in a list: members');
	is($c->{serial}, serial_of($two_pem), 'serial');
	is($c->{serialHex}, serial_hex($two_pem), 'serial, hexadecimal');
	is("@{ $c->{names} }", 'two.example.com www.example.com 10.0.0.7', 'names');
	is("$c->{authority} $c->{provisioner} $c->{kind} $c->{status}", 'default admin x509 valid', 'authority, provisioner, kind, status');
	like($c->{endpoint}, qr/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'endpoint');

	my $whole = get("certificates/$c->{serial}")->{json};
	is(members($whole), 'authority commonName endpoint fingerprint issuedAt keyId kind names notAfter notBefore pem provisioner '
		. 'provisionerType renewedFrom requestId serial serialHex status', 'a certificate alone: members');
	is($whole->{pem}, $two_pem, 'its PEM');
	my $fp = lc run_ok({ stdin => $two_pem }, 'openssl', 'x509', '-noout', '-fingerprint', '-sha256') =~ s/.*=|[:\n]//gr;
	is($whole->{fingerprint}, $fp, 'its fingerprint');
	is_deeply({ map { $_ => $whole->{$_} } keys %$c }, $c, 'the rest is as in the list');
	is(get("certificates/0x$c->{serialHex}")->{body}, get("certificates/$c->{serial}")->{body}, 'by hexadecimal serial');

	my $b = get('certificates/' . serial_of($bad_pem))->{json};
	is("$b->{status} $b->{revocationReason} $b->{revocationText} $b->{revokedBy}", "revoked 4 it was sold uid $>", 'a revoked one');
	is($b->{revokedAt}, $revoked->{json}{revokedAt}, 'when it was revoked');
	is_deeply([ map { $_->{revokedAt} } @{ page('status=revoked')->{certificates} } ], [ $b->{revokedAt} ], 'the list says the same');

	my $e = get("endpoints/$c->{endpoint}");
	is(members($e->{json}), 'authority certificates commonName created id kind nextCursor provisioner', 'an endpoint: members');
	is_deeply($e->{json}{certificates}, [$c], 'its certificate');
	is(get('endpoints/' . ($c->{endpoint} =~ s/-//gr))->{body}, $e->{body}, 'by its id without dashes');
	my $pems = page('pem=1&status=all&name=*example.com');
	is(scalar(grep { $_->{pem} eq $two_pem } @{ $pems->{certificates} }), 1, 'with pem=1 each has its PEM');
	is(scalar(grep { $_->{pem} !~ /^-----BEGIN CERTIFICATE-----\n/ } @{ $pems->{certificates} }), 0, 'all of them');
}

# ---- filters ----
my $first = 'host.example.com'; # made by ready()
for (
	[ '', "one.example.com two.example.com *.example.com Three.example.net bad.example.com $first" ],
	[ 'status=current', "one.example.com two.example.com *.example.com Three.example.net bad.example.com $first" ],
	[ 'status=valid', "one.example.com two.example.com *.example.com Three.example.net $first" ],
	[ 'status=revoked', 'bad.example.com' ],
	[ 'status=expired', 'gone.example.com' ],
	[ 'status=all', "gone.example.com one.example.com two.example.com *.example.com Three.example.net bad.example.com $first" ],
	[ 'provisioner=web', 'one.example.com Three.example.net' ],
	[ 'provisioner=nobody', '' ],
	[ 'authority=default&provisioner=web', 'one.example.com Three.example.net' ],
	[ 'authority=other', '' ],
	[ 'name=www.example.com', 'two.example.com' ],
	[ 'name=WWW.example.com', 'two.example.com' ],
	[ 'name=10.0.0.7', 'two.example.com' ],
	[ 'name=*.example.com', '*.example.com' ],
	[ 'name=%2A.example.com', '*.example.com' ],
	[ 'name=*example.net', 'Three.example.net' ],
	[ 'name=t*', 'Three.example.net two.example.com' ],
	[ 'name=*e.example*', "one.example.com Three.example.net" ],
	[ 'name=%20', '' ],
	[ 'name=a+b', '' ],
	[ 'expiresWithin=15m', 'one.example.com' ],
	[ 'expiresWithin=35m&status=valid', 'one.example.com two.example.com *.example.com' ],
	[ 'expiresWithin=1h&provisioner=web&name=*net', 'Three.example.net' ],
	[ 'name=&status=&limit=', "one.example.com two.example.com *.example.com Three.example.net bad.example.com $first" ],
	[ 'limit=2', 'one.example.com two.example.com' ],
	[ '&&limit=1&', 'one.example.com' ],
	[ 'self=0&limit=1', 'one.example.com' ],
) {
	is(names($_->[0]), $_->[1], "filter: $_->[0]");
}
ok((grep { $_->{kind} eq 'self' } @{ page('self=1')->{certificates} }), 'self=1: the daemon\'s own leaf');
{
	my ($e) = map { $_->{endpoint} } @{ page('name=one.example.com')->{certificates} };
	is(names("endpoint=$e"), 'one.example.com', 'filter: endpoint');
	is(names("endpoint=$e&name=two*"), '', 'filter: endpoint and another name');
}

# ---- what is malformed ----
for (
	[ 'certificates?foo=1', 400, qr/^query: "foo" is unknown$/ ],
	[ 'certificates?Name=x', 400, qr/^query: "Name" is unknown$/ ],
	[ 'certificates?=x', 400, qr/^query: "" is unknown$/ ],
	[ 'certificates?name=a&name=b', 400, qr/^name: is given twice$/ ],
	[ 'certificates?name=%', 400, undef ],
	[ 'certificates?name=%zz', 400, undef ],
	[ 'certificates?name=a%00b', 400, qr/^name: / ],
	[ 'certificates?name=%ff', 400, qr/^name: is not UTF-8$/ ],
	[ 'certificates?name=' . 'n' x 1001, 400, qr/^name: / ],
	[ 'certificates?status=dead', 400, qr/^status: must be current, valid, revoked, expired or all$/ ],
	[ 'certificates?status=Valid', 400, qr/^status: / ],
	[ 'certificates?endpoint=x', 400, qr/^endpoint: / ],
	[ 'certificates?endpoint=' . '0' x 33, 400, qr/^endpoint: / ],
	[ 'certificates?expiresWithin=5', 400, qr/^expiresWithin: / ],
	[ 'certificates?expiresWithin=-5m', 400, qr/^expiresWithin: / ],
	[ 'certificates?expiresWithin=0', 400, qr/^expiresWithin: / ],
	[ 'certificates?expiresWithin=99999999999h', 400, qr/^expiresWithin: / ],
	[ 'certificates?self=yes', 400, qr/^self: must be 0 or 1$/ ],
	[ 'certificates?pem=2', 400, qr/^pem: must be 0 or 1$/ ],
	[ 'certificates?limit=0', 400, qr/^limit: must be a number from 1 to 1000$/ ],
	[ 'certificates?limit=1001', 400, qr/^limit: / ],
	[ 'certificates?limit=-1', 400, qr/^limit: / ],
	[ 'certificates?limit=1.5', 400, qr/^limit: / ],
	[ 'certificates?limit=+1', 400, qr/^limit: / ],
	[ 'certificates?limit=18446744073709551617', 400, qr/^limit: / ],
	[ 'certificates?limit=101&pem=1', 400, qr/^limit: must be 100 at most with pem=1$/ ],
	[ 'certificates?cursor=x', 400, qr/^cursor: / ],
	[ 'certificates?cursor=AAAA', 400, qr/^cursor: / ],
	[ 'certificates?cursor=' . 'A' x 4000, 400, qr/^cursor: / ],
	[ 'certificates/xyz', 400, undef ],
	[ 'certificates/-1', 400, undef ],
	[ 'certificates/0', 400, undef ],
	[ 'certificates/1' . '0' x 60, 400, undef ],
	[ 'certificates/123456', 404, qr/^no certificate with this serial was issued here$/ ],
	[ 'certificates/0xffffffffffffffffffffffffffffffffffffffff', 404, undef ],
	[ 'endpoints/x', 400, qr/^endpoint: / ],
	[ 'endpoints/00000000-0000-0000-0000-000000000000', 404, qr/^there is no endpoint with this id$/ ],
	[ 'nothing', 404, undef ],
) {
	row("GET $_->[0]" =~ s/(.{60}).*/$1.../r, get($_->[0]), $_->[1], $_->[2]);
}
{
	my $c = page('limit=1')->{nextCursor};
	row("the cursor of another list: $_", get("certificates?$_&cursor=$c"), 400, qr/^cursor: is none that was given for these filters/)
		for 'name=t*', 'name=two.example.com', 'endpoint=00000000-0000-0000-0000-000000000000';
	is(control('PUT', 'status')->{status}, 405, 'PUT');
	is(control('POST', 'certificates')->{status}, 405, 'POST to a list');
	is(control('DELETE', 'provisioners')->{status}, 405, 'DELETE of all provisioners');
	is(control('GET', 'status', body => '{}')->{status}, 413, 'a GET with a body');
	is(post('reload', { now => 1 })->{status}, 413, 'a reload with a body');
}

# ---- revoking ----
my $two = serial_of($two_pem);
for (
	[ 'no body', '', qr/^body: / ],
	[ 'no JSON', '{', qr/^body: / ],
	[ 'an array', '[]', qr/^body: / ],
	[ 'nothing', '{}', qr/^body: needs either "serial" or "endpoint"/ ],
	[ 'both', { serial => '1', endpoint => '0' x 32 }, qr/^body: needs either/ ],
	[ 'a number', '{"serial":5}', qr/serial/ ],
	[ 'a member twice', '{"serial":"5","serial":"6"}', qr/^body: / ],
	[ 'an unknown member', { serial => $two, force => 1 }, qr/^body: "force" is unknown$/ ],
	[ 'an empty serial', { serial => '' }, qr/needs either/ ],
	[ 'no serial', { serial => 'x' }, undef ],
	[ 'a serial too large', { serial => '0x' . 'f' x 42 }, undef ],
	[ 'reason 7', { serial => $two, reasonCode => 7 }, qr/reasonCode/ ],
	[ 'reason 11', { serial => $two, reasonCode => 11 }, qr/reasonCode/ ],
	[ 'reason -1', { serial => $two, reasonCode => -1 }, qr/reasonCode/ ],
	[ 'a reason that is no number', { serial => $two, reasonCode => 'keyCompromise' }, qr/reasonCode/ ],
	[ 'a long text', { serial => $two, reason => 'x' x 1001 }, qr/^reason: / ],
	[ 'no endpoint', { endpoint => 'x' }, qr/^endpoint: / ],
	[ 'again', { serial => serial_of($bad_pem) }, qr/already revoked$/ ],
	[ 'again, hexadecimal', { serial => '0x' . serial_hex($bad_pem) }, qr/already revoked$/ ],
) {
	row("revoke: $_->[0]", post('revoke', $_->[1]), 400, $_->[2]);
}
row('revoke: never issued here', post('revoke', { serial => '77' }), 404, qr/was not issued here$/);
row('revoke: an endpoint that is not there', post('revoke', { endpoint => '0' x 32 }), 404, qr/no endpoint/);
is(post('revoke', '{"serial":"' . 'x' x 70000 . '"}')->{status}, 413, 'revoke: a body that is too large');
is(names('status=revoked'), 'bad.example.com', 'none of this has revoked anything');
is(post('revoke', { serial => '0x' . uc serial_hex($two_pem) })->{status}, 200, 'revoked by hexadecimal serial, without reason');
is(get("certificates/$two")->{json}{revocationReason}, 0, 'the reason is then 0');
is(post('revoke', { serial => serial_of($gone_pem), reasonCode => 5 })->{status}, 200, 'an expired one may be revoked');

# An endpoint with four certificates: the first is revoked alone, then the rest.
{
	my ($crt, $key) = $d->certificate(cn => 'line.example.com', san => 'DNS:line.example.com');
	my @line = (serial_of(slurp($crt)));
	for (1 .. 3) {
		my $a = $d->http('POST', '/renew', cert => $crt, key => $key);
		is($a->{status}, 201, 'renewed') or diag($a->{body});
		push @line, serial_of($a->{json}{crt});
	}
	my ($e) = map { $_->{endpoint} } @{ page('name=line.example.com&limit=1')->{certificates} };
	is(scalar @{ get("endpoints/$e")->{json}{certificates} }, 4, 'an endpoint of four certificates');
	is(get("certificates/$line[1]")->{json}{renewedFrom}, $line[0], 'what it was renewed from');
	is(post('revoke', { serial => $line[2] })->{status}, 200, 'one of them is revoked');
	my $a = post('revoke', { endpoint => $e, reasonCode => 3, reason => 'moved' });
	is("$a->{status} $a->{json}{revoked} $a->{json}{endpoint}", "200 3 $e", 'the endpoint is revoked: the other three') or diag($a->{body});
	is_deeply([ map { get("certificates/$_")->{json}{revocationReason} } @line ], [ 3, 3, 0, 3 ], 'each with its reason');
	$a = post('revoke', { endpoint => $e });
	is("$a->{status} $a->{json}{revoked}", '200 0', 'again: nothing is left');
	row('a reason that is not allowed', post('revoke', { endpoint => $e, reasonCode => 7 }), 400, qr/reasonCode/);
	is($d->http('POST', '/renew', cert => $crt, key => $key)->{status}, 401, 'it cannot be renewed any more');
	($crt, $key) = $d->certificate(cn => 'line2.example.com', san => 'DNS:line2.example.com');
	($e) = map { $_->{endpoint} } @{ page('name=line2.example.com')->{certificates} };
	row('an endpoint with a reason that is not allowed', post('revoke', { endpoint => $e, reasonCode => 7 }), 400, qr/reasonCode/);
	is(page('name=line2.example.com')->{certificates}[0]{status}, 'valid', 'nothing of it is revoked');
}
is(get('status')->{json}{counters}{certificatesRevoked}, 7, 'status counts what was revoked');

# ---- provisioners, reload ----
{
	my $list = get('provisioners')->{json}{provisioners};
	is(join(' ', map { "$_->{name}/$_->{type}/$_->{authority}" } @$list), 'admin/JWK/default short/JWK/default web/JWK/default',
		'provisioners');
	is($list->[1]{claims}{minTLSCertDuration}, '1s', 'their claims');
	my $a = post('reload', '');
	is("$a->{status} $a->{json}{provisioners}", '200 3', 'reload') or diag($a->{body});
	ok(get('status')->{json}{reloaded}, 'status says when');
	my $new = { type => 'JWK', name => 'new one', key => Signet::Test::jwk_public('second') };
	$a = post('provisioners', $new);
	is("$a->{status} $a->{json}{provisioners}", '200 4', 'a provisioner is added') or diag($a->{body});
	is(scalar(grep { $_->{name} eq 'new one' } @{ get('provisioners')->{json}{provisioners} }), 1, 'it is there');
	row('added twice', post('provisioners', $new), 409);
	row('without a name', post('provisioners', { type => 'JWK' }), 400, qr/name/);
	row('no object', post('provisioners', '[]'), 400, qr/^body: /);
	row('of no type', post('provisioners', { type => 'Nothing', name => 'x' }), 400);
	$a = control('DELETE', 'provisioners/new%20one');
	is("$a->{status} $a->{json}{provisioners}", '200 3', 'and removed') or diag($a->{body});
	row('removed twice', control('DELETE', 'provisioners/new%20one'), 404);
	spew("$d->{dir}/provisioners.d/broken.yaml", "type: [\n");
	row('a reload of what is broken', post('reload', ''), 400, qr/broken\.yaml/);
	is(scalar @{ get('provisioners')->{json}{provisioners} }, 3, 'changes nothing');
	unlink "$d->{dir}/provisioners.d/broken.yaml";
}

# ---- backup ----
{
	my $to = scratch() . '/copy';
	row('backup: a relative path', post('backup', { dir => 'copy' }), 400, qr/^dir: must be an absolute path$/);
	row('backup: no path', post('backup', {}), 400, qr/dir/);
	row('backup: keys of another kind', post('backup', { dir => $to, withKeys => 'yes' }), 400, qr/withKeys/);
	row('backup: an unknown member', post('backup', { dir => $to, keys => 1 }), 400, qr/^body: "keys" is unknown$/);
	my $a = post('backup', { dir => $to });
	is("$a->{status} " . ($a->{json}{dir} // ''), "200 $to", 'backup') or diag($a->{body});
	ok(-e "$to/db/CURRENT" && -e "$to/signetd.yaml" && !-e "$to/secrets", 'it holds the store, not the keys');
	row('backup: it is there already', post('backup', { dir => $to }), 409);
}

# ---- pages, while certificates are issued ----
{
	my $many = long_scale(250, 2000);
	my %want;
	$want{ serial_of(issue('many.example.com')) } = 1 for 1 .. $many;
	my %before = map { $_ => 1 } serials('status=all&limit=1000');
	my $child = fork // die;
	if (!$child) {
		while (1) { issue('many.example.com', more => { notAfter => (5 + int rand 1000) . 'm' }) }
	}
	for my $query ('status=all', 'name=many.example.com', 'name=many*', 'name=*any.example*') {
		my (%seen, $cursor, $pages, $rows);
		do {
			my $p = page("$query&limit=7" . (defined $cursor ? "&cursor=$cursor" : ''));
			$seen{ $_->{serial} }++ for @{ $p->{certificates} };
			$rows += @{ $p->{certificates} };
			$cursor = $p->{nextCursor};
			$pages++;
		} while ($cursor ne '');
		is(scalar(grep { $seen{$_} > 1 } keys %seen), 0, "$query: nothing comes twice");
		is(scalar(grep { !$seen{$_} } keys %want), 0, "$query: all that was there comes");
		ok($pages > $many / 7, "$query: in pages ($pages)");
	}
	is(scalar @{ page('status=all')->{certificates} }, 100, '100 when nothing is said');
	kill 'KILL', $child;
	waitpid $child, 0;
	my %after = map { $_ => 1 } serials('status=all&limit=1000');
	is(scalar(grep { !$after{$_} } keys %before), 0, 'a page of 1,000') if $many < 500;
}

# ---- keep-alive, pipelining, an early end: the same server as on the network ----
{
	my $s = dial($sock);
	print $s "GET /control/v1/status HTTP/1.1\r\nHost: x\r\n\r\n" x 2;
	$s->flush;
	my $one = Signet::Test::read_answer($s);
	is($one->{status}, 200, 'two requests at once');
	close $s;
	$s = dial($sock);
	print $s "POST /control/v1/revoke HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{";
	close $s;
	is(get('status')->{status}, 200, 'a client that leaves');
}
$d->log_like(qr/event=http\.request server=control .*peer="?unix:pid=\d+ uid=\d+/, 'the access log names the peer');

# ---- a socket that was left behind ----
$d->kill9;
ok(-S $sock, 'a killed daemon leaves its socket');
is(dial($sock), undef, 'nobody answers there');
$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
is(get('status')->{status}, 200, 'the next daemon replaces it');

# ---- another daemon ----
{
	my $o = Signet::Test->new(store => 'memory', yaml => "control: {socket: $sock}\n");
	ok(!$o->start, 'a second daemon does not get the same socket');
	isnt($o->{status}, 0, 'its status says so');
	$o->log_like(qr/\Q$sock\E: is in use by process $d->{pid}: stop it, or choose another path/, 'so does its message');
	is(get('status')->{json}{pid}, $d->{pid}, 'the first keeps it');
	spew("$o->{dir}/file", 'text');
	spew("$o->{dir}/signetd.yaml", Signet::Test::yaml_config(store => 'memory', yaml => "control: {socket: file}\n"));
	ok(!$o->start, 'a file of another kind');
	$o->log_like(qr{/file: a file that is no socket is there: remove it}, 'is named');
	is(slurp("$o->{dir}/file"), 'text', 'and stays');
	spew("$o->{dir}/signetd.yaml", Signet::Test::yaml_config(store => 'memory', yaml => "control: {group: no-such-group}\n"));
	ok(!$o->start, 'a group that is not there');
	$o->log_like(qr/control\.group: there is no group "no-such-group": create it, or leave the key out/, 'is named');
	spew("$o->{dir}/signetd.yaml", Signet::Test::yaml_config(store => 'memory', yaml => "control: {socket: ''}\n"));
	ok($o->start, 'no socket at all');
	ok(!-e "$o->{dir}/run/control.sock", 'there is none then');
	$o->stop;
}

# ---- before there is a certificate to listen with ----
{
	my $o = Signet::Test->new(store => 'memory');
	spew("$o->{dir}/secrets/intermediate_ca.key", slurp("$SRC/t/vectors/ca/other.key"), 0600);
	my $pid = fork // die;
	if (!$pid) {
		open STDERR, '>>', $o->{log};
		my @cmd = (signetd_bin(), '--config', "$o->{dir}/signetd.yaml", '--plugin-dir', plugin_dir());
		exec { $cmd[0] } @cmd or _exit(127);
	}
	$o->{pid} = $pid;
	my $a;
	for (1 .. 600) {
		$a = get('status', socket => "$o->{dir}/run/control.sock");
		last if $a->{status} == 200 && $a->{json}{authorities}[0]{key}{state} eq 'failed';
		sleep 0.05;
	}
	my $key = $a->{json}{authorities}[0]{key};
	is("$a->{status} $a->{json}{address} $key->{state}", '200  failed', 'status answers although the key cannot be used');
	like($key->{error}, qr/intermediate_ca\.key is not the key of the authority's certificate/, 'and says why');
	$o->stop;
}

# ---- a path over 107 bytes ----
{
	my $deep = scratch() . '/' . join '/', ('a-long-name-of-a-folder') x 6;
	make_path($deep);
	my $o = Signet::Test->new(dir => $deep, store => 'memory');
	ok($o->start, 'a data folder far down') or diag($o->log_tail);
	my $back = POSIX::getcwd();
	chdir "$deep/run";
	is(get('status', socket => 'control.sock')->{status}, 200, 'its socket is there');
	chdir $back;
	$o->stop;
	ok(!-e "$deep/run/control.sock", 'and is removed at the end');
}

# ---- who may ----
SKIP: {
	skip 'not root', 1 if $> != 0;
	my ($group, $gid);
	setgrent();
	while (my @g = getgrent) { ($group, $gid) = @g[0, 2] if $g[2] > 0 && !defined $gid }
	skip 'no group', 1 unless defined $gid;
	my $top = scratch();
	chmod 0711, $top;
	my $o = Signet::Test->new(dir => "$top/ca", store => 'memory', yaml => "control: {group: $group}\n");
	chmod 0711, $o->{dir};
	ok($o->start, 'with a group') or diag($o->log_tail);
	$o->ready;
	my $s = "$o->{dir}/run/control.sock";
	is(sprintf('%o %d', (stat $s)[2, 5]), "140660 $gid", 'the socket is the group\'s');
	is(sprintf('%o %d', (stat "$o->{dir}/run")[2] & 07777, (stat _)[5]), "750 $gid", 'so is its folder');
	unlike($o->log_text, qr/control\.unreachable/, 'it can be reached');
	my ($serial) = map { $_->{serial} } @{ get('certificates', socket => $s)->{json}{certificates} };
	my @member = (54321, 9999, $gid);  # uid, gid, supplementary
	my @primary = (54321, $gid);
	for (
		[ 'a member', \@member, 'GET', 'status', undef, 200 ], [ 'a member', \@member, 'HEAD', 'status', undef, 200 ],
		[ 'a member', \@member, 'GET', "certificates/$serial", undef, 200 ], [ 'a member', \@member, 'GET', 'provisioners', undef, 200 ],
		[ 'by primary group', \@primary, 'GET', 'certificates', undef, 200 ],
		[ 'a member', \@member, 'POST', 'revoke', { serial => $serial }, 403 ], [ 'a member', \@member, 'POST', 'reload', '', 403 ],
		[ 'a member', \@member, 'POST', 'backup', { dir => '/tmp/never' }, 403 ],
		[ 'a member', \@member, 'POST', 'provisioners', {}, 403 ], [ 'a member', \@member, 'DELETE', 'provisioners/admin', undef, 403 ],
	) {
		my ($who, $as, $method, $path, $body, $status) = @$_;
		my $a = control($method, $path, socket => $s, as => $as, (defined $body ? (body => $body) : ()));
		is($a->{status}, $status, "$who: $method $path") or diag($a->{body});
		like($a->{json}{message}, qr/^uid 54321 may only read/, 'says why') if $status == 403;
	}
	is(get('status', socket => $s, as => [ 54321, 9999 ])->{status}, 0, 'others do not get in');
	chmod 0666, $s;
	chmod 0755, "$o->{dir}/run";
	my $a = get('status', socket => $s, as => [ 54321, 9999 ]);
	is("$a->{status} $a->{json}{message}", '403 uid 54321 may not use this socket: ask as root or as the daemon\'s user',
		'and are refused where they do');
	is(get("certificates/$serial", socket => $s)->{json}{status}, 'valid', 'nothing was changed');
	$o->log_like(qr/level=warn event=control\.forbidden uid=54321 pid=\d+ route=control\.status/, 'the log says who tried');
	$o->stop;
	ok(!-e $s, 'the socket is removed at the end');

	# A data folder that nobody may enter: started all the same, and said.
	chmod 0700, $o->{dir};
	ok($o->start, 'in a closed folder');
	$o->log_like(qr{event=control\.unreachable folder=\Q$o->{dir}\E group=\Q$group\E}, 'the log names the folder that is closed');
	$o->stop;

	# The daemon's own user is an operator, also when it is not root.
	# The build may stand where that user cannot go, so it gets plugins of its own.
	my ($module) = grep { -e } map { plugin_dir() . "/provisioner/$_" } '.libs/jwk.so', 'jwk.so';
	mkdir $_ for "$top/plugins", "$top/plugins/provisioner";
	run_ok('cp', '-L', $module, "$top/plugins/provisioner/jwk.so");
	run_ok('chown', '-R', '54321', $top);
	chmod 0755, $o->{dir}, glob "$top/plugins{,/provisioner{,/jwk.so}}";
	spew("$o->{dir}/signetd.yaml", Signet::Test::yaml_config(store => 'memory'));
	spew($o->{log}, '', 0666);
	ok($o->start(plugin_dir => "$top/plugins", wrap => [ 'setpriv', '--reuid', '54321', '--regid', '9999', '--clear-groups' ]), 'as another user') or diag($o->log_tail);
	is(post('reload', '', socket => $s, as => [ 54321, 9999 ])->{status}, 200, 'which may do everything');
	is(post('reload', '', socket => $s)->{status}, 200, 'as root may');
	$o->stop;
}

$d->stop;
ok(!-e $sock, 'TERM removes the socket');
done_testing;

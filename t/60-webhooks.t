#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Webhooks end to end: a daemon, and a receiver in Python (t/lib/webhook_receiver.py) that checks signatures, credentials and client certificates.
# Rows W01 to W07 of the list of hostile cases.
use strict;
use warnings;
use Test::More;
use Signet::Test;
use Signet::Lifecycle;
use POSIX qw(:sys_wait_h _exit);
use Time::HiRes qw(sleep time);

need('openssl', 'python3');
hang_guard(600);

my $dir = scratch();
my $secret = 'c2lnbmV0LXdlYmhvb2stdGVzdC1zZWNyZXQtMzIrYnl0ZXM=';
my $other_secret = 'YW5vdGhlci13ZWJob29rLXRlc3Qtc2VjcmV0LW9mLTMyYg==';
my $bearer = 'bearer-' . rand_id();
my $password = 'pw:' . rand_id();

# ---- the receiver ----

sub make_cert {
	my ($name, $days) = @_;
	run_ok('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', "$dir/$name.key", '-out', "$dir/$name.crt",
		'-days', $days, '-subj', "/CN=$name", '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost');
	return "$dir/$name.crt";
}

my @receivers;
sub receiver {
	my (%o) = @_;
	my $at = scratch();
	my $pid = fork // die "fork: $!";
	if (!$pid) {
		open STDIN, '<', '/dev/null';
		exec 'python3', "$SRC/t/lib/webhook_receiver.py", '--dir', $at, '--cert', "$dir/hook.crt", '--key', "$dir/hook.key",
			'--client-ca', "$SRC/t/vectors/ca/root.crt", map { ("--$_", $o{$_}) } sort keys %o or _exit(127);
	}
	push @receivers, $pid;
	for (1 .. 1500) { last if -s "$at/port"; sleep 0.02 }
	die 'the receiver does not listen' unless -s "$at/port";
	return { dir => $at, port => slurp("$at/port"), pid => $pid };
}
END { my $st = $?; for (@receivers) { kill 9, $_; waitpid $_, 0 } $? = $st }

# What a receiver was asked for under a path; all of it without one.
sub asked {
	my ($rcv, $path) = @_;
	return () unless -e "$rcv->{dir}/requests";
	return grep { !defined $path || index($_->{path}, $path) == 0 } map { json_decode($_) } split /\n/, slurp("$rcv->{dir}/requests");
}

make_cert($_, 30) for 'hook', 'stranger';
spew("$dir/secret", "$secret\n", 0600);
my $rcv = receiver(secret => "$dir/secret", bearer => $bearer, basic => "hooker:$password");
my $base = "https://127.0.0.1:$rcv->{port}";

# ---- the daemon ----

my %plain = (secretFile => 'secrets/hook.b64', caFile => 'certs/hook_ca.crt', disableTLSClientAuth => JSON::PP::true);
sub hook { my ($name, $kind, $path, %o) = @_; my %h = (name => $name, kind => $kind, url => $path =~ /^https/ ? $path : "$base/$path", %plain, %o);
	delete $h{$_} for grep { !defined $h{$_} } keys %h; return \%h }
sub prov { my (@hooks) = @_; return { options => { webhooks => [@hooks] } } }

# Answers that are no permission: provisioner => path of the receiver.
my %bad = (
	missing => raw_answer('{}'), text => raw_answer('{"allow":"true"}'), number => raw_answer('{"allow":1}'), null => raw_answer('{"allow":null}'),
	twice => raw_answer('{"allow":true,"allow":true}'), folded => raw_answer('{"allow":true,"Allow":true}'), escaped => raw_answer('{"allow":true,"\u0061llow":true}'),
	html => raw_answer('<html></html>'), empty => raw_answer(''), list => raw_answer('[{"allow":true}]'), trailing => raw_answer('{"allow":true}{}'),
	both => raw_answer('{"allow":true,"error":{"message":"but"}}'), latin => raw_answer("{\"allow\":true,\"data\":\"\xe9\"}"),
	huge => 'huge', gzip => 'gzip', bomb => 'bomb', redirect => 'redirect', gone => 'status/410', unauthorized => 'status/401', nothing => 'status/204',
);
sub raw_answer { return 'raw/' . unpack 'H*', $_[0] }

my $template = '{"subject":{"commonName":{{ toJson .Subject.CommonName }},"organizationalUnit":{{ toJson .Webhooks.inv.role }},"organization":{{ toJson (index .Webhooks "second-one") }}},'
	. '"sans":{{ toJson .SANs }},"keyUsage":["digitalSignature"],"extKeyUsage":["serverAuth","clientAuth"]}';
my %provisioners = (
	admin => {},
	enrich => { options => { x509 => { template => $template }, webhooks => [ hook('inv', 'ENRICHING', 'data/one', id => 'id-inv'), hook('second-one', 'ENRICHING', 'raw/' . unpack('H*', '{"allow":true,"data":"Second"}')) ] } },
	allow => prov(hook('h', 'AUTHORIZING', 'allow/{{ .Token.sub }}?who={{ urlquery .Token.iss }}', certType => 'X509')),
	ssh => prov(hook('h', 'AUTHORIZING', 'deny', certType => 'SSH')),
	deny => prov(hook('h', 'AUTHORIZING', 'deny')),
	flaky => prov(hook('h', 'AUTHORIZING', 'flaky')),
	mtls => prov(hook('h', 'AUTHORIZING', 'mtls', disableTLSClientAuth => undef)),
	bearer => prov(hook('h', 'AUTHORIZING', 'bearer', bearerTokenFile => 'secrets/bearer')),
	basic => prov(hook('h', 'AUTHORIZING', 'basic', basicUser => 'hooker', basicPasswordFile => 'secrets/password')),
	wrongkey => prov(hook('h', 'AUTHORIZING', 'allow/wrongkey', secretFile => 'secrets/other.b64')),
	unsigned => prov(hook('h', 'AUTHORIZING', 'allow/unsigned', secretFile => undef)),
	untrusted => prov(hook('h', 'AUTHORIZING', 'allow/untrusted', caFile => 'certs/stranger.crt')),
	caroots => prov(hook('h', 'AUTHORIZING', 'allow/caroots', caFile => undef)),
	refused => prov(hook('h', 'AUTHORIZING', "https://127.0.0.1:1/nobody")),
	reset => prov(hook('h', 'AUTHORIZING', 'reset')),
	closed => prov(hook('h', 'AUTHORIZING', 'close')),
	error5 => prov(hook('h', 'AUTHORIZING', 'status/503')),
	slow => prov(hook('h', 'AUTHORIZING', 'slow')),
	several => prov(hook('good', 'AUTHORIZING', 'allow/several'), hook('bad', 'AUTHORIZING', 'deny/several')),
	renewing => prov(hook('once', 'AUTHORIZING', 'allow/once'), hook('always', 'AUTHORIZING', 'allow/always', onRenew => JSON::PP::true)),
	map { ("bad-$_" => prov(hook('h', 'AUTHORIZING', $bad{$_}))) } keys %bad,
);

sub install {
	my ($d) = @_;
	spew("$d->{dir}/certs/hook_ca.crt", slurp("$dir/hook.crt"));
	spew("$d->{dir}/certs/stranger.crt", slurp("$dir/stranger.crt"));
	spew("$d->{dir}/secrets/hook.b64", "$secret\n", 0600);
	spew("$d->{dir}/secrets/other.b64", "$other_secret\n", 0600);
	spew("$d->{dir}/secrets/bearer", "$bearer\n", 0600);
	spew("$d->{dir}/secrets/password", "$password\n", 0600);
	push @{ $d->{secrets} }, $secret, $other_secret, $bearer, $password;
	return $d;
}

my $d = install(Signet::Test->new(store => 'memory', provisioners => \%provisioners));
ok($d->start, 'starts with webhooks') or do { diag($d->log_tail); done_testing(); exit };
$d->ready;

my $last;
sub ask { my ($prov, %o) = @_; my $sub = $o{sub} // 'host.example.com';
	return $last = $d->sign(token => $d->token(iss => $prov, sub => $sub, %{ $o{token} // {} }), csr => csr_new(cn => $o{cn} // $sub, %o)) }
sub row { $d->row(@_) }
sub refused { my ($name) = @_; return "webhook \"$name\" did not allow it" }

# ---- data ----

spew("$rcv->{dir}/data.json", json_encode({ role => 'Databases', Subject => { commonName => 'evil.example.com' }, SANs => [ { type => 'dns', value => 'evil.example.com' } ], Token => { sub => 'evil' } }));
row('enriching', ask('enrich'), 201);
my $pem = join '', @{ $last->{json}{certChain} // [''] };
my $text = $pem ? cert_text($pem) : '';
like($text, qr/Subject: O = Second, OU = Databases, CN = host\.example\.com\n/, 'W06: data is under .Webhooks.NAME, for a template that asks for it');
unlike($text, qr/evil/, 'W06: nothing else takes it');
my ($one) = asked($rcv, '/data/one');
ok($one->{signed}, 'W05: the signature is that of the exact body');
is($one->{headers}{'x-smallstep-webhook-id'}, 'id-inv', 'id');
is($one->{headers}{'x-request-id'}, $last->{headers}{'x-request-id'}, 'request id');
is($one->{headers}{'content-type'}, undef, 'no Content-Type');
is($one->{certificate}, JSON::PP::false, 'no client certificate when disabled');
my $body = json_decode($one->{body});
like($body->{timestamp}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{0,8}[1-9])?Z$/, 'timestamp');
is($body->{provisionerName}, 'enrich', 'provisionerName');
is($body->{x509CertificateRequest}{subject}{commonName}, 'host.example.com', 'x509CertificateRequest has the fields of a template');
ok($body->{x509CertificateRequest}{raw}, '... and the request itself');
ok(!exists $body->{x509Certificate}, 'no certificate yet');
is(scalar(asked($rcv, '/data/one')), 1, 'asked once');
spew("$rcv->{dir}/data.json", '"text"');
row('data of another kind is the template\'s matter', ask('enrich'), [ 400, 403, 500 ]);

# The `step` client, data and refusal.
SKIP: {
	skip('step is not here', 4) unless have('step');
	my $at = scratch();
	spew("$rcv->{dir}/data.json", json_encode({ role => 'Clients' }));
	my $step = sub { my ($prov) = @_; run({ env => { STEPPATH => "$at/step", HOME => $at } }, step_bin(), 'ca', 'certificate', 'host.example.com', "$at/$prov.crt", "$at/$prov.key",
		'--token', $d->token(iss => $prov), '--ca-url', $d->{url}, '--root', $d->{root}, '-f') };
	my ($rc, $out, $err) = $step->('enrich');
	is($rc, 0, 'step ca certificate') or diag($err);
	like($rc == 0 ? cert_text(slurp("$at/enrich.crt")) : '', qr/Subject: O = Second, OU = Clients, CN/, '... with the data of the webhooks');
	($rc, $out, $err) = $step->('deny');
	isnt($rc, 0, 'step, denied');
	like($err, qr/webhook "h" did not allow it: not on the list/, '... and it says why');
}

# ---- permission ----

row('authorizing', ask('allow', sub => 'a.example.com'), 201);
my ($allow) = asked($rcv, '/allow/a.example.com');
is($allow->{path}, '/allow/a.example.com?who=allow', 'the URL is filled in');
$body = json_decode($allow->{body});
is($body->{x509Certificate}{subject}{commonName}, 'a.example.com', 'x509Certificate says what would be signed');
ok($body->{x509Certificate}{notAfter}, '... with its lifetime');
row('of a kind of certificate that is not asked for', ask('ssh'), 201);
row('W04 denied', ask('deny'), 403, says(403, refused('h') . ': not on the list'));
$d->log_like(qr/webhook\.denied .*webhook=h .*E7: not on the list/, '... and the log says why');
row("W04 $_", ask("bad-$_"), 403, says(403, refused('h'))) for sort keys %bad;
is(scalar(asked($rcv, '/allow/redirected')), 0, 'W03: a redirect is not followed');
row('several: one denies', ask('several'), 403, says(403, refused('bad') . ': not on the list'));

# ---- who is asked, and how ----

row('client certificate', ask('mtls'), 201);
my ($mtls) = asked($rcv, '/mtls');
ok($mtls->{certificate}, 'the daemon\'s own leaf');
row('bearer', ask('bearer'), 201);
row('basic', ask('basic'), 201);
row('W05 another key', ask('wrongkey'), 403, says(403, refused('h')));
row('W05 no key', ask('unsigned'), 403, says(403, refused('h')));
is((asked($rcv, '/allow/unsigned'))[0]{headers}{'x-smallstep-signature'}, undef, 'no signature by an empty key');
row("not trusted: $_", ask($_), 503) for qw(untrusted caroots);
is(scalar(asked($rcv, "/allow/$_")), 0, '... and not asked') for qw(untrusted caroots);

# ---- trouble ----

row('500, then 200', ask('flaky'), 201);
is(scalar(asked($rcv, '/flaky')), 2, 'asked once more');
row('503 twice', ask('error5'), 503);
is(scalar(asked($rcv, '/status/503')), 2, 'asked once more, not again');
row('reset', ask('reset'), 503);
row('closed without an answer', ask('closed'), 503);
row('nobody there', ask('refused'), 503);
my $began = time;
row('W04 slow', ask('slow'), 503);
cmp_ok(time - $began, '>=', 9, 'waited for ten seconds');
row('the daemon goes on', ask('admin'), 201);

# A client that leaves cancels the calls.
{
	my $s = $d->connect;
	my $json = json_encode({ csr => csr_new(), ott => $d->token(iss => 'slow') });
	my $before = asked($rcv, '/slow');
	print $s "POST /sign HTTP/1.1\r\nHost: localhost\r\nContent-Length: " . length($json) . "\r\n\r\n$json";
	for (1 .. 1500) { last if asked($rcv, '/slow') > $before; sleep 0.02 }
	close $s;
	$d->log_like(qr/the client left/, 'a client that leaves');
	row('... and the daemon goes on', ask('allow'), 201);
}

# ---- hostile names in the URL ----

my @hostile = ('..', 'x/../../deny', 'x#', 'x?y=z', 'a b', "a\r\nX-Evil: b", '<no value>');
for my $sub (@hostile) {
	(my $shown = $sub) =~ s/([^!-~])/sprintf '\\x%02x', ord $1/ge;
	my $before = asked($rcv);
	row("W01 sub $shown", ask('allow', sub => $sub, cn => 'host.example.com', token => { claims => { sans => ['host.example.com'] } }), [ 400, 403 ]);
	is(scalar(asked($rcv)), $before, '... is not sent');
}

# ---- renewal ----

{
	my ($crt, $key) = $d->certificate(token => { iss => 'renewing' });
	my %n = map { $_ => scalar(asked($rcv, "/allow/$_")) } qw(once always);
	my $r = $d->http('POST', '/renew', cert => $crt, key => $key);
	row('renewal', $r, 201);
	is(scalar(asked($rcv, '/allow/once')), $n{once}, 'a renewal asks nobody');
	is(scalar(asked($rcv, '/allow/always')), $n{always} + 1, '... but those with onRenew');
}

# ---- secrets ----

{
	my $r = $d->http('GET', '/provisioners?limit=100');
	row('W07 /provisioners', $r, 200);
	unlike($r->{body}, qr/secretFile|bearerTokenFile|secrets\//, 'no file names of secrets');
	spew("$dir/secret", "$other_secret\n", 0600);
	spew("$d->{dir}/secrets/hook.b64", "$other_secret\n", 0600);
	row('the receiver has another secret', ask('allow'), 403, says(403, refused('h')));
	kill 'HUP', $d->{pid};
	my $st;
	for (1 .. 300) { $st = ask('allow')->{status}; last if $st == 201; sleep 0.1 }
	is($st, 201, 'a reload reads the secret anew');
	# W07 in the log: check_log at the end looks for each secret of this test.
}
$d->stop;

# ---- addresses ----

{
	my $o = install(Signet::Test->new(store => 'memory', yaml => "outbound: {refuse: [127.0.0.0/8]}\n", provisioners => { admin => {}, named => prov(hook('h', 'AUTHORIZING', "https://localhost:$rcv->{port}/allow")) }));
	ok($o->start, 'starts with outbound.refuse') or diag($o->log_tail);
	$o->ready;
	my $before = asked($rcv);
	$o->row('W01 a name that leads to a refused address', $o->sign(token => $o->token(iss => 'named'), csr => csr_new()), 403, says(403, refused('h')));
	is(scalar(asked($rcv)), $before, '... is not called');
	$o->log_like(qr/are refused by the address rules/, '... and the log says why');
	$o->stop;
}
for my $case (
	[ 'http://127.0.0.1/', qr/must begin with https/ ], [ 'file:///etc/passwd', qr/must begin with https/ ],
	[ 'https://user:pa55@127.0.0.1/', qr/must not hold a user or password/ ], [ 'https://{{ .Token.sub }}/', qr/the host must stand in the text/ ],
	[ 'https://h/{{ nosuch }}', qr/nosuch/ ],
) {
	my ($url, $why) = @$case;
	my $o = install(Signet::Test->new(store => 'memory', provisioners => { admin => {}, x => prov(hook('h', 'AUTHORIZING', '', url => $url)) }));
	ok(!$o->start, "W01 refused when it starts: $url");
	like($o->log_text, $why, '... with words');
	unlike($o->log_text, qr/pa55/, '... without the password');
}
{
	my $o = install(Signet::Test->new(store => 'memory', provisioners => { admin => {}, x => prov(hook('h', 'NOTIFYING', 'allow')) }));
	ok(!$o->start, 'a kind that comes later');
	like($o->log_text, qr/SCEPCHALLENGE and NOTIFYING come with SCEP/, '... with words');
}

done_testing();

#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# The routes of the `step` API that anybody may ask, under both prefixes: status, form, exact texts, paging, request ids.
use strict;
use warnings;
use Test::More;
use Digest::SHA qw(sha1_hex sha256_hex);
use Signet::Test;
use Signet::DER;

need('openssl');
hang_guard(300);

# ---- a daemon with 28 provisioners and a federated root ----

my $jwe = 'eyJhbGciOiJQQkVTMi1IUzI1NitBMTI4S1ciLCJlbmMiOiJBMjU2R0NNIn0.AAAA.AAAA.AAAA.AAAA';
my %provs = (admin => { encryptedKey => $jwe, claims => { defaultTLSCertDuration => '12h' } });
$provs{ sprintf 'p%02d', $_ } = { key_name => 'second' } for 1 .. 27;
(my $config = Signet::Test::yaml_config(store => 'memory')) =~ s/^(  root: .*\n)/$1  federatedRoots: certs\/other.crt\n/m;
my $d = Signet::Test->new(config => $config, provisioners => \%provs);
my $root = slurp($d->{root});
my $other = spew("$d->{dir}/certs/other.crt", slurp("$SRC/t/vectors/ca/other.crt")) && slurp("$SRC/t/vectors/ca/other.crt");
my $intermediate = slurp("$d->{dir}/certs/intermediate_ca.crt");
$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);

my $fp = $d->fingerprint;
my $other_fp = sha256_hex(from_pem($other));
my $kid = Signet::Test::kid('provisioner');
my $kid2 = Signet::Test::kid('second');
my $uuid = qr/\A[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\z/;

sub json_answer {
	my ($id, $r, $status) = @_;
	$d->row($id, $r, $status);
	is($r->{headers}{'content-type'}, 'application/json', "$id: content type");
	like($r->{body}, qr/\A[^\n]+\n\z/, "$id: one line");
}

# ---- every route, both prefixes ----

for my $p ('', '/1.0') {
	my $get = sub { $d->http('GET', "$p$_[0]") };

	my $r = $get->('/version');
	json_answer("$p/version", $r, 200);
	is_deeply([ keys %{ $r->{json} } ], ['version'], "$p/version: members");
	like($r->{json}{version}, qr/^\d+\.\d+/, "$p/version: a version");

	$r = $get->('/health');
	json_answer("$p/health", $r, 200);
	is($r->{body}, qq({"status":"ok"}\n), "$p/health: text");

	for (['own', $fp, $root], ['federated', $other_fp, $other]) {
		my ($what, $sha, $pem) = @$_;
		$r = $get->("/root/$sha");
		json_answer("$p/root: $what", $r, 200);
		is_deeply($r->{json}, { ca => $pem }, "$p/root: $what: the certificate");
	}
	for (['/roots', $root], ['/intermediates', $intermediate], ['/federation', $root, $other]) {
		my ($path, @pems) = @$_;
		$r = $get->($path);
		json_answer("$p$path", $r, 201);
		is_deeply($r->{json}, { crts => \@pems }, "$p$path: the certificates");
	}
	for (['/roots.pem', $root], ['/intermediates.pem', $intermediate]) {
		my ($path, $pem) = @$_;
		$r = $get->($path);
		$d->row("$p$path", $r, 200);
		is($r->{headers}{'content-type'}, 'application/x-pem-file', "$p$path: content type");
		is($r->{body}, $pem, "$p$path: the certificates");
	}
	$r = $get->('/provisioners');
	json_answer("$p/provisioners", $r, 200);
	is_deeply([ sort keys %{ $r->{json} } ], [qw(nextCursor provisioners)], "$p/provisioners: members");

	$r = $get->("/provisioners/$kid/encrypted-key");
	json_answer("$p/encrypted-key", $r, 200);
	is_deeply($r->{json}, { key => $jwe }, "$p/encrypted-key: the key");

	$d->row("$p/sign: no body", $d->http('POST', "$p/sign"), 400, says(400, 'error decoding json'));
	$d->row("$p/renew: no certificate", $d->http('POST', "$p/renew"), 400, says(400, 'missing client certificate'));
	$d->row("$p/re-sign: no certificate", $d->http('POST', "$p/re-sign"), 400, says(400, 'missing client certificate'));
}

# HEAD is GET without the body, and the next request on the connection is not disturbed.
for my $path ('/version', '/health', "/root/$fp", '/roots', '/roots.pem', '/intermediates', '/intermediates.pem', '/federation',
	'/provisioners',
	"/provisioners/$kid/encrypted-key") {
	my $want = $d->http('GET', $path);
	my $all = $d->raw_all("HEAD $path HTTP/1.1\r\nHost: x\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	my ($head, $rest) = split /\r\n\r\n/, $all, 2;
	like($head, qr{^HTTP/1\.1 $want->{status} .*^Content-Length: @{[ length $want->{body} ]}\r?$}ms,
		"HEAD $path: status and length of GET");
	like($rest, qr{\AHTTP/1\.1 200 .*\r\n\r\n\{"status":"ok"\}\n\z}s, "HEAD $path: no body");
}

# ---- paths and methods that are not there ----

my $r;
for my $path ('/nope', '/1.0', '/1.0/', '/2.0/health', '/1.0/1.0/health', '/health/', '/health/x', '/Health', '/root',
	'/root/', '/rootsxpem', '/provisioners/',
	'/provisioners/x', '/metrics', '/debug/pprof/', '/.well-known/x', '/secrets/intermediate_ca.key', '/certs/root_ca.crt') {
	$r = $d->http('GET', $path);
	$d->row("GET $path", $r, 404);
	is($r->{body}, "404 page not found\n", "GET $path: text");
	like($r->{headers}{'content-type'}, qr{^text/plain}, "GET $path: content type");
	is($r->{headers}{'x-content-type-options'}, 'nosniff', "GET $path: nosniff");
	like($r->{headers}{'x-request-id'}, $uuid, "GET $path: request id");
}
for (['GET', '/sign', 'POST'], ['GET', '/1.0/renew', 'POST'], ['PUT', '/sign', 'POST'], ['POST', '/health', 'GET, HEAD'],
	['DELETE', '/roots', 'GET, HEAD'],
	['PATCH', '/1.0/provisioners', 'GET, HEAD'], ['OPTIONS', '/version', 'GET, HEAD'], ['HEAD', '/sign', 'POST'],
	['TRACE', '/health', 'GET, HEAD']) {
	my ($method, $path, $allow) = @$_;
	$r = $d->http($method, $path);
	$d->row("$method $path", $r, 405);
	is($r->{body}, '', "$method $path: empty body");
	is($r->{headers}{allow}, $allow, "$method $path: Allow");
	like($r->{headers}{'x-request-id'}, $uuid, "$method $path: request id");
}
$d->row('unknown method', $d->http('BREW', '/health'), 501);
$d->row('a body where none belongs', $d->http('GET', '/health', body => 'x'), 413);

# ---- S13: fingerprints ----

my $dashes = join '-', unpack '(A8)*', $fp;
for (['upper case', uc $fp], ['dashes', $dashes], ['dashes and upper case', uc $dashes], ['dashes at the ends', "-$fp-"],
	['escaped', join '', map { sprintf '%%%02x', ord } split //, $fp]) {
	$r = $d->http('GET', "/root/$_->[1]");
	$d->row("S13 root: $_->[0]", $r, 200);
	is_deeply($r->{json}, { ca => $root }, "S13 root: $_->[0]: the certificate");
}
my $none = '0' x 64;
$d->row('S13 root: unknown', $d->http('GET', "/root/$none"), 404, qq(root certificate with fingerprint "$none" was not found));
$d->row('S13 root: unknown, upper case', $d->http('GET', '/root/' . ('AB-' x 32)), 404,
	qr/\Aroot certificate with fingerprint "[abAB-]{64,96}" was not found\z/);
for (['63 digits', substr($fp, 1)], ['65 digits', "${fp}0"], ['no hexadecimal', 'g' . substr($fp, 1)], ['dashes only', '----'],
	['a word', 'undefined'], ['10 KiB is too long', 'a' x 8000],
	['quotes', '%22%3e%3cscript%3e'], ['line break', '%0d%0aX-Evil:%201'], ['UTF-8', '%c3%a9'], ['invalid UTF-8', '%ff%fe']) {
	$r = $d->http('GET', "/root/$_->[1]");
	$d->row("S13 root: $_->[0]", $r, 404, qr/\A(?:The requested resource could not be found|root certificate with fingerprint )/);
	ok(!exists $r->{headers}{'x-evil'}, "S13 root: $_->[0]: no header made");
}
for ('/root/..', '/root/../health', '/root/%2e%2e', '/root/..%2fhealth', '/root/%2Fetc%2Fpasswd', '/root//', "//root/$fp",
	'/root/%00', '/root/%', '/root/%zz', '/root/.') {
	$r = $d->http('GET', $_);
	$d->row("S13 $_", $r, [ 400, 404 ]);
	unlike($r->{body}, qr/CERTIFICATE|"ok"/, "S13 $_: nothing found");
}

# ---- provisioners: content, pages, S11 ----

my @all = @{ $d->http('GET', '/provisioners?limit=100')->{json}{provisioners} };
is(scalar @all, 28, 'all provisioners');
is_deeply([ map { $_->{name} } @all ], [ 'admin', map { sprintf 'p%02d', $_ } 1 .. 27 ], 'in the order of their files');
is_deeply($all[0], { type => 'JWK', name => 'admin', key => Signet::Test::jwk_public('provisioner'), encryptedKey => $jwe,
	claims => { defaultTLSCertDuration => '12h0m0s' } },
	'a provisioner as clients expect it') or diag(explain($all[0]));
is_deeply([ grep { !/^(?:type|name|key|claims|options)$/ } keys %{ $all[1] } ], [],
	'a provisioner without encryptedKey') or diag(explain($all[1]));
ok(!exists $all[1]{key}{d}, 'no private member');

# uid of entry i: hex(4 bytes of i, then SHA-1 of the provisioner's id without its first four).
sub uid { my ($i) = @_; my $id = "$all[$i]{name}:" . ($i ? $kid2 : $kid); return sprintf('%08x', $i) . substr sha1_hex($id), 8 }
sub trimmed { my ($s) = @_; $s =~ s/^0+//; return $s }

for my $limit (1, 3, 7, 20, 25, 27, 28, 29, 100) {
	my ($cursor, @got, $pages) = ('');
	do {
		$r = $d->http('GET', "/provisioners?limit=$limit" . ($cursor ne '' ? "&cursor=$cursor" : ''));
		push @got, @{ $r->{json}{provisioners} };
		$cursor = $r->{json}{nextCursor};
		is($cursor, @got < 28 ? trimmed(uid(scalar @got)) : '', "limit $limit: cursor after " . @got) if $limit > 2 || @got == 1;
		$pages++;
	} while ($cursor ne '' && $pages < 40);
	is_deeply([ map { $_->{name} } @got ], [ map { $_->{name} } @all ], "limit $limit: the pages are the list");
	is($pages, int((28 + $limit - 1) / $limit), "limit $limit: number of pages");
}
for (['absent', '', 20], ['empty', '?limit=', 20], ['zero', '?limit=0', 20], ['negative', '?limit=-1', 20],
	['very negative', '?limit=-99999999', 20], ['101', '?limit=101', 28],
	['10^9', '?limit=1000000000', 28], ['2^31', '?limit=2147483648', 28], ['leading zeros', '?limit=005', 5],
	['a sign', '?limit=%2B5', 5], ['escaped digits', '?limit=%35', 5],
	['the first of two', '?limit=4&limit=6', 4], ['another parameter', '?x=1&limit=4&y', 4], ['case of the name', '?Limit=4', 20]) {
	$r = $d->http('GET', "/provisioners$_->[1]");
	$d->row("S11 limit $_->[0]", $r, 200);
	is(scalar @{ $r->{json}{provisioners} }, $_->[2], "S11 limit $_->[0]: entries");
}
for (['x', 'x'], ['1x', '1x'], ['1.5', '1.5'], ['1e3', '1e3'], ['0x10', '0x10'], ['--1', '--1'], ['-', '-'], ['%20', ' '],
	['1;DROP+TABLE', '1;DROP TABLE'], ['..%2f..%2fetc', '../../etc'],
	["'", "'"], ['9' x 30, '9' x 30], ['1%2C000', '1,000'], ["%C3%A9", "\xc3\xa9"]) {
	$d->row("S11 limit $_->[0]", $d->http('GET', "/provisioners?limit=$_->[0]"), 400, says(400,
		"limit '$_->[1]' is not an integer"));
}
$d->row('S11 limit with NUL', $d->http('GET', '/provisioners?limit=1%00'), [ 200, 400 ]);
my $first = $d->http('GET', '/provisioners?limit=3')->{body};
for ('0', '00000000', '../../etc/passwd', "'%20OR%201=1--", '%27', '-1', 'zzzz', 'f' x 40, 'f' x 41, '0' x 400, '%ff', '%0a',
	uid(5), uc uid(5), trimmed(uid(27)), '!' x 40) {
	$r = $d->http('GET', "/provisioners?limit=3&cursor=$_");
	$d->row('S11 cursor ' . substr($_, 0, 50), $r, [ 200, 400 ]);
	next unless $r->{status} == 200;
	my @names = map { $_->{name} } @{ $r->{json}{provisioners} };
	is_deeply(\@names, [ sort @names ], '... in order');
	is($d->http('GET', "/provisioners?limit=3&cursor=$_")->{body}, $r->{body}, '... and stable');
}
is($d->http('GET', '/provisioners?limit=3&cursor=0')->{body}, $first, 'cursor 0 is the beginning');
is_deeply($d->http('GET', '/provisioners?cursor=' . 'f' x 40)->{json}, { provisioners => [],
	nextCursor => '' }, 'a cursor behind the end: an empty page');
is($d->http('GET', '/provisioners?limit=1&cursor=' . uid(5))->{json}{provisioners}[0]{name}, 'p05', 'a padded cursor');

# ---- S12: encrypted keys ----

for (['unknown', 'nope'], ['of a provisioner without one', $kid2], ['other case', uc $kid], ['cut', substr($kid, 0, -1)],
	['name instead of kid', 'admin'], ['id instead of kid', "admin:$kid"],
	['8 KB', 'k' x 8000], ['quote', '%27%3bDROP'], ['UTF-8', '%c3%a9']) {
	$r = $d->http('GET', "/provisioners/$_->[1]/encrypted-key");
	$d->row("S12 kid: $_->[0]", $r, 404, says(404));
}
for ('/provisioners/../encrypted-key', '/provisioners/%2e%2e/encrypted-key', '/provisioners/..%2f..%2fsecrets/encrypted-key',
	'/provisioners/%00/encrypted-key', '/provisioners//encrypted-key',
	"/provisioners/./$kid/encrypted-key", "/provisioners/$kid/../$kid/encrypted-key", "/provisioners/$kid/encrypted-key/",
		"/provisioners/$kid/encrypted-key%00") {
	$r = $d->http('GET', $_);
	$d->row("S12 $_", $r, [ 400, 404 ]);
	unlike($r->{body}, qr/eyJ/, "S12 $_: no key");
}
(my $escaped = $kid) =~ s/([-_])/sprintf '%%%02X', ord $1/ge;
is($d->http('GET', "/provisioners/$escaped/encrypted-key")->{json}{key}, $jwe, 'S12 kid: escaped');

# ---- S23: request ids ----

sub id_of { my (%h) = @_; $r = $d->http('GET', '/health', headers => \%h); return $r->{headers}{'x-request-id'} }
for (['a word', 'abc'], ['a UUID', '67d6a3e7-dfe0-4a9c-a82e-e625a47b442f'], ['one character', 'x'], ['128 characters', 'a' x 128],
	['punctuation', '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~']) {
	is(id_of('X-Request-Id' => $_->[1]), $_->[1], "S23 echoed: $_->[0]");
}
for (['129 characters', 'a' x 129], ['10 KiB', 'a' x 10240], ['a space', 'a b'], ['a tab', "a\tb"], ['not ASCII', "caf\xc3\xa9"],
	['empty', '']) {
	like(id_of('X-Request-Id' => $_->[1]), $uuid, "S23 replaced: $_->[0]");
}
is(id_of('X-Smallstep-Id' => 'small'), 'small', 'S23 X-Smallstep-Id');
is(id_of('X-Smallstep-Id' => 'small', 'X-Request-Id' => 'big'), 'big', 'S23 X-Request-Id comes first');
is(id_of('X-Smallstep-Id' => 'small', 'X-Request-Id' => 'not good'), 'small', 'S23 a bad X-Request-Id, a good X-Smallstep-Id');
isnt(id_of(), id_of(), 'S23 a new one each time');
for (["\r", 'CR'], ["\n", 'LF'], ["\0", 'NUL'], ["\x1b[31m", 'escape'], ["\x7f", 'DEL']) {
	$r = $d->raw("GET /health HTTP/1.1\r\nHost: x\r\nX-Request-Id: a$_->[0]X-Evil: 1\r\n\r\n");
	$d->row("S23 $_->[1] in the id", $r, 400);
	ok(!exists $r->{headers}{'x-evil'} && ($r->{headers}{'x-request-id'} // '') =~ $uuid,
		"S23 $_->[1] in the id: nothing comes back");
}
for (['404', 'GET', '/nope'], ['405', 'GET', '/sign'], ['400', 'POST', '/sign'], ['201', 'GET', '/roots']) {
	is($d->http($_->[1], $_->[2], headers => { 'X-Request-Id' => "on-$_->[0]" })->{headers}{'x-request-id'}, "on-$_->[0]",
		"S23 on a $_->[0]");
}

# ---- every answer ----

for my $path ('/health', '/nope', '/roots.pem') {
	$r = $d->http('GET', $path);
	like($r->{headers}{date}, qr/^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/, "$path: Date");
	is($r->{headers}{'content-length'}, length $r->{body}, "$path: Content-Length");
	ok(!exists $r->{headers}{server}, "$path: no Server");
}

$d->stop;
done_testing;

#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# HTTP/1.1 over TLS as RFC 9112 wants it: whatever two servers might read differently is refused; what is allowed is served, in order. Row D08.
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(time sleep);
use IO::Select;
use IO::Socket::INET;
use Signet::Test;

need('openssl');
hang_guard(300);

my $d = Signet::Test->new(store => 'memory');
$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
$d->ready;

# ---- opened now, looked at in the end: clients that are too slow ----

sub tcp { return IO::Socket::INET->new(PeerHost => '127.0.0.1', PeerPort => $d->{port}) // die "tcp: $!" }
my %slow = (head => $d->connect, 'second line' => $d->connect, body => $d->connect, chunk => $d->connect, nothing => $d->connect,
	'no handshake' => tcp(), 'half a hello' => tcp());
print { $slow{head} } 'GET /hea';
print { $slow{'second line'} } "GET /health HTTP/1.1\r\nHo";
print { $slow{body} } "POST /sign HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"csr\":";
print { $slow{chunk} } "POST /sign HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nabc";
$slow{'half a hello'}->syswrite("\x16\x03\x01\x02\x00\x01\x00\x01");

# ---- a table of bytes ----

# What came on a connection, taken apart: the answers and what is left.
sub answers {
	my ($raw) = @_;
	my @list;
	while ($raw =~ s{\A(HTTP/1\.1 (\d+) .*?)\r\n\r\n}{}s) {
		my ($head, $status) = ($1, $2);
		my %a = (status => $status, head => $head);
		my ($n) = $head =~ /^Content-Length: (\d+)\r?$/mi;
		$a{body} = substr $raw, 0, $n // 0, '';
		$a{id} = $1 if $head =~ /^X-Request-Id: (.*?)\r?$/mi;
		push @list, \%a;
	}
	return (\@list, $raw);
}

# Sends bytes, reads to the end, and compares the statuses of all answers.
my $list;
sub http_row {
	my ($id, $bytes, @status) = @_;
	my $raw = $d->raw_all($bytes);
	($list, my $rest) = answers($raw);
	my @got = map { $_->{status} } @$list;
	my $good = @got == @status && !grep { my $i = $_; !grep { $_ == $got[$i] } ref $status[$i] ? @{ $status[$i] } : $status[$i] } 0 .. $#got;
	$good &&= $rest eq '' && $d->alive;
	return ok($good, $id) || (diag('got: ', join(' ', @got), "\n", substr($raw, 0, 600), $d->alive ? '' : $d->log_tail), 0)[1];
}
sub get  { my ($target, @headers) = @_; return join "\r\n", "GET $target HTTP/1.1", 'Host: localhost', 'Connection: close',
	@headers, '', '' }
sub post { my ($headers, $body) = @_; return join "\r\n", 'POST /sign HTTP/1.1', 'Host: localhost', @$headers, '', $body // '' }
my $next = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
my $close = 'Connection: close';

http_row('a request', get('/health'), 200);

# ---- smuggling: one answer, a 400, and nothing after it ----

my $gpost = "GPOST / HTTP/1.1\r\nHost: x\r\n\r\n";
for (['CL and TE', ['Content-Length: 6', 'Transfer-Encoding: chunked'], "0\r\n\r\nX"],
	['TE and CL', ['Transfer-Encoding: chunked', 'Content-Length: 4'], "5c\r\n$gpost"],
	['CL 0 and TE', ['Content-Length: 0', 'Transfer-Encoding: chunked'], "0\r\n\r\n"],
	['two lengths', ['Content-Length: 2', 'Content-Length: 2'], '{}'],
	['two different lengths', ['Content-Length: 0', 'Content-Length: 2'], '{}'],
	['a list of lengths', ['Content-Length: 2, 2'], '{}'], ['a list of one', ['Content-Length: 2,'], '{}'],
	(map { ["length '$_'", ["Content-Length: $_"], '{}'] } '+2', '-2', '0x2', '2.0', '2 2', '2e0', 'two', '', '"2"', '2;',
		'18446744073709551616', '99999999999999999999999', "2\x0b", "\xd9\xa2"),
	(map { ["coding '$_'", ["Transfer-Encoding: $_"],
		"0\r\n\r\n"] } 'identity', 'gzip', 'gzip, chunked', 'chunked, gzip', 'chunked, chunked', 'chunked, identity', 'xchunked',
		'chunked;q=1', '"chunked"', 'chun ked', ',chunked', 'chunked,', '', "chunked\x0b", "\x0bchunked", 'cow'),
	['two codings', ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], "0\r\n\r\n"],
	['two codings, one unknown', ['Transfer-Encoding: chunked', 'Transfer-Encoding: cow'], "0\r\n\r\n"],
	['a space before the colon of TE', ['Transfer-Encoding : chunked'], "0\r\n\r\n"],
	['a space before the colon of CL', ['Content-Length : 2'], '{}'],
	['a tab before the colon', ["Content-Length\t: 2"], '{}'], ['a folded TE', ['Transfer-Encoding:', ' chunked'], "0\r\n\r\n"],
	['a folded CL', ['Content-Length:', "\t2"], '{}'], ['a folded line', ['X: a', ' b', 'Content-Length: 0'], ''],
	['a space in front of the first line', [' Content-Length: 2'], '{}'],
	['a CR alone before TE', ["X: a\rTransfer-Encoding: chunked"], "0\r\n\r\n"],
	['an LF alone before TE', ["X: a\nTransfer-Encoding: chunked"], "0\r\n\r\n"],
	['LF ends a line', ["Content-Length: 2\nX: y"], '{}'], ['NUL in a value', ["X: a\0b", 'Content-Length: 0'], ''],
	['NUL in a name', ["X\0: a", 'Content-Length: 0'], ''], ['a control character', ["X: \x01", 'Content-Length: 0'], ''],
	['DEL', ["X: \x7f", 'Content-Length: 0'], ''], ['no colon', ['X', 'Content-Length: 0'], ''],
	['an empty name', [': x', 'Content-Length: 0'], ''], ['a space in a name', ['X Y: z', 'Content-Length: 0'], ''],
	['a bracket in a name', ['X(: z', 'Content-Length: 0'], ''],
	['a name that is not ASCII', ["X\xc3\xa9: z", 'Content-Length: 0'], ''],
	['a quoted name', ['"Content-Length": 2', 'Content-Length: 0'], '']) {
	http_row("smuggling: $_->[0]", post($_->[1], $_->[2]) . $next, 400);
	like($list->[0]{head} // '', qr/^Connection: close\r?$/mi, "smuggling: $_->[0]: closes");
}
http_row('smuggling: an LF ends the head', "POST /sign HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\n{}$next", 400);
http_row('smuggling: LF everywhere', "GET /health HTTP/1.1\nHost: x\n\n", 400);
http_row('smuggling: CR CR LF', "GET /health HTTP/1.1\r\nHost: x\r\r\n\r\n$next", 400);
http_row('smuggling: CR alone ends the head', "GET /health HTTP/1.1\r\nHost: x\r\rGET /x HTTP/1.1\r\n\r\n", 400);
http_row('a body in a GET is not the next request',
	"GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: @{[ length $next ]}\r\n\r\n$next", 413);
http_row('a chunked body in a GET',
	"GET /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n$next", 413);
http_row('a body for a path that is not there',
	"POST /nope HTTP/1.1\r\nHost: x\r\nContent-Length: @{[ length $next ]}\r\n\r\n$next", 404);
http_row('a body for another method', "GET /sign HTTP/1.1\r\nHost: x\r\nContent-Length: @{[ length $next ]}\r\n\r\n$next", 405);
http_row('other names are other headers', get('/health', 'Transfer_Encoding: chunked', 'X-Content-Length: 5', 'Content_Length: 7'),
	200);
http_row('Content-Length 0 in a GET', get('/health', 'Content-Length: 0'), 200);
http_row('an empty chunked body in a GET', get('/health', 'Transfer-Encoding: chunked') . "0\r\n\r\n", 200);
http_row('white space around values', get('/health', "Content-Length: \t 0 \t"), 200);

# ---- the request line ----

sub line { my ($line) = @_; return "$line\r\nHost: localhost\r\nConnection: close\r\n\r\n" }
http_row("line: $_->[0]", line($_->[1]), $_->[2]) for ['two spaces', 'GET  /health HTTP/1.1', 400],
	['two spaces before the version', 'GET /health  HTTP/1.1', 400], ['a tab', "GET\t/health HTTP/1.1", 400],
	['a space in front', ' GET /health HTTP/1.1', 400], ['a space behind', 'GET /health HTTP/1.1 ', 400],
	['no version', 'GET /health', 400], ['no target', 'GET HTTP/1.1', 400],
	['only a method', 'GET', 400], ['lower-case version', 'GET /health http/1.1', 400], ['HTTP/1.11', 'GET /health HTTP/1.11', 400],
	['HTTP/01.1', 'GET /health HTTP/01.1', 400], ['HTTP/1', 'GET /health HTTP/1', 400],
	['HTTP/1.x', 'GET /health HTTP/1.x', 400], ['HTTP/2.0', 'GET /health HTTP/2.0', 505],
	['HTTP/0.9', 'GET /health HTTP/0.9', 505], ['HTTP/3.0', 'GET /health HTTP/3.0', 505],
	['HTTP/1.2 is a 1.1', 'GET /health HTTP/1.2', 200], ['lower-case method', 'get /health HTTP/1.1', 501],
	['unknown method', 'BREW /health HTTP/1.1', 501], ['a method of 5 KB', 'X' x 5000 . ' /health HTTP/1.1', 501],
	['a method with a colon', 'GE:T /health HTTP/1.1', 400], ['a method that is not ASCII', "G\xc3\x89T /health HTTP/1.1", 400],
	['CONNECT', 'CONNECT localhost:443 HTTP/1.1', 400],
	['SSH', 'SSH-2.0-OpenSSH_9.2', 400], ['SMTP', 'EHLO x', 400], ['NUL', "GET /health\0 HTTP/1.1", 400],
	['a star', 'GET * HTTP/1.1', 400], ['OPTIONS for the server', 'OPTIONS * HTTP/1.1', 405];
http_row('line: HTTP/2 preface', "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [ 400, 505 ]);
http_row('line: one empty line before it', "\r\n" . get('/health'), 200);
http_row('line: many empty lines before it', "\r\n\r\n\r\n" . get('/health'), 400);
http_row('line: TLS inside TLS', "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" . 'x' x 100, 400);

# ---- targets ----

for (['dots', '/../health'], ['dots inside', '/1.0/../health'], ['dots behind', '/health/..'], ['one dot', '/./health'],
	['escaped dots', '/%2e%2e/health'], ['half escaped dots', '/.%2e/health'], ['escaped slash', '/..%2fhealth'],
	['escaped slash in upper case', '/1.0%2Fhealth'], ['two slashes', '//health'], ['two slashes inside', '/1.0//health'],
	['NUL', '/health%00'], ['a bad escape', '/health%'], ['a bad escape, one digit', '/health%4'], ['no hexadecimal', '/health%zz'],
	['a backslash', '/\\health'], ['quotes', '/"health'], ['a bracket', '/<health'], ['a bar', '/a|b'], ['a caret', '/a^b'],
	['a brace', '/{a}'], ['a fragment', '/health#x'], ['raw UTF-8', "/caf\xc3\xa9"], ['raw byte', "/\xff"],
	['a host alone', 'localhost:443'], ['a word', 'health'], ['a relative path', './health'],
	['another scheme', 'ftp://localhost/health'], ['file', 'file:///etc/passwd'], ['no authority', 'http:///health'],
	['user in the authority', 'https://u:p@localhost/health'], ['a bad port', 'https://localhost:port/health'],
	['a query alone', '?x=1'], ['raw bytes in the query', "/health?\xff"],
	['a space in the query', '/health?a b']) {
	http_row("target: $_->[0]", get($_->[1]), 400);
}
for (['a semicolon', '/health;x=1'], ['a semicolon in front', '/;/health'], ['overlong UTF-8', '/%c0%af'],
	['overlong dots', '/%c0%ae%c0%ae/health'], ['escaped UTF-8', '/caf%c3%a9'], ['invalid UTF-8', '/%ff%fe'],
	['line breaks', '/health%0d%0aX-Evil:%201'], ['a tab', '/health%09'], ['escaped backslash', '/..%5chealth'],
	['doubly escaped', '/%252e%252e/health'], ['upper case', '/HEALTH'], ['a space', '/health%20'],
	['40 segments', '/a' x 40], ['absolute, other path', 'https://localhost/x'], ['8 KiB', '/' . 'a' x 8191]) {
	http_row("target: $_->[0]", get($_->[1]), [ 404, 400 ]);
	unlike($list->[0]{head} // '', qr/X-Evil/i, "target: $_->[0]: no header of the client's making");
}
http_row("target: $_->[0]", get($_->[1]), 200) for ['escaped letters', '/%68ealth'], ['a query', '/health?x=1&y=%ff'],
	['an empty query', '/health?'], ['a query with all that may stand there', "/health?a/b?c:\@!\$&'()*+,;=-._~[]"],
	['the root', '/'], ['absolute, no path', 'https://localhost'],
	['absolute', 'http://localhost/health'], ['absolute, https', 'https://other.example.com:8443/health'],
	['absolute, upper-case scheme', 'HTTPS://localhost/health'], ['absolute with a query', 'https://localhost/health?x'],
	['absolute, IPv6', 'https://[::1]:443/health'];
http_row('target: 8 KiB and one', get('/' . 'a' x 8192), 414);
http_row('target: 15 KiB', get('/' . 'a' x 15000), 414);
http_row('target: 1 MiB', get('/' . 'a' x (1 << 20)), 414);
http_row('target: a query of 9 KiB', get('/health?' . 'a' x 9000), 414);

# ---- headers ----

http_row("host: $_->[0]", "GET /health HTTP/1.1\r\n$_->[1]Connection: close\r\n\r\n", $_->[2]) for ['none', '', 400],
	['two', "Host: a\r\nHost: a\r\n", 400], ['a list', "Host: a, b\r\n", 400], ['a path', "Host: a/b\r\n", 400],
	['a user', "Host: u\@a\r\n", 400], ['a space', "Host: a b\r\n", 400], ['a bad port', "Host: a:b\r\n", 400],
	['a port too long', "Host: a:1234567\r\n", 400], ['an open bracket', "Host: [::1\r\n", 400],
	['no address in brackets', "Host: [x]\r\n", 400],
	['empty', "Host:\r\n", 200], ['any', "Host: whatever.example.com\r\n", 200], ['with a port', "Host: localhost:9000\r\n", 200],
	['IPv6', "Host: [::1]:9000\r\n", 200], ['in lower case', "host: x\r\n", 200];
http_row('host: two, and an absolute target', "GET https://localhost/health HTTP/1.1\r\nHost: a\r\nHost: b\r\n$close\r\n\r\n", 400);
http_row('headers: 60', get('/health', map { "X-$_: y" } 1 .. 60), 200);
http_row('headers: 65', get('/health', map { "X-$_: y" } 1 .. 65), 431);
http_row('headers: 10,000', get('/health', map { "X-$_: y" } 1 .. 10000), 431);
http_row('headers: one of 15 KiB', get('/health', 'X: ' . 'y' x 15000), 200);
http_row('headers: one of 17 KiB', get('/health', 'X: ' . 'y' x 17408), 431);
http_row('headers: one of 1 MiB', get('/health', 'X: ' . 'y' x (1 << 20)), 431);
http_row('headers: a name of 17 KiB', get('/health', 'y' x 17408 . ': x'), 431);
http_row('headers: obs-text', get('/health', "X: caf\xe9"), 200);
http_row('headers: an empty value', get('/health', 'X:'), 200);
http_row("Upgrade is ignored: $_->[0]", get('/health', "Upgrade: $_->[0]", 'Connection: Upgrade', @{ $_->[1] }),
	200) for ['websocket', [ 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13' ]],
	['h2c', ['HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA']], ['TLS/1.0', []];
http_row("forwarding headers change nothing: $_", get('/health', $_), 200) for 'X-Forwarded-For: 10.0.0.1', 'X-Original-URL: /nope',
	'X-Rewrite-URL: /nope', 'X-HTTP-Method-Override: DELETE', 'Forwarded: for=x', 'Range: bytes=0-1', 'If-None-Match: *',
	'TE: trailers', 'Max-Forwards: 0';

# ---- Connection, versions ----

my $h = "GET /health HTTP/1.1\r\nHost: x\r\n";
http_row('keep-alive is the default', "$h\r\n$h$close\r\n\r\n", 200, 200);
http_row('close', "$h$close\r\n\r\n$h\r\n", 200);
http_row('close among others', "${h}Connection: keep-alive, Close , x\r\n\r\n$h\r\n", 200);
http_row('close in a second field', "${h}Connection: keep-alive\r\nConnection: close\r\n\r\n$h\r\n", 200);
http_row('HTTP/1.0 closes', "GET /health HTTP/1.0\r\n\r\n$h\r\n", 200);
like($list->[0]{head}, qr/^Connection: close\r?$/mi, '... and says so');
http_row('HTTP/1.0 keep-alive', "GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /health HTTP/1.0\r\n\r\n", 200, 200);
like($list->[0]{head}, qr/^Connection: keep-alive\r?$/mi, '... is said');
http_row('HTTP/1.0 with Transfer-Encoding', "POST /sign HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n$next", 400);
http_row('HTTP/1.0 with a body', "POST /sign HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}", 400);
like($list->[0]{body}, qr/missing csr/, '... reached its handler');
http_row('an error of the API keeps the connection', post(['Content-Length: 2'], '{}') . get('/health'), 400, 200);
http_row('404 and 405 keep the connection',
	"GET /nope HTTP/1.1\r\nHost: x\r\n\r\nGET /sign HTTP/1.1\r\nHost: x\r\n\r\n" . get('/health'), 404, 405, 200);

# ---- Expect ----

http_row("Expect: $_", post([ "Expect: $_", 'Content-Length: 2' ], '{}') . $next, 417) for 'x', '200-ok', '100-continue, x', '';
http_row('Expect: 100-continue without a body', get('/health', 'Expect: 100-continue'), 200);
http_row('Expect: a body too long gets no 100', post([ 'Expect: 100-continue', 'Content-Length: 1000000' ]), 413);
http_row('Expect: no route, no 100', "POST /nope HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", 404);
for ('Content-Length: BODY', 'Transfer-Encoding: chunked') {
	my $body = json_encode({ csr => csr_new(), ott => $d->token });
	my $len = length $body;
	my ($as, $chunked) = ($_, /chunked/);
	my $s = $d->connect or die;
	print $s post([ s/BODY/$len/r, 'Expect: 100-Continue' ]);
	my $first = '';
	while ($first !~ /\r\n\r\n/) { sysread($s, $first, 100, length $first) or last }
	is($first, "HTTP/1.1 100 Continue\r\n\r\n", "100-continue, $as: told to go on");
	print $s $chunked ? sprintf("%x\r\n%s\r\n0\r\n\r\n", $len, $body) : $body;
	$d->row("100-continue, $as: and answered", Signet::Test::read_answer($s), 201);
	close $s;
}

# ---- chunked bodies ----

sub sign_body { return json_encode({ csr => csr_new(), ott => $d->token }) }
sub chunks { my ($body, $size) = @_; return join('', map { sprintf "%x\r\n%s\r\n", length, $_ } unpack "(a$size)*",
	$body) . "0\r\n\r\n" }
my @te = ('Transfer-Encoding: chunked', $close);
http_row('chunked: one', post(\@te, chunks(sign_body(), 100000)), 201);
http_row('chunked: many', post(\@te, chunks(sign_body(), 7)), 201);
http_row('chunked: a byte each', post(\@te, chunks(sign_body(), 1)), 201);
http_row('chunked: coding in upper case', post([ 'TRANSFER-ENCODING: CHUNKED', $close ], chunks(sign_body(), 50)), 201);
http_row('chunked: sizes in upper case, with zeros', post(\@te,
	do { my $b = sign_body(); sprintf "000%X\r\n%s\r\n000\r\n\r\n", length $b, $b }), 201);
http_row('chunked: extensions and trailers', post(\@te,
	do { my $b = sign_body(); sprintf "%x;a=b;c=\"d\"\r\n%s\r\n0;x\r\nX-Trailer: y\r\nContent-Length: 5\r\nHost: evil\r\n\r\n",
	length $b, $b }), 201);
http_row('chunked: and the next request', post(['Transfer-Encoding: chunked'], chunks(sign_body(), 50)) . get('/health'), 201, 200);
{
	my $s = $d->connect or die;
	print $s post(['Transfer-Encoding: chunked']);
	for (split /(?<=[{}":,])/, chunks(sign_body(), 200)) { print $s $_; }
	$d->row('chunked: in many records', Signet::Test::read_answer($s), 201);
}
for (['no size', "\r\n{}\r\n0\r\n\r\n"], ['no hexadecimal', "g\r\n{}\r\n0\r\n\r\n"], ['minus', "-2\r\n{}\r\n0\r\n\r\n"],
	['plus', "+2\r\n{}\r\n0\r\n\r\n"], ['0x', "0x2\r\n{}\r\n0\r\n\r\n"], ['a space in front', " 2\r\n{}\r\n0\r\n\r\n"],
	['a space behind', "2 \r\n{}\r\n0\r\n\r\n"], ['LF behind the size', "2\n{}\r\n0\r\n\r\n"],
	['CR behind the size', "2\r{}\r\n0\r\n\r\n"],
	['LF behind the data', "2\r\n{}\n0\r\n\r\n"], ['nothing behind the data', "2\r\n{}0\r\n\r\n"],
	['data too long', "2\r\n{}}\r\n0\r\n\r\n"], ['17 digits', "00000000000000000002\r\n" . 'x' x 2 . "0\r\n\r\n"],
	['over 64 bits', "10000000000000002\r\n{}\r\n0\r\n\r\n"], ['NUL in an extension', "2;a\0\r\n{}\r\n0\r\n\r\n"],
	['LF in an extension', "2;a\nX\r\n{}\r\n0\r\n\r\n"], ['an extension of 1 KB', '2;' . 'a' x 1000 . "\r\n{}\r\n0\r\n\r\n"],
	['a trailer without a colon', "2\r\n{}\r\n0\r\nX\r\n\r\n"],
	['a trailer with a space before the colon', "2\r\n{}\r\n0\r\nX : y\r\n\r\n"],
	['a folded trailer', "2\r\n{}\r\n0\r\nX: y\r\n z\r\n\r\n"], ['an LF in the trailer', "2\r\n{}\r\n0\r\nX: y\n\r\n"],
	['an LF ends the trailer', "2\r\n{}\r\n0\r\n\n"], ['8 KB of trailers', "2\r\n{}\r\n0\r\n" . "X: y\r\n" x 1400 . "\r\n"]) {
	http_row("chunked: $_->[0]", post(['Transfer-Encoding: chunked'], $_->[1]) . $next, 400);
}
http_row("chunked: $_->[0]", post(['Transfer-Encoding: chunked'], $_->[1]), 413) for ['too long a chunk', "fffff\r\n" . 'x' x 1000],
	['the largest size', "ffffffffffffffff\r\n{}"], ['too many chunks', join '', map { "1000\r\n" . 'x' x 4096 . "\r\n" } 1 .. 20];
http_row("length: $_", post([ "Content-Length: $_" ],
	'x' x 100), 413) for 65537, 1 << 20, 1 << 30, '9223372036854775807', '18446744073709551615';
http_row('length: zeros in front', post([ 'Content-Length: 0002', $close ], '{}'), 400);
like($list->[0]{body}, qr/missing csr/, '... is a length');

# ---- clients that leave ----

for my $bytes ('', 'GET', "GET /health HTTP/1.1\r\n", "${h}X: y", post(['Content-Length: 100'],
	'{'), post(['Transfer-Encoding: chunked'], '5'), post([ 'Content-Length: ' . length(my $b = sign_body()) ], $b), $h . "\r\n") {
	my $s = $d->connect or die;
	print $s $bytes if length $bytes;
	close $s;
	$s = $d->connect or die;
	print $s $bytes if length $bytes;
	$s->close(SSL_no_shutdown => 1); # without a close_notify
}
http_row('after clients that left', get('/health'), 200);

# ---- pipelining ----

# Writes and reads at the same time, so that neither side can wait for the other.
sub exchange {
	my ($bytes) = @_;
	my $s = $d->connect or die;
	my ($got, $sent, $end) = ('', 0, time + 60);
	local $SIG{PIPE} = 'IGNORE';
	$s->blocking(0);
	while (time < $end) {
		my $idle = 1;
		if ($sent < length $bytes) {
			my $n = syswrite $s, $bytes, 8192, $sent;
			if (defined $n) { $sent += $n; $idle = 0 } elsif (!$!{EAGAIN}) { $sent = length $bytes }
		}
		my $n = sysread $s, $got, 65536, length $got;
		last if defined $n && $n == 0 || !defined $n && !$!{EAGAIN};
		$idle = 0 if $n;
		IO::Select->new($s)->can_read(0.05) if $idle;
	}
	close $s;
	return answers($got);
}
my @kinds = (['/health', 200], ['/nope', 404], ['/roots', 201], ['/sign', 405], ['/version', 200]);
my $many = join '', map { "GET $kinds[$_ % 5][0] HTTP/1.1\r\nHost: x\r\nX-Request-Id: n$_\r\n\r\n" } 1 .. 1100;
my ($got, $rest) = exchange($many);
is(scalar @$got, 1000, 'pipelining: 1,000 requests on one connection are answered');
is_deeply([ map { $_->{id} } @$got ], [ map { "n$_" } 1 .. 1000 ], 'pipelining: in order');
is_deeply([ map { $_->{status} } @$got ], [ map { $kinds[$_ % 5][1] } 1 .. 1000 ], 'pipelining: each with its own answer');
is(scalar(grep { $_->{head} =~ /^Connection: close/mi } @$got), 1, 'pipelining: the last one closes');
like($got->[-1]{head}, qr/^Connection: close/mi, '... and says so');
is($rest, '', 'pipelining: nothing else');
($got) = exchange(join '',
	map { my $b = sign_body(); "POST /sign HTTP/1.1\r\nHost: x\r\nX-Request-Id: s$_\r\nContent-Length: " . length($b) . ($_ == 20 ? "\r\nConnection: close" : '') . "\r\n\r\n$b" } 1 .. 20);
is_deeply([ map { "$_->{id} $_->{status}" } @$got ], [ map { "s$_ 201" } 1 .. 20 ], 'pipelining: 20 certificates');
($got) = exchange("$h\r\n$h\r\nGET /health HTTP/1.1\r\nHost : x\r\n\r\n$h\r\n$h\r\n");
is_deeply([ map { $_->{status} } @$got ], [ 200, 200, 400 ], 'pipelining: ends at the bad one');

# ---- TLS ----

sub tls_alert {
	my ($bytes) = @_;
	my $s = tcp();
	$s->syswrite($bytes);
	my $got = '';
	while (length $got < 7 && IO::Select->new($s)->can_read(30)) { sysread($s, $got, 100, length $got) or last }
	return $got;
}
sub hello {
	my ($version, $suites) = @_;
	my $exts = "\0\x0a\0\x06\0\x04\0\x1d\0\x17" . "\0\x0b\0\x02\x01\0" . "\0\x0d\0\x08\0\x06\x04\x03\x08\x04\x04\x01";
	my $body = $version . 'r' x 32 . "\0" . pack('n', length $suites) . $suites . "\x01\0" . pack('n', length $exts) . $exts;
	my $msg = "\x01" . substr(pack('N', length $body), 1) . $body;
	return "\x16\x03\x01" . pack('n', length $msg) . $msg;
}
my $good_suites = "\xc0\x2b\xcc\xa9";
like(tls_alert(hello("\x03\x03", $good_suites)), qr/\A\x16\x03\x03/, 'TLS 1.2 hello: the server goes on');
for (['TLS 1.1', hello("\x03\x02", "\xc0\x09\xc0\x0a\x00\x2f")], ['TLS 1.0', hello("\x03\x01", "\xc0\x09\xc0\x0a\x00\x2f")],
	['SSL 3.0', hello("\x03\x00", "\x00\x2f\x00\x0a")], ['CBC suites only', hello("\x03\x03", "\xc0\x09\xc0\x23")],
	['RSA key exchange only', hello("\x03\x03", "\x00\x9c\x00\x2f")],
	['NULL and RC4', hello("\x03\x03", "\xc0\x06\xc0\x07\x00\x05\x00\x01")],
	['anonymous suites', hello("\x03\x03", "\xc0\x18\x00\x34\x00\xa6")]) {
	my $answer = tls_alert($_->[1]);
	ok($answer eq '' || $answer =~ /\A\x15\x03[\x00-\x03]\x00\x02\x02/, "$_->[0]: refused") or diag(unpack 'H*', $answer);
}
unlike(tls_alert("GET /health HTTP/1.1\r\nHost: x\r\n\r\n"), qr/HTTP|\A\x16/, 'HTTP in the clear gets no answer');
unlike(tls_alert("\0" x 600), qr/\A\x16/, 'zeros get no answer');
unlike(tls_alert("\x16\x03\x01\xff\xff" . 'x' x 70000), qr/\A\x16/, 'a record too long gets no answer');
unlike(tls_alert(substr(hello("\x03\x03", $good_suites), 0, -5) . "\xff" x 5), qr/HTTP/, 'a broken hello gets no answer');
for (['h2', 0], ['spdy/3', 0], ['h2,http/1.1', 1], ['http/1.1', 1], ['http/1.1,h2', 1], ['http/1.0', 0]) {
	my ($list, $fine) = @$_;
	my $s = $d->connect(ssl => { SSL_alpn_protocols => [ split /,/, $list ] });
	my $err = $IO::Socket::SSL::SSL_ERROR;
	if ($fine) { is($s && $s->alpn_selected, 'http/1.1', "ALPN $list: http/1.1") }
	else { ok(!$s && $err =~ /no application protocol|alert number 120/, "ALPN $list: refused") or diag($err) }
}
ok(!defined $d->connect->alpn_selected, 'no ALPN: none');
is($d->http('GET', '/health', ssl => { SSL_version => $_ })->{status}, 200, "$_ is served") for 'TLSv1_2', 'TLSv1_3';
is($d->http('GET', '/health', ssl => { SSL_hostname => $_ })->{status}, 200, "SNI '$_' is served") for '', 'other.example.com',
	'x' x 250;

# ---- the slow ones ----

# Drips a byte now and then into those whose clock must not start again by that.
my $end = time + 60;
for my $id ('head', 'second line') {
	my $s = $slow{$id};
	$s->blocking(0);
	local $SIG{PIPE} = 'IGNORE';
	my $got = '';
	while (time < $end) {
		my $n = sysread $s, $got, 4096, length $got;
		last if defined $n && $n == 0 || !defined $n && !$!{EAGAIN};
		syswrite $s, 'x' if $got eq '';
		IO::Select->new($s)->can_read(0.25);
	}
	like($got, qr{\AHTTP/1\.1 408 .*^Connection: close}ms, "slow $id: 408 and the end") or diag($got);
	ok(time < $end, "slow $id: did not last");
}
for my $id ('body', 'chunk') {
	my ($r) = answers($d->raw_all('', socket => $slow{$id}));
	is_deeply([ map { $_->{status} } @$r ], [408], "slow $id: 408 and the end");
}
is($d->raw_all('', socket => $slow{nothing}), '', 'a client that says nothing is let go');
for my $id ('no handshake', 'half a hello') {
	my $got = '';
	while (IO::Select->new($slow{$id})->can_read(60)) { sysread($slow{$id}, $got, 100, length $got) or last }
	unlike($got, qr/\A\x16/, "$id: let go");
}
http_row('served all the time', get('/health'), 200);

$d->stop;
done_testing;

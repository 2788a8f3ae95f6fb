#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# OpenSSL, curl and GnuTLS as clients and judges: strict verification, both versions of TLS, what must not be offered, keep-alive, renewal with a client
# certificate, requests that other tools made.
use strict;
use warnings;
use Test::More;
use Signet::Test;
use Signet::Clients;

need('openssl', 'curl', 'certtool');
hang_guard(300);

my $d = Signet::Test->new;
$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
$d->ready;
my $t = scratch();
my $root = $d->{root};
my ($rc, $out, $err);

# ---- certificates, strictly ----

my %keys = ('P-256' => 'prime256v1', 'P-384' => 'secp384r1', 'P-521' => 'secp521r1', 'RSA-2048' => 'RSA 2048', 'ED25519' => 'ED25519');
my %file;
for my $kind (sort keys %keys) {
	my ($crt, $key) = $d->certificate(kind => $kind, san => 'DNS:host.example.com');
	$file{$kind} = [ $crt, $key ];
	is(key_of($crt), $keys{$kind}, "$kind: its key");
	for my $purpose (qw(sslserver sslclient)) {
		is(verify_ok($crt, $root, '-purpose', $purpose, '-verify_hostname', 'host.example.com', '-check_ss_sig'), '', "$kind: openssl verify as $purpose");
	}
	for my $purpose (qw(crlsign smimesign smimeencrypt timestampsign)) {
		isnt(verify_ok($crt, $root, '-purpose', $purpose), '', "$kind: not good as $purpose");
	}
	isnt(verify_ok($crt, $root, '-verify_hostname', 'other.example.com'), '', "$kind: not for another name");
	isnt(verify_ok($crt, "$SRC/t/vectors/ca/other.crt"), '', "$kind: not under another root");
	($rc, $out, $err) = run('certtool', '--verify', '--load-ca-certificate', $root, '--infile', $crt, '--verify-hostname', 'host.example.com',
		'--verify-purpose', '1.3.6.1.5.5.7.3.1');
	is($rc, 0, "$kind: certtool verifies") or diag("$out$err");
	($rc, $out, $err) = run('certtool', '-i', '--infile', $crt);
	is($rc, 0, "$kind: certtool reads it") or diag($err);
	like($out, qr/DNSname: host\.example\.com/, "$kind: certtool shows the name");
	like($out, qr/Key Usage \(critical\):\s+Digital signature\.\n/, "$kind: certtool shows the usage");
	unlike($out . $err, qr/warning|error/i, "$kind: certtool has no complaint");
	# Encoded as DER says: what OpenSSL makes of it is the same.
	my $der = run_ok('openssl', 'x509', '-in', $crt, '-outform', 'DER');
	is($der, MIME::Base64::decode_base64(first_cert($crt) =~ s/-----[^-]+-----//gr), "$kind: OpenSSL writes it as it read it");
}
($rc, $out, $err) = run('openssl', 'crl2pkcs7', '-nocrl', '-certfile', $file{'P-256'}[0]);
is($rc, 0, 'the chain as PKCS #7');
is(scalar(() = slurp($file{'P-256'}[0]) =~ /BEGIN CERTIFICATE/g), 2, 'a chain of leaf and intermediate, no root');

# ---- TLS ----

sub s_client {
	my (@args) = @_;
	my @name = grep({ $_ eq '-noservername' } @args) ? () : ('-servername', 'localhost');
	return run({ stdin => "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", timeout => 30 }, 'openssl', 's_client', '-connect',
		"127.0.0.1:$d->{port}", @name, '-CAfile', $root, '-ign_eof', @args);
}
for (
	[ 'TLS 1.3', [qw(-tls1_3)], 'TLSv1.3' ],
	[ 'TLS 1.2', [qw(-tls1_2)], 'TLSv1.2' ],
	[ 'TLS 1.3, AES-128', [qw(-tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256)], 'TLSv1.3', 'TLS_AES_128_GCM_SHA256' ],
	[ 'TLS 1.3, ChaCha20', [qw(-tls1_3 -ciphersuites TLS_CHACHA20_POLY1305_SHA256)], 'TLSv1.3', 'TLS_CHACHA20_POLY1305_SHA256' ],
	[ 'TLS 1.2, AES-128', [qw(-tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256)], 'TLSv1.2', 'ECDHE-ECDSA-AES128-GCM-SHA256' ],
	[ 'TLS 1.2, ChaCha20', [qw(-tls1_2 -cipher ECDHE-ECDSA-CHACHA20-POLY1305)], 'TLSv1.2', 'ECDHE-ECDSA-CHACHA20-POLY1305' ],
	[ 'P-256 for the exchange', [qw(-groups P-256)], 'TLSv1.3' ],
	[ 'X25519 for the exchange', [qw(-groups X25519)], 'TLSv1.3' ],
	[ 'P-384, after a retry', [qw(-tls1_3 -groups P-521:P-384)], 'TLSv1.3' ],
	[ 'no name asked for', [qw(-noservername)], 'TLSv1.3' ],
) {
	my ($what, $args, $version, $suite) = @$_;
	($rc, $out, $err) = s_client('-verify_return_error', '-verify_hostname', 'localhost', @$args);
	like($out, qr/New, \Q$version\E, Cipher is \S+/, "$what: connected") or diag($err) or next;
	like($out, qr/Cipher is \Q$suite\E$/m, "$what: with $suite") if $suite;
	like($out, qr/Verify return code: 0 \(ok\)/, "$what: the server's certificate verifies");
	like($out, qr/HTTP\/1\.1 200 OK.*\{"status":"ok"\}/s, "$what: an answer");
}

($rc, $out, $err) = s_client('-showcerts', '-tls1_3');
is(scalar(() = $out =~ /BEGIN CERTIFICATE/g), 2, 'the server sends its leaf and the intermediate');
like($out, qr/ 0 s:CN = Signet CA\n/, 'the leaf is its own');
like($out, qr/Server Temp Key: X25519/, 'the exchange is ephemeral');
like($out, qr/Acceptable client certificate CA names|Client Certificate Types|Requested Signature Algorithms/, 'a client certificate is asked for');
unlike($out, qr/New TLS session ticket|Post-Handshake New Session Ticket/i, 'no session tickets');
($rc, $out, $err) = s_client('-tls1_2', '-status');
unlike($out, qr/TLS session ticket:\n/, 'no session tickets with TLS 1.2');
like($out, qr/Compression: NONE/, 'no compression');
like($out, qr/Secure Renegotiation IS supported/, 'renegotiation information is sent');

# What is not there. The client offers it at its lowest level of security.
my $all = '@SECLEVEL=0';
for (
	[ 'SSL 3 to TLS 1.0', [ '-tls1', '-cipher', "ALL:$all" ] ],
	[ 'TLS 1.1', [ '-tls1_1', '-cipher', "ALL:$all" ] ],
	[ 'NULL', [ '-tls1_2', '-cipher', "eNULL:$all" ] ],
	[ 'anonymous', [ '-tls1_2', '-cipher', "aNULL:$all" ] ],
	[ 'static RSA', [ '-tls1_2', '-cipher', "kRSA:$all" ] ],
	[ 'RSA certificates', [ '-tls1_2', '-cipher', "aRSA:$all" ] ],
	[ 'finite-field Diffie-Hellman', [ '-tls1_2', '-cipher', "DHE:$all" ] ],
	[ 'PSK', [ '-tls1_2', '-psk', '00', '-cipher', "PSK:$all" ] ],
	[ 'CBC, 3DES, RC4, CCM, ARIA, CAMELLIA', [ '-tls1_2', '-cipher', "ALL:COMPLEMENTOFALL:!AESGCM:!CHACHA20:$all" ] ],
	[ 'TLS 1.3 with CCM', [qw(-tls1_3 -ciphersuites TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256)] ],
	[ 'no common group', [qw(-tls1_3 -groups P-521)] ],
	[ 'another protocol by ALPN', [qw(-alpn h2)] ],
) {
	my ($what, $args) = @$_;
	($rc, $out, $err) = s_client(@$args);
	unlike($out, qr/HTTP\/1\.1 \d/, "refused: $what");
	like($out, qr/no peer certificate available|Cipher is \(NONE\)/, "refused in the handshake: $what") or diag("$out$err");
}
($rc, $out, $err) = s_client('-alpn', 'h2,http/1.1');
like($out, qr/ALPN protocol: http\/1\.1/, 'ALPN: http/1.1 is chosen');

# Renegotiation by the client: refused, and the daemon lives.
($rc, $out, $err) = run({ stdin => "R\n", timeout => 30 }, 'openssl', 's_client', '-connect', "127.0.0.1:$d->{port}", '-CAfile', $root, '-tls1_2');
like($err, qr/RENEGOTIATING\n.*alert unexpected message/s, 'renegotiation: refused with an alert') or diag($err);
is($d->http('GET', '/health')->{status}, 200, 'renegotiation: the daemon lives');

SKIP: {
	skip('no gnutls-cli', 4) unless have('gnutls-cli');
	for my $priority ('NORMAL', 'NORMAL:-VERS-ALL:+VERS-TLS1.2') {
		($rc, $out, $err) = run({ stdin => "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", timeout => 30 }, 'gnutls-cli', '--x509cafile', $root,
			'--verify-hostname', 'localhost', '--priority', $priority, '-p', $d->{port}, '127.0.0.1');
		like($out, qr/Status: The certificate is trusted/, "GnuTLS, $priority: trusted") or diag($err);
		like($out, qr/\{"status":"ok"\}/, "GnuTLS, $priority: an answer");
	}
}

# ---- curl ----

sub curl { return run({ timeout => 60 }, 'curl', '-sS', '--cacert', $root, @_) }
($rc, $out, $err) = curl("$d->{url}/health");
is("$rc $out", qq(0 {"status":"ok"}\n), 'curl: /health') or diag($err);
isnt((run('curl', '-sS', "$d->{url}/health"))[0], 0, 'curl: not without the root');
($rc, $out, $err) = curl('-v', "$d->{url}/health", "$d->{url}/roots", "$d->{url}/1.0/version");
is(scalar(() = $err =~ /Connected to localhost/g), 1, 'curl: three requests over one connection') or diag($err);
is(scalar(() = $err =~ /Re-using existing connection/g), 2, 'curl: kept alive');
($rc, $out, $err) = curl('-I', "$d->{url}/roots.pem");
like($out, qr/^HTTP\/1\.1 200 .*^Content-Type: application\/x-pem-file\r$/ms, 'curl: HEAD');
($rc, $out, $err) = curl("$d->{url}/roots.pem");
is($out, slurp($root), 'curl: /roots.pem');
($rc, $out, $err) = curl("https://127.0.0.1:$d->{port}/health");
is($rc, 0, 'curl: by address');

my $token = $d->token(sub => 'curl.example.com');
spew("$t/body", json_encode({ csr => csr_new(cn => 'curl.example.com'), ott => $token }));
($rc, $out, $err) = curl('-w', '\n%{http_code}', '-H', 'Content-Type: application/json', '--data-binary', "\@$t/body", "$d->{url}/1.0/sign");
my ($json, $code) = $out =~ /(.*)\n(\d+)\z/s;
is($code, 201, 'curl: /1.0/sign') or diag($out);
spew("$t/c.crt", join '', @{ json_decode($json)->{certChain} });
is(verify_ok("$t/c.crt", $root), '', 'curl: the certificate verifies');
($rc, $out, $err) = curl('-w', '\n%{http_code}', '--data-binary', "\@$t/body", '-H', 'Transfer-Encoding: chunked', "$d->{url}/sign");
like($out, qr/\n401\z/, 'curl: the same again, chunked: 401');
($rc, $out, $err) = curl('-w', '\n%{http_code}', '-H', 'Expect: 100-continue', '--data-binary', "\@$t/body", "$d->{url}/sign");
like($out, qr/\n401\z/, 'curl: with Expect');

for my $kind (sort keys %keys) {
	for my $version ([ '1.3', '--tlsv1.3' ], [ '1.2', '--tlsv1.2', '--tls-max', '1.2' ]) {
		my ($v, @args) = @$version;
		my ($crt, $key) = @{ $file{$kind} };
		($rc, $out, $err) = curl('-w', '\n%{http_code}', @args, '--cert', $crt, '--key', $key, '-X', 'POST', "$d->{url}/renew");
		($json, $code) = $out =~ /(.*)\n(\d+)\z/s;
		# In TLS 1.2 wolfSSL asks for ECDSA signers only; a client with RSA that obeys shows no certificate.
		my $want = $kind =~ /RSA/ && $v eq '1.2' ? qr/^(?:201|400)$/ : qr/^201$/;
		like($code // $err, $want, "curl: renewal with $kind over TLS $v") or diag($out);
		next unless ($code // '') eq '201';
		spew("$t/n.crt", join '', @{ json_decode($json)->{certChain} });
		is(verify_ok("$t/n.crt", $root), '', "curl: renewal with $kind over TLS $v: verifies");
	}
}
($rc, $out, $err) = curl('-w', '\n%{http_code}', '-X', 'POST', "$d->{url}/renew");
like($out, qr/missing client certificate.*\n400\z/s, 'curl: renewal without a certificate');
($rc, $out, $err) = curl('-w', '\n%{http_code}', '--cert', "$SRC/t/vectors/tls/stranger.crt", '--key', "$SRC/t/vectors/tls/stranger.key", '-X', 'POST', "$d->{url}/renew");
unlike($out, qr/\n201\z/, 'curl: renewal with a stranger\'s certificate');

# ---- requests of certtool ----

for my $type (qw(ecdsa rsa ed25519)) {
	my $name = "$type.example.com";
	spew("$t/template", "cn = \"$name\"\ndns_name = \"$name\"\nip_address = \"10.1.1.1\"\n");
	run_ok('certtool', '--generate-privkey', '--key-type', $type, $type eq 'ecdsa' ? ('--curve', 'secp256r1') : $type eq 'rsa' ? ('--bits', '2048') : (), '--outfile', "$t/g.key");
	run_ok('certtool', '--generate-request', '--load-privkey', "$t/g.key", '--template', "$t/template", '--outfile', "$t/g.csr");
	my ($pem) = slurp("$t/g.csr") =~ /(-----BEGIN NEW CERTIFICATE REQUEST-----.*-----END NEW CERTIFICATE REQUEST-----\n)/s;
	my $r = $d->sign(token => $d->token(sub => $name, claims => { sans => [ $name, '10.1.1.1' ] }), csr => $pem // slurp("$t/g.csr"));
	is($r->{status}, 201, "certtool, $type: the request is accepted") or diag($r->{raw}) or next;
	spew("$t/g.crt", join '', @{ $r->{json}{certChain} });
	is(sans_of("$t/g.crt"), "DNS:$name IP:10.1.1.1", "certtool, $type: its names");
	is(verify_ok("$t/g.crt", $root), '', "certtool, $type: verifies");
	($rc, $out, $err) = run('certtool', '--verify', '--load-ca-certificate', $root, '--infile', "$t/g.crt", '--verify-hostname', $name);
	is($rc, 0, "certtool, $type: certtool verifies") or diag("$out$err");
}
$d->stop;
done_testing;

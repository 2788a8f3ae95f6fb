#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# POST /renew over mutual TLS: what is kept, what is new, and which certificates cannot be renewed.
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(sleep);
use Digest::SHA qw(sha1);
use Signet::Test;
use Signet::DER;

need('openssl');
hang_guard(300);

my $v = "$SRC/t/vectors";
my %claims = (shrink => {}, norenew => { disableRenewal => JSON::PP::true },
	plain => { disableSmallstepExtensions => JSON::PP::true });
my $signer = '{"subject":{{ toJson .Subject }},"sans":{{ toJson .SANs }},"keyUsage":["digitalSignature"],"extKeyUsage":["clientAuth","ocspSigning"]}';
my $d = Signet::Test->new(provisioners => { admin => {}, gone => {}, ocsp => { options => { x509 => { template => $signer, allow => ['ocspSigning'] } } }, map { $_ => { claims => $claims{$_} } } keys %claims });
$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
$d->ready;

my $issuer_pem = slurp("$d->{dir}/certs/intermediate_ca.crt");
my $issuer = cert_fields($issuer_pem);
my $ca_key = file_key("$v/ca/intermediate.key");
my $other_key = file_key("$v/ca/other.key");
my $client_key = file_key("$v/ca/second.key");
my $dir = scratch();
my $r;

# A certificate of a provisioner: (file, key file, fields).
sub certificate {
	my (%o) = @_;
	my ($crt, $key, $answer) = $d->certificate(%o, token => { iss => $o{by} // 'admin', %{ $o{token} // {} } });
	return ($crt, $key, cert_fields($answer->{json}{crt}));
}
sub renew { my ($crt, $key, %o) = @_; return $d->http('POST', $o{path} // '/renew', %o, cert => $crt, key => $key) }
sub renew_row {
	my ($id, $status, $crt, $key, %o) = @_;
	$r = renew($crt, $key, %o);
	$d->row("renew: $id", $r, $status, $status eq 401 ? says(401) : undef);
	return $r->{status} == 201 ? cert_fields($r->{json}{crt}) : undef;
}
# An untrusted client certificate ends the handshake: there is no answer at all.
sub no_handshake { my ($id, $crt, $key) = @_; $r = renew($crt, $key); $d->row("renew: $id: no handshake", $r, 0) }

sub ok_renewed {
	my ($id, $old, $new, $length) = @_;
	$new or return;
	is($new->{subject}, $old->{subject}, "$id: subject");
	is($new->{spki}, $old->{spki}, "$id: key");
	is($new->{issuer}, $issuer->{subject}, "$id: issuer");
	my @rest = grep { $_->[0] ne '2.5.29.35' } @{ $old->{exts} };
	is_deeply($new->{exts}, [ ['2.5.29.35', 0, seq(tlv(0x80, sha1(substr $issuer->{spki}, -65)))], @rest ],
		"$id: AKI, then the other extensions as they were");
	isnt($new->{serial}, $old->{serial}, "$id: another serial");
	is(length $new->{serial}, 16, "$id: serial of 16 bytes");
	is($new->{to} - $new->{from}, $length // $old->{to} - $old->{from}, "$id: lifetime");
	ok(abs(time - 60 - $new->{from}) < 30, "$id: begins a minute ago") or diag(time - $new->{from});
}

# ---- what is kept ----

my ($crt, $key, $old) = certificate(san => 'DNS:host.example.com');
my $new = renew_row('a certificate', 201, $crt, $key);
ok_renewed('renew', $old, $new);
is_deeply([ sort keys %{ $r->{json} } ], [qw(ca certChain crt endpoint tlsOptions)], 'members of the answer');
is_deeply([ @{ $r->{json} }{qw(ca certChain)} ], [ $issuer_pem, [ $r->{json}{crt}, $issuer_pem ] ], 'the chain');
like($r->{body}, qr/"minVersion":1\.2,"maxVersion":1\.3,.*\}\n\z/, 'versions are numbers, one line');
is($r->{headers}{'content-type'}, 'application/json', 'content type');
spew("$dir/new.crt", join '', @{ $r->{json}{certChain} });

ok_renewed("path $_", $old, renew_row("path $_", 201, $crt, $key, path => $_)) for '/1.0/renew', '/re-sign', '/1.0/re-sign';
ok_renewed('the renewed one', $new, renew_row('the renewed one', 201, "$dir/new.crt", $key));
ok_renewed('the old one again', $old, renew_row('the old one again', 201, $crt, $key));
spew("$dir/leaf.crt", slurp($crt) =~ s/(-----END CERTIFICATE-----\n).*/$1/sr);
ok_renewed('only the leaf is sent', $old, renew_row('only the leaf is sent', 201, "$dir/leaf.crt", $key));

for (['an hour', more => { notAfter => '1h' }], ['five minutes', more => { notAfter => '4m' }],
	['a start of its own', more => { notBefore => '-1h', notAfter => '2h' }], ['without the provisioner extension', by => 'plain'],
	['all kinds of names',
		token => { claims => { sans => [qw(host.example.com 10.0.0.1 2001:db8::1 u@example.com spiffe://a/b)] } }],
		['3 KB of names', token => { claims => { sans => [ map { "host-$_.some.long.domain.example.com" } 1 .. 70 ] } }],
	['a subject that is not in the names', cn => 'some text, with a comma', token => { claims => { sans => ['a.example.com'] } }]) {
	my ($id, %o) = @$_;
	my ($c, $k, $before) = certificate(%o);
	ok_renewed($id, $before, renew_row($id, 201, $c, $k));
}

# ---- keys and versions of TLS ----

for (['P-256', 'p256'], ['P-384', 'p384'], ['P-521', 'p521'], ['Ed25519', 'ed25519'], ['RSA 2048', 'rsa2048'],
	['RSA 4096', 'rsa4096']) {
	my ($id, $file) = @$_;
	my ($c, $k, $before) = certificate(key_file => "$v/keys/$file.pem");
	ok_renewed("$id, TLS 1.3", $before, renew_row("$id, TLS 1.3", 201, $c, $k, ssl => { SSL_version => 'TLSv1_3' }));
	if ($id =~ /^RSA/) {
		# Over TLS 1.2 the server's library asks for ECDSA signers only: some clients send RSA all the same, others nothing.
		renew_row("$id, TLS 1.2", [ 201, 400 ], $c, $k, ssl => { SSL_version => 'TLSv1_2' });
	} else {
		ok_renewed("$id, TLS 1.2", $before, renew_row("$id, TLS 1.2", 201, $c, $k, ssl => { SSL_version => 'TLSv1_2' }));
	}
}

# ---- the request ----

$d->row('no client certificate', $d->http('POST', '/renew'), 400, says(400, 'missing client certificate'));
$d->row('no client certificate, a body', $d->http('POST', '/renew', body => json_encode({ csr => csr_new(), ott => $d->token })),
	400, says(400, 'missing client certificate'));
renew_row("body ignored: $_->[0]", 201, $crt, $key, body => $_->[1]) for ['{}', '{}'], ['garbage', "\0\xff{"],
	['a CSR', json_encode({ csr => csr_new(cn => 'evil.example.com') })], ['dates', '{"notAfter":"1s"}'], ['60 KiB', 'x' x 61440];
renew_row('a body of 65 KiB', 413, $crt, $key, body => 'x' x 66560);
renew_row('headers as `step` sends them', 201, $crt, $key, headers => { 'Content-Type' => 'application/json',
	'User-Agent' => 'Go-http-client/1.1', 'Accept-Encoding' => 'gzip' });
$d->row('GET', $d->http('GET', '/renew', cert => $crt, key => $key), 405);
$d->row('a certificate does not disturb other routes', $d->http('GET', '/health', cert => $crt, key => $key), 200);
$d->row('... nor /sign, which wants a token', $d->sign(csr => csr_new(), http => { cert => $crt, key => $key }), 400, says(400,
	'missing ott'));
for (['a token', 'Bearer ' . $d->token], ['garbage', 'Bearer x'], ['another scheme', 'Basic YTpi'], ['no scheme', 'x'],
	['a token in lower case', 'bearer ' . $d->token]) {
	renew_row("S10 certificate and Authorization: $_->[0]", 401, $crt, $key, headers => { Authorization => $_->[1] });
	next if $_->[0] =~ /scheme|lower/;
	$d->row("S10 Authorization alone: $_->[0]", $d->http('POST', '/renew', headers => { Authorization => $_->[1] }), 401);
}
{
	my $s = $d->connect(cert => $crt, key => $key) or die;
	my %serials;
	for (1 .. 3) {
		print $s "POST /renew HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
		$r = Signet::Test::read_answer($s);
		$d->row("renew: on one connection, $_", $r, 201);
		$serials{ cert_fields(json_decode($r->{body})->{crt})->{serial} }++;
	}
	is(keys %serials, 3, 'three certificates');
	close $s;
	my @socks = map { $d->connect(cert => $crt, key => $key) // die } 1 .. 20;
	print $_ "POST /renew HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n" for @socks;
	$serials{ cert_fields(json_decode(Signet::Test::read_answer($_)->{body})->{crt})->{serial} }++ for @socks;
	is(keys %serials, 23, '20 at once');
}

# ---- certificates that are not ours, or not any more ----

my $n = 0;
# Made here and signed as told: (certificate, key) files.
sub forged {
	my (%o) = @_;
	$n++;
	my $der = $o{der} // cert_der(issuer => $issuer->{subject}, signer => $ca_key, key => $client_key,
		aki => sha1(substr $issuer->{spki}, -65), %o);
	return (spew("$dir/forged$n.crt", to_pem('CERTIFICATE', $der) . $issuer_pem), $o{key_file} // "$v/ca/second.key");
}
renew_row('S08 signed by the intermediate, never recorded', 401, forged());
renew_row('S08 ... with the provisioner extension', 401,
	forged(exts => [ ext('2.5.29.15', 1, "\x03\x02\x07\x80"), ext('2.5.29.37', 0, seq(oid_der('1.3.6.1.5.5.7.3.2'))),
	ext('1.3.6.1.4.1.37476.9000.64.1', 0, seq("\x02\x01\x01", tlv(4, 'admin'), tlv(4, Signet::Test::kid('provisioner')))) ]));
renew_row('S08 ... with the serial of a recorded one', 401, forged(serial => $old->{serial}));
renew_row('S08 ... with its subject and serial', 401, forged(serial => $old->{serial}, subject => $old->{subject},
	from => $old->{from}, to => $old->{to}));
{
	# The very certificate, signed a second time: other bytes.
	my @parts = tlv_list((tlv_read(from_pem(slurp($crt))))[1]);
	renew_row('S08 the certificate with another signature of the same issuer', 401, forged(der => seq($parts[0][2], $parts[1][2],
		tlv(3, "\0", $ca_key->sign_message($parts[0][2], 'SHA256'))), key_file => $key));
	my $broken = from_pem(slurp($crt));
	substr($broken, -1) = chr(ord(substr $broken, -1) ^ 1);
	no_handshake('S08 the certificate with a broken signature', forged(der => $broken, key_file => $key));
}
no_handshake('S08 expired', forged(from => time - 7200, to => time - 3600));
no_handshake('S08 expired a second ago', forged(to => time - 1));
no_handshake('S08 not valid yet', forged(from => time + 3600, to => time + 7200));
no_handshake('S08 of another CA with the same subject', forged(signer => $other_key));
no_handshake('S08 ... without its key identifier', forged(signer => $other_key, aki => undef));
no_handshake('S08 ... with serial and subject of a recorded one', forged(signer => $other_key, serial => $old->{serial},
	subject => $old->{subject}));
no_handshake('S08 self-signed', forged(signer => $client_key, issuer => name_cn('host.example.com'), aki => undef));
no_handshake('S08 signed by a leaf', forged(signer => Crypt::PK::ECC->new($key), issuer => $old->{subject}, aki => undef));
no_handshake('S08 the root of another CA', "$v/ca/other.crt", "$v/ca/other.key");
renew_row('S08 the intermediate itself', [ 0, 401 ], "$d->{dir}/certs/intermediate_ca.crt", "$v/ca/intermediate.key");
renew_row('S08 the root itself', [ 0, 401 ], $d->{root}, "$v/ca/root.key");
renew_row('S08 the daemon\'s own certificate', 401, "$d->{dir}/tls/server.crt", "$d->{dir}/tls/server.key");
{
	my ($c, $k) = certificate(more => { notBefore => '-10m', notAfter => '10m2s' });
	renew_row('S08 two seconds before it ends', [ 0, 201 ], $c, $k);
	sleep 3.1;
	no_handshake('S08 after its end', $c, $k);
}

# ---- provisioners ----

renew_row('disableRenewal', 401, (certificate(by => 'norenew'))[0, 1]);
my @gone = certificate(by => 'gone');
my @shrink = certificate(by => 'shrink');
my @short = certificate(by => 'shrink', more => { notAfter => '30m' });
my @norenew = certificate(by => 'norenew');
my @ocsp = certificate(by => 'ocsp');
ok_renewed('what the provisioner allows', $ocsp[2], renew_row('what the provisioner allows', 201, @ocsp[0, 1]));
ok_renewed('a provisioner before it goes', $gone[2], renew_row('a provisioner before it goes', 201, @gone[0, 1]));
$d->stop;
unlink "$d->{dir}/provisioners.d/gone.yaml";
my $change = sub { my ($name, $new) = @_; my $f = "$d->{dir}/provisioners.d/$name.yaml"; spew($f,
	json_encode({ %{ json_decode(slurp($f)) }, claims => $new })) };
$change->('shrink', { maxTLSCertDuration => '1h' });
$change->('norenew', {});
spew("$d->{dir}/provisioners.d/ocsp.yaml", json_encode({ type => 'JWK', name => 'ocsp', key => Signet::Test::jwk_public('provisioner') }));
$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
$d->ready;
renew_row('the provisioner is gone', 401, @gone[0, 1]);
renew_row('a content that the provisioner does not allow any more', 403, @ocsp[0, 1]);
ok_renewed('its claims shrank', $shrink[2], renew_row('its claims shrank', 201, @shrink[0, 1]), 3660);
ok_renewed('its claims shrank, but not below', $short[2], renew_row('its claims shrank, but not below', 201, @short[0, 1]));
ok_renewed('disableRenewal is lifted', $norenew[2], renew_row('disableRenewal is lifted', 201, @norenew[0, 1]));
ok_renewed('an old one after a restart', $old, renew_row('an old one after a restart', 201, $crt, $key));

$d->stop;
done_testing;

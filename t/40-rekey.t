#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# POST /rekey: a renewal with another key. What is kept, proof of possession, keys that are too weak (rows S09, S14, X01, X03, X08), who may not.
use strict;
use warnings;
use Test::More;
use Digest::SHA qw(sha1);
use Crypt::PK::ECC;
use Signet::Test;
use Signet::DER;
use Signet::Lifecycle;

need('openssl');
hang_guard(300);

my $v = "$SRC/t/vectors";
my $d = Signet::Test->new(provisioners => { admin => {}, gone => {}, shrink => {}, norenew => { claims => { disableRenewal => JSON::PP::true } } });
$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
$d->ready;

my $issuer_pem = slurp("$d->{dir}/certs/intermediate_ca.crt");
my $issuer = cert_fields($issuer_pem);
my $ca_key = file_key("$v/ca/intermediate.key");
my $dir = scratch();
my $r;

sub certificate {
	my (%o) = @_;
	my ($crt, $key, $answer) = $d->certificate(%o, token => { iss => $o{by} // 'admin', %{ $o{token} // {} } });
	return ($crt, $key, cert_fields($answer->{json}{crt}), endpoint_of($answer));
}
sub row {
	my ($id, $status, $message, $crt, $key, $csr, %o) = @_;
	$r = rekey($d, $crt, $key, $csr, %o);
	$d->row($id, $r, $status, defined $message ? $message : $status == 401 ? says(401) : undef);
	return $r->{status} == 201 ? cert_fields($r->{json}{crt}) : undef;
}
sub spki_of { my ($csr) = @_; return (tlv_list((tlv_list((tlv_read(from_pem($csr)))[1]))[0][1]))[2][2] }
sub key_id { my ($spki) = @_; return sha1(substr((tlv_list((tlv_read($spki))[1]))[1][1], 1)) }
sub ok_rekeyed {
	my ($id, $old, $new, $csr, $length) = @_;
	$new or return;
	is($new->{subject}, $old->{subject}, "$id: subject");
	is($new->{spki}, spki_of($csr), "$id: the key of the request");
	isnt($new->{serial}, $old->{serial}, "$id: another serial");
	is($new->{to} - $new->{from}, $length // $old->{to} - $old->{from}, "$id: lifetime");
	my %ext = map { $_->[0] => $_ } @{ $new->{exts} };
	is($ext{'2.5.29.14'}[2], tlv(4, key_id($new->{spki})), "$id: SKI of the new key");
	is($ext{'2.5.29.35'}[2], seq(tlv(0x80, key_id($issuer->{spki}))), "$id: AKI");
	my $rest = sub { [ grep { $_->[0] !~ /^2\.5\.29\.(?:14|15|35)$/ } @{ $_[0]{exts} } ] };
	is_deeply($rest->($new), $rest->($old), "$id: the other extensions");
}

# ---- what is kept, and the new key ----

my ($crt, $key, $old, $endpoint) = certificate();
my $csr = csr_new(key_file => new_key());
my $new = row('a certificate', 201, undef, $crt, $key, $csr);
ok_rekeyed('a certificate', $old, $new, $csr);
is_deeply([ sort keys %{ $r->{json} } ], [qw(ca certChain crt endpoint tlsOptions)], 'members of the answer');
is(endpoint_of($r), $endpoint, 'the same endpoint');
spew("$dir/new.crt", join '', @{ $r->{json}{certChain} });
ok_rekeyed('path /1.0', $old, row('path /1.0', 201, undef, $crt, $key, $csr, path => '/1.0/rekey'), $csr);
my $again = csr_new(key_file => (my $k2 = new_key()));
{
	my $k1 = new_key();
	my $c1 = csr_new(key_file => $k1);
	my $first = row('first', 201, undef, $crt, $key, $c1);
	spew("$dir/first.crt", join '', @{ $r->{json}{certChain} });
	ok_rekeyed('from the rekeyed one', $first, row('from the rekeyed one', 201, undef, "$dir/first.crt", $k1, $again), $again);
	is(endpoint_of($r), $endpoint, 'still the same endpoint');
}
ok_rekeyed('the old one again', $old, row('the old one again', 201, undef, $crt, $key, $again), $again);
for (['P-384', 'p384'], ['P-521', 'p521'], ['Ed25519', 'ed25519'], ['RSA 2048', 'rsa2048'], ['RSA 4096', 'rsa4096']) {
	my $c = csr_new(key_file => "$v/keys/$_->[1].pem");
	ok_rekeyed("to $_->[0]", $old, row("to $_->[0]", 201, undef, $crt, $key, $c), $c);
	my ($ocrt, $okey, $before) = certificate(key_file => "$v/keys/$_->[1].pem");
	ok_rekeyed("from $_->[0]", $before, row("from $_->[0]", 201, undef, $ocrt, $okey, $csr), $csr);
}
# Only the key counts: step sends an empty subject.
for my $c (csr_new(subject => '/', key_file => $k2), csr_new(cn => 'evil.example.com', san => 'DNS:evil.example.com,IP:1.2.3.4', key_file => $k2),
	csr_new(ext => ['basicConstraints=critical,CA:TRUE', 'keyUsage=keyCertSign', 'extendedKeyUsage=OCSPSigning'], key_file => $k2)) {
	ok_rekeyed('names and extensions of the request do not count', $old, row('names and extensions of the request do not count', 201,
		undef, $crt, $key, $c), $c);
}
ok_rekeyed('its own key again', $old, row('its own key again', 201, undef, $crt, $key, csr_new()), csr_new());
{
	my ($ocrt, $okey, $before) = certificate(more => { notAfter => '1h' },
		token => { claims => { sans => [qw(host.example.com 10.0.0.1 u@example.com spiffe://a/b)] } });
	ok_rekeyed('an hour, all kinds of names', $before, row('an hour, all kinds of names', 201, undef, $ocrt, $okey, $csr), $csr);
}

# ---- who ----

$d->row('no certificate', rekey($d, undef, undef, $csr), 400, says(400, 'missing client certificate'));
$d->row('no certificate, no body', $d->http('POST', '/rekey'), 400, says(400, 'missing client certificate'));
$d->row('no certificate, a one-time token', $d->http('POST', '/rekey', body => json_encode({ csr => $csr, ott => $d->token })), 400,
	says(400, 'missing client certificate'));
$d->row('no certificate, a renew token', rekey($d, undef, undef, $csr, headers => { Authorization => 'Bearer ' . renew_token($d, $crt, $key) }), 400,
	says(400, 'missing client certificate'));
row('S10 certificate and a token', 401, undef, $crt, $key, $csr, headers => { Authorization => 'Bearer ' . renew_token($d, $crt, $key) });
$d->row('GET', $d->http('GET', '/rekey', cert => $crt, key => $key), 405);
my $n = 0;
sub forged {
	my (%o) = @_;
	$n++;
	my $der = $o{der} // cert_der(issuer => $issuer->{subject}, signer => $ca_key, key => file_key("$v/ca/second.key"),
		aki => sha1(substr $issuer->{spki}, -65), %o);
	return (spew("$dir/forged$n.crt", to_pem('CERTIFICATE', $der) . $issuer_pem), $o{key_file} // "$v/ca/second.key");
}
row('signed by the intermediate, never recorded', 401, undef, forged(), $csr);
row('with the serial of a recorded one', 401, undef, forged(serial => $old->{serial}, subject => $old->{subject}), $csr);
row('with its key too', 401, undef, forged(serial => $old->{serial}, subject => $old->{subject}, spki => $old->{spki}, from => $old->{from},
	to => $old->{to},
	key_file => $key), $csr);
{
	my @parts = tlv_list((tlv_read(from_pem(slurp($crt))))[1]);
	row('the very certificate with another signature of its issuer', 401, undef, forged(der => seq($parts[0][2], $parts[1][2],
		tlv(3, "\0", $ca_key->sign_message($parts[0][2], 'SHA256'))), key_file => $key), $csr);
}
row('the daemon\'s own certificate', 401, undef, "$d->{dir}/tls/server.crt", "$d->{dir}/tls/server.key", $csr);
row('disableRenewal', 401, undef, (certificate(by => 'norenew'))[0, 1], $csr);
{
	my @c = certificate();
	$d->row('revoked', revoke($d, serial_text($c[0]), token => revoke_token($d, serial_text($c[0]))), 200);
	row('S08 revoked', 401, undef, @c[0, 1], $csr);
}

# ---- the request ----

my $invalid = says(400, 'invalid csr');
my $bad_json = says(400, 'error decoding json');
row("body: $_->[0]", 400, $_->[2], $crt, $key, undef, body => $_->[1]) for ['empty', '', $bad_json], ['null', 'null', says(400,
	'missing csr')], ['{}', '{}', says(400, 'missing csr')],
	['[]', '[]', $bad_json], ['a text', '"x"', $bad_json], ['cut', '{"csr":"', $bad_json], ['garbage', "\0\xff", $bad_json],
		['csr null', '{"csr":null}', says(400, 'missing csr')], ['csr empty', '{"csr":""}', says(400, 'missing csr')],
	['csr "null"', '{"csr":"null"}', says(400, 'missing csr')], ['csr a number', '{"csr":1}', $bad_json], ['csr a list', '{"csr":[]}',
		$bad_json], ['no PEM', '{"csr":"x"}', $invalid], ['10,000 brackets', '[' x 10000, $bad_json],
	['a certificate instead', json_encode({ csr => slurp($crt) }), $invalid], ['DER',
		json_encode({ csr => MIME::Base64::encode_base64(from_pem($csr)) }), $invalid];
$d->row('body: 65 KiB', rekey($d, $crt, $key, undef, body => '{"csr":"' . 'x' x 66000 . '"}'), 413);
{
	my $s = $d->connect(cert => $crt, key => $key);
	local $SIG{PIPE} = 'IGNORE';
	print $s "POST /rekey HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10485760\r\n\r\n";
	print $s 'x' x 16384 or last for 1 .. 640;
	$d->row('S14 body of 10 MiB', Signet::Test::read_answer($s), [ 0, 413 ]);
	close $s;
}
ok_rekeyed('keys in any case, what follows is ignored', $old, row('keys in any case, what follows is ignored', 201, undef, $crt, $key, undef,
	body => json_encode({ CSR => $csr, notAfter => '1s' }) . '{"csr":1}'), $csr);

# A request made by hand, signed as told.
my $hand_key = Crypt::PK::ECC->new(new_key());
my $hand = csr_der(key => $hand_key);
my @hand = tlv_list((tlv_read($hand))[1]);
sub pem { return to_pem('CERTIFICATE REQUEST', $_[0]) }
my $other = Crypt::PK::ECC->new(new_key());
row('by hand', 201, undef, $crt, $key, pem($hand));
row('S09 signed by another key', 400, $invalid, $crt, $key, pem(seq($hand[0][2], $hand[1][2], tlv(3, "\0", $other->sign_message($hand[0][2],
	'SHA256')))));
row('S09 signed by the certificate\'s old key', 400, $invalid, $crt, $key, pem(seq($hand[0][2], $hand[1][2], tlv(3, "\0",
	file_key($key)->sign_message($hand[0][2], 'SHA256')))));
row('X01 a bit of the signature', 400, $invalid, $crt, $key, pem(substr($hand, 0, -1) . chr(ord(substr $hand, -1) ^ 1)));
row('X01 an empty signature', 400, $invalid, $crt, $key, pem(seq($hand[0][2], $hand[1][2], tlv(3, "\0"))));
row('X01 SHA-1', 400, $invalid, $crt, $key, pem(seq($hand[0][2], seq(oid_der('1.2.840.10045.4.1')), tlv(3, "\0",
	$hand_key->sign_message($hand[0][2], 'SHA1')))));
row('X01 an unknown algorithm', 400, $invalid, $crt, $key, pem(seq($hand[0][2], seq(oid_der('1.2.3.4')), $hand[2][2])));
row('X03 a byte more', 400, $invalid, $crt, $key, pem("${hand}x"));
row('X03 a byte less', 400, $invalid, $crt, $key, pem(substr $hand, 0, -1));
row('X03 two requests: the first counts', 201, undef, $crt, $key, pem($hand) . csr_new());
row('X20 nested 10,000 deep', 400, $invalid, $crt, $key, pem("\x30\x80" x 10000));
my %weak = ('RSA 1024' => [ '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024' ], 'P-224' => [ '-algorithm', 'EC', '-pkeyopt',
	'ec_paramgen_curve:P-224' ],
	'secp256k1' => [ '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:secp256k1' ], 'explicit parameters' => [ '-algorithm', 'EC',
		'-pkeyopt', 'ec_paramgen_curve:P-256', '-pkeyopt', 'ec_param_enc:explicit' ],
	'Ed448' => [ '-algorithm', 'ED448' ]);
for (sort keys %weak) {
	run_ok('openssl', 'genpkey', @{ $weak{$_} }, '-out', "$dir/weak.key");
	row("S09 $_", 400, qr/^The request could not be completed: (?:invalid csr|the key of the request is too weak: .*)\.$/, $crt, $key,
		csr_new(key_file => "$dir/weak.key"));
}

# ---- provisioners that changed ----

my @gone = certificate(by => 'gone');
my @shrink = certificate(by => 'shrink');
row('a provisioner before it goes', 201, undef, @gone[0, 1], $csr);
restart($d, change => sub { prov_remove($d, 'gone'); prov_edit($d, 'shrink', claims => { maxTLSCertDuration => '1h' }); prov_edit($d,
	'norenew', claims => {}) });
row('the provisioner is gone', 401, undef, @gone[0, 1], $csr);
ok_rekeyed('its claims shrank', $shrink[2], row('its claims shrank', 201, undef, @shrink[0, 1], $csr), $csr, 3660);
ok_rekeyed('an old one after a restart', $old, row('an old one after a restart', 201, undef, $crt, $key, $csr), $csr);
my $serial = serial_text($r->{json}{crt});
$d->log_like(qr/event=http\.request .*path=\/rekey .*status=201 .*serial=$serial provisioner=admin/, 'access log: serial, provisioner');
$d->stop;
done_testing;

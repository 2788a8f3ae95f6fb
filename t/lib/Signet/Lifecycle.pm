# SPDX-License-Identifier: GPL-3.0-or-later
package Signet::Lifecycle;

# For tests of what comes after a certificate's first day: renewal by certificate and by token, new keys, revocation, endpoints. Functions take the
# daemon (Signet::Test) first and give its answers; keys and certificates are PEM files.

use strict;
use warnings;
use Exporter 'import';
use Time::HiRes qw(sleep time);
use JSON::PP;
use MIME::Base64 qw(encode_base64 decode_base64);
use Digest::SHA qw(sha256);
use Math::BigInt;
use Crypt::PK::ECC;
use Crypt::PK::RSA;
use Crypt::PK::Ed25519;
use Signet::Test;
use Signet::DER;

our @EXPORT = qw(
	serial_text new_key cert_ders renew_token jws_by revoke_token revoke_body revoke renew renew_by rekey
	prov_edit prov_remove restart hook_clock set_clock endpoint_of UUID
);

sub UUID { qr/\A[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\z/ }

# A certificate's serial as the protocol writes it: of a file, PEM text, or bytes.
sub serial_text {
	my ($what) = @_;
	my $pem = $what =~ /-----BEGIN/ ? $what : $what =~ m{\A/[\w./-]+\z} ? slurp($what) : undef;
	my $bytes = defined $pem ? cert_fields($pem)->{serial} : $what;
	return Math::BigInt->from_hex('0x' . unpack 'H*', $bytes)->bstr;
}

# A new P-256 key in a file of its own.
sub new_key {
	my $file = scratch() . '/new.key';
	spew($file, Crypt::PK::ECC->new->generate_key('secp256r1')->export_key_pem('private_short'), 0600);
	return $file;
}

# DER of every certificate in PEM text or a file.
sub cert_ders {
	my ($what) = @_;
	my $pem = $what =~ /-----BEGIN/ ? $what : slurp($what);
	return map { decode_base64($_) } $pem =~ /-----BEGIN CERTIFICATE-----\s+(.*?)-----END CERTIFICATE-----/sg;
}

# ---- tokens ----

# (alg, how to sign) for a private key of any of our kinds.
sub signer {
	my ($file) = @_;
	my $pem = slurp($file);
	my $ec = eval { Crypt::PK::ECC->new(\$pem) };
	if ($ec) {
		my %by = (secp256r1 => ['ES256', 'SHA256'], secp384r1 => ['ES384', 'SHA384'], secp521r1 => ['ES512', 'SHA512']);
		my ($alg, $hash) = @{ $by{ $ec->key2hash->{curve_name} } // die 'curve' };
		return ($alg, sub { $ec->sign_message_rfc7518($_[0], $hash) });
	}
	my $rsa = eval { Crypt::PK::RSA->new(\$pem) };
	return ('RS256', sub { $rsa->sign_message($_[0], 'SHA256', 'v1.5') }) if $rsa;
	my $ed = Crypt::PK::Ed25519->new(\$pem);
	return ('EdDSA', sub { $ed->sign_message($_[0]) });
}

# A compact JWS over header and payload (hash, or text as it is).
sub jws_by {
	my ($sign, $header, $payload) = @_;
	my $in = join '.', map { b64u(ref $_ ? json_encode($_) : $_) } $header, $payload;
	return "$in." . b64u($sign->($in));
}

# What `step` sends to renew a certificate by its key: header => {}, claims => {} override (undef removes), key => another signer's file,
# now => seconds, sign => sub, chain => [DER]. A claim of its own keeps tokens of one second apart; plain => 1 leaves it out, as `step` does.
sub renew_token {
	my ($d, $crt, $key, %o) = @_;
	my ($alg, $sign) = signer($o{key} // $key);
	my $now = int($o{now} // time);
	my $cn = $o{cn} // (run_ok('openssl', 'x509', '-in', $crt, '-noout', '-subject', '-nameopt',
		'multiline,utf8,-esc_msb') =~ /commonName\s+= (.*)$/m)[0] // '';
	my %h = (alg => $alg, typ => 'JWT', kid => b64u(sha256($key)), x5cInsecure => [ map { encode_base64($_,
		'') } @{ $o{chain} // [ cert_ders($crt) ] } ],
		%{ $o{header} // {} });
	my %c = (aud => "$d->{url}/renew", exp => $now + 300, iat => $now, nbf => $now, iss => 'step-ca-client/1.0', sub => $cn,
		$o{plain} ? () : (test => rand_id()), %{ $o{claims} // {} });
	for my $x (\%h, \%c) { delete $x->{$_} for grep { !defined $x->{$_} } keys %$x }
	my $t = jws_by($o{sign} // $sign, $o{raw_header} // \%h, $o{raw_claims} // \%c);
	push @{ $d->{secrets} }, $t;
	return $t;
}

sub revoke_token {
	my ($d, $serial, %o) = @_;
	my $now = int($o{now} // time);
	return $d->token(%o, sub => $serial, claims => { aud => "$d->{url}/1.0/revoke", sans => undef, exp => $now + 300, iat => $now, nbf => $now,
		%{ $o{claims} // {} } });
}

# ---- requests ----

sub revoke_body {
	my ($serial, %o) = @_;
	my %b = (serial => $serial, ott => $o{token} // '', reasonCode => 0, reason => '', passive => JSON::PP::true, %{ $o{more} // {} });
	delete $b{$_} for grep { !defined $b{$_} } keys %b;
	return JSON::PP->new->canonical->ascii->encode(\%b);
}
# By token => or with cert =>, key => a client certificate.
sub revoke {
	my ($d, $serial, %o) = @_;
	return $d->http('POST', $o{path} // '/revoke', body => $o{body} // revoke_body($serial, %o), $o{cert} ? (cert => $o{cert},
		key => $o{key}) : ());
}
sub renew { my ($d, $crt, $key, %o) = @_; return $d->http('POST', $o{path} // '/renew', %o, cert => $crt, key => $key) }
sub renew_by {
	my ($d, $token, %o) = @_;
	return $d->http('POST', $o{path} // '/renew', %o, headers => { Authorization => ($o{scheme} // 'Bearer') . " $token" });
}
sub rekey {
	my ($d, $crt, $key, $csr, %o) = @_;
	return $d->http('POST', $o{path} // '/rekey', %o, body => $o{body} // json_encode({ csr => $csr }), $crt ? (cert => $crt, key => $key) : ());
}
sub endpoint_of { my ($r) = @_; return ref $r->{json} eq 'HASH' ? $r->{json}{endpoint} // '' : '' }

# ---- the daemon's life ----

sub prov_edit {
	my ($d, $name, %change) = @_;
	my $f = "$d->{dir}/provisioners.d/$name.yaml";
	spew($f, json_encode({ %{ json_decode(slurp($f)) }, %change }));
}
sub prov_remove { my ($d, $name) = @_; unlink "$d->{dir}/provisioners.d/$name.yaml" }
# env => {} as for start; change => sub, run between.
sub restart {
	my ($d, %o) = @_;
	$d->stop;
	$o{change}->() if $o{change};
	$d->start(env => $d->{env} // {}) or die 'no daemon: ' . $d->log_tail;
	return $d->ready;
}

# A daemon's wall clock that the test moves, without its TLS. Before start: env for it.
sub hook_clock {
	my ($d) = @_;
	$d->{clock} = spew(scratch() . '/clock', "0\n");
	$d->{env} = { SIGNET_TEST_CLOCK_FILE => $d->{clock} };
	return $d->{env};
}
# The file is read at each look at the clock: replaced, never half written.
sub set_clock { my ($d, $seconds) = @_; spew("$d->{clock}.new", "$seconds\n"); rename "$d->{clock}.new", $d->{clock} or die }

1;

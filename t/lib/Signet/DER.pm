# SPDX-License-Identifier: GPL-3.0-or-later
package Signet::DER;

# DER for tests: builds what openssl's command refuses to make (requests with odd contents, certificates with any dates), and
# takes certificates apart byte for byte.

use strict;
use warnings;
use Exporter 'import';
use MIME::Base64 qw(encode_base64 decode_base64);
use Digest::SHA qw(sha1);
use POSIX ();
use Crypt::PK::ECC;

our @EXPORT = qw(
	tlv seq set_of oid_der oid_text der_time name_cn ext san_ext ext_request csr_der cert_der to_pem from_pem tlv_read tlv_list
	cert_fields file_key
);

sub tlv {
	my ($tag, @parts) = @_;
	my $c = join '', @parts;
	my $n = length $c;
	my $l = $n < 128 ? chr $n : $n < 256 ? "\x81" . chr $n : $n < 65536 ? "\x82" . pack('n', $n) : "\x83" . substr(pack('N', $n), 1);
	return chr($tag) . $l . $c;
}
sub seq    { tlv(0x30, @_) }
sub set_of { tlv(0x31, @_) }

sub oid_der {
	my @a = split /\./, shift;
	my $c = chr(40 * $a[0] + $a[1]);
	for my $v (@a[2 .. $#a]) {
		my $s = chr($v & 127);
		$s = chr(128 | ($v & 127)) . $s while $v >>= 7;
		$c .= $s;
	}
	return tlv(6, $c);
}

sub oid_text {
	my ($first, @rest) = unpack 'w*', $_[0];
	my $top = $first >= 80 ? 2 : int $first / 40;
	return join '.', $top, $first - 40 * $top, @rest;
}

sub der_time {
	my ($t) = @_;
	my @g = gmtime $t;
	return $g[5] < 150 ? tlv(0x17, POSIX::strftime('%y%m%d%H%M%SZ', @g)) : tlv(0x18, POSIX::strftime('%Y%m%d%H%M%SZ', @g));
}

# A subject of one common name; the string's tag is UTF8String unless given.
# As Go chooses it: PrintableString where that is possible, else UTF8String.
sub name_cn { my ($cn, $tag) = @_; return seq(set_of(seq(oid_der('2.5.4.3'), tlv($tag // ($cn =~ m{^[A-Za-z0-9 '()+,./:=?-]*\z} ? 0x13 : 0x0c), $cn)))) }
sub ext     { my ($oid, $critical, $value) = @_; return seq(oid_der($oid), $critical ? "\x01\x01\xff" : '', tlv(4, $value)) }
sub san_ext { my (@names) = @_; return ext('2.5.29.17', 0, seq(@names)) }
sub ext_request { return seq(oid_der('1.2.840.113549.1.9.14'), set_of(seq(@_))) }

my $ecdsa_sha256 = seq(oid_der('1.2.840.10045.4.3.2'));
sub file_key { my ($file) = @_; return Crypt::PK::ECC->new($file) }
sub signed   { my ($tbs, $key) = @_; return seq($tbs, $ecdsa_sha256, tlv(3, "\0", $key->sign_message($tbs, 'SHA256'))) }

# A request signed with ECDSA and SHA-256: key => Crypt::PK::ECC, subject =>, attrs => DER.
sub csr_der {
	my (%o) = @_;
	my $info = seq(tlv(2, "\0"), $o{subject} // name_cn('host.example.com'), $o{key}->export_key_der('public_short'), tlv(0xa0, $o{attrs} // ''));
	return signed($info, $o{key});
}

# A certificate: issuer => DER of the name, signer => key, key => the subject's key or spki => DER, subject, serial (bytes), from, to (seconds),
# exts => [DER], aki => bytes.
sub cert_der {
	my (%o) = @_;
	my $spki = $o{spki} // $o{key}->export_key_der('public_short');
	my @exts = @{ $o{exts} // [ ext('2.5.29.15', 1, "\x03\x02\x07\x80"), ext('2.5.29.37', 0, seq(oid_der('1.3.6.1.5.5.7.3.1'), oid_der('1.3.6.1.5.5.7.3.2'))) ] };
	push @exts, ext('2.5.29.14', 0, tlv(4, sha1(substr $spki, -65)));
	push @exts, ext('2.5.29.35', 0, seq(tlv(0x80, $o{aki}))) if defined $o{aki};
	my $tbs = seq(tlv(0xa0, "\x02\x01\x02"), tlv(2, $o{serial} // "\x11" . pack 'N3', map { int rand 2**32 } 1 .. 3), $ecdsa_sha256, $o{issuer},
		seq(der_time($o{from} // time - 60), der_time($o{to} // time + 3600)), $o{subject} // name_cn('host.example.com'), $spki,
		tlv(0xa3, seq(@exts)));
	return signed($tbs, $o{signer});
}

sub to_pem { my ($label, $der) = @_; my $b = encode_base64($der, ''); $b =~ s/(.{1,64})/$1\n/g; return "-----BEGIN $label-----\n$b-----END $label-----\n" }

# The first block's bytes.
sub from_pem { my ($pem) = @_; my ($b) = $pem =~ /-----BEGIN [^-]+-----\s+(.*?)-----END/s or die 'no PEM block'; return decode_base64($b) }

# (tag, contents, whole element, rest) of the first element.
sub tlv_read {
	my ($s) = @_;
	my ($tag, $n) = unpack 'CC', $s;
	my $head = 2;
	if ($n & 0x80) { my $k = $n & 0x7f; $n = 0; $n = $n << 8 | ord substr $s, $head++, 1 for 1 .. $k }
	return ($tag, substr($s, $head, $n), substr($s, 0, $head + $n), substr $s, $head + $n);
}

# Contents taken apart: ([tag, contents, whole], ...).
sub tlv_list { my ($s) = @_; my @l; while (length $s) { my ($t, $c, $w, $rest) = tlv_read($s); push @l, [$t, $c, $w]; $s = $rest } return @l }

sub time_of {
	my ($tag, $text) = @_;
	$text = (substr($text, 0, 2) < 50 ? '20' : '19') . $text if $tag == 0x17;
	$text =~ /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/ or die "time $text";
	require Time::Local;
	return Time::Local::timegm($6, $5, $4, $3, $2 - 1, $1);
}

# A certificate's parts: serial (bytes), issuer, subject, spki (whole elements), from, to (seconds), exts => [[oid, critical, value], ...].
sub cert_fields {
	my ($pem) = @_;
	my @cert = tlv_list((tlv_read(from_pem($pem)))[1]);
	my ($version, $serial, $alg, $issuer, $dates, $subject, $spki, @more) = tlv_list($cert[0][1]);
	my @dates = map { time_of(@$_[0, 1]) } tlv_list($dates->[1]);
	my @exts;
	for my $x (map { tlv_list((tlv_read($_->[1]))[1]) } grep { $_->[0] == 0xa3 } @more) {
		my @p = tlv_list($x->[1]);
		push @exts, [ oid_text($p[0][1]), @p == 3 && $p[1][1] eq "\xff" ? 1 : 0, $p[-1][1] ];
	}
	return { version => $version->[1], serial => $serial->[1], alg => $alg->[2], issuer => $issuer->[2], subject => $subject->[2], spki => $spki->[2],
		from => $dates[0], to => $dates[1], exts => \@exts };
}

1;

#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# make.pl - makes the certificates and requests of this folder. Needs openssl 3 and certtool. The keys are throw-away
# and are not kept, so that each run makes other bytes: run it only to add a case, and keep all files of one run.
#
#   cd t/vectors/x509 && perl make.pl
#
# Files *.der beginning with csr- are requests; the test's table says what each must give. Certificates are PEM, valid
# from 2026-01-01 to 2046-01-01 unless their name says otherwise.
# step-*.pem are certificates that step-ca issued; they are not made here.
use strict;
use warnings;
use File::Temp qw(tempdir);

my $tmp = tempdir(CLEANUP => 1);

sub slurp { my ($f) = @_; open my $h, '<:raw', $f or die "$f: $!"; local $/; my $d = <$h>; return $d }
sub spew { my ($f, $d) = @_; open my $h, '>:raw', $f or die "$f: $!"; print $h $d; close $h or die "$f: $!" }
sub run { my $c = join " ", @_; system("$c >/dev/null 2>$tmp/err") == 0 or die "$c\n" . slurp("$tmp/err") }

# ---- DER ----

sub tlv {
	my ($tag, @parts) = @_;
	my $c = join '', @parts;
	my $n = length $c;
	my $l = $n < 128 ? chr $n : $n < 256 ? "\x81" . chr $n : $n < 65536 ? "\x82" . pack('n', $n) : "\x83" . substr(pack('N', $n), 1);
	return chr($tag) . $l . $c;
}
sub seq { return tlv(0x30, @_) }
sub set { return tlv(0x31, @_) }
sub oid {
	my @a = split /\./, shift;
	my $c = chr(40 * $a[0] + $a[1]);
	for my $v (@a[2 .. $#a]) {
		my $s = chr($v & 127);
		$s = chr(128 | ($v & 127)) . $s while $v >>= 7;
		$c .= $s;
	}
	return tlv(6, $c);
}
sub hex_der { return pack 'H*', join '', @_ }
my $null = "\x05\x00";

# ---- keys ----

my %keys;
sub key {
	my ($name) = @_;
	return $keys{$name} if $keys{$name};
	my $f = "$tmp/$name.key";
	my %how = (
		p256 => '-algorithm EC -pkeyopt ec_paramgen_curve:P-256',
		p384 => '-algorithm EC -pkeyopt ec_paramgen_curve:P-384',
		p521 => '-algorithm EC -pkeyopt ec_paramgen_curve:P-521',
		p224 => '-algorithm EC -pkeyopt ec_paramgen_curve:secp224r1',
		p192 => '-algorithm EC -pkeyopt ec_paramgen_curve:prime192v1',
		k256 => '-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1',
		explicit => '-algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit',
		ed25519 => '-algorithm ED25519',
		ed448 => '-algorithm ED448',
		rsa => '-algorithm RSA -pkeyopt rsa_keygen_bits:2048',
		rsa1024 => '-algorithm RSA -pkeyopt rsa_keygen_bits:1024',
		rsa4608 => '-algorithm RSA -pkeyopt rsa_keygen_bits:4608',
	);
	if ($name eq 'dsa') {
		run("openssl dsaparam -out $tmp/dsa.par 2048");
		run("openssl genpkey -paramfile $tmp/dsa.par -out $f");
	} else {
		run("openssl genpkey $how{$name} -out $f");
	}
	return $keys{$name} = $f;
}
sub spki { my ($k) = @_; run("openssl pkey -in " . key($k) . " -pubout -outform DER -out $tmp/spki"); return slurp("$tmp/spki") }

# ---- requests ----

my %alg = (
	p256 => [seq(oid('1.2.840.10045.4.3.2')), '-sha256'],
	p384 => [seq(oid('1.2.840.10045.4.3.3')), '-sha384'],
	p521 => [seq(oid('1.2.840.10045.4.3.4')), '-sha512'],
	rsa => [seq(oid('1.2.840.113549.1.1.11'), $null), '-sha256'],
	ed25519 => [seq(oid('1.3.101.112')), undef],
	dsa => [seq(oid('2.16.840.1.101.3.4.3.2')), '-sha256'],
	ed448 => [seq(oid('1.3.101.113')), undef],
);
$alg{$_} = $alg{p256} for qw(p224 p192 k256 explicit);
$alg{$_} = $alg{rsa} for qw(rsa1024 rsa4608);

my $cn_oid = oid('2.5.4.3');
sub attr { my ($tag, $v, $o) = @_; return seq($o // $cn_oid, tlv($tag, $v)) }
sub cn { return seq(set(attr(@_))) }
sub ext { my ($o, $critical, $v) = @_; return seq(oid($o), $critical ? "\x01\x01\xff" : '', tlv(4, $v)) }
sub dns { return ext('2.5.29.17', 0, seq(map { tlv(0x82, $_) } @_)) }
sub request { return seq(oid('1.2.840.113549.1.9.14'), set(seq(@_))) }

sub sign {
	my ($data, $key, $digest, @opts) = @_;
	spew("$tmp/data", $data);
	if (defined $digest) {
		run("openssl dgst $digest @opts -sign " . key($key) . " -out $tmp/sig $tmp/data");
	} else {
		run("openssl pkeyutl -sign -rawin -inkey " . key($key) . " -in $tmp/data -out $tmp/sig");
	}
	return slurp("$tmp/sig");
}

# csr(key, version =>, subject =>, attrs =>, spki =>, alg =>, digest =>, opts =>)
sub csr {
	my ($key, %o) = @_;
	my $info = seq(tlv(2, $o{version} // "\0"), $o{subject} // cn(0x0c, 'a.example.com'), $o{spki} // spki($key),
		$o{raw_attrs} // tlv(0xa0, $o{attrs} // request(dns('a.example.com'))));
	my $digest = exists $o{digest} ? $o{digest} : $alg{$key}[1];
	return seq($info, $o{alg} // $alg{$key}[0], tlv(3, "\0", sign($info, $key, $digest, @{ $o{opts} // [] })));
}
sub csr_file { my ($name, @args) = @_; spew("csr-$name.der", csr(@args)) }

sub pss_params {
	my ($hash, $salt, $mgf) = @_;
	my $h = seq(oid($hash), $null);
	return seq(tlv(0xa0, $h), tlv(0xa1, seq(oid('1.2.840.113549.1.1.8'), $mgf ? seq(oid($mgf), $null) : $h)), tlv(0xa2, tlv(2, chr $salt)));
}
my $sha256 = '2.16.840.1.101.3.4.2.1';
my $pss = '1.2.840.113549.1.1.10';
my @pss_opts = ('-sigopt rsa_padding_mode:pss', '-sigopt rsa_pss_saltlen:32');

sub make_good {
	csr_file("good-$_", $_) for qw(p256 p384 p521 ed25519 rsa);
	csr_file('good-pss', 'rsa', alg => seq(oid($pss), pss_params($sha256, 32)), opts => \@pss_opts);
	csr_file('good-rekey', 'p256', subject => seq(), attrs => '');
	csr_file('good-p256-sha384', 'p256', alg => $alg{p384}[0], digest => '-sha384');
	csr_file('good-challenge', 'p256', attrs => seq(oid('1.2.840.113549.1.9.7'), set(tlv(0x13, 'secret'))) .
		seq(oid('1.2.840.113549.1.9.2'), set(tlv(0x16, 'unstructured'))) . request(dns('a.example.com')));
	csr_file('good-types', 'p256', attrs => request(ext('2.5.29.17', 0, seq(tlv(0x82, 'a.example.com'), tlv(0x81, 'u@example.com'),
		tlv(0x87, "\x0a\0\0\x01"), tlv(0x87, "\x20\x01\x0d\xb8" . "\0" x 11 . "\x01"), tlv(0x86, 'spiffe://a/b'),
		tlv(0xa4, cn(0x0c, 'dir')), tlv(0x88, "\x2a\x03\x04"),
		tlv(0xa0, oid('1.3.6.1.4.1.311.20.2.3'), tlv(0xa0, tlv(0x0c, 'upn')))))));
	csr_file('good-asks-ca', 'p256', attrs => request(ext('2.5.29.19', 1, seq("\x01\x01\xff")), ext('2.5.29.15', 1, "\x03\x02\x01\x06"),
		dns('a.example.com')));
	csr_file('good-cn65', 'p256', subject => cn(0x0c, 'x' x 65));
	csr_file('good-bmp', 'p256', subject => cn(0x1e, "\0a\0\xe9\x20\xac"));
	csr_file('good-teletex', 'p256', subject => cn(0x14, "caf\xe9"));
	csr_file('good-nfd', 'p256', subject => cn(0x0c, "cafe\xcc\x81"));
	csr_file('good-multi', 'p256', subject => seq(set(attr(0x0c, 'Org', oid('2.5.4.10'))),
		set(attr(0x13, '7', oid('2.5.4.5')), attr(0x0c, 'a.example.com'))));
}

sub make_bad {
	my $good = csr('p256');
	my $flip = $good;
	substr($flip, -1) = chr(ord(substr $flip, -1) ^ 1);
	spew('csr-bad-signature.der', $flip);
	spew('csr-bad-trailing.der', $good . "\0");
	spew('csr-bad-short.der', substr $good, 0, -1);
	spew('csr-bad-indefinite.der', "\x30\x80" . substr($good, 3) . "\0\0");
	spew('csr-bad-empty.der', '');
	run("openssl req -new -key " . key('p256') . " -subj /CN=a -out csr-bad-pem.der");
	csr_file('bad-version1', 'p256', version => "\x01");
	csr_file('bad-no-attributes', 'p256', raw_attrs => '');
	csr_file('bad-md5', 'rsa', alg => seq(oid('1.2.840.113549.1.1.4'), $null), digest => '-md5');
	csr_file('bad-sha1-rsa', 'rsa', alg => seq(oid('1.2.840.113549.1.1.5'), $null), digest => '-sha1');
	csr_file('bad-sha1-ecdsa', 'p256', alg => seq(oid('1.2.840.10045.4.1')), digest => '-sha1');
	csr_file('bad-alg-unknown', 'p256', alg => seq(oid('1.2.3.4.5')));
	csr_file('bad-alg-ecdsa-null', 'p256', alg => seq(oid('1.2.840.10045.4.3.2'), $null));
	csr_file('bad-alg-rsa-absent', 'rsa', alg => seq(oid('1.2.840.113549.1.1.11')));
	csr_file('bad-alg-ed25519-null', 'ed25519', alg => seq(oid('1.3.101.112'), $null));
	csr_file('bad-alg-pss-default', 'rsa', alg => seq(oid($pss), seq()), opts => \@pss_opts);
	csr_file('bad-alg-pss-salt', 'rsa', alg => seq(oid($pss), pss_params($sha256, 20)), opts => ['-sigopt rsa_padding_mode:pss', '-sigopt rsa_pss_saltlen:20']);
	csr_file('bad-alg-pss-mgf', 'rsa', alg => seq(oid($pss), pss_params($sha256, 32, '2.16.840.1.101.3.4.2.2')), opts => \@pss_opts);
	csr_file('bad-alg-pss-as-pkcs1', 'rsa', alg => seq(oid($pss), pss_params($sha256, 32)));
	csr_file('bad-alg-other-key', 'p256', alg => $alg{rsa}[0]);
	csr_file('bad-two-requests', 'p256', attrs => request(dns('a.example.com')) x 2);
	csr_file('bad-two-values', 'p256', attrs => seq(oid('1.2.840.113549.1.9.14'), set(seq(dns('a.example.com')), seq(dns('b.example.com')))));
	csr_file('bad-two-sans', 'p256', attrs => request(dns('a.example.com'), dns('b.example.com')));
	csr_file('bad-critical', 'p256', attrs => request(ext('1.2.3.4', 1, $null)));
	csr_file('bad-san-empty', 'p256', attrs => request(ext('2.5.29.17', 0, seq())));
	csr_file('bad-san-nul', 'p256', attrs => request(dns("a.example.com\0.evil.org")));
	csr_file('bad-san-utf8', 'p256', attrs => request(dns("caf\xc3\xa9.example.com")));
	csr_file('bad-san-ip5', 'p256', attrs => request(ext('2.5.29.17', 0, seq(tlv(0x87, "\x0a\0\0\x01\x01")))));
	csr_file('bad-san-tag', 'p256', attrs => request(ext('2.5.29.17', 0, seq(tlv(0x89, 'x')))));
	csr_file('bad-san-trailing', 'p256', attrs => request(ext('2.5.29.17', 0, seq(tlv(0x82, 'a')) . "\0")));
	csr_file('bad-cn-nul', 'p256', subject => cn(0x0c, "a\0b"));
	csr_file('bad-cn-bmp-nul', 'p256', subject => cn(0x1e, "\0a\0\0"));
	csr_file('bad-cn-bmp-odd', 'p256', subject => cn(0x1e, "\0a\0"));
	csr_file('bad-cn-utf8', 'p256', subject => cn(0x0c, "\xc0\x80"));
	csr_file('bad-cn-printable', 'p256', subject => cn(0x13, 'a@b'));
	csr_file('bad-cn-octets', 'p256', subject => cn(0x04, 'abc'));
	csr_file('bad-rdn-order', 'p256', subject => seq(set(attr(0x0c, 'a.example.com'), attr(0x13, '7', oid('2.5.4.5')))));
	csr_file('bad-rdn-empty', 'p256', subject => seq(set()));
	csr_file('bad-300-attributes', 'p256', subject => seq((set(attr(0x0c, 'x'))) x 300));
	csr_file('bad-101-requests', 'p256', attrs => seq(oid('1.2.840.113549.1.9.7'), set(tlv(0x13, 'x'))) x 101);
}

sub bad_keys {
	csr_file("bad-key-$_", $_) for qw(rsa1024 rsa4608 p224 p192 k256 explicit dsa ed448);
	my $rsa = spki('rsa');
	my $point = substr spki('p256'), -65;
	my $ec = seq(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7'));
	for my $e ([one => "\x01"], [even => "\x01\0\0"], [three => "\x03"]) {
		(my $s = $rsa) =~ s/\x02\x03\x01\0\x01\z//s or die 'no exponent';
		my ($n) = $s =~ /(\x02\x82\x01\x01\0.{256})\z/s or die 'no modulus';
		csr_file("bad-key-rsa-e-$e->[0]", 'rsa', spki => seq(seq(oid('1.2.840.113549.1.1.1'), $null), tlv(3, "\0", seq($n, tlv(2, $e->[1])))));
	}
	my $sign = ord(substr $point, -1) & 1;
	csr_file('bad-key-compressed', 'p256', spki => seq($ec, tlv(3, "\0", chr(2 + $sign), substr($point, 1, 32))));
	csr_file('bad-key-infinity', 'p256', spki => seq($ec, tlv(3, "\0\0")));
	my $off = $point;
	substr($off, -1) = chr(ord(substr $off, -1) ^ 1);
	csr_file('bad-key-off-curve', 'p256', spki => seq($ec, tlv(3, "\0", $off)));
}

# ---- certificates ----

my $serial = 0x1000;
my @dates = ('20260101000000Z', '20460101000000Z');

# cert(name, issuer or undef, subject, "extension lines", dates =>, key =>, md =>)
sub cert {
	my ($name, $issuer, $subject, $exts, %o) = @_;
	my $key = "$tmp/$name.pem.key";
	if ($o{same_key}) {
		spew($key, slurp("$tmp/$o{same_key}.pem.key"));
	} else {
		run("openssl genpkey " . ($o{key} // '-algorithm EC -pkeyopt ec_paramgen_curve:P-256') . " -out $key");
	}
	my ($from, $to) = @{ $o{dates} // \@dates };
	spew("$tmp/db", '');
	spew("$tmp/serial", sprintf "%04x\n", $serial++);
	spew("$tmp/ca.cnf", "[ca]\ndefault_ca=c\n[c]\ndatabase=$tmp/db\nserial=$tmp/serial\nnew_certs_dir=$tmp\ndefault_md=sha256\npolicy=p\nunique_subject=no\n"
		. "email_in_dn=yes\n[p]\ncommonName=optional\norganizationName=optional\nemailAddress=optional\n[req]\ndistinguished_name=d\n[d]\n[x]\n$exts\n");
	run("openssl req -new -config $tmp/ca.cnf -key $key -subj '$subject' -out $tmp/req");
	my $by = defined $issuer ? "-cert $issuer.pem -keyfile $tmp/$issuer.pem.key" : "-selfsign -keyfile $key";
	my $md = $o{md} ? "-md $o{md}" : '';
	run("openssl ca -batch -notext -preserveDN -config $tmp/ca.cnf $by $md @{ $o{opts} // [] } -extensions x -startdate $from -enddate $to -in $tmp/req -out $name.pem");
}

my $ca = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash";
my $aki = "authorityKeyIdentifier=keyid";
my $leaf = "keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\nsubjectKeyIdentifier=hash\n$aki";
sub san { return "$leaf\nsubjectAltName=" . join ',', @_ }

sub make_certs {
	cert('root', undef, '/O=Test/CN=Root', "$ca");
	(my $ca0 = "$ca\n$aki") =~ s/CA:TRUE/CA:TRUE,pathlen:0/;
	cert('inter', 'root', '/O=Test/CN=Intermediate', $ca0);
	cert('leaf', 'inter', '/CN=a.example.com', san('DNS:a.example.com', 'DNS:*.b.example.com', 'IP:10.0.0.1', 'IP:2001:db8::1', 'email:u@example.com', 'URI:spiffe://a/b'));
	cert('leaf-expired', 'inter', '/CN=expired', san('DNS:a.example.com'), dates => ['20250101000000Z', '20250201000000Z']);
	cert('leaf-future', 'inter', '/CN=future', san('DNS:a.example.com'), dates => ['20450101000000Z', '20460101000000Z']);
	(my $code = san('DNS:a.example.com')) =~ s/serverAuth,clientAuth/codeSigning/;
	cert('leaf-codesign', 'inter', '/CN=codesign', $code);
	cert('leaf-critical', 'inter', '/CN=critical', san('DNS:a.example.com') . "\n1.2.3.4=critical,DER:0500");
	cert('inter2', 'inter', '/O=Test/CN=Below pathlen 0', "$ca\n$aki");
	cert('leaf-pathlen', 'inter2', '/CN=pathlen', san('DNS:a.example.com'));
	cert('notca', 'inter', '/O=Test/CN=Not a CA', "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n$aki");
	cert('leaf-notca', 'notca', '/CN=notca', san('DNS:a.example.com'));
	(my $nosign = "$ca\n$aki") =~ s/keyCertSign,cRLSign/digitalSignature/;
	cert('nosign', 'root', '/O=Test/CN=No keyCertSign', $nosign);
	cert('leaf-nosign', 'nosign', '/CN=nosign', san('DNS:a.example.com'));
	cert('inter-expired', 'root', '/O=Test/CN=Expired CA', "$ca\n$aki", dates => ['20250101000000Z', '20250201000000Z']);
	cert('leaf-inter-expired', 'inter-expired', '/CN=under expired', san('DNS:a.example.com'));
	cert('inter-client', 'root', '/O=Test/CN=Clients only', "$ca\n$aki\nextendedKeyUsage=clientAuth");
	cert('leaf-inter-client', 'inter-client', '/CN=nested', san('DNS:a.example.com'));
	cert('inter-nc', 'root', '/O=Test/CN=Constrained', "$ca\n$aki\nnameConstraints=critical,permitted;DNS:example.com,permitted;IP:10.0.0.0/255.0.0.0,excluded;DNS:bad.example.com");
	cert('leaf-nc-good', 'inter-nc', '/CN=nc good', san('DNS:x.example.com', 'IP:10.1.2.3'));
	cert('leaf-nc-outside', 'inter-nc', '/CN=nc outside', san('DNS:x.example.com', 'DNS:example.org'));
	cert('leaf-nc-excluded', 'inter-nc', '/CN=nc excluded', san('DNS:x.bad.example.com'));
	cert('leaf-nc-ip', 'inter-nc', '/CN=nc ip', san('IP:192.0.2.1'));
	cert('inter-nc-below', 'inter-nc', '/O=Test/CN=Below constrained', "$ca\n$aki");
	cert('leaf-nc-deep', 'inter-nc-below', '/CN=nc deep', san('DNS:example.net'));
	# A key signed by two roots, and two CAs that sign each other.
	cert('loop-a', undef, '/O=Test/CN=Loop A', $ca);
	cert('loop-b', undef, '/O=Test/CN=Loop B', $ca);
	cert('loop-a-by-b', 'loop-b', '/O=Test/CN=Loop A', "$ca\n$aki", same_key => 'loop-a');
	cert('loop-b-by-a', 'loop-a', '/O=Test/CN=Loop B', "$ca\n$aki", same_key => 'loop-b');
	cert('leaf-loop', 'loop-a', '/CN=loop', san('DNS:a.example.com'));
	cert('root-rsa', undef, '/O=Test/CN=RSA root', $ca, key => '-algorithm RSA -pkeyopt rsa_keygen_bits:2048');
	cert('leaf-rsa', 'root-rsa', '/CN=by rsa', san('DNS:a.example.com'));
	cert('leaf-pss', 'root-rsa', '/CN=by pss', san('DNS:a.example.com'), opts => ['-sigopt rsa_padding_mode:pss', '-sigopt rsa_pss_saltlen:32']);
	cert('leaf-sha1', 'root-rsa', '/CN=by sha1', san('DNS:a.example.com'), md => 'sha1');
	cert('root-ed25519', undef, '/O=Test/CN=Ed25519 root', $ca, key => '-algorithm ED25519', md => 'null');
	cert('leaf-ed25519', 'root-ed25519', '/CN=by ed25519', san('DNS:a.example.com'), md => 'null');
	# Other CA, same subject, same key identifier as the real root: the signature must decide.
	my ($id) = `openssl x509 -in root.pem -noout -ext subjectKeyIdentifier` =~ /([0-9A-F:]{59})/ or die 'no key identifier';
	cert('root-fake', undef, '/O=Test/CN=Root', "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=$id");
	my $der = `openssl x509 -in leaf.pem -outform DER`;
	substr($der, -1) = chr(ord(substr $der, -1) ^ 1);
	spew("$tmp/bad.der", $der);
	run("openssl x509 -inform DER -in $tmp/bad.der -out leaf-badsig.pem");
}

# Another implementation's bytes.
sub make_certtool {
	spew("$tmp/t", "cn = \"GnuTLS root\"\norganization = \"Test\"\nca\ncert_signing_key\ncrl_signing_key\nserial = 77\nactivation_date = \"2026-01-01 00:00:00 UTC\"\n"
		. "expiration_date = \"2046-01-01 00:00:00 UTC\"\nnc_permit_dns = \"example.com\"\nnc_exclude_dns = \"bad.example.com\"\nnc_permit_ip = \"10.0.0.0/8\"\n"
		. "nc_permit_email = \"example.com\"\n");
	run("certtool --generate-privkey --key-type=ecdsa --curve=secp384r1 --outfile $tmp/g.key");
	run("certtool --generate-self-signed --load-privkey $tmp/g.key --template $tmp/t --outfile certtool-root.pem");
	spew("$tmp/t", "cn = \"leaf\"\ndns_name = \"x.example.com\"\nip_address = \"10.9.8.7\"\ntls_www_server\nsigning_key\nserial = 78\n"
		. "activation_date = \"2026-01-01 00:00:00 UTC\"\nexpiration_date = \"2046-01-01 00:00:00 UTC\"\n");
	run("certtool --generate-privkey --key-type=ed25519 --outfile $tmp/gl.key");
	run("certtool --generate-certificate --load-privkey $tmp/gl.key --load-ca-certificate certtool-root.pem --load-ca-privkey $tmp/g.key --template $tmp/t --outfile certtool-leaf.pem");
	spew("$tmp/t", "cn = \"leaf\"\ndns_name = \"x.example.com\"\nip_address = \"10.9.8.7\"\ntls_www_server\nsigning_key\n");
	run("certtool --generate-request --load-privkey $tmp/g.key --template $tmp/t --outder --outfile csr-good-certtool.der");
}

make_good();
make_bad();
bad_keys();
make_certs();
make_certtool();

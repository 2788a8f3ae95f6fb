#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# signet inspect, verify, lint and fingerprint, with openssl as the judge: every field, names against hosts, chains that are good and bad, files of any kind,
# servers of any kind. A refusal is one line, its exit status the documented one.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex sha1_hex sha256);
use IO::Socket::INET;
use MIME::Base64 qw(encode_base64 encode_base64url);
use POSIX ();
use Test::More;
use Signet::Test;
use Signet::Clients;
use Signet::DER;

need('openssl');
hang_guard(900);

my $t = scratch();
my $v = "$SRC/t/vectors/x509";
my $ca = "$SRC/t/vectors/ca";
my ($rc, $out, $err);
# Nobody's client folder: no CA is known.
sub plain { my %o = ref $_[0] eq 'HASH' ? %{ shift() } : (); return run({ %o, timeout => 120, env => { SIGNETPATH => "$t/none", HOME => "$t/none", %{ $o{env} // {} } } }, signet_bin(), @_) }
sub json_of { my @r = plain(@_); return $r[0] == 0 ? json_decode($r[1]) : { error => "$r[0] $r[2]" } }
# Refused: this status, one line that says this, nothing on stdout.
sub refused {
	my ($what, $status, $like, @args) = @_;
	my @r = plain(@args);
	my @wrong;
	push @wrong, "status $r[0], not $status" unless $r[0] == $status;
	push @wrong, 'not one line' unless $r[2] =~ /\Asignet[^\n]*\n(?:Try: [^\n]*\n)?\z/;
	push @wrong, 'another message' unless $r[2] =~ $like;
	push @wrong, 'something on stdout' if $r[1] ne '';
	push @wrong, 'controls in the message' if $r[2] =~ /[^\n\x20-\x7e\x80-\xff]/;
	return ok(!@wrong, $what) || (diag(join "\n", @wrong, @r[1, 2]), 0)[1];
}
sub x509 { my ($file, @args) = @_; my $s = run_ok('openssl', 'x509', '-in', $file, '-noout', @args); chomp $s; return $s }

# ---- inspect: every field, as openssl sees it ----

for my $file (glob("$v/*.pem"), glob("$ca/*.crt"), glob("$SRC/t/vectors/tls/*.crt")) {
	next if slurp($file) !~ /BEGIN CERTIFICATE-/;
	my ($name) = $file =~ m{([^/]+)$};
	my $der = from_pem(slurp($file));
	my $j = json_of('inspect', '--json', $file);
	my %theirs = map { /^(\w+)=(.*)/ ? ($1 => $2) : () } split /\n/, x509($file, '-serial', '-subject', '-issuer', '-nameopt', 'RFC2253,sep_comma_plus,-esc_msb,utf8');
	my ($from, $to) = map { POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $_) } dates_of($file);
	my $ours = {
		serial => uc($j->{serialHex} // ''), subject => $j->{subject}{text}, issuer => $j->{issuer}{text}, from => $j->{notBefore}, to => $j->{notAfter},
		sha256 => $j->{fingerprints}{sha256}, sha1 => $j->{fingerprints}{sha1}, exts => join(' ', map { $_->{oid} . ($_->{critical} ? '!' : '') } @{ $j->{extensions} // [] }),
	};
	(my $serial = $theirs{serial}) =~ s/^(?:00)+(?=..)//;
	my $want = {
		serial => $serial, subject => $theirs{subject}, issuer => $theirs{issuer}, from => $from, to => $to, sha256 => sha256_hex($der), sha1 => sha1_hex($der),
		exts => join(' ', map { $_->[0] . ($_->[1] ? '!' : '') } @{ cert_fields(slurp($file))->{exts} }),
	};
	is_deeply($ours, $want, "inspect --json $name: as openssl says");
	my $key = run_ok({ stdin => run_ok('openssl', 'x509', '-in', $file, '-noout', '-pubkey') }, 'openssl', 'pkey', '-pubin', '-outform', 'DER');
	is($j->{publicKey}{sha256}, sha256_hex($key), "inspect --json $name: its key");
	is((plain('inspect', '--format', 'pem', $file))[1], first_cert($file), "inspect --format pem $name");
	is((plain('inspect', '--format', 'der', $file))[1], $der, "inspect --format der $name");
}

# A certificate with one of each extension.
spew("$t/ext.cnf", <<'EOF');
[req]
distinguished_name = dn
[dn]
[x]
basicConstraints = critical, CA:true, pathlen:3
keyUsage = critical, keyCertSign, cRLSign
extendedKeyUsage = serverAuth, 1.2.3.4.5
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid, issuer:always
subjectAltName = DNS:a.example.com, IP:192.0.2.1, IP:2001:db8::1, email:a@example.com, URI:https://a.example.com/x, RID:1.2.3, dirName:dir, otherName:1.2.3;UTF8:other
nameConstraints = critical, permitted;DNS:example.com, permitted;IP:192.0.2.0/255.255.255.0, excluded;email:bad.example.com
crlDistributionPoints = URI:http://crl.example.com/a.crl, URI:http://crl.example.com/b.crl
authorityInfoAccess = OCSP;URI:http://ocsp.example.com, caIssuers;URI:http://ca.example.com/ca.der
certificatePolicies = 2.23.140.1.2.1, 1.3.5.8
1.2.3.4 = ASN1:UTF8String:unknown
[dir]
CN = in a directory
EOF
run_ok('openssl', 'req', '-x509', '-config', "$t/ext.cnf", '-extensions', 'x', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-nodes', '-keyout', "$t/ext.key", '-out', "$t/ext.crt",
	'-subj', '/C=DE/O=Org+OU=Unit/CN=All of them', '-days', '10', '-set_serial', '0xcdba2e0fe388f456df5576f76076228b8d1240');
my $j = json_of('inspect', '--json', "$t/ext.crt");
my %x = map { ($_->{name} // $_->{oid}) => $_->{value} // $_->{hex} } @{ $j->{extensions} };
is_deeply($x{basicConstraints}, { ca => JSON::PP::true, pathLength => 3 }, 'extension: basicConstraints');
is_deeply($x{keyUsage}, [qw(keyCertSign cRLSign)], 'extension: keyUsage');
is_deeply($x{extKeyUsage}, [qw(serverAuth 1.2.3.4.5)], 'extension: extKeyUsage');
is($x{subjectKeyIdentifier}, $j->{publicKey}{keyId}, 'extension: subjectKeyIdentifier');
is($x{authorityKeyIdentifier}{serialHex}, $j->{serialHex}, 'extension: authorityKeyIdentifier, the serial number');
is($x{authorityKeyIdentifier}{issuer}[0]{value}{text}, $j->{issuer}{text}, 'extension: authorityKeyIdentifier, the issuer');
is_deeply([ map { "$_->{type} " . (ref $_->{value} ? $_->{value}{text} : $_->{value} // $_->{hex}) } @{ $x{subjectAltName} } ],
	[ 'dns a.example.com', 'ip 192.0.2.1', 'ip 2001:db8::1', 'email a@example.com', 'uri https://a.example.com/x', 'registeredId 2a03', 'dirName CN=in a directory',
		'otherName 06022a03a0070c056f74686572' ], 'extension: subjectAltName');
is_deeply($x{nameConstraints}, { permitted => [ { type => 'dns', value => 'example.com' }, { type => 'ip', value => '192.0.2.0/255.255.255.0' } ], excluded => [ { type => 'email', value => 'bad.example.com' } ] },
	'extension: nameConstraints');
is_deeply([ map { $_->{value} } @{ $x{cRLDistributionPoints} } ], [ map { "http://crl.example.com/$_.crl" } qw(a b) ], 'extension: cRLDistributionPoints');
my ($access) = grep { ref eq 'ARRAY' && ref $_->[0] eq 'HASH' && $_->[0]{method} } values %x;
is_deeply($access, [ { method => 'ocsp', location => { type => 'uri', value => 'http://ocsp.example.com' } }, { method => 'caIssuers', location => { type => 'uri', value => 'http://ca.example.com/ca.der' } } ],
	'extension: authorityInfoAccess');
is_deeply($x{certificatePolicies}, [qw(2.23.140.1.2.1 1.3.5.8)], 'extension: certificatePolicies');
is($x{'1.2.3.4'}, '0c07' . unpack('H*', 'unknown'), 'an extension that nobody knows, in hexadecimal');
is_deeply([ map { "$_->{type} $_->{value}" } @{ $j->{subject}{attributes} } ], [ 'countryName DE', 'organizationName Org', 'organizationalUnitName Unit', 'commonName All of them' ], 'the subject, one by one');
like($j->{serial}, qr/^\d+$/, 'the serial number is decimal too');
is(Math::BigInt->from_hex($j->{serialHex})->bstr, $j->{serial}, 'and the same') if eval { require Math::BigInt };

# Requests, keys, bundles, standard input.
spew("$t/csr", csr_new(cn => 'req.example.com', san => 'DNS:req.example.com,IP:10.0.0.7'));
$j = json_of('inspect', '--json', "$t/csr");
is("$j->{type} $j->{subject}{text} $j->{extensions}[0]{value}[1]{value}", 'request CN=req.example.com 10.0.0.7', 'a request as JSON');
is($j->{fingerprints}{sha256}, sha256_hex(from_pem(slurp("$t/csr"))), 'a request: its fingerprint');
is((plain('inspect', '--format', 'pem', "$t/csr"))[1], slurp("$t/csr"), 'a request as PEM');
for my $kind ('EC', 'RSA', 'ED25519') {
	my $key = "$t/$kind.key";
	run_ok('openssl', 'genpkey', '-algorithm', $kind, $kind eq 'EC' ? ('-pkeyopt', 'ec_paramgen_curve:P-256') : $kind eq 'RSA' ? ('-pkeyopt', 'rsa_keygen_bits:2048') : (), '-out', $key);
	run_ok('openssl', 'pkey', '-in', $key, '-pubout', '-out', "$key.pub");
	run_ok('openssl', 'pkey', '-in', $key, '-outform', 'DER', '-out', "$key.der");
	run_ok('openssl', 'pkey', '-in', $key, '-aes256', '-passout', 'pass:word', '-out', "$key.enc");
	my $print = sha256_hex(from_pem(slurp("$key.pub")));
	is(json_of('inspect', '--json', $_)->{publicKey}{sha256}, $print, "$kind: $_ as JSON") for $key, "$key.pub", "$key.der";
	like((plain('inspect', $_))[1], qr/^(?:Private|Public) key: \S.*\n +SHA-256 of the public key: $print\n/m, "$kind: $_ as text") for $key, "$key.pub";
	($rc, $out, $err) = plain('inspect', "$key.enc");
	like($out, qr/\APrivate key \(encrypted\): with --password-file/, "$kind: encrypted");
	spew("$t/pw", "word\n");
	is(json_of('inspect', '--json', '--password-file', "$t/pw", "$key.enc")->{publicKey}{sha256}, $print, "$kind: encrypted, with its password");
	spew("$t/pw", "another\n");
	refused("$kind: encrypted, with a wrong password", 1, qr/\.enc: \S/, 'inspect', '--password-file', "$t/pw", "$key.enc");
	refused("$kind: a private key is not printed", 1, qr/a private key is not printed/, 'inspect', '--format', 'pem', $key);
	my ($secret) = run_ok('openssl', 'pkey', '-in', $key, '-noout', '-text') =~ /^priv(?:ateExponent)?:\s+([0-9a-f:\s]{40,}?)^\S/m;
	$secret = substr $secret =~ s/[:\s]//gr, 4, 40;
	unlike(join('', plain('inspect', $_, $key)), qr/$secret|PRIVATE/, "$kind: nothing of the private key, $_") for '--json', '--bundle';
}
my ($inter, $root) = map { slurp("$ca/$_.crt") } qw(intermediate root);
spew("$t/both", "text before\n$inter\nand between\n$root");
($rc, $out, $err) = plain('inspect', '--short', "$t/both");
is("$rc " . scalar(() = $out =~ /^X\.509/mg), '0 1', 'a bundle: the first one');
is($err, "This is the first of 2 certificates; --bundle shows them all.\n", 'a bundle: it is said that there are more');
($rc, $out, $err) = plain('inspect', '--short', '--bundle', "$t/both");
is("$rc " . scalar(() = $out =~ /^X\.509/mg) . $err, '0 2', 'a bundle: all of them');
is(scalar @{ json_of('inspect', '--json', '--bundle', "$t/both") }, 2, 'a bundle: a list as JSON');
is((plain('inspect', '--bundle', '--format', 'pem', "$t/both"))[1], "$inter$root", 'a bundle as PEM');
refused('a bundle as DER', 2, qr/not with --bundle/, 'inspect', '--bundle', '--format', 'der', "$t/both");
is((plain({ stdin => $inter }, 'inspect', '-'))[1], (plain('inspect', "$ca/intermediate.crt"))[1], 'standard input');
is((plain({ stdin => from_pem($inter) }, 'inspect', '-'))[1], (plain('inspect', "$ca/intermediate.crt"))[1], 'standard input, DER');
spew("$t/mixed", slurp("$t/EC.key") . $inter);
like((plain('inspect', "$t/mixed"))[1], qr/\ACertificate:/, 'a key before a certificate: the certificate is shown');
like((plain('inspect', '--bundle', "$t/mixed"))[1], qr/\APrivate key: P-256\n.*Certificate:/s, 'a key before a certificate: --bundle shows both');
refused("inspect @$_", 2, qr/\Asignet/, 'inspect', @$_, "$t/csr") for ['--format', 'xml'], ['--json', '--format', 'pem'], ['--insecure'], ['--roots', 'x'], ['--servername', 'a.b'];

# ---- fingerprint ----

my $der = from_pem($inter);
my @sums = (sha256($der), Digest::SHA::sha1($der));
my %forms = (hex => sub { unpack 'H*', $_[0] }, colon => sub { join ':', map { uc } unpack '(H2)*', $_[0] }, base64 => sub { encode_base64($_[0], '') }, base64url => sub { encode_base64url($_[0]) });
for my $form (sort keys %forms) {
	is((plain('fingerprint', '--format', $form, "$ca/intermediate.crt"))[1], $forms{$form}->($sums[0]) . "\n", "fingerprint --format $form");
	is((plain('fingerprint', '--sha1', '--format', $form, "$ca/intermediate.crt"))[1], $forms{$form}->($sums[1]) . "\n", "fingerprint --sha1 --format $form");
}
(my $colons = x509("$ca/intermediate.crt", '-fingerprint', '-sha256')) =~ s/.*=//;
is((plain('fingerprint', '--format', 'colon', "$ca/intermediate.crt"))[1], "$colons\n", 'fingerprint: as openssl writes it');
is((plain('fingerprint', '--bundle', "$t/both"))[1], sha256_hex($der) . "\n" . sha256_hex(from_pem($root)) . "\n", 'fingerprint --bundle');
is((plain('fingerprint', "$t/csr"))[1], sha256_hex(from_pem(slurp("$t/csr"))) . "\n", 'fingerprint of a request');
refused('fingerprint --format emoji', 2, qr/must be hex/, 'fingerprint', '--format', 'emoji', "$t/both");
refused('fingerprint of a key', 1, qr/no certificate in it/, 'fingerprint', "$t/EC.key");

# ---- verify: names against hosts, with openssl's opinion ----

my $signer = file_key("$ca/intermediate.key");
my $issuer = cert_fields($inter)->{subject};
my ($aki) = map { substr $_->[2], 2 } grep { $_->[0] eq '2.5.29.14' } @{ cert_fields($inter)->{exts} };
my $subject_key = file_key("$t/EC.key");
my %uses = (server => '1.3.6.1.5.5.7.3.1', client => '1.3.6.1.5.5.7.3.2', code => '1.3.6.1.5.5.7.3.3');
sub leaf_file {
	my ($file, %o) = @_;
	my @exts = (ext('2.5.29.15', 1, "\x03\x02\x07\x80"), $o{uses} ? ext('2.5.29.37', 0, seq(map { oid_der($uses{$_}) } @{ $o{uses} })) : (), $o{sans} ? san_ext(@{ $o{sans} }) : (), @{ $o{exts} // [] });
	return spew($file, to_pem('CERTIFICATE', cert_der(issuer => $issuer, signer => $signer, key => $subject_key, aki => $aki, %o, exts => \@exts)) . ($o{alone} ? '' : $inter));
}
sub dns { tlv(0x82, $_[0]) }
sub ip { tlv(0x87, pack 'H*', $_[0]) }
my @hosts = qw(a.example.com A.Example.COM b.a.example.com example.com xn--bcher-kva.example a.example.com.evil.org aexample.com .example.com localhost 192.0.2.1 192.0.2.2 2001:db8::1 2001:DB8:0::1 a.b.c foo.co);
my $n = 0;
for my $sans ([ dns('a.example.com') ], [ dns('*.example.com') ], [ dns('*.Example.COM') ], [ dns('*.com') ], [ dns('*') ], [ dns('a*.example.com') ], [ dns('*a.example.com') ], [ dns('*.*.example.com') ],
	[ dns('a.*.com') ], [ dns('xn--bcher-kva.example') ], [ dns('localhost') ], [ ip('c0000201') ], [ ip('20010db8000000000000000000000001') ], [ dns('192.0.2.1') ], [ dns('*.0.2.1') ],
	[ dns('x.org'), dns('a.example.com'), ip('c0000202') ], [ tlv(0x86, 'https://a.example.com') ], [ tlv(0x81, 'a@a.example.com') ], undef) {
	my $file = leaf_file("$t/n" . $n++, subject => name_cn('a.example.com'), uses => ['server'], $sans ? (sans => $sans) : ());
	my ($ours, $theirs) = ('', '');
	for my $host (@hosts) {
		next if $host =~ /^\./; # openssl takes it for a whole domain
		$ours .= " $host" if (plain('verify', '--roots', "$ca/root.crt", '--host', $host, $file))[0] == 0;
		my $how = $host =~ /^[\d.]+$|:/ ? '-verify_ip' : '-verify_hostname';
		$theirs .= " $host" if (run('openssl', 'verify', '-CAfile', "$ca/root.crt", '-untrusted', "$ca/intermediate.crt", $how, $host, $file))[0] == 0;
	}
	my $text = $sans ? join ' ', map { s/[^\x20-\x7e]/?/gr } @$sans : 'none';
	# openssl falls back to the common name, matches within a label, and takes an address for a DNS name.
	$theirs = join '', map { " $_" } grep { /^[\d.]+$|:/ } split / /, $theirs if $sans && !grep { ord != 0x87 } @$sans;
	$theirs = '' if !$sans || $text =~ /\w\*|\*\w|https|\@/;
	is($ours, $theirs, "verify: hosts of $text");
}
leaf_file("$t/named", subject => name_cn('cn.example.com'), uses => ['server'], sans => [ dns('a.example.com'), dns('*.w.example.com'), ip('c0000201') ]);
my @named = ('verify', '--roots', "$ca/root.crt", "$t/named");
($rc, $out, $err) = plain(@named, '--host', 'a.example.com');
like($out, qr/\A\Q$t\E\/named: good, expires in \d[^\n,]*, roots: \Q$ca\E\/root\.crt\n\z/, 'verify: what it says');
refused('verify: another name', 1, qr/named: certificate CN=cn\.example\.com: is not for b\.example\.com, its names are a\.example\.com, \*\.w\.example\.com, 192\.0\.2\.1\n/, @named, '--host', 'b.example.com');
refused('verify: the common name does not count', 1, qr/is not for cn\.example\.com/, @named, '--host', 'cn.example.com');
refused('verify: a wildcard is one label', 1, qr/is not for a\.b\.w\.example\.com/, @named, '--host', 'a.b.w.example.com');
is((plain(@named, '--host', 'a.example.com.'))[0], 0, 'verify: a final dot');
is((plain(@named, '--host', 'x.w.example.com'))[0], 0, 'verify: a wildcard');
refused("verify: --host $_ cannot be", 2, qr/neither a DNS name nor an address/, @named, '--host', $_) for 'a b', '', '*.example.com', '-a.example.com', 'a..b';
leaf_file("$t/nameless", uses => ['server']);
refused('verify: no names at all', 1, qr/the common name does not count/, 'verify', '--roots', "$ca/root.crt", '--host', 'host.example.com', "$t/nameless");

# ---- verify: purpose, dates, chains ----

leaf_file("$t/server", uses => ['server'], sans => [ dns('s.example.com') ]);
leaf_file("$t/client", uses => ['client'], sans => [ dns('c.example.com') ]);
leaf_file("$t/code", uses => ['code'], sans => [ dns('c.example.com') ]);
leaf_file("$t/anyuse", sans => [ dns('c.example.com') ]);
my %good = (server => 'server any', client => 'client any', code => 'any', anyuse => 'server client any');
for my $file (sort keys %good) {
	my $ours = join ' ', grep { (plain('verify', '--roots', "$ca/root.crt", '--purpose', $_, "$t/$file"))[0] == 0 } qw(server client any);
	is($ours, $good{$file}, "verify: what $file is good for");
}
is((plain('verify', '--roots', "$ca/root.crt", "$t/code"))[0], 0, 'verify: without a name any purpose will do');
refused('verify: with a name it must be for servers', 1, qr/extended key usage does not allow serverAuth/, 'verify', '--roots', "$ca/root.crt", '--host', 'c.example.com', "$t/code");
refused('verify: --purpose nonsense', 2, qr/must be server, client or any/, 'verify', '--purpose', 'x', "$t/code");

my $now = time;
leaf_file("$t/past", from => $now - 7200, to => $now - 3600);
leaf_file("$t/future", from => $now + 3600, to => $now + 7200);
leaf_file("$t/present", from => $now - 3600 * 30, to => $now + 3600 * 10);
my @roots = ('--roots', "$ca/root.crt");
refused('verify: expired', 1, qr/past: certificate CN=host\.example\.com: expired at \d{4}-/, 'verify', @roots, "$t/past");
refused('verify: not yet', 1, qr/not valid before \d{4}-/, 'verify', @roots, "$t/future");
is((plain('verify', @roots, '--at', '-90m', "$t/past"))[0], 0, 'verify --at: then it was good');
is((plain('verify', @roots, '--at', '90m', "$t/future"))[0], 0, 'verify --at: then it will be');
is((plain('verify', @roots, '--at', POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $now + 5400), "$t/future"))[0], 0, 'verify --at: as a date');
refused("verify --at '$_'", 2, qr/--at/, 'verify', @roots, '--at', $_, "$t/future") for 'tomorrow', '', '2026-13-01T00:00:00Z';
SKIP: {
	skip('built without --enable-test-hooks', 2) unless slurp("$BUILD/config.h") =~ /^#define ENABLE_TEST_HOOKS 1/m;
	is((plain({ env => { SIGNET_TEST_CLOCK_OFFSET => 5400 } }, 'verify', @roots, "$t/future"))[0], 0, 'verify: by the clock');
	($rc, undef, $err) = plain({ env => { SIGNET_TEST_CLOCK_OFFSET => 40 * 3600 } }, 'verify', @roots, "$t/present");
	like("$rc $err", qr/^1 .*expired at/, 'verify: expired by the clock');
}
for (['9h', 0], ['11h', 1], ['74%', 1], ['76%', 0], ['100%', 0], ['1%', 1]) {
	my ($time, $status) = @$_;
	($rc, $out, $err) = plain('verify', @roots, '--expires-in', $time, "$t/present");
	is($rc, $status, "verify --expires-in $time") or diag($err);
	like($err, qr/expires in (?:10 h|9 h \d+ min), at \S+Z \(--expires-in \Q$time\E\)\n\z/, "verify --expires-in $time: why") if $status;
}
refused("verify --expires-in '$_'", 2, qr/--expires-in/, 'verify', @roots, '--expires-in', $_, "$t/present") for '0%', '101%', 'x%', 'soon', '-1h';

my @inter = ('--intermediates', "$ca/intermediate.crt");
leaf_file("$t/alone", alone => 1);
refused('verify: no intermediate', 1, qr/its issuer is neither a trusted root nor among the certificates given \(roots: \Q$ca\E\/root\.crt\)/, 'verify', @roots, "$t/alone");
is((plain('verify', @roots, @inter, "$t/alone"))[0], 0, 'verify --intermediates');
refused('verify: another root', 1, qr/its issuer is neither/, 'verify', '--roots', "$ca/other.crt", "$t/server");
spew("$t/backwards", $inter . slurp("$t/alone"));
refused('verify: the chain backwards', 1, qr/the chain is in the wrong order: it begins with the CA \S.*, but CN=host\.example\.com must come first/, 'verify', @roots, "$t/backwards");
spew("$t/shuffled", slurp("$t/alone") . $root . $inter);
is((plain('verify', @roots, "$t/shuffled"))[0], 0, 'verify: the order of what follows does not matter');
is((plain('verify', @roots, "$ca/intermediate.crt"))[0], 0, 'verify: a CA');
is((plain('verify', @roots, "$ca/root.crt"))[0], 0, 'verify: the root itself');
refused('verify: self-signed', 1, qr/certificate C=DE,?.*: is self-signed and not among the roots of \Q$ca\E\/root\.crt|certificate .*All of them.*: is self-signed/, 'verify', @roots, "$t/ext.crt");
is((plain('verify', '--roots', "$ca/other.crt", "$ca/other.crt"))[0], 0, 'verify: self-signed and trusted');
my $bad = from_pem(slurp("$t/alone"));
substr $bad, -3, 1, chr(ord(substr $bad, -3, 1) ^ 1);
spew("$t/tampered", to_pem('CERTIFICATE', $bad) . $inter);
refused('verify: a wrong signature', 1, qr/tampered: certificate .*signature/, 'verify', @roots, "$t/tampered");
leaf_file("$t/critical", exts => [ ext('1.2.3.4', 1, "\x05\x00") ]);
refused('verify: a critical extension', 1, qr/critical extension 1\.2\.3\.4 is not understood/, 'verify', @roots, "$t/critical");
for (map { [ $_ ] } qw(leaf leaf-rsa leaf-pss leaf-ed25519 leaf-expired leaf-nosign leaf-notca leaf-pathlen leaf-sha1 leaf-badsig leaf-nc-good leaf-nc-outside leaf-nc-excluded leaf-nc-ip leaf-nc-deep leaf-loop)) {
	my ($file) = @$_;
	spew("$t/all.pem", join '', map { slurp("$v/$_.pem") } qw(inter inter2 inter-nc inter-nc-below nosign notca loop-a loop-b loop-a-by-b loop-b-by-a));
	spew("$t/roots.pem", join '', map { slurp("$v/$_.pem") } qw(root root-rsa root-ed25519));
	my $theirs = (run('openssl', 'verify', '-x509_strict', '-auth_level', '2', '-CAfile', "$t/roots.pem", '-untrusted', "$t/all.pem", "$v/$file.pem"))[0];
	is((plain('verify', '--roots', "$t/roots.pem", '--intermediates', "$t/all.pem", "$v/$file.pem"))[0] == 0 ? 'good' : 'bad', $theirs == 0 ? 'good' : 'bad', "verify: $file, as openssl says");
}
$j = json_of('verify', '--json', @roots, "$t/server");
ok($j->{valid} && $j->{notAfter} =~ /Z$/ && $j->{roots} eq "$ca/root.crt", 'verify --json: good') or diag(json_encode($j));
($rc, $out, $err) = plain('verify', '--json', @roots, "$t/past");
$j = json_decode($out);
ok($rc == 1 && !$j->{valid} && $j->{reason} =~ /expired at/, 'verify --json: bad') or diag($out);
refused('verify --servername of a file', 2, qr/https/, 'verify', '--servername', 'a.b', "$t/server");
SKIP: {
	skip('the system has no roots', 1) unless -s '/etc/ssl/certs/ca-certificates.crt';
	refused('verify: the roots of the system', 1, qr{\(roots: /etc/ssl/certs/ca-certificates\.crt\)}, 'verify', "$t/server");
}
like((plain('verify', '--help'))[1], qr/revoked is not\s+checked/, 'verify --help: what it does not do');

# ---- lint ----

($rc, $out, $err) = plain('lint', "$t/server");
is($rc, 0, 'lint: nothing wrong') or diag($out);
like($out, qr/^2 certificates: 0 errors, 0 warnings, \d+ notices?\n\z/m, 'lint: counts');
leaf_file("$t/lint1", alone => 1, subject => seq(), sans => [ dns('a.example.com') ]);
($rc, $out, $err) = plain('lint', "$t/lint1");
is($rc, 1, 'lint: an error');
like($out, qr/^\Q$t\E\/lint1: error: the subject is empty.* \[san_not_critical, RFC 5280 4\.2\.1\.6\]\n1 certificate: 1 error, /m, 'lint: what it says');
leaf_file("$t/lint2", alone => 1, exts => [ ext('2.5.29.31', 1, seq(seq(tlv(0xa0, tlv(0xa0, tlv(0x86, 'http://a.b/c')))))) ], sans => [ dns('host.example.com') ]);
is((plain('lint', "$t/lint2"))[0], 0, 'lint: a warning') or diag((plain('lint', "$t/lint2"))[1]);
is((plain('lint', '--strict', "$t/lint2"))[0], 1, 'lint --strict: it counts');
leaf_file("$t/lint3", alone => 1, from => $now, to => $now + 500 * 86400, sans => [ dns('host.example.com') ], uses => [qw(server client)]);
is((plain('lint', "$t/lint3"))[0], 0, 'lint: 500 days');
($rc, $out) = plain('lint', '--profile', 'tls', "$t/lint3");
like("$rc $out", qr/^1 .*\[tls_lifetime, .*\[tls_eku_client, /s, 'lint --profile tls: not for public servers');
refused('lint --profile nonsense', 2, qr/there is only tls/, 'lint', '--profile', 'x', "$t/lint3");
($rc, $out) = plain('lint', '--json', "$t/lint1", "$t/lint2");
$j = json_decode($out);
is("$rc $j->{errors} $j->{warnings} $j->{certificates}[0]{findings}[0]{code} $j->{certificates}[1]{file}", "1 1 1 san_not_critical $t/lint2", 'lint --json');
leaf_file("$t/lint4", alone => 1, sans => [ dns("a\e[31m.example.com") ]);
($rc, $out) = plain('lint', "$t/lint4");
like("$rc $out", qr/^1 .*\[dns_/s, 'lint: controls in a name are an error');
unlike($out, qr/\e/, 'lint: and do not reach the terminal');
# What cannot be parsed is judged all the same.
my $twice = cert_der(issuer => $issuer, signer => $signer, key => $subject_key, aki => $aki, serial => "\xff" x 21, exts => [ ext('2.5.29.15', 1, "\x03\x02\x07\x80"), ext('2.5.29.15', 1, "\x03\x02\x07\x80") ]);
spew("$t/lint5", to_pem('CERTIFICATE', $twice));
($rc, $out) = plain('lint', "$t/lint5");
like($out, qr/ext_twice.*serial_negative.*serial_long/s, 'lint: what no parser takes') or diag($out);
is($rc, 1, 'lint: what no parser takes: status');
($rc, $out, $err) = plain('lint', "$t/none", "$t/server");
ok($rc == 1 && $out =~ /2 certificates/ && $err =~ /\Asignet: \S+none: \S[^\n]*\n\z/, 'lint: one file is missing, the other is looked at') or diag("$rc $out$err");

# ---- files of any kind ----

my $big = "$t/big";
spew($big, "-----BEGIN CERTIFICATE-----\n" . ('A' x 64 . "\n") x 20000);
my $many = "$t/many";
spew($many, $root x 1200);
my %files = (
	'not there' => "$t/none", 'a folder' => $t, 'empty' => spew("$t/f1", ''), 'nonsense' => spew("$t/f2", "nonsense\n"), 'over a megabyte' => $big, 'without end' => '/dev/zero',
	'1,200 certificates' => $many, 'a PEM block without end' => spew("$t/f3", "-----BEGIN CERTIFICATE-----\nMIIB\n"),
	'a PEM block that is no certificate' => spew("$t/f4", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
	'another end' => spew("$t/f5", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END KEY-----\n"), 'a cut certificate' => spew("$t/f6", substr $der, 0, 200), 'bytes behind it' => spew("$t/f7", "$der\0"),
	'deeply nested' => spew("$t/f8", join '', map { "0\x83" . substr(pack('N', 5 * (2000 - $_)), 1) } 0 .. 1999), 'indefinite length' => spew("$t/f9", "0\x8000\0\0"),
	'a huge length' => spew("$t/f10", "0\x84\xff\xff\xff\xff"), 'NUL' => spew("$t/f11", "\0" x 500),
);
$files{'not for us'} = spew("$t/f12", $inter, 0000) if $> != 0;
for my $what (sort keys %files) {
	for my $command ([ 'inspect' ], [ 'inspect', '--json' ], [ 'verify', @roots ], [ 'fingerprint' ]) {
		refused("@$command: $what", 1, qr/\Asignet: \Q$files{$what}\E: \S/, @$command, $files{$what});
	}
	($rc, $out, $err) = plain('lint', $files{$what});
	is($rc, 1, "lint: $what: status");
	is(scalar(() = "$out$err" =~ /^(?:signet: )?\Q$files{$what}\E(?:\(\d+\))?: \S/mg) > 0 ? 'said' : "$out$err", 'said', "lint: $what: it is said");
}
refused("verify --roots $_", 1, qr/\Asignet: \Q$_\E: \S/, 'verify', '--roots', $_, "$t/server") for "$t/none", "$t/f2", $t;
refused("verify --intermediates $_", 1, qr/\Asignet: \Q$_\E: \S/, 'verify', @roots, '--intermediates', $_, "$t/server") for "$t/none", "$t/f2";
# A client folder that is broken is no reason to trust something else.
mkdir "$t/broken";
spew("$t/broken/defaults.json", '{');
($rc, $out, $err) = plain({ env => { SIGNETPATH => "$t/broken" } }, 'verify', "$t/server");
like("$rc $err", qr/^1 signet: \S+defaults\.json: \S/, 'verify: a broken defaults.json');
srand 4;
my %status;
for my $round (1 .. 30) {
	my $junk = $der;
	substr $junk, int rand length $junk, 1, chr int rand 256 for 0 .. int rand 3;
	spew("$t/junk", $junk);
	for my $command ([ 'inspect' ], [ 'inspect', '--json' ], [ 'verify', @roots ], [ 'lint' ], [ 'fingerprint' ]) { $status{ (plain(@$command, "$t/junk"))[0] }++ }
}
is(join(' ', grep { !/^[01]$/ } keys %status), '', 'a certificate with changed bytes: never another status');

# ---- servers ----

my @children;
END { my $st = $?; kill 9, @children if @children; $? = $st }
# A server of its own: each connection is given to the code.
sub server {
	my ($code) = @_;
	my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 20, ReuseAddr => 1) or die "listen: $!";
	my $pid = fork // die;
	if (!$pid) {
		$SIG{ALRM} = 'DEFAULT';
		$SIG{PIPE} = 'IGNORE';
		while (my $c = $listen->accept) { $code->($c); close $c }
		POSIX::_exit(0);
	}
	push @children, $pid;
	return $listen->sockport;
}
sub openssl_server {
	my (@args) = @_;
	my $probe = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1) or die;
	my $port = $probe->sockport;
	close $probe;
	my $pid = fork // die;
	if (!$pid) {
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', '/dev/null';
		open STDERR, '>', '/dev/null';
		exec 'openssl', 's_server', '-accept', "127.0.0.1:$port", '-www', @args or POSIX::_exit(1);
	}
	push @children, $pid;
	for (1 .. 600) { last if IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port); select undef, undef, undef, 0.05 }
	return $port;
}

my $d = Signet::Test->new;
$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
$d->ready;
($rc, $out, $err) = $d->bootstrap;
is($rc, 0, 'bootstrap') or diag($err);
my $url = "https://localhost:$d->{port}";
my $real = run_ok({ stdin => '' }, 'openssl', 's_client', '-connect', "127.0.0.1:$d->{port}", '-showcerts');
my @shown = $real =~ /(-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n)/sg;
($rc, $out, $err) = $d->signet('inspect', '--bundle', '--format', 'pem', $url);
is($out, join('', @shown), 'https: the chain that the server sends') or diag($err);
($rc, $out, $err) = $d->signet('inspect', '--json', $url);
is(json_decode($out)->{fingerprints}{sha256}, sha256_hex(from_pem($shown[0])), 'https: its leaf');
is($err, "This is the first of 2 certificates; --bundle shows them all.\n", 'https: and there is more');
is(($d->signet('fingerprint', $url))[1], sha256_hex(from_pem($shown[0])) . "\n", 'https: fingerprint');
is((plain('fingerprint', $url))[1], sha256_hex(from_pem($shown[0])) . "\n", 'https: fingerprint without trust');
for my $good ([$url], [ "$url/some/path?x=y" ], [ "https://127.0.0.1:$d->{port}" ], [ "https://LOCALHOST:$d->{port}" ], [ "https://127.0.0.1:$d->{port}", '--servername', 'localhost' ]) {
	($rc, $out, $err) = $d->signet('verify', @$good);
	like("$rc $out", qr/^0 \Q$good->[0]\E: good, expires in /, "https: verify @$good") or diag($err);
}
is((plain('verify', '--roots', $d->{root}, $url))[0], 0, 'https: verify --roots');
($rc, $out, $err) = $d->signet('lint', $url);
is($rc, 0, 'https: lint has no complaint about our own') or diag($out);
my ($crt) = $d->certificate(san => 'DNS:host.example.com,IP:10.0.0.1,email:a@example.com,URI:spiffe://a/b', token => { claims => { sans => [ 'host.example.com', '10.0.0.1', 'a@example.com', 'spiffe://a/b' ] } });
($rc, $out, $err) = $d->signet('lint', '--strict', $crt, $d->{root});
is($rc, 0, 'lint --strict: nor about what it issues') or diag($out);
is(($d->signet('verify', '--host', 'host.example.com', $crt))[0], 0, 'verify: the root that bootstrap got');

refused('https: nobody knows this CA', 1, qr/neither a trusted root.*--insecure shows what it sent/, 'inspect', $url) if -s '/etc/ssl/certs/ca-certificates.crt';
($rc, $out, $err) = plain('inspect', '--roots', "$ca/other.crt", '--insecure', '--format', 'pem', $url);
is($out, $shown[0], 'https: --insecure shows it');
like($err, qr/\ANOT TRUSTED: certificate .*neither/, 'https: --insecure says that it is not trusted');
($rc, $out, $err) = $d->signet('inspect', '--insecure', $url);
unlike($err, qr/NOT TRUSTED/, 'https: --insecure says nothing when it is');
sub mine { my ($what, $status, $like, @args) = @_; my $keep = \&plain; my @r = $d->signet(@args); return ok($r[0] == $status && $r[2] =~ $like && $r[2] =~ /\A[^\n]*\n\z/ && $r[1] eq '', $what) || diag(@r) }
mine('https: another name', 1, qr/is not for other\.example\.com, its names are /, 'verify', '--servername', 'other.example.com', $url);
mine('https: another --host', 1, qr/is not for other\.example\.com/, 'verify', '--host', 'other.example.com', $url);
mine('https: inspect for another name', 1, qr/is not for other\.example\.com.*--insecure/, 'inspect', '--servername', 'other.example.com', $url);

refused("https: $_", 2, qr/not a URL of the form/, 'inspect', $_)
	for 'https://', 'https://:443', 'https://a:0', 'https://a:65536', 'https://a:x', 'https://a b', 'https://user@host', 'https://[::1', 'https://[::1]x', 'https://[::1]:', 'https://-a';
refused("$_ is not https", 2, qr/only https/, 'verify', $_) for 'http://localhost', 'ftp://a', 'ldaps://a';
refused('https: no such host', 4, qr/nowhere\.invalid: could not be resolved: /, 'verify', 'https://nowhere.invalid');
my $closed = do { my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1); $s->sockport };
refused("https, $_: nobody listens", 4, qr/127\.0\.0\.1:$closed: could not connect: Connection refused/, $_, "https://127.0.0.1:$closed") for qw(inspect verify fingerprint);
like((plain('lint', "https://127.0.0.1:$closed"))[2], qr/could not connect/, 'https, lint: nobody listens');
is((plain('lint', "https://127.0.0.1:$closed"))[0], 4, 'https, lint: nobody listens: status');

my $http = server(sub { my ($c) = @_; sysread $c, my $buf, 1; syswrite $c, "HTTP/1.1 400 Bad Request\r\n\r\n"; });
my $ssh = server(sub { my ($c) = @_; syswrite $c, "SSH-2.0-x\r\n"; sysread $c, my $buf, 4096 });
my $shut = server(sub { my ($c) = @_; sysread $c, my $buf, 4096 });
my $alert = server(sub { my ($c) = @_; sysread $c, my $buf, 4096; syswrite $c, "\x15\x03\x03\x00\x02\x02\x28" });
my $junk = server(sub { my ($c) = @_; sysread $c, my $buf, 4096; syswrite $c, "\x16\x03\x03\x00\x20" . "\xff" x 32; sysread $c, $buf, 4096 });
my $silent = server(sub { my ($c) = @_; 1 while sysread $c, my $buf, 4096 });
my $drip = server(sub { my ($c) = @_; syswrite $c, "\x16\x03\x03\x40\x00\x02\x00\x3f\xfc"; for (1 .. 80) { select undef, undef, undef, 0.25; syswrite $c, "\x03" or last } });
for my $command ([ 'inspect' ], [ 'inspect', '--insecure' ], [ 'verify' ], [ 'fingerprint' ]) {
	my $url = 'https://127.0.0.1';
	refused("https, @$command: plain HTTP", 1, qr/127\.0\.0\.1:$http: does not speak TLS \(it answers with plain HTTP\)/, @$command, "$url:$http");
	refused("https, @$command: another protocol", 1, qr/127\.0\.0\.1:$ssh: does not speak TLS/, @$command, "$url:$ssh");
	refused("https, @$command: a hang-up", 1, qr/127\.0\.0\.1:$shut: (?:closed the connection during the TLS handshake|TLS handshake: Connection reset by peer)/, @$command, "$url:$shut");
	refused("https, @$command: an alert", 1, qr/127\.0\.0\.1:$alert: TLS handshake: \S/, @$command, "$url:$alert");
	refused("https, @$command: rubbish", 1, qr/127\.0\.0\.1:$junk: TLS handshake: \S/, @$command, "$url:$junk");
}
refused('https: a server that says nothing', 4, qr/127\.0\.0\.1:$silent: no TLS handshake within 10 s/, 'verify', "https://127.0.0.1:$silent");
refused('https: a server that drips', 4, qr/127\.0\.0\.1:$drip: no TLS handshake within 10 s/, 'verify', "https://127.0.0.1:$drip");

# What others speak: old and new TLS, any key, a client certificate wanted, long chains and large certificates.
my $tv = "$SRC/t/vectors/tls";
run_ok('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', "$t/rsa.key", '-out', "$t/rsa.crt", '-subj', '/CN=rsa', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2');
run_ok('openssl', 'req', '-x509', '-newkey', 'ed25519', '-nodes', '-keyout', "$t/ed.key", '-out', "$t/ed.crt", '-subj', '/CN=ed', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2');
run_ok('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-nodes', '-keyout', "$t/large.key", '-out', "$t/large.crt", '-subj', '/CN=large', '-days', '2',
	'-addext', 'subjectAltName=IP:127.0.0.1,' . join(',', map { "DNS:host-number-$_.example.com" } 1 .. 300));
for (
	[ 'TLS 1.2', "$t/large", '-tls1_2' ], [ 'TLS 1.3', "$t/large", '-tls1_3' ], [ 'RSA, TLS 1.2', "$t/rsa", '-tls1_2' ], [ 'RSA, TLS 1.3', "$t/rsa", '-tls1_3' ], [ 'Ed25519', "$t/ed" ],
	[ 'a client certificate wanted', "$t/rsa", '-verify', '1' ],
) {
	my ($what, $files, @args) = @$_;
	my $port = openssl_server('-cert', "$files.crt", '-key', "$files.key", @args);
	($rc, $out, $err) = plain('verify', '--roots', "$files.crt", "https://127.0.0.1:$port");
	like("$rc $out", qr/^0 .*: good/, "https: $what") or diag($err);
	is((plain('inspect', '--insecure', '--format', 'pem', "https://127.0.0.1:$port"))[1], first_cert("$files.crt"), "https: $what: what it shows");
}
my $port = openssl_server('-cert', "$t/rsa.crt", '-key', "$t/rsa.key", '-tls1_2', '-Verify', '1', '-verify_return_error');
($rc, $out, $err) = plain('inspect', '--insecure', '--format', 'pem', "https://127.0.0.1:$port");
is($out, first_cert("$t/rsa.crt"), 'https: a client certificate is demanded: it shows its own all the same');
like($err, qr/\ANOT TRUSTED: /, 'https: a client certificate is demanded: and has not proved that it is its own');
refused('https: a client certificate is demanded: verify', 1, qr/127\.0\.0\.1:$port: /, 'verify', '--roots', "$t/rsa.crt", "https://127.0.0.1:$port");
$d->stop;
done_testing;

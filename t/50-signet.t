#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# The `signet` command from one end to the other: every command, its options, its refusals, its exit statuses, and what is on disk afterwards - above all
# after a failure.
use strict;
use warnings;
use IO::Select;
use IPC::Open2;
use Test::More;
use Signet::Test;
use Signet::Clients;

need('openssl');
hang_guard(600);

my $t = scratch();
my ($rc, $out, $err);
sub mode { return sprintf '%04o', (stat $_[0])[2] & 07777 }
sub files { my ($dir) = @_; opendir my $h, $dir or return ''; return join ' ', sort grep { !/^\.\.?$/ } readdir $h }
sub plain { return run({ env => { SIGNETPATH => "$t/none", HOME => "$t/none" }, timeout => 120 }, signet_bin(), @_) }

# ---- help and usage ----

my @commands = qw(init bootstrap certificate renew token inspect fingerprint health root);
for my $args ([], ['nonsense'], ['--nonsense']) {
	($rc, $out, $err) = plain(@$args);
	is($rc, 2, "signet @$args: status 2");
	like($err, @$args ? qr/\Asignet: there is no command "@$args"; signet --help lists them\n\z/ : qr/^usage: signet COMMAND/m, "signet @$args: message");
	is($out, '', "signet @$args: nothing on stdout");
}
for my $args (['help'], ['--help'], ['-h']) {
	($rc, $out, $err) = plain(@$args);
	is($rc, 0, "signet @$args: status 0");
	like($out, qr/^  $_ +\S/m, "signet @$args: names $_") for @commands;
	is($err, '', "signet @$args: nothing on stderr");
}
like((plain($_))[1], qr/\Asignet \d+\.\d+\.\d+\S*\n\z/, "signet $_") for qw(version --version);
my %unsupported = (
	init => [qw(--kms=x --insecure-address=x)],
);
my %arguments = (certificate => [qw(s crt key)], renew => [qw(crt key)], token => ['s'], inspect => ['f'], fingerprint => ['f']);
for my $command (@commands) {
	my @need = @{ $arguments{$command} // [] };
	($rc, $out, $err) = plain($command, '--help');
	is($rc, 0, "$command --help: status");
	like($out, qr/\Ausage: signet $command\b.*\n\n\S.*\n/, "$command --help: usage and a sentence");
	is($err, '', "$command --help: nothing on stderr");
	is(scalar(grep { length > 120 } split /\n/, $out), 0, "$command --help: fits into 120 columns") or diag($out);
	is((plain('help', $command))[1], $out, "help $command: the same");
	is((plain($command, '-h'))[1], $out, "$command -h: the same");
	# No option takes a password: it would stand in the list of processes.
	my @passwords = grep { /password/i && /^\s+--\S+ [A-Z]/ && !/^\s+--\S*password-file FILE\b/ } grep { /^\s+--\S/ } split /\n/, $out;
	is("@passwords", '', "$command --help: passwords come from files only");
	for my $bad (@{ $unsupported{$command} // [] }) {
		my ($name) = $bad =~ /^(--[\w-]+)/;
		unlike($out, qr/^\s+\Q$name\E\b/m, "$command --help: leaves out $name");
		($rc, undef, $err) = plain($command, @need, $bad);
		is($rc, 2, "$command $name: status 2");
		like($err, qr/\Asignet $command: \Q$name\E: not supported by this version\n/, "$command $name: message");
	}
	for (['unknown option', '--nonsense'], ['unknown letter', '-x'], ['too many arguments', 1 .. 9], ['a value for --help', '--help=yes'],
		['an option without its value', '--config'], ['an option twice', '--config', 'a', '--config', 'b']) {
		my ($what, @more) = @$_;
		($rc, $out, $err) = plain($command, $what =~ /arguments/ ? () : @need, @more);
		is($rc, 2, "$command, $what: status 2");
		like($err, qr/^signet $command: .*\n.*--help/, "$command, $what: message, and where to look");
	}
	next unless @need;
	($rc, $out, $err) = plain($command, @need[1 .. $#need]);
	is($rc, 2, "$command, too few arguments: status 2");
}
($rc, $out, $err) = plain('health', ('-h') x 200);
is($rc, 0, 'an option many times');
($rc, $out, $err) = plain('token', 's', map { ('--san', "a$_.test") } 1 .. 200);
is($rc, 2, 'too many options: status 2');

# ---- init ----

my ($top, $pw, @passwords) = init_files();
sub init { return init_run($top, @_) }

($rc, $out, $err) = init("$t/ca", '--name', 'My "own" CA \\ x', '--dns', 'localhost', '--dns', '127.0.0.1', '--dns', "b\xc3\xbccher.test", '--address', '127.0.0.1:0',
	'--provisioner', 'first: one', @passwords);
is($rc, 0, 'init') or BAIL_OUT("$out$err");
like($out, qr/^The CA is in \Q$t\E\/ca\.$/m, 'init: where');
my ($fp) = $out =~ /^  Root fingerprint: ([0-9a-f]{64})$/m;
is(files("$t/ca"), 'certs db provisioners.d run secrets signetd.yaml templates tls', 'init: the folder');
is(files("$t/ca/secrets"), 'intermediate_ca.key password root_ca.key', 'init: secrets');
is(mode("$t/ca"), '0700', 'init: mode of the folder');
is(mode("$t/ca/secrets"), '0700', 'init: mode of secrets');
is(mode("$t/ca/secrets/$_"), '0600', "init: mode of secrets/$_") for qw(intermediate_ca.key password root_ca.key);
like(slurp("$t/ca/secrets/$_"), qr/\A-----BEGIN ENCRYPTED PRIVATE KEY-----\n/, "init: $_ is encrypted") for qw(intermediate_ca.key root_ca.key);
is(index($out . $err, $_), -1, 'init: prints no password') for values %$pw;
my $text = run_ok('openssl', 'x509', '-in', "$t/ca/certs/root_ca.crt", '-noout', '-text', '-nameopt', 'utf8,sep_comma_plus');
like($text, qr/Subject: O=My "own" CA \\ x,CN=My "own" CA \\ x Root CA/, 'init: the name is in the root');
like($text, qr/Basic Constraints: critical\s+CA:TRUE, pathlen:1/, 'init: the root is a CA');
$text = run_ok('openssl', 'x509', '-in', "$t/ca/certs/intermediate_ca.crt", '-noout', '-text');
like($text, qr/Basic Constraints: critical\s+CA:TRUE, pathlen:0/, 'init: the intermediate is the last');
like($text, qr/Key Usage: critical\s+Certificate Sign, CRL Sign/, 'init: and signs certificates');
is((run('openssl', 'verify', '-x509_strict', '-CAfile', "$t/ca/certs/root_ca.crt", "$t/ca/certs/intermediate_ca.crt"))[0], 0, 'init: it verifies strictly');
for ([ 'root_ca', 'root' ], [ 'intermediate_ca', 'ca' ]) {
	my ($file, $which) = @$_;
	is(run_ok('openssl', 'pkey', '-in', "$t/ca/secrets/$file.key", '-passin', "file:$top/$which.pw", '-pubout'),
		run_ok('openssl', 'x509', '-in', "$t/ca/certs/$file.crt", '-noout', '-pubkey'), "init: openssl reads $file.key");
	my $asn1 = run_ok('openssl', 'asn1parse', '-in', "$t/ca/secrets/$file.key");
	like($asn1, qr/PBES2.*PBKDF2.*INTEGER\s+:0927C0\n.*hmacWithSHA256.*aes-256-cbc/s, "init: $file.key: PBKDF2 with 600,000 rounds, AES-256");
}
($rc, $out, $err) = run(signetd_bin(), '--config', "$t/ca/signetd.yaml", '--check-config', '--plugin-dir', plugin_dir());
is($rc, 0, 'init: signetd accepts it') or diag($err);

# Refused, and nothing is left behind.
my %before = map { $_ => slurp("$t/ca/$_") } 'signetd.yaml', 'secrets/root_ca.key';
spew("$t/notca.key", slurp("$SRC/t/vectors/tls/server.key"));
my $v = "$SRC/t/vectors/ca";
run_ok('openssl', 'pkcs8', '-topk8', '-in', "$v/root.key", '-passout', 'pass:other', '-out', "$t/enc.key");
run_ok('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', "$t/p0.key", '-out', "$t/p0.crt", '-subj', '/CN=p0', '-days', 30,
	'-addext', 'basicConstraints=critical,CA:TRUE,pathlen:0');
my @address = ('--address', '127.0.0.1:0', '--dns', 'localhost');
mkdir "$t/bad" or die;
my @refused = (
	[ 'a file', 1, qr/signetd\.yaml is a file: choose another place/, "$t/ca/signetd.yaml", @address, @passwords ],
	[ 'a folder with something in it', 1, qr/ca is not empty; nothing is overwritten/, "$t/ca", @address, @passwords ],
	[ 'no terminal, no passwords', 1, qr/there is no terminal to ask on; give --root-password-file FILE/, "$t/bad/x", @address ],
	[ 'no password for the intermediate', 1, qr/give --password-file FILE/, "$t/bad/x", @address, @passwords[0, 1] ],
	[ 'a password file that is not there', 1, qr{bad/none: \S}, "$t/bad/x", @address, '--root-password-file', "$t/bad/none", @passwords[2, 3] ],
	[ 'an empty password file', 1, qr/the password is empty/, "$t/bad/x", @address, '--root-password-file', '/dev/null', @passwords[2, 3] ],
	[ 'no folder', 1, qr/which folder\? Give DIR/, @address, @passwords ],
	[ 'an empty folder name', 2, qr/DIR is empty/, '', @address, @passwords ],
	[ 'two folders', 2, qr/DIR and --dir say the same/, "$t/bad/x", '--dir', "$t/bad/y", @passwords ],
	[ 'a kind of key that is none', 2, qr/--key-type/, "$t/bad/x", @address, @passwords, '--key-type', 'DSA' ],
	[ 'a key that cannot sign', 2, qr/--key-type X25519/, "$t/bad/x", @address, @passwords, '--key-type', 'X25519' ],
	[ 'RSA too small', 2, qr/--key-type/, "$t/bad/x", @address, @passwords, '--key-type', 'RSA-1024' ],
	[ 'an address that is none', 2, qr/--address/, "$t/bad/x", '--dns', 'localhost', '--address', 'nonsense', @passwords ],
	[ 'a name that is none', 2, qr/--dns/, "$t/bad/x", '--dns', 'https://x.test/', @passwords ],
	[ 'a wildcard as its name', undef, qr/dns/, "$t/bad/x", '--dns', '*.x.test', @passwords ],
	[ 'a CA name with a line break', 2, qr/--name/, "$t/bad/x", @address, '--name', "a\nb", @passwords ],
	[ 'a CA name that is too long', 2, qr/--name/, "$t/bad/x", @address, '--name', 'x' x 51, @passwords ],
	[ 'a CA name in Latin-1', 2, qr/--name: not UTF-8/, "$t/bad/x", @address, '--name', "B\xfccher", @passwords ],
	[ 'a root without its key', 2, qr/--root and --key go together/, "$t/bad/x", @address, '--root', "$v/root.crt", @passwords ],
	[ 'a root with another key', 1, qr/other\.key is not the private key of \S+root\.crt/, "$t/bad/x", @address, '--root', "$v/root.crt", '--key', "$v/other.key", @passwords ],
	[ 'a root key with another password', 1, qr/enc\.key: \S/, "$t/bad/x", @address, '--root', "$v/root.crt", '--key', "$t/enc.key", @passwords ],
	[ 'a root that is no CA', 1, qr/server\.crt: not a CA certificate that may sign an intermediate/, "$t/bad/x", @address, '--root', "$SRC/t/vectors/tls/server.crt",
		'--key', "$t/notca.key", @passwords ],
	[ 'a root that allows no intermediate', 1, qr/p0\.crt: not a CA certificate that may sign an intermediate/, "$t/bad/x", @address, '--root', "$t/p0.crt", '--key', "$t/p0.key",
		@passwords ],
	[ 'a root that is not there', 1, qr{bad/none}, "$t/bad/x", @address, '--root', "$t/bad/none", '--key', "$v/root.key", @passwords ],
);
for (@refused) {
	my ($what, $status, $message, @args) = @$_;
	($rc, $out, $err) = init(@args);
	defined $status ? is($rc, $status, "init, $what: status") : isnt($rc, 0, "init, $what: status");
	like($err, $message, "init, $what: message");
	is(files("$t/bad"), '', "init, $what: nothing is left behind");
	is($out, '', "init, $what: nothing on stdout");
}
is_deeply({ map { $_ => slurp("$t/ca/$_") } keys %before }, \%before, 'init: the CA that was there is untouched');

mkdir "$t/empty" or die;
($rc, $out, $err) = init("$t/empty/", @address, @passwords);
is($rc, 0, 'init into an empty folder, with a slash') or diag($err);
is(files("$t/empty"), 'certs db provisioners.d run secrets signetd.yaml templates tls', 'init into an empty folder: complete, nothing else');
($rc, $out, $err) = init('--dir', "$t/deep/er/ca", @address, '--root', "$v/root.crt", '--key', "$v/root.key", @passwords);
is($rc, 0, 'init with an own root, in a folder below new ones') or diag($err);
is(slurp("$t/deep/er/ca/certs/root_ca.crt"), slurp("$v/root.crt"), 'own root: it is the root');
is(files("$t/deep/er/ca/secrets"), 'intermediate_ca.key password', 'own root: its key is not kept');
is(files("$t/deep/er"), 'ca', 'own root: nothing beside it');

# A full disk, and a signal in the middle: all or nothing.
my $small = "$t/small";
mkdir $small or die;
SKIP: {
	my ($mounted, undef, $why) = run('mount', '-t', 'tmpfs', '-o', 'size=16k,mode=0700', 'tmpfs', $small);
	skip("no small file system can be mounted here: $why", 3) if $mounted != 0;
	($rc, $out, $err) = init("$small/ca", @address, @passwords);
	is($rc, 1, 'init, full disk: status');
	like($err, qr/No space left on device/, 'init, full disk: message');
	is(files($small), '', 'init, full disk: nothing is left behind');
	run('umount', $small);
}
for my $ms (0, 300, 900) {
	my $dir = "$t/int$ms";
	mkdir $dir or die;
	my $pid = fork // die "fork: $!";
	if (!$pid) {
		open STDOUT, '>', '/dev/null';
		open STDERR, '>', '/dev/null';
		exec signet_bin(), 'init', "$dir/ca", @address, @passwords or POSIX::_exit(127);
	}
	select undef, undef, undef, $ms / 1000;
	kill 'INT', $pid;
	waitpid $pid, 0;
	like(files($dir), qr/^(?:ca)?$/, "init, interrupted after $ms ms: all or nothing");
	is(files("$dir/ca"), 'certs db provisioners.d run secrets signetd.yaml templates tls', "init, interrupted after $ms ms: all") if -e "$dir/ca";
}

# ---- a daemon, trust ----

my $d = Signet::Test->new(dir => "$t/ca", existing => 1);
$d->{log} = "$t/signetd.log";
push @{ $d->{secrets} }, values %$pw;
spew("$t/ca/signetd.yaml", slurp("$t/ca/signetd.yaml") . "store: {minFree: 1MiB, minFreeRevoke: 1MiB}\n");
$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
is($d->fingerprint, $fp, 'init printed the root\'s fingerprint');
my $root = slurp($d->{root});
sub signet { return $d->signet(@_) }
sub client { return $d->{client} }

($rc, $out, $err) = signet('health');
is($rc, 1, 'before bootstrap: status');
like($err, qr/which CA\? Run `signet bootstrap --ca-url URL --fingerprint HEX` once/, 'before bootstrap: what to do');
for (
	[ 'without --fingerprint', 2, qr/--ca-url and --fingerprint are needed/, '--ca-url', $d->{url} ],
	[ 'a short fingerprint', 2, qr/64 hexadecimal digits/, '--ca-url', $d->{url}, '--fingerprint', 'abcd' ],
	[ 'another fingerprint', 3, qr/the CA refused \(404\)/, '--ca-url', $d->{url}, '--fingerprint', 'ab' x 32 ],
	[ 'plain http', 2, qr/must begin with https:/, '--ca-url', "http://localhost:$d->{port}", '--fingerprint', $fp ],
	[ 'nobody there', 4, qr/could not connect/, '--ca-url', 'https://localhost:1', '--fingerprint', $fp ],
	[ 'a host that does not exist', 4, qr/could not find the host|could not connect/, '--ca-url', 'https://none.invalid:9', '--fingerprint', $fp ],
) {
	my ($what, $status, $message, @args) = @$_;
	($rc, $out, $err) = signet('bootstrap', @args);
	is($rc, $status, "bootstrap, $what: status") or diag($err);
	like($err, $message, "bootstrap, $what: message");
	ok(!-e client() . '/defaults.json' && !-e client() . '/certs/root_ca.crt', "bootstrap, $what: nothing is trusted");
}
# Somebody in the middle who shows another root is found out.
{
	my $other = Signet::Test->new(store => 'memory');
	$other->start or BAIL_OUT('no daemon: ' . $other->log_tail);
	($rc, $out, $err) = signet('bootstrap', '--ca-url', $other->{url}, '--fingerprint', $fp);
	isnt($rc, 0, 'bootstrap at another CA: refused');
	ok(!-e client() . '/defaults.json', 'bootstrap at another CA: nothing is trusted');
	$other->stop;
}
(my $colons = uc $fp) =~ s/(..)(?=.)/$1:/g;
($rc, $out, $err) = signet('bootstrap', '--ca-url', "localhost:$d->{port}/", '--fingerprint', $colons);
is($rc, 0, 'bootstrap') or BAIL_OUT($err);
is(slurp(client() . '/certs/root_ca.crt'), $root, 'bootstrap: the root');
my $defaults = json_decode(slurp(client() . '/defaults.json'));
is("$defaults->{'ca-url'} $defaults->{fingerprint}", "$d->{url} $fp", 'bootstrap: defaults.json');
($rc, $out, $err) = signet('bootstrap', '--ca-url', $d->{url}, '--fingerprint', $fp);
is($rc, 1, 'bootstrap again: status');
like($err, qr/exists; give --force to overwrite it/, 'bootstrap again: message');
is((signet('bootstrap', '--ca-url', $d->{url}, '--fingerprint', $fp, '--force'))[0], 0, 'bootstrap again with --force');

is(join(' ', (signet('health'))[0, 1]), "0 ok\n", 'health');
is((signet('health', '--json'))[1], qq({"status":"ok"}\n), 'health --json');
is((signet('health', '--ca-url', 'https://localhost:1'))[0], 4, 'health: nobody there');
($rc, $out, $err) = signet('health', '--root', "$v/other.crt");
is($rc, 1, 'health with another root: status');
like($err, qr/not trusted/, 'health with another root: message');
is((signet({ env => { https_proxy => 'http://127.0.0.1:1', HTTPS_PROXY => 'http://127.0.0.1:1', ALL_PROXY => 'http://127.0.0.1:1' } }, 'health'))[0], 0,
	'the environment\'s proxy is not asked');
is((signet('root', '--fingerprint', $fp))[1], $root, 'root');
($rc, $out, $err) = signet('root', "$t/root.pem", '--fingerprint', $fp);
is(slurp("$t/root.pem"), $root, 'root into a file');
($rc, $out, $err) = signet('root', "$t/root.pem", '--fingerprint', $fp);
is($rc, 1, 'root: the file is there');
is((signet('root', "$t/root.pem", '--fingerprint', $fp, '--force'))[0], 0, 'root with --force');
is((signet('root', '--fingerprint', 'ab' x 32))[0], 3, 'root: another fingerprint');
is((signet('root'))[0], 2, 'root without a fingerprint');

# ---- tokens ----

my @by_password = ('--password-file', "$top/prov.pw");
my $claims = sub { return json_decode(MIME::Base64::decode_base64url((split /\./, $_[0])[1])) };
($rc, my $token, $err) = signet('token', 'host.example.com', @by_password);
is($rc, 0, 'token') or diag($err);
push @{ $d->{secrets} }, $token =~ s/\n//r;
like($token, qr/\A[\w-]+\.[\w-]+\.[\w-]+\n\z/, 'token: one line');
my $c = $claims->($token);
is("$c->{sub} $c->{iss} $c->{aud} @{ $c->{sans} } $c->{sha}", "host.example.com first: one $d->{url}/1.0/sign host.example.com $fp", 'token: claims');
is($c->{exp} - $c->{iat}, 300, 'token: five minutes');
like($c->{jti}, qr/^[0-9a-f]{64}$/, 'token: an id');
(undef, $out) = signet('token', 'x', '--san', 'a.test', '--san', '10.0.0.1', '--not-after', '1h', @by_password);
$c = $claims->($out);
is_deeply($c->{sans}, [ 'a.test', '10.0.0.1' ], 'token --san');
is($c->{exp} - $c->{iat}, 3600, 'token --not-after');
spew("$t/wrong.pw", "wrong\n");
for (
	[ 'a wrong password', 1, qr/wrong password for provisioner first: one/, 'x.test', '--password-file', "$t/wrong.pw" ],
	[ 'no terminal, no password', 1, qr/there is no terminal to ask on; give --password-file FILE/, 'x.test' ],
	[ 'a provisioner that is not there', 1, qr/the CA has no JWK provisioner "none"/, 'x.test', '--provisioner', 'none', @by_password ],
	[ 'too long', 2, qr/a token lives 10s to 1h/, 'x.test', '--not-after', '2h', @by_password ],
	[ 'too short', 2, qr/a token lives 10s to 1h/, 'x.test', '--not-after', '1s', @by_password ],
	[ 'no time', 2, qr/--not-after soon/, 'x.test', '--not-after', 'soon', @by_password ],
	[ 'a name that is none', 2, qr/--san/, 'x.test', '--san', 'a b', @by_password ],
	[ 'nobody there', 4, qr/could not connect/, 'x.test', '--ca-url', 'https://localhost:1', @by_password ],
) {
	my ($what, $status, $message, @args) = @$_;
	($rc, $out, $err) = signet('token', @args);
	is($rc, $status, "token, $what: status") or diag($err);
	like($err, $message, "token, $what: message");
	is($out, '', "token, $what: nothing on stdout");
}

# ---- certificates ----

my ($crt, $key) = ("$t/host.crt", "$t/host.key");
($rc, $out, $err) = signet('certificate', 'host.example.com', $crt, $key, @by_password);
is($rc, 0, 'certificate') or BAIL_OUT($err);
is(mode($key), '0600', 'certificate: mode of the key');
is(mode($crt), '0644', 'certificate: mode of the certificate');
is(scalar(() = slurp($crt) =~ /BEGIN CERTIFICATE/g), 2, 'certificate: leaf and intermediate');
is(verify_ok($crt, $d->{root}, '-purpose', 'sslserver', '-verify_hostname', 'host.example.com'), '', 'certificate: verifies');
is(run_ok('openssl', 'pkey', '-in', $key, '-pubout'), run_ok('openssl', 'x509', '-in', $crt, '-noout', '-pubkey'), 'certificate: of its key');
is($out, "The certificate is in $crt, its private key in $key.\n", 'certificate: what it says');

for (
	[ 'P-384', 'secp384r1', qw(--curve P-384) ], [ 'P-521', 'secp521r1', qw(--kty EC --curve P-521) ], [ 'Ed25519', 'ED25519', qw(--kty OKP) ],
	[ 'RSA', 'RSA 2048', qw(--kty RSA) ],
) {
	my ($kind, $is, @args) = @$_;
	($rc, $out, $err) = signet('certificate', 'k.example.com', "$t/k.crt", "$t/k.key", '--force', @args, @by_password);
	is($rc, 0, "certificate, $kind") or diag($err) or next;
	is(key_of("$t/k.crt"), $is, "certificate, $kind: its key");
	is(verify_ok("$t/k.crt", $d->{root}), '', "certificate, $kind: verifies");
	($rc, $out, $err) = signet('renew', "$t/k.crt", "$t/k.key", '--force');
	is($rc, 0, "renew, $kind") or diag($err);
	is(verify_ok("$t/k.crt", $d->{root}), '', "renew, $kind: verifies");
}
my @sans = map { ('--san', $_) } qw(a.example.com *.b.example.com 10.1.2.3 2001:db8::1 u@example.com spiffe://trust.example/w);
($rc, $out, $err) = signet('certificate', 'a.example.com', "$t/s.crt", "$t/s.key", @sans, '--not-after', '1h', @by_password);
is($rc, 0, 'certificate --san') or diag($err);
is(sans_of("$t/s.crt"), 'DNS:*.b.example.com DNS:a.example.com IP:10.1.2.3 IP:2001:DB8:0:0:0:0:0:1 URI:spiffe://trust.example/w email:u@example.com', 'certificate --san: all');
my ($begin, $end) = dates_of("$t/s.crt");
is($end - $begin, 3660, 'certificate --not-after');

spew("$t/token", $token, 0600);
($rc, $out, $err) = signet('certificate', 'host.example.com', "$t/t.crt", "$t/t.key", '--token-file', "$t/token");
is($rc, 0, 'certificate --token-file') or diag($err);
is(sans_of("$t/t.crt"), 'DNS:host.example.com', 'certificate --token-file: the token\'s name');
($rc, $out, $err) = signet('certificate', 'host.example.com', "$t/t2.crt", "$t/t2.key", '--token-file', "$t/token");
is($rc, 3, 'the token again: status 3');
like($err, qr/^signet: the CA refused \(401\): The request lacked necessary authorization/m, 'the token again: the CA\'s sentence');
(undef, my $second) = signet('token', 'two.example.com', '--san', 'two.example.com', '--san', '10.0.0.2', @by_password);
chomp $second;
($rc, $out, $err) = signet('certificate', 'two.example.com', "$t/t3.crt", "$t/t3.key", '--token', $second);
is($rc, 0, 'certificate --token') or diag($err);
is(sans_of("$t/t3.crt"), 'DNS:two.example.com IP:10.0.0.2', 'certificate --token: its names');

# Nothing is written or replaced when it fails.
my ($old_crt, $old_key) = (slurp($crt), slurp($key));
mkdir "$t/new" or die;
for my $force (0, 1) {
	my ($to_crt, $to_key, @force) = $force ? ($crt, $key, '--force') : ("$t/new/c", "$t/new/k");
	for (
		[ 'a wrong password', 1, qr/wrong password/, '--password-file', "$t/wrong.pw" ],
		[ 'too long', 3, qr/the CA refused \(403\): The request was forbidden .*requested duration of 48h1m0s is more than the authorized maximum/, '--not-after', '48h', @by_password ],
		[ 'no time', 2, qr/--not-after soon: a duration/, '--not-after', 'soon', @by_password ],
		[ 'no token', 1, qr/token/, '--token', 'nonsense' ],
		[ 'a token of nobody', 3, qr/the CA refused \(401\)/, '--token', token_new(url => $d->{url}) ],
		[ 'two tokens', 2, qr/exclude each other/, '--token', 'x', '--token-file', "$t/token" ],
		[ 'a kind of key that is none', 2, qr/./, '--kty', 'DSA', @by_password ],
		[ 'RSA too small', 2, qr/./, '--kty', 'RSA', '--size', '1024', @by_password ],
		[ 'nobody there', 4, qr/could not connect/, '--ca-url', 'https://localhost:1', @by_password ],
		[ 'another root', 1, qr/not trusted/, '--root', "$v/other.crt", @by_password ],
	) {
		my ($what, $status, $message, @args) = @$_;
		($rc, $out, $err) = signet('certificate', 'host.example.com', $to_crt, $to_key, @force, @args);
		is($rc, $status, "certificate, $what" . ($force ? ', --force' : '') . ': status') or diag($err);
		like($err, $message, "certificate, $what: message");
		ok($force ? slurp($crt) eq $old_crt && slurp($key) eq $old_key : files("$t/new") eq '', "certificate, $what: the files are as before");
	}
}
($rc, $out, $err) = signet('certificate', 'host.example.com', $crt, "$t/new/k", @by_password);
is($rc, 1, 'certificate over an existing one: status');
like($err, qr/host\.crt exists; give --force to overwrite it/, 'certificate over an existing one: message');
is(files("$t/new"), '', 'certificate over an existing one: nothing is written');
is((signet('certificate', 'host.example.com', "$t/new/same", "$t/new/same", @by_password))[0], 2, 'certificate and key in one file: refused');
($rc, $out, $err) = signet('certificate', 'host.example.com', "$t/none/c", "$t/new/k", @by_password);
is($rc, 1, 'certificate into a folder that is not there: status');
is(files("$t/new"), '', 'certificate into a folder that is not there: nothing is written');
SKIP: {
	# The certificate's folder is full, the key's is not: neither of the pair changes.
	my ($mounted, undef, $why) = run('mount', '-t', 'tmpfs', '-o', 'size=16k,mode=0700', 'tmpfs', $small);
	skip("no small file system can be mounted here: $why", 8) if $mounted != 0;
	spew("$small/c.crt", $old_crt);
	run('dd', 'if=/dev/zero', "of=$small/fill", 'bs=1k', 'status=none');
	spew("$t/pair.key", $old_key, 0600);
	($rc, $out, $err) = signet('certificate', 'host.example.com', "$small/c.crt", "$t/pair.key", '--force', @by_password);
	is($rc, 1, 'full disk, certificate: status');
	like($err, qr/No space left on device/, 'full disk, certificate: message');
	is(slurp("$small/c.crt"), $old_crt, 'full disk, certificate: the old certificate');
	is(slurp("$t/pair.key"), $old_key, 'full disk, certificate: with its key');
	($rc, $out, $err) = signet('certificate', 'host.example.com', "$t/new/pair.crt", "$small/c.key", @by_password);
	is($rc, 1, 'full disk, key: status');
	is(files("$t/new"), '', 'full disk, key: no certificate without its key');
	($rc, $out, $err) = signet('renew', "$small/c.crt", $key, '--force');
	is($rc, 1, 'full disk, renew: status');
	is(slurp("$small/c.crt"), $old_crt, 'full disk, renew: the old certificate');
	is(files($small), 'c.crt fill', 'full disk: no temporary file is left');
	run('umount', $small);
}

# ---- renew ----

($rc, $out, $err) = signet('renew', $crt, $key, '--out', "$t/renewed.crt");
is($rc, 0, 'renew --out') or diag($err);
is(slurp($crt), $old_crt, 'renew --out: the old one stays');
isnt(slurp("$t/renewed.crt"), $old_crt, 'renew --out: another certificate');
is(verify_ok("$t/renewed.crt", $d->{root}), '', 'renew --out: verifies');
is(sans_of("$t/renewed.crt"), sans_of($crt), 'renew --out: the same names');
($rc, $out, $err) = signet('renew', $crt, $key);
is($rc, 1, 'renew in place without --force and without a terminal: status');
is((signet('renew', $crt, $key, '--force'))[0], 0, 'renew --force');
isnt(slurp($crt), $old_crt, 'renew --force: replaced');
is(mode($crt), '0644', 'renew --force: mode');
run_ok('openssl', 'pkcs8', '-topk8', '-in', $key, '-passout', "file:$top/ca.pw", '-out', "$t/host.enc");
($rc, $out, $err) = signet('renew', $crt, "$t/host.enc", '--out', "$t/r2.crt", '--password-file', "$top/ca.pw");
is($rc, 0, 'renew with an encrypted key') or diag($err);
my $foreign = "$SRC/t/vectors/tls";
for (
	[ 'another key', 1, qr/k\.key is not the private key of \S+host\.crt/, $crt, "$t/k.key" ],
	[ 'a wrong password', 1, qr/host\.enc: \S/, $crt, "$t/host.enc", '--password-file', "$t/wrong.pw" ],
	[ 'no password', 1, qr/give --password-file FILE/, $crt, "$t/host.enc" ],
	[ 'no certificate', 1, qr/host\.key: \S/, $key, $key ],
	[ 'a certificate that is not there', 1, qr{none: \S}, "$t/none", $key ],
	[ 'nobody there', 4, qr/could not connect/, $crt, $key, '--ca-url', 'https://localhost:1' ],
	[ 'another root', 1, qr/not trusted/, $crt, $key, '--root', "$v/other.crt" ],
) {
	my ($what, $status, $message, @args) = @$_;
	($rc, $out, $err) = signet('renew', @args, '--out', "$t/new/r");
	is($rc, $status, "renew, $what: status") or diag($err);
	like($err, $message, "renew, $what: message");
	is(files("$t/new"), '', "renew, $what: nothing is written");
}
for my $who (qw(stranger p256)) {
	($rc, $out, $err) = signet('renew', "$foreign/$who.crt", "$foreign/$who.key", '--out', "$t/new/r");
	isnt($rc, 0, "renew, a certificate of another CA ($who): refused");
	is(files("$t/new"), '', "renew, a certificate of another CA ($who): nothing is written");
}

# ---- looking at files: no CA is asked ----

($rc, $out, $err) = plain('inspect', $crt);
is($rc, 0, 'inspect') or diag($err);
like($out, qr/host\.example\.com/, 'inspect: the name');
like((plain('inspect', '--bundle', $crt))[1], qr/Intermediate CA.*Root CA/s, 'inspect: the chain');
my ($short) = (plain('inspect', '--short', $crt))[1];
cmp_ok(length $short, '<', length $out, 'inspect --short is shorter');
like($short, qr/host\.example\.com/, 'inspect --short: the name');
run_ok('openssl', 'x509', '-in', $crt, '-outform', 'DER', '-out', "$t/der");
like((plain('inspect', "$t/der"))[1], qr/host\.example\.com/, 'inspect: DER');
spew("$t/csr", csr_new(cn => 'req.example.com', san => 'DNS:req.example.com,IP:10.0.0.7'));
like((plain('inspect', "$t/csr"))[1], qr/req\.example\.com.*10\.0\.0\.7/s, 'inspect: a request');
run_ok('openssl', 'req', '-in', "$t/csr", '-outform', 'DER', '-out', "$t/csr.der");
like((plain('inspect', "$t/csr.der"))[1], qr/req\.example\.com/, 'inspect: a request in DER');
unlike(join('', (plain('inspect', $key))[1, 2]), do { my $line = (split /\n/, slurp($key))[1]; qr/\Q$line\E/ }, 'inspect: a private key is not shown');
spew("$t/evil", csr_new(subject => "/CN=\e[31mred\e[0m"));
unlike((plain('inspect', "$t/evil"))[1], qr/\e/, 'inspect: nothing that reaches the terminal');
for ([ 'nonsense', "nonsense\n" ], [ 'empty', '' ], [ 'cut', substr(slurp("$t/der"), 0, 100) ], [ 'a broken PEM', "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" ]) {
	my ($what, $bytes) = @$_;
	spew("$t/junk", $bytes);
	for my $command (qw(inspect fingerprint)) {
		($rc, $out, $err) = plain($command, "$t/junk");
		is($rc, 1, "$command, $what: status");
		like($err, qr/\Asignet: \Q$t\E\/junk: \S/, "$command, $what: message");
		is($out, '', "$command, $what: nothing on stdout");
	}
}
is((plain('inspect', "$t/none"))[0], 1, 'inspect: no file');
my ($theirs) = run_ok('openssl', 'x509', '-in', $crt, '-noout', '-fingerprint', '-sha256') =~ /=(.*)/;
is((plain('fingerprint', $crt))[1], lc($theirs =~ s/://gr) . "\n", 'fingerprint: as openssl says');
is((plain('fingerprint', "$t/der"))[1], (plain('fingerprint', $crt))[1], 'fingerprint: DER');
is((plain('fingerprint', $d->{root}))[1], "$fp\n", 'fingerprint: the root');

# ---- answered on a terminal ----

SKIP: {
	skip('no script(1)', 12) unless have('script');
	# script gives a terminal: [ prompt, answer ], ... - the status, and all that stood on the terminal.
	my $on_terminal = sub {
		my ($talk, @cmd) = @_;
		my $line = join ' ', map { "'" . s/'/'\\''/gr . "'" } @cmd;
		local $ENV{SIGNETPATH} = client();
		my $pid = open2(my $from, my $to, 'script', '-qec', $line, '/dev/null');
		my ($seen, $all) = ('', '');
		my $end = time + 60;
		my $more = sub { my $n = IO::Select->new($from)->can_read(1) ? sysread $from, my $buf, 4096 : return time < $end; $seen .= $buf if $n; return $n };
		for (@$talk) {
			my ($prompt, $answer) = @$_;
			1 while $seen !~ $prompt && $more->();
			$all .= $seen;
			$seen = '';
			select undef, undef, undef, 0.1; # until echo is off
			syswrite $to, "$answer\n";
		}
		1 while $more->();
		kill 'KILL', $pid if time >= $end;
		waitpid $pid, 0;
		return ($? >> 8, $all . $seen);
	};
	my $ask = qr/first: one: $/;
	($rc, $out) = $on_terminal->([ [ $ask, 'provisioner password' ] ], signet_bin(), 'certificate', 'tty.example.com', "$t/tty.crt", "$t/tty.key");
	ok(-s "$t/tty.crt", 'terminal: a certificate') or diag($out);
	like($out, qr/Password of provisioner first: one: /, 'terminal: the password is asked for');
	unlike($out, qr/provisioner password/, 'terminal: and not shown');
	my $first = slurp("$t/tty.crt");
	my $overwrite = qr/tty\.crt exists\. Overwrite it\? \[y\/N\] $/;
	($rc, $out) = $on_terminal->([ [ $overwrite, 'n' ] ], signet_bin(), 'renew', "$t/tty.crt", "$t/tty.key");
	like($out, qr/Overwrite it\?/, 'terminal: overwriting is asked for');
	is(slurp("$t/tty.crt"), $first, 'terminal: no');
	$on_terminal->([ [ $overwrite, 'y' ] ], signet_bin(), 'renew', "$t/tty.crt", "$t/tty.key");
	isnt(slurp("$t/tty.crt"), $first, 'terminal: yes');
	my ($hidden, $again) = (qr/Password for the [^\n]*: $/, qr/The same again: $/);
	($rc, $out) = $on_terminal->([ [ qr/Name of the CA [^\n]*: $/, 'Terminal CA' ], [ qr/Names and addresses [^\n]*: $/, 'localhost, ::1' ], [ qr/Address [^\n]*: $/, '' ],
		[ qr/first provisioner [^\n]*: $/, '' ], [ $hidden, 'rootpw' ], [ $again, 'rootpw' ], [ $hidden, 'capw' ], [ $again, 'differs' ], [ $hidden, 'capw' ], [ $again, 'capw' ],
		[ $hidden, '' ], [ $hidden, 'provpw' ], [ $again, 'provpw' ] ], signet_bin(), 'init', "$t/asked");
	is(files("$t/asked"), 'certs db provisioners.d run secrets signetd.yaml templates tls', 'terminal: init with answers') or diag($out);
	like(slurp("$t/asked/signetd.yaml"), qr/^address: ":9000"\ndnsNames: \["localhost", "::1"\]$/m, 'terminal: the answers count, or the defaults');
	like($out, qr/The two differ\. Try again\./, 'terminal: passwords are asked for twice');
	like($out, qr/An empty password protects nothing\./, 'terminal: none is empty');
	unlike($out, qr/rootpw|capw|provpw/, 'terminal: none is shown');
	is((run('openssl', 'pkey', '-in', "$t/asked/secrets/root_ca.key", '-passin', 'pass:rootpw', '-noout'))[0], 0, 'terminal: the root key has its password');
}

$d->stop;
done_testing;

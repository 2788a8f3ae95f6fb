#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# signetd's options and configuration: what is printed, what is refused and how the message reads, what keeps the daemon from starting.
use strict;
use warnings;
use Test::More;
use File::Path qw(make_path);
use Signet::Test;

need('openssl');
hang_guard(600);

sub signetd { return run({ timeout => 60 }, signetd_bin(), @_) }
sub first_line { return (split /\n/, $_[0])[0] // '' }

# ---- what is printed ----

my ($rc, $out, $err) = signetd('--version');
is($rc, 0, '--version: status');
like($out, qr/\Asignetd \d+\.\d+\.\d+\S*\n\z/, '--version: one line');
($rc, $out, $err) = signetd('-V');
like($out, qr/\Asignetd /, '-V is the same');

($rc, $out, $err) = signetd('--help');
is($rc, 0, '--help: status');
like($out, qr/^usage: signetd --config FILE/m, '--help: usage');
like($out, qr/--$_\b/, "--help: names --$_") for qw(config check-config plugin-dir help-config sample-config version help);
is($err, '', '--help: nothing on stderr');

($rc, $out, $err) = signetd('--help-config');
is($rc, 0, '--help-config: status');
for my $key (qw(address dnsNames commonName dataDir pluginDir threads.cpu threads.slow threads.readers log.format log.level log.output store.driver
	store.path store.minFree store.minFreeRevoke limits.connections accelerator claims.minTLSCertDuration claims.maxTLSCertDuration
	claims.defaultTLSCertDuration claims.disableRenewal authorities authorities[].name authorities[].root authorities[].crt authorities[].key
	authorities[].backdate type name authority options)) {
	like($out, qr/^\Q$key\E: \S.*\n    \S/m, "--help-config: describes $key");
}
unlike($out, qr/insecureAddress|metricsAddress|enableSSHCA|\bssh\b(?!,)|"!"/, '--help-config: nothing that does not work yet');

($rc, my $sample, $err) = signetd('--sample-config');
is($rc, 0, '--sample-config: status');
is($sample, slurp("$SRC/conf/signetd.yaml"), '--sample-config is conf/signetd.yaml');

# ---- usage ----

for ([ 'no option' ], [ 'an argument', '--config', 'x', 'more' ], [ 'unknown option', '--nonsense' ], [ 'option without its value', '--config' ]) {
	my ($what, @args) = @$_;
	($rc, $out, $err) = signetd(@args);
	is($rc, 2, "$what: status 2");
	like($err, qr/usage: signetd/, "$what: usage on stderr");
	is($out, '', "$what: nothing on stdout");
}

# ---- a good one ----

my $d = Signet::Test->new(store => 'memory');
my $dir = $d->{dir};
my $yaml = "$dir/signetd.yaml";
my $good = slurp($yaml);
my @plugins = ('--plugin-dir', plugin_dir());

sub check { return run({ timeout => 60 }, signetd_bin(), '--config', $yaml, '--check-config', @plugins) }

($rc, $out, $err) = check();
is($rc, 0, '--check-config: status') or diag($err);
is($out, "$yaml: fine (1 authorities, 1 provisioners)\n", '--check-config: what it says');
is($err, '', '--check-config: nothing on stderr');
ok(!-e "$dir/tls" && !-e "$dir/db" && !-e "$dir/run", '--check-config writes nothing');

SKIP: {
	skip('cannot change into a folder', 1) unless -x '/bin/sh';
	($rc, $out, $err) = run('/bin/sh', '-c', 'cd "$1" && exec "$2" --config signetd.yaml --check-config --plugin-dir "$3"', 'sh', $dir, signetd_bin(),
		plugin_dir());
	is($out, "$yaml: fine (1 authorities, 1 provisioners)\n", 'a relative path') or diag($err);
}

# ---- bad ones: id, configuration, message after "signetd: FILE:" ----

my $authority = <<'EOF2';
authorities:
- name: default
  root: certs/root_ca.crt
  crt: certs/intermediate_ca.crt
  key: "file:secrets/intermediate_ca.key"
EOF2
# A text that stands for the whole file when it has authorities of its own.
sub with { my ($text) = @_; return $text =~ /^authorities:/m ? $text : $text . $authority }

my @bad = (
	[ 'empty', "\n", qr/^1: authorities: missing; it is required/ ],
	[ 'not a mapping', "- a\n- b\n", qr/^1: must be a mapping/ ],
	[ 'unknown key', with("foo: 1\n"), qr/^1: foo: unknown key$/ ],
	[ 'mistyped key', with("adress: \":1\"\n"), qr/^1: adress: unknown key, did you mean address\?$/ ],
	[ 'mistyped key in a part', with("store:\n  drivers: memory\n"), qr/^2: store\.drivers: unknown key, did you mean driver\?$/ ],
	[ 'key twice', with("address: \":1\"\naddress: \":2\"\n"), qr/^2:1: key occurs twice$/ ],
	[ 'no YAML', with("address: [\n"), qr/^\d+:\d+: \S/ ],
	[ 'tab', with("log:\n\tlevel: info\n"), qr/^2:1: \S/ ],
	[ 'anchor', with("dnsNames: &a [x.test]\n"), qr/^1:\d+: anchors are not supported$/ ],
	[ 'tag', with("address: !!int 9\n"), qr/^1:\d+: tags other than !!str are not supported$/ ],
	[ 'two documents', with("address: \":1\"\n") . "---\na: 1\n", qr/^\d+:\d+: more than one document$/ ],
	[ 'bad UTF-8', with("commonName: \"\xff\"\n"), qr/^1:\d+: \S/ ],
	[ 'address: no port', with("address: localhost\n"), qr/^1: address: must be :PORT, IPv4:PORT or \[IPv6\]:PORT/ ],
	[ 'address: big port', with("address: \":65536\"\n"), qr/^1: address: must be :PORT/ ],
	[ 'address: list', with("address: [a]\n"), qr/^1: address: must be a single value$/ ],
	[ 'dnsNames: empty', with("dnsNames: []\n"), qr/^1: dnsNames: is empty/ ],
	[ 'dnsNames: text', with("dnsNames: localhost\n"), qr/^1: dnsNames: must be a list$/ ],
	[ 'dnsNames: wildcard', with("dnsNames:\n- a.test\n- \"*.test\"\n"), qr/^3: dnsNames\[1\]: must be a DNS name \(no wildcard\) or an IP address/ ],
	[ 'dnsNames: URL', with("dnsNames: [\"https://a.test\"]\n"), qr/^1: dnsNames\[0\]: must be a DNS name/ ],
	[ 'dnsNames: null', with("dnsNames: [~]\n"), qr/^1: dnsNames\[0\]: must not be empty$/ ],
	[ 'commonName: long', with('commonName: ' . 'x' x 65 . "\n"), qr/^1: commonName: must have 1 to 64 characters$/ ],
	[ 'commonName: empty', with("commonName: \"\"\n"), qr/^1: commonName: must have 1 to 64 characters$/ ],
	[ 'dataDir: empty', with("dataDir: \"\"\n"), qr/^1: dataDir: must be a path, not empty$/ ],
	[ 'threads.cpu', with("threads: {cpu: 0}\n"), qr/^1: threads\.cpu: must be auto or a whole number from 1 to 256$/ ],
	[ 'threads.slow', with("threads: {slow: many}\n"), qr/^1: threads\.slow: must be a whole number from 1 to 16$/ ],
	[ 'threads.readers', with("threads: {readers: -1}\n"), qr/^1: threads\.readers: must be a whole number from 1 to 64$/ ],
	[ 'threads: text', with("threads: 4\n"), qr/^1: threads: must be a mapping/ ],
	[ 'log.level', with("log:\n  format: json\n  level: loud\n"), qr/^3: log\.level: must be error, warn, info or debug$/ ],
	[ 'log.format', with("log: {format: xml}\n"), qr/^1: log\.format: must be logfmt or json$/ ],
	[ 'store.driver', with("store: {driver: sqlite}\n"), qr/^1: store\.driver: must be rocksdb or memory$/ ],
	[ 'store.path', with("store: {path: \"\"}\n"), qr/^1: store\.path: must not be empty$/ ],
	[ 'store.minFree', with("store: {minFree: 1GB}\n"), qr/^1: store\.minFree: must be a size such as 1048576, 64KiB, 256MiB or 1GiB$/ ],
	[ 'store.minFree: negative', with("store: {minFree: -1}\n"), qr/^1: store\.minFree: must be a size/ ],
	[ 'store.minFreeRevoke', with("store:\n  minFree: 1MiB\n  minFreeRevoke: 2MiB\n"), qr/^3: store\.minFreeRevoke: must not be more than minFree$/ ],
	[ 'limits.connections', with("limits: {connections: 15}\n"), qr/^1: limits\.connections: must be a whole number from 16 to 65536$/ ],
	[ 'accelerator', with("accelerator: ''\n"), qr/^1: accelerator: must be auto, none or the name of a plugin/ ],
	
	[ 'claims: duration', with("claims: {maxTLSCertDuration: 1d}\n"), qr/^1: claims\.maxTLSCertDuration: must be a duration such as 90s, 5m or 24h/ ],
	[ 'claims: no unit', with("claims: {minTLSCertDuration: 5}\n"), qr/^1: claims\.minTLSCertDuration: must be a duration/ ],
	[ 'claims: switch', with("claims: {disableRenewal: maybe}\n"), qr/^1: claims\.disableRenewal: must be false or true$/ ],
	[ 'claims: order', with("claims: {minTLSCertDuration: 2h, maxTLSCertDuration: 1h}\n"),
		qr/^1: claims: maxTLSCertDuration 1h0m0s is less than minTLSCertDuration 2h0m0s$/ ],
	[ 'claims: default', with("claims: {defaultTLSCertDuration: 48h, maxTLSCertDuration: 24h}\n"),
		qr/^1: claims: defaultTLSCertDuration 48h0m0s is more than maxTLSCertDuration 24h0m0s$/ ],
	[ 'claims: unsupported', with("claims: {enableSSHCA: true}\n"), qr/^1: claims\.enableSSHCA: (?:is )?not supported by this version/ ],
	[ 'unsupported', with("address: \":1\"\nmetricsAddress: \":9090\"\n"), qr/^2: metricsAddress: (?:is )?not supported by this version/ ],
	[ 'authorities: empty', "authorities: []\n", qr/^1: authorities: is empty; at least one authority is needed$/ ],
	[ 'authorities: mapping', "authorities: {name: a}\n", qr/^1: authorities: must be a list$/ ],
	[ 'authority: no name', "authorities:\n- root: a\n  crt: b\n  key: c\n", qr/^2: authorities\[0\]\.name: missing; it is required$/ ],
	[ 'authority: bad name', "authorities:\n- name: a/b\n  root: a\n  crt: b\n  key: c\n", qr/^2: authorities\[0\]\.name: must be 1 to 64 letters/ ],
	[ 'authority: name twice', "$authority- name: default\n  root: a\n  crt: b\n  key: c\n",
		qr/^6: authorities\[1\]\.name: "default" is the name of an authority above$/ ],
	[ 'authority: no root', "authorities:\n- name: a\n  root: []\n  crt: b\n  key: c\n", qr/^3: authorities\[0\]\.root: is empty/ ],
	[ 'authority: empty key', "authorities:\n- name: a\n  root: a\n  crt: b\n  key: \"\"\n", qr/^5: authorities\[0\]\.key: must not be empty$/ ],
	[ 'authority: isolation', "$authority  isolation: process\n", qr/^6: authorities\[0\]\.isolation: process is (?:known but )?not supported by this version/ ],
	[ 'authority: backdate', "$authority  backdate: 25h\n", qr/^6: authorities\[0\]\.backdate: must be a duration .* from 0s to 24h0m0s$/ ],
);
for (@bad) {
	my ($id, $text, $message) = @$_;
	spew($yaml, $text);
	($rc, $out, $err) = check();
	is($rc, 1, "$id: status 1");
	(my $rest = first_line($err)) =~ s/\Asignetd: \Q$yaml\E://;
	like($rest, $message, "$id: message");
	is(scalar(() = $err =~ /\n/g), 1, "$id: one line") or diag($err);
	is($out, '', "$id: nothing on stdout");
}

# The key that a mistake is made in never leaks its value: a password in the wrong place stays out of the log.
spew($yaml, with("commonName: [\"hunter2hunter2\"]\n"));
($rc, $out, $err) = check();
unlike($err, qr/hunter2/, 'a message does not quote the value');

# ---- provisioners ----

spew($yaml, $good);
my $file = "$dir/provisioners.d/zz.yaml";
my $key = json_encode(Signet::Test::jwk_public('second'));
my $private = prov_key('second')->export_key_jwk('private');
my @provs = (
	[ 'empty', '', qr/^1: type: missing; it is required$/ ],
	[ 'list', "- a\n", qr/^1: must be a mapping/ ],
	[ 'unknown type', "type: NOPE\nname: z\n", qr/^1: type: no plugin for provisioners of type "NOPE" is loaded \(plugin NOPE: no \S+\/provisioner\/nope\.so\)$/ ],
	[ 'type with a path', "type: ../../etc/x\nname: z\n", qr/^1: type: no plugin for provisioners of type/ ],
	[ 'no name', "type: JWK\nkey: $key\n", qr/^1: name: missing; it is required$/ ],
	[ 'control character', "type: JWK\nname: \"a\\nb\"\nkey: $key\n", qr/^2: name: must have 1 to 255 characters/ ],
	[ 'name twice', "type: JWK\nname: admin\nkey: $key\n", qr/^2: name: "admin" is also the name in \S+admin\.yaml$/ ],
	[ 'unknown key', "type: JWK\nname: z\nkey: $key\nencryptedkey: x\n", qr/^4: encryptedkey: unknown key, did you mean encryptedKey\?$/ ],
	[ 'no key', "type: JWK\nname: z\n", qr/^1: key: missing; it is required$/ ],
	[ 'unknown authority', "type: JWK\nname: z\nauthority: other\nkey: $key\n", qr/^3: authority: no authority "other" in \Q$yaml\E$/ ],
	[ 'claims', "type: JWK\nname: z\nclaims:\n  minTLSCertDuration: 25h\nkey: $key\n", qr/^3: claims: claims: maxTLSCertDuration 24h0m0s is less than/ ],
	[ 'claim', "type: JWK\nname: z\nclaims:\n  minTLSCertDuration: x\nkey: $key\n", qr/^4: claims\.minTLSCertDuration: must be a duration/ ],
	[ 'template', "type: JWK\nname: z\nkey: $key\noptions:\n  x509:\n    template: \"{\\n{{ nope }}}\"\n", qr/^6: options\.x509\.template: line 2(?:, column \d+)?: function "nope" not defined$/ ],
	[ 'options.ssh', "type: JWK\nname: z\nkey: $key\noptions:\n  ssh: {}\n", qr/^5: options\.ssh: (?:is )?not supported by this version/ ],
	[ 'encryptedKey: list', "type: JWK\nname: z\nkey: $key\nencryptedKey: [a]\n", qr/^4: encryptedKey: must be a single value$/ ],
	[ 'no YAML', "type: JWK\nname: {\n", qr/^\d+:\d+: \S/ ],
);
for (@provs) {
	my ($id, $text, $message) = @$_;
	spew($file, $text);
	($rc, $out, $err) = check();
	is($rc, 1, "provisioner, $id: status 1");
	(my $rest = first_line($err)) =~ s/\Asignetd: \Q$file\E://;
	like($rest, $message, "provisioner, $id: message");
	is(scalar(() = $err =~ /\n/g), 1, "provisioner, $id: one line") or diag($err);
}
for ([ 'a key that is none', '{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}' ], [ 'a symmetric key', '{"kty":"oct","k":"AAAA"}' ],
	[ 'a text', '"x"' ], [ 'a private key', $private ]) {
	my ($id, $text) = @$_;
	spew($file, "type: JWK\nname: z\nkey: $text\n");
	($rc, $out, $err) = check();
	is($rc, 1, "provisioner, $id: status 1");
	like($err, qr/\Asignetd: \Q$file\E: \S.*\n\z/, "provisioner, $id: message");
	my $d_value = json_decode($private)->{d};
	unlike($err, qr/\Q$d_value\E/, "provisioner, $id: no secret in it");
}
unlink $file;
spew("$dir/provisioners.d/.hidden.yaml", 'nonsense');
spew("$dir/provisioners.d/admin.yaml~", 'nonsense');
spew("$dir/provisioners.d/note.txt", 'nonsense');
($rc, $out, $err) = check();
is($rc, 0, 'left-overs of editors are no provisioners') or diag($err);

# ---- plugins ----

SKIP: {
	skip('JWK is linked in: no plugin file decides', 14) unless -e plugin_dir() . '/provisioner/jwk.so' || -e plugin_dir() . '/provisioner/.libs/jwk.so';
	my ($so) = grep { -e } plugin_dir() . '/provisioner/jwk.so', plugin_dir() . '/provisioner/.libs/jwk.so';
	my $mine = scratch();
	make_path("$mine/provisioner");
	chmod 0755, $mine, "$mine/provisioner";
	my $copy = spew("$mine/provisioner/jwk.so", slurp($so), 0755);
	my $with = sub { return run({ timeout => 60 }, signetd_bin(), '--config', $yaml, '--check-config', '--plugin-dir', $mine) };

	($rc, $out, $err) = $with->();
	is($rc, 0, 'plugin: found') or diag($err);
	my $builtin = do { unlink $copy; ($with->())[0] == 0 };
	skip('JWK is linked in: no plugin file decides', 13) if $builtin;
	($rc, $out, $err) = $with->();
	is($rc, 1, 'plugin missing: status');
	like($err, qr/admin\.yaml:\d+: type: no plugin for provisioners of type "JWK" is loaded/, 'plugin missing: message');

	spew($copy, slurp($so), 0755);
	my @refused = (
		[ 'file writable by others', sub { chmod 0757, $copy }, qr/jwk\.so: writable by group or others \(mode 0757\): chmod go-w/ ],
		[ 'file writable by the group', sub { chmod 0775, $copy }, qr/jwk\.so: writable by group or others/ ],
		[ 'folder writable by others', sub { chmod 0777, "$mine/provisioner" }, qr{plugin \Q$mine\E/provisioner: writable by group or others} ],
		[ 'plugin folder writable by others', sub { chmod 0757, $mine }, qr/plugin \Q$mine\E: writable by group or others/ ],
		[ 'a link', sub { unlink $copy; symlink $so, $copy or die }, qr/jwk\.so: not a regular file/ ],
		[ 'no module', sub { unlink $copy; spew($copy, "nonsense\n", 0755) }, qr/plugin \S+jwk\.so: \S/ ],
	);
	for (@refused) {
		my ($id, $break, $message) = @$_;
		$break->();
		($rc, $out, $err) = $with->();
		is($rc, 1, "plugin, $id: refused");
		like($err, $message, "plugin, $id: message");
		chmod 0755, $mine, "$mine/provisioner";
		unlink $copy;
		spew($copy, slurp($so), 0755);
	}
}

# ---- what keeps the daemon from starting ----

sub cannot_start {
	my ($id, $message, %o) = @_;
	my $bad = $o{daemon} // $d;
	spew($bad->{log}, '');
	ok(!$bad->start(timeout => 30, %{ $o{start} // {} }), "$id: does not start");
	is($bad->{status} >> 8, 1, "$id: status 1");
	$bad->log_like($message, "$id: message");
	$bad->check_log;
}
spew($yaml, "nonsense: 1\n");
cannot_start('bad configuration', qr/^signetd: \Q$yaml\E:1: nonsense: unknown key$/m);
spew($yaml, $good);
spew($file, "type: NOPE\nname: z\n");
cannot_start('bad provisioner', qr/^signetd: \Q$file\E:1: type: no plugin/m);
unlink $file;
unlink $yaml;
cannot_start('no configuration', qr/^signetd: \Q$yaml\E: \S/m);
spew($yaml, $good);

my $certs = "$dir/certs";
my %keep = map { $_ => slurp("$certs/$_") } qw(root_ca.crt intermediate_ca.crt);
my $leaf_pair = "$SRC/t/vectors/ca";
for (
	[ 'no root', 'root_ca.crt', undef, qr/^signetd: authority default: \S+root_ca\.crt: \S/m ],
	[ 'root is no PEM', 'root_ca.crt', "x\n", qr/^signetd: authority default: \S+root_ca\.crt: \S/m ],
	[ 'another root', 'root_ca.crt', slurp("$leaf_pair/other.crt"), qr/^signetd: authority default: \S+intermediate_ca\.crt: no valid chain to the configured root/m ],
	[ 'no intermediate', 'intermediate_ca.crt', '', qr/^signetd: authority default: \S+intermediate_ca\.crt: \S/m ],
	[ 'a leaf as intermediate', 'intermediate_ca.crt', slurp("$SRC/t/vectors/tls/server.crt"), qr/^signetd: authority default: \S+intermediate_ca\.crt: /m ],
) {
	my ($id, $name, $text, $message) = @$_;
	defined $text ? spew("$certs/$name", $text) : unlink "$certs/$name";
	cannot_start($id, $message);
	spew("$certs/$name", $keep{$name});
}
(my $config = $good) =~ s/key: ".*"/key: "pkcs11:token=x"/;
spew($yaml, $config);
cannot_start('a scheme that is not there', qr/^signetd: authority default: key of authority default: key URI: scheme "pkcs11" is not supported by this version/m);
($config = $good) =~ s/key: ".*"/key: "file:secrets\/intermediate_ca.key?password=hunter2"/;
spew($yaml, $config);
cannot_start('a password in the URI', qr/key URI: "password" is unknown: file: takes passwordFile only/);
unlike($d->log_text, qr/hunter2/, 'a password in the URI: not repeated');
spew($yaml, $good);

make_path("$dir/tls");
spew("$dir/tls/server.key", slurp("$SRC/t/vectors/keys/rsa2048.pem"), 0600);
cannot_start('server.key of another kind', qr{tls/server\.key: must be a P-256 key; remove the file, and a new one is made});
spew("$dir/tls/server.key", 'nonsense', 0600);
cannot_start('server.key that is none', qr{tls/server\.key: });
unlink "$dir/tls/server.key";

ok($d->start, 'afterwards it starts') or diag($d->log_tail);
my $taken = $d->{port};
{
	my $other = Signet::Test->new(store => 'memory');
	(my $text = slurp("$other->{dir}/signetd.yaml")) =~ s/127\.0\.0\.1:0/127.0.0.1:$taken/;
	spew("$other->{dir}/signetd.yaml", $text);
	cannot_start('address in use', qr/^signetd: .*127\.0\.0\.1:$taken.*: /m, daemon => $other);
}
$d->stop;

# ---- the store ----

{
	my $first = Signet::Test->new;
	$first->start or BAIL_OUT('no daemon: ' . $first->log_tail);
	my $second = Signet::Test->new(dir => $first->{dir}, existing => 1);
	$second->{log} = "$first->{dir}/second.log";
	spew($second->{log}, '');
	my $addresses = slurp("$first->{dir}/run/addresses");
	ok(!$second->start(timeout => 30), 'a second daemon on the same store does not start');
	like(slurp($second->{log}), qr/db is in use by another signetd \(process $first->{pid}\): stop it first/, 'store in use: message');
	spew("$first->{dir}/run/addresses", $addresses);
	is($first->http('GET', '/health')->{status}, 200, 'the first one goes on');
	$first->stop;
	# Whatever is damaged in the store's index is told, and nothing is started on it.
	spew("$first->{dir}/db/CURRENT", "MANIFEST-999999\n");
	cannot_start('store damaged', qr/^signetd: store: \S+db/m, daemon => $first);
}

# ---- conf/ ----

{
	my $e = Signet::Test->new;
	spew("$e->{dir}/signetd.yaml", slurp("$SRC/conf/signetd.yaml"));
	spew("$e->{dir}/secrets/password", "x\n", 0600);
	unlink "$e->{dir}/provisioners.d/admin.yaml";
	for my $f (glob("$SRC/conf/provisioners.d/*.yaml")) {
		my ($name) = $f =~ m{([^/]+)$};
		spew("$e->{dir}/provisioners.d/$name", slurp($f));
	}
	($rc, $out, $err) = run({ timeout => 60 }, signetd_bin(), '--config', "$e->{dir}/signetd.yaml", '--check-config', @plugins);
	is($rc, 0, 'conf/: the samples load') or diag($err);
	like($out, qr/fine \(1 authorities, [1-9]\d* provisioners\)/, 'conf/: with provisioners');
}

# ---- the log ----

{
	my $e = Signet::Test->new(yaml => "store: {driver: memory}\nlog: {format: json, level: debug, output: signet.log}\n");
	$e->start or BAIL_OUT('no daemon: ' . $e->log_tail);
	$e->ready;
	my $log = "$e->{dir}/signet.log";
	ok(-s $log, 'log.output: a file');
	my @lines = split /\n/, slurp($log);
	my @broken = grep { !eval { ref json_decode($_) eq 'HASH' } } @lines;
	is(scalar @broken, 0, 'log.format: every line is JSON') or diag($broken[0]);
	rename $log, "$log.1" or die;
	kill 'HUP', $e->{pid};
	my $end = time + 20;
	sleep 1 while !-e $log && time < $end;
	$e->http('GET', '/health');
	ok(-s $log, 'HUP reopens the file');
	like(slurp("$log.1"), qr/"event":"listening"/, 'the old file keeps what it has');
	$e->stop;
	like(slurp($log), qr/"event":"stopped"/, 'the end is in the new file');
}
done_testing;

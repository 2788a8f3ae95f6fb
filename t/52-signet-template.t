#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# signet template: what a template yields, without a daemon, is what a daemon makes of it; --set and --set-file of signet certificate, sign and token.
use strict;
use warnings;
use Test::More;
use Signet::Test;
use Signet::Clients;
use Signet::DER;

need('openssl');
hang_guard(600);

my $t = scratch();
my ($rc, $out, $err);
sub template { my %o = ref $_[0] eq 'HASH' ? %{ shift() } : (); return ($rc, $out, $err) = run({ %o, env => { SIGNETPATH => "$t/none", HOME => "$t/none", NO_COLOR => 1 } }, signet_bin(), 'template', @_) }
sub file { my ($name, $text) = @_; return spew("$t/$name", $text) }
# Refused: this status, one line that says this (and the hint of a wrong command line).
sub refused {
	my ($name, $status, $like, @args) = @_;
	template(@args);
	my @wrong;
	push @wrong, "status $rc, not $status" if $rc != $status;
	push @wrong, 'not one line' unless $err =~ /\Asignet[^\n]*\n(?:Try: [^\n]*\n)?\z/;
	push @wrong, 'another message' unless $err =~ $like;
	return ok(!@wrong, $name) || (diag(join "\n", @wrong, $err), 0)[1];
}
sub rendered { # the JSON and the certificate
	my (@args) = @_;
	template('render', '--json', @args);
	is($rc, 0, join(' ', 'render', map { s/.*\///r } @args)) or diag($out, $err);
	my $v = eval { json_decode($out) } // {};
	return (eval { json_decode($v->{rendered}) } // {}, $v->{certificate} // '');
}

# ---- default, check ----

template('default');
my $default = $out;
is("$rc $err", '0 ', 'default');
is($out, slurp("$SRC/conf/templates/leaf.tpl"), '... is conf/templates/leaf.tpl');
file('default.tpl', $out);
template('check', "$t/default.tpl", 'default', glob "$SRC/conf/templates/{leaf,iid-leaf,admin-leaf,attested-leaf,certificate-request,intermediate,root}.tpl");
is($rc, 0, 'check: those that come along are fine') or diag($err);
is(scalar(() = $out =~ /: fine\n/g), 9, '... each is named');
file('bad.tpl', "{\n  \"subject\": {{ .Subject | toJsn }}\n}\n");
refused('check: a function that is none', 1, qr/^signet: \Q$t\E\/bad\.tpl: line 2\b.*function "toJsn" not defined\n/, 'check', "$t/bad.tpl");
template('check', "$t/default.tpl", "$t/bad.tpl", "$t/none.tpl");
is($rc, 1, 'check: several');
is("$out", "$t/default.tpl: fine\n", '... the good one');
like($err, qr/\A[^\n]*bad\.tpl[^\n]*\n[^\n]*none\.tpl[^\n]*\n\z/, '... and a line for each that is not');
refused('check: nothing', 2, qr/FILE/, 'check');
refused('check: an empty file', 1, qr/empty/, 'check', file('empty.tpl', ''));
for (qw(env expandenv getHostByName genCA genSelfSignedCert genSignedCert)) { refused("check: $_ does not exist", 1, qr/function "$_" not defined/, 'check', file('f.tpl', "{{ $_ \"x\" }}")) }
for (qw(bcrypt htpasswd genPrivateKey derivePassword)) {
	my $f = file('f.tpl', "{{ $_ }}");
	refused("check: $_ is slow", 1, qr/function "$_" not defined/, 'check', $f);
	is((template('check', '--slow-functions', $f))[0], 0, '... and there when it may be') or diag($err);
}

# ---- render ----

my $name = 'web.example.com';
my $csr = file('web.csr', csr_new(subject => "/O=Example/CN=$name", san => "DNS:$name,IP:192.0.2.7"));
my ($json, $pem) = rendered('default', '--csr', $csr);
is_deeply($json, { subject => { commonName => $name }, sans => [ { type => 'dns', value => $name }, { type => 'ip', value => '192.0.2.7' } ], keyUsage => ['digitalSignature'], extKeyUsage => [ 'serverAuth', 'clientAuth' ] }, 'default: its JSON') or diag(explain($json));
like(cert_text($pem), qr/DNS:web\.example\.com, IP Address:192\.0\.2\.7/, 'default: its certificate');
is(cert_fields($pem)->{spki}, from_pem(run_ok('openssl', 'req', '-in', $csr, '-noout', '-pubkey')), '... with the request\'s key');
template('render', 'default', '--subject', $name, '--san', 'a.example.com', '--san', 'spiffe://x/y');
is($rc, 0, 'for people');
like($out, qr/\A\{\n.*\n\}\n\n.*Subject/s, '... the JSON, then the certificate') or diag($out);
like($out, qr/a\.example\.com.*spiffe:\/\/x\/y/s, '... with the names');
my $mine = file('mine.tpl', <<'EOF2');
{{- /* with data of every kind */ -}}
{
	"subject": {"commonName": {{ toJson .Subject.CommonName }}, "organizationalUnit": {{ printf "%v|%v|%v|%v|%v|%v" .Insecure.User.team .Token.iss .Inventory.owner .Webhooks.hr.desk .Org .Insecure.User.n | toJson }}},
	"sans": {{ toJson .SANs }},
	"keyUsage": ["digitalSignature"], "extKeyUsage": ["serverAuth"]
}
EOF2
my @data = ('--set', 'team="a \"b\""', '--set', 'n=7', '--token', file('claims.json', '{"sub":"web.example.com","iss":"robot","sans":["tok.example.com"]}'), '--inventory', file('record.json', '{"owner":"Web"}'),
	'--webhooks', file('hooks.json', '{"hr":{"desk":12}}'), '--data', file('data.json', '{"Org":"Example"}'));
($json, $pem) = rendered($mine, @data);
is($json->{subject}{organizationalUnit}, 'a "b"|robot|Web|12|Example|7', 'data of every kind');
is($json->{sans}[0]{value}, 'tok.example.com', '... names from the token');
($json) = rendered($mine, '--subject', $name, '--set-file', file('set.json', '{"team":"file","n":1}'), '--set', 'n=2');
is($json->{subject}{organizationalUnit}, 'file|<nil>|<nil>|<nil>|<nil>|2', '--set-file, and --set over it');
my $jws = token_new(url => 'https://ca.example.com', sub => $name, claims => { user => { team => 'from a token' } });
($json) = rendered(file('user.tpl', '{"subject":{"commonName":{{ toJson .Token.user.team }}},"sans":{{ toJson .SANs }},"extKeyUsage":["serverAuth"]}'), '--token', file('token', "$jws\n"));
is($json->{subject}{commonName}, 'from a token', 'a token as it is');
template({ stdin => $default }, 'render', '-', '--subject', $name);
is($rc, 0, 'standard input') or diag($err);
template('render', 'default', '--subject', $name, '--out', "$t/preview.crt");
is($rc, 0, '--out') or diag($err);
like(cert_text(slurp("$t/preview.crt")), qr/Issuer: CN = Issuer of this preview\n/, '... by nobody');
refused('--out: not over a file', 1, qr/preview\.crt/, 'render', 'default', '--subject', $name, '--out', "$t/preview.crt");

# What the CA would refuse is refused here, with the same words, after its JSON was shown.
for ([ 'an authority', '{"subject":"x","sans":{{ toJson .SANs }},"basicConstraints":{"isCA":true},"keyUsage":["certSign"]}', qr/^signet: the CA would refuse this: the template makes an authority \(CA:TRUE\).*options\.x509\.allow does not list 'isCA'$/m ],
	[ 'a usage', '{"subject":"x","sans":{{ toJson .SANs }},"extKeyUsage":["ocspSigning"]}', qr/the CA would refuse this: .*'ocspSigning'/ ],
	[ 'lint', '{"subject":{"commonName":"x","country":"Austria"},"sans":{{ toJson .SANs }},"extKeyUsage":["serverAuth"]}', qr/the CA would refuse this: lint: country_form: / ],
	[ 'fail', '{{ fail "you may not" }}', qr/^signet: .*you may not$/m ], [ 'no JSON', '{"subject":', qr/error applying certificate template/ ], [ 'an error', '{{ .Subject.Nothing }}', qr/template:1:\d+: executing "template" at <\.Subject\.Nothing>/ ],
	[ 'an endless one', '{{ range until 50000000 }}{{ end }}', qr/template/ ]) {
	my ($what, $text, $like) = @$_;
	template('render', file('r.tpl', $text), '--subject', $name);
	ok($rc == 1 || $rc == 3, "refused: $what") or diag($rc, $out);
	like($err, $like, '... says why');
}
is((template('render', file('ocsp.tpl', '{"subject":"x","sans":{{ toJson .SANs }},"extKeyUsage":["ocspSigning"]}'), '--subject', $name, '--allow', 'ocspSigning'))[0], 0, '--allow') or diag($err);
is((template('render', file('ca.tpl', '{"subject":"x","basicConstraints":{"isCA":true,"maxPathLen":0},"keyUsage":["certSign"]}'), '--subject', $name, '--allow', 'isCA'))[0], 0, '--allow isCA') or diag($err);
refused('--allow: an unknown word', 1, qr/--allow: 'x' is unknown; there are isCA/, 'render', 'default', '--subject', $name, '--allow', 'x');
refused('no file', 1, qr/none\.tpl: No such file/, 'render', "$t/none.tpl");
refused('--csr: no request', 1, qr/default\.tpl/, 'render', 'default', '--csr', "$t/default.tpl");
refused('--set: no value', 2, qr/KEY=VALUE/, 'render', 'default', '--set', 'x');
refused('--inventory: no JSON', 1, qr/default\.tpl/, 'render', 'default', '--inventory', "$t/default.tpl");

# ---- what a daemon makes of it ----

my $d = init_daemon();
{
	my $prov = slurp("$d->{dir}/provisioners.d/admin.yaml");
	spew("$d->{dir}/mine.tpl", slurp($mine));
	spew("$d->{dir}/provisioners.d/mine.yaml", $prov =~ s/^name: .*/name: mine/mr . "options:\n  x509:\n    templateFile: mine.tpl\n    templateData: {Org: Example}\n");
	run_ok(signet_bin(), 'reload', '--config', "$d->{dir}/signetd.yaml");
}
is(($d->bootstrap)[0], 0, 'bootstrap');
my @by = ('--provisioner', 'mine', '--password-file', "$d->{top}/prov.pw", '--force');
sub ou { return (run_ok('openssl', 'x509', '-in', $_[0], '-noout', '-subject', '-nameopt', 'multiline') =~ /organizationalUnitName *= (.*)$/m)[0] }
($rc, $out, $err) = $d->signet('certificate', $name, "$t/c.crt", "$t/c.key", @by, '--set', 'team="a b"', '--set', 'n=7');
is($rc, 0, 'certificate --set') or diag($err);
is(ou("$t/c.crt"), 'a b|mine|<nil>|<nil>|Example|7', '... .Insecure.User');
is(verify_ok("$t/c.crt", $d->{root}), '', '... openssl verifies it');
($rc, $out, $err) = $d->signet('certificate', $name, "$t/c.crt", "$t/c.key", @by, '--set-file', "$t/set.json");
is(ou("$t/c.crt"), 'file|mine|<nil>|<nil>|Example|1', 'certificate --set-file');
($rc, $out, $err) = $d->signet('sign', $csr, "$t/s.crt", @by, '--set', 'team=x');
is($rc, 0, 'sign --set') or diag($err);
is(ou("$t/s.crt"), 'x|mine|<nil>|<nil>|Example|<nil>', '... .Insecure.User');
($json, $pem) = rendered("$d->{dir}/mine.tpl", '--csr', $csr, '--set', 'team=x', '--token', file('claims.json', '{"sub":"web.example.com","iss":"mine","sans":["web.example.com","192.0.2.7"]}'), '--data', "$t/data.json");
my ($ours, $theirs) = map { cert_fields($_) } $pem, first_cert("$t/s.crt");
is($ours->{subject}, $theirs->{subject}, 'render and the daemon: the same subject');
is_deeply([ grep { $_->[0] !~ /^2\.5\.29\.35$|37476/ } @{ $ours->{exts} } ], [ grep { $_->[0] !~ /^2\.5\.29\.35$|37476/ } @{ $theirs->{exts} } ], '... and extensions');
spew("$d->{dir}/mine.tpl", '{"subject":{"commonName":{{ toJson .Subject.CommonName }},"organizationalUnit":{{ toJson .Token.user.team }}},"sans":{{ toJson .SANs }},"extKeyUsage":["serverAuth"]}');
run_ok(signet_bin(), 'reload', '--config', "$d->{dir}/signetd.yaml");
($rc, $out, $err) = $d->signet('token', $name, '--output-file', "$t/tok", @by, '--set', 'team=t');
is($rc, 0, 'token --set') or diag($err);
push @{ $d->{secrets} }, slurp("$t/tok") =~ s/\n//r;
($rc, $out, $err) = $d->signet('certificate', $name, "$t/c.crt", "$t/c.key", '--force', '--token-file', "$t/tok");
is($rc, 0, '... and its certificate') or diag($err);
is(ou("$t/c.crt"), 't', '... .Token.user');
spew("$d->{dir}/mine.tpl", '{{ fail "not on a Sunday" }}');
run_ok(signet_bin(), 'reload', '--config', "$d->{dir}/signetd.yaml");
($rc, $out, $err) = $d->signet('certificate', $name, "$t/f.crt", "$t/f.key", @by);
is($rc, 3, 'fail: refused by the CA');
like($err, qr/not on a Sunday/, '... with its text');
ok(!-e "$t/f.crt" && !-e "$t/f.key", '... nothing is left');
$d->stop;
done_testing;

#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# signet policy: which rule decides about a name, read from every kind of file that holds a policy; verdicts of step's own engine through the command; mistakes.
use strict;
use warnings;
use Test::More;
use Signet::Test;

hang_guard(600);

my $t = scratch();
mkdir "$t/none";
my $home = { SIGNETPATH => "$t/none", HOME => "$t/none" }; # nobody's client folder
sub policy { my @args = @_; return run({ timeout => 120, env => $home }, signet_bin(), 'policy', @args) }
sub file { my ($name, $text) = @_; spew("$t/$name", $text); return "$t/$name" }

my $block = <<'YAML';
x509:
  allowWildcardNames: true
  allow:
    dns:
    - www.corp.example
    - "*.apps.corp.example"
    - {name: db.corp.example, groups: [dba], networks: [10.0.0.0/8]}
    - {name: ca.corp.example, provisioners: [admin]}
    ip: [10.0.0.0/8, "2001:db8::/32"]
    email: ["@corp.example"]
    uri: ["*.corp.example"]
    cn: [Build Server]
    otherName: ["upn:@corp.example"]
    permanentIdentifier: [SN-1]
  deny:
    dns: [admin.apps.corp.example]
    email: [root@corp.example]
ssh:
  user: {allow: {principal: [jane], email: ["@corp.example"]}, deny: {principal: [root]}}
  host: {allow: {dns: ["*.corp.example"]}}
YAML
(my $inside = $block) =~ s/^/  /mg;
my $alone = file('block.yaml', $block);
my $provisioner = file('admin.yaml', "type: JWK\nname: admin\nauthority: second\npolicy:\n$inside");

# ---- verdicts and the rule that decides ----

my @rows = (
	# name, allowed, the rule, options
	['www.corp.example', 1, 'allow.dns[0]'],
	['WWW.Corp.Example', 1, 'allow.dns[0]'],
	['x.apps.corp.example', 1, 'allow.dns[1] "*.apps.corp.example"'],
	['y.x.apps.corp.example', 0, 'no rule of policy.x509.allow.dns'],
	['admin.apps.corp.example', 0, 'deny.dns[0] "admin.apps.corp.example"'],
	['ADMIN.apps.corp.example', 0, 'deny.dns[0]'],
	['*.apps.corp.example', 0, 'deny.dns[0]'],
	['*.corp.example', 0, 'no rule'],
	['db.corp.example', 0, 'no rule'],
	['db.corp.example', 0, 'no rule', '--group', 'dba'],
	['db.corp.example', 0, 'no rule', '--group', 'dba', '--source', '11.0.0.1'],
	['db.corp.example', 1, 'allow.dns[2] "db.corp.example"', '--group', 'users', '--group', 'dba', '--source', '10.1.2.3'],
	['db.corp.example', 1, 'allow.dns[2]', '--group', 'dba', '--source', '::ffff:10.1.2.3'],
	['ca.corp.example', 0, 'no rule', '--provisioner', 'other'],
	['ca.corp.example', 1, 'allow.dns[3]', '--provisioner', 'admin'],
	['10.200.0.1', 1, 'allow.ip[0] "10.0.0.0/8"'],
	['::ffff:10.200.0.1', 1, 'allow.ip[0]'],
	['2001:db8::1', 1, 'allow.ip[1]'],
	['192.0.2.1', 0, 'no rule of policy.x509.allow.ip'],
	['jane@corp.example', 1, 'allow.email[0] "@corp.example"'],
	['"ROOT"@corp.example', 0, 'deny.email[0]'],
	['https://u@www.corp.example:8443/x', 1, 'allow.uri[0]'],
	['urn:x', 0, 'cannot be compared'],
	['Build Server', 0, 'cannot be compared'],
	['build server', 1, 'allow.cn[0]', '--cn'],
	['www.corp.example', 1, 'allow.dns[0]', '--cn'],
	['Other Server', 0, 'cannot be compared', '--type', 'cn'],
	['jane@CORP.example', 1, 'allow.otherName[0]', '--type', 'upn'],
	['SN-1', 1, 'allow.permanentIdentifier[0]', '--type', 'permanentIdentifier'],
	['SN-2', 0, 'no rule of policy.x509.allow.permanentIdentifier', '--type', 'permanentIdentifier'],
	['jane', 1, 'policy.ssh.user.allow.principal[0] "jane"', '--ssh', 'user'],
	['root', 0, 'policy.ssh.user.deny.principal[0]', '--ssh', 'user'],
	['joe@corp.example', 1, 'policy.ssh.user.allow.email[0]', '--ssh', 'user'],
	['10.0.0.1', 0, 'IP principals [10.0.0.1] not expected', '--ssh', 'user'],
	['h.corp.example', 1, 'policy.ssh.host.allow.dns[0]', '--ssh', 'host'],
	['10.0.0.1', 0, 'none of the kind ip', '--ssh', 'host'],
	['*', 0, 'cannot be compared'],
	['.', 0, 'cannot be compared'],
	["a\x{1}b", 0, 'cannot be compared'],
	['a' x 254, 0, 'cannot be compared'],
);
for my $r (@rows) {
	my ($name, $allowed, $rule, @opts) = @$r;
	my ($rc, $out, $err) = policy('test', '--policy', $alone, @opts, '--', $name);
	my $want = $allowed ? 'allowed' : 'refused';
	ok($rc == ($allowed ? 0 : 3) && $out =~ /: \Q$want\E\n/ && index($out, $rule) >= 0 && $err eq '' && $out !~ /[^\n\x20-\x7e\x80-\xff]/,
		"'" . ($name =~ s/[^ -~]/?/gr) . "' @opts: $want, $rule") or diag("$rc $out$err");
}
{
	my ($rc, $out) = policy('test', '--policy', $alone, 'www.corp.example', 'evil.example', '10.0.0.1');
	is($rc, 3, 'several names, one refused: status 3');
	is(scalar(() = $out =~ /^\S+: allowed\n/mg), 2, 'each name has its verdict');
	($rc, $out) = policy('test', '--json', '--policy', $alone, 'www.corp.example', 'evil.example');
	my $j = json_decode($out);
	is($rc, 3, 'the same status with --json');
	is_deeply([map { $_->{allowed} ? 1 : 0 } @{ $j->{names} }], [1, 0], '--json: verdicts');
	is($j->{refused}, 1, '--json: how many are refused');
	is($j->{names}[1]{policies}[0]{error}, 'dns name "evil.example" not allowed', '--json: what the client would be told');
}

# ---- files ----

mkdir "$t/ca";
mkdir "$t/ca/provisioners.d";
my $config = file('ca/signetd.yaml', <<'YAML');
address: ":9000"
authorities:
- name: first
  policy: {x509: {deny: {dns: [first.corp.example]}}}
- name: second
  policy:
    x509: {deny: {dns: [second.corp.example, x.apps.corp.example]}}
- name: third
YAML
spew("$t/ca/provisioners.d/admin.yaml", slurp($provisioner));
spew("$t/ca/provisioners.d/open.yaml", "type: JWK\nname: open\nauthority: first\n");
sub verdict { my @args = @_; my ($rc) = policy('test', @args); return $rc }

is(verdict('--config', $config, 'first.corp.example'), 3, 'signetd.yaml: the first authority, unless another is asked for');
is(verdict('--config', $config, 'second.corp.example'), 0, 'and not the second');
is(verdict('--config', $config, '--authority', 'second', 'second.corp.example'), 3, '--authority');
is(verdict('--config', $config, '--authority', 'third', 'second.corp.example'), 0, 'one without a policy');
is(verdict('--provisioner-file', $provisioner, 'www.corp.example'), 0, "a provisioner's file");
is(verdict('--provisioner-file', $provisioner, 'ca.corp.example'), 0, 'its own name counts for the conditions');
is(verdict('--policy', $provisioner, 'ca.corp.example'), 3, 'but only when it is the provisioner that is asked about');
is(verdict('--provisioner-file', $provisioner, '--config', $config, 'x.apps.corp.example'), 3, 'the provisioner allows it, its authority does not');
is(verdict('--provisioner-file', $provisioner, '--config', $config, 'first.corp.example'), 3, 'its authority allows it, the provisioner does not');
is(verdict('--config', $config, '--provisioner', 'admin', 'x.apps.corp.example'), 3, '--provisioner finds its file');
is(verdict('--config', $config, '--provisioner', 'open', 'second.corp.example'), 0, 'one without a policy of its own');
{
	my (undef, $out) = policy('test', '--config', $config, '--provisioner', 'admin', 'x.apps.corp.example');
	like($out, qr/admin\.yaml: dns name "x\.apps\.corp\.example": allowed by policy\.x509\.allow\.dns\[1\]/, 'both levels tell: the provisioner');
	like($out, qr/signetd\.yaml: dns name "x\.apps\.corp\.example": denied by authorities\[1\]\.policy\.x509\.deny\.dns\[1\]/, '... and the authority');
}
{
	my ($rc, $out) = policy('check', '--config', $config);
	is($rc, 0, 'check of everything that signetd.yaml leads to');
	like($out, qr/authorities\[0\]\.policy: 0 allowed, 1 denied.*authorities\[1\]\.policy: 0 allowed, 2 denied.*admin\.yaml: policy: \d+ allowed, \d+ denied/s, 'each policy with its rules');
	($rc, $out) = policy('check', file('nothing.yaml', "policy:\n  x509:\n    allow: {dns: []}\n"));
	is($rc, 0, 'an empty list is no mistake');
	like($out, qr/policy\.x509\.allow lists no name, so that it allows everything/, 'but worth a word');
	($rc, $out) = policy('check', file('none.yaml', "type: JWK\nname: x\n"));
	like($out, qr/^There is no policy/, 'no policy at all');
}

# ---- mistakes: one line, that says where ----

for my $r (
	['dns: [www.corp.example, "*"]', qr/policy\.x509\.allow\.dns\[1\]: "\*"/],
	['dns: www.corp.example', qr/policy\.x509\.allow\.dns: not a list/],
	['dnsNames: [www.corp.example]', qr/policy\.x509\.allow\.dnsNames: unknown key; there are dns, ip/],
	['ip: [10.0.0.0/33]', qr/policy\.x509\.allow\.ip\[0\].*neither an IP address nor a network/],
	['cn: [4711]', qr/policy\.x509\.allow\.cn\[0\]: neither a text \(in quotes/],
	['dns: [{name: a.example, group: [x]}]', qr/policy\.x509\.allow\.dns\[0\]\.group: unknown key/],
	['dns: [{groups: [x]}]', qr/policy\.x509\.allow\.dns\[0\]\.name: missing/],
	['dns: [*.corp.example]', qr/bad\.yaml:\d+/],
) {
	my ($lists, $like) = @$r;
	my $bad = file('bad.yaml', "policy:\n  x509:\n    allow:\n      $lists\n");
	for my $cmd (['check', $bad], ['test', '--policy', $bad, 'a.example']) {
		my ($rc, $out, $err) = policy(@$cmd);
		ok($rc == 1 && $err =~ /\Asignet: [^\n]*\n\z/ && $err =~ $like && $err =~ /bad\.yaml/ && $out eq '', "$cmd->[0] $lists: refused") or diag("$rc $out$err");
	}
}
for my $r (
	[qr/neither user nor host/, 'test', '--policy', $alone, '--ssh', 'both', 'a'],
	[qr/not an IP address/, 'test', '--policy', $alone, '--source', '10.0.0', 'a'],
	[qr/--type x: there are/, 'test', '--policy', $alone, '--type', 'x', 'a'],
	[qr/one of --ssh, --cn and --type/, 'test', '--policy', $alone, '--cn', '--ssh', 'user', 'a'],
	[qr/./, 'test', '--policy', $alone],
	[qr/NAME is empty/, 'test', '--policy', $alone, ''],
) {
	my ($like, @args) = @$r;
	my ($rc, $out, $err) = policy(@args);
	ok($rc == 2 && $err =~ $like && $out eq '', join(' ', @args[3 .. $#args]) . ': usage') or diag("$rc $out$err");
}
SKIP: {
	skip 'this machine or folder has a signetd.yaml', 1 if -e '/etc/signet/signetd.yaml' || -e 'signetd.yaml';
	my ($rc, undef, $err) = policy('test', 'a.example');
	ok($rc == 2 && $err =~ /which policy\?.*--policy, --provisioner-file or --config/, 'no file named, none there');
}
is((policy('test', '--policy', "$t/missing.yaml", 'a'))[0], 1, 'a file that is not there');
is((policy('test', '--config', $config, '--authority', 'fourth', 'a'))[0], 1, 'an authority that is not there');
is((policy('test', '--config', $config, '--provisioner', 'fourth', 'a'))[0], 1, 'a provisioner that is not there');
is((policy('check', file('other.yaml', "a: b\n")))[0], 1, 'a file without a policy');
for my $cmd (['policy', '--help'], ['policy', 'test', '--help'], ['policy', 'check', '--help']) {
	my ($rc, $out) = run({ timeout => 120 }, signet_bin(), @$cmd);
	ok($rc == 0 && $out =~ /\Ausage: signet policy/, "@$cmd");
}

# ---- step's own verdicts, through the command: many names at a time ----

my (%policies, %names);
for my $line (split /\n/, slurp("$SRC/t/vectors/policy.jsonl")) {
	my $r = json_decode($line);
	if ($r->{id}) { $policies{ $r->{id} } = json_encode($r->{policy}); next }
	my @all = map { my $k = $_; map { [$k, $_] } @{ $r->{$k} // [] } } qw(dns ip email uri principals);
	next if @all != 1 || $r->{cn} || $r->{verdict} ne 'deny' || $all[0][1] =~ /[\0\n]|\A\z/;
	my $how = $r->{ssh} ? "--ssh $r->{ssh}" : "--type $all[0][0]";
	utf8::downgrade($all[0][1]); # bytes, as they stand in the file
	push @{ $names{ $r->{use} }{$how} }, $all[0][1];
}
my ($asked, $wrong) = (0, 0);
for my $id (sort keys %names) {
	my $file = file('vector.yaml', "$policies{$id}\n"); # JSON is YAML
	for my $how (sort keys %{ $names{$id} }) {
		my @list = @{ $names{$id}{$how} };
		my ($rc, $out, $err) = policy('test', '--json', '--policy', $file, split(/ /, $how), '--', @list);
		my $j = $rc == 3 ? json_decode($out) : { names => [] };
		my $n = grep { !$_->{allowed} } @{ $j->{names} };
		$asked += @list;
		$wrong++, diag("$id $how: $rc, $n of " . @list . " refused: $err") if $n != @list;
	}
}
is($wrong, 0, "all of $asked names that step's engine refuses are refused");
cmp_ok($asked, '>', 1500, 'and these are many');

done_testing();

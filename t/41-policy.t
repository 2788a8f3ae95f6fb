#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Who may get which name, against a running daemon: policies of provisioner and authority, name constraints of issuers, records of inventories. Whatever
# way a name takes into a certificate and however it is spelt, it is judged; a renewal is judged again. Rows X13 to X15, T14. (The engine's own verdicts
# are in t/unit/test_policy_*.c, the command's in 12-policy.t.)
use strict;
use warnings;
use Test::More;
use Digest::SHA qw(sha1);
use Signet::Test;
use Signet::DER;
use Signet::Lifecycle;

need('openssl');
hang_guard(600);

# ---- the configuration ----

my $true = JSON::PP::true;
sub x509_policy { return (policy => { x509 => {@_} }) }
my $by_data = '{"subject":{{ toJson .Subject }},"sans":{{ toJson .SANs }},"dnsNames":{{ toJson .Insecure.User.dns }},"ipAddresses":{{ toJson .Insecure.User.ip }},'
	. '"emailAddresses":{{ toJson .Insecure.User.email }},"uris":{{ toJson .Insecure.User.uri }},"keyUsage":["digitalSignature"],"extKeyUsage":["serverAuth"]'
	. '{{ if .Insecure.User.raw }},"extensions":[{"id":"2.5.29.17","critical":false,"value":{{ toJson .Insecure.User.raw }}}]{{ end }}}';
my $with_cn = '{"subject":{{ toJson .Insecure.User.subject }},"sans":{{ toJson .SANs }},"keyUsage":["digitalSignature"],"extKeyUsage":["serverAuth"]}';
my %example = (allow => { dns => [ '*.example.com', 'deep.a.example.com' ], ip => ['192.0.2.0/24'] }, deny => { dns => ['secret.example.com'] });
my %provs = (
	free => {}, data => { options => { x509 => { template => $by_data } }, x509_policy(%example) }, subject => { options => { x509 => { template => $with_cn } }, x509_policy(%example) },
	example => { x509_policy(%example) }, wild => { x509_policy(%example, allowWildcardNames => $true) },
	deny => { x509_policy(deny => { dns => [ 'secret.example.com', '*.intern.example.com', "b\x{fc}cher.example", 'under.example' ], ip => [ '10.0.0.0/8', '2001:db8::/32' ], email => [ '@evil.example', 'root@example.com' ],
		uri => [ 'evil.example', '*.evil.example' ], cn => ['Nobody'] }) },
	groups => { x509_policy(allow => { dns => [ { name => 'admin.example.com', groups => [ 'admins', 'roots' ] }, '*.users.example.com' ] }) },
	network => { x509_policy(allow => { dns => [ { name => 'near.example.com', networks => ['127.0.0.0/8'] }, { name => 'far.example.com', networks => [ '10.0.0.0/8', '::/0' ] } ] },
		deny => { dns => [ { name => 'not-near.example.com', networks => ['127.0.0.1'] } ] }) },
	both => { x509_policy(allow => { dns => [ '*.example.com', '*.example.org' ] }) },
	constrained => { authority => 'constrained' }, 'constrained-data' => { authority => 'constrained', options => { x509 => { template => $by_data } } },
	hosts => { inventory => { list => 'hosts', key => '{{ .Token.sub }}', required => $true, allowedNames => 'names' } },
	again => { inventory => { list => 'hosts', key => '{{ .Subject.CommonName }}', required => $true, allowedNames => 'names', onRenew => $true } },
	optional => { inventory => { list => 'hosts', key => '{{ .Token.sub }}' }, options => { x509 => { template =>
		'{"subject":{"commonName":{{ toJson .Subject.CommonName }},"organizationalUnit":{{ .Inventory.owner | default "nobody" | toJson }}},"sans":{{ toJson .SANs }},"keyUsage":["digitalSignature"],"extKeyUsage":["serverAuth"]}' } } },
	closed => { inventory => { list => 'hosts', key => '{{ .Token.sub }}', allowedNames => 'names' } },
	device => { inventory => { list => 'hosts', key => 'device/{{ .Insecure.User.device }}', required => $true, allowedNames => 'names' },
		options => { x509 => { template => '{"subject":{{ toJson .Subject }},"dnsNames":{{ toJson .Inventory.names }},"keyUsage":["digitalSignature"],"extKeyUsage":["serverAuth"]}' } } },
	nolist => { inventory => { list => 'none', key => '{{ .Token.sub }}', required => $true } }, nokey => { inventory => { list => 'hosts', key => '{{ .Token.nothing }}', required => $true } },
	badkey => { inventory => { list => 'hosts', key => '{{ fail "x" }}' } },
);
my $d = Signet::Test->new(provisioners => {});
for my $name (keys %provs) {
	my %doc = (type => 'JWK', name => $name, key => Signet::Test::jwk_public('provisioner'), %{ $provs{$name} });
	spew("$d->{dir}/provisioners.d/$name.yaml", JSON::PP->new->utf8->canonical->encode(\%doc));
}
my $v = "$SRC/t/vectors";
my $root = cert_fields(slurp($d->{root}));
sub dns { return map { tlv(0x82, $_) } @_ }
spew("$d->{dir}/certs/constrained.crt", to_pem('CERTIFICATE', cert_der(issuer => $root->{subject}, signer => file_key("$v/ca/root.key"), key => file_key("$v/ca/intermediate.key"),
	subject => name_cn('Constrained CA'), to => time + 90 * 86400, aki => sha1(substr $root->{spki}, -65),
	exts => [ ext('2.5.29.19', 1, seq("\x01\x01\xff", "\x02\x01\0")), ext('2.5.29.15', 1, "\x03\x02\x01\x06"),
		ext('2.5.29.30', 1, seq(tlv(0xa0, seq(dns('example.com')), seq(tlv(0x87, "\xc0\0\x02\0\xff\xff\xff\0"))), tlv(0xa1, seq(dns('secret.example.com'))))) ])));
my $yaml = slurp("$d->{dir}/signetd.yaml");
# The authorities come last; the first one's policy follows its keys.
$yaml =~ s/^(store: .*\n)//m;
my $store = $1;
sub configure {
	my ($policy) = @_;
	spew("$d->{dir}/signetd.yaml", $store . $yaml . ($policy ? '  policy: ' . json_encode($policy) . "\n" : '')
		. "- name: constrained\n  root: certs/root_ca.crt\n  crt: certs/constrained.crt\n  key: \"file:secrets/intermediate_ca.key\"\n");
}
configure();
sub signet { return $d->signet(@_, '--config', "$d->{dir}/signetd.yaml") }
sub signet_ok { my ($rc, $out, $err) = signet(@_); is($rc, 0, join ' ', 'signet', @_) or diag($out, $err); return $out }
sub reload { my ($policy) = @_; configure($policy); my ($rc, $out, $err) = signet('reload'); return $rc == 0 ? '' : $err }
$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
for (1 .. 600) { last if $d->sign(token => $d->token(iss => 'free'), csr => csr_new())->{status} == 201; select undef, undef, undef, 0.05 }

# ---- asking ----

my $r;
# names => [..] in the token and nothing in the request; data => {..} for the template; cn, csr, token => {claims}.
sub ask {
	my ($prov, %o) = @_;
	$o{names} = [ map { utf8::encode(my $s = $_); $s } @{ $o{names} } ] if $o{names}; # the token's JSON is bytes
	my $cn = $o{cn} // ($o{names} ? $o{names}[0] : 'host.example.com');
	my $token = $d->token(iss => $prov, sub => $cn, claims => { ($o{names} ? (sans => $o{names}) : ()), %{ $o{claims} // {} } });
	return $r = $d->sign(body => JSON::PP->new->ascii->encode({ csr => $o{csr} // csr_new(cn => $o{csr_cn} // $cn), ott => $token, ($o{data} ? (templateData => $o{data}) : ()) }));
}
sub row { my ($id, $prov, $status, $message, %o) = @_; return $d->row($id, ask($prov, %o), $status, defined $message && !ref $message ? says($status, $message) : $message) }
sub allows { my ($id, $prov, @names) = @_; return row("$id: @names", $prov, 201, undef, names => [@names]) }
sub denies { my ($id, $prov, $type, $name, @names) = @_; return row("$id: " . (join ' ', @names ? @names : $name) =~ s/[^\x20-\x7e]/?/gr, $prov, 403, "$type name \"$name\" not allowed", names => @names ? [@names] : [$name]) }

# ---- a provisioner's policy ----

allows('allowed', 'example', 'host.example.com');
allows('allowed', 'example', 'deep.a.example.com', 'host.example.com', '192.0.2.7');
denies('not allowed', 'example', 'dns', 'www.example.org');
denies('one of several', 'example', 'dns', 'www.example.org', 'host.example.com', 'www.example.org', '192.0.2.7');
denies('one label, not two', 'example', 'dns', 'a.b.example.com');
denies('one label, not none', 'example', 'dns', 'example.com');
denies('denied', 'example', 'dns', 'secret.example.com');
denies('an address', 'example', 'ip', '192.0.3.1');
denies('a kind that nothing allows', 'example', 'email', 'a@example.com', 'host.example.com', 'a@example.com');
row('a kind that nothing allows: URI', 'example', 403, qr/^The request was forbidden by the certificate authority: uri name "/, names => [ 'host.example.com', 'https://host.example.com/x' ]);
denies('a wildcard', 'example', 'dns', '*.example.com', 'host.example.com', '*.example.com');
row('a wildcard that would hold a denied name', 'wild', 403, qr/dns name "\*\.example\.com" not allowed/, names => [ 'host.example.com', '*.example.com' ]);
row('nothing allows, nothing denies', 'free', 201, undef, names => [ '*.anything.example', '10.1.2.3', 'a@b.example', 'spiffe://a/b' ]);
allows('only denied: all else', 'deny', 'www.example.org', '192.0.2.1', 'a@example.com', 'https://www.example.org/');

# X14: another spelling is the same name. The name as the daemon quotes it does not matter here.
for (
	[ 'secret.example.com' => 'SECRET.example.com', 'Secret.Example.COM', 'secret.example.com.', '*.example.com' ],
	[ 'a label under intern.example.com' => 'a.intern.example.com', 'A.INTERN.example.com', 'a.intern.example.com.', '*.intern.example.com' ],
	[ 'IDNA' => "b\x{fc}cher.example", 'xn--bcher-kva.example', 'XN--BCHER-KVA.EXAMPLE', "B\x{dc}CHER.example", "bu\x{308}cher.example" ],
	[ '10.0.0.0/8' => '10.1.2.3', '::ffff:10.1.2.3', '::ffff:0a01:0203', '2001:db8::1', '2001:0DB8:0::0001' ],
	[ 'e-mail' => 'a@evil.example', 'A@EVIL.example', '"a"@evil.example', '"a b"@evil.example', 'a@evil.example.', 'ROOT@example.com', '"root"@example.com', '"ro\\ot"@example.com' ],
	[ 'URI' => 'https://evil.example/', 'https://EVIL.example/', 'https://user@evil.example/', 'https://user:pw@evil.example:8443/x', 'https://www.evil.example/', 'HTTPS://evil.example.', 'https://good.example@evil.example/' ],
) {
	my ($what, @spellings) = @$_;
	row("X14 $what: " . s/[^\x20-\x7e]/?/gr, 'deny', [ 400, 403 ], qr/\AThe request (?:was forbidden by the certificate authority|could not be completed)\b/, names => [ 'host.example.com', $_ ]) for @spellings;
}
# A rule for a text, not a pattern that data could widen.
row("T14 in a name: $_", 'example', [ 400, 403 ], undef, names => [ 'host.example.com', $_ ]) for '*', '*.*', '*.com', 'host.example.com,evil.example.org', '*example.com', 'x*.example.com', ',', '.example.com', '{{ .Token.sub }}';
row('the common name counts, too', 'example', 403, qr/: (?:cn|dns) name "www\.example\.org" not allowed\.\z/, cn => 'www.example.org', names => ['host.example.com']);
row('a common name that is denied', 'deny', 403, qr/name "(?:Nobody|nobody)" not allowed/, cn => 'Nobody', names => ['host.example.com']);

# X15: whichever way a name comes in.
row('X15 an address only in the request', 'example', 403, undef, names => ['host.example.com'], csr => csr_new(san => 'DNS:host.example.com,IP:10.0.0.1'));
for ([ dns => ['www.example.org'], 'dns' ], [ ip => ['10.0.0.1'], 'ip' ], [ email => ['a@b.example'], 'email' ], [ uri => ['https://www.example.org/'], 'uri' ], [ dns => ['secret.example.com'], 'dns' ]) {
	my ($field, $names, $type) = @$_;
	row("X15 by the template's $field", 'data', 403, qr/: $type name "[^"]+" not allowed\.\z/, data => { $field => $names });
}
row('X15 ... fine', 'data', 201, undef, data => { dns => ['deep.a.example.com'], ip => ['192.0.2.9'] });
{
	require MIME::Base64;
	my $raw = sub { return { raw => MIME::Base64::encode_base64(seq(@_), '') } };
	row('X15 by a raw extension', 'data', 403, qr/dns name "www\.example\.org" not allowed/, data => $raw->(dns('host.example.com', 'www.example.org')));
	row('X15 by a raw extension: an address', 'data', 403, qr/ip name "10\.0\.0\.1" not allowed/, data => $raw->(tlv(0x87, "\x0a\0\0\1")));
	row('X15 by a raw extension: a kind of name that has no rules', 'data', 403, undef, data => $raw->(dns('host.example.com'), tlv(0xa0, oid_der('1.3.6.1.4.1.311.20.2.3'), tlv(0xa0, tlv(0x0c, 'root@example.org')))));
	row('X15 by a raw extension: directoryName', 'data', [ 400, 403, 500 ], undef, data => $raw->(dns('host.example.com'), tlv(0xa4, name_cn('www.example.org'))));
	row('X15 by a raw extension: fine', 'data', 201, undef, data => $raw->(dns('host.example.com', 'deep.a.example.com')));
}
row('X15 by the subject: common name', 'subject', 403, qr/name "www\.example\.org" not allowed/, data => { subject => { commonName => 'www.example.org' } });
row('X15 by the subject: two common names', 'subject', [ 403, 500 ], undef, data => { subject => { commonName => 'host.example.com', extraNames => [ { type => '2.5.4.3', value => 'www.example.org' } ] } });
row('X15 by the subject: e-mail address', 'subject', 403, qr/email name "a\@b\.example" not allowed/, data => { subject => { commonName => 'host.example.com', extraNames => [ { type => '1.2.840.113549.1.9.1', value => 'a@b.example' } ] } });

# ---- conditions ----

row('groups: none', 'groups', 403, 'dns name "admin.example.com" not allowed', cn => 'admin.example.com');
row('groups: another', 'groups', 403, 'dns name "admin.example.com" not allowed', cn => 'admin.example.com', claims => { groups => [ 'users', 'Admins', 'admin', '*' ] });
row('groups: one of them', 'groups', 201, undef, cn => 'admin.example.com', claims => { groups => [ 'users', 'roots' ] });
row('groups: a text', 'groups', 201, undef, cn => 'admin.example.com', claims => { groups => 'admins' });
row("groups: $_->[0]", 'groups', 403, undef, cn => 'admin.example.com', claims => { groups => $_->[1] }) for [ 'joined', 'users,admins' ], [ 'an object', { admins => $true } ], [ 'a list in a list', [ ['admins'] ] ], [ 'null', undef ];
row('groups: of the request\'s own data', 'groups', 403, undef, cn => 'admin.example.com', data => { groups => ['admins'] });
allows('groups: a rule without a condition', 'groups', 'a.users.example.com');
allows('network: from here', 'network', 'near.example.com');
denies('network: not from here', 'network', 'dns', 'far.example.com');
denies('network: denied from here', 'network', 'dns', 'not-near.example.com');

# ---- the authority's policy, changed while it runs ----

is(reload({ x509 => { allow => { dns => ['*.example.com'] } } }), '', 'authority: a policy is there now');
allows('both', 'both', 'www.example.com');
denies('the authority refuses', 'both', 'dns', 'www.example.org');
denies('the provisioner refuses', 'both', 'dns', 'www.example.net');
denies('the authority refuses who has no policy', 'free', 'dns', 'www.example.org');
$d->log_like(qr/event=api\.refused .*provisioner both: dns name .*www\.example\.net/, 'the log names the level');
$d->log_like(qr/event=api\.refused .*authority default: dns name .*www\.example\.org.*policy\.x509\.allow/, '... and the rule');
is(reload({ x509 => { allow => { dns => [ '*.example.com', { name => '*.example.org', provisioners => [ 'both', 'other' ] } ] }, deny => { dns => ['www.example.com'] } } }), '', 'authority: another one');
allows('a rule for this provisioner', 'both', 'www.example.org');
denies('... not for another', 'free', 'dns', 'www.example.org');
denies('denied now', 'both', 'dns', 'www.example.com');
for ([ { x509 => { alow => {} } }, qr/policy\.x509\.alow: unknown key/ ], [ { x509 => { allow => { dns => ['a..b'] } } }, qr/policy\.x509\.allow\.dns\[0\]/ ], [ { x509 => { allow => { dns => 'x' } } }, qr/policy\.x509\.allow\.dns: not a list/ ],
	[ { x509 => { allow => { ip => ['10.0.0.0/33'] } } }, qr/policy\.x509\.allow\.ip\[0\]/ ]) {
	like(reload($_->[0]), qr/signetd\.yaml:\d+: authorities\[0\]\.$_->[1]/, 'a mistake: refused, with its place');
}
denies('... and what was stays', 'both', 'dns', 'www.example.com');
{
	my $f = "$d->{dir}/provisioners.d/bad.yaml";
	configure();
	spew($f, "type: JWK\nname: bad\nkey: " . json_encode(Signet::Test::jwk_public('provisioner')) . "\npolicy:\n  x509:\n    deny: {email: ['']}\n");
	my ($rc, $out, $err) = signet('reload');
	like($err, qr/\Q$f\E:4: policy\.x509\.deny\.email\[0\]/, 'a mistake in a provisioner\'s: refused, with its place');
	unlink $f;
}

# ---- renewal ----

is(reload(), '', 'authority: none again');
my ($crt, $key) = $d->certificate(cn => 'www.example.org', token => { iss => 'free' });
my ($host_crt, $host_key) = $d->certificate(cn => 'host.example.com', token => { iss => 'free' });
$d->row('renew', renew($d, $crt, $key), 201);
is(reload({ x509 => { allow => { dns => ['*.example.com'] } } }), '', 'authority: fewer names');
$d->row('renew: the name is not allowed any more', renew($d, $crt, $key), 403, says(403, 'dns name "www.example.org" not allowed'));
$d->row('rekey: neither', rekey($d, $crt, $key, csr_new(key_file => new_key(), cn => 'www.example.org')), 403, says(403, 'dns name "www.example.org" not allowed'));
$d->row('renew by token: neither', renew_by($d, renew_token($d, $crt, $key)), 403);
$d->row('renew: what is allowed', renew($d, $host_crt, $host_key), 201);
is(reload(), '', 'authority: none again');
$d->row('renew: the certificate lives, and is renewed again', renew($d, $crt, $key), 201);
prov_edit($d, 'free', x509_policy(deny => { dns => ['www.example.org'] }));
is(reload(), '', 'the provisioner denies it');
$d->row('renew: denied', renew($d, $crt, $key), 403, says(403, 'dns name "www.example.org" not allowed'));
spew("$d->{dir}/provisioners.d/free.yaml", json_encode({ type => 'JWK', name => 'free', key => Signet::Test::jwk_public('provisioner') }));
is(reload(), '', 'as it was');

($crt, $key) = $d->certificate(cn => 'admin.example.com', token => { iss => 'groups', claims => { groups => ['admins'] } });
$d->row('renew: there is no token that names groups: a rule for one does not hold', renew($d, $crt, $key), 403, says(403, 'dns name "admin.example.com" not allowed'));
($crt, $key) = $d->certificate(cn => 'near.example.com', token => { iss => 'network' });
$d->row('renew: the network is that of the renewal', renew($d, $crt, $key), 201);

# ---- name constraints of the issuer ----

row('constraints: inside', 'constrained', 201, undef, names => [ 'a.b.example.com', 'example.com', '192.0.2.200' ]);
row("constraints: outside: $_", 'constrained', 403, undef, names => [ 'host.example.com', $_ ]) for 'www.example.org', 'notexample.com', 'secret.example.com', 'x.SECRET.example.com', '192.0.3.1', '2001:db8::1', '*.secret.example.com';
row('constraints: by the template', 'constrained-data', 403, undef, data => { dns => ['www.example.org'] });
row('constraints: a kind that they do not name', 'constrained', 201, undef, names => [ 'host.example.com', 'a@example.org' ]);

# ---- inventories ----

signet_ok('inventory', 'create', 'hosts', '--kind', 'host');
spew("$d->{dir}/hosts.json", json_encode({ 'web.example.com' => { names => [ 'web.example.com', 'www.example.com', '10.0.0.7', '*.web.example.com' ], owner => 'Web team' }, 'one.example.com' => { names => 'one.example.com' },
	'none.example.com' => { owner => 'X' }, 'odd.example.com' => { names => [ 'odd.example.com', 5 ] }, 'device/7' => { names => [ 'seven.example.com', 'press.example.com' ] }, '{{ .Token.sub }}' => { names => ['braces.example.com'] } }));
signet_ok('inventory', 'import', 'hosts', "$d->{dir}/hosts.json");
allows('inventory', 'hosts', 'web.example.com');
allows('inventory', 'hosts', 'web.example.com', 'www.example.com', '10.0.0.7', 'WWW.example.com');
allows('inventory: a wildcard', 'hosts', 'web.example.com', '*.web.example.com', 'a.web.example.com');
allows('inventory: a text', 'hosts', 'one.example.com');
row("inventory: not in the record: $_", 'hosts', 403, qr/^The request was forbidden by the certificate authority: /, names => [ 'web.example.com', $_ ]) for 'mail.example.com', '10.0.0.8', 'a.b.web.example.com', '*.example.com', 'a@example.com', 'https://web.example.com/';
row('inventory: no record', 'hosts', 403, 'there is no inventory record for this request', names => ['other.example.com']);
row('inventory: keys are texts', 'hosts', 403, 'there is no inventory record for this request', names => ['WEB.example.com']);
row('inventory: a record without names', 'hosts', 403, undef, names => ['none.example.com']);
row('inventory: names that are none', 'hosts', 403, "the inventory record's allowed names are not texts", names => ['odd.example.com']);
row('inventory: what looks like a template is a key', 'hosts', [ 400, 403 ], undef, cn => '{{ .Token.sub }}', names => ['web.example.com']);
row('inventory: allowedNames without a record allows nothing', 'closed', 403, 'there is no inventory record for this request', names => ['other.example.com']);
row('inventory: a key that is too long', 'hosts', [ 400, 403 ], undef, cn => 'x' x 3000, csr => csr_new(cn => ''), names => ['web.example.com']);
row('inventory: no such list', 'nolist', 500, qr/^\Q@{[ says(500) ]}\E\z/);
$d->log_like(qr/event=api\.failed .*none/, '... the log says which');
row('inventory: no key, no record', 'nokey', 403, 'there is no inventory record for this request');
row('inventory: a key\'s template that fails', 'badkey', [ 400, 500 ], undef);
row('inventory: the template\'s data', 'optional', 201, undef, names => ['web.example.com']);
like(cert_text($r->{json}{crt}), qr/Subject: OU = Web team, CN = web\.example\.com\n/, '... .Inventory.owner');
row('inventory: not required', 'optional', 201, undef, names => ['other.example.com']);
like(cert_text($r->{json}{crt}), qr/Subject: OU = nobody, CN = other\.example\.com\n/, '... nil');
row('inventory: names from the record', 'device', 201, undef, data => { device => 7 }, cn => 'seven.example.com');
like(cert_text($r->{json}{crt}), qr/DNS:seven\.example\.com, DNS:press\.example\.com\n/, '... all of them');
row('inventory: a device that is none', 'device', 403, undef, data => { device => '8' }, cn => 'seven.example.com');
($crt, $key) = $d->certificate(cn => 'web.example.com', token => { iss => 'again' });
($host_crt, $host_key) = $d->certificate(cn => 'web.example.com', token => { iss => 'hosts' });
$d->row('onRenew: the record is there', renew($d, $crt, $key), 201);
signet_ok('inventory', 'set', 'hosts', 'web.example.com', '{"names":["www.example.com"]}');
$d->row('onRenew: the record has other names', renew($d, $crt, $key), 403);
row('... a new certificate, neither', 'hosts', 403, undef, names => ['web.example.com']);
$d->row('no onRenew: renewed', renew($d, $host_crt, $host_key), 201);
signet_ok('inventory', 'set', 'hosts', 'web.example.com', '{"names":["web.example.com"]}');
$d->row('onRenew: and again', renew($d, $crt, $key), 201);
signet_ok('inventory', 'remove', 'hosts', 'web.example.com');
$d->row('onRenew: the record is gone', renew($d, $crt, $key), 403, says(403, 'there is no inventory record for this request'));
for ([ 'key: "{{ .Token.sub "', qr/inventory\.key: line 1/ ], [ 'required: true', qr/inventory\.key: missing/ ]) {
	my $f = "$d->{dir}/provisioners.d/bad.yaml";
	spew($f, "type: JWK\nname: bad\nkey: " . json_encode(Signet::Test::jwk_public('provisioner')) . "\ninventory:\n  list: hosts\n  $_->[0]\n");
	my ($rc, $out, $err) = signet('reload');
	like($err, qr/\Q$f\E:\d+: $_->[1]/, "a mistake: refused, with its place: $_->[0]");
	unlink $f;
}
is($d->http('GET', '/provisioners?limit=100')->{body} =~ /inventory|policy|allowedNames|secret\.example/, '', 'GET /provisioners: nothing of it');
$d->stop;
done_testing;

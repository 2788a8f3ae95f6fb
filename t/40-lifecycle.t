#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# What ties a certificate's life together: endpoints from the first certificate on, through renewals, new keys and restarts; and the page that a
# person sees at the CA's address.
use strict;
use warnings;
use Test::More;
use Signet::Test;
use Signet::DER;
use Signet::Lifecycle;

need('openssl');
hang_guard(300);

my $no = { claims => { disableRenewal => JSON::PP::true } };
my %provs = (admin => {}, twin => {}, no1 => $no, no2 => $no, elsewhere => { authority => 'other', claims => { disableRenewal => JSON::PP::true } });
my $d = Signet::Test->new(provisioners => \%provs, config => Signet::Test::yaml_config() . <<'EOY');
- name: other
  root: certs/root_ca.crt
  crt: certs/intermediate_ca.crt
  key: "file:secrets/intermediate_ca.key"
EOY
my $text = slurp("$d->{dir}/signetd.yaml");
$text =~ s/^(store: .*\n)//m and spew("$d->{dir}/signetd.yaml", "$1$text"); # authorities come last
$d->start or BAIL_OUT('no daemon: ' . $d->log_tail);
$d->ready;
my $dir = scratch();
my $r;

# ---- endpoints ----

my $made = 0;
# A certificate: { crt, key, serial, endpoint }. by => provisioner, names => [...], claims => {}, more => members of the request.
sub certificate {
	my (%o) = @_;
	my @names = @{ $o{names} // ['host.example.com'] };
	my $cn = $o{cn} // $names[0];
	$r = $d->sign(token => $d->token(sub => $cn, iss => $o{by} // 'admin', claims => { sans => \@names, %{ $o{claims} // {} } }),
		csr => csr_new(cn => $cn), more => $o{more});
	return undef if $r->{status} != 201;
	$made++;
	spew("$dir/$made.crt", join '', @{ $r->{json}{certChain} });
	return { crt => "$dir/$made.crt", key => Signet::Test::csr_key_file(), serial => serial_text("$dir/$made.crt"), endpoint => endpoint_of($r) };
}
sub is_new { my ($id, %o) = @_; my $c = certificate(%o); like($c ? $c->{endpoint} : $r->{body}, UUID, $id); return $c }

my $first = is_new('a certificate has an endpoint');
my $second = is_new('the same names again');
isnt($second->{endpoint}, $first->{endpoint}, 'renewal enabled: another certificate is another endpoint');
for (['renewed', sub { renew($d, @{ $_[0] }{qw(crt key)}) }], ['renewed by token', sub { renew_by($d, renew_token($d, @{ $_[0] }{qw(crt key)})) }],
	['rekeyed', sub { rekey($d, @{ $_[0] }{qw(crt key)}, csr_new()) }]) {
	my ($how, $do) = @$_;
	my $answer = $do->($first);
	$d->row($how, $answer, 201);
	is(endpoint_of($answer), $first->{endpoint}, "$how: the same endpoint");
	spew("$dir/next.crt", join '', @{ $answer->{json}{certChain} });
	$answer = renew($d, "$dir/next.crt", $first->{key});
	is(endpoint_of($answer), $first->{endpoint}, "$how, and renewed: still the same");
}
$d->row('one of them revoked', revoke($d, $first->{serial}, token => revoke_token($d, $first->{serial})), 200);
is(endpoint_of(renew($d, "$dir/next.crt", $first->{key})), $first->{endpoint}, 'one of them revoked: the endpoint lives on');

# Renewal disabled: who has the same common name and names, in any order and case, is the same.
my $base = is_new('disableRenewal', by => 'no1', names => [qw(a.example.com b.example.com 10.0.0.1)]);
for (['again', names => [qw(a.example.com b.example.com 10.0.0.1)]], ['another order', cn => 'a.example.com',
	names => [qw(10.0.0.1 b.example.com a.example.com)]],
	['another case', cn => 'A.Example.com', names => [qw(a.example.com B.EXAMPLE.com 10.0.0.1)]], ['twice the same',
		names => [qw(a.example.com b.example.com A.example.com 10.0.0.1)]],
	['another provisioner of the authority', by => 'no2', names => [qw(a.example.com b.example.com 10.0.0.1)]]) {
	my ($id, %o) = @$_;
	my $c = is_new("disableRenewal, $id", by => 'no1', %o);
	is($c->{endpoint}, $base->{endpoint}, "disableRenewal, $id: the same endpoint") if $c;
}
for (['fewer names', names => [qw(a.example.com b.example.com)]], ['a name more', names => [qw(a.example.com b.example.com 10.0.0.1 c.example.com)]],
	['another common name', cn => 'b.example.com', names => [qw(a.example.com b.example.com 10.0.0.1)]], ['another address',
		names => [qw(a.example.com b.example.com 10.0.0.2)]],
	['another authority', by => 'elsewhere', names => [qw(a.example.com b.example.com 10.0.0.1)]], ['renewal enabled', by => 'admin',
		names => [qw(a.example.com b.example.com 10.0.0.1)]],
	['one name made of two', names => [qw(a.example.comb.example.com 10.0.0.1)]]) {
	my ($id, %o) = @$_;
	my $c = is_new("disableRenewal, $id", by => 'no1', %o);
	isnt($c->{endpoint}, $base->{endpoint}, "disableRenewal, $id: another endpoint") if $c;
}

# Named by the token or by the request: that wins.
my $id = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
my $other = '00000000-0000-0000-0000-000000000001';
my $third = 'ffffffff-ffff-4fff-bfff-ffffffffffff';
is(certificate(more => { endpoint => $id })->{endpoint}, $id, 'named by the request: a new one');
is(certificate(more => { endpoint => uc $id })->{endpoint}, $id, 'named by the request, in capitals: joined');
is(certificate(more => { endpoint => $second->{endpoint} })->{endpoint}, $second->{endpoint},
	'named by the request: joined to one that came by itself');
is(certificate(claims => { endpoint => $other })->{endpoint}, $other, 'named by the token: a new one');
is(certificate(claims => { endpoint => $other }, more => { endpoint => $id })->{endpoint}, $other, 'named by both: the token counts');
is(certificate(by => 'no1', names => [qw(a.example.com b.example.com 10.0.0.1)], more => { endpoint => $third })->{endpoint}, $third,
	'named by the request, renewal disabled: it counts');
is(certificate(by => 'no1', names => [qw(a.example.com b.example.com 10.0.0.1)])->{endpoint}, $base->{endpoint},
	'... and the computed one is as before');
certificate(by => 'twin', more => { endpoint => $id });
$d->row('named by the request: of another provisioner', $r, 403, says(403, 'the endpoint belongs to another provisioner'));
certificate(by => 'elsewhere', more => { endpoint => $id });
$d->row('named by the request: of another authority', $r, 403, says(403, 'the endpoint belongs to another authority'));
certificate(by => 'elsewhere', claims => { endpoint => $id });
$d->row('named by the token: of another authority', $r, 403, says(403, 'the endpoint belongs to another authority'));
is(certificate(by => 'twin', claims => { endpoint => $id })->{endpoint}, $id, 'named by the token of another provisioner: it vouches for it');
certificate(more => { endpoint => $_->[1] }) // $d->row("endpoint $_->[0]", $r, 400, $_->[2]) for map { [ @$_, says(400,
	'endpoint is not a UUID') ] } ['a word', 'x'], ['a digit short', substr $id, 1], ['a digit more', "${id}0"], ['braces', "{$id}"],
	['a space', " $id"], ['no hex', $id =~ s/6/g/r], ['dashes elsewhere', '6ba7b8109-dad-11d1-80b4-00c04fd430c8'], ['5,000 digits', 'a' x 5000];
certificate(more => { endpoint => $_->[1] }) // $d->row("endpoint $_->[0]", $r, 400, says(400, 'error decoding json')) for ['a number', 1],
	['a list', [$id]], ['an object', {}];
like(certificate(more => { endpoint => $_->[1] })->{endpoint}, UUID, "endpoint $_->[0]: as if there were none") for ['null', undef], ['empty', ''];
certificate(claims => { endpoint => $_->[1] }) // $d->row("claim endpoint $_->[0]", $r, [ 400, 401 ]) for ['a word', 'x'], ['a number', 1],
	['a list', [$id]], ['a digit short', substr $id, 1];
{
	my @socks = map { $d->connect // die } 1 .. 20;
	my $id4 = '11111111-2222-3333-4444-555555555555';
	for (@socks) {
		my $b = json_encode({ csr => csr_new(), ott => $d->token, endpoint => $id4 });
		print $_ "POST /sign HTTP/1.1\r\nHost: localhost\r\nContent-Length: " . length($b) . "\r\n\r\n$b";
	}
	my %got;
	for (@socks) { my $a = Signet::Test::read_answer($_); $got{ $a->{status} . ' ' . (eval { json_decode($a->{body})->{endpoint} } // '') }++ }
	is_deeply(\%got, { "201 $id4" => 20 }, 'one new endpoint named by 20 at once');
}
restart($d);
is(endpoint_of(renew($d, @$second{qw(crt key)})), $second->{endpoint}, 'after a restart: renewed in its endpoint');
is(certificate(by => 'no1', names => [qw(a.example.com b.example.com 10.0.0.1)])->{endpoint}, $base->{endpoint},
	'after a restart: computed the same');

# ---- the page ----

my $fp = $d->fingerprint;
sub page { my ($host, %o) = @_; my $answer = $d->raw(($o{method} // 'GET') . " / HTTP/1.1\r\nHost: $host\r\n\r\n",
	head_only => ($o{method} // '') eq 'HEAD'); return $answer }
$r = page("localhost:$d->{port}");
$d->row('page', $r, 200);
is($r->{headers}{'content-type'}, 'text/html; charset=utf-8', 'page: type');
like($r->{headers}{'content-security-policy'} // '', qr/^default-src 'none';.* frame-ancestors 'none'$/, 'page: policy');
is($r->{headers}{'x-content-type-options'}, 'nosniff', 'page: nosniff');
ok(defined $r->{headers}{'cache-control'}, 'page: how it may be cached is said');
unlike($r->{body}, qr/<script|<style|style=|\bon\w+=|javascript:|<img|<link|https?:\/\/(?!localhost)/i,
	'page: no script, no style, nothing from elsewhere');
like($r->{body}, qr/^signet bootstrap --ca-url https:\/\/localhost:$d->{port} --fingerprint $fp$/m, 'page: how to begin with signet');
like($r->{body}, qr/^step ca bootstrap --ca-url https:\/\/localhost:$d->{port} --fingerprint $fp$/m, 'page: how to begin with step');
like($r->{body}, qr{<code>$fp</code>}, 'page: the fingerprint');
like($r->{body}, qr{href="$_"}, "page: a link to $_") for qw(/roots.pem /intermediates.pem /health);
my ($subject) = run_ok('openssl', 'x509', '-in', $d->{root}, '-noout', '-subject', '-nameopt', 'RFC2253') =~ /CN=([^,\n]+)/;
like($r->{body}, qr/\Q$subject\E/, 'page: the root\'s name');
{
	my @open;
	my $bad = '';
	for (grep { !/^<(?:!|meta)/ } $r->{body} =~ /<[^>]*>/g) {
		if (m{^</(\w+)>$}) { $bad .= "$_ " unless @open && pop(@open) eq $1 }
		elsif (/^<(\w+)[^>]*>$/) { push @open, $1 }
	}
	is($bad . "@open", '', 'page: every element is closed');
}
my $head = page("localhost:$d->{port}", method => 'HEAD');
$d->row('page: HEAD', $head, 200);
is($head->{headers}{'content-length'}, length $r->{body}, 'page: HEAD: the length');
is($head->{body} . ($head->{rest} // ''), '', 'page: HEAD: no body');
$d->row('page: POST', $d->http('POST', '/', body => 'x'), 405);
for (["127.0.0.1:$d->{port}", "https://127.0.0.1:$d->{port}"], ["LOCALHOST:$d->{port}", "https://localhost:$d->{port}"], ['localhost',
	'https://localhost'], ["evil.example:$d->{port}", "https://localhost:$d->{port}"],
	["localhost.evil.example:$d->{port}", "https://localhost:$d->{port}"], ['10.0.0.1', 'https://localhost'], ['[::1]', 'https://localhost']) {
	my ($host, $shown) = @$_;
	$r = page($host);
	like($r->{body}, qr/--ca-url \Q$shown\E --fingerprint/, "page: Host $host: $shown");
	unlike($r->{body}, qr/evil/, "page: Host $host: it is not repeated");
}
for my $host ('<script>', '"x', 'a b', "a'b", 'x&y', '') {
	$r = page($host);
	$d->row("page: Host '$host'", $r, [ 200, 400 ]);
	unlike($r->{body}, qr/<script|"x|a'b|x&y/, "page: Host '$host': it is not repeated");
}

# A root whose name would be markup.
{
	my $v = "$SRC/t/vectors/ca";
	my $e = Signet::Test->new(store => 'memory');
	my $name = name_cn(qq(<script>alert("1")</script> & 'Sons'));
	my @ca = (ext('2.5.29.19', 1, seq("\x01\x01\xff")), ext('2.5.29.15', 1, "\x03\x02\x01\x06"));
	my %root = (issuer => $name, signer => file_key("$v/root.key"), to => time + 86400 * 3000, exts => \@ca);
	spew($e->{root}, to_pem('CERTIFICATE', cert_der(%root, subject => $name, key => file_key("$v/root.key"))));
	spew("$e->{dir}/certs/intermediate_ca.crt", to_pem('CERTIFICATE', cert_der(%root, subject => name_cn('x'),
		key => file_key("$v/intermediate.key"))));
	$e->start or BAIL_OUT('no daemon: ' . $e->log_tail);
	my $body = $e->http('GET', '/')->{body};
	like($body, qr/&lt;script&gt;alert\(&quot;1&quot;\)&lt;\/script&gt; &amp; &#39;Sons&#39;/, 'page: the root\'s name is text');
	unlike($body, qr/<script/, 'page: and not markup');
	$e->stop;
}

# ---- the files ----

for (['/roots.pem', 'roots.pem', slurp $d->{root}], ['/intermediates.pem', 'intermediates.pem', slurp "$d->{dir}/certs/intermediate_ca.crt"]) {
	my ($path, $name, $pem) = @$_;
	for my $p ($path, "/1.0$path") {
		$r = $d->http('GET', $p);
		$d->row($p, $r, 200);
		is($r->{body}, $pem, "$p: the certificate");
		is($r->{headers}{'content-type'}, 'application/x-pem-file', "$p: type");
		is($r->{headers}{'content-disposition'}, qq(attachment; filename="$name"), "$p: its name");
		is($r->{headers}{'x-content-type-options'}, 'nosniff', "$p: nosniff");
	}
}
$d->stop;
done_testing;

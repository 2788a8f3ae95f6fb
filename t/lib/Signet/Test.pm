# SPDX-License-Identifier: GPL-3.0-or-later
package Signet::Test;

# What the Perl tests share: finds the programs, starts daemons on port 0 from a configuration, speaks to them, makes tokens and requests, and
# fails the test when a daemon logged a sanitizer report, a BUG, or ended by itself. See t/README.

use strict;
use warnings;
use Exporter 'import';
use Test::More;
use File::Temp qw(tempdir);
use File::Path qw(make_path);
use File::Basename qw(dirname);
use IO::Socket::SSL;
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use IO::Select;
use POSIX qw(:sys_wait_h _exit);
use Time::HiRes qw(time sleep);
use JSON::PP;
use MIME::Base64 qw(encode_base64 encode_base64url decode_base64url);
use Digest::SHA qw(sha256 sha256_hex);
use Crypt::PK::ECC;

our @EXPORT = qw(
	$SRC $BUILD signet_bin signetd_bin step_bin plugin_dir have need need_hooks run run_ok slurp spew scratch
	hang_guard json_decode json_encode b64u csr_new token_new jws_sign prov_key rand_id cert_text long_scale says
);

our $SRC   = $ENV{SIGNET_SRCDIR}   // '.';
our $BUILD = $ENV{SIGNET_BUILDDIR} // '.';
my %daemons;
my $owner = $$;

sub signet_bin  { "$BUILD/signet" }
sub signetd_bin { "$BUILD/signetd" }
sub plugin_dir  { "$BUILD/plugins" }
sub step_bin    { $ENV{STEP} && -x $ENV{STEP} ? $ENV{STEP} : undef }
sub long_scale  { my ($short, $long) = @_; $ENV{SIGNET_LONG} ? $long : $short }

sub have {
	my ($prog) = @_;
	return defined step_bin() if $prog eq 'step';
	return grep { -x "$_/$prog" } split /:/, $ENV{PATH};
}

# Skips the whole file for want of a program, says which, and fails instead when --require names it.
sub need {
	for my $prog (@_) {
		next if have($prog);
		if (grep { $_ eq $prog } split /,/, $ENV{SIGNET_REQUIRE} // '') {
			plan(tests => 1);
			fail("$prog is required and is not here");
			exit 1;
		}
		skip_all("$prog is not installed");
	}
}

sub skip_all {
	my ($why) = @_;
	if ($ENV{SIGNET_SKIP_LOG} && open my $fh, '>>', $ENV{SIGNET_SKIP_LOG}) {
		print $fh "$0: $why\n";
	}
	plan(skip_all => $why);
}

sub need_hooks {
	skip_all('built without --enable-test-hooks') unless slurp("$BUILD/config.h") =~ /^#define ENABLE_TEST_HOOKS 1/m;
}

sub slurp { my ($f) = @_; local $/; open my $fh, '<:raw', $f or die "$f: $!"; return scalar <$fh> // '' }
sub spew { my ($f, $text, $mode) = @_; open my $fh, '>:raw', $f or die "$f: $!"; print $fh $text; close $fh or die "$f: $!";
	chmod $mode, $f if defined $mode; return $f }
sub scratch { return tempdir(CLEANUP => 1, DIR => $ENV{TMPDIR} // '/tmp') }
sub json_decode { JSON::PP->new->allow_nonref->decode($_[0]) }
# JSON::PP before 4.11 flags all its output as characters, which would spoil what it is joined to.
sub json_encode { my $s = JSON::PP->new->allow_nonref->canonical->encode($_[0]); utf8::downgrade($s, 1); return $s }
sub b64u { encode_base64url($_[0]) }
sub rand_id { open my $fh, '<:raw', '/dev/urandom' or die; read $fh, my $b, 32; return unpack 'H*', $b }

# Ends a hanging test file.
sub hang_guard { my ($seconds) = @_; $SIG{ALRM} = sub { diag("hang guard: $seconds s are over"); stop_all(); _exit(9) }; alarm $seconds }

# Runs a program: (status, stdout, stderr). A leading hash sets env => {}, stdin => text, timeout => seconds.
sub run {
	my %o = ref $_[0] eq 'HASH' ? %{ shift() } : ();
	my @cmd = @_;
	my $dir = scratch();
	spew("$dir/in", $o{stdin} // '');
	my $pid = fork // die "fork: $!";
	if (!$pid) {
		%ENV = (%ENV, %{ $o{env} // {} });
		POSIX::setsid() if $o{no_tty} // 1;
		open STDIN, '<', "$dir/in";
		open STDOUT, '>', "$dir/out";
		open STDERR, '>', "$dir/err";
		exec { $cmd[0] } @cmd or do { print STDERR "exec $cmd[0]: $!\n"; _exit(127) };
	}
	my $end = time + ($o{timeout} // 120);
	while (waitpid($pid, WNOHANG) == 0) {
		if (time > $end) { kill 9, $pid; waitpid $pid, 0; return (-1, slurp("$dir/out"), slurp("$dir/err") . "timeout\n") }
		sleep 0.005;
	}
	return ($? & 127 ? 128 + ($? & 127) : $? >> 8, slurp("$dir/out"), slurp("$dir/err"));
}

sub run_ok {
	my ($rc, $out, $err) = run(@_);
	shift if ref $_[0] eq 'HASH';
	die "@_: status $rc\n$out$err" if $rc != 0;
	return $out;
}

sub cert_text { run_ok({ stdin => $_[0] }, 'openssl', 'x509', '-noout', '-text') }

# ---- tables ----

# The sentence of a status of the `step` API, with the detail where the client is told one.
my %sentences = (
	400 => ['The request could not be completed', 'The request could not be completed; malformed or missing data.'],
	401 => ['The request lacked necessary authorization to be completed'],
	403 => ['The request was forbidden by the certificate authority'],
	404 => ['The requested resource could not be found'],
	413 => ['The request is too large', 'The request is too large.'],
	500 => ['The certificate authority encountered an Internal Server Error'],
	501 => ['The requested method is not implemented by the certificate authority'],
);
sub says {
	my ($status, $detail) = @_;
	my ($stem, $plain) = @{ $sentences{$status} };
	return "$stem: $detail." if defined $detail;
	return $plain if $status == 413;
	return ($plain // "$stem.") . ' Please see the certificate authority logs for more info.';
}

# One row: id, answer, expected status (or a list of them), expected message (text or regular expression; undef: any). The daemon must be alive,
# an error must have the API's form, and no answer may show a secret.
sub row {
	my ($self, $id, $r, $status, $message) = @_;
	my @wrong;
	my @any = ref $status ? @$status : $status;
	my $said = ref $r->{json} eq 'HASH' ? $r->{json}{message} : undef;
	push @wrong, "status $r->{status}, expected " . join '|', @any unless grep { $r->{status} == $_ } @any;
	if (defined $message) {
		my $good = defined $said && (ref $message eq 'Regexp' ? $said =~ $message : $said eq $message);
		push @wrong, 'message: ' . ($said // 'none'), "expected: $message" unless $good;
		push @wrong, 'members of the error: ' . $r->{body} unless $r->{body} =~ /\A\{"status":$r->{status},"message":"[^\n]*"\}\n\z/;
	}
	push @wrong, "a secret in the answer: $_" for secrets_in($self, ($r->{raw} // '') . ($r->{body} // ''));
	push @wrong, 'the daemon has died: ' . $self->log_tail unless $self->alive;
	return ok(!@wrong, $id) || (diag(join "\n", @wrong, substr $r->{raw} // $r->{body}, 0, 1500), 0)[1];
}

# ---- tokens and requests ----

my %keys;
sub prov_key { my ($name) = @_; $keys{$name} //= Crypt::PK::ECC->new("$SRC/t/vectors/ca/$name.key") }

sub jwk_public {
	my ($name) = @_;
	my $j = json_decode(prov_key($name)->export_key_jwk('public'));
	my %k = (kty => 'EC', crv => 'P-256', x => $j->{x}, y => $j->{y});
	$k{kid} = b64u(sha256('{"crv":"P-256","kty":"EC","x":"' . $k{x} . '","y":"' . $k{y} . '"}'));
	return { %k, use => 'sig', alg => 'ES256' };
}
sub kid { jwk_public($_[0])->{kid} }

# A compact JWS over any header and payload (hash or raw text), by a test key.
sub jws_sign {
	my ($key, $header, $payload) = @_;
	my $in = join '.', map { b64u(ref $_ ? json_encode($_) : $_) } $header, $payload;
	return $in . '.' . b64u($key->sign_message_rfc7518($in, 'SHA256'));
}

# A one-time token for /sign as `step` makes it; overrides by claims => {}, header => {}; undef removes.
sub token_new {
	my (%o) = @_;
	my $now = time;
	my $who = $o{key} // 'provisioner';
	my %h = (alg => 'ES256', typ => 'JWT', kid => kid($o{kid_of} // $who), %{ $o{header} // {} });
	my %c = (
		aud => ($o{url} // 'https://localhost') . '/1.0/sign', exp => int $now + 300, iat => int $now, nbf => int $now,
		iss => $o{iss} // 'admin', jti => rand_id(), sub => $o{sub} // 'host.example.com', %{ $o{claims} // {} },
	);
	$c{sans} = [ $c{sub} ] unless exists $c{sans};
	for my $x (\%h, \%c) { delete $x->{$_} for grep { !defined $x->{$_} } keys %$x }
	return jws_sign(prov_key($who), \%h, \%c);
}

# A PEM request made by openssl: subject => '/CN=..', san => 'DNS:a,IP:1.2.3.4', newkey => 'ec' (default, one key kept for the process), ...
my $csr_dir;
sub csr_new {
	my (%o) = @_;
	$csr_dir //= scratch();
	my $kind = $o{kind} // 'P-256';
	my $key = $o{key_file} // "$csr_dir/$kind.key";
	if (!-e $key) {
		my @how = $kind =~ /^P-/ ? ('EC', '-pkeyopt', "ec_paramgen_curve:$kind")
			: $kind =~ /^RSA-(\d+)/ ? ('RSA', '-pkeyopt', "rsa_keygen_bits:$1") : ($kind);
		run_ok('openssl', 'genpkey', '-algorithm', @how, '-out', $key);
	}
	my $cn = $o{cn} // 'host.example.com';
	my @cmd = ('openssl', 'req', '-new', '-key', $key, '-subj', $o{subject} // ($cn eq '' ? '/' : "/CN=$cn"));
	push @cmd, '-addext', "subjectAltName=$o{san}" if defined $o{san};
	push @cmd, '-addext', $_ for @{ $o{ext} // [] };
	push @cmd, @{ $o{args} // [] };
	return run_ok(@cmd);
}
sub csr_key_file { my ($kind) = @_; csr_new(kind => $kind // 'P-256'); return "$csr_dir/" . ($kind // 'P-256') . '.key' }

# ---- a daemon ----

sub yaml_config {
	my (%o) = @_;
	my $extra = $o{yaml} // '';
	my $driver = $o{store} // 'rocksdb';
	my $store = $extra =~ /^store:/m ? '' : "store: {driver: $driver, minFree: 1MiB, minFreeRevoke: 1MiB}\n";
	return <<"EOF" . $store . $extra;
address: "127.0.0.1:0"
dnsNames: [localhost, 127.0.0.1]
dataDir: .
authorities:
- name: default
  root: certs/root_ca.crt
  crt: certs/intermediate_ca.crt
  key: "file:secrets/intermediate_ca.key"
EOF
}

sub new {
	my ($class, %o) = @_;
	my $dir = $o{dir} // scratch();
	my $self = bless { dir => $dir, opts => \%o, log => "$dir/signetd.log", root => "$dir/certs/root_ca.crt" }, $class;
	return $self if $o{existing};
	make_path("$dir/certs", "$dir/secrets", "$dir/provisioners.d");
	chmod 0700, $dir, "$dir/secrets";
	my $v = "$SRC/t/vectors/ca";
	spew("$dir/certs/root_ca.crt", slurp("$v/root.crt"));
	spew("$dir/certs/intermediate_ca.crt", slurp("$v/intermediate.crt"));
	spew("$dir/secrets/intermediate_ca.key", slurp("$v/intermediate.key"), 0600);
	spew("$dir/signetd.yaml", $o{config} // yaml_config(%o));
	my $provs = $o{provisioners} // { admin => {} };
	for my $name (sort keys %$provs) {
		my %p = %{ $provs->{$name} };
		my $key = delete $p{key_name} // 'provisioner';
		my %doc = (type => 'JWK', name => $name, authority => 'default', key => jwk_public($key), %p);
		spew("$dir/provisioners.d/$name.yaml", json_encode(\%doc));
	}
	return $self;
}

# Starts and waits until it listens (or until it ended: false then). env => {} for hooks; wrap => [command, args] before it.
sub start {
	my ($self, %o) = @_;
	my $addr = "$self->{dir}/run/addresses";
	unlink $addr;
	my @cmd = (@{ $o{wrap} // [] }, signetd_bin(), '--config', "$self->{dir}/signetd.yaml", '--plugin-dir', $o{plugin_dir} // plugin_dir());
	my $pid = fork // die "fork: $!";
	if (!$pid) {
		%ENV = (%ENV, %{ $o{env} // {} });
		$ENV{ASAN_OPTIONS} //= 'abort_on_error=0:exitcode=99:detect_leaks=1';
		open STDIN, '<', '/dev/null';
		open STDOUT, '>>', $self->{log};
		open STDERR, '>>', $self->{log};
		$o{before}->() if $o{before};
		exec { $cmd[0] } @cmd or _exit(127);
	}
	$self->{pid} = $pid;
	$daemons{$pid} = $self;
	my $end = time + ($o{timeout} // 60);
	until (-s $addr) {
		if (waitpid($pid, WNOHANG) == $pid) { $self->{status} = $?; delete $self->{pid}; delete $daemons{$pid}; return 0 }
		if (time > $end) { diag('signetd does not listen: ', $self->log_tail); return 0 }
		sleep 0.01;
	}
	slurp($addr) =~ /^https \S*?:(\d+)$/m or die "run/addresses: " . slurp($addr);
	$self->{port} = $1;
	$self->{url} = "https://localhost:$1";
	return 1;
}

# Waits until certificates can be issued (keys open, reservations resolved).
sub ready {
	my ($self) = @_;
	for (1 .. 600) {
		return $self if $self->sign(token => $self->token, csr => csr_new())->{status} == 201;
		sleep 0.05;
	}
	die 'cannot issue: ' . $self->log_tail;
}

sub alive { my ($self) = @_; $self->{pid} && waitpid($self->{pid}, WNOHANG) == 0 }

# TERM and wait; the test fails when it does not end with status 0 or logged what it must not.
sub stop {
	my ($self, %o) = @_;
	my $pid = $self->{pid} or return;
	kill 'TERM', $pid;
	my $end = time + ($o{timeout} // 90);
	while (waitpid($pid, WNOHANG) == 0) {
		if (time > $end) { fail('signetd ends on TERM'); kill 9, $pid; waitpid $pid, 0; last }
		sleep 0.01;
	}
	$self->{status} = $?;
	delete $self->{pid};
	delete $daemons{$pid};
	is($? >> 8 | $? & 127, 0, 'signetd ended in order') or diag($self->log_tail) unless $o{any_status};
	$self->check_log;
}

sub kill9 {
	my ($self) = @_;
	my $pid = delete $self->{pid} or return;
	kill 'KILL', $pid;
	waitpid $pid, 0;
	delete $daemons{$pid};
	$self->check_log;
}

# Waits for a daemon that dies by itself (crash points).
sub wait_dead {
	my ($self, $seconds) = @_;
	my $pid = $self->{pid} or return 1;
	my $end = time + ($seconds // 30);
	while (time < $end) {
		if (waitpid($pid, WNOHANG) == $pid) { $self->{status} = $?; delete $self->{pid}; delete $daemons{$pid}; return 1 }
		sleep 0.01;
	}
	return 0;
}

sub log_text { my ($self) = @_; -e $self->{log} ? slurp($self->{log}) : '' }
sub log_tail { my ($self) = @_; my @l = split /\n/, $self->log_text; join "\n", @l > 25 ? @l[-25 .. -1] : @l }

# The log is written by a thread of its own: a line may come a moment after the answer that it belongs to.
sub log_like {
	my ($self, $re, $name) = @_;
	my $end = time + 10;
	sleep 0.02 while $self->log_text !~ $re && time < $end;
	return like($self->log_text, $re, $name);
}

# The log when nothing was added to it for a moment: for counting.
sub log_settled {
	my ($self) = @_;
	my $size = -1;
	while ($size != -s $self->{log}) { $size = -s $self->{log}; sleep 0.15 }
	return $self->log_text;
}

sub check_log {
	my ($self) = @_;
	my $text = $self->log_text;
	my @bad = $text =~ /^(.*(?:ERROR: \w+Sanitizer|runtime error:|^BUG |WARNING: ThreadSanitizer|SUMMARY: ).*)$/mg;
	is(scalar @bad, 0, 'no sanitizer report and no BUG in the log') or diag(join "\n", @bad[0 .. ($#bad > 5 ? 5 : $#bad)]);
	my @leaks = (secrets_in($self, $text), $text =~ /(eyJ[\w-]{16,}\.[\w-]*\.[\w-]{20,})/); # the latter: any token
	is(scalar @leaks, 0, 'no secret in the log') or diag("$self->{log}: $leaks[0]");
}

# Which of the secrets that this test made stand in a text, and private keys.
sub secrets_in {
	my ($self, $text) = @_;
	my @found = map { substr($_, 0, 60) . '...' } grep { index($text, $_) >= 0 } @{ $self->{secrets} // [] };
	push @found, $1 if $text =~ /(BEGIN [A-Z ]*PRIVATE KEY)/;
	return @found;
}

sub stop_all { for my $pid (keys %daemons) { kill 9, $pid; waitpid $pid, 0 } %daemons = () }
END { my $st = $?; stop_all() if $$ == $owner; $? = $st }

# ---- HTTP ----

# A TLS connection; cert/key for a client certificate; ssl => {} for more of IO::Socket::SSL.
sub connect {
	my ($self, %o) = @_;
	my $s = IO::Socket::SSL->new(
		PeerHost => '127.0.0.1', PeerPort => $self->{port}, Timeout => 20,
		SSL_ca_file => $self->{root}, SSL_hostname => 'localhost', SSL_verifycn_name => 'localhost', SSL_verifycn_scheme => 'http',
		($o{cert} ? (SSL_use_cert => 1, SSL_cert_file => $o{cert}, SSL_key_file => $o{key}) : ()), %{ $o{ssl} // {} },
	);
	setsockopt $s, IPPROTO_TCP, TCP_NODELAY, 1 if $s; # else each request waits 40 ms for an acknowledgement
	return $s;
}

# Sends raw bytes and reads one answer: { status, headers => {lc name => value}, body, raw }. status 0: closed without an answer.
sub read_answer {
	my ($sock, $head_only) = @_;
	my $raw = '';
	my $end = time + 20;
	while ($raw !~ /\r\n\r\n/) {
		my $n = sysread $sock, $raw, 16384, length $raw;
		if (!defined $n && time < $end && $!{EAGAIN}) { sleep 0.01; next }
		last unless $n;
	}
	my ($head, $body) = split /\r\n\r\n/, $raw, 2;
	return { status => 0, headers => {}, body => '', raw => $raw } unless defined $head && $head =~ m{^HTTP/1\.1 (\d+)};
	my %r = (status => $1, raw => $raw);
	for (split /\r\n/, $head) { $r{headers}{ lc $1 } = $2 if /^([^:]+):\s*(.*)$/ }
	my $want = $head_only ? 0 : $r{headers}{'content-length'} // 0;
	while (length $body < $want) { my $n = sysread $sock, $body, 65536, length $body; last unless $n }
	$r{rest} = substr($body, $want < length $body ? $want : length $body);
	$r{body} = substr($body, 0, $want);
	return \%r;
}

sub raw { my ($self, $bytes, %o) = @_; my $s = $self->connect(%o) or return { status => 0, body => '', headers => {}, error => $SSL_ERROR };
	local $SIG{PIPE} = 'IGNORE'; print $s $bytes; my $r = read_answer($s, $o{head_only}); close $s; return $r }

# Sends raw bytes and reads to the end of the connection: all that came.
sub raw_all {
	my ($self, $bytes, %o) = @_;
	my $s = $o{socket} // $self->connect(%o) or return '';
	my $got = '';
	local $SIG{PIPE} = 'IGNORE';
	print $s $bytes;
	while (sysread $s, $got, 65536, length $got) { }
	close $s;
	return $got;
}

sub http {
	my ($self, $method, $path, %o) = @_;
	my $body = $o{body} // '';
	my $text = "$method $path HTTP/1.1\r\nHost: localhost:$self->{port}\r\n";
	$text .= "$_: $o{headers}{$_}\r\n" for sort keys %{ $o{headers} // {} };
	$text .= 'Content-Length: ' . length($body) . "\r\n" if length $body || $method eq 'POST';
	my $r = $self->raw("$text\r\n$body", %o, head_only => $method eq 'HEAD');
	$r->{json} = eval { json_decode($r->{body}) };
	return $r;
}

sub token { my ($self, %o) = @_; my $t = token_new(url => $self->{url}, %o); push @{ $self->{secrets} }, $t; return $t }

# POST /sign. token and csr, more => {} members; or body => text.
sub sign {
	my ($self, %o) = @_;
	my $body = $o{body} // json_encode({ csr => $o{csr}, ott => $o{token}, %{ $o{more} // {} } });
	return $self->http('POST', $o{path} // '/sign', body => $body, %{ $o{http} // {} });
}

# A fresh certificate: (crt file, key file, answer). The key is csr_new's unless key_file is given.
sub certificate {
	my ($self, %o) = @_;
	my $dir = scratch();
	my $cn = $o{cn} // 'host.example.com';
	my $r = $self->sign(token => $self->token(sub => $cn, %{ $o{token} // {} }), csr => csr_new(%o), more => $o{more} // {});
	die "sign: $r->{status} $r->{body}\n" . $self->log_tail unless $r->{status} == 201;
	spew("$dir/c.crt", join '', @{ $r->{json}{certChain} });
	spew("$dir/c.key", slurp($o{key_file} // csr_key_file($o{kind})), 0600);
	return ("$dir/c.crt", "$dir/c.key", $r);
}

# The command, with a client folder of its own that trusts this CA.
sub signet {
	my ($self, @args) = @_;
	my %o = ref $args[0] eq 'HASH' ? %{ shift @args } : ();
	$self->{client} //= scratch();
	return run({ %o, env => { SIGNETPATH => $self->{client}, %{ $o{env} // {} } } }, signet_bin(), @args);
}
sub fingerprint { my ($self) = @_; my $pem = slurp($self->{root}); $pem =~ s/-----[^-]+-----|\s//g; require MIME::Base64; return sha256_hex(MIME::Base64::decode_base64($pem)) }
sub bootstrap { my ($self) = @_; return $self->signet('bootstrap', '--ca-url', $self->{url}, '--fingerprint', $self->fingerprint, '--force') }

1;

# SPDX-License-Identifier: GPL-3.0-or-later
package Signet::Clients;

# For tests of real clients: a CA that `signet init` made, with a daemon of it; `step` with a folder of its own; certificates as text.

use strict;
use warnings;
use Exporter 'import';
use Signet::Test;

our @EXPORT = qw(init_files init_run init_daemon step step_ok sans_of key_of dates_of first_cert verify_ok);

# Password files for `signet init`: a folder, and the options that name them.
sub init_files {
	my $top = scratch();
	my %pw = (root => 'root password', ca => 'intermediate password', prov => 'provisioner password');
	spew("$top/$_.pw", "$pw{$_}\n", 0600) for keys %pw;
	return ($top, \%pw, '--root-password-file', "$top/root.pw", '--password-file', "$top/ca.pw", '--provisioner-password-file', "$top/prov.pw");
}

sub init_run { my ($top, @args) = @_; return run({ env => { SIGNETPATH => "$top/client" }, timeout => 120 }, signet_bin(), 'init', @args) }

# A daemon of a CA made by `signet init`, started: args => [more options of init]. $d->{top}: folder with root.pw, ca.pw, prov.pw.
sub init_daemon {
	my (%o) = @_;
	my ($top, $pw, @passwords) = init_files();
	my ($rc, $out, $err) = init_run($top, "$top/ca", '--address', '127.0.0.1:0', '--dns', 'localhost', '--dns', '127.0.0.1', @passwords, @{ $o{args} // [] });
	die "signet init: status $rc\n$out$err" if $rc != 0;
	my $d = Signet::Test->new(dir => "$top/ca", existing => 1);
	@$d{qw(top log)} = ($top, "$top/signetd.log");
	push @{ $d->{secrets} }, values %$pw;
	spew("$d->{dir}/signetd.yaml", slurp("$d->{dir}/signetd.yaml") . "store: {minFree: 1MiB, minFreeRevoke: 1MiB}\n" . ($o{yaml} // ''));
	$d->start or die 'no daemon: ' . $d->log_tail;
	return $d;
}

# `step` with STEPPATH below the daemon's folder, output without colours: (status, stdout, stderr).
sub step {
	my ($d, @args) = @_;
	my %o = ref $args[0] eq 'HASH' ? %{ shift @args } : ();
	$d->{steppath} //= scratch();
	my @r = run({ %o, env => { STEPPATH => $d->{steppath}, HOME => $d->{steppath}, %{ $o{env} // {} } } }, step_bin(), @args);
	s/\e\[[0-9;]*m//g for @r[1, 2];
	return @r;
}

sub step_ok {
	my ($rc, $out, $err) = step(@_);
	die join(' ', 'step', grep { !ref } @_[1 .. $#_]) . ": status $rc\n$out$err" if $rc != 0;
	return $out;
}

# ---- certificates: PEM files ----

sub first_cert { return (slurp($_[0]) =~ /(-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n)/s)[0] }
sub sans_of {
	my ($text) = run_ok('openssl', 'x509', '-in', $_[0], '-noout', '-ext', 'subjectAltName') =~ /^\s+(\S.*)$/m;
	return join ' ', sort split /, /, $text =~ s/IP Address:/IP:/gr;
}
sub key_of { return (run_ok('openssl', 'x509', '-in', $_[0], '-noout', '-text') =~ /(?:ASN1 OID: (\w+)|Public Key Algorithm: (ED25519)|Public-Key: \((\d+) bit\)\s+Modulus)/)[0]
	// (run_ok('openssl', 'x509', '-in', $_[0], '-noout', '-text') =~ /Public Key Algorithm: (ED25519)/)[0]
	// 'RSA ' . (run_ok('openssl', 'x509', '-in', $_[0], '-noout', '-text') =~ /Public-Key: \((\d+) bit\)/)[0] }
# (notBefore, notAfter) in seconds
sub dates_of {
	return map { my $s = run_ok('date', '-u', '+%s', '-d', (split /=/)[1]); chomp $s; $s }
		split /\n/, run_ok('openssl', 'x509', '-in', $_[0], '-noout', '-startdate', '-enddate');
}
# Strictly, with the chain that is in the file.
sub verify_ok {
	my ($file, $root, @more) = @_;
	my ($rc, $out, $err) = run('openssl', 'verify', '-x509_strict', '-CAfile', $root, '-untrusted', $file, @more, $file);
	return $rc == 0 ? '' : "$out$err";
}

1;

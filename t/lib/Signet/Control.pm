# SPDX-License-Identifier: GPL-3.0-or-later
package Signet::Control;

# The operator's side in tests: requests through a daemon's control socket.

use strict;
use warnings;
use Exporter 'import';
use IO::Socket::UNIX;
use Socket qw(SOCK_STREAM);
use Signet::Test;

our @EXPORT = qw(control control_start control_end);

# control($d, METHOD, PATH below /control/v1/, BODY as hash or text): as Signet::Test::read_answer, with {json}.
sub control { return control_end(control_start(@_)) }

# The same in two halves: between them the request is under way.
sub control_start {
	my ($d, $method, $path, $body) = @_;
	$body = ref $body ? json_encode($body) : $body // '';
	my $s = IO::Socket::UNIX->new(Type => SOCK_STREAM, Peer => "$d->{dir}/run/control.sock", Timeout => 20) or return;
	local $SIG{PIPE} = 'IGNORE';
	print $s "$method /control/v1/$path HTTP/1.1\r\nHost: signetd\r\nConnection: close\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
	$s->flush;
	return $s;
}
sub control_end {
	my ($s) = @_;
	return { status => 0, body => '', headers => {}, raw => '' } unless $s;
	my $r = Signet::Test::read_answer($s);
	$r->{json} = eval { json_decode($r->{body}) };
	return $r;
}

1;

# SPDX-License-Identifier: GPL-3.0-or-later
package Signet::Terminal;

# A program on a pseudo terminal of its own, of any width, in any folder; it may stay (terminal_start), or run to its end with answers to its
# questions (on_terminal), or with whatever is typed or done at them (terminal).

use strict;
use warnings;
use Exporter 'import';
use POSIX qw(:sys_wait_h _exit setsid);
use Fcntl qw(O_RDWR O_NOCTTY);
use Time::HiRes qw(time);

our @EXPORT = qw(on_terminal terminal terminal_start terminal_end terminal_until shell_quote);

use constant { TIOCSPTLCK => 0x40045431, TIOCGPTN => 0x80045430, TIOCSWINSZ => 0x5414 };

sub shell_quote { return join ' ', map { "'" . s/'/'\\''/gr . "'" } @_ }

# Starts it: cmd => [...], env => {}, cwd => folder, columns => n.
sub terminal_start {
	my (%o) = @_;
	sysopen my $master, '/dev/ptmx', O_RDWR | O_NOCTTY or die "/dev/ptmx: $!";
	my $unlock = pack 'i', 0;
	ioctl $master, TIOCSPTLCK, $unlock or die "TIOCSPTLCK: $!";
	my $number = pack 'I', 0;
	ioctl $master, TIOCGPTN, $number or die "TIOCGPTN: $!";
	my $size = pack 'S4', 50, $o{columns} // 100, 0, 0;
	ioctl $master, TIOCSWINSZ, $size or die "TIOCSWINSZ: $!";
	my $name = '/dev/pts/' . unpack 'I', $number;
	my $pid = fork // die "fork: $!";
	if (!$pid) {
		%ENV = (%ENV, TERM => 'dumb', %{ $o{env} // {} });
		setsid();
		$SIG{$_} = 'DEFAULT' for qw(INT QUIT); # whoever runs the tests in the background has them ignored
		chdir $o{cwd} or _exit(126) if defined $o{cwd};
		sysopen my $tty, $name, O_RDWR or _exit(126); # becomes the controlling terminal
		for my $fd (0 .. 2) { POSIX::dup2(fileno $tty, $fd) }
		close $tty if fileno $tty > 2;
		close $master;
		exec { $o{cmd}[0] } @{ $o{cmd} } or _exit(127);
	}
	return { pid => $pid, master => $master, text => '' };
}

# Reads for a moment what it shows; false when there will be nothing more.
sub show {
	my ($t, $seconds) = @_;
	my $bits = '';
	vec($bits, fileno $t->{master}, 1) = 1;
	return 1 unless select $bits, undef, undef, $seconds;
	return sysread $t->{master}, $t->{text}, 65536, length $t->{text}; # an error when the last one has closed the terminal
}

# What stands on the terminal: without colours, and without what was drawn over.
sub clean { my ($s) = @_; $s =~ s/\e\[[0-9;?]*[a-zA-Z]//g; $s =~ s/\r+\n/\n/g; $s =~ s/^[^\n]*\r//mg; return $s }

# Waits until what it has shown matches; false after the timeout or at its end.
sub terminal_until {
	my ($t, $re, $timeout) = @_;
	my $end = time + ($timeout // 60);
	while (clean($t->{text}) !~ $re) { return 0 if time > $end || !show($t, 0.1) }
	return 1;
}

# Waits for its end: (status, all that was shown). A timeout kills it: status -1.
sub terminal_end {
	my ($t, %o) = @_;
	my $end = time + ($o{timeout} // 120);
	my ($open, $killed) = (1, 0);
	while (waitpid($t->{pid}, WNOHANG) == 0) {
		if ($open) { $open = show($t, 0.05) } else { select undef, undef, undef, 0.02 }
		next if time < $end;
		kill 9, $t->{pid};
		waitpid $t->{pid}, 0;
		$killed = 1;
		last;
	}
	my $status = $killed ? -1 : $? & 127 ? 128 + ($? & 127) : $? >> 8;
	my $n = -1;
	while ($open && length $t->{text} != $n) { $n = length $t->{text}; $open = show($t, 0.05) } # what stands in the terminal still
	close $t->{master};
	return ($status, clean($t->{text}) . ($killed ? "\n(killed after a timeout)\n" : ''));
}

# Runs it to its end; answers => [qr/question/ => 'answer', ...] in their order. (status, what was shown, how many were never asked).
sub on_terminal {
	my (%o) = @_;
	my $t = terminal_start(%o);
	my @answers = @{ $o{answers} // [] };
	my ($seen, $end) = (0, time + ($o{timeout} // 120));
	while (@answers && time < $end) {
		my $text = clean($t->{text});
		if (substr($text, $seen) =~ $answers[0]) {
			$seen = length $text;
			syswrite $t->{master}, $answers[1] . "\r";
			splice @answers, 0, 2;
			next;
		}
		last unless show($t, 0.1);
	}
	my ($status, $text) = terminal_end($t, timeout => $end - time);
	return ($status, $text . (@answers ? "\n(never asked: $answers[0])\n" : ''), @answers / 2);
}

# Waits for each question of the talk, [ qr/question/, answer ], and types what belongs to it: text as it is (with its "\n"), or a function that is
# called with what was shown since the last one. (status, all that stood on the terminal, as it came but for progress).
sub terminal {
	my ($talk, @cmd) = @_;
	my %o = ref $cmd[0] eq 'HASH' ? %{ shift @cmd } : ();
	my $t = terminal_start(%o, cmd => \@cmd, env => { TERM => 'vt100', %{ $o{env} // {} } });
	my ($seen, $end) = (0, time + 120);
	for (@$talk) {
		my ($question, $answer) = @$_;
		my $open = 1;
		$open = show($t, 0.1) while $open && time < $end && substr($t->{text}, $seen) !~ $question;
		my $shown = substr $t->{text}, $seen;
		last unless $shown =~ $question;
		$seen = length $t->{text};
		ref $answer ? $answer->($shown) : syswrite $t->{master}, $answer;
	}
	my ($status) = terminal_end($t, timeout => $end - time);
	return ($status, $t->{text} =~ s/(?:\r[^\r\n]*\e\[K)+//gr);
}

1;

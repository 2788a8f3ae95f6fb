#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# contrib/HACKING as far as a script can read it.
use strict;
use warnings;
use Test::More;
use File::Temp 'tempdir';

my $src = $ENV{SIGNET_SRCDIR} // '.';
my $build = $ENV{SIGNET_BUILDDIR} // '.';
my @files = (glob("$src/src/*/*.[ch]"), glob("$src/plugins/*/*.c"));
my @tests = (glob("$src/t/unit/*.[ch]"), glob("$src/t/fuzz/*.c"));
my (%bad, $long_files);

my $banned = qr/\b(?:strcpy|strcat|strncpy|strncat|sprintf|vsprintf|strtok|gets|system|popen|sleep|usleep|atoi|atol|gmtime|localtime|ctime|asctime|strerror|tmpnam|mktemp|alloca|gethostbyname|getnameinfo|dlclose)\s*\(/;
# Where a rule does not hold: file => rule => reason.
my %allowed = ('src/base/err.c' => { strerror => 1 });

sub strip_comments {
	my ($text) = @_;
	$text =~ s{(/\*.*?\*/)}{ my $n = ($1 =~ tr/\n//); "\n" x $n }gse;
	$text =~ s{"(?:[^"\\\n]|\\.)*"}{""}g;
	return $text;
}

for my $file (@files, @tests) {
	(my $name = $file) =~ s{^\Q$src\E/}{};
	open my $fh, '<', $file or die "$file: $!";
	my @lines = <$fh>;
	my $is_test = $name =~ m{^t/};
	push @{ $bad{SPDX} }, $name unless $lines[0] =~ m{^/\* SPDX-License-Identifier: GPL-3.0-or-later \*/$};
	push @{ $bad{length} }, "$name: " . @lines . ' lines' if @lines > 1000;
	for my $i (0 .. $#lines) {
		push @{ $bad{trailing} }, "$name:" . ($i + 1) if $lines[$i] =~ /[ \t]+$/;
		my $wide = $lines[$i];
		chomp $wide;
		utf8::decode($wide);
		1 while $wide =~ s/^([^\t]*)\t/$1 . ' ' x (8 - length($1) % 8)/e;
		push @{ $bad{width} }, "$name:" . ($i + 1) if length $wide > 100;
	}
	my $text = strip_comments(join '', @lines);
	my $n = 0;
	for (split /\n/, $text) {
		$n++;
		next if /^\s*#/;
		push @{ $bad{banned} }, "$name:$n: $1" if !$is_test && /($banned)/ && !$allowed{$name};
		push @{ $bad{typedef} }, "$name:$n" if !$is_test && /^\s*typedef\s+struct/;
	}
	if ($file =~ /\.h$/ && !$is_test) {
		(my $guard = uc $name) =~ s{^SRC/}{SIGNET_};
		$guard =~ s/[^A-Z0-9]/_/g;
		push @{ $bad{guard} }, "$name: $guard" unless join('', @lines) =~ /^#ifndef $guard\n#define $guard\n/m;
	} elsif ($name =~ m{^src/.*\.c$}) {
		push @{ $bad{compat} }, $name unless $text =~ /\A\s*(?:#define \w+[^\n]*\n\s*)*#include ""/ || $text =~ /\A\s*#include/;
		my ($first) = join('', @lines) =~ /#include\s*["<]([^">]+)/;
		push @{ $bad{compat} }, "$name: first include is $first" if ($first // '') ne 'base/compat.h';
	}
}
is(scalar @{ $bad{$_} // [] }, 0, "rule: $_") or diag(join "\n", @{ $bad{$_} })
	for qw(SPDX length trailing width banned typedef guard compat);

SKIP: {
	my $ctags = `ctags --version 2>/dev/null`;
	skip 'no universal-ctags', 1 unless $ctags =~ /Universal/;
	my @long;
	for (`ctags -x --c-kinds=f --fields=+ne --_xformat='%{end} %n %F %N' @{[ grep { /\.c$/ } @files ]} 2>/dev/null`) {
		my ($end, $begin, $file, $name) = split;
		push @long, "$file: $name: " . ($end - $begin + 1) . ' lines' if $end =~ /^\d+$/ && $end - $begin + 1 > 100;
	}
	is(scalar @long, 0, 'no function over 100 lines') or diag(join "\n", @long);
}

# Mutable state at file scope: only where HACKING says so, marked with the reason.
my @state;
for my $file (grep { /\.c$/ } @files) {
	open my $fh, '<', $file or die;
	my $depth = 0;
	while (my $line = <$fh>) {
		my $code = $line;
		$code =~ s{/\*.*?\*/}{}g;
		if ($depth == 0 && $code =~ /^(?:static\s+)?(?!const\b|typedef\b|extern\b|struct\s+\w+\s*\{|enum\b|union\b)[A-Za-z_][\w\s\*]*?\b\w+(?:\[[^\]]*\])*\s*(?:=|;)/
			&& $code !~ /\bconst\b/ && $code !~ /\(/ && $code !~ /^struct\s+\w+;/ && $line !~ m{/\* state: }) {
			push @state, "$file:$.: $line";
		}
		$depth += ($code =~ tr/{//) - ($code =~ tr/}//);
	}
}
is(scalar @state, 0, 'no unmarked mutable file-scope variable') or diag(join '', @state);

# Every header compiles alone.
SKIP: {
	my $cc = $ENV{CC} // 'cc';
	skip 'no compiler', 1 if system("command -v $cc >/dev/null 2>&1") != 0 || !-e "$build/config.h";
	my $flags = `pkg-config --cflags wolfssl jansson libevent_core yaml-0.1 2>/dev/null`;
	chomp $flags;
	my $dir = tempdir(CLEANUP => 1);
	my $all = '';
	my @broken;
	for my $h (grep { /\.h$/ } glob("$src/src/*/*.h")) {
		(my $name = $h) =~ s{^\Q$src\E/src/}{};
		next if $name eq 'base/compat.h';
		open my $t, '>', "$dir/t.c" or die;
		print $t qq{#include "base/compat.h"\n#include "$name"\nextern int unused;\n};
		close $t;
		my $out = `$cc -std=gnu11 -D_GNU_SOURCE -DHAVE_CONFIG_H -I$build -I$src/src $flags -Wall -Wextra -Werror -fsyntax-only $dir/t.c 2>&1`;
		push @broken, "$name: $out" if $? != 0;
	}
	is(scalar @broken, 0, 'every header compiles alone') or diag(@broken);
}
done_testing;

#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# The layers of src/layers.txt: includes go strictly downward, libraries belong to their folders, makefile fragments are
# up to date, and the command does not contain the daemon's libraries.
use strict;
use warnings;
use Test::More;

my $src = $ENV{SIGNET_SRCDIR} // '.';
my $build = $ENV{SIGNET_BUILDDIR} // '.';
my (%layer, %owners);
open my $fh, '<', "$src/src/layers.txt" or die "layers.txt: $!";
while (<$fh>) {
	next if /^#/ || !/\S/;
	if (/^(\d+)\s+(\w+)$/) { $layer{$2} = $1 }
	elsif (/^lib\s+(\S+)\s+(.+)$/) { $owners{$1} = { map { $_ => 1 } split ' ', $2 } }
	else { fail("layers.txt: $_") }
}

sub includes {
	my ($file) = @_;
	open my $in, '<', $file or die "$file: $!";
	my @found;
	while (<$in>) { push @found, [$1, $2, $.] if /^\s*#\s*include\s*(["<])([^">]+)[">]/ }
	return @found;
}

my @bad;
for my $dir (glob "$src/src/*/") {
	my ($name) = $dir =~ m{/([^/]+)/$};
	next unless glob "$dir*.[ch]";
	push @bad, "src/$name is in no layer" unless defined $layer{$name};
}
for my $file (glob("$src/src/*/*.[ch]"), glob("$src/plugins/*/*.c")) {
	my ($folder) = $file =~ m{/(?:src|plugins)/(\w+)/[^/]+$};
	my $plugin = $file =~ m{/plugins/\w+/[^/]+$};
	for (includes($file)) {
		my ($how, $what, $line) = @$_;
		my $at = "$file:$line: $what";
		if ($how eq '"' && $what =~ m{^(\w+)/}) {
			my $to = $1;
			if ($plugin) { push @bad, "$at: a plugin sees src/abi only" unless $to eq 'abi' }
			elsif (!defined $layer{$to}) { push @bad, "$at: no such folder" }
			elsif ($to ne $folder && $layer{$to} >= $layer{$folder}) { push @bad, "$at: not below $folder" }
		} elsif ($how eq '"') {
			push @bad, "$at: not folder/file" unless $what eq 'config.h' || $folder eq 'abi';
		} else {
			for my $prefix (keys %owners) {
				next unless index($what, $prefix) == 0;
				my $who = $plugin ? "plugins/$folder" : $folder;
				push @bad, "$at: belongs to " . join(' ', sort keys %{ $owners{$prefix} }) unless $owners{$prefix}{$who};
			}
		}
	}
}
is(scalar @bad, 0, 'every include goes downward and every library to its owner') or diag(join "\n", @bad);

my $out = `cd $src && contrib/sources --check 2>&1`;
is($?, 0, 'the makefile fragments list every source') or diag($out);

SKIP: {
	my ($signet) = grep { -x } "$build/.libs/signet", "$build/signet";
	skip 'signet is not built', 2 unless $signet;
	my $needed = `objdump -p $signet 2>/dev/null | grep NEEDED`;
	skip 'no objdump', 2 unless $needed;
	unlike($needed, qr/rocksdb/, 'the command does not link the store');
	my ($signetd) = grep { -x } "$build/.libs/signetd", "$build/signetd";
	my @modules = grep { -f } glob("$build/plugins/*/.libs/*.so");
	my $all = `ldd $signet $signetd @modules 2>/dev/null`;
	unlike($all, qr/libssl\.so/, 'nothing pulls in a second TLS library');
}

# A unit test links only the libraries up to its own folder's layer, so that an upward call is a link error.
my $mk = do { local $/; open my $m, '<', "$src/t/local.mk" or die; <$m> };
my @up;
while ($mk =~ /^t_unit_(test_([a-z0-9]+)_\w+)_LDADD =(.*)$/mg) {
	my ($test, $folder, $libs) = ($1, $2, $3);
	push @up, "$test: its folder $folder is in no layer" unless defined $layer{$folder};
	push @up, "$test links $_" for grep { $_ ne $folder && $layer{$_} >= ($layer{$folder} // 0) } $libs =~ m{src/(\w+)/lib}g;
}
is(scalar @up, 0, 'unit tests link downward only') or diag(join "\n", @up);

my @top = sort grep { !m{^\.} && system('git', '-C', $src, 'check-ignore', '-q', $_) != 0 } map { m{([^/]+)$} } glob "$src/*";
SKIP: {
	skip 'not a git checkout', 1 unless -d "$src/.git";
	is("@top", 'COPYING Makefile.am README conf configure.ac contrib plugins src t', 'the top level is what it should be');
}
done_testing;

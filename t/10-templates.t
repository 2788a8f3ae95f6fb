#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# What Go's template engine, sprig and the certificate builders made of 1,880 templates, and what Signet makes of them: class and
# place of every error, every output, every certificate. t/tools/tmplvec answers, this compares.
use strict;
use warnings;
use lib 't/lib';
use Signet::Test;
use Test::More;
use JSON::PP;

# Vectors that are left out knowingly: id => reason. A vector here that passes is a failure as well.
my $certificates = 'makes certificates inside a template: unknown here, so refused at load';
my %left_out = map { ("sprig-$_" => $certificates) } qw(731 986 987 988 989 990 992);
my $dir = "$SRC/t/vectors/templates";
my ($tool) = grep { -x } "$BUILD/t/tools/tmplvec", "$BUILD/tmplvec";
plan(skip_all => 'tmplvec is not built (make t/tools/tmplvec)') unless $tool;

# As Go reads it: a lone surrogate is U+FFFD.
sub decode_line {
	my ($line) = @_;
	$line =~ s/(?<!\\)(?:\\\\)*\K\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])/\\ufffd/g;
	return JSON::PP->new->utf8->decode($line);
}

sub same {
	my ($x, $y) = @_;
	my $json = JSON::PP->new->canonical->allow_nonref;
	return $json->encode([$x]) eq $json->encode([$y]);
}

# What differs, or undef.
sub difference_of_errors {
	my ($v, $got) = @_;
	my ($want, $class) = ($v->{error}, $got->{error});
	return "no error, but $want" unless defined $class;
	return undef if $want eq 'panic';
	my %merged = (sign => 'cert');
	return "class $class, not $want: " . ($got->{message} // '') if ($merged{$class} // $class) ne ($merged{$want} // $want);
	return undef if $want eq 'cert' || $want eq 'sign';
	for my $key (qw(line col)) {
		return "$key " . ($got->{$key} // '-') . ', not ' . ($v->{$key} // '-') . ": " . ($got->{message} // '') unless same($got->{$key}, $v->{$key});
	}
	return undef if grep { $_ eq 'gotext' || $_ eq 'libver' } @{ $v->{tags} // [] };
	for my $key (qw(message message_b64)) {
		return "$key: " . ($got->{$key} // '-') . "\n      not: " . ($v->{$key} // '-') unless same($got->{$key}, $v->{$key});
	}
	return undef;
}

sub difference {
	my ($v, $got) = @_;
	return 'no answer' unless $got;
	return difference_of_errors($v, $got) if exists $v->{error};
	return "error: $got->{error}: " . ($got->{message} // '') if exists $got->{error};
	for my $key (qw(want want_b64)) {
		return "$key: " . ($got->{$key} // '-') . "\n      not: " . ($v->{$key} // '-') unless same($got->{$key}, $v->{$key});
	}
	for my $key (qw(cert ssh_cert)) {
		next if !exists $v->{$key} || same($got->{$key}, $v->{$key});
		return "no $key" unless $got->{$key};
		my @parts = grep { !same($got->{$key}{$_}, $v->{$key}{$_}) } sort keys %{ { %{ $v->{$key} }, %{ $got->{$key} } } };
		return "$key differs in @parts";
	}
	return undef;
}

for my $file (sort glob("$dir/*.jsonl")) {
	(my $name = $file) =~ s{.*/}{};
	open my $in, '<', $file or die "$file: $!";
	my @vectors = map { decode_line($_) } <$in>;
	close $in;
	open my $out, '-|', 'sh', '-c', '"$0" --ca "$1" < "$2"', $tool, $dir, $file or die "$tool: $!";
	my %got = map { my $o = JSON::PP->new->utf8->decode($_); ($o->{id} => $o) } <$out>;
	close $out;
	my $rc = $?;
	my @bad;
	for my $v (@vectors) {
		my $why = difference($v, $got{ $v->{id} });
		if (my $reason = $left_out{ $v->{id} }) {
			push @bad, "$v->{id}: passes, and is in the list of what is left out ($reason)" unless defined $why;
			next;
		}
		push @bad, "$v->{id}: $why\n      of $v->{template}" if defined $why;
	}
	is($rc, 0, "$name: tmplvec ends well");
	is(scalar @bad, 0, "$name: " . @vectors . ' vectors');
	my $more = @bad > 20 ? "\n... and " . (@bad - 20) . ' more' : '';
	diag(join("\n", map { substr $_, 0, 600 } @bad[0 .. ($#bad > 19 ? 19 : $#bad)]) . $more) if @bad;
}
done_testing();

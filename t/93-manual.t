#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# --help, manual pages and completions come from the same tables: each command and option is in all of them, pages have no warnings, completions complete.
use strict;
use warnings;
use Test::More;
use Signet::Test;

hang_guard(600);
my $t = scratch();
my ($rc, $out, $err);
sub plain { return run({ env => { SIGNETPATH => "$t/none", HOME => "$t/none" }, timeout => 60 }, signet_bin(), @_) }
sub ok_plain { my @r = plain(@_); die "signet @_: status $r[0]\n$r[1]$r[2]" if $r[0] != 0; return $r[1] }

# ---- what there is ----

# The commands of the table in the sources, and the subcommands that --help names.
my ($table) = slurp("$SRC/src/cli/cmds.c") =~ /cli_cmds\[\] = \{(.*?)\};/s;
my @commands = map { tr/_/-/r } $table =~ /&cmd_(\w+)/g;
cmp_ok(scalar @commands, '>', 15, 'the table of commands is found');
my $all = ok_plain('--help');
my (%group, %summary, $title);
for (split /\n/, $all) {
	if (/^  (\w+) +(\S.*)$/) { $group{$1} = $title; $summary{$1} = $2 }
	elsif (/^(\S.*)$/) { $title = $1 }
}
is_deeply([ sort keys %summary ], [ sort @commands, 'help', 'version' ], '--help lists every command of the table');
is(scalar(grep { $group{$_} eq 'And' } @commands), 0, 'every command has its group');
unlike($all, qr/\e/, '--help: no colours where there is no terminal');

my %subs;
my @leaves; # [words of the command], its --help
for my $command (@commands) {
	my $help = ok_plain($command, '--help');
	if ($help =~ /^usage: signet $command COMMAND /m) {
		$subs{$command} = [ $help =~ /^  $command (\w+) +\S/mg ];
		cmp_ok(scalar @{ $subs{$command} }, '>', 1, "$command: subcommands");
		push @leaves, map { [ [ $command, $_ ], ok_plain($command, $_, '--help') ] } @{ $subs{$command} };
	} else {
		push @leaves, [ [$command], $help ];
	}
}
# name => [metavariable or undef, text]
sub options_in { my ($help) = @_; $help =~ s/^(  --\S+(?: \S+)?)\n {35}/$1  /mg; return { map { /^  --([\w-]+)(?: (\S+))?  +(\S.*)$/ ? ($1 => [ $2, $3 ]) : () } split /\n/, $help } }

# ---- pages ----

my %page = (map({ $_ => ok_plain('help', '--man', $_) } @commands));
my $overview = ok_plain('help', '--man');
sub plain_text { my ($roff) = @_; $roff =~ s/\\f[BIRP]|\\&//g; $roff =~ s/\\-/-/g; $roff =~ s/\\e/\\/g; return $roff }

my $bash = ok_plain('help', '--completion', 'bash');
my $zsh = ok_plain('help', '--completion', 'zsh');
for (@leaves) {
	my ($words, $help) = @$_;
	my $name = "@$words";
	my $options = options_in($help);
	my $page = plain_text($page{ $words->[0] });
	cmp_ok(scalar keys %$options, '>', 0, "$name: options");
	my ($case) = $bash =~ /^\t"\Q$name\E"\)\n\t\topts='([^']*)'/m;
	is_deeply([ sort split / /, $case // '' ], [ sort map { "--$_" } keys %$options ], "$name: bash has the same options");
	my (@no_doc, @no_page, @no_zsh, @refused);
	for my $option (sort keys %$options) {
		my ($arg, $doc) = @{ $options->{$option} };
		push @no_doc, $option unless $doc =~ /\w+/;
		my $label = "--$option" . (defined $arg ? " $arg" : '');
		push @no_page, $label unless $page =~ /^\Q$label\E\n\S/m;
		push @no_zsh, $option unless $zsh =~ /'\*?--\Q$option\E=?\[/;
		# The parser knows it, with a value exactly when it says so. A value that comes with a flag is refused before anything happens.
		next if $option eq 'help';
		my ($status, undef, $said) = plain(@$words, defined $arg ? "--$option" : "--$option=x");
		my $like = defined $arg ? qr/--\Q$option\E needs a value/ : qr/--\Q$option\E takes no value/;
		push @refused, "$option: $said" unless $status == 2 && $said =~ $like;
	}
	is("@no_doc", '', "$name: each option has a sentence");
	is("@no_page", '', "$name: each option is on its page");
	is("@no_zsh", '', "$name: each option is in the completion for zsh");
	is("@refused", '', "$name: the parser knows each option");
}
for my $command (@commands) {
	my $page = plain_text($page{$command});
	like($page, qr/^\.TH "SIGNET-\U$command\E" 1 \d{4}-\d\d-\d\d "signet [\w.]+" /m, "$command: the page's head");
	(my $name = $summary{$command}) =~ s/^(\w)/\l$1/;
	like($page, qr/^\.SH NAME\nsignet-$command - \Q$name\E$/m, "$command: the page's name");
	like($overview, qr/^\\fBsignet\\-$command\\fR\(1\)$/m, "$command: is in signet(1)");
	for my $part ('SYNOPSIS', 'DESCRIPTION', '"EXIT STATUS"', '"SEE ALSO"') { like($page, qr/^\.SH $part$/m, "$command: $part") }
	for my $ref ($page =~ /^\.BR signet-(\S+) \(1\)/mg) { ok($page{$ref}, "$command: signet-$ref(1) exists") }
}
is((plain('help', '--man', 'nonsense'))[0], 2, 'no page of what is no command');
is((plain('help', '--completion', 'fish'))[0], 2, 'no completion for other shells');

# ---- the daemon's ----

$page{signetd} = run_ok(signetd_bin(), '--man');
my $signetd = plain_text($page{signetd});
my $help = run_ok(signetd_bin(), '--help');
my @long = $help =~ /^ +(?:-\w, )?--([\w-]+)/mg;
cmp_ok(scalar @long, '>', 5, 'signetd: options');
like($signetd, qr/^(?:-\w, )?--$_\b.*\n\S/m, "signetd(8): --$_") for @long;
my @keys = run_ok(signetd_bin(), '--help-config') =~ /^([\w.]+): /mg;
my @absent = grep { $signetd !~ /^\Q$_\E: /m } @keys;
cmp_ok(scalar @keys, '>', 20, 'signetd: keys of the configuration');
is("@absent", '', 'signetd(8): every key of the configuration');
like($signetd, qr/^\.SH $_$/m, "signetd(8): $_") for qw(NAME SYNOPSIS DESCRIPTION OPTIONS CONFIGURATION PROVISIONERS);

# ---- judges ----

my %file = (signet => "$t/signet.1", signetd => "$t/signetd.8", map { $_ => "$t/signet-$_.1" } @commands);
spew($file{$_}, $_ eq 'signet' ? $overview : $page{$_}) for keys %file;
SKIP: {
	skip('no mandoc', 1) unless have('mandoc');
	($rc, $out, $err) = run('mandoc', '-T', 'lint', '-W', 'warning', sort values %file);
	is("$out$err", '', 'mandoc has no complaint');
}
SKIP: {
	skip('no groff', 1) unless have('groff');
	my $said = '';
	for (sort values %file) { my @r = run('groff', '-man', '-ww', '-z', '-Tutf8', $_); $said .= "$r[1]$r[2]" }
	is($said, '', 'groff has no complaint');
}
SKIP: {
	skip('no man', 2) unless have('man');
	($rc, $out, $err) = run({ env => { MANWIDTH => 80, LC_ALL => 'C.UTF-8', MANPAGER => 'cat' } }, 'man', '-l', $file{inspect});
	skip('man does not show pages here', 2) if $rc != 0 || $out !~ /\S/;
	like($out, qr/^ +signet inspect FILE\|-\|https:/m, 'man shows a page: synopsis');
	like($out, qr/^ +--bundle\b.*\n? *.*\beverything\b/m, 'man shows a page: an option');
}
# What the build has written is what the programs say.
for (sort keys %file) {
	my ($base) = $file{$_} =~ m{([^/]+)$};
	next unless -e "$BUILD/man/$base";
	is(slurp("$BUILD/man/$base"), slurp($file{$_}), "the build's $base is up to date");
}
for ([ 'signet.bash', $bash ], [ '_signet', $zsh ]) {
	my ($base, $text) = @$_;
	is(slurp("$BUILD/completions/$base"), $text, "the build's $base is up to date") if -e "$BUILD/completions/$base";
}

# ---- completion ----

SKIP: {
	skip('no bash', 1) unless have('bash');
	spew("$t/signet.bash", $bash);
	mkdir "$t/d";
	mkdir "$t/d/folder";
	spew("$t/d/a file.crt", '');
	spew("$t/d/b.crt", '');
	is((run('bash', '--norc', '-n', "$t/signet.bash"))[0], 0, 'bash can read it');
	# Words as bash cuts them, the last one is completed: what is offered.
	my $complete = sub {
		my (@words) = @_;
		my ($status, $offered, $said) = run('bash', '--norc', '-c',
			'cd "$1" && . "$2" && shift 2 && COMP_WORDS=("$@") && COMP_CWORD=$(($# - 1)) && _signet && printf "%s\n" "${COMPREPLY[@]}"', 'bash', "$t/d", "$t/signet.bash", 'signet',
			@words);
		is($said, '', "bash, @words: nothing on stderr");
		return [ sort grep { length } split /\n/, $offered ];
	};
	is_deeply($complete->(''), [ sort @commands, 'help', 'version', '--help' ], 'bash: commands');
	is_deeply($complete->('ins'), [ sort grep { /^ins/ } @commands ], 'bash: commands that begin so');
	is_deeply($complete->('help', 'fin'), ['fingerprint'], 'bash: help of a command');
	is_deeply($complete->('inspect', '--form'), ['--format'], 'bash: an option');
	is_deeply($complete->('inspect', '--format', ''), [qw(der json pem text)], 'bash: the words of an option');
	is_deeply($complete->('inspect', '--format', '=', 'j'), ['json'], 'bash: behind an equals sign');
	is_deeply($complete->('inspect', '--format', '='), [qw(der json pem text)], 'bash: right behind an equals sign');
	is_deeply($complete->('inspect', '--roots', ''), [ 'a file.crt', 'b.crt', 'folder' ], 'bash: the file of an option');
	is_deeply($complete->('inspect', ''), [ 'a file.crt', 'b.crt', 'folder' ], 'bash: the file of a command');
	is_deeply($complete->('inspect', '--bundle', 'b'), ['b.crt'], 'bash: an argument behind a flag');
	is_deeply($complete->('inspect', '--format', 'json', 'b'), ['b.crt'], 'bash: an argument behind an option with its value');
	is_deeply($complete->('inspect', '--format', '=', 'json', 'b'), ['b.crt'], 'bash: the same with an equals sign');
	is_deeply($complete->('renew', 'b.crt', 'a'), ['a file.crt'], 'bash: the second file');
	is_deeply($complete->('lint', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'b'), ['b.crt'], 'bash: one of many files');
	is_deeply($complete->('inspect', 'b.crt', '--sh'), ['--short'], 'bash: an option behind an argument');
	is_deeply($complete->('certificate', ''), [], 'bash: nothing is guessed for a subject');
	is_deeply($complete->('certificate', 'name', ''), [ 'a file.crt', 'b.crt', 'folder' ], 'bash: but the file behind it');
	is_deeply($complete->('backup', ''), ['folder'], 'bash: a folder');
	is_deeply($complete->('nonsense', ''), [], 'bash: nothing for what is no command');
	for my $command (sort keys %subs) {
		is_deeply($complete->($command, ''), [ sort @{ $subs{$command} }, '--help' ], "bash: $command: subcommands");
		is_deeply($complete->('help', $command, ''), [ sort @{ $subs{$command} }, '--help' ], "bash: help $command: subcommands");
		my $sub = $subs{$command}[0];
		ok((grep { $_ eq '--json' || $_ eq '--help' } @{ $complete->($command, $sub, '--') }), "bash: $command $sub: options");
	}
}
SKIP: {
	skip('no zsh', 1) unless have('zsh');
	spew("$t/_signet", $zsh);
	($rc, $out, $err) = run('zsh', '-f', '-n', "$t/_signet");
	is("$rc$err", '0', 'zsh can read it');
}

# ---- on a terminal ----

SKIP: {
	skip('no script(1)', 3) unless have('script');
	my $on_terminal = sub { my ($env) = @_; return (run({ env => { TERM => 'xterm', NO_COLOR => '', %$env } }, 'script', '-qec', signet_bin() . ' --help', '/dev/null'))[1] };
	like($on_terminal->({}), qr/\e\[1m\w/, 'a terminal: titles are bold');
	unlike($on_terminal->({ NO_COLOR => '1' }), qr/\e\[1m/, 'NO_COLOR: they are not');
	unlike($on_terminal->({ TERM => 'dumb' }), qr/\e\[1m/, 'a dumb terminal: they are not');
}
done_testing;

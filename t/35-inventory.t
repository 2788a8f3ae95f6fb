#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Inventories: the command and the daemon from end to end. Files of every format go in and come out the same; what is wrong is named by file and line
# and changes nothing; a list is the old one or the new one, also when the daemon is killed; a backup has it.
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(time sleep);
use POSIX qw(_exit mkfifo :sys_wait_h);
use MIME::Base64 qw(encode_base64url);
use Signet::Test;
use Signet::Control;

need('openssl');
need_hooks();
hang_guard(900);

my $t = scratch();
my $d = Signet::Test->new;
my $yaml = "$d->{dir}/signetd.yaml";
my ($rc, $out, $err);

sub inv { ($rc, $out, $err) = $d->signet('inventory', @_, '--config', $yaml); return ($rc, $out, $err) }
sub good { my ($name, @args) = @_; inv(@args); is($rc, 0, $name) or diag($out, $err); is($err, '', "$name: nothing on stderr"); return $out }
# Refused with this status, in one line (and the hint of a wrong command line), with nothing on standard output.
sub bad {
	my ($name, $status, $re, @args) = @_;
	inv(@args);
	is($rc, $status, "$name: status") or diag($out, $err);
	like($err, $re, "$name: message");
	is($out, '', "$name: nothing on stdout");
	is(scalar(split /\n/, $err), $err =~ /^Try: /m ? 2 : 1, "$name: one line") or diag($err);
}
sub file { my ($name, $text) = @_; return spew("$t/$name", $text) }
sub record { my ($list, $key) = @_; inv('get', $list, $key, '--json'); return $rc == 0 ? json_decode($out) : undef }
sub list_of { my ($name) = @_; return (grep { $_->{name} eq $name } @{ control($d, 'GET', 'inventories')->{json}{inventories} })[0] }
sub count { my ($list) = @_; return list_of($list)->{count} }
sub start { $d->start(env => $_[0] // {}) or BAIL_OUT('no daemon: ' . $d->log_tail) }

# ---- no daemon, no list ----

bad('no daemon', 4, qr/is signetd running\?/, 'list');
start();
is(good('no list', 'list'), '', 'there is no list');
bad('an unknown list', 3, qr/^signet: there is no inventory "hosts"; `signet inventory list` names those that are there, `signet inventory create` makes one$/m,
	'get', 'hosts', 'x');
bad('import into it', 3, qr/there is no inventory "hosts"/, 'import', 'hosts', file('x.csv', "id\nx\n"));
bad('a name', 2, qr/name of an inventory: 1 to 64 of a-z 0-9 \. _ -/, 'create', 'Hosts');
bad('a kind', 2, qr/--kind tree: host, service, person, device or free/, 'create', 'hosts', '--kind', 'tree');

# ---- the examples in conf/ ----

my $conf = "$SRC/conf/inventories";
like(good('create', 'create', 'people', '--kind', 'person', '--fold-case'), qr/^Inventory people is there\./, 'create: says so');
bad('create again', 3, qr/^signet: inventory "people" is there already$/m, 'create', 'people');
is(good('import CSV', 'import', 'people', "$conf/people.csv", '--list', 'groups'), "Inventory people has 3 records now.\n", 'import CSV: says so');
is_deeply(record('people', 'Jane.DOE@example.com')->{attributes}, { user => 'jane', name => 'Jane Doe', groups => [ 'staff', 'admins' ] },
	'e-mail to user name, in any case');
is_deeply(record('people', 'guest@example.com')->{attributes}, { user => 'guest' }, 'empty cells are no attributes');
good('create hosts', 'create', 'hosts', '--kind', 'host', '--fold-case');
is(good('import JSON', 'import', 'hosts', "$conf/hosts.json"), "Inventory hosts has 3 records now.\n", 'import JSON: says so');
is_deeply(record('hosts', 'web1.example.com')->{attributes}{names}, [ 'web1.example.com', 'www.example.com', 'shop.example.com' ], 'host to its names');
good('create devices', 'create', 'devices', '--kind', 'device');
is(good('import YAML', 'import', 'devices', "$conf/devices.yaml", '--key', 'serial'), "Inventory devices has 3 records now.\n", 'import YAML: says so');
is_deeply(record('devices', '0003')->{attributes}, { names => [ 'oven-1.factory.example.com' ], model => 'OV-7', site => 'Graz' }, 'device to its name');

# ---- what is shown ----

my @lists = map { [ split /\t/ ] } split /\n/, good('list', 'list');
is_deeply([ map { [ @$_[0 .. 3] ] } @lists ], [ [ 'devices', 'device', 3, 'exact' ], [ 'hosts', 'host', 3, 'folded' ], [ 'people', 'person', 3, 'folded' ] ],
	'list: the lists');
like($lists[0][4], qr/^20\d\d-\d\d-\d\dT/, 'list: when it was changed');
is_deeply([ map { $_->{name} } @{ json_decode(good('list --json', 'list', '--json'))->{inventories} } ], [ 'devices', 'hosts', 'people' ], 'list --json');
like(good('list --csv', 'list', '--csv'), qr/\Aname,kind,count,version,foldCase,created,changed\r\ndevices,device,3,2,false,20/, 'list --csv');
is(good('records', 'list', 'devices', '--prefix', 'SN'), qq(SN-0001\t{"names":["press-1.factory.example.com"],"model":"HX-20","site":"Graz"}\n)
	. qq(SN-0002\t{"names":["press-2.factory.example.com","10.20.0.2"],"model":"HX-20","site":"Linz"}\n), 'list: records');
inv('list', 'devices', '--limit', 2);
like($out, qr/\A0003\t.*\nSN-0001\t.*\n\z/, 'list --limit');
my ($cursor) = $err =~ /^There is more; the next page \(or --all instead\): --cursor (\S+)\n\z/;
like(good('list --cursor', 'list', 'devices', '--cursor', $cursor), qr/\ASN-0002\t.*\n\z/, 'list --cursor');
my $page = json_decode(good('records --json', 'list', 'devices', '--json'));
is(scalar @{ $page->{records} }, 3, 'records --json');
is($page->{nextCursor}, '', 'records --json: that was all');
is_deeply([ sort keys %{ $page->{records}[0] } ], [qw(attributes changed key version)], 'records --json: members');
like(good('records --csv', 'list', 'devices', '--csv'), qr/\Akey,version,changed,attributes\r\n0003,2,20\S+Z,"\{""names""/, 'records --csv');
is(good('get', 'get', 'devices', 'SN-0001') =~ s/changed: .*/changed: T/r,
	"key: SN-0001\nversion: 2\nchanged: T\nattributes:\n  names:\n  - press-1.factory.example.com\n  model: HX-20\n  site: Graz\n", 'get: YAML');
bad('get: none', 3, qr/^signet: inventory "devices" has no record "sn-0001"$/m, 'get', 'devices', 'sn-0001');
bad('list: two forms', 2, qr/exclude each other/, 'list', '--json', '--csv');
bad('list: of records', 2, qr/--prefix is for the records of a list/, 'list', '--prefix', 'x');

# ---- one record ----

is(good('set', 'set', 'devices', 'SN-9', 'site=Wien', 'note=a=b'), "SN-9 is new in inventory devices (version 3).\n", 'set: says so');
is_deeply(record('devices', 'SN-9')->{attributes}, { site => 'Wien', note => 'a=b' }, 'set: pairs');
good('set --keep', 'set', 'devices', 'SN-9', '{"n":1.5,"names":["a"]}', '--keep');
is_deeply(record('devices', 'SN-9')->{attributes}, { site => 'Wien', note => 'a=b', n => 1.5, names => ['a'] }, 'set --keep');
is(good('set again', 'set', 'devices', 'SN-9'), "SN-9 was changed in inventory devices (version 5).\n", 'set: no attributes');
is_deeply(record('devices', 'SN-9')->{attributes}, {}, 'set: exactly these');
bad('set --if-version', 3, qr/^signet: the record has version 5, not 4: somebody changed it; look at it again$/m, 'set', 'devices', 'SN-9', 'a=1', '--if-version', 4);
bad('set --if-version 0', 3, qr/the record is there already, with version 5/, 'set', 'devices', 'SN-9', 'a=1', '--if-version', 0);
good('set with the version', 'set', 'devices', 'SN-9', 'a=1', '--if-version', 5);
bad('set: no pair', 2, qr/"a": NAME=VALUE, or one JSON object in quotes/, 'set', 'devices', 'SN-9', 'a');
bad('set: bad JSON', 2, qr/^signet: attributes: JSON: line 1, column \d+: malformed$/m, 'set', 'devices', 'SN-9', '{"a":x}');
bad('set: _key', 2, qr/attribute "_key": the name is taken/, 'set', 'devices', 'SN-9', '_key=1');
bad('set: too much', 2, qr/attributes: 20010 bytes, 16384 at most/, 'set', 'devices', 'SN-9', 'a=' . 'x' x 20000 . 'yz');
for my $key ('a/b', '~x', '..', 'spiffe://example.com/x y', "\xc3\xa4\xf0\x9f\x98\x80") {
	good("a key: $key", 'set', 'devices', $key, 'a=1');
	is(record('devices', $key)->{key}, $key, "a key: $key");
	good("a key, removed: $key", 'remove', 'devices', $key);
	is(record('devices', $key), undef, "a key, removed: $key");
}
bad('remove --if-version', 3, qr/the record has version 6, not 1/, 'remove', 'devices', 'SN-9', '--if-version', 1);
is(good('remove', 'remove', 'devices', 'SN-9'), "SN-9 is gone from inventory devices.\n", 'remove: says so');
bad('remove again', 3, qr/has no record "SN-9"/, 'remove', 'devices', 'SN-9');
is(count('devices'), 3, 'the count is right');

# ---- files: what comes out goes in ----

my $odd = file('odd.json', qq([{"key":"a","t":"","n":-1.5e-9,"i":9007199254740993,"b":true,"z":null,"o":{"x":[{},[]]},"s":"\\u00e4 \\"<&>\\" \\\\ \\n\\t|,"},\n)
	. qq({"key":"b c","key2":"k"},{"key":"C\\u2028","l":[]}]));
good('create odd', 'create', 'odd');
good('import odd', 'import', 'odd', $odd);
my $want = good('export', 'export', 'odd');
for my $format (qw(json jsonl yaml)) {
	is(good("export $format", 'export', 'odd', "$t/again.$format"), "3 records are in $t/again.$format.\n", "export $format: says so");
	good("import $format", 'import', 'odd', "$t/again.$format");
	is(good("export after $format", 'export', 'odd'), $want, "$format gives the same again");
}
bad('export: the file is there', 1, qr/again\.json.*--force/, 'export', 'odd', "$t/again.json");
bad('export: CSV cannot', 1, qr/^signet: record "a", attribute "n": is neither text nor a list of texts, which CSV cannot hold; export JSON or YAML$/m,
	'export', 'odd', "$t/odd.csv");
ok(!-e "$t/odd.csv", 'export: nothing is left behind');
good('set a member called key', 'set', 'odd', 'k', 'key=inner');
bad('export: the name is taken', 1, qr/record "k" has an attribute "key": give the key another name with --key, e\.g\. --key _key/, 'export', 'odd', '--format', 'jsonl', "$t/k.jsonl");
good('export with _key', 'export', 'odd', "$t/k.jsonl", '--key', '_key');
good('import with _key', 'import', 'odd', "$t/k.jsonl");
is_deeply(record('odd', 'k')->{attributes}, { key => 'inner' }, '_key wins over key');
inv('export', 'people', '-', '--format', 'csv');
is($out, qq(key,user,name,groups\r\nguest\@example.com,guest,,\r\njane.doe\@example.com,jane,Jane Doe,staff|admins\r\njohn\@example.com,john,"Smith, John",staff\r\n), 'export CSV');
is($err, "To import it again, say which columns are lists: --list groups\n", 'export CSV: tells about lists');
file('p.csv', $out);
my $people = good('people before', 'export', 'people');
good('import CSV again', 'import', 'people', "$t/p.csv", '--list', 'groups');
is(good('people after', 'export', 'people'), $people, 'CSV gives the same again');

# ---- standard input, merge, check ----

($rc, $out, $err) = $d->signet({ stdin => "key,a\nnew,1\nSN-0001,2\n" }, 'inventory', 'import', 'devices', '-', '--format', 'csv', '--merge', '--config', $yaml);
is($rc, 0, 'merge from standard input') or diag($err);
is($out, "2 records were put over inventory devices; it has 4 now.\n", 'merge: says so');
is_deeply(record('devices', 'SN-0001')->{attributes}, { a => '2' }, 'merge: the record is the file\'s');
is(record('devices', 'SN-0002')->{attributes}{site}, 'Linz', 'merge: others stay');
bad('which format?', 2, qr/^signet: -: which format\? Give --format csv, json, jsonl or yaml$/m, 'import', 'devices', '-');
bad('merge and replace', 2, qr/exclude each other/, 'import', 'devices', $odd, '--merge', '--replace');
bad('list in JSON', 2, qr/--list is for CSV/, 'import', 'devices', $odd, '--list', 'x');
is(good('check', 'import', 'devices', $odd, '--check'), "$odd: 3 records, all fine; nothing was imported.\n", 'check: says so');
is(count('devices'), 4, 'check: nothing was imported');
is(json_decode(good('import --json', 'import', 'odd', $odd, '--json'))->{records}, 3, 'import --json');

# ---- what is wrong, and where ----

my $before = good('before', 'export', 'devices');
my $version = list_of('devices')->{version};
for (
	[ 'twice.csv', "id,a\nx,1\ny,2\nx,3\n", '4: the key "x" is in line 2 already: each key may be there once' ],
	[ 'late.csv', "id,a\n" . join('', map { "k$_,1\n" } 1 .. 20000) . "bad\n", '20002: the row has 1 cells, the header 2' ],
	[ 'quote.csv', "id,a\nx,\"1\n", '2: a quote is not closed' ],
	[ 'cut.json', "[{\"key\":\"x\"},\n{\"key\":\"y\"", '2: JSON: ends too early' ],
	[ 'nokey.json', "[{\"key\":\"x\"},\n{\"a\":\"y\"}]", '2: the record has no "key"; name the member that is its key with --key' ],
	[ 'deep.jsonl', "{\"key\":\"x\",\"a\":" . '[' x 30 . ']' x 30 . "}\n", '1: attribute "a": nested deeper than 8' ],
	[ 'long.jsonl', "{\"key\":\"" . 'x' x 256 . "\"}\n", '1: key: longer than 255 bytes' ],
	[ 'big.jsonl', "{\"key\":\"x\",\"a\":\"" . 'x' x 17000 . "\"}\n", '1: attributes: 17008 bytes, 16384 at most' ],
	[ 'alias.yaml', "- key: x\n- key: *x\n", '2: YAML: column 8: aliases are not supported' ],
	[ 'twice.yaml', "x: {a: 1}\ny: {}\nx: {}\n", '3: YAML: column 1: key occurs twice' ],
	[ 'empty.jsonl', "\n", ' has no record; if the list is to be empty, give --allow-empty' ],
	[ 'none.json', "", '1: an array of records, or an object from keys to attributes, is needed' ],
) {
	my ($name, $text, $message) = @$_;
	my $f = file($name, $text);
	bad($name, 1, qr/^signet: \Q$f:$message\E$/m, 'import', 'devices', $f);
	bad("$name, --check", 1, qr/^signet: \Q$f:$message\E$/m, 'import', 'devices', $f, '--check');
}
bad('folded', 1, qr/:3: the key "A\@b" is in line 2 already/, 'import', 'people', file('fold.csv', "id\na\@b\nA\@b\n"));
bad('no such file', 1, qr/^signet: \Q$t\E\/nowhere\.csv: /m, 'import', 'devices', "$t/nowhere.csv");
bad('a folder', 1, qr/is a folder/, 'import', 'devices', $t, '--format', 'csv');
is(good('after', 'export', 'devices'), $before, 'none of them changed anything');
is(list_of('devices')->{version}, $version, 'nor the version');
is(good('empty', 'import', 'odd', "$t/empty.jsonl", '--allow-empty'), "Inventory odd has 0 records now.\n", 'an empty list, when it is wanted');
is(good('export nothing', 'export', 'odd', '--format', 'yaml'), "[]\n", 'export of nothing');

# ---- the socket itself ----

for (
	[ 'no list', 'GET', 'inventories/nowhere', undef, 404, qr/there is no inventory "nowhere"/ ],
	[ 'a limit', 'GET', 'inventories/hosts?limit=0', undef, 400, qr/^limit: must be a number from 1 to 1000$/ ],
	[ 'an unknown parameter', 'GET', 'inventories/hosts?limits=1', undef, 400, qr/^query: "limits" is unknown$/ ],
	[ 'a cursor', 'GET', 'inventories/hosts?cursor=*', undef, 400, qr/^cursor: is none that was given/ ],
	[ 'a key', 'GET', 'inventories/hosts/~x', undef, 400, qr/base64url/ ],
	[ 'no body', 'PUT', 'inventories/hosts/x', '', 400, qr/^body: JSON: empty$/ ],
	[ 'no attributes', 'PUT', 'inventories/hosts/x', {}, 400, qr/needs "attributes"/ ],
	[ 'bad attributes', 'PUT', 'inventories/hosts/x', { attributes => [] }, 400, qr/^attributes: must be an object$/ ],
	[ 'more members', 'PUT', 'inventories/hosts/x', { attributes => {}, more => 1 }, 400, qr/"more" is unknown/ ],
	[ 'ifVersion', 'PUT', 'inventories/hosts/x?ifVersion=x', { attributes => {} }, 400, qr/^ifVersion: must be a number$/ ],
	[ 'a version', 'DELETE', 'inventories/hosts/web1.example.com?ifVersion=9', undef, 409, qr/has version \d+, not 9/ ],
	[ 'a mode', 'POST', 'inventories/hosts/import', { mode => 'add' }, 400, qr/^mode: must be replace or merge$/ ],
	[ 'no such import', 'POST', 'inventories/hosts/import/x', "{}\n", 404, qr/there is no such import/ ],
	[ 'no such import, commit', 'POST', 'inventories/hosts/import/x/commit', { records => 0 }, 404, qr/there is no such import/ ],
	[ 'no such import, end', 'DELETE', 'inventories/hosts/import/x', undef, 404, qr/there is no such import/ ],
	[ 'a negative number', 'POST', 'inventories/hosts/import/x/commit', { records => -1 }, 400, qr/^records: / ],
) {
	my ($id, $method, $path, $body, $status, $re) = @$_;
	$d->row("socket: $id", control($d, $method, $path, $body), $status, $re);
}
is(control($d, 'POST', 'inventories/hosts/import/x', 'x' x (1 << 20))->{status}, 404, 'a call of a megabyte');
is(control($d, 'POST', 'inventories/hosts/import/x', 'x' x ((1 << 20) + 1))->{status}, 413, 'and one of more');
is(control($d, 'GET', 'inventories/hosts/~' . encode_base64url('web1.example.com'))->{json}{key}, 'web1.example.com', 'a key may always be encoded');

# Two at once: the first to be committed wins, the other one changes nothing. Five are too many.
my @id = map { control($d, 'POST', 'inventories/odd/import', { mode => 'replace' })->{json}{import} } 1 .. 4;
$d->row('a fifth import', control($d, 'POST', 'inventories/odd/import', { mode => 'replace' }), 503, qr/^4 imports are under way already: try again/);
bad('by the command', 3, qr/^signet: 4 imports are under way already/m, 'import', 'odd', $odd);
is(control($d, 'POST', "inventories/odd/import/$_->[0]", "{\"key\":\"$_->[1]\",\"attributes\":{}}\n")->{json}{records}, 1, "add $_->[1]")
	for [ $id[0], 'one' ], [ $id[1], 'two' ];
$d->row('a bad line', control($d, 'POST', "inventories/odd/import/$id[2]", "\n{\"key\":\"\",\"attributes\":{}}\n"), 400, qr/^line 2: key: is empty$/);
$d->row('after it', control($d, 'POST', "inventories/odd/import/$id[2]", ''), 404);
is(control($d, 'DELETE', "inventories/odd/import/$id[3]")->{status}, 200, 'given up');
is(control($d, 'POST', "inventories/odd/import/$id[1]/commit", { records => 1 })->{json}{count}, 1, 'the second one first');
$d->row('the first one then', control($d, 'POST', "inventories/odd/import/$id[0]/commit", { records => 1 }), 409, qr/was changed while this import ran .*import again$/);
is(good('who won', 'list', 'odd'), "two\t{}\n", 'who won');

# ---- replaced while it is read ----

my $many = long_scale(8000, 300000);
sub numbers { my ($name, $what) = @_; return file($name, "id,v\n" . join '', map { "k$_,$what\n" } 1 .. $many) }
good('create many', 'create', 'many');
my ($old, $new) = (numbers('old.csv', 'old'), numbers('new.csv', 'new'));
is(good('import many', 'import', 'many', $old), "Inventory many has $many records now.\n", 'import many: says so');
my $pid = fork // die;
if (!$pid) {
	for my $f ($new, $old, $new) {
		my ($s) = $d->signet('inventory', 'import', 'many', $f, '--config', $yaml);
		_exit(1) if $s != 0;
	}
	_exit(0);
}
my ($looks, @wrong) = (0);
until (waitpid($pid, WNOHANG) == $pid) {
	my $r = control($d, 'GET', 'inventories/many/k' . (1 + $looks++ * 97 % $many));
	push @wrong, "$r->{status} $r->{body}" unless $r->{status} == 200 && $r->{json}{attributes}{v} =~ /^(?:old|new)$/;
	my $l = control($d, 'GET', 'inventories/many?limit=1')->{json};
	push @wrong, json_encode($l) unless $l->{count} == $many && @{ $l->{records} } == 1;
}
is($?, 0, 'three imports');
is("@wrong[0 .. ($#wrong > 2 ? 2 : $#wrong)]", '', "every record was there all the time ($looks looks)");
is(record('many', "k$many")->{attributes}{v}, 'new', 'the last one counts');

# A reader of all of it is told when it was replaced under him.
{
	my $first = control($d, 'GET', 'inventories/many?limit=1000')->{json};
	good('import meanwhile', 'import', 'many', $old);
	my $second = control($d, 'GET', "inventories/many?limit=1000&cursor=$first->{nextCursor}")->{json};
	isnt($second->{edition}, $first->{edition}, 'another edition');
	is($second->{records}[0]{attributes}{v}, 'old', 'which goes on where the first page ended');
}

# ---- killed ----

sub imported_by_crash {
	my ($point, $file, @more) = @_;
	$d->stop;
	start({ SIGNET_TEST_CRASH => $point });
	inv('import', 'many', $file, @more);
	ok($rc == 1 || $rc == 4, "$point: the command fails") or diag("$rc $out $err");
	ok($d->wait_dead, "$point: the daemon died");
	start();
}
for (
	[ 'inventory.add:2', $new, 'old' ], [ 'inventory.before_import', $new, 'old' ], [ 'inventory.imported', $new, 'new' ],
	[ 'inventory.before_import', $old, 'new', '--merge' ], [ 'inventory.imported', $old, 'old', '--merge' ],
) {
	my ($point, $file, $then, @more) = @$_;
	imported_by_crash($point, $file, @more);
	my %v;
	$v{$_}++ for good("$point: export", 'export', 'many', '--format', 'jsonl') =~ /"v":"(\w+)"/g;
	is(json_encode(\%v), json_encode({ $then => $many }), "$point @more: all of it is $then");
	is(count('many'), $many, "$point: the count is right");
}
# What was left over is removed, and only that.
$d->log_like(qr/event=inventory\.swept records=\d{4,}/, 'what was left is swept');
is(scalar(() = good('after it', 'export', 'many', '--format', 'jsonl') =~ /\n/g), $many, 'what is needed stays');

# A plain kill while a file is on its way.
for my $round (1 .. long_scale(2, 10)) {
	my $child = fork // die;
	if (!$child) { $d->signet('inventory', 'import', 'many', $new, '--config', $yaml); _exit(0) }
	sleep rand 0.4;
	$d->kill9;
	waitpid $child, 0;
	start();
	my %v;
	$v{$_}++ for good("killed, $round", 'export', 'many', '--format', 'jsonl') =~ /"v":"(\w+)"/g;
	is(scalar keys %v, 1, "killed, $round: of one file") or diag(json_encode(\%v));
	is((values %v)[0], $many, "killed, $round: and all of it");
}

# ---- interrupted ----

{
	my $fifo = "$t/fifo";
	mkfifo($fifo, 0600) or die "mkfifo: $!";
	my $child = fork // die;
	if (!$child) {
		$SIG{INT} = 'DEFAULT';
		open STDERR, '>', "$t/interrupted";
		%ENV = (%ENV, SIGNETPATH => $t);
		exec { signet_bin() } 'signet', 'inventory', 'import', 'many', $fifo, '--format', 'csv', '--config', $yaml or _exit(127);
	}
	open my $to, '>', $fifo or die "$fifo: $!";
	$to->autoflush(1);
	print $to slurp($old); # more than a pipe holds: when it is through, the import has begun
	kill 'INT', $child;
	waitpid $child, 0;
	my $status = $?;
	close $to;
	is(slurp("$t/interrupted"), "signet: interrupted: nothing was imported\n", 'interrupted: says so');
	is($status >> 8, 1, 'interrupted: status');
	is(count('many'), $many, 'interrupted: the list is as it was');
	is(control($d, 'POST', 'inventories/odd/import', { mode => 'replace' })->{status}, 200, 'interrupted: no place is left taken') for 1 .. 4;
}

# ---- records of what was done ----

$d->log_like(qr/event=inventory\.created list=people .*by="uid \d+"/, 'the log tells of a list');
$d->log_like(qr/event=inventory\.imported list=people records=3 count=3 how=replace version=2 by="uid \d+"/, 'of an import');
$d->log_like(qr/event=inventory\.record_set list=devices key=SN-9 version=3 by="uid \d+"/, 'of a record');

# ---- backup, restart ----

my $all = good('all', 'export', 'many', '--format', 'jsonl');
($rc, $out, $err) = $d->signet('backup', "$t/backup", '--with-keys', '--config', $yaml);
is($rc, 0, 'backup') or diag($err);
$d->stop;
start();
is(good('after a restart', 'export', 'many', '--format', 'jsonl'), $all, 'a restart changes nothing');
mkdir "$t/restored", 0700;
($rc, $out, $err) = run({ timeout => 120 }, signetd_bin(), '--config', "$t/restored/signetd.yaml", '--restore', "$t/backup");
is($rc, 0, 'restore') or diag($err);
{
	my $r = Signet::Test->new(dir => "$t/restored", existing => 1);
	$r->start or BAIL_OUT('no restored daemon: ' . $r->log_tail);
	my (undef, $restored) = $r->signet('inventory', 'export', 'many', '--format', 'jsonl', '--config', "$t/restored/signetd.yaml");
	is($restored, $all, 'the backup has it');
	$r->stop;
}

# ---- the whole list goes ----

bad('remove without a terminal', 2, qr/without a terminal to ask on, give --force/, 'remove', 'many');
is(good('remove a list', 'remove', 'many', '--force'), "Inventory many is gone.\n", 'remove: says so');
bad('it is gone', 3, qr/there is no inventory "many"/, 'get', 'many', 'k1');
good('made again', 'create', 'many');
is(good('it is empty', 'list', 'many'), '', 'a list of that name begins empty');
$d->stop;

# ---- who may ----

SKIP: {
	skip 'not root', 1 if $> != 0;
	my ($group, $gid);
	setgrent();
	while (my @g = getgrent) { ($group, $gid) = @g[0, 2] if $g[2] > 0 && !defined $gid }
	skip 'no group', 1 unless defined $gid;
	my $top = scratch();
	chmod 0711, $top;
	my $o = Signet::Test->new(dir => "$top/ca", store => 'memory', yaml => "control: {group: $group}\n");
	chmod 0711, $o->{dir};
	ok($o->start, 'with a group') or diag($o->log_tail);
	is(control($o, 'PUT', 'inventories/l', {})->{status}, 200, 'root makes a list');
	is(control($o, 'PUT', 'inventories/l/k', { attributes => { a => 1 } })->{status}, 200, 'and a record');
	for (
		[ 'GET', 'inventories', undef, 200 ], [ 'GET', 'inventories/l', undef, 200 ], [ 'GET', 'inventories/l/k', undef, 200 ],
		[ 'PUT', 'inventories/m', {}, 403 ], [ 'PUT', 'inventories/l/k', { attributes => {} }, 403 ], [ 'DELETE', 'inventories/l', undef, 403 ],
		[ 'DELETE', 'inventories/l/k', undef, 403 ], [ 'POST', 'inventories/l/import', { mode => 'replace' }, 403 ],
	) {
		my ($method, $path, $body, $status) = @$_;
		pipe my $in, my $to or die;
		my $child = fork // die;
		if (!$child) {
			$) = "$gid $gid";
			$> = 54321;
			print $to control($o, $method, $path, $body)->{status};
			close $to;
			_exit(0);
		}
		close $to;
		my $got = <$in>;
		waitpid $child, 0;
		is($got, $status, "a member of the group: $method $path");
	}
	$o->stop;
}

done_testing();

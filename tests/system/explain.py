# SPDX-License-Identifier: GPL-2.0-or-later
"""`postern explain` says what `postern replay` does, and where the rule stands.

Each question is asked, and the packet it is about is built here and played: verdict, reason and
helper must be the same. Then come the rules by name and place, what is noted besides, and what a
user can get wrong.
"""

import ipaddress
import itertools
import json
import pathlib
import re
import tempfile

import kit
import pcapng
import probe
from cli import Cli, system_folder

INSIDE = '10.0.0.0/8,2001:db8:1::/48'
NUMBER = re.compile(r' packet=(\d+)')

FILES = {
    'postern.conf': '''
[Firewall]
Icmp=echo-request-in;redirect
Services=http

[Stateful]
Midstream=outbound
''',
    'connections/uplink.conf': '''
[Connection]
Match=interface:wan*

[Firewall]
Icmp=timestamp-request-in;time-exceeded-out

[Mapping:web]
Protocol=tcp
External=8080

[Mapping:dns]
Protocol=udp
External=5300-5310

[Mapping:some]
Protocol=tcp
External=2222
Sources=198.51.100.0/24

[Mapping:off]
Protocol=tcp
External=2323
Enabled=false

[Mapping:nas]
Protocol=tcp
External=8081
Internal=80
Target=10.0.0.7

[Mapping:named]
Protocol=tcp
External=8082
TargetName=nas

[Mapping:control]
Protocol=tcp
External=21

[Trigger:ident]
Protocol=tcp
Ports=6667
Opens=113/tcp
Timeout=30
''',
    'connections/open.conf': '''
[Connection]
Match=network:192.0.2.0/24;network:2001:db8:9::/48

[Firewall]
Enabled=false
''',
    'connections/trusting.conf': '''
[Connection]
Match=interface:tun0

[Firewall]
AntiSpoof=off
Helpers=
''',
    'connections/bridge.conf': '''
[Connection]
Match=interface:br0
Type=bridge
''',
    'connections/lan.conf': '''
[Connection]
Match=interface:lan0

[Sharing]
Role=private
''',
}


def make_policy(folder, files=None):
    for name, text in (files or FILES).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip('\n'))
    return folder


class Question:
    """What `postern explain` is asked, and the packet for `postern replay`."""

    def __init__(self, proto, source, dest, sport=40000, dport=9, flags=None, kind=None, code=0):
        self.proto, self.source, self.dest = proto, source, dest
        self.sport, self.dport = sport, dport
        self.flags, self.kind, self.code = flags, kind, code

    def arguments(self):
        def endpoint(host, port):
            if self.proto not in ('tcp', 'udp'):
                return host
            return f'[{host}]:{port}' if ':' in host else f'{host}:{port}'
        words = ['--from', endpoint(self.source, self.sport), '--to',
                 endpoint(self.dest, self.dport), '--proto', self.proto]
        if self.flags is not None:
            words += ['--flags', self.flags or 'none']
        if self.kind is not None:
            words += ['--icmp-type', f'{self.kind}:{self.code}']
        return words

    def packet(self):
        if self.proto == 'tcp':
            flags = 'S' if self.flags is None else self.flags
            return probe.tcp(self.source, self.sport, self.dest, self.dport, flags,
                             ack=1 if 'A' in flags else 0)
        if self.proto == 'udp':
            return probe.udp(self.source, self.sport, self.dest, self.dport)
        if self.proto != 'icmp':
            return probe.ip(self.source, self.dest, int(self.proto), bytes(8))
        kind = self.kind
        if kind is None:
            kind = 128 if ':' in self.dest else 8
        about = probe.udp(self.dest, 1024, self.source, 1024)
        ttl = 64
        if ':' in self.dest and 130 <= kind <= 143:
            ttl = 255 if 133 <= kind <= 137 else 1
        return probe.icmp(self.source, self.dest, kind, self.code, b'\0\7\0\1' + about, ttl)


class Explained:
    def __init__(self, *arguments):
        result = kit.run('explain', '--json', *arguments)
        self.arguments = ' '.join(map(str, arguments))
        if result.returncode not in (0, 1) or result.stderr:
            raise RuntimeError(f'{result.args}: {result.returncode}: {result.stderr}')
        self.answer = json.loads(result.stdout)
        self.status = result.returncode
        self.verdict, self.reason = self.answer['verdict'], self.answer['reason']
        self.rule, self.notes = self.answer['rule'], self.answer['notes']

    def place(self):
        if not self.rule['file']:
            return None
        return f'{pathlib.Path(self.rule["file"]).name}:{self.rule["line"]}'


def played(folder, questions, *arguments, interface=None, way=None):
    """What a replay makes of each: [(verdict, reason)], in their order."""
    capture = probe.capture(folder / 'questions.pcapng', [q.packet() for q in questions],
                            interface, way)
    paths = [folder / 'accepted.pcapng', folder / 'dropped.pcapng']
    result = kit.run('replay', '--quiet', '--helpers', 'none', '--write-accepted', paths[0],
                     '--write-dropped', paths[1], *arguments, capture)
    if result.returncode:
        raise RuntimeError(f'{result.args}: {result.stderr}')
    found = {}
    for packet in itertools.chain(*map(pcapng.read, paths)):
        found[int(NUMBER.search(packet.comment).group(1))] = tuple(packet.comment.split()[:2])
    return [found[n + 1] for n in range(len(questions))]


V4 = {'inside': '10.{}.{}.5', 'outside': '203.{}.{}.9'}
V6 = {'inside': '2001:db8:1:{}::{}', 'outside': '2001:db8:2:{}::{}'}


def variants(v6):
    """[arguments of a question besides its hosts]"""
    flags = ('SA', 'A', 'R', 'F', 'RA', 'FA', 'SF', 'PA', '', 'SR')
    kinds = ((1, 0), (2, 0), (3, 0), (4, 0), (128, 0), (129, 0), (130, 0), (131, 0), (133, 0),
             (134, 0), (135, 0), (136, 0), (137, 0), (139, 0), (143, 0), (200, 1)) if v6 else (
                 (0, 0), (3, 1), (3, 4), (4, 0), (5, 1), (8, 0), (10, 0), (11, 0), (12, 0), (13, 0),
                 (15, 0), (17, 0), (42, 0))
    for port in (9, 80, 8080):
        yield {'proto': 'tcp', 'flags': 'S', 'dport': port}
    for letters in flags[:4] if v6 else flags:
        yield {'proto': 'tcp', 'flags': letters, 'dport': 8080}
    for port in (9, 80, 5305):
        yield {'proto': 'udp', 'dport': port}
    for kind, code in kinds:
        yield {'proto': 'icmp', 'kind': kind, 'code': code}
    for number in (47, 50, 132, 253):
        yield {'proto': str(number)}


def matrix(hosts):
    """Questions in all four directions, each between hosts of its own."""
    ends = [('outside', 'inside'), ('inside', 'outside'), ('inside', 'inside'),
            ('outside', 'outside')]
    number = itertools.count(1)
    for (source, dest), variant in itertools.product(ends, variants(':' in hosts['inside'])):
        n = next(number)
        yield Question(source=hosts[source].format(1, n), dest=hosts[dest].format(2, n), **variant)


def check_matrix(count, folder):
    """Every kind of packet in every direction, on connections that differ."""
    policy = make_policy(folder / 'policy')
    for on, interface in (('uplink', 'wan0'), ('default', 'eth9')):
        for hosts in (V4, V6):
            questions = list(matrix(hosts))
            common = ['--config', policy, '--inside', INSIDE]
            results = played(folder, questions, *common, interface=interface)
            for question, wanted in zip(questions, results):
                said = Explained(*common, '--helpers', 'none', '--on', on, *question.arguments())
                count.check((said.verdict, said.reason) == wanted,
                            f'{said.arguments}: {said.verdict} {said.reason}, played {wanted}')
                count.check(said.status == (said.verdict == 'drop'),
                            f'{said.arguments}: {said.verdict}, but status {said.status}')
                count.check(said.rule['text'] and 'says it all' not in said.rule['text'],
                            f'{said.arguments}: no rule for {said.reason}')


def check_ways(count, folder):
    """Anti-spoofing, where the way of a packet is known, and where it is not."""
    policy = make_policy(folder / 'policy')
    hosts = ['10.1.1.1', '203.0.113.1', '127.0.0.1', '0.0.0.0', '224.0.0.5', '255.255.255.255',
             '169.254.1.1']
    spoofed = 0
    for on, interface in (('uplink', 'wan0'), ('trusting', 'tun0')):
        for way, inside in itertools.product((None, 'sent', 'received'), (INSIDE, 'auto')):
            for source, dest in itertools.product(hosts, ('10.1.1.2', '203.0.113.2', '224.0.0.5')):
                question = Question('udp', source, dest)
                common = ['--config', policy, '--inside', inside]
                (wanted,) = played(folder, [question], *common, interface=interface, way=way)
                asked = ['--way', way] if way else []
                said = Explained(*common, '--helpers', 'none', '--on', on, *asked,
                                 *question.arguments())
                count.check((said.verdict, said.reason) == wanted,
                            f'{said.arguments}: {said.verdict} {said.reason}, played {wanted}')
                spoofed += said.reason == 'spoofed'
                if said.reason == 'spoofed':
                    count.check(said.rule['kind'] == 'anti-spoofing'
                                and said.rule['name'] == 'AntiSpoof', f'{said.answer}')
    count.check(spoofed > 20, f'only {spoofed} were spoofed')


def check_auto(count, folder):
    """Sides that are found out; several connections, told apart by their peers."""
    policy = make_policy(folder / 'policy')
    ends = ['10.0.0.5', '192.168.1.9', '203.0.113.9', '192.0.2.7', '198.51.100.1', '224.0.0.251']
    for source, dest in itertools.permutations(ends, 2):
        if source == '224.0.0.251':
            continue
        for proto, port in (('tcp', 80), ('tcp', 8080), ('udp', 5305)):
            question = Question(proto, source, dest, dport=port)
            (wanted,) = played(folder, [question], '--config', policy)
            said = Explained('--config', policy, '--helpers', 'none', '--on', 'default',
                             *question.arguments())
            if '192.0.2.7' in (source, dest):
                said = Explained('--config', policy, '--helpers', 'none', *question.arguments())
            count.check((said.verdict, said.reason) == wanted,
                        f'{said.arguments}: {said.verdict} {said.reason}, played {wanted}')


def line_of(name, text):
    return f'{pathlib.Path(name).name}:{FILES[name].lstrip().splitlines().index(text) + 1}'


def check_rules(count, folder):
    """The rule by its name, and the line where it stands."""
    policy = make_policy(folder / 'policy')
    uplink, main = 'connections/uplink.conf', 'postern.conf'
    stranger, inside = '203.0.113.9', '10.0.0.5'
    default = 'default', None, None
    rows = [
        # on, question, reason, (kind, name, place), words of the notes
        ('uplink', Question('tcp', stranger, inside, dport=8080), 'port-mapping',
         ('port-mapping', 'web', line_of(uplink, '[Mapping:web]')), []),
        ('uplink', Question('udp', stranger, inside, dport=5310), 'port-mapping',
         ('port-mapping', 'dns', line_of(uplink, '[Mapping:dns]')), []),
        ('default', Question('tcp', stranger, inside, dport=80), 'port-mapping',
         ('port-mapping', 'http', line_of(main, 'Services=http')), []),
        ('uplink', Question('tcp', '198.51.100.9', inside, dport=2222), 'port-mapping',
         ('port-mapping', 'some', line_of(uplink, '[Mapping:some]')), []),
        ('uplink', Question('tcp', stranger, inside, dport=2222), 'unsolicited', default,
         [('some', 'other sources', line_of(uplink, '[Mapping:some]'))]),
        ('uplink', Question('tcp', stranger, inside, dport=2323), 'unsolicited', default,
         [('off', 'disabled', line_of(uplink, '[Mapping:off]'))]),
        ('uplink', Question('tcp', stranger, inside, dport=8082), 'unsolicited', default,
         [('named', 'name', 'sharing', line_of(uplink, '[Mapping:named]'))]),
        ('uplink', Question('tcp', stranger, '10.0.0.7', dport=8081), 'unsolicited', default,
         [('nas', '10.0.0.7 port 80', line_of(uplink, '[Mapping:nas]'))]),
        ('uplink', Question('tcp', stranger, '10.0.0.7', dport=80), 'port-mapping',
         ('port-mapping', 'nas', line_of(uplink, '[Mapping:nas]')), []),
        ('uplink', Question('tcp', stranger, inside, dport=113), 'unsolicited', default,
         [('ident', '30 s', line_of(uplink, '[Trigger:ident]'))]),
        ('uplink', Question('tcp', inside, stranger, dport=6667), 'outbound', default,
         [('ident', 'TCP port 113', '30 s', line_of(uplink, '[Trigger:ident]'))]),
        ('uplink', Question('tcp', stranger, inside, dport=8080, flags='A'), 'no-handshake',
         ('port-mapping', 'web', line_of(uplink, '[Mapping:web]')), []),
        ('uplink', Question('tcp', inside, stranger, flags='SA'), 'no-handshake', default, []),
        ('uplink', Question('tcp', inside, stranger, flags='A'), 'mid-stream',
         ('setting', 'Midstream', line_of(main, 'Midstream=outbound')), []),
        ('uplink', Question('tcp', inside, stranger, flags='SF'), 'tcp-flags', default, []),
        ('uplink', Question('icmp', stranger, inside), 'unsolicited',
         ('icmp-option', 'echo-request-in',
          line_of(uplink, 'Icmp=timestamp-request-in;time-exceeded-out')), []),
        ('uplink', Question('icmp', stranger, inside, kind=13), 'icmp-option',
         ('icmp-option', 'timestamp-request-in',
          line_of(uplink, 'Icmp=timestamp-request-in;time-exceeded-out')), []),
        ('default', Question('icmp', stranger, inside), 'icmp-option',
         ('icmp-option', 'echo-request-in', line_of(main, 'Icmp=echo-request-in;redirect')), []),
        ('trusting', Question('icmp', stranger, inside), 'icmp-option',
         ('icmp-option', 'echo-request-in', line_of(main, 'Icmp=echo-request-in;redirect')), []),
        ('default', Question('icmp', stranger, inside, kind=5), 'unsolicited',
         ('icmp-option', 'redirect', line_of(main, 'Icmp=echo-request-in;redirect')),
         [('known flow', 'accept, icmp-option', 'redirect is on')]),
        ('uplink', Question('icmp', inside, stranger, kind=3, code=1), 'icmp-refused',
         ('icmp-option', 'destination-unreachable-out',
          line_of(uplink, 'Icmp=timestamp-request-in;time-exceeded-out')),
         [('known flow', 'drop, icmp-refused')]),
        ('uplink', Question('icmp', inside, stranger, kind=11), 'outbound', default,
         [('known flow', 'accept, icmp-error', 'time-exceeded-out is on')]),
        ('uplink', Question('icmp', stranger, inside, kind=3, code=1), 'unsolicited', default,
         [('known flow', 'accept, icmp-error')]),
        ('open', Question('tcp', '192.0.2.1', inside), 'no-firewall',
         ('setting', 'Enabled', line_of('connections/open.conf', 'Enabled=false')),
         [('with a firewall', 'drop, unsolicited')]),
        ('bridge', Question('tcp', stranger, inside), 'no-firewall',
         ('setting', 'Enabled', 'bridge.conf:1'), [('drop, unsolicited',)]),
        ('default', Question('tcp', inside, '10.0.0.6'), 'internal', default, []),
        ('default', Question('50', stranger, '198.51.100.1'), 'transit', default, []),
        ('default', Question('udp', '127.0.0.1', inside), 'spoofed',
         ('anti-spoofing', 'AntiSpoof', None), []),
        ('default', Question('icmp', 'fe80::1', '2001:db8:1::5', kind=135), 'icmp-needed', default,
         []),
    ]
    for on, question, reason, rule, notes in rows:
        said = Explained('--config', policy, '--inside', INSIDE, '--on', on, *question.arguments())
        found = said.rule['kind'], said.rule['name'], said.place()
        count.check(said.reason == reason and found == rule,
                    f'{said.arguments}: {said.reason} {found}, not {reason} {rule}')
        for words in notes:
            count.check(any(all(word in note for word in words) for note in said.notes),
                        f'{said.arguments}: no note has {words}: {said.notes}')
        count.check(bool(notes) == bool(said.notes), f'{said.arguments}: notes {said.notes}')


def check_known_flows(count, folder):
    """What is noted of ICMP errors is what happens when the flow is known."""
    policy = make_policy(folder / 'policy')
    client, server = '10.0.0.5', '203.0.113.9'
    for kind, code in ((3, 1), (3, 4), (4, 0), (5, 1), (11, 0), (12, 0)):
        for error_from, error_to, first in (
                (server, client, probe.udp(client, 4000, server, 53)),
                (client, server, probe.udp(server, 4000, client, 5305))):
            error = probe.icmp_error(error_from, error_to, kind, code, first)
            packets = probe.capture(folder / 'known.pcapng', [first, error], 'wan0')
            replay = kit.Replay('--config', policy, '--inside', INSIDE, '--helpers', 'none',
                                packets)
            (stats,) = replay.of('stats')
            drops = [event['drop']['reason'] for event in replay.drops]
            count.check(len(replay.flows) == 1 and stats['stats']['packets'] == 2,
                        f'{kind}: {replay.events}')
            said = Explained('--config', policy, '--inside', INSIDE, '--on', 'uplink', *Question(
                'icmp', error_from, error_to, kind=kind, code=code).arguments())
            (note,) = [note for note in said.notes if 'known flow' in note]
            verdict, reason = re.search(r'would be: (\w+), ([\w-]+)', note).groups()
            count.check((verdict == 'drop') == bool(drops) and (not drops or drops == [reason]),
                        f'{said.arguments}: {note}, but played: {drops}')


def check_triggers(count, folder):
    """The note says which door the flow opens, and for how long."""
    policy = make_policy(folder / 'policy')
    packets = probe.capture(folder / 'trigger.pcapng', [
        probe.tcp('10.0.0.5', 4000, '203.0.113.9', 6667),
        probe.tcp('203.0.113.9', 4001, '10.0.0.5', 113)], 'wan0')
    replay = kit.Replay('--config', policy, '--inside', INSIDE, '--helpers', 'none', packets)
    (opened,) = [event['expectation'] for event in replay.expectations
                 if event['postern']['action'] == 'opened']
    count.check((opened['proto'], opened['dest_port'], opened['timeout']) == ('TCP', 113, 30)
                and [flow['postern']['reason'] for flow in replay.flows] == [
                    'outbound', 'expected'], f'{replay.events}')


def check_helpers(count, folder):
    """Which helper would watch the flow, as events say it of a replay."""
    policy = make_policy(folder / 'policy')
    moved = make_policy(folder / 'moved', {
        'postern.conf': '[Helper:ftp]\nEnabled=true\nPorts=2121\n'})
    off = make_policy(folder / 'off', {'postern.conf': '[Helper:ftp]\nEnabled=false\n'})
    rows = [
        # policy, connection, interface, port, arguments, the helper, words of a note
        (policy, 'uplink', 'wan0', 21, ['--helpers', 'all'], 'ftp', ()),
        (policy, 'uplink', 'wan0', 21, ['--helpers', 'ftp'], 'ftp', ()),
        (policy, 'uplink', 'wan0', 21, ['--helpers', 'none'], None, ()),
        (policy, 'uplink', 'wan0', 22, ['--helpers', 'all'], None, ()),
        (policy, 'trusting', 'tun0', 21, ['--helpers', 'all'], None,
         ('ftp', 'not for the connection trusting', 'trusting.conf:6')),
        (moved, 'default', None, 2121, ['--helpers', 'all'], 'ftp', ()),
        (moved, 'default', None, 21, ['--helpers', 'all'], None, ()),
        (off, 'default', None, 21, ['--helpers', 'all'], None, ('ftp', 'off')),
    ]
    for config, on, interface, port, arguments, helper, words in rows:
        question = Question('tcp', '10.0.0.5', '203.0.113.9', dport=port)
        common = ['--config', config, '--inside', INSIDE, *arguments]
        capture = probe.capture(folder / 'helper.pcapng', [question.packet()], interface)
        (flow,) = kit.Replay(*common, capture).flows
        said = Explained(*common, '--on', on, *question.arguments())
        count.check(said.answer['helper'] == flow['postern']['helper'] == helper,
                    f'{said.arguments}: {said.answer["helper"]}, played '
                    f'{flow["postern"]["helper"]}, not {helper}')
        count.check(bool(words) == bool(said.notes)
                    and all(word in ' '.join(said.notes) for word in words),
                    f'{said.arguments}: notes {said.notes}')
    # Without --helpers it is as the configuration says.
    for config, port, helper in ((moved, 2121, 'ftp'), (off, 21, None), (policy, 21, None)):
        said = Explained('--config', config, '--on', 'default', '--inside', INSIDE,
                         *Question('tcp', '10.0.0.5', '203.0.113.9', dport=port).arguments())
        count.check(said.answer['helper'] == helper, f'{said.arguments}: {said.answer}')
    # From outside, by a port mapping.
    said = Explained('--config', policy, '--inside', INSIDE, '--on', 'uplink', '--helpers', 'all',
                     *Question('tcp', '203.0.113.9', '10.0.0.5', dport=21).arguments())
    count.check((said.reason, said.answer['helper']) == ('port-mapping', 'ftp'), f'{said.answer}')


def check_connections(count, folder):
    """Which connection counts, and why."""
    policy = make_policy(folder / 'policy')
    plain = make_policy(folder / 'plain', {'postern.conf': ''})
    one = make_policy(folder / 'one', {
        'postern.conf': '', 'connections/uplink.conf': FILES['connections/uplink.conf']})
    rows = [
        # policy, --on, peer, name, words
        (plain, None, '203.0.113.9', 'default', 'only one'),
        (one, None, '203.0.113.9', 'uplink', 'only one beside default'),
        (one, 'default', '203.0.113.9', 'default', 'asked for'),
        (policy, 'uplink', '203.0.113.9', 'uplink', 'asked for'),
        (policy, 'uplink', '192.0.2.9', 'uplink', 'asked for'),
        (policy, 'wan7', '203.0.113.9', 'uplink', 'interface wan7'),
        (policy, 'tun0', '203.0.113.9', 'trusting', 'interface tun0'),
        (policy, 'lan0', '203.0.113.9', 'default', 'no other'),
        (policy, 'lan0', '192.0.2.9', 'open', '192.0.2.9'),
        (policy, None, '192.0.2.9', 'open', 'networks hold 192.0.2.9'),
    ]
    for config, on, peer, name, words in rows:
        for source, dest in ((peer, '10.0.0.5'), ('10.0.0.5', peer)):
            said = Explained('--config', config, '--inside', INSIDE, *(['--on', on] if on else []),
                             *Question('udp', source, dest).arguments())
            found = said.answer['connection']
            count.check(found['name'] == name and words in found['chosen'],
                        f'{said.arguments}: {found}, not {name}, {words}')
            noted = any('replay takes' in note for note in said.notes)
            count.check(noted == ('beside' in words), f'{said.arguments}: {said.notes}')
    # What the note says of a replay is so, and so is what it advises.
    one_port = make_policy(folder / 'port', {
        'postern.conf': '', 'connections/uplink.conf': FILES['connections/uplink.conf']})
    question = Question('tcp', '203.0.113.9', '10.0.0.5', dport=8080)
    common = ['--config', one_port, '--inside', INSIDE]
    said = Explained(*common, *question.arguments())
    (note,) = said.notes
    count.check('to be on default; --connection uplink' in note, note)
    answers = [played(folder, [question], *common, *arguments)[0]
               for arguments in ([], ['--connection', 'uplink'])]
    count.check(answers == [('drop', 'unsolicited'), (said.verdict, said.reason)]
                and said.reason == 'port-mapping', f'{answers}, {said.answer}')
    # --way, where it does nothing, and where it does half.
    for on, inside, words in (('default', INSIDE, 'no effect'), ('uplink', INSIDE, None),
                              ('uplink', 'auto', 'direction only'), ('open', INSIDE, 'no effect')):
        said = Explained('--config', policy, '--inside', inside, '--on', on, '--way', 'received',
                         *Question('udp', '203.0.113.9', '10.0.0.5').arguments())
        notes = [note for note in said.notes if '--way' in note]
        count.check(len(notes) == bool(words) and all(words in note for note in notes),
                    f'{said.arguments}: {said.notes}')


def check_text(count, folder):
    """The page for a person says what the JSON says."""
    policy = make_policy(folder / 'policy')
    for on, question in (('uplink', Question('tcp', '203.0.113.9', '10.0.0.5', dport=2323)),
                         ('uplink', Question('tcp', '203.0.113.9', '10.0.0.5', dport=21)),
                         ('default', Question('icmp', '2001:db8:2::1', '2001:db8:1::1'))):
        arguments = ['--config', policy, '--on', on, '--helpers', 'all', *question.arguments()]
        answer = Explained(*arguments).answer
        result = kit.run('explain', *arguments)
        lines = result.stdout.splitlines()
        rule = answer['rule']
        place = f' ({rule["file"]}:{rule["line"]})' if rule['file'] else ''
        count.check(lines[0] == f'{answer["verdict"]}: {answer["reason"]}', f'{lines}')
        count.check(f'  rule        {rule["text"]}{place}' in lines, f'{lines} without {rule}')
        count.check(all(f'  note        {note}' in lines for note in answer['notes']), f'{lines}')
        count.check(any(line.startswith('  connection  ' + on) for line in lines), f'{lines}')
        count.check((f'  helper      {answer["helper"]} watches the flow' in lines)
                    == bool(answer['helper']), f'{lines}')
        count.check(result.returncode == (answer['verdict'] == 'drop'), f'{result}')
    said = kit.run('explain', '--config', policy, '--on', 'default', '--from', '203.0.113.9',
                   '--to', '198.51.100.1:22', '--proto', 'tcp')
    count.check('--inside' in said.stdout, f'sides are guessed, and that is not said: {said}')


def check_words(count, folder):
    """One question in several words."""
    policy = make_policy(folder / 'plain', {'postern.conf': ''})
    want = None
    for proto in ('tcp', 'TCP', '6'):
        for source in ('2001:db8::1', '[2001:db8::1]', '[2001:DB8:0::1]:49152'):
            said = Explained('--config', policy, '--from', source, '--to', '[2001:db8::2]:80',
                             '--proto', proto)
            want = want or said.answer
            count.check(said.answer == want, f'{said.arguments}: {said.answer}')
    names = [('icmp', '203.0.113.9', 'ICMP'), ('icmp', '2001:db8::9', 'IPv6-ICMP'),
             ('icmpv6', '2001:db8::9', 'IPv6-ICMP'), ('ipv6-icmp', '2001:db8::9', 'IPv6-ICMP'),
             ('gre', '203.0.113.9', 'GRE'), ('ESP', '203.0.113.9', 'ESP'),
             ('254', '203.0.113.9', '254'), ('51', '203.0.113.9', 'AH')]
    for proto, peer, name in names:
        mine = '2001:db8::1' if ipaddress.ip_address(peer).version == 6 else '10.0.0.5'
        said = Explained('--config', policy, '--from', mine, '--to', peer, '--proto', proto)
        count.check((said.answer['packet']['proto'], said.reason) == (name, 'outbound'),
                    f'{said.arguments}: {said.answer}')
    # Where nothing is configured, what is built in holds.
    said = kit.run('explain', '--from', '203.0.113.9', '--to', '10.0.0.5:22', '--proto', 'tcp')
    if not system_folder().exists():
        count.check(said.returncode == 1 and said.stdout.startswith('drop: unsolicited\n'), said)


def check_mistakes(count, folder):
    cli = Cli(count, folder)
    policy = make_policy(folder / 'policy')
    plain = make_policy(folder / 'plain', {'postern.conf': ''})
    bad = cli.file('bad.conf', '[Firewall]\nEnabled=perhaps\n')
    good = ['--from', '203.0.113.9', '--to', '10.0.0.5:22', '--proto', 'tcp']
    rows = [
        ([], '--from', '--help'),
        (good[:2], '--to'),
        (good[:4], '--proto', 'must be given'),
        ([*good, 'more'], 'more'),
        ([*good, '--colour'], '--colour', '--help'),
        *((['--from', value, *good[2:]], f'--from {value}') for value in (
            '', 'nonsense', '10.0.0.256', '10.0.0.1/8', '10.0.0.1:0', '10.0.0.1:65536',
            '10.0.0.1:', '10.0.0.1:http', '[10.0.0.1]:80', '[2001:db8::1', '2001:db8::1]',
            '[2001:db8::1]80', '10.0.0.1:80:80')),
        (['--from', '2001:db8::1', *good[2:]], '2001:db8::1', '10.0.0.5:22', 'IPv6'),
        ([*good[:3], '10.0.0.5', '--proto', 'tcp'], '--to 10.0.0.5', 'port', '10.0.0.5:80'),
        ([*good[:5], 'icmp'], 'icmp', 'no ports'),
        *(([*good[:3], '10.0.0.5', '--proto', value], f'--proto {value}') for value in (
            '', 'tpc', '256', '-1', '6x', 'icmpv6')),
        (['--from', '2001:db8::1', '--to', '2001:db8::2', '--proto', '60'], '60', 'extension'),
        *(([*good, '--flags', value], '--flags', 'FSRPAU') for value in ('', 'SX', 'syn-ack')),
        ([*good[:5], 'udp', '--flags', 'S'], '--flags S', 'TCP'),
        ([*good, '--icmp-type', '8'], '--icmp-type 8', 'ICMP'),
        *(([*good[:3], '10.0.0.5', '--proto', 'icmp', '--icmp-type', value], '--icmp-type')
          for value in ('', 'echo', '256', '3:256', '3:1:1', '3:', ':1')),
        ([*good, '--way', 'up'], '--way up', 'sent'),
        ([*good, '--inside', '10.0.0.1/8'], '--inside'),
        ([*good, '--helpers', ''], '--helpers'),
        ([*good, '--helpers', 'nosuch'], 'nosuch'),
        ([*good, '--plugin-path', folder / 'none'], '--plugin-path'),
        ([*good, '--on', 'uplink'], '--on uplink', 'there is: default'),
        ([*good, '--config', folder / 'none.conf'], 'none.conf'),
        ([*good, '--config', bad], f'{bad}:2', 'Enabled=perhaps', 'true'),
        ([*good, '--config', policy], 'several connections', '--on', 'uplink'),
        ([*good, '--config', policy, '--on', 'lan'], '--on lan', 'private'),
        ([*good, '--config', policy, '--on', 'eth0'], '--on eth0', 'uplink'),
    ]
    for arguments, *words in rows:
        config = [] if '--config' in arguments else ['--config', plain]
        result = cli.complains(2, ['explain', *config, *arguments], *words)
        count.check(not result.stdout, f'{arguments}: says {result.stdout!r} besides')


def main():
    count = kit.Count()
    for check in (check_matrix, check_ways, check_auto, check_rules, check_known_flows,
                  check_triggers, check_helpers, check_connections, check_text, check_words,
                  check_mistakes):
        with tempfile.TemporaryDirectory() as folder:
            check(count, pathlib.Path(folder))
    count.done()


if __name__ == '__main__':
    main()

# SPDX-License-Identifier: GPL-2.0-or-later
"""`postern replay --compare`: just the flows whose verdict changes, and nothing else changes.

What must be listed is found out here from two replays, one with each policy, by the comments of
their packets; and for a capture made for it, written down.
"""

import collections
import itertools
import pathlib
import re
import tempfile

import kit
import pcapng
import probe
from cli import Cli

CLIENT = '10.0.0.5'
LINE = re.compile(r'  (accepted|dropped)  +(.*), (\d[\d,]*) packets?: ([\w-]+) (?:->|→) ([\w-]+)')
COUNTS = re.compile(r'  ([\d,]+) flows? gets? another verdict: ([\d,]+) accepted there, ([\d,]+) '
                    r'dropped')
NUMBER = re.compile(r' packet=(\d+)')
FLOW = re.compile(r' flow=(\d+)')

OPEN = '''[Firewall]
Icmp=echo-request-in
[Mapping:web]
Protocol=tcp
External=80
[Mapping:game]
Protocol=udp
External=7000
'''
OTHER_PORT = OPEN.replace('External=80', 'External=22').replace('Icmp=echo-request-in', 'Icmp=')


def policy(folder, name, text):
    path = folder / f'{name}.conf'
    path.write_text(text)
    return path


class Compared:
    """A replay with a comparison: what it lists, as [(there, tuple, packets, before, after)]."""

    def __init__(self, here, other, *arguments):
        config = ['--config', here] if here else []
        result = kit.run('replay', '--quiet', *config, '--compare', other, *arguments)
        if result.returncode or result.stderr:
            raise RuntimeError(f'{result.args}: {result.returncode}: {result.stderr}')
        self.text = result.stdout
        head, counts, *lines = self.text.splitlines()
        self.head = head
        self.rows = []
        for line in lines:
            there, ends, packets, before, after = LINE.fullmatch(line).groups()
            self.rows.append((there, ends.replace('→', '->'), int(packets.replace(',', '')), before,
                              after))
        match = COUNTS.fullmatch(counts)
        self.counts = tuple(int(n.replace(',', '')) for n in match.groups()) if match else (0, 0, 0)
        self.nothing = counts == '  no flow gets another verdict'


def written(folder, config, *arguments):
    """{packet: (verdict, reason, flow or None)} and the flows of a replay"""
    paths = folder / 'accepted.pcapng', folder / 'dropped.pcapng'
    replay = kit.Replay(*(['--config', config] if config else []), '--write-accepted', paths[0],
                        '--write-dropped', paths[1], *arguments)
    found = {}
    for packet in itertools.chain(*map(pcapng.read, paths)):
        verdict, reason = packet.comment.split()[:2]
        flow = FLOW.search(packet.comment)
        found[int(NUMBER.search(packet.comment)[1])] = verdict, reason, flow and int(flow[1])
    return found, {event['flow_id']: event for event in replay.flows}


def ends_of(event):
    def endpoint(ip, port):
        if event['proto'] not in ('TCP', 'UDP'):
            return ip
        return f'[{ip}]:{port}' if ':' in ip else f'{ip}:{port}'
    return (f'{event["proto"]} {endpoint(event["src_ip"], event.get("src_port"))} -> '
            f'{endpoint(event["dest_ip"], event.get("dest_port"))}')


def expected(folder, here, other, *arguments):
    """The same rows from two replays; of captures whose accepted packets all have flows."""
    sides = [written(folder, config, *arguments) for config in (here, other)]
    changes = collections.OrderedDict()
    for number in sorted(sides[0][0]):
        opinions = [packets[number] for packets, _ in sides]
        if opinions[0][0] == opinions[1][0]:
            continue
        there = opinions[1][0] == 'accept'
        key = there, opinions[there][2]
        changes.setdefault(key, [0, opinions[0][1], opinions[1][1]])[0] += 1
    return [('accepted' if there else 'dropped', ends_of(sides[there][1][flow]), *change)
            for (there, flow), change in sorted(changes.items(), key=lambda row: not row[0][0])]


def handshake(source, sport, dest, dport, seq=1):
    return [probe.tcp(source, sport, dest, dport, 'S', seq),
            probe.tcp(dest, dport, source, sport, 'SA', seq + 500, seq + 1),
            probe.tcp(source, sport, dest, dport, 'A', seq + 1, seq + 501)]


def fragments(source, dest, dport):
    """A datagram in three pieces."""
    whole = probe.udp(source, 5000, dest, dport, bytes(3000))
    head, body = bytearray(whole[:20]), whole[20:]
    for at in range(0, len(body), 1400):
        part = body[at:at + 1400]
        head[2:4] = (20 + len(part)).to_bytes(2, 'big')
        head[4:6] = b'\0\7'
        head[6:8] = (at // 8 | (0x2000 if at + 1400 < len(body) else 0)).to_bytes(2, 'big')
        head[10:12] = bytes(2)
        head[10:12] = probe.pcap.checksum(bytes(head)).to_bytes(2, 'big')
        yield bytes(head) + part


def check_generated(count, folder):
    a, b, c = '203.0.113.1', '203.0.113.2', '203.0.113.3'
    reset = [probe.tcp(a, 4000, CLIENT, 80, 'R', 2)]
    whole = list(fragments(c, CLIENT, 7000))
    packets = (handshake(a, 4000, CLIENT, 80) + handshake(b, 4000, CLIENT, 22)
               + handshake(CLIENT, 4000, c, 80) + [probe.icmp(b, CLIENT, 8)] * 2 + whole[:2]
               + reset + handshake(a, 4000, CLIENT, 80, 100000) + whole[2:]
               + [probe.udp(b, 5000, CLIENT, 9)])
    capture = probe.capture(folder / 'made.pcapng', packets)
    here, other = policy(folder, 'here', OPEN), policy(folder, 'other', OTHER_PORT)
    inside = ['--inside', CLIENT, '--helpers', 'none', capture]
    web = f'TCP {a}:4000 -> {CLIENT}:80'
    shell = f'TCP {b}:4000 -> {CLIENT}:22'
    echo = f'ICMP {b} -> {CLIENT}'
    game = f'UDP {c}:5000 -> {CLIENT}:7000'
    change = 'port-mapping', 'unsolicited'
    rows = [('accepted', shell, 3, 'unsolicited', 'port-mapping'),
            ('dropped', web, 4, *change),
            ('dropped', echo, 2, 'icmp-option', 'unsolicited'),
            ('dropped', web, 3, *change)]
    said = Compared(here, other, *inside)
    count.check(said.rows == rows and said.counts == (4, 1, 3), f'{said.text}')
    count.check(said.rows == expected(folder, here, other, *inside), 'two replays say otherwise')
    turned = Compared(other, here, *inside)
    count.check(sorted(turned.rows) == sorted(
        ('dropped' if row[0] == 'accepted' else 'accepted', *row[1:3], row[4], row[3])
        for row in rows) and turned.counts == (4, 3, 1), f'{turned.text}')
    # Without a policy of its own it is that which is built in; then the datagram differs, too.
    said = Compared(None, here, *inside)
    found = [row for row in said.rows if row[1] == game]
    count.check(found == [('accepted', game, 3, 'unsolicited', 'port-mapping')], f'{said.text}')


def check_same(count, folder):
    """A policy against itself, and against one that differs in what does not matter here."""
    here = policy(folder, 'here', OPEN)
    longer = policy(folder, 'longer', OPEN + '[Stateful]\nUdpTimeout=600\n')
    for capture in kit.CAPTURES:
        for other in (here, longer):
            said = Compared(here, other, capture)
            count.check(said.nothing and not said.rows and str(other) in said.head, f'{said.text}')


def check_captures(count, folder):
    """Ours, with policies that matter to them."""
    off = policy(folder, 'off', '[Helper:ftp]\nEnabled=false\n')
    plain = policy(folder, 'plain', '')
    strict = policy(folder, 'strict', '[Stateful]\nMidstream=none\nTcpEstablishedTimeout=1\n')
    server = policy(folder, 'server', '[Mapping:ftp]\nProtocol=tcp\nExternal=21\n')
    listed = 0
    for capture in kit.CAPTURES:
        for inside in ('auto', '10.77.1.2,2001:db8::/32', '198.51.100.77', '203.0.113.0/24'):
            for here, other in itertools.permutations((off, plain, strict, server), 2):
                arguments = ['--inside', inside, capture]
                said = Compared(here, other, *arguments)
                want = expected(folder, here, other, *arguments)
                count.check(said.rows == want and said.counts[0] == len(want),
                            f'{capture.name}, inside {inside}, {here.name} and {other.name}: '
                            f'{said.text}, not {want}')
                listed += len(want)
    count.check(listed > 50, f'only {listed} flows were listed in all')


def check_nothing_else(count, folder):
    """With --compare everything else is what it was."""
    other = policy(folder, 'other', '[Helper:ftp]\nEnabled=false\n[Limits]\nMaxFragmented=2\n')
    made = probe.capture(folder / 'made.pcapng', list(fragments('203.0.113.3', CLIENT, 7000)) * 2)
    for capture in [*kit.CAPTURES, made]:
        outputs = []
        for number, arguments in enumerate(([], ['--compare', other],
                                            ['--compare', other, '--threads', '3'])):
            here = folder / f'{capture.name}-{number}'
            here.mkdir()
            paths = [here / name for name in ('events', 'log', 'accepted', 'dropped')]
            result = kit.run('replay', '--quiet', '-e', paths[0], '-l', paths[1],
                             '--write-accepted', paths[2], '--write-dropped', paths[3],
                             *arguments, capture)
            count.check(result.returncode == 0, f'{result}')
            outputs.append([path.read_bytes() for path in paths])
        count.check(outputs[0] == outputs[1] == outputs[2], f'{capture.name}: not the same')


def check_streams(count, folder):
    """Where the comparison goes: behind the summary, or to standard error beside events."""
    capture = kit.CAPTURES[0]
    other = policy(folder, 'other', '[Helper:ftp]\nEnabled=false\n')
    quiet = kit.run('replay', '--quiet', '--compare', other, capture).stdout
    loud = kit.run('replay', '--compare', other, capture).stdout
    count.check(loud.startswith('Replayed') and loud.endswith('\n' + quiet), f'{loud}')
    both = kit.run('replay', '--quiet', '--events', '-', '--compare', other, capture)
    count.check(both.stderr == quiet and both.stdout.startswith('{'), f'{both}')
    cli = Cli(count, folder)
    bad = policy(folder, 'bad', '[Log]\nDialect=latin\n')
    cli.complains(2, ['replay', '--compare', bad, capture], f'{bad}:2', 'Dialect=latin')
    cli.complains(2, ['replay', '--compare', folder / 'none', capture], 'none')
    cli.complains(2, ['watch', '--compare', other, 'lo'], '--compare')
    named = folder / 'named'
    (named / 'connections').mkdir(parents=True)
    (named / 'postern.conf').write_text('')
    (named / 'connections/wan.conf').write_text('[Connection]\nMatch=interface:wan0\n')
    # The other policy need not have that connection.
    arguments = ['replay', '--quiet', '--connection', 'wan']
    result = kit.run(*arguments, '--config', named, '--compare', other, capture)
    count.check(result.returncode == 0 and not result.stderr
                and result.stdout.splitlines()[0].endswith(f'{other}, where default stands for wan')
                and result.stdout.splitlines()[1:] == quiet.splitlines()[1:], f'{result}')
    cli.complains(2, [*arguments, '--config', other, '--compare', named, capture], 'wan', 'default')


def main():
    count = kit.Count()
    for check in (check_generated, check_same, check_captures, check_nothing_else, check_streams):
        with tempfile.TemporaryDirectory() as folder:
            check(count, pathlib.Path(folder))
    count.done()


if __name__ == '__main__':
    main()

# SPDX-License-Identifier: GPL-2.0-or-later
"""LDAP: public captures with known answers, our own, and those cut in every way.

    ldap.py [FOLDER]

FOLDER holds what `script/lab ldap` has recorded; without it, that of tests/pcap/ldap is taken.
POSTERN_CORPUS names the folder of public captures: none of them registers anybody, so there is
no door in them, whatever the options allow; gt/NAME.tsv says which messages there are.
"""

import collections
import pathlib
import random
import re
import sys
import tempfile

import kit
import pcap

INSIDE = ('--inside', '10.77.1.0/24,fd77:1::/64')
HELPER = ('--helpers', 'ldap')
OWN = kit.SOURCE / 'tests' / 'pcap' / 'ldap'
LDAP_PORTS = (389, 1002, 3268)
PAUSE = 3 * 3600 * 1000000  # between variants: longer than any registration, or flow, lasts

# What the lab's callers and servers are allowed.
CONFIG = """
[Helper:ldap]
Enabled=yes
CallersFrom=203.0.113.7
Referrals=203.0.113.0/24
Servers=203.0.113.0/24
"""

WIDE_OPEN = """
[Stateful]
VerifyChecksums=no
[Helper:ldap]
Enabled=yes
CallersFrom=0.0.0.0/0;::/0
CallsTo=0.0.0.0/0;::/0
Referrals=0.0.0.0/0;::/0
[Doors]
Sources=0.0.0.0/0;::/0
"""

CALLER, STRANGER, SERVER = '203.0.113.7', '203.0.113.66', '203.0.113.2'

# Each first packet from outside that is no answer, in order: who to which port, and its reason.
# A port of 0 is the one that the client has asked from.
COMES_IN = {
    'ils-session': [
        (CALLER, 1720, 'unsolicited'),    # nobody has registered yet
        (CALLER, 1720, 'expected'),
        (STRANGER, 1720, 'unsolicited'),
        (CALLER, 1503, 'expected'),
        (CALLER, 5000, 'unsolicited'),    # not what was registered
        (CALLER, 1720, 'expected'),       # kept
        (CALLER, 1720, 'unsolicited'),    # moved to 1503
        (CALLER, 1503, 'unsolicited'),    # deleted
    ],
    'ils-lies': [
        (CALLER, 22, 'unsolicited'),
        (CALLER, 1720, 'unsolicited'),
        (CALLER, 1503, 'expected'),       # the only entry of the client's own address
    ],
    'ldap-referrals': [],
    'ldap-starttls': [],
    'ldap-sasl': [],
    'cldap-elsewhere': [
        (SERVER, 0, 'expected'),          # from another port
        ('203.0.113.4', 0, 'expected'),
        ('203.0.113.5', 0, 'expected'),
    ],
    'cldap-group': [
        (SERVER, 0, 'expected'),
        ('203.0.113.4', 0, 'expected'),
        ('203.0.113.5', 0, 'expected'),
        (SERVER, 0, 'expected'),          # twice, from two ports
    ],
}

# (action, reason, to, port): how often
DOORS = {
    'ils-session': {
        ('opened', None, '10.77.1.2', 1720): 2,   # for the caller, and for the directory
        ('opened', None, '10.77.1.2', 1503): 2,
        ('closed', None, '10.77.1.2', 1720): 2,
        ('closed', None, '10.77.1.2', 1503): 2,
    },
    'ils-lies': {
        ('refused', 'address-foreign', '10.77.1.3', 1720): 1,
        ('refused', 'address-bogus', '127.0.0.1', 1720): 1,
        ('opened', None, '10.77.1.2', 1503): 2,
    },
    'cldap-elsewhere': {('opened', None, '10.77.1.2', 0): 1, ('closed', None, '10.77.1.2', 0): 1},
    'cldap-group': {('opened', None, '10.77.1.2', 0): 1},
    'ldap-starttls': {},
    'ldap-referrals': {
        ('opened', None, '203.0.113.3', 1389): 4,
        ('closed', None, '203.0.113.3', 1389): 4,
    },
}

# Notes that the flows of a capture have, in order of their ids; of one key.
NOTES = {
    'ils-session': ('registered', [
        '10.77.1.2:1720,1503 for 600 s', '10.77.1.2:1720,1503 for 600 s',
        '10.77.1.2:1503 for 600 s']),
    'ils-lies': ('registered', [
        '10.77.1.3:1720 for 600 s', '127.0.0.1:1720 for 600 s', '10.77.1.2:22 for 600 s',
        '10.77.1.2:1503 for 3600 s']),
    'ldap-referrals': ('referral', [
        'ldap://203.0.113.3:1389/dc=far??sub', 'ldap://203.0.113.3:1389/ou=far,dc=lab??sub',
        'ldap://203.0.113.3:1389/dc=nowhere??sub', 'ldap://203.0.113.3:1389/dc=far??sub']),
    'ldap-starttls': ('tls', ['StartTLS']),
    'ldap-sasl': ('sasl', ['DIGEST-MD5', 'DIGEST-MD5']),
    'cldap-elsewhere': ('domain', ['lab.example']),
    'cldap-group': ('domain', ['lab.example']),
}


class Config:
    """A configuration file for as long as it is needed."""

    def __init__(self, text):
        self.file = tempfile.NamedTemporaryFile('w', suffix='.conf')
        self.file.write(text)
        self.file.flush()

    def __enter__(self):
        return '--config', self.file.name

    def __exit__(self, *_):
        self.file.close()


def port_of(event, port):
    """The port, or 0 if it is one that a system has chosen."""
    return 0 if event['proto'] == 'UDP' else port


def comes_in(replay):
    """[(who, port, reason)] of what begins outside."""
    found = []
    for event in replay.flows:
        if event['src_ip'].startswith('203.'):
            found.append((event['flow']['start'], event['src_ip'],
                          port_of(event, event['dest_port']), event['postern']['reason']))
    for event in replay.drops:
        first = event['proto'] == 'UDP' or event['drop']['tcpflags'] == 'S'
        if first and event['src_ip'].startswith('203.'):
            found.append((event['timestamp'], event['src_ip'],
                          port_of(event, event['dest_port']), event['drop']['reason']))
    return [entry[1:] for entry in sorted(found)]


def doors(replay):
    found = collections.Counter()
    for event in replay.expectations:
        door, postern = event['expectation'], event['postern']
        if postern['action'] != 'matched':
            port = 0 if door['proto'] == 'UDP' else door['dest_port']
            found[postern['action'], postern['reason'], door['dest_ip'], port] += 1
    return found


def notes(replay, key):
    flows = sorted(replay.flows, key=lambda event: event['flow_id'])
    return [event['postern']['notes'][key] for event in flows if key in event['postern']['notes']]


def check_own(count, folder):
    for name, expected in COMES_IN.items():
        path = folder / f'{name}.pcap'
        with Config(CONFIG) as config:
            replay = kit.Replay(*INSIDE, *HELPER, *config, path)
        count.check(comes_in(replay) == expected, f'{name}: {comes_in(replay)}')
        if name in DOORS:
            count.check(doors(replay) == DOORS[name], f'{name}: doors: {doors(replay)}')
        key, expected = NOTES[name]
        count.check(notes(replay, key) == expected, f'{name}: {key}: {notes(replay, key)}')
        # Without a list of callers and servers nothing opens, as without the helper.
        for options in (HELPER, ('--helpers', 'none')):
            replay = kit.Replay(*INSIDE, *options, path)
            reasons = {reason for *_, reason in comes_in(replay)}
            count.check(reasons <= {'unsolicited'} and
                        not any(action == 'opened' for action, *_ in doors(replay)),
                        f'{name}: {options}: {reasons}, {doors(replay)}')


def control_segments(segments):
    """Numbers of those that carry LDAP, or what LDAP has become."""
    return [n for n, segment in enumerate(segments)
            if segment.payload and ({segment.sport, segment.dport} & set(LDAP_PORTS))]


def cut(segment, points):
    edges = [0, *points, len(segment.payload)]
    return [segment.piece(start, end) for start, end in zip(edges, edges[1:])]


def variants(segments):
    """Yields (name, {number of a segment: the segments in its place})."""
    control = control_segments(segments)
    dice = random.Random(1)
    yield 'as recorded', {}
    for n in control:
        # Of TLS records it is enough to cut the first bytes.
        most = len(segments[n].payload) if segments[n].payload[0] in (0x30, 0x00) else 8
        for point in range(1, min(most, len(segments[n].payload))):
            yield f'segment {n} cut at {point}', {n: cut(segments[n], [point])}
        half = len(segments[n].payload) // 2
        first, second = cut(segments[n], [half])
        yield f'segment {n}, second half first', {n: [second, first]}
        yield f'segment {n}, first half, then all', {n: [first, segments[n]]}
        yield f'segment {n}, all, then the second half', {n: [segments[n], second]}
    yield 'byte by byte', {n: cut(segments[n], range(1, len(segments[n].payload)))
                           for n in control}
    for number in range(20):
        yield f'random cuts {number}', {
            n: cut(segments[n], [point for point in range(1, len(segments[n].payload))
                                 if dice.random() < 0.1]) for n in control}


class Story:
    """What the events tell of one variant, with its own names for flows and doors."""

    def __init__(self):
        self.ids = collections.defaultdict(dict)
        self.doors = []
        self.flows = {}
        self.drops = 0

    def alias(self, kind, number):
        return number and self.ids[kind].setdefault(number, len(self.ids[kind]) + 1)

    def add(self, event):
        postern = event.get('postern', {})
        ends = tuple(event.get(key) for key in ('src_ip', 'src_port', 'dest_ip', 'dest_port'))
        if event['event_type'] == 'drop':
            self.drops += 1
        elif event['event_type'] == 'flow':
            self.flows[self.alias('flow', event['flow_id'])] = (
                ends, postern['reason'], postern['helper'], tuple(postern['notes'].items()),
                self.alias('flow', postern['parent_flow_id']),
                self.alias('door', postern['expectation_id']))
        else:
            self.doors.append((ends, postern['action'], postern['reason'],
                               self.alias('flow', event['flow_id']),
                               self.alias('door', postern['expectation_id']),
                               tuple(event['expectation'].items())))

    def tell(self):
        return self.doors, sorted(self.flows.items()), self.drops


def seconds_of(event):
    """Seconds of the day it was told, or when the flow began."""
    text = event['flow']['start'] if event['event_type'] == 'flow' else event['timestamp']
    days, time = re.match(r'\d+-\d+-(\d+)T([\d:]+)', text).groups()
    hours, minutes, seconds = map(int, time.split(':'))
    return ((int(days) * 24 + hours) * 60 + minutes) * 60 + seconds


def difference(got, expected):
    for one, other in zip((*got[0], *got[1], got[2]), (*expected[0], *expected[1], expected[2])):
        if one != other:
            return f'{one} instead of {other}'
    return f'{len(got[0])} events of doors and {len(got[1])} flows'


def check_cuts(count, path):
    """All variants in one capture, hours apart: the events of each are those of the first."""
    segments = [pcap.Segment(time, frame) for time, frame in pcap.read(path)]
    names, stories = [], []
    chunk = []
    for variant in variants(segments):
        chunk.append(variant)
        if len(chunk) == 200:  # three and a half weeks: within a month
            stories += replay_variants(segments, chunk)
            names += [name for name, _ in chunk]
            chunk = []
    stories += replay_variants(segments, chunk)
    names += [name for name, _ in chunk]
    count.check(any(stories[0]), f'{path.name}: nothing happens')
    for name, story in zip(names, stories):
        count.check(story == stories[0], f'{path.name}: {name}: {difference(story, stories[0])}')


def replay_variants(segments, chunk):
    # The first of a month, so that days count on.
    start = 1767225600 * 1000000 - segments[0].time
    with tempfile.NamedTemporaryFile(suffix='.pcap') as file, Config(CONFIG) as config:
        file.write(pcap.header())
        for number, (_, changes) in enumerate(chunk):
            for n, original in enumerate(segments):
                for segment in changes.get(n, [original]):
                    file.write(pcap.record(start + segment.time + number * PAUSE, segment.frame(
                        segment.src, segment.dst, segment.payload)))
        file.flush()
        replay = kit.Replay(*INSIDE, *HELPER, *config, file.name)
    stories = [Story() for _ in chunk]
    first = 24 * 3600
    for event in replay.events:
        # That a time is up is told when the next variant begins, of several doors in any order.
        over = event.get('postern', {}).get('action') == 'expired'
        if event['event_type'] in ('flow', 'drop', 'expectation') and not over:
            stories[(seconds_of(event) - first) * 1000000 // PAUSE].add(event)
    return [story.tell() for story in stories]


def read_counts(path):
    """How many messages of LDAP each flow has, by the ground truth."""
    counts = {}
    for line in path.read_text(encoding='utf-8').splitlines():
        fields = line.split('\t')
        if fields[0] == 'count':
            counts[fields[3]] = sum(int(number) for number in re.findall(r'=(\d+)', fields[4]))
    return counts


def check_public(count, name, path, counts):
    with Config(WIDE_OPEN) as config:
        replay = kit.Replay(*HELPER, *config, path)
    count.check(not replay.expectations, f'{name}: {doors(replay)}')
    watched = [event for event in replay.flows if event['postern']['helper']]
    left = any('left' in event['postern']['notes'] or 'helper-off' in event['postern']['notes']
               for event in watched)
    stats = replay.of('stats')[0]['stats']['helpers']
    count.check(not stats['failed'], f'{name}: the helper failed')
    if not left and len(watched) == len(counts):
        # An answer of CLDAP is one datagram, of several messages.
        exact = not any(event['proto'] == 'UDP' for event in watched)
        seen, total = stats['messages'], sum(counts.values())
        count.check(seen == total if exact else 0 < seen <= total,
                    f'{name}: {seen} messages of {total}')
    return bool(watched)


def check_corpus(count, folder):
    watched = 0
    for truth in sorted((folder / 'gt').glob('ldap-*.tsv')):
        name = truth.name.removesuffix('.tsv')
        watched += check_public(count, name, folder / name, read_counts(truth))
    count.check(watched > 15, f'only {watched} captures with LDAP in the corpus')
    for truth in sorted((folder / 'gt').glob('hostile__ldap-*.tsv')):
        name = truth.name.removesuffix('.tsv').replace('__', '/')
        check_public(count, name, folder / name, read_counts(truth))
    notes_of = {
        'ldap-starttls.pcap': ('tls', ['StartTLS']),
        'ldap-extended-suricata.pcap': ('tls', ['StartTLS']),
        'ldap-sasl-ntlm.pcap': ('sasl', ['NTLM']),
        'ldap-krb5-sign-seal-01.cap': ('left', ['the connection goes on under SASL']),
        'ldap-cldap.pcap': ('domain', ['s4.howto.abartlet.net']),
    }
    for name, (key, expected) in notes_of.items():
        told = notes(kit.Replay(*HELPER, folder / name), key)
        count.check(told == expected, f'{name}: {key}: {told}')


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else OWN
    count = kit.Count()
    check_own(count, folder)
    for path in sorted(folder.glob('*.pcap')):
        if not path.name.startswith('cldap'):
            check_cuts(count, path)
    if kit.corpus():
        check_corpus(count, kit.corpus())
    count.done()


if __name__ == '__main__':
    main()

# SPDX-License-Identifier: GPL-2.0-or-later
"""However a control connection is cut into segments, the same doors open and the same flows pass.

Takes the sessions of our own captures and makes variants of each: every split point of every
control segment, byte by byte, pieces swapped, pieces sent twice, cuts at random (of a fixed seed).
Every variant has hosts of its own, with as many digits as the real ones, so that one replay plays
all of them; then the events of each must be those of the session as it was recorded.
"""

import collections
import ipaddress
import random
import tempfile

import kit
import pcap

CONTROL = 21
SECOND = 1000000


class Hosts:
    """The addresses of a variant, and how its control connection writes them."""

    def __init__(self, number, client, server):
        self.pairs = [(client, self.client(number, client)), (server, self.server(number, server))]
        self.packed = {pcap.pack(old): pcap.pack(new) for old, new in self.pairs}

    @staticmethod
    def client(number, real):
        if ':' in real:
            return f'fd{16 + number // 225:02x}:{1 + number // 15 % 15:x}::{1 + number % 15:x}'
        return f'10.{10 + number // 81}.{1 + number // 9 % 9}.{1 + number % 9}'

    @staticmethod
    def server(number, real):
        if ':' in real:
            return f'fd{16 + number // 225:02x}:{1 + number // 15 % 15:x}:1::1'
        return f'203.{number // 900}.{100 + number // 9 % 100}.{1 + number % 9}'

    def translate(self, payload):
        return exchange(payload.decode('latin-1'), self.pairs).encode('latin-1')

    def restore(self, text):
        return exchange(text, [(new, old) for old, new in self.pairs])


def exchange(text, pairs):
    """Other addresses, as they stand in an event or in EPRT, and as in PORT."""
    for old, new in pairs:
        text = text.replace(old, new)
        text = text.replace(old.replace('.', ',') + ',', new.replace('.', ',') + ',')
    return text


class Session:
    """One control connection of a capture, with its data connections."""

    def __init__(self, segments):
        self.segments = segments
        first = segments[0]
        self.client = str(ipaddress.ip_address(first.src))
        self.server = str(ipaddress.ip_address(first.dst))
        self.control = [n for n, segment in enumerate(segments)
                        if CONTROL in (segment.sport, segment.dport) and segment.payload]
        self.connections = sum(segment.flags & (pcap.SYN | pcap.ACK) == pcap.SYN
                               for segment in segments)


def sessions(path):
    """A capture cut where a control connection begins."""
    found = []
    for time, frame in pcap.read(path):
        segment = pcap.Segment(time, frame)
        if segment.dport == CONTROL and segment.flags == pcap.SYN:
            found.append([])
        found[-1].append(segment)
    return [Session(segments) for segments in found]


def cut(segment, points):
    edges = [0, *points, len(segment.payload)]
    return [segment.piece(start, end) for start, end in zip(edges, edges[1:])]


def variants(session):
    """Yields (name, {number of a segment: the segments in its place})."""
    yield 'as recorded', {}
    for n in session.control:
        segment = session.segments[n]
        for point in range(1, len(segment.payload)):
            yield f'segment {n} cut at {point}', {n: cut(segment, [point])}
        middle = len(segment.payload) // 2
        if middle:
            first, second = cut(segment, [middle])
            yield f'segment {n}, second half first', {n: [second, first]}
            yield f'segment {n}, first half, then all', {n: [first, segment]}
            yield f'segment {n}, all, then the second half', {n: [segment, second]}
    yield 'byte by byte', {
        n: cut(session.segments[n], range(1, len(session.segments[n].payload)))
        for n in session.control}
    dice = random.Random(1)
    for number in range(20):
        yield f'random cuts {number}', {
            n: cut(session.segments[n], points_at_random(dice, session.segments[n]))
            for n in session.control}


def points_at_random(dice, segment):
    return [point for point in range(1, len(segment.payload)) if dice.random() < 0.1]


def write(file, session, hosts, changes, delay):
    for n, original in enumerate(session.segments):
        for segment in changes.get(n, [original]):
            control = CONTROL in (segment.sport, segment.dport)
            file.write(pcap.record(segment.time + delay, segment.frame(
                hosts.packed[segment.src], hosts.packed[segment.dst],
                segment.payload if not control else translated(session, segment, hosts, n))))


def translated(session, segment, hosts, n):
    """A piece of the payload of segment n as these hosts would have written it."""
    whole = hosts.translate(session.segments[n].payload)
    if len(whole) != len(session.segments[n].payload):
        raise ValueError('an address of another length')
    start = segment.seq - session.segments[n].seq & 0xffffffff
    return whole[start:start + len(segment.payload)]


class Story:
    """What the events tell of one variant, with its own names for hosts, flows and doors."""

    def __init__(self, hosts):
        self.hosts = hosts
        self.doors = []
        self.flows = {}
        self.drops = 0
        self.ids = collections.defaultdict(dict)

    def add(self, event):
        if event['event_type'] == 'drop':
            self.drops += 1
        elif event['event_type'] == 'flow':
            self.flows[self.alias('flow', event['flow_id'])] = self.flow(event)
        else:
            self.doors.append(self.plain(event, 'postern', 'expectation'))

    def alias(self, kind, number):
        """Ids count from 1 within a variant, in the order in which the events name them."""
        return number and self.ids[kind].setdefault(number, len(self.ids[kind]) + 1)

    def flow(self, event):
        plain = self.plain(event, 'postern')
        plain['flow.state'] = event['flow']['state']
        plain['forced'] = event['flow']['reason'] == 'forced'
        return plain

    def plain(self, event, *parts):
        fields = {name: self.field(name, event.get(name)) for name in
                  ('src_ip', 'src_port', 'dest_ip', 'dest_port', 'proto', 'app_proto')}
        fields['flow_id'] = self.alias('flow', event['flow_id'])
        for part in parts:
            for name, value in event[part].items():
                fields[f'{part}.{name}'] = self.field(name, value)
        return fields

    def field(self, name, value):
        if name in ('parent_flow_id', 'child_flow_id'):
            return self.alias('flow', value)
        if name == 'expectation_id':
            return self.alias('door', value)
        if isinstance(value, list):
            return [self.field(name, item) for item in value]
        return self.hosts.restore(value) if isinstance(value, str) else value

    def tell(self):
        """Door events in order, flows in order of their ids, dropped packets."""
        return self.doors, [flow for _, flow in sorted(self.flows.items())], self.drops


def difference(got, expected):
    for one, other in zip((*got[0], *got[1], got[2]), (*expected[0], *expected[1], expected[2])):
        if one != other:
            return f'{one} instead of {other}'
    return f'{len(got[0])} door events and {len(got[1])} flows'


def check_session(count, where, session, file):
    """Writes all variants of a session, replays them, and compares."""
    file.write(pcap.header())
    stories, names = {}, []
    for number, (name, changes) in enumerate(variants(session)):
        hosts = Hosts(number, session.client, session.server)
        write(file, session, hosts, changes, number * SECOND)
        stories[hosts.pairs[0][1]] = Story(hosts)
        names.append(name)
    file.flush()
    inside = 'fd00::/8' if ':' in session.client else '10.0.0.0/8'
    for event in told(kit.Replay('--inside', inside, file.name)):
        stories[event['src_ip'] if event['src_ip'] in stories else event['dest_ip']].add(event)

    tales = [story.tell() for story in stories.values()]
    doors, flows, drops = tales[0]
    expected = [flow for flow in flows if flow['postern.reason'] == 'expected']
    count.check(len(expected) == session.connections - 1 and not drops and doors,
                f'{where}: {len(expected)} of {session.connections - 1} data connections expected')
    for name, tale in zip(names[1:], tales[1:]):
        count.check(tale == tales[0], f'{where}: {name}: {difference(tale, tales[0])}')


def told(replay):
    return [event for event in replay.events if event['event_type'] in
            ('flow', 'expectation', 'drop')]


def main():
    count = kit.Count()
    for path in kit.CAPTURES:
        for number, session in enumerate(sessions(path), 1):
            with tempfile.NamedTemporaryFile(suffix='.pcap') as file:
                check_session(count, f'{path.name}, session {number}', session, file)
    count.done()


if __name__ == '__main__':
    main()

# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls of PPTP in captures: told once more from the bytes alone, and compared with the events.

    pptp.py [CAPTURE...]

Without arguments: our own captures, with their control connections cut at every place too, and the
public ones in POSTERN_CORPUS with their ground truth.
"""

import collections
import csv
import ipaddress
import pathlib
import struct
import sys
import tempfile

import kit
import pcap

FOLDER = kit.SOURCE / 'tests' / 'pcap' / 'pptp'
PORT = 1723
TCP, GRE = 6, 47
FIN, SYN, RST, ACK = 1, 2, 4, 16
STOP, OUTGOING, OUTGOING_REPLY, INCOMING, INCOMING_REPLY, CONNECTED, CLEAR, DISCONNECT = (
    3, 7, 8, 9, 10, 11, 12, 13)
SECOND = 1000000


class Packet:
    """What of a frame of Ethernet and IPv4 matters here."""

    def __init__(self, time, frame):
        self.time, self.frame = time, frame
        self.proto = None
        ip = frame[14:]
        if frame[12:14] != b'\x08\0':
            return
        header, (length,) = (ip[0] & 15) * 4, struct.unpack_from('!H', ip, 2)
        self.src, self.dst = (str(ipaddress.ip_address(ip[n:n + 4])) for n in (12, 16))
        self.proto, data = ip[9], ip[header:length]
        if self.proto == TCP:
            self.ports = struct.unpack_from('!HH', data)
            self.seq, self.flags = struct.unpack_from('!I', data, 4)[0], data[13]
            self.payload = data[(data[12] >> 4) * 4:]
        elif self.proto == GRE:
            flags, kind = struct.unpack_from('!HH', data)
            self.call_id = None
            if flags & 0x2007 == 0x2001 and kind == 0x880b:
                self.call_id = struct.unpack_from('!H', data, 6)[0]

    def is_control(self):
        return self.proto == TCP and PORT in self.ports


class Stream:
    """One direction of a control connection, cut into messages."""

    def __init__(self):
        self.next, self.data = None, b''

    def add(self, packet):
        if packet.flags & SYN:
            self.next = packet.seq + 1 & 0xffffffff
        if self.next is None:
            return
        skip = self.next - packet.seq & 0xffffffff
        if packet.payload and skip < len(packet.payload):
            self.data += packet.payload[skip:]
            self.next = packet.seq + len(packet.payload) & 0xffffffff
        while len(self.data) >= 16 and len(self.data) >= struct.unpack_from('!H', self.data)[0]:
            length, _, _, kind = struct.unpack_from('!HHIH', self.data)
            yield kind, self.data[:length]
            self.data = self.data[length:]


class Call:
    def __init__(self, client, server, ids):
        self.client, self.server = client, server
        self.ids = ids  # of client, of server
        self.packets = [0, 0]  # from client, from server
        self.perhaps = 0  # when the control connection was about to end
        self.ended = False

    def direction(self, packet):
        if (packet.src, packet.dst, packet.call_id) == (self.client, self.server, self.ids[1]):
            return 0
        if (packet.src, packet.dst, packet.call_id) == (self.server, self.client, self.ids[0]):
            return 1
        return None


class Control:
    """A control connection: what was asked for, and which calls are up."""

    def __init__(self, client, server):
        self.client, self.server = client, server
        self.streams = {client: Stream(), server: Stream()}
        self.asked = collections.Counter()  # (message, who, his id)
        self.answered = {}  # (who, his id): the other's id
        self.calls = []
        self.closing = False

    def add(self, packet, calls):
        for kind, message in self.streams[packet.src].add(packet):
            own, peer = struct.unpack_from('!HH', message, 12)
            before = len(self.calls)
            self.take(kind, packet.src, packet.dst, own, peer, message[16:17] == b'\1')
            calls += self.calls[before:]
        self.closing |= bool(packet.flags & (FIN | RST))
        if self.closing and packet.flags == ACK:
            self.end_all()

    def take(self, kind, sender, receiver, own, peer, good):
        if kind in (OUTGOING, INCOMING):
            self.asked[kind, sender, own] += 1
        elif kind in (OUTGOING_REPLY, INCOMING_REPLY) and self.asked[kind - 1, receiver, peer]:
            self.asked[kind - 1, receiver, peer] -= 1
            if good and kind == OUTGOING_REPLY:
                self.connect({sender: own, receiver: peer})
            elif good:
                self.answered[sender, own] = peer
        elif kind == CONNECTED and (receiver, own) in self.answered:
            self.connect({receiver: own, sender: self.answered.pop((receiver, own))})
        elif kind == CLEAR:
            self.end(sender, own)
        elif kind == DISCONNECT and not self.end(sender, own):
            self.end(receiver, own)
        elif kind == STOP:
            self.end_all()

    def connect(self, ids):
        self.calls.append(Call(self.client, self.server, (ids[self.client], ids[self.server])))

    def end(self, who, call_id):
        """The call whose end of this host has this id. True: there is one."""
        for call in self.calls:
            if call.ids[who == self.server] == call_id:
                self.calls.remove(call)
                call.ended = True
                return True
        return False

    def end_all(self):
        for call in self.calls:
            call.ended = True
        self.calls = []


class Tale:
    """What a capture must come to. `unsolicited`: packets of GRE by (source, destination, id)."""

    def __init__(self, path, clients):
        self.calls = []
        self.unsolicited = collections.Counter()
        self.from_server = collections.Counter()
        controls = {}
        for packet in (Packet(*record) for record in pcap.read(path)):
            if packet.is_control():
                if packet.flags & (SYN | ACK) == SYN:
                    controls[packet.src, packet.ports[0]] = Control(packet.src, packet.dst)
                ends = (packet.src, packet.ports[0]), (packet.dst, packet.ports[1])
                control = controls.get(ends[packet.ports[1] != PORT])
                if control:
                    control.add(packet, self.calls)
            elif packet.proto == GRE:
                self.add_gre(packet, controls.values(), clients)

    def add_gre(self, packet, controls, clients):
        key = packet.src, packet.dst, packet.call_id
        if packet.src not in clients:
            self.from_server[key] += 1
        for control in controls:
            for call in control.calls:
                direction = call.direction(packet)
                if direction is not None:
                    call.packets[direction] += 1
                    call.perhaps += control.closing
                    return
        if packet.src not in clients:
            self.unsolicited[key] += 1


def clients_of(path):
    """Who has opened a control connection in it, or has the lab's addresses."""
    found = {packet.src for packet in (Packet(*record) for record in pcap.read(path))
             if packet.is_control() and packet.flags & (SYN | ACK) == SYN}
    return sorted(found)


def counted(drops):
    return collections.Counter((drop['src_ip'], drop['dest_ip']) for drop in drops
                               if drop['proto'] == 'GRE')


def check_call(count, name, call, replay):
    """One call: its door, and one flow with all its packets in both directions."""
    doors = [event for event in replay.expectations if event['postern']['action'] == 'opened'
             and event['expectation']['call_id'] == call.ids[0]
             and event['expectation']['call_id_reply'] == call.ids[1]
             and event['expectation']['dest_ip'] == call.client]
    what = f'{name}: call {call.client} {call.ids}'
    count.check(len(doors) == 1 and doors[0]['expectation']['src_ip'] == call.server,
                f'{what}: {len(doors)} doors')
    if not doors or not any(call.packets):
        return
    flows = [event for event in replay.flows
             if event['postern']['expectation_id'] == doors[0]['postern']['expectation_id']]
    count.check(len(flows) == 1, f'{what}: {len(flows)} flows')
    if not flows:
        return
    about, flow = flows[0]['postern'], flows[0]['flow']
    packets, ids = [flow['pkts_toserver'], flow['pkts_toclient']], about['call_id']
    if flows[0]['src_ip'] == call.server:
        packets.reverse()
        ids = ids[::-1]
    most = sum(call.packets)
    count.check(packets == call.packets or call.perhaps >= most - sum(packets) >= 0,
                f'{what}: {packets} packets, not {call.packets}')
    count.check(ids == [call.ids[1], call.ids[0]], f'{what}: ids {ids}')
    count.check(about['reason'] == 'expected' and about['parent_flow_id'] == doors[0]['flow_id'],
                f'{what}: {about}')
    count.check(f'PNS id {call.ids[0]}, PAC id {call.ids[1]}' in about['notes'].get('call', '')
                and (flow['reason'] == 'forced') == call.ended == ('ended' in about['notes']),
                f'{what}: ended for {flow["reason"]}, {about["notes"]}')


def check_capture(count, path, clients=None):
    name = path.name
    clients = clients or clients_of(path)
    inside = ['--inside', ','.join(clients)]
    tale, replay = Tale(path, clients), kit.Replay(*inside, path)
    opened = [event for event in replay.expectations if event['postern']['action'] == 'opened']
    count.check(len(opened) == len(tale.calls), f'{name}: {len(opened)} doors')
    for call in tale.calls:
        check_call(count, name, call, replay)
    expected = [event for event in replay.flows if event['postern']['reason'] == 'expected']
    used = sum(1 for call in tale.calls if any(call.packets))
    count.check(len(expected) == used, f'{name}: {len(expected)} flows were expected')
    drops, perhaps = counted(replay.drops), sum(call.perhaps for call in tale.calls)
    dropped = sum(tale.unsolicited.values())
    count.check(dropped <= sum(drops.values()) <= dropped + perhaps,
                f'{name}: dropped {drops}, not {tale.unsolicited}')
    strays = [event['postern']['notes'] for event in replay.flows
              if 'out-of-state' in event['postern']['notes']]
    count.check(not strays, f'{name}: {strays}')

    replay = kit.Replay(*inside, '--helpers', 'none', path)
    reasons = {drop['drop']['reason'] for drop in replay.drops if drop['proto'] == 'GRE'}
    count.check(not replay.expectations and sum(counted(replay.drops).values()) ==
                sum(tale.from_server.values()) and reasons <= {'unsolicited'},
                f'{name}: without helpers: {reasons} {counted(replay.drops)}')


class Variant:
    """A capture with another client, and perhaps with other segments in the place of some."""

    def __init__(self, number, client):
        self.client = client
        self.address = f'10.{10 + number // 62500}.{1 + number // 250 % 250}.{1 + number % 250}'
        self.swap = {pcap.pack(client): pcap.pack(self.address)}

    def write(self, file, packets, changes, delay):
        for n, packet in enumerate(packets):
            if packet.proto == TCP:
                for segment in changes.get(n, [pcap.Segment(packet.time, packet.frame)]):
                    file.write(pcap.record(packet.time + delay, segment.frame(
                        *self.ends(segment.src, segment.dst), segment.payload)))
            elif packet.proto == GRE:
                file.write(pcap.record(packet.time + delay, self.gre_frame(packet.frame)))

    def ends(self, *addresses):
        return [self.swap.get(address, address) for address in addresses]

    def gre_frame(self, frame):
        ip = bytearray(frame[14:34])
        ip[12:16], ip[16:20] = self.ends(bytes(ip[12:16]), bytes(ip[16:20]))
        ip[10:12] = bytes(2)
        struct.pack_into('!H', ip, 10, pcap.checksum(ip))
        return frame[:14] + bytes(ip) + frame[34:]


def cut(packet, points):
    segment = pcap.Segment(packet.time, packet.frame)
    edges = [0, *points, len(segment.payload)]
    return [segment.piece(start, end) for start, end in zip(edges, edges[1:])]


def variants(packets):
    """Yields (name, {number of a packet: the segments in its place})."""
    yield 'as recorded', {}
    control = [n for n, packet in enumerate(packets) if packet.is_control() and packet.payload]
    for n in control:
        for point in range(1, len(packets[n].payload)):
            yield f'packet {n} cut at {point}', {n: cut(packets[n], [point])}
        first, second = cut(packets[n], [len(packets[n].payload) // 2])
        yield f'packet {n}, second half first', {n: [second, first]}
        yield f'packet {n} twice', {n: [*cut(packets[n], []), first, second]}
    yield 'byte by byte', {n: cut(packets[n], range(1, len(packets[n].payload))) for n in control}


def plain(event, variant, ids):
    """An event in the words of its variant: ids count from 1, and the client is the recorded one."""
    def word(key, value):
        if key in ('flow_id', 'parent_flow_id', 'child_flow_id', 'expectation_id') and value:
            kind = ids['door' if key == 'expectation_id' else 'flow']
            return kind.setdefault(value, len(kind) + 1)
        if isinstance(value, dict):
            return {name: word(name, item) for name, item in value.items()
                    if name not in ('start', 'end')}
        return variant.client if value == variant.address else value
    keys = ('event_type', 'flow_id', 'src_ip', 'src_port', 'dest_ip', 'proto', 'postern',
            'expectation')
    told = {key: word(key, event[key]) for key in keys if key in event}
    if event['event_type'] == 'flow' and event['proto'] == 'GRE':
        told['flow'] = word('flow', event['flow'])
    return told


def check_segmentation(count, path):
    """Every variant of a capture with one client comes to the same."""
    (client,) = clients_of(path)
    packets = [Packet(*record) for record in pcap.read(path)]
    stories, names = {}, {}
    with tempfile.NamedTemporaryFile(suffix='.pcap') as file:
        file.write(pcap.header())
        for number, (name, changes) in enumerate(variants(packets)):
            variant = Variant(number, client)
            variant.write(file, packets, changes, number * 100 * SECOND)
            stories[variant.address] = variant, [], collections.defaultdict(dict)
            names[variant.address] = name
        file.flush()
        replay = kit.Replay('--inside', '10.0.0.0/8', file.name)
    for event in replay.events:
        variant, story, ids = stories.get(event.get('src_ip')) or stories.get(
            event.get('dest_ip')) or (None, None, None)
        if variant:
            story.append(plain(event, variant, ids))
    tales = [story for _, story, _ in stories.values()]
    tale = Tale(path, [client])
    flows = [event for event in tales[0] if event['event_type'] == 'flow']
    count.check(len(flows) == 1 + len(tale.calls), f'{path.name}: {flows}')
    for address, (_, story, _) in stories.items():
        count.check(story == tales[0], f'{path.name}, {names[address]}: {story}')


def check_truth(count, folder, name):
    """The ground truth of a public capture: who announced which id to whom, and what used it."""
    with open(folder / 'gt' / f'{name}.tsv', encoding='utf-8', newline='') as file:
        rows = list(csv.DictReader(file, delimiter='\t', quoting=csv.QUOTE_NONE))
    rows = [row for row in rows if row['#kind'] == 'announce' and row['l4'] == 'gre']
    path = folder / name
    replay = kit.Replay('--inside', ','.join(clients_of(path)), path)
    for row in rows:
        end, call_id = row['addr'], int(row['port_or_id'])
        doors = [event['expectation'] for event in replay.expectations
                 if event['postern']['action'] == 'opened']
        count.check(any((door['dest_ip'], door['call_id']) == (end, call_id)
                        or (door['src_ip'], door['call_id_reply']) == (end, call_id)
                        for door in doors), f'{name}: frame {row["frame"]}: no door')
        flows = [event for event in replay.flows if event['proto'] == 'GRE'
                 and event['postern']['reason'] == 'expected']
        packets = [event['flow']['pkts_toserver' if event['dest_ip'] == end else 'pkts_toclient']
                   for event in flows]
        count.check(packets == ([int(row['pkts'])] if row['seen'] == 'yes' else []),
                    f'{name}: frame {row["frame"]}: {packets} packets, not {row["pkts"]}')
    count.check(len(rows) == 2, f'{name}: {len(rows)} rows')


def check_corpus(count, folder):
    for name in ('pptp-ndpi.pcap', 'pptp-chapcrack.pcap'):
        check_capture(count, folder / name)
        check_truth(count, folder, name)
    # Without its control connection a call is a stranger's.
    check_capture(count, folder / 'pptp-gre-data.pcap', ['172.16.30.107'])


def main():
    count = kit.Count()
    paths = [pathlib.Path(path) for path in sys.argv[1:]]
    for path in paths or sorted(FOLDER.glob('*.pcap')):
        check_capture(count, path)
    if not paths:
        check_segmentation(count, FOLDER / 'one-call.pcap')
        check_segmentation(count, FOLDER / 'scripted-peers.pcap')
        if kit.corpus():
            check_corpus(count, kit.corpus())
    count.done()


if __name__ == '__main__':
    main()

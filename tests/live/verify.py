# SPDX-License-Identifier: GPL-2.0-or-later
"""Replays what `script/lab ftp` recorded, and compares the events with what was really transferred.

    verify.py FOLDER

sessions.tsv in the folder names the sessions, each with a capture from both sides of the wall. What
was transferred is read from the captures, by code that has nothing in common with the program. A
data connection that the control connection announces in the clear must be `expected`, as the
child of that one; under TLS nobody can read the announcement, so it is plain `outbound`, or
`unsolicited` where the server calls. Both sides must tell the same, at other times. Prints a table;
results.tsv gets the same. The exit status is 1 if anything is not as it should be.
"""

import collections
import ipaddress
import json
import pathlib
import re
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'system'))

# pylint: disable=wrong-import-position
import kit
import pcap

INSIDE = '10.77.1.0/24,fd77:1::/64'
CONTROL = 21
DATA = 20
RST = 0x04
SIDES = ('inside', 'outside')
TIMES = ('timestamp', 'start', 'end')
COLUMNS = ('server', 'client', 'kind', 'mode', 'family', 'doors', 'result')

# How an endpoint is announced: by which mode, on which side, in which words.
PORT = re.compile(rb'^PORT (\d+),(\d+),(\d+),(\d+),(\d+),(\d+)\r$', re.MULTILINE)
EPRT = re.compile(rb'^EPRT \|[12]\|([0-9a-f.:]+)\|(\d+)\|\r$', re.MULTILINE)
PASV = re.compile(rb'^227 [^\r\n]*?(\d+),(\d+),(\d+),(\d+),(\d+),(\d+)', re.MULTILINE)
EPSV = re.compile(rb'^229 [^\r\n]*\(\|\|\|(\d+)\|\)', re.MULTILINE)

CALL_FROM_20 = ('proftpd', 'pure-ftpd')
HIDDEN = ('tls', 'tls-control', 'ccc')
REFUSED = ('vsftpd', 'curl', 'ccc')  # it knows no CCC, and curl goes on under TLS

Session = collections.namedtuple('Session', 'name server client kind mode family went')


class Connection:
    """A TCP connection of a capture, from its SYN on, and what each end has said."""

    def __init__(self, time, syn):
        self.client, self.server = text(syn.src), text(syn.dst)
        self.key = self.client, syn.sport, self.server, syn.dport
        self.is_control = syn.dport == CONTROL
        self.span = [time, float('inf')]  # from the SYN to the first FIN
        self.finished = set()
        self.starts = {}
        self.said = [bytearray(), bytearray()]

    def add(self, time, segment, from_server):
        start = self.starts.setdefault(from_server, (segment.seq + 1) & 0xffffffff)
        at = (segment.seq - start) & 0xffffffff
        said = self.said[from_server]
        if segment.payload:
            said.extend(bytes(max(0, at + len(segment.payload) - len(said))))
            said[at:at + len(segment.payload)] = segment.payload
        if segment.flags & (pcap.FIN | RST):
            self.span[1] = min(self.span[1], time)
            self.finished |= {True, False} if segment.flags & RST else {from_server}

    def announced(self):
        """[(mode, address, port)], in the order of modes."""
        commands, replies = map(bytes, self.said)
        found = [('port', *numbers(match)) for match in PORT.finditer(commands)]
        found += [('eprt', str(ipaddress.ip_address(match[1].decode())), int(match[2]))
                  for match in EPRT.finditer(commands)]
        found += [('pasv', *numbers(match)) for match in PASV.finditer(replies)]
        found += [('epsv', self.server, int(match[1])) for match in EPSV.finditer(replies)]
        return found


def text(packed):
    return str(ipaddress.ip_address(packed))


def numbers(match):
    """h1,h2,h3,h4,p1,p2 (RFC 959 section 4.1.2)"""
    values = [int(value) for value in match.groups()]
    return '.'.join(map(str, values[:4])), values[4] * 256 + values[5]


def connections(path):
    """Those of a capture, in the order of their SYNs."""
    found = {}
    for time, frame in pcap.read(path):
        segment = pcap.Segment(time, frame)
        key = text(segment.src), segment.sport, text(segment.dst), segment.dport
        if segment.flags & (pcap.SYN | pcap.ACK) == pcap.SYN and key not in found:
            found[key] = Connection(time, segment)
        if key in found:
            found[key].add(time, segment, False)
        else:
            found[key[2:] + key[:2]].add(time, segment, True)
    return list(found.values())


def key_of(event):
    return event['src_ip'], event['src_port'], event['dest_ip'], event['dest_port']


class Complaints(list):
    def check(self, good, what):
        if not good:
            self.append(what)
        return good


class Told:
    """What the events of one side tell of a session."""

    def __init__(self, data, *arguments):
        replay = kit.Replay('--inside', INSIDE, *arguments)
        self.data = data
        self.events = replay.events
        self.flows = {key_of(event): event for event in replay.flows}
        self.n_flows = len(replay.flows)
        self.drops = [(key_of(event), event['drop']) for event in replay.drops]
        self.doors = collections.defaultdict(list)
        for event in replay.expectations:
            self.doors[event['postern']['action']].append(event)

    def parent_of(self, flow):
        """The key of the control connection whose child the flow is."""
        numbers_to_keys = {event['flow_id']: key for key, event in self.flows.items()}
        return numbers_to_keys.get(flow['postern']['parent_flow_id'])

    def outcome(self):
        """How many data connections came for which reason."""
        reasons = collections.Counter(
            self.flows[connection.key]['postern']['reason'] if connection.key in self.flows
            else 'unsolicited' for connection in self.data)
        return ', '.join(f'{n} {reason}' for reason, n in reasons.items()) or 'no transfer'

    def without_time(self):
        """The events in an order and with names that do not depend on which packet was first:
        two sessions can meet at the wall, and then the two sides have seen them in other order."""
        names = {event['flow_id']: key for key, event in self.flows.items()}
        return sorted(json.dumps(plain(event, names), sort_keys=True) for event in self.events
                      if event['event_type'] != 'stats')


def plain(value, names):
    """An event, or a part of it, without times and numbers of doors; flows have names."""
    if isinstance(value, list):
        return [plain(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: names.get(item, item) if name.endswith('flow_id') else plain(item, names)
            for name, item in value.items() if name not in TIMES and name != 'expectation_id'}


def check_open(complain, data, announced, told):
    """Control connections that can be read: each transfer came through its own door."""
    for connection in data:
        place = connection.server, connection.key[3]
        parents = {control for control, _, *door in announced if tuple(door) == place}
        if not complain(parents, f'{connection.key} was announced by nobody'):
            continue
        flow = told.flows.get(connection.key)
        if complain(flow, f'no flow {connection.key}'):
            complain(flow['postern']['reason'] == 'expected' and told.parent_of(flow) in parents,
                     f'{connection.key} is {flow["postern"]["reason"]}')
    allowed = collections.Counter((control, *door) for control, _, *door in announced)
    opened = collections.Counter(
        (key_of(event), event['expectation']['dest_ip'], event['expectation']['dest_port'])
        for event in told.doors['opened'])
    complain(opened == allowed, f'doors {dict(opened)}, announced {dict(allowed)}')
    complain(len(told.doors['matched']) == len(data), f'{len(told.doors["matched"])} matched')
    complain(not told.doors['refused'], f'refused: {told.doors["refused"][:1]}')
    complain(not told.drops, f'dropped: {told.drops[:2]}')


def check_hidden(complain, data, told):
    """Control connections that nobody can read: no door, and policy alone decides."""
    complain(all('tls' in flow['postern']['notes'] for flow in told.flows.values()
                 if flow['postern']['helper']), 'no note of TLS')
    complain(not any(told.doors.values()), f'{len(told.doors["opened"])} doors')
    refused = {key for key, drop in told.drops
               if drop['reason'] == 'unsolicited' and drop['tcpflags'] == 'S'}
    called = {connection.key for connection in data if not is_inside(connection.client)}
    complain(refused == called, f'refused {refused}, called {called}')
    for connection in data:
        flow = told.flows.get(connection.key)
        if connection.key in called:
            complain(not flow, f'a flow {connection.key}')
        elif complain(flow, f'no flow {connection.key}'):
            complain(flow['postern']['reason'] == 'outbound',
                     f'{connection.key} is {flow["postern"]["reason"]}')
    for key, drop in told.drops:
        # What was on its way when the other side reset the connection is nobody's any more.
        if drop['reason'] == 'tcp-state' and drop['tcpflags'] in ('AF', 'AR', 'R'):
            continue
        complain(key in called or key[2:] + key[:2] in called, f'dropped {key}: {drop}')


def is_inside(address):
    return any(ipaddress.ip_address(address) in ipaddress.ip_network(net)
               for net in INSIDE.split(','))


def check_truth(complain, session, found, announced):
    """Is the session what it is called?"""
    data = [connection for connection in found if not connection.is_control]
    controls = [connection for connection in found if connection.is_control]
    modes = {mode for _, mode, *_ in announced}
    called = [connection for connection in data if not is_inside(connection.client)]
    complain(all(len(connection.finished) == 2 for connection in found), 'an open end')
    complain(all((connection.key[1] == DATA) == (session.server in CALL_FROM_20)
                 for connection in called), 'another port than the server calls from')
    if session.kind == 'bad-login':
        complain(not data and not announced, f'{len(data)} transfers, announced {announced}')
        complain(all(b'\n530 ' in connection.said[1] for connection in controls), 'no 530')
        return
    if session.mode == 'mixed':
        complain(modes == {'port', 'eprt', 'pasv', 'epsv'}, f'modes: {modes}')
        complain(len(data) == len(controls) and any(
            one.span[0] < other.span[0] < one.span[1] for one in controls for other in controls),
            'no two sessions at once')
        return
    complain(data and len(called) == (0 if session.mode in ('pasv', 'epsv') else len(data)),
             f'{len(data)} transfers, the server calls for {len(called)}')
    hidden = session.kind in ('tls', 'tls-control') or session[1:4] == REFUSED
    complain(modes == (set() if hidden else {session.mode}), f'modes: {modes}')


def check_flows(complain, found, told):
    """No flow but those that there were, all of them over, and each control flow watched."""
    keys = {connection.key for connection in found}
    complain(set(told.flows) <= keys and told.n_flows == len(told.flows),
             f'flows {set(told.flows) - keys}')
    for connection in found:
        flow = told.flows.get(connection.key)
        state = flow and flow['flow']['state']
        complain(state in (None, 'closed'), f'{connection.key} is {state}')
        if connection.is_control and complain(flow, f'no control flow {connection.key}'):
            told_of = flow['postern']['helper'], flow['postern']['reason']
            complain(told_of == ('ftp', 'outbound'), f'control flow: helper, reason {told_of}')


def check_side(complain, session, path):
    """Returns what the events of the capture tell; for CCC, also what they tell with that on."""
    found = connections(path)
    data = [connection for connection in found if not connection.is_control]
    announced = [(connection.key, *endpoint) for connection in found if connection.is_control
                 for endpoint in connection.announced()]
    check_truth(complain, session, found, announced)
    tales = [Told(data, path)]
    check_flows(complain, found, tales[0])
    if session.kind not in HIDDEN:
        check_open(complain, data, announced, tales[0])
        return tales
    check_hidden(complain, data, tales[0])
    if announced:
        with tempfile.NamedTemporaryFile('w', suffix='.conf') as file:
            file.write('[Helper:ftp]\nCCC=yes\n')
            file.flush()
            tales.append(Told(data, '--config', file.name, path))
        check_open(complain, data, announced, tales[1])
    return tales


def verify(folder, session):
    """How many doors, how the transfers came to pass, and what is wrong."""
    complaints = Complaints()
    if session.went != 'ok':
        return '-', '', [session.went]
    told = []
    for side in SIDES:
        def complain(good, what, side=side):
            return complaints.check(good, f'{side}: {what}')

        try:
            told.append(check_side(complain, session, folder / f'{session.name}.{side}.pcap'))
        except (OSError, KeyError, ValueError, RuntimeError) as error:
            complain(False, f'{type(error).__name__}: {error}')
    if complaints:
        return '-', '', complaints
    for near, far in zip(*([tale.without_time() for tale in tales] for tales in told)):
        complaints.check(near == far, 'the sides differ: '
                         f'{[line for line in near if line not in far][:2]} '
                         f'{[line for line in far if line not in near][:2]}')
    doors, came = zip(*((str(len(tale.doors['opened'])), tale.outcome()) for tale in told[0]))
    return '/'.join(doors), '; with CCC=yes '.join(came), complaints


def read_sessions(folder):
    lines = (folder / 'sessions.tsv').read_text(encoding='utf-8').splitlines()
    return [Session(*line.split('\t')) for line in lines]


def table(rows):
    widths = [max(map(len, column)) for column in zip(*rows)]
    return [' '.join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
            for row in rows]


def main(folder):
    rows, failed = [COLUMNS], 0
    for session in read_sessions(folder):
        doors, came, complaints = verify(folder, session)
        failed += bool(complaints)
        result = f'FAILED: {"; ".join(complaints)[:1000]}' if complaints else f'ok: {came}'
        rows.append((*session[1:6], doors, result))
    print('\n'.join(table(rows)))
    (folder / 'results.tsv').write_text(''.join('\t'.join(row) + '\n' for row in rows),
                                        encoding='utf-8')
    print(f'{len(rows) - 1 - failed} sessions as they should be, {failed} not')
    return 1 if failed or len(rows) == 1 else 0


if __name__ == '__main__':
    sys.exit(main(pathlib.Path(sys.argv[1])))

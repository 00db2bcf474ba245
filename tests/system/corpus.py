# SPDX-License-Identifier: GPL-2.0-or-later
"""Public FTP captures with known answers: what was announced gets in, and nothing else does.

POSTERN_CORPUS names the folder. gt/NAME.tsv says which endpoints the control connections of a
capture announced, and which flow, if any, used them.
"""

import collections
import csv
import ipaddress
import re

import kit

FLOW = re.compile(r'(\[[^]]+\]|[^>\[\]:]+):(\d+)>(\[[^]]+\]|[^>\[\]:]+):(\d+)/(\w+)$')


def address(text):
    return str(ipaddress.ip_address(text.strip('[]')))


def endpoints(text):
    """'A:1>B:2/tcp' as the key that key() gives for an event."""
    src, src_port, dest, dest_port, proto = FLOW.match(text).groups()
    return address(src), int(src_port), address(dest), int(dest_port), proto.upper()


def key(event):
    return (address(event['src_ip']), event.get('src_port'), address(event['dest_ip']),
            event.get('dest_port'), event['proto'])


class Announce:
    """One endpoint that a control connection announced."""

    def __init__(self, row):
        self.row = f'frame {row["frame"]} {row["msg"]} {row["addr"]}:{row["port_or_id"]}'
        self.control = endpoints(row['control_flow'])
        self.door = address(row['addr']), int(row['port_or_id'])
        self.seen = row['seen']
        self.flow = endpoints(row['flow']) if row['flow'] else None

    def is_data(self):
        return self.flow is not None and self.flow != self.control


def read_tsv(path):
    with open(path, encoding='utf-8', newline='') as file:
        return list(csv.DictReader(file, delimiter='\t', quoting=csv.QUOTE_NONE))


def read_announces(path):
    rows = read_tsv(path)
    return [Announce(row) for row in rows if row['#kind'] == 'announce']


def by_key(events):
    found = collections.defaultdict(list)
    for event in events:
        if 'src_ip' in event:
            found[key(event)].append(event)
    return found


def check_announced(count, name, announces, replay):
    """Each announced endpoint that was used, and each that somebody else used."""
    flows = by_key(replay.flows)
    drops = by_key(replay.drops)
    controls = {event['flow_id']: key(event) for event in replay.flows}
    for announce in filter(Announce.is_data, announces):
        admitted = [event for event in flows[announce.flow]
                    if event['postern']['reason'] == 'expected']
        if announce.seen == 'yes':
            parents = {controls.get(event['postern']['parent_flow_id']) for event in admitted}
            count.check(announce.control in parents, f'{name}: {announce.row}: not expected')
        else:
            refused = drops[announce.flow] and not flows[announce.flow]
            count.check(refused, f'{name}: {announce.row}: not refused')


def check_unannounced(count, name, announces, replay):
    """Every door has an announcement, points at an end of its control flow, and is opened once."""
    allowed = collections.Counter((announce.control, announce.door) for announce in announces)
    opened = collections.Counter()
    for event in replay.expectations:
        if event['postern']['action'] != 'opened':
            continue
        control, door = key(event), event['expectation']
        dest = address(door['dest_ip']), door['dest_port']
        opened[control, dest] += 1
        count.check(door['dest_port_last'] in (None, dest[1]) and dest[0] in control,
                    f'{name}: a door to {dest}, which is not the control flow\'s own')
    for (control, dest), times in opened.items():
        count.check(times <= allowed[control, dest],
                    f'{name}: {times} doors to {dest} from {control}, '
                    f'{allowed[control, dest]} announced')
    used = {announce.flow for announce in announces if announce.seen == 'yes'}
    for event in replay.flows:
        if event['postern']['reason'] == 'expected':
            count.check(key(event) in used, f'{name}: {key(event)} was expected by nobody')


def check_without_helpers(count, name, announces, replay, clients):
    """What came from outside is unsolicited, what went out is not."""
    flows = by_key(replay.flows)
    drops = by_key(replay.drops)
    count.check(not replay.expectations, f'{name}: doors without helpers')
    for announce in filter(Announce.is_data, announces):
        if announce.flow[0] in clients:
            reasons = {event['postern']['reason'] for event in flows[announce.flow]}
            count.check(reasons == {'outbound'}, f'{name}: {announce.row}: {reasons}')
        else:
            reasons = {event['drop']['reason'] for event in drops[announce.flow]}
            count.check(reasons == {'unsolicited'} and not flows[announce.flow],
                        f'{name}: {announce.row}: dropped as {reasons}')


def check_capture(count, path, announces, play=kit.Replay):
    clients = sorted({announce.control[0] for announce in announces})
    inside = ['--inside', ','.join(clients)]
    for sides in ([], inside):
        replay = play(*sides, path)
        check_announced(count, path.name, announces, replay)
        check_unannounced(count, path.name, announces, replay)
    replay = play(*inside, '--helpers', 'none', path)
    check_without_helpers(count, path.name, announces, replay, clients)


def main():
    folder = kit.corpus()
    if not folder:
        kit.skip('POSTERN_CORPUS names no folder of public captures')
    count = kit.Count()
    index = {row['file']: row for row in read_tsv(folder / 'INDEX.tsv')}
    captures = [row for name, row in sorted(index.items())
                if name.startswith('ftp-') and row['control_start'] == 'SYN']
    for row in captures:
        announces = read_announces(folder / row['ground_truth'])
        check_capture(count, folder / row['file'], announces)
    count.check(len(captures) > 10, f'only {len(captures)} captures in the corpus')
    print(f'{len(captures)} captures ran')
    count.done()


if __name__ == '__main__':
    main()

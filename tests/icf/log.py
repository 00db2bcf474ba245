# SPDX-License-Identifier: GPL-2.0-or-later
"""F63 to F69: the log that a replay writes, held against the grammar of its format, its header, and
the events of the same replay."""

import collections
import datetime
import ipaddress
import pathlib
import re
import tempfile

import frames
import kit

FIELDS = ('date time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn tcpack '
          'tcpwin icmptype icmpcode info')
HEADS = {
    'icf-1.0': ['#Version: 1.0', '#Fields: ' + FIELDS],
    'wf-1.5': ['#Version: 1.5', '#Fields: ' + FIELDS + ' path'],
    'extended': ['#Version: 1.5'],
}
ENTRIES = ('DROP', 'OPEN', 'OPEN-INBOUND', 'CLOSE', 'INFO-EVENTS-LOST')
NAMES = {'TCP': 'TCP', 'UDP': 'UDP', 'ICMP': 'ICMP', 'GRE': '47', 'ESP': '50', 'SCTP': '132',
         'IPv6-ICMP': '58'}

NUMBER = re.compile(r'[0-9]+')
IDENTIFIER = re.compile(r'(x-|[cs]-|src-|dst-)?[a-z][a-z-]*')


def is_time(text):
    datetime.datetime.strptime(text, '%H:%M:%S')
    return True


# What a field may hold, if it holds anything. (W3C: a prefix x- is for fields of one's own.)
KINDS = {
    'date': lambda text: datetime.date.fromisoformat(text) is not None,
    'time': is_time,
    'action': ENTRIES.__contains__,
    'protocol': re.compile('TCP|UDP|ICMP|[0-9]{1,3}').fullmatch,
    'src-ip': lambda text: ipaddress.ip_address(text) is not None,
    'dst-ip': lambda text: ipaddress.ip_address(text) is not None,
    'tcpflags': re.compile('A?F?P?R?S?U?').fullmatch,
    'path': re.compile('SEND|RECEIVE|FORWARD|UNKNOWN').fullmatch,
    'x-reason': re.compile('[a-z0-9-]+').fullmatch,
    'x-duration': re.compile(r'[0-9]+\.[0-9]+').fullmatch,
}


class Log:
    """A log, read by the grammar of the W3C Extended Log File Format."""

    def __init__(self, data):
        text = data.decode('ascii')
        if not text.endswith('\n'):
            raise ValueError('the last line has no end')
        self.directives = []
        self.entries = []
        self.fields = None
        for line in text[:-1].split('\n'):
            if line.startswith('#'):
                self.directive(line)
            elif line:
                self.entries.append(self.entry(line))

    def directive(self, line):
        match = re.fullmatch(r'#(Version|Fields|Software|Date|Time Format|Start-Date|End-Date|'
                             r'Remark): (.+)', line)
        if not match:
            raise ValueError(f'no directive: {line!r}')
        self.directives.append(line)
        if match.group(1) == 'Fields':
            self.fields = match.group(2).split(' ')
            if not all(map(IDENTIFIER.fullmatch, self.fields)):
                raise ValueError(f'no fields: {line!r}')

    def entry(self, line):
        values = line.split(' ')
        if not self.fields or not any(line.startswith('#Version') for line in self.directives):
            raise ValueError('an entry before #Version and #Fields')
        if len(values) != len(self.fields):
            raise ValueError(f'{len(values)} of {len(self.fields)} fields: {line!r}')
        for name, value in zip(self.fields, values):
            good = KINDS.get(name, NUMBER.fullmatch)
            if value != '-' and (not value or not good(value)):
                raise ValueError(f'{name} is {value!r}: {line!r}')
        return dict(zip(self.fields, values))

    def of(self, *actions):
        return [entry for entry in self.entries if entry['action'] in actions]


def capture(folder):
    """Drops and flows of all kinds, sent and received; a few of both are alike."""
    uplinks = frames.Uplinks(1)
    frames.everything(uplinks, 0, frames.ONE)
    uplinks.sent(0, frames.udp('203.0.113.1', 1, frames.ONE[0], 53))
    frames.talk(uplinks, 0, (frames.ONE[0], 7000), (frames.US[0], 80), outbound=False)
    return uplinks.write(folder / 'all.pcapng')


CONNECTION = '[Connection]\nMatch=interface:wan0\n' \
             '[Mapping:web]\nProtocol=tcp\nExternal=80\nEnabled=true\n'


def configure(folder, text='', connection=CONNECTION):
    path = folder / 'config'
    (path / 'connections').mkdir(parents=True, exist_ok=True)
    (path / 'postern.conf').write_text(text)
    (path / 'connections' / 'wan0.conf').write_text(connection)
    return path


def written(folder, path, text, **options):
    """The replay of a capture and its log."""
    log = folder / 'log' / 'pfirewall.log'
    log.parent.mkdir(exist_ok=True)
    for old in log.parent.iterdir():
        old.unlink()
    replay = kit.Replay('--config', configure(folder, text, **options), '--inside',
                        frames.INSIDE, '--log', log, path)
    return replay, Log(log.read_bytes())


def F63_w3c_extended_log_file_format(count, folder):
    for dialect in HEADS:
        for clock in ('local', 'utc'):
            try:
                _, log = written(folder, capture(folder),
                                 f'[Log]\nDialect={dialect}\nTimeFormat={clock}\n')
            except ValueError as error:
                count.check(False, f'F63: {dialect}, {clock}: {error}')
                continue
            count.check(len(log.entries) > 50, f'F63: {dialect}: {len(log.entries)} entries')
            stamps = [entry['date'] + ' ' + entry['time'] for entry in log.entries]
            count.check(stamps == sorted(stamps), f'F63: {dialect}: not in order')
            local = '#Time Format: Local' in log.directives
            date = any(line.startswith('#Date: ') for line in log.directives)
            count.check((local, date) == (clock == 'local', clock == 'utc'),
                        f'F63: {dialect}, {clock}: {log.directives}')
    count.check(stamps[0].startswith('2023-11-14 22:13:20'), f'F63: UTC is {stamps[0]}')


def F64_nothing_is_logged_unless_asked(count, folder):
    path = capture(folder)
    (folder / 'here').mkdir()
    kit.Replay('--config', configure(folder), path, status=0)
    result = kit.run('replay', '--quiet', '--config', configure(folder, '[Log]\nPath=' + str(
        folder / 'here' / 'pfirewall.log') + '\n'), path)
    count.check(result.returncode == 0 and not list((folder / 'here').iterdir()),
                f'F64: {result} {list((folder / "here").iterdir())}')
    # Asked for on the command line there is no reason to hold back; a file may choose.
    _, log = written(folder, path, '')
    count.check(log.of('DROP') and log.of('OPEN') and log.of('CLOSE'), 'F64: nothing is told')
    _, log = written(folder, path, '[Log]\nLogDropped=true\n')
    count.check(len(log.of('DROP')) == len(log.entries) > 0, 'F64: more than drops')
    _, log = written(folder, path, '[Log]\nLogConnections=true\n')
    count.check(log.entries and not log.of('DROP'), 'F64: more than connections')
    _, log = written(folder, path, '[Log]\nLogDropped=false\n')
    count.check(not log.entries, 'F64: both are off, and something is told')


def drop_of(event):
    """What a line of the log says of the packet of an event."""
    drop = event['drop']
    return {
        'protocol': NAMES.get(event['proto'], event['proto']),
        'src-ip': event['src_ip'], 'dst-ip': event['dest_ip'],
        'src-port': str(event.get('src_port', '-')), 'dst-port': str(event.get('dest_port', '-')),
        'size': str(drop['len']),
        'tcpsyn': str(drop.get('tcpseq', '-')), 'tcpack': str(drop.get('tcpack', '-')),
        'tcpwin': str(drop.get('tcpwin', '-')),
        'icmptype': str(drop.get('icmp_type', '-')), 'icmpcode': str(drop.get('icmp_code', '-')),
    }


def F65_dropped_packets(count, folder):
    for dialect in HEADS:
        replay, log = written(folder, capture(folder), f'[Log]\nDialect={dialect}\n')
        lines = log.of('DROP')
        count.check(len(lines) == len(replay.drops) > 20,
                    f'F65: {dialect}: {len(lines)} lines of {len(replay.drops)} drops')
        for line, event in zip(lines, replay.drops):
            wanted = drop_of(event)
            found = {name: line[name] for name in wanted}
            count.check(found == wanted, f'F65: {found}, not {wanted}')
        if dialect == 'icf-1.0':
            continue
        paths = collections.Counter(line['path'] for line in lines)
        count.check(paths['RECEIVE'] > 20 and paths['SEND'] >= 5, f'F65: {paths}')
        spoofed = [line for line in lines if line['src-ip'] == '203.0.113.1']
        count.check([line['path'] for line in spoofed] == ['SEND'], f'F65: {spoofed}')
    reasons = [line['x-reason'] for line in lines]
    count.check(reasons == [event['drop']['reason'] for event in replay.drops],
                f'F65: {reasons[:5]}')


def F66_connections(count, folder):
    replay, log = written(folder, capture(folder), '')
    flows = [flow for flow in replay.flows if flow['proto'] in ('TCP', 'UDP', 'ICMP', 'IPv6-ICMP')]
    inbound = [flow for flow in flows if flow['postern']['direction'] == 'in']
    count.check(len(log.of('OPEN-INBOUND')) == len(inbound) > 0, f'F66: {len(inbound)} inbound')
    count.check(len(log.of('OPEN')) == len(flows) - len(inbound) > 0, f'F66: {len(flows)} flows')
    count.check(len(log.of('CLOSE')) == len(flows), f'F66: {len(log.of("CLOSE"))} ends')
    ends = ('protocol', 'src-ip', 'dst-ip', 'src-port', 'dst-port')
    opened = collections.Counter(tuple(line[end] for end in ends)
                                 for line in log.of('OPEN', 'OPEN-INBOUND'))
    closed = collections.Counter(tuple(line[end] for end in ends) for line in log.of('CLOSE'))
    count.check(opened == closed, 'F66: others are closed than were opened')
    count.check(opened['TCP', frames.ONE[0], frames.US[0], '7000', '80'] == 1
                and opened['TCP', frames.US[1], frames.ONE[1], '6001', '80'] == 1,
                f'F66: {opened}')
    for line in log.of('OPEN', 'OPEN-INBOUND', 'CLOSE'):
        count.check(all(line[name] == '-' for name in
                        ('size', 'tcpflags', 'tcpsyn', 'tcpack', 'tcpwin', 'info')), f'F66: {line}')


def F67_where_it_is(count, folder):
    result = kit.run('show', '--effective')
    if result.returncode == 0:
        count.check('\nPath=/var/log/postern/pfirewall.log\n' in result.stdout,
                    'F67: another default path')
    for place in ('a.log', 'deeper/b.log'):
        path = folder / place
        path.parent.mkdir(exist_ok=True)
        kit.Replay('--config', configure(folder), '--log', path, capture(folder))
        count.check(Log(path.read_bytes()).entries, f'F67: {place}')
    for bad in ('relative.log', '/var/log/../../etc/passwd', '/var/log/', ''):
        result = kit.run('replay', '--quiet', '--config',
                         configure(folder, f'[Log]\nPath={bad}\n'), capture(folder))
        count.check(result.returncode == 2 and '[Log] Path=' in result.stderr,
                    f'F67: {bad!r} is allowed: {result.stderr}')


def F68_size(count, folder):
    path = capture(folder)
    for size, allowed in ((0, False), (1, True), (4096, True), (32767, True), (32768, False)):
        result = kit.run('replay', '--quiet', '--config',
                         configure(folder, f'[Log]\nMaxSizeKiB={size}\n'), path)
        count.check(result.returncode == (0 if allowed else 2), f'F68: {size}: {result}')
        if not allowed:
            count.check('MaxSizeKiB' in result.stderr and '1 to 32767' in result.stderr,
                        f'F68: {result.stderr}')
    result = kit.run('show', '--effective')
    if result.returncode == 0:
        count.check(re.search('\n#?MaxSizeKiB=4096\n', result.stdout), 'F68: another default')


def F68_at_the_limit_it_rotates(count, folder):
    """No line is lost: the source ports of what was dropped tell one from the other."""
    uplinks = frames.Uplinks(1)
    for port in range(1, 301):
        uplinks.received(0, frames.udp(frames.ONE[0], port, frames.US[0], 53))
    path = uplinks.write(folder / 'many.pcapng')
    written(folder, path, '[Log]\nMaxSizeKiB=1\nRotations=99\n')
    logs = sorted((folder / 'log').iterdir(), key=lambda log: log.stat().st_ino)
    ports = []
    for log in logs:
        data = log.read_bytes()
        count.check(len(data) <= 1024, f'F68: {log.name} has {len(data)} bytes')
        count.check(data.startswith(b'#Version: 1.0\n'), f'F68: {log.name} has no header')
        ports += [int(entry['src-port']) for entry in Log(data).of('DROP')]
    count.check(len(logs) > 10 and sorted(ports) == list(range(1, 301)),
                f'F68: {len(logs)} files, {len(ports)} lines')
    written(folder, path, '[Log]\nMaxSizeKiB=1\n')
    names = sorted(log.name for log in (folder / 'log').iterdir())
    count.check(names == ['pfirewall.log', 'pfirewall.log.old'], f'F68: {names}')


def F69_fields(count, folder):
    for dialect, wanted in HEADS.items():
        _, log = written(folder, capture(folder), f'[Log]\nDialect={dialect}\n')
        for line in wanted:
            count.check(log.directives.count(line) == 1, f'F69: {dialect}: {log.directives}')
        count.check(any(line.startswith('#Software: ') for line in log.directives),
                    f'F69: {dialect}: nobody wrote it')
        count.check(log.directives[0].startswith('#Version: '), f'F69: {log.directives}')
    count.check(log.fields[:17] == [*FIELDS.split(), 'path']
                and all(field.startswith('x-') for field in log.fields[17:])
                and len(log.fields) > 17, f'F69: extended: {log.fields}')


def main():
    count = kit.Count()
    for check in (F63_w3c_extended_log_file_format, F64_nothing_is_logged_unless_asked,
                  F65_dropped_packets, F66_connections, F67_where_it_is, F68_size,
                  F68_at_the_limit_it_rotates, F69_fields):
        with tempfile.TemporaryDirectory() as folder:
            check(count, pathlib.Path(folder))
    count.done()


if __name__ == '__main__':
    main()

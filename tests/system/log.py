# SPDX-License-Identifier: GPL-2.0-or-later
"""--log: a log in the W3C's format, with a line for each packet that is dropped, whatever happens.

Lines are held against the events of the same replay. Then files are rotated, disks are full, and
links stand where the file should. A disk that is really full takes a name space for mounts, so
root; a limit on the size of files stands in for it everywhere.
"""

import collections
import datetime
import json
import os
import pathlib
import resource
import shutil
import stat
import struct
import subprocess
import tempfile

import kit
import packets
import pcap
import w3c

CLIENT, STRANGER = '10.77.1.2', '203.0.113.9'
INSIDE = ('--inside', f'{CLIENT},2001:db8:1::/48')
LOCAL = {'TZ': 'TST-1:30'}  # an hour and a half before UTC
ETHERNET = b'\2\0\0\0\0\1\2\0\0\0\0\2'
CONNECTIONS = {'TCP', 'UDP', 'ICMP', 'IPv6-ICMP'}
INPUT, USAGE = 1, 2
SYS_ADMIN = 21  # capabilities(7)


def ipv4(proto, payload, source=STRANGER, dest=CLIENT):
    ip = bytearray(struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(payload), 7, 0, 64, proto, 0)
                   + pcap.pack(source) + pcap.pack(dest))
    struct.pack_into('!H', ip, 10, pcap.checksum(ip))
    return ETHERNET + b'\x08\x00' + bytes(ip) + payload


def ipv6(proto, payload):
    return ETHERNET + b'\x86\xdd' + struct.pack('!IHBB', 6 << 28, len(payload), proto, 64) + \
        pcap.pack('2001:db8:2::9') + pcap.pack('2001:db8:1::1') + payload


def tcp(number, flags=pcap.SYN):
    """A segment of which nobody knows; `number` is its sequence number and more."""
    segment = bytearray(struct.pack('!HHIIBBHHH', 1024 + number % 60000, 389, number, number ^ 77,
                                    0x50, flags, number & 0xffff, 0, 0))
    pseudo = pcap.pack(STRANGER) + pcap.pack(CLIENT) + struct.pack('!II', len(segment), 6)
    struct.pack_into('!H', segment, 16, pcap.checksum(pseudo + segment))
    return ipv4(6, bytes(segment))


def icmp(kind, code):
    message = bytearray(struct.pack('!BBHI', kind, code, 0, 0) + bytes(20))
    struct.pack_into('!H', message, 2, pcap.checksum(message))
    return ipv4(1, bytes(message))


def all_sorts():
    """Frames of all sorts that nobody has asked for, and some that pass."""
    whole = packets.fragments(STRANGER, CLIENT, 9, b'abcdefgh' * 500, 1480)
    lost = list(packets.fragments(STRANGER, CLIENT, 10, b'abcdefgh' * 500, 1480))
    return [
        *(tcp(n * 65537, flags) for n, flags in enumerate((0x02, 0x10, 0x14, 0x01, 0x3f, 0x00))),
        packets.udp(STRANGER, CLIENT), packets.udp(CLIENT, STRANGER),
        packets.udp(STRANGER, CLIENT),
        *(icmp(kind, code) for kind, code in ((8, 0), (5, 1), (3, 3), (13, 0))),
        ipv4(47, bytes(8)), ipv4(253, bytes(30)), ipv4(6, bytes(7)),
        ipv6(17, struct.pack('!HHHH', 5, 6, 8, 0)), ipv6(58, b'\x80\0\0\0' + bytes(4)),
        ipv6(253, bytes(3)), *whole, lost[0], lost[2],
        ETHERNET + b'\x08\x00\x45\x00', ETHERNET + b'\x08\x06' + bytes(28),
    ]


def drops(count):
    """Frames that are dropped; the nth has the sequence number n."""
    return [tcp(n) for n in range(1, count + 1)]


def read_events(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


class Played:
    """One replay: its log, its events, and what it said."""

    def __init__(self, folder, capture, *arguments, status=0, log='log', dialect=None, utc=False,
                 section='', **options):
        self.path = folder / log
        config, events = folder / 'log.conf', folder / 'events.json'
        lines = ['[Log]', f'TimeFormat={"utc" if utc else "local"}', section]
        if dialect:
            lines.append(f'Dialect={dialect}')
        config.write_text('\n'.join(lines) + '\n')
        command = ['replay', '--quiet', '--config', config, '--events', events, '--log', self.path,
                   *INSIDE, *arguments, capture]
        result = kit.run(*command, env={**os.environ, **LOCAL}, **options)
        if result.returncode != status:
            raise RuntimeError(f'{command}: status {result.returncode}: {result.stderr}')
        self.stderr = result.stderr
        self.events = read_events(events)
        self.flows, self.drops = self.of('flow'), self.of('drop')
        self.dropped = self.of('stats')[0]['stats']['dropped']
        self.text = self.path.read_text()

    def of(self, kind):
        return [event for event in self.events if event['event_type'] == kind]


def moment(event, utc):
    """The date and the time of an event as the log has them."""
    when = datetime.datetime.strptime(event['timestamp'][:19], '%Y-%m-%dT%H:%M:%S')
    if not utc:
        when += datetime.timedelta(hours=1, minutes=30)
    return {'date': when.strftime('%Y-%m-%d'), 'time': when.strftime('%H:%M:%S')}


def text(value):
    return None if value is None else str(value)


PROTOCOLS = {'TCP': 'TCP', 'UDP': 'UDP', 'ICMP': 'ICMP', 'IPv6-ICMP': '58', 'GRE': '47'}


def drop_line(event, utc):
    """The fields of the line for a drop event, those of the oldest dialect."""
    drop = event['drop']
    return {
        **moment(event, utc), 'action': 'DROP',
        'protocol': PROTOCOLS.get(event.get('proto'), event.get('proto')),
        'src-ip': event.get('src_ip'), 'dst-ip': event.get('dest_ip'),
        'src-port': text(event.get('src_port')), 'dst-port': text(event.get('dest_port')),
        'size': str(drop['len']), 'tcpflags': drop.get('tcpflags') or None,
        'tcpsyn': text(drop.get('tcpseq')), 'tcpack': text(drop.get('tcpack')),
        'tcpwin': text(drop.get('tcpwin')), 'icmptype': text(drop.get('icmp_type')),
        'icmpcode': text(drop.get('icmp_code')), 'info': None,
    }


def check_played(count, what, played, dialect, utc):
    """The log is of that dialect, and says what the events say."""
    try:
        log = w3c.parse(played.text)
    except w3c.Broken as broken:
        count.check(False, f'{what}: {broken}')
        return
    head = w3c.head(dialect, utc)
    count.check(log.directives[:len(head)] == head, f'{what}: head {log.directives}')
    rest = log.directives[len(head):]
    first = [('Date', f'{log.entries[0]["date"]} {log.entries[0]["time"]}')] \
        if utc and log.entries else []
    count.check(rest == first, f'{what}: more directives: {rest}')
    told = [entry for entry in log.entries if entry['action'] == 'DROP']
    wanted = [drop_line(event, utc) for event in played.drops]
    count.check([{name: entry[name] for name in w3c.BASE} for entry in told] == wanted,
                f'{what}: lines are not as the events: {told} {wanted}')
    count.check(len(told) == played.dropped,
                f'{what}: {len(told)} lines for {played.dropped} packets')
    if dialect == 'extended':
        count.check([entry['x-reason'] for entry in told]
                    == [event['drop']['reason'] for event in played.drops],
                    f'{what}: other reasons')
    flows = [flow for flow in played.flows if flow['proto'] in CONNECTIONS]
    actions = collections.Counter(entry['action'] for entry in log.entries)
    inbound = sum(flow['postern']['direction'] == 'in' for flow in flows)
    count.check((actions['OPEN'], actions['OPEN-INBOUND'], actions['CLOSE'])
                == (len(flows) - inbound, inbound, len(flows)),
                f'{what}: {len(flows)} flows, {inbound} of them inbound, but {actions}')
    check_closes(count, what, log, flows, dialect)


def check_closes(count, what, log, flows, dialect):
    """At its end the log says of a flow what the event says."""
    if dialect != 'extended':
        return
    told = sorted((entry['src-ip'], entry['dst-ip'], entry['src-port'], int(entry['x-packets']),
                   int(entry['x-bytes']), entry['x-reason'])
                  for entry in log.entries if entry['action'] == 'CLOSE'
                  and entry['src-port'])
    wanted = sorted((flow['src_ip'], flow['dest_ip'], str(flow['src_port']),
                     flow['flow']['pkts_toserver'] + flow['flow']['pkts_toclient'],
                     flow['flow']['bytes_toserver'] + flow['flow']['bytes_toclient'],
                     flow['postern']['reason']) for flow in flows if 'src_port' in flow)
    count.check(told == wanted, f'{what}: closed {told}, but events say {wanted}')


def check_dialects(count, folder):
    captures = [*kit.CAPTURES, packets.classic(folder / 'sorts.pcap', all_sorts()),
                packets.classic(folder / 'empty.pcap', []),
                packets.classic(folder / 'drops.pcap', drops(5000))]
    for capture in captures:
        for dialect in w3c.FIELDS:
            for utc in (False, True):
                for helpers in ('all', 'none'):
                    what = f'{capture.name}, {dialect}, utc {utc}, helpers {helpers}'
                    played = Played(folder, capture, '--helpers', helpers, dialect=dialect,
                                    utc=utc)
                    check_played(count, what, played, dialect, utc)
                    threads = Played(folder, capture, '--helpers', helpers, '--threads', '3',
                                     dialect=dialect, utc=utc)
                    count.check(threads.text == played.text, f'{what}: other lines with threads')
                    count.check(not played.stderr, f'{what}: says {played.stderr}')
    sorts = Played(folder, folder / 'sorts.pcap')
    count.check(len(sorts.drops) >= 20, f'only {len(sorts.drops)} drops of all sorts')


def check_choice(count, folder):
    """Both kinds of line, unless the configuration says which."""
    capture = packets.classic(folder / 'sorts.pcap', all_sorts())
    for section, has_drops, has_others in (
            ('', True, True), ('LogDropped=true', True, False),
            ('LogConnections=true', False, True), ('LogDropped=false', False, False),
            ('LogDropped=true\nLogConnections=true', True, True)):
        log = w3c.parse(Played(folder, capture, section=section).text)
        found = [any((entry['action'] == 'DROP') == kind for entry in log.entries)
                 for kind in (True, False)]
        count.check(found == [has_drops, has_others], f'{section!r}: {found}')


def numbers_of(text):
    """The sequence numbers of a log's drops, each after the other, and what is lost between:
    [number or ('lost', count)]"""
    return [('lost', int(entry['info'])) if entry['action'] == 'INFO-EVENTS-LOST'
            else int(entry['tcpsyn']) for entry in w3c.parse(text).entries]


def check_whole(count, what, found, wanted):
    """Each number is there or counted as lost in its place; returns how many are lost, and in how
    many lines."""
    at, lost, bursts = 1, 0, 0
    for item in found:
        if isinstance(item, tuple):
            at += item[1]
            lost += item[1]
            bursts += 1
            continue
        if item != at:
            count.check(False, f'{what}: {item} stands where {at} should')
            return lost, bursts
        at += 1
    count.check(at == wanted + 1, f'{what}: ends with {at - 1}, not {wanted}')
    return lost, bursts


def old_files(path):
    """All files of a log, the oldest first."""
    old = [path.with_name(path.name + '.old')]
    while old[-1].exists():
        old.append(path.with_name(f'{path.name}.old.{len(old) + 1}'))
    return [*reversed(old[:-1]), path]


def check_rotation(count, folder):
    capture = packets.classic(folder / 'drops.pcap', drops(200))
    for dialect in w3c.FIELDS:
        for threads in ('1', '2'):
            what = f'rotation, {dialect}, {threads} threads'
            here = pathlib.Path(tempfile.mkdtemp(dir=folder))
            played = Played(here, capture, '--threads', threads, dialect=dialect, utc=True,
                            section='MaxSizeKiB=1\nRotations=99')
            files = old_files(played.path)
            count.check(len(files) > 10, f'{what}: {len(files)} files')
            check_whole(count, what, sum((numbers_of(path.read_text()) for path in files), []),
                        200)
            for path in files:
                head = w3c.head(dialect, True)
                directives = w3c.parse(path.read_text()).directives
                count.check(directives[:-1] == head and directives[-1][0] == 'Date',
                            f'{what}: {path.name} begins with {directives}')
                count.check(path.stat().st_size <= 1024, f'{what}: {path.stat().st_size} bytes')
                mode = stat.S_IMODE(path.stat().st_mode)
                count.check(mode == 0o640, f'{what}: {path.name} has mode {mode:o}')
    here = folder / 'one'
    here.mkdir()
    played = Played(here, capture, section='MaxSizeKiB=1')
    count.check([path.name for path in old_files(played.path)] == ['log.old', 'log'],
                f'rotation without a number: {old_files(played.path)}')
    here = folder / 'none'
    here.mkdir()
    played = Played(here, packets.classic(here / 'many.pcap', drops(60000)))
    count.check(old_files(played.path) == [played.path]
                and played.path.stat().st_size > 4096 * 1024,
                'a log without a limit is rotated')
    result = kit.run('replay', '--quiet', '--config', folder / 'one' / 'log.conf', '--log', '-',
                     *INSIDE, capture)
    check_whole(count, 'standard output', numbers_of(result.stdout), 200)


def check_names(count, folder):
    """What the file may be, and with what mode it is made."""
    capture = packets.classic(folder / 'drops.pcap', drops(3))
    victim, link = folder / 'victim', folder / 'link'
    victim.write_text('precious\n')
    link.symlink_to(victim)
    result = kit.run('replay', '--quiet', '--log', link, capture)
    count.check(result.returncode == USAGE and 'symbolic link' in result.stderr
                and victim.read_text() == 'precious\n' and link.is_symlink(),
                f'a link: {result}')
    dangling = folder / 'dangling'
    dangling.symlink_to(folder / 'nothing')
    result = kit.run('replay', '--quiet', '--log', dangling, capture)
    count.check(result.returncode == USAGE and not (folder / 'nothing').exists(),
                f'a link to nothing: {result}')
    result = kit.run('replay', '--quiet', '--log', '/dev/stdout', *INSIDE, capture)
    count.check(numbers_of(result.stdout) == [1, 2, 3], f'/dev/stdout: {result}')
    result = kit.run('replay', '--quiet', '--log', folder, capture)
    count.check(result.returncode == USAGE, f'a folder: {result}')
    played = Played(folder, capture, umask=0o022)
    mode = stat.S_IMODE(played.path.stat().st_mode)
    count.check(mode == 0o640, f'mode {mode:o}')
    played.path.write_text('of another time\n' * 1000)
    count.check(numbers_of(Played(folder, capture).text) == [1, 2, 3],
                'what was there before is still there')


def check_lost(count, what, text, stderr, wanted, most):
    """The log of a disk that was full: all is there or counted, in one line."""
    count.check(len(text) <= most, f'{what}: {len(text)} bytes')
    lost, bursts = check_whole(count, what, numbers_of(text), wanted)
    count.check(lost and bursts == 1, f'{what}: {lost} lost in {bursts} lines')
    count.check(f' {lost} events are lost' in stderr, f'{what}: says {stderr}')


def check_limit(count, folder):
    """No file may be larger than that; without being root, this is what a full disk is like."""
    capture = packets.classic(folder / 'drops.pcap', drops(5000))
    for dialect in w3c.FIELDS:
        for threads in ('1', '2'):
            for most in (400, 4096, 50000, 300000):
                what = f'limit {most}, {dialect}, {threads} threads'
                config = folder / 'log.conf'
                config.write_text(f'[Log]\nDialect={dialect}\n')
                result = kit.run(
                    'replay', '--quiet', '--config', config, '--threads', threads, '--log',
                    folder / 'log', *INSIDE, capture,
                    preexec_fn=lambda most=most: resource.setrlimit(
                        resource.RLIMIT_FSIZE, (most, most)))
                count.check(result.returncode == INPUT, f'{what}: {result}')
                check_lost(count, what, (folder / 'log').read_text(), result.stderr, 5000, most)


def check_limit_of_events(count, folder):
    """The same for events: a line of type lost, and the file is lines of JSON to its end."""
    capture = packets.classic(folder / 'drops.pcap', drops(5000))
    for threads in ('1', '2'):
        path = folder / 'events.json'
        result = kit.run('replay', '--quiet', '--threads', threads, '--events', path, *INSIDE,
                         capture, preexec_fn=lambda: resource.setrlimit(
                             resource.RLIMIT_FSIZE, (100000, 100000)))
        events = read_events(path)
        kinds = collections.Counter(event['event_type'] for event in events)
        (lost,) = [event['postern']['events_lost'] for event in events
                   if event['event_type'] == 'lost'] or (0,)
        count.check(result.returncode == INPUT and f' {lost} events are lost' in result.stderr,
                    f'events, limit: {result}')
        count.check(lost and kinds['drop'] + kinds['stats'] + lost == 5001,
                    f'events, limit: {kinds}, {lost} lost')


# In a name space of its own: a small disk is mounted, the command runs, the log is brought home.
ON_DISK = '''
set -e
mount -t tmpfs -o size=$1 none "$2"
from=$2 to=$3
shift 3
status=0
"$@" || status=$?
cp "$from"/log* "$to"
exit $status
'''


def may_mount():
    """Is this a process that may make name spaces and mount what it likes?"""
    status = pathlib.Path('/proc/self/status').read_text()
    (capabilities,) = (line.split()[1] for line in status.splitlines()
                       if line.startswith('CapEff:'))
    return bool(int(capabilities, 16) >> SYS_ADMIN & 1) and shutil.which('unshare')


def check_disk(count, folder):
    """A disk that is full, with other things on it too, and where files are rotated."""
    if not may_mount():
        print('no disk can be mounted here: what a full one does is tested by a limit alone')
        return
    capture = packets.classic(folder / 'drops.pcap', drops(5000))
    disk = folder / 'disk'
    disk.mkdir()
    for dialect in w3c.FIELDS:
        for threads in ('1', '2'):
            for size, section in (('16k', ''), ('64k', ''), ('256k', ''),
                                  ('64k', 'MaxSizeKiB=20\nRotations=9'),
                                  ('64k', 'MaxSizeKiB=50')):
                what = f'disk of {size}, {section!r}, {dialect}, {threads} threads'
                out = pathlib.Path(tempfile.mkdtemp(dir=folder))
                config = folder / 'log.conf'
                config.write_text(f'[Log]\nDialect={dialect}\n{section}\n')
                command = ['replay', '--quiet', '--config', config, '--threads', threads, '--log',
                           disk / 'log', *INSIDE, capture]
                result = subprocess.run(
                    ['unshare', '-m', 'sh', '-c', ON_DISK, 'sh', size, disk, out, kit.PROGRAM,
                     *map(str, command)], text=True, capture_output=True, check=False)
                check_on_disk(count, what, result, old_files(out / 'log'), section)


def check_on_disk(count, what, result, files, section):
    """Where it is rotated, the oldest files have made room."""
    found = sum((numbers_of(path.read_text()) for path in files), [])
    if not section:
        count.check(result.returncode == INPUT, f'{what}: {result}')
        check_lost(count, what, files[-1].read_text(), result.stderr, 5000, 1 << 20)
        return
    while found and isinstance(found[0], tuple):
        found.pop(0)
    count.check(found, f'{what}: nothing is left')
    check_whole(count, what, [('lost', found[0] - 1), *found] if found else [], 5000)


def main():
    count = kit.Count()
    for check in (check_dialects, check_choice, check_rotation, check_names, check_limit,
                  check_limit_of_events, check_disk):
        with tempfile.TemporaryDirectory() as folder:
            check(count, pathlib.Path(folder))
    count.done()


if __name__ == '__main__':
    main()

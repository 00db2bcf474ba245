# SPDX-License-Identifier: GPL-2.0-or-later
"""--write-accepted and --write-dropped: every packet once, whole, with the comment it deserves."""

import collections
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile

import kit
import pcap
import pcapng

CAPTURE = kit.SOURCE / 'tests' / 'pcap' / 'ftp-active-passive.pcap'
CLIENT = '10.77.1.2'
NUMBER = re.compile(r' packet=(\d+)')
FLOW = re.compile(r' flow=(\d+)')
ETHERNET, RAW = 1, 101


class Written:
    """A replay with both files."""

    def __init__(self, folder, *arguments, status=0):
        self.paths = folder / 'accepted.pcapng', folder / 'dropped.pcapng'
        self.replay = kit.Replay('--write-accepted', self.paths[0], '--write-dropped',
                                 self.paths[1], *arguments, status=status)
        self.accepted, self.dropped = map(pcapng.read, self.paths)
        (self.stats,) = self.replay.of('stats')

    def in_order(self):
        """All packets in the order of the input."""
        return sorted(self.accepted + self.dropped, key=number)


def number(packet):
    return int(NUMBER.search(packet.comment).group(1))


def reason(packet):
    return packet.comment.split()[1]


def fragments(source, dest, ident, data, size):
    """A UDP datagram as Ethernet frames with at most `size` bytes behind the IP header."""
    udp = struct.pack('!HHHH', 1024, 9, len(data) + 8, 0) + data
    for at in range(0, len(udp), size):
        part = udp[at:at + size]
        more = 0x2000 if at + size < len(udp) else 0
        ip = bytearray(struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(part), ident, more | at // 8, 64,
                                   17, 0) + pcap.pack(source) + pcap.pack(dest))
        struct.pack_into('!H', ip, 10, pcap.checksum(ip))
        yield b'\2\0\0\0\0\1\2\0\0\0\0\2\x08\0' + bytes(ip) + part


def udp(source, dest):
    (frame,) = fragments(source, dest, 1, b'datagram', 1480)
    return frame


def classic(path, frames):
    """A capture with one packet per microsecond."""
    path.write_bytes(pcap.header() + b''.join(pcap.record(time, frame)
                                              for time, frame in enumerate(frames, 1)))
    return path


def check_numbers(count, name, written):
    """Each packet is in one file, once."""
    total = written.stats['stats']['packets']
    numbers = [number(packet) for packet in written.in_order()]
    count.check(numbers == list(range(1, total + 1)), f'{name}: {total} packets, but {numbers}')
    count.check(all(packet.comment.startswith('accept ') for packet in written.accepted)
                and all(packet.comment.startswith('drop ') for packet in written.dropped),
                f'{name}: a packet in the wrong file')


def check_bytes(count, name, written, packets):
    """What was read is what was written. `packets`: [(time in ns, frame)]"""
    found = [(packet.time, packet.data) for packet in written.in_order()]
    count.check(found == packets, f'{name}: other packets than in the capture')
    count.check(all(packet.length == len(packet.data) for packet in written.in_order()),
                f'{name}: other lengths')


def check_events(count, name, written):
    """Comments say what events say."""
    flows = collections.Counter()
    for packet in written.accepted:
        match = FLOW.search(packet.comment)
        if match:
            flows[int(match.group(1))] += 1
    for event in written.replay.flows:
        about, flow = event['postern'], event['flow']
        count.check(flows[event['flow_id']] == flow['pkts_toserver'] + flow['pkts_toclient'],
                    f'{name}: {flows[event["flow_id"]]} packets of {event}')
        wanted = f'accept {about["reason"]} flow={event["flow_id"]}'
        for key in ('expectation_id', 'parent_flow_id'):
            if about[key]:
                wanted += f' {"door" if key == "expectation_id" else "parent"}={about[key]}'
        count.check(any(packet.comment.startswith(wanted + ' ') for packet in written.accepted),
                    f'{name}: no packet says {wanted!r}')
    dropped = [event['drop']['reason'] for event in written.replay.drops]
    count.check([reason(packet) for packet in written.dropped] == dropped,
                f'{name}: other reasons than in the events')


def check_own(count, folder):
    for path in kit.CAPTURES:
        packets = [(time * 1000, frame) for time, frame in pcap.read(path)]
        for helpers in ('all', 'none'):
            written = Written(folder, '--helpers', helpers, '--inside', f'{CLIENT},2001:db8::/32',
                              path)
            name = f'{path.name}, helpers {helpers}'
            check_numbers(count, name, written)
            check_bytes(count, name, written, packets)
            check_events(count, name, written)
    written = Written(folder, '--inside', CLIENT, CAPTURE)
    data = [packet.comment for packet in written.accepted if reason(packet) == 'expected']
    count.check(data and all(re.fullmatch(
        r'accept expected flow=\d+ door=\d+ parent=\d+ helper=ftp packet=\d+', comment)
        for comment in data), f'data connections: {data[:3]}')


def check_again(count, folder):
    """What was written is read back as it was, and threads make no difference."""
    (folder / 'again').mkdir()
    for path in kit.CAPTURES:
        first = Written(folder, path)
        count.check(not first.dropped, f'{path.name}: {first.dropped[:1]}')
        again = Written(folder / 'again', '--threads', '3', first.paths[0])
        count.check(again.paths[0].read_bytes() == first.paths[0].read_bytes(),
                    f'{path.name}: read back it is another')


def check_fragments(count, folder):
    """Held packets keep their bytes, and come when their verdict comes."""
    whole = list(fragments(CLIENT, '203.0.113.9', 7, b'abcdefgh' * 500, 1480))
    never = list(fragments(CLIENT, '203.0.113.9', 8, b'ijklmnop' * 500, 1480))
    bad = list(fragments('203.0.113.9', CLIENT, 9, b'qrstuvwx' * 500, 1480))
    between = [udp(CLIENT, f'203.0.113.{n}') for n in range(1, 101)]
    frames = [whole[0], never[0], bad[1], *between, whole[2], bad[2], udp(CLIENT, '203.0.113.9'),
              whole[1], bad[0]]
    path = classic(folder / 'fragments.pcap', frames)
    written = Written(folder, '--inside', CLIENT, path)
    check_numbers(count, 'fragments', written)
    check_bytes(count, 'fragments', written,
                [(1000 * n, frame) for n, frame in enumerate(frames, 1)])
    order = [number(packet) for packet in written.accepted]
    count.check(order == [*range(4, 104), 106, 1, 104, 107], f'fragments: order {order}')
    flows = {FLOW.search(packet.comment).group(1) for packet in written.accepted[-3:]}
    count.check(len(flows) == 1, f'fragments: one datagram in flows {flows}')
    order = [(number(packet), reason(packet)) for packet in written.dropped]
    count.check(order == [(3, 'unsolicited'), (105, 'unsolicited'), (108, 'unsolicited'),
                          (2, 'fragment')], f'fragments: dropped {order}')


def check_interfaces(count, folder):
    """Link types and names of several captures are told apart, and lengths on the wire kept."""
    time = 1700000000 * pcapng.SECOND
    frame = udp(CLIENT, '203.0.113.1')
    back = udp('203.0.113.7', CLIENT)
    mixed = folder / 'mixed.pcapng'
    mixed.write_bytes(pcapng.section() + pcapng.interface(ETHERNET, 'eth0')
                      + pcapng.interface(RAW, 'tun0') + pcapng.interface(ETHERNET)
                      + pcapng.packet(1, time + 1, frame[14:]) + pcapng.packet(0, time + 3, back)
                      + pcapng.packet(2, time + 5, frame, 1600)
                      + pcapng.section() + pcapng.interface(RAW, 'tun9')
                      + pcapng.packet(0, time + 7, back[14:]))
    written = Written(folder, '--inside', CLIENT, mixed, classic(folder / 'plain.pcap', [frame]))
    found = [packet[:5] for packet in written.in_order()]
    count.check(found == [(time + 1, RAW, 'tun0', frame[14:], len(frame) - 14),
                          (time + 3, ETHERNET, 'eth0', back, len(back)),
                          (time + 5, ETHERNET, None, frame, 1600),
                          (time + 7, RAW, 'tun9', back[14:], len(back) - 14),
                          (1000, ETHERNET, None, frame, len(frame))], f'interfaces: {found}')
    kinds = [sum(kind == pcapng.INTERFACE for kind, _ in pcapng.blocks_of(path.read_bytes()))
             for path in written.paths]
    count.check(kinds == [3, 2], f'described interfaces: {kinds}')


def check_parts(count, folder):
    """A filter, a truncated capture, an empty one: files hold what was played."""
    written = Written(folder, '--inside', CLIENT, '--filter', 'port 21', CAPTURE)
    total = len(written.accepted) + len(written.dropped)
    count.check(total == written.stats['stats']['packets'] and 0 < total < len(pcap.read(CAPTURE)),
                f'filter: {total} packets')
    cut = folder / 'cut.pcap'
    cut.write_bytes(CAPTURE.read_bytes()[:-7])
    written = Written(folder, cut, status=1)
    check_numbers(count, 'cut', written)
    written = Written(folder, classic(folder / 'empty.pcap', []))
    count.check(not written.in_order(), f'empty: {written.in_order()}')
    result = kit.run('replay', *written.paths)
    count.check(result.returncode == 0, f'files without packets: {result}')


def check_stdout(count, folder):
    written = Written(folder, '--helpers', 'none', CAPTURE)
    result = kit.run('replay', '--helpers', 'none', '--write-dropped', '-', CAPTURE, text=False)
    count.check(result.stdout == written.paths[1].read_bytes() and b'Replayed' in result.stderr,
                'standard output has something else')


def check_tshark(count, folder):
    """Others read it too: each comment of each packet."""
    if not shutil.which('tshark'):
        print('without tshark: what it says of our files is not known')
        return
    written = Written(folder, '--helpers', 'none', '--inside', CLIENT, *kit.CAPTURES)
    for path, packets in zip(written.paths, (written.accepted, written.dropped)):
        result = subprocess.run(
            ['tshark', '-n', '-r', path, '-T', 'fields', '-e', 'frame.time_epoch', '-e',
             'frame.len', '-e', 'frame.comment'], text=True, capture_output=True, check=False)
        lines = [f'{packet.time // pcapng.SECOND}.{packet.time % pcapng.SECOND:09}\t'
                 f'{packet.length}\t{packet.comment}' for packet in packets]
        count.check(packets and result.stdout.splitlines() == lines,
                    f'{path.name}: tshark says {result.stderr} {result.stdout[:200]}')


def main():
    count = kit.Count()
    for check in (check_own, check_again, check_fragments, check_interfaces, check_parts,
                  check_stdout, check_tshark):
        with tempfile.TemporaryDirectory() as folder:
            check(count, pathlib.Path(folder))
    count.done()


if __name__ == '__main__':
    main()

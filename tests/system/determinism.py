# SPDX-License-Identifier: GPL-2.0-or-later
"""The same capture gives the same events, byte for byte: again, and with any number of threads.

Hash seeds are drawn anew in each run, so each run is also one with other seeds. Crowds of
connections fill what is hashed, so that keys fall together, and fall together otherwise each time.
"""

import pathlib
import tempfile

import kit
import pcap

MOST = 2000000  # bytes of a public capture


def public_captures():
    folder = kit.corpus()
    return [path for pattern in ('*.pcap', 'hostile/*.pcap', 'linktypes/*.pcap')
            for path in sorted(folder.glob(pattern))
            if path.stat().st_size <= MOST] if folder else []


def crowd(connections):
    """A capture: SYNs from outside, answers of hosts inside, SYNs from inside, answers."""
    template = pcap.Segment(*pcap.read(kit.CAPTURES[0])[0])
    steps = ((False, pcap.SYN), (True, pcap.ACK), (True, pcap.SYN), (False, pcap.ACK))
    packets = [pcap.header()]
    for step, (outward, flags) in enumerate(steps):
        for n in range(connections):
            hosts = pcap.pack(f'10.1.{n >> 8}.{n & 255}'), pcap.pack(f'198.18.{n >> 8}.{n & 255}')
            ports = 1024 + n, 2000 + (step > 1)
            if not outward:
                hosts, ports = hosts[::-1], ports[::-1]
            packets.append(pcap.record(template.time + step * 1000000 + n,
                                       template.between(*ports, flags).frame(*hosts, b'')))
    return b''.join(packets)


def check_crowds(count):
    with tempfile.TemporaryDirectory() as folder:
        capture = pathlib.Path(folder) / 'crowd.pcap'
        small = pathlib.Path(folder) / 'small.conf'
        capture.write_bytes(crowd(3000))
        small.write_text('[Limits]\nMaxFlows=1000\n')
        for options in (), ('--config', small), ('--inside', '10.0.0.0/8'):
            outcomes = [outcome(*options, capture) for _ in range(3)]
            count.check(outcomes[0][0] == 0 and outcomes[0][1].count(b'\n') > 3000,
                        f'a crowd with {options}: status {outcomes[0][0]}')
            count.check(outcomes[0] == outcomes[1] == outcomes[2],
                        f'a crowd with {options}: other events in each run')


def outcome(*arguments):
    result = kit.run('replay', '--quiet', '--events', '-', *arguments, text=False)
    return result.returncode, result.stdout


def main():
    count = kit.Count()
    for paths, numbers in (kit.CAPTURES, (1, 1, 2, 4)), (public_captures(), (4,)):
        for path in paths:
            status, events = outcome(path)
            count.check(status in (0, 1) and events, f'{path.name}: status {status}')
            for threads in numbers:
                count.check(outcome('--threads', threads, path) == (status, events),
                            f'{path.name}: other events with --threads {threads}')
    check_crowds(count)
    several = outcome(*kit.CAPTURES)
    count.check(several[0] == 0 and outcome('--threads', 3, *kit.CAPTURES) == several,
                'several captures: other events with --threads 3')
    count.done()


if __name__ == '__main__':
    main()

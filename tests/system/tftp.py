# SPDX-License-Identifier: GPL-2.0-or-later
"""A helper of a stranger's: built outside the tree, against what is installed and nothing else.

tests/abi/tftp is copied away, built there with make and pkg-config, and loaded by the installed
program from --plugin-path. Its doors are looked at in captures made here, and in public ones.
"""

import os
import pathlib
import shutil
import struct
import subprocess
import tempfile

import corpus
import kit
import pcap

CLIENT, SERVER = '192.168.7.2', '203.0.113.9'
CLIENT6, SERVER6 = 'fd77:1::2', '2001:db8::9'
INSIDE = '192.168.7.0/24,fd77:1::/64'
RRQ, WRQ, DATA = b'\0\1', b'\0\2', b'\0\3'
ASK = RRQ + b'boot.img\0octet\0'
BLOCK = DATA + b'\0\1' + b'x' * 512
ACK = b'\0\4\0\1'
SECOND = 1000000  # microseconds


def frame(src, sport, dst, dport, payload):
    """An Ethernet frame with a datagram in it (RFC 768)."""
    src, dst = pcap.pack(src), pcap.pack(dst)
    length = 8 + len(payload)
    udp = struct.pack('!HHHH', sport, dport, length, 0) + payload
    check = pcap.checksum(src + dst + struct.pack('!II', length, 17) + udp) or 0xffff
    udp = udp[:6] + struct.pack('!H', check) + payload
    if len(src) == 4:
        ip = struct.pack('!BBHHHBBH', 0x45, 0, 20 + length, 0, 0, 64, 17, 0) + src + dst
        ip = ip[:10] + struct.pack('!H', pcap.checksum(ip)) + ip[12:]
        return bytes(12) + b'\x08\x00' + ip + udp
    ip = struct.pack('!IHBB', 6 << 28, length, 17, 64) + src + dst
    return bytes(12) + b'\x86\xdd' + ip + udp


def request(payload=ASK, port=4000):
    return CLIENT, port, SERVER, 69, payload


# What a case is called; its datagrams, a number between them being seconds that pass; how many
# doors were opened; of which datagrams a flow came that was expected; which were dropped.
CASES = [
    ('a file is read',
     [request(), (SERVER, 5000, CLIENT, 4000, BLOCK), (CLIENT, 4000, SERVER, 5000, ACK)],
     1, [1], []),
    ('a file is written over IPv6',
     [(CLIENT6, 4000, SERVER6, 69, WRQ + b'log\0NetASCII\0blksize\0512\0'),
      (SERVER6, 5000, CLIENT6, 4000, ACK), (CLIENT6, 4000, SERVER6, 5000, BLOCK)],
     1, [1], []),
    ('the request is repeated',
     [request(), 5, request(), (SERVER, 5000, CLIENT, 4000, BLOCK)], 1, [2], []),
    ('another host answers', [request(), ('203.0.113.10', 69, CLIENT, 4000, BLOCK)], 1, [], [1]),
    ('another port is answered', [request(), (SERVER, 5000, CLIENT, 4001, BLOCK)], 1, [], [1]),
    ('another host is answered',
     [request(), (SERVER, 5000, '192.168.7.3', 4000, BLOCK)], 1, [], [1]),
    ('a second answer comes',
     [request(), (SERVER, 5000, CLIENT, 4000, BLOCK), (SERVER, 5001, CLIENT, 4000, BLOCK)],
     1, [1], [2]),
    ('the answer comes late', [request(), 31, (SERVER, 5000, CLIENT, 4000, BLOCK)], 1, [], [1]),
    ('the client has a low port',
     [request(port=1023), (SERVER, 5000, CLIENT, 1023, BLOCK)], 0, [], [1]),
    ('a stranger asks', [(SERVER, 4000, CLIENT, 69, ASK)], 0, [], [0]),
    ('the server asks',
     [request(RRQ), (SERVER, 69, CLIENT, 4000, ASK), (CLIENT, 5000, SERVER, 69, ACK),
      (SERVER, 5000, CLIENT, 4000, BLOCK)], 0, [], [3]),
] + [
    (f'{payload!r} is no request',
     [request(payload), (SERVER, 5000, CLIENT, 4000, BLOCK)], 0, [], [1])
    for payload in (b'', b'\0', RRQ, RRQ + b'\0octet\0', RRQ + b'boot.img', RRQ + b'boot.img\0',
                    RRQ + b'boot.img\0octet', RRQ + b'boot.img\0secret\0', DATA + ASK[2:],
                    b'\1\1' + ASK[2:])
]


def write_capture(path, datagrams):
    time = 1700000000 * SECOND
    with open(path, 'wb') as file:
        file.write(pcap.header())
        for datagram in datagrams:
            if isinstance(datagram, int):
                time += datagram * SECOND
            else:
                time += SECOND // 1000
                file.write(pcap.record(time, frame(*datagram)))


def keys(datagrams, wanted):
    datagrams = [datagram for datagram in datagrams if not isinstance(datagram, int)]
    found = (datagrams[number] for number in wanted)
    return [(corpus.address(src), sport, corpus.address(dst), dport, 'UDP')
            for src, sport, dst, dport, _ in found]


def check_case(count, path, plugins, case):
    name, datagrams, n_doors, admitted, dropped = case
    write_capture(path, datagrams)
    replay = kit.Replay('--plugin-path', plugins, '--helpers', 'tftp', '--inside', INSIDE, path)
    opened = [event for event in replay.expectations if event['postern']['action'] == 'opened']
    expected = [event for event in replay.flows if event['postern']['reason'] == 'expected']
    count.check(len(opened) == n_doors, f'{name}: {len(opened)} doors, not {n_doors}')
    count.check([corpus.key(event) for event in expected] == keys(datagrams, admitted),
                f'{name}: expected were {expected}')
    count.check(all(event['postern']['parent_flow_id'] == 1 for event in expected),
                f'{name}: of another parent: {expected}')
    count.check([corpus.key(event) for event in replay.drops] == keys(datagrams, dropped),
                f'{name}: dropped were {replay.drops}')


def must(*command, **options):
    """Runs a command that says nothing to worry about; returns what it prints."""
    result = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL,
                            capture_output=True, text=True, timeout=120, check=False, **options)
    if result.returncode or 'warning' in result.stderr:
        raise RuntimeError(f'{command}: status {result.returncode}: {result.stdout}{result.stderr}')
    return result.stdout.strip()


def install(root):
    """The project in a folder of its own; returns the pkg-config that finds it there."""
    must('meson', 'install', '-C', kit.BUILD, '--no-rebuild', '--quiet', '--destdir', root)
    found = next(root.rglob('postern.pc')).parent
    os.environ['PKG_CONFIG_LIBDIR'] = str(found)
    prefix = must('pkg-config', '--variable=prefix', 'postern')
    return ['pkg-config', f'--define-variable=prefix={root}{prefix}']


def build(count, folder, pkg_config):
    """The helper, away from the tree; returns the folder that it is in."""
    there = folder / 'tftp'
    shutil.copytree(kit.SOURCE / 'tests' / 'abi' / 'tftp', there)
    make = ['make', '-s', '-C', there, f'PKG_CONFIG={" ".join(pkg_config)}']
    must(*make)
    must(*make, 'install', f'DESTDIR={folder}/stage')
    plugins = must(*pkg_config, '--variable=plugindir', 'postern')
    count.check((folder / f'stage{plugins}/tftp.so').is_file(), 'the plugin is not installed')
    count.check((pathlib.Path(plugins) / 'ftp.so').is_file(), f'ftp.so is not in {plugins}')
    lines = (there / 'tftp.c').read_text(encoding='utf-8').count('\n')
    count.check(lines < 80, f'{lines} lines: that is not small')
    return there


def check_installed(count, root, plugins):
    """From here on the installed program is the one that runs."""
    kit.PROGRAM = next(root.rglob('bin/postern'))
    listed = kit.run('helpers', '--plugin-path', plugins)
    count.check(listed.returncode == 0 and str(plugins / 'tftp.so') in listed.stdout,
                f'helpers: {listed}')


def check_corpus(count, folder, plugins):
    def replay(*arguments):
        return kit.Replay('--plugin-path', plugins, *arguments)

    index = {row['file']: row for row in corpus.read_tsv(folder / 'INDEX.tsv')}
    captures = [row for name, row in sorted(index.items()) if name.startswith('tftp-')]
    for row in captures:
        announces = corpus.read_announces(folder / row['ground_truth'])
        corpus.check_capture(count, folder / row['file'], announces, replay)
    count.check(len(captures) > 3, f'only {len(captures)} captures in the corpus')
    print(f'{len(captures)} captures ran')


def main():
    count = kit.Count()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        plugins = build(count, folder, install(folder / 'root'))
        check_installed(count, folder / 'root', plugins)
        for case in CASES:
            check_case(count, folder / 'case.pcap', plugins, case)
        if kit.corpus():
            check_corpus(count, kit.corpus(), plugins)
    count.done()


if __name__ == '__main__':
    main()

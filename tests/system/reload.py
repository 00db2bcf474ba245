# SPDX-License-Identifier: GPL-2.0-or-later
"""SIGHUP: another policy between two packets of a replay that waits for more, and of a live watch.

The capture comes through a pipe: half of it, then the configuration changes, then the rest. What a
packet is judged by is told by its number in the message.
"""

import contextlib
import fcntl
import json
import os
import pathlib
import re
import signal
import struct
import subprocess
import tempfile
import termios
import threading
import time

import kit
import pcapng
import probe
import watch

CLIENT = '10.0.0.5'
PATIENCE = 20
HELD = re.compile(r'postern: (.*): read again; it holds behind packet (\d+)')

SHUT = '[Firewall]\nIcmp=\n'
OPEN = '[Mapping:web]\nProtocol=tcp\nExternal=80\n'


class Player:
    """A replay of what is fed to it, packet by packet."""

    def __init__(self, folder, *arguments, config='postern.conf'):
        self.folder = folder
        self.config = folder / config
        self.events = folder / 'events.jsonl'
        self.number = 0
        self.process = subprocess.Popen(
            [kit.PROGRAM, 'replay', '--quiet', '--helpers', 'none', '--inside', CLIENT, '--config',
             self.config, '--events', self.events, *map(str, arguments), '-'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.pipe = self.process.stdin
        self.lines = []
        self.reader = threading.Thread(target=self.read)
        self.reader.start()
        self.pipe.write(pcapng.section() + pcapng.interface(probe.RAW, 'wan0'))

    def read(self):
        for line in self.process.stderr:
            self.lines.append(line.decode().rstrip('\n'))

    def feed(self, *packets):
        """Packets, a second apart; returns when all have been read."""
        for packet in packets:
            self.number += 1
            self.pipe.write(pcapng.packet(0, (1700000000 + self.number) * pcapng.SECOND, packet))
        self.pipe.flush()
        self.wait(self.is_idle)

    def is_idle(self):
        """The pipe is empty and the process sleeps; some times in a row."""
        for _ in range(3):
            left = struct.unpack('i', fcntl.ioctl(self.pipe, termios.FIONREAD, bytes(4)))[0]
            state = pathlib.Path(f'/proc/{self.process.pid}/stat').read_text()
            if left or state.rpartition(') ')[2][0] != 'S':
                return False
            time.sleep(0.01)
        return True

    def wait(self, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end or self.process.poll() is not None:
                raise TimeoutError(f'{condition}: {self.process.poll()} {self.lines}')
            time.sleep(0.01)

    def reload(self, lines=1):
        """Sends the signal; returns the lines that it brings, as many as are wanted."""
        before = len(self.lines)
        self.process.send_signal(signal.SIGHUP)
        self.wait(lambda: len(self.lines) >= before + lines)
        time.sleep(0.05)
        return self.lines[before:]

    def end(self):
        """Its status and events."""
        self.pipe.close()
        status = self.process.wait(PATIENCE)
        self.reader.join()
        self.process.stdout.close()
        self.process.stderr.close()
        return status, [json.loads(line) for line in self.events.read_text().splitlines()]


@contextlib.contextmanager
def playing(folder, *arguments, **options):
    player = Player(folder, *arguments, **options)
    try:
        yield player
    finally:
        if player.process.poll() is None:
            player.process.kill()
            player.end()


def syn(n, dport=80):
    return probe.tcp('203.0.113.9', 1000 + n, CLIENT, dport)


def reasons(events):
    """{source port of a flow or of a dropped packet: reason}"""
    found = {}
    for event in events:
        if event['event_type'] == 'flow':
            found[event['src_port']] = event['postern']['reason']
        elif event['event_type'] == 'drop':
            found.setdefault(event['src_port'], event['drop']['reason'])
    return found


def is_read_again(count, player, lines, number):
    match = HELD.fullmatch(lines[-1])
    count.check(len(lines) == 1 and match and match[1] == str(player.config)
                and int(match[2]) == number, f'{lines}, not behind packet {number}')


def check_bad_then_good(count, folder):
    """A policy with a mistake changes nothing and is told; a good one holds from there on."""
    config = folder / 'postern.conf'
    for arguments in ([], ['--threads', '3']):
        config.write_text(SHUT)
        with playing(folder, *arguments) as player:
            player.feed(*map(syn, range(1, 51)))
            for text, *words in (('[Mapping:web]\nProtocol=tcp\n', f'{config}:1', 'External'),
                                 (OPEN + '[Log]\nDialect=latin\n', f'{config}:5', 'latin'),
                                 (OPEN + '[Helper:nosuch\n', f'{config}:4', 'not a section')):
                config.write_text(text)
                lines = player.reload(2)
                count.check(len(lines) == 2 and all(word in lines[0] for word in words)
                            and lines[1] == f'postern: {config}: nothing has changed; the policy '
                            'is what it was before', f'{text!r}: {lines}')
            config.unlink()
            lines = player.reload(2)
            count.check('No such file' in lines[0] and 'nothing has changed' in lines[1],
                        f'{lines}')
            player.feed(*map(syn, range(51, 101)))
            config.write_text(OPEN)
            is_read_again(count, player, player.reload(), 100)
            player.feed(*map(syn, range(101, 151)))
            config.write_text(SHUT)
            is_read_again(count, player, player.reload(), 150)
            player.feed(*map(syn, range(151, 201)))
            status, events = player.end()
        want = {1000 + n: 'port-mapping' if 100 < n <= 150 else 'unsolicited'
                for n in range(1, 201)}
        found = reasons(events)
        count.check(status == 0 and found == want,
                    f'status {status}: {[n for n in want if found.get(n) != want[n]]} are wrong')


def check_first_packet(count, folder):
    """Before there is any packet."""
    (folder / 'postern.conf').write_text(SHUT)
    with playing(folder) as player:
        player.feed()
        (folder / 'postern.conf').write_text(OPEN)
        is_read_again(count, player, player.reload(), 0)
        player.feed(syn(1))
        status, events = player.end()
    count.check(status == 0 and reasons(events) == {1001: 'port-mapping'}, f'{status} {events}')


def check_flows(count, folder):
    """Flows that a tighter policy does not allow end, unless it says that they stay."""
    config = folder / 'postern.conf'
    later = [probe.tcp('203.0.113.9', 1001, CLIENT, 80, 'A', 2, 501),
             probe.tcp(CLIENT, 4000, '203.0.113.9', 443, 'A', 2, 501)]
    for keep in (False, True):
        config.write_text(OPEN)
        with playing(folder) as player:
            player.feed(syn(1), probe.tcp(CLIENT, 80, '203.0.113.9', 1001, 'SA', 500, 2),
                        probe.tcp(CLIENT, 4000, '203.0.113.9', 443),
                        probe.tcp('203.0.113.9', 443, CLIENT, 4000, 'SA', 500, 2))
            config.write_text(SHUT + ('[Stateful]\nKeepEstablished=true\n' if keep else ''))
            is_read_again(count, player, player.reload(), 4)
            player.feed(*later)
            status, events = player.end()
        drops = [event['src_port'] for event in events if event['event_type'] == 'drop']
        count.check(status == 0 and drops == ([] if keep else [1001]),
                    f'KeepEstablished={keep}: dropped {drops}: {events}')


def check_folder(count, folder):
    """A folder of several connections; a helper's section; and a comparison beside it."""
    (folder / 'policy/connections').mkdir(parents=True)
    (folder / 'policy/postern.conf').write_text('')
    wan = folder / 'policy/connections/wan.conf'
    wan.write_text('[Connection]\nMatch=interface:wan*\n')
    other = folder / 'other.conf'
    other.write_text('')
    with playing(folder, '--compare', other, config='policy') as player:
        player.feed(syn(1))
        wan.write_text(wan.read_text() + OPEN)
        is_read_again(count, player, player.reload(), 1)
        player.feed(syn(2))
        wan.write_text(wan.read_text() + '[Helper:ftp]\nCCC=1\n')
        lines = player.reload(2)
        count.check('wan.conf:6' in lines[0] and HELD.fullmatch(lines[1]), f'{lines}')
        player.pipe.close()
        status = player.process.wait(PATIENCE)
        text = player.process.stdout.read().decode()
        player.reader.join()
    count.check(status == 0 and '1 flow gets another verdict: 0 accepted there, 1 dropped' in text
                and ':1002 ' in text, f'{status}: {text}')


def check_plugin(count, folder):
    """What only a plugin can judge is judged before anything changes."""
    config = folder / 'postern.conf'
    config.write_text(SHUT)
    with playing(folder, '--helpers', 'all') as player:
        player.feed(syn(1))
        config.write_text(OPEN + '[Helper:ftp]\nCCC=perhaps\n')
        lines = player.reload(2)
        count.check(f'{config}:5' in lines[0] and 'true or false' in lines[0]
                    and 'nothing has changed' in lines[1], f'{lines}')
        player.feed(syn(2))
        config.write_text(OPEN + '[Helper:ftp]\nCCC=true\n')
        is_read_again(count, player, player.reload(), 2)
        player.feed(syn(3))
        status, events = player.end()
    count.check(status == 0 and reasons(events) == {
        1001: 'unsolicited', 1002: 'unsolicited', 1003: 'port-mapping'}, f'{status} {events}')


def check_log(count, folder):
    """What is written to the log, and in which dialect, is as each policy says it."""
    config, log = folder / 'postern.conf', folder / 'pfirewall.log'
    quiet = '[Log]\nLogDropped=false\n'
    loud = '[Log]\nLogDropped=true\n'
    config.write_text(quiet)
    with playing(folder, '--log', log) as player:
        player.feed(syn(1))
        for text, number in ((loud, 2), (quiet, 3), (loud + 'Dialect=wf-1.5\n', 4)):
            config.write_text(text)
            is_read_again(count, player, player.reload(), number - 1)
            player.feed(syn(number))
        status, _ = player.end()
    ports, fields = [], []
    for path in (log.with_name('pfirewall.log.old'), log):
        lines = path.read_text().splitlines()
        fields += [len(line.split()) for line in lines if line.startswith('#Fields')]
        ports += [line.split()[6] for line in lines if ' DROP ' in line]
    count.check(status == 0 and ports == ['1002', '1004'] and len(set(fields)) == 2,
                f'status {status}, dropped {ports}, fields {fields}')


def check_storm(count, folder):
    """Many signals while packets are played as fast as they can be: each is judged by one policy
    or the other, as the messages say."""
    config = folder / 'postern.conf'
    config.write_text(SHUT)
    packets = [syn(n) for n in range(1, 20001)]
    with playing(folder) as player:
        player.feed()
        done = threading.Event()

        def send():
            is_open = False
            while not done.is_set():
                is_open = not is_open
                other = folder / 'new.conf'
                other.write_text(OPEN if is_open else SHUT)
                other.rename(config)
                before = len(player.lines)
                player.process.send_signal(signal.SIGHUP)
                while len(player.lines) == before and not done.is_set():
                    time.sleep(0.001)

        sender = threading.Thread(target=send)
        sender.start()
        try:
            for at in range(0, len(packets), 500):
                player.feed(*packets[at:at + 500])
        finally:
            done.set()
            sender.join()
        time.sleep(0.2)
        status, events = player.end()
    behind = [int(HELD.fullmatch(line)[2]) for line in player.lines]
    found = reasons(events)
    is_open, at, wrong = False, iter([*behind, len(packets)]), []
    edge = next(at)
    for n in range(1, len(packets) + 1):
        while n > edge:
            is_open = not is_open
            edge = next(at)
        if found[1000 + n] != ('port-mapping' if is_open else 'unsolicited'):
            wrong.append(n)
    count.check(status == 0 and len(behind) > 3 and behind == sorted(behind) and not wrong,
                f'status {status}, {len(behind)} changes, wrong: {wrong[:10]}: {player.lines[-3:]}')


def check_without(count, folder):
    """Without a configuration to read again, a hang-up is the end."""
    process = subprocess.Popen([kit.PROGRAM, 'replay', '--quiet', '-'], stdin=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    process.stdin.write(pcapng.section())
    process.stdin.flush()
    time.sleep(0.1)
    process.send_signal(signal.SIGHUP)
    error = process.communicate(timeout=PATIENCE)[1]
    count.check(process.returncode == -signal.SIGHUP, f'{process.returncode}: {error}')


def check_watch(count, folder):
    """The same on a live interface."""
    if os.geteuid():
        print('without root: watch is not tested')
        return
    try:
        made = watch.namespaces()
        made.__enter__()
    except (OSError, subprocess.CalledProcessError) as error:
        print(f'without namespaces, watch is not tested: {error}')
        return
    config, events = folder / 'postern.conf', folder / 'events.jsonl'
    send = ('import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); '
            f's.bind(("{watch.SERVER}", int(__import__("sys").argv[1]))); '
            f's.sendto(b"x", ("{watch.CLIENT}", 6000))')
    with contextlib.ExitStack() as stack:
        stack.push(made)
        config.write_text(SHUT)
        process = stack.enter_context(watch.watching(
            '--quiet', '--helpers', 'none', '--config', config, '--inside', watch.CLIENT,
            '--filter', 'udp', '--events', events, 'near'))
        lines = []

        def datagram(port):
            size = events.stat().st_size
            with watch.inside(watch.OUTSIDE, 'python3', '-c', send, port) as sender:
                sender.communicate(timeout=PATIENCE)
            end = time.monotonic() + 2
            while events.stat().st_size == size and time.monotonic() < end:
                time.sleep(0.02)

        datagram(4001)
        for text, wanted in ((OPEN + 'nonsense\n', 2),
                             ('[Mapping:game]\nProtocol=udp\nExternal=6000\n', 1)):
            config.write_text(text)
            process.send_signal(signal.SIGHUP)
            lines.append([process.stderr.readline() for _ in range(wanted)])
            datagram(4002 if wanted == 2 else 4003)
        process.send_signal(signal.SIGINT)
        status, _, _ = watch.ended(process)
    found = reasons([json.loads(line) for line in events.read_text().splitlines()])
    count.check(status == 0 and found == {4001: 'unsolicited', 4002: 'unsolicited',
                                          4003: 'port-mapping'}, f'{status}: {found}')
    count.check(f'{config}:4' in lines[0][0] and 'nothing has changed' in lines[0][1]
                and HELD.fullmatch(lines[1][0].rstrip('\n')), f'{lines}')


def main():
    count = kit.Count()
    for check in (check_bad_then_good, check_first_packet, check_flows, check_folder, check_plugin,
                  check_log, check_storm, check_without, check_watch):
        with tempfile.TemporaryDirectory() as folder:
            check(count, pathlib.Path(folder))
    count.done()


if __name__ == '__main__':
    main()

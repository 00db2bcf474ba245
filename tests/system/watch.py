# SPDX-License-Identifier: GPL-2.0-or-later
"""postern watch on a veth pair between two network namespaces, which the test makes and removes.

Packets go nowhere else. It takes root; without, only what can go wrong before is tested.
"""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import kit
import pcapng

INSIDE, OUTSIDE = f'postern-in-{os.getpid()}', f'postern-out-{os.getpid()}'
CLIENT, SERVER = '10.99.7.1', '10.99.7.2'
PATIENCE = 20  # seconds that anything here may take at most

# In the outer namespace: answers a datagram and a connection, then sends what nobody asked for.
SERVER_PROGRAM = f'''
import socket
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(('{SERVER}', 5000))
tcp = socket.create_server(('{SERVER}', 5001))
print('ready', flush=True)
for _ in range(3):
    data, peer = udp.recvfrom(100)
    udp.sendto(data.upper(), peer)
connection, _ = tcp.accept()
connection.sendall(connection.recv(100).upper())
connection.close()
for port in (6000, 6001):
    udp.sendto(b'surprise', ('{CLIENT}', port))
'''

CLIENT_PROGRAM = f'''
import socket
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(('{CLIENT}', 4000))
udp.settimeout({PATIENCE})
for n in range(3):
    udp.sendto(b'hello', ('{SERVER}', 5000))
    assert udp.recv(100) == b'HELLO'
tcp = socket.create_connection(('{SERVER}', 5001), {PATIENCE}, ('{CLIENT}', 4001))
tcp.sendall(b'hello')
assert tcp.recv(100) == b'HELLO' and tcp.recv(100) == b''
tcp.close()
'''


def ip(*arguments, check=True):
    return subprocess.run(['ip', *arguments], text=True, capture_output=True, check=check)


def inside(namespace, *command, **options):
    options.setdefault('text', True)
    return subprocess.Popen(['ip', 'netns', 'exec', namespace, *map(str, command)],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, **options)


@contextlib.contextmanager
def namespaces():
    """Two of them, with a cable in between; nothing but what is told sends anything there."""
    try:
        for name in (INSIDE, OUTSIDE):
            ip('netns', 'add', name)
        ip('-n', INSIDE, 'link', 'add', 'near', 'type', 'veth', 'peer', 'far', 'netns', OUTSIDE)
        for name, device, address in ((INSIDE, 'near', CLIENT), (OUTSIDE, 'far', SERVER)):
            ip('-n', name, 'address', 'add', f'{address}/24', 'dev', device)
            ip('-n', name, 'link', 'set', device, 'up')
        yield
    finally:
        for name in (INSIDE, OUTSIDE):
            ip('netns', 'delete', name, check=False)


def wait_for(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(condition)
        time.sleep(0.02)


def is_listening():
    """Does somebody in the inner namespace listen to the packets of an interface by now?"""
    with inside(INSIDE, 'cat', '/proc/net/packet') as process:
        rows = [line.split() for line in process.communicate()[0].splitlines()[1:]]
    return any(interface != '0' and running == '1' for _, _, _, _, interface, running, *_ in rows)


@contextlib.contextmanager
def watching(*arguments):
    """The program at work on the inner end of the cable; it is gone at the end in any case."""
    with inside(INSIDE, kit.PROGRAM, 'watch', *arguments) as process:
        try:
            wait_for(lambda: process.poll() is not None or is_listening())
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def ended(process):
    """Its status, and what it said."""
    output, error = process.communicate(timeout=PATIENCE)
    return process.returncode, output, error


def talk():
    """The packets of both programs above: 6 of UDP, a connection, 2 that nobody wants."""
    with inside(OUTSIDE, sys.executable, '-c', SERVER_PROGRAM) as server:
        try:
            server.stdout.readline()
            with inside(INSIDE, sys.executable, '-c', CLIENT_PROGRAM) as client:
                _, _, error = ended(client)
            if client.returncode:
                raise RuntimeError(f'the client: {error}')
            ended(server)
        finally:
            if server.poll() is None:
                server.kill()


def events_of(path):
    """Of a file that is being written: whole lines."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().split('\n')[:-1]]


def check_report(count, folder):
    """Flows, drops and packets, while it runs and when it ends."""
    paths = [folder / name for name in ('events', 'accepted', 'dropped')]
    options = ['--events', paths[0], '--write-accepted', paths[1], '--write-dropped', paths[2]]
    with watching('--inside', CLIENT, '--filter', 'ip and not icmp', *options, 'near') as process:
        talk()
        wait_for(lambda: len([event for event in events_of(paths[0])
                              if event['event_type'] == 'drop']) == 2)
        process.send_signal(signal.SIGINT)
        status, summary, error = ended(process)
    count.check(status == 0 and not error, f'status {status}: {error}')
    events = events_of(paths[0])
    flows = {event['proto']: event for event in events if event['event_type'] == 'flow'}
    count.check(set(flows) == {'UDP', 'TCP'}, f'flows: {flows}')
    for proto, ports, state in (('UDP', (4000, 5000), 'established'),
                                ('TCP', (4001, 5001), 'closed')):
        event = flows[proto]
        count.check((event['src_ip'], event['src_port'], event['dest_ip'], event['dest_port'])
                    == (CLIENT, ports[0], SERVER, ports[1]), f'{proto}: {event}')
        count.check(event['postern']['reason'] == 'outbound'
                    and event['flow']['state'] == state, f'{proto}: {event}')
    count.check(flows['UDP']['flow']['pkts_toserver'] == 3
                and flows['UDP']['flow']['pkts_toclient'] == 3, f'{flows["UDP"]}')
    drops = [event for event in events if event['event_type'] == 'drop']
    count.check([(event['dest_port'], event['drop']['reason'], event['in_iface'])
                 for event in drops] == [(port, 'unsolicited', 'near') for port in (6000, 6001)],
                f'drops: {drops}')
    for text in ('Watched near\n', f'inside     {CLIENT}\n', 'unsolicited'):
        count.check(text in summary, f'no {text!r} in {summary}')
    accepted, dropped = pcapng.read(paths[1]), pcapng.read(paths[2])
    total = events[-1]['stats']['packets']
    count.check(len(accepted) + len(dropped) == total and len(dropped) == 2,
                f'{len(accepted)} and {len(dropped)} packets of {total}')
    count.check({packet.name for packet in accepted} == {'near'}
                and all(b'surprise' in packet.data for packet in dropped), 'other packets')


def check_ends(count):
    """What ends it: a number of packets, some time, SIGTERM, the end of the interface."""
    with watching('--count', '5', '--quiet', '--events', '-', '-f', 'ip', 'near') as process:
        talk()
        status, output, error = ended(process)
    stats = json.loads(output.splitlines()[-1])
    count.check(status == 0 and stats['stats']['packets'] == 5, f'count: {status} {error} {stats}')
    with watching('--duration', '1', 'near') as process:
        status, output, error = ended(process)
    count.check(status == 0 and 'Watched near' in output and not error,
                f'duration: {status} {error} {output}')
    with watching('--quiet', 'near') as process:
        process.send_signal(signal.SIGTERM)
        status, output, error = ended(process)
    count.check((status, output, error) == (0, '', ''), f'SIGTERM: {status} {output} {error}')
    with watching('near') as process:
        ip('-n', INSIDE, 'link', 'delete', 'near')
        status, output, error = ended(process)
    count.check(status == 1 and 'Watched near' in output, f'gone: {status} {output}')
    count.check(error.startswith('postern: near: ') and error.count('\n') == 1, f'gone: {error}')


def check_mistakes(count):
    for status, arguments, about in (
            (2, [], 'one interface'),
            (2, ['lo', 'eth0'], 'one interface'),
            (2, ['--count', '0', 'lo'], '--count'),
            (2, ['--duration', '-5', 'lo'], '--duration'),
            (2, ['--threads', '2', 'lo'], '--threads'),
            (2, ['--filter', 'tcp porto 21', 'lo'], '--filter'),
            (2, ['--inside', 'nonsense', 'lo'], '--inside'),
            (1, ['no-such-if0'], 'no-such-if0: ')):
        result = kit.run('watch', *arguments)
        count.check(result.returncode == status and not result.stdout,
                    f'{arguments}: {result}')
        count.check(result.stderr.startswith('postern: ') and result.stderr.count('\n') == 1
                    and about in result.stderr, f'{arguments}: {result.stderr!r}')


def can_make_namespaces():
    try:
        ip('netns', 'add', INSIDE)
        try:
            # A folder that is no mount point (a chroot) has namespaces that nobody can enter.
            ip('netns', 'exec', INSIDE, 'true')
        finally:
            ip('netns', 'delete', INSIDE)
        return True
    except (OSError, subprocess.CalledProcessError) as error:
        print(f'without network namespaces, only mistakes are tested: {error} '
              f'{getattr(error, "stderr", "")}')
        return False


def main():
    count = kit.Count()
    check_mistakes(count)
    if can_make_namespaces():
        with namespaces(), tempfile.TemporaryDirectory() as folder:
            check_report(count, pathlib.Path(folder))
            check_ends(count)
    count.done()


if __name__ == '__main__':
    main()

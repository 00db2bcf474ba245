# SPDX-License-Identifier: GPL-2.0-or-later
"""A small world of network namespaces with a firewall in the middle, for firewall.py.

    client 10.77.1.2, fd77:1::2  --  wall .1, ::1  --  server 203.0.113.2, fd77:2::2

It lives in namespaces of its own (of processes, of mounts with a /run of its own), which
enter() makes; when its first process ends, the kernel takes everything away. Sockets of any node
are made within this process, so what a test sends and sees needs no other program.
"""

import contextlib
import ctypes
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

import kit
import pcap

WORK = pathlib.Path('/run/lab')
INSIDE = {4: '10.77.1.2', 6: 'fd77:1::2'}
OUTSIDE = {4: '203.0.113.2', 6: 'fd77:2::2'}
WALL = {4: '203.0.113.1', 6: 'fd77:2::1'}  # as the server sees it
FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
PATIENCE = 10  # seconds that anything may take

CLONE_NEWNET = 0x40000000
ETH_P_ALL = 3
PACKET_OUTGOING = 4
SO_RCVBUFFORCE = 33
IPV6_CHECKSUM = 7
FIN, SYN, RST, PSH, ACK, URG = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20

libc = ctypes.CDLL(None, use_errno=True)


def enter(program):
    """Runs the program again, as the first process of namespaces of its own; its exit status."""
    with subprocess.Popen(['setpriv', '--pdeathsig', 'KILL', 'unshare', '--mount', '--net', '--pid',
                           '--fork', '--kill-child', '--mount-proc', sys.executable, program,
                           '--within']) as child:
        return child.wait()


def wait_for(condition, patience=PATIENCE):
    """What the condition gives as soon as that is true of it; else what it gave at last."""
    end = time.monotonic() + patience
    while True:
        result = condition()
        if result or time.monotonic() > end:
            return result
        time.sleep(0.02)


class Node:
    """One of the machines."""

    def __init__(self, name):
        self.name = name
        self.path = f'/run/netns/{name}'
        subprocess.run(['ip', 'netns', 'add', name], check=True)
        self.run('ip', 'link', 'set', 'lo', 'up')

    def command(self, *words):
        return ['nsenter', f'--net={self.path}', *map(str, words)]

    def run(self, *words, **options):
        options.setdefault('check', True)
        options.setdefault('timeout', 30)
        return subprocess.run(self.command(*words), stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)

    def spawn(self, *words, **options):
        return subprocess.Popen(self.command(*words), stdin=subprocess.DEVNULL, **options)

    @contextlib.contextmanager
    def entered(self):
        """This thread is on that machine."""
        with open('/proc/thread-self/ns/net', 'rb') as home, open(self.path, 'rb') as there:
            if libc.setns(there.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), 'setns')
            try:
                yield
            finally:
                libc.setns(home.fileno(), CLONE_NEWNET)

    def socket(self, *kind):
        with self.entered():
            return socket.socket(*kind)

    def plug(self, iface, peer, peer_iface, *addresses):
        self.run('ip', 'link', 'add', iface, 'type', 'veth', 'peer', 'name', peer_iface, 'netns',
                 peer.name)
        for node, name, (v4, v6) in ((self, iface, addresses[0]), (peer, peer_iface, addresses[1])):
            node.run('ip', 'addr', 'add', f'{v4}/24', 'dev', name)
            node.run('ip', 'addr', 'add', f'{v6}/64', 'dev', name, 'nodad')
            node.run('ip', 'link', 'set', name, 'up')
        for address in addresses[1]:
            self.run('ip', 'route', 'add', 'default', 'via', address)

    def connect(self, address, port, patience=2):
        """A connected socket, or None."""
        family = socket.AF_INET6 if ':' in address else socket.AF_INET
        sock = self.socket(family, socket.SOCK_STREAM)
        sock.settimeout(patience)
        try:
            sock.connect((address, port))
        except OSError:
            sock.close()
            return None
        return sock

    def ping(self, address, patience=2):
        """Whether an echo comes back."""
        v6 = ':' in address
        number = os.getpid() & 0xffff
        with self.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_RAW,
                         socket.IPPROTO_ICMPV6 if v6 else socket.IPPROTO_ICMP) as sock:
            question = struct.pack('!BBHHH', 128 if v6 else 8, 0, 0, number, 7) + b'postern?'
            if not v6:
                question = question[:2] + struct.pack('!H', pcap.checksum(question)) + question[4:]
            sock.sendto(question, (address, 0))
            end = time.monotonic() + patience
            while time.monotonic() < end:
                if not select.select([sock], [], [], end - time.monotonic())[0]:
                    break
                answer = sock.recv(2048)
                answer = answer if v6 else answer[(answer[0] & 15) * 4:]
                if answer[0] == (129 if v6 else 0) and answer[4:6] == question[4:6]:
                    return True
        return False


class Tap:
    """What comes in at an interface of a node."""

    def __init__(self, node, iface):
        with node.entered():
            self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
            self.sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
            self.sock.bind((iface, ETH_P_ALL))
        self.sock.setblocking(False)
        self.read()

    def read(self):
        """[(source, destination, protocol, source port, destination port, TCP flags)] of all that
        came since it was last asked; None: is not there."""
        found = []
        while True:
            try:
                data, where = self.sock.recvfrom(65536)
            except BlockingIOError:
                return found
            if where[2] != PACKET_OUTGOING:
                found.append(dissect(data))

    def heard_from(self, addresses):
        return [packet for packet in self.read() if packet and packet[0] in addresses.values()]

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def dissect(data):
    if data[0] >> 4 == 4 and len(data) >= 20:
        src, dst = (socket.inet_ntop(socket.AF_INET, data[at:at + 4]) for at in (12, 16))
        proto, rest = data[9], data[(data[0] & 15) * 4:]
    elif data[0] >> 4 == 6 and len(data) >= 40:
        src, dst = (socket.inet_ntop(socket.AF_INET6, data[at:at + 16]) for at in (8, 24))
        proto, rest = data[6], data[40:]
    else:
        return None
    if proto not in (socket.IPPROTO_TCP, socket.IPPROTO_UDP) or len(rest) < 8:
        return src, dst, proto, None, None, None
    ports = struct.unpack_from('!HH', rest)
    return src, dst, proto, *ports, rest[13] if proto == socket.IPPROTO_TCP else None


def tcp_packet(source, destination, sport, dport, flags, seq=1000, ack=0):
    """A TCP header, with a checksum (RFC 9293 section 3.1)."""
    head = struct.pack('!HHIIBBHHH', sport, dport, seq, ack, 5 << 4, flags, 64240, 0, 0)
    family = socket.AF_INET6 if ':' in source else socket.AF_INET
    pseudo = (socket.inet_pton(family, source) + socket.inet_pton(family, destination)
              + struct.pack('!II', len(head), socket.IPPROTO_TCP))
    return head[:16] + struct.pack('!H', pcap.checksum(pseudo + head)) + head[18:]


class Server:
    """Serves TCP on a port of a node, both families; a thread for each connection."""

    def __init__(self, node, port, handle):
        self.sock = node.socket(socket.AF_INET6, socket.SOCK_STREAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.sock.bind(('::', port))
        self.sock.listen(64)
        self.handle = handle
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    def serve(self, sock):
        with sock, contextlib.suppress(OSError):
            sock.settimeout(60)
            self.handle(sock)


def http(sock):
    sock.recv(65536)
    sock.sendall(b'HTTP/1.0 200 OK\r\nContent-Length: 7\r\n\r\npostern')


def blob(sock):
    """So many bytes, as asked for."""
    sock.sendall(bytes(int(sock.recv(100))))


def trickle(sock):
    """Goes on until the other side has had enough, and says then how much it was."""
    total = 0
    sock.setblocking(False)
    while True:
        with contextlib.suppress(BlockingIOError):
            total += sock.send(b'x' * 4096)
        if select.select([sock], [], [], 0.02)[0]:
            break
    sock.setblocking(True)
    sock.recv(1)
    sock.sendall(b'=%d' % total)


class Stream:
    """A transfer that goes on until it is told to end."""

    def __init__(self, node, address, port):
        self.sock = node.connect(address, port)
        if not self.sock:
            raise OSError(f'no stream to {address} {port}')
        self.sock.settimeout(PATIENCE)
        self.port = self.sock.getsockname()[1]
        self.total = 0
        self.tail = b''
        self.broken = None
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        try:
            while data := self.sock.recv(65536):
                self.total += len(data.rstrip(b'=0123456789'))
                self.tail = (self.tail + data)[-32:]
        except OSError as error:
            self.broken = error

    def goes_on(self, patience=3):
        before = self.total
        return bool(wait_for(lambda: self.total > before + 8192, patience))

    def finish(self):
        """Whether all that was sent has come."""
        self.sock.send(b'.')
        self.thread.join(PATIENCE)
        self.sock.close()
        told = self.tail.rpartition(b'=')[2]
        return not self.broken and told.isdigit() and int(told) == self.total


class Notices:
    """The socket on which systemd would listen."""

    def __init__(self, path):
        self.path = path
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(str(path))
        os.chmod(path, 0o777)  # as systemd's
        self.sock.setblocking(False)
        self.heard = []

    def has(self, word):
        with contextlib.suppress(BlockingIOError):
            while True:
                self.heard.append(self.sock.recv(4096).decode())
        return word in self.heard

    def forget(self):
        self.has('')
        self.heard = []


class World:
    """The nodes, and the servers on them."""

    def __init__(self):
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', '/run'], check=True)
        WORK.mkdir(mode=0o755)
        self.client, self.wall, self.server = map(Node, ('client', 'wall', 'server'))
        self.client.plug('ci', self.wall, 'fc', (INSIDE[4], INSIDE[6]), ('10.77.1.1', 'fd77:1::1'))
        self.server.plug('si', self.wall, 'fs', (OUTSIDE[4], OUTSIDE[6]), (WALL[4], WALL[6]))
        self.wall.run('sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1')
        self.config = WORK / 'config'
        (self.config / 'connections').mkdir(parents=True)
        self.notices = Notices(WORK / 'notify')
        self.program = WORK / 'postern'  # where everybody may run it
        self.program.write_bytes(kit.PROGRAM.read_bytes())
        self.program.chmod(0o755)

    def configure(self, main='', wan='', lan=''):
        (self.config / 'postern.conf').write_text(main, encoding='utf-8')
        for name, text in (('wan', wan), ('lan', lan)):
            (self.config / 'connections' / f'{name}.conf').write_text(text, encoding='utf-8')

    def ask(self, *question, **options):
        return subprocess.run([self.program, *question], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False, timeout=20, **options)

    def counter(self, name):
        for line in self.ask('stats').stdout.splitlines():
            if line.split(' ')[0] == name:
                return int(line.split(' ')[1])
        raise KeyError(name)

    def tracked(self, port):
        """What conntrack -L says of the connections with that port."""
        text = self.wall.run('conntrack', '-L').stdout
        text += self.wall.run('conntrack', '-L', '-f', 'ipv6').stdout
        return [line for line in text.splitlines() if f'port={port} ' in line]

    def rules(self):
        """Everything that netfilter holds, without counters."""
        texts = [self.wall.run('nft', '-s', 'list', 'ruleset').stdout]
        for program in ('iptables-save', 'ip6tables-save'):
            texts.append('\n'.join(line.partition(' [')[0]
                                   for line in self.wall.run(program).stdout.splitlines()
                                   if not line.startswith('#')))
        return texts

    def settings(self):
        """What can be set, of networks."""
        return '\n'.join(line for line in self.wall.run('sysctl', '-a', check=False).stdout
                         .splitlines() if line.startswith('net.') and 'conntrack_count' not in line)


class Daemon:
    """`postern run` on the wall."""

    number = 0

    def __init__(self, world, *arguments):
        Daemon.number += 1
        self.world = world
        self.log = WORK / f'run-{Daemon.number}.log'
        folder = WORK / f'events-{Daemon.number}'
        folder.mkdir()
        if '--user' in arguments:
            shutil.chown(folder, arguments[arguments.index('--user') + 1])
        self.file = folder / 'events.json'
        world.notices.forget()
        environment = {**os.environ, 'NOTIFY_SOCKET': str(world.notices.path)}
        if '--user' in arguments:  # who has changed who they are cannot be looked at for leaks
            environment['ASAN_OPTIONS'] = os.environ.get('ASAN_OPTIONS', '') + ':detect_leaks=0'
        with open(self.log, 'wb') as log:
            self.process = world.wall.spawn(
                kit.PROGRAM, 'run', '--config', world.config, '--events', self.file, *arguments,
                stdout=log, stderr=log, env=environment)
        if not wait_for(lambda: world.notices.has('READY=1') or self.process.poll() is not None):
            raise RuntimeError(f'it does not begin: {self.said()}')
        if self.process.poll() is not None:
            raise RuntimeError(f'it ends at once: {self.said()}')

    def said(self):
        return self.log.read_text(encoding='utf-8')

    def events(self, kind=None):
        lines = self.file.read_text(encoding='utf-8').split('\n')[:-1]
        events = [json.loads(line) for line in lines]
        return [event for event in events if kind in (None, event['event_type'])]

    def flow(self, port):
        """The event of the flow with that port, if there is one."""
        for event in self.events('flow'):
            if port in (event.get('src_port'), event.get('dest_port')):
                return event
        return None

    def reload(self):
        """Whether it has taken the new configuration."""
        self.world.notices.forget()
        before = len(self.said())
        self.process.send_signal(signal.SIGHUP)
        wait_for(lambda: 'read again' in self.said()[before:]
                 or 'stays as it was' in self.said()[before:])
        return 'read again' in self.said()[before:]

    def end(self, number=signal.SIGTERM):
        """Its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE)


SCANS = {'SYN': SYN, 'FIN': FIN, 'NULL': 0, 'XMAS': FIN | PSH | URG, 'ACK': ACK,
         'SYN-ACK': SYN | ACK, 'RST': RST, 'SYN-FIN': SYN | FIN, 'ALL': 0x3f}


def scan(world, addresses, ports, scans):
    """Sends what a scanner would."""
    for family, address in addresses.items():
        with world.server.socket(FAMILY[family], socket.SOCK_RAW,
                                 socket.IPPROTO_TCP) as sock:
            for name in scans:
                for port in ports:
                    sock.sendto(tcp_packet(OUTSIDE[family], address, 61000 + port % 1000, port,
                                               SCANS[name], ack=77 if 'ACK' in name else 0),
                                (address, 0))


class Scanner:
    """Scans what is inside, again and again; whatever of it arrives is kept."""

    def __init__(self, world, ports):
        self.world, self.ports, self.stopped = world, ports, threading.Event()
        self.tap = Tap(world.client, 'ci')
        self.arrived = []
        self.thread = threading.Thread(target=self.go, daemon=True)
        self.thread.start()

    def go(self):
        while not self.stopped.wait(0.005):
            scan(self.world, INSIDE, self.ports, ('SYN', 'ACK', 'SYN-ACK', 'FIN'))
            # All but what belongs to the transfers, on their own ports.
            self.arrived += [packet for packet in self.tap.heard_from(OUTSIDE)
                             if (packet[3] or 0) >= 61000 or packet[3] is None]

    def finish(self):
        self.stopped.set()
        self.thread.join()
        self.tap.close()
        return self.arrived


class Control:
    """A control connection of FTP, by hand."""

    def __init__(self, node, address):
        self.sock = node.connect(address, 21)
        self.port = self.sock.getsockname()[1]
        self.sock.settimeout(4)
        self.lines = self.sock.makefile('r', newline='\r\n')
        self.lines.readline()
        self.say('USER anonymous')
        self.ready = self.say('PASS x')

    def say(self, words):
        try:
            self.sock.sendall(words.encode() + b'\r\n')
            return self.lines.readline()
        except OSError as error:
            return str(error)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Enough of PPP to have something to tunnel, where the kernel has none.

    ppp.py [OPTION...] LOCAL:REMOTE        as a PPTP server starts pppd: the line is its stdin
    ppp.py --call [--pings N] COMMAND...   starts COMMAND with a line of its own, and calls

Speaks LCP and IPCP (RFC 1661, RFC 1332) in asynchronous framing (RFC 1662), without options that
would change it. The caller asks for an address, sends N echo requests to the other end, ends the
link when all are answered, and leaves with 0. The other side answers what it is asked.
"""

import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import time
import tty

FLAG, ESCAPE, FLIP = 0x7e, 0x7d, 0x20
IP, LCP, IPCP = 0x0021, 0xc021, 0x8021
REQUEST, ACK, NAK, TERMINATE, TERMINATED, ECHO, ECHOED = 1, 2, 3, 5, 6, 9, 10
MRU, MAGIC, ADDRESS = 1, 5, 3  # options
NOBODY = bytes(4)
RETRY = 1  # seconds
AT_ONCE = 8  # of the echo requests; then one for each RETRY
PATIENCE = 20


def checksum16(data):
    """Of the internet (RFC 1071)."""
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def fcs(data):
    """Of a frame, bit by bit (RFC 1662, appendix C)."""
    value = 0xffff
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x8408 if value & 1 else 0)
    return value ^ 0xffff


def to_frame(protocol, payload):
    data = struct.pack('!BBH', 0xff, 0x03, protocol) + payload
    frame = bytearray([FLAG])
    for byte in data + struct.pack('<H', fcs(data)):
        if byte < 0x20 or byte in (FLAG, ESCAPE):
            frame += bytes([ESCAPE, byte ^ FLIP])
        else:
            frame.append(byte)
    frame.append(FLAG)
    return bytes(frame)


def from_frame(frame):
    """(protocol, payload), or None for what is none."""
    data, flip = bytearray(), 0
    for byte in frame:
        if byte == ESCAPE:
            flip = FLIP
        else:
            data.append(byte ^ flip)
            flip = 0
    if len(data) < 6 or fcs(data[:-2]) != struct.unpack('<H', data[-2:])[0]:
        return None
    address, control, protocol = struct.unpack_from('!BBH', data)
    return (protocol, bytes(data[4:-2])) if (address, control) == (0xff, 0x03) else None


def option(kind, value):
    return bytes([kind, len(value) + 2]) + value


def options(data):
    """{kind: value}"""
    found = {}
    while len(data) >= 2 and 2 <= data[1] <= len(data):
        found[data[0]] = data[2:data[1]]
        data = data[data[1]:]
    return found


def ping(source, dest, kind, ident, number, data):
    icmp = struct.pack('!BBHHH', kind, 0, 0, ident, number) + data
    icmp = icmp[:2] + struct.pack('!H', checksum16(icmp)) + icmp[4:]
    header = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(icmp), number, 0, 64, 1, 0) + source + dest
    return header[:10] + struct.pack('!H', checksum16(header)) + header[12:] + icmp


class Link:
    """One end of a PPP link. `layers` says which protocols have agreed in both directions."""

    def __init__(self, line, local, remote, pings):
        self.line, self.local, self.remote = line, local, remote
        self.wanted, self.answered = pings, 0
        self.magic = os.urandom(4)
        self.heard = {LCP: False, IPCP: False}  # the other side's request is fine
        self.acked = {LCP: False, IPCP: False}  # ours is
        self.ident = 0
        self.ending = self.over = False

    def is_up(self, protocol):
        return self.heard[protocol] and self.acked[protocol]

    def is_caller(self):
        return self.wanted > 0

    def send(self, protocol, code, ident, data=b''):
        self.write(protocol, struct.pack('!BBH', code, ident, 4 + len(data)) + data)

    def write(self, protocol, payload):
        os.write(self.line, to_frame(protocol, payload))

    def request(self, protocol):
        self.ident = (self.ident + 1) % 256
        if protocol == LCP:
            data = option(MRU, struct.pack('!H', 1400)) + option(MAGIC, self.magic)
        else:
            data = option(ADDRESS, self.local)
        self.send(protocol, REQUEST, self.ident, data)

    def push(self):
        """What is due, once a second and whenever something has come."""
        if self.ending:
            self.send(LCP, TERMINATE, 255, b'done')
        elif not self.acked[LCP]:
            self.request(LCP)
        elif self.is_up(LCP) and not self.acked[IPCP]:
            self.request(IPCP)
        elif self.is_up(IPCP) and self.is_caller():
            self.ask()

    def ask(self):
        self.send(LCP, ECHO, self.answered % 256, self.magic)
        self.write(IP, ping(self.local, self.remote, 8, 7, self.answered, b'x' * 56))

    def take(self, protocol, payload):
        if protocol == IP:
            self.take_ip(payload)
        elif protocol in (LCP, IPCP):
            code, ident, length = struct.unpack_from('!BBH', payload)
            self.take_control(protocol, code, ident, payload[4:length])

    def take_control(self, protocol, code, ident, data):
        if code == REQUEST:
            self.take_request(protocol, ident, data)
        elif code == ACK and ident == self.ident and not self.acked[protocol]:
            self.acked[protocol] = True
            self.push()
        elif code == NAK and protocol == IPCP:
            self.local = options(data).get(ADDRESS, self.local)
            self.request(IPCP)
        elif code == ECHO:
            self.send(LCP, ECHOED, ident, self.magic + data[4:])
        elif code == TERMINATE:
            self.send(LCP, TERMINATED, ident)
        elif code == TERMINATED:
            self.over = True

    def take_request(self, protocol, ident, data):
        address = options(data).get(ADDRESS)
        if protocol == IPCP and not self.is_caller() and address != self.remote:
            self.send(IPCP, NAK, ident, option(ADDRESS, self.remote))
            return
        if protocol == IPCP and self.is_caller():
            self.remote = address
        self.send(protocol, ACK, ident, data)
        if not self.heard[protocol]:
            self.heard[protocol] = True
            self.push()

    def take_ip(self, packet):
        kind, data = packet[20], packet[28:]
        ident, number = struct.unpack_from('!HH', packet, 24)
        if kind == 8:
            self.write(IP, ping(self.local, packet[12:16], 0, ident, number, data))
        elif kind == 0 and number == self.answered:
            self.answered += 1
            self.ending = self.answered == self.wanted
            if self.is_caller() and (self.ending or self.answered < AT_ONCE):
                self.push()

    def run(self):
        """Until the line is gone, or the link has ended. True: everything was answered."""
        pending, due, end = b'', 0, time.monotonic() + PATIENCE
        while not self.over and not (self.is_caller() and time.monotonic() > end):
            if time.monotonic() >= due:
                due = time.monotonic() + RETRY
                self.push()
            if not select.select([self.line], [], [], max(0, due - time.monotonic()))[0]:
                continue
            try:
                data = os.read(self.line, 65536)
            except OSError:  # how a terminal says that its other end is closed
                break
            if not data:
                break
            *frames, pending = (pending + data).split(bytes([FLAG]))
            for packet in filter(None, map(from_frame, frames)):
                self.take(*packet)
        return self.over and self.answered == self.wanted


def packed(text):
    return bytes(map(int, text.split('.')))


def serve(arguments):
    ends = [re.fullmatch(r'([\d.]+):([\d.]+)', argument) for argument in arguments]
    local, remote = next(match.groups() for match in ends if match)
    tty.setraw(0)
    Link(0, packed(local), packed(remote), 0).run()
    return 0


def call(arguments):
    pings = 3
    if arguments[0] == '--pings':
        pings, arguments = int(arguments[1]), arguments[2:]
    line, other = pty.openpty()
    tty.setraw(other)
    with subprocess.Popen(arguments, stdin=other, stdout=other) as process:
        os.close(other)
        link = Link(line, NOBODY, NOBODY, pings)
        good = link.run()
        process.send_signal(signal.SIGTERM)
        process.wait()
    return 0 if good else 1


def main():
    if sys.argv[1:2] == ['--call']:
        return call(sys.argv[2:])
    return serve(sys.argv[1:])


if __name__ == '__main__':
    sys.exit(main())

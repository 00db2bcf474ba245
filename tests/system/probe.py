# SPDX-License-Identifier: GPL-2.0-or-later
"""Single packets of any protocol as raw IP, and captures of them with what a source may know."""

import ipaddress
import struct

import pcap
import pcapng

RAW = 101  # link type: no link header
ICMP, TCP, UDP, GRE, ICMPV6 = 1, 6, 17, 47, 58
FLAGS = {'F': 1, 'S': 2, 'R': 4, 'P': 8, 'A': 16, 'U': 32}
SECOND = pcapng.SECOND


def addresses(source, dest):
    return ipaddress.ip_address(source).packed, ipaddress.ip_address(dest).packed


def ip(source, dest, proto, payload, ttl=64):
    src, dst = addresses(source, dest)
    if len(src) == 16:
        return struct.pack('!IHBB', 6 << 28, len(payload), proto, ttl) + src + dst + payload
    head = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(payload), 0, 0, ttl, proto, 0) + src + dst
    return head[:10] + struct.pack('!H', pcap.checksum(head)) + head[12:] + payload


def summed(source, dest, proto, segment, at):
    """The segment with the checksum that goes to `at`, over a pseudo-header, too."""
    src, dst = addresses(source, dest)
    pseudo = src + dst + struct.pack('!II', len(segment), proto)
    if proto == ICMP:
        pseudo = b''
    total = pcap.checksum(pseudo + segment)
    return segment[:at] + struct.pack('!H', total) + segment[at + 2:]


def tcp(source, sport, dest, dport, flags='S', seq=1, ack=0, data=b''):
    bits = sum(FLAGS[letter] for letter in flags)
    segment = struct.pack('!HHIIBBHHH', sport, dport, seq, ack, 5 << 4, bits, 65535, 0, 0) + data
    return ip(source, dest, TCP, summed(source, dest, TCP, segment, 16))


def udp(source, sport, dest, dport, data=b''):
    segment = struct.pack('!HHHH', sport, dport, 8 + len(data), 0) + data
    return ip(source, dest, UDP, summed(source, dest, UDP, segment, 6))


def icmp(source, dest, kind, code=0, body=b'', ttl=64):
    """`body` is behind type, code and checksum."""
    proto = ICMPV6 if ':' in dest else ICMP
    segment = struct.pack('!BBH', kind, code, 0) + (body or struct.pack('!HH', 7, 1))
    return ip(source, dest, proto, summed(source, dest, proto, segment, 2), ttl)


def icmp_error(source, dest, kind, code, about):
    """An error about a packet that `dest` has sent."""
    return icmp(source, dest, kind, code, bytes(4) + about)


def capture(path, packets, interface=None, way=None):
    """A packet per millisecond; all of one interface."""
    time = 1700000000 * SECOND
    path.write_bytes(pcapng.section() + pcapng.interface(RAW, interface) + b''.join(
        pcapng.packet(0, time + n * SECOND // 1000, data, way=way)
        for n, data in enumerate(packets)))
    return path

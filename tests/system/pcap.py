# SPDX-License-Identifier: GPL-2.0-or-later
"""Classic capture files, and TCP segments that can be taken apart and put together otherwise.

Knows Ethernet, IPv4, IPv6 without extension headers, and TCP: what our own captures hold.
"""

import ipaddress
import struct

MAGIC = 0xa1b2c3d4  # microseconds
ETHERNET = 1
FIN, SYN, ACK = 0x01, 0x02, 0x10


def read(path):
    """[(time in microseconds, frame)]"""
    data = path.read_bytes()
    order = '<' if data[:4] == struct.pack('<I', MAGIC) else '>'
    magic, _, _, _, _, _, link = struct.unpack_from(order + 'IHHiIII', data)
    if magic != MAGIC or link != ETHERNET:
        raise ValueError(f'{path}: not a capture of this kind')
    packets = []
    at = 24
    while at < len(data):
        seconds, micros, length, _ = struct.unpack_from(order + 'IIII', data, at)
        packets.append((seconds * 1000000 + micros, data[at + 16:at + 16 + length]))
        at += 16 + length
    return packets


def header():
    return struct.pack('<IHHiIII', MAGIC, 2, 4, 0, 0, 262144, ETHERNET)


def record(time, frame):
    return struct.pack('<IIII', time // 1000000, time % 1000000, len(frame), len(frame)) + frame


def checksum(data):
    """The complement of the one's complement sum (RFC 1071)."""
    if len(data) % 2:
        data += b'\0'
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Segment:
    """A TCP segment of a capture, from its Ethernet header on."""

    def __init__(self, time, frame):
        self.time = time
        self.link, ip = frame[:14], frame[14:]
        self.version = ip[0] >> 4
        if self.version == 4:
            length, (end,) = (ip[0] & 15) * 4, struct.unpack_from('!H', ip, 2)
            self.src, self.dst = ip[12:16], ip[16:20]
        else:
            length, end = 40, 40 + struct.unpack_from('!H', ip, 4)[0]
            self.src, self.dst = ip[8:24], ip[24:40]
        self.ip, tcp = ip[:length], ip[length:end]
        if (ip[9] if self.version == 4 else ip[6]) != 6:
            raise ValueError('not TCP')
        offset = (tcp[12] >> 4) * 4
        self.tcp, self.payload = tcp[:offset], tcp[offset:]
        self.sport, self.dport, self.seq = struct.unpack_from('!HHI', tcp)
        self.flags = tcp[13]

    def piece(self, start, end):
        """The same segment with a part of its payload; the last part keeps the FIN."""
        part = object.__new__(Segment)
        part.__dict__.update(self.__dict__)
        part.payload = self.payload[start:end]
        part.seq = (self.seq + start) & 0xffffffff
        if end < len(self.payload):
            part.flags &= ~FIN
        return part

    def between(self, sport, dport, flags):
        """The same segment with other ports and flags."""
        part = self.piece(0, len(self.payload))
        part.sport, part.dport, part.flags = sport, dport, flags
        return part

    def frame(self, src, dst, payload):
        """Its bytes with other addresses (packed) and another payload of any length."""
        tcp = bytearray(self.tcp + payload)
        struct.pack_into('!HHI', tcp, 0, self.sport, self.dport, self.seq)
        tcp[13] = self.flags
        struct.pack_into('!H', tcp, 16, 0)
        pseudo = src + dst + struct.pack('!II', len(tcp), 6)
        struct.pack_into('!H', tcp, 16, checksum(pseudo + tcp))
        ip = bytearray(self.ip)
        if self.version == 4:
            ip[12:16], ip[16:20] = src, dst
            struct.pack_into('!H', ip, 2, len(ip) + len(tcp))
            struct.pack_into('!H', ip, 10, 0)
            struct.pack_into('!H', ip, 10, checksum(ip))
        else:
            ip[8:24], ip[24:40] = src, dst
            struct.pack_into('!H', ip, 4, len(tcp))
        return bytes(self.link + ip + tcp)


def pack(address):
    return ipaddress.ip_address(address).packed

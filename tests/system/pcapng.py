# SPDX-License-Identifier: GPL-2.0-or-later
"""pcapng files: writing some with several interfaces, and reading what the program has written."""

import collections
import struct

SECTION, INTERFACE, PACKET = 0x0a0d0d0a, 1, 6
COMMENT, NAME, RESOLUTION = 1, 2, 9
FLAGS = 2  # of a packet
WAYS = {'received': 1, 'sent': 2}
SECOND = 1000000000

Packet = collections.namedtuple('Packet', 'time link name data length comment')


def padded(data):
    return data + bytes(-len(data) % 4)


def option(code, value):
    return struct.pack('<HH', code, len(value)) + padded(value)


def block(kind, body):
    body = padded(body)
    length = struct.pack('<I', len(body) + 12)
    return struct.pack('<I', kind) + length + body + length


def section():
    return block(SECTION, struct.pack('<IHHq', 0x1a2b3c4d, 1, 0, -1))


def interface(link, name=None):
    """One that counts nanoseconds."""
    options = option(NAME, name.encode()) if name else b''
    options += option(RESOLUTION, b'\x09') + option(0, b'')
    return block(INTERFACE, struct.pack('<HHI', link, 0, 0) + options)


def packet(number, time, data, length=None, way=None):
    """One of the interface with this number; `length` if it was longer on the wire."""
    head = struct.pack('<IIIII', number, time >> 32, time & 0xffffffff, len(data),
                       length or len(data))
    options = option(FLAGS, struct.pack('<I', WAYS[way])) + option(0, b'') if way else b''
    return block(PACKET, head + (padded(data) + options if options else data))


def options_of(data):
    found = {}
    while data:
        code, length = struct.unpack_from('<HH', data)
        found[code] = data[4:4 + length]
        data = data[4 + length + -length % 4:]
    return found


def blocks_of(data):
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from('<II', data, at)
        end = at + length
        if length % 4 or data[end - 4:end] != data[at + 4:at + 8]:
            raise ValueError(f'a block of type {kind} with length {length}')
        yield kind, data[at + 8:end - 4]
        at = end


def read(path):
    """The packets of a file that has one little-endian section and counts nanoseconds."""
    interfaces = []
    packets = []
    for kind, body in blocks_of(path.read_bytes()):
        if kind == INTERFACE:
            options = options_of(body[8:])
            if options[RESOLUTION] != b'\x09':
                raise ValueError(f'time stamps of unit {options[RESOLUTION]}')
            interfaces.append((struct.unpack_from('<H', body)[0],
                               options.get(NAME, b'').decode() or None))
        elif kind == PACKET:
            number, high, low, captured, length = struct.unpack_from('<IIIII', body)
            link, name = interfaces[number]
            rest = body[20 + captured + -captured % 4:]
            packets.append(Packet(high << 32 | low, link, name, body[20:20 + captured], length,
                                  options_of(rest)[COMMENT].decode()))
        elif kind != SECTION:
            raise ValueError(f'a block of type {kind}')
    return packets

# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets of any protocol between hosts of both families, and captures of what uplinks see."""

import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'system'))

import pcap  # noqa: E402
import pcapng  # noqa: E402

ICMP, TCP, UDP, GRE, ESP, ICMPV6 = 1, 6, 17, 47, 50, 58
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
ETHERNET = 1
START = 1700000000 * pcapng.SECOND

# What is protected, and where it is; peers outside, one behind each uplink.
INSIDE = '10.0.0.0/8,2001:db8:1::/48'
US = ('10.0.0.1', '2001:db8:1::1')
ONE = ('192.0.2.1', '2001:db8:9::1')
TWO = ('198.51.100.7', '2001:db8:8::7')


def ip(source, dest, proto, body):
    """An Ethernet frame; the checksum of the body is the caller's."""
    src, dst = pcap.pack(source), pcap.pack(dest)
    link = b'\2\0\0\0\0\1\2\0\0\0\0\2'
    if len(src) == 16:
        head = struct.pack('!IHBB', 0x60000000, len(body), proto, 64)
        return link + b'\x86\xdd' + head + src + dst + body
    head = bytearray(struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(body), 1, 0, 64, proto, 0)
                     + src + dst)
    struct.pack_into('!H', head, 10, pcap.checksum(head))
    return link + b'\x08\0' + bytes(head) + body


def summed(source, dest, proto, body, at):
    """The body with its checksum, which stands at that offset."""
    body = bytearray(body)
    pseudo = b''
    if proto != ICMP:
        pseudo = pcap.pack(source) + pcap.pack(dest) + struct.pack('!II', len(body), proto)
    struct.pack_into('!H', body, at, pcap.checksum(pseudo + bytes(body)))
    return bytes(body)


def tcp(source, sport, dest, dport, flags, seq=1, ack=0, window=4096, data=b''):
    body = struct.pack('!HHIIBBHHH', sport, dport, seq, ack, 0x50, flags, window, 0, 0) + data
    return ip(source, dest, TCP, summed(source, dest, TCP, body, 16))


def udp(source, sport, dest, dport, data=b'data'):
    body = struct.pack('!HHHH', sport, dport, 8 + len(data), 0) + data
    return ip(source, dest, UDP, summed(source, dest, UDP, body, 6))


def icmp(source, dest, kind, code=0, ident=7, data=b'data'):
    proto = ICMPV6 if ':' in source else ICMP
    body = struct.pack('!BBHHH', kind, code, 0, ident, 0) + data
    return ip(source, dest, proto, summed(source, dest, proto, body, 2))


def other(source, dest, proto, data=bytes(16)):
    return ip(source, dest, proto, data)


class Uplinks:
    """A capture of interfaces wan0, wan1, …: one packet each millisecond."""

    def __init__(self, count=2, named=True):
        self.blocks = [pcapng.section()]
        self.blocks += [pcapng.interface(ETHERNET, f'wan{n}' if named else None)
                        for n in range(count)]
        self.time = START
        self.named = named

    def see(self, number, way, frame):
        self.time += pcapng.SECOND // 1000
        self.blocks.append(pcapng.packet(number, self.time, frame,
                                         way=way if self.named else None))

    def sent(self, number, frame):
        self.see(number, 'sent', frame)

    def received(self, number, frame):
        self.see(number, 'received', frame)

    def write(self, path):
        path.write_bytes(b''.join(self.blocks))
        return path


def everything(capture, number, them):
    """Shows an uplink packets of all kinds that we and somebody else exchange or try to."""
    for us, peer in zip(US, them):
        kinds = (128, 135, 1, 137) if ':' in us else (8, 13, 3, 5)
        for flags in (SYN, ACK, SYN | ACK, RST, FIN | ACK, SYN | FIN, 0):
            capture.received(number, tcp(peer, 5000, us, 80, flags))
            capture.received(number, tcp(peer, 5000, us, 8080, flags))
        for kind in kinds:
            capture.received(number, icmp(peer, us, kind))
            capture.sent(number, icmp(us, peer, kind, 1))
        for port in (53, 80, 6970):
            capture.received(number, udp(peer, 5000, us, port))
            capture.sent(number, udp(us, 5001, peer, port))
            capture.received(number, udp(peer, port, us, 5001))
        for proto in (GRE, ESP, 132):
            capture.received(number, other(peer, us, proto))
        capture.sent(number, tcp(us, 6000, peer, 554, SYN))
        capture.received(number, udp(peer, 9999, us, 6980))
        talk(capture, number, (us, 6001), (peer, 80))


def talk(capture, number, client, server, outbound=True):
    """A TCP connection from its handshake to its end."""
    ask = (capture.sent, capture.received)[not outbound]
    tell = (capture.received, capture.sent)[not outbound]
    to, back = (*client, *server), (*server, *client)
    ask(number, tcp(*to, SYN, 100))
    tell(number, tcp(*back, SYN | ACK, 500, 101))
    ask(number, tcp(*to, ACK, 101, 501))
    ask(number, tcp(*to, ACK | PSH, 101, 501, data=b'GET /'))
    tell(number, tcp(*back, ACK | PSH, 501, 106, data=b'200'))
    ask(number, tcp(*to, ACK | FIN, 106, 504))
    tell(number, tcp(*back, ACK | FIN, 504, 107))
    ask(number, tcp(*to, ACK, 107, 505))

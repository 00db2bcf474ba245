# SPDX-License-Identifier: GPL-2.0-or-later
"""What the real programs do not do: incoming calls, several on one connection, refusals, notices with
the other side's id, packets of nobody's call, and an end by Stop-Control-Connection.

    pptp-peers.py server ADDRESS     waits for one connection
    pptp-peers.py client ADDRESS     makes it

Both go through the same list of steps. What a step says is sent by the one and awaited by the other,
so it is the same conversation every time. Needs root, for packets of GRE.
"""

import socket
import struct
import sys
import time

CLIENT, SERVER = 'C', 'S'
PORT = 1723
PATIENCE = 10  # seconds


def message(kind, length, *fields):
    """A control message (RFC 2637 §2): fields are (offset, format, value)."""
    data = bytearray(length)
    struct.pack_into('!HHIH', data, 0, length, 1, 0x1a2b3c4d, kind)
    for offset, form, value in fields:
        struct.pack_into('!' + form, data, offset, value)
    return bytes(data)


def start(kind, result):
    return message(kind, 156, (12, 'H', 0x100), (14, 'B', result), (28, '5s', b'peers'),
                   (92, '3s', b'lab'))


def outgoing(own, serial):
    return message(7, 168, (12, 'H', own), (14, 'H', serial))


def outgoing_reply(own, peer, result=1):
    return message(8, 32, (12, 'H', own), (14, 'H', peer), (16, 'B', result))


def incoming(own, serial):
    return message(9, 220, (12, 'H', own), (14, 'H', serial), (24, 'H', 4), (28, '4s', b'5551'))


def incoming_reply(own, peer):
    return message(10, 24, (12, 'H', own), (14, 'H', peer), (16, 'B', 1))


def connected(peer):
    return message(11, 28, (12, 'H', peer))


def clear(own):
    return message(12, 16, (12, 'H', own))


def notice(call_id):
    return message(13, 148, (12, 'H', call_id), (14, 'B', 4))


def wan_error(peer):
    return message(14, 40, (12, 'H', peer))


def link_info(peer):
    return message(15, 24, (12, 'H', peer))


# Who sends, and what: pieces of the control connection, or a call id for a packet of GRE.
STEPS = [
    (CLIENT, start(1, 0)),
    (SERVER, start(2, 1)),
    (SERVER, message(5, 16)),
    (CLIENT, message(6, 20, (16, 'B', 1))),
    # An outgoing call whose ids are both 0.
    (CLIENT, outgoing(0, 1)),
    (SERVER, outgoing_reply(0, 0)),
    (SERVER, link_info(0)),
    (CLIENT, 0),
    (SERVER, 0),
    # An incoming one, cut in the middle of each message.
    (SERVER, incoming(78, 2)[:100]),
    (SERVER, incoming(78, 2)[100:]),
    (CLIENT, incoming_reply(5, 78)[:11]),
    (CLIENT, incoming_reply(5, 78)[11:]),
    (SERVER, connected(5)),
    (SERVER, 5),
    (CLIENT, 78),
    # One is refused, two are asked for and granted at once, in the other order.
    (CLIENT, outgoing(6, 3)),
    (SERVER, outgoing_reply(0, 6, 4)),
    (CLIENT, outgoing(7, 4) + outgoing(8, 5)),
    (SERVER, outgoing_reply(80, 8) + outgoing_reply(79, 7) + wan_error(7)),
    (CLIENT, link_info(79) + link_info(80)),
    (CLIENT, 79),
    (SERVER, 8),
    (SERVER, 7),
    (CLIENT, 80),
    # Of the refused call; of the other side's id; of none.
    (SERVER, 6),
    (SERVER, 79),
    (SERVER, 4711),
    # The first ends by a notice with the id of its PNS, the second by one with that of its PAC.
    (SERVER, notice(0)),
    (SERVER, 0),
    (SERVER, 5),
    (SERVER, notice(78)),
    (SERVER, 5),
    # The third is cleared, the fourth goes on until all is stopped.
    (CLIENT, clear(7)),
    (SERVER, notice(79)),
    (SERVER, 7),
    (SERVER, 8),
    (CLIENT, message(3, 16, (12, 'B', 1))),
    (SERVER, 8),
    (SERVER, message(4, 16, (12, 'B', 1))),
]


def gre(call_id, number):
    """With a sequence number (RFC 2637 §4.1), and an LCP Echo-Request in it."""
    payload = struct.pack('!BBHBBHI', 0xff, 3, 0xc021, 9, number, 8, 0)
    return struct.pack('!HHHHI', 0x3001, 0x880b, len(payload), call_id, number) + payload


def take(stream, length):
    while length:
        length -= len(stream.recv(length)) or sys.exit('the other side is gone')


def converse(stream, tunnel, side, other):
    for number, (sender, what) in enumerate(STEPS):
        if sender == side:
            time.sleep(0.01)  # so that pieces are segments, and packets stay in order
            if isinstance(what, bytes):
                stream.sendall(what)
            else:
                tunnel.sendto(gre(what, number), (other, 0))
        elif isinstance(what, bytes):
            take(stream, len(what))
        else:
            tunnel.recv(2048)


def main():
    side, address = sys.argv[1][0].upper(), sys.argv[2]
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_GRE) as tunnel:
        tunnel.settimeout(PATIENCE)
        if side == SERVER:
            with socket.create_server((address, PORT)) as waiting:
                stream, (other, _) = waiting.accept()
        else:
            stream, other = socket.create_connection((address, PORT), PATIENCE), address
        with stream:
            stream.settimeout(PATIENCE)
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            converse(stream, tunnel, side, other)
            if side == SERVER:
                stream.recv(1)  # the client closes first


if __name__ == '__main__':
    main()

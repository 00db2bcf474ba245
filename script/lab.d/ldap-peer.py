# SPDX-License-Identifier: GPL-2.0-or-later
"""For script/lab: what talks to a directory's clients, and what no package has.

    ldap-peer.py listen ADDRESS PORT...        takes calls, and hangs up when the caller does
    ldap-peer.py call FROM TO PORT             calls, says hello, hangs up
    ldap-peer.py ask ADDRESS [ANSWERS]         asks by CLDAP, as Active Directory's clients do, and
                                               waits for so many answers (default 1)
    ldap-peer.py answer ADDRESS FROM[:PORT]... answers such queries from each of these addresses
    ldap-peer.py relay IFACE GROUP TO          hears queries to a group, and lets those that answer
                                               queries to TO answer in its place

Servers say "ready" when they are.
"""

import select
import socket
import struct
import sys

CLDAP = 389


def element(tag, *contents):
    """BER, with lengths as Active Directory writes them."""
    content = b''.join(contents)
    return struct.pack('!BBI', tag, 0x84, len(content)) + content


def text(value):
    return element(0x04, value)


def small(tag, number):
    return bytes((tag, 1, number))


def ping(number):
    """The search for a domain controller (MS-ADTS §6.3.3)."""
    conditions = ((b'DnsDomain', b'lab.example'), (b'Host', b'CLIENT'),
                  (b'NtVer', b'\x16\0\0\0'))
    names = element(0xa0, *(element(0xa3, text(name), text(value)) for name, value in conditions))
    search = element(0x63, text(b''), small(0x0a, 0), small(0x0a, 0), small(0x02, 0),
                     small(0x02, 0), small(0x01, 0), names, element(0x30, text(b'Netlogon')))
    return element(0x30, small(0x02, number), search)


def answer_to(query):
    """An entry and the end of the search, in one datagram."""
    length = 2 + (query[1] & 0x7f if query[1] & 0x80 else 0)
    number = query[length:length + 2 + query[length + 1]]
    found = element(0x30, element(0x30, text(b'Netlogon'), element(0x31, text(bytes(24)))))
    done = small(0x0a, 0) + text(b'') + text(b'')
    return (element(0x30, number, element(0x64, text(b''), found)) +
            element(0x30, number, element(0x65, done)))


def ready():
    print('ready', flush=True)


def listen(address, *ports):
    listeners = [socket.create_server((address, int(port))) for port in ports]
    ready()
    while True:
        for listener in select.select(listeners, [], [])[0]:
            with listener.accept()[0] as call_in:
                while call_in.recv(100):
                    pass


def call(source, target, port):
    with socket.create_connection((target, int(port)), 5, (source, 0)) as out:
        out.sendall(b'hello')
        out.shutdown(socket.SHUT_WR)
        while out.recv(100):
            pass


def ask(address, answers=1):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.settimeout(5)
        out.sendto(ping(7), (address, CLDAP))
        for _ in range(int(answers)):
            print('an answer from', *out.recvfrom(2000)[1])


def answer(address, *sources):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((address, CLDAP))
        ready()
        while True:
            query, client = server.recvfrom(2000)
            if query.startswith(b'relayed '):
                _, host, port, query = query.split(b' ', 3)
                client = host.decode(), int(port)
            for source in sources:
                host, _, port = source.partition(':')
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
                    out.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    out.bind((host, int(port or CLDAP)))
                    out.sendto(answer_to(query), client)


def relay(iface, group, target):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, iface.encode())
        server.bind((group, CLDAP))
        index = struct.pack('@i', socket.if_nametoindex(iface))
        server.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                          socket.inet_aton(group) + bytes(4) + index)
        ready()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            while True:
                query, (host, port) = server.recvfrom(2000)
                out.sendto(b'relayed %s %d %s' % (host.encode(), port, query), (target, CLDAP))


if __name__ == '__main__':
    {'listen': listen, 'call': call, 'ask': ask, 'answer': answer, 'relay': relay}[sys.argv[1]](
        *sys.argv[2:])

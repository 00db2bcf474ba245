# SPDX-License-Identifier: GPL-2.0-or-later
"""The captures that are measured, and how they are made."""

import dataclasses
import os
import subprocess


def short(number):
    """1000 as "1 k", 1000000 as "1 M"."""
    for size, letter in ((1000000, ' M'), (1000, ' k')):
        if number >= size:
            return f'{number // size}{letter}'
    return str(number)


@dataclasses.dataclass
class Capture:
    """A capture as make-capture makes it; `label` says what is in it, {} how many flows."""

    name: str
    kind: str
    flows: int
    data: int  # packets of each flow that carry data
    concurrent: int
    label: str
    quick_data: int = 0  # --quick has fewer packets of each flow; else fewer flows
    packets: int = 0
    path: str = ''

    def make_quick(self):
        if self.quick_data:
            self.data = self.quick_data
            return
        self.flows //= 10
        self.concurrent = max(self.concurrent // 10, 1)

    def describe(self):
        return self.label.format(short(self.flows))

    def make(self, tools, folder):
        self.path = os.path.join(folder, f'{self.name}.pcap')
        result = subprocess.run(
            [tools.make_capture, self.kind, str(self.flows), str(self.data), str(self.concurrent),
             self.path], text=True, check=True, stdout=subprocess.PIPE)
        self.packets = int(result.stdout.split()[0])
        return self


K, M = 1000, 1000000

# Bytes that all of them take, with what is written beside them; and of --quick.
NEEDED = {False: 3800 * M, True: 450 * M}


def all_captures(quick):
    captures = [
        Capture('small-1k', 'small', K, 4000, K, '{} flows, 60 B', quick_data=400),
        Capture('small-100k', 'small', 100 * K, 50, 100 * K, '{} flows, 60 B'),
        Capture('small-1M', 'small', M, 5, M, '{} flows, 60 B'),
        Capture('mix', 'mix', 100 * K, 18, 100 * K, '{} flows, 60/590/1514 B 7:4:1'),
        Capture('churn', 'churn', 500 * K, 4, 10 * K, '{} TCP connections, each of 10 packets'),
        Capture('single', 'single', M, 1, M, '{} flows of one packet'),
        Capture('ftp', 'ftp', 20 * K, 0, 10 * K, '{} FTP sessions, each with a file'),
        Capture('drops', 'drops', M, 1, 1, '{} packets, all dropped'),
        Capture('open6-100k', 'open6', 100 * K, 1, 100 * K, '{} flows over IPv6, left open'),
        Capture('open6-1M', 'open6', M, 1, M, '{} flows over IPv6, left open'),
    ]
    if quick:
        for capture in captures:
            capture.make_quick()
    return {capture.name: capture for capture in captures}


def counted_captures():
    """Pairs of small ones, whose difference is packets of one sort: what counts instructions."""

    def pair(name, kind, label, flows, data):
        return [Capture(f'{name}-{n}', kind, flows[n], data[n], flows[n] // 2, label)
                for n in (0, 1)]

    return {
        'small': pair('count-small', 'small', 'packets of open flows, 60 B', (200, 200), (50, 250)),
        'mix': pair('count-mix', 'mix', 'packets of open flows, 60/590/1514 B', (200, 200),
                    (50, 250)),
        'tcp6': pair('count-tcp6', 'tcp6', 'packets of open flows, IPv6, 74 B', (200, 200),
                     (50, 250)),
        'flows': pair('count-flows', 'small', 'packets of whole flows, 60 B', (1000, 4000), (8, 8)),
        'churn': pair('count-churn', 'churn', 'packets of TCP connections of 10', (1000, 4000),
                      (4, 4)),
        'single': pair('count-single', 'single', 'flows of one packet, not ended', (2000, 8000),
                       (1, 1)),
        'drops': pair('count-drops', 'drops', 'packets that are dropped', (2000, 8000), (1, 1)),
        'ftp': pair('count-ftp', 'ftp', 'packets of FTP sessions', (50, 200), (0, 0)),
    }

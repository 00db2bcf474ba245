# SPDX-License-Identifier: GPL-2.0-or-later
"""Public captures that were made to break readers, and those of all link types.

POSTERN_CORPUS names the folder. Every file of hostile/ and linktypes/ is replayed with everything
on: it ends in time and in bounded memory, with status 0, or 1 and one line that says why, and each
of its packets is accepted or dropped. For linktypes/ the conversations are those of gt/NAME.tsv,
packet by packet, as far as another program's opinion goes (see DEVIATIONS).
"""

import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import tempfile

import kit
import pcapng
from corpus import endpoints, key, read_tsv

CPU_SECONDS = 5
PATIENCE = 120  # seconds of a busy machine
SANITIZED = b'__asan_init' in kit.PROGRAM.read_bytes()
MEMORY_MB = 1500 if SANITIZED else 400

KNOWN_LINKS = {0, 1, 9, 12, 50, 51, 101, 104, 108, 113, 228, 229, 276}

# Files that end with status 1 although their link type is known.
BROKEN = {
    'gopacket__test901.pcapng': 'version 2',
    'gopacket__test901-m.pcapng': 'version 2',
}

# Packets that the ground truth finds and we do not, and why.
DEVIATIONS = {
    'pcpp__NullLoopback.pcap': 1,  # one packet has the header of another link type
    'pcpp__null_loopback.pcap': 1,
    'zeek__cisco-fabric-path.pcap': 32,  # one of each conversation is within FabricPath
}

CONFIG = '[Stateful]\nMidstream=any\n'
EVERYBODY = '0.0.0.0/0,::/0'


class Run:
    """A replay of a file, what it used and what it left behind."""

    def __init__(self, path, folder, *options):
        self.path = path
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=folder))
        outputs = [self.folder / name for name in ('events', 'accepted', 'dropped', 'log')]
        arguments = [kit.PROGRAM, 'replay', *options]
        for option, output in zip(('--events', '--write-accepted', '--write-dropped', '--log'),
                                  outputs):
            arguments += [option, output]
        with open(self.folder / 'stdout', 'wb') as stdout, \
                open(self.folder / 'stderr', 'wb') as stderr:
            process = subprocess.Popen(['timeout', '-s', 'KILL', str(PATIENCE),
                                        *map(str, arguments), str(path)],
                                       stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
                                       env={**os.environ, 'LC_ALL': 'C.UTF-8'})
            _, status, used = os.wait4(process.pid, 0)
        self.status = process.returncode = os.waitstatus_to_exitcode(status)
        self.error = (self.folder / 'stderr').read_text(errors='replace')
        self.seconds = used.ru_utime + used.ru_stime
        self.megabytes = used.ru_maxrss / 1024

    def stats(self):
        lines = (self.folder / 'events').read_text().splitlines()
        return json.loads(lines[-1])['stats'] if lines else None

    def events(self):
        return [json.loads(line) for line in (self.folder / 'events').read_text().splitlines()]

    def written(self):
        return sum(len(pcapng.read(self.folder / name)) for name in ('accepted', 'dropped'))


def check_run(count, run):
    """What holds for any file."""
    name = run.path.name
    count.check(run.status in (0, 1), f'{name}: status {run.status}: {run.error[:2000]}')
    lines = run.error.splitlines()
    count.check(len(lines) == run.status and all(line.startswith(f'postern: {run.path}: ')
                                                 for line in lines),
                f'{name}: status {run.status}, and says {run.error[:2000]}')
    count.check(run.seconds < CPU_SECONDS, f'{name}: took {run.seconds:.1f} s')
    count.check(run.megabytes < MEMORY_MB, f'{name}: took {run.megabytes:.0f} MB')
    stats = run.stats()
    count.check(stats and stats['accepted'] + stats['dropped'] == stats['packets']
                == run.written(), f'{name}: {stats}, and {run.written()} packets were written')


def links(row):
    """The link types of a file, as the index has them."""
    return {int(link) for link in row['linktypes'].split(',') if link.isdigit()}


def conversation(endpoints_key):
    """The same for both directions."""
    src, src_port, dest, dest_port, proto = endpoints_key
    return proto, frozenset(((src, src_port), (dest, dest_port)))


def found(events):
    """Packets per conversation, and how many were dropped without knowing theirs."""
    packets = collections.Counter()
    unknown = 0
    for event in events:
        if event['event_type'] not in ('flow', 'drop'):
            continue
        amount = 1
        if event['event_type'] == 'flow':
            amount = event['flow']['pkts_toserver'] + event['flow']['pkts_toclient']
        if event.get('proto') in ('TCP', 'UDP') and 'src_port' in event:
            packets[conversation(key(event))] += amount
        elif event['event_type'] == 'drop':
            unknown += 1
    return packets, unknown


def announced(path):
    """The same from the ground truth."""
    packets = collections.Counter()
    for row in read_tsv(path):
        if row['#kind'] == 'flow' and row['control_flow'].endswith(('/tcp', '/udp')):
            packets[conversation(endpoints(row['control_flow']))] += int(row['pkts'])
    return packets


def check_conversations(count, run, row, corpus):
    name = run.path.name
    ours, unknown = found(run.events())
    theirs = announced(corpus / row['ground_truth'])
    count.check(not ours - theirs, f'{name}: we alone see {dict(ours - theirs)}')
    missing = theirs - ours
    # Another program shows ports of what we refuse to take for a whole header.
    count.check(sum(missing.values()) <= unknown + DEVIATIONS.get(name, 0),
                f'{name}: we miss {dict(missing)}, {unknown} dropped')
    return len(theirs)


def check_link(count, run, row):
    """A link type that is not known is told; one that is known is read."""
    name = run.path.name
    if not links(row) <= KNOWN_LINKS:
        count.check(run.status == 1 and 'link type ' in run.error, f'{name}: {run.error}')
    elif name in BROKEN:
        count.check(run.status == 1 and BROKEN[name] in run.error, f'{name}: {run.error}')
    else:
        count.check(run.status == 0, f'{name}: {run.error}')


def play(corpus, folder):
    """All runs, two at a time; of a file by its name in the index."""
    config = folder / 'any.conf'
    config.write_text(CONFIG)
    options = {'hostile': [], 'linktypes': ['-c', config, '--inside', EVERYBODY]}
    paths = [path for name in options for path in sorted((corpus / name).iterdir())
             if path.is_file()]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        yield from pool.map(lambda path: Run(path, folder, *options[path.parent.name]), paths)


def main():
    corpus = kit.corpus()
    if not corpus:
        kit.skip('POSTERN_CORPUS names no folder of public captures')
    count = kit.Count()
    index = {row['file']: row for row in read_tsv(corpus / 'INDEX.tsv')}
    conversations = captures = 0
    slowest = largest = None
    with tempfile.TemporaryDirectory() as folder:
        for run in play(corpus, pathlib.Path(folder)):
            captures += 1
            slowest = max(slowest or run, run, key=lambda one: one.seconds)
            largest = max(largest or run, run, key=lambda one: one.megabytes)
            check_run(count, run)
            if run.path.parent.name == 'linktypes':
                row = index[f'linktypes/{run.path.name}']
                check_link(count, run, row)
                if links(row) <= KNOWN_LINKS:
                    conversations += check_conversations(count, run, row, corpus)
    print(f'most time: {slowest.seconds:.2f} s for {slowest.path.name}')
    print(f'most memory: {largest.megabytes:.0f} MB for {largest.path.name}')
    print(f'{conversations} conversations compared')
    count.check(captures > 300 and conversations > 300, 'the corpus is not whole')
    print(f'{captures} captures ran')
    count.done()


if __name__ == '__main__':
    main()

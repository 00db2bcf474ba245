# SPDX-License-Identifier: GPL-2.0-or-later
"""The summary of a replay: what a person reads, and what a terminal must never get to see."""

import os
import pathlib
import pty
import re
import signal
import subprocess
import tempfile

import kit
import pcap
import probe

CAPTURE = kit.SOURCE / 'tests' / 'pcap' / 'ftp-active-passive.pcap'
CLIENT, SERVER = '10.77.1.2', '203.0.113.2'
ESCAPE = re.compile(r'\x1b\[\d*[mK]')


def write(path, segments):
    """Segments as (source, destination, payload, segment)."""
    with open(path, 'wb') as file:
        file.write(pcap.header())
        for src, dst, payload, segment in segments:
            file.write(pcap.record(segment.time, segment.frame(src, dst, payload)))
    return path


def segments_of(path):
    return [pcap.Segment(time, frame) for time, frame in pcap.read(path)]


def summary(*arguments, **environment):
    env = {**os.environ, 'LC_ALL': 'C.UTF-8', **environment}
    result = kit.run('replay', *arguments, env=env)
    return result.stdout


def check_tree(count):
    """Every door, what came through it, and the two ways to draw it."""
    text = summary('--inside', CLIENT, CAPTURE)
    for what in ('ftp 10.77.1.2:', '→ 203.0.113.2:21', '├─ door 1 ', '└─ door 4 ', 'user: anonymous',
                 '(else unsolicited)', 'packets    214,', 'expected                        64',
                 'inside     10.77.1.2\n', 'policy alone would have dropped 4 of them (32 packets)'):
        count.check(what in text, f'no {what!r} in {text}')
    plain = summary('--inside', CLIENT, CAPTURE, LC_ALL='C')
    count.check(plain.isascii(), 'not ASCII in an ASCII locale')
    drawn = text
    for glyph, letters in (('├─', '|-'), ('└─', '`-'), ('│', '|'), ('→', '->')):
        drawn = drawn.replace(glyph, letters)

    def timeless(page):
        return re.sub('played in .*', '', page)

    count.check(timeless(drawn) == timeless(plain), 'ASCII and UTF-8 say different things')


def check_without(count):
    """Without helpers no door opens, and what the server calls back for is dropped."""
    text = summary('--inside', CLIENT, '--helpers', 'none', CAPTURE)
    count.check('door' not in text.replace('came through a door', '') and 'unsolicited' in text,
                f'none: {text}')
    listed = summary('--inside', CLIENT, '--helpers', 'ftp', CAPTURE)
    count.check('door 7 ' in listed, f'ftp: {listed}')


def check_hostile(count, folder):
    """What stands on the wire moves no cursor and changes no colour."""
    changed = [(segment.src, segment.dst,
                segment.payload.replace(b'USER anonymous', b'USER \x1b[31mab\x07\x7f'), segment)
               for segment in segments_of(CAPTURE)]
    text = summary(write(folder / 'hostile.pcap', changed))
    count.check('user: ' in text and 'anonymous' not in text, f'not as it should be: {text}')
    count.check(all(c.isprintable() or c == '\n' for c in text), f'control characters: {text!r}')
    name = folder / 'a\x1b[2Jb\n.pcap'
    name.write_bytes(CAPTURE.read_bytes())
    text = summary(name)
    count.check(all(c.isprintable() or c == '\n' for c in text), f'control characters: {text!r}')
    name.write_bytes(b'no capture')
    result = kit.run('replay', name)
    count.check(result.stderr.count('\n') == 1 and '\x1b' not in result.stderr,
                f'control characters: {result.stderr!r}')


def check_limits(count, folder):
    """A few control connections are shown, and all are counted."""
    segments = segments_of(CAPTURE)
    client, server = pcap.pack(CLIENT), pcap.pack(SERVER)
    many = []
    for number in range(40):
        stranger = bytes([10, 1, 1, number + 1])
        swap = {client: stranger, server: server}
        many += [(swap[segment.src], swap[segment.dst], segment.payload, segment)
                 for segment in segments]
    many.sort(key=lambda row: row[3].time)
    text = summary(write(folder / 'many.pcap', many))
    shown = len(re.findall(r'^  flow \d+ ftp', text, re.MULTILINE))
    count.check(shown == 50 and 'and 70 more; --events tells of all' in text,
                f'{shown} shown: {text[-2000:]}')
    count.check('refused: address-foreign' in text and 'requests for doors were refused' in text,
                'doors to another host')


def run_on_terminal(*arguments, **environment):
    """What a terminal gets to see, standard output and standard error together."""
    leader, follower = pty.openpty()
    env = {**os.environ, 'LC_ALL': 'C.UTF-8', 'TERM': 'xterm', **environment}
    with subprocess.Popen([str(kit.PROGRAM), *map(str, arguments)], stdout=follower,
                          stderr=follower, stdin=subprocess.DEVNULL, env=env) as process:
        os.close(follower)
        seen = b''
        while True:
            try:
                data = os.read(leader, 65536)
            except OSError:
                break
            if not data:
                break
            seen += data
        process.wait(60)
    os.close(leader)
    return seen.decode()


def check_colour(count):
    env = {'NO_COLOR': ''}
    seen = run_on_terminal('replay', CAPTURE, **env)
    count.check('\x1b[32m' in seen and '\x1b[0m' in seen, f'no colour on a terminal: {seen!r}')
    count.check('\x1b' not in ESCAPE.sub('', seen), f'other sequences: {seen!r}')
    for off in ({'NO_COLOR': '1'}, {'TERM': 'dumb', 'NO_COLOR': ''}):
        seen = run_on_terminal('replay', CAPTURE, **off)
        count.check('\x1b[3' not in seen and 'door 1' in seen, f'{off}: colour')


def check_reader_gone(count, folder):
    """Whoever reads the events has had enough: no word, no failure."""
    syn = segments_of(CAPTURE)[0]
    flows = [(bytes([10, 0, n // 250, 1 + n % 250]), syn.dst, b'', syn) for n in range(2000)]
    path = write(folder / 'flows.pcap', flows)
    for threads in ('1', '2'):
        with subprocess.Popen([str(kit.PROGRAM), 'replay', '--threads', threads, '--events', '-',
                               str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, preexec_fn=restore_pipe) as process:
            process.stdout.readline()
            process.stdout.close()
            error = process.stderr.read()
            status = process.wait(60)
        count.check(status == 0 and not error, f'threads {threads}: {status} {error[:500]}')


def restore_pipe():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)


def check_outputs(count, folder):
    """A capture is not overwritten; a full disk is told, once."""
    path = folder / 'capture.pcap'
    path.write_bytes(CAPTURE.read_bytes())
    result = kit.run('replay', '--events', path, path)
    count.check(result.returncode == 2 and path.read_bytes() == CAPTURE.read_bytes(),
                f'overwritten: {result}')
    for option in ('--events', '--log'):
        result = kit.run('replay', '--quiet', option, '/dev/full', CAPTURE)
        count.check(result.returncode == 1 and result.stderr.count('\n') == 1
                    and '/dev/full' in result.stderr, f'{option} on a full disk: {result}')
    log = kit.run('replay', '--quiet', '--log', '-', CAPTURE, env={**os.environ, 'TZ': 'UTC'})
    lines = log.stdout.splitlines()
    entries = [line.split(' ') for line in lines if not line.startswith('#')]
    count.check(lines[0] == '#Version: 1.0' and len(entries) == 20
                and all(len(entry) == 16 for entry in entries), f'log: {lines[:6]}')


def check_shares(count, folder):
    """Per cents are rounded; but some are never none, and not all are never all."""
    syn = segments_of(CAPTURE)[0]
    for accepted, dropped, shares in (
            (1, 0, ('100.0', '0.0')), (0, 1, ('0.0', '100.0')), (1, 2, ('33.3', '66.7')),
            (2, 1, ('66.7', '33.3')), (3000, 1, ('99.9', '0.1')), (1, 3000, ('0.1', '99.9')),
            (7, 1, ('87.5', '12.5'))):
        out = [(bytes([10, 0, n // 250, 1 + n % 250]), syn.dst, b'', syn) for n in range(accepted)]
        into = [(syn.dst, bytes([10, 1, n // 250, 1 + n % 250]), b'', syn) for n in range(dropped)]
        text = summary('--inside', '10.0.0.0/8', write(folder / 'shares.pcap', out + into))
        found = tuple(re.findall(r'^  (?:accepted|dropped) .* ([\d.]+) %$', text, re.MULTILINE))
        count.check(found == shares, f'{accepted} and {dropped}: {found}, not {shares}')


def check_connections(count, folder):
    """Whose settings counted, where the packets do not tell it."""
    policy = folder / 'policy'
    (policy / 'connections').mkdir(parents=True)
    (policy / 'postern.conf').write_text('')
    uplink = policy / 'connections' / 'uplink.conf'
    question = probe.tcp('203.0.113.9', 4000, '10.0.0.5', 80)
    captures = {name: probe.capture(folder / f'{name}.pcapng', [question], name)
                for name in (None, 'eth0', 'wan0')}
    unnamed = '  connections  default (no packet names an interface; --connection=NAME says which)\n'
    other = ('  connections  default (no packet is on an interface of another; --connection=NAME says '
             'which)\n')
    for match, name, line in (
            ('interface:wan*', None, unnamed), ('interface:wan*', 'eth0', other),
            ('interface:wan*', 'wan0', ''), ('network:192.0.2.0/24', None, ''),
            ('interface:wan*;network:192.0.2.0/24', None, unnamed.replace(
                'default', 'default, or by the networks of peers')),
            ('interface:wan*\n[Sharing]\nRole=private', 'wan0', '')):
        uplink.write_text(f'[Connection]\nMatch={match}\n')
        text = summary('--config', policy, captures[name])
        found = ''.join(row for row in text.splitlines(True) if row.startswith('  connections '))
        count.check(found == line, f'{match}, {name}: {found!r}, not {line!r}')
    uplink.write_text('[Connection]\nMatch=interface:wan*\n')
    text = summary('--config', policy, '--connection', 'uplink', captures[None])
    count.check('  connections ' not in text, f'asked for, and told: {text}')


def check_hints(count):
    result = kit.run('replya', CAPTURE)
    count.check("'postern replay'" in result.stderr, f'no hint: {result.stderr}')
    for word, meant in (('shwo', 'show'), ('rnu', 'run'), ('flws', 'flows')):
        result = kit.run(word)
        count.check(f"'postern {meant}'" in result.stderr or meant not in kit.run('--help').stdout,
                    f'no hint: {result.stderr}')
    result = kit.run('--nothing')
    count.check(result.returncode == 2 and '--help' in result.stderr, f'{result}')


def main():
    count = kit.Count()
    check_tree(count)
    check_without(count)
    check_colour(count)
    check_hints(count)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        check_hostile(count, folder)
        check_limits(count, folder)
        check_outputs(count, folder)
        check_shares(count, folder)
        check_connections(count, folder)
        check_reader_gone(count, folder)
    count.done()


if __name__ == '__main__':
    main()

# SPDX-License-Identifier: GPL-2.0-or-later
"""What scripts rely on: exit statuses, one line per mistake, and what goes to which stream."""

import json
import pathlib
import tempfile

import kit

CAPTURE = kit.SOURCE / 'tests' / 'pcap' / 'ftp-active-passive.pcap'
HEADER, RECORD = 24, 16  # bytes of a classic capture file, and of each packet in it


class Cli:
    def __init__(self, count, folder):
        self.count = count
        self.folder = folder

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def complains(self, status, arguments, *about):
        """The program ends with `status` and says one line that names all of `about`."""
        result = kit.run(*arguments)
        lines = result.stderr.splitlines()
        what = f'{" ".join(map(str, arguments))}: status {result.returncode}: {result.stderr!r}'
        self.count.check(result.returncode == status, f'{what}: not {status}')
        self.count.check(len(lines) == 1 and lines[0].startswith('postern: '),
                         f'{what}: not one line that begins with "postern: "')
        self.count.check(all(str(word) in result.stderr for word in about),
                         f'{what}: does not name {about}')
        return result

    def works(self, *arguments):
        result = kit.run(*arguments)
        self.count.check(result.returncode == 0 and not result.stderr,
                         f'{arguments}: status {result.returncode}: {result.stderr!r}')
        return result


def check_usage(cli):
    cli.complains(2, [], '--help')
    cli.complains(2, ['no-such-thing'], 'no-such-thing')
    cli.complains(2, ['replay'])
    cli.complains(2, ['replay', '--no-such-option', CAPTURE], '--no-such-option')
    cli.count.check('replay' in cli.works('--help').stdout, 'help does not name replay')
    cli.count.check('--events' in cli.works('replay', '--help').stdout, 'help without --events')
    cli.count.check('0.' in cli.works('--version').stdout, 'no version')


def check_option_values(cli):
    for inside in ('nonsense', '10.0.0.0/33', '10.0.0.256', '10.0.0.1/8', '2001:db8::/129', ''):
        cli.complains(2, ['replay', '--inside', inside, CAPTURE], '--inside')
    for threads in ('0', '-1', 'many', '100000'):
        cli.complains(2, ['replay', '--threads', threads, CAPTURE], '--threads')
    cli.complains(2, ['replay', '--helpers', 'no-such-helper', CAPTURE], 'no-such-helper')
    cli.complains(2, ['replay', '--filter', 'tcp port ftp ftp', CAPTURE], '--filter')
    cli.complains(2, ['replay', '--config', cli.folder / 'none.conf', CAPTURE], 'none.conf')
    cli.complains(2, ['replay', '--events', cli.folder / 'no' / 'where', CAPTURE], 'where')


def check_captures(cli):
    """Files that are no captures: one line with their name, status 1."""
    missing = cli.folder / 'missing.pcap'
    cli.complains(1, ['replay', '--quiet', missing], missing)
    cli.complains(1, ['replay', '--quiet', cli.folder], cli.folder)
    whole = CAPTURE.read_bytes()
    for name, content in (
            ('empty.pcap', b''),
            ('magic.pcap', b'\0\1\2\3' + whole[4:]),
            ('text.pcap', 'this is a text, and not a capture at all\n'),
            ('header.pcap', whole[:HEADER - 1]),
            ('link.pcap', whole[:20] + b'\xee\xee\0\0' + whole[24:])):
        path = cli.file(name, content)
        cli.complains(1, ['replay', '--quiet', path], path)
    result = kit.run('replay', '--quiet', '--events', '-', missing, CAPTURE)
    cli.count.check(result.returncode == 1 and '"flow"' in result.stdout,
                    'a missing capture keeps the next from being played')


def check_truncated(cli):
    """What was read before the end is reported."""
    whole = CAPTURE.read_bytes()
    packets = 0
    at = HEADER
    while packets < 40:
        length = int.from_bytes(whole[at + 8:at + 12], 'little')
        for end in (at + 1, at + RECORD - 1, at + RECORD, at + RECORD + length - 1):
            path = cli.file('cut.pcap', whole[:end])
            result = cli.complains(1, ['replay', '--quiet', '--events', '-', path], path)
            stats = json.loads(result.stdout.splitlines()[-1])
            cli.count.check(stats['event_type'] == 'stats' and stats['stats']['packets'] == packets,
                            f'cut at {end}: {stats} after {packets} packets')
        path = cli.file('whole.pcap', whole[:at])
        cli.works('replay', '--quiet', path)
        at += RECORD + length
        packets += 1


def check_configuration(cli):
    unknown = cli.file('unknown.conf', '[Stateful]\n\nNoSuchKey=1\n')
    result = kit.run('replay', '--quiet', '--config', unknown, CAPTURE)
    cli.count.check(result.returncode == 0 and f'{unknown}:3' in result.stderr
                    and 'NoSuchKey' in result.stderr and result.stderr.count('\n') == 1,
                    f'unknown key: {result}')
    for number, (name, text) in enumerate((
            ('Midstream', '[Stateful]\nMidstream=sideways\n'),
            ('VerifyChecksums', '[Stateful]\nVerifyChecksums=perhaps\n'),
            ('UdpTimeout', '[Stateful]\nUdpTimeout=0\n'),
            ('UdpTimeout', '[Stateful]\nUdpTimeout=99999999999999999999\n'))):
        path = cli.file(f'value{number}.conf', text)
        cli.complains(2, ['replay', '--config', path, CAPTURE], f'{path}:2', name)
    path = cli.file('syntax.conf', '[Stateful]\nthis is no line of a configuration\n')
    cli.complains(2, ['replay', '--config', path, CAPTURE], f'{path}:2')


def check_streams(cli):
    summary = cli.works('replay', CAPTURE).stdout
    cli.count.check('10.77.1.2' in summary and '\x1b' not in summary, f'summary: {summary}')
    cli.count.check(cli.works('replay', '--quiet', CAPTURE).stdout == '', 'not quiet')
    result = kit.run('replay', '--events', '-', CAPTURE)
    kinds = [json.loads(line)['event_type'] for line in result.stdout.splitlines()]
    cli.count.check(kinds[-1] == 'stats' and '10.77.1.2' in result.stderr,
                    'the summary did not move to stderr')
    path = cli.folder / 'events.json'
    cli.works('replay', '--events', path, CAPTURE)
    cli.count.check(path.read_text() == result.stdout, 'events differ between a file and stdout')
    filtered = cli.works('replay', '--quiet', '--events', '-', '--filter', 'udp', CAPTURE)
    cli.count.check(json.loads(filtered.stdout)['stats']['packets'] == 0, 'not filtered')


def check_helpers(cli):
    listing = cli.works('helpers').stdout
    cli.count.check('ftp' in listing and '21' in listing, f'helpers: {listing}')
    cli.complains(2, ['helpers', '--no-such-option'], '--no-such-option')
    plugins = cli.folder / 'plugins'
    plugins.mkdir()
    (plugins / 'broken.so').write_bytes(b'\x7fELF, and nothing more')
    cli.complains(2, ['replay', '--quiet', '--plugin-path', plugins, CAPTURE], 'broken.so')


def main():
    count = kit.Count()
    with tempfile.TemporaryDirectory() as folder:
        cli = Cli(count, pathlib.Path(folder))
        for check in (check_usage, check_option_values, check_captures, check_truncated,
                      check_configuration, check_streams, check_helpers):
            check(cli)
    count.done()


if __name__ == '__main__':
    main()

# SPDX-License-Identifier: GPL-2.0-or-later
"""What scripts rely on: what goes to which stream, and what is read of a capture that is cut off.

What a user can get wrong is in errors.py.
"""

import gzip
import json
import pathlib
import re
import tempfile

import kit

CAPTURE = kit.SOURCE / 'tests' / 'pcap' / 'ftp-active-passive.pcap'
HEADER, RECORD = 24, 16  # bytes of a classic capture file, and of each packet in it


def system_folder():
    """Where this build looks for the configuration of the system."""
    return pathlib.Path(re.search(r'default: (/.*)\)', kit.run('show', '--help').stdout)[1])


class Cli:
    def __init__(self, count, folder):
        self.count = count
        self.folder = folder

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def complains(self, status, arguments, *about, **options):
        """The program ends with `status` and says one line that names all of `about`."""
        result = kit.run(*arguments, **options)
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
    help_text = cli.works('--help').stdout
    for command in ('replay', 'watch', 'helpers'):
        cli.count.check(f'  {command} ' in help_text, f'help does not name {command}')
        cli.count.check('--plugin-path' in cli.works(command, '--help').stdout,
                        f'{command}: help without --plugin-path')
    cli.count.check('0.' in cli.works('--version').stdout, 'no version')


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


def check_cut(cli):
    """The same for the other formats, at a few places; tests/system/prefix.c cuts at every byte."""
    modern = cli.folder / 'modern.pcapng'
    cli.works('replay', '--quiet', '--write-accepted', modern, CAPTURE)
    whole = modern.read_bytes()
    for data in (whole, gzip.compress(whole), gzip.compress(CAPTURE.read_bytes())):
        path = cli.file('cut', data)
        cli.works('replay', '--quiet', path)
        for part in range(1, 20):
            end = len(data) * part // 20 // 4 * 4 + 1 + part % 3  # no block ends there
            path = cli.file('cut', data[:end])
            cli.complains(1, ['replay', '--quiet', path], path, 'ends early')


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


def main():
    count = kit.Count()
    with tempfile.TemporaryDirectory() as folder:
        cli = Cli(count, pathlib.Path(folder))
        for check in (check_usage, check_truncated, check_cut, check_streams, check_helpers):
            check(cli)
    count.done()


if __name__ == '__main__':
    main()

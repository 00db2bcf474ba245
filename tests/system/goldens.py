# SPDX-License-Identifier: GPL-2.0-or-later
"""Our own captures replay to the events that stand beside them.

    goldens.py [--update]

NAME.pcap has NAME.events.jsonl: every event, line by line, but for the stats, which add up what the
others say. A session in which TLS ends (CCC) has NAME.ccc.events.jsonl too, with that option on.
--update writes what the program says now; read the difference before you commit it.
"""

import json
import sys
import tempfile

import kit

FOLDER = kit.SOURCE / 'tests' / 'pcap'
INSIDE = '10.77.1.0/24,fd77:1::/64'


def events(capture, *options):
    """The lines that the program writes."""
    result = kit.run('replay', '--quiet', '--inside', INSIDE, '--events', '-', *options, capture)
    if result.returncode or result.stderr:
        raise RuntimeError(f'{capture}: status {result.returncode}: {result.stderr}')
    return [line for line in result.stdout.splitlines()
            if json.loads(line)['event_type'] != 'stats']


def all_events():
    """{the file that they belong in: lines}, of all captures."""
    found = {}
    for capture in sorted(FOLDER.rglob('*.pcap')):
        found[capture.with_suffix('.events.jsonl')] = events(capture)
        if '-ccc-' in capture.name:
            with tempfile.NamedTemporaryFile('w', suffix='.conf') as config:
                config.write('[Helper:ftp]\nCCC=yes\n')
                config.flush()
                found[capture.with_suffix('.ccc.events.jsonl')] = events(capture, '--config',
                                                                         config.name)
    return found


def difference(got, expected):
    """The first line that is another, or missing."""
    for number in range(max(len(got), len(expected))):
        one, other = (lines[number] if number < len(lines) else 'nothing'
                      for lines in (got, expected))
        if one != other:
            return f'line {number + 1} is\n{one}\nand should be\n{other}'
    return 'none'


def check(count, path, lines):
    name = path.relative_to(FOLDER)
    if not path.exists():
        count.check(False, f'{name} is not there; goldens.py --update would write it')
        return
    expected = path.read_text(encoding='utf-8').splitlines()
    count.check(lines and lines == expected, f'{name}: {difference(lines, expected)}')


def main():
    update = sys.argv[1:] == ['--update']
    if sys.argv[1:] and not update:
        sys.exit(__doc__)
    count = kit.Count()
    found = all_events()
    for path, lines in found.items():
        if update:
            path.write_text(''.join(f'{line}\n' for line in lines), encoding='utf-8')
        check(count, path, lines)
    for path in FOLDER.rglob('*.events.jsonl'):
        count.check(path in found, f'{path.relative_to(FOLDER)} belongs to no capture')
    count.done()


if __name__ == '__main__':
    main()

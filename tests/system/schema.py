# SPDX-License-Identifier: GPL-2.0-or-later
"""All events of all captures are as docs/eve-schema.json says, with helpers and without."""

import pathlib
import subprocess
import sys
import tempfile

import kit

CHECK = pathlib.Path(__file__).with_name('check-events.py')
SCHEMA = kit.SOURCE / 'docs' / 'eve-schema.json'


def captures():
    folder = kit.corpus()
    return kit.CAPTURES + (sorted(folder.glob('ftp-*.pcap')) if folder else [])


def check(count, capture, *options):
    with tempfile.TemporaryDirectory() as folder:
        events = pathlib.Path(folder) / 'events.json'
        result = kit.run('replay', '--quiet', *options, '--events', events, capture)
        if result.returncode == 0:
            result = subprocess.run([sys.executable, CHECK, SCHEMA, events], text=True,
                                    capture_output=True, check=False)
        count.check(result.returncode == 0,
                    f'{capture.name} {options}: {result.stdout[:1000]}{result.stderr[-500:]}')


def main():
    try:
        import jsonschema  # only to know: check-events.py uses it
        del jsonschema
    except ImportError:
        kit.skip('python3-jsonschema is not installed')
    count = kit.Count()
    for capture in captures():
        check(count, capture)
        check(count, capture, '--helpers', 'none')
    count.done()


if __name__ == '__main__':
    main()

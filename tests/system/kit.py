# SPDX-License-Identifier: GPL-2.0-or-later
"""What the system tests share: running the program, its events, and counting."""

import json
import os
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(os.environ.get('POSTERN_SOURCE') or pathlib.Path(__file__).parents[2])
BUILD = pathlib.Path(os.environ.get('POSTERN_BUILD') or SOURCE / 'build')
PROGRAM = BUILD / 'cmd' / 'postern'
CAPTURES = sorted((SOURCE / 'tests' / 'pcap').glob('*.pcap'))

SKIP = 77  # meson's exit status for a test that could not run


class Count:
    """Cases of one test program: says what failed, and how many at the end."""

    def __init__(self):
        self.name = pathlib.Path(sys.argv[0]).stem
        self.passed = 0
        self.failed = 0

    def check(self, good, what):
        if good:
            self.passed += 1
            return
        self.failed += 1
        if self.failed <= 40:
            print(f'FAILED {self.name}: {what}')

    def done(self):
        print(f'{self.name}: {self.passed} passed, {self.failed} failed')
        sys.exit(1 if self.failed or not self.passed else 0)


def skip(why):
    print(why)
    sys.exit(SKIP)


def run(*arguments, **options):
    """Runs the program; returns what subprocess.run() does, with text unless told otherwise."""
    options.setdefault('text', True)
    options.setdefault('timeout', 120)
    return subprocess.run([str(PROGRAM), *map(str, arguments)], stdin=subprocess.DEVNULL,
                          capture_output=True, check=False, **options)


class Replay:
    """A replay of captures that must work, and its events."""

    def __init__(self, *arguments, status=0):
        result = run('replay', '--quiet', '--events', '-', *arguments)
        if result.returncode != status:
            raise RuntimeError(f'{result.args}: status {result.returncode}: {result.stderr}')
        self.events = [json.loads(line) for line in result.stdout.splitlines()]
        self.flows = self.of('flow')
        self.drops = self.of('drop')
        self.expectations = self.of('expectation')

    def of(self, kind):
        return [event for event in self.events if event['event_type'] == kind]


def corpus():
    """The folder of public captures, or None."""
    path = os.environ.get('POSTERN_CORPUS')
    return pathlib.Path(path) if path else None

# SPDX-License-Identifier: GPL-2.0-or-later
"""Adds up what the tests in some build folders said, from meson's logs of them.

    tally.py FOLDER...

A program says "NAME: P passed, F failed" for its cases; one that says nothing is one case. One that
ended badly although no case failed (a crash, a leak, a time-out) is one failure more. A skip counts
as nothing, but is named; with CI=true it counts as failed, unless what it needs is not meant to be
everywhere.
"""

import json
import os
import re
import sys

CASES = re.compile(r'^[\w.-]+: (\d+) passed, (\d+) failed$', re.MULTILINE)
CAPTURES = re.compile(r'^(\d+) captures ran$', re.MULTILINE)


def read_log(folder):
    """The tests of a folder, or None if they did not run."""
    try:
        with open(os.path.join(folder, 'meson-logs', 'testlog.json'), encoding='utf-8') as log:
            return [json.loads(line) for line in log]
    except OSError:
        return None


def count(test):
    """Cases passed and failed of one program."""
    found = CASES.findall(test.get('stdout') or '')
    passed = sum(int(p) for p, _ in found)
    failed = sum(int(f) for _, f in found)
    if test['result'] == 'OK':
        return (passed if found else 1), failed
    return passed, failed or 1


def last_line(test):
    lines = (test.get('stdout') or '').strip().splitlines()
    return lines[-1] if lines else 'without a reason'


def may_skip(test):
    """Public captures are not everywhere, nor are root and a network that debootstrap can work with;
    all else that tests need, script/setup installs."""
    if test['name'].endswith('package'):
        return last_line(test).startswith(('needs root', 'debootstrap cannot work here'))
    return test['name'].endswith('corpus') and not os.environ.get('POSTERN_CORPUS')


def tally(folder):
    tests = read_log(folder)
    if not tests:
        print(f'{folder}: no test ran')
        return 0, 1

    total_passed = total_failed = captures = 0
    for test in tests:
        if test['result'] == 'SKIP':
            strict = os.environ.get('CI') == 'true' and not may_skip(test)
            total_failed += strict
            print(f'{folder}: {test["name"]} {"must not skip" if strict else "skipped"}: '
                  f'{last_line(test)}')
            continue
        passed, failed = count(test)
        total_passed += passed
        total_failed += failed
        captures += sum(int(n) for n in CAPTURES.findall(test.get('stdout') or ''))
        if failed:
            print(f'{folder}: {test["name"]}: {failed} failed ({test["result"].lower()})')
    print(f'{folder}: {len(tests)} programs, {total_passed} passed, {total_failed} failed, '
          f'{captures} captures of the corpus ran')
    return total_passed, total_failed


def main(folders):
    results = [tally(folder) for folder in folders]
    passed = sum(p for p, _ in results)
    failed = sum(f for _, f in results)
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The engine's look-ahead is still in the program.

A compiler may take a function that only prefetches for one that does nothing, and drop it: then
all results stay right and a large table becomes several times slower. So the instructions are
looked for in the object file, where that is possible.
"""
import os
import platform
import re
import shutil
import subprocess
import sys

INSTRUCTION = {'x86_64': r'\bprefetch', 'aarch64': r'\bprfm\b'}


def main():
    wanted = INSTRUCTION.get(platform.machine())
    if not wanted or not shutil.which('objdump'):
        print('prefetch: skipped: no objdump, or a processor that this test does not know')
        return 77
    code = os.path.join(os.environ['POSTERN_BUILD'], 'core', 'libpostern-core.a.p', 'engine.c.o')
    listing = subprocess.run(['objdump', '-d', code], capture_output=True, text=True, check=True)
    found = len(re.findall(wanted, listing.stdout))
    # One for the bucket, and two for each of the two places that ask for a record.
    good = found >= 3
    if not good:
        print(f'FAILED prefetch: {found} in engine.c, 3 or more were meant')
    print(f'prefetch: {int(good)} passed, {int(not good)} failed')
    return 0 if good else 1


sys.exit(main())

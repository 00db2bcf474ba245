# SPDX-License-Identifier: GPL-2.0-or-later
"""Does measuring still work, and how many instructions does a packet take?

    bench.py OPTIMISATION SANITIZERS CPU

Counts do not depend on the machine's load, so a limit is held against them: a regression of the
packet path is seen here. Times are script/bench's to measure.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'system'))

# pylint: disable=wrong-import-position
import captures
import kit
import tools as bench_tools

# Instructions for a packet of 60 bytes of an open flow, with the defaults.
LIMIT = 700

CORE = kit.BUILD / 'core' / 'libpostern-core.a.p'


def check_captures(count, tools, folder):
    """Each kind of capture: as many packets as it says, and judged as it means."""
    pairs = captures.counted_captures()
    for name, (small, large) in pairs.items():
        for capture in small, large:
            capture.make(tools, folder)
        told = tools.stage('engine', small.path)
        loop = subprocess.run(tools.loop_command(small.path), text=True, check=True,
                              stdout=subprocess.PIPE).stdout
        count.check(told['packets'] == small.packets, f'{name}: {told} of {small.packets}')
        count.check(int(loop.split()[0]) == small.packets, f'{name}: pcap-loop: {loop}')
        count.check(told['dropped'] == (small.packets if name == 'drops' else 0), f'{name}: {told}')
        flows = {'drops': 0, 'ftp': 2 * small.flows}.get(name, small.flows)
        count.check(told['flows'] == flows, f'{name}: {told}, not {flows} flows')
    told = tools.stage('engine', pairs['ftp'][0].path)
    sessions = pairs['ftp'][0].flows
    count.check(told['expected'] == sessions and told['messages'] == 14 * sessions,
                f'ftp: {told}: the helper was not at work')
    return pairs


def check_stages(count, tools, pairs):
    path = pairs['small'][0].path
    for stage, argument in (('read', path), ('decode', path), ('verify', path), ('record', path),
                            ('keys', 100), ('lookup', 100), ('tcp', 100), ('message', 100),
                            ('door', 100), ('growth', 10000)):
        told = tools.stage(stage, argument, '-n', '3200', '-e', '/dev/null')
        count.check(all(number >= 0 for number in told.values()) and told, f'{stage}: {told}')
    told = tools.stage('growth', 10000)
    count.check(told['flows'] == 9984 and told['grown'] > 3, f'growth: {told}')
    told = tools.stage('door', 100)
    count.check(told['doors'] == 50, f'door: {told}')
    told = bench_tools.numbers(subprocess.run(
        [tools.cost_program, *tools.replay_command(path)], text=True, check=True,
        stdout=subprocess.PIPE).stdout)
    count.check(told['cpu_ns'] > 0 and told['peak_kib'] > 1000, f'cost: {told}')


def check_prefetch(count):
    """A compiler may take a function that only asks for a cache line for one that does nothing."""
    objdump = shutil.which('objdump')
    if not objdump:
        print('no objdump: not looked for prefetches')
        return
    text = subprocess.run([objdump, '-d', '--no-show-raw-insn', CORE / 'engine.c.o'], text=True,
                          check=True, stdout=subprocess.PIPE).stdout
    found = len(re.findall(r'\bprefetch', text))
    count.check(found >= 3, f'engine.c: {found} prefetches of bucket and record, not 3 or more')


def check_instructions(count, tools, pairs):
    loop = tools.capture_slope(pairs['small'], tools.loop_command)
    print(f'{loop:7.0f} instructions: pcap_loop')
    for name, pair in pairs.items():
        slope = tools.capture_slope(pair, tools.replay_command)
        print(f'{slope:7.0f} instructions: {pair[0].label}')
        if name == 'small':
            count.check(100 < slope <= LIMIT, f'{slope:.0f} instructions per packet, not {LIMIT}')


def main():
    optimisation, sanitizers, cpu = sys.argv[1:]
    plain = optimisation in ('2', '3') and sanitizers == 'none'
    tools = bench_tools.Tools(str(kit.BUILD))
    count = kit.Count()
    with tempfile.TemporaryDirectory(prefix='postern-bench-') as folder:
        pairs = check_captures(count, tools, folder)
        check_stages(count, tools, pairs)
        if plain and cpu == 'x86_64':
            check_prefetch(count)
        if not plain or cpu != 'x86_64':
            print('instructions not counted: the limit is for an optimised build on x86-64')
        elif not tools.valgrind:
            print('instructions not counted: no valgrind')
        else:
            check_instructions(count, tools, pairs)
    count.done()


if __name__ == '__main__':
    main()

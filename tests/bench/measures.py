# SPDX-License-Identifier: GPL-2.0-or-later
"""What script/bench measures: rounds of runs, and the figures that follow from them.

Runs of one round stand close together, and a ratio is made of runs of the same round: what else the
machine does at that time then touches both. Every figure is a median over rounds unless it says
otherwise.
"""

import os
import statistics

from captures import counted_captures
from tools import Samples

REPLAYS = ('small-1k', 'small-100k', 'small-1M', 'mix', 'churn', 'single', 'ftp', 'drops')
STAGED = ('small-1k', 'small-100k', 'small-1M', 'mix')
STAGES = ('read', 'decode', 'verify', 'engine')
RECORDED = ('small-100k', 'churn', 'single', 'drops')
JUDGED = 'small-100k'  # whose share of outputs has a limit
WRITTEN = 'single'  # of which lines are written to a file
OUTPUTS = {
    'nothing': (),
    'events': ('-e', '/dev/null'),
    'log': ('-l', '/dev/null'),
    'both': ('-e', '/dev/null', '-l', '/dev/null'),
}
FILES = {
    'events to a file': ('-e', 'FILE'),
    'log to a file': ('-l', 'FILE'),
}
LOOKUPS = 2000000
SEGMENTS = 5000000
LINES = 200000


class Measurement:
    """All rounds of all runs."""

    def __init__(self, tools, captures, folder):
        self.tools = tools
        self.captures = captures
        self.folder = folder
        self.samples = Samples()
        largest = captures['small-1M'].flows
        self.tables = (captures['small-1k'].flows, captures['small-100k'].flows, largest)

    def replay(self, name, round_number):
        """The program, and libpcap's loop, over the same capture; by turns first."""
        capture = self.captures[name]
        commands = {'replay': self.tools.replay_command(capture.path),
                    'loop': self.tools.loop_command(capture.path)}
        told = {}
        for what in sorted(commands, reverse=bool(round_number % 2)):
            told[what] = self.tools.cost(commands[what])
            self.samples.add(f'{what} {name}', told[what]['cpu_ns'] / capture.packets)
        self.samples.add(f'ratio {name}', told['replay']['cpu_ns'] / told['loop']['cpu_ns'])
        self.samples.add(f'peak {name}', told['replay']['peak_kib'] * 1024)

    def alone(self, name, label, *arguments):
        capture = self.captures[name]
        told = self.tools.cost(self.tools.replay_command(capture.path, *arguments))
        self.samples.add(f'{label} {name}', told['cpu_ns'] / capture.packets)
        self.samples.add(f'peak {name}', told['peak_kib'] * 1024)

    def stage(self, name, *arguments, **options):
        told = self.tools.stage(*arguments, **options)
        self.samples.add(name, told['ns'] / told['packets'])

    def record(self, name):
        """With outputs and without: the thread that has the packets, and the others."""
        path = os.path.join(self.folder, 'written')
        outputs = dict(OUTPUTS, **(FILES if name == WRITTEN else {}))
        for output, options in outputs.items():
            told = self.tools.stage('record', self.captures[name].path,
                                    *(path if option == 'FILE' else option for option in options))
            self.samples.add(f'{output} {name} thread', told['ns'])
            self.samples.add(f'{output} {name} others', told['others_ns'])
            self.samples.add(f'{output} {name} lines', told['lines'])
        if os.path.exists(path):
            os.unlink(path)

    def record_more(self, output, name, what):
        """What an output costs, in ns, and without it. Each the least of all rounds: the two are
        far apart in a round, and nothing makes a run faster than it is."""
        bare = self.samples.least(f'nothing {name} {what}')
        return self.samples.least(f'{output} {name} {what}') - bare, bare

    def line(self, output, name, what):
        """ns of CPU for each line, or None."""
        lines = f'{output} {name} lines'
        if lines not in self.samples.all:
            return None
        return self.record_more(output, name, what)[0] / self.samples.greatest(lines)

    def helper(self):
        for stage in ('message', 'door'):
            for helper in (True, False):
                self.stage(f'{stage} {"with" if helper else "without"}', stage, LINES,
                           helper=helper)
        self.alone('ftp', 'without', '--helpers', 'none')

    def growth(self):
        """Several times: a machine that is itself a guest is given memory the first time only."""
        for _ in range(3):
            told = self.tools.stage('growth', self.tables[-1])
            for name in ('max_ns', 'p9999_ns', 'median_ns'):
                self.samples.add(f'growth {name}', told[name])

    def round(self, number):
        for name in REPLAYS:
            self.replay(name, number)
        for name in ('open6-100k', 'open6-1M'):
            self.alone(name, 'replay')
        for name in STAGED:
            for stage in STAGES:
                self.stage(f'{stage} {name}', stage, self.captures[name].path)
        for stage in ('verify', 'engine'):
            self.stage(f'{stage} single', stage, self.captures['single'].path)
        for flows in self.tables:
            self.stage(f'keys {flows}', 'keys', flows, '-n', str(LOOKUPS))
            self.stage(f'lookup {flows}', 'lookup', flows, '-n', str(LOOKUPS))
        self.stage('tcp', 'tcp', 1000, '-n', str(SEGMENTS))
        for name in RECORDED:
            for _ in range(3 if name == JUDGED else 1):
                self.record(name)
        self.helper()
        self.growth()

    def median(self, name):
        return self.samples.median(name)

    def difference(self, name, other):
        """Median over rounds of what the one costs more than the other."""
        return statistics.median(a - b for a, b in
                                 zip(self.samples.all[name], self.samples.all[other]))


def count_instructions(tools, folder):
    """Instructions: of the program by sort of packet, and of the stages. Needs valgrind."""
    pairs = counted_captures()
    for pair in pairs.values():
        for capture in pair:
            capture.make(tools, folder)

    def stage(name, *options, **more):
        return tools.capture_slope(
            pairs['small'], lambda path: tools.stage_command(name, path, *options, **more))

    def repeated(name, argument, *sizes, **more):
        if name in ('message', 'door'):
            commands = [tools.stage_command(name, size, **more) for size in sizes]
        else:
            commands = [tools.stage_command(name, argument, '-n', str(size), **more)
                        for size in sizes]
        return tools.slope(commands, sizes)

    counts = {
        'pcap_loop': tools.capture_slope(pairs['small'], tools.loop_command),
        'sorts': {pair[0].label: tools.capture_slope(pair, tools.replay_command)
                  for pair in pairs.values()},
        'stages': {name: stage(name) for name in STAGES},
    }
    counts['stages']['lookup'] = (repeated('lookup', 1000, 32000, 96000) -
                                  repeated('keys', 1000, 32000, 96000))
    counts['stages']['tcp'] = repeated('tcp', 1000, 10000, 60000)
    for name in ('message', 'door'):
        counts['stages'][name] = (repeated(name, None, 2000, 8000) -
                                  repeated(name, None, 2000, 8000, helper=False))
    return counts

# SPDX-License-Identifier: GPL-2.0-or-later
"""Running what is measured: its cost, its stages, its instructions."""

import os
import re
import shutil
import statistics
import subprocess


def numbers(text):
    """Lines "NAME NUMBER"."""
    return {name: int(number) for name, number in (line.split() for line in text.splitlines())}


class Tools:
    """The programs of a build folder."""

    def __init__(self, build):
        bench = os.path.join(build, 'tests', 'bench')
        self.postern = os.path.join(build, 'cmd', 'postern')
        self.plugins = os.path.join(build, 'plugins')
        self.make_capture = os.path.join(bench, 'make-capture')
        self.pcap_loop = os.path.join(bench, 'pcap-loop')
        self.cost_program = os.path.join(bench, 'cost')
        self.stages = os.path.join(bench, 'stages')
        self.valgrind = shutil.which('valgrind')

    def replay_command(self, path, *arguments):
        return [self.postern, 'replay', '--quiet', '--threads', '1', *arguments, path]

    def loop_command(self, path):
        return [self.pcap_loop, path]

    def stage_command(self, stage, argument, *options, helper=True):
        plugins = ['-p', self.plugins] if helper else []
        return [self.stages, *plugins, *options, stage, str(argument)]

    def cost(self, command):
        """CPU time and peak memory of a run."""
        return numbers(subprocess.run([self.cost_program, *command], text=True, check=True,
                                      stdout=subprocess.PIPE).stdout)

    def stage(self, *arguments, **options):
        """What a stage tells of a run."""
        return numbers(subprocess.run(self.stage_command(*arguments, **options), text=True,
                                      check=True, stdout=subprocess.PIPE).stdout)

    def instructions(self, command):
        """Instructions of a run, as callgrind counts them."""
        result = subprocess.run(
            [self.valgrind, '--tool=callgrind', '--callgrind-out-file=/dev/null', *command],
            text=True, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        return int(re.search(r'Collected *: *(\d+)', result.stderr).group(1))

    def slope(self, commands, packets):
        """Instructions per packet, from two runs of different size: starting up cancels."""
        counts = [self.instructions(command) for command in commands]
        return (counts[1] - counts[0]) / (packets[1] - packets[0])

    def capture_slope(self, pair, command):
        return self.slope([command(capture.path) for capture in pair],
                          [capture.packets for capture in pair])


class Samples:
    """Numbers of several rounds, by name."""

    def __init__(self):
        self.all = {}

    def add(self, name, number):
        self.all.setdefault(name, []).append(number)

    def median(self, name):
        return statistics.median(self.all[name])

    def least(self, name):
        return min(self.all[name])

    def greatest(self, name):
        return max(self.all[name])

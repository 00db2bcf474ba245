# SPDX-License-Identifier: GPL-2.0-or-later
"""From measurements to figures, and from figures to tables for a terminal or for docs/."""

import dataclasses

import measures
from captures import short

RATIOS = {'small-1k': 1.5, 'small-100k': 2, 'small-1M': 3, 'mix': 1.3}
MIB = 1024 * 1024


@dataclasses.dataclass
class Target:
    """A figure and its limit. `value` is None where it was not measured."""

    what: str
    value: float
    limit: float
    unit: str = ''
    judged: bool = True

    def verdict(self):
        if self.value is None:
            return 'not measured'
        if not self.judged:
            return 'not judged'
        return 'met' if round(self.value, 2) <= self.limit else 'missed'  # as it is shown


class Figures:
    """Everything that is told, as plain numbers."""

    def __init__(self, measurement, counts, about):
        self.m = measurement
        self.counts = counts
        self.about = about

    def captures(self, names):
        return [self.m.captures[name] for name in names]

    def memory(self, small, large):
        """Bytes per flow, and nothing of what the program has anyway."""
        small, large = self.captures((small, large))
        peak = {c.name: self.m.median(f'peak {c.name}') for c in (small, large)}
        return (peak[large.name] - peak[small.name]) / (large.flows - small.flows)

    def growth(self):
        """The least of all rounds: a round in which the machine was away tells nothing."""
        return {name: self.m.samples.least(f'growth {name}')
                for name in ('max_ns', 'p9999_ns', 'median_ns')}

    def sort_count(self, label):
        return self.counts and self.counts['sorts'][label]

    def stage_count(self, stage):
        return self.counts and self.counts['stages'][stage]

    def replays(self):
        """A row of numbers for each capture."""
        for c in self.captures(measures.REPLAYS):
            median = self.m.median(f'replay {c.name}')
            yield {
                'capture': c.describe(), 'packets': c.packets, 'ns': median,
                'loop_ns': self.m.median(f'loop {c.name}'),
                'ratio': self.m.median(f'ratio {c.name}'),
                'ratio_least': self.m.samples.least(f'ratio {c.name}'),
                'ratio_greatest': self.m.samples.greatest(f'ratio {c.name}'),
                'packets_per_second': 1e9 / median, 'peak': self.m.median(f'peak {c.name}'),
            }

    def stages(self):
        """What each stage adds to the one before, ns per packet."""
        for c in self.captures(measures.STAGED):
            row = {'capture': c.describe(), 'read': self.m.median(f'read {c.name}')}
            for before, stage in zip(measures.STAGES, measures.STAGES[1:]):
                row[stage] = self.m.difference(f'{stage} {c.name}', f'{before} {c.name}')
            row['rest'] = self.m.difference(f'replay {c.name}', f'engine {c.name}')
            yield row

    def ftp(self):
        c = self.m.captures['ftp']
        cost = {name: self.m.median(f'{name} ftp') * c.packets / c.flows
                for name in ('replay', 'without')}
        return {'sessions_per_second': 1e9 / cost['replay'], 'session_ns': cost['replay'],
                'session_without_helper_ns': cost['without']}

    def parts(self):
        """Stages that need no capture: ns, and instructions where they are counted."""
        m = self.m
        for flows in m.tables:
            yield (f'look-up in a table of {short(flows)} flows, in batches',
                   m.difference(f'lookup {flows}', f'keys {flows}'),
                   self.stage_count('lookup') if flows == m.tables[0] else None)
        yield 'TCP: a segment of one of 1 k connections', m.median('tcp'), self.stage_count('tcp')
        yield 'a flow of one packet begins and ends', self.setup(), None
        yield ('FTP: a message, from stream to answer',
               m.difference('message with', 'message without'), self.stage_count('message'))
        yield ('FTP: the same where every other message opens a door',
               m.difference('door with', 'door without'), self.stage_count('door'))

    def setup(self):
        return self.m.difference('engine single', 'verify single')

    def outputs(self):
        for c in self.captures(measures.RECORDED):
            row = {'capture': c.describe()}
            for output in ('events', 'log', 'both'):
                more, bare = self.m.record_more(output, c.name, 'thread')
                row[output] = more / bare
            for output in ('events', 'log'):
                row[f'{output} line'] = self.m.line(output, c.name, 'thread')
                row[f'{output} written'] = self.m.line(f'{output} to a file', c.name, 'others')
            yield row

    def targets(self):
        for target in self.all_targets():
            target.judged = not self.about['quick']
            yield target

    def all_targets(self):
        m = self.m
        both, bare = m.record_more('both', measures.JUDGED, 'thread')
        for name, limit in RATIOS.items():
            label = m.captures[name].describe()
            yield Target(f'replay, {label}: CPU, pcap_loop = 1', m.median(f'ratio {name}'), limit)
        yield Target('instructions of a packet of an open flow, 60 B',
                     self.sort_count('packets of open flows, 60 B'), 650)
        yield Target('a flow of one packet begins and ends, net', self.setup(), 250, 'ns')
        yield Target('memory of an IPv4 flow', self.memory('small-100k', 'small-1M'), 160, 'B')
        yield Target('memory of an IPv6 flow', self.memory('open6-100k', 'open6-1M'), 208, 'B')
        yield Target(f'peak memory, {m.captures["small-1M"].describe()}',
                     m.median('peak small-1M') / 1e6, 200, 'MB')
        yield Target(f'events and log, {m.captures[measures.JUDGED].describe()}: packet thread',
                     100 * both / bare, 25, '%')
        for output in ('events', 'log'):
            yield Target(f'a line of {output}, written to a file: the writer',
                         m.line(f'{output} to a file', measures.WRITTEN, 'others'), 250, 'ns')
        yield Target(f'slowest batch while the table grows to {short(m.tables[-1])} flows',
                     self.growth()['max_ns'] / 1000, 1000, 'µs')

    def as_json(self):
        return {
            'about': self.about,
            'targets': [dict(dataclasses.asdict(t), verdict=t.verdict()) for t in self.targets()],
            'replays': list(self.replays()),
            'stages': list(self.stages()),
            'parts': [dict(zip(('what', 'ns', 'instructions'), part)) for part in self.parts()],
            'ftp': self.ftp(),
            'outputs': list(self.outputs()),
            'growth': self.growth(),
            'instructions': self.counts,
            'rounds': self.m.samples.all,
        }


def number(value, digits=0):
    """Right-aligned by Table; – where there is none."""
    return '–' if value is None else f'{value:.{digits}f}'


def small_number(value):
    return number(value, 2 if value is not None and abs(value) < 10 else 0)


@dataclasses.dataclass
class Table:
    title: str
    head: tuple
    rows: list

    def as_text(self):
        cells = [self.head, *self.rows]
        widths = [max(len(row[n]) for row in cells) for n in range(len(self.head))]
        lines = ['  '.join(cell.rjust(width) if n else cell.ljust(width)
                           for n, (cell, width) in enumerate(zip(row, widths))).rstrip()
                 for row in cells]
        return '\n'.join([self.title, *(f'  {line}' for line in lines)])

    def as_markdown(self):
        rule = '|'.join(['---', *['---:'] * (len(self.head) - 1)])
        rows = [f'| {" | ".join(row)} |' for row in (self.head, *self.rows)]
        return '\n'.join([f'### {self.title}', '', rows[0], f'|{rule}|', *rows[1:]])


def target_table(figures):
    return Table('Targets', ('', 'measured', 'at most', ''), [
        (t.what, f'{small_number(t.value)} {t.unit}'.strip(), f'{t.limit:g} {t.unit}'.strip(),
         t.verdict()) for t in figures.targets()])


def replay_table(figures):
    return Table(
        'The whole program', ('capture', 'packets', 'ns/packet', 'pcap_loop', 'ratio',
                              'least–greatest', 'M packets/s', 'peak MiB'),
        [(r['capture'], str(r['packets']), number(r['ns']), number(r['loop_ns']),
          number(r['ratio'], 2), f'{r["ratio_least"]:.2f}–{r["ratio_greatest"]:.2f}',
          number(r['packets_per_second'] / 1e6, 1), number(r['peak'] / MIB, 1))
         for r in figures.replays()])


def stage_table(figures):
    rows = [(r['capture'], *(number(r[stage]) for stage in (*measures.STAGES, 'rest')))
            for r in figures.stages()]
    if figures.counts:
        counts = [figures.stage_count(stage) for stage in measures.STAGES]
        steps = [counts[0], *(b - a for a, b in zip(counts, counts[1:]))]
        rows.append(('instructions, open flows, 60 B', *(number(step) for step in steps), '–'))
    return Table('By stage, ns per packet', (
        'capture', 'reading', 'decoding', 'checksums', 'engine', 'the rest of the program'), rows)


def part_table(figures):
    rows = [(what, number(ns, 1), number(count)) for what, ns, count in figures.parts()]
    ftp = figures.ftp()
    rows.append(('FTP: a session of 34 packets, whole program', number(ftp['session_ns']), '–'))
    rows.append(('FTP: the same without a helper',
                 number(ftp['session_without_helper_ns']), '–'))
    return Table('Parts', ('', 'ns', 'instructions'), rows)


def output_table(figures):
    def percent(value):
        return f'{value * 100:.0f} %'

    return Table(
        'Events and log: more CPU on the packet thread, and ns per line there and in the writer',
        ('capture', 'events', 'log', 'both', 'event made', 'written', 'line of log made',
         'written'),
        [(r['capture'], percent(r['events']), percent(r['log']), percent(r['both']),
          *(number(r[f'{output} {what}']) for output in ('events', 'log')
            for what in ('line', 'written'))) for r in figures.outputs()])


def instruction_table(figures):
    rows = [(label, number(count)) for label, count in figures.counts['sorts'].items()]
    rows.append(('bare pcap_loop, 60 B', number(figures.counts['pcap_loop'])))
    return Table('Instructions per packet', ('', 'instructions'), rows)


def tables(figures):
    yield target_table(figures)
    yield replay_table(figures)
    yield stage_table(figures)
    yield part_table(figures)
    yield output_table(figures)
    if figures.counts:
        yield instruction_table(figures)


def closing(figures):
    """What no table holds."""
    ftp, growth = figures.ftp(), figures.growth()
    return (f'{ftp["sessions_per_second"]:.0f} FTP sessions/s. While the table grows to '
            f'{short(figures.m.tables[-1])} flows, of batches of 32: median '
            f'{growth["median_ns"] / 1000:.1f} µs, 99.99 % within '
            f'{growth["p9999_ns"] / 1000:.0f} µs, slowest {growth["max_ns"] / 1000:.0f} µs '
            f'(each the least of all rounds).')


def as_text(figures):
    return '\n\n'.join([figures.about['text'], *(t.as_text() for t in tables(figures)),
                        closing(figures)])


def as_markdown(figures):
    return '\n\n'.join([figures.about['text'], *(t.as_markdown() for t in tables(figures)),
                        closing(figures)])

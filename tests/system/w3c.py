# SPDX-License-Identifier: GPL-2.0-or-later
"""The W3C Extended Log File Format, as strictly as its draft has it, and the values of our fields.

A log is lines: directives, which begin with "#", and entries, whose fields stand with one space
between them in the order that the last #Fields has named. What deviates is what the log of the
Internet Connection Firewall has: a directive #Time Format, and an empty line behind the head of its
later dialect.
"""

import collections
import ipaddress
import re

IDENTIFIER = re.compile(r'(?:(?:c|s|r|cs|sc|sr|rs|x)-)?[a-z]+(?:-[a-z]+)*(?:\([A-Za-z-]+\))?')
DIRECTIVE = re.compile(r'#([A-Z][A-Za-z-]*(?: Format)?): (.+)')
DIRECTIVES = {
    'Version': r'[0-9]+\.[0-9]+',
    'Fields': r'\S+(?: \S+)*',
    'Software': r'.+',
    'Start-Date': r'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d',
    'End-Date': r'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d',
    'Date': r'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d',
    'Remark': r'.*',
    'Time Format': r'Local|GMT',
}
ACTIONS = ('OPEN', 'OPEN-INBOUND', 'CLOSE', 'DROP', 'INFO-EVENTS-LOST')

BASE = ('date time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn tcpack '
        'tcpwin icmptype icmpcode info').split()
FIELDS = {
    'icf-1.0': BASE,
    'wf-1.5': BASE + ['path'],
    'extended': BASE + ['path', 'x-reason', 'x-packets', 'x-bytes', 'x-duration'],
}
VERSIONS = {'icf-1.0': '1.0', 'wf-1.5': '1.5', 'extended': '1.5'}


def number(largest):
    def check(text):
        return text.isascii() and text.isdigit() and str(int(text)) == text and \
            int(text) <= largest
    return check


def pattern(text):
    return re.compile(text).fullmatch


def address(text):
    try:
        return str(ipaddress.ip_address(text)) == text
    except ValueError:
        return False


def protocol(text):
    return text in ('TCP', 'UDP', 'ICMP') or \
        (number(255)(text) and int(text) not in (1, 6, 17))


VALUES = {
    'date': pattern(r'\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])'),
    'time': pattern(r'([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)'),
    'action': ACTIONS.__contains__,
    'protocol': protocol,
    'src-ip': address,
    'dst-ip': address,
    'src-port': number(0xffff),
    'dst-port': number(0xffff),
    'size': number(0xffffffff),
    'tcpflags': pattern('A?F?P?R?S?U?'),
    'tcpsyn': number(0xffffffff),
    'tcpack': number(0xffffffff),
    'tcpwin': number(0xffff),
    'icmptype': number(255),
    'icmpcode': number(255),
    'info': number(2**64 - 1),
    'path': ('SEND', 'RECEIVE', 'FORWARD', 'UNKNOWN').__contains__,
    'x-reason': pattern('[a-z]+(-[a-z]+)*'),
    'x-packets': number(2**64 - 1),
    'x-bytes': number(2**64 - 1),
    'x-duration': pattern(r'\d+\.\d{3}'),
}
# What must not be missing, whatever the line is about.
ALWAYS = ('date', 'time', 'action')

Log = collections.namedtuple('Log', 'directives entries')


class Broken(Exception):
    """Not that format."""


def entry(fields, line):
    """A line as a dict; what is "-" in it is None."""
    values = line.split(' ')
    if len(values) != len(fields):
        raise Broken(f'{len(values)} values for {len(fields)} fields: {line!r}')
    for name, value in zip(fields, values):
        if value == '-' and name not in ALWAYS:
            continue
        if not value or not VALUES[name](value):
            raise Broken(f'{name}: {value!r} in {line!r}')
    return {name: None if value == '-' and name not in ALWAYS else value
            for name, value in zip(fields, values)}


def parse(text):
    """The directives as [(name, value)] and the entries as dicts. Raises Broken."""
    directives, entries, fields = [], [], None
    if not text.isascii() or '\r' in text or (text and not text.endswith('\n')):
        raise Broken('not lines of ASCII')
    for line in text.split('\n')[:-1]:
        if line.startswith('#'):
            match = DIRECTIVE.fullmatch(line)
            if not match or not re.fullmatch(DIRECTIVES.get(match.group(1), '(?!)'),
                                             match.group(2)):
                raise Broken(f'not a directive: {line!r}')
            directives.append(match.groups())
            if match.group(1) == 'Fields':
                fields = match.group(2).split(' ')
                if not all(IDENTIFIER.fullmatch(field) for field in fields):
                    raise Broken(f'not a list of fields: {line!r}')
        elif not line:
            if fields != FIELDS['wf-1.5'] or entries:
                raise Broken('an empty line')
        elif fields is None or directives[0][0] != 'Version':
            raise Broken(f'an entry before #Version and #Fields: {line!r}')
        else:
            entries.append(entry(fields, line))
    return Log(directives, entries)


def head(dialect, utc):
    """The directives that a log of ours begins with, but for #Date."""
    return [('Version', VERSIONS[dialect]), ('Software', 'Postern'),
            *([] if utc else [('Time Format', 'Local')]), ('Fields', ' '.join(FIELDS[dialect]))]

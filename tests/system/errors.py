# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything that a user can get wrong: one line that says what, and the status that is promised.

One table per subject. A row is what is wrong, the arguments, and words that the line must have;
files are made for it beforehand. What the rows have in common is the status.
"""

import gzip
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile

import kit
import pcapng
from cli import CAPTURE, Cli

INPUT, USAGE = 1, 2  # exit statuses
NOBODY = 65534


class Errors(Cli):
    """Rows of a table, run one by one."""

    def rows(self, status, rows):
        for what, arguments, *words in rows:
            result = self.complains(status, arguments, *words)
            self.count.check(not result.stdout, f'{what}: says {result.stdout[:200]!r} besides')

    def compiled(self, folder, text, *flags):
        """A shared object NAME.so from a line of C, in a folder of its own."""
        path = self.folder / folder
        path.parent.mkdir()
        source = path.with_suffix('.c')
        source.write_text(text)
        subprocess.run(['cc', '-shared', '-fPIC', f'-I{kit.SOURCE / "api"}', '-o', path, source,
                        *flags], check=True)
        return path.parent


def check_commands(errors):
    errors.rows(USAGE, [
        ('no command', [], '--help'),
        ('an unknown command', ['replya', CAPTURE], 'replya', "'postern replay'"),
        ('a command like no other', ['frobnicate'], 'frobnicate', '--help'),
        ('an option instead', ['--verbose'], '--verbose', '--help'),
        ('nothing to replay', ['replay'], 'no capture', 'replay --help'),
        ('nothing to watch', ['watch'], 'one interface', 'watch --help'),
        ('two to watch', ['watch', 'lo', 'lo'], 'one interface'),
        ('an unknown option', ['replay', '--colour', CAPTURE], '--colour', 'replay --help'),
        ('an unknown letter', ['replay', '-z', CAPTURE], '-z', 'replay --help'),
        ('an option of another command', ['replay', '--count', '1', CAPTURE], '--count'),
        ('an option without its value', ['replay', CAPTURE, '--inside'], '--inside'),
        ('too much', ['helpers', 'ftp'], 'ftp', 'helpers --help'),
    ])


def check_values(errors):
    here = errors.folder
    other = here / 'other'
    errors.rows(USAGE, [
        *((f'inside {value!r}', ['replay', '--inside', value, CAPTURE], '--inside')
          for value in ('', 'nonsense', '10.0.0.0/33', '10.0.0.256', '10.0.0.1/8', '10.0.0.0/8,,x',
                        '2001:db8::/129', '2001:db8::1/64', 'auto,10.0.0.0/8')),
        *((f'threads {value!r}', ['replay', '--threads', value, CAPTURE], '--threads')
          for value in ('', '0', '-1', '17', 'many', '99999999999999999999')),
        *((f'count {value!r}', ['watch', '--count', value, 'lo'], '--count')
          for value in ('0', '-1', 'many')),
        *((f'duration {value!r}', ['watch', '--duration', value, 'lo'], '--duration')
          for value in ('0', '-1', 'long')),
        ('no helper', ['replay', '--helpers', '', CAPTURE], '--helpers'),
        ('an unknown helper', ['replay', '--helpers', 'nosuch', CAPTURE], 'nosuch', '--helpers'),
        ('a part that is none', ['replay', '--helpers', 'ftp,nosuch.part', CAPTURE], 'nosuch'),
        ('a path for a helper', ['replay', '--helpers', 'lib/ftp', CAPTURE], 'lib/ftp'),
        ('an unknown connection', ['replay', '--connection', 'wan', CAPTURE], 'wan', 'default'),
        ('a filter', ['replay', '--filter', 'tcp port 21 21', CAPTURE], '--filter', 'syntax'),
        ('a filter to watch by', ['watch', '--filter', 'port', 'lo'], '--filter', 'syntax'),
        ('two outputs to stdout', ['replay', '-e', '-', '--write-dropped', '-', CAPTURE],
         '--events', '--write-dropped', 'standard output'),
        ('two policies to compare with', ['replay', '--compare', 'one', '--compare', 'two', CAPTURE],
         '--compare two'),
        ('two outputs to one file', ['replay', '-l', other, '--write-accepted', other, CAPTURE],
         '--log', '--write-accepted', 'two files'),
    ])
    errors.count.check(not other.exists(), 'an output was opened for nothing')


def check_outputs(errors):
    """Outputs that cannot be opened, are the input, or cannot be written to the end."""
    copy = errors.file('copy.pcap', CAPTURE.read_bytes())
    (errors.folder / 'link.pcap').hardlink_to(copy)
    for option in ('--events', '--log', '--write-accepted', '--write-dropped'):
        errors.rows(USAGE, [
            ('a folder', ['replay', option, errors.folder, CAPTURE], errors.folder),
            ('no such folder', ['replay', option, errors.folder / 'no' / 'file', CAPTURE],
             errors.folder / 'no' / 'file'),
            ('the input', ['replay', option, copy, copy], copy, 'another file'),
            ('its other name', ['replay', option, errors.folder / 'link.pcap', copy], 'link.pcap'),
        ])
        errors.rows(INPUT, [
            ('a full disk', ['replay', '--quiet', '--helpers', 'none', '--inside', '10.77.1.2',
                             option, '/dev/full', CAPTURE], '/dev/full'),
        ])
    errors.count.check(copy.read_bytes() == CAPTURE.read_bytes(), 'the input was overwritten')


def check_captures(errors):
    """Files that are no captures, or end early, or cannot be read."""
    whole = CAPTURE.read_bytes()
    packed = gzip.compress(whole, mtime=0)
    modern = (pcapng.section() + pcapng.interface(1) + pcapng.packet(0, 1, bytes(60))
              + pcapng.packet(0, 2, bytes(60)))
    files = [
        ('empty.pcap', b'', 'empty'),
        ('short.pcap', whole[:3], 'not a capture'),
        ('magic.pcap', b'\0\1\2\3' + whole[4:], 'not a capture'),
        ('text.pcap', b'this is a text, and not a capture at all\n', 'text'),
        ('program.pcap', b'\x7fELF' + bytes(60), 'program'),
        ('bzip2.pcap', b'BZh91AY&SY' + bytes(60), 'bzip2', 'unpack'),
        ('xz.pcap', b'\xfd7zXZ\0' + bytes(60), 'xz', 'unpack'),
        ('zstd.pcap', b'\x28\xb5\x2f\xfd' + bytes(60), 'zstd', 'unpack'),
        ('zip.pcap', b'PK\3\4' + bytes(60), 'zip', 'unpack'),
        ('twice.pcap.gz', gzip.compress(packed), 'twice'),
        ('snoop.pcap', b'snoop\0\0\0' + bytes(60), 'snoop', 'editcap'),
        ('header.pcap', whole[:23], 'ends early'),
        ('version.pcap', whole[:4] + b'\x09\0' + whole[6:], 'version'),
        ('link.pcap', whole[:20] + b'\xee\xee\0\0' + whole[24:], 'link type'),
        ('record.pcap', whole[:30], 'ends early', 'offset 30'),
        ('packet.pcap', whole[:50], 'ends early', 'offset 50'),
        ('length.pcap', whole[:32] + b'\xff\xff\xff\x7f' + whole[36:], 'offset 24'),
        ('section.pcapng', modern[:20], 'ends early'),
        ('block.pcapng', modern[:-1], 'ends early'),
        ('lengths.pcapng', modern[:-4] + bytes(4), 'lengths'),
        ('interface.pcapng', pcapng.section() + pcapng.packet(0, 1, bytes(60)), 'interface 0'),
        ('unknown.pcapng', pcapng.section() + pcapng.interface(147)
         + pcapng.packet(0, 1, bytes(60)), 'link type 147'),
        ('cut.pcap.gz', packed[:len(packed) // 2], 'ends early'),
        ('damaged.pcap.gz', packed[:400] + bytes(64) + packed[464:], 'damaged'),
    ]
    errors.rows(INPUT, [
        ('missing', ['replay', '--quiet', errors.folder / 'none.pcap'], 'none.pcap: ', 'No such'),
        ('a folder', ['replay', '--quiet', errors.folder], f'{errors.folder}: ', 'directory'),
        ('a summary of nothing', ['replay', errors.folder / 'none.pcap'], 'none.pcap: ', 'No such'),
        ('a comparison of nothing', ['replay', '--compare', errors.file('plain.conf', ''),
                                     errors.folder / 'none.pcap'], 'none.pcap: '),
        ('an empty name', ['replay', '--quiet', ''], 'No such'),
        *((name, ['replay', '--quiet', errors.file(name, content)], f'{name}: ', *words)
          for name, content, *words in files),
        ('no such interface', ['watch', 'no-such-if0'], 'no-such-if0: ', 'no such interface'),
    ])
    result = kit.run('replay', '--quiet', '--events', '-', errors.folder / 'none.pcap', CAPTURE)
    errors.count.check(result.returncode == INPUT and '"flow"' in result.stdout,
                       'a missing capture keeps the next from being played')
    result = kit.run('replay', errors.folder / 'none.pcap', CAPTURE)
    errors.count.check(result.returncode == INPUT and 'incomplete 1 capture' in result.stdout,
                       f'a missing capture is not in the summary: {result}')


def check_configuration(errors):
    """Values, lines and files; nothing is replayed then."""
    values = [
        ('[Stateful]\nMidstream=sideways\n', 'Midstream=sideways', 'outbound'),
        ('[Stateful]\nVerifyChecksums=perhaps\n', 'VerifyChecksums', 'true'),
        ('[Stateful]\nUdpTimeout=0\n', 'UdpTimeout=0', '1 to 604800'),
        ('[Stateful]\nUdpTimeout=-5\n', 'UdpTimeout'),
        ('[Stateful]\nUdpTimeout=60 # a minute\n', 'UdpTimeout', 'a line of its own'),
        ('[Stateful]\nUdpTimeout=99999999999999999999\n', 'UdpTimeout'),
        ('[Limits]\nMaxFlows=lots\n', 'MaxFlows=lots'),
        ('[Doors]\nDenyTcp=70000\n', 'DenyTcp=70000', '65535'),
        ('[Doors]\nSources=10.0.0.1/8\n', 'Sources'),
        ('[Log]\nDialect=latin\n', 'Dialect=latin', 'wf-1.5'),
        ('[Helper:ftp]\nPorts=0\n', 'Ports=0'),
        ('[Helper:ftp]\nPorts=30-20\n', 'Ports=30-20'),
        ('[Helper:ftp]\nCCC=perhaps\n', 'CCC', 'true or false'),
        ('[Stateful]\nthis is no line of a configuration\n', 'this is no line'),
        ('[Stateful]\n=1\n', '='),
        ('[Stateful]\nMidstream=\xff\n', 'UTF-8'),
    ]
    rows = []
    for number, (text, *words) in enumerate(values):
        path = errors.file(f'value{number}.conf', text.encode('latin-1'))
        rows.append((text, ['replay', '-c', path, CAPTURE], f'{path}:2', *words))
    for number, (text, *words) in enumerate([
            ('[Stateful\n', 'not a section'),
            ('Midstream=any\n', 'before the first'),
            ('[Helper:nosuch]\nEnabled=true\n', 'nosuch', 'loaded: '),
            ('[Helper:Not A Name]\nEnabled=true\n', 'Not A Name', 'a-z')]):
        path = errors.file(f'line{number}.conf', text)
        rows.append((text, ['replay', '-c', path, CAPTURE], f'{path}:1', *words))
    errors.rows(USAGE, [
        *rows,
        ('missing', ['replay', '-c', errors.folder / 'none.conf', CAPTURE], 'none.conf'),
        ('a folder without it', ['replay', '-c', errors.folder, CAPTURE], 'nothing of a configuration'),
        ('far too long', ['replay', '-c', errors.file('long.conf', '#' * (1 << 21)), CAPTURE],
         'long.conf', '1024 KiB'),
        ('for helpers too', ['helpers', '-c', errors.folder / 'value0.conf'], 'value0.conf:2'),
    ])


def check_warnings(errors):
    """Keys and sections that are not known: a line each, and everything goes on."""
    for name, text, *words in (
            ('key.conf', '[Stateful]\n\nMidstraem=any\n', ':3', 'Midstraem', 'Midstream'),
            ('option.conf', '[Helper:ftp]\nNoSuchOption=1\n', ':2', 'NoSuchOption', 'CCC'),
            ('section.conf', '[Statefull]\nMidstream=any\n', ':1', 'Statefull', 'Stateful'),
            ('twice.conf', '[Stateful]\nMidstream=any\nMidstream=none\n', ':2', 'again')):
        path = errors.file(name, text)
        result = errors.complains(0, ['replay', '-c', path, CAPTURE], path, *words)
        errors.count.check('Replayed' in result.stdout, f'{name}: nothing was replayed')


PLUGIN = '''#include <postern/plugin.h>
static const struct pn_helper *const helpers[] = { NULL };
PN_EXPORT const struct pn_plugin postern_plugin_0 = { .size = sizeof(struct pn_plugin),
    .name = "another", .version = "1", .summary = "-", .licence = "MIT", .helpers = helpers };
'''


def check_plugins(errors):
    """Plugins that are refused, by replay and by the list of helpers; nothing is replayed."""
    folders = [
        ('older', errors.compiled('older/abi.so', 'const int postern_plugin_1 = 1;'),
         'abi.so: ', 'ABI 1', 'rebuild'),
        ('a stranger', errors.compiled('stranger/lib.so', 'int nothing = 1;'),
         'lib.so: ', 'postern_plugin_0'),
        ('incomplete', errors.compiled('lacking/lack.so', 'int lack(void); int f(void) '
                                       '{ return lack(); }'), 'lack.so: ', 'lack'),
        ('the wrong name', errors.compiled('name/other.so', PLUGIN), 'other.so: ', 'NAME.so'),
        ('without helpers', errors.compiled('bare/another.so', PLUGIN), 'another.so: ', 'helpers'),
    ]
    good = kit.BUILD / 'plugins' / 'ftp' / 'ftp.so'
    for name, content in (('text', b'this is no plugin'), ('nothing', b''),
                          ('head', b'\x7fELF, and nothing more'),
                          ('start', good.read_bytes()[:60]),
                          ('half', good.read_bytes()[:good.stat().st_size // 2])):
        folder = errors.folder / f'{name}-plugins'
        folder.mkdir()
        (folder / f'{name}.so').write_bytes(content)
        folders.append((name, folder, f'{name}.so: '))
    for what, folder, *words in folders:
        errors.rows(USAGE, [(what, ['replay', '--plugin-path', folder, CAPTURE], *words)])
        result = errors.complains(USAGE, ['helpers', '--plugin-path', folder], *words)
        errors.count.check('ftp' in result.stdout, f'{what}: hides the others')
    renamed = errors.folder / 'renamed'
    renamed.mkdir()
    shutil.copy(good, renamed / 'copy.so')
    missing = errors.folder / 'nowhere'
    errors.rows(USAGE, [
        ('a copy', ['replay', '-p', renamed, CAPTURE], 'copy.so: ', 'NAME.so'),
        ('no folder', ['replay', '-p', missing, CAPTURE], missing, 'no such folder'),
        ('a file', ['replay', '-p', good, CAPTURE], good, 'no such folder'),
        ('no folder to list', ['helpers', '-p', missing], missing, 'no such folder'),
    ])


def may_be_nobody(folder):
    """Can the program run as somebody who may not read everything?"""
    if os.getuid():
        return True
    folder.chmod(0o755)
    try:
        return kit.run('--version', user=NOBODY, group=NOBODY, extra_groups=[]).returncode == 0
    except PermissionError:
        return False


def check_rights(errors):
    """What may not be read or written."""
    if not may_be_nobody(errors.folder):
        print('the program cannot be run as somebody else here: rights are not tested')
        return
    drop = {} if os.getuid() else {'user': NOBODY, 'group': NOBODY, 'extra_groups': []}
    folder = errors.compiled('closed/another.so', PLUGIN)
    closed = [errors.file('closed.pcap', CAPTURE.read_bytes()), errors.file('closed.conf', ''),
              folder / 'another.so']
    readable = errors.file('readable.pcap', struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535,
                                                        1))
    for path in closed:
        path.chmod(0)
    for status, arguments, path in (
            (INPUT, ['replay', '--quiet', closed[0]], closed[0]),
            (USAGE, ['replay', '-c', closed[1], readable], closed[1]),
            (USAGE, ['replay', '-p', folder, readable], closed[2]),
            (USAGE, ['replay', '-e', closed[0], readable], closed[0])):
        errors.complains(status, arguments, path, 'ermission denied', **drop)
    if not os.getuid():
        errors.complains(INPUT, ['watch', 'lo'], 'lo: ', 'CAP_NET_RAW', **drop)


def main():
    count = kit.Count()
    for check in (check_commands, check_values, check_outputs, check_captures, check_configuration,
                  check_warnings, check_plugins, check_rights):
        with tempfile.TemporaryDirectory() as folder:
            check(Errors(count, pathlib.Path(folder)))
    count.done()


if __name__ == '__main__':
    main()

# SPDX-License-Identifier: GPL-2.0-or-later
"""The manual pages say what the program does: its options, and the keys of the configuration."""

import pathlib
import re
import shutil
import subprocess
import tempfile

import kit

OPTION = re.compile(r'^  (?:-(\w), )?(--[\w-]+)', re.MULTILINE)
MAN_OPTION = re.compile(r'^\.TP\n\.BR (?:-(\w) ", " )?(--[\w-]+)', re.MULTILINE)

# `postern watch` has all those of `postern replay`, so its section names only its own.
INHERITED = {'watch': 'replay', 'flows': 'status', 'doors': 'status', 'stats': 'status'}
NOT_INHERITED = {'watch': {('t', '--threads'), (None, '--compare')}}

# Those that are there where the program was built for live traffic.
LIVE = {'run', 'status', 'flows', 'doors', 'stats', 'doctor', 'flush'}


def read(name):
    """The source of a page, its escapes resolved and requests for fonts within a line gone."""
    text = (kit.SOURCE / 'docs' / name).read_text(encoding='utf-8')
    text = text.replace('\\-', '-').replace('\\:', '')
    return re.sub(r'\\f[BIRP]', '', text)


def sections(text):
    """{heading: text}"""
    parts = re.split(r'^\.SH (.*)$', text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def check_rendering(count, name):
    """No warnings, where there is somebody to warn."""
    if not shutil.which('groff'):
        return
    said = subprocess.run(['groff', '-ww', '-man', '-Tutf8', kit.SOURCE / 'docs' / name],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    count.check(said.returncode == 0 and not said.stderr, f'{name}: {said.stderr}')


def check_options(count):
    page = sections(read('postern.1'))
    listed = re.findall(r'^  (\w[\w-]*) +\w', kit.run('--help').stdout, re.MULTILINE)
    described = {heading.split()[1] for heading in page if heading.startswith('postern ')}
    if 'run' not in listed:
        described -= LIVE
    count.check(set(listed) == described, f'commands {listed}, in the manual {described}')
    options = {}
    for command in listed:
        found = OPTION.findall(kit.run(command, '--help').stdout)
        options[command] = {(short or None, name) for short, name in found if name != '--help'}
        found = MAN_OPTION.findall(page.get(f'postern {command}', ''))
        manual = {(short or None, name) for short, name in found}
        if command in INHERITED:
            manual |= options[INHERITED[command]] - NOT_INHERITED.get(command, set())
        count.check(options[command], f'{command} has no options: {options[command]}')
        count.check(options[command] == manual,
                    f'postern {command}: only in the manual {manual - options[command]}, '
                    f'only in the program {options[command] - manual}')


class Key:
    """What the manual says of a key."""

    def __init__(self, section, entry, common):
        head = re.match(r'\.B[IR] (\w+) ?= ?(.*)', entry)
        default = re.search(r'Default:(?: .*|\n\.[A-Z]+ (\S+) \.)$', entry, re.MULTILINE)
        limits = re.search(r'from (\d+) to (\d+)', entry) or common
        self.section, self.name = section, head[1]
        self.default = (default[1] or '') if default else None
        self.words = head[2].split(' | ') if ' | ' in head[2] else None
        self.limits = None
        if head[2] in ('number', 'seconds'):
            self.limits = int(limits[1]), int(limits[2])


def keys_of_manual():
    keys = []
    for heading, text in sections(read('postern.conf.5')).items():
        found = re.match(r'SECTION \[(.*)\]$', heading)
        common = re.search(r'from (\d+) to (\d+)', text.split('.TP')[0])
        keys += [Key(found[1], entry, common) for entry in text.split('.TP\n')[1:] if found]
    return keys


def keys_of_file(name):
    """{(section, key): default}, where sections of which there may be several are Something:NAME."""
    keys = {}
    section = None
    for line in (kit.SOURCE / 'data' / name).read_text(encoding='utf-8').splitlines():
        head = re.match(r'#\[(.*)\]$', line)
        key = re.match(r'#(\w+)=(.*)$', line)
        if head:
            section = re.sub(r':.*', ':NAME', head[1])
        elif key:
            keys[section, key[1]] = key[2]
    return keys


# Where each section of the manual stands, if not in postern.conf alone.
OF_CONNECTION = ('Connection', 'Sharing')
OF_ALL = ('Firewall', 'Mapping:NAME', 'Trigger:NAME')
OF_SERVICE = ('Service',)


def check_keys(count, manual):
    """All keys are shown in the files that show keys, with their defaults, and no others are."""
    for name, mine in (('postern.conf', lambda section: section not in OF_CONNECTION + OF_SERVICE),
                       ('connections/example', lambda section: section in OF_CONNECTION + OF_ALL)):
        ours = {(key.section, key.name): key.default for key in manual if mine(key.section)}
        other = keys_of_file(name)
        count.check(len(other) > 15 and ours.keys() == other.keys(),
                    f'only in the manual {ours.keys() - other.keys()}, '
                    f'only in data/{name} {other.keys() - ours.keys()}')
        for section, key in ours.keys() & other.keys():
            # What stands for many, and what a connection is, are shown by an example.
            if not section.endswith(':NAME') and key != 'Match':
                default, shown = ours[section, key], other[section, key]
                count.check(default == shown, f'{key}: {default!r}, in data/{name} {shown!r}')


def check_services(count, manual):
    """The definitions that come with the program have what the manual tells, and nothing else."""
    known = {key.name for key in manual if key.section in OF_SERVICE}
    found = set()
    for path in (kit.SOURCE / 'data' / 'services').iterdir():
        lines = path.read_text(encoding='utf-8').splitlines()
        keys = {line.split('=')[0] for line in lines if '=' in line}
        count.check(path.name.endswith('.service.conf') and keys <= known, f'{path.name}: {keys}')
        found |= keys
    count.check(found == known, f'in data/services {found}, in the manual {known}')


# What a section needs besides the key that is looked at.
FRAMES = {
    'Mapping:NAME': ['Protocol=tcp', 'External=80', 'Target=192.0.2.1'],
    'Trigger:NAME': ['Protocol=tcp', 'Ports=1', 'Opens=2/udp'],
}


def try_value(count, folder, key, value, status):
    """Writes the key where it may stand; the program has to take it, or to refuse it."""
    frame = [line for line in FRAMES.get(key.section, []) if not line.startswith(f'{key.name}=')]
    text = '\n'.join([f'[{key.section}]', *frame, f'{key.name}={value}', ''])
    path = folder / ('connections/wan.conf' if key.section in OF_CONNECTION else 'postern.conf')
    path.parent.mkdir(exist_ok=True)
    if key.section == 'Sharing':
        text += '[Connection]\n'
    if key.section in OF_CONNECTION:
        text += 'Match=interface:wan0\n'
    path.write_text(text, encoding='utf-8')
    said = kit.run('helpers', '--config', folder)
    path.unlink()
    count.check(said.returncode == status and ('postern:' in said.stderr) == (status != 0),
                f'{key.name}={value}: status {said.returncode}: {said.stderr}')


def check_values(count, manual, folder):
    """What the manual allows is taken, and what lies beyond it is not."""
    for key in manual:
        if key.limits:
            low, high = key.limits
            for value, status in ((low - 1, 2), (low, 0), (high, 0), (high + 1, 2)):
                try_value(count, folder, key, value, status)
        for word in key.words or ():
            try_value(count, folder, key, word, 0)
        if key.words:
            try_value(count, folder, key, 'x' + key.words[0], 2)


def main():
    count = kit.Count()
    check_rendering(count, 'postern.1')
    check_rendering(count, 'postern.conf.5')
    check_options(count)
    manual = keys_of_manual()
    check_keys(count, manual)
    check_services(count, manual)
    with tempfile.TemporaryDirectory() as folder:
        check_values(count, manual, pathlib.Path(folder))
    count.done()


if __name__ == '__main__':
    main()

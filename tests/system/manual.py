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
INHERITED = {'watch': 'replay'}
NOT_INHERITED = {'watch': {('t', '--threads')}}


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
    listed = re.findall(r'^  (\w+) +\w', kit.run('--help').stdout, re.MULTILINE)
    described = {heading.split()[1] for heading in page if heading.startswith('postern ')}
    count.check(set(listed) == described, f'commands {listed}, in the manual {described}')
    options = {}
    for command in listed:
        found = OPTION.findall(kit.run(command, '--help').stdout)
        options[command] = {(short or None, name) for short, name in found if name != '--help'}
        found = MAN_OPTION.findall(page.get(f'postern {command}', ''))
        manual = {(short or None, name) for short, name in found}
        if command in INHERITED:
            manual |= options[INHERITED[command]] - NOT_INHERITED[command]
        count.check(len(options[command]) > 1, f'{command} has no options: {options[command]}')
        count.check(options[command] == manual,
                    f'postern {command}: only in the manual {manual - options[command]}, '
                    f'only in the program {options[command] - manual}')


def keys_of_manual():
    """{(section, key): (default, range or None)}"""
    keys = {}
    for heading, text in sections(read('postern.conf.5')).items():
        found = re.match(r'SECTION \[(.*)\]$', heading)
        common = re.search(r'from (\d+) to (\d+)', text.split('.TP')[0])
        for entry in text.split('.TP\n')[1:] if found else ():
            key = re.match(r'\.B[IR] (\w+) ?= ?(\w*)', entry)
            default = re.search(r'Default:(?: empty.*|\n\.[A-Z]+ (\S+) \.)$', entry, re.MULTILINE)
            limits = re.search(r'from (\d+) to (\d+)', entry) or common
            is_number = key[2] in ('number', 'seconds')
            keys[found[1], key[1]] = (default[1] or '' if default else None,
                                      (int(limits[1]), int(limits[2])) if is_number else None)
    return keys


def keys_of_file():
    """{(section, key): default}, of data/postern.conf"""
    keys = {}
    section = None
    for line in (kit.SOURCE / 'data' / 'postern.conf').read_text(encoding='utf-8').splitlines():
        head = re.match(r'#\[(.*)\]$', line)
        key = re.match(r'#(\w+)=(.*)$', line)
        if head:
            section = head[1]
        elif key:
            keys[section, key[1]] = key[2]
    return keys


def check_keys(count, manual):
    """Those of a helper have no default of their own, and are not compared."""
    ours = {key: default for key, (default, _) in manual.items()
            if not key[0].startswith('Helper:')}
    other = {key: default for key, default in keys_of_file().items()
             if not key[0].startswith('Helper:')}
    count.check(len(other) > 30 and ours.keys() == other.keys(),
                f'only in the manual {ours.keys() - other.keys()}, '
                f'only in data/postern.conf {other.keys() - ours.keys()}')
    for key in ours.keys() & other.keys():
        count.check(ours[key] == other[key],
                    f'{key}: default {ours[key]!r}, in data/postern.conf {other[key]!r}')


def check_ranges(count, manual, folder):
    """What the manual allows is taken, and what lies beyond it is not."""
    for (section, key), (_, limits) in manual.items():
        if not limits:
            continue
        low, high = limits
        for value, status in ((low - 1, 2), (low, 0), (high, 0), (high + 1, 2)):
            path = folder / 'postern.conf'
            path.write_text(f'[{section}]\n{key}={value}\n', encoding='utf-8')
            said = kit.run('helpers', '--config', path)
            count.check(said.returncode == status and ('postern:' in said.stderr) == (status != 0),
                        f'{key}={value}: status {said.returncode}: {said.stderr}')


def main():
    count = kit.Count()
    check_rendering(count, 'postern.1')
    check_rendering(count, 'postern.conf.5')
    check_options(count)
    manual = keys_of_manual()
    check_keys(count, manual)
    with tempfile.TemporaryDirectory() as folder:
        check_ranges(count, manual, pathlib.Path(folder))
    count.done()


if __name__ == '__main__':
    main()

# SPDX-License-Identifier: GPL-2.0-or-later
"""The pages show what the program says: every example in them is run, and its output compared.

    examples.py [--write]

An example is indented by four blanks: a line that begins with "$ " is a command, lines with "> " go
on with it, and what follows up to the next command or the next line of prose is its output. They
run one after the other in a folder that looks like the source folder after script/build, with an
empty one, $T, for what they write. How fast it was differs each time and is not compared. --write puts what was
really said into the pages.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import kit

PAGES = ['README.md', 'docs/replay.md']
NEEDS = ['bash', 'jq', 'tshark']
SPEED = re.compile(r'^( *speed +played in ).*$', re.MULTILINE)


class Example:
    def __init__(self, command):
        self.command = command
        self.output = []  # lines as they stand in the page, without the indent

    def text(self):
        return '\n'.join(self.output).rstrip('\n')


def parse(text):
    """The page as a list of lines of prose and of examples."""
    parts = []
    example = None
    for line in text.splitlines():
        if line.startswith('    $ '):
            example = Example([line[6:]])
            parts.append(example)
        elif example and line.startswith('    > ') and not example.output:
            example.command.append(line[6:])
        elif example and (line.startswith('    ') or not line):
            example.output.append(line[4:])
        else:
            if example:  # blank lines before prose are the page's
                while example.output and not example.output[-1]:
                    example.output.pop()
                    parts.append('')
            example = None
            parts.append(line)
    return parts


def render(parts):
    lines = []
    for part in parts:
        if isinstance(part, str):
            lines.append(part)
            continue
        lines.append('    $ ' + part.command[0])
        lines += ['    > ' + line for line in part.command[1:]]
        lines += [('    ' + line).rstrip() for line in part.output]
    return '\n'.join(lines) + '\n'


def furnish(folder):
    """Makes it look like the source folder after script/build."""
    for path in kit.SOURCE.iterdir():
        if path.name not in ('build', '.git'):
            (folder / path.name).symlink_to(path)
    (folder / 'build').symlink_to(kit.BUILD)


def run(example, folder):
    (folder / 'written').mkdir(exist_ok=True)
    environment = {'T': str(folder / 'written'), 'PATH': f'{folder}/build/cmd:{os.environ["PATH"]}', 'HOME': str(folder),
                   'LC_ALL': 'C.UTF-8', 'TZ': 'UTC'}
    result = subprocess.run(['bash', '-c', '\n'.join(example.command)], cwd=folder, check=False,
                            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, timeout=120)
    return '\n'.join(line.rstrip() for line in result.stdout.splitlines()).rstrip('\n')


def check_page(count, folder, name, write):
    path = kit.SOURCE / name
    parts = parse(path.read_text(encoding='utf-8'))
    examples = [part for part in parts if isinstance(part, Example)]
    for example in examples:
        said = run(example, folder)
        same = SPEED.sub(r'\1', said) == SPEED.sub(r'\1', example.text())
        if write and not same:
            blanks = len(example.output) - len(example.text().splitlines())
            example.output = said.splitlines() + [''] * blanks
        else:
            count.check(same, f'{name}: {" ".join(example.command)}: it says\n{said}')
    count.check(examples, f'{name}: no examples')
    if write:
        path.write_text(render(parts), encoding='utf-8')


def main():
    for name in NEEDS:
        if not shutil.which(name):
            kit.skip(f'{name} is missing; script/setup test installs it')
    count = kit.Count()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        furnish(folder)
        for page in PAGES:
            check_page(count, folder, page, '--write' in sys.argv[1:])
    count.done()


if __name__ == '__main__':
    main()

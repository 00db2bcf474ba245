# SPDX-License-Identifier: GPL-2.0-or-later
"""The Debian package: built, looked at by lintian, installed on a clean machine, used and removed.

The clean machine is a folder that debootstrap fills from the mirror of this one, with nothing that
was not asked for but the libraries that the package depends on. This needs root, a network and a
minute, so it runs only when POSTERN_PACKAGE is set: by `script/test --package`, and in CI.
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import kit

CAPTURE = kit.SOURCE / 'tests' / 'pcap' / 'ftp-active-passive.pcap'

# A packager's tools keep books there.
BOOKS = ('./proc', './sys', './dev', './tmp', './var/log', './var/cache', './var/lib/dpkg')


def tool(*command, **options):
    return subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


def must(*command, **options):
    result = tool(*command, **options)
    if result.returncode:
        raise RuntimeError(f'{command}: status {result.returncode}:\n{result.stdout[-4000:]}')
    return result.stdout


def build(folder):
    """Builds the packages from a copy of the tree; the tests of it are those around this one."""
    there = folder / 'source'
    shutil.copytree(kit.SOURCE, there, ignore=lambda path, names: [
        name for name in names if pathlib.Path(path) == kit.SOURCE
        and (name in ('.git', 'build') or name.startswith(('build-', 'obj-')))])
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(('POSTERN_', 'G_', 'MALLOC_'))}
    environment.update(DEB_BUILD_OPTIONS='nocheck', DEB_BUILD_PROFILES='nocheck')
    must('dpkg-buildpackage', '-us', '-uc', '-b', cwd=there, env=environment, timeout=600)
    packages = sorted(path for path in folder.glob('*.deb') if '-dbgsym_' not in path.name)
    return packages, next(folder.glob('*.changes'))


def check_lintian(count, changes):
    said = tool('lintian', '--allow-root', '--fail-on', 'error', changes, timeout=300)
    count.check(said.returncode == 0, f'lintian: {said.stdout}')
    if said.stdout.strip():
        print(said.stdout.strip())


def mirror():
    """Where this machine gets its own packages from, or None."""
    release = dict(line.rstrip().split('=', 1) for line in open('/etc/os-release', encoding='utf-8')
                   if '=' in line).get('VERSION_CODENAME', '').strip('"')
    targets = must('apt-get', 'indextargets', '--format', '$(REPO_URI) $(RELEASE) $(COMPONENT)',
                   'Created-By: Packages')
    for line in targets.splitlines():
        uri, suite, component = line.split()
        if suite == release and component == 'main':
            return suite, uri
    return None


def libraries(packages):
    """The names of what the packages depend on."""
    lists = (must('dpkg-deb', '--field', package, 'Depends').strip() for package in packages)
    wanted = (word for line in lists for word in line.split(',') if word.strip())
    return sorted({word.split('|')[0].split('(')[0].strip() for word in wanted})


def clean_machine(root, packages):
    """Fills the folder; what debootstrap mounts there is gone with its namespace."""
    found = mirror()
    if not found:
        kit.skip('apt knows no mirror of this release')
    suite, uri = found
    result = tool('unshare', '--mount', 'debootstrap', '--variant=minbase',
                  f'--include={",".join(libraries(packages))}', suite, root, uri, timeout=600)
    if result.returncode:
        kit.skip(f'debootstrap cannot work here: {result.stdout.strip().splitlines()[-1]}')


class Machine:
    def __init__(self, root):
        self.root = root

    def run(self, *command):
        """Runs a command on it, with /proc as a machine has it."""
        script = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"'
        environment = {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'HOME': '/root',
                       'LC_ALL': 'C.UTF-8', 'DEBIAN_FRONTEND': 'noninteractive'}
        return subprocess.run(['unshare', '--mount', 'sh', '-c', script, self.root, *command],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                              env=environment, timeout=120)

    def files(self):
        """All there is, but for the books."""
        prune = [word for path in BOOKS for word in ('-path', path, '-o')][:-1]
        found = must('find', '.', '-xdev', '(', *prune, ')', '-prune', '-o', '-printf',
                     '%p %y %m %U:%G %s %l\n', cwd=self.root)
        lines = (line for line in found.splitlines() if line.split()[1] != 'd')
        folders = (' '.join(line.split()[:4]) for line in found.splitlines()
                   if line.split()[1] == 'd')  # their sizes are the file system's affair
        return {*lines, *folders}


def check_installed(count, machine):
    """Same events as the program of this build has, with the plugin that was installed."""
    version = machine.run('postern', '--version').stdout
    count.check(version == kit.run('--version').stdout, f'version: {version!r}')
    listed = machine.run('postern', 'helpers')
    count.check(listed.returncode == 0 and not listed.stderr and '/postern/ftp.so' in listed.stdout,
                f'helpers: {listed}')
    shutil.copy(CAPTURE, machine.root / 'tmp' / 'capture.pcap')
    replay = machine.run('postern', 'replay', '--quiet', '--events', '-', '/tmp/capture.pcap')
    here = kit.Replay(CAPTURE).events
    events = [json.loads(line) for line in replay.stdout.splitlines()]
    count.check(replay.returncode == 0 and not replay.stderr, f'replay: {replay.stderr}')
    count.check(len(events) > 10 and events == here, f'{len(events)} events, {len(here)} here')
    # The configuration that was installed is the one that is read.
    more = machine.root / 'etc' / 'postern' / 'postern.conf.d'
    more.mkdir()
    (more / 'test.conf').write_text('[Stateful]\nUdpTimeout=77\n', encoding='utf-8')
    shown = machine.run('postern', 'show')
    count.check('# /etc/postern/postern.conf.d/test.conf:2\nUdpTimeout=77\n' in shown.stdout,
                f'show: {shown}')
    shutil.rmtree(more)
    summary = machine.run('postern', 'replay', '--config', '/etc/postern', '/tmp/capture.pcap')
    count.check(summary.returncode == 0 and not summary.stderr and 'door 7 ' in summary.stdout,
                f'summary: {summary}')


def check_machine(count, machine, packages):
    before = machine.files()
    for package in packages:
        shutil.copy(package, machine.root / 'tmp')
    installed = machine.run('dpkg', '--install', *(f'/tmp/{path.name}' for path in packages))
    count.check(installed.returncode == 0, f'dpkg --install: {installed}')
    count.check(len(machine.files() - before) > 10, 'nothing was installed')
    check_installed(count, machine)
    names = [path.name.split('_')[0] for path in packages]
    purged = machine.run('dpkg', '--purge', *names)
    count.check(purged.returncode == 0, f'dpkg --purge: {purged}')
    after = machine.files()
    count.check(after == before, f'left behind: {after - before}; missing: {before - after}')
    known = machine.run('dpkg-query', '--show', *names)
    count.check(known.returncode != 0 and not known.stdout, f'dpkg knows: {known.stdout}')


def main():
    if os.geteuid() != 0:
        kit.skip('needs root, to fill a folder with a small Debian')
    if not os.environ.get('POSTERN_PACKAGE'):
        kit.skip('runs with script/test --package only, since it fetches a small Debian')
    for name in ('dpkg-buildpackage', 'dh', 'lintian', 'debootstrap', 'unshare'):
        if not shutil.which(name):
            kit.skip(f'{name} is missing; script/setup package installs it')
    count = kit.Count()
    folder = pathlib.Path(tempfile.mkdtemp(prefix='postern-package.'))
    try:
        packages, changes = build(folder)
        count.check(len(packages) == 2, f'packages: {packages}')
        check_lintian(count, changes)
        clean_machine(folder / 'machine', packages)
        check_machine(count, Machine(folder / 'machine'), packages)
    finally:
        must('rm', '-rf', '--one-file-system', folder)
    count.done()


if __name__ == '__main__':
    main()

# SPDX-License-Identifier: GPL-2.0-or-later
"""Who includes whom, as CONTRIBUTING.md says, from the compiler's own lists of dependencies.

The lists name everything that a file includes, by whatever way, so each room is held against all
that it may reach. Headers are compiled alone, which also says whether they can be.
"""

import concurrent.futures
import pathlib
import re
import subprocess

import kit

PACKET = {'api', 'packet'}
FLOW = PACKET | {'flow'}
POLICY = FLOW | {'policy'}
RECORD = POLICY | {'record'}
CORE = RECORD | {'helper', 'source', 'engine'}
MAY_REACH = {
    'api': {'api'},
    'packet': PACKET,
    'flow': FLOW,
    'policy': POLICY,
    'record': RECORD,
    'helper': RECORD | {'helper'},
    'source': PACKET | {'source'},
    'engine': CORE,
    'codec': {'api', 'codec'},
    'cmd': CORE | {'cmd'},
}

# Headers of the system that only some files may reach.
ONLY = {
    'pcap/pcap.h': r'core/source/(filter|live)\.c',
    'dlfcn.h': r'core/helper/loader\.c',
    'zlib.h': r'core/source/gunzip\.c',
    'linux/netlink.h': r'kernel/.*',
    'libmnl/libmnl.h': r'kernel/.*',
    'libnetfilter_conntrack/libnetfilter_conntrack.h': r'kernel/conntrack\.c',
    'nftables/libnftables.h': r'kernel/ruleset-.*',
    'glib.h': r'(core|cmd|kernel)/.*',
}

# Application protocols: core is the same for all of them.
PROTOCOLS = re.compile(
    r'(?<![a-z0-9])(ftps?|tftp|pptp|c?ldaps?|h\.?323|h\.?225|h\.?245|q\.?931|t\.?12[0-8]|sips?|sdp|'
    r'rtsp|rtp|rtcp|irc|https?|ssh|stun|tls|dplay|directplay|netmeeting|ils|upnp|'
    r'netbios|snmp|amanda)(?![a-z0-9])')

KEY_FILE = re.compile(r'\bg_key_file_|\bGKeyFile \*')
CONFIG = re.compile(r'core/policy/config[a-z-]*\.[ch]')


def room(path):
    """The room of a path below the source folder; None for tests and what is not ours."""
    parts = pathlib.PurePath(path).parts
    if parts[0] == 'core':
        return parts[1] if len(parts) > 2 else 'engine'
    if parts[0] == 'plugins':
        return parts[1] if parts[1] == 'codec' else '/'.join(parts[:2])
    return parts[0] if parts[0] in ('api', 'cmd', 'kernel') else None


def may_reach(name):
    if name.startswith('plugins/'):
        return {'api', 'codec', name}
    if name == 'kernel':
        return CORE | {'kernel'}
    return MAY_REACH.get(name, set()) | ({'kernel'} if name == 'cmd' else set())


def ours(path, base):
    """A path of a list of dependencies, relative to the source folder, or None."""
    try:
        return str((base / path).resolve().relative_to(kit.SOURCE.resolve()))
    except ValueError:
        return None


class Dependencies:
    """What one file includes."""

    def __init__(self, name, paths, base):
        self.name = name
        self.ours = {path for path in (ours(path, base) for path in paths) if path}
        self.system = {path for path in paths if not ours(path, base)}


def of_objects():
    """Of each object that the build made from a file of ours."""
    text = subprocess.run(['ninja', '-C', kit.BUILD, '-t', 'deps'], text=True, check=True,
                          capture_output=True).stdout
    for block in text.split('\n\n'):
        paths = [line.strip() for line in block.splitlines() if line.startswith('    ')]
        sources = [name for name in (ours(path, kit.BUILD) for path in paths)
                   if name and name.endswith('.c') and room(name)]
        for name in sources[:1]:
            yield Dependencies(name, paths, kit.BUILD)


def of_header(name):
    """Of a header, compiled alone; raises CalledProcessError if it cannot be."""
    flags = subprocess.run(['pkg-config', '--cflags', 'glib-2.0'], text=True, check=True,
                           capture_output=True).stdout.split()
    include = ['-Iapi'] if room(name) in ('api', 'codec') else ['-Iapi', '-Icore', '-I.']
    text = subprocess.run(
        ['cc', '-std=gnu11', '-D_GNU_SOURCE', '-Wall', '-Wno-unused-function', '-Werror',
         '-fsyntax-only', '-MD', '-MF', '/dev/stdout', *include, *flags, '-x', 'c', name],
        cwd=kit.SOURCE, text=True, check=True, capture_output=True).stdout
    return Dependencies(name, text.replace('\\\n', ' ').split(':', 1)[1].split(), kit.SOURCE)


def headers():
    for folder in ('api', 'core', 'cmd', 'kernel', 'plugins'):
        for path in sorted((kit.SOURCE / folder).rglob('*.h')):
            yield str(path.relative_to(kit.SOURCE))


def check_rooms(count, file):
    allowed = may_reach(room(file.name)) | {None}
    beyond = sorted(path for path in file.ours if room(path) not in allowed)
    count.check(not beyond, f'{file.name} reaches {beyond}')


def check_system(count, file):
    beyond = [header for header, allowed in ONLY.items()
              if any(path.endswith('/' + header) for path in file.system)
              and not re.fullmatch(allowed, file.name)]
    count.check(not beyond, f'{file.name} reaches {beyond}')


def check_headers(count):
    names = list(headers())
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        jobs = [(name, pool.submit(of_header, name)) for name in names]
    for name, job in jobs:
        error = job.exception()
        count.check(not error, f'{name} does not compile alone: {getattr(error, "stderr", error)}')
        if not error:
            check_rooms(count, job.result())
            check_system(count, job.result())


def check_words(count):
    """What a list of dependencies does not show."""
    for path in sorted((kit.SOURCE / 'core').rglob('*')):
        if path.suffix not in ('.c', '.h', '.build'):
            continue
        name = str(path.relative_to(kit.SOURCE))
        text = path.read_text(encoding='utf-8')
        words = [f'line {number}: {word.group()}'
                 for number, line in enumerate(text.lower().splitlines(), 1)
                 for word in PROTOCOLS.finditer(line)]
        count.check(not words, f'{name} names protocols: {words}')
        count.check(not KEY_FILE.search(text) or CONFIG.fullmatch(name),
                    f'{name} knows the format of the configuration')


def main():
    count = kit.Count()
    objects = list(of_objects())
    rooms = {room(file.name) for file in objects}
    count.check({'packet', 'flow', 'policy', 'helper', 'record', 'source', 'engine', 'cmd',
                 'plugins/ftp'} <= rooms, f'dependencies of {rooms} only')
    # A build without live traffic has no kernel.
    has_kernel = (kit.BUILD / 'kernel' / 'libpostern-live.a').exists()
    count.check(('kernel' in rooms) == has_kernel, f'dependencies of {rooms} only')
    for file in objects:
        check_rooms(count, file)
        check_system(count, file)
    check_headers(count)
    check_words(count)
    count.done()


if __name__ == '__main__':
    main()

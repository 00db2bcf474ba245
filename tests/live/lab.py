# SPDX-License-Identifier: GPL-2.0-or-later
"""script/lab with this build: real servers and clients, recorded, replayed, and compared.

Needs root, namespaces and the packages of `script/setup lab`. It also looks whether the comparison
would notice, and whether nothing of a lab is left when its script is killed.
"""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'system'))

# pylint: disable=wrong-import-position
import kit
import verify

LAB = kit.SOURCE / 'script' / 'lab'
SETUP = kit.SOURCE / 'script' / 'setup'
PATIENCE = 20  # seconds that something small may take
SERVERS = {'vsftpd', 'proftpd', 'pure-ftpd'}
CLIENTS = {'curl', 'curls', 'lftp', 'tnftp', 'wget', 'ftplib'}


def tool(*command, **options):
    return subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env={**os.environ, 'POSTERN_BUILD': str(kit.BUILD)}, **options)


def skip_unless_possible():
    if os.geteuid() != 0:
        kit.skip('needs root, for namespaces')
    tried = tool('unshare', '--net', '--pid', '--fork', '--mount-proc', 'true')
    if tried.returncode:
        kit.skip(f'no namespaces can be made here: {tried.stdout.strip()}')
    setup = tool(SETUP, '--check', 'lab')
    if setup.returncode:
        kit.skip(f'servers and clients are not there (script/setup lab gets them): '
                 f'{setup.stdout.strip()}')


def check_sessions(count, folder):
    """Each as the table says; and the choice has all of the servers, the clients and the kinds."""
    lab = tool(LAB, 'ftp', '--quick', folder, timeout=240)
    results = folder / 'results.tsv'
    if not results.exists():
        count.check(False, f'status {lab.returncode}: {lab.stdout[-3000:]}')
        return
    rows = [line.split('\t') for line in results.read_text(encoding='utf-8').splitlines()[1:]]
    for row in rows:
        count.check(row[-1].startswith('ok'), ' '.join(row))
    count.check(lab.returncode == 0, f'status {lab.returncode}: {lab.stdout[-1000:]}')
    servers, clients, kinds, modes, families, *_ = map(set, zip(*rows))
    count.check(servers == SERVERS and clients == CLIENTS, f'{servers} with {clients}')
    count.check(kinds == {'get', 'upload', 'bad-login', 'tls', 'tls-control', 'ccc'}
                and modes == {'port', 'eprt', 'pasv', 'epsv', 'mixed'} and {'v4', 'v6'} < families,
                f'kinds {kinds}, modes {modes}, families {families}')


def check_notices(count, folder):
    """A session that is not what it is called, and one that one side tells otherwise."""
    sessions = {session.name: session for session in verify.read_sessions(folder)}
    active = sessions['proftpd-tnftp-get-port-v4']
    hidden = sessions['vsftpd-curl-tls-pasv-v4']
    other = sessions['pure-ftpd-curl-get-port-v4']
    for name, session in (
            ('as recorded', active),
            ('another mode', active._replace(mode='pasv')),
            ('TLS that is none', active._replace(kind='tls')),
            ('open, but is TLS', hidden._replace(kind='get')),
            ('no bad login', active._replace(kind='bad-login')),
            ('a client that failed', active._replace(went='1: no'))):
        _, _, complaints = verify.verify(folder, session)
        count.check(bool(complaints) == (name != 'as recorded'), f'{name}: {complaints}')
    (folder / f'{active.name}.outside.pcap').write_bytes(
        (folder / f'{other.name}.outside.pcap').read_bytes())
    _, _, complaints = verify.verify(folder, active)
    count.check(any('differ' in complaint for complaint in complaints),
                f'the outside of another session: {complaints}')


def processes_about(folder):
    """Those that have the folder's name among their arguments."""
    found = []
    for path in pathlib.Path('/proc').glob('[0-9]*/cmdline'):
        try:
            words = path.read_bytes()
        except OSError:
            continue
        if str(folder).encode() in words:
            found.append(words.decode(errors='replace').replace('\0', ' '))
    return found


def wait_for(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def check_killed(count, folder, number):
    """What the script has begun is gone, whatever ended it, and it says so by its status."""
    with subprocess.Popen([LAB, 'ftp', folder], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          env={**os.environ, 'POSTERN_BUILD': str(kit.BUILD)}) as lab:
        try:
            count.check(wait_for(lambda: any('tcpdump' in words
                                             for words in processes_about(folder))),
                        f'signal {number}: the lab does not begin')
        finally:
            lab.send_signal(number)
        status = lab.wait(PATIENCE)
    count.check(status == (130 if number == signal.SIGTERM else -number),
                f'signal {number}: status {status}')
    count.check(wait_for(lambda: not processes_about(folder)),
                f'signal {number}: left behind: {processes_about(folder)}')


def main():
    skip_unless_possible()
    count = kit.Count()
    with tempfile.TemporaryDirectory(prefix='postern-lab-') as name:
        folder = pathlib.Path(name)
        check_sessions(count, folder / 'quick')
        if not count.failed:
            check_notices(count, folder / 'quick')
        for number in (signal.SIGTERM, signal.SIGKILL):
            check_killed(count, folder / f'killed-{number}', number)
    count.done()


if __name__ == '__main__':
    main()

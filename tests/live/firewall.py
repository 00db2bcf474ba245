# SPDX-License-Identifier: GPL-2.0-or-later
"""`postern run` between a client and a server, each in a network namespace; see world.py.

What must not come through is looked for where it would arrive. Needs root, namespaces, a kernel
with NFQUEUE and connection tracking, and conntrack, iptables, nft, curl, lftp and vsftpd; nmap is
used where it is there.
"""

import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'system'))

# pylint: disable=wrong-import-position
import kit

try:
    import jsonschema
except ImportError:
    kit.skip('python3-jsonschema is not installed')
import world as lab
from world import (ACK, INSIDE, OUTSIDE, SYN, WALL, WORK, Control, Daemon, Scanner, Server, Stream,
                   Tap, scan, wait_for)

TOOLS = ('conntrack', 'iptables-save', 'ip6tables-save', 'nft', 'curl', 'lftp', 'vsftpd', 'setpriv',
         'nsenter', 'unshare', 'sysctl')
MARKS = 0x300  # [Live] MarkBit=8
USER = 'daemon'
SCHEMA = jsonschema.Draft202012Validator(
    json.loads((kit.SOURCE / 'docs' / 'eve-schema.json').read_text(encoding='utf-8')))

WEB, BLOB, STREAM, MAPPED, SECRET = 80, 9001, 9002, 8080, 8081

MAIN = '[Live]\nMarkBit=8\n[Helper:ftp]\nEnabled=true\n'
WAN = ('[Connection]\nMatch=interface:fs;\n[Sharing]\nRole=public\n'
       f'[Mapping:web]\nProtocol=tcp\nExternal={MAPPED}\n'
       '[Mapping:ftp]\nProtocol=tcp\nExternal=21\n')
LAN = '[Connection]\nMatch=interface:fc;\n[Sharing]\nRole=private\n'


def skip_unless_possible():
    if os.geteuid() != 0:
        kit.skip('needs root, for namespaces')
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        kit.skip(f'missing (script/setup lab and test get them): {" ".join(missing)}')
    tried = subprocess.run(['unshare', '--mount', '--net', '--pid', '--fork', '--mount-proc',
                            'true'], capture_output=True, text=True, check=False)
    if tried.returncode:
        kit.skip(f'no namespaces can be made here: {tried.stderr.strip()}')
    tried = kit.run('run', '--help')
    if tried.returncode:
        kit.skip('this build has no live firewall')


def make_world():
    world = lab.World()
    # The kernel tells the end of a connection when it forgets it.
    world.wall.run('sysctl', '-qw', *(f'net.netfilter.nf_conntrack_tcp_timeout_{state}=1'
                                      for state in ('time_wait', 'close', 'last_ack')))
    world.configure(MAIN, WAN, LAN)
    for node in (world.client, world.server):
        Server(node, WEB, lab.http)
        Server(node, BLOB, lab.blob)
        Server(node, STREAM, lab.trickle)
        Server(node, SECRET, lab.http)
    Server(world.client, MAPPED, lab.trickle)
    Server(world.wall, MAPPED, lab.trickle)
    Server(world.wall, SECRET, lab.http)
    return world


# --- through the wall ----------------------------------------------------------------------------


def check_out(count, world):
    for family, address in OUTSIDE.items():
        host = f'[{address}]' if family == 6 else address
        for node in (world.client, world.wall):
            went = node.run('curl', '-q', '-sS', '-m', 4, f'http://{host}/', check=False)
            count.check(went.stdout == 'postern', f'{node.name}: HTTP to {address}: {went.stdout}')
            count.check(node.ping(address), f'{node.name}: no echo from {address}')


def check_in(count, world):
    """Not a word comes back, and nothing arrives."""
    with Tap(world.client, 'ci') as inside, Tap(world.server, 'si') as outside:
        for address in (*INSIDE.values(), *WALL.values()):
            sock = world.server.connect(address, WEB, patience=0.3)
            count.check(sock is None, f'{address} answers at once')
            count.check(not world.server.ping(address, patience=0.3), f'{address} echoes')
            family = lab.socket.AF_INET6 if ':' in address else lab.socket.AF_INET
            with world.server.socket(family, lab.socket.SOCK_DGRAM) as sock:
                sock.sendto(b'?', (address, 5353))
        time.sleep(0.2)
        arrived = inside.heard_from(OUTSIDE)
        answers = outside.heard_from(INSIDE) + outside.heard_from(WALL)
    count.check(not arrived, f'arrived unasked: {arrived[:3]}')
    count.check(not answers, f'answered: {answers[:3]}')
    for address in (*INSIDE.values(), *WALL.values()):
        sock = world.server.connect(address, MAPPED)
        count.check(sock, f'{address}: what is mapped does not open')
        if sock:
            sock.close()


def ends_told(process, port):
    """(packets, bytes, packets, bytes) that conntrack -E tells at the end of the connection."""
    for line in process.read_text(encoding='utf-8').splitlines():
        if f'sport={port} dport={BLOB} ' in line:
            return tuple(int(number) for number in re.findall(r'(?:packets|bytes)=(\d+)', line))
    return None


def ended_flow(world, daemon, port):
    """The event of a flow that has ended. The kernel forgets connections when it is asked for
    them, or some time within a minute."""
    return wait_for(lambda: daemon.flow(port) or (world.tracked(port) and None))


def check_offload(count, world, daemon):
    """The kernel carries on what needs nobody, and what it counts is told at the end."""
    told = WORK / 'destroyed'
    with open(told, 'wb') as file:
        watch = world.wall.spawn('conntrack', '-E', '-e', 'DESTROY', stdout=file,
                                 stderr=subprocess.DEVNULL)
    for address in OUTSIDE.values():
        sock = world.client.connect(address, BLOB)
        port = sock.getsockname()[1]
        sock.sendall(b'20000000')
        total = len(sock.recv(65536))
        marked = wait_for(lambda port=port: [line for line in world.tracked(port)
                                             if f'mark={MARKS} ' in line])
        count.check(marked, f'{address}: not both bits: {world.tracked(port)}')
        before = world.counter('queue.packets')
        while total < 20000000 and (data := sock.recv(1 << 20)):
            total += len(data)
        after = world.counter('queue.packets')
        count.check(total == 20000000, f'{address}: {total} bytes')
        count.check(after - before < 20, f'{address}: {after - before} packets still queued')
        count.check(any('offloaded' in line for line in world.ask('flows').stdout.splitlines()
                        if f':{port} ' in line), 'flows does not say that it is offloaded')
        count.check(not daemon.flow(port), 'told before its end')
        sock.close()
        flow = ended_flow(world, daemon, port)
        if not flow:
            count.check(False, f'{address}: its end is not told: {world.tracked(port)}')
            continue
        ends = wait_for(lambda port=port: ends_told(told, port))
        counted = tuple(flow['flow'][f'{what}_to{side}'] for side in ('server', 'client')
                        for what in ('pkts', 'bytes'))
        count.check(counted == ends, f'{address}: told {counted}, the kernel {ends}')
    watch.kill()
    watch.wait()

# --- FTP -----------------------------------------------------------------------------------------

FILE = ''.join(f'line {n} of a text of some segments\n' for n in range(2000))
# Where curl is, how it reaches the server, and which of the server's addresses.
PATHS = (('client', 'server', OUTSIDE), ('wall', 'server', OUTSIDE),
         ('server', 'client', INSIDE), ('server', 'wall', WALL))
MODES = {'port': (4, ('--ftp-port', '-', '--disable-eprt')), 'eprt': (4, ('--ftp-port', '-')),
         'pasv': (4, ('--disable-epsv',)), 'epsv': (4, ()),
         'eprt6': (6, ('--ftp-port', '-')), 'epsv6': (6, ())}


def start_ftp(world):
    """vsftpd on every node."""
    files = WORK / 'files'
    files.mkdir()
    (files / 'text').write_text(FILE, encoding='utf-8')
    (WORK / 'empty').mkdir()
    config = WORK / 'vsftpd.conf'
    config.write_text(f'listen=NO\nlisten_ipv6=YES\nbackground=NO\nanonymous_enable=YES\n'
                      f'ftp_username=daemon\nanon_root={files}\nno_anon_password=YES\n'
                      f'secure_chroot_dir={WORK}/empty\nconnect_from_port_20=NO\n'
                      'pasv_min_port=40000\npasv_max_port=40999\nmax_per_ip=0\n'
                      'seccomp_sandbox=NO\nxferlog_enable=NO\nconnect_timeout=2\n'
                      'accept_timeout=2\n', encoding='utf-8')
    for node in (world.client, world.wall, world.server):
        node.spawn('vsftpd', config)
    for node in (world.client, world.wall, world.server):
        wait_for(lambda node=node: '21' in node.run('ss', '-Hltn', 'sport = :21').stdout)


def ftp_begin(world, path, mode):
    """A curl that gets the file."""
    client, _, addresses = path
    family, options = MODES[mode]
    host = f'[{addresses[family]}]' if family == 6 else addresses[family]
    return getattr(world, client).spawn(
        'curl', '-q', '-sS', '-g', '-m', 6, *options, f'ftp://{host}/text',
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def all_ftp(world):
    """What each gets, all at once: {(client, server, mode): text}."""
    begun = {(*path[:2], mode): ftp_begin(world, path, mode) for path in PATHS for mode in MODES}
    return {key: process.communicate(timeout=20) for key, process in begun.items()}


def check_ftp(count, world, daemon):
    """Every transfer, through the wall and from and to itself, through a door."""
    for (client, server, mode), (text, error) in all_ftp(world).items():
        count.check(text == FILE, f'FTP {client} > {server} {mode}: {len(text)} bytes, {error}')
    for family, address in OUTSIDE.items():
        host = f'[{address}]' if family == 6 else address
        for passive in ('on', 'off'):
            got = world.client.run('timeout', 10, 'lftp', '--norc', '-c', f'set ftp:passive-mode '
                                   f'{passive}; set net:max-retries 1; set net:timeout 5; set '
                                   f'cmd:fail-exit yes; open ftp://{host}; cls -1; cat text',
                                   check=False, env={**os.environ, 'HOME': str(WORK)}).stdout
            count.check(got == 'text\n' + FILE, f'lftp {address} passive {passive}: {got[-80:]}')

    def doors():
        return [event['postern']['action'] for event in daemon.events('expectation')]
    wait_for(lambda: doors().count('matched') >= 28)
    # Those that are passive to the outside and active from it come through doors, too.
    count.check(doors().count('matched') >= 28, f'matched: {doors()}')
    count.check('refused' not in doors(), f'refused: {daemon.events("expectation")}')


def check_no_helper(count, world, daemon):
    """Without a helper what is called from outside is refused; the rest is plain."""
    for (client, server, mode), (text, error) in all_ftp(world).items():
        active = mode.startswith(('port', 'eprt'))
        open_to_us = active == (client == 'server')
        count.check((text == FILE) == open_to_us,
                    f'FTP without helper {client} > {server} {mode}: {len(text)} bytes, {error}')
    count.check(not daemon.events('expectation'), 'doors without a helper')


# --- scans ---------------------------------------------------------------------------------------

def check_scans(count, world):
    """Ports that are open and those that are not are alike; only a mapped one says more."""
    dark = (WEB, BLOB, SECRET, 22, 135, 40000, 65000)  # servers are behind the first three
    with Tap(world.client, 'ci') as inside, Tap(world.server, 'si') as outside:
        for addresses in (INSIDE, WALL):
            scan(world, addresses, dark, lab.SCANS)
            scan(world, addresses, (MAPPED,), [name for name in lab.SCANS if name != 'SYN'])
        time.sleep(0.5)
        arrived, answers = inside.heard_from(OUTSIDE), outside.read()
        answers = [packet for packet in answers if packet and packet[0] in
                   (*INSIDE.values(), *WALL.values())]
        count.check(not arrived, f'a scan arrives: {arrived[:3]}')
        count.check(not answers, f'a scan is answered: {answers[:3]}')
        scan(world, {**INSIDE}, (MAPPED,), ['SYN'])
        wait_for(lambda: len(answers.extend(outside.heard_from(INSIDE)) or answers) >= 2, 2)
        count.check({(packet[3], packet[5]) for packet in answers} == {(MAPPED, SYN | ACK)},
                    f'what is mapped does not answer: {answers}')
    check_nmap(count, world)


def check_nmap(count, world):
    """nmap finds one state for all, but for the mapped port."""
    if not shutil.which('nmap'):
        return
    folder = WORK / 'nmap'
    folder.mkdir()
    kinds = ('S', 'F', 'N', 'X', 'A', 'M', 'W')
    running = {kind: world.server.spawn(
        'nmap', '-n', '-Pn', f'-s{kind}', '-p', f'{WEB},{SECRET},{BLOB},22,23,{MAPPED}', '-T5',
        '--max-retries', 1, '--host-timeout', '20s', '-oG', folder / kind, INSIDE[4],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for kind in kinds}
    for kind, process in running.items():
        process.wait(30)
        text = (folder / kind).read_text(encoding='utf-8')
        states = dict(re.findall(r'(\d+)/([a-z|]+)/tcp', text))
        mapped = states.pop(str(MAPPED), None)
        dark = set(states.values())
        count.check(len(states) == 5 and dark == ({'filtered'} if kind in 'SAW' else
                                                  {'open|filtered'}),
                    f'nmap -s{kind} tells ports apart: {text[-400:]}')
        count.check((mapped == 'open') == (kind == 'S'), f'nmap -s{kind}: mapped is {mapped}')


# --- when things go wrong ------------------------------------------------------------------------


def begin_streams(world):
    return {'out': Stream(world.client, OUTSIDE[4], STREAM),
            'out6': Stream(world.client, OUTSIDE[6], STREAM),
            'mapped': Stream(world.server, INSIDE[4], MAPPED),
            'host': Stream(world.wall, OUTSIDE[4], STREAM),
            'to-host': Stream(world.server, WALL[6], MAPPED)}


def is_carried(world, stream):
    return any(f'mark={MARKS} ' in line for line in world.tracked(stream.port))


def check_going(count, streams, when):
    for name, stream in streams.items():
        count.check(stream.goes_on(), f'{when}: the transfer {name} stops at {stream.total}: '
                    f'{stream.broken}')


def check_kill(count, world, daemon, *arguments):
    """Killed and begun again, during transfers and a scan. Returns the one that runs then."""
    streams = begin_streams(world)
    control = Control(world.client, OUTSIDE[4])
    for name, stream in streams.items():
        count.check(wait_for(lambda stream=stream: is_carried(world, stream)),
                    f'{name} is not offloaded: {world.tracked(stream.port)}')
    count.check(control.say('PORT 10,77,1,2,240,0').startswith('200'), 'no PORT')
    scanner = Scanner(world, (WEB, SECRET, 22, 61))
    daemon.end(signal.SIGKILL)
    check_going(count, streams, 'killed')
    count.check(control.say('NOOP').startswith('200'), 'killed: the control connection hangs')
    count.check(not world.client.connect(OUTSIDE[4], WEB, 0.5), 'killed: something new goes out')
    with Server(world.client, 61440, lab.http):
        count.check(not world.server.connect(INSIDE[4], 61440, 0.5), 'killed: a door is open')
    daemon = Daemon(world, *arguments)
    check_going(count, streams, 'begun again')
    count.check(control.say('NOOP').startswith('200'), 'begun again: the control connection hangs')
    flows = world.ask('flows').stdout.splitlines()
    for name, stream in streams.items():
        count.check(any(f':{stream.port} ' in line and 'offloaded' in line for line in flows),
                    f'{name} is not adopted: {flows}')
    for name, stream in streams.items():
        count.check(stream.finish(), f'{name} has not come whole: {stream.total}, {stream.tail}')
    for name, stream in streams.items():
        count.check(ended_flow(world, daemon, stream.port), f'adopted {name}: its end is not told')
    count.check(control.say('QUIT').startswith('221'), 'the control connection cannot end')
    count.check(not any(f':{control.port} ' in line and 'helper' in line for line in flows)
                and any(f':{control.port} ' in line for line in flows), 'a helper begins midway')
    arrived = scanner.finish()
    count.check(not arrived, f'{len(arrived)} arrived unasked: {arrived[:3]}')
    return daemon


def check_reload(count, world, daemon):
    """A mistake changes nothing; a mapping that is gone ends what came through it."""
    world.configure(MAIN + '[Stateful]\nMidstream=perhaps\n', WAN.replace('=8080', '=8079'), LAN)
    count.check(not daemon.reload(), 'a bad configuration is taken')
    count.check('stays as it was' in ask_raw('reload\n'), 'the socket says that it is taken')
    count.check('postern.conf' in daemon.said() and 'Midstream' in daemon.said(),
                f'it does not say why: {daemon.said()}')
    streams = {'out': Stream(world.client, OUTSIDE[4], STREAM),
               'mapped': Stream(world.server, INSIDE[4], MAPPED),
               'mapped6': Stream(world.server, INSIDE[6], MAPPED)}
    for name, stream in streams.items():
        count.check(wait_for(lambda stream=stream: is_carried(world, stream)), f'{name}: {MARKS}')
    scanner = Scanner(world, (WEB, SECRET, 22, 61))
    world.configure(MAIN, WAN.replace(f'={MAPPED}', '=8079'), LAN)
    count.check(daemon.reload(), f'a good configuration is not taken: {daemon.said()}')
    out = {'out': streams.pop('out')}
    with Tap(world.client, 'ci') as inside, Tap(world.server, 'si') as outside:
        time.sleep(1)
        arrived = [packet for packet in inside.heard_from(OUTSIDE) if MAPPED in packet[3:5]]
        left = [packet for packet in outside.heard_from(INSIDE) if MAPPED in packet[3:5]]
    count.check(not arrived, f'the mapping is gone, and still arrives: {arrived[:3]}')
    count.check(not left, f'the mapping is gone, and still leaves: {left[:3]}')
    count.check(not scanner.finish(), 'unasked at a reload')
    for name, stream in streams.items():
        count.check(daemon.flow(stream.port), f'{name}: its end is not told')
        stream.sock.close()
    check_going(count, out, 'another configuration')
    count.check(out['out'].finish(), 'a transfer does not outlive a reload')
    world.configure(MAIN, WAN, LAN)
    count.check(daemon.reload(), 'back again')
    sock = world.server.connect(INSIDE[4], MAPPED)
    count.check(sock, 'a mapping that is there again does not open')


def check_log(count, world, daemon):
    """Events go on in another file when theirs was moved away, whoever writes them."""
    moved = daemon.file.with_name('moved')
    before = len(daemon.events())
    daemon.file.rename(moved)
    count.check(daemon.reload(), daemon.said())
    world.client.ping(OUTSIDE[4])
    world.server.connect(INSIDE[4], SECRET, 0.1)
    count.check(wait_for(lambda: daemon.file.exists() and daemon.events('drop'))
                and daemon.file.owner() == USER, f'no other file of events: {daemon.said()}')
    for event in daemon.events()[:200]:
        SCHEMA.validate(event)
    daemon.file.write_bytes(moved.read_bytes() + daemon.file.read_bytes())
    count.check(len(daemon.events()) > before and daemon.reload(), 'events')


def check_repair(count, world):
    """Rules that somebody takes away come back."""
    rules = world.rules()
    for words in (('iptables', '-t', 'mangle', '-F', 'FORWARD'),
                  ('iptables', '-t', 'mangle', '-F', 'POSTERN-FWD'),
                  ('ip6tables', '-t', 'mangle', '-F'),
                  ('iptables', '-t', 'filter', '-F', 'POSTERN-SAVE')):
        world.wall.run(*words)
        count.check(wait_for(lambda: world.rules() == rules), f'{words}: the rules stay away')
        count.check(world.client.connect(OUTSIDE[4], WEB), f'{words}: nothing goes out')


def check_stop(count, world, daemon, before):
    """It ends well; the rules stay, shut, until they are flushed."""
    stream = Stream(world.client, OUTSIDE[4], STREAM)
    count.check(wait_for(lambda: is_carried(world, stream)), 'not offloaded')
    scanner = Scanner(world, (WEB, SECRET, 22, 61))
    count.check(daemon.end() == 0, f'at its end: {daemon.said()}')
    count.check(world.notices.has('STOPPING=1'), 'systemd is not told')
    count.check(stream.goes_on(), 'a transfer ends with the daemon')
    count.check(not world.client.connect(OUTSIDE[4], WEB, 0.5), 'stopped: something new goes out')
    count.check(not world.server.connect(INSIDE[4], MAPPED, 0.5), 'stopped: something comes in')
    count.check(daemon.flow(stream.port), 'what is open at the end is not told')
    count.check(daemon.events()[-1]['event_type'] == 'stats', 'no stats at the end')
    count.check(not scanner.finish(), 'unasked at the end')
    nobody = world.ask('status')
    count.check(nobody.returncode and 'not running' in nobody.stderr, f'status: {nobody}')
    flushed = world.wall.run(kit.PROGRAM, 'flush', '--config', world.config, check=False)
    count.check(flushed.returncode == 0, f'flush: {flushed.stdout}')
    count.check(stream.finish(), 'a transfer ends with the rules')
    check_nothing_left(count, world, before)


def check_nothing_left(count, world, before):
    for was, now in zip(before, (*world.rules(), world.settings())):
        changed = set(was.splitlines()) ^ set(now.splitlines())
        count.check(not changed, f'left behind: {changed}')


def check_clean_exit(count, world, before):
    """With CleanupOnExit nothing is left, and a root that is none any more sees to it."""
    world.configure(MAIN.replace('[Live]', '[Live]\nCleanupOnExit=true'), WAN, LAN)
    daemon = Daemon(world, '--user', USER)
    count.check(world.client.connect(OUTSIDE[4], WEB), 'nothing goes out')
    count.check(daemon.end() == 0, f'at its end: {daemon.said()}')
    count.check(len(daemon.said().splitlines()) == 1, f'at its end: {daemon.said()}')
    check_nothing_left(count, world, before)
    left = list(pathlib.Path('/run/postern').iterdir())
    count.check(not left, f'left in /run/postern: {left}')


# --- looking in ----------------------------------------------------------------------------------


def check_looking(count, world, daemon):
    """Everybody may look, and only root may change something."""
    nobody = {'user': 65534, 'group': 65534, 'extra_groups': []}
    stream = Stream(world.client, OUTSIDE[6], STREAM)
    control = Control(world.client, OUTSIDE[4])
    control.say('PORT 10,77,1,2,240,0')
    count.check(wait_for(lambda: is_carried(world, stream)), 'not offloaded')
    texts = {}
    for question in ('status', 'flows', 'doors', 'stats'):
        for options in ((), ('--json',)):
            told = world.ask(question, *options, **nobody)
            count.check(told.returncode == 0 and told.stdout,
                        f'{question} {options}: {told.returncode} {told.stderr}')
            texts[question, *options] = told.stdout
    count.check(re.search(rf'TCP \[{INSIDE[6]}\]:{stream.port} > \[{OUTSIDE[6]}\]:{STREAM} '
                          r'.*outbound.* offloaded', texts['flows',]), texts['flows',])
    count.check(re.search(r':21 .*helper ftp', texts['flows',]), texts['flows',])
    count.check(re.search(r'ftp TCP: 203.0.113.2:\* > 10.77.1.2:61440 .* to go', texts['doors',]),
                texts['doors',])
    count.check(re.match(r'running: \d+ flows, 1 doors', texts['status',]), texts['status',])
    status = json.loads(texts['status', '--json'])
    count.check(status['state'] == 'running' and status['doors'] == 1, status)
    stats = dict(line.rsplit(' ', 1) for line in texts['stats',].splitlines())
    count.check(int(stats['queue.packets']) > 100 and stats['queue.dropped_full'] == '0', stats)
    for question in ('flows', 'doors', 'stats'):
        text = texts[question, '--json']
        try:
            for line in text.splitlines():
                SCHEMA.validate(json.loads(line))
        except (ValueError, jsonschema.ValidationError) as error:
            count.check(False, f'{question} --json: {str(error)[:500]}')
    kinds = {question: {json.loads(line)['event_type'] for line in
                        texts[question, '--json'].splitlines()}
             for question in ('flows', 'doors', 'stats')}
    count.check(kinds == {'flows': {'flow'}, 'doors': {'expectation'}, 'stats': {'stats'}}, kinds)
    check_control(count, daemon)
    control.say('QUIT')
    count.check(stream.finish(), 'the transfer')


def ask_raw(question, user=0):
    """What the socket answers somebody, who asks from a process of their own."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
            with lab.socket.socket(lab.socket.AF_UNIX) as sock:
                sock.settimeout(5)
                sock.connect('/run/postern/control')
                sock.sendall(question.encode())
                while data := sock.recv(65536):
                    os.write(writer, data)
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, encoding='utf-8') as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return text


def check_control(count, daemon):
    before = daemon.said().count('read again')
    refused = ask_raw('reload\n', 65534)
    count.check('only root' in refused, f'nobody may reload: {refused}')
    count.check(daemon.said().count('read again') == before, 'nobody has reloaded')
    done = ask_raw('reload\n')
    count.check(done == 'reloaded\n', f'root may not reload: {done}')
    count.check(daemon.said().count('read again') == before + 1, 'root has not reloaded')
    count.check('no question' in ask_raw('nonsense\n'), 'nonsense is answered')
    ask_raw('x' * 300)
    count.check(ask_raw('status\n').startswith('running'), 'a long line ends it')


def check_privileges(count, daemon):
    """Another user, with two capabilities, who can never have more."""
    lines = pathlib.Path(f'/proc/{daemon.process.pid}/status').read_text(encoding='utf-8')
    status = dict(line.split(':\t', 1) for line in lines.splitlines() if ':\t' in line)
    user = pwd.getpwnam(USER)
    count.check(set(status['Uid'].split()) == {str(user.pw_uid)}, status['Uid'])
    count.check(set(status['Gid'].split()) == {str(user.pw_gid)}, status['Gid'])
    count.check(not status['Groups'].split(), status['Groups'])
    for name in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'):
        count.check(int(status[name], 16) == 1 << 12 | 1 << 13, f'{name} {status[name]}')
    count.check(status['NoNewPrivs'] == '1', 'new privileges')


def within():
    world = make_world()
    start_ftp(world)
    count = kit.Count()
    before = (*world.rules(), world.settings())
    daemons = [Daemon(world, '--helpers', 'none')]
    check_no_helper(count, world, daemons[0])
    count.check(daemons[0].end() == 0, f'at its end: {daemons[0].said()}')
    daemons.append(Daemon(world, '--user', USER))
    check_privileges(count, daemons[-1])
    check_out(count, world)
    check_in(count, world)
    check_offload(count, world, daemons[-1])
    check_ftp(count, world, daemons[-1])
    check_scans(count, world)
    check_looking(count, world, daemons[-1])
    check_repair(count, world)
    check_log(count, world, daemons[-1])
    check_reload(count, world, daemons[-1])
    daemons.append(check_kill(count, world, daemons[-1], '--user', USER))
    check_stop(count, world, daemons[-1], before)
    check_clean_exit(count, world, before)
    for daemon in daemons if count.failed else ():
        print(f'--- {daemon.log.name}\n{daemon.said()}')
    count.done()


if __name__ == '__main__':
    if sys.argv[1:] == ['--within']:
        within()
    skip_unless_possible()
    sys.exit(lab.enter(__file__))

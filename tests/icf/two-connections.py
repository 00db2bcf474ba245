# SPDX-License-Identifier: GPL-2.0-or-later
"""F14, F36: one capture of two uplinks. Whatever is changed of one connection, all that is told of
the other stays the same, byte for byte; and all that is told is as the schema says."""

import pathlib
import re
import subprocess
import sys
import tempfile

import frames
import kit

CHECK = kit.SOURCE / 'tests' / 'system' / 'check-events.py'
SCHEMA = kit.SOURCE / 'docs' / 'eve-schema.json'

# Ids are handed out in the order in which things happen, to either connection.
IDS = re.compile(rb'"(flow_id|parent_flow_id|child_flow_id|expectation_id)":[0-9]+')

SETTINGS = {
    'nothing': '',
    'port': '[Mapping:web]\nProtocol=tcp\nExternal=80\nEnabled=true\n',
    'range': '[Mapping:all]\nProtocol=udp\nExternal=1-65535\nEnabled=true\n',
    'sources': '[Mapping:web]\nProtocol=tcp\nExternal=80\nEnabled=true\nSources=192.0.2.0/24\n',
    'icmp': '[Firewall]\nIcmp=echo-request-in;destination-unreachable-out;redirect\n',
    'trigger': '[Trigger:media]\nProtocol=tcp\nPorts=554\nOpens=6970-6999/udp\nTimeout=60\n'
               'Enabled=true\n',
    'no wall': '[Firewall]\nEnabled=false\n',
    'no check of sources': '[Firewall]\nAntiSpoof=off\n',
    'service': '[Firewall]\nServices=\n[Mapping:dns]\nProtocol=udp\nExternal=53\nEnabled=true\n',
}


def capture(folder, named):
    uplinks = frames.Uplinks(named=named)
    frames.everything(uplinks, 0, frames.ONE)
    frames.everything(uplinks, 1, frames.TWO)
    # Sources that lie, on both; no name of an interface tells of them.
    uplinks.sent(0, frames.udp('203.0.113.1', 1, frames.ONE[0], 53))
    uplinks.sent(1, frames.udp('203.0.113.1', 1, frames.TWO[0], 53))
    return uplinks.write(folder / f'{"named" if named else "bare"}.pcapng')


def configure(folder, matches, one):
    """Both connections with nothing special, but for the first."""
    path = folder / 'config'
    (path / 'connections').mkdir(parents=True, exist_ok=True)
    (path / 'postern.conf').write_text('')
    for name, match, text in zip(('one', 'two'), matches, (one, '')):
        (path / 'connections' / f'{name}.conf').write_text(
            f'[Connection]\nMatch={match}\n{text}')
    return path


def told(events, hosts):
    """The lines that tell of these hosts, without ids."""
    needles = [f'"{host}"'.encode() for host in hosts]
    lines = [line for line in events.read_bytes().splitlines(keepends=True)
             if any(needle in line for needle in needles)]
    return IDS.sub(rb'"\1":0', b''.join(lines))


def replay(count, events, config, path):
    result = kit.run('replay', '--quiet', '--config', config, '--inside', frames.INSIDE,
                     '--events', events, path)
    count.check(result.returncode == 0 and not result.stderr, f'{path.name}: {result.stderr}')
    return events


def check_schema(count, files):
    result = subprocess.run([sys.executable, CHECK, SCHEMA, *files], text=True,
                            capture_output=True, check=False)
    count.check(result.returncode == 0, f'{result.stdout[:1000]}{result.stderr[-500:]}')


def check(count, folder, named, matches):
    path = capture(folder, named)
    first, second = {}, {}
    for what, text in SETTINGS.items():
        events = replay(count, folder / f'{what}.json', configure(folder, matches, text), path)
        first[what], second[what] = told(events, frames.ONE), told(events, frames.TWO)
        count.check(second[what] == second['nothing'], f'F14: {what} changes the other one')
    count.check(len(second['nothing'].splitlines()) > 50, 'F14: nothing is told')
    check_schema(count, sorted(folder.glob('*.json')))
    for what in ('port', 'range', 'sources', 'icmp', 'trigger', 'no wall', 'service'):
        count.check(first[what] != first['nothing'], f'F36: {what} makes no difference')


def check_trigger(count, folder):
    """F51: what a door of a trigger looks like to those who read events."""
    config = configure(folder, ('interface:wan0', 'interface:wan1'), SETTINGS['trigger'])
    result = kit.Replay('--config', config, '--inside', frames.INSIDE, capture(folder, True))
    opened = [event for event in result.expectations if event['postern']['action'] == 'opened']
    count.check([event['postern']['helper'] for event in opened] == ['port-trigger'] * 2,
                f'F51: {opened}')
    flows = [event for event in result.flows if event['postern']['reason'] == 'expected']
    count.check(len(flows) == 2 and all(event['postern']['parent_flow_id']
                                        and event['app_proto'] == 'port-trigger-data'
                                        and event['dest_port'] == 6980
                                        for event in flows), f'F51: {flows}')


def check_unmatched(count, folder):
    """What matches no connection belongs to the one that is named, or else to "default"."""
    path = capture(folder, False)
    config = configure(folder, ('interface:wan0', 'interface:wan1'), SETTINGS['port'])
    opened = {}
    for name in ('default', 'one', 'two'):
        result = kit.Replay('--config', config, '--inside', frames.INSIDE, '--connection', name,
                            path)
        opened[name] = sum(flow['postern']['reason'] == 'port-mapping' for flow in result.flows)
    count.check(opened['one'] == 4 and not opened['two'] and not opened['default'],
                f'F36: {opened}')


def main():
    try:
        import jsonschema  # only to know: check-events.py uses it
        del jsonschema
    except ImportError:
        kit.skip('python3-jsonschema is not installed')
    count = kit.Count()
    with tempfile.TemporaryDirectory() as folder:
        check(count, pathlib.Path(folder), True, ('interface:wan0', 'interface:wan1'))
    with tempfile.TemporaryDirectory() as folder:
        check(count, pathlib.Path(folder), False,
              ('network:192.0.2.0/24;network:2001:db8:9::/48',
               'network:198.51.100.0/24;network:2001:db8:8::/48'))
    with tempfile.TemporaryDirectory() as folder:
        check_trigger(count, pathlib.Path(folder))
        check_unmatched(count, pathlib.Path(folder))
    count.done()


if __name__ == '__main__':
    main()

# SPDX-License-Identifier: GPL-2.0-or-later
"""`postern check-config` tells every mistake, and `postern show` where each value comes from."""

import json
import pathlib
import random
import re
import subprocess
import tempfile

import kit
from cli import CAPTURE, system_folder

SUMMARY = re.compile(
    r'(?P<path>.*): (?:(?P<connections>\d+) connections?, (?P<mappings>\d+) mappings?, '
    r'(?P<services>\d+) services? \((?P<builtin>\d+) built in\)|nothing could be read); '
    r'(?:no errors|(?P<errors>\d+) errors?)(?:, (?P<warnings>\d+) warnings?)?\n')

GOOD = {
    'postern.conf': '''[Stateful]
UdpTimeout=90

[Log]
LogDropped=true

[Firewall]
Icmp=echo-request-in
Services=http

[Helper:ftp]
Enabled=true
CCC=true
''',
    'postern.conf.d/50-more.conf': '''[Stateful]
UdpTimeout=120
''',
    'connections/uplink.conf': '''# what the world sees
[Connection]
Match=interface:wan*

[Mapping:web]
Protocol=tcp
External=8080

[Mapping:game]
Protocol=udp
External=7000-7010
Sources=198.51.100.0/24
Enabled=false

[Trigger:ident]
Protocol=tcp
Ports=6667
Opens=113/tcp
Timeout=30
''',
    'connections/uplink.conf.d/10-local.conf': '''[Firewall]
Icmp=
''',
    'services/chess.conf': '''[Service]
Name=Chess
Ports=5000/tcp
''',
}


def write(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


class Checked:
    def __init__(self, *arguments):
        self.result = kit.run('check-config', *arguments)
        self.lines = self.result.stderr.splitlines()
        self.status = self.result.returncode
        match = SUMMARY.fullmatch(self.result.stdout)
        self.summary = match.groupdict() if match else None

    def number(self, what):
        return int(self.summary[what] or 0)


def check_good(count, folder):
    write(folder, GOOD)
    said = Checked(folder)
    count.check(said.status == 0 and not said.lines and said.summary, f'{said.result}')
    # http is a mapping, too; and chess a service.
    count.check(said.summary['path'] == str(folder)
                and [said.number(what) for what in ('connections', 'mappings', 'errors')]
                == [2, 4, 0]
                and said.number('services') == said.number('builtin') + 1 > 10,
                f'{said.summary}')
    one = Checked(write(folder / 'file', {'one.conf': '[Firewall]\n'}) / 'one.conf')
    count.check(one.status == 0 and one.number('connections') == 1, f'{one.result}')
    said = Checked()
    if not system_folder().exists():
        count.check(said.status == 0 and 'system' in said.summary['path'], f'{said.result}')


# What is wrong: files, and of each line that is told where it begins and some of its words.
MISTAKES = [
    ('a value', {'postern.conf': '[Stateful]\nUdpTimeout=0\n'},
     [('postern.conf:2', 'UdpTimeout=0', '1 to 604800')]),
    ('a word', {'postern.conf': '[Firewall]\n\nAntiSpoof=maybe\n'},
     [('postern.conf:3', 'AntiSpoof=maybe', 'drop', 'rewrite', 'off')]),
    ('an ICMP option', {'postern.conf': '[Firewall]\nIcmp=echo-request-in;ping\n'},
     [('postern.conf:2', 'Icmp', 'redirect')]),
    ('two values of one section', {'postern.conf': '[Limits]\nMaxFlows=x\nMaxFragments=1\n'},
     [('postern.conf:2', 'MaxFlows=x'), ('postern.conf:3', 'MaxFragments=1')]),
    ('no line', {'postern.conf': '[Log]\nwhat is this\nDialect=latin\n'},
     [('postern.conf:2', 'what is this'), ('postern.conf:3', 'Dialect=latin', 'wf-1.5')]),
    ('no section', {'postern.conf': '[Log\nLogDropped=perhaps\n'},
     [('postern.conf:1', 'not a section')]),
    ('no UTF-8', {'postern.conf': b'[Log]\nPath=/\xff\n[Stateful]\nMidstream=x\n'},
     [('postern.conf:2', 'UTF-8'), ('postern.conf:4', 'Midstream=x')]),
    ('a drop-in', {'postern.conf': '', 'postern.conf.d/a.conf': '[Firewall]\nEnabled=maybe\n',
                   'postern.conf.d/b.conf': '\n[Doors]\nSources=10.0.0.1/8\n'},
     [('postern.conf.d/a.conf:2', 'Enabled=maybe'), ('postern.conf.d/b.conf:3', 'Sources')]),
    ('a mapping without its ports',
     {'postern.conf': '', 'connections/a.conf':
      '[Connection]\nMatch=interface:a\n[Mapping:web]\nProtocol=tcp\n'},
     [('connections/a.conf:3', '[Mapping:web] External: missing')]),
    ('a mapping with a bad protocol is told once',
     {'postern.conf': '[Mapping:web]\nProtocol=icmp\nExternal=80\n'},
     [('postern.conf:2', 'Protocol=icmp', 'tcp')]),
    ('a mapping whose name is none', {'postern.conf': '[Mapping:a b]\nProtocol=tcp\n'},
     [('postern.conf:1', 'Mapping:a b', 'not a name')]),
    ('two mappings of one port',
     {'postern.conf': '[Mapping:a]\nProtocol=tcp\nExternal=80\n[Mapping:b]\nProtocol=tcp\n'
                      'External=79-81\n'},
     [('postern.conf:4', '80', 'taken', '[Mapping:a]')]),
    ('a target twice',
     {'postern.conf': '[Mapping:a]\nProtocol=tcp\nExternal=80\nTarget=10.0.0.1\nTargetName=nas\n'},
     [('postern.conf:5', 'TargetName', 'Target')]),
    ('a trigger that opens nothing',
     {'postern.conf': '[Trigger:a]\nProtocol=tcp\nPorts=1\n[Trigger:b]\nPorts=1\nOpens=2/tcp\n'},
     [('postern.conf:1', '[Trigger:a] Opens: missing'),
      ('postern.conf:4', '[Trigger:b] Protocol: missing')]),
    ('a firewall on a bridge',
     {'postern.conf': '', 'connections/b.conf':
      '[Connection]\nMatch=interface:br0\nType=bridge\n[Firewall]\nEnabled=true\n'},
     [('connections/b.conf:5', 'Enabled=true', 'bridge')]),
    ('a firewall on the private side',
     {'postern.conf': '', 'connections/b.conf':
      '[Connection]\nMatch=interface:lan0\n[Sharing]\nRole=private\n[Firewall]\nEnabled=true\n'},
     [('connections/b.conf:6', 'Enabled=true', 'private')]),
    ('a match', {'postern.conf': '', 'connections/c.conf': '[Connection]\nMatch=eth0\n'},
     [('connections/c.conf:2', 'Match=eth0', 'interface:')]),
    ('a match of the default', {'postern.conf': '', 'connections/default.conf':
                                '[Connection]\nMatch=interface:eth0\n'},
     [('connections/default.conf:2', 'Match', 'no other connection')]),
    ('a connection whose name is none',
     {'postern.conf': '', 'connections/a b.conf': '[Connection]\nMatch=interface:a\n'},
     [('connections/a b.conf: ', 'not the name of a connection')]),
    ('no such service', {'postern.conf': '[Firewall]\nServices=htpp\n'},
     [('postern.conf:2', 'there is no service htpp', 'did you mean http?')]),
    ('a service that begins so', {'postern.conf': '[Firewall]\nServices=htps\n'},
     [('postern.conf:2', 'there is no service htps', 'did you mean https?')]),
    ('a service that is not there beside one that is broken',
     {'postern.conf': '[Firewall]\nServices=chess;chessd\n',
      'services/chess.conf': '[Service]\nPorts=zz\n'},
     [('postern.conf:2', 'there is no service chessd'), ('services/chess.conf:2', 'Ports=zz')]),
    ('what is missing beside a mistake',
     {'postern.conf': '[Mapping:a]\nProtocol=x\n[Mapping:b]\n[Trigger:c]\nPorts=0\n'
                      '[Mapping:d]\nProtocol=tcp\nExternal=0\n'},
     [('postern.conf:1', '[Mapping:a] External: missing'), ('postern.conf:2', 'Protocol=x'),
      ('postern.conf:3', '[Mapping:b] Protocol: missing'),
      ('postern.conf:3', '[Mapping:b] External: missing'),
      ('postern.conf:4', '[Trigger:c] Protocol: missing'),
      ('postern.conf:4', '[Trigger:c] Opens: missing'), ('postern.conf:5', 'Ports=0'),
      ('postern.conf:8', 'External=0')]),
    ('a mapping in two files, of which one is wrong',
     {'postern.conf': '', 'connections/a.conf':
      '[Connection]\nMatch=interface:a\n[Mapping:web]\nProtocol=x\n',
      'connections/a.conf.d/more.conf': '[Mapping:web]\nExternal=80\n'},
     [('connections/a.conf:4', 'Protocol=x')]),
    ('a match that is none is told once',
     {'postern.conf': '', 'connections/a.conf': '[Connection]\nMatch=eth0\nType=x\n'},
     [('connections/a.conf:2', 'Match=eth0'), ('connections/a.conf:3', 'Type=x')]),
    ('a service without ports', {'postern.conf': '[Firewall]\nServices=chess\n',
                                 'services/chess.conf': '[Service]\nName=Chess\n'},
     [('services/chess.conf:1', 'Ports: missing')]),
    ('a port of a service', {'postern.conf': '[Firewall]\nServices=chess\n',
                             'services/chess.conf': '# ours\n[Service]\nPorts=5000\n'},
     [('services/chess.conf:3', 'Ports=5000')]),
    ('a service twice', {'postern.conf': '', 'services/a.conf': '[Service]\nPorts=1/tcp\n',
                         'services/a.service.conf': '[Service]\nPorts=2/tcp\n'},
     [('services/a', 'the service a')]),
    ('a mapping by the name of a service',
     {'postern.conf': '[Firewall]\nServices=http\n[Mapping:http]\nProtocol=tcp\nExternal=81\n'},
     [('postern.conf:3', 'another name', 'http')]),
    ('an option of a plugin', {'postern.conf': '[Helper:ftp]\nCCC=perhaps\nEnabled=maybe\n'},
     [('postern.conf:2', 'CCC', 'true or false'), ('postern.conf:3', 'Enabled=maybe')]),
    ('no such plugin', {'postern.conf': '[Helper:nosuch]\nEnabled=true\n[Helper:ftp.no]\n'
                                        'Enabled=true\n'},
     [('postern.conf:1', 'nosuch', 'loaded:', 'ftp'), ('postern.conf:3', 'ftp.no')]),
    ('far too long', {'postern.conf': '#' * (1 << 21), 'connections/a.conf':
                      '[Connection]\nMatch=interface:a\n[Firewall]\nEnabled=x\n'},
     [('connections/a.conf:4', 'Enabled=x'), ('postern.conf: ', '1024 KiB')]),
]

WARNINGS = [
    ('a key', {'postern.conf': '[Stateful]\nUdpTimeuot=9\n'},
     [('postern.conf:2', 'not known', 'UdpTimeout')]),
    ('a section', {'postern.conf': '\n[Stateless]\n'}, [('postern.conf:2', 'not known')]),
    ('a key twice', {'postern.conf': '[Stateful]\nUdpTimeout=9\nUdpTimeout=10\n'},
     [('postern.conf:2', 'again on line 3')]),
    ('a key in another section', {'postern.conf': '[Log]\nUdpTimeout=9\n'},
     [('postern.conf:2', '[Stateful]')]),
    ('a connection without a match', {'postern.conf': '', 'connections/a.conf': '[Firewall]\n'},
     [('connections/a.conf:1', 'Match: missing')]),
    ('an option that no plugin has', {'postern.conf': '[Helper:ftp]\nNoSuch=1\n'},
     [('postern.conf:2', 'NoSuch')]),
    ('helpers that nobody brings',
     {'postern.conf': '[Firewall]\nHelpers=fpt;ftp\n', 'connections/a.conf':
      '[Connection]\nMatch=interface:a\n', 'connections/b.conf':
      '[Connection]\nMatch=interface:b\n[Firewall]\nHelpers=ldap.cldap;ftp.no;ldap\n'},
     [('connections/b.conf:4', '[Firewall] Helpers', 'ftp.no'),
      ('postern.conf:2', '[Firewall] Helpers', 'fpt', 'did you mean ftp?')]),
    ('a section of no plugin', {'postern.conf': '[Helper:nosuch]\nAny=1\n'},
     [('postern.conf:1', 'nosuch', 'not checked')]),
]


def matches(count, what, said, folder, wanted):
    """As many lines as wanted, each in its place."""
    count.check(len(said.lines) == len(wanted), f'{what}: {said.lines}')
    for line, (place, *words) in zip(said.lines, wanted):
        count.check(line.startswith(f'postern: {folder / place.strip()}')
                    and all(word in line for word in words),
                    f'{what}: {line!r}, not {place} {words}')


def check_mistakes(count, folder):
    """Each kind by itself: the line, the value, what is allowed; and a replay refuses it, too."""
    for number, (what, files, wanted) in enumerate(MISTAKES):
        here = write(folder / str(number), files)
        said = Checked(here)
        count.check(said.status == 2 and said.summary and said.number('errors') == len(wanted),
                    f'{what}: {said.result}')
        matches(count, what, said, here, wanted)
        replay = kit.run('replay', '--quiet', '--config', here, CAPTURE)
        count.check(replay.returncode == 2 and replay.stderr.splitlines()[0] in said.lines,
                    f'{what}: a replay says {replay.stderr!r}, not of {said.lines}')


def check_warnings(count, folder):
    for number, (what, files, wanted) in enumerate(WARNINGS):
        here = write(folder / str(number), files)
        said = Checked(here)
        count.check(said.status == 0 and said.summary and said.number('warnings') == len(wanted)
                    and not said.number('errors'), f'{what}: {said.result}')
        matches(count, what, said, here, wanted)
        replay = kit.run('replay', '--quiet', '--config', here, CAPTURE)
        count.check(replay.returncode == 0, f'{what}: a replay says {replay.stderr!r}')


def check_together(count, folder):
    """All in one: everything is told at once, and nothing that only follows from it."""
    files, wanted = {'postern.conf': ''}, []
    bad = ('[Firewall]\nEnabled=maybe\nIcmp=ping\n[Mapping:a]\nProtocol=tcp\nExternal=80\n'
           '[Mapping:b]\nProtocol=tcp\nExternal=70000\n[Mapping:c]\nProtocol=tcp\n')
    for name in ('one', 'two', 'three'):
        files[f'connections/{name}.conf'] = f'[Connection]\nMatch=interface:{name}\n{bad}'
        path = folder / f'connections/{name}.conf'
        wanted += [f'{path}:4', f'{path}:5', f'{path}:11', f'{path}:12']
    said = Checked(write(folder, files))
    found = [re.match(r'postern: (.*?:\d+): ', line)[1] for line in said.lines]
    count.check(sorted(found) == sorted(wanted) and said.number('errors') == 12,
                f'{found}, not {wanted}')
    # What is right is counted: the mapping a of each.
    count.check((said.number('connections'), said.number('mappings')) == (4, 3),
                f'{said.result.stdout}')
    many = ''.join(f'[Mapping:m{n}]\nProtocol=none\n' for n in range(300))
    said = Checked(write(folder / 'many', {'postern.conf': many}))
    count.check(said.status == 2 and said.number('errors') == len(said.lines) == 100,
                f'{len(said.lines)} lines: {said.result.stdout}')


def damaged(chance, text):
    """A few bytes of it are others, are gone or are there twice."""
    text = bytearray(text.encode())
    for _ in range(chance.randrange(1, 3)):
        at = chance.randrange(len(text))
        if chance.random() < 0.5:
            text[at] = chance.choice(b'\n[]=;#0x\xff\0')
        elif chance.random() < 0.5:
            del text[at:at + chance.randrange(1, 9)]
        else:
            text[at:at] = text[at:at + chance.randrange(1, 30)]
    return bytes(text)


def check_damage(count, folder):
    """Whatever stands there: it is refused if a replay refuses it, and for the same reason."""
    refused = 0
    for seed in range(100):
        chance = random.Random(seed)
        files = {name: damaged(chance, text) if chance.random() < 0.3 else text
                 for name, text in GOOD.items()}
        here = write(folder / str(seed), files)
        said = Checked(here)
        replay = kit.run('replay', '--quiet', '--config', here, CAPTURE)
        count.check(said.summary and said.status == replay.returncode
                    and len(said.lines) == said.number('errors') + said.number('warnings')
                    and (said.status != 2 or replay.stderr.splitlines()[0] in said.lines),
                    f'{seed}: {said.result}, and a replay says {replay.stderr!r}')
        refused += said.status == 2
    count.check(20 < refused < 90, f'{refused} were refused')


def check_usage(count, folder):
    """Paths and options."""
    write(folder / 'good', GOOD)
    (folder / 'empty').mkdir()
    for arguments, *words in (
            (['check-config', folder / 'none'], 'none', 'No such file'),
            (['check-config', folder / 'empty'], 'nothing of a configuration'),
            (['check-config', folder / 'good', folder], 'one path'),
            (['check-config', '--colour'], '--colour', '--help'),
            (['check-config', '--plugin-path', folder / 'none', folder], '--plugin-path'),
            (['show', '--config', folder / 'none'], 'none', 'No such file'),
            (['show', '--config', folder / 'good', 'a', 'b'], 'one connection'),
            (['show', '--config', folder / 'good', 'nosuch'], 'nosuch', 'default, uplink'),
            (['show', '--colour'], '--colour', '--help')):
        result = kit.run(*arguments)
        lines = result.stderr.splitlines()
        count.check(result.returncode == 2 and len(lines) == 1
                    and lines[0].startswith('postern: ')
                    and all(word in lines[0] for word in words), f'{result}')
        if arguments[1:] in ([folder / 'none'], [folder / 'empty']):
            count.check('nothing could be read' in result.stdout, f'{result}')


def settings(text):
    """{(file, section, key): (value, origin)} of what `postern show` prints."""
    found = {}
    file, section, origin = 'postern.conf', None, None
    for line in text.splitlines():
        head = re.fullmatch(r'# ---- (.*)', line)
        if head:
            file = head[1]
        elif line.startswith('# '):
            origin = line[2:]
        elif line.startswith('['):
            section = line
        elif '=' in line:
            key, value = line.split('=', 1)
            found[file, section, key.lstrip('#')] = value, origin
    return found


def check_show(count, folder):
    write(folder, GOOD)
    result = kit.run('show', '--config', folder)
    count.check(result.returncode == 0 and not result.stderr, f'{result}')
    found = settings(result.stdout)
    uplink = 'connections/uplink.conf'
    for where, value, place in (
            (('postern.conf', '[Stateful]', 'UdpTimeout'), '120', 'postern.conf.d/50-more.conf:2'),
            (('postern.conf', '[Log]', 'LogDropped'), 'true', 'postern.conf:5'),
            (('postern.conf', '[Firewall]', 'Services'), 'http', 'postern.conf:9'),
            (('postern.conf', '[Helper:ftp]', 'CCC'), 'true', 'postern.conf:13'),
            ((uplink, '[Connection]', 'Match'), 'interface:wan*', f'{uplink}:3'),
            ((uplink, '[Firewall]', 'Icmp'), '', f'{uplink}.d/10-local.conf:2'),
            ((uplink, '[Mapping:web]', 'External'), '8080', f'{uplink}:7'),
            ((uplink, '[Trigger:ident]', 'Opens'), '113/tcp', f'{uplink}:18')):
        count.check(found.get(where) == (value, str(folder / place)),
                    f'{where}: {found.get(where)}, not {value} of {place}')
    count.check(('postern.conf', '[Stateful]', 'TcpEstablishedTimeout') not in found,
                'a default is shown')
    whole = settings(kit.run('show', '--effective', '--config', folder).stdout)
    count.check(whole['postern.conf', '[Stateful]', 'TcpEstablishedTimeout'] == ('7440', 'default')
                and whole.items() >= {key: value for key, value in found.items()
                                      if key[0] != 'postern.conf'}.items() and len(whole) > 60,
                f'{len(whole)} settings are in effect')
    one = settings(kit.run('show', '--config', folder, 'uplink').stdout)
    count.check({key[1:]: value for key, value in one.items()}
                == {key[1:]: value for key, value in found.items() if key[0] == uplink},
                f'{one} of uplink')
    default = kit.run('show', '--config', folder, 'default').stdout
    count.check(default and result.stdout.startswith(default), f'{default!r} of default')


def check_again(count, folder):
    """What is shown means the same: shown again it is the same, but for its places."""
    write(folder / 'a', GOOD)
    for arguments in ([], ['--effective']):
        text = kit.run('show', *arguments, '--config', folder / 'a').stdout
        again = folder / f'again{len(arguments)}'
        parts = re.split(r'^# ---- (.*)\n', text, flags=re.MULTILINE)
        write(again, {'postern.conf': parts[0], **dict(zip(parts[1::2], parts[2::2]))})
        said = Checked(again)
        count.check(said.status == 0 and not said.lines, f'{said.result}')
        # What had its default stands in a file now, if it was shown; that may be worth showing.
        for other in ([], ['--effective']) if not arguments else (['--effective'],):
            first = kit.run('show', *other, '--config', folder / 'a').stdout
            second = kit.run('show', *other, '--config', again).stdout
            values = [{key: value for key, (value, _) in settings(shown).items()}
                      for shown in (first, second)]
            count.check(values[0] == values[1], f'{arguments} {other}: {first} {second}')


def check_nothing(count, folder):
    """Where nothing is configured `show` says so, in a way that can be read again."""
    write(folder, {'postern.conf': ''})
    for arguments in ([], ['default']):
        result = kit.run('show', '--config', folder, *arguments)
        count.check(result.returncode == 0 and result.stdout
                    == '# nothing is configured; --effective shows the defaults\n', f'{result}')
    write(folder, {'again.conf': result.stdout})
    said = Checked(folder / 'again.conf')
    count.check(said.status == 0 and not said.lines, f'{said.result}')


def check_places(count):
    """What is installed is what is read: the folders are those that the manual names, too."""
    installed = json.loads(subprocess.run(['meson', 'introspect', '--installed', kit.BUILD],
                                          check=True, stdout=subprocess.PIPE).stdout).values()
    (config,) = [pathlib.Path(path).parent for path in installed
                 if path.endswith('/postern/postern.conf')]
    (services,) = [pathlib.Path(path) for path in installed if path.endswith('/services')]
    for command in ('show', 'explain', 'check-config'):
        text = kit.run(command, '--help').stdout
        count.check(re.search(rf'\s{re.escape(str(config))}[).]', text), f'{command}: {text}')
    binary = kit.PROGRAM.read_bytes()
    for folder in (config, services.parent, services):
        count.check(b'\0' + bytes(folder) + b'\0' in binary, f'{folder} is not read')
    for page in ('postern.1', 'postern.conf.5'):
        text = (kit.BUILD / 'docs' / page).read_text()
        count.check(str(config) in text and str(services.parent) in text and '@' not in text,
                    f'{page} names other folders')


def main():
    count = kit.Count()
    for check in (check_good, check_mistakes, check_warnings, check_together, check_damage,
                  check_usage, check_show, check_again, check_nothing):
        with tempfile.TemporaryDirectory() as folder:
            check(count, pathlib.Path(folder))
    check_places(count)
    count.done()


if __name__ == '__main__':
    main()

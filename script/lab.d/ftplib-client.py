# SPDX-License-Identifier: GPL-2.0-or-later
"""For script/lab: an FTP session with Python's own library.

    ftplib-client.py ADDRESS get|tls|upload port|eprt|pasv|epsv PASSWORD FILE

Gets short.txt, or puts FILE and renames it. The library takes the extended commands over IPv6 only.
"""

import ftplib
import sys


def get(ftp):
    with open('short.txt', 'wb') as file:
        ftp.retrbinary('RETR pub/short.txt', file.write)
    ftp.retrlines('LIST', lambda line: None)


def upload(ftp, path):
    with open(path, 'rb') as file:
        ftp.storbinary('STOR up.txt', file)
    ftp.rename('up.txt', 'renamed.txt')


def main(address, kind, mode, password, path):
    with (ftplib.FTP_TLS if kind == 'tls' else ftplib.FTP)(address, timeout=10) as ftp:
        ftp.login('guest', password)
        if kind == 'tls':
            ftp.prot_p()
        ftp.set_pasv(mode in ('pasv', 'epsv'))
        if kind == 'upload':
            upload(ftp, path)
        else:
            get(ftp)
        ftp.quit()


if __name__ == '__main__':
    main(*sys.argv[1:])

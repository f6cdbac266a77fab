# SPDX-License-Identifier: Apache-2.0
"""A tap between callers and services: tap.py OUTER INNER RECORD SERVICE...

Listens in the run directory OUTER for each service, and forwards every line to and from the service in the run directory INNER. Each line
is written to the file RECORD as a JSON object with the members `service`, `connection`, `sender` (`caller` or `service`) and `line`.
"""

import json
import os
import socket
import sys
import threading

os.umask(0o007)
outer, inner, record = sys.argv[1:4]
lock = threading.Lock()
output = open(record, "w")
connections = 0


def write(service, connection, sender, line):
    try:
        value = json.loads(line)
    except ValueError:
        value = line.decode(errors="replace")
    with lock:
        output.write(json.dumps({"service": service, "connection": connection, "sender": sender, "line": value}) + "\n")
        output.flush()


def copy(service, connection, sender, source, sink):
    try:
        for line in source.makefile("rb"):
            write(service, connection, sender, line)
            sink.sendall(line)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        sink.close()


def accept(service, server):
    global connections
    while True:
        caller = server.accept()[0]
        with lock:
            connections += 1
            connection = connections
        service_socket = socket.socket(socket.AF_UNIX)
        service_socket.connect(f"{inner}/{service}/one.sock")
        for sender, source, sink in (("caller", caller, service_socket), ("service", service_socket, caller)):
            threading.Thread(target=copy, args=(service, connection, sender, source, sink), daemon=True).start()


for service in sys.argv[4:]:
    folder = f"{outer}/{service}"
    os.makedirs(folder, exist_ok=True)
    server = socket.socket(socket.AF_UNIX)
    server.bind(f"{folder}/.one.sock.tmp")
    os.chmod(f"{folder}/.one.sock.tmp", 0o660)
    server.listen(64)
    os.rename(f"{folder}/.one.sock.tmp", f"{folder}/one.sock")
    threading.Thread(target=accept, args=(service, server), daemon=True).start()
print("listening", flush=True)
sys.stdin.read()
threading.Event().wait()

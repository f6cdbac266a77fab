"""Offers each service of the run directory argv[2] in the run directory argv[1], passes on every line, and writes those of calls to the file
argv[3]: one JSON object a line, with `service`, `connection`, `sender` (`caller` or `service`) and `line`. Services are argv[4:]."""

import json
import os
import socket
import sys
import threading

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
        behind = socket.socket(socket.AF_UNIX)
        behind.connect(f"{inner}/{service}/one.sock")
        for sender, source, sink in (("caller", caller, behind), ("service", behind, caller)):
            threading.Thread(target=copy, args=(service, connection, sender, source, sink), daemon=True).start()


for service in sys.argv[4:]:
    folder = f"{outer}/{service}"
    os.makedirs(folder, mode=0o770, exist_ok=True)
    server = socket.socket(socket.AF_UNIX)
    server.bind(f"{folder}/.one.sock.tmp")
    os.chmod(f"{folder}/.one.sock.tmp", 0o660)
    server.listen(64)
    os.rename(f"{folder}/.one.sock.tmp", f"{folder}/one.sock")
    threading.Thread(target=accept, args=(service, server), daemon=True).start()
print("listening", flush=True)
sys.stdin.read()
threading.Event().wait()

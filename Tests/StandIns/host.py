# SPDX-License-Identifier: Apache-2.0
"""Runs the stand-ins of one test process, each in a child of its own: host.py NAME.

Listens on the abstract Unix socket NAME. The first line of a connection is {"script": "aws", "arguments": [...], "environment": {...}};
the connection is then the script's standard input and output. A child is forked after the host has imported the modules that the script
imports, so that boto3 and moto, which take a second, are loaded once. Ends with its standard input.
"""

import ast
import atexit
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import traceback

folder = os.path.dirname(os.path.abspath(__file__))
imported = set()


def import_modules(script):
    """Imports what a script imports at its top level."""
    if script in imported:
        return
    imported.add(script)
    with open("%s/%s.py" % (folder, script)) as file:
        for node in ast.parse(file.read()).body:
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            for name in [node.module] if isinstance(node, ast.ImportFrom) else names:
                importlib.import_module(name)


def read_line(connection):
    line = b""
    while not line.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte:
            raise EOFError("a connection without a request")
        line += byte
    return json.loads(line)


def run(request, connection):
    """The life of a child."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(connection.fileno(), 0)
    os.dup2(connection.fileno(), 1)
    connection.close()
    sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)
    sys.argv = ["%s/%s.py" % (folder, request["script"])] + request["arguments"]
    os.environ.update(request["environment"])
    status = 1
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
        status = 0
    except Exception:
        traceback.print_exc()
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        # Without the destruction of everything that the host has imported.
        os._exit(status)


def serve(name):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(b"\0" + name.encode())
    listener.listen(128)
    print(json.dumps({"listening": name}), flush=True)
    # Ended children are reaped by the kernel.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        ready, _, _ = select.select([sys.stdin, listener], [], [])
        if sys.stdin in ready:
            return
        connection, _ = listener.accept()
        try:
            request = read_line(connection)
            import_modules(request["script"])
        except Exception as error:
            connection.sendall(json.dumps({"error": "%s: %s" % (type(error).__name__, error)}).encode() + b"\n")
            connection.close()
            continue
        # The child's garbage collector leaves alone what the host has imported.
        gc.freeze()
        if os.fork() == 0:
            listener.close()
            run(request, connection)
        connection.close()


serve(sys.argv[1])

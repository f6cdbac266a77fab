# SPDX-License-Identifier: Apache-2.0
"""A third-party implementation of the service argv[2] in the run directory argv[1].

It is healthy, and replies to every other call with the JSON-RPC members that the file argv[3] contains for the session of the call. In
them, `@` stands for the output of the call, `#` for 900,000 letters, and `$` for the size of the request in bytes.
"""

import json
import os
import socket
import sys
import threading

os.umask(0o007)
folder = f"{sys.argv[1]}/{sys.argv[2]}"
os.makedirs(folder, exist_ok=True)
with open(sys.argv[3]) as file:
    replies = json.load(file)
health = {
    "service": sys.argv[2], "instance": "other", "status": "serving", "version": "1", "uptime_s": 1, "in_flight": 0,
    "capacity": 64}
server = socket.socket(socket.AF_UNIX)
server.bind(f"{folder}/.other.sock.tmp")
server.listen(64)
os.rename(f"{folder}/.other.sock.tmp", f"{folder}/other.sock")


def reply(line):
    call = json.loads(line)
    if call["method"] == "rpc.health":
        return json.dumps({"jsonrpc": "2.0", "id": call["id"], "result": health})
    if call["method"] == "imagegen.providers":
        return json.dumps({"jsonrpc": "2.0", "id": call["id"], "result": {"providers": [], "default": "p"}})
    params = call["params"]
    output = params.get("output", "")
    session = params.get("session_id") or output.split("/")[-3]
    text = replies[session].replace("#", "w" * 900_000).replace("@", output).replace("$", str(len(line)))
    return f'{{"jsonrpc": "2.0", "id": {call["id"]}, {text}}}'


def serve(connection):
    for line in connection.makefile("rb"):
        if b'"id":' in line[:200]:
            connection.sendall(reply(line).encode() + b"\n")


print("listening", flush=True)
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()

"""The service argv[2] in the run directory argv[1], as somebody else wrote it: it is healthy, and answers each other call with the members of
JSON-RPC that the file argv[3] has for the call's session. In them `@` is the output that the call names, `#` 900,000 letters, and `$` the bytes of
the request."""

import json
import os
import socket
import sys
import threading

folder = f"{sys.argv[1]}/{sys.argv[2]}"
os.makedirs(folder, mode=0o770, exist_ok=True)
with open(sys.argv[3]) as file:
    answers = json.load(file)
health = {
    "service": sys.argv[2], "instance": "other", "status": "serving", "version": "1", "uptime_s": 1, "in_flight": 0,
    "capacity": 64}
server = socket.socket(socket.AF_UNIX)
server.bind(f"{folder}/.other.sock.tmp")
server.listen(64)
os.rename(f"{folder}/.other.sock.tmp", f"{folder}/other.sock")


def answer(line):
    call = json.loads(line)
    if call["method"] == "rpc.health":
        return json.dumps({"jsonrpc": "2.0", "id": call["id"], "result": health})
    if call["method"] == "imagegen.providers":
        return json.dumps({"jsonrpc": "2.0", "id": call["id"], "result": {"providers": [], "default": "p"}})
    params = call["params"]
    output = params.get("output", "")
    session = params.get("session_id") or output.split("/")[-3]
    text = answers[session].replace("#", "w" * 900_000).replace("@", output).replace("$", str(len(line)))
    return f'{{"jsonrpc": "2.0", "id": {call["id"]}, {text}}}'


def serve(connection):
    for line in connection.makefile("rb"):
        if b'"id":' in line[:200]:
            connection.sendall(answer(line).encode() + b"\n")


print("listening", flush=True)
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()

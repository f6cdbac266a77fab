# SPDX-License-Identifier: Apache-2.0
"""A third-party service on the socket argv[1]: it is healthy, and replies to `agent.process` with the text of its parameter `line`. A
connection with any other call is closed.
"""

import json
import os
import socket
import sys

HEALTHY = (
    '{"jsonrpc": "2.0", "id": @, "result": {"service": "agent5", "instance": "py", "status": "serving", "version": "1", '
    '"uptime_s": 1, "in_flight": 0, "capacity": 1}}')

os.umask(0o007)
os.makedirs(os.path.dirname(sys.argv[1]), exist_ok=True)
with socket.socket(socket.AF_UNIX) as server:
    server.bind(sys.argv[1])
    server.listen()
    print("listening", flush=True)
    while True:
        connection, _ = server.accept()
        for line in connection.makefile("rb"):
            call = json.loads(line)
            if call["method"] not in ("rpc.health", "agent.process"):
                break
            reply = HEALTHY if call["method"] == "rpc.health" else call["params"]["line"]
            reply = reply.replace("@", str(call["id"]))
            connection.sendall(reply.encode("latin-1") + b"\n")
        connection.close()

"""A service of somebody else's, on the socket argv[1]: it answers each call with the text of its parameter `line`."""

import json
import os
import socket
import sys

os.makedirs(os.path.dirname(sys.argv[1]), exist_ok=True)
with socket.socket(socket.AF_UNIX) as server:
    server.bind(sys.argv[1])
    server.listen()
    print("listening", flush=True)
    while True:
        connection, _ = server.accept()
        for line in connection.makefile("rb"):
            call = json.loads(line)
            reply = call["params"]["line"].replace("@", str(call["id"]))
            connection.sendall(reply.encode("latin-1") + b"\n")
        connection.close()

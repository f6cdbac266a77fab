"""Watches jobs over the page's WebSocket, well and badly behaved: watch.py PORT SCENE [ARGUMENT...]. Prints one line of JSON.

  messages JOB AFTER   all messages of a job after a number, until its end, with the snapshot's number
  rude                 how the server ends connections that misbehave
"""

import asyncio
import json
import os
import socket
import struct
import sys

import websockets

port, scene, rest = int(sys.argv[1]), sys.argv[2], sys.argv[3:]


async def messages(job, after):
    seqs, snapshots, last = [], [], None
    seen = int(after)
    while last not in ("finished", "error", "cancelled"):
        try:
            async with websockets.connect("ws://127.0.0.1:%d/ws?job=%s&after_seq=%d" % (port, job, seen)) as server:
                async for text in server:
                    message = json.loads(text)
                    if message.get("type") == "snapshot":
                        snapshots.append(message["seq"])
                    elif "seq" in message:
                        seqs.append(message["seq"])
                        seen, last = message["seq"], message["jobState"]
                        if last in ("finished", "error", "cancelled"):
                            break
        except (OSError, websockets.WebSocketException):
            await asyncio.sleep(0.1)
    return {"seqs": seqs, "snapshots": snapshots, "state": last}


def handshake(path="/ws", **headers):
    peer = socket.create_connection(("127.0.0.1", port))
    peer.settimeout(10)
    lines = ["GET %s HTTP/1.1" % path, "Host: 127.0.0.1:%d" % port, "Upgrade: websocket", "Connection: Upgrade",
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"]
    lines = [line for line in lines if line.split(":")[0] not in headers]
    lines += ["%s: %s" % pair for pair in headers.items()]
    peer.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        part = peer.recv(65536)
        if not part:
            break
        answer += part
    status, _, rest = answer.partition(b"\r\n\r\n")
    return peer, int(status.split()[1]) if status else 0, rest


def close_code(peer, data):
    """Reads to the end; the code of the close frame, or None where the connection just ends."""
    try:
        while part := peer.recv(65536):
            data += part
    except ConnectionError:
        pass
    code = None
    while len(data) >= 2:
        size, at = data[1] & 127, 2
        if size == 126:
            size, at = struct.unpack("!H", data[2:4])[0], 4
        elif size == 127:
            size, at = struct.unpack("!Q", data[2:10])[0], 10
        if data[0] & 15 == 8 and size >= 2:
            code = struct.unpack("!H", data[at:at + 2])[0]
        data = data[at + size:]
    return code


def rude():
    ends = {}
    mask = b"abcd"
    for name, frame in {
        "unmasked": b"\x81\x02hi", "reserved": b"\xc1\x82" + mask + b"hi", "huge": b"\x82\xff" + struct.pack("!Q", 100 << 20) + mask + b"x" * 1000,
        "nonsense": b"\x83\x80" + mask, "close": b"\x88\x82" + mask + bytes(a ^ b for a, b in zip(b"\x03\xe8", mask)),
    }.items():
        peer, status, data = handshake()
        assert status == 101, status
        peer.sendall(frame)
        ends[name] = close_code(peer, data)
    ends["foreign origin"] = handshake(Origin="http://evil.example")[1]
    ends["own origin"] = handshake(Origin="http://127.0.0.1:%d" % port)[1]
    ends["foreign host"] = handshake(Host="evil.example")[1]
    peer, status, data = handshake("/ws?job=nobody")
    ends["unknown job"] = close_code(peer, data)
    return ends


print(json.dumps(asyncio.run(messages(*rest)) if scene == "messages" else rude()))

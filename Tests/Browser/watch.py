# SPDX-License-Identifier: Apache-2.0
"""Clients of the dashboard's WebSocket, well-behaved and not: watch.py PORT SCENE [ARGUMENT...]. Prints one line of JSON.

  messages JOB AFTER   all messages of a job after a seq, until its end, and the seqs of the snapshots
  rude                 how the server closes connections that violate the protocol
  crowd JOB PID        a job as seen by one watcher among thousands that idle, stall and misbehave; and the server's memory
"""

import asyncio
import gzip
import json
import re
import resource
import select
import socket
import struct
import sys
import time

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
    """Reads to the end. Returns the code of the close frame, or None if the connection ends without one."""
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


def resident(pid):
    """The resident memory of a process, in mebibytes."""
    with open("/proc/%s/status" % pid) as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1]) / 1024


def bombs():
    """The response to a compressed body, which must never be decompressed."""
    body = gzip.compress(b" " * (64 << 20), 9)
    peer = socket.create_connection(("127.0.0.1", port))
    peer.sendall(b"POST /api/jobs HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nX-Understudy: 1\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % (port, len(body)))
    try:
        peer.sendall(body)
        return peer.recv(65536).split(b"\r\n")[0].decode()
    except ConnectionError:
        return "closed"


async def crowd(job, pid):
    """A watcher among the crowd must see what a watcher alone sees."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    before = resident(pid)
    watcher = asyncio.create_task(messages(job, 0))
    result = await asyncio.to_thread(misbehave)
    seen = await watcher
    return dict(result, watched=seen, grown_mib=round(resident(pid) - before))


def misbehave():
    # A watcher with a small window that requests all messages and reads nothing.
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.connect(("127.0.0.1", port))
    slow.sendall(b"GET /ws?after_seq=0 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n" % port)
    half = [socket.create_connection(("127.0.0.1", port)) for _ in range(100)]
    for peer in half:
        peer.sendall(b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websock")
    ends, bomb = rude(), bombs()
    idle, refused = [], 0
    for _ in range(10_000):
        idle.append(socket.create_connection(("127.0.0.1", port)))
    poll = select.poll()
    for peer in idle:
        poll.register(peer, select.POLLIN)
    by_number = {peer.fileno(): peer for peer in idle}
    while refused < 7500 and (ready := poll.poll(2000)):
        for number, _ in ready:
            refused += by_number[number].recv(4096).startswith(b"HTTP/1.1 503")
            poll.unregister(number)
    for peer in idle + half:
        peer.close()
    # The slow watcher exceeds its time and is disconnected: it receives what was in flight, and no more.
    time.sleep(5)
    slow.settimeout(20)
    got = 0
    try:
        while part := slow.recv(65536):
            got += len(part)
    except ConnectionError:
        pass
    return {"ends": ends, "bomb": bomb, "refused": refused, "slow_bytes": got}


# Seconds after which a scene has failed.
LIMIT = 300
scenes = {
    "messages": lambda: asyncio.run(asyncio.wait_for(messages(*rest), LIMIT)), "rude": rude,
    "crowd": lambda: asyncio.run(asyncio.wait_for(crowd(*rest), LIMIT)),
}
print(json.dumps(scenes[scene]()))

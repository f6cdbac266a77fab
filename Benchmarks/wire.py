#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures calls over Unix sockets, all rows in one run: wire.py [SECONDS]   2 seconds for each figure if absent

Our typed client and server are two processes of .build/release/wire-bench, the server a service like any other. Peers: the same server
with a raw client in Python, an asyncio server in Python with that client, and the floor: `socat` with `PIPE`, which returns each line.
"""

import asyncio, json, os, shutil, socket, subprocess, sys, tempfile, time

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 2
BENCH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.build/release/wire-bench")
SIZES = (200, 4096, 65536)
folder = tempfile.mkdtemp(prefix="us-bench-", dir="/tmp")


def until(path):
    while not os.path.exists(path):
        time.sleep(0.01)
    return path


def typed_server():
    environment = {**os.environ, "UNDERSTUDY_RUN_DIR": f"{folder}/run", "UNDERSTUDY_STATE_DIR": f"{folder}/state",
                   "UNDERSTUDY_STORE": f"file://{folder}/store", "UNDERSTUDY_INSTANCE": "one"}
    process = subprocess.Popen([BENCH], env=environment, stderr=subprocess.DEVNULL)
    return process, until(f"{folder}/run/bench/one.sock")


def socat():
    path = f"{folder}/floor.sock"
    process = subprocess.Popen(["socat", f"UNIX-LISTEN:{path},fork", "PIPE"])
    return process, until(path)


def asyncio_server():
    async def answer(reader, writer):
        while line := await reader.readline():
            request = json.loads(line)
            writer.write(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": request["params"]}).encode() + b"\n")
            await writer.drain()

    async def serve():
        await asyncio.start_unix_server(answer, f"{folder}/asyncio.sock", limit=1 << 20)
        await asyncio.Event().wait()

    process = os.fork()
    if process == 0:
        asyncio.run(serve())
    return process, until(f"{folder}/asyncio.sock")


def processor_time(process):
    fields = open(f"/proc/{process.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def typed(process, path, connections, in_flight, size):
    """Calls per second, the quantiles in microseconds, and the server's processor time per call in microseconds."""
    before = processor_time(process)
    run = subprocess.run([BENCH, path, str(connections), str(in_flight), str(size), str(SECONDS)], capture_output=True, check=True)
    measured = json.loads(run.stdout)
    spent = (processor_time(process) - before) / measured["calls"] * 1e6
    return measured["calls"] / SECONDS, measured["p50_us"], measured["p99_us"], spent


def raw(path, size):
    """Calls per second and the quantiles in microseconds of a client in Python that neither reads nor builds JSON."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "bench.echo", "params": {"text": "x" * size}}).encode() + b"\n"
    times, end = [], time.perf_counter() + SECONDS
    while (start := time.perf_counter()) < end:
        connection.sendall(line)
        while not connection.recv(1 << 20).endswith(b"\n"):
            pass
        times.append(time.perf_counter() - start)
    connection.close()
    times.sort()
    return len(times) / SECONDS, times[len(times) // 2] * 1e6, times[len(times) * 99 // 100] * 1e6


def show(what, calls, p50, p99, spent=None, floor=None):
    columns = [f"| {what:<58} | {calls:7,.0f} | {p50:7,.0f} | {p99:7,.0f} |"]
    columns.append(f" {spent:5.0f} |" if spent is not None else "       |")
    columns.append(f" {calls / floor:5.2f} |" if floor else "       |")
    print("".join(columns), flush=True)


def idle_memory(process, path):
    """The resident memory of the server before and after 1,000 idle connections, in MB."""
    resident = lambda: int(open(f"/proc/{process.pid}/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    before, connections = resident(), []
    for _ in range(1000):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(path)
        connections.append(connection)
    # The last one is served, so all are accepted.
    connections[-1].sendall(b'{"jsonrpc":"2.0","id":1,"method":"rpc.health"}\n')
    connections[-1].recv(4096)
    return before, resident()


server, path = typed_server()
floor_server, floor_path = socat()
python_server, python_path = asyncio_server()
try:
    print("| what                                                       | calls/s |  p50 µs |  p99 µs | CPU µs | of floor |")
    print("|---|---|---|---|---|---|")
    for size in SIZES:
        floor = raw(floor_path, size)
        show(f"floor: socat PIPE, raw client, {size} bytes", *floor)
        show(f"typed client and server, {size} bytes", *typed(server, path, 1, 1, size), floor=floor[0])
        show(f"typed server, raw client, {size} bytes", *raw(path, size), floor=floor[0])
        show(f"asyncio and json, raw client, {size} bytes", *raw(python_path, size), floor=floor[0])
    show("typed, 16 connections, 200 bytes", *typed(server, path, 16, 1, 200))
    show("typed, one connection, 16 in flight, 200 bytes", *typed(server, path, 1, 16, 200))
    print("1,000 idle connections: %.0f MB resident before, %.0f MB with them" % idle_memory(server, path))
finally:
    server.terminate()
    floor_server.terminate()
    os.kill(python_server, 15)
    shutil.rmtree(folder, ignore_errors=True)

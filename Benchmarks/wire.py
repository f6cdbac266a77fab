#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures calls over Unix sockets, all rows in one run.

usage: wire.py [SECONDS] [--without-grpc]     each figure is the median of 3 measurements of SECONDS (1 if absent)

Our typed client and server are two processes of .build/release/wire-bench, the server a service like any other. Peers: gRPC (grpc-swift-2, a
unary echo of bytes, two processes of grpc-bench, built here if absent), the same server as ours with a raw client in Python, an asyncio server in
Python with that client, and the floor: `socat` with `PIPE`, which returns each line. The rows of a group are measured in turn, three times, so
that all see the same machine.
"""

import argparse, asyncio, json, os, shutil, socket, statistics, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
BENCH = os.path.join(HERE, "../.build/release/wire-bench")
GRPC_PACKAGE = os.path.join(HERE, "Wire")
GRPC_BENCH = os.path.join(GRPC_PACKAGE, ".build/release/grpc-bench")
SIZES = (200, 4096, 65536)
ROUNDS = 3
IDLE = 1000
# The settings of gRPC's transport, as in Wire/GRPC/TransportSettings.swift.
GRPC_SETTINGS = {"defaults": "gRPC, default settings", "tuned": "gRPC, tuned"}

parser = argparse.ArgumentParser(description="Measures calls over Unix sockets, all rows in one run.")
parser.add_argument("seconds", nargs="?", type=float, default=1, metavar="SECONDS", help="of each measurement; 1 if absent")
parser.add_argument("--without-grpc", action="store_true", help="omit the rows of gRPC, and do not build it")
options = parser.parse_args()
SECONDS = options.seconds
folder = tempfile.mkdtemp(prefix="us-bench-", dir="/tmp")
processes = []


def start(command, path, **settings):
    """Starts a server and waits for its socket."""
    process = subprocess.Popen(command, **settings)
    processes.append(process)
    while not os.path.exists(path):
        if process.poll() is not None:
            sys.exit(f"wire: {command[0]} ended with {process.returncode} before its socket {path} existed")
        time.sleep(0.01)
    return process, path


def typed_server(instance):
    environment = {**os.environ, "UNDERSTUDY_RUN_DIR": f"{folder}/run", "UNDERSTUDY_STATE_DIR": f"{folder}/state",
                   "UNDERSTUDY_STORE": f"file://{folder}/store", "UNDERSTUDY_INSTANCE": instance}
    return start([BENCH], f"{folder}/run/bench/{instance}.sock", env=environment, stderr=subprocess.DEVNULL)


def grpc_server(name, settings):
    path = f"{folder}/{name}.sock"
    return start([GRPC_BENCH, "server", path, "--settings", settings], path)


def socat():
    path = f"{folder}/floor.sock"
    return start(["socat", f"UNIX-LISTEN:{path},fork", "PIPE"], path)


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
    while not os.path.exists(f"{folder}/asyncio.sock"):
        time.sleep(0.01)
    return process, f"{folder}/asyncio.sock"


def build_grpc():
    if not os.path.exists(GRPC_BENCH):
        print("wire: building the gRPC peer, which takes several minutes; --without-grpc omits it", file=sys.stderr, flush=True)
        subprocess.run(["swift", "build", "-c", "release", "--package-path", GRPC_PACKAGE], stdout=sys.stderr, check=True)


def processor_time(process):
    fields = open(f"/proc/{process.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(process, command):
    """Calls per second, the quantiles in microseconds, and the server's processor time per call in microseconds."""
    before = processor_time(process)
    run = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    measured = json.loads(run.stdout)
    spent = (processor_time(process) - before) / measured["calls"] * 1e6
    return measured["calls"] / SECONDS, measured["p50_us"], measured["p99_us"], spent


def typed(connections, in_flight, size):
    process, path = server
    return load(process, [BENCH, path, str(connections), str(in_flight), str(size), str(SECONDS)])


def grpc(settings, connections, in_flight, size):
    process, path = grpc_servers[settings]
    return load(process, [GRPC_BENCH, "client", path, "--connections", str(connections), "--in-flight", str(in_flight),
                          "--bytes", str(size), "--seconds", str(SECONDS), "--settings", settings])


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
    return len(times) / SECONDS, times[len(times) // 2] * 1e6, times[len(times) * 99 // 100] * 1e6, None


def in_turn(rows):
    """Measures each row once in every round; every second round backwards.

    - Returns: the measurements of each row, by its name.
    """
    measured = {name: [] for name in rows}
    for number in range(ROUNDS):
        for name in reversed(rows) if number % 2 else rows:
            measured[name].append(rows[name]())
    return measured


def median(values):
    return None if None in values else statistics.median(values)


def ratio(row, other):
    """The median of the ratios of calls per second, each of one round."""
    return statistics.median(mine[0] / theirs[0] for mine, theirs in zip(row, other))


def show(measured, ours):
    """Prints the rows of a group. The row `ours` has its ratio to gRPC: to the faster one of the two settings."""
    floor = next((row for name, row in measured.items() if name.startswith("floor")), None)
    peers = [row for name, row in measured.items() if name.startswith("gRPC")]
    peer = max(peers, key=lambda row: median([each[0] for each in row]), default=None)
    for name, row in measured.items():
        calls, p50, p99, spent = [median(values) for values in zip(*row)]
        columns = [f"| {name:<58} | {calls:7,.0f} | {p50:7,.0f} | {p99:7,.0f} |"]
        columns.append(f" {spent:6.0f} |" if spent is not None else "        |")
        columns.append(f" {ratio(row, floor):8.2f} |" if floor and row is not floor else "          |")
        columns.append(f" {ratio(row, peer):7.2f} |" if peer and name == ours else "         |")
        print("".join(columns), flush=True)


def resident(process):
    return int(open(f"/proc/{process.pid}/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def greet_ours(connection):
    """A call and its reply."""
    connection.sendall(b'{"jsonrpc":"2.0","id":1,"method":"rpc.health"}\n')
    while not connection.recv(4096).endswith(b"\n"):
        pass


def greet_grpc(connection):
    """The HTTP/2 handshake: the preface and the settings of both ends, each acknowledged."""
    settings, acknowledgement = b"\0\0\0\4\0\0\0\0\0", b"\0\0\0\4\1\0\0\0\0"
    connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings)
    received = b""
    while acknowledgement not in received:
        received += connection.recv(4096)
    connection.sendall(acknowledgement)


def idle_memory(name, started, greet):
    """The resident memory of a new server before and after idle connections, in MB."""
    process, path = started
    time.sleep(1)
    before, connections = resident(process), []
    for _ in range(IDLE):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(path)
        greet(connection)
        connections.append(connection)
    time.sleep(1)
    print(f"| {name:<30} | {before:8.1f} MB | {resident(process):8.1f} MB |", flush=True)
    for connection in connections:
        connection.close()
    process.terminate()
    process.wait()


if not options.without_grpc:
    build_grpc()
python_server, python_path = asyncio_server()
try:
    server = typed_server("one")
    floor_server, floor_path = socat()
    grpc_servers = {} if options.without_grpc else {each: grpc_server(each, each) for each in GRPC_SETTINGS}

    def both(connections, in_flight, size, what):
        """Our row and those of gRPC for the same load."""
        rows = {f"typed client and server, {what}": lambda: typed(connections, in_flight, size)}
        for each in grpc_servers:
            rows[f"{GRPC_SETTINGS[each]}, {what}"] = lambda each=each: grpc(each, connections, in_flight, size)
        return rows

    print(f"| {'what':<58} | calls/s |  p50 µs |  p99 µs | CPU µs | of floor | of gRPC |")
    print("|---|---|---|---|---|---|---|")
    for size in SIZES:
        what = f"{size} bytes"
        show(in_turn({
            f"floor: socat PIPE, raw client, {what}": lambda: raw(floor_path, size),
            **both(1, 1, size, what),
            f"typed server, raw client, {what}": lambda: raw(server[1], size),
            f"asyncio and json, raw client, {what}": lambda: raw(python_path, size),
        }), f"typed client and server, {what}")
    for connections, in_flight, what in ((16, 1, "16 connections, 200 bytes"), (1, 16, "16 in flight, 200 bytes")):
        show(in_turn(both(connections, in_flight, 200, what)), f"typed client and server, {what}")

    print(f"\n| {'resident memory of the server':<30} | {'new':>11} | {IDLE:,} idle |")
    print("|---|---|---|")
    idle_memory("typed server", typed_server("idle"), greet_ours)
    if grpc_servers:
        idle_memory("gRPC server", grpc_server("idle", "defaults"), greet_grpc)
finally:
    for process in processes:
        process.terminate()
    os.kill(python_server, 15)
    for process in processes:
        process.wait()
    shutil.rmtree(folder, ignore_errors=True)

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the time from the lead's failure to the first imagegen.generate, both on the wire.

Starts the built orchestrator with a lead that always fails and an imagegen that records when it is called, and runs jobs one
after the other. Exits with 1 if the bound is missed.

  takeover.py [JOBS]   300 if absent
"""

import json, os, shutil, socket, subprocess, sys, tempfile, threading, time

JOBS = int(sys.argv[1]) if len(sys.argv) > 1 else 300
BOUND_MS = 20
ORCHESTRATOR = os.path.join(os.path.dirname(__file__), "../.build/release/orchestrator")
REFUSAL = {"error": {"code": -32014, "message": "refused", "data": {"kind": "content_rejected"}}}

folder = tempfile.mkdtemp(prefix="us-bench-", dir="/tmp")
failed_at = None
waits = []


def answer(call):
    """The reply of a service that rejects every call. Records the time from the lead's failure to the first still."""
    global failed_at
    if call["method"] == "rpc.health":
        return {"result": {"service": "x", "instance": "py", "status": "serving", "version": "1", "uptime_s": 1,
                           "in_flight": 0, "capacity": 64}}
    if call["method"] == "imagegen.generate" and failed_at is not None:
        waits.append((time.perf_counter() - failed_at) * 1000)
        failed_at = None
    return REFUSAL


def serve(service):
    path = f"{folder}/run/{service}"
    os.makedirs(path)
    server = socket.socket(socket.AF_UNIX)
    server.bind(f"{path}/py.sock")
    server.listen()

    def answer_all(connection):
        global failed_at
        for call in map(json.loads, connection.makefile()):
            if "id" not in call:
                continue
            reply = {"jsonrpc": "2.0", "id": call["id"], **answer(call)}
            line = json.dumps(reply).encode() + b"\n"
            # Recorded before the reply is sent, because the next call may arrive before this thread runs again.
            if call["method"] == "agent.process":
                failed_at = time.perf_counter()
            connection.sendall(line)

    def accept():
        while True:
            threading.Thread(target=answer_all, args=(server.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def main():
    for service in ("agent5", "imagegen"):
        serve(service)
    environment = dict(os.environ, UNDERSTUDY_RUN_DIR=f"{folder}/run", UNDERSTUDY_STATE_DIR=f"{folder}/state",
                       UNDERSTUDY_STORE=f"file://{folder}/store", UNDERSTUDY_INSTANCE="one")
    orchestrator = subprocess.Popen([ORCHESTRATOR], env=environment, stderr=subprocess.DEVNULL)
    try:
        path = f"{folder}/run/orchestrator/one.sock"
        while not os.path.exists(path):
            time.sleep(0.05)
        time.sleep(0.5)
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(path)
        replies = connection.makefile()

        def call(method, params):
            request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            connection.sendall(json.dumps(request).encode() + b"\n")
            return json.loads(replies.readline())["result"]

        board = {"segments": [{"id": f"s{n}", "duration": 1, "visual_guidance": "x"} for n in range(4)]}
        for number in range(JOBS):
            job = call("orchestrator.start", {"user_id": "u", "session_id": f"s{number}",
                                              "pipeline_data": {"storyboard": board}})["job_id"]
            while call("orchestrator.status", {"job_id": job})["state"] in ("queued", "running"):
                time.sleep(0.005)
    finally:
        orchestrator.terminate()
        orchestrator.wait()
        shutil.rmtree(folder, ignore_errors=True)
    waits.sort()
    median, p99 = waits[len(waits) // 2], waits[int(len(waits) * 0.99)]
    print(f"bench: failure to first imagegen.generate on the wire, {len(waits)} jobs: median {median:.2f} ms, "
          f"p99 {p99:.2f} ms, longest {waits[-1]:.2f} ms")
    sys.exit(0 if p99 < BOUND_MS else 1)


main()

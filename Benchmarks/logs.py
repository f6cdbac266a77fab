#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures how many events per second logger accepts and delivers, against Python's logging and boto3 in the same run.

Starts the built logger, first with a file, then with a file and CloudWatch (moto), and sends events over its socket in JSON-RPC
batches. Peers: Python's logging to a file, and boto3's put_log_events to the same server, 10,000 events per call.
Exits with 1 if the bound is missed, or if an event is missing.

  logs.py [EVENTS]   100,000 if absent
"""

import json, logging, os, shutil, socket, subprocess, sys, tempfile, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = f"{HERE}/../.venv/bin/python"
if os.path.realpath(sys.prefix) != os.path.realpath(f"{HERE}/../.venv"):
    os.execv(PYTHON, [PYTHON, __file__, *sys.argv[1:]])

import boto3  # noqa: E402

EVENTS = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
BATCH = 100
BOUND = 10_000
folder = tempfile.mkdtemp(prefix="us-bench-", dir="/tmp")


def data(number):
    return {"job_id": "bench", "segment_id": "seg_%05d" % number, "provider": "openai", "attempt": 1, "seconds": 3.25,
            "image_usd": 0.02, "clip_usd": 0.001, "note": "a hill in the evening light"}


def standin():
    process = subprocess.Popen([PYTHON, f"{HERE}/../Tests/StandIns/aws.py"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return process, json.loads(process.stdout.readline())["url"]


def logger(sinks, url):
    environment = {**os.environ, "UNDERSTUDY_RUN_DIR": f"{folder}/run", "UNDERSTUDY_STATE_DIR": f"{folder}/{sinks}",
                   "UNDERSTUDY_INSTANCE": "one", "UNDERSTUDY_LOG_SINKS": sinks, "AWS_ENDPOINT_URL": url,
                   "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1"}
    process = subprocess.Popen([f"{HERE}/../.build/release/logger"], env=environment, stderr=subprocess.DEVNULL)
    path = f"{folder}/run/logger/one.sock"
    while not os.path.exists(path):
        time.sleep(0.02)
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    return process, connection


def call(connection, method):
    connection.sendall(json.dumps({"jsonrpc": "2.0", "id": 0, "method": method}).encode() + b"\n")
    return json.loads(connection.makefile().readline())["result"]


def accept(connection, lines):
    """Sends all lines. Returns the number of events accepted per second, each with its own reply."""
    started = time.perf_counter()
    sender = threading.Thread(target=lambda: [connection.sendall(line) for line in lines])
    sender.start()
    accepted, buffer = 0, b""
    while accepted < EVENTS:
        buffer += connection.recv(1 << 20)
        end = buffer.rfind(b"\n") + 1
        accepted += buffer.count(b'"accepted":true', 0, end)
        buffer = buffer[end:]
    sender.join()
    return EVENTS / (time.perf_counter() - started)


def measure_logger(sinks, url):
    calls = [{"jsonrpc": "2.0", "id": number, "method": "logger.log",
              "params": {"event_type": "segment_generation", "data": data(number)}} for number in range(EVENTS)]
    lines = [json.dumps(calls[start:start + BATCH]).encode() + b"\n" for start in range(0, EVENTS, BATCH)]
    process, connection = logger(sinks, url)
    started = time.perf_counter()
    rate = accept(connection, lines)
    while (counts := call(connection, "logger.flush"))["pending"]:
        pass
    seconds = time.perf_counter() - started
    memory = call(connection, "rpc.stats")["resident_bytes"] / 1e6
    process.terminate()
    process.wait()
    complete = all(sink["delivered"] == EVENTS and sink["dropped"] == 0 for sink in counts["sinks"].values())
    print("logger, %-15s %8.0f events/s accepted, %8.0f events/s until all are delivered, %.0f MB%s"
          % (sinks, rate, EVENTS / seconds, memory, "" if complete else "  EVENTS ARE MISSING"))
    return rate if complete else 0


def measure_python_logging():
    log = logging.getLogger("bench")
    handler = logging.FileHandler(f"{folder}/python.log")
    handler.setFormatter(logging.Formatter('{"timestamp":"%(asctime)s","event_type":"segment_generation","data":%(message)s}'))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
    started = time.perf_counter()
    for number in range(EVENTS):
        log.info(json.dumps(data(number)))
    print("Python logging, to a file   %8.0f events/s, in its own process" % (EVENTS / (time.perf_counter() - started)))


def measure_boto(url):
    logs = boto3.client("logs", endpoint_url=url, region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s")
    logs.create_log_group(logGroupName="peer")
    logs.create_log_stream(logGroupName="peer", logStreamName="s")
    started = time.perf_counter()
    batch, size = [], 0

    def put():
        logs.put_log_events(logGroupName="peer", logStreamName="s", logEvents=batch)

    for number in range(EVENTS):
        message = json.dumps({"timestamp": time.strftime("%FT%TZ"), "event_type": "segment_generation", "data": data(number)})
        if len(batch) == 10_000 or size + len(message) + 26 > 1_048_576:
            put()
            batch, size = [], 0
        batch.append({"timestamp": int(time.time() * 1000), "message": message})
        size += len(message) + 26
    put()
    print("boto3, put_log_events       %8.0f events/s until all are delivered" % (EVENTS / (time.perf_counter() - started)))


def main():
    process, url = standin()
    print("%d events of %d bytes" % (EVENTS, len(json.dumps(data(0)))))
    rates = [measure_logger("file", url), measure_logger("file,cloudwatch", url)]
    measure_python_logging()
    measure_boto(url)
    process.stdin.close()
    process.wait()
    shutil.rmtree(folder)
    if min(rates) < BOUND:
        print("bound missed: %d events/s accepted" % BOUND)
        sys.exit(1)


main()

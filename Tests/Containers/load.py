# SPDX-License-Identifier: Apache-2.0
"""Calls idempotent methods of all services by the Python client, RATE times a second, until standard input ends: load.py RATE MEDIA.

Prints `ready` after the first call of each service, and at the end one line of JSON: the number of calls by service, and the errors.
"""

import collections
import concurrent.futures
import json
import sys
import threading
import time

import understudy

RATE, MEDIA = float(sys.argv[1]), sys.argv[2]
METHODS = {
    "orchestrator": ("orchestrator.list", {"limit": 1}),
    "imagegen": ("imagegen.providers", {}),
    "clipper": ("clipper.probe", {"media": MEDIA, "decode": False}),
    "stitcher": ("rpc.stats", {}),
    "logger": ("logger.tail", {"limit": 1}),
    "agent5": ("rpc.health", {}),
}

ended = threading.Event()
calls, errors = collections.Counter(), []
client = understudy.Client(replica_timeout=60)


def call(service):
    method, params = METHODS[service]
    try:
        client.call(service, method, params)
        calls[service] += 1
    except understudy.ServiceError as error:
        errors.append("%s: %s" % (method, error))


def wait_for_end():
    sys.stdin.read()
    ended.set()


for service in METHODS:
    call(service)
print("ready", flush=True)
threading.Thread(target=wait_for_end, daemon=True).start()
with concurrent.futures.ThreadPoolExecutor(64) as workers:
    start, number = time.monotonic(), 0
    while not ended.is_set():
        workers.submit(call, list(METHODS)[number % len(METHODS)])
        number += 1
        ended.wait(max(start + number / RATE - time.monotonic(), 0))
client.close()
print(json.dumps({"calls": calls, "errors": errors[:20], "failed": len(errors)}), flush=True)

#!/usr/bin/env bash
# A 15 s still clip, 1080p30: `clipper.create` over its socket against the ffmpeg command line, in turn, in one run.
# Prints the wall seconds of each pair and their ratio. Needs `make build`, ffmpeg and python3.
set -euo pipefail
cd "$(dirname "$0")/.."
exec python3 - "${1:-3}" <<'PY'
import json, os, statistics, subprocess, sys, tempfile, time

with tempfile.TemporaryDirectory(prefix="us-bench-") as folder:
    env = dict(os.environ, UNDERSTUDY_RUN_DIR=f"{folder}/run", UNDERSTUDY_STATE_DIR=f"{folder}/state",
               UNDERSTUDY_STORE=f"file://{folder}/store")
    up = subprocess.Popen([".build/release/understudy", "up"], env=env, stdout=subprocess.PIPE, text=True)
    for line in up.stdout:
        if "ready in" in line:
            break
    def call(service, method, **params):
        subprocess.run([".build/release/understudy", "call", service, method, json.dumps(params)], env=env, check=True,
                       stdout=subprocess.DEVNULL)
    still = f"{folder}/still.png"
    call("imagegen", "imagegen.generate", prompt="A harbour at dawn", width=1920, height=1080, output=f"file://{still}")
    ratios = []
    for _ in range(int(sys.argv[1])):
        start = time.monotonic()
        call("clipper", "clipper.create", image=f"file://{still}", duration=15, output=f"file://{folder}/ours.mp4")
        ours = time.monotonic() - start
        start = time.monotonic()
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-loop", "1", "-i", still, "-t", "15", "-r", "30", "-c:v", "libx264",
                        "-preset", "medium", "-pix_fmt", "yuv420p", f"{folder}/theirs.mp4"], check=True)
        theirs = time.monotonic() - start
        ratios.append(theirs / ours)
        print(f"clipper.create {ours:.2f} s, ffmpeg -loop 1 (libx264 medium) {theirs:.2f} s: {theirs / ours:.0f} times")
    print(f"median: {statistics.median(ratios):.0f} times")
    up.terminate()
    up.wait()
PY

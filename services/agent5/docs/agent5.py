#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An agent of your own as the lead: UNDERSTUDY_AGENT5_PROVIDER=command UNDERSTUDY_AGENT5_COMMAND="python3 agent5.py".

Reads one request as a line of JSON, and prints progress and one result as lines of JSON. This example renders test patterns with ffmpeg;
a real agent calls its video generator.
"""

import json
import subprocess
import sys

request = json.loads(sys.stdin.readline())
segments = request["storyboard"]["segments"]
wanted = request.get("segments") or [segment["id"] for segment in segments]
clips = []
for number, segment in enumerate(s for s in segments if s["id"] in wanted):
    print(json.dumps({"progress": number / len(wanted), "message": "rendering " + segment["id"]}), flush=True)
    path = "/tmp/agent5_%s_%s.mp4" % (request["job_id"], segment["id"])
    made = subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=30:d=%s" % segment["duration"],
         "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", path], capture_output=True, text=True)
    if made.returncode == 0:
        clips.append({"segment_id": segment["id"], "clip": path})
    else:
        clips.append({"segment_id": segment["id"], "error": {"kind": "unavailable", "message": made.stderr[-300:]}})
print(json.dumps({"clips": clips, "cost_usd": 0.05 * len(clips)}), flush=True)

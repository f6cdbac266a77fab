# SPDX-License-Identifier: Apache-2.0
"""Limits of CloudWatch Logs that moto does not enforce, and the report of rejected events, which moto gets wrong."""

import json
import re
import time

DAY = 24 * 3600 * 1000


class Invalid(Exception):
    pass


def window(now=None):
    now = int((now or time.time()) * 1000)
    return now - 14 * DAY, now + 2 * 3600 * 1000


def check(target, body):
    """Raises Invalid for a request that the service rejects."""
    request = json.loads(body)
    group, stream = request.get("logGroupName"), request.get("logStreamName")
    if group is not None and not re.fullmatch(r"[\.\-_/#A-Za-z0-9]{1,512}", group):
        raise Invalid("1 validation error detected: logGroupName")
    if stream is not None and not re.fullmatch(r"[^:*]{1,512}", stream):
        raise Invalid("1 validation error detected: logStreamName")
    if not target.endswith(".PutLogEvents"):
        return
    events = request["logEvents"]
    if not 1 <= len(events) <= 10000:
        raise Invalid("logEvents: 1 to 10000")
    sizes = [len(event["message"].encode()) + 26 for event in events]
    if min(sizes) == 26 or max(sizes) > 1048576:
        raise Invalid("Log event too large: %d bytes exceeds limit of 1048576" % max(sizes))
    if sum(sizes) > 1048576:
        raise Invalid("Upload too large: %d bytes exceeds limit of 1048576" % sum(sizes))
    times = [event["timestamp"] for event in events]
    if times != sorted(times):
        raise Invalid("Log events in a single PutLogEvents request must be in chronological order.")
    oldest, newest = window()
    valid = [time for time in times if oldest <= time <= newest]
    if valid and valid[-1] - valid[0] > DAY:
        raise Invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")


def rejected(body):
    """Returns the indices as the service reports them: the end of old events is exclusive, the start of new ones inclusive."""
    times = [event["timestamp"] for event in json.loads(body)["logEvents"]]
    oldest, newest = window()
    info = {}
    old = sum(time < oldest for time in times)
    new = sum(time > newest for time in times)
    if old:
        info["tooOldLogEventEndIndex"] = old
    if new:
        info["tooNewLogEventStartIndex"] = len(times) - new
    return info

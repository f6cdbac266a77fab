# SPDX-License-Identifier: Apache-2.0
"""JSON-RPC lines from the schemas of `rpc.discover`: valid, almost valid, and invalid."""

import json
import os
import re
import select
import socket
import subprocess
import time

import values
from stack import Broken

# The kinds of errors that a caller may get. `internal` is a fault of the service, whatever was sent.
KINDS = {
    "parse", "invalid_request", "method_not_found", "invalid_params", "cancelled", "busy", "timeout", "unavailable",
    "rate_limited", "quota_exhausted", "content_rejected", "not_found", "corrupt_media", "unauthorized", "too_large", "conflict",
}
TARGETS = ["orchestrator", "imagegen", "clipper", "stitcher", "logger", "agent5"]


class Fuzzer:
    memory_mb = 900

    def __init__(self, stack, random):
        self.stack = stack
        self.random = random
        self.methods = {}
        for service in TARGETS:
            document = stack.call(service, "rpc.discover")["result"]
            self.methods[service] = {method["name"]: method["params"] for method in document["methods"]}
        self.places = self._places()
        self.count = 0

    def _places(self):
        """Makes files of every type below the store. Returns their URIs, none of which is outside the folder of the stack."""
        store = self.stack.store
        made = f"{store}/made"
        os.makedirs(f"{made}/folder", exist_ok=True)
        subprocess.run(
            ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=s=320x180:d=1", "-f", "lavfi", "-i", "sine=d=1",
             "-shortest", "-pix_fmt", "yuv420p", f"{made}/clip.mp4", "-frames:v", "1", f"{made}/still.png", "-map", "1:a",
             f"{made}/voice.wav"], check=True)
        with open(f"{made}/empty", "wb"):
            pass
        with open(f"{made}/noise.mp4", "wb") as file:
            file.write(self.random.randbytes(5000))
        os.mkfifo(f"{made}/fifo")
        os.symlink(f"{made}/clip.mp4", f"{made}/link.mp4")
        os.symlink(f"{made}/nowhere", f"{made}/dangling")
        os.symlink("/etc/hostname", f"{made}/outside")
        names = ["clip.mp4", "still.png", "voice.wav", "empty", "noise.mp4", "fifo", "folder", "link.mp4", "dangling", "outside",
                 "missing.mp4", "out.mp4", "out.png", "still.png/below"]
        return [f"file://{made}/{name}" for name in names]

    # MARK: - Generating inputs

    def _uri(self):
        return self.random.choice(self.places)

    def _value(self, schema, name=""):
        """Returns a value that conforms to a schema, or almost."""
        random = self.random
        if random.random() < 0.06:
            return values.anything(random)
        if "oneOf" in schema:
            return self._value(random.choice(schema["oneOf"]), name)
        if "enum" in schema:
            return random.choice(schema["enum"])
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = random.choice(kind)
        if kind == "object":
            members = {key: self._value(below, key) for key, below in schema.get("properties", {}).items()
                       if key in schema.get("required", []) or random.random() < 0.4}
            if random.random() < 0.1:
                members[values.text(random)[:40]] = values.anything(random)
            return members
        if kind == "array":
            return [self._value(schema.get("items", {}), name) for _ in range(random.choice([0, 1, 1, 2, 3]))]
        edges = [schema[bound] for bound in ("minimum", "maximum") if bound in schema]
        if kind in ("integer", "number") and edges and random.random() < 0.2:
            return random.choice(edges) + random.choice([-1, 0, 0, 1])
        if kind == "integer":
            return random.choice([1, 2, 16, 64, 320, 1920]) if random.random() < 0.6 else values.number(random)
        if kind == "number":
            return random.choice([0.1, 0.5, 1, 2.5, 30]) if random.random() < 0.6 else values.number(random)
        if kind == "boolean":
            return random.random() < 0.5
        if kind == "string":
            if name in ("image", "clip", "audio", "output", "media", "music", "video", "output_prefix"):
                return self._uri() if random.random() < 0.9 else self._harmless(values.text(random))
            if random.random() < 0.5:
                return random.choice(["a", "u", "s", "seg_001", "A hill at dawn", "job-1", "card", "still", "fade"])
            return values.text(random)
        return values.anything(random)

    @staticmethod
    def _harmless(text):
        """Returns a generated URI that does not name a file outside of this stack."""
        return "x" + text if text.startswith("file:///") else text

    def _params(self, service, method):
        params = {}
        for parameter in self.methods[service].get(method, []):
            if parameter.get("required") or self.random.random() < 0.35:
                params[parameter["name"]] = self._value(parameter.get("schema", {}), parameter["name"])
        if "storyboard" in params or method.startswith("orchestrator.") and self.random.random() < 0.4:
            params["pipeline_data"] = {"storyboard": self._storyboard()}
        if self.random.random() < 0.1:
            params["deadline_ms"] = values.number(self.random)
        if self.random.random() < 0.1:
            params["_meta"] = values.anything(self.random)
        return params

    def _storyboard(self):
        random = self.random
        segments = []
        for index in range(random.choice([1, 1, 2, 3])):
            segment = {"id": f"seg_{index}", "duration": random.choice([0.2, 0.5, 1]), "visual_guidance": "A hill"}
            if random.random() < 0.3:
                segment[random.choice(["id", "duration", "visual_guidance", "narration", "audio", "x"])] = values.anything(random)
            segments.append(segment)
        return {"segments": segments} if random.random() < 0.9 else values.anything(random)

    def _request(self, service):
        random = self.random
        names = list(self.methods[service])
        # A watch ends with its connection.
        method = random.choice(names) if random.random() < 0.92 else random.choice(["rpc.nope", "", "rpc.discover", values.text(random)])
        request = {"jsonrpc": "2.0", "id": random.choice([1, 2, "x", None, 2**53, -1, "é" * 20]), "method": method,
                   "params": self._params(service, method)}
        pick = random.random()
        if pick < 0.05:
            request.pop("id")
        elif pick < 0.10:
            request[random.choice(["jsonrpc", "id", "method", "params"])] = values.anything(random)
        elif pick < 0.13:
            request = {"jsonrpc": "2.0", "method": "rpc.cancel", "params": {"id": values.anything(random)}}
        return request

    def _line(self, service):
        """Returns a line without its line feed."""
        random = self.random
        pick = random.random()
        if pick < 0.06:
            batch = [self._request(service) if random.random() < 0.8 else values.anything(random)
                     for _ in range(random.choice([0, 1, 3, 20]))]
            return json.dumps(batch).encode()
        if pick < 0.08:
            return random.choice([
                b"[" + b"1," * random.choice([999, 1000, 1001, 100_000]) + b"1]", values.deep(random.choice([10, 500, 100_000])).encode(),
                values.deep(random.choice([10, 500, 50_000]), "{").encode(), b"{" * 2000, b"x" * 5_000_000, b'"' + b"a" * 4_300_000])
        line = json.dumps(self._request(service), ensure_ascii=random.random() < 0.5).encode("utf-8", "surrogatepass")
        if pick < 0.20:
            line = self._renumbered(line)
        elif pick < 0.32:
            line = self._mutated(line)
        return line

    def _renumbered(self, line):
        """Returns the line with one of its numbers, or its id, in a notation that no encoder uses."""
        places = list(re.finditer(rb"(?<=[:\[,] )-?[0-9][0-9.eE+-]*", line))
        if not places:
            return line
        place = self.random.choice(places)
        return line[:place.start()] + self.random.choice(values.RAW_NUMBERS).encode() + line[place.end():]

    def _mutated(self, line):
        random = self.random
        line = bytearray(line)
        for _ in range(random.choice([1, 1, 2, 8])):
            if not line:
                break
            at = random.randrange(len(line))
            how = random.randrange(4)
            # Bytes of file URIs are not changed: they must stay within the folder of the stack.
            if b"file:" in line:
                how = 3
            if how == 0:
                line[at] = random.randrange(256)
            elif how == 1:
                del line[at:at + random.randint(1, 20)]
            elif how == 2:
                line[at:at] = random.choice([b'"', b"\\", b"{", b"]", b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\\ud800", b",", b":"])
            else:
                del line[len(line) - random.randint(1, min(len(line), 10)):]
        return bytes(line).replace(b"\n", b" ")

    # MARK: - Sending inputs

    def step(self):
        """Generates an input of the corpus: a header, and a few lines for one connection."""
        service = self.random.choice(TARGETS)
        lines = [self._line(service) for _ in range(self.random.choice([1, 1, 2, 5]))]
        header = {"service": service, "ending": self.random.choice(["read", "read", "read", "half", "close"]),
                  "idle_s": self.random.choice([0.05, 0.05, 0.05, 1])}
        return json.dumps(header).encode() + b"\n" + b"\n".join(lines) + b"\n"

    def play(self, data):
        """Sends an input, and checks the replies."""
        header, _, lines = data.partition(b"\n")
        header = json.loads(header)
        # The placeholder of a stored input is the folder of this stack.
        lines = lines.replace(b"file://{made}", f"file://{self.stack.store}/made".encode())
        # A service may close the connection while a large input is being sent.
        with self.stack.connect(header["service"]) as connection:
            connection.setblocking(False)
            self._exchange(connection, header, lines)
        self.count += 1
        if self.count % 25 == 0:
            self._settle()

    def _exchange(self, connection, header, lines):
        rest, received, deadline = memoryview(lines), bytearray(), time.monotonic() + 3
        half_closed = False
        while time.monotonic() < deadline:
            if not rest and not half_closed:
                if header["ending"] == "close":
                    return
                if header["ending"] == "half":
                    try:
                        connection.shutdown(socket.SHUT_WR)
                    except OSError:
                        pass
                half_closed = True
            readable, writable, _ = select.select([connection], [connection] if rest else [], [], header["idle_s"])
            if not readable and not writable and not rest:
                break
            try:
                if writable:
                    rest = rest[connection.send(rest[:65536]):]
                if readable:
                    part = connection.recv(1 << 20)
                    if not part:
                        break
                    received += part
            except BlockingIOError:
                continue
            except (ConnectionResetError, BrokenPipeError):
                break
        self._check(header["service"], bytes(received))

    def _check(self, service, received):
        for line in received.split(b"\n")[:-1]:
            try:
                reply = json.loads(line.decode())
            except ValueError as error:
                raise Broken(f"{service} sent a line that is not JSON: {line[:200]!r}") from error
            for message in reply if isinstance(reply, list) else [reply]:
                self._check_message(service, message)

    @staticmethod
    def _check_message(service, message):
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            raise Broken(f"{service} sent a line that is not JSON-RPC: {str(message)[:200]}")
        if "method" in message or "result" in message:
            return
        error = message.get("error")
        if not isinstance(error, dict) or not isinstance(error.get("code"), int) or not isinstance(error.get("message"), str):
            raise Broken(f"{service} sent an error without code and message: {str(message)[:200]}")
        kind = (error.get("data") or {}).get("kind")
        if kind not in KINDS:
            raise Broken(f"{service} replied with {kind}: {error['message'][:300]}")
        if len(json.dumps(error)) > 64 * 1024:
            raise Broken(f"{service} sent an error of {len(json.dumps(error))} bytes")

    def _settle(self):
        """Cancels the unfinished jobs, so that the next inputs find free slots."""
        for job in self.stack.call("orchestrator", "orchestrator.list", {"limit": 100}, 20).get("result", {}).get("jobs", []):
            if job["state"] in ("queued", "running"):
                self.stack.call("orchestrator", "orchestrator.cancel", {"job_id": job["job_id"]}, 20)

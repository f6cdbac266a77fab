# SPDX-License-Identifier: Apache-2.0
"""HTTP requests and WebSocket frames for the page's server."""

import base64
import os
import select
import socket
import struct
import time

import values
from stack import Broken

PATHS = [
    "/", "/healthz", "/metrics", "/api/jobs", "/api/jobs?limit=5", "/api/jobs/x", "/api/jobs/x/receipt", "/api/jobs/x/film",
    "/api/jobs/x/segments/y/still", "/api/jobs/x/cancel", "/api/jobs/x/retry", "/api/jobs/x/upgrade", "/api/estimate",
    "/api/uploads?name=a.mp3", "/api/replicas", "/api/breakers", "/api/providers", "/api/breakers/agent5", "/api/drill",
    "/api/retry-failed", "/assets/app.js", "/assets/app.css", "/jobs/x", "/services", "/ws", "/ws?after_seq=0", "/favicon.ico",
]
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "get", "", "X" * 300]
HEADERS = [
    "Accept-Encoding", "Accept", "Range", "If-None-Match", "If-Range", "If-Modified-Since", "Content-Length", "Transfer-Encoding",
    "Content-Type", "Host", "Origin", "Referer", "Sec-Fetch-Site", "X-Understudy", "Cookie", "Authorization", "Connection", "Upgrade",
    "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Expect", "Cache-Control",
    "TE", "Trailer", "Keep-Alive", "X-Forwarded-For", "Accept-Language",
]
PARTS = [
    "", ";", ",", ";;", ",,", "=", ";q", ";q=", ";q=;", "gzip;q=", "gzip;q=1e999", "gzip;q=nan", "*;q=-1", "gzip", "identity;q=0", " ", "\t",
    "bytes=", "bytes=-", "bytes=0-", "bytes=-0", "bytes=-99999999999999999999", "bytes=5-2", "bytes=0-0,1-1,2-2", "bytes=a-b",
    "bytes=9223372036854775807-", "bytes=0-9223372036854775807", "\"", "W/", "\"a\", ", "*", "chunked", "chunked, chunked", "0", "-1", "+5",
    "1e3", "99999999999999999999", "5, 5", "token=", "token", "=token", "; token=x", "Bearer", "Bearer ", "Basic =", "Basic ????",
    "close, upgrade", "websocket", "h2c", "13", "100-continue", "http://127.0.0.1", "null", "[::1", "[", ":", ":80", "127.0.0.1:99999",
]


class Fuzzer:
    memory_mb = 500

    def __init__(self, stack, random):
        self.stack = stack
        self.random = random

    # MARK: - Generating inputs

    def _target(self):
        random = self.random
        path = random.choice(PATHS)
        pick = random.random()
        if pick < 0.2:
            path += random.choice(["?", "/", "//", "/..", "/%2e%2e", "%00", "?a=%", "?token=%ff", "?limit=1e30", "?limit=-1", "?after=x",
                                   "?state=;", "?after_seq=99999999999999999999", "?&&==&", "#x", "?q=" + "%20" * 500])
        elif pick < 0.25:
            path = random.choice(["*", "http://127.0.0.1/", "//", "/" + "a" * 20_000, "/\x01", "/é", "", "/%", "/%zz", "?", "/" + "x/" * 2000])
        return path

    def _header(self):
        random = self.random
        name = random.choice(HEADERS) if random.random() < 0.95 else random.choice(["", " ", "é", "a b", "x" * 5000, ":"])
        if random.random() < 0.6:
            value = "".join(random.choice(PARTS) for _ in range(random.choice([1, 1, 2, 4])))
        else:
            value = values.text(random)[:30_000]
        return f"{name}: {value}"

    def _request(self):
        random = self.random
        method = random.choice(METHODS[:3]) if random.random() < 0.8 else random.choice(METHODS)
        version = "HTTP/1.1" if random.random() < 0.95 else random.choice(["HTTP/1.0", "HTTP/2.0", "HTTP/9", "", "HTP/1.1"])
        host = "%s:%d" % self.stack.address
        lines = [f"{method} {self._target()} {version}"]
        if random.random() < 0.95:
            lines.append(f"Host: {host}")
        if method not in ("GET", "HEAD") and random.random() < 0.8:
            lines += ["X-Understudy: 1", f"Origin: http://{host}"]
        lines += [self._header() for _ in range(random.choice([0, 1, 1, 2, 5, 150 if random.random() < 0.1 else 3]))]
        body = b""
        if method not in ("GET", "HEAD") or random.random() < 0.05:
            body = self._body()
            if random.random() < 0.7:
                length = len(body) if random.random() < 0.9 else random.choice([0, len(body) + 10, 10**12])
                lines.append(f"Content-Length: {length}")
            elif random.random() < 0.7:
                lines.append("Transfer-Encoding: chunked")
                size = random.choice([b"%x" % len(body), b"ffffffffffffffff", b"-1", b"", b"zz"])
                body = size + b"\r\n" + body + b"\r\n0\r\n\r\n"
        text = "\r\n".join(lines) + "\r\n\r\n"
        return text.encode("utf-8", "surrogatepass") + body

    def _body(self):
        random = self.random
        return random.choice([
            b"", b"{}", b"[]", b"{", b"null", values.deep(50_000).encode(), b'{"action":"get"}', b'{"action":5}', b"\xff\xfe" * 50,
            b'{"user_id":"u","session_id":"s","options":{"' + b"x" * 200_000 + b'":1}}',
            b'{"user_id":"u","session_id":"s","pipeline_data":{"storyboard":{"segments":[{"id":"a","duration":1e30}]}}}',
            b'{"only":["a"],"edits":{"a":{"prompt":5}}}', random.randbytes(300)])

    def _frame(self):
        """Returns a WebSocket frame, valid or almost."""
        random = self.random
        first = random.choice([0x81, 0x82, 0x88, 0x89, 0x8A, 0x01, 0x00, 0x80, 0x83, 0x8F, 0xC1, 0xF1, random.randrange(256)])
        payload = random.choice([b"", b"x", b"\x03\xe8", b"\x00", b"\xff\xff", random.randbytes(random.choice([5, 125, 126, 4000]))])
        masked = 0x80 if random.random() < 0.85 else 0
        length = len(payload) if random.random() < 0.85 else random.choice([0, 127, 5000, 2**31, 2**63 - 1, 2**64 - 1])
        if length < 126:
            head = struct.pack("!BB", first, masked | length)
        elif length < 65536:
            head = struct.pack("!BBH", first, masked | 126, length)
        else:
            head = struct.pack("!BBQ", first, masked | 127, length)
        key = random.randbytes(4) if masked else b""
        data = bytes(byte ^ key[index % 4] for index, byte in enumerate(payload)) if masked else payload
        return head + key + data

    def _socket(self):
        host = "%s:%d" % self.stack.address
        key = base64.b64encode(os.urandom(16)).decode()
        head = (f"GET /ws{self.random.choice(['', '?after_seq=0', '?after_seq=5'])} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
                f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nOrigin: http://{host}\r\n\r\n")
        return head.encode() + b"".join(self._frame() for _ in range(self.random.choice([1, 3, 20])))

    def step(self):
        """Returns the bytes of one connection."""
        if self.random.random() < 0.2:
            return self._socket()
        data = b"".join(self._request() for _ in range(self.random.choice([1, 1, 1, 2, 6])))
        if self.random.random() < 0.1:
            data = data[:self.random.randrange(len(data) + 1)]
        if self.random.random() < 0.05:
            at = self.random.randrange(len(data) + 1)
            data = data[:at] + self.random.randbytes(self.random.randint(1, 4)) + data[at:]
        return data

    # MARK: - Sending inputs

    def play(self, data):
        """Sends an input, and checks the first response."""
        # The placeholder of a stored input is the address of this stack.
        data = data.replace(b"{host}", b"%s:%d" % (self.stack.address[0].encode(), self.stack.address[1]))
        received = bytearray()
        with socket.create_connection(self.stack.address, timeout=10) as connection:
            connection.setblocking(False)
            rest, deadline = memoryview(data), time.monotonic() + 2
            while time.monotonic() < deadline:
                readable, writable, _ = select.select([connection], [connection] if rest else [], [], 0.05)
                if not readable and not writable:
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
                except OSError:
                    break
        self._check(bytes(received))
        self._check_other_client()

    @staticmethod
    def _check(received):
        if not received:
            return
        line = received.split(b"\r\n", 1)[0]
        if not line.startswith(b"HTTP/1.") or not line[9:12].isdigit():
            raise Broken(f"the page responded with {line[:100]!r}")
        if line[9:12] == b"500":
            raise Broken(f"the page responded with an internal error: {received[:400]!r}")

    def _check_other_client(self):
        """Checks that another client gets a response."""
        with socket.create_connection(self.stack.address, timeout=10) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: %s:%d\r\nConnection: close\r\n\r\n" % (
                self.stack.address[0].encode(), self.stack.address[1]))
            answer = connection.recv(100)
        if not answer.startswith(b"HTTP/1.1 200"):
            raise Broken(f"/healthz responded with {answer[:50]!r}")

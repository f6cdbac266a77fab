# SPDX-License-Identifier: Apache-2.0
"""The base of all stand-ins: a threaded HTTP server on the loopback interface that ends with its standard input.

The first line of the standard output is {"url": ...}. Each line of the standard input is a command in JSON; the reply is one line of JSON,
{"error": text} if the command fails. {"gzip": true} compresses all responses from then on, even if the client does not accept that.
"""

import gzip
import http.server
import json
import sys
import threading
import traceback


packing = {"gzip": False}


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], (ConnectionError, BrokenPipeError)):
            traceback.print_exc()


class Handler(http.server.BaseHTTPRequestHandler):
    """One exchange; keeps connections open as real services do."""

    protocol_version = "HTTP/1.1"
    # Headers and body in one packet, without the delay of Nagle's algorithm.
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, format, *args):
        pass

    def body(self):
        """Returns the body of the request, decoded if it is chunked."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def reply(self, status, body=b"", headers=None):
        """Sends a response; a dict or list is sent as JSON."""
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        elif isinstance(body, str):
            body = body.encode()
        if packing["gzip"] and body and "Content-Encoding" not in headers:
            body, headers["Content-Encoding"] = gzip.compress(body, 1), "gzip"
        self.send_response(status)
        headers.setdefault("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def fault(faults, prompt):
    """Removes and returns the first fault for an order with this prompt, or for any order; {} if there is none."""
    for index, one in enumerate(faults):
        if prompt.startswith(one.get("for", "")):
            return faults.pop(index)
    return {}


def serve(handler):
    """Starts a server with a handler class on a free port. Returns its URL."""
    server = Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return "http://127.0.0.1:%d" % server.server_address[1]


def run(url, command):
    """Prints the URL, and processes commands until the standard input ends.

    command: a function that takes a parsed command and returns a JSON-serializable reply.
    """
    print(json.dumps({"url": url}), flush=True)
    for line in sys.stdin:
        try:
            request = json.loads(line)
            packing["gzip"] = request.get("gzip", packing["gzip"])
            answer = command(request)
        except Exception as error:
            answer = {"error": "%s: %s" % (type(error).__name__, error)}
        print(json.dumps(answer, default=str), flush=True)

# SPDX-License-Identifier: Apache-2.0
"""S3, IAM, CloudWatch Logs and STS by moto, MediaConvert by `mediaconvert.py`. boto3 inspects what they have stored.

moto accepts any signature. A gate in front of it verifies Signature V4 with botocore's own signer, the hash of the body, the clock (15
minutes) and the keys, and misbehaves on command. Calls of boto3 bypass the gate.

Commands:
  {"service": "s3", "call": "get_object", "args": {...}}   calls boto3; bodies are text, latin-1 if not UTF-8
  {"keys": {"id": "secret"}}                               adds keys; initially there is "k" with the secret "s"
  {"expire": "id"}                                         rejects requests with this key as expired
  {"expire_all": true}                                     rejects requests with any key issued by STS as expired
  {"renew": "id"}                                          accepts requests with this key again
  {"web_identity": ["token"]}                              sets the tokens that can assume roles; initially none
  {"expire_tokens": ["token"]}                             rejects these tokens as expired
  {"clock": seconds}                                       sets the gate's clock ahead
  {"misbehave": {"match": "PUT .*partNumber=2", "times": 1, "skip": 0, "status": 503, "body": "...", "headers": {...},
                 "reset": false, "delay": 0, "corrupt": false, "json": "ThrottlingException", "lost": false, "late": 0}}
                                                           sets the response of the next requests whose "METHOD target" matches;
                                                           "lost": processed without a response, "late": delayed response
  {"heal": true}                                           clears all misbehaviour
  {"puts": true}                                           -> {"puts": [events of each PutLogEvents]}
  {"await_puts": n}                                        replies after n calls of PutLogEvents
  {"seen": "regex"}                                        -> {"count": n, "seen": ["PUT /films/x?..."]}
  {"mediaconvert": {...}}                                  sends a command to `mediaconvert.py`
"""

import datetime
import hashlib
import io
import json
import logging
import re
import socket
import sys
import threading
import time
import urllib.parse

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.server import DomainDispatcherApplication, ThreadedMotoServer, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

import logs
import mediaconvert
import moto_services
import standin


class Refused(Exception):
    def __init__(self, status, code, message):
        self.status, self.code, self.message = status, code, message


class Gate:
    """A WSGI application in front of that of moto."""

    def __init__(self, app):
        self.app = app
        self.keys = {"k": "s"}
        # Keys that STS issued.
        self.issued = set()
        # Tokens of web identities.
        self.tokens = []
        self.expired_tokens = []
        self.expired = set()
        self.clock = 0
        self.faults = []
        self.seen = []
        self.puts = []
        self.put = threading.Condition()
        self.lock = threading.Lock()

    def __call__(self, environ, start):
        target = environ.get("RAW_URI") or environ["REQUEST_URI"]
        line = "%s %s" % (environ["REQUEST_METHOD"], target)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        form = urllib.parse.parse_qs(body.decode("latin-1")) if body.startswith(b"Action=") else {}
        uses_token = form.get("Action") == ["AssumeRoleWithWebIdentity"]
        kind = "sts" if uses_token else self.kind(environ)
        with self.lock:
            self.seen.append("%s %s" % (line, environ["HTTP_X_AMZ_TARGET"]) if kind == "logs" else line)
            if kind == "sts" and form:
                self.seen[-1] += " " + " ".join(form["Action"] + form.get("RoleArn", []) + form.get("RoleSessionName", []))
            fault = self.fault(line, environ)
        if fault:
            time.sleep(fault.get("delay", 0))
            if fault.get("reset"):
                environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
                return []
            if fault.get("json"):
                return self.refuse(start, kind, Refused(fault.get("status", 400), fault["json"], "as commanded"))
            if "status" in fault:
                return self.answer(start, fault["status"], fault.get("body", ""), fault.get("headers", {}))
        try:
            if uses_token:
                self.check_token(environ, form)
            else:
                self.check(environ, target, body)
        except Refused as refused:
            return self.refuse(start, kind, refused)
        if kind == "logs":
            return self.log(environ, start, body, fault)
        if kind == "mediaconvert":
            status, value = media.handle(environ["REQUEST_METHOD"], target, body)
            return self.answer(start, status, json.dumps(value), {"Content-Type": "application/json"})
        answer = self.app(environ, start)
        if kind == "sts":
            answer = [b"".join(answer)]
            text = answer[0].decode()
            for id, secret in re.findall(r"<AccessKeyId>(.*?)</AccessKeyId>\s*<SecretAccessKey>(.*?)</SecretAccessKey>", text):
                self.keys[id] = secret
                self.issued.add(id)
        if fault and fault.get("corrupt"):
            data = b"".join(answer)
            return [bytes([data[0] ^ 1]) + data[1:]]
        return answer

    def log(self, environ, start, body, fault):
        """Handles a call of CloudWatch Logs, with the limits that moto does not enforce."""
        operation = environ.get("HTTP_X_AMZ_TARGET", "")
        try:
            logs.check(operation, body)
        except logs.Invalid as invalid:
            return self.refuse(start, "logs", Refused(400, "InvalidParameterException", str(invalid)))
        started = []
        answer = b"".join(self.app(environ, lambda status, headers, info=None: started.append((status, headers))))
        status, headers = started[0]
        if operation.endswith(".PutLogEvents") and status.startswith("200"):
            with self.put:
                self.puts.append(len(json.loads(body)["logEvents"]))
                self.put.notify_all()
            info = logs.rejected(body)
            answer = json.dumps({"rejectedLogEventsInfo": info} if info else {}).encode()
            headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
            headers.append(("Content-Length", str(len(answer))))
        if fault and fault.get("lost"):
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            return []
        time.sleep((fault or {}).get("late", 0))
        start(status, headers)
        return [answer]

    def fault(self, line, environ):
        for fault in self.faults:
            target = "%s %s" % (line, environ.get("HTTP_X_AMZ_TARGET", ""))
            if not re.search(fault.get("match", ""), target):
                continue
            if fault.get("skip", 0) > 0:
                fault["skip"] -= 1
                return None
            fault["times"] = fault.get("times", 1) - 1
            if fault["times"] <= 0:
                self.faults.remove(fault)
            return dict(fault)

    @staticmethod
    def kind(environ):
        found = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
        return found.group(1) if found else "s3"

    def now(self):
        return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=self.clock)

    def check(self, environ, target, body):
        authorization = environ.get("HTTP_AUTHORIZATION", "")
        if not authorization:
            if "X-Amz-Signature=" in target:
                return
            raise Refused(403, "AccessDenied", "Access Denied")
        found = re.match(
            r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)$",
            authorization,
        )
        if not found:
            raise Refused(403, "AuthorizationHeaderMalformed", "The authorization header is malformed")
        id, day, region, service, names, signature = found.groups()
        if id not in self.keys:
            code = {"s3": "InvalidAccessKeyId", "logs": "UnrecognizedClientException", "mediaconvert": "UnrecognizedClientException"}
            raise Refused(403, code.get(service, "InvalidClientTokenId"), "The security token included in the request is invalid")
        if id in self.expired:
            code = "ExpiredToken" if service in ("s3", "sts", "iam") else "ExpiredTokenException"
            raise Refused(400 if service != "s3" else 400, code, "The provided token has expired.")
        headers = {}
        for name in names.split(";"):
            variable = name.upper().replace("-", "_")
            headers[name] = environ.get(variable if variable in ("CONTENT_TYPE", "CONTENT_LENGTH") else "HTTP_" + variable, "")
        if "host" not in headers or "x-amz-date" not in headers:
            raise Refused(403, "SignatureDoesNotMatch", "host and x-amz-date must be signed")
        for name in (n for n in environ if n.startswith("HTTP_X_AMZ_")):
            if name[5:].lower().replace("_", "-") not in headers:
                raise Refused(403, "AccessDenied", "There were headers present in the request which were not signed")
        date = headers["x-amz-date"]
        sent = datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        if abs((self.now() - sent).total_seconds()) > 900:
            code = "RequestTimeTooSkewed" if service == "s3" else "SignatureDoesNotMatch" if service in ("iam", "sts") else "InvalidSignatureException"
            raise Refused(403 if service == "s3" else 400, code, "Signature expired: the difference between the clocks is too large")
        stated = environ.get("HTTP_X_AMZ_CONTENT_SHA256")
        if service == "s3" and stated is None:
            raise Refused(400, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
        if stated not in (None, "UNSIGNED-PAYLOAD") and stated != hashlib.sha256(body).hexdigest():
            raise Refused(400, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.")
        request = AWSRequest(
            environ["REQUEST_METHOD"], "http://%s%s" % (environ["HTTP_HOST"], target), headers=headers, data=body
        )
        request.context["timestamp"] = date
        signer = (S3SigV4Auth if service == "s3" else SigV4Auth)(Credentials(id, self.keys[id]), service, region)
        text = signer.string_to_sign(request, signer.canonical_request(request))
        if signer.signature(text, request) != signature:
            raise Refused(403, "SignatureDoesNotMatch", "The request signature we calculated does not match")

    def check_token(self, environ, form):
        """Checks the token of an unsigned request that assumes a role."""
        if environ.get("HTTP_AUTHORIZATION") or environ.get("HTTP_X_AMZ_SECURITY_TOKEN"):
            raise Refused(400, "InvalidAction", "AssumeRoleWithWebIdentity is not signed")
        for name in ("RoleArn", "RoleSessionName", "WebIdentityToken"):
            if name not in form:
                raise Refused(400, "ValidationError", "%s is missing" % name)
        token = form["WebIdentityToken"][0]
        if token in self.expired_tokens:
            raise Refused(400, "ExpiredTokenException", "Token expired: current date/time must be before the expiration date/time")
        if token not in self.tokens:
            raise Refused(400, "InvalidIdentityToken", "The ID Token provided is not a valid JWT.")

    def refuse(self, start, kind, refused):
        if kind in ("logs", "mediaconvert"):
            body = json.dumps({"__type": refused.code, "message": refused.message})
            return self.answer(start, refused.status, body, {"Content-Type": "application/x-amz-json-1.1"})
        error = "<Error><Code>%s</Code><Message>%s</Message></Error>" % (refused.code, refused.message)
        body = error if kind == "s3" else "<ErrorResponse>%s<RequestId>r-1</RequestId></ErrorResponse>" % error
        return self.answer(start, refused.status, body, {"Content-Type": "application/xml"})

    def answer(self, start, status, body, headers):
        data = body.encode()
        headers = {"Content-Length": str(len(data)), **headers}
        start("%d As commanded" % status, list(headers.items()))
        return [data]


class Handler(WSGIRequestHandler):
    """Keeps connections open, and sends dates of the gate's clock."""

    protocol_version = "HTTP/1.1"

    def log(self, *args):
        pass

    def date_time_string(self, timestamp=None):
        return super().date_time_string((timestamp or time.time()) + gate.clock)

    def make_environ(self):
        environ = super().make_environ()
        environ["werkzeug.socket"] = self.connection
        return environ


logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
inner = "http://127.0.0.1:%d" % server.get_host_and_port()[1]
gate = Gate(DomainDispatcherApplication(create_backend_app))
# `--address` is for containers, which cannot reach the loopback interface.
address = sys.argv[sys.argv.index("--address") + 1] if "--address" in sys.argv else "127.0.0.1"
outer = make_server(address, 0, gate, threaded=True, request_handler=Handler)
threading.Thread(target=outer.serve_forever, daemon=True).start()
clients = {}


def client(service):
    if service not in clients:
        clients[service] = moto_services.client(service, inner)
    return clients[service]


def command(request):
    if "service" in request:
        answer = getattr(client(request["service"]), request["call"])(**request.get("args", {})) or {}
        answer = answer if isinstance(answer, dict) else {"answer": answer}
        answer.pop("ResponseMetadata", None)
        body = answer.get("Body")
        if body is not None:
            data = body.read()
            try:
                answer["Body"] = data.decode()
            except UnicodeDecodeError:
                answer["Body"] = data.decode("latin-1")
        return answer
    if "seen" in request:
        lines = [line for line in gate.seen if re.search(request["seen"], line)]
        return {"count": len(lines), "seen": lines[-200:]}
    if "puts" in request:
        return {"puts": gate.puts}
    if "await_puts" in request:
        with gate.put:
            if not gate.put.wait_for(lambda: len(gate.puts) >= request["await_puts"], timeout=60):
                raise TimeoutError("%d puts after 60 s" % len(gate.puts))
        return {"puts": gate.puts}
    if "heal" in request:
        gate.faults.clear()
    if "mediaconvert" in request:
        return media.command(request["mediaconvert"])
    if "misbehave" in request:
        gate.faults.append(request["misbehave"])
    gate.keys.update(request.get("keys", {}))
    gate.tokens = request.get("web_identity", gate.tokens)
    gate.expired_tokens = request.get("expire_tokens", gate.expired_tokens)
    if "expire" in request:
        gate.expired.add(request["expire"])
    if "expire_all" in request:
        gate.expired |= gate.issued
    gate.expired.discard(request.get("renew"))
    gate.clock = request.get("clock", gate.clock)
    return {"ok": True}


media = mediaconvert.MediaConvert(client)

client("s3").create_bucket(Bucket="films")
standin.run(inner if "--lenient" in sys.argv else "http://%s:%d" % (address, outer.server_address[1]), command)

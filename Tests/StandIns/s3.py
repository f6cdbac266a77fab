# SPDX-License-Identifier: Apache-2.0
"""An S3 store in memory, with the quirks of compatible stores and proxies.

It validates requests as strictly as S3 (hash of the body, lengths, parts, ETags of parts), accepts any key, and misbehaves on command.

Commands:
  {"quirks": {...}}          sets the quirks; {} for a store without quirks. See `Quirks`.
  {"seen": "regex"}          -> {"count": n, "seen": ["PUT /films/x?... x-amz-checksum-sha256"]}: method, target and the names of the
                                headers x-amz-* and if-match, sorted
  {"forget": true}           clears the list of requests
  {"put": key, "body": text} stores an object without a request; "file": path instead of a text
  {"get": key}               -> {"body": text (latin-1), "headers": {...}, "absent": bool}; "file": path writes the body to a file instead
  {"flip": key}              changes the object's first byte and nothing else
  {"uploads": true}          -> {"uploads": number of unfinished uploads}
"""

import base64
import email.utils
import hashlib
import re
import secrets
import threading
import time
import urllib.parse
from xml.sax.saxutils import escape

import standin


class Quirks:
    """
    checksums    "refuse": x-amz-checksum-* and x-amz-sdk-* are rejected with `refusal`; "ignore": they are neither verified nor stored;
                 "refuse-parts": only those of multipart uploads are rejected; "refuse-mode": only x-amz-checksum-mode
    refusal      [status, code, message]
    etags        "weak", "unquoted", "none", in every response; "suffix", "br", "weak-br": HEAD adds -gzip or -br; "random": another one
                 in each response
    meta         "refuse": x-amz-meta-* is rejected with 400; "drop": it is not stored
    conditions   "refuse": the response to If-Match is always 412
    ranges       "ignore": the whole object with 200; "shift": ranges are one byte late
    part_number  the status of the response to HEAD ?partNumber
    encoding     "none": keys are never encoded, without EncodingType
    truncation   "no-token": lists continue with start-after only; "first-version": with marker only; "loop": always the first page
    flag         "none": no IsTruncated; "bare": no MaxKeys either
    page         the maximum number of entries of a page
    complete     the outcome of CompleteMultipartUpload, one entry for each request: "lost" (completed, no response), "500" (completed,
                 500), "error" (completed, 200 with an error), "gone" (not completed: NoSuchUpload, and the upload is removed),
                 "lost-undone" (not completed, no response), "refuse:STATUS:CODE" (not completed, even if the upload is removed)
    lengths      "none": no Content-Length in responses to GET; "none-of-head": in responses to HEAD
    replaced     how many times an object is replaced, by one with one more byte, after a HEAD request
    """

    def __init__(self, given):
        self.checksums = self.etags = self.conditions = self.ranges = self.encoding = self.truncation = self.lengths = None
        self.meta = self.flag = None
        self.refusal = [400, "InvalidArgument", "Unsupported header 'x-amz-checksum-sha256' received for this API call."]
        self.part_number = 0
        self.page = 1000
        self.replaced = 0
        self.complete = []
        for name, value in given.items():
            if not hasattr(self, name):
                raise KeyError(name)
            setattr(self, name, value)


class Object:
    def __init__(self, body, headers=None, tag=None, checksum=None):
        self.body = body
        self.headers = headers or {}
        self.tag = tag or hashlib.md5(body).hexdigest()
        self.checksum = checksum
        self.parts = []
        self.modified = int(time.time())


quirks = Quirks({})
objects = {}
uploads = {}
seen = []
lock = threading.Lock()


class Refused(Exception):
    def __init__(self, status, code, message=""):
        self.status, self.code, self.message = status, code, message


class Store(standin.Handler):
    def do_GET(self):
        self.answer()

    do_PUT = do_POST = do_DELETE = do_HEAD = do_GET

    def answer(self):
        body = self.body()
        url = urllib.parse.urlsplit(self.path)
        self.query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        bucket, _, self.key = urllib.parse.unquote(url.path)[1:].partition("/")
        names = sorted(name.lower() for name in self.headers if re.match("(?i)x-amz-(checksum|sdk|meta)|if-match", name))
        with lock:
            seen.append(" ".join(["%s %s" % (self.command, self.path)] + names))
        try:
            if bucket != "films":
                raise Refused(404, "NoSuchBucket", "The specified bucket does not exist")
            stated = self.headers.get("x-amz-content-sha256")
            if stated not in ("UNSIGNED-PAYLOAD", hashlib.sha256(body).hexdigest()):
                raise Refused(400, "XAmzContentSHA256Mismatch", "The hash does not match")
            self.check(names, body)
            name = "upload" if "uploadId" in self.query else "uploads" if "uploads" in self.query else "object" if self.key else "list"
            getattr(self, "%s_%s" % (self.command.lower(), name))(body)
        except Refused as refused:
            text = "<Error><Code>%s</Code><Message>%s</Message></Error>" % (refused.code, escape(refused.message))
            self.xml(text if self.command != "HEAD" else "", refused.status)

    def check(self, names, body):
        if quirks.meta == "refuse" and any(name.startswith("x-amz-meta") for name in names):
            raise Refused(400, "InvalidArgument", "user metadata is not supported")
        asked = [name for name in names if re.match("x-amz-(checksum|sdk)", name)]
        parts = "uploads" in self.query or "uploadId" in self.query
        mode = "x-amz-checksum-mode" in names
        if asked and (
            quirks.checksums == "refuse"
            or quirks.checksums == "refuse-parts" and parts
            or quirks.checksums == "refuse-mode" and mode
        ):
            raise Refused(*quirks.refusal)
        given = self.headers.get("x-amz-checksum-sha256")
        if given and quirks.checksums != "ignore" and given != base64.b64encode(hashlib.sha256(body).digest()).decode():
            raise Refused(400, "BadDigest", "The checksum does not match")

    def xml(self, text, status=200, headers=None):
        self.reply(status, text.encode(), {"Content-Type": "application/xml", "Connection": "keep-alive", **(headers or {})})

    def keeps_checksums(self):
        return quirks.checksums not in ("refuse", "ignore")

    def tag(self, tag):
        suffixes = {"suffix": "-gzip", "br": "-br", "weak-br": "-br"} if self.command == "HEAD" else {}
        quoted = '"%s%s"' % (tag if quirks.etags != "random" else secrets.token_hex(16), suffixes.get(quirks.etags, ""))
        written = {"weak": "W/" + quoted, "weak-br": "W/" + quoted, "unquoted": tag, "none": None}.get(quirks.etags, quoted)
        return {"ETag": written} if written else {}

    # Objects

    def put_object(self, body):
        source = self.headers.get("x-amz-copy-source")
        if source:
            found = self.find(urllib.parse.unquote(source).split("/", 2)[2])
            with lock:
                objects[self.key] = found
            return self.xml("<CopyObjectResult><ETag>x</ETag></CopyObjectResult>")
        checksum = self.headers.get("x-amz-checksum-sha256") if self.keeps_checksums() else None
        stored = Object(body, self.kept_headers(), checksum=checksum)
        with lock:
            objects[self.key] = stored
        echo = {"x-amz-checksum-sha256": checksum} if checksum else {}
        self.xml("", headers={**self.tag(stored.tag), **echo})

    def kept_headers(self):
        kept = {name.lower(): value for name, value in self.headers.items() if name.lower().startswith("x-amz-meta-")}
        kept = {} if quirks.meta == "drop" else kept
        return {"Content-Type": self.headers.get("Content-Type", "binary/octet-stream"), **kept}

    def find(self, key):
        with lock:
            found = objects.get(key)
        if not found:
            raise Refused(404, "NoSuchKey", "The specified key does not exist.")
        return found

    def get_object(self, _):
        found = self.find(self.key)
        body, status, headers = found.body, 200, {**found.headers, **self.tag(found.tag)}
        headers["Last-Modified"] = email.utils.formatdate(found.modified, usegmt=True)
        condition = self.headers.get("If-Match")
        if condition and (quirks.conditions == "refuse" or quirks.etags in ("weak", "suffix") or condition != '"%s"' % found.tag):
            raise Refused(412, "PreconditionFailed", "At least one of the preconditions you specified did not hold.")
        if self.headers.get("x-amz-checksum-mode") == "ENABLED" and found.checksum and self.keeps_checksums() and not self.headers.get("Range"):
            headers["x-amz-checksum-sha256"] = found.checksum
        if self.query.get("partNumber"):
            if quirks.part_number:
                raise Refused(quirks.part_number, "NotImplemented")
            body, status = body[: found.parts[0]] if found.parts else body, 206
        range = re.match(r"bytes=(\d+)-(\d+)$", self.headers.get("Range", ""))
        if range and quirks.ranges != "ignore":
            first, last = int(range.group(1)), int(range.group(2))
            if first >= len(body):
                raise Refused(416, "InvalidRange", "The requested range is not satisfiable")
            if quirks.ranges == "shift":
                first, last = first + 1, last + 1
            headers["Content-Range"] = "bytes %d-%d/%d" % (first, min(last, len(body) - 1), len(body))
            body, status = body[first : last + 1], 206
        if (quirks.lengths, self.command) in (("none", "GET"), ("none-of-head", "HEAD")):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            return self.wfile.write(body) if self.command == "GET" else None
        self.reply(status, body, headers)

    def head_object(self, body):
        self.get_object(body)
        if quirks.replaced > 0:
            with lock:
                quirks.replaced -= 1
                old = objects[self.key]
                objects[self.key] = Object(old.body + b"+", old.headers)

    def delete_object(self, _):
        with lock:
            objects.pop(self.key, None)
        self.reply(204)

    # Lists

    def get_list(self, _):
        prefix, delimiter = self.query.get("prefix", ""), self.query.get("delimiter", "")
        first_version = quirks.truncation == "first-version" or "list-type" not in self.query
        after = self.query.get("marker" if first_version else "start-after", "")
        if quirks.truncation is None:
            after = self.query.get("continuation-token", after)
        if quirks.truncation == "loop":
            after = ""
        with lock:
            keys = sorted(objects, key=lambda key: key.encode())
        entries = []
        for key in keys:
            if not key.startswith(prefix) or key.encode() <= after.encode():
                continue
            rest = key[len(prefix) :]
            folder = prefix + rest.split(delimiter)[0] + delimiter if delimiter and delimiter in rest else None
            entry = (folder, True) if folder else (key, False)
            if entry not in entries:
                entries.append(entry)
        page = min(int(self.query.get("max-keys", 1000)), quirks.page)
        cut = len(entries) > page
        url = self.query.get("encoding-type") == "url" and quirks.encoding != "none"
        write = (lambda text: urllib.parse.quote_plus(text, safe="/")) if url else escape
        text = "<ListBucketResult><Name>films</Name>"
        text += "<EncodingType>url</EncodingType>" if url else ""
        text += "<Marker>%s</Marker>" % write(after) if first_version else "<KeyCount>%d</KeyCount>" % min(len(entries), page)
        text += "<IsTruncated>%s</IsTruncated>" % ("true" if cut else "false") if not quirks.flag else ""
        text += "<MaxKeys>%d</MaxKeys>" % page if quirks.flag != "bare" else ""
        if cut and quirks.truncation is None:
            name, is_folder = entries[page - 1]
            text += "<NextContinuationToken>%s</NextContinuationToken>" % escape(name + "\U0010ffff" if is_folder else name)
        for name, is_folder in entries[:page]:
            text += ("<CommonPrefixes><Prefix>%s</Prefix></CommonPrefixes>" if is_folder else "<Contents><Key>%s</Key></Contents>") % write(name)
        self.xml(text + "</ListBucketResult>")

    # Uploads in parts

    def post_uploads(self, _):
        id = "upload-%d" % (len(uploads) + len(seen))
        checks = self.headers.get("x-amz-checksum-algorithm") if self.keeps_checksums() else None
        with lock:
            uploads[id] = {"key": self.key, "parts": {}, "headers": self.kept_headers(), "checks": checks}
        headers = {"x-amz-checksum-algorithm": checks} if checks else {}
        self.xml("<InitiateMultipartUploadResult><UploadId>%s</UploadId></InitiateMultipartUploadResult>" % id, headers=headers)

    def get_uploads(self, _):
        self.xml("<ListMultipartUploadsResult></ListMultipartUploadsResult>")

    def upload(self):
        with lock:
            found = uploads.get(self.query["uploadId"])
        if self.command == "POST" and quirks.complete and quirks.complete[0].startswith("refuse:"):
            _, status, code = quirks.complete.pop(0).split(":")
            raise Refused(int(status), code, "as commanded")
        if not found:
            raise Refused(404, "NoSuchUpload", "The specified upload does not exist.")
        return found

    def put_upload(self, body):
        self.upload()["parts"][int(self.query["partNumber"])] = body
        self.xml("", headers=self.tag(hashlib.md5(body).hexdigest()))

    def get_upload(self, _):
        text = ""
        for number, body in sorted(self.upload()["parts"].items()):
            if number > int(self.query.get("part-number-marker", 0)):
                text += '<Part><PartNumber>%d</PartNumber><ETag>"%s"</ETag></Part>' % (number, hashlib.md5(body).hexdigest())
        self.xml("<ListPartsResult><IsTruncated>false</IsTruncated>%s</ListPartsResult>" % text)

    def delete_upload(self, _):
        self.upload()
        with lock:
            del uploads[self.query["uploadId"]]
        self.reply(204)

    def post_upload(self, body):
        upload = self.upload()
        act = quirks.complete.pop(0) if quirks.complete else ""
        if act == "gone":
            with lock:
                del uploads[self.query["uploadId"]]
            raise Refused(404, "NoSuchUpload", "The specified upload does not exist.")
        if act == "lost-undone":
            self.close_connection = True
            return self.connection.close()
        bodies, digests = [], []
        for part in re.findall("<Part>(.*?)</Part>", body.decode()):
            number = int(re.search("<PartNumber>(.*?)</PartNumber>", part).group(1))
            tag = re.search("<ETag>(.*?)</ETag>", part).group(1)
            checksum = re.search("<ChecksumSHA256>(.*?)</ChecksumSHA256>", part)
            data = upload["parts"].get(number)
            if data is None or tag.strip('"') != hashlib.md5(data).hexdigest():
                raise Refused(400, "InvalidPart", "One or more of the specified parts could not be found.")
            digest = hashlib.sha256(data).digest()
            if upload["checks"] and (not checksum or base64.b64decode(checksum.group(1)) != digest):
                raise Refused(400, "InvalidRequest", "The checksum of a part is missing or wrong.")
            bodies.append(data)
            digests.append(digest)
        tag = hashlib.md5(b"".join(hashlib.md5(data).digest() for data in bodies)).hexdigest() + "-%d" % len(bodies)
        checksum = base64.b64encode(hashlib.sha256(b"".join(digests)).digest()).decode() + "-%d" % len(bodies)
        stored = Object(b"".join(bodies), upload["headers"], tag, checksum if upload["checks"] else None)
        stored.parts = [len(data) for data in bodies]
        with lock:
            objects[upload["key"]] = stored
            del uploads[self.query["uploadId"]]
        if act == "lost":
            self.close_connection = True
            return self.connection.close()
        if act == "500":
            raise Refused(500, "InternalError", "We encountered an internal error.")
        if act == "error":
            return self.xml("<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>")
        written = self.tag(tag)
        inner = "<ETag>%s</ETag>" % escape(written["ETag"]) if written else ""
        self.xml("<CompleteMultipartUploadResult>%s</CompleteMultipartUploadResult>" % inner)


def command(request):
    global quirks
    if "quirks" in request:
        quirks = Quirks(request["quirks"])
    if "seen" in request:
        lines = [line for line in seen if re.search(request["seen"], line)]
        return {"count": len(lines), "seen": lines[-200:]}
    if "forget" in request:
        seen.clear()
    if "put" in request:
        if "file" in request:
            with open(request["file"], "rb") as file:
                objects[request["put"]] = Object(file.read())
        else:
            objects[request["put"]] = Object(request.get("body", "").encode())
    if "get" in request:
        found = objects.get(request["get"])
        if not found:
            return {"absent": True}
        if "file" in request:
            with open(request["file"], "wb") as file:
                file.write(found.body)
            return {"absent": False, "headers": found.headers}
        return {"absent": False, "body": found.body.decode("latin-1"), "headers": found.headers}
    if "flip" in request:
        found = objects[request["flip"]]
        found.body = bytes([found.body[0] ^ 1]) + found.body[1:]
    if "uploads" in request:
        return {"uploads": len(uploads)}
    return {"ok": True}


standin.run(standin.serve(Store), command)

# SPDX-License-Identifier: Apache-2.0
"""OpenAI's images API, as strict as the original: key, JSON, known members, sizes and qualities by model. Images have the requested size.

--compatible is a self-hosted server: no key, `response_format` allowed, responses with URLs unless base64 is requested.
--azure is a deployment at Azure: `/openai/deployments/dalle/images/generations?api-version=...`, the key in `api-key`.

Commands:
  {"misbehave": [{...}, ...]}   faults for the next requests, one each; a fault with {"for": "text"} is for the next request whose
                                prompt begins with the text:
      {"status": 429, "error": {"message", "type", "code"}, "headers": {...}}   a rejection
      {"raw": "text", "type": "text/html", "status": 200}                        any other response
      {"cut": n}         the base64 without its last n characters
      {"truncate": n}    the image without its last n bytes
      {"size": [w, h]}   an image of another size
      {"delay": seconds}, {"reset": true}, {"url": "file:///etc/passwd"}, {"noise": bytes}
      {"escape": "dotnet"|"all"|"lines"|"data"}   valid JSON encodings of the base64: `\\u002B`, every character escaped, line breaks, a data URI
      {"url": "", "lost_downloads": n}            a URL whose first n downloads fail
      {"template": text, "status", "type", "headers", "encoding": "gzip"|"deflate"|"zstd-not-known", "polls": [{...}, ...]}
          a response of any shape, with the placeholders of `filled` such as $B64, $DATA, $LINK; "bytes": true sends the image itself.
          {"words": ["queued", "running", "done"]}  an operation with these states, the first in the response, the image with the last
                                            one, unless {"end": "failed"}; {"questions": [500, "text", {"status", "body"}]} are the
                                            responses to the first polls
      {"lost": 502}, {"lost": true}             the image is drawn, and the response is that status, or the connection breaks;
                                                with {"raw": "text"} the response is that text
          $POLL is a URL whose responses are `polls`, one after the other, the last one repeatedly.
  {"delay": seconds}            the time that each image takes from now on, unless a fault sets another
  {"forget": true}              clears all faults -> {"forgotten": number of faults that were left}
  {"requests": true}            -> {"requests": [{"body", "headers", "at", "answered"}], "downloads", "polls", "asked", "cancelled": [path],
                                    "prompts": [of the drawn images]}
      times are seconds since 1970; `answered` is null until the response is sent
"""

import base64
import gzip
import json
import socket
import struct
import sys
import time
import urllib.parse
import zlib

import standin
from picture import png

compatible = "--compatible" in sys.argv
azure = "--azure" in sys.argv
path = "/openai/deployments/dalle/images/generations" if azure else "/v1/images/generations"
# The operations that can be polled, by path.
polls = {}
requests, cancelled, made = [], [], []
faults = []
pictures = {}
# The number of downloads that will fail, by path; the number of downloads; the time that an image takes; the number of polls.
state = {"lost": {}, "downloads": 0, "delay": 0, "polls": 0}


def escaped(text, form):
    """Returns the base64 as JSON text in one of its valid encodings."""
    if form == "dotnet":
        return text.replace("+", "\\u002B").replace("/", "\\/")
    if form == "all":
        return "".join("\\u%04x" % ord(c) for c in text)
    if form == "lines":
        return "\\r\\n".join(text[n : n + 76] for n in range(0, len(text), 76)) + "\\n"
    return "data:image\\/png;base64," + text


def filled(template, picture, number, host):
    """Returns a template with its placeholders replaced by the forms of an image."""
    text = base64.b64encode(picture).decode()
    safe = base64.urlsafe_b64encode(picture).decode()
    lines = "\\n".join(text[n : n + 76] for n in range(0, len(text), 76))
    forms = {
        "$B64": text, "$URLSAFE": safe, "$NOPAD": safe.rstrip("="), "$LINES": lines, "$SPACES": " ".join(text[n : n + 64] for n in range(0, len(text), 64)),
        "$DATA": "data:image/png;base64," + text, "$PERCENT": "data:image/png," + urllib.parse.quote_from_bytes(picture),
        "$PERB64": "data:image/png;base64," + urllib.parse.quote(text, safe=""),
        "$SMALL": base64.b64encode(png(16, 16)).decode(), "$LINK": "/generated/%d.png" % number, "$NAME": "generated/%d.png" % number,
        "$URL": "http://%s/generated/%d.png" % (host, number), "$POLL": "http://%s/operations/images/%d" % (host, number),
        "$ID": "op-%d" % number, "$N": str(number), "$CUT": text[: len(text) // 2 // 4 * 4],
    }
    for name, form in forms.items():
        template = template.replace(name, form)
    return template


class Handler(standin.Handler):
    def refuse(self, status, message, code=None, type="invalid_request_error", param=None):
        error = {"message": message, "type": type, "param": param, "code": code}
        self.reply(status, {"error": error}, {"x-request-id": "req_%d" % len(requests)})

    def do_GET(self):
        if self.path.split("?")[0] in polls:
            return self.do_poll(polls[self.path.split("?")[0]])
        picture = pictures.get(self.path) or pictures.get(self.path.replace("/v1/generated", "/generated"))
        if picture is None:
            return self.reply(404, "not found")
        state["downloads"] += 1
        if state["lost"].get(self.path, 0) > 0:
            state["lost"][self.path] -= 1
            return self.reply(503, "try later")
        self.reply(200, picture, {"Content-Type": "image/png"})

    def do_DELETE(self):
        cancelled.append(self.path)
        self.reply(204)

    def do_poll(self, operation):
        """Responds with the status of an accepted order."""
        state["polls"] += 1
        if not compatible and self.headers.get("Authorization") != "Bearer good-key":
            return self.refuse(401, "Incorrect API key provided: ***.", "invalid_api_key")
        answers = operation["answers"]
        self.send(answers.pop(0) if len(answers) > 1 else answers[0], operation["picture"], operation["number"])

    def send(self, fault, picture, number):
        """Sends a response of any shape."""
        host = self.headers["Host"]
        headers = {name: filled(value, picture, number, host) for name, value in fault.get("headers", {}).items()}
        body = picture if fault.get("bytes") else filled(fault.get("template", ""), picture, number, host).encode()
        if fault.get("bom"):
            body = b"\xef\xbb\xbf" + body
        encoding = fault.get("encoding")
        if encoding:
            headers["Content-Encoding"] = encoding
            body = gzip.compress(body, 1) if encoding == "gzip" else zlib.compress(body, 1)
        self.reply(fault.get("status", 200), body, {"Content-Type": fault.get("type", "application/json"), **headers})

    def do_POST(self):
        body = self.body()
        if self.path.endswith("/cancel"):
            cancelled.append(self.path)
            return self.reply(200, {"status": "canceled"})
        if self.path.split("?")[0] != path or azure and "api-version=" not in self.path:
            return self.refuse(404, "Invalid URL (POST %s)" % self.path)
        if azure and self.headers.get("api-key") != "good-key":
            return self.refuse(401, "Access denied due to invalid subscription key or wrong API endpoint.", "401")
        if not compatible and self.headers.get("Authorization") != "Bearer good-key":
            return self.refuse(401, "Incorrect API key provided: ***.", "invalid_api_key")
        if self.headers.get("Content-Type") != "application/json":
            return self.refuse(400, "you must send application/json")
        try:
            asked = json.loads(body)
        except ValueError:
            return self.refuse(400, "We could not parse the JSON body of your request.")
        order = {"body": asked, "headers": {k.lower(): v for k, v in self.headers.items() if k.lower() not in ("authorization", "api-key")}}
        order["at"], order["answered"] = time.time(), None
        requests.append(order)
        fault = standin.fault(faults, asked.get("prompt") or "")
        time.sleep(fault.get("delay", state["delay"]))
        try:
            self.answer(asked, fault)
        finally:
            order["answered"] = time.time()

    def answer(self, asked, fault):
        if "lost" in fault or "words" in fault or "questions" in fault:
            made.append(asked.get("prompt"))
        if fault.get("reset") or fault.get("lost") is True and "raw" not in fault:
            self.close_connection = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        if "lost" in fault and "raw" not in fault:
            return self.reply(fault["lost"], "<html>Bad gateway</html>", {"Content-Type": "text/html"})
        if "words" in fault or "questions" in fault:
            fault = self.operation(fault)
        headers = {"x-request-id": "req_%d" % len(requests), **fault.get("headers", {})}
        if "template" in fault or fault.get("bytes"):
            width, height = [int(n) for n in asked.get("size", "1024x1024").split("x")]
            number, picture = len(requests), png(width, height, fault.get("noise", 0))
            pictures["/generated/%d.png" % number] = picture
            if "polls" in fault:
                polls[fault.get("poll_path", "/operations/images/%d") % number] = {
                    "answers": list(fault["polls"]), "picture": picture, "number": number}
            return self.send({**fault, "headers": headers}, picture, number)
        if "raw" in fault:
            return self.reply(fault.get("status", 200), fault["raw"], {"Content-Type": fault.get("type", "text/html"), **headers})
        if "status" in fault:
            return self.reply(fault["status"], fault.get("body", {"error": fault.get("error")}), headers)
        problem = self.problem(asked)
        if problem:
            return self.refuse(400, problem, "invalid_value")
        made.append(asked["prompt"])
        width, height = fault.get("size") or [int(n) for n in asked.get("size", "1024x1024").split("x")]
        picture = png(width, height, fault.get("noise", 0))
        if "truncate" in fault:
            picture = picture[: -fault["truncate"]]
        if "url" in fault or compatible and asked.get("response_format") != "b64_json":
            path = "/generated/%d.png" % len(requests)
            pictures[path] = picture
            state["lost"][path] = fault.get("lost_downloads", 0)
            url = fault.get("url") or "http://%s%s" % (self.headers["Host"], path)
            return self.reply(200, {"created": 1, "data": [{"url": url}]}, headers)
        text = base64.b64encode(picture).decode()
        text = text[: -fault["cut"]] if "cut" in fault else text
        if "escape" in fault:
            body = '{"created": 1, "data": [{"b64_json": "%s"}]}' % escaped(text, fault["escape"])
            return self.reply(200, body, {"Content-Type": "application/json", **headers})
        entry = {"revised_prompt": 'a "b64_json" trap: \\"b64_json\\"', "b64_json": text}
        self.reply(200, {"created": 1, "data": [entry], "usage": {"total_tokens": 1}}, headers)

    def operation(self, fault):
        """Converts a fault with `words` and `questions` to one with a template and `polls`."""
        words = fault.get("words", ["queued", "done"])
        polls = []
        for answer in fault.get("questions", []):
            if isinstance(answer, dict):
                polls.append({"status": answer["status"], "template": json.dumps(answer["body"])})
            else:
                polls.append({"template": answer} if isinstance(answer, str) else {"status": answer, "template": "{}"})
        polls += [{"template": '{"id": "$ID", "status": "%s"}' % word} for word in words[1:]]
        if "end" not in fault:
            polls[-1] = {"template": '{"id": "$ID", "status": "%s", "data": [{"b64_json": "$B64"}]}' % words[-1]}
        return {"template": '{"id": "$ID", "status": "%s"}' % words[0], "poll_path": "/v1/images/generations/op-%d", "polls": polls}

    def problem(self, asked):
        if not isinstance(asked.get("prompt"), str) or not asked["prompt"]:
            return "Missing required parameter: 'prompt'."
        known = {"model", "prompt", "n", "size", "quality", "output_format", "output_compression", "background", "moderation", "user"}
        model = asked.get("model", "")
        if compatible:
            known |= {"response_format", "seed"}
        elif model.startswith("dall-e-3"):
            known = {"model", "prompt", "n", "size", "quality", "response_format", "style", "user"}
        unknown = set(asked) - known
        if unknown:
            return "Unknown parameter: '%s'." % sorted(unknown)[0]
        width, height = (int(n) for n in asked.get("size", "1024x1024").split("x"))
        if compatible:
            return None if width % 64 == 0 and height % 64 == 0 else "size must be a multiple of 64"
        if model.startswith("dall-e-3"):
            good, qualities = (width, height) in ((1792, 1024), (1024, 1792), (1024, 1024)), ("standard", "hd")
        elif model.startswith("gpt-image-1"):
            good, qualities = (width, height) in ((1536, 1024), (1024, 1536), (1024, 1024)), ("low", "medium", "high", "auto")
        else:
            good = width % 16 == 0 and height % 16 == 0 and width <= 3 * height and height <= 3 * width and max(width, height) <= 3840
            good = good and min(width, height) <= 2160
            qualities = ("low", "medium", "high", "auto")
        if not good:
            return "Invalid value: '%s'." % asked.get("size")
        if asked.get("quality", qualities[0]) not in qualities:
            return "Invalid value: '%s' for quality." % asked["quality"]
        return None


def command(request):
    faults.extend(request.get("misbehave", []))
    state["delay"] = request.get("delay", state["delay"])
    if "forget" in request:
        left = len(faults)
        faults.clear()
        return {"forgotten": left}
    return {"requests": requests, "downloads": state["downloads"], "polls": state["polls"], "asked": state["polls"],
            "cancelled": cancelled, "prompts": made}


standin.run(standin.serve(Handler), command)

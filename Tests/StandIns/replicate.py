# SPDX-License-Identifier: Apache-2.0
"""Replicate's predictions, as strict as the original: token, JSON, known members and inputs. Delivers images, or a file for videos.

A prediction is starting, processing and succeeded, one step for each poll.

Commands:
  {"misbehave": [{...}, ...]}   faults for the next orders, one each; a fault with {"for": "text"} is for the next order whose
                                prompt begins with the text:
      {"status": 429, "body": {"detail": ...}, "headers": {...}}   a rejection
      {"raw": "text", "type": "text/html"}      a response that is not a prediction
      {"reset": true}, {"delay": seconds}       the connection breaks; the response is delayed
      {"lost": 502}, {"lost": true}             the order is accepted, and the response is that status, or the connection breaks;
                                                with {"hidden": n} the prediction is missing in the next n lists
      {"lost": true, "raw": "text"}             the order is accepted, and the response is not a prediction
      {"hold": true}                            the order is accepted without a response; with {"made": false} it is not accepted
      {"words": ["Queued", "running", "done"]}  the names of the states, one for each poll
      {"end": "failed", "error": "words"}       the final state: failed, canceled, aborted
      {"stay": true}                            the prediction never completes
      {"questions": [500, 429, "text"]}         responses to the first polls: a rejection, a success with that body, or
                                                {"status", "body", "headers"}
      {"refuse_cancel": 409}                    the response to its cancellation
      {"output": value}                         another output, e.g. "file:///etc/passwd"; in its texts {url}, {data} and
                                                {percent} stand for the usual URL and data: URIs of the file
      {"redirect": "http://169.254.169.254/"}   the target of a redirect of the output's URL
      {"truncate": n}, {"page": true}           the output without its last bytes, or a web page instead;
                                                with {"times": n} that many times
      {"downloads": [503]}                      responses to the first downloads
  {"deliver": "/path.mp4"}      the file that predictions deliver from now on; {"deliver": null} for images
  {"requests": true}            -> {"requests": [{"path", "body"}], "asked": polls, "cancelled": [id], "downloads": n,
                                    "made": orders, "lists": n, "prompts": [of the orders]}
"""

import base64
import datetime
import itertools
import json
import re
import socket
import struct
import time
import urllib.parse

import standin
from picture import png

shapes = ("1:1", "16:9", "21:9", "3:2", "2:3", "4:5", "5:4", "3:4", "4:3", "9:16", "9:21")
requests, faults, cancelled = [], [], []
predictions = {}
# Orders can be concurrent: each gets its own number.
numbers = itertools.count(1)
state = {"deliver": None, "asked": 0, "downloads": 0, "lists": 0}


class Handler(standin.Handler):
    def refuse(self, status, title, detail):
        self.reply(status, {"title": title, "detail": detail, "status": status})

    def is_known(self):
        if self.headers.get("Authorization") == "Bearer good-key":
            return True
        self.refuse(401, "Unauthenticated", "You did not pass a valid authentication token")
        return False

    def do_GET(self):
        if match := re.fullmatch(r"/delivery/(\w+)/out\.(png|mp4)", self.path):
            return self.deliver(predictions[match[1]])
        if not self.is_known():
            return
        if self.path.split("?")[0] == "/v1/predictions":
            return self.list()
        match = re.fullmatch(r"/v1/predictions/(\w+)", self.path)
        if not match or match[1] not in predictions:
            return self.refuse(404, "Not found", "The requested resource could not be found.")
        prediction = predictions[match[1]]
        fault = prediction["fault"]
        state["asked"] += 1
        if fault.get("questions"):
            answer = fault["questions"].pop(0)
            if isinstance(answer, str):
                return self.reply(200, answer, {"Content-Type": "application/json"})
            if isinstance(answer, dict):
                return self.reply(answer["status"], answer["body"], answer.get("headers"))
            return self.refuse(answer, "Trouble", "try again")
        if fault.get("words"):
            prediction["word"] = fault["words"].pop(0)
            if not fault["words"]:
                prediction["status"] = "succeeded"
            return self.reply(200, self.shown(prediction))
        if prediction["status"] == "starting":
            prediction["status"] = "processing"
        elif prediction["status"] == "processing" and not fault.get("stay"):
            prediction["status"] = fault.get("end", "succeeded")
        self.reply(200, self.shown(prediction))

    def do_POST(self):
        body = self.body()
        if not self.is_known():
            return
        if match := re.fullmatch(r"/v1/predictions/(\w+)/cancel", self.path):
            if match[1] not in predictions:
                return self.refuse(404, "Not found", "The requested resource could not be found.")
            if status := predictions[match[1]]["fault"].get("refuse_cancel"):
                return self.refuse(status, "Conflict", "This prediction cannot be canceled")
            cancelled.append(match[1])
            predictions[match[1]]["status"] = "canceled"
            return self.reply(200, self.shown(predictions[match[1]]))
        if self.headers.get("Content-Type") != "application/json":
            return self.refuse(415, "Unsupported media type", "send application/json")
        try:
            asked = json.loads(body)
        except ValueError:
            return self.refuse(400, "Invalid JSON", "the body is not JSON")
        requests.append({"path": self.path, "body": asked})
        fault = standin.fault(faults, (asked.get("input") or {}).get("prompt", ""))
        time.sleep(fault.get("delay", 0))
        if fault.get("reset"):
            return self.reset()
        if ("lost" in fault or "hold" in fault) and fault.get("made", True):
            self.make(asked, fault)
        if fault.get("hold"):
            # Until the client disconnects.
            self.connection.settimeout(60)
            try:
                self.rfile.read(1)
            except OSError:
                pass
            self.close_connection = True
            return
        if fault.get("lost") is True and "raw" not in fault:
            return self.reset()
        if "lost" in fault and "raw" not in fault:
            return self.reply(fault["lost"], "<html>Bad gateway</html>", {"Content-Type": "text/html"})
        if "raw" in fault:
            return self.reply(200, fault["raw"], {"Content-Type": fault.get("type", "text/html")})
        if "status" in fault:
            return self.reply(fault["status"], fault.get("body", {}), fault.get("headers"))
        if problem := self.problem(asked):
            return self.refuse(*problem)
        self.reply(201, self.shown(self.make(asked, fault)))

    def make(self, asked, fault):
        model = re.fullmatch(r"/v1/models/([\w./-]+)/predictions", self.path)
        prediction = {
            "id": "p%dx" % next(numbers), "status": "starting", "fault": fault, "asked": asked["input"],
            "model": model[1] if model else "acme/versioned", "version": asked.get("version", "hidden"),
            "created": datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "Z"),
        }
        predictions[prediction["id"]] = prediction
        return prediction

    def reset(self):
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def list(self):
        """Responds with the predictions, newest first, five on a page."""
        state["lists"] += 1
        shown = []
        for prediction in reversed(list(predictions.values())):
            if prediction["fault"].get("hidden", 0) > 0:
                prediction["fault"]["hidden"] -= 1
                continue
            shown.append(prediction)
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        start = int(query.get("cursor", ["0"])[0])
        rest = len(shown) > start + 5
        self.reply(200, {
            "next": "https://api.replicate.com/v1/predictions?cursor=%d" % (start + 5) if rest else None, "previous": None,
            "results": [self.shown(prediction) for prediction in shown[start:start + 5]],
        })

    def problem(self, asked):
        by_model = re.fullmatch(r"/v1/models/([\w.-]+)/([\w.-]+)/predictions", self.path)
        if not by_model and self.path != "/v1/predictions" or by_model and by_model[2] == "missing":
            return 404, "Not found", "The requested resource could not be found."
        unknown = set(asked) - {"input", "webhook", "webhook_events_filter", "stream"} - (set() if by_model else {"version"})
        if unknown:
            return 422, "Input validation failed", "- %s is not allowed" % sorted(unknown)[0]
        if not by_model and not re.fullmatch(r"[0-9a-f]{64}", str(asked.get("version"))):
            return 422, "Invalid version or not permitted", "The specified version does not exist"
        given = asked.get("input")
        if not isinstance(given, dict) or not isinstance(given.get("prompt"), str) or not given["prompt"]:
            return 422, "Input validation failed", "- input: prompt is required"
        if given.get("aspect_ratio", "1:1") not in shapes:
            return 422, "Input validation failed", "- input.aspect_ratio: must be one of %s" % ", ".join(shapes)
        if not isinstance(given.get("seed", 0), int):
            return 422, "Input validation failed", "- input.seed: Invalid type. Expected: integer, given: string"
        return None

    def shown(self, prediction):
        base = "http://%s" % self.headers["Host"]
        id, status, fault = prediction["id"], prediction["status"], prediction["fault"]
        url = "%s/delivery/%s/out.%s" % (base, id, "mp4" if state["deliver"] else "png")
        done = status == "succeeded"
        output = fault.get("output", [url])
        if "{data}" in json.dumps(output) or "{percent}" in json.dumps(output):
            data, type = self.file(prediction)
            texts = {
                "{data}": "data:%s;base64,%s" % (type, base64.b64encode(data).decode()),
                "{percent}": "data:%s,%s" % (type, urllib.parse.quote_from_bytes(data, safe="")),
            }
        else:
            texts = {}
        output = self.filled(output, {"{url}": url, **texts})
        return {
            "id": id, "status": prediction.get("word", status), "input": prediction["asked"], "output": output if done else None,
            "model": prediction["model"], "version": prediction["version"], "created_at": prediction["created"],
            "error": fault.get("error") if status == "failed" else None, "metrics": {"predict_time": 0.4} if done else {},
            "logs": " 50%|#####     | 2/4" if status == "processing" else "",
            "urls": {"get": "%s/v1/predictions/%s" % (base, id), "cancel": "%s/v1/predictions/%s/cancel" % (base, id)},
        }

    def filled(self, value, texts):
        if isinstance(value, str):
            for name, text in texts.items():
                value = value.replace(name, text)
            return value
        if isinstance(value, list):
            return [self.filled(one, texts) for one in value]
        if isinstance(value, dict):
            return {name: self.filled(one, texts) for name, one in value.items()}
        return value

    def file(self, prediction):
        if state["deliver"]:
            with open(state["deliver"], "rb") as file:
                return file.read(), "video/mp4"
        asked = prediction["asked"]
        wide, high = (int(n) for n in asked.get("aspect_ratio", "1:1").split(":"))
        long = 1344 // max(wide, high)
        return png(asked.get("width") or long * wide, asked.get("height") or long * high), "image/png"

    def deliver(self, prediction):
        fault = prediction["fault"]
        state["downloads"] += 1
        if "times" in fault:
            fault = fault if fault["times"] > 0 else {}
            prediction["fault"]["times"] -= 1
        if prediction["fault"].get("downloads"):
            return self.refuse(prediction["fault"]["downloads"].pop(0), "Trouble", "try again")
        if "redirect" in fault:
            return self.reply(302, "", {"Location": fault["redirect"]})
        if fault.get("page"):
            return self.reply(200, "<html>gone</html>", {"Content-Type": "text/html"})
        data, type = self.file(prediction)
        if fault.get("truncate"):
            data = data[: -fault["truncate"]]
        self.reply(200, data, {"Content-Type": type})


def command(request):
    faults.extend(request.get("misbehave", []))
    if "deliver" in request:
        state["deliver"] = request["deliver"]
    return {
        "requests": requests, "asked": state["asked"], "cancelled": cancelled, "downloads": state["downloads"],
        "made": len(predictions), "lists": state["lists"],
        "prompts": [prediction["asked"].get("prompt") for prediction in predictions.values()],
    }


standin.run(standin.serve(Handler), command)

"""Replicate's predictions, as strict as they are: token, JSON, known members and inputs. Delivers pictures, or a file for videos.

A prediction starts, is processed and succeeds, one step for each time that it is asked for.

Commands:
  {"misbehave": [{...}, ...]}   what the next predictions get, one each:
      {"status": 429, "body": {"detail": ...}, "headers": {...}}   a refusal
      {"raw": "text", "type": "text/html"}      an answer that is no prediction
      {"reset": true}, {"delay": seconds}       the connection breaks; the answer comes late
      {"end": "failed", "error": "words"}       how it ends: failed, canceled, aborted
      {"stay": true}                            it never ends
      {"questions": [500, 429]}                 what the next questions for it are answered, before they are answered rightly
      {"output": value}                         another output, e.g. "file:///etc/passwd"
      {"redirect": "http://169.254.169.254/"}   where the output's URL leads
      {"truncate": n}, {"page": true}           the output without its last bytes, or a web page instead;
                                                with {"times": n} that many times
      {"downloads": [503]}                      what the next downloads of it are answered
  {"deliver": "/path.mp4"}      the file that predictions deliver from now on; {"deliver": null} for pictures
  {"requests": true}            -> {"requests": [{"path", "body"}], "asked": n, "cancelled": [id], "downloads": n}
"""

import itertools
import json
import re
import socket
import struct
import time

import standin
from picture import png

shapes = ("1:1", "16:9", "21:9", "3:2", "2:3", "4:5", "5:4", "3:4", "4:3", "9:16", "9:21")
requests, faults, cancelled = [], [], []
predictions = {}
# Orders may come at the same moment: each gets a number of its own.
numbers = itertools.count(1)
state = {"deliver": None, "asked": 0, "downloads": 0}


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
        match = re.fullmatch(r"/v1/predictions/(\w+)", self.path)
        if not match or match[1] not in predictions:
            return self.refuse(404, "Not found", "The requested resource could not be found.")
        prediction = predictions[match[1]]
        fault = prediction["fault"]
        state["asked"] += 1
        if fault.get("questions"):
            return self.refuse(fault["questions"].pop(0), "Trouble", "come again")
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
        fault = faults.pop(0) if faults else {}
        time.sleep(fault.get("delay", 0))
        if fault.get("reset"):
            self.close_connection = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        if "raw" in fault:
            return self.reply(200, fault["raw"], {"Content-Type": fault.get("type", "text/html")})
        if "status" in fault:
            return self.reply(fault["status"], fault.get("body", {}), fault.get("headers"))
        if problem := self.problem(asked):
            return self.refuse(*problem)
        prediction = {"id": "p%dx" % next(numbers), "status": "starting", "fault": fault, "asked": asked["input"]}
        predictions[prediction["id"]] = prediction
        self.reply(201, self.shown(prediction))

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
        return {
            "id": id, "status": status, "input": prediction["asked"], "output": fault.get("output", [url]) if done else None,
            "error": fault.get("error") if status == "failed" else None, "metrics": {"predict_time": 0.4} if done else {},
            "logs": " 50%|#####     | 2/4" if status == "processing" else "",
            "urls": {"get": "%s/v1/predictions/%s" % (base, id), "cancel": "%s/v1/predictions/%s/cancel" % (base, id)},
        }

    def deliver(self, prediction):
        fault = prediction["fault"]
        state["downloads"] += 1
        if "times" in fault:
            fault = fault if fault["times"] > 0 else {}
            prediction["fault"]["times"] -= 1
        if prediction["fault"].get("downloads"):
            return self.refuse(prediction["fault"]["downloads"].pop(0), "Trouble", "come again")
        if "redirect" in fault:
            return self.reply(302, "", {"Location": fault["redirect"]})
        if fault.get("page"):
            return self.reply(200, "<html>gone</html>", {"Content-Type": "text/html"})
        if state["deliver"]:
            with open(state["deliver"], "rb") as file:
                data, type = file.read(), "video/mp4"
        else:
            asked = prediction["asked"]
            wide, high = (int(n) for n in asked.get("aspect_ratio", "1:1").split(":"))
            long = 1344 // max(wide, high)
            data, type = png(asked.get("width") or long * wide, asked.get("height") or long * high), "image/png"
        if fault.get("truncate"):
            data = data[: -fault["truncate"]]
        self.reply(200, data, {"Content-Type": type})


def command(request):
    faults.extend(request.get("misbehave", []))
    if "deliver" in request:
        state["deliver"] = request["deliver"]
    return {"requests": requests, "asked": state["asked"], "cancelled": cancelled, "downloads": state["downloads"]}


standin.run(standin.serve(Handler), command)

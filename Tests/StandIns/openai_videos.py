# SPDX-License-Identifier: Apache-2.0
"""Servers with OpenAI's videos API: create, poll, download, delete. As strict as the original: key, members, seconds as a text.

A video is queued, in progress and completed, one step for each poll.

Commands:
  {"misbehave": [{...}, ...]}   faults for the next orders, one each; a fault with {"for": "text"} is for the next order whose
                                prompt begins with the text:
      {"status": 429, "body": {"error": {...}}, "headers": {...}}   a rejection
      {"raw": "text"}                           a response that is not a video object
      {"end": "failed", "error": {"code": "moderation_blocked", "message": "..."}}   the final state
      {"stay": true}                            the video never completes
      {"content": "text"}                       the download is this text instead of a video
      {"questions": [500, 429, "text"]}         responses to the first polls: a rejection, a success with that body, or
                                                {"status", "body", "headers"}
      {"words": ["pending", "RUNNING", "done"]} the names of the states: of the order, then of each poll; the last one stays
      {"progress": ["0.1", "42%"]}              the progress, likewise
      {"shape": "number"}                       ids are numbers; "task": in task_id, inside of data; "bare": {"data": {"id"}}
      {"link": "video_url"}                     there is no /content, the clip's URL is in this member; "output.videos" for
                                                nested members; "data" for a data: URI in "url"
      {"contents": [404, "text"]}               responses to the first downloads
      {"lost": 502}, {"lost": true}             the order is accepted, and the response is that status, or the connection breaks
      {"lost": true, "raw": "text"}             the order is accepted, and the response is not a video object
      {"reset": true}, {"delay": seconds}       the order is not accepted, and the connection breaks; the response is delayed
      {"hold": true}                            the order is accepted without a response; with {"made": false} it is not accepted
      {"slash": true}                           polls are redirected to the same URL with a slash at the end
      {"undeletable": 405}                      the response to its deletion
  {"listed": true}                              GET /v1/videos lists the orders
  {"heal": true}                                clears all faults
  {"clips": {"4": "/path.mp4"}}                 the file of each length
  {"requests": true}            -> {"requests": [body, ...], "deleted": [id], "asked": polls, "made": orders, "prompts": [of the orders]}
"""

import base64
import itertools
import json
import re
import socket
import struct
import time

import standin

requests, faults, deleted, made = [], [], [], []
videos, clips = {}, {}
# Orders can be concurrent: each gets its own number.
numbers = itertools.count(1)
state = {"asked": 0, "listed": False}


class Handler(standin.Handler):
    def refuse(self, status, code, message):
        self.reply(status, {"error": {"code": code, "message": message, "type": "invalid_request_error", "param": None}})

    def is_known(self):
        if self.headers.get("Authorization") == "Bearer good-key":
            return True
        self.refuse(401, "invalid_api_key", "Incorrect API key provided")
        return False

    def shown(self, video):
        percent = {"queued": 0, "in_progress": 50}.get(video["status"], 100)
        error = video["fault"].get("error") if video["status"] == "failed" else None
        fault = video["fault"]
        id = int(video["id"]) if fault.get("shape") == "number" else video["id"]
        shown = {
            "id": id, "object": "video", "created_at": video["created"], "status": video["word"] or video["status"],
            "progress": percent, "error": error, **video["asked"],
        }
        if fault.get("progress"):
            shown["progress"] = fault["progress"][0] if len(fault["progress"]) == 1 else fault["progress"].pop(0)
        if "link" in fault and video["status"] == "completed":
            url = "http://%s/files/%s.mp4" % (self.headers["Host"], video["id"])
            name = fault["link"]
            if name == "data":
                with open(clips[video["asked"]["seconds"]], "rb") as file:
                    name, url = "url", "data:video/mp4;base64," + base64.b64encode(file.read()).decode()
            for part in reversed(name.split(".")):
                url = {part: url}
            shown.update(url, thumbnail_url="http://%s/files/none.webp" % self.headers["Host"])
        if fault.get("shape") == "task":
            del shown["object"]
            shown["task_id"] = shown.pop("id")
            return {"code": "success", "message": "", "status": "success", "data": shown, "id": "log-1"}
        if fault.get("shape") == "bare":
            return {"data": shown}
        return shown

    def do_POST(self):
        body = self.body()
        if not self.is_known():
            return
        if self.path != "/v1/videos":
            return self.refuse(404, "not_found", "Invalid URL (POST %s)" % self.path)
        if self.headers.get("Content-Type") != "application/json":
            return self.refuse(415, "unsupported", "send application/json")
        asked = json.loads(body)
        requests.append(asked)
        fault = standin.fault(faults, asked.get("prompt") or "")
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
            return self.reply(200, fault["raw"], {"Content-Type": "text/html"})
        if "status" in fault:
            return self.reply(fault["status"], fault.get("body", {}), fault.get("headers"))
        unknown = set(asked) - {"prompt", "model", "seconds", "size"}
        if unknown:
            return self.refuse(400, "unknown_parameter", "Unknown parameter: '%s'." % sorted(unknown)[0])
        if not isinstance(asked.get("prompt"), str) or not asked["prompt"]:
            return self.refuse(400, "missing_required_parameter", "Missing required parameter: 'prompt'.")
        if asked.get("seconds") not in ("4", "8", "12"):
            return self.refuse(400, "invalid_value", "Invalid value: %r. Supported values are: '4', '8', and '12'." % asked.get("seconds"))
        if not re.fullmatch(r"\d+x\d+", asked.get("size", "")):
            return self.refuse(400, "invalid_value", "Invalid value for 'size'.")
        self.reply(200, self.shown(self.make(asked, fault)))

    def make(self, asked, fault):
        number = next(numbers)
        id = str(7000 + number) if fault.get("shape") == "number" else "video_%d" % number
        video = {"id": id, "status": "queued", "word": None, "fault": fault, "asked": asked, "created": int(time.time())}
        if fault.get("words"):
            video["word"] = fault["words"].pop(0)
            if not fault["words"]:
                video["status"] = fault.get("end", "completed")
        videos[id] = video
        made.append(asked.get("prompt"))
        return video

    def reset(self):
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def do_GET(self):
        if (match := re.fullmatch(r"/files/(\w+).mp4", self.path)) and match[1] in videos:
            return self.content(videos[match[1]])
        if not self.is_known():
            return
        if self.path.split("?")[0] == "/v1/videos" and state["listed"]:
            return self.reply(200, {"object": "list", "data": [self.shown(video) for video in reversed(list(videos.values()))]})
        match = re.fullmatch(r"/v1/videos/(\w+)(/content)?/?", self.path)
        if not match or match[1] not in videos:
            return self.refuse(404, "not_found", "Video not found")
        video = videos[match[1]]
        fault = video["fault"]
        if match[2]:
            if video["status"] != "completed":
                return self.refuse(404, "not_ready", "Video is not ready yet")
            if "link" in fault:
                return self.refuse(404, "not_found", "Invalid URL (GET %s)" % self.path)
            return self.content(video)
        if fault.get("slash") and not self.path.endswith("/"):
            return self.reply(307, "", {"Location": self.path + "/"})
        state["asked"] += 1
        if fault.get("questions"):
            answer = fault["questions"].pop(0)
            if isinstance(answer, str):
                return self.reply(200, answer, {"Content-Type": "application/json"})
            if isinstance(answer, dict):
                return self.reply(answer["status"], answer["body"], answer.get("headers"))
            return self.refuse(answer, "server_error", "try again")
        if fault.get("words"):
            video["word"] = fault["words"].pop(0)
            if not fault["words"]:
                video["status"] = fault.get("end", "completed")
            return self.reply(200, self.shown(video))
        if video["word"]:
            return self.reply(200, self.shown(video))
        if video["status"] == "queued":
            video["status"] = "in_progress"
        elif video["status"] == "in_progress" and not fault.get("stay"):
            video["status"] = fault.get("end", "completed")
        self.reply(200, self.shown(video))

    def content(self, video):
        fault = video["fault"]
        if fault.get("contents"):
            answer = fault["contents"].pop(0)
            if isinstance(answer, str):
                return self.reply(200, answer, {"Content-Type": "video/mp4"})
            return self.refuse(answer, "not_ready", "Video is not ready yet")
        if "content" in fault:
            return self.reply(200, fault["content"], {"Content-Type": "video/mp4"})
        with open(clips[video["asked"]["seconds"]], "rb") as file:
            return self.reply(200, file.read(), {"Content-Type": "video/mp4"})

    def do_DELETE(self):
        if not self.is_known():
            return
        id = self.path.rpartition("/")[2]
        if id not in videos:
            return self.refuse(404, "not_found", "Video not found")
        if status := videos[id]["fault"].get("undeletable"):
            return self.refuse(status, "method_not_allowed", "Not allowed")
        deleted.append(id)
        del videos[id]
        self.reply(200, {"id": id, "object": "video.deleted", "deleted": True})


def command(request):
    if request.get("heal"):
        faults.clear()
    faults.extend(request.get("misbehave", []))
    clips.update(request.get("clips", {}))
    state["listed"] = request.get("listed", state["listed"])
    return {"requests": requests, "deleted": deleted, "asked": state["asked"], "made": len(made), "prompts": made}


standin.run(standin.serve(Handler), command)

"""Servers that speak as OpenAI's videos API did: create, ask, fetch, delete. As strict as that was: key, members, seconds as a text.

A video is queued, in progress and completed, one step for each time that it is asked for.

Commands:
  {"misbehave": [{...}, ...]}   what the next creations get, one each:
      {"status": 429, "body": {"error": {...}}, "headers": {...}}   a refusal
      {"raw": "text"}                           an answer that is no video
      {"end": "failed", "error": {"code": "moderation_blocked", "message": "..."}}   how it ends
      {"stay": true}                            it never ends
      {"content": "text"}                       what is fetched is that, and no video
      {"questions": [500, 429]}                 what the next questions for it are answered before they are answered rightly
  {"heal": true}                                misbehaviour that nobody met yet is forgotten
  {"clips": {"4": "/path.mp4"}}                 the file of each length
  {"requests": true}            -> {"requests": [body, ...], "deleted": [id], "asked": n}
"""

import json
import re

import standin

requests, faults, deleted = [], [], []
videos, clips = {}, {}
state = {"asked": 0}


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
        return {
            "id": video["id"], "object": "video", "created_at": 1, "status": video["status"], "progress": percent,
            "error": error, **video["asked"],
        }

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
        fault = faults.pop(0) if faults else {}
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
        video = {"id": "video_%d" % len(requests), "status": "queued", "fault": fault, "asked": asked}
        videos[video["id"]] = video
        self.reply(200, self.shown(video))

    def do_GET(self):
        if not self.is_known():
            return
        match = re.fullmatch(r"/v1/videos/(\w+)(/content)?", self.path)
        if not match or match[1] not in videos:
            return self.refuse(404, "not_found", "Video not found")
        video = videos[match[1]]
        fault = video["fault"]
        if match[2]:
            if video["status"] != "completed":
                return self.refuse(404, "not_ready", "Video is not ready yet")
            if "content" in fault:
                return self.reply(200, fault["content"], {"Content-Type": "video/mp4"})
            with open(clips[video["asked"]["seconds"]], "rb") as file:
                return self.reply(200, file.read(), {"Content-Type": "video/mp4"})
        state["asked"] += 1
        if fault.get("questions"):
            return self.refuse(fault["questions"].pop(0), "server_error", "come again")
        if video["status"] == "queued":
            video["status"] = "in_progress"
        elif video["status"] == "in_progress" and not fault.get("stay"):
            video["status"] = fault.get("end", "completed")
        self.reply(200, self.shown(video))

    def do_DELETE(self):
        if not self.is_known():
            return
        id = self.path.rpartition("/")[2]
        if id not in videos:
            return self.refuse(404, "not_found", "Video not found")
        deleted.append(id)
        del videos[id]
        self.reply(200, {"id": id, "object": "video.deleted", "deleted": True})


def command(request):
    if request.get("heal"):
        faults.clear()
    faults.extend(request.get("misbehave", []))
    clips.update(request.get("clips", {}))
    return {"requests": requests, "deleted": deleted, "asked": state["asked"]}


standin.run(standin.serve(Handler), command)

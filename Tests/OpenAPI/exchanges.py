# SPDX-License-Identifier: Apache-2.0
"""Fixed requests that provoke the documented responses of a running dashboard."""

import copy
import io
import itertools
import json
import re
import time
import wave
from urllib.parse import urlsplit

from websockets.sync.client import connect

import contract
from client import Client, Unusable

# Responses that no request to a healthy stack provokes: failures of a service or of the store, and limits on connections and disk space.
UNPROVOKED = {"429", "500", "503", "504", "507", "5XX"}
# Nor this one: it needs two orchestrators that share jobs.
OTHER_UNPROVOKED = {("cancelJob", "409")}
LONG = "x" * 20_000
# The longest time for a job of this check.
SECONDS = 60


class Jobs:
    """The jobs that further requests name: one with a film, and one that has failed."""

    def __init__(self, film, spare):
        self.film, self.spare = film, spare


class Exchanges(Client):
    """The requests, by what they are about."""

    providers = []

    def run(self):
        """Sends all requests. Returns the jobs that it has made."""
        jobs = self.prepare()
        self.refusals(jobs)
        self.methods(jobs)
        self.pages()
        self.reading(jobs)
        self.media(jobs)
        self.changing(jobs)
        self.services()
        self.drill()
        self.watch(jobs)
        self.report()
        return jobs

    def prepare(self):
        """Makes a film of two segments with a narration, and a job that fails because it has no storyboard."""
        providers = self.json("listProviders", 200)["providers"]
        paid = [each["name"] for each in providers if each["needs_network"]]
        if paid:
            raise Unusable(f"openapi: not with image providers that need the network: {', '.join(paid)}")
        self.providers = [each["name"] for each in providers]
        self.set_breakers("reset")
        # The lead is not called.
        self.send("setBreaker", 200, path={"agent": "agent5"}, body={"action": "open"})
        sound = io.BytesIO()
        with wave.open(sound, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(bytes(range(256)) * 60)
        narration = self.json("uploadNarration", 201, query={"name": "seg_001.wav"}, data=sound.getvalue())
        segments = [
            {"id": name, "duration": 1, "visual_guidance": "A lighthouse on a cliff", "narration": "The lighthouse."}
            for name in ("seg_001", "seg_002")]
        session = f"openapi-{time.time_ns()}"
        self.start = {
            "user_id": "openapi", "session_id": session, "idempotency_key": session,
            "options": {"width": 160, "height": 90, "image_provider": "card", "captions": "sidecar"},
            "pipeline_data": {"storyboard": {"segments": segments}, "audio": {"seg_001": narration["uri"]}}}
        self.json("estimateJob", 200, body=self.start)
        film = self.json("startJob", 201, body=self.start)["job_id"]
        if not self.json("startJob", 201, body=self.start)["existing"]:
            self.found.append("POST /api/jobs: the same idempotency_key started another job")
        spare = self.json("startJob", 201, body={"user_id": "openapi", "session_id": f"{session}-spare"})["job_id"]
        for job, state in ((film, "finished"), (spare, "error")):
            self.wait(job, state)
        return Jobs(film, spare)

    def set_breakers(self, action):
        """Sets the breakers of the lead and of the image providers: while they are open, jobs fail without any work."""
        self.send("setBreaker", 200, path={"agent": "agent5"}, body={"action": action})
        for name in self.providers:
            self.send("setProviderBreaker", 200, path={"service": "imagegen", "provider": name}, body={"action": action})

    def restore(self):
        """Resets the breakers, whatever has happened."""
        try:
            if self.providers:
                self.set_breakers("reset")
        except Unusable as error:
            self.found.append(str(error))

    def specialized(self):
        """The document with the providers of this stack, which a valid request must name."""
        document = copy.deepcopy(self.document)
        document["components"]["schemas"]["JobOptions"]["properties"]["image_provider"]["enum"] = self.providers
        for parameter in document["paths"]["/api/breakers/{service}/{provider}"]["parameters"]:
            if parameter["name"] == "provider":
                parameter["schema"] = {"enum": self.providers}
        return document

    def wait(self, job, wanted):
        """Waits until a job has ended, in the wanted state."""
        end = time.monotonic() + SECONDS
        while (state := self.json("getJob", 200, path={"job": job})["state"]) != wanted:
            if state not in ("queued", "running") or time.monotonic() > end:
                raise Unusable(f"openapi: the job {job} is {state} instead of {wanted}")
            time.sleep(0.1)

    def refusals(self, jobs):
        """What every operation refuses before it does anything."""
        values = self.values(jobs)
        for item in self.document["paths"].values():
            for method in ("get", "post"):
                if method not in item:
                    continue
                name = item[method]["operationId"]
                path = {each["name"]: values[each["name"]] for each in map(self.resolve, item.get("parameters", [])) if each["in"] == "path"}
                query = {"name": "a.mp3"} if name == "uploadNarration" else {}
                send = self.read if method == "get" else self.send
                send(name, 401, path=path, query=query, headers={"Host": "evil.example"})
                send(name, 431, path=path, query=query, headers={"X-Long": LONG})
                if method == "get":
                    self.send(name, 413, path=path, data=b"{}")
                    send(name, 400, path=path, headers={"Content-Encoding": "gzip"})
                    self.send(name, 401, path=path, headers={"Host": "evil.example", "Accept": "text/html"})
                    if self.token and name != "getHealth":
                        self.read(name, 401, path=path, access=False)
                        self.send(name, 401, path=path, headers={"Accept": "text/html"}, access=False)
                        self.read(name, 303, path=path, query={"token": self.token}, access=False)
                else:
                    send(name, 401, path=path, query=query, access=False)
                    send(name, 401, path=path, query=query, headers={"Origin": "http://evil.example"})
                    send(name, 400, path=path, query=query, headers={"Content-Encoding": "gzip"}, data=b"{}")
                    send(name, 413, path=path, query=query, data=b"{}", length=300_000_000)

    def methods(self, jobs):
        """Other methods than those of the document, whose refusal names these."""
        error = contract.validator(self.document, {"$ref": "#/components/schemas/ErrorResponse"})
        for path, item in self.document["paths"].items():
            address = self.url + re.sub(r"\{(\w+)\}", lambda name: self.values(jobs)[name[1]], path)
            response = self.http.put(address, headers=self.authorization(), timeout=30)
            self.count += 1
            allowed = ", ".join(method.upper() for method in contract.METHODS if method in item)
            if response.status_code != 405 or response.headers.get("Allow") != allowed or not error.is_valid(response.json()):
                self.found.append(f"PUT {path}: {response.status_code}, Allow {response.headers.get('Allow')!r} instead of {allowed!r}")

    @staticmethod
    def values(jobs):
        """A valid value of each variable component of a path."""
        return {
            "job": jobs.film, "name": "app.js", "segment": "seg_001", "file": "still", "agent": "agent5", "service": "imagegen", "provider": "card"}

    def resolve(self, parameter):
        """A parameter, or the one that it refers to."""
        name = parameter.get("$ref", "").rsplit("/", 1)[-1]
        return self.document["components"]["parameters"].get(name, parameter)

    def pages(self):
        """The page and its assets."""
        for operation, path in (("getPage", {}), ("getJobPage", {"job": "new"}), ("getServicesPage", {}), ("getDrillPage", {})):
            self.cached(operation, path)
        for name in ("app.js", "app.css", "icon.svg", "index.html"):
            self.cached("getAsset", {"name": name})
        self.read("getAsset", 404, path={"name": "none.js"})
        self.read("getHealth", 200)

    def cached(self, operation, path):
        """A file with an ETag, plain and compressed."""
        tags = []
        for coding in ("identity", "gzip"):
            response = self.read(operation, 200, path=path, headers={"Accept-Encoding": coding})
            tags.append(response.headers.get("ETag"))
            self.read(operation, 304, path=path, headers={"Accept-Encoding": coding, "If-None-Match": tags[-1]})
        if tags[0] == tags[1]:
            self.found.append(f"{operation}: the compressed file has the same ETag")

    def reading(self, jobs):
        """Jobs and receipts."""
        for job in (jobs.film, jobs.spare):
            self.read("getJob", 200, path={"job": job})
            self.read("getReceipt", 200, path={"job": job})
            self.read("getChapters", 200, path={"job": job})
        for query in ({}, {"state": "finished"}, {"state": "", "after": ""}, {"q": "openapi", "limit": "1"}, {"after": jobs.film}):
            self.read("listJobs", 200, query=query)
        page = self.json("listJobs", 200, query={"q": "openapi", "limit": "1"})
        if len(page["jobs"]) != 1 or page.get("next") != page["jobs"][0]["job_id"]:
            self.found.append(f"GET /api/jobs: `next` is not the last job of the page: {page.get('next')}")
        for query in ({"limit": "0"}, {"limit": "1001"}, {"limit": "x"}, {"state": "none"}):
            self.read("listJobs", 400, query=query)
        self.read("listJobs", 404, query={"after": "none"})
        for operation in ("getJob", "getReceipt", "getFilm", "getCaptions", "getChapters"):
            self.read(operation, 404, path={"job": "none"})

    def media(self, jobs):
        """Files by ranges, with the conditions of RFC 9110."""
        files = [("getFilm", {"job": jobs.film}), ("getCaptions", {"job": jobs.film})]
        files += [("getSegmentFile", {"job": jobs.film, "segment": "seg_001", "file": each}) for each in ("still", "clip")]
        for operation, path in files:
            whole = self.read(operation, 200, path=path)
            size, tag = len(whole.content), whole.headers.get("ETag", "")
            for value, part in (
                    ("bytes=0-9", whole.content[:10]), (f"bytes={size - 5}-", whole.content[-5:]), ("bytes=-7", whole.content[-7:])):
                response = self.read(operation, 206, path=path, headers={"Range": value})
                if response.content != part:
                    self.found.append(f"{operation}: other bytes for {value}")
            for value in ("bytes=0-1,3-4", "bytes=9-1", "lines=1-2"):
                self.read(operation, 200, path=path, headers={"Range": value})
            self.read(operation, 416, path=path, headers={"Range": f"bytes={size}-"})
            self.read(operation, 206, path=path, headers={"Range": "bytes=0-9", "If-Range": tag})
            self.read(operation, 200, path=path, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
            self.read(operation, 304, path=path, headers={"If-None-Match": f'"other", {tag}'})
            download = self.read(operation, 200, path=path, query={"download": "1"})
            if "Content-Disposition" not in download.headers:
                self.found.append(f"{operation}: no Content-Disposition for a download")
        self.read("getFilm", 404, path={"job": jobs.spare})
        self.read("getSegmentFile", 404, path={"job": jobs.film, "segment": "none", "file": "clip"})
        silent = {**self.start, "session_id": self.start["session_id"] + "-plain", "options": {**self.start["options"], "captions": "none"}}
        del silent["idempotency_key"]
        plain = self.json("startJob", 201, body=silent)["job_id"]
        self.wait(plain, "finished")
        self.read("getCaptions", 204, path={"job": plain})

    def changing(self, jobs):
        """What starts and changes jobs."""
        self.send("startJob", 409, body={**self.start, "options": {"width": 320}})
        for operation in ("startJob", "estimateJob"):
            self.send(operation, 400, data=b"no JSON")
            self.send(operation, 400, body={"options": {"colour": 1}})
            self.send(operation, 401, body={"pipeline_data": {**self.start["pipeline_data"], "audio": {"seg_001": "file:///etc/passwd"}}})
        self.send("estimateJob", 404, body={})
        self.send("retryJob", 409, path={"job": jobs.film}, body={})
        self.send("retryJob", 400, path={"job": jobs.film}, body={"only": ["none"]})
        self.send("retryJob", 200, path={"job": jobs.spare}, body={"only": "all"})
        self.wait(jobs.spare, "error")
        self.send("upgradeJob", 409, path={"job": jobs.spare}, body={"confirm_cost_usd": 0})
        self.send("upgradeJob", 400, path={"job": jobs.film}, body={})
        self.send("upgradeJob", 200, path={"job": jobs.film}, body={"confirm_cost_usd": 0, "segments": ["seg_002"]})
        self.wait(jobs.film, "finished")
        self.send("cancelJob", 200, path={"job": jobs.film})
        self.json("retryFailedJobs", 200)
        self.wait(jobs.spare, "error")
        for operation in ("cancelJob", "retryJob", "upgradeJob"):
            self.send(operation, 404, path={"job": "none"}, body={"confirm_cost_usd": 0})
        for query in ({}, {"name": "a.html"}, {"name": "a.mp3"}):
            self.send("uploadNarration", 400, query=query, data=b"")

    def services(self):
        """Replicas, providers, breakers and metrics."""
        for operation in ("listReplicas", "listProviders", "listBreakers", "getMetrics", "getDrill"):
            self.read(operation, 200)
        for service in self.json("listReplicas", 200)["services"]:
            versions = {each["health"]["version"] for each in service["replicas"] if "health" in each}
            if versions - {self.document["info"]["version"]}:
                self.found.append(f"info.version: {service['service']} has {versions}")
        for action in ("open", "close", "get", "reset"):
            self.send("setBreaker", 200, path={"agent": "agent5"}, body={"action": action})
        for body in ({"action": "none"}, {}, []):
            self.send("setBreaker", 400, path={"agent": "agent5"}, body=body)
        self.send("setBreaker", 400, path={"agent": "none"}, body={"action": "reset"})
        self.send("setProviderBreaker", 200, path={"service": "imagegen", "provider": self.providers[0]}, body={"action": "reset"})
        self.send("setProviderBreaker", 400, path={"service": "imagegen", "provider": "none"}, body={"action": "reset"})

    def drill(self):
        """A drill that is stopped at once."""
        self.json("stopDrill", 200)
        self.json("startDrill", 202)
        self.send("startDrill", 409)
        if self.json("stopDrill", 200)["state"] != "stopped":
            self.found.append("POST /api/drill/stop: the drill is not stopped")

    def watch(self, jobs):
        """The WebSocket: the snapshot of a job, and its stored messages up to the last one."""
        self.send("watch", 400)
        self.send("watch", 400, query={"after_seq": "-1"})
        address = urlsplit(self.url)
        messages = {
            name: contract.validator(self.document, {"$ref": f"#/components/schemas/{name}"})
            for name in ("WatchSnapshot", "WatchAway", "StatusMessage")}
        count = 0
        with connect(
                f"ws://{address.netloc}/ws?job={jobs.film}&after_seq=0", additional_headers=self.authorization(), open_timeout=10, close_timeout=1,
                compression=None, proxy=None, max_size=None) as socket:
            self.seen.add(("watch", "101"))
            if socket.response.headers.get("Upgrade") != "websocket":
                self.found.append("GET /ws: 101 has no Upgrade: websocket")
            for number in itertools.count():
                message = json.loads(socket.recv(timeout=10))
                name = {"snapshot": "WatchSnapshot", "away": "WatchAway"}.get(message.get("type"), "StatusMessage")
                if (number == 0) != (name == "WatchSnapshot"):
                    self.found.append(f"GET /ws: message {number} is a {name}")
                self.found += [f"GET /ws: {name}: {error.message[:300]}" for error in messages[name].iter_errors(message)]
                if name == "StatusMessage":
                    count += 1
                    if message["jobState"] == "finished":
                        break
        print(f"openapi: {count} messages of the WebSocket", flush=True)

    def report(self):
        """Documented responses that no request has provoked."""
        documented = {
            (item[method]["operationId"], status) for item in self.document["paths"].values() for method in contract.METHODS if method in item
            for status in item[method]["responses"]}
        seen = {(operation, status) for operation, status in documented if (operation, status) in self.seen or (
            status == "4XX" and any(name == operation and "400" <= each < "500" for name, each in self.seen))}
        expected = {
            (operation, status) for operation, status in documented
            if status not in UNPROVOKED and (operation, status) not in OTHER_UNPROVOKED and (status != "303" or self.token)}
        self.found += [f"{operation}: {status} is documented, and no request gets it" for operation, status in sorted(expected - seen)]
        print(f"openapi: {self.count} fixed requests, {len(seen)} of {len(documented)} documented responses seen", flush=True)

# SPDX-License-Identifier: Apache-2.0
"""The part of MediaConvert that joins clips; `aws.py` calls it behind its gate.

A request must match botocore's model of the service exactly: no unknown member, every enumeration, bound and pattern. The role must exist
in IAM, with MediaConvert's trust and a policy for the bucket. The clips are read from S3, and the film is made by ffmpeg and stored at the
job's destination, while the job's status is SUBMITTED, PROGRESSING, COMPLETE or ERROR.

There are two queues: `Default`, and `resting`, which is paused.

Commands, as {"mediaconvert": {...}}:
  {"fail": {"code": 1404, "message": "..."}, "times": 1}   the next jobs end in ERROR
  {"hold": true}                                           jobs stay SUBMITTED until {"hold": false}
  {"late": seconds}                                        a job is created this time before the response is sent
  {"slow": seconds}                                        PROGRESSING takes at least this time
  {"empty": true}                                          jobs are COMPLETE without storing a film
  {"short": frames}                                        films are too short by this number of frames
  {"stub": true}                                           films have one colour and the right length, and are made quickly
  {"jobs": true}                                           -> {"count": n, "jobs": [{"id", "status", "request"}]}
"""

import fractions
import json
import os
import re
import subprocess
import tempfile
import threading
import time
import urllib.parse
import uuid

import botocore.session
from botocore.validate import ParamValidator

MODEL = botocore.session.get_session().get_service_model("mediaconvert")
MOST_INPUTS = 150
TOKEN_SECONDS = 60


class Refused(Exception):
    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def bad(message):
    return Refused(400, "BadRequestException", message)


def parameters(value, shape, place=""):
    """Converts JSON to botocore's parameters, and rejects what the service does not know."""
    if shape.type_name == "structure":
        if not isinstance(value, dict):
            raise bad("%s: expected an object" % place)
        names = {member.serialization.get("name", name): name for name, member in shape.members.items()}
        result = {}
        for name, item in value.items():
            if name not in names:
                raise bad("%s/%s: the property is not known" % (place, name))
            result[names[name]] = parameters(item, shape.members[names[name]], "%s/%s" % (place, name))
        return result
    if shape.type_name == "list":
        if not isinstance(value, list):
            raise bad("%s: expected an array" % place)
        return [parameters(item, shape.member, "%s/%d" % (place, index)) for index, item in enumerate(value)]
    if shape.type_name == "map":
        return {key: parameters(item, shape.value, "%s/%s" % (place, key)) for key, item in value.items()}
    if shape.type_name == "string":
        if getattr(shape, "enum", None) and value not in shape.enum:
            raise bad("%s: %r is none of %s" % (place, value, ", ".join(shape.enum)))
        pattern = shape.metadata.get("pattern")
        if pattern and isinstance(value, str) and not re.search(pattern, value):
            raise bad("%s: %r does not match %s" % (place, value, pattern))
    if shape.type_name in ("integer", "long", "float", "double") and not isinstance(value, bool):
        if value > shape.metadata.get("max", value) or value < shape.metadata.get("min", value):
            raise bad("%s: %r is out of bounds" % (place, value))
    return value


def split(uri):
    found = re.fullmatch(r"s3://([^/]+)/(.+)", uri)
    if not found:
        raise bad("%s: expected s3://bucket/key" % uri)
    return found.groups()


def frames(timecode, rate):
    hours, minutes, seconds, rest = (int(part) for part in re.split("[:;]", timecode))
    if rest >= rate:
        raise bad("%s: there is no such frame at %s a second" % (timecode, rate))
    return ((hours * 60 + minutes) * 60 + seconds) * round(rate) + rest


class MediaConvert:
    def __init__(self, client):
        self.client = client
        self.jobs = {}
        self.tokens = {}
        self.lock = threading.RLock()
        self.failures = []
        self.settings = {"hold": False, "late": 0, "slow": 0, "empty": False, "short": 0, "stub": False}

    def command(self, request):
        with self.lock:
            if "fail" in request:
                self.failures += [request["fail"]] * request.get("times", 1)
            for name in self.settings:
                self.settings[name] = request.get(name, self.settings[name])
            jobs = [
                {"id": job["id"], "status": job["status"], "request": job["request"]} for job in self.jobs.values()
            ]
            return {"count": len(jobs), "jobs": jobs if request.get("jobs") else []}

    def handle(self, method, target, body):
        """Returns the HTTP status and the JSON of the response."""
        path = urllib.parse.unquote(target.split("?")[0])
        try:
            if path == "/2017-08-29/jobs" and method == "POST":
                job = self.create(body)
                time.sleep(self.settings["late"])
                return 201, {"job": self.shown(job)}
            if queue := re.fullmatch("/2017-08-29/queues/([^/]+)", path):
                if queue[1] not in ("Default", "resting") or method != "GET":
                    raise Refused(404, "NotFoundException", "The specified queue '%s' doesn't exist." % queue[1])
                return 200, {"queue": {"name": queue[1], "status": "ACTIVE" if queue[1] == "Default" else "PAUSED"}}
            found = re.fullmatch("/2017-08-29/jobs/([^/]+)", path)
            if not found or method not in ("GET", "DELETE"):
                raise Refused(404, "NotFoundException", "no such resource: %s %s" % (method, path))
            with self.lock:
                job = self.jobs.get(found.group(1))
                if not job:
                    raise Refused(404, "NotFoundException", "The specified job '%s' doesn't exist." % found.group(1))
                if method == "GET":
                    return 200, {"job": self.shown(job)}
                if job["status"] not in ("SUBMITTED", "PROGRESSING"):
                    raise Refused(409, "ConflictException", "The job is %s and cannot be canceled." % job["status"])
                job["status"] = "CANCELED"
                return 202, {}
        except Refused as refused:
            return refused.status, {"__type": refused.code, "message": refused.message}

    def shown(self, job):
        with self.lock:
            hidden = ("request", "parameters")
            answer = {name: value for name, value in job.items() if name not in hidden and value is not None}
            return dict(answer, settings=job["request"]["settings"], role=job["request"]["role"])

    # Creating jobs.

    def create(self, body):
        try:
            request = json.loads(body)
        except ValueError:
            raise bad("the request is not JSON")
        shape = MODEL.operation_model("CreateJob").input_shape
        given = parameters(request, shape)
        report = ParamValidator().validate(given, shape)
        if report.has_errors():
            raise bad(report.generate_report())
        self.check(given)
        with self.lock:
            token = given.get("ClientRequestToken")
            if token in self.tokens:
                made, id, same = self.tokens[token]
                if time.time() - made < TOKEN_SECONDS:
                    if same != request:
                        raise Refused(409, "ConflictException", "the token was used with another request")
                    return self.jobs[id]
            job = {
                "id": "%d-%s" % (time.time() * 1000, uuid.uuid4().hex[:6]),
                "status": "SUBMITTED",
                "createdAt": int(time.time()),
                "jobPercentComplete": None,
                "errorCode": None,
                "errorMessage": None,
                "request": request,
                "parameters": given,
            }
            self.jobs[job["id"]] = job
            if token:
                self.tokens[token] = (time.time(), job["id"], request)
        threading.Thread(target=self.work, args=(job,), daemon=True).start()
        return job

    def check(self, given):
        settings = given["Settings"]
        inputs = settings.get("Inputs", [])
        if not 1 <= len(inputs) <= MOST_INPUTS:
            raise bad("/settings/inputs: 1 to %d inputs are allowed, found %d" % (MOST_INPUTS, len(inputs)))
        for index, input in enumerate(inputs):
            for clipping in input.get("InputClippings", []):
                if input.get("TimecodeSource") != "ZEROBASED" or not clipping:
                    raise bad("/settings/inputs/%d/inputClippings: needs zero-based timecodes" % index)
        groups = settings.get("OutputGroups", [])
        if len(groups) != 1 or len(groups[0].get("Outputs", [])) != 1:
            raise bad("/settings/outputGroups: expected one output")
        output = groups[0]["Outputs"][0]
        if output.get("ContainerSettings", {}).get("Container") != "MP4":
            raise bad("/settings/outputGroups/0/outputs/0/containerSettings: expected MP4")
        coding = output["VideoDescription"]["CodecSettings"]
        if coding.get("Codec") != "H_264" or coding["H264Settings"].get("FramerateControl") != "SPECIFIED":
            raise bad("/settings/outputGroups/0/outputs/0/videoDescription/codecSettings: expected H_264")
        for description in output.get("AudioDescriptions", []):
            for index, input in enumerate(inputs):
                if description.get("AudioSourceName") not in input.get("AudioSelectors", {}):
                    raise bad("/settings/inputs/%d: no audio selector %s" % (index, description.get("AudioSourceName")))
        self.role(given["Role"])

    def role(self, arn):
        """Returns the policies of a role."""
        found = re.fullmatch(r"arn:aws[a-z-]*:iam::\d{12}:role/(?:.*/)?([^/]+)", arn)
        iam = self.client("iam")
        try:
            role = iam.get_role(RoleName=found.group(1))["Role"]
        except Exception:
            raise bad("The role %s does not exist or cannot be assumed by the service." % arn)
        if "mediaconvert.amazonaws.com" not in json.dumps(role["AssumeRolePolicyDocument"]):
            raise bad("Service Role ARN [%s] cannot be assumed by mediaconvert.amazonaws.com." % arn)
        name = role["RoleName"]
        names = iam.list_role_policies(RoleName=name)["PolicyNames"]
        return [iam.get_role_policy(RoleName=name, PolicyName=each)["PolicyDocument"] for each in names]

    def allow(self, job, action, uri):
        bucket, key = split(uri)
        for policy in self.role(job["parameters"]["Role"]):
            for statement in policy["Statement"]:
                resource = statement["Resource"]
                if action in statement["Action"] and ("arn:aws:s3:::%s/%s" % (bucket, key)).startswith(resource.rstrip("*")):
                    return
        raise Exception("1401: Unable to access [%s]: [Access Denied: %s]" % (uri, action))

    # Processing jobs.

    def work(self, job):
        try:
            while self.settings["hold"]:
                time.sleep(0.05)
                if job["status"] == "CANCELED":
                    return
            time.sleep(0.1)
            self.progress(job, 0)
            begun = time.time()
            with self.lock:
                failure = self.failures.pop(0) if self.failures else None
            if failure:
                raise Exception("%d: %s" % (failure["code"], failure["message"]))
            with tempfile.TemporaryDirectory() as folder:
                self.make(job, folder)
                while time.time() - begun < self.settings["slow"]:
                    self.progress(job, min(99, int(100 * (time.time() - begun) / self.settings["slow"])))
                    time.sleep(0.05)
                self.progress(job, 99)
                self.store(job, folder)
            with self.lock:
                if job["status"] != "CANCELED":
                    job.update(status="COMPLETE", jobPercentComplete=100)
        except Cancelled:
            pass
        except Exception as error:
            code, _, text = str(error).partition(": ")
            known = code.isdigit()
            with self.lock:
                job.update(
                    status="ERROR",
                    errorCode=int(code) if known else 1999,
                    errorMessage=text if known else str(error)[-2000:],
                )

    def progress(self, job, percent):
        with self.lock:
            if job["status"] == "CANCELED":
                raise Cancelled()
            job.update(status="PROGRESSING", jobPercentComplete=percent)

    def fetch(self, job, uri, folder, name):
        self.allow(job, "s3:GetObject", uri)
        bucket, key = split(uri)
        path = os.path.join(folder, name)
        try:
            self.client("s3").download_file(bucket, key, path)
        except Exception as error:
            raise Exception("1404: Unable to open input file [%s]: [%s]" % (uri, error))
        return path

    def make(self, job, folder):
        settings = job["parameters"]["Settings"]
        description = settings["OutputGroups"][0]["Outputs"][0]["VideoDescription"]
        coding = description["CodecSettings"]["H264Settings"]
        rate = fractions.Fraction(coding["FramerateNumerator"], coding["FramerateDenominator"])
        width, height = description["Width"], description["Height"]
        fill = description.get("ScalingBehavior") == "FILL"
        aspect = "increase,crop=%d:%d" % (width, height) if fill else "decrease,pad=%d:%d:-1:-1" % (width, height)
        arguments, graph, total, known = [], [], 0, {}
        for index, input in enumerate(settings["Inputs"]):
            uri = input["FileInput"]
            if uri not in known:
                path = self.fetch(job, uri, folder, "in%d" % index)
                known[uri] = (path, probe(path))
            path, (found, length) = known[uri]
            first, last = 0, length
            for clipping in input.get("InputClippings", []):
                if "StartTimecode" in clipping:
                    first = frames(clipping["StartTimecode"], found)
                if "EndTimecode" in clipping:
                    # The frame of the end belongs to the clip.
                    last = frames(clipping["EndTimecode"], found) + 1
            if not 0 <= first < last <= length:
                raise Exception("1010: %s: frames %d to %d of %d" % (uri, first, last, length))
            seconds = (last - first) / found
            total += round(seconds * rate)
            if self.settings["stub"]:
                continue
            sound = path
            for selector in input["AudioSelectors"].values():
                if "ExternalAudioFileInput" in selector:
                    sound = self.fetch(job, selector["ExternalAudioFileInput"], folder, "sound%d" % index)
            arguments += ["-i", path, "-i", sound]
            graph.append(
                "[%d:v]trim=start_frame=%d:end_frame=%d,setpts=PTS-STARTPTS,fps=%s,scale=%d:%d:force_original_aspect_ratio=%s,"
                "setsar=1[v%d]" % (2 * index, first, last, rate, width, height, aspect, index)
            )
            graph.append(
                "[%d:a:0]aresample=48000,aformat=channel_layouts=stereo,atrim=start=%.6f:end=%.6f,asetpts=PTS-STARTPTS,"
                "apad=whole_dur=%.6f[a%d]" % (2 * index + 1, first / found, last / found, seconds, index)
            )
        film = os.path.join(folder, "film.mp4")
        common = ["-r", str(rate), "-c:v", "libx264", "-preset", "ultrafast", "-b:v", str(coding["Bitrate"]), "-pix_fmt", "yuv420p"]
        common += ["-c:a", "aac", "-b:a", "128k", "-ar", "48000", "-movflags", "+faststart", "-f", "mp4", film]
        whole = ["-frames:v", str(total - self.settings["short"])]
        if self.settings["stub"]:
            picture = "testsrc=s=%dx%d:r=%s" % (width, height, rate)
            tone = ["-f", "lavfi", "-i", "sine=r=48000", "-ac", "2", "-t", str(float(total / rate))]
            run(["-f", "lavfi", "-i", picture] + tone + whole + common)
            return
        pads = "".join("[v%d][a%d]" % (index, index) for index in range(len(settings["Inputs"])))
        graph.append("%sconcat=n=%d:v=1:a=1[v][a]" % (pads, len(settings["Inputs"])))
        run(arguments + ["-filter_complex", ";".join(graph), "-map", "[v]", "-map", "[a]"] + whole + common)

    def store(self, job, folder):
        settings = job["parameters"]["Settings"]
        group = settings["OutputGroups"][0]
        output = group["Outputs"][0]
        destination = group["OutputGroupSettings"]["FileGroupSettings"]["Destination"]
        if destination.endswith("/"):
            name = split(settings["Inputs"][0]["FileInput"])[1].split("/")[-1]
            destination += name.rsplit(".", 1)[0]
        uri = "%s%s.%s" % (destination, output.get("NameModifier", ""), output.get("Extension", "mp4"))
        self.allow(job, "s3:PutObject", uri)
        if self.settings["empty"]:
            return
        bucket, key = split(uri)
        self.client("s3").upload_file(os.path.join(folder, "film.mp4"), bucket, key)


class Cancelled(Exception):
    pass


def run(arguments):
    ended = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y"] + arguments, capture_output=True, text=True)
    if ended.returncode:
        raise Exception("1999: %s" % ended.stderr[-2000:])


def probe(path):
    """-> (frames a second, frames)"""
    text = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=r_frame_rate,nb_frames", "-of", "json", path],
        capture_output=True, text=True,
    ).stdout
    streams = json.loads(text or "{}").get("streams")
    if not streams:
        raise Exception("1040: %s is no video" % path)
    return fractions.Fraction(streams[0]["r_frame_rate"]), int(streams[0]["nb_frames"])

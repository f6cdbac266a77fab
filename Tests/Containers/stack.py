#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests the stack of compose/docker-compose.yml in a real Docker engine: stack.py.

Each step prints what it has verified. The first failure prints the logs of the services and exits with status 1. The images must exist:
scripts/images.sh.
"""

import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
COMPOSE = os.path.join(HERE, "../../compose")
PROJECT = "us-test"
SERVICES = ["orchestrator", "imagegen", "clipper", "stitcher", "logger", "agent5", "dashboard"]
PORT = 18686
# A container that calls the sockets while replicas start and stop.
OBSERVER = PROJECT + "-observer"
environment = dict(os.environ, PAGE_PORT=str(PORT), COMPOSE_PROJECT_NAME=PROJECT, SETTINGS=".env.example")
start_time = time.time()


def run(*command, check=True, timeout=300, **more):
    ended = subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=environment, cwd=COMPOSE, **more)
    if check and ended.returncode:
        raise AssertionError("%s: %d\n%s%s" % (" ".join(command), ended.returncode, ended.stdout[-3000:], ended.stderr[-3000:]))
    return ended


def compose(*words, **more):
    return run("docker-compose", *words, **more)


def docker(*words, **more):
    return run("docker", *words, **more).stdout.strip()


def containers(service=None):
    """Returns the short ids of the running containers."""
    label = ["--filter", "label=com.docker.compose.service=%s" % service] if service else []
    return docker("ps", "-q", "--filter", "label=com.docker.compose.project=" + PROJECT, *label).split()


def step(text):
    print("stack: %5.1f s: %s" % (time.time() - start_time, text), flush=True)


def until(condition, what, seconds=30):
    """Waits until a condition is true. Returns its value."""
    end = time.time() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.time() < end, "timed out after %d s: %s" % (seconds, what)
        time.sleep(0.2)


def page_status(port, **headers):
    """Requests the page on a port. Returns the HTTP status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/api/jobs", headers=headers)
    return connection.getresponse().status


def page(method, path, body=None):
    """Sends a request to the page, which must succeed. Returns the JSON, or the bytes, of the response."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=20)
    connection.request(method, path, json.dumps(body) if body is not None else None, {"Authorization": "Bearer understudy", "X-Understudy": "1"})
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status < 300, "%s %s: %d %s" % (method, path, answer.status, text)
    return json.loads(text) if text.startswith(b"{") else text


def start(session, segments=3):
    """Starts a job of one-second segments. Returns its id."""
    board = {"segments": [{"id": "s%d" % n, "duration": 1, "visual_guidance": "A hill, number %d" % n} for n in range(segments)]}
    return page("POST", "/api/jobs", {"session_id": session, "pipeline_data": {"storyboard": board}, "options": {"width": 640, "height": 360}})["job_id"]


def wait_for_films(jobs, seconds=120):
    """Waits until all jobs have finished; none may fail."""
    left = set(jobs)
    end = time.time() + seconds
    while left:
        for job in list(left):
            try:
                view = page("GET", "/api/jobs/" + job)
            except (OSError, AssertionError, http.client.HTTPException):
                # The page or the orchestrator is being restarted.
                time.sleep(0.2)
                continue
            assert view["state"] not in ("error", "cancelled"), view
            if view["state"] == "finished":
                left.discard(job)
        assert time.time() < end, "%d of %d jobs have no film after %d s" % (len(left), len(jobs), seconds)
        time.sleep(0.2)


def understudy(*words, entrypoint=None, **more):
    option = ["--entrypoint", entrypoint] if entrypoint else []
    return compose("--profile", "debug", "run", "--rm", "-T", *option, "debug", *words, **more).stdout


def image_sizes():
    """Images without media services have no media libraries, and are small compared with the common base image."""
    size = lambda image: int(docker("image", "inspect", "-f", "{{.Size}}", image))
    base = size("debian:bookworm-slim")
    own = {service: (size("understudy/" + service) - base) / 1e6 for service in SERVICES}
    for service in SERVICES:
        libraries = docker("run", "--rm", "--network", "none", "--entrypoint", "ls", "understudy/" + service, "/usr/lib/x86_64-linux-gnu")
        assert ("libavcodec" in libraries) == (service in ("clipper", "stitcher", "agent5")), service
        labels = json.loads(docker("image", "inspect", "-f", "{{json .Config.Labels}}", "understudy/" + service))
        assert labels["org.opencontainers.image.title"] == "Understudy", labels
    for service in ("orchestrator", "logger", "imagegen"):
        assert own[service] < 120, "%s adds %.0f MB" % (service, own[service])
    step("MB on top of the base of %.0f: %s" % (base / 1e6, ", ".join("%s %.0f" % pair for pair in own.items())))


def demo():
    """The stack starts, and the demo makes a film."""
    compose("up", "-d", "--scale", "imagegen=3", "--scale", "clipper=2")
    container = docker("ps", "-aq", "--filter", "name=%s_demo" % PROJECT)
    assert docker("wait", container, timeout=120) == "0", docker("logs", container)
    assert "You exceeded your current quota" in docker("logs", container)
    film = os.path.join(tempfile.mkdtemp(), "film.mp4")
    with open(film, "wb") as file:
        subprocess.run(["docker", "run", "--rm", "--network", "none", "-v", PROJECT + "_store:/store:ro", "--entrypoint", "cat", "understudy/understudy",
                        "/store/scaffold_test/demo/lighthouse/agent5/final.mp4"], stdout=file, check=True, env=environment)
    probed = json.loads(run("ffprobe", "-v", "error", "-show_entries", "stream=codec_name,width,height", "-show_entries", "format=duration", "-of", "json", film).stdout)
    assert abs(float(probed["format"]["duration"]) - 60) < 0.1, probed
    assert {stream["codec_name"] for stream in probed["streams"]} >= {"h264", "aac"}, probed
    assert not run("ffmpeg", "-v", "error", "-i", film, "-f", "null", "-").stderr
    os.remove(film)
    assert b"<main" in page("GET", "/")
    step("up with three imagegens and two clippers; the demo's film of 60 s decodes, and the page is served")


def replicas_listed():
    """`understudy ps` in the stack lists every replica by the id of its container."""
    listed = understudy("ps")
    for service in SERVICES:
        for container in containers(service):
            assert container in listed, "%s %s is not in\n%s" % (service, container, listed)
    step("understudy ps lists all %d replicas by their containers' ids" % len(containers()))


def privileges():
    """No process is root or writes outside the volumes, and only the page has a network."""
    for service in SERVICES:
        for container in containers(service):
            facts = json.loads(docker("inspect", container))[0]
            assert facts["HostConfig"]["ReadonlyRootfs"] and facts["HostConfig"]["CapDrop"] == ["ALL"], service
            for pid in docker("top", container, "-eo", "pid").split()[1:]:
                try:
                    with open("/proc/%s/status" % pid) as status:
                        text = status.read()
                except FileNotFoundError:
                    # A health check that has ended.
                    continue
                users = [line.split()[1:] for line in text.splitlines() if line.startswith(("Uid:", "Gid:"))]
                assert all(user == "10001" for line in users for user in line), "%s: %s" % (service, users)
                assert "CapEff:\t0000000000000000" in text and "NoNewPrivs:\t1" in text, service
                with open("/proc/%s/net/dev" % pid) as devices:
                    names = {line.split(":")[0].strip() for line in devices.readlines()[2:]}
                assert names == ({"lo", "eth0"} if service == "dashboard" else {"lo"}), "%s: %s" % (service, names)
            # Only the engine's init was added.
            changed = {line.split(" ", 1)[1] for line in docker("diff", container).splitlines()}
            assert changed <= {"/usr", "/usr/sbin", "/usr/sbin/docker-init"}, "%s: %s" % (service, changed)
    step("no process is root or has a capability, nothing is written outside the volumes, only the page has a network")


def scaling():
    """Twenty jobs finish while replicas are added and removed."""
    compose("up", "-d", "--no-recreate", "--scale", "imagegen=1", "--scale", "clipper=1", "--scale", "demo=0")
    docker("run", "-d", "--name", OBSERVER, "--network", "none", "-v", PROJECT + "_sockets:/run/understudy", "--entrypoint", "sleep", "understudy/understudy", "600")
    jobs = [start("load-%d" % number, 12) for number in range(20)]
    old = containers("imagegen") + containers("clipper")
    ages = ReplicaAges()
    ages.start()
    compose("up", "-d", "--no-recreate", "--scale", "imagegen=3", "--scale", "clipper=2", "--scale", "demo=0")
    new = [name for service in ("imagegen", "clipper") for name in containers(service) if name not in old]
    until(lambda: all(name in ages.seconds for name in new), "every new replica is called", 60)
    ages.stop()
    waits = [ages.seconds[name] for name in new]
    assert len(new) == 3, new
    step("20 jobs run; every new replica was called, the last %.1f s after its start" % max(waits))
    down = threading.Thread(target=lambda: compose("up", "-d", "--no-recreate", "--scale", "imagegen=1", "--scale", "clipper=1", "--scale", "demo=0"))
    down.start()
    wait_for_films(jobs)
    down.join()
    docker("rm", "-f", OBSERVER)
    assert len(containers("imagegen")) == len(containers("clipper")) == 1
    for job in jobs:
        receipt = page("GET", "/api/jobs/%s/receipt" % job)
        lost = [attempt for attempt in receipt["attempts"] if attempt["agent"] == "Agent6" and attempt.get("error")]
        assert not lost, "a call was lost while replicas were drained: %s" % lost
    step("replicas were removed; all 20 films are made, and no call was lost")


class ReplicaAges(threading.Thread):
    """Records the uptime of each replica, in seconds, when it first reports a call."""

    script = ("while sleep 0.2; do for socket in /run/understudy/imagegen/*.sock /run/understudy/clipper/*.sock; do"
              " echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"rpc.stats\"}' | socat -t 2 - UNIX-CONNECT:$socket; done; done")

    def __init__(self):
        super().__init__(daemon=True)
        self.seconds = {}
        self.observer = subprocess.Popen(["docker", "exec", OBSERVER, "sh", "-c", self.script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def run(self):
        for line in self.observer.stdout:
            if not line.endswith("\n"):
                break
            stats = json.loads(line)["result"]
            if stats["in_flight"] or any(each["calls"] for name, each in stats["methods"].items() if not name.startswith("rpc.")):
                self.seconds.setdefault(stats["instance"], stats["uptime_s"])

    def stop(self):
        self.observer.kill()
        self.join()


def kills():
    """One container of each service is killed while jobs run, and restarted."""
    for service in ("imagegen", "clipper", "stitcher", "logger", "agent5", "dashboard", "orchestrator"):
        jobs = [start("kill-%s-%d" % (service, number)) for number in range(2)]
        until(lambda: all(page("GET", "/api/jobs/" + job)["state"] != "queued" for job in jobs), "the jobs run")
        container = containers(service)[0]
        docker("kill", "-s", "KILL", container)
        docker("start", container)
        wait_for_films(jobs)
    step("one container of each service was killed while jobs ran: all their films are made")


def rolling_restart():
    """Every replica is restarted, and one of each service killed, under 50 calls a second: no call fails."""
    compose("up", "-d", "--no-recreate", "--scale", "imagegen=2", "--scale", "clipper=2", "--scale", "demo=0")
    # The image has no Python: that of this machine, which is a Debian of the same version or newer, is mounted.
    load = subprocess.Popen(
        ["docker", "run", "--rm", "-i", "--network", "none", "-v", PROJECT + "_sockets:/run/understudy", "-v", "/usr:/usr:ro",
         "-v", os.path.join(HERE, "../../clients/python") + ":/client:ro", "-v", HERE + ":/test:ro", "-e", "PYTHONPATH=/client",
         "-e", "PYTHONDONTWRITEBYTECODE=1", "--entrypoint", "/usr/bin/python3", "understudy/understudy", "/test/load.py", "50",
         "file:///store/scaffold_test/demo/lighthouse/agent5/final.mp4"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert load.stdout.readline() == "ready\n", "the load did not start"
        for service in SERVICES:
            for container in containers(service):
                docker("restart", "-t", "45", container, timeout=120)
        for service in ("imagegen", "clipper", "orchestrator"):
            container = containers(service)[0]
            docker("kill", "-s", "KILL", container)
            docker("start", container)
        output, _ = load.communicate(timeout=120)
    finally:
        load.kill()
    result = json.loads(output)
    assert not result["failed"], result
    assert len(result["calls"]) == 6 and min(result["calls"].values()) > 50, result
    compose("up", "-d", "--no-recreate", "--scale", "imagegen=1", "--scale", "clipper=1", "--scale", "demo=0")
    step("every replica was restarted and three were killed under 50 calls a second: %d calls, no error" % sum(result["calls"].values()))


def documented_calls():
    """The commands under "Debugging" in compose/README.md."""
    name = containers("clipper")[0]
    assert "clipper/%s.sock" % name in understudy("-c", "ls /run/understudy/*/*.sock", entrypoint="sh")
    send = lambda line, socket: understudy("-c", "echo '%s' | socat -t 5 - UNIX-CONNECT:/run/understudy/%s" % (line, socket), entrypoint="sh")
    health = json.loads(send('{"jsonrpc":"2.0","id":1,"method":"rpc.health"}', "clipper/%s.sock" % name))
    assert health["result"]["instance"] == name and health["result"]["status"] == "serving", health
    assert "card" in understudy("call", "imagegen", "imagegen.providers")
    # A forced fallback: the lead is not called.
    assert "open" in understudy("breaker", "agent5", "open")
    job = start("forced")
    wait_for_films([job])
    receipt = page("GET", "/api/jobs/%s/receipt" % job)
    assert "breaker" in json.dumps(receipt["takeover"]), receipt["takeover"]
    assert "closed" in understudy("breaker", "agent5", "reset")
    assert job in understudy("watch", job)
    tap(name)
    # One replica is drained.
    jobs = [start("drained-%d" % number, 6) for number in range(3)]
    docker("stop", "-t", "45", name)
    assert json.loads(docker("inspect", name))[0]["State"]["ExitCode"] == 0
    docker("start", name)
    wait_for_films(jobs)
    step("the commands of compose/README.md: sockets, health, a call, a forced fallback, a tap, a drain")


def tap(name):
    """`understudy tap`, and socat, show the calls of a replica that goes on serving."""
    tap_file = "/run/understudy/clipper/.%s.tap" % name
    readers = {
        PROJECT + "-tap": ("understudy", "tap", "clipper", name, "--json"),
        PROJECT + "-socat": ("socat", "-u", "UNIX-CONNECT:" + tap_file, "-"),
    }
    log = lambda container: run("docker", "logs", container).stdout
    try:
        for container, command in readers.items():
            docker("run", "-d", "--name", container, "--network", "none", "-v", PROJECT + "_sockets:/run/understudy", "--entrypoint", command[0],
                   "understudy/understudy", *command[1:])
            until(lambda: '"service":"clipper"' in log(container), "%s reads the tap" % container)
        job = start("tapped")
        wait_for_films([job])
        for container in readers:
            messages = [json.loads(line) for line in log(container).splitlines()][1:]
            replies = [message for message in messages if message.get("job_id") == job and message["direction"] == "out" and "duration_s" in message]
            assert any(message["method"] == "clipper.create" for message in replies), messages
    finally:
        for container in readers:
            docker("rm", "-f", container)
    assert "600" in understudy("-c", "stat -c %a " + tap_file, entrypoint="sh")


def abandoned_socket():
    """The socket of a killed and removed container is removed by the next one, which logs it."""
    name = containers("clipper")[0]
    docker("kill", "-s", "KILL", name)
    docker("rm", name)
    assert name in understudy("ps")
    compose("up", "-d", "--no-recreate", "--scale", "imagegen=1", "--scale", "clipper=1", "--scale", "demo=0")
    new = containers("clipper")[0]
    until(lambda: "instance=%s" % name in run("docker", "logs", new).stderr, "the new clipper logs the removed socket")
    assert name not in understudy("ps")
    wait_for_films([start("replaced")])
    step("the socket of a removed container is removed by the next one")


def drill():
    """The drill passes without a network."""
    result = compose("--profile", "drill", "run", "--rm", "-T", "drill", check=False)
    assert result.returncode == 0 and "all 19 passed" in result.stdout, result.stdout + result.stderr
    step("the drill passes in a container without a network")


def misconfiguration():
    """Each fault is one line in the log of its service, and makes the container unhealthy."""
    def fails(message, *options, command="clipper", healthy=False):
        container = docker("run", "-d", "--network", "none", "--read-only", "--tmpfs", "/tmp", "--health-interval", "500ms", "--health-start-period", "1ms",
                           *options, "understudy/" + command)
        try:
            # The engine's state and the log are updated after the fact.
            def settled():
                state = json.loads(docker("inspect", container))[0]["State"]
                log = run("docker", "logs", container)
                lines = [line for line in (log.stdout + log.stderr).splitlines() if message in line]
                health = state["Health"]["Status"] if state["Running"] else "unhealthy" if state["ExitCode"] else "ended"
                return len(lines) == 1 and health == ("healthy" if healthy else "unhealthy")
            until(settled, "%s in the log of %s: %s" % (message, command, run("docker", "logs", container).stderr), 15)
        finally:
            docker("rm", "-f", container)

    volume = "us-test-wrong"
    docker("volume", "create", "--driver", "local", "--opt", "type=tmpfs", "--opt", "device=tmpfs", "--opt", "o=uid=0,gid=0,mode=0700", volume)
    fails("/run/understudy", "-v", volume + ":/run/understudy")
    docker("volume", "rm", volume)
    sockets = ("--tmpfs", "/run/understudy:uid=10001,gid=10001,mode=0770", "--tmpfs", "/state:uid=10001,gid=10001")
    fails("did you mean UNDERSTUDY_LOG_LEVEL", *sockets, "--tmpfs", "/store:uid=10001,gid=10001", "-e", "UNDERSTUDY_LOG_LEVLE=debug", healthy=True)
    fails("/run/secrets/nothing", *sockets, "-e", "OPENAI_API_KEY_FILE=/run/secrets/nothing", "-e", "UNDERSTUDY_IMAGE_PROVIDERS=openai", command="imagegen")
    fails("UNDERSTUDY_DASHBOARD_TOKEN_FILE", *sockets, "-e", "UNDERSTUDY_DASHBOARD_LISTEN=0.0.0.0:8686", command="dashboard")
    step("a volume of another user, a misspelt setting, a missing secret and a page without a token are logged in one line each")
    for command in ("clipper", "stitcher", "imagegen", "orchestrator"):
        fails("the store /store is full", *sockets, "--tmpfs", "/store:uid=10001,gid=10001,size=8m", command=command)
    fails("the store /store is read-only", *sockets, "-v", PROJECT + "_store:/store:ro")
    fails("the store /store cannot be written by user 10001", *sockets, "--tmpfs", "/store:uid=0,gid=0,mode=0755")
    step("a store that is full, read-only or of another user makes its services unhealthy, with one line each")
    # Two stacks with the same volume of sockets, or of jobs.
    own, others = ("--tmpfs", "/state:uid=10001,gid=10001"), ("--tmpfs", "/run/understudy:uid=10001,gid=10001,mode=0770")
    fails("another orchestrator serves in /run/understudy", *own, "-v", PROJECT + "_sockets:/run/understudy", command="orchestrator")
    fails("another orchestrator uses this job store", *others, "-v", PROJECT + "_state:/state", command="orchestrator")
    wait_for_films([start("undisturbed")])
    step("a second stack on the volumes of the first is rejected with one line, and the first one goes on")


def page_for_other_machines():
    """The page for other machines accepts its host names, with the token of the file."""
    file = os.path.join(tempfile.mkdtemp(), "token")
    with open(file, "w") as token:
        token.write("of-the-test\n")
    environment.update(PAGE_ADDRESS="127.0.0.1", PAGE_OPEN_PORT=str(PORT + 1), PAGE_HOSTS="films.example", PAGE_TOKEN=file)
    compose("--profile", "dashboard", "up", "-d", "--no-recreate", "--scale", "demo=0")

    def is_protected():
        try:
            return page_status(PORT + 1, Host="films.example") == 401
        except OSError:
            return False
    until(is_protected, "the page requires the token")
    assert page_status(PORT + 1, Host="films.example", Authorization="Bearer of-the-test") == 200
    assert page_status(PORT + 1, Host="other.example", Authorization="Bearer of-the-test") == 401
    compose("--profile", "dashboard", "stop", "page")
    step("the page for other machines accepts its host names with the token only")


def cloud():
    """With cloud.yml every service has an outgoing network, and the keys of its providers."""
    folder = tempfile.mkdtemp()
    for name, text in (("openai", "sk-of-the-test"), ("replicate", ""), ("aws", "")):
        with open(os.path.join(folder, name), "w") as file:
            file.write(text)
        os.chmod(file.name, 0o644)
    environment.update(COMPOSE_FILE="docker-compose.yml:cloud.yml", OPENAI_KEY=folder + "/openai", REPLICATE_KEY=folder + "/replicate", AWS_CREDENTIALS=folder + "/aws")
    compose("up", "-d", "--scale", "demo=0")
    until(lambda: all(json.loads(docker("inspect", containers(name)[0]))[0]["State"]["Health"]["Status"] == "healthy" for name in SERVICES),
          "every service is healthy")
    for service in SERVICES:
        networks = json.loads(docker("inspect", containers(service)[0]))[0]["NetworkSettings"]["Networks"]
        assert list(networks) == [PROJECT + "_out"], "%s: %s" % (service, networks)
    # Containers of that network cannot reach each other, although the page listens on all addresses.
    address = networks[PROJECT + "_out"]["IPAddress"]
    reach = ("run", "--rm", "--entrypoint", "socat", "--network")
    tried = run("docker", *reach, PROJECT + "_out", "understudy/understudy", "-u", "/dev/null", "TCP:%s:8686,connect-timeout=2" % address, check=False)
    assert tried.returncode and "imed out" in tried.stderr, tried
    providers = json.loads(understudy("call", "imagegen", "imagegen.providers"))
    assert {each["name"] for each in providers["providers"]} == {"card", "openai"}, providers
    wait_for_films([start("clouded")])
    # The doctor has that network too, and reports that OpenAI cannot be reached.
    report = compose("--profile", "cloud", "run", "--rm", "-T", "doctor", check=False).stdout
    assert "openai:" in report and "replicate:" not in report, report
    step("with cloud.yml the services have an outgoing network, not to each other, and their keys; the doctor uses them")


class Bucket:
    """S3, STS and CloudWatch Logs on an address that containers can reach. Every request must be signed with the right keys."""

    def __init__(self, address):
        python, script = os.path.join(HERE, "../../.venv/bin/python"), os.path.join(HERE, "../StandIns/aws.py")
        self.process = subprocess.Popen([python, "-B", script, "--address", address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = json.loads(self.process.stdout.readline())["url"]

    def send(self, command):
        """Sends a command to the stand-in. Returns the reply."""
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert not (isinstance(answer, dict) and answer.get("error")), answer
        return answer

    def call(self, service, name, **arguments):
        """Calls boto3."""
        return self.send({"service": service, "call": name, "args": arguments})

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=20)


def bucket_store():
    """With a bucket as the store, every service that uses it has the credentials."""
    bucket = Bucket(docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", PROJECT + "_out"))
    try:
        films_in_bucket(bucket)
    finally:
        bucket.close()


def films_in_bucket(bucket):
    """Every service reads or writes the bucket."""
    folder = tempfile.mkdtemp()
    bucket.send({"keys": {"AKIASTACK": "the-secret-of-the-stack"}})
    files = {
        "aws": "[default]\naws_access_key_id = AKIASTACK\naws_secret_access_key = the-secret-of-the-stack\n",
        "settings": "UNDERSTUDY_STORE=s3://films/stack\nUNDERSTUDY_LOG_SINKS=file,cloudwatch\nAWS_REGION=us-east-1\nAWS_ENDPOINT_URL=%s\n" % bucket.url,
    }
    for name, text in files.items():
        with open(os.path.join(folder, name), "w") as file:
            file.write(text)
        os.chmod(file.name, 0o644)
    environment.update(AWS_CREDENTIALS=folder + "/aws", SETTINGS=folder + "/settings")
    # The second job's lead delivers a film from the bucket, where the first job has stored it.
    lead = {"calls": [{"match": {"session_id": "by-lead"}, "steps": [{"video": "s3://films/stack/lead.mp4", "cost_usd": 0.1}]},
                      {"steps": [{"fail": {"kind": "quota_exhausted", "message": "no credit"}}]}]}
    docker("run", "--rm", "--network", "none", "-v", PROJECT + "_store:/store", "--entrypoint", "sh", "understudy/understudy", "-c",
           "echo '%s' > /store/lead.json" % json.dumps(lead))
    environment["UNDERSTUDY_AGENT5_SCRIPT"] = "/store/lead.json"
    compose("up", "-d", "--scale", "demo=0")
    until(lambda: all(json.loads(docker("inspect", containers(name)[0]))[0]["State"]["Health"]["Status"] == "healthy" for name in SERVICES),
          "every service is healthy with a bucket", 60)
    # The orchestrator, imagegen, clipper and stitcher write to the bucket.
    job = start("in-bucket")
    wait_for_films([job])
    home = "stack/scaffold_test/web/in-bucket/agent5/"
    keys = {each["Key"] for each in bucket.call("s3", "list_objects_v2", Bucket="films", Prefix=home)["Contents"]}
    assert {home + name for name in ("s0.png", "s0_clip.mp4", "final.mp4", "receipt.json")} <= keys, keys
    # The dashboard reads the film.
    assert page("GET", "/api/jobs/%s/film" % job)[4:8] == b"ftyp"
    # agent5 reads the film of its script.
    bucket.call("s3", "copy_object", Bucket="films", Key="stack/lead.mp4", CopySource={"Bucket": "films", "Key": home + "final.mp4"})
    # Earlier steps have opened the breaker of the lead.
    page("POST", "/api/breakers/agent5", {"action": "reset"})
    job = start("by-lead")
    wait_for_films([job])
    receipt = page("GET", "/api/jobs/%s/receipt" % job)
    assert not receipt.get("takeover"), receipt
    # The logger has the credentials of CloudWatch Logs.
    def log_groups():
        return bucket.call("logs", "describe_log_groups")["logGroups"]
    assert until(log_groups, "the logger creates its log group")[0]["logGroupName"] == "/pipeline/agent6"
    # The doctor has the credentials too.
    report = compose("--profile", "cloud", "run", "--rm", "-T", "doctor", check=False).stdout
    assert "ok    credentials: environment: skipped" in report and "profile: used, profile default" in report, report
    assert "ok    store: s3://films/stack is writable" in report and "the-secret-of-the-stack" not in report, report
    step("with a bucket each service has the credentials: stills, clips, films, the lead's film, the page and the log")


def removal():
    """`down` removes containers, volumes and networks."""
    compose("--profile", "cloud", "--profile", "dashboard", "--profile", "debug", "--profile", "drill", "down", "-v", "--timeout", "45")
    for kind in (["ps", "-aq"], ["volume", "ls", "-q"], ["network", "ls", "-q"]):
        left = docker(*kind, "--filter", "label=com.docker.compose.project=" + PROJECT)
        assert not left, left
    step("down: no container, volume or network is left")


try:
    for test in (
        image_sizes, demo, replicas_listed, privileges, scaling, kills, rolling_restart, documented_calls, abandoned_socket, drill, misconfiguration,
        page_for_other_machines, cloud, bucket_store, removal,
    ):
        test()
except BaseException:
    for name in SERVICES:
        print(run("docker-compose", "logs", "--no-color", "--tail", "30", name, check=False).stdout, file=sys.stderr)
    run("docker", "rm", "-f", OBSERVER, PROJECT + "-tap", PROJECT + "-socat", check=False)
    run("docker-compose", "--profile", "cloud", "--profile", "dashboard", "--profile", "debug", "--profile", "drill", "down", "-v", "--timeout", "5", check=False)
    raise

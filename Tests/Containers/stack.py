#!/usr/bin/env python3
"""The stack of compose/docker-compose.yml in a real Docker engine, as its users treat it: stack.py. Each step says what it has seen; ends with
1 at the first that is not as it should be, after the services' logs. The images must be there: scripts/images.sh.
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
# A container that looks at the sockets while others come and go.
EYE = PROJECT + "-eye"
environment = dict(os.environ, PAGE_PORT=str(PORT), COMPOSE_PROJECT_NAME=PROJECT, SETTINGS=".env.example")
began = time.time()


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
    """Ids of those that run, in short."""
    label = ["--filter", "label=com.docker.compose.service=%s" % service] if service else []
    return docker("ps", "-q", "--filter", "label=com.docker.compose.project=" + PROJECT, *label).split()


def step(text):
    print("stack: %5.1f s: %s" % (time.time() - began, text), flush=True)


def until(condition, what, seconds=30):
    end = time.time() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.time() < end, "not within %d s: %s" % (seconds, what)
        time.sleep(0.2)


def asked(port, **headers):
    """-> the status of the page there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/api/jobs", headers=headers)
    return connection.getresponse().status


def page(method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=20)
    connection.request(method, path, json.dumps(body) if body is not None else None, {"Authorization": "Bearer understudy", "X-Understudy": "1"})
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status < 300, "%s %s: %d %s" % (method, path, answer.status, text)
    return json.loads(text) if text.startswith(b"{") else text


def begin(session, segments=3):
    board = {"segments": [{"id": "s%d" % n, "duration": 1, "visual_guidance": "A hill, number %d" % n} for n in range(segments)]}
    return page("POST", "/api/jobs", {"session_id": session, "pipeline_data": {"storyboard": board}, "options": {"width": 640, "height": 360}})["job_id"]


def finished(jobs, seconds=120):
    """Waits for jobs; all must have their film."""
    left = set(jobs)
    end = time.time() + seconds
    while left:
        for job in list(left):
            try:
                view = page("GET", "/api/jobs/" + job)
            except (OSError, AssertionError, http.client.HTTPException):
                # The page or the orchestrator is being started again.
                time.sleep(0.2)
                continue
            assert view["state"] not in ("error", "cancelled"), view
            if view["state"] == "finished":
                left.discard(job)
        assert time.time() < end, "%d of %d jobs have no film after %d s" % (len(left), len(jobs), seconds)
        time.sleep(0.2)


def tool(*words, entrypoint=None, **more):
    chosen = ["--entrypoint", entrypoint] if entrypoint else []
    return compose("--profile", "debug", "run", "--rm", "-T", *chosen, "debug", *words, **more).stdout


def sized():
    """Who needs no media libraries has none, and is small beside the base that all stand on."""
    size = lambda image: int(docker("image", "inspect", "-f", "{{.Size}}", image))
    base = size("debian:bookworm-slim")
    own = {service: (size("understudy/" + service) - base) / 1e6 for service in SERVICES}
    for service in SERVICES:
        libraries = docker("run", "--rm", "--network", "none", "--entrypoint", "ls", "understudy/" + service, "/usr/lib/x86_64-linux-gnu")
        assert ("libavcodec" in libraries) == (service in ("clipper", "stitcher", "agent5")), service
        labels = json.loads(docker("image", "inspect", "-f", "{{json .Config.Labels}}", "understudy/" + service))
        assert labels["org.opencontainers.image.title"] == "Understudy", labels
    for service in ("orchestrator", "logger", "imagegen"):
        assert own[service] < 120, "%s has %.0f MB of its own" % (service, own[service])
    step("MB beside the base of %.0f: %s" % (base / 1e6, ", ".join("%s %.0f" % pair for pair in own.items())))


def demo():
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
    step("up with three imagegens and two clippers; the demo's film of 60 s decodes, and the page is there")


def seen():
    """`understudy ps` within the stack shows every replica by its container's id."""
    shown = tool("ps")
    for service in SERVICES:
        for container in containers(service):
            assert container in shown, "%s %s is not in\n%s" % (service, container, shown)
    step("understudy ps shows all %d replicas by their containers' ids" % len(containers()))


def locked():
    """Nobody is root, nobody writes outside the volumes, and who has no network has none."""
    for service in SERVICES:
        for container in containers(service):
            facts = json.loads(docker("inspect", container))[0]
            assert facts["HostConfig"]["ReadonlyRootfs"] and facts["HostConfig"]["CapDrop"] == ["ALL"], service
            for pid in docker("top", container, "-eo", "pid").split()[1:]:
                try:
                    with open("/proc/%s/status" % pid) as status:
                        text = status.read()
                except FileNotFoundError:
                    # A check of the container's health, which is over.
                    continue
                users = [line.split()[1:] for line in text.splitlines() if line.startswith(("Uid:", "Gid:"))]
                assert all(user == "10001" for line in users for user in line), "%s: %s" % (service, users)
                assert "CapEff:\t0000000000000000" in text and "NoNewPrivs:\t1" in text, service
                with open("/proc/%s/net/dev" % pid) as devices:
                    names = {line.split(":")[0].strip() for line in devices.readlines()[2:]}
                assert names == ({"lo", "eth0"} if service == "dashboard" else {"lo"}), "%s: %s" % (service, names)
            # The engine's own init is all that was put there.
            changed = {line.split(" ", 1)[1] for line in docker("diff", container).splitlines()}
            assert changed <= {"/usr", "/usr/sbin", "/usr/sbin/docker-init"}, "%s: %s" % (service, changed)
    step("no process is root or has a capability, nothing is written outside the volumes, only the page has a network")


def scaled():
    """Twenty jobs, while replicas come, go and are killed."""
    compose("up", "-d", "--no-recreate", "--scale", "imagegen=1", "--scale", "clipper=1", "--scale", "demo=0")
    docker("run", "-d", "--name", EYE, "--network", "none", "-v", PROJECT + "_sockets:/run/understudy", "--entrypoint", "sleep", "understudy/understudy", "600")
    jobs = [begin("load-%d" % number, 12) for number in range(20)]
    old = containers("imagegen") + containers("clipper")
    watch = Watch()
    watch.start()
    compose("up", "-d", "--no-recreate", "--scale", "imagegen=3", "--scale", "clipper=2", "--scale", "demo=0")
    new = [name for service in ("imagegen", "clipper") for name in containers(service) if name not in old]
    until(lambda: all(name in watch.ages for name in new), "every new replica is called", 20)
    watch.isOver = True
    watch.join()
    waits = [watch.ages[name] for name in new]
    assert len(new) == 3, new
    step("20 jobs run; new replicas were called at most %.1f s after they began to serve" % max(waits))
    down = threading.Thread(target=lambda: compose("up", "-d", "--no-recreate", "--scale", "imagegen=1", "--scale", "clipper=1", "--scale", "demo=0"))
    down.start()
    finished(jobs)
    down.join()
    docker("rm", "-f", EYE)
    assert len(containers("imagegen")) == len(containers("clipper")) == 1
    for job in jobs:
        receipt = page("GET", "/api/jobs/%s/receipt" % job)
        lost = [attempt for attempt in receipt["attempts"] if attempt["agent"] == "Agent6" and attempt.get("error")]
        assert not lost, "a call was lost while replicas were drained: %s" % lost
    step("replicas were taken away again; all 20 films are made, and no call was lost")


class Watch(threading.Thread):
    """Notes how old each replica is, in seconds, when it is first seen with a call."""

    script = ("for socket in /run/understudy/imagegen/*.sock /run/understudy/clipper/*.sock; do"
              " echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"rpc.stats\"}' | socat -t 2 - UNIX-CONNECT:$socket; done")

    def __init__(self):
        super().__init__()
        self.ages, self.isOver = {}, False

    def run(self):
        while not self.isOver:
            for line in docker("exec", EYE, "sh", "-c", self.script, check=False).splitlines():
                stats = json.loads(line)["result"]
                if stats["in_flight"] or any(each["calls"] for name, each in stats["methods"].items() if not name.startswith("rpc.")):
                    self.ages.setdefault(stats["instance"], stats["uptime_s"])


def killed():
    """One container of each service is killed while jobs run, the orchestrator too, and started again."""
    for service in ("imagegen", "clipper", "stitcher", "logger", "agent5", "dashboard", "orchestrator"):
        jobs = [begin("kill-%s-%d" % (service, number)) for number in range(2)]
        time.sleep(0.5)
        container = containers(service)[0]
        docker("kill", "-s", "KILL", container)
        docker("start", container)
        finished(jobs)
    step("one container of each service was killed in the middle of jobs: all their films are made")


def talked():
    """The conversations of compose/README.md."""
    name = containers("clipper")[0]
    assert "clipper/%s.sock" % name in tool("-c", "ls /run/understudy/*/*.sock", entrypoint="sh")
    ask = lambda line, socket: tool("-c", "echo '%s' | socat -t 5 - UNIX-CONNECT:/run/understudy/%s" % (line, socket), entrypoint="sh")
    health = json.loads(ask('{"jsonrpc":"2.0","id":1,"method":"rpc.health"}', "clipper/%s.sock" % name))
    assert health["result"]["instance"] == name and health["result"]["status"] == "serving", health
    assert "card" in tool("call", "imagegen", "imagegen.providers")
    # The fallback by force: the lead is not even asked.
    assert "open" in tool("breaker", "agent5", "open")
    job = begin("forced")
    finished([job])
    receipt = page("GET", "/api/jobs/%s/receipt" % job)
    assert "breaker" in json.dumps(receipt["takeover"]), receipt["takeover"]
    assert "closed" in tool("breaker", "agent5", "reset")
    assert job in tool("watch", job)
    tapped(name)
    # One replica is drained.
    jobs = [begin("drained-%d" % number, 6) for number in range(3)]
    docker("stop", "-t", "45", name)
    assert json.loads(docker("inspect", name))[0]["State"]["ExitCode"] == 0
    docker("start", name)
    finished(jobs)
    step("the conversations of compose/README.md: sockets, health, a call, a forced fallback, a tap, a drain")


def tapped(name):
    """A socket in between shows what is said to a replica; the replica has its own name again afterwards."""
    behind, front = "/run/understudy/clipper/%s.behind" % name, "/run/understudy/clipper/%s.sock" % name
    script = "mv %s %s && exec socat -v UNIX-LISTEN:%s,fork,mode=660 UNIX-CONNECT:%s" % (front, behind, front, behind)
    tap = PROJECT + "-tap"
    docker("run", "-d", "--name", tap, "--network", "none", "-v", PROJECT + "_sockets:/run/understudy", "--entrypoint", "sh", "understudy/understudy", "-c", script)
    try:
        ask = lambda: "serving" in tool("call", "clipper", "rpc.health", check=False)
        until(ask, "the replica behind the tap answers")
        said = run("docker", "logs", tap)
        assert '"method":"rpc.health"' in said.stdout + said.stderr, said
    finally:
        docker("rm", "-f", tap)
        tool("-c", "mv %s %s" % (behind, front), entrypoint="sh")
    until(ask, "the replica answers by its own name")


def replaced():
    """A container that was killed and removed leaves a socket; the next one takes it away, and says so."""
    name = containers("clipper")[0]
    docker("kill", "-s", "KILL", name)
    docker("rm", name)
    assert name in tool("ps")
    compose("up", "-d", "--no-recreate", "--scale", "imagegen=1", "--scale", "clipper=1", "--scale", "demo=0")
    new = containers("clipper")[0]
    until(lambda: "instance=%s" % name in run("docker", "logs", new).stderr, "the new clipper says whose socket it took away")
    assert name not in tool("ps")
    finished([begin("replaced")])
    step("the socket of a container that is no more is taken away by the next one")


def drilled():
    result = compose("--profile", "drill", "run", "--rm", "-T", "drill", check=False)
    assert result.returncode == 0 and "all 19 passed" in result.stdout, result.stdout + result.stderr
    step("the drill passes in a container without a network")


def misconfigured():
    """What is wrong is said in a line of the right service's log, and the container is not healthy."""
    def fails(words, *options, command="clipper", healthy=False):
        container = docker("run", "-d", "--network", "none", "--read-only", "--tmpfs", "/tmp", "--health-interval", "500ms", "--health-start-period", "1ms",
                           *options, "understudy/" + command)
        try:
            # Both the engine's view and the log settle within a moment.
            def settled():
                state = json.loads(docker("inspect", container))[0]["State"]
                said = run("docker", "logs", container)
                lines = [line for line in (said.stdout + said.stderr).splitlines() if words in line]
                health = state["Health"]["Status"] if state["Running"] else "unhealthy" if state["ExitCode"] else "ended"
                return len(lines) == 1 and health == ("healthy" if healthy else "unhealthy")
            until(settled, "%s in the log of %s: %s" % (words, command, run("docker", "logs", container).stderr), 15)
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
    step("a volume of somebody else's, a misspelt setting, a missing secret and a page without a token are told in one line each")
    for command in ("clipper", "stitcher", "imagegen", "orchestrator"):
        fails("the store /store is full", *sockets, "--tmpfs", "/store:uid=10001,gid=10001,size=8m", command=command)
    fails("the store /store is read-only", *sockets, "-v", PROJECT + "_store:/store:ro")
    fails("the store /store cannot be written by user 10001", *sockets, "--tmpfs", "/store:uid=0,gid=0,mode=0755")
    step("a store that is full, read-only or somebody else's makes its services unhealthy, with a line each")
    # Two stacks on one volume: that of the sockets, and that of the jobs.
    own, others = ("--tmpfs", "/state:uid=10001,gid=10001"), ("--tmpfs", "/run/understudy:uid=10001,gid=10001,mode=0770")
    fails("another orchestrator serves in /run/understudy", *own, "-v", PROJECT + "_sockets:/run/understudy", command="orchestrator")
    fails("another orchestrator uses this job store", *others, "-v", PROJECT + "_state:/state", command="orchestrator")
    finished([begin("undisturbed")])
    step("a second stack on the volumes of the first is refused, with a line, and the first one goes on")


def widened():
    """The page for other machines: by its names, for who has the token of the file."""
    file = os.path.join(tempfile.mkdtemp(), "token")
    with open(file, "w") as token:
        token.write("of-the-test\n")
    environment.update(PAGE_ADDRESS="127.0.0.1", PAGE_OPEN_PORT=str(PORT + 1), PAGE_HOSTS="films.example", PAGE_TOKEN=file)
    compose("--profile", "dashboard", "up", "-d", "--no-recreate", "--scale", "demo=0")

    def answers():
        try:
            return asked(PORT + 1, Host="films.example") == 401
        except OSError:
            return False
    until(answers, "the page asks for the token")
    assert asked(PORT + 1, Host="films.example", Authorization="Bearer of-the-test") == 200
    assert asked(PORT + 1, Host="other.example", Authorization="Bearer of-the-test") == 401
    compose("--profile", "dashboard", "stop", "page")
    step("the page for other machines lets in who has the token, by its names")


def clouded():
    """With cloud.yml every service has a way out, and the keys of what it asks."""
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
    # Nobody on it reaches another, though the page listens for all.
    address = networks[PROJECT + "_out"]["IPAddress"]
    reach = ("run", "--rm", "--entrypoint", "socat", "--network")
    tried = run("docker", *reach, PROJECT + "_out", "understudy/understudy", "-u", "/dev/null", "TCP:%s:8686,connect-timeout=2" % address, check=False)
    assert tried.returncode and "imed out" in tried.stderr, tried
    providers = json.loads(tool("call", "imagegen", "imagegen.providers"))
    assert {each["name"] for each in providers["providers"]} == {"card", "openai"}, providers
    finished([begin("clouded")])
    # The doctor has a way out too. There is no OpenAI here, and it says so.
    said = compose("--profile", "cloud", "run", "--rm", "-T", "doctor", check=False).stdout
    assert "openai:" in said and "replicate:" not in said, said
    step("with cloud.yml the services have a way out, but none to each other, and their keys; the doctor tries them")


class Bucket:
    """S3, STS and CloudWatch Logs on this machine, where containers reach it; every request must be signed by the right keys."""

    def __init__(self, address):
        python, script = os.path.join(HERE, "../../.venv/bin/python"), os.path.join(HERE, "../StandIns/aws.py")
        self.process = subprocess.Popen([python, "-B", script, "--address", address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = json.loads(self.process.stdout.readline())["url"]

    def ask(self, command):
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert not (isinstance(answer, dict) and answer.get("error")), answer
        return answer

    def call(self, service, name, **arguments):
        return self.ask({"service": service, "call": name, "args": arguments})

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=20)


def bucketed():
    """Films in a bucket: every service that touches it has the credentials for that."""
    bucket = Bucket(docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", PROJECT + "_out"))
    try:
        stored(bucket)
    finally:
        bucket.close()


def stored(bucket):
    folder = tempfile.mkdtemp()
    bucket.ask({"keys": {"AKIASTACK": "the-secret-of-the-stack"}})
    files = {
        "aws": "[default]\naws_access_key_id = AKIASTACK\naws_secret_access_key = the-secret-of-the-stack\n",
        "settings": "UNDERSTUDY_STORE=s3://films/stack\nUNDERSTUDY_LOG_SINKS=file,cloudwatch\nAWS_REGION=us-east-1\nAWS_ENDPOINT_URL=%s\n" % bucket.url,
    }
    for name, text in files.items():
        with open(os.path.join(folder, name), "w") as file:
            file.write(text)
        os.chmod(file.name, 0o644)
    environment.update(AWS_CREDENTIALS=folder + "/aws", SETTINGS=folder + "/settings")
    # The second call of agent5 delivers a film that it fetches from the bucket, where the first call's job has put it.
    lead = {"calls": [{"match": {"session_id": "by-lead"}, "steps": [{"video": "s3://films/stack/lead.mp4", "cost_usd": 0.1}]},
                      {"steps": [{"fail": {"kind": "quota_exhausted", "message": "no credit"}}]}]}
    docker("run", "--rm", "--network", "none", "-v", PROJECT + "_store:/store", "--entrypoint", "sh", "understudy/understudy", "-c",
           "echo '%s' > /store/lead.json" % json.dumps(lead))
    environment["UNDERSTUDY_AGENT5_SCRIPT"] = "/store/lead.json"
    compose("up", "-d", "--scale", "demo=0")
    until(lambda: all(json.loads(docker("inspect", containers(name)[0]))[0]["State"]["Health"]["Status"] == "healthy" for name in SERVICES),
          "every service is healthy with a bucket", 60)
    # orchestrator, imagegen, clipper and stitcher.
    job = begin("in-bucket")
    finished([job])
    home = "stack/scaffold_test/web/in-bucket/agent5/"
    keys = {each["Key"] for each in bucket.call("s3", "list_objects_v2", Bucket="films", Prefix=home)["Contents"]}
    assert {home + name for name in ("s0.png", "s0_clip.mp4", "final.mp4", "receipt.json")} <= keys, keys
    # dashboard.
    assert page("GET", "/api/jobs/%s/film" % job)[4:8] == b"ftyp"
    # agent5.
    bucket.call("s3", "copy_object", Bucket="films", Key="stack/lead.mp4", CopySource={"Bucket": "films", "Key": home + "final.mp4"})
    # The scenes before have opened the lead's breaker.
    page("POST", "/api/breakers/agent5", {"action": "reset"})
    job = begin("by-lead")
    finished([job])
    receipt = page("GET", "/api/jobs/%s/receipt" % job)
    assert not receipt.get("takeover"), receipt
    # logger.
    def logged():
        return bucket.call("logs", "describe_log_groups")["logGroups"]
    assert until(logged, "the logger makes its log group")[0]["logGroupName"] == "/pipeline/agent6"
    # doctor, and what the demo stages.
    said = compose("--profile", "cloud", "run", "--rm", "-T", "doctor", check=False).stdout
    assert "ok    credentials: environment: skipped" in said and "profile: used, profile default" in said, said
    assert "ok    store: s3://films/stack is writable" in said and "the-secret-of-the-stack" not in said, said
    step("with a bucket each service that touches it has its credentials: stills, clips, films, the lead's film, the page and the log")


def gone():
    compose("--profile", "cloud", "--profile", "dashboard", "--profile", "debug", "--profile", "drill", "down", "-v", "--timeout", "45")
    for kind in (["ps", "-aq"], ["volume", "ls", "-q"], ["network", "ls", "-q"]):
        left = docker(*kind, "--filter", "label=com.docker.compose.project=" + PROJECT)
        assert not left, left
    step("down: no container, volume or network is left")


try:
    for scene in (sized, demo, seen, locked, scaled, killed, talked, replaced, drilled, misconfigured, widened, clouded, bucketed, gone):
        scene()
except BaseException:
    for name in SERVICES:
        print(run("docker-compose", "logs", "--no-color", "--tail", "30", name, check=False).stdout, file=sys.stderr)
    run("docker", "rm", "-f", EYE, PROJECT + "-tap", check=False)
    run("docker-compose", "--profile", "cloud", "--profile", "dashboard", "--profile", "debug", "--profile", "drill", "down", "-v", "--timeout", "5", check=False)
    raise

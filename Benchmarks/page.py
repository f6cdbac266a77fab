#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the page: its first paint, the time from a message to the screen, many watchers, and files and ranges against nginx.

Starts the built dashboard: for the first paint with the real orchestrator, whose agents fail at once, so that 1,000 jobs end
quickly; otherwise with an orchestrator in this script, which records when it sends each message. Exits with 1 if a bound is missed.

  page.py [SECTION...]   paint, pixels, watchers, files; all if none is named
"""

import http.client, http.server, json, os, random, re, select, shutil, socket, statistics, subprocess, sys, tempfile, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = f"{HERE}/../.venv/bin/python"
if os.path.realpath(sys.prefix) != os.path.realpath(f"{HERE}/../.venv"):
    os.execv(PYTHON, [PYTHON, __file__, *sys.argv[1:]])

from playwright.sync_api import sync_playwright  # noqa: E402

RELEASE = f"{HERE}/../.build/release"
folder = tempfile.mkdtemp(prefix="us-bench-", dir="/tmp")
children, missed = [], []


def report(what, value, unit, bound):
    is_within = value <= bound
    missed.extend([] if is_within else [what])
    print(f"bench: {what}: {value:.4g} {unit}, bound {bound:g} {unit}{'' if is_within else ', MISSED'}", flush=True)


def wait_for(condition, seconds=30):
    end = time.time() + seconds
    while not condition():
        if time.time() > end:
            raise SystemExit("bench: a started process does not respond")
        time.sleep(0.02)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Peer:
    """A service in a run directory, served by this script."""

    def __init__(self, run, service, answer):
        self.connections, self.answer = [], answer
        os.makedirs(f"{run}/{service}")
        server = socket.socket(socket.AF_UNIX)
        server.bind(f"{run}/{service}/py.sock")
        server.listen(1024)
        threading.Thread(target=self.accept, args=(server,), daemon=True).start()

    def accept(self, server):
        while True:
            threading.Thread(target=self.answer_all, args=(server.accept()[0],), daemon=True).start()

    def answer_all(self, connection):
        for call in map(json.loads, connection.makefile()):
            if "id" not in call:
                continue
            reply = HEALTH if call["method"] == "rpc.health" else self.answer(call)
            connection.sendall(json.dumps({"jsonrpc": "2.0", "id": call["id"], **reply}).encode() + b"\n")
            if call["method"] == "orchestrator.watch" and "after_seq" in call["params"]:
                self.connections.append(connection)


HEALTH = {"result": {"service": "x", "instance": "py", "status": "serving", "version": "1", "uptime_s": 1, "in_flight": 0, "capacity": 64}}
REFUSAL = {"error": {"code": -32014, "message": "refused", "data": {"kind": "content_rejected"}}}


def start(service, run, **more):
    environment = dict(os.environ, UNDERSTUDY_RUN_DIR=run, UNDERSTUDY_STATE_DIR=f"{run}-state", UNDERSTUDY_STORE=f"file://{folder}/store",
                       UNDERSTUDY_INSTANCE="one", **more)
    process = subprocess.Popen([f"{RELEASE}/{service}"], env=environment, stderr=subprocess.DEVNULL)
    children.append(process)
    wait_for(lambda: os.path.exists(f"{run}/{service}/one.sock"))
    return process


def dashboard(run):
    """Starts a dashboard. Returns the process and its port."""
    port = free_port()
    process = start("dashboard", run, UNDERSTUDY_DASHBOARD_LISTEN=f"127.0.0.1:{port}")
    return process, port


def get(port, path, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    return response, response.read()


class Bare(http.server.BaseHTTPRequestHandler):
    """A minimal page for comparison."""

    def __init__(self, *request):
        if request:
            return super().__init__(*request)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bare)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{server.server_port}/"

    def do_GET(self):
        isPage = self.path == "/"
        body = b'<!doctype html><link rel=stylesheet href=a.css><h1>Jobs</h1>' if isPage else b"h1 { color: navy }"
        self.send_response(200)
        self.send_header("Content-Type", "text/html" if isPage else "text/css")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Stage:
    """A dashboard and an orchestrator with one job, whose messages this script sends."""

    agents = ["Agent2", "Agent4", "Agent5", "Agent6"]

    def __init__(self, name):
        self.run, self.seq = f"{folder}/{name}", 0
        self.peer = Peer(self.run, "orchestrator", self.answer)
        self.process, self.port = dashboard(self.run)
        wait_for(lambda: self.peer.connections)

    def view(self):
        view = {"status": "processing", "message": "working", "cost": 0.01}
        return {"job_id": "job-1", "user_id": "u", "session_id": "s", "state": "running",
                "created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-01T00:00:00.000Z",
                "agents": {name: dict(view, status="error" if name == "Agent5" else "processing") for name in self.agents},
                "segments": [], "progress": {"done": 0, "total": 10, "fraction": 0}, "costs": {"total": 0.04}, "warnings": []}

    def answer(self, call):
        if call["method"] == "orchestrator.watch":
            return {"result": {"seq": self.seq, "jobs": [self.view()]}}
        return {"result": self.view()} if call["method"] == "orchestrator.status" else REFUSAL

    def send(self, agent, text, state="running", status="processing"):
        """Sends one message. Returns the time in milliseconds since 1970."""
        self.seq += 1
        message = {"v": 1, "seq": self.seq, "ts": "2026-01-01T00:00:00.000Z", "jobId": "job-1", "userId": "u", "sessionId": "s",
                   "agentNumber": agent, "status": status, "message": text, "progress": {"done": 1, "total": 10, "fraction": 0.1},
                   "cost": 0.01, "costs": {"total": 0.04}, "jobState": state}
        line = json.dumps({"jsonrpc": "2.0", "method": "orchestrator.event", "params": message}).encode() + b"\n"
        at = time.time() * 1000
        for connection in self.peer.connections:
            connection.sendall(line)
        return at


def paint(browser):
    run = f"{folder}/paint"
    for service in ("agent5", "imagegen"):
        Peer(run, service, lambda call: REFUSAL)
    start("orchestrator", run)
    _, port = dashboard(run)
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(f"{run}/orchestrator/one.sock")
    replies = connection.makefile()
    board = {"segments": [{"id": f"s{n}", "duration": 1, "visual_guidance": "x"} for n in range(4)]}
    for number in range(1000):
        request = {"jsonrpc": "2.0", "id": 1, "method": "orchestrator.start",
                   "params": {"user_id": f"u{number % 20}", "session_id": f"s{number}", "pipeline_data": {"storyboard": board}}}
        connection.sendall(json.dumps(request).encode() + b"\n")
        assert "result" in json.loads(replies.readline())
    count = lambda: sum(float(line.split()[1]) for line in get(port, "/metrics")[1].decode().splitlines() if line.startswith('understudy_jobs{state="error"'))
    wait_for(lambda: count() == 1000, 120)
    bare = Bare()
    first = "performance.getEntriesByName('first-contentful-paint')[0].startTime"

    def first_paint(page, url):
        page.goto(url)
        page.wait_for_timeout(400)
        return page.evaluate(first)

    def cold(url):
        context = browser.new_context()
        paint = first_paint(context.new_page(), url)
        context.close()
        return paint

    ours = f"http://127.0.0.1:{port}/"
    pairs = [(cold(ours), cold(bare.url)) for _ in range(9)]
    tab = browser.new_context().new_page()
    again = [first_paint(tab, ours) for _ in range(10)][1:]
    report("first paint with 1,000 jobs in a tab that was open, median of 9", statistics.median(again), "ms", 100)
    mine, peer = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
    print(f"bench: the same in a browser without a cache, median of 9: {mine:.0f} ms; a page of one line and a style sheet from"
          f" Python's http.server: {peer:.0f} ms")
    tab.goto(ours)
    tab.wait_for_selector("tbody tr")
    print(f"bench: until the rows of the list are shown: {tab.evaluate('performance.now()'):.0f} ms")
    page = get(port, "/")[1]
    files = {"/": page}
    while new := [name for body in list(files.values()) for name in names_in(body) if name not in files]:
        for name in new:
            files[name] = get(port, name)[1]
    report("weight of the page's files", sum(map(len, files.values())) / 1000, "kB", 150)
    packed = sum(len(get(port, name, **{"Accept-Encoding": "gzip"})[1]) for name in files)
    print(f"bench: the same with gzip: {packed / 1000:.1f} kB")


def names_in(body):
    return {name.decode() for name in re.findall(rb'"(/assets/[a-z.]+)"', body)}


def pixels(browser):
    stage = Stage("pixels")
    page = browser.new_context().new_page()
    page.goto(f"http://127.0.0.1:{stage.port}/jobs/job-1")
    page.wait_for_selector("[data-agent=Agent6]:not([hidden])")
    page.evaluate("""() => {
      window.seen = {};
      new MutationObserver(() => {
        const text = document.querySelector("[data-agent=Agent6] .message").textContent;
        // When the next frame begins, the change is on the screen.
        requestAnimationFrame(() => { const channel = new MessageChannel(); channel.port1.onmessage = () => { seen[text] ??= performance.timeOrigin + performance.now(); }; channel.port2.postMessage(0); });
      }).observe(document.querySelector("[data-agent=Agent6]"), { subtree: true, childList: true, characterData: true });
    }""")
    sent = {}
    for number in range(120):
        sent[f"step {number}"] = stage.send("Agent6", f"step {number}")
        page.wait_for_timeout(230 + random.random() * 60)
    page.wait_for_timeout(500)
    seen = page.evaluate("seen")
    waits = sorted(seen[text] - at for text, at in sent.items() if text in seen)
    if len(waits) < 115:
        missed.append("messages that were not shown")
    print(f"bench: from the orchestrator's socket to the screen, {len(waits)} messages: median {statistics.median(waits):.1f} ms, longest {waits[-1]:.1f} ms")
    report("the same, p95", waits[int(len(waits) * 0.95)], "ms", 50)
    page.context.close()


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak(pid):
    """The peak of resident memory in MiB."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def watchers(browser):
    stage = Stage("watchers")
    crowd = []
    for _ in range(500):
        peer = socket.create_connection(("127.0.0.1", stage.port))
        peer.sendall(b"GET /ws?job=job-1 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n" % stage.port)
        crowd.append(peer)
    tails, counts, isOver = {}, {}, False
    poll = select.epoll()
    by_number = {peer.fileno(): peer for peer in crowd}
    for number in by_number:
        poll.register(number, select.EPOLLIN)

    def read():
        while not isOver:
            for number, _ in poll.poll(0.2):
                part = by_number[number].recv(1 << 16)
                counts[number] = counts.get(number, 0) + part.count(b'"jobId"')
                tails[number] = (tails.get(number, b"") + part)[-4000:]

    reader = threading.Thread(target=read)
    reader.start()
    wait_for(lambda: len(tails) == 500)
    time.sleep(1)
    before, began, count = cpu_seconds(stage.process.pid), time.time(), 0
    while time.time() < began + 20:
        stage.send(stage.agents[count % 4], f"step {count}")
        count += 1
        time.sleep(max(0, began + count / 100 - time.time()))
    elapsed = time.time() - began
    used = cpu_seconds(stage.process.pid) - before
    stage.send("Agent6", "the end", "finished", "finished")
    wait_for(lambda: all(b"the end" in tail for tail in tails.values()), 10)
    isOver = True
    reader.join()
    print(f"bench: 500 watchers of one job, {count / elapsed:.0f} messages a second from the orchestrator, {sum(counts.values()) / 500 / elapsed:.1f} to each watcher; all received the last")
    report("the dashboard's share of one core", 100 * used / elapsed, "%", 50)
    report("its peak of resident memory", peak(stage.process.pid), "MiB", 150)


def real_film():
    """Runs a job on the real services. Returns the dashboard's port, the job and the path of its film."""
    run = f"{folder}/files"
    for service in ("agent5", "imagegen", "clipper", "stitcher", "orchestrator"):
        start(service, run)
    _, port = dashboard(run)
    board = {"segments": [{"id": "s1", "duration": 1, "visual_guidance": "x"}]}
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("POST", "/api/jobs", json.dumps({"pipeline_data": {"storyboard": board}}), {"X-Understudy": "1"})
    job = json.loads(connection.getresponse().read())["job_id"]
    view = lambda: json.loads(get(port, f"/api/jobs/{job}")[1])
    wait_for(lambda: view()["state"] == "finished", 60)
    return port, job, view()["video_url"].removeprefix("file://")


def files(browser):
    mine, job, film = real_film()
    block = os.urandom(1 << 20)
    with open(film, "wb") as file:
        for _ in range(1024):
            file.write(block)
    port = free_port()
    with open(f"{folder}/nginx.conf", "w") as conf:
        conf.write(f"worker_processes 2; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;\nevents {{}}\nhttp {{ access_log off; sendfile on; tcp_nopush on;"
                   f" server {{ listen 127.0.0.1:{port}; root {folder}/store; }} }}\n")
    os.chmod(folder, 0o755)
    children.append(subprocess.Popen(["nginx", "-c", f"{folder}/nginx.conf"], stderr=subprocess.DEVNULL))
    ours, theirs = (mine, f"/api/jobs/{job}/film"), (port, film.removeprefix(f"{folder}/store"))
    wait_for(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)

    def whole(place):
        began = time.perf_counter()
        subprocess.run(["curl", "-sf", "-o", "/dev/null", f"http://127.0.0.1:{place[0]}{place[1]}"], check=True)
        return time.perf_counter() - began

    def ranges(place):
        chosen, began = random.Random(1), time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", place[0])
        for _ in range(200):
            at = chosen.randrange(1023 << 20)
            connection.request("GET", place[1], headers={"Range": f"bytes={at}-{at + (1 << 20) - 1}"})
            response = connection.getresponse()
            assert response.status == 206 and len(response.read()) == 1 << 20
        return time.perf_counter() - began

    for what, measure in (("1 GiB in one piece", whole), ("200 ranges of 1 MiB", ranges)):
        measure(ours), measure(theirs)
        pairs = [(measure(ours), measure(theirs)) for _ in range(7)]
        own, peer = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
        print(f"bench: {what}: {own:.3f} s, nginx {peer:.3f} s")
        report(f"{what}, relative to nginx's time, median of 7 pairs", statistics.median(a / b for a, b in pairs), "times", 1.3)


sections = {"paint": paint, "pixels": pixels, "watchers": watchers, "files": files}
try:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for name in sys.argv[1:] or sections:
            sections[name](chromium)
        chromium.close()
finally:
    for child in children:
        child.terminate()
        child.wait()
    shutil.rmtree(folder, ignore_errors=True)
sys.exit(1 if missed else 0)

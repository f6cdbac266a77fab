# SPDX-License-Identifier: Apache-2.0
"""A stack of the real executables in its own folder, and the invariants that must hold whatever it is sent."""

import glob
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading

SERVICES = ["orchestrator", "imagegen", "clipper", "stitcher", "logger", "agent5", "dashboard"]


class Broken(Exception):
    """An invariant is violated."""


class Stack:
    """`understudy up` below a temporary folder, with a lead that always fails."""

    def __init__(self, executables, memory_mb):
        self.memory_mb = memory_mb
        self.folder = tempfile.mkdtemp(prefix="usf-", dir="/tmp")
        self.store = f"{self.folder}/store"
        os.makedirs(self.store)
        os.makedirs(f"{self.folder}/home")
        script = f"{self.folder}/script.json"
        with open(script, "w") as file:
            json.dump({"calls": [{"steps": [{"fail": {"kind": "quota_exhausted", "message": "no credit"}}]}]}, file)
        self.log = f"{self.folder}/log"
        # Nothing of the developer's settings, proxies and credentials.
        inherited = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
        environment = dict(
            inherited, HOME=f"{self.folder}/home", LC_ALL="C.UTF-8", UNDERSTUDY_RUN_DIR=f"{self.folder}/run",
            UNDERSTUDY_STATE_DIR=f"{self.folder}/state",
            UNDERSTUDY_STORE=f"file://{self.store}", UNDERSTUDY_DASHBOARD_LISTEN="127.0.0.1:0",
            UNDERSTUDY_AGENT5_PROVIDER="scripted", UNDERSTUDY_AGENT5_SCRIPT=script, SWIFT_BACKTRACE="enable=no")
        self.up = subprocess.Popen(
            [f"{executables}/understudy", "up"], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.lines = []
        self.ready = threading.Event()
        self.address = None
        threading.Thread(target=self._read, daemon=True).start()
        if not self.ready.wait(60):
            raise Broken("the stack did not start:\n" + "\n".join(self.lines[-20:]))
        self.pids = {service: self.health(service)["pid"] for service in SERVICES}

    def _read(self):
        with open(self.log, "w") as log:
            for raw in self.up.stdout:
                line = raw.decode(errors="replace").rstrip("\n")
                log.write(line + "\n")
                log.flush()
                self.lines = self.lines[-200:] + [line]
                if "the page is at http://" in line:
                    host, port = line.rsplit("//", 1)[1].rstrip("/").split(":")
                    self.address = (host, int(port))
                if "ready in" in line:
                    self.ready.set()

    def socket_path(self, service):
        paths = sorted(glob.glob(f"{self.folder}/run/{service}/{service}-*.sock"))
        if not paths:
            raise Broken(f"{service} has no socket")
        return paths[0]

    def connect(self, service, timeout=10):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(timeout)
        connection.connect(self.socket_path(service))
        return connection

    def call(self, service, method, params=None, timeout=10):
        """Sends one request. Returns the reply."""
        request = {"jsonrpc": "2.0", "id": "check", "method": method, "params": params or {}}
        with self.connect(service, timeout) as connection:
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as lines:
                for line in lines:
                    reply = json.loads(line)
                    if reply.get("id") == "check":
                        return reply
        raise Broken(f"{service} closed the connection without a reply to {method}")

    def health(self, service):
        """Returns the result of `rpc.health`."""
        try:
            return self.call(service, "rpc.health")["result"]
        except (OSError, KeyError, ValueError) as error:
            raise Broken(f"{service} does not reply to rpc.health: {error!r}") from error

    def memory(self, pid):
        """Returns the resident memory of a process in megabytes; `None` if it has ended."""
        try:
            with open(f"/proc/{pid}/status") as status:
                for line in status:
                    if line.startswith("VmRSS"):
                        return int(line.split()[1]) // 1024
        except OSError:
            return None
        return None

    def check_processes(self):
        """Checks that no process has ended, or uses more memory than the bound."""
        for service, pid in self.pids.items():
            memory = self.memory(pid)
            if memory is None:
                raise Broken(f"{service} ended (pid {pid})")
            if memory > self.memory_mb:
                raise Broken(f"{service} uses {memory} MB, more than {self.memory_mb}")

    def check(self):
        """Checks the processes, and that every service replies."""
        self.check_processes()
        for service in SERVICES:
            health = self.health(service)
            if health["pid"] != self.pids[service]:
                raise Broken(f"{service} was restarted (pid {self.pids[service]}, now {health['pid']})")

    def stop(self):
        self.up.terminate()
        try:
            self.up.wait(60)
        except subprocess.TimeoutExpired:
            self.up.kill()
            raise Broken("the stack did not stop within 60 s of SIGTERM")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

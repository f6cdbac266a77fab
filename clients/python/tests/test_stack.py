# SPDX-License-Identifier: Apache-2.0
"""The client and the examples of its README against the running stack whose run directory is in UNDERSTUDY_RUN_DIR."""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
from typing import Any, Callable, Dict, List, Union
from urllib.parse import unquote, urlparse

from understudy import AsyncClient, Client, ServiceError
from understudy.methods import METHODS, AsyncServices, Services
from understudy.run_directory import RunDirectory

from .drivers import LoopDriver, ThreadDriver

ROOT = pathlib.Path(__file__).resolve().parent.parent
STORYBOARD = {
    "segments": [
        {"id": "seg_001", "duration": 2, "visual_guidance": "A granite lighthouse on a lonely reef at dawn"},
        {"id": "seg_002", "duration": 2, "visual_guidance": "Night storm: great waves break against the tower"},
    ]
}
SERVICES = ["orchestrator", "imagegen", "clipper", "stitcher", "logger", "agent5"]
# The bound of a job and of a program.
PATIENCE_S = 120


def examples() -> List[str]:
    """The Python programs of the README."""
    return re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)


def path_of(uri: str) -> str:
    return unquote(urlparse(uri).path)


needs_stack = unittest.skipUnless(
    os.environ.get("UNDERSTUDY_CLIENT_STACK"), "UNDERSTUDY_CLIENT_STACK is not set: no stack is running")


class Proxy:
    """A replica in a run directory of its own that forwards connections to a service of the stack."""

    def __init__(self, run_dir: str, service: str) -> None:
        directory = RunDirectory()
        instance = sorted(directory.instances(service))[0]
        self._target, _ = directory.socket(service, instance)
        self._sockets: List[socket.socket] = []
        self._threads: List[threading.Thread] = []
        self.connections = 0
        os.makedirs(os.path.join(run_dir, service), mode=0o770)
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.bind(os.path.join(run_dir, service, "proxy.sock"))
        self._server.listen(16)
        self._start(self._accept)

    def cut(self) -> None:
        """Ends all connections."""
        for each in self._sockets:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self) -> None:
        """Ends all connections and accepts no more."""
        self._server.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(PATIENCE_S)
        self.cut()
        for thread in self._threads:
            thread.join(PATIENCE_S)
        for each in [self._server, *self._sockets]:
            each.close()

    def _start(self, target: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            service = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            service.connect(self._target)
            self._sockets += [client, service]
            for source, sink in ((client, service), (service, client)):
                self._start(self._forward, source, sink)

    @staticmethod
    def _forward(source: socket.socket, sink: socket.socket) -> None:
        try:
            while True:
                data = source.recv(1 << 16)
                if not data:
                    break
                sink.sendall(data)
        except OSError:
            pass
        for each in (source, sink):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


@needs_stack
class ReadmeTests(unittest.TestCase):
    """The programs of the README, as they are printed there."""

    def setUp(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="us-")
        self.addCleanup(shutil.rmtree, self.folder)
        with open(os.path.join(self.folder, "storyboard.json"), "w", encoding="utf-8") as file:
            json.dump(STORYBOARD, file)

    def run_program(self, text: str) -> str:
        """Runs a program in a temporary folder. Returns its output."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
        program = subprocess.run(
            [sys.executable, "-c", text], cwd=self.folder, env=environment, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, universal_newlines=True, timeout=PATIENCE_S)
        self.assertEqual((program.returncode, program.stderr), (0, ""), text)
        return program.stdout

    def test_programs_that_make_a_film(self) -> None:
        programs = [text for text in examples() if "orchestrator.watch(" in text]
        self.assertEqual(len(programs), 2)
        for text in programs:
            lines = self.run_program(text).splitlines()
            self.assertIn("Agent5 failed, starting Agent6 fallback...", lines)
            self.assertEqual(lines[-2], "the film is ready (4.0 s)")
            with open(path_of(lines[-1]), "rb") as film:
                self.assertEqual(film.read(8)[4:], b"ftyp")

    def test_other_programs(self) -> None:
        with Client() as client:
            # The program about types shows the newest job.
            client.call("orchestrator", "orchestrator.start", {
                "user_id": "client", "session_id": "types", "pipeline_data": {"storyboard": STORYBOARD}})
        others = [text for text in examples() if "orchestrator.watch(" not in text]
        outputs = {text: self.run_program(text) for text in others}
        self.assertEqual(len(outputs), 4)
        (errors,) = [output for text, output in outputs.items() if "me/you" in text]
        self.assertIn(f"```\n{errors}```", (ROOT / "README.md").read_text(encoding="utf-8"))
        self.assertTrue(os.path.exists(os.path.join(self.folder, "harbour.png")))


@needs_stack
class StackTests(unittest.TestCase):
    """Both kinds of clients and the real services."""

    kind: Any = None

    def setUp(self) -> None:
        self.driver: Union[ThreadDriver, LoopDriver] = self.kind()
        self.addCleanup(self.driver.stop)
        self.client: Any = self.new_client()

    def new_client(self, *arguments: str) -> Any:
        client = self.driver.client(*arguments) if arguments else (AsyncClient() if self.driver.is_async else Client())
        self.addCleanup(self.driver.close, client)
        return client

    def start(self, session: str) -> str:
        """Starts a job. Returns its id."""
        kind = "asyncio" if self.driver.is_async else "blocking"
        job: Dict[str, Any] = self.driver.run(
            self.client.orchestrator.start, user_id="client", session_id=f"{session}-{kind}",
            pipeline_data={"storyboard": STORYBOARD}, options={"width": 320, "height": 180})
        return str(job["job_id"])

    def test_every_method_of_the_services_is_generated(self) -> None:
        kinds = (Services, AsyncServices)
        known = set()
        for name in SERVICES:
            document = self.driver.run(getattr(self.client, name).discover)
            for method in document["methods"]:
                prefix, short = method["name"].split(".", 1)
                names = [short, f"{prefix}_{short}"]
                self.assertTrue(any(hasattr(getattr(self.client, name), each) for each in names), method["name"])
                declared = METHODS[method["name"]]
                self.assertEqual(
                    (declared.is_idempotent, declared.is_light), (method["x-idempotent"], method["x-load"] == "light"),
                    method["name"])
                known.add(method["name"])
        self.assertEqual(known, set(METHODS))
        self.assertIsInstance(self.client, kinds)

    def test_system_methods(self) -> None:
        for name in SERVICES:
            service = getattr(self.client, name)
            health = self.driver.run(service.health, instance=service.replicas()[0])
            self.assertEqual((health["service"], health["status"]), (name, "serving"))
            self.assertIn("methods", self.driver.run(service.stats))
            self.assertIn("# TYPE", self.driver.run(service.metrics)["text"])
            level = self.driver.run(service.loglevel)["level"]
            self.assertEqual(self.driver.run(service.loglevel, level=level)["level"], level)

    def test_invalid_parameter(self) -> None:
        with self.assertRaises(ServiceError) as caught:
            self.driver.run(self.client.orchestrator.start, user_id="client", session_id="s", options={"fps": 31})
        self.assertEqual((caught.exception.kind, caught.exception.pointer), ("invalid_params", "/options/fps"))

    def test_watch_of_an_unknown_job(self) -> None:
        with self.assertRaises(ServiceError) as caught:
            self.driver.collect(self.client.orchestrator.watch(job_id="none"))
        self.assertEqual(caught.exception.kind, "not_found")

    def test_watch_continues_after_its_connection_was_cut(self) -> None:
        run_dir = tempfile.mkdtemp(prefix="us-", dir="/tmp")
        self.addCleanup(shutil.rmtree, run_dir)
        proxy = Proxy(run_dir, "orchestrator")
        self.addCleanup(proxy.close)
        job = self.start("cut")
        watch = self.new_client(run_dir).orchestrator.watch(job_id=job)
        numbers = [self.driver.next(watch)["seq"]]
        proxy.cut()
        numbers += [message["seq"] for message in self.driver.collect(watch)]
        whole = self.driver.collect(self.client.orchestrator.watch(job_id=job))
        self.assertEqual(numbers, [message["seq"] for message in whole])
        self.assertEqual(whole[-1]["jobState"], "finished")
        self.assertGreaterEqual(proxy.connections, 2)

    def test_watch_of_a_job_that_was_retried_ends_with_its_last_message(self) -> None:
        job = self.start("retry")
        first = self.driver.collect(self.client.orchestrator.watch(job_id=job))
        self.driver.run(self.client.orchestrator.retry, job_id=job, only="all")
        second = self.driver.collect(self.client.orchestrator.watch(job_id=job))
        self.assertEqual(second[:len(first)], first)
        self.assertGreater(len(second), len(first))
        self.assertEqual(self.driver.collect(self.client.orchestrator.watch(job_id=job)), second)
        after = self.client.orchestrator.watch(job_id=job, after_seq=second[-1]["seq"])
        self.assertEqual(self.driver.collect(after), [])

    def test_cancelled_job_ends_its_watch(self) -> None:
        job = self.driver.run(
            self.client.orchestrator.start, user_id="client", session_id=f"cancel-{self.driver.is_async}",
            pipeline_data={"storyboard": {"segments": [
                {"id": f"s{number}", "duration": 60, "visual_guidance": "A hill"} for number in range(50)]}})["job_id"]
        watch = self.client.orchestrator.watch(job_id=job)
        self.driver.next(watch)
        self.driver.run(self.client.orchestrator.cancel, job_id=job)
        self.assertEqual(self.driver.collect(watch)[-1]["jobState"], "cancelled")

    def test_fallback_reports_its_messages_as_progress(self) -> None:
        seen: List[Any] = []
        kind = "asyncio" if self.driver.is_async else "blocking"
        result = self.driver.run(
            self.client.orchestrator.agent6_process, user_id="client", session_id=f"fallback-{kind}",
            pipeline_data={"storyboard": STORYBOARD}, options={"width": 320, "height": 180}, timeout=PATIENCE_S,
            on_progress=seen.append)
        self.assertTrue(os.path.exists(path_of(result["video_url"])))
        self.assertIn(seen[-1].members["jobState"], ("running", "finished"))


class BlockingStackTests(StackTests):
    kind = ThreadDriver


class AsyncioStackTests(StackTests):
    kind = LoopDriver


# The class above runs as its subclasses.
del StackTests

if __name__ == "__main__":
    unittest.main()

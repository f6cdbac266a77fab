# SPDX-License-Identifier: Apache-2.0
"""Connections and clients against services that behave as each test needs it, with both kinds of clients."""

import asyncio
import os
import signal
import stat
import threading
import unittest
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Dict, List, Union
from unittest import mock

from understudy import ConnectionLost, NoReplica, Progress, ServiceError, pool

from .drivers import LoopDriver, ThreadDriver
from .fake_service import PATIENCE_S, FakeService, Hold, Peer, RunDirectoryFixture, echo


class Fixture(unittest.TestCase):
    """A run directory and a driver of one kind."""

    kind: Any = None

    def setUp(self) -> None:
        self.directory = RunDirectoryFixture()
        self.addCleanup(self.directory.remove)
        self.driver: Union[ThreadDriver, LoopDriver] = self.kind()
        self.addCleanup(self.driver.stop)

    def assert_error(self, kind: str, function: Any, *arguments: Any, **options: Any) -> ServiceError:
        """Checks that a call fails with an error of a kind. Returns the error."""
        with self.assertRaises(ServiceError) as caught:
            self.driver.run(function, *arguments, **options)
        self.assertEqual(caught.exception.kind, kind, str(caught.exception))
        return caught.exception


class ConnectionTests(Fixture):
    """One connection to one service."""

    def open(self, m: Any = None, **methods: Any) -> Any:
        self.service: FakeService = self.directory.service(m=m, methods=methods)
        connection = self.driver.connect(self.service.path)
        self.addCleanup(self.driver.close, connection)
        return connection

    def test_reply_in_single_bytes(self) -> None:
        def reply(peer: Peer, request: Dict[str, Any]) -> None:
            for byte in b'{"jsonrpc":"2.0","id":%d,"result":{"text":"\xc3\xa4"}}\r\n' % request["id"]:
                peer.send_bytes(bytes([byte]))

        connection = self.open(m=reply)
        self.assertEqual(self.driver.run(connection.call, "m"), {"text": "ä"})

    def test_two_replies_in_one_write_and_in_the_other_order(self) -> None:
        waiting: List[Dict[str, Any]] = []

        def reply(peer: Peer, request: Dict[str, Any]) -> None:
            waiting.append(request)
            if len(waiting) == 2:
                lines = [
                    b'{"jsonrpc":"2.0","id":%d,"result":"%s"}\n' % (each["id"], each["params"]["name"].encode())
                    for each in reversed(waiting)]
                peer.send_bytes(b"".join(lines))

        connection = self.open(m=reply)
        first = self.driver.start(connection.call, "m", {"name": "a"})
        second = self.driver.start(connection.call, "m", {"name": "b"})
        self.assertEqual((first.result(PATIENCE_S), second.result(PATIENCE_S)), ("a", "b"))

    def test_many_calls_at_a_time(self) -> None:
        connection = self.open(m=echo)
        futures = [self.driver.start(connection.call, "m", {"number": number}) for number in range(50)]
        self.assertEqual([future.result(PATIENCE_S)["number"] for future in futures], list(range(50)))

    def test_large_request_and_reply(self) -> None:
        connection = self.open(m=echo)
        text = "ä" * 2_500_000
        self.assertEqual(self.driver.run(connection.call, "m", {"text": text})["text"], text)

    def test_progress_in_order_before_the_reply(self) -> None:
        def work(peer: Peer, request: Dict[str, Any]) -> None:
            for step in range(3):
                peer.notify("rpc.progress", {"id": request["id"], "fraction": step / 4, "message": f"step {step}"})
            peer.reply(request, request["params"])

        connection = self.open(m=work)
        seen: List[Progress] = []
        result = self.driver.run(connection.call, "m", on_progress=seen.append)
        self.assertEqual(
            [(each.fraction, each.message) for each in seen], [(0, "step 0"), (0.25, "step 1"), (0.5, "step 2")])
        self.assertNotIn("progress", result)
        self.assertIs(self.driver.run(connection.call, "m")["progress"], False)

    def test_call_from_a_progress_callback(self) -> None:
        def work(peer: Peer, request: Dict[str, Any]) -> None:
            peer.notify("rpc.progress", {"id": request["id"], "fraction": 0, "message": ""})
            peer.reply(request, "done")

        connection = self.open(m=work, inner=echo)
        inner: List[Any] = []
        if self.driver.is_async:
            async def on_progress(_: Progress) -> None:
                inner.append(await connection.call("inner", {"a": 1}))
        else:
            def on_progress(_: Progress) -> None:  # type: ignore[misc]
                inner.append(connection.call("inner", {"a": 1}))
        self.assertEqual(self.driver.run(connection.call, "m", on_progress=on_progress), "done")
        self.assertEqual(inner[0]["a"], 1)

    def test_exception_of_a_progress_callback_cancels_the_call(self) -> None:
        def work(peer: Peer, request: Dict[str, Any]) -> None:
            peer.notify("rpc.progress", {"id": request["id"], "fraction": 0, "message": ""})

        def stop(_: Progress) -> None:
            raise KeyError("enough")

        connection = self.open(m=work)
        with self.assertRaises(KeyError):
            self.driver.run(connection.call, "m", on_progress=stop)
        self.assertEqual(self.service.wait_for("rpc.cancel")["params"], {"id": self.service.calls("m")[0]["id"]})

    def test_error_of_the_service(self) -> None:
        def fail(peer: Peer, request: Dict[str, Any]) -> None:
            peer.fail(request, -32012, "slow down", kind="rate_limited", retryable=True, retry_after_s=2, provider="p")

        connection = self.open(m=fail)
        error = self.assert_error("rate_limited", connection.call, "m")
        self.assertEqual(
            (error.code, error.message, error.retry_after_s, error.provider), (-32012, "slow down", 2, "p"))

    def test_deadline_is_sent_and_its_passing_cancels_the_call(self) -> None:
        connection = self.open()
        self.assert_error("timeout", connection.call, "m", timeout=0.05)
        request = self.service.calls("m")[0]
        self.assertEqual(request["params"]["deadline_ms"], 50)
        self.assertEqual(self.service.wait_for("rpc.cancel")["params"], {"id": request["id"]})

    def test_reply_after_the_deadline_is_ignored(self) -> None:
        held = Hold()
        connection = self.open(m=held, n=echo)
        self.assert_error("timeout", connection.call, "m", timeout=0.05)
        held.reply()
        self.assertEqual(self.driver.run(connection.call, "n", {"a": 1})["a"], 1)

    def test_deadline_that_has_passed_is_not_sent(self) -> None:
        connection = self.open(m=echo)
        self.assert_error("timeout", connection.call, "m", timeout=0)
        self.assertEqual(self.service.calls("m"), [])

    def test_trace_context(self) -> None:
        connection = self.open(m=echo)
        trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        result = self.driver.run(connection.call, "m", {"_meta": {"job_id": "j"}}, traceparent=trace)
        self.assertEqual(result["_meta"], {"job_id": "j", "traceparent": trace})

    def test_closing_ends_the_calls_and_the_connection(self) -> None:
        connection = self.open()
        call = self.driver.start(connection.call, "m")
        self.service.wait_for("m")
        self.driver.close(connection)
        with self.assertRaises(ServiceError) as caught:
            call.result(PATIENCE_S)
        self.assertEqual(caught.exception.kind, "cancelled")
        self.service.wait_until(lambda: self.service.closed_connections == 1, "the end of the connection")
        self.assert_error("cancelled", connection.call, "m")

    def test_connection_that_is_lost_fails_all_its_calls(self) -> None:
        connection = self.open()
        calls = [self.driver.start(connection.call, "m") for _ in range(3)]
        self.service.wait_for("m", 3)
        self.service.crash()
        for call in calls:
            with self.assertRaises(ConnectionLost) as caught:
                call.result(PATIENCE_S)
            self.assertTrue(caught.exception.was_sent)
            self.assertEqual((caught.exception.kind, caught.exception.provider_code), ("unavailable", "replica_lost"))

    def test_call_after_the_connection_was_lost_is_not_sent(self) -> None:
        def end(peer: Peer, request: Dict[str, Any]) -> None:
            peer.reply(request, 1)
            peer.cut()

        connection = self.open(m=end)
        self.assertEqual(self.driver.run(connection.call, "m"), 1)
        self.service.wait_until(lambda: self.service.closed_connections == 1, "the end of the connection")
        error = self.assert_error("unavailable", connection.call, "m")
        assert isinstance(error, ConnectionLost)
        self.assertFalse(error.was_sent)

    def test_line_that_is_no_message_ends_the_connection(self) -> None:
        connection = self.open(m=lambda peer, _: peer.send_bytes(b"Traceback (most recent call last):\n"))
        error = self.assert_error("unavailable", connection.call, "m")
        self.assertIn("not JSON", error.message)
        self.service.wait_until(lambda: self.service.closed_connections == 1, "the end of the connection")

    def test_connection_that_ends_in_the_middle_of_a_reply(self) -> None:
        def cut(peer: Peer, request: Dict[str, Any]) -> None:
            peer.send_bytes(b'{"jsonrpc":"2.0","id":%d,"resu' % request["id"])
            peer.cut()

        connection = self.open(m=cut)
        error = self.assert_error("unavailable", connection.call, "m")
        self.assertIn("the connection was lost", error.message)

    def test_notifications_and_replies_that_belong_to_no_call_are_ignored(self) -> None:
        def reply(peer: Peer, request: Dict[str, Any]) -> None:
            peer.notify("something.else", {"id": request["id"]})
            peer.notify("rpc.progress", {"id": 12345, "fraction": 1, "message": ""})
            peer.send({"jsonrpc": "2.0", "id": "other", "result": "wrong"})
            peer.send({"jsonrpc": "2.0", "id": 99, "method": "client.question"})
            peer.reply(request, "right")

        connection = self.open(m=reply)
        seen: List[Progress] = []
        self.assertEqual(self.driver.run(connection.call, "m", on_progress=seen.append), "right")
        self.assertEqual(seen, [])

    def test_request_that_the_service_cannot_parse(self) -> None:
        def reject(peer: Peer, _: Dict[str, Any]) -> None:
            error = {"code": -32700, "message": "a line has at most 10 bytes"}
            peer.send({"jsonrpc": "2.0", "id": None, "error": error})
            peer.cut()

        connection = self.open(m=reject)
        self.assertIn("at most 10 bytes", self.assert_error("parse", connection.call, "m").message)

    def test_missing_socket(self) -> None:
        with self.assertRaises(ConnectionLost) as caught:
            self.driver.connect(f"{self.directory.path}/none.sock")
        self.assertIn("none.sock: No such file", caught.exception.message)

    def test_silent_replica_is_abandoned_if_it_does_not_answer_health(self) -> None:
        connection = self.open(**{"rpc.health": lambda *_: None})
        error = self.assert_error("unavailable", connection.call, "m", stall_timeout=0.6)
        self.assertIn("does not answer rpc.health", error.message)
        self.assertGreaterEqual(len(self.service.calls("rpc.health")), 1)
        self.assertEqual(self.service.calls("rpc.cancel"), [])

    def test_silent_replica_is_kept_while_it_answers_health(self) -> None:
        held = Hold()

        def health(peer: Peer, request: Dict[str, Any]) -> None:
            peer.reply(request, {"status": "serving"})
            held.reply(result="late")

        connection = self.open(m=held, **{"rpc.health": health})
        self.assertEqual(self.driver.run(connection.call, "m", stall_timeout=6), "late")


class ClientTests(Fixture):
    """A client that finds the replicas of a service."""

    def client(self, **options: Any) -> Any:
        client = self.driver.client(self.directory.path, **options)
        self.addCleanup(self.driver.close, client)
        return client

    def call(self, client: Any, method: str = "m", params: Any = None, **options: Any) -> Any:
        return self.driver.run(client.call, "fake", method, params, **options)

    def test_no_replica(self) -> None:
        client = self.client(replica_timeout=0.05)
        with self.assertRaises(NoReplica) as caught:
            self.call(client)
        self.assertEqual(caught.exception.provider_code, "no_replica")
        self.assertEqual(
            caught.exception.message,
            f"no replica of fake in {self.directory.path}/fake: is the stack running? Start it with `understudy up`, "
            "or set UNDERSTUDY_RUN_DIR to its run directory")
        self.directory.service(service="other")
        with self.assertRaises(NoReplica) as caught:
            self.call(client)
        self.assertIn("the running services are other", caught.exception.message)

    def test_waits_for_a_replica(self) -> None:
        service = self.directory.service(m=echo, is_published=False)
        call = self.driver.start(self.client().call, "fake", "m", {"a": 1})
        service.publish()
        self.assertEqual(call.result(PATIENCE_S)["a"], 1)

    def test_names_with_a_leading_dot_are_ignored(self) -> None:
        hidden = self.directory.service("hidden", m=echo, is_published=False)
        os.link(hidden._hidden, os.path.join(hidden.folder, ".hidden.sock"))
        open(os.path.join(hidden.folder, "one.lock"), "w").close()
        client = self.client(replica_timeout=0.05)
        with self.assertRaises(NoReplica):
            self.call(client)
        self.assertEqual(client.replicas("fake"), [])
        self.assertEqual(client.services(), [])

    def test_service_that_is_not_a_file_name(self) -> None:
        for name in ("", ".", "..", "a/b", ".hidden"):
            with self.assertRaises(ValueError):
                self.driver.run(self.client().call, name, "m")

    def test_stale_socket_is_skipped(self) -> None:
        self.directory.service("a").crash()
        self.directory.service("b", m=lambda peer, request: peer.reply(request, "b"))
        client = self.client()
        self.assertEqual([self.call(client) for _ in range(4)], ["b"] * 4)

    def test_only_stale_sockets(self) -> None:
        self.directory.service().crash()
        with self.assertRaises(NoReplica) as caught:
            self.call(self.client(replica_timeout=0.05))
        self.assertEqual(caught.exception.provider_code, "replica_unreachable")
        self.assertIn("Connection refused", caught.exception.message)

    def test_calls_go_to_the_replica_with_the_fewest_in_flight(self) -> None:
        holds = {name: Hold() for name in "ab"}
        services = [self.directory.service(name, m=holds[name]) for name in "ab"]
        client = self.client()
        # While a client connects to one replica, its calls go to the others.
        for name in "ab":
            self.call(client, "rpc.health", instance=name)
        calls = [self.driver.start(client.call, "fake", "m") for _ in range(6)]
        for service in services:
            service.wait_for("m", 3)
        for name in "ab":
            for number in range(3):
                holds[name].reply(number, name)
        self.assertEqual(sorted(call.result(PATIENCE_S) for call in calls), list("aaabbb"))

    def test_replica_gets_no_more_calls_than_its_capacity(self) -> None:
        held = Hold()
        service = self.directory.service(m=held, capacity=2)
        client = self.client()
        calls = [self.driver.start(client.call, "fake", "m") for _ in range(3)]
        service.wait_for("m", 2)
        # Calls of system methods need no free capacity.
        self.assertEqual(self.call(client, "rpc.health")["status"], "serving")
        self.assertEqual(len(service.calls("m")), 2)
        held.reply(0, "first")
        service.wait_for("m", 3)
        held.reply(1, "second")
        held.reply(2, "third")
        self.assertEqual(sorted(call.result(PATIENCE_S) for call in calls), ["first", "second", "third"])

    def test_deadline_that_passes_while_all_replicas_are_at_capacity(self) -> None:
        service = self.directory.service(m=Hold(), capacity=1)
        client = self.client()
        self.driver.start(client.call, "fake", "m")
        service.wait_for("m")
        self.assertIn("at capacity", self.assert_error("timeout", client.call, "fake", "m", timeout=0.1).message)

    def test_busy_call_goes_to_another_replica(self) -> None:
        self.directory.service("a", m=lambda peer, request: peer.fail(request, -32009, "full", kind="busy"))
        self.directory.service("b", m=lambda peer, request: peer.reply(request, "b"))
        client = self.client()
        self.assertEqual([self.call(client, idempotent=False) for _ in range(4)], ["b"] * 4)

    def test_busy_call_is_repeated_until_a_replica_accepts_it(self) -> None:
        def work(peer: Peer, request: Dict[str, Any]) -> None:
            if len(service.calls("m")) < 3:
                peer.fail(request, -32009, "full", kind="busy")
            else:
                peer.reply(request, "done")

        service = self.directory.service(m=work)
        self.assertEqual(self.call(self.client(), instance="one"), "done")

    def test_busy_call_fails_in_the_end(self) -> None:
        self.directory.service(m=lambda peer, request: peer.fail(request, -32009, "full", kind="busy"))
        self.assertEqual(self.assert_error("busy", self.client(busy_timeout=0.2).call, "fake", "m").message, "full")

    def test_lost_call_of_an_idempotent_method_is_sent_to_another_replica(self) -> None:
        names: List[str] = []

        def work(name: str) -> Any:
            def handle(peer: Peer, request: Dict[str, Any]) -> None:
                names.append(name)
                if len(names) == 1:
                    peer.cut()
                else:
                    peer.reply(request, request["params"]["a"])
            return handle

        for name in "ab":
            self.directory.service(name, m=work(name))
        self.assertEqual(self.call(self.client(), params={"a": 7}, idempotent=True), 7)
        self.assertEqual(sorted(names), ["a", "b"])

    def test_lost_call_of_another_method_fails(self) -> None:
        services = [self.directory.service(name, m=lambda peer, _: peer.cut()) for name in "ab"]
        client = self.client()
        with self.assertRaises(ConnectionLost) as caught:
            self.call(client, idempotent=False)
        self.assertTrue(caught.exception.was_sent)
        self.assertEqual(sum(len(service.calls("m")) for service in services), 1)

    def test_lost_call_waits_until_the_replica_is_restarted(self) -> None:
        first: FakeService = self.directory.service(m=lambda peer, _: first.crash())
        client = self.client(replica_timeout=0.05)
        call = self.driver.start(client.call, "fake", "m", idempotent=True)
        first.wait_for("m")
        second = self.directory.service(m=lambda peer, request: peer.reply(request, "second"), is_published=False)
        second.publish()
        self.assertEqual(call.result(PATIENCE_S), "second")

    def test_call_that_is_lost_again_and_again_fails(self) -> None:
        service = self.directory.service(m=lambda peer, _: peer.cut())
        with self.assertRaises(ConnectionLost):
            self.call(self.client(), idempotent=True)
        self.assertEqual(len(service.calls("m")), pool.MAXIMUM_LOSSES)

    def test_idempotent_methods_are_known_by_their_names(self) -> None:
        def tail(peer: Peer, request: Dict[str, Any]) -> None:
            if len(service.calls("logger.tail")) == 1:
                peer.cut()
            else:
                peer.reply(request, 1)

        service: FakeService = self.directory.service(
            service="logger", methods={"logger.tail": tail, "logger.log": lambda peer, _: peer.cut()})
        client = self.client()
        self.assertEqual(self.driver.run(client.logger.tail), 1)
        with self.assertRaises(ConnectionLost):
            self.driver.run(client.logger.log, event_type="x", data={})
        self.assertEqual(len(service.calls("logger.log")), 1)

    def test_replaced_process_is_used_at_once(self) -> None:
        first = self.directory.service(m=lambda peer, request: peer.reply(request, "first"))
        client = self.client()
        self.assertEqual(self.call(client), "first")
        first.unpublish()
        self.directory.service(m=lambda peer, request: peer.reply(request, "second"))
        self.assertEqual(self.call(client), "second")
        first.wait_until(lambda: first.closed_connections == 1, "the end of the first connection")

    def test_calls_of_a_replica_that_drains_end_and_new_ones_go_elsewhere(self) -> None:
        held = Hold()
        first = self.directory.service("a", m=held)
        client = self.client()
        call = self.driver.start(client.call, "fake", "m")
        first.wait_for("m")
        first.unpublish()
        self.directory.service("b", m=lambda peer, request: peer.reply(request, "b"))
        self.assertEqual(self.call(client), "b")
        held.reply(0, "a")
        self.assertEqual(call.result(PATIENCE_S), "a")
        first.wait_until(lambda: first.closed_connections == 1, "the end of the connection")

    def test_draining_replica_is_not_used(self) -> None:
        draining = self.directory.service("a", methods={
            "rpc.health": lambda peer, request: peer.reply(request, {"status": "draining", "capacity": 1})})
        self.directory.service("b", m=lambda peer, request: peer.reply(request, "b"))
        client = self.client()
        self.assertEqual([self.call(client) for _ in range(4)], ["b"] * 4)
        self.assertEqual(draining.calls("m"), [])

    def test_replica_without_rpc_health_is_used(self) -> None:
        self.directory.service(m=echo, methods={
            "rpc.health": lambda peer, request: peer.fail(request, -32601, "unknown method", kind="method_not_found")})
        self.assertEqual(self.call(self.client(), params={"a": 1})["a"], 1)

    def test_replica_that_does_not_answer_health_is_skipped(self) -> None:
        stopped = self.directory.service("a", methods={"rpc.health": lambda *_: None})
        self.directory.service("b", m=lambda peer, request: peer.reply(request, "b"))
        with mock.patch.object(pool, "HEALTH_TIMEOUT_S", 0.2):
            client = self.client()
            self.assertEqual([self.call(client) for _ in range(3)], ["b"] * 3)
        self.assertEqual(stopped.calls("m"), [])

    def test_call_of_one_instance(self) -> None:
        for name in "ab":
            self.directory.service(name, m=lambda peer, request, name=name: peer.reply(request, name))
        client = self.client(replica_timeout=0.05)
        self.assertEqual([self.call(client, instance="b") for _ in range(4)], ["b"] * 4)
        self.assertEqual(client.replicas("fake"), ["a", "b"])
        with self.assertRaises(NoReplica) as caught:
            self.call(client, instance="c")
        self.assertIn("no replica c of fake", caught.exception.message)

    def test_remaining_time_is_passed_on(self) -> None:
        self.directory.service(m=echo)
        client = self.client(timeout=60)
        deadlines = [self.call(client, timeout=timeout)["deadline_ms"] for timeout in (None, 30)]
        self.assertTrue(0 < deadlines[0] <= 60_000 and 0 < deadlines[1] <= 30_000, deadlines)

    def test_closing_the_client_ends_its_calls(self) -> None:
        service = self.directory.service()
        client = self.client()
        call = self.driver.start(client.call, "fake", "m", idempotent=True)
        service.wait_for("m")
        self.driver.close(client)
        with self.assertRaises(ServiceError) as caught:
            call.result(PATIENCE_S)
        self.assertEqual(caught.exception.kind, "cancelled")
        self.assert_error("cancelled", client.call, "fake", "m")
        service.wait_until(lambda: service.closed_connections == 1, "the end of the connection")

    def test_directory_that_every_user_may_write_to_is_not_trusted(self) -> None:
        service = self.directory.service(m=echo)
        os.chmod(service.folder, 0o777)
        error = self.assert_error("unauthorized", self.client().call, "fake", "m")
        self.assertIn("every user may write", error.message)
        self.assertEqual(service.received, [])

    def test_run_directory_that_is_a_link_is_not_trusted(self) -> None:
        self.directory.service(m=echo)
        link = self.directory.path + "-link"
        os.symlink(self.directory.path, link)
        self.addCleanup(os.unlink, link)
        client = self.driver.client(link)
        self.addCleanup(self.driver.close, client)
        self.assertIn("symbolic link", self.assert_error("unauthorized", client.call, "fake", "m").message)

    def test_other_owner_is_not_trusted_unless_its_group_is_allowed(self) -> None:
        service = self.directory.service(m=echo)
        group = os.stat(service.folder).st_gid
        if os.getuid() == 0:
            group = 4343
            os.chown(service.folder, 4242, group)
        else:
            # For another user, the folder belongs to another user.
            patch = mock.patch("understudy.run_directory.os.getuid", return_value=os.getuid() + 7)
            patch.start()
            self.addCleanup(patch.stop)
        self.assertIn("belongs to user", self.assert_error("unauthorized", self.client().call, "fake", "m").message)
        with mock.patch.dict(os.environ, {"UNDERSTUDY_ALLOW_GIDS": f"1234567, {group}"}):
            client = self.client()
        self.assertEqual(self.call(client, params={"a": 1})["a"], 1)

    def test_process_at_the_other_end_is_checked(self) -> None:
        service = self.directory.service(m=echo)
        with mock.patch("understudy.run_directory.struct.unpack", return_value=(1, 4242, 4242)):
            error = self.assert_error("unauthorized", self.client().call, "fake", "m")
        self.assertEqual(error.message[:len(service.path) + 33], f"{service.path} is served by user 4242, group 42")
        self.assertEqual(service.received, [])

    def test_socket_whose_path_is_too_long(self) -> None:
        service = self.directory.service(m=echo)
        long = os.path.join(service.folder, "x" * 100 + ".sock")
        os.rename(service.path, long)
        self.assertTrue(stat.S_ISSOCK(os.stat(long).st_mode))
        with self.assertRaises(NoReplica) as caught:
            self.call(self.client(replica_timeout=0.05))
        self.assertIn("set UNDERSTUDY_RUN_DIR to a shorter directory", caught.exception.message)


class BlockingConnectionTests(ConnectionTests):
    kind = ThreadDriver

    def test_threads_share_a_connection(self) -> None:
        connection = self.open(m=echo)
        with ThreadPoolExecutor(16) as threads:
            numbers = list(range(200))
            results = threads.map(lambda number: connection.call("m", {"number": number}), numbers, timeout=PATIENCE_S)
            self.assertEqual([result["number"] for result in results], numbers)
        self.assertEqual(len(self.service.peers), 1)

    def test_interrupted_wait_cancels_the_call(self) -> None:
        main = threading.main_thread().ident
        assert main is not None and main == threading.get_ident()
        connection = self.open(m=lambda *_: signal.pthread_kill(main, signal.SIGINT))
        with self.assertRaises(KeyboardInterrupt):
            connection.call("m", timeout=PATIENCE_S)
        self.assertEqual(self.service.wait_for("rpc.cancel")["params"], {"id": self.service.calls("m")[0]["id"]})

    def test_coroutine_function_as_progress_callback_is_an_error(self) -> None:
        def work(peer: Peer, request: Dict[str, Any]) -> None:
            peer.notify("rpc.progress", {"id": request["id"], "fraction": 0, "message": ""})

        async def on_progress(_: Progress) -> None:
            await asyncio.sleep(0)

        connection = self.open(m=work)
        with self.assertRaises(TypeError):
            self.driver.run(connection.call, "m", on_progress=on_progress)
        self.service.wait_for("rpc.cancel")

    def test_service_that_does_not_read_the_request(self) -> None:
        def stop_reading(peer: Peer, request: Dict[str, Any]) -> None:
            peer.reply(request, "reading no more")
            released.result(PATIENCE_S)

        released: "Future[None]" = Future()
        connection = self.open(m=stop_reading)
        self.assertEqual(self.driver.run(connection.call, "m"), "reading no more")
        error = self.assert_error("timeout", connection.call, "n", {"text": "x" * 5_000_000}, timeout=0.2)
        self.assertIn("did not read the request", error.message)
        released.set_result(None)
        # Part of the line was sent, so that no other call can follow on this connection.
        self.service.wait_until(lambda: self.service.closed_connections == 1, "the end of the connection")


class BlockingClientTests(ClientTests):
    kind = ThreadDriver


class AsyncioConnectionTests(ConnectionTests):
    kind = LoopDriver

    def test_cancelled_task_cancels_its_call(self) -> None:
        connection = self.open(n=echo)
        call = self.driver.start(connection.call, "m")
        request = self.service.wait_for("m")
        call.cancel()
        self.assertEqual(self.service.wait_for("rpc.cancel")["params"], {"id": request["id"]})
        self.assertEqual(self.driver.run(connection.call, "n", {"a": 1})["a"], 1)


class AsyncioClientTests(ClientTests):
    kind = LoopDriver

    def test_cancelled_task_frees_its_slot(self) -> None:
        held = Hold()
        service = self.directory.service(m=held, capacity=1)
        client = self.client()
        first = self.driver.start(client.call, "fake", "m")
        service.wait_for("m")
        first.cancel()
        second = self.driver.start(client.call, "fake", "m")
        service.wait_for("m", 2)
        held.reply(1, "second")
        self.assertEqual(second.result(PATIENCE_S), "second")

    def test_one_client_in_several_event_loops_one_after_the_other(self) -> None:
        self.directory.service(m=echo)

        async def work() -> Any:
            async with self.driver.client(self.directory.path) as client:  # type: ignore[union-attr]
                return await client.call("fake", "m", {"a": 1})

        self.assertEqual(asyncio.run(work())["a"], 1)
        self.assertEqual(asyncio.run(work())["a"], 1)


# The classes above run as their subclasses.
del Fixture, ConnectionTests, ClientTests

if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""Iterators over the messages of jobs: when they end, and what they do when the connection is lost."""

import os
import unittest
from typing import Any, Dict, List, Optional, Union
from unittest import mock

from understudy import ConnectionLost, ServiceError, watch
from understudy.watch import WatchState

from .drivers import LoopDriver, ThreadDriver
from .fake_service import FakeService, Peer, RunDirectoryFixture


def message(seq: int, state: str = "running", job: str = "j") -> Dict[str, Any]:
    time = f"2026-01-01T00:00:{seq:02}.000Z"
    return {"v": 1, "seq": seq, "ts": time, "jobId": job, "jobState": state, "message": f"m{seq}"}


def snapshot(seq: int, state: str, last: Optional[int] = None) -> Dict[str, Any]:
    """A snapshot of the job `j`, whose newest message is `last`."""
    time = message(seq if last is None else last)["ts"]
    return {"seq": seq, "jobs": [{"job_id": "j", "state": state, "updated_at": time}]}


class WatchStateTests(unittest.TestCase):
    def numbers(self, state: WatchState, messages: List[Dict[str, Any]]) -> List[int]:
        """The numbers of the messages that are delivered until the watch ends."""
        delivered: List[int] = []
        for each in messages:
            if state.has_ended:
                break
            received = state.receive(each)
            if received is not None:
                delivered.append(received["seq"])
        return delivered

    def test_watch_of_a_job_starts_with_its_first_message(self) -> None:
        self.assertEqual(WatchState("j", None).params, {"job_id": "j", "after_seq": 0})
        self.assertEqual(WatchState("j", 5).params, {"job_id": "j", "after_seq": 5})

    def test_watch_of_all_jobs_starts_with_new_messages(self) -> None:
        state = WatchState(None, None)
        self.assertEqual(state.params, {})
        state.started({"seq": 7, "jobs": []})
        self.assertEqual(state.params, {"after_seq": 7})
        self.assertEqual(self.numbers(state, [message(8, "finished"), message(9, "error", "k")]), [8, 9])
        self.assertEqual((state.has_ended, state.params), (False, {"after_seq": 9}))

    def test_new_message_of_an_ended_job_is_the_last(self) -> None:
        for last in ("finished", "error", "cancelled"):
            state = WatchState("j", None)
            state.started(snapshot(2, "running"))
            messages = [message(1), message(2), message(3), message(4, last), message(5)]
            self.assertEqual(self.numbers(state, messages), [1, 2, 3, 4])
            self.assertTrue(state.has_ended)

    def test_earlier_end_of_a_job_that_was_retried_is_not_the_last(self) -> None:
        history = [message(1), message(2, "error"), message(3), message(6, "finished")]
        ended = WatchState("j", None)
        ended.started(snapshot(9, "finished", last=6))
        self.assertEqual(self.numbers(ended, history), [1, 2, 3, 6])
        self.assertTrue(ended.has_ended)
        running = WatchState("j", None)
        running.started(snapshot(5, "running"))
        self.assertEqual(self.numbers(running, history), [1, 2, 3, 6])
        self.assertTrue(running.has_ended)

    def test_job_that_ends_while_the_snapshot_is_taken(self) -> None:
        # The number was read before the last message was stored, the job afterwards.
        state = WatchState("j", None)
        state.started(snapshot(2, "finished", last=3))
        self.assertEqual(self.numbers(state, [message(1), message(2), message(3, "finished")]), [1, 2, 3])
        self.assertTrue(state.has_ended)

    def test_ended_job_without_newer_messages(self) -> None:
        state = WatchState("j", 9)
        state.started(snapshot(9, "finished", last=6))
        self.assertTrue(state.has_ended)
        other = WatchState("j", 9)
        other.started(snapshot(9, "running"))
        self.assertFalse(other.has_ended)

    def test_messages_are_not_delivered_again(self) -> None:
        state = WatchState("j", None)
        state.started(snapshot(0, "running"))
        self.assertEqual(self.numbers(state, [message(1), message(2)]), [1, 2])
        self.assertEqual(state.params["after_seq"], 2)
        state.started(snapshot(2, "running"))
        self.assertEqual(self.numbers(state, [message(2), message(3)]), [3])

    def test_foreign_values_are_ignored(self) -> None:
        state = WatchState("j", None)
        snapshots: List[Any] = [None, [], {"seq": "x", "jobs": [None, 7, {"job_id": "j"}]}, {"jobs": {}}]
        for value in snapshots:
            state.started(value)
            self.assertFalse(state.has_ended)
        messages: List[Any] = [None, 7, {}, {"seq": "1"}]
        for value in messages:
            self.assertIsNone(state.receive(value))


class WatchTests(unittest.TestCase):
    """Watches of a service that behaves as each test needs it."""

    kind: Any = None

    def setUp(self) -> None:
        self.directory = RunDirectoryFixture()
        self.addCleanup(self.directory.remove)
        self.driver: Union[ThreadDriver, LoopDriver] = self.kind()
        self.addCleanup(self.driver.stop)
        self.client: Any = self.driver.client(self.directory.path)
        self.addCleanup(self.driver.close, self.client)

    def orchestrator(self, *answers: Any) -> FakeService:
        """A service that handles the n-th call of `orchestrator.watch` by the n-th function."""

        def handle(peer: Peer, request: Dict[str, Any]) -> None:
            answers[min(len(service.calls("orchestrator.watch")), len(answers)) - 1](peer, request)

        service: FakeService = self.directory.service(
            service="orchestrator", methods={"orchestrator.watch": handle})
        return service

    @staticmethod
    def messages(first: Dict[str, Any], *numbers: int, last: str = "running", cut: bool = False) -> Any:
        """An answer of a snapshot and messages."""

        def answer(peer: Peer, request: Dict[str, Any]) -> None:
            peer.reply(request, first)
            for number in numbers:
                peer.notify("orchestrator.event", message(number, last if number == numbers[-1] else "running"))
            if cut:
                peer.cut()

        return answer

    def numbers(self, watch: Any) -> List[int]:
        return [each["seq"] for each in self.driver.collect(watch)]

    def test_ends_with_the_job_and_closes_the_connection(self) -> None:
        service = self.orchestrator(self.messages(snapshot(0, "running"), 1, 2, 3, last="finished"))
        self.assertEqual(self.numbers(self.client.orchestrator.watch(job_id="j")), [1, 2, 3])
        service.wait_until(lambda: service.closed_connections == 1, "the end of the watch's connection")

    def test_continues_after_a_lost_connection(self) -> None:
        service = self.orchestrator(
            self.messages(snapshot(0, "running"), 1, 2, cut=True),
            self.messages(snapshot(2, "running"), cut=True),
            self.messages(snapshot(4, "running"), 3, 4, 5, last="finished"))
        self.assertEqual(self.numbers(self.client.orchestrator.watch(job_id="j")), [1, 2, 3, 4, 5])
        self.assertEqual(
            [call["params"] for call in service.calls("orchestrator.watch")],
            [{"job_id": "j", "after_seq": seq, "progress": False} for seq in (0, 2, 2)])

    def test_continues_after_a_restart(self) -> None:
        def crash(peer: Peer, request: Dict[str, Any]) -> None:
            self.messages(snapshot(0, "running"), 1)(peer, request)
            os.unlink(first.path)
            first.crash()

        first = self.orchestrator(crash)
        watching = self.client.orchestrator.watch(job_id="j")
        self.assertEqual(self.driver.next(watching)["seq"], 1)
        self.orchestrator(self.messages(snapshot(1, "running"), 2, last="finished"))
        self.assertEqual(self.numbers(watching), [2])

    def test_gives_up_after_too_many_losses(self) -> None:
        service = self.orchestrator(self.messages(snapshot(0, "running"), cut=True))
        with mock.patch.object(watch, "MAXIMUM_LOSSES", 3), self.assertRaises(ConnectionLost):
            self.numbers(self.client.orchestrator.watch(job_id="j"))
        self.assertEqual(len(service.calls("orchestrator.watch")), 3)

    def test_unknown_job(self) -> None:
        self.orchestrator(lambda peer, request: peer.fail(request, -32015, "there is no job", kind="not_found"))
        with self.assertRaises(ServiceError) as caught:
            self.numbers(self.client.orchestrator.watch(job_id="j"))
        self.assertEqual(caught.exception.kind, "not_found")

    def test_more_messages_than_are_buffered(self) -> None:
        numbers = list(range(1, 5001))

        def answer(peer: Peer, request: Dict[str, Any]) -> None:
            peer.reply(request, snapshot(0, "running"))
            for number in numbers:
                state = "finished" if number == numbers[-1] else "running"
                peer.notify("orchestrator.event", {**message(0, state), "seq": number})

        self.orchestrator(answer)
        self.assertEqual(self.numbers(self.client.orchestrator.watch(job_id="j")), numbers)

    def test_ended_job_whose_last_message_is_unknown(self) -> None:
        # The job was updated after its last message.
        self.orchestrator(self.messages(snapshot(9, "finished", last=8), 1, 2, last="finished"))
        with mock.patch.object(watch, "SILENCE_S", 0.2):
            self.assertEqual(self.numbers(self.client.orchestrator.watch(job_id="j")), [1, 2])

    def test_snapshot(self) -> None:
        self.orchestrator(self.messages(snapshot(0, "running"), 1, last="finished"))
        watching = self.client.orchestrator.watch(job_id="j")
        self.assertEqual(self.driver.run(watching.snapshot), snapshot(0, "running"))
        self.assertEqual(self.numbers(watching), [1])
        self.assertEqual(self.driver.run(watching.snapshot), snapshot(0, "running"))

    def test_closing_the_client_ends_its_watches(self) -> None:
        service = self.orchestrator(self.messages(snapshot(0, "running"), 1))
        watching = self.client.orchestrator.watch()
        self.assertEqual(self.driver.next(watching)["seq"], 1)
        self.driver.close(self.client)
        self.assertEqual(self.numbers(watching), [])
        service.wait_until(lambda: service.closed_connections == 1, "the end of the watch's connection")

    def test_watch_that_is_dropped_closes_its_connection(self) -> None:
        service = self.orchestrator(self.messages(snapshot(0, "running"), 1))
        watching = self.client.orchestrator.watch()
        self.assertEqual(self.driver.next(watching)["seq"], 1)
        del watching
        service.wait_until(lambda: service.closed_connections == 1, "the end of the watch's connection")


class BlockingWatchTests(WatchTests):
    kind = ThreadDriver


class AsyncioWatchTests(WatchTests):
    kind = LoopDriver


# The class above runs as its subclasses.
del WatchTests

if __name__ == "__main__":
    unittest.main()

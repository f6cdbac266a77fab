# SPDX-License-Identifier: Apache-2.0
"""The choice of a replica, with times as values."""

import unittest
from typing import List, Optional

from understudy import ServiceError
from understudy.replicas import LONGEST_BACKOFF_S, Replica, ReplicaTable
from understudy.run_directory import RunDirectory


class ReplicaTableTests(unittest.TestCase):
    def setUp(self) -> None:
        self.table = ReplicaTable()
        self.table.update({"a": (1, 1), "b": (2, 1)})

    def acquire(self, now: float = 0, **options: object) -> Optional[str]:
        replica = self.table.acquire(now, **options)  # type: ignore[arg-type]
        return replica.name if replica else None

    def replica(self, name: str) -> Replica:
        return next(each for each in self.table.replicas if each.name == name)

    def test_fewest_calls_in_flight_and_turns_among_equals(self) -> None:
        names = [self.acquire() for _ in range(6)]
        self.assertEqual(sorted(map(str, names)), list("aaabbb"))
        for _ in range(2):
            self.table.release(self.replica("a"))
        self.assertEqual([self.acquire(), self.acquire()], ["a", "a"])

    def test_equals_take_turns_while_no_call_is_in_flight(self) -> None:
        names: List[str] = []
        for _ in range(4):
            replica = self.table.acquire(0)
            assert replica is not None
            names.append(replica.name)
            self.table.release(replica)
        self.assertEqual(sorted(names), list("aabb"))

    def test_capacity_limits_work_but_not_light_calls(self) -> None:
        for each in self.table.replicas:
            each.capacity = 1
        self.assertEqual({self.acquire(), self.acquire()}, {"a", "b"})
        self.assertIsNone(self.acquire())
        self.assertIsNotNone(self.acquire(is_light=True))
        self.table.release(self.replica("b"))
        self.assertEqual(self.acquire(), "b")

    def test_light_calls_take_no_capacity(self) -> None:
        self.replica("a").capacity = 1
        self.assertEqual(self.acquire(is_light=True, instance="a"), "a")
        self.assertEqual(self.acquire(instance="a"), "a")
        self.table.release(self.replica("a"), is_light=True)
        self.assertIsNone(self.acquire(instance="a"))

    def test_failed_replica_is_avoided_for_a_time_that_grows(self) -> None:
        problem = ServiceError("unavailable", "refused")
        pauses: List[float] = []
        for _ in range(12):
            self.table.failed(self.replica("a"), 0, problem)
            pauses.append(self.replica("a").usable_at)
        self.assertEqual(pauses, sorted(pauses))
        self.assertEqual((pauses[0], pauses[1], pauses[-1]), (0.1, 0.2, LONGEST_BACKOFF_S))
        self.assertEqual({self.acquire(0), self.acquire(0)}, {"b"})
        self.assertEqual(self.acquire(LONGEST_BACKOFF_S), "a")
        self.table.succeeded(self.replica("a"))
        self.table.failed(self.replica("a"), 0, problem)
        self.assertEqual(self.replica("a").usable_at, 0.1)

    def test_busy_replica_is_avoided_for_some_time(self) -> None:
        self.table.rejected(self.replica("a"), 100)
        self.assertEqual({self.acquire(100), self.acquire(100)}, {"b"})
        self.assertEqual(self.acquire(100.05), "a")

    def test_excluded_and_connecting_replicas_are_not_chosen(self) -> None:
        self.assertEqual({self.acquire(excluding={"a"}) for _ in range(3)}, {"b"})
        self.replica("b").is_connecting = True
        self.assertIsNone(self.acquire(excluding={"a"}))

    def test_published_replicas_keep_their_state(self) -> None:
        before = self.replica("a")
        before.in_flight = 3
        gone = self.table.update({"a": (1, 1), "c": (3, 1)})
        self.assertEqual([each.name for each in gone], ["b"])
        self.assertIs(self.replica("a"), before)
        self.assertFalse(self.table.contains(gone[0]))

    def test_process_under_the_same_name_starts_afresh(self) -> None:
        before = self.replica("a")
        self.table.failed(before, 0, ServiceError("unavailable", "refused"))
        self.assertEqual(self.table.update({"a": (1, 2), "b": (2, 1)}), [before])
        self.assertEqual((self.replica("a").failures, self.replica("a").problem), (0, None))


class RunDirectoryTests(unittest.TestCase):
    def test_default_follows_the_environment(self) -> None:
        for environment, expected in (
            ({"UNDERSTUDY_RUN_DIR": "/a", "XDG_RUNTIME_DIR": "/b"}, "/a"),
            ({"UNDERSTUDY_RUN_DIR": "", "XDG_RUNTIME_DIR": "/b"}, "/b/understudy"),
        ):
            self.assertEqual(RunDirectory(environment=environment).path, expected)
        self.assertRegex(RunDirectory(environment={}).path, r"^/tmp/understudy-\d+$")
        self.assertEqual(RunDirectory("/c", {"UNDERSTUDY_RUN_DIR": "/a"}).path, "/c")

    def test_missing_directory_has_no_services(self) -> None:
        directory = RunDirectory("/tmp/there-is-no-such-directory")
        self.assertEqual((directory.services(), directory.instances("clipper")), ([], {}))


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""The state machine of the wire, without any connection."""

import doctest
import json
import pickle
import unittest
from typing import Any, Dict, List

from understudy import protocol
from understudy.errors import CODES, KINDS, ConnectionLost, NoReplica, ServiceError
from understudy.protocol import (
    ClientMachine, Failure, LineFramer, Notification, Progress, ProgressReport, ProtocolError, Reply)


def load_tests(_: unittest.TestLoader, tests: unittest.TestSuite, __: Any) -> unittest.TestSuite:
    """Adds the examples of the module's documentation."""
    tests.addTests(doctest.DocTestSuite(protocol))
    return tests


class LineFramerTests(unittest.TestCase):
    def test_lines_are_the_same_for_every_split_of_the_stream(self) -> None:
        stream = b'{"a":1}\n\r\n\n{"b":"\xc3\xa4"}\r\n[]\n'
        expected = [b'{"a":1}', b'{"b":"\xc3\xa4"}', b"[]"]
        for size in range(1, len(stream) + 1):
            framer = LineFramer()
            lines = [line for at in range(0, len(stream), size) for line in framer.feed(stream[at:at + size])]
            self.assertEqual(lines, expected, f"chunks of {size} bytes")

    def test_last_line_may_lack_its_newline(self) -> None:
        framer = LineFramer()
        self.assertEqual(framer.feed(b"one\ntwo"), [b"one"])
        self.assertEqual(framer.end(), [b"two"])
        self.assertEqual(framer.end(), [])

    def test_line_beyond_the_limit_is_an_error_before_it_ends(self) -> None:
        framer = LineFramer(limit=10)
        self.assertEqual(framer.feed(b"0123456789\r\n0123456789\n"), [b"0123456789", b"0123456789"])
        with self.assertRaises(ProtocolError):
            framer.feed(b"0123456789ab")


class ClientMachineTests(unittest.TestCase):
    def setUp(self) -> None:
        self.machine = ClientMachine()

    def receive(self, message: object) -> List[Any]:
        return self.machine.receive(json.dumps(message).encode() + b"\n")

    def request(self, **options: Any) -> Dict[str, Any]:
        return dict(json.loads(self.machine.request("m", {"a": 1}, **options)[1]))

    def test_request_has_the_members_that_the_caller_wants(self) -> None:
        self.assertEqual(
            self.request(),
            {"jsonrpc": "2.0", "id": 1, "method": "m", "params": {"a": 1, "progress": False}})
        whole = self.request(timeout=1.5, wants_progress=True, traceparent="00-1-2-01")
        self.assertEqual(whole["id"], 2)
        self.assertEqual(whole["params"], {"a": 1, "deadline_ms": 1500, "_meta": {"traceparent": "00-1-2-01"}})
        self.assertEqual(self.request(timeout=0.0001)["params"]["deadline_ms"], 1)

    def test_line_breaks_and_other_characters_stay_in_one_line(self) -> None:
        _, line = self.machine.request("m", {"text": "a\nb\r\u2028\U0001f600\0"})
        self.assertEqual(line.count(b"\n"), 1)
        self.assertEqual(json.loads(line)["params"]["text"], "a\nb\r\u2028\U0001f600\0")

    def test_values_that_json_cannot_represent_are_errors_and_leave_no_call(self) -> None:
        for value, expected in (({1, 2}, TypeError), (float("nan"), ValueError), ("\ud800", ValueError)):
            with self.assertRaises(expected):
                self.machine.request("m", {"a": value})
        self.assertEqual(self.machine.pending, [])

    def test_replies_are_matched_by_id_in_any_order(self) -> None:
        first, second = self.request()["id"], self.request()["id"]
        self.assertEqual(self.receive({"id": second, "result": "b"}), [Reply(second, "b")])
        self.assertEqual(self.receive({"id": first, "result": None}), [Reply(first, None)])
        self.assertEqual(self.receive({"id": first, "result": "again"}), [])

    def test_ids_may_be_strings_and_come_back_in_another_form(self) -> None:
        self.assertEqual(self.request(id="seven")["id"], "seven")
        self.assertEqual(self.receive({"id": "seven", "result": 1}), [Reply("seven", 1)])
        for form in (str, float):
            id = self.request()["id"]
            self.assertEqual(self.receive({"id": form(id), "result": 1}), [Reply(id, 1)])
        self.assertEqual(self.request(id="7")["id"], "7")
        self.assertEqual(self.receive({"id": 7, "result": 1}), [])
        with self.assertRaises(ValueError):
            self.request(id="7")

    def test_boolean_id_is_not_the_number_one(self) -> None:
        self.assertEqual(self.request()["id"], 1)
        self.assertEqual(self.receive({"id": True, "result": 1}), [])

    def test_batch_of_replies(self) -> None:
        self.request(), self.request()
        events = self.receive([{"id": 2, "result": "b"}, {"id": 1, "error": {"code": -32015, "message": "gone"}}])
        self.assertEqual(events[0], Reply(2, "b"))
        self.assertEqual(events[1].error.kind, "not_found")

    def test_progress_belongs_to_its_call(self) -> None:
        self.request()
        params = {"id": 1, "fraction": 0.5, "message": "half", "segmentId": "s"}
        progress = Progress(0.5, "half", {"fraction": 0.5, "message": "half", "segmentId": "s"})
        self.assertEqual(self.receive({"method": "rpc.progress", "params": params}), [ProgressReport(1, progress)])
        others: List[Any] = [{"id": 2}, {}, [], None, {"id": None}]
        for other in others:
            self.assertEqual(self.receive({"method": "rpc.progress", "params": other}), [])

    def test_notifications_and_requests_of_the_service(self) -> None:
        self.assertEqual(self.receive({"method": "x.y", "params": [1]}), [Notification("x.y", [1])])
        self.assertEqual(self.receive({"method": "x.y", "id": 1}), [])

    def test_cancelled_call_is_forgotten(self) -> None:
        self.request()
        self.assertEqual(
            json.loads(self.machine.cancel(1)), {"jsonrpc": "2.0", "method": "rpc.cancel", "params": {"id": 1}})
        self.assertEqual(self.machine.cancel(1), b"")
        self.assertEqual(self.receive({"id": 1, "result": 1}), [])

    def test_reply_without_result_and_error_fails_its_call(self) -> None:
        self.request()
        events = self.receive({"id": 1})
        self.assertIsInstance(events[0], Failure)
        self.assertEqual(events[0].error.kind, "internal")

    def test_parse_error_without_id_fails_the_longest_call(self) -> None:
        self.machine.request("m", {})
        self.machine.request("m", {"long": "x" * 1000})
        events = self.receive({"id": None, "error": {"code": -32700, "message": "the line is too long"}})
        self.assertEqual([(event.id, event.error.kind) for event in events], [(2, "parse")])
        self.assertEqual(self.machine.pending, [1])

    def test_other_error_without_id_fails_all_calls(self) -> None:
        self.request(), self.request()
        events = self.receive({"id": None, "error": {"code": -32017, "message": "not you"}})
        self.assertEqual([event.id for event in events], [1, 2])
        self.assertEqual({event.error.kind for event in events}, {"unauthorized"})

    def test_lines_that_are_no_messages_end_the_connection(self) -> None:
        for line in (b"garbage", b"7", b"null", b"{}", b"[1]", b'{"method":7}', b"\xff\xfe", b"[" * 100_000):
            with self.assertRaises(ProtocolError, msg=line[:20]):
                ClientMachine().receive(line + b"\n")

    def test_part_of_a_message_at_the_end_of_the_stream_is_ignored(self) -> None:
        self.request()
        self.assertEqual(self.machine.receive(b'{"id":1,"resu'), [])
        self.assertEqual(self.machine.end(), [])
        self.assertEqual(self.machine.pending, [1])

    def test_last_message_may_lack_its_newline(self) -> None:
        self.request()
        self.assertEqual(self.machine.receive(b'{"id":1,"result":5}'), [])
        self.assertEqual(self.machine.end(), [Reply(1, 5)])


class ServiceErrorTests(unittest.TestCase):
    def test_all_members_of_an_error(self) -> None:
        data = {
            "kind": "rate_limited", "retryable": True, "retry_after_s": 2.5, "detail": "slow down", "provider": "p",
            "provider_code": "429", "request_id": "r", "wasted_usd": 0.02, "unknown_usd": 0.04, "next_attempt": 1}
        error = ServiceError.from_json({"code": -32012, "message": "too many", "data": data})
        values = {
            name: getattr(error, name) for name in
            ("kind", "retryable", "retry_after_s", "detail", "provider", "provider_code", "request_id", "wasted_usd",
             "unknown_usd", "next_attempt")}
        self.assertEqual(values, data)
        self.assertEqual((error.code, error.message, str(error)), (-32012, "too many", "rate_limited: too many"))

    def test_kind_and_retryable_follow_from_the_code(self) -> None:
        for code, kind in KINDS.items():
            error = ServiceError.from_json({"code": code, "message": "m"})
            self.assertEqual((error.kind, error.code), (kind, code))
            self.assertEqual(error.retryable, kind in ("busy", "timeout", "unavailable", "rate_limited"))
            self.assertIsNone(error.retry_after_s)
        self.assertEqual(ServiceError.from_json({"code": -1, "message": "m"}).kind, "internal")
        self.assertEqual(CODES["busy"], -32009)

    def test_errors_of_the_wrong_shape_are_errors_too(self) -> None:
        values: List[Any] = [
            None, "text", 7, [], {}, {"code": "x", "message": None, "data": 5}, {"data": {"kind": 7}}]
        for value in values:
            error = ServiceError.from_json(value)
            self.assertEqual((error.kind, error.code), ("internal", -32603), value)
        odd = ServiceError.from_json({"code": -32009, "data": {"retryable": "no", "retry_after_s": "x", "detail": 1}})
        self.assertEqual((odd.retryable, odd.retry_after_s, odd.detail), (True, None, None))

    def test_pointer_of_an_invalid_parameter(self) -> None:
        error = ServiceError("invalid_params", "/clips/0/duration: expected a number")
        self.assertEqual(error.pointer, "/clips/0/duration")
        self.assertIsNone(ServiceError("invalid_params", "params: expected an object").pointer)
        self.assertIsNone(ServiceError("not_found", "/a: b").pointer)

    def test_errors_can_be_pickled(self) -> None:
        errors = (
            ServiceError("busy", "full", data={"provider": "p"}), ConnectionLost("lost", was_sent=False),
            NoReplica("none"))
        for error in errors:
            copy = pickle.loads(pickle.dumps(error))
            self.assertEqual((type(copy), str(copy), copy.__dict__), (type(error), str(error), error.__dict__))


if __name__ == "__main__":
    unittest.main()

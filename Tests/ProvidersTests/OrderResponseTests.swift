// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import JSON
import Providers
import Testing

@Suite(.timeLimit(.minutes(1))) struct OrderResponseTests {
    @Test(
        arguments: [
            ("pending", .inProgress), ("queued", .inProgress), ("Submitted", .inProgress), ("PROCESSING", .inProgress),
            ("in_progress", .inProgress), ("IN-PROGRESS", .inProgress), ("running", .inProgress),
            ("Preparing", .inProgress),
            ("starting", .inProgress), ("half-baked", .inProgress), ("", .inProgress), ("状态", .inProgress),
            ("succeeded", .succeeded), ("SUCCESS", .succeeded), ("completed", .succeeded), ("Done", .succeeded),
            ("finished", .succeeded), ("TASK_STATUS_SUCCEED", .succeeded), ("JOB_STATE_SUCCEEDED", .succeeded),
            ("failed", .failed), ("Fail", .failed), ("ERROR", .failed), ("rejected", .failed), ("NSFW", .failed),
            ("Content Moderated", .failed), ("cancelled", .cancelled), ("CANCELED", .cancelled),
            ("expired", .cancelled),
            ("timeout", .cancelled), ("aborted", .notStarted),
        ] as [(String, OrderStatusWord)])
    func `status words of real servers are recognized in any case and form; unknown words mean in progress`(
        _ word: String, _ expected: OrderStatusWord
    ) {
        #expect(OrderStatusWord(word) == expected)
    }

    @Test(
        arguments: [
            (#"{"id": "v1", "object": "video", "status": "queued", "progress": 7}"#, "v1", "queued", 0.07),
            (#"{"id": 4711, "status": "running", "progress": 0.25}"#, "4711", "running", 0.25),
            (#"{"task_id": "t1", "id": "log", "status": "Queueing", "progress": "42%"}"#, "t1", "Queueing", 0.42),
            (
                #"{"code": "success", "status": "success", "data": {"task_id": "t2", "status": "IN_PROGRESS", "progress": "0.5"}}"#,
                "t2", "IN_PROGRESS", 0.5
            ),
            (
                #"{"request_id": "r", "output": {"task_id": "t3", "task_status": "RUNNING", "percent": "30"}}"#, "t3",
                "RUNNING", 0.3
            ),
            (#"[{"id": "v2", "state": "done", "progress": 100}]"#, "v2", "done", 1),
            (#"{"request_id": "r7", "status": "IN_QUEUE", "progress": 1e300}"#, "r7", "IN_QUEUE", 1),
        ] as [(String, String, String, Double)])
    func `IDs, status words and progress are read in the forms that servers send`(
        _ text: String, _ id: String, _ word: String, _ fraction: Double
    ) throws {
        let response = try #require(OrderResponse(Data(text.utf8)))
        #expect(response.id?.text == id && response.statusWord == word)
        #expect(response.fraction.map { abs($0 - fraction) < 1e-9 } == true)
    }

    @Test
    func `messages and codes of failures are found; zero, null and empty strings are not errors`() throws {
        for text in ["<html>", "", "7", "[]", "\"queued\"", "{\"id\": "] {
            #expect(OrderResponse(Data(text.utf8)) == nil, "\(text)")
        }
        let cases: [(String, String?, String?, Bool)] = [
            (#"{"error": {"code": "moderation_blocked", "message": "no"}}"#, "no", "moderation_blocked", true),
            (#"{"error": "out of memory"}"#, "out of memory", nil, true),
            (#"{"data": {"fail_reason": "nsfw", "status": "FAILURE"}}"#, "nsfw", nil, false),
            (#"{"status": "failed", "error": {"code": 1026}}"#, nil, "1026", true),
            (#"{"status": "done", "error": {"code": 0, "message": ""}}"#, nil, nil, false),
            (#"{"status": "done", "error": null}"#, nil, nil, false),
        ]
        for (text, message, code, isError) in cases {
            let response = try #require(OrderResponse(Data(text.utf8)))
            #expect(response.failure.message == message && response.failure.code == code, "\(text)")
            #expect(response.hasError == isError, "\(text)")
        }
    }

    @Test
    func `an ID is exactly one path segment`() {
        #expect(OrderID("video_bGl0ZWxsbTo=")?.pathSegment == "video_bGl0ZWxsbTo%3D")
        #expect(OrderID(.integer(-7))?.text == "-7")
        for text in [
            "", ".", "..", "../account", "a/b", "a?b", "a b", "a%2Fb", "ä", "a\n", String(repeating: "a", count: 513),
        ] {
            #expect(OrderID(text) == nil, "\(text)")
        }
        #expect(OrderID(.object([:])) == nil && OrderID(nil as JSONValue?) == nil)
    }

    @Test
    func `times are read from seconds, milliseconds and RFC 3339 with fractions of any length`() {
        let texts: [JSONValue] = [
            1_700_000_000, 1_700_000_000_000, "1700000000", "2023-11-14T22:13:20Z", "2023-11-14T22:13:20.123456789Z",
            "2023-11-14T22:13:20.5+00:00",
        ]
        for text in texts { #expect(OrderResponse.seconds(text) == 1_700_000_000, "\(text)") }
        #expect(
            OrderResponse.seconds("yesterday") == nil && OrderResponse.seconds(nil) == nil
                && OrderResponse.seconds(0) == nil)
    }

    @Test
    func `a listed order matches if it contains everything that was sent`() {
        let sent: JSONValue = ["prompt": "a", "seed": 7, "size": [1, 2], "off": nil]
        #expect(OrderResponse.contains(["prompt": "a", "seed": .number(7), "size": [1, 2], "steps": 4], sent))
        for other: JSONValue in [
            ["prompt": "a"], ["prompt": "b", "seed": 7, "size": [1, 2]], ["prompt": "a", "seed": 7, "size": [1]],
        ] {
            #expect(!OrderResponse.contains(other, sent))
        }
    }
}

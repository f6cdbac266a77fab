import FoundationEssentials
import JSON
import Providers
import Testing

@Suite struct OrderAnswerTests {
    @Test(
        "the words of real servers for the states of an order are known in any case and form; any other word is under way",
        arguments: [
            ("pending", .underWay), ("queued", .underWay), ("Submitted", .underWay), ("PROCESSING", .underWay),
            ("in_progress", .underWay), ("IN-PROGRESS", .underWay), ("running", .underWay), ("Preparing", .underWay),
            ("starting", .underWay), ("half-baked", .underWay), ("", .underWay), ("状态", .underWay),
            ("succeeded", .succeeded), ("SUCCESS", .succeeded), ("completed", .succeeded), ("Done", .succeeded),
            ("finished", .succeeded), ("TASK_STATUS_SUCCEED", .succeeded), ("JOB_STATE_SUCCEEDED", .succeeded),
            ("failed", .failed), ("Fail", .failed), ("ERROR", .failed), ("rejected", .failed), ("NSFW", .failed),
            ("Content Moderated", .failed), ("cancelled", .cancelled), ("CANCELED", .cancelled),
            ("expired", .cancelled),
            ("timeout", .cancelled), ("aborted", .neverBegun),
        ] as [(String, OrderWord)])
    func words(_ word: String, _ expected: OrderWord) {
        #expect(OrderWord(word) == expected)
    }

    @Test(
        "ids, states and progress are found in the forms that servers write",
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
    func forms(_ text: String, _ id: String, _ word: String, _ fraction: Double) throws {
        let answer = try #require(OrderAnswer(Data(text.utf8)))
        #expect(answer.id?.text == id && answer.word == word)
        #expect(answer.fraction.map { abs($0 - fraction) < 1e-9 } == true)
    }

    @Test("what is no answer is none; words and codes of failures are found, zeros and empty texts are no errors")
    func failures() throws {
        for text in ["<html>", "", "7", "[]", "\"queued\"", "{\"id\": "] {
            #expect(OrderAnswer(Data(text.utf8)) == nil, "\(text)")
        }
        let cases: [(String, String?, String?, Bool)] = [
            (#"{"error": {"code": "moderation_blocked", "message": "no"}}"#, "no", "moderation_blocked", true),
            (#"{"error": "out of memory"}"#, "out of memory", nil, true),
            (#"{"data": {"fail_reason": "nsfw", "status": "FAILURE"}}"#, "nsfw", nil, false),
            (#"{"status": "failed", "error": {"code": 1026}}"#, nil, "1026", true),
            (#"{"status": "done", "error": {"code": 0, "message": ""}}"#, nil, nil, false),
            (#"{"status": "done", "error": null}"#, nil, nil, false),
        ]
        for (text, words, code, isError) in cases {
            let answer = try #require(OrderAnswer(Data(text.utf8)))
            #expect(answer.failure.words == words && answer.failure.code == code, "\(text)")
            #expect(answer.hasError == isError, "\(text)")
        }
    }

    @Test("an id can be one segment of a path and nothing else")
    func ids() {
        #expect(OrderID("video_bGl0ZWxsbTo=")?.pathSegment == "video_bGl0ZWxsbTo%3D")
        #expect(OrderID(.integer(-7))?.text == "-7")
        for text in [
            "", ".", "..", "../account", "a/b", "a?b", "a b", "a%2Fb", "ä", "a\n", String(repeating: "a", count: 513),
        ] {
            #expect(OrderID(text) == nil, "\(text)")
        }
        #expect(OrderID(.object([:])) == nil && OrderID(nil as JSONValue?) == nil)
    }

    @Test("times are read as seconds, milliseconds and RFC 3339 with fractions of any length")
    func times() {
        let texts: [JSONValue] = [
            1_700_000_000, 1_700_000_000_000, "1700000000", "2023-11-14T22:13:20Z", "2023-11-14T22:13:20.123456789Z",
            "2023-11-14T22:13:20.5+00:00",
        ]
        for text in texts { #expect(OrderAnswer.seconds(text) == 1_700_000_000, "\(text)") }
        #expect(
            OrderAnswer.seconds("yesterday") == nil && OrderAnswer.seconds(nil) == nil && OrderAnswer.seconds(0) == nil)
    }

    @Test("an order in a list is the one that was sent if it holds all that was sent")
    func equality() {
        let sent: JSONValue = ["prompt": "a", "seed": 7, "size": [1, 2], "off": nil]
        #expect(OrderAnswer.contains(["prompt": "a", "seed": .number(7), "size": [1, 2], "steps": 4], sent))
        for other: JSONValue in [
            ["prompt": "a"], ["prompt": "b", "seed": 7, "size": [1, 2]], ["prompt": "a", "seed": 7, "size": [1]],
        ] {
            #expect(!OrderAnswer.contains(other, sent))
        }
    }
}

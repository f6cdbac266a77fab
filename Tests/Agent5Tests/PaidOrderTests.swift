import Artifacts
import Contracts
import Faults
import Foundation
import HTTP
import JSON
import Logging
import Providers
import StandIns
import Testing

@testable import Agent5

/// The policy of paid orders, of each maker of clips: what is sent, and what is booked. Stand-ins count.
@Suite(.serialized, .timeLimit(.minutes(2))) struct PaidOrderTests {
    typealias Maker = PaidOrderScene.Maker

    private let folder = "/tmp/us-orders-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
    private let pauses = OrderPauses(first: 0.01, longest: 0.02, patience: 0.3)

    private func scene(_ maker: Maker, timeout: Double = 20, limit: USD? = nil) throws -> PaidOrderScene {
        try PaidOrderScene(maker, folder, pauses, timeout: timeout, limit: limit)
    }

    private func cleanUp() { try? FileManager.default.removeItem(atPath: folder) }

    @Test(
        "an order is sent once whatever becomes of its answer; it is found in the list, or counts as unknown",
        arguments: Maker.allCases)
    func unknown(_ which: Maker) async throws {
        defer { cleanUp() }
        let scene = try scene(which)
        let found: [JSONValue] = [
            ["lost": 502], ["lost": 504], ["lost": 500], ["lost": 503], ["lost": 521], ["lost": 303], ["lost": true],
            ["lost": true, "raw": "<html>"], ["lost": true, "raw": "{}"],
            ["lost": true, "raw": "{\"id\": \"../account\"}"],
        ]
        for (index, fault) in found.enumerated() {
            try scene.standIn.ask(["misbehave": [fault]])
            let clip = try await scene.buy(prompt: "found \(index)")
            #expect(clip.warnings.count == 1, "\(fault): \(clip.warnings)")
        }
        #expect(try scene.sent == found.count)
        #expect(scene.spending.unknown == .zero)
        let lost: [JSONValue] = [
            ["reset": true], ["lost": 502, "made": false], ["raw": "<html>gateway</html>"],
            ["status": 524, "body": [:]],
            ["lost": true, "raw": "", "made": false],
        ]
        for (index, fault) in lost.enumerated() {
            try scene.standIn.ask(["misbehave": [fault]])
            let error = await #expect(throws: ServiceError.self, "\(fault)") {
                try await scene.buy(prompt: "lost \(index)")
            }
            #expect(error?.order == .unknown && error?.retryable == false, "\(fault)")
            #expect(
                error?.message.contains("may have been taken and billed, and is not repeated") == true,
                "\(error?.message ?? "")")
        }
        #expect(try scene.sent == found.count + lost.count)
        #expect(scene.spending.unknown == USD(0.5 * Double(lost.count)) && scene.spending.wasted == .zero)
    }

    @Test(
        "a server's own failure is a refusal if its complete list does not have the order, and unknown if there is no such list",
        arguments: Maker.allCases)
    func failed(_ which: Maker) async throws {
        defer { cleanUp() }
        let scene = try scene(which)
        for (index, status) in [500, 503, 521].enumerated() {
            try scene.standIn.ask(["misbehave": [["lost": .integer(Int64(status)), "made": false]]])
            _ = try await scene.buy(prompt: "absent \(index)")
            #expect(try scene.sent == 2 * (index + 1), "\(status)")
        }
        #expect(scene.spending.unknown == .zero && scene.spending.wasted == .zero)
        // A redirect is none of the passing failures.
        try scene.standIn.ask(["misbehave": [["lost": 303, "made": false]]])
        let redirect = await #expect(throws: ServiceError.self) { try await scene.buy(prompt: "redirect") }
        #expect(redirect?.order == .refused && redirect?.message.contains("check the base URL") == true)
        #expect(try scene.sent == 7)
        guard which == .videos else { return }
        // Without a list.
        try scene.standIn.ask(["listed": false])
        for (index, fault) in ([["lost": 500], ["lost": 503, "made": false], ["lost": 303]] as [JSONValue]).enumerated()
        {
            try scene.standIn.ask(["misbehave": [fault]])
            let error = await #expect(throws: ServiceError.self) { try await scene.buy(prompt: "unlisted \(index)") }
            #expect(error?.order == .unknown && error?.retryable == false, "\(fault)")
        }
        #expect(try scene.sent == 10)
        #expect(scene.spending.unknown == USD(1.5))
    }

    @Test("a refusal within a success costs nothing whatever id it has, and keeps its kind", arguments: Maker.allCases)
    func paid(_ which: Maker) async throws {
        defer { cleanUp() }
        let scene = try scene(which)
        let cases: [(String, ErrorKind)] = [
            (
                #"{"id": "req-1", "error": {"code": 402, "message": "Insufficient credits"}}"#,
                .quotaExhausted
            ),
            (#"{"code": 402, "request_id": "r1", "status": "error", "message": "pay up"}"#, .quotaExhausted),
            (#"{"id": "req-2", "status": "error", "code": "401", "message": "bad key"}"#, .unauthorized),
        ]
        for (index, (raw, kind)) in cases.enumerated() {
            let before = try scene.sent
            try scene.standIn.ask(["misbehave": [["raw": .string(raw)]]])
            let error = await #expect(throws: ServiceError.self) { try await scene.buy(prompt: "paid \(index)") }
            #expect(error?.kind == kind && error?.order == .refused, "\(raw): \(error?.message ?? "")")
            #expect(try scene.sent - before == 1, "\(raw)")
        }
        #expect(scene.spending.unknown == .zero && scene.spending.wasted == .zero)
    }

    @Test("compressed answers and files that were not asked for are unpacked", arguments: Maker.allCases)
    func compressed(_ which: Maker) async throws {
        defer { cleanUp() }
        let scene = try scene(which)
        try scene.standIn.ask(["gzip": true])
        #expect(try await scene.buy(prompt: "plain").bytes == 5012)
        try scene.standIn.ask(["misbehave": [["lost": 502]]])
        #expect(try await scene.buy(prompt: "lost").bytes == 5012)
        #expect(try scene.sent == 2)
    }

    @Test("questions that lead to the same server are followed")
    func redirected() async throws {
        defer { cleanUp() }
        let scene = try scene(.videos)
        try scene.standIn.ask(["misbehave": [["slash": true]]])
        #expect(try await scene.buy().bytes == 5012)
        #expect(try scene.sent == 1)
    }

    @Test("an order whose last word is not known is fetched at the end of its time, not cancelled")
    func unknownWord() async throws {
        defer { cleanUp() }
        let scene = try scene(.videos, timeout: 1.5)
        try scene.standIn.ask(["misbehave": [["words": ["queued", "generated"], "progress": [100]]]])
        #expect(try await scene.buy().bytes == 5012)
        #expect(try scene.cancelled == 0 && scene.sent == 1)
    }

    @Test("a failure's words are shown as far as they are words", arguments: Maker.allCases)
    func words(_ which: Maker) async throws {
        defer { cleanUp() }
        let scene = try scene(which)
        let base64 = Data((0..<600).map { UInt8(truncatingIfNeeded: $0 &* 37) }).base64EncodedString()
        let lines = stride(from: 0, to: base64.count, by: 40).map { String(base64.dropFirst($0).prefix(40)) }
        for (index, text) in [
            "<html><body>secret</body></html>", "<center>secret</center>", base64, lines.joined(separator: "\n"),
            "data:image/png;base64,secret", "no \(base64)", "no <pre>secret</pre>",
            String(repeating: "no ", count: 400),
        ].enumerated() {
            let error: JSONValue = which == .replicate ? .string(text) : ["message": .string(text)]
            try scene.standIn.ask(["misbehave": [["end": "failed", "error": error]]])
            let failure = await #expect(throws: ServiceError.self) { try await scene.buy(prompt: "words \(index)") }
            let message = failure?.message ?? ""
            #expect(!message.contains("secret") && !message.contains("<") && message.utf8.count < 400, "\(message)")
            #expect(message.split(separator: " ").allSatisfy { $0.utf8.count < 60 }, "\(message)")
        }
    }

    @Test("two equal wishes never share an order that was found in the list", arguments: Maker.allCases)
    func claims(_ which: Maker) async throws {
        defer { cleanUp() }
        let scene = try scene(which)
        try scene.standIn.ask(["misbehave": [["words": ["queued", "queued", "queued", "done"]], ["reset": true]]])
        let first = try await scene.buy()
        let error = await #expect(throws: ServiceError.self) { try await scene.buy(segment: "b") }
        #expect(!first.requestID.isEmpty && error?.order == .unknown)
        #expect(try scene.sent == 2)
    }

    @Test(
        "a refusal costs nothing and is repeated once; a failed order is booked before the next, which fits the limit or is not made",
        arguments: Maker.allCases)
    func failures(_ which: Maker) async throws {
        defer { cleanUp() }
        let scene = try scene(which, limit: USD(1.2))
        try scene.standIn.ask(["misbehave": [["status": 429, "body": ["detail": "slow down"]]]])
        _ = try await scene.buy(prompt: "refused once")
        #expect(try scene.sent == 2)
        try scene.standIn.ask([
            "misbehave": [["end": "failed", "error": which == .replicate ? "no" : ["message": "no"]]]
        ])
        let failed = await #expect(throws: ServiceError.self) { try await scene.buy(prompt: "failed") }
        #expect(failed?.message.contains("no") == true)
        #expect(try scene.sent == 3)
        #expect(scene.spending.unknown == USD(0.5))
        // Nothing more fits.
        let none = await #expect(throws: ServiceError.self) { try await scene.buy(prompt: "too much") }
        #expect(none?.kind == .quotaExhausted)
        #expect(try scene.sent == 3)
    }

    @Test(
        "an accepted order is polled through every answer, and its result is fetched again", arguments: Maker.allCases)
    func polling(_ which: Maker) async throws {
        defer { cleanUp() }
        let scene = try scene(which)
        let failure: JSONValue = ["status": "error", "message": "busy"]
        let answers: JSONValue = [
            500, "<html>", 404, "{}", 429, "null", 401, "[]", 403, "{\"id\": 3", 502,
            ["status": 503, "body": failure], ["status": 429, "body": ["status": "fail", "message": "slow"]],
            ["status": 500, "body": ["state": "failure", "error": "db timeout"]], ["status": 200, "body": failure],
            ["status": 200, "body": ["status": "failed", "message": "upstream"]], ["status": 408, "body": failure],
            ["status": 200, "body": ["error": ["code": 429, "message": "slow"]]],
        ]
        try scene.standIn.ask([
            "misbehave": [["questions": answers, "downloads": [404, 503], "contents": [404, "<html>"]]]
        ])
        _ = try await scene.buy(prompt: "answers")
        try scene.standIn.ask([
            "misbehave": [
                [
                    "words": ["Submitted", "PROCESSING", "half baked", "in-progress", "SUCCESS"],
                    "progress": ["1e300", "x", "42%"],
                ]
            ]
        ])
        _ = try await scene.buy(prompt: "words")
        #expect(try scene.sent == 2)
        // Where no question is answered any more, the order is given up, and counts as unknown.
        try scene.standIn.ask(["misbehave": [["questions": .array(Array(repeating: 404, count: 2000))]]])
        let gone = await #expect(throws: ServiceError.self) { try await scene.buy(prompt: "gone") }
        #expect(gone?.order == .unknown && gone?.retryable == false)
        // One whose result never comes is wasted.
        try scene.standIn.ask([
            "misbehave": [
                [
                    "downloads": .array(Array(repeating: 503, count: 9)),
                    "contents": .array(Array(repeating: 503, count: 9)),
                ]
            ]
        ])
        let lost = await #expect(throws: ServiceError.self) { try await scene.buy(prompt: "lost") }
        #expect(lost?.order == .billed && lost?.retryable == false)
        #expect(try scene.sent == 4)
        #expect(scene.spending.unknown == USD(0.5) && scene.spending.wasted == USD(0.5))
    }

    @Test("an order that is given up is cancelled, and may have been billed in any case", arguments: Maker.allCases)
    func givingUp(_ which: Maker) async throws {
        defer { cleanUp() }
        let scene = try scene(which, timeout: 0.3)
        try scene.standIn.ask(["misbehave": [["stay": true]]])
        let late = await #expect(throws: ServiceError.self) { try await scene.buy(prompt: "late") }
        #expect(late?.kind == .timeout && late?.order == .unknown && late?.retryable == false)
        #expect(late?.message.contains("was cancelled, and may have been billed until then") == true)
        #expect(try scene.cancelled == 1)
        try scene.standIn.ask(["misbehave": [["stay": true, "refuse_cancel": 409, "undeletable": 405]]])
        let stuck = await #expect(throws: ServiceError.self) { try await scene.buy(prompt: "stuck") }
        #expect(stuck?.message.contains("could not be cancelled, and may be billed") == true, "\(stuck?.message ?? "")")
        #expect(try scene.cancelled == 1)
        #expect(try scene.sent == 2)
        #expect(scene.spending.unknown == USD(1))
    }

    @Test(
        "a caller that cancels while the order is sent cancels it as soon as its id is known", arguments: Maker.allCases
    )
    func cancelledWhileSending(_ which: Maker) async throws {
        defer { cleanUp() }
        let scene = try scene(which)
        try scene.standIn.ask(["misbehave": [["stay": true, "delay": 1]]])
        let work = Task { try await scene.buy() }
        while try scene.sent < 1 { try await Task.sleep(for: .milliseconds(5)) }
        work.cancel()
        await #expect(throws: CancellationError.self) { try await work.value }
        #expect(try scene.cancelled == 1)
        #expect(scene.spending.unknown == USD(0.5))
    }

    @Test(
        "an order of a process that ended is continued, or counts as unknown; no other one is made",
        arguments: Maker.allCases)
    func resumed(_ which: Maker) async throws {
        defer { cleanUp() }
        let scene = try scene(which, timeout: 5, limit: USD(0.6))
        let notes = CallNotes()
        _ = try await scene.buy(as: notes)
        // The outcome was not stored: the next process finds the note with the id, and fetches the clip again.
        _ = try await scene.buy()
        #expect(try scene.sent == 1)
        notes.forget()
        // Another call wants a clip of its own, which does not fit.
        await #expect(throws: ServiceError.self) { try await scene.buy() }
        #expect(try scene.sent == 1)
    }

    @Test(
        "an order that was sent, and whose answer the process did not live to see, is not repeated",
        arguments: Maker.allCases)
    func sentOnly(_ which: Maker) async throws {
        defer { cleanUp() }
        let scene = try scene(which)
        let key = ContentKey(["prompt": "a hill", "segment": "a"])
        let ledger = LeadLedger(folder: "\(folder)/orders")
        try await note(sent: key, ledger)
        let error = await #expect(throws: ServiceError.self) { try await scene.buy() }
        #expect(
            error?.order == .unknown && error?.message.contains("the process ended") == true, "\(error?.message ?? "")")
        #expect(try scene.sent == 0)
        #expect(scene.spending.unknown == USD(0.5))
    }

    /// What a process leaves that is killed while it sends.
    private func note(sent key: ContentKey, _ ledger: LeadLedger) async throws {
        try await ledger.note(key, call: "c", price: USD(0.5)).sending()
    }

    @Test(
        "servers that speak the videos API in their own way are understood",
        arguments: [
            ["shape": "number"], ["shape": "task", "words": ["NOT_START", "IN_PROGRESS", "SUCCESS"]], ["shape": "bare"],
            ["link": "video_url"], ["link": "output.videos.url"], ["link": "data"], ["link": "unsigned_urls"],
            ["shape": "task", "link": "video.url"], ["words": ["completed"]],
        ] as [JSONValue])
    func dialects(_ fault: JSONValue) async throws {
        defer { cleanUp() }
        let scene = try scene(.videos)
        try scene.standIn.ask(["misbehave": [fault]])
        let clip = try await scene.buy()
        #expect(clip.bytes == 5012)
        #expect(try scene.sent == 1)
    }

    @Test(
        "outputs of Replicate's models are found in any shape, in the answer itself too",
        arguments: [
            "{url}", ["video": "{url}"], [["{url}"]], ["files": [["url": "{url}"]], "log": "{url}.txt"], "{data}",
            ["{percent}"], ["video": "{data}", "thumbnail": "https://x.invalid/a.png"],
        ] as [JSONValue])
    func outputs(_ output: JSONValue) async throws {
        defer { cleanUp() }
        let scene = try scene(.replicate)
        try scene.standIn.ask(["misbehave": [["output": output]]])
        let clip = try await scene.buy()
        #expect(clip.bytes == 5012)
    }

    @Test(
        "a success without a result is booked as billed, and not repeated",
        arguments: [.null, [], [:], "done", ["text": "done"], [[], [[]]]] as [JSONValue])
    func nothing(_ output: JSONValue) async throws {
        defer { cleanUp() }
        let scene = try scene(.replicate)
        try scene.standIn.ask(["misbehave": [["output": output]]])
        let error = await #expect(throws: ServiceError.self) { try await scene.buy() }
        #expect(error?.order == .billed && error?.message.contains("succeeded without a result") == true)
        #expect(scene.spending.wasted == USD(0.5))
        #expect(try scene.sent == 1)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import Foundation
import HTTP
import JSON
import Logging
import Providers
import StandIns
import TestSupport
import Testing

@testable import Agent5

/// The policy of paid orders, with each clip generator: what is sent, and what is charged. The stand-ins count orders.
@Suite(.serialized, .timeLimit(.minutes(2))) struct PaidOrderTests {
    typealias Generator = PaidOrderFixture.Generator

    private let folder = TemporaryPath.new("orders")
    private let intervals = OrderPollingIntervals(first: 0.01, longest: 0.02, errorTolerance: 0.3)

    private func fixture(_ kind: Generator, timeout: Double = 20, limit: USD? = nil) throws -> PaidOrderFixture {
        try PaidOrderFixture(kind, folder, intervals, timeout: timeout, limit: limit)
    }

    private func cleanUp() { try? FileManager.default.removeItem(atPath: folder) }

    @Test(arguments: Generator.allCases)
    func `an order with a lost response is sent once: it is found in the list, or counts as unknown`(_ kind: Generator)
        async throws
    {
        defer { cleanUp() }
        let fixture = try fixture(kind)
        let found: [JSONValue] = [
            ["lost": 502], ["lost": 504], ["lost": 500], ["lost": 503], ["lost": 521], ["lost": 303], ["lost": true],
            ["lost": true, "raw": "<html>"], ["lost": true, "raw": "{}"],
            ["lost": true, "raw": "{\"id\": \"../account\"}"],
        ]
        for (index, fault) in found.enumerated() {
            try fixture.standIn.send(["misbehave": [fault]])
            let clip = try await fixture.buy(prompt: "found \(index)")
            #expect(clip.warnings.count == 1, "\(fault): \(clip.warnings)")
        }
        #expect(try fixture.sentCount == found.count)
        #expect(fixture.spending.unknown == .zero)
        let lost: [JSONValue] = [
            ["reset": true], ["lost": 502, "made": false], ["raw": "<html>gateway</html>"],
            ["status": 524, "body": [:]],
            ["lost": true, "raw": "", "made": false],
        ]
        for (index, fault) in lost.enumerated() {
            try fixture.standIn.send(["misbehave": [fault]])
            let error = await #expect(throws: ServiceError.self, "\(fault)") {
                try await fixture.buy(prompt: "lost \(index)")
            }
            #expect(error?.chargeStatus == .unknown && error?.retryable == false, "\(fault)")
            #expect(
                error?.message.contains("may have been taken and billed, and is not repeated") == true,
                "\(error?.message ?? "")")
        }
        #expect(try fixture.sentCount == found.count + lost.count)
        #expect(fixture.spending.unknown == USD(0.5 * Double(lost.count)) && fixture.spending.wasted == .zero)
    }

    @Test(arguments: Generator.allCases)
    func `after a server error the order is refused if it is not in a complete list, else unknown`(_ kind: Generator)
        async throws
    {
        defer { cleanUp() }
        let fixture = try fixture(kind)
        for (index, status) in [500, 503, 521].enumerated() {
            try fixture.standIn.send(["misbehave": [["lost": .integer(Int64(status)), "made": false]]])
            _ = try await fixture.buy(prompt: "absent \(index)")
            #expect(try fixture.sentCount == 2 * (index + 1), "\(status)")
        }
        #expect(fixture.spending.unknown == .zero && fixture.spending.wasted == .zero)
        // A redirect is not retryable.
        try fixture.standIn.send(["misbehave": [["lost": 303, "made": false]]])
        let redirect = await #expect(throws: ServiceError.self) { try await fixture.buy(prompt: "redirect") }
        #expect(redirect?.chargeStatus == .refused && redirect?.message.contains("check the base URL") == true)
        #expect(try fixture.sentCount == 7)
        guard kind == .videos else { return }
        // The server has no list.
        try fixture.standIn.send(["listed": false])
        for (index, fault) in ([["lost": 500], ["lost": 503, "made": false], ["lost": 303]] as [JSONValue]).enumerated()
        {
            try fixture.standIn.send(["misbehave": [fault]])
            let error = await #expect(throws: ServiceError.self) { try await fixture.buy(prompt: "unlisted \(index)") }
            #expect(error?.chargeStatus == .unknown && error?.retryable == false, "\(fault)")
        }
        #expect(try fixture.sentCount == 10)
        #expect(fixture.spending.unknown == USD(1.5))
    }

    @Test(arguments: Generator.allCases)
    func `a rejection inside a success is free, even if it has an ID`(_ kind: Generator) async throws {
        defer { cleanUp() }
        let fixture = try fixture(kind)
        let cases: [(String, ErrorKind)] = [
            (
                #"{"id": "req-1", "error": {"code": 402, "message": "Insufficient credits"}}"#,
                .quotaExhausted
            ),
            (#"{"code": 402, "request_id": "r1", "status": "error", "message": "pay up"}"#, .quotaExhausted),
            (#"{"id": "req-2", "status": "error", "code": "401", "message": "bad key"}"#, .unauthorized),
        ]
        for (index, (raw, kind)) in cases.enumerated() {
            let before = try fixture.sentCount
            try fixture.standIn.send(["misbehave": [["raw": .string(raw)]]])
            let error = await #expect(throws: ServiceError.self) { try await fixture.buy(prompt: "paid \(index)") }
            #expect(error?.kind == kind && error?.chargeStatus == .refused, "\(raw): \(error?.message ?? "")")
            #expect(try fixture.sentCount - before == 1, "\(raw)")
        }
        #expect(fixture.spending.unknown == .zero && fixture.spending.wasted == .zero)
    }

    @Test(arguments: Generator.allCases)
    func `responses and files with unsolicited compression are decompressed`(_ kind: Generator) async throws {
        defer { cleanUp() }
        let fixture = try fixture(kind)
        try fixture.standIn.send(["gzip": true])
        #expect(try await fixture.buy(prompt: "plain").bytes == 5012)
        try fixture.standIn.send(["misbehave": [["lost": 502]]])
        #expect(try await fixture.buy(prompt: "lost").bytes == 5012)
        #expect(try fixture.sentCount == 2)
    }

    @Test
    func `redirects of status requests to the same server are followed`() async throws {
        defer { cleanUp() }
        let fixture = try fixture(.videos)
        try fixture.standIn.send(["misbehave": [["slash": true]]])
        #expect(try await fixture.buy().bytes == 5012)
        #expect(try fixture.sentCount == 1)
    }

    @Test
    func `an order with an unknown status word is fetched after its timeout, not cancelled`() async throws {
        defer { cleanUp() }
        let fixture = try fixture(.videos, timeout: 1.5)
        try fixture.standIn.send(["misbehave": [["words": ["queued", "generated"], "progress": [100]]]])
        #expect(try await fixture.buy().bytes == 5012)
        #expect(try fixture.cancelledCount == 0 && fixture.sentCount == 1)
    }

    @Test(arguments: Generator.allCases)
    func `an error contains only the readable part of the provider's message`(_ kind: Generator) async throws {
        defer { cleanUp() }
        let fixture = try fixture(kind)
        let base64 = Data((0..<600).map { UInt8(truncatingIfNeeded: $0 &* 37) }).base64EncodedString()
        let lines = stride(from: 0, to: base64.count, by: 40).map { String(base64.dropFirst($0).prefix(40)) }
        for (index, text) in [
            "<html><body>secret</body></html>", "<center>secret</center>", base64, lines.joined(separator: "\n"),
            "data:image/png;base64,secret", "no \(base64)", "no <pre>secret</pre>",
            String(repeating: "no ", count: 400),
        ].enumerated() {
            let error: JSONValue = kind == .replicate ? .string(text) : ["message": .string(text)]
            try fixture.standIn.send(["misbehave": [["end": "failed", "error": error]]])
            let failure = await #expect(throws: ServiceError.self) { try await fixture.buy(prompt: "words \(index)") }
            let message = failure?.message ?? ""
            #expect(!message.contains("secret") && !message.contains("<") && message.utf8.count < 400, "\(message)")
            #expect(message.split(separator: " ").allSatisfy { $0.utf8.count < 60 }, "\(message)")
        }
    }

    @Test(arguments: Generator.allCases)
    func `two equal requests never share an order that was found in the list`(_ kind: Generator) async throws {
        defer { cleanUp() }
        let fixture = try fixture(kind)
        try fixture.standIn.send(["misbehave": [["words": ["queued", "queued", "queued", "done"]], ["reset": true]]])
        let first = try await fixture.buy()
        let error = await #expect(throws: ServiceError.self) { try await fixture.buy(segment: "b") }
        #expect(!first.requestID.isEmpty && error?.chargeStatus == .unknown)
        #expect(try fixture.sentCount == 2)
    }

    @Test(arguments: Generator.allCases)
    func `a refused order is free and retried once; a failed one is charged, and the next must fit the limit`(
        _ kind: Generator
    ) async throws {
        defer { cleanUp() }
        let fixture = try fixture(kind, limit: USD(1.2))
        try fixture.standIn.send(["misbehave": [["status": 429, "body": ["detail": "slow down"]]]])
        _ = try await fixture.buy(prompt: "refused once")
        #expect(try fixture.sentCount == 2)
        try fixture.standIn.send([
            "misbehave": [["end": "failed", "error": kind == .replicate ? "no" : ["message": "no"]]]
        ])
        let failed = await #expect(throws: ServiceError.self) { try await fixture.buy(prompt: "failed") }
        #expect(failed?.message.contains("no") == true)
        #expect(try fixture.sentCount == 3)
        #expect(fixture.spending.unknown == USD(0.5))
        // The limit is exhausted.
        let none = await #expect(throws: ServiceError.self) { try await fixture.buy(prompt: "too much") }
        #expect(none?.kind == .quotaExhausted)
        #expect(try fixture.sentCount == 3)
    }

    @Test(arguments: Generator.allCases)
    func `an accepted order is polled through all errors, and its download is retried`(_ kind: Generator) async throws {
        defer { cleanUp() }
        let fixture = try fixture(kind)
        let failure: JSONValue = ["status": "error", "message": "busy"]
        let responses: JSONValue = [
            500, "<html>", 404, "{}", 429, "null", 401, "[]", 403, "{\"id\": 3", 502,
            ["status": 503, "body": failure], ["status": 429, "body": ["status": "fail", "message": "slow"]],
            ["status": 500, "body": ["state": "failure", "error": "db timeout"]], ["status": 200, "body": failure],
            ["status": 200, "body": ["status": "failed", "message": "upstream"]], ["status": 408, "body": failure],
            ["status": 200, "body": ["error": ["code": 429, "message": "slow"]]],
        ]
        try fixture.standIn.send([
            "misbehave": [["questions": responses, "downloads": [404, 503], "contents": [404, "<html>"]]]
        ])
        _ = try await fixture.buy(prompt: "responses")
        try fixture.standIn.send([
            "misbehave": [
                [
                    "words": ["Submitted", "PROCESSING", "half baked", "in-progress", "SUCCESS"],
                    "progress": ["1e300", "x", "42%"],
                ]
            ]
        ])
        _ = try await fixture.buy(prompt: "words")
        #expect(try fixture.sentCount == 2)
        // If all status requests are rejected, the order is given up and counts as unknown.
        try fixture.standIn.send(["misbehave": [["questions": .array(Array(repeating: 404, count: 2000))]]])
        let gone = await #expect(throws: ServiceError.self) { try await fixture.buy(prompt: "gone") }
        #expect(gone?.chargeStatus == .unknown && gone?.retryable == false)
        // An order whose result cannot be downloaded is wasted.
        try fixture.standIn.send([
            "misbehave": [
                [
                    "downloads": .array(Array(repeating: 503, count: 9)),
                    "contents": .array(Array(repeating: 503, count: 9)),
                ]
            ]
        ])
        let lost = await #expect(throws: ServiceError.self) { try await fixture.buy(prompt: "lost") }
        #expect(lost?.chargeStatus == .billed && lost?.retryable == false)
        #expect(try fixture.sentCount == 4)
        #expect(fixture.spending.unknown == USD(0.5) && fixture.spending.wasted == USD(0.5))
    }

    @Test(arguments: Generator.allCases)
    func `an order that is given up is cancelled and counts as unknown`(_ kind: Generator) async throws {
        defer { cleanUp() }
        let fixture = try fixture(kind, timeout: 0.3)
        try fixture.standIn.send(["misbehave": [["stay": true]]])
        let late = await #expect(throws: ServiceError.self) { try await fixture.buy(prompt: "late") }
        #expect(late?.kind == .timeout && late?.chargeStatus == .unknown && late?.retryable == false)
        #expect(late?.message.contains("was cancelled, and may have been billed until then") == true)
        #expect(try fixture.cancelledCount == 1)
        try fixture.standIn.send(["misbehave": [["stay": true, "refuse_cancel": 409, "undeletable": 405]]])
        let stuck = await #expect(throws: ServiceError.self) { try await fixture.buy(prompt: "stuck") }
        #expect(stuck?.message.contains("could not be cancelled, and may be billed") == true, "\(stuck?.message ?? "")")
        #expect(try fixture.cancelledCount == 1)
        #expect(try fixture.sentCount == 2)
        #expect(fixture.spending.unknown == USD(1))
    }

    @Test(
        arguments: Generator.allCases
    )
    func `an order that is cancelled while it is sent is cancelled as soon as its ID is known`(_ kind: Generator)
        async throws
    {
        defer { cleanUp() }
        let fixture = try fixture(kind)
        try fixture.standIn.send(["misbehave": [["stay": true, "delay": 1]]])
        let work = Task { try await fixture.buy() }
        try await until("the order is sent") { try fixture.sentCount > 0 }
        work.cancel()
        await #expect(throws: CancellationError.self) { try await work.value }
        #expect(try fixture.cancelledCount == 1)
        #expect(fixture.spending.unknown == USD(0.5))
    }

    @Test(arguments: Generator.allCases)
    func `an order of an earlier process is continued without another order`(_ kind: Generator) async throws {
        defer { cleanUp() }
        let fixture = try fixture(kind, timeout: 5, limit: USD(0.6))
        let stores = CallOrderStores()
        _ = try await fixture.buy(stores: stores)
        // The outcome was not stored: the next process reads the ID of the order, and downloads the clip again.
        _ = try await fixture.buy()
        #expect(try fixture.sentCount == 1)
        stores.removeAll()
        // Another call orders its own clip, which does not fit the limit.
        await #expect(throws: ServiceError.self) { try await fixture.buy() }
        #expect(try fixture.sentCount == 1)
    }

    @Test(arguments: Generator.allCases)
    func `an order whose process ended before the response is not repeated`(_ kind: Generator) async throws {
        defer { cleanUp() }
        let fixture = try fixture(kind)
        let key = ContentKey(["prompt": "a hill", "segment": "a"])
        let callStore = LeadCallStore(folder: "\(folder)/orders")
        try await storeSentOrder(key, callStore)
        let error = await #expect(throws: ServiceError.self) { try await fixture.buy() }
        #expect(
            error?.chargeStatus == .unknown && error?.message.contains("the process ended") == true,
            "\(error?.message ?? "")")
        #expect(try fixture.sentCount == 0)
        #expect(fixture.spending.unknown == USD(0.5))
    }

    /// Stores what a process leaves behind if it is killed while it sends an order.
    private func storeSentOrder(_ key: ContentKey, _ callStore: LeadCallStore) async throws {
        try await callStore.orderStore(key, call: "c", price: USD(0.5)).sending()
    }

    @Test(
        arguments: [
            ["shape": "number"], ["shape": "task", "words": ["NOT_START", "IN_PROGRESS", "SUCCESS"]], ["shape": "bare"],
            ["link": "video_url"], ["link": "output.videos.url"], ["link": "data"], ["link": "unsigned_urls"],
            ["shape": "task", "link": "video.url"], ["words": ["completed"]],
        ] as [JSONValue])
    func `dialects of the videos API are understood`(_ fault: JSONValue) async throws {
        defer { cleanUp() }
        let fixture = try fixture(.videos)
        try fixture.standIn.send(["misbehave": [fault]])
        let clip = try await fixture.buy()
        #expect(clip.bytes == 5012)
        #expect(try fixture.sentCount == 1)
    }

    @Test(
        arguments: [
            "{url}", ["video": "{url}"], [["{url}"]], ["files": [["url": "{url}"]], "log": "{url}.txt"], "{data}",
            ["{percent}"], ["video": "{data}", "thumbnail": "https://x.invalid/a.png"],
        ] as [JSONValue])
    func `outputs of Replicate's models are found in any shape, including data URIs`(_ output: JSONValue) async throws {
        defer { cleanUp() }
        let fixture = try fixture(.replicate)
        try fixture.standIn.send(["misbehave": [["output": output]]])
        let clip = try await fixture.buy()
        #expect(clip.bytes == 5012)
    }

    @Test(arguments: [.null, [], [:], "done", ["text": "done"], [[], [[]]]] as [JSONValue])
    func `a success without a result is billed and not repeated`(_ output: JSONValue) async throws {
        defer { cleanUp() }
        let fixture = try fixture(.replicate)
        try fixture.standIn.send(["misbehave": [["output": output]]])
        let error = await #expect(throws: ServiceError.self) { try await fixture.buy() }
        #expect(error?.chargeStatus == .billed)
        #expect(error?.message.contains("succeeded, but reported no downloadable result") == true)
        #expect(fixture.spending.wasted == USD(0.5))
        #expect(try fixture.sentCount == 1)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import JSON
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(1))) struct ReplicateTests {
    private func failure(_ status: String, _ error: JSONValue = .null) throws -> ServiceError? {
        let value: JSONValue = ["id": "p1", "status": .string(status), "error": error]
        let report = try #require(ReplicatePrediction(value, .image)?.report(nil))
        guard case .failed(let failure) = report.state else { return nil }
        return failure
    }

    @Test(
        arguments: [
            ("failed", "NSFW content detected", .contentRejected, false, .unknown),
            ("failed", "Prediction failed (E6716)", .unavailable, true, .unknown),
            ("failed", "Prediction interrupted (code: PA)", .unavailable, true, .unknown),
            ("failed", "width must be smaller", .unavailable, false, .unknown),
            ("canceled", "", .unavailable, false, .unknown), ("aborted", "", .unavailable, true, .refused),
        ] as [(String, String, ErrorKind, Bool, ChargeStatus)])
    func `a failed prediction is retryable only if the machine failed, and free only if it did not start`(
        _ status: String, _ message: String, _ kind: ErrorKind, _ retryable: Bool, _ chargeStatus: ChargeStatus
    ) throws {
        let error = try #require(try failure(status, message.isEmpty ? .null : .string(message)))
        #expect(error.kind == kind)
        #expect(error.retryable == retryable)
        #expect(error.chargeStatus == chargeStatus)
        #expect(error.requestID == "p1" && error.providerCode == status)
        #expect(error.message == "replicate: \(message.isEmpty ? "the prediction was \(status)" : message)")
    }

    @Test(
        arguments: [
            ("(E123)", true), ("failed (E67160) twice", true), ("(code: PA)", true), ("(E12)", false),
            ("(E123456)", false), ("(E123x)", false), ("(E123", false), ("(expected 3)", false), ("E123", false),
        ] as [(String, Bool)])
    func `a fault code has three to five digits in parentheses`(_ text: String, _ expected: Bool) {
        #expect(ReplicatePrediction.hasFaultCode(text) == expected)
    }

    @Test func `an unfinished prediction reports progress, from the last percentage of its log if necessary`() throws {
        func fraction(_ members: [String: JSONValue]) throws -> Double? {
            let value = JSONValue.object(members.merging(["id": "p1", "status": "processing"]) { $1 })
            let report = try #require(ReplicatePrediction(value, .video)?.report(nil))
            guard case .inProgress = report.state else { return nil }
            return report.fraction
        }
        #expect(try fraction(["progress": .number(0.25)]) == 0.25)
        #expect(try fraction(["logs": "step 1: 12%\nstep 2: 57%|#####"]) == 0.57)
        #expect(try fraction(["logs": "1234%"]) == nil && fraction(["logs": "started"]) == nil)
    }

    @Test func `an error without a status rejects the order, but not a known order`() throws {
        let value: JSONValue = ["id": "r1", "error": ["message": "no credit left"]]
        let prediction = try #require(ReplicatePrediction(value, .image))
        let report = try #require(prediction.report(nil))
        guard case .failed(let error) = report.state else {
            Issue.record("\(report.state)")
            return
        }
        #expect(error.message == "replicate: no credit left" && error.providerCode == "refused")
        #expect(prediction.report(OrderID("p1")) == nil)
        #expect(ReplicatePrediction(["detail": "Not found."], .image) == nil)
    }

    @Test func `the placeholders of an input are replaced`() throws {
        let template = #"{"w": "{width}", "h": "{height}", "ratio": "{aspect_ratio}", "n": "{seconds}", "steps": 4}"#
        let input = try ReplicateInput(template, defaults: [:], variable: "X")
        let values = ReplicateInput.Values(prompt: "a hill", width: 1920, height: 1080, seconds: 5, seed: 7)
        #expect(
            input.json(values) == [
                "w": 1920, "h": 1080, "ratio": "16:9", "n": 5, "steps": 4, "prompt": "a hill", "seed": 7,
            ])
        let defaults = try ReplicateInput(nil, defaults: ["ratio": "{aspect_ratio}"], variable: "X")
        for (width, height, ratio) in [
            (1080, 1920, "9:16"), (1000, 1000, "1:1"), (1600, 1200, "4:3"), (16, 8192, "9:21"),
        ] {
            let json = defaults.json(ReplicateInput.Values(prompt: "x", width: width, height: height))
            #expect(json == ["ratio": .string(ratio), "prompt": "x"], "\(width)x\(height)")
        }
        let error = #expect(throws: ServiceError.self) {
            try ReplicateInput("[1]", defaults: ["steps": 4], variable: "X")
        }
        #expect(error?.message == #"X: expected a JSON object such as {"steps":4}"#)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Calls
import FoundationEssentials
import JSON
import Parameters
import Testing

@testable import Contracts
@testable import ServiceKit

/// A method with its required parameters only.
struct MethodSample: Sendable, CustomTestStringConvertible {
    let name: String
    let params: JSONValue
    let schema: JSONValue
    /// Decodes and validates parameters as a service does.
    let decode: @Sendable (JSONValue) throws -> Void

    var testDescription: String { name }

    init<P: ValidatedParameters & Codable, R>(_ method: Method<P, R>, _ params: JSONValue) {
        self.init(method.name, P.self, params)
    }

    init<P: ValidatedParameters & Codable>(_ name: String, _ type: P.Type, _ params: JSONValue) {
        self.name = name
        self.params = params
        schema = Schema.of(type)
        decode = { _ = try ParameterDecoder.decode(type, from: try JSONCoding.encode($0)) }
    }

    private static let start: JSONValue = ["user_id": "u", "session_id": "s"]

    /// A sample of every method that has parameters, and of the options of jobs.
    static let all = [
        MethodSample(
            AgentAPI.process,
            [
                "agent": "agent5", "job_id": "j", "user_id": "u", "session_id": "s", "storyboard": [:], "audio": [],
                "output_prefix": "file:///o",
            ]),
        MethodSample(ClipperAPI.create, ["image": "file:///i.png", "duration": 1, "output": "file:///o.mp4"]),
        MethodSample(
            ClipperAPI.replaceAudio, ["clip": "file:///c.mp4", "audio": "file:///a.mp3", "output": "file:///o.mp4"]),
        MethodSample(ClipperAPI.convert, ["media": "file:///m.mp4", "output": "file:///o.mp4"]),
        MethodSample(
            ClipperAPI.probe, ["media": "file:///m.mp4", "narrations": [["segment_id": "seg_1", "duration": 1]]]),
        MethodSample(
            StitcherAPI.stitch,
            ["clips": [["clip": "file:///c.mp4", "segment_id": "seg_1", "duration": 1]], "output": "file:///o.mp4"]),
        MethodSample(StitcherAPI.setupRole, ["bucket": "bucket"]),
        MethodSample(StitcherAPI.jobStatus, ["job_id": "1-a"]),
        MethodSample(
            ImageGenAPI.generate, ["prompt": "a hill", "width": 64, "height": 64, "output": "file:///o.png"]),
        MethodSample(ImageGenAPI.breaker, ["provider": "card"]),
        MethodSample(LoggerAPI.log, ["event_type": "x", "data": [:]]),
        MethodSample(LoggerAPI.tail, [:]),
        MethodSample(OrchestratorAPI.start, start), MethodSample(OrchestratorAPI.runAgent5, start),
        MethodSample(OrchestratorAPI.agent6, start), MethodSample(OrchestratorAPI.estimate, start),
        MethodSample(OrchestratorAPI.status, ["job_id": "j"]), MethodSample(OrchestratorAPI.list, [:]),
        MethodSample(OrchestratorAPI.receipt, ["job_id": "j"]), MethodSample(OrchestratorAPI.watch, [:]),
        MethodSample(OrchestratorAPI.cancel, ["job_id": "j"]), MethodSample(OrchestratorAPI.retry, ["job_id": "j"]),
        MethodSample(OrchestratorAPI.upgrade, ["job_id": "j", "confirm_cost_usd": 0]),
        MethodSample(OrchestratorAPI.breaker, ["agent": "agent5"]), MethodSample("options", JobOptions.self, [:]),
    ]
}

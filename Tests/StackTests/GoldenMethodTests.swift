// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import StandIns
import Testing

/// Parameters and results of the methods that `GoldenJobTests` do not call, compared with `Golden/`.
@Suite(.serialized, .timeLimit(.minutes(3))) struct GoldenMethodTests: MediaConvertFixture {
    let aws: StandIn
    let stack: LiveStack

    init() throws {
        aws = try StandIn("aws")
        stack = try Self.prepare(aws)
    }

    @Test
    func `clipper.convert, imagegen.breaker, the methods of logger, and orchestrator.watch`() async throws {
        try await LiveStack.with { stack in
            let encoded = try await Program.run(
                "/usr/bin/ffmpeg",
                [
                    "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25", "-t", "1", "-c:v", "mpeg4",
                    "\(stack.folder)/film.mkv",
                ])
            #expect(encoded.status == 0, "\(encoded.errors)")
            let event: JSONValue = ["event_type": "segment_generation", "data": ["job_id": "golden", "step": "image"]]
            var calls: [JSONValue] = []
            for (service, method, params): (String, String, JSONValue) in [
                (
                    "clipper", "clipper.convert",
                    [
                        "media": .string("\(stack.folder)/film.mkv"), "output": .string("\(stack.folder)/film.mp4"),
                        "width": 320, "height": 180, "fps": 30,
                    ]
                ),
                ("clipper", "clipper.convert", ["media": "/nonexistent.mkv", "output": "/nonexistent.mp4"]),
                ("imagegen", "imagegen.breaker", ["provider": "card", "action": "get"]),
                ("imagegen", "imagegen.breaker", ["provider": "card", "action": "open"]),
                ("imagegen", "imagegen.breaker", ["provider": "card", "action": "close"]),
                ("imagegen", "imagegen.breaker", ["provider": "card", "action": "reset"]),
                ("imagegen", "imagegen.breaker", ["provider": "nobody", "action": "get"]),
                ("logger", "logger.log", event), ("logger", "logger.flush", [:]),
                ("logger", "logger.tail", ["job_id": "golden", "limit": 10]),
                ("logger", "logger.tail", ["limit": 0]),
                ("orchestrator", "orchestrator.watch", ["after_seq": 0]),
            ] {
                calls.append(try await Self.call(try await stack.connect(service), method, params))
            }
            try GoldenText(folder: stack.folder).check(.array(calls), "methods-beside")
        }
    }

    @Test
    func `stitcher.setup_role and stitcher.job_status`() async throws {
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        let request = request(try await threeClips())
        try await withStitcher { stitcher, _ in
            var text = GoldenText(folder: stack.folder)
            let made = try await stitcher.call(StitcherAPI.stitch, request)
            text.names[try #require(made.jobID)] = "<job>"
            var calls: [JSONValue] = []
            for (method, params): (String, JSONValue) in [
                ("stitcher.setup_role", ["bucket": "films"]), ("stitcher.setup_role", ["bucket": "No Bucket"]),
                ("stitcher.job_status", ["job_id": .string(made.jobID ?? "")]),
                ("stitcher.job_status", ["job_id": "1-none"]),
            ] {
                calls.append(try await Self.call(stitcher, method, params))
            }
            try text.check(.array(calls), "methods-cloud")
        }
    }

    /// Calls a method.
    ///
    /// - Returns: The call with its result or its error.
    private static func call(
        _ connection: RPCConnection, _ method: String, _ params: JSONValue
    ) async throws -> JSONValue {
        var call: [String: JSONValue] = ["method": .string(method), "params": params]
        do {
            call["result"] = try await connection.call(method, params: params)
        } catch let error as ServiceError {
            call["error"] = try JSONCoding.convert(error, to: JSONValue.self)
        }
        return .object(call)
    }
}

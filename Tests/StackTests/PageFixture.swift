// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import Testing

/// A running stack with its dashboard.
struct PageFixture {
    let stack: LiveStack
    /// The URL of the page, `http://127.0.0.1:...`.
    let url: String

    /// A lead that reports progress, works for 1.5 s, and then has no credit.
    static let script = """
        {"calls": [{"steps": [{"progress": 0.2, "message": "rendering"}, {"wait_ms": 1500},
          {"fail": {"kind": "quota_exhausted", "message": "You exceeded your current quota", "provider": "acme"}}]}]}
        """

    /// Starts a stack, runs `body`, and stops the stack.
    static func with(
        script: String = script, _ environment: [String: String] = [:], _ body: (PageFixture) async throws -> Void
    ) async throws {
        try await LiveStack.with(script: script, environment) { stack in
            try await body(PageFixture(stack: stack, url: try await address(in: stack)))
        }
    }

    /// The URL that the dashboard of a stack reports.
    static func address(in stack: LiveStack) async throws -> String {
        let stats = try await statistics(of: "dashboard", in: stack)
        return try #require(stats["address"]?.string)
    }

    /// The member `details` of a service's `rpc.stats`.
    static func statistics(of service: String, in stack: LiveStack) async throws -> JSONValue {
        let connection = try await stack.connect(service)
        let stats = try await connection.call("rpc.stats", params: [:])
        await connection.close()
        return stats["details"] ?? .null
    }

    var port: String { String(url.split(separator: ":").last ?? "") }

    /// Runs a script of `Tests/Browser`.
    ///
    /// - Returns: The JSON that it prints.
    /// - Throws: `internal` with its standard error if it fails.
    func browser(_ script: String, _ arguments: String...) async throws -> JSONValue {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let python = folder.deletingLastPathComponent().appending(path: ".venv/bin/python").path
        let result = try await Program.run(python, ["\(folder.path)/Browser/\(script)"] + arguments)
        guard result.status == 0 else { throw ServiceError(.internal, "\(script) \(arguments): \(result.errors)") }
        return try JSONCoding.decode(JSONValue.self, from: Data(result.output.utf8))
    }

    /// An HTTP response.
    struct Response {
        /// The HTTP status; 0 without a response.
        var status: Int
        /// By names in small letters.
        var headers: [String: String]
        var body: String
    }

    /// Sends one request with another `Host`.
    func curl(_ path: String, host: String, _ headers: [String], _ arguments: String...) async throws -> Response {
        try await curl(path, arguments + (["Host: \(host)"] + headers).flatMap { ["-H", $0] })
    }

    /// Sends one request.
    func curl(_ path: String, _ arguments: String...) async throws -> Response { try await curl(path, arguments) }

    /// Sends one request with curl.
    ///
    /// - Parameter arguments: Further options of curl.
    func curl(_ path: String, _ arguments: [String]) async throws -> Response {
        let result = try await Program.run(
            "/usr/bin/curl", ["-s", "-i", "-H", "Expect:", "--path-as-is", "-m", "20", "\(url)\(path)"] + arguments)
        let text = result.output.replacing("\r\n", with: "\n")
        let end = text.firstRange(of: "\n\n")
        let lines = text[..<(end?.lowerBound ?? text.endIndex)].split(separator: "\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let pair = line.split(separator: ":", maxSplits: 1)
            if pair.count == 2 { headers[pair[0].lowercased()] = pair[1].trimmingCharacters(in: .whitespaces) }
        }
        return Response(
            status: lines.first.flatMap { $0.split(separator: " ").dropFirst().first }.flatMap { Int($0) } ?? 0,
            headers: headers, body: end.map { String(text[$0.upperBound...]) } ?? "")
    }

    /// The JSON of `GET /api/...`, which must succeed.
    func json(_ path: String) async throws -> JSONValue {
        let response = try await curl("/api/\(path)")
        #expect(response.status == 200, "\(path): \(response.body)")
        return try JSONCoding.decode(JSONValue.self, from: Data(response.body.utf8))
    }

    /// The resident memory of the dashboard. MiB.
    func residentMemory() async throws -> Double {
        let connection = try await stack.connect("dashboard")
        let pid = try await connection.call("rpc.health", params: [:])["pid"]?.double ?? 0
        await connection.close()
        return Double(try ProcessStatistics.residentMemory(of: Int(pid))) / 1_048_576
    }

    /// Runs a job, and truncates or extends its film.
    ///
    /// - Parameter bytes: The size of the film.
    /// - Returns: The job's id.
    func film(bytes: Int) async throws -> String {
        try stack.writeStoryboard(durations: [1])
        let view = try await stack.runJob()
        #expect(truncate(stack.artifactPath("agent5/final.mp4"), bytes) == 0)
        return view.jobID
    }

    /// Starts a job of one-second segments with the page's API.
    ///
    /// - Parameter size: Width and height. Pixels.
    /// - Returns: The job's id.
    func start(session: String, segments: Int = 1, size: (Int, Int) = (320, 180)) async throws -> String {
        let list = (1...segments).map {
            "{\"id\":\"seg_\($0)\",\"duration\":1,\"visual_guidance\":\"A hill\",\"narration\":\"n\"}"
        }
        let response = try await curl(
            "/api/jobs", "-H", "X-Understudy: 1", "-d",
            "{\"session_id\":\"\(session)\",\"options\":{\"width\":\(size.0),\"height\":\(size.1)},\"pipeline_data\":{\"storyboard\":{\"segments\":[\(list.joined(separator: ","))]}}}"
        )
        #expect(response.status == 201, "\(response.body)")
        return try #require(JSONCoding.decode(JSONValue.self, from: Data(response.body.utf8))["job_id"]?.string)
    }
}

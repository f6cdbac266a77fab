import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import Testing

/// A stack whose page is looked at.
struct PageScene {
    let stack: LiveStack
    /// `http://127.0.0.1:...`
    let url: String

    /// A lead that works for a moment and has no credit then.
    static let script = """
        {"calls": [{"steps": [{"progress": 0.2, "message": "rendering"}, {"wait_ms": 1500},
          {"fail": {"kind": "quota_exhausted", "message": "You exceeded your current quota", "provider": "acme"}}]}]}
        """

    static func with(
        script: String = script, _ environment: [String: String] = [:], _ body: (PageScene) async throws -> Void
    ) async throws {
        try await LiveStack.with(script: script, environment) { stack in
            let dashboard = try await stack.connect("dashboard")
            let stats = try await dashboard.call("rpc.stats", params: [:])
            await dashboard.close()
            let url = try #require(stats["details"]?["address"]?.string)
            try await body(PageScene(stack: stack, url: url))
        }
    }

    var port: String { String(url.split(separator: ":").last ?? "") }

    /// Runs a script of `Tests/Browser`. -> what it printed.
    func browser(_ script: String, _ arguments: String...) async throws -> JSONValue {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let python = folder.deletingLastPathComponent().appending(path: ".venv/bin/python").path
        let ended = try await Program.run(python, ["\(folder.path)/Browser/\(script)"] + arguments)
        guard ended.status == 0 else { throw ServiceError(.internal, "\(script) \(arguments): \(ended.errors)") }
        return try JSONCoding.decode(JSONValue.self, from: Data(ended.output.utf8))
    }

    struct Answer {
        var status: Int
        /// Names in small letters.
        var headers: [String: String]
        var body: String
    }

    /// One request that calls the page by another name.
    func curl(_ path: String, host: String, _ headers: [String], _ arguments: String...) async throws -> Answer {
        try await curl(path, arguments + (["Host: \(host)"] + headers).flatMap { ["-H", $0] })
    }

    func curl(_ path: String, _ arguments: String...) async throws -> Answer { try await curl(path, arguments) }

    /// One request by curl.
    func curl(_ path: String, _ arguments: [String]) async throws -> Answer {
        let ended = try await Program.run(
            "/usr/bin/curl", ["-s", "-i", "-H", "Expect:", "--path-as-is", "-m", "20", "\(url)\(path)"] + arguments)
        let text = ended.output.replacing("\r\n", with: "\n")
        let end = text.firstRange(of: "\n\n")
        let lines = text[..<(end?.lowerBound ?? text.endIndex)].split(separator: "\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let pair = line.split(separator: ":", maxSplits: 1)
            if pair.count == 2 { headers[pair[0].lowercased()] = pair[1].trimmingCharacters(in: .whitespaces) }
        }
        return Answer(
            status: lines.first.flatMap { $0.split(separator: " ").dropFirst().first }.flatMap { Int($0) } ?? 0,
            headers: headers, body: end.map { String(text[$0.upperBound...]) } ?? "")
    }

    /// What `/api/...` says.
    func json(_ path: String) async throws -> JSONValue {
        let answer = try await curl("/api/\(path)")
        #expect(answer.status == 200, "\(path): \(answer.body)")
        return try JSONCoding.decode(JSONValue.self, from: Data(answer.body.utf8))
    }

    /// Mebibytes that the server has in memory.
    func resident() async throws -> Double {
        let connection = try await stack.connect("dashboard")
        let pid = try await connection.call("rpc.health", params: [:])["pid"]?.double ?? 0
        await connection.close()
        let status = try String(contentsOfFile: "/proc/\(Int(pid))/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return (Double(line.split(separator: " ").dropFirst().first ?? "") ?? 0) / 1024
    }

    /// Makes a film, and so many bytes of it. -> its job.
    func film(bytes: Int) async throws -> String {
        try stack.writeStoryboard(durations: [1])
        let view = try await stack.job(["width": 160, "height": 90])
        #expect(truncate(stack.place("agent5/final.mp4"), bytes) == 0)
        return view.jobID
    }

    /// Starts a job of one-second segments by the page's API. -> its id.
    func start(session: String, segments: Int = 1, size: (Int, Int) = (1920, 1080)) async throws -> String {
        let list = (1...segments).map {
            "{\"id\":\"seg_\($0)\",\"duration\":1,\"visual_guidance\":\"A hill\",\"narration\":\"n\"}"
        }
        let answer = try await curl(
            "/api/jobs", "-H", "X-Understudy: 1", "-d",
            "{\"session_id\":\"\(session)\",\"options\":{\"width\":\(size.0),\"height\":\(size.1)},\"pipeline_data\":{\"storyboard\":{\"segments\":[\(list.joined(separator: ","))]}}}"
        )
        #expect(answer.status == 201, "\(answer.body)")
        return try #require(JSONCoding.decode(JSONValue.self, from: Data(answer.body.utf8))["job_id"]?.string)
    }
}

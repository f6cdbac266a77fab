// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts
import Faults
import Foundation
import JSONRPC
import ServicePool
import StandIns
import TestSupport
import Testing

/// What survives a power loss, checked by the system calls of the real services.
@Suite(.serialized, .timeLimit(.minutes(5))) struct DurabilityTests {
    private func calls(_ stack: LiveStack) throws -> SystemCalls {
        SystemCalls(try String(contentsOfFile: "\(stack.folder)/trace", encoding: .utf8))
    }

    /// Whether a name need not survive: sockets, locks, logs and caches are created again after a restart.
    private func isTransient(_ path: String, _ stack: LiveStack) -> Bool {
        path.hasPrefix("\(stack.folder)/run") || path.hasPrefix("\(stack.folder)/home") || path.hasSuffix(".corrupt")
    }

    @Test
    func `events, paid images, films and receipts of a job are flushed to disk, with their names`() async throws {
        let images = try StandIn("openai_images")
        let environment = [
            "UNDERSTUDY_IMAGE_PROVIDERS": "openai", "OPENAI_API_KEY": "good-key", "OPENAI_BASE_URL": "\(images.url)/v1",
        ]
        try await LiveStack.with(environment, tracing: SystemCalls.fileChanges) { stack in
            try stack.writeStoryboard(durations: [1, 1])
            let view = try await stack.runJob()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            let calls = try calls(stack)
            // Each still, clip, narration and the film is an event that was visible to clients.
            #expect(calls.flushes(ofPathEnding: "/orchestrator/jobs.sqlite-wal") >= 8)
            #expect(calls.volatileNames(below: stack.folder) { isTransient($0, stack) } == [])
            let cached = try FileManager.default.contentsOfDirectory(atPath: "\(stack.folder)/state/imagegen/content")
            #expect(cached.count == 4, "two images with their descriptions: \(cached)")
        }
    }

    @Test
    func `only the owner can read the state directory, the job store, caches and logs, also after an upgrade`()
        async throws
    {
        let stack = try LiveStack.prepare(script: LiveStack.failing)
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        let state = "\(stack.folder)/state"
        // The modes of earlier versions.
        for folder in ["", "/orchestrator", "/imagegen", "/logger", "/stitcher/mediaconvert", "/dashboard/uploads"] {
            try FileManager.default.createDirectory(
                atPath: state + folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        }
        for file in [
            "/orchestrator/jobs.sqlite", "/logger/events.jsonl", "/imagegen/old.json", "/stitcher/mediaconvert/a.json",
        ] {
            _ = FileManager.default.createFile(
                atPath: state + file, contents: Data(), attributes: [.posixPermissions: 0o644])
        }
        try await LiveStack.with(prepared: stack) { stack in
            try stack.writeStoryboard(durations: [1])
            #expect(try await stack.runJob().state == .finished)
            _ = try await stack.connect("logger").call(LoggerAPI.flush, NoParams())
            var open: [String] = []
            let paths = FileManager.default.enumerator(atPath: state)?.allObjects.compactMap { $0 as? String } ?? []
            for path in [""] + paths.map({ "/\($0)" }) {
                let attributes = try FileManager.default.attributesOfItem(atPath: state + path)
                let mode = (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0
                if mode & 0o077 != 0 { open.append("\(path) \(String(mode, radix: 8))") }
            }
            #expect(open == [])
            #expect(paths.contains("orchestrator/jobs.sqlite-wal") && paths.contains("logger/events.jsonl"))
        }
    }

    @Test
    func `jobs beyond the retention limit are removed while the service runs, and their receipts stay`() async throws {
        try await LiveStack.with(["UNDERSTUDY_KEEP_JOBS": "1", "UNDERSTUDY_KEEP_JOBS_DAYS": "0"]) { stack in
            try stack.writeStoryboard(durations: [1], session: "a")
            try stack.writeStoryboard(durations: [1], session: "b")
            let first = try await stack.runJob(session: "a")
            let second = try await stack.runJob(session: "b")
            let connection = try await stack.connect("orchestrator")
            try await until("one job is left", within: .seconds(120)) {
                try await connection.call(OrchestratorAPI.list, ListJobs()).jobs.count == 1
            }
            await #expect(throws: ServiceError.self) {
                try await connection.call(OrchestratorAPI.status, JobStatus(jobID: first.jobID))
            }
            #expect(
                try await connection.call(OrchestratorAPI.status, JobStatus(jobID: second.jobID)).state == .finished)
            #expect(FileManager.default.fileExists(atPath: stack.artifactPath("agent5/receipt.json", session: "a")))
        }
    }

    @Test
    func `the orchestrator has at most 30 threads after a job of 60 segments`() async throws {
        try await LiveStack.with { stack in
            func threads() throws -> Int {
                let pids = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int($0) }
                for pid in pids {
                    guard let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ"),
                        String(decoding: environment, as: UTF8.self).contains(stack.folder),
                        let name = try? String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8),
                        name == "orchestrator\n"
                    else { continue }
                    return try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task").count
                }
                return 0
            }
            try stack.writeStoryboard(durations: Array(repeating: 0.2, count: 60))
            #expect(try await stack.runJob().state == .finished)
            let count = try threads()
            #expect((1...30).contains(count), "\(count)")
        }
    }
}

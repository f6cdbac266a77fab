// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServiceKit
import ServicePool
import TestSupport
import Testing

/// Recovery of jobs from killed services, and from stores that cannot be written.
@Suite(.serialized, .timeLimit(.minutes(5))) struct RecoveryOnStackTests {
    @Test
    func `services that are killed during a job are restarted, and the job finishes`() async throws {
        try await LiveStack.with { stack in
            try stack.writeStoryboard(durations: Array(repeating: 1, count: 30))
            for victim in ["imagegen", "clipper", "orchestrator"] {
                let started = try await connect(stack).call(
                    OrchestratorAPI.start, StartJob(userID: "u", sessionID: "s", options: .small))
                let watcher = try await connect(stack)
                _ = try await watcher.call(OrchestratorAPI.watch, WatchJobs(jobID: started.jobID, afterSeq: 0))
                for await note in watcher.notifications where note.method == OrchestratorAPI.event {
                    let message = try JSONCoding.decode(StatusMessage.self, from: note.params)
                    if message.message.hasPrefix("made the clip of seg_3") { break }
                }
                let pid = try await stack.connect(victim).call(ServiceHealth.method, NoParams()).pid ?? 0
                kill(pid_t(pid), SIGKILL)
                let view = try await stack.waitForEnd(of: started.jobID)
                #expect(view.state == .finished, "\(victim): \(view.error?.message ?? "")")
                #expect(try await FilmInspection.decodingErrors(stack.artifactPath("agent5/final.mp4")) == "")
                let names = try FileManager.default.contentsOfDirectory(atPath: stack.artifactPath("agent5"))
                #expect(names.contains("final.mp4") && names.contains("receipt.json"))
            }
        }
    }

    @Test(.enabled(if: getuid() == 0))
    func `a job waits while the store is read-only, reports it, and goes on afterwards`() async throws {
        try await LiveStack.with { stack in
            try FileManager.default.createDirectory(atPath: stack.store, withIntermediateDirectories: true)
            let mounted = try await Program.run("/usr/bin/mount", ["-t", "tmpfs", "tmpfs", stack.store])
            guard mounted.status == 0 else {
                Issue.record("no tmpfs can be mounted here: \(mounted.errors)")
                return
            }
            let ids = try stack.writeStoryboard(durations: Array(repeating: 0.5, count: 12))
            let watcher = try await connect(stack)
            let started = try await watcher.call(
                OrchestratorAPI.start, StartJob(userID: "u", sessionID: "s", options: .small))
            _ = try await watcher.call(OrchestratorAPI.watch, WatchJobs(jobID: started.jobID, afterSeq: 0))
            for await note in watcher.notifications where note.method == OrchestratorAPI.event {
                let message = try JSONCoding.decode(StatusMessage.self, from: note.params)
                if message.message == "drew the still of \(ids[2])" {
                    // Files that are being written keep the file system busy.
                    try await until("the store is read-only") {
                        try await Program.run("/usr/bin/mount", ["-o", "remount,ro", stack.store]).status == 0
                    }
                }
                if message.message.hasPrefix("the job waits: ") { break }
                try #require(!message.jobState.isTerminal, "\(message.message)")
            }
            #expect(try await Program.run("/usr/bin/mount", ["-o", "remount,rw", stack.store]).status == 0)
            let view = try await stack.waitForEnd(of: started.jobID)
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(try await FilmInspection.decodingErrors(stack.artifactPath("agent5/final.mp4")) == "")
            _ = try await Program.run("/usr/bin/umount", ["-l", stack.store])
        }
    }

    @Test
    func `services stop if their supervisor is killed`() async throws {
        let stack = try LiveStack.prepare()
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        let up = try await Program("understudy", ["up", "--scale", "imagegen=2"], environment: stack.environment)
        #expect(await up.waitForOutput("ready in"))
        #expect(stack.runDirectory.instances(of: "imagegen") == ["imagegen-1", "imagegen-2"])
        let connection = try await RPCConnection.connect(
            to: try stack.runDirectory.socketPath(service: "imagegen", instance: "imagegen-2"))
        up.signal(SIGKILL)
        await connection.waitUntilClosed()
        try await until("all services have stopped") {
            stack.runDirectory.services().allSatisfy { stack.runDirectory.instances(of: $0).isEmpty }
        }
    }

    @Test(
        .enabled(if: getuid() == 0)
    )
    func `a full or read-only disk is reported, leaves no partial file, and the services go on`() async throws {
        try await LiveStack.with { stack in
            let mount = "\(stack.folder)/full"
            try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: true)
            let mounted = try await Program.run("/usr/bin/mount", ["-t", "tmpfs", "-o", "size=100k", "tmpfs", mount])
            guard mounted.status == 0 else {
                Issue.record("no tmpfs can be mounted here: \(mounted.errors)")
                return
            }
            let picture = "file://\(stack.store)/a.png"
            let image = try await stack.connect("imagegen")
            func draw(_ output: String) async throws -> JSONValue {
                try await image.call(
                    "imagegen.generate",
                    params: ["prompt": "A city", "width": 1920, "height": 1080, "output": .string(output)])
            }
            _ = try await draw(picture)
            let drawn = await #expect(throws: ServiceError.self) { try await draw("file://\(mount)/a.png") }
            #expect(drawn?.kind == .unavailable && drawn?.message.contains("disk") == true, "\(drawn?.message ?? "")")
            let clipper = try await stack.connect("clipper")
            let clipped = await #expect(throws: ServiceError.self) {
                try await clipper.call(
                    ClipperAPI.create, CreateClip(image: picture, duration: 10, output: "file://\(mount)/a.mp4"))
            }
            #expect(
                clipped?.kind == .unavailable && clipped?.message.contains("disk is full") == true,
                "\(clipped?.message ?? "")")
            #expect(try FileManager.default.contentsOfDirectory(atPath: mount).isEmpty)
            #expect(try await Program.run("/usr/bin/mount", ["-o", "remount,ro", mount]).status == 0)
            let locked = await #expect(throws: ServiceError.self) { try await draw("file://\(mount)/b/a.png") }
            #expect(locked?.message.contains("read-only") == true, "\(locked?.message ?? "")")
            _ = try await draw(picture)
            #expect(try await clipper.call(ServiceHealth.method, NoParams()).status == .serving)
            _ = try await Program.run("/usr/bin/umount", ["-l", mount])
        }
    }

    @Test
    func `replicas share the work`() async throws {
        try await LiveStack.with(arguments: ["--scale", "imagegen=2,clipper=2"]) { stack in
            try stack.writeStoryboard(durations: Array(repeating: 0.5, count: 12))
            #expect(try await stack.runJob(["image_concurrency": 4]).state == .finished)
            for instance in ["imagegen-1", "imagegen-2"] {
                let connection = try await RPCConnection.connect(
                    to: try stack.runDirectory.socketPath(service: "imagegen", instance: instance))
                let stats = try await connection.call(ServiceStats.method, NoParams())
                #expect((stats.methods["imagegen.generate"]?.calls ?? 0) > 0)
            }
        }
    }

    private func connect(_ stack: LiveStack) async throws -> RPCConnection { try await stack.connect("orchestrator") }
}

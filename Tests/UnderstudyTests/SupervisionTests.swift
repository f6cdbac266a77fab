// SPDX-License-Identifier: Apache-2.0

import Faults
import Foundation
import ServicePool
import TestSupport
import Testing

@testable import Understudy

@Suite(.timeLimit(.minutes(1))) struct SupervisionTests {
    /// A folder for the shell scripts that serve as children, and for the files that they write.
    private struct ChildFixture {
        let folder: String

        static func with(_ body: (ChildFixture) async throws -> Void) async throws {
            let fixture = ChildFixture(folder: TemporaryPath.new("child"))
            try FileManager.default.createDirectory(atPath: fixture.folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: fixture.folder) }
            try await body(fixture)
        }

        /// A child that runs a shell script. `$notes` is the path of the file `notes`; the log is `<service>.log`.
        func child(
            _ script: String, as service: String = "a", pause: Duration = .milliseconds(1)
        ) throws -> ServiceChild {
            let path = "\(folder)/\(service)"
            try "#!/bin/sh\nnotes=\(folder)/notes\n\(script)\n".write(toFile: path, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
            return ServiceChild(
                service: service, instance: "\(service)-1", executable: path, environment: ["PATH": "/usr/bin:/bin"],
                log: .file("\(folder)/\(service).log"), pause: { _, _ in pause })
        }

        var notes: [Substring] { lines("notes") }

        func lines(_ name: String) -> [Substring] {
            ((try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)) ?? "").split(separator: "\n")
        }

        /// Waits, at most 30 s, until the notes have a number of lines.
        func wait(notes count: Int) async throws {
            try await wait("\(count) notes") { notes.count >= count }
        }

        /// Waits, at most 30 s, until a condition holds.
        func wait(_ name: String, until condition: () -> Bool) async throws {
            let end = ContinuousClock.now + .seconds(30)
            while !condition() {
                try #require(ContinuousClock.now < end, "no \(name) within 30 s: \(notes)")
                try await Task.sleep(for: .milliseconds(5))
            }
        }

        /// Waits until another child has been restarted ten times: a child that is not restarted meanwhile is down.
        func waitForTenRestarts() async throws {
            let other = try child("echo began >> $notes.other", as: "other")
            try await other.start()
            try await wait("ten restarts") { lines("notes.other").count >= 10 }
            await other.stop(by: .now + .seconds(30))
        }
    }

    /// Notes its start and runs; notes its end after SIGTERM.
    private static let draining = """
        trap 'echo stopped >> $notes; exit 0' TERM
        echo began >> $notes
        while true; do sleep 0.02; done
        """

    private func after(_ duration: Duration) -> ContinuousClock.Instant { .now + duration }

    private func isRunning(_ pid: Int32) -> Bool { kill(pid, 0) == 0 || errno != ESRCH }

    @Test
    func `a child that exits is restarted until it is stopped, and its output is logged with its name`() async throws {
        try await ChildFixture.with { fixture in
            let child = try fixture.child("echo began >> $notes; echo 'a line' >&2; exit 3")
            try await child.start()
            try await fixture.wait(notes: 3)
            await child.stop(by: after(.seconds(30)))
            let log = fixture.lines("a.log")
            #expect(log.contains("a/a-1 | a line"))
            #expect(log.contains { $0.hasPrefix("understudy | a/a-1 exited (exited(3)), restarting in ") })
            let count = fixture.notes.count
            try await fixture.waitForTenRestarts()
            #expect(fixture.notes.count == count)
        }
    }

    @Test
    func `short runs in a row lead to growing pauses, and a long run resets them`() {
        var backoff = RestartBackoff()
        let pauses = (0..<9).map { _ in backoff.pause(afterRunOf: .milliseconds(50)) }
        #expect(pauses.first == .milliseconds(200) && pauses.last == .seconds(5))
        #expect(pauses == pauses.sorted())
        #expect(backoff.pause(afterRunOf: .seconds(11)) == .milliseconds(100))
        #expect(backoff.pause(afterRunOf: .seconds(1)) == .milliseconds(200))
    }

    @Test
    func `a stopped child may drain, and is killed at the deadline`() async throws {
        try await ChildFixture.with { fixture in
            let child = try fixture.child(Self.draining)
            try await child.start()
            try await fixture.wait(notes: 1)
            await child.stop(by: after(.seconds(30)))
            #expect(fixture.notes == ["began", "stopped"])

            let stubborn = try fixture.child(
                "trap '' TERM; echo $$ >> $notes; while true; do sleep 0.02; done", as: "b")
            try await stubborn.start()
            try await fixture.wait(notes: 3)
            let pid = try #require(Int32(fixture.notes[2]))
            await stubborn.stop(by: after(.milliseconds(100)))
            #expect(!isRunning(pid))
        }
    }

    @Test
    func `a child is stopped at once during a pause and right after its start`() async throws {
        try await ChildFixture.with { fixture in
            let child = try fixture.child("echo began >> $notes; exit 1", pause: .seconds(3600))
            try await child.start()
            try await fixture.wait("restart") { fixture.lines("a.log").contains { $0.contains("restarting in") } }
            await child.stop(by: after(.seconds(3600)))
            #expect(fixture.notes == ["began"])

            let early = try fixture.child(Self.draining, as: "b")
            try await early.start()
            await early.stop(by: after(.seconds(5)))
            #expect(!fixture.notes.dropFirst().contains("began") || fixture.notes.last == "stopped")
        }
    }

    @Test
    func `a child that is taken down is gone, and is not restarted until it is brought up`() async throws {
        try await ChildFixture.with { fixture in
            let child = try fixture.child("echo $$ >> $notes; while true; do sleep 0.02; done")
            try await child.start()
            try await fixture.wait(notes: 1)
            let pid = try #require(Int32(fixture.notes[0]))
            await child.takeDown()
            #expect(!isRunning(pid))
            try await fixture.waitForTenRestarts()
            #expect(fixture.notes.count == 1)
            await child.bringUp()
            try await fixture.wait(notes: 2)
            await child.takeDown()
            await child.stop(by: after(.seconds(30)))
            #expect(fixture.notes.count == 2)
        }
    }

    @Test
    func `starting a missing executable fails`() async throws {
        try await ChildFixture.with { fixture in
            let child = ServiceChild(
                service: "a", instance: "a-1", executable: "/nonexistent/a", environment: [:],
                log: .file("\(fixture.folder)/log"))
            let error = await #expect(throws: ServiceError.self) { try await child.start() }
            #expect(error?.kind == .notFound)
        }
    }

    @Test
    func `a log file is truncated and private, and a symbolic link at its path is preserved`() async throws {
        try await ChildFixture.with { fixture in
            let (path, target) = ("\(fixture.folder)/log", "\(fixture.folder)/target")
            try "previous content".write(toFile: target, atomically: false, encoding: .utf8)
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
            ServiceLog.file(path).write("a/a-1", "a line")
            #expect(fixture.lines("target") == ["a/a-1 | a line"])
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path) == target)
            ServiceLog.file("\(fixture.folder)/new").write("a/a-1", "a line")
            let mode = try FileManager.default.attributesOfItem(atPath: "\(fixture.folder)/new")[.posixPermissions]
            #expect(mode as? Int == 0o600)
            // A log that cannot be opened is ignored.
            ServiceLog.file("/nonexistent/log").write("a/a-1", "a line")
        }
    }

    @Test
    func `a stack stops callers before the services they call, also if the task is cancelled`() async throws {
        try await ChildFixture.with { fixture in
            let slow = """
                trap 'sleep 0.2; echo NAME >> $notes.ends; exit 0' TERM
                echo began >> $notes
                while true; do sleep 0.02; done
                """
            let children = try ["logger", "clipper", "orchestrator"].map { name in
                try fixture.child(slow.replacingOccurrences(of: "NAME", with: name), as: name)
            }
            for child in children { try await child.start() }
            try await fixture.wait(notes: 3)
            let stack = Stack(runDirectory: RunDirectory(path: fixture.folder), children: children) { _, _ in
                children[0]
            }
            let stop = Task { await stack.stop() }
            stop.cancel()
            await stop.value
            #expect(fixture.lines("notes.ends") == ["orchestrator", "clipper", "logger"])
        }
    }
}

import Faults
import Foundation
import ServicePool
import Testing

@testable import Understudy

@Suite(.timeLimit(.minutes(1))) struct SupervisionTests {
    /// A folder for programs of a test and for what they write.
    private struct Scene {
        let folder: String

        static func with(_ body: (Scene) async throws -> Void) async throws {
            let scene = Scene(folder: "/tmp/us-child-\(UInt32.random(in: 0...UInt32.max))")
            try FileManager.default.createDirectory(atPath: scene.folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: scene.folder) }
            try await body(scene)
        }

        /// A child that runs a script of the shell; `$notes` is the file of `notes`.
        func child(
            _ script: String, as service: String = "a", pause: Duration = .milliseconds(1)
        ) throws -> ServiceChild {
            let path = "\(folder)/\(service)"
            try "#!/bin/sh\nnotes=\(folder)/notes\n\(script)\n".write(toFile: path, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
            return ServiceChild(
                service: service, instance: "\(service)-1", executable: path, environment: ["PATH": "/usr/bin:/bin"],
                log: .file("\(folder)/log"), pause: { _, _ in pause })
        }

        var notes: [Substring] { lines("notes") }

        func lines(_ name: String) -> [Substring] {
            ((try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)) ?? "").split(separator: "\n")
        }

        /// Waits until there are so many notes.
        func wait(notes count: Int) async throws {
            while notes.count < count { try await Task.sleep(for: .milliseconds(5)) }
        }
    }

    /// Notes that it began, and waits; ends with a note when it is told to stop.
    private static let patient = """
        trap 'echo stopped >> $notes; exit 0' TERM
        echo began >> $notes
        while true; do sleep 0.02; done
        """

    private func soon(_ duration: Duration = .seconds(30)) -> ContinuousClock.Instant { .now + duration }

    @Test("a child that ends is started again, and its lines are in the log with its name")
    func restarts() async throws {
        try await Scene.with { scene in
            let child = try scene.child("echo began >> $notes; echo 'a line' >&2; exit 3")
            try await child.start()
            try await scene.wait(notes: 3)
            await child.stop(by: soon())
            #expect(scene.lines("log").contains("a/a-1 | a line"))
            #expect(
                scene.lines("log").contains {
                    $0.hasPrefix("understudy | a/a-1 ended (exited(3)), starting it again in ")
                })
            let count = scene.notes.count
            try await Task.sleep(for: .milliseconds(100))
            #expect(scene.notes.count == count)
        }
    }

    @Test("short runs in a row are followed by longer and longer pauses, a long run by a short one")
    func backOff() {
        var backOff = RestartBackOff()
        let pauses = (0..<9).map { _ in backOff.pause(afterRunOf: .milliseconds(50)) }
        #expect(pauses.first == .milliseconds(200) && pauses.last == .seconds(5))
        #expect(pauses == pauses.sorted())
        #expect(backOff.pause(afterRunOf: .seconds(11)) == .milliseconds(100))
        #expect(backOff.pause(afterRunOf: .seconds(1)) == .milliseconds(200))
    }

    @Test("a child is asked to stop and may drain; one that does not stop is killed at the deadline")
    func stopping() async throws {
        try await Scene.with { scene in
            let child = try scene.child(Self.patient)
            try await child.start()
            try await scene.wait(notes: 1)
            await child.stop(by: soon())
            #expect(scene.notes == ["began", "stopped"])

            let stubborn = try scene.child(
                "trap '' TERM; echo began >> $notes; while true; do sleep 0.02; done", as: "b")
            try await stubborn.start()
            try await scene.wait(notes: 3)
            await stubborn.stop(by: soon(.milliseconds(100)))
            let count = scene.notes.count
            try await Task.sleep(for: .milliseconds(100))
            #expect(scene.notes.count == count)
        }
    }

    @Test("a child is stopped at once in the pause before its next start, and as soon as it was started")
    func stoppedInPause() async throws {
        try await Scene.with { scene in
            let child = try scene.child("echo began >> $notes; exit 1", pause: .seconds(3600))
            try await child.start()
            while !scene.lines("log").contains(where: { $0.contains("starting it again") }) {
                try await Task.sleep(for: .milliseconds(5))
            }
            await child.stop(by: soon(.seconds(3600)))
            #expect(scene.notes == ["began"])

            let early = try scene.child(Self.patient, as: "b")
            try await early.start()
            await early.stop(by: soon(.seconds(5)))
            #expect(!scene.notes.dropFirst().contains("began") || scene.notes.last == "stopped")
        }
    }

    @Test("a held child is gone when hold returns, and is not started until it is released")
    func held() async throws {
        try await Scene.with { scene in
            let child = try scene.child("echo $$ >> $notes; while true; do sleep 0.02; done")
            try await child.start()
            try await scene.wait(notes: 1)
            let pid = try #require(Int32(scene.notes[0]))
            await child.hold()
            #expect(kill(pid, 0) == -1 && errno == ESRCH)
            try await Task.sleep(for: .milliseconds(100))
            #expect(scene.notes.count == 1)
            await child.release()
            try await scene.wait(notes: 2)
            await child.hold()
            await child.stop(by: soon())
            #expect(scene.notes.count == 2)
        }
    }

    @Test("a missing executable is an error of the start")
    func missing() async throws {
        try await Scene.with { scene in
            let child = ServiceChild(
                service: "a", instance: "a-1", executable: "/nonexistent/a", environment: [:],
                log: .file("\(scene.folder)/log"))
            let error = await #expect(throws: ServiceError.self) { try await child.start() }
            #expect(error?.kind == .notFound)
        }
    }

    @Test("a log file is truncated and private, and a link at its path stays a link")
    func log() async throws {
        try await Scene.with { scene in
            let (path, target) = ("\(scene.folder)/log", "\(scene.folder)/target")
            try "of before".write(toFile: target, atomically: false, encoding: .utf8)
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
            ServiceLog.file(path).write("a/a-1", "a line")
            #expect(scene.lines("target") == ["a/a-1 | a line"])
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path) == target)
            ServiceLog.file("\(scene.folder)/new").write("a/a-1", "a line")
            let mode = try FileManager.default.attributesOfItem(atPath: "\(scene.folder)/new")[.posixPermissions]
            #expect(mode as? Int == 0o600)
            // A log that cannot be opened is not an error.
            ServiceLog.file("/nonexistent/log").write("a/a-1", "a line")
        }
    }

    @Test("a stack is stopped from the top: what is called goes after its callers; cancelling does not change that")
    func order() async throws {
        try await Scene.with { scene in
            let slow = """
                trap 'sleep 0.2; echo NAME >> $notes.ends; exit 0' TERM
                echo began >> $notes
                while true; do sleep 0.02; done
                """
            let children = try ["logger", "clipper", "orchestrator"].map { name in
                try scene.child(slow.replacingOccurrences(of: "NAME", with: name), as: name)
            }
            for child in children { try await child.start() }
            try await scene.wait(notes: 3)
            let stack = Stack(runDirectory: RunDirectory(path: scene.folder), children: children)
            let stop = Task { await stack.stop() }
            stop.cancel()
            await stop.value
            #expect(scene.lines("notes.ends") == ["orchestrator", "clipper", "logger"])
        }
    }
}

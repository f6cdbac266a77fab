import Foundation
import Subprocess
import Synchronization
import SystemPackage

/// A program as a person would run it.
final class Program: Sendable {
    struct Ended: Sendable {
        /// The exit status; 128 and the signal's number where a signal ended it.
        var status: Int32
        var output: String
        var errors: String
    }

    /// The folder of the executables that were built: the test bundle lies beside them.
    static var folder: String {
        let path =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        return String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    }

    private let lines: AsyncStream<String>
    private let box: TextBox
    private let life: Task<Int32, any Error>
    private let process = Mutex<Int32>(0)

    /// Starts an executable of ours by its name, or any program by its path.
    init(_ name: String, _ arguments: [String] = [], environment: [String: String] = [:], input: String = "")
        async throws
    {
        let path = name.hasPrefix("/") ? name : "\(Self.folder)/\(name)"
        var all = ProcessInfo.processInfo.environment
        all["SWIFT_BACKTRACE"] = "enable=no"
        let variables = all.merging(environment) { _, own in own }.map {
            (Environment.Key(stringLiteral: $0.key), $0.value)
        }
        let (lines, lineInput) = AsyncStream.makeStream(of: String.self)
        let (identifier, begun) = AsyncStream.makeStream(of: Int32.self)
        self.lines = lines
        let texts = TextBox()
        box = texts
        life = Task {
            defer {
                lineInput.finish()
                begun.finish()
            }
            let result = try await Subprocess.run(
                .path(FilePath(path)), arguments: Arguments(arguments),
                environment: .custom(Dictionary(variables) { _, last in last }), input: .string(input),
                output: .sequence,
                error: .sequence
            ) { execution in
                begun.yield(execution.processIdentifier.value)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for try await line in execution.standardOutput.strings() {
                            texts.append(output: line + "\n")
                            lineInput.yield(line)
                        }
                    }
                    group.addTask {
                        for try await line in execution.standardError.strings() { texts.append(errors: line + "\n") }
                    }
                    try await group.waitForAll()
                }
            }
            switch result.terminationStatus {
            case .exited(let status): return status
            case .signaled(let signal): return 128 + signal
            }
        }
        for await pid in identifier {
            process.withLock { $0 = pid }
            break
        }
    }

    /// The process id; 0 before it is known.
    var identifier: Int32 { process.withLock { $0 } }

    /// Waits, at most 30 s, until something is so.
    static func comes(_ isSo: () -> Bool) async -> Bool {
        let end = ContinuousClock.now + .seconds(30)
        while !isSo() {
            guard .now < end, (try? await Task.sleep(for: .milliseconds(20))) != nil else { return false }
        }
        return true
    }

    func signal(_ number: Int32) {
        let pid = process.withLock { $0 }
        if pid > 0 { kill(pid, number) }
    }

    /// Returns when a line of the output contains the text; false if the output ends before.
    func says(_ text: String) async -> Bool {
        for await line in lines where line.contains(text) { return true }
        return false
    }

    /// What it has written to its standard output until now.
    var output: String { box.output }

    func ended() async -> Ended {
        let status = (try? await life.value) ?? -1
        return Ended(status: status, output: box.output, errors: box.errors)
    }

    /// Runs to the end.
    static func run(
        _ name: String, _ arguments: [String] = [], environment: [String: String] = [:], input: String = ""
    ) async throws -> Ended {
        try await Program(name, arguments, environment: environment, input: input).ended()
    }

    private final class TextBox: Sendable {
        private let texts = Mutex<(output: String, errors: String)>(("", ""))

        var output: String { texts.withLock { $0.output } }
        var errors: String { texts.withLock { $0.errors } }
        func append(output: String) { texts.withLock { $0.output += output } }
        func append(errors: String) { texts.withLock { $0.errors += errors } }
    }
}

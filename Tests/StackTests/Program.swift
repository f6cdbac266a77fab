// SPDX-License-Identifier: Apache-2.0

import Foundation
import Subprocess
import Synchronization
import SystemPackage
import TestSupport

/// A child process, started as a user would start it.
///
/// ```swift
/// let service = try await Program("logger", environment: stack.environment)
/// service.signal(SIGTERM)
/// #expect(await service.waitUntilExit().status == 0)
/// ```
final class Program: Sendable {
    /// How a process ended, and what it printed.
    struct Exit: Sendable {
        /// The exit status; 128 plus the signal's number if a signal ended the process.
        var status: Int32
        var output: String
        var errors: String
    }

    /// The folder of the built executables, which is that of the test bundle.
    static var folder: String {
        let path =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        return String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    }

    private let name: String
    private let printed: Printed
    private let exitStatus: Task<Int32, any Error>
    private let pid = Mutex<Int32>(0)

    /// Starts an executable of this project, given by its name, or any program, given by its path.
    ///
    /// - Parameters:
    ///   - environment: Variables in addition to `TestEnvironment.inherited`.
    ///   - input: The standard input.
    init(_ name: String, _ arguments: [String] = [], environment: [String: String] = [:], input: String = "")
        async throws
    {
        self.name = name
        let path = name.hasPrefix("/") ? name : "\(Self.folder)/\(name)"
        var all = TestEnvironment.inherited
        // A backtrace takes seconds, and the tests kill processes on purpose.
        all["SWIFT_BACKTRACE"] = "enable=no"
        let variables = all.merging(environment) { _, own in own }.map {
            (Environment.Key(stringLiteral: $0.key), $0.value)
        }
        let (started, startedInput) = AsyncStream.makeStream(of: Int32.self)
        let printed = Printed()
        self.printed = printed
        exitStatus = Task {
            defer {
                printed.close()
                startedInput.finish()
            }
            let result = try await Subprocess.run(
                .path(FilePath(path)), arguments: Arguments(arguments),
                environment: .custom(Dictionary(variables) { _, last in last }), input: .string(input),
                output: .sequence,
                error: .sequence
            ) { execution in
                startedInput.yield(execution.processIdentifier.value)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for try await line in execution.standardOutput.strings() {
                            printed.append(output: line + "\n")
                        }
                    }
                    group.addTask {
                        for try await line in execution.standardError.strings() { printed.append(errors: line + "\n") }
                    }
                    try await group.waitForAll()
                }
            }
            switch result.terminationStatus {
            case .exited(let status): return status
            case .signaled(let signal): return 128 + signal
            }
        }
        for await identifier in started {
            pid.withLock { $0 = identifier }
            break
        }
    }

    /// The process id; 0 if the process could not be started.
    var identifier: Int32 { pid.withLock { $0 } }

    /// Sends a signal to the process.
    func signal(_ number: Int32) {
        let pid = identifier
        if pid > 0 { kill(pid, number) }
    }

    /// Waits, for two minutes at most, until the standard output contains a text.
    ///
    /// - Returns: `false` if the output ends first, or the time is up.
    func waitForOutput(_ text: String) async -> Bool {
        let found = try? await firstValue("\(name) prints \(text)", within: .seconds(120)) { () -> Bool? in
            let isClosed = printed.isClosed
            return output.contains(text) ? true : isClosed ? false : nil
        }
        return found ?? false
    }

    /// The standard output until now.
    var output: String { printed.output }

    /// The standard error until now.
    var errors: String { printed.errors }

    /// Waits until the process has ended. If the waiting task is cancelled, the process is killed.
    func waitUntilExit() async -> Exit {
        let status = await withTaskCancellationHandler {
            (try? await exitStatus.value) ?? -1
        } onCancel: {
            signal(SIGKILL)
        }
        return Exit(status: status, output: output, errors: errors)
    }

    /// Starts a program and waits until it has ended.
    static func run(
        _ name: String, _ arguments: [String] = [], environment: [String: String] = [:], input: String = ""
    ) async throws -> Exit {
        try await Program(name, arguments, environment: environment, input: input).waitUntilExit()
    }

    /// What the process has printed until now.
    private final class Printed: Sendable {
        private let texts = Mutex<(output: String, errors: String, isClosed: Bool)>(("", "", false))

        var output: String { texts.withLock { $0.output } }
        var errors: String { texts.withLock { $0.errors } }
        var isClosed: Bool { texts.withLock { $0.isClosed } }
        func append(output: String) { texts.withLock { $0.output += output } }
        func append(errors: String) { texts.withLock { $0.errors += errors } }
        func close() { texts.withLock { $0.isClosed = true } }
    }
}

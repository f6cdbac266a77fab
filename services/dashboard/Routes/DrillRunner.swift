// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import Glibc
import JSON
import Logging
import Subprocess
import SystemPackage

/// Runs `understudy drill` in a child process, one at a time, and stores its results.
actor DrillRunner {
    /// The state of the last drill.
    enum State: String, Encodable {
        /// None was started since this service started.
        case idle
        case playing, ended, stopped, failed
    }

    /// The body of `GET /api/drill`.
    struct View: Encodable {
        var state: State
        /// All faults in the order of the drill: `{"fault", "expected"}`.
        var faults: [JSONValue]
        /// The results so far, as `understudy drill --json` prints them.
        var results: [JSONValue]
        /// Why the drill failed.
        var error: ServiceError?
    }

    /// How long a stopped drill may take to stop its services.
    private static let stopTimeout = Duration.seconds(10)

    private let program: String?
    private let logger: Logger
    private var faults: [JSONValue]?
    private var current = View(state: .idle, faults: [], results: [])
    private var running: Task<Void, Never>?

    /// - Parameter program: the path of `understudy`; `nil` if it is not installed.
    init(program: String?, logger: Logger) {
        self.program = program
        self.logger = logger
    }

    /// The state and the results of the last drill.
    ///
    /// - Throws: `unavailable` if `understudy` is not installed next to this service.
    func view() async throws -> View {
        current.faults = try await allFaults()
        return current
    }

    /// Starts a drill.
    ///
    /// - Throws: `conflict` while one is running.
    func start() async throws -> View {
        let program = try requireProgram()
        current.faults = try await allFaults()
        guard running == nil else {
            throw ServiceError(.conflict, "a drill is already running: wait for its end, or stop it")
        }
        (current.state, current.results, current.error) = (.playing, [], nil)
        logger.info("drill started")
        running = Task { await run(program) }
        return current
    }

    /// Stops the drill and its services, and returns when they have ended.
    func stop() async throws -> View {
        running?.cancel()
        await running?.value
        return try await view()
    }

    // MARK: - The child process

    private func run(_ program: String) async {
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: Self.stopTimeout)]
        do {
            let ended = try await Subprocess.run(
                .path(FilePath(program)), arguments: ["drill", "--lines"], platformOptions: options, input: .none,
                output: .sequence, error: .string(limit: 65_536)
            ) { execution in
                for try await line in execution.standardOutput.strings() {
                    if let result = try? JSONCoding.decode(JSONValue.self, from: Data(line.utf8)) {
                        self.append(result)
                    }
                }
            }
            try Task.checkCancellation()
            guard current.results.count == current.faults.count else {
                throw ServiceError(
                    .internal,
                    "the drill ended with \(ended.terminationStatus): \(ended.standardError.suffix(2000))")
            }
            current.state = .ended
        } catch {
            current.state = Task.isCancelled ? .stopped : .failed
            if current.state == .failed { current.error = ServiceError(wrapping: error) }
        }
        logger.info("drill \(current.state.rawValue) after \(current.results.count) faults")
        running = nil
    }

    private func append(_ result: JSONValue) { current.results.append(result) }

    /// The faults that `understudy` lists; read once.
    private func allFaults() async throws -> [JSONValue] {
        if let faults { return faults }
        let listed = try await Subprocess.run(
            .path(FilePath(try requireProgram())), arguments: ["drill", "--list", "--json"], input: .none,
            output: .string(limit: 1 << 20), error: .discarded)
        let list = try JSONCoding.decode([JSONValue].self, from: Data(listed.standardOutput.utf8))
        faults = list
        return list
    }

    private func requireProgram() throws(ServiceError) -> String {
        guard let program else {
            throw ServiceError(
                .unavailable, "the drill needs the program understudy next to this service, where it is not installed")
        }
        return program
    }
}

extension DrillRunner {
    /// The path of `understudy`: next to this program, or in the `bin` folder of an installation.
    static func installedProgram() -> String? {
        guard let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else { return nil }
        let folder = own[..<(own.lastIndex(of: "/") ?? own.startIndex)]
        return ["\(folder)/understudy", "\(folder)/../../bin/understudy"].first { access($0, X_OK) == 0 }
    }
}

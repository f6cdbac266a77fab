// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import FoundationEssentials
import Glibc
import JSON
import JSONRPC
import Logging
import Subprocess
import Synchronization
import SystemPackage
import Untrusted

/// The provider `command`: a user's program as the lead.
///
/// The program gets the request as one line of JSON on standard input, and prints progress and results on standard output, one JSON
/// object per line. Each call starts a new process in its own process group.
struct CommandProvider: VideoProvider {
    /// The maximum size of a line of standard output, in bytes.
    private static let maximumLineBytes = 4 * 1024 * 1024
    /// The time between SIGTERM and SIGKILL, in seconds.
    private static let gracePeriod = 5
    /// The number of lines of standard error in an error.
    private static let maximumErrorLines = 5

    /// The program and its arguments.
    let words: [String]
    let artifacts: Artifacts
    let logger: Logger

    /// A running process.
    private final class RunningProcess: Sendable {
        let processGroup = Mutex<pid_t>(0)
        /// The last lines of standard error.
        let errorLines = Mutex<[String]>([])

        func appendError(_ line: String) {
            errorLines.withLock { $0 = ($0 + [line.bounded(to: 500)]).suffix(CommandProvider.maximumErrorLines) }
        }

        func terminate() {
            processGroup.withLock { if $0 > 0 { kill(-$0, SIGKILL) } }
        }
    }

    /// A line of standard output.
    private enum Line {
        case progress(Double, String)
        case result(CommandResult)
        /// Looks like a result, but is not valid JSON.
        case unreadable(String)
        case other
    }

    /// The results that the program printed.
    private struct Output {
        var result: CommandResult?
        var parseError: String?
    }

    func process(_ request: AgentRequest, _ call: Call) async throws -> AgentResult {
        let delivery = try LeadDelivery(request, artifacts)
        let input = String(decoding: try JSONCoding.encode(request), as: UTF8.self) + "\n"
        let process = RunningProcess()
        // Also terminates the processes that the program started.
        defer { process.terminate() }
        var options = PlatformOptions()
        options.processGroupID = 0
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(Self.gracePeriod))]
        let output: Output
        let status: TerminationStatus
        do {
            let ended = try await Subprocess.run(
                Self.executable(self.words[0]), arguments: Arguments(Array(self.words.dropFirst())),
                platformOptions: options, input: .string(input), output: .sequence, error: .sequence
            ) { [logger] execution in
                process.processGroup.withLock { $0 = execution.processIdentifier.value }
                return try await withThrowingTaskGroup(of: Output?.self) { tasks in
                    tasks.addTask {
                        try await Self.eachLine(of: execution.standardError, ChildOutputLines()) { line in
                            logger.info("\(line)")
                            process.appendError(line)
                        }
                        return nil
                    }
                    tasks.addTask {
                        var output = Output()
                        let lines = ChildOutputLines(limit: Self.maximumLineBytes, escapesControls: false)
                        try await Self.eachLine(of: execution.standardOutput, lines) { line in
                            switch try Self.read(line) {
                            case .progress(let fraction, let message): call.progress(fraction, message)
                            case .result(let result): output.result = result
                            case .unreadable(let reason): output.parseError = reason
                            case .other: logger.info("\(line.bounded(to: TextBound.logLine))")
                            }
                        }
                        return output
                    }
                    var output = Output()
                    for try await part in tasks { output = part ?? output }
                    return output
                }
            }
            (output, status) = (ended.closureResult, ended.terminationStatus)
        } catch let error as SubprocessError {
            try Task.checkCancellation()
            throw failure("cannot be run: \(error)", process.errorLines.withLock { $0 })
        }
        try Task.checkCancellation()
        guard let result = output.result else {
            let lines = process.errorLines.withLock { $0 }
            guard let reason = output.parseError else { throw failure("ended without a result (\(status))", lines) }
            // The result may have been paid for, so the call is not retried.
            throw failure("printed a result that cannot be parsed, \(reason)", lines, retryable: false)
        }
        return try await result.delivered(by: delivery)
    }

    /// Calls `body` with each line of a stream until it ends.
    private static func eachLine(
        of stream: SubprocessOutputSequence, _ lines: ChildOutputLines,
        _ body: (String) throws -> Void
    ) async throws {
        var lines = lines
        for try await bytes in stream {
            for line in bytes.withUnsafeBytes({ lines.append($0) }) { try body(line) }
        }
        for line in lines.finish() { try body(line) }
    }

    private func failure(_ reason: String, _ errorLines: [String], retryable: Bool? = nil) -> ServiceError {
        let lastLine = errorLines.last.map { ": \($0)" } ?? ""
        return ServiceError(
            .unavailable, "the command \(words[0]) \(reason)\(lastLine)", retryable: retryable,
            detail: errorLines.isEmpty ? nil : errorLines.joined(separator: "\n"), provider: "command")
    }

    private static func executable(_ program: String) -> Executable {
        program.contains("/") ? .path(FilePath(program)) : .name(program)
    }

    /// Parses a line.
    ///
    /// - Throws: The error that the line reports; `unavailable` for an invalid result.
    private static func read(_ line: String) throws -> Line {
        let members: [String: JSONValue]
        do {
            let value = try JSONCoding.decode(JSONValue.self, from: Data(line.utf8))
            guard case .object(let object) = value else { return .other }
            members = object
        } catch {
            guard line.hasPrefix("{"), ["\"video\"", "\"clips\"", "\"error\""].contains(where: line.contains) else {
                return .other
            }
            guard case DecodingError.dataCorrupted(let context) = error else { return .unreadable("\(error)") }
            return .unreadable(context.debugDescription)
        }
        do {
            if members["error"] != nil {
                throw try JSONCoding.decode(CommandFailure.self, from: Data(line.utf8)).error.error
            }
            if members["video"] != nil || members["clips"] != nil {
                return .result(try JSONCoding.decode(CommandResult.self, from: Data(line.utf8)))
            }
        } catch let error as DecodingError {
            throw ServiceError(
                .unavailable,
                "the command's result is invalid: \(ServiceError.invalidParams(from: error).message)",
                retryable: false, provider: "command")
        }
        guard let fraction = members["progress"]?.double else { return .other }
        return .progress(min(max(fraction, 0), 1), (members["message"]?.string ?? "").bounded(to: 500))
    }
}

/// `{"error": {"kind", "message", ...}}`.
private struct CommandFailure: Decodable {
    var error: LeadFailure
}

/// `{"video", "clips": [{"segment_id", "clip" or "error"}], "cost_usd"}`; paths may be relative to the output prefix.
struct CommandResult: Decodable, Sendable {
    var video: String?
    var clips: [ReportedClip]?
    var cost: USD?

    private enum CodingKeys: String, CodingKey {
        case video, clips
        case cost = "cost_usd"
    }

    func delivered(by delivery: LeadDelivery) async throws -> AgentResult {
        var result = AgentResult(cost: cost ?? .zero)
        if let video { result.video = try await delivery.film(try Self.uri(video, delivery)) }
        result.clips = try await delivery.clips(clips ?? [], by: "the command") { place throws(ServiceError) in
            try Self.uri(place, delivery)
        }
        return result
    }

    private static func uri(_ place: String, _ delivery: LeadDelivery) throws(ServiceError) -> ArtifactURI {
        if place.contains("://") { return try ArtifactURI(place) }
        return place.hasPrefix("/") ? try ArtifactURI("file://\(place)") : try delivery.prefix.appending(place)
    }
}

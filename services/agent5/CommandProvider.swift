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

/// A program of the user's own as the lead: it gets the request as one line of JSON on standard input, and tells on standard output, one
/// JSON object a line, how far it is and in the end what it made. Started anew for each call, in a process group of its own.
struct CommandProvider: VideoProvider {
    /// Bytes that are read of a line of its standard output.
    private static let maximumLine = 4 * 1024 * 1024
    /// Seconds between asking it to stop and killing it.
    private static let grace = 5
    /// Lines of its standard error that an error tells.
    private static let lastWords = 5

    /// The program and its arguments.
    let words: [String]
    let artifacts: Artifacts
    let logger: Logger

    /// A process while it runs.
    private final class Life: Sendable {
        let group = Mutex<pid_t>(0)
        /// The last lines of its standard error.
        let words = Mutex<[String]>([])

        func hear(_ line: String) {
            words.withLock { $0 = ($0 + [line.bounded(to: 500)]).suffix(CommandProvider.lastWords) }
        }

        func end() {
            group.withLock { if $0 > 0 { kill(-$0, SIGKILL) } }
        }
    }

    /// What a line says.
    private enum Line {
        case progress(Double, String)
        case result(CommandResult)
        /// It is meant as an answer, and is not JSON.
        case unreadable(String)
        case chatter
    }

    /// What the program printed.
    private struct Answer {
        var result: CommandResult?
        var fault: String?
    }

    func process(_ request: AgentRequest, _ call: Call) async throws -> AgentResult {
        let delivery = try LeadDelivery(request, artifacts)
        let input = String(decoding: try JSONCoding.encode(request), as: UTF8.self) + "\n"
        let life = Life()
        // Whatever it started itself ends with it.
        defer { life.end() }
        var options = PlatformOptions()
        options.processGroupID = 0
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(Self.grace))]
        let answer: Answer
        let status: TerminationStatus
        do {
            let ended = try await Subprocess.run(
                Self.executable(self.words[0]), arguments: Arguments(Array(self.words.dropFirst())),
                platformOptions: options, input: .string(input), output: .sequence, error: .sequence
            ) { [logger] execution in
                life.group.withLock { $0 = execution.processIdentifier.value }
                return try await withThrowingTaskGroup(of: Answer?.self) { tasks in
                    tasks.addTask {
                        try await Self.eachLine(of: execution.standardError, ChildLines()) { line in
                            logger.info("\(line)")
                            life.hear(line)
                        }
                        return nil
                    }
                    tasks.addTask {
                        var answer = Answer()
                        let lines = ChildLines(limit: Self.maximumLine, isPrintable: false)
                        try await Self.eachLine(of: execution.standardOutput, lines) { line in
                            switch try Self.read(line) {
                            case .progress(let fraction, let message): call.progress(fraction, message)
                            case .result(let whole): answer.result = whole
                            case .unreadable(let reason): answer.fault = reason
                            case .chatter: logger.info("\(line.bounded(to: TextBound.logLine))")
                            }
                        }
                        return answer
                    }
                    var answer = Answer()
                    for try await part in tasks { answer = part ?? answer }
                    return answer
                }
            }
            (answer, status) = (ended.closureResult, ended.terminationStatus)
        } catch let error as SubprocessError {
            try Task.checkCancellation()
            throw failure("cannot be run or understood: \(error)", life.words.withLock { $0 })
        }
        try Task.checkCancellation()
        guard let result = answer.result else {
            let words = life.words.withLock { $0 }
            guard let fault = answer.fault else { throw failure("ended without a result (\(status))", words) }
            // What it made may have been paid for: the same again is not worth its price.
            throw failure("gave an answer that cannot be read, \(fault)", words, retryable: false)
        }
        return try await result.delivered(by: delivery)
    }

    /// Calls `body` with each line of a stream until it ends.
    private static func eachLine(
        of stream: SubprocessOutputSequence, _ lines: ChildLines,
        _ body: (String) throws -> Void
    ) async throws {
        var lines = lines
        for try await bytes in stream {
            for line in bytes.withUnsafeBytes({ lines.append($0) }) { try body(line) }
        }
        for line in lines.finish() { try body(line) }
    }

    private func failure(_ reason: String, _ words: [String], retryable: Bool? = nil) -> ServiceError {
        let said = words.last.map { ": \($0)" } ?? ""
        return ServiceError(
            .unavailable, "the command \(self.words[0]) \(reason)\(said)", retryable: retryable,
            detail: words.isEmpty ? nil : words.joined(separator: "\n"), provider: "command")
    }

    private static func executable(_ program: String) -> Executable {
        program.contains("/") ? .path(FilePath(program)) : .name(program)
    }

    /// - Throws: the error that the line tells, or `unavailable` for a result that is none.
    private static func read(_ line: String) throws -> Line {
        let members: [String: JSONValue]
        do {
            let value = try JSONCoding.decode(JSONValue.self, from: Data(line.utf8))
            guard case .object(let object) = value else { return .chatter }
            members = object
        } catch {
            guard line.hasPrefix("{"), ["\"video\"", "\"clips\"", "\"error\""].contains(where: line.contains) else {
                return .chatter
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
                "the command's answer is not understood: \(ServiceError.invalidParams(from: error).message)",
                retryable: false, provider: "command")
        }
        guard let fraction = members["progress"]?.double else { return .chatter }
        return .progress(min(max(fraction, 0), 1), (members["message"]?.string ?? "").bounded(to: 500))
    }
}

/// `{"error": {"kind", "message", ...}}`.
private struct CommandFailure: Decodable {
    var error: LeadFailure
}

/// `{"video", "clips": [{"segment_id", "clip" or "error"}], "cost_usd"}`; relative paths lie below the output prefix.
struct CommandResult: Decodable, Sendable {
    var video: String?
    var clips: [ToldClip]?
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

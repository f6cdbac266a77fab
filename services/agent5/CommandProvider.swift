import Artifacts
import Contracts
import FoundationEssentials
import Glibc
import JSONRPC
import Logging
import Subprocess
import Synchronization
import SystemPackage

/// A program of the user's own as the lead: it gets the request as one line of JSON on standard input, and tells on standard output, one
/// JSON object a line, how far it is and in the end what it made. Started anew for each call, in a process group of its own.
struct CommandProvider: VideoProvider {
    /// Bytes that a line may have.
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
            words.withLock { $0 = ($0 + [String(line.prefix(500))]).suffix(CommandProvider.lastWords) }
        }

        func end() {
            group.withLock { if $0 > 0 { kill(-$0, SIGKILL) } }
        }
    }

    /// What a line says.
    private enum Line {
        case progress(Double, String)
        case result(CommandResult)
        case chatter
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
        let result: CommandResult?
        let status: TerminationStatus
        do {
            let ended = try await Subprocess.run(
                Self.executable(self.words[0]), arguments: Arguments(Array(self.words.dropFirst())),
                platformOptions: options, input: .string(input), output: .sequence, error: .sequence
            ) { [logger] execution in
                life.group.withLock { $0 = execution.processIdentifier.value }
                return try await withThrowingTaskGroup(of: CommandResult?.self) { tasks in
                    tasks.addTask {
                        for try await line in execution.standardError.strings(
                            bufferingPolicy: .maxLineLength(Self.maximumLine))
                        {
                            logger.info("\(line.prefix(2000))")
                            life.hear(line)
                        }
                        return nil
                    }
                    tasks.addTask {
                        var result: CommandResult?
                        for try await line in execution.standardOutput.strings(
                            bufferingPolicy: .maxLineLength(Self.maximumLine))
                        {
                            switch try Self.read(line) {
                            case .progress(let fraction, let message): call.progress(fraction, message)
                            case .result(let whole): result = whole
                            case .chatter: logger.info("\(line.prefix(2000))")
                            }
                        }
                        return result
                    }
                    var result: CommandResult?
                    for try await part in tasks { result = part ?? result }
                    return result
                }
            }
            (result, status) = (ended.closureResult, ended.terminationStatus)
        } catch let error as SubprocessError {
            try Task.checkCancellation()
            throw failure("cannot be run or understood: \(error)", life.words.withLock { $0 })
        }
        try Task.checkCancellation()
        guard let result else {
            throw failure("ended without a result (\(status))", life.words.withLock { $0 })
        }
        return try await result.delivered(by: delivery)
    }

    private func failure(_ reason: String, _ words: [String]) -> ServiceError {
        let said = words.last.map { ": \($0)" } ?? ""
        return ServiceError(
            .unavailable, "the command \(self.words[0]) \(reason)\(said)",
            detail: words.isEmpty ? nil : words.joined(separator: "\n"), provider: "command")
    }

    private static func executable(_ program: String) -> Executable {
        program.contains("/") ? .path(FilePath(program)) : .name(program)
    }

    /// - Throws: the error that the line tells, or `unavailable` for a result that is none.
    private static func read(_ line: String) throws -> Line {
        guard let value = try? JSONCoding.decode(JSONValue.self, from: Data(line.utf8)),
            case .object(let members) = value
        else { return .chatter }
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
        return .progress(min(max(fraction, 0), 1), String((members["message"]?.string ?? "").prefix(500)))
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

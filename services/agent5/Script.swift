import Artifacts
import Contracts
import Faults
import FoundationEssentials
import JSON

/// What the scripted provider plays: for each call a list of steps.
///
/// ```json
/// {"calls": [
///   {"repeat": 1, "steps": [{"fail": {"kind": "unavailable", "message": "502 Bad Gateway", "provider": "acme"}}]},
///   {"match": {"session_id": "s1"},
///    "steps": [{"progress": 0.3, "message": "rendering"}, {"wait_ms": 100}, {"video": "film.mp4", "cost_usd": 0.15}]}
/// ]}
/// ```
/// The calls of one job play the entries that match it in order, each as often as its `repeat` says; the last repeats for ever.
/// Every job begins with the first entry.
struct Script: Codable, Sendable {
    var calls: [Entry]

    struct Entry: Codable, Sendable {
        /// Only for calls with this user, session or job.
        var match: Match?
        /// Calls that this entry answers before the next one's turn comes; 1 if absent.
        var `repeat`: Int?
        var steps: [Step]
    }

    /// What a call plays.
    ///
    /// - Parameter number: calls that the job made before this one.
    /// - Returns: `nil` where no entry matches.
    func entry(for request: AgentRequest, number: Int) -> Entry? {
        let entries = calls.filter { $0.match?.fits(request) ?? true }
        var left = number
        for entry in entries {
            left -= max(entry.repeat ?? 1, 1)
            if left < 0 { return entry }
        }
        return entries.last
    }

    struct Match: Codable, Sendable {
        var userID: String?
        var sessionID: String?
        var jobID: String?

        private enum CodingKeys: String, CodingKey {
            case userID = "user_id"
            case sessionID = "session_id"
            case jobID = "job_id"
        }

        func fits(_ request: AgentRequest) -> Bool {
            (userID ?? request.userID) == request.userID && (sessionID ?? request.sessionID) == request.sessionID
                && (jobID ?? request.jobID) == request.jobID
        }
    }

    /// One thing that happens.
    enum Step: Sendable {
        case progress(Double, String)
        case wait(milliseconds: Double)
        /// Never answers; only cancelling or the deadline ends it.
        case hang
        case fail(ServiceError)
        /// A whole film: a URI, or a path relative to the script's folder.
        case video(String, cost: USD)
        case clips([ToldClip], cost: USD)
        /// The connection is closed before the reply; the process lives on.
        case dropConnection
        /// The process ends at once, as if killed.
        case exit(Int32)
    }

    /// Reads a script file.
    ///
    /// - Throws: `not_found`, or `invalid_params` that names the JSON pointer.
    static func read(_ path: String) async throws -> Script {
        let data = try await Artifacts().read(ArtifactURI(filePath: path), maximum: 8 * 1024 * 1024)
        do {
            let script = try JSONCoding.decode(Script.self, from: data)
            guard !script.calls.isEmpty else {
                throw ServiceError.invalidParams(at: "/calls", expected: "at least one entry")
            }
            if let index = script.calls.firstIndex(where: { ($0.repeat ?? 1) < 1 }) {
                throw ServiceError.invalidParams(at: "/calls/\(index)/repeat", expected: "1 or more")
            }
            return script
        } catch let error as DecodingError {
            let reason = ServiceError.invalidParams(from: error).message
            throw ServiceError(.unavailable, "the script \(path) cannot be played: \(reason)", retryable: false)
        }
    }
}

extension Script.Step: Codable {
    private enum CodingKeys: String, CodingKey {
        case progress, message, hang, fail, video, clips, exit
        case wait = "wait_ms"
        case cost = "cost_usd"
        case dropConnection = "drop_connection"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let cost = try container.decodeIfPresent(USD.self, forKey: .cost) ?? .zero
        if let fraction = try container.decodeIfPresent(Double.self, forKey: .progress) {
            self = .progress(fraction, try container.decodeIfPresent(String.self, forKey: .message) ?? "")
        } else if let milliseconds = try container.decodeIfPresent(Double.self, forKey: .wait) {
            self = .wait(milliseconds: min(max(milliseconds, 0), 1e9))
        } else if try container.decodeIfPresent(Bool.self, forKey: .hang) == true {
            self = .hang
        } else if let failure = try container.decodeIfPresent(LeadFailure.self, forKey: .fail) {
            self = .fail(failure.error)
        } else if let video = try container.decodeIfPresent(String.self, forKey: .video) {
            self = .video(video, cost: cost)
        } else if let clips = try container.decodeIfPresent([ToldClip].self, forKey: .clips) {
            self = .clips(clips, cost: cost)
        } else if try container.decodeIfPresent(Bool.self, forKey: .dropConnection) == true {
            self = .dropConnection
        } else if let status = try container.decodeIfPresent(Int32.self, forKey: .exit) {
            self = .exit(status)
        } else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: decoder.codingPath,
                    debugDescription: "one of progress, wait_ms, hang, fail, video, clips, drop_connection, exit"))
        }
    }

    /// Scripts are only read.
    func encode(to encoder: any Encoder) throws {
        throw EncodingError.invalidValue(
            self, EncodingError.Context(codingPath: encoder.codingPath, debugDescription: "scripts are only read"))
    }
}

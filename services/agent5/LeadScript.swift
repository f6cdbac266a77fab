// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import FoundationEssentials
import JSON

/// The script of the scripted provider: a list of steps for each call.
///
/// ```json
/// {"calls": [
///   {"repeat": 1, "steps": [{"fail": {"kind": "unavailable", "message": "502 Bad Gateway", "provider": "acme"}}]},
///   {"match": {"session_id": "s1"},
///    "steps": [{"progress": 0.3, "message": "rendering"}, {"wait_ms": 100}, {"video": "film.mp4", "cost_usd": 0.15}]}
/// ]}
/// ```
/// The calls of one job play the entries that match it in order, each as often as its `repeat`; the last entry repeats forever.
/// Every job starts with the first entry.
struct LeadScript: Codable, Sendable {
    /// The entries, in order.
    var calls: [Entry]

    /// The steps of some calls.
    struct Entry: Codable, Sendable {
        /// Restricts the entry to calls with this user, session or job.
        var match: Match?
        /// The number of calls that play this entry; 1 if absent.
        var `repeat`: Int?
        /// The steps, in order.
        var steps: [Step]
    }

    /// Finds the entry for a call.
    ///
    /// - Parameters:
    ///   - request: The parameters of the call.
    ///   - number: The number of earlier calls of the job.
    /// - Returns: `nil` if no entry matches.
    func entry(for request: AgentRequest, number: Int) -> Entry? {
        let entries = calls.filter { $0.match?.matches(request) ?? true }
        var remaining = number
        for entry in entries {
            remaining -= max(entry.repeat ?? 1, 1)
            if remaining < 0 { return entry }
        }
        return entries.last
    }

    /// The calls that an entry applies to; an absent member matches all.
    struct Match: Codable, Sendable {
        var userID: String?
        var sessionID: String?
        var jobID: String?

        private enum CodingKeys: String, CodingKey {
            case userID = "user_id"
            case sessionID = "session_id"
            case jobID = "job_id"
        }

        func matches(_ request: AgentRequest) -> Bool {
            (userID ?? request.userID) == request.userID && (sessionID ?? request.sessionID) == request.sessionID
                && (jobID ?? request.jobID) == request.jobID
        }
    }

    /// One step.
    enum Step: Sendable {
        /// Reports progress from 0 to 1 and a message.
        case progress(Double, String)
        /// Waits; at most 10⁹ milliseconds.
        case wait(milliseconds: Double)
        /// Never replies; only a cancellation or the deadline ends the call.
        case hang
        /// Fails the call.
        case fail(ServiceError)
        /// Replies with a whole film: a URI, or a path relative to the script's folder.
        case video(String, cost: USD)
        /// Replies with clips of single segments.
        case clips([ReportedClip], cost: USD)
        /// Closes the connection before the reply; the process continues.
        case dropConnection
        /// Ends the process immediately, as if it had crashed.
        case exit(Int32)
    }

    /// Reads a script file.
    ///
    /// - Parameter path: The absolute path of the file.
    /// - Throws: `not_found`, or an error that names the JSON pointer of the invalid member.
    static func read(_ path: String) async throws -> LeadScript {
        let data = try await Artifacts().read(ArtifactURI(filePath: path), maximum: 8 * 1024 * 1024)
        do {
            let script = try JSONCoding.decode(LeadScript.self, from: data)
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

extension LeadScript.Step: Codable {
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
        } else if let clips = try container.decodeIfPresent([ReportedClip].self, forKey: .clips) {
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

    /// Throws: scripts are not written.
    func encode(to encoder: any Encoder) throws {
        throw EncodingError.invalidValue(
            self, EncodingError.Context(codingPath: encoder.codingPath, debugDescription: "scripts are only read"))
    }
}

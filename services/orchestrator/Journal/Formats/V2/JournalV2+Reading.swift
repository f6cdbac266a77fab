// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults

extension JournalV2.Event {
    /// The stored event, for the job's state machine.
    ///
    /// - Throws: `UnknownEvent` for an unknown type; `DecodingError` for a member that is missing or invalid.
    func value() throws -> JobEvent {
        guard let tag = Tag(rawValue: type) else { throw UnknownEvent(type: type, version: JournalV2.number) }
        switch tag {
        case .started: return .started
        case .agentSkipped: return .agentSkipped(try namedAgent())
        case .agentStarted: return .agentBegun(try namedAgent())
        case .agentProgress:
            return .agentProgress(
                try namedAgent(), fraction: try require(fraction, .fraction), message: try require(message, .message))
        case .agentFinished:
            return .agentDone(try namedAgent(), try require(delivery, .delivery).value(), startedAt: try timestamp())
        case .agentFailed:
            return .agentFailed(
                try namedAgent(), try error(), inputsExist: try require(inputsExist, .inputsExist),
                startedAt: try timestamp()
            )
        case .loaded: return .loaded(try require(plan, .plan).value)
        case .loadFailed: return .loadFailed(try error())
        case .leadProgress:
            return .leadProgress(fraction: try require(fraction, .fraction), message: try require(message, .message))
        case .leadDelivered: return .leadDelivered(try require(delivery, .delivery).value(), startedAt: try timestamp())
        case .leadFailed: return .leadFailed(try error(), startedAt: try timestamp())
        case .leadBarred: return .leadBarred(try error())
        case .leadLate: return .leadLate(try require(delivery, .delivery).value())
        case .leadFilmAccepted:
            return .leadFilmAccepted(
                video: try require(video, .video), startedAt: try timestamp(), seconds: seconds, warnings: warnings)
        case .leadFilmCut:
            return .leadFilmCut(
                clips: try require(clips, .clips).map { try $0.value() }, bad: try errors(),
                warnings: try require(warnings, .warnings), startedAt: try timestamp())
        case .leadClipsChecked:
            return .leadClipsChecked(
                good: try require(segments, .segments), bad: try errors(), startedAt: try timestamp(),
                warnings: warnings)
        case .stillDrawn:
            return .imageMade(segment: try index(), image: try require(still, .still).value, startedAt: try timestamp())
        case .stillRepeated: return .imageFailed(segment: try index(), try error(), startedAt: try timestamp())
        case .stillFailed: return .stillFailed(segment: try index(), try error(), startedAt: try timestamp())
        case .callStopped: return .stopped(segment: segment, try error(), startedAt: try timestamp())
        case .clipCreated:
            return .clipMade(segment: try index(), clip: try require(clip, .clip).value, startedAt: try timestamp())
        case .clipFailed: return .clipFailed(segment: try index(), try error(), startedAt: try timestamp())
        case .narrationAdded: return .narrated(segment: try index(), startedAt: try timestamp(), trimmed: trimmed)
        case .narrationFailed: return .narrationFailed(segment: try index(), try error(), startedAt: try timestamp())
        case .filmStitched:
            return .stitched(try require(film, .film).value(), startedAt: try timestamp(), trimmed: trimmedSegments)
        case .stitchFailed: return .stitchFailed(try error(), startedAt: try timestamp())
        case .filmVerified: return .filmVerified(warnings: warnings, startedAt: try timestamp(), seconds: seconds)
        case .filmRejected: return .filmRejected(try error(), startedAt: try timestamp())
        case .filmSpoiled: return .filmSpoiled(try error(), startedAt: try timestamp())
        case .storeUnavailable: return .storeAway(try error())
        case .storeAvailable: return .storeBack
        case .cancelled: return .cancelled
        case .retryRequested: return .retried(try selected())
        case .segmentsEdited: return .edited(try require(edits, .edits).mapValues(\.value))
        case .hedgeStarted: return .hedged
        case .upgradeRequested:
            return .upgradeAsked(
                try require(segments, .segments), cost: USD(micros: try require(costMicros, .costMicros)))
        case .settled: return .settled(warning: message)
        }
    }

    /// The value of a member that the event's type requires.
    private func require<Value>(_ value: Value?, _ key: CodingKeys) throws -> Value {
        guard let value else {
            throw DecodingError.keyNotFound(
                key, DecodingError.Context(codingPath: [], debugDescription: "the member is missing"))
        }
        return value
    }

    private func index() throws -> Int { try require(segment, .segment) }

    private func timestamp() throws -> Timestamp { Timestamp(milliseconds: try require(startedAt, .startedAt)) }

    private func error() throws -> ServiceError { try require(fault, .fault).value() }

    private func errors() throws -> [String: ServiceError] { try require(faults, .faults).mapValues { try $0.value() } }

    private func namedAgent() throws -> ChainAgent {
        guard let agent = StoredNames.agents[try require(agent, .agent)] else {
            throw DecodingError.unknownName(at: CodingKeys.agent, of: StoredNames.agents.all)
        }
        return agent
    }

    private func selected() throws -> RetrySelection {
        switch selection {
        case nil: return .segments(try require(segments, .segments))
        case "failed": return .failed
        case "all": return .all
        default: throw DecodingError.unknownName(at: CodingKeys.selection, of: ["all", "failed"])
        }
    }
}

extension DecodingError {
    /// The error for an unknown name.
    ///
    /// - Parameter names: the known names.
    static func unknownName(at key: any CodingKey, of names: [String]) -> DecodingError {
        .dataCorrupted(
            Context(codingPath: [key], debugDescription: "one of \(names.joined(separator: ", "))"))
    }
}

import Contracts
import Faults

extension JournalV2.Event {
    /// The event that was stored.
    ///
    /// - Returns: what the job's machine takes.
    /// - Throws: `UnknownEvent` for a type of which this version knows nothing; `DecodingError` for a member that is missing or has
    ///   another value than it may.
    func value() throws -> JobEvent {
        guard let tag = Tag(rawValue: type) else { throw UnknownEvent(type: type, version: JournalV2.number) }
        switch tag {
        case .started: return .started
        case .agentSkipped: return .agentSkipped(try namedAgent())
        case .agentStarted: return .agentBegun(try namedAgent())
        case .agentProgress:
            return .agentProgress(
                try namedAgent(), fraction: try need(fraction, .fraction), message: try need(message, .message))
        case .agentFinished:
            return .agentDone(try namedAgent(), try need(delivery, .delivery).value(), startedAt: try moment())
        case .agentFailed:
            return .agentFailed(
                try namedAgent(), try error(), inputsExist: try need(inputsExist, .inputsExist), startedAt: try moment()
            )
        case .loaded: return .loaded(try need(plan, .plan).value)
        case .loadFailed: return .loadFailed(try error())
        case .leadProgress:
            return .leadProgress(fraction: try need(fraction, .fraction), message: try need(message, .message))
        case .leadDelivered: return .leadDelivered(try need(delivery, .delivery).value(), startedAt: try moment())
        case .leadFailed: return .leadFailed(try error(), startedAt: try moment())
        case .leadBarred: return .leadBarred(try error())
        case .leadLate: return .leadLate(try need(delivery, .delivery).value())
        case .leadFilmAccepted:
            return .leadFilmAccepted(
                video: try need(video, .video), startedAt: try moment(), seconds: seconds, warnings: warnings)
        case .leadFilmCut:
            return .leadFilmCut(
                clips: try need(clips, .clips).map { try $0.value() }, bad: try errors(),
                warnings: try need(warnings, .warnings), startedAt: try moment())
        case .leadClipsChecked:
            return .leadClipsChecked(
                good: try need(segments, .segments), bad: try errors(), startedAt: try moment(), warnings: warnings)
        case .stillDrawn:
            return .imageMade(segment: try index(), image: try need(still, .still).value, startedAt: try moment())
        case .stillRepeated: return .imageFailed(segment: try index(), try error(), startedAt: try moment())
        case .stillFailed: return .stillFailed(segment: try index(), try error(), startedAt: try moment())
        case .callStopped: return .stopped(segment: segment, try error(), startedAt: try moment())
        case .clipCreated:
            return .clipMade(segment: try index(), clip: try need(clip, .clip).value, startedAt: try moment())
        case .clipFailed: return .clipFailed(segment: try index(), try error(), startedAt: try moment())
        case .narrationAdded: return .narrated(segment: try index(), startedAt: try moment(), trimmed: trimmed)
        case .narrationFailed: return .narrationFailed(segment: try index(), try error(), startedAt: try moment())
        case .filmStitched:
            return .stitched(try need(film, .film).value(), startedAt: try moment(), trimmed: trimmedSegments)
        case .stitchFailed: return .stitchFailed(try error(), startedAt: try moment())
        case .filmVerified: return .filmVerified(warnings: warnings, startedAt: try moment(), seconds: seconds)
        case .filmRejected: return .filmRejected(try error(), startedAt: try moment())
        case .filmSpoiled: return .filmSpoiled(try error(), startedAt: try moment())
        case .storeUnavailable: return .storeAway(try error())
        case .storeAvailable: return .storeBack
        case .cancelled: return .cancelled
        case .retryRequested: return .retried(try chosen())
        case .segmentsEdited: return .edited(try need(edits, .edits).mapValues(\.value))
        case .hedgeStarted: return .hedged
        case .upgradeRequested:
            return .upgradeAsked(
                try need(segments, .segments), cost: USD(micros: try need(costMicros, .costMicros)))
        case .settled: return .settled(warning: message)
        }
    }

    private func need<Value>(_ value: Value?, _ key: CodingKeys) throws -> Value {
        guard let value else {
            throw DecodingError.keyNotFound(
                key, DecodingError.Context(codingPath: [], debugDescription: "the member is missing"))
        }
        return value
    }

    private func index() throws -> Int { try need(segment, .segment) }

    private func moment() throws -> Timestamp { Timestamp(milliseconds: try need(startedAt, .startedAt)) }

    private func error() throws -> ServiceError { try need(fault, .fault).value() }

    private func errors() throws -> [String: ServiceError] { try need(faults, .faults).mapValues { try $0.value() } }

    private func namedAgent() throws -> ChainAgent {
        guard let agent = StoredNames.agents[try need(agent, .agent)] else {
            throw DecodingError.unknownName(at: CodingKeys.agent, of: StoredNames.agents.all)
        }
        return agent
    }

    private func chosen() throws -> RetrySelection {
        switch selection {
        case nil: return .segments(try need(segments, .segments))
        case "failed": return .failed
        case "all": return .all
        default: throw DecodingError.unknownName(at: CodingKeys.selection, of: ["all", "failed"])
        }
    }
}

extension DecodingError {
    /// A name that stands for nothing.
    static func unknownName(at key: any CodingKey, of names: [String]) -> DecodingError {
        .dataCorrupted(
            Context(codingPath: [key], debugDescription: "one of \(names.joined(separator: ", "))"))
    }
}

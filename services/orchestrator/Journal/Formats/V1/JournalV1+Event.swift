// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults

extension JournalV1 {
    /// An event: an object whose only member is named after the event and contains its values. `_0` and `_1` are values without a label.
    struct Event: Decodable {
        let value: JobEvent

        /// The names of the events.
        enum Tag: String, CaseIterable {
            case started, agentSkipped, agentBegun, agentProgress, agentDone, agentFailed, loaded, loadFailed,
                leadProgress
            case leadDelivered, leadFailed, leadBarred, leadLate, leadFilmAccepted, leadFilmCut, leadClipsChecked
            case imageMade, imageFailed, stillFailed, stopped, clipMade, clipFailed, narrated, narrationFailed
            case stitched, stitchFailed, filmVerified, filmRejected, filmSpoiled, storeAway, storeBack
            case cancelled, retried, edited, hedged, upgradeAsked, settled
        }

        private enum Field: String, CodingKey {
            case first = "_0"
            case second = "_1"
            case bad, clip, clips, cost, fraction, good, image, inputsExist, message, seconds, segment, startedAt,
                trimmed
            case video, warning, warnings
        }

        /// - Throws: `UnknownEvent` for an unknown name; `DecodingError`.
        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Name.self)
            guard let name = container.allKeys.first, container.allKeys.count == 1 else {
                throw DecodingError.dataCorrupted(
                    DecodingError.Context(
                        codingPath: decoder.codingPath, debugDescription: "an object with one member, the event"))
            }
            guard let tag = Tag(rawValue: name.stringValue) else {
                throw UnknownEvent(type: name.stringValue, version: 1)
            }
            value = try Self.value(tag, try container.nestedContainer(keyedBy: Field.self, forKey: name))
        }

        private static func value(_ tag: Tag, _ fields: KeyedDecodingContainer<Field>) throws -> JobEvent {
            func agent() throws -> ChainAgent { try fields.named(.first, StoredNames.agents) }
            func fault(_ field: Field = .first) throws -> ServiceError {
                try fields.decode(Fault.self, forKey: field).value
            }
            func faults() throws -> [String: ServiceError] {
                try fields.decode([String: Fault].self, forKey: .bad).mapValues(\.value)
            }
            func result(_ field: Field = .first) throws -> AgentResult {
                try fields.decode(Delivery.self, forKey: field).value
            }
            func startedAt() throws -> Timestamp { try fields.timestamp(.startedAt) }
            func segment() throws -> Int { try fields.decode(Int.self, forKey: .segment) }
            func seconds() throws -> Double? { try fields.decodeIfPresent(Double.self, forKey: .seconds) }
            func warnings() throws -> [String]? { try fields.decodeIfPresent([String].self, forKey: .warnings) }
            func fraction() throws -> Double { try fields.decode(Double.self, forKey: .fraction) }
            func message() throws -> String { try fields.decode(String.self, forKey: .message) }

            switch tag {
            case .started: return .started
            case .agentSkipped: return .agentSkipped(try agent())
            case .agentBegun: return .agentBegun(try agent())
            case .agentProgress: return .agentProgress(try agent(), fraction: try fraction(), message: try message())
            case .agentDone: return .agentDone(try agent(), try result(.second), startedAt: try startedAt())
            case .agentFailed:
                return .agentFailed(
                    try agent(), try fault(.second), inputsExist: try fields.decode(Bool.self, forKey: .inputsExist),
                    startedAt: try startedAt())
            case .loaded: return .loaded(try fields.decode(Plan.self, forKey: .first).value)
            case .loadFailed: return .loadFailed(try fault())
            case .leadProgress: return .leadProgress(fraction: try fraction(), message: try message())
            case .leadDelivered: return .leadDelivered(try result(), startedAt: try startedAt())
            case .leadFailed: return .leadFailed(try fault(), startedAt: try startedAt())
            case .leadBarred: return .leadBarred(try fault())
            case .leadLate: return .leadLate(try result())
            case .leadFilmAccepted:
                return .leadFilmAccepted(
                    video: try fields.decode(String.self, forKey: .video), startedAt: try startedAt(),
                    seconds: try seconds(), warnings: try warnings())
            case .leadFilmCut:
                return .leadFilmCut(
                    clips: try fields.decode([LeadClip].self, forKey: .clips).map(\.value), bad: try faults(),
                    warnings: try fields.decode([String].self, forKey: .warnings), startedAt: try startedAt())
            case .leadClipsChecked:
                return .leadClipsChecked(
                    good: try fields.decode([String].self, forKey: .good), bad: try faults(),
                    startedAt: try startedAt(), warnings: try warnings())
            case .imageMade:
                return .imageMade(
                    segment: try segment(), image: try fields.decode(Image.self, forKey: .image).value,
                    startedAt: try startedAt())
            case .imageFailed:
                return .imageFailed(segment: try segment(), try fault(.second), startedAt: try startedAt())
            case .stillFailed:
                return .stillFailed(segment: try segment(), try fault(.second), startedAt: try startedAt())
            case .stopped:
                return .stopped(
                    segment: try fields.decodeIfPresent(Int.self, forKey: .segment), try fault(.second),
                    startedAt: try startedAt())
            case .clipMade:
                return .clipMade(
                    segment: try segment(), clip: try fields.decode(Clip.self, forKey: .clip).value,
                    startedAt: try startedAt())
            case .clipFailed: return .clipFailed(segment: try segment(), try fault(.second), startedAt: try startedAt())
            case .narrated:
                return .narrated(
                    segment: try segment(), startedAt: try startedAt(),
                    trimmed: try fields.decodeIfPresent(Double.self, forKey: .trimmed))
            case .narrationFailed:
                return .narrationFailed(segment: try segment(), try fault(.second), startedAt: try startedAt())
            case .stitched:
                return .stitched(
                    try fields.decode(Film.self, forKey: .first).value, startedAt: try startedAt(),
                    trimmed: try fields.decodeIfPresent([String: Double].self, forKey: .trimmed))
            case .stitchFailed: return .stitchFailed(try fault(), startedAt: try startedAt())
            case .filmVerified:
                return .filmVerified(warnings: try warnings(), startedAt: try startedAt(), seconds: try seconds())
            case .filmRejected: return .filmRejected(try fault(), startedAt: try startedAt())
            case .filmSpoiled: return .filmSpoiled(try fault(), startedAt: try startedAt())
            case .storeAway: return .storeAway(try fault())
            case .storeBack: return .storeBack
            case .cancelled: return .cancelled
            case .retried: return .retried(try fields.decode(Selection.self, forKey: .first).value)
            case .edited:
                return .edited(try fields.decode([String: Edit].self, forKey: .first).mapValues(\.value))
            case .hedged: return .hedged
            case .upgradeAsked:
                return .upgradeAsked(
                    try fields.decode([String].self, forKey: .first), cost: try fields.dollars(.cost))
            case .settled: return .settled(warning: try fields.decodeIfPresent(String.self, forKey: .warning))
            }
        }
    }
}

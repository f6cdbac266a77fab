import Contracts
import JSON
import Timebase

/// Fits segments and narrations that are longer than their segments to each other, as `fit_narration` asks.
struct NarrationFit: Sendable {
    /// Seconds by which a narration may be longer without a word: two frames of MP3.
    static let tolerance = 0.06
    /// How much faster than recorded a narration is heard at most.
    static let fastest = 1.15
    /// Seconds that a segment lasts at most.
    private static let longest = 3600.0
    /// Seconds that a narration at a higher tempo should end before its segment: the tempo is kept to a pitch period.
    private static let margin = 0.02

    private let fitting: NarrationFitting
    private let rate: FrameRate

    init(_ options: JobOptions) {
        fitting = options.fitNarration ?? .cut
        rate = options.rate
    }

    /// The segments whose narrations must be measured: those whose narration does not go on in the next one.
    func measured(_ segments: [PlannedSegment]) -> [Int] {
        switch fitting {
        case .cut: []
        case .extend: segments.indices.filter { segments[$0].audio != nil && !segments.continuesNarration(after: $0) }
        // A part of one file for the whole film keeps the tempo of the others.
        case .speed:
            segments.indices.filter {
                segments[$0].audio != nil && segments[$0].audioStart == nil
                    && !segments.continuesNarration(after: $0)
            }
        }
    }

    /// - Parameter lengths: seconds of the narration files, by index, as far as they can be read.
    /// - Returns: a sentence for each segment that cannot be as long as its narration.
    func apply(to segments: inout [PlannedSegment], lengths: [Int: Double]) -> [String] {
        var warnings: [String] = []
        for (index, length) in lengths.sorted(by: { $0.key < $1.key }) where segments.indices.contains(index) {
            let (id, duration) = (segments[index].id, segments[index].duration)
            let needed = length - (segments[index].audioStart ?? 0)
            guard needed.isFinite, needed - duration > Self.margin / 2 else { continue }
            switch fitting {
            case .cut: break
            case .extend:
                // Whole frames: rounding on the time line then takes nothing away.
                let whole = (rate.seconds(rate.frames(covering: needed)) * 1_000_000).rounded(.up) / 1_000_000
                segments[index].duration = min(whole, Self.longest)
                if whole > Self.longest {
                    warnings.append("\(id): the narration lasts \(Int(needed)) s; a segment lasts at most 3600 s")
                }
            case .speed:
                segments[index].tempo = min(needed / max(duration - Self.margin, 0.05), Self.fastest)
            }
        }
        if fitting == .extend {
            let frames = Timeline.frames(segments.map(\.duration), at: rate)
            for (index, count) in zip(segments.indices, frames) { segments[index].frames = count }
        }
        return warnings
    }

    /// The storyboard as the lead gets it: with the durations that are promised.
    func storyboard(_ json: JSONValue, of segments: [PlannedSegment]) -> JSONValue {
        guard fitting == .extend, var board = json.object, let list = board["segments"]?.array,
            list.count == segments.count
        else { return json }
        board["segments"] = .array(
            zip(list, segments).map { value, segment in
                guard var members = value.object, members["duration"]?.double != segment.duration else { return value }
                members["duration"] = .number(segment.duration)
                return .object(members)
            })
        return .object(board)
    }
}

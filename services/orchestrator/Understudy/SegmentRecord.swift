import Contracts
import Faults

/// One segment of a job: what is there, what was tried.
struct SegmentRecord: Sendable {
    let id: String
    /// Seconds.
    let duration: Double
    let hasNarration: Bool
    var maker: Agent?
    var still: GeneratedImage?
    /// The artifact URI of the clip.
    var clip: String?
    var narration = Narration.pending
    var error: ServiceError?
    /// What the next call for the still sends as `attempt`.
    var stillAttempts = 0
    /// How often every attempt at the still failed.
    var series = 0
    /// Whether the still could not be prepared while the lead worked.
    var isSpareGivenUp = false
    /// A card takes the place of a still that cannot be had.
    var takesCard = false
    /// What the picture shows, where the user changed it.
    var guidance: String?
    /// The artifact URI of a picture that the user gave.
    var given: String?
    /// A still that was prepared and not needed.
    var spare: GeneratedImage?
    /// How often the still was to be made anew.
    var edition = 0
    /// Whether something of an earlier run was kept.
    var isReused = false

    enum Narration: Sendable { case pending, done, failed }

    init(_ planned: PlannedSegment) {
        id = planned.id
        duration = planned.duration
        hasNarration = planned.audio != nil
    }

    /// Whether its clip can go into the film.
    var isReady: Bool { clip != nil && (!hasNarration || narration != .pending || maker == .lead) }

    /// Everything is to be made anew; what it cost stays.
    mutating func reset() {
        if maker != .lead { spare = nil }
        edition += 1
        maker = nil
        still = nil
        clip = nil
        narration = .pending
        error = nil
        stillAttempts = 0
        takesCard = false
        isReused = false
    }

    /// The lead's work takes the place of the understudy's, whose still is kept for later.
    mutating func giveWay(to clip: String?) {
        maker = .lead
        self.clip = clip
        spare = still ?? spare
        still = nil
    }

    /// What is there is kept; what failed may be tried again.
    mutating func keep() {
        isReused = still != nil || clip != nil
        error = nil
        stillAttempts = 0
    }

    /// Where it stands.
    ///
    /// - Parameter step: what is under way for it; `nil` for nothing.
    func state(_ step: JobWork?) -> SegmentState {
        if error != nil, clip == nil { return .failed }
        if isReady { return .done }
        return switch step {
        case .still: .drawing
        case .clip: .clipping
        case .narrate: .narrating
        default: clip != nil ? .clipped : still != nil ? .drawn : .waiting
        }
    }
}

import Contracts

/// What the lead is to make of a film that is finished, and what there is as long as it has not.
struct Upgrade: Sendable {
    let wanted: Set<String>
    /// What the lead's clips may cost.
    let cost: USD
    let segments: [SegmentRecord]
    let film: Film
}

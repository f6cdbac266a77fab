import Contracts
import JSONRPC

/// What the lead is to make of a film that is finished, and what there is as long as it has not.
struct Upgrade: Sendable {
    let wanted: Set<String>
    /// What the lead's clips may cost.
    let cost: USD
    let segments: [SegmentRecord]
    let videoURL: String?
    let filmDuration: Double?
}

/// The lead's clips in place of the understudy's, once the film is done. Whatever fails, the film that was there stays.
extension JobMachine {
    mutating func askUpgrade(of wanted: [String], cost: USD) {
        upgrade = Upgrade(
            wanted: Set(wanted), cost: cost, segments: segments, videoURL: videoURL, filmDuration: filmDuration)
        reopen()
        leadAttempt = 0
        changeAll { $0.keep() }
    }

    /// What the lead is asked for; `nil` for the whole film.
    var leadWish: LeadWish? {
        upgrade.map { upgrade in
            LeadWish(segments: segments.map(\.id).filter(upgrade.wanted.contains), cost: upgrade.cost)
        }
    }

    /// Takes the good clips over; what the lead could not make stays as it was.
    mutating func upgradeChecked(good: [String], bad: [String: ServiceError], _ drafts: inout [StatusDraft]) {
        guard let upgrade else { return }
        let wanted = good.filter(upgrade.wanted.contains)
        guard !wanted.isEmpty else {
            let first = segments.first { upgrade.wanted.contains($0.id) && bad[$0.id] != nil }
            return abandonUpgrade(
                first.flatMap { bad[$0.id] } ?? ServiceError(.corruptMedia, "Agent5 delivered no clip"), &drafts)
        }
        for segment in segments where upgrade.wanted.contains(segment.id) && !wanted.contains(segment.id) {
            let reason = bad[segment.id]?.message ?? "Agent5 delivered no clip of it"
            warnings.append("\(segment.id): \(reason); it stays as it was")
        }
        keepClips(wanted)
        phase = .stitching
        drafts.append(say(.lead, .finished, "Agent5 made \(wanted.count) of \(segments.count) segments"))
    }

    /// The film stays as it was.
    mutating func abandonUpgrade(_ error: ServiceError, _ drafts: inout [StatusDraft]) {
        guard let before = upgrade else { return }
        restore(before.segments)
        (videoURL, filmDuration) = (before.videoURL, before.filmDuration)
        warnings.append("the upgrade failed: \(error.message); the film stays as it was")
        drafts.append(say(.lead, .error, error.message, error: error))
        conclude(.finished)
    }
}

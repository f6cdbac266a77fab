// SPDX-License-Identifier: Apache-2.0

import Timebase

/// Finds the frames over which a film is black or its picture does not change at all.
struct BlackFreezeCheck {
    private var previous = LumaThumbnail()
    private var frame = 0
    private var blackSince: Int?
    private var frozenSince = 0
    private(set) var black: [Range<Int>] = []
    private(set) var frozen: [Range<Int>] = []

    mutating func add(_ thumbnail: LumaThumbnail) {
        let isBlack = thumbnail.isBlack
        if isBlack, blackSince == nil { blackSince = frame }
        if !isBlack, let since = blackSince {
            black.append(since..<frame)
            blackSince = nil
        }
        if thumbnail != previous {
            if frame - frozenSince > 1 { frozen.append(frozenSince..<frame) }
            frozenSince = frame
            previous = thumbnail
        }
        frame += 1
    }

    /// A still may be shown as long as its segment. A picture that is unchanged across a boundary means that the film
    /// is stuck.
    ///
    /// - Parameter boundaries: Times of the boundaries between segments, in seconds; empty if unknown.
    func findings(rate: FrameRate?, boundaries: [Double]) -> [DeliveryFinding] {
        guard let rate, frame > 0 else { return [] }
        var (black, frozen) = (black, frozen)
        if let blackSince { black.append(blackSince..<frame) }
        if frame - frozenSince > 1 { frozen.append(frozenSince..<frame) }
        let longestBlack = rate.seconds(black.map(\.count).max() ?? 0)
        let longestFrozen = frozen.max { $0.count < $1.count }
        let stuck = frozen.filter { range in
            boundaries.contains { boundary in
                let boundaryFrame = rate.frames(boundary)
                // Captions or a fade can delay the change of the picture.
                return range.lowerBound < boundaryFrame - 2 && range.upperBound > boundaryFrame + 2
            }
        }
        func seconds(_ value: Double) -> String { "\(DeliveryFinding.number(value, digits: 2)) s" }
        return [
            DeliveryFinding(
                "black", "\(seconds(longestBlack)) at most", value: longestBlack, "at most 1 s", longestBlack <= 1),
            DeliveryFinding(
                "frozen",
                stuck.first.map {
                    "from \(seconds(rate.seconds($0.lowerBound))) to \(seconds(rate.seconds($0.upperBound)))"
                }
                    ?? "\(seconds(rate.seconds(longestFrozen?.count ?? 0))) at most",
                value: rate.seconds(longestFrozen?.count ?? 0),
                boundaries.isEmpty ? "no limit" : "not across a segment's boundary", stuck.isEmpty),
        ]
    }
}

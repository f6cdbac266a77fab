import Timebase

/// Stretches of a film in which nothing is seen, or nothing moves.
struct PictureStretches {
    private var before = PictureLook()
    private var frame = 0
    private var blackSince: Int?
    private var frozenSince = 0
    private(set) var black: [Range<Int>] = []
    private(set) var frozen: [Range<Int>] = []

    mutating func add(_ look: PictureLook) {
        let isBlack = look.isBlack
        if isBlack, blackSince == nil { blackSince = frame }
        if !isBlack, let since = blackSince {
            black.append(since..<frame)
            blackSince = nil
        }
        if look != before {
            if frame - frozenSince > 1 { frozen.append(frozenSince..<frame) }
            frozenSince = frame
            before = look
        }
        frame += 1
    }

    /// A still may stand as long as its segment; a picture that stands beyond is a film that hangs.
    ///
    /// - Parameter boundaries: seconds at which segments follow each other; empty where nobody knows.
    func findings(rate: FrameRate?, boundaries: [Double]) -> [DeliveryFinding] {
        guard let rate, frame > 0 else { return [] }
        var (black, frozen) = (black, frozen)
        if let blackSince { black.append(blackSince..<frame) }
        if frame - frozenSince > 1 { frozen.append(frozenSince..<frame) }
        let longestBlack = rate.seconds(black.map(\.count).max() ?? 0)
        let longestFrozen = frozen.max { $0.count < $1.count }
        let hanging = frozen.filter { stretch in
            boundaries.contains { boundary in
                let place = rate.frames(boundary)
                // Words, or a fade, may keep a boundary from being the frame where the picture changes.
                return stretch.lowerBound < place - 2 && stretch.upperBound > place + 2
            }
        }
        func seconds(_ value: Double) -> String { "\(DeliveryFinding.number(value, digits: 2)) s" }
        return [
            DeliveryFinding(
                "black", "\(seconds(longestBlack)) at most", value: longestBlack, "at most 1 s", longestBlack <= 1),
            DeliveryFinding(
                "frozen",
                hanging.first.map {
                    "from \(seconds(rate.seconds($0.lowerBound))) to \(seconds(rate.seconds($0.upperBound)))"
                }
                    ?? "\(seconds(rate.seconds(longestFrozen?.count ?? 0))) at most",
                value: rate.seconds(longestFrozen?.count ?? 0),
                boundaries.isEmpty ? "told only" : "not across a segment's boundary", hanging.isEmpty),
        ]
    }
}

/// The way to cut a text into captions that costs least: none too full, cut at the best places.
struct CaptionSplit {
    /// Pieces of each caption, in order, without gaps.
    let ranges: [Range<Int>]

    /// - Parameter mostCharacters: of a caption, unless it is one piece.
    init(_ text: CaptionText, mostCharacters: Int) {
        let count = text.pieces.count
        // For each place: what the best way to it costs, and where its last caption begins.
        var cost = [Int](repeating: .max, count: count + 1)
        var from = [Int](repeating: 0, count: count + 1)
        cost[0] = 0
        var lineEnd = 0
        for start in 0..<count {
            lineEnd = max(lineEnd, start + 1)
            while lineEnd < count, text.width(start..<lineEnd + 1) <= CaptionLimits.columns { lineEnd += 1 }
            for end in start + 1...count {
                let range = start..<end
                if end > start + 1 {
                    guard text.count(range) <= mostCharacters else { break }
                    guard end <= lineEnd || text.width(lineEnd..<end) <= CaptionLimits.columns else { break }
                }
                let total = cost[start] + Self.cost(of: range, in: text)
                if total < cost[end] { (cost[end], from[end]) = (total, start) }
            }
        }
        var ranges: [Range<Int>] = []
        var end = count
        while end > 0 {
            ranges.append(from[end]..<end)
            end = from[end]
        }
        self.ranges = ranges.reversed()
    }

    /// The pieces of each line of one caption: one where it fits, else two that are even, the lower one rather longer.
    static func lines(of range: Range<Int>, in text: CaptionText) -> [Range<Int>] {
        guard text.width(range) > CaptionLimits.columns else { return [range] }
        var best: (cost: Int, place: Int)?
        for place in range.dropFirst() {
            let (upper, lower) = (text.width(range.lowerBound..<place), text.width(place..<range.upperBound))
            guard upper <= CaptionLimits.columns, lower <= CaptionLimits.columns else { continue }
            let cost = abs(upper - lower) + (upper > lower ? 8 : 0) - 11 * text.pieces[place - 1].end.rawValue
            if best.map({ cost < $0.cost }) ?? true { best = (cost, place) }
        }
        guard let place = best?.place else { return [range] }
        return [range.lowerBound..<place, place..<range.upperBound]
    }

    private static func cost(of range: Range<Int>, in text: CaptionText) -> Int {
        let end = text.pieces[range.upperBound - 1].end
        var cost =
            switch end {
            case .sentence: 20
            case .clause: 32
            case .phrase: 46
            case .space: 60
            case .tight: 85
            case .forced, .never: 220
            }
        let width = text.width(range)
        let empty = max(2 * CaptionLimits.columns - width, 0)
        cost += empty * empty / 180
        // Sentences rather stand alone, and none leaves its first words to the caption before.
        if text.endsSentence(within: range) { cost += end == .sentence ? 40 : 70 }
        if range.count < text.pieces.count, text.isOrphan(range) { cost += 100 }
        return cost
    }
}

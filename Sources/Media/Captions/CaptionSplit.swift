// SPDX-License-Identifier: Apache-2.0

/// The cheapest split of a text into captions, found by dynamic programming: none too full, breaks at the best places.
struct CaptionSplit {
    /// Pieces of each caption, in order and without gaps.
    let ranges: [Range<Int>]

    /// - Parameter maximumCharacters: Maximum characters of a caption of more than one piece.
    init(_ text: CaptionText, maximumCharacters: Int) {
        let count = text.pieces.count
        // For each break position: the cost of the best split up to it, and the start of that split's last caption.
        var cost = [Int](repeating: .max, count: count + 1)
        var previous = [Int](repeating: 0, count: count + 1)
        cost[0] = 0
        var lineEnd = 0
        for start in 0..<count {
            lineEnd = max(lineEnd, start + 1)
            while lineEnd < count, text.width(start..<lineEnd + 1) <= CaptionLimits.columns { lineEnd += 1 }
            for end in start + 1...count {
                let range = start..<end
                if end > start + 1 {
                    guard text.count(range) <= maximumCharacters else { break }
                    guard end <= lineEnd || text.width(lineEnd..<end) <= CaptionLimits.columns else { break }
                }
                let total = cost[start] + Self.cost(of: range, in: text)
                if total < cost[end] { (cost[end], previous[end]) = (total, start) }
            }
        }
        var ranges: [Range<Int>] = []
        var end = count
        while end > 0 {
            ranges.append(previous[end]..<end)
            end = previous[end]
        }
        self.ranges = ranges.reversed()
    }

    /// Pieces of each line of a caption: one line if it fits, else two of similar width, preferably the longer one
    /// below.
    static func lines(of range: Range<Int>, in text: CaptionText) -> [Range<Int>] {
        guard text.width(range) > CaptionLimits.columns else { return [range] }
        var best: (cost: Int, position: Int)?
        for position in range.dropFirst() {
            let (upper, lower) = (text.width(range.lowerBound..<position), text.width(position..<range.upperBound))
            guard upper <= CaptionLimits.columns, lower <= CaptionLimits.columns else { continue }
            let end = text.pieces[position - 1].end
            let forced = end == .forced ? 2 * CaptionLimits.columns : 0
            let cost = abs(upper - lower) + (upper > lower ? 8 : 0) + forced - 11 * end.rawValue
            if best.map({ cost < $0.cost }) ?? true { best = (cost, position) }
        }
        guard let position = best?.position else { return [range] }
        return [range.lowerBound..<position, position..<range.upperBound]
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
        // Prefer captions of whole sentences. Do not leave the first words of a sentence in the previous caption.
        if text.endsSentence(within: range) { cost += end == .sentence ? 40 : 70 }
        if range.count < text.pieces.count, text.isOrphan(range) { cost += 100 }
        return cost
    }
}

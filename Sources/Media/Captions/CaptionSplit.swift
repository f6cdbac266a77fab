/// The way to cut a text into captions that costs least: short of room nowhere, cut at the best places.
struct CaptionSplit {
    /// Characters of each caption, in order, without gaps.
    let ranges: [Range<Int>]

    init(_ text: CaptionText, mostCharacters: Int) {
        let count = text.characters.count
        // For each place: what the best way to it costs, and where its last caption begins.
        var cost = [Int](repeating: .max, count: count + 1)
        var from = [Int](repeating: 0, count: count + 1)
        cost[0] = 0
        for start in 0..<count where cost[start] < .max {
            let firstLine = Self.furthestLine(from: start, in: text)
            var end = start
            while end < count, end - start < mostCharacters || end == start || from[end] == start {
                end += 1
                let isFitting =
                    text.width(start..<end) <= CaptionLayout.columns
                    || text.width(firstLine..<end) <= CaptionLayout.columns
                guard isFitting else { break }
                guard text.breaks[end - 1] != .never else { continue }
                let total = cost[start] + Self.cost(of: start..<end, in: text)
                if total < cost[end] { (cost[end], from[end]) = (total, start) }
            }
            // Nothing in reach: the next break is taken, wherever it is.
            if let next = (start..<count).first(where: { text.breaks[$0] != .never }), cost[next + 1] == .max {
                (cost[next + 1], from[next + 1]) = (cost[start] + 1000, start)
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

    /// The lines of one caption: one where it fits, else two that are even, the lower one rather longer.
    static func lines(of range: Range<Int>, in text: CaptionText) -> [String] {
        if text.width(range) <= CaptionLayout.columns { return [text.text(range)] }
        var best: (cost: Int, place: Int)?
        for place in range.dropLast() where text.breaks[place] != .never {
            let (upper, lower) = (text.width(range.lowerBound..<place + 1), text.width(place + 1..<range.upperBound))
            guard upper <= CaptionLayout.columns, lower <= CaptionLayout.columns else { continue }
            let cost = abs(upper - lower) + (upper > lower ? 4 : 0) - 11 * text.breaks[place].rawValue
            if best.map({ cost < $0.cost }) ?? true { best = (cost, place) }
        }
        guard let place = best?.place else { return [text.text(range)] }
        return [text.text(range.lowerBound..<place + 1), text.text(place + 1..<range.upperBound)]
    }

    /// The furthest place up to which one line reaches.
    private static func furthestLine(from start: Int, in text: CaptionText) -> Int {
        var furthest = start
        var end = start
        while end < text.characters.count {
            end += 1
            if text.width(start..<end) > CaptionLayout.columns { break }
            if text.breaks[end - 1] != .never { furthest = end }
        }
        return furthest
    }

    private static func cost(of range: Range<Int>, in text: CaptionText) -> Int {
        let quality =
            switch text.breaks[range.upperBound - 1] {
            case .sentence: 0
            case .clause: 12
            case .phrase: 26
            case .space: 40
            case .forced, .never: 200
            }
        let empty = max(2 * CaptionLayout.columns - text.width(range), 0)
        let isWhole = range.count == text.characters.count
        let isOrphan = !isWhole && !text.text(range).contains(" ") && text.width(range) < 14
        return 20 + quality + empty * empty / 180 + (isOrphan ? 40 : 0)
    }
}

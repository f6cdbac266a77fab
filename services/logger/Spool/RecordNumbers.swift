/// Numbers of a spool's events as text: `0-99,105`.
struct RecordNumbers: Sendable, Equatable {
    /// More than a file of the spool holds of the shortest events.
    private static let most = 1 << 24

    let ranges: [ClosedRange<Int>]

    init(_ numbers: some Sequence<Int>) {
        var ranges: [ClosedRange<Int>] = []
        for number in numbers.sorted() {
            if let last = ranges.last, last.upperBound >= number - 1 {
                ranges[ranges.count - 1] = last.lowerBound...max(number, last.upperBound)
            } else {
                ranges.append(number...number)
            }
        }
        self.ranges = ranges
    }

    /// `nil` for what is no such text, and for more numbers than can be meant.
    init?(text: some StringProtocol) {
        var ranges: [ClosedRange<Int>] = []
        var count = 0
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first >= 0,
                first <= last, last < 1 << 40
            else { return nil }
            count += last - first + 1
            guard count <= Self.most else { return nil }
            ranges.append(first...last)
        }
        self.ranges = ranges
    }

    var text: String {
        ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
    }

    var numbers: [Int] { ranges.flatMap { Array($0) } }
}

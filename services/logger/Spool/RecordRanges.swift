// SPDX-License-Identifier: Apache-2.0

/// A compact set of record numbers in a spool file, with the text form `0-99,105`.
struct RecordRanges: Sendable, Equatable {
    /// Maximum number of records, more than a spool file can contain.
    private static let maximumCount = 1 << 24

    /// The ranges in ascending order.
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

    /// Parses the text form.
    ///
    /// - Returns: `nil` if the text is malformed or has too many numbers.
    init?(text: some StringProtocol) {
        var ranges: [ClosedRange<Int>] = []
        var count = 0
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first >= 0,
                first <= last, last < 1 << 40
            else { return nil }
            count += last - first + 1
            guard count <= Self.maximumCount else { return nil }
            ranges.append(first...last)
        }
        self.ranges = ranges
    }

    /// The text form.
    var text: String {
        ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
    }

    /// All numbers.
    var numbers: [Int] { ranges.flatMap { Array($0) } }
}

// SPDX-License-Identifier: Apache-2.0

import Faults
import Untrusted

/// The lengths of clips that a provider offers, in whole seconds.
enum ClipLengths: Sendable, Equatable {
    /// Some lengths, in ascending order; never empty.
    case list([Int])
    /// All lengths of a range.
    case range(ClosedRange<Int>)

    /// Parses `4,8,12` or `3-10`.
    ///
    /// - Throws: `invalid_params`.
    init(_ text: String) throws(ServiceError) {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map(Self.seconds)
        if ends.count == 2, let low = ends[0], let high = ends[1], low <= high {
            self = .range(low...high)
            return
        }
        let lengths = text.split(separator: ",", omittingEmptySubsequences: false).map(Self.seconds)
        guard !lengths.contains(nil) else {
            throw ServiceError(
                .invalidParams,
                "expected whole seconds from 1 to 3600 such as 4,8,12, or a range such as 3-10, found \"\(text)\"")
        }
        self = .list(Set(lengths.compactMap(\.self)).sorted())
    }

    /// The shortest length that covers a segment, else the longest length, whose last frame is then held.
    ///
    /// - Parameter duration: The segment's duration in seconds.
    func covering(_ duration: Double) -> Int {
        switch self {
        case .list(let lengths):
            lengths.first { Double($0) >= duration } ?? lengths[lengths.count - 1]
        case .range(let range):
            duration >= Double(range.upperBound)
                ? range.upperBound : max(range.lowerBound, Int(clamping: duration.rounded(.up)))
        }
    }

    private static func seconds(_ text: Substring) -> Int? {
        let trimmed = text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()
        guard let number = Int(String(trimmed)), (1...3600).contains(number) else { return nil }
        return number
    }
}

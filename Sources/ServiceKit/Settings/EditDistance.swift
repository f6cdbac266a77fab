// SPDX-License-Identifier: Apache-2.0

/// The Levenshtein distance, for suggestions after a misspelt name.
///
/// ```swift
/// EditDistance.nearest(to: "stich", among: ["clip", "stitch"])  // stitch
/// ```
package enum EditDistance {
    /// The maximum bytes of a name for which a suggestion is made, since the cost grows with the length.
    private static let longestName = 64

    /// The name with the smallest distance to `text`, the alphabetically first on a tie.
    ///
    /// - Returns: `nil` if `text` is too long to be a misspelt name, or if there are no names.
    package static func nearest(to text: String, among names: some Sequence<String>) -> String? {
        guard text.utf8.count <= longestName else { return nil }
        return names.map { (name: $0, edits: between($0, text)) }
            .min { ($0.edits, $0.name) < ($1.edits, $1.name) }?.name
    }

    /// The number of bytes to insert, remove or replace to turn one text into the other.
    static func between(_ left: String, _ right: String) -> Int {
        let columns = Array(right.utf8)
        var row = Array(0...columns.count)
        for (index, byte) in left.utf8.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in columns.indices {
                let replaced = diagonal + (byte == columns[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
            }
        }
        return row[columns.count]
    }
}

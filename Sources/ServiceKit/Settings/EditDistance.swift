/// How far two names are apart.
package enum EditDistance {
    /// Bytes that a name may have that another one is suggested for.
    private static let longestName = 64

    /// The name that the fewest edits lead to, the first of equals.
    ///
    /// - Returns: `nil` for a text that is too long to be one of the names misspelt.
    package static func nearest(to text: String, among names: some Sequence<String>) -> String? {
        guard text.utf8.count <= longestName else { return nil }
        return names.map { (name: $0, edits: between($0, text)) }
            .min { ($0.edits, $0.name) < ($1.edits, $1.name) }?.name
    }

    /// -> bytes to insert, to remove or to replace (Levenshtein).
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

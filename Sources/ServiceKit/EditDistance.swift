/// How far two names are apart.
enum EditDistance {
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

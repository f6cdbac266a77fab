// SPDX-License-Identifier: Apache-2.0

import Untrusted

/// A table with aligned columns. Cells are made printable and cut to 200 bytes.
struct TextTable {
    var header: [String]
    var rows: [[String]] = []

    init(_ header: String...) {
        self.header = header
    }

    /// The lines of the table, without trailing spaces.
    var text: String {
        let all = ([header] + rows).map { row in row.map { $0.bounded(to: TextBound.quotation).printable() } }
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            zip(row, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
                .joined(separator: "  ").trimmingTrailingSpace
        }.joined(separator: "\n")
    }
}

extension String {
    fileprivate var trimmingTrailingSpace: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}

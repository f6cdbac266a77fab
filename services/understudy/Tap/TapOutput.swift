// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Tap

/// Prints the records of several replicas, and writes them to a file.
actor TapOutput {
    private let filter: TapFilter
    private let json: Bool
    private let file: RecordingFile?

    /// - Parameters:
    ///   - json: whether records are printed as they are.
    ///   - file: where they are written too.
    init(filter: TapFilter, json: Bool, file: RecordingFile?) {
        self.filter = filter
        self.json = json
        self.file = file
    }

    /// Processes a record and its line.
    ///
    /// - Throws: `unavailable` if the file cannot be written.
    func show(_ record: TapRecord, _ line: Data, from instance: String) throws {
        if case .message(let message) = record, !filter.includes(message) { return }
        try file?.append(line)
        if json {
            Terminal.print(json: String(decoding: line, as: UTF8.self))
        } else {
            Terminal.print(TapLine.text(record, from: instance))
        }
    }
}

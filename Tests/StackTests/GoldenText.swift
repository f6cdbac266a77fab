// SPDX-License-Identifier: Apache-2.0

import Foundation
import JSON
import Testing

/// Compares JSON with a file of `Golden/`, after replacing what differs between two runs: names of folders and jobs, times, measured
/// durations, file sizes.
///
/// If `UNDERSTUDY_RECORD_GOLDEN` is set, the file is written instead, into the folder of the sources.
struct GoldenText {
    /// The folder of the stack, which is part of URIs and messages.
    let folder: String
    /// The placeholders of texts, e.g. of job ids.
    var names: [String: String] = [:]
    /// Whether the stages of a job have one possible order.
    var isOrdered = true

    /// Compares a value with a golden file.
    ///
    /// - Parameter name: The file's name without `.json`.
    func check(_ value: JSONValue, _ name: String) throws {
        try check(normalized(value), at: "Tests/StackTests/Golden/\(name).json")
    }

    /// Compares a value as it is with a file of the sources.
    ///
    /// - Parameter path: The file's path in the repository.
    func check(_ value: JSONValue, at path: String) throws {
        let found = try JSONCoding.pretty(value) + "\n"
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../\(path)").standardized
        if ProcessInfo.processInfo.environment["UNDERSTUDY_RECORD_GOLDEN"] != nil {
            return try found.write(to: file, atomically: true, encoding: .utf8)
        }
        let difference = Self.difference(try String(contentsOf: file, encoding: .utf8), found)
        #expect(difference.isEmpty, "\(path): \(difference)")
    }

    /// A value with placeholders.
    ///
    /// - Parameter key: The member that holds the value.
    func normalized(_ value: JSONValue, _ key: String = "") -> JSONValue {
        switch value {
        case .object(let members):
            .object(Dictionary(members.map { ($0.key, normalized($0.value, $0.key)) }) { $1 })
        case .array(let elements): ordered(elements.map { normalized($0, key) }, key)
        case .string(let text): .string(normalized(text))
        case .integer, .number: Self.isMeasured(key) ? "<number>" : value
        default: value
        }
    }

    /// Sorts attempts and stages, which end in any order if they are concurrent.
    private func ordered(_ elements: [JSONValue], _ key: String) -> JSONValue {
        let isSorted = key == "attempts" || key == "stages" && !isOrdered
        return .array(isSorted ? elements.sorted { $0.canonical < $1.canonical } : elements)
    }

    /// Whether the numbers of a member differ from run to run.
    private static func isMeasured(_ key: String) -> Bool {
        [
            "seq", "deadline_ms", "bytes", "seconds", "encode_s", "made_s", "coding_s", "picture_s", "writing_s",
        ].contains(key)
    }

    private func normalized(_ text: String) -> String {
        var text = text.replacing(folder, with: "<folder>")
        for (name, placeholder) in names { text = text.replacing(name, with: placeholder) }
        text = text.replacing(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/, with: "<time>")
        return text.replacing(/[0-9a-f]{16,}/, with: "<hash>")
    }

    /// Describes the first lines that differ; empty if none do.
    private static func difference(_ expected: String, _ found: String) -> String {
        let expected = expected.split(separator: "\n", omittingEmptySubsequences: false)
        let found = found.split(separator: "\n", omittingEmptySubsequences: false)
        guard expected != found else { return "" }
        let first = zip(expected, found).enumerated().first { $0.element.0 != $0.element.1 }?.offset
        let start = max((first ?? min(expected.count, found.count)) - 3, 0)
        let shown = { (lines: [Substring]) in lines.dropFirst(start).prefix(10).joined(separator: "\n") }
        return "from line \(start + 1) on\n\(shown(found))\nbut expected\n\(shown(expected))"
    }
}

extension JSONValue {
    /// The encoded text, which is the sort key of values that concurrent work produces.
    var canonical: String { (try? JSONCoding.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "" }
}

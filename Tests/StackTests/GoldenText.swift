import Foundation
import JSON
import Testing

/// Compares JSON with a file of `Golden/`, after what differs between two runs was replaced: names of folders and jobs, times, measured
/// durations, sizes of files.
///
/// With `UNDERSTUDY_RECORD_GOLDEN=1` the files are written instead, into the folder of the sources.
struct GoldenText {
    /// The folder of the stack, which stands in URIs and messages.
    let folder: String
    /// Texts and what stands for them, e.g. ids of jobs.
    var names: [String: String] = [:]
    /// Whether stages of a job run one after the other.
    var isOrdered = true

    /// Checks a value against the golden file of a name.
    func check(_ value: JSONValue, _ name: String) throws {
        let found = try JSONCoding.pretty(normalised(value)) + "\n"
        if ProcessInfo.processInfo.environment["UNDERSTUDY_RECORD_GOLDEN"] != nil {
            let folder = URL(filePath: #filePath).deletingLastPathComponent()
            try found.write(
                to: folder.appending(path: "Golden/\(name).json"), atomically: true, encoding: .utf8)
            return
        }
        let expected = try String(contentsOfFile: Bundle.module.bundlePath + "/Golden/\(name).json", encoding: .utf8)
        let difference = Self.difference(expected, found)
        #expect(difference.isEmpty, "\(name).json: \(difference)")
    }

    /// The value with placeholders.
    func normalised(_ value: JSONValue, _ key: String = "") -> JSONValue {
        switch value {
        case .object(let members):
            .object(Dictionary(members.map { ($0.key, normalised($0.value, $0.key)) }) { $1 })
        case .array(let elements): ordered(elements.map { normalised($0, key) }, key)
        case .string(let text): .string(normalised(text))
        case .integer, .number: Self.isMeasured(key) ? "<number>" : value
        default: value
        }
    }

    /// The attempts of a receipt end in any order, where they are made concurrently, and so do its stages.
    private func ordered(_ elements: [JSONValue], _ key: String) -> JSONValue {
        let isSorted = key == "attempts" || key == "stages" && !isOrdered
        return .array(isSorted ? elements.sorted { $0.canonical < $1.canonical } : elements)
    }

    /// Members whose numbers differ from run to run.
    private static func isMeasured(_ key: String) -> Bool {
        [
            "seq", "deadline_ms", "bytes", "seconds", "encode_s", "made_s", "coding_s", "picture_s", "writing_s",
        ].contains(key)
    }

    private func normalised(_ text: String) -> String {
        var text = text.replacing(folder, with: "<folder>")
        for (name, placeholder) in names { text = text.replacing(name, with: placeholder) }
        text = text.replacing(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/, with: "<time>")
        return text.replacing(/[0-9a-f]{16,}/, with: "<hash>")
    }

    /// The first lines that differ.
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
    /// The canonical text, by which values of concurrent work are put in an order.
    var canonical: String { (try? JSONCoding.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "" }
}

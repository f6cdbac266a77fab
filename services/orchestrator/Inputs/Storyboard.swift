// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import FoundationEssentials
import JSON
import JSONRPC
import Parameters

/// A valid storyboard.
struct Storyboard: Sendable {
    /// A segment as specified in the storyboard.
    struct Segment: Sendable, Equatable {
        var id: String
        /// The duration in seconds, 0.1 to 3600.
        var duration: Double
        /// What the picture shows (`visual_guidance`).
        var guidance: String
        /// The spoken text.
        var narration: String?
        /// The narration file: a URI, or a path in the session's folder.
        var audio: String?
    }

    /// The maximum size of a storyboard file in bytes.
    static let maximumBytes = StoryboardBounds.bytes

    let segments: [Segment]
    /// The complete storyboard, including members that are not read here.
    let json: JSONValue

    /// Reads the bytes of a storyboard file.
    ///
    /// - Parameter name: the name of the file in error messages.
    /// - Throws: `too_large`; `invalid_params` with all violations and their JSON pointers in `detail`, one per line.
    init(_ data: Data, name: String) throws(ServiceError) {
        guard data.count <= Self.maximumBytes else {
            throw ServiceError(
                .tooLarge, "\(name) has \(data.count) bytes, expected at most \(Self.maximumBytes)")
        }
        guard !data.isEmpty else { throw ServiceError(.invalidParams, "\(name) is empty, expected a JSON object") }
        let data = try Self.text(data, name: name)
        if let fault = data.withUnsafeBytes({ Self.fault($0.assumingMemoryBound(to: UInt8.self)) }) {
            throw ServiceError(
                .invalidParams,
                "\(name) is not JSON: expected \(fault.expected) at \(Self.position(fault.offset, in: data))")
        }
        let json: JSONValue
        do {
            json = try JSONCoding.decode(JSONValue.self, from: data)
        } catch {
            throw ServiceError(.invalidParams, "\(name) cannot be read as JSON: \(error)")
        }
        try self.init(json, name: name)
    }

    /// Reads a parsed storyboard.
    ///
    /// - Parameter name: the name of the storyboard in error messages.
    /// - Throws: `invalid_params` with all violations and their JSON pointers in `detail`, one per line.
    init(_ json: JSONValue, name: String) throws(ServiceError) {
        var check = StoryboardCheck()
        let segments = check.segments(of: json)
        if let first = check.violations.first {
            let count = check.violations.count
            let summary = count == 1 ? first : "\(count) violations, the first: \(first)"
            throw ServiceError(.invalidParams, "\(name): \(summary)", detail: check.violations.joined(separator: "\n"))
        }
        self.segments = segments
        self.json = json
    }

    /// Removes a byte order mark.
    ///
    /// - Throws: `invalid_params` for UTF-16 and UTF-32.
    private static func text(_ data: Data, name: String) throws(ServiceError) -> Data {
        let first = [UInt8](data.prefix(4))
        if first.starts(with: [0xEF, 0xBB, 0xBF]) { return Data(data.dropFirst(3)) }
        let isWide = first.starts(with: [0xFF, 0xFE]) || first.starts(with: [0xFE, 0xFF]) || first.contains(0)
        guard !isWide else {
            throw ServiceError(.invalidParams, "\(name) is UTF-16 or UTF-32 text, expected UTF-8: save it as UTF-8")
        }
        return data
    }

    /// The first syntax error; `nil` for valid JSON.
    private static func fault(_ bytes: UnsafeBufferPointer<UInt8>) -> JSONScanner.SyntaxError? {
        var scanner = JSONScanner(bytes)
        do throws(JSONScanner.SyntaxError) {
            try scanner.skipValue()
            try scanner.finish()
            return nil
        } catch {
            return error
        }
    }

    /// The line and column of an offset, from 1.
    private static func position(_ offset: Int, in data: Data) -> String {
        let before = data.prefix(offset)
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let column = offset - (before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0) + 1
        return "line \(line), column \(column)"
    }
}

/// Collects all violations of a storyboard.
private struct StoryboardCheck {
    var violations: [String] = []
    private var seen: [String: Int] = [:]

    private static let count = "\(StoryboardBounds.segments.lowerBound) to \(StoryboardBounds.segments.upperBound)"

    mutating func segments(of json: JSONValue) -> [Storyboard.Segment] {
        guard case .object = json else {
            violations.append("/: expected an object with \"segments\"")
            return []
        }
        guard let list = json["segments"]?.array else {
            violations.append("/segments: expected an array of \(Self.count) segments")
            return []
        }
        guard StoryboardBounds.segments.contains(list.count) else {
            violations.append("/segments: expected \(Self.count) segments, found \(list.count)")
            return []
        }
        return list.enumerated().compactMap { index, value in segment(value, at: "/segments/\(index)", index) }
    }

    private mutating func segment(_ value: JSONValue, at pointer: String, _ index: Int) -> Storyboard.Segment? {
        guard case .object = value else {
            violations.append("\(pointer): expected an object")
            return nil
        }
        let id = identifier(value, at: pointer, index)
        let duration = duration(value, at: "\(pointer)/duration")
        let guidance = guidance(value, at: "\(pointer)/visual_guidance")
        if let narration = value["narration"], narration != .null, narration.string == nil {
            violations.append("\(pointer)/narration: expected a string")
        }
        let audio = value["audio"]
        if let audio, audio != .null, audio.string?.isEmpty ?? true {
            violations.append("\(pointer)/audio: expected a URI or a path")
        }
        guard let id, let duration, let guidance else { return nil }
        return Storyboard.Segment(
            id: id, duration: duration, guidance: guidance, narration: value["narration"]?.string, audio: audio?.string)
    }

    private mutating func identifier(_ value: JSONValue, at pointer: String, _ index: Int) -> String? {
        let name = value["id"] == nil && value["segment_id"] != nil ? "segment_id" : "id"
        let pointer = "\(pointer)/\(name)"
        let text: String
        switch value[name] {
        case .string(let string): text = string
        case .integer(let number): text = String(number)
        case nil, .null:
            violations.append("\(pointer): expected an id, found none")
            return nil
        default:
            violations.append("\(pointer): expected a string or a whole number")
            return nil
        }
        guard Identifier.isValid(text) else {
            violations.append(
                "\(pointer): expected \(Identifier.rule.expected), found \(JSONText.quote(String(text.prefix(80))))")
            return nil
        }
        if let first = seen[text] {
            violations.append("\(pointer): expected a unique id, but \"\(text)\" is already used at /segments/\(first)")
            return nil
        }
        seen[text] = index
        return text
    }

    private mutating func duration(_ value: JSONValue, at pointer: String) -> Double? {
        let expected = "a number of \(FilmBounds.duration.expected)"
        guard let found = value["duration"], found != .null else {
            violations.append("\(pointer): expected \(expected), found none")
            return nil
        }
        guard let seconds = found.double else {
            violations.append("\(pointer): expected \(expected), found another type")
            return nil
        }
        guard FilmBounds.duration.contains(seconds) else {
            violations.append("\(pointer): expected \(expected), found \(seconds)")
            return nil
        }
        return seconds
    }

    private mutating func guidance(_ value: JSONValue, at pointer: String) -> String? {
        guard let text = value["visual_guidance"]?.string else {
            violations.append("\(pointer): expected a description of the picture, found none")
            return nil
        }
        guard text.contains(where: { !$0.isWhitespace }) else {
            violations.append("\(pointer): expected a description of the picture, found an empty text")
            return nil
        }
        guard StoryboardBounds.guidance.accepts(text) else {
            violations.append("\(pointer): expected \(StoryboardBounds.guidance.expected)")
            return nil
        }
        return text
    }
}

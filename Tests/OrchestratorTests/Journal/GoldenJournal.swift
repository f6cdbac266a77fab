// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import JSON

@testable import Orchestrator

/// A recorded job in `Journals`: a line with the job's specification, then a line for each event with its time. `expected` contains the
/// output for the same jobs of the orchestrator that recorded version 1.
struct GoldenJournal {
    /// What clients see of a job.
    struct Shown: Encodable {
        var guidance: [String]?
        var messages: [StatusMessage]
        var receipt: Receipt
        var view: JobView

        var text: String {
            get throws { try JSONCoding.pretty(self) + "\n" }
        }
    }

    private struct Head: Codable {
        var createdAt: Int64
        var spec: JSONValue

        private enum CodingKeys: String, CodingKey {
            case spec
            case createdAt = "created_at"
        }
    }

    private struct Line: Codable {
        var at: Int64
        var event: JSONValue
    }

    let name: String
    private let head: Head
    private let lines: [Line]

    static var folder: String { Bundle.module.bundlePath + "/Journals" }

    /// Reads all journals of a version.
    ///
    /// - Parameter version: such as `v1`.
    static func all(_ version: String) throws -> [GoldenJournal] {
        try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(version)").sorted().map { file in
            let text = try String(contentsOfFile: "\(folder)/\(version)/\(file)", encoding: .utf8)
            let lines = text.split(separator: "\n").map { Data($0.utf8) }
            return GoldenJournal(
                name: String(file.dropLast(".jsonl".count)), head: try JSONCoding.decode(Head.self, from: lines[0]),
                lines: try lines.dropFirst().map { try JSONCoding.decode(Line.self, from: $0) })
        }
    }

    /// The bodies of the event rows as stored.
    var bodies: [Data] {
        get throws { try lines.map { try JSONCoding.encode($0.event) } }
    }

    var spec: Data {
        get throws { try JSONCoding.encode(head.spec) }
    }

    var history: JobHistory {
        get throws {
            let row = JobRow(
                number: 1, spec: try SpecFormat.decode(spec), createdAt: Timestamp(milliseconds: head.createdAt),
                state: .running)
            let events = try zip(lines, bodies).map { line, body in
                RecordedEvent(at: Timestamp(milliseconds: line.at), event: try EventFormat.decode(body))
            }
            return JobHistory(row: row, events: events)
        }
    }

    /// The journal as the current version writes it.
    var rewritten: String {
        get throws {
            var texts = [try JSONCoding.encode(head)]
            for (line, recorded) in zip(lines, try history.events) {
                let event = try JSONCoding.decode(JSONValue.self, from: try EventFormat.encode(recorded.event))
                texts.append(try JSONCoding.encode(Line(at: line.at, event: event)))
            }
            return texts.map { String(decoding: $0, as: UTF8.self) + "\n" }.joined()
        }
    }

    var text: String {
        get throws {
            let texts = [try JSONCoding.encode(head)] + (try lines.map { try JSONCoding.encode($0) })
            return texts.map { String(decoding: $0, as: UTF8.self) + "\n" }.joined()
        }
    }

    var shown: Shown {
        get throws {
            let history = try history
            var machine = JobMachine(spec: history.row.spec, createdAt: history.row.createdAt)
            var messages: [StatusMessage] = []
            for recorded in history.events {
                for draft in machine.apply(recorded.event, at: recorded.at) {
                    messages.append(
                        draft.message(of: history.row.spec, seq: messages.count + 1, at: machine.updatedAt))
                }
            }
            return Shown(
                guidance: machine.guidance, messages: messages, receipt: machine.receipt, view: machine.view)
        }
    }

    var expected: String {
        get throws { try String(contentsOfFile: "\(Self.folder)/expected/\(name).json", encoding: .utf8) }
    }

    /// The types of all events as stored.
    ///
    /// - Parameter tag: returns the type of a row.
    static func tags(_ version: String, _ tag: (JSONValue) -> String?) throws -> Set<String> {
        Set(try all(version).flatMap { journal in journal.lines.compactMap { tag($0.event) } })
    }
}

// SPDX-License-Identifier: Apache-2.0

import Contracts
import JSON

@testable import Orchestrator

/// The visible state of a job after an event, as text that does not depend on the process.
struct GoldenText {
    let messages: String
    let work: String
    /// Without the segments' states.
    let view: String
    let receipt: String
    /// The properties of the machine that the runner reads in addition to its work.
    let questions: String
    /// One letter for each segment: which of its parts exist.
    let states: String

    init(_ machine: JobMachine, _ drafts: [StatusDraft]) throws {
        messages = try drafts.map { draft in
            try Self.json(draft.message(of: machine.spec, seq: 1, at: machine.updatedAt))
        }.joined(separator: "\n")
        work = machine.work.map(Self.text).sorted().joined(separator: " ")
        var view = machine.view
        states = String(view.segments.map { Self.letter($0.state) })
        for index in view.segments.indices { view.segments[index].state = .waiting }
        self.view = try Self.json(view)
        receipt = try Self.json(machine.receipt)
        let leadRequest = machine.leadClipRequest.map { "\($0.segments) \($0.cost.micros)" } ?? "-"
        let stops = machine.unsettled.map { $0.segment ?? -1 }.sorted()
        let reencodes = machine.work.contains(.stitch) && machine.reencodesFilm
        questions = [
            "\(machine.decidedState) \(machine.leadCallNumber) \(machine.leadBudget?.micros ?? -1) \(leadRequest) \(stops)",
            "\(machine.guidance ?? []) \(reencodes) \(machine.work.contains(.verifyFilm) && machine.mayReencodeFilm)",
        ].joined(separator: " ")
    }

    /// A checksum of each text, and the states, on one line.
    var line: String {
        let texts = [messages, work, view, receipt, questions]
        return (texts.map(Self.checksum) + [states.isEmpty ? "-" : states]).joined(separator: " ")
    }

    /// All texts, one after the other.
    var fullText: String {
        [messages, "work: \(work)", view, receipt, questions, states].joined(separator: "\n") + "\n"
    }

    static func text(of work: JobWork) -> String {
        switch work {
        case .agent(let agent, let attempt): "agent(\(agent.rawValue),\(attempt))"
        case .load: "load"
        case .lead(let attempt): "lead(\(attempt))"
        case .checkLeadFilm: "checkLeadFilm"
        case .checkLeadClips: "checkLeadClips"
        case .still(let segment, let attempt, let provider): "image(\(segment),\(attempt),\(provider ?? "-"))"
        case .clip(let segment): "clip(\(segment))"
        case .narrate(let segment): "narrate(\(segment))"
        case .stitch: "stitch"
        case .verifyFilm: "verifyFilm"
        case .settle: "settle"
        }
    }

    private static func json(_ value: some Encodable) throws -> String {
        String(decoding: try JSONCoding.encode(value), as: UTF8.self)
    }

    /// The letter for the parts of a segment that exist. `SegmentStateTests` covers the steps in progress.
    private static func letter(_ state: SegmentState) -> Character {
        switch state {
        case .waiting, .drawing: "w"
        case .drawn, .clipping: "d"
        case .clipped, .narrating: "n"
        case .done: "o"
        case .failed: "f"
        }
    }

    /// The 32-bit FNV-1a hash as hexadecimal digits; `-` for an empty text.
    private static func checksum(_ text: String) -> String {
        guard !text.isEmpty else { return "-" }
        var sum: UInt32 = 0x811C_9DC5
        for byte in text.utf8 { sum = (sum ^ UInt32(byte)) &* 0x0100_0193 }
        let digits = String(sum, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}

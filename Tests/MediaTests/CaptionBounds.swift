// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Media

/// The invariants of a caption layout, for any text.
struct CaptionBounds {
    let text: String
    let speech: Range<Double>
    let end: Double

    private static func letters(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { !$0.properties.isWhitespace }))
    }

    private func speed(_ cue: CaptionCue) -> Double {
        Double(cue.lines.reduce(0) { $0 + $1.count }) / (cue.end - cue.start)
    }

    /// - Returns: the captions, for further checks.
    @discardableResult
    func check(_ location: SourceLocation = #_sourceLocation) -> [CaptionCue] {
        let cues = CaptionLayout.cues(text: text, speech: speech, end: end)
        let lines = cues.flatMap(\.lines)
        func expect(_ holds: Bool, _ rule: String) {
            #expect(holds, "\(rule): \(cues), speech \(speech), end \(end)", sourceLocation: location)
        }
        expect(lines.allSatisfy { $0.reduce(0) { $0 + WritingSystem.width($1) } <= 42 }, "42 columns")
        expect(lines.allSatisfy { !$0.isEmpty && $0.first != " " && $0.last != " " }, "no leading or trailing spaces")
        expect(cues.allSatisfy { (1...2).contains($0.lines.count) }, "one or two lines")
        expect(cues.allSatisfy { $0.start < $0.end && $0.end - $0.start <= 7 + 1e-9 }, "at most 7 s")
        expect(zip(cues, cues.dropFirst()).allSatisfy { $0.end <= $1.start }, "no overlap")
        expect(zip(cues, cues.dropFirst()).allSatisfy { $0.end == $1.start || $1.start - $0.end >= 0.08 }, "no flicker")
        expect(cues.first.map { $0.start == speech.lowerBound } ?? true, "starts with the speech")
        expect(cues.last.map { $0.end <= end } ?? true, "ends in time")
        expect(Self.letters(lines.joined()) == Self.letters(text), "all letters in order")
        let room = end - speech.lowerBound
        let characters = lines.reduce(0) { $0 + $1.count }
        if Double(characters) / 17 <= room {
            expect(cues.allSatisfy { speed($0) <= 17 + 1e-6 }, "at most 17 characters per second")
        } else {
            expect(
                cues.allSatisfy { abs(speed($0) - Double(characters) / room) < 1e-3 },
                "the excess speed is spread evenly")
        }
        if cues.reduce(0, { $0 + max(1, ($1.end - $1.start) * speed($1) / 17) }) <= room {
            expect(cues.allSatisfy { $0.end - $0.start >= 1 - 1e-6 }, "at least a second")
        }
        return cues
    }
}

// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Media

/// Captions of a narration whose speech is found in its sound.
@Suite(.timeLimit(.minutes(5))) struct SpeechCaptionTests {
    @Test
    func `captions start with the speech`() throws {
        let bench = try Workbench()
        let narration = try bench.burst("n.wav", after: 1.5, seconds: 4)
        let span = try #require(try SpeechDetector.span(narration, duration: 10))
        #expect(abs(span.lowerBound - 1.5) < 0.02 && abs(span.upperBound - 4) < 0.03)
        let found = try Captioning.cues(text: "A tone.", audio: narration, duration: 6)
        #expect(abs((found.first?.start ?? 0) - 1.5) < 0.02)
        let silent = try bench.make("s.wav", "-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "1")
        #expect(try SpeechDetector.span(silent, duration: 10) == nil)
        let text = try bench.write("t.mp3", "text".utf8)
        #expect(try Captioning.cues(text: "Still there.", audio: text, duration: 3).map(\.start) == [0])
    }
}

// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Media

@Suite(.timeLimit(.minutes(5))) struct CaptionFileTests {
    private let cues = [
        CaptionCue(start: 0.5, end: 2.0004, lines: ["One & two", "<three> --> four"]),
        CaptionCue(start: 2.0, end: 3661.25, lines: ["مرحبا"]),
    ]

    @Test
    func `SubRip numbers its captions and separates them by a blank line`() {
        #expect(
            CaptionFile.srt(cues) == """
                1
                00:00:00,500 --> 00:00:02,000
                One & two
                <\u{2060}three> --\u{2060}> four

                2
                00:00:02,000 --> 01:01:01,250
                مرحبا

                """)
        #expect(CaptionFile.srt([]).isEmpty)
    }

    @Test
    func `WebVTT escapes tags and arrows`() {
        #expect(
            CaptionFile.vtt(cues) == """
                WEBVTT

                00:00:00.500 --> 00:00:02.000
                One &amp; two
                &lt;three&gt; --&gt; four

                00:00:02.000 --> 01:01:01.250
                مرحبا

                """)
        #expect(CaptionFile.vtt([]) == "WEBVTT\n")
        // A combining mark on the bracket does not prevent the escape.
        let marked = CaptionFile.vtt([CaptionCue(start: 0, end: 1, lines: ["<\u{338} -->\u{301} &\u{301}"])])
        #expect(
            marked.unicodeScalars.elementsEqual(
                "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n&lt;\u{338} --&gt;\u{301} &amp;\u{301}\n".unicodeScalars))
    }

    @Test
    func `files are parsed as they were written, with any line endings`() {
        let odd = cues + [CaptionCue(start: 3661.25, end: 3663.007, lines: ["&amp; &lt;", " 00:00:01,000 -> 2 "])]
        for file in [CaptionFile.srt(odd), CaptionFile.vtt(odd)] {
            for ending in ["\n", "\r\n", "\r"] {
                for mark in ["", "\u{FEFF}"] {
                    let read = CaptionFile.parse(mark + file.replacing("\n", with: ending))
                    #expect(read.map(\.lines) == odd.map(\.lines))
                    #expect(read.map(\.start) == [0.5, 2, 3661.25])
                    #expect(read.map(\.end) == [2, 3661.25, 3663.007])
                }
            }
        }
    }

    @Test
    func `blank lines within captions and captions without text are not written`() {
        let cues = [
            CaptionCue(start: 0, end: 1, lines: ["one\n\n\r\ntwo", " \t", "three\u{2028}\u{B}four"]),
            CaptionCue(start: 1, end: 2, lines: ["", " "]),
            CaptionCue(start: 2, end: 3, lines: [" five "]),
        ]
        for file in [CaptionFile.srt(cues), CaptionFile.vtt(cues)] {
            #expect(CaptionFile.parse(file).map(\.lines) == [["one", "two", "three", "four"], [" five "]])
        }
        #expect(CaptionFile.srt(cues).contains("\n2\n00:00:02,000"))
    }

    @Test
    func `times are whole milliseconds without overlaps or empty cues`() {
        func spans(_ cues: [(Double, Double)]) -> [[Double]] {
            CaptionFile.parse(CaptionFile.srt(cues.map { CaptionCue(start: $0.0, end: $0.1, lines: ["x"]) }))
                .map { [$0.start, $0.end] }
        }
        #expect(spans([(0, 1.00049), (1.00049, 2.0006)]) == [[0, 1], [1, 2.001]])
        #expect(spans([(0, 2), (1, 3)]) == [[0, 1], [1, 3]])
        #expect(spans([(1, 1), (1, 1), (1, 2)]) == [[1, 1.001], [1.001, 1.002], [1.002, 2]])
        #expect(spans([(-1, 1), (.nan, .infinity)]).first == [0, 1])
        #expect(spans([(359_998, 1e300)]) == [[359_998, 359_999]])
    }

    @Test
    func `notes, identifiers, settings, tags and short timestamps are parsed`() {
        let file = """
            WEBVTT - a title

            STYLE
            ::cue { color: red }

            NOTE nothing to see

            intro
            00:01.500 --> 00:02.25 align:start position:10%
            <v Ada>Hello <i>there</i>&nbsp;&quot;you&quot;

            01:00:00.000 --> 01:00:01.000
            - second
            01:00:01.000 --> 01:00:02.000
            third
            """
        #expect(
            CaptionFile.parse(file) == [
                CaptionCue(start: 1.5, end: 2.25, lines: ["Hello there\u{A0}\"you\""]),
                CaptionCue(start: 3600, end: 3601, lines: ["- second"]),
                CaptionCue(start: 3601, end: 3602, lines: ["third"]),
            ])
    }

    @Test(arguments: [
        "", "\n\n", "WEBVTT", "1\ntext", "a --> b", "nan:inf --> 1:2", "-1:00 --> 1:00", "1:2:3:4 --> 5:6",
        "0x1:2 --> 1:3", "1:9999999 --> 2:0",
    ])
    func `text that is not a caption yields no cue`(_ text: String) {
        #expect(CaptionFile.parse(text).isEmpty)
    }
}

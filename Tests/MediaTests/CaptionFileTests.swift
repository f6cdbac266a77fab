import Testing

@testable import Media

@Suite struct CaptionFileTests {
    private let cues = [
        CaptionCue(start: 0.5, end: 2.0004, lines: ["One & two", "<three> --> four"]),
        CaptionCue(start: 2.0, end: 3661.25, lines: ["مرحبا"]),
    ]

    @Test("SubRip numbers its captions and parts them by a blank line")
    func subRip() {
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

    @Test("WebVTT escapes what could be a tag or an arrow")
    func webVTT() {
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
        // A mark that joins the bracket does not hide it.
        let marked = CaptionFile.vtt([CaptionCue(start: 0, end: 1, lines: ["<\u{338} -->\u{301} &\u{301}"])])
        #expect(
            marked.unicodeScalars.elementsEqual(
                "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n&lt;\u{338} --&gt;\u{301} &amp;\u{301}\n".unicodeScalars))
    }

    @Test("files are read back as they were written, whatever their line endings")
    func roundTrip() {
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

    @Test("no blank line is written within a caption, and a caption without words not at all")
    func blankLines() {
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

    @Test("times are whole milliseconds that neither overlap nor vanish")
    func times() {
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

    @Test("foreign files are read: notes, names, settings, tags, short clocks")
    func foreign() {
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

    @Test(
        "what is no caption gives none",
        arguments: [
            "", "\n\n", "WEBVTT", "1\ntext", "a --> b", "nan:inf --> 1:2", "-1:00 --> 1:00", "1:2:3:4 --> 5:6",
            "0x1:2 --> 1:3", "1:9999999 --> 2:0",
        ])
    func nothing(_ text: String) {
        #expect(CaptionFile.parse(text).isEmpty)
    }
}

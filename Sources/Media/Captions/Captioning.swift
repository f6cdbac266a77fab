// SPDX-License-Identifier: Apache-2.0

/// Makes the captions of one segment.
///
/// ```swift
/// let cues = try Captioning.cues(text: "Night falls over the harbour.", audio: "/tmp/seg_001.mp3", duration: 8)
/// let subtitles = CaptionFile.srt(cues)
/// ```
package enum Captioning {
    /// Splits a narration text into captions, in seconds from the start of the segment.
    ///
    /// - Parameters:
    ///   - text: The narration, in any writing system.
    ///   - audio: Path of the narration whose speech determines the timing. If absent or unreadable, captions take the
    ///     whole segment.
    ///   - audioStart: Seconds to skip at the start of the narration.
    ///   - tempo: Playback speed of the rest relative to the recording.
    ///   - duration: Duration of the segment, in seconds.
    ///   - cancelled: Polled once per second of sound.
    /// - Throws: `cancelled`.
    package static func cues(
        text: String, audio: String?, audioStart: Double = 0, tempo: Double = 1, duration: Double,
        cancelled: () -> Bool = { false }
    ) throws(MediaError) -> [CaptionCue] {
        var speech: Range<Double>?
        if let audio {
            do throws(MediaError) {
                speech = try SpeechDetector.span(
                    audio, from: audioStart, tempo: tempo, duration: duration, cancelled: cancelled)
            } catch  where error.kind != .cancelled {
                speech = nil
            }
        }
        return CaptionLayout.cues(text: text, speech: speech ?? 0..<duration, end: duration)
    }
}

import Drawing
import Faults
import Media
import Timebase

/// Draws captions: white words on a dark plate, at the foot of the picture.
struct CaptionPainter {
    let format: VideoFormat

    /// - Parameters:
    ///   - cues: seconds from the clip's start.
    ///   - frames: of the clip; what is beyond is left out.
    /// - Throws: `unavailable` where no font is installed.
    func overlays(_ cues: [CaptionCue], frames: Int) throws(ServiceError) -> [Overlay] {
        var overlays: [Overlay] = []
        var free = 0
        for cue in cues {
            let start = max(format.rate.frames(cue.start), free)
            let end = min(format.rate.frames(cue.end), frames)
            guard start < end else { continue }
            overlays.append(try overlay(cue.lines, frames: start..<end))
            free = end
        }
        return overlays
    }

    private func overlay(_ lines: [String], frames: Range<Int>) throws(ServiceError) -> Overlay {
        let (width, height) = (Double(format.width), Double(format.height))
        let unit = min(width, height)
        let padding = unit * 0.018
        let words = try CenteredLines(lines, fontSize: unit * 0.045, mostWidth: width * 0.92 - 2 * padding)
        let (boxWidth, boxHeight) = (even(words.width + 2 * padding), even(words.height + 2 * padding))
        let canvas = try Canvas(width: boxWidth, height: boxHeight, isTransparent: true)
        try Typesetting.checkFonts(on: canvas)
        canvas.color(Tone(0x0B0E12), alpha: 0.84)
        canvas.roundedRectangle(0, 0, Double(boxWidth), Double(boxHeight), radius: padding)
        words.draw(
            on: canvas, x: (Double(boxWidth) - words.width) / 2, y: (Double(boxHeight) - words.height) / 2,
            tone: Tone(0xFFFFFF))
        return Overlay(
            frames: frames, x: max((format.width - boxWidth) / 4 * 2, 0),
            // trusted: the size of a picture that was checked
            y: max((format.height - boxHeight - Int(height * 0.06)) / 2 * 2, 0), width: boxWidth, height: boxHeight,
            pixels: canvas.pixels)
    }

    // trusted: the size of drawn words
    private func even(_ pixels: Double) -> Int { Int((pixels / 2).rounded(.up)) * 2 }
}

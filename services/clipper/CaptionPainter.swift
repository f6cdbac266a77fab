// SPDX-License-Identifier: Apache-2.0

import Drawing
import Faults
import Media
import Timebase

/// Draws burned-in captions: white text on a dark rounded box, near the lower edge of the picture.
struct CaptionPainter {
    let format: VideoFormat

    /// Draws one overlay for each cue. Overlays never overlap: a cue that starts before its predecessor ends is cut or dropped.
    ///
    /// - Parameters:
    ///   - cues: in ascending order, in seconds from the clip's start.
    ///   - frames: the number of frames of the clip; cues beyond it are dropped.
    /// - Throws: `unavailable` if no font is installed.
    func overlays(_ cues: [CaptionCue], frames: Int) throws(ServiceError) -> [Overlay] {
        var overlays: [Overlay] = []
        var nextFreeFrame = 0
        for cue in cues {
            let start = max(format.rate.frames(cue.start), nextFreeFrame)
            let end = min(format.rate.frames(cue.end), frames)
            guard start < end else { continue }
            overlays.append(try overlay(cue.lines, frames: start..<end))
            nextFreeFrame = end
        }
        return overlays
    }

    private func overlay(_ lines: [String], frames: Range<Int>) throws(ServiceError) -> Overlay {
        let (width, height) = (Double(format.width), Double(format.height))
        let unit = min(width, height)
        let padding = unit * 0.018
        let text = try CenteredLines(lines, fontSize: unit * 0.045, maximumWidth: width * 0.92 - 2 * padding)
        let (boxWidth, boxHeight) = (even(text.width + 2 * padding), even(text.height + 2 * padding))
        let canvas = try Canvas(width: boxWidth, height: boxHeight, isTransparent: true)
        try Typesetting.checkFonts(on: canvas)
        canvas.setColor(RGBColor(0x0B0E12), alpha: 0.84)
        canvas.roundedRectangle(0, 0, Double(boxWidth), Double(boxHeight), radius: padding)
        text.draw(
            on: canvas, x: (Double(boxWidth) - text.width) / 2, y: (Double(boxHeight) - text.height) / 2,
            color: RGBColor(0xFFFFFF))
        return Overlay(
            frames: frames, x: max((format.width - boxWidth) / 4 * 2, 0),
            // trusted: a format's height, which is bounded
            y: max((format.height - boxHeight - Int(height * 0.06)) / 2 * 2, 0), width: boxWidth, height: boxHeight,
            pixels: canvas.pixels)
    }

    // trusted: the size of a text that was laid out within the picture
    private func even(_ pixels: Double) -> Int { Int((pixels / 2).rounded(.up)) * 2 }
}

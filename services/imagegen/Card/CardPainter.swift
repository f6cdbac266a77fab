// SPDX-License-Identifier: Apache-2.0

import Contracts
import Drawing
import Faults
import JSONRPC
import Parameters

/// Paints a card: a backdrop drawn from the prompt, with the prompt typeset on it. It needs no network.
///
/// ```swift
/// let card = try CardPainter.paint(prompt: "A lighthouse", width: 1920, height: 1080, seed: nil)
/// try card.canvas.writePNG(to: path)
/// ```
enum CardPainter {
    /// The version of the drawing. Increment it when cards change.
    static let version = "card-1"

    /// A painted card.
    struct Card {
        let canvas: Canvas
        /// The position of the text, and its unknown glyphs.
        let type: Typesetting.Outcome
    }

    /// Paints a card. The same arguments always give the same image.
    ///
    /// - Parameters:
    ///   - prompt: The text, drawn in full.
    ///   - width: The width in pixels, 16 to 8192.
    ///   - height: The height in pixels, 16 to 8192.
    ///   - seed: Varies the card; `nil` for none.
    /// - Throws: `unavailable` if no font is installed; `invalid_params` for a size out of range.
    static func paint(prompt: String, width: Int, height: Int, seed: Int?) throws(ServiceError) -> Card {
        let sides = [(width, "/width"), (height, "/height")]
        if let error = sides.compactMap({ ImageBounds.side.violation($0, at: $1) }).error { throw error }
        let text = printable(prompt)
        var random = TextSeededRandom("\(version)|\(seed.map(String.init) ?? "")|\(prompt)")
        let canvas = try Canvas(width: width, height: height)
        try Typesetting.checkFonts(on: canvas)
        let backdrop = CardBackdrop.matching(prompt, &random)
        let palette = backdrop.palette(&random)
        backdrop.draw(on: canvas, palette, &random)

        let margin = canvas.unit * 0.075
        // Long texts fill the whole image, short ones its lower part.
        let isLong = text.count > 260
        let share = isLong ? 1.0 : 0.62
        let box = Typesetting.Box(
            x: margin, y: canvas.height * (1 - share) + margin,
            width: canvas.width - 2 * margin - (isLong ? 0 : canvas.width * 0.12),
            height: canvas.height * share - 2 * margin)
        scrim(canvas, palette, isLong: isLong, length: text.count)
        let type = Typesetting.set(
            text, on: canvas, in: box,
            maximumFontSize: canvas.unit * (text.count < 60 ? 0.085 : text.count < 140 ? 0.062 : 0.05),
            color: RGBColor(0xFFFFFF), shadow: palette.near)
        canvas.setColor(palette.accent)
        let bar = max(canvas.unit * 0.007, 1)
        canvas.rectangle(margin, max(type.ink.y - canvas.unit * 0.05, margin * 0.5), canvas.unit * 0.12, bar)
        return Card(canvas: canvas, type: type)
    }

    /// Darkens the image behind the text, so that it is legible on any backdrop.
    private static func scrim(_ canvas: Canvas, _ palette: Palette, isLong: Bool, length: Int) {
        let dark = palette.near.mixed(with: RGBColor(0x000000), 0.5)
        if isLong {
            canvas.gradient(top: 0, bottom: canvas.height, [(0, dark, 0.78), (1, dark, 0.86)])
        } else {
            let middle = length < 60 ? 0.55 : 0.4
            canvas.gradient(
                top: 0, bottom: canvas.height,
                [(0, dark, 0), (middle * 0.7, dark, 0.06), (middle + 0.15, dark, 0.5), (1, dark, 0.86)])
        }
    }

    /// Replaces control characters by spaces and breaks long runs of characters.
    ///
    /// Combining marks are bounded first, since a break would restart their count. Without breaks, the layout of a long run takes
    /// quadratic time.
    private static func printable(_ text: String) -> String {
        let maximumRun = 128
        var result = String.UnicodeScalarView()
        var run = 0
        for scalar in text.withBoundedMarks.unicodeScalars {
            let isControl = scalar.value < 0x20 && scalar != "\n" || scalar.value == 0x7F
            run = scalar.properties.isWhitespace || isControl ? 0 : run + 1
            if run > maximumRun {
                result.append("\u{200B}")
                run = 1
            }
            result.append(isControl ? " " : scalar)
        }
        return String(result)
    }
}

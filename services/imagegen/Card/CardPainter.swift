import Contracts
import Drawing
import Faults
import JSONRPC
import Parameters

/// A designed picture of a prompt, made without any network: a scene drawn from the prompt, and the prompt typeset on it.
enum CardPainter {
    /// The version of the drawing: a change here changes every card.
    static let version = "card-1"

    struct Card {
        let canvas: Canvas
        let type: Typesetting.Outcome
    }

    /// Paints a card; the same arguments always give the same picture.
    ///
    /// - Parameters:
    ///   - width: 16 to 8192. -> pixels.
    ///   - height: 16 to 8192. -> pixels.
    /// - Throws: `unavailable` where no font is installed, `invalid_params` for an odd size.
    static func paint(prompt: String, width: Int, height: Int, seed: Int?) throws(ServiceError) -> Card {
        let sides = [(width, "/width"), (height, "/height")]
        if let error = sides.compactMap({ ImageBounds.side.violation($0, at: $1) }).error { throw error }
        let text = printable(prompt)
        var dice = Dice("\(version)|\(seed.map(String.init) ?? "")|\(prompt)")
        let canvas = try Canvas(width: width, height: height)
        try Typesetting.checkFonts(on: canvas)
        let scene = Scene.named(in: prompt, &dice)
        let palette = scene.palette(&dice)
        scene.draw(on: canvas, palette, &dice)

        let margin = canvas.unit * 0.075
        // Long texts take the whole picture, short ones its foot.
        let isLong = text.count > 260
        let share = isLong ? 1.0 : 0.62
        let box = Typesetting.Box(
            x: margin, y: canvas.height * (1 - share) + margin,
            width: canvas.width - 2 * margin - (isLong ? 0 : canvas.width * 0.12),
            height: canvas.height * share - 2 * margin)
        scrim(canvas, palette, isLong: isLong, length: text.count)
        let type = Typesetting.set(
            text, on: canvas, in: box,
            largest: canvas.unit * (text.count < 60 ? 0.085 : text.count < 140 ? 0.062 : 0.05),
            tone: Tone(0xFFFFFF), shadow: palette.near)
        canvas.color(palette.accent)
        let bar = max(canvas.unit * 0.007, 1)
        canvas.rectangle(margin, max(type.ink.y - canvas.unit * 0.05, margin * 0.5), canvas.unit * 0.12, bar)
        return Card(canvas: canvas, type: type)
    }

    /// Darkens the picture where the words stand, so that they are easy to read on any scene.
    private static func scrim(_ canvas: Canvas, _ palette: Palette, isLong: Bool, length: Int) {
        let dark = palette.near.mixed(with: Tone(0x000000), 0.5)
        if isLong {
            canvas.gradient(top: 0, bottom: canvas.height, [(0, dark, 0.78), (1, dark, 0.86)])
        } else {
            let middle = length < 60 ? 0.55 : 0.4
            canvas.gradient(
                top: 0, bottom: canvas.height,
                [(0, dark, 0), (middle * 0.7, dark, 0.06), (middle + 0.15, dark, 0.5), (1, dark, 0.86)])
        }
    }

    /// The text without what cannot be seen: control characters become spaces. Marks are bounded first: a break between them would
    /// start their count again. Letters that run on without end get places
    /// where they may be broken, or laying them out would take time that grows with their square.
    private static func printable(_ text: String) -> String {
        let longestRun = 128
        var result = String.UnicodeScalarView()
        var run = 0
        for scalar in text.withBoundedMarks.unicodeScalars {
            let isControl = scalar.value < 0x20 && scalar != "\n" || scalar.value == 0x7F
            run = scalar.properties.isWhitespace || isControl ? 0 : run + 1
            if run > longestRun {
                result.append("\u{200B}")
                run = 1
            }
            result.append(isControl ? " " : scalar)
        }
        return String(result)
    }
}

// SPDX-License-Identifier: Apache-2.0

import CPango
import Drawing
import Glibc

/// The backdrop of a card, chosen by the words of the prompt that name a place, else at random.
enum CardBackdrop: CaseIterable {
    case ridges, sea, orbits, discs, contours, skyline, forest, aurora, dunes

    private static let keywords: [(CardBackdrop, [String])] = [
        (
            .sea,
            [
                "sea", "ocean", "wave", "beach", "coast", "ship", "island", "harbour", "harbor", "whale", "reef",
                "lake", "water",
            ]
        ),
        (
            .orbits,
            [
                "space", "planet", "orbit", "galaxy", "moon", "mars", "saturn", "jupiter", "asteroid", "rocket",
                "universe",
            ]
        ),
        (
            .skyline,
            ["city", "street", "building", "skyline", "tower", "urban", "office", "bridge", "traffic", "market"]
        ),
        (.forest, ["forest", "tree", "wood", "jungle", "leaf", "leaves", "moss", "pine", "garden"]),
        (.aurora, ["night", "aurora", "star", "winter", "snow", "ice", "arctic", "polar", "midnight"]),
        (.dunes, ["desert", "dune", "sand", "sahara", "savanna", "canyon"]),
        (.ridges, ["mountain", "hill", "valley", "peak", "alps", "volcano", "dawn", "sunrise", "sunset", "landscape"]),
        (.contours, ["map", "data", "chart", "graph", "science", "measure", "history", "plan"]),
    ]

    /// Returns the backdrop of the first keyword in a prompt, else a random one.
    static func matching(_ prompt: String, _ random: inout TextSeededRandom) -> CardBackdrop {
        let tokens = prompt.lowercased().split { !$0.isLetter }.map(String.init)
        for token in tokens {
            for (backdrop, names) in keywords where names.contains(where: { token == $0 || token == $0 + "s" }) {
                return backdrop
            }
        }
        return allCases.randomElement(using: &random) ?? .ridges
    }

    /// Returns a random palette for this backdrop.
    func palette(_ random: inout TextSeededRandom) -> Palette {
        let choices =
            switch self {
            case .orbits, .aurora, .skyline: Palette.night
            default: Palette.day
            }
        return choices.randomElement(using: &random) ?? choices[0]
    }

    /// Draws the backdrop on the whole canvas.
    func draw(on canvas: Canvas, _ palette: Palette, _ random: inout TextSeededRandom) {
        switch self {
        case .ridges: ridges(canvas, palette, &random)
        case .sea: sea(canvas, palette, &random)
        case .orbits: orbits(canvas, palette, &random)
        case .discs: discs(canvas, palette, &random)
        case .contours: contours(canvas, palette, &random)
        case .skyline: skyline(canvas, palette, &random)
        case .forest: forest(canvas, palette, &random)
        case .aurora: aurora(canvas, palette, &random)
        case .dunes: dunes(canvas, palette, &random)
        }
    }

    private func ridges(_ canvas: Canvas, _ palette: Palette, _ random: inout TextSeededRandom) {
        canvas.sky(palette, horizon: 0.7)
        canvas.sun(
            canvas.width * random.between(0.55, 0.85), canvas.height * random.between(0.22, 0.42),
            canvas.unit * random.between(0.045, 0.08), palette)
        for layer in 0..<7 {
            let share = Double(layer) / 6
            canvas.ridge(
                &random, base: 0.5 + 0.44 * share, relief: 0.16 - 0.05 * share, roughness: 0.9 - 0.5 * share,
                palette.horizon.mixed(with: palette.near, 0.18 + 0.8 * share))
            canvas.haze(at: 0.56 + 0.44 * share, depth: 0.08, palette.horizon, alpha: 0.22 * (1 - share))
        }
    }

    private func sea(_ canvas: Canvas, _ palette: Palette, _ random: inout TextSeededRandom) {
        let line = random.between(0.46, 0.56)
        canvas.sky(palette, horizon: line)
        let x = canvas.width * random.between(0.5, 0.8)
        canvas.sun(x, canvas.height * (line - random.between(0.05, 0.2)), canvas.unit * 0.06, palette)
        canvas.ridge(
            &random, base: line + 0.01, relief: 0.05, roughness: 0.3, palette.horizon.mixed(with: palette.near, 0.3))
        canvas.gradient(
            top: canvas.height * line, bottom: canvas.height,
            [
                (0, palette.horizon.mixed(with: palette.zenith, 0.35), 1), (0.4, palette.zenith, 1),
                (1, palette.near, 1),
            ])
        for _ in 0..<420 {
            let depth = random.between(0, 1)
            let y = line + (1 - line) * depth * depth
            let spread = 0.05 + 0.55 * depth
            let offset = (random.between(-1, 1) + random.between(-1, 1)) / 2 * spread * canvas.width
            let length = canvas.width * random.between(0.01, 0.05) * (0.4 + depth)
            canvas.setColor(palette.light, alpha: random.between(0.05, 0.34) * (1 - 0.5 * depth))
            canvas.rectangle(
                x + offset - length / 2, canvas.height * y, length, max(canvas.unit * 0.0022 * (0.5 + depth), 0.6))
        }
    }

    private func orbits(_ canvas: Canvas, _ palette: Palette, _ random: inout TextSeededRandom) {
        canvas.sky(palette, horizon: 1.3)
        canvas.stars(&random, count: 520, below: 1, palette)
        let (x, y) = (canvas.width * random.between(0.6, 0.78), canvas.height * random.between(0.34, 0.5))
        let radius = canvas.unit * random.between(0.2, 0.3)
        canvas.glow(x, y, radius * 2.6, palette.accent, alpha: 0.28)
        let tilt = random.between(-0.5, 0.5)
        func rings(front: Bool) {
            for ring in 0..<6 {
                cairo_save(canvas.context)
                cairo_translate(canvas.context, x, y)
                cairo_rotate(canvas.context, tilt)
                cairo_scale(canvas.context, 1, 0.22)
                cairo_new_path(canvas.context)
                cairo_arc(
                    canvas.context, 0, 0, radius * (1.45 + 0.13 * Double(ring)), front ? 0 : .pi, front ? .pi : 2 * .pi)
                cairo_restore(canvas.context)
                canvas.setColor(palette.light, alpha: ring % 2 == 0 ? 0.5 : 0.22)
                cairo_set_line_width(canvas.context, canvas.unit * (ring % 3 == 0 ? 0.006 : 0.0025))
                cairo_stroke(canvas.context)
            }
        }
        rings(front: false)
        let shade = cairo_pattern_create_radial(
            x - radius * 0.45, y - radius * 0.45, radius * 0.1, x, y, radius * 1.05)
        for (offset, color) in [
            (0.0, palette.light.mixed(with: palette.accent, 0.35)), (0.45, palette.accent),
            (0.8, palette.accent.mixed(with: palette.near, 0.6)), (1, palette.near),
        ] {
            cairo_pattern_add_color_stop_rgb(shade, offset, color.red, color.green, color.blue)
        }
        cairo_set_source(canvas.context, shade)
        cairo_pattern_destroy(shade)
        canvas.circle(x, y, radius)
        rings(front: true)
        canvas.setColor(palette.light, alpha: 0.9)
        canvas.circle(x - radius * random.between(1.6, 2.2), y - radius * random.between(0.5, 1), canvas.unit * 0.018)
    }

    private func discs(_ canvas: Canvas, _ palette: Palette, _ random: inout TextSeededRandom) {
        canvas.gradient(
            top: 0, bottom: canvas.height,
            [(0, palette.zenith, 1), (1, palette.zenith.mixed(with: palette.near, 0.7), 1)])
        let colors = [palette.horizon, palette.accent, palette.light, palette.zenith.mixed(with: palette.light, 0.4)]
        for index in 0..<16 {
            let color = colors[index % colors.count]
            let (x, y) = (canvas.width * random.between(0.05, 1.05), canvas.height * random.between(-0.05, 0.85))
            let radius = canvas.unit * pow(random.between(0.25, 0.75), 1.6)
            canvas.glow(x, y, radius * 1.25, color, alpha: 0.2)
            canvas.setColor(color, alpha: random.between(0.1, 0.24))
            canvas.circle(x, y, radius)
        }
    }

    private func contours(_ canvas: Canvas, _ palette: Palette, _ random: inout TextSeededRandom) {
        canvas.gradient(
            top: 0, bottom: canvas.height,
            [(0, palette.zenith.mixed(with: palette.near, 0.25), 1), (1, palette.near, 1)])
        for _ in 0..<3 {
            let (x, y) = (canvas.width * random.between(0.1, 1), canvas.height * random.between(0, 0.9))
            let lobes = (2...6).map { (Double($0), random.between(0, 2 * .pi), random.between(0.02, 0.12)) }
            let peak = [palette.accent, palette.horizon].randomElement(using: &random) ?? palette.accent
            canvas.glow(x, y, canvas.unit * 0.6, peak, alpha: 0.35)
            for ring in 1...26 {
                let radius = canvas.unit * 0.034 * Double(ring)
                cairo_new_path(canvas.context)
                for step in 0...180 {
                    let angle = Double(step) / 180 * 2 * .pi
                    let bend = lobes.reduce(1.0) { $0 + $1.2 * sin($1.0 * angle + $1.1 + Double(ring) * 0.05) }
                    let point = (x + cos(angle) * radius * bend * 1.25, y + sin(angle) * radius * bend)
                    if step == 0 {
                        cairo_move_to(canvas.context, point.0, point.1)
                    } else {
                        cairo_line_to(canvas.context, point.0, point.1)
                    }
                }
                cairo_close_path(canvas.context)
                canvas.setColor(palette.light.mixed(with: peak, 0.5), alpha: ring % 5 == 0 ? 0.55 : 0.24)
                cairo_set_line_width(canvas.context, canvas.unit * (ring % 5 == 0 ? 0.0028 : 0.0014))
                cairo_stroke(canvas.context)
            }
        }
    }

    private func skyline(_ canvas: Canvas, _ palette: Palette, _ random: inout TextSeededRandom) {
        canvas.sky(palette, horizon: 0.85)
        canvas.stars(&random, count: 160, below: 0.45, palette)
        canvas.sun(
            canvas.width * random.between(0.62, 0.85), canvas.height * random.between(0.16, 0.3), canvas.unit * 0.05,
            palette)
        for layer in 0..<4 {
            let share = Double(layer) / 3
            let color = palette.horizon.mixed(with: palette.near, 0.35 + 0.62 * share)
            var x = -canvas.width * random.between(0, 0.05)
            while x < canvas.width {
                let width = canvas.unit * random.between(0.05, 0.13) * (0.7 + 0.5 * share)
                let top = canvas.height * (0.46 + 0.2 * share - random.between(0, 0.22))
                canvas.setColor(color)
                canvas.rectangle(x, top, width, canvas.height - top)
                if random.between(0, 1) < 0.25 {
                    canvas.rectangle(x + width * 0.48, top - canvas.height * 0.05, width * 0.04, canvas.height * 0.05)
                }
                let cell = canvas.unit * 0.016 * (0.7 + 0.5 * share)
                for row in stride(from: top + cell, to: canvas.height, by: cell * 1.7) {
                    for column in stride(from: x + cell * 0.8, to: x + width - cell, by: cell * 1.4)
                    where random.between(0, 1) < 0.16 + 0.1 * share {
                        canvas.setColor(
                            palette.accent.mixed(with: palette.light, random.between(0, 0.8)), alpha: 0.25 + 0.6 * share
                        )
                        canvas.rectangle(column, row, cell * 0.6, cell * 0.8)
                    }
                }
                x += width * random.between(1.0, 1.25)
            }
            canvas.haze(at: 0.75, depth: 0.25, palette.horizon, alpha: 0.2 * (1 - share))
        }
    }

    private func forest(_ canvas: Canvas, _ palette: Palette, _ random: inout TextSeededRandom) {
        canvas.sky(palette, horizon: 0.9)
        canvas.glow(
            canvas.width * random.between(0.4, 0.8), canvas.height * 0.3, canvas.unit * 0.9, palette.light, alpha: 0.6)
        for layer in 0..<6 {
            let share = Double(layer) / 5
            canvas.setColor(palette.horizon.mixed(with: palette.near, 0.2 + 0.78 * share))
            let base = canvas.height * (0.55 + 0.5 * share)
            let size = canvas.unit * (0.2 + 0.45 * share)
            var x = -size * 0.2
            while x < canvas.width + size * 0.2 {
                canvas.conifer(x, base + size * random.between(-0.05, 0.12), size * random.between(0.65, 1.15))
                x += size * random.between(0.16, 0.42)
            }
            canvas.rectangle(0, base - size * 0.02, canvas.width, canvas.height)
            canvas.haze(at: 0.5 + 0.5 * share, depth: 0.14, palette.horizon, alpha: 0.5 * (1 - share))
        }
    }

    private func aurora(_ canvas: Canvas, _ palette: Palette, _ random: inout TextSeededRandom) {
        canvas.sky(palette, horizon: 0.95)
        canvas.stars(&random, count: 420, below: 0.8, palette)
        for ribbon in 0..<3 {
            let (phase, slope) = (random.between(0, 2 * .pi), random.between(-0.12, 0.12))
            let level = 0.22 + 0.13 * Double(ribbon)
            let color = [palette.accent, palette.horizon.mixed(with: palette.light, 0.3), palette.accent][ribbon]
            let count = 260
            for strip in 0..<count {
                let t = Double(strip) / Double(count)
                let y = level + slope * t + 0.06 * sin(t * 7 + phase) + 0.025 * sin(t * 23 + phase * 2)
                let tall = 0.2 + 0.1 * sin(t * 11 + phase) + 0.05 * sin(t * 41 + phase * 3)
                let strength = 0.3 * (0.55 + 0.45 * sin(t * 17 + phase * 1.7)) * sin(t * .pi)
                let (top, bottom) = (canvas.height * (y - tall), canvas.height * (y + 0.03))
                let pattern = cairo_pattern_create_linear(0, top, 0, bottom)
                cairo_pattern_add_color_stop_rgba(pattern, 0, color.red, color.green, color.blue, 0)
                cairo_pattern_add_color_stop_rgba(pattern, 0.8, color.red, color.green, color.blue, max(strength, 0))
                cairo_pattern_add_color_stop_rgba(pattern, 1, color.red, color.green, color.blue, 0)
                cairo_set_source(canvas.context, pattern)
                cairo_pattern_destroy(pattern)
                canvas.rectangle(canvas.width * t, top, canvas.width / Double(count) + 1, bottom - top)
            }
        }
        for layer in 0..<3 {
            let share = Double(layer) / 2
            canvas.ridge(
                &random, base: 0.72 + 0.16 * share, relief: 0.12, roughness: 0.8,
                palette.horizon.mixed(with: palette.near, 0.55 + 0.45 * share))
        }
    }

    private func dunes(_ canvas: Canvas, _ palette: Palette, _ random: inout TextSeededRandom) {
        canvas.sky(palette, horizon: 0.55)
        canvas.sun(
            canvas.width * random.between(0.55, 0.85), canvas.height * random.between(0.18, 0.34), canvas.unit * 0.07,
            palette)
        for layer in 0..<6 {
            let share = Double(layer) / 5
            let color = palette.horizon.mixed(with: palette.accent, 0.5).mixed(with: palette.near, 0.1 + 0.85 * share)
            canvas.ridge(&random, base: 0.55 + 0.4 * share, relief: 0.11, roughness: 0, color)
            canvas.haze(at: 0.6 + 0.4 * share, depth: 0.06, palette.horizon, alpha: 0.18 * (1 - share))
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import CPango
import Drawing
import Glibc

/// The elements of backdrops. Coordinates and sizes without a unit are in pixels.
extension Canvas {
    /// A vertical gradient from the zenith to the horizon.
    ///
    /// - Parameter horizon: The position of the horizon, 0 at the top, 1 at the bottom.
    func sky(_ palette: Palette, horizon: Double = 1) {
        gradient(
            top: 0, bottom: height,
            [
                (0, palette.zenith, 1), (horizon * 0.55, palette.zenith.mixed(with: palette.horizon, 0.45), 1),
                (horizon, palette.horizon, 1), (1, palette.horizon, 1),
            ])
    }

    /// A disc with a glow.
    func sun(_ x: Double, _ y: Double, _ radius: Double, _ palette: Palette) {
        glow(x, y, radius * 7, palette.light, alpha: 0.55)
        setColor(palette.light, alpha: 0.96)
        circle(x, y, radius)
    }

    /// Random stars in the upper part of the image.
    ///
    /// - Parameter limit: The lowest position of a star, 0 at the top, 1 at the bottom.
    func stars(_ random: inout TextSeededRandom, count: Int, below limit: Double, _ palette: Palette) {
        for _ in 0..<count {
            let depth = random.between(0, 1)
            setColor(palette.light, alpha: 0.25 + 0.7 * depth * depth)
            circle(
                random.between(0, width), pow(random.between(0, 1), 1.3) * height * limit,
                unit * (0.0006 + 0.0016 * depth * depth * depth))
        }
    }

    /// A line of hills across the image, filled down to the lower edge.
    ///
    /// - Parameters:
    ///   - random: The source of randomness.
    ///   - base: The mean height, 0 at the top, 1 at the bottom.
    ///   - relief: The height of crests above the mean, as a fraction of the image's height.
    ///   - roughness: 0 for dunes, 1 for peaks.
    ///   - color: The color.
    func ridge(_ random: inout TextSeededRandom, base: Double, relief: Double, roughness: Double, _ color: RGBColor) {
        let waves = (0..<7).map { octave -> (frequency: Double, phase: Double, weight: Double) in
            let frequency = pow(1.9, Double(octave)) * random.between(0.8, 1.3)
            return (frequency, random.between(0, 2 * .pi), pow(0.36 + 0.2 * roughness, Double(octave)))
        }
        let total = waves.reduce(0) { $0 + $1.weight }
        cairo_new_path(context)
        cairo_move_to(context, 0, height)
        let step = max(width / 480, 1)
        for x in stride(from: 0, through: width + step, by: step) {
            let position = x / max(width, height) * 2 * .pi
            var rise = 0.0
            for wave in waves {
                let value = sin(position * wave.frequency + wave.phase)
                rise += wave.weight * (roughness > 0.5 ? 1 - 2 * abs(value) : value)
            }
            cairo_line_to(context, x, height * (base - relief * rise / total))
        }
        cairo_line_to(context, width, height)
        cairo_close_path(context)
        setColor(color)
        cairo_fill(context)
    }

    /// A horizontal band of haze.
    ///
    /// - Parameters:
    ///   - y: The middle of the band, 0 at the top, 1 at the bottom.
    ///   - depth: Half of the band's height, as a fraction of the image's height.
    ///   - color: The color.
    ///   - alpha: The opacity in the middle.
    func haze(at y: Double, depth: Double, _ color: RGBColor, alpha: Double) {
        gradient(
            top: height * (y - depth), bottom: height * (y + depth),
            [(0, color, 0), (0.5, color, alpha), (1, color, 0)])
    }

    /// A conifer.
    ///
    /// - Parameters:
    ///   - x: The position of the trunk.
    ///   - base: The position of the ground.
    ///   - size: The height.
    func conifer(_ x: Double, _ base: Double, _ size: Double) {
        cairo_new_path(context)
        cairo_move_to(context, x, base - size)
        for layer in 1...5 {
            let y = base - size + size * Double(layer) / 5
            let half = size * 0.05 * Double(layer) + size * 0.02
            cairo_line_to(context, x + half, y)
            cairo_line_to(context, x + half * 0.55, y - size * 0.02)
        }
        for layer in (1...5).reversed() {
            let y = base - size + size * Double(layer) / 5
            let half = size * 0.05 * Double(layer) + size * 0.02
            cairo_line_to(context, x - half * 0.55, y - size * 0.02)
            cairo_line_to(context, x - half, y)
        }
        cairo_close_path(context)
        cairo_fill(context)
    }
}

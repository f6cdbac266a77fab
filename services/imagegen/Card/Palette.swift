// SPDX-License-Identifier: Apache-2.0

import Drawing

/// The colors of one card.
struct Palette {
    /// The color of the sky at the zenith.
    let zenith: RGBColor
    /// The color of the sky at the horizon.
    /// The color of the sky at the horizon.
    let horizon: RGBColor
    /// The color of the sun, the moon and lamps.
    let light: RGBColor
    /// The color of the foreground; distant objects are mixed with `horizon`.
    let near: RGBColor
    /// The color of highlights.
    let accent: RGBColor

    private init(_ zenith: UInt32, _ horizon: UInt32, _ light: UInt32, _ near: UInt32, _ accent: UInt32) {
        self.zenith = RGBColor(zenith)
        self.horizon = RGBColor(horizon)
        self.light = RGBColor(light)
        self.near = RGBColor(near)
        self.accent = RGBColor(accent)
    }

    /// Palettes with a light sky.
    static let day = [
        Palette(0x1B4965, 0xF6C79A, 0xFFF1D0, 0x0B2430, 0xFF9F68),
        Palette(0x2E4374, 0xFFB199, 0xFFF0DC, 0x1A1B3A, 0xFFD166),
        Palette(0x355070, 0xE56B6F, 0xFFE3C2, 0x1F1A38, 0xEAAC8B),
        Palette(0x0F4C5C, 0xE9C46A, 0xFFF5DA, 0x08262E, 0xF4A261),
        Palette(0x3A6EA5, 0xDDEBF7, 0xFFFFFF, 0x16324F, 0xFFB703),
        Palette(0x4A4E69, 0xF2D7C9, 0xFFF6EE, 0x22223B, 0xE07A5F),
        Palette(0x1D5C63, 0xD9E4C5, 0xFDFCEB, 0x12302E, 0xE9A23B),
    ]

    /// Palettes with a dark sky.
    static let night = [
        Palette(0x050B1F, 0x27477A, 0xF3F0DF, 0x02040C, 0x7FD1C7),
        Palette(0x0B0C2A, 0x4B3B79, 0xFBE8D3, 0x06051A, 0xF28482),
        Palette(0x071A23, 0x1E5F67, 0xEAF7EF, 0x030C11, 0x9BE38A),
        Palette(0x14092B, 0x7A2F5D, 0xFFE1C7, 0x0A0416, 0xFFB86B),
    ]
}

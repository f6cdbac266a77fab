// SPDX-License-Identifier: Apache-2.0

import CPango

/// Properties of characters in the world's writing systems that captions depend on.
enum WritingSystem {
    /// Columns: two for wide characters of East Asia and for emoji, none for joiners and combining marks.
    static func width(_ character: Character) -> Int {
        var columns = 0
        for scalar in character.unicodeScalars {
            // An emoji, whatever it is joined with.
            if scalar.value == 0xFE0F || scalar.value > 0xFF && scalar.properties.isEmojiPresentation { return 2 }
            columns += width(scalar)
        }
        return min(columns, CaptionLimits.columns)
    }

    private static func width(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.value {
        case 0x0600...0x0605, 0x06DD, 0x08E2: 1  // Arabic signs that enclose numbers
        case 0..<0x20, 0x7F..<0xA0, 0xAD: 0
        default: g_unichar_iszerowidth(scalar.value) != 0 ? 0 : scalar.isWide ? 2 : 1
        }
    }

    /// Whether a scalar is removed: controls, byte order marks, soft hyphens and all directional controls.
    static func isDropped(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0xAD, 0x202A...0x202E, 0x2066...0x2069, 0x206A...0x206F, 0xFEFF, 0xFFF9...0xFFFB: true
        default: scalar.properties.generalCategory == .control && !scalar.properties.isWhitespace
        }
    }
}

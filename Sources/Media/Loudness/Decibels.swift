// SPDX-License-Identifier: Apache-2.0

import Glibc

enum Decibels {
    /// The factor of a gain or an amplitude in dB.
    static func gain(_ decibels: Double) -> Float { Float(pow(10, decibels / 20)) }

    /// The level in dB of an amplitude above 0.
    static func level(_ amplitude: Double) -> Double { 20 * log10(amplitude) }
}

extension Float {
    /// The sample, or silence for NaN and for more than 60 dB above full scale, which damaged files decode to: such a
    /// sample would stay in every filter forever.
    var sanitized: Float { abs(self) <= 1000 ? self : 0 }
}

import Glibc

enum Decibels {
    /// -> the factor of a gain or of an amplitude in dB.
    static func gain(_ decibels: Double) -> Float { Float(pow(10, decibels / 20)) }

    /// -> dB of an amplitude above 0.
    static func level(_ amplitude: Double) -> Double { 20 * log10(amplitude) }
}

extension Float {
    /// The sample, or silence where a damaged file decodes to no number or to more than 60 dB above full scale: one such
    /// sample would stay in every filter for good.
    var playable: Float { abs(self) <= 1000 ? self : 0 }
}

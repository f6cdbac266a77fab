// SPDX-License-Identifier: Apache-2.0

/// The chunks by which a PNG without a profile states its colours (W3C PNG, third edition, clause 11.3.2).
struct PNGColors {
    private static let bt709 = [0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06]

    private var gamma: Double?
    private var primaries: [Double]?
    private var isSRGB = false
    private var codes: (primaries: UInt8, transfer: UInt8)?

    mutating func read(_ kind: String, _ body: ArraySlice<UInt8>) {
        func number(_ index: Int) -> Double {
            Double(body.dropFirst(index * 4).prefix(4).reduce(0) { $0 << 8 | Int($1) }) / 100_000
        }
        switch kind {
        case "gAMA" where body.count == 4: gamma = number(0)
        case "cHRM" where body.count == 32: primaries = (0..<8).map(number)
        case "sRGB": isSRGB = true
        case "cICP" where body.count == 4: codes = (body[body.startIndex], body[body.startIndex + 1])
        default: break
        }
    }

    /// `nil` if the file does not state its colours.
    var conversion: ColorConversion.Outcome? {
        if let codes { return Self.conversion(codes.primaries, codes.transfer) }
        guard !isSRGB, gamma != nil || primaries != nil else { return nil }
        var exponent: Double?
        if let gamma {
            guard (0.05...5).contains(gamma) else { return .unusable("its gamma is \(gamma)") }
            // Writers state 1/2.2 for sRGB and 1/1.96 for video's curve.
            if !(0.4...0.515).contains(gamma) { exponent = 1 / gamma }
        }
        if exponent == nil, primaries == nil { return nil }
        return .make(primaries ?? Self.bt709, exponent)
    }

    /// The conversion for the code points of ITU-T H.273.
    private static func conversion(_ primaries: UInt8, _ transfer: UInt8) -> ColorConversion.Outcome {
        let white = [0.3127, 0.329]
        let points: [Double]
        switch primaries {
        case 1, 2: points = bt709
        case 4: points = [0.31, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08]
        case 5: points = white + [0.64, 0.33, 0.29, 0.6, 0.15, 0.06]
        case 6, 7: points = white + [0.63, 0.34, 0.31, 0.595, 0.155, 0.07]
        case 9: points = white + [0.708, 0.292, 0.17, 0.797, 0.131, 0.046]
        case 11: points = [0.314, 0.351, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06]
        case 12: points = white + [0.68, 0.32, 0.265, 0.69, 0.15, 0.06]
        default: return .unusable("its primaries have the unsupported code \(primaries)")
        }
        switch transfer {
        case 1, 2, 6, 13, 14, 15: return .make(points, nil)
        case 4: return .make(points, 2.2)
        case 5: return .make(points, 2.8)
        case 8: return .make(points, 1)
        default: return .unusable("its transfer has the unsupported code \(transfer)")
        }
    }
}

extension ColorConversion.Outcome {
    fileprivate static func make(_ primaries: [Double], _ gamma: Double?) -> Self {
        ColorConversion.make(primaries: primaries, gamma: gamma)
    }
}

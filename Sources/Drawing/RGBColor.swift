// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An sRGB colour with components from 0 to 1. Mixing is perceptually uniform (Oklab).
package struct RGBColor: Equatable {
    /// Gamma-encoded red, 0 to 1.
    package var red: Double
    /// Gamma-encoded green, 0 to 1.
    package var green: Double
    /// Gamma-encoded blue, 0 to 1.
    package var blue: Double

    /// Creates a colour from gamma-encoded components, each 0 to 1.
    package init(red: Double, green: Double, blue: Double) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    /// Creates a colour from a `0xRRGGBB` number.
    package init(_ hex: UInt32) {
        self.init(
            red: Double(hex >> 16 & 0xFF) / 255, green: Double(hex >> 8 & 0xFF) / 255, blue: Double(hex & 0xFF) / 255)
    }

    /// Interpolates linearly in the Oklab colour space.
    ///
    /// - Parameter fraction: 0 for this colour, 1 for `other`.
    package func mixed(with other: RGBColor, _ fraction: Double) -> RGBColor {
        let (a, b) = (oklab, other.oklab)
        return RGBColor(
            oklab: (a.0 + (b.0 - a.0) * fraction, a.1 + (b.1 - a.1) * fraction, a.2 + (b.2 - a.2) * fraction))
    }

    private var oklab: (Double, Double, Double) {
        func linear(_ value: Double) -> Double { value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4) }
        let (r, g, b) = (linear(red), linear(green), linear(blue))
        let l = cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
        let m = cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
        let s = cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
        return (
            0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
            1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
            0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s
        )
    }

    private init(oklab: (Double, Double, Double)) {
        let l = pow(oklab.0 + 0.3963377774 * oklab.1 + 0.2158037573 * oklab.2, 3)
        let m = pow(oklab.0 - 0.1055613458 * oklab.1 - 0.0638541728 * oklab.2, 3)
        let s = pow(oklab.0 - 0.0894841775 * oklab.1 - 1.2914855480 * oklab.2, 3)
        func coded(_ value: Double) -> Double {
            let value = min(max(value, 0), 1)
            return value <= 0.0031308 ? value * 12.92 : 1.055 * pow(value, 1 / 2.4) - 0.055
        }
        self.init(
            red: coded(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
            green: coded(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
            blue: coded(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s))
    }
}

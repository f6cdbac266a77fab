// SPDX-License-Identifier: Apache-2.0

import Drawing
import Testing

@Suite(.timeLimit(.minutes(1))) struct RGBColorTests {
    private func difference(_ first: RGBColor, _ second: RGBColor) -> Double {
        max(abs(first.red - second.red), abs(first.green - second.green), abs(first.blue - second.blue))
    }

    @Test func `a hexadecimal number gives its components`() {
        let color = RGBColor(0x3366FF)
        #expect(difference(color, RGBColor(red: 0.2, green: 0.4, blue: 1)) < 1e-9)
        #expect(RGBColor(0x000000) == RGBColor(red: 0, green: 0, blue: 0))
    }

    @Test(arguments: [0x000000, 0xFFFFFF, 0x1B4965, 0xE56B6F, 0x9BE38A] as [UInt32])
    func `the ends of a mix are the two colours`(_ hex: UInt32) {
        let (color, other) = (RGBColor(hex), RGBColor(0xFF8000))
        #expect(difference(color.mixed(with: other, 0), color) < 1e-4)
        #expect(difference(color.mixed(with: other, 1), other) < 1e-4)
    }

    @Test func `the middle of black and white is a perceptual grey`() {
        let grey = RGBColor(0x000000).mixed(with: RGBColor(0xFFFFFF), 0.5)
        // Half of the lightness of Oklab, not half of the gamma-encoded value.
        #expect(abs(grey.green - 0.3886) < 0.002)
        #expect(difference(grey, RGBColor(red: grey.green, green: grey.green, blue: grey.green)) < 1e-3)
    }

    @Test func `a mix of saturated colours stays within the gamut`() {
        let (red, blue) = (RGBColor(0xFF0000), RGBColor(0x0000FF))
        for step in 0...20 {
            let color = red.mixed(with: blue, Double(step) / 20)
            for component in [color.red, color.green, color.blue] {
                #expect((-1e-9...1 + 1e-9).contains(component), "\(step): \(color)")
            }
        }
    }
}

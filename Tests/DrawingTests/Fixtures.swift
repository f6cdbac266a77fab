// SPDX-License-Identifier: Apache-2.0

import Drawing
import Foundation
import TestSupport

extension Canvas {
    /// The colour of a pixel of an opaque canvas.
    func components(_ x: Int, _ y: Int) -> (red: UInt8, green: UInt8, blue: UInt8) {
        let pixels = pixels
        let start = (y * Int(width) + x) * 4
        return (pixels[start + 2], pixels[start + 1], pixels[start])
    }

    /// The colour of a pixel as red, green and blue.
    func color(_ x: Int, _ y: Int) -> [UInt8] {
        let (red, green, blue) = components(x, y)
        return [red, green, blue]
    }
}

/// A temporary folder that is removed at the end of a test.
final class TemporaryFolder: Sendable {
    private let folder: String

    init() throws {
        folder = TemporaryPath.new("drawing")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func path(_ name: String) -> String { "\(folder)/\(name)" }
}

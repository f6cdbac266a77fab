// SPDX-License-Identifier: Apache-2.0

import CPango
import Drawing
import Faults
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct CanvasTests {
    @Test func `an opaque canvas starts black and blends colours over it`() throws {
        let canvas = try Canvas(width: 4, height: 2)
        #expect(canvas.color(0, 0) == [0, 0, 0])
        canvas.setColor(RGBColor(0xFF0000), alpha: 0.5)
        canvas.rectangle(0, 0, 4, 2)
        let (red, green, blue) = canvas.components(3, 1)
        #expect((126...129).contains(red) && green == 0 && blue == 0)
    }

    @Test func `a transparent canvas starts empty and has premultiplied colours`() throws {
        let canvas = try Canvas(width: 4, height: 2, isTransparent: true)
        #expect(canvas.pixels == [UInt8](repeating: 0, count: 4 * 2 * 4))
        canvas.setColor(RGBColor(0x0000FF), alpha: 0.5)
        canvas.rectangle(0, 0, 2, 2)
        let pixel = Array(canvas.pixels.prefix(4))
        #expect((126...129).contains(pixel[0]) && pixel[1] == 0 && pixel[2] == 0 && (126...129).contains(pixel[3]))
        #expect(Array(canvas.pixels[8..<12]) == [0, 0, 0, 0])
    }

    @Test func `a rectangle fills exactly its pixels`() throws {
        let canvas = try Canvas(width: 8, height: 8)
        canvas.setColor(RGBColor(0xFF00FF))
        canvas.rectangle(2, 3, 4, 2)
        for y in 0..<8 {
            for x in 0..<8 {
                let isInside = (2..<6).contains(x) && (3..<5).contains(y)
                #expect(canvas.color(x, y) == (isInside ? [255, 0, 255] : [0, 0, 0]), "\(x), \(y)")
            }
        }
    }

    @Test func `circles and rounded rectangles leave the corners of their boxes free`() throws {
        let circle = try Canvas(width: 20, height: 20)
        circle.setColor(RGBColor(0xFFFFFF))
        circle.circle(10, 10, 9)
        let rounded = try Canvas(width: 20, height: 20)
        rounded.setColor(RGBColor(0xFFFFFF))
        rounded.roundedRectangle(0, 0, 20, 20, radius: 8)
        for canvas in [circle, rounded] {
            #expect(canvas.color(10, 10) == [255, 255, 255])
            for (x, y) in [(0, 0), (19, 0), (0, 19), (19, 19)] { #expect(canvas.color(x, y) == [0, 0, 0]) }
        }
        // Unlike a circle, a rounded rectangle reaches its edges.
        #expect(rounded.color(10, 0) == [255, 255, 255] && rounded.color(0, 10) == [255, 255, 255])
        #expect(circle.color(10, 0) == [0, 0, 0])
    }

    @Test func `a gradient covers the whole width from top to bottom`() throws {
        let canvas = try Canvas(width: 6, height: 20)
        canvas.gradient(top: 0, bottom: 20, [(0, RGBColor(0x000000), 1), (1, RGBColor(0xFFFFFF), 1)])
        let rows = (0..<20).map { canvas.components(0, $0).red }
        #expect(rows[0] < 20 && rows[19] > 235)
        #expect(zip(rows, rows.dropFirst()).allSatisfy { $0 < $1 })
        for y in 0..<20 { #expect(canvas.color(0, y) == canvas.color(5, y)) }
    }

    @Test func `a glow fades to nothing at its radius`() throws {
        let canvas = try Canvas(width: 41, height: 41)
        canvas.glow(20.5, 20.5, 18, RGBColor(0xFFFFFF), alpha: 1)
        let levels = [20, 24, 30, 36].map { canvas.components($0, 20).red }
        #expect(levels[0] > 230)
        #expect(zip(levels, levels.dropFirst()).allSatisfy { $0 > $1 })
        #expect(canvas.color(40, 20) == [0, 0, 0])
    }

    @Test func `the unit is the shorter side`() throws {
        #expect(try Canvas(width: 30, height: 20).unit == 20)
        #expect(try Canvas(width: 20, height: 30).unit == 20)
    }

    @Test func `a canvas is written as a PNG file of its size`() throws {
        let folder = try TemporaryFolder()
        try Canvas(width: 300, height: 200).writePNG(to: folder.path("a.png"))
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: folder.path("a.png"))))
        #expect(bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
        #expect(Array(bytes[16..<24]) == [0, 0, 1, 0x2C, 0, 0, 0, 200])
    }

    @Test func `a PNG file has the pixels of the canvas, as Cairo reads them`() throws {
        let folder = try TemporaryFolder()
        let canvas = try Canvas(width: 31, height: 17)
        canvas.gradient(top: 0, bottom: 17, [(0, RGBColor(0xFF8000), 1), (1, RGBColor(0x0040FF), 1)])
        canvas.setColor(RGBColor(0x123456))
        canvas.circle(12, 9, 6)
        try canvas.writePNG(to: folder.path("a.png"))
        let surface = try #require(cairo_image_surface_create_from_png(folder.path("a.png")))
        defer { cairo_surface_destroy(surface) }
        #expect(cairo_image_surface_get_width(surface) == 31 && cairo_image_surface_get_height(surface) == 17)
        let rowBytes = Int(cairo_image_surface_get_stride(surface))
        let read = Array(UnsafeBufferPointer(start: cairo_image_surface_get_data(surface), count: rowBytes * 17))
        let written = canvas.pixels
        #expect(read.count == written.count)
        for offset in stride(from: 0, to: written.count, by: 4)
        where read[offset..<offset + 3] != written[offset..<offset + 3] {
            Issue.record("pixel \(offset / 4): \(read[offset..<offset + 3]), not \(written[offset..<offset + 3])")
            break
        }
    }

    @Test func `a PNG file that cannot be written is an error`() throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: ServiceError.self) {
            try Canvas(width: 8, height: 8).writePNG(to: folder.path("missing/a.png"))
        }
        #expect(error?.kind == .unavailable)
    }

    @Test func `a canvas beyond the limits of the surface is an error`() {
        let error = #expect(throws: ServiceError.self) { try Canvas(width: 40_000, height: 8) }
        #expect(error?.kind == .internal && error?.message.contains("40000x8") == true)
    }
}

// SPDX-License-Identifier: Apache-2.0

import CPango
package import Faults

/// A Cairo image surface to draw on, 8 bits per channel. Coordinates are pixels from the upper left corner.
///
/// ```swift
/// let canvas = try Canvas(width: 1280, height: 720)
/// canvas.setColor(RGBColor(0x1B4965))
/// canvas.rectangle(0, 0, canvas.width, canvas.height)
/// try canvas.writePNG(to: "/tmp/card.png")
/// ```
package final class Canvas {
    /// Width in pixels.
    package let width: Double
    /// Height in pixels.
    package let height: Double
    /// The `cairo_t`, valid as long as the canvas.
    package let context: OpaquePointer
    private let surface: OpaquePointer

    /// Creates a canvas filled with opaque black, or with transparent black.
    ///
    /// - Parameters:
    ///   - width: in pixels.
    ///   - height: in pixels.
    ///   - isTransparent: whether the canvas has an alpha channel.
    /// - Throws: `internal` if the surface cannot be allocated.
    package init(width: Int, height: Int, isTransparent: Bool = false) throws(ServiceError) {
        self.width = Double(width)
        self.height = Double(height)
        let format = isTransparent ? CAIRO_FORMAT_ARGB32 : CAIRO_FORMAT_RGB24
        guard let surface = cairo_image_surface_create(format, Int32(width), Int32(height)),
            cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS, let context = cairo_create(surface)
        else { throw ServiceError(.internal, "no memory for a picture of \(width)x\(height)") }
        self.surface = surface
        self.context = context
    }

    deinit {
        cairo_destroy(context)
        cairo_surface_destroy(surface)
    }

    /// The shorter side in pixels: the unit of sizes that must not depend on the aspect ratio.
    package var unit: Double { min(width, height) }

    /// Sets the colour of the following shapes.
    package func setColor(_ color: RGBColor, alpha: Double = 1) {
        cairo_set_source_rgba(context, color.red, color.green, color.blue, alpha)
    }

    /// Fills a rectangle, given its upper left corner and its size.
    package func rectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double) {
        cairo_rectangle(context, x, y, width, height)
        cairo_fill(context)
    }

    /// Fills a rectangle whose corners are arcs of `radius`.
    package func roundedRectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double, radius: Double) {
        cairo_new_path(context)
        for (cornerX, cornerY, turn) in [
            (x + width - radius, y + radius, -0.5), (x + width - radius, y + height - radius, 0),
            (x + radius, y + height - radius, 0.5), (x + radius, y + radius, 1),
        ] { cairo_arc(context, cornerX, cornerY, radius, turn * .pi, (turn + 0.5) * .pi) }
        cairo_close_path(context)
        cairo_fill(context)
    }

    /// Fills a circle around a centre.
    package func circle(_ x: Double, _ y: Double, _ radius: Double) {
        cairo_new_path(context)
        cairo_arc(context, x, y, radius, 0, 2 * .pi)
        cairo_fill(context)
    }

    /// Fills the canvas' whole width with a vertical gradient.
    ///
    /// - Parameters:
    ///   - top: the upper edge.
    ///   - bottom: the lower edge.
    ///   - stops: colours at offsets from 0 (`top`) to 1 (`bottom`).
    package func gradient(top: Double, bottom: Double, _ stops: [(offset: Double, color: RGBColor, alpha: Double)]) {
        let pattern = cairo_pattern_create_linear(0, top, 0, bottom)
        for stop in stops {
            cairo_pattern_add_color_stop_rgba(
                pattern, stop.offset, stop.color.red, stop.color.green, stop.color.blue, stop.alpha)
        }
        cairo_set_source(context, pattern)
        cairo_pattern_destroy(pattern)
        rectangle(0, top, width, bottom - top)
    }

    /// Draws a light at a point that fades to nothing at `radius`.
    ///
    /// - Parameter alpha: the opacity at the centre.
    package func glow(_ x: Double, _ y: Double, _ radius: Double, _ color: RGBColor, alpha: Double) {
        let pattern = cairo_pattern_create_radial(x, y, 0, x, y, radius)
        for (offset, share) in [(0.0, 1.0), (0.25, 0.55), (0.55, 0.18), (1, 0)] {
            cairo_pattern_add_color_stop_rgba(pattern, offset, color.red, color.green, color.blue, alpha * share)
        }
        cairo_set_source(context, pattern)
        cairo_pattern_destroy(pattern)
        circle(x, y, radius)
    }

    /// The pixels, row-major, four bytes each: blue, green, red, alpha. Colours are premultiplied by alpha.
    package var pixels: [UInt8] {
        cairo_surface_flush(surface)
        let count = Int(cairo_image_surface_get_stride(surface)) * Int(height)
        return Array(UnsafeBufferPointer(start: cairo_image_surface_get_data(surface), count: count))
    }
}

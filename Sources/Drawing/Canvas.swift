import CPango
package import Faults

/// Owns a picture that is being drawn. -> pixels, 8 bits a channel.
package final class Canvas {
    package let width: Double
    package let height: Double
    package let context: OpaquePointer
    private let surface: OpaquePointer

    /// - Parameter isTransparent: begin with nothing instead of black.
    /// - Throws: `internal` where there is no memory.
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

    /// The shorter side, the measure of everything that must not depend on the aspect.
    package var unit: Double { min(width, height) }

    package func color(_ tone: Tone, alpha: Double = 1) {
        cairo_set_source_rgba(context, tone.red, tone.green, tone.blue, alpha)
    }

    package func rectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double) {
        cairo_rectangle(context, x, y, width, height)
        cairo_fill(context)
    }

    package func roundedRectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double, radius: Double) {
        cairo_new_path(context)
        for (cornerX, cornerY, turn) in [
            (x + width - radius, y + radius, -0.5), (x + width - radius, y + height - radius, 0),
            (x + radius, y + height - radius, 0.5), (x + radius, y + radius, 1),
        ] { cairo_arc(context, cornerX, cornerY, radius, turn * .pi, (turn + 0.5) * .pi) }
        cairo_close_path(context)
        cairo_fill(context)
    }

    package func circle(_ x: Double, _ y: Double, _ radius: Double) {
        cairo_new_path(context)
        cairo_arc(context, x, y, radius, 0, 2 * .pi)
        cairo_fill(context)
    }

    /// Fills a rectangle with colours from top to bottom; offsets 0 to 1.
    package func gradient(top: Double, bottom: Double, _ stops: [(offset: Double, tone: Tone, alpha: Double)]) {
        let pattern = cairo_pattern_create_linear(0, top, 0, bottom)
        for stop in stops {
            cairo_pattern_add_color_stop_rgba(
                pattern, stop.offset, stop.tone.red, stop.tone.green, stop.tone.blue, stop.alpha)
        }
        cairo_set_source(context, pattern)
        cairo_pattern_destroy(pattern)
        rectangle(0, top, width, bottom - top)
    }

    /// A light that fades with the distance from its middle.
    package func glow(_ x: Double, _ y: Double, _ radius: Double, _ tone: Tone, alpha: Double) {
        let pattern = cairo_pattern_create_radial(x, y, 0, x, y, radius)
        for (offset, share) in [(0.0, 1.0), (0.25, 0.55), (0.55, 0.18), (1, 0)] {
            cairo_pattern_add_color_stop_rgba(pattern, offset, tone.red, tone.green, tone.blue, alpha * share)
        }
        cairo_set_source(context, pattern)
        cairo_pattern_destroy(pattern)
        circle(x, y, radius)
    }

    /// The picture as a PNG file.
    ///
    /// - Throws: `unavailable` where the file cannot be written.
    package func writePNG(to path: String) throws(ServiceError) {
        cairo_surface_flush(surface)
        let status = cairo_surface_write_to_png(surface, path)
        guard status == CAIRO_STATUS_SUCCESS else {
            let reason = String(cString: cairo_status_to_string(status))
            throw ServiceError(
                .unavailable, "the picture cannot be written: \(reason); is the disk full?", cause: .ioError)
        }
    }

    /// The pixels, row by row, four bytes each: blue, green, red, alpha; colours multiplied by alpha.
    package var pixels: [UInt8] {
        cairo_surface_flush(surface)
        let count = Int(cairo_image_surface_get_stride(surface)) * Int(height)
        return Array(UnsafeBufferPointer(start: cairo_image_surface_get_data(surface), count: count))
    }
}

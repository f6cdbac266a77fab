// SPDX-License-Identifier: Apache-2.0

import CPango
package import Faults

/// Lines of centred text, laid out by Pango in any writing system and direction.
///
/// ```swift
/// let lines = try CenteredLines(["Above the clouds", "at dawn"], fontSize: 48, maximumWidth: canvas.width)
/// lines.draw(on: canvas, x: (canvas.width - lines.width) / 2, y: 40, color: RGBColor(0xFFFFFF))
/// ```
package final class CenteredLines {
    private let layout: OpaquePointer
    private let canvas: Canvas
    /// Width of the widest line in pixels.
    package let width: Double
    /// Height of all lines in pixels.
    package let height: Double

    /// Lays out lines.
    ///
    /// - Parameters:
    ///   - fontSize: in pixels; reduced if the widest line does not fit.
    ///   - maximumWidth: in pixels.
    /// - Throws: `internal` if memory cannot be allocated.
    package init(_ lines: [String], fontSize: Double, maximumWidth: Double) throws(ServiceError) {
        // A layout needs a surface to be measured; the surface may be smaller than the text.
        canvas = try Canvas(width: 1, height: 1)
        layout = pango_cairo_create_layout(canvas.context)
        let text = lines.joined(separator: "\n").withBoundedMarks
        pango_layout_set_text(layout, text, Int32(text.utf8.count))
        pango_layout_set_alignment(layout, PANGO_ALIGN_CENTER)
        pango_layout_set_line_spacing(layout, 1.1)
        let description = pango_font_description_from_string(Typesetting.fontFamilies)
        defer { pango_font_description_free(description) }
        pango_font_description_set_weight(description, PANGO_WEIGHT_SEMIBOLD)
        var size = fontSize
        var extents = PangoRectangle()
        for _ in 0..<2 {
            pango_font_description_set_absolute_size(description, size * Double(PANGO_SCALE))
            pango_layout_set_font_description(layout, description)
            pango_layout_get_pixel_extents(layout, nil, &extents)
            guard Double(extents.width) > maximumWidth else { break }
            size *= maximumWidth / Double(extents.width)
        }
        width = Double(extents.width)
        height = Double(extents.height)
    }

    deinit { g_object_unref(UnsafeMutableRawPointer(layout)) }

    /// Draws the lines with their upper left corner at a point.
    package func draw(on canvas: Canvas, x: Double, y: Double, color: RGBColor) {
        cairo_move_to(canvas.context, x, y)
        canvas.setColor(color)
        pango_cairo_update_layout(canvas.context, layout)
        pango_cairo_show_layout(canvas.context, layout)
    }
}

import CPango
package import Faults

/// Lines of words, one below the other, centred: any script, each direction.
package final class CenteredLines {
    private let layout: OpaquePointer
    private let canvas: Canvas
    /// -> pixels.
    package let width: Double
    /// -> pixels.
    package let height: Double

    /// - Parameters:
    ///   - fontSize: -> pixels; made smaller where the widest line would not fit.
    ///   - mostWidth: -> pixels.
    package init(_ lines: [String], fontSize: Double, mostWidth: Double) throws(ServiceError) {
        // A layout is measured against a surface, which need not hold it.
        canvas = try Canvas(width: 1, height: 1)
        layout = pango_cairo_create_layout(canvas.context)
        let text = lines.joined(separator: "\n").withBoundedMarks
        pango_layout_set_text(layout, text, Int32(text.utf8.count))
        pango_layout_set_alignment(layout, PANGO_ALIGN_CENTER)
        pango_layout_set_line_spacing(layout, 1.1)
        let description = pango_font_description_from_string(Typesetting.families)
        defer { pango_font_description_free(description) }
        pango_font_description_set_weight(description, PANGO_WEIGHT_SEMIBOLD)
        var size = fontSize
        var extents = PangoRectangle()
        for _ in 0..<2 {
            pango_font_description_set_absolute_size(description, size * Double(PANGO_SCALE))
            pango_layout_set_font_description(layout, description)
            pango_layout_get_pixel_extents(layout, nil, &extents)
            guard Double(extents.width) > mostWidth else { break }
            size *= mostWidth / Double(extents.width)
        }
        width = Double(extents.width)
        height = Double(extents.height)
    }

    deinit { g_object_unref(UnsafeMutableRawPointer(layout)) }

    package func draw(on canvas: Canvas, x: Double, y: Double, tone: Tone) {
        cairo_move_to(canvas.context, x, y)
        canvas.color(tone)
        pango_cairo_update_layout(canvas.context, layout)
        pango_cairo_show_layout(canvas.context, layout)
    }
}

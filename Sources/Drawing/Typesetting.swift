// SPDX-License-Identifier: Apache-2.0

import CPango
package import Faults

/// Sets wrapped text in any writing system on a canvas, without cutting any of it off.
package struct Typesetting {
    /// A rectangle on the canvas, in pixels.
    package struct Box: Equatable {
        /// The left edge.
        package var x: Double
        /// The upper edge.
        package var y: Double
        /// The width.
        package var width: Double
        /// The height.
        package var height: Double

        /// Creates a rectangle from its upper left corner and its size.
        package init(x: Double, y: Double, width: Double, height: Double) {
            (self.x, self.y, self.width, self.height) = (x, y, width, height)
        }
    }

    /// The result of setting a text.
    package struct Outcome: Equatable {
        /// The bounds of the visible glyphs.
        package var ink: Box
        /// The font size that was used, in pixels.
        package var fontSize: Double
        /// The number of characters that no installed font has a glyph for.
        package var unknownGlyphs: Int
    }

    static let fontFamilies = "Noto Sans, DejaVu Sans, sans-serif"

    /// Checks that at least one font is installed.
    ///
    /// - Throws: `unavailable`, naming the packages to install.
    package static func checkFonts(on canvas: Canvas) throws(ServiceError) {
        let layout = pango_cairo_create_layout(canvas.context)
        defer { g_object_unref(UnsafeMutableRawPointer(layout)) }
        pango_layout_set_text(layout, "Aa", 2)
        // Pango lists families even if no font is installed, so check for glyphs.
        guard pango_layout_get_unknown_glyphs_count(layout) == 0 else {
            throw ServiceError(
                .unavailable, "no font is installed: apt-get install fonts-noto-core fonts-noto-cjk", retryable: false)
        }
    }

    /// Sets a text at the bottom of a box, in the largest font size that fits.
    ///
    /// - Parameters:
    ///   - box: the space that the text may take.
    ///   - maximumFontSize: in pixels.
    ///   - color: the colour of the glyphs.
    ///   - shadow: the colour of their drop shadow.
    /// - Returns: the font size and the bounds that were used.
    package static func set(
        _ text: String, on canvas: Canvas, in box: Box, maximumFontSize: Double, color: RGBColor, shadow: RGBColor
    ) -> Outcome {
        let layout = pango_cairo_create_layout(canvas.context)
        defer { g_object_unref(UnsafeMutableRawPointer(layout)) }
        let description = pango_font_description_from_string(fontFamilies)
        defer { pango_font_description_free(description) }
        pango_font_description_set_weight(description, PANGO_WEIGHT_SEMIBOLD)
        let text = text.withBoundedMarks
        pango_layout_set_text(layout, text, Int32(text.utf8.count))
        pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR)
        // trusted: the size of a picture that was checked
        pango_layout_set_width(layout, Int32(box.width * Double(PANGO_SCALE)))
        pango_layout_set_line_spacing(layout, 1.08)

        func measure(_ size: Double) -> (ink: Box, logicalHeight: Double) {
            pango_font_description_set_absolute_size(description, size * Double(PANGO_SCALE))
            pango_layout_set_font_description(layout, description)
            var ink = PangoRectangle()
            var logical = PangoRectangle()
            pango_layout_get_extents(layout, &ink, &logical)
            let scale = Double(PANGO_SCALE)
            return (
                Box(
                    x: Double(ink.x) / scale, y: Double(ink.y) / scale, width: Double(ink.width) / scale,
                    height: Double(ink.height) / scale), Double(logical.height) / scale
            )
        }
        func fits(_ size: Double) -> Bool {
            let (ink, logical) = measure(size)
            return logical <= box.height && ink.height <= box.height && ink.x >= -box.width * 0.02
                && ink.x + ink.width <= box.width * 1.02
        }
        var size = maximumFontSize
        if !fits(size) {
            var (low, high) = (0.25, maximumFontSize)
            while high / low > 1.02 {
                let middle = (low * high).squareRoot()
                if fits(middle) { low = middle } else { high = middle }
            }
            size = low
        }
        let (ink, height) = measure(size)
        let y = box.y + max(box.height - height, 0)
        cairo_move_to(canvas.context, box.x + size * 0.03, y + size * 0.04)
        canvas.setColor(shadow, alpha: 0.45)
        pango_cairo_show_layout(canvas.context, layout)
        cairo_move_to(canvas.context, box.x, y)
        canvas.setColor(color)
        pango_cairo_show_layout(canvas.context, layout)
        return Outcome(
            ink: Box(x: box.x + ink.x, y: y + ink.y, width: ink.width, height: ink.height), fontSize: size,
            unknownGlyphs: Int(pango_layout_get_unknown_glyphs_count(layout)))
    }
}

import CPango
package import Faults

/// Words on a picture: any script, wrapped, whole.
package struct Typesetting {
    /// Where the words stand. -> pixels.
    package struct Box: Equatable {
        package var x: Double
        package var y: Double
        package var width: Double
        package var height: Double

        package init(x: Double, y: Double, width: Double, height: Double) {
            (self.x, self.y, self.width, self.height) = (x, y, width, height)
        }
    }

    /// What came out.
    package struct Outcome: Equatable {
        /// The inked part. -> pixels.
        package var ink: Box
        /// -> pixels.
        package var fontSize: Double
        /// Characters for which no installed font has a picture.
        package var unknownGlyphs: Int
    }

    static let families = "Noto Sans, DejaVu Sans, sans-serif"

    /// Makes sure that there is a font at all.
    ///
    /// - Throws: `unavailable` that says what to install.
    package static func checkFonts(on canvas: Canvas) throws(ServiceError) {
        let layout = pango_cairo_create_layout(canvas.context)
        defer { g_object_unref(UnsafeMutableRawPointer(layout)) }
        pango_layout_set_text(layout, "Aa", 2)
        // Pango names families even where none is installed; only glyphs tell.
        guard pango_layout_get_unknown_glyphs_count(layout) == 0 else {
            throw ServiceError(
                .unavailable, "no font is installed: apt-get install fonts-noto-core fonts-noto-cjk", retryable: false)
        }
    }

    /// Sets the text into the box, at its foot, as large as fits but not larger than asked.
    ///
    /// - Parameter largest: font size. -> pixels.
    package static func set(
        _ text: String, on canvas: Canvas, in box: Box, largest: Double, tone: Tone, shadow: Tone
    ) -> Outcome {
        let layout = pango_cairo_create_layout(canvas.context)
        defer { g_object_unref(UnsafeMutableRawPointer(layout)) }
        let description = pango_font_description_from_string(families)
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
        var size = largest
        if !fits(size) {
            var (low, high) = (0.25, largest)
            while high / low > 1.02 {
                let middle = (low * high).squareRoot()
                if fits(middle) { low = middle } else { high = middle }
            }
            size = low
        }
        let (ink, height) = measure(size)
        let y = box.y + max(box.height - height, 0)
        cairo_move_to(canvas.context, box.x + size * 0.03, y + size * 0.04)
        canvas.color(shadow, alpha: 0.45)
        pango_cairo_show_layout(canvas.context, layout)
        cairo_move_to(canvas.context, box.x, y)
        canvas.color(tone)
        pango_cairo_show_layout(canvas.context, layout)
        return Outcome(
            ink: Box(x: box.x + ink.x, y: y + ink.y, width: ink.width, height: ink.height), fontSize: size,
            unknownGlyphs: Int(pango_layout_get_unknown_glyphs_count(layout)))
    }
}

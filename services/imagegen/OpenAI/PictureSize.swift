/// The size that a model is asked for: each family allows its own.
enum PictureSize {
    /// Models whose sizes are known; all others are asked for any size.
    enum Family {
        /// Square only.
        case dallE2
        case dallE3
        /// The first GPT image models: three sizes.
        case gptImage1
        /// Any size with both sides divisible by 16, at most 3840x2160, no longer than three times its width.
        case gptImage
        /// Servers of one's own: sides divisible by 64, at most a megapixel.
        case local

        init(model: String, isOpenAI: Bool) {
            switch model {
            case _ where model.hasPrefix("dall-e-2"): self = .dallE2
            case _ where model.hasPrefix("dall-e-3"): self = .dallE3
            case _ where model.hasPrefix("gpt-image-1") || model.hasPrefix("chatgpt-image"): self = .gptImage1
            default: self = isOpenAI || model.hasPrefix("gpt-image") ? .gptImage : .local
            }
        }
    }

    /// - Returns: the size of the family that comes nearest to the shape that is wanted, large enough to need no enlarging where
    ///   there is one.
    static func nearest(to width: Int, _ height: Int, _ family: Family) -> (width: Int, height: Int) {
        switch family {
        case .dallE2: (1024, 1024)
        case .dallE3: pick([(1792, 1024), (1024, 1792), (1024, 1024)], width, height)
        case .gptImage1: pick([(1536, 1024), (1024, 1536), (1024, 1024)], width, height)
        case .gptImage: search(width, height, step: 16, longest: 3840, shortest: 2160, area: 3840 * 2160, covers: true)
        case .local: search(width, height, step: 64, longest: 2048, shortest: 2048, area: 1 << 20, covers: false)
        }
    }

    private static func pick(_ sizes: [(Int, Int)], _ width: Int, _ height: Int) -> (width: Int, height: Int) {
        let best = sizes.min { distance($0.0, $0.1, width, height) < distance($1.0, $1.1, width, height) }
        return best ?? sizes[0]
    }

    /// How far two shapes are from each other, whichever is the wider.
    private static func distance(_ width: Int, _ height: Int, _ otherWidth: Int, _ otherHeight: Int) -> Double {
        let (one, other) = (Double(width * otherHeight), Double(otherWidth * height))
        return max(one, other) / min(one, other) - 1
    }

    /// - Parameter covers: whether the smallest size is wanted that is no smaller than asked for, else the largest.
    private static func search(
        _ width: Int, _ height: Int, step: Int, longest: Int, shortest: Int, area: Int, covers: Bool
    ) -> (width: Int, height: Int) {
        // Three to one is the most that anybody draws.
        let ratio = min(max(Double(width) / Double(height), 1 / 3), 3)
        let isWide = ratio >= 1
        var best = (width: 1024, height: 1024, error: Double.infinity, missing: Int.max, area: 0)
        for long in stride(from: step, through: longest, by: step) {
            let exact = Double(long) / (isWide ? ratio : 1 / ratio)
            // trusted: of sizes that were checked
            let short = max(Int((exact / Double(step)).rounded()), 1) * step
            guard short <= shortest, long * short <= area, long <= 3 * short else { continue }
            let (w, h) = isWide ? (long, short) : (short, long)
            guard w * h >= min(512 * 512, width * height) else { continue }
            // A ten-thousandth of the shape is not seen, being cut; a missing pixel is.
            let error = (abs(Double(w) / Double(h) / ratio - 1) * 10_000).rounded()
            let missing = covers ? max(width - w, 0) + max(height - h, 0) : 0
            let isBetter =
                (error, missing) < (best.error, best.missing)
                || (error, missing) == (best.error, best.missing) && (covers ? w * h < best.area : w * h > best.area)
            if isBetter { best = (w, h, error, missing, w * h) }
        }
        return (best.width, best.height)
    }
}

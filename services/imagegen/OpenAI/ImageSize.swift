// SPDX-License-Identifier: Apache-2.0

/// The image size to request from a model: each family supports its own.
enum ImageSize {
    /// A family of models with known sizes; all other models accept any size.
    enum Family {
        /// Square images only.
        case dallE2
        /// Three sizes.
        case dallE3
        /// The first GPT image models: three sizes.
        case gptImage1
        /// Any size with sides divisible by 16, at most 3840x2160, and an aspect ratio of at most 3:1.
        case gptImage
        /// Self-hosted servers: sides divisible by 64, at most a megapixel.
        case local

        /// - Parameters:
        ///   - model: The name of the model.
        ///   - isOpenAI: Whether the server is OpenAI itself.
        init(model: String, isOpenAI: Bool) {
            switch model {
            case _ where model.hasPrefix("dall-e-2"): self = .dallE2
            case _ where model.hasPrefix("dall-e-3"): self = .dallE3
            case _ where model.hasPrefix("gpt-image-1") || model.hasPrefix("chatgpt-image"): self = .gptImage1
            default: self = isOpenAI || model.hasPrefix("gpt-image") ? .gptImage : .local
            }
        }
    }

    /// Returns the family's size that is closest to the wanted aspect ratio, and if possible large enough to need no upscaling.
    ///
    /// - Parameters:
    ///   - width: The wanted width in pixels.
    ///   - height: The wanted height in pixels.
    ///   - family: The model's family.
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

    /// The relative difference of two aspect ratios, 0 if they are equal.
    private static func distance(_ width: Int, _ height: Int, _ otherWidth: Int, _ otherHeight: Int) -> Double {
        let (one, other) = (Double(width * otherHeight), Double(otherWidth * height))
        return max(one, other) / min(one, other) - 1
    }

    /// - Parameter covers: Whether to find the smallest size that is at least as large as wanted; otherwise the largest.
    private static func search(
        _ width: Int, _ height: Int, step: Int, longest: Int, shortest: Int, area: Int, covers: Bool
    ) -> (width: Int, height: Int) {
        // Models support aspect ratios of up to 3:1.
        let ratio = min(max(Double(width) / Double(height), 1 / 3), 3)
        let isWide = ratio >= 1
        var best = (width: 1024, height: 1024, error: Double.infinity, missing: Int.max, area: 0)
        for long in stride(from: step, through: longest, by: step) {
            let exact = Double(long) / (isWide ? ratio : 1 / ratio)
            // trusted: computed from validated sizes
            let short = max(Int((exact / Double(step)).rounded()), 1) * step
            guard short <= shortest, long * short <= area, long <= 3 * short else { continue }
            let (w, h) = isWide ? (long, short) : (short, long)
            guard w * h >= min(512 * 512, width * height) else { continue }
            // A difference of 1/10,000 in the aspect ratio is cropped and invisible; missing pixels are visible.
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

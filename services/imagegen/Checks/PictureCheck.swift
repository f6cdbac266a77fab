import Faults
import ImageHeaders

/// Whether what a provider sent is a picture, and whole.
enum PictureCheck {
    /// - Throws: `corrupt_media` for bytes that are no picture, end in the middle or are too large to be used; retryable, since the next answer may be whole.
    static func header(_ bytes: [UInt8], from provider: String) throws(ServiceError) -> ImageHeader {
        guard let header = ImageHeader(bytes), header.width > 0, header.height > 0, header.format != .gif else {
            throw ServiceError(
                .corruptMedia, "\(provider): what came is no PNG, JPEG or WebP picture", retryable: true,
                provider: provider)
        }
        guard !header.isTooLarge else {
            throw ServiceError(
                .corruptMedia,
                "\(provider): the \(header.format.rawValue) picture claims \(header.width)x\(header.height) pixels, of at most "
                    + "\(ImageHeader.maximumPixels / 1_000_000) million", retryable: true, provider: provider)
        }
        guard header.isWhole else {
            throw ServiceError(
                .corruptMedia, "\(provider): the \(header.format.rawValue) picture ends in the middle", retryable: true,
                provider: provider)
        }
        return header
    }

    static func mediaType(_ format: ImageHeader.Format) -> String { "image/\(format.rawValue.lowercased())" }
}

// SPDX-License-Identifier: Apache-2.0

import Faults
import ImageHeaders

/// Checks that the bytes of a provider are a complete image.
enum ImageCheck {
    /// Reads the header of an image file.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - provider: The provider's name, for errors.
    /// - Throws: `corrupt_media` if the bytes are not an image, are truncated, or have more pixels than can be used; retryable,
    ///   since another response may be usable.
    static func header(_ bytes: [UInt8], from provider: String) throws(ServiceError) -> ImageHeader {
        guard let header = ImageHeader(bytes), header.width > 0, header.height > 0, header.format != .gif else {
            throw ServiceError(
                .corruptMedia, "\(provider): the response is not a PNG, JPEG or WebP image", retryable: true,
                provider: provider)
        }
        guard !header.isTooLarge else {
            throw ServiceError(
                .corruptMedia,
                "\(provider): the \(header.format.rawValue) image has \(header.width)x\(header.height) pixels, more than "
                    + "\(ImageHeader.maximumPixels / 1_000_000) million", retryable: true, provider: provider)
        }
        guard header.isComplete else {
            throw ServiceError(
                .corruptMedia, "\(provider): the \(header.format.rawValue) image is truncated", retryable: true,
                provider: provider)
        }
        return header
    }

    /// The media type of a format, e.g. `image/png`.
    static func mediaType(_ format: ImageHeader.Format) -> String { "image/\(format.rawValue.lowercased())" }
}

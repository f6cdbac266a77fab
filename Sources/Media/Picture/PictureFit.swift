// SPDX-License-Identifier: Apache-2.0

/// How a picture of another aspect ratio is fitted into the film.
package enum PictureFit: String, Sendable, CaseIterable {
    /// The whole picture is visible, with black bars.
    case letterBox = "letterbox"
    /// The picture fills the frame and is cropped at its edges.
    case crop
}

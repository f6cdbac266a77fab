// SPDX-License-Identifier: Apache-2.0

import AWS

/// The metadata of an artifact.
package struct ArtifactInfo: Sendable, Equatable {
    /// Size in bytes.
    package let size: Int
    /// Time of the last modification in seconds since 1970. Of S3, rounded up to the second.
    package let modified: Double
    /// A validator that changes with the bytes; opaque.
    package let tag: String
    /// The metadata of an S3 object; `nil` for files.
    var object: S3Client.ObjectInfo?
}

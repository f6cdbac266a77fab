import AWS

/// What is known of an artifact without reading it.
package struct ArtifactInfo: Sendable, Equatable {
    /// Bytes.
    package let size: Int
    /// When its bytes were last changed, in seconds since 1970.
    package let modified: Double
    /// Changes with the bytes.
    package let tag: String
    /// Of an object of S3.
    var object: S3Client.ObjectInfo?
}

package import FoundationEssentials

/// The bytes that are stored as an object.
package enum S3Source: Sendable {
    case bytes(Data)
    /// The file at a path.
    case file(String)
}

/// Bounds of the calls that make and read media.
package enum RenderBounds {
    /// How long a call may run without progress. Encoders and decoders report several times a second; only copies of whole films
    /// to and from a bucket report nothing.
    package static let stall = Duration.seconds(600)
}

/// Bounds of the calls that make and read media.
package enum RenderBounds {
    /// How long a call may run without progress. Encoders and decoders report several times a second; `stitcher` also reports
    /// while it waits for a store or for MediaConvert.
    package static let stall = Duration.seconds(600)
}

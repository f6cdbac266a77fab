/// A film as the lead or the stitcher made it.
struct Film: Sendable {
    /// The artifact URI.
    let url: String
    /// Seconds.
    var duration: Double
    /// Whether pictures of it were copied from clips as they were coded.
    var isCopied = false
}

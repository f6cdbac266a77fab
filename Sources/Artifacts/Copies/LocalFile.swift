/// A file of this machine with an object's bytes. It stays as it is while the value lives.
final class LocalFile: Sendable {
    let path: String
    private let end: @Sendable () -> Void

    /// - Parameter end: what happens when nobody uses the file any more.
    init(_ path: String, end: @escaping @Sendable () -> Void) {
        self.path = path
        self.end = end
    }

    deinit { end() }
}

// SPDX-License-Identifier: Apache-2.0

/// A local file with an object's bytes. The file is not removed while this value exists.
final class LocalFile: Sendable {
    let path: String
    private let onRelease: @Sendable () -> Void

    /// - Parameter onRelease: called when the file is no longer used.
    init(_ path: String, onRelease: @escaping @Sendable () -> Void) {
        self.path = path
        self.onRelease = onRelease
    }

    deinit { onRelease() }
}

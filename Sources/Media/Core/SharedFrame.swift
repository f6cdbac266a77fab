// SPDX-License-Identifier: Apache-2.0

/// Passes a picture from one thread to another. Only one of them uses it at a time.
final class SharedFrame: @unchecked Sendable {
    let frame: Frame

    init(_ frame: consuming Frame) { self.frame = frame }
}

// SPDX-License-Identifier: Apache-2.0

import Faults
package import NIOCore

/// Sends the progress, reply and notifications of a call to its caller. Tests replace it.
package protocol CallPort: Sendable {
    /// Sends a progress report without waiting.
    func progress(_ report: ProgressReport)

    /// Sends the reply of a streaming call, which then continues with notifications.
    ///
    /// - Throws: an error if the connection is closed.
    func reply(_ body: ByteBuffer) async throws

    /// Sends a notification, waiting until the peer has read enough of those before it.
    ///
    /// - Throws: an error if the connection is closed.
    func notify(_ line: ByteBuffer) async throws

    /// Closes the connection immediately.
    func drop()
}

/// Defaults for calls that do not stream.
extension CallPort {
    /// Throws `internal`: this port does not support streaming.
    package func reply(_ body: ByteBuffer) async throws { throw Self.cannotStream }
    /// Throws `internal`: this port does not support streaming.
    package func notify(_ line: ByteBuffer) async throws { throw Self.cannotStream }
    /// Does nothing.
    package func drop() {}

    private static var cannotStream: ServiceError { ServiceError(.internal, "this call cannot stream") }
}

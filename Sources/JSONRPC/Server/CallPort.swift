import Faults
package import NIOCore

/// Sends progress, replies and notifications of a call to its caller.
package protocol CallPort: Sendable {
    /// Sends a progress report; does not wait.
    func progress(_ report: ProgressReport)

    /// Sends the reply of a call that goes on.
    ///
    /// - Throws: an error when the connection is closed.
    func reply(_ body: ByteBuffer) async throws

    /// Sends a notification; waits while the peer reads slowly.
    ///
    /// - Throws: an error when the connection is closed.
    func notify(_ line: ByteBuffer) async throws

    /// Closes the connection at once.
    func drop()
}

/// Defaults for a call that does not stream.
extension CallPort {
    package func reply(_ body: ByteBuffer) async throws { throw Self.cannotStream }
    package func notify(_ line: ByteBuffer) async throws { throw Self.cannotStream }
    package func drop() {}

    private static var cannotStream: ServiceError { ServiceError(.internal, "this call cannot stream") }
}

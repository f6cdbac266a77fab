import Faults
package import NIOCore

/// A call's way back to its caller.
package protocol CallPort: Sendable {
    /// Tells the caller how far the work is; never waits.
    func progress(_ report: ProgressReport)

    /// Sends the reply of a call that goes on.
    ///
    /// - Throws: an error when the connection is gone.
    func reply(_ body: ByteBuffer) async throws

    /// Sends a notification; waits while the peer reads slowly.
    ///
    /// - Throws: an error when the connection is gone.
    func notify(_ line: ByteBuffer) async throws

    /// Closes the connection at once.
    func drop()
}

/// Of a call that cannot stream.
extension CallPort {
    package func reply(_ body: ByteBuffer) async throws { throw Self.cannotStream }
    package func notify(_ line: ByteBuffer) async throws { throw Self.cannotStream }
    package func drop() {}

    private static var cannotStream: ServiceError { ServiceError(.internal, "this call cannot stream") }
}

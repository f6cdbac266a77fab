package import FoundationEssentials

/// A call on its way to a peer.
package struct OutgoingCall: Sendable {
    package let method: String
    /// The JSON text of an object; `{}` if absent.
    package let params: Data?
    /// Whether the parameters have a `_meta` of their own: job and trace are not written then.
    package let hasMeta: Bool
    /// When to give up; never if absent.
    package var timeout: Duration?
    /// The job that the call is for.
    package var jobID: String?
    /// The W3C trace context, as it goes on the wire.
    package var traceparent: String?
}

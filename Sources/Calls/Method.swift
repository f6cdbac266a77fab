/// A method of a service: its name on the wire and the shapes of what goes in and comes out.
///
/// Declared once in `Contracts`; the callee registers a handler for it, the caller calls it, and `rpc.discover` describes
/// it, so that the three cannot disagree.
package struct Method<Params: Codable & Sendable, Result: Codable & Sendable>: Sendable {
    /// The name on the wire, `service.verb`.
    package let name: String
    /// One sentence for `rpc.discover`.
    package let summary: String
    /// Whether the same call may be made twice without harm: same inputs, same output.
    /// A call lost with its replica is sent again only if this is true.
    package let idempotent: Bool
    package let load: MethodLoad
    /// How long a call may run without an `rpc.progress` before its caller gives it up; as long as it likes if absent.
    package let stall: Duration?
    /// The media file that the call decodes; a call that breaks its replica again and again is `corrupt_media` and names it.
    package let media: (@Sendable (Params) -> String)?
    /// How long a caller that cancelled the call waits for its reply, which reports what the call has spent; a call that costs
    /// nothing has none.
    package let settlement: Duration?
    /// Bytes that a request may have where the service's own limit is lower; that limit if absent.
    package let requestLimit: Int?

    package init(
        _ name: String, idempotent: Bool, load: MethodLoad = .work, stall: Duration? = nil,
        settlement: Duration? = nil, requestLimit: Int? = nil, media: (@Sendable (Params) -> String)? = nil,
        summary: String
    ) {
        self.requestLimit = requestLimit
        self.settlement = settlement
        self.name = name
        self.idempotent = idempotent
        self.load = load
        self.stall = stall
        self.media = media
        self.summary = summary
    }
}

/// What a call costs the service that answers it.
package enum MethodLoad: String, Sendable, Codable {
    /// Answers from memory or a small file: never refused for want of capacity.
    case light
    /// Occupies one of the service's slots (`capacity`) until it is done.
    case work
}

/// The parameters of a method that takes none.
package struct NoParams: Codable, Sendable, Equatable {
    package init() {}
}

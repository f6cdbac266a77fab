package import JSON

/// A method of a service: its name on the wire, the service that answers it, and the shapes of what goes in and comes out.
///
/// Declared once in `Contracts`; the callee registers a handler for it, the caller calls it, and `rpc.discover` describes
/// it, so that the three cannot disagree.
package struct Method<Params: Codable & Sendable, Result: Codable & Sendable>: Sendable {
    /// The name on the wire, `service.verb`.
    package let name: String
    /// The service that answers it; `nil` for a method that every service answers, see `of(_:)`.
    package let service: ServiceName?
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
        _ name: String, of service: ServiceName? = nil, idempotent: Bool, load: MethodLoad = .work,
        stall: Duration? = nil,
        settlement: Duration? = nil, requestLimit: Int? = nil, media: (@Sendable (Params) -> String)? = nil,
        summary: String
    ) {
        self.requestLimit = requestLimit
        self.settlement = settlement
        self.name = name
        self.service = service
        self.idempotent = idempotent
        self.load = load
        self.stall = stall
        self.media = media
        self.summary = summary
    }

    /// The same method as another service answers it: one that every service has, or one that several services offer.
    package func of(_ service: ServiceName) -> Method {
        Method(
            name, of: service, idempotent: idempotent, load: load, stall: stall, settlement: settlement,
            requestLimit: requestLimit, media: media, summary: summary)
    }

    /// The same method for parameters that the callee alone checks, such as those that a person wrote: members that this build does
    /// not know reach it.
    package var unchecked: Method<JSONValue, Result> {
        Method<JSONValue, Result>(
            name, of: service, idempotent: idempotent, load: load, stall: stall, settlement: settlement,
            requestLimit: requestLimit, summary: summary)
    }

    /// The same method for a caller that passes on parameters and result as they are.
    package var relayed: Method<JSONValue, JSONValue> {
        Method<JSONValue, JSONValue>(
            name, of: service, idempotent: idempotent, load: load, stall: stall, settlement: settlement,
            requestLimit: requestLimit, summary: summary)
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

/// The name of a service: of its folder in the run directory, and of its program. The services of this project are named in
/// `Contracts`.
package struct ServiceName: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    package var description: String { rawValue }
}

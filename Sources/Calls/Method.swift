// SPDX-License-Identifier: Apache-2.0

package import JSON

/// A method of a service: its name on the wire, its service, and the types of its parameters and result.
///
/// It is declared once, in `Contracts`. The callee registers a handler for it, the caller calls it and `rpc.discover` describes it, so
/// that the three agree.
///
/// ```swift
/// static let probe = Method<ProbeMedia, MediaReport>(
///     "clipper.probe", of: .clipper, idempotent: true, summary: "Reports what a media file contains.")
/// ```
package struct Method<Params: Codable & Sendable, Result: Codable & Sendable>: Sendable {
    /// The name on the wire, `service.verb`.
    package let name: String
    /// The service that provides the method; `nil` for a method of every service, see `of(_:)`.
    package let service: ServiceName?
    /// One sentence for `rpc.discover`.
    package let summary: String
    /// Whether repeating a call has no further effect. Only idempotent calls are retried after the loss of a replica.
    package let isIdempotent: Bool
    /// Whether a call occupies a slot of its service.
    package let load: MethodLoad
    /// How long a call may run without an `rpc.progress` before its caller gives up; no limit if absent.
    package let stallTimeout: Duration?
    /// The media file that a call decodes. A call that repeatedly crashes its replicas fails as `corrupt_media` and names the file.
    package let media: (@Sendable (Params) -> String)?
    /// How long the caller of a cancelled call waits for the reply that reports what the call has spent; absent for calls without cost.
    package let settlementTimeout: Duration?
    /// The maximum size of a request in bytes if it exceeds the service's line limit; otherwise absent.
    package let requestLimit: Int?

    /// Declares a method.
    ///
    /// - Parameters:
    ///   - name: the name on the wire, `service.verb`.
    ///   - service: the service that provides it; absent for a method of every service.
    ///   - idempotent: whether a call may be retried after the loss of a replica.
    ///   - media: returns the media file that a call decodes.
    ///   - summary: one sentence for `rpc.discover`.
    package init(
        _ name: String, of service: ServiceName? = nil, idempotent: Bool, load: MethodLoad = .work,
        stallTimeout: Duration? = nil, settlementTimeout: Duration? = nil, requestLimit: Int? = nil,
        media: (@Sendable (Params) -> String)? = nil, summary: String
    ) {
        self.requestLimit = requestLimit
        self.settlementTimeout = settlementTimeout
        self.name = name
        self.service = service
        self.isIdempotent = idempotent
        self.load = load
        self.stallTimeout = stallTimeout
        self.media = media
        self.summary = summary
    }

    /// The same method of another service, for methods that several services provide.
    package func of(_ service: ServiceName) -> Method {
        Method(
            name, of: service, idempotent: isIdempotent, load: load, stallTimeout: stallTimeout,
            settlementTimeout: settlementTimeout, requestLimit: requestLimit, media: media, summary: summary)
    }

    /// The same method with raw JSON parameters, which only the callee validates. Members unknown to this build are passed on.
    package var unchecked: Method<JSONValue, Result> {
        Method<JSONValue, Result>(
            name, of: service, idempotent: isIdempotent, load: load, stallTimeout: stallTimeout,
            settlementTimeout: settlementTimeout, requestLimit: requestLimit, summary: summary)
    }

    /// The same method with raw JSON parameters and result, for relays that pass both on unchanged.
    package var relayed: Method<JSONValue, JSONValue> {
        Method<JSONValue, JSONValue>(
            name, of: service, idempotent: isIdempotent, load: load, stallTimeout: stallTimeout,
            settlementTimeout: settlementTimeout, requestLimit: requestLimit, summary: summary)
    }
}

/// The parameters of a method without parameters.
package struct NoParams: Codable, Sendable, Equatable {
    /// Creates empty parameters.
    package init() {}
}

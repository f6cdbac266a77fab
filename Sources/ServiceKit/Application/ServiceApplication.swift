package import JSONRPC
package import ServiceLifecycle

/// A service as one value: what it answers, what runs beside it, when it is ready, and how it stops.
///
/// ```swift
/// let judge = MediaJudge(media: media)
/// let application = ServiceApplication(methods: [MethodHandler(ClipperAPI.probe, judge.probe)])
/// ```
///
/// Its life, in this order: all `services` begin, and `prepare`; the socket is published; after SIGTERM or SIGINT the socket goes away,
/// new calls are refused as `busy`, `drain` runs, and the calls in flight end; then the `services` are cancelled, the last one first.
package struct ServiceApplication: Sendable {
    /// What it answers, beside the system methods.
    package var methods: [MethodHandler]
    /// What runs from the start until the last call has ended, and is cancelled then; each may end before, or fail and so end the process.
    package var services: [any Service] = []
    /// Makes the service ready to be called. If it throws, the process ends with an error and was never seen by a caller.
    package var prepare: @Sendable () async throws -> Void = {}
    /// Called once when the service is to stop, before it waits for its calls.
    package var drain: @Sendable () async -> Void = {}
    /// Where jobs have their files, which `rpc.health` reports; only the orchestrator sets it.
    package var layout: ServiceLayout?
    /// Service-specific statistics: `details` of `rpc.stats`, an object.
    package var details: (@Sendable () async throws -> any Encodable & Sendable)?

    package init(methods: [MethodHandler]) {
        self.methods = methods
    }
}

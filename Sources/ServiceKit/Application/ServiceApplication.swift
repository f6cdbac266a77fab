// SPDX-License-Identifier: Apache-2.0

package import JSONRPC
package import ServiceLifecycle

/// The definition of a service: its methods, its background services, and what runs at start and at shutdown.
///
/// ```swift
/// var application = ServiceApplication(methods: [
///     MethodHandler(GreeterAPI.greet) { request in Greeting(text: "Hello, \(request.name)") }
/// ])
/// application.prepare = { try await loadGreetings() }
/// ```
///
/// Life cycle: `services` and `prepare` start; after `prepare` the socket is published. On SIGTERM or SIGINT the socket is removed, new
/// calls are rejected as `busy`, `drain` runs, and the calls in flight end. Then `services` are cancelled in reverse order.
package struct ServiceApplication: Sendable {
    /// The handlers of the service's own methods.
    package var methods: [MethodHandler]
    /// Background services. They run from the start until the last call has ended and are cancelled then. One may end earlier; if one
    /// throws, the process ends.
    package var services: [any Service] = []
    /// Prepares the service before its socket is published. If it throws, the process exits with an error.
    package var prepare: @Sendable () async throws -> Void = {}
    /// Called once at shutdown, before the service waits for its calls.
    package var drain: @Sendable () async -> Void = {}
    /// Where the files of jobs are, reported by `rpc.health`; only the orchestrator sets it.
    package var layout: ServiceLayout?
    /// Service-specific statistics for `details` of `rpc.stats`; must encode as an object.
    package var details: (@Sendable () async throws -> any Encodable & Sendable)?

    /// What the service is doing, in a few words for an operator; part of its status in systemd.
    package var status: (@Sendable () async -> String)?

    /// Creates an application that only answers calls.
    package init(methods: [MethodHandler]) {
        self.methods = methods
    }
}

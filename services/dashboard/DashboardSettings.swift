// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import FoundationEssentials
import Glibc
import Secrets
import ServiceKit

/// The settings of the dashboard, from the environment.
struct DashboardSettings: Sendable {
    /// Bounds of what clients may use; tests set lower ones.
    struct Bounds: Sendable {
        /// Concurrent connections; further ones are answered with 503.
        var connections: Int
        /// Seconds for a request's header to arrive.
        var header: Double
        /// Seconds between two parts of a request's body.
        var body: Double
        /// Seconds between two requests, or between two parts of a response that the client reads.
        var idle: Double
        /// Bytes that may be buffered for one client.
        var backlog: Int
        /// Seconds after which a watcher that reads nothing is disconnected.
        var stall: Double
        /// Bytes on disk of all uploads in progress.
        var uploads: Int
    }

    /// The address of `UNDERSTUDY_DASHBOARD_LISTEN`, not a host name; `127.0.0.1` by default.
    let host: String
    /// The port of `UNDERSTUDY_DASHBOARD_LISTEN`: 8686 by default, 0 for any free one.
    let port: Int
    /// `UNDERSTUDY_DASHBOARD_TOKEN`, or `_FILE`; required unless `host` is a loopback address.
    let token: Secret?
    /// `UNDERSTUDY_DASHBOARD_HOSTS`: accepted host names besides loopback, e.g. `films.example`.
    let hosts: Set<String>
    /// `UNDERSTUDY_DASHBOARD_CONNECTIONS`, `_HEADER_S`, `_BODY_S`, `_IDLE_S`, `_BACKLOG_BYTES`, `_STALL_S`, `_UPLOADS_BYTES`.
    var bounds: Bounds
    /// The folder of uploads in progress.
    let uploads: String

    /// Reads the settings.
    ///
    /// - Throws: `invalid_params` that names the variable.
    init(_ settings: ServiceSettings) throws(ServiceError) {
        let name = "UNDERSTUDY_DASHBOARD_LISTEN"
        let listen = settings.string(name) ?? "127.0.0.1:8686"
        guard let colon = listen.lastIndex(of: ":"), let port = Int(listen[listen.index(after: colon)...]),
            (0...65_535).contains(port), colon != listen.startIndex
        else { throw ServiceError(.invalidParams, "\(name): expected address:port, found \"\(listen.prefix(100))\"") }
        host = listen[..<colon].trimmingBrackets
        self.port = port
        token = try settings.secret("UNDERSTUDY_DASHBOARD_TOKEN")
        hosts = Set(
            (settings.string("UNDERSTUDY_DASHBOARD_HOSTS") ?? "").split(whereSeparator: { ", ".contains($0) })
                .map { $0.lowercased() })
        guard token != nil || Self.isLoopback(host) else {
            throw ServiceError(
                .invalidParams,
                "\(name): \(host) is reachable from other machines: set UNDERSTUDY_DASHBOARD_TOKEN_FILE, or listen on 127.0.0.1"
            )
        }
        bounds = Bounds(
            connections: try settings.int("UNDERSTUDY_DASHBOARD_CONNECTIONS", default: 2048, in: 1...100_000),
            header: try settings.double("UNDERSTUDY_DASHBOARD_HEADER_S", default: 10, in: 0.1...3600),
            body: try settings.double("UNDERSTUDY_DASHBOARD_BODY_S", default: 30, in: 0.1...3600),
            idle: try settings.double("UNDERSTUDY_DASHBOARD_IDLE_S", default: 75, in: 0.1...86_400),
            backlog: try settings.int(
                "UNDERSTUDY_DASHBOARD_BACKLOG_BYTES", default: 1 << 20, in: 1024...(1 << 30)),
            stall: try settings.double("UNDERSTUDY_DASHBOARD_STALL_S", default: 10, in: 0.1...3600),
            uploads: try settings.int(
                "UNDERSTUDY_DASHBOARD_UPLOADS_BYTES", default: 1 << 30, in: 1024...(1 << 50)))
        uploads = "\(settings.stateDirectory)/dashboard/uploads"
    }

    /// Whether a host is this machine: a loopback address, or a name that browsers resolve without DNS.
    static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host.hasSuffix(".localhost") { return true }
        var four = in_addr()
        // Parsed as a whole: 127.example is an ordinary name.
        if inet_pton(AF_INET, host, &four) == 1 { return UInt32(bigEndian: four.s_addr) >> 24 == 127 }
        var six = in6_addr()
        guard inet_pton(AF_INET6, host, &six) == 1 else { return false }
        return withUnsafeBytes(of: six) { $0.dropLast().allSatisfy { $0 == 0 } && $0.last == 1 }
    }
}

extension Substring {
    /// The text without enclosing brackets: `::1` for `[::1]`.
    var trimmingBrackets: String {
        hasPrefix("[") && hasSuffix("]") ? String(dropFirst().dropLast()) : String(self)
    }
}

import Contracts
import Faults
import FoundationEssentials
import Glibc
import Secrets
import ServiceKit

/// How the page is served, from the environment.
struct DashboardSettings: Sendable {
    /// Bounds of what a browser may take; smaller ones are for tests.
    struct Bounds: Sendable {
        /// Connections at a time; the next one is answered by 503.
        var connections: Int
        /// Seconds until a request's header must be whole.
        var header: Double
        /// Seconds without a byte of a request's body.
        var body: Double
        /// Seconds that a connection stays without a request, or without taking anything of an answer.
        var idle: Double
        /// Bytes that are on their way to a browser at the most.
        var backlog: Int
        /// Seconds that a watcher may read nothing of what was sent before it is sent away.
        var stall: Double
        /// Bytes on disk of all uploads under way together.
        var uploads: Int
    }

    /// `UNDERSTUDY_DASHBOARD_LISTEN`: `127.0.0.1:8686` if absent. An address, not a name.
    let host: String
    /// 0 for any free one.
    let port: Int
    /// `UNDERSTUDY_DASHBOARD_TOKEN`, or `_FILE`; needed where others than this machine can connect.
    let token: Secret?
    /// `UNDERSTUDY_DASHBOARD_HOSTS`: names beside loopback that the page may be asked for by, e.g. `films.example`.
    let hosts: Set<String>
    /// `UNDERSTUDY_DASHBOARD_CONNECTIONS`, `_HEADER_S`, `_BODY_S`, `_IDLE_S`, `_BACKLOG_BYTES`, `_STALL_S`, `_UPLOADS_BYTES`.
    var bounds: Bounds
    /// Where narrations lie while they come in.
    let uploads: String

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
                "\(name): \(host) can be reached by others: set UNDERSTUDY_DASHBOARD_TOKEN_FILE, or listen on 127.0.0.1"
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

    /// Whether a host can only be this machine: an address, or a name that browsers ask nobody about.
    static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host.hasSuffix(".localhost") { return true }
        var four = in_addr()
        // A name may begin like an address: 127.example is anybody's.
        if inet_pton(AF_INET, host, &four) == 1 { return UInt32(bigEndian: four.s_addr) >> 24 == 127 }
        var six = in6_addr()
        guard inet_pton(AF_INET6, host, &six) == 1 else { return false }
        return withUnsafeBytes(of: six) { $0.dropLast().allSatisfy { $0 == 0 } && $0.last == 1 }
    }
}

extension Substring {
    /// `[::1]` as `::1`.
    var trimmingBrackets: String {
        hasPrefix("[") && hasSuffix("]") ? String(dropFirst().dropLast()) : String(self)
    }
}

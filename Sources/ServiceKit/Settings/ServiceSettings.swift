import Configuration
package import Faults
import FoundationEssentials
import Glibc
import JSONRPC
package import Logging
package import ServicePool

/// What the environment tells a service. Every name begins with `UNDERSTUDY_`.
package struct ServiceSettings: Sendable {
    /// The version that `rpc.health` and `--version` tell.
    package static let version = "0.1.0"

    /// `UNDERSTUDY_RUN_DIR`: where services meet.
    package let runDirectory: RunDirectory
    /// `UNDERSTUDY_STATE_DIR`: what must outlive a restart; else `$XDG_STATE_HOME/understudy`, else `~/.local/state/understudy`.
    package let stateDirectory: String
    /// `UNDERSTUDY_STORE`: the URI below which all artifacts lie; else `file://<state directory>/store`.
    package let store: String
    /// `UNDERSTUDY_INSTANCE`: this replica's name; else the host's name.
    package let instance: String
    /// `UNDERSTUDY_DRAIN_S`: seconds that calls get to finish after SIGTERM.
    package let drainSeconds: Double
    /// `UNDERSTUDY_MAX_LINE_BYTES`: bytes that a line may have.
    package let lineLimit: Int
    /// `UNDERSTUDY_ALLOW_GIDS`: groups whose processes may connect, beside this user's own.
    package let allowedGroups: Set<UInt32>
    /// `UNDERSTUDY_REPLICA_STALL_S`: seconds that a replica with calls in flight may go without answering `rpc.health`.
    package let replicaStall: Double
    /// `UNDERSTUDY_LOG_LEVEL`: `trace` to `critical`; `info` if absent.
    package let logLevel: Logger.Level
    /// The whole environment, for what only one service reads.
    package let environment: [String: String]
    private let reader: ConfigReader

    /// - Throws: `invalid_params` that names the variable and what it may be.
    package init(environment: [String: String] = ProcessInfo.processInfo.environment) throws(ServiceError) {
        self.environment = environment
        reader = ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: environment))
        runDirectory = RunDirectory.resolve(environment: environment)
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp/understudy-\(getuid())-home"
        stateDirectory =
            Self.text("UNDERSTUDY_STATE_DIR", environment)
            ?? Self.text("XDG_STATE_HOME", environment).map { "\($0)/understudy" } ?? "\(home)/.local/state/understudy"
        store = Self.text("UNDERSTUDY_STORE", environment) ?? "file://\(stateDirectory)/store"
        instance = Self.text("UNDERSTUDY_INSTANCE", environment) ?? Self.hostName
        drainSeconds = try Self.number("UNDERSTUDY_DRAIN_S", reader, default: 30, in: 0...86_400)
        lineLimit = try Self.whole(
            "UNDERSTUDY_MAX_LINE_BYTES", reader, default: Wire.defaultLineLimit, in: 1024...1 << 30)
        replicaStall = try Self.number("UNDERSTUDY_REPLICA_STALL_S", reader, default: 15, in: 1...3600)
        var groups: Set<UInt32> = []
        for part in (Self.text("UNDERSTUDY_ALLOW_GIDS", environment) ?? "").split(whereSeparator: { ", ".contains($0) })
        {
            guard let group = UInt32(part) else {
                throw ServiceError(.invalidParams, "UNDERSTUDY_ALLOW_GIDS: \"\(part)\" is no group number")
            }
            groups.insert(group)
        }
        allowedGroups = groups
        let level = Self.text("UNDERSTUDY_LOG_LEVEL", environment) ?? "info"
        guard let logLevel = Logger.Level(rawValue: level.lowercased()) else {
            let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw ServiceError(.invalidParams, "UNDERSTUDY_LOG_LEVEL: \"\(level)\" is none of \(levels)")
        }
        self.logLevel = logLevel
    }

    /// A whole number from the environment.
    ///
    /// - Throws: `invalid_params` that names the variable and its range.
    package func int(_ name: String, default value: Int, in range: ClosedRange<Int>) throws(ServiceError) -> Int {
        try Self.whole(name, reader, default: value, in: range)
    }

    /// A number from the environment.
    package func double(
        _ name: String, default value: Double, in range: ClosedRange<Double>
    ) throws(ServiceError) -> Double {
        try Self.number(name, reader, default: value, in: range)
    }

    /// A text from the environment; an empty one counts as absent.
    package func string(_ name: String) -> String? { Self.text(name, environment) }

    private static func text(_ name: String, _ environment: [String: String]) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func whole(
        _ name: String, _ reader: ConfigReader, default value: Int, in range: ClosedRange<Int>
    ) throws(ServiceError) -> Int {
        guard let text = reader.string(forKey: key(name)), !text.isEmpty else { return value }
        guard let number = Int(text), range.contains(number) else {
            throw ServiceError(
                .invalidParams,
                "\(name): expected a whole number from \(range.lowerBound) to \(range.upperBound), found \"\(text)\"")
        }
        return number
    }

    private static func number(
        _ name: String, _ reader: ConfigReader, default value: Double, in range: ClosedRange<Double>
    ) throws(ServiceError) -> Double {
        guard let text = reader.string(forKey: key(name)), !text.isEmpty else { return value }
        guard let number = Double(text), range.contains(number) else {
            throw ServiceError(
                .invalidParams,
                "\(name): expected a number from \(range.lowerBound) to \(range.upperBound), found \"\(text)\"")
        }
        return number
    }

    /// `UNDERSTUDY_DRAIN_S` -> `understudy.drain.s`, which the provider turns back into the variable's name.
    private static func key(_ name: String) -> ConfigKey {
        ConfigKey(name.lowercased().split(separator: "_").map(String.init))
    }

    private static var hostName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "local" }
        let name = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return name.isEmpty ? "local" : name
    }
}

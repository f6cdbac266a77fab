// SPDX-License-Identifier: Apache-2.0

import Configuration
package import Faults
import FoundationEssentials
import Glibc
import JSONRPC
package import Logging
package import ServicePool

/// The settings of a service, read from environment variables with the prefix `UNDERSTUDY_`.
///
/// ```swift
/// let settings = try ServiceSettings()
/// let capacity = try settings.int("UNDERSTUDY_CAPACITY", default: 4, in: 1...10_000)
/// ```
package struct ServiceSettings: Sendable {
    /// The version that `rpc.health` and `--version` report.
    package static let version = "0.1.0"

    /// `UNDERSTUDY_RUN_DIR`: the directory of all sockets.
    package let runDirectory: RunDirectory
    /// `UNDERSTUDY_STATE_DIR`: the folder of persistent state; else `$XDG_STATE_HOME/understudy`, else `~/.local/state/understudy`.
    package let stateDirectory: String
    /// `UNDERSTUDY_STORE`: the URI of the artifact store; else `file://<state directory>/store`.
    package let store: String
    /// `UNDERSTUDY_INSTANCE`: the replica's name; else the host name.
    package let instance: String
    /// `UNDERSTUDY_DRAIN_S`: the seconds in which calls may finish after SIGTERM; 30 by default.
    package let drainSeconds: Double
    /// `UNDERSTUDY_MAX_LINE_BYTES`: the maximum bytes of a request line; 4 MiB by default.
    package let lineLimit: Int
    /// `UNDERSTUDY_ALLOW_GIDS`: groups whose processes may connect, in addition to this user's.
    package let allowedGroups: Set<UInt32>
    /// `UNDERSTUDY_REPLICA_STALL_S`: the seconds that a replica with calls in flight may leave `rpc.health` unanswered; 15 by default.
    package let replicaStallTimeout: Double
    /// `UNDERSTUDY_LOG_LEVEL`: `trace` to `critical`; `info` by default.
    package let logLevel: Logger.Level
    /// The whole environment, for service-specific settings.
    package let environment: [String: String]
    private let reader: ConfigReader

    /// Reads the settings.
    ///
    /// - Throws: `invalid_params` with the variable and its accepted values.
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
        replicaStallTimeout = try Self.number("UNDERSTUDY_REPLICA_STALL_S", reader, default: 15, in: 1...3600)
        var groups: Set<UInt32> = []
        for part in (Self.text("UNDERSTUDY_ALLOW_GIDS", environment) ?? "").split(whereSeparator: { ", ".contains($0) })
        {
            guard let group = UInt32(part) else {
                throw ServiceError(
                    .invalidParams, "UNDERSTUDY_ALLOW_GIDS: expected numeric group ids, found \"\(part)\"")
            }
            groups.insert(group)
        }
        allowedGroups = groups
        let level = Self.text("UNDERSTUDY_LOG_LEVEL", environment) ?? "info"
        guard let logLevel = Logger.Level(rawValue: level.lowercased()) else {
            let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw ServiceError(.invalidParams, "UNDERSTUDY_LOG_LEVEL: expected one of \(levels), found \"\(level)\"")
        }
        self.logLevel = logLevel
    }

    /// Reads a whole number from an environment variable.
    ///
    /// - Returns: `value` if the variable is not set or empty.
    /// - Throws: `invalid_params` with the variable and its range.
    package func int(_ name: String, default value: Int, in range: ClosedRange<Int>) throws(ServiceError) -> Int {
        try Self.whole(name, reader, default: value, in: range)
    }

    /// Reads a number from an environment variable.
    ///
    /// - Returns: `value` if the variable is not set or empty.
    /// - Throws: `invalid_params` with the variable and its range.
    package func double(
        _ name: String, default value: Double, in range: ClosedRange<Double>
    ) throws(ServiceError) -> Double {
        try Self.number(name, reader, default: value, in: range)
    }

    /// Reads an environment variable; `nil` if it is not set or empty.
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

    /// The configuration key for a variable: `understudy.drain.s` for `UNDERSTUDY_DRAIN_S`; the provider maps it back.
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

// SPDX-License-Identifier: Apache-2.0

import AWS
import Contracts
import Faults
import ServiceKit

/// The settings of `logger` from the environment.
struct LogSettings: Sendable {
    /// The available sinks.
    enum Sink: String, CaseIterable, Sendable {
        case file, cloudwatch
    }

    /// `UNDERSTUDY_LOG_SINKS`: `file`, `cloudwatch`, or both; `file` by default.
    let sinks: Set<Sink>
    /// `UNDERSTUDY_LOG_FILE`; `<state directory>/logger/events.jsonl` by default.
    let file: String
    /// Whether the file is at its default path in the state directory.
    let isDefaultFile: Bool
    /// `UNDERSTUDY_LOG_GROUP`; `/pipeline/agent6` by default.
    let group: String
    /// `UNDERSTUDY_LOG_RETENTION_DAYS`; `nil` to leave the group's retention unchanged.
    let retentionDays: Int?
    /// `UNDERSTUDY_LOG_SPOOL_BYTES`; 256 MiB by default.
    let spoolBytes: Int
    /// The folder of the spool, shared by all instances.
    let spoolFolder: String
    /// `UNDERSTUDY_LOG_BATCH_S` and `UNDERSTUDY_LOG_SETTLE_S`.
    let delivery: CloudSink.Settings

    /// - Throws: `invalid_params` that names the variable and its allowed values.
    init(_ settings: ServiceSettings) throws(ServiceError) {
        let folder = "\(settings.stateDirectory)/logger"
        var sinks: Set<Sink> = []
        for part in (settings.string("UNDERSTUDY_LOG_SINKS") ?? "file").split(whereSeparator: { ", ".contains($0) }) {
            guard let sink = Sink(rawValue: String(part)) else {
                throw ServiceError(
                    .invalidParams,
                    "UNDERSTUDY_LOG_SINKS: expected file, cloudwatch or file,cloudwatch, found \"\(part)\"")
            }
            sinks.insert(sink)
        }
        guard !sinks.isEmpty else {
            throw ServiceError(.invalidParams, "UNDERSTUDY_LOG_SINKS: expected file, cloudwatch or file,cloudwatch")
        }
        self.sinks = sinks
        let configured = settings.string("UNDERSTUDY_LOG_FILE")
        file = configured ?? "\(folder)/events.jsonl"
        isDefaultFile = configured == nil
        group = settings.string("UNDERSTUDY_LOG_GROUP") ?? LoggerAPI.group
        guard Self.isValidGroup(group) else {
            throw ServiceError(
                .invalidParams,
                "UNDERSTUDY_LOG_GROUP: expected 1 to 512 of a-z A-Z 0-9 . - _ / #, found \"\(group.prefix(600))\"")
        }
        retentionDays = try Self.retentionDays(settings)
        spoolBytes = try settings.int(
            "UNDERSTUDY_LOG_SPOOL_BYTES", default: 256 * 1024 * 1024, in: 65_536...(1 << 40))
        spoolFolder = "\(folder)/spool"
        var delivery = CloudSink.Settings()
        delivery.batchSeconds = try settings.double(
            "UNDERSTUDY_LOG_BATCH_S", default: delivery.batchSeconds, in: 0...3600)
        delivery.settleSeconds = try settings.double(
            "UNDERSTUDY_LOG_SETTLE_S", default: delivery.settleSeconds, in: 0...600)
        self.delivery = delivery
    }

    private static func retentionDays(_ settings: ServiceSettings) throws(ServiceError) -> Int? {
        guard let text = settings.string("UNDERSTUDY_LOG_RETENTION_DAYS") else { return nil }
        guard let days = Int(text), LogsClient.retentionDays.contains(days) else {
            let all = LogsClient.retentionDays.map(String.init).joined(separator: ", ")
            throw ServiceError(
                .invalidParams, "UNDERSTUDY_LOG_RETENTION_DAYS: expected one of \(all), found \"\(text)\"")
        }
        return days
    }

    private static func isValidGroup(_ name: String) -> Bool {
        (1...512).contains(name.utf8.count)
            && name.unicodeScalars.allSatisfy {
                ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
                    || ".-_/#".unicodeScalars.contains($0)
            }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Untrusted

/// The environment variables that this project reads, and warnings about unknown ones with its prefix.
package enum KnownVariables {
    /// All variables with the prefix `UNDERSTUDY_`; `compose/.env.example` explains each.
    package static let names: Set<String> = [
        "UNDERSTUDY_AGENT5_CLIP_TIMEOUT_S",
        "UNDERSTUDY_AGENT5_COMMAND",
        "UNDERSTUDY_AGENT5_CONCURRENCY",
        "UNDERSTUDY_AGENT5_LENGTHS",
        "UNDERSTUDY_AGENT5_PROVIDER",
        "UNDERSTUDY_AGENT5_SCOPE",
        "UNDERSTUDY_AGENT5_SCRIPT",
        "UNDERSTUDY_AGENT5_SOCKET",
        "UNDERSTUDY_ALLOW_GIDS",
        "UNDERSTUDY_ALLOW_PATHS",
        "UNDERSTUDY_AWS_PROFILE",
        "UNDERSTUDY_BREAKER_COOL_MAX_S",
        "UNDERSTUDY_BREAKER_COOL_S",
        "UNDERSTUDY_BREAKER_FAILURES",
        "UNDERSTUDY_CACHE_BYTES",
        "UNDERSTUDY_CACHE_DIR",
        "UNDERSTUDY_CAPACITY",
        "UNDERSTUDY_CORE_DUMPS",
        "UNDERSTUDY_DASHBOARD_BACKLOG_BYTES",
        "UNDERSTUDY_DASHBOARD_BODY_S",
        "UNDERSTUDY_DASHBOARD_CONNECTIONS",
        "UNDERSTUDY_DASHBOARD_HEADER_S",
        "UNDERSTUDY_DASHBOARD_HOSTS",
        "UNDERSTUDY_DASHBOARD_IDLE_S",
        "UNDERSTUDY_DASHBOARD_LISTEN",
        "UNDERSTUDY_DASHBOARD_STALL_S",
        "UNDERSTUDY_DASHBOARD_UPLOADS_BYTES",
        "UNDERSTUDY_DASHBOARD_TOKEN",
        "UNDERSTUDY_DASHBOARD_TOKEN_FILE",
        "UNDERSTUDY_DRAIN_S",
        "UNDERSTUDY_IMAGE_CACHE_BYTES",
        "UNDERSTUDY_IMAGE_COMPATIBLE_KEY",
        "UNDERSTUDY_IMAGE_COMPATIBLE_KEY_FILE",
        "UNDERSTUDY_IMAGE_COMPATIBLE_MODEL",
        "UNDERSTUDY_IMAGE_COMPATIBLE_URL",
        "UNDERSTUDY_IMAGE_FOLDER",
        "UNDERSTUDY_IMAGE_PROVIDERS",
        "UNDERSTUDY_IMAGE_TIMEOUT_S",
        "UNDERSTUDY_INSTANCE",
        "UNDERSTUDY_KEEP_JOBS",
        "UNDERSTUDY_KEEP_JOBS_DAYS",
        "UNDERSTUDY_LOG_BATCH_S",
        "UNDERSTUDY_LOG_FILE",
        "UNDERSTUDY_LOG_GROUP",
        "UNDERSTUDY_LOG_LEVEL",
        "UNDERSTUDY_LOG_RETENTION_DAYS",
        "UNDERSTUDY_LOG_SETTLE_S",
        "UNDERSTUDY_LOG_SINKS",
        "UNDERSTUDY_LOG_SPOOL_BYTES",
        "UNDERSTUDY_MAX_LINE_BYTES",
        "UNDERSTUDY_MAX_RUNNING_JOBS",
        "UNDERSTUDY_MEDIACONVERT_BUCKET",
        "UNDERSTUDY_MEDIACONVERT_QUEUE",
        "UNDERSTUDY_MEDIACONVERT_QUEUE_S",
        "UNDERSTUDY_MEDIACONVERT_ROLE",
        "UNDERSTUDY_MEDIACONVERT_SETUP",
        "UNDERSTUDY_OPENAI_IMAGE_MODEL",
        "UNDERSTUDY_OPENAI_VIDEOS_MODEL",
        "UNDERSTUDY_OPENAI_VIDEOS_URL",
        "UNDERSTUDY_ORDER_PATIENCE_S",
        "UNDERSTUDY_PRICES",
        "UNDERSTUDY_REPLICA_STALL_S",
        "UNDERSTUDY_REPLICATE_BASE_URL",
        "UNDERSTUDY_REPLICATE_IMAGE_INPUT",
        "UNDERSTUDY_REPLICATE_IMAGE_MODEL",
        "UNDERSTUDY_REPLICATE_MODEL",
        "UNDERSTUDY_REPLICATE_VIDEO_INPUT",
        "UNDERSTUDY_ROOT",
        "UNDERSTUDY_RUN_DIR",
        "UNDERSTUDY_S3_ADDRESSING",
        "UNDERSTUDY_S3_KMS_KEY",
        "UNDERSTUDY_S3_STORAGE_CLASS",
        "UNDERSTUDY_STATE_DIR",
        "UNDERSTUDY_STITCH_BACKEND",
        "UNDERSTUDY_STORE",
        "UNDERSTUDY_STORE_PATIENCE_S",
        "UNDERSTUDY_SUPERVISED",
    ]

    /// The maximum number of variables that are named in warnings.
    private static let maximumWarnings = 50

    /// Warns of unknown variables with the prefix `UNDERSTUDY_`.
    ///
    /// - Parameter environment: the names of all environment variables.
    /// - Returns: one line per unknown name, sorted, with the nearest known name as a suggestion.
    package static func warnings(_ environment: some Sequence<String>) -> [String] {
        let unknown = environment.filter { $0.hasPrefix("UNDERSTUDY_") && !names.contains($0) }.sorted()
        let warnings = unknown.prefix(maximumWarnings).map { name in
            let quoted = name.bounded(to: TextBound.quotation)
            guard let nearest = nearest(to: name) else { return "\(quoted) is not a known setting" }
            return "\(quoted) is not a known setting: did you mean \(nearest)?"
        }
        guard unknown.count > maximumWarnings else { return warnings }
        return warnings + ["\(unknown.count - maximumWarnings) more variables are not known settings"]
    }

    /// The nearest known name, if at most a third of its bytes after the prefix differ.
    private static func nearest(to name: String) -> String? {
        let prefix = "UNDERSTUDY_".utf8.count
        guard let best = EditDistance.nearest(to: name, among: names) else { return nil }
        return EditDistance.between(best, name) <= max((best.utf8.count - prefix) / 3, 1) ? best : nil
    }
}

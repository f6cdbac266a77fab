// SPDX-License-Identifier: Apache-2.0

package import Calls

/// The API of `logger`: stores and searches events of the pipeline.
///
/// ```swift
/// let event = LogEvent(eventType: EventType.finalVideo, data: ["job_id": "job-1"])
/// _ = try await pools.call(LoggerAPI.log, event)
/// ```
package enum LoggerAPI {
    /// The default CloudWatch log group.
    package static let group = "/pipeline/agent6"

    /// `logger.log`: stores one event. Also accepted as a notification.
    package static let log = Method<LogEvent, LogAccepted>(
        "logger.log", of: .logger, idempotent: false, load: .light,
        summary: "Stores one event; also accepted as a notification.")
    /// `logger.tail`: returns the newest events, oldest first.
    package static let tail = Method<TailEvents, TailedEvents>(
        "logger.tail", of: .logger, idempotent: true, load: .light, summary: "Returns the newest events, oldest first.")
    /// `logger.flush`: delivers all accepted events to their sinks.
    package static let flush = Method<NoParams, LogFlushed>(
        "logger.flush", of: .logger, idempotent: true, load: .light,
        summary: "Delivers all accepted events to their sinks.")
}

/// The types of the events that the pipeline logs. Other types are accepted too.
package enum EventType {
    /// A still or clip of a segment was made, or failed.
    package static let segmentGeneration = "segment_generation"
    /// A film was stitched, by any backend, or stitching failed.
    package static let mediaConvertJob = "mediaconvert_job"
    /// A film was delivered.
    package static let finalVideo = "final_video"
    /// The costs of a job that has ended.
    package static let costBreakdown = "cost_breakdown"
}

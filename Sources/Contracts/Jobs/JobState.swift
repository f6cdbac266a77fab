// SPDX-License-Identifier: Apache-2.0

/// The state of a job.
package enum JobState: String, Codable, Sendable, CaseIterable {
    /// The job waits to be started.
    case queued
    /// The job is being worked on.
    case running
    /// The film is ready.
    case finished
    /// The job failed; it can be retried.
    case error
    /// A client cancelled the job.
    case cancelled

    /// Whether the job has ended. A job that has ended changes only if a client retries or upgrades it.
    package var isTerminal: Bool {
        switch self {
        case .queued, .running: false
        case .finished, .error, .cancelled: true
        }
    }
}

/// The status of an agent in a job.
package enum AgentStatus: String, Codable, Sendable, CaseIterable {
    /// The agent's call is being sent.
    case starting
    /// The agent is working.
    case processing
    /// The agent has delivered.
    case finished
    /// The agent has failed.
    case error
}

/// The state of a segment.
package enum SegmentState: String, Codable, Sendable, CaseIterable {
    /// Nothing has been made yet.
    case waiting
    /// The still is being drawn.
    case drawing
    /// The still is ready.
    case drawn
    /// The clip is being encoded.
    case clipping
    /// The clip is ready.
    case clipped
    /// The narration is being added.
    case narrating
    /// The clip has its narration.
    case done
    /// The still or the clip failed permanently.
    case failed
}

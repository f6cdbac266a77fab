// SPDX-License-Identifier: Apache-2.0

import JSONRPC

/// A sign of life of an agent's call while it runs.
enum AgentActivity: Sendable {
    /// The call was sent to a replica.
    case sent
    /// The agent reported progress.
    case progress(ProgressReport)
}

// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import JSONRPC

/// A lead: makes a whole video of a storyboard, or clips of its segments.
protocol VideoProvider: Sendable {
    /// Implements `agent.process`.
    ///
    /// - Throws: A `ServiceError` with the provider's message.
    func process(_ request: AgentRequest, _ call: Call) async throws -> AgentResult
}

/// The lead until a provider is configured: fails every call.
struct NoProvider: VideoProvider {
    func process(_ request: AgentRequest, _ call: Call) async throws -> AgentResult {
        throw ServiceError(
            .unavailable, "no video provider is configured", retryable: false,
            detail:
                "set UNDERSTUDY_AGENT5_PROVIDER to replicate, openai-videos, command (a program of yours), socket (a service of yours) or scripted (to rehearse)"
        )
    }
}

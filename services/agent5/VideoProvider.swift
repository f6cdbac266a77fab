import Contracts
import Faults
import JSONRPC

/// Somebody who makes a whole video of a storyboard, or clips of its segments.
protocol VideoProvider: Sendable {
    /// - Throws: `ServiceError` with the provider's own words.
    func process(_ request: AgentRequest, _ call: Call) async throws -> AgentResult
}

/// Nobody: what answers until a provider is configured.
struct NoProvider: VideoProvider {
    func process(_ request: AgentRequest, _ call: Call) async throws -> AgentResult {
        throw ServiceError(
            .unavailable, "no video provider is configured", retryable: false,
            detail:
                "set UNDERSTUDY_AGENT5_PROVIDER to replicate, openai-videos, command (a program of yours), socket (a service of yours) or scripted (to rehearse)"
        )
    }
}

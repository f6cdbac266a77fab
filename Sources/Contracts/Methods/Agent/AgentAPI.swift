// SPDX-License-Identifier: Apache-2.0

package import Calls

/// The API of an agent: the lead `agent5`, and `agent2` and `agent4` if they run as services.
package enum AgentAPI {
    /// `agent.process`: does the agent's part of a job. Not idempotent without an idempotency key.
    package static let process = Method<AgentRequest, AgentResult>(
        "agent.process", of: .agent5, idempotent: false, settlementTimeout: .seconds(5),
        requestLimit: StoryboardBounds.request,
        summary: "Does the agent's part of a job.")
}

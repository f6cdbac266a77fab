// SPDX-License-Identifier: Apache-2.0

package import Parameters

extension AgentRequest: ValidatedParameters {
    /// The members on the wire, with their bounds and descriptions.
    package static let parameters: [Parameter<AgentRequest>] = [
        .value("agent", "The agent that is called: agent5, agent2 or agent4."),
        .value("job_id", "The job's id."),
        .value("user_id", "The user's id."),
        .value("session_id", "The session's id."),
        .value("supersession_id", "The supersession's id, if the job has one."),
        .value("storyboard", "The whole storyboard as it was read; null for the agent that writes it."),
        .value("audio", "The narrations by segment."),
        .value("output_prefix", "The artifact URI of the folder that all output is written to."),
        .object("options", { $0.options }, "The options of the job."),
        .value(
            "pipeline_data", "The pipeline_data that the job was started with; only for the agents before the lead."),
        .value(
            "segments",
            "The ids of the segments to make a clip for, each on its own; a film of the whole storyboard if absent."),
        .value("idempotency_key", "Identifies this call: a call repeated with the same key returns the same result."),
    ]
}

extension AgentAudio: ValidatedParameters {
    /// The members on the wire, with their bounds and descriptions.
    package static let parameters: [Parameter<AgentAudio>] = [
        .value("segment_id", "The segment's id."),
        .value("audio", "The artifact URI of the narration."),
    ]
}

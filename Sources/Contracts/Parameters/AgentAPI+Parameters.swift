package import Parameters

extension AgentRequest: Described {
    package static let parameters: [Parameter<AgentRequest>] = [
        .value("agent", "The agent that is asked: agent5, agent2 or agent4."),
        .value("job_id", "The job's id."),
        .value("user_id", "The user's id."),
        .value("session_id", "The session's id."),
        .value("supersession_id", "The supersession's id, where the job has one."),
        .value("storyboard", "The whole storyboard as it was read; null for an agent that is to write it."),
        .value("audio", "The narrations by segment."),
        .value("output_prefix", "The artifact URI of the folder that all outputs go into."),
        .object("options", { $0.options }, "How the job is to be done."),
        .value("pipeline_data", "What the job was started with; only for the agents before the lead."),
        .value(
            "segments",
            "Clips of these segments are wanted, each for itself; a film of the whole storyboard if absent."),
        .value("idempotency_key", "Names this call: one that is made again brings the same reply."),
    ]
}

extension AgentAudio: Described {
    package static let parameters: [Parameter<AgentAudio>] = [
        .value("segment_id", "The segment's id."),
        .value("audio", "The artifact URI of the narration."),
    ]
}

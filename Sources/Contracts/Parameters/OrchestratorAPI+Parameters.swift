// SPDX-License-Identifier: Apache-2.0

import JSON
package import Parameters

extension StartJob: ValidatedParameters {
    /// The members on the wire, with their bounds and descriptions.
    package static let parameters: [Parameter<StartJob>] = [
        .text("user_id", { $0.userID }, Identifier.rule, "The user's id: the first folder of the session's files."),
        .text("session_id", { $0.sessionID }, Identifier.rule, "The session's id: the second folder of its files."),
        .text(
            "supersession_id", { $0.supersessionID }, JobBounds.key,
            "The supersession's id, passed on in views and status messages."),
        .value(
            "pipeline_data",
            "The output of the agents before, if it is not in the artifact store.", schema: Self.pipelineSchema),
        // Not `.object`: the orchestrator checks options itself, so that it can report all faults together.
        .value("options", "The options of the job."),
        .text(
            "idempotency_key", { $0.idempotencyKey }, JobBounds.key,
            "Identifies this call: a call repeated with the same key returns the same job."),
        .value(
            "confined",
            "Whether all artifacts that the call names must be in the artifact store or in a path of UNDERSTUDY_ALLOW_PATHS.",
            default: false),
    ]

    private static let pipelineSchema: JSONValue = [
        "type": "object",
        "properties": [
            "storyboard": [
                "type": "object", "description": "The output of Agent2.",
                "properties": ["segments": Self.segmentsSchema], "required": ["segments"],
            ],
            "audio": ["description": "The artifact URIs of narrations, by segment id."],
        ],
    ]

    private static let segmentsSchema: JSONValue = [
        "type": "array", "description": "The segments in the film's order.",
        "minItems": .integer(Int64(StoryboardBounds.segments.lowerBound)),
        "maxItems": .integer(Int64(StoryboardBounds.segments.upperBound)),
        "items": [
            "type": "object",
            "properties": [
                "id": member("string", Identifier.rule.keywords, "The segment's id, unique in the storyboard."),
                "duration": member("number", FilmBounds.duration.keywords, "The length of the segment in the film."),
                "visual_guidance": member("string", StoryboardBounds.guidance.keywords, "What the segment shows."),
                "narration": ["type": "string", "description": "The spoken text."],
                "audio": [
                    "type": "string", "description": "The narration's URI, or its path in the session's folder.",
                ],
            ],
            "required": ["duration", "visual_guidance"],
        ],
    ]

    private static func member(_ type: JSONValue, _ keywords: [String: JSONValue], _ description: String) -> JSONValue {
        .object(["type": type, "description": .string(description)].merging(keywords) { _, new in new })
    }
}

extension JobReference: ValidatedParameters {
    /// The members on the wire, with their bounds and descriptions.
    package static let parameters: [Parameter<JobReference>] = [.value("job_id", "The job's id.")]
}

extension JobStatus: ValidatedParameters {
    /// The members on the wire, with their bounds and descriptions.
    package static let parameters: [Parameter<JobStatus>] = [
        .value("job_id", "The job's id."),
        .value(
            "guidance",
            "Whether segments include their visual_guidance, provided that all of it fits into one message.",
            default: true),
    ]
}

extension ListJobs: ValidatedParameters {
    /// The members on the wire, with their bounds and descriptions.
    package static let parameters: [Parameter<ListJobs>] = [
        .value("state", "Only jobs in this state."),
        .number("limit", { $0.limit }, JobBounds.page, "The largest number of jobs on the page."),
        .value("after", "The last job of the previous page."),
    ]
}

extension WatchJobs: ValidatedParameters {
    /// The members on the wire, with their bounds and descriptions.
    package static let parameters: [Parameter<WatchJobs>] = [
        .value("job_id", "The job's id; all jobs if absent."),
        .number(
            "after_seq", { $0.afterSeq }, JobBounds.seq,
            "Send the stored messages with a higher sequence number first, without gaps or repeats."),
    ]
}

extension RetryJob: ValidatedParameters {
    /// The members on the wire, with their bounds and descriptions.
    package static let parameters: [Parameter<RetryJob>] = [
        .value("job_id", "The job's id."),
        .value(
            "only", "What to make again; the segments of edits if there are any.",
            schema: [
                "oneOf": [
                    ["type": "string", "enum": ["failed", "all"]], ["type": "array", "items": ["type": "string"]],
                ],
                "default": "failed",
            ]),
        .dictionary(
            "edits", { $0.edits },
            schema: [
                "type": "object",
                "properties": .object(
                    Dictionary(
                        SegmentEdit.parameters.map { parameter in
                            let own: [String: JSONValue] = [
                                "type": "string", "description": .string(parameter.description),
                            ]
                            return (parameter.name, .object(own.merging(parameter.keywords) { _, new in new }))
                        }
                    ) { first, _ in first }),
            ], "Changes by segment id; edited segments are made again."),
    ]
}

extension SegmentEdit: ValidatedParameters {
    /// The members on the wire, with their bounds and descriptions.
    package static let parameters: [Parameter<SegmentEdit>] = [
        .text(
            "prompt", { $0.prompt }, StoryboardBounds.guidance,
            "What the picture shows, instead of the storyboard's visual_guidance."),
        .value("image", "The artifact URI of an image, in the artifact store, that replaces the still."),
    ]
}

extension UpgradeJob: ValidatedParameters {
    /// The members on the wire, with their bounds and descriptions.
    package static let parameters: [Parameter<UpgradeJob>] = [
        .value("job_id", "The job's id."),
        .value("segments", "The ids of segments that Agent6 made; all of them if absent."),
        .number(
            "confirm_cost_usd", { $0.confirmCost }, JobBounds.cost, "The budget of the lead's clips."),
    ]
}

extension BreakerRequest: ValidatedParameters {
    /// The members on the wire, with their bounds and descriptions.
    package static let parameters: [Parameter<BreakerRequest>] = [
        .value("agent", "agent5, agent2, agent4, or imagegen/ followed by the name of an image provider."),
        .value("action", "What to do with the breaker.", default: "get"),
    ]
}

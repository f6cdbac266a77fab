import JSON
package import Parameters

extension StartJob: Described {
    package static let parameters: [Parameter<StartJob>] = [
        .text("user_id", { $0.userID }, Identifier.rule, "The user's id: the first folder of the session's files."),
        .text("session_id", { $0.sessionID }, Identifier.rule, "The session's id: the second folder of its files."),
        .text("supersession_id", { $0.supersessionID }, JobBounds.key, "Passed on in messages and receipts."),
        .value(
            "pipeline_data",
            "What the agents before made, where it is not in the store.", schema: Self.pipelineSchema),
        // The orchestrator reports unknown options and those outside their bounds together.
        .value("options", "How the job is to be done."),
        .text("idempotency_key", { $0.idempotencyKey }, JobBounds.key, "The same key gives the same job."),
        .value(
            "confined",
            "Whether all artifacts that the call names must be in the store or in what UNDERSTUDY_ALLOW_PATHS lists.",
            standard: false),
    ]

    private static let pipelineSchema: JSONValue = [
        "type": "object",
        "properties": [
            "storyboard": [
                "type": "object", "description": "What Agent2 makes.",
                "properties": ["segments": Self.segmentsSchema], "required": ["segments"],
            ],
            "audio": ["description": "The artifact URIs of narrations, by segment id."],
        ],
    ]

    private static let segmentsSchema: JSONValue = [
        "type": "array", "minItems": .integer(Int64(StoryboardBounds.segments.lowerBound)),
        "maxItems": .integer(Int64(StoryboardBounds.segments.upperBound)),
        "items": [
            "type": "object",
            "properties": [
                "id": .object(["type": "string"].merging(Identifier.rule.keywords) { _, new in new }),
                "duration": .object(["type": "number"].merging(FilmBounds.duration.keywords) { _, new in new }),
                "visual_guidance": .object(
                    ["type": "string"].merging(StoryboardBounds.guidance.keywords) { _, new in new }),
                "narration": ["type": "string", "description": "What is spoken."],
                "audio": [
                    "type": "string", "description": "The narration's URI, or its path in the session's folder.",
                ],
            ],
            "required": ["duration", "visual_guidance"],
        ],
    ]
}

extension JobReference: Described {
    package static let parameters: [Parameter<JobReference>] = [.value("job_id", "The job's id.")]
}

extension JobStatus: Described {
    package static let parameters: [Parameter<JobStatus>] = [
        .value("job_id", "The job's id."),
        .value(
            "guidance", "Whether segments come with their visual_guidance, as far as all of it fits into a line.",
            standard: true),
    ]
}

extension ListJobs: Described {
    package static let parameters: [Parameter<ListJobs>] = [
        .value("state", "Only jobs in this state."),
        .number("limit", { $0.limit }, JobBounds.page, "How many jobs at most."),
        .value("after", "The last job of the page before."),
    ]
}

extension WatchJobs: Described {
    package static let parameters: [Parameter<WatchJobs>] = [
        .value("job_id", "One job; all jobs if absent."),
        .number(
            "after_seq", { $0.afterSeq }, JobBounds.seq,
            "Send the messages after this number that are still known first, without gap or repeat."),
    ]
}

extension RetryJob: Described {
    package static let parameters: [Parameter<RetryJob>] = [
        .value("job_id", "The job's id."),
        .value(
            "only", "What is made again; the segments of edits where there are any.",
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
            ], "What is different now, by segment id; these segments are made again."),
    ]
}

extension SegmentEdit: Described {
    package static let parameters: [Parameter<SegmentEdit>] = [
        .text(
            "prompt", { $0.prompt }, StoryboardBounds.guidance,
            "What the picture shows, in place of the storyboard's visual_guidance."),
        .value("image", "The artifact URI of a picture in the store that takes the still's place."),
    ]
}

extension UpgradeJob: Described {
    package static let parameters: [Parameter<UpgradeJob>] = [
        .value("job_id", "The job's id."),
        .value("segments", "The ids of segments that Agent6 made; all of them if absent."),
        .number(
            "confirm_cost_usd", { $0.confirmCost }, JobBounds.cost, "What the lead's clips may cost in all."),
    ]
}

extension BreakerRequest: Described {
    package static let parameters: [Parameter<BreakerRequest>] = [
        .value("agent", "agent5, agent2, agent4, or imagegen/ and the name of an image provider."),
        .value("action", "What is done to the breaker.", standard: "get"),
    ]
}

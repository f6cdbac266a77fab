import Contracts
import Faults
import JSON

/// The faults that are rehearsed.
extension DrillFault {
    /// What a takeover costs: a clip for each segment, as cards cost nothing.
    private static let takeoverCost = USD(0.001) * DrillStage.segments
    /// What the lead charges for a film, good or not.
    private static let leadCost = USD(0.15)

    static let all = connection + refusals + silences + films + others + contents

    /// A script of a lead that is well.
    static let goodFilm = [film("whole.mp4")]

    /// The lead cannot be reached, or answers with what is no answer.
    private static let connection = [
        DrillFault(
            number: 1, name: "connection refused", play: .leadIsGone,
            expectation: takeover(2, .unavailable, Agent.lead.service)),
        DrillFault(
            number: 2, name: "reset before the reply", play: .script([[["drop_connection": true]]]),
            expectation: takeover(2, .unavailable, Agent.lead.service)),
        DrillFault(
            number: 3, name: "one 500, then fine",
            play: .script([failure("unavailable", "500 Internal Server Error"), film("whole.mp4")]),
            expectation: DrillExpectation(attempts: 2, outcome: .lead, cost: leadCost)),
        DrillFault(
            number: 4, name: "persistent 503", play: .script([failure("unavailable", "503 Service Unavailable")]),
            expectation: takeover(2, .unavailable, "503 Service Unavailable")),
    ]

    /// The lead's provider says no.
    private static let refusals = [
        DrillFault(
            number: 5, name: "429, the wait fits",
            play: .script([failure("rate_limited", "429 Too Many Requests", retryAfter: 0.5), film("whole.mp4")]),
            expectation: DrillExpectation(attempts: 2, outcome: .lead, cost: leadCost, patience: 0.5)),
        DrillFault(
            number: 6, name: "429, the wait does not fit",
            play: .script([failure("rate_limited", "429 Too Many Requests", retryAfter: 3600)]),
            expectation: takeover(1, .rateLimited, "429 Too Many Requests")),
        DrillFault(
            number: 7, name: "quota exhausted",
            play: .script([failure("quota_exhausted", "You exceeded your current quota")]),
            expectation: takeover(1, .quotaExhausted, "You exceeded your current quota")),
        DrillFault(
            number: 8, name: "content rejected",
            play: .script([failure("content_rejected", "Your request was rejected by our safety system")]),
            expectation: takeover(1, .contentRejected, "Your request was rejected by our safety system")),
    ]

    /// The lead takes too long, each time by another of its clocks.
    private static let silences = [
        DrillFault(
            number: 9, name: "accepts, never answers", play: .script([[["hang": true]]]),
            options: ["agent5_timeout_s": 1.5], expectation: takeover(1, .timeout, "1.5 s", patience: 1.5)),
        DrillFault(
            number: 10, name: "first progress after the bound",
            play: .script([[["wait_ms": 3000], progress] + film("whole.mp4")]),
            options: ["agent5_first_progress_s": 1], expectation: takeover(1, .timeout, Agent.lead.name, patience: 1)),
        DrillFault(
            number: 11, name: "progress, then stall", play: .script([[progress, ["hang": true]]]),
            options: ["agent5_stall_s": 1], expectation: takeover(1, .timeout, "silent for 1", patience: 1)),
    ]

    /// The lead delivers, and is paid, but not what was promised.
    private static let films = [
        DrillFault(
            number: 12, name: "film cut in the middle", play: .script([film("cut.mp4")]),
            expectation: takeover(1, .corruptMedia, "Agent5's film", wasted: leadCost)),
        DrillFault(
            number: 13, name: "a file that is no film", play: .script([film("words.mp4")]),
            expectation: takeover(1, .corruptMedia, "Agent5's film", wasted: leadCost)),
        DrillFault(
            number: 14, name: "film too short", play: .script([film("short.mp4")]),
            expectation: takeover(1, .corruptMedia, "Agent5's film", wasted: leadCost)),
    ]

    private static let others = [
        DrillFault(
            number: 15, name: "lead flaps", play: .flaps,
            expectation: DrillExpectation(attempts: 0, outcome: .recovery(within: 30), cost: .zero)),
        DrillFault(
            number: 16, name: "the image provider fails too",
            play: .imagesFail([failure("quota_exhausted", "You exceeded your current quota")]),
            expectation: DrillExpectation(
                attempts: 1, outcome: .failure(words: ["You exceeded your current quota", BrokenImages.words]),
                cost: .zero)),
    ]

    /// The lead delivers a film that decodes and is as long as promised, and is of no use all the same.
    private static let contents = [
        DrillFault(
            number: 17, name: "film black throughout", play: .script([film("black.mp4")]),
            expectation: takeover(1, .corruptMedia, "is black throughout", wasted: leadCost)),
        DrillFault(
            number: 18, name: "one picture throughout", play: .script([film("still.mp4")]),
            expectation: takeover(1, .corruptMedia, "one and the same picture", wasted: leadCost)),
        DrillFault(
            number: 19, name: "sound ends early", play: .script([film("early.mp4")]),
            expectation: takeover(1, .corruptMedia, "has sound up to 0.8 s only", wasted: leadCost)),
    ]

    // MARK: - Steps of the script

    private static let progress: JSONValue = ["progress": 0.1, "message": "rendering"]

    private static func failure(_ kind: String, _ words: String, retryAfter: Double? = nil) -> [JSONValue] {
        let wait = retryAfter.map { JSONValue.number($0) } ?? .null
        return [
            progress,
            [
                "fail": [
                    "kind": .string(kind), "message": .string(words), "provider": "acme-video", "retry_after_s": wait,
                ]
            ],
        ]
    }

    private static func film(_ name: String) -> [JSONValue] {
        [progress, ["video": .string(name), "cost_usd": .number(leadCost.dollars)]]
    }

    private static func takeover(
        _ attempts: Int, _ kind: ErrorKind, _ words: String, wasted: USD = .zero, patience: Double = 0
    ) -> DrillExpectation {
        DrillExpectation(
            attempts: attempts, outcome: .takeover(kind, words: words), cost: wasted + takeoverCost, wasted: wasted,
            patience: patience)
    }
}
